// How the alarms of the last hour did, by the measures of ISA-18.2: how many, how they crowd, how soon somebody took note.

import type { Alert } from "../protocol";
import { rank } from "../protocol";

const SPAN_MS = 60 * 60_000;
const TEN_MIN_MS = 10 * 60_000;
/** More in ten minutes than one person can answer (ISA-18.2, EEMUA 191). */
export const FLOOD_PER_10_MIN = 10;
/** An alert less severe than this is no call to act. */
const RANK_MAX = 2;
/** How far back the first look goes, and in how many pages. */
const BACK_EVENTS = 20_000;
const PAGES_MAX = 8;

export interface Performance {
  raised: number;
  /** For each minute of the last hour, how many were raised in the ten minutes up to it. */
  perTenMin: number[];
  average: number;
  peak: number;
  /** Share of the hour with more than a person can answer. */
  flooded: number;
  /** By severity, the gravest first. */
  split: number[];
  /** Seconds; of those that somebody took note of. */
  medianToAck: number | undefined;
}

export class AlarmBook {
  readonly known = new Map<string, Alert>();
  private after: number | undefined;

  /** Asks for what changed up to the event `upto`. */
  async ask(upto: number | undefined, now: number): Promise<void> {
    if (upto === undefined) return;
    if (upto < (this.after ?? 0)) {
      this.known.clear();
      this.after = undefined;
    }
    let after = this.after ?? Math.max(0, upto - BACK_EVENTS);
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const answer = await fetch(`/api/v1/alerts?after=${after}&limit=1000`, { cache: "no-store", signal: AbortSignal.timeout(2500) });
      if (!answer.ok) return;
      const { alerts, next_after } = (await answer.json()) as { alerts: Alert[]; next_after?: number };
      for (const alert of alerts) this.known.set(alert.alert_id, alert);
      after = next_after ?? upto;
      if (next_after === undefined) break;
    }
    this.after = after;
    for (const [id, { raised_at, updated_at }] of this.known) if (Math.max(Date.parse(raised_at), Date.parse(updated_at)) < now - SPAN_MS) this.known.delete(id);
  }

  performance(now: number): Performance {
    return measured([...this.known.values()].filter(({ raised_at }) => now - SPAN_MS <= Date.parse(raised_at)), now);
  }
}

/** `alerts`: those that were raised in the hour before `now`. */
export function measured(alerts: Alert[], now: number): Performance {
  const calls = alerts.filter(({ severity }) => rank(severity) <= RANK_MAX).map(({ raised_at }) => Date.parse(raised_at));
  const upTo = (end: number) => calls.filter((at) => end - TEN_MIN_MS < at && at <= end).length;
  const perTenMin = Array.from({ length: 60 }, (_, i) => upTo(now - (59 - i) * 60_000));
  const split = [0, 0, 0, 0];
  const delays: number[] = [];
  for (const { severity, acknowledged, raised_at } of alerts) {
    if (split[rank(severity)] !== undefined) split[rank(severity)]! += 1;
    if (acknowledged) delays.push((Date.parse(acknowledged.at) - Date.parse(raised_at)) / 1000);
  }
  delays.sort((a, b) => a - b);
  return {
    raised: calls.length,
    perTenMin,
    average: calls.length / 6,
    peak: Math.max(0, ...calls.map(upTo)),
    flooded: perTenMin.filter((count) => FLOOD_PER_10_MIN < count).length / 60,
    split,
    medianToAck: delays[Math.floor((delays.length - 1) / 2)],
  };
}

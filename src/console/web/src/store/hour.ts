// What was raised in the last hour, by minute: from the history when the page is opened, from the stream after that.

import { type Alert, rank } from "../protocol";

export const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const PAGE = 1000;
/** Most pages of the history that are read; an hour with more alerts is drawn too low. */
const PAGES_MAX = 3;
/** Most alerts that are counted; the oldest go first. */
const RAISED_MAX = 10_000;

export class Hour {
  /** Grows whenever the bars change. */
  version = 0;
  private readonly raised = new Map<string, { at: number; rank: number }>();
  private history = "";

  /** Takes an alert as it stands; one that escalates counts for the worse. */
  take(alert: Alert): void {
    const at = Date.parse(alert.raised_at);
    const known = this.raised.get(alert.alert_id);
    const worst = Math.min(rank(alert.severity), known?.rank ?? Infinity);
    if (known?.rank === worst) return;
    this.raised.set(alert.alert_id, { at, rank: worst });
    const oldest = this.raised.keys().next().value;
    if (RAISED_MAX < this.raised.size && oldest !== undefined) this.raised.delete(oldest);
    this.version += 1;
  }

  /** Reads the last hour of a history, once. */
  async load(history: string, now: number): Promise<void> {
    if (this.history === history) return;
    this.history = history;
    this.raised.clear();
    try {
      const first = (await json(`/api/v1/events?from=${Math.floor(now - HOUR_MS)}&limit=1`)) as { events: { seq: number }[] };
      let after: number | undefined = first.events[0] && first.events[0].seq - 1;
      for (let page = 0; page < PAGES_MAX && after !== undefined; page += 1) {
        const found = (await json(`/api/v1/alerts?after=${after}&limit=${PAGE}`)) as { alerts: Alert[]; next_after?: number };
        found.alerts.forEach((alert) => this.take(alert));
        after = found.next_after;
      }
    } catch {
      // The bars then begin with what is raised from now on.
    }
  }

  /** For each minute of a span how many alerts of each severity were raised. */
  bars(from: number, to: number): number[][] {
    const bars = Array.from({ length: Math.ceil((to - from) / MINUTE_MS) }, () => [0, 0, 0, 0, 0]);
    for (const [id, { at, rank: severity }] of this.raised) {
      const bar = bars[Math.floor((at - from) / MINUTE_MS)];
      if (bar) bar[severity]! += 1;
      else if (at < from - MINUTE_MS) this.raised.delete(id);
    }
    return bars;
  }
}

async function json(address: string): Promise<unknown> {
  const answer = await fetch(address, { cache: "no-store" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

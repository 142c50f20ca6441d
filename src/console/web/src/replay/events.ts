// What was told of alerts, and which alerts stood at a moment.

import { type Alert, type AlertEvent, rank } from "../protocol";

/** Before the span that is shown, so much is read too: who stood already when it began. */
const BEFORE_MS = 10 * 60_000;
const PAGE = 2_000;
/** Most events that are held; before that, updates that are followed by another soon are left out. */
const EVENTS_MAX = 30_000;
const SOON_MS = 10_000;
const MINUTE_MS = 60_000;

export interface PastEvent {
  seq: number;
  at: number;
  event: AlertEvent;
  alert: Alert;
}

/** An alert that stood, and when it was told of last. */
export interface Standing {
  alert: Alert;
  at: number;
}

export class Events {
  list: PastEvent[] = [];
  fault = "";
  /** The list is whole from here to there. */
  from = Infinity;
  until = -Infinity;
  /** Grows whenever the list changes. */
  version = 0;
  private base: Standing[] = [];
  private asked = "";
  busy = false;

  constructor(private readonly changed: () => void) {}

  /** Takes events from elsewhere than the service. */
  fill(events: PastEvent[], from: number, until: number): void {
    this.list = events.sort((a, b) => a.at - b.at || a.seq - b.seq);
    [this.from, this.until] = [from, until];
    this.base = before(this.list, []);
    this.version += 1;
  }

  /** The next that is loaded is read anew. */
  forget(): void {
    this.fill([], Infinity, -Infinity);
    this.asked = "";
  }

  /** Reads the events of a span, and later the rest of it. `open`: what stands now. */
  async load(from: number, to: number, open: () => Alert[]): Promise<void> {
    const begin = from - BEFORE_MS;
    if (this.busy) return;
    const span = `${from}`;
    if (span !== this.asked) {
      this.asked = span;
      this.list = [];
      this.from = begin;
      this.until = -Infinity;
      this.version += 1;
    }
    this.busy = true;
    try {
      let after = this.list.at(-1)?.seq ?? 0;
      for (let more = true; more; ) {
        const address = `/api/v1/events?from=${Math.floor(begin)}&to=${Math.floor(to)}&after=${after}&limit=${PAGE}`;
        const answer = await fetch(address, { cache: "no-store" });
        const told = (await answer.json()) as { events: (Omit<PastEvent, "at"> & { at: string })[]; more: boolean; detail?: string };
        if (!answer.ok) throw new Error(told.detail ?? String(answer.status));
        for (const { seq, at, event, alert } of told.events) this.list.push({ seq, at: Date.parse(at), event, alert });
        if (EVENTS_MAX < this.list.length) this.list = thinned(this.list);
        after = told.events.at(-1)?.seq ?? after;
        more = told.more && told.events.length > 0;
        this.until = more ? (this.list.at(-1)?.at ?? begin) : to;
        this.base = before(this.list, open().filter(({ raised_at }) => Date.parse(raised_at) < begin));
        this.version += 1;
        this.fault = "";
        this.changed();
      }
    } catch (error) {
      this.fault = error instanceof Error ? error.message : String(error);
      this.changed();
    } finally {
      this.busy = false;
    }
  }

  /** How many events are not later than `t`. */
  upTo(t: number): number {
    let [low, high] = [0, this.list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.list[middle]?.at ?? Infinity) <= t) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The alerts that stood after the first `count` events. */
  standing(count: number): Map<string, Standing> {
    const standing = new Map(this.base.map((one) => [one.alert.alert_id, one]));
    for (let i = 0; i < count; i += 1) {
      const { alert, at } = this.list[i]!;
      if (alert.state === "OPEN") standing.set(alert.alert_id, { alert, at });
      else standing.delete(alert.alert_id);
    }
    return standing;
  }

  /** For each minute of a span how many alerts of each severity were raised or escalated. */
  bars(from: number, to: number): number[][] {
    const bars = Array.from({ length: Math.ceil((to - from) / MINUTE_MS) }, () => [0, 0, 0, 0, 0]);
    for (const { at, event, alert } of this.list) {
      const bar = bars[Math.floor((at - from) / MINUTE_MS)];
      if (bar && isNews(event)) bar[rank(alert.severity)]! += 1;
    }
    return bars;
  }

  /** The next raised or escalated alert after `t`, or before it. */
  news(t: number, step: 1 | -1): PastEvent | undefined {
    const wanted = this.list.filter(({ at, event }) => isNews(event) && (step > 0 ? t < at : at < t));
    return step > 0 ? wanted[0] : wanted.at(-1);
  }
}

function isNews(event: AlertEvent): boolean {
  return event === "RAISED" || event === "ESCALATED";
}

/** Who stood before the first event: whose first event is not that it was raised, and who stands without any. */
function before(list: PastEvent[], silent: Alert[]): Standing[] {
  const first = new Map<string, PastEvent>();
  for (const event of list) if (!first.has(event.alert.alert_id)) first.set(event.alert.alert_id, event);
  const standing: Standing[] = [];
  for (const { event, alert } of first.values()) {
    if (event === "RAISED") continue;
    standing.push({ alert: { ...alert, state: "OPEN" }, at: Date.parse(alert.raised_at) });
  }
  for (const alert of silent) if (!first.has(alert.alert_id)) standing.push({ alert, at: Date.parse(alert.updated_at) });
  return standing;
}

/** Without updates that another event of the same alert follows within a few seconds, then without the oldest. */
function thinned(list: PastEvent[]): PastEvent[] {
  const next = new Map<string, number>();
  const kept: PastEvent[] = [];
  for (const event of [...list].reverse()) {
    const { alert_id: id } = event.alert;
    if (event.event === "UPDATED" && (next.get(id) ?? Infinity) - event.at < SOON_MS) continue;
    next.set(id, event.at);
    kept.push(event);
  }
  return kept.reverse();
}

// The alerts that stand, and those that are over but that nobody took note of.

import { type Alert, type Severity, rank } from "../protocol";

/** Cleared alerts of at least this severity stay until somebody took note of them. */
const LATCHED: Severity = "CAUTION";
/** Most of them that are kept; the oldest go first. */
const CLEARED_MAX = 500;

export interface Entry {
  alert: Alert;
  /** The most severe that it was. */
  peak: number;
  /** When it became as severe as it is, milliseconds of the service's clock. */
  severeSince: number;
  /** `performance.now()` of its newest frame. */
  heardAt: number;
  /** Number of its newest event, while the service says that it is not on disk yet. */
  volatile: number | undefined;
}

export interface AircraftAlarm {
  rank: number;
  unacknowledged: boolean;
  code: string;
  phase: string;
  count: number;
}

/** Unacknowledged before acknowledged, then the most severe, then the one that became so last. */
export function byUrgency(one: Entry, two: Entry): number {
  const [a, b] = [one.alert, two.alert];
  return Number(Boolean(a.acknowledged)) - Number(Boolean(b.acknowledged)) || rank(a.severity) - rank(b.severity) || two.severeSince - one.severeSince;
}

export class Alerts {
  readonly open = new Map<string, Entry>();
  readonly cleared = new Map<string, Entry>();
  /** For each aircraft the most severe alert that stands. */
  readonly byAircraft = new Map<string, AircraftAlarm>();
  /** Zones that somebody is in without leave. */
  readonly breached = new Map<string, number>();

  /** All open alerts anew. Those that are not in it are gone. */
  replace(alerts: Alert[], now: number): void {
    const stay = new Set(alerts.map((alert) => alert.alert_id));
    for (const id of [...this.open.keys()]) if (!stay.has(id)) this.open.delete(id);
    for (const alert of alerts) this.put(alert, now, undefined);
    this.reindex();
  }

  /** One event. */
  take(alert: Alert, now: number, volatile: number | undefined): void {
    if (alert.state === "OPEN") {
      this.put(alert, now, volatile);
    } else {
      const before = this.open.get(alert.alert_id);
      this.open.delete(alert.alert_id);
      const peak = Math.min(before?.peak ?? rank(alert.severity), rank(alert.severity));
      if (alert.acknowledged ?? before?.alert.acknowledged) this.cleared.delete(alert.alert_id);
      else this.latch(alert, peak, now);
    }
    this.reindex();
  }

  /** All events up to this one are on disk. */
  durable(seq: number): void {
    for (const entry of this.open.values()) if ((entry.volatile ?? Infinity) <= seq) entry.volatile = undefined;
  }

  /** From the history: what was cleared before the page was opened. */
  recall(alerts: Alert[], now: number, since: number): void {
    for (const alert of alerts) {
      const over = Date.parse(alert.cleared_at ?? alert.updated_at);
      if (alert.state === "CLEARED" && !alert.acknowledged && since < over && !this.cleared.has(alert.alert_id)) {
        this.latch(alert, rank(alert.severity), now);
      }
    }
  }

  /** Everything cleared is dropped, as its history is. */
  forgetCleared(): void {
    this.cleared.clear();
  }

  /** How many stand, for each severity. */
  counts(): number[] {
    const counts = [0, 0, 0, 0, 0];
    for (const { alert } of this.open.values()) counts[rank(alert.severity)]! += 1;
    return counts;
  }

  /** The CRITICAL alert that must be seen: unacknowledged before acknowledged, then the one that became so last. */
  newestCritical(): Entry | undefined {
    let best: Entry | undefined;
    for (const entry of this.open.values()) {
      if (entry.alert.severity === "CRITICAL" && (!best || byUrgency(entry, best) < 0)) best = entry;
    }
    return best;
  }

  find(id: string): Entry | undefined {
    return this.open.get(id) ?? this.cleared.get(id);
  }

  private put(alert: Alert, now: number, volatile: number | undefined): void {
    const before = this.open.get(alert.alert_id);
    const own = rank(alert.severity);
    const peak = Math.min(before?.peak ?? 9, own);
    // One that escalates while it is watched is news; one that eases is not.
    const escalated = before !== undefined && own < rank(before.alert.severity);
    const severeSince = escalated ? Date.parse(alert.updated_at) : (before?.severeSince ?? Date.parse(alert.raised_at));
    this.open.set(alert.alert_id, { alert, peak, severeSince, heardAt: now, volatile });
    this.cleared.delete(alert.alert_id);
  }

  private latch(alert: Alert, peak: number, now: number): void {
    if (rank(LATCHED) < peak) return;
    this.cleared.set(alert.alert_id, { alert, peak, severeSince: Date.parse(alert.raised_at), heardAt: now, volatile: undefined });
    if (CLEARED_MAX < this.cleared.size) {
      const oldest = this.cleared.keys().next().value;
      if (oldest !== undefined) this.cleared.delete(oldest);
    }
  }

  private reindex(): void {
    this.byAircraft.clear();
    this.breached.clear();
    for (const { alert } of this.open.values()) {
      const own = rank(alert.severity);
      for (const id of [alert.uas_id, alert.other?.uas_id]) {
        if (id === undefined) continue;
        const known = this.byAircraft.get(id);
        const count = (known?.count ?? 0) + 1;
        const unacknowledged = !alert.acknowledged && !(alert.shelved && own > 0);
        if (!known || own < known.rank || (own === known.rank && unacknowledged && !known.unacknowledged)) {
          this.byAircraft.set(id, { rank: own, unacknowledged, code: alert.code, phase: alert.phase, count });
        } else {
          known.count = count;
        }
      }
      if (alert.zone && alert.phase === "ACTUAL") {
        this.breached.set(alert.zone.id, Math.min(own, this.breached.get(alert.zone.id) ?? 9));
      }
    }
  }
}

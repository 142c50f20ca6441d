// What of the sky is subscribed: what the view needs, or the fleet, and who must be known wherever they are.

import type { App } from "./app";
import { intruders } from "./fleet/rows";
import { type Alert, type Box, isService, type Wanted } from "./protocol";
import { byUrgency } from "./store/alerts";

/** Most aircraft that are asked for by name; the service takes more. */
const ALWAYS_MAX = 100;
/** For those who went out of the view the service is asked anew at most this often, milliseconds. */
const ALWAYS_EVERY_MS = 1000;
/** Above this many aircraft one picture a second is enough. */
const CROWD = 3000;

/** The operator of whom this seat is (`?operator=`): it is told of its own alerts and aircraft only. */
export function seatOf(): string[] | undefined {
  const operator = new URLSearchParams(location.search).get("operator");
  return operator ? [operator] : undefined;
}

export class Watch {
  /** On the fleet's page only the fleet is subscribed, and who takes part in its alerts. */
  onlyFleet = false;
  /** Who that is. */
  intruders: string[] = [];
  private box: Box | undefined;
  /** Who is subscribed by name. */
  private always: string[] = [];
  private alwaysAt = -Infinity;
  private rate = 0;
  private subscribed = "";

  constructor(private readonly app: App) {}

  /** The view needs this. */
  view(box: Box): void {
    this.box = box;
    this.always = this.named();
    this.subscribe();
  }

  /** Whether nobody flies in and about the view; who is known by name may be elsewhere. */
  nobodyAbout(): boolean {
    const { box, app: { tracks } } = this;
    if (ALWAYS_MAX < tracks.count || (!box && tracks.count > 0)) return false;
    const [west, south, east, north] = box ?? [0, 0, 0, 0];
    return !tracks.rows.some((row) => row && west <= row.lng && row.lng <= east && south <= row.lat && row.lat <= north);
  }

  /** Subscribes who must be known but is not: one outside of the view, or on a page without a map. */
  keepNamed(): void {
    const now = performance.now();
    if (now - this.alwaysAt < ALWAYS_EVERY_MS) return;
    const named = this.named();
    if (named.every((id) => this.app.tracks.at(id) !== undefined || this.always.includes(id))) return;
    this.always = named;
    this.alwaysAt = now;
    this.subscribe();
  }

  /** Tells the service what is wanted, if that changed. */
  subscribe(): void {
    const wanted = this.wanted();
    const rate = CROWD < this.app.tracks.count ? 1 : 2;
    const said = JSON.stringify(wanted);
    if (!wanted || (rate === this.rate && this.subscribed === said)) return;
    this.rate = rate;
    this.subscribed = said;
    this.app.stream.watch(wanted, rate);
  }

  /** Who must be known wherever they are: the chosen, and who takes part in the most urgent alerts. */
  private named(): string[] {
    const { aircraft, alert: chosen, alerts } = this.app;
    const found = new Set<string>();
    const add = (alert: Alert | undefined) => {
      if (!alert || isService(alert)) return;
      found.add(alert.uas_id);
      if (alert.other) found.add(alert.other.uas_id);
    };
    if (aircraft !== undefined) found.add(aircraft);
    add(chosen);
    for (const { alert } of [...alerts.open.values()].sort(byUrgency)) add(alert);
    return [...found].slice(0, ALWAYS_MAX);
  }

  private wanted(): Wanted | undefined {
    const { box, always, app: { fleet, alerts } } = this;
    const seat = seatOf();
    if (this.onlyFleet) return fleet ? { operators: [fleet], uas_ids: this.intruders } : { operators: [] };
    // A telephone shows its alerts without a map: then only who is named is wanted.
    if (!box) return always.length > 0 ? { uas_ids: always } : undefined;
    const own = seat ? { operators: seat, uas_ids: intruders(seat[0] ?? "", alerts) } : {};
    return { bbox: box, ...own, ...(always.length > 0 ? { always } : {}) };
  }
}

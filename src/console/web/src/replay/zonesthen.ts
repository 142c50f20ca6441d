// The zones as they were at a moment: those in force, with what was changed since then put back.

import { type ZoneFeature, type Zones, zoneState } from "../store/zones";

/** Most changes that are read, and most zones that are put back for a moment. */
const CHANGES_MAX = 1000;
const ZONES_MAX = 60;
/** Most versions that are held. */
const KEPT_MAX = 500;
const RETRY_MS = 5000;

interface Change {
  at: number;
  id: string;
  /** The version before; absent where there was no such zone. */
  was?: string;
}

export class ZonesThen {
  /** The zones of the moment, if they are others than those in force. */
  features: ZoneFeature[] | undefined;
  /** Whether those of the moment are known; and whether some have hours of the day, which are not looked at. */
  known = false;
  hourly = false;
  /** The newest first, and from when on they are all here. */
  private changes: Change[] = [];
  private since = Infinity;
  private version: string | undefined;
  private readonly kept = new Map<string, ZoneFeature | undefined>();
  private askAt = -Infinity;
  private said = "";
  private live: ZoneFeature[] | undefined;

  constructor(
    private readonly zones: Zones,
    private readonly changed: () => void,
  ) {}

  /** To be called some times a second. `t`: the moment; none: those in force are wanted. */
  look(t: number | undefined): void {
    const { zones } = this;
    if (t === undefined) return this.take(undefined, false, "");
    if (zones.version !== this.version) return this.ask("/audit?limit=" + CHANGES_MAX, (told) => this.read(told));
    const was = new Map<string, string | undefined>();
    for (const { at, id, was: before } of this.changes) if (t < at) was.set(id, before);
    if (t < this.since || ZONES_MAX < was.size) return this.take(undefined, false, "?");
    const then = zones.features.filter(({ properties }) => !was.has(properties.identifier));
    for (const [id, version] of was) {
      if (version === undefined) continue;
      const key = `${id} ${version}`;
      if (!this.kept.has(key)) return this.ask(`/${encodeURIComponent(id)}/versions`, (told) => this.keep(id, key, told));
      const feature = this.kept.get(key);
      if (!feature) return this.take(undefined, false, "?");
      then.push(feature);
    }
    this.hourly = then.some(hasHours);
    let differs = was.size > 0;
    const features = then.map((zone) => {
      const applies = appliesAt(zone, t);
      if (applies === undefined || applies === (zoneState(zone, zones.now()).state === "active")) return zone;
      differs = true;
      return { ...zone, lowsky: { applies } };
    });
    const off = features.map(({ lowsky }) => Number(lowsky?.applies ?? 1)).join("");
    this.take(differs ? features : undefined, true, differs ? `${[...was]} ${off}` : "");
  }

  private take(features: ZoneFeature[] | undefined, known: boolean, said: string): void {
    this.known = known;
    const { zones } = this;
    const key = `${zones.version} ${said}`;
    // Those in force are shown anew, in place of these, whenever the service was asked for them.
    if (key === this.said && zones.features === this.live) return;
    const shows = this.features ?? features;
    this.live = zones.features;
    this.said = key;
    this.features = features;
    if (shows) this.changed();
  }

  /** One request at a time; what fails is asked again later. */
  private ask(path: string, take: (told: never) => void): void {
    if (performance.now() < this.askAt) return;
    this.askAt = Infinity;
    void fetch(`/api/v1/zones${path}`, { cache: "no-store" })
      .then(async (answer) => {
        if (!answer.ok) throw new Error(String(answer.status));
        take((await answer.json()) as never);
        this.askAt = 0;
      })
      .catch(() => {
        this.known = false;
        this.askAt = performance.now() + RETRY_MS;
      });
  }

  private read({ changes, more }: { changes: (Omit<Change, "at"> & { at: string })[]; more?: boolean }): void {
    this.version = this.zones.version;
    this.changes = changes.map((change) => ({ ...change, at: Date.parse(change.at) }));
    // Before the book was begun nobody knows; a page that ends within it is known after its last line only.
    const oldest = this.changes.at(-1)?.at ?? Infinity;
    this.since = more ? oldest + 1 : oldest;
  }

  private keep(id: string, wanted: string, { versions }: { versions: { version?: string; feature?: ZoneFeature }[] }): void {
    if (KEPT_MAX < this.kept.size) this.kept.clear();
    this.kept.set(wanted, undefined);
    for (const { version, feature } of versions) if (version !== undefined && feature) this.kept.set(`${id} ${version}`, feature);
  }
}

function hasHours({ properties }: ZoneFeature): boolean {
  return (properties.limitedApplicability ?? []).some(({ schedule }) => schedule);
}

/** Whether a zone applied at a time, where that is a matter of its days alone. */
function appliesAt(zone: ZoneFeature, t: number): boolean | undefined {
  if (hasHours(zone)) return undefined;
  const spans = zone.properties.limitedApplicability ?? [];
  return spans.length === 0 || spans.some(({ startDateTime: from, endDateTime: to }) => !(t < Date.parse(from ?? "")) && !(Date.parse(to ?? "") <= t));
}

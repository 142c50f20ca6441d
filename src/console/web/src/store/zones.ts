// The zones in force: fetched when their version changes, with their state at this moment.

export interface ZoneProperties {
  identifier: string;
  type: string;
  name?: { text: string; lang?: string }[];
  limitedApplicability?: { startDateTime?: string; endDateTime?: string; schedule?: unknown }[];
  message?: { text: string; lang?: string }[];
}

export interface Layer {
  lower?: number;
  lowerReference?: string;
  upper?: number;
  upperReference?: string;
  uom?: string;
}

export interface ZoneGeometry {
  type: string;
  coordinates?: unknown;
  geometries?: ZoneGeometry[];
  extent?: { radius?: number; halfWidth?: number };
  layer?: Layer;
}

export interface ZoneFeature {
  /** Whether it applied when it was asked for, and when that changes. */
  lowsky?: { applies?: boolean; switches_at?: string };
  properties: ZoneProperties;
  geometry: ZoneGeometry;
}

/** A zone that begins within this time is about to switch on, milliseconds. */
const SOON_MS = 30 * 60_000;
/** Without a version in the heartbeat, the zones are asked for this often, milliseconds. */
const POLL_MS = 15_000;

/** A service that has not switched yet is not asked more often than this, milliseconds. */
const SWITCHED_MS = 10_000;

export type ZoneState = "active" | "soon" | "off";

export class Zones {
  features: ZoneFeature[] = [];
  version = "";
  failed = false;
  private tag = "";
  private asked = -Infinity;
  private busy = false;

  /** `now`: the service's clock, Unix milliseconds; this computer's may be wrong. */
  constructor(
    private readonly changed: () => void,
    readonly now: () => number,
  ) {}

  /** To be called at each heartbeat. */
  look(told: string | undefined): void {
    // Where a zone has switched, the service is asked when it will again.
    const now = this.now();
    const switched = this.features.some(({ lowsky }) => Date.parse(lowsky?.switches_at ?? "") <= now);
    if (switched) this.tag = "";
    const changed = told === undefined ? POLL_MS <= performance.now() - this.asked : told !== this.version;
    const due = changed || this.failed || (switched && SWITCHED_MS <= performance.now() - this.asked);
    if (due && !this.busy && 1000 <= performance.now() - this.asked) void this.refresh();
  }

  byId(id: string): ZoneFeature | undefined {
    return this.features.find((zone) => zone.properties.identifier === id);
  }

  /** Asks for the zones now. */
  async refresh(): Promise<void> {
    this.busy = true;
    this.asked = performance.now();
    try {
      const headers: Record<string, string> = this.tag ? { "if-none-match": this.tag } : {};
      const answer = await fetch("/api/v1/zones", { headers, cache: "no-store" });
      this.failed = !answer.ok && answer.status !== 304;
      if (answer.ok) {
        this.tag = answer.headers.get("etag") ?? "";
        const body = (await answer.json()) as { features: ZoneFeature[]; lowsky?: { version?: string } };
        this.features = body.features;
        this.version = body.lowsky?.version ?? "";
        this.changed();
      }
    } catch {
      this.failed = true;
    } finally {
      this.busy = false;
    }
  }
}

/** Whether a zone applies at `now`, and when that changes next, if it does. The service knows the schedules. */
export function zoneState({ lowsky }: ZoneFeature, now: number): { state: ZoneState; at?: number } {
  const next = lowsky?.switches_at === undefined ? undefined : Date.parse(lowsky.switches_at);
  const passed = next !== undefined && next <= now;
  const active = (lowsky?.applies ?? true) !== passed;
  const at = next === undefined || passed ? {} : { at: next };
  if (active) return { state: "active", ...at };
  return { state: next !== undefined && !passed && next - now <= SOON_MS ? "soon" : "off", ...at };
}

/** The zone's name in the language, else its first. */
export function zoneName(zone: ZoneFeature, lang: string): string {
  const names = zone.properties.name ?? [];
  const found = names.find((name) => name.lang?.toLowerCase().startsWith(lang)) ?? names[0];
  return found?.text ?? zone.properties.identifier;
}

/** From what height to what height, over all layers. */
export function zoneHeights(zone: ZoneFeature): string {
  const layers = zone.geometry.geometries?.map((part) => part.layer) ?? [zone.geometry.layer];
  const ends = (which: "lower" | "upper", pick: (values: number[]) => number) => {
    const known = layers.filter((layer) => layer?.[which] !== undefined && layer[which] !== null);
    if (which === "upper" && known.length < layers.length) return "∞";
    if (known.length === 0) return "0";
    const metres = known.map((layer) => (layer?.[which] ?? 0) * (layer?.uom === "ft" ? 0.3048 : 1));
    const reference = known[0]?.[which === "lower" ? "lowerReference" : "upperReference"] ?? "AGL";
    return `${Math.round(pick(metres))} m ${reference}`;
  };
  return `${ends("lower", (all) => Math.min(...all))} – ${ends("upper", (all) => Math.max(...all))}`;
}

/** The same in few characters: one datum is said once. */
export function shortHeights(zone: ZoneFeature): string {
  return zoneHeights(zone).replace(/^(\S+) m (\w+) – (\S+) m \2$/, "$1–$3 m $2");
}

/** Without the remark in brackets that may end a zone's name: a title has room for the name alone. */
export function brief(name: string): string {
  return name.replace(/\s*[(（][^()（）]*[)）]$/, "") || name;
}

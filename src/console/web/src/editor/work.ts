// The changes that nobody has published yet, with the way back and forth.

import type { Change as Sent, Draft } from "./api";
import { type Zone, asZone, bare, copy, same } from "./model";
import type { ZoneFeature } from "../store/zones";

export interface Change {
  id: string;
  /** What was live when the change began; nothing for a new zone. */
  base?: Zone;
  /** What it shall be; nothing: it shall be removed. */
  now?: Zone;
  /** The version that it goes back to. */
  back?: string;
}

interface State {
  changes: Change[];
  chosen: string | undefined;
}

/** Typing in one field within this time is one step of undo, milliseconds. */
const ONE_STEP_MS = 1200;
const STEPS_MAX = 200;

export class Work {
  changes = new Map<string, Change>();
  chosen: string | undefined;
  part = 0;
  vertex: number | undefined;
  /** The waiting draft that is looked at. */
  draft: Draft | undefined;
  private past: string[] = [];
  private future: string[] = [];
  private step = { key: "", at: -Infinity };

  constructor(
    private readonly live: () => ZoneFeature[],
    private readonly changed: () => void,
  ) {}

  get dirty(): boolean {
    return this.changes.size > 0;
  }

  /** Whether what is here differs from the draft that is looked at. */
  get draftTouched(): boolean {
    return this.draft !== undefined && JSON.stringify(this.sent()) !== JSON.stringify(this.draftSent());
  }
  private draftSent(): Sent[] {
    return (this.draft?.changes ?? []).map((one) => (one.action === "PUT" ? { ...one, feature: bare(one.feature) } : one));
  }

  liveZone(id: string): Zone | undefined {
    const found = this.live().find((zone) => zone.properties.identifier === id);
    return found && asZone(found);
  }

  liveZones(): Zone[] {
    return this.live().map(asZone);
  }

  /** The zone as it would be. */
  zone(id: string | undefined): Zone | undefined {
    if (id === undefined) return undefined;
    const change = this.changes.get(id);
    return change ? change.now : this.liveZone(id);
  }

  get current(): Zone | undefined {
    return this.zone(this.chosen);
  }

  choose(id: string | undefined): void {
    if (id === this.chosen) return;
    this.chosen = id;
    this.part = 0;
    this.vertex = undefined;
    this.changed();
  }

  /** Changes the chosen zone. Changes with one key that follow each other closely are undone together. */
  edit(key: string, make: (zone: Zone) => void): void {
    const zone = this.current;
    if (!zone || this.chosen === undefined) return;
    const next = copy(zone);
    make(next);
    if (same(next, zone)) return;
    this.remember(`${this.chosen} ${key}`);
    this.put(next, this.chosen);
    this.changed();
  }

  add(zones: Zone[]): void {
    this.remember("");
    for (const zone of zones) this.put(zone, zone.properties.identifier);
    this.chosen = zones[0]?.properties.identifier;
    this.part = 0;
    this.vertex = undefined;
    this.changed();
  }

  remove(id: string): void {
    const base = this.changes.has(id) ? this.changes.get(id)?.base : this.liveZone(id);
    this.remember("");
    if (base) this.changes.set(id, { id, base });
    else this.changes.delete(id);
    if (!base) this.chosen = undefined;
    this.changed();
  }

  revert(id: string): void {
    this.remember("");
    this.changes.delete(id);
    if (!this.liveZone(id) && this.chosen === id) this.chosen = undefined;
    this.changed();
  }

  /** Makes a zone what it was in a version. */
  goBack(id: string, version: string, feature: Zone): void {
    const base = this.liveZone(id);
    this.remember("");
    this.changes.set(id, { id, ...(base ? { base } : {}), now: bare(copy(feature)), back: version });
    this.chosen = id;
    this.changed();
  }

  /** Puts the own changes of a zone upon what is live now. */
  rebase(id: string, live: Zone | undefined): void {
    const change = this.changes.get(id);
    if (!change) return;
    this.remember("");
    const next: Change = { id };
    if (live) next.base = live;
    if (change.now) next.now = live && change.base ? merged(change.base, change.now, live) : bare(change.now);
    if (same(next.now, live)) this.changes.delete(id);
    else this.changes.set(id, next);
    this.changed();
  }

  /** Looks at a draft of somebody. */
  open(draft: Draft): void {
    this.forget();
    this.draft = draft;
    for (const one of draft.changes) {
      const base = this.liveZone(one.id);
      const now = one.action === "PUT" ? { now: bare(one.feature) } : {};
      this.changes.set(one.id, { id: one.id, ...(base ? { base } : {}), ...now });
    }
    this.chosen = draft.changes[0]?.id;
    this.changed();
  }

  clear(): void {
    this.forget();
    this.changed();
  }

  /** What the service is sent. */
  sent(): Sent[] {
    return [...this.changes.values()].map(({ id, now }) => (now ? { action: "PUT", id, feature: bare(now) } : { action: "DELETE", id }));
  }

  /** Changes whose zone has become another one since they began. */
  stale(): string[] {
    return [...this.changes.values()]
      .filter(({ id, base }) => this.live().length > 0 && this.liveZone(id)?.lowsky?.version !== base?.lowsky?.version)
      .map(({ id }) => id);
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }
  get canRedo(): boolean {
    return this.future.length > 0;
  }

  undo(): void {
    this.travel(this.past, this.future);
  }
  redo(): void {
    this.travel(this.future, this.past);
  }

  private travel(from: string[], to: string[]): void {
    const state = from.pop();
    if (state === undefined) return;
    to.push(this.state());
    const { changes, chosen } = JSON.parse(state) as State;
    this.changes = new Map(changes.map((change) => [change.id, change]));
    this.chosen = chosen;
    this.vertex = undefined;
    this.part = 0;
    this.step = { key: "", at: -Infinity };
    this.changed();
  }

  private put(zone: Zone, key: string): void {
    const id = zone.properties.identifier;
    const before = this.changes.get(key);
    const base = before ? before.base : this.liveZone(id);
    if (id !== key) this.changes.delete(key);
    if (base && same(base, zone)) this.changes.delete(id);
    else this.changes.set(id, { id, ...(base ? { base } : {}), now: bare(zone) });
    if (this.chosen === key) this.chosen = id;
  }

  private state(): string {
    return JSON.stringify({ changes: [...this.changes.values()], chosen: this.chosen } satisfies State);
  }

  private remember(key: string): void {
    const now = performance.now();
    const continues = key !== "" && key === this.step.key && now - this.step.at < ONE_STEP_MS;
    this.step = { key, at: now };
    if (continues) return;
    this.past.push(this.state());
    if (this.past.length > STEPS_MAX) this.past.shift();
    this.future = [];
  }

  private forget(): void {
    this.changes.clear();
    this.draft = undefined;
    this.vertex = undefined;
    this.past = [];
    this.future = [];
  }
}

/** What differs between `base` and `mine`, put upon `live`, member by member. */
function merged(base: Zone, mine: Zone, live: Zone): Zone {
  const over = <T extends object>(was: T, own: T, theirs: T): T => {
    const result = { ...theirs } as Record<string, unknown>;
    const [before, wanted] = [was as Record<string, unknown>, own as Record<string, unknown>];
    for (const name of new Set([...Object.keys(before), ...Object.keys(wanted)])) {
      if (JSON.stringify(before[name]) === JSON.stringify(wanted[name])) continue;
      if (wanted[name] === undefined) delete result[name];
      else result[name] = wanted[name];
    }
    return result as T;
  };
  const geometry = over(base.geometry, mine.geometry, live.geometry);
  return copy({ type: "Feature", properties: over(base.properties, mine.properties, live.properties), geometry });
}

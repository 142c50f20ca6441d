// Playing the past: where the time stands, and the picture that belongs to it.

import type { App } from "../app";
import type { Rect } from "../map/labels";
import type { Scene } from "../map/scene";
import type { Alert } from "../protocol";
import { Alerts } from "../store/alerts";
import { Tracks } from "../store/tracks";
import type { Events } from "./events";
import type { Source } from "./rows";

export const SPEEDS = [1, 4, 16, 60] as const;
/** An aircraft is in the picture for so long after its last report. */
export const KEPT_MS = 60_000;
/** So much wall time of playing is fetched ahead, and at least so much of the past. */
const AHEAD_WALL_MS = 10_000;
const AHEAD_MS = 60_000;
/** A page that was hidden does not jump. */
const STEP_MAX_MS = 1_000;

/** The picture at a moment of the past; how it is drawn is as in the live picture. */
export class Past implements Scene {
  readonly tracks = new Tracks();
  readonly alerts = new Alerts();
  aircraft: string | undefined;
  /** The chosen alert as it was told of last, whether it stands or not. */
  chosen: Alert | undefined;
  /** The trail is all that is shown of where it was. */
  readonly path: readonly number[] = [];
  /** The moment, Unix milliseconds. */
  t = 0;

  constructor(
    private readonly app: App,
    private readonly covers: () => Rect[],
  ) {}

  /** Only an alert that stands has a geometry on the map. */
  get alert(): Alert | undefined {
    return this.chosen && this.alerts.open.get(this.chosen.alert_id)?.alert;
  }
  get labels(): boolean {
    return this.app.labels;
  }
  get trails(): boolean {
    return this.app.trails;
  }
  get byHeight(): boolean {
    return this.app.byHeight;
  }
  get own(): string {
    return this.app.own;
  }
  get vectorS(): number {
    return this.app.vectorS;
  }
  now(): number {
    return this.t;
  }
  obstacles(): Rect[] {
    return this.covers();
  }
}

export class Player {
  playing = false;
  speed: number = SPEEDS[0];
  /** The playing ends here. */
  span: { from: number; to: number } | undefined;
  /** It cannot go on, since rows are still being fetched. */
  waiting = true;
  /** It shows the newest that there is. */
  atEdge = false;
  private built = false;
  private told = -1;
  private version = -1;
  private last = performance.now();

  constructor(
    readonly scene: Past,
    public source: Source,
    readonly events: Events,
    private readonly now: () => number,
  ) {}

  get t(): number {
    return this.scene.t;
  }

  /** Another source; the picture begins anew. */
  use(source: Source): void {
    this.source = source;
    this.built = false;
  }

  seek(t: number): void {
    const [oldest, newest] = this.source.reach(this.now());
    this.scene.t = Math.round(Math.min(Math.max(t, oldest), newest));
    this.built = false;
    this.told = -1;
    this.tick();
  }

  flip(): void {
    this.playing = !this.playing;
    if (this.playing && this.span && this.span.to <= this.t) this.seek(this.span.from);
  }

  /** To be called some times a second; whether the picture changed. */
  tick(): boolean {
    const now = performance.now();
    const passed = Math.min(now - this.last, STEP_MAX_MS);
    this.last = now;
    const { t, source } = this;
    const [oldest, newest] = source.reach(this.now());
    if (t < oldest && oldest <= newest) {
      // The answer tells that the record begins later than was asked for.
      this.seek(oldest);
      return true;
    }
    const ahead = Math.max(AHEAD_MS, this.speed * AHEAD_WALL_MS);
    source.prepare(t - KEPT_MS, t + ahead, t);
    if (!this.built) {
      this.waiting = !source.ready(t - KEPT_MS, t);
      if (this.waiting) {
        this.scene.tracks.clear();
        this.foldAlerts();
        return true;
      }
      this.rebuild();
      return true;
    }
    let changed = this.foldAlerts();
    if (!this.playing) return changed;
    let next = t + passed * this.speed;
    if (this.span && t < this.span.to && this.span.to <= next) {
      next = this.span.to;
      this.playing = false;
    }
    this.atEdge = newest <= next;
    next = Math.max(t, Math.min(next, newest));
    this.waiting = !source.ready(t, next);
    if (this.waiting) return changed;
    this.scene.t = next;
    changed = this.apply(t, next) || changed;
    return this.foldAlerts() || changed;
  }

  private rebuild(): void {
    const { t } = this;
    this.scene.tracks.clear();
    this.source.each(t - KEPT_MS, t, (rows, i) => this.scene.tracks.set(rows.track(i), rows.at(i)));
    this.built = true;
    this.foldAlerts();
  }

  /** Takes over what arrived after `from` up to `to`, and lets go who has been silent for long. */
  private apply(from: number, to: number): boolean {
    const { tracks } = this.scene;
    let changed = false;
    this.source.each(from, to, (rows, i) => {
      tracks.set(rows.track(i), rows.at(i));
      changed = true;
    });
    for (let i = 0; i < tracks.length; i += 1) {
      const row = tracks.rows[i];
      if (!row || to - KEPT_MS < (tracks.seenAt[i] ?? 0)) continue;
      tracks.remove(row.uas_id);
      changed = true;
    }
    return changed;
  }

  /** The alerts as they stood at this moment. */
  private foldAlerts(): boolean {
    const { scene, events } = this;
    const count = events.upTo(this.t);
    if (count === this.told && this.version === events.version) return false;
    [this.told, this.version] = [count, events.version];
    scene.alerts.replace([], this.t);
    for (const { alert, at } of events.standing(count).values()) scene.alerts.take(alert, at, undefined);
    scene.chosen = scene.alert ?? scene.chosen;
    return true;
  }
}

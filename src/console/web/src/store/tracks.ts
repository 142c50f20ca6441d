// What flies: columns of numbers instead of objects, positions in Web Mercator, so that drawing one is one
// multiplication and one addition.

import type { Track } from "../protocol";

/** Points of a trail, and the shortest time between two, milliseconds. */
export const TRAIL_POINTS = 6;
const TRAIL_STEP_MS = 3000;
/** Without a report for so long an aircraft looks stale, then lost, milliseconds. */
export const STALE_MS = 3000;
export const LOST_MS = 15000;

/** Kinds of target, as the painter draws them. */
export const KIND = { cooperative: 0, unidentified: 1, sensed: 2, manned: 3 } as const;

const RADIUS = 6378137;

export function mercatorX(lng: number): number {
  return (RADIUS * lng * Math.PI) / 180;
}

export function mercatorY(lat: number): number {
  return RADIUS * Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360));
}

export function latitudeOf(y: number): number {
  return (Math.atan(Math.exp(y / RADIUS)) * 360) / Math.PI - 90;
}

export class Tracks {
  capacity = 0;
  /** Rows up to here may be in use; `rows[i]` is undefined where one is not. */
  length = 0;
  count = 0;
  rows: (Track | undefined)[] = [];
  x = new Float64Array(0);
  y = new Float64Array(0);
  /** Metres a second; NaN: unknown. */
  speed = new Float32Array(0);
  /** Degrees from north; NaN: unknown. */
  heading = new Float32Array(0);
  kind = new Uint8Array(0);
  coasted = new Uint8Array(0);
  /** `performance.now()` when it was last reported. */
  seenAt = new Float64Array(0);
  trail = new Float64Array(0);
  trailLength = new Uint8Array(0);
  private trailAt = new Float64Array(0);
  private readonly index = new Map<string, number>();
  private free: number[] = [];

  at(id: string): number | undefined {
    return this.index.get(id);
  }

  get(id: string): Track | undefined {
    const i = this.index.get(id);
    return i === undefined ? undefined : this.rows[i];
  }

  /** Replaces all; an aircraft that was known keeps its trail. `serverNow`: to tell how old a row is. */
  replace(tracks: Track[], now: number, serverNow: number | undefined): void {
    const stay = new Set(tracks.map((track) => track.uas_id));
    for (const id of [...this.index.keys()]) if (!stay.has(id)) this.remove(id);
    for (const track of tracks) {
      const known = this.rows[this.index.get(track.uas_id) ?? -1];
      if (known?.timestamp === track.timestamp) {
        this.set(track, this.seenAt[this.index.get(track.uas_id) ?? 0] ?? now);
        continue;
      }
      const age = serverNow === undefined ? 0 : serverNow - Date.parse(track.timestamp);
      this.set(track, now - Math.min(Math.max(age - 1000, 0), 60000));
    }
  }

  set(track: Track, now: number): void {
    let i = this.index.get(track.uas_id);
    const fresh = i === undefined;
    if (i === undefined) {
      i = this.free.pop() ?? this.length++;
      if (this.capacity <= i) this.grow();
      this.index.set(track.uas_id, i);
      this.trailLength[i] = 0;
      this.trailAt[i] = -Infinity;
      this.count += 1;
    }
    const [x, y] = [mercatorX(track.lng), mercatorY(track.lat)];
    if (!fresh && TRAIL_STEP_MS <= now - (this.trailAt[i] ?? 0) && (x !== this.x[i] || y !== this.y[i])) {
      this.extend(i, now);
    }
    if (fresh) this.trailAt[i] = now;
    this.rows[i] = track;
    this.x[i] = x;
    this.y[i] = y;
    this.speed[i] = track.ground_speed ?? NaN;
    this.heading[i] = track.track ?? NaN;
    this.kind[i] = kindOf(track);
    this.coasted[i] = track.freshness === "COASTED" ? 1 : 0;
    this.seenAt[i] = now;
  }

  remove(id: string): void {
    const i = this.index.get(id);
    if (i === undefined) return;
    this.index.delete(id);
    this.rows[i] = undefined;
    this.free.push(i);
    this.count -= 1;
  }

  clear(): void {
    this.index.clear();
    this.rows = [];
    this.free = [];
    this.length = 0;
    this.count = 0;
  }

  /** 0 fresh, 1 stale, 2 lost. */
  staleness(i: number, now: number): 0 | 1 | 2 {
    const age = now - (this.seenAt[i] ?? 0);
    if (LOST_MS <= age) return 2;
    return STALE_MS <= age || this.coasted[i] === 1 ? 1 : 0;
  }

  /** Puts the present position at the end of the trail. */
  private extend(i: number, now: number): void {
    const start = i * TRAIL_POINTS * 2;
    let n = this.trailLength[i] ?? 0;
    if (n === TRAIL_POINTS) {
      this.trail.copyWithin(start, start + 2, start + TRAIL_POINTS * 2);
      n -= 1;
    }
    this.trail[start + n * 2] = this.x[i] ?? 0;
    this.trail[start + n * 2 + 1] = this.y[i] ?? 0;
    this.trailLength[i] = n + 1;
    this.trailAt[i] = now;
  }

  private grow(): void {
    const size = Math.max(1024, this.capacity * 2);
    const wide = (old: Float64Array, each = 1) => {
      const made = new Float64Array(size * each);
      made.set(old);
      return made;
    };
    const narrow = (old: Float32Array) => {
      const made = new Float32Array(size);
      made.set(old);
      return made;
    };
    const bytes = (old: Uint8Array) => {
      const made = new Uint8Array(size);
      made.set(old);
      return made;
    };
    this.x = wide(this.x);
    this.y = wide(this.y);
    this.seenAt = wide(this.seenAt);
    this.trailAt = wide(this.trailAt);
    this.trail = wide(this.trail, TRAIL_POINTS * 2);
    this.speed = narrow(this.speed);
    this.heading = narrow(this.heading);
    this.kind = bytes(this.kind);
    this.coasted = bytes(this.coasted);
    this.trailLength = bytes(this.trailLength);
    this.capacity = size;
  }
}

export function kindOf(track: Track): number {
  if (track.uas_id.startsWith("sensed:")) return KIND.sensed;
  if (track.ua_class === "MANNED") return KIND.manned;
  return track.operator ? KIND.cooperative : KIND.unidentified;
}

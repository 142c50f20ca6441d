// Positions of the past: one row a report, in the order of arrival, as columns of numbers.

import type { Track } from "../protocol";
import { mercatorX, mercatorY } from "../store/tracks";

/** The columns of a row, as the service names them; unknown is NaN. */
export const COLUMNS = ["at_ms", "aircraft", "lat", "lng", "alt_hae", "height", "ground_speed", "track", "vertical_speed"] as const;
export const WIDE = COLUMNS.length;

export interface Craft {
  uas_id: string;
  operator?: string;
  ua_class?: string;
}

export class Rows {
  readonly crafts: Craft[] = [];
  length = 0;
  private cells = new Float64Array(0);
  private readonly numbers = new Map<string, number>();

  /** The number of an aircraft in the rows. */
  craft(craft: Craft): number {
    let number = this.numbers.get(craft.uas_id);
    if (number === undefined) {
      number = this.crafts.push(craft) - 1;
      this.numbers.set(craft.uas_id, number);
    }
    return number;
  }

  push(row: readonly (number | null)[]): void {
    if (this.cells.length < (this.length + 1) * WIDE) {
      const wider = new Float64Array(Math.max(1024 * WIDE, this.cells.length * 2));
      wider.set(this.cells);
      this.cells = wider;
    }
    const start = this.length * WIDE;
    for (let column = 0; column < WIDE; column += 1) this.cells[start + column] = row[column] ?? NaN;
    this.length += 1;
  }

  /** Puts the rows in the order of arrival, should a clock have been set back meanwhile. */
  sort(): void {
    let sorted = true;
    for (let i = 1; i < this.length && sorted; i += 1) sorted = this.at(i - 1) <= this.at(i);
    if (sorted) return;
    const order = Array.from({ length: this.length }, (_, i) => i).sort((a, b) => this.at(a) - this.at(b) || a - b);
    const cells = new Float64Array(this.length * WIDE);
    order.forEach((from, to) => cells.set(this.cells.subarray(from * WIDE, (from + 1) * WIDE), to * WIDE));
    this.cells = cells;
  }

  at(i: number): number {
    return this.cells[i * WIDE] ?? NaN;
  }

  /** How many rows are not later than `t`. */
  upTo(t: number): number {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle) <= t) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Mercator box of all rows, if there are any. */
  extent(): [number, number, number, number] | undefined {
    const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < this.length; i += 1) {
      const [x, y] = [mercatorX(this.cells[i * WIDE + 3] ?? 0), mercatorY(this.cells[i * WIDE + 2] ?? 0)];
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x);
      box[3] = Math.max(box[3], y);
    }
    return this.length > 0 ? box : undefined;
  }

  /** The figures of a row in the order of the columns. */
  row(i: number): Float64Array {
    return this.cells.subarray(i * WIDE, (i + 1) * WIDE);
  }

  craftOf(i: number): Craft {
    return this.crafts[this.cells[i * WIDE + 1] ?? 0] ?? { uas_id: "" };
  }

  /** As the painter takes it. */
  track(i: number): Track {
    const [at, , lat, lng, hae, height, speed, course, climb] = this.row(i);
    const track: Track = { ...this.craftOf(i), timestamp: new Date(at ?? 0).toISOString(), lat: lat ?? 0, lng: lng ?? 0 };
    if (known(hae)) track.alt_hae = hae;
    if (known(height)) track.height_agl = height;
    if (known(speed)) track.ground_speed = speed;
    if (known(course)) track.track = course;
    if (known(climb)) track.vertical_speed = climb;
    return track;
  }
}

function known(value: number | undefined): value is number {
  return value !== undefined && !Number.isNaN(value);
}

/** Where positions and alert events of the past come from. */
export interface Source {
  /** Why something is missing, for people; empty if nothing is. */
  readonly fault: string;
  /** The span that it can tell of. */
  reach(now: number): [number, number];
  /** Whether everything of a span is here. */
  ready(from: number, to: number): boolean;
  /** Fetches what of a span is not here; what is far from `t` may be forgotten. */
  prepare(from: number, to: number, t: number): void;
  /** The rows that are later than `from` and not later than `to`, in order. */
  each(from: number, to: number, visit: (rows: Rows, i: number) => void): void;
}

// The positions that the service keeps, fetched in pieces of a few minutes, ahead of where the playing is.

import { type Craft, Rows, type Source } from "./rows";

/** Length of a piece; halved when the service says that it has too many rows. Ten minutes are its most. */
const PIECE_MS = 120_000;
const PIECE_MIN_MS = 3_750;
/** Most rows that are held; what is furthest from the playing is forgotten first. 72 bytes each. */
const ROWS_MAX = 600_000;
/** What arrived within this time may not be readable yet; the rest is asked for in steps of the second, and played
 * up to the third before the present. */
const EDGE_MS = 1_000;
const TAIL_MS = 2_000;
const LIVE_MS = 4_000;
/** After a failure it is asked again after so long. */
const RETRY_MS = 2_000;

interface Piece {
  from: number;
  to: number;
  /** Fetched up to here; less than `to` at the edge of the present. */
  until: number;
  rows: Rows;
}

interface Answer {
  oldest: string | null;
  aircraft: Craft[];
  rows: (number | null)[][];
  unreadable?: unknown[];
}

export class History implements Source {
  fault = "";
  private pieces = new Map<number, Piece>();
  private pieceMs = PIECE_MS;
  private busy = false;
  private retryAt = 0;
  private oldest = -Infinity;

  /** `now` is the service's clock, milliseconds; `changed` is called when something came or failed. */
  constructor(
    private readonly now: () => number,
    private readonly changed: () => void,
  ) {}

  reach(now: number): [number, number] {
    return [this.oldest, now - LIVE_MS];
  }

  ready(from: number, to: number): boolean {
    return this.missing(Math.max(from, this.oldest), to) === undefined;
  }

  prepare(from: number, to: number, t: number): void {
    if (this.busy || performance.now() < this.retryAt) return;
    const end = Math.min(to, this.now() - EDGE_MS);
    // What the playing needs now comes before what lies behind or ahead of it.
    const at = this.missing(Math.max(t, this.oldest), end) ?? this.missing(Math.max(from, this.oldest), end);
    if (at === undefined || this.full(at, t)) return;
    if (at + TAIL_MS <= end || (at < end && end < this.now() - EDGE_MS)) void this.fetch(at, t);
  }

  each(from: number, to: number, visit: (rows: Rows, i: number) => void): void {
    for (let key = Math.floor(from / this.pieceMs); key * this.pieceMs <= to; key += 1) {
      const rows = this.pieces.get(key)?.rows;
      if (!rows) continue;
      const end = rows.upTo(to);
      for (let i = rows.upTo(from); i < end; i += 1) visit(rows, i);
    }
  }

  /** How many rows are held. */
  get held(): number {
    let held = 0;
    for (const { rows } of this.pieces.values()) held += rows.length;
    return held;
  }

  /** The first time of a span that is not here. */
  private missing(from: number, to: number): number | undefined {
    for (let key = Math.floor(from / this.pieceMs); key * this.pieceMs <= to; key += 1) {
      const piece = this.pieces.get(key);
      if (!piece) return Math.max(key * this.pieceMs, 0);
      if (piece.until < piece.to && piece.until <= to) return piece.until;
    }
    return undefined;
  }

  private async fetch(at: number, t: number): Promise<void> {
    const { pieceMs } = this;
    const key = Math.floor(at / pieceMs);
    const [from, to] = [key * pieceMs, (key + 1) * pieceMs];
    const known = this.pieces.get(key);
    const begin = known?.until ?? from;
    const until = Math.min(to, Math.floor(this.now() - EDGE_MS));
    if (until <= begin) return;
    this.busy = true;
    try {
      const answer = await fetch(`/api/v1/history?from=${begin}&to=${until}&step_s=0`, { cache: "no-store" });
      if (answer.status === 422 && PIECE_MIN_MS < pieceMs) {
        this.pieceMs /= 2;
        this.pieces.clear();
        return;
      }
      if (!answer.ok) throw new Error(((await answer.json()) as { detail?: string }).detail ?? String(answer.status));
      const told = (await answer.json()) as Answer;
      if (told.oldest) this.oldest = Date.parse(told.oldest);
      const piece = known ?? { from, to, until, rows: new Rows() };
      take(piece.rows, told);
      piece.until = until;
      this.pieces.set(key, piece);
      this.forget(t);
      this.fault = told.unreadable ? JSON.stringify(told.unreadable) : "";
    } catch (error) {
      this.fault = error instanceof Error ? error.message : String(error);
      this.retryAt = performance.now() + RETRY_MS;
    } finally {
      this.busy = false;
      this.changed();
    }
  }

  /** Whether what begins at `at` would be forgotten before what is held. */
  private full(at: number, t: number): boolean {
    if (Math.abs(at - t) <= this.pieceMs || this.held < ROWS_MAX * 0.75) return false;
    const furthest = Math.max(...[...this.pieces.values()].map(({ from, to }) => Math.max(from - t, t - to)));
    return furthest < Math.abs(at - t);
  }

  /** Keeps what is nearest to the playing. */
  private forget(t: number): void {
    const far = ({ from, to }: Piece) => Math.max(from - t, t - to, 0);
    const order = [...this.pieces].sort(([, a], [, b]) => far(b) - far(a));
    let { held } = this;
    for (const [key, piece] of order) {
      if (held <= ROWS_MAX || far(piece) === 0) return;
      held -= piece.rows.length;
      this.pieces.delete(key);
    }
  }
}

/** Adds an answer's rows, whose aircraft have numbers of their own. */
export function take(rows: Rows, { aircraft, rows: told }: Pick<Answer, "aircraft" | "rows">): void {
  const numbers = aircraft.map((craft) => rows.craft(craft));
  for (const row of told) {
    row[1] = numbers[row[1] ?? 0] ?? 0;
    rows.push(row);
  }
  rows.sort();
}

// Places labels so that none covers another: greedy, the important first, and each keeps its place while it can.

export interface Wish {
  id: string;
  x: number;
  y: number;
  width: number;
  height: number;
  /** It may stand far off, with a line to its target. */
  far: boolean;
}

export interface Placed {
  wish: Wish;
  left: number;
  top: number;
  leader: boolean;
}

export interface Rect {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const NEAR: [number, number][] = [
  [1, -1],
  [1, 0],
  [1, 1],
  [-1, -1],
  [-1, 0],
  [-1, 1],
  [0, -1],
  [0, 1],
];
const FAR_RINGS = [46, 72, 108, 150];
const FAR_DIRECTIONS = 8;
const CELL = 64;

/** Rectangles that are taken, found by a coarse grid. */
export class Taken {
  private readonly cells = new Map<number, Rect[]>();

  private each(rect: Rect, visit: (key: number) => boolean): boolean {
    for (let cx = Math.floor(rect.left / CELL); cx <= Math.floor(rect.right / CELL); cx += 1) {
      for (let cy = Math.floor(rect.top / CELL); cy <= Math.floor(rect.bottom / CELL); cy += 1) {
        if (visit(cx * 4096 + cy)) return true;
      }
    }
    return false;
  }

  add(rect: Rect): void {
    this.each(rect, (key) => {
      const cell = this.cells.get(key);
      if (cell) cell.push(rect);
      else this.cells.set(key, [rect]);
      return false;
    });
  }

  hits(rect: Rect): boolean {
    return this.each(rect, (key) =>
      (this.cells.get(key) ?? []).some(
        (other) =>
          rect.left < other.right && other.left < rect.right && rect.top < other.bottom && other.top < rect.bottom,
      ),
    );
  }
}

export class Labels {
  private slots = new Map<string, number>();

  /** Whether it had a place in the last picture. */
  has(id: string): boolean {
    return this.slots.has(id);
  }

  /** Places the wishes in their order inside `area`, clear of `obstacles`, until `most` have a place. */
  place(wishes: Wish[], area: Rect, obstacles: Rect[], most = Infinity): Placed[] {
    const taken = new Taken();
    for (const obstacle of obstacles) taken.add(obstacle);
    const placed: Placed[] = [];
    const slots = new Map<string, number>();
    for (const wish of wishes) {
      if (most <= placed.length) break;
      const count = wish.far ? NEAR.length + FAR_RINGS.length * FAR_DIRECTIONS : NEAR.length;
      const before = this.slots.get(wish.id);
      for (let turn = before === undefined ? 0 : -1; turn < count; turn += 1) {
        const slot = turn < 0 ? (before ?? 0) : turn;
        const [left, top] = corner(wish, slot);
        const rect = { left: left - 1, top: top - 1, right: left + wish.width + 1, bottom: top + wish.height + 1 };
        const outside =
          rect.left < area.left || rect.top < area.top || area.right < rect.right || area.bottom < rect.bottom;
        if (outside || taken.hits(rect)) continue;
        taken.add(rect);
        slots.set(wish.id, slot);
        placed.push({ wish, left, top, leader: NEAR.length <= slot });
        break;
      }
    }
    this.slots = slots;
    return placed;
  }
}

function corner({ x, y, width, height }: Wish, slot: number): [number, number] {
  const near = NEAR[slot];
  if (near) {
    const [dx, dy] = near;
    const left = dx > 0 ? x + 11 : dx < 0 ? x - 11 - width : x - width / 2;
    const top = dy > 0 ? y + 6 : dy < 0 ? y - 6 - height : y - height / 2;
    return [left, dx === 0 ? top + dy * 8 : top];
  }
  const far = slot - NEAR.length;
  const radius = FAR_RINGS[Math.floor(far / FAR_DIRECTIONS)] ?? 150;
  const angle = ((far % FAR_DIRECTIONS) / FAR_DIRECTIONS) * 2 * Math.PI - Math.PI / 4;
  return [x + Math.cos(angle) * (radius + width / 3) - width / 2, y + Math.sin(angle) * radius - height / 2];
}

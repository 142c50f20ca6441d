// The data blocks of aircraft: who it is, how high, how fast. The alarmed have one always, the others where there is
// room.

import { tMaybe } from "../i18n";
import { LARGER, NUMERALS } from "../ui/dom";
import { FONT } from "./basemap";
import { DIM, OWN, PLATE, RANK, STALE, TEXT } from "./colours";
import { Labels, type Placed, type Rect, type Wish } from "./labels";
import { type Scene, type Sheet, toX, toY } from "./scene";

const ALARM_LABELS = 60;
const LINE = Math.round(15 * LARGER);
/** Side of the squares in which it is counted how crowded it is, and half the part of a symbol that stays free. */
const SQUARE = 80;
const CLEAR = 0.3;
/** With more targets their symbols are no obstacles: the labels stand where it is emptiest anyway. */
const OBSTACLES_MAX = 2000;

export class Blocks {
  private readonly labels = new Labels();
  private readonly widths = new Map<string, number>();
  private placed: { at: Placed; i: number }[] = [];

  /** Finds places for the alarmed and for at most `budget` of the others; what is taken then. `size`: of a symbol. */
  place(sheet: Sheet, scene: Scene, alarmed: number[], normal: number[], budget: number, size: number): Rect[] {
    const rows = new Map<string, number>();
    const wish = (i: number, far: boolean) => {
      rows.set(scene.tracks.rows[i]!.uas_id, i);
      return this.wish(sheet, scene, i, far);
    };
    const urgent = alarmed.slice(-ALARM_LABELS).reverse().map((i) => wish(i, true));
    const wishes = [...urgent, ...this.roomiest(sheet, scene, normal, budget).map((i) => wish(i, false))];
    const { left, top } = sheet.seen;
    const over = scene.obstacles().map((rect) => ({ left: rect.left + left, top: rect.top + top, right: rect.right + left, bottom: rect.bottom + top }));
    const obstacles: Rect[] = [...over, ...sheet.plates, ...sheet.keep];
    const half = size * CLEAR;
    if (budget > 0 && normal.length <= OBSTACLES_MAX) {
      for (const i of normal) {
        const [x, y] = [toX(sheet, scene.tracks.x[i]!), toY(sheet, scene.tracks.y[i]!)];
        obstacles.push({ left: x - half, top: y - half, right: x + half, bottom: y + half });
      }
    }
    const found = this.labels.place(wishes, sheet.seen, obstacles, urgent.length + budget);
    this.placed = found.flatMap((at) => {
      const i = rows.get(at.wish.id);
      return i === undefined ? [] : [{ at, i }];
    });
    const blocks = this.placed.map(({ at: { wish: { width, height }, left, top } }) => ({ left, top, right: left + width, bottom: top + height }));
    return [...over, ...sheet.plates, ...sheet.keep, ...blocks];
  }

  paint(sheet: Sheet, scene: Scene): void {
    for (const { at, i } of this.placed) this.paintLabel(sheet, scene, at, i);
  }

  /** Who has the most room about it first; who had a label keeps it for a while. */
  private roomiest(sheet: Sheet, scene: Scene, normal: number[], budget: number): number[] {
    if (budget === 0) return [];
    const squares = new Map<number, number>();
    const { left, top, right, bottom } = sheet.seen;
    const inside: { i: number; square: number }[] = [];
    for (const i of normal) {
      const [x, y] = [toX(sheet, scene.tracks.x[i]!), toY(sheet, scene.tracks.y[i]!)];
      if (x < left || right < x || y < top || bottom < y) continue;
      const square = Math.floor(x / SQUARE) * 4096 + Math.floor(y / SQUARE);
      squares.set(square, (squares.get(square) ?? 0) + 1);
      inside.push({ i, square });
    }
    const crowded = ({ i, square }: { i: number; square: number }) => (squares.get(square) ?? 0) - (this.labels.has(scene.tracks.rows[i]!.uas_id) ? 2.5 : 0);
    const rated = inside.map((one) => ({ i: one.i, by: crowded(one) }));
    return rated.sort((a, b) => a.by - b.by || a.i - b.i).slice(0, budget * 3).map(({ i }) => i);
  }

  private wish(sheet: Sheet, scene: Scene, i: number, far: boolean): Wish {
    const { tracks, alerts } = scene;
    const { uas_id: id } = tracks.rows[i]!;
    const alarm = alerts.byAircraft.get(id);
    const tag = alarm ? tagText(alarm.rank, alarm.code) : "";
    const width = Math.max(this.measure(sheet.pen, id, alarm !== undefined) + (tag ? this.measure(sheet.pen, tag, true) + 14 : 0), 52) + 8;
    return { id, x: toX(sheet, tracks.x[i]!), y: toY(sheet, tracks.y[i]!), width, height: LINE * 2 + 3, far };
  }

  private measure(pen: CanvasRenderingContext2D, text: string, bold: boolean): number {
    const key = bold ? `*${text}` : text;
    let width = this.widths.get(key);
    if (width === undefined) {
      pen.font = fontOf(bold);
      width = pen.measureText(text).width;
      if (20000 < this.widths.size) this.widths.clear();
      this.widths.set(key, width);
    }
    return width;
  }

  private paintLabel(sheet: Sheet, scene: Scene, { wish, left, top, leader }: Placed, i: number): void {
    const { pen } = sheet;
    const row = scene.tracks.rows[i]!;
    const alarm = scene.alerts.byAircraft.get(row.uas_id);
    const chosen = row.uas_id === scene.aircraft;
    const colour = alarm ? (RANK[alarm.rank] ?? TEXT) : chosen ? "#ffffff" : own(scene, row.operator) ? OWN : TEXT;
    if (leader) {
      pen.strokeStyle = colour;
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(wish.x, wish.y);
      pen.lineTo(Math.min(Math.max(wish.x, left), left + wish.width), Math.min(Math.max(wish.y, top), top + wish.height));
      pen.stroke();
    }
    pen.fillStyle = PLATE;
    pen.fillRect(left, top, wish.width, wish.height);
    if (alarm || chosen) {
      pen.strokeStyle = colour;
      pen.lineWidth = alarm?.rank === 0 ? 1.6 : 1;
      pen.strokeRect(left + 0.5, top + 0.5, wish.width - 1, wish.height - 1);
    }
    pen.textBaseline = "middle";
    pen.textAlign = "left";
    pen.font = fontOf(alarm !== undefined);
    const staleness = scene.tracks.staleness(i, scene.now());
    pen.fillStyle = staleness > 0 && !alarm ? STALE : colour;
    pen.fillText(row.uas_id, left + 4, top + LINE * 0.63);
    if (alarm) this.paintTag(pen, tagText(alarm.rank, alarm.code), RANK[alarm.rank] ?? TEXT, left + wish.width - 4, top + 2);
    pen.font = fontOf(false);
    pen.fillStyle = staleness > 0 ? STALE : alarm ? "#f0f4f8" : DIM;
    pen.fillText(figures(row.height_agl, row.vertical_speed, row.ground_speed), left + 4, top + LINE * 1.63);
  }

  private paintTag(pen: CanvasRenderingContext2D, text: string, colour: string, right: number, top: number): void {
    const width = this.measure(pen, text, true) + 6;
    pen.fillStyle = colour;
    pen.fillRect(right - width + 2, top + 0.5, width, LINE - 1);
    pen.font = fontOf(true);
    pen.fillStyle = "#10151b";
    pen.fillText(text, right - width + 5, top + LINE * 0.53);
  }
}

/** Whether it is of the own fleet. */
export function own(scene: Scene, operator: string | undefined): boolean {
  return scene.own !== "" && scene.own === operator;
}

function tagText(rank: number, code: string): string {
  return `${NUMERALS[rank] ?? ""} ${tMaybe(`tag_${code}`, code)}`;
}

function fontOf(bold: boolean): string {
  return `${bold ? "600 " : ""}${Math.round(12 * LARGER)}px ${FONT}`;
}

/** True height, whether it climbs, speed; a dash where unknown. */
function figures(height: number | undefined, climb: number | undefined, speed: number | undefined): string {
  const arrow = climb === undefined || Math.abs(climb) < 0.5 ? " " : climb > 0 ? "↑" : "↓";
  return `${height === undefined ? "–" : Math.round(height)}${arrow} ${speed === undefined ? "–" : Math.round(speed)}`;
}

// Words on the map that belong to a geometry: a distance, a time. They keep clear of symbols and of each other.

import { LARGER } from "../ui/dom";
import { FONT } from "./basemap";
import type { Rect } from "./labels";
import type { Sheet } from "./scene";

export interface Plate extends Rect {
  text: string;
  colour: string;
}

/** How often a plate that is in the way is put further off. */
const TRIES = 6;

export function meet(a: Rect, b: Rect): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function font(): string {
  return `600 ${Math.round(12 * LARGER)}px ${FONT}`;
}

/** Finds a place for words near `x`, `y`: there, else in turns below and above. */
export function plate(sheet: Sheet, text: string, x: number, y: number, colour: string): void {
  sheet.pen.font = font();
  const width = sheet.pen.measureText(text).width + 12;
  const half = 10 * LARGER;
  const at = (turn: number) => y + (turn % 2 ? 1 : -1) * Math.ceil(turn / 2) * (half + 4);
  const box = (turn: number) => ({ left: x - width / 2, top: at(turn) - half, right: x + width / 2, bottom: at(turn) + half });
  let found = box(0);
  for (let turn = 0; turn < 2 * TRIES; turn += 1) {
    const tried = box(turn);
    if ([...sheet.keep, ...sheet.plates].some((other) => meet(tried, other))) continue;
    found = tried;
    break;
  }
  sheet.plates.push({ ...found, text, colour });
}

/** Paints all plates, over the symbols. */
export function paintPlates({ pen, plates }: Sheet): void {
  for (const { left, top, right, bottom, text, colour } of plates) {
    pen.fillStyle = "rgba(8,12,16,0.92)";
    pen.fillRect(left, top, right - left, bottom - top);
    pen.strokeStyle = colour;
    pen.lineWidth = 1.5;
    pen.strokeRect(left, top, right - left, bottom - top);
    pen.font = font();
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillStyle = "#ffffff";
    pen.fillText(text, (left + right) / 2, (top + bottom) / 2 + 0.5);
  }
  pen.textAlign = "left";
}

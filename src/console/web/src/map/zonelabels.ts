// The names of zones on the map, each on a plate where nothing else is: under the aircraft and clear of their labels.

import { LARGER } from "../ui/dom";
import { FONT } from "./basemap";
import { type Rect, Taken } from "./labels";
import { type Sheet, toX, toY } from "./scene";

export interface ZoneLabel {
  lines: string[];
  colour: string;
  /** Mercator: left, bottom, right, top. */
  extent: number[];
  /** Shown from this zoom on. */
  from: number;
  /** The more urgent have the better places. */
  urgency: number;
  /** It stands out: the zone is about to switch on. */
  soon: boolean;
}

/** Most names at once. */
const LABELS_MAX = 60;
const LINE = Math.round(15 * LARGER);
const EDGE = 4;

/** Paints as many names as have room; `taken`: where there is none. */
export function paintZoneLabels(sheet: Sheet, labels: ZoneLabel[], obstacles: Rect[]): void {
  const zoom = Math.log2(156543.03 / sheet.resolution);
  const taken = new Taken();
  for (const obstacle of obstacles) taken.add(obstacle);
  const { seen, pen } = sheet;
  pen.font = `${Math.round(12 * LARGER)}px ${FONT}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  const shown = labels.filter(({ from }) => from <= zoom).sort((a, b) => b.urgency - a.urgency);
  let drawn = 0;
  for (const label of shown) {
    if (LABELS_MAX <= drawn) break;
    const width = Math.max(...label.lines.map((line) => pen.measureText(line).width)) + 2 * EDGE + 4;
    const spot = placeOf(sheet, label, width, label.lines.length * LINE + EDGE, (rect) => {
      return seen.left <= rect.left && rect.right <= seen.right && seen.top <= rect.top && rect.bottom <= seen.bottom && !taken.hits(rect);
    });
    if (!spot) continue;
    drawn += 1;
    taken.add(spot);
    paint(sheet, label, spot);
  }
  pen.textAlign = "left";
}

/** In the middle of the zone, at its edges inside, or just outside of it. */
function placeOf(sheet: Sheet, { extent }: ZoneLabel, width: number, height: number, free: (rect: Rect) => boolean): Rect | undefined {
  const [left, right] = [toX(sheet, extent[0]!), toX(sheet, extent[2]!)];
  const [top, bottom] = [toY(sheet, extent[3]!), toY(sheet, extent[1]!)];
  const middle = (left + right) / 2;
  const starts = [(top + bottom) / 2 - height / 2, top + 6, bottom - 6 - height, bottom + 3, top - 3 - height];
  for (const start of starts) {
    const rect = { left: middle - width / 2, top: start, right: middle + width / 2, bottom: start + height };
    if (free(rect)) return rect;
  }
  return undefined;
}

function paint({ pen }: Sheet, { lines, colour, soon }: ZoneLabel, { left, top, right, bottom }: Rect): void {
  pen.fillStyle = "rgba(10,15,20,0.72)";
  pen.fillRect(left, top, right - left, bottom - top);
  if (soon) {
    pen.strokeStyle = colour;
    pen.lineWidth = 1.2;
    pen.setLineDash([5, 3]);
    pen.strokeRect(left, top, right - left, bottom - top);
    pen.setLineDash([]);
  }
  pen.fillStyle = colour;
  lines.forEach((line, at) => pen.fillText(line, (left + right) / 2, top + EDGE / 2 + (at + 0.5) * LINE));
}

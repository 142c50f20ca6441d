// Paints the targets. A full repaint goes to a picture of its own, somewhat larger than the view; between repaints
// that picture is moved with the map, so that panning costs one copy a frame whatever flies.

import type { FrameState } from "ol/Map";
import type RenderEvent from "ol/render/Event";
import { blinkOn, LARGER } from "../ui/dom";
import { KIND, TRAIL_POINTS } from "../store/tracks";
import { Blocks, own } from "./blocks";
import { OWN, RANK, STALE, TARGET, heightStep, ofHeight } from "./colours";
import { drawFocus, drawPairs } from "./focus";
import { paintPlates } from "./plates";
import { type Scene, type Sheet, toX, toY } from "./scene";
import { LOOK, Sprites, type Form } from "./sprites";
import { paintZoneLabels, type ZoneLabel } from "./zonelabels";

/** Part of the view that is painted beyond each of its edges. */
const MARGIN = 0.12;
/** Up to so many in view everything is drawn; up to the second no trails and fewer labels; beyond, dots. */
const FULL_MAX = 1500;
const SYMBOLS_MAX = 4000;
const LABELS_MANY = 60;
/** Labels of normal targets, and the side of their symbols, by zoom: a bay full of traffic is no street. */
const BY_ZOOM: [below: number, labels: number, side: number][] = [
  [10.2, 40, 15],
  [11, 60, 17],
  [12, 100, 20],
  [13, 150, 23],
  [Infinity, 150, 26],
];
/** Alarmed ones are never smaller. */
const ALARM_SIDE = 22;
/** A repaint while the map moves comes at most this often, and takes at most a fifth of the time. */
const MOVING_MS = 180;
/** A view that has not changed for so long stands still. */
const SETTLED_MS = 120;
/** Under this speed a target hovers, m/s. */
const HOVER_MPS = 0.8;
const FORMS: Form[] = ["chevron", "hollow", "sensed", "manned"];
const LOOKS = [LOOK.normal, LOOK.unidentified, LOOK.sensed, LOOK.manned];

interface Painted {
  left: number;
  top: number;
  resolution: number;
  width: number;
  height: number;
  ratio: number;
}

export class Painter {
  /** Duration of the last repaint, and how many there were. */
  costMs = 0;
  repaints = 0;
  inView = 0;
  private readonly canvas = document.createElement("canvas");
  private readonly pen = this.canvas.getContext("2d")!;
  private painted: Painted | undefined;
  private paintedAt = -Infinity;
  private dirty = true;
  private view = "";
  private movedAt = -Infinity;
  private readonly blocks = new Blocks();
  private sprites: Sprites | undefined;
  private spriteRatio = 0;
  private dots: ImageData | undefined;
  private alarmed: number[] = [];
  private normal: number[] = [];

  constructor(
    public scene: Scene,
    private readonly zones: () => ZoneLabel[],
  ) {}

  invalidate(): void {
    this.dirty = true;
  }

  /** Called after the layers below are drawn; `again` asks for another frame. */
  draw(event: RenderEvent, again: () => void): void {
    const { frameState, context } = event;
    if (!frameState || !(context instanceof CanvasRenderingContext2D)) return;
    const now = performance.now();
    const moved = !this.painted || this.isElsewhere(frameState, this.painted);
    const view = `${frameState.viewState.center.join()} ${frameState.viewState.resolution}`;
    if (view !== this.view) this.movedAt = now;
    this.view = view;
    const moving = isMoving(frameState) || now - this.movedAt < SETTLED_MS;
    const wait = Math.max(MOVING_MS, 5 * this.costMs);
    if (!this.painted || ((this.dirty || moved) && (!moving || wait <= now - this.paintedAt))) {
      this.repaint(frameState);
      this.paintedAt = now;
      this.costMs = performance.now() - now;
      this.repaints += 1;
      this.dirty = false;
    } else if (moved || this.dirty) {
      again();
    }
    const { painted } = this;
    if (!painted) return;
    const { center, resolution } = frameState.viewState;
    const [width, height] = frameState.size as [number, number];
    const ratio = frameState.pixelRatio;
    const left = (center[0] ?? 0) - (width / 2) * resolution;
    const top = (center[1] ?? 0) + (height / 2) * resolution;
    const scale = painted.resolution / resolution;
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    const x = ((painted.left - left) / resolution) * ratio;
    const y = ((top - painted.top) / resolution) * ratio;
    if (scale === 1) context.drawImage(this.canvas, Math.round(x), Math.round(y));
    else context.drawImage(this.canvas, x, y, painted.width * ratio * scale, painted.height * ratio * scale);
    context.restore();
  }

  /** The target at a pixel of the view, if any. */
  hit(x: number, y: number, center: number[], resolution: number, size: number[]): string | undefined {
    const { tracks } = this.scene;
    const mx = (center[0] ?? 0) + (x - (size[0] ?? 0) / 2) * resolution;
    const my = (center[1] ?? 0) - (y - (size[1] ?? 0) / 2) * resolution;
    let best = (14 * resolution) ** 2;
    let found: string | undefined;
    for (let i = 0; i < tracks.length; i += 1) {
      const row = tracks.rows[i];
      if (!row) continue;
      // An alarmed target is easier to hit than its neighbour.
      const weight = this.scene.alerts.byAircraft.has(row.uas_id) ? 0.4 : 1;
      const far = ((tracks.x[i]! - mx) ** 2 + (tracks.y[i]! - my) ** 2) * weight;
      if (far < best) [best, found] = [far, row.uas_id];
    }
    return found;
  }

  private isElsewhere({ viewState, size, pixelRatio }: FrameState, painted: Painted): boolean {
    const center = viewState.center as [number, number];
    const x = painted.left + (painted.width / 2) * painted.resolution;
    const y = painted.top - (painted.height / 2) * painted.resolution;
    const near = 0.5 * viewState.resolution;
    return (
      painted.resolution !== viewState.resolution ||
      painted.ratio !== pixelRatio ||
      near < Math.abs(x - center[0]) ||
      near < Math.abs(y - center[1]) ||
      painted.width !== Math.ceil((size[0] ?? 0) * (1 + 2 * MARGIN)) ||
      painted.height !== Math.ceil((size[1] ?? 0) * (1 + 2 * MARGIN))
    );
  }

  private repaint({ viewState, size, pixelRatio: ratio }: FrameState): void {
    const [seenWidth, seenHeight] = size as [number, number];
    const width = Math.ceil(seenWidth * (1 + 2 * MARGIN));
    const height = Math.ceil(seenHeight * (1 + 2 * MARGIN));
    const { resolution } = viewState;
    const center = viewState.center as [number, number];
    const painted = {
      left: center[0] - (width / 2) * resolution,
      top: center[1] + (height / 2) * resolution,
      resolution,
      width,
      height,
      ratio,
    };
    this.painted = painted;
    const [deviceWidth, deviceHeight] = [Math.ceil(width * ratio), Math.ceil(height * ratio)];
    if (this.canvas.width !== deviceWidth || this.canvas.height !== deviceHeight) {
      this.canvas.width = deviceWidth;
      this.canvas.height = deviceHeight;
      this.dots = undefined;
    }
    if (!this.sprites || this.spriteRatio !== ratio) {
      this.sprites = new Sprites(ratio);
      this.spriteRatio = ratio;
    }
    const [dx, dy] = [(width - seenWidth) / 2, (height - seenHeight) / 2];
    const seen = { left: dx, top: dy, right: dx + seenWidth, bottom: dy + seenHeight };
    const sheet: Sheet = { pen: this.pen, ...painted, seen, plates: [], keep: [] };
    this.sort(sheet);
    this.pen.setTransform(1, 0, 0, 1, 0, 0);
    if (SYMBOLS_MAX < this.normal.length) this.paintDots(sheet);
    else this.pen.clearRect(0, 0, deviceWidth, deviceHeight);
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.paintAll(sheet);
  }

  /** From the bottom up: geometries, names of zones, targets, what is written at them. */
  private paintAll(sheet: Sheet): void {
    const { scene, normal, alarmed } = this;
    const crowd = normal.length;
    const full = crowd <= FULL_MAX;
    // A screen of more points shows the same land larger, at a higher zoom.
    const zoom = Math.log2((156543.03 * LARGER) / sheet.resolution);
    const [, labels, side] = BY_ZOOM.find(([below]) => zoom < below) ?? BY_ZOOM[0]!;
    const size = Math.min(side, full ? 26 : 20) * LARGER;
    const alarmSize = Math.max(side, ALARM_SIDE) * LARGER;
    drawFocus(sheet, scene);
    drawPairs(sheet, scene);
    const budget = !scene.labels || SYMBOLS_MAX < crowd ? 0 : full ? labels : Math.min(labels, LABELS_MANY);
    const taken = this.blocks.place(sheet, scene, alarmed, normal, budget, size);
    paintZoneLabels(sheet, this.zones(), taken);
    if (full && scene.trails) this.paintTrails(sheet, normal);
    if (scene.trails) this.paintTrails(sheet, alarmed);
    if (crowd <= SYMBOLS_MAX) {
      if (full) this.paintVectors(sheet, normal, false);
      for (const i of normal) this.paintSymbol(sheet, i, size);
    }
    this.paintVectors(sheet, alarmed, true);
    for (const i of alarmed) this.paintAlarm(sheet, i, alarmSize);
    this.blocks.paint(sheet, scene);
    paintPlates(sheet);
  }

  /** Which targets are in the picture, the alarmed and the chosen apart, the most severe last. */
  private sort(sheet: Sheet): void {
    const { tracks, alerts, aircraft, alert } = this.scene;
    this.normal = [];
    this.alarmed = [];
    let inView = 0;
    const [right, bottom] = [sheet.left + sheet.width * sheet.resolution, sheet.top - sheet.height * sheet.resolution];
    const dx = sheet.seen.left * sheet.resolution;
    const dy = sheet.seen.top * sheet.resolution;
    for (let i = 0; i < tracks.length; i += 1) {
      const row = tracks.rows[i];
      if (!row) continue;
      const [x, y] = [tracks.x[i]!, tracks.y[i]!];
      if (x < sheet.left || right < x || sheet.top < y || y < bottom) continue;
      if (sheet.left + dx <= x && x <= right - dx && bottom + dy <= y && y <= sheet.top - dy) inView += 1;
      const chosen = row.uas_id === aircraft || row.uas_id === alert?.uas_id || row.uas_id === alert?.other?.uas_id;
      if (!chosen && !alerts.byAircraft.has(row.uas_id)) {
        this.normal.push(i);
        continue;
      }
      this.alarmed.push(i);
      const [half, px, py] = [(chosen ? 22 : 14) * LARGER, toX(sheet, x), toY(sheet, y)];
      sheet.keep.push({ left: px - half, top: py - half, right: px + half, bottom: py + half });
    }
    const rankOf = (i: number) => alerts.byAircraft.get(tracks.rows[i]!.uas_id)?.rank ?? 9;
    this.alarmed.sort((a, b) => rankOf(b) - rankOf(a));
    this.inView = inView;
  }

  private paintDots(sheet: Sheet): void {
    const { width, height } = this.canvas;
    this.dots ??= this.pen.createImageData(width, height);
    const pixels = new Uint32Array(this.dots.data.buffer);
    pixels.fill(0);
    const { tracks } = this.scene;
    const now = this.scene.now();
    const side = Math.max(2, Math.round(2 * sheet.ratio));
    const colours = [TARGET, "#ffffff", "#e08cff", "#8fe383"].map(packed);
    const [stale, mine] = [packed(STALE), packed(OWN)];
    for (const i of this.normal) {
      const x = Math.round(toX(sheet, tracks.x[i]!) * sheet.ratio);
      const y = Math.round(toY(sheet, tracks.y[i]!) * sheet.ratio);
      if (x < 0 || y < 0 || width <= x + side || height <= y + side) continue;
      const height_agl = tracks.rows[i]!.height_agl;
      const usual = own(this.scene, tracks.rows[i]!.operator) ? mine : (colours[tracks.kind[i]!] ?? stale);
      const fresh = this.scene.byHeight ? packed(ofHeight(height_agl)) : usual;
      const colour = tracks.staleness(i, now) > 0 ? stale : fresh;
      for (let row = 0; row < side; row += 1) {
        const start = (y + row) * width + x;
        for (let column = 0; column < side; column += 1) pixels[start + column] = colour;
      }
    }
    this.pen.putImageData(this.dots, 0, 0);
  }

  private paintTrails(sheet: Sheet, which: number[]): void {
    const { tracks } = this.scene;
    const { pen } = sheet;
    pen.fillStyle = "rgba(160,178,196,0.55)";
    for (const i of which) {
      const start = i * TRAIL_POINTS * 2;
      for (let n = 0; n < tracks.trailLength[i]!; n += 1) {
        const x = toX(sheet, tracks.trail[start + n * 2]!);
        const y = toY(sheet, tracks.trail[start + n * 2 + 1]!);
        pen.fillRect(x - 0.8, y - 0.8, 1.6, 1.6);
      }
    }
  }

  private paintVectors(sheet: Sheet, which: number[], alarmed: boolean): void {
    const { tracks, vectorS } = this.scene;
    if (vectorS === 0) return;
    const { pen } = sheet;
    const now = this.scene.now();
    pen.lineWidth = 1;
    if (!alarmed) {
      pen.strokeStyle = "rgba(150,170,190,0.6)";
      pen.beginPath();
    }
    for (const i of which) {
      const [speed, heading] = [tracks.speed[i]!, tracks.heading[i]!];
      if (!(HOVER_MPS <= speed) || Number.isNaN(heading) || tracks.staleness(i, now) > 0) continue;
      const [x, y] = [toX(sheet, tracks.x[i]!), toY(sheet, tracks.y[i]!)];
      const length = (speed * vectorS * stretch(tracks.y[i]!)) / sheet.resolution;
      const angle = (heading * Math.PI) / 180;
      if (alarmed) {
        const alarm = this.scene.alerts.byAircraft.get(tracks.rows[i]!.uas_id);
        pen.strokeStyle = alarm ? (RANK[alarm.rank] ?? TARGET) : "#ffffff";
        pen.lineWidth = 1.5;
        pen.beginPath();
      }
      pen.moveTo(x, y);
      pen.lineTo(x + Math.sin(angle) * length, y - Math.cos(angle) * length);
      if (alarmed) pen.stroke();
    }
    if (!alarmed) pen.stroke();
  }

  private paintSymbol(sheet: Sheet, i: number, size: number, look?: number): void {
    const { tracks } = this.scene;
    const [x, y] = [toX(sheet, tracks.x[i]!), toY(sheet, tracks.y[i]!)];
    const staleness = tracks.staleness(i, this.scene.now());
    if (staleness === 2) {
      cross(sheet.pen, x, y, 4.5, look === undefined ? STALE : (RANK[look - LOOK.alarm] ?? STALE));
      return;
    }
    const kind = tracks.kind[i]!;
    const height = tracks.rows[i]!.height_agl;
    const normal = own(this.scene, tracks.rows[i]!.operator) ? LOOK.own : LOOKS[kind]!;
    const usual = this.scene.byHeight && kind !== KIND.sensed ? LOOK.height + Math.max(0, heightStep(height)) : normal;
    const form = staleness === 1 && kind === KIND.cooperative ? "hollow" : FORMS[kind]!;
    const heading = HOVER_MPS <= tracks.speed[i]! ? tracks.heading[i]! : NaN;
    const shown = look ?? (staleness === 1 ? LOOK.stale : usual);
    this.sprites?.paint(sheet.pen, form, shown, kind === KIND.manned && Number.isNaN(heading) ? 0 : heading, x, y, size);
  }

  private paintAlarm(sheet: Sheet, i: number, size: number): void {
    const { tracks, alerts } = this.scene;
    const { pen } = sheet;
    const row = tracks.rows[i]!;
    const alarm = alerts.byAircraft.get(row.uas_id);
    const [x, y] = [toX(sheet, tracks.x[i]!), toY(sheet, tracks.y[i]!)];
    if (alarm) {
      const colour = RANK[alarm.rank] ?? TARGET;
      const lit = !alarm.unacknowledged || alarm.rank > 1 || blinkOn();
      pen.beginPath();
      pen.arc(x, y, 13 * LARGER, 0, 7);
      pen.fillStyle = "rgba(8,12,16,0.65)";
      pen.fill();
      pen.globalAlpha = lit ? 1 : 0.6;
      pen.strokeStyle = colour;
      pen.lineWidth = alarm.rank < 2 ? 2.2 : 1.6;
      pen.stroke();
      if (alarm.rank === 0) {
        pen.beginPath();
        pen.arc(x, y, 17.5 * LARGER, 0, 7);
        pen.stroke();
      }
      pen.globalAlpha = 1;
    }
    this.paintSymbol(sheet, i, size, alarm ? LOOK.alarm + alarm.rank : undefined);
    if (row.uas_id === this.scene.aircraft) brackets(pen, x, y, 20);
  }
}

/** Pixels of Mercator a metre on the ground, at a Mercator ordinate. */
export function stretch(y: number): number {
  return Math.cosh(y / 6378137);
}

function isMoving({ viewHints }: FrameState): boolean {
  return (viewHints[0] ?? 0) > 0 || (viewHints[1] ?? 0) > 0;
}

function packed(colour: string): number {
  const value = Number.parseInt(colour.slice(1), 16);
  // Bytes stand red, green, blue, alpha in memory on every machine that a browser runs on.
  return (0xff000000 | ((value & 0xff) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}

export function cross(pen: CanvasRenderingContext2D, x: number, y: number, size: number, colour: string): void {
  pen.strokeStyle = colour;
  pen.lineWidth = 1.8;
  pen.beginPath();
  pen.moveTo(x - size, y - size);
  pen.lineTo(x + size, y + size);
  pen.moveTo(x + size, y - size);
  pen.lineTo(x - size, y + size);
  pen.stroke();
}

function brackets(pen: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  pen.strokeStyle = "#ffffff";
  pen.lineWidth = 1.8;
  pen.beginPath();
  for (const [sx, sy] of [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ] as const) {
    pen.moveTo(x + sx * size, y + sy * (size - 7));
    pen.lineTo(x + sx * size, y + sy * size);
    pen.lineTo(x + sx * (size - 7), y + sy * size);
  }
  pen.stroke();
}

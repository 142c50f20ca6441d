// The geometry of alerts: pairs with a line between them, and of the chosen alert the closest point, the time and
// the volume.

import { t } from "../i18n";
import { type Alert, rank } from "../protocol";
import { mercatorX, mercatorY } from "../store/tracks";
import { LARGER } from "../ui/dom";
import { FONT } from "./basemap";
import { DIM, PLATE, RANK } from "./colours";
import { lengthText, scaleOf } from "./margin";
import { cross, stretch } from "./painter";
import { plate as write } from "./plates";
import { type Scene, type Sheet, toX, toY } from "./scene";

/** Most lines between pairs. */
const PAIRS_MAX = 40;
/** Rings about the chosen aircraft, at least so many pixels apart, from this many metres a pixel on. */
const RINGS = 3;
const RING_PX = 90;
const RINGS_FROM_M = 40;

interface At {
  /** Mercator. */
  x: number;
  y: number;
  /** Metres of Mercator a second. */
  vx: number;
  vy: number;
}

/** Where an aircraft of an alert is and where it goes. */
export function whereabouts(scene: Scene, alert: Alert, id: string): At | undefined {
  const i = scene.tracks.at(id);
  if (i !== undefined) {
    const [x, y] = [scene.tracks.x[i]!, scene.tracks.y[i]!];
    const [speed, heading] = [scene.tracks.speed[i]!, scene.tracks.heading[i]!];
    const moving = Number.isFinite(speed) && Number.isFinite(heading);
    const angle = (heading * Math.PI) / 180;
    const pace = moving ? speed * stretch(y) : 0;
    return { x, y, vx: moving ? Math.sin(angle) * pace : 0, vy: moving ? Math.cos(angle) * pace : 0 };
  }
  if (!alert.position || id !== alert.uas_id) return undefined;
  return { x: mercatorX(alert.position.lng), y: mercatorY(alert.position.lat), vx: 0, vy: 0 };
}

/** A figure of an alert that counts down from when it was told. */
function left(scene: Scene, alert: Alert, name: string): number | undefined {
  const value = alert.measured[name];
  if (value === undefined) return undefined;
  const heard = scene.alerts.find(alert.alert_id)?.heardAt ?? scene.now();
  return Math.max(0, value - (scene.now() - heard) / 1000);
}

/** Lines between the two of each open pair that is severe enough to be acted on. */
export function drawPairs(sheet: Sheet, scene: Scene): void {
  let drawn = 0;
  for (const { alert } of scene.alerts.open.values()) {
    if (alert.code !== "SEPARATION" || !alert.other || 2 < rank(alert.severity) || PAIRS_MAX <= drawn) continue;
    const [own, other] = [whereabouts(scene, alert, alert.uas_id), whereabouts(scene, alert, alert.other.uas_id)];
    if (!own || !other) continue;
    drawn += 1;
    const { pen } = sheet;
    pen.strokeStyle = RANK[rank(alert.severity)] ?? "#ffffff";
    pen.lineWidth = 1.5;
    pen.setLineDash([5, 4]);
    line(sheet, own, other);
    pen.setLineDash([]);
    const far = Math.hypot(own.x - other.x, own.y - other.y) / sheet.resolution;
    if (40 < far || alert.alert_id === scene.alert?.alert_id) {
      const said = pairText(scene, alert);
      plate(sheet, said, (toX(sheet, own.x) + toX(sheet, other.x)) / 2, (toY(sheet, own.y) + toY(sheet, other.y)) / 2 - 34, alert);
    }
  }
}

/** Distance, vertical distance and the time to the closest point. */
function pairText(scene: Scene, alert: Alert): string {
  const { horizontal_m: across, vertical_m: vertical } = alert.measured;
  const time = left(scene, alert, "tcpa_s");
  const parts = [`${across === undefined ? "–" : Math.round(across)} m`];
  parts.push(`↕${vertical === undefined ? "?" : Math.abs(Math.round(vertical))} m`);
  if (time !== undefined && time > 0) parts.push(`${Math.round(time)} s`);
  return parts.join(" · ");
}

/** Where the chosen aircraft has been, and round distances from where it is. */
function drawChosen(sheet: Sheet, scene: Scene): void {
  const i = scene.aircraft === undefined ? undefined : scene.tracks.at(scene.aircraft);
  if (i === undefined) return;
  const { pen } = sheet;
  const [x, y] = [scene.tracks.x[i]!, scene.tracks.y[i]!];
  const { path } = scene;
  if (path.length > 2) {
    pen.strokeStyle = "rgba(200,215,230,0.7)";
    pen.lineWidth = 1.6;
    pen.beginPath();
    for (let n = 0; n + 1 < path.length; n += 2) pen.lineTo(toX(sheet, path[n]!), toY(sheet, path[n + 1]!));
    pen.lineTo(toX(sheet, x), toY(sheet, y));
    pen.stroke();
  }
  const pixel = sheet.resolution / stretch(y);
  if (RINGS_FROM_M < pixel) return;
  const { metres, width } = scaleOf(pixel, RING_PX);
  pen.strokeStyle = "rgba(140,165,190,0.35)";
  pen.fillStyle = DIM;
  pen.lineWidth = 1;
  pen.font = `${Math.round(11 * LARGER)}px ${FONT}`;
  pen.textBaseline = "bottom";
  for (let ring = 1; ring <= RINGS; ring += 1) {
    pen.beginPath();
    pen.arc(toX(sheet, x), toY(sheet, y), width * ring, 0, 7);
    pen.stroke();
    pen.fillText(lengthText(metres * ring), toX(sheet, x) + 3, toY(sheet, y) - width * ring - 2);
  }
}

/** What is chosen and what its alert is about, under the symbols. */
export function drawFocus(sheet: Sheet, scene: Scene): void {
  drawChosen(sheet, scene);
  const { alert } = scene;
  if (!alert) return;
  const own = whereabouts(scene, alert, alert.uas_id);
  if (!own) return;
  const { pen } = sheet;
  const colour = RANK[rank(alert.severity)] ?? "#ffffff";
  pen.strokeStyle = colour;
  pen.lineWidth = 1.5;
  if (alert.code === "SEPARATION" && alert.other) drawPair(sheet, scene, alert, own, colour);
  else if (alert.code === "ZONE_INCURSION") drawEntry(sheet, scene, alert, own, colour);
  else if (alert.code === "LOST_LINK") drawReach(sheet, alert, own, colour);
  else if (alert.code === "HEIGHT_LIMIT") drawHeight(sheet, alert, own, colour);
}

function drawPair(sheet: Sheet, scene: Scene, alert: Alert, own: At, colour: string): void {
  const other = alert.other && whereabouts(scene, alert, alert.other.uas_id);
  if (!other) return;
  const { pen } = sheet;
  const time = left(scene, alert, "tcpa_s") ?? 0;
  const [ownThen, otherThen] = [later(own, time), later(other, time)];
  const radius = alert.limit["radius_m"];
  if (radius !== undefined) {
    // The protected volume around one of the two, now and at the closest point.
    circle(sheet, other, radius, colour, alert.phase === "ACTUAL");
    if (time > 0) circle(sheet, otherThen, radius, colour, alert.phase === "PREDICTED");
  }
  if (time <= 0) return;
  pen.strokeStyle = colour;
  pen.setLineDash([2, 4]);
  line(sheet, own, ownThen);
  line(sheet, other, otherThen);
  pen.setLineDash([]);
  line(sheet, ownThen, otherThen);
  for (const at of [ownThen, otherThen]) cross(pen, toX(sheet, at.x), toY(sheet, at.y), 5, colour);
  const closest = alert.measured["dcpa_m"];
  const said = t("plate_cpa", { d: closest === undefined ? "–" : Math.round(closest), s: Math.round(time) });
  plate(sheet, said, toX(sheet, ownThen.x), toY(sheet, ownThen.y) + 26, alert);
}

function drawEntry(sheet: Sheet, scene: Scene, alert: Alert, own: At, colour: string): void {
  const time = left(scene, alert, "t_in_s");
  const [x, y] = [toX(sheet, own.x), toY(sheet, own.y)];
  if (time === undefined) {
    plate(sheet, t("plate_inside"), x, y + 30, alert);
    return;
  }
  const entry = later(own, time);
  sheet.pen.setLineDash([6, 4]);
  line(sheet, own, entry);
  sheet.pen.setLineDash([]);
  cross(sheet.pen, toX(sheet, entry.x), toY(sheet, entry.y), 6, colour);
  plate(sheet, t("plate_entry", { s: Math.round(time) }), toX(sheet, entry.x), toY(sheet, entry.y) + 20, alert);
}

/** How far a silent aircraft may have come at its last speed. */
function drawReach(sheet: Sheet, alert: Alert, own: At, colour: string): void {
  const silent = alert.measured["silent_s"] ?? 0;
  const pace = Math.hypot(own.vx, own.vy) / stretch(own.y);
  if (pace > 0) circle(sheet, own, pace * silent, colour, false);
  plate(sheet, t("plate_last"), toX(sheet, own.x), toY(sheet, own.y) + 30, alert);
}

function drawHeight(sheet: Sheet, alert: Alert, own: At, colour: string): void {
  const [height, limit] = [alert.measured["height_agl_m"], alert.limit["height_agl_m"]];
  if (height === undefined || limit === undefined) return;
  const { pen } = sheet;
  const [x, y] = [toX(sheet, own.x) + 26, toY(sheet, own.y)];
  const most = Math.max(height, limit);
  pen.fillStyle = PLATE;
  pen.fillRect(x - 2, y - 26, 12, 52);
  pen.fillStyle = colour;
  pen.fillRect(x, y + 24 - (48 * height) / most, 8, (48 * height) / most);
  pen.fillStyle = "#ffffff";
  pen.fillRect(x - 4, y + 23 - (48 * limit) / most, 16, 2);
  plate(sheet, `${Math.round(height)} m / ${Math.round(limit)} m`, toX(sheet, own.x), y + 38, alert);
}

function later(at: At, seconds: number): At {
  return { ...at, x: at.x + at.vx * seconds, y: at.y + at.vy * seconds };
}

function line(sheet: Sheet, from: { x: number; y: number }, to: { x: number; y: number }): void {
  sheet.pen.beginPath();
  sheet.pen.moveTo(toX(sheet, from.x), toY(sheet, from.y));
  sheet.pen.lineTo(toX(sheet, to.x), toY(sheet, to.y));
  sheet.pen.stroke();
}

function circle(sheet: Sheet, at: At, metres: number, colour: string, solid: boolean): void {
  const { pen } = sheet;
  pen.beginPath();
  pen.arc(toX(sheet, at.x), toY(sheet, at.y), (metres * stretch(at.y)) / sheet.resolution, 0, 7);
  pen.fillStyle = `${colour}26`;
  pen.fill();
  pen.strokeStyle = colour;
  pen.setLineDash(solid ? [] : [4, 4]);
  pen.stroke();
  pen.setLineDash([]);
}

function plate(sheet: Sheet, text: string, x: number, y: number, alert: Alert): void {
  write(sheet, text, x, y, RANK[rank(alert.severity)] ?? "#ffffff");
}

// What the painter reads, and how it turns places into pixels.

import type { Alerts } from "../store/alerts";
import type { Tracks } from "../store/tracks";
import type { Alert } from "../protocol";
import type { Rect } from "./labels";
import type { Plate } from "./plates";

export interface Scene {
  tracks: Tracks;
  alerts: Alerts;
  /** The chosen aircraft. */
  aircraft: string | undefined;
  /** The chosen alert. */
  alert: Alert | undefined;
  labels: boolean;
  trails: boolean;
  byHeight: boolean;
  /** Whose aircraft are the own ones; empty: nobody's. */
  own: string;
  /** Where the chosen aircraft has been: Mercator x and y in turns, the oldest first. */
  path: readonly number[];
  /** Seconds of the prediction vectors; 0: none. */
  vectorS: number;
  /** Ages stop while the page is not live. */
  now(): number;
  /** What lies over the map, in its pixels. */
  obstacles(): Rect[];
}

/** A view while it is painted: CSS pixels from the left top of the painted picture. */
export interface Sheet {
  pen: CanvasRenderingContext2D;
  ratio: number;
  width: number;
  height: number;
  /** Mercator of the left top, and metres of Mercator a pixel. */
  left: number;
  top: number;
  resolution: number;
  /** The part that is seen. */
  seen: Rect;
  /** What no words may cover: symbols of the alarmed and of the chosen. */
  keep: Rect[];
  /** What is written beside geometries. */
  plates: Plate[];
}

export function toX(sheet: Sheet, x: number): number {
  return (x - sheet.left) / sheet.resolution;
}

export function toY(sheet: Sheet, y: number): number {
  return (sheet.top - y) / sheet.resolution;
}

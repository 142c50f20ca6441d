// Colours of the picture. Saturated ones are for what is abnormal.

/** By rank of severity: 红 橙 黄 蓝, and grey for what is only information. */
export const RANK = ["#ff5257", "#ff9d3c", "#ffd84a", "#5aa9ff", "#9fb0c0"] as const;
export const TARGET = "#c3d1de";
export const STALE = "#7d8b99";
export const SENSED = "#e08cff";
export const UNIDENTIFIED = "#f2f2f2";
/** Of the own fleet. */
export const OWN = "#45d6c0";
export const MANNED = "#8fe388";
export const PLATE = "rgba(10,15,20,0.78)";
export const TEXT = "#dbe5ee";
export const DIM = "#a9b8c6";
export const SEA = "#08121d";
export const LAND = "#18212b";
export const COAST = "#46586a";
export const PLACE = "#8493a3";

/** From low to high, metres of true height; an option, since colour is for alarms. */
const HEIGHTS: [number, string][] = [
  [30, "#6fd0c6"],
  [60, "#7db8f0"],
  [90, "#a99cf5"],
  [120, "#dd95d8"],
  [Infinity, "#f3a6a6"],
];

export function ofHeight(metres: number | undefined): string {
  if (metres === undefined) return STALE;
  return HEIGHTS.find(([top]) => metres < top)?.[1] ?? STALE;
}
export const HEIGHT_STEPS = HEIGHTS.length;
export function heightStep(metres: number | undefined): number {
  if (metres === undefined) return -1;
  return HEIGHTS.findIndex(([top]) => metres < top);
}
export function heightColour(step: number): string {
  return HEIGHTS[step]?.[1] ?? STALE;
}

// Small helpers for the document.

import type { Rect } from "../map/labels";

type Child = Node | string | undefined | null | false;
type Attributes = Record<string, string | number | boolean | undefined | ((event: never) => void)>;

/** An element with attributes (functions become listeners) and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") made.addEventListener(name.slice(2), value as EventListener);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child) made.append(child);
  return made;
}

/** Gives a file to the person. */
export function saveFile(name: string, file: Blob): void {
  const url = URL.createObjectURL(file);
  h("a", { href: url, download: name }).click();
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Where elements lie within a frame, so that nothing on the map is written under them. */
export function boxesIn(frame: Element, elements: Element[]): Rect[] {
  const { left, top } = frame.getBoundingClientRect();
  return elements.map((element) => {
    const box = element.getBoundingClientRect();
    return { left: box.left - left, top: box.top - top, right: box.right - left, bottom: box.bottom - top };
  });
}

const SVG = "http://www.w3.org/2000/svg";

/** A drawing of 24 × 24 from path texts; `fill` paints them, else they are lines. */
export function icon(paths: string[], fill = false): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", fill ? "icon fill" : "icon");
  for (const d of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** Writes only what changed, so that a screen reader is not told again. */
export function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function toggle(element: Element, name: string, on: boolean): void {
  element.classList.toggle(name, on);
}

export const ICONS = {
  follow: ["M12 2v5M12 17v5M2 12h5M17 12h5M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8Z"],
  live: ["M12 4v4M12 16v4M4 12h4M16 12h4M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z"],
  zones: ["M4 7 12 3l8 4v10l-8 4-8-4Z", "M4 7l8 4 8-4M12 11v10"],
  bin: ["M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13"],
  system: ["M3 12h4l3-7 4 14 3-7h4"],
  check: ["M5 13l4 4L19 7"],
  close: ["M6 6l12 12M18 6L6 18"],
  pin: ["M12 21s6-6.2 6-11a6 6 0 1 0-12 0c0 4.8 6 11 6 11ZM12 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4Z"],
  person: ["M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM4 20c1-4 4-6 8-6s7 2 8 6"],
  sound: ["M4 10v4h4l5 4V6L8 10H4Z", "M16 9a4 4 0 0 1 0 6M18.5 6.500a8 8 0 0 1 0 11"],
  muted: ["M4 10v4h4l5 4V6L8 10H4Z", "M16 10l5 5M21 10l-5 5"],
  search: ["M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM15.5 15.500L20 20"],
  plus: ["M12 5v14M5 12h14"],
  minus: ["M5 12h14"],
  fit: ["M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"],
  fleet: ["M6 4a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM18 4a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM6 15a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM18 15a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM8 8.500l8 7M16 8.500l-8 7"],
  ruler: ["M3 16 16 3l5 5L8 21ZM7 12l2 2M10 9l3 3M13 6l2 2"],
  link: ["M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1"],
  replay: ["M4 12a8 8 0 1 0 2.500-5.800M4 4v4h4M12 8v4l3 2"],
  help: ["M9 9a3 3 0 1 1 4.5 2.600c-1 .6-1.5 1.1-1.5 2.400M12 17.500v.5"],
};

/** The shape of each severity: octagon, triangle, diamond, disc, ring. */
const SHAPES = [
  "M8 2h8l6 6v8l-6 6H8l-6-6V8Z",
  "M12 2.5 23 21.500H1Z",
  "M12 1.5 22.5 12 12 22.5 1.5 12Z",
  "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z",
  "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16ZM12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8Z",
];
export const NUMERALS = ["Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "·"];

export function shape(rank: number): SVGSVGElement {
  return icon([SHAPES[rank] ?? ""], true);
}

/** A display for a room (`?kiosk`): nothing to press, everything larger. */
export const WALL = new URLSearchParams(globalThis.location?.search ?? "").has("kiosk");
/** Text and symbols on the map are so much larger: on a wall, and where a screen has very many points. */
const WIDTH = globalThis.innerWidth ?? 0;
export const LARGER = Math.max(WALL ? 1.3 : 1, 3200 <= WIDTH ? 2 : 2400 <= WIDTH ? 1.4 : 1);

/** One blink clock for everything, 1 Hz, half on; steadily on for who asked for less motion. */
const still = matchMedia("(prefers-reduced-motion: reduce)");
export function blinkOn(): boolean {
  return still.matches || Math.floor(Date.now() / 500) % 2 === 0;
}
export function lessMotion(): boolean {
  return still.matches;
}

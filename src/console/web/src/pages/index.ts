// The pages, in the order of the rail. A page is one file here and one line in this list.

import type { App } from "../app";
import type { Key } from "../i18n";
import { ICONS } from "../ui/dom";
import { fleet } from "./fleet";
import { live } from "./live";
import { replay } from "./replay";
import { system } from "./system";
import { zones } from "./zones";

/** Where a page puts its parts: over the map, and in the panel beside it. */
export interface Places {
  over: HTMLElement;
  side: HTMLElement;
}

export interface Mounted {
  /** Draws what changed; called at most once a frame. */
  render(): void;
  /** A key that nobody else took; `true`: it was for this page. */
  key?(event: KeyboardEvent): boolean;
  /** Takes over its own part of the address. */
  read?(wanted: URLSearchParams): void;
  /** Its own part of the address; without, the address names what is chosen in the live picture. */
  said?(): [string, string][] | undefined;
  /** Another page is shown from now on. */
  leave?(): void;
}

export interface Page {
  id: string;
  label: Key;
  icon: string[];
  /** Second key after `g`. */
  shortcut: string;
  /** Whether the map is seen under it. */
  map: boolean;
  /** Whether the address names something else than what is chosen in the live picture. */
  past?: boolean;
  mount(app: App, places: Places): Mounted;
}

export const PAGES: Page[] = [
  { id: "live", label: "page_live", icon: ICONS.live, shortcut: "l", map: true, mount: live },
  { id: "replay", label: "page_replay", icon: ICONS.replay, shortcut: "r", map: true, past: true, mount: replay },
  { id: "zones", label: "page_zones", icon: ICONS.zones, shortcut: "z", map: true, mount: zones },
  { id: "fleet", label: "page_fleet", icon: ICONS.fleet, shortcut: "f", map: false, mount: fleet },
  { id: "system", label: "page_system", icon: ICONS.system, shortcut: "s", map: false, mount: system },
];

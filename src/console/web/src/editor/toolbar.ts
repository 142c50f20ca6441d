// The tools above the map.

import { t, type Key } from "../i18n";
import { h, icon, ICONS, write } from "../ui/dom";
import type { Tool } from "./drawing";

const PICTURES = {
  polygon: ["M5 9 12 4l7 5-3 10H8Z"],
  rectangle: ["M4 6h16v12H4Z"],
  circle: ["M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16Z"],
  corridor: ["M4 15 10 8l5 4 5-6M4 20l6-7 5 4 5-6"],
  import: ["M12 15V4M8 8l4-4 4 4M5 14v6h14v-6"],
  undo: ["M9 7 4 12l5 5M4 12h11a5 5 0 0 1 0 10"],
  redo: ["M15 7l5 5-5 5M20 12H9a5 5 0 0 0 0 10"],
  emergency: ["M12 3 22 20H2ZM12 10v4M12 17v.5"],
};

export const TOOL_KEYS: [Tool, string][] = [
  ["polygon", "p"],
  ["rectangle", "r"],
  ["circle", "c"],
  ["corridor", "w"],
];

export interface Uses {
  tool(tool: Tool): void;
  import(): void;
  undo(): void;
  redo(): void;
  emergency(): void;
  zoom(step: number): void;
}

export class Toolbar {
  readonly bar = h("div", { class: "tools zone-tools", role: "toolbar" });
  readonly hint = h("p", { class: "zone-hint", role: "status" });
  readonly root = h("div", { class: "zone-top" }, this.bar, this.hint);
  readonly zoom: HTMLElement;
  private readonly buttons: { key: Key; name: HTMLElement; button: HTMLButtonElement; tool: Tool | undefined; letter: string }[];
  private readonly zooms: { key: Key; button: HTMLButtonElement }[];
  private readonly undo: HTMLButtonElement;
  private readonly redo: HTMLButtonElement;

  constructor(uses: Uses) {
    const make = (key: Key, picture: keyof typeof PICTURES, letter: string, run: () => void, tool?: Tool) => {
      const name = h("span");
      const button = h("button", { type: "button", onclick: run, id: `tool-${picture}` }, icon(PICTURES[picture]), name, letter ? h("kbd", {}, letter.toUpperCase()) : undefined);
      return { key, name, button, tool, letter };
    };
    const tools = TOOL_KEYS.map(([tool, letter]) => make(`zone_tool_${tool}`, tool, letter, () => uses.tool(tool), tool));
    const undo = make("zone_undo", "undo", "", uses.undo);
    const redo = make("zone_redo", "redo", "", uses.redo);
    [this.undo, this.redo] = [undo.button, redo.button];
    const emergency = make("zone_tool_emergency", "emergency", "e", uses.emergency);
    emergency.button.classList.add("emergency");
    for (const { name } of [undo, redo]) name.hidden = true;
    this.buttons = [...tools, make("zone_import", "import", "i", uses.import), undo, redo, emergency];
    this.bar.append(...this.buttons.map(({ button }) => button));
    const zoom = (key: Key, paths: string[], step: number) => ({ key, button: h("button", { type: "button", onclick: () => uses.zoom(step) }, icon(paths)) });
    this.zooms = [zoom("zoom_in", ICONS.plus, 1), zoom("zoom_out", ICONS.minus, -1)];
    this.zoom = h("div", { class: "zoom" }, ...this.zooms.map(({ button }) => button));
  }

  render(tool: Tool | undefined, canUndo: boolean, canRedo: boolean): void {
    this.bar.setAttribute("aria-label", t("zone_tools"));
    for (const { key, name, button, tool: own } of this.buttons) {
      write(name, t(key));
      button.title = t(key);
      button.setAttribute("aria-label", t(key));
      if (own) button.setAttribute("aria-pressed", String(own === tool));
    }
    for (const { key, button } of this.zooms) button.setAttribute("aria-label", t(key));
    this.undo.disabled = !canUndo;
    this.redo.disabled = !canRedo;
    this.hint.hidden = tool === undefined;
    if (tool) write(this.hint, t(`zone_hint_${tool}`));
  }
}

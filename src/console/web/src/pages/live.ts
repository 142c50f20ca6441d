// The live picture: tools and legend over the map, the alerts and what is chosen beside it.

import type { App } from "../app";
import { t, type Key } from "../i18n";
import { STALE, TARGET } from "../map/colours";
import { Sprites, type Form, LOOK, CELL } from "../map/sprites";
import { cross } from "../map/painter";
import { ZONE_COLOURS } from "../map/zonelayer";
import { AlertList } from "../ui/alertlist";
import { Detail } from "../ui/detail";
import { boxesIn, h, icon, ICONS, toggle, write } from "../ui/dom";
import { HourStrip } from "../ui/hourstrip";
import { Nothing } from "../ui/nothing";
import { Ruler } from "../ui/ruler";
import { shelve } from "../ui/shelve";
import type { Mounted, Places } from ".";

const VECTORS = [0, 15, 30, 60];

export function live(app: App, { over, side }: Places): Mounted {
  const list = new AlertList(app);
  const detail = new Detail(app);
  const ruler = new Ruler(app);
  const nothing = new Nothing(app);
  const tools = new Tools(app, ruler);
  const legend = new Legend(app);
  const note = h("div", { class: "map-note" });
  const hour = new HourStrip(app);
  over.replaceChildren(ruler.root, nothing.root, tools.root, tools.zoom, legend.root, note, hour.root);
  side.replaceChildren(list.root, detail.root);
  app.covers = () => boxesIn(over, [tools.root, tools.zoom, legend.root, hour.root, nothing.root, app.map.margin.root]);
  return {
    render() {
      list.render();
      detail.render();
      tools.render();
      legend.render();
      nothing.render();
      hour.render();
      ruler.draw();
      const parts = [];
      if (app.zones.failed) parts.push(t("zones_failed"));
      if (app.settings && app.settings.basemap.length > 0 && !app.basemapFailed && app.settings.basemap_datum === "GCJ02") parts.push(t("datum_gcj02"));
      else if (13 <= app.map.place().zoom && (app.basemapFailed || !app.settings?.basemap.length)) parts.push(t("basemap_coarse"));
      write(note, parts.join(" · "));
    },
    key(event) {
      if (event.key === "r") ruler.flip();
      else if (event.key === "Escape" && ruler.on) ruler.flip(false);
      else return keys(app, list, detail, event);
      return true;
    },
    leave() {
      ruler.flip(false);
    },
  };
}

/** The buttons over the map. */
export class Tools {
  readonly root = h("div", { class: "tools", role: "toolbar" });
  readonly zoom = h("div", { class: "zoom" });
  private readonly flags: { key: Key; on: () => boolean; button: HTMLButtonElement; name: HTMLElement }[];
  private readonly vectorName = h("span", { class: "dim" });
  private readonly vectors: { seconds: number; button: HTMLButtonElement }[];
  private readonly zooms: { key: Key; button: HTMLButtonElement }[];

  constructor(
    private readonly app: App,
    private readonly ruler: Ruler,
  ) {
    const flag = (key: Key, letter: string, on: () => boolean, flip: () => void) => {
      const name = h("span");
      const press = () => {
        flip();
        app.draw(true);
      };
      return { key, on, name, button: h("button", { type: "button", onclick: press }, name, h("kbd", {}, letter)) };
    };
    this.flags = [
      flag("labels", "L", () => app.labels, () => (app.labels = !app.labels)),
      flag("trails", "T", () => app.trails, () => (app.trails = !app.trails)),
      flag("height_colour", "H", () => app.byHeight, () => (app.byHeight = !app.byHeight)),
    ];
    this.vectors = VECTORS.map((seconds) => {
      const press = () => {
        app.vectorS = seconds;
        app.draw(true);
      };
      return { seconds, button: h("button", { type: "button", onclick: press }) };
    });
    this.root.append(...this.flags.map(({ button }) => button), this.vectorName, ...this.vectors.map(({ button }) => button));
    const zoom = (key: Key, paths: string[], run: () => void) => ({ key, button: h("button", { type: "button", onclick: run }, icon(paths)) });
    this.zooms = [
      zoom("zoom_in", ICONS.plus, () => app.map.zoomBy(1)),
      zoom("zoom_out", ICONS.minus, () => app.map.zoomBy(-1)),
      zoom("fit", ICONS.fit, () => app.map.home()),
      zoom("ruler", ICONS.ruler, () => ruler.flip()),
    ];
    this.zoom.append(...this.zooms.map(({ button }) => button));
  }

  render(): void {
    for (const { key, on, button, name } of this.flags) {
      write(name, t(key));
      button.setAttribute("aria-pressed", String(on()));
    }
    write(this.vectorName, t("vector"));
    this.root.setAttribute("aria-label", t("map_label"));
    for (const { seconds, button } of this.vectors) {
      write(button, seconds === 0 ? t("off") : `${seconds}s`);
      button.setAttribute("aria-label", `${t("vector")} ${button.textContent}`);
      button.setAttribute("aria-pressed", String(this.app.vectorS === seconds));
    }
    for (const { key, button } of this.zooms) {
      button.setAttribute("aria-label", t(key));
      if (key === "ruler") button.setAttribute("aria-pressed", String(this.ruler.on));
    }
  }
}

class Legend {
  readonly root = h("div", { class: "legend" });
  private readonly names: { key: Key; element: HTMLElement }[] = [];
  private readonly own: HTMLElement;

  constructor(private readonly app: App) {
    const ratio = devicePixelRatio || 1;
    const sprites = new Sprites(ratio);
    const picture = (draw: (pen: CanvasRenderingContext2D) => void) => {
      const canvas = h("canvas", { width: String(CELL * ratio), height: String(CELL * ratio), "aria-hidden": "true" });
      const pen = canvas.getContext("2d");
      pen?.scale(ratio, ratio);
      if (pen) draw(pen);
      return canvas;
    };
    const target = (form: Form, look: number) => picture((pen) => sprites.paint(pen, form, look, 20, CELL / 2, CELL / 2));
    this.add("legend_normal", target("chevron", LOOK.normal));
    this.own = this.add("legend_own", target("chevron", LOOK.own));
    this.add("legend_unidentified", target("hollow", LOOK.unidentified));
    this.add("legend_sensed", target("sensed", LOOK.sensed));
    this.add("legend_manned", target("manned", LOOK.manned));
    this.add("legend_stale", target("hollow", LOOK.stale));
    this.add("legend_lost", picture((pen) => cross(pen, CELL / 2, CELL / 2, 4.5, STALE)));
    for (const kind of ["PROHIBITED", "REQ_AUTHORIZATION", "CONDITIONAL"] as const) {
      const box = (pen: CanvasRenderingContext2D) => {
        pen.strokeStyle = ZONE_COLOURS[kind] ?? TARGET;
        pen.strokeRect(5.5, 7.5, 15, 11);
        if (kind !== "PROHIBITED") return;
        pen.beginPath();
        for (const x of [6, 11, 16]) {
          pen.moveTo(x, 18);
          pen.lineTo(x + 5, 8);
        }
        pen.stroke();
      };
      this.add(`zone_${kind}`, picture(box));
    }
    const dashed = (pen: CanvasRenderingContext2D) => {
      pen.strokeStyle = "#c08bff";
      pen.setLineDash([4, 2]);
      pen.strokeRect(5.5, 7.5, 15, 11);
    };
    this.add("zone_temporary", picture(dashed));
    const soon = (pen: CanvasRenderingContext2D) => {
      pen.strokeStyle = "#c08bff";
      pen.lineWidth = 1.8;
      pen.setLineDash([6, 2, 1.5, 2]);
      pen.strokeRect(5.5, 7.5, 15, 11);
    };
    this.add("zone_soon_key", picture(soon));
    const words = h("span");
    this.names.push({ key: "label_key", element: words });
    this.root.append(words);
  }

  render(): void {
    for (const { key, element } of this.names) write(element, t(key));
    this.own.hidden = this.app.own === "";
    toggle(this.root, "hushed", this.app.byHeight);
  }

  private add(key: Key, picture: HTMLElement): HTMLElement {
    const element = h("span");
    this.names.push({ key, element });
    const entry = h("span", { class: "key" }, picture, element);
    this.root.append(entry);
    return entry;
  }
}

/** Moves the selection by so many rows; `wanted` picks among them. */
function step(app: App, list: AlertList, by: number, wanted?: (id: string) => boolean): void {
  const order = list.shown().filter((id) => !wanted || wanted(id));
  if (order.length === 0) return;
  const at = app.alert ? order.indexOf(app.alert.alert_id) : -1;
  const next = at < 0 ? (by > 0 ? 0 : order.length - 1) : (at + by + order.length) % order.length;
  const entry = app.alerts.find(order[next] ?? "");
  if (!entry) return;
  app.select(entry.alert);
  document.querySelector(`[data-id="${CSS.escape(entry.alert.alert_id)}"]`)?.scrollIntoView({ block: "nearest" });
}

function keys(app: App, list: AlertList, detail: Detail, event: KeyboardEvent): boolean {
  switch (event.key) {
    case "j":
    case "k":
      step(app, list, event.key === "j" ? 1 : -1);
      return true;
    case "n":
      step(app, list, 1, (id) => !app.alerts.find(id)?.alert.acknowledged);
      return true;
    case "Enter":
      if (app.alert) app.locate(app.alert);
      return app.alert !== undefined;
    case "a":
      if (app.alert && !app.alert.acknowledged) void app.acknowledge(app.alert.alert_id);
      return true;
    case "A":
      void list.acknowledgeVisible();
      return true;
    case "s":
      if (app.entry) void shelve(app, app.entry.alert);
      return app.entry !== undefined;
    case "c":
      return detail.focusNote();
    case "/":
      list.search.focus();
      return true;
    case "Escape":
      app.choose(undefined);
      (document.activeElement as HTMLElement | null)?.blur();
      return true;
    case "f":
      app.follow = app.aircraft !== undefined && !app.follow;
      return true;
    default:
      if (mapKeys(app, event)) return true;
      if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return false;
      step(app, list, event.key === "ArrowDown" ? 1 : -1);
      return true;
  }
}

/** What every picture on the map understands. */
export function mapKeys(app: App, event: KeyboardEvent): boolean {
  const flip = (name: "labels" | "trails" | "byHeight") => {
    app[name] = !app[name];
    app.draw(true);
  };
  switch (event.key) {
    case "l":
      flip("labels");
      return true;
    case "t":
      flip("trails");
      return true;
    case "h":
      flip("byHeight");
      return true;
    case "v":
      app.vectorS = VECTORS[(VECTORS.indexOf(app.vectorS) + 1) % VECTORS.length] ?? 0;
      app.draw(true);
      return true;
    case "+":
    case "=":
      app.map.zoomBy(1);
      return true;
    case "-":
      app.map.zoomBy(-1);
      return true;
    case "0":
      app.map.home();
      return true;
    default:
      return pan(app, event.key);
  }
}

const PAN: Record<string, [number, number]> = { ArrowLeft: [-120, 0], ArrowRight: [120, 0], ArrowUp: [0, -120], ArrowDown: [0, 120] };

/** The arrows move the map while it has the focus; else they are for lists. */
function pan(app: App, key: string): boolean {
  const by = PAN[key];
  if (!by || document.activeElement?.id !== "map") return false;
  app.map.pan(...by);
  return true;
}


// The page on which zones are drawn, changed, looked at and published.

import type { App } from "../app";
import { t } from "../i18n";
import type { Mounted, Places } from "../pages";
import { boxesIn, h, write } from "../ui/dom";
import * as api from "./api";
import { Bar } from "./bar";
import { Doing } from "./deeds";
import { Drawing, type Tool } from "./drawing";
import { emergencyZone } from "./emergency";
import { ZoneForm } from "./form";
import { importZones } from "./importer";
import { ZoneList } from "./list";
import { type LngLat, type Part, type Zone, newZone, parts, setPoints } from "./model";
import { DifferenceLayer } from "./overlay";
import { type Fault, cheap, fromService, joined } from "./rules";
import { siteZone } from "./times";
import { Toolbar, TOOL_KEYS } from "./toolbar";
import { Work } from "./work";
import { toLonLat } from "ol/proj";

/** After the last change the service is asked this late; and again and again, since aircraft move. Milliseconds. */
const SETTLE_MS = 250;
const AGAIN_MS = 3000;
const PAN_PX = 60;

/** What was not published survives a look at another page. */
let kept: Work | undefined;
let tell: () => void = () => undefined;

export function zones(app: App, { over, side }: Places): Mounted & { leave(): void } {
  const work = (kept ??= new Work(() => app.zones.features, () => tell()));
  siteZone(app.settings?.time_zone);
  let check: api.Check | undefined;
  let checked = "";
  let service: Fault[] = [];
  let faults: Fault[] = [];
  let asking = false;
  let settle = 0;
  let seen = app.zones.version;
  let preview: LngLat[] | undefined;

  const taken = (id: string) => work.zone(id) !== undefined || work.changes.has(id);
  const signature = () => JSON.stringify(work.sent());

  const ask = async () => {
    if (!work.dirty || asking || !over.isConnected) return;
    const [sent, said] = [work.sent(), signature()];
    const changes = [...work.changes.values()];
    asking = true;
    const answer = await api.check(sent);
    asking = false;
    if (said !== signature()) return void later();
    if (answer.ok && answer.body) {
      check = answer.body;
      checked = said;
      service = fromService(check.problems, changes);
    } else {
      check = undefined;
      service = [];
    }
    refresh();
  };
  const later = () => {
    window.clearTimeout(settle);
    settle = window.setTimeout(() => void ask(), SETTLE_MS);
  };

  const drawing = new Drawing(app.map.map, app.map.zones.source, {
    drawn: (part) => drawn(part),
    moved: (points, metres, done) => moved(points, metres, done),
    touched: (row) => {
      work.vertex = row;
      refresh();
    },
    toolChanged: () => app.draw(),
  });
  const layer = new DifferenceLayer(app.map.map);
  const form = new ZoneForm(work);
  const bar = new Bar(app, work, {
    publish: () => check?.valid && void doing.publish(),
    save: () => void doing.save(),
    withdraw: () => void doing.withdraw(),
    discard: () => void doing.discard(),
  });
  const choose = (id: string | undefined) => {
    work.choose(id);
    const zone = work.zone(id) ?? (id === undefined ? undefined : work.changes.get(id)?.base);
    if (zone) app.map.reveal(app.map.zones.extentOf(zone.geometry as never), 15.5);
  };
  const list = new ZoneList(work, () => app.zones.features, {
    choose,
    openDraft: (draft) => {
      if (work.dirty && !work.draft) return app.notify("zones", "warn", t("zone_finish_first"));
      work.open(draft);
      const first = draft.changes[0]?.id;
      if (first !== undefined) {
        work.chosen = undefined;
        choose(first);
      }
    },
    goBack: (id, version, feature) => work.goBack(id, version, feature),
  }, () => app.draw(), () => app.serverNow());
  const doing = new Doing(app, work, () => check, {
    done: (words, kind) => {
      app.notify("zones", kind, words);
      app.zones.look("");
      void list.fetch();
      if (kind === "warn") list.open("drafts");
    },
    refused: (told) => {
      service = fromService(told, [...work.changes.values()]);
      refresh();
    },
    listChanged: () => void list.fetch(),
  });
  const startTool = (tool: Tool) => (drawing.tool === tool ? drawing.stop() : drawing.start(tool));
  const emergency = () => {
    void emergencyZone({
      centre: () => toLonLat(app.map.place().center) as LngLat,
      preview: (ring) => {
        preview = ring;
        refresh();
      },
      done: (id, words) => {
        app.notify("zones", "warn", words);
        app.zones.look("");
        work.choose(id);
      },
    });
  };
  const toolbar = new Toolbar({
    tool: startTool,
    import: () => void importZones(work, taken),
    undo: () => work.undo(),
    redo: () => work.redo(),
    emergency,
    zoom: (step) => app.map.zoomBy(step),
  });
  const nothing = h("div", { class: "zone-nothing" }, h("b"), h("p"), h("p", { class: "dim" }), h("p", { class: "zone-small" }));
  const cross = h("div", { class: "zone-cross", "aria-hidden": "true" });
  side.replaceChildren(form.root, nothing);
  over.replaceChildren(list.root, toolbar.root, toolbar.zoom, cross, bar.root);
  app.covers = () => boxesIn(over, [list.root, toolbar.bar, toolbar.zoom, bar.root]);

  const drawn = (part: Part) => {
    // A shape that is drawn while a new zone has none of its own replaces it.
    work.add([newZone(part, taken)]);
    form.begin();
  };
  const moved = (points: LngLat[], metres: number | undefined, done: boolean) => {
    if (!done) {
      // While the hand moves, only what is seen follows; nothing is kept before it is lifted.
      const zone = work.current;
      const part = zone && parts(zone)[work.part];
      if (!zone || !part) return;
      const next = structuredClone(zone);
      place(parts(next)[work.part]!, points, metres);
      refresh(next);
      return;
    }
    work.edit("", (zone) => place(parts(zone)[work.part]!, points, metres));
  };
  const place = (part: Part, points: LngLat[], metres: number | undefined) => {
    setPoints(part, points);
    if (metres !== undefined && part.type === "Point") part.extent = { subType: "Circle", ...part.extent, radius: Math.round(metres) };
  };

  /** Everything that follows from the changes; `held` is the chosen zone as the hand holds it. */
  const refresh = (held?: Zone) => {
    const own = [...work.changes.values()].flatMap(({ id, now }) => (now ? cheap(held && id === work.chosen ? held : now) : []));
    const heldNew = held && !work.changes.has(work.chosen ?? "") ? cheap(held) : [];
    faults = joined([...own, ...heldNew], held ? [] : service.filter(({ zone }) => work.changes.has(zone)));
    const bad = new Set(faults.filter(({ error, field }) => error && field === "points").map(({ zone }) => zone));
    const shown = [...work.changes.values()].map(({ id, base, now }) => ({
      was: base, now: held && id === work.chosen ? held : now, chosen: id === work.chosen, faulty: bad.has(id),
    }));
    const current = held ?? work.current;
    if (current && work.chosen !== undefined && !work.changes.has(work.chosen)) {
      shown.push({ was: held ? work.current : current, now: current, chosen: true, faulty: bad.has(work.chosen) });
    }
    if (preview) shown.push({ was: undefined, now: newZone({ type: "Polygon", coordinates: [preview] }, () => false), chosen: true, faulty: true });
    layer.show(shown);
    layer.mark(faults.filter(({ at }) => at !== undefined));
    const here = faults.filter(({ zone, part }) => zone === work.chosen && (part === undefined || part === work.part));
    const part = current && parts(current)[work.part];
    drawing.show(part, { bad: here.flatMap(({ rows }) => rows), edges: here.flatMap(({ edges }) => edges), chosen: work.vertex });
    document.body.dataset["unsaved"] = String(work.dirty);
    app.draw(true);
  };
  tell = () => {
    if (signature() !== checked) {
      check = undefined;
      service = [];
      // What was checked before says nothing of this; not even for the moment until the next frame.
      bar.publish.disabled = true;
      later();
    }
    refresh();
  };

  const timer = window.setInterval(() => void ask(), AGAIN_MS);
  form.table.root.addEventListener("vertex", () => refresh());
  form.root.addEventListener("part", () => refresh());
  app.map.onClick = (pixel) => {
    if (drawing.tool) return true;
    const row = drawing.rowAt(pixel);
    if (row !== undefined) {
      work.vertex = row;
      refresh();
      return true;
    }
    const id = app.map.zoneAt(pixel);
    if (id !== undefined) work.choose(id);
    return id !== undefined;
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key === "Alt") drawing.snapping(event.type !== "keydown");
    if (event.type !== "keydown" || !(event.ctrlKey || event.metaKey) || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) work.redo();
    else work.undo();
  };
  const guard = (event: BeforeUnloadEvent) => {
    if (work.dirty && !(work.draft && !work.draftTouched)) event.preventDefault();
  };
  window.addEventListener("keydown", pressed);
  window.addEventListener("keyup", pressed);
  window.addEventListener("beforeunload", guard);
  app.dismiss("zones-kept");
  document.body.classList.add("editing");
  void list.fetch();
  tell();

  const keys = (event: KeyboardEvent): boolean => {
    if (document.querySelector("dialog[open]")) return false;
    const tool = TOOL_KEYS.find(([, letter]) => letter === event.key)?.[0];
    if (tool) {
      startTool(tool);
      document.getElementById("map")?.focus();
      return true;
    }
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step) {
      const by = event.shiftKey ? PAN_PX / 6 : PAN_PX;
      app.map.pan(step[0]! * by, step[1]! * by);
      return true;
    }
    switch (event.key) {
      case " ":
        drawing.key();
        return drawing.tool !== undefined;
      case "Enter":
        if (drawing.tool) drawing.enter();
        else form.begin();
        return true;
      case "Escape":
        if (drawing.tool) drawing.stop();
        else work.choose(undefined);
        return true;
      case "Delete":
      case "Backspace":
        if (drawing.tool) drawing.back();
        else if (work.vertex !== undefined) form.table.removeRow(work.vertex);
        else if (work.chosen !== undefined && event.key === "Delete") work.remove(work.chosen);
        return true;
      case "j":
      case "k":
        list.step(event.key === "j" ? 1 : -1);
        return true;
      case "/":
        list.focusSearch();
        return true;
      case "i":
        void importZones(work, taken);
        return true;
      case "e":
        emergency();
        return true;
      case "+":
      case "=":
      case "-":
        app.map.zoomBy(event.key === "-" ? -1 : 1);
        return true;
      default:
        return false;
    }
  };

  return {
    render() {
      if (seen !== app.zones.version) {
        seen = app.zones.version;
        checked = "";
        tell();
        void list.fetch();
      }
      const all = [...faults, ...form.unread()];
      list.render(all, app.zones.version);
      form.render(all, work.chosen !== undefined && app.zones.byId(work.chosen) !== undefined);
      toolbar.render(drawing.tool, work.canUndo, work.canRedo);
      bar.render(check, all, checked === signature(), app.stream.live);
      cross.hidden = drawing.tool === undefined;
      nothing.hidden = work.chosen !== undefined;
      write(nothing.children[0] as HTMLElement, t("zone_start"));
      write(nothing.children[1] as HTMLElement, t("zone_start_how"));
      write(nothing.children[2] as HTMLElement, t("zone_start_keys"));
      write(nothing.children[3] as HTMLElement, t("zone_small"));
    },
    key: keys,
    leave() {
      window.clearInterval(timer);
      window.clearTimeout(settle);
      window.removeEventListener("keydown", pressed);
      window.removeEventListener("keyup", pressed);
      // The guard stays while something is unpublished; the page is not the only way out.
      if (!work.dirty) window.removeEventListener("beforeunload", guard);
      else app.notify("zones-kept", "warn", t("zone_kept", { n: work.changes.size }));
      tell = () => undefined;
      app.map.onClick = () => false;
      document.body.classList.remove("editing");
      drawing.close();
      layer.close();
    },
  };
}

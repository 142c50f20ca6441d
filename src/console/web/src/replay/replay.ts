// The page of the past: what was on the map and in the list at a moment, played from the service's history or from a
// recording. The live alerts go on above it: sound, counters and the newest CRITICAL.

import type { App } from "../app";
import { clock, t } from "../i18n";
import type { Mounted, Places } from "../pages";
import { mapKeys, Tools } from "../pages/live";
import { boxesIn, h, saveFile } from "../ui/dom";
import { Ruler } from "../ui/ruler";
import { Controls, pillText, utcText } from "./controls";
import { Events } from "./events";
import { csv, geojson, type Incident, picture } from "./export";
import { History } from "./history";
import { type Format, Panel } from "./panel";
import { Past, Player, SPEEDS } from "./player";
import { readRecording, Recording } from "./recording";
import { HOUR_MS } from "../store/hour";
import { Timeline } from "./timeline";
import { ZonesThen } from "./zonesthen";

const TICK_MS = 100;
/** Where it begins when nothing is asked for, before the present. */
const BEGIN_MS = 60_000;
/** Events of the present are asked for this often while the hour reaches to it. */
const EVENTS_MS = 5_000;
/** An export without a marked span is so long before and after the moment. */
const AROUND_MS = 60_000;
const EXPORT_WAIT_MS = 30_000;

export function replay(app: App, places: Places): Mounted {
  return new Replay(app, places);
}

class Replay implements Mounted {
  private readonly scene: Past;
  private readonly player: Player;
  private readonly history: History;
  private readonly events: Events;
  private readonly timeline: Timeline;
  private readonly controls: Controls;
  private readonly panel: Panel;
  private readonly tools: Tools;
  private readonly ruler: Ruler;
  private readonly drop = h("div", { id: "replay-drop", hidden: true });
  private readonly then: ZonesThen;
  private recording: Recording | undefined;
  private reading = "";
  private asked: string | undefined;
  private eventsAt = -Infinity;
  private eventsFrom = NaN;
  private readonly timer: number;
  private readonly gone = new AbortController();

  constructor(
    private readonly app: App,
    { over, side }: Places,
  ) {
    app.follow = false;
    const changed = () => app.draw();
    this.scene = new Past(app, () => this.covers(over));
    this.then = new ZonesThen(app.zones, () => this.showZones());
    this.history = new History(() => app.serverNow(), changed);
    this.events = new Events(changed);
    this.player = new Player(this.scene, this.history, this.events, () => app.serverNow());
    this.timeline = new Timeline(this.player, this.events, () => this.player.source.reach(app.serverNow()), (t) => this.seek(t));
    this.controls = new Controls(this.player, this.timeline, {
      seek: (by) => this.seek(this.player.t + by),
      play: () => this.flip(),
      speed: (speed) => this.setSpeed(speed),
      shift: (by) => this.shift(by),
      latest: () => this.seek(app.serverNow() - BEGIN_MS),
      whole: () => this.mark(undefined),
      copy: () => this.copyLink(),
      leave: () => this.goLive(),
    });
    this.panel = new Panel(app, this.player, side, (file) => void this.open(file), (format) => void this.save(format));
    this.ruler = new Ruler(app);
    this.tools = new Tools(app, this.ruler);
    over.replaceChildren(this.ruler.root, this.controls.strip, this.tools.root, this.tools.zoom, this.controls.foot, this.drop);
    app.covers = () => this.covers(over);
    app.map.onClick = (pixel) => {
      this.panel.choose(app.map.targetAt(pixel), undefined);
      return true;
    };
    app.map.use(this.scene);
    this.listen();
    this.begin(app.serverNow() - BEGIN_MS);
    this.timer = window.setInterval(() => this.tick(), TICK_MS);
  }

  render(): void {
    const { app, player } = this;
    app.replaying = pillText(player);
    this.controls.render(this.state(), this.recording !== undefined);
    this.timeline.render();
    this.tools.render();
    this.ruler.draw();
    this.panel.render(this.about(), this.recording);
  }

  key(event: KeyboardEvent): boolean {
    const step = event.shiftKey ? 60_000 : 10_000;
    switch (event.key) {
      case " ":
        this.flip();
        return true;
      case "ArrowLeft":
      case "ArrowRight":
        this.seek(this.player.t + (event.key === "ArrowLeft" ? -step : step));
        return true;
      case ",":
      case ".":
        this.setSpeed(SPEEDS[SPEEDS.indexOf(this.player.speed as 1) + (event.key === "," ? -1 : 1)] ?? this.player.speed);
        return true;
      case "j":
      case "k":
        this.toNews(event.key === "j" ? 1 : -1);
        return true;
      case "Enter":
        if (this.scene.chosen) this.panel.locate(this.scene.chosen);
        return this.scene.chosen !== undefined;
      case "Escape":
        if (this.ruler.on) this.ruler.flip(false);
        else this.panel.choose(undefined, undefined);
        return true;
      case "L":
        this.goLive();
        return true;
      case "r":
        this.ruler.flip();
        return true;
      default:
        return mapKeys(this.app, event);
    }
  }

  read(wanted: URLSearchParams): void {
    const at = (name: string) => {
      const time = Date.parse(wanted.get(name) ?? "");
      return Number.isFinite(time) ? time : undefined;
    };
    const [t, from, to] = [at("t"), at("from"), at("to")];
    const speed = Number(wanted.get("speed"));
    if ((SPEEDS as readonly number[]).includes(speed)) this.player.speed = speed;
    const span = from !== undefined && to !== undefined && from < to ? { from, to } : undefined;
    this.player.span = span;
    this.asked = wanted.get("alert") ?? undefined;
    this.scene.aircraft = wanted.get("uas") ?? undefined;
    this.scene.chosen = undefined;
    const begin = t ?? from;
    if (begin === undefined) return;
    // What is asked for from an alert begins where its two minutes begin.
    this.begin(span && t !== undefined && wanted.has("around") ? span.from : begin);
    this.player.playing = wanted.has("around");
  }

  said(): [string, string][] {
    const { player, scene } = this;
    const said: [string, string][] = this.recording ? [] : [["t", new Date(player.t).toISOString()]];
    if (player.span && !this.recording) said.push(["from", new Date(player.span.from).toISOString()], ["to", new Date(player.span.to).toISOString()]);
    if (player.speed !== 1) said.push(["speed", String(player.speed)]);
    if (scene.aircraft !== undefined) said.push(["uas", scene.aircraft]);
    const alert = scene.chosen?.alert_id ?? this.asked;
    if (alert !== undefined) said.push(["alert", alert]);
    return said;
  }

  leave(): void {
    const { app } = this;
    window.clearInterval(this.timer);
    this.then.look(undefined);
    this.gone.abort();
    this.ruler.flip(false);
    app.replaying = "";
    app.map.onClick = () => false;
    app.map.use(app);
  }

  /** Takes a file that was dropped or chosen; none: back to the service's history. */
  private async open(file: File | undefined): Promise<void> {
    const { app, player } = this;
    this.mark(undefined);
    this.panel.choose(undefined, undefined);
    if (!file) {
      this.recording = undefined;
      player.use(this.history);
      this.eventsFrom = NaN;
      this.events.forget();
      this.begin(app.serverNow() - BEGIN_MS);
      return;
    }
    this.reading = file.name;
    app.draw();
    try {
      const recording = await readRecording(file);
      const [from, to] = recording.reach();
      if (recording.rows.length === 0 && recording.events.length === 0) {
        app.notify("recording", "warn", t("replay_file_empty", { name: file.name, others: recording.others, broken: recording.broken }));
        return;
      }
      app.dismiss("recording");
      this.recording = recording;
      this.events.fill(recording.events, from, to);
      player.use(recording);
      this.begin(from);
      const extent = recording.rows.extent();
      if (extent) app.map.show(extent, 14);
    } catch (error) {
      app.notify("recording", "error", t("replay_file_failed", { name: file.name, why: error instanceof Error ? error.message : String(error) }));
    } finally {
      this.reading = "";
      app.draw(true);
    }
  }

  private begin(t: number): void {
    this.player.playing = false;
    this.player.seek(t);
    this.timeline.show(this.player.t);
    this.lookForEvents();
    this.app.draw(true);
  }

  private seek(t: number): void {
    this.player.seek(t);
    if (this.player.t < this.timeline.from || this.timeline.to < this.player.t) this.timeline.show(this.player.t);
    this.lookForEvents();
    this.app.map.refreshZones();
    this.app.draw(true);
  }

  private shift(by: number): void {
    this.timeline.shift(by);
    this.seek(Math.min(Math.max(this.player.t, this.timeline.from), this.timeline.to - 1));
  }

  private flip(): void {
    this.player.flip();
    this.app.draw(true);
  }

  private setSpeed(speed: number): void {
    this.player.speed = speed;
    this.app.draw();
  }

  private mark(span: { from: number; to: number } | undefined): void {
    this.player.span = span;
    this.app.draw();
  }

  private toNews(step: 1 | -1): void {
    const found = this.events.news(this.player.t, step);
    if (!found) return;
    this.seek(found.at);
    this.panel.locate(found.alert);
  }

  private goLive(): void {
    location.hash = `#/live?at=${this.app.map.said()}`;
  }

  private showZones(): void {
    const { map, zones } = this.app;
    map.zones.set(this.then.features ?? zones.features, true);
    map.refreshZones();
    this.app.draw(true);
  }

  private tick(): void {
    const changed = this.player.tick();
    // A recording may be from anywhere.
    this.then.look(this.recording ? undefined : this.player.t);
    this.lookForEvents();
    if (this.player.playing && this.timeline.to < this.player.t) this.timeline.show(this.player.t + HOUR_MS / 2);
    if (this.asked !== undefined) this.findAsked();
    if (!changed && !this.player.playing) return;
    if (changed) this.app.map.refreshZones();
    this.app.draw(changed);
  }

  /** The alert that the address names, as it was at the moment. */
  private findAsked(): void {
    const { events, player } = this;
    const own = events.list.filter(({ alert }) => alert.alert_id === this.asked);
    const found = own.findLast(({ at }) => at <= player.t) ?? own[0];
    if (!found) return;
    this.asked = undefined;
    this.panel.choose(this.scene.aircraft, found.alert);
  }

  private lookForEvents(): void {
    if (this.recording || this.events.busy) return;
    const now = performance.now();
    const { from, to } = this.timeline;
    const rest = this.events.until < to && EVENTS_MS <= now - this.eventsAt;
    if (from === this.eventsFrom && !rest) return;
    const end = Math.min(to, this.app.serverNow());
    this.eventsAt = now;
    this.eventsFrom = from;
    void this.events.load(from, end, () => [...this.app.alerts.open.values()].map(({ alert }) => alert));
  }

  /** Why it does not go on, if it does not. */
  private state(): string {
    const { player } = this;
    if (this.reading) return t("replay_reading", { name: this.reading });
    if (player.source.fault) return t("replay_fault", { why: player.source.fault });
    if (this.events.fault && !this.recording) return t("replay_fault", { why: this.events.fault });
    if (player.waiting) return t("replay_loading");
    if (!this.recording && this.events.until < player.t) return t("replay_loading_alerts");
    if (player.playing && player.atEdge) return t(this.recording ? "replay_file_end" : "replay_edge");
    if (player.scene.tracks.count === 0) return t("replay_nothing");
    return "";
  }

  private about(): string {
    const { recording, app } = this;
    if (recording) {
      const { name, rows, events, others, broken, cut } = recording;
      return t(cut ? "replay_file_cut" : "replay_file", { name, rows: rows.length, aircraft: rows.crafts.length, alerts: events.length, others, broken });
    }
    const [oldest] = this.history.reach(app.serverNow());
    const kept = Number.isFinite(oldest) ? t("replay_since", { at: clock(oldest) }) : "";
    const { known, hourly } = this.then;
    return [kept, known ? (hourly ? t("replay_zones_hours") : "") : t("replay_zones_note")].filter(Boolean).join(" ");
  }

  private copyLink(): void {
    const { app } = this;
    const said = new URLSearchParams({ at: app.map.said() });
    for (const [name, value] of this.said()) said.set(name, value);
    const address = `${location.origin}${location.pathname}${location.search}#/replay?${said.toString().replace(/%2C/g, ",")}`;
    app.giveLink(address, t("replay_link_copied"));
  }

  private async save(format: Format): Promise<void> {
    const { app, player, scene, events } = this;
    const [oldest, newest] = player.source.reach(app.serverNow());
    const wanted = player.span ?? { from: player.t - AROUND_MS, to: player.t + AROUND_MS };
    const [from, to] = [Math.max(wanted.from, oldest), Math.min(wanted.to, newest)];
    const name = `lowsky-${new Date(format === "png" ? player.t : from).toISOString().slice(0, 19).replace(/[:]/g, "")}Z.${format}`;
    try {
      if (format === "png") {
        const chosen = [scene.aircraft, scene.chosen && `${scene.chosen.code} ${scene.chosen.alert_id}`].filter(Boolean).join(" · ");
        const caption = [
          `lowsky · ${pillText(player)}`,
          `${utcText(player.t)} · ${t("replay_caption_local", { at: clock(player.t), zone: app.settings?.time_zone ?? "" })} · ${app.map.said()} ${t("datum")}`,
          `${t("aircraft")} ${scene.tracks.count} · ${t("replay_alerts")} ${scene.alerts.open.size}${chosen ? ` · ${chosen}` : ""}`,
        ];
        return saveFile(name, await picture(document.getElementById("map")!, caption));
      }
      const end = performance.now() + EXPORT_WAIT_MS;
      while (!player.source.ready(from, to)) {
        player.source.prepare(from, to, from);
        if (end < performance.now()) throw new Error(t("replay_loading"));
        await new Promise((go) => window.setTimeout(go, TICK_MS));
      }
      const incident: Incident = { from, to, source: player.source, events: events.list, zones: this.then.features ?? app.zones.features };
      const type = format === "csv" ? "text/csv" : "application/geo+json";
      saveFile(name, new Blob([format === "csv" ? csv(incident) : geojson(incident)], { type }));
    } catch (error) {
      app.notify("export", "error", t("replay_export_failed", { why: error instanceof Error ? error.message : String(error) }));
    }
  }

  private covers(over: HTMLElement) {
    return boxesIn(over, [this.controls.strip, this.tools.root, this.tools.zoom, this.controls.foot, this.app.map.margin.root]);
  }

  /** A file that is dragged onto the page is taken. */
  private listen(): void {
    const { signal } = this.gone;
    const carries = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    window.addEventListener("dragover", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      this.drop.textContent = t("replay_drop");
      this.drop.hidden = false;
    }, { signal });
    window.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) this.drop.hidden = true;
    }, { signal });
    window.addEventListener("drop", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      this.drop.hidden = true;
      void this.open(event.dataTransfer?.files[0]);
    }, { signal });
  }
}


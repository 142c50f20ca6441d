// Beside the map of the past: the alerts that stood, what is chosen, and files in and out.

import type { App } from "../app";
import { headline, parties, sentence } from "../headline";
import { clock, language, span, t } from "../i18n";
import { whereabouts } from "../map/focus";
import { type Alert, rank } from "../protocol";
import { byUrgency } from "../store/alerts";
import { ackText, alertFigures, fillFigures, trackFigures } from "../ui/detail";
import { h, icon, ICONS, NUMERALS, shape, write } from "../ui/dom";
import { letGo } from "./controls";
import type { Player } from "./player";
import type { Recording } from "./recording";

/** Most rows. */
const ROWS_MAX = 200;
export type Format = "geojson" | "csv" | "png";

export class Panel {
  private readonly title = h("h2");
  private readonly total = h("span", { class: "total" });
  private readonly list = h("ul", { id: "alerts", tabindex: "-1" });
  private readonly none = h("div", { class: "none", hidden: true });
  private readonly name = h("h3");
  private readonly operator = h("span", { class: "dim" });
  private readonly close = h("button", { type: "button", class: "square", onclick: () => this.choose(undefined, undefined) }, icon(ICONS.close));
  private readonly alertTitle = h("b");
  private readonly alertShape = h("span", { class: "block" });
  private readonly alertText = h("p");
  private readonly acked = h("p", { class: "acked-by" });
  private readonly alertFigures = h("dl", { class: "figures wide" });
  private readonly alertBox = h("div", { class: "alert-box" }, h("div", { class: "alert-title" }, this.alertShape, this.alertTitle), this.alertText, this.acked, this.alertFigures);
  private readonly figures = h("dl", { class: "figures" });
  private readonly detail = h("section", { id: "detail", hidden: true }, h("div", { class: "panel-head" }, this.name, this.operator, h("div", { class: "grow" }), this.close), this.alertBox, this.figures);
  private readonly about = h("p", { class: "dim" });
  private readonly exportName = h("b");
  private readonly exports: HTMLButtonElement[];
  private readonly file = h("input", { type: "file", accept: ".jsonl,.ndjson,.json,.txt", hidden: true, onchange: () => this.picked() });
  private readonly openFile = h("button", { type: "button", id: "replay-open", onclick: () => this.file.click() });
  private readonly closeFile = h("button", { type: "button", onclick: () => this.opened(undefined), hidden: true });
  private drawn = "";

  constructor(
    private readonly app: App,
    private readonly player: Player,
    side: HTMLElement,
    private readonly opened: (file: File | undefined) => void,
    exported: (format: Format) => void,
  ) {
    const formats: [Format, string][] = [["geojson", "GeoJSON"], ["csv", "CSV"], ["png", "PNG"]];
    this.exports = formats.map(([format, said]) => h("button", { type: "button", "data-format": format, onclick: () => exported(format) }, said));
    const files = h(
      "section",
      { class: "replay-files" },
      this.about,
      h("div", { class: "replay-row" }, this.exportName, ...this.exports),
      h("div", { class: "replay-row" }, this.openFile, this.closeFile, this.file),
    );
    letGo(this.list);
    letGo(files);
    side.replaceChildren(
      h("section", { class: "panel" }, h("div", { class: "panel-head" }, this.title, this.total), h("div", { class: "scroll" }, this.list, this.none)),
      this.detail,
      files,
    );
  }

  /** Chooses an alert or an aircraft of the past; both may be absent. */
  choose(aircraft: string | undefined, alert: Alert | undefined): void {
    const { scene } = this.player;
    scene.aircraft = aircraft ?? alert?.uas_id;
    scene.chosen = alert;
    this.app.map.refreshZones();
    this.app.draw(true);
  }

  /** Chooses an alert and shows where it was. */
  locate(alert: Alert): void {
    const { scene } = this.player;
    this.choose(undefined, alert);
    const places = [alert.uas_id, alert.other?.uas_id]
      .map((id) => (id === undefined ? undefined : whereabouts(scene, alert, id)))
      .filter((place) => place !== undefined);
    if (places.length === 0) return;
    const [xs, ys] = [places.map(({ x }) => x), places.map(({ y }) => y)];
    this.app.map.show([Math.min(...xs) - 400, Math.min(...ys) - 400, Math.max(...xs) + 400, Math.max(...ys) + 400], 15);
  }

  /** `about`: what is shown and what is missing. `file`: the recording that is shown, if one is. */
  render(about: string, file: Recording | undefined): void {
    const { player } = this;
    const { scene } = player;
    write(this.title, t("replay_alerts"));
    write(this.total, String(scene.alerts.open.size));
    write(this.about, about);
    this.about.hidden = !about;
    write(this.exportName, t("replay_export"));
    for (const button of this.exports) button.title = t(`replay_export_${button.dataset["format"] as Format}`);
    write(this.openFile, t("replay_open"));
    this.file.setAttribute("aria-label", t("replay_open"));
    this.closeFile.hidden = file === undefined;
    write(this.closeFile, t("replay_close_file"));
    write(this.none, t(file && file.events.length === 0 ? "replay_file_no_alerts" : "replay_none"));
    this.renderList();
    this.renderDetail();
  }

  private renderList(): void {
    const { scene } = this.player;
    const standing = [...scene.alerts.open.values()].sort(byUrgency);
    const shown = standing.slice(0, ROWS_MAX);
    this.none.hidden = standing.length > 0;
    const drawn = [language(), scene.chosen?.alert_id, ...shown.map(({ alert, heardAt }) => `${alert.alert_id} ${heardAt}`)].join();
    if (drawn !== this.drawn) {
      this.drawn = drawn;
      const focused = (document.activeElement as HTMLElement | null)?.closest<HTMLElement>("#alerts li")?.dataset["id"];
      this.list.replaceChildren(...shown.map(({ alert }) => this.row(alert)));
      if (focused) this.list.querySelector<HTMLElement>(`[data-id="${CSS.escape(focused)}"] button`)?.focus();
    }
    shown.forEach(({ alert }, place) => {
      const age = this.list.children[place]?.querySelector<HTMLElement>(".age");
      if (age) write(age, span((scene.t - Date.parse(alert.raised_at)) / 1000));
    });
  }

  private row(alert: Alert): HTMLElement {
    const at = rank(alert.severity);
    const chosen = this.player.scene.chosen?.alert_id === alert.alert_id;
    const pick = h(
      "button",
      { type: "button", class: "pick", onclick: () => this.locate(alert), "aria-current": chosen ? "true" : undefined },
      h("span", { class: "block" }, shape(at), h("span", { class: "numeral" }, NUMERALS[at])),
      h("span", { class: "title" }, headline(alert, this.app.zones)),
      h("span", { class: "age" }),
      h("span", { class: "meta" }, parties(alert)),
      h("span", { class: "state" }, alert.acknowledged ? t("acknowledged") : t("unacknowledged")),
    );
    return h("li", { class: `alert rank${at}${chosen ? " selected" : ""}${alert.acknowledged ? " acked" : ""}`, "data-id": alert.alert_id }, pick);
  }

  private renderDetail(): void {
    const { scene } = this.player;
    const { chosen: alert } = scene;
    const id = scene.aircraft;
    this.detail.hidden = id === undefined;
    if (id === undefined) return;
    const i = scene.tracks.at(id);
    const track = scene.tracks.get(id);
    write(this.name, id.replace(/^service:/, ""));
    write(this.operator, track?.operator ?? alert?.operator ?? "");
    this.detail.setAttribute("aria-label", `${t("selected")} ${id}`);
    this.close.setAttribute("aria-label", t("close"));
    this.alertBox.hidden = !alert;
    if (alert) {
      const at = rank(alert.severity);
      this.alertBox.className = `alert-box rank${at}`;
      if (this.alertShape.dataset["rank"] !== String(at)) this.alertShape.replaceChildren(shape(at));
      this.alertShape.dataset["rank"] = String(at);
      const stands = scene.alerts.open.has(alert.alert_id) ? "" : ` · ${t("replay_not_standing")}`;
      write(this.alertTitle, `${NUMERALS[at]} ${t(alert.severity)} · ${t(alert.phase)} · ${headline(alert, this.app.zones)}${stands}`);
      write(this.alertText, sentence(alert));
      this.acked.hidden = !alert.acknowledged;
      if (alert.acknowledged) write(this.acked, ackText(alert.acknowledged));
      fillFigures(this.alertFigures, alertFigures(alert));
    }
    this.figures.hidden = !track;
    if (!track || i === undefined) return;
    const seen = scene.tracks.seenAt[i] ?? 0;
    fillFigures(this.figures, [...trackFigures(track, (scene.t - seen) / 1000), [t("replay_reported"), clock(seen)]]);
  }

  private picked(): void {
    const file = this.file.files?.[0];
    this.file.value = "";
    if (file) this.opened(file);
  }
}

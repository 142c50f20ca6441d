// What is chosen: the alert with its figures and its acknowledgement, and the aircraft with its state.

import { type App, SINGLE_ZOOM } from "../app";
import { headline, sentence } from "../headline";
import { type Key, clock, language, span, t, tMaybe } from "../i18n";
import { type Alert, isShelved, rank, type Track } from "../protocol";
import { shelve, unshelve } from "./shelve";
import { h, icon, ICONS, NUMERALS, shape, write } from "./dom";

/** A replay of an alert begins and ends so long before and after it. */
const AROUND_MS = 60_000;

export class Detail {
  readonly root = h("section", { id: "detail", hidden: true });
  private readonly name = h("h3");
  private readonly operator = h("span", { class: "dim" });
  private readonly find = h("button", { type: "button", class: "square", onclick: () => this.locate() }, icon(ICONS.pin));
  private readonly follow = h("button", { type: "button", class: "square", onclick: () => this.flipFollow() }, icon(ICONS.follow));
  private readonly link = h("button", { type: "button", class: "square", onclick: () => this.copyLink() }, icon(ICONS.link));
  private readonly close = h("button", { type: "button", class: "square", onclick: () => this.app.choose(undefined) }, icon(ICONS.close));
  private readonly alertBox = h("div", { class: "alert-box" });
  private readonly alertTitle = h("b");
  private readonly alertShape = h("span", { class: "block" });
  private readonly alertText = h("p");
  private readonly alertFigures = h("dl", { class: "figures wide" });
  private readonly acked = h("p", { class: "acked-by" });
  private readonly shelved = h("p", { class: "acked-by" });
  private readonly shelf = h("button", { type: "button", id: "shelve-this", onclick: () => this.flipShelf() });
  private readonly note = h("input", { id: "note", type: "text", maxlength: "2000", autocomplete: "off" });
  private readonly send = h("button", { type: "submit", class: "primary" });
  private readonly form = h("form", { class: "ack-form", onsubmit: (event: SubmitEvent) => this.submit(event) }, this.note, this.send);
  private readonly figures = h("dl", { class: "figures" });
  private readonly silent = h("p", { class: "warn", hidden: true });
  private readonly around = h("button", { type: "button", id: "around", class: "square", onclick: () => this.replay() }, icon(ICONS.replay));
  private readonly moreName = h("summary");
  private readonly more = h("code");
  private drawn = "";
  private drawnFor = "";

  constructor(private readonly app: App) {
    this.alertBox.append(
      h("div", { class: "alert-title" }, this.alertShape, this.alertTitle),
      this.alertText,
      this.acked,
      this.form,
      this.shelved,
      this.shelf,
      this.alertFigures,
      h("details", {}, this.moreName, this.more),
    );
    const who = h("div", { class: "who" }, this.name, this.operator);
    this.root.append(
      h("div", { class: "panel-head" }, who, this.around, this.follow, this.find, this.link, this.close),
      this.alertBox,
      this.silent,
      this.figures,
    );
  }

  /** Puts the cursor into the note, if there is something to acknowledge. */
  focusNote(): boolean {
    if (this.root.hidden || this.form.hidden) return false;
    this.note.focus();
    return true;
  }

  render(): void {
    const { app } = this;
    const alert = app.entry?.alert ?? app.alert;
    const id = app.aircraft ?? alert?.uas_id;
    this.root.hidden = id === undefined;
    if (id === undefined) return;
    const track = app.tracks.get(id);
    write(this.name, id.replace(/^service:/, ""));
    write(this.operator, track?.operator ?? alert?.operator ?? "");
    this.name.title = this.name.textContent ?? "";
    for (const [button, key] of [[this.find, "locate"], [this.follow, "follow"], [this.close, "close"], [this.link, "copy_link"], [this.around, "replay_around"]] as const) {
      button.title = t(key);
      button.setAttribute("aria-label", button.title);
    }
    this.follow.hidden = !track;
    this.follow.setAttribute("aria-pressed", String(app.follow));
    this.around.hidden = !alert;
    this.root.setAttribute("aria-label", `${t("selected")} ${id}`);
    if (this.drawnFor !== `${id} ${alert?.alert_id ?? ""}`) {
      this.drawnFor = `${id} ${alert?.alert_id ?? ""}`;
      this.note.value = "";
    }
    this.alertBox.hidden = !alert;
    if (alert) this.renderAlert(alert);
    const i = app.tracks.at(id);
    const age = i === undefined ? undefined : (app.now() - app.tracks.seenAt[i]!) / 1000;
    this.silent.hidden = i === undefined || app.tracks.staleness(i, app.now()) === 0;
    write(this.silent, `${t("silent_long")} (${span(age ?? 0)})`);
    this.figures.hidden = !track;
    if (!track) return;
    fillFigures(this.figures, trackFigures(track, age));
  }

  private renderAlert(alert: Alert): void {
    const { app } = this;
    const at = rank(alert.severity);
    const live = app.stream.live;
    const aside = isShelved(alert, app.serverNow());
    const drawn = JSON.stringify([alert, language(), live, aside, app.zones.version]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.alertBox.className = `alert-box rank${at}`;
    this.alertShape.replaceChildren(shape(at));
    write(this.alertTitle, `${NUMERALS[at]} ${t(alert.severity)} · ${t(alert.phase)} · ${headline(alert, app.zones)}`);
    write(this.alertText, sentence(alert));
    fillFigures(this.alertFigures, alertFigures(alert));
    write(this.moreName, t("more"));
    write(this.more, `${t("rule")}: ${alert.rule} · ${alert.alert_id}`);
    const { acknowledged } = alert;
    this.acked.hidden = !acknowledged;
    if (acknowledged) write(this.acked, ackText(acknowledged));
    this.shelved.hidden = !aside;
    const { shelved } = alert;
    if (shelved) write(this.shelved, t("shelved_by", { by: shelved.by, until: clock(Date.parse(shelved.until)), reason: shelved.reason }));
    this.shelf.hidden = alert.state !== "OPEN" || alert.severity === "CRITICAL";
    this.shelf.disabled = !live;
    write(this.shelf, aside ? t("unshelve") : `${t("shelve")}…`);
    const cleared = alert.state === "CLEARED";
    this.form.hidden = Boolean(acknowledged) || (cleared && !app.alerts.cleared.has(alert.alert_id));
    this.note.placeholder = t("acknowledge_note");
    this.note.setAttribute("aria-label", t("acknowledge_note"));
    this.send.disabled = !live;
    write(this.send, t("acknowledge"));
  }

  /** The address of this alert, or of this aircraft, with the view as it is. */
  private copyLink(): void {
    const { alert, aircraft, map } = this.app;
    const said = new URLSearchParams({ at: map.said() });
    if (aircraft !== undefined) said.set("uas", aircraft);
    if (alert) said.set("alert", alert.alert_id);
    const address = `${location.origin}${location.pathname}${location.search}#/live?${said.toString().replace(/%2C/g, ",")}`;
    this.app.giveLink(address, t("link_copied"));
  }

  /** Two minutes around the alert, as they were. */
  private replay(): void {
    const { alert, map } = this.app;
    if (!alert) return;
    const raised = Date.parse(alert.raised_at);
    const [from, to] = [raised - AROUND_MS, raised + AROUND_MS].map((at) => new Date(at).toISOString());
    const said = new URLSearchParams({ at: map.said(), t: from!, from: from!, to: to!, uas: alert.uas_id, alert: alert.alert_id, around: "" });
    location.hash = `#/replay?${said.toString()}`;
  }

  private flipShelf(): void {
    const { app } = this;
    const alert = app.entry?.alert;
    if (alert) void (isShelved(alert, app.serverNow()) ? unshelve(app, alert) : shelve(app, alert));
  }

  private flipFollow(): void {
    this.app.follow = !this.app.follow;
    this.app.draw();
  }

  private locate(): void {
    const { app } = this;
    // On a telephone the map is another view.
    document.body.classList.add("phone-map");
    if (app.alert) {
      app.locate(app.alert);
      return;
    }
    const i = app.aircraft === undefined ? undefined : app.tracks.at(app.aircraft);
    if (i !== undefined) app.map.fly([app.tracks.x[i]!, app.tracks.y[i]!], Math.max(SINGLE_ZOOM, app.map.place().zoom));
  }

  private submit(event: SubmitEvent): void {
    event.preventDefault();
    const { alert } = this.app;
    if (!alert) return;
    void this.app.acknowledge(alert.alert_id, this.note.value.trim()).then((done) => {
      if (done) this.note.value = "";
      if (done && document.activeElement === this.note) this.note.blur();
    });
  }
}

/** What is known of an aircraft, `age` seconds after it was reported. */
export function trackFigures(track: Track, age: number | undefined): [string, string][] {
  const number = (value: number | undefined, unit: string, digits = 0) => (value === undefined ? t("unknown") : `${value.toFixed(digits)} ${unit}`);
  const shown: [Key, string][] = [
    ["height_agl", number(track.height_agl, "m")],
    ["height_hae", number(track.alt_hae, "m")],
    ["ground_speed", number(track.ground_speed, "m/s", 1)],
    ["climb", number(track.vertical_speed, "m/s", 1)],
    ["course", track.track === undefined ? t("unknown") : `${String(Math.round(track.track) % 360).padStart(3, "0")}°`],
    ["age", age === undefined ? "–" : `${age.toFixed(1)} s`],
    ["class", track.ua_class ?? t("unknown")],
    ["status", track.operational_status ?? t("unknown")],
    ["position", `${track.lat.toFixed(6)}, ${track.lng.toFixed(6)} ${t("datum")}`],
  ];
  return shown.map(([key, value]) => [t(key), value]);
}

/** The times, the figures and the limits of an alert. */
export function alertFigures(alert: Alert): [string, string][] {
  const times: [string, string][] = [
    [t("raised_at"), clock(Date.parse(alert.raised_at))],
    [t("observed_at"), clock(Date.parse(alert.observed_at))],
  ];
  if (alert.cleared_at) times.push([t("cleared_at"), clock(Date.parse(alert.cleared_at))]);
  const figure = ([name, value]: [string, number]): [string, string] => [unitless(name), `${short(value)} ${unitOf(name)}`];
  const limits = Object.entries(alert.limit).map(figure).map(([name, value]): [string, string] => [`${t("limit")} ${name}`, value]);
  return [...times, ...Object.entries(alert.measured).map(figure), ...limits];
}

/** Who took note of an alert, and when. */
export function ackText({ by, at, note }: NonNullable<Alert["acknowledged"]>): string {
  const said = t("acknowledged_by", { by, at: clock(Date.parse(at)) });
  return note ? `${said}: ${note}` : said;
}

/** Terms and their values; the elements stay. */
export function fillFigures(list: HTMLElement, rows: [string, string][]): void {
  rows.forEach(([term, value], index) => {
    let box = list.children[index];
    if (!box) {
      box = h("div", {}, h("dt"), h("dd"));
      list.append(box);
    }
    write(box.children[0] as HTMLElement, term);
    write(box.children[1] as HTMLElement, value);
  });
  while (list.children.length > rows.length) list.lastElementChild?.remove();
}

/** As many digits as a person reads at a glance. */
function short(value: number): string {
  return String(Number(value.toFixed(Math.abs(value) < 100 ? 1 : 0)));
}

function unitOf(name: string): string {
  const units: [RegExp, string][] = [
    [/_mps$/, "m/s"],
    [/_m$/, "m"],
    [/_s$/, "s"],
    [/_pct$/, "%"],
  ];
  return units.find(([ending]) => ending.test(name))?.[1] ?? "";
}

function unitless(name: string): string {
  const bare = name.replace(/_(mps|m|s|pct)$/, "");
  return tMaybe(`figure_${bare}`, bare.replaceAll("_", " "));
}

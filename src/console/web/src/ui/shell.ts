// What stands on every page: the bar at the top, the banners, the newest CRITICAL, the rail of pages.

import type { App } from "../app";
import { headline, parties } from "../headline";
import { clock, language, setLanguage, span, t } from "../i18n";
import { rank, SEVERITIES } from "../protocol";
import { PAGES } from "../pages";
import type { Router } from "../router";
import { askAuthor, author } from "./author";
import { Flood } from "./flood";
import { blinkOn, h, icon, ICONS, NUMERALS, shape, toggle, WALL, write } from "./dom";

/** Without a report for this long the input is called silent. */
const INPUT_SILENT_MS = 5000;

export class Shell {
  readonly root: HTMLElement;
  readonly mapPlace = h("div", { id: "map", role: "application", tabindex: "0" });
  readonly over = h("div", { id: "over" });
  readonly side = h("aside", { id: "side" });
  private readonly counters = SEVERITIES.map((severity, at) => {
    const number = h("b", {}, "0");
    const name = h("span", { class: "name" });
    const button = h("button", { class: `count rank${at}`, type: "button", onclick: () => this.filterBy(at) }, shape(at), number, name);
    return { severity, number, name, button };
  });
  private readonly brand = h("b");
  private readonly aircraft = h("b", { id: "aircraft" }, "–");
  private readonly aircraftName = h("span", { class: "dim" });
  private readonly input = h("span", { id: "input", class: "tagged", hidden: true });
  private readonly link = h("span", { id: "link", role: "status" });
  private readonly beat = h("span", { id: "beat", "aria-hidden": "true" });
  private readonly linkText = h("b");
  private readonly linkLag = h("span", { id: "lag" });
  private readonly sound = h("button", { id: "sound", type: "button", onclick: () => this.soundPressed() });
  private readonly soundText = h("span");
  private readonly author = h("button", { id: "author", type: "button", onclick: () => void askAuthor().then(() => this.app.draw()) });
  private readonly authorText = h("span");
  private readonly silent = h("span", { id: "silent", class: "tagged", role: "status", hidden: true }, icon(ICONS.muted), h("span"));
  private readonly local = h("b", { id: "local" });
  private readonly utc = h("span", { id: "utc", class: "dim" });
  private readonly banner = h("div", { id: "banner", role: "alert", hidden: true });
  private readonly bannerTitle = h("b");
  private readonly bannerText = h("span");
  private readonly retry = h("button", { type: "button", onclick: () => this.app.stream.retryNow() });
  private readonly notices = h("div", { id: "notices", role: "status" });
  private readonly critical = h("div", { id: "critical", role: "group", hidden: true });
  private readonly criticalText = h("button", { type: "button", class: "what", onclick: () => this.locateCritical() });
  private readonly criticalAck = h("button", { type: "button", class: "ack", onclick: () => this.ackCritical() });
  private readonly criticalMore = h("span", { class: "more" });
  private readonly spoken = h("div", { class: "spoken", "aria-live": "assertive" });
  private readonly rail: { id: string; element: HTMLAnchorElement; name: HTMLElement }[];
  private readonly lang = h("button", { id: "lang", type: "button", onclick: () => this.switchLanguage() });
  private readonly skip = h("a", { class: "skip", href: "#alerts" });
  private readonly stamp = h("div", { class: "stamp", "aria-hidden": "true", hidden: true });
  private readonly phoneMap = h("button", { class: "tabs", type: "button", onclick: () => this.flipPhoneMap() });
  private readonly flood: Flood;
  private drawnNotices = "";

  constructor(
    private readonly app: App,
    private readonly router: Router,
  ) {
    this.flood = new Flood(app);
    this.rail = PAGES.map((page) => {
      const name = h("span");
      return { id: page.id, name, element: h("a", { href: `#/${page.id}` }, icon(page.icon), name) };
    });
    this.skip.addEventListener("click", (event) => {
      event.preventDefault();
      document.getElementById("alerts")?.focus();
    });
    this.link.append(this.beat, this.linkText, this.linkLag);
    this.sound.append(icon(ICONS.sound), icon(ICONS.muted), this.soundText);
    this.author.append(icon(ICONS.person), this.authorText);
    this.banner.append(this.bannerTitle, this.bannerText, this.retry);
    this.critical.append(shape(0), this.criticalMore, this.criticalText, this.criticalAck);
    const bar = h(
      "header",
      { id: "bar" },
      h("div", { class: "brand" }, icon(["M12 2 19 21 12 17 5 21Z"], true), this.brand),
      h("div", { class: "counts", role: "group" }, ...this.counters.map(({ button }) => button)),
      h("div", { class: "grow" }),
      this.input,
      h("div", { class: "figure" }, this.aircraftName, this.aircraft),
      this.link,
      this.sound,
      this.silent,
      this.author,
      h("div", { class: "clock" }, this.local, this.utc),
    );
    const rail = h("nav", { id: "rail" }, ...this.rail.map(({ element }) => element), this.phoneMap, h("div", { class: "grow" }), this.lang);
    this.root = h(
      "div",
      { id: "shell" },
      this.skip,
      bar,
      this.banner,
      this.critical,
      h("div", { id: "told" }, this.flood.root, this.notices),
      rail,
      h("main", { id: "main" }, this.mapPlace, this.over, this.stamp),
      this.side,
      this.spoken,
    );
  }

  render(): void {
    const { app } = this;
    const state = app.stream.liveness();
    const live = state === "live";
    document.documentElement.lang = language() === "zh" ? "zh-CN" : "en";
    const counts = app.alerts.counts();
    document.title = `${live && !app.replaying ? "" : `${t("not_live")} · `}${counts[0] ? `(${counts[0]}) ` : ""}lowsky`;
    document.body.dataset["link"] = state;
    toggle(document.body, "dead", !live);
    this.stamp.hidden = live || state === "starting";
    write(this.stamp, t("not_live"));
    const phoneMap = this.showsPhoneMap();
    write(this.phoneMap, t(phoneMap ? "tab_alerts" : "tab_map"));
    this.phoneMap.setAttribute("aria-pressed", String(phoneMap));
    write(this.brand, t("title"));
    write(this.skip, t("skip"));
    this.mapPlace.setAttribute("aria-label", t("map_label"));
    write(this.lang, t("lang_other"));
    this.lang.setAttribute("aria-label", t("lang_switch"));
    this.renderCounters(counts);
    write(this.aircraftName, t("in_view"));
    write(this.aircraft, app.stream.heartbeat ? app.map.painter.inView.toLocaleString("en-US") : "–");
    this.renderLink(live);
    this.renderSound();
    write(this.authorText, author() || t("author_none"));
    this.author.setAttribute("aria-label", `${t("author_name")}: ${author() || t("author_none")}`);
    toggle(this.author, "nobody", !author());
    const now = app.clockNow();
    write(this.local, clock(now));
    write(this.utc, `UTC ${clock(now, true)}`);
    this.renderBanner();
    this.renderCritical();
    this.flood.render();
    this.renderNotices();
    write(this.spoken, app.announcement);
    for (const { id, element, name } of this.rail) {
      const page = PAGES.find((one) => one.id === id)!;
      write(name, t(page.label));
      if (id === this.router.page) element.setAttribute("aria-current", "page");
      else element.removeAttribute("aria-current");
    }
  }

  private renderCounters(counts: number[]): void {
    this.counters.forEach(({ severity, number, name, button }, at) => {
      write(number, String(counts[at] ?? 0));
      write(name, t(severity));
      toggle(button, "some", (counts[at] ?? 0) > 0);
      toggle(button, "hushed", this.app.filter.hidden.has(at));
      button.hidden = severity === "INFO" && !counts[at];
      button.setAttribute("aria-pressed", String(!this.app.filter.hidden.has(at)));
      button.setAttribute("aria-label", `${NUMERALS[at]} ${t(severity)} ${counts[at]}`);
    });
  }

  private renderLink(live: boolean): void {
    const { stream } = this.app;
    const { replaying } = this.app;
    write(this.linkText, replaying && live ? replaying : t(stream.liveness()));
    toggle(this.link, "past", Boolean(replaying));
    const delay = (stream.heartbeat?.lag_ms ?? 0) + (stream.roundTripMs ?? 0) / 2;
    write(this.linkLag, live && !replaying ? `${(delay / 1000).toFixed(1)} s` : "");
    this.link.title = `${t("heartbeat")} ${stream.heartbeatWall ? clock(stream.heartbeatWall) : "–"} · ${t("lag")} ${Math.round(delay)} ms`;
    const fresh = performance.now() - stream.heartbeatAt < 350;
    toggle(this.beat, "on", fresh);
    const { input_age_ms: age, state } = stream.heartbeat ?? {};
    const silent = live && age !== undefined && INPUT_SILENT_MS <= age;
    const ill = live && state !== undefined && !/^(ok|live|normal|ready|running)$/i.test(state);
    this.input.hidden = !silent && !ill;
    if (silent) write(this.input, t("input_silent", { age: Math.round((age ?? 0) / 1000) }));
    else if (ill) write(this.input, t("service_state", { state: state ?? "" }));
  }

  private renderSound(): void {
    const { sound } = this.app;
    const muted = sound.mutedMs > 0;
    const state = muted ? "muted" : sound.blocked ? "blocked" : "on";
    this.sound.dataset["state"] = state;
    this.sound.dataset["plays"] = String(sound.plays);
    const left = span(sound.mutedMs / 1000);
    // The reminder: now and then the bar says in words that nothing can be heard, and always when something came.
    const remind = muted && (sound.unheard || (sound.mutedMs / 1000) % 60 > 52);
    toggle(this.sound, "remind", remind);
    const text = muted ? t(remind ? "sound_remind" : "sound_muted", { left }) : t(state === "blocked" ? "sound_blocked" : "sound_on");
    write(this.soundText, text);
    this.sound.setAttribute("aria-label", text);
    // A wall has nothing to press; that nothing can be heard there must still be seen.
    this.silent.hidden = !WALL || state === "on";
    write(this.silent.lastElementChild as HTMLElement, t("sound_wall"));
    this.sound.setAttribute("aria-pressed", String(muted));
  }

  private renderBanner(): void {
    const { stream } = this.app;
    const state = stream.liveness();
    this.banner.hidden = state === "live";
    if (state === "live") return;
    this.banner.className = state === "starting" || state === "delayed" ? "amber" : "";
    write(this.bannerTitle, `${t("not_live")} · ${t(state)}`);
    const at = stream.heartbeatWall ? clock(stream.heartbeatWall) : "–";
    const ago = stream.heartbeatWall ? span((Date.now() - stream.heartbeatWall.getTime()) / 1000) : "–";
    const wait = Math.ceil((stream.retryAt - performance.now()) / 1000);
    const retry = wait > 0 ? t("retry_in", { s: wait }) : t("retry_now");
    const lag = Math.max((stream.heartbeat?.lag_ms ?? 0) / 1000, 3).toFixed(0);
    const text =
      state === "starting"
        ? t("banner_starting")
        : state === "silent"
          ? t("banner_silent", { at, ago })
          : state === "delayed"
            ? t("banner_delayed", { lag })
            : stream.heartbeatWall
              ? t("banner_offline", { at, ago, retry })
              : t("banner_never", { retry });
    write(this.bannerText, text);
    write(this.retry, t("reconnect"));
    this.retry.hidden = state !== "offline";
  }

  private renderCritical(): void {
    const { app } = this;
    const entry = app.alerts.newestCritical();
    this.critical.hidden = !entry;
    if (!entry) return;
    const { alert } = entry;
    toggle(this.critical, "lit", Boolean(alert.acknowledged) || blinkOn());
    toggle(this.critical, "acked", Boolean(alert.acknowledged));
    this.critical.setAttribute("aria-label", t("newest_critical"));
    this.critical.dataset["alert"] = alert.alert_id;
    const others = (app.alerts.counts()[0] ?? 1) - 1;
    write(this.criticalMore, others > 0 ? `Ⅰ +${others}` : "Ⅰ");
    const age = span((app.serverNow() - Date.parse(alert.raised_at)) / 1000);
    write(this.criticalText, `${t("CRITICAL")} · ${headline(alert, app.zones)} · ${parties(alert)} · ${age}`);
    this.criticalAck.hidden = Boolean(alert.acknowledged);
    this.criticalAck.disabled = !app.stream.live;
    write(this.criticalAck, t("acknowledge"));
  }

  private renderNotices(): void {
    const { notices } = this.app;
    const said = JSON.stringify([notices, language()]);
    if (said === this.drawnNotices) return;
    this.drawnNotices = said;
    this.notices.replaceChildren(
      ...notices.map((notice) =>
        h(
          "div",
          { class: `notice ${notice.kind}`, "data-id": notice.id },
          h("span", {}, notice.text),
          h("button", { type: "button", onclick: () => this.app.dismiss(notice.id) }, t("dismiss")),
        ),
      ),
    );
  }

  private showsPhoneMap(): boolean {
    return this.router.page === "live" && document.body.classList.contains("phone-map");
  }

  private flipPhoneMap(): void {
    const shown = this.showsPhoneMap();
    document.body.classList.toggle("phone-map", !shown);
    if (!shown) document.body.dataset["map"] = "wanted";
    this.router.go("live");
    this.app.draw(true);
  }

  private filterBy(at: number): void {
    const { hidden } = this.app.filter;
    if (hidden.has(at)) hidden.delete(at);
    else hidden.add(at);
    this.app.draw();
  }

  private soundPressed(): void {
    const { sound } = this.app;
    // The press itself unblocks; it must not mute at the same time.
    if (sound.mutedMs === 0 && this.sound.dataset["state"] === "blocked") sound.test();
    else sound.toggleMute();
    this.app.draw();
  }

  private locateCritical(): void {
    const entry = this.app.alerts.newestCritical();
    if (!entry) return;
    this.router.go("live");
    this.app.locate(entry.alert);
  }

  private ackCritical(): void {
    const entry = this.app.alerts.newestCritical();
    if (entry && rank(entry.alert.severity) === 0) void this.app.acknowledge(entry.alert.alert_id);
  }

  private switchLanguage(): void {
    setLanguage(language() === "zh" ? "en" : "zh");
    this.app.map.renamed();
    this.app.map.refreshZones();
    this.app.draw(true);
  }
}

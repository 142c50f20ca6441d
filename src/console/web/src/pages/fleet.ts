// An operator's own aircraft: how they and their feeds do, their alerts, and a checker for its messages.

import type { App } from "../app";
import { Checker } from "../fleet/checker";
import { FeedCard } from "../fleet/feedcard";
import { csv, fleetRows, type FleetRow, intruders, isAirborne, isHovering } from "../fleet/rows";
import { type Feed, Feeds, together } from "../fleet/store";
import { FleetTable } from "../fleet/table";
import { headline, parties } from "../headline";
import { span, t } from "../i18n";
import { type Alert, rank } from "../protocol";
import { mercatorX, mercatorY } from "../store/tracks";
import { blinkOn, h, icon, ICONS, NUMERALS, saveFile, shape, toggle, write } from "../ui/dom";
import type { Mounted, Places } from ".";

/** Most own alerts that are listed; all are counted. */
const ALERTS_MAX = 30;

export function fleet(app: App, { over, side }: Places): Mounted {
  side.replaceChildren();
  app.covers = () => [];
  const feeds = new Feeds(() => app.draw());
  const title = h("h1");
  const choose = h("select", { id: "operator", onchange: () => app.showFleet(choose.value) });
  const note = h("span", { class: "dim fleet-note" });
  const save = h("button", { type: "button", onclick: () => saveFile("fleet.csv", new Blob(["\ufeff", csv(shown)], { type: "text/csv" })) });
  const tiles = ["online", "airborne", "hovering", "stale", "alarmed", "refused"].map((name) => {
    const [label, number] = [h("span", { class: "dim" }), h("b")];
    return { name, label, number, box: h("div", { class: `tile ${name}` }, label, number) };
  });
  const pick = (id: string) => {
    app.choose(app.aircraft === id ? undefined : id);
    const i = app.tracks.at(id);
    if (app.aircraft === id && i !== undefined) app.map.fly([app.tracks.x[i]!, app.tracks.y[i]!], Math.max(14, app.map.place().zoom));
  };
  const table = new FleetTable(app, pick);
  const empty = h("p", { class: "fleet-empty" });
  const alertsTitle = h("h2");
  const alertsCount = h("span", { class: "dim" });
  const alertList = h("ul", { class: "plain own-alerts" });
  const checker = new Checker(() => app.draw());
  const card = new FeedCard((refused) => {
    checker.fill(refused.payload ?? "", refused.topic);
    turnTo("check");
    checker.root.scrollIntoView({ block: "start" });
  });
  // On a low screen one of them is shown; on a high one all are.
  const tabs = (["alerts", "feed", "check"] as const).map((name) => ({ name, button: h("button", { type: "button", "data-tab": name, onclick: () => turnTo(name) }) }));
  const turnTo = (name: (typeof tabs)[number]["name"]) => {
    sideRegion.dataset["tab"] = name;
    for (const tab of tabs) tab.button.setAttribute("aria-pressed", String(tab.name === name));
  };
  const page = h(
    "div",
    { class: "fleet" },
    h(
      "div",
      { class: "fleet-main" },
      h("div", { class: "page-head" }, title, choose, note, save),
      h("div", { class: "tiles" }, ...tiles.map(({ box }) => box)),
      empty,
      table.root,
    ),
    h("div", { class: "fleet-side", tabindex: "0", role: "region" }, h("div", { class: "fleet-tabs", role: "group" }, ...tabs.map(({ button }) => button)), h("section", { class: "card" }, h("div", { class: "card-head" }, alertsTitle, alertsCount), alertList), card.root, checker.root),
  );
  over.replaceChildren(page);
  const sideRegion = page.lastElementChild as HTMLElement;
  turnTo("alerts");
  let shown: FleetRow[] = [];
  let fitted = "";
  let listed = "";
  let asked: string | undefined;

  const renderChoice = () => {
    const names = new Set(feeds.operators.map(({ operator }) => operator));
    if (app.fleet) names.add(app.fleet);
    const wanted = [...names].sort();
    // Until somebody chooses, the largest.
    const largest = feeds.operators.reduce<(typeof feeds.operators)[0] | undefined>((best, one) => ((best?.aircraft ?? 0) < one.aircraft ? one : best), undefined);
    if (!app.fleet && largest) app.showFleet(largest.operator);
    if (listed !== wanted.join("\n")) {
      listed = wanted.join("\n");
      choose.replaceChildren(...wanted.map((name) => h("option", { value: name }, name)));
    }
    choose.value = app.fleet;
    choose.setAttribute("aria-label", t("fleet_operator"));
    choose.hidden = wanted.length === 0;
  };

  const renderTiles = () => {
    const count = (test: (row: FleetRow) => unknown) => shown.filter(test).length;
    const values: Record<string, number> = {
      online: count(({ staleness }) => staleness === 0),
      airborne: count(({ track, staleness }) => track && staleness < 2 && isAirborne(track)),
      hovering: count(({ track, staleness }) => track && staleness < 2 && isHovering(track)),
      stale: count(({ staleness }) => staleness === 1 || staleness === 2),
      alarmed: count(({ alarm }) => alarm),
      refused: count(({ feed }) => feed && feed.refused > 0),
    };
    for (const { name, label, number, box } of tiles) {
      write(label, t(`fleet_tile_${name}` as "fleet_tile_online"));
      write(number, String(values[name] ?? 0));
      toggle(box, "some", (values[name] ?? 0) > 0);
    }
  };

  const renderAlerts = () => {
    const own = [...app.alerts.open.values()].map(({ alert }) => alert).filter((alert) => alert.operator === app.fleet || alert.other?.operator === app.fleet);
    own.sort((a, b) => Number(Boolean(a.acknowledged)) - Number(Boolean(b.acknowledged)) || rank(a.severity) - rank(b.severity) || (a.raised_at < b.raised_at ? 1 : -1));
    write(alertsTitle, t("fleet_alerts"));
    write(alertsCount, own.length > 0 ? String(own.length) : "");
    const focused = (document.activeElement as HTMLElement | null)?.closest<HTMLElement>(".own-alerts [data-id]")?.dataset["id"];
    alertList.replaceChildren(...own.slice(0, ALERTS_MAX).map((alert) => ownAlert(app, alert)));
    if (focused) alertList.querySelector<HTMLElement>(`[data-id="${CSS.escape(focused)}"] button`)?.focus();
    if (own.length === 0) alertList.append(h("li", { class: "fine" }, icon(ICONS.check), t("fleet_no_alerts")));
  };

  /** Once for each fleet the map shows all of it. */
  const fit = () => {
    if (fitted === app.fleet) return;
    const places = shown.flatMap(({ track }) => (track ? [[mercatorX(track.lng), mercatorY(track.lat)] as const] : []));
    if (places.length === 0) return;
    fitted = app.fleet;
    const [xs, ys] = [places.map(([x]) => x), places.map(([, y]) => y)];
    app.map.show([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)], 14);
  };

  return {
    render() {
      if (asked !== app.fleet) {
        asked = app.fleet;
        feeds.follow(app.fleet);
      }
      app.nameIntruders(intruders(app.fleet, app.alerts));
      shown = app.fleet ? fleetRows(app.fleet, app.tracks, app.alerts, feeds.byId, app.now(), app.serverNow()) : [];
      write(title, t("fleet_title"));
      write(note, feeds.reachable ? t("fleet_note") : t("fleet_unreachable"));
      write(save, t("fleet_csv"));
      sideRegion.setAttribute("aria-label", t("fleet_side"));
      renderChoice();
      renderTiles();
      empty.hidden = shown.length > 0;
      write(empty, t(app.fleet ? "fleet_empty" : "fleet_nobody"));
      table.root.hidden = shown.length === 0;
      table.render(shown);
      renderAlerts();
      const chosen = app.aircraft === undefined ? undefined : feeds.byId.get(app.aircraft);
      const told = feeds.operators.find(({ operator }) => operator === app.fleet);
      const all = told && feeds.byId.size > 0 ? together(told, [...feeds.byId.values()]) : undefined;
      card.render((chosen ?? all)?.uas_id, chosen ?? all, app.serverNow());
      const names = { alerts: `${t("fleet_alerts")} ${alertsCount.textContent}`, feed: t("feed"), check: t("check") };
      for (const { name, button } of tabs) write(button, names[name].trim());
      checker.offer(app.aircraft === undefined ? newest(feeds.byId)?.last_refused : (feeds.byId.get(app.aircraft)?.last_refused ?? newest(feeds.byId)?.last_refused));
      checker.render();
      fit();
    },
    key(event) {
      if (event.key === "Escape" && app.aircraft !== undefined) {
        app.choose(undefined);
        return true;
      }
      if (event.key === "j" || event.key === "k") {
        const at = shown.findIndex(({ id }) => id === app.aircraft);
        const next = shown[at < 0 ? 0 : (at + (event.key === "j" ? 1 : -1) + shown.length) % shown.length];
        if (next) pick(next.id);
        return next !== undefined;
      }
      if (event.key === "f") app.follow = app.aircraft !== undefined && !app.follow;
      return event.key === "f";
    },
    leave() {
      feeds.stop();
    },
  };
}

function ownAlert(app: App, alert: Alert): HTMLElement {
  const at = rank(alert.severity);
  const go = () => app.locate(alert);
  // As in the list: a CRITICAL alert is acknowledged only once it is looked at.
  const ack = () => {
    if (at === 0 && app.alert?.alert_id !== alert.alert_id) app.locate(alert);
    else void app.acknowledge(alert.alert_id);
  };
  const age = span((app.serverNow() - Date.parse(alert.raised_at)) / 1000);
  const lit = !alert.acknowledged && at < 2 && blinkOn() ? " lit" : "";
  const said = `${NUMERALS[at]} ${t(alert.severity)}`;
  return h(
    "li",
    { class: `own rank${at}${lit}${app.alert?.alert_id === alert.alert_id ? " selected" : ""}`, "data-id": alert.alert_id },
    h("button", { type: "button", class: "plain-pick", onclick: go }, shape(at), h("b", {}, headline(alert, app.zones)), h("span", { class: "dim" }, `${said} · ${parties(alert)} · ${age}`)),
    alert.acknowledged
      ? h("span", { class: "dim" }, t("acknowledged"))
      : h("button", { type: "button", disabled: !app.stream.live, onclick: ack }, t("acknowledge")),
  );
}

/** Whose refused message is the newest of those that were kept. */
function newest(feeds: Map<string, Feed>): Feed | undefined {
  let found: Feed | undefined;
  for (const feed of feeds.values()) {
    if (feed.last_refused?.payload !== undefined && (found?.last_refused?.at ?? "") < feed.last_refused.at) found = feed;
  }
  return found;
}

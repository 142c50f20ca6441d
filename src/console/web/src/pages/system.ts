// How the service does: its figures and parts, its feeds, how its alarms do, and how this browser keeps up.

import type { App } from "../app";
import type { Operator } from "../fleet/store";
import { sentence } from "../headline";
import { clock, language, span, t, tMaybe } from "../i18n";
import { isService, rank } from "../protocol";
import { AlarmBook, FLOOD_PER_10_MIN } from "../system/alarms";
import { journal, type ZoneChange } from "../system/journal";
import { OperatorTable } from "../system/operators";
import { readMetrics, Samples } from "../system/samples";
import { Tile } from "../system/spark";
import { fillFigures } from "../ui/detail";
import { h, NUMERALS, shape, write } from "../ui/dom";
import type { Mounted, Places } from ".";

const ASK_MS = 3000;
/** An answer that takes longer is none: a frozen service must not leave the last one standing. */
const ANSWER_MS = 2500;
/** Heartbeats of which the evaluation's delay is told. */
const BEATS_MAX = 120;
/** How long the evaluation and an alert on its way to the page may take, milliseconds and seconds. */
const EVALUATION_MS_MAX = 1000;
const ALERT_S_MAX = 1;

interface Readiness {
  status: string;
  now: string;
  components: Record<string, { status: string; reason?: string; since: string }>;
}

/** What was seen stays while other pages are looked at. */
const samples = new Samples();
const alarms = new AlarmBook();
const beats: number[] = [];

export function system(app: App, { over, side }: Places): Mounted {
  side.replaceChildren();
  app.covers = () => [];
  let readiness: Readiness | undefined;
  let operators: Operator[] = [];
  let changes: ZoneChange[] = [];
  let reachable = true;
  let beaten: unknown;
  let drawn = "";
  let heard = 0;

  const title = h("h1");
  const status = h("span", { class: "status" });
  const note = h("span", { class: "dim" });
  const tiles = Array.from({ length: 8 }, () => new Tile());
  const table = new OperatorTable();
  const card = (body: HTMLElement[], kind = "") => {
    const heading = h("h2");
    return { heading, root: h("section", { class: `card ${kind}` }, heading, ...body) };
  };
  const parts = h("div", { class: "parts" });
  const service = h("ul", { class: "plain" });
  const performance = h("dl", { class: "figures" });
  const refusedNone = h("p");
  const heads = [h("th", { scope: "col" }), h("th", { scope: "col", class: "number" }), h("th", { scope: "col", class: "number" })];
  const rows = h("tbody");
  const refused = h("table", {}, h("thead", {}, h("tr", {}, ...heads)), rows);
  const refusedNote = h("p", { class: "dim" });
  const browser = h("dl", { class: "figures" });
  const log = h("ul", { class: "plain sys-log" });
  const cards = {
    parts: card([parts]),
    refused: card([refusedNone, refused, refusedNote]),
    service: card([service]),
    performance: card([performance]),
    browser: card([browser]),
    log: card([log]),
  };
  const page = h(
    "div",
    { class: "page", tabindex: "0", role: "region" },
    h("div", { class: "page-head" }, title, status, note),
    h(
      "div",
      { class: "sys" },
      h("div", {}, h("div", { class: "sys-tiles" }, ...tiles.map(({ root }) => root)), table.root, h("div", { class: "sys-two" }, cards.parts.root, cards.refused.root)),
      h("div", {}, cards.service.root, cards.performance.root, cards.browser.root, cards.log.root),
    ),
  );
  over.replaceChildren(page);

  const ask = async () => {
    if (!page.isConnected) {
      window.clearInterval(timer);
      return;
    }
    const init: RequestInit = { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) };
    const json = <T>(path: string) => fetch(path, init).then((answer) => answer.json() as Promise<T>);
    try {
      const [ready, metrics, fleets, audit] = await Promise.all([
        json<Readiness>("/readyz"),
        fetch("/metrics", init).then((answer) => answer.text()),
        json<{ operators: Operator[] }>("/api/v1/fleet"),
        json<{ changes?: ZoneChange[] }>("/api/v1/zones/audit?limit=50"),
      ]);
      readiness = ready;
      samples.push(Date.now(), readMetrics(metrics));
      operators = fleets.operators;
      table.take(operators);
      changes = audit.changes ?? [];
      await alarms.ask(app.stream.lastSeq, app.serverNow());
      reachable = true;
    } catch {
      reachable = false;
    }
    heard += 1;
    app.draw();
  };
  const timer = window.setInterval(() => void ask(), ASK_MS);
  void ask();

  const count = (value: number | undefined) => (value === undefined ? "–" : value.toLocaleString("en-US"));
  const told = (value: number | undefined, unit: string, digits = 0) => (value === undefined ? "–" : `${value.toFixed(digits)} ${unit}`);

  const renderTiles = (perTenMin: number[]) => {
    const sorted = [...beats].sort((a, b) => a - b);
    const latency = samples.p99("alert_latency_seconds");
    const messages = samples.rate("intake_messages_total");
    const [refusedRate, conflatedRate] = [samples.rate("observations_refused_total"), samples.rate("observations_conflated_total")];
    const cpu = samples.rate("process_cpu_seconds_total");
    const memory = samples.latest("process_resident_memory_bytes");
    const rows_: [string, string, number[], number?][] = [
      [t("sys_messages"), told(messages, t("sys_per_s")), samples.rates("intake_messages_total")],
      [t("sys_evaluation_p99"), told(sorted[Math.ceil(sorted.length * 0.99) - 1], "ms"), beats, EVALUATION_MS_MAX],
      [t("sys_alert_p99"), latency === undefined ? "–" : `≤ ${latency} s`, samples.p99s("alert_latency_seconds"), ALERT_S_MAX],
      [t("sys_alert_rate"), String(perTenMin.at(-1) ?? 0), perTenMin, FLOOD_PER_10_MIN],
      [t("sys_clients"), count(samples.latest("stream_clients")), samples.series("stream_clients")],
      [t("sys_dropped"), refusedRate === undefined ? "–" : `${(refusedRate * 60).toFixed(0)} / ${((conflatedRate ?? 0) * 60).toFixed(0)}`, samples.rates("observations_refused_total")],
      [t("sys_memory"), memory === undefined ? "–" : `${(memory / 2 ** 20).toFixed(0)} MiB`, samples.series("process_resident_memory_bytes")],
      [t("sys_cpu"), told(cpu, t("sys_cores"), 2), samples.rates("process_cpu_seconds_total")],
    ];
    rows_.forEach(([label, value, series, line], at) => tiles[at]?.render(label, value, series, line));
  };

  const renderParts = (live: boolean) => {
    write(cards.parts.heading, t("sys_components"));
    const known = Object.entries(readiness?.components ?? {});
    parts.replaceChildren(
      ...known.map(([part, condition]) =>
        h(
          "div",
          { class: `part ${live ? condition.status : "unknown"}` },
          h("b", {}, tMaybe(`sys_${part}`, part)),
          h("span", { class: "status" }, live ? tMaybe(`sys_${condition.status}`, condition.status) : t("sys_unknown")),
          h("span", { class: "dim" }, t("sys_since", { at: clock(Date.parse(condition.since)) })),
          condition.reason ? h("p", {}, condition.reason) : undefined,
        ),
      ),
    );
  };

  const renderService = () => {
    write(cards.service.heading, t("sys_service_alerts"));
    const own = [...app.alerts.open.values()].filter(({ alert }) => isService(alert));
    service.replaceChildren(
      ...own.map(({ alert }) => {
        const at = rank(alert.severity);
        const ack = alert.acknowledged
          ? h("span", { class: "dim" }, t("acknowledged"))
          : h("button", { type: "button", disabled: !app.stream.live, onclick: () => void app.acknowledge(alert.alert_id) }, t("acknowledge"));
        return h("li", { class: `service rank${at}` }, shape(at), h("b", {}, `${NUMERALS[at]} ${alert.uas_id.replace("service:", "")}`), h("span", {}, sentence(alert)), ack);
      }),
    );
    if (own.length === 0) service.append(h("li", { class: "dim" }, t("sys_service_none")));
  };

  const renderRefused = () => {
    write(cards.refused.heading, t("sys_refused"));
    [t("sys_refused_why"), t("sys_refused_total"), t("sys_refused_rate")].forEach((text, at) => write(heads[at]!, text));
    write(refusedNote, t("sys_refused_note"));
    const series = samples
      .family("observations_refused_total")
      .map(([key, total]) => ({ key, total, reason: /reason="([^"]+)"/.exec(key)?.[1] }))
      .filter(({ reason, total }) => reason !== undefined && total > 0)
      .sort((a, b) => b.total - a.total);
    refused.hidden = series.length === 0;
    refusedNote.hidden = refusedNone.hidden = series.length > 0;
    refusedNote.hidden = series.length === 0;
    write(refusedNone, t("sys_refused_none"));
    rows.replaceChildren(
      ...series.map(({ key, total, reason }) => {
        const each = samples.rate(key);
        return h(
          "tr",
          { "data-reason": reason },
          h("th", { scope: "row" }, tMaybe(`reason_${reason}`, t("reason_other")), " ", h("code", {}, reason)),
          h("td", { class: "number" }, count(total)),
          h("td", { class: "number" }, each === undefined ? "–" : (each * 60).toFixed(1)),
        );
      }),
    );
  };

  const renderAlarms = (now: number) => {
    const done = alarms.performance(now);
    write(cards.performance.heading, t("sys_performance"));
    fillFigures(performance, [
      [t("sys_raised"), String(done.raised)],
      [t("sys_average"), done.average.toFixed(1)],
      [t("sys_peak"), String(done.peak)],
      [t("sys_flooded"), `${(done.flooded * 100).toFixed(0)} %`],
      [t("sys_to_ack"), done.medianToAck === undefined ? "–" : span(done.medianToAck)],
      [t("sys_split"), done.split.join(" / ")],
    ]);
    return done.perTenMin;
  };

  const renderLog = () => {
    write(cards.log.heading, t("sys_log"));
    const lines = journal(alarms.known.values(), changes, app.zones);
    log.replaceChildren(...lines.map(({ at, text, rank: of }) => h("li", { class: of < 9 ? `rank${of}` : "" }, h("span", { class: "dim" }, clock(at)), h("span", { title: text }, text))));
    if (lines.length === 0) log.append(h("li", { class: "dim" }, t("sys_log_none")));
  };

  const renderBrowser = () => {
    write(cards.browser.heading, t("sys_browser"));
    const { stream, map } = app;
    const beat = stream.heartbeat;
    fillFigures(browser, [
      [t("sys_connection"), t(stream.liveness())],
      [t("sys_instance"), stream.instance || "–"],
      [t("sys_seq"), count(stream.lastSeq)],
      [t("sys_durable"), count(beat?.durable_seq)],
      [t("sys_zones_version"), (beat?.zones_version ?? app.zones.version).slice(0, 12) || "–"],
      [t("sys_round_trip"), told(stream.roundTripMs, "ms")],
      [t("sys_lag"), told(beat?.lag_ms, "ms")],
      [t("sys_input_age"), beat?.input_age_ms === undefined ? "–" : span(beat.input_age_ms / 1000)],
      [t("sys_reconnects"), String(Math.max(0, stream.reconnects))],
      [t("sys_received"), `${count(stream.frames)} / ${(stream.bytes / 1e6).toFixed(1)} MB`],
      [t("sys_parse"), told(stream.parseMs, "ms", 1)],
      [t("sys_paint"), `${map.painter.costMs.toFixed(1)} ms, Canvas 2D`],
    ]);
  };

  return {
    render() {
      const { live, heartbeat } = app.stream;
      if (heartbeat && heartbeat !== beaten) {
        beaten = heartbeat;
        beats.push(heartbeat.lag_ms);
        if (BEATS_MAX < beats.length) beats.shift();
      }
      const state = !live ? "unknown" : reachable ? (readiness?.status ?? "") : "failed";
      status.className = `status ${state}`;
      write(status, live && !reachable ? t("sys_unreachable") : tMaybe(`sys_${state}`, "–"));
      renderBrowser();
      renderService();
      // The rest changes only when the service was asked.
      const now = JSON.stringify([heard, live, language(), page.clientWidth]);
      if (now === drawn) return;
      drawn = now;
      write(title, t("sys_title"));
      write(note, t("sys_span"));
      page.setAttribute("aria-label", t("sys_title"));
      renderTiles(renderAlarms(app.serverNow()));
      table.render(operators, app.serverNow());
      renderParts(live && reachable);
      renderRefused();
      renderLog();
    },
  };
}

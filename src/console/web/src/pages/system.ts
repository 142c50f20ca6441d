// How the service does: its parts, its own alerts, what it takes in and refuses, and how this browser keeps up.

import type { App } from "../app";
import { sentence } from "../headline";
import { clock, span, t, tMaybe } from "../i18n";
import { isService, rank } from "../protocol";
import { fillFigures } from "../ui/detail";
import { h, NUMERALS, shape, write } from "../ui/dom";
import type { Mounted, Places } from ".";

const ASK_MS = 3000;
/** Refusals a minute are told over this span, milliseconds. */
const RATE_MS = 60_000;

interface Readiness {
  status: string;
  now: string;
  components: Record<string, { status: string; reason?: string; since: string }>;
}

interface Sample {
  at: number;
  values: Map<string, number>;
}

/** One sample of each series of a Prometheus text. */
export function readMetrics(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (!line || line.startsWith("#")) continue;
    const end = line.lastIndexOf("}");
    const [name, rest] = end < 0 ? line.split(" ") : [line.slice(0, end + 1), line.slice(end + 2)];
    const value = Number.parseFloat((rest ?? "").split(" ")[0] ?? "");
    if (name && Number.isFinite(value)) values.set(name, value);
  }
  return values;
}

export function system(app: App, { over, side }: Places): Mounted {
  side.replaceChildren();
  app.covers = () => [];
  let readiness: Readiness | undefined;
  let reachable = true;
  const samples: Sample[] = [];

  const title = h("h1");
  const status = h("span", { class: "status" });
  const parts = h("div", { class: "parts" });
  const partsTitle = h("h2");
  const serviceTitle = h("h2");
  const service = h("ul", { class: "plain" });
  const flowTitle = h("h2");
  const flow = h("dl", { class: "figures big" });
  const refusedTitle = h("h2");
  const refusedNone = h("p");
  const heads = [h("th", { scope: "col" }), h("th", { scope: "col", class: "number" }), h("th", { scope: "col", class: "number" })];
  const rows = h("tbody");
  const refused = h("table", {}, h("thead", {}, h("tr", {}, ...heads)), rows);
  const refusedNote = h("p", { class: "dim" });
  const browserTitle = h("h2");
  const browser = h("dl", { class: "figures" });
  const page = h(
    "div",
    { class: "page", tabindex: "0", role: "region" },
    h("div", { class: "page-head" }, title, status),
    h(
      "div",
      { class: "columns" },
      h("section", { class: "card" }, partsTitle, parts),
      h("section", { class: "card" }, serviceTitle, service),
      h("section", { class: "card" }, flowTitle, flow),
      h("section", { class: "card" }, refusedTitle, refusedNone, refused, refusedNote),
      h("section", { class: "card" }, browserTitle, browser),
    ),
  );
  over.replaceChildren(page);

  const ask = async () => {
    if (!page.isConnected) {
      window.clearInterval(timer);
      return;
    }
    try {
      const ready = fetch("/readyz", { cache: "no-store" }).then((answer) => answer.json() as Promise<Readiness>);
      const metrics = fetch("/metrics", { cache: "no-store" }).then((answer) => answer.text());
      readiness = await ready;
      samples.push({ at: Date.now(), values: readMetrics(await metrics) });
      while (samples.length > 2 && RATE_MS < Date.now() - samples[0]!.at) samples.shift();
      reachable = true;
    } catch {
      reachable = false;
    }
    app.draw();
  };
  const timer = window.setInterval(() => void ask(), ASK_MS);
  void ask();

  const latest = (name: string) => samples.at(-1)?.values.get(`lowsky_${name}`);
  const sum = (sample: Sample | undefined, name: string) => {
    let total: number | undefined;
    for (const [key, value] of sample?.values ?? []) if (key === name || key.startsWith(`${name}{`)) total = (total ?? 0) + value;
    return total;
  };
  const rate = (name: string) => {
    const [first, last] = [samples[0], samples.at(-1)];
    const [before, after] = [sum(first, name), sum(last, name)];
    const seconds = first && last ? (last.at - first.at) / 1000 : 0;
    return before === undefined || after === undefined || seconds <= 0 ? undefined : (after - before) / seconds;
  };
  const count = (value: number | undefined) => (value === undefined ? "–" : value.toLocaleString("en-US"));
  const perSecond = (name: string) => {
    const value = rate(name);
    return value === undefined ? "" : ` (${value.toFixed(value < 10 ? 1 : 0)}${t("sys_per_s")})`;
  };

  const renderParts = () => {
    write(partsTitle, t("sys_components"));
    const known = Object.entries(readiness?.components ?? {});
    parts.replaceChildren(
      ...known.map(([part, condition]) =>
        h(
          "div",
          { class: `part ${condition.status}` },
          h("b", {}, tMaybe(`sys_${part}`, part)),
          h("span", { class: "status" }, tMaybe(`sys_${condition.status}`, condition.status)),
          h("span", { class: "dim" }, t("sys_since", { at: clock(Date.parse(condition.since)) })),
          condition.reason ? h("p", {}, condition.reason) : undefined,
        ),
      ),
    );
  };

  const renderService = () => {
    write(serviceTitle, t("sys_service_alerts"));
    const own = [...app.alerts.open.values()].filter(({ alert }) => isService(alert));
    service.replaceChildren(
      ...own.map(({ alert }) => {
        const at = rank(alert.severity);
        const ack = alert.acknowledged
          ? h("span", { class: "dim" }, t("acknowledged"))
          : h("button", { type: "button", onclick: () => void app.acknowledge(alert.alert_id) }, t("acknowledge"));
        return h("li", { class: `service rank${at}` }, shape(at), h("b", {}, `${NUMERALS[at]} ${alert.uas_id.replace("service:", "")}`), h("span", {}, sentence(alert)), ack);
      }),
    );
    if (own.length === 0) service.append(h("li", { class: "dim" }, t("sys_service_none")));
  };

  const renderRefused = () => {
    write(refusedTitle, t("sys_refused"));
    write(heads[0]!, t("sys_refused_why"));
    write(heads[1]!, t("sys_refused_total"));
    write(heads[2]!, t("sys_refused_rate"));
    write(refusedNote, t("sys_refused_note"));
    const series = [...(samples.at(-1)?.values ?? [])]
      .map(([key, total]) => ({ key, total, reason: /^lowsky_observations_refused_total\{.*reason="([^"]+)"/.exec(key)?.[1] }))
      .filter(({ reason, total }) => reason !== undefined && total > 0)
      .sort((a, b) => b.total - a.total);
    refused.hidden = series.length === 0;
    refusedNone.hidden = series.length > 0;
    write(refusedNone, t("sys_refused_none"));
    rows.replaceChildren(
      ...series.map(({ key, total, reason }) => {
        const each = rate(key);
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

  return {
    render() {
      write(title, t("sys_title"));
      page.setAttribute("aria-label", t("sys_title"));
      const state = reachable ? (readiness?.status ?? "") : "failed";
      status.className = `status ${state}`;
      write(status, reachable ? tMaybe(`sys_${state}`, "–") : t("sys_unreachable"));
      renderParts();
      renderService();
      write(flowTitle, t("sys_flow"));
      fillFigures(flow, [
        [t("sys_messages"), count(latest("intake_messages_total")) + perSecond("lowsky_intake_messages_total")],
        [t("sys_evaluated"), count(latest("observations_evaluated_total")) + perSecond("lowsky_observations_evaluated_total")],
        [t("sys_conflated"), count(sum(samples.at(-1), "lowsky_observations_conflated_total"))],
        [t("sys_refused_sum"), count(sum(samples.at(-1), "lowsky_observations_refused_total"))],
        [t("sys_in_flight"), count(latest("observations_in_flight"))],
        [t("aircraft"), count(latest("aircraft"))],
        [t("sys_open"), count(latest("alerts_open"))],
        [t("sys_clients"), count(latest("stream_clients"))],
        [t("sys_gaps"), count(latest("stream_gaps_total"))],
      ]);
      renderRefused();
      write(browserTitle, t("sys_browser"));
      const { stream, map } = app;
      const beat = stream.heartbeat;
      fillFigures(browser, [
        [t("sys_connection"), t(stream.liveness())],
        [t("sys_instance"), stream.instance || "–"],
        [t("sys_seq"), count(stream.lastSeq)],
        [t("sys_durable"), count(beat?.durable_seq)],
        [t("sys_zones_version"), (beat?.zones_version ?? app.zones.version).slice(0, 12) || "–"],
        [t("sys_round_trip"), stream.roundTripMs === undefined ? "–" : `${Math.round(stream.roundTripMs)} ms`],
        [t("sys_lag"), beat ? `${beat.lag_ms} ms` : "–"],
        [t("sys_input_age"), beat?.input_age_ms === undefined ? "–" : span(beat.input_age_ms / 1000)],
        [t("sys_reconnects"), String(Math.max(0, stream.reconnects))],
        [t("sys_received"), `${count(stream.frames)} / ${(stream.bytes / 1e6).toFixed(1)} MB`],
        [t("sys_parse"), `${stream.parseMs.toFixed(1)} ms`],
        [t("sys_paint"), `${map.painter.costMs.toFixed(1)} ms`],
        [t("sys_renderer"), "Canvas 2D"],
      ]);
    },
  };
}

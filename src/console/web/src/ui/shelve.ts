// Putting an alert aside for a while: with an owner, a reason and an end, and never one that is critical.

import type { App } from "../app";
import { t } from "../i18n";
import type { Alert } from "../protocol";
import { signedBy } from "./author";
import { h } from "./dom";

/** What may be chosen, minutes; alerts about the service itself for an hour at most. */
const MINUTES = [15, 30, 60, 120, 240, 480];
const SERVICE_MINUTES_MAX = 60;

function send(alert: Alert, method: string, body?: string): Promise<Response> {
  const headers = { "content-type": "application/json", ...signedBy() };
  const wanted: RequestInit = { method, headers, signal: AbortSignal.timeout(5000) };
  if (body !== undefined) wanted.body = body;
  return fetch(`/api/v1/alerts/${encodeURIComponent(alert.alert_id)}/shelve`, wanted);
}

/** What the service has against it; nothing if it was done. */
async function problem(answer: Promise<Response>): Promise<string | undefined> {
  try {
    const got = await answer;
    if (got.ok) return undefined;
    return ((await got.json()) as { detail?: string }).detail ?? String(got.status);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Asks for how long and why. */
export async function shelve(app: App, alert: Alert): Promise<void> {
  if (!app.stream.live) return app.notify("ack", "warn", t("acknowledge_frozen"));
  if (alert.severity === "CRITICAL" || alert.state !== "OPEN") return app.notify("ack", "warn", t("shelve_never"));
  const { ask } = await import("../editor/sign");
  const most = alert.code === "SERVICE_DEGRADED" ? SERVICE_MINUTES_MAX : Infinity;
  const choices = MINUTES.filter((minutes) => minutes <= most).map((minutes) => h("option", { value: String(minutes) }, t("shelve_minutes", { n: minutes })));
  const minutes = h("select", { id: "shelve-minutes" }, ...choices);
  await ask({
    id: "shelve",
    title: t("shelve_title"),
    body: [h("p", { class: "dim" }, t("shelve_what")), h("label", { class: "zone-field wide" }, h("span", {}, t("shelve_how_long")), minutes)],
    confirm: t("shelve"),
    run: ({ reason }) => problem(send(alert, "POST", JSON.stringify({ minutes: Number(minutes.value), reason }))),
  });
  app.draw(true);
}

export async function unshelve(app: App, alert: Alert): Promise<void> {
  const why = await problem(send(alert, "DELETE"));
  if (why !== undefined) app.notify("ack", "error", t("acknowledge_failed", { why }));
}

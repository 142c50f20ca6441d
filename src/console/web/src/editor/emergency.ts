// The quick form for what cannot wait: a circle around a place, in force at once, for some hours.

import { t } from "../i18n";
import { h } from "../ui/dom";
import * as api from "./api";
import { circle } from "./geometry";
import type { LngLat } from "./model";
import { ask } from "./sign";
import { fromLocal, toLocal } from "./times";

const RADIUS_M = 500;
const HOURS = 2;

export interface Place {
  /** The middle of the map. */
  centre(): LngLat;
  /** Shows the circle on the map while the form is open; nothing takes it away. */
  preview(ring: LngLat[] | undefined): void;
  done(id: string, words: string): void;
}

export async function emergencyZone({ centre, preview, done }: Place): Promise<void> {
  const number = (id: string, value: string, step = "any") => h("input", { type: "number", id, value, step });
  const kind = h("select", { id: "emergency-kind" }, h("option", { value: "RESCUE" }, t("zone_kind_RESCUE")), h("option", { value: "EVENT" }, t("zone_kind_EVENT")));
  const name = h("input", { id: "emergency-name", maxlength: 100, autocomplete: "off" });
  const lat = number("emergency-lat", "", "0.001");
  const lng = number("emergency-lng", "", "0.001");
  const radius = number("emergency-radius", String(RADIUS_M), "100");
  const upper = number("emergency-upper", "", "10");
  const until = h("input", { type: "text", id: "emergency-until", placeholder: "2026-11-22 14:02", autocomplete: "off" });
  until.value = toLocal(new Date(Date.now() + HOURS * 3_600_000).toISOString());
  const labelled = (words: string, input: HTMLElement, wide = false) => h("label", { class: `zone-field${wide ? " wide" : ""}` }, h("span", {}, words), input);
  const draw = () => preview(circle([Number(lng.value), Number(lat.value)], Number(radius.value)));
  for (const input of [lat, lng, radius]) input.addEventListener("input", draw);
  const takeMiddle = () => {
    [lng.value, lat.value] = centre().map((degrees) => degrees.toFixed(6)) as [string, string];
    draw();
  };
  takeMiddle();
  await ask({
    id: "zone-emergency",
    title: t("zone_emergency"),
    body: [
      h("p", { class: "zone-verdict warned" }, t("zone_emergency_note")),
      h("div", { class: "zone-fields" },
        labelled(t("zone_kind"), kind), labelled(t("zone_emergency_name"), name), labelled(t("zone_lat"), lat), labelled(t("zone_lng"), lng),
        h("button", { type: "button", id: "emergency-middle", class: "wide", onclick: takeMiddle }, t("zone_emergency_middle")),
        labelled(t("zone_radius"), radius), labelled(t("zone_emergency_upper"), upper), labelled(t("zone_field_until"), until, true)),
    ],
    confirm: t("zone_emergency_now"),
    danger: true,
    beside: true,
    run: async (by) => {
      const [at, metres, end] = [[Number(lng.value), Number(lat.value)], Number(radius.value), fromLocal(until.value)];
      if (!(metres > 0) || !end || Date.parse(end) <= Date.now()) return t("zone_emergency_fault");
      const body = {
        kind: kind.value, lng: at[0], lat: at[1], radius_m: metres, until: end,
        ...(name.value.trim() ? { name: name.value.trim() } : {}),
        ...(upper.value ? { upper_m: Number(upper.value) } : {}),
      };
      const answer = await api.emergency(by, body);
      if (!answer.ok || !answer.body) return t("zone_refused", { why: answer.problem.detail ?? answer.problem.title ?? String(answer.status) });
      const id = answer.body.properties?.identifier ?? "";
      done(id, t("zone_emergency_done", { id }));
      return undefined;
    },
  });
  preview(undefined);
}

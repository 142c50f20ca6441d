// An alert in few words; the service's own sentence stands in the details.

import { language, t, tMaybe } from "./i18n";
import type { Alert } from "./protocol";
import { type Zones, brief, zoneName } from "./store/zones";

function round(value: number | undefined, digits = 0): string {
  return value === undefined ? "–" : value.toFixed(digits);
}

/** The name of an alert's zone in the language of the page. */
export function zoneOf(alert: Alert, zones: Zones): string {
  if (!alert.zone) return "–";
  const zone = zones.byId(alert.zone.id);
  return zone ? zoneName(zone, language()) : alert.zone.name;
}

export function headline(alert: Alert, zones: Zones): string {
  const { measured: m, limit: l } = alert;
  switch (alert.code) {
    case "ZONE_INCURSION":
      return alert.phase === "PREDICTED"
        ? t("head_zone_predicted", { s: round(m["t_in_s"]), zone: brief(zoneOf(alert, zones)) })
        : t("head_zone_actual", { zone: brief(zoneOf(alert, zones)) });
    case "SEPARATION": {
      const vertical = m["vertical_m"];
      const v = vertical === undefined ? t("vertical_unknown") : `${Math.abs(Math.round(vertical))} ${t("unit_m")}`;
      return alert.phase === "PREDICTED"
        ? t("head_pair_predicted", { d: round(m["horizontal_m"]), s: round(m["tcpa_s"]), c: round(m["dcpa_m"]) })
        : t("head_pair_actual", { d: round(m["horizontal_m"]), v });
    }
    case "HEIGHT_LIMIT":
      return t("head_height", { h: round(m["height_agl_m"]), l: round(l["height_agl_m"]) });
    case "SPEED_LIMIT":
      return t("head_speed", { v: round(m["ground_speed_mps"], 1), l: round(l["ground_speed_mps"], 1) });
    case "LOST_LINK":
      return t("head_lost", { s: round(m["silent_s"]) });
    case "C2_LOST":
      return t("head_c2");
    case "EMERGENCY":
      return t("head_emergency");
    case "LOW_BATTERY":
      return t("head_battery", { p: round(m["battery_pct"]) });
    case "POSITION_INTEGRITY":
      return m["jump_m"] === undefined ? t("head_speeds") : t("head_jump", { d: round(m["jump_m"]) });
    case "TIME_SKEW": {
      const skew = m["skew_s"] ?? 0;
      return t(skew < 0 ? "head_ahead" : "head_skew", { s: round(Math.abs(skew), 1) });
    }
    case "UNREGISTERED":
      return t("head_unregistered");
    case "UNCOOPERATIVE_TARGET":
      return t("head_uncooperative");
    case "GEOCAGE_EXIT":
      return t("head_geocage");
    case "CONFORMANCE":
      return t("head_conformance");
    case "CRS_SUSPECT":
      return t("head_crs");
    case "SERVICE_DEGRADED":
      return alert.explanation[language() === "zh" ? "zh-CN" : "en"] || t("head_service");
    default:
      return tMaybe(`tag_${alert.code}`, alert.code);
  }
}

/** The service's sentence in the language of the page. */
export function sentence(alert: Alert): string {
  return alert.explanation[language() === "zh" ? "zh-CN" : "en"];
}

/** Who takes part. */
export function parties(alert: Alert): string {
  if (alert.uas_id.startsWith("service:")) return alert.uas_id.slice("service:".length);
  return alert.other ? `${alert.uas_id} ⇄ ${alert.other.uas_id}` : alert.uas_id;
}

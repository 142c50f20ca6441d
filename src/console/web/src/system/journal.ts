// What happened to the service, newest first: its own troubles, who took note of what, and who changed the zones.

import { headline, sentence } from "../headline";
import { t } from "../i18n";
import { type Alert, isService, rank } from "../protocol";
import type { Zones } from "../store/zones";

/** Most lines. */
const LINES_MAX = 40;

export interface ZoneChange {
  at: string;
  author: string;
  reason: string;
  id: string;
  set_version?: string;
}

export interface Line {
  at: number;
  text: string;
  rank: number;
}

export function journal(alerts: Iterable<Alert>, changes: ZoneChange[], zones: Zones): Line[] {
  const lines: Line[] = [];
  for (const alert of alerts) {
    if (isService(alert)) {
      const what = alert.uas_id.replace("service:", "");
      // The sentence of one that is over says only that.
      lines.push({ at: Date.parse(alert.raised_at), text: alert.cleared_at ? t("sys_log_began", { what }) : sentence(alert), rank: rank(alert.severity) });
      if (alert.cleared_at) lines.push({ at: Date.parse(alert.cleared_at), text: t("sys_log_over", { what }), rank: 9 });
    }
    const { acknowledged } = alert;
    if (acknowledged) lines.push({ at: Date.parse(acknowledged.at), text: t("sys_log_ack", { by: acknowledged.by, what: headline(alert, zones) }), rank: 9 });
  }
  // What was changed at once is one line.
  const sets = new Map<string, ZoneChange[]>();
  for (const one of changes) {
    const set = one.set_version ?? one.at;
    sets.set(set, [...(sets.get(set) ?? []), one]);
  }
  for (const all of sets.values()) {
    const [one] = all;
    if (!one) continue;
    const what = all.length === 1 ? one.id : t("sys_log_many", { n: all.length });
    lines.push({ at: Date.parse(one.at), text: t("sys_log_zones", { by: one.author, what, why: one.reason }), rank: 9 });
  }
  return lines.sort((a, b) => b.at - a.at).slice(0, LINES_MAX);
}

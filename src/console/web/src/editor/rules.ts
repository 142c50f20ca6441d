// What is wrong with a change, and where: rules that need no service, and what the service says.

import { language, t } from "../i18n";
import type { Told } from "./api";
import { areaM2, crossings } from "./geometry";
import { type LngLat, type Period, type Zone, formOf, parts, pointsOf } from "./model";
import type { Change } from "./work";

/** The fields of the form; `points` are the rows of its table. */
export type FieldName = "id" | "name" | "type" | "reason" | "lower" | "upper" | "from" | "until" | "week" | "points" | "size" | "text" | "other";

export interface Fault {
  zone: string;
  field: FieldName;
  text: string;
  error: boolean;
  part?: number;
  /** Rows of the table, from 0. */
  rows: number[];
  /** Edges, by the row that each begins at. */
  edges: number[];
  at?: LngLat;
}

/** What can be said at once, while somebody draws. */
export function cheap(zone: Zone): Fault[] {
  const id = zone.properties.identifier;
  const found: Fault[] = [];
  const say = (field: FieldName, text: string, more: Partial<Fault> = {}) => found.push({ zone: id, field, text, error: true, rows: [], edges: [], ...more });
  if (!zone.properties.name?.some(({ text }) => text.trim())) say("name", t("zone_name_missing"));
  parts(zone).forEach((part, index) => {
    const points = pointsOf(part);
    const form = formOf(part);
    if (form === "polygon") {
      for (const { at, edges } of crossings(points)) {
        const [a, b] = edges.map((edge) => edge + 1) as [number, number];
        say("points", t("zone_crosses", { a, b }), { part: index, rows: edges, edges, at });
      }
      if (points.length < 3) say("points", t("zone_too_few", { n: 3 }), { part: index });
      else if (areaM2(part) < 1) say("points", t("zone_no_area"), { part: index });
    }
    if (form === "corridor" && points.length < 2) say("points", t("zone_too_few", { n: 2 }), { part: index });
    const size = form === "circle" ? part.extent?.radius : form === "corridor" ? part.extent?.halfWidth : 1;
    if (!(0 < (size ?? 0))) say("size", t("zone_no_size"), { part: index });
    const { lower, upper, lowerReference, upperReference } = part.layer ?? {};
    const comparable = (lowerReference ?? "AGL") === (upperReference ?? "AGL");
    if (upper !== undefined && comparable && upper <= (lower ?? 0)) say("upper", t("zone_upper_low", { upper, lower: lower ?? 0 }), { part: index });
  });
  for (const { startDateTime: from, endDateTime: until } of zone.properties.limitedApplicability ?? ([] as Period[])) {
    if (from && until && Date.parse(until) <= Date.parse(from)) say("until", t("zone_until_early"));
  }
  return found;
}

const FIELDS: [RegExp, FieldName][] = [
  [/coordinates/, "points"],
  [/radius|halfWidth|extent/i, "size"],
  [/layer\.upper|upper/i, "upper"],
  [/layer|lower|uom/i, "lower"],
  [/schedule|daily/i, "week"],
  [/startDateTime/, "from"],
  [/endDateTime|limitedApplicability/, "until"],
  [/geometry/, "points"],
  [/identifier/, "id"],
  [/properties\.name|\.name/, "name"],
  [/properties\.type|restriction$/, "type"],
  [/reason/i, "reason"],
  [/message|zoneAuthority|Conditions|Exemption/, "text"],
];

/** What the service said, where the form and the map show it. */
export function fromService(told: Told[], changes: Change[]): Fault[] {
  return told.map((one): Fault => {
    const number = /^\$\.(?:changes|features)\[(\d+)\]/.exec(one.path)?.[1];
    const zone = (changes[one.change ?? Number(number ?? 0)] ?? changes[0])?.id ?? "";
    const field = FIELDS.find(([pattern]) => pattern.test(one.path))?.[1] ?? "other";
    const row = /coordinates(?:\[\d+\])?\[(\d+)\](?:\[[01]\])?$/.exec(one.path)?.[1];
    const part = /geometries\[(\d+)\]/.exec(one.path)?.[1];
    return {
      zone,
      field,
      text: language() === "zh" ? one.message_zh || one.message : one.message,
      error: one.severity === "ERROR",
      rows: row === undefined || field !== "points" ? [] : [Number(row)],
      edges: [],
      ...(part === undefined ? {} : { part: Number(part) }),
      ...(one.at ? { at: one.at } : {}),
    };
  });
}

/** Both together; what the service says of a place that is marked already is not said twice. */
export function joined(own: Fault[], service: Fault[]): Fault[] {
  const known = new Set(own.map(({ zone, field }) => `${zone} ${field}`));
  return [...own, ...service.filter((fault) => !fault.error || !known.has(`${fault.zone} ${fault.field}`))];
}

// What changed, in words.

import { language, t, tMaybe } from "../i18n";
import type { Field } from "./api";
import type { Zone } from "./model";
import { readable } from "./times";

const NAMES: [RegExp, string][] = [
  [/coordinates|extent|geometry$|geometries$|^geometry\.type/, "zone_outline"],
  [/upperReference/, "zone_field_upper_from"],
  [/lowerReference/, "zone_field_lower_from"],
  [/upper/, "zone_field_upper"],
  [/lower/, "zone_field_lower"],
  [/uom/, "zone_field_unit"],
  [/startDateTime/, "zone_field_from"],
  [/endDateTime/, "zone_field_until"],
  [/schedule|limitedApplicability/, "zone_times"],
  [/identifier/, "zone_identifier"],
  [/name/, "zone_name"],
  [/reason/, "zone_field_reason"],
  [/restrictionConditions/, "zone_field_conditions"],
  [/regulationExemption/, "zone_field_exemption"],
  [/message/, "zone_message"],
  [/zoneAuthority/, "zone_field_authority"],
  [/type/, "zone_field_type"],
];

export function fieldName(path: string): string {
  const found = NAMES.find(([pattern]) => pattern.test(path));
  // What a label explains in brackets is not part of the name.
  return found ? tMaybe(found[1], path).replace(/\s*[（(].*[）)]/, "") : path;
}

function value(one: unknown, path: string): string {
  if (one === undefined || one === null) return t("zone_nothing");
  if (typeof one === "number") return String(one);
  if (typeof one === "string") {
    if (/DateTime/.test(path)) return readable(one);
    return tMaybe(`zone_${one}`, tMaybe(`zone_ref_${one}`, tMaybe(`zone_why_${one}`, tMaybe(`zone_day_${one}`, one))));
  }
  if (Array.isArray(one)) {
    const texts = one.map((item) => (typeof item === "object" && item && "text" in item ? String((item as { text: unknown }).text) : typeof item === "object" ? "…" : value(item, path)));
    return texts.join("、") || t("zone_nothing");
  }
  const text = (one as { text?: unknown }).text;
  return typeof text === "string" ? text : "…";
}

export function areaText(m2: number): string {
  return m2 < 1e5 ? `${Math.round(m2).toLocaleString("en-US")} m²` : `${(m2 / 1e6).toFixed(3)} km²`;
}

/** The changes of fields, one line for each; a moved outline is one line. */
export function fieldWords(fields: Field[], area?: { was: number; now: number }): string[] {
  const lines: string[] = [];
  let outline = false;
  for (const { path, was, now } of fields) {
    const name = fieldName(path);
    if (name === t("zone_outline")) {
      outline = true;
      continue;
    }
    const unit = typeof was === "number" || typeof now === "number" ? " m" : "";
    lines.push(`${name} ${value(was, path)} → ${value(now, path)}${/upper|lower/.test(path) ? unit : ""}`);
  }
  if (area && Math.round(area.was) !== Math.round(area.now)) lines.unshift(`${t("zone_area")} ${areaText(area.was)} → ${areaText(area.now)}`);
  else if (outline) lines.unshift(t("zone_outline_moved"));
  return lines;
}

/** The members that differ, as the service tells them. */
export function fieldsBetween(was: Zone | undefined, now: Zone | undefined): Field[] {
  const found: Field[] = [];
  const walk = (path: string, a: unknown, b: unknown) => {
    if (JSON.stringify(a) === JSON.stringify(b)) return;
    const open = (one: unknown): one is Record<string, unknown> => typeof one === "object" && one !== null && !Array.isArray(one);
    if (open(a) && open(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) walk(path ? `${path}.${key}` : key, a[key], b[key]);
    } else {
      found.push({ path, was: a, now: b });
    }
  };
  walk("properties", was?.properties, now?.properties);
  walk("geometry", was?.geometry, now?.geometry);
  return found;
}

/** A list's separator in the language. */
export function together(texts: string[]): string {
  return texts.join(language() === "zh" ? "；" : "; ");
}

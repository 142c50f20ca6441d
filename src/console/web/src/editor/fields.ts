// The fields of a zone: what they are called, what is read from the zone and what is written into it.

import { t, tMaybe } from "../i18n";
import { DAYS, type Period, type Properties, REASONS, REFERENCES, RESTRICTIONS, type Layer, type Zone, parts, textIn, withText } from "./model";
import type { FieldName } from "./rules";
import { fromLocal, offsetAt, timeOfDay, toLocal } from "./times";

export interface Field {
  name: FieldName;
  key: string;
  label: () => string;
  kind: "text" | "number" | "select" | "moment" | "clock" | "toggles";
  wide?: boolean;
  more?: boolean;
  options?: () => [string, string][];
  read(zone: Zone, part: number): string;
  write(zone: Zone, part: number, value: string): void;
}

const layer = (zone: Zone, part: number): Layer => parts(zone)[part]?.layer ?? {};

function setLayer(zone: Zone, part: number, change: Partial<Record<keyof Layer, string | number | undefined>>): void {
  const own = parts(zone)[part];
  if (!own) return;
  const next: Record<string, unknown> = { ...own.layer, ...change };
  for (const name of Object.keys(next)) if (next[name] === undefined || next[name] === "") delete next[name];
  own.layer = next as Layer;
}

const numeral = (value: string) => (value.trim() === "" || !Number.isFinite(Number(value)) ? undefined : Number(value));
const period = (zone: Zone): Period => zone.properties.limitedApplicability?.[0] ?? {};

/** Changes the first period; one that says nothing any more is left out. */
function setPeriod(zone: Zone, change: (period: Period) => void): void {
  const [first, ...rest] = zone.properties.limitedApplicability ?? [];
  const next = { ...first };
  change(next);
  const all = Object.keys(next).length > 0 ? [next, ...rest] : rest;
  if (all.length > 0) zone.properties.limitedApplicability = all;
  else delete zone.properties.limitedApplicability;
}

function setMoment(name: "startDateTime" | "endDateTime") {
  return (zone: Zone, _part: number, value: string) =>
    setPeriod(zone, (one) => {
      const at = fromLocal(value);
      if (at) one[name] = at;
      else delete one[name];
    });
}

function setDaily(zone: Zone, change: (daily: { day: string[]; startTime?: string; endTime?: string }) => void): void {
  setPeriod(zone, (one) => {
    const daily = { day: ["ANY"], ...one.schedule?.[0] };
    change(daily);
    const says = daily.startTime !== undefined || daily.endTime !== undefined || daily.day[0] !== "ANY";
    if (says) one.schedule = [daily, ...(one.schedule ?? []).slice(1)];
    else delete one.schedule;
  });
}

function setClock(name: "startTime" | "endTime") {
  return (zone: Zone, _part: number, value: string) =>
    setDaily(zone, (daily) => {
      if (value) daily[name] = `${timeOfDay(value) ?? value}:00${offsetAt(Date.now())}`;
      else delete daily[name];
    });
}

function setOptional(zone: Zone, name: "restrictionConditions" | "regulationExemption", value: string): void {
  if (value) zone.properties[name] = value;
  else delete zone.properties[name];
}

const named = (prefix: string, words: string[]) => () => words.map((word): [string, string] => [word, tMaybe(`${prefix}${word}`, word)]);
const texts = (which: "name" | "message", lang: "zh" | "en") => ({
  read: (zone: Zone) => textIn(zone.properties[which], lang),
  write: (zone: Zone, _part: number, value: string) => {
    zone.properties[which] = withText(zone.properties[which], lang, value);
    if (which === "message" && zone.properties.message?.length === 0) delete (zone.properties as Partial<Properties>).message;
  },
});
/** Who a zone is not for, as names in a row. */
const exempt = (which: "operators" | "uas_ids") => ({
  read: (zone: Zone) => (exemptOf(zone)[which] ?? []).join(", "),
  write: (zone: Zone, _part: number, value: string) => {
    const names = value.split(/[,，;；\s]+/).filter(Boolean);
    const { [which]: _was, ...others } = exemptOf(zone);
    const next = names.length > 0 ? { ...others, [which]: names } : others;
    const { exempt: _before, ...rest } = (zone.properties.extendedProperties ?? {}) as Record<string, unknown>;
    const extended = Object.keys(next).length > 0 ? { ...rest, exempt: next } : rest;
    if (Object.keys(extended).length > 0) zone.properties.extendedProperties = extended;
    else delete zone.properties.extendedProperties;
  },
});
const exemptOf = (zone: Zone) => ((zone.properties.extendedProperties as { exempt?: Record<string, string[]> } | undefined)?.exempt ?? {}) as Record<string, string[]>;
const authority = (zone: Zone) => zone.properties.zoneAuthority?.[0];

export const FIELDS: Field[] = [
  { name: "name", key: "name_zh", label: () => t("zone_field_name_zh"), kind: "text", wide: true, ...texts("name", "zh") },
  { name: "name", key: "name_en", label: () => t("zone_field_name_en"), kind: "text", wide: true, ...texts("name", "en") },
  {
    name: "type", key: "type", label: () => t("zone_field_type"), kind: "select", wide: true, options: named("zone_", RESTRICTIONS),
    read: (zone) => zone.properties.type, write: (zone, _part, value) => (zone.properties.type = value),
  },
  {
    name: "lower", key: "lower", label: () => t("zone_field_lower"), kind: "number",
    read: (zone, part) => String(layer(zone, part).lower ?? ""), write: (zone, part, value) => setLayer(zone, part, { lower: numeral(value), lowerReference: layer(zone, part).lowerReference ?? "AGL" }),
  },
  {
    name: "lower", key: "lower_from", label: () => t("zone_field_lower_from"), kind: "select", options: named("zone_ref_", REFERENCES),
    read: (zone, part) => layer(zone, part).lowerReference ?? "AGL", write: (zone, part, value) => setLayer(zone, part, { lowerReference: value }),
  },
  {
    name: "upper", key: "upper", label: () => t("zone_field_upper"), kind: "number",
    read: (zone, part) => String(layer(zone, part).upper ?? ""), write: (zone, part, value) => setLayer(zone, part, { upper: numeral(value), upperReference: layer(zone, part).upperReference ?? "AGL" }),
  },
  {
    name: "upper", key: "upper_from", label: () => t("zone_field_upper_from"), kind: "select", options: named("zone_ref_", REFERENCES),
    read: (zone, part) => layer(zone, part).upperReference ?? "AGL", write: (zone, part, value) => setLayer(zone, part, { upperReference: value }),
  },
  {
    name: "lower", key: "unit", label: () => t("zone_field_unit"), kind: "select", wide: true, options: () => [["m", t("zone_unit_m")], ["ft", t("zone_unit_ft")]],
    read: (zone, part) => layer(zone, part).uom ?? "m", write: (zone, part, value) => setLayer(zone, part, { uom: value }),
  },
  { name: "from", key: "from", label: () => t("zone_field_from"), kind: "moment", read: (zone) => toLocal(period(zone).startDateTime), write: setMoment("startDateTime") },
  { name: "until", key: "until", label: () => t("zone_field_until"), kind: "moment", read: (zone) => toLocal(period(zone).endDateTime), write: setMoment("endDateTime") },
  {
    name: "week", key: "days", label: () => t("zone_field_days"), kind: "toggles", wide: true, options: named("zone_day_", DAYS),
    read: (zone) => (period(zone).schedule?.[0]?.day ?? []).filter((day) => day !== "ANY").join(","),
    write: (zone, _part, value) => setDaily(zone, (daily) => (daily.day = value ? value.split(",") : ["ANY"])),
  },
  { name: "week", key: "daily_from", label: () => t("zone_field_daily_from"), kind: "clock", read: (zone) => (period(zone).schedule?.[0]?.startTime ?? "").slice(0, 5), write: setClock("startTime") },
  { name: "week", key: "daily_until", label: () => t("zone_field_daily_until"), kind: "clock", read: (zone) => (period(zone).schedule?.[0]?.endTime ?? "").slice(0, 5), write: setClock("endTime") },
  {
    name: "reason", key: "why", label: () => t("zone_field_reason"), kind: "toggles", wide: true, options: named("zone_why_", REASONS),
    read: (zone) => [zone.properties.reason ?? []].flat().join(","),
    write: (zone, _part, value) => {
      if (value) zone.properties.reason = value.split(",");
      else delete zone.properties.reason;
    },
  },
  { name: "text", key: "conditions", label: () => t("zone_field_conditions"), kind: "text", wide: true, more: true, read: (zone) => zone.properties.restrictionConditions ?? "", write: (zone, _part, value) => setOptional(zone, "restrictionConditions", value) },
  {
    name: "text", key: "exemption", label: () => t("zone_field_exemption"), kind: "select", wide: true, more: true,
    options: () => [["", t("zone_exemption_unsaid")], ["YES", t("zone_exemption_yes")], ["NO", t("zone_exemption_no")]],
    read: (zone) => zone.properties.regulationExemption ?? "", write: (zone, _part, value) => setOptional(zone, "regulationExemption", value),
  },
  { name: "text", key: "exempt_operators", label: () => t("zone_field_exempt_operators"), kind: "text", wide: true, more: true, ...exempt("operators") },
  { name: "text", key: "exempt_uas", label: () => t("zone_field_exempt_uas"), kind: "text", wide: true, more: true, ...exempt("uas_ids") },
  { name: "text", key: "message_zh", label: () => t("zone_field_message_zh"), kind: "text", wide: true, more: true, ...texts("message", "zh") },
  { name: "text", key: "message_en", label: () => t("zone_field_message_en"), kind: "text", wide: true, more: true, ...texts("message", "en") },
  {
    name: "text", key: "authority", label: () => t("zone_field_authority"), kind: "text", more: true, read: (zone) => textIn(authority(zone)?.name, "zh") || (authority(zone)?.name?.[0]?.text ?? ""),
    write: (zone, _part, value) => {
      const own = { purpose: "INFORMATION", ...authority(zone), name: withText(authority(zone)?.name, "zh", value) };
      zone.properties.zoneAuthority = [own, ...(zone.properties.zoneAuthority ?? []).slice(1)];
    },
  },
  {
    name: "text", key: "phone", label: () => t("zone_field_phone"), kind: "text", more: true, read: (zone) => authority(zone)?.phone ?? "",
    write: (zone, _part, value) => {
      const own = { purpose: "INFORMATION", ...authority(zone), phone: value };
      if (!value) delete (own as { phone?: string }).phone;
      zone.properties.zoneAuthority = [own, ...(zone.properties.zoneAuthority ?? []).slice(1)];
    },
  },
];

// The language of the page, its texts and its times.

import { en } from "./en";
import { type Key, zh } from "./zh";

export type Lang = "zh" | "en";
export type { Key };

const STORE = "lowsky.lang";
const TEXTS: Record<Lang, Record<Key, string>> = { zh, en };

let lang: Lang = chosen();
let zone: string | undefined = "Asia/Shanghai";
const formats = new Map<string, Intl.DateTimeFormat>();

function chosen(): Lang {
  const wanted = new URLSearchParams(location.search).get("lang");
  if (wanted === "zh" || wanted === "en") return wanted;
  try {
    const kept = localStorage.getItem(STORE);
    if (kept === "zh" || kept === "en") return kept;
  } catch {
    // No storage, no memory.
  }
  return navigator.language.startsWith("en") ? "en" : "zh";
}

export function language(): Lang {
  return lang;
}

export function setLanguage(next: Lang): void {
  lang = next;
  try {
    localStorage.setItem(STORE, next);
  } catch {
    // It holds until the page is left.
  }
}

/** A text with its `{names}` replaced. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return TEXTS[lang][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** A text whose key was put together; the key itself if there is none. */
export function tMaybe(key: string, otherwise = key): string {
  return (TEXTS[lang] as Record<string, string>)[key] ?? otherwise;
}

export function setTimeZone(name: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    zone = name;
  } catch {
    zone = undefined;
  }
  formats.clear();
}

/** hh:mm:ss at the site, or in UTC. */
export function clock(at: number | Date, utc = false): string {
  const name = utc ? "UTC" : zone;
  const key = name ?? "";
  let format = formats.get(key);
  if (!format) {
    const options: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
    if (name) options.timeZone = name;
    format = new Intl.DateTimeFormat("en-GB", options);
    formats.set(key, format);
  }
  return format.format(at);
}

/** hh:mm. */
export function shortClock(at: number): string {
  return clock(at).slice(0, 5);
}

/** A time span in few characters: 9s, 2m05, 1h03. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m${String(s % 60).padStart(2, "0")}`;
  return `${Math.floor(s / 3600)}h${String(Math.floor((s % 3600) / 60)).padStart(2, "0")}`;
}

// Times of the site as fields of a form have them.

let zone = "Asia/Shanghai";

export function siteZone(name: string | undefined): void {
  if (name) zone = name;
}

/** `2026-11-23 08:00` at the site, whatever the browser's own way to write it is. */
export function toLocal(at: string | undefined): string {
  const ms = Date.parse(at ?? "");
  if (!Number.isFinite(ms)) return "";
  return local(ms).slice(0, 16).replace("T", " ");
}

/** With seconds, and a blank between day and time. */
export function readable(at: string | undefined): string {
  const ms = Date.parse(at ?? "");
  return Number.isFinite(ms) ? local(ms).replace("T", " ") : "–";
}

/** The instant of a local time, with the site's offset; nothing where it is no time or no day of the calendar. */
export function fromLocal(text: string): string | undefined {
  const [, day, hour, minute] = /^(\d{4}-\d\d-\d\d)[ T]+(\d{1,2}):(\d\d)$/.exec(text.trim()) ?? [];
  if (day === undefined) return undefined;
  const said = `${day}T${hour!.padStart(2, "0")}:${minute}`;
  const asUtc = Date.parse(`${said}:00Z`);
  if (!Number.isFinite(asUtc) || new Date(asUtc).toISOString().slice(0, 16) !== said) return undefined;
  return `${said}:00${offsetAt(asUtc)}`;
}

/** `8:05` as `08:05`; nothing where it is no time of the day. */
export function timeOfDay(text: string): string | undefined {
  const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text.trim()) ?? [];
  return hour === undefined ? undefined : `${hour.padStart(2, "0")}:${minute}`;
}

/** How far the site's clock is ahead of UTC: `+08:00`. */
export function offsetAt(ms: number): string {
  const minutes = Math.round((Date.parse(`${local(ms)}Z`) - ms) / 60_000);
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}

function local(ms: number): string {
  const options: Intl.DateTimeFormatOptions = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  // The Swedish way to write a date is that of ISO 8601.
  return new Intl.DateTimeFormat("sv-SE", { ...options, timeZone: zone }).format(ms).replace(" ", "T");
}

// A recording from a file: JSON Lines, one MQTT message each, as `lowsky record` writes them. Telemetry in JSON is
// shown, and alert events if there are any; other messages are counted.

import type { Alert, AlertEvent } from "../protocol";
import type { PastEvent } from "./events";
import { Rows, type Source } from "./rows";

/** Most positions and alert events that are read from a file. */
const ROWS_MAX = 600_000;
const EVENTS_MAX = 30_000;
/** A line longer than this is no message. */
const LINE_MAX = 1_000_000;

type Json = Record<string, unknown>;

export class Recording implements Source {
  readonly rows = new Rows();
  readonly events: PastEvent[] = [];
  /** Messages of a kind that is not shown, and lines that are no messages. */
  others = 0;
  broken = 0;
  /** The file has more than is read. */
  cut = false;
  fault = "";
  private readonly newest = new Map<string, number>();

  constructor(readonly name: string) {}

  reach(): [number, number] {
    const times = [this.rows.at(0), this.rows.at(this.rows.length - 1), this.events[0]?.at, this.events.at(-1)?.at];
    const known = times.filter((at): at is number => at !== undefined && Number.isFinite(at));
    return known.length > 0 ? [Math.min(...known), Math.max(...known)] : [0, 0];
  }

  ready(): boolean {
    return true;
  }

  prepare(): void {
    // All of it is here.
  }

  each(from: number, to: number, visit: (rows: Rows, i: number) => void): void {
    const end = this.rows.upTo(to);
    for (let i = this.rows.upTo(from); i < end; i += 1) visit(this.rows, i);
  }

  /** One line of the file. */
  line(text: string): void {
    const bare = text.replace(/^\uFEFF/, "").trim();
    if (!bare || this.cut) return;
    const message = object(bare);
    const topic = message?.["topic"];
    const at = Date.parse(String(message?.["received_at"]));
    if (!message || typeof topic !== "string" || !Number.isFinite(at)) {
      this.broken += 1;
      return;
    }
    const [kind, owner, name] = topic.split("/").slice(-3);
    const payload = message["payload"];
    if (typeof payload !== "string" || !owner || !name || (kind !== "telemetry" && kind !== "alerts")) {
      this.others += 1;
      return;
    }
    let value: unknown;
    try {
      value = JSON.parse(payload);
    } catch {
      this.broken += 1;
      return;
    }
    if (kind === "alerts") this.alert(at, value as Json);
    else for (const one of Array.isArray(value) ? value : [value]) this.report(at, owner, name, one as Json);
  }

  /** To be called after the last line. */
  done(): this {
    this.rows.sort();
    return this;
  }

  private report(at: number, operator: string, id: string, told: Json): void {
    const number = (name: string) => (typeof told?.[name] === "number" ? told[name] : null);
    const [lat, lng, sent] = [number("lat"), number("lng"), Date.parse(String(told?.["timestamp"]))];
    const sound = told?.["uas_id"] === id && lat !== null && lng !== null && Math.abs(lat) <= 90 && Math.abs(lng) <= 180;
    if (!sound || !Number.isFinite(sent)) {
      this.broken += 1;
      return;
    }
    // What came late never was in the picture.
    if (told["backfill"] === true || sent <= (this.newest.get(id) ?? -Infinity)) return;
    this.newest.set(id, sent);
    const kind = told["ua_class"];
    const craft = this.rows.craft({ uas_id: id, operator, ...(typeof kind === "string" ? { ua_class: kind } : {}) });
    this.rows.push([at, craft, lat, lng, number("alt_hae"), number("height"), number("ground_speed"), number("track"), number("vertical_speed")]);
    this.cut = ROWS_MAX <= this.rows.length;
  }

  private alert(at: number, told: Json): void {
    const alert = told?.["alert"] as Alert | undefined;
    const sound = typeof alert?.alert_id === "string" && typeof alert.explanation === "object" && typeof alert.measured === "object";
    if (!sound || EVENTS_MAX <= this.events.length) {
      this.broken += 1;
      return;
    }
    this.events.push({ seq: Number(told["seq"] ?? this.events.length), at, event: told["event"] as AlertEvent, alert });
  }
}

/** Reads a file piece by piece, so that its size does not matter until the bounds above are met. */
export async function readRecording(file: File): Promise<Recording> {
  const recording = new Recording(file.name);
  const reader = file.stream().pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done || recording.cut) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) recording.line(line);
    if (LINE_MAX < rest.length) {
      recording.broken += 1;
      rest = "";
    }
  }
  void reader.cancel();
  recording.line(rest);
  return recording.done();
}

function object(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

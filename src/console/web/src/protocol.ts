// What the service says, as far as the page reads it. Members that may be absent are optional: an older or newer
// service must not break the page.

export const SEVERITIES = ["CRITICAL", "WARNING", "CAUTION", "ADVISORY", "INFO"] as const;
export type Severity = (typeof SEVERITIES)[number];
export type AlertEvent = "RAISED" | "UPDATED" | "ESCALATED" | "DEESCALATED" | "ACKNOWLEDGED" | "CLEARED";

export interface Track {
  uas_id: string;
  operator?: string;
  timestamp: string;
  lat: number;
  lng: number;
  alt_hae?: number;
  height_agl?: number;
  ground_speed?: number;
  track?: number;
  vertical_speed?: number;
  ua_class?: string;
  operational_status?: string;
  freshness?: string;
}

export interface Alert {
  alert_id: string;
  code: string;
  phase: "PREDICTED" | "ACTUAL";
  severity: Severity;
  state: "OPEN" | "CLEARED";
  acknowledged?: { by: string; at: string; note?: string };
  shelved?: { by: string; at: string; until: string; reason: string };
  uas_id: string;
  operator?: string;
  other?: { uas_id: string; operator?: string };
  zone?: { id: string; version: string; name: string };
  raised_at: string;
  updated_at: string;
  cleared_at?: string;
  observed_at: string;
  position?: { lat: number; lng: number; alt_hae?: number };
  measured: Record<string, number>;
  limit: Record<string, number>;
  data: "GOOD" | "COASTED" | "UNCERTAIN";
  announced_again?: number;
  rule: string;
  explanation: { "zh-CN": string; en: string };
}

export interface Heartbeat {
  type: "heartbeat";
  now: string;
  seq: number;
  lag_ms: number;
  input_age_ms?: number;
  open?: number;
  state?: string;
  zones_version?: string;
  durable_seq?: number;
}

export type Frame =
  | { type: "hello"; instance: string; now: string; seq: number; oldest_seq: number; heartbeat_s: number; log_id?: string }
  | { type: "snapshot"; seq: number; alerts: Alert[]; tracks?: Track[] }
  | { type: "alert"; seq: number; event: AlertEvent; alert: Alert; durable?: boolean }
  | { type: "tracks"; now: string; updated: Track[]; removed: string[] }
  | Heartbeat
  | { type: "gap"; from: number; to: number; reason: string }
  | { type: "error"; code: string; message: string }
  | { type: "bye" }
  | { type: "pong" };

/** Which aircraft are wanted; a part that is absent leaves nobody out. */
export interface Wanted {
  bbox?: Box;
  operators?: string[];
  uas_ids?: string[];
  /** Wherever they are and whosever, beside what the other parts leave. */
  always?: string[];
}

/** West, south, east, north in degrees. */
export type Box = [number, number, number, number];

/** 0 for the most severe. */
export function rank(severity: Severity): number {
  const at = SEVERITIES.indexOf(severity);
  return at < 0 ? SEVERITIES.length - 1 : at;
}

/** An alert about the service itself. */
export function isService(alert: Alert): boolean {
  return alert.code === "SERVICE_DEGRADED" || alert.uas_id.startsWith("service:");
}

/** Whether an alert is put aside at that time of the service. */
export function isShelved(alert: Alert, now: number): boolean {
  return alert.state === "OPEN" && alert.severity !== "CRITICAL" && alert.shelved !== undefined && now < Date.parse(alert.shelved.until);
}

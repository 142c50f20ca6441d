// The aircraft of one operator as the table shows them: those in alerts first, then the stale ones, then by identity.

import type { Track } from "../protocol";
import type { Alerts, AircraftAlarm } from "../store/alerts";
import type { Tracks } from "../store/tracks";
import type { Feed } from "./store";

export interface FleetRow {
  id: string;
  track: Track | undefined;
  feed: Feed | undefined;
  alarm: AircraftAlarm | undefined;
  /** 0 fresh, 1 stale, 2 lost, 3 heard but not in the picture. */
  staleness: number;
  /** Seconds since its last report; undefined: none in the picture. */
  ageS: number | undefined;
}

/** Under this speed an aircraft that says nothing of its state is not counted as flying, m/s. */
const MOVING_MPS = 0.8;

export function isAirborne(track: Track): boolean {
  const status = track.operational_status;
  if (status === "AIRBORNE" || status === "EMERGENCY") return true;
  return status !== "GROUND" && MOVING_MPS < (track.ground_speed ?? 0);
}

/** Whether it stands in the air. */
export function isHovering(track: Track): boolean {
  return isAirborne(track) && (track.ground_speed ?? MOVING_MPS) < MOVING_MPS;
}

/** `now`: of the page's own clock; `serverNow`: of the service's, Unix milliseconds. */
export function fleetRows(operator: string, tracks: Tracks, alerts: Alerts, feeds: Map<string, Feed>, now: number, serverNow: number): FleetRow[] {
  const rows: FleetRow[] = [];
  const seen = new Set<string>();
  for (let i = 0; i < tracks.length; i += 1) {
    const track = tracks.rows[i];
    if (!track || track.operator !== operator) continue;
    seen.add(track.uas_id);
    rows.push({
      id: track.uas_id,
      track,
      feed: feeds.get(track.uas_id),
      alarm: alerts.byAircraft.get(track.uas_id),
      staleness: tracks.staleness(i, now),
      // What is coasted is told anew again and again; its last report grows old all the same.
      ageS: tracks.coasted[i] === 1 ? (serverNow - Date.parse(track.timestamp)) / 1000 : (now - tracks.seenAt[i]!) / 1000,
    });
  }
  for (const [id, feed] of feeds) {
    if (seen.has(id)) continue;
    rows.push({ id, track: undefined, feed, alarm: alerts.byAircraft.get(id), staleness: 3, ageS: undefined });
  }
  return rows.sort((a, b) => (a.alarm?.rank ?? 9) - (b.alarm?.rank ?? 9) || staleFirst(b) - staleFirst(a) || (a.id < b.id ? -1 : 1));
}

/** What was lost a moment ago needs somebody sooner than what is only late; what is gone comes after what flies. */
function staleFirst(row: FleetRow): number {
  return [1, 2, 3, 0][row.staleness] ?? 0;
}

/** Who is not of the fleet but takes part in one of its alerts. */
export function intruders(operator: string, alerts: Alerts): string[] {
  const found = new Set<string>();
  for (const { alert } of alerts.open.values()) {
    const { other } = alert;
    if (!other) continue;
    if (alert.operator === operator && other.operator !== operator) found.add(other.uas_id);
    if (other.operator === operator && alert.operator !== operator) found.add(alert.uas_id);
  }
  return [...found].sort();
}

/** A cell of a table for other programs. */
export function cell(value: string | number | undefined): string {
  const text = value === undefined ? "" : String(value);
  // A cell that begins like a formula is one to some programs.
  const safe = /^[=+@-]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

/** The table as comma-separated values. */
export function csv(rows: FleetRow[]): string {
  const head = ["uas_id", "status", "lat", "lng", "height_agl_m", "ground_speed_mps", "track_deg", "age_s", "rate_hz", "delay_p50_s", "messages", "refused"];
  const lines = rows.map(({ id, track, feed, ageS }) =>
    [
      id,
      track?.operational_status,
      track?.lat,
      track?.lng,
      track?.height_agl,
      track?.ground_speed,
      track?.track,
      ageS?.toFixed(1),
      feed?.rate_hz,
      feed?.delay_s?.p50,
      feed?.messages,
      feed?.refused,
    ]
      .map(cell)
      .join(","),
  );
  return `${[head.join(","), ...lines].join("\r\n")}\r\n`;
}

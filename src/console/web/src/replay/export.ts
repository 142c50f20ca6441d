// An incident as files, made in the browser: tracks, alerts and zones as GeoJSON, positions as a table, the map as a
// picture with a caption.

import { cell } from "../fleet/rows";
import { type ZoneFeature } from "../store/zones";
import type { PastEvent } from "./events";
import { COLUMNS, type Rows, type Source } from "./rows";

export interface Incident {
  from: number;
  to: number;
  source: Source;
  events: PastEvent[];
  zones: ZoneFeature[];
}

const stamp = (at: number) => new Date(at).toISOString();
const value = (number: number | undefined) => (number === undefined || Number.isNaN(number) ? null : number);

/** A line for each aircraft with the times of its points, a point for each event of an alert, the zones of the alerts. */
export function geojson({ from, to, source, events, zones }: Incident): string {
  const lines = new Map<string, { properties: Record<string, unknown>; points: number[][]; times: string[]; heights: (number | null)[]; speeds: (number | null)[] }>();
  source.each(from - 1, to, (rows, i) => {
    const craft = rows.craftOf(i);
    const line = lines.get(craft.uas_id) ?? { properties: { kind: "track", ...craft }, points: [], times: [], heights: [], speeds: [] };
    lines.set(craft.uas_id, line);
    const [at, , lat, lng, hae, height, speed] = rows.row(i);
    line.points.push(value(hae) === null ? [lng!, lat!] : [lng!, lat!, hae!]);
    line.times.push(stamp(at!));
    line.heights.push(value(height));
    line.speeds.push(value(speed));
  });
  const tracks = [...lines.values()].map(({ properties, points, times, heights, speeds }) => ({
    type: "Feature",
    properties: { ...properties, times, height_m: heights, ground_speed_mps: speeds },
    // A line has at least two points.
    geometry: points.length === 1 ? { type: "Point", coordinates: points[0] } : { type: "LineString", coordinates: points },
  }));
  const within = events.filter(({ at }) => from <= at && at <= to);
  const alerts = within
    .filter(({ event }) => event !== "UPDATED")
    .map(({ at, seq, event, alert }) => {
      const { position, ...properties } = alert;
      const coordinates = position && (position.alt_hae === undefined ? [position.lng, position.lat] : [position.lng, position.lat, position.alt_hae]);
      return {
        type: "Feature",
        properties: { kind: "alert", seq, at: stamp(at), event, ...properties },
        geometry: coordinates ? { type: "Point", coordinates } : null,
      };
    });
  const involved = new Set(within.map(({ alert }) => alert.zone?.id));
  const volumes = zones
    .filter(({ properties }) => involved.has(properties.identifier))
    .map(({ properties, geometry }) => ({ type: "Feature", properties: { kind: "zone", ...properties }, geometry }));
  return JSON.stringify({ type: "FeatureCollection", lowsky: { from: stamp(from), to: stamp(to) }, features: [...tracks, ...alerts, ...volumes] });
}

/** One line a report, in the order of arrival. */
export function csv({ from, to, source }: Incident): string {
  const lines = [["at", "uas_id", "operator", "ua_class", "lat", "lng", "alt_hae_m", "height_m", "ground_speed_mps", "track_deg", "vertical_speed_mps"].join(",")];
  source.each(from - 1, to, (rows: Rows, i: number) => {
    const { uas_id, operator, ua_class } = rows.craftOf(i);
    const figures = [...rows.row(i)].slice(COLUMNS.indexOf("lat")).map((one) => value(one) ?? undefined);
    lines.push([stamp(rows.at(i)), uas_id, operator, ua_class, ...figures].map(cell).join(","));
  });
  return `\uFEFF${lines.join("\r\n")}\r\n`;
}

/** The map as it is seen, over the lines of a caption. Fails where tiles of a foreign host must not be read. */
export function picture(place: HTMLElement, caption: string[]): Promise<Blob> {
  const box = place.getBoundingClientRect();
  const ratio = devicePixelRatio || 1;
  const line = 22;
  const canvas = document.createElement("canvas");
  const foot = line * caption.length + 14;
  [canvas.width, canvas.height] = [Math.round(box.width * ratio), Math.round((box.height + foot) * ratio)];
  const pen = canvas.getContext("2d")!;
  pen.fillStyle = "#08121d";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  for (const layer of place.querySelectorAll<HTMLCanvasElement>(".ol-layer canvas")) {
    if (layer.width === 0) continue;
    const { left, top, width, height } = layer.getBoundingClientRect();
    pen.globalAlpha = Number(layer.parentElement?.style.opacity || 1);
    pen.drawImage(layer, (left - box.left) * ratio, (top - box.top) * ratio, width * ratio, height * ratio);
  }
  pen.globalAlpha = 1;
  pen.scale(ratio, ratio);
  pen.fillStyle = "#ffb52e";
  pen.fillRect(0, box.height, box.width, foot);
  pen.fillStyle = "#1b1005";
  pen.textBaseline = "middle";
  caption.forEach((text, row) => {
    pen.font = `${row === 0 ? "700 16px" : "14px"} "Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif`;
    pen.fillText(text, 12, box.height + 7 + line * (row + 0.5), box.width - 24);
  });
  return new Promise((made, failed) => canvas.toBlob((blob) => (blob ? made(blob) : failed(new Error("no picture"))), "image/png"));
}

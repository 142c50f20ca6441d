// One moment that never changes: what the service would say at it, from hand-written aircraft, zones and alerts.

/** 14:00:00 at the site; on the second, so that what blinks is lit. */
export const MOMENT = Date.parse("2026-03-02T06:00:00Z");
const OPERATORS = ["delta-logistics", "harbour-express", "pearl-delivery", "river-patrol"];
const [DEGREE_M, MIDDLE] = [111_320, 22.5];
/** How long the service has kept positions. */
const KEPT_MS = 20 * 60_000;

const iso = (at) => new Date(at).toISOString();
const ago = (seconds) => iso(MOMENT - seconds * 1000);
const share = (x) => x - Math.floor(x);

/** A craft at the moment; it flies straight on, before as after. */
const craft = (uas_id, operator, lng, lat, track, ground_speed, height_agl, more = {}) => ({ uas_id, operator, lng, lat, track, ground_speed, height_agl, ...more });
const CRAFTS = [
  ...Array.from({ length: 34 }, (_, i) => {
    const operator = OPERATORS[i % 3];
    const name = `${operator.split("-").map((part) => part[0].toUpperCase()).join("")}-${String(101 + i)}`;
    return craft(name, operator, 113.78 + 0.22 * share(i * 0.618034), 22.44 + 0.12 * share(i * 0.7548777), (i * 67) % 360, i % 11 === 5 ? 0.2 : 6 + (i % 7), 40 + ((i * 13) % 70));
  }),
  craft("RP-001", "river-patrol", 113.8405, 22.4895, 40, 11, 138),
  craft("HE-207", "harbour-express", 113.8805, 22.5465, 65, 9, 74),
  craft("DL-311", "delta-logistics", 113.93, 22.5, 90, 12, 90),
  craft("PD-312", "pearl-delivery", 113.9342, 22.5002, 270, 11, 92),
  craft("DL-320", "delta-logistics", 113.826, 22.4625, 320, 0, 55, { silentS: 30 }),
  craft("PD-333", "pearl-delivery", 113.9705, 22.5495, 285, 14, 66),
  craft("B-7001", "river-patrol", 113.905, 22.468, 200, 41, 280, { ua_class: "MANNED" }),
];

/** What the stream and the interface call a track. */
function trackAt({ uas_id, operator, lng, lat, track, ground_speed, height_agl, ua_class = "LIGHT", silentS = 0 }, at) {
  const reported = Math.min(at, MOMENT - silentS * 1000);
  const seconds = (reported - MOMENT) / 1000;
  const [east, north] = [Math.sin((track * Math.PI) / 180), Math.cos((track * Math.PI) / 180)].map((part) => part * ground_speed * seconds);
  return {
    uas_id,
    operator,
    timestamp: iso(reported),
    lat: lat + north / DEGREE_M,
    lng: lng + east / (DEGREE_M * Math.cos((MIDDLE * Math.PI) / 180)),
    alt_hae: height_agl - 6,
    height_agl,
    ground_speed,
    track,
    vertical_speed: 0,
    ua_class,
    operational_status: "AIRBORNE",
    freshness: at - reported > 3000 ? "COASTED" : "LIVE",
  };
}
export const tracksAt = (at) => CRAFTS.map((one) => trackAt(one, at));

const named = (zh, en) => [{ text: zh, lang: "zh-CN" }, { text: en, lang: "en-GB" }];
const zone = (identifier, zh, en, type, geometry, more = {}, told = {}) => ({
  type: "Feature",
  properties: { identifier, country: "CHN", name: named(zh, en), type, variant: "COMMON", reason: ["OTHER"], zoneAuthority: [{ purpose: "INFORMATION" }], ...more },
  geometry: { ...geometry, layer: { lower: 0, lowerReference: "AGL", upper: 120, upperReference: "AGL", uom: "m" } },
  lowsky: { version: `${identifier.toLowerCase()}00000`, applies: true, ...told },
});
const box = (west, south, east, north) => ({ type: "Polygon", coordinates: [[[west, south], [east, south], [east, north], [west, north], [west, south]]] });
const ZONES = [
  zone("PX001", "东港禁飞区（示例）", "East Harbour no-fly zone (example)", "PROHIBITED", { type: "Polygon", coordinates: [[[113.866, 22.535], [113.897, 22.532], [113.902, 22.553], [113.881, 22.563], [113.864, 22.555], [113.866, 22.535]]] }),
  zone("PX002", "南山管控区（示例）", "South Hill controlled zone (example)", "REQ_AUTHORIZATION", { type: "Point", coordinates: [113.955, 22.553], extent: { subType: "Circle", radius: 1400 } }),
  zone("PX003", "海滨赛事临时管制（示例）", "Seafront event restriction (example)", "PROHIBITED", box(113.915, 22.447, 113.945, 22.466), { limitedApplicability: [{ startDateTime: iso(MOMENT + 540_000), endDateTime: iso(MOMENT + 7_200_000) }] }, { applies: false, switches_at: iso(MOMENT + 540_000) }),
  zone("PX004", "西湾适飞空域（示例）", "West Bay suitable airspace (example)", "NO_RESTRICTION", box(113.79, 22.47, 113.848, 22.515)),
  zone("PX005", "跨湾航路（示例）", "Cross-bay corridor (example)", "CONDITIONAL", { type: "LineString", coordinates: [[113.8, 22.535], [113.85, 22.522], [113.99, 22.522]], extent: { subType: "LineString", halfWidth: 250 } }),
];

const alert = (n, code, severity, uas_id, operator, raisedS, more, zh, en) => {
  const { lat, lng, alt_hae } = tracksAt(MOMENT).find((one) => one.uas_id === uas_id) ?? {};
  return {
    alert_id: `px-${String(n).padStart(4, "0")}`, code, phase: "ACTUAL", severity, state: "OPEN", uas_id, operator, raised_at: ago(raisedS), updated_at: ago(0), observed_at: ago(0.2),
    position: lat === undefined ? undefined : { lat, lng, alt_hae }, measured: {}, limit: {}, data: "GOOD", rule: code, explanation: { "zh-CN": zh, en }, ...more,
  };
};
const inZone = (id) => {
  const { properties, lowsky } = ZONES.find((one) => one.properties.identifier === id);
  return { id, version: lowsky.version, name: properties.name[0].text };
};
const ALERTS = [
  alert(1, "ZONE_INCURSION", "CRITICAL", "HE-207", "harbour-express", 24, { zone: inZone("PX001"), measured: { height_agl_m: 74, distance_m: -310 }, limit: { height_agl_m: 120 } },
    "HE-207 正在东港禁飞区内，真高 74 米：请令其立即离开。", "HE-207 is inside East Harbour no-fly zone at 74 m: order it out at once."),
  alert(2, "SEPARATION", "WARNING", "DL-311", "delta-logistics", 11, { phase: "PREDICTED", other: { uas_id: "PD-312", operator: "pearl-delivery" }, measured: { horizontal_m: 432, vertical_m: 2, tcpa_s: 19, dcpa_m: 22 }, limit: { radius_m: 30, half_height_m: 10 } },
    "DL-311 与 PD-312 将在 19 秒后相距 22 米：请令其一改变航向或高度。", "DL-311 and PD-312 will be 22 m apart in 19 s: have one of them turn or climb."),
  alert(3, "ZONE_INCURSION", "CAUTION", "PD-333", "pearl-delivery", 15, { phase: "PREDICTED", zone: inZone("PX002"), measured: { t_in_s: 12, distance_m: 168 }, limit: {} },
    "PD-333 将在 12 秒后进入南山管控区：请核对其批准。", "PD-333 enters South Hill controlled zone in 12 s: check its authorisation."),
  alert(4, "HEIGHT_LIMIT", "WARNING", "RP-001", "river-patrol", 95, { measured: { height_agl_m: 138 }, limit: { height_agl_m: 120 }, acknowledged: { by: "Wang Li", at: ago(60), note: "已电话通知" } },
    "RP-001 真高 138 米，超过 120 米限高。", "RP-001 is at 138 m, over its limit of 120 m."),
  alert(5, "LOST_LINK", "WARNING", "DL-320", "delta-logistics", 15, { measured: { silent_s: 30 }, limit: { silent_s: 15 }, data: "COASTED" },
    "DL-320 已 30 秒没有报告，最后已知在空中：请联系运营人。", "DL-320 has not reported for 30 s and was airborne: call its operator."),
  alert(6, "TIME_SKEW", "ADVISORY", "DL-101", "delta-logistics", 400, { measured: { skew_s: 6.4 }, limit: { skew_s: 5 } },
    "DL-101 的时间比服务器慢 6.4 秒，请校准时钟。", "The clock of DL-101 is 6.4 s behind: set it."),
];
const OVER = alert(7, "SPEED_LIMIT", "CAUTION", "HE-102", "harbour-express", 700, { state: "CLEARED", cleared_at: ago(610), updated_at: ago(610), measured: { ground_speed_mps: 31 }, limit: { ground_speed_mps: 27.8 } },
  "HE-102：SPEED_LIMIT 已解除。", "HE-102: SPEED_LIMIT is over.");
const SERVICE = alert(8, "SERVICE_DEGRADED", "WARNING", "service:clock", undefined, 130, { measured: {}, limit: {} },
  "服务器时钟与时间服务器相差 1.8 秒，请检查时间同步。", "The clock of this machine is 1.8 s off its time server: check time synchronisation.");

/** What was told of the alerts, in order. */
function eventsOf(alerts) {
  const told = [];
  for (const one of alerts) {
    const raised = { ...one, state: "OPEN", acknowledged: undefined, cleared_at: undefined, updated_at: one.raised_at, observed_at: one.raised_at };
    told.push({ at: one.raised_at, event: "RAISED", alert: raised });
    if (one.acknowledged) told.push({ at: one.acknowledged.at, event: "ACKNOWLEDGED", alert: { ...one, updated_at: one.acknowledged.at } });
    if (one.cleared_at) told.push({ at: one.cleared_at, event: "CLEARED", alert: one });
  }
  return told.sort((a, b) => Date.parse(a.at) - Date.parse(b.at)).map((one, i) => ({ seq: 101 + i, ...one }));
}

const FAULT = {
  at: ago(41), reason: "OUT_OF_RANGE", field: "track", detail: "361 is not below 360", topic: "lowsky/v1/telemetry/delta-logistics/DL-104",
  message: { "zh-CN": "航向必须小于 360 度。", en: "The track must be below 360 degrees." }, payload: '{\n "uas_id": "DL-104",\n "timestamp": 1772431159000,\n "lat": 22.5012,\n "lng": 113.8123,\n "track": 361\n}',
};
const JUDGED = {
  accepted: false, topic: FAULT.topic, observations: [],
  faults: [{ severity: "ERROR", reason: "OUT_OF_RANGE", field: "track", line: 6, column: 11, detail: FAULT.detail, message: FAULT.message }],
  fields: ["uas_id", "timestamp", "lat", "lng", "track"].map((name, i) => ({ pointer: `/${name}`, line: i + 2, ...(name === "track" ? { severity: "ERROR" } : {}) })),
};

/** Whether a track is in what was subscribed; the view is not looked at. */
const wants = ({ operators, uas_ids: ids, always } = {}) => {
  const named = [ids, always].flatMap((one) => one ?? []);
  return ({ operator, uas_id }) => (!operators && !ids) || operators?.includes(operator) || named.includes(uas_id);
};

/** The service at a moment: whether somebody flies, whether alerts stand, whether it is ill itself. */
export function service({ flies = true, stands = true, ill = false } = {}) {
  const open = stands ? (ill ? [SERVICE, ...ALERTS] : ALERTS) : [];
  const all = stands ? [OVER, ...open] : [];
  const events = eventsOf(all);
  const seq = events.at(-1)?.seq ?? 100;
  const zones = { version: "5e1fa3c09b12", features: ZONES };

  const feed = (one, i, now) => ({
    uas_id: one.uas_id, heard_at: iso(now - (flies ? (one.silentS ?? 0) * 1000 + 80 : 95_000)), rate_hz: one.silentS ? 0 : 1, recent: Array.from({ length: 12 }, (_, at) => (one.silentS && at > 7 ? 0 : 5)), messages: 1200 + i * 7, accepted: 1200 + i * 7 - (i === 3 ? 4 : 0),
    refused: i === 3 ? 4 : 0, duplicates: i % 3, out_of_order: 0, backfilled: 0, delay_s: { p50: 0.06 + 0.01 * (i % 4), p99: 0.2 }, skew_s: -0.01, ...(i === 3 ? { last_refused: FAULT } : {}),
  });
  const of = (operator) => CRAFTS.filter((one) => one.operator === operator);
  const fleet = (now) =>
    OPERATORS.map((operator, i) => ({ operator, aircraft: of(operator).length, heard_at: iso(now - (flies ? 80 : 95_000)), rate_hz: flies ? of(operator).length : 0, refused: i === 0 && flies ? 4 : 0, out_of_order: 0, delay_s: { p50: 0.06 + 0.01 * i, p99: 0.2 } }));
  const history = (from, to) => {
    const rows = [];
    for (let at = Math.max(Math.ceil(from / 1000) * 1000, MOMENT - KEPT_MS); at < to; at += 1000) {
      tracksAt(at).forEach((one, i) => rows.push([at, i, one.lat, one.lng, one.alt_hae, one.height_agl, one.ground_speed, one.track, 0]));
    }
    return { oldest: iso(MOMENT - KEPT_MS), aircraft: CRAFTS.map(({ uas_id, operator, ua_class = "LIGHT" }) => ({ uas_id, operator, ua_class })), columns: ["at_ms", "aircraft", "lat", "lng", "alt_hae", "height", "ground_speed", "track", "vertical_speed"], rows };
  };
  const metrics = (now) => {
    const s = 900 + (now - MOMENT) / 1000;
    const buckets = [[0.001, 0.2], [0.005, 0.8], [0.05, 0.998], ["+Inf", 1]].map(([le, part]) => `lowsky_alert_latency_seconds_bucket{le="${le}"} ${Math.round(part * s)}`);
    return [...buckets, `lowsky_intake_messages_total ${s * 41}`, `lowsky_observations_refused_total{reason="OUT_OF_RANGE"} ${4 + Math.floor(s / 100)}`, "lowsky_observations_conflated_total 0", "lowsky_stream_clients 3", "lowsky_process_resident_memory_bytes 88080384", `lowsky_process_cpu_seconds_total ${s * 0.31}`].join("\n");
  };
  const readiness = (now) => {
    const parts = ["broker", "broker_settings", "input", "zones", "evaluation", "journal", "history", "canary", "clock"];
    const bad = { status: "degraded", since: ago(130), reason: "1.8 s off the time server" };
    return { status: ill ? "degraded" : "ok", now: iso(now), components: Object.fromEntries(parts.map((name) => [name, ill && name === "clock" ? bad : { status: "ok", since: ago(900) }])) };
  };
  const check = { valid: false, problems: [{ severity: "ERROR", path: "$.changes[0].feature.geometry.coordinates[0]", message: "edge 1 crosses edge 3", message_zh: "第 1 边与第 3 边相交" }] };
  const changes = [{ n: 5, at: ago(600), id: "PX003", action: "PUT", version: "px00300000", author: "Li Na", reason: "event on Monday", set_version: zones.version }];

  return {
    hello: (now) => ({ type: "hello", protocol: "lowsky.stream/1", instance: "frozen-1", log_id: "frozen", now: iso(now), seq, oldest_seq: 1, heartbeat_s: 1 }),
    snapshot: (now, wanted) => ({ type: "snapshot", seq, alerts: open, tracks: flies ? tracksAt(now).filter(wants(wanted)) : [] }),
    tracks: (now, wanted) => ({ type: "tracks", now: iso(now), updated: flies ? tracksAt(now).filter((one) => one.freshness === "LIVE" && wants(wanted)(one)) : [], removed: [] }),
    heartbeat: (now) => ({ type: "heartbeat", now: iso(now), seq, lag_ms: 12, input_age_ms: flies ? 120 : 95_000, open: open.length, state: "OK", zones_version: zones.version, durable_seq: seq }),
    /** The answer to a request, as [status, body]; nothing: of the page itself. */
    answer({ pathname, searchParams: asked }, method, now) {
      const path = pathname.replace(/^\/api\/v1/, "");
      const number = (name, otherwise) => Number(asked.get(name) ?? otherwise);
      if (pathname === "/console.json") return [200, { basemap: [], basemap_datum: "WGS84", basemap_attribution: "", time_zone: "Asia/Shanghai", version: "0.1.0" }];
      if (pathname === "/metrics") return [200, metrics(now)];
      if (pathname === "/readyz") return [200, readiness(now)];
      if (path === pathname) return undefined;
      if (path === "/check/telemetry") return [200, JUDGED];
      if (path === "/zones/check") return [200, check];
      if (path === "/zones/drafts") return [200, { drafts: [] }];
      if (path === "/zones/audit") return [200, { changes }];
      if (path === "/zones") return [200, { type: "FeatureCollection", lowsky: { version: zones.version }, features: zones.features }];
      if (path === "/history") return [200, history(number("from", 0), number("to", now))];
      if (path === "/events") {
        const told = events.filter(({ seq: n, at }) => number("after", 0) < n && number("from", 0) <= Date.parse(at) && Date.parse(at) < number("to", Infinity));
        return [200, { events: told.slice(0, number("limit", 1000)), more: number("limit", 1000) < told.length }];
      }
      if (path === "/alerts") return [200, { alerts: all.filter(({ state }) => (asked.get("state") ?? state) === state) }];
      if (path === "/fleet") return [200, { now: iso(now), operators: fleet(now) }];
      const operator = /^\/fleet\/(.+)$/.exec(path)?.[1];
      if (operator) return [200, { now: iso(now), operator, aircraft: of(operator).map((one, i) => feed(one, i, now)) }];
      const flown = CRAFTS.find(({ uas_id }) => path === `/tracks/${uas_id}`);
      if (flown) return [200, { ...trackAt(flown, now), path: Array.from({ length: 60 }, (_, i) => trackAt(flown, now - (60 - i) * 2000)).map(({ lat, lng, timestamp }) => ({ lat, lng, timestamp })) }];
      return [404, { title: `${method} ${pathname} is not in the frozen world` }];
    },
  };
}

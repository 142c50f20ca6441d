"use strict";
// The live alert list. It never shows more certainty than it has: three seconds without a heartbeat of the
// evaluating path and the page says that it is not live, whatever the socket says.

const DEAD_AFTER_MS = 3000;
const SEVERITIES = ["CRITICAL", "WARNING", "CAUTION", "ADVISORY", "INFO"];
const TEXT = {
  zh: {
    live: "实时", dead: "未连接", aircraft: "航空器", open: "未解除告警", lag: "处理延迟", ack: "确认",
    banner: "未连接 — 以下内容可能已过时，不能据此判断空域安全。", since: "最后心跳",
    none: "当前没有未解除的告警。", gap: "部分事件未送达，已重新获取全部未解除告警。", by: "已确认：", failed: "请求未被接受：",
    CRITICAL: "紧急", WARNING: "警告", CAUTION: "注意", ADVISORY: "提示", INFO: "信息",
    PREDICTED: "预测", ACTUAL: "已发生", COASTED: "外推数据", UNCERTAIN: "数据不确定",
  },
  en: {
    live: "LIVE", dead: "NOT LIVE", aircraft: "aircraft", open: "open alerts", lag: "lag", ack: "Acknowledge",
    banner: "NOT LIVE — what is below may be out of date; do not judge the airspace by it.", since: "last heartbeat",
    none: "No open alerts.", gap: "Some events were not delivered; all open alerts were fetched anew.", by: "Acknowledged by ",
    failed: "Not accepted: ",
    CRITICAL: "CRITICAL", WARNING: "WARNING", CAUTION: "CAUTION", ADVISORY: "ADVISORY", INFO: "INFO",
    PREDICTED: "predicted", ACTUAL: "actual", COASTED: "coasted data", UNCERTAIN: "uncertain data",
  },
};

const $ = (id) => document.getElementById(id);
const alerts = new Map();
const rows = new Map();
const aircraft = new Set();
let lang = (navigator.language || "zh").startsWith("zh") ? "zh" : "en";
let seq = null;
let logId = null;
let socket = null;
let heartbeatAt = -Infinity;
let heartbeatText = "–";
let lag = null;
let retryMs = 500;
let notice = "";
let drawn = false;

function connect() {
  const ws = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/stream`);
  socket = ws;
  ws.onmessage = ({ data }) => { if (ws === socket) hear(ws, JSON.parse(data)); };
  ws.onclose = () => lose(ws);
}

function lose(ws) {
  if (ws !== socket) return;
  socket = null;
  heartbeatAt = -Infinity;
  setTimeout(connect, retryMs * (0.7 + 0.6 * Math.random()));
  retryMs = Math.min(retryMs * 2, 15000);
  draw();
}

function hear(ws, frame) {
  switch (frame.type) {
    case "hello": {
      // A number of another history means nothing in this one.
      if (frame.log_id !== logId) seq = null;
      logId = frame.log_id;
      const subscribe = { type: "subscribe", alerts: {}, tracks: { max_hz: 0.5 } };
      if (seq !== null) subscribe.after = seq;
      ws.send(JSON.stringify(subscribe));
      break;
    }
    case "snapshot":
      seq = frame.seq;
      alerts.clear();
      frame.alerts.forEach((alert) => alerts.set(alert.alert_id, alert));
      aircraft.clear();
      (frame.tracks || []).forEach((track) => aircraft.add(track.uas_id));
      break;
    case "alert":
      seq = frame.seq;
      if (frame.alert.state === "CLEARED") alerts.delete(frame.alert.alert_id);
      else alerts.set(frame.alert.alert_id, frame.alert);
      break;
    case "tracks":
      frame.updated.forEach((track) => aircraft.add(track.uas_id));
      frame.removed.forEach((id) => aircraft.delete(id));
      break;
    case "heartbeat":
      heartbeatAt = performance.now();
      heartbeatText = frame.now;
      lag = frame.lag_ms;
      retryMs = 500;
      break;
    case "gap":
      notice = TEXT[lang].gap;
      setTimeout(() => { notice = ""; draw(); }, 10000);
      break;
    case "error":
      notice = TEXT[lang].failed + frame.message;
      setTimeout(() => { notice = ""; draw(); }, 10000);
      break;
  }
  draw();
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

// A row and its button stay while the alert is updated, every second: a click or the keyboard's focus must not
// fall between an old button and a new one.
function row(id) {
  const item = element("li", "", "");
  const [severity, what, meta, done] = ["severity", "what", "meta", "done"].map((name) => element("span", name, ""));
  const button = element("button", "", "");
  button.type = "button";
  button.onclick = () => {
    if (socket) socket.send(JSON.stringify({ type: "ack", alert_id: id }));
  };
  item.append(severity, what, meta, button, done);
  const write = (alert) => {
    const t = TEXT[lang];
    const { acknowledged } = alert;
    item.className = alert.severity;
    severity.textContent = `${t[alert.severity]} · ${t[alert.phase]}`;
    what.textContent = alert.explanation[lang === "zh" ? "zh-CN" : "en"];
    const parties = [alert.uas_id, alert.other && alert.other.uas_id, alert.zone && alert.zone.name];
    const time = new Date(alert.updated_at).toLocaleTimeString(lang === "zh" ? "zh-CN" : "en-GB");
    // That data is good need not be said; that it is not must be.
    meta.textContent = [time, alert.code, ...parties, t[alert.data]].filter(Boolean).join(" · ");
    button.textContent = t.ack;
    button.hidden = Boolean(acknowledged);
    done.hidden = !acknowledged;
    done.textContent = acknowledged ? t.by + acknowledged.by : "";
  };
  return { item, write };
}

// Bursts of frames are drawn once.
function draw() {
  if (drawn) return;
  drawn = true;
  requestAnimationFrame(() => { drawn = false; render(); });
}

function render() {
  const t = TEXT[lang];
  const live = performance.now() - heartbeatAt < DEAD_AFTER_MS;
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  document.title = (live ? "" : `${t.dead} · `) + `lowsky (${alerts.size})`;
  document.body.className = live ? "live" : "dead";
  $("state").textContent = live ? t.live : t.dead;
  $("banner").hidden = live && !notice;
  $("banner").textContent = live ? notice : `${t.banner} (${t.since}: ${heartbeatText})`;
  document.querySelectorAll("[data-text]").forEach((label) => { label.textContent = t[label.dataset.text]; });
  $("aircraft").textContent = live ? aircraft.size : "–";
  $("open").textContent = live ? alerts.size : "–";
  $("lag").textContent = live && lag !== null ? `${lag} ms` : "–";
  $("none").textContent = t.none;
  // An empty list means "all clear" only while it is live.
  $("none").hidden = !live || alerts.size > 0;
  for (const [id, shown] of rows) {
    if (alerts.has(id)) continue;
    shown.item.remove();
    rows.delete(id);
  }
  const order = [...alerts.values()].sort((a, b) =>
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || (a.raised_at < b.raised_at ? 1 : -1));
  order.slice(0, 500).forEach((alert, place) => {
    if (!rows.has(alert.alert_id)) rows.set(alert.alert_id, row(alert.alert_id));
    const shown = rows.get(alert.alert_id);
    const { item } = shown;
    if (shown.alert !== alert || shown.lang !== lang) {
      shown.write(alert);
      Object.assign(shown, { alert, lang });
    }
    const there = $("alerts").children[place] || null;
    if (there !== item) $("alerts").insertBefore(item, there);
  });
}

$("lang").onclick = () => { lang = lang === "zh" ? "en" : "zh"; draw(); };
setInterval(() => {
  // A socket that is open but silent is given up, or the page would wait for the system's timeout.
  const silentMs = performance.now() - heartbeatAt;
  if (socket && 3 * DEAD_AFTER_MS < silentMs && silentMs < Infinity) {
    const silent = socket;
    silent.close();
    lose(silent);
  }
  draw();
}, 500);
connect();
draw();

// The connection to the stream, and whether what the page shows may be called live.
//
// A page is live only while three things hold: the evaluating path's heartbeat is fresh, an own ping comes back in
// time (frames that are stuck in a slow network show here, whatever the clocks say), and the service is not behind.

import { signedBy } from "./ui/author";
import type { Frame, Heartbeat, Wanted } from "./protocol";

/** The page is not live after so long without a heartbeat or with a ping unanswered, milliseconds. */
export const DEAD_AFTER_MS = 2500;
/** A service further behind its input than this shows the past, milliseconds. */
const LAG_MAX_MS = 2500;
const PING_EVERY_MS = 1000;
/** A socket that is open but says nothing is given up after this. */
const GIVE_UP_MS = 8000;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 15000;

export type Liveness = "starting" | "live" | "silent" | "delayed" | "offline";

/** What was not seen while the page was not connected. */
export interface Missed {
  seconds: number;
  raised: number;
  cleared: number;
  critical: number;
  /** Events that the service can no longer give. */
  lost: number;
  restarted: boolean;
}

export interface StreamEvents {
  frame(frame: Frame, missed: boolean): void;
  liveness(): void;
  missed(report: Missed): void;
}

export class Stream {
  heartbeat: Heartbeat | undefined;
  /** `performance.now()` of the last heartbeat. */
  heartbeatAt = -Infinity;
  /** The service's Unix milliseconds less this page's `performance.now()`. */
  aheadMs: number | undefined;
  /** Wall clock of the last heartbeat, for people. */
  heartbeatWall: Date | undefined;
  roundTripMs: number | undefined;
  reconnects = -1;
  bytes = 0;
  frames = 0;
  parseMs = 0;
  instance = "";
  retryAt = 0;
  private socket: WebSocket | undefined;
  private seq: number | undefined;
  private logId: string | undefined;
  private wanted: Wanted | undefined;
  private maxHz = 1;
  private pingAt: number | undefined;
  private pinged = -Infinity;
  private retryMs = RETRY_FIRST_MS;
  private retryTimer = 0;
  private ready = false;
  private state: Liveness = "starting";
  private catchUp: { upto: number; report: Missed } | undefined;
  private lostAt: number | undefined;

  /** `operators`: of whom alerts are told; without, of everybody. */
  constructor(
    private readonly events: StreamEvents,
    private readonly operators?: string[],
  ) {}

  start(): void {
    this.connect();
    window.setInterval(() => this.look(), 200);
    window.addEventListener("online", () => this.retryNow());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.retryNow();
    });
  }

  liveness(): Liveness {
    return this.state;
  }

  get live(): boolean {
    return this.state === "live";
  }

  /** Number of the last event that the page has. */
  get lastSeq(): number | undefined {
    return this.seq;
  }

  /** Only what the view needs is subscribed. */
  watch(wanted: Wanted, maxHz: number): void {
    this.wanted = wanted;
    this.maxHz = maxHz;
    if (this.ready) this.subscribe();
  }

  acknowledge(alertId: string, note: string): Promise<Response> {
    const body = note ? JSON.stringify({ note }) : "{}";
    const headers = { "content-type": "application/json", ...signedBy() };
    return fetch(`/api/v1/alerts/${encodeURIComponent(alertId)}/ack`, { method: "POST", headers, body });
  }

  retryNow(): void {
    if (this.socket) return;
    window.clearTimeout(this.retryTimer);
    this.connect();
  }

  private connect(): void {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/v1/stream`);
    this.socket = socket;
    this.ready = false;
    this.pingAt = undefined;
    this.pinged = performance.now();
    socket.onmessage = ({ data }) => {
      if (socket === this.socket) this.hear(String(data));
    };
    socket.onclose = () => this.lose(socket);
    // A connection that never opens must not hold up the next attempt.
    window.setTimeout(() => {
      if (socket === this.socket && socket.readyState === WebSocket.CONNECTING) this.lose(socket);
    }, GIVE_UP_MS);
  }

  private lose(socket: WebSocket): void {
    if (socket !== this.socket) return;
    this.socket = undefined;
    this.ready = false;
    socket.onclose = null;
    socket.close();
    this.lostAt ??= Number.isFinite(this.heartbeatAt) ? this.heartbeatAt : undefined;
    this.heartbeatAt = -Infinity;
    const wait = this.retryMs * (0.7 + 0.6 * Math.random());
    this.retryMs = Math.min(this.retryMs * 2, RETRY_MAX_MS);
    this.retryAt = performance.now() + wait;
    this.retryTimer = window.setTimeout(() => this.connect(), wait);
    this.look();
  }

  private send(message: unknown): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private subscribe(): void {
    const message: Record<string, unknown> = { type: "subscribe", alerts: this.operators ? { operators: this.operators } : {} };
    if (this.wanted) message["tracks"] = { ...this.wanted, max_hz: this.maxHz };
    if (this.seq !== undefined) message["after"] = this.seq;
    this.send(message);
  }

  private hear(text: string): void {
    const begun = performance.now();
    let frame: Frame;
    try {
      frame = JSON.parse(text) as Frame;
    } catch {
      return;
    }
    this.bytes += text.length;
    this.frames += 1;
    let missed = false;
    switch (frame.type) {
      case "hello":
        this.greet(frame);
        break;
      case "snapshot":
        this.seq = frame.seq;
        break;
      case "alert":
        missed = this.catchUp !== undefined && frame.seq <= this.catchUp.upto;
        if (missed && this.catchUp) count(this.catchUp.report, frame.event, frame.alert.severity);
        this.seq = frame.seq;
        break;
      case "heartbeat":
        this.beat(frame);
        break;
      case "gap":
        if (this.catchUp) this.catchUp.report.lost += Math.max(0, frame.to - frame.from + 1);
        break;
      case "pong":
        if (this.pingAt !== undefined) this.roundTripMs = performance.now() - this.pingAt;
        this.pingAt = undefined;
        break;
      default:
        break;
    }
    this.events.frame(frame, missed);
    if (frame.type === "snapshot" || (frame.type === "alert" && missed)) this.settle();
    this.parseMs += (performance.now() - begun - this.parseMs) * 0.1;
    if (frame.type === "heartbeat" || frame.type === "pong") this.look();
  }

  private greet(hello: Extract<Frame, { type: "hello" }>): void {
    this.reconnects += 1;
    this.instance = hello.instance;
    const known = this.seq !== undefined;
    // A number of another history means nothing in this one.
    const same = hello.log_id === this.logId;
    if (known) {
      const seconds = this.lostAt === undefined ? 0 : (performance.now() - this.lostAt) / 1000;
      const report = { seconds, raised: 0, cleared: 0, critical: 0, lost: 0, restarted: !same };
      this.catchUp = { upto: hello.seq, report };
      if (!same) this.seq = undefined;
    }
    this.logId = hello.log_id;
    this.ready = true;
    this.subscribe();
  }

  /** Reports what was missed once all of it is here. */
  private settle(): void {
    if (!this.catchUp || (this.seq ?? 0) < this.catchUp.upto) return;
    const { report } = this.catchUp;
    this.catchUp = undefined;
    this.lostAt = undefined;
    this.events.missed(report);
  }

  private beat(frame: Heartbeat): void {
    this.heartbeat = frame;
    this.heartbeatAt = performance.now();
    this.aheadMs = Date.parse(frame.now) - this.heartbeatAt;
    this.heartbeatWall = new Date();
    this.retryMs = RETRY_FIRST_MS;
    // With nothing missed and no picture subscribed, the heartbeat is what comes first.
    this.settle();
  }

  private look(): void {
    const now = performance.now();
    if (this.ready && this.pingAt === undefined && PING_EVERY_MS <= now - this.pinged) {
      this.pingAt = this.pinged = now;
      this.send({ type: "ping" });
    }
    const silent = now - this.heartbeatAt;
    const stuck = this.pingAt === undefined ? 0 : now - this.pingAt;
    let next: Liveness;
    if (!this.socket || !this.ready) next = this.reconnects < 0 ? "starting" : "offline";
    else if (silent === Infinity && this.reconnects < 1) next = "starting";
    else if (DEAD_AFTER_MS <= silent) next = silent === Infinity ? "offline" : "silent";
    else if (DEAD_AFTER_MS <= stuck || LAG_MAX_MS <= (this.heartbeat?.lag_ms ?? 0)) next = "delayed";
    else next = "live";
    if (next !== "live" && this.state === "live") this.lostAt = this.heartbeatAt;
    const changed = next !== this.state;
    this.state = next;
    if (changed) this.events.liveness();
    if (this.socket && GIVE_UP_MS <= silent && silent < Infinity) this.lose(this.socket);
  }
}

function count(report: Missed, event: string, severity: string): void {
  if (event === "RAISED" || event === "ESCALATED") {
    report.raised += event === "RAISED" ? 1 : 0;
    report.critical += severity === "CRITICAL" ? 1 : 0;
  }
  if (event === "CLEARED") report.cleared += 1;
}

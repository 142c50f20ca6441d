// What the page knows, and what can be done from anywhere in it.

import { clock, language, setTimeZone, t } from "./i18n";
import { MapView } from "./map/view";
import type { Scene } from "./map/scene";
import { whereabouts } from "./map/focus";
import type { Rect } from "./map/labels";
import { type Alert, type Frame, isService, rank } from "./protocol";
import { Alerts, type Entry } from "./store/alerts";
import { Hour } from "./store/hour";
import { Path } from "./store/path";
import { Tracks, mercatorX, mercatorY } from "./store/tracks";
import { type ZoneFeature, Zones, brief, zoneName } from "./store/zones";
import { type Missed, Stream } from "./stream";
import { askAuthorOnce } from "./ui/author";
import { Sound } from "./ui/sound";
import { Watch, seatOf } from "./watch";

/** The history that is asked for alerts that were cleared before the page was opened. */
const RECALL_EVENTS = 2000;
const RECALL_MS = 60 * 60_000;
/** The nearest that one aircraft is flown to. */
export const SINGLE_ZOOM = 14;
/** Zones that are named when they switch at once. */
const NAMED_MAX = 3;

export interface Filter {
  /** Ranks that are hidden. */
  hidden: Set<number>;
  text: string;
  unackedOnly: boolean;
  inViewOnly: boolean;
}

export interface Settings {
  basemap: string[];
  basemap_datum: string;
  basemap_attribution: string;
  time_zone: string;
  version: string;
}

export interface Notice {
  kind: "info" | "warn" | "error";
  text: string;
  id: string;
}

export class App implements Scene {
  readonly tracks = new Tracks();
  readonly alerts = new Alerts();
  readonly hour = new Hour();
  readonly zones: Zones;
  readonly stream: Stream;
  readonly sound = new Sound();
  map!: MapView;
  settings: Settings | undefined;
  filter: Filter = { hidden: new Set(), text: "", unackedOnly: false, inViewOnly: false };
  notices: Notice[] = [];
  aircraft: string | undefined;
  alert: Alert | undefined;
  follow = false;
  labels = true;
  trails = true;
  byHeight = false;
  vectorS = 30;
  basemapFailed = false;
  /** While the past is shown: what the bar says instead of that it is live. */
  replaying = "";
  /** The operator of this seat; empty: of nobody. */
  readonly own = seatOf()?.[0] ?? "";
  /** Whose aircraft the fleet's page shows. */
  fleet = "";
  /** An alert that the address names and that has not come yet. */
  asked: string | undefined;
  /** Newest raised CRITICAL, for who cannot see it. */
  announcement = "";
  /** What lies over the map; set by the page that is shown. */
  covers: () => Rect[] = () => [];
  private readonly watch = new Watch(this);
  private readonly way = new Path(() => this.draw(true));
  private readonly listeners: (() => void)[] = [];
  private scheduled = false;
  private frozenAt = 0;
  private recalled = "";

  constructor() {
    this.zones = new Zones(() => {
      this.map.zones.set(this.zones.features);
      this.map.refreshZones();
      this.draw(true);
    }, () => this.serverNow());
    this.stream = new Stream({
      frame: (frame) => this.hear(frame),
      liveness: () => this.livenessChanged(),
      missed: (report) => this.tellMissed(report),
    }, seatOf());
    this.fleet = this.own;
  }

  openMap(target: HTMLElement): void {
    this.map = new MapView(
      target,
      this,
      (box) => this.watch.view(box),
      (id) => this.choose(id),
      () => this.draw(),
      () => this.serverNow(),
    );
    this.map.zones.switched = (zones) => this.tellSwitched(zones);
  }

  /** Zones in view that came into force or went out of it. */
  private tellSwitched(zones: { zone: ZoneFeature; on: boolean }[]): void {
    for (const on of [true, false]) {
      const names = zones
        .filter((one) => one.on === on && this.map.touches(this.map.zones.extent(one.zone.properties.identifier) ?? []))
        .map(({ zone }) => brief(zoneName(zone, language())));
      if (names.length === 0) continue;
      const more = names.length > NAMED_MAX ? ` +${names.length - NAMED_MAX}` : "";
      const said = { zones: names.slice(0, NAMED_MAX).join(", ") + more, at: clock(this.serverNow()) };
      this.notify(`switched-${on}`, on ? "warn" : "info", t(on ? "zone_switched_on" : "zone_switched_off", said));
    }
  }

  async start(): Promise<void> {
    this.stream.start();
    try {
      this.settings = (await (await fetch("/console.json")).json()) as Settings;
      setTimeZone(this.settings.time_zone);
      this.map.useBasemap(this.settings, () => {
        this.basemapFailed = true;
        this.notify("basemap", "warn", t("basemap_fallback"));
      });
    } catch {
      // The defaults hold.
    }
    this.draw();
  }

  onDraw(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Bursts are drawn once. `targets`: what the map shows changed too. */
  draw(targets = false): void {
    if (targets) this.map.repaint();
    if (this.scheduled) return;
    this.scheduled = true;
    // A hidden page gets no frames, but its lists must not be old when it is looked at again.
    const run = () => {
      this.scheduled = false;
      this.listeners.forEach((listener) => listener());
    };
    if (document.hidden) window.setTimeout(run, 250);
    else requestAnimationFrame(run);
  }

  now(): number {
    return this.stream.live || this.stream.heartbeatAt === -Infinity ? performance.now() : this.frozenAt;
  }

  /** The service's clock; until it is known, this computer's. */
  clockNow(): number {
    return this.stream.aheadMs === undefined ? Date.now() : performance.now() + this.stream.aheadMs;
  }

  /** The service's clock, as far as it is known; it stands while the page is not live. */
  serverNow(): number {
    const { heartbeat, heartbeatAt } = this.stream;
    if (!heartbeat) return Date.now();
    const since = Number.isFinite(heartbeatAt) && this.stream.live ? performance.now() - heartbeatAt : 0;
    return Date.parse(heartbeat.now) + since;
  }

  obstacles(): Rect[] {
    return this.covers();
  }

  /** Whether a place is on the screen. */
  seesPlace(lng: number, lat: number): boolean {
    return this.map.sees(mercatorX(lng), mercatorY(lat));
  }

  get path(): readonly number[] {
    return this.way.points;
  }

  get entry(): Entry | undefined {
    return this.alert && this.alerts.find(this.alert.alert_id);
  }

  /** Chooses an aircraft, and its most severe alert with it. */
  choose(id: string | undefined): void {
    this.aircraft = id;
    this.follow = false;
    this.alert = undefined;
    if (id !== undefined) {
      const own = [...this.alerts.open.values()].filter(({ alert }) => alert.uas_id === id || alert.other?.uas_id === id);
      own.sort((a, b) => rank(a.alert.severity) - rank(b.alert.severity));
      this.alert = own[0]?.alert;
    }
    this.keepNamed();
    this.draw(true);
  }

  select(alert: Alert | undefined): void {
    this.alert = alert;
    this.aircraft = alert && !isService(alert) ? alert.uas_id : undefined;
    this.follow = false;
    this.keepNamed();
    this.draw(true);
  }

  /** Selects an alert and flies to where it is. */
  locate(alert: Alert): void {
    this.select(alert);
    const places = [alert.uas_id, alert.other?.uas_id]
      .map((id) => (id === undefined ? undefined : whereabouts(this, alert, id)))
      .filter((place) => place !== undefined);
    if (places.length === 0) return;
    const soon = places.map((place) => ({ x: place.x + place.vx * 20, y: place.y + place.vy * 20 }));
    const all = [...places, ...soon];
    const [xs, ys] = [all.map((place) => place.x), all.map((place) => place.y)];
    const box = [Math.min(...xs) - 250, Math.min(...ys) - 250, Math.max(...xs) + 250, Math.max(...ys) + 250];
    // One alone is shown with what lies about it; two must be told apart.
    this.map.show(box, places.length > 1 ? 16 : SINGLE_ZOOM);
  }

  /** Takes note of an alert, also of one that is over, in the service: every seat hears of it. */
  async acknowledge(id: string, note = ""): Promise<boolean> {
    if (!this.stream.live) {
      this.notify("ack", "warn", t("acknowledge_frozen"));
      return false;
    }
    await askAuthorOnce();
    let why = "";
    try {
      const answer = await this.stream.acknowledge(id, note);
      // Of one that is over somebody else may have taken note first, or it is kept no longer.
      const over = this.alerts.cleared.has(id);
      if (answer.ok || (over && [404, 409].includes(answer.status))) {
        if (over) this.noted(id);
        return true;
      }
      const problem = (await answer.json()) as { detail?: string };
      why = problem.detail ?? String(answer.status);
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
    }
    this.notify("ack", "error", t("acknowledge_failed", { why }));
    return false;
  }

  private noted(id: string): void {
    this.alerts.cleared.delete(id);
    if (this.alert?.alert_id === id) this.select(undefined);
    this.draw();
  }

  notify(id: string, kind: Notice["kind"], text: string): void {
    this.notices = [...this.notices.filter((notice) => notice.id !== id), { id, kind, text }];
    this.draw();
  }

  /** Copies an address, or shows it where the browser does not let a page copy. */
  giveLink(address: string, copied: string): void {
    const told = (done: boolean) => this.notify("link", done ? "info" : "warn", done ? copied : `${t("link_by_hand")} ${address}`);
    // Without a secure connection a browser may have no clipboard for pages.
    if (!navigator.clipboard) return told(false);
    navigator.clipboard.writeText(address).then(
      () => told(true),
      () => told(false),
    );
  }

  dismiss(id: string): void {
    this.notices = this.notices.filter((notice) => notice.id !== id);
    this.draw();
  }

  private hear(frame: Frame): void {
    const now = performance.now();
    switch (frame.type) {
      case "hello":
        void this.recall(frame.seq, frame.log_id ?? frame.instance);
        void this.hour.load(frame.log_id ?? frame.instance, Date.parse(frame.now)).then(() => this.draw());
        return;
      case "snapshot":
        this.alerts.replace(frame.alerts, now);
        frame.alerts.forEach((alert) => this.hour.take(alert));
        if (frame.tracks) this.tracks.replace(frame.tracks, now, this.stream.heartbeat && this.serverNow());
        this.watch.subscribe();
        void this.open();
        break;
      case "alert":
        this.hour.take(frame.alert);
        this.alerts.take(frame.alert, now, frame.durable === false ? frame.seq : undefined);
        this.sound.heard(frame.event, rank(frame.alert.severity));
        if (frame.alert.severity === "CRITICAL" && (frame.event === "RAISED" || frame.event === "ESCALATED")) {
          this.announcement = t("announce_critical", { text: frame.alert.explanation[language() === "zh" ? "zh-CN" : "en"] });
        }
        break;
      case "tracks":
        for (const track of frame.updated) this.tracks.set(track, now);
        // Who takes part in an own alert is wanted as long as it stands.
        if (seatOf()) this.watch.subscribe();
        for (const id of frame.removed) this.tracks.remove(id);
        break;
      case "heartbeat":
        this.zones.look(frame.zones_version);
        if (frame.durable_seq !== undefined) this.alerts.durable(frame.durable_seq);
        this.map.refreshZones();
        this.keepNamed();
        this.draw();
        return;
      case "gap":
        this.notify("gap", "warn", t("gap"));
        break;
      case "bye":
        this.notify("bye", "warn", t("bye"));
        break;
      case "error":
        this.notify("error", "error", frame.message);
        break;
      default:
        return;
    }
    this.keepSelection();
    this.keepNamed();
    this.draw(true);
  }

  /** Whether nobody flies in and about the view. */
  nobodyAbout(): boolean {
    return this.watch.nobodyAbout();
  }

  /** Follows the chosen aircraft, and whoever must be known, wherever they are. */
  private keepNamed(): void {
    const { aircraft } = this;
    // An aircraft that nobody tracks has no way that could be asked for.
    this.way.look(aircraft !== undefined && this.tracks.at(aircraft) !== undefined ? aircraft : undefined);
    this.watch.keepNamed();
  }

  /** The selected alert as it stands now; the followed aircraft in the middle. */
  private keepSelection(): void {
    if (this.alert) {
      const entry = this.alerts.find(this.alert.alert_id);
      if (entry) this.alert = entry.alert;
      this.map.refreshZones();
    }
    const i = this.follow && this.aircraft !== undefined ? this.tracks.at(this.aircraft) : undefined;
    if (i !== undefined) this.map.fly([this.tracks.x[i]!, this.tracks.y[i]!]);
  }

  /** Which operator's aircraft the fleet's page shows. */
  showFleet(operator: string): void {
    if (operator === this.fleet) return;
    this.fleet = operator;
    this.watch.intruders = [];
    this.choose(undefined);
    this.watch.subscribe();
  }

  /** Who takes part in the fleet's alerts without being of it. */
  nameIntruders(ids: string[]): void {
    if (ids.join() === this.watch.intruders.join()) return;
    this.watch.intruders = ids;
    this.watch.subscribe();
  }

  /** The page that is shown changed. */
  turnedTo(page: string): void {
    this.watch.onlyFleet = page === "fleet";
    this.watch.subscribe();
  }

  private livenessChanged(): void {
    const { stream } = this;
    if (!stream.live) this.frozenAt = Number.isFinite(stream.heartbeatAt) ? stream.heartbeatAt : this.frozenAt || performance.now();
    this.sound.connection(stream.liveness());
    if (stream.live) this.dismiss("bye");
    this.draw(true);
  }

  private tellMissed(report: Missed): void {
    const ago = spanText(report.seconds);
    const parts = [];
    if (report.restarted) parts.push(t("missed_restart", { ago }));
    else if (report.raised + report.cleared + report.lost === 0) parts.push(t("missed_none", { ago }));
    else {
      const { raised, cleared, critical } = report;
      parts.push(t("missed_some", { ago, raised, cleared, critical }));
    }
    if (report.lost > 0 && !report.restarted) parts.push(t("missed_lost", { lost: report.lost }));
    this.dismiss("gap");
    this.notify("missed", "info", `${t("missed_title")}: ${parts.join(" ")}`);
  }

  /** Opens the alert that the address names: one that stands, else as the history has it. */
  private async open(): Promise<void> {
    const id = this.asked;
    if (id === undefined) return;
    this.asked = undefined;
    const known = this.alerts.find(id);
    if (known) return this.locate(known.alert);
    try {
      const answer = await fetch(`/api/v1/alerts/${encodeURIComponent(id)}`);
      if (!answer.ok) throw new Error(String(answer.status));
      this.locate((await answer.json()) as Alert);
    } catch {
      this.notify("asked", "warn", t("alert_unknown", { id }));
    }
  }

  /** What was cleared before the page was opened and that nobody took note of. */
  private async recall(seq: number, history: string): Promise<void> {
    if (this.recalled === history) return;
    if (this.recalled) this.alerts.forgetCleared();
    this.recalled = history;
    try {
      const after = Math.max(0, seq - RECALL_EVENTS);
      const answer = await fetch(`/api/v1/alerts?state=CLEARED&min_severity=CAUTION&after=${after}&limit=1000`);
      if (!answer.ok) return;
      const page = (await answer.json()) as { alerts: Alert[] };
      // The stream tells a seat of its own alerts only; the history tells of everybody's.
      const { own } = this;
      const told = page.alerts.filter(({ operator, other }) => !own || operator === own || other?.operator === own);
      this.alerts.recall(told, performance.now(), Date.now() - RECALL_MS);
      this.draw();
    } catch {
      // The list then begins with what is cleared from now on.
    }
  }
}

function spanText(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  return [Math.floor(s / 3600), Math.floor(s / 60) % 60, s % 60].map((part) => String(part).padStart(2, "0")).join(":");
}

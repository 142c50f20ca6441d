// Which page is shown, and the part of the address that can be shared: page, view, selection, filter.

import type { App } from "./app";
import { PAGES, type Mounted } from "./pages";

const FIRST = "live";

export class Router {
  page = FIRST;
  private written = "";

  constructor(
    private readonly app: App,
    private readonly shown: (page: string) => void,
    private readonly mounted: () => Mounted,
  ) {
    window.addEventListener("hashchange", () => this.read());
  }

  go(page: string): void {
    if (page !== this.page) location.hash = `#/${page}`;
  }

  /** Takes over what the address says. */
  read(): void {
    if (location.hash === this.written) return;
    const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
    const known = PAGES.find((page) => page.id === path);
    this.page = known?.id ?? FIRST;
    const wanted = new URLSearchParams(query ?? "");
    const at = wanted.get("at");
    if (at) this.app.map.lookAt(at);
    if (!known?.past) this.take(wanted);
    this.shown(this.page);
    this.mounted().read?.(wanted);
  }

  /** What is chosen in the live picture. */
  private take(wanted: URLSearchParams): void {
    const { filter } = this.app;
    const hidden = wanted.get("hide");
    if (hidden) filter.hidden = new Set(hidden.split(",").map(Number));
    filter.text = wanted.get("q") ?? filter.text;
    filter.unackedOnly = wanted.has("unacked") || filter.unackedOnly;
    filter.inViewOnly = wanted.has("inview") || filter.inViewOnly;
    const aircraft = wanted.get("uas");
    if (aircraft) this.app.choose(aircraft);
    this.app.asked = wanted.get("alert") ?? undefined;
    const operator = wanted.get("op");
    if (operator) this.app.showFleet(operator);
  }

  /** Keeps the address up to date without a history entry for each move of the map. */
  write(): void {
    const { filter, aircraft, alert, fleet, map } = this.app;
    // A page that was asked for, but whose event has not come yet, must not be written over.
    const asked = location.hash.replace(/^#\/?/, "").split("?")[0];
    if (asked && asked !== this.page && PAGES.some((page) => page.id === asked)) return;
    const said = new URLSearchParams({ at: map.said() });
    const own = this.mounted().said?.();
    for (const [name, value] of own ?? []) if (name !== "at") said.set(name, value);
    if (own) return this.put(said);
    if (filter.hidden.size > 0) said.set("hide", [...filter.hidden].join(","));
    if (filter.text) said.set("q", filter.text);
    if (filter.unackedOnly) said.set("unacked", "");
    if (filter.inViewOnly) said.set("inview", "");
    if (aircraft) said.set("uas", aircraft);
    const named = alert?.alert_id ?? this.app.asked;
    if (named) said.set("alert", named);
    if (fleet && this.page === "fleet") said.set("op", fleet);
    this.put(said);
  }

  private put(said: URLSearchParams): void {
    const hash = `#/${this.page}?${said.toString().replace(/%2C/g, ",")}`;
    if (hash === location.hash) return;
    this.written = hash;
    history.replaceState(null, "", hash);
  }
}

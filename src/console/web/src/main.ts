// Puts the page together and keeps it going.

import { App } from "./app";
import { PAGES, type Mounted } from "./pages";
import { Router } from "./router";
import { WALL } from "./ui/dom";
import { Keys } from "./ui/keys";
import { Shell } from "./ui/shell";
import { isShelved } from "./protocol";
import "./style.css";

/** Ages, blinking and the connection's state are looked at this often, milliseconds. */
const TICK_MS = 250;
/** While an alarm blinks, and when aircraft may turn stale, the map is painted this often. */
const BLINK_MS = 500;

const app = new App();
const router: Router = new Router(app, (id) => show(id), () => mounted);
const shell = new Shell(app, router);
let mounted: Mounted = { render: () => undefined };
let shown = "";

function show(id: string): void {
  const page = PAGES.find((one) => one.id === id);
  if (!page || shown === id) return;
  shown = id;
  document.body.dataset["page"] = id;
  document.body.classList.toggle("with-map", page.map);
  // On a phone the past is a map, the live picture a list until its map is wanted; the other pages have their words.
  document.body.classList.toggle("phone-map", id === "replay" || (id === "live" && document.body.dataset["map"] === "wanted"));
  delete document.body.dataset["map"];
  mounted.leave?.();
  app.turnedTo(id);
  mounted = page.mount(app, { over: shell.over, side: shell.side });
  app.draw(true);
}

document.getElementById("app")?.append(shell.root);
app.openMap(shell.mapPlace);
app.onDraw(() => {
  shell.render();
  mounted.render();
});
new Keys(app, router, () => mounted);
router.read();
show(router.page);
void app.start();

// A wall shows the picture to a room: nothing to press, everything larger.
document.body.classList.toggle("kiosk", WALL);

let blinked = 0;
let addressed = 0;
window.setInterval(() => {
  const unacked = [false, false];
  for (const { alert } of app.alerts.open.values()) {
    if (alert.acknowledged || isShelved(alert, app.serverNow())) continue;
    if (alert.severity === "CRITICAL") unacked[0] = true;
    if (alert.severity === "WARNING") unacked[1] = true;
  }
  app.sound.tick(unacked[0] ?? false, unacked[1] ?? false);
  const half = Math.floor(Date.now() / BLINK_MS);
  const blinks = half !== blinked && (unacked[0] || unacked[1]);
  const second = half >> 1 !== blinked >> 1;
  blinked = half;
  app.draw(Boolean(blinks) || second);
  addressed = (addressed + 1) % 4;
  if (addressed === 0) router.write();
}, TICK_MS);

// For tests and for who wants to look inside.
declare global {
  interface Window {
    lowsky: App;
  }
}
window.lowsky = app;

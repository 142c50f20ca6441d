// The amber strip that says that this is the past, and the buttons that play it.

import { type Key, clock, t } from "../i18n";
import { h, icon, ICONS, write } from "../ui/dom";
import { type Player, SPEEDS } from "./player";
import type { Timeline } from "./timeline";

const HALF_HOUR_MS = 30 * 60_000;

export interface Deeds {
  seek(by: number): void;
  play(): void;
  speed(speed: number): void;
  shift(by: number): void;
  latest(): void;
  whole(): void;
  copy(): void;
  leave(): void;
}

/** What stands in amber at the top: `回放 14:03:22 ×4 — 非实时`. */
export function pillText(player: Player): string {
  return t("replay_pill", { at: clock(player.t), speed: player.speed });
}

/** The day at the site is told by UTC: no reader may take one for the other. */
export function utcText(at: number): string {
  return `UTC ${new Date(at).toISOString().slice(0, 19).replace("T", " ")}`;
}

/** After a click the space bar plays; a button that was reached by keyboard keeps it. */
export function letGo(place: HTMLElement): void {
  place.addEventListener("click", ({ detail }) => {
    const { activeElement } = document;
    if (detail > 0 && activeElement instanceof HTMLButtonElement) activeElement.blur();
  });
}

export class Controls {
  readonly strip = h("div", { id: "replay-strip", role: "group" });
  readonly foot = h("div", { id: "replay-foot" });
  private readonly pill = h("b", { class: "replay-pill" });
  private readonly utc = h("span");
  private readonly state = h("span", { class: "replay-state", role: "status" });
  private readonly back = h("button", { type: "button", id: "replay-leave" });
  private readonly play = h("button", { type: "button", id: "replay-play", class: "primary" });
  private readonly steps: { button: HTMLButtonElement; key: Key }[];
  private readonly speeds: { button: HTMLButtonElement; speed: number }[];
  private readonly whole = h("button", { type: "button" });
  private readonly span = h("span", { class: "dim" });
  private readonly shifts: { button: HTMLButtonElement; key: Key }[];
  private readonly latest = h("button", { type: "button" });
  private readonly link = h("button", { type: "button", class: "square", id: "replay-link" }, icon(ICONS.link));
  private readonly row = h("div", { class: "replay-row", role: "toolbar" });

  constructor(
    private readonly player: Player,
    timeline: Timeline,
    deeds: Deeds,
  ) {
    const button = (said: string, run: () => void) => h("button", { type: "button", onclick: run }, said);
    const step = (said: string, seconds: number, key: Key) => ({ key, button: button(said, () => deeds.seek(seconds * 1000)) });
    this.steps = [step("−60", -60, "replay_back_60"), step("−10", -10, "replay_back_10"), step("+10", 10, "replay_on_10"), step("+60", 60, "replay_on_60")];
    this.speeds = SPEEDS.map((speed) => ({ speed, button: button(`×${speed}`, () => deeds.speed(speed)) }));
    this.shifts = [
      { key: "replay_earlier", button: button("« 30", () => deeds.shift(-HALF_HOUR_MS)) },
      { key: "replay_later", button: button("30 »", () => deeds.shift(HALF_HOUR_MS)) },
    ];
    this.play.addEventListener("click", deeds.play);
    this.back.addEventListener("click", deeds.leave);
    this.whole.addEventListener("click", deeds.whole);
    this.latest.addEventListener("click", deeds.latest);
    this.link.addEventListener("click", deeds.copy);
    this.strip.append(this.pill, this.utc, this.state, h("div", { class: "grow" }), this.back);
    const [first, second, third, fourth] = this.steps.map((one) => one.button);
    this.row.append(
      first!,
      second!,
      this.play,
      third!,
      fourth!,
      h("span", { class: "replay-group" }, ...this.speeds.map((one) => one.button)),
      this.whole,
      this.span,
      h("div", { class: "grow" }),
      ...this.shifts.map((one) => one.button),
      this.latest,
      this.link,
    );
    this.foot.append(this.row, timeline.root);
    letGo(this.row);
  }

  render(state: string, oldFile: boolean): void {
    const { player } = this;
    this.strip.setAttribute("aria-label", t("page_replay"));
    this.row.setAttribute("aria-label", t("replay_controls"));
    write(this.pill, pillText(player));
    write(this.utc, utcText(player.t));
    write(this.state, state);
    write(this.back, `${t("replay_leave")} ⇧L`);
    write(this.play, player.playing ? `❚❚ ${t("replay_pause")}` : `▶ ${t("replay_play")}`);
    for (const { button, key } of [...this.steps, ...this.shifts]) {
      // A name holds what is seen.
      button.setAttribute("aria-label", `${button.textContent} ${t(key)}`);
      button.title = t(key);
    }
    for (const { button, speed } of this.speeds) button.setAttribute("aria-pressed", String(player.speed === speed));
    this.whole.hidden = this.span.hidden = !player.span;
    write(this.whole, t("replay_whole"));
    if (player.span) write(this.span, `${clock(player.span.from)} – ${clock(player.span.to)}`);
    write(this.latest, t("replay_latest"));
    this.latest.hidden = oldFile;
    this.link.hidden = oldFile;
    this.link.setAttribute("aria-label", t("replay_link"));
    this.link.title = t("replay_link");
  }
}

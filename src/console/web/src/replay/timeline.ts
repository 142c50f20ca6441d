// The hour that is shown, with a bar for each minute of what was raised, and the hand that can be dragged along it.

import { clock, language, shortClock, t } from "../i18n";
import { h, write } from "../ui/dom";
import { HOUR_MS } from "../store/hour";

const SVG = "http://www.w3.org/2000/svg";
const MINUTE_MS = 60_000;
/** A bar is as high as the strip for at least so many alerts. */
const FULL = 4;
const TICK_MINUTES = 10;

/** The moment that the hand is at, and a span that is marked. */
interface Hand {
  readonly t: number;
  readonly span: { from: number; to: number } | undefined;
}

/** What the bars are made of. */
interface Counted {
  readonly version: number;
  bars(from: number, to: number): number[][];
}

export class Timeline {
  readonly root = h("div", { id: "replay-time", role: "slider", tabindex: "0" });
  from = 0;
  private readonly svg = document.createElementNS(SVG, "svg");
  private readonly bars = document.createElementNS(SVG, "g");
  private readonly window = shape("rect", "window");
  private readonly unknown = shape("rect", "unknown");
  private readonly hand = h("i", { class: "hand" });
  private readonly ticks = Array.from({ length: 60 / TICK_MINUTES + 1 }, () => h("span"));
  private drawn = "";

  constructor(
    private readonly player: Hand,
    private readonly events: Counted,
    private readonly reach: () => [number, number],
    sought: (t: number) => void,
  ) {
    this.svg.setAttribute("viewBox", "0 0 3600 100");
    this.svg.setAttribute("preserveAspectRatio", "none");
    this.svg.setAttribute("aria-hidden", "true");
    this.svg.append(this.unknown, this.bars, this.window);
    this.root.append(this.svg, this.hand, ...this.ticks);
    const seek = (event: PointerEvent) => {
      const box = this.root.getBoundingClientRect();
      sought(this.from + (Math.min(Math.max(event.clientX - box.left, 0), box.width) / box.width) * HOUR_MS);
    };
    this.root.addEventListener("pointerdown", (event) => {
      this.root.setPointerCapture(event.pointerId);
      seek(event);
    });
    this.root.addEventListener("pointermove", (event) => {
      if (this.root.hasPointerCapture(event.pointerId)) seek(event);
    });
  }

  get to(): number {
    return this.from + HOUR_MS;
  }

  /** Shows the hour that has a moment near its middle, or that ends where there is no more. */
  show(t: number): void {
    const [, newest] = this.reach();
    const end = Math.min(t + HOUR_MS / 2, newest + MINUTE_MS);
    this.from = Math.ceil(end / MINUTE_MS) * MINUTE_MS - HOUR_MS;
  }

  shift(by: number): void {
    const [, newest] = this.reach();
    const end = Math.min(this.to + by, newest + MINUTE_MS);
    this.from = Math.ceil(end / MINUTE_MS) * MINUTE_MS - HOUR_MS;
  }

  /** Where a moment stands, from 0 to 1. */
  private place(at: number): number {
    return Math.min(Math.max((at - this.from) / HOUR_MS, 0), 1);
  }

  /** Puts the hand to a moment. */
  point(at: number): void {
    this.root.setAttribute("aria-valuenow", String(Math.round(this.place(at) * (HOUR_MS / 1000))));
    this.root.setAttribute("aria-valuetext", clock(at));
    this.hand.style.left = `${this.place(at) * 100}%`;
    this.hand.hidden = at < this.from || this.to < at;
  }

  render(): void {
    const { player } = this;
    const place = (at: number) => this.place(at);
    this.root.setAttribute("aria-label", t("replay_time"));
    this.root.setAttribute("aria-valuemin", "0");
    this.root.setAttribute("aria-valuemax", String(HOUR_MS / 1000));
    this.point(player.t);
    const [oldest, newest] = this.reach();
    const drawn = [this.from, this.events.version, player.span?.from, player.span?.to, oldest, Math.floor(newest / 5000), language()].join();
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const bars = this.events.bars(this.from, this.to);
    const most = Math.max(FULL, ...bars.map((bar) => bar.reduce((sum, count) => sum + count, 0)));
    this.bars.replaceChildren(
      ...bars.flatMap((bar, minute) => {
        let top = 100;
        return bar.flatMap((count, rank) => {
          if (count === 0) return [];
          const high = (count / most) * 96;
          top -= high;
          const rect = shape("rect", `rank${rank}`);
          span(rect, minute * 60 + 8, minute * 60 + 52, top, high);
          return [rect];
        });
      }),
    );
    // Where nothing is known is hatched: before what is kept, and what has not been yet.
    span(this.unknown, place(newest) * 3600, 3600, 0, 100);
    this.root.style.setProperty("--oldest", `${place(oldest) * 100}%`);
    const marked = player.span;
    this.window.setAttribute("visibility", marked ? "visible" : "hidden");
    if (marked) span(this.window, place(marked.from) * 3600, place(marked.to) * 3600, 0, 100);
    this.ticks.forEach((tick, index) => {
      const at = Math.ceil(this.from / MINUTE_MS / TICK_MINUTES) * TICK_MINUTES * MINUTE_MS + index * TICK_MINUTES * MINUTE_MS;
      tick.hidden = this.to - MINUTE_MS < at;
      tick.style.left = `${place(at) * 100}%`;
      write(tick, shortClock(at));
    });
  }
}

function shape(name: string, kind: string): SVGElement {
  const made = document.createElementNS(SVG, name);
  made.setAttribute("class", kind);
  return made;
}

function span(rect: SVGElement, from: number, to: number, top: number, high: number): void {
  for (const [name, value] of Object.entries({ x: from, width: Math.max(0, to - from), y: top, height: high })) {
    rect.setAttribute(name, String(value));
  }
}

// What stands at the edge of the map: how long a stretch of it is, and whose pictures lie under it.

import { stretch } from "./painter";
import { h, write } from "../ui/dom";

/** Least width of the scale's line, CSS pixels. */
const LEAST_PX = 90;
/** Lengths that the line may stand for, times a power of ten. */
const ROUND = [1, 2, 5, 10];

/** The round length of at least `LEAST_PX`, as words and as pixels. `metres`: a pixel on the ground. */
export function scaleOf(metres: number): { text: string; width: number } {
  const least = LEAST_PX * metres;
  const power = 10 ** Math.floor(Math.log10(least));
  const length = power * (ROUND.find((times) => least <= times * power) ?? 10);
  return { text: length < 1000 ? `${length} m` : `${length / 1000} km`, width: Math.round(length / metres) };
}

export class Margin {
  readonly root = h("div", { class: "margin" });
  private readonly scale = h("div", { class: "scale" });
  private readonly source = h("div", { class: "attribution", hidden: true });

  constructor() {
    this.root.append(this.source, this.scale);
  }

  /** Whose base map it is. */
  attribute(text: string): void {
    write(this.source, text);
    this.source.hidden = text === "";
  }

  /** `y`: Mercator ordinate of the middle; `resolution`: metres of Mercator a pixel. */
  draw(y: number, resolution: number): void {
    const { text, width } = scaleOf(resolution / stretch(y));
    write(this.scale, text);
    this.scale.style.width = `${width}px`;
  }
}

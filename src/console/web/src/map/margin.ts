// What stands at the edge of the map: how long a stretch of it is, and whose pictures lie under it.

import { stretch } from "./painter";
import { h, write } from "../ui/dom";

/** Least width of the scale's line, CSS pixels. */
const LEAST_PX = 90;
/** Lengths that the line may stand for, times a power of ten. */
const ROUND = [1, 2, 5, 10];

/** The round length of at least `px` pixels, and its pixels. `pixel`: metres of one on the ground. */
export function scaleOf(pixel: number, px: number): { metres: number; width: number } {
  const least = px * pixel;
  const power = 10 ** Math.floor(Math.log10(least));
  const metres = power * (ROUND.find((times) => least <= times * power) ?? 10);
  return { metres, width: metres / pixel };
}

export function lengthText(metres: number): string {
  return metres < 1000 ? `${metres} m` : `${metres / 1000} km`;
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
    const { metres, width } = scaleOf(resolution / stretch(y), LEAST_PX);
    write(this.scale, lengthText(metres));
    this.scale.style.width = `${Math.round(width)}px`;
  }
}

// A figure with how it went: a line on a canvas, and the limit that it should stay under.

import { h, toggle, write } from "../ui/dom";

/** Draws a line from left to right; `line`: a limit, dashed. */
export function spark(canvas: HTMLCanvasElement, series: number[], line?: number): void {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const pen = canvas.getContext("2d");
  if (!pen || width === 0) return;
  canvas.width = width * devicePixelRatio;
  canvas.height = height * devicePixelRatio;
  pen.scale(devicePixelRatio, devicePixelRatio);
  const top = Math.max(1e-9, line === undefined ? 0 : line * 1.25, ...series) * 1.1;
  const y = (value: number) => height - 1 - (value / top) * (height - 2);
  if (line !== undefined) {
    pen.strokeStyle = "#ff9d3c";
    pen.setLineDash([4, 4]);
    pen.beginPath();
    pen.moveTo(0, y(line));
    pen.lineTo(width, y(line));
    pen.stroke();
    pen.setLineDash([]);
  }
  if (series.length < 2) return;
  pen.beginPath();
  series.forEach((value, i) => pen.lineTo((i / (series.length - 1)) * width, y(value)));
  pen.strokeStyle = "#8cc8ff";
  pen.lineWidth = 1.4;
  pen.stroke();
  pen.lineTo(width, height);
  pen.lineTo(0, height);
  pen.fillStyle = "rgba(140, 200, 255, .13)";
  pen.fill();
}

export class Tile {
  private readonly label = h("span", { class: "dim" });
  private readonly value = h("b");
  private readonly canvas = h("canvas", { "aria-hidden": "true" });
  readonly root = h("div", { class: "card sys-tile" }, h("div", {}, this.label, this.value), this.canvas);

  render(label: string, value: string, series: number[], line?: number): void {
    write(this.label, label);
    write(this.value, value);
    toggle(this.root, "over", line !== undefined && line < (series.at(-1) ?? 0));
    spark(this.canvas, series, line);
  }
}

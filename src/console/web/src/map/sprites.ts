// Symbols of targets, drawn once into one picture: 72 headings by look.

import { HEIGHT_STEPS, MANNED, OWN, RANK, SENSED, STALE, TARGET, UNIDENTIFIED, heightColour } from "./colours";

const HEADINGS = 72;
/** Side of a cell, in CSS pixels. */
export const CELL = 26;

/** Rows of the atlas. */
export const LOOK = {
  normal: 0,
  unidentified: 1,
  sensed: 2,
  manned: 3,
  stale: 4,
  alarm: 5,
  own: 10,
  height: 11,
} as const;
const LOOKS = LOOK.height + HEIGHT_STEPS;

type Form = "chevron" | "hollow" | "sensed" | "manned";

function colourOf(look: number): string {
  if (LOOK.height <= look) return heightColour(look - LOOK.height);
  if (look === LOOK.own) return OWN;
  if (LOOK.alarm <= look) return RANK[look - LOOK.alarm] ?? TARGET;
  return [TARGET, UNIDENTIFIED, SENSED, MANNED, STALE][look] ?? TARGET;
}

function draw(pen: CanvasRenderingContext2D, form: Form, colour: string, moving: boolean): void {
  pen.fillStyle = pen.strokeStyle = colour;
  pen.lineWidth = 1.6;
  pen.lineJoin = "round";
  pen.beginPath();
  if (form === "sensed") {
    // A triangle with a dot keeps its orientation: its course is a guess.
    pen.moveTo(0, -8);
    pen.lineTo(7, 5);
    pen.lineTo(-7, 5);
    pen.closePath();
    pen.stroke();
    pen.beginPath();
    pen.arc(0, 0.5, 1.8, 0, 7);
    pen.fill();
  } else if (form === "manned") {
    pen.moveTo(0, -10);
    pen.lineTo(0, 8);
    pen.moveTo(-9, 0);
    pen.lineTo(9, 0);
    pen.moveTo(-4, 7);
    pen.lineTo(4, 7);
    pen.lineWidth = 3;
    pen.stroke();
  } else if (!moving) {
    pen.arc(0, 0, 3.6, 0, 7);
    if (form === "hollow") pen.stroke();
    else pen.fill();
  } else {
    pen.moveTo(0, -8);
    pen.lineTo(5.5, 6.5);
    pen.lineTo(0, 3.2);
    pen.lineTo(-5.5, 6.5);
    pen.closePath();
    if (form === "hollow") pen.stroke();
    else pen.fill();
  }
}

export class Sprites {
  private readonly pictures = new Map<string, HTMLCanvasElement>();

  constructor(private readonly ratio: number) {}

  /** Paints one symbol with its middle at `x`, `y` in CSS pixels. A heading of NaN is one that hovers. */
  paint(pen: CanvasRenderingContext2D, form: Form, look: number, heading: number, x: number, y: number, size = CELL): void {
    const step = Number.isNaN(heading) ? HEADINGS : Math.round(heading / (360 / HEADINGS)) % HEADINGS;
    const picture = this.picture(form, look);
    const cell = CELL * this.ratio;
    pen.drawImage(picture, step * cell, 0, cell, cell, x - size / 2, y - size / 2, size, size);
  }

  private picture(form: Form, look: number): HTMLCanvasElement {
    const key = `${form}${look}`;
    const known = this.pictures.get(key);
    if (known) return known;
    const canvas = document.createElement("canvas");
    const cell = CELL * this.ratio;
    canvas.width = cell * (HEADINGS + 1);
    canvas.height = cell;
    const pen = canvas.getContext("2d");
    if (pen) {
      for (let step = 0; step <= HEADINGS; step += 1) {
        pen.setTransform(this.ratio, 0, 0, this.ratio, (step + 0.5) * cell, cell / 2);
        if (form !== "sensed") pen.rotate((step * 2 * Math.PI) / HEADINGS);
        draw(pen, form, colourOf(Math.min(look, LOOKS - 1)), step < HEADINGS);
      }
    }
    this.pictures.set(key, canvas);
    return canvas;
  }
}

export const FORMS: Form[] = ["chevron", "hollow", "sensed", "manned"];
export type { Form };

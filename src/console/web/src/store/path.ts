// Where the chosen aircraft has been, as the service keeps it.

import { mercatorX, mercatorY } from "./tracks";

/** It is asked for anew this often while it is looked at, milliseconds; the newest stretch is drawn from its reports. */
const AGAIN_MS = 10_000;

export class Path {
  /** Mercator x and y in turns, the oldest first. */
  points: number[] = [];
  private id: string | undefined;
  private askedAt = -Infinity;

  constructor(private readonly changed: () => void) {}

  /** To be called whenever the choice may have changed, and now and then. */
  look(id: string | undefined): void {
    const now = performance.now();
    if (id === this.id && now - this.askedAt < AGAIN_MS) return;
    if (id !== this.id) this.points = [];
    this.id = id;
    this.askedAt = now;
    if (id !== undefined) void this.fetch(id);
  }

  private async fetch(id: string): Promise<void> {
    try {
      const answer = await fetch(`/api/v1/tracks/${encodeURIComponent(id)}`, { cache: "no-store" });
      const told = answer.ok ? ((await answer.json()) as { path: { lat: number; lng: number }[] }) : { path: [] };
      if (id !== this.id) return;
      this.points = told.path.flatMap(({ lat, lng }) => [mercatorX(lng), mercatorY(lat)]);
      this.changed();
    } catch {
      // The trail from its reports is there all the same.
    }
  }
}

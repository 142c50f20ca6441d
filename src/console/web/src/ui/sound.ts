// Alarm sounds: one at a time, the most severe wins, and it is always visible whether they can be heard.

import type { Liveness } from "../stream";

/** A mute ends by itself after this, milliseconds. */
const MUTE_MS = 10 * 60_000;
/** An unacknowledged CRITICAL sounds again after this, a WARNING once more after the second. */
const AGAIN_CRITICAL_MS = 15_000;
const AGAIN_WARNING_MS = 60_000;
/** CAUTION sounds at most this often. */
const SOFT_MS = 10_000;
const OFFLINE_AGAIN_MS = 20_000;

/** Frequency in hertz, start and length in seconds. */
type Tone = [number, number, number];

const PATTERNS: Record<string, Tone[]> = {
  critical: [0, 1, 2, 3].flatMap((n): Tone[] => [
    [988, n * 0.4, 0.18],
    [740, n * 0.4 + 0.2, 0.18],
  ]),
  warning: [
    [880, 0, 0.15],
    [880, 0.25, 0.15],
  ],
  caution: [[660, 0, 0.2]],
  offline: [
    [440, 0, 0.3],
    [330, 0.35, 0.3],
    [247, 0.7, 0.5],
  ],
};
const LOUDNESS: Record<string, number> = { critical: 0.5, warning: 0.35, caution: 0.15, offline: 0.35 };
const ORDER = ["critical", "offline", "warning", "caution"];

export class Sound {
  /** How many were begun; for who wants to know whether it sounded. */
  plays = 0;
  /** An alert came while muted. */
  unheard = false;
  /** In a flood of alerts only CRITICAL sounds. */
  onlyGravest = false;
  private context: AudioContext | undefined;
  private mutedUntil = 0;
  private busyUntil = 0;
  private busyWith = "";
  private nextCritical = 0;
  private nextWarning = 0;
  private softAt = -Infinity;
  private nextOffline = 0;
  private repeats = 0;

  constructor() {
    const wake = () => void this.wake();
    for (const gesture of ["pointerdown", "keydown"]) window.addEventListener(gesture, wake, { capture: true });
    try {
      this.context = new AudioContext();
    } catch {
      this.context = undefined;
    }
  }

  /** Browsers let a page sound only after a gesture. */
  async wake(): Promise<void> {
    try {
      await this.context?.resume();
    } catch {
      // It stays blocked, and that is shown.
    }
  }

  get blocked(): boolean {
    return this.context?.state !== "running";
  }

  /** Milliseconds until the mute ends; 0: not muted. */
  get mutedMs(): number {
    return Math.max(0, this.mutedUntil - performance.now());
  }

  toggleMute(): void {
    this.mutedUntil = this.mutedMs > 0 ? 0 : performance.now() + MUTE_MS;
    this.unheard = false;
  }

  /** One alert event. */
  heard(event: string, rank: number): void {
    if (event !== "RAISED" && event !== "ESCALATED") return;
    const now = performance.now();
    if (rank === 0) {
      this.nextCritical = now;
      this.repeats = 0;
    } else if (this.onlyGravest) {
      return;
    } else if (rank === 1) {
      this.play("warning");
      this.nextWarning = now + AGAIN_WARNING_MS;
    } else if (rank === 2 && SOFT_MS <= now - this.softAt) {
      this.softAt = now;
      this.play("caution");
    }
  }

  connection(liveness: Liveness): void {
    const down = liveness === "offline" || liveness === "silent" || liveness === "delayed";
    if (down && this.nextOffline === 0) this.nextOffline = performance.now();
    if (liveness === "live") this.nextOffline = 0;
  }

  /** To be called a few times a second: what is still to be heard. */
  tick(criticalUnacked: boolean, warningUnacked: boolean): void {
    const now = performance.now();
    if (criticalUnacked && this.nextCritical <= now) {
      this.repeats += 1;
      this.play("critical", this.repeats > 1 ? 1.5 : 1);
      this.nextCritical = now + AGAIN_CRITICAL_MS;
    }
    if (warningUnacked && !this.onlyGravest && this.nextWarning > 0 && this.nextWarning <= now) {
      this.play("warning");
      this.nextWarning = 0;
    }
    if (this.nextOffline > 0 && this.nextOffline <= now) {
      this.play("offline");
      this.nextOffline = now + OFFLINE_AGAIN_MS;
    }
  }

  test(): void {
    void this.wake().then(() => this.play("warning"));
  }

  private play(name: string, gain = 1): void {
    if (this.mutedMs > 0) {
      this.unheard = true;
      return;
    }
    const { context } = this;
    if (!context || context.state !== "running") return;
    const now = performance.now();
    if (now < this.busyUntil && ORDER.indexOf(this.busyWith) <= ORDER.indexOf(name)) return;
    const tones = PATTERNS[name] ?? [];
    this.plays += 1;
    this.busyWith = name;
    this.busyUntil = now + Math.max(...tones.map(([, start, length]) => start + length)) * 1000;
    for (const [hertz, start, length] of tones) {
      const at = context.currentTime + start;
      const tone = context.createOscillator();
      const volume = context.createGain();
      tone.type = "triangle";
      tone.frequency.value = hertz;
      volume.gain.setValueAtTime(0, at);
      volume.gain.linearRampToValueAtTime((LOUDNESS[name] ?? 0.3) * gain, at + 0.02);
      volume.gain.setValueAtTime((LOUDNESS[name] ?? 0.3) * gain, at + length - 0.03);
      volume.gain.linearRampToValueAtTime(0, at + length);
      tone.connect(volume).connect(context.destination);
      tone.start(at);
      tone.stop(at + length);
    }
  }
}

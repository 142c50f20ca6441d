// What the service counts, looked at every few seconds: rates, percentiles, and how they went over the last minutes.

/** Figures are told over this span, milliseconds. */
const SPAN_MS = 120_000;
/** A percentile of a moment is one of so many samples. */
const NEAR = 10;

interface Sample {
  at: number;
  values: Map<string, number>;
}

/** One sample of each series of a Prometheus text. */
export function readMetrics(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (!line || line.startsWith("#")) continue;
    const end = line.lastIndexOf("}");
    const [name, rest] = end < 0 ? line.split(" ") : [line.slice(0, end + 1), line.slice(end + 2)];
    const value = Number.parseFloat((rest ?? "").split(" ")[0] ?? "");
    if (name && Number.isFinite(value)) values.set(name.replace(/^lowsky_/, ""), value);
  }
  return values;
}

export class Samples {
  private all: Sample[] = [];

  push(at: number, values: Map<string, number>): void {
    // A service that began anew counts from nothing.
    if ((values.get("intake_messages_total") ?? 0) < (this.latest("intake_messages_total") ?? 0)) this.all = [];
    this.all = [...this.all.filter((one) => at - one.at < SPAN_MS), { at, values }];
  }

  latest(name: string): number | undefined {
    return this.all.at(-1)?.values.get(name);
  }

  /** The newest values of the series of one family. */
  family(name: string): [string, number][] {
    return [...(this.all.at(-1)?.values ?? [])].filter(([key]) => key === name || key.startsWith(`${name}{`));
  }

  /** Of all series of a family together. */
  total(name: string, sample = this.all.at(-1)): number | undefined {
    let total: number | undefined;
    for (const [key, value] of sample?.values ?? []) if (key === name || key.startsWith(`${name}{`)) total = (total ?? 0) + value;
    return total;
  }

  /** How much a family grows a second over the whole span. */
  rate(name: string): number | undefined {
    return this.growth(name, this.all[0], this.all.at(-1));
  }

  rates(name: string): number[] {
    return this.all.slice(1).map((sample, i) => this.growth(name, this.all[i], sample) ?? 0);
  }

  series(name: string): number[] {
    return this.all.map(({ values }) => values.get(name) ?? 0);
  }

  /** The least bound of a histogram's buckets that 99 of 100 do not exceed: of what the span added, else of everything. */
  p99(name: string, from = 0, to = this.all.length - 1): number | undefined {
    const [first, last] = [this.all[from], this.all[to]];
    const buckets: [number, number, number][] = [];
    for (const [key, value] of last?.values ?? []) {
      const le = key.startsWith(`${name}_bucket{`) ? /le="([^"]+)"/.exec(key)?.[1] : undefined;
      if (le !== undefined) buckets.push([le === "+Inf" ? Infinity : Number(le), value - (first?.values.get(key) ?? 0), value]);
    }
    buckets.sort(([a], [b]) => a - b);
    const all = buckets.at(-1);
    if (!all || all[2] === 0) return undefined;
    const of = all[1] > 0 ? 1 : 2;
    return buckets.find((bucket) => bucket[of] >= all[of] * 0.99)?.[0];
  }

  p99s(name: string): number[] {
    return this.all.map((_, i) => this.p99(name, Math.max(0, i - NEAR), i) ?? 0).filter(Number.isFinite);
  }

  private growth(name: string, first: Sample | undefined, last: Sample | undefined): number | undefined {
    const [before, after] = [this.total(name, first), this.total(name, last)];
    const seconds = first && last ? (last.at - first.at) / 1000 : 0;
    return before === undefined || after === undefined || seconds <= 0 ? undefined : (after - before) / seconds;
  }
}

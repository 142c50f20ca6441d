// What the service knows of an operator's feeds, asked for while the fleet's page is shown.

export interface LastRefused {
  at: string;
  reason: string;
  field?: string;
  detail: string;
  message: { "zh-CN": string; en: string };
  topic: string;
  payload?: string;
}

export interface Feed {
  uas_id: string;
  heard_at: string;
  rate_hz: number;
  recent: number[];
  messages: number;
  accepted: number;
  refused: number;
  duplicates: number;
  out_of_order: number;
  backfilled: number;
  delay_s?: { p50: number; p99: number };
  skew_s?: number;
  last_refused?: LastRefused;
}

export interface Operator {
  operator: string;
  aircraft: number;
  refused: number;
  heard_at?: string;
  rate_hz?: number;
  out_of_order?: number;
  delay_s?: { p50: number; p99: number };
}

/** The feeds of an operator as one: sums, and the newest of what was refused. */
export function together(told: Operator, feeds: Feed[]): Feed {
  const sum = (of: (feed: Feed) => number) => feeds.reduce((all, feed) => all + of(feed), 0);
  const heard = feeds.reduce((newest, { heard_at }) => (newest < heard_at ? heard_at : newest), told.heard_at ?? "");
  const refused = feeds.flatMap(({ last_refused }) => last_refused ?? []).sort((a, b) => (a.at < b.at ? 1 : -1))[0];
  return {
    uas_id: told.operator,
    heard_at: heard,
    rate_hz: told.rate_hz ?? sum(({ rate_hz }) => rate_hz),
    recent: Array.from({ length: 12 }, (_, at) => sum(({ recent }) => recent[at] ?? 0)),
    messages: sum(({ messages }) => messages),
    accepted: sum(({ accepted }) => accepted),
    refused: told.refused,
    duplicates: sum(({ duplicates }) => duplicates),
    out_of_order: sum(({ out_of_order }) => out_of_order),
    backfilled: sum(({ backfilled }) => backfilled),
    ...(told.delay_s ? { delay_s: told.delay_s } : {}),
    ...(refused ? { last_refused: refused } : {}),
  };
}

const ASK_MS = 3000;

export class Feeds {
  operators: Operator[] = [];
  readonly byId = new Map<string, Feed>();
  /** Whether the service answered the last time. */
  reachable = true;
  private operator = "";
  private timer = 0;

  constructor(private readonly changed: () => void) {}

  /** Asks from now on, at once and then every few seconds. */
  follow(operator: string): void {
    if (operator !== this.operator) this.byId.clear();
    this.operator = operator;
    window.clearInterval(this.timer);
    this.timer = window.setInterval(() => void this.ask(), ASK_MS);
    void this.ask();
  }

  stop(): void {
    window.clearInterval(this.timer);
  }

  private async ask(): Promise<void> {
    const { operator } = this;
    try {
      this.operators = ((await (await fetch("/api/v1/fleet", { cache: "no-store" })).json()) as { operators: Operator[] }).operators;
      if (operator) {
        const answer = await fetch(`/api/v1/fleet/${encodeURIComponent(operator)}`, { cache: "no-store" });
        const { aircraft } = (await answer.json()) as { aircraft: Feed[] };
        if (operator !== this.operator) return;
        this.byId.clear();
        for (const feed of aircraft) this.byId.set(feed.uas_id, feed);
      }
      this.reachable = true;
    } catch {
      this.reachable = false;
    }
    this.changed();
  }
}

// The checker: a message is pasted, and the service judges every field of it as its intake would. Nothing is taken in.

import { language, t, tMaybe } from "../i18n";
import { h, write } from "../ui/dom";
import type { LastRefused } from "./store";

interface Words {
  "zh-CN": string;
  en: string;
}

interface Fault {
  severity: "ERROR" | "WARNING" | "IGNORED";
  reason?: string;
  field?: string;
  line: number;
  column: number;
  detail: string;
  message: Words;
  suggestion?: { message: Words; value?: string };
}

interface Judgement {
  accepted: boolean;
  topic: string;
  faults: Fault[];
  fields: { pointer: string; line: number; severity?: string }[];
  observations: Record<string, unknown>[];
}

/** The service is asked when nobody has typed for so long. */
const PAUSE_MS = 350;

export class Checker {
  readonly root: HTMLElement;
  private readonly title = h("h2");
  private readonly note = h("span", { class: "dim" });
  private readonly verdict = h("b", { class: "verdict", role: "status" });
  private readonly gutter = h("div", { class: "gutter", "aria-hidden": "true" });
  private readonly text = h("textarea", { id: "message", wrap: "off", spellcheck: "false", autocomplete: "off" });
  private readonly topic = h("input", { id: "topic", type: "text", autocomplete: "off", spellcheck: "false" });
  private readonly topicName = h("label", { for: "topic", class: "dim" });
  private readonly sample = h("button", { type: "button", onclick: () => this.fill(example()) });
  private readonly takeLast = h("button", { type: "button", onclick: () => this.takeNewest() });
  private readonly findings = h("ul", { class: "findings" });
  private readonly becomesTitle = h("h3");
  private readonly becomes = h("pre", { tabindex: "0" });
  private judged: Judgement | undefined;
  private failed = false;
  private timer = 0;
  private asked = 0;
  private newest: LastRefused | undefined;
  private drawn = "";

  constructor(private readonly changed: () => void) {
    this.text.addEventListener("input", () => this.typed());
    this.topic.addEventListener("input", () => this.typed());
    this.text.addEventListener("scroll", () => (this.gutter.scrollTop = this.text.scrollTop));
    this.root = h(
      "section",
      { class: "card checker" },
      h("div", { class: "card-head" }, this.title, this.note, h("div", { class: "grow" }), this.verdict),
      h("div", { class: "check-tools" }, this.takeLast, this.sample, this.topicName, this.topic),
      h("div", { class: "check-body" }, h("div", { class: "paper" }, this.gutter, this.text), this.findings),
      this.becomesTitle,
      this.becomes,
    );
  }

  /** Puts a message in, and has it judged at once. */
  fill(text: string, topic = ""): void {
    this.text.value = pretty(text);
    this.topic.value = topic;
    void this.ask();
  }

  /** The refused message that the button offers. */
  offer(refused: LastRefused | undefined): void {
    this.newest = refused;
  }

  render(): void {
    write(this.title, t("check"));
    write(this.note, t("check_note"));
    write(this.sample, t("check_sample"));
    write(this.takeLast, t("check_take"));
    this.takeLast.disabled = this.newest?.payload === undefined;
    write(this.topicName, t("check_topic"));
    this.text.placeholder = t("check_paste");
    this.text.setAttribute("aria-label", t("check_paste"));
    const { judged } = this;
    this.topic.placeholder = judged?.topic ?? "";
    const drawn = JSON.stringify([judged, this.failed, language()]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.renderGutter();
    const errors = judged?.faults.filter(({ severity }) => severity === "ERROR").length ?? 0;
    const warnings = judged?.faults.filter(({ severity }) => severity === "WARNING").length ?? 0;
    this.verdict.className = `verdict ${this.failed ? "unknown" : !judged ? "" : judged.accepted ? (warnings > 0 ? "doubt" : "good") : "bad"}`;
    const said = this.failed ? t("check_failed") : !judged ? "" : !judged.accepted ? t("check_refused", { n: errors }) : warnings > 0 ? t("check_doubt", { n: warnings }) : t("check_good");
    write(this.verdict, said);
    this.findings.replaceChildren(...(judged?.faults ?? []).map((fault) => this.finding(fault)));
    if (judged && judged.faults.length === 0) this.findings.append(h("li", { class: "fine" }, t("check_fine", { n: judged.fields.length })));
    const becomes = judged?.observations ?? [];
    this.becomesTitle.hidden = this.becomes.hidden = becomes.length === 0;
    write(this.becomesTitle, t("check_becomes"));
    this.becomes.setAttribute("aria-label", t("check_becomes"));
    write(this.becomes, becomes.map((one) => JSON.stringify(one, null, 1)).join("\n"));
  }

  private renderGutter(): void {
    const worst = new Map<number, string>();
    for (const { line, severity } of this.judged?.faults ?? []) {
      if (!worst.has(line) || severity === "ERROR" || (severity === "WARNING" && worst.get(line) === "IGNORED")) worst.set(line, severity);
    }
    const judgedLines = new Set((this.judged?.fields ?? []).map(({ line }) => line));
    const lines = this.text.value.split("\n").length;
    this.gutter.replaceChildren(
      ...Array.from({ length: lines }, (_, at) => {
        const line = at + 1;
        const mark = worst.get(line)?.toLowerCase() ?? (judgedLines.has(line) ? "well" : "");
        return h("span", { class: mark }, String(line));
      }),
    );
    this.gutter.scrollTop = this.text.scrollTop;
  }

  private finding(fault: Fault): HTMLElement {
    const words = (text: Words) => text[language() === "zh" ? "zh-CN" : "en"];
    const { suggestion } = fault;
    const reason = fault.reason ? tMaybe(`reason_${fault.reason}`, fault.reason) : t(fault.severity === "IGNORED" ? "check_ignored" : "check_doubtful");
    const go = h("button", { type: "button", class: "line", onclick: () => this.show(fault) }, t("check_line", { n: fault.line }));
    const meaning = suggestion ? words(suggestion.message) : words(fault.message);
    // What was found is told in English; in Chinese the meaning says it, and the finding is there for who points at it.
    const found = language() === "en" ? fault.detail : suggestion ? words(fault.message) : "";
    return h(
      "li",
      { class: fault.severity.toLowerCase(), "data-field": fault.field ?? "", title: fault.detail },
      go,
      h("div", {}, h("b", {}, `${fault.field ?? ""} ${reason}`.trim()), h("p", {}, meaning), found ? h("p", { class: "dim" }, found) : undefined, suggestion?.value ? h("code", {}, suggestion.value) : undefined),
    );
  }

  /** Puts the cursor where a fault is. */
  private show({ line, column }: Fault): void {
    const before = this.text.value.split("\n").slice(0, line - 1);
    const at = before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
    this.text.focus();
    this.text.setSelectionRange(at, at);
  }

  private takeNewest(): void {
    if (this.newest?.payload !== undefined) this.fill(this.newest.payload, this.newest.topic);
  }

  private typed(): void {
    window.clearTimeout(this.timer);
    this.renderGutter();
    this.timer = window.setTimeout(() => void this.ask(), PAUSE_MS);
  }

  private async ask(): Promise<void> {
    window.clearTimeout(this.timer);
    const number = ++this.asked;
    const text = this.text.value;
    if (text.trim() === "") {
      this.judged = undefined;
      this.failed = false;
      return this.changed();
    }
    const topic = this.topic.value.trim();
    try {
      const where = `/api/v1/check/telemetry${topic ? `?topic=${encodeURIComponent(topic)}` : ""}`;
      const answer = await fetch(where, { method: "POST", headers: { "content-type": "application/octet-stream" }, body: text });
      if (!answer.ok) throw new Error(String(answer.status));
      const judged = (await answer.json()) as Judgement;
      if (number !== this.asked) return;
      this.judged = judged;
      this.failed = false;
    } catch {
      if (number !== this.asked) return;
      this.judged = undefined;
      this.failed = true;
    }
    this.changed();
  }
}

/** JSON of one line, as machines send it, with a line for each member; anything else as it is. */
function pretty(text: string): string {
  if (text.includes("\n") || !/^\s*[[{]/.test(text)) return text;
  let [made, depth, inString, escaped] = ["", 0, false, false];
  for (const letter of text) {
    if (inString) {
      made += letter;
      inString = escaped || letter !== '"';
      escaped = !escaped && letter === "\\";
      continue;
    }
    if (letter === '"') inString = true;
    if (letter === "{" || letter === "[") made += `${letter}\n${"  ".repeat((depth += 1))}`;
    else if (letter === "}" || letter === "]") made += `\n${"  ".repeat(Math.max(0, (depth -= 1)))}${letter}`;
    else if (letter === ",") made += `,\n${"  ".repeat(Math.max(0, depth))}`;
    else if (letter === ":") made += ": ";
    else if (!/\s/.test(letter)) made += letter;
  }
  return made;
}

/** A message with the faults that are made most often. */
function example(): string {
  return `{
  "uas_id": "MT-2047",
  "timestamp": ${Math.floor(Date.now() / 1000)},
  "lat": 114.0725,
  "lng": 22.5360,
  "height": "92.4",
  "height_reference": "GROUND",
  "ground_speed": 50.4,
  "track": 450,
  "battery": 71
}`;
}

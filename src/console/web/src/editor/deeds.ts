// What is done with the changes: published, saved as a draft, approved, withdrawn; and what stands against it.

import type { App } from "../app";
import { language, t } from "../i18n";
import { h } from "../ui/dom";
import * as api from "./api";
import { type Zone, asZone, titleOf } from "./model";
import { ask } from "./sign";
import { fieldWords, fieldsBetween } from "./words";
import type { Change, Work } from "./work";

export interface Ends {
  /** The changes are with the service; the page begins anew. */
  done(words: string, kind: "info" | "warn"): void;
  refused(told: api.Told[]): void;
  listChanged(): void;
}

export class Doing {
  constructor(
    private readonly app: App,
    private readonly work: Work,
    private readonly check: () => api.Check | undefined,
    private readonly ends: Ends,
  ) {}

  /** The numbers once more, before somebody signs. */
  private summary(): HTMLElement {
    const check = this.check();
    const { added, changed, removed } = check?.difference ?? { added: [], changed: [], removed: [] };
    const now = check?.alerted_now ? new Set(check.alerted_now.map(({ uas_id }) => uas_id)).size : "–";
    const lines = [`+${added.length} ~${changed.length} −${removed.length}   ${[...added, ...removed].join(", ")}`, t("zone_sum_now", { n: now })];
    for (const { id, fields, area_m2 } of changed) lines.push(`${id}: ${fieldWords(fields ?? [], area_m2).join(", ")}`);
    return h("ul", { class: "zone-summary" }, ...lines.slice(0, 8).map((line) => h("li", {}, line)));
  }

  async publish(): Promise<void> {
    const { draft } = this.work;
    if (draft) return this.approve(draft);
    if (this.work.stale().length > 0) return this.conflict(this.work.stale()[0]!);
    const approval = this.check()?.difference?.needs_approval ?? false;
    const body = [this.summary(), ...(approval ? [h("p", { class: "zone-verdict warned" }, t("zone_second_person"))] : [])];
    let stale: string | undefined;
    await ask({
      id: "zone-sign",
      title: t("zone_publish_title"),
      body,
      confirm: t(approval ? "zone_submit" : "zone_publish_now"),
      run: async (by) => {
        const answer = await this.send(by);
        if (answer.status === 412 || answer.status === 409) {
          stale = [...this.work.changes.keys()][0];
          return undefined;
        }
        return this.finish(answer);
      },
    });
    if (stale !== undefined) await this.conflict(stale);
  }

  private async send(by: api.Signed): Promise<api.Answer<api.Waiting>> {
    const changes = [...this.work.changes.values()];
    const [only] = changes;
    if (changes.length === 1 && only) return this.sendOne(by, only);
    const made = await api.newDraft(by, this.work.sent());
    if (!made.ok || !made.body) return made as api.Answer<api.Waiting>;
    const { draft_id, needs_approval } = made.body;
    if (needs_approval) return { ...made, status: 202, body: { draft_id } };
    return (await api.publishDraft(by, draft_id)) as api.Answer<api.Waiting>;
  }

  private sendOne(by: api.Signed, { id, base, now, back }: Change): Promise<api.Answer<api.Waiting>> {
    const version = base?.lowsky?.version;
    if (!now) return api.remove(by, id, version ?? "");
    if (back !== undefined && version !== undefined) return api.rollback(by, id, back, version);
    return api.put(by, id, now, version);
  }

  private async finish(answer: api.Answer<api.Waiting>): Promise<string | undefined> {
    if (!answer.ok) {
      if (answer.problem.problems) this.ends.refused(answer.problem.problems);
      return this.why(answer);
    }
    // What is done next stands on what was just published.
    if (answer.status !== 202) await this.app.zones.refresh();
    this.work.clear();
    if (answer.status === 202) this.ends.done(`${t("zone_now_waits")} ${api.said(answer.body?.why)}`, "warn");
    else this.ends.done(t("zone_published"), "info");
    return undefined;
  }

  private why({ status, problem }: api.Answer<unknown>): string {
    if (status === 0) return t("zone_unreachable");
    const [first] = problem.problems ?? [];
    const told = first && (language() === "zh" ? first.message_zh : first.message);
    return t("zone_refused", { why: told ?? problem.detail ?? problem.title ?? String(status) });
  }

  async save(): Promise<void> {
    const { draft } = this.work;
    await ask({
      id: "zone-sign",
      title: t("zone_save_draft"),
      body: [this.summary()],
      confirm: t("zone_save_draft"),
      run: async (by) => {
        const answer = draft ? await api.saveDraft(by, draft.draft_id, this.work.sent()) : await api.newDraft(by, this.work.sent());
        if (!answer.ok) return this.why(answer);
        this.work.clear();
        this.ends.done(t("zone_draft_saved"), "info");
        return undefined;
      },
    });
  }

  private async approve(draft: api.Draft): Promise<void> {
    const who = h("p", {}, t("zone_draft_said", { author: draft.author, reason: draft.reason }));
    const note = draft.needs_approval ? [h("p", { class: "zone-verdict warned" }, t("zone_another", { author: draft.author }))] : [];
    await ask({
      id: "zone-sign",
      title: t("zone_approve"),
      body: [who, this.summary(), ...note],
      confirm: t("zone_approve"),
      run: async (by) => {
        const answer = await api.publishDraft(by, draft.draft_id);
        if (answer.status === 403) return t("zone_same_person", { author: draft.author });
        if (answer.status === 409 || answer.status === 412) return t("zone_draft_stale");
        if (!answer.ok) return this.why(answer);
        await this.app.zones.refresh();
        this.work.clear();
        this.ends.done(t("zone_published"), "info");
        return undefined;
      },
    });
  }

  async withdraw(): Promise<void> {
    const { draft } = this.work;
    if (!draft) return;
    await ask({
      id: "zone-sign",
      title: t("zone_withdraw"),
      body: [h("p", {}, t("zone_draft_said", { author: draft.author, reason: draft.reason }))],
      confirm: t("zone_withdraw"),
      danger: true,
      run: async (by) => {
        const answer = await api.withdraw(by, draft.draft_id);
        if (!answer.ok) return this.why(answer);
        this.work.clear();
        this.ends.done(t("zone_withdrawn"), "info");
        return undefined;
      },
    });
  }

  async discard(): Promise<void> {
    if (this.work.draft && !this.work.draftTouched) {
      this.work.clear();
      return;
    }
    await ask({
      id: "zone-discard",
      title: t("zone_discard_all"),
      body: [h("p", {}, t("zone_discard_sure", { n: this.work.changes.size }))],
      confirm: t("zone_discard_all"),
      danger: true,
      signed: false,
      run: async () => {
        this.work.clear();
        return undefined;
      },
    });
  }

  /** Somebody else was faster: what they did, what was about to be done, and the way out. */
  async conflict(id: string): Promise<void> {
    const told = await api.zone(id);
    const live = told.ok && told.body ? asZone(told.body as never) : undefined;
    const change = this.work.changes.get(id);
    if (!change) return;
    const side = (title: string, was: Zone | undefined, now: Zone | undefined) => {
      const lines = !now ? [t("zone_will_go")] : !was ? [t("zone_new")] : fieldWords(fieldsBetween(was, now));
      return h("div", {}, h("h3", {}, title), h("ul", {}, ...lines.map((line) => h("li", {}, line))));
    };
    const name = (live ?? change.now ?? change.base) as Zone;
    const drop = h("button", { type: "button", onclick: () => {
      this.work.revert(id);
      document.querySelector<HTMLDialogElement>("#zone-conflict")?.close();
    } }, t("zone_take_live"));
    await ask({
      id: "zone-conflict",
      title: t("zone_conflict_title"),
      body: [
        h("p", {}, t("zone_conflict_text", { name: titleOf(name, language()), id })),
        h("div", { class: "zone-two" }, side(t("zone_theirs"), change.base, live), side(t("zone_own"), change.base, change.now)),
        h("p", { class: "dim" }, t("zone_rebase_note")),
        drop,
      ],
      confirm: t("zone_rebase"),
      signed: false,
      run: async () => {
        // The page may not have heard yet of the version that its work is put on.
        await this.app.zones.refresh();
        this.work.rebase(id, live);
        this.ends.listChanged();
        return undefined;
      },
    });
    this.app.draw();
  }
}

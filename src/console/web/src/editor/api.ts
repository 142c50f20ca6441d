// What the editor asks the service.

import { language } from "../i18n";
import { type LngLat, type Zone, bare } from "./model";

export interface Words {
  "zh-CN": string;
  en: string;
}

export function said(words: Words | undefined): string {
  return words?.[language() === "zh" ? "zh-CN" : "en"] ?? "";
}

export type Change = { action: "PUT"; id: string; feature: Zone } | { action: "DELETE"; id: string };

export interface Told {
  severity: "ERROR" | "WARNING";
  path: string;
  line?: number;
  column?: number;
  message: string;
  message_zh: string;
  at?: LngLat;
  /** The change that it is about, from 0. */
  change?: number;
}

export interface Field {
  path: string;
  was?: unknown;
  now?: unknown;
}

export interface Difference {
  added: string[];
  changed: { id: string; fields: Field[]; area_m2?: { was: number; now: number } }[];
  removed: string[];
  words?: Words;
  needs_approval?: boolean;
}

export interface Alerted {
  uas_id: string;
  code: string;
  /** Absent where no zone says so: controlled airspace by default, the ceiling of a class. */
  zone?: string;
  phase?: string;
  severity?: string;
  at?: string;
  /** Whether what is live does not alert it. */
  new?: boolean;
}

export interface Check {
  valid: boolean;
  problems: Told[];
  difference?: Difference;
  alerted_now?: Alerted[];
  alerted_last_hour?: Alerted[];
  no_longer_alerted_now?: Alerted[];
  /** Not all of the last hour could be looked at. */
  partial?: boolean;
}

export interface Draft {
  draft_id: string;
  state: "OPEN" | "PUBLISHED" | "WITHDRAWN" | "STALE";
  created_at: string;
  author: string;
  reason: string;
  changes: Change[];
  difference?: Difference;
  needs_approval: boolean;
  why?: Words;
  approved_by?: string;
}

export interface Version {
  version: string;
  at: string;
  author: string;
  reason: string;
  action: string;
  feature?: Zone;
  id?: string;
  zone?: string;
}

export interface Problem {
  title?: string;
  detail?: string;
  problems?: Told[];
  /** The live version, where a change met one that is newer. */
  version?: string;
}

export interface Signed {
  author: string;
  reason: string;
}

/** What came of a request: its status, and its body or what is wrong. */
export interface Answer<T> {
  ok: boolean;
  status: number;
  body: T | undefined;
  problem: Problem;
}

const ROOT = "/api/v1/zones";

async function ask<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer<T>> {
  const init: RequestInit = { method, headers, cache: "no-store" };
  if (body !== undefined) {
    init.body = typeof body === "string" ? body : JSON.stringify(body);
    headers["content-type"] = "application/json";
  }
  try {
    const answer = await fetch(ROOT + path, init);
    const text = await answer.text();
    let said: unknown;
    try {
      said = text ? JSON.parse(text) : undefined;
    } catch {
      said = { detail: text };
    }
    const problem = answer.ok ? {} : ((said ?? {}) as Problem);
    return { ok: answer.ok, status: answer.status, body: answer.ok ? (said as T) : undefined, problem };
  } catch (error) {
    return { ok: false, status: 0, body: undefined, problem: { detail: error instanceof Error ? error.message : String(error) } };
  }
}

/** Header fields hold no letters beyond Latin ones. */
function signed({ author, reason }: Signed): Record<string, string> {
  return { "Lowsky-Author": encodeURIComponent(author), "Lowsky-Reason": encodeURIComponent(reason) };
}

const one = (id: string) => `/${encodeURIComponent(id)}`;
const draft = (id: string) => `/drafts${one(id)}`;
/** A change holds for the version that it was made from; a new zone must not be there yet. */
const match = (base: string | undefined): Record<string, string> => (base === undefined ? { "If-None-Match": "*" } : { "If-Match": `"${base}"` });

export interface Waiting {
  draft_id?: string;
  why?: Words;
}

export const check = (changes: Change[]) => ask<Check>("POST", "/check", { changes });
export const checkText = (document: string) => ask<Check>("POST", "/check", document);
export const zone = (id: string) => ask<Zone>("GET", one(id));
export const put = (by: Signed, id: string, feature: Zone, base: string | undefined) =>
  ask<Zone & Waiting>("PUT", one(id), bare(feature), { ...signed(by), ...match(base) });
export const remove = (by: Signed, id: string, base: string) => ask<Waiting>("DELETE", one(id), undefined, { ...signed(by), ...match(base) });
export const rollback = (by: Signed, id: string, version: string, base: string) =>
  ask<Zone & Waiting>("POST", `${one(id)}/rollback`, { version }, { ...signed(by), ...match(base) });
export const versions = (id: string) => ask<{ versions: Version[] }>("GET", `${one(id)}/versions`);
export const audit = () => ask<unknown>("GET", "/audit?limit=100");
export const drafts = () => ask<unknown>("GET", "/drafts");
export const newDraft = (by: Signed, changes: Change[]) => ask<Draft>("POST", "/drafts", { changes }, signed(by));
export const saveDraft = (by: Signed, id: string, changes: Change[]) => ask<Draft>("PUT", draft(id), { changes }, signed(by));
export const publishDraft = (by: Signed, id: string) => ask<Draft>("POST", `${draft(id)}/publish`, undefined, signed(by));
export const withdraw = (by: Signed, id: string) => ask<unknown>("DELETE", draft(id), undefined, signed(by));
export const emergency = (by: Signed, body: Record<string, unknown>) => ask<Zone & { warnings?: unknown[] }>("POST", "/emergency", body, signed(by));

/** A list that is the body itself or one of its members. */
export function listed<T>(body: unknown): T[] {
  if (Array.isArray(body)) return body as T[];
  return (Object.values(body ?? {}).find(Array.isArray) as T[] | undefined) ?? [];
}

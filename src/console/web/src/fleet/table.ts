// The table of a fleet. Rows keep their elements, so that neither a click nor the keyboard's focus falls between two.

import type { App } from "../app";
import { t, tMaybe } from "../i18n";
import { h, NUMERALS, shape, toggle, write } from "../ui/dom";
import { type FleetRow, isAirborne, isHovering } from "./rows";

/** Most rows; more are counted, not drawn. */
const ROWS_MAX = 400;

interface Drawn {
  row: HTMLTableRowElement;
  mark: HTMLElement;
  pick: HTMLButtonElement;
  cells: HTMLTableCellElement[];
  rank: number;
}

export class FleetTable {
  readonly root: HTMLElement;
  private readonly heads = Array.from({ length: 9 }, (_, at) => h("th", { scope: "col", class: at > 2 ? "number" : undefined }));
  private readonly body = h("tbody");
  private readonly more = h("p", { class: "dim" });
  private readonly drawn = new Map<string, Drawn>();

  constructor(
    private readonly app: App,
    private readonly picked: (id: string) => void,
  ) {
    const table = h("table", { class: "fleet-table" }, h("thead", {}, h("tr", {}, ...this.heads)), this.body);
    this.root = h("div", { class: "fleet-scroll", tabindex: "0", role: "region" }, table, this.more);
  }

  render(rows: FleetRow[]): void {
    const names = ["", t("fleet_id"), t("fleet_state"), t("fleet_height"), t("fleet_speed"), t("fleet_heading"), t("fleet_rate"), t("fleet_delay"), t("fleet_refused")];
    this.heads.forEach((head, at) => write(head, names[at] ?? ""));
    this.root.setAttribute("aria-label", t("fleet_aircraft"));
    const shown = rows.slice(0, ROWS_MAX);
    const keep = new Set(shown.map(({ id }) => id));
    for (const [id, drawn] of this.drawn) {
      if (keep.has(id)) continue;
      drawn.row.remove();
      this.drawn.delete(id);
    }
    shown.forEach((row, place) => {
      const drawn = this.drawn.get(row.id) ?? this.make(row.id);
      if (this.body.children[place] !== drawn.row) this.body.insertBefore(drawn.row, this.body.children[place] ?? null);
      this.fill(drawn, row);
    });
    this.more.hidden = rows.length <= ROWS_MAX;
    write(this.more, t("fleet_more", { n: rows.length - ROWS_MAX }));
  }

  private make(id: string): Drawn {
    const mark = h("td", { class: "mark" });
    // A press of the button is one of its row.
    const pick = h("button", { type: "button", class: "plain-pick" }, id);
    const cells = Array.from({ length: 7 }, (_, at) => h("td", { class: at > 0 ? "number" : undefined }));
    const row = h("tr", { "data-id": id, onclick: () => this.picked(id) }, mark, h("th", { scope: "row" }, pick), ...cells);
    const drawn = { row, mark, pick, cells, rank: -1 };
    this.drawn.set(id, drawn);
    return drawn;
  }

  private fill({ row, mark, pick, cells }: Drawn, { id, track, feed, alarm, staleness, ageS }: FleetRow): void {
    const at = alarm?.rank ?? 9;
    if (row.dataset["rank"] !== String(at)) {
      row.dataset["rank"] = String(at);
      row.className = alarm ? `rank${at} alarmed` : "";
      mark.replaceChildren(alarm ? shape(at) : h("span", { class: "dot" }));
    }
    row.dataset["stale"] = String(staleness);
    toggle(row, "selected", this.app.aircraft === id);
    if (this.app.aircraft === id) pick.setAttribute("aria-current", "true");
    else pick.removeAttribute("aria-current");
    const state =
      staleness === 3
        ? t("fleet_gone")
        : staleness > 0
          ? t("fleet_stale", { s: Math.round(ageS ?? 0) })
          : track && isAirborne(track)
            ? t(isHovering(track) ? "fleet_hovering" : "fleet_airborne")
            : tMaybe(`fleet_status_${track?.operational_status ?? ""}`, t("fleet_ground"));
    const alarmed = alarm ? `${NUMERALS[at]} ${tMaybe(`tag_${alarm.code}`, alarm.code)} · ` : "";
    const number = (value: number | undefined, digits = 0) => (value === undefined ? "–" : value.toFixed(digits));
    const refused = feed ? (feed.refused > 0 ? `${feed.refused} / ${feed.messages}` : "0") : "–";
    const values = [
      alarmed + state,
      number(track?.height_agl),
      number(track?.ground_speed, 1),
      track?.track === undefined ? "–" : String(Math.round(track.track) % 360).padStart(3, "0"),
      number(feed?.rate_hz, 1),
      number(feed?.delay_s?.p50, 1),
      refused,
    ];
    cells.forEach((cell, place) => write(cell, values[place] ?? ""));
    toggle(cells[6]!, "bad", (feed?.refused ?? 0) > 0);
  }
}

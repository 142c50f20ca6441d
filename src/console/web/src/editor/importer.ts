// The dialog that takes zones from a file or from pasted text.

import { language, t } from "../i18n";
import { h } from "../ui/dom";
import * as api from "./api";
import { type Datum, datumOf, parse, shiftedFrom, zoneOfShape, zonesOf } from "./files";
import { type Zone } from "./model";
import { ask } from "./sign";
import type { Work } from "./work";

const PROBLEMS_MAX = 60;

export async function importZones(work: Work, taken: (id: string) => boolean): Promise<void> {
  const file = h("input", { type: "file", accept: ".json,.geojson,.kml,.csv,.txt", id: "import-file", class: "spoken" });
  const fileName = h("span", { class: "dim" }, t("zone_import_none"));
  const picker = h("label", { class: "zone-field wide" }, h("span", {}, t("zone_import_file")), file, h("span", { class: "file-pick" }, h("b", {}, t("zone_import_choose")), fileName));
  const text = h("textarea", { rows: 7, id: "import-text", spellcheck: "false", placeholder: t("zone_import_hint") });
  const datum = h("select", { id: "import-datum" });
  datum.append(...([["", "zone_datum_said"], ["WGS84", "zone_datum_wgs84"], ["GCJ02", "zone_datum_gcj02"], ["BD09", "zone_datum_bd09"]] as const).map(([value, key]) => h("option", { value }, t(key))));
  const problems = h("ol", { class: "zone-problems", tabindex: "0", "aria-label": t("zone_import_problems"), hidden: true });
  const labelled = (words: string, input: HTMLElement) => h("label", { class: "zone-field wide" }, h("span", {}, words), input);
  file.addEventListener("change", () => {
    fileName.textContent = file.files?.[0]?.name ?? "";
    void file.files?.[0]?.text().then((content) => {
      text.value = content;
      datum.value = datumOf(parse(content).document);
    });
  });
  const tell = (told: api.Told[]) => {
    problems.hidden = told.length === 0;
    problems.replaceChildren(
      ...told.slice(0, PROBLEMS_MAX).map(({ severity, line, column, path, message, message_zh }) => {
        const place = line === undefined ? path : t("zone_import_place", { line, column: column ?? 1 });
        return h("li", { class: severity === "ERROR" ? "fault" : "fault mild" }, `${place}: ${language() === "zh" ? message_zh || message : message}`);
      }),
    );
  };
  let doubted = "";
  await ask({
    id: "zone-import",
    title: t("zone_import_title"),
    body: [picker, labelled(t("zone_import_text"), text), labelled(t("zone_import_datum"), datum), h("p", { class: "dim" }, t("zone_import_note")), problems],
    confirm: t("zone_import_take"),
    signed: false,
    run: async () => {
      const { document, shapes, datum: said, fault } = parse(text.value);
      const chosen = (datum.value || said || "") as Datum;
      // Whoever has been told and presses again means it.
      const doubt = (zones: Zone[]) => {
        const now = `${datum.value} ${text.value}`;
        const found = doubted === now ? undefined : shiftedFrom(zones, work.liveZones());
        doubted = now;
        return found && t("zone_import_shifted", found);
      };
      if (shapes) {
        if (chosen === "") {
          datum.focus();
          return t("zone_import_which");
        }
        const own = new Set<string>();
        const zones = shapes.map((shape) => {
          const zone = zoneOfShape(shape, chosen, (id) => taken(id) || own.has(id));
          own.add(zone.properties.identifier);
          return zone;
        });
        const shifted = doubt(zones);
        if (shifted !== undefined) return shifted;
        work.add(zones);
        return undefined;
      }
      if (!document) return t("zone_import_unread", { why: fault ?? "" });
      // The text itself is checked, so that lines are those of the file.
      const as = chosen === "" ? datumOf(document) : chosen;
      const asked = chosen === "" || chosen === datumOf(document) ? text.value : JSON.stringify({ ...document, crs: chosen }, null, 1);
      const answer = await api.checkText(asked);
      if (!answer.ok || !answer.body) return answer.problem.detail ?? t("zone_unreachable");
      tell(answer.body.problems);
      if (!answer.body.valid) return t("zone_import_refused", { n: answer.body.problems.filter(({ severity }) => severity === "ERROR").length });
      const zones = zonesOf(document, as);
      if (zones.length === 0) return t("zone_import_empty");
      const shifted = doubt(zones);
      if (shifted !== undefined) return shifted;
      work.add(zones);
      return undefined;
    },
  });
}

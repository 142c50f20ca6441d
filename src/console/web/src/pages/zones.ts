// The page of the zones; its parts are fetched when it is looked at for the first time.

import type { App } from "../app";
import { t } from "../i18n";
import type { Mounted, Places } from ".";
import "../editor/editor.css";

export function zones(app: App, places: Places): Mounted {
  let page: Mounted | undefined;
  let left = false;
  places.over.replaceChildren();
  places.side.replaceChildren();
  app.covers = () => [];
  void import("../editor/editor").then(
    (editor) => {
      if (left) return;
      page = editor.zones(app, places);
      app.draw(true);
    },
    () => app.notify("zones", "error", t("zone_part_missing")),
  );
  return {
    render: () => page?.render(),
    key: (event) => page?.key?.(event) ?? false,
    leave() {
      left = true;
      page?.leave?.();
    },
  };
}

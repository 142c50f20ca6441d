// Pages whose parts are fetched when they are looked at for the first time.

import type { App } from "../app";
import { t } from "../i18n";
import type { Mounted, Places } from ".";

type Mount = (app: App, places: Places) => Mounted;

export function lazily(fetchPart: () => Promise<Mount>): Mount {
  return (app, places) => {
    let page: Mounted | undefined;
    let left = false;
    let wanted: URLSearchParams | undefined;
    places.over.replaceChildren();
    places.side.replaceChildren();
    app.covers = () => [];
    void fetchPart().then(
      (mount) => {
        if (left) return;
        page = mount(app, places);
        if (wanted) page.read?.(wanted);
        app.draw(true);
      },
      () => app.notify("part", "error", t("part_missing")),
    );
    return {
      render: () => page?.render(),
      key: (event) => page?.key?.(event) ?? false,
      read(said) {
        wanted = said;
        page?.read?.(said);
      },
      // Until the part is here, the address stays as it was asked for.
      said: () => (page ? page.said?.() : wanted && [...wanted]),
      leave() {
        left = true;
        page?.leave?.();
      },
    };
  };
}

// The views beside the table, as tabs: each is built when it is first opened, and draws while it is seen.
import type { Context } from "./context";
import { element } from "./dom";

/** A view draws into its place once and gives what draws it again; it is only called while it is open. */
export interface View {
  name: string;
  title: string;
  build: (place: HTMLElement, context: Context) => () => void;
}

export function tabs(place: HTMLElement, views: readonly View[], context: Context): void {
  const { store } = context;
  const list = element("div", { class: "tabs", role: "tablist", "aria-label": "Views" });
  const made = views.map((view) => {
    const panel = element("div", { class: `panel ${view.name}`, role: "tabpanel", id: `view-${view.name}`, "aria-labelledby": `tab-${view.name}` });
    const tab = element("button", { type: "button", role: "tab", id: `tab-${view.name}`, "aria-controls": panel.id }, view.title);
    tab.addEventListener("click", () => store.set({ view: view.name }));
    return { view, tab, panel, draw: null as (() => void) | null };
  });
  list.addEventListener("keydown", (event) => {
    const at = made.findIndex(({ view }) => view.name === store.now.view);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: made.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = made[(to + made.length) % made.length];
    store.set({ view: next.view.name });
    next.tab.focus();
  });
  list.append(...made.map(({ tab }) => tab));
  place.append(list, ...made.map(({ panel }) => panel));
  const open = (): void => {
    for (const one of made) {
      const seen = one.view.name === store.now.view;
      one.tab.setAttribute("aria-selected", String(seen));
      one.tab.tabIndex = seen ? 0 : -1;
      one.panel.hidden = !seen;
      if (!seen) continue;
      one.draw ??= one.view.build(one.panel, context);
      one.draw();
    }
  };
  const drawOpen = (): void => made.find(({ view }) => view.name === store.now.view)?.draw?.();
  store.on(["view"], open);
  store.on([
    "pair", "sign", "example", "network", "space", "seed", "time", "colour", "camera", "twin", "twinCamera", "frames", "signs", "examples",
    "matrix", "block", "window", "picture", "measured", "other",
  ], drawOpen);
  open();
}

// The page's script: reads what the page holds, and fills the explorer above the text. Without it the
// page shows the first rows of the table and all its sections as they were written.
import { addressOf, isView, type Known, stateOf } from "./address";
import { card } from "./card";
import { byId, element } from "./dom";
import { enhanceText } from "./page";
import { linked } from "./mentions";
import { type State, Store } from "./state";
import { readPage, type Pairs, type Runs } from "./study";
import { measures, pairTable } from "./table";
import { tabs } from "./views";
import { timeline } from "./timeline";
import { besides, VIEWS } from "./all-views";

const root = document.documentElement;
/** Something in the page cannot be read, or the script itself errs: the reader is told once, the text stays. */
const fail = (words: string): void => {
  if (root.dataset.error === undefined) {
    byId("explorer").prepend(element("p", { class: "notice", role: "alert" },
      `A part of this page cannot be shown (${words}). If the file is damaged, make or copy it again; the text below needs no script.`));
  }
  root.dataset.error = words;
};
addEventListener("error", (event) => {
  // Browsers call it an error that a size is looked at again in the next frame.
  if (!event.message.startsWith("ResizeObserver loop")) fail(event.message);
});
addEventListener("unhandledrejection", (event) => fail(String(event.reason)));

/** What a reader sees first. */
function startOf(pairs: Pairs, runs: Runs | null): State {
  const chosen = runs?.index.chosen ?? "";
  return {
    q: "", verdict: new Set(pairs.data.verdicts), cause: new Set(pairs.data.causes.length ? [...pairs.data.causes, ""] : []),
    sort: null, down: false, ranks: pairs.data.headline,
    pair: null, sign: null, example: null, network: null,
    space: chosen, seed: runs?.space(chosen)?.drawn ?? 0, time: 1,
    view: VIEWS[0].name, colour: "sign", matrix: "hidden", camera: null,
  };
}

/** What this page had no room for: never left out in silence. */
function holdings({ index }: Runs): HTMLElement {
  const cut = index.details.filter(({ networks, of }) => networks < of);
  const told = cut.map(({ words, networks, of }) => element("li", {}, `${words}: ${networks ? `${networks} of ${of} networks` : "none"}`));
  const summary = cut.length ? "What this page has no room for" : "This page holds every network in full detail";
  const words = "explorer.largest_mib in the config makes room; excerpts/ and paths/ hold all of it.";
  return cut.length ? element("details", { class: "holdings" }, element("summary", {}, summary), element("ul", {}, ...told), element("p", {}, words)) : element("p", { class: "holdings hint" }, `${summary}.`);
}

async function start(): Promise<void> {
  enhanceText();
  const { pairs, runs, studies } = await readPage();
  const views = VIEWS.filter((view) => studies !== null || view !== besides);
  const known: Known = {
    pairs, runs, start: startOf(pairs, runs), sorts: new Set(measures(pairs).keys()), views: views.map(({ name }) => name),
  };
  const store = new Store(isView(location.hash) ? stateOf(location.hash, known) : known.start);
  const explorer = byId("explorer");
  explorer.hidden = false;
  byId("static-pairs").hidden = true;
  const [left, right, below] = ["table-side", "view-side", "card-side"].map((name) => element("div", { class: name }));
  explorer.append(left, right, below);
  pairTable(left, pairs, store);
  if (runs) {
    const context = { pairs, runs, store, studies };
    timeline(right, context);
    tabs(right, views, context);
  } else {
    explorer.classList.add("alone");
  }
  card(below, pairs, runs, store, studies, linked(pairs, store));
  if (runs) explorer.append(holdings(runs));

  // The address follows what is looked at, so that it can be cited at any time; moving on leaves no trail.
  let waiting = 0;
  const write = (): void => {
    waiting = 0;
    history.replaceState(null, "", addressOf(store.now, known) || location.pathname + location.search);
  };
  store.on(Object.keys(store.now) as (keyof State)[], () => {
    waiting ||= window.setTimeout(write, 150);
  });
  addEventListener("hashchange", () => {
    if (isView(location.hash)) store.set(stateOf(location.hash, known));
  });
  if (isView(location.hash)) explorer.scrollIntoView();
  root.dataset.ready = "yes";
}

start().catch((reason: unknown) => {
  fail(String(reason));
  console.error(reason);
});

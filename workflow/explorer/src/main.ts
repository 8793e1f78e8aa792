// The page's script: reads what the page holds, fills the explorer above the text, and keeps the address and
// what is looked at the same. Without it the page shows the first rows of the table and all its sections as they were written.
import { addressOf, isView, type Known, readAddress, sectionOf, type Told } from "./address";
import { choicesOf, viewsOf } from "./all-views";
import { card } from "./card";
import { byId, element } from "./dom";
import { enhanceText } from "./page";
import { linked } from "./mentions";
import { type State, Store } from "./state";
import { type Pairs, readPage, type Runs } from "./study";
import { measures, pairTable } from "./table";
import { tabs } from "./views";
import { timeline } from "./timeline";

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
function startOf(pairs: Pairs, runs: Runs | null, choices: Known["choices"]): State {
  const chosen = runs?.index.chosen ?? "";
  const first = (key: keyof Known["choices"]): string => [...choices[key]][0] ?? "";
  return {
    q: "", verdict: new Set(pairs.data.verdicts), cause: new Set(pairs.data.causes.length ? [...pairs.data.causes, ""] : []),
    sort: null, down: false, ranks: pairs.data.headline,
    pair: null, sign: null, example: null, network: null,
    space: chosen, seed: runs?.space(chosen)?.drawn ?? 0, time: 1,
    view: first("view"), colour: first("colour"), matrix: first("matrix"), picture: first("picture"), measured: first("measured"), other: first("other"),
    camera: null, twinCamera: null, window: null, block: null, signs: [], examples: [], twin: false, frames: false,
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

/** Marks the addresses between which links to sections lead. */
const READ = "read";

/**
 * Keep the address and what is looked at the same, so that the address can be cited at any time. Moving on
 * leaves no trail, but for a link to a section: the way back from it is the view that was there before.
 */
function follow(store: Store, known: Known, explorer: HTMLElement, first: Told): void {
  const notice = element("p", { class: "notice", role: "alert" });
  let waiting = 0;
  let section = "";
  const write = (): void => {
    waiting = 0;
    notice.remove();
    history.replaceState(history.state, "", addressOf(store.now, known, section) || location.pathname + location.search);
  };
  store.on(Object.keys(store.now) as (keyof State)[], (_, changed) => {
    // Time may play while a section is read.
    if (changed.size > 1 || !changed.has("time")) section = "";
    waiting ||= window.setTimeout(write, 150);
  });
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[href^='#']") : null;
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || isView(link.hash)) return;
    const place = document.getElementById(link.hash.slice(1));
    const address = addressOf(store.now, known, link.hash.slice(1));
    // Where nothing is chosen the link's own address says all.
    if (!place || !address) return;
    event.preventDefault();
    // What was changed just now belongs to the address that the way back leads to.
    clearTimeout(waiting);
    if (waiting) write();
    history.replaceState(READ, "");
    if (address !== location.hash) history.pushState(READ, "", address);
    section = place.id;
    reach(place);
  });
  /** Show what the address tells, and say what it names in vain. */
  const show = ({ state, unknown }: Told): void => {
    store.set(state);
    clearTimeout(waiting);
    waiting = 0;
    section = sectionOf(location.hash);
    notice.textContent = `The address asks for what this page does not have: ${unknown.join("; ")}.`;
    if (unknown.length) explorer.prepend(notice);
    else notice.remove();
  };
  const goThere = (): void => (document.getElementById(sectionOf(location.hash)) ?? explorer).scrollIntoView();
  addEventListener("hashchange", () => {
    show(toldBy(known));
    // On the way back the browser knows where the reader was, and of a section alone where that is.
    if (history.state !== READ && isView(location.hash)) goThere();
  });
  show(first);
  if (isView(location.hash)) goThere();
}

/** What the page's address tells; one that tells no view means the page as it starts. */
const toldBy = (known: Known): Told => (isView(location.hash) ? readAddress(location.hash, known) : { state: known.start, unknown: [] });

/** Bring a part of the page into sight, and the keys to it. */
function reach(place: HTMLElement): void {
  place.scrollIntoView();
  if (place.tabIndex < 0 && !place.hasAttribute("tabindex")) place.tabIndex = -1;
  place.focus({ preventScroll: true });
}

async function start(): Promise<void> {
  enhanceText();
  const { pairs, runs, studies } = await readPage();
  const choices = choicesOf(pairs, runs, studies);
  const known: Known = { pairs, runs, start: startOf(pairs, runs, choices), sorts: new Set(measures(pairs).keys()), choices };
  const told = toldBy(known);
  const store = new Store(told.state);
  const explorer = byId("explorer");
  explorer.hidden = false;
  byId("static-pairs").hidden = true;
  const [left, right, below] = ["table-side", "view-side", "card-side"].map((name) => element("div", { class: name }));
  explorer.append(left, right, below);
  pairTable(left, pairs, store);
  if (runs) {
    const context = { pairs, runs, store, studies };
    timeline(right, context);
    tabs(right, viewsOf(studies), context);
  } else {
    explorer.classList.add("alone");
  }
  card(below, pairs, runs, store, studies, linked(pairs, store));
  if (runs) explorer.append(holdings(runs));
  follow(store, known, explorer, told);
  root.dataset.ready = "yes";
}

start().catch((reason: unknown) => {
  fail(String(reason));
  console.error(reason);
});

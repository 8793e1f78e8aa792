// Pairs that the page's text names: each becomes a link that chooses the pair, and the card of a pair says
// which sections name it. Takes the written page, in which a pair is two <bdi> with a dash between.
import { pairAddress } from "./address";
import { element } from "./dom";
import type { Store } from "./state";
import type { Pairs } from "./study";
import { DASH, printable } from "./text";

export interface Mention {
  row: number;
  link: HTMLAnchorElement;
  section: HTMLElement;
}

const BETWEEN = ` ${DASH} `;
const WRITTEN = "section[id] bdi";
const OURS = "#explorer, #static-pairs, a";

/** Make links of all pairs that the text names. */
export function linked(pairs: Pairs, store: Store): Mention[] {
  const rows = new Map<string, number>();
  for (let row = 0; row < pairs.count; row++) {
    const [a, b] = pairs.signs(row).map(printable);
    rows.set(`${a}${BETWEEN}${b}`, row).set(`${b}${BETWEEN}${a}`, row);
  }
  const found: Mention[] = [];
  for (const first of document.querySelectorAll<HTMLElement>(WRITTEN)) {
    const [between, second] = [first.nextSibling, first.nextElementSibling];
    if (between?.nodeType !== Node.TEXT_NODE || between.textContent !== BETWEEN || second?.localName !== "bdi" || first.closest(OURS)) continue;
    const row = rows.get(`${first.textContent}${BETWEEN}${second.textContent}`);
    const section = first.closest<HTMLElement>("section[id]");
    if (row === undefined || !section) continue;
    const link = element("a", { class: "mention", href: pairAddress(pairs, row) });
    first.before(link);
    link.append(first, between, second);
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      store.set({ pair: row });
      document.getElementById("card")?.scrollIntoView({ block: "start" });
      document.getElementById("card")?.focus({ preventScroll: true });
    });
    found.push({ row, link, section });
  }
  const mark = (): void => {
    for (const { row, link } of found) {
      if (row === store.now.pair) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  store.on(["pair"], mark);
  mark();
  return found;
}

/** The sections that name a pair, each as a link to the first place in it. */
export function namedIn(mentions: readonly Mention[], row: number): HTMLElement[] {
  const sections = new Map<HTMLElement, HTMLAnchorElement>();
  for (const one of mentions) if (one.row === row && !sections.has(one.section)) sections.set(one.section, one.link);
  return [...sections].map(([section, place]) => {
    const link = element("a", { href: `#${section.id}` }, section.querySelector("h2")?.textContent ?? section.id);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      place.scrollIntoView({ block: "center" });
      place.focus({ preventScroll: true });
    });
    return link;
  });
}

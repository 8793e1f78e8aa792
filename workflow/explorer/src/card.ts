// The card of one pair: its answers and why, its paths in every retraining, where they part, its ranks
// in every space, the raw signals, and the examples that bring it together. Follows the store.
import { badge, cause, pairNodes, pairWords, times } from "./answers";
import { pairAddress } from "./address";
import { elsewhere } from "./elsewhere";
import { channels } from "./channels";
import { type Context } from "./context";
import { limitCurve, sentences, tables } from "./details";
import { button, element } from "./dom";
import { examples } from "./examples";
import { type Mention, namedIn } from "./mentions";
import { multiples } from "./multiples";
import { parting } from "./parting";
import type { Store } from "./state";
import { strip } from "./strip";
import type { Pairs, Plan, Runs, Studies } from "./study";
import { interval, probability, wholePercent } from "./text";

/** A part of the card: made once, drawn again whenever the pair or what is marked changes. */
export type Part = (place: HTMLElement, context: Context) => () => void;

const PARTS: readonly Part[] = [multiples, parting, strip, channels, examples, elsewhere];

export function card(place: HTMLElement, pairs: Pairs, runs: Runs | null, store: Store, studies: Studies | null, mentions: readonly Mention[]): void {
  const root = element("article", { id: "card", tabindex: "-1", "aria-label": "The chosen pair" });
  const [head, why, parts, all] = ["card-head", "why", "parts", "all-numbers"].map((name) => element("div", { class: name }));
  const empty = element("p", { class: "hint" }, "Choose a pair in the table, in the matrix or in the map to see it in every retraining.");
  root.append(empty, head, why, parts, all);
  place.append(root);
  const draws: (() => void)[] = [];
  let made = false;

  function show(): void {
    const row = store.now.pair;
    empty.hidden = row !== null;
    for (const one of [head, why, parts, all]) one.hidden = row === null;
    if (row === null) return;
    head.replaceChildren(
      element("h3", {}, ...pairNodes(pairs, row)),
      element("p", { class: "answers" }, badge(pairs, row), ...cause(pairs, row)),
      element("p", { class: "links" }, element("a", { href: pairAddress(pairs, row), target: "_blank", rel: "noopener" }, "This pair by itself"),
        button("Let it go", () => store.set({ pair: null }))),
    );
    const named = namedIn(mentions, row);
    const below = named.length ? [element("p", { class: "named-in" }, "Named below in: ", ...named.flatMap((link, i) => (i ? [", ", link] : [link])), ".")] : [];
    why.replaceChildren(...reasons(pairs, row), ...below);
    all.replaceChildren(...numbers(pairs, row));
    if (runs && !made) {
      made = true;
      const context = { pairs, runs, store, studies };
      for (const part of PARTS.filter((one) => studies !== null || one !== elsewhere)) {
        const own = element("section", { class: "part" });
        parts.append(own);
        draws.push(part(own, context));
      }
    }
    for (const draw of draws) draw();
  }

  const redraw = (): void => {
    if (store.now.pair !== null) for (const draw of draws) draw();
  };
  store.on(["pair"], show);
  store.on(["network", "space", "seed", "time", "example"], redraw);
  show();
}

/** Why the verdict is what it is. */
function reasons(pairs: Pairs, row: number): HTMLElement[] {
  const pi = pairs.head(row, "pi");
  const verdict = pairs.text(row, "verdict");
  const promise = pairs.data.promises[verdict];
  const test = pi === null
    ? ""
    : `It is close in ${times(pairs, pi)} networks (interval ${interval(pairs.head(row, "pi_low"), pairs.head(row, "pi_high"))}); ` +
      `q is ${probability(pairs.head(row, "q"))} for staying close and ${probability(pairs.head(row, "apart_q"))} for being apart.`;
  const ahead = pi === null ? [] : forecast(pairs.data.plan, Math.round(pi * pairs.data.runs));
  const later = ahead.length
    ? [element("p", { class: "ahead" }, `What more networks would make of a pair that is close in ${times(pairs, pi!)} today, as far as can be foretold: ${ahead.join("; ")}.`)]
    : [];
  return [
    element("p", {}, element("strong", {}, `${verdict[0]?.toUpperCase() ?? ""}${verdict.slice(1)}: `), promise ? `${promise}. ` : "", test),
    element("ul", {}, ...sentences(pairs, row).map((text) => element("li", {}, text))),
    ...later,
  ];
}

/** With so many more networks a forecast is told. */
const AHEAD = [5, 20, 100];

/** What may become of a pair that is close in as many networks: the likelier verdicts first. */
export function forecast({ more, answers, of }: Plan, close: number): string[] {
  const found = of[close];
  if (!found) return [];
  return more.flatMap((added, i) => {
    if (!AHEAD.includes(added)) return [];
    const likely = answers.map((answer, j) => ({ answer, share: found[i][j] })).filter(({ share }) => share >= 0.005).sort((a, b) => b.share - a.share);
    return [`with ${added} more: ${likely.map(({ answer, share }) => `${answer} ${wholePercent(share)}\u00a0%`).join(", ")}`];
  });
}

/** Every number that `pairs.csv` has of the pair, folded away. */
function numbers(pairs: Pairs, row: number): HTMLElement[] {
  const folded = element("details", { class: "numbers" }, element("summary", {}, `All numbers of ${pairWords(pairs, row)}`), tables(pairs, row));
  const link = element("a", { href: "#details" }, "What these numbers mean");
  link.addEventListener("click", () => document.getElementById("details")?.setAttribute("open", ""));
  folded.append(link);
  const curve = limitCurve(pairs, row);
  if (curve) folded.append(curve);
  return [folded];
}

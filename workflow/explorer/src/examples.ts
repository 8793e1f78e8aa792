// The held-out examples that bring two signs together: those that networks take for the other sign, and
// those whose path runs nearer to the other sign's mean path than to their own sign's, in the shared map.
import { chosenSigns, type Context } from "./context";
import { button, element } from "./dom";
import type { Tensor } from "./pack";
import type { Examples } from "./study";
import { counted, DASH, printable } from "./text";

const MOST = 12;

interface Driving {
  example: number;
  /** Networks that did not learn from it, and in how many of these it is taken for the other sign. */
  held: number;
  mistaken: number;
  /** Networks whose path of it the page holds, and in how many of these that is nearer to the other sign. */
  drawn: number;
  nearer: number;
}

/** A block's path (item, phase, dim) at another number of phases: the point nearest before and after, mixed. */
function pointOf({ shape: [, phases, dims], values }: Tensor, item: number, share: number, d: number): number {
  const at = share * (phases - 1);
  const from = Math.min(Math.floor(at), phases - 2);
  const value = (phase: number): number => values[(item * phases + phase) * dims + d];
  return value(from) + (value(from + 1) - value(from)) * (at - from);
}

/** Mean distance between an example's path and a sign's mean path, over the phases of the example's. */
export function wayBetween(held: Tensor, item: number, means: Tensor, sign: number): number {
  const [, phases, dims] = held.shape;
  let sum = 0;
  for (let phase = 0; phase < phases; phase++) {
    let squared = 0;
    for (let d = 0; d < dims; d++) {
      squared += (held.values[(item * phases + phase) * dims + d] - pointOf(means, sign, phase / (phases - 1), d)) ** 2;
    }
    sum += Math.sqrt(squared);
  }
  return sum / phases;
}

export function examples(place: HTMLElement, context: Context): () => void {
  const { runs, store } = context;
  const told = element("p", { class: "said" });
  const rows = element("tbody");
  const table = element("table", {},
    element("thead", {}, element("tr", {}, ...["Example", "Taken for the other", "Path nearer to the other"].map((words, i) => element("th", { scope: "col", class: i ? "n" : "" }, words)))),
    rows);
  place.append(element("h4", {}, "Examples that bring them together"), told, element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Examples that bring the pair together" }, table));
  let asked: number | null = null;

  async function load(): Promise<void> {
    const [row, signs] = [store.now.pair, chosenSigns(context)];
    if (row === null || !signs || row === asked) return;
    asked = row;
    const every = await runs.pack.json<Examples>("examples");
    const found = new Map<number, Driving>();
    for (const network of runs.index.networks.keys()) await look(network, signs, every, found);
    if (asked !== row) return;
    const driving = [...found.values()].filter(({ mistaken, nearer }) => mistaken || nearer).sort((a, b) => b.mistaken - a.mistaken || b.nearer - a.nearer);
    tell(driving.length, found.size);
    table.hidden = !driving.length;
    rows.replaceChildren(...driving.slice(0, MOST).map((one) => lineOf(one, every)));
    mark();
  }

  /** Count what one network does with those examples of the two signs that it did not learn from. */
  async function look(network: number, signs: [number, number], every: Examples, found: Map<number, Driving>): Promise<void> {
    const { chosen } = runs.index;
    const seed = runs.space(chosen)?.drawn ?? 0;
    const [held, predicted, paths, means] = await Promise.all([
      runs.heldExamples(network), runs.held(`predicted/${network}`), runs.held(`held/${chosen}/${network}/${seed}`), runs.means(chosen, network, seed),
    ]);
    for (const [item, example] of held.entries()) {
      const own = every.sign[example];
      if (!signs.includes(own)) continue;
      const other = signs[0] === own ? signs[1] : signs[0];
      const one = found.get(example) ?? { example, held: 0, mistaken: 0, drawn: 0, nearer: 0 };
      found.set(example, one);
      if (predicted) one.held += 1;
      if (predicted?.values[example] === other) one.mistaken += 1;
      if (!paths || !means) continue;
      one.drawn += 1;
      if (wayBetween(paths, item, means, other) < wayBetween(paths, item, means, own)) one.nearer += 1;
    }
  }

  function tell(driving: number, all: number): void {
    const { chosen } = runs.index;
    const many = driving > MOST ? ` The first ${MOST} are shown.` : "";
    told.textContent = driving
      ? `${counted(driving, "held-out example")} of ${all} of the two signs: in how many networks that did not learn from it an example is taken for the other sign, and in how many its path in ${chosen} is nearer to the other sign's mean path than to its own's. Paths are rounded here, so what is as near to either may be told of either.${many}`
      : !all ? "No example of the two signs was held out in any network." : `None of the ${all} held-out examples of the two signs is taken for the other sign, or runs nearer to its mean path in ${chosen}, in any network.`;
  }

  function lineOf({ example, held, mistaken, drawn, nearer }: Driving, every: Examples): HTMLElement {
    const of = (some: number, all: number): string => (all ? `${some} of ${all}` : DASH);
    const words = `${runs.index.signs[every.sign[example]]}, ${every.session[example]}, take ${every.take[example]}`;
    const choose = button(printable(words), () => store.set({ example: store.now.example === example ? null : example }), { "data-example": String(example), "aria-pressed": "false" });
    return element("tr", {}, element("th", { scope: "row" }, choose),
      element("td", { class: "n" }, of(mistaken, held)), element("td", { class: "n" }, of(nearer, drawn)));
  }

  function mark(): void {
    for (const one of rows.querySelectorAll("button")) one.setAttribute("aria-pressed", String(one.dataset.example === String(store.now.example)));
  }
  return () => {
    mark();
    void load();
  };
}

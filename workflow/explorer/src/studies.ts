// Other studies beside this one: how often each pair is close here and there, which verdicts go together,
// and which pairs stay close in all of them. Takes what sections/compared.py puts into the page.
import { badgeOf, pairWords } from "./answers";
import { axes, type Plot } from "./chart";
import { plane } from "./canvas";
import type { Context } from "./context";
import { button, chooser, element, hideTip, showTip } from "./dom";
import { radiusOf, type Spot, spots } from "./picture";
import type { OtherStudy, Studies } from "./study";
import { count, counted, printable, wholePercent } from "./text";
import type { View } from "./views";

const LISTED = 40;
const PERCENT = "\u00a0%";

/** Pairs by a question, and the question in words. */
export interface Group {
  words: string;
  rows: number[];
}

/** Rows by verdict here and there; what the other study does not have is in none. */
export function crossed(own: readonly string[], there: readonly (string | null)[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  own.forEach((verdict, row) => {
    if (there[row] === null) return;
    const key = `${verdict}|${there[row]}`;
    const rows = found.get(key);
    if (rows) rows.push(row);
    else found.set(key, [row]);
  });
  return found;
}

/** Which pairs stay close in all studies, and which in this one or in others only. */
export function groups(own: readonly string[], { others, inAll, fdr }: Pick<Studies, "others" | "inAll" | "fdr">, stays: string): Group[] {
  const known = [...own.keys()].filter((row) => others.every(({ verdict }) => verdict[row] !== null));
  const here = (row: number): boolean => own[row] === stays;
  const there = (row: number): boolean[] => others.map(({ verdict }) => verdict[row] === stays);
  const all = others.length + 1;
  const few = others.length === 1;
  return [
    { words: `shown to stay close in ${few ? "both" : `all ${all}`} studies at once`, rows: known.filter((row) => (inAll[row] ?? 1) <= fdr) },
    { words: "stay close by the verdict of each study", rows: known.filter((row) => here(row) && there(row).every(Boolean)) },
    { words: "stay close in this study only", rows: known.filter((row) => here(row) && !there(row).some(Boolean)) },
    { words: few ? "stay close in the other study only" : "stay close in one or more of the others, not in this one", rows: known.filter((row) => !here(row) && there(row).some(Boolean)) },
    ...(few ? [] : [{ words: "stay close in this study and in some of the others", rows: known.filter((row) => here(row) && there(row).some(Boolean) && !there(row).every(Boolean)) }]),
  ];
}

const MOST_LETTERS = 40;
const shortened = (name: string): string => (name.length > MOST_LETTERS ? `${name.slice(0, MOST_LETTERS - 1)}\u2026` : name);

/** Where close, or to stay so, means something else in another study. */
export function limitWords(other: Pick<OtherStudy, "k" | "tau">, own: Studies["own"]): string {
  const words = [
    ...(other.k === own.k ? [] : [`close means a mutual rank of at most ${other.k} there, ${own.k} here`]),
    ...(other.tau === own.tau ? [] : [`to stay close, in more than ${wholePercent(other.tau)}${PERCENT} of retrainings there, ${wholePercent(own.tau)}${PERCENT} here`]),
  ];
  return words.length ? `Beware: ${words.join("; ")}. ` : "";
}

function build(place: HTMLElement, context: Context): () => void {
  const { pairs, store } = context;
  const known = context.studies!;
  const { others } = known;
  const verdicts = pairs.data.verdicts;
  const own = Array.from({ length: pairs.count }, (_, row) => pairs.text(row, "verdict"));
  const hidden = own.map((_, row) => pairs.head(row, "pi"));
  let other = others[Number(store.now.other)];
  let shown: Spot[] = [];
  let listed: Group | null = null;
  let plot: Plot | null = null;

  const what = chooser("Beside this study", others.map(({ study }, i) => [String(i), printable(study)] as const), store.now.other, (value) => store.set({ other: value }));
  const said = element("p", { class: "said" });
  const together = element("div", { class: "listed" });
  const few = element("p", { class: "said" });
  const table = element("table", { class: "crossed" });
  const list = element("div", { class: "listed", role: "status" });
  const canvas = plane("How often pairs are close in two studies", "studies", (pen, width, height, colours) => {
    const share = (words: string) => ({ low: -0.03, high: 1.03, ticks: [0, 0.25, 0.5, 0.75, 1], words, label: (value: number) => `${Math.round(100 * value)}${PERCENT}` });
    plot = axes(pen, width, height, share("close here, of its networks"), share(`close in ${shortened(printable(other.study))}`), colours);
    pen.setLineDash([5, 4]);
    pen.strokeStyle = colours.soft;
    pen.beginPath();
    pen.moveTo(plot.x(0), plot.y(0));
    pen.lineTo(plot.x(1), plot.y(1));
    pen.stroke();
    pen.setLineDash([]);
    for (const spot of shown) {
      const [verdict] = spot.answer.split("|");
      pen.fillStyle = { [verdicts[0]]: colours.stays, [verdicts[1]]: colours.comes, [verdicts[2]]: colours.undecided }[verdict] ?? colours.apart;
      pen.strokeStyle = colours.paper;
      pen.globalAlpha = 0.8;
      circle(pen, plot.x(spot.x), plot.y(spot.y), radiusOf(spot.rows.length));
      pen.fill();
      pen.stroke();
    }
    pen.globalAlpha = 1;
    pen.lineWidth = 2.5;
    pen.strokeStyle = colours.mark;
    const chosen = shown.find(({ rows }) => store.now.pair !== null && rows.includes(store.now.pair));
    if (chosen) {
      circle(pen, plot.x(chosen.x), plot.y(chosen.y), radiusOf(chosen.rows.length) + 3);
      pen.stroke();
    }
    canvas.canvas.dataset.drawn = String(shown.reduce((sum, { rows }) => sum + rows.length, 0));
  });
  place.append(
    element("h4", {}, "What they say together"), few, together, list,
    element("div", { class: "controls" }, what.label), said,
    canvas.canvas,
    element("p", { class: "hint" }, "A mark is all pairs that are close as often here and as often there, larger the more they are; on the dashed line that is equally often. Colours are this study's verdicts."),
    element("h4", {}, "Verdicts here, by verdicts there"),
    element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Verdicts in two studies" }, table));

  function circle(pen: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
  }

  function reckon(): void {
    shown = spots(hidden, other.pi, own);
    const common = other.verdict.filter((one) => one !== null).length;
    said.textContent = `${printable(other.study)}: ${counted(other.networks, "network")}; what training again changes there: ${other.again}. ` +
      `${limitWords(other, known.own)}It has ${common === pairs.count ? "the same" : `${count(common)} of this study's`} ${counted(pairs.count, "pair")}.`;
    canvas.canvas.setAttribute("aria-label", `${counted(common, "pair")} by how often they are close here and in ${printable(other.study)}. Click a mark to list its pairs; the table of verdicts below says how many there are of each.`);
    const cells = crossed(own, other.verdict);
    const head = element("tr", {}, element("th", { scope: "col" }, "Here \\ there"), ...verdicts.map((verdict) => element("th", { scope: "col", class: "n" }, badgeOf(verdict, verdict))));
    table.replaceChildren(element("thead", {}, head), element("tbody", {}, ...verdicts.map((here) => element("tr", {}, element("th", { scope: "row" }, badgeOf(here, here)),
      ...verdicts.map((there) => {
        const rows = cells.get(`${here}|${there}`) ?? [];
        const words = here === there ? `${here} in both` : `${here} here, ${there} in ${printable(other.study)}`;
        return element("td", { class: "n" }, rows.length ? chooserOf({ words, rows }, count(rows.length), words) : "0");
      })))));
    const all = own.filter((_, row) => others.every(({ verdict }) => verdict[row] !== null)).length;
    few.textContent = all < pairs.count ? `Of the ${counted(all, "pair")} that every study has, of ${count(pairs.count)} here:` : "";
    together.replaceChildren(...groups(own, known, verdicts[0]).map((one) => chooserOf(one, `${count(one.rows.length)} ${one.words}`)));
  }

  /** A button that lists the pairs of a group, or folds them. */
  function chooserOf(group: Group, words: string, name = words): HTMLButtonElement {
    const made = button(words, () => {
      listed = listed?.words === group.words ? null : group;
      update();
    }, { "aria-label": name === words ? words : `${words}: ${name}`, "data-group": group.words });
    made.disabled = !group.rows.length;
    return made;
  }

  function update(): void {
    if (others[Number(store.now.other)] !== other) {
      other = others[Number(store.now.other)];
      what.select.value = store.now.other;
      listed = null;
      reckon();
    }
    canvas.redraw();
    for (const one of place.querySelectorAll<HTMLButtonElement>("button[data-group]")) one.setAttribute("aria-pressed", String(one.dataset.group === listed?.words));
    if (!listed) return list.replaceChildren();
    const rows = listed.rows.slice(0, LISTED);
    const more = listed.rows.length > LISTED ? `; the first ${LISTED}` : "";
    list.replaceChildren(element("p", {}, `${counted(listed.rows.length, "pair")} ${listed.words}${more}:`),
      ...rows.map((row) => button(pairWords(pairs, row), () => store.set({ pair: row }), { "aria-pressed": String(store.now.pair === row) })));
  }

  const under = (event: MouseEvent): Spot | null => {
    if (!plot) return null;
    const { x, y } = plot;
    const off = (spot: Spot): number => Math.hypot(x(spot.x) - event.offsetX, y(spot.y) - event.offsetY) - radiusOf(spot.rows.length);
    const near = shown.reduce<Spot | null>((best, one) => (best && off(best) <= off(one) ? best : one), null);
    return near && off(near) < 6 ? near : null;
  };
  const words = ({ x, y, rows, answer }: Spot): string =>
    `${rows.length === 1 ? pairWords(pairs, rows[0]) : counted(rows.length, "pair")}, ${answer} here: close in ${wholePercent(x)}${PERCENT} of networks here, in ${wholePercent(y)}${PERCENT} there`;
  canvas.canvas.addEventListener("pointermove", (event) => {
    const spot = under(event);
    canvas.canvas.style.cursor = spot ? "pointer" : "default";
    if (spot) showTip(event.clientX + 12, event.clientY, words(spot));
    else hideTip();
  });
  canvas.canvas.addEventListener("pointerleave", hideTip);
  canvas.canvas.addEventListener("click", (event) => {
    const spot = under(event);
    if (!spot) return;
    if (spot.rows.length === 1) store.set({ pair: spot.rows[0] });
    listed = { words: `${spot.answer} here, close in ${wholePercent(spot.x)}${PERCENT} of networks here and in ${wholePercent(spot.y)}${PERCENT} there`, rows: spot.rows };
    update();
  });
  reckon();
  return update;
}

export const studies: View = { name: "studies", title: "Other studies", build };

// How often each pair is close in the hidden states against how often in a picture of them. Pairs that fall on
// one spot are one mark, larger the more they are; what a picture does with a pair is named as verdicts.py does.
import { badge, cause, pairNodes, pairWords } from "./answers";
import { FONT, plane } from "./canvas";
import type { Palette } from "./colours";
import type { Context } from "./context";
import { button, chooser, element, hideTip, shape, showTip } from "./dom";
import type { Tensor } from "./pack";
import type { Pairs, Runs } from "./study";
import { count, counted, fixed, printable, wholePercent } from "./text";
import type { View } from "./views";

const LEFT = 58;
const BOTTOM = 42;
const TOP = 14;
const RIGHT = 16;
const LISTED = 30;
// Of all answers the one that says nothing of where a pair lies.
const VARIES = "varies by autoencoder";
const PERCENT = "\u00a0%";

/** Pairs that are close as often in both spaces, and in the picture get the same answer. */
export interface Spot {
  x: number;
  y: number;
  answer: string;
  rows: number[];
}

/** Gather the rows that have one value in both, and one answer; the most first. */
export function spots(
  xs: readonly (number | null)[], ys: readonly (number | null)[], answers: readonly string[] = [],
): Spot[] {
  const found = new Map<string, Spot>();
  for (let row = 0; row < xs.length; row++) {
    const [x, y, answer] = [xs[row], ys[row], answers[row] ?? ""];
    if (x === null || y === null) continue;
    const key = `${x.toFixed(4)} ${y.toFixed(4)} ${answer}`;
    const spot = found.get(key);
    if (spot) spot.rows.push(row);
    else found.set(key, { x, y, answer, rows: [row] });
  }
  return [...found.values()].sort((one, other) => other.rows.length - one.rows.length);
}

/** How large a mark of so many pairs is: four times as large where they are 256 times as many. */
export const radiusOf = (pairs: number, most = 15): number => Math.min(2.6 * pairs ** 0.25, most);

/** The nearest spot in a direction, by the arrow keys: what lies aside counts double. */
export function nextSpot(all: readonly Spot[], from: Spot, dx: number, dy: number): Spot {
  let [best, least] = [from, Infinity];
  for (const one of all) {
    const along = (one.x - from.x) * dx + (one.y - from.y) * dy;
    const aside = Math.abs((one.x - from.x) * dy) + Math.abs((one.y - from.y) * dx);
    if (one !== from && along > 1e-9 && along + 2 * aside < least) [best, least] = [one, along + 2 * aside];
  }
  return best;
}

export interface Quarter {
  pairs: number;
  /** Of these, what the picture does with them. */
  answers: Map<string, number>;
}

/** How many pairs lie in each quarter; what is on a line belongs to the close side, as in the verdicts. */
export function quarters(all: readonly Spot[], tau: number): Record<"both" | "hidden" | "picture" | "none", Quarter> {
  const empty = (): Quarter => ({ pairs: 0, answers: new Map() });
  const found = { both: empty(), hidden: empty(), picture: empty(), none: empty() };
  for (const { x, y, answer, rows } of all) {
    const [near, shown] = [x >= tau, y >= tau];
    const own = found[near && shown ? "both" : near ? "hidden" : shown ? "picture" : "none"];
    own.pairs += rows.length;
    if (answer) own.answers.set(answer, (own.answers.get(answer) ?? 0) + rows.length);
  }
  return found;
}

type Mark = "circle" | "square" | "triangle" | "diamond";
interface Look {
  mark: Mark;
  colour: "stays" | "comes" | "undecided" | "ink" | "soft";
}

// What a picture may do with a pair, in the order of PICTURES in verdicts.py; each has a colour and a shape.
const LOOKS: Record<string, Look> = {
  kept: { mark: "circle", colour: "stays" },
  "lost in projection": { mark: "square", colour: "comes" },
  artefact: { mark: "triangle", colour: "undecided" },
  [VARIES]: { mark: "diamond", colour: "ink" },
};
const NO_ANSWER: Look = { mark: "circle", colour: "soft" };
const lookOf = (answer: string): Look => LOOKS[answer] ?? NO_ANSWER;

/** The outline of a mark of about the area of a disc of that radius. */
function trace(pen: CanvasRenderingContext2D, mark: Mark, x: number, y: number, r: number): void {
  pen.beginPath();
  if (mark === "circle") pen.arc(x, y, r, 0, 2 * Math.PI);
  else if (mark === "square") pen.rect(x - 0.89 * r, y - 0.89 * r, 1.78 * r, 1.78 * r);
  else {
    const corners = mark === "diamond" ? [[0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]] : [[0, -1.4], [1.3, 0.9], [-1.3, 0.9]];
    for (const [dx, dy] of corners) pen.lineTo(x + dx * r, y + dy * r);
    pen.closePath();
  }
}

/** The spaces that are pictures, the one that is looked at most first. */
export function picturesOf(pairs: Pairs, runs: Runs): string[] {
  const found = runs.index.spaces.filter(({ name, dims }) => dims > 0 && pairs.data.columns.includes(`${name}_pi`)).map(({ name }) => name);
  const first = [runs.index.chosen, "ae2"].find((name) => found.includes(name));
  return first === undefined ? found : [first, ...found.filter((name) => name !== first)];
}

function build(place: HTMLElement, context: Context): () => void {
  const { pairs, runs, store } = context;
  const head = pairs.data.headline;
  const pictures = picturesOf(pairs, runs);
  const column = (name: string): (number | null)[] => Array.from({ length: pairs.count }, (_, row) => pairs.number(row, `${name}_pi`));
  const hidden = column(head);
  let space = store.now.picture;
  let tau = 0.5;
  let shown: Spot[] = [];
  let cursor: Spot | null = null;
  let listed: Spot | null = null;
  let lastPair: number | null = null;
  const ranks = new Map<string, Tensor | null>();

  if (!pictures.length) {
    place.append(element("p", { class: "told" }, "This study has no picture: no space of two or three dimensions."));
    return () => undefined;
  }
  const what = chooser("Picture", pictures.map((name) => [name, `${name} (${runs.space(name)?.dims}-D)`]), space, (name) => store.set({ picture: name }));
  const said = element("p", { class: "said" });
  const key = element("p", { class: "picture-key" });
  const told = element("p", { class: "told", role: "status" });
  const list = element("div", { class: "listed" });
  const canvas = plane("Hidden states against a picture", "picture", draw);
  const surface = canvas.canvas;
  surface.tabIndex = 0;
  surface.setAttribute("role", "application");
  surface.setAttribute("aria-roledescription", "scatter plot");
  place.append(element("div", { class: "controls" }, what.label, said), surface, key, told, list);

  function reckon(): void {
    const answers = Array.from({ length: pairs.count }, (_, row) => pairs.text(row, `${space}_picture`));
    shown = spots(hidden, column(space), answers);
    const facts = runs.space(space);
    said.textContent = facts ? `${facts.words[0].toUpperCase()}${facts.words.slice(1)}.` : "";
    const counts = new Map<string, number>();
    for (const { answer, rows } of shown) counts.set(answer, (counts.get(answer) ?? 0) + rows.length);
    const told = [...Object.keys(LOOKS), ...[...counts.keys()].filter((answer) => answer && !(answer in LOOKS))].filter((answer) => counts.has(answer));
    key.replaceChildren(
      ...told.map((answer) => element("span", {}, keyMark(lookOf(answer)), `${answer}: ${count(counts.get(answer) ?? 0)}`)),
      element("span", {}, keyMark(NO_ANSWER), `no answer (apart and shown so, comes and goes, or undecided): ${count(counts.get("") ?? 0)}`),
      element("span", {}, ...[1, 100].flatMap((many) => [keyMark(NO_ANSWER, radiusOf(many)), `${counted(many, "pair")} `])));
    const by = quarters(shown, tau);
    surface.setAttribute("aria-label",
      `${counted(pairs.count, "pair")} by how often they are close in ${head} and in ${space}. In at least half of both: ${by.both.pairs}; of ${head} only: ${by.hidden.pairs}; ` +
      `of ${space} only: ${by.picture.pairs}; of neither: ${by.none.pairs}. Arrow keys move from spot to spot, Enter lists the pairs of one.`);
    void load();
  }

  async function load(): Promise<void> {
    for (const name of [head, space]) if (!ranks.has(name)) ranks.set(name, await runs.ranks(name));
    update();
  }

  const box = (width = surface.clientWidth, height = surface.clientHeight) => ({
    x: (share: number): number => LEFT + 10 + share * (width - LEFT - RIGHT - 10),
    y: (share: number): number => height - BOTTOM - 10 - share * (height - BOTTOM - TOP - 10),
    // Marks of neighbouring columns do not cover each other.
    most: Math.min(15, Math.max(5, (0.48 * (width - LEFT - RIGHT)) / Math.max(pairs.data.runs, 8))),
  });

  function draw(pen: CanvasRenderingContext2D, width: number, height: number, colours: Palette): void {
    const { x, y, most } = box(width, height);
    const [left, right, top, bottom] = [LEFT, width - RIGHT + 6, TOP - 6, height - BOTTOM];
    pen.fillStyle = colours.faint;
    pen.fillRect(x(tau), y(tau), right - x(tau), bottom - y(tau));
    pen.fillRect(left, top, x(tau) - left, y(tau) - top);
    pen.strokeStyle = colours.rule;
    pen.lineWidth = 1;
    pen.strokeRect(left + 0.5, top + 0.5, right - left - 1, bottom - top - 1);
    const line = (x0: number, y0: number, x1: number, y1: number, dash: number[]): void => {
      pen.setLineDash(dash);
      pen.beginPath();
      pen.moveTo(x0, y0);
      pen.lineTo(x1, y1);
      pen.stroke();
      pen.setLineDash([]);
    };
    line(x(0), y(0), x(1), y(1), []);
    pen.strokeStyle = colours.soft;
    line(x(tau), bottom, x(tau), top, [5, 4]);
    line(left, y(tau), right, y(tau), [5, 4]);
    // Below the marks, which must all be seen.
    labels(pen, width, height, colours);
    const sign = store.now.sign === null ? null : runs.index.signs[store.now.sign];
    for (const spot of shown) {
      const { mark, colour } = lookOf(spot.answer);
      const own = sign !== null && spot.rows.some((row) => pairs.signs(row).includes(sign));
      trace(pen, mark, x(spot.x), y(spot.y), radiusOf(spot.rows.length, most));
      pen.fillStyle = colours[colour];
      pen.globalAlpha = sign === null || own ? (spot.answer ? 0.85 : 0.4) : 0.12;
      pen.fill();
      pen.globalAlpha = 1;
      pen.strokeStyle = own ? colours.ink : colours.paper;
      pen.lineWidth = own ? 1.2 : 0.6;
      pen.stroke();
    }
    const row = store.now.pair;
    const chosen = row === null ? undefined : shown.find(({ rows }) => rows.includes(row));
    for (const [spot, colour, wide] of [[cursor, colours.ink, 1.5], [chosen, colours.mark, 2.5]] as const) {
      if (!spot) continue;
      pen.strokeStyle = colour;
      pen.lineWidth = wide;
      pen.beginPath();
      pen.arc(x(spot.x), y(spot.y), radiusOf(spot.rows.length, most) + 4, 0, 2 * Math.PI);
      pen.stroke();
    }
    surface.dataset.drawn = String(shown.length);
  }

  function labels(pen: CanvasRenderingContext2D, width: number, height: number, colours: Palette): void {
    const { x, y } = box(width, height);
    pen.font = `12px ${FONT}`;
    pen.fillStyle = colours.soft;
    const ticks = width < 480 ? [0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1];
    for (const share of ticks) {
      pen.textAlign = share === 1 ? "right" : "center";
      pen.fillText(`${100 * share}${share === 1 ? PERCENT : ""}`, x(share) + (share === 1 ? RIGHT - 2 : 0), height - BOTTOM + 16);
      pen.textAlign = "right";
      pen.fillText(`${100 * share}${share === 1 ? PERCENT : ""}`, LEFT - 6, y(share) + 4);
    }
    pen.textAlign = "center";
    pen.fillText(`how often close in ${head}`, x(0.5), height - 6);
    pen.save();
    pen.translate(12, y(0.5));
    pen.rotate(-Math.PI / 2);
    pen.fillText(`how often close in ${space}`, 0, 0);
    pen.restore();
    const by = quarters(shown, tau);
    const room = x(tau) - LEFT - 16;
    // Where the fewest marks are: beside the lines, and at the frame where pictures seldom show anything.
    const write = (words: string, { pairs: many, answers }: Quarter, align: "left" | "right", edge: number, from: "top" | "bottom", at: number): void => {
      const title = pen.measureText(words).width > (answers === by.none.answers ? 0.45 : 1) * room ? split(words) : [words];
      const lines = [...title, counted(many, "pair"), ...[...answers].filter(([answer]) => answer !== VARIES).map(([answer, of]) => `${count(of)} ${answer}`)];
      pen.textAlign = align;
      for (const [i, text] of lines.entries()) {
        const line = from === "top" ? at + 15 * (i + 1) : at - 15 * (lines.length - i - 1);
        pen.font = `${i < title.length ? "600 " : ""}12px ${FONT}`;
        pen.fillStyle = colours.ink;
        pen.fillText(text, edge, line);
      }
    };
    pen.font = `600 12px ${FONT}`;
    write("close in both", by.both, "left", x(tau) + 8, "top", TOP - 4);
    write(`close in ${head} only`, by.hidden, "right", width - RIGHT, "bottom", y(0) + 4);
    write("close in the picture only", by.picture, "left", LEFT + 8, "top", TOP - 4);
    write("close in neither", by.none, "right", x(tau) - 8, "top", y(tau) + 2);
  }

  function under(event: MouseEvent): Spot | null {
    const { x, y, most } = box();
    let [best, least] = [null as Spot | null, 5];
    for (const spot of shown) {
      const off = Math.hypot(x(spot.x) - event.offsetX, y(spot.y) - event.offsetY) - radiusOf(spot.rows.length, most);
      // Of marks that cover the pointer the smallest lies on top.
      const rank = off <= 0 ? off / 1e3 - 1 / spot.rows.length : off;
      if (rank < least) [best, least] = [spot, rank];
    }
    return best;
  }

  const where = ({ x, y }: Spot): string => `close in ${wholePercent(x)}${PERCENT} of networks in ${head}, in ${wholePercent(y)}${PERCENT} of pictures in ${space}`;
  function tell(spot: Spot): string {
    const names = spot.rows.slice(0, 3).map((row) => pairWords(pairs, row)).join(", ");
    const more = spot.rows.length > 3 ? ` and ${count(spot.rows.length - 3)} more` : "";
    return `${counted(spot.rows.length, "pair")}${spot.answer ? `, ${spot.answer}` : ""}: ${where(spot)}. ${names}${more}.`;
  }

  /** The pairs of a spot, as buttons; those of the chosen sign first. */
  function listPairs(): void {
    if (!listed) return list.replaceChildren();
    const sign = store.now.sign === null ? "" : runs.index.signs[store.now.sign];
    const rows = [...listed.rows].sort((one, other) => Number(pairs.signs(other).includes(sign)) - Number(pairs.signs(one).includes(sign)));
    const buttons = rows.slice(0, LISTED).map((row) => {
      const made = button("", () => store.set({ pair: row }), { "aria-pressed": String(row === store.now.pair) });
      made.append(...pairNodes(pairs, row));
      return made;
    });
    const more = rows.length > LISTED ? [element("span", {}, `and ${count(rows.length - LISTED)} more`)] : [];
    const words = `${counted(rows.length, "pair")}${listed.answer ? `, ${listed.answer}` : ""}: ${where(listed)}.`;
    list.replaceChildren(element("p", {}, words), ...buttons, ...more);
  }

  function chosenWords(row: number): Node[] {
    const spot = shown.find(({ rows }) => rows.includes(row));
    if (!spot) return [document.createTextNode(`${pairWords(pairs, row)} is not known in ${space}.`)];
    const parts = [` ${where(spot)}`];
    const repeats = pairs.number(row, `${space}_picture_repeats`);
    if (spot.answer) parts.push(`; in the picture: ${(repeats ?? 1) < pairs.data.sure ? "likely " : ""}${spot.answer}`);
    const network = store.now.network;
    const [a, b] = pairs.signs(row).map((name) => runs.signOf(name));
    const at = runs.placeOf(a, b);
    if (network !== null && at >= 0) {
      const ofNetwork = [head, space].flatMap((name) => {
        const tensor = ranks.get(name);
        if (!tensor || network >= tensor.shape[0]) return [];
        const [, seeds, many] = tensor.shape;
        const values = Array.from({ length: seeds }, (_, seed) => tensor.values[(network * seeds + seed) * many + at]).filter((value) => !Number.isNaN(value));
        return values.length ? [`${values.map((value) => fixed(value, 1)).join(", ")} in ${name}`] : [];
      });
      if (ofNetwork.length) parts.push(`; mutual rank in network ${printable(runs.index.networks[network])} about ${ofNetwork.join("; ")}`);
    }
    return [element("strong", {}, ...pairNodes(pairs, row)), document.createTextNode(" "), badge(pairs, row), ...cause(pairs, row), document.createTextNode(`:${parts.join("")}.`)];
  }

  surface.addEventListener("pointermove", (event) => {
    const spot = under(event);
    surface.style.cursor = spot ? "pointer" : "default";
    if (spot) showTip(event.clientX + 14, event.clientY, tell(spot), event.clientY - 6);
    else hideTip();
  });
  surface.addEventListener("pointerleave", hideTip);
  function pick(spot: Spot): void {
    listed = cursor = spot;
    if (spot.rows.length === 1) store.set({ pair: spot.rows[0] });
    update();
  }
  surface.addEventListener("click", (event) => {
    const spot = under(event);
    if (spot) pick(spot);
  });
  surface.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (step) {
      event.preventDefault();
      const row = store.now.pair;
      const from = cursor ?? shown.find(({ rows }) => row !== null && rows.includes(row)) ?? null;
      cursor = from ? nextSpot(shown, from, step[0], step[1]) : shown[0] ?? null;
      if (cursor) told.textContent = tell(cursor);
      canvas.redraw();
    } else if (event.key === "Enter" && cursor) {
      pick(cursor);
    }
  });
  surface.addEventListener("blur", () => {
    if (cursor !== listed) cursor = listed;
    canvas.redraw();
  });

  function update(): void {
    const row = store.now.pair;
    if (store.now.picture !== space) {
      space = what.select.value = store.now.picture;
      listed = cursor = null;
      reckon();
    }
    if (row !== lastPair && listed && row !== null && !listed.rows.includes(row)) listed = cursor = null;
    lastPair = row;
    told.replaceChildren(...(row !== null
      ? chosenWords(row)
      : [document.createTextNode("A mark is the pairs that are close as often in both: the larger, the more. On the slanting line the picture shows pairs close as often as they are. Click a mark to list its pairs.")]));
    listPairs();
    canvas.redraw();
  }

  // The share that verdicts ask for.
  void runs.pack.json<{ tau: number }>("tree").then((tree) => {
    tau = tree.tau;
    reckon();
  });
  reckon();
  return update;
}

function keyMark({ mark, colour }: Look, radius = 5): SVGElement {
  const made = shape("svg", { viewBox: "-8 -8 16 16", width: 16, height: 16, "aria-hidden": "true" });
  const outline: Record<Mark, string> = {
    circle: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z", square: "M-4.5 -4.5h9v9h-9z", triangle: "M0 -6.5L6 4.5H-6z", diamond: "M0 -6.5L6.5 0L0 6.5L-6.5 0z",
  };
  const path = shape("path", { d: outline[mark], transform: `scale(${radius / 5})` });
  path.style.fill = `var(--${colour})`;
  made.append(path);
  return made;
}

/** Cut at the blank nearest to the middle. */
export function split(words: string): string[] {
  const blanks = [...words.matchAll(/ /g)].map(({ index }) => index);
  if (!blanks.length) return [words];
  const cut = blanks.reduce((best, at) => (Math.abs(at - words.length / 2) < Math.abs(best - words.length / 2) ? at : best));
  return [words.slice(0, cut), words.slice(cut + 1)];
}

export const picture: View = { name: "picture", title: "Hidden or picture", build };

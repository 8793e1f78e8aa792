// Where it comes from that pairs come and go: whose the spread of ranks is, what more networks would give and
// decide, which retrainings are alike, and how each learned. Takes the blocks `instability` and `histories`.
import { pairWords } from "./answers";
import { axes, besides, line, nearestLine, type Plot, type Points, powersIn, thinned, ticksOf } from "./chart";
import { extent, fitted, FONT, plane } from "./canvas";
import { category, css, type Palette, shaded } from "./colours";
import type { Context } from "./context";
import { chooser, element, explain, hideTip, showTip } from "./dom";
import type { View } from "./views";
import { count, counted, DASH, fixed, printable } from "./text";

type Known = number | null;

/** The block `instability`; what a single network cannot tell is missing. */
export interface Instability {
  agreement: { rows: { heading: string; words: string; unit: string; decimals: number; scale: number; range: Known[]; mean: Known; by_chance: Known }[]; stress: Known };
  runs: {
    place: [Known, Known][];
    stress: Known;
    flag: string[];
    test_accuracy: Known[];
    rank_correlation?: Known[][];
    shape_distance?: Known[][];
  };
  plan: Plan[];
  sources?: string[];
  shares?: { space: string; shares: [Known, Known, Known][]; autoencoders: boolean }[];
  reliability?: { space: string; now: Known; needed: Known; near_pairs: number; near_now: Known; near_needed: Known }[];
  target?: number;
  autoencoders?: number;
  curves?: { networks: number[]; of: Record<string, Known[]> };
}

interface Plan {
  more: number;
  networks: number;
  open: number;
  stays: number;
  comes: number;
  apart: number;
  all_staying: number;
}

export interface History {
  network: string;
  metrics: Record<string, unknown>;
  epochs: Record<string, Known[]>;
}

const metric = ({ metrics }: History, name: string): Known => {
  const value = metrics[name];
  return typeof value === "number" ? value : null;
};

const PERCENT = "\u00a0%";
/** What the scales below the map take. */
const FOOT = 46;
/** On which examples learning curves are measured, and what their names begin with. */
export const MEASURED = {
  validation: { before: "val_", words: "validation examples" },
  training: { before: "", words: "training examples" },
} as const;
type Measured = keyof typeof MEASURED;
const percent = (share: Known, decimals = 0): string => (share === null ? DASH : `${fixed(100 * share, decimals)}${PERCENT}`);

function build(place: HTMLElement, context: Context): () => void {
  const { runs, store } = context;
  const names = runs.index.networks.map(printable);
  const redraws: (() => void)[] = [];
  const update = (): void => {
    what.select.value = store.now.network === null ? "" : String(store.now.network);
    for (const redraw of redraws) redraw();
  };
  const what = chooser("Network", [["", "all"], ...names.map((name, i) => [String(i), name] as const)], "", (value) => store.set({ network: value ? Number(value) : null }));
  const told = element("p", { class: "told", role: "status" });
  place.append(element("div", { class: "controls" }, what.label, told));
  void Promise.all([runs.pack.json<Instability>("instability"), runs.pack.json<History[]>("histories")]).then(([known, histories]) => {
    const parts = [sharesOf, reliability, planning, mapOfRuns] as const;
    for (const part of parts) redraws.push(...part(place, context, known));
    redraws.push(...learning(place, context, known, histories), () => {
      told.textContent = networkWords(known, names, store.now.network);
    });
    update();
  });
  return update;
}

/** What is known of one network, or of those that stand out. */
export function networkWords(known: Instability, names: readonly string[], network: number | null): string {
  if (network === null) {
    const flagged = known.runs.flag.flatMap((flag, i) => (flag ? [`${names[i]} (${flag})`] : []));
    return flagged.length ? `${counted(flagged.length, "network")} of ${names.length} stand${flagged.length === 1 ? "s" : ""} out: ${flagged.join(", ")}.` : `None of ${counted(names.length, "network")} stands out.`;
  }
  const parts = [`network ${names[network]} recognises ${percent(known.runs.test_accuracy[network] ?? null, 1)} of test examples`];
  const own = known.runs.rank_correlation?.[network]?.filter((one): one is number => one !== null) ?? [];
  if (own.length) parts.push(`orders the pairs like the others with a rank correlation of ${fixed(own.reduce((sum, one) => sum + one, 0) / own.length, 2)} on average`);
  if (known.runs.flag[network]) parts.push(`stands out: ${known.runs.flag[network]}`);
  const text = parts.join("; ");
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

function section(place: HTMLElement, title: string, said: string, kind: string, ...children: (Node | null)[]): HTMLElement {
  const made = element("section", { class: `source ${kind}` }, element("h4", {}, title), element("p", { class: "said" }, said),
    ...children.filter((one): one is Node => one !== null));
  place.append(made);
  return made;
}

/** The numbers of a drawing as a table, folded away. */
function numbers(caption: string, heads: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  const cells = (row: readonly string[]): HTMLElement[] => row.map((text, i) => (i ? element("td", { class: "n" }, text) : element("th", { scope: "row" }, text)));
  return element("details", {}, element("summary", {}, "Numbers"),
    element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
      element("table", {}, element("thead", {}, element("tr", {}, ...heads.map((head, i) => element("th", { scope: "col", class: i ? "n" : "" }, head)))),
        element("tbody", {}, ...rows.map((row) => element("tr", {}, ...cells(row)))))));
}

interface Look {
  words: string;
  colour: (colours: Palette) => string;
  dash?: number[];
}

/** A key of lines, drawn as they are on the canvas. */
function keyOf(looks: readonly Look[], solid = false): { key: HTMLElement; redraw: () => void } {
  const swatches = looks.map((look) => {
    const canvas = plane(look.words, "swatch", (pen, width, height, colours) => {
      pen.strokeStyle = pen.fillStyle = look.colour(colours);
      if (solid) return pattern(pen, 0, 0, width, height, look, colours);
      pen.lineWidth = 2.5;
      pen.setLineDash(look.dash ?? []);
      pen.beginPath();
      pen.moveTo(0, height / 2);
      pen.lineTo(width, height / 2);
      pen.stroke();
    });
    canvas.canvas.setAttribute("aria-hidden", "true");
    return { canvas, made: element("span", {}, canvas.canvas, look.words) };
  });
  return { key: element("p", { class: "chart-key" }, ...swatches.map(({ made }) => made)), redraw: () => swatches.forEach(({ canvas }) => canvas.redraw()) };
}

// What varies, in the order of `sources`; told apart by hatching too.
const SOURCES: Record<string, Look> = {
  pair: { words: "between pairs", colour: () => category(0) },
  network: { words: "between networks", colour: () => category(4), dash: [1] },
  autoencoder: { words: "between autoencoders", colour: ({ soft }) => soft, dash: [2] },
};

function pattern(pen: CanvasRenderingContext2D, x: number, y: number, width: number, height: number, look: Look, colours: Palette): void {
  pen.save();
  pen.fillStyle = look.colour(colours);
  pen.globalAlpha = look.dash?.[0] === 2 ? 0.45 : 1;
  pen.fillRect(x, y, width, height);
  pen.globalAlpha = 0.55;
  pen.beginPath();
  pen.rect(x, y, width, height);
  pen.clip();
  pen.strokeStyle = pen.fillStyle = colours.paper;
  pen.lineWidth = 1;
  pen.beginPath();
  if (look.dash?.[0] === 1) {
    for (let at = x - height; at < x + width; at += 6) {
      pen.moveTo(at, y + height);
      pen.lineTo(at + height, y);
    }
    pen.stroke();
  } else if (look.dash?.[0] === 2) {
    for (let at = x + 3; at < x + width; at += 5) for (let down = y + 3; down < y + height; down += 5) pen.fillRect(at, down, 1.5, 1.5);
  }
  pen.restore();
}

/** Where a bar's parts begin and end, in percent of all. */
export function stacked(shares: readonly (readonly Known[])[]): [number, number][] {
  let from = 0;
  return shares.map(([share]) => [from, (from += share ?? 0)]);
}

/** Whose the spread of the ranks is, in every space. */
function sharesOf(place: HTMLElement, { pairs, store }: Context, { shares, sources }: Instability): (() => void)[] {
  if (!shares || !sources) {
    section(place, "Whose the spread is", "One network: what another training would change is not known.", "wide");
    return [];
  }
  const looks = sources.map((source): Look => SOURCES[source] ?? { words: source, colour: ({ soft }: Palette) => soft });
  const [high, from] = [23, 92];
  const canvas = plane(`Shares of the spread of ranks in ${shares.length} spaces; the numbers are below`, "shares", (pen, width, _height, colours) => {
    const x = (share: number): number => from + (share / 100) * (width - from - 8);
    for (const [row, { space, shares: own, autoencoders }] of shares.entries()) {
      const y = row * high + 2;
      const chosen = space === store.now.space || space === pairs.data.headline;
      pen.font = `${space === store.now.space ? "600 " : ""}12px ${FONT}`;
      pen.fillStyle = chosen ? colours.ink : colours.soft;
      pen.textAlign = "right";
      pen.fillText(space, from - 8, y + 13);
      const parts = stacked(own);
      for (const [source, [start, end]] of parts.entries()) {
        pattern(pen, x(start), y, x(end) - x(start), 17, looks[source], colours);
        if (x(end) - x(start) < 50) continue;
        const words = `${fixed(own[source][0], 0)}${PERCENT}`;
        pen.font = `600 11px ${FONT}`;
        pen.textAlign = "center";
        const wide = pen.measureText(words).width;
        // Away from the intervals, which are where parts meet.
        const middle = source ? (x(start) + x(end)) / 2 : x(start) + 8 + wide / 2;
        pen.fillStyle = colours.paper;
        pen.fillRect(middle - wide / 2 - 3, y + 2, wide + 6, 13);
        pen.fillStyle = colours.ink;
        pen.fillText(words, middle, y + 12.5);
      }
      const [, low, top] = own[0];
      whisker(pen, x(low ?? parts[0][1]), x(top ?? parts[0][1]), y + 5, colours);
      const last = own.length - 1;
      const [, least, most] = own[last];
      if (autoencoders && last > 0 && least !== null && most !== null) whisker(pen, x(100 - most), x(100 - least), y + 12, colours);
    }
    pen.font = `11px ${FONT}`;
    pen.fillStyle = colours.soft;
    for (const share of [0, 25, 50, 75, 100]) {
      pen.textAlign = share === 100 ? "right" : "center";
      pen.fillText(`${share}${share === 100 ? PERCENT : ""}`, x(share) + (share === 100 ? 8 : 0), shares.length * high + 14);
    }
    canvas.canvas.dataset.drawn = String(shares.length * sources.length);
  }, { high: () => shares.length * high + 20 });
  const own = element("p", { class: "told" });
  const { key, redraw } = keyOf(looks, true);
  const text = ([share, low, top]: readonly Known[]): string => `${fixed(share, 0)}${PERCENT} (${fixed(low, 0)} to ${fixed(top, 0)})`;
  section(place, "Whose the spread is",
    "How much of the spread of all ranks is between pairs (what one wants to know), between networks, and between autoencoders: the shorter the first bar, the more a rank hangs on the training. Thin lines are the intervals of the outer shares.", "wide",
    key, canvas.canvas, own,
    numbers("Variance shares", ["Space", ...looks.map(({ words }) => words[0].toUpperCase() + words.slice(1))],
      shares.map(({ space, shares: each, autoencoders }) => [space, ...each.map((share, i) => (sources[i] === "autoencoder" && !autoencoders ? DASH : text(share)))])));
  hover(canvas.canvas, (event) => {
    const row = shares[Math.floor((event.offsetY - 2) / high)];
    return row ? `${row.space}: ${row.shares.flatMap((share, i) => (sources[i] === "autoencoder" && !row.autoencoders ? [] : [`${text(share)} ${looks[i].words}`])).join(", ")}` : "";
  });
  return [canvas.redraw, redraw, () => {
    const row = store.now.pair;
    own.hidden = row === null;
    if (row === null) return;
    const spaces = [...new Set([pairs.data.headline, store.now.space])];
    const parts = spaces.map((space) => {
      const [network, autoencoder] = ["network_variance", "ae_variance"].map((name) => pairs.number(row, `${space}_${name}`));
      const several = (pairs.data.spaces.find(({ name }) => name === space)?.runs ?? 1) > 1;
      return `in ${space} by ${fixed(network, 2)} from network to network${several ? ` and ${fixed(autoencoder, 2)} from autoencoder to autoencoder` : ""}`;
    });
    own.textContent = `${pairWords(pairs, row)}: its place among all pairs varies ${parts.join(", ")} (variance; 1 is as much as the pairs of one training differ).`;
  }];
}

function whisker(pen: CanvasRenderingContext2D, from: number, to: number, y: number, colours: Palette): void {
  for (const [colour, wide] of [[colours.paper, 4], [colours.ink, 1.5]] as const) {
    pen.strokeStyle = colour;
    pen.lineWidth = wide;
    pen.beginPath();
    pen.moveTo(from, y - 3);
    pen.lineTo(from, y + 3);
    pen.moveTo(from, y);
    pen.lineTo(to, y);
    pen.moveTo(to, y - 3);
    pen.lineTo(to, y + 3);
    pen.stroke();
  }
}

/** Show what the pointer is at, and nothing where there is nothing to say. */
function hover(canvas: HTMLCanvasElement, words: (event: PointerEvent) => string): void {
  canvas.addEventListener("pointermove", (event) => {
    const text = words(event);
    if (text) showTip(event.clientX + 14, event.clientY, text, event.clientY - 6);
    else hideTip();
  });
  canvas.addEventListener("pointerleave", hideTip);
}

const LINES: Omit<Look, "words">[] = [
  { colour: ({ ink }) => ink },
  { colour: ({ a }) => a, dash: [7, 3] },
  { colour: ({ b }) => b, dash: [2, 3] },
  { colour: ({ undecided }) => undecided, dash: [8, 3, 2, 3] },
  { colour: ({ soft }) => soft, dash: [4, 2] },
  { colour: ({ link }) => link, dash: [1, 2] },
];

/** How surely a study of so many networks orders the pairs. */
function reliability(place: HTMLElement, { runs }: Context, { curves, reliability: rows, target, autoencoders }: Instability): (() => void)[] {
  if (!curves || !rows?.length) return [];
  const named = rows.map(({ space }) => space).filter((name) => name in curves.of).slice(0, LINES.length);
  const looks = named.map((words, i): Look => ({ words, ...LINES[i] }));
  const lines = named.map((name): Points => curves.networks.map((networks, i) => [networks, curves.of[name][i]]));
  const here = runs.index.networks.length;
  const last = curves.networks.at(-1) ?? here;
  const [least] = extent(lines.flatMap((points) => points.flatMap(([, value]) => (value === null ? [] : [value]))));
  const low = Math.min(Math.floor(10 * least) / 10, 0.9);
  let plot: Plot | null = null;
  const canvas = plane(`Reliability by number of networks in ${named.join(", ")}; the numbers are below`, "small", (pen, width, height, colours) => {
    plot = axes(pen, width, height,
      { low: 1, high: last, ticks: [1, ...ticksOf(1, last, 5).filter((tick) => tick > 1)], words: `networks${autoencoders ? `, with ${counted(autoencoders, "autoencoder")} each` : ""}`, label: String },
      { low, high: 1, ticks: ticksOf(low, 1, 5), words: "reliability", label: (value) => fixed(value, 1) }, colours);
    pen.strokeStyle = pen.fillStyle = colours.soft;
    pen.setLineDash([4, 3]);
    pen.beginPath();
    if (target !== undefined) {
      pen.moveTo(plot.left, plot.y(target));
      pen.lineTo(plot.right, plot.y(target));
    }
    pen.moveTo(plot.x(here), plot.top);
    pen.lineTo(plot.x(here), plot.bottom);
    pen.stroke();
    pen.setLineDash([]);
    pen.textAlign = "left";
    pen.fillText(`here: ${here}`, plot.x(here) + 4, plot.bottom - 5);
    pen.textAlign = "right";
    if (target !== undefined) pen.fillText(`wanted: ${target}`, plot.right - 2, plot.y(target) + 13);
    for (const [i, points] of lines.entries()) {
      const colour = looks[i].colour(colours);
      line(pen, plot, points, colour, 2, looks[i].dash);
      const now = points.find(([networks]) => networks === here)?.[1] ?? null;
      if (now === null) continue;
      pen.fillStyle = colour;
      pen.beginPath();
      pen.arc(plot.x(here), plot.y(now), 3.5, 0, 2 * Math.PI);
      pen.fill();
    }
    canvas.canvas.dataset.drawn = String(lines.length);
  });
  hover(canvas.canvas, (event) => {
    const found = plot && nearestLine(lines, plot, [event.offsetX, event.offsetY]);
    if (!found) return "";
    const [networks, value] = lines[found.line][found.point];
    return `${named[found.line]}: reliability ${fixed(value, 2)} with ${counted(networks, "network")}`;
  });
  const { key, redraw } = keyOf(looks);
  section(place, "How far the order of pairs can be relied on",
    "1 if another study with as many networks would put the pairs in the same order. Where a curve passes the dashed line, networks are enough.", "",
    key, canvas.canvas,
    numbers("Reliability", ["Space", "now", `networks for ${target}`, "near pairs", "now", `networks for ${target}`],
      rows.map((row) => [row.space, fixed(row.now, 2), needed(row.needed), count(row.near_pairs), ...(row.near_pairs >= 10 ? [fixed(row.near_now, 2), needed(row.near_needed)] : [DASH, DASH])])));
  return [canvas.redraw, redraw];
}

const needed = (networks: Known): string => (networks ? count(networks) : "never");

/** What becomes of the pairs that are undecided, by networks added. */
function planning(place: HTMLElement, { pairs }: Context, { plan }: Instability): (() => void)[] {
  const [today, ...later] = plan;
  if (!today || !later.length || today.open < 0.5) {
    section(place, "What more networks would decide", "No pair is undecided.", "");
    return [];
  }
  const [stays, comes, undecided, apart] = pairs.data.verdicts;
  const kinds: { name: "open" | "stays" | "comes" | "apart"; look: Look }[] = [
    { name: "open", look: { words: `still ${undecided}`, colour: (colours) => colours.undecided } },
    { name: "stays", look: { words: stays, colour: (colours) => colours.stays, dash: [7, 3] } },
    { name: "comes", look: { words: comes, colour: (colours) => colours.comes, dash: [2, 3] } },
    { name: "apart", look: { words: apart, colour: (colours) => colours.apart, dash: [8, 3, 2, 3] } },
  ];
  const lines = kinds.map(({ name }): Points => plan.map((row) => [row.networks, row[name]]));
  const last = plan.at(-1)!;
  let plot: Plot | null = null;
  const canvas = plane(`What becomes of ${counted(Math.round(today.open), "undecided pair")} with more networks; the numbers are below`, "small", (pen, width, height, colours) => {
    plot = axes(pen, width, height,
      { low: today.networks, high: last.networks, ticks: plan.map(({ networks }) => networks), words: "networks in all", label: String, log: true },
      { low: 0, high: today.open, ticks: ticksOf(0, today.open, 4), words: "pairs", label: (value) => fixed(value, value % 1 ? 1 : 0) }, colours);
    for (const [i, { look }] of kinds.entries()) {
      line(pen, plot, lines[i], look.colour(colours), 2, look.dash);
      pen.fillStyle = look.colour(colours);
      for (const [networks, value] of lines[i]) {
        pen.beginPath();
        pen.arc(plot.x(networks), plot.y(value ?? 0), 2.5, 0, 2 * Math.PI);
        pen.fill();
      }
    }
    canvas.canvas.dataset.drawn = String(lines.length);
  });
  hover(canvas.canvas, (event) => {
    const found = plot && nearestLine(lines, plot, [event.offsetX, event.offsetY]);
    if (!found) return "";
    const row = plan[found.point];
    return `with ${counted(row.networks, "network")}: ${kinds.map(({ name, look }) => `${fixed(row[name], 1)} ${look.words}`).join(", ")}`;
  });
  const { key, redraw } = keyOf(kinds.map(({ look }) => look));
  section(place, "What more networks would decide",
    `${counted(Math.round(today.open), "pair")} ${Math.round(today.open) === 1 ? "is" : "are"} ${undecided} today. The curves are what can be expected to become of ${Math.round(today.open) === 1 ? "it" : "them"} with more networks.`, "",
    key, canvas.canvas,
    numbers("What more networks would decide", ["More networks", "In all", ...kinds.map(({ look }) => look.words), `of all pairs, ${stays}`],
      plan.map((row) => [count(row.more), count(row.networks), ...kinds.map(({ name }) => fixed(row[name], 1)), fixed(row.all_staying, 0)])));
  return [canvas.redraw, redraw];
}

/** Retrainings as dots: near each other if their hidden states have the same shape. */
function mapOfRuns(place: HTMLElement, { runs, store }: Context, { runs: known, agreement }: Instability): (() => void)[] {
  const names = runs.index.networks.map(printable);
  const dots = known.place.flatMap(([x, y], network) => (x === null || y === null ? [] : [{ x, y, network }]));
  if (dots.length < 3) {
    section(place, "Which retrainings are alike", "A map needs three networks or more whose hidden states vary.", "wide");
    return [];
  }
  const accuracies = known.test_accuracy.filter((one): one is number => one !== null);
  const [, high] = extent(accuracies);
  // Accuracies as near as this have much the same colour.
  const low = Math.max(0, Math.min(extent(accuracies)[0], high - 0.05));
  const shadeOf = (accuracy: Known): number => (accuracy === null ? 0.1 : 0.2 + (0.8 * (accuracy - low)) / (high - low || 1));
  const box = (): { x: (v: number) => number; y: (v: number) => number; scale: number } => {
    const { clientWidth, clientHeight } = canvas.canvas;
    return fitted(extent(dots.map(({ x }) => x)), extent(dots.map(({ y }) => y)), clientWidth, clientHeight - FOOT, 26);
  };
  const canvas = plane(`Map of ${counted(names.length, "retraining")}: near means alike; the numbers are below`, "runs", (pen, width, height, colours) => {
    const { x, y, scale } = box();
    const at = dots.map((dot) => [x(dot.x), y(dot.y)] as const);
    pen.font = `12px ${FONT}`;
    const first = dots.map((_, i) => i).sort((one, other) => Number(Boolean(known.flag[dots[other].network])) - Number(Boolean(known.flag[dots[one].network])));
    const order = [...first.filter((i) => dots[i].network === store.now.network), ...first.filter((i) => dots[i].network !== store.now.network)];
    const boxes = besides(at, names.map((name) => pen.measureText(name).width + 2), 13, 9, { x: 0, y: 0, width, height: height - FOOT }, order);
    for (const [i, { network }] of dots.entries()) {
      const picked = network === store.now.network;
      pen.fillStyle = css(shaded(shadeOf(known.test_accuracy[network]), colours.paper));
      pen.strokeStyle = picked ? colours.mark : colours.soft;
      pen.lineWidth = picked ? 3 : 1;
      pen.beginPath();
      // What stands out is a square, so that it is told without colours too.
      if (known.flag[network]) pen.rect(at[i][0] - 6, at[i][1] - 6, 12, 12);
      else pen.arc(...at[i], picked ? 7.5 : 6, 0, 2 * Math.PI);
      pen.fill();
      pen.stroke();
      const name = boxes[i];
      if (!name) continue;
      pen.font = `${picked || known.flag[network] ? "700 " : ""}12px ${FONT}`;
      pen.fillStyle = picked || known.flag[network] ? colours.mark : colours.ink;
      pen.textAlign = "left";
      pen.fillText(names[network], name.x + 1, name.y + 10.5);
    }
    scales(pen, width, height, scale, colours);
    canvas.canvas.dataset.drawn = String(dots.length);
  });
  function scales(pen: CanvasRenderingContext2D, width: number, height: number, scale: number, colours: Palette): void {
    const wide = Math.min(150, width / 3);
    for (let i = 0; i < wide; i++) {
      pen.fillStyle = css(shaded(0.2 + (0.8 * i) / wide, colours.paper));
      pen.fillRect(4 + i, height - 28, 1.5, 8);
    }
    pen.font = `11px ${FONT}`;
    pen.fillStyle = colours.soft;
    pen.textAlign = "left";
    pen.fillText(fixed(100 * low, 0), 4, height - 8);
    pen.textAlign = "right";
    pen.fillText(percent(high), 4 + wide, height - 8);
    pen.textAlign = "left";
    pen.fillText("test accuracy", 4, height - 33);
    const length = [0.5, 0.2, 0.1, 0.05, 0.02, 0.01].find((one) => one * scale < width / 3) ?? 0.005;
    const [from, y] = [width - 8 - length * scale, height - 24];
    pen.strokeStyle = colours.ink;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.moveTo(from, y);
    pen.lineTo(width - 8, y);
    pen.stroke();
    pen.textAlign = "right";
    pen.fillText(`shape distance ${length}`, width - 8, height - 8);
  }
  const under = (event: MouseEvent): number | null => {
    const { x, y } = box();
    const near = dots.map((dot) => ({ network: dot.network, off: Math.hypot(x(dot.x) - event.offsetX, y(dot.y) - event.offsetY) })).sort((a, b) => a.off - b.off)[0];
    return near.off < 16 ? near.network : null;
  };
  hover(canvas.canvas, (event) => {
    const network = under(event);
    canvas.canvas.style.cursor = network === null ? "default" : "pointer";
    if (network === null) return "";
    const [flag, now] = [known.flag[network], store.now.network];
    const like = now === null ? null : known.rank_correlation?.[now]?.[network] ?? null;
    return `network ${names[network]}: test accuracy ${percent(known.test_accuracy[network], 1)}${like === null ? "" : `; rank correlation ${fixed(like, 2)} with network ${names[now!]}`}${flag ? `; stands out: ${flag}` : ""}`;
  });
  canvas.canvas.addEventListener("click", (event) => {
    const network = under(event);
    if (network !== null) store.set({ network: network === store.now.network ? null : network });
  });
  const flagged = known.flag.flatMap((flag, network) => (flag ? [`network ${names[network]}: ${flag}`] : []));
  const mean = (of: Known[][] | undefined, network: number): string => {
    const own = of?.[network]?.filter((one): one is number => one !== null) ?? [];
    return own.length ? fixed(own.reduce((sum, one) => sum + one, 0) / own.length, 2) : DASH;
  };
  const alike = element("table", {}, element("tbody", {}, ...agreement.rows.map((row) => {
    const shown = (value: Known): string => (value === null ? DASH : `${fixed(row.scale * value, row.decimals)}${row.unit ? PERCENT : ""}`);
    const head = element("th", { scope: "row", tabindex: "0" }, row.heading);
    explain(head, row.words);
    return element("tr", {}, head, element("td", { class: "n" }, shown(row.mean)), element("td", { class: "n" }, `${shown(row.range[0])} to ${shown(row.range[1])}`), element("td", { class: "n" }, shown(row.by_chance)));
  })));
  alike.prepend(element("thead", {}, element("tr", {}, ...["Two networks", "mean", "least to most", "by chance"].map((head, i) => element("th", { scope: "col", class: i ? "n" : "" }, head)))));
  section(place, "Which retrainings are alike",
    `Networks near each other have hidden states of the same shape; distances on this map are off by ${percent(known.stress)} (stress). ${flagged.length ? `Squares stand out: ${flagged.join("; ")}.` : "None stands out."} Click one to see it everywhere.`, "wide",
    element("div", { class: "beside-map" }, canvas.canvas, element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "How alike two networks are" }, alike)),
    numbers("Networks", ["Network", "Test accuracy", "Mean rank correlation", "Mean shape distance", "Stands out"],
      names.map((name, network) => [name, percent(known.test_accuracy[network], 1), mean(known.rank_correlation, network), mean(known.shape_distance, network), known.flag[network] || DASH])));
  return [canvas.redraw];
}

/** Accuracy and loss of every network, epoch by epoch. */
function learning(place: HTMLElement, { runs, store }: Context, { runs: { flag } }: Instability, histories: readonly History[]): (() => void)[] {
  const names = runs.index.networks.map(printable);
  const parts = (Object.keys(MEASURED) as Measured[]).filter((name) => histories.some(({ epochs }) => ["accuracy", "loss"].some((of) => epochs[MEASURED[name].before + of])));
  if (!parts.length) {
    section(place, "How each of them learned", "This study holds no learning curves.", "wide");
    return [];
  }
  const part = (): Measured => parts.find((name) => name === store.now.measured) ?? parts[0];
  let over: number | null = null;
  const pointsOf = (name: string): Points[] => histories.map(({ epochs }) => (epochs.epoch ?? []).map((epoch, i) => [epoch ?? i + 1, epochs[MEASURED[part()].before + name]?.[i] ?? null] as const));
  const last = extent(histories.flatMap(({ epochs }) => epochs.epoch ?? []).map((one) => one ?? 0))[1];
  const charts = ["accuracy", "loss"].map((name) => {
    const isLoss = name === "loss";
    let plot: Plot | null = null;
    let lines: Points[] = [];
    const canvas = plane(`${isLoss ? "Loss" : "Accuracy"} of ${counted(histories.length, "network")} by epoch; the numbers are below`, "small", (pen, width, height, colours) => {
      lines = pointsOf(name);
      const values = lines.flatMap((points) => points.flatMap(([, value]) => (value !== null && value > 0 ? [value] : [])));
      const [low, high] = extent(values);
      plot = axes(pen, width, height,
        { low: 1, high: Math.max(last, 2), ticks: [1, ...ticksOf(1, last, 4).filter((tick) => tick > 1)], words: "epoch", label: String },
        isLoss
          ? { low, high, ticks: thinned([...new Set([...powersIn(low, high), ...powersIn(low / 3, high / 3).map((one) => 3 * one)])].sort((a, b) => a - b), (value) => Math.log10(value) * 60, 14), words: "loss (logarithmic scale)", label: (value) => String(Number(value.toPrecision(2))), log: true }
          : { low: 0, high: 1, ticks: ticksOf(0, 1, 4), words: "accuracy", label: (value) => percent(value) }, colours);
      const strong = new Set([store.now.network, over]);
      for (const [network, points] of lines.entries()) {
        pen.globalAlpha = strong.has(network) ? 1 : flag[network] ? 0.9 : 0.45;
        if (!strong.has(network)) line(pen, plot, points, flag[network] ? colours.mark : colours.a, flag[network] ? 1.5 : 1, flag[network] ? [5, 3] : []);
        if (flag[network]) label(pen, plot, points, names[network], colours.mark);
      }
      pen.globalAlpha = 1;
      for (const [network, colour] of [[over, colours.soft], [store.now.network, colours.mark]] as const) {
        if (network === null || !lines[network]) continue;
        line(pen, plot, lines[network], colours.paper, 5);
        line(pen, plot, lines[network], colour, 2.5);
        const best = lines[network].find(([epoch]) => epoch === metric(histories[network], "best_epoch"));
        if (network !== store.now.network || !best || best[1] === null) continue;
        pen.fillStyle = colour;
        pen.beginPath();
        pen.arc(plot.x(best[0]), plot.y(best[1]), 4.5, 0, 2 * Math.PI);
        pen.fill();
      }
      canvas.canvas.dataset.drawn = String(lines.length);
    });
    const at = (event: MouseEvent): { line: number; point: number } | null => plot && nearestLine(lines, plot, [event.offsetX, event.offsetY]);
    hover(canvas.canvas, (event) => {
      const found = at(event);
      if ((found?.line ?? null) !== over) {
        over = found?.line ?? null;
        redraw();
      }
      canvas.canvas.style.cursor = found ? "pointer" : "default";
      if (!found) return "";
      const [epoch, value] = lines[found.line][found.point];
      return `network ${names[found.line]}, epoch ${epoch}: ${isLoss ? `loss ${Number((value ?? 0).toPrecision(3))}` : `accuracy ${percent(value, 1)}`}${flag[found.line] ? `; stands out: ${flag[found.line]}` : ""}`;
    });
    canvas.canvas.addEventListener("pointerleave", () => {
      over = null;
      redraw();
    });
    canvas.canvas.addEventListener("click", (event) => {
      const found = at(event);
      if (found) store.set({ network: found.line === store.now.network ? null : found.line });
    });
    return canvas;
  });
  const what = chooser("Measured on", parts.map((name) => [name, MEASURED[name].words]), part(), (measured) => store.set({ measured }));
  const redraw = (): void => {
    what.select.value = part();
    charts.forEach((chart) => chart.redraw());
  };
  section(place, "How each of them learned",
    "A line for each network: one that ends apart from the bundle learned less than the others. Dashed ones stand out; the dot is the epoch whose weights were kept. Click a line to choose its network.", "wide",
    what.label, element("div", { class: "two-charts" }, ...charts.map(({ canvas }) => canvas)),
    numbers("What each network learned", ["Network", "Training", "Validation", "Test accuracy", "Test loss", "Best epoch", "Epochs run"],
      histories.map((one, i) => [names[i], ...["train", "validation", "test"].map((part) => percent(metric(one, `${part}_accuracy`), 1)),
        fixed(metric(one, "test_loss"), 3), String(metric(one, "best_epoch") ?? DASH), String(metric(one, "epochs_run") ?? DASH)])));
  return [redraw];
}

function label(pen: CanvasRenderingContext2D, plot: Plot, points: Points, words: string, colour: string): void {
  const end = [...points].reverse().find(([, value]) => value !== null);
  if (!end) return;
  pen.font = `700 11px ${FONT}`;
  pen.textAlign = "right";
  pen.fillStyle = colour;
  pen.fillText(words, plot.x(end[0]) - 2, plot.y(end[1]!) - 4);
}

export const instability: View = { name: "instability", title: "Where it comes from", build };

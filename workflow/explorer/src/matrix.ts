// All signs against all signs, in the order of their tree, so that signs that are often close lie together:
// how often each pair is close in a space, how much more often in one than in another, or its mutual rank.
// Takes the table of pairs, the block `tree` and, for one network, `ranks/<space>`.
import { pairWords, qualified, times } from "./answers";
import { FONT, pinched, plane } from "./canvas";
import { css, legible, type Palette, shaded, sided } from "./colours";
import { choosePair, chosenSigns, type Context } from "./context";
import { button, element, hideTip, showTip } from "./dom";
import type { Tensor } from "./pack";
import {
  type Branch, branchAt, branches, placesOf, rowsOf, setsOf, showing, strideOf, type Tree, type Window, within, zoomedAt,
} from "./seriation";
import { counted, fixed, printable, wholePercent } from "./text";
import type { View } from "./views";

const WHOLE: Window = { zoom: 1, x: 0, y: 0 };
const LEGEND = 34;
/** What a name takes across its line. */
const NAME_ROOM = 11;
const PERCENT = "\u00a0%";

/** What a matrix may show of a pair: a share of networks, a mutual rank, or one share less another. */
export interface Shown {
  key: string;
  group: string;
  words: string;
  kind: "share" | "rank" | "difference";
  value: (row: number) => number | null;
  /** The ends of a difference. */
  ends?: [string, string];
}

/** Everything that the table knows for a matrix; `one` gives the ranks of the chosen network. */
export function kinds({ pairs, runs, studies }: Pick<Context, "pairs" | "runs" | "studies">, one: (row: number) => number | null): Shown[] {
  const { headline, rawSpaces } = pairs.data;
  const names = pairs.data.spaces.map(({ name }) => name);
  const share = (space: string) => (row: number): number | null => pairs.number(row, `${space}_pi`);
  const shares = names.map((name): Shown => ({ key: name, group: "How often close", words: `how often close in ${name}`, kind: "share", value: share(name) }));
  const shared = names.includes(runs.index.chosen) ? runs.index.chosen : names.find((name) => name.startsWith("shared_"));
  const others = [...new Set(["untrained", "ae2", "pca2", shared])].filter((name): name is string => name !== undefined && names.includes(name));
  const differences = others.map((name): Shown => ({
    key: `${headline} - ${name}`, group: "A share less another", words: `how often close, ${headline} \u2212 ${name}`, kind: "difference",
    value: (row) => {
      const [of, less] = [share(headline)(row), share(name)(row)];
      return of === null || less === null ? null : of - less;
    },
    ends: [`more often in ${name}`, `more often in ${headline}`],
  }));
  const elsewhere = (studies?.others ?? []).flatMap(({ study, pi }, i): Shown[] => {
    const name = printable(study);
    const own = share(headline);
    return [
      { key: `study ${i}`, group: "Other studies", words: `how often close in study ${name}`, kind: "share", value: (row) => pi[row] },
      {
        key: `study - ${i}`, group: "Other studies", words: `how often close, this study \u2212 ${name}`, kind: "difference",
        value: (row) => (own(row) === null || pi[row] === null ? null : own(row)! - pi[row]),
        ends: [`more often in ${name}`, "more often here"],
      },
    ];
  });
  const rank = (key: string, words: string, value: Shown["value"]): Shown => ({ key, group: "Mutual rank", words, kind: "rank", value });
  return [
    ...shares, ...differences, ...elsewhere,
    rank("rank", `mean mutual rank in ${headline}`, (row) => pairs.number(row, `${headline}_rank_mean`)),
    rank("one", "mutual rank in one network", one),
    ...rawSpaces.map((name) => rank(`rank ${name}`, `mutual rank in ${name} (signals)`, (row) => pairs.number(row, `${name}_rank`))),
  ];
}

/** From which mutual rank on a pair is drawn as far. */
export const farFrom = (signs: number, k: number): number => Math.max(2 * k, Math.round(signs / 3));

/** How strongly a value is drawn: shares and ranks 0 to 1, differences -1 to 1. */
export function strength(kind: Shown["kind"], value: number, far: number): number {
  return kind === "rank" ? Math.max(0, 1 - Math.log(Math.max(value, 1)) / Math.log(far)) : value;
}

/** Neighbours in the order, from one place to another. */
interface Stretch {
  low: number;
  high: number;
}

function build(place: HTMLElement, context: Context): () => void {
  const { pairs, runs, store } = context;
  const signs = runs.index.signs.map(printable);
  const count = signs.length;
  const stays = pairs.data.verdicts[0];
  const far = farFrom(count, pairs.data.k);
  let ranks: Tensor | null = null;
  const inNetwork = (row: number): number | null => {
    const [a, b] = pairs.signs(row).map((name) => runs.signOf(name));
    const value = ranks?.values[(store.now.network ?? 0) * ranks.shape[2] + runs.placeOf(a, b)];
    return value === undefined || Number.isNaN(value) ? null : value;
  };
  const every = kinds(context, inNetwork);
  const shown = (): Shown => every.find(({ key }) => key === store.now.matrix)!;

  let known: Tree | null = null;
  let tree: Branch[] = [];
  let order = signs.map((_, i) => i);
  let places = order;
  let rows: Int32Array = new Int32Array(0);
  /** Where the sets that are offered lie. */
  let blocks: Stretch[] = [];
  let view: Window = WHOLE;
  /** Row and column that the pointer or the arrow keys are at, as places in the order. */
  let cursor: [number, number] | null = null;
  let byKeys = false;
  let hovered: Branch | null = null;
  const cells = document.createElement("canvas");
  let painted = "";

  const what = chooserInGroups(every, (matrix) => store.set({ matrix }));
  const sets = element("select", {});
  const setsLabel = element("label", {}, "Set ", sets);
  const told = element("p", { role: "status", class: "told" });
  const canvas = plane("Matrix of signs", "matrix", draw);
  const surface = canvas.canvas;
  surface.tabIndex = 0;
  surface.setAttribute("role", "application");
  surface.setAttribute("aria-roledescription", "matrix");
  const inButton = button("+", () => zoomMiddle(1.5), { "aria-label": "Zoom in", title: "Zoom in" });
  const outButton = button("\u2212", () => zoomMiddle(1 / 1.5), { "aria-label": "Zoom out", title: "Zoom out" });
  const whole = button("Whole", () => setView(WHOLE), { title: "Show all signs" });
  place.append(
    element("div", { class: "controls" }, what.label, setsLabel, element("span", { class: "zoom" }, inButton, outButton, whole)),
    surface, told);

  async function load(): Promise<void> {
    known = await runs.pack.json<Tree>("tree");
    order = known.leaves;
    places = placesOf(order);
    tree = branches(known);
    rows = rowsOf(count, Array.from({ length: pairs.count }, (_, row) => {
      const [a, b] = pairs.signs(row).map((name) => runs.signOf(name));
      return [a, b] as const;
    }));
    const found = setsOf(known);
    const named = (members: number[]): string => {
      const words = members.map((sign) => signs[sign]).join(", ");
      return words.length > 48 ? `${words.slice(0, 47).trimEnd()}\u2026` : words;
    };
    sets.append(element("option", { value: "" }, `none of ${found.length}`), ...found.map((members, i) => element("option", { value: String(i) }, named(members))));
    setsLabel.hidden = !found.length;
    blocks = found.map((members) => {
      const at = members.map((sign) => places[sign]);
      return { low: Math.min(...at), high: Math.max(...at) };
    });
    sets.addEventListener("change", () => mark(sets.value ? blocks[Number(sets.value)] : null));
    ranks = await runs.ranks(pairs.data.headline);
    painted = "";
    update();
  }

  interface Layout { left: number; top: number; tree: number; names: number; side: number }
  function layout(width = surface.clientWidth, height = surface.clientHeight): Layout {
    const small = width < 480;
    const [treeWide, names] = small ? [44, 66] : [76, 74];
    const room = Math.max(60, Math.min(width - treeWide - names - 2, height - names - LEGEND));
    // Cells of whole pixels look alike; where that would cost much of the room they may differ by one.
    const sharp = Math.min(devicePixelRatio || 1, 2);
    const even = (Math.floor((room / count) * sharp) / sharp) * count;
    return { left: treeWide + names, top: names, tree: treeWide, names, side: even >= 0.86 * room ? even : room };
  }
  const cellSize = (): number => (layout().side / count) * view.zoom;

  function setView(wanted: Window): void {
    const next = within(wanted, count);
    store.set({ window: next.zoom > 1 ? [next.zoom, next.x, next.y] : null });
  }

  /** Take over what part of the matrix the state shows. */
  function look(): void {
    const [zoom, x, y] = store.now.window ?? [1, 0, 0];
    view = within({ zoom, x, y }, count);
    // At its whole size a finger scrolls the page, not the matrix.
    surface.style.touchAction = view.zoom > 1 ? "none" : "pan-y";
    inButton.disabled = view.zoom >= 12;
    outButton.disabled = whole.disabled = view.zoom <= 1;
  }

  /** What is marked, as places in the order. */
  function lit(): Stretch | null {
    if (!store.now.block || !known) return null;
    const at = store.now.block.map((sign) => places[sign]);
    return { low: Math.min(...at), high: Math.max(...at) };
  }

  function zoomMiddle(by: number): void {
    const seen = count / view.zoom / 2;
    const chosen = chosenSigns(context);
    const block = lit();
    const middle = block && (block.low + block.high + 1) / 2;
    // Towards what is marked, or the chosen pair.
    const [y, x] = middle !== null ? [middle, middle] : chosen ? chosen.map((sign) => places[sign] + 0.5) : [view.y + seen, view.x + seen];
    setView(zoomedAt(view, by, x, y, count));
  }

  /** Zoom so that what lies at a place of the canvas stays there. */
  function zoomAround(by: number, x: number, y: number): void {
    const box = layout();
    const size = cellSize();
    const inside = (value: number): number => Math.min(Math.max(value, 0), box.side) / size;
    setView(zoomedAt(view, by, view.x + inside(x - box.left), view.y + inside(y - box.top), count));
  }

  /** Colour every cell once; zooming only stretches the picture. */
  function paint(now: Shown, paper: string): void {
    const key = [now.key, paper, now.key === "one" ? store.now.network : "", ranks !== null].join(" ");
    if (key === painted) return;
    painted = key;
    cells.width = cells.height = count;
    const pen = cells.getContext("2d")!;
    const image = pen.createImageData(count, count);
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < count; j++) {
        const colour = colourAt(now, i, j, paper);
        if (colour) image.data.set([...colour, 255], 4 * (i * count + j));
      }
    }
    pen.putImageData(image, 0, 0);
  }

  const rowAt = (i: number, j: number): number => rows[order[i] * count + order[j]];

  function colourAt(now: Shown, i: number, j: number, paper: string): readonly [number, number, number] | null {
    const row = rowAt(i, j);
    const value = row < 0 ? null : now.value(row);
    if (value === null) return null;
    const strong = strength(now.kind, value, far);
    return now.kind === "difference" ? sided(strong, paper) : shaded(strong, paper);
  }

  function draw(pen: CanvasRenderingContext2D, width: number, height: number, colours: Palette): void {
    if (!known) return;
    const box = layout(width, height);
    const size = (box.side / count) * view.zoom;
    const now = shown();
    paint(now, colours.paper);
    pen.save();
    pen.translate(box.left, box.top);
    pen.beginPath();
    pen.rect(0, 0, box.side, box.side);
    pen.clip();
    pen.fillStyle = colours.faint;
    pen.fillRect(0, 0, box.side, box.side);
    pen.imageSmoothingEnabled = false;
    const seen = count / view.zoom;
    pen.drawImage(cells, view.x, view.y, seen, seen, 0, 0, box.side, box.side);
    const drawn = marks(pen, now, size, colours);
    const block = hovered ?? lit();
    if (block) outline(pen, block, block, size, colours.link, 2);
    if (store.now.sign !== null) cross(pen, places[store.now.sign], size, box.side, colours.link);
    if (cursor) {
      frame(pen, cursor, size, colours.ink, 1.5);
      cross(pen, cursor[0], size, box.side, colours.soft, "row");
      cross(pen, cursor[1], size, box.side, colours.soft, "column");
    }
    const chosen = chosenSigns(context);
    if (chosen) frame(pen, [places[chosen[0]], places[chosen[1]]], size, colours.mark, 2.5);
    pen.restore();
    pen.strokeStyle = colours.rule;
    pen.lineWidth = 1;
    pen.strokeRect(box.left - 0.5, box.top - 0.5, box.side + 1, box.side + 1);
    drawNames(pen, box, size, colours);
    dendrogram(pen, box, size, colours);
    legend(pen, box, width, now, colours);
    surface.dataset.drawn = String(drawn);
  }

  /** Count what is in sight, shade the diagonal, and put a dot on every pair that stays close. */
  function marks(pen: CanvasRenderingContext2D, now: Shown, size: number, colours: Palette): number {
    let drawn = 0;
    const last = (from: number): number => Math.min(count, Math.ceil(from + count / view.zoom));
    for (let i = Math.floor(view.y); i < last(view.y); i++) {
      for (let j = Math.floor(view.x); j < last(view.x); j++) {
        const [x, y] = [(j - view.x) * size, (i - view.y) * size];
        if (i === j) {
          pen.fillStyle = colours.rule;
          pen.fillRect(x, y, size, size);
          continue;
        }
        const colour = colourAt(now, i, j, colours.paper);
        if (!colour) continue;
        drawn += 1;
        if (size < 3.5 || pairs.text(rowAt(i, j), "verdict") !== stays) continue;
        pen.fillStyle = legible(colour, colours.paper, colours.ink);
        pen.beginPath();
        pen.arc(x + size / 2, y + size / 2, Math.min(Math.max(0.18 * size, 0.8), 5), 0, 2 * Math.PI);
        pen.fill();
      }
    }
    return drawn;
  }

  /** A block of cells in a frame that does not hide them, however small they are. */
  function outline(pen: CanvasRenderingContext2D, row: { low: number; high: number }, column: { low: number; high: number }, size: number, colour: string, wide: number): void {
    const [across, down] = [column, row].map(({ low, high }) => (high + 1 - low) * size);
    const [aside, above] = [across, down].map((length) => Math.max(wide / 2, 5 - length / 2));
    pen.strokeStyle = colour;
    pen.lineWidth = wide;
    pen.strokeRect((column.low - view.x) * size - aside, (row.low - view.y) * size - above, across + 2 * aside, down + 2 * above);
  }

  /** A pair has two cells; both are framed. */
  function frame(pen: CanvasRenderingContext2D, [i, j]: readonly [number, number], size: number, colour: string, wide: number): void {
    for (const [row, column] of [[i, j], [j, i]]) outline(pen, { low: row, high: row }, { low: column, high: column }, size, colour, wide);
  }

  function cross(pen: CanvasRenderingContext2D, at: number, size: number, side: number, colour: string, only?: "row" | "column"): void {
    pen.strokeStyle = colour;
    pen.lineWidth = 1;
    pen.globalAlpha = only ? 0.45 : 1;
    if (only !== "column") pen.strokeRect(-2, (at - view.y) * size - 0.5, side + 4, size + 1);
    if (only !== "row") pen.strokeRect((at - view.x) * size - 0.5, -2, size + 1, side + 4);
    pen.globalAlpha = 1;
  }

  function drawNames(pen: CanvasRenderingContext2D, box: Layout, size: number, colours: Palette): void {
    const block = hovered ?? lit();
    const strong = new Set([...(chosenSigns(context) ?? []).map((sign) => places[sign]), ...(store.now.sign === null ? [] : [places[store.now.sign]])]);
    const stride = strideOf(size, NAME_ROOM);
    const font = `${size >= 15 ? 12 : 10.5}px ${FONT}`;
    for (const across of [false, true]) {
      const from = across ? view.x : view.y;
      const bold = new Set([...strong, ...(cursor ? [cursor[across ? 1 : 0]] : [])]);
      const spot = (at: number): number => (at - from + 0.5) * size;
      const inSight = (at: number): boolean => spot(at) >= 0 && spot(at) <= box.side;
      const write = (at: number, colour: string): void => {
        pen.save();
        pen.translate(box.left, box.top);
        if (across) pen.transform(0, -1, 1, 0, spot(at), -5);
        else pen.translate(-5, spot(at));
        pen.fillStyle = colour;
        pen.textAlign = across ? "left" : "right";
        pen.textBaseline = "middle";
        pen.fillText(clipped(pen, signs[order[at]], box.names - 8), 0, 0.5);
        pen.restore();
      };
      const near = (at: number): boolean => [...bold].some((one) => one !== at && Math.abs(one - at) * size < NAME_ROOM);
      pen.font = font;
      for (let at = 0; at < count; at++) {
        if (at % stride || !inSight(at) || bold.has(at) || near(at)) continue;
        if (stride > 1) tick(pen, box, spot(at), across, colours.soft);
        write(at, block && at >= block.low && at <= block.high ? colours.link : colours.soft);
      }
      pen.font = `700 ${font}`;
      // Of names that would lie on each other the first is written, and the other a line further.
      for (const at of spread([...bold].filter(inSight), size)) {
        tick(pen, box, spot(at.place), across, colours.ink);
        pen.save();
        if (at.by) pen.translate(...((across ? [at.by, 0] : [0, at.by]) as [number, number]));
        write(at.place, colours.ink);
        pen.restore();
      }
    }
  }

  function tick(pen: CanvasRenderingContext2D, box: Layout, at: number, across: boolean, colour: string): void {
    pen.fillStyle = colour;
    if (across) pen.fillRect(box.left + at - 0.5, box.top - 4, 1, 3);
    else pen.fillRect(box.left - 4, box.top + at - 0.5, 3, 1);
  }

  const treeX = (box: Layout, height: number): number => box.tree - 3 - height * (box.tree - 9);

  function dendrogram(pen: CanvasRenderingContext2D, box: Layout, size: number, colours: Palette): void {
    const y = (at: number): number => box.top + (at - view.y + 0.5) * size;
    const x = (height: number): number => treeX(box, height);
    const { groups, leaves, tau } = known!;
    const block = lit();
    pen.save();
    pen.beginPath();
    pen.rect(0, box.top - 1, box.tree, box.side + 2);
    pen.clip();
    pen.strokeStyle = colours.rule;
    pen.setLineDash([4, 3]);
    pen.beginPath();
    pen.moveTo(x(1 - tau), box.top);
    pen.lineTo(x(1 - tau), box.top + box.side);
    pen.stroke();
    pen.setLineDash([]);
    for (const one of tree) {
      const own = groups[leaves[one.low]] > 0 && groups[leaves[one.low]] === groups[leaves[one.high]];
      const marked = one === hovered || (block !== null && one.low >= block.low && one.high <= block.high);
      pen.strokeStyle = marked ? colours.link : own ? colours.ink : colours.soft;
      pen.globalAlpha = own || marked ? 1 : 0.6;
      pen.lineWidth = marked ? 2 : own ? 1.3 : 1;
      pen.beginPath();
      pen.moveTo(x(one.from[0]), y(one.ends[0]));
      pen.lineTo(x(one.height), y(one.ends[0]));
      pen.lineTo(x(one.height), y(one.ends[1]));
      pen.lineTo(x(one.from[1]), y(one.ends[1]));
      pen.stroke();
    }
    pen.restore();
    pen.font = `10px ${FONT}`;
    pen.fillStyle = colours.soft;
    pen.textBaseline = "alphabetic";
    const labels: [number, CanvasTextAlign, string][] = [[1, "left", "0"], [1 - tau, "center", fixed(100 * tau, 0)], [0, "right", "100"]];
    for (const [height, align, words] of labels) {
      if (align === "center" && box.tree < 70) continue;
      pen.textAlign = align;
      pen.fillText(words, x(height) + (height ? 0 : 2), box.top - 6);
    }
  }

  function legend(pen: CanvasRenderingContext2D, box: Layout, width: number, now: Shown, colours: Palette): void {
    const top = box.top + box.side + 10;
    const left = Math.max(4, box.left - box.names + 4);
    const wide = Math.min(220, 0.5 * (width - left));
    for (let i = 0; i < wide; i++) {
      const share = i / (wide - 1);
      pen.fillStyle = css(now.kind === "difference" ? sided(2 * share - 1, colours.paper) : shaded(share, colours.paper));
      pen.fillRect(left + i, top, 1.5, 9);
    }
    pen.strokeStyle = colours.rule;
    pen.strokeRect(left - 0.5, top - 0.5, wide + 1, 10);
    pen.font = `11px ${FONT}`;
    pen.fillStyle = colours.soft;
    pen.textBaseline = "alphabetic";
    const at = (share: number, align: CanvasTextAlign, words: string): void => {
      pen.textAlign = align;
      pen.fillText(words, left + share * wide, top + 22);
    };
    const k = pairs.data.k;
    if (now.kind === "share") {
      at(0, "left", "never");
      at(0.5, "center", `50${PERCENT}`);
      at(1, "right", "always");
    } else if (now.kind === "rank") {
      at(0, "left", `${far} and more`);
      at(strength("rank", k, far), "center", `${k}: close`);
      at(1, "right", "1");
    } else {
      at(0, "left", "-100".replace("-", "\u2212"));
      at(0.5, "center", "as often");
      at(1, "right", `+100${PERCENT}`);
    }
    pen.textAlign = "left";
    const beside = left + wide + 16;
    pen.beginPath();
    pen.arc(beside + 3, top + 5, 2.6, 0, 2 * Math.PI);
    pen.fillStyle = colours.ink;
    pen.fill();
    pen.fillStyle = colours.soft;
    pen.fillText(stays, beside + 11, top + 9);
    const room = width - beside - 2;
    if (now.ends) pen.fillText(clipped(pen, `orange: ${now.ends[1]}; blue: ${now.ends[0].replace("more often ", "")}`, room), beside, top + 22);
  }

  /** A cell's pair in words. */
  function words(i: number, j: number): string {
    const row = rowAt(i, j);
    if (row < 0) return signs[order[i]];
    const now = shown();
    const value = now.value(row);
    const name = pairWords(pairs, row);
    const head = pairs.head(row, "pi");
    const parts = [`${name}: ${qualified(pairs, row, "verdict")}`];
    if (pairs.text(row, "cause")) parts[0] += `, ${qualified(pairs, row, "cause")}`;
    parts.push(`${now.words.replace("in one network", `in network ${networkName()}`)}: ${valueWords(now, value)}`);
    if (now.key !== pairs.data.headline && head !== null) parts.push(`close in ${times(pairs, head)} networks`);
    const rank = inNetwork(row);
    if (store.now.network !== null && now.key !== "one" && rank !== null) {
      parts.push(`mutual rank about ${fixed(rank, 1)} in network ${networkName()}: ${rank <= pairs.data.k ? "close" : "not close"}`);
    }
    return `${parts.join("; ")}.`;
  }

  const networkName = (): string => printable(runs.index.networks[store.now.network ?? 0]);

  function valueWords(now: Shown, value: number | null): string {
    if (value === null) return "not known";
    if (now.kind === "rank") return `${fixed(value, 1)}${value <= pairs.data.k ? ", close" : ""}`;
    if (now.kind === "share") return `${wholePercent(value)}${PERCENT}`;
    const points = Math.round(Number((100 * value).toFixed(6)));
    return points === 0 ? "as often" : `${points > 0 ? "+" : "\u2212"}${Math.abs(points)}\u00a0percentage points`;
  }

  function treeWords(one: Stretch): string {
    const names = order.slice(one.low, one.high + 1).map((sign) => signs[sign]);
    const more = names.length > 24 ? ` and ${names.length - 24} more` : "";
    const branch = tree.find(({ low, high }) => low === one.low && high === one.high);
    const share = branch === undefined ? "" : `; its two branches are close in ${wholePercent(Math.round(1e3 * (1 - branch.height)) / 1e3)}${PERCENT} of networks, on average`;
    return `${counted(names.length, "sign")}: ${names.slice(0, 24).join(", ")}${more}${share}.`;
  }

  const mark = (block: Stretch | null): void => store.set({ block: block && [order[block.low], order[block.high]] });

  /** Two signs are searched for, more are marked; once more lets them go. */
  function chooseBranch(one: Branch): void {
    const again = same(lit(), one);
    const names = order.slice(one.low, one.high + 1).map((sign) => runs.index.signs[sign]);
    if (names.length <= 2 && !names.some((name) => name.includes('"'))) {
      const q = names.map((name) => `"${name}"`).join(" ");
      store.set({ q: again && store.now.q === q ? "" : q });
      if (!again) choosePair(context, order[one.low], order[one.high]);
    }
    mark(again ? null : one);
  }

  type At = { cell: [number, number] } | { branch: Branch } | null;
  function under(event: MouseEvent): At {
    const box = layout();
    const size = cellSize();
    const [x, y] = [event.offsetX, event.offsetY - box.top];
    if (y < 0 || y >= box.side || !known) return null;
    const row = y / size + view.y;
    if (x >= box.left && x < box.left + box.side) {
      const at: [number, number] = [Math.floor(row), Math.floor((x - box.left) / size + view.x)];
      return at.every((one) => one < count) ? { cell: at } : null;
    }
    if (x >= box.tree) return null;
    const height = (box.tree - 3 - x) / (box.tree - 9);
    const branch = branchAt(tree, row - 0.5, Math.max(0, height - 3 / (box.tree - 9)));
    return branch ? { branch } : null;
  }

  let dragged: { x: number; y: number; view: Window; moved: boolean } | null = null;
  const fingers = new Map<number, [number, number]>();
  surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
    dragged = fingers.size > 1 ? null : { x: event.offsetX, y: event.offsetY, view, moved: false };
  });
  surface.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (before) fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
    if (before && other) {
      const { by, x, y } = pinched(before, [event.offsetX, event.offsetY], other);
      zoomAround(by, x, y);
      return hideTip();
    }
    if (dragged && !dragged.moved && view.zoom > 1 && Math.hypot(event.offsetX - dragged.x, event.offsetY - dragged.y) > 4) {
      dragged.moved = true;
      surface.setPointerCapture(event.pointerId);
    }
    if (dragged?.moved) {
      const size = cellSize();
      setView({ ...dragged.view, x: dragged.view.x - (event.offsetX - dragged.x) / size, y: dragged.view.y - (event.offsetY - dragged.y) / size });
      return hideTip();
    }
    const at = under(event);
    cursor = at && "cell" in at ? at.cell : null;
    byKeys = false;
    hovered = at && "branch" in at ? at.branch : null;
    surface.style.cursor = at ? ("branch" in at ? "pointer" : "crosshair") : "default";
    if (cursor) showTip(event.clientX + 14, event.clientY, words(...cursor), event.clientY - 6);
    else if (hovered) showTip(event.clientX + 14, event.clientY, treeWords(hovered), event.clientY - 6);
    else hideTip();
    canvas.redraw();
  });
  surface.addEventListener("pointerup", (event) => {
    fingers.delete(event.pointerId);
    const at = dragged && !dragged.moved ? under(event) : null;
    dragged = null;
    if (!at) return;
    if ("branch" in at) chooseBranch(at.branch);
    else choose(at.cell);
  });
  surface.addEventListener("pointercancel", (event) => {
    fingers.delete(event.pointerId);
    dragged = null;
  });
  surface.addEventListener("pointerleave", (event) => {
    fingers.delete(event.pointerId);
    dragged = null;
    if (!byKeys) cursor = null;
    hovered = null;
    hideTip();
    canvas.redraw();
  });
  surface.addEventListener("wheel", (event) => {
    // Where nothing is left to zoom, the page scrolls.
    if (event.deltaY > 0 && view.zoom <= 1) return;
    event.preventDefault();
    hideTip();
    zoomAround(event.deltaY < 0 ? 1.2 : 1 / 1.2, event.offsetX, event.offsetY);
  }, { passive: false });

  /** On the diagonal a cell is one sign. */
  function choose([i, j]: [number, number]): void {
    if (i === j) store.set({ sign: store.now.sign === order[i] ? null : order[i] });
    else choosePair(context, order[i], order[j]);
  }

  surface.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps: Record<string, [number, number]> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const step = steps[event.key];
    if (step) {
      event.preventDefault();
      const chosen = chosenSigns(context);
      const from = cursor ?? (chosen ? [places[chosen[0]], places[chosen[1]]] : [0, 0]);
      cursor = from.map((one, d) => Math.min(Math.max(one + step[d], 0), count - 1)) as [number, number];
      byKeys = true;
      setView(showing(view, cursor[1], cursor[0], count));
      update();
    } else if (event.key === "Enter" && cursor) {
      choose(cursor);
    } else if (event.key === "+" || event.key === "=" || event.key === "-") {
      zoomMiddle(event.key === "-" ? 1 / 1.5 : 1.5);
    } else if (event.key === "0") {
      setView(WHOLE);
    }
  });
  surface.addEventListener("blur", () => {
    if (byKeys) cursor = null;
    byKeys = false;
    update();
  });

  // A pair that is chosen comes into sight, unless it is told what is to be seen.
  store.on(["pair"], (_, __, given) => {
    const chosen = chosenSigns(context);
    if (chosen && known && view.zoom > 1 && !given.has("window")) setView(showing(view, places[chosen[1]], places[chosen[0]], count));
  });
  /** Say what is looked at: the cell of the arrow keys, the marked branch, the chosen pair, or what there is to do. */
  function update(): void {
    const now = shown();
    look();
    what.select.value = now.key;
    const block = lit();
    sets.value = String(block ? blocks.findIndex((one) => same(one, block)) : "");
    if (sets.selectedIndex < 0) sets.value = "";
    surface.setAttribute("aria-label",
      `${count} signs against each other, in the order of their tree: ${now.words}. Arrow keys move from cell to cell, Enter chooses the pair, plus and minus zoom.`);
    const chosen = chosenSigns(context);
    if (known) {
      if (cursor && byKeys) told.textContent = words(...cursor);
      else if (block) told.textContent = treeWords(block);
      else if (chosen) told.textContent = words(places[chosen[0]], places[chosen[1]]);
      else told.textContent = "Signs that are often close lie together. The tree joins them by the share of networks (%) in which they are, on average. Click a cell to choose its pair, a branch to mark its signs.";
      if (now.key === "one" && store.now.network === null) told.textContent = `No network is chosen: this is network ${networkName()}. ${told.textContent}`;
    }
    canvas.redraw();
  }

  look();
  void load();
  return update;
}

const same = (one: Stretch | null, other: Stretch): boolean => one !== null && one.low === other.low && one.high === other.high;

function chooserInGroups(every: readonly Shown[], does: (key: string) => void): { label: HTMLLabelElement; select: HTMLSelectElement } {
  const groups = [...new Set(every.map(({ group }) => group))].map((group) => element("optgroup", { label: group },
    ...every.filter((one) => one.group === group).map(({ key, words }) => element("option", { value: key }, words))));
  const select = element("select", {}, ...groups);
  select.addEventListener("change", () => does(select.value));
  return { label: element("label", {}, "Show ", select), select };
}

/** A text that fits, with its end cut off if need be. */
function clipped(pen: CanvasRenderingContext2D, text: string, room: number): string {
  if (pen.measureText(text).width <= room) return text;
  let cut = text;
  while (cut && pen.measureText(`${cut}\u2026`).width > room) cut = cut.slice(0, -1);
  return `${cut}\u2026`;
}

/** Names in bold, each moved so far that it does not lie on the one before. */
export function spread(at: readonly number[], size: number): { place: number; by: number }[] {
  let last = -Infinity;
  return [...at].sort((a, b) => a - b).map((place) => {
    const wanted = Math.max(place * size, last + NAME_ROOM + 1);
    last = wanted;
    return { place, by: wanted - place * size };
  });
}

export const matrix: View = { name: "matrix", title: "Signs \u00d7 signs", build };

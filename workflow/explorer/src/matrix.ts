// All signs against all signs, in the order of their dendrogram, so that signs that stay together lie
// together: how often each pair is close in a space, its rank in the raw signals, or a difference of two.
import { extent, FONT, plane } from "./canvas";
import { css, ordered, type Palette, signed } from "./colours";
import { choosePair, chosenSigns, type Context } from "./context";
import { button, chooser, element, hideTip, showTip } from "./dom";
import type { View } from "./views";
import { fixed, printable } from "./text";

const NAMES = 84;
/** Of the dendrogram, where there is room for one. */
const TREE = 90;
const NARROW = 480;
const LEGEND = 30;
/** A name needs so many pixels of height. */
const LEGIBLE = 9;

export interface Tree {
  linkage: number[][];
  leaves: number[];
}

/** What a matrix shows: a share of one space, a rank, or the share of one less that of another. */
interface Shown {
  key: string;
  words: string;
  kind: "share" | "rank" | "difference";
  value: (row: number) => number | null;
}

interface Branch {
  low: number;
  high: number;
  height: number;
  left: number;
  right: number;
  at: [number, number];
}

/** The dendrogram's branches, in places along the order of the leaves. */
export function branches({ linkage, leaves }: Tree): Branch[] {
  const count = leaves.length;
  const place = new Array<number>(count);
  leaves.forEach((sign, i) => (place[sign] = i));
  const nodes: { middle: number; height: number; low: number; high: number }[] = place.map((at) => ({ middle: at, height: 0, low: at, high: at }));
  return linkage.map(([one, other, height]) => {
    const [left, right] = [nodes[one], nodes[other]];
    const [low, high] = [Math.min(left.low, right.low), Math.max(left.high, right.high)];
    nodes.push({ middle: (left.middle + right.middle) / 2, height, low, high });
    return { low, high, height, left: left.middle, right: right.middle, at: [left.height, right.height] };
  });
}

export function kinds({ pairs, runs }: Context): Shown[] {
  const names = pairs.data.spaces.map(({ name }) => name);
  const share = (space: string) => (row: number): number | null => pairs.number(row, `${space}_pi`);
  const shares = names.map((name): Shown => ({ key: name, words: `how often close in ${name}`, kind: "share", value: share(name) }));
  const ranks = pairs.data.rawSpaces.map((name): Shown => ({ key: `rank ${name}`, words: `mutual rank in ${name}`, kind: "rank", value: (row) => pairs.number(row, `${name}_rank`) }));
  const head = pairs.data.headline;
  const others = [...new Set(["untrained", "ae2", "pca2", runs.index.chosen])].filter((name) => names.includes(name));
  const differences = others.map((name): Shown => ({
    key: `${head} - ${name}`, words: `how often close in ${head}, less that in ${name}`, kind: "difference",
    value: (row) => {
      const [one, other] = [share(head)(row), share(name)(row)];
      return one === null || other === null ? null : one - other;
    },
  }));
  return [...shares, ...ranks, ...differences];
}

function build(place: HTMLElement, context: Context): () => void {
  const { pairs, runs, store } = context;
  const every = kinds(context);
  const signs = runs.index.signs.map(printable);
  let tree: Branch[] = [];
  let order = signs.map((_, i) => i);
  let rows: Int32Array = new Int32Array(0);
  let view = { zoom: 1, x: 0, y: 0 };
  let cursor: [number, number] | null = null;
  const shown = (): Shown => every.find(({ key }) => key === store.now.matrix) ?? every[0];
  const what = chooser("Show", every.map(({ key, words }) => [key, words]), shown().key, (matrix) => store.set({ matrix }));
  const told = element("p", { role: "status", class: "told" });
  const canvas = plane("", "matrix", draw);
  canvas.canvas.tabIndex = 0;
  const zoomed = (by: number): void => zoomAt(canvas.canvas.clientWidth / 2, canvas.canvas.clientHeight / 2, by);
  place.append(
    element("div", { class: "controls" }, what.label, button("+", () => zoomed(1.5), { "aria-label": "Zoom in" }), button("\u2212", () => zoomed(1 / 1.5), { "aria-label": "Zoom out" }),
      button("Whole", () => setView({ zoom: 1, x: 0, y: 0 }))),
    canvas.canvas, told);

  async function load(): Promise<void> {
    const found = await runs.pack.json<Tree>("tree");
    order = found.leaves;
    tree = branches(found);
    rows = new Int32Array(signs.length ** 2).fill(-1);
    for (let row = 0; row < pairs.count; row++) {
      const [a, b] = pairs.signs(row).map((name) => runs.signOf(name));
      if (a >= 0 && b >= 0) rows[a * signs.length + b] = rows[b * signs.length + a] = row;
    }
    canvas.redraw();
  }

  const square = (width: number, height: number): number => Math.max(60, Math.min(width - NAMES - (width < NARROW ? 4 : TREE), height - NAMES - LEGEND));
  const side = (): number => square(canvas.canvas.clientWidth, canvas.canvas.clientHeight);
  const cell = (): number => (side() / signs.length) * view.zoom;

  function setView(wanted: typeof view): void {
    const zoom = Math.min(Math.max(wanted.zoom, 1), 12);
    const most = signs.length - signs.length / zoom;
    view = { zoom, x: Math.min(Math.max(wanted.x, 0), most), y: Math.min(Math.max(wanted.y, 0), most) };
    canvas.redraw();
  }

  function zoomAt(x: number, y: number, by: number): void {
    const zoom = Math.min(Math.max(view.zoom * by, 1), 12);
    const [atX, atY] = [Math.max(x - NAMES, 0) / cell(), Math.max(y - NAMES, 0) / cell()];
    const share = view.zoom / zoom;
    setView({ zoom, x: view.x + atX * (1 - share), y: view.y + atY * (1 - share) });
  }

  function colourOf(kind: Shown["kind"], value: number): string {
    if (kind === "difference") return css(signed(value));
    if (kind === "rank") return css(ordered(1 - Math.log(Math.max(value, 1)) / Math.log(signs.length)));
    return css(ordered(value));
  }

  function draw(pen: CanvasRenderingContext2D, width: number, height: number, colours: Palette): void {
    if (!rows.length) return;
    const whole = square(width, height);
    const size = (whole / signs.length) * view.zoom;
    const now = shown();
    let drawn = 0;
    pen.save();
    pen.translate(NAMES, NAMES);
    pen.beginPath();
    pen.rect(0, 0, whole, whole);
    pen.clip();
    pen.fillStyle = colours.faint;
    pen.fillRect(0, 0, whole, whole);
    const first = (from: number): number => Math.floor(from);
    const last = (from: number): number => Math.min(signs.length - 1, Math.ceil(from + signs.length / view.zoom));
    for (let i = first(view.y); i <= last(view.y); i++) {
      for (let j = first(view.x); j <= last(view.x); j++) {
        const row = rows[order[i] * signs.length + order[j]];
        const value = row < 0 ? null : now.value(row);
        if (value === null) continue;
        const [x, y] = [(j - view.x) * size, (i - view.y) * size];
        pen.fillStyle = colourOf(now.kind, value);
        pen.fillRect(x, y, size + 0.4, size + 0.4);
        drawn += 1;
        if (size >= 5 && pairs.text(row, "verdict") === pairs.data.verdicts[0]) {
          pen.fillStyle = value > 0.6 && now.kind === "share" ? "#000" : "#fff";
          pen.beginPath();
          pen.arc(x + size / 2, y + size / 2, Math.min(size / 5, 3), 0, 2 * Math.PI);
          pen.fill();
        }
      }
    }
    frame(pen, chosenSigns(context), size, colours.mark, 2.5);
    frame(pen, cursor && [order[cursor[0]], order[cursor[1]]], size, colours.ink, 1.5);
    pen.restore();
    names(pen, whole, size, colours);
    if (width >= NARROW) dendrogram(pen, whole, size, colours);
    legend(pen, whole, height, now, colours);
    canvas.canvas.dataset.drawn = String(drawn);
  }

  function frame(pen: CanvasRenderingContext2D, pair: readonly [number, number] | null, size: number, colour: string, wide: number): void {
    if (!pair) return;
    const [i, j] = pair.map((sign) => order.indexOf(sign));
    pen.strokeStyle = colour;
    pen.lineWidth = wide;
    for (const [y, x] of [[i, j], [j, i]]) pen.strokeRect((x - view.x) * size - 1, (y - view.y) * size - 1, size + 2, size + 2);
  }

  function names(pen: CanvasRenderingContext2D, whole: number, size: number, colours: Palette): void {
    const marked = new Set([...(chosenSigns(context) ?? []), ...(cursor ? [order[cursor[0]], order[cursor[1]]] : [])]);
    const every = size >= LEGIBLE;
    pen.font = `${Math.min(12, Math.max(10, size))}px ${FONT}`;
    for (const [i, sign] of order.entries()) {
      const strong = marked.has(sign);
      if (!every && !strong) continue;
      pen.fillStyle = strong ? colours.ink : colours.soft;
      const [y, x] = [(i - view.y + 0.5) * size, (i - view.x + 0.5) * size];
      if (y >= 0 && y <= whole) {
        pen.textAlign = "right";
        pen.fillText(signs[sign], NAMES - 5, NAMES + y + 4, NAMES - 6);
      }
      if (x >= 0 && x <= whole) {
        pen.save();
        pen.translate(NAMES + x + 4, NAMES - 5);
        pen.rotate(-Math.PI / 2);
        pen.textAlign = "left";
        pen.fillText(signs[sign], 0, 0, NAMES - 6);
        pen.restore();
      }
    }
  }

  function dendrogram(pen: CanvasRenderingContext2D, whole: number, size: number, colours: Palette): void {
    const [, most] = extent(tree.map(({ height }) => height));
    const x = (height: number): number => NAMES + whole + 6 + (height / most) * (TREE - 12);
    const y = (at: number): number => NAMES + (at - view.y + 0.5) * size;
    pen.save();
    pen.beginPath();
    pen.rect(NAMES + whole, NAMES, TREE, whole);
    pen.clip();
    pen.strokeStyle = colours.soft;
    pen.lineWidth = 1;
    pen.beginPath();
    for (const { left, right, height, at } of tree) {
      pen.moveTo(x(at[0]), y(left));
      pen.lineTo(x(height), y(left));
      pen.lineTo(x(height), y(right));
      pen.lineTo(x(at[1]), y(right));
    }
    pen.stroke();
    pen.restore();
  }

  function legend(pen: CanvasRenderingContext2D, whole: number, height: number, now: Shown, colours: Palette): void {
    const [wide, top] = [Math.min(160, whole / 3), Math.min(NAMES + whole + 8, height - 16)];
    const ends = { share: ["in none", "in all"], rank: ["far", "nearest"], difference: ["less often", "more often"] }[now.kind];
    for (let i = 0; i < wide; i++) {
      const share = i / (wide - 1);
      pen.fillStyle = now.kind === "difference" ? css(signed(2 * share - 1)) : css(ordered(share));
      pen.fillRect(NAMES + 70 + i, top, 1.5, 10);
    }
    pen.font = `11px ${FONT}`;
    pen.fillStyle = colours.soft;
    pen.textAlign = "right";
    pen.fillText(ends[0], NAMES + 64, top + 9);
    pen.textAlign = "left";
    pen.fillText(`${ends[1]}${now.kind === "share" ? "; a dot: stays close" : ""}`, NAMES + 76 + wide, top + 9);
  }

  function under(event: MouseEvent): [number, number] | null {
    const [x, y] = [event.offsetX - NAMES, event.offsetY - NAMES];
    if (x < 0 || y < 0 || x >= side() || y >= side()) return null;
    const at: [number, number] = [Math.floor(y / cell() + view.y), Math.floor(x / cell() + view.x)];
    return at.every((one) => one < signs.length) ? at : null;
  }

  function words([i, j]: [number, number]): string {
    const row = rows[order[i] * signs.length + order[j]];
    if (row < 0) return signs[order[i]];
    const value = shown().value(row);
    const text = shown().kind === "rank" ? fixed(value, 1) : `${fixed(value === null ? null : 100 * value, 0)}\u00a0%`;
    return `${signs[order[i]]} \u2013 ${signs[order[j]]}: ${shown().words} ${text}; ${pairs.text(row, "verdict")}`;
  }

  let dragged: { x: number; y: number; view: typeof view; moved: boolean } | null = null;
  canvas.canvas.addEventListener("pointerdown", (event) => {
    dragged = { x: event.offsetX, y: event.offsetY, view, moved: false };
    canvas.canvas.setPointerCapture(event.pointerId);
  });
  canvas.canvas.addEventListener("pointermove", (event) => {
    if (dragged && Math.hypot(event.offsetX - dragged.x, event.offsetY - dragged.y) > 4) dragged.moved = true;
    if (dragged?.moved) {
      setView({ ...dragged.view, x: dragged.view.x - (event.offsetX - dragged.x) / cell(), y: dragged.view.y - (event.offsetY - dragged.y) / cell() });
      return hideTip();
    }
    cursor = under(event);
    if (cursor) showTip(event.clientX + 12, event.clientY, words(cursor));
    else hideTip();
    canvas.redraw();
  });
  canvas.canvas.addEventListener("pointerup", (event) => {
    const at = under(event);
    if (!dragged?.moved && at && at[0] !== at[1]) choosePair(context, order[at[0]], order[at[1]]);
    dragged = null;
  });
  canvas.canvas.addEventListener("pointerleave", () => {
    cursor = null;
    hideTip();
    canvas.redraw();
  });
  canvas.canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomAt(event.offsetX, event.offsetY, event.deltaY < 0 ? 1.2 : 1 / 1.2);
  }, { passive: false });
  canvas.canvas.addEventListener("keydown", (event) => {
    const steps: Record<string, [number, number]> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const step = steps[event.key];
    if (step) {
      event.preventDefault();
      cursor ??= [0, 1];
      cursor = cursor.map((one, d) => Math.min(Math.max(one + step[d], 0), signs.length - 1)) as [number, number];
      told.textContent = words(cursor);
      canvas.redraw();
    } else if (event.key === "Enter" && cursor && cursor[0] !== cursor[1]) choosePair(context, order[cursor[0]], order[cursor[1]]);
    else if (event.key === "+" || event.key === "-") zoomed(event.key === "+" ? 1.5 : 1 / 1.5);
  });

  void load();
  return () => {
    what.select.value = shown().key;
    const signsNow = chosenSigns(context);
    canvas.canvas.setAttribute("aria-label", `Matrix of ${signs.length} signs: ${shown().words}. Arrow keys move, Enter chooses a pair.`);
    told.textContent = signsNow && rows.length ? words(signsNow.map((sign) => order.indexOf(sign)) as [number, number]) : "";
    canvas.redraw();
  };
}

export const matrix: View = { name: "matrix", title: "Signs \u00d7 signs", build };

// Both signs' mean paths in every retraining, one small panel a network, on one canvas. In a shared map
// all panels have one frame, for the networks are turned onto each other; in a network's own picture each
// has its own.
import { pairWords } from "./answers";
import { extent, fitted, FONT, plane } from "./canvas";
import type { Palette } from "./colours";
import { chosenSigns, type Context } from "./context";
import { chooser, element } from "./dom";
import type { Tensor } from "./pack";
import { fixed, printable } from "./text";

const SIDE = 148;
const GAP = 10;
const TITLE = 18;
/** Canvases have a largest height; what is beyond is told. */
const MOST = 200;

interface Panel {
  network: number;
  name: string;
  rank: number;
  close: boolean;
  paths: [Float32Array, Float32Array];
}

/** A sign's path of a block (sign, phase, dim): its first two dimensions. */
export function pathOf({ shape: [, phases, dims], values }: Tensor, sign: number): Float32Array {
  const path = new Float32Array(2 * phases);
  for (let phase = 0; phase < phases; phase++) {
    const from = (sign * phases + phase) * dims;
    path[2 * phase] = values[from];
    path[2 * phase + 1] = values[from + 1];
  }
  return path;
}

/** Where on a path one is at a time from 0 to 1. */
export function pointAt(path: Float32Array, time: number): [number, number] {
  const last = path.length / 2 - 1;
  const at = Math.min(Math.max(time, 0), 1) * last;
  const from = Math.min(Math.floor(at), Math.max(last - 1, 0));
  const share = at - from;
  const to = Math.min(from + 1, last);
  return [0, 1].map((d) => path[2 * from + d] * (1 - share) + path[2 * to + d] * share) as [number, number];
}

export function multiples(place: HTMLElement, context: Context): () => void {
  const { pairs, runs, store } = context;
  let panels: Panel[] = [];
  let asked = "";
  const flat = runs.index.spaces.filter(({ dims, name }) => dims === 2 && runs.pack.has(`means/${name}/0/0`));
  const spaces = chooser("Space", flat.map(({ name }) => [name, name]), store.now.space, (space) => {
    store.set({ space, seed: runs.space(space)!.drawn });
  });
  const title = element("h4", {}, "In every retraining");
  const told = element("p", { class: "said" });
  const key = element("p", { class: "key" });
  const scroll = element("div", { class: "scroll-y", tabindex: "0", role: "region", "aria-label": "Paths in every network" });
  const columnsIn = (width: number): number => Math.max(1, Math.floor((width + GAP) / (SIDE + GAP)));
  const canvas = plane("Paths in every retraining", "multiples", draw, {
    high: (width) => Math.max(Math.ceil(panels.length / columnsIn(width)), 1) * (SIDE + TITLE + GAP),
  });
  const columns = (): number => columnsIn(canvas.canvas.clientWidth);
  canvas.canvas.tabIndex = 0;
  scroll.append(canvas.canvas);
  place.classList.add("wide");
  place.append(element("div", { class: "part-head" }, title, spaces.label), told, scroll, key);

  const space = (): string => (flat.some(({ name }) => name === store.now.space) ? store.now.space : (flat[0]?.name ?? ""));
  const seedOf = (network: number): number => (space() === store.now.space && runs.pack.has(`means/${space()}/${network}/${store.now.seed}`) ? store.now.seed : (runs.space(space())?.drawn ?? 0));

  async function load(): Promise<void> {
    const [row, signs, wanted] = [store.now.pair, chosenSigns(context), space()];
    if (row === null || !signs || !wanted) return;
    const now = `${row} ${wanted} ${store.now.seed}`;
    if (now === asked) return canvas.redraw();
    asked = now;
    const ranks = await runs.ranks(pairs.data.headline);
    const at = runs.placeOf(...signs);
    const found: Panel[] = [];
    for (const [network, name] of runs.index.networks.entries()) {
      if (found.length === MOST) break;
      const means = await runs.means(wanted, network, seedOf(network));
      if (!means) continue;
      const rank = ranks ? ranks.values[network * ranks.shape[1] * ranks.shape[2] + at] : NaN;
      found.push({ network, name, rank, close: rank <= runs.index.k, paths: [pathOf(means, signs[0]), pathOf(means, signs[1])] });
    }
    if (now !== asked) return;
    panels = found;
    const close = panels.filter((panel) => panel.close).length;
    const shared = runs.space(wanted)!.shared;
    const some = panels.length < runs.index.networks.length ? ` This page holds ${panels.length} of ${runs.index.networks.length} networks here.` : "";
    told.textContent = `Mean paths of the two signs in ${wanted}, from an open dot to a full one; solid frames: networks in which the pair is close in the hidden states (${close} of ${panels.length}), with the mutual rank there, right to within 4\u00a0%. ` +
      (shared ? "All networks are turned onto each other, so one place means the same in each." : "Every network has its own picture here: places in one say nothing of places in another.") + some;
    canvas.canvas.setAttribute("aria-label", `Paths of ${pairWords(pairs, row)} in ${panels.length} networks; close in ${close}.`);
    drawKey(pairs.signs(row));
    canvas.redraw();
  }

  function drawKey(names: [string, string]): void {
    key.replaceChildren(...names.map((name, i) => element("span", { class: i ? "second" : "first" }, element("bdi", {}, printable(name)))));
  }

  function draw(pen: CanvasRenderingContext2D, width: number, _height: number, colours: Palette): void {
    const across = columnsIn(width);
    const side = Math.min(SIDE + 40, (width - (across - 1) * GAP) / across);
    const shared = runs.space(space())?.shared ?? false;
    const all = frameOf(panels);
    let drawn = 0;
    for (const [i, panel] of panels.entries()) {
      const [left, top] = [(i % across) * (side + GAP), Math.floor(i / across) * (SIDE + TITLE + GAP)];
      const [xs, ys] = shared ? all : frameOf([panel]);
      const { x, y } = fitted(xs, ys, side, SIDE, 12);
      pen.save();
      pen.translate(left, top);
      pen.font = `${panel.close ? "600" : "400"} 12px ${FONT}`;
      pen.fillStyle = panel.close ? colours.ink : colours.soft;
      pen.fillText(`network ${panel.name}`, 1, 12, side * 0.6);
      pen.textAlign = "right";
      pen.fillText(`${panel.close ? "close" : "not close"}, ${fixed(panel.rank, 1)}`, side - 1, 12, side * 0.5);
      pen.textAlign = "left";
      pen.translate(0, TITLE);
      if (panel.network === store.now.network) {
        pen.fillStyle = colours.faint;
        pen.fillRect(0, 0, side, SIDE);
      }
      pen.strokeStyle = panel.close ? colours.ink : colours.rule;
      pen.lineWidth = panel.network === store.now.network ? 2.5 : 1;
      pen.setLineDash(panel.close ? [] : [4, 3]);
      pen.strokeRect(0.5, 0.5, side - 1, SIDE - 1);
      pen.setLineDash([]);
      for (const [s, colour] of [colours.a, colours.b].entries()) {
        pen.setLineDash(s ? [5, 3] : []);
        drawn += drawPath(pen, panel.paths[s], x, y, colour, colours.paper);
        pen.setLineDash([]);
      }
      pen.restore();
    }
    canvas.canvas.dataset.drawn = String(drawn);
  }

  function drawPath(
    pen: CanvasRenderingContext2D, path: Float32Array, x: (v: number) => number, y: (v: number) => number, colour: string, paper: string,
  ): number {
    const points = path.length / 2;
    pen.strokeStyle = pen.fillStyle = colour;
    const until = store.now.time * (points - 1);
    for (const [from, to, opacity] of [[0, points - 1, 0.3], [0, until, 1]] as const) {
      pen.globalAlpha = opacity;
      pen.lineWidth = 1.8;
      pen.beginPath();
      pen.moveTo(x(path[2 * from]), y(path[2 * from + 1]));
      for (let i = 1; i <= Math.floor(to); i++) pen.lineTo(x(path[2 * i]), y(path[2 * i + 1]));
      const [endX, endY] = pointAt(path, to / (points - 1));
      pen.lineTo(x(endX), y(endY));
      pen.stroke();
    }
    pen.lineWidth = 1.5;
    pen.setLineDash([]);
    dot(pen, x(path[0]), y(path[1]), paper);
    const [atX, atY] = pointAt(path, store.now.time);
    dot(pen, x(atX), y(atY), colour);
    return points;
  }

  canvas.canvas.addEventListener("click", (event) => {
    const across = columns();
    const side = Math.min(SIDE + 40, (canvas.canvas.clientWidth - (across - 1) * GAP) / across);
    const i = Math.floor(event.offsetY / (SIDE + TITLE + GAP)) * across + Math.floor(event.offsetX / (side + GAP));
    const panel = panels[i];
    if (panel) store.set({ network: panel.network === store.now.network ? null : panel.network });
  });
  canvas.canvas.addEventListener("keydown", (event) => {
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(), ArrowUp: -columns() };
    if (!(event.key in steps) || !panels.length) return;
    event.preventDefault();
    const at = panels.findIndex(({ network }) => network === store.now.network);
    const to = at < 0 ? 0 : Math.min(Math.max(at + steps[event.key], 0), panels.length - 1);
    store.set({ network: panels[to].network });
  });

  return () => {
    spaces.select.value = space();
    void load();
  };
}

function dot(pen: CanvasRenderingContext2D, x: number, y: number, fill: string): void {
  pen.fillStyle = fill;
  pen.beginPath();
  pen.arc(x, y, 3, 0, 2 * Math.PI);
  pen.fill();
  pen.stroke();
}

function frameOf(panels: readonly Panel[]): [[number, number], [number, number]] {
  const every = (d: number): number[] => panels.flatMap(({ paths }) => paths.flatMap((path) => [...path].filter((_, i) => i % 2 === d)));
  return [extent(every(0)), extent(every(1))];
}

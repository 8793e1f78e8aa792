// The map of paths: every sign's mean path, over all networks in the shared map or in one network alone,
// up to where one looks on the way; with all networks, a ribbon tells how far they are from each other.
import { extent, fitted, FONT, plane } from "./canvas";
import { css, ordered, type Palette } from "./colours";
import { choosePair, chosenSigns, type Context } from "./context";
import { chooser, element, hideTip, showTip } from "./dom";
import { pathOf, pointAt } from "./multiples";
import type { View } from "./views";
import { fixed, printable } from "./text";

export interface SignPath {
  path: Float32Array;
  /** At every point, the root mean square distance of the networks' points from their mean; nothing of one network. */
  spread: Float32Array | null;
}

/** The mean of some networks' paths of one sign, and how far they lie from it. */
export function consensus(paths: readonly Float32Array[]): SignPath {
  const path = new Float32Array(paths[0].length);
  for (const one of paths) one.forEach((value, i) => (path[i] += value / paths.length));
  if (paths.length < 2) return { path, spread: null };
  const spread = new Float32Array(path.length / 2);
  for (let i = 0; i < spread.length; i++) {
    const squared = paths.reduce((sum, one) => sum + (one[2 * i] - path[2 * i]) ** 2 + (one[2 * i + 1] - path[2 * i + 1]) ** 2, 0);
    spread[i] = Math.sqrt(squared / paths.length);
  }
  return { path, spread };
}

const ALL = "";
const COLOURS: readonly (readonly [string, string])[] = [["sign", "the chosen pair"], ["time", "time on the way"]];

function build(place: HTMLElement, context: Context): () => void {
  const { runs, store } = context;
  const names = runs.index.signs.map(printable);
  const flat = runs.index.spaces.filter(({ dims, name }) => dims === 2 && runs.pack.has(`means/${name}/0/${runs.space(name)!.drawn}`));
  let shown: SignPath[] = [];
  let held = 0;
  let asked = "";
  const space = chooser("Space", flat.map(({ name }) => [name, name]), store.now.space, (name) => store.set({ space: name, seed: runs.space(name)!.drawn }));
  const networks: [string, string][] = runs.index.networks.map((name, i) => [String(i), `network ${printable(name)}`]);
  const network = chooser("Of", [[ALL, "all networks"], ...networks], ALL, (value) => store.set({ network: value === ALL ? null : Number(value) }));
  const colour = chooser("Colour", COLOURS, store.now.colour, (value) => store.set({ colour: value }));
  const said = element("p", { class: "said" });
  const told = element("p", { class: "told", role: "status" });
  const canvas = plane("Map of paths", "map", draw);
  place.append(element("div", { class: "controls" }, space.label, network.label, colour.label), said, canvas.canvas, told);

  const now = (): string => (flat.some(({ name }) => name === store.now.space) ? store.now.space : (flat[0]?.name ?? ""));

  async function load(): Promise<void> {
    const [name, one] = [now(), store.now.network];
    const facts = runs.space(name);
    if (!facts) return;
    const seed = name === store.now.space && store.now.seed < facts.seeds ? store.now.seed : facts.drawn;
    // Pictures of single networks have no place in common: the first stands for them.
    const wanted = one !== null ? [one] : facts.shared ? [...runs.index.networks.keys()] : [0];
    const key = `${name} ${seed} ${wanted.join()}`;
    if (key === asked) return canvas.redraw();
    asked = key;
    const means = (await Promise.all(wanted.map((i) => runs.means(name, i, seed)))).filter((tensor) => tensor !== null);
    if (key !== asked || !means.length) return;
    held = means.length;
    shown = names.map((_, sign) => consensus(means.map((tensor) => pathOf(tensor, sign))));
    describe(name, wanted, facts.shared);
    canvas.redraw();
  }

  function describe(name: string, wanted: readonly number[], shared: boolean): void {
    const single = `Mean paths of the signs in ${name} of network ${printable(runs.index.networks[wanted[0]])}`;
    said.textContent = wanted.length > 1
      ? `Mean paths of ${names.length} signs in ${name} over ${held} networks that are turned onto each other; ribbons: how far the networks lie from their mean. An open dot is the start.`
      : `${single}. ${shared ? "All networks have this frame in common." : "Every network has a picture of its own here: places in one say nothing of another."}`;
    canvas.canvas.setAttribute("aria-label", `${said.textContent} Click a sign to choose it, and another to choose the pair.`);
  }

  const box = (): ReturnType<typeof fitted> => {
    const every = (d: number): number[] => shown.flatMap(({ path }) => [...path].filter((_, i) => i % 2 === d));
    return fitted(extent(every(0)), extent(every(1)), canvas.canvas.clientWidth, canvas.canvas.clientHeight, 34);
  };

  function draw(pen: CanvasRenderingContext2D, width: number, height: number, colours: Palette): void {
    if (!shown.length) return;
    const { x, y, scale } = box();
    const pair: readonly number[] = chosenSigns(context) ?? (store.now.sign === null ? [] : [store.now.sign]);
    const strong = (sign: number): boolean => pair.includes(sign);
    const order = [...shown.keys()].sort((one, other) => Number(strong(one)) - Number(strong(other)));
    let drawn = 0;
    for (const sign of order) {
      const { path, spread } = shown[sign];
      const own = pair[0] === sign ? colours.a : pair[1] === sign ? colours.b : colours.soft;
      const faint = pair.length > 0 && !strong(sign);
      if (spread && strong(sign)) ribbon(pen, path, spread, x, y, scale, own);
      pen.globalAlpha = faint ? 0.22 : strong(sign) ? 1 : 0.6;
      drawn += line(pen, path, x, y, strong(sign) ? 2.6 : 1, store.now.colour === "time" && !faint ? null : own);
      pen.fillStyle = pen.strokeStyle = own;
      circle(pen, x(path[0]), y(path[1]), strong(sign) ? 4 : 1.5, strong(sign) ? colours.paper : own);
      const [atX, atY] = pointAt(path, store.now.time);
      circle(pen, x(atX), y(atY), strong(sign) ? 4.5 : 2.5, own);
      pen.globalAlpha = 1;
    }
    labels(pen, [...order].reverse(), pair, x, y, width, height, colours);
    canvas.canvas.dataset.drawn = String(drawn);
    told.textContent = store.now.time < 1 ? `At ${Math.round(100 * store.now.time)}\u00a0% of the way.` : "";
  }

  function circle(pen: CanvasRenderingContext2D, x: number, y: number, size: number, fill: string): void {
    pen.fillStyle = fill;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.arc(x, y, size, 0, 2 * Math.PI);
    pen.fill();
    pen.stroke();
  }

  function line(pen: CanvasRenderingContext2D, path: Float32Array, x: (v: number) => number, y: (v: number) => number, wide: number, own: string | null): number {
    const last = path.length / 2 - 1;
    const until = store.now.time * last;
    pen.lineWidth = wide;
    pen.strokeStyle = own ?? "";
    if (own) pen.beginPath();
    for (let i = 0; i < Math.ceil(until); i++) {
      const share = Math.min(i + 1, until) / last;
      const [toX, toY] = pointAt(path, share);
      if (!own) {
        pen.strokeStyle = css(ordered(i / last));
        pen.beginPath();
      }
      if (!own || i === 0) pen.moveTo(x(path[2 * i]), y(path[2 * i + 1]));
      pen.lineTo(x(toX), y(toY));
      if (!own) pen.stroke();
    }
    if (own) pen.stroke();
    return Math.ceil(until);
  }

  /** A union of discs, so that a turn leaves no hole. */
  function ribbon(pen: CanvasRenderingContext2D, path: Float32Array, spread: Float32Array, x: (v: number) => number, y: (v: number) => number, scale: number, colour: string): void {
    const steps = 4 * (spread.length - 1);
    pen.globalAlpha = 0.14;
    pen.fillStyle = colour;
    pen.beginPath();
    for (let i = 0; i <= steps * store.now.time; i++) {
      const [atX, atY] = pointAt(path, i / steps);
      const size = spread[Math.round((i / steps) * (spread.length - 1))] * scale;
      pen.moveTo(x(atX) + size, y(atY));
      pen.arc(x(atX), y(atY), size, 0, 2 * Math.PI);
    }
    pen.fill();
    pen.globalAlpha = 1;
  }

  /** Names where there is room, those that are looked at first. */
  function labels(
    pen: CanvasRenderingContext2D, order: readonly number[], pair: readonly number[], x: (v: number) => number, y: (v: number) => number, width: number, height: number, colours: Palette,
  ): void {
    const taken: [number, number, number, number][] = [];
    for (const sign of order) {
      const strong = pair.includes(sign);
      pen.font = `${strong ? "600 13px" : "11px"} ${FONT}`;
      const [atX, atY] = pointAt(shown[sign].path, store.now.time);
      const wide = pen.measureText(names[sign]).width;
      const left = Math.min(x(atX) + 6, width - wide - 2);
      const top = Math.min(Math.max(y(atY) - 7, 0), height - 14);
      const mine: [number, number, number, number] = [left - 1, top, left + wide + 1, top + 14];
      if (!strong && taken.some(([l, t, r, b]) => mine[0] < r && mine[2] > l && mine[1] < b && mine[3] > t)) continue;
      taken.push(mine);
      pen.lineWidth = 3;
      pen.strokeStyle = colours.paper;
      pen.strokeText(names[sign], left, top + 11);
      pen.fillStyle = pair[0] === sign ? colours.a : pair[1] === sign ? colours.b : colours.ink;
      pen.fillText(names[sign], left, top + 11);
    }
  }

  function under(event: MouseEvent): number | null {
    if (!shown.length) return null;
    const { x, y } = box();
    const offs = shown.map(({ path }, sign) => {
      const [atX, atY] = pointAt(path, store.now.time);
      return { sign, off: Math.hypot(x(atX) - event.offsetX, y(atY) - event.offsetY) };
    });
    const near = offs.sort((one, other) => one.off - other.off)[0];
    return near.off < 14 ? near.sign : null;
  }

  canvas.canvas.addEventListener("pointermove", (event) => {
    const sign = under(event);
    if (sign === null) return hideTip();
    const { path, spread } = shown[sign];
    const [atX, atY] = pointAt(path, store.now.time);
    const wide = spread ? `; networks lie ${fixed(spread[Math.round(store.now.time * (spread.length - 1))], 2)} from their mean` : "";
    showTip(event.clientX + 12, event.clientY, `${names[sign]} at ${fixed(atX, 2)}, ${fixed(atY, 2)}${wide}`);
  });
  canvas.canvas.addEventListener("pointerleave", hideTip);
  canvas.canvas.addEventListener("click", (event) => {
    const sign = under(event);
    if (sign === null) return store.set({ sign: null });
    const first = store.now.sign;
    store.set({ sign });
    if (first !== null && first !== sign) choosePair(context, first, sign);
  });

  return () => {
    space.select.value = now();
    network.select.value = store.now.network === null ? ALL : String(store.now.network);
    colour.select.value = store.now.colour;
    void load();
  };
}

export const map: View = { name: "map", title: "Path map", build };

// Where the coming and going has its source: which retrainings are alike, how each of them learned, what
// share of the ranks' spread is the pairs', the networks' and the autoencoders', and what more networks give.
import { extent, fitted, FONT, plane } from "./canvas";
import { category, type Palette } from "./colours";
import type { Context } from "./context";
import { chooser, element, hideTip, showTip } from "./dom";
import type { View } from "./views";
import { fixed, printable } from "./text";

interface Instability {
  runs: { place: [number, number][]; flag: string[]; test_accuracy: (number | null)[] };
  sources: string[];
  shares: { space: string; shares: (number | null)[][] }[];
  curves: { networks: number[]; of: Record<string, (number | null)[]> };
}

interface History {
  network: string;
  epochs: Record<string, (number | null)[]>;
}

const LEFT = 46;
const BOTTOM = 34;
const MARGIN = 12;

function build(place: HTMLElement, context: Context): () => void {
  const redraws: (() => void)[] = [];
  void Promise.all([context.runs.pack.json<Instability>("instability"), context.runs.pack.json<History[]>("histories")]).then(([known, histories]) => {
    redraws.push(mapOfRuns(place, context, known), learning(place, context, histories), sharesOf(place, known), reliability(place, context, known));
    for (const redraw of redraws) redraw();
  });
  return () => {
    for (const redraw of redraws) redraw();
  };
}

function part(place: HTMLElement, title: string, said: string, ...children: Node[]): void {
  place.append(element("section", { class: "source" }, element("h4", {}, title), element("p", { class: "said" }, said), ...children));
}

/** Retrainings as dots: those that see the signs alike lie near each other. */
function mapOfRuns(place: HTMLElement, { runs, store }: Context, { runs: known }: Instability): () => void {
  const names = runs.index.networks.map(printable);
  const at = (d: number): number[] => known.place.map((one) => one[d]);
  const canvas = plane(`Map of ${names.length} retrainings`, "small", draw);
  const box = (): { x: (v: number) => number; y: (v: number) => number } =>
    fitted(extent(at(0)), extent(at(1)), canvas.canvas.clientWidth, canvas.canvas.clientHeight, 28);
  function draw(pen: CanvasRenderingContext2D, _width: number, _height: number, colours: Palette): void {
    const { x, y } = box();
    pen.font = `12px ${FONT}`;
    for (const [network, [placeX, placeY]] of known.place.entries()) {
      const picked = network === store.now.network;
      pen.fillStyle = picked ? colours.mark : known.flag[network] ? colours.b : colours.a;
      pen.beginPath();
      if (known.flag[network]) pen.rect(x(placeX) - 5, y(placeY) - 5, 10, 10);
      else pen.arc(x(placeX), y(placeY), picked ? 7 : 5, 0, 2 * Math.PI);
      pen.fill();
      pen.fillStyle = picked ? colours.ink : colours.soft;
      pen.fillText(names[network], x(placeX) + 8, y(placeY) + 4);
    }
    canvas.canvas.dataset.drawn = String(known.place.length);
  }
  const under = (event: MouseEvent): number | null => {
    const { x, y } = box();
    const near = known.place.map(([px, py], network) => ({ network, off: Math.hypot(x(px) - event.offsetX, y(py) - event.offsetY) })).sort((a, b) => a.off - b.off)[0];
    return near && near.off < 14 ? near.network : null;
  };
  canvas.canvas.addEventListener("pointermove", (event) => {
    const network = under(event);
    if (network === null) return hideTip();
    const accuracy = known.test_accuracy[network];
    showTip(event.clientX + 12, event.clientY, `network ${names[network]}${accuracy === null ? "" : `, test accuracy ${fixed(100 * accuracy, 1)}\u00a0%`}${known.flag[network] ? `; ${known.flag[network]}` : ""}`);
  });
  canvas.canvas.addEventListener("pointerleave", hideTip);
  canvas.canvas.addEventListener("click", (event) => {
    const network = under(event);
    if (network !== null) store.set({ network: network === store.now.network ? null : network });
  });
  const flagged = known.flag.flatMap((flag, network) => (flag ? [`network ${names[network]}: ${flag}`] : []));
  part(place, "Which retrainings are alike", `Networks that put the pairs in a like order lie near each other. ${flagged.length ? `Squares stand out: ${flagged.join("; ")}.` : "None stands out."}`, canvas.canvas);
  return canvas.redraw;
}

interface Line {
  xs: number[];
  ys: (number | null)[];
  colour: string;
  wide: number;
  opacity: number;
  dash?: number[];
  name?: string;
}

/** Lines over two axes with a few ticks. */
function drawLines(
  pen: CanvasRenderingContext2D, width: number, height: number, colours: Palette, lines: readonly Line[],
  xs: [number, number], ys: [number, number], words: { x: string; tick: (value: number) => string },
): void {
  const x = (value: number): number => LEFT + ((value - xs[0]) / (xs[1] - xs[0] || 1)) * (width - LEFT - MARGIN);
  const y = (value: number): number => height - BOTTOM - ((value - ys[0]) / (ys[1] - ys[0] || 1)) * (height - BOTTOM - MARGIN);
  pen.font = `11px ${FONT}`;
  pen.fillStyle = colours.soft;
  pen.strokeStyle = colours.rule;
  for (let i = 0; i <= 4; i++) {
    const value = ys[0] + ((ys[1] - ys[0]) * i) / 4;
    pen.beginPath();
    pen.moveTo(LEFT, y(value));
    pen.lineTo(width - MARGIN, y(value));
    pen.stroke();
    pen.textAlign = "right";
    pen.fillText(words.tick(value), LEFT - 6, y(value) + 4);
    const across = xs[0] + ((xs[1] - xs[0]) * i) / 4;
    pen.textAlign = i === 4 ? "right" : "center";
    pen.fillText(String(Math.round(across)), x(across), height - BOTTOM + 14);
  }
  pen.textAlign = "center";
  pen.fillText(words.x, (LEFT + width) / 2, height - 5);
  for (const line of lines) {
    pen.strokeStyle = line.colour;
    pen.globalAlpha = line.opacity;
    pen.lineWidth = line.wide;
    pen.setLineDash(line.dash ?? []);
    pen.beginPath();
    line.xs.forEach((one, i) => {
      const value = line.ys[i];
      if (value !== null) pen.lineTo(x(one), y(Math.min(Math.max(value, ys[0]), ys[1])));
    });
    pen.stroke();
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }
}

/** Accuracy or loss of every network, epoch by epoch. */
function learning(place: HTMLElement, { store }: Context, histories: readonly History[]): () => void {
  const words: Record<string, string> = { val_accuracy: "accuracy on validation examples", accuracy: "accuracy on training examples", val_loss: "loss on validation examples", loss: "loss on training examples" };
  const there = Object.keys(words).filter((name) => histories.some(({ epochs }) => name in epochs));
  let shown = there[0] ?? "";
  const what = chooser("Show", there.map((name) => [name, words[name]]), shown, (name) => {
    shown = name;
    canvas.redraw();
  });
  const canvas = plane(`Learning curves of ${histories.length} networks`, "small", (pen, width, height, colours) => {
    const lines = histories.map(({ epochs }, network): Line => {
      const picked = network === store.now.network;
      return { xs: (epochs.epoch ?? []).map((one) => one ?? 0), ys: epochs[shown] ?? [], colour: picked ? colours.mark : colours.a, wide: picked ? 3 : 1, opacity: picked ? 1 : 0.45 };
    });
    const isShare = shown.endsWith("accuracy");
    const known = lines.flatMap(({ ys }) => ys.filter((one): one is number => one !== null));
    const top = isShare ? 1 : extent(known)[1];
    drawLines(pen, width, height, colours, lines, extent(lines.flatMap(({ xs }) => xs)), [0, top], { x: "epoch", tick: (value) => (isShare ? `${Math.round(100 * value)}\u00a0%` : fixed(value, 1)) });
    canvas.canvas.dataset.drawn = String(lines.length);
  });
  part(place, "How each of them learned", "A line for each network; the chosen one is thick.", what.label, canvas.canvas);
  return canvas.redraw;
}

/** Of what the ranks of near pairs vary by, in every space. */
function sharesOf(place: HTMLElement, { shares, sources }: Instability): () => void {
  const words: Record<string, string> = { pair: "the pair itself", network: "the network", autoencoder: "the autoencoder" };
  const canvas = plane("Shares of the spread of ranks by space", "shares", (pen, width, _height, colours) => {
    pen.font = `12px ${FONT}`;
    shares.forEach(({ space, shares: own }, i) => {
      const y = 6 + i * 24;
      pen.fillStyle = colours.soft;
      pen.textAlign = "right";
      pen.fillText(space, 92, y + 13);
      let from = 100;
      own.forEach((share, source) => {
        const wide = ((share?.[0] ?? 0) / 100) * (width - 112);
        pen.fillStyle = category(source === 0 ? 0 : source === 1 ? 4 : 3);
        pen.fillRect(from, y, wide, 17);
        if (wide > 34) {
          pen.fillStyle = "#fff";
          pen.textAlign = "center";
          pen.fillText(`${Math.round(share?.[0] ?? 0)}\u00a0%`, from + wide / 2, y + 13);
        }
        from += wide;
      });
    });
    canvas.canvas.dataset.drawn = String(shares.length);
  });
  canvas.canvas.style.height = `${12 + shares.length * 24}px`;
  const key = element("p", { class: "key" }, ...sources.map((source, i) => {
    const one = element("span", {}, words[source] ?? source);
    one.style.setProperty("--swatch", category(i === 0 ? 0 : i === 1 ? 4 : 3));
    return one;
  }));
  part(place, "What the ranks vary by", "Of the spread of all ranks in a space, the share that stays with the pair, that changes with the network, and that changes with the autoencoder on one network.", canvas.canvas, key);
  return canvas.redraw;
}

/** How alike the order of pairs would be in another study of so many networks. */
function reliability(place: HTMLElement, { runs }: Context, { curves }: Instability): () => void {
  // As many as can be told apart.
  const names = ["hidden", "ae2", runs.index.chosen, "untrained"].filter((name) => name in curves.of);
  const looks = [{ colour: category(0), dash: [] }, { colour: category(1), dash: [6, 3] }, { colour: category(2), dash: [2, 3] }, { colour: category(3), dash: [8, 3, 2, 3] }];
  const canvas = plane("Reliability of the order of pairs by number of networks", "small", (pen, width, height, colours) => {
    const lines = names.map((name, i): Line => ({ xs: curves.networks, ys: curves.of[name], wide: 2, opacity: 1, ...looks[i % looks.length] }));
    drawLines(pen, width, height, colours, lines, extent(curves.networks), [0, 1], { x: "networks", tick: (value) => fixed(value, 2) });
    canvas.canvas.dataset.drawn = String(lines.length);
  });
  const key = element("p", { class: "key" }, ...names.map((name, i) => {
    const one = element("span", {}, name);
    one.style.setProperty("--swatch", looks[i % looks.length].colour);
    return one;
  }));
  part(place, "What more networks would give", "1 means that as many other networks would put the pairs in the same order.", canvas.canvas, key);
  return canvas.redraw;
}

export const instability: View = { name: "instability", title: "Where it comes from", build };

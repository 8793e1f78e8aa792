// How far apart the two signs are on their way, over how far examples of one sign are: a line for each
// network, the median of all, and where they part. In the hidden states, where no picture can mislead.
import { FONT, plane } from "./canvas";
import type { Palette } from "./colours";
import { chosenSigns, type Context } from "./context";
import { element } from "./dom";
import type { Tensor } from "./pack";
import { DASH, fixed } from "./text";

const LEFT = 44;
const RIGHT = 10;
const BOTTOM = 36;
const TOP = 12;
const MOST = 12;

interface Lines {
  networks: { network: number; close: boolean; values: number[] }[];
  median: number[];
  picture: number[] | null;
}

/** A pair's values at every phase, of a block (phase, pair). */
export function atPhases({ shape: [phases, pairs], values }: Tensor, pair: number): number[] {
  return Array.from({ length: phases }, (_, phase) => values[phase * pairs + pair]);
}

export function parting(place: HTMLElement, context: Context): () => void {
  const { pairs, runs, store } = context;
  let lines: Lines = { networks: [], median: [], picture: null };
  let asked = "";
  const told = element("p", { class: "said" });
  const canvas = plane("Distance between the two signs on their way", "parting", draw);
  place.append(element("h4", {}, "Where on the way they part"), told, canvas.canvas);

  async function load(): Promise<void> {
    const [row, signs] = [store.now.pair, chosenSigns(context)];
    if (row === null || !signs) return;
    const now = `${row} ${store.now.space}`;
    if (now === asked) return canvas.redraw();
    asked = now;
    const at = runs.placeOf(...signs);
    const head = pairs.data.headline;
    const [median, picture, ranks] = await Promise.all([
      runs.held(`separation_median/${head}`), runs.held(`separation_median/${store.now.space}`), runs.ranks(head),
    ]);
    const networks: Lines["networks"] = [];
    for (const network of runs.index.networks.keys()) {
      const one = await runs.held(`separation/${head}/${network}`);
      if (!one) continue;
      const rank = ranks ? ranks.values[network * ranks.shape[1] * ranks.shape[2] + at] : NaN;
      networks.push({ network, close: rank <= runs.index.k, values: atPhases(one, at) });
    }
    if (now !== asked) return;
    lines = { networks, median: median ? atPhases(median, at) : [], picture: picture ? atPhases(picture, at) : null };
    told.textContent = words(row);
    canvas.canvas.setAttribute("aria-label", `Distance by phase in ${networks.length} networks. ${words(row)}`);
    canvas.redraw();
  }

  function words(row: number): string {
    const percent = (name: string): number | null => pairs.head(row, name);
    const [parts, low, high, within, together] = ["parts_at", "parts_low", "parts_high", "parts_in", "together_to"].map(percent);
    const of = (value: number | null): string => fixed(value === null ? null : 100 * value, 0);
    const apart = within === null ? null : Math.round(within * pairs.data.runs);
    const ends = parts === null || apart === 0 ? `In none of ${pairs.data.runs} networks do they part for good.` : `Apart for good from ${of(parts)}\u00a0% of the way (${of(low)}${DASH}${of(high)}\u00a0%), in ${apart ?? DASH} of ${pairs.data.runs} networks.`;
    const begins = together === null ? "" : ` Together from the start to ${of(together)}\u00a0%.`;
    const pictured = lines.picture ? ` Dotted: the median in ${store.now.space}, which may tell it otherwise.` : "";
    return `Distance between the two signs in the hidden states over the distance within a sign; above ${runs.index.parting} they are apart. Thin: each network; thick: their median.${pictured} ${ends}${begins}`;
  }

  function draw(pen: CanvasRenderingContext2D, width: number, height: number, colours: Palette): void {
    const known = [...lines.networks.map(({ values }) => values), lines.median, lines.picture ?? []].flat().filter(Number.isFinite);
    const top = Math.min(MOST, Math.max(2 * runs.index.parting, ...known));
    const x = (share: number): number => LEFT + share * (width - LEFT - RIGHT);
    const y = (value: number): number => height - BOTTOM - (Math.sqrt(Math.min(value, top)) / Math.sqrt(top)) * (height - TOP - BOTTOM);
    axes(pen, x, y, top, width, height, colours);
    const line = (values: readonly number[]): void => {
      pen.beginPath();
      values.forEach((value, i) => (i ? pen.lineTo(x(i / (values.length - 1)), y(value)) : pen.moveTo(x(0), y(value))));
      pen.stroke();
    };
    for (const { network, close, values } of lines.networks) {
      const picked = network === store.now.network;
      pen.strokeStyle = picked ? colours.mark : close ? colours.a : colours.b;
      pen.globalAlpha = picked ? 1 : 0.4;
      pen.lineWidth = picked ? 2.5 : 1;
      pen.setLineDash(close || picked ? [] : [3, 2]);
      line(values);
    }
    pen.globalAlpha = 1;
    pen.strokeStyle = colours.ink;
    pen.lineWidth = 2.5;
    pen.setLineDash([]);
    if (lines.median.length) line(lines.median);
    if (lines.picture) {
      pen.lineWidth = 1.8;
      pen.setLineDash([2, 4]);
      line(lines.picture);
      pen.setLineDash([]);
    }
    pen.strokeStyle = colours.soft;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(x(store.now.time), TOP);
    pen.lineTo(x(store.now.time), height - BOTTOM);
    pen.stroke();
    canvas.canvas.dataset.drawn = String(lines.networks.length + 1);
  }

  function axes(
    pen: CanvasRenderingContext2D, x: (v: number) => number, y: (v: number) => number, top: number, width: number, height: number, colours: Palette,
  ): void {
    pen.font = `11px ${FONT}`;
    pen.strokeStyle = colours.rule;
    pen.fillStyle = colours.soft;
    pen.lineWidth = 1;
    pen.textAlign = "right";
    for (const value of [0, 0.5, 1, 2, 4, 8, 12].filter((one) => one <= top)) {
      pen.beginPath();
      pen.moveTo(LEFT, y(value));
      pen.lineTo(width - RIGHT, y(value));
      pen.stroke();
      pen.fillText(String(value), LEFT - 6, y(value) + 4);
    }
    pen.textAlign = "center";
    for (const share of [0, 0.25, 0.5, 0.75, 1]) pen.fillText(`${100 * share}\u00a0%`, Math.min(x(share), width - 18), height - BOTTOM + 15);
    pen.fillText("of the way from the first frame to the last", x(0.5), height - 5);
    pen.strokeStyle = colours.mark;
    pen.setLineDash([6, 4]);
    pen.beginPath();
    pen.moveTo(LEFT, y(runs.index.parting));
    pen.lineTo(width - RIGHT, y(runs.index.parting));
    pen.stroke();
    pen.setLineDash([]);
    pen.textAlign = "left";
    pen.fillStyle = colours.mark;
    pen.fillText(`apart above ${runs.index.parting}`, LEFT + 4, y(runs.index.parting) - 4);
  }

  const seek = (event: PointerEvent): void => {
    const share = (event.offsetX - LEFT) / (canvas.canvas.clientWidth - LEFT - RIGHT);
    store.set({ time: Math.min(Math.max(share, 0), 1) });
  };
  canvas.canvas.addEventListener("pointermove", (event) => {
    if (event.pointerType === "mouse" || event.buttons) seek(event);
  });
  canvas.canvas.addEventListener("pointerdown", seek);
  return () => void load();
}

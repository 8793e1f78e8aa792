// How often each pair is close in the hidden states against how often in a picture of them. Pairs that
// fall on one spot are one disc, as large as they are many; a click lists them.
import { pairWords } from "./answers";
import { FONT, plane } from "./canvas";
import type { Palette } from "./colours";
import type { Context } from "./context";
import { button, chooser, element, hideTip, showTip } from "./dom";
import type { View } from "./views";
import { counted } from "./text";

const LEFT = 64;
const BOTTOM = 46;
const MARGIN = 22;
const LISTED = 30;

export interface Spot {
  x: number;
  y: number;
  rows: number[];
}

/** Gather the rows that have one value in both. */
export function spots(xs: readonly (number | null)[], ys: readonly (number | null)[]): Spot[] {
  const found = new Map<string, Spot>();
  for (let row = 0; row < xs.length; row++) {
    const [x, y] = [xs[row], ys[row]];
    if (x === null || y === null) continue;
    const key = `${x.toFixed(4)} ${y.toFixed(4)}`;
    const spot = found.get(key);
    if (spot) spot.rows.push(row);
    else found.set(key, { x, y, rows: [row] });
  }
  return [...found.values()].sort((one, other) => other.rows.length - one.rows.length);
}

function build(place: HTMLElement, context: Context): () => void {
  const { pairs, runs, store } = context;
  const pictures = runs.index.spaces.filter(({ dims }) => dims > 0).map(({ name }) => name);
  let space = pictures.includes("ae2") ? "ae2" : pictures[0];
  let shown: Spot[] = [];
  const head = pairs.data.headline;
  const column = (name: string): (number | null)[] => Array.from({ length: pairs.count }, (_, row) => pairs.number(row, `${name}_pi`));
  const hidden = column(head);
  const what = chooser("Picture", pictures.map((name) => [name, name]), space, (name) => {
    space = name;
    reckon();
  });
  const list = element("div", { class: "listed", role: "status" });
  const canvas = plane("", "picture", draw);
  canvas.canvas.tabIndex = 0;
  place.append(
    element("div", { class: "controls" }, what.label),
    element("p", { class: "said" }, "Each disc is the pairs that are close in as many networks and in as many pictures: the larger, the more (up to 120). A click lists them. On the line, a picture shows a pair as close as often as the hidden states are."),
    canvas.canvas, list);

  function reckon(): void {
    shown = spots(hidden, column(space));
    canvas.canvas.setAttribute("aria-label", `Pairs by how often they are close in ${head} and in ${space}: ${shown.length} spots. ${quadrants().map(({ words, rows }) => `${words}: ${rows}`).join(", ")}.`);
    canvas.redraw();
  }

  /** The verdict's half line cuts the plane in four. */
  function quadrants(): { words: string; rows: number; x: number; y: number }[] {
    const of = (x: boolean, y: boolean): number => shown.filter((spot) => spot.x > 0.5 === x && spot.y > 0.5 === y).reduce((sum, { rows }) => sum + rows.length, 0);
    return [
      { words: "close in both", rows: of(true, true), x: 1, y: 1 },
      { words: "lost in the picture", rows: of(true, false), x: 1, y: 0 },
      { words: "close only in the picture", rows: of(false, true), x: 0, y: 1 },
      { words: "apart in both", rows: of(false, false), x: 0, y: 0 },
    ];
  }

  const box = (): { x: (v: number) => number; y: (v: number) => number } => {
    const [width, height] = [canvas.canvas.clientWidth, canvas.canvas.clientHeight];
    return { x: (v) => LEFT + v * (width - LEFT - MARGIN), y: (v) => height - BOTTOM - v * (height - BOTTOM - MARGIN) };
  };
  const radius = (spot: Spot): number => Math.min(3 + 1.2 * Math.sqrt(spot.rows.length - 1), 16);

  function draw(pen: CanvasRenderingContext2D, width: number, height: number, colours: Palette): void {
    const { x, y } = box();
    pen.strokeStyle = colours.rule;
    pen.lineWidth = 1;
    pen.strokeRect(x(0), y(1), x(1) - x(0), y(0) - y(1));
    pen.setLineDash([5, 4]);
    pen.strokeStyle = colours.soft;
    pen.beginPath();
    pen.moveTo(x(0.5), y(0));
    pen.lineTo(x(0.5), y(1));
    pen.moveTo(x(0), y(0.5));
    pen.lineTo(x(1), y(0.5));
    pen.stroke();
    pen.setLineDash([]);
    pen.beginPath();
    pen.moveTo(x(0), y(0));
    pen.lineTo(x(1), y(1));
    pen.stroke();
    for (const spot of shown) {
      pen.fillStyle = spot.x > 0.5 ? colours.a : spot.y > 0.5 ? colours.b : colours.soft;
      pen.globalAlpha = 0.5;
      pen.beginPath();
      pen.arc(x(spot.x), y(spot.y), radius(spot), 0, 2 * Math.PI);
      pen.fill();
      pen.globalAlpha = 1;
    }
    const row = store.now.pair;
    const own = row === null ? null : shown.find(({ rows }) => rows.includes(row));
    if (own) {
      pen.strokeStyle = colours.mark;
      pen.lineWidth = 2.5;
      pen.beginPath();
      pen.arc(x(own.x), y(own.y), radius(own) + 3, 0, 2 * Math.PI);
      pen.stroke();
    }
    pen.font = `12px ${FONT}`;
    pen.fillStyle = colours.soft;
    pen.textAlign = "center";
    for (const share of [0, 0.5, 1]) pen.fillText(`${100 * share}\u00a0%`, x(share), height - BOTTOM + 16);
    pen.fillText(`how often close in ${head}`, x(0.5), height - 8);
    pen.textAlign = "right";
    for (const share of [0, 0.5, 1]) pen.fillText(`${100 * share}\u00a0%`, LEFT - 8, y(share) + 4);
    pen.save();
    pen.translate(13, y(0.5));
    pen.rotate(-Math.PI / 2);
    pen.textAlign = "center";
    pen.fillText(`how often close in ${space}`, 0, 0);
    pen.restore();
    pen.font = `600 12px ${FONT}`;
    pen.fillStyle = colours.ink;
    for (const { words, rows, x: right, y: top } of quadrants()) {
      pen.textAlign = right ? "right" : "left";
      pen.fillText(`${words}: ${rows.toLocaleString("en")}`, x(right ? 1 : 0) + (right ? -8 : 40), y(top ? 1 : 0.5) + 18, width / 2 - 60);
    }
    canvas.canvas.dataset.drawn = String(shown.length);
  }

  function under(event: MouseEvent): Spot | null {
    const { x, y } = box();
    const near = shown.map((spot) => ({ spot, off: Math.hypot(x(spot.x) - event.offsetX, y(spot.y) - event.offsetY) - radius(spot) })).sort((a, b) => a.off - b.off)[0];
    return near && near.off < 4 ? near.spot : null;
  }

  const percent = (share: number): string => `${Math.round(100 * share)}\u00a0%`;
  const tell = (spot: Spot): string => `${counted(spot.rows.length, "pair")}: close in ${percent(spot.x)} of ${head}, ${percent(spot.y)} of ${space}`;

  function listPairs(spot: Spot): void {
    const some = spot.rows.slice(0, LISTED).map((row) => button(pairWords(pairs, row), () => store.set({ pair: row })));
    const more = spot.rows.length > LISTED ? ` and ${spot.rows.length - LISTED} more` : "";
    list.replaceChildren(element("p", {}, `${tell(spot)}.`), ...some, more);
  }

  canvas.canvas.addEventListener("pointermove", (event) => {
    const spot = under(event);
    if (spot) showTip(event.clientX + 12, event.clientY, tell(spot));
    else hideTip();
  });
  canvas.canvas.addEventListener("pointerleave", hideTip);
  canvas.canvas.addEventListener("click", (event) => {
    const spot = under(event);
    if (!spot) return;
    if (spot.rows.length === 1) store.set({ pair: spot.rows[0] });
    listPairs(spot);
  });
  reckon();
  return canvas.redraw;
}

export const picture: View = { name: "picture", title: "Hidden or picture", build };

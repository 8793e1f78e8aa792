// Small charts on a canvas: axes with round ticks, lines, the line nearest to a pointer, names beside dots.
// Takes data and a box, gives places in it; knows nothing of the study.
import { FONT } from "./canvas";
import type { Palette } from "./colours";

export interface Axis {
  low: number;
  high: number;
  ticks: readonly number[];
  /** What it measures, below or above it. */
  words: string;
  label: (value: number) => string;
  log?: boolean;
}

export interface Plot {
  x: (value: number) => number;
  y: (value: number) => number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Round numbers from `low` to `high`, about as many as wanted: steps of 1, 2 or 5 times a power of ten. */
export function ticksOf(low: number, high: number, wanted: number): number[] {
  const rough = (high - low) / wanted;
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough * (1 - 1e-9))!;
  const found: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) found.push(Number((i * step).toPrecision(12)));
  return found;
}

/** Powers of ten inside a range of numbers above 0. */
export function powersIn(low: number, high: number): number[] {
  const found: number[] = [];
  for (let power = Math.ceil(Math.log10(low) - 1e-9); 10 ** power <= high * (1 + 1e-9); power++) found.push(10 ** power);
  return found;
}

/** Of ticks that would lie on each other the later ones are left out, but never the last. */
export function thinned(ticks: readonly number[], place: (value: number) => number, room: number): number[] {
  const found: number[] = [];
  const last = ticks.at(-1);
  for (const one of ticks) {
    const free = !found.length || Math.abs(place(one) - place(found.at(-1)!)) >= room;
    if (free && (one === last || Math.abs(place(last!) - place(one)) >= room)) found.push(one);
  }
  return found;
}

/** Draw the axes and give where values lie. */
export function axes(pen: CanvasRenderingContext2D, width: number, height: number, x: Axis, y: Axis, colours: Palette): Plot {
  const [left, right, top, bottom] = [44, width - 12, 20, height - 34];
  const scale = ({ low, high, log }: Axis, from: number, to: number) => (value: number): number => {
    const at = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low || 1);
    return from + Math.min(Math.max(at, 0), 1) * (to - from);
  };
  const plot = { x: scale(x, left, right), y: scale(y, bottom, top), left, right, top, bottom };
  pen.font = `11px ${FONT}`;
  pen.lineWidth = 1;
  pen.strokeStyle = colours.rule;
  pen.fillStyle = colours.soft;
  pen.textBaseline = "alphabetic";
  pen.textAlign = "right";
  for (const value of y.ticks) {
    const at = Math.round(plot.y(value)) + 0.5;
    pen.beginPath();
    pen.moveTo(left, at);
    pen.lineTo(right, at);
    pen.stroke();
    pen.fillText(y.label(value), left - 6, at + 3.5);
  }
  const shown = thinned(x.ticks, plot.x, 26);
  for (const value of shown) {
    const at = plot.x(value);
    pen.fillRect(Math.round(at), bottom, 1, 4);
    pen.textAlign = at > right - 12 ? "right" : "center";
    pen.fillText(x.label(value), at > right - 12 ? right + 8 : at, bottom + 15);
  }
  pen.textAlign = "center";
  pen.fillText(x.words, (left + right) / 2, height - 5);
  pen.textAlign = "left";
  pen.fillText(y.words, 2, 11);
  return plot;
}

export type Points = readonly (readonly [number, number | null])[];

export function line(pen: CanvasRenderingContext2D, { x, y }: Plot, points: Points, colour: string, wide: number, dash: number[] = []): void {
  pen.strokeStyle = colour;
  pen.lineWidth = wide;
  pen.lineJoin = "round";
  pen.setLineDash(dash);
  pen.beginPath();
  let open = false;
  for (const [at, value] of points) {
    if (value === null) open = false;
    else if (open) pen.lineTo(x(at), y(value));
    else pen.moveTo(x(at), y(value));
    open = value !== null;
  }
  pen.stroke();
  pen.setLineDash([]);
}

/** Which line passes nearest to a pointer, and at which of its points; null if none is near. */
export function nearestLine(
  lines: readonly Points[], { x, y }: Pick<Plot, "x" | "y">, at: readonly [number, number], reach = 12,
): { line: number; point: number } | null {
  let [found, least] = [null as { line: number; point: number } | null, reach];
  for (const [i, points] of lines.entries()) {
    let [point, off] = [-1, Infinity];
    for (const [p, [value, height]] of points.entries()) {
      const aside = Math.abs(x(value) - at[0]);
      if (height !== null && aside < off) [point, off] = [p, aside];
    }
    if (point < 0) continue;
    const [value, height] = points[point];
    // Points of one line may be far from each other; what counts is how far the line is above or below.
    const from = Math.hypot(Math.max(0, Math.abs(x(value) - at[0]) - 20), y(height!) - at[1]);
    if (from < least) [found, least] = [{ line: i, point }, from];
  }
  return found;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

const overlaps = (one: Box, other: Box): boolean =>
  one.x < other.x + other.width && other.x < one.x + one.width && one.y < other.y + other.height && other.y < one.y + one.height;

/** Places for names beside their dots, first come first served; null where a name would lie on something. */
export function besides(
  dots: readonly (readonly [number, number])[], widths: readonly number[], height: number, gap: number, frame: Box, order: readonly number[],
): (Box | null)[] {
  const taken: Box[] = dots.map(([x, y]) => ({ x: x - gap + 1, y: y - gap + 1, width: 2 * gap - 2, height: 2 * gap - 2 }));
  const found: (Box | null)[] = dots.map(() => null);
  for (const i of order) {
    const [[x, y], width] = [dots[i], widths[i]];
    const corners = [[gap, -height / 2], [-gap - width, -height / 2], [-width / 2, -gap - height], [-width / 2, gap], [gap - 2, -gap - height + 3], [gap - 2, gap - 3]];
    const box = corners.map(([dx, dy]) => ({ x: x + dx, y: y + dy, width, height })).find((one) =>
      one.x >= frame.x && one.y >= frame.y && one.x + width <= frame.x + frame.width && one.y + height <= frame.y + frame.height
      && !taken.some((other, dot) => dot !== i && overlaps(one, other)));
    if (!box) continue;
    taken.push(box);
    found[i] = box;
  }
  return found;
}

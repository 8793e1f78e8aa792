// The geometry of the path map: paths as points in a space, and how a camera sees them. Takes the pack's
// tensors, gives typed arrays and plain numbers; both painters (WebGL and canvas) and the labels use it.
import type { Tensor } from "./pack";

/** Paths of equally many points, one path after another, three numbers a point (the third is 0 in a plane). */
export interface Paths {
  count: number;
  steps: number;
  points: Float32Array;
  /** How far networks lie from the mean at each point; only for a consensus. */
  spread: Float32Array | null;
}

export type Three = readonly [number, number, number];

export interface Box {
  low: Three;
  high: Three;
}

/** Where a point is seen: its share along `across` and `down`, from `x` and `y`, in pixels of the page. */
export interface Lens {
  across: Three;
  down: Three;
  x: number;
  y: number;
  /** Pixels for one unit of the space. */
  scale: number;
}

/** Zoom and middle in a plane; zoom, turn and tilt in three dimensions. */
export type Camera = readonly number[];

export const start = (dims: number): Camera => (dims === 3 ? [1, 0.6, 0.35] : [1, 0, 0]);

const MARGIN = 26;
/** Of half the box's diagonal, so much must be seen from every side. */
const SEEN = 0.86;

export function pathsOf({ shape, values }: Tensor): Paths {
  const [count, steps, dims] = shape;
  const points = new Float32Array(count * steps * 3);
  for (let i = 0; i < count * steps; i++) {
    for (let d = 0; d < Math.min(dims, 3); d++) points[3 * i + d] = values[dims * i + d];
  }
  return { count, steps, points, spread: null };
}

/** The mean path of each sign over networks, and their root mean square distance from it. */
export function consensusOf(tensors: readonly Tensor[]): Paths {
  const all = tensors.map(pathsOf);
  const { count, steps } = all[0];
  const points = new Float32Array(all[0].points.length);
  for (const one of all) one.points.forEach((value, i) => (points[i] += value / all.length));
  const spread = new Float32Array(count * steps);
  for (const one of all) one.points.forEach((value, i) => (spread[Math.floor(i / 3)] += (value - points[i]) ** 2 / all.length));
  return { count, steps, points, spread: spread.map(Math.sqrt) };
}

/** Points on the way from some to others. */
export function between(from: Float32Array, to: Float32Array, share: number): Float32Array {
  return to.map((value, i) => from[i] + (value - from[i]) * share);
}

export function boxOf(paths: readonly Paths[]): Box {
  const [low, high] = [[Infinity, Infinity, Infinity], [-Infinity, -Infinity, -Infinity]];
  for (const { points } of paths) {
    for (let i = 0; i < points.length; i++) {
      const d = i % 3;
      if (points[i] < low[d]) low[d] = points[i];
      if (points[i] > high[d]) high[d] = points[i];
    }
  }
  const three = (ends: number[]): Three => [0, 1, 2].map((d) => (Number.isFinite(ends[d]) ? ends[d] : 0)) as unknown as Three;
  return { low: three(low), high: three(high) };
}

/** The box of a usual one of several: one network that goes far must not make the others small. */
export function usualBox(boxes: readonly Box[]): Box {
  const mean = (end: keyof Box): Three => [0, 1, 2].map((d) => boxes.reduce((sum, box) => sum + box[end][d], 0) / boxes.length) as unknown as Three;
  return { low: mean("low"), high: mean("high") };
}

/** Half of the box's size along each axis; never none. */
const halves = ({ low, high }: Box): Three => low.map((one, d) => (high[d] - one) / 2) as unknown as Three;
const middle = ({ low, high }: Box): Three => low.map((one, d) => (high[d] + one) / 2) as unknown as Three;

/** How a camera sees a box in a pane; upwards is more. */
export function lensOf(box: Box, dims: number, camera: Camera, width: number, height: number): Lens {
  const [half, centre] = [halves(box), middle(box)];
  const [roomX, roomY] = [Math.max(width / 2 - MARGIN, 1), Math.max(height / 2 - MARGIN, 1)];
  const [zoom, first, second] = camera;
  let [across, down, scale]: [Three, Three, number] = [[1, 0, 0], [0, -1, 0], 1];
  let seen: Three = centre;
  if (dims === 3) {
    const radius = SEEN * Math.hypot(...half) || 1;
    scale = (zoom * Math.min(roomX, roomY)) / radius;
    const [ct, st, cl, sl] = [Math.cos(first), Math.sin(first), Math.cos(second), Math.sin(second)];
    across = [ct, 0, st];
    down = [-st * sl, -cl, ct * sl];
  } else {
    scale = zoom * Math.min(roomX / (half[0] || 1), roomY / (half[1] || 1));
    const unit = unitOf(box);
    seen = [centre[0] + first * unit, centre[1] + second * unit, centre[2]];
  }
  const scaled = (axis: Three): Three => [axis[0] * scale, axis[1] * scale, axis[2] * scale];
  [across, down] = [scaled(across), scaled(down)];
  return { across, down, x: width / 2 - dot(across, seen), y: height / 2 - dot(down, seen), scale };
}

/** The unit in which a camera's middle is told, so that an address fits any network's plane. */
export const unitOf = (box: Box): number => Math.max(...halves(box)) || 1;

const dot = (one: Three, other: Three): number => one[0] * other[0] + one[1] * other[1] + one[2] * other[2];

export function seen(lens: Lens, x: number, y: number, z: number): [number, number] {
  const { across, down } = lens;
  return [across[0] * x + across[1] * y + across[2] * z + lens.x, down[0] * x + down[1] * y + down[2] * z + lens.y];
}

/** All points as a lens sees them, two numbers each; `from` and `share` tell how far a move has come. */
export function seenAll(points: Float32Array, lens: Lens, from: Float32Array | null = null, share = 1): Float32Array {
  const found = new Float32Array((points.length / 3) * 2);
  const [[ax, ay, az], [dx, dy, dz]] = [lens.across, lens.down];
  const moving = from !== null && share < 1;
  for (let i = 0, j = 0; i < points.length; i += 3, j += 2) {
    let [x, y, z] = [points[i], points[i + 1], points[i + 2]];
    if (moving) {
      x = from[i] + (x - from[i]) * share;
      y = from[i + 1] + (y - from[i + 1]) * share;
      z = from[i + 2] + (z - from[i + 2]) * share;
    }
    found[j] = ax * x + ay * y + az * z + lens.x;
    found[j + 1] = dx * x + dy * y + dz * z + lens.y;
  }
  return found;
}

/** The last point that has been passed at a time, and how far the way to the next one has been gone. */
export function reached(steps: number, time: number): { step: number; share: number } {
  if (steps < 2) return { step: 0, share: 0 };
  const at = Math.min(Math.max(time, 0), 1) * (steps - 1);
  const step = Math.min(Math.floor(at), steps - 2);
  return { step, share: at - step };
}

/** Where each path is at a time, on the screen. */
export function heads(screen: Float32Array, count: number, steps: number, time: number): Float32Array {
  const { step, share } = reached(steps, time);
  const found = new Float32Array(2 * count);
  for (let path = 0; path < count; path++) {
    const i = 2 * (path * steps + step);
    const j = steps < 2 ? i : i + 2;
    found[2 * path] = screen[i] + (screen[j] - screen[i]) * share;
    found[2 * path + 1] = screen[i + 1] + (screen[j + 1] - screen[i + 1]) * share;
  }
  return found;
}

/** The path nearest to a place within some pixels, among the points that have been reached; -1 if none is. */
export function nearest(
  screen: Float32Array, steps: number, time: number, x: number, y: number, within: number,
  counts: (path: number) => boolean = () => true,
): { path: number; step: number; distance: number } {
  const { step: last, share } = reached(steps, time);
  const until = share > 0.5 ? last + 1 : last;
  let [path, step, best] = [-1, -1, within * within];
  for (let i = 0; 2 * i < screen.length; i++) {
    if (i % steps > until) continue;
    const [dx, dy] = [screen[2 * i] - x, screen[2 * i + 1] - y];
    const distance = dx * dx + dy * dy;
    if (distance > best || !counts(Math.floor(i / steps))) continue;
    [path, step, best] = [Math.floor(i / steps), i % steps, distance];
  }
  return { path, step, distance: Math.sqrt(best) };
}

/** Whether a place lies within an outline; Haines's crossings test. */
export function inside(outline: readonly (readonly [number, number])[], x: number, y: number): boolean {
  let within = false;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [outline[i], outline[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within;
  }
  return within;
}

/** How many segments are drawn of so many paths at a time. */
export function segmentsAt(count: number, steps: number, time: number): number {
  const { step, share } = reached(steps, time);
  return count * (step + (share > 0 ? 1 : 0));
}

export interface Wish {
  /** The path's end. */
  x: number;
  y: number;
  width: number;
  /** Is drawn whether or not there is room. */
  must: boolean;
  /** How far the text stands off. */
  off: number;
}

export interface Label {
  at: number;
  /** Left end and middle line of the text. */
  x: number;
  y: number;
}

const HIGH = 15;

/** Left, top, right and bottom of some text. */
export type Rectangle = readonly [number, number, number, number];

/** Put names beside their places, the first ones first, so that none covers another, what is kept free, or leaves the pane. */
export function placeLabels(
  wishes: readonly Wish[], order: readonly number[], width: number, height: number, kept: readonly Rectangle[] = [],
): Label[] {
  const taken: Rectangle[] = [...kept];
  const found: Label[] = [];
  for (const at of order) {
    const { x, y, width: wide, must, off } = wishes[at];
    const boxes = [
      [x + off, y - HIGH / 2], [x - off - wide, y - HIGH / 2],
      [x - wide / 2, y - off - HIGH], [x - wide / 2, y + off],
    ].map(([left, top]) => [left, top, left + wide, top + HIGH] as Rectangle);
    const free = (box: readonly number[]): boolean =>
      box[0] >= 2 && box[1] >= 2 && box[2] <= width - 2 && box[3] <= height - 2
      && taken.every((one) => box[0] > one[2] || box[2] < one[0] || box[1] > one[3] || box[3] < one[1]);
    let box = boxes.find(free);
    if (!box && must && x >= 0 && y >= 0 && x <= width && y <= height) {
      const left = Math.min(Math.max(2, boxes[0][0]), Math.max(2, width - wide - 2));
      const top = Math.min(Math.max(2, boxes[0][1]), height - HIGH - 2);
      box = [left, top, left + wide, top + HIGH];
    }
    if (!box) continue;
    taken.push(box);
    found.push({ at, x: box[0], y: box[1] + HIGH / 2 });
  }
  return found;
}

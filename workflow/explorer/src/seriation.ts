// The signs in the order of their tree: where each stands, its branches, which of them a pointer means, and
// which names have room. Takes `tree` of the explorer's pack: average linkage on 1 - how often close (groups.py).

/** The block `tree`: joins as scipy's linkage has them, signs in the order of the leaves, sets by number. */
export interface Tree {
  linkage: number[][];
  leaves: number[];
  groups: number[];
  tau: number;
}

/** A join of two branches, in places along the order of the leaves. */
export interface Branch {
  /** First and last place below it. */
  low: number;
  high: number;
  /** How seldom signs of its two branches are close, 0 to 1. */
  height: number;
  /** Where its two branches end in it, and at which heights they began. */
  ends: [number, number];
  from: [number, number];
}

/** The place of each sign in the order. */
export function placesOf(leaves: readonly number[]): number[] {
  const places = new Array<number>(leaves.length).fill(-1);
  leaves.forEach((sign, at) => (places[sign] = at));
  return places;
}

/** The joins of a tree, the lowest first. */
export function branches({ linkage, leaves }: Pick<Tree, "linkage" | "leaves">): Branch[] {
  const nodes = placesOf(leaves).map((at) => ({ middle: at, height: 0, low: at, high: at }));
  return linkage.map(([one, other, distance]) => {
    const [upper, lower] = [nodes[one], nodes[other]].sort((a, b) => a.middle - b.middle);
    // What breaks ties can set a join a hair beyond the ends.
    const height = Math.min(Math.max(distance, 0), 1);
    nodes.push({ middle: (upper.middle + lower.middle) / 2, height, low: upper.low, high: lower.high });
    return { low: upper.low, high: lower.high, height, ends: [upper.middle, lower.middle], from: [upper.height, lower.height] };
  });
}

/** The smallest branch over a place that is joined at this height or above. */
export function branchAt(tree: readonly Branch[], place: number, height: number): Branch | null {
  let found: Branch | null = null;
  for (const one of tree) {
    const over = place >= one.low - 0.5 && place <= one.high + 0.5 && one.height >= height;
    if (over && (!found || one.high - one.low < found.high - found.low)) found = one;
  }
  return found;
}

/** The sets of two signs and more, in the order of the leaves. */
export function setsOf({ leaves, groups }: Pick<Tree, "leaves" | "groups">): number[][] {
  const found = new Map<number, number[]>();
  for (const sign of leaves) {
    if (groups[sign]) found.set(groups[sign], [...(found.get(groups[sign]) ?? []), sign]);
  }
  return [...found.values()].filter((signs) => signs.length > 1);
}

/** Every how many rows a name has room, if a name takes so many pixels. */
export const strideOf = (size: number, room: number): number => Math.max(1, Math.ceil(room / size));

export interface Window {
  zoom: number;
  /** The first column and row in sight. */
  x: number;
  y: number;
}

export const MOST_ZOOM = 12;

/** Keep what is in sight inside the matrix. */
export function within({ zoom, x, y }: Window, count: number): Window {
  const held = Math.min(Math.max(zoom, 1), MOST_ZOOM);
  const most = count - count / held;
  const inside = (value: number): number => Math.min(Math.max(value, 0), most);
  return { zoom: held, x: inside(x), y: inside(y) };
}

/** Zoom so that a column and a row, both counted with fractions, stay where they are seen. */
export function zoomedAt(now: Window, by: number, column: number, row: number, count: number): Window {
  const zoom = Math.min(Math.max(now.zoom * by, 1), MOST_ZOOM);
  const share = now.zoom / zoom;
  return within({ zoom, x: column - (column - now.x) * share, y: row - (row - now.y) * share }, count);
}

/** Move what is in sight so far that a cell is in it. */
export function showing(now: Window, column: number, row: number, count: number): Window {
  const seen = count / now.zoom;
  const moved = (from: number, at: number): number => Math.min(Math.max(from, at + 1 - seen), at);
  return within({ ...now, x: moved(now.x, column), y: moved(now.y, row) }, count);
}

/** For every two signs the row of the table that has them, -1 where none has; symmetric. */
export function rowsOf(count: number, pairs: readonly (readonly [number, number])[]): Int32Array {
  const rows = new Int32Array(count * count).fill(-1);
  pairs.forEach(([a, b], row) => {
    if (a >= 0 && b >= 0) rows[a * count + b] = rows[b * count + a] = row;
  });
  return rows;
}

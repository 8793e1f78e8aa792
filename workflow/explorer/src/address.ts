// The view as an address that can be cited, and back: `#pair=drink,danger&network=3&time=0.4`.
// What is as it starts is left out. Names are encoded one by one, so that a comma in one splits nothing.
import type { Pairs, Runs } from "./study";
import type { State } from "./state";

/** What a page starts with, and what the names in an address are looked up in. */
export interface Known {
  pairs: Pairs;
  runs: Runs | null;
  start: State;
  sorts: ReadonlySet<string>;
  views: readonly string[];
}

const KEYS = /^#(pair|q|verdict|cause|sort|sign|example|network|space|seed|time|view|colour|ranks|matrix|camera)=/;

export const isView = (hash: string): boolean => KEYS.test(hash);

const encoded = (name: string): string =>
  encodeURIComponent(name).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Of a filter that lets nothing through; one that lets through what has no cause is an empty name. */
const NONE = "-";

/** The autoencoder that draws a space, if nobody has chosen another. */
const drawnIn = (runs: Runs | null, space: string): number => runs?.space(space)?.drawn ?? 0;

export const pairAddress = (pairs: Pairs, row: number): string => `#pair=${pairs.signs(row).map(encoded).join(",")}`;

export function addressOf(state: State, { pairs, runs, start }: Known): string {
  const parts: string[] = [];
  const put = (key: string, text: string): void => void parts.push(`${key}=${text}`);
  if (state.pair !== null) put("pair", pairs.signs(state.pair).map(encoded).join(","));
  if (state.q) put("q", encoded(state.q));
  for (const key of ["verdict", "cause"] as const) {
    if (state[key].size < start[key].size) put(key, state[key].size ? [...state[key]].map(encoded).join(",") : NONE);
  }
  if (state.sort) put("sort", (state.down ? "-" : "") + encoded(state.sort));
  if (runs && state.sign !== null) put("sign", encoded(runs.index.signs[state.sign]));
  if (runs && state.network !== null) put("network", encoded(runs.index.networks[state.network]));
  if (state.example !== null) put("example", String(state.example));
  for (const key of ["space", "view", "colour", "ranks", "matrix"] as const) {
    if (state[key] !== start[key]) put(key, encoded(state[key]));
  }
  if (state.seed !== drawnIn(runs, state.space)) put("seed", String(state.seed));
  if (state.time !== start.time) put("time", String(Number(state.time.toFixed(4))));
  if (state.camera) put("camera", state.camera.map((one) => Number(one.toFixed(3))).join(","));
  return parts.length ? `#${parts.join("&")}` : "";
}

/** The state that an address tells; what it names and the study lacks is passed over. */
export function stateOf(hash: string, { pairs, runs, start, sorts, views }: Known): State {
  const given = new Map(
    hash.slice(1).split("&").filter(Boolean).map((part) => {
      const cut = part.indexOf("=");
      return cut < 0 ? ([part, ""] as const) : ([part.slice(0, cut), part.slice(cut + 1)] as const);
    }),
  );
  const state: State = { ...start };
  const names = (key: string): string[] | undefined => given.get(key)?.split(",").map(decoded);
  const one = (key: string): string | undefined => (given.has(key) ? decoded(given.get(key)!) : undefined);
  const within = (key: string, low: number, high: number): number | null => {
    const found = Number(given.get(key) || NaN);
    return found >= low && found <= high ? found : null;
  };
  const pair = names("pair");
  if (pair?.length === 2) state.pair = pairs.rowOf(pair[0], pair[1]);
  state.q = one("q") ?? "";
  for (const key of ["verdict", "cause"] as const) {
    const wanted = names(key)?.filter((name) => start[key].has(name));
    if (wanted) state[key] = new Set(given.get(key) === NONE ? [] : wanted);
  }
  const sort = one("sort") ?? "";
  if (sorts.has(sort.replace(/^-/, ""))) {
    state.down = sort.startsWith("-");
    state.sort = sort.replace(/^-/, "");
  }
  if (views.includes(one("view") ?? "")) state.view = one("view")!;
  for (const key of ["colour", "matrix"] as const) state[key] = one(key) ?? start[key];
  if (sorts.has(`rank:${one("ranks")}`)) state.ranks = one("ranks")!;
  state.time = within("time", 0, 1) ?? start.time;
  const camera = given.get("camera")?.split(",").map(Number);
  if (camera?.length && camera.every(Number.isFinite)) state.camera = camera;
  if (!runs) return state;
  const found = (list: readonly string[], name: string | undefined): number | null => {
    const at = name === undefined ? -1 : list.indexOf(name);
    return at < 0 ? null : at;
  };
  state.sign = found(runs.index.signs, one("sign"));
  state.network = found(runs.index.networks, one("network"));
  const space = runs.space(one("space") ?? "");
  if (space) state.space = space.name;
  const seeds = runs.space(state.space)?.seeds ?? 1;
  state.seed = within("seed", 0, seeds - 1) ?? drawnIn(runs, state.space);
  const example = given.get("example");
  if (example && /^\d+$/.test(example)) state.example = Number(example);
  return state;
}

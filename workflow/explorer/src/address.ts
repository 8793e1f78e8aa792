// The view as an address that can be cited, and back: `#pair=drink,danger&network=3&time=0.4`.
// What is as it starts is left out. Names are encoded one by one, so that a comma in one splits nothing.
import type { State } from "./state";
import type { Pairs, Runs } from "./study";

/** Of what a page offers a choice by name. */
const CHOICES = ["view", "colour", "matrix", "picture", "measured", "other"] as const;
/** What is on or off. */
const TICKS = ["twin", "frames"] as const;
/** What is told by a few numbers. */
const FRAMES = ["camera", "twinCamera", "window"] as const;
const FILTERS = ["verdict", "cause"] as const;
/** The section that is read; it follows a view, for alone it is the section's own address. */
const AT = "at";

/** What a page starts with, and what the names in an address are looked up in. */
export interface Known {
  pairs: Pairs;
  runs: Runs | null;
  start: State;
  sorts: ReadonlySet<string>;
  choices: Record<(typeof CHOICES)[number], ReadonlySet<string>>;
}

/** What an address says: the state, and what it names that the study has not. */
export interface Told {
  state: State;
  unknown: string[];
}

/** Whether an address tells a view: those of sections have no equals sign. */
export const isView = (hash: string): boolean => /^#\w+=/.test(hash);

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
const ON = "yes";

/** The autoencoder that draws a space, if nobody has chosen another. */
const drawnIn = (runs: Runs | null, space: string): number => runs?.space(space)?.drawn ?? 0;

export const pairAddress = (pairs: Pairs, row: number): string => `#pair=${pairs.signs(row).map(encoded).join(",")}`;

/** The address of a view, and of the section that is read below it. */
export function addressOf(state: State, { pairs, runs, start }: Known, section = ""): string {
  const parts: string[] = [];
  const put = (key: string, text: string): void => void parts.push(`${key}=${text}`);
  const rounded = (values: readonly number[]): string => values.map((one) => Number(one.toFixed(5))).join(",");
  if (state.pair !== null) put("pair", pairs.signs(state.pair).map(encoded).join(","));
  if (state.q) put("q", encoded(state.q));
  for (const key of FILTERS) {
    if (state[key].size < start[key].size) put(key, state[key].size ? [...state[key]].map(encoded).join(",") : NONE);
  }
  if (state.sort) put("sort", (state.down ? "-" : "") + encoded(state.sort));
  if (state.ranks !== start.ranks) put("ranks", encoded(state.ranks));
  for (const key of CHOICES) if (state[key] !== start[key]) put(key, encoded(state[key]));
  if (runs) {
    const names = (signs: readonly number[]): string => signs.map((sign) => encoded(runs.index.signs[sign])).join(",");
    if (state.sign !== null) put("sign", names([state.sign]));
    if (state.network !== null) put("network", encoded(runs.index.networks[state.network]));
    if (state.signs.length) put("signs", names(state.signs));
    if (state.block) put("block", names(state.block));
  }
  if (state.example !== null) put("example", String(state.example));
  if (state.examples.length) put("examples", state.examples.join(","));
  if (state.space !== start.space) put("space", encoded(state.space));
  if (state.seed !== drawnIn(runs, state.space)) put("seed", String(state.seed));
  if (state.time !== start.time) put("time", String(Number(state.time.toFixed(4))));
  for (const key of TICKS) if (state[key]) put(key, ON);
  for (const key of FRAMES) if (state[key]) put(key, rounded(state[key]));
  if (section && parts.length) put(AT, encoded(section));
  return parts.length ? `#${parts.join("&")}` : "";
}

function partsOf(hash: string): Map<string, string> {
  return new Map(hash.slice(1).split("&").filter(Boolean).map((part) => {
    const cut = part.indexOf("=");
    return cut < 0 ? [part, ""] : [part.slice(0, cut), part.slice(cut + 1)];
  }));
}

/** The section that an address names beside its view; empty if none. */
export const sectionOf = (hash: string): string => (isView(hash) ? decoded(partsOf(hash).get(AT) ?? "") : "");

/** The state that an address tells; what it names and the study lacks stays as it starts. */
export function readAddress(hash: string, { pairs, runs, start, sorts, choices }: Known): Told {
  const state: State = { ...start };
  const unknown: string[] = [];
  const given = partsOf(hash);
  const left = new Set(given.keys());
  const names = (key: string): string[] => (given.get(key) ?? "").split(",").map(decoded);
  const asked = (key: string): string => `${key} ${names(key).join(", ")}`.trim();
  /** Take what a key says, if it is there and means something. */
  const take = <T>(key: string, meaning: (text: string) => T | null, put: (found: T) => void): void => {
    const text = given.get(key);
    if (!left.delete(key) || text === undefined) return;
    const found = meaning(text);
    if (found !== null) put(found);
    else unknown.push(asked(key));
  };
  const numbers = (text: string): number[] => text.split(",").map((one) => Number(one || NaN));
  const whole = (text: string): number[] | null => (numbers(text).every((one) => Number.isInteger(one) && one >= 0) ? numbers(text) : null);
  const within = (low: number, high: number) => (text: string): number | null => {
    const [found] = numbers(text);
    return found >= low && found <= high ? found : null;
  };
  const among = (list: readonly string[]) => (text: string): number | null => {
    const at = list.indexOf(decoded(text));
    return at < 0 ? null : at;
  };
  const all = <T>(meaning: (text: string) => T | null) => (text: string): T[] | null => {
    const found = text.split(",").map(meaning);
    return found.every((one) => one !== null) ? found : null;
  };

  take("pair", () => (names("pair").length === 2 ? pairs.rowOf(names("pair")[0], names("pair")[1]) : null), (row) => (state.pair = row));
  take("q", decoded, (words) => (state.q = words));
  for (const key of FILTERS) {
    take(key, (text) => {
      const wanted = text === NONE ? [] : names(key).filter((name) => start[key].has(name));
      return text === NONE || wanted.length ? new Set(wanted) : null;
    }, (wanted) => {
      state[key] = wanted;
      if (given.get(key) !== NONE) unknown.push(...names(key).filter((name) => !start[key].has(name)).map((name) => `${key} ${name}`));
    });
  }
  take("sort", (text) => (sorts.has(decoded(text).replace(/^-/, "")) ? decoded(text) : null), (sort) => {
    state.down = sort.startsWith("-");
    state.sort = sort.replace(/^-/, "");
  });
  take("ranks", (text) => (sorts.has(`rank:${decoded(text)}`) ? decoded(text) : null), (space) => (state.ranks = space));
  for (const key of CHOICES) take(key, (text) => (choices[key].has(decoded(text)) ? decoded(text) : null), (found) => (state[key] = found));
  take("time", within(0, 1), (time) => (state.time = time));
  for (const key of TICKS) take(key, (text) => (text === ON ? true : null), (on) => (state[key] = on));
  for (const key of FRAMES) take(key, (text) => (numbers(text).length === 3 && numbers(text).every(Number.isFinite) ? numbers(text) : null), (found) => (state[key] = found));
  if (runs) {
    const sign = among(runs.index.signs);
    take("sign", sign, (found) => (state.sign = found));
    take("network", among(runs.index.networks), (found) => (state.network = found));
    take("signs", all(sign), (found) => (state.signs = found));
    take("block", (text) => (names("block").length === 2 ? all(sign)(text) : null), (found) => (state.block = found));
    take("example", (text) => whole(text)?.[0] ?? null, (found) => (state.example = found));
    take("examples", whole, (found) => (state.examples = found));
    take("space", (text) => runs.space(decoded(text))?.name ?? null, (space) => (state.space = space));
    const seeds = runs.space(state.space)?.seeds ?? 1;
    state.seed = drawnIn(runs, state.space);
    take("seed", (text) => ((whole(text)?.[0] ?? seeds) < seeds ? whole(text)![0] : null), (seed) => (state.seed = seed));
  }
  left.delete(AT);
  return { state, unknown: [...unknown, ...[...left].map(asked)] };
}

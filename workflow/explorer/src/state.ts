// What the reader looks at, in one place: every view reads it, draws when it changes, and changes it.
export interface State {
  /** Words searched for, as typed. */
  q: string;
  verdict: ReadonlySet<string>;
  cause: ReadonlySet<string>;
  sort: string | null;
  down: boolean;
  /** The chosen pair: its place among the rows of the table of pairs. */
  pair: number | null;
  /** A sign, by its number. */
  sign: number | null;
  /** An example, by its number. */
  example: number | null;
  /** A network, by its number; null is all of them: their consensus. */
  network: number | null;
  /** In which space paths are drawn. */
  space: string;
  /** Which autoencoder of that space. */
  seed: number;
  /** Where on the way from the first frame to the last, 0 to 1. */
  time: number;
  /** Which view is open beside the table. */
  view: string;
  colour: string;
  /** Of which space the table shows ranks. */
  ranks: string;
  /** Turn, tilt and zoom of the path map, and where its middle lies; null is as it starts. */
  camera: readonly number[] | null;
  /** Whether the path map is drawn with all frames, whether by principal components, too, and their camera. */
  frames: boolean;
  twin: boolean;
  twinCamera: readonly number[] | null;
  /** Signs and examples that were selected in the path map, by their numbers. */
  signs: readonly number[];
  examples: readonly number[];
  /** What the matrix shows. */
  matrix: string;
  /** What is marked in it: all from one sign to another, in the order of the tree. */
  block: readonly number[] | null;
  /** How far it is zoomed, and the column and row where it begins; null is all of it. */
  window: readonly number[] | null;
  /** Which picture stands beside the hidden states. */
  picture: string;
  /** On which part of the data learning curves were measured. */
  measured: string;
  /** Which of the other studies stands beside this one: its place among them. */
  other: string;
}

export type Key = keyof State;
type Listener = (state: State, changed: ReadonlySet<Key>, given: ReadonlySet<Key>) => void;

/** Whose picture of the paths is looked at; what was selected in one says nothing of another. */
const PICTURE: readonly Key[] = ["network", "space", "seed"];
/** Nothing is selected in it. */
export const NONE_SELECTED: Pick<State, "signs" | "examples"> = { signs: [], examples: [] };

export class Store {
  #state: State;
  readonly #listeners: { keys: ReadonlySet<Key>; listener: Listener }[] = [];

  constructor(state: State) {
    this.#state = state;
  }

  get now(): State {
    return this.#state;
  }

  /** Call the listener whenever one of these keys has changed, with what has and what was given. */
  on(keys: readonly Key[], listener: Listener): void {
    this.#listeners.push({ keys: new Set(keys), listener });
  }

  set(patch: Partial<State>): void {
    const given = new Set(Object.keys(patch) as Key[]);
    const differs = (key: Key): boolean => given.has(key) && !same(patch[key], this.#state[key]);
    const next = { ...this.#state, ...(PICTURE.some(differs) ? NONE_SELECTED : {}), ...patch };
    const changed = new Set((Object.keys(next) as Key[]).filter((key) => !same(next[key], this.#state[key])));
    if (!changed.size) return;
    this.#state = next;
    for (const { keys, listener } of this.#listeners) {
      if ([...changed].some((key) => keys.has(key))) listener(this.#state, changed, given);
    }
  }
}

function same(one: unknown, other: unknown): boolean {
  if (one instanceof Set && other instanceof Set) return one.size === other.size && [...one].every((item) => other.has(item));
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((item, i) => item === other[i]);
  return Object.is(one, other);
}

// What every view is given: the study, what the page holds of its runs, and what the reader looks at.
import type { Store } from "./state";
import type { Pairs, Runs, Studies } from "./study";

export interface Context {
  pairs: Pairs;
  runs: Runs;
  store: Store;
  /** Null if the report stands alone. */
  studies: Studies | null;
}

/** The signs of the chosen pair, by their numbers. */
export function chosenSigns({ pairs, runs, store }: Context): [number, number] | null {
  if (store.now.pair === null) return null;
  const [a, b] = pairs.signs(store.now.pair).map((name) => runs.signOf(name));
  return a < 0 || b < 0 ? null : [a, b];
}

/** Choose the pair of two signs, if the study has it. */
export function choosePair({ pairs, runs, store }: Context, a: number, b: number): void {
  const row = pairs.rowOf(runs.index.signs[a], runs.index.signs[b]);
  if (row !== null) store.set({ pair: row });
}

// A small study for the tests: hostile names, two causes, and a pair that is close in none.
import type { State } from "../src/state";
import { type PairData, Pairs } from "../src/study";

export const NAMES: [string, string][] = [["drink", "danger"], ["a,b", "</script><b>x"], ["drink", '"I"'], ["who", "soon"]];

const columns: Record<string, (string | number | null)[]> = {
  sign_a: NAMES.map(([a]) => a),
  sign_b: NAMES.map(([, b]) => b),
  verdict: ["stays close", "apart", "comes and goes", "stays close"],
  verdict_repeats: [0.99, 1, 0.5, 0.9],
  cause: ["learned", "", "flickers", "input-driven"],
  cause_repeats: [0.7, 1, 1, 1],
  hidden_pi: [1, 0, 0.5, 0.75],
  hidden_q: [1e-7, 1, null, 0.04],
  hidden_breaks: ["", "*", "1 3", "2"],
  raw_rank: [3, 2, 20, 1],
  hidden_rank_mean: [1.5, 40, 6, 2],
};

const data = {
  columns: Object.keys(columns), values: Object.values(columns), headline: "hidden", spaces: [{ name: "hidden", runs: 1 }], rawSpaces: ["raw"],
  every: "0 1 2 3", runs: 4, k: 5, verdicts: ["stays close", "comes and goes", "undecided", "apart"], causes: ["learned", "input-driven", "flickers"],
  undecided: "undecided", sure: 0.8, details: [], alone: [], limits: [1, 2], curves: [], studies: 200, plan: { more: [5], answers: [], of: [] }, promises: {},
} as unknown as PairData;

export const pairs = new Pairs(data);

export const start: State = {
  q: "", verdict: new Set(data.verdicts), cause: new Set([...data.causes, ""]), sort: null, down: false, ranks: "raw", pair: null, sign: null,
  example: null, network: null, space: "shared_ae2", seed: 0, time: 1, view: "map", colour: "sign", matrix: "hidden", camera: null,
  twinCamera: null, window: null, block: null, signs: [], examples: [], twin: false, frames: false, picture: "shared_ae2", measured: "validation", other: "0",
};

import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, isView, type Known, stateOf } from "../src/address";
import type { State } from "../src/state";
import type { Runs } from "../src/study";
import { NAMES, pairs, start as begin } from "./study";

// As a page begins: with the autoencoder that draws the shared map.
const start: State = { ...begin, seed: 1 };
const spaces = [{ name: "shared_ae2", seeds: 2, drawn: 1 }, { name: "ae2", seeds: 5, drawn: 3 }];
const runs = {
  index: { signs: [...new Set(NAMES.flat())], networks: ["0", "zwei, drei", "&="], spaces },
  space: (name: string) => spaces.find((one) => one.name === name),
} as unknown as Runs;
const known: Known = { pairs, runs, start, sorts: new Set(["pi", "rank:hidden"]), views: ["map", "matrix"] };

const views: Partial<State>[] = [
  {},
  { pair: 1, q: 'drink "I" & 100% #', verdict: new Set(["apart"]), cause: new Set(["", "learned"]) },
  { sort: "rank:hidden", down: true, ranks: "hidden", view: "matrix", matrix: "raw", colour: "time" },
  { pair: 3, network: 1, space: "ae2", seed: 4, time: 0.4125, camera: [1.5, -0.25, 0], sign: 2, example: 17 },
  { network: 2, verdict: new Set() },
  // The first autoencoder, where another one draws.
  { space: "ae2", seed: 0 },
  { space: "ae2", seed: 1 },
  { seed: 0 },
];
for (const [i, view] of views.entries()) {
  test(`an address restores view ${i}`, () => {
    const state = { ...start, ...view };
    const address = addressOf(state, known);
    assert.deepEqual(stateOf(address, known), state);
    assert.equal(addressOf(stateOf(address, known), known), address);
    assert.equal(isView(address), i > 0);
  });
}

test("a pair is found whichever sign is named first", () => {
  assert.equal(stateOf("#pair=danger,drink", known).pair, 0);
});

test("what a study lacks, and what makes no sense, is passed over", () => {
  for (const address of ["#pair=no,such", "#network=7&space=no&seed=9&time=2&view=__proto__&sort=q&camera=1,x", "#time=&example=-1", "#pair=%E0%A4%A,x", "#sections"]) {
    assert.deepEqual(stateOf(address, known), start, address);
  }
  assert.equal(isView("#pairs"), false);
});

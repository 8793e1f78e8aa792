import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, isView, type Known, readAddress, sectionOf } from "../src/address";
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
const choices = {
  view: new Set(["map", "matrix"]), colour: new Set(["sign", "time"]), matrix: new Set(["hidden", "raw", "hidden - ae2"]),
  picture: new Set(["shared_ae2", "ae2"]), measured: new Set(["validation", "training"]), other: new Set(["0", "1"]),
};
const known: Known = { pairs, runs, start, sorts: new Set(["pi", "rank:hidden"]), choices };
const stateOf = (address: string): State => readAddress(address, known).state;

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
  { view: "matrix", matrix: "hidden - ae2", block: [3, 0], window: [2.5, 0.125, 1] },
  { signs: [2, 3], examples: [4, 17], twin: true, twinCamera: [1.4, 0, -0.03125], frames: true },
  { picture: "ae2", measured: "training", other: "1" },
];
for (const [i, view] of views.entries()) {
  test(`an address restores view ${i}`, () => {
    const state = { ...start, ...view };
    const address = addressOf(state, known);
    assert.deepEqual(readAddress(address, known), { state, unknown: [] });
    assert.equal(addressOf(stateOf(address), known), address);
    assert.equal(isView(address), i > 0);
  });
}

test("a pair is found whichever sign is named first", () => {
  assert.equal(stateOf("#pair=danger,drink").pair, 0);
});

test("what a study lacks, and what makes no sense, stays as it starts and is told", () => {
  const told: Record<string, string[]> = {
    "#pair=no,such": ["pair no, such"],
    "#network=7&space=no&seed=9&time=2&view=__proto__&sort=q&camera=1,x": ["sort q", "view __proto__", "time 2", "camera 1, x", "network 7", "space no", "seed 9"],
    "#time=&example=-1&matrix=%3Cb%3E": ["matrix <b>", "time", "example -1"],
    "#pair=%E0%A4%A,x": ["pair %E0%A4%A, x"],
    "#signs=drink,no&block=drink&examples=1,1.5&twin=1": ["twin 1", "signs drink, no", "block drink", "examples 1, 1.5"],
    "#verdict=nothing&cause=": ["verdict nothing"],
    "#pair=drink,danger,who&zoom=3": ["pair drink, danger, who", "zoom 3"],
    "#sections": ["sections"],
    "#cause=,learned,input-driven,flickers,no": ["cause no"],
  };
  for (const [address, unknown] of Object.entries(told)) {
    const found = readAddress(address, known);
    assert.deepEqual(found.unknown, unknown, address);
    assert.deepEqual({ ...found.state, cause: start.cause }, start, address);
  }
  for (const section of ["#pairs", "#term-hidden-state", "#", ""]) assert.equal(isView(section), false, section);
  assert.equal(isView("#zoom=3&pair=drink,danger"), true);
});

test("a page without runs says so of what it cannot show", () => {
  const alone = { ...known, runs: null };
  assert.deepEqual(readAddress("#pair=drink,danger&network=0&signs=drink", alone).unknown, ["network 0", "signs drink"]);
});

test("an address keeps the section that is read beside the view", () => {
  const address = addressOf({ ...start, pair: 0 }, known, "method&");
  assert.equal(address, "#pair=drink,danger&at=method%26");
  assert.equal(sectionOf(address), "method&");
  assert.deepEqual(readAddress(address, known), { state: { ...start, pair: 0 }, unknown: [] });
  assert.equal(addressOf(start, known, "method"), "");
  assert.equal(sectionOf("#method"), "");
});

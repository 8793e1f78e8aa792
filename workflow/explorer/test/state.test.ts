import assert from "node:assert/strict";
import { test } from "node:test";
import { Store } from "../src/state";
import { start } from "./study";

test("what is selected in one picture goes with it, unless the next selection is given", () => {
  const store = new Store({ ...start, network: 1, signs: [2], examples: [4, 5] });
  store.set({ time: 0.5 });
  assert.deepEqual(store.now.examples, [4, 5]);
  store.set({ network: 1 });
  assert.deepEqual(store.now.examples, [4, 5]);
  store.set({ network: 2, examples: [4, 5] });
  assert.deepEqual([store.now.signs, store.now.examples], [[], [4, 5]]);
  store.set({ space: "ae2" });
  assert.deepEqual(store.now.examples, []);
});

test("listeners are told what has changed, and what was given", () => {
  const store = new Store({ ...start, pair: 0, window: [2, 0, 0] });
  const heard: string[] = [];
  store.on(["pair"], (_, changed, given) => heard.push([...changed].join(), [...given].join()));
  store.set({ pair: 1, window: [2, 0, 0] });
  store.set({ pair: 1 });
  assert.deepEqual(heard, ["pair", "pair,window"]);
});

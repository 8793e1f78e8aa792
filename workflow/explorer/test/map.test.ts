import assert from "node:assert/strict";
import { test } from "node:test";
import { consensus } from "../src/map";
import { spots } from "../src/picture";
import { branches } from "../src/matrix";

test("the consensus is the mean of the paths, the spread their distance from it", () => {
  const { path, spread } = consensus([Float32Array.of(0, 0, 3, 4), Float32Array.of(2, 0, 3, 4)]);
  assert.deepEqual([...path], [1, 0, 3, 4]);
  assert.deepEqual([...spread!], [1, 0]);
  assert.equal(consensus([Float32Array.of(1, 2)]).spread, null);
});

test("pairs on one spot are gathered, those that miss a value left out", () => {
  const found = spots([0.5, 0.5, 1, null], [0, 0, 0, 1]);
  assert.deepEqual(found, [{ x: 0.5, y: 0, rows: [0, 1] }, { x: 1, y: 0, rows: [2] }]);
});

test("branches lie in the middle of what they join", () => {
  const found = branches({ leaves: [2, 0, 1], linkage: [[0, 1, 0.5, 2], [2, 3, 0.9, 3]] });
  assert.deepEqual(found.map(({ left, right, height }) => [left, right, height]), [[1, 2, 0.5], [0, 1.5, 0.9]]);
  assert.deepEqual([found[1].low, found[1].high], [0, 2]);
});

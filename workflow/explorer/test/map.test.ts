import assert from "node:assert/strict";
import { test } from "node:test";
import { consensus } from "../src/map";

test("the consensus is the mean of the paths, the spread their distance from it", () => {
  const { path, spread } = consensus([Float32Array.of(0, 0, 3, 4), Float32Array.of(2, 0, 3, 4)]);
  assert.deepEqual([...path], [1, 0, 3, 4]);
  assert.deepEqual([...spread!], [1, 0]);
  assert.equal(consensus([Float32Array.of(1, 2)]).spread, null);
});

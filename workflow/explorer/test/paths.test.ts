import assert from "node:assert/strict";
import { test } from "node:test";
import { wayBetween } from "../src/examples";
import { pathOf, pointAt } from "../src/multiples";
import { atPhases } from "../src/parting";

const tensor = (shape: number[], values: number[]): { shape: number[]; values: Float32Array } => ({ shape, values: Float32Array.from(values) });

test("a sign's path is its first two dimensions", () => {
  const block = tensor([2, 2, 3], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  assert.deepEqual([...pathOf(block, 1)], [6, 7, 9, 10]);
});

test("a point between two phases lies between them", () => {
  const path = Float32Array.of(0, 0, 2, 4, 4, 0);
  assert.deepEqual(pointAt(path, 0.25), [1, 2]);
  assert.deepEqual(pointAt(path, 1), [4, 0]);
  assert.deepEqual(pointAt(path, -1), [0, 0]);
  assert.deepEqual(pointAt(Float32Array.of(3, 4), 0.5), [3, 4]);
});

test("a pair's values are read phase by phase", () => {
  assert.deepEqual(atPhases(tensor([3, 2], [0, 1, 2, 3, 4, 5]), 1), [1, 3, 5]);
});

test("the way between an example and a mean path is nothing on it, and their distance beside it", () => {
  const means = tensor([2, 3, 2], [0, 0, 1, 0, 2, 0, 0, 3, 1, 3, 2, 3]);
  const held = tensor([1, 5, 2], [0, 0, 0.5, 0, 1, 0, 1.5, 0, 2, 0]);
  assert.equal(wayBetween(held, 0, means, 0), 0);
  assert.equal(wayBetween(held, 0, means, 1), 3);
});

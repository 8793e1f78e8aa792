import assert from "node:assert/strict";
import { test } from "node:test";
import { besides, nearestLine, powersIn, thinned, ticksOf } from "../src/chart";

test("ticks are round, and inside", () => {
  assert.deepEqual(ticksOf(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticksOf(0.43, 0.97, 3), [0.6, 0.8]);
  assert.deepEqual(ticksOf(0, 0.3, 3), [0, 0.1, 0.2, 0.3]);
  assert.deepEqual(ticksOf(3, 3, 4), [3]);
  assert.deepEqual(powersIn(0.02, 4), [0.1, 1]);
  assert.deepEqual(powersIn(0.01, 10), [0.01, 0.1, 1, 10]);
});

test("ticks without room are left out, the last one stays", () => {
  assert.deepEqual(thinned([20, 21, 22, 25, 30, 36, 40], (value) => 10 * value, 40), [20, 25, 30, 36, 40]);
  assert.deepEqual(thinned([0, 38, 40], (value) => value, 30), [0, 40]);
  assert.deepEqual(thinned([], (value) => value, 30), []);
});

test("the line under a pointer is found, and none far from all", () => {
  const lines = [[[0, 0], [50, 10], [100, 20]], [[0, 80], [50, null], [100, 90]]] as [number, number | null][][];
  const plot = { x: (value: number): number => value, y: (value: number): number => value };
  assert.deepEqual(nearestLine(lines, plot, [52, 14]), { line: 0, point: 1 });
  assert.deepEqual(nearestLine(lines, plot, [95, 88]), { line: 1, point: 2 });
  assert.equal(nearestLine(lines, plot, [50, 50]), null);
});

test("names lie beside their dots, not on other names or dots, and inside", () => {
  const frame = { x: 0, y: 0, width: 100, height: 40 };
  const found = besides([[10, 20], [40, 20], [95, 20]], [18, 18, 18], 10, 6, frame, [0, 1, 2]);
  assert.deepEqual(found.map((one) => one && one.x), [16, 46, 71]);
  assert.deepEqual(besides([[5, 5], [5, 5]], [200, 4], 10, 6, frame, [0, 1])[0], null);
});

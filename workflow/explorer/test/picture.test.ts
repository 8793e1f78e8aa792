import assert from "node:assert/strict";
import { test } from "node:test";
import { nextSpot, quarters, radiusOf, split, type Spot, spots } from "../src/picture";

test("pairs at one spot with one answer are one mark, the most first", () => {
  const found = spots([0, 0.5, 0.5, 0, 0, null, 0.5], [0, 0.2, 0.2, 0, 0, 1, 0.2], ["", "kept", "kept", "", "", "", "lost in projection"]);
  assert.deepEqual(found.map(({ answer, rows }) => [answer, rows]), [["", [0, 3, 4]], ["kept", [1, 2]], ["lost in projection", [6]]]);
});

test("what lies on the line is close, and answers are counted where their pairs lie", () => {
  const at = (x: number, y: number, answer = ""): Spot => ({ x, y, answer, rows: [0, 1] });
  const found = quarters([at(0.5, 0.5, "kept"), at(0.5, 0.49, "lost in projection"), at(0.6, 0), at(0.2, 0.9), at(0, 0)], 0.5);
  assert.deepEqual(Object.values(found).map(({ pairs }) => pairs), [2, 4, 2, 2]);
  assert.deepEqual([...found.both.answers], [["kept", 2]]);
  assert.deepEqual([...found.hidden.answers], [["lost in projection", 2]]);
});

test("marks grow with their pairs, up to a limit", () => {
  assert.ok(radiusOf(1) < radiusOf(10) && radiusOf(10) < radiusOf(100));
  assert.equal(radiusOf(1e9, 12), 12);
});

test("arrow keys find the next spot, and stay where there is none", () => {
  const [a, b, c] = [[0, 0], [0.5, 0], [0.3, 0.9]].map(([x, y]): Spot => ({ x, y, answer: "", rows: [0] }));
  assert.equal(nextSpot([a, b, c], a, 1, 0), b);
  assert.equal(nextSpot([a, b, c], a, 0, 1), c);
  assert.equal(nextSpot([a, b, c], a, -1, 0), a);
});

test("words are cut near their middle", () => {
  assert.deepEqual(split("close in the picture only"), ["close in the", "picture only"]);
  assert.deepEqual(split("kept"), ["kept"]);
});

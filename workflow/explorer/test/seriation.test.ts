import assert from "node:assert/strict";
import { test } from "node:test";
import { branchAt, branches, placesOf, rowsOf, setsOf, showing, strideOf, within, zoomedAt } from "../src/seriation";

const linkage = [[0, 2, 0.1, 2], [1, 3, 0.4, 2], [4, 5, 1.0000001, 4]];
const leaves = [3, 1, 0, 2];

test("branches lie where their leaves are, and no higher than none", () => {
  assert.deepEqual(placesOf(leaves), [2, 1, 3, 0]);
  const tree = branches({ linkage, leaves });
  assert.deepEqual(tree[0], { low: 2, high: 3, height: 0.1, ends: [2, 3], from: [0, 0] });
  assert.deepEqual(tree[2], { low: 0, high: 3, height: 1, ends: [0.5, 2.5], from: [0.4, 0.1] });
});

test("a pointer means the smallest branch that is joined there or above", () => {
  const tree = branches({ linkage, leaves });
  assert.equal(branchAt(tree, 2.2, 0.05), tree[0]);
  assert.equal(branchAt(tree, 2.2, 0.2), tree[2]);
  assert.equal(branchAt(tree, 0, 0.2), tree[1]);
  assert.equal(branchAt(tree, 9, 0.2), null);
});

test("sets come in the order of the leaves, those of one sign are none", () => {
  assert.deepEqual(setsOf({ leaves, groups: [2, 1, 2, 0] }), [[0, 2]]);
});

test("what is in sight stays inside, and zooming keeps what the pointer is at", () => {
  assert.deepEqual(within({ zoom: 0.5, x: -3, y: 7 }, 10), { zoom: 1, x: 0, y: 0 });
  assert.deepEqual(within({ zoom: 2, x: 8, y: -1 }, 10), { zoom: 2, x: 5, y: 0 });
  const zoomed = zoomedAt({ zoom: 1, x: 0, y: 0 }, 2, 6, 4, 10);
  assert.deepEqual(zoomed, { zoom: 2, x: 3, y: 2 });
  assert.deepEqual(showing(zoomed, 9, 0, 10), { zoom: 2, x: 5, y: 0 });
});

test("names are left out evenly where there is no room for all", () => {
  assert.equal(strideOf(12, 10), 1);
  assert.equal(strideOf(5, 10), 2);
  assert.equal(strideOf(2.5, 9), 4);
});

test("both halves of the matrix lead to the row of the table", () => {
  const rows = rowsOf(3, [[0, 1], [2, 1], [-1, 0]]);
  assert.deepEqual([...rows], [-1, 0, -1, 0, -1, 1, -1, 1, -1]);
});

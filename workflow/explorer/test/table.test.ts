import assert from "node:assert/strict";
import { test } from "node:test";
import { chosen, csv, matcher, told } from "../src/table";
import { Pairs } from "../src/study";
import { pairs, start } from "./study";

test("parts of names find pairs, quotes find a whole name", () => {
  const found = (q: string): number[] => chosen(pairs, { ...start, q });
  assert.deepEqual(found("DRINK"), [0, 2]);
  assert.deepEqual(found("drink dan"), [0]);
  assert.deepEqual(found('"drin"'), []);
  assert.deepEqual(found("<b>"), [1]);
  assert.deepEqual(found(""), [0, 1, 2, 3]);
});

test("a pair is found as the page writes it", () => {
  for (const query of ["drink \u2013 danger", "drink, danger", "drink danger"]) {
    assert.deepEqual([0, 1, 2, 3].filter(matcher(pairs, query)), [0], query);
  }
  assert.deepEqual([0, 1, 2, 3].filter(matcher(pairs, "a,b")), [1]);
});

test("filters of verdict and cause both hold", () => {
  assert.deepEqual(chosen(pairs, { ...start, cause: new Set(["learned"]) }), [0]);
  assert.deepEqual(chosen(pairs, { ...start, verdict: new Set(["apart"]), cause: new Set(["learned"]) }), []);
  assert.deepEqual(chosen(pairs, { ...start, cause: new Set([""]) }), [1]);
});

test("what is missing comes last in either direction", () => {
  assert.deepEqual(chosen(pairs, { ...start, sort: "q" }), [0, 3, 1, 2]);
  assert.deepEqual(chosen(pairs, { ...start, sort: "q", down: true }), [1, 3, 0, 2]);
  assert.deepEqual(chosen(pairs, { ...start, sort: "rank:raw" }), [3, 1, 0, 2]);
  assert.deepEqual(chosen(pairs, { ...start, sort: "breaks", down: true }), [1, 2, 3, 0]);
});

test("CSV has numbers as pairs.csv writes them, and names quoted", () => {
  const lines = csv(pairs, [1, 0]).split("\n");
  assert.match(lines[1], /^"a,b",<\/script><b>x,apart/);
  assert.match(lines[1], /,0 1 2 3,/);
  assert.match(lines[2], /,1e-07,/);
  assert.equal(lines.length, 4);
});

test("a table of some pairs says of how many", () => {
  const some = new Pairs({ ...pairs.data, of: 9 });
  assert.equal(told(pairs, 4), "All 4 pairs.");
  assert.equal(told(pairs, 2), "2 of 4 pairs.");
  assert.equal(told(some, 4), "The 4 closest of 9 pairs.");
  assert.equal(told(some, 1), "1 of the 4 closest pairs; the study has 9.");
});

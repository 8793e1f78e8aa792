import assert from "node:assert/strict";
import { test } from "node:test";
import { crossed, groups } from "../src/studies";
import type { OtherStudy } from "../src/study";

const own = ["stays close", "stays close", "apart", "apart", "stays close"];
const other = (...verdict: (string | null)[]): OtherStudy => ({ verdict }) as unknown as OtherStudy;

test("verdicts are counted by what both studies say; a pair that one lacks counts nowhere", () => {
  const found = crossed(own, ["stays close", "apart", "stays close", null, "apart"]);
  assert.deepEqual([...found], [["stays close|stays close", [0]], ["stays close|apart", [1, 4]], ["apart|stays close", [2]]]);
});

test("with two others, pairs stay close in all, in this one only, in others only, or in some", () => {
  const studies = { fdr: 0.05, inAll: [0.01, 0.2, 1, 1, 1], others: [other("stays close", "apart", "stays close", "apart", "stays close"), other("stays close", "apart", "apart", "apart", "apart")] };
  assert.deepEqual(groups(own, studies, "stays close").map(({ rows }) => rows), [[0], [0], [1], [2], [4]]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Instability, networkWords, stacked } from "../src/instability";

const known = {
  runs: { place: [], stress: 0.1, flag: ["", "low validation accuracy", ""], test_accuracy: [0.95, 0.5, null], rank_correlation: [[null, 0.4, 0.8], [0.4, null, 0.2], [0.8, 0.2, null]] },
} as unknown as Instability;

test("parts of a bar lie side by side, what is not known takes no room", () => {
  assert.deepEqual(stacked([[60, 50, 70], [30, 20, 40], [null, null, null]]), [[0, 60], [60, 90], [90, 90]]);
});

test("a network is told in words, or those that stand out", () => {
  assert.equal(networkWords(known, ["0", "1", "2"], null), "1 network of 3 stands out: 1 (low validation accuracy).");
  assert.match(networkWords(known, ["0", "1", "2"], 1), /^Network 1 recognises 50\.0\u00a0% of test examples; .* 0\.30 on average; stands out: low validation accuracy\.$/);
  assert.match(networkWords(known, ["0", "1", "2"], 2), /recognises \u2013 of test/);
});

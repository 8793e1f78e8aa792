import assert from "node:assert/strict";
import { test } from "node:test";
import { forecast } from "../src/card";

const plan = { more: [2, 5, 20], answers: ["stays close", "undecided", "apart"], of: [null, [[0, 1, 0], [0.25, 0.7, 0.05], [0.999, 0.001, 0]]] };

test("a forecast names the likelier verdicts first, and leaves out what is next to impossible", () => {
  assert.deepEqual(forecast(plan, 1), ["with 5 more: undecided 70\u00a0%, stays close 25\u00a0%, apart 5\u00a0%", "with 20 more: stays close >99\u00a0%"]);
});

test("of counts that no pair has nothing is foretold", () => {
  assert.deepEqual(forecast(plan, 0), []);
  assert.deepEqual(forecast(plan, 7), []);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { type Block, bytesOf, inflate, Pack, scaled, unwound } from "../src/pack";

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const block = (given: Partial<Block>): Block => ({
  at: 0, size: 0, coding: "path", shape: [], scale: [1], offset: [0], order: 1, wide: false, ...given,
});
const zigzag = (value: number): number => (value << 1) ^ (value >> 31);

/** The coding as spec'd, slowly: differences `order` times, dimension after dimension. */
function wound(rows: number[][], order: number): number[] {
  const dims = rows[0].length;
  const out: number[] = [];
  for (let d = 0; d < dims; d++) {
    let line = rows.map((row) => row[d]);
    for (let o = 0; o < order; o++) line = line.map((value, i) => value - (i ? line[i - 1] : 0));
    out.push(...line.map(zigzag));
  }
  return out;
}

for (const order of [1, 2]) {
  test(`paths come back from differences of order ${order}, with a scale for each dimension`, () => {
    const rows = Array.from({ length: 50 }, (_, i) => [Math.round(100 * Math.sin(i)), (i * 37) % 91, -i]);
    const wide = wound(rows, order);
    const planes = Uint8Array.from([...wide.map((value) => value & 255), ...wide.map((value) => value >> 8)]);
    const whole = unwound(planes, block({ shape: [5, 10, 3], order, wide: true, scale: [0.5, 2, 1], offset: [1, 0, -3] }));
    assert.equal(whole.length, 150);
    rows.forEach((row, i) => assert.deepEqual([...whole.slice(3 * i, 3 * i + 3)], [1 + 0.5 * row[0], 2 * row[1], row[2] - 3]));
  });
}

test("the largest integer is what is missing, in one byte and in two", () => {
  assert.deepEqual([...scaled(Uint8Array.of(0, 4, 255), block({ coding: "u8", scale: [0.5], offset: [1] }))], [1, 3, NaN]);
  assert.deepEqual([...scaled(Uint8Array.of(1, 1, 255, 255), block({ coding: "u16" }))], [257, NaN]);
});

/** Node knows raw deflate from 20.12 on. */
function isNative(): boolean {
  try {
    return Boolean(new DecompressionStream("deflate-raw"));
  } catch {
    return false;
  }
}

test("inflates by the browser and, where it cannot, by the library", { skip: !isNative() && "this node has no raw deflate" }, async () => {
  const text = new TextEncoder().encode("drink and danger ".repeat(500));
  const packed = bytesOf(base64(deflateRawSync(text)));
  assert.deepEqual(await inflate(packed), text);
  const kept = globalThis.DecompressionStream;
  Reflect.deleteProperty(globalThis, "DecompressionStream");
  try {
    assert.deepEqual(await inflate(packed), text);
  } finally {
    globalThis.DecompressionStream = kept;
  }
});

test("a pack decodes a block once, and says what it lacks", async () => {
  const one = base64(deflateRawSync(Uint8Array.of(1, 2, 3)));
  const two = base64(deflateRawSync(new TextEncoder().encode('{"a":1}')));
  const blocks = {
    ranks: block({ coding: "u8", shape: [3], at: 0, size: one.length }),
    "__proto__x": block({ coding: "json", at: one.length, size: two.length }),
  };
  const pack = new Pack(blocks, () => one + two);
  assert.deepEqual([...(await pack.tensor("ranks")).values], [1, 2, 3]);
  assert.equal(await pack.tensor("ranks"), await pack.tensor("ranks"));
  assert.deepEqual(await pack.json("__proto__x"), { a: 1 });
  assert.equal(pack.has("constructor"), false);
  await assert.rejects(pack.tensor("constructor"), /holds no constructor/);
});

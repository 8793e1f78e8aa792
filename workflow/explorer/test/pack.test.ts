import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { type Block, bytesOf, checksum, columnsOf, inflate, opened, Pack, scaled, unwound } from "../src/pack";

const digits = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).filter((one) => !"&<\\".includes(one));

/** Base 91 as spec'd, slowly: bits as a string. */
function base91(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0").split("").reverse().join("")).join("");
  return (bits.match(/.{1,13}/g) ?? []).map((some) => {
    const number = parseInt(some.split("").reverse().join(""), 2);
    return digits[number % 91] + (some.length > 6 ? digits[Math.floor(number / 91)] : "");
  }).join("");
}

/** A block as packing.py seals it. */
function sealed(content: Uint8Array): string {
  const sum = crc32(content);
  return base91(Uint8Array.from([...deflateRawSync(content), ...[0, 8, 16, 24].map((bits) => (sum >>> bits) & 255)]));
}

/** Bit by bit, for node's own came with 20.15. */
function crc32(content: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of content) for (let bit = 0; bit < 8; bit++) rest = ((rest ^ (byte >> bit)) & 1 ? 0xedb88320 : 0) ^ (rest >>> 1);
  return ~rest >>> 0;
}

const block = (given: Partial<Block>): Block => ({
  at: 0, size: 0, coding: "path", shape: [], scale: [1], offset: [0], lead: 0, wide: false, ...given,
});
const zigzag = (value: number): number => (value << 1) ^ (value >> 31);

/** The coding as spec'd, slowly: what is unforeseen of (point, path, dim), point after point. */
function wound(points: number[][][], lead: number): number[] {
  return points.flatMap((paths, t) => paths.flatMap((path, n) => path.map((value, d) => {
    const before = t ? points[t - 1][n][d] : n ? paths[n - 1][d] : 0;
    const step = t > 1 ? points[t - 1][n][d] - points[t - 2][n][d] : 0;
    return zigzag(value - before - Math.floor((lead * step) / 4));
  })));
}

for (const lead of [0, 1, 2, 3, 4]) {
  test(`paths come back from what is unforeseen at a lead of ${lead}, with a scale for each dimension`, () => {
    const points = Array.from({ length: 10 }, (_, t) =>
      Array.from({ length: 5 }, (_, n) => [Math.round(100 * Math.sin(t + n)), (t * 37 + n) % 91, -t * n]));
    const coded = wound(points, lead);
    const planes = Uint8Array.from([...coded.map((value) => value & 255), ...coded.map((value) => value >> 8)]);
    const whole = unwound(planes, block({ shape: [5, 10, 3], lead, wide: true, scale: [0.5, 2, 1], offset: [1, 0, -3] }));
    assert.equal(whole.length, 150);
    points.forEach((paths, t) => paths.forEach(([x, y, z], n) =>
      assert.deepEqual([...whole.slice(30 * n + 3 * t, 30 * n + 3 * t + 3)], [1 + 0.5 * x, 2 * y, z - 3])));
  });
}

test("a course is of squares, point after point, and one integer is what is missing", () => {
  const points = [[[1], [4]], [[2], [9]], [[4], [1]]];
  const coded = Uint8Array.from(wound(points, 2));
  const found = unwound(coded, block({ coding: "course", shape: [3, 2], lead: 2, scale: [0.5], missing: 9 }));
  assert.deepEqual([...found], [0.25, 4, 1, NaN, 4, 0.25]);
});

test("the largest integer is what is missing, in one byte and in two", () => {
  assert.deepEqual([...scaled(Uint8Array.of(0, 4, 255), block({ coding: "u8", scale: [0.5], offset: [1] }))], [1, 3, NaN]);
  assert.deepEqual([...scaled(Uint8Array.of(1, 1, 255, 255), block({ coding: "u16" }))], [257, NaN]);
  const logarithms = scaled(Uint8Array.of(0, 2, 255), block({ coding: "u8", scale: [0.5], power: "exp" }));
  assert.deepEqual([...logarithms], [1, Math.fround(Math.E), NaN]);
});

test("bytes come back from base 91, however many there are", () => {
  for (let length = 0; length < 60; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 151 + length * 77) & 255);
    assert.deepEqual(bytesOf(base91(bytes)), bytes);
  }
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
  const packed = bytesOf(base91(deflateRawSync(text)));
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
  const one = sealed(Uint8Array.of(1, 2, 3));
  const two = sealed(new TextEncoder().encode('{"a":1}'));
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

/** Whole numbers as tables.py codes them: the lowest bytes of all first. */
function coded(numbers: number[]): string {
  const whole = numbers.map((one) => (one < 0 ? -2 * one - 1 : 2 * one));
  const planes = [0, 1, 2, 3].flatMap((byte) => whole.map((one) => Math.floor(one / 256 ** byte) & 255));
  return sealed(Uint8Array.from(planes));
}

test("a table's cells come back, however its columns are coded", () => {
  const decimals = [0, 1, 2, 900_001, -1, 7];
  const texts = [
    coded(decimals), coded([3, -1, 2, 5, 0, 4]), coded([10, 5, -3, 0, 0, 1]), coded([0x3f800000 >> 13, 0, 0x3e840000 >> 13, 0, 0, 0]),
    sealed(Uint8Array.of(1, 0, 2, 0, 0, 2)),
  ];
  const at = texts.map((_, i) => texts.slice(0, i).join("").length);
  const block = (i: number): { at: number; size: number } => ({ at: at[i], size: texts[i].length });
  const cells = columnsOf([
    ["a", 1, null, true, "", "b"],
    { decimal: -2, missing: 7, ...block(0) },
    { decimal: 3, of: 1, slope: 128, shift: 4, ...block(1) },
    { decimal: -30, before: true, ...block(2) },
    { binary: 13, ...block(3) },
    { list: ["x", null, 2.5], ...block(4) },
    { list: [9, false, "z"], of: 5 },
  ], texts.join(""), 6);
  assert.deepEqual(cells, [
    ["a", 1, null, true, "", "b"],
    [0, 0.01, 0.0100001, 0.1, -0.01, null],
    // The numbers 7, 3, 7, 450009, 3 and 11: halves are foreseen rounded down, below zero too.
    [1000.06, 1000.02, 1000.06, 5500.08, 1000.02, 1000.1],
    [1.00009e-30, 1.00014e-30, 1.00011e-30, 1.00011e-30, 1.00011e-30, 1.00012e-30],
    [1, 0, 0.257812, 0, 0, 0],
    [null, "x", 2.5, "x", "x", 2.5],
    [9, false, "z", false, false, "z"],
  ]);
});

test("the checksum is that of zlib", () => {
  assert.equal(checksum(new TextEncoder().encode("123456789")), 0xcbf43926);
});

test("no block of which a character was changed is taken for another", { skip: !isNative() && "this node has no raw deflate" }, async () => {
  const content = Uint8Array.from({ length: 300 }, (_, i) => (i * i) & 255);
  const text = sealed(content);
  for (let at = 0; at < text.length; at++) {
    const other = digits[(digits.indexOf(text[at]) + 1 + (at % 89)) % 91];
    // The bits behind the last byte say nothing.
    const found = await opened(text.slice(0, at) + other + text.slice(at + 1)).catch(() => content);
    assert.deepEqual(found, content);
  }
  await assert.rejects(opened(text.slice(0, -20)));
  await assert.rejects(opened(""));
});

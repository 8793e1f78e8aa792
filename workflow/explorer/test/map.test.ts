// The geometry, colours and labels of the path map, without a page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { choiceOf, keyOf, phasesOf, seedsOf, spacesOf, twinOf } from "../src/map-data";
import { painted, texels } from "../src/map-gl";
import { colouringOf, type Facts, handsOf, heldLooks, meanLooks, shade } from "../src/map-looks";
import {
  between, boxOf, consensusOf, heads, inside, lensOf, nearest, pathsOf, placeLabels, reached, seen, seenAll, segmentsAt, start, unitOf, usualBox,
} from "../src/map-paths";
import { drawnIn } from "../src/map-scene";
import type { Tensor } from "../src/pack";
import { Runs, type SpaceFacts } from "../src/study";

const tensor = (shape: number[], values: number[]): Tensor => ({ shape, values: Float32Array.from(values) });
const near = (one: number, other: number): void => assert.ok(Math.abs(one - other) < 1e-4, `${one} is not ${other}`);

test("paths have three numbers a point, whatever their space", () => {
  assert.deepEqual([...pathsOf(tensor([1, 2, 2], [1, 2, 3, 4])).points], [1, 2, 0, 3, 4, 0]);
  assert.deepEqual([...pathsOf(tensor([1, 1, 3], [1, 2, 3])).points], [1, 2, 3]);
});

test("a consensus is the mean over networks, with their root mean square distance from it", () => {
  const found = consensusOf([tensor([1, 2, 2], [0, 0, 1, 1]), tensor([1, 2, 2], [2, 0, 1, 1])]);
  assert.deepEqual([...found.points], [1, 0, 0, 1, 1, 0]);
  assert.deepEqual([...found.spread!], [1, 0]);
});

test("points move from one network's places to another's", () => {
  assert.deepEqual([...between(Float32Array.of(0, 4), Float32Array.of(2, 0), 0.5)], [1, 2]);
});

test("a lens puts the box's middle into the pane's, upwards is more, and all of it is seen", () => {
  const box = boxOf([pathsOf(tensor([1, 2, 2], [-2, -1, 2, 1]))]);
  const lens = lensOf(box, 2, start(2), 400, 300);
  assert.deepEqual(seen(lens, 0, 0, 0), [200, 150]);
  assert.ok(seen(lens, 0, 1, 0)[1] < 150);
  const [left] = seen(lens, -2, 0, 0);
  assert.ok(left > 0 && left < 100);
});

test("a camera's zoom and middle are told in the box's units", () => {
  const box = boxOf([pathsOf(tensor([1, 2, 2], [0, 0, 8, 4]))]);
  assert.equal(unitOf(box), 4);
  const lens = lensOf(box, 2, [2, 0.5, 0], 400, 300);
  assert.deepEqual(seen(lens, 6, 2, 0), [200, 150]);
  near(lens.scale, 2 * lensOf(box, 2, start(2), 400, 300).scale);
});

test("turning and tilting a space keeps lengths", () => {
  const box = { low: [-1, -1, -1], high: [1, 1, 1] } as const;
  for (const camera of [[1, 0, 0], [1, 0.7, 0.3], [1, -2, 1.2]]) {
    const { across, down, scale } = lensOf(box, 3, camera, 300, 300);
    near(Math.hypot(...across), scale);
    near(Math.hypot(...down), scale);
    near(across[0] * down[0] + across[1] * down[1] + across[2] * down[2], 0);
  }
});

test("a box of a usual network lets one that goes far lie outside", () => {
  const of = (x: number) => ({ low: [-x, 0, 0], high: [x, 0, 0] }) as const;
  assert.deepEqual(usualBox([of(1), of(1), of(4)]).high, [2, 0, 0]);
  assert.deepEqual(boxOf([]), { low: [0, 0, 0], high: [0, 0, 0] });
});

test("time tells the last point that was passed and the share of the next step", () => {
  assert.deepEqual(reached(5, 0), { step: 0, share: 0 });
  assert.deepEqual(reached(5, 1), { step: 3, share: 1 });
  near(reached(5, 0.3).share, 0.2);
  assert.deepEqual(reached(1, 0.5), { step: 0, share: 0 });
  assert.equal(segmentsAt(10, 5, 1), 40);
  assert.equal(segmentsAt(10, 5, 0), 0);
  assert.equal(segmentsAt(10, 5, 0.3), 20);
});

test("heads are where paths are at a time", () => {
  const screen = Float32Array.of(0, 0, 10, 0, 10, 10, 5, 5, 5, 5, 5, 9);
  assert.deepEqual([...heads(screen, 2, 3, 0.75)], [10, 5, 5, 7]);
});

test("what was moved in part is seen in part", () => {
  const lens = { across: [1, 0, 0], down: [0, -1, 0], x: 0, y: 0, scale: 1 } as const;
  assert.deepEqual([...seenAll(Float32Array.of(4, 2, 0), lens, Float32Array.of(0, 0, 0), 0.5)], [2, -1]);
});

test("only points that were reached are found near a place", () => {
  const screen = Float32Array.of(0, 0, 50, 0, 0, 40, 50, 40);
  assert.equal(nearest(screen, 2, 1, 51, 1, 9).path, 0);
  assert.equal(nearest(screen, 2, 0.1, 51, 1, 9).path, -1);
  assert.equal(nearest(screen, 2, 1, 51, 38, 9).path, 1);
  assert.equal(nearest(screen, 2, 1, 51, 38, 9, (path) => path !== 1).path, -1);
});

test("a lasso holds what lies within, bays left out", () => {
  const bay = [[0, 0], [10, 0], [10, 10], [5, 2], [0, 10]] as const;
  assert.ok(inside(bay, 1, 5));
  assert.ok(!inside(bay, 5, 8));
});

test("names never cover one another or leave the pane, the first wish is met first, a must is always met", () => {
  const wish = (x: number, y: number, must = false) => ({ x, y, width: 40, must, off: 6 });
  const wishes = [wish(50, 50), wish(50, 50), wish(50, 50), wish(50, 50), wish(50, 50), wish(52, 50, true)];
  const found = placeLabels(wishes, [5, 0, 1, 2, 3, 4], 200, 100);
  assert.equal(found[0].at, 5);
  assert.ok(found.length < 6);
  for (const one of found) {
    assert.ok(one.x >= 2 && one.x + 40 <= 198);
    for (const other of found) assert.ok(one === other || Math.abs(one.x - other.x) >= 40 || Math.abs(one.y - other.y) >= 15);
  }
  assert.equal(placeLabels([wish(1, 1, true)], [0], 30, 30).length, 1);
  assert.equal(placeLabels([wish(-100, 1, true)], [0], 300, 300).length, 0);
});

const facts: Facts = {
  signs: 3, sign: [0, 0, 1, 2], hands: ["one", "two", "two", "one"], stability: [1, 0, null],
  quality: { signs: [0.9, 1, null], range: [0.9, 1] }, predicted: Float32Array.of(0, 1, 1, 2), right: [0.5, 1, null],
};
const grey = [128, 128, 128] as const;

test("a sign has the hands of most of its examples", () => {
  assert.deepEqual(handsOf({ signs: 3, sign: [0, 0, 0, 1], hands: ["one", "two", "two", "one"] }), ["two", "one", ""]);
});

test("colours follow what they are of, and what is not known is grey", () => {
  assert.deepEqual(colouringOf("stability", facts, grey, false).sign(0), shade(1, false));
  assert.deepEqual(colouringOf("stability", facts, grey, false).sign(2), grey);
  assert.deepEqual(colouringOf("quality", facts, grey, true).sign(1), shade(1, true));
  assert.deepEqual(colouringOf("quality", { ...facts, quality: null }, grey, true).sign(1), grey);
  const right = colouringOf("right", facts, grey, false);
  assert.deepEqual([0, 1].map(right.crossed), [false, true]);
  assert.notDeepEqual(right.example(0), right.example(1));
  assert.ok(colouringOf("time", facts, grey, false).along);
  assert.notDeepEqual(colouringOf("hands", facts, grey, false).example(0), colouringOf("hands", facts, grey, false).example(1));
});

test("a chosen pair stands out in its colours above the others", () => {
  const colouring = colouringOf("sign", facts, grey, false);
  const chosen = { any: true, colours: new Map([[1, [1, 2, 3] as const]]) };
  const { list, of } = meanLooks(3, colouring, chosen, new Set(), true, () => grey);
  assert.deepEqual(list[of[1]].colour, [1, 2, 3]);
  assert.ok(list[of[1]].opacity > list[of[0]].opacity);
  assert.ok(of[1] > of[0] && of[1] > of[2]);
  const held = heldLooks([0, 2], facts.sign, colouring, chosen, new Set(), true, () => grey);
  assert.deepEqual(held.list[held.of[1]].colour, [1, 2, 3]);
  const picked = heldLooks([0, 2], facts.sign, colouring, { any: false, colours: new Map() }, new Set([0]), true, () => grey);
  assert.ok(picked.list[picked.of[0]].opacity > picked.list[picked.of[1]].opacity);
});

test("what is uploaded holds every point and look", () => {
  const paths = { ...pathsOf(tensor([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8])), spread: Float32Array.of(9, 8, 7, 6) };
  assert.deepEqual([...texels(paths.points, paths.spread).subarray(0, 8)], [1, 2, 0, 9, 3, 4, 0, 8]);
  const looks = meanLooks(2, colouringOf("sign", facts, grey, false), { any: false, colours: new Map([[1, [1, 2, 3]]]) }, new Set(), true, () => grey);
  assert.deepEqual([...painted({ paths, looks }).subarray(12, 16)], [1, 2, 3, 255]);
  const scene = { lens: lensOf(boxOf([paths]), 2, start(2), 100, 100), width: 100, height: 100, time: 1, moved: 1, cloud: null, layers: [{ paths, from: null, looks }] };
  assert.equal(drawnIn(scene), 2);
  assert.equal(drawnIn({ ...scene, cloud: { points: new Float32Array(6), phase: Float32Array.of(0, 0.5, 1), colours: new Uint8Array(12) }, time: 0.6 }), 2 + 2);
});

test("each frame knows where on its example's way it lies", () => {
  assert.deepEqual([...phasesOf([3, 1, 2])], [0, 0.5, 1, 1, 0, 1]);
});

function runsOf(blocks: string[]): Runs {
  const space = (name: string, dims: number, shared: boolean, seeds = 1, drawn = 0): SpaceFacts => ({ name, words: name, dims, kind: name, seeds, shared, drawn });
  const block = { at: 0, size: 0, coding: "path" as const, shape: [], scale: [], offset: [], lead: 1, wide: false };
  return new Runs({
    version: 1, study: "s", signs: ["a", "b"], networks: ["0", "1"], k: 5, phases: 2, held_phases: 2, parting: 1, chosen: "shared_ae2",
    pairs: { a: [0], b: [1] }, channels: [], details: [], blocks: Object.fromEntries(blocks.map((name) => [name, block])),
    spaces: [space("hidden", 0, false), space("pca2", 2, false), space("ae2", 2, false, 2), space("shared_pca2", 2, true), space("shared_ae2", 2, true, 2, 1)],
  }, () => "");
}

test("what a page does not hold is passed over for what it does", () => {
  const runs = runsOf(["means/ae2/0/0", "means/ae2/0/1", "means/pca2/0/0", "means/shared_ae2/0/1", "means/shared_ae2/1/1", "means/shared_pca2/0/0"]);
  assert.deepEqual(spacesOf(runs).map(({ name }) => name), ["pca2", "ae2", "shared_pca2", "shared_ae2"]);
  const all = choiceOf(runs, { space: "hidden", network: null, seed: 0 })!;
  assert.equal(keyOf(all), "shared_ae2/all/1");
  assert.equal(keyOf(twinOf(runs, all)!), "shared_pca2/all/0");
  // Planes of networks that are not aligned have no mean over them.
  const own = choiceOf(runs, { space: "ae2", network: null, seed: 1 })!;
  assert.equal(keyOf(own), "ae2/0/1");
  assert.equal(keyOf(twinOf(runs, own)!), "pca2/0/0");
  assert.deepEqual(seedsOf(runs, own), [0, 1]);
  assert.equal(choiceOf(runsOf([]), { space: "ae2", network: null, seed: 0 }), null);
});

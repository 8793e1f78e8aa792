// A pair's answers as short text and small marks: verdict, cause, how often close, in which networks.
import { element, shape } from "./dom";
import type { Pairs } from "./study";
import { counted, DASH, interval, printable } from "./text";

/** An answer, told as likely if studies of resampled networks repeat it too seldom. */
export const told = (answer: string, repeats: number | null, { undecided, sure }: Pairs["data"]): string =>
  answer === undecided || (repeats ?? 1) >= sure ? answer : `likely ${answer}`;

export function qualified(pairs: Pairs, row: number, name: "verdict" | "cause"): string {
  return told(pairs.text(row, name), pairs.number(row, `${name}_repeats`), pairs.data);
}

export function pairNodes(pairs: Pairs, row: number): Node[] {
  const [a, b] = pairs.signs(row).map(printable);
  return [element("bdi", {}, a), document.createTextNode(` ${DASH} `), element("bdi", {}, b)];
}

export const pairWords = (pairs: Pairs, row: number): string => pairs.signs(row).map(printable).join(` ${DASH} `);

export function badge(pairs: Pairs, row: number): HTMLElement {
  return badgeOf(pairs.text(row, "verdict"), qualified(pairs, row, "verdict"));
}

export const badgeOf = (verdict: string, words: string): HTMLElement => element("span", { class: `verdict ${verdict.replaceAll(" ", "-")}` }, words);

export function cause(pairs: Pairs, row: number): Node[] {
  if (!pairs.text(row, "cause")) return [];
  return [document.createTextNode(" "), element("span", { class: "cause" }, qualified(pairs, row, "cause"))];
}

/** Networks, or pictures where a network counts by the share of its autoencoders. */
export const times = (pairs: Pairs, pi: number, each = 1): string => `${Math.round(pi * pairs.data.runs * each)}/${pairs.data.runs * each}`;

export function shareBar(pairs: Pairs, row: number): SVGElement {
  const [pi, low, high] = ["pi", "pi_low", "pi_high"].map((name) => pairs.head(row, name));
  return barOf(pi, low, high, pairs.data.runs);
}

/** The share of so many networks as a dot with its interval, on a line from none to all. */
export function barOf(pi: number | null, low: number | null, high: number | null, networks: number): SVGElement {
  const words = pi === null ? DASH : `close in ${Math.round(pi * networks)}/${networks} networks, interval ${interval(low, high)}`;
  const x = (share: number): number => 4 + 60 * share;
  const bar = shape("svg", { viewBox: "0 0 68 16", width: 68, height: 16, class: "share-bar", role: "img", "aria-label": words });
  bar.append(shape("path", { d: `M${x(0)} 8H${x(1)}`, class: "whole" }));
  if (low !== null && high !== null) bar.append(shape("path", { d: `M${x(low)} 8H${x(high)}`, class: "interval" }));
  if (pi !== null) bar.append(shape("circle", { cx: x(pi), cy: 8, r: 3.5 }));
  return bar;
}

/** One stroke for each network, dark where the pair is close in it. */
export function barcode(pairs: Pairs, row: number): SVGElement {
  const every = networks(pairs);
  const broken = new Set(pairs.breaks(row));
  const wide = 100 / every.length;
  const gap = every.length <= 50 ? 0.2 * wide : 0;
  const strokes = (open: boolean): string =>
    every.map((name, i) => (broken.has(name) === open ? `M${(i * wide).toFixed(2)} 0h${(wide - gap).toFixed(2)}v14h${(gap - wide).toFixed(2)}z` : "")).join("");
  const far = broken.size === every.length ? "close in none" : `not close in ${broken.size > 12 ? counted(broken.size, "network") : `network ${[...broken].join(", ")}`}`;
  const words = broken.size ? far : "close in all networks";
  const made = shape("svg", {
    viewBox: "0 0 100 14", preserveAspectRatio: "none", class: "barcode", role: "img",
    "aria-label": words,
  }, shape("title", {}, words));
  made.append(shape("path", { d: strokes(true), class: "open" }), shape("path", { d: strokes(false), class: "closed" }));
  return made;
}

const networks = (pairs: Pairs): string[] => pairs.data.every.split(" ");

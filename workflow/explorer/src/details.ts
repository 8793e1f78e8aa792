// All numbers of a pair: sentences, a table for each group of statistics, and the curve over limits.
import { pairWords, qualified, times } from "./answers";
import { element, explain, shape } from "./dom";
import type { Column, PairData, Pairs, Value } from "./study";
import { counted, DASH, fixed, precise, probability, wholePercent } from "./text";

type Given = (name: string) => Value;

/** How a statistic is written, by the way that its column is shown; a unit stands once behind an interval. */
const FORMATS: Record<string, { text: (value: number) => string; unit?: string }> = {
  percent: { text: wholePercent, unit: "\u00a0%" },
  "fine percent": { text: (value) => fixed(100 * value, 1), unit: "\u00a0%" },
  rank: { text: (value) => fixed(value, 1) },
  number: { text: (value) => fixed(value, 2) },
  p: { text: precise },
  probability: { text: probability },
};

export function written(pairs: Pairs, column: Pick<Column, "name" | "to" | "shown">, given: Given, each = 1): string {
  const ends = (column.to ? [column.name, column.to] : [column.name]).map(given);
  if (ends.some((end) => end === null || end === undefined || end === "")) return DASH;
  if (column.shown === "breaks") {
    const broken = String(ends[0] === "*" ? pairs.data.every : ends[0]).split(" ");
    return broken.length === pairs.data.runs && pairs.data.runs > 1 ? "all" : broken.join(" ");
  }
  const repeats = given(`${column.name}_repeats`);
  if (column.shown === "words") {
    const text = ends[0] === true ? "yes" : ends[0] === false ? "no" : String(ends[0]);
    return typeof repeats === "number" && repeats < pairs.data.sure ? `likely ${text}` : text;
  }
  if (column.shown === "bar" || column.shown === "count") return times(pairs, Number(ends[0]), each);
  const { text, unit = "" } = FORMATS[column.shown];
  return `${ends.map((end) => text(Number(end))).join(DASH)}${unit}`;
}

/** With one network or one autoencoder nothing is known of what another would change. */
function knowable(data: PairData, column: Column, runs: number): boolean {
  if (column.needs === "networks") return data.runs > 1;
  return column.needs === "autoencoders" ? runs > 1 : true;
}

const kindOf = (column: Column): string => (column.shown === "breaks" ? "networks" : "n");

function cellText(pairs: Pairs, column: Column, given: Given, runs: number): string {
  if (!knowable(pairs.data, column, runs)) return DASH;
  if (column.shown === "breaks" && given(column.name) === "") return "none";
  return written(pairs, column, given, runs);
}

/** The tables of a pair: a row for each space. */
export function tables(pairs: Pairs, row: number): HTMLElement {
  const made = pairs.data.details.filter(({ columns }) => columns.length).map(({ title, columns }) => {
    const heads = columns.map((column) => {
      const head = element("th", { scope: "col", class: kindOf(column) }, column.heading);
      explain(head, column.words);
      return head;
    });
    const lines = pairs.data.spaces.map((space) => {
      const given: Given = (name) => pairs.value(row, `${space.name}_${name}`);
      const cells = columns.map((column) => element("td", { class: kindOf(column) }, cellText(pairs, column, given, space.runs)));
      return element("tr", {}, element("th", { scope: "row" }, element("code", {}, space.name)), ...cells);
    });
    return element("table", {}, element("caption", {}, title),
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Space"), ...heads)),
      element("tbody", {}, ...lines));
  });
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `All numbers of ${pairWords(pairs, row)}` }, ...made);
}

/** What is told of a pair in words: its answers and what they rest on. */
export function sentences(pairs: Pairs, row: number): string[] {
  const { data } = pairs;
  const value: Given = (name) => pairs.value(row, name);
  const number = (name: string): number | null => pairs.number(row, name);
  const texts: string[] = [];
  for (const [name, word] of [["verdict", "Verdict"], ["cause", "Cause"]] as const) {
    const again = number(`${name}_repeats`);
    if (value(name) && again !== null) {
      texts.push(`${word}: ${qualified(pairs, row, name)}; ${wholePercent(again)}\u00a0% of ${data.studies} studies of resampled networks say the same.`);
    }
  }
  const others = data.rawSpaces.filter((name) => name !== "raw" && number(`${name}_rank`) !== null);
  const more = others.map((name) => `${fixed(number(`${name}_rank`), 1)} in ${name}`).join(", ");
  texts.push(`In the raw signals the mutual rank is ${fixed(number("raw_rank"), 1)}${more ? ` (${more})` : ""}.`);
  const learned = number("learned");
  if (learned !== null) {
    const gained = Math.round(learned * data.runs);
    const chance = number("learned_p");
    texts.push(gained || (chance ?? 1) < 1
      ? `After training the pair is close in ${counted(Math.abs(gained), "network")} ${gained < 0 ? "fewer" : "more"} than before (p ${precise(chance)}, q ${precise(number("learned_q"))}).`
      : "After training the pair is close in as many networks as before.");
  }
  const beyond = number("beyond_input");
  if (beyond !== null) {
    texts.push(`In the hidden states it is ${fixed(Math.abs(beyond), 2)} standard deviations ${beyond < 0 ? "farther apart" : "nearer"} than the raw signals and untrained networks let one expect.`);
  }
  for (const column of data.alone) {
    if (value(column.name) !== null) texts.push(`${column.heading}: ${written(pairs, column, value)}.`);
  }
  return texts;
}

/** In how many networks the pair is close if another mutual rank were the limit. */
export function limitCurve(pairs: Pairs, row: number): HTMLElement | null {
  const { curves, limits, runs, k } = pairs.data;
  const counts = curves[row]?.split(" ").map(Number);
  if (!counts) return null;
  const [wide, high] = [300, 90];
  const x = (limit: number): number => ((limit - 1) / (limits.length - 1)) * wide;
  const y = (some: number): number => high - (some / runs) * high;
  const picture = shape("svg", { viewBox: `-40 -10 ${wide + 60} ${high + 52}`, width: wide + 60, role: "img", "aria-label": "How often close, by limit" });
  const ticks = [...new Set([1, k, limits.at(-1)!])];
  picture.append(
    shape("path", { d: `M0 0V${high}H${wide}`, class: "axis" }),
    shape("path", { d: `M${x(k)} 0V${high}`, class: "limit" }),
    shape("polyline", { points: counts.map((some, i) => `${x(limits[i])},${y(some)}`).join(" ") }),
    shape("text", { x: -6, y: 4, "text-anchor": "end" }, String(runs)),
    shape("text", { x: -6, y: high + 4, "text-anchor": "end" }, "0"),
    ...ticks.map((limit) => shape("text", { x: x(limit), y: high + 16, "text-anchor": "middle" }, limit === k ? `k = ${limit}` : String(limit))),
    shape("text", { x: wide / 2, y: high + 34, "text-anchor": "middle" }, "largest mutual rank that counts as close"));
  return element("figure", { class: "curve" }, picture, element("figcaption", {},
    "In how many networks the pair is close in the hidden states, if another mutual rank were the limit. Where the curve is steep, the count hangs on the limit."));
}


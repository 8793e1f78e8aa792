// Colours that colour-blind readers tell apart, on light and dark paper. Scales are sampled from a few stops.
// Sources: Okabe and Ito 2008 (categories), viridis and its stops (order), blue to vermilion (sign).
export interface Palette {
  paper: string;
  ink: string;
  soft: string;
  rule: string;
  faint: string;
  /** The first and second sign of a pair. */
  a: string;
  b: string;
  mark: string;
  link: string;
  /** Of the verdicts. */
  stays: string;
  comes: string;
  undecided: string;
  apart: string;
}

const CATEGORIES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#7a4a74", "#8a8f94"];
const VIRIDIS = ["#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725"];
const DIVERGING = ["#1b5f96", "#7fb0d6", "#f1f1ee", "#eba36b", "#a84700"];
// What follows on paper, from little to much, and on both sides of it; on light paper and on dark.
const SHADES = [["#b9d3e6", "#4f8fbd", "#0b3c64"], ["#1f4a66", "#3f8fc0", "#d3ecfb"]];
const SIDES = [["#134a78", "#7fb0d6", "#eba36b", "#8f3b00"], ["#9fd2f5", "#2f6f9e", "#a35a22", "#ffb980"]];

export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    paper: of("paper"), ink: of("ink"), soft: of("soft"), rule: of("rule"), faint: of("faint"),
    a: of("first"), b: of("second"), mark: of("notice"),
    link: of("link"), stays: of("stays"), comes: of("comes"), undecided: of("undecided"), apart: of("apart"),
  };
}

export const category = (i: number): string => CATEGORIES[((i % CATEGORIES.length) + CATEGORIES.length) % CATEGORIES.length];

type Colour = readonly [number, number, number];

export function rgb(hex: string): Colour {
  const long = hex.length === 4 ? hex.replace(/[0-9a-f]/gi, "$&$&") : hex;
  const value = Number.parseInt(long.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

function sampled(stops: readonly string[], share: number): Colour {
  const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const from = Math.min(Math.floor(at), stops.length - 2);
  const [low, high] = [rgb(stops[from]), rgb(stops[from + 1])];
  const mixed = low.map((one, i) => Math.round(one + (high[i] - one) * (at - from)));
  return [mixed[0], mixed[1], mixed[2]];
}

/** From little to much, 0 to 1. */
export const ordered = (share: number): Colour => sampled(VIRIDIS, share);

/** From -1 to 1, with paper in the middle. */
export const signed = (share: number): Colour => sampled(DIVERGING, (share + 1) / 2);

export const css = ([r, g, b]: Colour, opacity = 1): string => `rgb(${r} ${g} ${b} / ${opacity})`;

const luminance = ([r, g, b]: Colour): number => {
  const [x, y, z] = [r, g, b].map((one) => (one <= 10 ? one / 3295 : ((one / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};

const isDark = (paper: string): boolean => luminance(rgb(paper)) < 0.18;

/** From little to much, 0 to 1, beginning with the paper itself: where most is nothing, nothing is to be seen. */
export const shaded = (share: number, paper: string): Colour => sampled([paper, ...SHADES[Number(isDark(paper))]], share);

/** From -1 to 1, with this paper in the middle. */
export function sided(share: number, paper: string): Colour {
  const [less, lessPale, morePale, more] = SIDES[Number(isDark(paper))];
  return sampled([less, lessPale, paper, morePale, more], (share + 1) / 2);
}

/** That of some colours that is told best from what lies below it. */
export function legible(below: Colour, ...given: string[]): string {
  const contrast = (one: string): number => {
    const [low, high] = [luminance(rgb(one)), luminance(below)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  return given.reduce((best, one) => (contrast(one) > contrast(best) ? one : best));
}

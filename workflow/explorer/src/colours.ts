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
}

const CATEGORIES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#7a4a74", "#8a8f94"];
const VIRIDIS = ["#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725"];
const DIVERGING = ["#1b5f96", "#7fb0d6", "#f1f1ee", "#eba36b", "#a84700"];

export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    paper: of("paper"), ink: of("ink"), soft: of("soft"), rule: of("rule"), faint: of("faint"),
    a: of("first"), b: of("second"), mark: of("notice"),
  };
}

export const category = (i: number): string => CATEGORIES[((i % CATEGORIES.length) + CATEGORIES.length) % CATEGORIES.length];

type Colour = readonly [number, number, number];

export function rgb(hex: string): Colour {
  const value = Number.parseInt(hex.slice(1), 16);
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

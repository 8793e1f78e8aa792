// How each path of the map looks: its colour, how strongly it is drawn, and the legend that says what a
// colour means. Pure: takes what is known of signs and examples, gives a look for each path.
import { category, ordered, rgb } from "./colours";

export type Colour = readonly [number, number, number];

export interface Look {
  colour: Colour;
  /** Whether the colour follows the way instead: see `ramp`. */
  along: boolean;
  /** Of the line, in pixels. */
  width: number;
  opacity: number;
  /** Radius of the dot at the present time, in pixels. */
  dot: number;
  dotOpacity: number;
  /** A cross instead of a dot. */
  cross: boolean;
  /** Opacity of the band of spread. */
  band: number;
}

/** Looks from the faintest to the strongest, and which of them each path has. */
export interface Looks {
  list: Look[];
  of: Uint16Array;
  /** Colours along the way, for looks that follow it. */
  ramp: (step: number, steps: number) => Colour;
}

export const COLOURINGS = {
  sign: "sign",
  time: "time step",
  hands: "hands",
  stability: "stability",
  quality: "projection quality",
  right: "right or wrong",
} as const;
export type ColouringName = keyof typeof COLOURINGS;

export const isColouring = (name: string): name is ColouringName => Object.hasOwn(COLOURINGS, name);

export interface Swatch {
  colour: Colour;
  words: string;
  cross?: boolean;
}

export interface Legend {
  swatches: Swatch[];
  ramp: { low: string; high: string } | null;
  words: string;
}

export interface Colouring {
  sign: (sign: number) => Colour;
  example: (example: number) => Colour;
  crossed: (example: number) => boolean;
  along: boolean;
  legend: Legend;
}

/** What colours are made of. What is not known is null. */
export interface Facts {
  signs: number;
  /** Of each example. */
  sign: readonly number[];
  hands: readonly string[];
  /** Share of a sign's pairs that stay close, of those that stay close or come and go. */
  stability: readonly (number | null)[];
  /** Trustworthiness of each sign in this space, and the least and most in any. */
  quality: { signs: readonly (number | null)[]; range: readonly [number, number] } | null;
  /** The answer to each example, of the network that is shown. */
  predicted: Float32Array | null;
  /** Share of held-out examples of each sign that are answered rightly. */
  right: readonly (number | null)[] | null;
}

/** Ordered colours without the end that the paper swallows. */
export const shade = (share: number, dark: boolean): Colour => ordered(dark ? 0.22 + 0.78 * share : 0.86 * share);

export function colouringOf(name: ColouringName, facts: Facts, unknown: Colour, dark: boolean): Colouring {
  const plain = { crossed: () => false, along: false };
  const bySign = (sign: (one: number) => Colour, legend: Legend): Colouring => ({
    ...plain, sign, example: (example) => sign(facts.sign[example]), legend,
  });
  const onScale = (values: readonly (number | null)[], low: number, high: number) => (sign: number): Colour => {
    const value = values[sign];
    return value === null || value === undefined ? unknown : shade((value - low) / (high - low || 1), dark);
  };
  if (name === "time") {
    const ends = { low: "first frame", high: "last frame" };
    return { ...plain, along: true, sign: () => unknown, example: () => unknown, legend: { swatches: [], ramp: ends, words: "Colour follows the way." } };
  }
  if (name === "hands") {
    const colours: Record<string, Colour> = { one: rgb(category(0)), two: rgb(category(1)) };
    const most = handsOf(facts);
    const colour = (hands: string): Colour => colours[hands] ?? unknown;
    return {
      ...plain, sign: (sign) => colour(most[sign]), example: (example) => colour(facts.hands[example]),
      legend: {
        swatches: [{ colour: colours.one, words: "one hand" }, { colour: colours.two, words: "both hands" }], ramp: null,
        words: "Which hands move in the example; a sign has what most of its examples have.",
      },
    };
  }
  if (name === "stability") {
    return bySign(onScale(facts.stability, 0, 1), {
      swatches: [{ colour: unknown, words: "no such pair" }], ramp: { low: "all come and go", high: "all stay close" },
      words: "Of a sign\u2019s pairs that stay close or come and go: how many stay close.",
    });
  }
  if (name === "quality") {
    const { signs, range: [low, high] } = facts.quality ?? { signs: [], range: [0, 1] as const };
    return bySign(onScale(signs, low, high), {
      swatches: signs.length ? [] : [{ colour: unknown, words: "not known in this space" }],
      ramp: signs.length ? { low: `${low.toFixed(2)}, least to be trusted`, high: `${high.toFixed(2)}, most` } : null,
      words: "Trustworthiness of the projection around each sign: 1 if all neighbours in the picture are neighbours in what the network learns.",
    });
  }
  if (name === "right") {
    const [yes, no] = [rgb(category(0)), rgb(category(1))];
    const { predicted, right } = facts;
    const wrong = (example: number): boolean => predicted !== null && predicted[example] !== facts.sign[example];
    return {
      ...plain, sign: onScale(right ?? [], 0, 1), example: (example) => (predicted ? (wrong(example) ? no : yes) : unknown), crossed: wrong,
      legend: {
        swatches: predicted ? [{ colour: yes, words: "example answered rightly" }, { colour: no, words: "wrongly", cross: true }] : [],
        ramp: { low: "mean path: none right", high: "all right" },
        words: "Answers at the last frame; a mean path has the share of its sign\u2019s held-out examples that are answered rightly.",
      },
    };
  }
  return bySign((sign) => rgb(category(sign)), {
    swatches: [], ramp: null, words: "Eight colours, used again from sign to sign: names tell them apart.",
  });
}

/** Whether most of a sign's examples use one hand or two. */
export function handsOf(facts: Pick<Facts, "signs" | "sign" | "hands">): string[] {
  const two = new Float64Array(facts.signs);
  const all = new Float64Array(facts.signs);
  facts.sign.forEach((sign, example) => {
    all[sign]++;
    if (facts.hands[example] === "two") two[sign]++;
  });
  return [...all].map((count, sign) => (count === 0 ? "" : 2 * two[sign] > count ? "two" : "one"));
}

/** What stands out: a colour of its own for a sign, and whether anything is chosen at all. */
export interface Chosen {
  any: boolean;
  colours: ReadonlyMap<number, Colour>;
}

const key = (look: Look): string => JSON.stringify(look);

function gathered(count: number, lookOf: (path: number) => Look & { rank: number }, ramp: Looks["ramp"]): Looks {
  const found = new Map<string, { look: Look; rank: number; at: number }>();
  const of = new Uint16Array(count);
  for (let path = 0; path < count; path++) {
    const { rank, ...look } = lookOf(path);
    const name = key(look);
    const known = found.get(name) ?? { look, rank, at: found.size };
    found.set(name, known);
    of[path] = known.at;
  }
  // Strong ones last, so that they lie above.
  const sorted = [...found.values()].sort((one, other) => one.rank - other.rank);
  const place = new Uint16Array(sorted.length);
  sorted.forEach(({ at }, i) => (place[at] = i));
  return { list: sorted.map(({ look }) => look), of: of.map((at) => place[at]), ramp };
}

const MEAN = {
  plain: { width: 1.7, opacity: 0.92, dot: 3.2, dotOpacity: 1, band: 0.07, rank: 1 },
  strong: { width: 3.4, opacity: 1, dot: 5.5, dotOpacity: 1, band: 0.2, rank: 2 },
  faint: { width: 1, opacity: 0.2, dot: 2, dotOpacity: 0.35, band: 0, rank: 0 },
  /** Means over the examples of a network. */
  above: { width: 2.2, opacity: 1, dot: 4, dotOpacity: 1, band: 0, rank: 1 },
};
const HELD = {
  plain: { width: 0.8, opacity: 0.2, dot: 1.8, dotOpacity: 0.75, band: 0, rank: 1 },
  strong: { width: 1.3, opacity: 0.75, dot: 3, dotOpacity: 1, band: 0, rank: 2 },
  faint: { width: 0.7, opacity: 0.05, dot: 1.3, dotOpacity: 0.22, band: 0, rank: 0 },
  picked: { width: 1.2, opacity: 0.7, dot: 3.4, dotOpacity: 1, band: 0, rank: 3 },
};

type Ramp = Looks["ramp"];

/** `picked` are the signs of a selection, if there is one; `alone`: no paths of examples lie below. */
export function meanLooks(
  count: number, colouring: Colouring, chosen: Chosen, picked: ReadonlySet<number>, alone: boolean, ramp: Ramp,
): Looks {
  return gathered(count, (sign) => {
    const own = chosen.colours.get(sign);
    const faint = picked.size ? !picked.has(sign) : chosen.any;
    const style = own ? MEAN.strong : faint ? MEAN.faint : alone ? MEAN.plain : MEAN.above;
    return { ...style, colour: own ?? colouring.sign(sign), along: colouring.along && !own, cross: false };
  }, ramp);
}

/** `examples` are the numbers of the examples whose paths these are. */
export function heldLooks(
  examples: readonly number[], signOf: readonly number[], colouring: Colouring, chosen: Chosen,
  picked: ReadonlySet<number>, own: boolean, ramp: Ramp,
): Looks {
  return gathered(examples.length, (path) => {
    const example = examples[path];
    const sign = chosen.colours.get(signOf[example]);
    const style = picked.has(example) ? HELD.picked : sign ? HELD.strong : chosen.any || picked.size ? HELD.faint : HELD.plain;
    const colour = sign && own ? sign : colouring.example(example);
    return { ...style, colour, along: colouring.along, cross: colouring.crossed(example) };
  }, ramp);
}

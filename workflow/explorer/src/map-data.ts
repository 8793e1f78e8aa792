// What the path map draws for a choice of space, network and autoencoder, out of the page's pack; and what
// its colours are made of. Whatever is not decoded yet is undefined, and the map is drawn again when it is.
import type { Context } from "./context";
import type { Facts } from "./map-looks";
import { type Box, boxOf, consensusOf, type Paths, pathsOf, usualBox } from "./map-paths";
import type { Cloud } from "./map-scene";
import type { Tensor } from "./pack";
import type { State } from "./state";
import type { Examples, Runs, SpaceFacts } from "./study";

/** Values that are made once; asking for one that is not there starts it. */
export class Lazy {
  readonly #values = new Map<string, unknown>();
  readonly #arrived: () => void;

  constructor(arrived: () => void) {
    this.#arrived = arrived;
  }

  get<T>(name: string, make: () => Promise<T>): T | undefined {
    if (!this.#values.has(name)) {
      this.#values.set(name, undefined);
      void make().then((value) => {
        this.#values.set(name, value);
        this.#arrived();
      });
    }
    return this.#values.get(name) as T | undefined;
  }

  /** What follows from others at once. */
  once<T>(name: string, make: () => T | undefined): T | undefined {
    const known = this.#values.get(name) as T | undefined;
    if (known !== undefined) return known;
    const made = make();
    if (made !== undefined) this.#values.set(name, made);
    return made;
  }
}

/** Which picture is looked at. */
export interface Choice {
  space: SpaceFacts;
  /** Null is the mean over all networks. */
  network: number | null;
  seed: number;
}

export interface Shown {
  choice: Choice;
  means: Paths;
  /** Networks that the mean is over. */
  networks: number;
  held: Paths | null;
  /** Numbers of the examples whose paths `held` are. */
  examples: readonly number[];
  box: Box;
}

const meansName = (space: string, network: number, seed: number): string => `means/${space}/${network}/${seed}`;
const heldName = (space: string, network: number, seed: number): string => `held/${space}/${network}/${seed}`;
export const framesName = (space: string, network: number): string => `frames/${space}/${network}`;

const drawable = new WeakMap<Runs, SpaceFacts[]>();

/** The spaces of which the page holds paths. */
export function spacesOf(runs: Runs): SpaceFacts[] {
  const known = drawable.get(runs);
  if (known) return known;
  const held = new Set(runs.pack.names().filter((name) => name.startsWith("means/")).map((name) => name.split("/")[1]));
  const found = runs.index.spaces.filter(({ name, dims }) => dims >= 2 && held.has(name));
  drawable.set(runs, found);
  return found;
}

/** The autoencoders of a space of which the page holds something. */
export function seedsOf(runs: Runs, { space, network }: Pick<Choice, "space" | "network">): number[] {
  const networks = network === null ? runs.index.networks.map((_, i) => i) : [network];
  return [...Array(space.seeds).keys()].filter((seed) => networks.some((i) => runs.pack.has(meansName(space.name, i, seed))));
}

const networksOf = (runs: Runs, space: string, seed: number): number[] =>
  [...runs.index.networks.keys()].filter((i) => runs.pack.has(meansName(space, i, seed)));

/** What the state asks for, as far as the page holds it; null if it holds no paths. */
export function choiceOf(runs: Runs, state: Pick<State, "space" | "network" | "seed">): Choice | null {
  const spaces = spacesOf(runs);
  const space = spaces.find(({ name }) => name === state.space) ?? spaces.find(({ name }) => name === runs.index.chosen) ?? spaces[0];
  if (!space) return null;
  // Planes that are not aligned have no mean: the first network stands for them.
  const network = state.network ?? (space.shared ? null : 0);
  const seeds = seedsOf(runs, { space, network });
  const seed = seeds.includes(state.seed) ? state.seed : seeds.includes(space.drawn) ? space.drawn : (seeds[0] ?? 0);
  return { space, network, seed };
}

/** The principal components of the same run. */
export function twinOf(runs: Runs, choice: Choice): Choice | null {
  const wanted = choice.space.shared ? "shared_pca2" : "pca2";
  const space = spacesOf(runs).find(({ name }) => name === wanted);
  return space ? { ...choice, space, seed: 0 } : null;
}

export const keyOf = ({ space, network, seed }: Choice): string => `${space.name}/${network ?? "all"}/${seed}`;

export class MapData {
  readonly #context: Context;
  readonly #lazy: Lazy;

  constructor(context: Context, arrived: () => void) {
    this.#context = context;
    this.#lazy = new Lazy(arrived);
  }

  #tensor(name: string): Tensor | null | undefined {
    return this.#lazy.get(name, () => this.#context.runs.held(name));
  }

  #json<T>(name: string): T | null | undefined {
    const { pack } = this.#context.runs;
    return this.#lazy.get(name, () => (pack.has(name) ? pack.json<T>(name) : Promise.resolve(null)));
  }

  examples(): Examples | null | undefined {
    return this.#json<Examples>("examples");
  }

  /** The examples that a network did not learn from; those of the first network stand for all. */
  heldNumbers(network: number | null): number[] | undefined {
    return this.#lazy.get(`held out of ${network ?? 0}`, () => this.#context.runs.heldExamples(network ?? 0)) ?? undefined;
  }

  /** Which part of the examples one is in, of a network or of the first. */
  partOf(example: number, network: number | null): string {
    const own = this.#json<{ part: string[] }>(`parts/${network ?? 0}`);
    return (own ?? this.examples())?.part[example] ?? "";
  }

  /** What is drawn of a choice; null where the page does not hold it, undefined while it is decoded. */
  shown(choice: Choice): Shown | null | undefined {
    const { runs } = this.#context;
    const { space, network, seed } = choice;
    const networks = networksOf(runs, space.name, seed);
    if (network !== null && !networks.includes(network)) return null;
    const needed = space.shared ? networks : [network!];
    const tensors = needed.map((i) => this.#tensor(meansName(space.name, i, seed)));
    const held = network === null ? null : this.#tensor(heldName(space.name, network, seed));
    const examples = this.heldNumbers(network);
    if (held === undefined || examples === undefined || tensors.some((one) => one === undefined)) return undefined;
    if (!needed.length) return null;
    const all = tensors as Tensor[];
    return this.#lazy.once(`shown/${keyOf(choice)}`, () => {
      const means = network === null ? consensusOf(all) : pathsOf(all[needed.indexOf(network)]);
      const seen = held ? pathsOf(held) : null;
      const box = space.shared
        ? this.#lazy.once(`box/${space.name}/${seed}`, () => usualBox(all.map((one) => boxOf([pathsOf(one)]))))!
        : boxOf(seen ? [seen] : [means]);
      return { choice, means, networks: all.length, held: seen, examples, box };
    });
  }

  hasFrames({ space, network }: Choice): boolean {
    return network !== null && this.#context.runs.pack.has(framesName(space.name, network));
  }

  /** All frames of a network; colours are given by who draws them. */
  frames({ space, network }: Choice): Omit<Cloud, "colours"> | null | undefined {
    if (network === null) return null;
    const [found, examples] = [this.#tensor(framesName(space.name, network)), this.examples()];
    if (!found || !examples) return found === null ? null : undefined;
    return this.#lazy.once(`cloud/${space.name}/${network}`, () => ({ points: found.values, phase: phasesOf(examples.length) }));
  }

  answers(network: number): { answer: Float32Array; sure: Float32Array; steps: number } | null | undefined {
    const [answer, sure] = [this.#tensor(`answers/${network}`), this.#tensor(`sure/${network}`)];
    if (answer === undefined || sure === undefined) return undefined;
    return answer && sure ? { answer: answer.values, sure: sure.values, steps: answer.shape[1] } : null;
  }

  predicted(network: number): Float32Array | null | undefined {
    const found = this.#tensor(`predicted/${network}`);
    return found ? found.values : found;
  }

  facts(choice: Choice, colouring: string): Facts | undefined {
    const examples = this.examples();
    if (!examples) return undefined;
    const { runs } = this.#context;
    const right = colouring === "right" ? this.#right(choice, examples) : null;
    const quality = colouring === "quality" ? this.#quality(choice.space.name) : null;
    if (right === undefined || quality === undefined) return undefined;
    return {
      signs: runs.index.signs.length, sign: examples.sign, hands: examples.hands,
      stability: this.#stability(), quality, right,
      predicted: choice.network === null ? null : (this.predicted(choice.network) ?? null),
    };
  }

  #stability(): (number | null)[] {
    return this.#lazy.once("stability", () => {
      const { pairs, runs } = this.#context;
      const [stays, comes] = [new Float64Array(runs.index.signs.length), new Float64Array(runs.index.signs.length)];
      const [stay, come] = [pairs.data.verdicts[0], pairs.data.verdicts[1]];
      for (let row = 0; row < pairs.count; row++) {
        const verdict = pairs.text(row, "verdict");
        const counts = verdict === stay ? stays : verdict === come ? comes : null;
        for (const name of counts ? pairs.signs(row) : []) {
          const sign = runs.signOf(name);
          if (sign >= 0) counts![sign]++;
        }
      }
      return [...stays].map((count, sign) => (count + comes[sign] ? count / (count + comes[sign]) : null));
    })!;
  }

  /** Of each sign in a space; `range` is that of all spaces, so that a colour means the same in every picture. */
  #quality(space: string): Facts["quality"] | undefined {
    const found = this.#json<{ signs: string[]; spaces: { space: string; trustworthiness_sign: (number | null)[] }[] }>("quality");
    if (!found) return found;
    const drawn = new Set(spacesOf(this.#context.runs).map(({ name }) => name));
    const all = found.spaces.filter((one) => drawn.has(one.space)).flatMap((one) => one.trustworthiness_sign).filter((value) => value !== null);
    const values = found.spaces.find((one) => one.space === space)?.trustworthiness_sign;
    if (!values || !all.length) return null;
    return { signs: this.#context.runs.index.signs.map((name) => values[found.signs.indexOf(name)] ?? null), range: [Math.min(...all), Math.max(...all)] };
  }

  #right(choice: Choice, examples: Examples): (number | null)[] | null | undefined {
    const networks = choice.network === null ? [...this.#context.runs.index.networks.keys()] : [choice.network];
    const answers = networks.map((network) => ({ predicted: this.predicted(network), held: this.heldNumbers(network) }));
    if (answers.some(({ predicted, held }) => predicted === undefined || held === undefined)) return undefined;
    const known = answers.filter((one): one is { predicted: Float32Array; held: number[] } => one.predicted !== null);
    if (!known.length) return null;
    const { signs } = this.#context.runs.index;
    const [right, all] = [new Float64Array(signs.length), new Float64Array(signs.length)];
    for (const { predicted, held } of known) {
      for (const example of held) {
        all[examples.sign[example]]++;
        if (predicted[example] === examples.sign[example]) right[examples.sign[example]]++;
      }
    }
    return [...right].map((count, sign) => (all[sign] ? count / all[sign] : null));
  }
}

/** Where each frame of all examples lies on its example's way. */
export function phasesOf(lengths: readonly number[]): Float32Array {
  const found = new Float32Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const length of lengths) {
    for (let frame = 0; frame < length; frame++) found[at++] = length > 1 ? frame / (length - 1) : 1;
  }
  return found;
}

// The study as the page holds it: the table of pairs, and what the explorer's pack has of each network.
import { type Block, type Cell, type CodedColumn, columnsOf, jsonOf, Pack, type Tensor } from "./pack";

export type Value = Cell;

/** A statistic and how it is shown; see columns.py. */
export interface Column {
  name: string;
  heading: string;
  shown: string;
  to: string;
  needs: string;
  words: string;
}

/** What may become of a pair with more networks; `of` is by in how many it is close today, null where no pair is. */
export interface Plan {
  more: number[];
  answers: string[];
  of: (number[][] | null)[];
}

/** The table of pairs, as sections/pairs.py gives it. */
export interface PairData {
  columns: string[];
  /** Values column by column. */
  values: Value[][];
  limits: number[];
  curves: (string | null)[];
  plan: Plan;
  headline: string;
  spaces: { name: string; runs: number }[];
  rawSpaces: string[];
  details: { title: string; columns: Column[] }[];
  alone: Column[];
  every: string;
  runs: number;
  studies: number;
  k: number;
  verdicts: string[];
  causes: string[];
  promises: Record<string, string>;
  undecided: string;
  sure: number;
  /** How many pairs the study has, where this page has room for the closest only. */
  of?: number;
}

export interface SpaceFacts {
  name: string;
  words: string;
  dims: number;
  kind: string;
  seeds: number;
  shared: boolean;
  drawn: number;
}

/** The index of the explorer's pack, as explorer.py writes it. */
export interface Index {
  version: number;
  study: string;
  signs: string[];
  networks: string[];
  k: number;
  phases: number;
  held_phases: number;
  parting: number;
  chosen: string;
  pairs: { a: number[]; b: number[] };
  spaces: SpaceFacts[];
  channels: string[];
  details: { kind: string; words: string; networks: number; of: number }[];
  blocks: Record<string, Block>;
}

export interface Examples {
  sign: number[];
  session: string[];
  take: number[];
  length: number[];
  part: string[];
  hands: string[];
  source: string[];
}

/** What another study says of this one's pairs, row by row as the table has them; null where it has no such pair. */
export interface OtherStudy {
  study: string;
  again: string;
  networks: number;
  /** The largest rank that counts as close, and in how many networks a pair that stays so is more often. */
  k: number;
  tau: number;
  pi: (number | null)[];
  pi_low: (number | null)[];
  pi_high: (number | null)[];
  q: (number | null)[];
  verdict: (string | null)[];
  verdict_repeats: (number | null)[];
  cause: (string | null)[];
  cause_repeats: (number | null)[];
}

/** Studies beside this one, as sections/compared.py gives them. */
export interface Studies {
  fdr: number;
  own: Pick<OtherStudy, "study" | "again" | "networks" | "k" | "tau">;
  others: OtherStudy[];
  /** q of staying close in all of them at once. */
  inAll: (number | null)[];
}

/** The table's columns by name, row by row. */
export class Pairs {
  readonly data: PairData;
  readonly count: number;
  readonly #columns: Map<string, Value[]>;
  readonly #row = new Map<string, number>();

  constructor(data: PairData) {
    this.data = data;
    this.#columns = new Map(data.columns.map((name, i) => [name, data.values[i]]));
    this.count = data.values[0]?.length ?? 0;
    for (let row = 0; row < this.count; row++) this.#row.set(keyOf(...this.signs(row)), row);
  }

  value(row: number, name: string): Value {
    return this.#columns.get(name)?.[row] ?? null;
  }

  number(row: number, name: string): number | null {
    const found = this.value(row, name);
    return typeof found === "number" ? found : null;
  }

  text(row: number, name: string): string {
    const found = this.value(row, name);
    return typeof found === "string" ? found : "";
  }

  /** A statistic in the space that verdicts are about. */
  head(row: number, name: string): number | null {
    return this.number(row, `${this.data.headline}_${name}`);
  }

  signs(row: number): [string, string] {
    return [this.text(row, "sign_a"), this.text(row, "sign_b")];
  }

  rowOf(a: string, b: string): number | null {
    return this.#row.get(keyOf(a, b)) ?? null;
  }

  /** The networks in which the pair is not close, by name. */
  breaks(row: number, space = this.data.headline): string[] {
    const text = this.text(row, `${space}_breaks`);
    const whole = text === "*" ? this.data.every : text;
    return whole ? whole.split(" ") : [];
  }
}

const keyOf = (a: string, b: string): string => JSON.stringify(a < b ? [a, b] : [b, a]);

/** What the explorer shows beyond the table; a study without a pack has none of it. */
export class Runs {
  readonly index: Index;
  readonly pack: Pack;
  readonly #place: Map<string, number>;
  readonly #signs: Map<string, number>;

  constructor(index: Index, text: () => string) {
    this.index = index;
    this.pack = new Pack(index.blocks, text);
    const { a, b } = index.pairs;
    this.#place = new Map(a.map((one, i) => [`${one},${b[i]}`, i]));
    this.#signs = new Map(index.signs.map((name, i) => [name, i]));
  }

  signOf(name: string): number {
    return this.#signs.get(name) ?? -1;
  }

  /** Where a pair of signs stands in the blocks that have a value for each pair. */
  placeOf(a: number, b: number): number {
    return this.#place.get(`${a},${b}`) ?? this.#place.get(`${b},${a}`) ?? -1;
  }

  space(name: string): SpaceFacts | undefined {
    return this.index.spaces.find((one) => one.name === name);
  }

  /** A block's numbers, or null where this page does not hold them. */
  async held(name: string): Promise<Tensor | null> {
    return this.pack.has(name) ? this.pack.tensor(name) : null;
  }

  ranks(space: string): Promise<Tensor | null> {
    return this.held(`ranks/${space}`);
  }

  /** The examples that a network did not learn from; other networks may have split them otherwise. */
  async heldExamples(network: number): Promise<number[]> {
    const own = `parts/${network}`;
    return this.pack.has(own) ? (await this.pack.json<{ held: number[] }>(own)).held : this.pack.json<number[]>("held");
  }

  means(space: string, network: number, seed: number): Promise<Tensor | null> {
    return this.held(`means/${space}/${network}/${seed}`);
  }
}

interface StudiesData {
  fdr: number;
  /** This study first. */
  studies: [Studies["own"], ...OtherStudy[]];
  in_all: (number | null)[];
}

const studiesOf = ({ fdr, studies: [own, ...others], in_all: inAll }: StudiesData): Studies => ({ fdr, own, others, inAll });

/** Read what the report stage has put into the page. */
export async function readPage(): Promise<{ pairs: Pairs; runs: Runs | null; studies: Studies | null }> {
  const text = (id: string): string => document.getElementById(id)?.textContent ?? "";
  const [told, cells] = text("pairs-data").split("\n");
  const packed = await jsonOf<Omit<PairData, "values"> & { values: CodedColumn[] }>(told);
  const values = columnsOf(packed.values, cells, packed.curves.length);
  const pairs = new Pairs({ ...packed, values });
  const index = text("explorer-index");
  const beside = text("studies-data");
  const studies = beside ? studiesOf(await jsonOf<StudiesData>(beside)) : null;
  return { pairs, studies, runs: index ? new Runs(await jsonOf<Index>(index), () => text("explorer-data")) : null };
}

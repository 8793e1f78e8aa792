// Decodes what the stages `report` and `explorer` have packed: integers behind deflate and base 91.
// Takes the texts of the page's script elements, gives typed arrays. The codings are told in packing.py.
import { inflateSync } from "fflate";

export interface Block {
  at: number;
  size: number;
  coding: "json" | "u8" | "u16" | "path" | "course";
  shape: number[];
  scale: number[];
  offset: number[];
  /** Of u8 and u16: what is decoded is the logarithm. */
  power?: "exp";
  /** Of paths and courses. */
  lead: number;
  wide: boolean;
  /** Of courses: the integer that stands for no number. */
  missing?: number;
}

/** Floats of some shape, the last dimension running fastest. */
export interface Tensor {
  shape: number[];
  values: Float32Array;
}

/** What each character stands for as a digit of base 91: printable ones but `&`, `<` and the backslash. */
const DIGITS = new Uint8Array(128);
[...Array(94).keys()].map((i) => i + 33).filter((code) => !"&<\\".includes(String.fromCharCode(code)))
  .forEach((code, digit) => (DIGITS[code] = digit));

/** Two digits hold 13 bits, the lowest first; a digit alone at the end holds 6. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array((13 * (text.length >> 1) + 6 * (text.length & 1)) >> 3);
  const digit = (i: number): number => DIGITS[text.charCodeAt(i) & 127];
  let [bits, count, at] = [0, 0, 0];
  for (let i = 0; i < text.length; i += 2) {
    const alone = i + 1 === text.length;
    bits |= (alone ? digit(i) : digit(i) + 91 * digit(i + 1)) << count;
    for (count += alone ? 6 : 13; count >= 8; count -= 8, bits >>>= 8) if (at < bytes.length) bytes[at++] = bits;
  }
  return bytes;
}

/** Inflate by the browser where it can, else by a library that does the same more slowly. */
export async function inflate(packed: Uint8Array): Promise<Uint8Array> {
  if (typeof DecompressionStream === "undefined") return inflateSync(packed);
  const stream = new Blob([packed as BlobPart]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const SUM_BYTES = 4;
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** CRC-32, as zlib and PNG have it. */
export function checksum(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) rest = (rest >>> 8) ^ REMAINDERS[(rest ^ byte) & 255];
  return ~rest >>> 0;
}

/** A block's deflated bytes, and its checksum behind them. */
function parted(text: string): { packed: Uint8Array; sum: number } {
  const bytes = bytesOf(text);
  const end = bytes.length - SUM_BYTES;
  if (end < 0) throw new Error("a block of its data is cut short");
  return { packed: bytes.subarray(0, end), sum: new DataView(bytes.buffer).getUint32(end, true) };
}

function checked(content: Uint8Array, sum: number): Uint8Array {
  if (checksum(content) !== sum) throw new Error("a block of its data is damaged");
  return content;
}

/** What a block holds; an error if that is not what was written. */
export async function opened(text: string): Promise<Uint8Array> {
  const { packed, sum } = parted(text);
  return checked(await inflate(packed), sum);
}

/** The same at once: for hundreds of small blocks a stream for each would take longer than what is in it. */
function openedNow(text: string): Uint8Array {
  const { packed, sum } = parted(text);
  return checked(inflateSync(packed), sum);
}

export async function jsonOf<T>(text: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await opened(text))) as T;
}

/** Integers to floats; the largest integer stands for what is missing. */
export function scaled(bytes: Uint8Array, block: Block): Float32Array {
  const wide = block.coding === "u16";
  const count = wide ? bytes.length >> 1 : bytes.length;
  const missing = wide ? 65535 : 255;
  const [scale, offset] = [block.scale[0], block.offset[0]];
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const one = wide ? bytes[2 * i] | (bytes[2 * i + 1] << 8) : bytes[i];
    const known = offset + scale * one;
    values[i] = one === missing ? NaN : block.power === "exp" ? Math.exp(known) : known;
  }
  return values;
}

/**
 * What was unforeseen in the steps of paths, point after point, to where they are. Paths have the
 * shape (…, point, dim); a course has (point, …) and holds square roots.
 */
export function unwound(bytes: Uint8Array, block: Block): Float32Array {
  const course = block.coding === "course";
  const dims = course ? 1 : block.shape.at(-1) ?? 1;
  const points = (course ? block.shape[0] : block.shape.at(-2)) ?? 1;
  const total = block.shape.reduce((product, size) => product * size, 1);
  const abreast = points ? total / points : 0;
  const values = new Float32Array(total);
  const [at, step] = [new Int32Array(abreast), new Int32Array(abreast)];
  for (let i = 0; i < total; i++) {
    const zigzag = bytes[i] | (block.wide ? bytes[total + i] << 8 : 0);
    const unforeseen = (zigzag >>> 1) ^ -(zigzag & 1);
    const [point, one] = [Math.floor(i / abreast), i % abreast];
    if (point === 0) at[one] = (one < dims ? 0 : at[one - dims]) + unforeseen;
    else at[one] += step[one] = ((block.lead * step[one]) >> 2) + unforeseen;
    const d = one % dims;
    const known = block.offset[d] + block.scale[d] * at[one];
    if (course) values[i] = at[one] === block.missing ? NaN : known * known;
    else values[(((one - d) / dims) * points + point) * dims + d] = known;
  }
  return values;
}

export type Cell = string | number | boolean | null;

/** A column as it is, or how it is coded; see tables.py. */
export type CodedColumn = Cell[] | {
  list?: Cell[];
  decimal?: number;
  binary?: number;
  of?: number;
  before?: boolean;
  slope?: number;
  shift?: number;
  missing?: number;
  at?: number;
  size?: number;
};

/** Whole numbers from 0 on, the lowest bytes of all first. */
function numbersOf(bytes: Uint8Array, rows: number): number[] {
  const numbers = new Array<number>(rows).fill(0);
  for (let from = 0, worth = 1; from < bytes.length; from += rows, worth *= 256) {
    for (let row = 0; row < rows; row++) numbers[row] += bytes[from + row] * worth;
  }
  return numbers;
}

/** Six digits and a power of ten; a division by an exact power is as exact as reading the digits. */
function decimalOf(number: number, lowest: number): number {
  if (number === 0) return 0;
  const place = Math.abs(number) - 1;
  const digits = 1e5 + (place % 9e5);
  const power = lowest + Math.floor(place / 9e5) - 5;
  const value = power < 0 && power >= -22 ? digits / 10 ** -power : Number(`${digits}e${power}`);
  return number < 0 ? -value : value;
}

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** A float to six digits, a half to the even one as Python rounds. */
function binaryOf(bits: number): number {
  word[0] = bits;
  const value = float[0];
  const digits = value.toExponential(6);
  const half = digits[7] === "5" && Number(digits) === value && Number(digits[6]) % 2 === 0;
  return Number(half ? digits.slice(0, 7) + digits.slice(8) : value.toExponential(5));
}

/** The place of each cell's value in the order in which values first appear. */
function appearance(cells: readonly Cell[]): number[] {
  const places = new Map<Cell, number>();
  return cells.map((one) => {
    const known = places.get(one) ?? places.size;
    if (known === places.size) places.set(one, known);
    return known;
  });
}

/** The cells of a table's columns, each of so many rows. */
export function columnsOf(columns: CodedColumn[], text: string, rows: number): Cell[][] {
  const cells: Cell[][] = [];
  const numbers: number[][] = [];
  const places = new Map<number, number[]>();
  const binaries = new Map<number, number>();
  for (const [place, column] of columns.entries()) {
    if (Array.isArray(column)) {
      cells.push(column);
      continue;
    }
    const { at = 0, size = 0, list, of, slope = 0, shift = 0, missing } = column;
    const coded = size ? numbersOf(openedNow(text.slice(at, at + size)), rows) : [];
    if (list && of !== undefined) {
      const first = places.get(of) ?? appearance(cells[of]);
      places.set(of, first);
      cells.push(first.map((one) => list[one]));
    } else if (list) {
      cells.push(coded.map((one) => list[one]));
    } else {
      const own: number[] = [];
      for (const [row, one] of coded.entries()) {
        const foreseen = column.before ? own[row - 1] ?? 0 : shift + (of === undefined ? 0 : Math.floor((slope * numbers[of][row]) / 256));
        own.push(foreseen + (one % 2 ? -(one + 1) / 2 : one / 2));
      }
      numbers[place] = own;
      const { binary, decimal = 0 } = column;
      const cell = (one: number): number => {
        if (binary === undefined) return decimalOf(one, decimal);
        const word = one * 2 ** binary;
        const known = binaries.get(word) ?? binaryOf(word);
        binaries.set(word, known);
        return known;
      };
      cells.push(own.map((one) => (one === missing ? null : cell(one))));
    }
  }
  return cells;
}

/** Blocks of one text, each decoded when it is asked for, and kept. */
export class Pack {
  readonly #text: () => string;
  readonly #blocks: Record<string, Block>;
  readonly #kept = new Map<string, Promise<unknown>>();

  constructor(blocks: Record<string, Block>, text: () => string) {
    this.#blocks = blocks;
    this.#text = text;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#blocks, name);
  }

  names(): string[] {
    return Object.keys(this.#blocks);
  }

  json<T>(name: string): Promise<T> {
    return this.#once(name, async (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as T);
  }

  tensor(name: string): Promise<Tensor> {
    return this.#once(name, async (bytes, block) => ({
      shape: block.shape,
      values: block.coding === "path" || block.coding === "course" ? unwound(bytes, block) : scaled(bytes, block),
    }));
  }

  #once<T>(name: string, decode: (bytes: Uint8Array, block: Block) => Promise<T>): Promise<T> {
    const known = this.#kept.get(name);
    if (known) return known as Promise<T>;
    if (!this.has(name)) return Promise.reject(new Error(`This page holds no ${name}.`));
    const block = this.#blocks[name];
    const made = opened(this.#text().slice(block.at, block.at + block.size)).then((bytes) => decode(bytes, block));
    this.#kept.set(name, made);
    return made;
  }
}

// Decodes what the stages `report` and `explorer` have packed: integers behind deflate and base64.
// Takes the texts of the page's script elements, gives typed arrays. The codings are told in packing.py.
import { inflateSync } from "fflate";

export interface Block {
  at: number;
  size: number;
  coding: "json" | "u8" | "u16" | "path";
  shape: number[];
  scale: number[];
  offset: number[];
  order: number;
  wide: boolean;
}

/** Floats of some shape, the last dimension running fastest. */
export interface Tensor {
  shape: number[];
  values: Float32Array;
}

export function bytesOf(base64: string): Uint8Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Inflate by the browser where it can, else by a library that does the same more slowly. */
export async function inflate(packed: Uint8Array): Promise<Uint8Array> {
  if (typeof DecompressionStream === "undefined") return inflateSync(packed);
  const stream = new Blob([packed as BlobPart]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export async function jsonOf<T>(base64: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await inflate(bytesOf(base64)))) as T;
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
    values[i] = one === missing ? NaN : offset + scale * one;
  }
  return values;
}

/** Differences of integers, dimension after dimension, to floats with the dimensions together. */
export function unwound(bytes: Uint8Array, block: Block): Float32Array {
  const dims = block.shape.at(-1) ?? 1;
  const total = block.shape.reduce((product, size) => product * size, 1);
  const length = total / dims;
  const values = new Float32Array(total);
  for (let d = 0; d < dims; d++) {
    const [scale, offset] = [block.scale[d], block.offset[d]];
    const sums = new Int32Array(block.order);
    for (let i = 0; i < length; i++) {
      const from = d * length + i;
      const zigzag = bytes[from] | (block.wide ? bytes[total + from] << 8 : 0);
      let step = (zigzag >>> 1) ^ -(zigzag & 1);
      for (let o = block.order - 1; o >= 0; o--) step = sums[o] += step;
      values[i * dims + d] = offset + scale * step;
    }
  }
  return values;
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
      values: block.coding === "path" ? unwound(bytes, block) : scaled(bytes, block),
    }));
  }

  #once<T>(name: string, decode: (bytes: Uint8Array, block: Block) => Promise<T>): Promise<T> {
    const known = this.#kept.get(name);
    if (known) return known as Promise<T>;
    if (!this.has(name)) return Promise.reject(new Error(`This page holds no ${name}.`));
    const block = this.#blocks[name];
    const made = inflate(bytesOf(this.#text().slice(block.at, block.at + block.size))).then((bytes) => decode(bytes, block));
    this.#kept.set(name, made);
    return made;
  }
}

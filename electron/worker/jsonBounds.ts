/**
 * What a JSON text would take once it is parsed, found out while its bytes arrive: a text of brackets takes fifty times
 * its size, and compressed it has a thousandth of that.
 */
import { BackendError } from './errors.ts';

export interface JsonLimits {
  /** Of the text, after decompression. */
  maxBytes: number;
  /** Of what it is parsed to, as estimated. */
  maxParsed: number;
  /** Objects and lists within one another. */
  maxDepth: number;
  /** One text. etcd keeps no object beyond a megabyte and a half. */
  maxString: number;
}

const MIB = 1024 * 1024;

/** Room for a cluster of half a million pods (`test/worker/bounds.test.ts`). V8 holds no text of more bytes. */
export const JSON_LIMITS: JsonLimits = {
  maxBytes: 512 * MIB,
  maxParsed: 1536 * MIB,
  maxDepth: 1000,
  maxString: 16 * MIB,
};

/** An object or list with nothing in it, and an entry beyond its text: what V8 takes at least. */
const NODE = 64;
const ENTRY = 24;

/** Looks through one JSON text, in pieces. What is no JSON passes too, unless it looks as large. */
export class JsonBounds {
  readonly #limits: JsonLimits;
  #bytes = 0;
  #nodes = 0;
  #entries = 0;
  #depth = 0;
  #string = 0;
  #inString = false;
  #escaped = false;

  constructor(limits: Partial<JsonLimits> = {}) {
    this.#limits = { ...JSON_LIMITS, ...limits };
  }

  /** What the text so far would take in memory, text included. */
  get parsed(): number {
    return this.#bytes + this.#nodes * NODE + this.#entries * ENTRY;
  }

  /**
   * Takes the next piece.
   * @param bytes UTF-8
   * @returns why nothing more of the text should be read; null where it is within its bounds
   */
  take(bytes: Uint8Array): string | null {
    const { maxBytes, maxParsed, maxDepth, maxString } = this.#limits;
    this.#bytes += bytes.length;
    if (this.#bytes > maxBytes) return `it is longer than ${Math.round(maxBytes / MIB)} MiB`;
    let inString = this.#inString;
    let escaped = this.#escaped;
    let depth = this.#depth;
    let nodes = 0;
    let entries = 0;
    let deepest = 0;
    let begun = inString ? -this.#string : 0;
    let longest = 0;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === 0x5c) escaped = true;
        else if (byte === 0x22) {
          inString = false;
          if (i - begun > longest) longest = i - begun;
        }
        continue;
      }
      if (byte === 0x22) {
        inString = true;
        begun = i;
      } else if (byte === 0x2c) entries++;
      else if (byte === 0x7b || byte === 0x5b) {
        nodes++;
        entries++;
        if (++depth > deepest) deepest = depth;
      } else if (byte === 0x7d || byte === 0x5d) depth--;
    }
    this.#inString = inString;
    this.#escaped = escaped;
    this.#depth = depth;
    this.#nodes += nodes;
    this.#entries += entries;
    this.#string = inString ? bytes.length - begun : 0;
    if (deepest > maxDepth) return `it is nested more than ${maxDepth} deep`;
    if (Math.max(longest, this.#string) > maxString)
      return `a text in it is longer than ${Math.round(maxString / MIB)} MiB`;
    if (this.parsed > maxParsed)
      return `its ${this.#nodes} objects and lists would take more than ${Math.round(maxParsed / MIB)} MiB of memory`;
    return null;
  }

  /** As `take`, for what has no way to go on. */
  check(bytes: Uint8Array, kind: 'api' | 'input', what: string): void {
    const over = this.take(bytes);
    if (over !== null) throw new BackendError({ kind, message: `${what} is not read: ${over}.` });
  }
}

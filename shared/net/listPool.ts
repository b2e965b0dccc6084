/**
 * Interns lists of whole numbers: equal lists get one id, kept end to end in one growing array. Rows of
 * thousands of entries would be too dear as strings or as one object each.
 */
export class ListPool {
  private data = new Int32Array(1024);
  private end = 0;
  private starts = new Int32Array(64);
  private count = 0;
  private table = new Int32Array(256).fill(-1);
  private hashes = new Int32Array(64);

  constructor() {
    // Id 0 is the empty list.
    this.intern([], 0);
  }

  get size(): number {
    return this.count;
  }

  /** All lists end to end; list `id` is `items.subarray(start(id), start(id + 1))`. Valid until the next intern. */
  get items(): Int32Array {
    return this.data;
  }

  start(id: number): number {
    return this.starts[id];
  }

  length(id: number): number {
    return this.starts[id + 1] - this.starts[id];
  }

  /** A copy of the list. */
  list(id: number): Int32Array {
    return this.data.slice(this.starts[id], this.starts[id + 1]);
  }

  /** Id of the list of the first `length` items of `buffer`. */
  intern(buffer: ArrayLike<number>, length: number): number {
    let h = length | 0;
    for (let i = 0; i < length; i++) h = Math.imul(h ^ buffer[i], 0x01000193) ^ (h >>> 13);
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
    h ^= h >>> 12;
    let mask = this.table.length - 1;
    let slot = h & mask;
    for (;;) {
      const id = this.table[slot];
      if (id < 0) break;
      if (this.hashes[id] === h && this.same(id, buffer, length)) return id;
      slot = (slot + 1) & mask;
    }
    const id = this.count++;
    if (this.count + 1 > this.starts.length) {
      this.starts = grown(this.starts, this.count * 2);
      this.hashes = grown(this.hashes, this.count * 2);
    }
    if (this.end + length > this.data.length) this.data = grown(this.data, (this.end + length) * 2);
    for (let i = 0; i < length; i++) this.data[this.end + i] = buffer[i];
    this.end += length;
    this.starts[id + 1] = this.end;
    this.hashes[id] = h;
    this.table[slot] = id;
    if (this.count * 2 > this.table.length) {
      const bigger = new Int32Array(this.table.length * 2).fill(-1);
      mask = bigger.length - 1;
      for (let k = 0; k < this.count; k++) {
        let s = this.hashes[k] & mask;
        while (bigger[s] >= 0) s = (s + 1) & mask;
        bigger[s] = k;
      }
      this.table = bigger;
    }
    return id;
  }

  private same(id: number, buffer: ArrayLike<number>, length: number): boolean {
    const from = this.starts[id];
    if (this.starts[id + 1] - from !== length) return false;
    for (let i = 0; i < length; i++) if (this.data[from + i] !== buffer[i]) return false;
    return true;
  }
}

function grown(a: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const b = new Int32Array(length);
  b.set(a);
  return b;
}

/** A growing list of whole numbers. */
export class IntList {
  items: Int32Array<ArrayBuffer>;
  length = 0;

  constructor(capacity = 16) {
    this.items = new Int32Array(capacity);
  }

  push(x: number): number {
    if (this.length === this.items.length) this.items = grown(this.items, this.length * 2);
    this.items[this.length] = x;
    return this.length++;
  }

  /** The items, copied to their size. */
  trimmed(): Int32Array<ArrayBuffer> {
    return this.items.slice(0, this.length);
  }
}

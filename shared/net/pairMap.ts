/**
 * A map from a pair of whole numbers (each 0 ≤ n < 2^31) to a whole number ≥ 0, in one flat table: the memo
 * tables of the evaluator are asked millions of times, where a Map with string or bigint keys would dominate.
 */
export class PairMap {
  private mask = 127;
  private table = new Int32Array((this.mask + 1) * 3).fill(-1);
  private used = 0;

  get size(): number {
    return this.used;
  }

  private static hash(a: number, b: number): number {
    let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
    h ^= h >>> 15;
    h = Math.imul(h, 0x2c1b3c6d);
    return (h ^ (h >>> 13)) >>> 0;
  }

  /** The value of (a, b), or -1. */
  get(a: number, b: number): number {
    const t = this.table;
    let i = PairMap.hash(a, b) & this.mask;
    for (;;) {
      const k = i * 3;
      const ka = t[k];
      if (ka === -1) return -1;
      if (ka === a && t[k + 1] === b) return t[k + 2];
      i = (i + 1) & this.mask;
    }
  }

  /** The pair's number, in order of first asking from 0; do not mix with `set`. */
  number(a: number, b: number): number {
    let n = this.get(a, b);
    if (n < 0) {
      n = this.used;
      this.set(a, b, n);
    }
    return n;
  }

  set(a: number, b: number, value: number): void {
    if ((this.used + 1) * 2 > this.mask + 1) this.grow();
    const t = this.table;
    let i = PairMap.hash(a, b) & this.mask;
    for (;;) {
      const k = i * 3;
      if (t[k] === -1) {
        t[k] = a;
        t[k + 1] = b;
        t[k + 2] = value;
        this.used++;
        return;
      }
      if (t[k] === a && t[k + 1] === b) {
        t[k + 2] = value;
        return;
      }
      i = (i + 1) & this.mask;
    }
  }

  private grow(): void {
    const old = this.table;
    const size = (this.mask + 1) * 2;
    this.mask = size - 1;
    this.table = new Int32Array(size * 3).fill(-1);
    this.used = 0;
    for (let k = 0; k < old.length; k += 3) if (old[k] !== -1) this.set(old[k], old[k + 1], old[k + 2]);
  }
}

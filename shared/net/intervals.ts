/**
 * Sets of whole numbers as sorted, disjoint, non-touching half-open intervals, kept flat:
 * `[lo0, hi0, lo1, hi1, …]` means {x : lo0 ≤ x < hi0} ∪ …. That form is unique for each set, so two sets are
 * equal exactly when their arrays are. Half-open bounds need no `+ 1`, so one piece of code serves ports and
 * IPv4 (numbers) and IPv6 (bigints).
 */

export type Bound = number | bigint;
export type Intervals<T extends Bound> = readonly T[];

/** Walks the bounds of `a` and `b` in order and keeps what `keep(inA, inB)` says. `keep(false, false)` must be false. */
function combine<T extends Bound>(
  a: Intervals<T>,
  b: Intervals<T>,
  keep: (inA: boolean, inB: boolean) => boolean,
): T[] {
  const out: T[] = [];
  let i = 0;
  let j = 0;
  let open = false;
  while (i < a.length || j < b.length) {
    // Past its end a list gives undefined, which is below nothing and equal to no bound.
    const x = j >= b.length || a[i] <= b[j] ? a[i] : b[j];
    if (a[i] === x) i++;
    if (b[j] === x) j++;
    // After an odd number of bounds we are inside an interval.
    const now = keep((i & 1) === 1, (j & 1) === 1);
    if (now !== open) {
      out.push(x);
      open = now;
    }
  }
  return out;
}

/** Everything in `a` or in `b`. Both canonical; gives the canonical form. */
export function union<T extends Bound>(a: Intervals<T>, b: Intervals<T>): T[] {
  return combine(a, b, (x, y) => x || y);
}

/** Everything in both `a` and `b`. Both canonical; gives the canonical form. */
export function intersect<T extends Bound>(a: Intervals<T>, b: Intervals<T>): T[] {
  return combine(a, b, (x, y) => x && y);
}

/** Everything in `a` and not in `b`. Both canonical; gives the canonical form. */
export function subtract<T extends Bound>(a: Intervals<T>, b: Intervals<T>): T[] {
  return combine(a, b, (x, y) => x && !y);
}

/** Canonical form of any list of `[lo, hi)` pairs (unsorted, overlapping or empty pairs are fine). */
export function normalize<T extends Bound>(pairs: readonly (readonly [T, T])[]): T[] {
  const sorted = pairs.filter(([lo, hi]) => lo < hi).sort((p, q) => (p[0] < q[0] ? -1 : 1));
  const out: T[] = [];
  for (const [lo, hi] of sorted) {
    const last = out.length - 1;
    if (lo <= out[last]) {
      if (hi > out[last]) out[last] = hi;
    } else out.push(lo, hi);
  }
  return out;
}

/** Is `x` in the set? Binary search. */
export function contains<T extends Bound>(a: Intervals<T>, x: T): boolean {
  let lo = 0;
  let hi = a.length;
  // Number of bounds ≤ x: odd means inside.
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (a[mid] <= x) lo = mid + 1;
    else hi = mid;
  }
  return (lo & 1) === 1;
}

/** Are the two canonical sets equal? */
export function equal<T extends Bound>(a: Intervals<T>, b: Intervals<T>): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}

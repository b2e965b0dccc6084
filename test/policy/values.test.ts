/** The values of one side: six connection sets each, joined and cut part by part (S5, S6, S11). */
import { describe, expect, it } from 'vitest';
import { ALL_CONNS, ConnPool, NO_CONNS } from '../../shared/net/conns.ts';
import {
  EVERYTHING_PERMITTED,
  L4,
  L6,
  LN,
  MATCHES,
  MAY_MATCH,
  NOTHING,
  U4,
  U6,
  UN,
  ValuePool,
  type ValueId,
} from '../../shared/policy/values.ts';

const FAMILIES = [4, 6, 0] as const;

describe('values', () => {
  const made = (): { conns: ConnPool; pool: ValuePool; all: ValueId[]; sets: number[] } => {
    const conns = new ConnPool();
    const pool = new ValuePool(conns);
    const [a, b] = [conns.range(0, 80, 80), conns.range(1, 1, 65535)];
    const sets = [NO_CONNS, a, b, conns.union(a, b), ALL_CONNS];
    const masks = [0, L4 | U4, L6 | U6, LN | UN, U4, MAY_MATCH, MATCHES];
    const all = sets.flatMap((lower) =>
      sets
        .filter((upper) => conns.union(lower, upper) === upper)
        .flatMap((upper) => masks.map((mask) => pool.of(lower, upper, mask))),
    );
    return { conns, pool, all, sets };
  };
  const parts = (pool: ValuePool, value: ValueId): number[] =>
    FAMILIES.flatMap((family) => {
      const { lower, upper } = pool.ofFamily(value, family);
      return [lower, upper];
    });

  it('S11: hold each bound for the families that a peer matches in', () => {
    const { pool, sets } = made();
    const [, a, , ab] = sets as [number, number, number, number];
    const told = (mask: number): number[] => parts(pool, pool.of(a, ab, mask));
    expect(told(MATCHES)).toEqual([a, ab, a, ab, a, ab]);
    expect(told(MAY_MATCH)).toEqual([0, ab, 0, ab, 0, ab]);
    expect(told(L4 | U4)).toEqual([a, ab, 0, 0, 0, 0]);
    expect(told(L6 | U6)).toEqual([0, 0, a, ab, 0, 0]);
    expect(told(LN | UN)).toEqual([0, 0, 0, 0, a, ab]);
    expect(parts(pool, NOTHING)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(parts(pool, EVERYTHING_PERMITTED)).toEqual(Array.from({ length: 6 }, () => ALL_CONNS));
  });
  it('S5, S6: are joined and cut part by part, and one value has one number', () => {
    const { conns, pool, all } = made();
    const numbers = new Map<string, ValueId>();
    const one = (value: ValueId): void => {
      const key = parts(pool, value).join(' ');
      expect([key, numbers.get(key) ?? value]).toEqual([key, value]);
      numbers.set(key, value);
    };
    for (const x of all) {
      one(x);
      for (const y of all) {
        const [p, q] = [parts(pool, x), parts(pool, y)];
        const union = pool.union(x, y);
        const both = pool.intersect(x, y);
        expect(parts(pool, union)).toEqual(p.map((set, i) => conns.union(set, q[i] as number)));
        expect(parts(pool, both)).toEqual(p.map((set, i) => conns.intersect(set, q[i] as number)));
        expect([pool.union(y, x), pool.intersect(y, x)]).toEqual([union, both]);
        one(union);
        one(both);
      }
    }
    expect(numbers.size).toBeGreaterThan(64);
  });
  it('S24, S26: lose what is sure, or gain what is possible, in each family', () => {
    const { pool, sets } = made();
    const [, a, b, ab] = sets as [number, number, number, number];
    const mixed = [pool.of(a, ab, L4 | U4), pool.of(b, b, L6 | U6), pool.of(NO_CONNS, a, LN | UN)].reduce(
      (x, y) => pool.union(x, y),
    );
    expect(parts(pool, mixed)).toEqual([a, ab, b, b, 0, a]);
    expect(parts(pool, pool.dropLower(mixed))).toEqual([0, ab, 0, b, 0, a]);
    const other = pool.union(pool.of(NO_CONNS, ab, L6 | U6), pool.of(b, ALL_CONNS, LN | UN));
    expect(parts(pool, pool.dropLower(other))).toEqual([0, 0, 0, ab, 0, ALL_CONNS]);
    expect(parts(pool, pool.raiseUpper(mixed))).toEqual([a, ALL_CONNS, b, ALL_CONNS, 0, ALL_CONNS]);
  });
  it('S6: are asked over the families that the cluster has', () => {
    const { pool, sets } = made();
    const [, a, b, ab] = sets as [number, number, number, number];
    const mixed = pool.union(pool.of(a, a, L4 | U4), pool.of(NO_CONNS, b, L6 | U6));
    pool.families = 1;
    expect([pool.lower(mixed), pool.upper(mixed)]).toEqual([a, a]);
    pool.families = 2;
    expect([pool.lower(mixed), pool.upper(mixed)]).toEqual([NO_CONNS, b]);
    pool.families = 3;
    expect([pool.lower(mixed), pool.upper(mixed)]).toEqual([a, ab]);
    const none = pool.of(a, ab, LN | UN);
    expect([pool.lower(none), pool.upper(none)]).toEqual([a, ab]);
  });
});

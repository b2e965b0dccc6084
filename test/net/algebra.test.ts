/**
 * The algebra under the evaluator, as properties: each law against a naive model (a plain Set of numbers), for
 * ports (numbers) and for addresses (numbers and bigints).
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALL_CONNS, ConnPool, NO_CONNS, connPoint, PROTOCOL_INDEX } from '../../shared/net/conns.ts';
import {
  contains,
  equal,
  intersect,
  normalize,
  subtract,
  union,
  type Intervals,
} from '../../shared/net/intervals.ts';
import {
  cidrs4,
  cidrs6,
  formatAddress,
  IPV4_ALL,
  IPV6_ALL,
  parseAddress,
  parseCidr,
} from '../../shared/net/ip.ts';
import { IntList, ListPool } from '../../shared/net/listPool.ts';
import { PairMap } from '../../shared/net/pairMap.ts';
import {
  contains as within,
  formatAddress as plainText,
  parseAddress as plainAddress,
  parseBlock,
} from '../plain/address.ts';

const SIZE = 12;
const UNIVERSE = Array.from({ length: SIZE }, (_, i) => i);
const members = fc.uniqueArray(fc.integer({ min: 0, max: SIZE - 1 })).map((list) => new Set(list));
const setOf = (numbers: Set<number>): number[] => normalize([...numbers].map((n) => [n, n + 1] as const));
const big = (numbers: Set<number>): bigint[] =>
  normalize([...numbers].map((n) => [BigInt(n) << 100n, BigInt(n + 1) << 100n] as const));
const model = (keep: (n: number) => boolean): Set<number> => new Set(UNIVERSE.filter(keep));

describe('intervals', () => {
  it('agree with plain sets, in canonical form, for numbers and for bigints', () => {
    fc.assert(
      fc.property(members, members, (a, b) => {
        const cases: [typeof union, (n: number) => boolean][] = [
          [union, (n) => a.has(n) || b.has(n)],
          [intersect, (n) => a.has(n) && b.has(n)],
          [subtract, (n) => a.has(n) && !b.has(n)],
        ];
        for (const [operation, keep] of cases) {
          expect(operation(setOf(a), setOf(b))).toEqual(setOf(model(keep)));
          expect(operation(big(a), big(b))).toEqual(big(model(keep)));
        }
      }),
    );
  });
  it('are commutative, associative, idempotent and absorb', () => {
    fc.assert(
      fc.property(members, members, members, (x, y, z) => {
        const [a, b, c] = [setOf(x), setOf(y), setOf(z)];
        for (const operation of [union, intersect]) {
          expect(operation(a, b)).toEqual(operation(b, a));
          expect(operation(a, operation(b, c))).toEqual(operation(operation(a, b), c));
          expect(operation(a, a)).toEqual(a);
        }
        expect(union(a, intersect(a, b))).toEqual(a);
        expect(intersect(a, union(b, c))).toEqual(union(intersect(a, b), intersect(a, c)));
        expect(subtract(a, subtract(a, b))).toEqual(intersect(a, b));
      }),
    );
  });
  it('have one form for a set, whatever pairs it was made of', () => {
    const pair = fc.tuple(fc.integer({ min: 0, max: SIZE }), fc.integer({ min: 0, max: SIZE }));
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 8 }), (pairs) => {
        const made = normalize(pairs);
        expect(made).toEqual(setOf(model((n) => pairs.some(([lo, hi]) => lo <= n && n < hi))));
        for (let i = 1; i < made.length; i++) expect(made[i]).toBeGreaterThan(made[i - 1] as number);
        for (const n of UNIVERSE) expect(contains(made, n)).toBe(pairs.some(([lo, hi]) => lo <= n && n < hi));
      }),
    );
  });
  it('are equal exactly when their members are', () => {
    fc.assert(
      fc.property(members, members, (a, b) => {
        const same = UNIVERSE.every((n) => a.has(n) === b.has(n));
        expect(equal(setOf(a), setOf(b))).toBe(same);
        expect(equal(setOf(a), setOf(new Set(a)))).toBe(true);
      }),
    );
    expect(equal([0, 5], [0, 5, 7, 9])).toBe(false);
    expect(equal([0, 5, 7, 9], [0, 5])).toBe(false);
  });
  it('have complements within a family', () => {
    fc.assert(
      fc.property(members, (a) => {
        const outside = subtract(IPV4_ALL, setOf(a));
        expect(intersect(outside, setOf(a))).toEqual([]);
        expect(union(outside, setOf(a))).toEqual([...IPV4_ALL]);
        const six = subtract(IPV6_ALL, big(a));
        expect(subtract(IPV6_ALL, six)).toEqual(big(a));
      }),
    );
  });
});

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;
const EDGES = [1, 2, 79, 80, 81, 443, 65534, 65535];
const portRange = fc
  .tuple(fc.constantFrom(...EDGES), fc.constantFrom(...EDGES))
  .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as [number, number]);
const connJson = fc.dictionary(fc.constantFrom(...PROTOCOLS), fc.array(portRange, { maxLength: 3 }), {
  noNullPrototype: true,
});
type Json = Record<string, [number, number][]>;
const inJson = (json: Json, protocol: string, port: number): boolean =>
  (json[protocol] ?? []).some(([from, to]) => from <= port && port <= to);

describe('connection sets', () => {
  it('agree with their ranges, point by point, under union, intersection and difference', () => {
    fc.assert(
      fc.property(connJson, connJson, (x, y) => {
        const pool = new ConnPool();
        const a = pool.fromJson(x);
        const b = pool.fromJson(y);
        const [or, and, minus] = [pool.union(a, b), pool.intersect(a, b), pool.subtract(a, b)];
        for (const protocol of PROTOCOLS) {
          for (const port of [1, 2, 3, 78, 79, 80, 81, 82, 442, 443, 444, 65533, 65534, 65535]) {
            const point = connPoint(PROTOCOL_INDEX[protocol] as number, port);
            const [inX, inY] = [inJson(x, protocol, port), inJson(y, protocol, port)];
            expect(pool.has(a, point)).toBe(inX);
            expect(pool.has(or, point)).toBe(inX || inY);
            expect(pool.has(and, point)).toBe(inX && inY);
            expect(pool.has(minus, point)).toBe(inX && !inY);
          }
        }
      }),
    );
  });
  it('have one number for one set: laws hold as equality of numbers', () => {
    fc.assert(
      fc.property(connJson, connJson, connJson, (x, y, z) => {
        const pool = new ConnPool();
        const [a, b, c] = [pool.fromJson(x), pool.fromJson(y), pool.fromJson(z)] as [number, number, number];
        expect(pool.union(a, b)).toBe(pool.union(b, a));
        expect(pool.intersect(a, b)).toBe(pool.intersect(b, a));
        expect(pool.union(a, pool.union(b, c))).toBe(pool.union(pool.union(a, b), c));
        expect(pool.intersect(a, pool.intersect(b, c))).toBe(pool.intersect(pool.intersect(a, b), c));
        expect(pool.union(a, a)).toBe(a);
        expect(pool.intersect(a, a)).toBe(a);
        expect(pool.union(a, NO_CONNS)).toBe(a);
        expect(pool.union(NO_CONNS, a)).toBe(a);
        expect(pool.union(a, ALL_CONNS)).toBe(ALL_CONNS);
        expect(pool.union(ALL_CONNS, a)).toBe(ALL_CONNS);
        expect(pool.intersect(a, NO_CONNS)).toBe(NO_CONNS);
        expect(pool.intersect(NO_CONNS, a)).toBe(NO_CONNS);
        expect(pool.intersect(a, ALL_CONNS)).toBe(a);
        expect(pool.intersect(ALL_CONNS, a)).toBe(a);
        expect(pool.subtract(a, a)).toBe(NO_CONNS);
        expect(pool.subtract(a, NO_CONNS)).toBe(a);
        expect(pool.subtract(NO_CONNS, a)).toBe(NO_CONNS);
        expect(pool.subtract(a, ALL_CONNS)).toBe(NO_CONNS);
        expect(pool.subtract(ALL_CONNS, pool.subtract(ALL_CONNS, a))).toBe(a);
        // De Morgan
        const not = (id: number): number => pool.subtract(ALL_CONNS, id);
        expect(not(pool.union(a, b))).toBe(pool.intersect(not(a), not(b)));
        expect(pool.subtract(a, b)).toBe(pool.intersect(a, not(b)));
      }),
    );
  });
  it('print and read back to the same number, and print the same ranges however they were given', () => {
    fc.assert(
      fc.property(connJson, (json) => {
        const pool = new ConnPool();
        const id = pool.fromJson(json);
        expect(pool.fromJson(pool.toJson(id))).toBe(id);
        const reversed = Object.fromEntries(
          Object.entries(json)
            .reverse()
            .map(([protocol, ranges]) => [protocol, [...ranges].reverse()]),
        );
        expect(pool.fromJson(reversed)).toBe(id);
        for (const [protocol, ranges] of Object.entries(pool.toJson(id))) {
          expect(ranges.length).toBeGreaterThan(0);
          ranges.forEach(([from, to], i) => {
            expect(from).toBeLessThanOrEqual(to);
            expect(from).toBeGreaterThanOrEqual(1);
            expect(to).toBeLessThanOrEqual(65535);
            if (i > 0) expect(from).toBeGreaterThan(ranges[i - 1]![1] + 1);
            expect(inJson(json, protocol, from) && inJson(json, protocol, to)).toBe(true);
          });
        }
      }),
    );
  });
  it('know everything and nothing by name', () => {
    const pool = new ConnPool();
    const all = { TCP: [[1, 65535]], UDP: [[1, 65535]], SCTP: [[1, 65535]] };
    expect(pool.toJson(ALL_CONNS)).toEqual(all);
    expect(pool.toJson(NO_CONNS)).toEqual({});
    expect(pool.fromJson(all as never)).toBe(ALL_CONNS);
    expect(pool.fromJson({})).toBe(NO_CONNS);
    expect(pool.fromJson({ TCP: [[81, 80]] })).toBe(NO_CONNS);
    const whole = (protocol: number): number => pool.range(protocol, 1, 65535);
    expect(pool.union(pool.union(whole(0), whole(1)), whole(2))).toBe(ALL_CONNS);
    expect(pool.fromJson({ TCP: undefined, UDP: [[1, 65535]] })).toBe(whole(1));
    expect(pool.toJson(pool.range(1, 53, 53))).toEqual({ UDP: [[53, 53]] });
    expect(pool.toJson(pool.union(pool.range(0, 80, 81), pool.range(0, 82, 90)))).toEqual({
      TCP: [[80, 90]],
    });
    // The last port of one protocol does not touch the first of the next.
    expect(pool.toJson(pool.union(pool.range(0, 65535, 65535), pool.range(1, 1, 1)))).toEqual({
      TCP: [[65535, 65535]],
      UDP: [[1, 1]],
    });
    expect(pool.range(1, 53, 53)).toBe(pool.fromJson({ UDP: [[53, 53]] }));
    // Written without anything between them, the bounds of these two would read the same.
    expect(pool.range(0, 1, 233)).not.toBe(pool.range(0, 12, 33));
  });
  it('refuse an unknown protocol and ports outside 1-65535', () => {
    const pool = new ConnPool();
    for (const bad of [
      [0, 80],
      [80, 65536],
      [1.5, 2],
      [1, 2.5],
      [-1, 5],
    ] as [number, number][]) {
      expect(() => pool.fromJson({ TCP: [bad] })).toThrow(RangeError);
    }
    expect(() => pool.fromJson({ TCP: [[1, 65536]] })).toThrow('ports 1-65536 are not within 1-65535');
    expect(() => pool.fromJson({ ICMP: [[1, 2]] })).toThrow(new RangeError('unknown protocol ICMP'));
  });
});

const four = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const six = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });
/** Addresses with many zero groups, where the text form has its corners. */
const sparseSix = fc
  .array(fc.constantFrom(0, 0, 0, 1, 0xabcd, 0xffff), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.reduce((value, group) => value * 65536n + BigInt(group), 0n));
const MAPPED = 0xffffn;

describe('addresses', () => {
  it('print and read back: IPv4', () => {
    fc.assert(
      fc.property(four, (value) => {
        const text = formatAddress({ family: 4, value });
        expect(parseAddress(text)).toEqual({ family: 4, value });
        expect(plainAddress(text)).toEqual({ family: 'IPv4', value: BigInt(value) });
      }),
    );
  });
  it('print and read back: IPv6, in the form of RFC 5952', () => {
    fc.assert(
      fc.property(fc.oneof(six, sparseSix), (value) => {
        fc.pre(value >> 32n !== MAPPED);
        const text = formatAddress({ family: 6, value });
        expect(parseAddress(text)).toEqual({ family: 6, value });
        expect(plainAddress(text)).toEqual({ family: 'IPv6', value });
        expect(parseAddress(plainText({ family: 'IPv6', value }))).toEqual({ family: 6, value });
        expect(text).toBe(text.toLowerCase());
        expect(text.split('::').length).toBeLessThanOrEqual(2);
        expect(text).not.toMatch(/(^|:)0[0-9a-f]/);
        // The longest run of at least two zero groups is the one that is cut short, the first of equal ones.
        const runs = [...plainText({ family: 'IPv6', value }).matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g)];
        const longest = Math.max(0, ...runs.map((run) => run[0].length));
        const first = runs.find((run) => run[0].length === longest);
        if (first) {
          const head = plainText({ family: 'IPv6', value }).slice(0, first.index);
          expect(text.startsWith(`${head.replace(/:$/, '')}::`)).toBe(true);
        } else expect(text).not.toContain('::');
      }),
    );
    expect(parseAddress('1:2:3::5:6:7:8')).toEqual({ family: 6, value: 0x00010002000300000005000600070008n });
    const texts = ['::', '::1', '1::', '2001:db8::1', '2001:db8:0:1:1:1:1:1', '1:0:0:2::3', 'fe80::1:0:0:1'];
    for (const text of texts) expect(formatAddress(parseAddress(text)!)).toBe(text);
  });
  it('refuse what is no address', () => {
    const bad = [
      '',
      '1.2.3',
      '1.2.3.4.5',
      '1.2.3.256',
      '1.2.3.-4',
      '1.2..4',
      ' 1.2.3.4',
      '1.2.3.4 ',
      'a.b.c.d',
      ':::',
      '1::2::3',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1:2:3:4:5:6:7:8::',
      '12345::',
      'g::',
      '::1.2.3',
      'fe80::1%eth0',
      '1.2.3.4/8',
      ':1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:',
    ];
    for (const text of bad) expect([text, parseAddress(text)]).toEqual([text, null]);
  });
  it('read an IPv4 tail of IPv6, and a mapped address as the IPv4 address that it is', () => {
    expect(parseAddress('64:ff9b::192.0.2.1')).toEqual({
      family: 6,
      value: (0x64ff9bn << 96n) | 0xc0000201n,
    });
    expect(parseAddress('0:0:0:0:0:0:192.0.2.1')).toEqual({ family: 6, value: 0xc0000201n });
    for (const bad of ['192.0.2.1::', '1:192.0.2.1::2', '0:0:0:0:0:0:0:192.0.2.1', '::192.0.2.1:0']) {
      expect([bad, parseAddress(bad)]).toEqual([bad, null]);
    }
    expect(parseAddress('::ffff:192.0.2.1')).toEqual({ family: 4, value: 0xc0000201 });
  });
});

describe('CIDR blocks', () => {
  it('hold what the plain reading holds, and flag host bits', () => {
    fc.assert(
      fc.property(four, fc.integer({ min: 0, max: 32 }), (value, prefix) => {
        const text = `${formatAddress({ family: 4, value })}/${prefix}`;
        const block = parseCidr(text)!;
        const plain = parseBlock(text)!;
        expect([BigInt(block.lo), BigInt(block.hi) - 1n]).toEqual([plain.first, plain.last]);
        expect(block).toMatchObject({
          family: 4,
          prefix,
          leadingZeros: false,
          hostBits: plain.first !== BigInt(value),
        });
        expect(within(plain, { family: 'IPv4', value: BigInt(value) })).toBe(true);
      }),
    );
    fc.assert(
      fc.property(six, fc.integer({ min: 0, max: 128 }), (value, prefix) => {
        fc.pre(value >> 32n !== MAPPED);
        const text = `${formatAddress({ family: 6, value })}/${prefix}`;
        const block = parseCidr(text)!;
        const plain = parseBlock(text)!;
        expect([block.lo, BigInt(block.hi) - 1n]).toEqual([plain.first, plain.last]);
        expect(block).toMatchObject({ family: 6, prefix, hostBits: plain.first !== value });
      }),
    );
  });
  it('of mapped addresses are blocks of IPv4 while they hold nothing else', () => {
    expect(parseCidr('::ffff:10.0.0.0/104')).toMatchObject({
      family: 4,
      lo: 10 * 2 ** 24,
      hi: 11 * 2 ** 24,
      prefix: 8,
    });
    expect(parseCidr('::ffff:0:0/96')).toMatchObject({ family: 4, lo: 0, hi: 2 ** 32, prefix: 0 });
    expect(parseCidr('::ffff:192.0.2.1/128')).toMatchObject({
      family: 4,
      lo: 0xc0000201,
      hi: 0xc0000202,
      prefix: 32,
    });
    expect(parseCidr('::ffff:0:0/95')).toMatchObject({ family: 6, prefix: 95 });
    expect(parseCidr('::ffff:0:0/129')).toBe(null);
  });
  it('flag leading zeros and read them as decimal', () => {
    expect(parseCidr('010.0.0.0/8')).toMatchObject({
      family: 4,
      lo: 10 * 2 ** 24,
      leadingZeros: true,
      hostBits: false,
    });
    expect(parseCidr('10.0.0.0/8')).toMatchObject({ leadingZeros: false });
    expect(parseCidr('0.0.0.0/0')).toMatchObject({ lo: 0, hi: 2 ** 32, leadingZeros: false });
    // In an IPv4 tail, and in the prefix; a prefix of nought has none, nor has a group of IPv6.
    const told = (text: string): boolean | undefined => parseCidr(text)?.leadingZeros;
    for (const text of ['10.0.0.0/08', '::/00', 'fd00::/08', '::010.0.0.1/128', '::ffff:10.0.0.0/099']) {
      expect([text, told(text)]).toEqual([text, true]);
    }
    for (const text of [
      '10.0.0.0/10',
      '::/0',
      'fd00::/8',
      '00fd::/16',
      'fd00::/100',
      '::10.0.0.1/128',
      '::ffff:10.0.0.0/99',
    ]) {
      expect([text, told(text)]).toEqual([text, false]);
    }
    expect(parseCidr('fd00::/08')).toMatchObject({ family: 6, prefix: 8 });
    expect(parseCidr('::ffff:10.0.0.0/0104')).toBe(null);
  });
  it('refuse what is no block', () => {
    const bad = [
      '10.0.0.0',
      '10.0.0.0/',
      '10.0.0.0/33',
      '10.0.0.0/-1',
      '::/129',
      '10.0.0.0/8/8',
      '/8',
      'x/8',
      '10.0.0.0/a',
      '10.0.0.0/ 8',
      '10.0.0.0/8 ',
      '10.0.0.0/1e1',
      '10.0.0.0/100',
      '10.0.0.0/0008',
      '::/10/10.0.0.0/8',
      '10.0.0.0/8\n',
    ];
    for (const text of bad) expect([text, parseCidr(text)]).toEqual([text, null]);
  });
  it('cover a set exactly, in order, with the fewest blocks', () => {
    /** Fewest aligned blocks of an interval, by trying the largest that fits each time. */
    const count = (lo: bigint, hi: bigint): number => {
      let blocks = 0;
      while (lo < hi) {
        let size = 1n;
        while (lo % (size * 2n) === 0n && lo + size * 2n <= hi) size *= 2n;
        lo += size;
        blocks++;
      }
      return blocks;
    };
    const edge4 = fc.oneof(four, fc.constantFrom(0, 2 ** 31, 2 ** 32, 2 ** 32 - 1, 10 * 2 ** 24));
    fc.assert(
      fc.property(fc.array(fc.tuple(edge4, edge4), { maxLength: 3 }), (pairs) => {
        const set: Intervals<number> = normalize(pairs);
        const blocks = cidrs4(set).map((text) => parseCidr(text)!);
        for (const block of blocks) expect(block).toMatchObject({ family: 4, hostBits: false });
        expect(normalize(blocks.map((b) => [Number(b.lo), Number(b.hi)] as const))).toEqual([...set]);
        let wanted = 0;
        for (let i = 0; i < set.length; i += 2) wanted += count(BigInt(set[i]!), BigInt(set[i + 1]!));
        expect(blocks.length).toBe(wanted);
        expect(blocks.every((b, i) => i === 0 || b.lo >= blocks[i - 1]!.hi)).toBe(true);
      }),
    );
    const edge6 = fc.oneof(
      six,
      fc.constantFrom(0n, 1n << 127n, 1n << 128n, (1n << 128n) - 1n, 0xfd00n << 112n),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(edge6, edge6), { maxLength: 3 }), (pairs) => {
        const set: Intervals<bigint> = normalize(pairs);
        const blocks = cidrs6(set).map((text) => parseBlock(text)!);
        expect(normalize(blocks.map((b) => [b.first, b.last + 1n] as const))).toEqual([...set]);
        let wanted = 0;
        for (let i = 0; i < set.length; i += 2) wanted += count(set[i]!, set[i + 1]!);
        expect(blocks.length).toBe(wanted);
      }),
    );
    expect(cidrs4(IPV4_ALL)).toEqual(['0.0.0.0/0']);
    expect(cidrs6(IPV6_ALL)).toEqual(['::/0']);
    expect(cidrs4([])).toEqual([]);
    expect(cidrs4(subtract(IPV4_ALL, [0, 1]))).toHaveLength(32);
  });
});

describe('tables', () => {
  it('PairMap gives back what was set last, and -1 for what never was', () => {
    const pair = fc.tuple(
      fc.integer({ min: 0, max: 40 }),
      fc.constantFrom(0, 1, 2, 2 ** 31 - 1),
      fc.nat(1000),
    );
    fc.assert(
      // Many entries, so that the table has to grow.
      fc.property(fc.array(pair, { maxLength: 200, size: 'max' }), (entries) => {
        const map = new PairMap();
        const wanted = new Map<string, number>();
        for (const [a, b, value] of entries) {
          map.set(a, b, value);
          wanted.set(`${a},${b}`, value);
        }
        for (const [a, b] of entries) expect(map.get(a, b)).toBe(wanted.get(`${a},${b}`));
        for (let a = 0; a <= 41; a++) {
          for (const b of [0, 1, 2, 3, 2 ** 31 - 1])
            expect(map.get(a, b)).toBe(wanted.get(`${a},${b}`) ?? -1);
        }
        expect(map.size).toBe(wanted.size);
      }),
    );
  });
  it('PairMap numbers pairs in order of first asking', () => {
    const map = new PairMap();
    const asked = [
      [7, 0],
      [0, 7],
      [7, 7],
      [0, 7],
      [7, 0],
      [0, 0],
    ] as const;
    expect(asked.map(([a, b]) => map.number(a, b))).toEqual([0, 1, 2, 1, 0, 3]);
    expect(map.size).toBe(4);
  });
  it('ListPool gives equal lists one id and keeps their items', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: -2, max: 3 }), { maxLength: 4, size: 'max' }), {
          maxLength: 120,
          size: 'max',
        }),
        (lists) => {
          const pool = new ListPool();
          const ids = lists.map((list) => pool.intern(list, list.length));
          const distinct = [...new Set(lists.map((list) => JSON.stringify(list)))];
          expect(pool.size - new ListPool().size).toBe(
            distinct.filter((text) => new ListPool().size === 0 || text !== '[]').length,
          );
          lists.forEach((list, i) => {
            expect([...pool.list(ids[i]!)]).toEqual(list);
            expect(pool.length(ids[i]!)).toBe(list.length);
            expect([...pool.items.subarray(pool.start(ids[i]!), pool.start(ids[i]!) + list.length)]).toEqual(
              list,
            );
            expect(ids[i]).toBe(
              ids[lists.findIndex((other) => JSON.stringify(other) === JSON.stringify(list))],
            );
          });
        },
      ),
    );
  });
  it('ListPool keeps thousands of lists, of which many begin alike', () => {
    const pool = new ListPool();
    const lists = Array.from({ length: 3000 }, (_, i) => [
      ...Array.from({ length: i % 7 }, () => 5),
      i >> 3,
      i & 7,
      ...(i % 100 === 0 ? Array.from({ length: 400 }, (_, k) => k * i) : []),
    ]);
    const ids = lists.map((list) => pool.intern(list, list.length));
    expect(pool.size).toBe(3001);
    lists.forEach((list, i) => {
      expect(pool.intern(list, list.length)).toBe(ids[i]);
      expect([...pool.list(ids[i]!)]).toEqual(list);
    });
    expect(pool.size).toBe(3001);
    expect(pool.intern([], 0)).toBe(0);
    expect(pool.length(0)).toBe(0);
  });
  it('ListPool tells lists apart whose hashes are equal', () => {
    // So many that a few of them share the 32 bits of a hash.
    const pool = new ListPool();
    const size = 300_000;
    for (let i = 0; i < size; i++) pool.intern([Math.imul(i, 0x9e3779b1), i, i ^ 0x5555], 3);
    expect(pool.size).toBe(size + 1);
  });
  it('ListPool reads only the first `length` items of the buffer', () => {
    const pool = new ListPool();
    expect(pool.intern([1, 2, 9], 2)).toBe(pool.intern(new Int32Array([1, 2, 8]), 2));
  });
  it('IntList keeps what was pushed', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 70, size: 'max' }), (items) => {
        const list = new IntList(1);
        for (const item of items) list.push(item);
        expect([...list.trimmed()]).toEqual(items);
        expect(list.length).toBe(items.length);
      }),
    );
  });
});

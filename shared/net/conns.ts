/**
 * Connection sets: which (protocol, destination port) pairs are meant. Canonical and interned, so a set is a
 * small number, equality is `===`, and union and intersection are look-ups after the first time.
 *
 * All protocols share one number line: TCP port p is p, UDP 65536 + p, SCTP 131072 + p, with p from 1 to
 * 65535. The value 0 of each protocol is never a member, so ranges of two protocols can never touch.
 */
import { contains, intersect, normalize, subtract, union, type Intervals } from './intervals.ts';
import { PairMap } from './pairMap.ts';

/** Index of the protocol on the number line. */
export const PROTOCOL_INDEX: Readonly<Record<string, number>> = Object.assign(
  // Without the names that every object has, such as `constructor`.
  Object.create(null) as Record<string, number>,
  { TCP: 0, UDP: 1, SCTP: 2 },
);
const NAMES = ['TCP', 'UDP', 'SCTP'] as const;
const STRIDE = 65536;

/** Id of a set within its pool. */
export type ConnId = number;
/** Nothing. */
export const NO_CONNS: ConnId = 0;
/** Every port of TCP, UDP and SCTP: all that the API can speak of (S1). */
export const ALL_CONNS: ConnId = 1;

/** Position of (protocol, port) on the number line. */
export function connPoint(protocol: number, port: number): number {
  return protocol * STRIDE + port;
}

/** Interns connection sets. Ids 0 and 1 are the empty and the full set in every pool. */
export class ConnPool {
  private readonly sets: Intervals<number>[] = [];
  private readonly ids = new Map<string, ConnId>();
  private readonly unions = new PairMap();
  private readonly intersections = new PairMap();
  private readonly differences = new PairMap();

  constructor() {
    this.intern([]);
    this.intern([0, 1, 2].flatMap((p) => [p * STRIDE + 1, (p + 1) * STRIDE]));
  }

  /** Id of a canonical set of points. */
  private intern(set: Intervals<number>): ConnId {
    const key = set.join(',');
    let id = this.ids.get(key);
    if (id === undefined) {
      id = this.sets.length;
      this.sets.push(set);
      this.ids.set(key, id);
    }
    return id;
  }

  /** Ports `from` to `to` (inclusive, 1-65535) of one protocol (0 TCP, 1 UDP, 2 SCTP). */
  range(protocol: number, from: number, to: number): ConnId {
    return this.intern([connPoint(protocol, from), connPoint(protocol, to) + 1]);
  }

  union(a: ConnId, b: ConnId): ConnId {
    return this.memo(this.unions, Math.min(a, b), Math.max(a, b), union);
  }

  intersect(a: ConnId, b: ConnId): ConnId {
    return this.memo(this.intersections, Math.min(a, b), Math.max(a, b), intersect);
  }

  /** What is in `a` and not in `b`. */
  subtract(a: ConnId, b: ConnId): ConnId {
    return this.memo(this.differences, a, b, subtract);
  }

  private memo(
    table: PairMap,
    a: ConnId,
    b: ConnId,
    op: (x: Intervals<number>, y: Intervals<number>) => number[],
  ): ConnId {
    let id = table.get(a, b);
    if (id < 0) {
      id = this.intern(op(this.sets[a], this.sets[b]));
      table.set(a, b, id);
    }
    return id;
  }

  /** Is the point (see `connPoint`) in the set? */
  has(id: ConnId, point: number): boolean {
    return contains(this.sets[id], point);
  }

  /** `{"TCP": [[from, to], …], …}` with inclusive ports; protocols without ports are absent. */
  toJson(id: ConnId): Partial<Record<'TCP' | 'UDP' | 'SCTP', [number, number][]>> {
    const out: Partial<Record<'TCP' | 'UDP' | 'SCTP', [number, number][]>> = {};
    const set = this.sets[id];
    for (let i = 0; i < set.length; i += 2) {
      const p = Math.floor(set[i] / STRIDE);
      (out[NAMES[p]] ??= []).push([set[i] - p * STRIDE, set[i + 1] - 1 - p * STRIDE]);
    }
    return out;
  }

  /** The set of a JSON form; ranges in any order. Throws RangeError for an unknown protocol or a port outside 1-65535. */
  fromJson(json: Readonly<Record<string, readonly (readonly [number, number])[] | undefined>>): ConnId {
    const pairs: [number, number][] = [];
    for (const [name, ranges] of Object.entries(json)) {
      const p = PROTOCOL_INDEX[name];
      if (p === undefined) throw new RangeError(`unknown protocol ${name}`);
      for (const [from, to] of ranges ?? []) {
        if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 1 && to <= 65535)) {
          throw new RangeError(`ports ${from}-${to} are not within 1-65535`);
        }
        pairs.push([connPoint(p, from), connPoint(p, to) + 1]);
      }
    }
    return this.intern(normalize(pairs));
  }
}

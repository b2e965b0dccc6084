/**
 * What one side says of a connection, with what is not known kept apart. A value is six connection sets: for
 * IPv4, for IPv6 and for "no address family in common" (S11: blocks match per family), each with a lower bound
 * (permitted whatever the open questions turn out to be) and an upper bound (permitted if they all turn out so).
 * Union and intersection work on each part, which is rule S6 with three values: denied and anything is denied,
 * depends and permitted is depends. Values are interned, so all of this costs one look-up.
 */
import { ALL_CONNS, connPoint, NO_CONNS, type ConnId, type ConnPool } from '../net/conns.ts';
import { PairMap } from '../net/pairMap.ts';

export type ValueId = number;
/** Nothing is permitted. */
export const NOTHING: ValueId = 0;
/** Everything is permitted. */
export const EVERYTHING_PERMITTED: ValueId = 1;

/** Which parts a peer's match counts for: lower and upper bound of IPv4, IPv6 and neither. */
export const L4 = 1;
export const U4 = 2;
export const L6 = 4;
export const U6 = 8;
export const LN = 16;
export const UN = 32;
/** The peer matches for sure, whatever the family. */
export const MATCHES = 63;
/** The peer may match. */
export const MAY_MATCH = U4 | U6 | UN;

export class ValuePool {
  readonly conns: ConnPool;
  /** Address families that the cluster has (1 IPv4, 2 IPv6): the others' parts do not count in `lower` and `upper`. */
  families = 3;
  private parts = new Int32Array(6 * 64);
  private count = 0;
  private readonly ids = new Map<string, ValueId>();
  private readonly unions = new PairMap();
  private readonly intersections = new PairMap();
  private readonly masked = new PairMap();
  private readonly bounds = new PairMap();

  constructor(conns: ConnPool) {
    this.conns = conns;
    this.intern([NO_CONNS, NO_CONNS, NO_CONNS, NO_CONNS, NO_CONNS, NO_CONNS]);
    this.intern([ALL_CONNS, ALL_CONNS, ALL_CONNS, ALL_CONNS, ALL_CONNS, ALL_CONNS]);
  }

  private intern(parts: readonly ConnId[]): ValueId {
    const key = parts.join(' ');
    let id = this.ids.get(key);
    if (id === undefined) {
      id = this.count++;
      if (this.count * 6 > this.parts.length) {
        const bigger = new Int32Array(this.parts.length * 2);
        bigger.set(this.parts);
        this.parts = bigger;
      }
      this.parts.set(parts, id * 6);
      this.ids.set(key, id);
    }
    return id;
  }

  /** The value of connections `lower` for sure and `upper` at most, for the parts in `mask` (bits above). */
  of(lower: ConnId, upper: ConnId, mask: number): ValueId {
    let bound = this.bounds.get(lower, upper);
    if (bound < 0) {
      bound = this.bounds.size;
      this.bounds.set(lower, upper, bound);
    }
    let id = this.masked.get(bound, mask);
    if (id < 0) {
      id = this.intern([
        mask & L4 ? lower : NO_CONNS,
        mask & U4 ? upper : NO_CONNS,
        mask & L6 ? lower : NO_CONNS,
        mask & U6 ? upper : NO_CONNS,
        mask & LN ? lower : NO_CONNS,
        mask & UN ? upper : NO_CONNS,
      ]);
      this.masked.set(bound, mask, id);
    }
    return id;
  }

  union(a: ValueId, b: ValueId): ValueId {
    if (a === b || b === NOTHING || a === EVERYTHING_PERMITTED) return a;
    if (a === NOTHING || b === EVERYTHING_PERMITTED) return b;
    const x = Math.min(a, b);
    const y = Math.max(a, b);
    let id = this.unions.get(x, y);
    if (id < 0) {
      id = this.intern(this.zip(x, y, (p, q) => this.conns.union(p, q)));
      this.unions.set(x, y, id);
    }
    return id;
  }

  intersect(a: ValueId, b: ValueId): ValueId {
    if (a === b || a === NOTHING || b === EVERYTHING_PERMITTED) return a;
    if (b === NOTHING || a === EVERYTHING_PERMITTED) return b;
    const x = Math.min(a, b);
    const y = Math.max(a, b);
    let id = this.intersections.get(x, y);
    if (id < 0) {
      id = this.intern(this.zip(x, y, (p, q) => this.conns.intersect(p, q)));
      this.intersections.set(x, y, id);
    }
    return id;
  }

  private zip(a: ValueId, b: ValueId, op: (p: ConnId, q: ConnId) => ConnId): ConnId[] {
    const out: ConnId[] = [];
    for (let i = 0; i < 6; i++) out.push(op(this.parts[a * 6 + i], this.parts[b * 6 + i]));
    return out;
  }

  /** The same with nothing permitted for sure: what something unknown may take away (S26). */
  dropLower(a: ValueId): ValueId {
    const p = this.parts;
    const i = a * 6;
    return this.intern([NO_CONNS, p[i + 1], NO_CONNS, p[i + 3], NO_CONNS, p[i + 5]]);
  }

  /** The same with everything possible: what something unknown may add (S24, S26). */
  raiseUpper(a: ValueId): ValueId {
    const p = this.parts;
    const i = a * 6;
    return this.intern([p[i], ALL_CONNS, p[i + 2], ALL_CONNS, p[i + 4], ALL_CONNS]);
  }

  private readonly tunnels = new Map<ValueId, ValueId>();

  /**
   * The same where each TCP connection may arrive on `port` in a tunnel, or on its own port (S28): sure is what both
   * permit, denied what both deny.
   */
  tunnelled(a: ValueId, port: number): ValueId {
    let id = this.tunnels.get(a);
    if (id === undefined) {
      const tcp = this.conns.range(0, 1, 65535);
      const rest = this.conns.subtract(ALL_CONNS, tcp);
      const point = connPoint(0, port);
      const parts: ConnId[] = [];
      for (let i = 0; i < 6; i += 2) {
        const lower = this.parts[a * 6 + i];
        const upper = this.parts[a * 6 + i + 1];
        parts.push(
          this.conns.has(lower, point) ? lower : this.conns.intersect(lower, rest),
          this.conns.has(upper, point) ? this.conns.union(upper, tcp) : upper,
        );
      }
      id = this.intern(parts);
      this.tunnels.set(a, id);
    }
    return id;
  }

  /** Connections permitted for sure: over the families, any of which a client may use. */
  lower(a: ValueId): ConnId {
    return this.over(a * 6);
  }

  /** Connections permitted at most. */
  upper(a: ValueId): ConnId {
    return this.over(a * 6 + 1);
  }

  private over(i: number): ConnId {
    let all = this.parts[i + 4];
    if (this.families & 1) all = this.conns.union(all, this.parts[i]);
    if (this.families & 2) all = this.conns.union(all, this.parts[i + 2]);
    return all;
  }

  /** The bounds of one family alone: 4, 6, or 0 for neither. */
  ofFamily(a: ValueId, family: 4 | 6 | 0): { lower: ConnId; upper: ConnId } {
    const i = a * 6 + (family === 4 ? 0 : family === 6 ? 2 : 4);
    return { lower: this.parts[i], upper: this.parts[i + 1] };
  }
}

/** What rows permit to and from addresses outside the cluster: sweeps over the blocks that they name. */
import type { Model } from '../policy/model.ts';
import { ROW_DROPS, ROW_OPEN, ROW_RAISES } from '../policy/model.ts';
import { ALL_CONNS, NO_CONNS, type ConnId } from '../net/conns.ts';
import { cidrs4, cidrs6 } from '../net/ip.ts';
import type { EgressWidth } from './result.ts';

/** Ranges of one family (flat half-open bounds) with equal connections. */
export interface Range {
  family: 4 | 6;
  lower: ConnId;
  upper: ConnId;
  ranges: (number | bigint)[];
}

const FULL: Record<4 | 6, readonly (number | bigint)[]> = { 4: [0, 2 ** 32], 6: [0n, 1n << 128n] };

/** CIDRs of a range, the fewest that cover it. */
export function cidrsOf(r: { family: 4 | 6; ranges: readonly (number | bigint)[] }): string[] {
  return r.family === 4 ? cidrs4(r.ranges as number[]) : cidrs6(r.ranges as bigint[]);
}

interface Contribution {
  lower: ConnId;
  upper: ConnId;
  ranges: readonly (number | bigint)[];
}

const NOWHERE: { ranges: readonly (number | bigint)[] } = { ranges: [] };

/** A piece of the address space that no bound divides, and which of the given ranges hold it. */
interface Atom {
  from: number | bigint;
  to: number | bigint;
  inside: ReadonlySet<number>;
}

/** One sweep over all bounds of a family: ranges come in and go out as it passes them. Pieces in order, without gaps. */
function* atoms(family: 4 | 6, parts: readonly { ranges: readonly (number | bigint)[] }[]): Iterable<Atom> {
  const [first, end] = FULL[family];
  const events = new Map<number | bigint, { on: number[]; off: number[] }>();
  const at = (x: number | bigint): { on: number[]; off: number[] } => {
    let e = events.get(x);
    if (!e) events.set(x, (e = { on: [], off: [] }));
    return e;
  };
  at(first);
  parts.forEach((p, i) => {
    for (let k = 0; k < p.ranges.length; k += 2) {
      at(p.ranges[k]).on.push(i);
      at(p.ranges[k + 1]).off.push(i);
    }
  });
  const points = [...events.keys()].filter((x) => x < end).sort((a, b) => (a < b ? -1 : 1));
  const inside = new Set<number>();
  for (let k = 0; k < points.length; k++) {
    const e = at(points[k]);
    for (const i of e.off) inside.delete(i);
    for (const i of e.on) inside.add(i);
    yield { from: points[k], to: k + 1 < points.length ? points[k + 1] : end, inside };
  }
}

/** Adds a piece to the group of its key, joined to the last one where they touch. */
function extend<T extends { ranges: (number | bigint)[] }>(
  groups: Map<string, T>,
  key: string,
  atom: Atom,
  make: () => T,
): void {
  let g = groups.get(key);
  if (!g) groups.set(key, (g = make()));
  if (g.ranges.at(-1) === atom.from) g.ranges[g.ranges.length - 1] = atom.to;
  else g.ranges.push(atom.from, atom.to);
}

export class Outside {
  private readonly m: Model;
  private readonly memo = new Map<string, Range[]>();

  constructor(model: Model) {
    this.m = model;
  }

  /**
   * Reach of a row to (egress) or from (ingress) addresses outside, as ranges that partition both families; ranges
   * with equal connections are one. `vector`: the owner's named ports, for ingress; for egress a name means
   * nothing to an address (S14).
   */
  reach(row: number, direction: 'ingress' | 'egress', vector: number): Range[] {
    const v = direction === 'ingress' ? vector : -1;
    const key = `${row} ${v}`;
    let r = this.memo.get(key);
    if (!r) {
      r = [...this.family(row, 4, v), ...this.family(row, 6, v)];
      this.memo.set(key, r);
    }
    return r;
  }

  private family(row: number, family: 4 | 6, vector: number): Range[] {
    const m = this.m;
    const flags = m.rowFlags.items[row];
    if (flags & ROW_OPEN) return [{ family, lower: ALL_CONNS, upper: ALL_CONNS, ranges: [...FULL[family]] }];
    let lower: ConnId = NO_CONNS;
    let upper: ConnId = NO_CONNS;
    const parts: Contribution[] = [];
    const list = m.rowList.items[row];
    const items = m.rowLists.list(list);
    for (const e of items) {
      const peer = m.entryPeer(e);
      const block = m.peerBlock(peer);
      if (!block && !m.isAnyone(peer)) continue;
      const bounds = m.entryBounds(e, vector);
      if (!block) {
        lower = m.conns.union(lower, bounds.lower);
        upper = m.conns.union(upper, bounds.upper);
      } else if (block.family === family) {
        parts.push({ ...bounds, ranges: block.ranges });
      }
    }
    const fix = (l: ConnId, u: ConnId): [ConnId, ConnId] => [
      flags & ROW_DROPS ? NO_CONNS : l,
      flags & ROW_RAISES ? ALL_CONNS : u,
    ];
    const groups = new Map<string, Range>();
    for (const atom of atoms(family, parts)) {
      let l = lower;
      let u = upper;
      for (const i of atom.inside) {
        l = m.conns.union(l, parts[i].lower);
        u = m.conns.union(u, parts[i].upper);
      }
      [l, u] = fix(l, u);
      extend(groups, `${l} ${u}`, atom, () => ({ family, lower: l, upper: u, ranges: [] }));
    }
    return [...groups.values()];
  }

  /** How wide a reach is (see EgressWidth). */
  width(reach: readonly Range[]): EgressWidth {
    const m = this.m;
    const whole: Record<4 | 6, ConnId> = { 4: ALL_CONNS, 6: ALL_CONNS };
    let some = false;
    let maybe = false;
    for (const r of reach) {
      whole[r.family] = m.conns.intersect(whole[r.family], r.lower);
      if (r.lower !== NO_CONNS) some = true;
      if (r.upper !== NO_CONNS) maybe = true;
    }
    if (whole[4] === ALL_CONNS || whole[6] === ALL_CONNS) return 'anywhere';
    if (whole[4] !== NO_CONNS || whole[6] !== NO_CONNS) return 'anywhere-some-ports';
    return some ? 'ranges' : maybe ? 'depends' : 'none';
  }

  /** What every address of a family is permitted for sure. */
  wholeFamily(reach: readonly Range[], family: 4 | 6): ConnId {
    let all: ConnId = ALL_CONNS;
    for (const r of reach) if (r.family === family) all = this.m.conns.intersect(all, r.lower);
    return all;
  }

  /**
   * Partition of both families into sets of addresses that no block of any rule tells apart, each with an address
   * to ask for. Together they cover each family.
   */
  partition(): { family: 4 | 6; sample: number | bigint; ranges: (number | bigint)[]; cidrs: string[] }[] {
    const out: { family: 4 | 6; sample: number | bigint; ranges: (number | bigint)[]; cidrs: string[] }[] =
      [];
    for (const family of [4, 6] as const) {
      const blocks = this.m.blocks.map((b) => (b.family === family ? b : NOWHERE));
      const groups = new Map<string, (typeof out)[number]>();
      for (const atom of atoms(family, blocks)) {
        const key = [...atom.inside].sort((a, b) => a - b).join(',');
        extend(groups, key, atom, () => ({ family, sample: atom.from, ranges: [], cidrs: [] }));
      }
      for (const g of groups.values()) {
        g.cidrs = cidrsOf(g);
        out.push(g);
      }
    }
    return out;
  }

  /** Bounds of a row for one address outside. */
  at(
    row: number,
    direction: 'ingress' | 'egress',
    vector: number,
    family: 4 | 6,
    address: number | bigint,
  ): { lower: ConnId; upper: ConnId } {
    for (const r of this.reach(row, direction, vector)) {
      if (r.family !== family) continue;
      for (let k = 0; k < r.ranges.length; k += 2) {
        if (r.ranges[k] <= address && address < r.ranges[k + 1]) return r;
      }
    }
    return { lower: NO_CONNS, upper: NO_CONNS };
  }
}

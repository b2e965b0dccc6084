/**
 * All ordered pairs of pods at once, exactly and with their port sets, without visiting pairs: counted by rows
 * and namespaces, in closed form where a side is not isolated.
 *
 * A pair (p, q) permits E(p)(q) ∩ I(q)(p). Pairs fall into four parts: neither side restricted (a product of
 * two counts); only the destination's ingress (each ingress row over the sources that are open for egress);
 * only the source's egress (the mirror image); both (rows of a source namespace against rows of a destination
 * namespace, only where each reaches into the other's namespace).
 */
import type { Model } from '../policy/model.ts';
import { CLASS_ON_HOST, ROW_NODE_UNKNOWN, ROW_OPEN, ROW_RAISES } from '../policy/model.ts';
import { PairMap } from '../net/pairMap.ts';
import { IntList } from '../net/listPool.ts';
import { EVERYTHING_PERMITTED, NOTHING, type ValueId } from '../policy/values.ts';

/** Counts by value. */
export class Histogram {
  counts = new Float64Array(256);

  add(value: ValueId, n: number): void {
    if (value >= this.counts.length) {
      const bigger = new Float64Array(Math.max(value + 1, this.counts.length * 2));
      bigger.set(this.counts);
      this.counts = bigger;
    }
    this.counts[value] += n;
  }
}

/** A small histogram: values and their counts side by side. */
interface Small {
  values: number[];
  counts: number[];
}

function bump(h: Small, value: ValueId, n: number): void {
  const i = h.values.indexOf(value);
  if (i < 0) {
    h.values.push(value);
    h.counts.push(n);
  } else h.counts[i] += n;
}

/** What the work consisted of, the same on every machine. */
export interface PairCounters {
  classes: number;
  rows: number;
  rowEntries: number;
  evaluations: number;
  combinations: number;
}

/** One side of the matrix: the classes that may be on it, by namespace, and which of them are not isolated. */
interface Side {
  direction: 'ingress' | 'egress';
  /** Row of a class on this side. */
  rowOf: Int32Array;
  open: { byNamespace: Int32Array[]; counts: Float64Array; total: number };
  /** Isolated groups of a namespace: one for each row and, for ingress, named ports. */
  groups: Group[][];
}

interface Group {
  row: number;
  /** Named ports of the row's owner: they matter to ingress rows only. */
  vector: number;
  classes: number[];
  count: number;
  namespace: number;
}

export class Pairs {
  private readonly m: Model;
  readonly counters: PairCounters;
  private readonly source: Side;
  private readonly destination: Side;
  private readonly touches: (Uint32Array | null)[] = [];
  private readonly touchesKnown: boolean[] = [];
  private readonly wide = new Map<number, { local: Int32Array; row: number }>();

  constructor(model: Model) {
    this.m = model;
    this.counters = {
      classes: model.classes,
      rows: model.rows,
      rowEntries: 0,
      evaluations: 0,
      combinations: 0,
    };
    for (let r = 0; r < model.rows; r++) this.counters.rowEntries += model.rowLists.length(model.rowList.items[r]);
    this.source = this.side('egress');
    this.destination = this.side('ingress');
  }

  private side(direction: 'ingress' | 'egress'): Side {
    const m = this.m;
    const rows = direction === 'egress' ? m.classEgress.items : m.classIngress.items;
    const n = m.namespaces.length;
    const openLists: number[][] = Array.from({ length: n }, () => []);
    const counts = new Float64Array(n);
    let total = 0;
    const groups: Group[][] = Array.from({ length: n }, () => []);
    const byKey = Array.from({ length: n }, () => new Map<number, Group>());
    for (let c = 0; c < m.classes; c++) {
      const namespace = m.classNamespace.items[c];
      const count = m.classCount.items[c];
      const row = rows[c];
      // S26: all its pairs are open questions, counted apart.
      if (m.anyOverrides && m.isOverridden(c)) continue;
      if (m.rowFlags.items[row] & ROW_OPEN) {
        openLists[namespace].push(c);
        counts[namespace] += count;
        total += count;
        continue;
      }
      const vector = direction === 'ingress' && this.hasNames(row) ? m.classPorts.items[c] : 0;
      const key = row * 65536 * 16 + vector;
      let g = byKey[namespace].get(key);
      if (!g) {
        g = { row, vector, classes: [], count: 0, namespace };
        byKey[namespace].set(key, g);
        groups[namespace].push(g);
      }
      g.classes.push(c);
      g.count += count;
    }
    return {
      direction,
      rowOf: rows,
      open: { byNamespace: openLists.map((l) => Int32Array.from(l)), counts, total },
      groups,
    };
  }

  private counts: Float64Array | null = null;
  /** Pods of a namespace that take part. */
  podsOf(namespace: number): number {
    if (!this.counts) {
      this.counts = new Float64Array(this.m.namespaces.length);
      for (let c = 0; c < this.m.classes; c++) {
        this.counts[this.m.classNamespace.items[c]] += this.m.classCount.items[c];
      }
    }
    return this.counts[namespace];
  }

  private readonly named: Int8Array[] = [new Int8Array(0)];
  private hasNames(row: number): boolean {
    if (this.named[0].length <= row) {
      const bigger = new Int8Array(Math.max(64, this.m.rows, row + 1)).fill(-1);
      bigger.set(this.named[0]);
      this.named[0] = bigger;
    }
    let v = this.named[0][row];
    if (v < 0) {
      v = this.m.rowHasNames(row) ? 1 : 0;
      this.named[0][row] = v;
    }
    return v === 1;
  }

  /** May the row give something to anybody, whatever its entries say? */
  private reachesAnyone(row: number): boolean {
    const flags = this.m.rowFlags.items[row];
    if (flags & (ROW_OPEN | ROW_RAISES)) return true;
    // S7 with an unknown node: a pod that is its node may be on the same one.
    return this.m.hasHosts && (this.m.hostsWithoutNode || (flags & ROW_NODE_UNKNOWN) !== 0);
  }

  /** Is the row empty with nothing unknown: it permits nothing to anyone? */
  private isNothing(row: number): boolean {
    return this.m.rowLists.length(this.m.rowList.items[row]) === 0 && !this.reachesAnyone(row);
  }

  /** Namespaces that a row reaches: bits, or null for all of them. */
  private touch(row: number): Uint32Array | null {
    if (this.touchesKnown[row]) return this.touches[row];
    this.touchesKnown[row] = true;
    const m = this.m;
    let bits: Uint32Array | null = null;
    if (!this.reachesAnyone(row)) {
      bits = new Uint32Array((m.namespaces.length + 31) >>> 5);
      const list = m.rowList.items[row];
      const items = m.rowLists.items;
      for (let k = m.rowLists.start(list); k < m.rowLists.start(list + 1); k++) {
        const pods = m.peerPods(m.entryPeer(items[k]));
        if (!pods) {
          if (m.isAnyone(m.entryPeer(items[k])) || this.blockHasPods(m.entryPeer(items[k]))) {
            bits = null;
            break;
          }
          continue;
        }
        for (let w = 0; w < bits.length; w++) {
          bits[w] |= pods.set.sure[w] | (pods.set.maybe === null ? 0 : pods.set.maybe[w]);
        }
      }
    }
    this.touches[row] = bits;
    return bits;
  }

  private readonly blockPods = new Map<number, boolean>();
  private blockHasPods(peer: number): boolean {
    let found = this.blockPods.get(peer);
    if (found === undefined) {
      found = this.m.blockMatchesSomePod(peer);
      this.blockPods.set(peer, found);
    }
    return found;
  }

  /**
   * Splits a row into the namespaces that single-namespace peers name, and the row of all other peers, which is
   * the same for many rows: default-deny plus "from monitoring" in a thousand namespaces share one wide part.
   */
  private split(row: number): { local: Int32Array; row: number } {
    let s = this.wide.get(row);
    if (s) return s;
    const m = this.m;
    const list = m.rowList.items[row];
    const items = m.rowLists.items;
    const local = new Set<number>();
    const rest = new IntList();
    for (let k = m.rowLists.start(list); k < m.rowLists.start(list + 1); k++) {
      const peer = m.entryPeer(items[k]);
      const pods = m.peerPods(peer);
      if (pods && pods.set.list.length === 0) continue;
      if (pods && pods.set.single >= 0) local.add(pods.set.single);
      else if (pods || m.isAnyone(peer) || this.blockHasPods(peer)) rest.push(items[k]);
    }
    const restRow = m.row(
      m.rowLists.intern(rest.items, rest.length),
      m.rowFlags.items[row],
      m.rowFamily.items[row],
    );
    s = { local: Int32Array.from(local), row: restRow };
    this.wide.set(row, s);
    return s;
  }

  private readonly namespaceHists: Record<'ingress' | 'egress', PairMap> = {
    ingress: new PairMap(),
    egress: new PairMap(),
  };
  private readonly hists: Small[] = [];
  private readonly rowKeys = new PairMap();

  /**
   * How the open classes of one namespace are distributed over the values of a row. `row` is an ingress row asked
   * of sources (direction 'ingress') or an egress row asked of destinations ('egress').
   */
  private openHist(row: number, vector: number, direction: 'ingress' | 'egress', namespace: number): Small {
    let key = this.rowKeys.get(row, vector);
    if (key < 0) {
      key = this.rowKeys.size;
      this.rowKeys.set(row, vector, key);
    }
    const memo = this.namespaceHists[direction];
    const known = memo.get(key, namespace);
    if (known >= 0) return this.hists[known];
    const m = this.m;
    const other = direction === 'ingress' ? this.source : this.destination;
    const h: Small = { values: [], counts: [] };
    for (const c of other.open.byNamespace[namespace]) {
      const v = m.evaluate(row, c, direction === 'ingress' ? vector : m.classPorts.items[c]);
      bump(h, v, m.classCount.items[c]);
    }
    this.counters.evaluations += other.open.byNamespace[namespace].length;
    memo.set(key, namespace, this.hists.length);
    this.hists.push(h);
    return h;
  }

  private readonly wideTotals: Record<'ingress' | 'egress', PairMap> = {
    ingress: new PairMap(),
    egress: new PairMap(),
  };

  /** The row over all open classes of the other side. */
  private openTotal(row: number, vector: number, direction: 'ingress' | 'egress', into: Small): void {
    const m = this.m;
    const other = direction === 'ingress' ? this.source : this.destination;
    if (other.open.total === 0) return;
    const { local, row: wide } = this.split(row);
    const total = this.wideTotal(wide, vector, direction);
    for (let i = 0; i < total.values.length; i++) bump(into, total.values[i], total.counts[i]);
    for (const n of local) {
      if (other.open.counts[n] === 0) continue;
      const without = this.openHist(wide, vector, direction, n);
      for (let i = 0; i < without.values.length; i++) bump(into, without.values[i], -without.counts[i]);
      // Not memoised: a row with local parts belongs to one namespace.
      for (const c of other.open.byNamespace[n]) {
        const v = m.evaluate(row, c, direction === 'ingress' ? vector : m.classPorts.items[c]);
        bump(into, v, m.classCount.items[c]);
      }
      this.counters.evaluations += other.open.byNamespace[n].length;
    }
  }

  private wideTotal(row: number, vector: number, direction: 'ingress' | 'egress'): Small {
    const memo = this.wideTotals[direction];
    const known = memo.get(row, vector);
    if (known >= 0) return this.hists[known];
    const m = this.m;
    const other = direction === 'ingress' ? this.source : this.destination;
    const h: Small = { values: [], counts: [] };
    const touched = this.touch(row);
    let rest = 0;
    for (let n = 0; n < m.namespaces.length; n++) {
      if (other.open.counts[n] === 0) continue;
      if (touched !== null && !(touched[n >>> 5] & (1 << (n & 31))) ) {
        rest += other.open.counts[n];
        continue;
      }
      const part = this.openHist(row, vector, direction, n);
      for (let i = 0; i < part.values.length; i++) bump(h, part.values[i], part.counts[i]);
    }
    // Untouched namespaces get what the row gives to nobody in particular: nothing.
    if (rest > 0) bump(h, NOTHING, rest);
    memo.set(row, vector, this.hists.length);
    this.hists.push(h);
    return h;
  }

  /** All ordered pairs of different pods by value. */
  all(): Histogram {
    const m = this.m;
    const out = new Histogram();
    const s = this.source;
    const d = this.destination;
    out.add(EVERYTHING_PERMITTED, s.open.total * d.open.total);
    this.oneSided(d, 'ingress', out);
    this.oneSided(s, 'egress', out);
    this.bothSided(out);
    if (m.anyOverrides) {
      let plain = 0;
      for (let c = 0; c < m.classes; c++) if (!m.isOverridden(c)) plain += m.classCount.items[c];
      out.add(m.unsure, m.pods * m.pods - plain * plain);
    }
    // A pod and itself are no pair (S7).
    for (let c = 0; c < m.classes; c++) out.add(m.between(c, c), -m.classCount.items[c]);
    if (m.hasHosts) this.ownNodes((_p, _q, before, after, n) => {
      out.add(before, -n);
      out.add(after, n);
    });
    return out;
  }

  private oneSided(side: Side, direction: 'ingress' | 'egress', out: Histogram): void {
    // Rows are often shared by namespaces (default deny): each is asked once.
    const totals = new Map<number, { row: number; vector: number; count: number }>();
    for (const groups of side.groups) {
      for (const g of groups) {
        const key = g.row * 65536 * 16 + g.vector;
        const t = totals.get(key);
        if (t) t.count += g.count;
        else totals.set(key, { row: g.row, vector: g.vector, count: g.count });
      }
    }
    const other = direction === 'ingress' ? this.source : this.destination;
    for (const t of totals.values()) {
      if (this.isNothing(t.row)) {
        out.add(NOTHING, t.count * other.open.total);
        continue;
      }
      const h: Small = { values: [], counts: [] };
      this.openTotal(t.row, t.vector, direction, h);
      for (let i = 0; i < h.values.length; i++) out.add(h.values[i], h.counts[i] * t.count);
    }
  }

  private bothSided(out: Histogram): void {
    const s = this.source;
    const d = this.destination;
    const n = this.m.namespaces.length;
    let isolatedSources = 0;
    let isolatedDestinations = 0;
    for (const gs of s.groups) for (const g of gs) isolatedSources += g.count;
    for (const gs of d.groups) for (const g of gs) isolatedDestinations += g.count;
    let covered = 0;
    for (let a = 0; a < n; a++) {
      const sources = s.groups[a].filter((g) => !this.isNothing(g.row));
      if (sources.length === 0) continue;
      for (const b of this.reached(sources)) {
        const reaching = sources.filter((g) => this.touchesNamespace(g.row, b));
        const accepting = d.groups[b].filter((g) => !this.isNothing(g.row) && this.touchesNamespace(g.row, a));
        if (accepting.length === 0 || reaching.length === 0) continue;
        covered += this.block(reaching, accepting, out);
      }
    }
    out.add(NOTHING, isolatedSources * isolatedDestinations - covered);
  }

  private reached(groups: Group[]): number[] {
    const m = this.m;
    const n = m.namespaces.length;
    let bits: Uint32Array | null = new Uint32Array((n + 31) >>> 5);
    for (const g of groups) {
      const t = this.touch(g.row);
      if (t === null) {
        bits = null;
        break;
      }
      for (let w = 0; w < bits.length; w++) bits[w] |= t[w];
    }
    const out: number[] = [];
    for (let i = 0; i < n; i++) {
      if ((bits === null || bits[i >>> 5] & (1 << (i & 31))) && this.destination.groups[i].length > 0) out.push(i);
    }
    return out;
  }

  private touchesNamespace(row: number, namespace: number): boolean {
    const t = this.touch(row);
    return t === null || (t[namespace >>> 5] & (1 << (namespace & 31))) !== 0;
  }

  /** Isolated sources of one namespace against isolated destinations of one. Gives the number of pairs. */
  private block(sources: Group[], destinations: Group[], out: Histogram): number {
    const m = this.m;
    let pairs = 0;
    // For each (ingress row, source group): how the group's pods spread over the row's values.
    const incoming: Small[] = [];
    for (const d of destinations) {
      for (const s of sources) {
        const h: Small = { values: [], counts: [] };
        for (const c of s.classes) bump(h, m.evaluate(d.row, c, d.vector), m.classCount.items[c]);
        this.counters.evaluations += s.classes.length;
        incoming.push(h);
      }
    }
    for (let i = 0; i < sources.length; i++) {
      const s = sources[i];
      for (let j = 0; j < destinations.length; j++) {
        const d = destinations[j];
        pairs += s.count * d.count;
        this.counters.combinations++;
        const from = incoming[j * sources.length + i];
        if (from.values.length === 1 && from.values[0] === NOTHING) {
          out.add(NOTHING, s.count * d.count);
          continue;
        }
        const to: Small = { values: [], counts: [] };
        for (const c of d.classes) bump(to, m.evaluate(s.row, c, m.classPorts.items[c]), m.classCount.items[c]);
        this.counters.evaluations += d.classes.length;
        for (let a = 0; a < from.values.length; a++) {
          for (let b = 0; b < to.values.length; b++) {
            out.add(m.values.intersect(from.values[a], to.values[b]), from.counts[a] * to.counts[b]);
          }
        }
      }
    }
    return pairs;
  }

  /**
   * S7: pairs on one known node where an end is (or may be) that node. Calls back with classes, the value by the
   * rows, the value by the rule and the number of ordered pairs.
   */
  ownNodes(visit: (p: number, q: number, before: ValueId, after: ValueId, n: number) => void): void {
    const m = this.m;
    const byNode: Map<number, number>[] = Array.from({ length: m.nodeIds.size }, () => new Map());
    for (let i = 0; i < m.podNode.length; i++) {
      const node = m.podNode[i];
      const c = m.podClass[i];
      if (node < 0 || c < 0) continue;
      byNode[node].set(c, (byNode[node].get(c) ?? 0) + 1);
    }
    for (const classes of byNode) {
      const hosts = [...classes.keys()].filter((c) => m.classFlags.items[c] & CLASS_ON_HOST);
      if (hosts.length === 0) continue;
      const isHost = new Set(hosts);
      const change = (p: number, q: number, n: number): void => {
        if (n === 0) return;
        const before = m.between(p, q);
        const after = m.onOneNode(before, p, q);
        if (after !== before) visit(p, q, before, after, n);
      };
      for (const h of hosts) {
        const nh = classes.get(h) as number;
        for (const [c, nc] of classes) {
          change(h, c, c === h ? nh * (nh - 1) : nh * nc);
          // The way back, unless c is a host too: then its own turn brings it.
          if (!isHost.has(c)) change(c, h, nh * nc);
        }
      }
    }
  }

  /** Namespace by namespace: calls back with the value of pairs and their number; every pair exactly once, self pairs included. */
  blockValues(a: number, b: number, visit: (value: ValueId, n: number) => void): void {
    if (this.m.gaps[a].overrides.length > 0 || this.m.gaps[b].overrides.length > 0) {
      visit(this.m.unsure, this.podsOf(a) * this.podsOf(b));
      return;
    }
    const s = this.source;
    const d = this.destination;
    const openS = s.open.counts[a];
    const openD = d.open.counts[b];
    if (openS > 0 && openD > 0) visit(EVERYTHING_PERMITTED, openS * openD);
    if (openS > 0) {
      for (const g of d.groups[b]) {
        if (this.isNothing(g.row) || !this.touchesNamespace(g.row, a)) {
          visit(NOTHING, openS * g.count);
          continue;
        }
        const { local, row: wide } = this.split(g.row);
        const h = this.openHist(local.includes(a) ? g.row : wide, g.vector, 'ingress', a);
        for (let i = 0; i < h.values.length; i++) visit(h.values[i], h.counts[i] * g.count);
      }
    }
    if (openD > 0) {
      for (const g of s.groups[a]) {
        if (this.isNothing(g.row) || !this.touchesNamespace(g.row, b)) {
          visit(NOTHING, openD * g.count);
          continue;
        }
        const { local, row: wide } = this.split(g.row);
        const h = this.openHist(local.includes(b) ? g.row : wide, 0, 'egress', b);
        for (let i = 0; i < h.values.length; i++) visit(h.values[i], h.counts[i] * g.count);
      }
    }
    const sources = s.groups[a];
    const destinations = d.groups[b];
    if (sources.length > 0 && destinations.length > 0) {
      const reaching = sources.filter((g) => !this.isNothing(g.row) && this.touchesNamespace(g.row, b));
      const accepting = destinations.filter((g) => !this.isNothing(g.row) && this.touchesNamespace(g.row, a));
      let total = 0;
      let left = 0;
      for (const g of sources) total += g.count;
      for (const g of destinations) left += g.count;
      let covered = 0;
      if (reaching.length > 0 && accepting.length > 0) {
        const h = new Histogram();
        covered = this.block(reaching, accepting, h);
        for (let v = 0; v < h.counts.length; v++) if (h.counts[v] !== 0) visit(v, h.counts[v]);
      }
      if (total * left > covered) visit(NOTHING, total * left - covered);
    }
  }

}

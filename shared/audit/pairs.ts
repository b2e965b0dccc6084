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
import { IntList, ListPool } from '../net/listPool.ts';
import { EVERYTHING_PERMITTED, MATCHES, NOTHING, type ValueId } from '../policy/values.ts';

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

/** One side of the matrix: which classes are not isolated on it, and the groups of those that are. */
interface Side {
  /** 1 for a class that is not isolated on this side. */
  open: Uint8Array;
  openPods: Float64Array;
  openTotal: number;
  /** Isolated groups of a namespace: one for each row and, for ingress, named ports. */
  groups: Group[][];
  /** Group of a class within its namespace, -1 where it is open. */
  groupOf: Int32Array;
  isolatedTotal: number;
}

interface Group {
  row: number;
  /** Named ports of the row's owner: they matter to ingress rows only. */
  vector: number;
  count: number;
  namespace: number;
  classes: number[];
}

/** Values that are not NOTHING, by namespace: `[namespace, value, count, …]`. */
type Spread = Int32Array;

/** Up to so many (class, entry) pairs are asked one by one. */
const FEW = 64;

/** More than there can be lists of named ports: rows and lists share one number. */
const VECTORS = 2 ** 22;

const NO_SPREAD: Spread = new Int32Array(0);

export class Pairs {
  private readonly m: Model;
  readonly counters: PairCounters;
  private readonly source: Side;
  private readonly destination: Side;
  /** Classes of a namespace are the ids from first[n] up to first[n + 1]. */
  private readonly first: Int32Array;
  // What a row gives to classes, while it is worked on.
  private readonly val: Int32Array;
  private readonly touched = new IntList(256);

  constructor(model: Model) {
    this.m = model;
    this.counters = {
      classes: model.classes,
      rows: model.rows,
      rowEntries: 0,
      evaluations: 0,
      combinations: 0,
    };
    for (let r = 0; r < model.rows; r++) {
      this.counters.rowEntries += model.rowLists.length(model.rowList.items[r]);
    }
    this.val = new Int32Array(model.classes);
    this.first = model.firstClassOf;
    this.source = this.side('egress');
    this.destination = this.side('ingress');
    this.backHeads = new Int32Array(model.classes);
    this.placeOfGroup = new Int32Array(model.classes).fill(-1);
  }

  private side(direction: 'ingress' | 'egress'): Side {
    const m = this.m;
    const n = m.spaces.names.length;
    const side: Side = {
      open: new Uint8Array(m.classes),
      openPods: new Float64Array(n),
      openTotal: 0,
      groups: Array.from({ length: n }, () => []),
      groupOf: new Int32Array(m.classes).fill(-1),
      isolatedTotal: 0,
    };
    for (let a = 0; a < n; a++) this.fill(side, direction, a);
    return side;
  }

  /** (Re)reads the rows of one namespace's classes into a side. */
  private fill(side: Side, direction: 'ingress' | 'egress', a: number): void {
    const m = this.m;
    const rows = direction === 'egress' ? m.classEgress.items : m.classIngress.items;
    side.openTotal -= side.openPods[a];
    for (const g of side.groups[a]) side.isolatedTotal -= g.count;
    side.openPods[a] = 0;
    side.groups[a] = [];
    const byKey = new Map<number, number>();
    for (let c = this.first[a]; c < this.first[a + 1]; c++) {
      const count = m.classCount.items[c];
      const row = rows[c];
      side.open[c] = 0;
      side.groupOf[c] = -1;
      if (m.rowFlags.items[row] & ROW_OPEN) {
        side.open[c] = 1;
        side.openPods[a] += count;
        side.openTotal += count;
        continue;
      }
      const vector = direction === 'ingress' && this.hasNames(row) ? m.classPorts.items[c] : 0;
      let g = byKey.get(row * VECTORS + vector);
      if (g === undefined) {
        g = side.groups[a].length;
        side.groups[a].push({ row, vector, count: 0, namespace: a, classes: [] });
        byKey.set(row * VECTORS + vector, g);
      }
      side.groups[a][g].count += count;
      side.groups[a][g].classes.push(c);
      side.groupOf[c] = g;
      side.isolatedTotal += count;
    }
  }

  private counts: Float64Array | null = null;
  /** Pods of a namespace that take part. */
  podsOf(namespace: number): number {
    if (!this.counts) {
      this.counts = new Float64Array(this.m.spaces.names.length);
      for (let c = 0; c < this.m.classes; c++) {
        this.counts[this.m.classNamespace.items[c]] += this.m.classCount.items[c];
      }
    }
    return this.counts[namespace];
  }

  private named = new Int8Array(0);
  private hasNames(row: number): boolean {
    if (this.named.length <= row) {
      const bigger = new Int8Array(Math.max(64, this.m.rows, row + 1)).fill(-1);
      bigger.set(this.named);
      this.named = bigger;
    }
    if (this.named[row] < 0) this.named[row] = this.m.rowHasNames(row) ? 1 : 0;
    return this.named[row] === 1;
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

  /**
   * Evaluates a row over the classes from `lo` up to `hi`: leaves those that it gives something in `touched`, with
   * the value in `val`. The work follows the classes that its peers match, not all classes. `val` must be all
   * NOTHING before, and is the caller's to clear (`clear`).
   */
  private over(row: number, vector: number, egress: boolean, lo: number, hi: number): void {
    const m = this.m;
    const val = this.val;
    const touched = this.touched;
    touched.length = 0;
    if (this.reachesAnyone(row)) {
      for (let c = lo; c < hi; c++) {
        const v = m.evaluate(row, c, egress ? m.classPorts.items[c] : vector);
        if (v === NOTHING) continue;
        val[c] = v;
        touched.push(c);
      }
      this.counters.evaluations += hi - lo;
      return;
    }
    const list = m.rowList.items[row];
    const items = m.rowLists.items;
    const to = m.rowLists.start(list + 1);
    for (let k = m.rowLists.start(list); k < to; k++) {
      const e = items[k];
      const peer = m.entryPeer(e);
      if (m.isAnyone(peer)) {
        for (let c = lo; c < hi; c++) this.give(e, MATCHES, c, egress ? m.classPorts.items[c] : vector);
        this.counters.evaluations += hi - lo;
        continue;
      }
      const classes = m.classesOf(peer);
      let i = 0;
      if (lo > 0) {
        let high = classes.length;
        while (i < high) {
          const mid = (i + high) >> 1;
          if (classes[mid] < lo) i = mid + 1;
          else high = mid;
        }
      }
      const from = i;
      for (; i < classes.length && classes[i] < hi; i++) {
        const c = classes[i];
        this.give(e, m.peerMask(peer, c), c, egress ? m.classPorts.items[c] : vector);
      }
      this.counters.evaluations += i - from;
    }
    if (m.needsFinish(row)) {
      for (let i = 0; i < touched.length; i++) {
        const c = touched.items[i];
        val[c] = m.finish(val[c], row, c);
      }
    }
  }

  /**
   * As `over`, for the classes of some groups of a namespace; others of it may be touched too. A few classes and a
   * short row are asked one by one.
   */
  private among(row: number, vector: number, egress: boolean, groups: Group[], namespace: number): void {
    const m = this.m;
    let asked = 0;
    for (const g of groups) asked += g.classes.length;
    if (asked * (1 + m.rowLists.length(m.rowList.items[row])) > FEW) {
      this.over(row, vector, egress, this.first[namespace], this.first[namespace + 1]);
      return;
    }
    this.touched.length = 0;
    for (const g of groups) {
      for (const c of g.classes) {
        const v = m.evaluate(row, c, egress ? m.classPorts.items[c] : vector);
        if (v === NOTHING) continue;
        this.val[c] = v;
        this.touched.push(c);
      }
    }
    this.counters.evaluations += asked;
  }

  private give(e: number, mask: number, c: number, vector: number): void {
    const v = this.m.entryValue(e, mask, vector);
    if (v === NOTHING) return;
    const before = this.val[c];
    if (before === NOTHING) {
      this.val[c] = v;
      this.touched.push(c);
    } else if (before !== v) this.val[c] = this.m.values.union(before, v);
  }

  private clear(): void {
    const items = this.touched.items;
    for (let i = 0; i < this.touched.length; i++) this.val[items[i]] = NOTHING;
    this.touched.length = 0;
  }

  // ---- one side open ----

  private readonly splits = new Map<number, { local: number; wide: number }>();

  /**
   * Splits a row into the entries whose peers lie in one namespace, and the row of all others, which is the same
   * for many rows: "own namespace, and everybody from monitoring" in a thousand namespaces share the wide part.
   */
  private split(row: number): { local: number; wide: number } {
    let s = this.splits.get(row);
    if (s) return s;
    const m = this.m;
    const list = m.rowList.items[row];
    const local: number[] = [];
    const rest: number[] = [];
    for (const e of m.rowLists.list(list)) {
      const pods = m.peerPods(m.entryPeer(e));
      if (pods && pods.set.single >= 0) local.push(e);
      else if (!pods || pods.set.list.length > 0) rest.push(e);
    }
    const flags = m.rowFlags.items[row];
    const family = m.rowFamily.items[row];
    s = {
      local: local.length === 0 ? -1 : m.row(m.rowLists.intern(local, local.length), flags, family),
      wide: m.row(m.rowLists.intern(rest, rest.length), flags, family),
    };
    this.splits.set(row, s);
    return s;
  }

  private spreadIds: Record<'ingress' | 'egress', PairMap> = {
    ingress: new PairMap(),
    egress: new PairMap(),
  };
  private readonly spreads: Spread[] = [];

  /** How a row's values spread over the open classes of the other side, by namespace. */
  private spread(row: number, vector: number, direction: 'ingress' | 'egress'): Spread {
    if (this.isNothing(row)) return NO_SPREAD;
    const memo = this.spreadIds[direction];
    const known = memo.get(row, vector);
    if (known >= 0) return this.spreads[known];
    const m = this.m;
    const open = (direction === 'ingress' ? this.source : this.destination).open;
    this.over(row, vector, direction === 'egress', 0, m.classes);
    const out = new IntList(64);
    const sorted = this.touched.items.subarray(0, this.touched.length).sort();
    let namespace = -1;
    let start = 0;
    for (const c of sorted) {
      if (open[c] === 0) continue;
      if (m.classNamespace.items[c] !== namespace) {
        namespace = m.classNamespace.items[c];
        start = out.length;
      }
      const v = this.val[c];
      let k = start;
      while (k < out.length && out.items[k + 1] !== v) k += 3;
      if (k === out.length) {
        out.push(namespace);
        out.push(v);
        out.push(0);
      }
      out.items[k + 2] += m.classCount.items[c];
    }
    this.clear();
    const spread = out.trimmed();
    memo.set(row, vector, this.spreads.length);
    this.spreads.push(spread);
    return spread;
  }

  private totalIds: Record<'ingress' | 'egress', PairMap> = {
    ingress: new PairMap(),
    egress: new PairMap(),
  };
  private readonly totals: Small[] = [];
  private groups: { sample: Int32Array; source: Float64Array; destination: Float64Array } | null = null;

  /**
   * Classes that no wide peer tells apart, over all namespaces: equal in everything but the namespace, and their
   * namespaces in the same wide sets. Rows of wide peers are asked of one class each.
   */
  private wideGroups(): { sample: Int32Array; source: Float64Array; destination: Float64Array } {
    if (this.groups) return this.groups;
    const m = this.m;
    const signatures = m.spaces.wideSignatures();
    const keys = new ListPool();
    const sample = new IntList(64);
    const source = new Float64Array(m.classes + 1);
    const destination = new Float64Array(m.classes + 1);
    const key = [0, 0, 0, 0, 0, 0];
    for (let c = 0; c < m.classes; c++) {
      if (this.source.open[c] === 0 && this.destination.open[c] === 0) continue;
      key[0] = signatures[m.classNamespace.items[c]];
      key[1] = m.classLabels.items[c];
      key[2] = m.classAddresses.items[c];
      key[3] = m.classFlags.items[c];
      key[4] = m.classPorts.items[c];
      key[5] = m.classFamily.items[c];
      // Id 0 of the pool is the empty list.
      const g = keys.intern(key, 6) - 1;
      if (g === sample.length) sample.push(c);
      if (this.source.open[c]) source[g] += m.classCount.items[c];
      if (this.destination.open[c]) destination[g] += m.classCount.items[c];
    }
    this.groups = { sample: sample.trimmed(), source, destination };
    return this.groups;
  }

  /** A wide row over all open classes of the other side, NOTHING left out. */
  private total(row: number, vector: number, direction: 'ingress' | 'egress'): Small {
    const memo = this.totalIds[direction];
    const known = memo.get(row, vector);
    if (known >= 0) return this.totals[known];
    const m = this.m;
    const h: Small = { values: [], counts: [] };
    const groups = this.wideGroups();
    const list = m.rowList.items[row];
    const limit = groups.sample.length * Math.max(1, m.rowLists.length(list));
    let matched = 0;
    if (this.reachesAnyone(row)) matched = m.classes;
    else {
      for (const e of m.rowLists.list(list)) {
        const peer = m.entryPeer(e);
        matched += m.isAnyone(peer) ? m.classes : m.classesOf(peer).length;
        if (matched > limit) break;
      }
    }
    if (matched <= limit) {
      const spread = this.spread(row, vector, direction);
      for (let i = 0; i < spread.length; i += 3) bump(h, spread[i + 1], spread[i + 2]);
    } else {
      const counts = direction === 'ingress' ? groups.source : groups.destination;
      for (let g = 0; g < groups.sample.length; g++) {
        if (counts[g] === 0) continue;
        const c = groups.sample[g];
        const v = m.evaluate(row, c, direction === 'ingress' ? vector : m.classPorts.items[c]);
        if (v !== NOTHING) bump(h, v, counts[g]);
      }
      this.counters.evaluations += groups.sample.length;
    }
    memo.set(row, vector, this.totals.length);
    this.totals.push(h);
    return h;
  }

  /**
   * Calls back with (namespace, value, count) of a row over the open classes of the other side, NOTHING left out;
   * counts may be negative, and without `namespaces` the wide part comes under -1.
   */
  private eachOpen(
    row: number,
    vector: number,
    direction: 'ingress' | 'egress',
    namespaces: boolean,
    visit: (namespace: number, value: ValueId, count: number) => void,
  ): void {
    const m = this.m;
    const other = direction === 'ingress' ? this.source : this.destination;
    if (other.openTotal === 0 || this.isNothing(row)) return;
    const { local, wide } = this.split(row);
    if (namespaces) {
      const spread = this.spread(wide, vector, direction);
      for (let i = 0; i < spread.length; i += 3) visit(spread[i], spread[i + 1], spread[i + 2]);
    } else if (!this.isNothing(wide)) {
      const h = this.total(wide, vector, direction);
      for (let i = 0; i < h.values.length; i++) visit(-1, h.values[i], h.counts[i]);
    }
    if (local < 0) return;
    const egress = direction === 'egress';
    if (this.reachesAnyone(row)) {
      // The gap's part is in both rows; only the classes that local peers match differ.
      for (const c of this.localClasses(local)) {
        if (other.open[c] === 0) continue;
        const v = egress ? m.classPorts.items[c] : vector;
        const before = m.evaluate(wide, c, v);
        const after = m.evaluate(row, c, v);
        if (before === after) continue;
        if (before !== NOTHING) visit(m.classNamespace.items[c], before, -m.classCount.items[c]);
        visit(m.classNamespace.items[c], after, m.classCount.items[c]);
      }
      return;
    }
    this.over(local, vector, egress, 0, m.classes);
    const hasWide = m.rowLists.length(m.rowList.items[wide]) > 0;
    for (let i = 0; i < this.touched.length; i++) {
      const c = this.touched.items[i];
      if (other.open[c] === 0) continue;
      const namespace = m.classNamespace.items[c];
      const count = m.classCount.items[c];
      let after = this.val[c];
      if (hasWide) {
        const before = m.evaluate(wide, c, egress ? m.classPorts.items[c] : vector);
        if (before !== NOTHING) {
          after = m.values.union(after, before);
          if (after === before) continue;
          visit(namespace, before, -count);
        }
      }
      visit(namespace, after, count);
    }
    this.clear();
  }

  private localClasses(local: number): Set<number> {
    const m = this.m;
    const out = new Set<number>();
    for (const e of m.rowLists.list(m.rowList.items[local])) {
      for (const c of m.classesOf(m.entryPeer(e))) out.add(c);
    }
    return out;
  }

  // ---- all pairs ----

  /** All ordered pairs of different pods by value. */
  all(): Histogram {
    const m = this.m;
    const out = new Histogram();
    const s = this.source;
    const d = this.destination;
    out.add(EVERYTHING_PERMITTED, s.openTotal * d.openTotal);
    this.oneSided(d, 'ingress', s.openTotal, out);
    this.oneSided(s, 'egress', d.openTotal, out);
    out.add(NOTHING, s.isolatedTotal * d.isolatedTotal);
    this.bothSided((_a, _b, value, n) => {
      out.add(NOTHING, -n);
      out.add(value, n);
    });
    // A pod and itself are no pair (S7).
    for (let c = 0; c < m.classes; c++) out.add(m.between(c, c), -m.classCount.items[c]);
    if (m.hasHosts) {
      this.ownNodes((_p, _q, before, after, n) => {
        out.add(before, -n);
        out.add(after, n);
      });
    }
    this.current = out;
    return out;
  }

  private oneSided(side: Side, direction: 'ingress' | 'egress', opposite: number, out: Histogram): void {
    // Rows are often shared by namespaces (default deny): each is asked once.
    const totals = new PairMap();
    const list: { row: number; vector: number; count: number }[] = [];
    for (const groups of side.groups) {
      for (const g of groups) {
        const known = totals.get(g.row, g.vector);
        if (known >= 0) list[known].count += g.count;
        else {
          totals.set(g.row, g.vector, list.length);
          list.push({ row: g.row, vector: g.vector, count: g.count });
        }
      }
    }
    for (const t of list) {
      let something = 0;
      this.eachOpen(t.row, t.vector, direction, false, (_n, value, count) => {
        out.add(value, count * t.count);
        something += count;
      });
      out.add(NOTHING, (opposite - something) * t.count);
    }
  }

  private current: Histogram | null = null;

  /**
   * Brings all pairs up to date after a change of policies in one namespace. `change` makes it (see
   * Model.replacePolicy) and says whether it could; gives the new histogram, or null where it could not or where
   * everything has to be counted anew. `all` must have been asked before.
   */
  edit(namespace: number, change: () => boolean): Histogram | null {
    const now = this.current;
    if (now === null || this.m.hasHosts) {
      change();
      return null;
    }
    this.touching(namespace, (value, n) => now.add(value, -n));
    const changed = change();
    if (changed) {
      this.fill(this.source, 'egress', namespace);
      this.fill(this.destination, 'ingress', namespace);
      this.groups = null;
      this.spreadIds = { ingress: new PairMap(), egress: new PairMap() };
      this.totalIds = { ingress: new PairMap(), egress: new PairMap() };
      this.spreads.length = 0;
      this.totals.length = 0;
    }
    this.touching(namespace, (value, n) => now.add(value, n));
    // What permits nothing is the rest.
    let something = 0;
    for (let v = 0; v < now.counts.length; v++) if (v !== NOTHING) something += now.counts[v];
    now.counts[NOTHING] = this.m.pods * (this.m.pods - 1) - something;
    return changed ? now : null;
  }

  /** Values of all ordered pairs with an end in the namespace, NOTHING left out. */
  private touching(a: number, visit: (value: ValueId, n: number) => void): void {
    const m = this.m;
    const s = this.source;
    const d = this.destination;
    const both = s.openPods[a] * d.openTotal + (s.openTotal - s.openPods[a]) * d.openPods[a];
    if (both > 0) visit(EVERYTHING_PERMITTED, both);
    for (const g of d.groups[a]) {
      this.eachOpen(g.row, g.vector, 'ingress', false, (_n, value, count) => visit(value, count * g.count));
    }
    for (const g of s.groups[a]) {
      this.eachOpen(g.row, 0, 'egress', false, (_n, value, count) => visit(value, count * g.count));
    }
    // The isolated ends of other namespaces towards this one's open classes.
    this.others(a, d, s, visit);
    this.others(a, s, d, visit);
    const each = (_a: number, _b: number, value: ValueId, n: number): void => visit(value, n);
    this.accept();
    const sources = s.groups[a].filter((g) => !this.isNothing(g.row));
    if (sources.length > 0) {
      for (const b of this.reached(sources)) {
        const accepting = this.accepting[b].filter((j) => this.touchesNamespace(d.groups[b][j].row, a));
        if (accepting.length > 0) this.block(a, b, accepting, each);
      }
    }
    for (let b = 0; b < s.groups.length; b++) {
      if (b === a || this.accepting[a].length === 0) continue;
      if (!s.groups[b].some((g) => !this.isNothing(g.row) && this.touchesNamespace(g.row, a))) continue;
      const accepting = this.accepting[a].filter((j) => this.touchesNamespace(d.groups[a][j].row, b));
      if (accepting.length > 0) this.block(b, a, accepting, each);
    }
    for (let c = this.first[a]; c < this.first[a + 1]; c++) {
      const value = m.between(c, c);
      if (value !== NOTHING) visit(value, -m.classCount.items[c]);
    }
  }

  /** Isolated groups of all namespaces but `a` on `side` against the open classes of `a` on the other. */
  private others(a: number, side: Side, other: Side, visit: (value: ValueId, n: number) => void): void {
    if (other.openPods[a] === 0) return;
    const m = this.m;
    const egress = side === this.source;
    const done = new Map<number, number>();
    for (let b = 0; b < side.groups.length; b++) {
      if (b === a) continue;
      for (const g of side.groups[b]) {
        if (this.isNothing(g.row) || !this.touchesNamespace(g.row, a)) continue;
        const key = g.row * VECTORS + g.vector;
        done.set(key, (done.get(key) ?? 0) + g.count);
      }
    }
    for (const [key, count] of done) {
      const row = Math.floor(key / VECTORS);
      this.over(row, key % VECTORS, egress, this.first[a], this.first[a + 1]);
      for (let i = 0; i < this.touched.length; i++) {
        const c = this.touched.items[i];
        if (other.open[c]) visit(this.val[c], m.classCount.items[c] * count);
      }
      this.clear();
    }
  }

  private readonly touches: (Uint32Array | null)[] = [];
  private readonly touchesKnown: boolean[] = [];

  /** Namespaces that a row reaches: bits, or null for all of them. */
  private touch(row: number): Uint32Array | null {
    if (this.touchesKnown[row]) return this.touches[row];
    this.touchesKnown[row] = true;
    const m = this.m;
    let bits: Uint32Array | null = null;
    if (!this.reachesAnyone(row)) {
      bits = new Uint32Array((m.spaces.names.length + 31) >>> 5);
      const list = m.rowList.items[row];
      const items = m.rowLists.items;
      for (let k = m.rowLists.start(list); k < m.rowLists.start(list + 1); k++) {
        const peer = m.entryPeer(items[k]);
        const pods = m.peerPods(peer);
        if (!pods) {
          if (m.isAnyone(peer) || m.classesOf(peer).length > 0) {
            bits = null;
            break;
          }
          continue;
        }
        if (pods.set.single >= 0) {
          bits[pods.set.single >>> 5] |= 1 << (pods.set.single & 31);
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

  private reached(groups: Group[]): number[] {
    const n = this.m.spaces.names.length;
    const all = new Uint32Array((n + 31) >>> 5);
    let everywhere = false;
    for (const g of groups) {
      const t = this.touch(g.row);
      if (t === null) {
        everywhere = true;
        break;
      }
      for (let w = 0; w < all.length; w++) all[w] |= t[w];
    }
    const out: number[] = [];
    for (let w = 0; w < all.length; w++) {
      let bits = everywhere ? -1 : all[w];
      while (bits !== 0) {
        const i = w * 32 + 31 - Math.clz32(bits & -bits);
        bits &= bits - 1;
        if (i < n && this.accepting[i].length > 0) out.push(i);
      }
    }
    return out;
  }

  private touchesNamespace(row: number, namespace: number): boolean {
    const t = this.touch(row);
    return t === null || (t[namespace >>> 5] & (1 << (namespace & 31))) !== 0;
  }

  /** Destination groups of a namespace that permit something to somebody. */
  private accepting: number[][] = [];

  private accept(): void {
    this.accepting = this.destination.groups.map((gs) =>
      gs.map((_g, j) => j).filter((j) => !this.isNothing(gs[j].row)),
    );
  }

  /** Pairs that are isolated on both sides and permit something, by namespaces. */
  private bothSided(visit: (a: number, b: number, value: ValueId, n: number) => void): void {
    const n = this.m.spaces.names.length;
    const groups = this.destination.groups;
    this.accept();
    for (let a = 0; a < n; a++) {
      const sources = this.source.groups[a].filter((g) => !this.isNothing(g.row));
      if (sources.length === 0) continue;
      for (const b of this.reached(sources)) {
        const accepting = this.accepting[b].filter((j) => this.touchesNamespace(groups[b][j].row, a));
        if (accepting.length > 0) this.block(a, b, accepting, visit);
      }
    }
  }

  /** Isolated sources of namespace `a` against the given isolated destination groups of `b`. */
  private block(
    a: number,
    b: number,
    accepting: number[],
    visit: (a: number, b: number, value: ValueId, n: number) => void,
  ): void {
    const m = this.m;
    const sources = this.source.groups[a];
    const sourceOf = this.source.groupOf;
    const targetOf = this.destination.groupOf;
    const wide = this.source.groups[a].length;
    // Lists by (destination group, source group): how the source's pods spread over the values that it accepts.
    const heads = this.scratchHeads(accepting.length * wide);
    const lively: number[] = [];
    this.nodes = 0;
    const reaching = sources.filter((s) => !this.isNothing(s.row) && this.touchesNamespace(s.row, b));
    for (let x = 0; x < accepting.length; x++) {
      const d = this.destination.groups[b][accepting[x]];
      this.among(d.row, d.vector, false, reaching, a);
      for (let i = 0; i < this.touched.length; i++) {
        const c = this.touched.items[i];
        const g = sourceOf[c];
        if (g < 0 || !reaching.includes(sources[g])) continue;
        if (heads[x * wide + g] === 0 && !lively.includes(g)) lively.push(g);
        this.tally(heads, x * wide + g, this.val[c], m.classCount.items[c]);
      }
      this.clear();
    }
    const incoming = this.nodes;
    const place = this.placeOfGroup;
    accepting.forEach((j, x) => (place[j] = x));
    const back = this.backHeads;
    for (const g of lively) {
      const s = sources[g];
      const candidates = accepting
        .filter((_j, x) => heads[x * wide + g] !== 0)
        .map((j) => this.destination.groups[b][j]);
      this.among(s.row, 0, true, candidates, b);
      this.nodes = incoming;
      const reached: number[] = [];
      for (let i = 0; i < this.touched.length; i++) {
        const c = this.touched.items[i];
        const j = targetOf[c];
        // Only what this source group is accepted by.
        if (j < 0 || place[j] < 0 || heads[place[j] * wide + g] === 0) continue;
        if (back[j] === 0) reached.push(j);
        this.tally(back, j, this.val[c], m.classCount.items[c]);
      }
      this.clear();
      for (const j of reached) {
        this.counters.combinations++;
        for (let x = heads[place[j] * wide + g]; x !== 0; x = this.nodeNext[x]) {
          for (let y = back[j]; y !== 0; y = this.nodeNext[y]) {
            const value = m.values.intersect(this.nodeValue[x], this.nodeValue[y]);
            if (value !== NOTHING) visit(a, b, value, this.nodeCount[x] * this.nodeCount[y]);
          }
        }
        back[j] = 0;
      }
    }
    for (const j of accepting) place[j] = -1;
    heads.fill(0, 0, accepting.length * wide);
  }

  // Linked lists of (value, count) in flat arrays; node 0 is the end.
  private nodes = 0;
  private nodeValue: number[] = [0];
  private nodeCount: number[] = [0];
  private nodeNext: number[] = [0];
  private heads = new Int32Array(64);
  private backHeads: Int32Array;
  private placeOfGroup: Int32Array;

  private scratchHeads(size: number): Int32Array {
    if (this.heads.length < size) this.heads = new Int32Array(size * 2);
    return this.heads;
  }

  /** Adds to the list that starts at `heads[at]`. */
  private tally(heads: Int32Array, at: number, value: ValueId, count: number): void {
    for (let k = heads[at]; k !== 0; k = this.nodeNext[k]) {
      if (this.nodeValue[k] === value) {
        this.nodeCount[k] += count;
        return;
      }
    }
    const k = ++this.nodes;
    this.nodeValue[k] = value;
    this.nodeCount[k] = count;
    this.nodeNext[k] = heads[at];
    heads[at] = k;
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
        const after = m.onOneNode(p, q);
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

  /**
   * All pairs by namespaces: calls back with (source namespace, destination namespace, value, number of ordered
   * pairs); numbers add up, some are negative, pairs that permit nothing are not told. A pod and itself are left
   * out.
   */
  byNamespace(visit: (a: number, b: number, value: ValueId, n: number) => void): void {
    const m = this.m;
    const n = m.spaces.names.length;
    const s = this.source;
    const d = this.destination;
    for (let a = 0; a < n; a++) {
      for (let b = 0; b < n; b++) {
        if (s.openPods[a] > 0 && d.openPods[b] > 0) {
          visit(a, b, EVERYTHING_PERMITTED, s.openPods[a] * d.openPods[b]);
        }
      }
    }
    for (let b = 0; b < n; b++) {
      for (const g of d.groups[b]) {
        this.eachOpen(g.row, g.vector, 'ingress', true, (a, value, count) =>
          visit(a, b, value, count * g.count),
        );
      }
    }
    for (let a = 0; a < n; a++) {
      for (const g of s.groups[a]) {
        this.eachOpen(g.row, 0, 'egress', true, (b, value, count) => visit(a, b, value, count * g.count));
      }
    }
    this.bothSided(visit);
    for (let c = 0; c < m.classes; c++) {
      const a = m.classNamespace.items[c];
      visit(a, a, m.between(c, c), -m.classCount.items[c]);
    }
    if (m.hasHosts) {
      this.ownNodes((p, q, before, after, count) => {
        visit(m.classNamespace.items[p], m.classNamespace.items[q], before, -count);
        visit(m.classNamespace.items[p], m.classNamespace.items[q], after, count);
      });
    }
  }
}

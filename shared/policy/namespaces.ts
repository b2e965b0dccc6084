/**
 * Namespaces and the sets of them that selectors match, interned by content: a namespace's own set and the set of
 * `kubernetes.io/metadata.name: that name` are one. Each distinct selector is evaluated once.
 */
import { matchesRequirement, matchesSelector, type Selector } from '../kube/selector.ts';
import type { Labels, NamespaceRecord, Snapshot } from '../kube/snapshot.ts';
import { ListPool } from '../net/listPool.ts';
import { isBefore, parseVersion } from './assumptions.ts';
import { NAMESPACE_PREFIX, type LabelDoubt, type LabelDoubts } from './labelDoubts.ts';

/** Members as bits and as a list: those that match for sure, and those that may. */
export interface NamespaceSet {
  sure: Uint32Array;
  maybe: Uint32Array | null;
  /** The only member, or -1. */
  single: number;
  /** All members, sure ones first. */
  list: Int32Array;
}

const NAME_LABEL = 'kubernetes.io/metadata.name';

/** Is bit `i` set? */
export function bitTest(bits: Uint32Array, i: number): boolean {
  return (bits[i >>> 5] & (1 << (i & 31))) !== 0;
}

export class Namespaces {
  /** Sorted; a namespace that only pods or policies mention is one too (S19). */
  readonly names: string[];
  readonly index = new Map<string, number>();
  readonly sets: NamespaceSet[] = [];
  private readonly serverVersion: string;
  private readonly labels: { labels: Labels; known: boolean; nameSure: boolean }[] = [];
  private readonly byLabel = new Map<string, Map<string, number[]>>();
  /** Namespaces whose labels are not all sure: asked one by one. */
  private readonly uncertain: number[] = [];
  private readonly bySelector = new Map<string, number>();
  private readonly setIds = new Map<string, number>();
  private readonly ownSet: Int32Array;
  private readonly doubts: LabelDoubts;

  constructor(snapshot: Snapshot, serverVersion: string, doubts: LabelDoubts) {
    this.serverVersion = serverVersion;
    this.doubts = doubts;
    const names = new Set<string>();
    for (const n of snapshot.namespaces) names.add(n.name);
    // Pods stand by namespace, so a namespace's run is leapt over, not walked.
    const pods = snapshot.pods;
    for (let i = 0; i < pods.length;) {
      const name = pods[i].namespace;
      names.add(name);
      let step = 1;
      while (i + step < pods.length && pods[i + step].namespace === name) step *= 2;
      let lo = i + (step >> 1);
      let hi = Math.min(i + step, pods.length);
      while (lo + 1 < hi) {
        const mid = (lo + hi) >> 1;
        if (pods[mid].namespace === name) lo = mid;
        else hi = mid;
      }
      i = hi;
    }
    for (const p of snapshot.policies) names.add(p.namespace);
    this.names = [...names].sort();
    this.names.forEach((n, i) => this.index.set(n, i));
    this.ownSet = new Int32Array(this.names.length).fill(-1);
    this.read(snapshot);
  }

  private read(snapshot: Snapshot): void {
    const byName = new Map<string, NamespaceRecord>();
    for (const n of snapshot.namespaces) byName.set(n.name, n);
    const version = parseVersion(this.serverVersion);
    // S22: before 1.21 the API server did not add the name label.
    const old = version !== null && isBefore(version, 21);
    const unknownVersion = this.serverVersion === 'unknown';
    const live = snapshot.cluster.source === 'context';
    this.names.forEach((name, i) => {
      const record = byName.get(name);
      let labels = record?.labels ?? {};
      const known = record ? record.labelsKnown : !live;
      const added = record ? record.nameLabelAdded === true || (record.implied && !live) : true;
      let nameSure = true;
      if (added && old) {
        labels = { ...labels };
        delete labels[NAME_LABEL];
      } else if (labels[NAME_LABEL] !== name && !old) {
        labels = { ...labels, [NAME_LABEL]: name };
        if (unknownVersion) nameSure = false;
      } else if (added && unknownVersion) nameSure = false;
      // Known by name alone: whether it carries the name label hangs on the version.
      if (!known && unknownVersion) nameSure = false;
      this.labels.push({ labels, known, nameSure });
      if (!known || !nameSure) this.uncertain.push(i);
      else {
        for (const key in labels) {
          let byValue = this.byLabel.get(key);
          if (!byValue) this.byLabel.set(key, (byValue = new Map()));
          const list = byValue.get(labels[key]);
          if (list) list.push(i);
          else byValue.set(labels[key], [i]);
        }
      }
    });
  }

  /**
   * Three-valued match of a namespace whose labels are not all known: the same in every world that is left open
   * is sure. The worlds differ in whether the server sets the name label (S22) and in the labels that were not read.
   */
  private match(selector: Selector, i: number): 'yes' | 'no' | 'maybe' {
    const { labels, known, nameSure } = this.labels[i];
    const name = this.names[i];
    const inWorld = (hasName: boolean): 'yes' | 'no' | 'maybe' => {
      const here: Labels = known ? { ...labels } : {};
      if (hasName) here[NAME_LABEL] = name;
      else if (!nameSure) delete here[NAME_LABEL];
      let result: 'yes' | 'maybe' = 'yes';
      for (const r of selector.requirements) {
        // Before 1.21 nothing but the labels themselves says whether somebody set the name label.
        if (!known && (r.key !== NAME_LABEL || !hasName)) result = 'maybe';
        else if (!matchesRequirement(r, here)) return 'no';
      }
      return result;
    };
    if (nameSure) {
      const version = parseVersion(this.serverVersion);
      const old = version !== null && isBefore(version, 21);
      return inWorld(!old);
    }
    const a = inWorld(true);
    const b = inWorld(false);
    return a === b ? a : 'maybe';
  }

  /** Labels that a selector can surely name the namespace by, or null where there are none. */
  labelsToNameBy(namespace: string): Labels | null {
    const i = this.index.get(namespace) as number;
    const { labels, known, nameSure } = this.labels[i];
    const version = parseVersion(this.serverVersion);
    const old = version !== null && isBefore(version, 21);
    const isSeen = (key: string): boolean => !this.doubts.mayDrop(key, NAMESPACE_PREFIX);
    if (nameSure && !old && isSeen(NAME_LABEL)) return { [NAME_LABEL]: namespace };
    const own = Object.fromEntries(Object.entries(labels).filter(([key]) => isSeen(key)));
    if (!nameSure) delete own[NAME_LABEL];
    return known && Object.keys(own).length > 0 ? own : null;
  }

  /** With which of two server versions does the selector match the namespace (S22)? For explanations. */
  nameLabelWorlds(selector: Selector, i: number): { newest: boolean; old: boolean } | null {
    const { labels, known, nameSure } = this.labels[i];
    if (nameSure || !known) return null;
    const without = { ...labels };
    delete without[NAME_LABEL];
    return {
      newest: matchesSelector(selector, { ...labels, [NAME_LABEL]: this.names[i] }),
      old: matchesSelector(selector, without),
    };
  }

  private setOf(sure: number[], maybe: number[]): number {
    const key = `${sure.join(',')}|${maybe.join(',')}`;
    let id = this.setIds.get(key);
    if (id === undefined) {
      id = this.sets.length;
      const words = (this.names.length + 31) >>> 5;
      const bits = new Uint32Array(words);
      for (const i of sure) bits[i >>> 5] |= 1 << (i & 31);
      let maybeBits: Uint32Array | null = null;
      if (maybe.length > 0) {
        maybeBits = new Uint32Array(words);
        for (const i of maybe) maybeBits[i >>> 5] |= 1 << (i & 31);
      }
      const list = Int32Array.from([...sure, ...maybe]);
      this.sets.push({
        sure: bits,
        maybe: maybeBits,
        single: list.length === 1 ? list[0] : -1,
        list,
      });
      this.setIds.set(key, id);
    }
    return id;
  }

  /** The set of the one namespace. */
  own(namespace: number): number {
    if (this.ownSet[namespace] < 0) this.ownSet[namespace] = this.setOf([namespace], []);
    return this.ownSet[namespace];
  }

  /** Each distinct namespace selector is evaluated once, through an inverted index where it names a value. */
  matching(selector: Selector): number {
    let id = this.bySelector.get(selector.canonical);
    if (id !== undefined) return id;
    const bounds = this.doubts.ofNamespaces(selector);
    const { sure, maybe } = this.find(bounds.may);
    if (bounds.sure === bounds.may) id = this.setOf(sure, maybe);
    else {
      // S30: what is left out of an identity cannot be matched by.
      const certain = bounds.sure === null ? [] : this.find(bounds.sure).sure;
      const rest = [...sure, ...maybe].filter((i) => !certain.includes(i)).sort((a, b) => a - b);
      id = this.setOf(certain, rest);
    }
    this.bySelector.set(selector.canonical, id);
    return id;
  }

  /** Labels that leave it open whether the selector matches the namespace (S30). */
  doubtsOf(selector: Selector, i: number): LabelDoubt[] {
    return this.doubts.whyNamespace(selector, this.labels[i].labels);
  }

  private find(selector: Selector): { sure: number[]; maybe: number[] } {
    const sure: number[] = [];
    const maybe: number[] = [];
    const pivot = selector.requirements.find((r) => r.operator === 'In');
    if (pivot) {
      const byValue = this.byLabel.get(pivot.key);
      for (const value of pivot.values) {
        for (const i of byValue?.get(value) ?? []) {
          if (matchesSelector(selector, this.labels[i].labels)) sure.push(i);
        }
      }
      for (const i of this.uncertain) {
        const m = this.match(selector, i);
        if (m === 'yes') sure.push(i);
        else if (m === 'maybe') maybe.push(i);
      }
      sure.sort((a, b) => a - b);
    } else {
      for (let i = 0; i < this.names.length; i++) {
        const m = this.match(selector, i);
        if (m === 'yes') sure.push(i);
        else if (m === 'maybe') maybe.push(i);
      }
    }
    return { sure, maybe };
  }

  /** For each namespace: an id for the wide sets (of more than one namespace) that hold it; equal ids, equal sets. */
  wideSignatures(): Int32Array {
    const lists: number[][] = this.names.map(() => []);
    this.sets.forEach((set, id) => {
      if (set.list.length < 2) return;
      for (const n of set.list) lists[n].push(id * 2 + (bitTest(set.sure, n) ? 1 : 0));
    });
    const pool = new ListPool();
    return Int32Array.from(lists, (l) => pool.intern(l, l.length));
  }

  /** Does the set hold every namespace for sure? */
  isEvery(set: NamespaceSet): boolean {
    return set.maybe === null && set.list.length === this.names.length;
  }
}

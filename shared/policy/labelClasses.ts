/**
 * Labels as far as some selector asks for them. Pods whose labels no selector tells apart have one label class:
 * keys that no selector names are left out, and values that none names fold into "other".
 */
import type { Selector } from '../kube/selector.ts';
import type { Labels } from '../kube/snapshot.ts';
import { IntList, ListPool } from '../net/listPool.ts';

/** A label key that some selector names; its pairs are the key with one value each, `other` for all the rest. */
interface Key {
  id: number;
  other: number;
  values: Map<string, number>;
}

const NONE: readonly number[] = [];

export class LabelClasses {
  readonly selectors: Selector[] = [];
  private readonly ids = new Map<string, number>();
  private readonly keys = new Map<string, Key>();
  private readonly keyOfPair = new IntList();
  /** A class is a sorted list of pairs. */
  private readonly classesOf = new ListPool();
  /** Per class the selectors that match it, sorted; classes of equal matches share a list. */
  private matched = new ListPool();
  private matchedOf = new IntList();
  private matchBits: Uint32Array | null = null;
  private matchWords = 0;
  private readonly pairs: number[] = [];

  get count(): number {
    return this.classesOf.size;
  }

  /** Are all keys and values of the selector known, so that it refines no class? */
  knows(selector: Selector): boolean {
    return selector.requirements.every((r) => {
      const key = this.keys.get(r.key);
      return key !== undefined && r.values.every((v) => key.values.has(v));
    });
  }

  /** The class of a label set. All selectors have to be known before the first one is asked for. */
  classOf(labels: Labels): number {
    const pairs = this.pairs;
    pairs.length = 0;
    for (const name in labels) {
      const key = this.keys.get(name);
      if (key === undefined) continue;
      const pair = key.values.get(labels[name]) ?? key.other;
      let at = pairs.length;
      while (at > 0 && pairs[at - 1] > pair) {
        pairs[at] = pairs[at - 1];
        at--;
      }
      pairs[at] = pair;
    }
    return this.classesOf.intern(pairs, pairs.length);
  }

  /** The selectors that match a class: a run of `items`, sorted. Valid until `match` runs again. */
  matchesOf(labelClass: number): { items: Int32Array; from: number; to: number } {
    const m = this.matchedOf.items[labelClass];
    return { items: this.matched.items, from: this.matched.start(m), to: this.matched.start(m + 1) };
  }

  selectorId(selector: Selector): number {
    let id = this.ids.get(selector.canonical);
    if (id === undefined) {
      id = this.selectors.length;
      this.selectors.push(selector);
      this.ids.set(selector.canonical, id);
      for (const r of selector.requirements) {
        let key = this.keys.get(r.key);
        if (!key) {
          const keyId = this.keys.size;
          key = { id: keyId, other: this.keyOfPair.push(keyId), values: new Map() };
          this.keys.set(r.key, key);
        }
        for (const value of r.values) {
          if (!key.values.has(value)) key.values.set(value, this.keyOfPair.push(key.id));
        }
      }
    }
    return id;
  }

  /** Finds which selectors match which classes; again after a selector has come. */
  match(): void {
    this.matched = new ListPool();
    this.matchedOf = new IntList(this.count + 1);
    this.matchBits = null;
    const selectors = this.selectors;
    const byPair = new Map<number, number[]>();
    const byKey = new Map<number, number[]>();
    const always: number[] = [];
    const put = (map: Map<number, number[]>, k: number, s: number): void => {
      const list = map.get(k);
      if (list) list.push(s);
      else map.set(k, [s]);
    };
    // Each selector as (key id, operator, value pair ids), tested only on classes that its pivot lets through.
    const tests = selectors.map((s) =>
      s.requirements.map((r) => {
        const key = this.keys.get(r.key) as { id: number; other: number; values: Map<string, number> };
        return {
          key: key.id,
          operator: r.operator,
          pairs: r.values.map((v) => key.values.get(v) as number),
        };
      }),
    );
    tests.forEach((requirements, s) => {
      let pivot = requirements.find((r) => r.operator === 'In');
      for (const r of requirements)
        if (r.operator === 'In' && pivot && r.pairs.length < pivot.pairs.length) pivot = r;
      if (pivot) for (const pair of pivot.pairs) put(byPair, pair, s);
      else {
        const exists = requirements.find((r) => r.operator === 'Exists');
        if (exists) put(byKey, exists.key, s);
        else always.push(s);
      }
    });
    const sets = this.classesOf;
    const keyOf = this.keyOfPair.items;
    const found: number[] = [];
    for (let c = 0; c < sets.size; c++) {
      const from = sets.start(c);
      const to = sets.start(c + 1);
      const items = sets.items;
      found.length = 0;
      const consider = (s: number): void => {
        for (const r of tests[s]) {
          let pair = -1;
          for (let k = from; k < to; k++) {
            if (keyOf[items[k]] === r.key) {
              pair = items[k];
              break;
            }
          }
          let ok: boolean;
          if (r.operator === 'In') ok = pair >= 0 && r.pairs.includes(pair);
          else if (r.operator === 'NotIn') ok = pair < 0 || !r.pairs.includes(pair);
          // With values (labelDoubts.ts): present with another value than those, or absent or with one of them.
          else if (r.operator === 'Exists') ok = pair >= 0 && !r.pairs.includes(pair);
          else ok = pair < 0 || r.pairs.includes(pair);
          if (!ok) return;
        }
        found.push(s);
      };
      for (let k = from; k < to; k++) {
        for (const s of byPair.get(items[k]) ?? NONE) consider(s);
        for (const s of byKey.get(keyOf[items[k]]) ?? NONE) consider(s);
      }
      for (const s of always) consider(s);
      found.sort((a, b) => a - b);
      this.matchedOf.push(this.matched.intern(found, found.length));
    }
    // A bit per (class of matches, selector) where that stays small: the point verdict asks it millions of times.
    const words = (selectors.length + 31) >>> 5;
    if (words * this.matched.size <= 4_000_000) {
      const bits = new Uint32Array(words * this.matched.size);
      const all = this.matched.items;
      for (let m = 0; m < this.matched.size; m++) {
        for (let k = this.matched.start(m); k < this.matched.start(m + 1); k++) {
          bits[m * words + (all[k] >>> 5)] |= 1 << (all[k] & 31);
        }
      }
      this.matchBits = bits;
      this.matchWords = words;
    }
  }

  /** Does the pod selector match the label class? */
  matches(selector: number, labelClass: number): boolean {
    const m = this.matchedOf.items[labelClass];
    const bits = this.matchBits;
    if (bits) return (bits[m * this.matchWords + (selector >>> 5)] & (1 << (selector & 31))) !== 0;
    const items = this.matched.items;
    let lo = this.matched.start(m);
    let hi = this.matched.start(m + 1);
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (items[mid] < selector) lo = mid + 1;
      else hi = mid;
    }
    return lo < this.matched.start(m + 1) && items[lo] === selector;
  }
}

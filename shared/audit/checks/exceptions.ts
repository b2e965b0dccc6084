/** Exceptions of address blocks that mean nothing, since another peer for the same pods permits them (S5, S11). */
import { isObject } from '../../kube/selector.ts';
import { union, type Intervals } from '../../net/intervals.ts';
import { parseCidr } from '../../net/ip.ts';
import { ListPool } from '../../net/listPool.ts';
import type { Model } from '../../policy/model.ts';
import type { Direction } from '../result.ts';
import type { Findings } from './list.ts';
import { selectedBy } from './ports.ts';

type Ranges = Intervals<number> | Intervals<bigint>;
type Range = NonNullable<ReturnType<typeof parseCidr>>;

/** So many exceptions of one block are a finding each; what is beyond is one finding together. */
const SEPARATE = 10;
/** Names that a finding for several exceptions spells out. */
const NAMED = 3;

/** A rule, or one block of it, that may hold exceptions of others. */
interface Holder {
  policy: number;
  rule: number;
  /** -1: the rule is for everyone. */
  peer: number;
  /** Equal blocks have one id: -1 where the rule is for everyone. */
  id: number;
  family: 4 | 6 | null;
  ranges: Ranges;
}

/** Everything that permits at least some ports to the pods of some policies in one direction. */
interface Group {
  holders: readonly Holder[];
  anyone: boolean;
  /** All that any of the blocks holds. What is not in it no block of them holds. */
  all: { 4: Intervals<number>; 6: Intervals<bigint> };
}

/**
 * Finds exceptions of which another peer for the same pods permits the whole, on the same ports at least. A block that
 * gives back a part of an exception is left alone, for that is how one writes "all but this, and yet that".
 * Thousands of policies with hundreds of exceptions each take seconds at most: policies for the same pods and ports are
 * looked at once, and an exception that lies in none of their blocks is dropped by one search.
 */
export class UndoneExceptions {
  readonly #m: Model;
  readonly #f: Findings;
  readonly #neighbours: ReadonlyMap<string, readonly number[]>;
  readonly #selections = new ListPool();
  readonly #selectionOf = new Map<number, number>();
  readonly #shared = new Map<string, boolean>();
  readonly #groups = new Map<string, Group>();

  /**
   * @param m the compiled policies
   * @param f takes the findings
   * @param neighbours the active policies of each namespace, in order
   */
  constructor(m: Model, f: Findings, neighbours: ReadonlyMap<string, readonly number[]>) {
    this.#m = m;
    this.#f = f;
    this.#neighbours = neighbours;
  }

  /**
   * Looks at the exceptions of one block.
   * @param policy index of its policy
   * @param k index of its peer in rule `r`
   * @param field path of the block
   */
  check(policy: number, direction: Direction, r: number, k: number, field: string): void {
    const m = this.#m;
    const spec = m.snapshot.policies[policy].spec as Record<string, unknown>;
    const side = direction === 'ingress' ? 'from' : 'to';
    const rawRule = (spec[direction] as unknown[])[r];
    const rawPeer = isObject(rawRule) ? (rawRule[side] as unknown[])[k] : null;
    const raw = isObject(rawPeer) && isObject(rawPeer.ipBlock) ? rawPeer.ipBlock : null;
    if (raw === null || !Array.isArray(raw.except) || raw.except.length === 0) return;
    const mine = m.rulePorts(m.compiled[policy][direction].rules[r]).lower;
    // Its own rules first: that is what a reader of the policy can mend.
    const own = this.#holders(policy, direction, mine);
    const others = this.#group(policy, direction, mine);
    const id = m.peerIdOf(policy, direction, r, k);
    const by = (h: Holder): string => {
      const where = `spec.${direction}[${h.rule}]${h.peer < 0 ? '' : `.${side}[${h.peer}]`}`;
      const { namespace, name } = m.compiled[h.policy];
      return h.policy === policy ? where : `NetworkPolicy ${namespace}/${name} ${where}`;
    };
    const holds = (h: Holder, range: Range): boolean =>
      // A block of the same addresses holds none of its own exceptions.
      h.id < 0 || (h.id !== id && h.family === range.family && inOne(h.ranges, range.lo, range.hi));
    const holderOf = (range: Range): Holder | undefined => {
      const here = own.find((h) => holds(h, range));
      if (here) return here;
      const { holders, anyone, all } = others;
      if (!anyone && !inOne(range.family === 4 ? all[4] : all[6], range.lo, range.hi)) return undefined;
      return holders.find((h) => h.policy !== policy && holds(h, range));
    };
    const cidr = String(raw.cidr);
    const undone = this.#m.snapshot.policies[policy];
    const more: string[] = [];
    const moreBy = new Set<string>();
    let count = 0;
    let last: Holder | undefined;
    (raw.except as unknown[]).forEach((text, e) => {
      const except = typeof text === 'string' ? parseCidr(text) : null;
      if (!except) return;
      // Of many, one holder that is true is as good as the first one.
      const before = count >= SEPARATE && last && holds(last, except) ? last : undefined;
      const holder = before ?? holderOf(except);
      if (!holder) return;
      last = holder;
      count += 1;
      if (count <= SEPARATE) {
        this.#f.policy('policy.except-undone', undone, `${field}.except[${e}]`, {
          except: String(text),
          cidr,
          by: by(holder),
        });
      } else {
        more.push(String(text));
        if (moreBy.size <= NAMED) moreBy.add(by(holder));
      }
    });
    if (more.length === 0) return;
    const named = [...moreBy];
    this.#f.policy('policy.except-undone', undone, `${field}.except`, {
      except:
        more.length > NAMED
          ? `${more.slice(0, NAMED).join(', ')}, … (+${more.length - NAMED})`
          : more.join(', '),
      cidr,
      by: named.length > NAMED ? `${named.slice(0, NAMED).join(', ')}, …` : named.join(', '),
    });
  }

  /** What one policy's rules in a direction give, of those that permit at least the ports. */
  #holders(policy: number, direction: Direction, ports: number): Holder[] {
    const m = this.#m;
    const out: Holder[] = [];
    const side = m.compiled[policy][direction];
    if (side.applies === 'no') return out;
    side.rules.forEach((rule, n) => {
      if (m.conns.subtract(ports, m.rulePorts(rule).lower) !== 0) return;
      if (rule.peers === null) {
        out.push({ policy, rule: n, peer: -1, id: -1, family: null, ranges: [] });
        return;
      }
      rule.peers.forEach((peer, k) => {
        if (peer.kind !== 'block' || !peer.sure) return;
        const id = m.peerIdOf(policy, direction, n, k);
        out.push({ policy, rule: n, peer: k, id, family: peer.family, ranges: peer.ranges });
      });
    });
    return out;
  }

  #group(policy: number, direction: Direction, ports: number): Group {
    const { namespace, selects } = this.#m.compiled[policy];
    const selection = this.#selection(policy);
    const selector = selection > 0 ? '' : (selects?.canonical ?? 'unread');
    const key = `${direction} ${ports} ${selection} ${namespace} ${selector}`;
    let group = this.#groups.get(key);
    if (group) return group;
    const holders = (this.#neighbours.get(namespace) ?? [])
      .filter((other) => other === policy || this.#shares(policy, other))
      .flatMap((other) => this.#holders(other, direction, ports));
    const distinct = [...new Map(holders.map((h) => [h.id, h])).values()];
    const ofFamily = <T extends number | bigint>(family: 4 | 6): Intervals<T> =>
      unionOf(distinct.filter((h) => h.family === family).map((h) => h.ranges as Intervals<T>));
    group = {
      holders,
      anyone: holders.some((h) => h.id < 0),
      all: { 4: ofFamily<number>(4), 6: ofFamily<bigint>(6) },
    };
    this.#groups.set(key, group);
    return group;
  }

  /** Number of the set of classes that a policy selects; 0 for none. */
  #selection(policy: number): number {
    let id = this.#selectionOf.get(policy);
    if (id === undefined) {
      const classes = selectedBy(this.#m, policy) ?? [];
      this.#selectionOf.set(policy, (id = this.#selections.intern(classes, classes.length)));
    }
    return id;
  }

  /** Does another policy hold for a pod of this one's? */
  #shares(policy: number, other: number): boolean {
    const { selects } = this.#m.compiled[other];
    if (selects === null) return false;
    const mine = this.#selection(policy);
    if (mine === 0)
      return (
        selects.requirements.length === 0 || selects.canonical === this.#m.compiled[policy].selects?.canonical
      );
    const theirs = this.#selection(other);
    if (mine === theirs) return true;
    const key = mine < theirs ? `${mine} ${theirs}` : `${theirs} ${mine}`;
    let known = this.#shared.get(key);
    if (known === undefined) {
      const set = new Set(this.#selections.list(mine));
      this.#shared.set(key, (known = this.#selections.list(theirs).some((c) => set.has(c))));
    }
    return known;
  }
}

/** Do canonical ranges hold all of [lo, hi)? Binary search. */
function inOne(ranges: Ranges, lo: number | bigint, hi: number | bigint): boolean {
  let from = 0;
  let to = ranges.length / 2;
  // Number of ranges that begin at or below `lo`.
  while (from < to) {
    const mid = (from + to) >> 1;
    if (ranges[mid * 2] <= lo) from = mid + 1;
    else to = mid;
  }
  return from > 0 && ranges[from * 2 - 1] >= hi;
}

/** Union of many sets, in pairs, so that each bound is looked at a few times only. */
function unionOf<T extends number | bigint>(sets: readonly Intervals<T>[]): Intervals<T> {
  let left = [...sets];
  while (left.length > 1) {
    const next: Intervals<T>[] = [];
    for (let i = 0; i < left.length; i += 2)
      next.push(i + 1 < left.length ? union(left[i], left[i + 1]) : left[i]);
    left = next;
  }
  return left[0] ?? [];
}

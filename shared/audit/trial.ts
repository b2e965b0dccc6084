/**
 * Policies tried on a copy of the cluster before they are proposed: whom they would isolate, and what they would permit
 * beside what was asked. The copy has one pod for each group of pods that neither the policies of the cluster nor the
 * new ones tell apart, so that a trial in a cluster of 100,000 pods costs what its few hundred groups cost.
 */
import { isObject, matchesSelector, parseSelector, type Selector } from '../kube/selector.ts';
import type { AssumptionName, Labels, PolicyRecord, Snapshot } from '../kube/snapshot.ts';
import { connPoint, PROTOCOL_INDEX } from '../net/conns.ts';
import { formatAddress, parseAddress } from '../net/ip.ts';
import { PairMap } from '../net/pairMap.ts';
import { CLASS_HOST, Model } from '../policy/model.ts';
import type { ValueId } from '../policy/values.ts';
import type { End } from './points.ts';
import type { Direction, EndpointRef, Probe, ProbeEnd, Verdict } from './result.ts';

/** The verdict on a connection in a model. */
export type Ask = (model: Model, probe: Probe) => Verdict;

/** Pairs of groups that are compared at most: beyond it the count is a lower limit. */
const MOST_PAIRS = 200_000;
const EXAMPLES = 3;
const ORDER: Record<Verdict, number> = { denied: 0, depends: 1, permitted: 2 };

export interface Others {
  count: number;
  complete: boolean;
  examples: { src: EndpointRef; dst: EndpointRef }[];
  /** Somebody loses a connection. */
  lost: boolean;
}

interface Group {
  /** Class in the cluster as it is, and in the copy. */
  before: number;
  after: number;
  /** Pods, by index in the snapshot. */
  members: number[];
  /** The one that stands for them, by index in the snapshot and in the copy. */
  shown: number;
  copy: number;
}

/** A pair of groups whose value changes. */
interface Comparison {
  gained: boolean;
  lost: boolean;
}

export class Trial {
  readonly model: Model;
  private readonly m: Model;
  private readonly records: readonly PolicyRecord[];
  private readonly src: End;
  private readonly dst: End;
  private readonly groups: Group[];
  private readonly compared = new PairMap();

  /**
   * @param m the cluster as it is
   * @param records policies to add; their namespaces have to exist
   * @param src the connection's ends, which stay pods of their own in the copy
   */
  constructor(m: Model, records: readonly PolicyRecord[], src: End, dst: End) {
    this.m = m;
    this.records = records;
    this.src = src;
    this.dst = dst;
    this.groups = this.group();
    const snapshot: Snapshot = {
      ...m.snapshot,
      pods: this.groups.map(({ shown }) => m.snapshot.pods[shown]),
      policies: [...m.snapshot.policies, ...records],
    };
    const user: Partial<Record<AssumptionName, string>> = {};
    for (const { name, value, origin } of m.records) if (origin === 'user') user[name] = value;
    this.model = new Model(snapshot, user);
    this.groups.forEach((g, i) => {
      g.copy = i;
      g.after = this.model.podClass[i];
    });
  }

  /** Pods into groups, in the order of the pods that stand for them. */
  private group(): Group[] {
    const { m } = this;
    const selectors: Selector[] = [];
    const addresses = new Set<string>();
    const select = (raw: unknown): void => {
      const selector = raw === undefined ? null : parseSelector(raw, []);
      if (selector) selectors.push(selector);
    };
    for (const { spec } of this.records) {
      const { podSelector, ingress, egress } = spec as Record<string, unknown>;
      select(podSelector);
      for (const rule of [...asList(ingress), ...asList(egress)]) {
        for (const peer of [...asList(rule.from), ...asList(rule.to)]) {
          select(peer.podSelector);
          if (isObject(peer.ipBlock)) addresses.add(String(peer.ipBlock.cidr).replace(/\/.*/, ''));
        }
      }
    }
    const ends = [this.src, this.dst].flatMap((end) => (end.type === 'pod' ? [end.pod] : []));
    const byKey = new Map<string, Group>();
    let labels: Labels | null = null;
    let bits = '';
    m.snapshot.pods.forEach((pod, i) => {
      const c = m.podClass[i];
      if (c < 0) return;
      if (pod.labels !== labels) {
        labels = pod.labels;
        bits = selectors.map((s) => (matchesSelector(s, pod.labels) ? '1' : '0')).join('');
      }
      let key = `${c} ${bits}`;
      if (addresses.size > 0) {
        const own = m.addressesOf(pod).map((ip) => parseAddress(ip));
        const named = own.flatMap((a) => (a && addresses.has(formatAddress(a)) ? [formatAddress(a)] : []));
        key += own.length === 0 ? ' none' : ` ${named.join()}`;
      }
      if (ends.includes(i)) key += ` ${i}`;
      const group = byKey.get(key);
      if (!group) byKey.set(key, { before: c, after: -1, members: [i], shown: i, copy: -1 });
      else {
        group.members.push(i);
        // Which families the cluster has shows in the pods that have an address.
        if (m.snapshot.pods[group.shown].ips.length === 0 && pod.ips.length > 0) group.shown = i;
      }
    });
    // The evaluator wants pods in order, as the snapshot has them.
    return [...byKey.values()].sort((a, b) => a.shown - b.shown);
  }

  /** Groups that a new policy selects in its direction. */
  private subjects(record: number): { direction: Direction; policy: number; groups: Group[] } {
    const policy = this.m.snapshot.policies.length + record;
    const compiled = this.model.compiled[policy];
    const direction: Direction = compiled.ingress.applies === 'no' ? 'egress' : 'ingress';
    const groups = this.groups.filter(
      (g) =>
        !(this.model.classFlags.items[g.after] & CLASS_HOST) &&
        this.model.policiesOf(g.after, direction).some((p) => p.policy === policy),
    );
    return { direction, policy, groups };
  }

  /** Do the policies isolate a pod that no policy isolates for sure today? */
  takesAway(): boolean {
    if (this.m.assumptions.unselected === 'deny') return false;
    return this.records.some((_, i) => {
      const { direction, policy, groups } = this.subjects(i);
      const { selects } = this.model.compiled[policy];
      // Whatever a policy with the same selector really selects (S30), the new one selects that and no more.
      const isSame = (p: number): boolean => {
        const known = this.m.compiled[p];
        return known.selects?.canonical === selects?.canonical && known[direction].applies === 'yes';
      };
      return groups.some(
        (g) => !this.m.policiesOf(g.before, direction).some((p) => p.sure || isSame(p.policy)),
      );
    });
  }

  /**
   * What becomes of other connections on the probe's protocol and port; of all connections, whether any is lost.
   * @param probe the connection that was asked, which is not counted
   */
  others(probe: Probe, ask: Ask): Others {
    const result: Others = { count: 0, complete: true, examples: [], lost: false };
    const point = connPoint(PROTOCOL_INDEX[probe.protocol], probe.port);
    const seen = new PairMap();
    let looked = 0;
    this.records.forEach((_, i) => {
      const { direction, policy, groups } = this.subjects(i);
      const other = direction === 'ingress' ? this.src : this.dst;
      if (other.type !== 'pod') this.towardsAddress(groups, direction, probe, ask, result);
      // Policies add up (S5): to pods that are isolated already only what the new peers match can change.
      const rules = this.model.compiled[policy][direction].rules;
      const peers = (rules[0].peers ?? []).map((_peer, k) => this.model.peerIdOf(policy, direction, 0, k));
      const matched = this.groups.filter((g) =>
        peers.some((peer) => this.model.peerMask(peer, g.after) !== 0),
      );
      for (const subject of groups) {
        for (const peer of matched) {
          const [from, to] = direction === 'ingress' ? [peer, subject] : [subject, peer];
          if (seen.get(from.copy, to.copy) >= 0) continue;
          seen.set(from.copy, to.copy, 1);
          if (++looked > MOST_PAIRS) {
            result.complete = false;
            return;
          }
          const apart = this.compare(from, to, point, 'between');
          // A pod's own node is let in by S7, whatever its policies say: there the other side alone decides.
          const near =
            this.m.hasHosts && this.m.mayBeOnOneNode(from.before, to.before)
              ? this.compare(from, to, point, 'onOneNode')
              : apart;
          if (apart.lost || near.lost) result.lost = true;
          if (apart.gained || near.gained) this.count(from, to, apart.gained, near.gained, result);
        }
      }
    });
    return result;
  }

  /** Other pods that may exchange with the address that was asked. */
  private towardsAddress(
    groups: Group[],
    direction: Direction,
    probe: Probe,
    ask: Ask,
    result: Others,
  ): void {
    const { m } = this;
    for (const { shown, members } of groups) {
      const { namespace, kind, name } = m.snapshot.pods[shown];
      const pod: ProbeEnd = { namespace, pod: `${kind}/${name}` };
      const own = direction === 'ingress' ? this.dst : this.src;
      if (own.type === 'pod' && own.pod === shown) continue;
      const one = direction === 'ingress' ? { ...probe, dst: pod } : { ...probe, src: pod };
      if (ORDER[ask(this.model, one)] <= ORDER[ask(m, one)]) continue;
      result.count += members.length;
      const far = direction === 'ingress' ? this.src : this.dst;
      for (const member of members) {
        if (result.examples.length >= EXAMPLES) break;
        const ends = direction === 'ingress' ? [far, member] : [member, far];
        const [src, dst] = ends.map((end) => (typeof end === 'number' ? this.podRef(end) : this.farRef(end)));
        result.examples.push({ src, dst });
      }
    }
  }

  private podRef(i: number): EndpointRef {
    const { namespace, name, kind } = this.m.snapshot.pods[i];
    return { type: 'pod', namespace, name, kind };
  }

  private farRef(end: End): EndpointRef {
    if (end.type === 'pod') return this.podRef(end.pod);
    const ip = formatAddress(end.address);
    return end.type === 'node' ? { type: 'node', name: end.name, ip } : { type: 'ip', ip };
  }

  private compare(from: Group, to: Group, point: number, where: 'between' | 'onOneNode'): Comparison {
    const a = this.m[where](from.before, to.before);
    const b = this.model[where](from.after, to.after);
    let known = this.compared.get(a, b);
    if (known < 0) {
      known = this.differ(a, b, point);
      this.compared.set(a, b, known);
    }
    return { gained: (known & 1) !== 0, lost: (known & 2) !== 0 };
  }

  /** Two values, of the cluster and of the copy: 1 where the point opens or may open, plus 2 where anything is lost. */
  private differ(a: ValueId, b: ValueId, point: number): number {
    const { conns, values } = this.m;
    const here = (id: number): number => conns.fromJson(this.model.conns.toJson(id));
    let bits = 0;
    for (const family of [4, 6, 0] as const) {
      const before = values.ofFamily(a, family);
      const after = this.model.values.ofFamily(b, family);
      const lower = here(after.lower);
      if (conns.subtract(before.lower, lower) !== 0 || conns.subtract(before.upper, here(after.upper)) !== 0)
        bits |= 2;
    }
    const inCopy = this.model.values;
    const rises = (before: number, after: number): boolean =>
      !conns.has(before, point) && conns.has(here(after), point);
    if (rises(values.lower(a), inCopy.lower(b)) || rises(values.upper(a), inCopy.upper(b))) bits |= 1;
    return bits;
  }

  /**
   * Counts the pairs of pods of two groups, those on one node that is one of them apart: not a pod and itself, not the
   * pair that was asked.
   */
  private count(from: Group, to: Group, apart: boolean, near: boolean, result: Others): void {
    const { m } = this;
    const counts = (p: number, q: number): boolean => {
      if (p === q) return false;
      if (this.src.type === 'pod' && this.dst.type === 'pod' && p === this.src.pod && q === this.dst.pod)
        return false;
      return m.onSameNode(p, q) ? near : apart;
    };
    const all = from.members.length * to.members.length;
    // The pods that were asked about stand alone in their groups.
    let pairs = 0;
    if (all === 1) pairs = counts(from.shown, to.shown) ? 1 : 0;
    else {
      let same = 0;
      if (near !== apart) {
        const on = new Map<number, number>();
        for (const p of from.members) {
          if (m.podNode[p] >= 0) on.set(m.podNode[p], (on.get(m.podNode[p]) ?? 0) + 1);
        }
        for (const q of to.members) same += on.get(m.podNode[q]) ?? 0;
      }
      if (apart) pairs += all - same;
      if (near !== apart && near) pairs += same;
      // A pod and itself: on one node with itself, where nodes tell.
      if (from === to) {
        const selves = from.members.filter((p) => near === apart || m.podNode[p] < 0 === apart);
        pairs -= selves.length;
      }
    }
    result.count += pairs;
    for (const p of from.members) {
      for (const q of to.members) {
        if (result.examples.length >= EXAMPLES) return;
        if (counts(p, q)) result.examples.push({ src: this.podRef(p), dst: this.podRef(q) });
      }
    }
  }
}

function asList(raw: unknown): Record<string, unknown>[] {
  return Array.isArray(raw) ? raw.filter(isObject) : [];
}

/**
 * One connection at a time: the verdict, and what it rests on. The verdict comes from the same rows as the
 * matrix; the reasons walk the policies that select the pod and name each rule, peer and port that permits.
 */
import type { Family, Protocol } from '../kube/snapshot.ts';
import { standsForSeveral } from '../kube/templates.ts';
import { PROTOCOL_INDEX, connPoint, type ConnId } from '../net/conns.ts';
import { formatAddress, parseAddress, type Address } from '../net/ip.ts';
import { AMBIENT_LABEL, TUNNEL_PORT } from '../policy/ambient.ts';
import {
  CLASS_AMBIENT,
  CLASS_HOST,
  CLASS_HOST_MAYBE,
  CLASS_ON_HOST,
  OVERRIDES,
  ROW_OPEN,
  isFinished,
  type Model,
  type RowState,
} from '../policy/model.ts';
import {
  EVERYTHING_PERMITTED,
  L4,
  L6,
  LN,
  MATCHES,
  MAY_MATCH,
  NOTHING,
  U4,
  U6,
  type ValueId,
} from '../policy/values.ts';
import type { CompiledPeer } from '../policy/compile.ts';
import { bitTest } from '../policy/namespaces.ts';
import { QuestionError } from './api.ts';
import { nearestRule } from './nearest.ts';
import { otherKindUses, unreadUses } from './openUses.ts';
import { remedyFor } from './remedy.ts';
import { checkOrdinal, splitOrdinal } from './replicas.ts';
import { Services } from './services.ts';
import type {
  AssumptionUse,
  Direction,
  DirectionReason,
  EndpointRef,
  Explanation,
  Probe,
  ProbeEnd,
  RuleRef,
  Verdict,
} from './result.ts';

/** A resolved end of a connection (S1). */
export type End =
  /** `ordinal`: of a StatefulSet's template the pod of that number (S20); absent: any pod that the endpoint stands for. */
  | { type: 'pod'; pod: number; c: number; ordinal?: number }
  | { type: 'node'; name: string; address: Address }
  | { type: 'ip'; address: Address };

const FAMILY_BIT: Record<Family, number> = { IPv4: 1, IPv6: 2 };

function verdictOf(lower: boolean, upper: boolean): Verdict {
  return lower ? 'permitted' : upper ? 'depends' : 'denied';
}

const ORDER: Record<Verdict, number> = { denied: 0, depends: 1, permitted: 2 };

function isWholeFamily(ranges: readonly (number | bigint)[]): boolean {
  return (
    ranges.length === 2 &&
    (ranges[1] === 2 ** 32 || ranges[1] === 1n << 128n) &&
    (ranges[0] === 0 || ranges[0] === 0n)
  );
}

export class Points {
  private readonly m: Model;
  private readonly services: Services;
  private byAddress: Map<string, number[]> | null = null;
  private nodeByAddress: Map<string, string> | null = null;

  constructor(model: Model) {
    this.m = model;
    this.services = new Services(model, (probe, whole) => this.explainDirect(probe, whole));
  }

  /** Index of a pod by namespace and name (or Kind/name), -1 when there is none. Pods are sorted by both. */
  findPod(namespace: string, text: string): number {
    const slash = text.indexOf('/');
    const kind = slash < 0 ? null : text.slice(0, slash);
    const name = slash < 0 ? text : text.slice(slash + 1);
    const pods = this.m.snapshot.pods;
    let lo = 0;
    let hi = pods.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      const p = pods[mid];
      if (p.namespace < namespace || (p.namespace === namespace && p.name < name)) lo = mid + 1;
      else hi = mid;
    }
    let first = -1;
    for (let i = lo; i < pods.length && pods[i].namespace === namespace && pods[i].name === name; i++) {
      if (kind === null || pods[i].kind === kind) {
        // Without a kind a Pod is meant first; a template of that name otherwise.
        if (kind !== null || pods[i].kind === 'Pod') return i;
        if (first < 0) first = i;
      }
    }
    return first;
  }

  /**
   * A pod of the workload `Kind/name`, -1 when there is none. Its pods must be alike, since one answer is given for
   * all. Throws QuestionError where they differ.
   */
  private findOfWorkload(namespace: string, text: string): number {
    const m = this.m;
    const slash = text.indexOf('/');
    const kind = text.slice(0, slash);
    const name = text.slice(slash + 1);
    const at = m.spaces.index.get(namespace);
    const pods = at === undefined ? [] : m.podsOfNamespace(at);
    const own = pods.filter((i) => {
      const owner = m.snapshot.pods[i].owner;
      return owner !== null && owner.kind === kind && owner.name === name;
    });
    const other = own.find((i) => !m.areAlike(m.podClass[i], m.podClass[own[0]]));
    if (other !== undefined) {
      const names = [own[0], other].map((i) => m.snapshot.pods[i].name);
      throw new QuestionError(
        `pods of ${namespace}/${text} differ (${names.join(', ')} for example): name the pod that is meant`,
      );
    }
    return own[0] ?? -1;
  }

  /** Resolves an end of a probe (S1). Throws QuestionError with words that name what is unknown. */
  resolve(end: ProbeEnd): End {
    const m = this.m;
    if ('ip' in end && typeof end.ip === 'string') {
      const address = parseAddress(end.ip);
      if (!address) throw new QuestionError(`"${end.ip}" is no IP address`);
      this.indexAddresses();
      const text = formatAddress(address);
      const node = this.nodeByAddress?.get(text);
      if (node !== undefined) return { type: 'node', name: node, address };
      const pods = this.byAddress?.get(text) ?? [];
      const ordinary = pods.filter((p) => !m.snapshot.pods[p].hostNetwork);
      if (pods.length > 0 && ordinary.length === 0) {
        // Only pods that share their node's network have it: it is that node's.
        return { type: 'node', name: m.snapshot.pods[pods[0]].node ?? '', address };
      }
      if (ordinary.length > 1) {
        const names = ordinary.map((p) => `${m.snapshot.pods[p].namespace}/${m.snapshot.pods[p].name}`);
        throw new QuestionError(
          `${text} is the address of ${names.length} pods: ${names.slice(0, 5).join(', ')}`,
        );
      }
      if (ordinary.length === 1) return { type: 'pod', pod: ordinary[0], c: m.podClass[ordinary[0]] };
      return { type: 'ip', address };
    }
    const { namespace, pod } = end as { namespace?: unknown; pod?: unknown };
    if (typeof namespace !== 'string' || typeof pod !== 'string') {
      throw new QuestionError('an endpoint is {"namespace", "pod"} or {"ip"}');
    }
    let found = this.findPod(namespace, pod);
    let ordinal: number | undefined;
    const numbered = found < 0 ? splitOrdinal(pod) : null;
    const set = numbered === null ? -1 : this.findPod(namespace, `StatefulSet/${numbered.name}`);
    if (numbered !== null && set >= 0) {
      ({ ordinal } = numbered);
      checkOrdinal(m.snapshot.pods[set], ordinal);
      found = set;
    }
    if (found < 0 && pod.includes('/')) found = this.findOfWorkload(namespace, pod);
    if (found < 0) throw new QuestionError(`no pod ${namespace}/${pod}`);
    if (m.podClass[found] < 0) {
      const phase = m.snapshot.pods[found].phase;
      throw new QuestionError(`${namespace}/${pod} has ended (phase ${phase}) and takes no part`);
    }
    return { type: 'pod', pod: found, c: m.podClass[found], ...(ordinal === undefined ? {} : { ordinal }) };
  }

  private indexAddresses(): void {
    if (this.byAddress) return;
    this.byAddress = new Map();
    this.nodeByAddress = new Map();
    for (const n of this.m.snapshot.nodes) {
      for (const ip of n.ips) {
        const a = parseAddress(ip);
        if (a) this.nodeByAddress.set(formatAddress(a), n.name);
      }
    }
    this.m.snapshot.pods.forEach((p, i) => {
      if (isFinished(p)) return;
      for (const ip of p.ips) {
        const a = parseAddress(ip);
        if (!a) continue;
        const text = formatAddress(a);
        const list = this.byAddress?.get(text);
        if (list) list.push(i);
        else this.byAddress?.set(text, [i]);
      }
    });
  }

  ref(end: End): EndpointRef {
    if (end.type === 'pod') {
      const p = this.m.snapshot.pods[end.pod];
      if (end.ordinal !== undefined)
        return { type: 'pod', namespace: p.namespace, name: `${p.name}-${end.ordinal}`, kind: 'Pod' };
      return { type: 'pod', namespace: p.namespace, name: p.name, kind: p.kind };
    }
    const ip = formatAddress(end.address);
    return end.type === 'node' ? { type: 'node', name: end.name, ip } : { type: 'ip', ip };
  }

  /** How a peer matches the other end: bits of values.ts. */
  private mask(peer: number, other: End): number {
    const m = this.m;
    if (other.type === 'pod') return m.peerMask(peer, other.c);
    if (m.isAnyone(peer)) return MATCHES;
    const block = m.peerBlock(peer);
    if (!block || !m.blockMask(block, other.address)) return 0;
    if (other.type === 'ip') return MATCHES;
    const mode = m.assumptions.ipBlockPods;
    return mode === 'match' ? MATCHES : mode === 'unknown' ? MAY_MATCH : 0;
  }

  /** A row asked of any kind of end. `vector`: the destination's named ports, -1 where it has none to ask for. */
  private evaluate(row: number, other: End, vector: number): ValueId {
    const m = this.m;
    if (other.type === 'pod') return m.evaluate(row, other.c, vector);
    if (m.rowFlags.items[row] & ROW_OPEN) return EVERYTHING_PERMITTED;
    let value: ValueId = NOTHING;
    for (const e of m.rowLists.list(m.rowList.items[row])) {
      const mask = this.mask(m.entryPeer(e), other);
      if (mask !== 0) value = m.values.union(value, m.entryValueFor(e, mask, vector));
    }
    return m.finishOutside(value, row);
  }

  /** The node that an end is on (or is); null where unknown, undefined where it is none. */
  private nodeOf(end: End): string | null | undefined {
    if (end.type === 'node') return end.name === '' ? null : end.name;
    if (end.type === 'ip') return undefined;
    return this.m.snapshot.pods[end.pod].node;
  }

  /** Is the end its node for S7? */
  private isNode(end: End): boolean {
    return (
      end.type === 'node' || (end.type === 'pod' && (this.m.classFlags.items[end.c] & CLASS_ON_HOST) !== 0)
    );
  }

  /** S7 between two ends: 'same' node for sure, 'maybe' where a node is not known, 'no'. */
  private ownNode(pod: End, other: End): 'same' | 'maybe' | 'no' {
    if (pod.type !== 'pod' || !this.isNode(other)) return 'no';
    const a = this.nodeOf(pod);
    const b = this.nodeOf(other);
    if (a === null || b === null || a === undefined || b === undefined) return 'maybe';
    return a === b ? 'same' : 'no';
  }

  /** Value of one direction: the row of `owner` asked of `other`, with S7. */
  private side(owner: End, other: End, direction: Direction, paper: boolean): ValueId {
    const m = this.m;
    if (owner.type !== 'pod') return EVERYTHING_PERMITTED;
    const row = paper
      ? m.paperRow(owner.c, direction)
      : (direction === 'ingress' ? m.classIngress : m.classEgress).items[owner.c];
    let value = this.rowOf(row, owner, other, direction);
    const own = this.ownNode(owner, other);
    if (own === 'same') value = m.ownNodeValue(owner.c, direction);
    else if (own === 'maybe' && other.type === 'node') value = m.values.raiseUpper(value);
    return value;
  }

  /** A row of the owner asked of the other end. */
  private rowOf(row: number, owner: End, other: End, direction: Direction): ValueId {
    const destination = direction === 'ingress' ? owner : other;
    const vector = destination.type === 'pod' ? this.m.classPorts.items[destination.c] : -1;
    return this.evaluate(row, other, vector);
  }

  /** Families that both ends have: bits; 0 for none in common. An address decides for both. */
  private families(src: End, dst: End): number {
    const of = (e: End): number =>
      e.type === 'pod' ? this.m.familiesOf(this.m.snapshot.pods[e.pod]) : e.address.family === 4 ? 1 : 2;
    if (src.type !== 'pod' || dst.type !== 'pod') {
      const a = src.type !== 'pod' ? of(src) : 3;
      const b = dst.type !== 'pod' ? of(dst) : 3;
      return a & b;
    }
    return of(src) & of(dst);
  }

  /** Are the two ends one pod (S7)? Two pods of one workload are not (S20). */
  private isSelf(src: End, dst: End): boolean {
    if (src.type !== 'pod' || dst.type !== 'pod' || src.pod !== dst.pod) return false;
    if (src.ordinal !== undefined && dst.ordinal !== undefined) return src.ordinal === dst.ordinal;
    return !standsForSeveral(this.m.snapshot.pods[src.pod]);
  }

  /** Everything permitted from one end to another. */
  value(src: End, dst: End, paper = false): ValueId {
    if (this.isSelf(src, dst)) return EVERYTHING_PERMITTED;
    return this.m.values.intersect(
      this.side(src, dst, 'egress', paper),
      this.side(dst, src, 'ingress', paper),
    );
  }

  /** Checks a probe and gives its ends, point and families. Throws QuestionError. */
  private read(probe: Probe): {
    src: End;
    dst: End;
    point: number;
    protocol: Protocol;
    families: (4 | 6 | 0)[];
  } {
    const protocol = PROTOCOL_INDEX[probe.protocol];
    if (typeof probe.protocol !== 'string' || protocol === undefined) {
      throw new QuestionError(`"${String(probe.protocol)}" is no protocol: TCP, UDP or SCTP`);
    }
    if (!Number.isInteger(probe.port) || probe.port < 1 || probe.port > 65535) {
      throw new QuestionError(`port ${String(probe.port)} is not within 1-65535`);
    }
    const src = this.resolve(probe.src);
    const dst = this.resolve(probe.dst);
    let families = this.families(src, dst);
    // An address of a pod was given: the connection uses that address's family.
    for (const end of [probe.src, probe.dst]) {
      if ('ip' in end) {
        const a = parseAddress(end.ip);
        if (a) families &= a.family === 4 ? 1 : 2;
      }
    }
    if (probe.family !== undefined) {
      const bit = FAMILY_BIT[probe.family];
      if (bit === undefined) throw new QuestionError(`"${String(probe.family)}" is no family: IPv4 or IPv6`);
      for (const e of [src, dst]) {
        const has =
          e.type === 'pod'
            ? this.m.addressesOf(this.m.snapshot.pods[e.pod]).length === 0
              ? 3
              : this.m.familiesOf(this.m.snapshot.pods[e.pod])
            : e.address.family === 4
              ? 1
              : 2;
        if (!(has & bit)) {
          const r = this.ref(e);
          const name = r.type === 'pod' ? `${r.namespace}/${r.name}` : r.ip;
          throw new QuestionError(`${name} has no ${probe.family} address`);
        }
      }
      families = bit;
    }
    const list: (4 | 6 | 0)[] = [];
    if (families & 1) list.push(4);
    if (families & 2) list.push(6);
    if (list.length === 0) list.push(0);
    return {
      src,
      dst,
      point: connPoint(protocol, probe.port),
      protocol: probe.protocol as Protocol,
      families: list,
    };
  }

  private at(value: ValueId, family: 4 | 6 | 0, point: number): Verdict {
    const { lower, upper } = this.m.values.ofFamily(value, family);
    return verdictOf(this.m.conns.has(lower, point), this.m.conns.has(upper, point));
  }

  /**
   * The verdict of one probe with its reasons; through a Service where the destination is one's (S29).
   * @param whole with the nearest rule and what would permit a denied connection, which takes longer than all else
   * @throws QuestionError for an unknown endpoint, protocol, family or an impossible port
   */
  explain(probe: Probe, whole = true): Explanation {
    return this.services.explain(probe, whole);
  }

  /** Ports at which the destination leads to a Service, where it does; see `Services.portsAt`. */
  servicePorts(probe: Pick<Probe, 'dst' | 'family'>): ReturnType<Services['portsAt']> {
    return this.services.portsAt(probe);
  }

  /** As `explain`, for ends as they stand: an address of a Service is an address. */
  private explainDirect(probe: Probe, whole: boolean): Explanation {
    const m = this.m;
    const { src, dst, point, protocol, families } = this.read(probe);
    const isSelf = this.isSelf(src, dst);
    const out = isSelf ? EVERYTHING_PERMITTED : this.side(src, dst, 'egress', false);
    const into = isSelf ? EVERYTHING_PERMITTED : this.side(dst, src, 'ingress', false);
    const both = m.values.intersect(out, into);
    // Of several families the best is reported: a client may use any that both ends have.
    let family = families[0];
    let differ = false;
    for (const f of families.slice(1)) {
      const here = this.at(both, f, point);
      const best = this.at(both, family, point);
      if (
        here !== best ||
        this.at(out, f, point) !== this.at(out, family, point) ||
        this.at(into, f, point) !== this.at(into, family, point)
      ) {
        differ = true;
      }
      if (ORDER[here] > ORDER[best]) family = f;
    }
    const verdict = this.at(both, family, point);
    const egress = this.reason(src, dst, 'egress', isSelf, this.at(out, family, point), family, point);
    const ingress = this.reason(dst, src, 'ingress', isSelf, this.at(into, family, point), family, point);
    if (whole) this.nearest(src, dst, egress, ingress, probe);
    const paper = isSelf ? EVERYTHING_PERMITTED : this.value(src, dst, true);
    const conns = this.bounds(both, families);
    return {
      src: this.ref(src),
      dst: this.ref(dst),
      protocol,
      port: probe.port,
      family: differ || families.length === 1 ? (family === 4 ? 'IPv4' : family === 6 ? 'IPv6' : null) : null,
      verdict,
      paperVerdict: this.at(paper, family, point),
      enforced: this.enforced(src, dst),
      egress,
      ingress,
      conns: m.conns.toJson(conns.lower),
      depends: m.conns.toJson(m.conns.subtract(conns.upper, conns.lower)),
      remedy:
        verdict === 'denied' && whole
          ? remedyFor(m, src, dst, egress, ingress, this.plainly(probe, src, dst), families, (model, one) =>
              new Points(model).verdict(one),
            )
          : null,
    };
  }

  /** Adds to the reasons what the sides that do not permit come closest to. */
  private nearest(src: End, dst: End, egress: DirectionReason, ingress: DirectionReason, probe: Probe): void {
    const m = this.m;
    for (const [owner, other, reason, far] of [
      [src, dst, egress, ingress],
      [dst, src, ingress, egress],
    ] as const) {
      if (owner.type !== 'pod') continue;
      if (reason.verdict === 'permitted') {
        if (reason.permits.length > 0 && far.verdict === 'denied') reason.deniedBy = far.policies;
        continue;
      }
      if (reason.permits.length > 0) continue;
      const policies = reason.policies.length === 0 ? [] : m.policiesOf(owner.c, reason.direction);
      const near = nearestRule(
        m,
        owner,
        other,
        reason.direction,
        policies.map(({ policy }) => policy),
        probe,
      );
      if (near) reason.nearest = near;
    }
  }

  /** The probe with its pods named one by one, so that a copy of the cluster with fewer pods understands it. */
  private plainly(probe: Probe, src: End, dst: End): Probe {
    const end = (given: ProbeEnd, found: End): ProbeEnd => {
      if (found.type !== 'pod' || 'ip' in given) return given;
      const { namespace, kind, name } = this.m.snapshot.pods[found.pod];
      const number = found.ordinal === undefined ? '' : `-${found.ordinal}`;
      return { namespace, pod: `${kind}/${name}${number}` };
    };
    return { ...probe, src: end(probe.src, src), dst: end(probe.dst, dst) };
  }

  /** The verdict alone. Throws as `explain`. */
  verdict(probe: Probe): Verdict {
    const { src, dst, point, families } = this.read(probe);
    const value = this.value(src, dst);
    let best: Verdict = 'denied';
    for (const f of families) {
      const v = this.at(value, f, point);
      if (ORDER[v] > ORDER[best]) best = v;
    }
    return best;
  }

  private bounds(value: ValueId, families: (4 | 6 | 0)[]): { lower: ConnId; upper: ConnId } {
    const m = this.m;
    let lower = 0;
    let upper = 0;
    for (const f of families) {
      const b = m.values.ofFamily(value, f);
      lower = m.conns.union(lower, b.lower);
      upper = m.conns.union(upper, b.upper);
    }
    return { lower, upper };
  }

  private enforced(src: End, dst: End): 'yes' | 'no' | 'unknown' {
    const m = this.m;
    const all: string[] = [];
    if (src.type === 'pod') all.push(m.enforcedOf(m.classEnforced.items[src.c], 'egress'));
    if (dst.type === 'pod') all.push(m.enforcedOf(m.classEnforced.items[dst.c], 'ingress'));
    if (all.includes('no')) return 'no';
    return all.includes('unknown') || all.length === 0 ? 'unknown' : 'yes';
  }

  // ---- reasons ----

  private reason(
    owner: End,
    other: End,
    direction: Direction,
    isSelf: boolean,
    verdict: Verdict,
    family: 4 | 6 | 0,
    point: number,
  ): DirectionReason {
    const m = this.m;
    const reason: DirectionReason = {
      direction,
      verdict,
      state: 'outside',
      policies: [],
      permits: [],
      assumptions: [],
    };
    if (isSelf) {
      reason.state = 'self';
      return reason;
    }
    if (owner.type === 'ip') return reason;
    if (owner.type === 'node') {
      reason.state = 'not-isolatable';
      return reason;
    }
    const states = direction === 'ingress' ? m.classStateIngress : m.classStateEgress;
    const papers = direction === 'ingress' ? m.classPaperIngress : m.classPaperEgress;
    const state: RowState = states[owner.c];
    reason.state = state;
    const selecting = m.classFlags.items[owner.c] & CLASS_HOST ? [] : m.policiesOf(owner.c, direction);
    reason.policies = selecting.map(({ policy }) => ({
      namespace: m.compiled[policy].namespace,
      name: m.compiled[policy].name,
    }));
    const uses = new Map<string, AssumptionUse>();
    const use = (u: AssumptionUse): void => {
      uses.set(`${u.rule} ${u.name} ${u.value} ${String(u.because?.params.file ?? '')}`, u);
    };
    if (state === 'not-enforced') use({ rule: 'S21', name: 'enforced', value: 'no' });
    if (state === 'not-isolatable') {
      use({ rule: 'S18', name: 'hostNetwork', value: m.assumptions.hostNetwork });
    }
    if (m.classFlags.items[owner.c] & CLASS_HOST_MAYBE && verdict === 'depends') {
      use({ rule: 'S18', name: 'hostNetwork', value: 'unknown', permittedIf: 'node', deniedIf: 'pod' });
    }
    const own = this.ownNode(owner, other);
    const standing = m.standing(owner.c, direction);
    const overridden = (standing & OVERRIDES) !== 0;
    if (state === 'isolated' || state === 'unknown') {
      this.permits(owner, other, direction, selecting, family, point, reason.permits, use);
    }
    if (!overridden && own === 'same' && state !== 'not-isolated' && state !== 'not-enforced') {
      reason.state = 'own-node';
      // The API reference promises ingress from the own node; for egress only the documentation's text does.
      use({ rule: 'S7', name: 'ownNode', value: direction === 'egress' ? 'permitted' : 'always permitted' });
    }
    if (own === 'maybe' && verdict === 'depends') {
      use({
        rule: 'S7',
        name: 'ownNode',
        value: 'unknown',
        permittedIf: 'the same node',
        deniedIf: 'another node',
      });
    }
    if (standing !== 0 && verdict === 'depends') {
      const value =
        own === 'same'
          ? EVERYTHING_PERMITTED
          : this.rowOf(m.ownRow(owner.c, direction), owner, other, direction);
      const alone = this.at(value, family, point);
      // As its node no NetworkPolicy selects it.
      const isolated =
        selecting.some(({ sure }) => sure) &&
        m.gaps[m.classNamespace.items[owner.c]].altered !== 'objects' &&
        !(m.classFlags.items[owner.c] & CLASS_HOST_MAYBE);
      const others = otherKindUses(m, owner.c, direction, alone, isolated);
      if (others.length > 0) reason.alone = alone;
      for (const u of others) use(u);
    }
    this.gapUses(owner, direction, papers[owner.c], verdict, use);
    if (verdict === 'depends') this.meshUse(owner, other, direction, point, use);
    reason.assumptions = [...uses.values()];
    return reason;
  }

  private gapUses(
    owner: End & { type: 'pod' },
    direction: Direction,
    paper: RowState,
    verdict: Verdict,
    use: (u: AssumptionUse) => void,
  ): void {
    const m = this.m;
    if (verdict !== 'depends') {
      if (paper === 'unselected-denied') use({ rule: 'S3', name: 'unselected', value: 'deny' });
      return;
    }
    for (const u of unreadUses(m, owner.c, paper)) use(u);
    if (paper === 'unknown' && m.assumptions.unselected === 'unknown') {
      use({ rule: 'S3', name: 'unselected', value: 'unknown', permittedIf: 'permit', deniedIf: 'deny' });
    }
    for (const { policy, sure } of m.policiesOf(owner.c, direction)) {
      if (sure && m.compiled[policy].selects !== null) continue;
      const p = m.compiled[policy];
      // S30: whether it selects the pod hangs on a label.
      const doubts = p.selects === null ? [] : m.doubts.whyPod(p.selects, m.snapshot.pods[owner.pod]);
      for (const { name, key, matchesIf, missesIf } of doubts)
        use({ rule: 'S30', name, value: key, permittedIf: missesIf, deniedIf: matchesIf });
      if (doubts.length > 0 && p[direction].applies === 'yes') continue;
      use({
        rule: 'S24',
        name: 'refusedPolicy',
        value: `${p.namespace}/${p.name}`,
        permittedIf: 'it does not select the pod',
        deniedIf: 'it selects the pod',
      });
    }
  }

  /** Says that the mesh's tunnel is what a direction depends on (S28). */
  private meshUse(
    owner: End & { type: 'pod' },
    other: End,
    direction: Direction,
    point: number,
    use: (u: AssumptionUse) => void,
  ): void {
    const m = this.m;
    if (other.type !== 'pod' || point >= connPoint(1, 0)) return;
    if (!(m.classFlags.items[owner.c] & m.classFlags.items[other.c] & CLASS_AMBIENT)) return;
    const row = (direction === 'ingress' ? m.classIngress : m.classEgress).items[owner.c];
    const destination = direction === 'ingress' ? owner.c : other.c;
    const plain = m.entriesValue(row, other.c, m.classPorts.items[destination]);
    const permitted = m.conns.has(m.values.upper(plain), point);
    const tunnel = m.conns.has(m.values.upper(plain), connPoint(0, TUNNEL_PORT));
    if (permitted === tunnel) return;
    const [inside, outside] = ['it arrives in the tunnel', 'it arrives on its own port'];
    use({
      rule: 'S28',
      name: 'ambientMesh',
      value: `${AMBIENT_LABEL}=ambient`,
      permittedIf: tunnel ? inside : outside,
      deniedIf: tunnel ? outside : inside,
    });
  }

  /** Names every rule, peer and port that permits or may permit the point, and why a "may" is one. */
  private permits(
    owner: End & { type: 'pod' },
    other: End,
    direction: Direction,
    selecting: { policy: number; sure: boolean }[],
    family: 4 | 6 | 0,
    point: number,
    out: RuleRef[],
    use: (u: AssumptionUse) => void,
  ): void {
    const m = this.m;
    const destination = direction === 'ingress' ? owner : other;
    const vector = destination.type === 'pod' ? m.classPorts.items[destination.c] : -1;
    const lowerBit = family === 4 ? L4 : family === 6 ? L6 : LN;
    const upperBit = family === 4 ? U4 : family === 6 ? U6 : MAY_MATCH & ~(U4 | U6);
    const uses: AssumptionUse[] = [];
    // Where an entry permits for sure and rests on nothing, what others rest on changes nothing (S5).
    let settled = false;
    for (const { policy, sure } of selecting) {
      const compiled = m.compiled[policy];
      compiled[direction].rules.forEach((rule, r) => {
        const peers = rule.peers ?? [null];
        peers.forEach((peer, p) => {
          const peerIndex = rule.peers === null ? null : p;
          const id = m.peerIdOf(policy, direction, r, peerIndex);
          const mask = this.mask(id, other);
          const certain = m.surePeerIdOf(policy, direction, r, peerIndex);
          const sureMask = certain === id ? mask : certain < 0 ? 0 : this.mask(certain, other);
          const isBlock = peer !== null && peer.kind === 'block';
          const ports = rule.ports ?? [null];
          ports.forEach((port, q) => {
            // A name means nothing for an address block on the egress side (S14).
            const names = !(isBlock && direction === 'egress');
            const bounds = m.portBounds(port, vector, names);
            if (!m.conns.has(bounds.upper, point)) return;
            if (mask === 0) {
              if (isBlock) this.ignoredBlock(peer, other, (u) => uses.push(u));
              return;
            }
            if (!(mask & upperBit)) return;
            const certainPeer = (sureMask & lowerBit) !== 0 && (peer === null || peer.sure);
            const certainPort = m.conns.has(bounds.lower, point);
            const effect = certainPeer && certainPort && sure ? 'permits' : 'may';
            out.push({
              policy: { namespace: compiled.namespace, name: compiled.name },
              direction,
              rule: r,
              peer: peerIndex,
              port: rule.ports === null ? null : q,
              effect,
            });
            const before = uses.length;
            this.matchUses(policy, peer, id, port, other, sureMask, lowerBit, certainPort, (u) =>
              uses.push(u),
            );
            if (effect === 'permits' && uses.length === before) settled = true;
          });
        });
      });
    }
    if (!settled) for (const u of uses) use(u);
  }

  /** A block that holds the address, were it not for the assumption on pod addresses. */
  private ignoredBlock(
    peer: { kind: 'block' } & Parameters<Model['blockMask']>[0],
    other: End,
    use: (u: AssumptionUse) => void,
  ): void {
    if (this.m.assumptions.ipBlockPods !== 'ignore') return;
    const addresses =
      other.type === 'pod'
        ? this.m.addressesOf(this.m.snapshot.pods[other.pod]).map(parseAddress)
        : other.type === 'node'
          ? [other.address]
          : [];
    if (addresses.some((a) => a !== null && this.m.blockMask(peer, a))) {
      use({ rule: 'S12', name: 'ipBlockPods', value: 'ignore' });
    }
  }

  private matchUses(
    policy: number,
    peer: CompiledPeer | null,
    peerId: number,
    port: { sure: boolean; sureTo: number | null; name: string | null; protocol: number } | null,
    other: End,
    mask: number,
    lowerBit: number,
    certainPort: boolean,
    use: (u: AssumptionUse) => void,
  ): void {
    const m = this.m;
    const name = `${m.compiled[policy].namespace}/${m.compiled[policy].name}`;
    const unreadable = (): void =>
      use({
        rule: 'S24',
        name: 'refusedPolicy',
        value: name,
        permittedIf: 'the plugin reads it so that it matches',
        deniedIf: 'the plugin reads it so that it does not match',
      });
    if (peer !== null && peer.kind === 'block' && other.type !== 'ip') {
      const waits =
        other.type === 'pod' &&
        m.addressesOf(m.snapshot.pods[other.pod]).length === 0 &&
        !isWholeFamily(peer.ranges);
      if (m.assumptions.ipBlockPods === 'unknown' && !waits) {
        use({ rule: 'S12', name: 'ipBlockPods', value: 'unknown', permittedIf: 'match', deniedIf: 'ignore' });
      } else if (waits) {
        const pod = m.snapshot.pods[other.pod];
        use({
          rule: 'S12',
          name: 'podAddress',
          value: `${pod.namespace}/${pod.name}`,
          permittedIf:
            m.assumptions.ipBlockPods === 'unknown'
              ? 'its address will be inside the block, and the plugin matches pod addresses'
              : 'its address will be inside the block',
          deniedIf: 'its address will be outside the block',
        });
      } else use({ rule: 'S12', name: 'ipBlockPods', value: 'match' });
    }
    if (peer !== null && !peer.sure) unreadable();
    if (peer !== null && peer.kind === 'pods' && !(mask & lowerBit) && other.type === 'pod') {
      if (m.classFlags.items[other.c] & CLASS_HOST_MAYBE) {
        use({ rule: 'S18', name: 'hostNetwork', value: 'unknown', permittedIf: 'pod', deniedIf: 'node' });
      }
      const doubts = m.doubts.whyPod(peer.pods, m.snapshot.pods[other.pod]);
      for (const { name: what, key, matchesIf, missesIf } of doubts)
        use({ rule: 'S30', name: what, value: key, permittedIf: matchesIf, deniedIf: missesIf });
      const set = m.peerPods(peerId)?.set;
      if (set?.maybe && bitTest(set.maybe, m.classNamespace.items[other.c])) {
        const namespace = m.snapshot.pods[other.pod].namespace;
        const worlds =
          peer.namespaces === null
            ? null
            : m.spaces.nameLabelWorlds(peer.namespaces, m.spaces.index.get(namespace) as number);
        const unseen =
          peer.namespaces === null
            ? []
            : m.spaces.doubtsOf(peer.namespaces, m.spaces.index.get(namespace) as number);
        for (const { name: what, key, matchesIf, missesIf } of unseen)
          use({ rule: 'S30', name: what, value: key, permittedIf: matchesIf, deniedIf: missesIf });
        if (worlds) {
          // 1.20 is the last version that does not set the name label.
          const [yes, no] = worlds.newest ? ['newest', '1.20'] : ['1.20', 'newest'];
          use({ rule: 'S22', name: 'serverVersion', value: 'unknown', permittedIf: yes, deniedIf: no });
        } else if (unseen.length === 0) {
          use({
            rule: 'S25',
            name: 'coverage',
            value: `labels of namespace ${namespace}`,
            permittedIf: 'they match the selector',
            deniedIf: 'they do not match the selector',
          });
        }
      }
    }
    if (port !== null && !certainPort) {
      if (port.protocol < 0) unreadable();
      else if (port.protocol === 2 && m.assumptions.sctp === 'unknown') {
        use({ rule: 'S22', name: 'sctp', value: 'unknown', permittedIf: 'on', deniedIf: 'off' });
      } else if (port.sureTo !== null) {
        use({ rule: 'S22', name: 'endPort', value: 'unknown', permittedIf: 'on', deniedIf: 'off' });
      } else if (port.name !== null) {
        use({
          rule: 'S14',
          name: 'namedPort',
          value: port.name,
          permittedIf: 'the plugin takes this number',
          deniedIf: 'the plugin takes another number of that name',
        });
      }
    }
  }
}

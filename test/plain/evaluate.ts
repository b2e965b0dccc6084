/**
 * The plain evaluator: one pair, one protocol, one port at a time, straight down the semantics document
 * (shared/policy/SEMANTICS.md, rules S1..S27). It is slow and has no cleverness on purpose, and it shares no
 * code with the product: only the types of a snapshot. Property and conformance tests hold the product to it.
 */
import type {
  Assumptions,
  Family,
  NamespaceRecord,
  NodeRecord,
  PodRecord,
  Protocol,
  Snapshot,
  Tri,
} from '../../shared/kube/snapshot.ts';
import type { Direction, Verdict } from '../../shared/audit/result.ts';
import { contains, emptied, formatAddress, lastOf, parseAddress, type Address } from './address.ts';
import {
  and,
  NO,
  or,
  PERHAPS,
  readPolicy,
  YES,
  type PlainPeer,
  type PlainPolicy,
  type PlainPort,
  type PlainRule,
  type Selector,
  type Three,
} from './policy.ts';
import { selectsLabels, selectsPod } from './labels.ts';

export type PlainEnd =
  | { type: 'pod'; pod: PodRecord }
  | { type: 'node'; node: NodeRecord; ip: Address }
  | { type: 'ip'; ip: Address };

export interface PlainCluster {
  snapshot: Snapshot;
  assumptions: Assumptions;
  /** Set when the user said so for every node; null: what the snapshot's detection says (S21). */
  enforcedByUser: Tri | null;
  /** Policies that take part: what the API refuses is gone when it came from a manifest (S24). */
  policies: PlainPolicy[];
}

/** Makes a cluster ready for questions. */
export function plainCluster(
  snapshot: Snapshot,
  assumptions: Assumptions,
  enforcedByUser: Tri | null = null,
): PlainCluster {
  const policies = snapshot.policies
    .map((record) => readPolicy(record, assumptions.serverVersion))
    .filter((policy) => policy.refusals.length === 0 || policy.origin === 'cluster');
  return { snapshot, assumptions, enforcedByUser, policies };
}

const tri = (value: string, yes: string, no: string): Three =>
  value === yes ? YES : value === no ? NO : PERHAPS;
const not = (value: Three): Three => (1 - value) as Three;
export const asVerdict = (value: Three): Verdict =>
  value === YES ? 'permitted' : value === NO ? 'denied' : 'depends';

/** Takes a pod part (S17)? */
export const takesPart = (pod: PodRecord): boolean => pod.phase !== 'Succeeded' && pod.phase !== 'Failed';

/** Minor version of '1.24' or 'v1.24.3+k3s1'; 'newest' is beyond every gate, null is unknown (S22). */
export function minorVersion(version: string): number | null {
  if (version === 'newest') return Number.POSITIVE_INFINITY;
  const match = /^v?1\.(\d+)/.exec(version);
  return match ? Number(match[1]) : null;
}

// ---------------------------------------------------------------------------------------------- endpoints

/** The endpoint that an address stands for: a node before a pod before the outside (S1). */
export function endAt(snapshot: Snapshot, text: string): PlainEnd | null {
  const ip = parseAddress(text);
  if (ip === null) return null;
  const same = (other: string): boolean => {
    const address = parseAddress(other);
    return address !== null && address.family === ip.family && address.value === ip.value;
  };
  const node = snapshot.nodes.find((n) => n.ips.some(same));
  if (node) return { type: 'node', node, ip };
  const pod = snapshot.pods.find((p) => takesPart(p) && p.ips.some(same));
  // The address of a hostNetwork pod is its node's, also where the node itself could not be read.
  if (pod?.hostNetwork) {
    return { type: 'node', node: { name: pod.node ?? '', ips: [], labels: {}, podCIDRs: [] }, ip };
  }
  if (pod) return { type: 'pod', pod };
  return { type: 'ip', ip };
}

/** Addresses of a pod; a hostNetwork pod without any of its own has its node's (S18). */
function addressesOf(cluster: PlainCluster, pod: PodRecord): Address[] {
  const own = pod.ips.map(parseAddress).filter((a) => a !== null);
  if (own.length > 0 || !pod.hostNetwork) return own;
  const node = cluster.snapshot.nodes.find((n) => n.name === pod.node);
  return node ? node.ips.map(parseAddress).filter((a) => a !== null) : [];
}

/** Families that the snapshot's pods and nodes show; IPv4 when none shows. */
function clusterFamilies(snapshot: Snapshot): Family[] {
  const seen = new Set<Family>();
  for (const record of [...snapshot.pods, ...snapshot.nodes]) {
    for (const text of record.ips) {
      const address = parseAddress(text);
      if (address) seen.add(address.family);
    }
  }
  return seen.size === 0 ? ['IPv4'] : (['IPv4', 'IPv6'] as const).filter((family) => seen.has(family));
}

function familiesOf(cluster: PlainCluster, end: PlainEnd): Family[] {
  if (end.type !== 'pod') return [end.ip.family];
  const addresses = addressesOf(cluster, end.pod);
  if (addresses.length === 0) return clusterFamilies(cluster.snapshot);
  return (['IPv4', 'IPv6'] as const).filter((family) => addresses.some((a) => a.family === family));
}

/** Families in which a pair is to be asked; [null] when two pods share none. */
export function pairFamilies(cluster: PlainCluster, src: PlainEnd, dst: PlainEnd): (Family | null)[] {
  // The family of an address decides, whatever the pod at the other end has.
  if (src.type !== 'pod') return [src.ip.family];
  if (dst.type !== 'pod') return [dst.ip.family];
  const there = familiesOf(cluster, dst);
  const common = familiesOf(cluster, src).filter((family) => there.includes(family));
  return common.length > 0 ? common : [null];
}

/** How far is the pod its node (S18)? */
function isNode(cluster: PlainCluster, pod: PodRecord): Three {
  return pod.hostNetwork ? tri(cluster.assumptions.hostNetwork, 'node', 'pod') : NO;
}

/** One pod, and not two of a workload that has several, or nobody knows how many (S20)? */
const samePod = (a: PlainEnd, b: PlainEnd): boolean =>
  a.type === 'pod' && b.type === 'pod' && a.pod === b.pod && !hasSeveral(a.pod);

/** Does the endpoint stand for several pods (S20)? */
export const hasSeveral = (pod: PodRecord): boolean =>
  pod.kind !== 'Pod' && (pod.replicas > 1 || pod.kind === 'DaemonSet' || pod.scaled === true);

/** Is the other end the node that the pod runs on? A hostNetwork pod is its node for this rule (S7). */
function isOwnNode(pod: PodRecord, other: PlainEnd): Three {
  if (other.type === 'ip') return NO;
  if (other.type === 'pod' && !other.pod.hostNetwork) return NO;
  const node = other.type === 'node' ? other.node.name : other.pod.node;
  if (pod.node === null || node === null || node === '') return PERHAPS;
  return pod.node === node ? YES : NO;
}

// ---------------------------------------------------------------------------------------- labels and peers

const NAME_LABEL = 'kubernetes.io/metadata.name';

/** Does a selector match a namespace? Its name label follows the server's version (S19, S22). */
function selectsNamespace(cluster: PlainCluster, selector: Selector, name: string): Three {
  if (selector === 'unreadable') return PERHAPS;
  const record: NamespaceRecord = cluster.snapshot.namespaces.find((n) => n.name === name) ?? {
    name,
    labels: {},
    labelsKnown: true,
    implied: true,
  };
  const minor = minorVersion(cluster.assumptions.serverVersion);
  const withName = { ...record.labels, [NAME_LABEL]: name };
  if (!record.labelsKnown) {
    // Only its name is known, and so, from 1.21 on, the label that repeats it; before, nothing.
    return and(
      ...selector.map((requirement): Three => {
        if (requirement.key !== NAME_LABEL || minor === null || minor < 21) return PERHAPS;
        return selectsLabels(cluster.snapshot, [requirement], { [NAME_LABEL]: name });
      }),
    );
  }
  // Before 1.21 there is none that nobody wrote: not on a namespace that is only mentioned, and not where reading added it.
  const without = { ...record.labels };
  if (record.implied || record.nameLabelAdded) delete without[NAME_LABEL];
  const matches = selectsLabels(cluster.snapshot, selector, withName);
  const old = selectsLabels(cluster.snapshot, selector, without);
  if (minor !== null) return minor >= 21 ? matches : old;
  return matches === old ? matches : PERHAPS;
}

/** Does an ipBlock match an end, seen at its address of one family (S11, S12)? */
function blockMatches(
  cluster: PlainCluster,
  peer: PlainPeer & { kind: 'block' },
  other: PlainEnd,
  family: Family | null,
): Three {
  const holdsAddress = (address: Address): boolean =>
    contains(peer.block, address) && !peer.except.some((hole) => contains(hole, address));
  const inside = peer.doubtful ? PERHAPS : YES;
  if (other.type === 'ip') return holdsAddress(other.ip) ? inside : NO;
  const plugin = tri(cluster.assumptions.ipBlockPods, 'match', 'ignore');
  if (other.type === 'node') return and(plugin, holdsAddress(other.ip) ? inside : NO);
  if (family === null || peer.block.family !== family) return NO;
  const all = addressesOf(cluster, other.pod);
  if (all.length === 0) {
    // Whatever address it will have, it is in none of a block that has nothing left.
    if (emptied(peer.block, peer.except)) return NO;
    // Nor is it the cluster IP of a Service.
    const isClusterIP = cluster.snapshot.services.some((service) =>
      service.clusterIPs.some((text) => {
        const ip = parseAddress(text);
        return ip !== null && ip.family === family && ip.value === peer.block.first;
      }),
    );
    if (isClusterIP && peer.block.first === peer.block.last) return NO;
    const whole = peer.block.first === 0n && peer.block.last === lastOf(family) && peer.except.length === 0;
    return and(plugin, whole ? inside : PERHAPS);
  }
  const seen = all.filter((address) => address.family === family).map(holdsAddress);
  if (seen.length === 0 || !seen.includes(true)) return NO;
  return and(plugin, seen.includes(false) ? PERHAPS : inside);
}

function peerMatches(
  cluster: PlainCluster,
  policyNamespace: string,
  peer: PlainPeer,
  other: PlainEnd,
  family: Family | null,
): Three {
  if (peer.kind === 'unreadable') return PERHAPS;
  if (peer.kind === 'block') return blockMatches(cluster, peer, other, family);
  if (other.type !== 'pod') return NO;
  const namespace: Three =
    peer.namespaceSelector === null
      ? other.pod.namespace === policyNamespace
        ? YES
        : NO
      : selectsNamespace(cluster, peer.namespaceSelector, other.pod.namespace);
  const pod = peer.podSelector === null ? YES : selectsPod(cluster.snapshot, peer.podSelector, other.pod);
  return and(namespace, pod, not(isNode(cluster, other.pod)));
}

/** Does a port item match (S13, S14, S22)? `throughBlock`: the peer beside it is an ipBlock. */
function portMatches(
  cluster: PlainCluster,
  item: PlainPort,
  protocol: Protocol,
  port: number,
  destination: PlainEnd,
  throughBlock: boolean,
): Three {
  if (item.kind === 'unreadable') return PERHAPS;
  if (item.protocol !== protocol) return NO;
  const gate = protocol === 'SCTP' ? tri(cluster.assumptions.sctp, 'on', 'off') : YES;
  if (item.port === null) return gate;
  if (typeof item.port === 'number') {
    if (port === item.port) return gate;
    if (item.endPort === null || port < item.port || port > item.endPort) return NO;
    return and(gate, tri(cluster.assumptions.endPort, 'on', 'off'));
  }
  if (destination.type !== 'pod' || throughBlock) return NO;
  const numbers = new Set(
    destination.pod.ports.filter((p) => p.name === item.port && p.protocol === protocol).map((p) => p.port),
  );
  if (!numbers.has(port)) return NO;
  // Plugins differ on two ports of one name in one pod.
  const alone = numbers.size === 1 ? YES : PERHAPS;
  return and(gate, alone, not(isNode(cluster, destination.pod)));
}

function rulePermits(
  cluster: PlainCluster,
  policy: PlainPolicy,
  rule: PlainRule,
  direction: Direction,
  self: PlainEnd,
  other: PlainEnd,
  protocol: Protocol,
  port: number,
  family: Family | null,
): Three {
  const destination = direction === 'ingress' ? self : other;
  const byPorts = (throughBlock: boolean): Three =>
    rule.ports === null
      ? YES
      : or(
          ...rule.ports.map((item) => portMatches(cluster, item, protocol, port, destination, throughBlock)),
        );
  if (rule.peers === null) return byPorts(false);
  return or(
    ...rule.peers.map((peer) =>
      and(
        peerMatches(cluster, policy.namespace, peer, other, family),
        byPorts(direction === 'egress' && peer.kind === 'block'),
      ),
    ),
  );
}

// ----------------------------------------------------------------------------------- isolation and verdict

/** How surely does each policy select the pod in a direction (S2, S4, S24)? Never before asking `isNode`. */
function selecting(
  cluster: PlainCluster,
  pod: PodRecord,
  direction: Direction,
): { policy: PlainPolicy; how: Three }[] {
  return cluster.policies
    .filter((policy) => policy.namespace === pod.namespace)
    .map((policy) => ({
      policy,
      how: and(policy.appliesTo[direction], selectsPod(cluster.snapshot, policy.podSelector, pod)),
    }))
    .filter(({ how }) => how !== NO);
}

const policiesUnread = (cluster: PlainCluster, namespace: string): boolean =>
  cluster.snapshot.coverage.unreadPolicies.some((entry) => entry === null || entry === namespace) ||
  // A part of a file that could not be read; another kind of policy stands in `otherPolicies`.
  (cluster.snapshot.coverage.gaps ?? []).some(
    (gap) =>
      gap.hides !== 'pods' &&
      gap.kind === undefined &&
      !gap.alters &&
      (gap.namespace === null || gap.namespace === namespace),
  );

/** May something that was not applied change the namespace's policies, or pods of whatever namespace? */
const altered = (cluster: PlainCluster, namespace: string, what?: 'objects'): boolean =>
  (cluster.snapshot.coverage.gaps ?? []).some(
    (gap) =>
      gap.alters !== undefined &&
      (what === undefined || gap.alters === what) &&
      (gap.hides !== 'policies' || gap.namespace === null || gap.namespace === namespace),
  );

/** Groups of meshes and their root namespaces; '*': a rule names services of any namespace. */
const ROOT_NAMESPACE = [
  ['istio.io', 'istio-system'],
  ['policy.linkerd.io', 'linkerd'],
  ['kuma.io', 'kuma-system'],
  ['consul.hashicorp.com', '*'],
] as const;

/** Which other kinds of policy may select the pod and decide the direction (S26)? */
function otherKinds(
  cluster: PlainCluster,
  pod: PodRecord,
  direction: Direction,
): { override: boolean; baseline: boolean; mesh: boolean } {
  const found = { override: false, baseline: false, mesh: false };
  for (const other of cluster.snapshot.otherPolicies) {
    // S26: a mesh can only take away; what its root namespace holds counts for the whole mesh.
    const root = ROOT_NAMESPACE.find(([group]) => other.group === group || other.group.endsWith(`.${group}`));
    const mesh = root !== undefined;
    const anywhere = other.namespace === null || (mesh && (root[1] === '*' || other.namespace === root[1]));
    if (!anywhere && other.namespace !== pod.namespace) continue;
    if (other.directions && !other.directions.includes(direction)) continue;
    if (other.subject) {
      const { namespaces, pods } = other.subject;
      // A subject that is understood is one of pods: a pod that is its node is none (S18).
      if (isNode(cluster, pod) === YES) continue;
      if (anywhere && namespaces && selectsNamespace(cluster, namespaces, pod.namespace) === NO) continue;
      if (pods && selectsPod(cluster.snapshot, pods, pod) === NO) continue;
    }
    if (mesh) found.mesh = true;
    else if (other.kind === 'BaselineAdminNetworkPolicy') found.baseline = true;
    else found.override = true;
  }
  return found;
}

function enforcedFor(cluster: PlainCluster, pod: PodRecord, direction: Direction): Tri {
  if (cluster.enforcedByUser !== null) return cluster.enforcedByUser;
  const { enforcement } = cluster.snapshot;
  const node = enforcement.nodes.find((entry) => entry.node === pod.node);
  return (node ?? enforcement)[direction];
}

/** What the policies say for one direction of a pod, were it an ordinary pod. */
function byPolicies(
  cluster: PlainCluster,
  direction: Direction,
  pod: PodRecord,
  other: PlainEnd,
  protocol: Protocol,
  port: number,
  family: Family | null,
): Three {
  if (altered(cluster, pod.namespace)) return PERHAPS;
  const self: PlainEnd = { type: 'pod', pod };
  const judged = selecting(cluster, pod, direction).map(({ policy, how }) => ({
    how,
    permits: or(
      ...policy[direction].map((rule) =>
        rulePermits(cluster, policy, rule, direction, self, other, protocol, port, family),
      ),
    ),
  }));
  const gap = policiesUnread(cluster, pod.namespace);
  if (judged.some(({ how }) => how === YES)) {
    // Isolated (S3): what is permitted is the union (S5).
    const union = or(...judged.map(({ how, permits }) => and(how, permits)));
    return union !== YES && gap ? PERHAPS : union;
  }
  if (gap) return PERHAPS;
  // Not isolated, unless one of the policies that perhaps select it does; each could be the only one.
  const unselected = otherKinds(cluster, pod, direction).baseline
    ? PERHAPS
    : tri(cluster.assumptions.unselected, 'permit', 'deny');
  const possible = [unselected, ...judged.map(({ permits }) => permits)];
  return possible.every((value) => value === possible[0]) ? unselected : PERHAPS;
}

/** One direction under assumptions as they are; an unknown one counts as "perhaps" wherever it is met. */
function roughDirection(
  cluster: PlainCluster,
  direction: Direction,
  self: PlainEnd,
  other: PlainEnd,
  protocol: Protocol,
  port: number,
  family: Family | null,
): Three {
  if (self.type !== 'pod') return YES;
  if (samePod(self, other)) return YES;
  const { pod } = self;
  const own = isOwnNode(pod, other);
  const { override, baseline, mesh } = otherKinds(cluster, pod, direction);
  // S26: an admin tier or a plugin's own kind overrides both ways, at the pod's own end and in its direction; a mesh
  // can only take away.
  if (override) return PERHAPS;
  const standing = (value: Three): Three => (mesh ? and(value, PERHAPS) : value);
  if (own === YES) return standing(YES);
  let verdict: Three;
  if (enforcedFor(cluster, pod, direction) === 'no' || isNode(cluster, pod) === YES) {
    // Open, whatever the policies say (S21, S18); a baseline tier may still apply to whom nothing selects (S26).
    const isolated =
      isNode(cluster, pod) === NO &&
      !altered(cluster, pod.namespace, 'objects') &&
      selecting(cluster, pod, direction).some(({ how }) => how === YES);
    verdict = baseline && !isolated ? PERHAPS : YES;
  } else {
    verdict = byPolicies(cluster, direction, pod, other, protocol, port, family);
    // Were it its node, the direction would be open (S18), or for a baseline tier to say (S26).
    if (isNode(cluster, pod) === PERHAPS) verdict = verdict === YES && !baseline ? YES : PERHAPS;
  }
  return standing(or(verdict, own));
}

/** Every way in which the unknown assumptions can turn out. */
export function worlds(assumptions: Assumptions): Assumptions[] {
  let list: Assumptions[] = [assumptions];
  const split = <K extends keyof Assumptions>(name: K, values: Assumptions[K][]): void => {
    if (assumptions[name] !== 'unknown') return;
    list = list.flatMap((a) => values.map((value) => ({ ...a, [name]: value })));
  };
  split('ipBlockPods', ['match', 'ignore']);
  split('hostNetwork', ['node', 'pod']);
  split('endPort', ['on', 'off']);
  split('sctp', ['on', 'off']);
  split('unselected', ['permit', 'deny']);
  split('serverVersion', ['1.20', 'newest']);
  return list;
}

export interface PlainAnswer {
  verdict: Three;
  /**
   * The same said more loosely, never more decided: unknown assumptions are "perhaps" at each place on its own,
   * and a policy that only perhaps selects a pod leaves it open what happens. The product may say `depends` here.
   */
  rough: Three;
}

/** One direction's verdict: decided where every world of the unknown assumptions decides it the same way (S25). */
export function plainDirection(
  cluster: PlainCluster,
  direction: Direction,
  self: PlainEnd,
  other: PlainEnd,
  protocol: Protocol,
  port: number,
  family: Family | null,
): PlainAnswer {
  const rough = roughDirection(cluster, direction, self, other, protocol, port, family);
  if (rough !== PERHAPS)
    return { verdict: rough, rough: perhapsSelected(cluster, direction, self) ? PERHAPS : rough };
  const answers = worlds(cluster.assumptions).flatMap((assumptions) =>
    addressWorlds(cluster, other, family).map((seen) =>
      roughDirection({ ...cluster, assumptions }, direction, self, seen, protocol, port, family),
    ),
  );
  const first = answers[0] as Three;
  return { verdict: answers.every((answer) => answer === first) ? first : PERHAPS, rough };
}

/**
 * A hostNetwork pod that shows its node's addresses is seen at one of them; each could be the one (S12). Only
 * what compares addresses can tell these worlds apart.
 */
function addressWorlds(cluster: PlainCluster, other: PlainEnd, family: Family | null): PlainEnd[] {
  if (other.type !== 'pod' || family === null) return [other];
  const all = addressesOf(cluster, other.pod);
  const seen = all.filter((address) => address.family === family);
  if (seen.length < 2) return [other];
  return seen.map((address) => ({ type: 'pod', pod: { ...other.pod, ips: [formatAddress(address)] } }));
}

/** Is a pod selected perhaps, and by nothing surely (S24)? */
function perhapsSelected(cluster: PlainCluster, direction: Direction, self: PlainEnd): boolean {
  if (self.type !== 'pod' || isNode(cluster, self.pod) === YES) return false;
  if (enforcedFor(cluster, self.pod, direction) === 'no') return false;
  const found = selecting(cluster, self.pod, direction);
  return found.length > 0 && found.every(({ how }) => how === PERHAPS);
}

function pairInFamily(
  cluster: PlainCluster,
  src: PlainEnd,
  dst: PlainEnd,
  protocol: Protocol,
  port: number,
  family: Family | null,
): PlainAnswer {
  const pair = (at: number): { out: PlainAnswer; into: PlainAnswer } => ({
    out: plainDirection(cluster, 'egress', src, dst, protocol, at, family),
    into: plainDirection(cluster, 'ingress', dst, src, protocol, at, family),
  });
  const { out, into } = pair(port);
  // S6
  const plain = { verdict: and(out.verdict, into.verdict), rough: and(out.rough, into.rough) };
  if (protocol !== 'TCP' || !inMesh(cluster, src) || !inMesh(cluster, dst)) return plain;
  // S28: on its own port or on the tunnel's; the product looks at each direction by itself.
  const tunnel = pair(15008);
  const either = (a: Three, b: Three): Three => (a === b ? a : PERHAPS);
  return {
    verdict: either(plain.verdict, and(tunnel.out.verdict, tunnel.into.verdict)),
    rough: and(either(out.rough, tunnel.out.rough), either(into.rough, tunnel.into.rough)),
  };
}

/** Does Istio's ambient mesh carry the end's TCP connections to others in it (S28)? */
function inMesh(cluster: PlainCluster, end: PlainEnd): boolean {
  if (end.type !== 'pod' || end.pod.hostNetwork) return false;
  const label = 'istio.io/dataplane-mode';
  const home = cluster.snapshot.namespaces.find(({ name }) => name === end.pod.namespace);
  return (end.pod.labels[label] ?? home?.labels[label]) === 'ambient';
}

/**
 * The verdict on a connection (S1, S6): permitted when a family permits it, else depends when one depends,
 * else denied. Ends are pods that take part, nodes at an address, or addresses outside.
 */
export function plainPair(
  cluster: PlainCluster,
  src: PlainEnd,
  dst: PlainEnd,
  protocol: Protocol,
  port: number,
  family?: Family | null,
): PlainAnswer {
  if (samePod(src, dst)) return { verdict: YES, rough: YES };
  const families = family === undefined ? pairFamilies(cluster, src, dst) : [family];
  const answers = families.map((f) => pairInFamily(cluster, src, dst, protocol, port, f));
  return {
    verdict: or(...answers.map((answer) => answer.verdict)),
    rough: or(...answers.map((answer) => answer.rough)),
  };
}

/** `plainPair` as a word. */
export function plainVerdict(
  cluster: PlainCluster,
  src: PlainEnd,
  dst: PlainEnd,
  protocol: Protocol,
  port: number,
  family?: Family | null,
): Verdict {
  return asVerdict(plainPair(cluster, src, dst, protocol, port, family).verdict);
}

/** The isolation of a pod by the policies alone, before enforcement (S3, S18, S24 to S26). */
export function plainIsolation(
  cluster: PlainCluster,
  pod: PodRecord,
  direction: Direction,
): 'open' | 'isolated' | 'not-isolatable' | 'unknown' {
  const node = isNode(cluster, pod);
  if (node === YES) return 'not-isolatable';
  if (node === PERHAPS) return 'unknown';
  const kinds = otherKinds(cluster, pod, direction);
  if (kinds.override || altered(cluster, pod.namespace, 'objects')) return 'unknown';
  const found = selecting(cluster, pod, direction);
  if (found.some(({ how }) => how === YES)) return 'isolated';
  if (found.length > 0 || kinds.baseline || policiesUnread(cluster, pod.namespace)) return 'unknown';
  if (altered(cluster, pod.namespace)) return 'unknown';
  const { unselected } = cluster.assumptions;
  return unselected === 'permit' ? 'open' : unselected === 'deny' ? 'isolated' : 'unknown';
}

/** Is a direction of a pod on paper only (S21)? */
export function plainEnforced(cluster: PlainCluster, pod: PodRecord, direction: Direction): Tri {
  return enforcedFor(cluster, pod, direction);
}

/** Policies that select a pod in a direction, surely or perhaps; none where the pod is its node (S2, S18). */
export function plainSelecting(cluster: PlainCluster, pod: PodRecord, direction: Direction): PlainPolicy[] {
  if (isNode(cluster, pod) === YES) return [];
  return selecting(cluster, pod, direction).map(({ policy }) => policy);
}

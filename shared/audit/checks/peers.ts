/**
 * Selector peers that match no pod, by why: a label that stands elsewhere or under another key, pods on their node's
 * network, another namespace. What is left is a peer that waits for pods, which is no mistake by itself.
 */
import { matchesRequirement, matchesSelector, type Requirement } from '../../kube/selector.ts';
import type { CompiledPeer } from '../../policy/compile.ts';
import { CLASS_HOST, type Model } from '../../policy/model.ts';
import type { CheckId } from '../checks.ts';
import type { Finding } from '../result.ts';
import { UnreadWorkloads } from '../unread.ts';
import { few, isLikeKey, NAME_LABEL, requirementText, workloadText, type Findings } from './list.ts';

type PodsPeer = CompiledPeer & { kind: 'pods' };

interface Unmatched {
  policy: number;
  field: string;
  peer: PodsPeer;
  id: number;
}

interface Reason {
  check: CheckId;
  params: Finding['params'];
}

/** Labels by which OpenShift selects what is no pod: its host network, its router. */
const POLICY_GROUP = 'policy-group.network.openshift.io/';

/** All findings on selector peers that match nothing. */
export function peerChecks(m: Model, f: Findings): void {
  // Without pods nothing can be said of who matches whom.
  if (m.pods === 0) return;
  const unread = m.snapshot.coverage.unreadPods;
  if (unread.includes(null)) return;
  const unmatched: Unmatched[] = [];
  const known = new Map<number, boolean>();
  m.compiled.forEach((c, i) => {
    if (!m.active[i]) return;
    for (const direction of ['ingress', 'egress'] as const) {
      if (c[direction].applies === 'no') continue;
      const list = direction === 'ingress' ? 'from' : 'to';
      c[direction].rules.forEach((rule, r) => {
        rule.peers?.forEach((peer, k) => {
          if (peer.kind !== 'pods') return;
          if (peer.namespaces?.requirements.some((q) => q.key.startsWith(POLICY_GROUP))) return;
          const id = m.peerIdOf(i, direction, r, k);
          let found = known.get(id);
          if (found === undefined) known.set(id, (found = matchesSome(m, id)));
          if (!found) unmatched.push({ policy: i, field: `spec.${direction}[${r}].${list}[${k}]`, peer, id });
        });
      });
    }
  });
  if (unmatched.length === 0) return;
  const places = labelPlaces(m, unmatched);
  const hidden = new UnreadWorkloads(m.snapshot);
  const changing = new Map<string, boolean>();
  const mayChange = (namespace: string): boolean => {
    let found = changing.get(namespace);
    if (found === undefined) changing.set(namespace, (found = m.maySelectOthers(namespace)));
    return found;
  };
  // Many policies repeat a peer.
  const reasons = new Map<string, Reason>();
  for (const one of unmatched) {
    const set = m.peerPods(one.id)?.set;
    const policy = m.snapshot.policies[one.policy];
    const workloads = hidden.matching(one.peer.pods, policy.namespace, one.peer.namespaces);
    if (workloads !== '') {
      f.policy('policy.peer-selects-unread', policy, one.field, { workloads });
      continue;
    }
    // What was not rendered or applied may have whom it means.
    if ([policy.namespace, ...[...(set?.list ?? [])].map((n) => m.spaces.names[n])].some(mayChange)) continue;
    if (unread.length > 0 && [...(set?.list ?? [])].some((n) => unread.includes(m.spaces.names[n]))) continue;
    const key = `${one.id} ${one.peer.namespaces?.canonical ?? 'own'}`;
    let reason = reasons.get(key);
    if (!reason) reasons.set(key, (reason = reasonOf(m, one, places)));
    const { check, params } = reason;
    f.policy(check, policy, one.field, params);
  }
}

function classesIn(m: Model, namespace: number): [from: number, to: number] {
  return [m.firstClassOf[namespace], m.firstClassOf[namespace + 1]];
}

/** Does the peer match, or may it match, a pod? */
function matchesSome(m: Model, id: number): boolean {
  const pods = m.peerPods(id);
  if (!pods) return true;
  for (const n of pods.set.list) {
    const [from, to] = classesIn(m, n);
    for (let c = from; c < to; c++) if (m.peerMask(id, c) !== 0) return true;
  }
  return false;
}

/** Where the values that unmatched peers ask for stand, on pods: by value, key and namespace. */
type LabelPlaces = Map<string, Map<string, Set<string>>>;

function labelPlaces(m: Model, unmatched: readonly Unmatched[]): LabelPlaces {
  const places: LabelPlaces = new Map();
  for (const { peer } of unmatched) {
    for (const q of [...peer.pods.requirements, ...(peer.namespaces?.requirements ?? [])]) {
      if (q.operator === 'In') for (const value of q.values) places.set(value, new Map());
    }
  }
  let last: unknown = null;
  let at = '';
  m.snapshot.pods.forEach((pod, i) => {
    if (m.podClass[i] < 0 || (pod.labels === last && pod.namespace === at)) return;
    last = pod.labels;
    at = pod.namespace;
    for (const key in pod.labels) {
      const keys = places.get(pod.labels[key]);
      if (!keys) continue;
      const namespaces = keys.get(key);
      if (namespaces) namespaces.add(pod.namespace);
      else keys.set(key, new Set([pod.namespace]));
    }
  });
  return places;
}

function reasonOf(m: Model, one: Unmatched, places: LabelPlaces): Reason {
  const { peer } = one;
  const set = m.peerPods(one.id)?.set;
  const names = [...(set?.list ?? [])].map((n) => m.spaces.names[n]);
  const near =
    hostNetwork(m, one) ??
    (names.length === 0 && peer.namespaces !== null
      ? namespaceMiss(m, peer.namespaces.requirements, places)
      : podMiss(m, one, names, places));
  if (near) return near;
  if (peer.namespaces !== null && names.length > 1 && peer.pods.requirements.some((q) => isPositive(q))) {
    const label = peer.pods.requirements.map(requirementText).join(', ');
    return { check: 'policy.peer-open-to-label', params: { label, namespaces: names.length } };
  }
  return { check: 'policy.peer-selects-nothing', params: {} };
}

/** Whoever sets the label fulfils it. */
function isPositive(q: Requirement): boolean {
  return q.operator === 'In' || q.operator === 'Exists';
}

/** The labels match, but only pods on their node's network, which no selector matches (S18). */
function hostNetwork(m: Model, one: Unmatched): Reason | null {
  const pods = m.peerPods(one.id);
  if (!pods || !m.hasHosts) return null;
  const workloads = new Set<string>();
  for (const n of pods.set.list) {
    const [from, to] = classesIn(m, n);
    for (let c = from; c < to; c++) {
      if (!(m.classFlags.items[c] & CLASS_HOST)) continue;
      if (!m.labels.matches(pods.selector, m.classLabels.items[c])) continue;
      for (const i of m.podsOfNamespace(n)) {
        if (m.podClass[i] === c) workloads.add(workloadText(m.snapshot.pods[i]));
      }
    }
  }
  if (workloads.size === 0) return null;
  return {
    check: 'policy.peer-host-network',
    params: { workloads: few(workloads), count: workloads.size },
  };
}

/** No namespace has the labels that are asked for. */
function namespaceMiss(m: Model, requirements: readonly Requirement[], places: LabelPlaces): Reason | null {
  for (const q of requirements) {
    if (q.operator !== 'In') continue;
    for (const value of q.values) {
      const named = m.snapshot.namespaces.find((n) => n.name === value);
      const rest = requirements.filter((other) => other !== q);
      if (q.key !== NAME_LABEL && m.spaces.index.has(value) && !Object.hasOwn(named?.labels ?? {}, q.key)) {
        const labels = { ...named?.labels, [NAME_LABEL]: value };
        if (rest.every((other) => matchesRequirement(other, labels)))
          return { check: 'policy.peer-namespace-name', params: { key: q.key, value } };
      }
      for (const { name, labels } of m.snapshot.namespaces) {
        const like = Object.keys(labels).find((key) => labels[key] === value && isLikeKey(key, q.key));
        if (like !== undefined && q.key !== NAME_LABEL) return likeKey(q.key, value, like, name);
      }
      const on = places.get(value)?.get(q.key);
      if (on) {
        const params = { label: `${q.key}=${value}`, namespaces: few(on) };
        return { check: 'policy.peer-label-on-pods', params };
      }
    }
  }
  return null;
}

function likeKey(key: string, value: string, like: string, where: string): Reason {
  return {
    check: 'policy.peer-label-key',
    params: { label: `${key}=${value}`, like: `${like}=${value}`, where },
  };
}

/** Namespaces match, and no pod of theirs does. */
function podMiss(m: Model, one: Unmatched, names: readonly string[], places: LabelPlaces): Reason | null {
  const { peer } = one;
  if (peer.namespaces === null && peer.pods.requirements.some(isPositive)) {
    const elsewhere = new Set<string>();
    for (const q of peer.pods.requirements) {
      if (q.operator !== 'In') continue;
      for (const value of q.values) for (const n of places.get(value)?.get(q.key) ?? []) elsewhere.add(n);
    }
    const matching = [...elsewhere].filter((name) =>
      m
        .podsOfNamespace(m.spaces.index.get(name) as number)
        .some((i) => matchesSelector(peer.pods, m.snapshot.pods[i].labels)),
    );
    if (matching.length > 0) {
      const label = peer.pods.requirements.map(requirementText).join(', ');
      return { check: 'policy.peer-other-namespace', params: { label, namespaces: few(matching) } };
    }
  }
  for (const q of peer.pods.requirements) {
    if (q.operator !== 'In') continue;
    for (const value of q.values) {
      for (const [key, namespaces] of places.get(value) ?? []) {
        const here = names.find((name) => namespaces.has(name));
        if (here !== undefined && isLikeKey(key, q.key)) return likeKey(q.key, value, key, here);
      }
      const on = m.snapshot.namespaces.filter(({ labels }) => labels[q.key] === value);
      if (on.length > 0) {
        const params = { label: `${q.key}=${value}`, namespaces: few(on.map((n) => n.name)) };
        return { check: 'policy.peer-label-on-namespaces', params };
      }
    }
  }
  return null;
}

/**
 * The nearest rule: of the entries that do not permit a connection the one that comes closest, and what fails in it. An
 * entry is a peer of a rule with the rule's ports. The fewest failing conditions come first, near misses before others,
 * and of equals the first in the order of the policies.
 */
import { isObject, matchesRequirement, type Requirement } from '../kube/selector.ts';
import { PROTOCOLS, type Labels, type PodRecord } from '../kube/snapshot.ts';
import { connPoint, PROTOCOL_INDEX } from '../net/conns.ts';
import { formatAddress, parseAddress, parseCidr, type Address } from '../net/ip.ts';
import type { CompiledPeer, CompiledPort, CompiledRule } from '../policy/compile.ts';
import { CLASS_HOST, type Model } from '../policy/model.ts';
import { isLikeKey, NAME_LABEL, requirementText, targetsOf } from './checks/list.ts';
import type { End } from './points.ts';
import type { Direction, NearCheck, NearestRule, NearMiss, Probe } from './result.ts';

/**
 * How far a failing condition is from holding: how many conditions it counts as, then its weight among equals. What
 * one slip of the pen explains weighs least.
 */
const FAR: Record<NearCheck, [count: number, weight: number]> = {
  'namespace-name': [1, 1],
  'namespace-label-on-pod': [1, 1],
  'namespace-like-key': [1, 1],
  'namespace-value': [1, 3],
  'namespace-absent': [1, 4],
  'namespace-excluded': [1, 3],
  'other-namespace': [1, 2],
  'pod-label-on-namespace': [1, 1],
  'pod-like-key': [1, 1],
  'pod-value': [1, 3],
  'pod-absent': [1, 4],
  'pod-excluded': [1, 3],
  'host-network': [1, 1],
  'block-except': [1, 2],
  'block-ignored': [1, 2],
  'port-service': [1, 1],
  'port-is-service': [1, 1],
  'port-protocol': [1, 1],
  'port-name': [1, 2],
  'port-other': [1, 3],
  'block-no-address': [2, 3],
  // An entry for something else altogether.
  'block-outside': [3, 1],
  'selector-address': [4, 1],
};

interface Found {
  matches: NearestRule['matches'];
  misses: NearMiss[];
}

/**
 * The entry that comes closest.
 * @param owner the pod whose policies are asked, and the other end
 * @param policies those that select the owner in the direction, by index
 * @returns null where no rule can be compared
 */
export function nearestRule(
  m: Model,
  owner: End & { type: 'pod' },
  other: End,
  direction: Direction,
  policies: readonly number[],
  { protocol, port }: Pick<Probe, 'protocol' | 'port'>,
): NearestRule | null {
  const ask = new Question(m, direction === 'ingress' ? owner : other, other, direction, protocol, port);
  let best: NearestRule | null = null;
  let nearest: [number, number] = [Infinity, Infinity];
  for (const policy of policies) {
    const { namespace, name } = m.compiled[policy];
    m.compiled[policy][direction].rules.forEach((rule, r) => {
      const ports = ask.ports(rule);
      (rule.peers ?? [null]).forEach((peer, k) => {
        if (peer?.kind === 'unreadable') return;
        const at = `spec.${direction}[${r}]`;
        const found = ask.peer(policy, r, k, peer);
        const misses = [...found.misses, ...ports.misses];
        if (misses.length === 0) return;
        const far = misses.reduce<[number, number]>(
          ([count, weight], { check }) => [count + FAR[check][0], weight + FAR[check][1]],
          [0, 0],
        );
        if (far[0] > nearest[0] || (far[0] === nearest[0] && far[1] >= nearest[1])) return;
        nearest = far;
        const field = peer === null ? at : `${at}.${direction === 'ingress' ? 'from' : 'to'}[${k}]`;
        best = { policy: { namespace, name }, field, matches: [...found.matches, ...ports.matches], misses };
      });
    });
  }
  return best;
}

/** One connection, asked of many entries. */
class Question {
  private readonly m: Model;
  private readonly destination: End;
  private readonly other: End;
  private readonly direction: Direction;
  private readonly protocol: string;
  private readonly port: number;
  private readonly pod: PodRecord | null;
  private readonly namespaceLabels: Labels;

  constructor(m: Model, destination: End, other: End, direction: Direction, protocol: string, port: number) {
    this.m = m;
    this.destination = destination;
    this.other = other;
    this.direction = direction;
    this.protocol = protocol;
    this.port = port;
    this.pod = other.type === 'pod' ? m.snapshot.pods[other.pod] : null;
    const record = m.snapshot.namespaces.find((n) => n.name === this.pod?.namespace);
    this.namespaceLabels = { ...record?.labels };
    const names = this.pod === null ? null : m.spaces.labelsToNameBy(this.pod.namespace);
    // Before 1.21 the server sets no name label (S19).
    if (names && Object.hasOwn(names, NAME_LABEL)) Object.assign(this.namespaceLabels, names);
    else delete this.namespaceLabels[NAME_LABEL];
  }

  /** What of a peer matches the other end, and what does not. `peer` null is everyone. */
  peer(policy: number, r: number, k: number, peer: CompiledPeer | null): Found {
    if (peer === null || peer.kind === 'unreadable') return { matches: [], misses: [] };
    if (peer.kind === 'block') return this.block(policy, r, k, peer);
    const { pod, other } = this;
    if (pod === null || other.type !== 'pod') {
      const ip = other.type === 'pod' ? '' : formatAddress(other.address);
      return { matches: [], misses: [{ check: 'selector-address', params: { ip } }] };
    }
    const matches: Found['matches'] = [];
    const misses: NearMiss[] = [];
    const own = this.m.compiled[policy].namespace;
    if (peer.namespaces === null) {
      if (pod.namespace !== own) {
        misses.push({ check: 'other-namespace', params: { own, namespace: pod.namespace } });
      }
    } else {
      const failing = peer.namespaces.requirements.filter(
        (q) => !matchesRequirement(q, this.namespaceLabels),
      );
      if (failing.length === 0) matches.push('namespaceSelector');
      for (const q of failing) misses.push(this.namespaceMiss(q, pod));
    }
    const failing = peer.pods.requirements.filter((q) => !matchesRequirement(q, pod.labels));
    if (failing.length === 0 && peer.pods.requirements.length > 0) matches.push('podSelector');
    for (const q of failing) misses.push(this.podMiss(q, pod));
    if (this.m.classFlags.items[other.c] & CLASS_HOST) {
      misses.push({ check: 'host-network', params: { pod: `${pod.namespace}/${pod.name}` } });
    }
    return { matches, misses };
  }

  private namespaceMiss(q: Requirement, pod: PodRecord): NearMiss {
    const { namespace } = pod;
    const labels = this.namespaceLabels;
    const params = { label: requirementText(q), key: q.key, namespace };
    if (q.operator === 'NotIn' || q.operator === 'DoesNotExist')
      return { check: 'namespace-excluded', params };
    if (Object.hasOwn(labels, q.key)) {
      return { check: 'namespace-value', params: { ...params, actual: `${q.key}=${labels[q.key]}` } };
    }
    if (q.values.includes(namespace) && labels[NAME_LABEL] === namespace) {
      return { check: 'namespace-name', params };
    }
    if (matchesRequirement(q, pod.labels)) {
      return { check: 'namespace-label-on-pod', params: { ...params, pod: pod.name } };
    }
    const like = likeLabel(q, labels);
    return like === null
      ? { check: 'namespace-absent', params }
      : { check: 'namespace-like-key', params: { ...params, like } };
  }

  private podMiss(q: Requirement, pod: PodRecord): NearMiss {
    const params = { label: requirementText(q), key: q.key, pod: pod.name };
    if (q.operator === 'NotIn' || q.operator === 'DoesNotExist') return { check: 'pod-excluded', params };
    if (Object.hasOwn(pod.labels, q.key)) {
      return { check: 'pod-value', params: { ...params, actual: `${q.key}=${pod.labels[q.key]}` } };
    }
    if (matchesRequirement(q, this.namespaceLabels)) {
      return { check: 'pod-label-on-namespace', params: { ...params, namespace: pod.namespace } };
    }
    const like = likeLabel(q, pod.labels);
    return like === null
      ? { check: 'pod-absent', params }
      : { check: 'pod-like-key', params: { ...params, like } };
  }

  private block(policy: number, r: number, k: number, peer: CompiledPeer & { kind: 'block' }): Found {
    const { m, other, pod } = this;
    const raw = rawBlock(m.snapshot.policies[policy].spec, this.direction, r, k);
    const cidr = String(raw.cidr);
    const addresses =
      other.type === 'pod' ? m.addressesOf(pod as PodRecord).map(parseAddress) : [other.address];
    const known = addresses.filter((a): a is Address => a !== null);
    if (known.length === 0) return { matches: [], misses: [{ check: 'block-no-address', params: { cidr } }] };
    const held = known.find((a) => m.blockMask(peer, a));
    if (held !== undefined) {
      if (other.type === 'ip' || m.assumptions.ipBlockPods !== 'ignore') {
        return { matches: ['ipBlock'], misses: [] };
      }
      return { matches: [], misses: [{ check: 'block-ignored', params: { cidr, ip: formatAddress(held) } }] };
    }
    for (const except of Array.isArray(raw.except) ? raw.except.map(String) : []) {
      const cut = known.find((a) => isWithin(a, except));
      if (cut === undefined) continue;
      return {
        matches: [],
        misses: [{ check: 'block-except', params: { cidr, except, ip: formatAddress(cut) } }],
      };
    }
    const ip = known.map(formatAddress).join(', ');
    return { matches: [], misses: [{ check: 'block-outside', params: { cidr, ip } }] };
  }

  /** What of a rule's ports matches, and why none does. */
  ports(rule: CompiledRule): Found {
    const { m, destination } = this;
    if (rule.ports === null) return { matches: [], misses: [] };
    const vector = destination.type === 'pod' ? m.classPorts.items[destination.c] : -1;
    const permits = (port: number): boolean =>
      rule.ports?.some((q) =>
        m.conns.has(m.portBounds(q, vector, true).upper, connPoint(PROTOCOL_INDEX[this.protocol], port)),
      ) ?? true;
    if (permits(this.port)) return { matches: ['ports'], misses: [] };
    return { matches: [], misses: [this.portMiss(rule.ports, permits)] };
  }

  private portMiss(ports: readonly CompiledPort[], permits: (port: number) => boolean): NearMiss {
    const { protocol, port, destination, m } = this;
    const asked = `${protocol} ${port}`;
    const pod = destination.type === 'pod' ? m.snapshot.pods[destination.pod] : null;
    // S16: plugins compare after a Service's address and port were translated.
    for (const service of pod === null ? [] : m.snapshot.services) {
      if (pod === null || service.namespace !== pod.namespace || service.selector === null) continue;
      const wanted = Object.entries(service.selector);
      if (wanted.length === 0 || !wanted.every(([key, value]) => pod.labels[key] === value)) continue;
      const name = `${service.namespace}/${service.name}`;
      for (const one of service.ports) {
        if (one.protocol !== protocol) continue;
        const targets = targetsOf(pod, one);
        if (targets.includes(one.port)) continue;
        if (targets.includes(port) && permits(one.port)) {
          return { check: 'port-service', params: { service: name, port: one.port, target: port } };
        }
        const target = one.port === port ? targets.find(permits) : undefined;
        if (target !== undefined)
          return { check: 'port-is-service', params: { service: name, asked, target } };
      }
    }
    const text = ports.map(portText).join(', ');
    const sameNumber = ports.some(
      (q) => q.name === null && q.protocol >= 0 && q.from <= port && port <= q.to,
    );
    if (sameNumber) return { check: 'port-protocol', params: { ports: text, asked } };
    const named = ports.find((q) => q.name !== null && q.protocol === PROTOCOL_INDEX[protocol]);
    const declared = pod?.ports.some((p) => p.name === named?.name && p.protocol === protocol) ?? false;
    if (named && !declared) return { check: 'port-name', params: { name: String(named.name), protocol } };
    return { check: 'port-other', params: { ports: text, asked } };
  }
}

/** A label with the value that is asked for, under a key that is easily taken for the one given. */
function likeLabel(q: Requirement, labels: Labels): string | null {
  const key = Object.keys(labels).find((one) => isLikeKey(one, q.key) && q.values.includes(labels[one]));
  return key === undefined ? null : `${key}=${labels[key]}`;
}

function portText({ protocol, from, to, name }: CompiledPort): string {
  const number = from === to ? `${from}` : `${from}-${to}`;
  return `${PROTOCOLS[protocol] ?? ''} ${name ?? number}`.trim();
}

function rawBlock(spec: unknown, direction: Direction, r: number, k: number): Record<string, unknown> {
  const rules = isObject(spec) ? spec[direction] : null;
  const rule: unknown = Array.isArray(rules) ? rules[r] : null;
  const peers = isObject(rule) ? rule[direction === 'ingress' ? 'from' : 'to'] : null;
  const peer: unknown = Array.isArray(peers) ? peers[k] : null;
  return isObject(peer) && isObject(peer.ipBlock) ? peer.ipBlock : {};
}

function isWithin(a: Address, text: string): boolean {
  const cidr = parseCidr(text);
  if (cidr?.family === 4) return a.family === 4 && cidr.lo <= a.value && a.value < cidr.hi;
  return cidr?.family === 6 && a.family === 6 && cidr.lo <= a.value && a.value < cidr.hi;
}

/** What would permit a denied connection: the smallest policies to add, and the labels that they may lean on. */
import type { Labels, Protocol } from '../kube/snapshot.ts';
import { formatAddress, parseAddress } from '../net/ip.ts';
import { CLASS_HOST, CLASS_HOST_MAYBE, type Model } from '../policy/model.ts';
import type { End } from './points.ts';
import type { Direction, DirectionReason, Remedy } from './result.ts';

/** Labels that controllers write anew for each revision or pod: a selector on them holds until the next rollout. */
const PASSING_LABELS = new Set([
  'pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'controller-uid',
  'batch.kubernetes.io/controller-uid',
  'job-name',
  'batch.kubernetes.io/job-name',
  'batch.kubernetes.io/job-completion-index',
]);

/** The labels that last; all of them where none does. */
function lastingLabels(labels: Labels): Labels {
  const kept = Object.entries(labels).filter(([key]) => !PASSING_LABELS.has(key));
  return kept.length > 0 ? Object.fromEntries(kept) : { ...labels };
}

/** The policies that would permit a denied connection: one for each direction that denies it. */
export function remedyFor(
  m: Model,
  src: End,
  dst: End,
  egress: DirectionReason,
  ingress: DirectionReason,
  protocol: Protocol,
  port: number,
  families: (4 | 6 | 0)[],
): Remedy | null {
  const policies: Remedy['policies'] = [];
  // No rule can permit what the server or plugin does not know (S22).
  if (protocol === 'SCTP' && m.assumptions.sctp !== 'on') return null;
  for (const [owner, other, reason] of [
    [src, dst, egress],
    [dst, src, ingress],
  ] as const) {
    if (reason.verdict === 'permitted') continue;
    if (owner.type !== 'pod') return null;
    // No NetworkPolicy can overrule another kind (S26).
    const gap = m.gaps[m.classNamespace.items[owner.c]];
    if (gap.overrides.length > 0 || gap.restricts.length > 0) return null;
    const peers = peersFor(m, other, m.snapshot.pods[owner.pod].namespace, families);
    if (!peers) return null;
    const manifest = addition(m, owner, reason.direction, peers, protocol, port);
    if (!manifest) return null;
    policies.push({
      direction: reason.direction,
      namespace: m.snapshot.pods[owner.pod].namespace,
      manifest,
    });
  }
  return policies.length > 0 ? { kind: 'add-rules', policies } : null;
}

/** Peers that name the other end, or null where none can. */
function peersFor(
  m: Model,
  other: End,
  namespace: string,
  families: (4 | 6 | 0)[],
): Record<string, unknown>[] | null {
  if (other.type === 'pod' && !(m.classFlags.items[other.c] & (CLASS_HOST | CLASS_HOST_MAYBE))) {
    const p = m.snapshot.pods[other.pod];
    const labels = lastingLabels(p.labels);
    const podSelector = Object.keys(labels).length > 0 ? { matchLabels: labels } : {};
    if (p.namespace === namespace) return [{ podSelector }];
    const names = m.spaces.labelsToNameBy(p.namespace);
    if (names) return [{ namespaceSelector: { matchLabels: names }, podSelector }];
  }
  if (other.type !== 'ip' && m.assumptions.ipBlockPods !== 'match') return null;
  const addresses =
    other.type === 'pod' ? m.addressesOf(m.snapshot.pods[other.pod]).map(parseAddress) : [other.address];
  const blocks = addresses
    .filter((a) => a !== null)
    .filter((a) => families.includes(a.family))
    .map((a) => ({ ipBlock: { cidr: `${formatAddress(a)}/${a.family === 4 ? 32 : 128}` } }));
  return blocks.length > 0 ? blocks : null;
}

/**
 * A new policy that permits the peers on the port. It selects the pod by its own labels where every pod that has
 * them is isolated in that direction already; otherwise it selects what a policy that isolates the pod selects.
 * Either way it isolates nobody who was not.
 */
function addition(
  m: Model,
  owner: End & { type: 'pod' },
  direction: Direction,
  peers: Record<string, unknown>[],
  protocol: Protocol,
  port: number,
): unknown {
  const pod = m.snapshot.pods[owner.pod];
  const states = direction === 'ingress' ? m.classPaperIngress : m.classPaperEgress;
  const own = lastingLabels(pod.labels);
  const labels = Object.entries(own);
  const namespace = m.classNamespace.items[owner.c];
  const alone = m
    .podsOfNamespace(namespace)
    .filter((i) => labels.every(([k, v]) => m.snapshot.pods[i].labels[k] === v))
    .every((i) => states[m.podClass[i]] !== 'not-isolated');
  let podSelector: unknown = labels.length > 0 ? { matchLabels: own } : {};
  if (!alone) {
    const isolating = m
      .policiesOf(owner.c, direction)
      .find((p) => p.sure && m.compiled[p.policy].selects !== null);
    if (!isolating) return null;
    const spec = m.snapshot.policies[isolating.policy].spec as { podSelector?: unknown } | undefined;
    podSelector = spec?.podSelector ?? {};
  }
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {
      name: freeName(m, pod.namespace, `permit-${direction}-${protocol.toLowerCase()}-${port}`),
      namespace: pod.namespace,
    },
    spec: {
      podSelector,
      policyTypes: [direction === 'ingress' ? 'Ingress' : 'Egress'],
      [direction]: [{ [direction === 'ingress' ? 'from' : 'to']: peers, ports: [{ protocol, port }] }],
    },
  };
}

/** The name, with a number behind it where a policy of the namespace has it. */
function freeName(m: Model, namespace: string, name: string): string {
  const taken = new Set<string>();
  for (const p of m.snapshot.policies) if (p.namespace === namespace) taken.add(p.name);
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name}-${n}`;
  return free;
}

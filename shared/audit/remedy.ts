/** What would permit a denied connection: the smallest policies to add, and the labels that they may lean on. */
import type { Labels, PolicyRecord, Protocol, PodRecord } from '../kube/snapshot.ts';
import { formatAddress, parseAddress } from '../net/ip.ts';
import { TUNNEL_PORT } from '../policy/ambient.ts';
import { CLASS_AMBIENT, CLASS_HOST, CLASS_HOST_MAYBE, type Model } from '../policy/model.ts';
import type { End } from './points.ts';
import type { Direction, DirectionReason, Probe, Remedy } from './result.ts';
import { Trial, type Ask } from './trial.ts';

/** Labels that differ with each revision, release or pod: a selector on them holds until the next rollout or upgrade. */
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
  'app.kubernetes.io/version',
  'helm.sh/chart',
]);

/**
 * The labels that the plugin surely sees (S30) and that last; all that it sees where none lasts. Of a template only
 * those that last: what controllers set on its pods is not known.
 */
function lastingLabels(m: Model, { kind, labels }: PodRecord): Labels {
  const seen = Object.entries(labels).filter(([key]) => !m.doubts.mayDrop(key));
  const kept = seen.filter(([key]) => !PASSING_LABELS.has(key));
  return Object.fromEntries(kept.length > 0 || kind !== 'Pod' ? kept : seen);
}

/** A direction that does not permit the connection, and what might be added to it, the narrowest first. */
interface Side {
  direction: Direction;
  namespace: string;
  candidates: PolicyRecord[];
}

/**
 * The policies that would permit a denied connection: one for each direction that denies it, or leaves it open where
 * adding to it takes nothing away. Each is evaluated on a copy of the cluster first: one that would isolate a pod which
 * was not isolated, or take any connection from anybody, is not proposed.
 * @param ask the verdict on a connection in a model, by the same rules as the one that was denied
 * @param probe the connection, in terms that a copy of the cluster understands
 * @returns null where no policy can permit it, or none that takes nothing away
 */
export function remedyFor(
  m: Model,
  src: End,
  dst: End,
  egress: DirectionReason,
  ingress: DirectionReason,
  probe: Probe,
  families: (4 | 6 | 0)[],
  ask: Ask,
): Remedy | null {
  const { port } = probe;
  const protocol = probe.protocol as Protocol;
  // No rule can permit what the server or plugin does not know (S22).
  if (protocol === 'SCTP' && m.assumptions.sctp !== 'on') return null;
  const chosen: { direction: Direction; record: PolicyRecord; trial: Trial }[] = [];
  for (const [owner, other, reason] of [
    [src, dst, egress],
    [dst, src, ingress],
  ] as const) {
    if (reason.verdict === 'permitted') continue;
    const side = sideOf(m, owner, other, reason.direction, protocol, port, families);
    let fits = false;
    for (const record of side?.candidates ?? []) {
      const trial = new Trial(m, [record], src, dst);
      fits = !trial.takesAway();
      if (!fits) continue;
      chosen.push({ direction: reason.direction, record, trial });
      break;
    }
    if (!fits && reason.verdict === 'denied') return null;
  }
  if (chosen.length === 0) return null;
  const records = chosen.map(({ record }) => record);
  const trial = chosen.length === 1 ? chosen[0].trial : new Trial(m, records, src, dst);
  const verdict = ask(trial.model, probe);
  if (verdict === 'denied') return null;
  const others = trial.others(probe, ask);
  if (others.lost) return null;
  return {
    kind: 'add-rules',
    policies: chosen.map(({ direction, record: { namespace, name, spec } }) => ({
      direction,
      namespace,
      manifest: {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name, namespace },
        spec,
      },
    })),
    verdict,
    others: { count: others.count, complete: others.complete, examples: others.examples },
  };
}

function sideOf(
  m: Model,
  owner: End,
  other: End,
  direction: Direction,
  protocol: Protocol,
  port: number,
  families: (4 | 6 | 0)[],
): Side | null {
  if (owner.type !== 'pod') return null;
  const pod = m.snapshot.pods[owner.pod];
  const { namespace } = pod;
  const peers = peersFor(m, other, namespace, families);
  if (!peers) return null;
  const own = lastingLabels(m, pod);
  const selectors: unknown[] = [Object.keys(own).length > 0 ? { matchLabels: own } : {}];
  // What a policy that isolates the pod selects is isolated already, all of it.
  const isolating = m
    .policiesOf(owner.c, direction)
    .find((p) => p.sure && m.compiled[p.policy].selects !== null);
  if (isolating) {
    const spec = m.snapshot.policies[isolating.policy].spec as { podSelector?: unknown } | undefined;
    selectors.push(spec?.podSelector ?? {});
  }
  const name = freeName(m, namespace, `permit-${direction}-${protocol.toLowerCase()}-${port}`);
  const list = direction === 'ingress' ? 'from' : 'to';
  const ports = [{ protocol, port }];
  // In the mesh it may arrive in the tunnel (S28).
  const inMesh =
    other.type === 'pod' && m.classFlags.items[owner.c] & m.classFlags.items[other.c] & CLASS_AMBIENT;
  if (inMesh && protocol === 'TCP' && port !== TUNNEL_PORT) ports.push({ protocol, port: TUNNEL_PORT });
  return {
    direction,
    namespace,
    candidates: selectors.map((podSelector) => ({
      namespace,
      name,
      origin: 'manifest',
      spec: {
        podSelector,
        policyTypes: [direction === 'ingress' ? 'Ingress' : 'Egress'],
        [direction]: [{ [list]: peers, ports }],
      },
    })),
  };
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
    const labels = lastingLabels(m, p);
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

/** The name, with a number behind it where a policy of the namespace has it. */
function freeName(m: Model, namespace: string, name: string): string {
  const taken = new Set<string>();
  for (const p of m.snapshot.policies) if (p.namespace === namespace) taken.add(p.name);
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name}-${n}`;
  return free;
}

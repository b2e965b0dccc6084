/** Which value each assumption has (S22, S25): what the user says, else what was detected, else the default. */
import type { AssumptionName, Assumptions, Snapshot, Tri } from '../../shared/kube/snapshot.ts';
import { minorVersion, plainCluster, type PlainCluster } from './evaluate.ts';

/** Resolved assumptions of a snapshot, and what the user says about enforcement (null: nothing). */
export function resolvePlainly(
  snapshot: Snapshot,
  assume: Partial<Record<AssumptionName, string>>,
): { assumptions: Assumptions; enforcedByUser: Tri | null } {
  const { implies } = snapshot.enforcement;
  const live = snapshot.cluster.source === 'context';
  const serverVersion =
    assume.serverVersion ??
    implies.serverVersion ??
    snapshot.cluster.serverVersion ??
    (live ? 'unknown' : 'newest');
  const minor = minorVersion(serverVersion);
  const gate = (since: number): 'on' | 'off' | 'unknown' =>
    minor === null ? 'unknown' : minor >= since ? 'on' : 'off';
  const assumptions = {
    ipBlockPods: assume.ipBlockPods ?? implies.ipBlockPods ?? (live ? 'unknown' : 'match'),
    hostNetwork: assume.hostNetwork ?? implies.hostNetwork ?? (live ? 'unknown' : 'node'),
    serverVersion,
    endPort: assume.endPort ?? implies.endPort ?? gate(22),
    sctp: assume.sctp ?? implies.sctp ?? gate(19),
    enforced: assume.enforced ?? 'unknown',
    unselected: assume.unselected ?? implies.unselected ?? 'permit',
  } as Assumptions;
  return { assumptions, enforcedByUser: (assume.enforced as Tri | undefined) ?? null };
}

/** A plain cluster of a snapshot under what the user assumes. */
export function plainClusterOf(
  snapshot: Snapshot,
  assume: Partial<Record<AssumptionName, string>> = {},
): PlainCluster {
  const { assumptions, enforcedByUser } = resolvePlainly(snapshot, assume);
  return plainCluster(snapshot, assumptions, enforcedByUser);
}

/** Clusters of some 60 pods and 40 policies, made of many small ones. */
import fc from 'fast-check';
import type { PodRecord, PolicyRecord } from '../../shared/kube/snapshot.ts';
import { cases, type Case } from './generate.ts';

/** Many small clusters made one: their pods and policies in the same three namespaces, with addresses of their own. */
function joined(list: Case[]): Case {
  const first = structuredClone(list[0] as Case);
  const { snapshot } = first;
  const pods: PodRecord[] = [];
  const policies: PolicyRecord[] = [];
  const live = snapshot.cluster.source === 'context';
  for (const { snapshot: other } of list) {
    for (const pod of other.pods) {
      const n = pods.length;
      const ips = pod.hostNetwork
        ? pod.ips
        : pod.ips.map((ip) =>
            ip.includes(':') ? `fd00::${(n + 8).toString(16)}` : `10.0.${n >> 8}.${n & 255}`,
          );
      pods.push({ ...pod, name: `p${n}`, ips });
    }
    for (const policy of other.policies) {
      policies.push({ ...policy, name: `pol${policies.length}`, origin: live ? 'cluster' : 'manifest' });
    }
  }
  const order = (a: { namespace: string }, b: { namespace: string }): number =>
    a.namespace < b.namespace ? -1 : a.namespace > b.namespace ? 1 : 0;
  snapshot.pods = pods.sort(order);
  snapshot.policies = policies.sort(order);
  return first;
}

/** A larger cluster, the same for the same number. */
export const merged = (number: number): Case => joined(fc.sample(cases, { numRuns: 18, seed: 100 + number }));

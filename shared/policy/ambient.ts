/** Istio's ambient mesh (S28): which pods are in it. */
import type { PodRecord, Snapshot } from '../kube/snapshot.ts';

/** https://istio.io/latest/docs/ambient/usage/add-workloads/ */
export const AMBIENT_LABEL = 'istio.io/dataplane-mode';
/** Port of the tunnel (HBONE): https://istio.io/latest/docs/ambient/usage/networkpolicy/ */
export const TUNNEL_PORT = 15008;

/** Names of the namespaces whose pods are in the mesh unless they say otherwise. */
export function ambientNamespaces(snapshot: Snapshot): ReadonlySet<string> {
  return new Set(
    snapshot.namespaces.filter(({ labels }) => labels[AMBIENT_LABEL] === 'ambient').map(({ name }) => name),
  );
}

/** Is the pod in the mesh? Its own label goes before its namespace's; a hostNetwork pod never is. */
export function isAmbient(pod: PodRecord, namespaces: ReadonlySet<string>): boolean {
  if (pod.hostNetwork) return false;
  const own = pod.labels[AMBIENT_LABEL] as string | undefined;
  return own === undefined ? namespaces.has(pod.namespace) : own === 'ambient';
}

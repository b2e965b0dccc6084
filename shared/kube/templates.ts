/** How many pods an endpoint stands for (S20). */
import type { PodRecord } from './snapshot.ts';

/** Does the input say how many pods there are? Not for a DaemonSet, nor for a workload that is scaled automatically. */
export function isCounted(pod: PodRecord): boolean {
  return pod.kind !== 'DaemonSet' && pod.scaled !== true;
}

/** Does the endpoint stand for several pods, or for nobody knows how many? A pod stands for itself. */
export function standsForSeveral(pod: PodRecord): boolean {
  return pod.kind !== 'Pod' && (pod.replicas > 1 || !isCounted(pod));
}

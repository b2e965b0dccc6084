/**
 * Labels that may not be there to be compared with (S30), read plainly: one requirement and one label at a time, in every
 * way in which it may turn out.
 */
import type { Labels, PodRecord, Snapshot } from '../../shared/kube/snapshot.ts';
import { and, holds, NO, PERHAPS, YES, type Requirement, type Selector, type Three } from './policy.ts';

const CONTROLLER_LABELS: Record<string, string[]> = {
  Deployment: ['pod-template-hash'],
  ReplicaSet: ['pod-template-hash'],
  StatefulSet: [
    'statefulset.kubernetes.io/pod-name',
    'apps.kubernetes.io/pod-index',
    'controller-revision-hash',
  ],
  DaemonSet: ['controller-revision-hash', 'pod-template-generation'],
};
for (const kind of ['Job', 'CronJob']) {
  CONTROLLER_LABELS[kind] = ['job-name', 'controller-uid', 'batch.kubernetes.io/job-completion-index'];
  for (const name of ['job-name', 'controller-uid'])
    CONTROLLER_LABELS[kind].push(`batch.kubernetes.io/${name}`);
}

/** Beginnings of keys that Cilium leaves out by itself, and of those that it keeps where they are longer. */
const LEFT_OUT = [
  ...['io.kubernetes', 'kubernetes.io', 'k8s.io', 'annotation', 'etcd_node', 'pod-template-generation'],
  ...['pod-template-hash', 'controller-revision-hash', 'controller-uid'],
  ...['statefulset.kubernetes.io/pod-name', 'apps.kubernetes.io/pod-index'],
  ...['batch.kubernetes.io/job-completion-index', 'batch.kubernetes.io/controller-uid'],
];
const KEPT = [
  ...['io.kubernetes.pod.namespace', 'io.cilium.k8s.namespace.labels', 'app.kubernetes.io'],
  'io.cilium.k8s.policy.cluster',
];

/** Does Cilium surely see the label? Knows only patterns that are a beginning of a key, with escaped points. */
function isSeen(key: string, given: string[] | null): boolean {
  const patterns = given?.map((one) => one.replaceAll('\\.', '#'));
  if (!patterns?.every((one) => /^([a-z0-9]+:)?!?[a-z0-9/#-]+$/.test(one))) return false;
  const own = patterns.map((text) => {
    const one = text.replaceAll('#', '.');
    const [source, rest] = one.includes(':') ? one.split(':') : ['k8s', one];
    return { source, out: rest.startsWith('!'), start: rest.replace('!', '') };
  });
  const fitting = own.filter(({ source, start }) => source === 'k8s' && key.startsWith(start));
  const lengths = (list: string[]): number[] =>
    list.filter((start) => key.startsWith(start)).map((start) => start.length);
  const kept = [...lengths(KEPT), ...lengths(fitting.filter((p) => !p.out).map((p) => p.start))];
  const left = [...lengths(LEFT_OUT), ...lengths(fitting.filter((p) => p.out).map((p) => p.start))];
  // `annotation` takes the rest of the key with it, and "beta" may stand anywhere.
  const beta = key.lastIndexOf('beta.kubernetes.io');
  if (beta >= 0) left.push(beta + 'beta.kubernetes.io'.length);
  const longest = Math.max(0, ...kept);
  if (left.length > 0) return longest > Math.min(...left);
  return longest > 0 || own.every(({ out }) => out);
}

const three = (value: boolean): Three => (value ? YES : NO);

function requirementHolds(
  requirement: Requirement,
  labels: Labels,
  isSet: boolean,
  isDropped: boolean,
): Three {
  const seen = isSet ? PERHAPS : three(holds(requirement, labels));
  if (!isDropped) return seen;
  const unseen = three(holds(requirement, {}));
  return seen === unseen ? seen : PERHAPS;
}

/** Does a selector match a pod, its labels seen by the plugin and completed by its controller (S15, S24, S30)? */
export function selectsPod(snapshot: Snapshot, selector: Selector, pod: PodRecord): Three {
  if (selector === 'unreadable') return PERHAPS;
  const patterns = snapshot.enforcement.identityLabels;
  return and(
    ...selector.map((one) =>
      requirementHolds(
        one,
        pod.labels,
        (CONTROLLER_LABELS[pod.kind] ?? []).includes(one.key),
        patterns !== undefined && !isSeen(one.key, patterns),
      ),
    ),
  );
}

/** The same for the labels of a namespace; `labels` as they are in one world. */
export function selectsLabels(snapshot: Snapshot, selector: Selector, labels: Labels): Three {
  if (selector === 'unreadable') return PERHAPS;
  const patterns = snapshot.enforcement.identityLabels;
  const prefix = 'io.cilium.k8s.namespace.labels.';
  return and(
    ...selector.map((one) =>
      requirementHolds(one, labels, false, patterns !== undefined && !isSeen(prefix + one.key, patterns)),
    ),
  );
}

/**
 * Labels of which it is not known whether, or with which value, they are there when a selector is compared (S30): those
 * that Cilium leaves out of a pod's identity, and those that a controller sets on the pods of a template.
 *
 * A selector that asks for one of them becomes two: what it may match, and what it matches for sure.
 */
import { isIdentityLabel } from '../kube/identityLabels.ts';
import { canonicalSelector, matchesRequirement, type Requirement, type Selector } from '../kube/selector.ts';
import type { Labels, PodRecord, Snapshot } from '../kube/snapshot.ts';

/** In place of the value of a label that a controller sets, or does not; no label can have it. */
const SOME_VALUE = '?';

const BATCH = [
  'job-name',
  'controller-uid',
  'batch.kubernetes.io/job-name',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-completion-index',
];
const REVISION = 'controller-revision-hash';

/** Labels that controllers set on the pods of a template: https://kubernetes.io/docs/reference/labels-annotations-taints/ */
const SET_BY_CONTROLLER: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['pod-template-hash'],
  ReplicaSet: ['pod-template-hash'],
  StatefulSet: ['statefulset.kubernetes.io/pod-name', 'apps.kubernetes.io/pod-index', REVISION],
  DaemonSet: [REVISION, 'pod-template-generation'],
  Job: BATCH,
  CronJob: BATCH,
};

/** Behind this the labels of a pod's namespace stand among its own, for Cilium. */
export const NAMESPACE_PREFIX = 'io.cilium.k8s.namespace.labels.';
const NONE: ReadonlySet<string> = new Set();

/** The two readings of a selector; `sure` is null where it matches nothing for sure, and `may` itself without a doubt. */
export interface SelectorBounds {
  may: Selector;
  sure: Selector | null;
}

/** Why it is open whether a selector matches: the label, and what would make it match. */
export interface LabelDoubt {
  name: 'identityLabels' | 'controllerLabels';
  key: string;
  matchesIf: string;
  missesIf: string;
}

export class LabelDoubts {
  /** Patterns of Cilium's filter; null: any label may be left out; undefined: nothing filters. */
  private readonly patterns: readonly string[] | null | undefined;
  /** Labels that controllers set on pods of templates of the snapshot. */
  private readonly set: ReadonlySet<string>;
  private readonly dropped = new Map<string, boolean>();
  private readonly known = new Map<string, SelectorBounds>();

  constructor(snapshot: Snapshot) {
    this.patterns = snapshot.enforcement.identityLabels;
    const kinds = new Set<string>();
    for (const { kind } of snapshot.pods) if (kind !== 'Pod') kinds.add(kind);
    this.set = new Set([...kinds].flatMap((kind) => SET_BY_CONTROLLER[kind] ?? []));
  }

  /** May the plugin leave the label out? `prefix` goes before the keys of namespace labels. */
  mayDrop(key: string, prefix = ''): boolean {
    if (this.patterns === undefined) return false;
    const name = prefix + key;
    let found = this.dropped.get(name);
    if (found === undefined) {
      found = !isIdentityLabel(name, this.patterns);
      this.dropped.set(name, found);
    }
    return found;
  }

  /** The labels by which a pod is put into its class: its own, and what its controller may add. */
  labelsOf(pod: PodRecord): Labels {
    if (pod.kind === 'Pod' || this.set.size === 0) return pod.labels;
    const added = SET_BY_CONTROLLER[pod.kind] ?? [];
    return { ...pod.labels, ...Object.fromEntries(added.map((key) => [key, SOME_VALUE])) };
  }

  /** What a pod selector may match, and what it matches for sure. */
  ofPods(selector: Selector): SelectorBounds {
    return this.bounds(selector, '', this.set);
  }

  /** The same for a selector of namespaces, whose labels Cilium sees with a prefix. */
  ofNamespaces(selector: Selector): SelectorBounds {
    return this.bounds(selector, NAMESPACE_PREFIX, NONE);
  }

  private bounds(selector: Selector, prefix: string, set: ReadonlySet<string>): SelectorBounds {
    if (!selector.requirements.some(({ key }) => set.has(key) || this.mayDrop(key, prefix)))
      return { may: selector, sure: selector };
    const id = `${prefix} ${selector.canonical}`;
    let found = this.known.get(id);
    if (found !== undefined) return found;
    const may: Requirement[] = [];
    const sure: Requirement[] = [];
    let never = false;
    for (const r of selector.requirements) {
      const isDropped = this.mayDrop(r.key, prefix);
      const needsLabel = r.operator === 'In' || r.operator === 'Exists';
      // "Some value" fits what asks for values and what asks for none, and is none of those for sure.
      const fits = { ...r, values: [...r.values, SOME_VALUE] };
      const isSet = set.has(r.key);
      // Where the label is left out, what needs it does not match and what excludes it does.
      if (needsLabel || !isDropped)
        may.push(isSet && (r.operator === 'In' || r.operator === 'DoesNotExist') ? fits : r);
      if (needsLabel && isDropped) never = true;
      else sure.push(isSet && (r.operator === 'NotIn' || r.operator === 'Exists') ? fits : r);
    }
    found = { may: canonicalSelector(may), sure: never ? null : canonicalSelector(sure) };
    this.known.set(id, found);
    return found;
  }

  /** What leaves it open whether a pod selector matches the pod, where it only may match. */
  whyPod(selector: Selector, pod: PodRecord): LabelDoubt[] {
    const added = pod.kind === 'Pod' ? [] : (SET_BY_CONTROLLER[pod.kind] ?? []);
    return selector.requirements.flatMap((r): LabelDoubt[] => {
      if (added.includes(r.key)) {
        const matchesIf = 'the label that the controller sets matches';
        return [{ name: 'controllerLabels', key: r.key, matchesIf, missesIf: 'it does not match' }];
      }
      return this.whyDropped(r, pod.labels, '');
    });
  }

  /** The same for the labels of a namespace. */
  whyNamespace(selector: Selector, labels: Labels): LabelDoubt[] {
    return selector.requirements.flatMap((r) => this.whyDropped(r, labels, NAMESPACE_PREFIX));
  }

  private whyDropped(r: Requirement, labels: Labels, prefix: string): LabelDoubt[] {
    if (!this.mayDrop(r.key, prefix)) return [];
    const seen = matchesRequirement(r, labels);
    if (seen === matchesRequirement(r, {})) return [];
    const [yes, no] = ['Cilium counts the label', 'Cilium leaves it out'];
    return [{ name: 'identityLabels', key: r.key, matchesIf: seen ? yes : no, missesIf: seen ? no : yes }];
  }
}

/**
 * What is asked of a cluster, in one table: the reader asks for nothing that does not stand here, and the ClusterRole
 * that `bulkhead rbac` prints is made from it.
 */
import { OTHER_POLICIES as KNOWN, SIGN_OBJECTS } from '../../shared/kube/kinds.ts';
import { SCOPED_GROUPS } from '../../shared/kube/subject.ts';

/** A list that every audit reads. */
export interface ListResource {
  /** Plural, as in the API and in coverage. */
  resource: string;
  /** '' is the core group. */
  group: string;
  version: string;
  namespaced: boolean;
  /** Does a gap leave verdicts open, or only details? */
  affectsVerdicts: boolean;
  /** Which gap of verdicts: told to the sink. */
  side?: 'pods' | 'policies';
  /** Names, labels and owners are all that is needed: ask for metadata only. */
  metadataOnly?: boolean;
  /** Watched while the others are read, to notice that it moved. */
  watched?: boolean;
  /** Read with this label selector. */
  selector?: string;
  /** Read in this namespace alone. */
  only?: string;
}

export const LISTS: readonly ListResource[] = [
  {
    resource: 'namespaces',
    group: '',
    version: 'v1',
    namespaced: false,
    affectsVerdicts: true,
    watched: true,
  },
  {
    resource: 'networkpolicies',
    group: 'networking.k8s.io',
    version: 'v1',
    namespaced: true,
    affectsVerdicts: true,
    side: 'policies',
    watched: true,
  },
  { resource: 'nodes', group: '', version: 'v1', namespaced: false, affectsVerdicts: true },
  {
    resource: 'pods',
    group: '',
    version: 'v1',
    namespaced: true,
    affectsVerdicts: true,
    side: 'pods',
    watched: true,
  },
  // What an address of a Service leads to decides verdicts on it (S29).
  { resource: 'services', group: '', version: 'v1', namespaced: true, affectsVerdicts: true },
  {
    resource: 'endpointslices',
    group: 'discovery.k8s.io',
    version: 'v1',
    namespaced: true,
    affectsVerdicts: true,
    // Those of a Service with a selector say again what the selector says, and there is one for every hundred pods.
    selector: 'endpointslice.kubernetes.io/managed-by!=endpointslice-controller.k8s.io',
  },
  {
    resource: 'ingresses',
    group: 'networking.k8s.io',
    version: 'v1',
    namespaced: true,
    affectsVerdicts: false,
  },
  {
    resource: 'replicasets',
    group: 'apps',
    version: 'v1',
    namespaced: true,
    affectsVerdicts: false,
    metadataOnly: true,
  },
  {
    resource: 'jobs',
    group: 'batch',
    version: 'v1',
    namespaced: true,
    affectsVerdicts: false,
    metadataOnly: true,
  },
  {
    resource: 'daemonsets',
    group: 'apps',
    version: 'v1',
    namespaced: true,
    affectsVerdicts: false,
    only: 'kube-system',
  },
];

/** An object that is read by its name because it says what a network plugin does. */
export interface NamedResource {
  resource: string;
  group: string;
  /** Used where discovery names no version. */
  version: string;
  namespace: string | null;
  name: string;
  /** Asked only when one of these API groups is served (null: always). */
  when: readonly string[] | null;
}

export const NAMED: readonly NamedResource[] = SIGN_OBJECTS.flatMap((one) =>
  one.name === null ? [] : [{ ...one, name: one.name }],
);

/** Kinds whose few objects say what a plugin does; listed when their group is served. */
export interface SignalList {
  resource: string;
  group: string;
  version: string;
}

export const SIGNAL_LISTS: readonly SignalList[] = SIGN_OBJECTS.filter(({ name }) => name === null);

/** Another kind of policy (S26): listed, names alone, when its group serves it. */
export interface OtherPolicyResource {
  kind: string;
  resource: string;
  group: string;
  version: string;
  namespaced: boolean;
  /** Names are not enough: its fields say whether it has an effect, or whom it selects. */
  whole: boolean;
}

export const OTHER_POLICIES: readonly OtherPolicyResource[] = KNOWN.map((one) => ({
  kind: one.kind,
  resource: one.resource,
  group: one.group,
  version: one.version,
  namespaced: one.scope === 'namespace',
  whole: one.onlyWith !== null || SCOPED_GROUPS.has(one.group),
}));

/** Name in coverage and of `ClusterSink.page`: the plural alone for what the audit reads, else with its group. */
export function resourceName(entry: { resource: string; group: string }): string {
  const own = LISTS.some((list) => list.resource === entry.resource && list.group === entry.group);
  return own || entry.group === '' ? entry.resource : `${entry.resource}.${entry.group}`;
}

/** Parameters that choose among a list's objects. */
export function selecting(list: ListResource): Record<string, string> {
  return list.selector === undefined ? {} : { labelSelector: list.selector };
}

/** Path of a collection, or of one object in it. */
export function apiPath(
  entry: { resource: string; group: string; version: string },
  namespace: string | null,
  name?: string,
): string {
  const root = entry.group === '' ? `/api/${entry.version}` : `/apis/${entry.group}/${entry.version}`;
  const inside = namespace === null ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${inside}/${entry.resource}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}

/** Which kinds the audit reads, by API group, and what it makes of the others. */
import { WORKLOADS } from './project.ts';

/** 'networking.k8s.io/v1' → 'networking.k8s.io'; 'v1' → '' (the core group). */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** Policy kinds that are not evaluated but may decide over NetworkPolicy's head (S26): group → kinds. */
export const OTHER_POLICY_KINDS: Readonly<Record<string, readonly string[]>> = {
  'policy.networking.k8s.io': ['AdminNetworkPolicy', 'BaselineAdminNetworkPolicy', 'ClusterNetworkPolicy'],
  'projectcalico.org': ['NetworkPolicy', 'GlobalNetworkPolicy'],
  'crd.projectcalico.org': ['NetworkPolicy', 'GlobalNetworkPolicy'],
  'cilium.io': ['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'],
  'security.istio.io': ['AuthorizationPolicy', 'PeerAuthentication'],
  'crd.antrea.io': ['ClusterNetworkPolicy', 'NetworkPolicy'],
  'k8s.ovn.org': ['EgressFirewall'],
  'network.openshift.io': ['EgressNetworkPolicy'],
};

const CLUSTER_WIDE = new Set([
  'AdminNetworkPolicy',
  'BaselineAdminNetworkPolicy',
  'ClusterNetworkPolicy',
  'GlobalNetworkPolicy',
  'CiliumClusterwideNetworkPolicy',
]);

/** Has the kind no namespace? (Of the kinds in OTHER_POLICY_KINDS.) */
export function isClusterWidePolicy(kind: string): boolean {
  return CLUSTER_WIDE.has(kind);
}

/** Kinds of our own tables: kind → groups that may serve it, and the version that a current server takes. */
const READ_KINDS: Readonly<Record<string, { groups: readonly string[]; current: string }>> = {
  Namespace: { groups: [''], current: 'v1' },
  Pod: { groups: [''], current: 'v1' },
  Service: { groups: [''], current: 'v1' },
  Node: { groups: [''], current: 'v1' },
  EndpointSlice: { groups: ['discovery.k8s.io'], current: 'discovery.k8s.io/v1' },
  Ingress: { groups: ['networking.k8s.io', 'extensions'], current: 'networking.k8s.io/v1' },
  NetworkPolicy: { groups: ['networking.k8s.io', 'extensions'], current: 'networking.k8s.io/v1' },
  ...WORKLOADS,
};

export type Reading =
  | { as: 'read'; current: string }
  /** The group is absent: an API server would not know which kind is meant. */
  | { as: 'no-version'; current: string }
  | { as: 'other-policy' }
  | { as: 'list'; itemKind: string | null }
  | { as: 'skip' };

/** What to make of an object by its apiVersion ('' when absent) and kind. */
export function readingOf(apiVersion: string, kind: string): Reading {
  const group = groupOf(apiVersion);
  if (Object.hasOwn(OTHER_POLICY_KINDS, group) && OTHER_POLICY_KINDS[group].includes(kind))
    return { as: 'other-policy' };
  if (Object.hasOwn(READ_KINDS, kind)) {
    const known = READ_KINDS[kind];
    // A core kind and an absent version both have the empty group: only the text tells them apart.
    if (apiVersion === '') return { as: 'no-version', current: known.current };
    return known.groups.includes(group) ? { as: 'read', current: known.current } : { as: 'skip' };
  }
  if (kind === 'List') return { as: 'list', itemKind: null };
  if (kind.endsWith('List') && kind.length > 4) {
    const itemKind = kind.slice(0, -4);
    const item = readingOf(apiVersion, itemKind);
    if (item.as === 'read' || item.as === 'other-policy') return { as: 'list', itemKind };
  }
  return { as: 'skip' };
}

const BY_LOWER_CASE = new Map(
  [...Object.keys(READ_KINDS), ...Object.values(OTHER_POLICY_KINDS).flat()].map((kind) => [
    kind.toLowerCase(),
    kind,
  ]),
);

/** The kind that a misspelt one (other case, plural) probably means; null when it resembles none. */
export function meantKind(kind: string): string | null {
  const lower = kind.toLowerCase();
  const meant =
    BY_LOWER_CASE.get(lower) ??
    BY_LOWER_CASE.get(lower.replace(/s$/, '')) ??
    BY_LOWER_CASE.get(lower.replace(/ies$/, 'y'));
  return meant === undefined || meant === kind ? null : meant;
}

/** Plural resource of the API → kind and group, for lists whose items carry neither. */
export const RESOURCES: Readonly<Record<string, { kind: string; group: string }>> = {
  namespaces: { kind: 'Namespace', group: '' },
  pods: { kind: 'Pod', group: '' },
  services: { kind: 'Service', group: '' },
  nodes: { kind: 'Node', group: '' },
  networkpolicies: { kind: 'NetworkPolicy', group: 'networking.k8s.io' },
  replicasets: { kind: 'ReplicaSet', group: 'apps' },
  jobs: { kind: 'Job', group: 'batch' },
  replicationcontrollers: { kind: 'ReplicationController', group: '' },
  daemonsets: { kind: 'DaemonSet', group: 'apps' },
  configmaps: { kind: 'ConfigMap', group: '' },
  endpointslices: { kind: 'EndpointSlice', group: 'discovery.k8s.io' },
  ingresses: { kind: 'Ingress', group: 'networking.k8s.io' },
  adminnetworkpolicies: { kind: 'AdminNetworkPolicy', group: 'policy.networking.k8s.io' },
  baselineadminnetworkpolicies: { kind: 'BaselineAdminNetworkPolicy', group: 'policy.networking.k8s.io' },
  clusternetworkpolicies: { kind: 'ClusterNetworkPolicy', group: 'policy.networking.k8s.io' },
  globalnetworkpolicies: { kind: 'GlobalNetworkPolicy', group: 'crd.projectcalico.org' },
  ciliumnetworkpolicies: { kind: 'CiliumNetworkPolicy', group: 'cilium.io' },
  ciliumclusterwidenetworkpolicies: { kind: 'CiliumClusterwideNetworkPolicy', group: 'cilium.io' },
  authorizationpolicies: { kind: 'AuthorizationPolicy', group: 'security.istio.io' },
  peerauthentications: { kind: 'PeerAuthentication', group: 'security.istio.io' },
  egressfirewalls: { kind: 'EgressFirewall', group: 'k8s.ovn.org' },
  egressnetworkpolicies: { kind: 'EgressNetworkPolicy', group: 'network.openshift.io' },
};

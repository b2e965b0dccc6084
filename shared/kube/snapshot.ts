/**
 * The one shape at the door of the evaluator: what was read of a cluster, plain and sorted, with what could
 * not be read beside it. Secrets, environment variables and annotations never enter it.
 */

/** A protocol that a NetworkPolicy can name (API reference, NetworkPolicyPort.protocol). */
export type Protocol = 'TCP' | 'UDP' | 'SCTP';
export const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];

export type Family = 'IPv4' | 'IPv6';
export type Tri = 'yes' | 'no' | 'unknown';

/** Where something was read: a file and document, or an object of a live cluster; `field` is a JSON path below it. */
export interface Place {
  /** File as the user named it ('-' is standard input), or absent for a live cluster. */
  file?: string;
  /** 1-based document number in the file. */
  document?: number;
  /** 1-based line and column of the document's start or of the error. */
  line?: number;
  column?: number;
  /** e.g. `spec.ingress[0].ports[1].endPort` */
  field?: string;
}

export interface Labels {
  [key: string]: string;
}

export interface NamespaceRecord {
  name: string;
  labels: Labels;
  /** False where the namespace is known by name alone on a live cluster (its object could not be read). */
  labelsKnown: boolean;
  /** True where no Namespace object was read; for manifests it then exists with its name label alone (S19). */
  implied: boolean;
  /** True where `kubernetes.io/metadata.name` was not in the source and was added (S19, S22). */
  nameLabelAdded?: boolean;
  place?: Place;
}

export interface ContainerPort {
  /** Empty string when the port has no name. */
  name: string;
  port: number;
  protocol: Protocol;
}

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';

export interface OwnerRef {
  kind: string;
  name: string;
}

/** A pod of a live cluster, or one workload of a manifest (S20): then `kind` is the workload's and `name` its name. */
export interface PodRecord {
  namespace: string;
  name: string;
  /** 'Pod', or 'Deployment', 'StatefulSet', ... where it comes from a template. */
  kind: string;
  labels: Labels;
  /** status.podIPs (or podIP) as text; empty when it has none yet. */
  ips: string[];
  /** spec.nodeName, null when not scheduled or not known. */
  node: string | null;
  hostNetwork: boolean;
  phase: PodPhase;
  terminating: boolean;
  /** Ports that its containers and native sidecars declare, in order. */
  ports: ContainerPort[];
  /** The workload that it belongs to; null for a bare pod. A Deployment where its ReplicaSet is known. */
  owner: OwnerRef | null;
  /** Desired replicas of a template; 1 for a pod, and for a DaemonSet, whose number of pods is not known. */
  replicas: number;
  /** The number of a StatefulSet's first pod, where that is not 0 (`ordinals.start`). */
  ordinalStart?: number;
  /** True for a template that a HorizontalPodAutoscaler of the input scales: how many pods there are is not known. */
  scaled?: true;
  /** Addresses at which a node-local DNS cache answers on its node (`-localip`); absent for every other pod. */
  localDns?: string[];
  place?: Place;
}

export interface NodeRecord {
  name: string;
  /** Internal and external addresses as text. */
  ips: string[];
  labels: Labels;
  /** spec.podCIDRs as text. */
  podCIDRs: string[];
}

export interface ServicePort {
  name: string;
  port: number;
  /** A number, a container port's name, or null when it equals `port`. */
  targetPort: number | string | null;
  protocol: Protocol;
  /** The port on every node that leads here too; absent where there is none. */
  nodePort?: number;
}

export interface ServiceRecord {
  namespace: string;
  name: string;
  type: string;
  /** Null when the Service has no selector. */
  selector: Labels | null;
  ports: ServicePort[];
  clusterIPs: string[];
  externalIPs: string[];
  loadBalancerIPs: string[];
  externalTrafficPolicy: string | null;
  /** True where it has no address of its own (`clusterIP: None`). */
  headless?: true;
  place?: Place;
}

/** A port of the endpoints of a slice; one without a number stands for every port. */
export interface EndpointPort {
  /** The name of the Service's port; empty where it has none. */
  name: string;
  port: number | null;
  protocol: Protocol;
}

/**
 * Where a Service leads that has no selector to tell it (discovery.k8s.io/v1 EndpointSlice, or one subset of a v1
 * Endpoints).
 */
export interface EndpointSliceRecord {
  namespace: string;
  name: string;
  /** The Service that it belongs to; null where it belongs to none. */
  service: string | null;
  /** Names of the pods of its namespace that its endpoints refer to; sorted. */
  pods: string[];
  /** Addresses of endpoints that refer to no pod; sorted. */
  addresses: string[];
  /** Names and addresses of those that are not ready; sorted, absent where all are. */
  notReady?: string[];
  /** Absent in snapshots from before they were read, and where the slice names none. */
  ports?: EndpointPort[];
  /** True for a subset of an Endpoints object. */
  legacy?: true;
  place?: Place;
}

/** Which Services a web gateway publishes (networking.k8s.io/v1 Ingress). */
export interface IngressRecord {
  namespace: string;
  name: string;
  /** Services of its namespace that its default backend and its rules name; sorted. */
  services: string[];
  place?: Place;
}

/** A NetworkPolicy as it stands: validation and defaulting happen once, in `policy/compile`. */
export interface PolicyRecord {
  namespace: string;
  name: string;
  /** `spec` as the source gave it (unknown fields kept, so that they can be reported); absent when absent. */
  spec?: unknown;
  /** 'manifest': refused where the API would refuse it; 'cluster': stored already, so it may be enforced (S24). */
  origin: 'manifest' | 'cluster';
  /** A manifest with `uid` and `resourceVersion`: a copy of an object that a server has stored (S11). */
  stored?: true;
  place?: Place;
}

/** One condition of a label selector (S15); `values` is empty for Exists and DoesNotExist. */
export interface LabelRequirement {
  key: string;
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  values: string[];
}

/** Whom a policy of another kind selects, where that is a plain label selector. All conditions of a list hold together. */
export interface PolicySubject {
  /** Over the labels of namespaces; null: the policy's own, or every one where it is cluster-wide. */
  namespaces: LabelRequirement[] | null;
  /** Over the labels of pods; null: every pod. */
  pods: LabelRequirement[] | null;
}

/** Another kind of policy that exists beside NetworkPolicy and is not evaluated (S26). */
export interface OtherPolicyRecord {
  /** e.g. 'AdminNetworkPolicy' */
  kind: string;
  /** e.g. 'policy.networking.k8s.io' */
  group: string;
  /** Null for a cluster-wide kind. */
  namespace: string | null;
  /** Null when only the kind is known to exist (its objects could not be read). */
  name: string | null;
  /** 'present': the object exists; 'unreadable': the kind is served but its objects could not be listed. */
  status: 'present' | 'unreadable';
  /** Absent where it is not understood: any pod of its namespace, or of the cluster, may be selected. */
  subject?: PolicySubject;
  /** Directions of the selected pods that it may decide; absent: both. */
  directions?: ('ingress' | 'egress')[];
  place?: Place;
}

/** A piece of evidence that led to a detection: what was seen, and where. */
export interface Evidence {
  /** Resource and name, e.g. 'pod kube-system/calico-node-x7' or 'node a annotation k3s.io/node-args'. */
  where: string;
  /** What was seen there, e.g. 'argument --run-firewall=false'. */
  what: string;
}

export interface NodeEnforcement {
  node: string;
  plugin: string | null;
  ingress: Tri;
  egress: Tri;
  evidence: Evidence[];
}

/** Which network plugin is there and, separately, whether it enforces NetworkPolicy (S21). */
export interface Enforcement {
  /** 'calico', 'cilium', ...; null when unknown. */
  plugin: string | null;
  ingress: Tri;
  egress: Tri;
  evidence: Evidence[];
  /** Only the nodes whose answer differs from the cluster's. */
  nodes: NodeEnforcement[];
  /** What the plugin implies for the evaluator (S25); absent names stay at their default. */
  implies: Partial<Assumptions>;
  /**
   * Where Cilium is: the patterns of `labels` in cilium-config, which limit the labels that it sees (S30); empty: its own
   * alone, null: patterns that are not known. Absent: no such plugin.
   */
  identityLabels?: string[] | null;
}

/** Assumptions of the evaluator (S25). Every result repeats them. */
export interface Assumptions {
  /** Does an ipBlock match addresses of pods and nodes? (S12) */
  ipBlockPods: 'match' | 'ignore' | 'unknown';
  /** Are hostNetwork pods their node, or ordinary pods? (S18) */
  hostNetwork: 'node' | 'pod' | 'unknown';
  /** 'newest', '1.24', ... or 'unknown' (S22). */
  serverVersion: string;
  endPort: 'on' | 'off' | 'unknown';
  sctp: 'on' | 'off' | 'unknown';
  /** Overrides detection for every node when set by the user. (S21) */
  enforced: Tri;
  /** What happens to pods that no policy selects: some plugin modes deny them (S3). */
  unselected: 'permit' | 'deny' | 'unknown';
}

export type AssumptionName = keyof Assumptions;

export interface AssumptionRecord {
  name: AssumptionName;
  value: string;
  origin: 'default' | 'detected' | 'user';
}

/**
 * What a file is that is no object: a patch, a part of a component, a Helm template, settings of a kustomization; or a
 * kustomization or chart itself that changes what is deployed. 'namespace': a policy that a kustomization puts into another
 * namespace than its file says; 'unlisted': a policy in a kustomization's folder that no kustomization lists; 'overlay': a
 * policy that only some of several overlays deploy.
 */
export type Passed =
  | 'patch'
  | 'component'
  | 'template'
  | 'settings'
  | 'kustomization'
  | 'chart'
  | 'namespace'
  | 'unlisted'
  | 'overlay';
export const PASSED: readonly Passed[] = [
  'patch',
  'component',
  'template',
  'settings',
  'kustomization',
  'chart',
  'namespace',
  'unlisted',
  'overlay',
];

/** A problem that kept a document of a file from being read. */
export interface CoverageCause {
  /** Check id of `kube/problems.ts`. */
  check: string;
  line?: number;
}

/** What a server ran into that would have had no end otherwise (electron/cluster/bounds.ts). */
export type ReadBound =
  | 'answer-bytes'
  | 'audit-objects'
  | 'audit-time'
  | 'event-bytes'
  | 'events'
  | 'kept'
  | 'kinds'
  | 'list-bytes'
  | 'list-time'
  | 'more-than-announced'
  | 'namespaces'
  | 'objects'
  | 'objects-repeated'
  | 'openings'
  | 'pages'
  | 'retry-after'
  | 'slow'
  | 'token-length'
  | 'token-repeated'
  | 'waited';

export const READ_BOUNDS: readonly ReadBound[] = [
  'answer-bytes',
  'audit-objects',
  'audit-time',
  'event-bytes',
  'events',
  'kept',
  'kinds',
  'list-bytes',
  'list-time',
  'more-than-announced',
  'namespaces',
  'objects',
  'objects-repeated',
  'openings',
  'pages',
  'retry-after',
  'slow',
  'token-length',
  'token-repeated',
  'waited',
];

/** A bound of reading that was reached; worded late. */
export interface CoverageBound {
  code: ReadBound;
  /** In the unit of its code: objects, bytes, seconds, bytes a second, … */
  limit: number;
  /** Objects that had come, and were left out: half a list is none. */
  leftOut?: number;
}

/** One list call (or folder) and how it went. */
export interface CoverageEntry {
  /** API resource ('pods', 'networkpolicies.networking.k8s.io', ...) or 'file'. */
  resource: string;
  verb: 'list' | 'get' | 'read' | 'watch';
  /** Null for cluster-wide. For a file its path. */
  namespace: string | null;
  file?: string;
  /** read: complete. refused: 401/403. failed: other error. skipped: not asked or no Kubernetes object. */
  outcome: 'read' | 'refused' | 'failed' | 'skipped' | 'moved';
  /** Objects read. */
  count: number;
  /** The error's or the skip's reason, plain words from the source (HTTP status and message). */
  reason?: string;
  /** The same as data, where problems of documents are the reason; worded late. Absent in older files. */
  causes?: CoverageCause[];
  /** A file that was passed over, or documents of it: what they are. */
  passed?: Passed;
  /** The command that renders what was passed over. */
  render?: string;
  /** The bound that ended the reading of it, where one did. */
  bound?: CoverageBound;
  resourceVersion?: string;
  pages?: number;
  /** Does a gap here leave verdicts open (true), or only details (false)? */
  affectsVerdicts: boolean;
}

/** Something of a file that could not be read, and what it may have held (S26). */
export interface CoverageGap {
  /** 'policies': what it held can only be policies; 'pods': only pods; 'anything': either. */
  hides: 'policies' | 'pods' | 'anything';
  /** The namespace that it belongs to; null where that does not show: any namespace. */
  namespace: string | null;
  /** Another kind of policy, where that shows: `otherPolicies` has it then as one that could not be read. */
  kind?: string;
  /** It may change objects that were read, as a patch does that was not applied; 'rules': rules of policies alone. */
  alters?: 'objects' | 'rules';
  /** Why: the id of a check of reading (problems.ts). */
  check: string;
  /** The file as the user named it ('-' is standard input), and the 1-based line where that shows. */
  file: string;
  line?: number;
}

export interface Coverage {
  /** True when nothing that affects verdicts was refused, failed or moved. */
  complete: boolean;
  entries: CoverageEntry[];
  /** Namespaces whose policies could not be read (null in the list: cluster-wide, i.e. any namespace). */
  unreadPolicies: (string | null)[];
  /** Namespaces whose pods could not be read. */
  unreadPods: (string | null)[];
  /** Documents that are no Kubernetes object or are of kinds the audit does not need. */
  skippedDocuments: number;
  /** Parts of files that could not be read; absent where there are none. */
  gaps?: CoverageGap[];
}

export type SourceKind = 'context' | 'manifests' | 'snapshot' | 'demo';

export interface ClusterInfo {
  /** Shown name: context name, folder, 'Demo cluster'. */
  name: string;
  source: SourceKind;
  /** Kubeconfig file and API server URL for a context; first path for manifests. */
  file?: string;
  server?: string;
  /** gitVersion, e.g. 'v1.33.2+k3s1'; null when unknown. */
  serverVersion: string | null;
  /** ISO time when reading began. */
  takenAt: string;
  /** e.g. 'TLS verification is off (insecure-skip-tls-verify)'; repeated in reports. Message keys. */
  warnings: string[];
}

/** Something wrong that reading met (bad document, duplicate, unknown field at object level...); becomes a finding. */
export interface Problem {
  /** Check id, see audit/findings: e.g. 'input.unparsable', 'input.duplicate', 'input.too-large'. */
  check: string;
  place: Place;
  /** The object when it is known. */
  object?: { kind: string; namespace: string | null; name: string };
  params: Record<string, string | number>;
}

export interface Snapshot {
  format: 'bulkhead.snapshot';
  version: 1;
  cluster: ClusterInfo;
  namespaces: NamespaceRecord[];
  pods: PodRecord[];
  nodes: NodeRecord[];
  services: ServiceRecord[];
  endpointSlices: EndpointSliceRecord[];
  ingresses: IngressRecord[];
  policies: PolicyRecord[];
  otherPolicies: OtherPolicyRecord[];
  enforcement: Enforcement;
  coverage: Coverage;
  problems: Problem[];
}

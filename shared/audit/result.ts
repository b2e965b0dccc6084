/** What an audit gives: plain data. Words are made from it late, in `report/`. */
import type {
  AssumptionName,
  AssumptionRecord,
  ClusterInfo,
  Coverage,
  Enforcement,
  Family,
  Place,
  Protocol,
  Tri,
} from '../kube/snapshot.ts';

export type Verdict = 'permitted' | 'denied' | 'depends';
export type Direction = 'ingress' | 'egress';
export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info';
export const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info'];

/**
 * State of a pod in one direction (S3, S18, S21). `open`: not isolated (or isolated on paper where nothing
 * enforces it: see `paper`). `unknown`: what could not be read may change it.
 */
export type IsolationState = 'open' | 'isolated' | 'isolated-all-permitted' | 'not-isolatable' | 'unknown';

/** Sorted, disjoint, inclusive port ranges per protocol; an absent protocol means none. All ports: [[1,65535]]. */
export type ConnJson = Partial<Record<Protocol, [number, number][]>>;

export interface PodRow {
  namespace: string;
  name: string;
  /** 'Pod' or the template's kind. */
  kind: string;
  workload: { kind: string; name: string };
  /** Effective state: what counts in figures and exit codes. */
  ingress: IsolationState;
  egress: IsolationState;
  /** State by the policies alone; differs from the effective one only where `enforced` is 'no'. */
  paperIngress: IsolationState;
  paperEgress: IsolationState;
  enforced: Tri;
  /** How widely it may reach addresses outside the cluster. */
  openEgress: EgressWidth;
  /** How widely addresses outside the cluster may reach it. */
  openIngress: EgressWidth;
  /** Policies that select it. */
  policies: number;
  hostNetwork: boolean;
  phase: string;
  node: string | null;
  replicas: number;
}

/**
 * Reach to (or from) addresses outside the cluster. `anywhere`: the whole of IPv4 or IPv6 on every port;
 * `anywhere-some-ports`: the whole of a family on some ports; `ranges`: parts of the address space; `depends`:
 * only where an assumption is unknown; `none`.
 */
export type EgressWidth = 'anywhere' | 'anywhere-some-ports' | 'ranges' | 'depends' | 'none';

export interface EndpointPodRef {
  namespace: string;
  /** Pod name. */
  pod: string;
}

export interface OpenEgressRow {
  /** The pod (kind 'Pod') or workload template. */
  pod: { namespace: string; name: string; kind: string };
  width: EgressWidth;
  /** One item per set of equal connections; ranges as CIDRs of one family. */
  reach: { cidrs: string[]; conns: ConnJson; depends?: ConnJson }[];
}

export interface PolicyRef {
  namespace: string;
  name: string;
}

/** A rule of a policy, by index; `peer` and `port` are null where the rule's list is empty (everything). */
export interface RuleRef {
  policy: PolicyRef;
  direction: Direction;
  rule: number;
  peer: number | null;
  port: number | null;
  /** 'permits', or 'may' where an assumption or gap leaves it open. */
  effect: 'permits' | 'may';
}

/** An assumption (or gap) that a verdict leans on. */
export interface AssumptionUse {
  /** Semantics rule, e.g. 'S12'. */
  rule: string;
  /** Assumption's name; 'coverage' or 'otherPolicies' for gaps (then `value` names the resource or kind); 'ownNode' for S7; 'ambientMesh' for S28. */
  name:
    | AssumptionName
    | 'coverage'
    | 'otherPolicies'
    | 'ownNode'
    | 'podAddress'
    | 'namedPort'
    | 'refusedPolicy'
    | 'ambientMesh'
    // Labels that may not be compared with (S30): left out of Cilium's identities, or set by a controller.
    | 'identityLabels'
    | 'controllerLabels'
    // Services (S29), their addresses as callers (S23) and the node-local DNS cache.
    | 'service'
    | 'serviceEndpoint'
    | 'serviceEndpoints'
    | 'serviceReading'
    | 'serviceBlock'
    | 'serviceOther'
    | 'sourceRewrite'
    | 'localDns';
  value: string;
  /** For `depends`: the two values that would decide it either way. */
  permittedIf?: string;
  deniedIf?: string;
  /** What it is, as a code with parameters; `value` and the two above say the same in English. */
  because?: { code: BecauseCode; params: Record<string, string | number> };
}

/**
 * Other kinds of policy {kind, status: 'present' | 'unreadable', file?, line?} by what they would have to do; parts of
 * files {file, line?} that could not be read; {count} more of those.
 */
export type BecauseCode =
  | 'kind-may-deny'
  | 'kind-must-allow'
  | 'kind-decides'
  | 'mesh-may-refuse'
  | 'part-may-permit'
  | 'part-may-isolate'
  | 'part-may-change'
  | 'more-parts';

export interface DirectionReason {
  direction: Direction;
  verdict: Verdict;
  /** What NetworkPolicy alone says, where policies of another kind that are not evaluated may change it (S26). */
  alone?: Verdict;
  /**
   * not-isolated: no policy selects the pod. isolated: see `permits`, empty means nothing permits it.
   * not-isolatable: hostNetwork (S18). not-enforced (S21). outside: the endpoint is an address, nothing
   * to evaluate. self, own-node: S7. unselected-denied: a plugin mode denies unselected pods.
   */
  state:
    | 'not-isolated'
    | 'isolated'
    | 'not-isolatable'
    | 'not-enforced'
    | 'outside'
    | 'self'
    | 'own-node'
    | 'unselected-denied'
    | 'unknown';
  /** Policies that select the pod in this direction, sorted. */
  policies: PolicyRef[];
  /** Rules that permit (or may permit) it. */
  permits: RuleRef[];
  assumptions: AssumptionUse[];
  /** Where a port was asked for and nothing permits it: the entry that comes closest, and what fails in it. */
  nearest?: NearestRule;
  /** Where this side permits what the other denies: the policies that select the other end. */
  deniedBy?: PolicyRef[];
}

/** A condition of an entry that fails; `report/messages` words it. */
export type NearCheck =
  | 'namespace-name'
  | 'namespace-label-on-pod'
  | 'namespace-like-key'
  | 'namespace-value'
  | 'namespace-absent'
  | 'namespace-excluded'
  | 'other-namespace'
  | 'pod-label-on-namespace'
  | 'pod-like-key'
  | 'pod-value'
  | 'pod-absent'
  | 'pod-excluded'
  | 'host-network'
  | 'selector-address'
  | 'block-outside'
  | 'block-except'
  | 'block-ignored'
  | 'block-no-address'
  | 'port-service'
  | 'port-is-service'
  | 'port-protocol'
  | 'port-name'
  | 'port-other';

export interface NearMiss {
  check: NearCheck;
  params: Record<string, string | number>;
}

/** An entry of a policy (a peer of a rule, with the rule's ports) that does not permit a connection. */
export interface NearestRule {
  policy: PolicyRef;
  /** JSON path below the policy: `spec.ingress[0].from[0]`, or the rule where it is for everyone. */
  field: string;
  /** What of the entry matches the connection. */
  matches: ('namespaceSelector' | 'podSelector' | 'ipBlock' | 'ports')[];
  /** What does not, at least one. */
  misses: NearMiss[];
}

export type EndpointRef =
  | { type: 'pod'; namespace: string; name: string; kind: string }
  | { type: 'node'; name: string; ip: string }
  | { type: 'ip'; ip: string }
  /** A Service as the destination; `ip` is null where it was asked by name and has no address yet. */
  | { type: 'service'; namespace: string; name: string; ip: string | null };

/** An endpoint of a Service: a pod, a node, an address, or what a slice names and was not read. */
export interface ServiceTarget {
  end: Exclude<EndpointRef, { type: 'service' }> | { type: 'unread'; name: string };
  /** Where it receives; null where that is not known. */
  port: number | null;
  verdict: Verdict;
}

/** What is behind the Service that a question leads to (S29). */
export interface ServiceAnswer {
  namespace: string;
  name: string;
  /** How the address that was asked belongs to it. */
  as: 'clusterIP' | 'externalIP' | 'loadBalancer' | 'nodePort' | 'name';
  /** no-endpoints: none was read or is ready, so where it leads is not known. */
  state: 'translated' | 'no-endpoints';
  /** The first endpoints, each with its own verdict at its own port. */
  targets: ServiceTarget[];
  /** How many there are. */
  count: number;
  /** The verdict were the address compared as it stands; where data planes may do that. */
  untranslated?: Verdict;
}

export interface Explanation {
  src: EndpointRef;
  dst: EndpointRef;
  protocol: Protocol;
  port: number;
  /** Null where the family makes no difference. */
  family: Family | null;
  verdict: Verdict;
  /** By the rules alone, before enforcement (S21); equal to `verdict` unless nothing enforces. */
  paperVerdict: Verdict;
  enforced: Tri;
  egress: DirectionReason;
  ingress: DirectionReason;
  /** Everything that is permitted between the two, all ports. */
  conns: ConnJson;
  depends: ConnJson;
  /** What would make a denied connection permitted, or a permitted one denied. */
  remedy: Remedy | null;
  /** Where the destination is a Service: what is behind it. */
  service?: ServiceAnswer;
}

/** Ports that share one answer for the same reasons. */
export interface PortsPart {
  verdict: Verdict;
  /** As in Explanation. */
  paperVerdict: Verdict;
  family: Family | null;
  conns: ConnJson;
  egress: DirectionReason;
  ingress: DirectionReason;
  /** Where these ports lead to a Service. */
  service?: ServiceAnswer;
}

/** What is permitted between two ends and what is not: the answer where no port was asked for. */
export interface PairExplanation {
  src: EndpointRef;
  dst: EndpointRef;
  /** The only protocol that was asked for; null for all. */
  protocol: Protocol | null;
  port: null;
  /** As in Explanation; null also where the parts differ in it. */
  family: Family | null;
  /** 'some': some connections are permitted, and not all. */
  verdict: Verdict | 'some';
  enforced: Tri;
  /** Every port of the protocols asked for stands in one of the three; of a Service's cluster IP, each of its own. */
  conns: ConnJson;
  depends: ConnJson;
  denied: ConnJson;
  /** The same ports by their reasons: what is permitted first, what is denied last. */
  parts: PortsPart[];
}

/**
 * The smallest addition that would permit the connection: a new policy for each direction that denies it, which
 * isolates no pod that was not isolated before and takes no connection from anybody.
 */
export interface Remedy {
  kind: 'add-rules';
  policies: { direction: Direction; namespace: string; manifest: unknown }[];
  /** What the connection is with them: `depends` where something else than NetworkPolicy still leaves it open. */
  verdict: 'permitted' | 'depends';
  /** Connections of the same protocol and port that they permit beside the one that was asked. */
  others: {
    count: number;
    /** False where there were too many to count them all: there are at least `count`. */
    complete: boolean;
    /** A few of them. */
    examples: { src: EndpointRef; dst: EndpointRef }[];
  };
}

export interface ObjectRef {
  kind: string;
  namespace: string | null;
  name: string;
}

/** A finding: a check's id, its object and place, and parameters. `report/messages` words it (en, ko). */
export interface Finding {
  check: string;
  severity: Severity;
  object: ObjectRef | null;
  place: Place | null;
  params: Record<string, string | number>;
}

/** A policy (or document) that the API would refuse and that was left out (S24). */
export interface Rejected {
  object: ObjectRef;
  place: Place | null;
  /** Check ids and parameters of the reasons. */
  reasons: { check: string; field: string; params: Record<string, string | number> }[];
  /** 'left-out' (manifests) or 'kept-uncertain' (a live cluster keeps isolating with it). */
  treatment: 'left-out' | 'kept-uncertain';
}

export interface IsolationCounts {
  pods: number;
  /** Isolated in both directions (isolated-all-permitted counts as isolated here and again in `allPermitted`). */
  both: number;
  ingressOnly: number;
  egressOnly: number;
  none: number;
  notIsolatable: number;
  unknown: number;
  /** Pods isolated in at least one direction whose policies together permit everything in it. */
  allPermitted: number;
  /** Pods isolated on paper in some direction where nothing enforces it (they count as open above). */
  paperOnly: number;
}

export interface EgressCounts {
  anywhere: number;
  anywhereSomePorts: number;
  ranges: number;
  depends: number;
  none: number;
}

export interface NamespaceSummary {
  name: string;
  isolation: IsolationCounts;
  openEgress: EgressCounts;
  policies: number;
  workloads: number;
  /** Which of the documentation's five default policies stand here. */
  defaults: ('deny-ingress' | 'allow-ingress' | 'deny-egress' | 'allow-egress' | 'deny-all')[];
}

/** Counts of ordered pod pairs between groups, row-major [src * n + dst]; self pairs left out. */
export interface MatrixData {
  level: 'namespace' | 'workload';
  rows: { namespace: string; name: string; kind: string; pods: number }[];
  cols: { namespace: string; name: string; kind: string; pods: number }[];
  /** All ordered pairs. */
  pairs: number[];
  /** Pairs with at least one permitted connection. */
  permitted: number[];
  /** Pairs where everything is permitted. */
  full: number[];
  /** Pairs that have something open only as `depends` and nothing permitted. */
  depends: number[];
}

export interface AuditSummary {
  isolation: IsolationCounts;
  openEgress: EgressCounts;
  namespaces: number;
  workloads: number;
  policies: number;
  rejectedPolicies: number;
  nodes: number;
  /** Pods that take no part: Succeeded or Failed (S17). */
  finishedPods: number;
  /**
   * Workloads of manifests, each of which counts as one pod in every figure: how many, the pods that those with a number
   * ask for, and how many have none (DaemonSets, autoscaled). Absent where there are none.
   */
  templates?: { workloads: number; replicas: number; uncounted: number };
  findings: Record<Severity, number>;
  /** Ordered pod pairs: permitted (something), denied, depends. Two pods of one template are one pair. */
  pairs: { total: number; permitted: number; full: number; depends: number; denied: number };
}

/** All but the long lists: what the window's first screen and the history need. */
/** A kind of policy that is not evaluated and leaves answers on pods that were read open (S26). */
export interface NotEvaluated {
  kind: string;
  group: string;
  /** Objects; 0 where they could not be listed. */
  count: number;
}

/** Coverage of the reading, with what the evaluation makes of it: `complete` is false where either leaves answers open. */
export interface AuditCoverage extends Coverage {
  notEvaluated?: NotEvaluated[];
  /**
   * Only where no pod was read. 'none-exist': the whole cluster was listed, and has none; 'not-read': nothing shows that
   * there is none, so nothing can be said of isolation or egress.
   */
  noPods?: 'none-exist' | 'not-read';
}

export interface Overview {
  schema: 'bulkhead.audit/v1';
  /** Product version that evaluated. */
  version: string;
  cluster: ClusterInfo;
  /** ISO time given as an argument (--time) or when the audit ran. */
  auditedAt: string;
  assumptions: AssumptionRecord[];
  enforcement: Enforcement;
  coverage: AuditCoverage;
  summary: AuditSummary;
  namespaces: NamespaceSummary[];
  rejected: Rejected[];
}

/** The published JSON of `bulkhead audit --format json`. */
export interface AuditJson extends Overview {
  pods: PodRow[];
  openEgress: OpenEgressRowJson[];
  findings: Finding[];
}

/** One row a pod and set of equal connections. */
export interface OpenEgressRowJson {
  pod: { namespace: string; name: string; kind: string };
  ranges: string[];
  conns: ConnJson;
  depends?: ConnJson;
}

export type NodeJson = { namespace: string; name: string; kind: string } | { cidrs: string[] };

export interface Edge {
  src: NodeJson;
  dst: NodeJson;
  conns: ConnJson;
  depends?: ConnJson;
  partial?: true;
  within?: true;
}

export interface ConnectionsJson {
  schema: 'bulkhead.connections/v1';
  nodes: NodeJson[];
  edges: Edge[];
}

export type ProbeEnd = { namespace: string; pod: string } | { ip: string };
export interface Probe {
  src: ProbeEnd;
  dst: ProbeEnd;
  protocol: string;
  port: number;
  family?: Family;
}
/** A question about every port. */
export type PairProbe = Pick<Probe, 'src' | 'dst' | 'family'> & { protocol?: Protocol };
export interface ProbeAnswer extends Probe {
  verdict?: Verdict;
  reasons?: { egress: DirectionReason; ingress: DirectionReason };
  /** Where the destination is a Service's address. */
  service?: ServiceAnswer;
  error?: string;
  /** An answer that is no verdict of any policy, with its words: the Service has no such port. */
  answer?: 'no-service-port';
  message?: string;
}

/** A page of a long list. */
export interface Page<T> {
  total: number;
  offset: number;
  rows: T[];
}

export interface PodQuery {
  offset: number;
  limit: number;
  /** Case-insensitive text in namespace, name or workload. */
  text?: string;
  namespace?: string;
  /** Isolation group of the summary. */
  group?:
    | 'both'
    | 'ingressOnly'
    | 'egressOnly'
    | 'none'
    | 'notIsolatable'
    | 'unknown'
    | 'allPermitted'
    | 'paperOnly';
  openEgress?: EgressWidth;
  sort?: 'namespace' | 'name' | 'workload' | 'ingress' | 'egress' | 'openEgress' | 'policies';
  descending?: boolean;
}

export interface FindingQuery {
  offset: number;
  limit: number;
  severity?: Severity;
  check?: string;
  text?: string;
}

export interface OpenEgressQuery {
  offset: number;
  limit: number;
  width?: EgressWidth;
  namespace?: string;
  text?: string;
}

export interface MatrixQuery {
  level: 'namespace' | 'workload';
  /** For level 'workload': the block to open. */
  src?: string;
  dst?: string;
}

/** The door of the evaluator: what `createAudit` (engine.ts) takes and gives. */
import type { AssumptionName, Snapshot } from '../kube/snapshot.ts';
import type {
  AuditJson,
  ConnJson,
  Direction,
  Edge,
  EgressWidth,
  Explanation,
  Finding,
  FindingQuery,
  IsolationState,
  MatrixData,
  MatrixQuery,
  NodeJson,
  OpenEgressQuery,
  OpenEgressRow,
  OpenEgressRowJson,
  Overview,
  Page,
  PairExplanation,
  PairProbe,
  PodQuery,
  PodRow,
  Probe,
  ProbeAnswer,
} from './result.ts';

export interface AuditInput {
  /** ISO time to stamp the result with; an argument so that the same input gives the same bytes. */
  auditedAt: string;
  /** Product version to stamp the result with. */
  version: string;
  /** Assumptions set by the user (S25); others come from the snapshot's enforcement or the defaults. */
  assume: Partial<Record<AssumptionName, string>>;
  /** Called now and then with a phase and how far it is; the worker forwards it. */
  progress?: (phase: 'compile' | 'evaluate', done: number, total: number) => void;
}

/** Holds an evaluated snapshot and answers questions on it. All answers are plain data. */
export interface AuditEngine {
  readonly snapshot: Snapshot;
  overview(): Overview;
  pods(query: PodQuery): Page<PodRow>;
  /** Every pod row, lazily, sorted by namespace, name (for CSV, JSON and PDF). */
  podRows(): Iterable<PodRow>;
  openEgress(query: OpenEgressQuery): Page<OpenEgressRow>;
  openEgressRows(): Iterable<OpenEgressRowJson>;
  findings(query: FindingQuery): Page<Finding>;
  allFindings(): Finding[];
  matrix(query: MatrixQuery): MatrixData;
  /** Throws QuestionError where an endpoint is unknown or the port is not 1-65535. */
  explain(probe: Probe): Explanation;
  /** What is permitted and what is not, where no port was asked for. Throws as `explain`. */
  explainAllPorts(probe: PairProbe): PairExplanation;
  verdicts(probes: Probe[]): { answers: ProbeAnswer[]; errors: number };
  /** Edges lazily, in a stable order. */
  connections(endpoints: 'pods' | 'workloads'): { nodes: NodeJson[]; edges: Iterable<Edge> };
  endpoints(text: string, limit: number): { namespace: string; name: string; kind: string }[];
  toJson(): AuditJson;
  /** For comparing two audits (diff.ts). */
  readonly classes: PodClasses;
}

/** What an audit says of its pods, by class: pods that no policy can tell apart have one class and one answer. */
export interface PodClasses {
  /** Class of the pod at an index of `snapshot.pods`; -1 where it takes no part (S17). */
  of(pod: number): number;
  states(c: number): ClassStates;
  /** Text that is equal where two classes have equal connections with addresses outside the cluster. */
  reach(c: number, direction: Direction): string;
  /** What is permitted from a pod of one class to another pod of another, own node left aside (S7). */
  between(source: number, destination: number): { conns: ConnJson; upper: ConnJson };
}

/** The states of a pod, in both directions. */
export interface ClassStates {
  ingress: IsolationState;
  egress: IsolationState;
  paperIngress: IsolationState;
  paperEgress: IsolationState;
  openEgress: EgressWidth;
  openIngress: EgressWidth;
}

/** Bad assumption, unknown endpoint, impossible port: the message names it. */
export class QuestionError extends Error {
  override name = 'QuestionError';
}

/** The Service that was asked has no such port (S29): an answer, but no verdict of any policy. */
export class NoServicePortError extends QuestionError {}

/** The door of the evaluator: what `createAudit` (engine.ts) takes and gives. */
import type { AssumptionName, Snapshot } from '../kube/snapshot.ts';
import type {
  AuditJson,
  Edge,
  Explanation,
  Finding,
  FindingQuery,
  MatrixData,
  MatrixQuery,
  NodeJson,
  OpenEgressQuery,
  OpenEgressRow,
  OpenEgressRowJson,
  Overview,
  Page,
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
  verdicts(probes: Probe[]): { answers: ProbeAnswer[]; errors: number };
  /** Edges lazily, in a stable order. */
  connections(endpoints: 'pods' | 'workloads'): { nodes: NodeJson[]; edges: Iterable<Edge> };
  endpoints(text: string, limit: number): { namespace: string; name: string; kind: string }[];
  toJson(): AuditJson;
}

/** Bad assumption, unknown endpoint, impossible port: the message names it. */
export class QuestionError extends Error {
  override name = 'QuestionError';
}

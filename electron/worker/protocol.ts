/** What an audit worker can be asked. Types only; every value here crosses threads by structured clone. */
import type { MessagePort } from 'node:worker_threads';
import type { AuditEngine } from '../../shared/audit/api.ts';
import type { AuditDiff, DiffSummary } from '../../shared/audit/diff.ts';
import type { Overview, Probe, ProbeAnswer } from '../../shared/audit/result.ts';
import type { Lang } from '../../shared/ipc.ts';
import type { ChangeEvent, FollowedList } from '../../shared/kube/live.ts';
import type {
  AssumptionName,
  ClusterInfo,
  CoverageEntry,
  OtherPolicyRecord,
  Problem,
} from '../../shared/kube/snapshot.ts';

/** What the reader needs to know of a page it passed on (the same as `PageSummary` of cluster/sink.ts). */
export interface PageInfo {
  count: number;
  first?: string;
  continueToken: string | null;
  remaining: number | null;
  resourceVersion: string | null;
}

/** With what a snapshot is evaluated; arguments, so that the same input gives the same bytes. */
export interface EvaluateOptions {
  /** ISO time. */
  auditedAt: string;
  /** Product version. */
  version: string;
  assume: Partial<Record<AssumptionName, string>>;
  /** Keep what is needed to follow the cluster; nothing is kept of a source that cannot change. */
  follow?: boolean;
}

/** A snapshot as bytes of its file format. */
export interface SnapshotBytes {
  bytes: ArrayBuffer;
  /** SHA-256 of the text (before compression), hexadecimal. */
  digest: string;
  /** Length of the text in bytes. */
  size: number;
}

/** What can be written out. A report may hold several audits of one worker (`audits`, in order of evaluation). */
export type OutputRequest =
  | {
      what: 'report';
      format: 'pdf' | 'csv' | 'json' | 'text';
      lang: Lang;
      audits: number[];
      /** Of text only: terminal cells in a line, and whether ANSI colours are wanted. */
      width?: number;
      colour?: boolean;
    }
  | {
      what: 'connections';
      format: 'json' | 'csv' | 'text';
      endpoints: 'pods' | 'workloads';
      lang: Lang;
      audit: number;
    };

/** A question of the evaluator: its parameters behind the number of the audit that is asked. */
type Asked<
  K extends 'pods' | 'openEgress' | 'findings' | 'matrix' | 'explain' | 'explainAllPorts' | 'endpoints',
> = (audit: number, ...args: Parameters<AuditEngine[K]>) => ReturnType<AuditEngine[K]>;

/**
 * One worker can hold several audits (a report over several clusters); the window uses one worker an audit. A
 * snapshot is built between `begin` and `evaluate`, which answers the number that the questions take.
 */
export interface AuditMethods {
  /** Serves the same methods at another port: the thread that reads passes its pages straight on. */
  attach(port: MessagePort): void;
  begin(cluster: ClusterInfo): void;
  /** One page of a list, as the bytes of the API's answer. */
  page(resource: string, namespace: string | null, bytes: ArrayBuffer): PageInfo;
  /** The list starts again (410 Gone): forget what it brought. */
  restart(resource: string, namespace: string | null): void;
  /** The bytes of one manifest file. */
  manifest(file: string, bytes: ArrayBuffer): { documents: number; objects: number };
  otherPolicy(record: OtherPolicyRecord): void;
  coverage(entry: CoverageEntry): void;
  problem(problem: Problem): void;
  unread(what: 'policies' | 'pods', namespace: string | null): void;
  version(gitVersion: string | null): void;
  apiGroups(names: string[]): void;
  /** Takes a whole snapshot (its file's bytes, plain or gzip) in place of begin and pages. */
  loadSnapshot(bytes: ArrayBuffer): Promise<ClusterInfo>;
  /** Takes the built-in cluster in place of begin and pages. */
  demo(): ClusterInfo;
  /** Ends the building and evaluates. */
  evaluate(options: EvaluateOptions): { audit: number; overview: Overview };
  overview(audit: number): Overview;
  pods: Asked<'pods'>;
  openEgress: Asked<'openEgress'>;
  findings: Asked<'findings'>;
  matrix: Asked<'matrix'>;
  explain: Asked<'explain'>;
  explainAllPorts: Asked<'explainAllPorts'>;
  endpoints: Asked<'endpoints'>;
  /** Events of a watch since the audit. A note tells when something changed that was not compared yet. */
  change(audit: number, list: FollowedList, events: ChangeEvent[]): void;
  beginReplace(audit: number, list: FollowedList): void;
  replacePage(audit: number, list: FollowedList, bytes: ArrayBuffer): PageInfo;
  endReplace(audit: number, list: FollowedList, whole: boolean): void;
  /** Evaluates the cluster of now as the audit was, and tells in figures what differs from the audit. */
  compare(audit: number): DiffSummary;
  /** All of what `compare` last found; null before. */
  changes(audit: number): AuditDiff | null;
  verdicts(audit: number, probes: Probe[]): { answers: ProbeAnswer[]; errors: number };
  /** The snapshot's file, plain or compressed. With no audit: of the snapshot being built, which ends the building. */
  snapshot(audit: number | null, gzip: boolean): Promise<SnapshotBytes>;
  /** Begins an output; its bytes are fetched by `nextChunk`, so that a huge one never lies in memory at once. */
  openOutput(request: OutputRequest): Promise<number>;
  /** Up to about 1 MiB; null at the end. */
  nextChunk(output: number): Promise<ArrayBuffer | null>;
  closeOutput(output: number): void;
}

export interface ProgressNote {
  phase: 'compile' | 'evaluate';
  done: number;
  total: number;
}

/** Something changed since the audit was last compared. */
export interface ChangedNote {
  changed: number;
}

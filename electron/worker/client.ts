/** The main side of an audit worker: one typed method for each thing it can be asked. */
import type { ResourceLimits } from 'node:worker_threads';
import type {
  Explanation,
  Finding,
  FindingQuery,
  MatrixData,
  MatrixQuery,
  OpenEgressQuery,
  OpenEgressRow,
  Overview,
  Page,
  PodQuery,
  PodRow,
  Probe,
  ProbeAnswer,
} from '../../shared/audit/result.ts';
import type { Endpoint, IpcError } from '../../shared/ipc.ts';
import type { ClusterInfo, CoverageEntry, OtherPolicyRecord, Problem } from '../../shared/kube/snapshot.ts';
import type { ClusterSink, PageSummary } from '../cluster/sink.ts';
import type {
  AuditMethods,
  EvaluateOptions,
  OutputRequest,
  ProgressNote,
  SnapshotBytes,
} from './protocol.ts';
import { Thread } from './rpc.ts';

/**
 * Where a thread's program lies: beside this file's source when run from source (Node strips the types), or in the
 * folder of the bundles (every bundle and chunk lies in that one folder).
 * @param source path of the source relative to this file
 * @param bundle name of the bundle
 */
export function threadFile(source: string, bundle: string): URL {
  const here = import.meta.url;
  return new URL(here.endsWith('.ts') ? source : bundle, here);
}

export interface AuditClientOptions {
  progress?: (note: ProgressNote) => void;
  /** Heap limits of the thread; Node's own when absent. */
  resourceLimits?: ResourceLimits;
}

/**
 * An audit worker. Buffers given to it move to the worker and cannot be used here afterwards. Every method throws a
 * `BackendError`: with the kind that the worker found, 'cancelled' after `close`, or 'internal' where the worker
 * crashed.
 */
export class AuditClient implements ClusterSink {
  readonly #thread: Thread<AuditMethods>;
  #failure: Error | null = null;

  /** Starts the thread. */
  constructor(options: AuditClientOptions = {}) {
    this.#thread = new Thread<AuditMethods>(
      threadFile('./worker.ts', './worker.js'),
      'The audit',
      options.resourceLimits ? { resourceLimits: options.resourceLimits } : {},
    );
    this.#thread.onNote = (note) => options.progress?.(note as ProgressNote);
  }

  /** Why the worker takes no more questions; null while it lives. */
  get ended(): IpcError | null {
    return this.#thread.ended;
  }

  /** Begins a snapshot; what follows fills it, `evaluate` ends it. */
  begin(cluster: ClusterInfo): Promise<void> {
    return this.#thread.call('begin', [cluster]);
  }

  /** Passes one page of an API list on. */
  page(resource: string, namespace: string | null, bytes: Uint8Array | ArrayBuffer): Promise<PageSummary> {
    const buffer = movable(bytes);
    return this.#thread.call('page', [resource, namespace, buffer], [buffer]);
  }

  /** Forgets what a list brought so far: it starts again. */
  restart(resource: string, namespace: string | null): Promise<void> {
    return this.#thread.call('restart', [resource, namespace]);
  }

  /** Passes one manifest file on. */
  manifest(file: string, bytes: Uint8Array | ArrayBuffer): Promise<{ documents: number; objects: number }> {
    const buffer = movable(bytes);
    return this.#thread.call('manifest', [file, buffer], [buffer]);
  }

  otherPolicy(record: OtherPolicyRecord): void {
    this.#later(this.#thread.call('otherPolicy', [record]));
  }

  coverage(entry: CoverageEntry): void {
    this.#later(this.#thread.call('coverage', [entry]));
  }

  problem(problem: Problem): void {
    this.#later(this.#thread.call('problem', [problem]));
  }

  unread(what: 'policies' | 'pods', namespace: string | null): void {
    this.#later(this.#thread.call('unread', [what, namespace]));
  }

  version(gitVersion: string | null): void {
    this.#later(this.#thread.call('version', [gitVersion]));
  }

  apiGroups(names: string[]): void {
    this.#later(this.#thread.call('apiGroups', [names]));
  }

  /** Calls whose answer nobody waits for: a failure is not lost, `evaluate` and `snapshot` throw it. */
  #later(call: Promise<void>): void {
    call.catch((thrown: unknown) => {
      this.#failure ??= thrown instanceof Error ? thrown : new Error(String(thrown));
    });
  }

  #noFailure(): void {
    const failure = this.#failure;
    this.#failure = null;
    if (failure) throw failure;
  }

  /** Takes a saved snapshot (plain JSON or gzip) instead of `begin` and pages. Throws kind 'input' with its errors. */
  loadSnapshot(bytes: Uint8Array | ArrayBuffer): Promise<ClusterInfo> {
    const buffer = movable(bytes);
    return this.#thread.call('loadSnapshot', [buffer], [buffer]);
  }

  /** Takes the built-in cluster instead of `begin` and pages. */
  demo(): Promise<ClusterInfo> {
    return this.#thread.call('demo', []);
  }

  /** Ends the building and evaluates; the number is what the questions below take (0 for the first). */
  async evaluate(options: EvaluateOptions): Promise<{ audit: number; overview: Overview }> {
    const evaluated = this.#thread.call('evaluate', [options]);
    // The worker answers in order: what failed before is known by now.
    const result = await evaluated;
    this.#noFailure();
    return result;
  }

  overview(audit = 0): Promise<Overview> {
    return this.#thread.call('overview', [audit]);
  }

  pods(query: PodQuery, audit = 0): Promise<Page<PodRow>> {
    return this.#thread.call('pods', [audit, query]);
  }

  openEgress(query: OpenEgressQuery, audit = 0): Promise<Page<OpenEgressRow>> {
    return this.#thread.call('openEgress', [audit, query]);
  }

  findings(query: FindingQuery, audit = 0): Promise<Page<Finding>> {
    return this.#thread.call('findings', [audit, query]);
  }

  matrix(query: MatrixQuery, audit = 0): Promise<MatrixData> {
    return this.#thread.call('matrix', [audit, query]);
  }

  /** Throws kind 'bad-request' where an endpoint is unknown or the port impossible. */
  explain(probe: Probe, audit = 0): Promise<Explanation> {
    return this.#thread.call('explain', [audit, probe]);
  }

  endpoints(text: string, limit: number, audit = 0): Promise<Endpoint[]> {
    return this.#thread.call('endpoints', [audit, text, limit]);
  }

  verdicts(probes: Probe[], audit = 0): Promise<{ answers: ProbeAnswer[]; errors: number }> {
    return this.#thread.call('verdicts', [audit, probes]);
  }

  /**
   * The snapshot's file. `audit` null: of the snapshot that is being built (which ends the building), without an
   * evaluation.
   */
  async snapshot(options: { audit?: number | null; gzip?: boolean } = {}): Promise<SnapshotBytes> {
    const audit = options.audit === undefined ? 0 : options.audit;
    const result = await this.#thread.call('snapshot', [audit, options.gzip ?? false]);
    this.#noFailure();
    return result;
  }

  /** An output piece by piece; the worker makes the next piece only when this one was taken. */
  async *output(request: OutputRequest): AsyncGenerator<Uint8Array, void, undefined> {
    const output = await this.#thread.call('openOutput', [request]);
    try {
      for (;;) {
        const chunk = await this.#thread.call('nextChunk', [output]);
        if (chunk === null) return;
        yield new Uint8Array(chunk);
      }
    } finally {
      if (!this.ended) await this.#thread.call('closeOutput', [output]);
    }
  }

  /** A whole output in one piece. */
  async render(request: OutputRequest): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.output(request)) chunks.push(chunk);
    return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
  }

  /** Ends the thread at once, also in the middle of an evaluation; what it owes is refused as 'cancelled'. */
  close(reason?: IpcError): Promise<void> {
    return this.#thread.terminate(reason);
  }
}

/** A buffer that may move: small Node buffers share one pool, which must stay. */
function movable(bytes: Uint8Array | ArrayBuffer): ArrayBuffer {
  if (bytes instanceof ArrayBuffer) return bytes;
  const { buffer, byteOffset, byteLength } = bytes;
  if (buffer instanceof ArrayBuffer && byteOffset === 0 && byteLength === buffer.byteLength) return buffer;
  return Uint8Array.from(bytes).buffer;
}

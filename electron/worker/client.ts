/** The main side of an audit worker: one typed method for each thing it can be asked. */
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort, ResourceLimits } from 'node:worker_threads';
import type {
  Explanation,
  PairExplanation,
  PairProbe,
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
import type { AuditDiff, DiffSummary } from '../../shared/audit/diff.ts';
import type { Endpoint, IpcError } from '../../shared/ipc.ts';
import type { ChangeEvent, FollowedList } from '../../shared/kube/live.ts';
import type { ClusterInfo, CoverageEntry, OtherPolicyRecord, Problem } from '../../shared/kube/snapshot.ts';
import type { FollowSink } from '../cluster/follow.ts';
import type { ClusterSink, PageSummary } from '../cluster/sink.ts';
import type {
  AuditMethods,
  ChangedNote,
  EvaluateOptions,
  OutputRequest,
  ProgressNote,
  SnapshotBytes,
} from './protocol.ts';
import { heapLimitMb, memoryWatch } from './memory.ts';
import { Thread } from './rpc.ts';
import type { Calls } from './rpc.ts';

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
  /** Something changed since the audit was last compared. */
  changed?: () => void;
  /** Heap limits of the thread; by the machine's memory when absent. */
  resourceLimits?: ResourceLimits;
}

/**
 * The building of a snapshot in an audit worker, from whichever thread does the reading. Buffers given to it move to the
 * worker and cannot be used here afterwards. Every method throws a `BackendError`.
 */
export class AuditInput implements ClusterSink {
  protected readonly calls: Calls<AuditMethods>;
  #failure: Error | null = null;
  #unanswered = new Set<Promise<void>>();

  /** @param calls to the worker, or to a port that it serves */
  constructor(calls: Calls<AuditMethods>) {
    this.calls = calls;
  }

  /** Begins a snapshot; what follows fills it, `evaluate` ends it. */
  begin(cluster: ClusterInfo): Promise<void> {
    return this.calls.call('begin', [cluster]);
  }

  /** Passes one page of an API list on. */
  page(resource: string, namespace: string | null, bytes: Uint8Array | ArrayBuffer): Promise<PageSummary> {
    const buffer = movable(bytes);
    return this.calls.call('page', [resource, namespace, buffer], [buffer]);
  }

  /** Forgets what a list brought so far: it starts again. */
  restart(resource: string, namespace: string | null): Promise<void> {
    return this.calls.call('restart', [resource, namespace]);
  }

  /** Passes one manifest file on. */
  manifest(file: string, bytes: Uint8Array | ArrayBuffer): Promise<{ documents: number; objects: number }> {
    const buffer = movable(bytes);
    return this.calls.call('manifest', [file, buffer], [buffer]);
  }

  otherPolicy(record: OtherPolicyRecord): void {
    this.#later(this.calls.call('otherPolicy', [record]));
  }

  coverage(entry: CoverageEntry): void {
    this.#later(this.calls.call('coverage', [entry]));
  }

  problem(problem: Problem): void {
    this.#later(this.calls.call('problem', [problem]));
  }

  unread(what: 'policies' | 'pods', namespace: string | null): void {
    this.#later(this.calls.call('unread', [what, namespace]));
  }

  version(gitVersion: string | null): void {
    this.#later(this.calls.call('version', [gitVersion]));
  }

  apiGroups(names: string[]): void {
    this.#later(this.calls.call('apiGroups', [names]));
  }

  /** Calls whose answer nobody waits for: a failure is not lost, `settled` throws it. */
  #later(call: Promise<void>): void {
    const answered = call
      .catch((thrown: unknown) => {
        this.#failure ??= thrown instanceof Error ? thrown : new Error(String(thrown));
      })
      .finally(() => this.#unanswered.delete(answered));
    this.#unanswered.add(answered);
  }

  /** Waits until everything that was passed on has been taken. Throws the first failure among it. */
  async settled(): Promise<void> {
    await Promise.all(this.#unanswered);
    const failure = this.#failure;
    this.#failure = null;
    if (failure) throw failure;
  }

  /** Takes a saved snapshot (plain JSON or gzip) instead of `begin` and pages. Throws kind 'input' with its errors. */
  loadSnapshot(bytes: Uint8Array | ArrayBuffer): Promise<ClusterInfo> {
    const buffer = movable(bytes);
    return this.calls.call('loadSnapshot', [buffer], [buffer]);
  }

  /** Takes the built-in cluster instead of `begin` and pages. */
  demo(): Promise<ClusterInfo> {
    return this.calls.call('demo', []);
  }
}

/** The following of a cluster in the worker that holds its audit, from the thread that watches. */
export class FollowInput implements FollowSink {
  readonly #calls: Calls<AuditMethods>;
  readonly #audit: number;

  /**
   * @param calls to a port that the worker serves
   * @param audit the number of the audit
   */
  constructor(calls: Calls<AuditMethods>, audit = 0) {
    this.#calls = calls;
    this.#audit = audit;
  }

  get ended(): IpcError | null {
    return this.#calls.ended;
  }

  change(list: FollowedList, events: ChangeEvent[]): Promise<void> {
    return this.#calls.call('change', [this.#audit, list, events]);
  }

  beginReplace(list: FollowedList): Promise<void> {
    return this.#calls.call('beginReplace', [this.#audit, list]);
  }

  replacePage(list: FollowedList, bytes: ArrayBuffer): Promise<PageSummary> {
    return this.#calls.call('replacePage', [this.#audit, list, bytes], [bytes]);
  }

  endReplace(list: FollowedList, whole: boolean): Promise<void> {
    return this.#calls.call('endReplace', [this.#audit, list, whole]);
  }
}

/**
 * An audit worker. Every method throws a `BackendError`: with the kind that the worker found, 'cancelled' after `close`,
 * or 'internal' where the worker crashed.
 */
export class AuditClient extends AuditInput {
  readonly #thread: Thread<AuditMethods>;

  /** Starts the thread. */
  constructor(options: AuditClientOptions = {}) {
    const thread = new Thread<AuditMethods>(threadFile('./worker.ts', './worker.js'), 'The audit', {
      resourceLimits: options.resourceLimits ?? { maxOldGenerationSizeMb: heapLimitMb() },
      watch: memoryWatch,
    });
    super(thread);
    this.#thread = thread;
    thread.onNote = (note) => {
      if ('changed' in (note as ChangedNote | ProgressNote)) options.changed?.();
      else options.progress?.(note as ProgressNote);
    };
  }

  /** Why the worker takes no more questions; null while it lives. */
  get ended(): IpcError | null {
    return this.#thread.ended;
  }

  /** Another door to the worker: for `new AuditInput(new Calls(port))` in the thread that reads. */
  async openPort(): Promise<MessagePort> {
    const { port1, port2 } = new MessageChannel();
    await this.#thread.call('attach', [port1], [port1]);
    return port2;
  }

  /** Ends the building and evaluates; the number is what the questions below take (0 for the first). */
  async evaluate(options: EvaluateOptions): Promise<{ audit: number; overview: Overview }> {
    await this.settled();
    return this.#thread.call('evaluate', [options]);
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

  /** Throws as `explain`. */
  explainAllPorts(probe: PairProbe, audit = 0): Promise<PairExplanation> {
    return this.#thread.call('explainAllPorts', [audit, probe]);
  }

  endpoints(text: string, limit: number, audit = 0): Promise<Endpoint[]> {
    return this.#thread.call('endpoints', [audit, text, limit]);
  }

  verdicts(probes: Probe[], audit = 0): Promise<{ answers: ProbeAnswer[]; errors: number }> {
    return this.#thread.call('verdicts', [audit, probes]);
  }

  /** Evaluates the cluster of now and compares; throws 'bad-request' for an audit that is not kept to be followed. */
  compare(audit = 0): Promise<DiffSummary> {
    return this.#thread.call('compare', [audit]);
  }

  /** What the last comparison found; null before the first. */
  changes(audit = 0): Promise<AuditDiff | null> {
    return this.#thread.call('changes', [audit]);
  }

  /**
   * The snapshot's file. `audit` null: of the snapshot that is being built (which ends the building), without an
   * evaluation.
   */
  async snapshot(options: { audit?: number | null; gzip?: boolean } = {}): Promise<SnapshotBytes> {
    await this.settled();
    const audit = options.audit === undefined ? 0 : options.audit;
    return this.#thread.call('snapshot', [audit, options.gzip ?? false]);
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

/** Sources for the windows: as `KubeSources`, but in threads of their own. */
import { dirname, join } from 'node:path';
import type { Source, SourcesInfo } from '../../shared/ipc.ts';
import type { Sources } from '../backend.ts';
import type { FollowStatus } from '../cluster/follow.ts';
import type { PermitAnswer } from '../cluster/permit.ts';
import { searchPath, startedByDesktop } from '../cluster/shellPath.ts';
import type { RenderFolder } from '../render/plan.ts';
import { absolutePath, KubeSources, pastedLabel } from '../source.ts';
import type {
  Followable,
  FollowSourceOptions,
  KubeSourcesOptions,
  PastedKubeconfig,
  ReadOptions,
  ReadProgress,
} from '../source.ts';
import { Logins, loginsFile } from '../logins.ts';
import { threadFile } from '../worker/client.ts';
import type { AuditClient } from '../worker/client.ts';
import { toIpcError } from '../worker/errors.ts';
import { heapLimitMb, memoryWatch } from '../worker/memory.ts';
import { Thread } from '../worker/rpc.ts';
import type { PermitNote, ReaderMethods } from './worker.ts';

/** A read that does not end by itself when it is asked to is ended with its thread. */
const ABORT_MS = 1000;

/**
 * The same contexts and files: one thread keeps the kubeconfigs, and the reading of a cluster or a folder is a thread
 * that begins and ends with it.
 */
export class ThreadedSources implements Sources {
  readonly #options: KubeSourcesOptions;
  readonly logins: Logins;
  /** What was added in this run: the threads that read have to know it too. */
  #added: string[] = [];
  #pasted: PastedKubeconfig[] = [];
  #pastes = 0;
  #searchPath: string | undefined;
  #keeper: Thread<ReaderMethods> | null = null;
  #changed: ((sources: SourcesInfo) => void) | null = null;

  /**
   * @param options where kubeconfigs are looked for, and where added ones are kept
   * @param logins what was agreed to of their programs
   */
  constructor(
    options: Pick<KubeSourcesOptions, 'files' | 'remember' | 'insecureTokens'> = {},
    logins = new Logins(),
  ) {
    this.#options = options;
    this.logins = logins;
    // Asking the login shell takes its time, and each thread would ask anew: begun now, and nobody waits for it.
    searchPath(startedByDesktop()).then(
      (path) => (this.#searchPath = path),
      () => {},
    );
  }

  list(): Promise<SourcesInfo> {
    return this.#kubeconfigs().call('list', []);
  }

  async addKubeconfig(path: string): Promise<SourcesInfo> {
    const info = await this.#kubeconfigs().call('addKubeconfig', [path]);
    this.#added.push(absolutePath(path));
    return info;
  }

  async addKubeconfigText(text: string): Promise<SourcesInfo> {
    const label = pastedLabel(this.#pastes + 1);
    const info = await this.#kubeconfigs().call('addKubeconfigText', [text, label]);
    this.#pastes += 1;
    this.#pasted.push({ label, text });
    return info;
  }

  async removeKubeconfig(added: string): Promise<SourcesInfo> {
    const info = await this.#kubeconfigs().call('removeKubeconfig', [added]);
    this.#added = this.#added.filter((path) => path !== added);
    this.#pasted = this.#pasted.filter(({ label }) => label !== added);
    return info;
  }

  /** As `KubeSources.watch`, for one listener. */
  watch(changed: (sources: SourcesInfo) => void): () => void {
    this.#changed = changed;
    this.#watch(this.#kubeconfigs());
    return () => {
      this.#changed = null;
      void this.#keeper?.terminate();
    };
  }

  #watch(keeper: Thread<ReaderMethods>): void {
    keeper.onNote = (note) => this.#changed?.(note as SourcesInfo);
    keeper.call('watch', []).catch(() => {});
  }

  /** The thread that keeps the kubeconfigs; begun anew where it crashed. */
  #kubeconfigs(): Thread<ReaderMethods> {
    if (this.#keeper && !this.#keeper.ended) return this.#keeper;
    const keeper = this.#thread('Reading kubeconfigs');
    this.#keeper = keeper;
    if (this.#changed) this.#watch(keeper);
    return keeper;
  }

  #thread(what: string): Thread<ReaderMethods> {
    return new Thread<ReaderMethods>(threadFile('../reader/worker.ts', './reader.js'), what, {
      resourceLimits: { maxOldGenerationSizeMb: heapLimitMb() },
      watch: memoryWatch,
      workerData: {
        ...this.#options,
        added: this.#added,
        pasted: this.#pasted,
        ...(this.#searchPath === undefined ? {} : { searchPath: this.#searchPath }),
      } satisfies KubeSourcesOptions,
    });
  }

  /** Answers a thread that asks whether a program may be run; its other notes go on. */
  #notes(
    thread: Thread<ReaderMethods>,
    signal: AbortSignal,
    others: (note: unknown) => void,
  ): (note: unknown) => void {
    return (note) => {
      if (!isPermitNote(note)) {
        others(note);
        return;
      }
      const { id, question } = note.permit;
      this.logins
        .permit(question, signal)
        .catch((thrown: unknown): PermitAnswer => ({ allowed: false, message: toIpcError(thrown).message }))
        .then((answer) => thread.call('permitted', [id, answer]))
        // It has ended meanwhile.
        .catch(() => undefined);
    };
  }

  /** Throws as `KubeSources.read`; 'cancelled' on abort, 'internal' where the thread crashed. */
  async read(client: AuditClient, source: Source, options: ReadOptions): Promise<Followable | null> {
    // One call, or one file that is handed over unread: not worth the start of a thread.
    if (source.kind === 'demo' || source.kind === 'snapshot')
      return new KubeSources(this.#options).read(client, source, options);
    const thread = this.#thread('Reading');
    thread.onNote = this.#notes(thread, options.signal, (note) => options.progress(note as ReadProgress));
    return untilEnded(thread, options.signal, async () => {
      const port = await client.openPort();
      return thread.call('read', [source, options.takenAt, port, options.render ?? null], [port]);
    });
  }

  /** As `KubeSources.renderPlan`, in a thread that begins and ends with it: kustomizations are parsed. */
  async renderPlan(source: Source): Promise<RenderFolder[]> {
    const thread = this.#thread('Planning');
    try {
      return await thread.call('renderPlan', [source]);
    } finally {
      await thread.terminate();
    }
  }

  /** As `KubeSources.follow`, in a thread that begins and ends with it. Resolves on abort. */
  async follow(client: AuditClient, followable: Followable, options: FollowSourceOptions): Promise<void> {
    const thread = this.#thread('Following');
    thread.onNote = this.#notes(thread, options.signal, (note) => options.status(note as FollowStatus));
    await untilEnded(thread, options.signal, async () => {
      const port = await client.openPort();
      await thread.call('follow', [followable, port], [port]);
    }).catch((thrown: unknown) => {
      if (!options.signal.aborted) throw thrown;
    });
  }
}

/** Whether a note is such a question. */
function isPermitNote(note: unknown): note is PermitNote {
  return typeof note === 'object' && note !== null && 'permit' in note;
}

/**
 * The sources of a window: the kubeconfigs that were named at its start, else those of the user with what was added in
 * the app, which is kept beside the history.
 * @param named files of `--kubeconfig`; empty where there are none
 * @param history the history's file
 * @param given contexts of `--insecure-token`, and `--allow-exec`
 */
export function windowSources(
  named: string[],
  history: string,
  given: { insecureTokens?: readonly string[]; allowExec?: boolean } = {},
): ThreadedSources {
  const { insecureTokens = [], allowExec = false } = given;
  return new ThreadedSources(
    {
      insecureTokens,
      ...(named.length > 0 ? { files: named } : { remember: join(dirname(history), 'kubeconfigs.json') }),
    },
    new Logins({ file: loginsFile(history), allowNamed: allowExec }),
  );
}

/** Does something in a thread, which ends with it: asked first when the signal aborts, and then at once. */
async function untilEnded<T>(
  thread: Thread<ReaderMethods>,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  let late: NodeJS.Timeout | undefined;
  const abort = (): void => {
    thread.call('abort', []).catch(() => {});
    late = setTimeout(() => void thread.terminate(), ABORT_MS);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    return await work();
  } finally {
    signal.removeEventListener('abort', abort);
    clearTimeout(late);
    await thread.terminate();
  }
}

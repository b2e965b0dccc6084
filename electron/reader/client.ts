/** Sources for the windows: as `KubeSources`, but read in a thread of their own. */
import type { Source } from '../../shared/ipc.ts';
import { searchPath, startedByDesktop } from '../cluster/shellPath.ts';
import { KubeSources } from '../source.ts';
import type { KubeSourcesOptions, ReadOptions, ReadProgress } from '../source.ts';
import { threadFile } from '../worker/client.ts';
import type { AuditClient } from '../worker/client.ts';
import { Thread } from '../worker/rpc.ts';
import type { ReaderMethods } from './worker.ts';

/** A read that does not end by itself when it is asked to is ended with its thread. */
const ABORT_MS = 1000;

/** The same contexts and files; the reading of a cluster or a folder is a thread that begins and ends with it. */
export class ThreadedSources extends KubeSources {
  #path: string | undefined;

  constructor(options: KubeSourcesOptions = {}) {
    super(options);
    // Asking the login shell takes its time, and each thread would ask anew: begun now, and nobody waits for it.
    searchPath(startedByDesktop()).then(
      (path) => (this.#path = path),
      () => {},
    );
  }

  /** Throws as `KubeSources.read`; 'cancelled' on abort, 'internal' where the thread crashed. */
  override async read(client: AuditClient, source: Source, options: ReadOptions): Promise<void> {
    // One call, or one file that is handed over unread: not worth the start of a thread.
    if (source.kind === 'demo' || source.kind === 'snapshot') return super.read(client, source, options);
    const thread = new Thread<ReaderMethods>(threadFile('../reader/worker.ts', './reader.js'), 'Reading', {
      workerData: {
        ...this.settings(),
        ...(this.#path === undefined ? {} : { searchPath: this.#path }),
      } satisfies KubeSourcesOptions,
    });
    thread.onNote = (note) => options.progress(note as ReadProgress);
    const { signal } = options;
    let late: NodeJS.Timeout | undefined;
    const abort = (): void => {
      thread.call('abort', []).catch(() => {});
      late = setTimeout(() => void thread.terminate(), ABORT_MS);
    };
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      const port = await client.openPort();
      await thread.call('read', [source, options.takenAt, port], [port]);
    } finally {
      signal.removeEventListener('abort', abort);
      clearTimeout(late);
      await thread.terminate();
    }
  }
}

/** The history from the main thread: the same functions, in a thread of their own. */
import type { HistoryItem } from '../../shared/ipc.ts';
import { threadFile } from '../worker/client.ts';
import type { SnapshotBytes } from '../worker/protocol.ts';
import { Thread } from '../worker/rpc.ts';
import type { AuditToKeep, KeptAudit } from './audits.ts';

export interface HistoryMethods {
  save(audit: AuditToKeep): number;
  list(): HistoryItem[];
  read(id: number): KeptAudit;
  remove(id: number): void;
  end(): void;
}

/** Opens nothing until it is first asked. Every method throws a `BackendError`, mostly of kind 'history'. */
export class HistoryClient {
  readonly file: string;
  #thread: Thread<HistoryMethods> | null = null;

  /** @param file path of the database */
  constructor(file: string) {
    this.file = file;
  }

  #running(): Thread<HistoryMethods> {
    // A crash ends the thread, not the history: the next call starts another.
    if (!this.#thread || this.#thread.ended) {
      this.#thread = new Thread<HistoryMethods>(
        threadFile('../history/worker.ts', './history.js'),
        'The history',
        { workerData: { file: this.file } },
      );
    }
    return this.#thread;
  }

  /** Keeps an audit; its snapshot's bytes move away. Gives the audit's number. */
  save(audit: Omit<AuditToKeep, 'snapshot'> & { snapshot: SnapshotBytes }): Promise<number> {
    const { bytes, digest, size } = audit.snapshot;
    const snapshot = { bytes: new Uint8Array(bytes), digest, size };
    return this.#running().call('save', [{ ...audit, snapshot }], [bytes]);
  }

  /** The newest first. */
  list(): Promise<HistoryItem[]> {
    return this.#running().call('list', []);
  }

  /** Throws kind 'not-found'. */
  open(id: number): Promise<KeptAudit> {
    return this.#running().call('read', [id]);
  }

  /** Throws kind 'not-found'. */
  delete(id: number): Promise<void> {
    return this.#running().call('remove', [id]);
  }

  /** Closes the file after what is being written. */
  async close(): Promise<void> {
    const thread = this.#thread;
    if (!thread || thread.ended) return;
    await thread.call('end', []);
    await thread.terminate();
  }
}

/** The history from the main thread: the same functions, in a thread of their own. */
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { HistoryCleared, HistoryItem } from '../../shared/ipc.ts';
import { processTag } from '../lock.ts';
import { threadFile } from '../worker/client.ts';
import type { SnapshotBytes } from '../worker/protocol.ts';
import { Thread } from '../worker/rpc.ts';
import type { AuditToKeep, KeptAudit, Retention } from './audits.ts';

export interface HistoryMethods {
  save(audit: AuditToKeep): number;
  list(): HistoryItem[];
  read(id: number): Promise<KeptAudit>;
  outlived(rule: Retention): number[];
  remove(ids: readonly number[]): HistoryCleared;
  backup(target: string): Promise<void>;
  end(): void;
}

/** What the history has to tell without being asked. */
export interface HistoryNote {
  /** The new name of a damaged history: a new one was begun. */
  setAside: string;
}

/** Opens nothing until it is first asked. Every method throws a `BackendError`, mostly of kind 'history'. */
export class HistoryClient {
  readonly file: string;
  /** Told when a damaged history was set aside and a new one begun. */
  onSetAside: ((path: string) => void) | null = null;
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
      this.#thread.onNote = (note) => this.onSetAside?.((note as HistoryNote).setAside);
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

  /** Throws kind 'not-found', or 'history' where the snapshot is not the one that was saved. */
  open(id: number): Promise<KeptAudit> {
    return this.#running().call('read', [id]);
  }

  /** The numbers of the audits that a retention lets go; deletes nothing. */
  outlived(rule: Retention): Promise<number[]> {
    return this.#running().call('outlived', [rule]);
  }

  /** Deletes all of these or, where one is not there ('not-found'), none; afterwards the file holds no trace of them. */
  delete(ids: readonly number[]): Promise<HistoryCleared> {
    return this.#running().call('remove', [ids]);
  }

  /** Copies the history into a file, which is written whole or not at all. */
  backup(target: string): Promise<void> {
    return this.#running().call('backup', [target]);
  }

  /** A backup as bytes. */
  async backupBytes(): Promise<Uint8Array> {
    const copy = join(dirname(this.file), `.bulkhead-${processTag()}.part`);
    try {
      await this.backup(copy);
      return await readFile(copy);
    } finally {
      await rm(copy, { force: true });
    }
  }

  /** Closes the file after what is being written. */
  async close(): Promise<void> {
    const thread = this.#thread;
    if (!thread || thread.ended) return;
    await thread.call('end', []);
    await thread.terminate();
  }
}

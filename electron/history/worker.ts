/**
 * The thread that holds the history open. A snapshot of 100,000 pods (some 4 MB gzip) takes 20 to 60 ms to write: on the
 * main thread the window would feel that.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { serve, transferring } from '../worker/rpc.ts';
import { type AuditToKeep, deleteAudit, type KeptAudit, listAudits, readAudit, saveAudit } from './audits.ts';
import { type HistoryDatabase, historyError, openHistory } from './database.ts';
import type { HistoryMethods } from './client.ts';

const port = parentPort;
if (!port) throw new Error('history/worker.ts runs as a worker thread only.');
const { file } = workerData as { file: string };

let open: HistoryDatabase | null = null;

/** Opened at the first call, and again after a failure: the user may have moved the file away meanwhile. */
function withHistory<T>(use: (db: HistoryDatabase) => T): T {
  open ??= openHistory(file);
  try {
    return use(open);
  } catch (thrown) {
    throw historyError(thrown, file);
  }
}

const methods: HistoryMethods = {
  save: (audit: AuditToKeep) => withHistory((db) => saveAudit(db, audit)),
  list: () => withHistory(listAudits),
  read(id: number) {
    const kept: KeptAudit = withHistory((db) => readAudit(db, id));
    // SQLite's buffer has its own memory, but only a copy is certain not to be a piece of a pool.
    const snapshot = Uint8Array.from(kept.snapshot);
    return transferring({ ...kept, snapshot }, [snapshot.buffer]);
  },
  remove: (id: number) => withHistory((db) => deleteAudit(db, id)),
  end() {
    open?.close();
    open = null;
  },
};

serve(port, methods as unknown as Parameters<typeof serve>[1]);

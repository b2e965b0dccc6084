/**
 * The thread that holds the history open. A snapshot of 100,000 pods (some 4 MB gzip) takes 20 to 60 ms to write: on the
 * main thread the window would feel that.
 */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { HistoryCleared } from '../../shared/ipc.ts';
import { privateFolder } from '../wholeFile.ts';
import { serve, transferring } from '../worker/rpc.ts';
import { deleteAudits, listAudits, outlived, readAudit, saveAudit, verifySnapshot } from './audits.ts';
import { type HistoryDatabase, historyError, openHistory, saysDamaged } from './database.ts';
import type { HistoryMethods, HistoryNote } from './client.ts';
import { backupsOf, backupTo, leaveNoTraces, markInUse, setAsideOf } from './upkeep.ts';

const port = parentPort;
if (!port) throw new Error('history/worker.ts runs as a worker thread only.');
const { file } = workerData as { file: string };

let open: { db: HistoryDatabase; unmark: () => void; inode: number } | null = null;

/** Opened at the first call, and again where the file was moved away meanwhile: by the user, or set aside as damaged. */
function database(check = false): HistoryDatabase {
  if (open && inode() !== open.inode) close();
  if (open) return open.db;
  try {
    privateFolder(dirname(file));
  } catch {
    // Opening the file says it better.
  }
  const unmark = markInUse(file);
  try {
    const db = openHistory(file, {
      check,
      onSetAside: (path) => port?.postMessage({ note: { setAside: path } satisfies HistoryNote }),
    });
    open = { db, unmark, inode: inode() };
    return db;
  } catch (thrown) {
    unmark();
    throw thrown;
  }
}

function close(): void {
  const closing = open;
  open = null;
  try {
    closing?.db.close();
  } finally {
    closing?.unmark();
  }
}

function inode(): number {
  return statSync(file, { throwIfNoEntry: false })?.ino ?? -1;
}

/** Damage that shows only now: the file is looked through and set aside, and what was asked is asked of the new one. */
function withHistory<T>(use: (db: HistoryDatabase) => T): T {
  try {
    return use(database());
  } catch (thrown) {
    if (!saysDamaged(thrown)) throw historyError(thrown, file);
    try {
      close();
      return use(database(true));
    } catch (again) {
      throw historyError(again, file);
    }
  }
}

const methods: HistoryMethods = {
  save: (audit) => withHistory((db) => saveAudit(db, audit)),
  list: () => withHistory(listAudits),
  async read(id) {
    const kept = withHistory((db) => readAudit(db, id));
    await verifySnapshot(kept);
    // SQLite's buffer has its own memory, but only a copy is certain not to be a piece of a pool.
    const snapshot = Uint8Array.from(kept.snapshot);
    return transferring({ ...kept, snapshot }, [snapshot.buffer]);
  },
  outlived: (rule) => withHistory((db) => outlived(db, rule)),
  remove: (ids) =>
    withHistory((db): HistoryCleared => {
      deleteAudits(db, ids);
      let traces: string | null = null;
      try {
        if (!leaveNoTraces(db)) traces = 'Another process has the history open.';
      } catch (thrown) {
        traces = historyError(thrown, file).message;
      }
      return {
        deleted: ids.length,
        left: listAudits(db).length,
        traces,
        copies: [...backupsOf(file), ...setAsideOf(file)],
      };
    }),
  async backup(target) {
    await backupTo(
      withHistory((db) => db),
      file,
      target,
    );
  },
  end: close,
};

serve(port, methods as unknown as Parameters<typeof serve>[1]);

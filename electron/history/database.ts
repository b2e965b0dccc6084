/** Opening the history's file: refused rather than harmed where it is not ours, damaged, or of a later version. */
import Database from 'better-sqlite3';
import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { BackendError, toIpcError } from '../worker/errors.ts';
import { MIGRATIONS } from './migrations.ts';

export type HistoryDatabase = Database.Database;

/** 'Blkh' in SQLite's application_id: tells our file from another program's. */
export const APPLICATION_ID = 0x426c6b68;
/** Another process (a second window, the terminal) writes for some milliseconds, a large audit on a slow disk longer. */
const BUSY_TIMEOUT_MS = 10_000;

/**
 * Opens the history, and makes it where it does not exist: its folder for the owner alone (0700), the file too
 * (0600). Brings an older schema up to date in one transaction.
 * @param file path
 * @param migrations the schema's steps; a test opens the versions before
 * @throws BackendError of kind 'history' with the file: not a database, another program's, damaged, of a later
 *   version of this product, or not to be opened. The file is then as it was.
 */
export function openHistory(file: string, migrations: readonly string[] = MIGRATIONS): HistoryDatabase {
  try {
    if (hasContent(file)) inspect(file, migrations.length);
    else create(file);
    const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
    try {
      walMode(db);
      // WAL with NORMAL loses at most the last audits on a power cut, never the file.
      db.pragma('synchronous = NORMAL');
      db.pragma('foreign_keys = ON');
      db.pragma('trusted_schema = OFF');
      migrate(db, migrations);
    } catch (thrown) {
      db.close();
      throw thrown;
    }
    return db;
  } catch (thrown) {
    throw historyError(thrown, file);
  }
}

/**
 * The steps that a file has gone through.
 * @param db an open history
 */
export function schemaVersion(db: HistoryDatabase): number {
  return db.pragma('user_version', { simple: true }) as number;
}

/**
 * Words for what SQLite or the file system said; an error that has words already stays.
 * @param thrown what was caught
 * @param file the history's path
 */
export function historyError(thrown: unknown, file: string): BackendError {
  if (thrown instanceof BackendError) return thrown;
  const code = (thrown as { code?: unknown }).code;
  const sqlite = typeof code === 'string' && code.startsWith('SQLITE_') ? code : null;
  let message: string;
  if (sqlite === 'SQLITE_NOTADB') message = 'The history file is not a database. It was left as it is.';
  else if (sqlite?.startsWith('SQLITE_CORRUPT'))
    message = 'The history file is damaged. It was left as it is.';
  else if (sqlite?.startsWith('SQLITE_BUSY'))
    message = 'The history is in use by another program, which does not let go of it.';
  else if (sqlite?.startsWith('SQLITE_READONLY')) message = 'The history file may not be written.';
  else if (sqlite === 'SQLITE_FULL') message = 'There is no space left on the disk for the history.';
  else if (sqlite?.startsWith('SQLITE_CANTOPEN')) message = 'The history file cannot be opened.';
  else message = toIpcError(thrown).message;
  return new BackendError(
    {
      kind: 'history',
      message,
      place: file,
      hint: 'Move the file away, or name another one with --history FILE.',
    },
    { cause: thrown },
  );
}

function hasContent(file: string): boolean {
  try {
    return statSync(file).size > 0;
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code === 'ENOENT') return false;
    throw thrown;
  }
}

function create(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // Before SQLite opens it: its -wal and -shm files take the mode of this one.
  closeSync(openSync(file, 'a', 0o600));
  if (process.platform !== 'win32') chmodSync(file, 0o600);
}

/** Looks before anything is written: switching to WAL alone would change another program's file. */
function inspect(file: string, known: number): void {
  const db = new Database(file, { readonly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    const version = schemaVersion(db);
    const application = db.pragma('application_id', { simple: true });
    const tables = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() as number;
    if (application !== APPLICATION_ID && (tables > 0 || version > 0)) {
      throw new BackendError({
        kind: 'history',
        message: 'This is the database of another program. It was left as it is.',
        place: file,
        hint: 'Name another file with --history FILE.',
      });
    }
    if (version > known) {
      throw new BackendError({
        kind: 'history',
        message: `The history was written by a later version of Bulkhead (schema ${version}, this one knows ${known}). It was left as it is.`,
        place: file,
        hint: 'Use the later version, or name another file with --history FILE.',
      });
    }
  } finally {
    db.close();
  }
}

/** The change of mode needs the file for itself, and SQLite does not wait for that by itself. */
function walMode(db: HistoryDatabase): void {
  const until = Date.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      db.pragma('journal_mode = WAL');
      return;
    } catch (thrown) {
      const { code } = thrown as { code?: unknown };
      if (!(typeof code === 'string' && code.startsWith('SQLITE_BUSY')) || Date.now() > until) throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

function migrate(db: HistoryDatabase, migrations: readonly string[]): void {
  if (schemaVersion(db) === migrations.length) return;
  db.transaction(() => {
    // Read again under the lock: another process may have done it meanwhile.
    for (let version = schemaVersion(db); version < migrations.length; version++) {
      db.exec(migrations[version] as string);
      db.pragma(`user_version = ${version + 1}`);
    }
    db.pragma(`application_id = ${APPLICATION_ID}`);
  }).immediate();
}

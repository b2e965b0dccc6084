/**
 * Opening the history's file: refused rather than harmed where it is not ours or of a later version, set aside where it is
 * damaged.
 */
import Database from 'better-sqlite3';
import { chmodSync, closeSync, openSync, readSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { privateFolder } from '../wholeFile.ts';
import { BackendError, toIpcError } from '../worker/errors.ts';
import { HISTORY_NAME } from './file.ts';
import { MIGRATIONS } from './migrations.ts';
import { backupBeforeMigration, setAside, uncleanEnd } from './upkeep.ts';

export type HistoryDatabase = Database.Database;

/** 'Blkh' in SQLite's application_id: tells our file from another program's. */
export const APPLICATION_ID = 0x426c6b68;
/** Another process (a second window, the terminal) writes for some milliseconds, a large audit on a slow disk longer. */
const BUSY_TIMEOUT_MS = 10_000;
/** A file up to this size is looked through at each start: it takes half a millisecond a megabyte. */
const ALWAYS_CHECK_BYTES = 128 * 1024 * 1024;
/** Of a file whose header is broken so much is searched for what only a history holds. */
const SEARCHED_BYTES = 16 * 1024 * 1024;
const OUR_WORDS = ['CREATE TABLE audits', 'bulkhead.audit/v1'];

export interface OpenOptions {
  /** The schema's steps; a test opens the versions before. */
  migrations?: readonly string[];
  /** Looks through the file whatever its size and last end. */
  check?: boolean;
  /** Told the new name of a damaged history that was set aside. */
  onSetAside?: (path: string) => void;
}

/**
 * Opens the history, and makes it where it does not exist: its folder for the owner alone (0700), the file too
 * (0600). A damaged one is set aside and a new one begun. Brings an older schema up to date in one transaction, after a
 * copy of the file was made.
 * @param file path
 * @throws BackendError of kind 'history' with the file: another program's, of a later version of this product, or not
 *   to be opened. The file is then as it was.
 */
export function openHistory(file: string, options: OpenOptions = {}): HistoryDatabase {
  try {
    const forget = uncleanEnd(file);
    const thorough = options.check === true || forget !== null;
    if (hasContent(file) && isDamaged(file, thorough)) {
      const aside = setAside(file, () => isDamaged(file, thorough));
      if (aside !== null) options.onSetAside?.(aside);
    }
    forget?.();
    const { migrations = MIGRATIONS } = options;
    if (hasContent(file)) inspect(file, migrations.length);
    else create(file);
    keepPrivate(file);
    const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
    try {
      walMode(db);
      // An audit that was acknowledged outlives a power cut; it costs a quarter of a millisecond.
      db.pragma('synchronous = FULL');
      db.pragma('secure_delete = ON');
      db.pragma('foreign_keys = ON');
      db.pragma('trusted_schema = OFF');
      migrate(db, file, migrations);
    } catch (thrown) {
      db.close();
      throw thrown;
    }
    return db;
  } catch (thrown) {
    throw historyError(thrown, file);
  }
}

/** Whether an error says that the file itself is broken. */
export function saysDamaged(thrown: unknown): boolean {
  const { code } = thrown as { code?: unknown };
  return (
    typeof code === 'string' && (code === 'SQLITE_NOTADB' || /^SQLITE_(CORRUPT|IOERR_SHORT_READ)/.test(code))
  );
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
  else if (sqlite?.startsWith('SQLITE_CORRUPT')) message = 'The history file is damaged.';
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
    const info = statSync(file);
    // Opening a pipe would wait for ever; a device has no size.
    if (!info.isFile() && !info.isDirectory()) {
      throw new BackendError({
        kind: 'history',
        message: 'This is a pipe or a device, not a file.',
        place: file,
      });
    }
    return info.size > 0;
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code === 'ENOENT') return false;
    throw thrown;
  }
}

function create(file: string): void {
  privateFolder(dirname(file));
  // Before SQLite opens it: its -wal and -shm files take the mode of this one.
  closeSync(openSync(file, 'a', 0o600));
}

/** Also where it was copied here with another mode. */
function keepPrivate(file: string): void {
  if (process.platform === 'win32' || (statSync(file).mode & 0o777) === 0o600) return;
  try {
    chmodSync(file, 0o600);
  } catch {
    // Another user's file: opening it says what may be done with it.
  }
}

/**
 * Looks whether a file is a history that is broken. Writes nothing into it.
 * @param thorough looks through a large file too
 */
function isDamaged(file: string, thorough: boolean): boolean {
  let db: HistoryDatabase | null = null;
  try {
    db = new Database(file, { readonly: true, timeout: BUSY_TIMEOUT_MS });
    const application = db.pragma('application_id', { simple: true });
    // Of another program's database nothing is ours to judge.
    if (application !== APPLICATION_ID) return false;
    if (!thorough && statSync(file).size > ALWAYS_CHECK_BYTES) return false;
    return db.pragma('quick_check(1)', { simple: true }) !== 'ok';
  } catch (thrown) {
    return saysDamaged(thrown) && looksOurs(file);
  } finally {
    db?.close();
  }
}

/**
 * Whether what SQLite cannot read was a history: by the application's number in its header, by what stands in it, or by
 * its name where it is no text. Any other file that was named by mistake stays where it is.
 */
function looksOurs(file: string): boolean {
  const bytes = Buffer.alloc(Math.min(statSync(file).size, SEARCHED_BYTES));
  const handle = openSync(file, 'r');
  try {
    readSync(handle, bytes, 0, bytes.length, 0);
  } finally {
    closeSync(handle);
  }
  if (bytes.toString('latin1', 0, 15) === 'SQLite format 3') {
    return bytes.length < 100 || bytes.readUInt32BE(68) === APPLICATION_ID;
  }
  if (OUR_WORDS.some((word) => bytes.includes(word))) return true;
  return basename(file) === HISTORY_NAME && bytes.subarray(0, 4096).includes(0);
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

function migrate(db: HistoryDatabase, file: string, migrations: readonly string[]): void {
  const before = schemaVersion(db);
  if (before === migrations.length) return;
  if (before > 0) backupBeforeMigration(db, file, before);
  db.transaction(() => {
    // Read again under the lock: another process may have done it meanwhile.
    for (let version = schemaVersion(db); version < migrations.length; version++) {
      db.exec(migrations[version] as string);
      db.pragma(`user_version = ${version + 1}`);
    }
    db.pragma(`application_id = ${APPLICATION_ID}`);
  }).immediate();
}

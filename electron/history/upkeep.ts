/** Around the history's file: who has it open, setting a damaged one aside, copies of it, and leaving no traces. */
import Database from 'better-sqlite3';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { hasEnded, processTag, TAG_PATTERN, tryLock } from '../lock.ts';
import { sweepParts } from '../wholeFile.ts';
import { BackendError, toIpcError } from '../worker/errors.ts';
import type { HistoryDatabase } from './database.ts';

/** Copies that were made before a change of the schema; older ones are let go. */
export const MAX_BACKUPS = 3;
/** Setting aside takes milliseconds: a lock that is older was left by a process that was killed. */
const STALE_MS = 10_000;

/**
 * Marks the history as open by this process. A mark that outlives its process says that the end was not a clean one.
 * @param file the history's path; its folder is there
 * @returns a function that takes the mark away
 */
export function markInUse(file: string): () => void {
  const mark = `${file}.open-${processTag()}`;
  try {
    writeFileSync(mark, '', { mode: 0o600, flag: 'wx' });
  } catch {
    // Where no mark can be made the write-ahead log that is left tells as much.
  }
  return () => rmSync(mark, { force: true });
}

/**
 * Whether the history was left by a process that did not close it: a mark without a process, or a write-ahead log that
 * nobody has open.
 * @param file the history's path
 * @returns null where the end was clean; else a function that takes such marks away
 */
export function uncleanEnd(file: string): (() => void) | null {
  const pattern = new RegExp(`^${escaped(basename(file))}\\.open-(${TAG_PATTERN})$`);
  const dead: string[] = [];
  let open = 0;
  for (const name of namesBeside(file)) {
    const tag = pattern.exec(name)?.[1];
    if (tag === undefined) continue;
    if (hasEnded(tag)) dead.push(join(dirname(file), name));
    else open += 1;
  }
  const logLeft = open <= 1 && existsSync(`${file}-wal`);
  if (dead.length === 0 && !logLeft) return null;
  return () => {
    for (const mark of dead) rmSync(mark, { force: true });
  };
}

/**
 * Sets a damaged history aside: renames it with its log, under a name that holds the time. Looks again under a lock, so
 * that of two processes the second does not set aside what the first has begun anew.
 * @param file the history's path
 * @param isDamaged looks at the file
 * @returns the new name; null where it was found sound (another process was first)
 */
export function setAside(file: string, isDamaged: () => boolean): string | null {
  const release = waitForLock(`${file}.lock`);
  try {
    if (!existsSync(file) || !isDamaged()) return null;
    const aside = freeName(`${file}.damaged-${fileTime()}`);
    // The log first: beside a new file it would be taken for that one's.
    for (const part of ['-wal', '-shm', '']) {
      if (existsSync(file + part)) renameSync(file + part, aside + part);
    }
    return aside;
  } finally {
    release();
  }
}

/**
 * A copy beside the history before its schema changes; of such copies the newest few stay.
 * @param db an open history
 * @param file its path
 * @param version of its schema
 * @returns the copy's path
 */
export function backupBeforeMigration(db: HistoryDatabase, file: string, version: number): string {
  // Before as well: a process that is killed again and again in between must not pile them up.
  forgetBackups(file);
  const copy = freeName(`${file}.schema-${version}-${fileTime()}`);
  const part = join(dirname(file), `.bulkhead-${processTag()}.part`);
  try {
    makeEmpty(part);
    db.prepare('VACUUM INTO ?').run(part);
    syncFile(part);
    renameSync(part, copy);
  } finally {
    rmSync(part, { force: true });
  }
  forgetBackups(file);
  return copy;
}

function forgetBackups(file: string): void {
  for (const old of backupsOf(file).slice(0, -MAX_BACKUPS)) rmSync(old, { force: true });
}

/**
 * The copies that lie beside the history, the oldest first: made before a change of the schema.
 * @param file the history's path
 */
export function backupsOf(file: string): string[] {
  return beside(file, /^\.schema-\d+-(\d{8}T\d{6}Z(?:-\d+)?)$/);
}

/**
 * Damaged histories that were set aside, the oldest first.
 * @param file the history's path
 */
export function setAsideOf(file: string): string[] {
  return beside(file, /^\.damaged-(\d{8}T\d{6}Z(?:-\d+)?)$/);
}

/**
 * Copies the history, while others may use it, into one file that stands for itself (no log beside it): whole or not at
 * all, for its owner alone.
 * @param db an open history
 * @param file its path
 * @param target where; what is there is replaced
 * @throws BackendError of kind 'export' with the path: it cannot be written, or is the history itself
 */
export async function backupTo(db: HistoryDatabase, file: string, target: string): Promise<void> {
  const place = resolve(target);
  if (['', '-wal', '-shm'].some((suffix) => place === resolve(file) + suffix)) {
    throw new BackendError({
      kind: 'export',
      message: 'A backup cannot take the place of the history itself.',
      place,
    });
  }
  const folder = dirname(place);
  await sweepParts(folder);
  const part = join(folder, `.bulkhead-${processTag()}.part`);
  try {
    makeEmpty(part);
    await db.backup(part);
    const copy = new Database(part);
    try {
      // One file, and not three: a backup is copied and moved by people.
      copy.pragma('journal_mode = DELETE');
      if (copy.pragma('quick_check', { simple: true }) !== 'ok') {
        throw new BackendError({ kind: 'export', message: 'The backup is not sound.', place });
      }
    } finally {
      copy.close();
    }
    syncFile(part);
    renameSync(part, place);
  } catch (thrown) {
    if (thrown instanceof BackendError) throw thrown;
    const full = (thrown as { code?: unknown }).code === 'SQLITE_FULL';
    const message = full ? 'There is no space left on the disk.' : toIpcError(thrown).message;
    throw new BackendError({ kind: 'export', message, place }, { cause: thrown });
  } finally {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(part + suffix, { force: true });
  }
}

/**
 * Makes the file as small as what it holds, so that nothing of what was deleted can be read from it or from its log.
 * @param db an open history
 * @returns whether that was done whole; false where another process was reading all the time: its own closing does it
 */
export function leaveNoTraces(db: HistoryDatabase): boolean {
  db.exec('VACUUM');
  const [result] = db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
  return result?.busy === 0;
}

/** A time as it may stand in a file's name on every system. */
function fileTime(): string {
  return new Date()
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:]/g, '');
}

function freeName(name: string): string {
  let free = name;
  for (let n = 2; existsSync(free); n++) free = `${name}-${n}`;
  return free;
}

/** Files beside the history whose name goes on as the pattern says, in the order of the pattern's group. */
function beside(file: string, suffix: RegExp): string[] {
  const found = namesBeside(file).flatMap((name) => {
    const match = name.startsWith(basename(file)) ? suffix.exec(name.slice(basename(file).length)) : null;
    return match ? [{ path: join(dirname(file), name), time: match[1] as string }] : [];
  });
  const order = new Intl.Collator('en', { numeric: true });
  return found.sort((a, b) => order.compare(a.time, b.time)).map(({ path }) => path);
}

function namesBeside(file: string): string[] {
  try {
    return readdirSync(dirname(file));
  } catch {
    return [];
  }
}

/** Before SQLite writes it: a file takes the mode that it is made with. */
function makeEmpty(path: string): void {
  closeSync(openSync(path, 'wx', 0o600));
  if (process.platform !== 'win32') chmodSync(path, 0o600);
}

function syncFile(path: string): void {
  const handle = openSync(path, 'r+');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function waitForLock(path: string): () => void {
  for (;;) {
    const release = tryLock(path, STALE_MS);
    if (release) return release;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

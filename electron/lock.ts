/** Files that tell processes of each other: a lock, and marks that say which process something belongs to. */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, statSync, unlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Tells a process number of this machine from one of another. */
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/** What `processTag` gives, as part of a regular expression. */
export const TAG_PATTERN = '[0-9a-f]{8}-\\d{1,10}-[0-9a-f]{12}';

/** A name's part that no other process and no other call gives: machine, process, chance. */
export function processTag(): string {
  return `${HOST}-${process.pid}-${randomBytes(6).toString('hex')}`;
}

/**
 * Whether the process that made a tag is known to have ended; false for one of another machine, which nobody can ask.
 * @param tag of `processTag`
 */
export function hasEnded(tag: string): boolean {
  const [host, pid] = tag.split('-');
  if (host !== HOST) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (thrown) {
    // Another user's process may not be asked, but it runs.
    return (thrown as NodeJS.ErrnoException).code !== 'EPERM';
  }
}

/**
 * Takes a lock, if nobody has it.
 * @param path of the lock's file
 * @param staleMs a lock older than this was left by a process that was killed
 * @returns a function that gives it back; null where another has it: ask again a little later
 * @throws as the file system does where no file can be made
 */
export function tryLock(path: string, staleMs: number): (() => void) | null {
  try {
    closeSync(openSync(path, 'wx', 0o600));
    return () => remove(path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
  }
  try {
    if (Date.now() - statSync(path).mtimeMs > staleMs) remove(path);
  } catch {
    // Given back meanwhile.
  }
  return null;
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone already.
  }
}

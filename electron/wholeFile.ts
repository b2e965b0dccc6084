/**
 * Files that are there whole or not at all: reports, snapshots, lists that are kept from one start to the next. The one
 * place that writes them, for the window and the terminal (what `serve` gives is written by the browser).
 */
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { open, readdir, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { hasEnded, processTag, TAG_PATTERN } from './lock.ts';
import { BackendError, toIpcError } from './worker/errors.ts';

/** Text or bytes, made when they are asked for. */
export type Pieces = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/** A part of another machine (a shared folder), or of an earlier version, that is older than this is left over. */
const LEFT_OVER_MS = 24 * 60 * 60 * 1000;
const PART = new RegExp(`^\\.bulkhead-(?:(${TAG_PATTERN})|[0-9a-f]{12})\\.part$`);

/**
 * Writes a file whole or not at all: beside its place first, onto the disk, then moved there. A new file is readable by
 * its owner alone, since a report names every workload of a cluster; one that is there keeps its mode. What is no file
 * (a device, a pipe) is written as it is. Parts that a killed process left in the folder are taken away.
 * @param path where
 * @param pieces its content
 * @throws BackendError of kind 'export' with the path; what was there is then as it was
 */
export async function writeWhole(path: string, pieces: Pieces): Promise<void> {
  let part: string | null = null;
  try {
    const place = await placeOf(resolve(path));
    const folder = dirname(place.path);
    if (place.isFile) {
      await sweepParts(folder);
      part = join(folder, `.bulkhead-${processTag()}.part`);
    }
    const file = await open(part ?? place.path, part === null ? 'w' : 'wx', 0o600);
    try {
      for await (const piece of pieces) await file.writeFile(piece);
      if (part !== null) {
        if (process.platform !== 'win32') await file.chmod(place.mode ?? 0o600);
        // Before the name moves: else a power cut could leave the name with nothing behind it.
        await file.sync();
      }
    } finally {
      await file.close();
    }
    if (part !== null) {
      await rename(part, place.path);
      part = null;
      await syncFolder(folder);
    }
  } catch (thrown) {
    if (part !== null) await unlink(part).catch(() => undefined);
    // What went wrong while the pieces were made is its own error, not the file's.
    if (thrown instanceof BackendError) throw thrown;
    // What a write says names no path of its own, and has no plain words without one.
    const { message } = toIpcError(thrown instanceof Error ? Object.assign(thrown, { path }) : thrown);
    throw new BackendError({ kind: 'export', message, place: path }, { cause: thrown });
  }
}

/**
 * Makes a folder of ours, and those above it that are missing, for the owner alone, whatever the umask; one that is
 * there stays as it is.
 * @param path absolute
 * @throws as the file system does
 */
export function privateFolder(path: string): void {
  if (existsSync(path) || dirname(path) === path) return;
  privateFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (thrown) {
    // Another process made it meanwhile.
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw thrown;
  }
  // A umask may have taken away more than the mode asks for.
  if (process.platform !== 'win32') chmodSync(path, 0o700);
}

/**
 * Takes away the parts that killed processes left in a folder. Those of a process that runs stay. Never throws.
 * @param folder where
 */
export async function sweepParts(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const match = PART.exec(name);
    if (!match) continue;
    const path = join(folder, name);
    try {
      const dead = match[1] !== undefined && hasEnded(match[1]);
      if (dead || Date.now() - (await stat(path)).mtimeMs > LEFT_OVER_MS) await unlink(path);
    } catch {
      // Another process took it away, or it is not ours to take.
    }
  }
}

/** A folder's names on the disk. Not every system knows how (Windows does not), and the file is whole anyway. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // See above.
  }
}

/** Where a path leads, behind links; whether a file is or will be there; the mode of one that is there. */
async function placeOf(path: string): Promise<{ path: string; isFile: boolean; mode: number | null }> {
  try {
    const real = await realpath(path);
    const there = await stat(real);
    // A folder is an error that opening it will name.
    return { path: real, isFile: there.isFile(), mode: there.mode & 0o777 };
  } catch {
    return { path, isFile: true, mode: null };
  }
}

/** Which kubeconfig files and folders were added in the app, kept from one start to the next. Paths only, no content. */
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { tryLock } from '../lock.ts';
import { readBounded } from '../readBounded.ts';
import { privateFolder, writeWhole } from '../wholeFile.ts';

const format = z.strictObject({ version: z.literal(1), kubeconfigs: z.array(z.string()) });

/** A longer list was not written by us. */
const MAX_BYTES = 4 * 1024 * 1024;
/** The list is changed within milliseconds: a lock that is older was left by a process that was killed. */
const STALE_MS = 5000;

/**
 * The paths that were added, in their order; none where the file is not there or is none of ours.
 * @param file where they are kept
 */
export async function readAdded(file: string): Promise<string[]> {
  return (await readList(file).catch(() => null)) ?? [];
}

/**
 * Adds a path to what is kept, or takes one off: what another window or process changed meanwhile stays. Never throws:
 * what cannot be kept is there until the end of the run, and the next start does not know it.
 * @param file where they are kept
 * @param change absolute paths
 */
export async function changeAdded(file: string, change: { add: string } | { remove: string }): Promise<void> {
  try {
    privateFolder(path.dirname(file));
    await locked(`${file}.lock`, async () => {
      const before = await readList(file);
      // A list of a later version or a damaged one is not written over.
      if (before === null) await rename(file, `${file}.unreadable`);
      const others = (before ?? []).filter((one) => one !== ('add' in change ? change.add : change.remove));
      const kubeconfigs = 'add' in change ? [...others, change.add] : others;
      await writeWhole(file, [JSON.stringify({ version: 1, kubeconfigs } satisfies z.infer<typeof format>)]);
    });
  } catch {
    // See above.
  }
}

/** Null where a file is there that is no list of ours. */
async function readList(file: string): Promise<string[] | null> {
  let text: string;
  try {
    text = Buffer.from(await readBounded(file, { maxBytes: MAX_BYTES })).toString('utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw thrown;
  }
  try {
    return format.parse(JSON.parse(text)).kubeconfigs;
  } catch {
    return null;
  }
}

/** Runs `work` while no other process runs its own with the same lock. */
async function locked(path: string, work: () => Promise<void>): Promise<void> {
  let release = tryLock(path, STALE_MS);
  while (!release) {
    await pause(5 + Math.random() * 20);
    release = tryLock(path, STALE_MS);
  }
  try {
    await work();
  } finally {
    release();
  }
}

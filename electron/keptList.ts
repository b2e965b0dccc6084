/** A short list in a file beside the history, kept from one start to the next and changed by several processes at once. */
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { z } from 'zod';
import { tryLock } from './lock.ts';
import { readBounded } from './readBounded.ts';
import { privateFolder, writeWhole } from './wholeFile.ts';

/** A longer list was not written by us. */
const MAX_BYTES = 4 * 1024 * 1024;
/** A list is changed within milliseconds: a lock that is older was left by a process that was killed. */
const STALE_MS = 5000;

export class KeptList<T> {
  readonly #file: string;
  readonly #format: z.ZodType<T>;
  readonly #none: T;

  /**
   * @param file where it is kept; readable by the user alone
   * @param format what the file holds
   * @param none what is taken where there is no file
   */
  constructor(file: string, format: z.ZodType<T>, none: T) {
    this.#file = file;
    this.#format = format;
    this.#none = none;
  }

  /** What is kept; nothing where the file is not there or is none of ours. Never throws. */
  async read(): Promise<T> {
    return (await this.#read().catch(() => null)) ?? this.#none;
  }

  /**
   * Changes what is kept: what another process changed meanwhile stays.
   * @param change from what is kept now to what is to be kept
   * @returns false where it could not be written
   */
  async change(change: (before: T) => T): Promise<boolean> {
    try {
      privateFolder(path.dirname(this.#file));
      await locked(`${this.#file}.lock`, async () => {
        const before = await this.#read();
        // A list of a later version or a damaged one is not written over.
        if (before === null) await rename(this.#file, `${this.#file}.unreadable`);
        await writeWhole(this.#file, [JSON.stringify(change(before ?? this.#none))]);
      });
      return true;
    } catch {
      return false;
    }
  }

  /** Null where a file is there that is no list of ours. */
  async #read(): Promise<T | null> {
    let text: string;
    try {
      text = Buffer.from(await readBounded(this.#file, { maxBytes: MAX_BYTES })).toString('utf8');
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return this.#none;
      throw thrown;
    }
    try {
      return this.#format.parse(JSON.parse(text));
    } catch {
      return null;
    }
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

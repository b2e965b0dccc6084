/** Results to standard output or a file; everything else to standard error. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { BackendError, toIpcError } from '../worker/errors.ts';
import type { ReadProgress } from '../source.ts';

type Pieces = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/**
 * Writes a result piece by piece.
 * @param out a path, or undefined (or '-') for standard output
 */
export async function writeResult(out: string | undefined, pieces: Pieces): Promise<void> {
  if (out === undefined || out === '-') {
    for await (const piece of pieces) {
      // A slow reader of a pipe slows the making, too: nothing piles up in memory.
      if (!process.stdout.write(piece)) await once(process.stdout, 'drain');
    }
    return;
  }
  await writeFileWhole(resolve(out), pieces);
}

/**
 * Writes a file whole or not at all: beside its place first, then moved there. Readable by its owner alone, since a
 * report names every workload of a cluster. What is no file (a device, a pipe) is written as it is.
 * @throws BackendError of kind 'export' with the path
 */
async function writeFileWhole(path: string, pieces: Pieces): Promise<void> {
  let part: string | null = null;
  try {
    const place = await placeOf(path);
    if (place.file) part = join(dirname(place.path), `.bulkhead-${randomBytes(6).toString('hex')}.part`);
    const file = await open(part ?? place.path, part === null ? 'w' : 'wx', 0o600);
    try {
      for await (const piece of pieces) await file.writeFile(piece);
    } finally {
      await file.close();
    }
    if (part !== null) await rename(part, place.path);
  } catch (thrown) {
    if (part !== null) await unlink(part).catch(() => undefined);
    // What went wrong while the pieces were made is its own error, not the file's.
    if (thrown instanceof BackendError) throw thrown;
    const { message } = toIpcError(thrown);
    throw new BackendError({ kind: 'export', message, place: path }, { cause: thrown });
  }
}

/** Where a path leads, behind links, and whether a file is or will be there. */
async function placeOf(path: string): Promise<{ path: string; file: boolean }> {
  try {
    const real = await realpath(path);
    const there = await stat(real);
    // A folder is an error that opening it will name.
    return { path: real, file: there.isFile() };
  } catch {
    return { path, file: true };
  }
}

/** A line for the user. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

const PHASES = {
  connect: 'connecting',
  read: 'reading',
  compile: 'compiling',
  evaluate: 'evaluating',
} as const;

/** How far an audit is, on one line of a terminal; nothing where standard error is none. */
export class ProgressLine {
  #shown = false;
  #last = 0;
  readonly #live = process.stderr.isTTY === true;

  update(step: Omit<ReadProgress, 'phase'> & { phase: keyof typeof PHASES }): void {
    if (!this.#live) return;
    const now = performance.now();
    if (this.#shown && now - this.#last < 80) return;
    this.#last = now;
    this.#shown = true;
    const share = step.total > 0 ? ` ${step.done}/${step.total}` : step.done > 0 ? ` ${step.done}` : '';
    const text = `${PHASES[step.phase]} ${step.detail}${share}`.trimEnd();
    process.stderr.write(`\r\u001B[K${text.slice(0, (process.stderr.columns || 80) - 1)}`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#shown) process.stderr.write('\r\u001B[K');
    this.#shown = false;
  }
}

/** Whether a text for standard output may carry colours (https://no-color.org). */
export function wantsColour(out: string | undefined): boolean {
  const toTerminal = (out === undefined || out === '-') && process.stdout.isTTY === true;
  return toTerminal && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}

/** Cells in a line of text: the terminal's, within what can be read; 100 in a file or a pipe. */
export function textWidth(out: string | undefined): number {
  const columns = out === undefined || out === '-' ? process.stdout.columns : undefined;
  return !columns ? 100 : Math.max(60, Math.min(columns, 200));
}

/** The whole of standard input, or of a file. */
export async function readText(path: string): Promise<string> {
  const { decodeText } = await import('../worker/decode.ts');
  try {
    if (path === '-') {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
      return decodeText(Buffer.concat(chunks));
    }
    const { readFile } = await import('node:fs/promises');
    return decodeText(await readFile(path));
  } catch (thrown) {
    const { message } = toIpcError(thrown);
    throw new BackendError({ kind: 'input', message, place: path }, { cause: thrown });
  }
}

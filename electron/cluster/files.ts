/**
 * The files of a manifest source: folders opened, links followed once, what cannot be read named. Bytes only: the
 * worker decodes and parses them.
 */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_MAX_BYTES } from '../../shared/kube/manifests.ts';
import type { CoverageEntry, Problem } from '../../shared/kube/snapshot.ts';
import { PIPED_MS, readBounded, ReadRefused } from '../readBounded.ts';

export interface CollectOptions {
  /** A larger file is not read (default 64 MiB). */
  maxBytes?: number;
  signal?: AbortSignal;
  /** Real paths of folders and files that are left alone: something else stands for them. */
  leave?: ReadonlySet<string>;
  /** What '-' reads; the process's standard input when absent. */
  stdin?: AsyncIterable<Uint8Array | string>;
}

/** A file that was read. */
export interface CollectedFile {
  /** As the user named it: the given path, and below it the way inside with '/'. '-' is standard input. */
  path: string;
  /** Its whole content, in a buffer of its own: it can be transferred to the worker. */
  bytes: ArrayBuffer;
  /** Files done with, this one included, and files in all. */
  done: number;
  total: number;
}

/** A file or folder that was not read: what the snapshot has to say of it. */
export interface CollectedGap {
  path: string;
  coverage: CoverageEntry;
  /** Absent where nothing is lost (a folder without manifests, a folder that holds none by custom). */
  problem: Problem | null;
  done: number;
  total: number;
}

export type Collected = CollectedFile | CollectedGap;

type Gap = Omit<CollectedGap, 'done' | 'total'>;
type Found = { path: string; open: string } | { path: string; stdin: true } | { gap: Gap };

/** What may hold manifests; a kustomization needs no ending. */
const MANIFEST = /\.(ya?ml|json)$|^kustomization$/i;
/** Folders of tools: their thousands of JSON files are no manifests. */
const PASSED_OVER = new Set(['.git', 'node_modules']);
/** Small files are read ahead, so that thousands of them do not wait for the disk one by one. */
const AHEAD = 8;
const AHEAD_BYTES = 1024 * 1024;

/**
 * Reads what `paths` name, in that order: a folder with everything below it (.yaml, .yml, .json; sorted by name),
 * a file of any name, '-' as standard input. A file that several paths or links lead to comes once. What cannot be
 * read comes as a gap, and the rest goes on. Throws only the signal's reason when it is aborted.
 */
export async function* collectFiles(
  paths: readonly string[],
  options: CollectOptions = {},
): AsyncGenerator<Collected> {
  const { signal, maxBytes = DEFAULT_MAX_BYTES } = options;
  const found: Found[] = [];
  // What is left alone counts as seen already.
  const seen = new Set<string>(options.leave);
  for (const path of paths) {
    if (path === '-') found.push({ path, stdin: true });
    else await findFrom(path, found, seen, signal);
  }
  const total = found.length;
  const ahead: Promise<Omit<CollectedFile, 'done' | 'total'> | Gap>[] = [];
  const start = (one: Found): Promise<Omit<CollectedFile, 'done' | 'total'> | Gap> => {
    if ('gap' in one) return Promise.resolve(one.gap);
    if ('stdin' in one) return readStdin(options.stdin ?? process.stdin, maxBytes, signal);
    return readOne(one.path, one.open, maxBytes, signal);
  };
  const aborted = new Promise<undefined>((resolve) => {
    signal?.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  let next = 0;
  for (let done = 1; done <= total; done++) {
    signal?.throwIfAborted();
    while (next < total && ahead.length < AHEAD) {
      const one = found[next];
      // A large file is read when its turn comes: not several of them at once.
      if (ahead.length > 0 && one && 'open' in one && !(await isSmall(one.open))) break;
      if (ahead.length > 0 && one && 'stdin' in one) break;
      if (one) ahead.push(start(one));
      next++;
    }
    // A pipe may stay silent for ever: an abort does not wait for it.
    const item = await Promise.race([ahead.shift(), aborted]);
    signal?.throwIfAborted();
    if (item) yield { ...item, done, total };
  }
}

async function isSmall(path: string): Promise<boolean> {
  try {
    const info = await stat(path);
    return info.isFile() && info.size <= AHEAD_BYTES;
  } catch {
    return true;
  }
}

/** Adds what one path of the user leads to. */
async function findFrom(
  path: string,
  found: Found[],
  seen: Set<string>,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    const real = await realpath(path);
    const info = await stat(real);
    if (!info.isDirectory()) {
      if (seen.has(real)) return;
      seen.add(real);
      found.push({ path, open: real });
      return;
    }
    if (seen.has(real)) return;
    const shown = path.replace(/[\\/]+$/, '');
    if (!(await findBelow(shown, real, [], found, seen, signal)))
      found.push({
        gap: {
          path,
          coverage: coverageOf(path, 'skipped', 'no .yaml, .yml or .json file in it'),
          problem: null,
        },
      });
  } catch (thrown) {
    signal?.throwIfAborted();
    found.push({ gap: unreadable(path, thrown) });
  }
}

/**
 * Everything below a folder. `shown` is its name for the user, `real` its real path, `above` those it lies in.
 * Gives whether there is anything to say of it: a manifest, also one that came before, or a gap.
 */
async function findBelow(
  shown: string,
  real: string,
  above: readonly string[],
  found: Found[],
  seen: Set<string>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  signal?.throwIfAborted();
  seen.add(real);
  const before = found.length;
  let again = false;
  const inside = [...above, real];
  let entries;
  try {
    entries = await readdir(real, { withFileTypes: true });
  } catch (thrown) {
    found.push({ gap: unreadable(shown, thrown) });
    return true;
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  for (const entry of entries) {
    const path = `${shown}/${entry.name}`;
    let target = join(real, entry.name);
    let isFolder = entry.isDirectory();
    let isFile = entry.isFile();
    if (entry.isSymbolicLink()) {
      // A link to a file that is no manifest is nothing to look at, broken or not.
      try {
        target = await realpath(target);
        const info = await stat(target);
        isFolder = info.isDirectory();
        isFile = info.isFile();
      } catch (thrown) {
        if (MANIFEST.test(entry.name) || (thrown as NodeJS.ErrnoException).code === 'ELOOP')
          found.push({ gap: unreadable(path, thrown) });
        continue;
      }
    }
    if (isFolder) {
      if (PASSED_OVER.has(entry.name)) {
        found.push({
          gap: { path, coverage: coverageOf(path, 'skipped', 'not looked into'), problem: null },
        });
      } else if (inside.includes(target)) {
        found.push({
          gap: {
            path,
            coverage: coverageOf(path, 'skipped', 'a link back to a folder that it lies in'),
            problem: { check: 'input.link-loop', place: { file: path }, params: { path } },
          },
        });
      } else if (seen.has(target)) again = true;
      else if (await findBelow(path, target, inside, found, seen, signal)) again = true;
    } else if (isFile && MANIFEST.test(entry.name)) {
      if (seen.has(target)) again = true;
      else {
        seen.add(target);
        found.push({ path, open: target });
      }
    }
  }
  return again || found.length > before;
}

function coverageOf(file: string, outcome: 'failed' | 'skipped', reason: string): CoverageEntry {
  return {
    resource: 'file',
    verb: 'read',
    namespace: null,
    file,
    outcome,
    count: 0,
    reason,
    affectsVerdicts: outcome === 'failed',
  };
}

function unreadable(path: string, thrown: unknown): Gap {
  const { code, message } = thrown as NodeJS.ErrnoException;
  const reason = code ?? message;
  return {
    path,
    coverage: coverageOf(path, 'failed', reason),
    problem: { check: 'input.unreadable', place: { file: path }, params: { reason } },
  };
}

function tooLarge(path: string, bytes: number, limit: number): Gap {
  return {
    path,
    coverage: coverageOf(path, 'failed', `larger than ${limit} bytes`),
    problem: { check: 'input.too-large', place: { file: path }, params: { bytes, limit } },
  };
}

async function readOne(
  path: string,
  real: string,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<{ path: string; bytes: ArrayBuffer } | Gap> {
  try {
    const bytes = await readBounded(real, {
      maxBytes,
      timeoutMs: PIPED_MS,
      ...(signal === undefined ? {} : { signal }),
    });
    return { path, bytes: bytes.buffer };
  } catch (thrown) {
    if (thrown instanceof ReadRefused && thrown.why === 'too-large')
      return tooLarge(path, thrown.bytes, maxBytes);
    // Of an aborted signal too: nobody may be waiting for this any more.
    return unreadable(path, thrown);
  }
}

async function readStdin(
  stream: AsyncIterable<Uint8Array | string>,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<{ path: string; bytes: ArrayBuffer } | Gap> {
  try {
    return await readStream('-', stream, maxBytes, signal);
  } catch (thrown) {
    return unreadable('-', thrown);
  }
}

async function readStream(
  path: string,
  stream: AsyncIterable<Uint8Array | string>,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<{ path: string; bytes: ArrayBuffer } | Gap> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    signal?.throwIfAborted();
    const piece = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk;
    length += piece.length;
    if (length > maxBytes) return tooLarge(path, length, maxBytes);
    chunks.push(piece);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return { path, bytes: bytes.buffer };
}

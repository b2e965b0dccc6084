/** Files that a user or a page can name: whatever lies there, reading it ends, and takes no more than was allowed. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

export interface ReadBounds {
  /** More is refused, before it is read where the size is known. */
  maxBytes: number;
  signal?: AbortSignal;
  /** How long a pipe may be silent before its first byte and between two (ten seconds when absent). */
  timeoutMs?: number;
}

/** Why a path is not read; errors of the file system come as they are. */
export class ReadRefused extends Error {
  override name = 'ReadRefused';
  readonly kind = 'input';
  readonly why: 'folder' | 'device' | 'too-large' | 'silent';
  readonly place: string;
  /** Of what is too large: its size, or what was read of it until then. */
  readonly bytes: number;

  constructor(why: ReadRefused['why'], place: string, message: string, bytes = 0) {
    super(message);
    this.why = why;
    this.place = place;
    this.bytes = bytes;
  }
}

/** What comes from a program that the user started may take its time: it may be reading a cluster itself. */
export const PIPED_MS = 300_000;
const SILENT_MS = 10_000;
const LOOK_MS = 20;
const CHUNK = 64 * 1024;

/**
 * The whole content of a file or a pipe, in a buffer of its own.
 * - A pipe is waited for as long as `timeoutMs` says, also where nobody has opened its other end.
 * - A device is refused, but one that ends at once (`/dev/null`), which is empty.
 * @throws ReadRefused; the file system's error; the signal's reason
 */
export async function readBounded(path: string, bounds: ReadBounds): Promise<Uint8Array<ArrayBuffer>> {
  const { maxBytes, signal } = bounds;
  signal?.throwIfAborted();
  // Without O_NONBLOCK opening a pipe that nobody writes to never ends, in a thread that nothing can end. Windows has
  // no such pipes among its files, and no such flag.
  const handle = await open(path, constants.O_RDONLY | ((constants.O_NONBLOCK as number | undefined) ?? 0));
  try {
    const info = await handle.stat();
    if (info.isDirectory()) throw new ReadRefused('folder', path, 'this is a folder, not a file');
    if (info.isFile()) {
      if (info.size > maxBytes) throw tooLarge(path, info.size, maxBytes);
      return await readAll(handle, path, bounds, info.size);
    }
    if (info.isFIFO()) return await readPipe(handle, path, bounds);
    const first = await handle.read(new Uint8Array(1), 0, 1, null).catch(() => null);
    if (first?.bytesRead === 0) return new Uint8Array(0);
    throw new ReadRefused('device', path, 'this is a device, not a file');
  } finally {
    await handle.close().catch(() => undefined);
  }
}

function tooLarge(path: string, bytes: number, limit: number): ReadRefused {
  const mib = limit / 1024 / 1024;
  const size = Number.isInteger(mib) ? `${mib} MB` : `${limit} bytes`;
  return new ReadRefused('too-large', path, `the file is larger than ${size}`, bytes);
}

/** A file may be growing, or have no size though it has content (`/proc`): what counts is what is read. */
async function readAll(
  handle: FileHandle,
  path: string,
  { maxBytes, signal }: ReadBounds,
  size: number,
): Promise<Uint8Array<ArrayBuffer>> {
  let bytes = new Uint8Array(size);
  let length = 0;
  for (;;) {
    signal?.throwIfAborted();
    if (length < bytes.length) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length, null);
      // It became shorter while it was read.
      if (bytesRead === 0) return bytes.slice(0, length);
      length += bytesRead;
      continue;
    }
    const more = new Uint8Array(Math.min(CHUNK, maxBytes - length + 1));
    const { bytesRead } = await handle.read(more, 0, more.length, null);
    if (bytesRead === 0) return bytes;
    if (length + bytesRead > maxBytes) throw tooLarge(path, length + bytesRead, maxBytes);
    const longer = new Uint8Array(length + bytesRead);
    longer.set(bytes);
    longer.set(more.subarray(0, bytesRead), length);
    bytes = longer;
    length += bytesRead;
  }
}

async function readPipe(
  handle: FileHandle,
  path: string,
  { maxBytes, signal, timeoutMs = SILENT_MS }: ReadBounds,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let heard = Date.now();
  const chunk = new Uint8Array(CHUNK);
  for (;;) {
    signal?.throwIfAborted();
    const count = await handle.read(chunk, 0, CHUNK, null).then(
      ({ bytesRead }) => bytesRead,
      (thrown: NodeJS.ErrnoException) => {
        // Its other end is open, and has nothing to say yet.
        if (thrown.code === 'EAGAIN') return -1;
        throw thrown;
      },
    );
    if (count > 0) {
      length += count;
      if (length > maxBytes) throw tooLarge(path, length, maxBytes);
      chunks.push(chunk.slice(0, count));
      heard = Date.now();
      continue;
    }
    // Nothing, and nobody at the other end: before the first byte that may be somebody who comes later.
    if (count === 0 && length > 0) break;
    if (Date.now() - heard > timeoutMs) {
      const seconds = Math.max(1, Math.round(timeoutMs / 1000));
      throw new ReadRefused('silent', path, `nothing came through this pipe for ${seconds} s`, length);
    }
    await pause(LOOK_MS, undefined, signal ? { signal } : {});
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const one of chunks) {
    bytes.set(one, at);
    at += one.length;
  }
  return bytes;
}

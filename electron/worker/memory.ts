/** How much memory the threads may take: of this machine, or of the container that the program runs in. */
import { totalmem } from 'node:os';

const MIB = 1024 * 1024;

/** Memory that there is altogether, in bytes: a container's limit counts where it is lower than the machine's. */
export function memoryThere(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < totalmem() ? constrained : totalmem();
}

/**
 * The heap that one thread may take: half of what there is, at most four gigabytes (which V8 can use well), at least half
 * a gigabyte (with less no cluster of some size is audited).
 * @param there bytes
 */
export function heapLimitMb(there = memoryThere()): number {
  return Math.min(4096, Math.max(512, Math.floor(there / 2 / MIB)));
}

/**
 * The resident size of the process beyond which the thread that takes most is ended: buffers are in no heap.
 * @param there bytes
 */
export function residentLimit(there = memoryThere()): number {
  return Math.min(6 * 1024 * MIB, Math.max(768 * MIB, Math.floor(there * 0.7)));
}

/** A thread as the watch sees it. */
export interface Watched {
  /** Is it doing something? Only then it is ended. */
  readonly busy: boolean;
  /** Bytes of heap and buffers; rejects or stays silent where the thread cannot say. */
  used(): Promise<number>;
  /** Ends it, with a word to whoever waits for it. */
  outOfMemory(): void;
}

export interface WatchOptions {
  /** Resident size in bytes. */
  limit?: number;
  everyMs?: number;
}

/** A thread in a long call of V8 does not answer how much it has. */
const ANSWER_MS = 200;

/** Looks at the resident size while threads are busy, and ends the largest where it is too much. The others go on. */
export class MemoryWatch {
  readonly #limit: number;
  readonly #everyMs: number;
  readonly #threads = new Set<Watched>();
  #timer: NodeJS.Timeout | null = null;
  #ending = false;

  constructor(options: WatchOptions = {}) {
    this.#limit = options.limit ?? residentLimit();
    this.#everyMs = options.everyMs ?? 250;
  }

  add(thread: Watched): void {
    this.#threads.add(thread);
    this.#timer ??= setInterval(() => void this.#look(), this.#everyMs).unref();
  }

  remove(thread: Watched): void {
    this.#threads.delete(thread);
    if (this.#threads.size > 0 || !this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  async #look(): Promise<void> {
    const busy = [...this.#threads].filter((thread) => thread.busy);
    if (this.#ending || busy.length === 0 || process.memoryUsage.rss() <= this.#limit) return;
    this.#ending = true;
    try {
      const sizes = await Promise.all(
        // Who cannot say is in the middle of something large.
        busy.map((thread) =>
          Promise.race([
            thread.used().catch(() => Infinity),
            new Promise<number>((resolve) => setTimeout(() => resolve(Infinity), ANSWER_MS).unref()),
          ]),
        ),
      );
      let largest = 0;
      for (let i = 1; i < sizes.length; i++) if (sizes[i]! > sizes[largest]!) largest = i;
      const thread = busy[largest]!;
      if (thread.busy) thread.outOfMemory();
    } finally {
      // Memory of a thread that has ended is given back a moment later.
      setTimeout(() => (this.#ending = false), ANSWER_MS * 2).unref();
    }
  }
}

/** The watch over the threads of this process that read and audit. */
export const memoryWatch = new MemoryWatch();

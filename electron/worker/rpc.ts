/**
 * Calls over a message port: `{id, method, args}` one way, `{id, ok, value | error}` the other, and notes (progress)
 * in between. Used by the audit worker and the history worker; knows nothing of either.
 */
import { Worker } from 'node:worker_threads';
import type { MessagePort, ResourceLimits, Transferable, WorkerOptions } from 'node:worker_threads';
import type { IpcError } from '../../shared/ipc.ts';
import type { MemoryWatch, Watched } from './memory.ts';
import { toStderr } from './stderr.ts';
import { BackendError, toIpcError } from './errors.ts';

/** A map of methods; each may be asynchronous. */
export type Methods = Record<string, (...args: never[]) => unknown>;

export interface CallMessage {
  id: number;
  method: string;
  args: unknown[];
}
export type ReplyMessage =
  { id: number; ok: true; value: unknown } | { id: number; ok: false; error: IpcError } | { note: unknown };

const TRANSFER = Symbol('transfer');
interface Transferred {
  [TRANSFER]: true;
  value: unknown;
  list: Transferable[];
}

/**
 * An answer whose buffers move to the other thread instead of being copied.
 * @param value the answer
 * @param list the `ArrayBuffer`s in it; unusable on this side afterwards
 */
export function transferring<T>(value: T, list: Transferable[]): T {
  // The wrapper is taken off again by `serve`: callers see the plain type.
  return { [TRANSFER]: true, value, list } satisfies Transferred as unknown as T;
}

function isTransferred(value: unknown): value is Transferred {
  return typeof value === 'object' && value !== null && TRANSFER in value;
}

/**
 * Answers calls that arrive at a port, in the thread that does the work.
 * @param port where calls arrive
 * @param methods what can be called; a thrown error is answered as data and the thread lives on
 */
export function serve(port: Pick<MessagePort, 'on' | 'postMessage'>, methods: Methods): void {
  port.on('message', (call: CallMessage) => {
    void answer(call);
  });
  async function answer({ id, method, args }: CallMessage): Promise<void> {
    let reply: ReplyMessage;
    let list: Transferable[] = [];
    try {
      const run = Object.hasOwn(methods, method) ? methods[method] : undefined;
      if (!run) throw new BackendError({ kind: 'internal', message: `The worker has no method ${method}.` });
      let value = await run(...(args as never[]));
      if (isTransferred(value)) ({ value, list } = value);
      reply = { id, ok: true, value };
    } catch (thrown) {
      reply = { id, ok: false, error: toIpcError(thrown) };
    }
    port.postMessage(reply, list);
  }
}

interface Pending {
  resolve: (value: never) => void;
  reject: (reason: BackendError) => void;
}

/** What calls go through: a thread, or a port to one. */
type Line = Worker | MessagePort;

/** The calling side: a line and what its other end still owes. */
export class Calls<M> {
  readonly #line: Line;
  readonly #pending = new Map<number, Pending>();
  #next = 1;
  #ended: IpcError | null = null;
  /** Called with each note that comes without being asked (progress). */
  onNote: ((note: unknown) => void) | null = null;

  /** @param line a worker, or a port whose other end is served */
  constructor(line: Line) {
    this.#line = line;
    // Both have it; their overloads in the type declarations are too different for a union.
    (line as MessagePort).on('message', (message: ReplyMessage) => this.#receive(message));
    // A port closes when its other end's thread is gone. (A worker has no such event; `Thread` listens to its own.)
    (line as MessagePort).on('close', () =>
      this.end({ kind: 'internal', message: 'The other end of a call is gone.' }),
    );
    // What is idle must not keep a terminal command alive; a call in flight does (see `call`).
    line.unref();
  }

  /** Is an answer owed? */
  get busy(): boolean {
    return this.#pending.size > 0;
  }

  /** Why no more calls are taken; null while they are. */
  get ended(): IpcError | null {
    return this.#ended;
  }

  /**
   * Calls a method at the other end.
   * @param method its name
   * @param args its arguments (structured clone)
   * @param transfer buffers and ports in the arguments that move instead of being copied
   * @throws BackendError as the method threw it, or as the other end ended
   */
  call<K extends keyof M & string>(
    method: K,
    args: M[K] extends (...a: infer A) => unknown ? A : never,
    transfer: Transferable[] = [],
  ): Promise<M[K] extends (...a: never[]) => infer R ? Awaited<R> : never> {
    if (this.#ended) return Promise.reject(new BackendError(this.#ended));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      if (this.#pending.size === 1) this.#line.ref();
      try {
        this.#line.postMessage({ id, method, args } satisfies CallMessage, transfer);
      } catch (thrown) {
        this.#settle(id);
        reject(new BackendError(toIpcError(thrown)));
      }
    });
  }

  /** Refuses what is owed and every later call; the first reason stays. */
  end(reason: IpcError): void {
    if (this.#ended) return;
    this.#ended = reason;
    for (const { reject } of this.#pending.values()) reject(new BackendError(reason));
    this.#pending.clear();
  }

  #receive(message: ReplyMessage): void {
    if ('note' in message) {
      if (!this.#ended) this.onNote?.(message.note);
      return;
    }
    const pending = this.#settle(message.id);
    if (!pending) return;
    if (message.ok) pending.resolve(message.value as never);
    else pending.reject(new BackendError(message.error));
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#line.unref();
    return pending;
  }
}

/** Calls to a thread of our own. Never hangs: when the thread ends, all that it owes is refused. */
export class Thread<M> extends Calls<M> implements Watched {
  readonly #worker: Worker;
  readonly #what: string;
  readonly #watch: MemoryWatch | undefined;

  /**
   * @param file the thread's program
   * @param what its name in error messages, e.g. 'The audit'
   * @param options heap limits and data for the thread, and who watches over its buffers
   */
  constructor(
    file: URL,
    what: string,
    options: { workerData?: unknown; resourceLimits?: ResourceLimits; watch?: MemoryWatch } = {},
  ) {
    const workerOptions: WorkerOptions = { workerData: options.workerData, stdout: true, stderr: true };
    if (options.resourceLimits) workerOptions.resourceLimits = options.resourceLimits;
    const worker = new Worker(file, workerOptions);
    super(worker);
    this.#what = what;
    this.#worker = worker;
    this.#watch = options.watch;
    this.#watch?.add(this);
    worker.on('exit', () => this.#watch?.remove(this));
    // Standard output is for results: what a library in the thread has to say goes to standard error.
    worker.stdout.on('data', (text: Buffer) => toStderr(text.toString()));
    worker.stderr.on('data', (text: Buffer) => toStderr(text.toString()));
    worker.on('messageerror', (error) => this.end({ kind: 'internal', message: error.message }));
    worker.on('error', (thrown) => this.end(this.#crash(thrown)));
    worker.on('exit', (code) =>
      this.end({ kind: 'internal', message: `${this.#what} stopped unexpectedly (exit ${code}).` }),
    );
  }

  /**
   * Ends the thread at once, in the middle of what it does.
   * @param reason what pending and later calls are refused with
   */
  async terminate(reason: IpcError = { kind: 'cancelled', message: 'Cancelled.' }): Promise<void> {
    this.end(reason);
    await this.#worker.terminate();
  }

  async used(): Promise<number> {
    const { used_heap_size, external_memory } = await this.#worker.getHeapStatistics();
    return used_heap_size + external_memory;
  }

  outOfMemory(): void {
    void this.terminate(this.#tooMuch());
  }

  #tooMuch(): IpcError {
    return {
      kind: 'internal',
      message: `${this.#what} ran out of memory.`,
      hint: 'Audit fewer namespaces at a time, or close other audits.',
    };
  }

  #crash(thrown: unknown): IpcError {
    const { code } = thrown as { code?: string };
    if (code === 'ERR_WORKER_OUT_OF_MEMORY') return this.#tooMuch();
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return { kind: 'internal', message: `${this.#what} stopped: ${message}` };
  }
}

/** A thread for the test of calls: does what a bad day does. */
import { parentPort } from 'node:worker_threads';
import { BackendError } from '../../electron/worker/errors.ts';
import { serve, transferring } from '../../electron/worker/rpc.ts';

export interface TestMethods {
  double(n: number): number;
  slow(ms: number): Promise<string>;
  refuse(): void;
  fail(): void;
  file(): void;
  /** Hands a buffer back that was moved in; also how long it is here afterwards. */
  back(bytes: ArrayBuffer): ArrayBuffer;
  lengthOfSent(): number;
  note(): void;
  say(text: string): void;
  spin(): void;
  exit(code: number): void;
  crash(): void;
  eat(): void;
  eatBuffers(most: number): Promise<number>;
}

let sent: ArrayBuffer | null = null;
const port = parentPort;
if (!port) throw new Error('a thread');

const methods: TestMethods = {
  double: (n) => n * 2,
  slow: (ms) => new Promise((resolve) => setTimeout(() => resolve('late'), ms)),
  refuse() {
    throw new BackendError({ kind: 'input', message: 'Not this.', place: 'a.yaml', hint: 'Another.' });
  },
  fail() {
    throw new TypeError('x is not a function');
  },
  file() {
    throw Object.assign(new Error('ENOENT: no such file or directory'), {
      code: 'ENOENT',
      path: '/nowhere',
      syscall: 'open',
    });
  },
  back(bytes) {
    sent = bytes;
    return transferring(bytes, [bytes]);
  },
  lengthOfSent: () => sent?.byteLength ?? -1,
  note() {
    port.postMessage({ note: 'half' });
  },
  say(text) {
    console.log(text);
  },
  spin() {
    for (;;);
  },
  exit(code) {
    process.exit(code);
  },
  crash() {
    setImmediate(() => {
      throw new Error('out of the blue');
    });
    return new Promise(() => {}) as never;
  },
  async eatBuffers(most) {
    const all: Buffer[] = [];
    const step = 8 * 1024 * 1024;
    for (let size = 0; size < most; size += step) {
      all.push(Buffer.alloc(step, 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return all.length;
  },
  eat() {
    const all: number[][] = [];
    for (;;) all.push(new Array<number>(100_000).fill(1.5));
  },
};

serve(port, methods as unknown as Parameters<typeof serve>[1]);

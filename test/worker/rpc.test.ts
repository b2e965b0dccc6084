import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Thread } from '../../electron/worker/rpc.ts';
import type { TestMethods } from './thread.ts';

let thread: Thread<TestMethods>;

beforeEach(() => {
  thread = new Thread<TestMethods>(new URL('./thread.ts', import.meta.url), 'The test', {
    resourceLimits: { maxOldGenerationSizeMb: 40, maxYoungGenerationSizeMb: 8 },
  });
});

afterEach(async () => {
  await thread.terminate();
});

describe('A call to a thread', () => {
  test('is answered, whichever of several ends first', async () => {
    const slow = thread.call('slow', [50]);
    const ended: string[] = [];
    void slow.then(() => ended.push('slow'));
    expect(await thread.call('double', [21])).toBe(42);
    expect(ended).toEqual([]);
    expect(await slow).toBe('late');
  });

  test('that is refused there is refused here, with kind, place and hint', async () => {
    await expect(thread.call('refuse', [])).rejects.toMatchObject({
      kind: 'input',
      message: 'Not this.',
      place: 'a.yaml',
      hint: 'Another.',
    });
  });

  test('that meets a missing file names the file in plain words', async () => {
    await expect(thread.call('file', [])).rejects.toMatchObject({
      kind: 'input',
      message: 'There is no such file or folder.',
      place: '/nowhere',
    });
  });

  test('that fails does not end the thread', async () => {
    await expect(thread.call('fail', [])).rejects.toMatchObject({ kind: 'internal' });
    expect(await thread.call('double', [1])).toBe(2);
  });

  test('moves buffers both ways: neither side keeps a copy', async () => {
    const bytes = new Uint8Array([1, 2, 3]).buffer;
    const back = await thread.call('back', [bytes], [bytes]);
    expect(bytes.byteLength).toBe(0);
    expect([...new Uint8Array(back)]).toEqual([1, 2, 3]);
    expect(await thread.call('lengthOfSent', [])).toBe(0);
  });

  test('to a method that is not there is refused, also for names that every object has', async () => {
    const call = thread.call.bind(thread) as (method: string, args: unknown[]) => Promise<unknown>;
    await expect(call('nothing', [])).rejects.toMatchObject({ kind: 'internal' });
    await expect(call('constructor', [])).rejects.toMatchObject({ kind: 'internal' });
  });

  test('hears the notes that come before its answer', async () => {
    const notes: unknown[] = [];
    thread.onNote = (note) => notes.push(note);
    await thread.call('note', []);
    expect(notes).toEqual(['half']);
  });
});

describe('What a thread prints', () => {
  test('never comes between the results on standard output', async () => {
    const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      await thread.call('say', ['a library has a word']);
      await expect.poll(() => err.mock.calls.map(([text]) => String(text)).join('')).toContain('a word');
      expect(out.mock.calls.map(([text]) => String(text)).join('')).not.toContain('a word');
    } finally {
      out.mockRestore();
      err.mockRestore();
    }
  });
});

describe('A thread that ends', () => {
  test('in the middle of work at a cancel, refuses what it owes as cancelled and takes no more', async () => {
    const owed = [thread.call('spin', []), thread.call('double', [1])];
    const settled = Promise.allSettled(owed);
    await thread.terminate();
    for (const result of await settled) {
      expect(result).toMatchObject({ status: 'rejected', reason: { kind: 'cancelled' } });
    }
    await expect(thread.call('double', [1])).rejects.toMatchObject({ kind: 'cancelled' });
  });

  test('by an error that nobody caught, is an internal error and no hang', async () => {
    await expect(thread.call('crash', [])).rejects.toMatchObject({
      kind: 'internal',
      message: 'The test stopped: out of the blue',
    });
    await expect(thread.call('double', [1])).rejects.toMatchObject({ kind: 'internal' });
  });

  test('by itself, is an internal error and no hang', async () => {
    await expect(thread.call('exit', [3])).rejects.toMatchObject({
      kind: 'internal',
      message: 'The test stopped unexpectedly (exit 3).',
    });
  });

  test('because it ate its memory, says so, and this process lives on', async () => {
    await expect(thread.call('eat', [])).rejects.toMatchObject({
      kind: 'internal',
      message: 'The test ran out of memory.',
    });
  });
});

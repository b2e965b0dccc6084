import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { httpBridge } from '../../renderer/state/bridge.ts';
import { KEY_HEADER } from '../../shared/web.ts';

/** What was asked for, with its headers; streams of events are answered by what a test has laid ready, then by silence. */
let asked: { path: string; headers: Record<string, string>; signal: AbortSignal | null }[];
let streams: (() => Response)[];
let ended: number;

const events = () => asked.filter(({ path }) => path === '/events');

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  streams = [];
  ended = 0;
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const path = url.replace('base', '');
    asked.push({ path, headers: init.headers as Record<string, string>, signal: init.signal ?? null });
    if (path !== '/events')
      return new Response('{"ok":true,"value":[]}', { headers: { 'content-type': 'application/json' } });
    const answer = streams.shift();
    if (answer) return answer();
    return new Promise<Response>((_, reject) => {
      init.signal?.addEventListener('abort', () => reject(new Error('aborted')));
    });
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function open() {
  return httpBridge('base', 'the key', () => (ended += 1));
}

/** A stream that says this, in pieces as they come, and ends. */
function saying(...pieces: string[]): () => Response {
  return () =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
          controller.close();
        },
      }),
    );
}

/** So long passes, and what hangs on it is done. */
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  for (let i = 0; i < 20; i += 1) await vi.advanceTimersByTimeAsync(0);
}

describe('The bridge of a browser tab', () => {
  test('sends the key with every call and every stream', async () => {
    const bridge = open();
    expect(await bridge.invoke('history.list', undefined)).toEqual({ ok: true, value: [] });
    expect(asked.map(({ path }) => path).sort()).toEqual(['/api/history.list', '/events']);
    for (const { headers } of asked) expect(headers[KEY_HEADER]).toBe('the key');
  });

  test('tells events whole, however they come in, and asks after a break for those that it missed', async () => {
    streams.push(
      saying(
        'retry: 500\n\nid: 7\nevent: audit.fin',
        'ished\ndata: {"job":"job-1"}\n\n: here\n\nid: 8\nevent: audit.finished\ndata: {"job":"jo',
        'b-2"}\n\nid: 9\nevent: audit.finished\ndata: {"job":"cut',
      ),
      saying('id: 9\nevent: audit.finished\ndata: {"job":"job-3"}\n\n'),
    );
    const jobs: string[] = [];
    const bridge = open();
    // One listener that fails costs the others nothing.
    const reported = vi.fn();
    vi.stubGlobal('reportError', reported);
    bridge.on('audit.finished', () => {
      throw new Error('mine');
    });
    bridge.on('audit.finished', ({ job }) => jobs.push(job));
    await pass(0);
    expect(jobs).toEqual(['job-1', 'job-2']);
    await pass(500);
    expect(jobs).toEqual(['job-1', 'job-2', 'job-3']);
    expect(reported).toHaveBeenCalledTimes(3);
    await pass(500);
    expect(events().map(({ headers }) => headers['last-event-id'])).toEqual(['0', '8', '9']);
  });

  test('pauses longer while nobody answers, five seconds at most', async () => {
    const refuse = (): Response => {
      throw new TypeError('refused');
    };
    streams.push(...Array.from({ length: 9 }, () => refuse));
    open();
    await pass(0);
    const at: number[] = [];
    for (let ms = 100; ms <= 15_000; ms += 100) {
      const before = events().length;
      await pass(100);
      if (events().length > before) at.push(ms);
    }
    expect(at).toEqual([500, 1500, 3500, 7500, 12_500]);
  });

  test('begins a stream anew that fell silent', async () => {
    open();
    await pass(44_000);
    expect(events()).toHaveLength(1);
    await pass(2000);
    expect(events()[0]?.signal?.aborted).toBe(true);
    expect(events()).toHaveLength(2);
  });

  test('asks no more once its session has ended', async () => {
    streams.push(() => new Response('', { status: 401 }));
    open();
    await pass(60_000);
    expect(ended).toBe(1);
    expect(events()).toHaveLength(1);
  });

  test('is told by a call, too, that its session has ended', async () => {
    vi.stubGlobal('fetch', async () => new Response('{"ok":false}', { status: 401 }));
    const bridge = open();
    await bridge.invoke('history.list', undefined);
    expect(ended).toBeGreaterThanOrEqual(1);
  });
});

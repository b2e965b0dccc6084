/** When a followed audit is compared, and what the window is told meanwhile: with watches and an evaluator made up. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FollowStatus } from '../../electron/cluster/follow.ts';
import { Follow } from '../../electron/follow.ts';
import { BackendError } from '../../electron/worker/errors.ts';
import type { DiffSummary } from '../../shared/audit/diff.ts';
import type { Following } from '../../shared/ipc.ts';

const READ_AT = '2026-01-01T00:00:00.000Z';
const GATHER = 1000;
const quiet: FollowStatus = { opening: 0, interrupted: [], notFollowed: [] };
const broken: FollowStatus = {
  ...quiet,
  interrupted: [{ resource: 'pods', namespace: null, since: '2026-01-01T00:01:00.000Z', reason: 'gone' }],
};

let told: Following[];
let compares: { resolve: (policies: number) => void; reject: (error: unknown) => void }[];
let status: (status: FollowStatus) => void;
let end: { resolve: () => void; reject: (error: unknown) => void };
let aborted: boolean;
let follow: Follow;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-01-01T00:00:30Z') });
  told = [];
  compares = [];
  aborted = false;
  follow = new Follow({
    audit: 'audit-1',
    followable: {
      source: { kind: 'context', name: 'test' },
      server: 'https://x',
      readAt: READ_AT,
      cursors: [],
      fixed: ['configmaps/cilium-config'],
    },
    watch: ({ signal, status: tell }) => {
      status = tell;
      signal.addEventListener('abort', () => ((aborted = true), end.resolve()));
      return new Promise((resolve, reject) => (end = { resolve, reject }));
    },
    compare: () =>
      new Promise((resolve, reject) =>
        compares.push({
          resolve: (policies) => resolve({ changed: policies > 0, policies } as DiffSummary),
          reject,
        }),
      ),
    now: () => new Date().toISOString(),
    tell: (following) => told.push(following),
    gatherMs: GATHER,
  });
});
afterEach(() => {
  follow.stop();
  vi.useRealTimers();
});

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
async function live(): Promise<void> {
  status(quiet);
  await pass(GATHER);
  compares.shift()!.resolve(0);
  await pass(0);
}

describe('A following', () => {
  test('is not live before what happened since the audit was compared', async () => {
    expect(follow.following).toMatchObject({ state: 'starting', since: READ_AT, summary: null });
    status(quiet);
    expect(follow.following.state).toBe('starting');
    await pass(GATHER);
    expect(follow.following.state).toBe('starting');
    compares[0]!.resolve(0);
    await pass(0);
    expect(follow.following).toMatchObject({ state: 'live', since: null, comparedAt: expect.any(String) });
  });

  test('names what is read once and never followed', () => {
    expect(follow.following.notFollowed).toEqual([
      { resource: 'configmaps/cilium-config', namespace: null, reason: null, affectsVerdicts: true },
    ]);
  });

  test('gathers a hundred changes into one comparison, and never makes two at once', async () => {
    await live();
    for (let i = 0; i < 100; i += 1) follow.changed();
    expect(compares).toHaveLength(0);
    await pass(GATHER);
    expect(compares).toHaveLength(1);
    // More come while it runs, and it runs long.
    follow.changed();
    await pass(10_000);
    expect(compares).toHaveLength(1);
    compares[0]!.resolve(1);
    await pass(0);
    expect(follow.following.summary).toMatchObject({ policies: 1 });
    await pass(60_000);
    expect(compares).toHaveLength(2);
  });

  test('leaves the thread that it asks time for other questions', async () => {
    await live();
    follow.changed();
    await pass(GATHER);
    await pass(5000);
    compares.shift()!.resolve(1);
    follow.changed();
    // It took 5 s: the next one begins no sooner than 20 s after it.
    await pass(19_000);
    expect(compares).toHaveLength(0);
    await pass(2000);
    expect(compares).toHaveLength(1);
  });

  test('tells bad news at once, and good news when what was missed is compared', async () => {
    await live();
    status(broken);
    expect(told.at(-1)).toMatchObject({
      state: 'interrupted',
      since: '2026-01-01T00:01:00.000Z',
      reason: 'gone',
    });
    status(quiet);
    expect(follow.following.state).toBe('interrupted');
    await pass(GATHER);
    compares.shift()!.resolve(3);
    await pass(0);
    expect(told.at(-1)).toMatchObject({ state: 'live', summary: { policies: 3 } });
    // At no time live with the old figures.
    const since = told.findIndex(({ state }) => state === 'interrupted');
    expect(
      told.slice(since).filter(({ state, summary }) => state === 'live' && summary?.policies === 0),
    ).toEqual([]);
  });

  test('that breaks while it compares stays interrupted', async () => {
    await live();
    follow.changed();
    await pass(GATHER);
    status(broken);
    compares.shift()!.resolve(1);
    await pass(0);
    expect(follow.following).toMatchObject({ state: 'interrupted', summary: { policies: 1 } });
  });

  test('ends with the login, since when the watches heard the server last', async () => {
    await live();
    status(broken);
    end.reject(new BackendError({ kind: 'auth', message: 'no more' }));
    await follow.ended;
    expect(told.at(-1)).toMatchObject({
      state: 'login',
      since: '2026-01-01T00:01:00.000Z',
      reason: 'no more',
    });
    expect(follow.running).toBe(false);
  });

  test('ends where it cannot be compared, with the reason', async () => {
    await live();
    follow.changed();
    await pass(GATHER);
    compares.shift()!.reject(new BackendError({ kind: 'internal', message: 'out of memory' }));
    await pass(0);
    expect(told.at(-1)).toMatchObject({ state: 'stopped', reason: 'out of memory' });
    expect(aborted).toBe(true);
  });

  test('that was stopped says nothing more, whatever comes', async () => {
    await live();
    follow.changed();
    follow.stop();
    expect(aborted).toBe(true);
    expect(told.at(-1)).toMatchObject({ state: 'stopped', reason: null });
    const before = told.length;
    status(broken);
    follow.changed();
    follow.stop();
    await pass(100_000);
    expect(told).toHaveLength(before);
    expect(compares).toHaveLength(0);
  });
});

/** Following through the handlers, over the real threads and the API server of the tests. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBackend } from '../../electron/backend.ts';
import type { Backend, Host } from '../../electron/backend.ts';
import { HistoryClient } from '../../electron/history/client.ts';
import { ThreadedSources } from '../../electron/reader/client.ts';
import type { AuditDiff } from '../../shared/audit/diff.ts';
import type { AuditFinished, Following, Source } from '../../shared/ipc.ts';
import { TestApiServer } from '../apiserver/server.ts';
import { Store } from '../apiserver/store.ts';
import type { KubeObject } from '../apiserver/store.ts';

const CONTEXT: Source = { kind: 'context', name: 'test' };
let folder: string;
let store: Store;
let api: TestApiServer;
let backend: Backend;
let told: Following[];
let finished: AuditFinished[];

const namespace = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
});
const pod = (place: string, name: string, ip: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: place, labels: { app: name } },
  spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'c' }] },
  status: { phase: 'Running', podIPs: [{ ip }] },
});
const policy = (place: string, name: string, spec: unknown): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace: place },
  spec,
});

/**
 * Pods `data/db` and `web/front`. The policy lets web reach db on TCP 5432 and no one else, and isolates db for ingress
 * alone. Both may send anywhere.
 */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-follow-'));
  store = new Store();
  for (const name of ['data', 'web']) store.put(namespace(name));
  store.put({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
  store.put(pod('data', 'db', '10.0.0.1'));
  store.put(pod('web', 'front', '10.0.0.2'));
  store.put(
    policy('data', 'db', {
      podSelector: { matchLabels: { app: 'db' } },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'web' } } }],
          ports: [{ port: 5432 }],
        },
      ],
    }),
  );
  api = await TestApiServer.start({ store, bookmarkMs: 50 });
  writeFileSync(join(folder, 'config'), api.kubeconfig());
  told = [];
  finished = [];
  const host: Host = {
    backend: 'serve',
    emit(event, payload) {
      if (event === 'audit.changed') told.push(payload as Following);
      if (event === 'audit.finished') finished.push(payload as AuditFinished);
    },
    pickKubeconfig: async () => null,
    pickPaths: async () => null,
    confirmLogin: async () => null,
    confirmRender: async () => false,
    deliver: async () => null,
  };
  backend = createBackend({
    version: '1.2.3',
    platform: 'linux',
    start: null,
    notice: null,
    sources: new ThreadedSources({ files: [join(folder, 'config')] }),
    history: new HistoryClient(join(folder, 'history.sqlite')),
    now: () => new Date().toISOString(),
    gatherMs: 50,
    host,
  });
});
afterEach(async () => {
  await backend.close();
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

async function audit(source: Source = CONTEXT): Promise<string> {
  const { job } = await backend.handlers['audit.start']({
    source,
    options: { assume: { enforced: 'yes' } },
  });
  const end = await expect
    .poll(() => finished.find((one) => one.job === job), { timeout: 20_000 })
    .toBeDefined()
    .then(() => finished.find((one) => one.job === job)!);
  expect(end.error).toBeUndefined();
  return end.audit!;
}

/** The state that the window would show now. */
const now = (id: string): Following | undefined => told.filter((one) => one.audit === id).at(-1);
const eventually = <T>(get: () => T): ReturnType<typeof expect.poll<T>> =>
  expect.poll(get, { timeout: 20_000 });
async function changes(id: string): Promise<AuditDiff> {
  const { changes: found } = await backend.handlers['follow.changes']({ audit: id });
  return found!;
}

async function followed(): Promise<string> {
  const id = await audit();
  expect(await backend.handlers['follow.start']({ audit: id })).toMatchObject({
    audit: id,
    state: 'starting',
    summary: null,
  });
  await eventually(() => now(id)?.state).toBe('live');
  return id;
}

describe('An audit that is followed', () => {
  test('is live without a change until there is one, and then says what it means', async () => {
    const id = await followed();
    expect(now(id)).toMatchObject({
      since: null,
      interrupted: [],
      notFollowed: [],
      summary: { changed: false, policies: 0, isolation: 0, pairs: { gained: 0, lost: 0, other: 0 } },
    });
    const before = await backend.handlers['audit.overview']({ audit: id });

    // The policy goes: db is open for ingress, and front may send it everything.
    store.remove('networking.k8s.io', 'networkpolicies', 'data', 'db');
    await eventually(() => now(id)?.summary?.changed).toBe(true);
    expect(now(id)?.summary).toMatchObject({
      policies: 1,
      pods: 0,
      isolation: 1,
      // From front to db: more ports. From outside to db: everything.
      outside: 1,
      pairs: { gained: 1, lost: 0, other: 0 },
      before: { isolation: { none: 1, ingressOnly: 1 } },
      after: { isolation: { none: 2, ingressOnly: 0 } },
    });
    const found = await changes(id);
    expect(found.objects.policies.rows).toEqual([
      { namespace: 'data', name: 'db', change: 'removed', parts: [] },
    ]);
    expect(found.isolation.rows).toEqual([
      {
        workload: { namespace: 'data', kind: 'Pod', name: 'db' },
        direction: 'ingress',
        from: 'isolated',
        to: 'open',
        paperFrom: 'isolated',
        paperTo: 'open',
        pods: 1,
        names: ['db'],
      },
    ]);
    const all = { TCP: [[1, 65535]], UDP: [[1, 65535]], SCTP: [[1, 65535]] };
    expect(found.pairs.workloads).toEqual({
      total: 1,
      rows: [
        {
          src: { namespace: 'web', kind: 'Pod', name: 'front' },
          dst: { namespace: 'data', kind: 'Pod', name: 'db' },
          before: { TCP: [[5432, 5432]] },
          after: all,
          dependsBefore: {},
          dependsAfter: {},
          gained: true,
          lost: false,
        },
      ],
    });
    // What was audited stays what it was, its reports and its verdicts too.
    expect(await backend.handlers['audit.overview']({ audit: id })).toEqual(before);
    const verdict = await backend.handlers['audit.explain']({
      audit: id,
      query: {
        src: { namespace: 'web', pod: 'front' },
        dst: { namespace: 'data', pod: 'db' },
        protocol: 'TCP',
        port: 80,
      },
    });
    expect(verdict.verdict).toBe('denied');
  });

  test('that is as it was again has changed in nothing', async () => {
    const id = await followed();
    store.put(pod('web', 'more', '10.0.0.3'));
    await eventually(() => now(id)?.summary?.pods).toBe(1);
    store.remove('', 'pods', 'web', 'more');
    await eventually(() => now(id)?.summary?.changed).toBe(false);
  });

  test('of which a part may not be followed says which, and goes on with the rest', async () => {
    api.faults.push({ on: /services\?watch/, trouble: { kind: 'status', status: 403 } });
    const id = await followed();
    expect(now(id)?.notFollowed).toEqual([
      {
        resource: 'services',
        namespace: null,
        affectsVerdicts: true,
        reason: expect.stringContaining('403'),
      },
    ]);
    store.remove('', 'pods', 'web', 'front');
    await eventually(() => now(id)?.summary?.pods).toBe(1);
  });

  test('is interrupted while the server is away, with the time since when changes may be missing', async () => {
    const id = await followed();
    const { port, authority } = api;
    const before = Date.now();
    await api.close();
    await eventually(() => now(id)?.state).toBe('interrupted');
    const { since, reason } = now(id)!;
    expect(Math.abs(Date.parse(since!) - before)).toBeLessThan(3000);
    expect(reason).toContain('refused');
    store.remove('', 'pods', 'web', 'front');
    api = await TestApiServer.start({ store, authority, port, bookmarkMs: 50 });
    await eventually(() => now(id)?.state).toBe('live');
    // Never called live before what was missed is in the figures.
    expect(
      told.find(
        (one) => one.state === 'live' && told.indexOf(one) > told.findIndex((x) => x.state === 'interrupted'),
      )?.summary?.pods,
    ).toBe(1);
  });

  test('ends with the login, says so, and can be followed again after another one', async () => {
    const id = await followed();
    api.users[0]!.token = 'another';
    api.cut();
    await eventually(() => now(id)?.state).toBe('login');
    expect(now(id)?.since).not.toBeNull();
    store.remove('', 'pods', 'web', 'front');
    // Logged in again: the kubeconfig has the new token.
    writeFileSync(join(folder, 'config'), api.kubeconfig({ token: 'another' }));
    expect(await backend.handlers['follow.start']({ audit: id })).toMatchObject({ state: 'starting' });
    await eventually(() => now(id)?.state).toBe('live');
    expect(now(id)?.summary?.pods).toBe(1);
  });

  test('is not followed to another server that its context leads to meanwhile', async () => {
    const id = await audit();
    const other = await TestApiServer.start({ store: new Store() });
    writeFileSync(join(folder, 'config'), other.kubeconfig());
    await backend.handlers['follow.start']({ audit: id });
    await eventually(() => now(id)?.state).toBe('stopped');
    expect(now(id)).toMatchObject({ reason: expect.stringContaining('another server'), summary: null });
    expect(other.requests).toEqual([]);
    await other.close();
  });
});

describe('Following', () => {
  test('stops when it is told to, at once, and keeps what it found with its age', async () => {
    const id = await followed();
    store.remove('', 'pods', 'web', 'front');
    await eventually(() => now(id)?.summary?.pods).toBe(1);
    await backend.handlers['follow.stop']({ audit: id });
    expect(now(id)).toMatchObject({ state: 'stopped', reason: null, summary: { pods: 1 } });
    await eventually(() => api.open).toBe(0);
    const before = told.length;
    store.remove('', 'pods', 'data', 'db');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(told).toHaveLength(before);
    // Taken up again, it knows what happened meanwhile.
    await backend.handlers['follow.start']({ audit: id });
    await eventually(() => now(id)?.summary?.pods).toBe(2);
  });

  test('ends with its audit and with the backend', async () => {
    const id = await followed();
    await backend.handlers['audit.close']({ audit: id });
    await eventually(() => api.open).toBe(0);
    await expect(backend.handlers['follow.start']({ audit: id })).rejects.toMatchObject({
      kind: 'not-found',
    });
    await followed();
    await backend.close();
    await eventually(() => api.open).toBe(0);
  });

  test('that is asked for twice is one', async () => {
    const id = await followed();
    expect(await backend.handlers['follow.start']({ audit: id })).toMatchObject({ state: 'live' });
    expect(
      api.requests.filter(({ verb, resource }) => verb === 'watch' && resource === 'pods').length,
    ).toBeLessThan(4);
  });

  test('is for three clusters at most', async () => {
    const ids = [await followed(), await followed(), await followed()];
    const one = await audit();
    await expect(backend.handlers['follow.start']({ audit: one })).rejects.toMatchObject({
      kind: 'bad-request',
      hint: expect.stringContaining('Stop'),
    });
    await backend.handlers['follow.stop']({ audit: ids[0]! });
    await backend.handlers['follow.start']({ audit: one });
    await eventually(() => now(one)?.state).toBe('live');
  });

  test('is nothing for manifests, the demo and the history', async () => {
    const demo = await audit({ kind: 'demo' });
    await expect(backend.handlers['follow.start']({ audit: demo })).rejects.toMatchObject({
      kind: 'bad-request',
    });
    expect(await backend.handlers['follow.changes']({ audit: demo })).toEqual({
      again: null,
      following: null,
      changes: null,
    });
    await audit();
    const [item] = await backend.handlers['history.list']();
    const { audit: kept } = await backend.handlers['history.open']({ id: item!.id });
    await expect(backend.handlers['follow.start']({ audit: kept })).rejects.toMatchObject({
      kind: 'bad-request',
    });
  });
});

/** Servers that never end (test/apiserver/attacks.ts, raw.ts): each is cut, named in coverage, and the rest goes on. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Bounds } from '../../electron/cluster/bounds.ts';
import { followChanges } from '../../electron/cluster/follow.ts';
import type { FollowStatus } from '../../electron/cluster/follow.ts';
import { readCluster } from '../../electron/cluster/reader.ts';
import { LiveSnapshot } from '../../shared/kube/live.ts';
import type { ReadBound } from '../../shared/kube/snapshot.ts';
import { parseSnapshot, serializeSnapshot } from '../../shared/kube/snapshotFile.ts';
import { generatedStore } from '../apiserver/generate.ts';
import { startRaw } from '../apiserver/raw.ts';
import type { RawBehaviour, RawServer } from '../apiserver/raw.ts';
import { TestApiServer } from '../apiserver/server.ts';
import type { Fault, ServerOptions, Trouble } from '../apiserver/server.ts';
import type { Store } from '../apiserver/store.ts';
import { contextOf, entryOf, eventually, Folder, LiveSink, QUICK, read } from './support.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
const small = (): Store => generatedStore({ pods: 120, namespaces: 4 });
async function start(options: ServerOptions = {}, ...faults: Fault[]): Promise<TestApiServer> {
  const server = await TestApiServer.start({ store: small(), ...options });
  server.faults.push(...faults);
  ends.push(() => server.close());
  return server;
}
async function raw(behaviour: RawBehaviour): Promise<RawServer> {
  const server = await startRaw(behaviour);
  ends.push(() => server.close());
  return server;
}

/** The same bounds in a smaller measure. */
const FEW: Partial<Bounds> = {
  pageBytes: 4 * 1024 * 1024,
  documentBytes: 1024 * 1024,
  sparePages: 20,
  objects: 1000,
  spareObjects: 100,
};
const PODS = /\/pods\?limit/;

/** Policies and namespaces are read whole, and of the pods nothing is claimed. */
function expectRest({ snapshot, sink }: Awaited<ReturnType<typeof read>>, code: ReadBound): void {
  expect(entryOf(sink.entries, 'pods')).toMatchObject({
    outcome: 'failed',
    count: 0,
    affectsVerdicts: true,
    bound: { code },
  });
  expect(snapshot.pods).toEqual([]);
  expect(snapshot.namespaces).toHaveLength(4);
  expect(snapshot.policies).toHaveLength(2 + 2);
  expect(snapshot.coverage.complete).toBe(false);
  expect(snapshot.coverage.unreadPods).toEqual(['ns-0000', 'ns-0001', 'ns-0002', 'ns-0003']);
  // Where smaller lists may help two namespaces are tried, and not a third.
  expect(entryOf(sink.entries, 'pods', 'ns-0003')?.reason).toContain('not asked');
}

describe('A list without end', () => {
  for (const [name, trouble, code, most] of [
    [
      'of alternating continue tokens',
      { kind: 'endless-list', tokens: 'alternating', objects: 'new' },
      'token-repeated',
      3,
    ],
    [
      'of fresh tokens with the same objects',
      { kind: 'endless-list', tokens: 'fresh', objects: 'repeated' },
      'objects-repeated',
      2,
    ],
    ['of empty pages', { kind: 'endless-list', tokens: 'fresh', objects: 'none' }, 'pages', 21],
    [
      'of ever new objects',
      { kind: 'endless-list', tokens: 'fresh', objects: 'new', page: 60 },
      'objects',
      17,
    ],
    [
      'of more objects than were announced',
      { kind: 'endless-list', tokens: 'fresh', objects: 'new', announced: 120, page: 60 },
      'more-than-announced',
      6,
    ],
    ['with a huge token', { kind: 'endless-list', tokens: 'huge', objects: 'new' }, 'token-length', 1],
  ] as const) {
    test(`${name} ends, is named, and the rest is read`, async () => {
      const api = await start({}, { on: PODS, trouble });
      const one = await read(api, { pageSize: 60, bounds: FEW });
      expectRest(one, code);
      const asked = api.requests.filter((r) => r.path === '/api/v1/pods' && r.verb === 'list');
      expect(asked).toHaveLength(most);
      // It has no end: the namespaces are not asked either.
      expect(api.requests.filter((r) => /namespaces\/.*\/pods$/.test(r.path))).toEqual([]);
      // What had come is said to be left out.
      const bound = entryOf(one.sink.entries, 'pods')?.bound;
      const saved = parseSnapshot(JSON.parse([...serializeSnapshot(one.snapshot)].join('')));
      expect('snapshot' in saved && entryOf(saved.snapshot.coverage.entries, 'pods')?.bound).toEqual(bound);
      if (trouble.objects === 'none') expect(bound).not.toHaveProperty('leftOut');
      else expect(bound?.leftOut).toBeGreaterThan(0);
    });
  }

  test('of each of many lists ends by their objects together', async () => {
    const api = await start();
    const { sink, snapshot } = await read(api, { pageSize: 60, parallel: 1, bounds: { auditObjects: 122 } });
    expect(sink.entries.filter(({ bound }) => bound?.code === 'audit-objects')).not.toEqual([]);
    expect(snapshot.coverage.complete).toBe(false);
  });

  test('of another kind of policy leaves that kind unread, and its names are not kept', async () => {
    const store = small();
    store.serve({
      group: 'cilium.io',
      version: 'v2',
      resource: 'ciliumnetworkpolicies',
      kind: 'CiliumNetworkPolicy',
      namespaced: true,
    });
    const api = await start(
      { store },
      {
        on: 'ciliumnetworkpolicies',
        trouble: { kind: 'endless-list', tokens: 'alternating', objects: 'new' },
      },
    );
    const { snapshot, sink } = await read(api, { bounds: FEW });
    expect(entryOf(sink.entries, 'ciliumnetworkpolicies.cilium.io')).toMatchObject({
      outcome: 'failed',
      bound: { code: 'token-repeated' },
    });
    expect(snapshot.otherPolicies).toContainEqual(
      expect.objectContaining({ kind: 'CiliumNetworkPolicy', status: 'unreadable' }),
    );
    expect(snapshot.pods).toHaveLength(120);
  });

  test('of time: what is not worth its time ends, and what follows is not asked', async () => {
    const api = await start();
    // A clock that goes an hour a call: nothing that comes is worth that.
    let hours = 0;
    const { sink, snapshot } = await read(api, { now: () => (hours += 1) * 3_600_000 });
    expect(sink.entries.some(({ bound }) => bound?.code === 'audit-time')).toBe(true);
    expect(snapshot.coverage.complete).toBe(false);
    expect(snapshot.coverage.unreadPods).not.toEqual([]);
  });
});

describe('Waiting', () => {
  test('for days is refused at once, and said', async () => {
    const api = await start({}, { on: PODS, trouble: { kind: 'retry-after', seconds: 172_800 } });
    const paused: string[] = [];
    const one = await read(api, { onProgress: ({ detail }) => paused.push(detail) });
    expectRest(one, 'retry-after');
    expect(entryOf(one.sink.entries, 'pods')?.bound).toEqual({ code: 'retry-after', limit: 172_800 });
    expect(paused.filter((detail) => detail.includes('trying again'))).toEqual([]);
    expect(api.requests.filter((r) => r.path === '/api/v1/pods' && r.verb === 'list')).toHaveLength(1);
  });

  test('altogether has an end, however short each pause is', async () => {
    const api = await start({}, { on: PODS, trouble: { kind: 'status', status: 503 } });
    const one = await read(api, {
      patience: {
        ...QUICK,
        attempts: 10_000,
        pauseMs: 10,
        longestPauseMs: 20,
        waitMs: 100,
        waitAnswerMs: 10,
      },
    });
    expectRest(one, 'waited');
    expect(api.requests.filter((r) => r.path.endsWith('/pods')).length).toBeLessThan(2000);
  });
});

describe('A trickle', () => {
  test('is refused after smaller pages were tried, also behind a fast beginning', async () => {
    const trouble: Trouble = { kind: 'trickle', bytesPerSecond: 500, burst: 100_000 };
    const api = await start({}, { on: PODS, trouble });
    const one = await read(api, { pageSize: 160 });
    expectRest(one, 'slow');
    const limits = api.requests
      .filter((r) => r.path === '/api/v1/pods' && r.verb === 'list')
      .map((r) => Number(new URLSearchParams(r.query).get('limit')));
    expect([...new Set(limits)]).toEqual([160, 40, 10]);
    await eventually(() => api.open).toBe(0);
  });

  test('of large pages alone loses nothing: smaller ones come through', async () => {
    const trouble: Trouble = { kind: 'trickle', bytesPerSecond: 500 };
    const api = await start({}, { on: /\/pods\?limit=100/, trouble });
    const { snapshot } = await read(api, { pageSize: 100 });
    expect(snapshot.pods).toHaveLength(120);
    expect(snapshot.coverage.complete).toBe(true);
  });
});

describe('An answer without end', () => {
  for (const gzip of [false, true]) {
    const name = gzip ? 'a bomb of gzip' : 'plain';
    test(`${name}, in place of a list: is cut, in smaller pages too`, async () => {
      const api = await start({}, { on: PODS, trouble: { kind: 'endless-body', gzip } });
      expectRest(await read(api, { bounds: FEW, pageSize: 500 }), 'answer-bytes');
      const limits = api.requests
        .filter((r) => r.path === '/api/v1/pods' && r.verb === 'list')
        .map((r) => new URLSearchParams(r.query).get('limit'));
      expect(limits).toEqual(['500', '125', '31', '8']);
      await eventually(() => api.open).toBe(0);
    });

    test(`${name}, behind a refusal: the refusal is named`, async () => {
      const api = await start({}, { on: PODS, trouble: { kind: 'endless-body', gzip, status: 403 } });
      const { sink, snapshot } = await read(api);
      expect(entryOf(sink.entries, 'pods')).toMatchObject({
        outcome: 'refused',
        reason: expect.stringContaining('403') as string,
      });
      expect(snapshot.policies).toHaveLength(2 + 2);
    });

    test(`${name}, in place of the version: no API server`, async () => {
      const api = await start({}, { on: '/version', trouble: { kind: 'endless-body', gzip } });
      await expect(read(api)).rejects.toMatchObject({ kind: 'api', bound: { code: 'answer-bytes' } });
    });
  }

  test('behind a watch that is refused does not hold the following up', async () => {
    const api = await start({}, { on: /watch=1/, trouble: { kind: 'endless-body', status: 403 } });
    const { sink } = await read(api);
    expect(entryOf(sink.entries, 'pods', null, 'watch')?.reason).toContain('403');
  });

  test('of an issuer of tokens ends the login', async () => {
    const issuer = await start(
      {},
      { on: 'openid-configuration', trouble: { kind: 'endless-body', gzip: true } },
    );
    const api = await start();
    const user = {
      'auth-provider': {
        name: 'oidc',
        config: {
          'client-id': 'bulkhead',
          'refresh-token': 'r',
          'idp-issuer-url': issuer.url,
          'idp-certificate-authority-data': Buffer.from(issuer.authority.cert).toString('base64'),
        },
      },
    };
    await expect(read(api, { user })).rejects.toMatchObject({ kind: 'auth' });
    expect(issuer.requests).toHaveLength(1);
    expect(api.requests).toEqual([]);
  });
});

describe('A document that grows as it is parsed', () => {
  for (const how of ['nested', 'cut'] as const) {
    test(`${how} into very many parts is not parsed in this thread, and the rest is read`, async () => {
      const api = await start(
        {},
        { on: /\/namespaces\?limit/, trouble: { kind: 'amplify', parts: 600_000, how } },
      );
      const { sink, snapshot } = await read(api, { bounds: { documentBytes: 8 * 1024 * 1024 } });
      expect(entryOf(sink.entries, 'namespaces')).toMatchObject({
        outcome: 'failed',
        bound: { code: 'openings' },
      });
      expect(snapshot.pods).toHaveLength(120);
      expect(snapshot.coverage.complete).toBe(false);
    });
  }

  test('discovery of very many kinds is not gone along, and each known kind is asked for by itself', async () => {
    const api = await start({}, { on: /^\/apis$/, trouble: { kind: 'huge-discovery', groups: 5000 } });
    const { sink, snapshot } = await read(api);
    expect(entryOf(sink.entries, 'apis', null, 'get')).toMatchObject({
      outcome: 'failed',
      bound: { code: 'kinds', limit: 2000 },
    });
    expect(api.requests.filter((r) => r.path.includes('example.com'))).toEqual([]);
    expect(snapshot.pods).toHaveLength(120);
    expect(snapshot.coverage.complete).toBe(false);
  });

  test('very many namespaces are not read one by one, and their pods are unread', async () => {
    const api = await start({}, { on: '/api/v1/pods?', trouble: { kind: 'status', status: 403 } });
    const { sink, snapshot } = await read(api, { bounds: { namespaces: 3 } });
    expect(entryOf(sink.entries, 'pods')).toMatchObject({ bound: { code: 'namespaces', limit: 3 } });
    expect(entryOf(sink.entries, 'pods', 'ns-0002')?.outcome).toBe('read');
    expect(entryOf(sink.entries, 'pods', 'ns-0003')).toBeUndefined();
    expect(snapshot.coverage.unreadPods).toEqual([null]);
  });
});

describe('A server that breaks below HTTP', () => {
  /** A cluster whose server, or whose proxy, is one of those. */
  async function readRaw(cluster: Record<string, unknown>): Promise<void> {
    const api = await start();
    await read(api, { user: {}, cluster, patience: { ...QUICK, connectMs: 500, attempts: 1 } });
  }
  const refused = { kind: 'network', message: expect.stringMatching(/./) as string };

  test('a TLS handshake that never ends', async () => {
    const server = await raw('silent');
    await expect(readRaw({ server: `https://127.0.0.1:${server.port}` })).rejects.toMatchObject(refused);
    await eventually(() => server.open).toBe(0);
  });

  for (const scheme of ['http', 'https', 'socks5'] as const) {
    test(`a proxy over ${scheme} that never answers`, async () => {
      const server = await raw('silent');
      await expect(readRaw({ 'proxy-url': `${scheme}://127.0.0.1:${server.port}` })).rejects.toMatchObject({
        kind: 'network',
        message: expect.stringContaining('proxy') as string,
      });
      await eventually(() => server.open).toBe(0);
    });
  }

  for (const behaviour of ['endless-header', 'header-drip', 'endless-informational', 'chunk-drip'] as const) {
    test(`${behaviour}: one clear error, and no connection is left`, async () => {
      const server = await raw(behaviour);
      const cluster = { server: `http://127.0.0.1:${server.port}`, 'certificate-authority-data': undefined };
      await expect(readRaw(cluster)).rejects.toMatchObject(refused);
      await eventually(() => server.open).toBe(0);
    });
  }

  test('a proxy whose answer has a header without end', async () => {
    const server = await raw('endless-header');
    await expect(readRaw({ 'proxy-url': `http://127.0.0.1:${server.port}` })).rejects.toMatchObject(refused);
    await eventually(() => server.open).toBe(0);
  });
});

test('a web page that would have the browser post elsewhere is no API server, and nothing is posted', async () => {
  const elsewhere = await start();
  const api = await start({}, { on: /./, trouble: { kind: 'cross-site', to: `${elsewhere.url}/api` } });
  await expect(read(api)).rejects.toMatchObject({
    kind: 'api',
    message: expect.stringContaining('web page') as string,
  });
  expect(elsewhere.requests).toEqual([]);
});

test('the fault server that echoes says the secret in each of its forms, for the tests of what is redacted', async () => {
  const api = await start({ plain: true }, { on: '/pods', trouble: { kind: 'echo', status: 403 } });
  const answer = await fetch(`${api.url}/api/v1/pods`, { headers: { authorization: 'Bearer a+b/"c' } });
  const { message } = (await answer.json()) as { message: string };
  expect(answer.status).toBe(403);
  for (const form of ['Bearer a+b/"c', 'YStiLyJj', 'a%2Bb%2F%22c', '\\u0061\\u002b\\u0062'])
    expect(message).toContain(form);
});

describe('A flood of events', () => {
  interface Following {
    api: TestApiServer;
    sink: LiveSink;
    told: FollowStatus[];
    events: () => number;
  }
  async function follow(
    trouble: Trouble,
    bounds: Partial<Bounds>,
    sink = new CountingSink(),
  ): Promise<Following> {
    const api = await start({ bookmarkMs: 30 });
    const folder = new Folder();
    ends.push(() => folder.clean());
    const context = await contextOf(folder, api.kubeconfig());
    const { cursors } = await readCluster(context, sink, {
      signal: new AbortController().signal,
      patience: QUICK,
    });
    api.faults.push({ on: /pods\?.*watch/, trouble });
    const told: FollowStatus[] = [];
    const abort = new AbortController();
    const done = followChanges(context, cursors, sink, (status) => told.push(status), abort.signal, {
      readAt: Date.now(),
      pauseMs: 50,
      lateMs: 100,
      silenceMs: 500,
      patience: QUICK,
      bounds,
    });
    ends.push(async () => {
      abort.abort();
      await done;
    });
    return { api, sink, told, events: () => sink.events };
  }
  class CountingSink extends LiveSink {
    events = 0;
    override change(...args: Parameters<LiveSink['change']>): Promise<void> {
      this.events += args[1].length;
      return super.change(...args);
    }
  }
  const flooded = ({ told }: Following): string | undefined =>
    told.flatMap((status) => status.interrupted).find(({ resource }) => resource === 'pods')?.bound?.code;

  test('has the list read again, with pauses between; what is kept does not grow, and the others are followed', async () => {
    const one = await follow({ kind: 'event-flood' }, { events: 1000 });
    await eventually(() => flooded(one)).toBe('events');
    const lists = (): number =>
      one.api.requests.filter((r) => r.path.endsWith('/pods') && r.verb === 'list').length;
    const before = lists();
    await eventually(() => lists() - before).toBeGreaterThanOrEqual(2);
    // At most a thousand of them between one reading and the next, and the list puts right what they said.
    expect(one.sink.live.finish().pods.length).toBeLessThanOrEqual(1000 + 120);
    expect(one.events()).toBeLessThan(1000 * (lists() + 2));
    one.api.store.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'new' } });
    await eventually(() => one.sink.live.finish().namespaces.length).toBe(5);
    // Without the flood it is followed again.
    one.api.faults.length = 0;
    one.api.cut();
    await eventually(() => one.sink.live.finish().pods.length).toBe(120);
    await eventually(() => one.told.at(-1)?.interrupted.length).toBe(0);
  });

  test('of few large objects ends by its bytes', async () => {
    const one = await follow(
      { kind: 'event-flood', bytes: 100_000 },
      { eventBytes: 1_000_000, objectBytes: 1 },
    );
    await eventually(() => flooded(one)).toBe('event-bytes');
  });

  test('that is slow enough ends by what is kept', async () => {
    class SmallSink extends CountingSink {
      override readonly live = new LiveSnapshot(
        { name: 'test', source: 'context', serverVersion: null, takenAt: '', warnings: [] },
        { objects: 200, characters: 10_000_000 },
      );
    }
    const one = await follow({ kind: 'event-flood' }, { events: 1_000_000 }, new SmallSink());
    await eventually(() => flooded(one)).toBe('kept');
    expect(one.sink.live.finish().pods.length).toBeLessThanOrEqual(2 * 120 + 200);
  });

  test('of one line that never ends is no sign of life', async () => {
    const one = await follow({ kind: 'event-drip', everyMs: 20 }, {});
    await eventually(() =>
      one.told.flatMap((status) => status.interrupted).some(({ resource }) => resource === 'pods'),
    ).toBe(true);
  });

  test('while the lists are read is not counted for ever, and holds nothing up', async () => {
    const api = await start({}, { on: /pods\?.*watch/, trouble: { kind: 'event-flood' } });
    const { snapshot, sink } = await read(api);
    expect(snapshot.pods).toHaveLength(120);
    expect(entryOf(sink.entries, 'pods', null, 'watch')).toMatchObject({ outcome: 'moved' });
    await eventually(() => api.open).toBe(0);
  });
});

test('what events bring to a list is bounded by its size and its bytes, and counted anew when it is read again', () => {
  const live = new LiveSnapshot(
    { name: 'test', source: 'context', serverVersion: null, takenAt: '', warnings: [] },
    { objects: 2, characters: 5000 },
  );
  const pods = { resource: 'pods', namespace: null };
  const pod = (name: string, app = 'web'): { type: 'ADDED'; object: object } => ({
    type: 'ADDED',
    object: {
      metadata: { name, namespace: 'shop', labels: { app } },
      spec: {},
      status: { phase: 'Running' },
    },
  });
  live.addListPage('pods', { items: [pod('a').object], metadata: {} });
  for (const name of ['b', 'c', 'd']) live.apply(pods, pod(name));
  expect(() => live.apply(pods, pod('e'))).toThrow('has grown far beyond the 1 objects of its list');
  // A deletion makes room, and a change of what is there takes none.
  live.apply(pods, { ...pod('b'), type: 'DELETED' } as never);
  live.apply(pods, pod('e'));
  live.apply(pods, pod('e', 'api'));
  expect(live.finish().pods.map(({ name }) => name)).toEqual(['a', 'c', 'd', 'e']);
  expect(() => live.apply(pods, pod('e', 'x'.repeat(10_000)))).toThrow(RangeError);
  live.beginReplace(pods);
  live.replacePage(pods, { items: ['a', 'b', 'c'].map((name) => pod(name).object), metadata: {} });
  live.endReplace(pods, true);
  for (const name of ['d', 'e', 'f', 'g', 'h']) live.apply(pods, pod(name));
  expect(() => live.apply(pods, pod('i'))).toThrow('beyond the 3 objects');
});

/** Following a cluster on the API server of the tests: each fault, and that what is kept is right after it. */
import { afterEach, describe, expect, test } from 'vitest';
import { followChanges, MAX_WATCHES } from '../../electron/cluster/follow.ts';
import type { Cursor, FollowOptions, FollowStatus } from '../../electron/cluster/follow.ts';
import { readCluster } from '../../electron/cluster/reader.ts';
import { LISTS } from '../../electron/cluster/resources.ts';
import { TestApiServer } from '../apiserver/server.ts';
import type { ServerOptions } from '../apiserver/server.ts';
import { Store } from '../apiserver/store.ts';
import type { KubeObject } from '../apiserver/store.ts';
import { contextOf, eventually, Folder, LiveSink, QUICK, read, stateOf } from './support.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const READ_AT = Date.parse('2026-01-01T00:00:00Z');

const pod = (
  name: string,
  more: { phase?: string; beat?: number; labels?: Record<string, string> } = {},
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', labels: more.labels ?? { app: 'web' } },
  spec: { nodeName: 'n1' },
  status: {
    phase: more.phase ?? 'Running',
    podIPs: [{ ip: '10.0.0.7' }],
    conditions: [{ beat: more.beat ?? 0 }],
  },
});
const policy = (name: string, spec: unknown = { podSelector: {} }): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace: 'shop' },
  spec,
});
const namespace = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

interface Following {
  api: TestApiServer;
  store: Store;
  sink: LiveSink;
  told: FollowStatus[];
  abort: AbortController;
  done: Promise<void>;
  /** Names of the pods that are kept. */
  pods(): string[];
  policies(): string[];
}

interface Setting {
  server?: ServerOptions;
  user?: Record<string, unknown>;
  namespaces?: string[];
  options?: Partial<FollowOptions>;
  /** After the lists were read, before the first watch. */
  between?: (api: TestApiServer, store: Store) => void;
}

async function follow({ server, user, namespaces, options, between }: Setting = {}): Promise<Following> {
  const store = new Store();
  store.put(namespace('shop'));
  store.put({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
  store.put(pod('a'));
  const api = await TestApiServer.start({ store, bookmarkMs: 30, ...server });
  const folder = new Folder();
  ends.push(
    () => folder.clean(),
    () => api.close(),
  );
  const context = await contextOf(folder, api.kubeconfig(user));
  const sink = new LiveSink();
  const { cursors } = await readCluster(context, sink, {
    signal: new AbortController().signal,
    patience: QUICK,
    ...(namespaces ? { namespaces } : {}),
  });
  api.requests.length = 0;
  between?.(api, store);
  const told: FollowStatus[] = [];
  const abort = new AbortController();
  const done = followChanges(context, cursors, sink, (status) => told.push(status), abort.signal, {
    readAt: READ_AT,
    pauseMs: 20,
    lateMs: 150,
    patience: QUICK,
    ...options,
  });
  done.catch(() => undefined);
  ends.push(() => abort.abort());
  const names = (of: { name: string }[]): string[] => of.map(({ name }) => name);
  return {
    api,
    store,
    sink,
    told,
    abort,
    done,
    pods: () => names(sink.live.finish().pods),
    policies: () => names(sink.live.finish().policies),
  };
}

const watching = (api: TestApiServer): number => api.requests.filter(({ verb }) => verb === 'watch').length;
const listing = (api: TestApiServer, resource: string): number =>
  api.requests.filter((one) => one.verb === 'list' && one.resource === resource).length;
const live = ({ told }: Following): boolean =>
  told.at(-1)?.opening === 0 && told.at(-1)?.interrupted.length === 0;
const interrupted = ({ told }: Following): boolean => told.some((status) => status.interrupted.length > 0);

/** What is kept is what a fresh read finds. */
async function expectFresh({ api, sink }: Following): Promise<void> {
  api.faults.length = 0;
  const { snapshot } = await read(api);
  expect(stateOf(sink.live.finish())).toEqual(stateOf(snapshot));
}

describe('A cluster that is followed', () => {
  test('is kept as it is now: what came, changed and went since the lists were read', async () => {
    const one = await follow({ between: (_api, store) => store.put(policy('between')) });
    const { store, pods, policies } = one;
    store.put(pod('b'));
    store.put(policy('p'));
    store.put(policy('p', { podSelector: { matchLabels: { app: 'web' } } }));
    store.remove('', 'pods', 'shop', 'a');
    store.put(namespace('more'));
    await eventually(pods).toEqual(['b']);
    await eventually(policies).toEqual(['between', 'p']);
    await eventually(() => one.sink.live.finish().namespaces.length).toBe(2);
    await expectFresh(one);
    expect(one.sink.live.finish().policies.at(-1)?.spec).toEqual({
      podSelector: { matchLabels: { app: 'web' } },
    });
  });

  test('is not changed by what an audit does not read: a heartbeat of a pod', async () => {
    const { store, sink, pods } = await follow();
    for (let beat = 1; beat <= 20; beat += 1) store.put(pod('a', { beat }));
    store.put(pod('b'));
    await eventually(pods).toEqual(['a', 'b']);
    expect(sink.changes).toBe(1);
  });

  test('asks for no list as long as its watches hold, and for one watch a list', async () => {
    const one = await follow();
    await eventually(() => live(one)).toBe(true);
    expect(watching(one.api)).toBe(LISTS.length);
    expect(one.api.requests.filter(({ verb }) => verb === 'list')).toEqual([]);
  });

  test('goes on from its bookmarks: what the server forgot before them is not missed', async () => {
    const one = await follow();
    const { api, store, pods } = one;
    await eventually(() => live(one)).toBe(true);
    // Nothing of these is in the lists that are followed, but the version moves on.
    for (let i = 0; i < 10; i += 1)
      store.put({ apiVersion: 'v1', kind: 'Secret', metadata: { name: `s${i}`, namespace: 'shop' } });
    await new Promise((resolve) => setTimeout(resolve, 150));
    store.compacted = store.version;
    api.cut();
    store.put(pod('b'));
    await eventually(pods).toEqual(['a', 'b']);
    expect(api.requests.filter(({ verb }) => verb === 'list')).toEqual([]);
  });

  test('ends at once when it is stopped, and leaves no connection', async () => {
    const one = await follow();
    await eventually(() => live(one)).toBe(true);
    const begun = performance.now();
    one.abort.abort();
    await one.done;
    expect(performance.now() - begun).toBeLessThan(500);
    await eventually(() => one.api.open).toBe(0);
  });
});

describe('Changes that the server has forgotten (410)', () => {
  test.each([
    ['as an event', undefined],
    ['as a status', { kind: 'status', status: 410 } as const],
  ])('%s: the list is read again page by page, and what is kept is right again', async (_how, trouble) => {
    const one = await follow({
      options: { pageSize: 2 },
      between(server, store) {
        for (const name of ['b', 'c', 'd', 'e']) store.put(pod(name));
        store.remove('', 'pods', 'shop', 'a');
        store.put(pod('b', { labels: { app: 'other' } }));
        if (trouble) server.faults.push({ on: /pods\?watch/, trouble, times: 1 });
        else store.compacted = store.version;
      },
    });
    await eventually(one.pods).toEqual(['b', 'c', 'd', 'e']);
    await eventually(() => live(one)).toBe(true);
    expect(listing(one.api, 'pods')).toBe(2);
    // Until then it was said that changes may be missing, since the audit read the list.
    const pods = one.told
      .flatMap((status) => status.interrupted)
      .filter(({ resource }) => resource === 'pods');
    expect(pods[0]).toMatchObject({ namespace: null, since: new Date(READ_AT).toISOString() });
    await expectFresh(one);
    one.store.put(pod('f'));
    await eventually(one.pods).toContain('f');
  });

  test('a list that breaks off while it is read again changes nothing, until it came whole', async () => {
    const one = await follow({
      options: { pageSize: 1 },
      between(server, store) {
        store.put(pod('b'));
        store.put(pod('c'));
        server.faults.push(
          { on: /pods\?watch/, trouble: { kind: 'status', status: 410 }, times: 1 },
          // The second page, for some time.
          { on: /pods\?limit=1&continue/, trouble: { kind: 'status', status: 500 }, times: 9 },
        );
      },
    });
    const seen = new Set<string>();
    await eventually(() => {
      seen.add(one.pods().join());
      return one.pods();
    }).toEqual(['a', 'b', 'c']);
    expect([...seen]).toEqual(['a', 'a,b,c']);
    await eventually(() => live(one)).toBe(true);
    expect(one.told.flatMap((status) => status.interrupted).some(({ reason }) => /500/.test(reason))).toBe(
      true,
    );
  });

  test('garbage in the place of a list is none', async () => {
    const one = await follow({
      between(server, store) {
        store.put(pod('b'));
        server.faults.push(
          { on: /pods\?watch/, trouble: { kind: 'status', status: 410 }, times: 1 },
          { on: /pods\?limit/, trouble: { kind: 'html' }, times: 2 },
        );
      },
    });
    await eventually(one.pods).toEqual(['a', 'b']);
    await expectFresh(one);
  });
});

describe('A watch', () => {
  test('that is cut goes on where it was, twice over, and nothing is told of it', async () => {
    const one = await follow({ options: { lateMs: 10_000 } });
    for (const name of ['b', 'c']) {
      await eventually(() => live(one)).toBe(true);
      // A bookmark has come on each.
      await new Promise((resolve) => setTimeout(resolve, 200));
      one.api.cut();
      one.store.put(pod(name));
      await eventually(one.pods).toContain(name);
    }
    expect(one.pods()).toEqual(['a', 'b', 'c']);
    expect(interrupted(one)).toBe(false);
    expect(one.api.requests.filter(({ verb }) => verb === 'list')).toEqual([]);
  });

  test('that does not stand again soon is interrupted, since it was heard last, and then live', async () => {
    const one = await follow();
    await eventually(() => live(one)).toBe(true);
    const before = Date.now();
    one.api.faults.push({ on: /networkpolicies\?watch/, trouble: { kind: 'status', status: 503 }, times: 4 });
    one.api.cut();
    await eventually(() => interrupted(one)).toBe(true);
    const [first] = one.told.flatMap((status) => status.interrupted);
    expect(first).toMatchObject({ resource: 'networkpolicies', namespace: null });
    // A bookmark comes every 30 ms.
    expect(Math.abs(Date.parse(first!.since) - before)).toBeLessThan(2000);
    one.store.put(policy('p'));
    await eventually(one.policies).toEqual(['p']);
    await eventually(() => live(one)).toBe(true);
  });

  test.each([
    ['no JSON', '{"type":"ADDED","object":{"metada'],
    ['no event', '{"hello":"world"}'],
    ['null', 'null'],
    ['an event of no object', '{"type":"MODIFIED","object":null}'],
    ['an event without a version', '{"type":"ADDED","object":{"metadata":{"name":"x","namespace":"shop"}}}'],
    ['an object without a name', '{"type":"ADDED","object":{"metadata":{"resourceVersion":"99999999"}}}'],
    [
      'an event of an unknown type',
      '{"type":"RENAMED","object":{"metadata":{"name":"x","resourceVersion":"1"}}}',
    ],
  ])('that says what is %s is not believed: the list is read again', async (_what, line) => {
    const one = await follow();
    await eventually(() => live(one)).toBe(true);
    expect(one.api.say(/pods\?watch/, line)).toBe(1);
    await eventually(() => listing(one.api, 'pods')).toBe(1);
    await eventually(() => live(one)).toBe(true);
    one.store.put(pod('b'));
    await eventually(one.pods).toEqual(['a', 'b']);
    await expectFresh(one);
  });

  test('whose versions go back, as after a backup was restored, is not gone on with', async () => {
    const one = await follow();
    await eventually(() => live(one)).toBe(true);
    one.api.say(/pods\?watch/, '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"12"}}}');
    await eventually(() => listing(one.api, 'pods')).toBe(1);
    await eventually(() => live(one)).toBe(true);
  });

  test('that ends with an error of the server is begun again where it was', async () => {
    const one = await follow();
    await eventually(() => live(one)).toBe(true);
    one.api.say(
      /pods\?watch/,
      '{"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd is away"}}',
      true,
    );
    one.store.put(pod('b'));
    await eventually(one.pods).toEqual(['a', 'b']);
    expect(listing(one.api, 'pods')).toBe(0);
  });

  test('that falls silent is begun anew, for a connection may be dead without a word', async () => {
    const one = await follow({
      server: { bookmarkMs: 3_600_000 },
      options: { silenceMs: 1200, lateMs: 10_000 },
    });
    await eventually(() => watching(one.api)).toBeGreaterThanOrEqual(2 * LISTS.length);
    one.store.put(pod('b'));
    await eventually(one.pods).toEqual(['a', 'b']);
    await eventually(() => interrupted(one)).toBe(false);
  });

  test('that is never answered is told as interrupted since the audit, not as live', async () => {
    const one = await follow({
      between: (server) => server.faults.push({ on: /pods\?watch/, trouble: { kind: 'hang' }, times: 3 }),
    });
    await eventually(() => interrupted(one)).toBe(true);
    expect(one.told.flatMap((status) => status.interrupted)[0]).toMatchObject({
      resource: 'pods',
      since: new Date(READ_AT).toISOString(),
    });
    await eventually(() => live(one)).toBe(true);
  });

  test('that the server ends at once, again and again, is not begun in a storm', async () => {
    const one = await follow({
      server: { bookmarkMs: 3_600_000 },
      between: (server) => server.faults.push({ on: /pods\?watch/, trouble: { kind: 'garbage' } }),
    });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const asked = one.api.requests.filter(({ resource }) => resource === 'pods').length;
    expect(asked).toBeGreaterThan(3);
    // Pauses double from 20 ms: in 1.5 s there is room for a good seven, each with a list and a watch.
    expect(asked).toBeLessThan(30);
  });

  test('whose events cannot be taken loses none of them: the list is read again', async () => {
    const one = await follow();
    await eventually(() => live(one)).toBe(true);
    one.sink.refuses = 1;
    one.store.put(pod('b'));
    await eventually(one.pods).toEqual(['a', 'b']);
    expect(listing(one.api, 'pods')).toBe(1);
  });
});

describe('Rights', () => {
  test.each([403, 404])(
    '%s for one list: it is named as not followed, and the others go on',
    async (status) => {
      const one = await follow({
        between: (server) => server.faults.push({ on: /pods\?watch/, trouble: { kind: 'status', status } }),
      });
      await eventually(() => live(one)).toBe(true);
      expect(one.told.at(-1)?.notFollowed).toEqual([
        {
          resource: 'pods',
          namespace: null,
          affectsVerdicts: true,
          reason: expect.stringContaining(`${status}`),
        },
      ]);
      one.store.put(policy('p'));
      one.store.put(pod('b'));
      await eventually(one.policies).toEqual(['p']);
      expect(one.pods()).toEqual(['a']);
    },
  );

  test('a login that ends is one clear error, and each list says since when it may lack changes', async () => {
    const one = await follow();
    await eventually(() => live(one)).toBe(true);
    const before = Date.now();
    one.api.users[0]!.token = 'another';
    one.api.cut();
    await expect(one.done).rejects.toMatchObject({ kind: 'auth' });
    const last = one.told.at(-1);
    expect(last?.interrupted).toHaveLength(LISTS.length);
    for (const { since } of last?.interrupted ?? [])
      expect(Math.abs(Date.parse(since) - before)).toBeLessThan(2000);
    await eventually(() => one.api.open).toBe(0);
  });

  test('a token that is renewed in the middle is no interruption', async () => {
    const one = await follow({ options: { lateMs: 10_000 } });
    await eventually(() => live(one)).toBe(true);
    one.api.faults.push({ on: /pods\?watch/, trouble: { kind: 'status', status: 401 }, times: 1 });
    one.api.cut();
    one.store.put(pod('b'));
    await eventually(one.pods).toEqual(['a', 'b']);
    expect(interrupted(one)).toBe(false);
  });

  test('where the cluster was read namespace by namespace it is followed so, and a new namespace is a gap', async () => {
    const tenant = {
      name: 'tenant',
      token: 'tenant-token',
      grants: [
        {
          namespace: null,
          rules: [{ apiGroups: [''], resources: ['namespaces'], verbs: ['list', 'watch'] }],
        },
        ...['shop', 'data'].map((name) => ({
          namespace: name,
          rules: [
            { apiGroups: [''], resources: ['pods', 'services'], verbs: ['list', 'watch'] },
            { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['list', 'watch'] },
          ],
        })),
      ],
    };
    const one = await follow({ server: { users: [tenant] }, user: { token: 'tenant-token' } });
    await eventually(() => live(one)).toBe(true);
    expect(one.told.at(-1)?.notFollowed).toEqual([]);
    one.store.put(policy('p'));
    one.store.put(pod('b'));
    await eventually(one.policies).toEqual(['p']);
    await eventually(one.pods).toEqual(['a', 'b']);
    expect(one.sink.live.finish().coverage.unreadPods).toEqual([]);
    // What is in it nobody has read: nothing there may be called open or isolated.
    one.store.put(namespace('new'));
    await eventually(() => one.sink.live.finish().coverage.unreadPods).toEqual(['new']);
    expect(one.sink.live.finish().coverage).toMatchObject({ complete: false, unreadPolicies: ['new'] });
    one.store.remove('', 'namespaces', null, 'new');
    await eventually(() => one.sink.live.finish().coverage.unreadPods).toEqual([]);
  });
});

test('of very many lists some are not followed, and are named: those of the whole cluster go first', async () => {
  const store = new Store();
  const api = await TestApiServer.start({ store });
  const folder = new Folder();
  ends.push(
    () => folder.clean(),
    () => api.close(),
  );
  const cursor = (resource: string, place: string | null): Cursor => ({
    resource,
    namespace: place,
    path: place === null ? `/api/v1/${resource}` : `/api/v1/namespaces/${place}/${resource}`,
    metadataOnly: false,
    selecting: {},
    affectsVerdicts: resource !== 'services',
    resourceVersion: String(store.version),
  });
  const cursors = [
    ...Array.from({ length: MAX_WATCHES }, (_, i) => cursor('services', `ns-${i}`)),
    ...Array.from({ length: 3 }, (_, i) => cursor('pods', `ns-${i}`)),
    cursor('namespaces', null),
  ];
  const told: FollowStatus[] = [];
  const abort = new AbortController();
  const done = followChanges(
    await contextOf(folder, api.kubeconfig()),
    cursors,
    new LiveSink(),
    (status) => told.push(status),
    abort.signal,
    { readAt: READ_AT, patience: QUICK },
  );
  await eventually(() => told.at(-1)?.opening).toBe(0);
  expect(watching(api)).toBe(MAX_WATCHES);
  expect(told.at(-1)?.notFollowed.map(({ resource }) => resource)).toEqual([
    'services',
    'services',
    'services',
    'services',
  ]);
  abort.abort();
  await done;
});

test('a server that goes away and comes back is followed again, and what happened meanwhile is there', async () => {
  const one = await follow();
  await eventually(() => live(one)).toBe(true);
  const { port, authority, store } = one.api;
  await one.api.close();
  await eventually(() => one.told.at(-1)?.interrupted.length).toBe(LISTS.length);
  store.put(pod('b'));
  store.remove('', 'pods', 'shop', 'a');
  store.compacted = store.version;
  const again = await TestApiServer.start({ store, authority, port, bookmarkMs: 30 });
  ends.push(() => again.close());
  await eventually(() => live(one)).toBe(true);
  await eventually(one.pods).toEqual(['b']);
  await expectFresh({ ...one, api: again });
});

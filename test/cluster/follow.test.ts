import { afterEach, expect, test } from 'vitest';
import { followChanges } from '../../electron/cluster/follow.ts';
import type { Changes } from '../../electron/cluster/follow.ts';
import { TestApiServer } from '../apiserver/server.ts';
import { Store } from '../apiserver/store.ts';
import { eventually, contextOf, Folder, QUICK } from './support.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Following {
  api: TestApiServer;
  store: Store;
  seen: Changes[];
  abort: AbortController;
  done: Promise<void>;
}

async function follow(
  prepare: (api: TestApiServer, store: Store) => void = () => undefined,
): Promise<Following> {
  const store = new Store();
  store.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  store.put(pod('a'));
  const api = await TestApiServer.start({ store, bookmarkMs: 50 });
  const folder = new Folder();
  ends.push(
    () => api.close(),
    () => folder.clean(),
  );
  const version = String(store.version);
  prepare(api, store);
  const seen: Changes[] = [];
  const abort = new AbortController();
  const done = followChanges(
    await contextOf(folder, api.kubeconfig()),
    { namespaces: version, pods: version, networkpolicies: version },
    (changes) => seen.push(changes),
    abort.signal,
    { gatherMs: 20, pauseMs: 20, patience: QUICK },
  );
  done.catch(() => undefined);
  ends.push(() => abort.abort());
  return { api, store, seen, abort, done };
}

function pod(name: string, phase = 'Running'): Parameters<Store['put']>[0] {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop' },
    spec: {},
    status: { phase },
  };
}

const policy = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'p', namespace: 'shop' },
};

const watching = (api: TestApiServer): number => api.requests.filter((r) => r.verb === 'watch').length;

test('what was added, changed and deleted since the audit is counted, and where', async () => {
  const { api, store, seen } = await follow();
  await eventually(() => watching(api)).toBe(3);
  store.put(policy);
  store.put({ ...policy, spec: { podSelector: {} } });
  store.put(pod('b'));
  store.put(pod('a', 'Failed'));
  store.remove('', 'pods', 'shop', 'a');
  await eventually(() => seen.at(-1)?.total).toBe(4);
  expect(seen.at(-1)).toEqual({
    resources: {
      networkpolicies: { added: 1, modified: 1, deleted: 0 },
      // A changed status is no change of the audit.
      pods: { added: 1, modified: 0, deleted: 1 },
    },
    namespaces: ['shop'],
    total: 4,
    broken: null,
  });
});

test('a change between the audit and the first watch is not missed', async () => {
  const { seen } = await follow((_api, store) => store.put(policy));
  await eventually(() => seen.at(-1)?.resources['networkpolicies']?.added).toBe(1);
});

test('a watch that is cut begins again where it ended, and counts nothing twice', async () => {
  const { api, store, seen } = await follow((server) => {
    server.faults.push({ on: /networkpolicies\?watch/, trouble: { kind: 'cut' }, times: 2 });
  });
  store.put(policy);
  await eventually(() => seen.at(-1)?.resources['networkpolicies']?.added).toBe(1);
  store.put({ ...policy, metadata: { name: 'q', namespace: 'shop' } });
  await eventually(() => seen.at(-1)?.resources['networkpolicies']?.added).toBe(2);
  expect(watching(api)).toBeGreaterThanOrEqual(5);
});

test('a version that the server has forgotten begins anew and says that there is a gap', async () => {
  const { store, seen } = await follow((_server, memory) => {
    memory.put(policy);
    memory.compacted = memory.version;
  });
  await eventually(() => seen.at(-1)?.broken ?? '').toContain('410');
  store.put({ ...policy, metadata: { name: 'q', namespace: 'shop' } });
  await eventually(() => seen.at(-1)?.resources['networkpolicies']?.added).toBe(1);
});

test('a watch that is not allowed is named, and the others go on', async () => {
  const { store, seen } = await follow((server) => {
    server.faults.push({ on: /pods\?watch/, trouble: { kind: 'status', status: 403 } });
  });
  await eventually(() => seen.at(-1)?.broken ?? '').toContain('403');
  store.put(policy);
  await eventually(() => seen.at(-1)?.resources['networkpolicies']?.added).toBe(1);
});

test('a login that ends is an error, and nothing is called live any more', async () => {
  const { api, done } = await follow();
  await eventually(() => watching(api)).toBe(3);
  api.users[0].token = 'another';
  api.faults.push({ on: /watch/, trouble: { kind: 'status', status: 401 } });
  api.cut();
  await expect(done).rejects.toMatchObject({ kind: 'auth' });
});

test('the end comes at once, and leaves no connection', async () => {
  const { api, abort, done } = await follow();
  await eventually(() => watching(api)).toBe(3);
  abort.abort();
  await done;
  await eventually(() => api.open).toBe(0);
});

/** A snapshot that changes with its cluster is that of a fresh read, whatever happened and in whatever order. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAudit } from '../../shared/audit/engine.ts';
import { SnapshotBuilder } from '../../shared/kube/builder.ts';
import { LiveSnapshot } from '../../shared/kube/live.ts';
import type { ChangeEvent, FollowedList } from '../../shared/kube/live.ts';
import type { Snapshot } from '../../shared/kube/snapshot.ts';
import { Store, type as resource, TYPES } from '../apiserver/store.ts';
import type { KubeObject, WatchEvent } from '../apiserver/store.ts';
import { CLUSTER } from './read.ts';

const OTHER = { kind: 'CiliumNetworkPolicy', group: 'cilium.io', namespaced: true } as const;
/** Each list with the group that serves it. */
const FOLLOWED: { list: FollowedList; group: string; plural: string }[] = [
  { list: { resource: 'namespaces', namespace: null }, group: '', plural: 'namespaces' },
  { list: { resource: 'nodes', namespace: null }, group: '', plural: 'nodes' },
  { list: { resource: 'pods', namespace: null }, group: '', plural: 'pods' },
  { list: { resource: 'services', namespace: null }, group: '', plural: 'services' },
  {
    list: { resource: 'endpointslices', namespace: null },
    group: 'discovery.k8s.io',
    plural: 'endpointslices',
  },
  { list: { resource: 'ingresses', namespace: null }, group: 'networking.k8s.io', plural: 'ingresses' },
  { list: { resource: 'replicasets', namespace: null }, group: 'apps', plural: 'replicasets' },
  { list: { resource: 'daemonsets', namespace: null }, group: 'apps', plural: 'daemonsets' },
  {
    list: { resource: 'networkpolicies', namespace: null },
    group: 'networking.k8s.io',
    plural: 'networkpolicies',
  },
  {
    list: { resource: 'ciliumnetworkpolicies.cilium.io', namespace: null, other: OTHER },
    group: 'cilium.io',
    plural: 'ciliumnetworkpolicies',
  },
];

type Builder = Pick<
  SnapshotBuilder,
  'addListPage' | 'addCoverage' | 'addOtherPolicy' | 'setServerVersion' | 'addApiGroups' | 'finish'
>;

/** Reads all lists of a store. */
function read(store: Store, into: Builder): void {
  into.setServerVersion('v1.33.2');
  into.addApiGroups(['cilium.io', 'crd.projectcalico.org']);
  for (const { list, group, plural } of FOLLOWED) {
    const { items } = store.list(group, plural, null, null, 0, 0);
    if (list.other) {
      for (const { metadata } of items)
        into.addOtherPolicy({
          kind: OTHER.kind,
          group: OTHER.group,
          namespace: metadata.namespace ?? null,
          name: metadata.name,
          status: 'present',
        });
    } else into.addListPage(list.resource, { items });
    into.addCoverage({
      resource: list.resource,
      verb: 'list',
      namespace: null,
      outcome: 'read',
      count: items.length,
      affectsVerdicts: true,
    });
  }
}

function fresh(store: Store): Snapshot {
  const builder = new SnapshotBuilder(CLUSTER);
  read(store, builder);
  return builder.finish();
}

// ---- what can happen ----

const NAMES = ['a', 'b', 'c', 'd'];
const SPACES = ['shop', 'data', 'kube-system'];
const name = fc.constantFrom(...NAMES);
const space = fc.constantFrom(...SPACES);
const labels = fc.dictionary(fc.constantFrom('app', 'tier', 'team'), fc.constantFrom('x', 'y', ''), {
  maxKeys: 2,
});

const namespaces = fc.record({ name: space, labels }).map((one): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: one.name, labels: { 'kubernetes.io/metadata.name': one.name, ...one.labels } },
}));
const nodes = fc
  .record({
    name: fc.constantFrom('n1', 'n2', 'fargate-n3'),
    labels: fc.dictionary(
      fc.constantFrom('kubernetes.azure.com/network-policy', 'kubernetes.azure.com/ebpf-dataplane', 'zone'),
      fc.constantFrom('calico', 'cilium', 'none'),
      { maxKeys: 1 },
    ),
    k3s: fc.constantFrom(undefined, '["server"]', '["server","--disable-network-policy"]', '["agent"]'),
    ip: fc.constantFrom('192.168.0.1', '192.168.0.2'),
  })
  .map((one): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: one.name,
      labels: one.labels,
      annotations: one.k3s === undefined ? {} : { 'k3s.io/node-args': one.k3s },
    },
    status: { addresses: [{ type: 'InternalIP', address: one.ip }] },
  }));
const pods = fc
  .record({
    name,
    namespace: space,
    labels,
    node: fc.constantFrom(undefined, 'n1', 'n2', 'n9'),
    phase: fc.constantFrom('Pending', 'Running', 'Succeeded'),
    ip: fc.constantFrom(undefined, '10.0.0.1', '10.0.0.2', 'fd00::1'),
    hostNetwork: fc.boolean(),
    port: fc.constantFrom(undefined, 80, 5432),
    owner: fc.constantFrom(undefined, 'web-1', 'web-2'),
    beat: fc.nat(3),
  })
  .map((one): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: one.name,
      namespace: one.namespace,
      labels: one.labels,
      ...(one.owner === undefined
        ? {}
        : { ownerReferences: [{ kind: 'ReplicaSet', name: one.owner, controller: true }] }),
    },
    spec: {
      ...(one.node === undefined ? {} : { nodeName: one.node }),
      hostNetwork: one.hostNetwork,
      containers: [
        { name: 'c', ports: one.port === undefined ? [] : [{ name: 'http', containerPort: one.port }] },
      ],
    },
    status: {
      phase: one.phase,
      ...(one.ip === undefined ? {} : { podIP: one.ip, hostIP: '192.168.0.9' }),
      conditions: [{ lastProbeTime: one.beat }],
    },
  }));
/** Agents of a network plugin: they decide whether anything is enforced, node by node. */
const agents = fc
  .record({
    name: fc.constantFrom('x', 'y'),
    node: fc.constantFrom('n1', 'n2'),
    ready: fc.boolean(),
    which: fc.boolean(),
  })
  .map(({ which, ...one }): KubeObject => {
    const plugin = which ? 'calico-node' : 'kube-proxy';
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `${plugin}-${one.name}`,
        namespace: 'kube-system',
        labels: { 'k8s-app': plugin },
        ownerReferences: [{ kind: 'DaemonSet', name: plugin, controller: true }],
      },
      spec: {
        nodeName: one.node,
        hostNetwork: true,
        containers: [{ name: plugin, image: 'calico/node:v3.30.0' }],
      },
      status: { phase: 'Running', containerStatuses: [{ name: plugin, ready: one.ready }] },
    };
  });
const sets = fc
  .record({
    name: fc.constantFrom('web-1', 'web-2'),
    namespace: space,
    owner: fc.constantFrom(undefined, 'web', 'shop'),
  })
  .map((one): KubeObject => ({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: one.name,
      namespace: one.namespace,
      ...(one.owner === undefined
        ? {}
        : { ownerReferences: [{ kind: 'Deployment', name: one.owner, controller: true }] }),
    },
  }));
const daemons = fc.constantFrom('calico-node', 'kube-proxy').map((one): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: one, namespace: 'kube-system' },
  spec: { template: { metadata: { labels: { 'k8s-app': one } }, spec: { containers: [{ name: one }] } } },
}));
const services = fc
  .record({ name, namespace: space, port: fc.constantFrom(80, 443) })
  .map((one): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: one.name, namespace: one.namespace },
    spec: { selector: { app: 'x' }, ports: [{ port: one.port }] },
  }));
const policies = fc
  .record({ name, namespace: space, labels, types: fc.subarray(['Ingress', 'Egress']), open: fc.boolean() })
  .map((one): KubeObject => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: one.name, namespace: one.namespace },
    spec: {
      podSelector: { matchLabels: one.labels },
      policyTypes: one.types,
      ...(one.open ? { ingress: [{}] } : {}),
    },
  }));
const slices = fc.record({ name, namespace: space, pod: name }).map((one): KubeObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: one.name, namespace: one.namespace, labels: { 'kubernetes.io/service-name': 'a' } },
  addressType: 'IPv4',
  endpoints: [
    { addresses: ['10.0.0.1'], targetRef: { kind: 'Pod', name: one.pod, namespace: one.namespace } },
  ],
}));
const ingresses = fc.record({ name, namespace: space, service: name }).map((one): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: one.name, namespace: one.namespace },
  spec: { defaultBackend: { service: { name: one.service, port: { number: 80 } } } },
}));
const others = fc
  .record({ name, namespace: space })
  .map((one): KubeObject => ({ apiVersion: 'cilium.io/v2', kind: OTHER.kind, metadata: one }));
const object = fc.oneof(
  { weight: 4, arbitrary: pods },
  { weight: 2, arbitrary: policies },
  { weight: 2, arbitrary: agents },
  ...[namespaces, nodes, sets, daemons, services, slices, ingresses, others].map((arbitrary) => ({
    weight: 1,
    arbitrary,
  })),
);
type Step = { put: KubeObject } | { remove: number } | { deliver: number } | { relist: number };
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: object.map((put): Step => ({ put })) },
    { weight: 3, arbitrary: fc.nat().map((remove): Step => ({ remove })) },
    { weight: 4, arbitrary: fc.nat().map((deliver): Step => ({ deliver })) },
    { weight: 1, arbitrary: fc.nat(FOLLOWED.length - 1).map((relist): Step => ({ relist })) },
  ),
  { maxLength: 40, size: 'max' },
);

/** The store of a cluster with what was there at the audit. */
function storeOf(objects: readonly KubeObject[]): Store {
  const store = new Store([...TYPES, resource(OTHER.group, 'v2', 'ciliumnetworkpolicies', OTHER.kind, true)]);
  for (const one of objects) store.put(one);
  return store;
}

function all(store: Store): { group: string; plural: string; object: KubeObject }[] {
  return FOLLOWED.flatMap(({ group, plural }) =>
    store.list(group, plural, null, null, 0, 0).items.map((one) => ({ group, plural, object: one })),
  );
}

describe('A snapshot that is followed', () => {
  test('is that of a fresh read after any changes, told in any order of lists, with lists read anew in between', () => {
    let compared = 0;
    fc.assert(
      fc.property(fc.array(object, { maxLength: 20, size: 'max' }), steps, (before, happened) => {
        const store = storeOf(before);
        const live = new LiveSnapshot(CLUSTER);
        read(store, live);
        expect(JSON.stringify(live.finish())).toBe(JSON.stringify(fresh(store)));
        // Events wait in their watches until they are delivered: lists know nothing of each other.
        const waiting = FOLLOWED.map((): WatchEvent[] => []);
        FOLLOWED.forEach(({ group, plural }, index) =>
          store.follow(group, plural, store.version, (event) => waiting[index]!.push(event)),
        );
        const deliver = (index: number): void => {
          const event = waiting[index]!.shift();
          if (event) live.apply(FOLLOWED[index]!.list, event as ChangeEvent);
        };
        for (const step of happened) {
          if ('put' in step) store.put(step.put);
          else if ('remove' in step) {
            const there = all(store);
            const one = there[step.remove % Math.max(1, there.length)];
            if (one)
              store.remove(
                one.group,
                one.plural,
                one.object.metadata.namespace ?? null,
                one.object.metadata.name,
              );
          } else if ('deliver' in step) deliver(step.deliver % FOLLOWED.length);
          else {
            const { list, group, plural } = FOLLOWED[step.relist]!;
            const { items } = store.list(group, plural, null, null, 0, 0);
            live.beginReplace(list);
            for (let at = 0; at <= items.length; at += 2)
              live.replacePage(list, { items: items.slice(at, at + 2) });
            live.endReplace(list, true);
            // The watch begins anew from the list's version.
            waiting[step.relist]!.length = 0;
          }
        }
        FOLLOWED.forEach((_list, index) => {
          while (waiting[index]!.length > 0) deliver(index);
        });
        const now = live.finish();
        expect(JSON.stringify(now)).toBe(JSON.stringify(fresh(store)));
        compared += 1;
      }),
      { numRuns: 400, seed: 20_261_122 },
    );
    expect(compared).toBe(400);
  });

  test('gives the results of a fresh read, reports and all', () => {
    fc.assert(
      fc.property(
        fc.array(object, { maxLength: 20, size: 'max' }),
        fc.array(object, { maxLength: 10, size: 'max' }),
        (before, after) => {
          const store = storeOf(before);
          const live = new LiveSnapshot(CLUSTER);
          read(store, live);
          for (const { list, group, plural } of FOLLOWED)
            store.follow(group, plural, store.version, (event) => live.apply(list, event as ChangeEvent));
          for (const one of after) store.put(one);
          const input = { auditedAt: '2026-01-01T00:00:00Z', version: 'test', assume: {} };
          expect(JSON.stringify(createAudit(live.finish(), input).toJson())).toBe(
            JSON.stringify(createAudit(fresh(store), input).toJson()),
          );
        },
      ),
      { numRuns: 100, seed: 20_261_122 },
    );
  });

  const list = { resource: 'pods', namespace: null };
  const at = (version: string, more: Partial<KubeObject> = {}): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', namespace: 'shop', resourceVersion: version, labels: { app: 'x' } },
    ...more,
  });

  test('says of each event whether it changed anything that is kept', () => {
    const live = new LiveSnapshot(CLUSTER);
    expect(live.apply(list, { type: 'ADDED', object: at('1') })).toBe(true);
    expect(live.apply(list, { type: 'ADDED', object: at('1') })).toBe(false);
    expect(live.apply(list, { type: 'MODIFIED', object: at('2', { status: { conditions: [1] } }) })).toBe(
      false,
    );
    expect(live.apply(list, { type: 'MODIFIED', object: at('3', { status: { phase: 'Running' } }) })).toBe(
      true,
    );
    expect(live.apply(list, { type: 'DELETED', object: at('4') })).toBe(true);
    expect(live.apply(list, { type: 'DELETED', object: at('4') })).toBe(false);
  });

  test('takes a modification of what it has not seen, as after a list that was read later than it thinks', () => {
    const live = new LiveSnapshot(CLUSTER);
    expect(live.apply(list, { type: 'MODIFIED', object: at('3') })).toBe(true);
    expect(live.finish().pods).toHaveLength(1);
  });

  test('keeps what it has while a list is read again, and if that breaks off', () => {
    const live = new LiveSnapshot(CLUSTER);
    live.apply(list, { type: 'ADDED', object: at('1') });
    live.beginReplace(list);
    live.replacePage(list, { items: [at('2', { metadata: { name: 'b', namespace: 'shop' } })] });
    expect(live.finish().pods.map(({ name: one }) => one)).toEqual(['a']);
    expect(live.endReplace(list, false)).toBe(false);
    expect(live.finish().pods.map(({ name: one }) => one)).toEqual(['a']);
    expect(() => live.replacePage(list, { items: [] })).toThrow(TypeError);
  });

  test('reads a list of one namespace again without touching the others', () => {
    const live = new LiveSnapshot(CLUSTER);
    const inData = at('1', { metadata: { name: 'd', namespace: 'data' } });
    live.apply(list, { type: 'ADDED', object: at('1') });
    live.apply(list, { type: 'ADDED', object: inData });
    const one = { resource: 'pods', namespace: 'shop' };
    live.beginReplace(one);
    live.replacePage(one, { items: [] });
    expect(live.endReplace(one, true)).toBe(true);
    expect(live.finish().pods.map(({ name: pod }) => pod)).toEqual(['d']);
  });

  test('never lets a name that every object has, or a broken object, in', () => {
    const live = new LiveSnapshot(CLUSTER);
    live.apply(list, {
      type: 'ADDED',
      object: at('1', { metadata: { name: '__proto__', namespace: 'constructor' } }),
    });
    expect(live.finish().pods.map((pod) => `${pod.namespace}/${pod.name}`)).toEqual([
      'constructor/__proto__',
    ]);
    for (const broken of [null, 1, 'x', [], {}, { metadata: null }, { metadata: {} }])
      expect(() => live.apply(list, { type: 'ADDED', object: broken })).toThrow(TypeError);
    expect(live.finish().pods).toHaveLength(1);
  });
});

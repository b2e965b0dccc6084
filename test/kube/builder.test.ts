import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { SnapshotBuilder } from '../../shared/kube/builder.ts';
import type { Snapshot } from '../../shared/kube/snapshot.ts';
import { serializeSnapshot } from '../../shared/kube/snapshotFile.ts';
import { CLUSTER, endpoints, MANIFESTS, pod, snapshotOf } from './read.ts';

type Json = Record<string, unknown>;

const item = (name: string, namespace: string | null = 'shop', rest: Json = {}): Json => {
  const { labels, ownerReferences, spec, status } = rest;
  const given = (fields: Json): Json =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
  return { metadata: given({ name, namespace, labels, ownerReferences }), ...given({ spec, status }) };
};
const page = (items: Json[], metadata: Json = {}): Json => ({ metadata, items });
const text = (snapshot: Snapshot): string => [...serializeSnapshot(snapshot)].join('');

describe('pages of a live cluster', () => {
  test('a page tells how to go on', () => {
    const builder = new SnapshotBuilder(CLUSTER);
    expect(
      builder.addListPage(
        'pods',
        page([item('a')], { continue: 'next', remainingItemCount: 7, resourceVersion: '12' }),
      ),
    ).toEqual({ count: 1, first: 'shop/a', continueToken: 'next', remaining: 7, resourceVersion: '12' });
    expect(builder.addListPage('pods', page([item('b')], { continue: '', resourceVersion: '12' }))).toEqual({
      count: 1,
      first: 'shop/b',
      continueToken: null,
      remaining: null,
      resourceVersion: '12',
    });
    expect(builder.addListPage('pods', { metadata: {}, items: null }).count).toBe(0);
    expect(endpoints(builder.finish())).toEqual(['shop/Pod/a', 'shop/Pod/b']);
  });

  test.each([[null], ['text'], [{}], [{ kind: 'Status', code: 500 }], [{ items: {} }], [[item('a')]]])(
    'an answer that is no list (%j) is an error, and nothing of it is kept',
    (answer) => {
      const builder = new SnapshotBuilder(CLUSTER);
      expect(() => builder.addListPage('pods', answer)).toThrow(/pods is no list/);
      expect(builder.finish().pods).toEqual([]);
    },
  );

  test('an entry that is no object is named, the others count', () => {
    const builder = new SnapshotBuilder(CLUSTER);
    expect(builder.addListPage('pods', { items: [item('a'), null, item('b')] }).count).toBe(2);
    expect(builder.finish().problems).toEqual([
      { check: 'input.not-an-item', place: { field: 'pods.items[1]' }, params: { field: 'items[1]' } },
    ]);
  });

  test('a list that starts again forgets what it brought, of its own namespace alone', () => {
    const builder = new SnapshotBuilder(CLUSTER);
    const host = { spec: { nodeName: 'n1' }, status: { hostIP: '10.9.9.9', phase: 'Running' } };
    builder.addListPage('pods', page([item('gone', 'a', host), item('kept', 'b')]));
    builder.addListPage('services', page([item('s', 'a')]));
    builder.restartList('pods', 'a');
    builder.addListPage('pods', page([item('new', 'a')]));
    const snapshot = builder.finish();
    expect(endpoints(snapshot)).toEqual(['a/Pod/new', 'b/Pod/kept']);
    expect(snapshot.services).toHaveLength(1);
    expect(snapshot.nodes).toEqual([]);
    builder.restartList('pods', null);
    expect(builder.finish().pods).toEqual([]);
  });

  test('each resource can start again', () => {
    const builder = new SnapshotBuilder(CLUSTER);
    const owner = { ownerReferences: [{ kind: 'ReplicaSet', name: 'r', controller: true }] };
    const above = { ownerReferences: [{ kind: 'Deployment', name: 'd', controller: true }] };
    const lists: [string, Json][] = [
      ['namespaces', item('x', null)],
      ['nodes', item('x', null)],
      ['services', item('x')],
      ['networkpolicies', item('x')],
      ['networkpolicies.crd.projectcalico.org', item('x')],
      ['replicasets', item('r', 'shop', above)],
    ];
    for (const [resource, one] of lists) builder.addListPage(resource, page([one]));
    builder.addListPage('pods', page([item('p', 'shop', owner)]));
    const before = builder.finish();
    expect(before.policies).toHaveLength(1);
    expect(before.otherPolicies).toHaveLength(1);
    expect(pod(before, 'shop', 'p').owner).toEqual({ kind: 'Deployment', name: 'd' });
    builder.restartList('networkpolicies', null);
    expect(builder.finish()).toMatchObject({ policies: [], otherPolicies: [{ kind: 'NetworkPolicy' }] });
    for (const [resource] of lists) builder.restartList(resource, null);
    const after = builder.finish();
    expect([after.nodes, after.services, after.policies, after.otherPolicies]).toEqual([[], [], [], []]);
    expect(after.namespaces.map((one) => [one.name, one.implied])).toEqual([['shop', true]]);
    expect(pod(after, 'shop', 'p').owner).toEqual({ kind: 'ReplicaSet', name: 'r' });
  });

  test('lists of metadata alone tell owners, whatever kind they call themselves', () => {
    const builder = new SnapshotBuilder(CLUSTER);
    const list = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' };
    builder.addListPage('jobs', {
      ...list,
      items: [
        {
          kind: 'PartialObjectMetadata',
          ...item('j-1', 'shop', { ownerReferences: [{ kind: 'CronJob', name: 'j', controller: true }] }),
        },
      ],
    });
    builder.addListPage(
      'pods',
      page([item('j-1-x', 'shop', { ownerReferences: [{ kind: 'Job', name: 'j-1', controller: true }] })]),
    );
    const snapshot = builder.finish();
    expect(endpoints(snapshot)).toEqual(['shop/Pod/j-1-x']);
    expect(snapshot.pods[0].owner).toEqual({ kind: 'CronJob', name: 'j' });
  });

  test('a resource of the same name in another group is none of ours', () => {
    const builder = new SnapshotBuilder(CLUSTER);
    builder.addListPage('services.serving.knative.dev', {
      kind: 'ServiceList',
      apiVersion: 'serving.knative.dev/v1',
      items: [item('s')],
    });
    expect(builder.finish().services).toEqual([]);
  });

  test('what is stored in a cluster is read as it is: no finding is made up, nothing is added to labels', () => {
    const builder = new SnapshotBuilder(CLUSTER);
    builder.addListPage('namespaces', page([item('shop', null, { labels: { a: 'b' } })]));
    builder.addListPage('networkpolicies', page([item('bad_name', 'shop', { spec: { podSelector: {} } })]));
    const snapshot = builder.finish();
    expect(snapshot.problems).toEqual([]);
    expect(snapshot.namespaces).toEqual([
      { name: 'shop', labels: { a: 'b' }, labelsKnown: true, implied: false },
    ]);
    expect(snapshot.policies).toMatchObject([{ name: 'bad_name', origin: 'cluster' }]);
  });

  test('a namespace that could not be read is known by name, and its labels are not', () => {
    const builder = new SnapshotBuilder(CLUSTER);
    builder.addListPage('pods', page([item('a', 'dark')]));
    builder.markUnread('policies', 'darker');
    expect(
      builder.finish().namespaces.map(({ name, labelsKnown, implied }) => [name, labelsKnown, implied]),
    ).toEqual([
      ['dark', false, true],
      ['darker', false, true],
    ]);
  });

  test('a pod that moved between pages counts once, as last seen, without a finding', () => {
    const builder = new SnapshotBuilder(CLUSTER);
    builder.addListPage('pods', page([item('a', 'shop', { status: { phase: 'Pending' } })]));
    builder.addListPage('pods', page([item('a', 'shop', { status: { phase: 'Running' } })]));
    const snapshot = builder.finish();
    expect(snapshot.pods.map((one) => one.phase)).toEqual(['Running']);
    expect(snapshot.problems).toEqual([]);
  });
});

describe('coverage', () => {
  const entry = { resource: 'pods', verb: 'list', namespace: null, count: 0 } as const;

  test.each([
    ['read', true, true],
    ['skipped', true, true],
    ['refused', false, true],
    ['refused', true, false],
    ['failed', true, false],
    ['moved', true, false],
  ] as const)('%s (affects verdicts: %s) makes complete %s', (outcome, affectsVerdicts, complete) => {
    const builder = new SnapshotBuilder(CLUSTER);
    builder.addCoverage({ ...entry, outcome, affectsVerdicts });
    expect(builder.finish().coverage.complete).toBe(complete);
  });

  test('an unread side alone makes it incomplete', () => {
    const builder = new SnapshotBuilder(CLUSTER);
    builder.markUnread('pods', null);
    builder.markUnread('pods', 'b');
    builder.markUnread('pods', 'a');
    expect(builder.finish().coverage).toMatchObject({
      complete: false,
      unreadPods: [null, 'a', 'b'],
      unreadPolicies: [],
    });
  });

  test('manifests say nothing about enforcement, even with the pods of a plugin among them (S21)', () => {
    const snapshot = snapshotOf({
      'a.yaml':
        'apiVersion: v1\nkind: Pod\nmetadata: {name: calico-node-x, namespace: kube-system, labels: {k8s-app: calico-node}}\nspec: {containers: [{name: calico-node}]}\n',
    });
    expect(snapshot.enforcement).toMatchObject({ plugin: null, ingress: 'unknown', egress: 'unknown' });
  });
});

describe('whatever the order', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd-1', 'web');
  const namespace = fc.constantFrom('shop', 'pay', 'z');
  const labels = fc.dictionary(fc.constantFrom('app', 'tier', 'x'), fc.constantFrom('1', '2', 'web'), {
    maxKeys: 3,
  });
  const owner = fc.constantFrom(
    [],
    [{ kind: 'ReplicaSet', name: 'web', controller: true }],
    [{ kind: 'StatefulSet', name: 'a', controller: true }],
  );
  const record = fc.oneof(
    fc.record({ resource: fc.constant('pods'), name, namespace, labels, ownerReferences: owner }),
    fc.record({
      resource: fc.constant('services'),
      name,
      namespace,
      labels,
      ownerReferences: fc.constant([]),
    }),
    fc.record({
      resource: fc.constant('networkpolicies'),
      name,
      namespace,
      labels,
      ownerReferences: fc.constant([]),
    }),
    fc.record({
      resource: fc.constant('replicasets'),
      name,
      namespace,
      labels,
      ownerReferences: fc.constantFrom([], [{ kind: 'Deployment', name: 'd', controller: true }]),
    }),
    fc.record({
      resource: fc.constant('namespaces'),
      name: namespace,
      namespace: fc.constant(null),
      labels,
      ownerReferences: fc.constant([]),
    }),
    fc.record({
      resource: fc.constant('nodes'),
      name,
      namespace: fc.constant(null),
      labels,
      ownerReferences: fc.constant([]),
    }),
  );
  /** Objects of one identity only once: of two, the last one would count. */
  const records = fc.uniqueArray(record, {
    selector: (one) => `${one.resource} ${one.namespace} ${one.name}`,
    maxLength: 30,
  });

  test('pages in any order give the same snapshot, sorted by namespace and name', () => {
    fc.assert(
      fc.property(
        records.chain((all) =>
          fc.tuple(
            fc.constant(all),
            fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
          ),
        ),
        ([all, shuffled]) => {
          const build = (ordered: typeof all): Snapshot => {
            const builder = new SnapshotBuilder(CLUSTER);
            for (const one of ordered)
              builder.addListPage(one.resource, page([item(one.name, one.namespace, one)]));
            return builder.finish();
          };
          const snapshot = build(all);
          expect(text(build(shuffled))).toBe(text(snapshot));
          for (const list of [snapshot.pods, snapshot.services, snapshot.policies]) {
            const keys = list.map((one) => [one.namespace, one.name].join('\u0000'));
            expect(keys).toEqual([...keys].sort());
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  const KINDS: Record<string, [string, string]> = {
    pods: ['v1', 'Pod'],
    services: ['v1', 'Service'],
    networkpolicies: ['networking.k8s.io/v1', 'NetworkPolicy'],
    replicasets: ['apps/v1', 'ReplicaSet'],
    namespaces: ['v1', 'Namespace'],
    nodes: ['v1', 'Node'],
  };

  test('how documents are spread over files, lists and formats never changes the snapshot, except places', () => {
    const withoutPlaces = (snapshot: Snapshot): unknown =>
      JSON.parse(
        JSON.stringify({ ...snapshot, coverage: null }, (key, value: unknown) =>
          key === 'place' ? undefined : value,
        ),
      );
    fc.assert(
      fc.property(
        records,
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 30, maxLength: 30 }),
        (all, ways) => {
          const objects = all.map((one) => {
            const [apiVersion, kind] = KINDS[one.resource];
            const spec = kind === 'ReplicaSet' ? { template: { metadata: { labels: one.labels } } } : {};
            return { apiVersion, kind, ...item(one.name, one.namespace, one), spec };
          });
          const one = new SnapshotBuilder(MANIFESTS);
          one.addManifest('all.yaml', objects.map((object) => stringify(object)).join('---\n'));
          const many = new SnapshotBuilder(MANIFESTS);
          let open: string[] = [];
          const close = (file: number): void => {
            if (open.length > 0) many.addManifest(`${file}.yaml`, open.join('---\r\n'));
            open = [];
          };
          objects.forEach((object, index) => {
            const way = ways[index];
            if (way === 0) close(index);
            if (way === 1) open.push(stringify({ apiVersion: 'v1', kind: 'List', items: [object] }));
            else if (way === 2) {
              close(index);
              many.addManifest(`${index}.json`, JSON.stringify(object, null, 2));
            } else open.push(stringify(object));
          });
          close(objects.length);
          expect(withoutPlaces(many.finish())).toEqual(withoutPlaces(one.finish()));
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('nothing of annotations, environments, commands, volumes or Secrets can be found in a snapshot', () => {
  const canary = 'kanarienvogel';
  const container = {
    name: 'c',
    image: `registry/${canary}`,
    command: [canary],
    args: [canary],
    env: [{ name: canary, value: canary }],
    envFrom: [{ secretRef: { name: canary } }],
    volumeMounts: [{ name: canary, mountPath: canary }],
    livenessProbe: {
      exec: { command: [canary] },
      httpGet: { httpHeaders: [{ name: canary, value: canary }] },
    },
    lifecycle: { preStop: { exec: { command: [canary] } } },
    ports: [{ containerPort: 80, name: 'http', hostIP: canary }],
  };
  const metadata = (name: string): Json => ({
    name,
    namespace: 'shop',
    labels: { app: 'x' },
    annotations: { [canary]: canary, note: canary, broken: 5 },
    managedFields: [{ manager: canary, fieldsV1: { [canary]: {} } }],
    finalizers: [canary],
    uid: canary,
    selfLink: canary,
    generateName: canary,
    ownerReferences: [
      { kind: 'ReplicaSet', name: 'r', uid: canary, controller: true },
      { kind: canary, name: canary },
    ],
  });
  const spec: Json = {
    containers: [container],
    initContainers: [{ ...container, restartPolicy: 'Always' }],
    ephemeralContainers: [container],
    volumes: [{ name: canary, secret: { secretName: canary } }],
    serviceAccountName: canary,
    imagePullSecrets: [{ name: canary }],
    nodeSelector: { [canary]: canary },
    hostname: canary,
  };
  const status: Json = {
    phase: 'Running',
    message: canary,
    reason: canary,
    conditions: [{ message: canary }],
  };
  const template = { metadata: metadata('t'), spec };
  const objects: [string, string, string, Json][] = [
    ['pods', 'v1', 'Pod', { spec, status }],
    ['replicasets', 'apps/v1', 'ReplicaSet', { spec: { template }, status }],
    ['', 'apps/v1', 'Deployment', { spec: { template, selector: { matchLabels: { app: 'x' } } }, status }],
    ['', 'batch/v1', 'CronJob', { spec: { jobTemplate: { metadata: metadata('j'), spec: { template } } } }],
    ['jobs', 'batch/v1', 'Job', { spec: { template }, status }],
    [
      'services',
      'v1',
      'Service',
      { spec: { ports: [{ port: 80, appProtocol: canary }], sessionAffinity: canary }, status },
    ],
    [
      'nodes',
      'v1',
      'Node',
      {
        spec: { providerID: canary, taints: [{ key: canary }] },
        status: { nodeInfo: { machineID: canary }, addresses: [{ type: 'Hostname', address: canary }] },
      },
    ],
    ['namespaces', 'v1', 'Namespace', { spec: { finalizers: [canary] }, status }],
    ['networkpolicies', 'networking.k8s.io/v1', 'NetworkPolicy', { spec: { podSelector: {} }, status }],
    ['configmaps', 'v1', 'ConfigMap', { data: { [canary]: canary }, binaryData: { [canary]: canary } }],
    ['daemonsets', 'apps/v1', 'DaemonSet', { spec: { template } }],
    ['', 'v1', 'Secret', { data: { [canary]: canary }, stringData: { [canary]: canary } }],
    ['ciliumnetworkpolicies', 'cilium.io/v2', 'CiliumNetworkPolicy', { spec: { description: canary } }],
  ];
  for (const namespace of ['shop', 'kube-system']) {
    const live = new SnapshotBuilder(CLUSTER);
    const files = new SnapshotBuilder(MANIFESTS);
    for (const [resource, apiVersion, kind, rest] of objects) {
      const object = { apiVersion, kind, ...rest, metadata: { ...metadata('x'), namespace } };
      if (resource !== '') live.addListPage(resource, page([object]));
      files.addManifest(`${kind}.yaml`, stringify(object, { aliasDuplicateObjects: false }));
      files.addManifest(`${kind}.json`, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [object] }));
    }
    for (const builder of [live, files]) {
      const snapshot = builder.finish();
      expect(snapshot.pods.length).toBeGreaterThan(0);
      expect(text(snapshot)).not.toContain(canary);
    }
  }
});

import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { fromRoot } from '../../build/paths.mjs';
import { auditRole, auditRoleYaml } from '../../electron/cluster/rbac.ts';
import { readCluster } from '../../electron/cluster/reader.ts';
import { createAudit } from '../../shared/audit/engine.ts';
import { parse } from 'yaml';
import { generatedStore, namespaceName } from '../apiserver/generate.ts';
import { TestApiServer } from '../apiserver/server.ts';
import type { Fault, PolicyRule, ServerOptions, TestUser } from '../apiserver/server.ts';
import { Store, type } from '../apiserver/store.ts';
import { eventually, contextOf, entryOf, Folder, MemorySink, QUICK, read } from './support.ts';

const servers: TestApiServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
async function start(options: ServerOptions = {}, ...faults: Fault[]): Promise<TestApiServer> {
  const server = await TestApiServer.start(options);
  server.faults.push(...faults);
  servers.push(server);
  return server;
}
const small = (): Store => generatedStore({ pods: 120, namespaces: 4 });

const DISCOVERY: PolicyRule = { nonResourceURLs: ['/version', '/apis', '/apis/*'], verbs: ['get'] };
/** A user of one or some namespaces, as a team has it. */
function tenant(
  namespaces: string[],
  resources = ['pods', 'networkpolicies', 'services', 'replicasets', 'jobs'],
): TestUser {
  return {
    name: 'tenant',
    token: 'tenant-token',
    grants: [
      { namespace: null, rules: [DISCOVERY] },
      ...namespaces.map((namespace) => ({
        namespace,
        rules: [{ apiGroups: ['*'], resources, verbs: ['get', 'list', 'watch'] }],
      })),
    ],
  };
}

describe('reading a whole cluster', () => {
  test('every page of every list arrives, and the coverage says so', async () => {
    const api = await start({ store: generatedStore({ pods: 1234, namespaces: 7 }) });
    const { snapshot, sink, result } = await read(api, { pageSize: 100 });
    expect(snapshot.pods).toHaveLength(1234);
    expect(snapshot.namespaces).toHaveLength(7);
    expect(snapshot.policies).toHaveLength(4 + 3);
    expect(snapshot.cluster.serverVersion).toBe('v1.36.1');
    expect(snapshot.coverage.complete).toBe(true);
    expect(entryOf(sink.entries, 'pods')).toMatchObject({ outcome: 'read', count: 1234, pages: 13 });
    expect(result.cursors.find((one) => one.resource === 'pods')?.resourceVersion).toBe(
      entryOf(sink.entries, 'pods')?.resourceVersion,
    );
    const asked = api.requests.filter((r) => r.resource === 'pods' && r.verb === 'list');
    expect(asked).toHaveLength(13);
    expect(asked[0].query).toContain('limit=100');
    expect(asked.every((r) => r.headers.authorization === 'Bearer admin-token')).toBe(true);
  });

  test('nothing but GET is ever sent, and secrets are never asked for', async () => {
    const api = await start({ store: small() });
    await read(api);
    expect(new Set(api.requests.map((r) => r.method))).toEqual(new Set(['GET']));
    expect(api.requests.filter((r) => r.resource === 'secrets')).toEqual([]);
    expect(api.requests.filter((r) => r.resource === 'configmaps' && r.verb === 'list')).toEqual([]);
  });

  test('owners come as metadata alone, and a ReplicaSet leads to its Deployment', async () => {
    const store = new Store();
    const owned = (
      kind: string,
      name: string,
    ): { apiVersion: string; kind: string; name: string; controller: boolean }[] => [
      { apiVersion: 'apps/v1', kind, name, controller: true },
    ];
    store.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    store.put({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'web-5d', namespace: 'shop', ownerReferences: owned('Deployment', 'web') },
      spec: {
        template: { spec: { containers: [{ name: 'c', env: [{ name: 'PASSWORD', value: 'hunter2' }] }] } },
      },
    });
    store.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web-5d-x', namespace: 'shop', ownerReferences: owned('ReplicaSet', 'web-5d') },
      spec: { containers: [{ name: 'c' }] },
      status: { phase: 'Running' },
    });
    const api = await start({ store });
    const { snapshot } = await read(api);
    expect(snapshot.pods[0].owner).toEqual({ kind: 'Deployment', name: 'web' });
    const asked = api.requests.find((r) => r.resource === 'replicasets');
    expect(asked?.headers.accept).toContain('as=PartialObjectMetadataList');
  });

  test('nothing secret of a pod is left in the snapshot', async () => {
    const api = await start({ store: small() });
    const { snapshot } = await read(api);
    expect(JSON.stringify(snapshot)).not.toContain('secret-value');
    expect(JSON.stringify(snapshot)).not.toContain('admin-token');
  });

  test('the same audit comes of large and of small pages, compressed or not', async () => {
    const plain = await start({ store: generatedStore({ pods: 700, namespaces: 5 }), gzipFrom: Infinity });
    const zipped = await start({ store: generatedStore({ pods: 700, namespaces: 5 }), gzipFrom: 0 });
    const one = await read(plain, { pageSize: 1000 });
    const two = await read(zipped, { pageSize: 37 });
    const bare = (snapshot: typeof one.snapshot): unknown => ({ ...snapshot, coverage: null });
    expect(bare(two.snapshot)).toEqual(bare(one.snapshot));
  });

  test('a server below a path is read there', async () => {
    const api = await start({ store: small(), basePath: '/k8s/clusters/c-abc' });
    const { snapshot } = await read(api);
    expect(snapshot.pods).toHaveLength(120);
  });

  test('a server of old, with group by group discovery, is read as well', async () => {
    const store = small();
    store.serve(type('cilium.io', 'v2', 'ciliumnetworkpolicies', 'CiliumNetworkPolicy', true));
    store.put({
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumNetworkPolicy',
      metadata: { name: 'l7', namespace: 'ns-0001' },
    });
    const api = await start({ store, discovery: 'legacy', version: 'v1.24.3' });
    const { snapshot } = await read(api);
    expect(snapshot.otherPolicies).toEqual([
      {
        kind: 'CiliumNetworkPolicy',
        group: 'cilium.io',
        namespace: 'ns-0001',
        name: 'l7',
        status: 'present',
      },
    ]);
  });
});

describe('other kinds of policy (S26)', () => {
  function withKinds(): Store {
    const store = small();
    store.serve(
      type('policy.networking.k8s.io', 'v1alpha1', 'adminnetworkpolicies', 'AdminNetworkPolicy', false),
    );
    store.serve(type('crd.projectcalico.org', 'v1', 'networkpolicies', 'NetworkPolicy', true));
    store.put({
      apiVersion: 'policy.networking.k8s.io/v1alpha1',
      kind: 'AdminNetworkPolicy',
      metadata: { name: 'deny-all' },
    });
    store.put({
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'default.x', namespace: 'ns-0000' },
    });
    return store;
  }

  test('objects of served kinds are named, and those of Calico are not taken for our NetworkPolicy', async () => {
    const api = await start({ store: withKinds() });
    const { snapshot } = await read(api);
    expect(
      snapshot.otherPolicies.map((o) => `${o.group} ${o.kind} ${o.namespace} ${o.name} ${o.status}`).sort(),
    ).toEqual([
      'crd.projectcalico.org NetworkPolicy ns-0000 default.x present',
      'policy.networking.k8s.io AdminNetworkPolicy null deny-all present',
    ]);
    expect(snapshot.policies.some((p) => p.name === 'default.x')).toBe(false);
  });

  test('a kind that is served and may not be listed is unreadable, not absent', async () => {
    const api = await start(
      { store: withKinds() },
      { on: 'adminnetworkpolicies', trouble: { kind: 'status', status: 403 } },
    );
    const { snapshot } = await read(api);
    expect(snapshot.otherPolicies).toContainEqual({
      kind: 'AdminNetworkPolicy',
      group: 'policy.networking.k8s.io',
      namespace: null,
      name: null,
      status: 'unreadable',
    });
    expect(snapshot.coverage.complete).toBe(false);
    expect(entryOf(snapshot.coverage.entries, 'adminnetworkpolicies.policy.networking.k8s.io')?.outcome).toBe(
      'refused',
    );
  });

  test('S26: a kind that no table knows is listed by its group or name, however discovery tells of it', async () => {
    for (const discovery of ['aggregated', 'legacy'] as const) {
      const store = small();
      store.serve(type('example.com', 'v1', 'teamnetworkpolicies', 'TeamNetworkPolicy', true));
      store.serve(type('example.com', 'v1', 'teams', 'Team', true));
      store.serve(type('cilium.io', 'v2', 'ciliumtomorrows', 'CiliumTomorrow', false));
      store.serve(type('cilium.io', 'v2', 'ciliumnodes', 'CiliumNode', false));
      const object = (apiVersion: string, kind: string, namespace?: string): Parameters<Store['put']>[0] => ({
        apiVersion,
        kind,
        metadata: { name: 'x', namespace },
      });
      store.put(object('example.com/v1', 'TeamNetworkPolicy', 'ns-0001'));
      store.put(object('example.com/v1', 'Team', 'ns-0001'));
      store.put(object('cilium.io/v2', 'CiliumTomorrow'));
      store.put(object('cilium.io/v2', 'CiliumNode'));
      const api = await start({ store, discovery });
      const { snapshot } = await read(api);
      expect(snapshot.otherPolicies.map((o) => `${o.group} ${o.kind} ${o.namespace} ${o.name}`)).toEqual([
        'cilium.io CiliumTomorrow null x',
        'example.com TeamNetworkPolicy ns-0001 x',
      ]);
      expect(api.requests.some(({ path }) => /\/(teams|ciliumnodes)$/.test(path))).toBe(false);
    }
  });

  test('S26: a subnet of Kube-OVN counts where it has rules', async () => {
    const store = small();
    store.serve(type('kubeovn.io', 'v1', 'subnets', 'Subnet', false));
    for (const [name, spec] of [
      ['ovn-default', { private: false }],
      ['secret', { private: true }],
    ] as const)
      store.put({ apiVersion: 'kubeovn.io/v1', kind: 'Subnet', metadata: { name }, spec });
    const api = await start({ store });
    const { snapshot } = await read(api);
    expect(snapshot.otherPolicies.map(({ name }) => name)).toEqual(['secret']);
  });

  test('a group whose server does not answer is a gap, not an absence', async () => {
    const api = await start({ store: withKinds(), brokenGroups: ['policy.networking.k8s.io'] });
    const { snapshot } = await read(api);
    expect(entryOf(snapshot.coverage.entries, 'apis/policy.networking.k8s.io', null, 'get')).toMatchObject({
      outcome: 'failed',
      affectsVerdicts: true,
    });
    expect(snapshot.otherPolicies).toContainEqual(
      expect.objectContaining({ kind: 'AdminNetworkPolicy', status: 'unreadable' }),
    );
  });

  test('where discovery is refused each kind is asked for by itself', async () => {
    const api = await start(
      { store: withKinds() },
      { on: /^\/apis(\?|$)/, trouble: { kind: 'status', status: 403 } },
    );
    const { snapshot } = await read(api);
    expect(entryOf(snapshot.coverage.entries, 'apis', null, 'get')?.outcome).toBe('refused');
    expect(snapshot.otherPolicies).toContainEqual(
      expect.objectContaining({ kind: 'AdminNetworkPolicy', name: 'deny-all', status: 'present' }),
    );
    expect(snapshot.otherPolicies.some((o) => o.kind === 'CiliumNetworkPolicy')).toBe(false);
  });
});

describe('what enforces, as a whole read finds it (S21)', () => {
  function agent(owner: string, container: string, node: string): Parameters<Store['put']>[0] {
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `${owner}-${node}`,
        namespace: 'kube-system',
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: owner, controller: true }],
      },
      spec: { nodeName: node, hostNetwork: true, containers: [{ name: container, image: 'x:v1.17.0' }] },
      status: { phase: 'Running' },
    };
  }
  function cilium(): Store {
    const store = new Store();
    for (const name of ['a', 'b']) {
      store.put({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
      store.put(agent('cilium', 'cilium-agent', name));
    }
    store.serve(type('cilium.io', 'v2', 'ciliumnetworkpolicies', 'CiliumNetworkPolicy', true));
    return store;
  }
  const config = (data: Record<string, string>): Parameters<Store['put']>[0] => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'cilium-config', namespace: 'kube-system' },
    data: data as never,
  });

  test('a config map that is read by its name turns the answer', async () => {
    const store = cilium();
    store.put(config({ 'enable-policy': 'never' }));
    const { snapshot } = await read(await start({ store }));
    expect(snapshot.enforcement).toMatchObject({ plugin: 'cilium', ingress: 'no', egress: 'no' });
    expect(
      entryOf(snapshot.coverage.entries, 'configmaps/cilium-config', 'kube-system', 'get'),
    ).toMatchObject({
      outcome: 'read',
      count: 1,
    });
    // What the config map says beyond that stays out of the snapshot.
    store.put(config({ 'enable-policy': 'default', 'some-password': 'hunter2' }));
    const again = await read(await start({ store }));
    expect(again.snapshot.enforcement).toMatchObject({ plugin: 'cilium', ingress: 'yes' });
    expect(again.snapshot.enforcement.implies.ipBlockPods).toBe('ignore');
    expect(JSON.stringify(again.snapshot)).not.toContain('hunter2');
  });

  test('where it may not be read enforcement is unknown, and the refusal is named', async () => {
    const store = cilium();
    store.put(config({ 'enable-policy': 'default' }));
    const api = await start({ store }, { on: 'cilium-config', trouble: { kind: 'status', status: 403 } });
    const { snapshot } = await read(api);
    expect(snapshot.enforcement).toMatchObject({ plugin: 'cilium', ingress: 'unknown', egress: 'unknown' });
    expect(
      entryOf(snapshot.coverage.entries, 'configmaps/cilium-config', 'kube-system', 'get')?.outcome,
    ).toBe('refused');
  });

  test("OpenShift's network and EKS's node classes are read where their groups are served, and only there", async () => {
    const store = new Store();
    store.serve(type('config.openshift.io', 'v1', 'networks', 'Network', false));
    store.put({
      apiVersion: 'config.openshift.io/v1',
      kind: 'Network',
      metadata: { name: 'cluster' },
      status: { networkType: 'OVNKubernetes' },
    });
    const api = await start({ store });
    const { snapshot } = await read(api);
    expect(snapshot.enforcement).toMatchObject({ plugin: 'ovn-kubernetes', ingress: 'yes' });
    expect(api.requests.filter((r) => /eks|tigera|cilium/.test(r.path))).toEqual([]);

    const eks = new Store();
    eks.serve(type('eks.amazonaws.com', 'v1', 'nodeclasses', 'NodeClass', false));
    eks.put({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: 'i-1',
        labels: { 'eks.amazonaws.com/compute-type': 'auto', 'eks.amazonaws.com/nodeclass': 'default' },
      },
    });
    eks.put({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'amazon-vpc-cni', namespace: 'kube-system' },
      data: { 'enable-network-policy-controller': 'true' },
    });
    eks.put({
      apiVersion: 'eks.amazonaws.com/v1',
      kind: 'NodeClass',
      metadata: { name: 'default' },
      spec: { networkPolicy: 'DefaultDeny' },
    });
    const auto = await read(await start({ store: eks }));
    expect(auto.snapshot.enforcement).toMatchObject({
      plugin: 'eks-auto-mode',
      ingress: 'yes',
      implies: { unselected: 'unknown' },
    });
  });
});

describe('limited rights', () => {
  test('the role that is printed is enough for everything, and nothing beyond it is asked', async () => {
    const store = small();
    store.serve(
      type('policy.networking.k8s.io', 'v1alpha2', 'clusternetworkpolicies', 'ClusterNetworkPolicy', false),
    );
    store.serve(type('crd.projectcalico.org', 'v1', 'globalnetworkpolicies', 'GlobalNetworkPolicy', false));
    store.serve(type('cilium.io', 'v2', 'ciliumnetworkpolicies', 'CiliumNetworkPolicy', true));
    store.serve(type('config.openshift.io', 'v1', 'networks', 'Network', false));
    store.serve(type('operator.openshift.io', 'v1', 'networks', 'Network', false));
    store.serve(type('operator.tigera.io', 'v1', 'installations', 'Installation', false));
    store.serve(type('eks.amazonaws.com', 'v1', 'nodeclasses', 'NodeClass', false));
    const { rules } = auditRole();
    const api = await start({
      store,
      users: [{ name: 'auditor', token: 'auditor-token', grants: [{ namespace: null, rules }] }],
    });
    const { snapshot } = await read(api, { user: { token: 'auditor-token' } });
    expect(api.requests.filter((r) => r.status === 403).map((r) => r.path)).toEqual([]);
    expect(snapshot.coverage.complete).toBe(true);
    expect(snapshot.coverage.entries.filter((e) => e.outcome === 'skipped')).toEqual([]);
  });

  test('the printed role is a ClusterRole that only reads', () => {
    const role = parse(auditRoleYaml()) as ReturnType<typeof auditRole>;
    expect(role.kind).toBe('ClusterRole');
    const verbs = new Set(role.rules.flatMap((rule) => rule.verbs));
    expect([...verbs].sort()).toEqual(['get', 'list', 'watch']);
    expect(JSON.stringify(role)).not.toContain('"*"');
    expect(role.rules.flatMap((rule) => rule.resources ?? [])).not.toContain('secrets');
    const configMaps = role.rules.find((rule) => rule.resources?.includes('configmaps'));
    expect(configMaps).toMatchObject({ verbs: ['get'], resourceNames: ['cilium-config', 'amazon-vpc-cni'] });
  });

  test('the README has the same role', () => {
    const readme = readFileSync(fromRoot('README.md'), 'utf8');
    const block = /```yaml\n(apiVersion: rbac[^`]*)```/.exec(readme)?.[1] ?? '';
    expect(parse(block)).toEqual(auditRole());
  });

  test('every single rule of the role is needed', async () => {
    const store = small();
    const { rules } = auditRole();
    const needed = rules.filter((rule) => rule.apiGroups?.[0] === '' && rule.verbs.includes('list'));
    for (const rule of needed) {
      for (const resource of rule.resources ?? []) {
        const api = await start({
          store,
          users: [
            {
              name: 'auditor',
              token: 'auditor-token',
              grants: [
                {
                  namespace: null,
                  rules: rules.map((r) =>
                    r === rule ? { ...r, resources: (r.resources ?? []).filter((x) => x !== resource) } : r,
                  ),
                },
              ],
            },
          ],
        });
        const { snapshot } = await read(api, { user: { token: 'auditor-token' } });
        expect(
          snapshot.coverage.entries.filter((e) => e.outcome === 'refused' && e.resource === resource),
        ).not.toEqual([]);
      }
    }
  });

  test('a user of two namespaces gets these two, and every refusal is named with verb, resource and namespace', async () => {
    const api = await start({ store: small(), users: [tenant(['ns-0000', 'ns-0002'])] });
    const { snapshot } = await read(api, {
      user: { token: 'tenant-token' },
      namespaces: ['ns-0000', 'ns-0002', 'ns-0003'],
    });
    expect(new Set(snapshot.pods.map((p) => p.namespace))).toEqual(new Set(['ns-0000', 'ns-0002']));
    const { entries } = snapshot.coverage;
    expect(entryOf(entries, 'namespaces')).toMatchObject({
      verb: 'list',
      outcome: 'refused',
      namespace: null,
    });
    expect(entryOf(entries, 'pods')).toMatchObject({ outcome: 'refused', affectsVerdicts: true });
    expect(entryOf(entries, 'pods', 'ns-0000')).toMatchObject({ outcome: 'read', count: 30 });
    expect(entryOf(entries, 'pods', 'ns-0003')).toMatchObject({ outcome: 'refused', count: 0 });
    expect(entryOf(entries, 'pods', 'ns-0003')?.reason).toContain(
      'User "tenant" cannot list resource "pods" in API group "" in the namespace "ns-0003"',
    );
    expect(snapshot.coverage.unreadPods).toEqual([null, 'ns-0003']);
    // What is hidden elsewhere does not cast doubt on a namespace whose own policies were read.
    expect(snapshot.coverage.unreadPolicies).toEqual(['ns-0003']);
    expect(snapshot.coverage.complete).toBe(false);
  });

  test('where namespaces may be listed all of them are tried, and those that refuse are unread', async () => {
    const user = tenant(['ns-0001']);
    user.grants?.push({
      namespace: null,
      rules: [{ apiGroups: [''], resources: ['namespaces'], verbs: ['list', 'watch'] }],
    });
    const api = await start({ store: small(), users: [user] });
    const { snapshot } = await read(api, { user: { token: 'tenant-token' } });
    expect(snapshot.namespaces).toHaveLength(4);
    expect(snapshot.coverage.unreadPolicies).toEqual(['ns-0000', 'ns-0002', 'ns-0003']);
    expect(snapshot.coverage.unreadPods).toEqual(['ns-0000', 'ns-0002', 'ns-0003']);
  });

  test("with no namespace named the context's own is read", async () => {
    const api = await start({ store: small(), users: [tenant(['ns-0002'])] });
    const { snapshot } = await read(api, { user: { token: 'tenant-token' }, namespace: 'ns-0002' });
    expect(new Set(snapshot.pods.map((p) => p.namespace))).toEqual(new Set(['ns-0002']));
    expect(snapshot.coverage.unreadPolicies).toEqual([]);
    // Its labels could not be read, and nothing is made up in their place.
    expect(snapshot.namespaces.find((n) => n.name === 'ns-0002')).toMatchObject({ labelsKnown: false });
    expect(entryOf(snapshot.coverage.entries, 'namespaces/ns-0002', null, 'get')?.outcome).toBe('refused');
  });

  test('a namespace that may be got by its name brings its labels, where the list is refused', async () => {
    const rights = ['pods', 'networkpolicies', 'services', 'namespaces'];
    const api = await start({ store: small(), users: [tenant(['ns-0002'], rights)] });
    const { snapshot } = await read(api, { user: { token: 'tenant-token' }, namespace: 'ns-0002' });
    expect(snapshot.namespaces).toEqual([
      expect.objectContaining({
        name: 'ns-0002',
        labelsKnown: true,
        labels: { 'kubernetes.io/metadata.name': 'ns-0002', tier: 'even' },
      }),
    ]);
  });

  test('pods without the policies beside them are never taken for open: the side is unread', async () => {
    const api = await start({ store: small(), users: [tenant(['ns-0000'], ['pods'])] });
    const { snapshot } = await read(api, { user: { token: 'tenant-token' }, namespaces: ['ns-0000'] });
    expect(snapshot.pods).toHaveLength(30);
    expect(snapshot.coverage.unreadPolicies).toEqual([null]);
    const answer = createAudit(snapshot, {
      auditedAt: '',
      version: '',
      assume: { enforced: 'yes' },
    }).verdicts([
      {
        src: { namespace: 'ns-0000', pod: 'pod-000000' },
        dst: { namespace: 'ns-0000', pod: 'pod-000001' },
        protocol: 'TCP',
        port: 80,
      },
    ]);
    expect(answer.answers[0]).toMatchObject({ verdict: 'depends' });
  });

  test('a user without any rights gets an answer that says so, not an empty cluster that looks whole', async () => {
    const api = await start({
      store: small(),
      users: [{ name: 'nobody', token: 'nobody-token', grants: [] }],
    });
    const { snapshot } = await read(api, { user: { token: 'nobody-token' } });
    expect(snapshot.pods).toEqual([]);
    expect(snapshot.coverage.complete).toBe(false);
    expect(snapshot.coverage.unreadPolicies).toEqual([null]);
    expect(snapshot.coverage.unreadPods).toEqual([null]);
    expect(entryOf(snapshot.coverage.entries, 'version', null, 'get')?.outcome).toBe('refused');
  });
});

describe('faults', () => {
  const pods = '/api/v1/pods';

  test('an expired continue token starts the list again, once each, and loses and doubles nothing', async () => {
    const api = await start(
      { store: small() },
      { on: /pods\?.*continue=/, trouble: { kind: 'status', status: 410 }, skip: 1, times: 1 },
    );
    const { snapshot, sink } = await read(api, { pageSize: 25 });
    expect(snapshot.pods).toHaveLength(120);
    expect(new Set(snapshot.pods.map((p) => `${p.namespace}/${p.name}`)).size).toBe(120);
    expect(sink.restarts).toEqual(['pods']);
    expect(entryOf(sink.entries, 'pods')).toMatchObject({ outcome: 'read', count: 120 });
    expect(entryOf(sink.entries, 'pods')?.reason).toContain('started again once (410)');
  });

  test('a list that expires again and again is given up, and its namespaces are read one by one', async () => {
    const api = await start(
      { store: small() },
      { on: /\/pods\?.*continue=/, trouble: { kind: 'status', status: 410 } },
    );
    const { snapshot, sink } = await read(api, { pageSize: 10 });
    expect(entryOf(sink.entries, 'pods')).toMatchObject({
      outcome: 'failed',
      count: 0,
      affectsVerdicts: false,
    });
    expect(entryOf(sink.entries, 'pods')?.reason).toContain('expired 4 times');
    // First page and continuation, four times.
    expect(api.requests.filter((r) => r.path === pods && r.verb === 'list')).toHaveLength(8);
    expect(snapshot.pods).toHaveLength(120);
    expect(snapshot.coverage.unreadPods).toEqual([]);
    expect(snapshot.coverage.complete).toBe(true);
  });

  test('429 waits as Retry-After says and goes on', async () => {
    const api = await start(
      { store: small() },
      { on: pods, trouble: { kind: 'status', status: 429, headers: { 'retry-after': '1' } }, times: 1 },
    );
    const begun = Date.now();
    const { snapshot } = await read(api, { patience: { ...QUICK, longestPauseMs: 1000 } });
    expect(Date.now() - begun).toBeGreaterThanOrEqual(1000);
    expect(snapshot.pods).toHaveLength(120);
    expect(snapshot.coverage.complete).toBe(true);
  });

  for (const status of [500, 503, 504, 429]) {
    test(`${status} is tried again, a bounded number of times, and then named`, async () => {
      const once = await start(
        { store: small() },
        { on: pods, trouble: { kind: 'status', status }, times: 2 },
      );
      expect((await read(once)).snapshot.coverage.complete).toBe(true);

      const always = await start({ store: small() }, { on: /\/pods\?/, trouble: { kind: 'status', status } });
      const { snapshot, sink } = await read(always);
      expect(snapshot.pods).toEqual([]);
      expect(entryOf(sink.entries, 'pods')).toMatchObject({ outcome: 'failed' });
      expect(entryOf(sink.entries, 'pods')?.reason).toMatch(new RegExp(`HTTP ${status}`));
      expect(snapshot.coverage.unreadPods).toEqual(['ns-0000', 'ns-0001', 'ns-0002', 'ns-0003']);
      expect(snapshot.policies.length).toBeGreaterThan(0);
      expect(always.requests.filter((r) => r.path === pods && r.verb === 'list')).toHaveLength(3);
    });
  }

  test('404 means that the API is not served: named, and the policies are unread', async () => {
    const api = await start(
      { store: small() },
      { on: 'networkpolicies', trouble: { kind: 'status', status: 404 } },
    );
    const { snapshot, sink } = await read(api);
    expect(entryOf(sink.entries, 'networkpolicies')?.reason).toContain('not served');
    expect(snapshot.coverage.unreadPolicies).toEqual([null]);
  });

  test('409 on a list is no reason to try again, and is named', async () => {
    const api = await start(
      { store: small() },
      { on: '/services?', trouble: { kind: 'status', status: 409 } },
    );
    const { sink } = await read(api);
    expect(entryOf(sink.entries, 'services')).toMatchObject({ outcome: 'failed', affectsVerdicts: true });
    expect(entryOf(sink.entries, 'services')?.reason).toContain('HTTP 409');
  });

  for (const [name, trouble] of [
    ['a connection that is cut before the answer', { kind: 'cut' }],
    ['a connection that is cut in the middle of a page', { kind: 'cut', after: 0.5 }],
    ['an answer that stops in the middle', { kind: 'silence' }],
    ['a request that is never answered', { kind: 'hang' }],
    ['an answer that comes a byte at a time', { kind: 'drip', everyMs: 5 }],
    ['a page of garbage', { kind: 'garbage' }],
    ['a page of JSON that breaks off', { kind: 'truncated-json' }],
    ['a web page in place of a list', { kind: 'html' }],
    ['a damaged compressed page', { kind: 'damaged-gzip' }],
  ] as const) {
    test(`${name} is asked for again, and loses nothing`, async () => {
      const api = await start({ store: small() }, { on: /\/pods\?.*continue=/, trouble, times: 1 });
      const { snapshot } = await read(api, { pageSize: 60 });
      expect(snapshot.pods).toHaveLength(120);
      expect(snapshot.coverage.complete).toBe(true);
    });

    test(`${name}, every time, ends in coverage and holds nothing else up`, async () => {
      const api = await start({ store: small() }, { on: /\/pods\?/, trouble });
      const { snapshot, sink } = await read(api, { pageSize: 60, patience: { ...QUICK, attempts: 2 } });
      expect(snapshot.pods).toEqual([]);
      // Two namespaces in a row failed: the others are not asked, and said so.
      expect(entryOf(sink.entries, 'pods', 'ns-0003')?.reason).toContain('not asked');
      expect(snapshot.coverage.unreadPods).toEqual(['ns-0000', 'ns-0001', 'ns-0002', 'ns-0003']);
      expect(entryOf(sink.entries, 'pods')).toMatchObject({ outcome: 'failed', count: 0 });
      expect(entryOf(sink.entries, 'pods')?.reason).not.toBe('');
      expect(snapshot.policies).toHaveLength(2 + 2);
      expect(snapshot.coverage.complete).toBe(false);
    });
  }

  test('an answer that is only slow is waited for', async () => {
    const api = await start({ store: small() }, { on: pods, trouble: { kind: 'delay', ms: 500 } });
    expect((await read(api)).snapshot.pods).toHaveLength(120);
  });

  test('Ingresses are read, and of the EndpointSlices only those that no selector of a Service made', async () => {
    const store = small();
    const slice = (name: string, manager: string): void =>
      void store.put({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          namespace: 'ns-0000',
          name,
          labels: {
            'kubernetes.io/service-name': 'manual',
            'endpointslice.kubernetes.io/managed-by': manager,
          },
        },
        endpoints: [{ addresses: ['10.0.0.1'], targetRef: { kind: 'Pod', namespace: 'ns-0000', name: 'p' } }],
      });
    slice('by-hand', 'staff');
    slice('by-selector', 'endpointslice-controller.k8s.io');
    store.put({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { namespace: 'ns-0000', name: 'web' },
      spec: { defaultBackend: { service: { name: 'manual', port: { number: 80 } } } },
    });
    const { snapshot } = await read(await start({ store }));
    expect(snapshot.endpointSlices).toEqual([
      { namespace: 'ns-0000', name: 'by-hand', service: 'manual', pods: ['p'], addresses: [] },
    ]);
    expect(snapshot.ingresses).toEqual([{ namespace: 'ns-0000', name: 'web', services: ['manual'] }]);
  });

  test('a login page in place of the whole server is one clear error', async () => {
    const api = await start({ store: small() }, { on: /./, trouble: { kind: 'html' } });
    await expect(read(api)).rejects.toMatchObject({
      kind: 'api',
      message: expect.stringContaining('no Kubernetes API server') as string,
    });
  });

  test('a server that answers nothing but 503 is one clear error, after a bounded number of requests', async () => {
    const api = await start({ store: small() }, { on: /./, trouble: { kind: 'status', status: 503 } });
    await expect(read(api)).rejects.toMatchObject({
      kind: 'api',
      message: expect.stringContaining('503') as string,
    });
    expect(api.requests).toHaveLength(3);
  });

  test('a server that goes away in the middle is not waited for by every list anew', async () => {
    const store = small();
    for (const [group, version, resource, kind] of [
      ['cilium.io', 'v2', 'ciliumnetworkpolicies', 'CiliumNetworkPolicy'],
      ['crd.antrea.io', 'v1beta1', 'networkpolicies', 'NetworkPolicy'],
      ['security.istio.io', 'v1', 'authorizationpolicies', 'AuthorizationPolicy'],
    ]) {
      store.serve(type(group, version, resource, kind, true));
    }
    const api = await start({ store }, { on: /^\/(api\/v1|apis\/[^/]+)\//, trouble: { kind: 'cut' } });
    const { snapshot } = await read(api);
    expect(snapshot.coverage.complete).toBe(false);
    expect(snapshot.coverage.unreadPolicies).toEqual([null]);
    // Lists that run side by side may each use up their attempts; after that one request each.
    const asked = new Map<string, number>();
    for (const { path } of api.requests) asked.set(path, (asked.get(path) ?? 0) + 1);
    expect([...asked.values()].filter((n) => n > 1).length).toBeLessThanOrEqual(6);
    expect(asked.get('/apis/security.istio.io/v1/authorizationpolicies')).toBe(1);
    expect(snapshot.otherPolicies.filter((o) => o.status === 'unreadable')).toHaveLength(3);
  });

  test('a redirect is not followed, and no credential goes along', async () => {
    const elsewhere = await start({ store: small() });
    const api = await start(
      { store: small() },
      { on: /./, trouble: { kind: 'redirect', to: `${elsewhere.url}/login` } },
    );
    await expect(read(api)).rejects.toMatchObject({
      kind: 'api',
      message: expect.stringContaining('redirect') as string,
    });
    expect(elsewhere.requests).toEqual([]);
  });

  test('a login that ends in the middle is one clear state, and nothing is tried for ever', async () => {
    const api = await start(
      { store: small() },
      { on: /\/pods\?.*continue=/, trouble: { kind: 'status', status: 401 } },
    );
    await expect(read(api, { pageSize: 50 })).rejects.toMatchObject({
      kind: 'auth',
      hint: expect.stringContaining('log in again') as string,
    });
    expect(api.requests.filter((r) => r.status === 401)).toHaveLength(2);
    // What ran beside it ends too, and does not log in anew.
    await eventually(() => api.open).toBe(0);
    const { connections } = api;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(api.connections).toBe(connections);
  });

  test('a server that is not there is one clear error at once', async () => {
    const api = await start({ store: small() });
    const folder = new Folder();
    const context = await contextOf(folder, api.kubeconfig());
    await api.close();
    servers.length = 0;
    const begun = Date.now();
    await expect(
      readCluster(context, new MemorySink(), { signal: new AbortController().signal }),
    ).rejects.toMatchObject({ kind: 'network', message: expect.stringContaining('refused') as string });
    expect(Date.now() - begun).toBeLessThan(5000);
    folder.clean();
  });

  test('a cancel stops at once, in the middle of a page, and leaves no connection behind', async () => {
    const api = await start({ store: small() }, { on: /\/pods\?/, trouble: { kind: 'hang' } });
    const abort = new AbortController();
    const done = read(api, { signal: abort.signal, patience: { ...QUICK, answerMs: 60_000 } });
    await eventually(() => api.requests.some((r) => r.path === pods)).toBe(true);
    const begun = Date.now();
    abort.abort();
    await expect(done).rejects.toMatchObject({ kind: 'cancelled' });
    expect(Date.now() - begun).toBeLessThan(1000);
    await eventually(() => api.open).toBe(0);
  });

  test('a cancel ends a long pause at once', async () => {
    const api = await start(
      { store: small() },
      { on: pods, trouble: { kind: 'status', status: 429, headers: { 'retry-after': '120' } } },
    );
    const abort = new AbortController();
    const paused: string[] = [];
    const done = read(api, {
      signal: abort.signal,
      patience: { ...QUICK, longestPauseMs: 60_000 },
      onProgress: ({ detail }) => paused.push(detail),
    });
    await eventually(() => paused.some((detail) => detail.includes('trying again in'))).toBe(true);
    const begun = Date.now();
    abort.abort();
    await expect(done).rejects.toMatchObject({ kind: 'cancelled' });
    expect(Date.now() - begun).toBeLessThan(1000);
  });

  test('after the end no connection is left open', async () => {
    const api = await start({ store: small() });
    await read(api);
    await eventually(() => api.open).toBe(0);
  });
});

describe('a cluster that moves while it is read', () => {
  const policy = (name: string): Parameters<Store['put']>[0] => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'ns-0001' },
    spec: { podSelector: {} },
  });

  test('a policy that is added after its list was read is read too, and the move is named', async () => {
    const store = small();
    const api = await start({ store }, { on: '/services?', trouble: { kind: 'delay', ms: 1500 } });
    const done = read(api, { patience: { ...QUICK, answerMs: 10_000 } });
    await eventually(() =>
      api.requests.some((r) => r.resource === 'networkpolicies' && r.verb === 'watch'),
    ).toBe(true);
    store.put(policy('late'));
    const { snapshot, sink } = await done;
    expect(snapshot.policies.some((p) => p.name === 'late')).toBe(true);
    expect(new Set(snapshot.policies.map((p) => `${p.namespace}/${p.name}`)).size).toBe(
      snapshot.policies.length,
    );
    const moved = entryOf(sink.entries, 'networkpolicies', null, 'watch');
    expect(moved).toMatchObject({ outcome: 'moved', affectsVerdicts: false });
    expect(moved?.reason).toContain('1 added');
    expect(snapshot.coverage.complete).toBe(true);
  });

  test('policies that do not stand still leave the coverage incomplete', async () => {
    const store = small();
    let n = 0;
    // A new policy after each list, before the watch that follows it stands.
    const api = await start({
      store,
      onRequest: (r) => {
        if (r.resource === 'networkpolicies' && r.verb === 'watch') store.put(policy(`churn-${(n += 1)}`));
      },
    });
    const { snapshot, sink } = await read(api);
    expect(entryOf(sink.entries, 'networkpolicies', null, 'watch')).toMatchObject({
      outcome: 'moved',
      affectsVerdicts: true,
    });
    expect(snapshot.coverage.complete).toBe(false);
  });

  test('pods that came while reading are named, and leave the audit whole as of its moment', async () => {
    const store = small();
    // Stored pods in place of made-up ones, so that they can change.
    const own = new Store();
    for (const name of ['a', 'b']) {
      own.put({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'x' },
        spec: {},
        status: { phase: 'Running' },
      });
    }
    void store;
    const api = await start({ store: own }, { on: '/services?', trouble: { kind: 'delay', ms: 1500 } });
    const done = read(api, { patience: { ...QUICK, answerMs: 10_000 } });
    await eventually(() => api.requests.some((r) => r.resource === 'pods' && r.verb === 'watch')).toBe(true);
    own.put({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'c', namespace: 'x' }, spec: {} });
    own.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a', namespace: 'x' },
      spec: {},
      status: { phase: 'Failed' },
    });
    const { snapshot, sink } = await done;
    expect(snapshot.pods.map((p) => p.name)).toEqual(['a', 'b']);
    expect(entryOf(sink.entries, 'pods', null, 'watch')).toMatchObject({
      outcome: 'moved',
      affectsVerdicts: false,
    });
    expect(snapshot.coverage.complete).toBe(true);
  });

  test('where watching is not allowed, that nothing moved is not claimed', async () => {
    const api = await start({ store: small() }, { on: /watch=1/, trouble: { kind: 'status', status: 403 } });
    const { sink } = await read(api);
    const entry = entryOf(sink.entries, 'networkpolicies', null, 'watch');
    expect(entry).toMatchObject({ outcome: 'skipped', affectsVerdicts: false });
    expect(entry?.reason).toContain('not known');
  });
});

test('the made-up cluster is what it says: figures for others to count by', () => {
  const store = generatedStore({ pods: 10, namespaces: 3 });
  expect(store.list('', 'pods', namespaceName(0), null, 0, 0).items).toHaveLength(4);
  expect(store.list('', 'pods', namespaceName(2), null, 0, 0).items).toHaveLength(3);
});

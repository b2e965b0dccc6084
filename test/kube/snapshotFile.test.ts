import { describe, expect, test } from 'vitest';
import { demoSnapshot } from '../../shared/kube/demo.ts';
import type { Snapshot } from '../../shared/kube/snapshot.ts';
import { parseSnapshot, serializeSnapshot } from '../../shared/kube/snapshotFile.ts';
import { snapshotOf } from './read.ts';

type Json = Record<string, unknown>;

const textOf = (snapshot: Snapshot): string => [...serializeSnapshot(snapshot)].join('');
const plain = (snapshot: Snapshot): Json => JSON.parse(textOf(snapshot)) as Json;

function parsed(data: unknown): Snapshot {
  const result = parseSnapshot(data);
  if (!('snapshot' in result)) throw new Error(JSON.stringify(result.errors));
  return result.snapshot;
}

function errorsOf(data: unknown): { path: string; message: string }[] {
  const result = parseSnapshot(data);
  return 'errors' in result ? result.errors : [];
}

/** Every optional field, every kind of record. */
function full(): Snapshot {
  const snapshot = snapshotOf({
    'a.yaml':
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop, labels: {z: "1", a: "2"}, ownerReferences: [{kind: Job, name: j, controller: true}]}\nspec: {nodeName: n1, containers: [{name: c, ports: [{containerPort: 53, protocol: UDP, name: dns}]}]}\nstatus: {phase: Running, podIPs: [{ip: 10.0.0.1}, {ip: "fd00::1"}], hostIP: 192.168.0.1}\n---\n' +
      'apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {selector: {b: x, a: x}, ports: [{port: 80, targetPort: http}]}\n---\n' +
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: {podSelector: null, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}\n---\n' +
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: empty}\n---\n' +
      'apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: c}\n---\n: : broken "\n kind',
  });
  snapshot.coverage.entries.push({
    resource: 'pods',
    verb: 'list',
    namespace: 'x',
    outcome: 'refused',
    count: 0,
    reason: '403 x',
    resourceVersion: '7',
    pages: 2,
    affectsVerdicts: true,
  });
  snapshot.coverage.unreadPods.push(null, 'x');
  snapshot.enforcement.nodes.push({
    node: 'n1',
    plugin: 'flannel',
    ingress: 'no',
    egress: 'unknown',
    evidence: [{ where: 'w', what: 'x' }],
  });
  snapshot.enforcement.implies = { ipBlockPods: 'ignore', unselected: 'deny' };
  snapshot.enforcement.identityLabels = ['k8s:app', 'k8s:!job-name'];
  snapshot.cluster.server = 'https://example.test:6443';
  return snapshot;
}

describe('a snapshot file', () => {
  test('gives back what was written, to the last field', () => {
    const snapshot = full();
    expect(snapshot.problems.length).toBeGreaterThan(0);
    expect(parsed(plain(snapshot))).toEqual(JSON.parse(JSON.stringify(snapshot)));
    expect(textOf(parsed(plain(snapshot)))).toBe(textOf(snapshot));
  });

  test('is the same text whatever order the keys had', () => {
    const reversed = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(reversed)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([key, one]) => [key, reversed(one)]),
            )
          : value;
    expect(textOf(reversed(full()) as Snapshot)).toBe(textOf(full()));
  });

  test('is written in pieces no longer than a record', () => {
    const one = demoSnapshot();
    const many = { ...one, pods: one.pods.flatMap((pod) => Array.from({ length: 20 }, () => pod)) };
    const longest = (snapshot: Snapshot): number =>
      Math.max(...[...serializeSnapshot(snapshot)].map((piece) => piece.length));
    expect(longest(many)).toBe(longest(one));
  });

  test('carries no field into the product that the format does not know', () => {
    const data = plain(full());
    const secret = { password: 'hunter2' };
    for (const list of ['namespaces', 'pods', 'nodes', 'services', 'policies', 'otherPolicies', 'problems'])
      data[list] = (data[list] as Json[]).map((one) => ({ ...one, secret }));
    for (const part of ['cluster', 'enforcement', 'coverage'])
      data[part] = { ...(data[part] as Json), secret };
    const pods = data.pods as { ports: Json[]; owner: Json; place: Json }[];
    Object.assign(pods[0].ports[0], { secret });
    Object.assign(pods[0].owner, { secret });
    Object.assign(pods[0].place, { secret });
    expect(JSON.stringify(parsed({ ...data, secret }))).not.toContain('hunter2');
  });

  test('that lost its order is put in order', () => {
    const data = plain(demoSnapshot());
    const shuffled = { ...data };
    for (const list of ['namespaces', 'pods', 'nodes', 'services', 'policies'])
      shuffled[list] = [...(data[list] as Json[])].reverse();
    expect(textOf(parsed(shuffled))).toBe(textOf(demoSnapshot()));
  });
});

describe('a file that cannot be read says why and where', () => {
  test('it is no snapshot', () => {
    for (const data of [null, [], 7, {}, { format: 'other' }])
      expect(errorsOf(data)).toEqual([{ path: 'format', message: 'This file is not a Bulkhead snapshot.' }]);
  });

  test('it was made by a newer Bulkhead', () => {
    const [error] = errorsOf({ ...plain(full()), version: 2 });
    expect(error.path).toBe('version');
    expect(error.message).toMatch(/newer Bulkhead/);
    expect(errorsOf({ ...plain(full()), version: '1' })[0].message).toMatch(/unknown/);
  });

  test.each<
    [
      string,
      (data: { pods: Json[]; policies: Json[]; coverage: { entries: Json[] }; enforcement: Json }) => void,
    ]
  >([
    [
      'pods[0].labels.app',
      (data) => {
        data.pods[0].labels = { app: 5 };
      },
    ],
    [
      'pods[0].labels',
      (data) => {
        delete data.pods[0].labels;
      },
    ],
    [
      'pods[0].ports[0].port',
      (data) => {
        data.pods[0].ports = [{ name: '', port: 70000, protocol: 'TCP' }];
      },
    ],
    [
      'pods[0].ports[0].protocol',
      (data) => {
        data.pods[0].ports = [{ name: '', port: 7, protocol: 'ICMP' }];
      },
    ],
    [
      'pods[0].phase',
      (data) => {
        data.pods[0].phase = 'Dead';
      },
    ],
    [
      'pods[0].hostNetwork',
      (data) => {
        data.pods[0].hostNetwork = 'false';
      },
    ],
    [
      'policies[1].origin',
      (data) => {
        data.policies[1].origin = 'elsewhere';
      },
    ],
    [
      'coverage.entries[0].outcome',
      (data) => {
        data.coverage.entries[0].outcome = 'fine';
      },
    ],
    [
      'enforcement.ingress',
      (data) => {
        data.enforcement.ingress = true;
      },
    ],
  ])('%s', (path, spoil) => {
    const data = plain(full());
    spoil(data as never);
    expect(errorsOf(data).map((error) => error.path)).toEqual([path]);
  });

  test('two pods of one name, and a spec nested without end', () => {
    const data = plain(full());
    data.pods = [...(data.pods as Json[]), ...(data.pods as Json[])];
    expect(errorsOf(data)).toEqual([{ path: 'pods', message: 'Two entries are called shop/a/Pod.' }]);
    const deep = plain(full());
    let spec: unknown = {};
    for (let i = 0; i < 5000; i++) spec = { ingress: spec };
    (deep.policies as Json[])[0].spec = spec;
    expect(errorsOf(deep)).toEqual([{ path: 'policies[0].spec', message: 'Nested too deeply.' }]);
  });

  test('thousands of errors are cut short', () => {
    const data = plain(full());
    data.pods = Array.from({ length: 5000 }, () => ({}));
    expect(errorsOf(data)).toHaveLength(20);
  });
});

import { describe, expect, test } from 'vitest';
import { createAudit } from '../../shared/audit/engine.ts';
import { SnapshotBuilder } from '../../shared/kube/builder.ts';
import type { Snapshot } from '../../shared/kube/snapshot.ts';

/** A cluster of manifests, as one YAML text. */
function read(yaml: string): Snapshot {
  const builder = new SnapshotBuilder({
    name: 'test',
    source: 'manifests',
    serverVersion: null,
    takenAt: '2026-01-01T00:00:00Z',
    warnings: [],
  });
  builder.addManifest('a.yaml', yaml);
  return builder.finish();
}

function published(snapshot: Snapshot): unknown[] {
  return createAudit(snapshot, { auditedAt: '2026-01-01T00:00:00Z', version: 'test', assume: {} })
    .findings({ offset: 0, limit: 100, check: 'exposure.published' })
    .rows.map(({ object, params }) => [object?.name, params.how, params.pods, params.total]);
}

const PODS = `
{apiVersion: v1, kind: Pod, metadata: {name: a1, namespace: x, labels: {app: a}}, status: {podIP: 10.0.0.1}}
---
{apiVersion: v1, kind: Pod, metadata: {name: a2, namespace: x, labels: {app: a, tier: closed}}, status: {podIP: 10.0.0.2}}
---
{apiVersion: v1, kind: Pod, metadata: {name: b1, namespace: x, labels: {app: b}}, status: {podIP: 10.0.0.3}}
---
{apiVersion: v1, kind: Pod, metadata: {name: done, namespace: x, labels: {app: a}}, status: {phase: Succeeded}}
---
{apiVersion: v1, kind: Pod, metadata: {name: a1, namespace: y, labels: {app: a}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: x}
spec: {podSelector: {matchLabels: {tier: closed}}}
---
`;
const service = (name: string, spec: string): string =>
  `{apiVersion: v1, kind: Service, metadata: {name: ${name}, namespace: x}, spec: ${spec}}\n---\n`;

describe('A Service that is published outside the cluster', () => {
  test('of each type is a finding with the pods that nothing isolates, of all that take part', () => {
    const snapshot = read(
      PODS +
        service('balanced', '{type: LoadBalancer, selector: {app: a}, ports: [{port: 80}]}') +
        service('on-nodes', '{type: NodePort, selector: {app: b}, ports: [{port: 80}]}') +
        service('addressed', '{externalIPs: [192.0.2.1], selector: {app: b}, ports: [{port: 80}]}') +
        service('inside', '{selector: {app: a}, ports: [{port: 80}]}') +
        service('isolated', '{type: LoadBalancer, selector: {tier: closed}, ports: [{port: 80}]}') +
        service('empty', '{type: LoadBalancer, selector: {app: nobody}, ports: [{port: 80}]}'),
    );
    expect(published(snapshot)).toEqual([
      ['addressed', 'externalIPs', 1, 1],
      ['balanced', 'LoadBalancer', 1, 2],
      ['on-nodes', 'NodePort', 1, 1],
    ]);
  });

  test('by an Ingress is named with it, by rule or default backend, in the versions of then and now', () => {
    const snapshot = read(
      `${PODS}${service('one', '{selector: {app: a}, ports: [{port: 80}]}')}${service('two', '{type: NodePort, selector: {app: b}, ports: [{port: 80}]}')}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: x}
spec:
  defaultBackend: {service: {name: one, port: {number: 80}}}
  rules:
    - http: {paths: [{path: /, backend: {service: {name: two}}}, {path: /again, backend: {service: {name: two}}}]}
    - host: only.example
---
apiVersion: networking.k8s.io/v1beta1
kind: Ingress
metadata: {name: old, namespace: x}
spec: {rules: [{http: {paths: [{backend: {serviceName: two, servicePort: 80}}]}}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: elsewhere, namespace: y}
spec: {defaultBackend: {service: {name: one}}}
`,
    );
    expect(snapshot.ingresses.map(({ namespace, name, services }) => [namespace, name, services])).toEqual([
      ['x', 'old', ['two']],
      ['x', 'web', ['one', 'two']],
      ['y', 'elsewhere', ['one']],
    ]);
    expect(published(snapshot)).toEqual([
      ['one', 'Ingress web', 1, 2],
      ['two', 'NodePort, Ingress old, Ingress web', 1, 1],
    ]);
  });

  test('without a selector leads where its EndpointSlices say: to pods by name, else by address', () => {
    const slice = (name: string, endpoints: string): string => `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}, namespace: x, labels: {kubernetes.io/service-name: manual}}
addressType: IPv4
endpoints: ${endpoints}
---
`;
    const snapshot = read(
      PODS +
        service('manual', '{type: LoadBalancer, ports: [{port: 80}]}') +
        slice('one', '[{addresses: [10.0.0.9], targetRef: {kind: Pod, name: a1, namespace: x}}]') +
        slice('two', '[{addresses: [10.0.0.2]}, {addresses: [203.0.113.5]}]') +
        slice('three', '[{addresses: [10.0.0.8], targetRef: {kind: Node, name: b1}}]'),
    );
    expect(
      snapshot.endpointSlices.map(({ name, service, pods, addresses }) => [name, service, pods, addresses]),
    ).toEqual([
      ['one', 'manual', ['a1'], []],
      ['three', 'manual', [], ['10.0.0.8']],
      ['two', 'manual', [], ['10.0.0.2', '203.0.113.5']],
    ]);
    // a1 by its name and a2 by its address; a2 is isolated, and b1 only shares a node's name.
    expect(published(snapshot)).toEqual([['manual', 'LoadBalancer', 1, 2]]);
  });
});

import { describe, expect, test } from 'vitest';
import { demoSnapshot } from '../../shared/kube/demo.ts';
import type { PolicyRecord } from '../../shared/kube/snapshot.ts';
import { serializeSnapshot } from '../../shared/kube/snapshotFile.ts';

const snapshot = demoSnapshot();
interface Spec {
  podSelector: { matchLabels?: Record<string, string> };
  policyTypes?: string[];
  ingress?: unknown[];
  egress?: unknown[];
}
const spec = (policy: PolicyRecord): Spec => policy.spec as Spec;
const named = (name: string): Spec => {
  const found = snapshot.policies.find((policy) => `${policy.namespace}/${policy.name}` === name);
  if (!found) throw new Error(name);
  return spec(found);
};
const selected = (namespace: string, labels: Record<string, string>): number =>
  snapshot.pods.filter(
    (pod) =>
      pod.namespace === namespace &&
      Object.entries(labels).every(([key, value]) => pod.labels[key] === value),
  ).length;

describe('the demo cluster', () => {
  test('is the same to the byte each time', () => {
    expect([...serializeSnapshot(demoSnapshot())].join('')).toBe([...serializeSnapshot(snapshot)].join(''));
  });

  test('is big enough for every view', () => {
    expect(snapshot.namespaces.length).toBeGreaterThanOrEqual(12);
    const workloads = new Set(
      snapshot.pods.map(
        (pod) => `${pod.namespace}/${pod.owner?.kind ?? pod.kind}/${pod.owner?.name ?? pod.name}`,
      ),
    );
    expect(workloads.size).toBeGreaterThanOrEqual(75);
    expect(snapshot.pods.length).toBeGreaterThanOrEqual(200);
    expect(snapshot.policies.length).toBeGreaterThanOrEqual(25);
    expect(new Set(snapshot.pods.map((pod) => pod.phase))).toEqual(
      new Set(['Running', 'Pending', 'Succeeded', 'Failed']),
    );
    expect(snapshot.pods.some((pod) => pod.hostNetwork)).toBe(true);
    expect(snapshot.coverage.complete).toBe(true);
    expect(snapshot.problems).toEqual([]);
  });

  test('no address serves two pods, but on the host network', () => {
    const ips = snapshot.pods.filter((pod) => !pod.hostNetwork).flatMap((pod) => pod.ips);
    expect(new Set(ips).size).toBe(ips.length);
    const nodes = new Map(snapshot.nodes.map((node) => [node.name, node.ips]));
    for (const pod of snapshot.pods.filter((one) => one.hostNetwork))
      expect(nodes.get(pod.node ?? '')).toEqual(pod.ips);
  });

  test('every pod is traced to a workload that people know', () => {
    expect(new Set(snapshot.pods.map((pod) => pod.owner?.kind ?? null))).toEqual(
      new Set([null, 'Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob']),
    );
  });

  test('its nodes differ in what they enforce', () => {
    expect(snapshot.enforcement).toMatchObject({ plugin: 'calico', ingress: 'yes', egress: 'yes' });
    expect(snapshot.enforcement.nodes.map(({ node, ingress }) => [node, ingress])).toEqual([
      ['gpu-1', 'no'],
      ['worker-4', 'unknown'],
    ]);
    const names = snapshot.nodes.map((node) => node.name);
    for (const { node } of snapshot.enforcement.nodes) {
      expect(names).toContain(node);
      expect(snapshot.pods.some((pod) => pod.node === node && !pod.hostNetwork)).toBe(true);
    }
  });

  test('its policies hold the mistakes that people make', () => {
    // A typo selects nothing.
    expect(selected('backend', named('backend/orders-to-payments').podSelector.matchLabels ?? {})).toBe(0);
    expect(selected('backend', { app: 'orders' })).toBeGreaterThan(0);
    // Egress rules without policyTypes.
    expect(named('frontend/bff-to-backend')).not.toHaveProperty('policyTypes');
    // DNS over TCP alone.
    expect(JSON.stringify(named('backend/allow-dns'))).not.toContain('UDP');
    // A named port that the pod does not declare.
    expect(
      snapshot.pods
        .filter((pod) => pod.labels.app === 'session-cache')
        .flatMap((pod) => pod.ports.map((port) => port.name)),
    ).not.toContain('redis');
    // A Service's port where the pods listen elsewhere.
    expect(snapshot.services.find((service) => service.name === 'minio')?.ports).toMatchObject([
      { port: 80, targetPort: 9000 },
    ]);
    // A misspelt field, an empty list of peers, egress rules without effect.
    expect(JSON.stringify(named('data/elasticsearch-from-search'))).toContain('namepsaceSelector');
    expect(JSON.stringify(named('monitoring/alertmanager'))).toContain('"from":[]');
    expect(named('legacy/mysql').policyTypes).toEqual(['Ingress']);
    expect(named('legacy/mysql').egress).toHaveLength(1);
    // A namespace without any policy, and one done right.
    expect(snapshot.policies.some((policy) => policy.namespace === 'sandbox')).toBe(false);
    expect(named('payments/default-deny-all')).toEqual({
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
    });
  });
});

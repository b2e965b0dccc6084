import { expect, test } from 'vitest';
import { createAudit } from '../../shared/audit/engine.ts';
import { SnapshotBuilder } from '../../shared/kube/builder.ts';

test('a remedy names no label that the next rollout changes', () => {
  const builder = new SnapshotBuilder({
    name: 'test',
    source: 'manifests',
    serverVersion: null,
    takenAt: '2026-01-01T00:00:00Z',
    warnings: [],
  });
  const pod = (name: string, app: string): string =>
    `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n  namespace: shop\n  labels: {app: ${app}, pod-template-hash: abc}\nspec: {containers: []}\n`;
  const deny =
    'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: shop}\nspec: {podSelector: {}, policyTypes: [Ingress]}\n';
  builder.addManifest('m.yaml', [pod('web-abc-1', 'web'), pod('db-abc-1', 'db'), deny].join('---\n'));
  const audit = createAudit(builder.finish(), {
    auditedAt: '2026-01-01T00:00:00Z',
    version: 'test',
    assume: {},
  });
  const { verdict, remedy } = audit.explain({
    src: { namespace: 'shop', pod: 'web-abc-1' },
    dst: { namespace: 'shop', pod: 'db-abc-1' },
    protocol: 'TCP',
    port: 5432,
  });
  expect(verdict).toBe('denied');
  expect(remedy?.policies.map((p) => p.manifest)).toEqual([
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'permit-ingress-tcp-5432', namespace: 'shop' },
      spec: {
        podSelector: { matchLabels: { app: 'db' } },
        policyTypes: ['Ingress'],
        ingress: [
          {
            from: [{ podSelector: { matchLabels: { app: 'web' } } }],
            ports: [{ protocol: 'TCP', port: 5432 }],
          },
        ],
      },
    },
  ]);
});

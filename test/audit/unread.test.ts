import { expect, test } from 'vitest';
import { createAudit } from '../../shared/audit/engine.ts';
import { read } from '../kube/read.ts';

const WORKLOADS = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: checkout, namespace: shop}
spec: {template: {metadata: {labels: {app: checkout}}, spec: {containers: [{image: x}]}}}
---
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: main, namespace: watch}
---
apiVersion: v1
kind: Pod
metadata: {name: cart, namespace: shop, labels: {app: cart}}
spec: {containers: [{image: x}]}
`;

function policy(name: string, namespace: string, spec: string): string {
  return `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: ${name}, namespace: ${namespace}}
spec: ${spec}
`;
}

function found(policies: string): string[] {
  const engine = createAudit(read(WORKLOADS + policies), { auditedAt: '', version: '', assume: {} });
  return engine
    .allFindings()
    .filter(({ check }) => /^policy\..*selects-/.test(check))
    .map(({ check, object, params }) => `${object?.name} ${check} ${params.workloads ?? ''}`.trim())
    .sort();
}

test('S20: a selector that the pods of an unread workload may match is not called useless', () => {
  expect(
    found(
      policy('template', 'shop', '{podSelector: {matchLabels: {app: checkout}}}') +
        policy('other', 'shop', '{podSelector: {matchLabels: {app: checkuot}}}') +
        policy('operator', 'watch', '{podSelector: {matchLabels: {app: anything}}}') +
        policy('elsewhere', 'far', '{podSelector: {matchLabels: {app: checkout}}}'),
    ),
  ).toEqual([
    'elsewhere policy.selects-nothing',
    'operator policy.selects-unread watch/main (Prometheus)',
    'other policy.selects-nothing',
    'template policy.selects-unread shop/checkout (Rollout)',
  ]);
});

test('S20: a peer is looked for in the namespaces that it matches', () => {
  const peer = (from: string): string => `{podSelector: {}, ingress: [{from: [${from}]}]}`;
  expect(
    found(
      policy('own', 'shop', peer('{podSelector: {matchLabels: {app: checkout}}}')) +
        policy(
          'named',
          'shop',
          peer(
            '{podSelector: {matchLabels: {app: p}}, namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: watch}}}',
          ),
        ) +
        policy('none', 'shop', peer('{podSelector: {matchLabels: {app: p}}}')),
    ),
  ).toEqual([
    'named policy.peer-selects-unread watch/main (Prometheus)',
    'none policy.peer-selects-nothing',
    'own policy.peer-selects-unread shop/checkout (Rollout)',
  ]);
});

import { expect, test } from 'vitest';
import { createAudit } from '../../shared/audit/engine.ts';
import type { AuditEngine } from '../../shared/audit/api.ts';
import type { Snapshot } from '../../shared/kube/snapshot.ts';
import { auditText } from '../../shared/report/text.ts';
import { coverageText } from '../../shared/report/words.ts';
import { read } from '../kube/read.ts';

const DENY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: api}}}]}]}
`;
const POD = `---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{image: x}]}
`;

function engineOf(yaml: string, edit: (snapshot: Snapshot) => void = () => undefined): AuditEngine {
  const snapshot = read(yaml);
  edit(snapshot);
  return createAudit(snapshot, { auditedAt: '', version: '', assume: {} });
}

function textOf(engine: AuditEngine): string {
  return auditText([engine], { lang: 'en', width: 200, colour: false });
}

/** As a live cluster whose pods were listed: in a namespace, or in all of it. */
function listed(namespace: string | null) {
  return ({ cluster, coverage }: Snapshot): void => {
    cluster.source = 'context';
    const list = { resource: 'pods', verb: 'list', namespace, outcome: 'read', count: 0 } as const;
    coverage.entries = [{ ...list, affectsVerdicts: true }];
  };
}

test('policies without any pod say nothing of isolation, egress or useless rules', () => {
  const engine = engineOf(DENY);
  const { coverage, cluster, rejected } = engine.overview();
  expect(coverage).toMatchObject({ complete: false, noPods: 'not-read' });
  const { sentences } = coverageText({ coverage, cluster, rejected }, 'en');
  expect(sentences[0]).toContain('No pod was read, so nothing can be said of isolation or egress.');
  expect(sentences[1]).toMatch(/--render.*--context/);
  const text = textOf(engine);
  expect(text.indexOf('No pod was read')).toBeLessThan(text.indexOf('Enforcement'));
  expect(text).not.toMatch(/No pod that was read may reach|isolated in both|Complete:|remove/);
  expect(engine.allFindings().filter(({ check }) => /selects-nothing|named-port/.test(check))).toEqual([]);
  expect(coverageText({ coverage, cluster, rejected }, 'ko').sentences[0]).toContain('읽은 파드가 없어');
});

test('a cluster whose list of pods is empty has none; the empty list of a namespace shows nothing of the rest', () => {
  const whole = engineOf(DENY, listed(null));
  expect(whole.overview().coverage).toMatchObject({ complete: true, noPods: 'none-exist' });
  expect(textOf(whole)).toContain('The cluster has no pods');
  const part = engineOf(DENY, listed('shop'));
  expect(part.overview().coverage).toMatchObject({ complete: false, noPods: 'not-read' });
  expect(textOf(part)).toMatch(/--namespace NAME/);
});

test('the version of a server is text like any other', () => {
  const text = textOf(engineOf(DENY + POD, ({ cluster }) => (cluster.serverVersion = 'v1.30\u001B[8m')));
  expect(text).toContain('v1.30<U+001B>[8m');
  expect(text.split('\n').filter((line) => line.includes('\u001B'))).toEqual([]);
});

test('with a pod nothing of it is said', () => {
  const { coverage } = engineOf(DENY + POD).overview();
  expect(coverage.complete).toBe(true);
  expect(Object.keys(coverage)).not.toContain('noPods');
  expect(Object.keys(coverage)).not.toContain('notEvaluated');
});

function admin(name: string, namespace: string): string {
  return `---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: ${name}}
spec:
  priority: 1
  subject: {namespaces: {matchLabels: {kubernetes.io/metadata.name: ${namespace}}}}
  ingress: [{action: Deny, from: [{namespaces: {}}]}]
`;
}

test('S26: a kind that is not evaluated makes coverage incomplete where it concerns a pod that was read', () => {
  const two = engineOf(DENY + POD + admin('a', 'shop') + admin('b', 'shop') + admin('c', 'far'));
  expect(two.overview().coverage).toMatchObject({
    complete: false,
    notEvaluated: [{ kind: 'AdminNetworkPolicy', group: 'policy.networking.k8s.io', count: 2 }],
  });
  const text = textOf(two);
  expect(text).toContain('Not evaluated: AdminNetworkPolicy (2).');
  // Everything was read: the reason is another one.
  expect(text).not.toContain('something that verdicts need was not read');
  expect(engineOf(DENY + POD + admin('c', 'far')).overview().coverage.complete).toBe(true);
});

test('S26: a baseline decides nothing for a pod that NetworkPolicy isolates', () => {
  const baseline = `---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: BaselineAdminNetworkPolicy
metadata: {name: default}
spec: {subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}
`;
  expect(engineOf(DENY + POD + baseline).overview().coverage.complete).toBe(true);
  expect(engineOf(POD + baseline).overview().coverage.notEvaluated).toMatchObject([{ count: 1 }]);
});

test('a namespace whose pods or policies were not read shows no zero for them', () => {
  const other = '---\napiVersion: v1\nkind: Namespace\nmetadata: {name: far}\n';
  const line = (edit: (snapshot: Snapshot) => void): string =>
    /^ +far .*$/m.exec(textOf(engineOf(DENY + POD + other, edit)))![0].trim();
  expect(line(() => undefined)).toMatch(/^far( +0)+$/);
  expect(line(({ coverage }) => coverage.unreadPods.push('far'))).toMatch(/^far( +\?)+ +0$/);
  expect(line(({ coverage }) => coverage.unreadPolicies.push(null))).toMatch(/^far( +0)+ +\?$/);
});

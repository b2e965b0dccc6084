/** What shows of objects that are not evaluated or could not be parsed: whom they select, what they may have been (S26). */
import { describe, expect, test } from 'vitest';
import { gapOfText } from '../../shared/kube/brokenText.ts';
import { ANY_GAP } from '../../shared/kube/manifests.ts';
import { parseSnapshot, serializeSnapshot } from '../../shared/kube/snapshotFile.ts';
import { scopeOf } from '../../shared/kube/subject.ts';
import { parse } from 'yaml';
import { read } from './read.ts';

const scope = (group: string, kind: string, spec: string) =>
  scopeOf(group, kind, { spec: parse(spec) as unknown });
const admin = (spec: string) => scope('policy.networking.k8s.io', 'AdminNetworkPolicy', spec);
const cilium = (spec: string) => scope('cilium.io', 'CiliumNetworkPolicy', spec);
const istio = (spec: string) => scope('security.istio.io', 'AuthorizationPolicy', spec);
const is = (key: string, ...values: string[]) => ({ key, operator: 'In', values });

describe('whom a policy of another kind selects', () => {
  test('namespaces or pods of the admin tiers, and the directions that have rules', () => {
    expect(admin('{subject: {namespaces: {matchLabels: {env: prod}}}, ingress: [{}]}')).toEqual({
      subject: { namespaces: [is('env', 'prod')], pods: null },
      directions: ['ingress'],
    });
    expect(
      admin(
        '{subject: {pods: {namespaceSelector: {}, podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [b, a]}]}}}, ingress: [], egress: [{}]}',
      ),
    ).toEqual({
      subject: { namespaces: [], pods: [{ key: 'app', operator: 'NotIn', values: ['a', 'b'] }] },
      directions: ['egress'],
    });
  });
  test.each([
    '{}',
    '{subject: {}}',
    '{subject: {namespaces: {}, pods: {namespaceSelector: {}, podSelector: {}}}}',
    '{subject: {pods: {podSelector: {}}}}',
    '{subject: {pods: {namespaceSelector: {}, podSelector: {}, sameLabels: [x]}}}',
    '{subject: {namespaces: {matchLabels: {env: [prod]}}}}',
    '{subject: {namespaces: {matchExpression: []}}}',
    '{subject: {serviceAccounts: {}}}',
  ])('a subject that is not understood excludes nobody: %s', (spec) => {
    expect(admin(spec).subject).toBeUndefined();
  });
  test('Cilium: labels of Kubernetes by In and Exists, nothing that Cilium makes', () => {
    expect(cilium('{endpointSelector: {matchLabels: {"k8s:app": web}}, ingressDeny: [{}]}')).toEqual({
      subject: { namespaces: null, pods: [is('app', 'web')] },
      directions: ['ingress'],
    });
    expect(cilium('{endpointSelector: {}, egress: [{}]}').subject).toEqual({ namespaces: null, pods: [] });
    for (const selector of [
      '{matchLabels: {"reserved:host": ""}}',
      '{matchLabels: {"k8s:io.kubernetes.pod.namespace": other}}',
      '{matchLabels: {io.cilium.k8s.policy.serviceaccount: x}}',
      '{matchExpressions: [{key: app, operator: DoesNotExist}]}',
    ])
      expect(cilium(`{endpointSelector: ${selector}, egress: [{}]}`).subject).toBeUndefined();
    expect(cilium('{nodeSelector: {}, ingress: [{}]}')).toEqual({});
    expect(scopeOf('cilium.io', 'CiliumNetworkPolicy', { specs: [{ endpointSelector: {} }] })).toEqual({});
  });
  test('Istio: a selector of labels, and only as destinations', () => {
    expect(istio('{selector: {matchLabels: {app: web}}}')).toEqual({
      subject: { namespaces: null, pods: [is('app', 'web')] },
      directions: ['ingress'],
    });
    expect(istio('{selector: {matchLabels: {app: web}}, targetRefs: [{kind: Gateway}]}')).toEqual({
      directions: ['ingress'],
    });
    expect(scope('networking.istio.io', 'Sidecar', '{}')).toEqual({});
  });
  test('of kinds of which nothing is known', () => {
    expect(scope('crd.projectcalico.org', 'GlobalNetworkPolicy', '{selector: "all()", ingress: []}')).toEqual(
      {},
    );
  });
  test('a snapshot file keeps it', () => {
    const snapshot = read(`apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: x}
spec: {subject: {namespaces: {matchLabels: {env: prod}}}, egress: [{}]}
`);
    const [one] = snapshot.otherPolicies;
    expect(one).toMatchObject({
      subject: { namespaces: [is('env', 'prod')], pods: null },
      directions: ['egress'],
    });
    const again = parseSnapshot(JSON.parse([...serializeSnapshot(snapshot)].join('')));
    expect('snapshot' in again && again.snapshot.otherPolicies).toEqual([one]);
  });
});

describe('what a text that could not be parsed may have been', () => {
  const policy = 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n';
  test.each([
    ['no object at all', 'a: [', null],
    ['a ConfigMap', 'apiVersion: v1\nkind: ConfigMap\ndata: {x: [', null],
    ['a policy without a namespace', `${policy}spec: {`, { hides: 'policies', namespace: null }],
    [
      'a policy of a namespace',
      `${policy}metadata:\n  name: x\n  namespace: prod # here\nspec: {`,
      { hides: 'policies', namespace: 'prod' },
    ],
    [
      'in braces',
      `${policy}metadata: {name: x, namespace: "prod"}\nspec: {`,
      { hides: 'policies', namespace: 'prod' },
    ],
    [
      'a label of that name',
      `${policy}metadata:\n  name: x\n  labels:\n    namespace: prod\nspec: {`,
      { hides: 'policies', namespace: null },
    ],
    [
      'a template’s namespace',
      `${policy}metadata:\n  namespace: {{ .Release.Namespace }}\nspec: {`,
      { hides: 'policies', namespace: null },
    ],
    [
      'a peer’s namespace',
      `${policy}metadata:\n  name: x\nspec:\n  namespace: prod\n  x: {`,
      { hides: 'policies', namespace: null },
    ],
    [
      'a workload',
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {namespace: prod}\nspec: {',
      { hides: 'pods', namespace: 'prod' },
    ],
    ['an include of a template', '{{- include "common.netpol" . }}\n', ANY_GAP],
    [
      'an object without its kind',
      'metadata: {name: x, namespace: prod}\nspec: {podSelector: {',
      { hides: 'anything', namespace: 'prod' },
    ],
    ['no field of an object', 'a: [1, 2\nb: 3\n', null],
    ['a namespace', 'apiVersion: v1\nkind: Namespace\nmetadata: {name: x, labels: {', ANY_GAP],
    ['two objects', `${policy}kind: Pod\nmetadata: {namespace: prod}\n x: {`, ANY_GAP],
    [
      'a list',
      `apiVersion: v1\nkind: List\nitems:\n- kind: Pod\n  metadata: {namespace: prod}\n  x: {`,
      ANY_GAP,
    ],
    [
      'another kind of policy',
      'apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {namespace: prod}\nspec: {',
      { hides: 'policies', namespace: 'prod', other: { kind: 'CiliumNetworkPolicy', group: 'cilium.io' } },
    ],
  ])('%s', (_what, text, gap) => {
    expect(gapOfText(text)).toEqual(gap);
  });
  test('the snapshot says it, and coverage is not complete', () => {
    const { coverage, otherPolicies } = read(
      `${policy}metadata: {name: x, namespace: prod}\nspec: {podSelector: {\n---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: x, namespace: dev}\nspec: {`,
    );
    expect(coverage.complete).toBe(false);
    expect(coverage.gaps).toMatchObject([
      { hides: 'policies', namespace: 'prod', check: 'input.unparsable', file: 'a.yaml' },
      { hides: 'policies', namespace: 'dev', kind: 'CiliumNetworkPolicy', file: 'a.yaml' },
    ]);
    expect(otherPolicies).toMatchObject([
      { kind: 'CiliumNetworkPolicy', namespace: 'dev', name: null, status: 'unreadable' },
    ]);
  });
});

test("GKE's FQDNNetworkPolicy concerns egress alone", () => {
  expect(scope('networking.gke.io', 'FQDNNetworkPolicy', '{podSelector: {}}').directions).toEqual(['egress']);
});

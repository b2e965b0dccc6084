/** What would permit a denied connection: the policies that are proposed, and what is said of them. */
import { describe, expect, test } from 'vitest';
import type { Explanation } from '../../shared/audit/result.ts';
import { manifestText } from '../../shared/report/manifestText.ts';
import { remedyParts } from '../../shared/report/words.ts';
import { read, snapshotOf } from '../kube/read.ts';
import { audit, world } from './world.ts';

const ends = (src: string, dst: string): Record<'src' | 'dst', { namespace: string; pod: string }> => {
  const end = (text: string): { namespace: string; pod: string } => {
    const [namespace, pod] = text.split('/') as [string, string];
    return { namespace, pod };
  };
  return { src: end(src), dst: end(dst) };
};

const spec = (e: Explanation, i = 0): unknown => (e.remedy?.policies[i]?.manifest as { spec: unknown }).spec;

const podYaml = (name: string, labels: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: shop, labels: {${labels}}}\nspec: {containers: []}\n`;
const DENY =
  'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: shop}\nspec: {podSelector: {}, policyTypes: [Ingress]}\n';

describe('A remedy', () => {
  test('names no label that the next rollout or release changes', () => {
    const engine = audit(
      read(
        [
          podYaml('web-abc-1', 'app: web, pod-template-hash: abc, app.kubernetes.io/version: 1.2.3'),
          podYaml('db-abc-1', 'app: db, pod-template-hash: abc, helm.sh/chart: db-7'),
          DENY,
        ].join('---\n'),
      ),
    );
    const e = engine.explain({ ...ends('shop/web-abc-1', 'shop/db-abc-1'), protocol: 'TCP', port: 5432 });
    expect(e.verdict).toBe('denied');
    expect(e.remedy?.policies.map((p) => p.manifest)).toEqual([
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
    expect(e.remedy?.verdict).toBe('permitted');
    expect(e.remedy?.others).toEqual({ count: 0, complete: true, examples: [] });
  });

  test('as text, put into the folder, permits the connection, whatever the labels are', () => {
    const folder = [podYaml('web', 'canary: "off", "1e3": "0x10"'), podYaml('db', 'app: "y"'), DENY].join(
      '---\n',
    );
    const probe = { ...ends('shop/web', 'shop/db'), protocol: 'TCP', port: 80 };
    const before = audit(read(folder)).explain(probe);
    expect(before.verdict).toBe('denied');
    const text = manifestText(...(before.remedy?.policies ?? []).map((p) => p.manifest));
    const after = audit(snapshotOf({ 'a.yaml': folder, 'b.yaml': text }));
    expect(after.explain(probe).verdict).toBe('permitted');
    expect(after.snapshot.problems).toEqual([]);
  });

  test('selects by what isolates where the pod’s own labels would isolate another pod', () => {
    const w = world({
      pods: ['a/web app=web', 'a/db app=db tier=back', 'a/other app=db'],
      policies:
        'metadata: {name: back}\nspec: {podSelector: {matchLabels: {tier: back}}, policyTypes: [Ingress]}',
    });
    // a/db by app=db and tier=back selects itself alone.
    const own = w.engine.explain({ ...ends('a/web', 'a/db'), protocol: 'TCP', port: 80 });
    expect(spec(own)).toMatchObject({ podSelector: { matchLabels: { app: 'db', tier: 'back' } } });
    // Without labels of its own it would be every pod of the namespace, a/other and a/web among them.
    const bare = world({
      pods: ['a/web app=web', 'a/bare', 'a/other app=other'],
      policies:
        'metadata: {name: bare}\nspec: {podSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}, policyTypes: [Ingress]}',
    });
    const e = bare.engine.explain({ ...ends('a/web', 'a/bare'), protocol: 'TCP', port: 80 });
    expect(spec(e)).toMatchObject({
      podSelector: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] },
    });
  });

  test('leaves a direction alone that only depends where adding to it would isolate pods', () => {
    // Whether anything selects pods of b is not known: its policies were not read.
    const w = world({
      pods: ['a/web app=web', 'b/one', 'b/two'],
      policies: 'metadata: {name: deny}\nspec: {podSelector: {}, policyTypes: [Egress]}',
      edit: (snapshot) => {
        snapshot.coverage.complete = false;
        snapshot.coverage.unreadPolicies = ['b'];
      },
    });
    const e = w.engine.explain({ ...ends('a/web', 'b/one'), protocol: 'TCP', port: 80 });
    expect([e.verdict, e.egress.verdict, e.ingress.verdict]).toEqual(['denied', 'denied', 'depends']);
    expect(e.remedy?.policies.map((p) => [p.direction, p.namespace])).toEqual([['egress', 'a']]);
    expect(e.remedy?.verdict).toBe('depends');
    expect(remedyParts(e.remedy!, 'en').verdict).toContain('depend');
    // The selector without labels takes b/two in too.
    expect(e.remedy?.others.examples).toEqual([
      {
        src: { type: 'pod', namespace: 'a', name: 'web', kind: 'Pod' },
        dst: { type: 'pod', namespace: 'b', name: 'two', kind: 'Pod' },
      },
    ]);
  });

  test('says what else it permits: pods with the same labels at either end', () => {
    const pods = ['a/web-1 app=web', 'a/web-2 app=web', 'a/db-1 app=db', 'a/db-2 app=db', 'a/cart app=cart'];
    const policies = 'metadata: {name: deny}\nspec: {podSelector: {}, policyTypes: [Ingress]}';
    const e = world({ pods, policies }).engine.explain({
      ...ends('a/web-1', 'a/db-1'),
      protocol: 'TCP',
      port: 80,
    });
    // Two sources and two destinations are four pairs, of which one was asked.
    expect(e.remedy?.others.count).toBe(3);
    expect(remedyParts(e.remedy!, 'en').others).toContain('3 (such as ');
    expect(remedyParts(e.remedy!, 'ko').others).toContain('연결 3개');
    // One of them is permitted today, and permits nothing new.
    const more = `${policies}\n---\nmetadata: {name: some}\nspec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}], ports: [{port: 81}]}]}`;
    const some = world({ pods, policies: more }).engine;
    expect(some.explain({ ...ends('a/web-1', 'a/db-1'), protocol: 'TCP', port: 81 }).remedy).toBeNull();
    expect(
      some.explain({ ...ends('a/web-1', 'a/db-1'), protocol: 'TCP', port: 80 }).remedy?.others.count,
    ).toBe(3);
  });

  test('towards an address counts the pods that may reach it as well', () => {
    const w = world({
      pods: ['a/web-1 app=web ip=10.0.0.1', 'a/web-2 app=web ip=10.0.0.2', 'a/cart app=cart ip=10.0.0.3'],
      policies: 'metadata: {name: deny}\nspec: {podSelector: {}, policyTypes: [Egress]}',
    });
    const e = w.engine.explain({
      src: { namespace: 'a', pod: 'web-1' },
      dst: { ip: '203.0.113.9' },
      protocol: 'TCP',
      port: 443,
    });
    expect(spec(e)).toMatchObject({ egress: [{ to: [{ ipBlock: { cidr: '203.0.113.9/32' } }] }] });
    expect(e.remedy?.others).toEqual({
      count: 1,
      complete: true,
      examples: [
        {
          src: { type: 'pod', namespace: 'a', name: 'web-2', kind: 'Pod' },
          dst: { type: 'ip', ip: '203.0.113.9' },
        },
      ],
    });
  });
});

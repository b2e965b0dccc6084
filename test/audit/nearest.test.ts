/** The nearest rule: which entry a denial names, and which of its conditions. */
import { describe, expect, test } from 'vitest';
import type { DirectionReason, NearestRule, ProbeEnd } from '../../shared/audit/result.ts';
import { LANGS } from '../../shared/report/messages/format.ts';
import { nearestText, reasonText } from '../../shared/report/words.ts';
import { world, type WorldOptions } from '../policy/world.ts';

const end = (text: string): ProbeEnd => {
  const [namespace, pod] = text.split('/');
  return pod === undefined ? { ip: text } : { namespace: String(namespace), pod };
};

function reasons(
  options: WorldOptions,
  src: string,
  dst: string,
  port: string,
): { egress: DirectionReason; ingress: DirectionReason } {
  const [protocol, number] = port.split('/') as [string, string];
  return world(options).engine.explain({ src: end(src), dst: end(dst), protocol, port: Number(number) });
}

const PODS = [
  'a/db app=db port=pg:5432/TCP ip=10.0.0.1',
  'b/web app=web app.kubernetes.io/name=shop ip=10.0.0.2',
  'b/host app=host ip=10.9.0.1 node=n1 hostNetwork',
  'c/cron app=cron',
];
const NAMESPACES = { b: { team: 'front' } };

/** The nearest rule of a/db's ingress, whose rules are given, towards an end. */
function near(
  rules: string,
  src = 'b/web',
  port = 'TCP/5432',
  more: Partial<WorldOptions> = {},
): NearestRule {
  const policies = `metadata: {name: db}\nspec: {podSelector: {matchLabels: {app: db}}, ingress: [${rules}]}`;
  const { ingress } = reasons({ pods: PODS, namespaces: NAMESPACES, policies, ...more }, src, 'a/db', port);
  if (!ingress.nearest) throw new Error('no nearest rule');
  for (const lang of LANGS) expect(nearestText(ingress.nearest, lang)).not.toMatch(/[{}?]/);
  return ingress.nearest;
}

/** Its checks, of one rule with one peer on the right port. */
const missesOf = (peer: string, src?: string, more?: Partial<WorldOptions>): string[] =>
  near(`{from: [${peer}], ports: [{port: 5432}]}`, src, 'TCP/5432', more).misses.map((one) => one.check);

describe('The condition that fails', () => {
  test('of a namespaceSelector is named by what the namespace has', () => {
    const byLabel = (label: string): string[] => missesOf(`{namespaceSelector: {matchLabels: {${label}}}}`);
    expect(byLabel('name: b')).toEqual(['namespace-name']);
    expect(byLabel('app: web')).toEqual(['namespace-label-on-pod']);
    expect(byLabel('example.com/team: front')).toEqual(['namespace-like-key']);
    expect(byLabel('team: back')).toEqual(['namespace-value']);
    expect(byLabel('owner: me')).toEqual(['namespace-absent']);
    expect(
      missesOf('{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}'),
    ).toEqual(['namespace-excluded']);
  });
  test('of a podSelector is named by what the pod has', () => {
    const byLabel = (label: string): string[] =>
      missesOf(`{namespaceSelector: {}, podSelector: {matchLabels: {${label}}}}`);
    expect(byLabel('team: front')).toEqual(['pod-label-on-namespace']);
    expect(byLabel('k8s-app: shop')).toEqual(['pod-like-key']);
    expect(byLabel('app: shop')).toEqual(['pod-value']);
    expect(byLabel('owner: me')).toEqual(['pod-absent']);
    expect(missesOf('{podSelector: {matchLabels: {app: web}}}')).toEqual(['other-namespace']);
  });
  test('is a pod on its node’s network, where all else matches', () => {
    const peer = '{namespaceSelector: {}, podSelector: {matchLabels: {app: host}}}';
    expect(missesOf(peer, 'b/host')).toEqual(['host-network']);
    expect(near(`{from: [${peer}]}`, 'b/host').matches).toEqual(['namespaceSelector', 'podSelector']);
  });
  test('of a block is the exception, the plugin or the range', () => {
    expect(missesOf('{ipBlock: {cidr: 10.0.0.0/24, except: [10.0.0.2/32]}}')).toEqual(['block-except']);
    expect(missesOf('{ipBlock: {cidr: 10.1.0.0/24}}')).toEqual(['block-outside']);
    expect(
      missesOf('{ipBlock: {cidr: 10.0.0.0/24}}', 'b/web', { assume: { ipBlockPods: 'ignore' } }),
    ).toEqual(['block-ignored']);
    expect(missesOf('{podSelector: {}}', '203.0.113.9')).toEqual(['selector-address']);
  });
  test('of the ports is the number, the protocol, the name or a Service', () => {
    const byPort = (port: string, asked = 'TCP/5432', more?: Partial<WorldOptions>): string[] =>
      near(`{ports: [${port}]}`, 'b/web', asked, more).misses.map((one) => one.check);
    expect(byPort('{port: 80}')).toEqual(['port-other']);
    expect(byPort('{port: 5432, protocol: UDP}')).toEqual(['port-protocol']);
    expect(byPort('{port: postgres}')).toEqual(['port-name']);
    expect(byPort('{port: pg}', 'TCP/80')).toEqual(['port-other']);
    const service: Partial<WorldOptions> = {
      edit: (s) => {
        s.services.push({
          namespace: 'a',
          name: 's',
          type: 'ClusterIP',
          selector: { app: 'db' },
          ports: [{ name: '', port: 80, targetPort: 'pg', protocol: 'TCP' }],
          clusterIPs: [],
          externalIPs: [],
          loadBalancerIPs: [],
          externalTrafficPolicy: null,
        });
      },
    };
    expect(byPort('{port: 80}', 'TCP/5432', service)).toEqual(['port-service']);
    expect(byPort('{port: 5432}', 'TCP/80', service)).toEqual(['port-is-service']);
    expect(byPort('{port: 81}', 'TCP/5432', service)).toEqual(['port-other']);
  });
});

describe('The entry', () => {
  const right = '{namespaceSelector: {matchLabels: {team: front}}, podSelector: {matchLabels: {app: web}}}';
  test('with the fewest failing conditions is named, the first of equals', () => {
    const far = '{namespaceSelector: {matchLabels: {owner: me}}, podSelector: {matchLabels: {app: cart}}}';
    const block = '{ipBlock: {cidr: 192.0.2.0/24}}';
    const rules = `{from: [${block}, ${far}], ports: [{port: 5432}]}, {from: [${far}, ${right}], ports: [{port: 80}]}`;
    expect(near(rules)).toEqual({
      policy: { namespace: 'a', name: 'db' },
      field: 'spec.ingress[1].from[1]',
      matches: ['namespaceSelector', 'podSelector'],
      misses: [{ check: 'port-other', params: { ports: 'TCP 80', asked: 'TCP 5432' } }],
    });
    expect(
      near(`{from: [${right}], ports: [{port: 81}]}, {from: [${right}], ports: [{port: 80}]}`).field,
    ).toBe('spec.ingress[0].from[0]');
  });
  test('that misses by a slip of the pen goes before one for somebody else', () => {
    const other = '{namespaceSelector: {}, podSelector: {matchLabels: {app: cart}}}';
    const slip = '{namespaceSelector: {matchLabels: {name: b}}, podSelector: {matchLabels: {app: web}}}';
    const found = near(`{from: [${other}, ${slip}], ports: [{port: 5432}]}`);
    expect(found.field).toBe('spec.ingress[0].from[1]');
    expect(found.matches).toEqual(['podSelector', 'ports']);
    expect(nearestText(found, 'en')).toBe(
      'The entry that comes closest is a/db spec.ingress[0].from[1] (it matches by podSelector, ports): namespaceSelector asks for name=b, and namespace b has no label name (it has kubernetes.io/metadata.name=b).',
    );
  });
  test('for everyone is named by its rule, and none where nothing permits anything', () => {
    expect(near('{ports: [{port: 80}]}').field).toBe('spec.ingress[0]');
    const denied = reasons(
      { pods: PODS, policies: 'metadata: {name: deny}\nspec: {podSelector: {}, policyTypes: [Ingress]}' },
      'b/web',
      'a/db',
      'TCP/5432',
    );
    expect(denied.ingress.verdict).toBe('denied');
    expect(denied.ingress.nearest).toBeUndefined();
    expect(denied.egress.deniedBy).toBeUndefined();
  });
  test('at the other end is what denies where this end permits by a rule', () => {
    const policies = `metadata: {name: db}\nspec: {podSelector: {}, ingress: [{from: [${right}]}]}\n---\nmetadata: {name: web, namespace: b}\nspec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]}`;
    const { egress, ingress } = reasons(
      { pods: PODS, namespaces: NAMESPACES, policies },
      'b/web',
      'a/db',
      'TCP/5432',
    );
    expect([egress.verdict, ingress.verdict]).toEqual(['denied', 'permitted']);
    expect(ingress.deniedBy).toEqual([{ namespace: 'b', name: 'web' }]);
    expect(egress.nearest?.misses.map((one) => one.check)).toEqual(['other-namespace']);
    expect(reasonText(ingress, 'en')).toContain('What denies it stands at the other end: b/web.');
  });
  test('is named too where only the own node may let a pod on its node’s network in (S7)', () => {
    const policies =
      'metadata: {name: db}\nspec: {podSelector: {}, ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: host}}}]}]}';
    const { ingress } = reasons({ pods: PODS, policies }, 'b/host', 'a/db', 'TCP/5432');
    expect(ingress.verdict).toBe('depends');
    expect(ingress.nearest?.misses).toEqual([{ check: 'host-network', params: { pod: 'b/host' } }]);
  });
});

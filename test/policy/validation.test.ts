/**
 * Where exactly the API server draws the line (S11, S13, S15, S24): values just inside are taken, values just outside
 * refused. Checked on the product by whether the policy is rejected, and on the plain evaluator by the same list.
 */
import { describe, expect, it } from 'vitest';
import { readPolicy } from '../plain/policy.ts';
import { snapshotFor, audit } from './world.ts';

const base = { pods: ['a/web app=web ip=10.0.0.1'] };

/** Is a policy of this spec refused? Both evaluators have to say the same. */
function refused(spec: unknown): boolean {
  const snapshot = snapshotFor(base);
  snapshot.policies = [
    { namespace: 'a', name: 'p', spec, origin: 'manifest', place: { file: 'f', document: 1 } },
  ];
  const product = audit(snapshot).overview().rejected.length > 0;
  const plain = readPolicy(snapshot.policies[0]!, 'newest').refusals.length > 0;
  expect([spec, plain]).toEqual([spec, product]);
  return product;
}

const labels = (matchLabels: unknown): unknown => ({ podSelector: { matchLabels } });
const expression = (value: unknown): unknown => ({ podSelector: { matchExpressions: [value] } });
const port = (value: unknown): unknown => ({ podSelector: {}, ingress: [{ ports: [value] }] });
const peer = (value: unknown): unknown => ({ podSelector: {}, egress: [{ to: [value] }] });
const block = (cidr: unknown, except?: unknown): unknown =>
  peer({ ipBlock: { cidr, ...(except === undefined ? {} : { except }) } });
const x = (n: number): string => 'x'.repeat(n);

const TAKEN: Record<string, unknown[]> = {
  'label keys': [
    labels({ a: 'b' }),
    labels({ A: 'b' }),
    labels({ [x(63)]: 'b' }),
    labels({ 'a-b_c.d': 'b' }),
    labels({ 'example.com/a': 'b' }),
    labels({ 'a/b': 'b' }),
    labels({ '1/2': 'b' }),
    labels({ [`${`${x(50)}.`.repeat(4)}${x(49)}/a`]: 'b' }),
    expression({ key: 'a', operator: 'Exists' }),
    labels({}),
    labels(null),
  ],
  'label values': [
    labels({ a: '' }),
    labels({ a: x(63) }),
    labels({ a: 'a-b_c.D9' }),
    labels({ a: '9' }),
    labels({ a: null }),
    expression({ key: 'a', operator: 'In', values: ['', 'b'] }),
  ],
  'values of expressions': [
    expression({ key: 'a', operator: 'NotIn', values: ['b'] }),
    expression({ key: 'a', operator: 'In', values: [null] }),
    expression({ key: 'a', operator: 'Exists', values: [] }),
    expression({ key: 'a', operator: 'DoesNotExist', values: null }),
  ],
  ports: [
    port({}),
    port({ port: 1 }),
    port({ port: 65535 }),
    port({ port: 1, endPort: 65535 }),
    port({ port: 1, endPort: 1 }),
    port({ port: 65535, endPort: 65535 }),
    port({ port: 80, endPort: 80, protocol: 'SCTP' }),
    port({ protocol: 'UDP' }),
    port({ port: null, protocol: null, endPort: null }),
  ],
  'port names': [
    port({ port: 'a' }),
    port({ port: 'abcdefghijklmno' }),
    port({ port: '1a' }),
    port({ port: 'a-1' }),
    port({ port: '8080-http' }),
  ],
  blocks: [
    block('0.0.0.0/0'),
    block('::/0'),
    block('255.255.255.255/32'),
    block('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128'),
    block('10.0.0.0/8', ['10.0.0.0/9', '10.128.0.0/9']),
    block('10.0.0.0/8', []),
    block('10.0.0.0/8', null),
    block('10.0.0.0/31', ['10.0.0.1/32']),
    block('2001:db8::/32', ['2001:db8::/33']),
    block('0.0.0.0/0', ['255.255.255.255/32']),
  ],
  'peers and types': [
    peer({ podSelector: {} }),
    peer({ namespaceSelector: {} }),
    peer({ podSelector: {}, namespaceSelector: {} }),
    peer({ podSelector: {}, ipBlock: null }),
    peer({ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: null, namespaceSelector: null }),
    { podSelector: {}, policyTypes: [] },
    { podSelector: {}, policyTypes: null },
    { podSelector: {}, policyTypes: ['Egress', 'Egress'] },
    { podSelector: {}, ingress: null, egress: null },
    { podSelector: {}, ingress: [{ from: null, ports: null }] },
    { podSelector: {}, ingress: [null], egress: [{ ports: [null] }] },
    { podSelector: null },
    {},
    null,
    undefined,
  ],
};

const REFUSED: Record<string, unknown[]> = {
  'label keys': [
    labels({ '': 'b' }),
    labels({ [x(64)]: 'b' }),
    labels({ '-a': 'b' }),
    labels({ 'a-': 'b' }),
    labels({ 'a b': 'b' }),
    labels({ '/a': 'b' }),
    labels({ 'a/': 'b' }),
    labels({ 'a/b/c': 'b' }),
    labels({ 'Example.com/a': 'b' }),
    labels({ '-example.com/a': 'b' }),
    labels({ 'a..b/c': 'b' }),
    labels({ [`${`${x(50)}.`.repeat(4)}${x(50)}/a`]: 'b' }),
    expression({ operator: 'Exists' }),
    expression({ key: '', operator: 'Exists' }),
    expression({ key: 1, operator: 'Exists' }),
  ],
  'label values': [
    labels({ a: x(64) }),
    labels({ a: '-b' }),
    labels({ a: 'b.' }),
    labels({ a: 'b c' }),
    labels({ a: 1 }),
    labels({ a: true }),
    labels(['a']),
    labels('a'),
    expression({ key: 'a', operator: 'In', values: ['b', 'b c'] }),
    expression({ key: 'a', operator: 'In', values: [1] }),
    expression({ key: 'a', operator: 'In', values: 'b' }),
  ],
  'values of expressions': [
    expression({ key: 'a', operator: 'In' }),
    expression({ key: 'a', operator: 'NotIn', values: [] }),
    expression({ key: 'a', operator: 'Exists', values: ['b'] }),
    expression({ key: 'a', operator: 'DoesNotExist', values: ['b'] }),
    expression({ key: 'a', operator: 'in', values: ['b'] }),
    expression({ key: 'a', values: ['b'] }),
    expression('a'),
    expression(null),
    { podSelector: { matchExpressions: { key: 'a', operator: 'Exists' } } },
    { podSelector: 'a' },
    { podSelector: [] },
  ],
  ports: [
    port({ port: 0 }),
    port({ port: -1 }),
    port({ port: 65536 }),
    port({ port: 80, endPort: 79 }),
    port({ port: 80, endPort: 65536 }),
    port({ port: 80, endPort: 0 }),
    port({ endPort: 80 }),
    port({ port: 'http', endPort: 80 }),
    port({ port: 80, protocol: '' }),
    port({ port: 80, protocol: 'udp' }),
    port({ port: 80, protocol: 'constructor' }),
    port({ port: 80, protocol: ['TCP'] }),
    port({ port: 80, protocol: 6 }),
    port({ port: 80, endPort: '90' }),
    port({ port: 80.5 }),
    port({ port: true }),
    port('80'),
  ],
  'port names': [
    port({ port: '' }),
    port({ port: 'abcdefghijklmnop' }),
    port({ port: '80' }),
    port({ port: '8-0' }),
    port({ port: '-a' }),
    port({ port: 'a-' }),
    port({ port: 'a--b' }),
    port({ port: 'A' }),
    port({ port: 'a_b' }),
    port({ port: 'a.b' }),
  ],
  blocks: [
    block('10.0.0.7/8'),
    block('10.0.0.0/8', ['10.1.0.1/16']),
    block('010.0.0.0/8'),
    block('10.0.0.0/08'),
    block('::ffff:10.0.0.0/104'),
    block('10.0.0.0/33'),
    block('::/129'),
    block('10.0.0.0'),
    block('10.0.0/8'),
    block('10.0.0.256/32'),
    block('10.0.0.0/-1'),
    block('10.0.0.0/'),
    block(''),
    block(undefined),
    block(8),
    block('10.0.0.0/8', ['10.0.0.0/8']),
    block('10.0.0.0/8', ['10.0.0.0/7']),
    block('10.0.0.0/8', ['11.0.0.0/9']),
    block('10.0.0.0/8', ['9.255.255.255/32']),
    block('10.0.0.0/8', ['fd00::/9']),
    block('::/0', ['10.0.0.0/8']),
    block('10.0.0.0/8', ['nonsense']),
    block('10.0.0.0/8', '10.0.0.0/9'),
    block('10.0.0.0/8', [9]),
    block('10.0.0.0/8', [null]),
    block('10.0.0.0/32', ['10.0.0.0/32']),
    peer({ ipBlock: '10.0.0.0/8' }),
    peer({ ipBlock: {} }),
  ],
  'peers and types': [
    peer({}),
    peer({ podSelector: null }),
    peer({ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }),
    peer({ ipBlock: { cidr: '10.0.0.0/8' }, namespaceSelector: {} }),
    peer('everyone'),
    peer(null),
    { podSelector: {}, policyTypes: [null] },
    { podSelector: {}, policyTypes: ['Ingress', 'Egress', 'Ingress'] },
    { podSelector: {}, policyTypes: ['ingress'] },
    { podSelector: {}, policyTypes: [''] },
    { podSelector: {}, policyTypes: 'Ingress' },
    { podSelector: {}, ingress: {} },
    { podSelector: {}, ingress: ['x'] },
    { podSelector: {}, ingress: [{ from: {} }] },
    { podSelector: {}, ingress: [{ ports: {} }] },
    'everything',
    [],
  ],
};

describe('validation: taken', () => {
  it.each(Object.entries(TAKEN))('%s', (_name, specs) => {
    for (const spec of specs) expect([spec, refused(spec)]).toEqual([spec, false]);
  });
});

describe('validation: refused', () => {
  it.each(Object.entries(REFUSED))('%s', (_name, specs) => {
    for (const spec of specs) expect([spec, refused(spec)]).toEqual([spec, true]);
  });
});

describe('S27: unknown fields, wherever they stand', () => {
  const at: [string, unknown][] = [
    ['spec.priority', { podSelector: {}, priority: 1 }],
    ['spec.podSelector.labels', { podSelector: { labels: {} } }],
    [
      'spec.podSelector.matchExpressions[0].value',
      { podSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', value: 'b' }] } },
    ],
    ['spec.ingress[0].to', { podSelector: {}, ingress: [{ to: [{ podSelector: {} }] }] }],
    ['spec.egress[0].from', { podSelector: {}, egress: [{ from: [{ podSelector: {} }] }] }],
    ['spec.ingress[1].port', { podSelector: {}, ingress: [{}, { port: 80 }] }],
    [
      'spec.ingress[0].from[0].namespace',
      { podSelector: {}, ingress: [{ from: [{ podSelector: {}, namespace: 'b' }] }] },
    ],
    [
      'spec.ingress[0].from[0].ipBlock.excepts',
      {
        podSelector: {},
        ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', excepts: ['10.0.0.0/9'] } }] }],
      },
    ],
    [
      'spec.ingress[0].ports[0].targetPort',
      { podSelector: {}, ingress: [{ ports: [{ port: 80, targetPort: 8080 }] }] },
    ],
    [
      'spec.ingress[0].from[0].podSelector.MatchLabels',
      { podSelector: {}, ingress: [{ from: [{ podSelector: { MatchLabels: { a: 'b' } } }] }] },
    ],
  ];
  it.each(at)('%s is dropped and named', (field, spec) => {
    const snapshot = snapshotFor(base);
    snapshot.policies = [
      { namespace: 'a', name: 'p', spec, origin: 'manifest', place: { file: 'f', document: 1 } },
    ];
    const engine = audit(snapshot);
    expect(engine.overview().rejected).toEqual([]);
    expect(engine.allFindings().filter((f) => f.check === 'policy.unknown-field')).toMatchObject([
      {
        severity: 'high',
        object: { kind: 'NetworkPolicy', namespace: 'a', name: 'p' },
        place: { file: 'f', field },
      },
    ]);
  });
});

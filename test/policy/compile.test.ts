/**
 * What is said of each thing that the API refuses, drops or warns of: the check, the field and its words' parameters.
 * And what is left of it where the object is stored all the same (S24).
 */
import { describe, expect, it } from 'vitest';
import { compilePolicy, type CompileOptions, type PolicyProblem } from '../../shared/policy/compile.ts';
import { world } from './world.ts';

const options = (more: Partial<CompileOptions> = {}): CompileOptions => ({
  endPort: 'on',
  sctp: 'on',
  strictAddresses: false,
  selectors: new Map(),
  ...more,
});
const compiled = (
  spec: unknown,
  more: Partial<CompileOptions> = {},
  origin: 'cluster' | 'manifest' = 'manifest',
): ReturnType<typeof compilePolicy> =>
  compilePolicy({ namespace: 'a', name: 'p', origin, spec }, options(more));
const web = { podSelector: { matchLabels: { app: 'web' } } };
const ports = (...items: unknown[]): unknown => ({ ...web, ingress: [{ ports: items }] });
const block = (ipBlock: unknown): unknown => ({ ...web, ingress: [{ from: [{ ipBlock }] }] });
const AT = 'spec.ingress[0]';
const PORT = `${AT}.ports[0]`;
const BLOCK = `${AT}.from[0].ipBlock`;

/** Spec, then check, field and parameters of its only problem. */
const REFUSED: [string, unknown, string, string, PolicyProblem['params']][] = [
  ['a spec that is no object', 'x', 'policy.bad-type', 'spec', { expected: 'object' }],
  [
    'rules that are no list',
    { ...web, ingress: 'x' },
    'policy.bad-type',
    'spec.ingress',
    { expected: 'array' },
  ],
  ['a rule that is no object', { ...web, ingress: ['x'] }, 'policy.bad-type', AT, { expected: 'object' }],
  [
    'peers that are no list',
    { ...web, ingress: [{ from: 'x' }] },
    'policy.bad-type',
    `${AT}.from`,
    { expected: 'array' },
  ],
  [
    'a peer that is no object',
    { ...web, ingress: [{ from: ['x'] }] },
    'policy.bad-type',
    `${AT}.from[0]`,
    { expected: 'object' },
  ],
  [
    'a peer without a field',
    { ...web, egress: [{ to: [{}] }] },
    'policy.empty-peer',
    'spec.egress[0].to[0]',
    {},
  ],
  [
    'a block beside a selector',
    { ...web, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }] }] },
    'policy.block-beside-selector',
    `${AT}.from[0]`,
    {},
  ],
  ['a block that is no object', block('x'), 'policy.bad-type', BLOCK, { expected: 'object' }],
  ['a block without addresses', block({ cidr: null }), 'policy.bad-cidr', `${BLOCK}.cidr`, { value: '' }],
  ['a block that is absent', block({}), 'policy.bad-cidr', `${BLOCK}.cidr`, { value: '' }],
  [
    'a block that is a number',
    block({ cidr: 10 }),
    'policy.bad-type',
    `${BLOCK}.cidr`,
    { expected: 'string' },
  ],
  [
    'a block that none is',
    block({ cidr: '10.0.0.0' }),
    'policy.bad-cidr',
    `${BLOCK}.cidr`,
    { value: '10.0.0.0' },
  ],
  [
    'a block that none is with an exception',
    block({ cidr: '10.0.0.0', except: ['10.0.0.0/9'] }),
    'policy.bad-cidr',
    `${BLOCK}.cidr`,
    { value: '10.0.0.0' },
  ],
  [
    'exceptions that are no list',
    block({ cidr: '10.0.0.0/8', except: 'x' }),
    'policy.bad-type',
    `${BLOCK}.except`,
    { expected: 'array' },
  ],
  [
    'an exception outside',
    block({ cidr: '10.0.0.0/8', except: ['10.0.0.0/9', '11.0.0.0/9'] }),
    'policy.except-outside',
    `${BLOCK}.except[1]`,
    { except: '11.0.0.0/9', cidr: '10.0.0.0/8' },
  ],
  [
    'ports that are no list',
    { ...web, ingress: [{ ports: 'x' }] },
    'policy.bad-type',
    `${AT}.ports`,
    { expected: 'array' },
  ],
  ['a port that is no object', ports(80), 'policy.bad-type', PORT, { expected: 'object' }],
  [
    'a protocol that is a number',
    ports({ port: 80, protocol: 6 }),
    'policy.bad-type',
    `${PORT}.protocol`,
    { expected: 'string' },
  ],
  [
    'a protocol that is none',
    ports({ port: 80, protocol: 'ICMP' }),
    'policy.unknown-protocol',
    `${PORT}.protocol`,
    { protocol: 'ICMP' },
  ],
  [
    'an end that is text',
    ports({ port: 80, endPort: '90' }),
    'policy.bad-type',
    `${PORT}.endPort`,
    { expected: 'integer' },
  ],
  ['an end without a port', ports({ endPort: 90 }), 'policy.endport-without-port', `${PORT}.endPort`, {}],
  [
    'an end with a name',
    ports({ port: 'http', endPort: 90 }),
    'policy.endport-with-name',
    `${PORT}.endPort`,
    { name: 'http' },
  ],
  [
    'an end below',
    ports({ port: 80, endPort: 79 }),
    'policy.endport-below-port',
    `${PORT}.endPort`,
    { port: 80, endPort: 79 },
  ],
  ['an end of nought', ports({ port: 80, endPort: 0 }), 'policy.port-range', `${PORT}.endPort`, { port: 0 }],
  [
    'an end too high',
    ports({ port: 80, endPort: 65536 }),
    'policy.port-range',
    `${PORT}.endPort`,
    { port: 65536 },
  ],
  ['a port too high', ports({ port: 65536 }), 'policy.port-range', `${PORT}.port`, { port: 65536 }],
  [
    'a port that is a fraction',
    ports({ port: 80.5 }),
    'policy.bad-type',
    `${PORT}.port`,
    { expected: 'integer or name' },
  ],
  [
    'a port that is neither',
    ports({ port: true }),
    'policy.bad-type',
    `${PORT}.port`,
    { expected: 'integer or name' },
  ],
  ['a name that is none', ports({ port: 'A' }), 'policy.bad-port-name', `${PORT}.port`, { name: 'A' }],
  [
    'a type that is none',
    { ...web, policyTypes: ['Ingress', 'Both'] },
    'policy.unknown-type',
    'spec.policyTypes[1]',
    { type: 'Both' },
  ],
  [
    'types that are no list',
    { ...web, policyTypes: 'Ingress' },
    'policy.bad-type',
    'spec.policyTypes',
    { expected: 'array' },
  ],
  [
    'too many types',
    { ...web, policyTypes: ['Ingress', 'Egress', 'Ingress'] },
    'policy.too-many-types',
    'spec.policyTypes',
    { count: 3 },
  ],
];

describe('what the API refuses is said with its field', () => {
  it.each(REFUSED)('S24: %s', (_what, spec, check, field, params) => {
    for (const origin of ['manifest', 'cluster'] as const) {
      const { problems, refused } = compiled(spec, {}, origin);
      expect(problems).toEqual([{ check, field, params, refuses: true }]);
      expect(refused).toBe(true);
    }
  });
  it('S11: host bits and leading zeros are refused by a strict server, and kept where they are stored', () => {
    for (const [cidr, what] of [
      ['10.0.0.7/8', 'host bits'],
      ['010.0.0.0/8', 'leading zeros'],
    ] as const) {
      const problem = { check: 'policy.sloppy-cidr', field: `${BLOCK}.cidr`, params: { value: cidr, what } };
      expect(compiled(block({ cidr }))).toMatchObject({
        problems: [{ ...problem, refuses: false }],
        refused: false,
      });
      const strict = { strictAddresses: true };
      expect(compiled(block({ cidr }), strict)).toMatchObject({
        problems: [{ ...problem, refuses: true }],
        refused: true,
      });
      expect(compiled(block({ cidr }), strict, 'cluster')).toMatchObject({
        problems: [{ ...problem, refuses: false }],
        refused: false,
      });
    }
  });
});

describe('what is only told', () => {
  const note = (check: string, field: string, params = {}): PolicyProblem => ({
    check,
    field,
    params,
    refuses: false,
  });
  it('S27: a field that the API does not know', () => {
    expect(compiled({ ...web, priority: 1 }).problems).toEqual([
      note('policy.unknown-field', 'spec.priority', { name: 'priority' }),
    ]);
  });
  it('S4: rules of a direction that policyTypes does not name', () => {
    const rules = { ingress: [{}], egress: [{}] };
    const direction = { ingress: 'Ingress', egress: 'Egress' };
    for (const [own, other] of [
      ['ingress', 'egress'],
      ['egress', 'ingress'],
    ] as const) {
      expect(compiled({ ...web, ...rules, policyTypes: [direction[own]] }).problems).toEqual([
        note('policy.rules-without-type', `spec.${other}`, { direction: other, type: direction[other] }),
      ]);
      expect(compiled({ ...web, [own]: [{}], policyTypes: [direction[own]] }).problems).toEqual([]);
    }
    expect(compiled({ ...web, ...rules, policyTypes: ['Ingress', 'Egress'] }).problems).toEqual([]);
  });
  it('S22: SCTP where the server or the plugin has none', () => {
    const spec = ports({ port: 80, protocol: 'SCTP' });
    expect(compiled(spec, { sctp: 'off' }).problems).toEqual([note('version.sctp', `${PORT}.protocol`)]);
    expect(compiled(spec, { sctp: 'unknown' }).problems).toEqual([]);
    expect(compiled(spec).problems).toEqual([]);
    expect(compiled(ports({ port: 80, protocol: 'UDP' }), { sctp: 'off' }).problems).toEqual([]);
  });
  it('S27: nothing is told of the fields that the API knows', () => {
    const peer = { podSelector: {}, namespaceSelector: {}, ipBlock: null };
    const outside = { ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/9'] } };
    const items = [{ protocol: 'TCP', port: 80, endPort: 81 }];
    const spec = {
      ...web,
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [peer, outside], ports: items }],
      egress: [{ to: [peer, outside], ports: items }],
    };
    expect(compiled(spec)).toMatchObject({ problems: [], refused: false });
  });
  it('what a policy uses, that assumptions may hang on', () => {
    const none = { endPort: false, sctp: false, blocks: false, namedPorts: false };
    expect(compiled({ ...web, ingress: [{ from: [web], ports: [{ port: 80 }] }] }).uses).toEqual(none);
    expect(compiled(ports({ port: 80, endPort: 81 })).uses).toEqual({ ...none, endPort: true });
    expect(compiled(ports({ protocol: 'SCTP' })).uses).toEqual({ ...none, sctp: true });
    expect(compiled(ports({ port: 'http' })).uses).toEqual({ ...none, namedPorts: true });
    expect(compiled(block({ cidr: '10.0.0.0/8' })).uses).toEqual({ ...none, blocks: true });
  });
});

describe('S24: what is stored and cannot be read may permit anything, and isolates', () => {
  const quote = (value: unknown): string => JSON.stringify(value);
  const live = (spec: unknown): ReturnType<typeof world> =>
    world({
      pods: ['a/web app=web ip=10.0.0.1', 'b/db app=db ip=11.0.0.1'],
      live: true,
      assume: { hostNetwork: 'node', ipBlockPods: 'match', sctp: 'on', endPort: 'on' },
      policies: `spec: ${quote(spec)}`,
    });
  it.each<[string, unknown]>([
    ['rules that are no list', { ...web, ingress: 'x' }],
    ['a rule that is no object', { ...web, ingress: ['x'] }],
    ['peers that are no list', { ...web, ingress: [{ from: 'x' }] }],
    ['a peer that is no object', { ...web, ingress: [{ from: ['x'] }] }],
    ['a peer without a field', { ...web, ingress: [{ from: [{}] }] }],
    ['a block that is no object', block('x')],
    ['a block that none is', block({ cidr: 'x', except: ['10.0.0.0/9'] })],
    [
      'a block beside a selector',
      { ...web, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }] }] },
    ],
    ['a peer whose selector cannot be read', { ...web, ingress: [{ from: [{ podSelector: 'x' }] }] }],
    [
      'a peer whose namespaces cannot be read',
      { ...web, ingress: [{ from: [{ namespaceSelector: 'x', podSelector: {} }] }] },
    ],
    ['ports that are no list', { ...web, ingress: [{ ports: 'x' }] }],
    ['a port that is no object', ports('x')],
    ['a protocol that is none', ports({ port: 7, protocol: 6 })],
    ['a protocol that is unknown', ports({ port: 7, protocol: 'ICMP' })],
    ['an end that is text', ports({ port: 7, endPort: '8' })],
    ['an end that is text, without a port', ports({ endPort: '8' })],
    ['an end without a port', ports({ endPort: 8 })],
    ['an end with a name', ports({ port: 'http', endPort: 8 })],
    ['an end below', ports({ port: 7, endPort: 6 })],
    ['an end too high', ports({ port: 7, endPort: 65536 })],
    ['a port of nought', ports({ port: 0 })],
    ['a port that is neither', ports({ port: true })],
    ['a name that is none', ports({ port: 'A' })],
  ])('S24: %s', (_what, spec) => {
    const w = live(spec);
    for (const point of ['TCP/7', 'UDP/9', 'SCTP/65535']) {
      expect([point, w.verdict('b/db', 'a/web', point)]).toEqual([point, 'depends']);
      expect([point, w.verdict('192.0.2.1', 'a/web', point)]).toEqual([point, 'depends']);
    }
    expect(w.state('a/web', 'ingress')).toBe('isolated');
    expect(w.state('a/web', 'egress')).toBe('open');
  });
  it.each<[string, unknown]>([
    ['no list', 'x'],
    ['one that cannot be read', ['10.0.0.0/9', 'x']],
    ['one outside', ['10.128.0.0/9', '12.0.0.0/9']],
  ])(
    'S24: beside exceptions of which there is %s the block is perhaps all of it, and nothing else',
    (_what, except) => {
      const w = live(block({ cidr: '10.0.0.0/8', except }));
      expect(w.verdict('10.1.0.1', 'a/web', 'TCP/80')).toBe('depends');
      expect(w.verdict('10.200.0.1', 'a/web', 'TCP/80')).toBe('depends');
      expect(w.verdict('b/db', 'a/web', 'TCP/80')).toBe('denied');
    },
  );
  it('S24: of policyTypes that are no list each direction is perhaps one', () => {
    const w = live({ ...web, policyTypes: 'Ingress', ingress: [{ ports: [{ port: 80 }] }], egress: [] });
    expect([w.state('a/web', 'ingress'), w.state('a/web', 'egress')]).toEqual(['unknown', 'unknown']);
    expect(w.verdict('b/db', 'a/web', 'TCP/80')).toBe('permitted');
    expect(w.verdict('b/db', 'a/web', 'TCP/81')).toBe('depends');
    expect(w.verdict('a/web', 'b/db', 'TCP/81')).toBe('depends');
  });
});

describe('S22: gates that are off or not known', () => {
  const gated = (assume: Record<string, string>, spec: unknown): ReturnType<typeof world> =>
    world({
      pods: ['a/web app=web ip=10.0.0.1', 'b/db ip=11.0.0.1'],
      assume,
      policies: `spec: ${JSON.stringify(spec)}`,
    });
  it('S22: an SCTP item matches nothing, perhaps, or what it says; no ports hold SCTP in any case', () => {
    const spec = ports({ port: 80, protocol: 'SCTP' }, { port: 81 });
    for (const [sctp, verdict] of [
      ['off', 'denied'],
      ['unknown', 'depends'],
      ['on', 'permitted'],
    ] as const) {
      const w = gated({ sctp }, spec);
      expect(w.verdict('b/db', 'a/web', 'SCTP/80')).toBe(verdict);
      expect(w.verdict('b/db', 'a/web', 'SCTP/81')).toBe('denied');
      expect(w.verdict('b/db', 'a/web', 'TCP/81')).toBe('permitted');
      expect(gated({ sctp }, { ...web, ingress: [{}] }).verdict('b/db', 'a/web', 'SCTP/80')).toBe(
        'permitted',
      );
    }
  });
  it('S22: of a range only `port` holds, or is sure', () => {
    for (const [endPort, verdict] of [
      ['off', 'denied'],
      ['unknown', 'depends'],
      ['on', 'permitted'],
    ] as const) {
      const w = gated({ endPort }, ports({ port: 80, endPort: 82 }, { port: 90, endPort: 90 }));
      expect(w.verdict('b/db', 'a/web', 'TCP/80')).toBe('permitted');
      expect(w.verdict('b/db', 'a/web', 'TCP/81')).toBe(verdict);
      expect(w.verdict('b/db', 'a/web', 'TCP/82')).toBe(verdict);
      expect(w.verdict('b/db', 'a/web', 'TCP/83')).toBe('denied');
      expect(w.verdict('b/db', 'a/web', 'TCP/90')).toBe('permitted');
    }
  });
});

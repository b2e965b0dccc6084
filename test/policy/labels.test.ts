/** Labels as selectors ask for them, namespaces that are only mentioned, and assumptions by name. */
import { describe, expect, it } from 'vitest';
import { parseSelector, type Selector } from '../../shared/kube/selector.ts';
import type { Tri } from '../../shared/kube/snapshot.ts';
import { familyBit, fastV4 } from '../../shared/policy/addresses.ts';
import { LabelClasses } from '../../shared/policy/labelClasses.ts';
import {
  assumptionError,
  assumptionValues,
  isBefore,
  parseVersion,
  resolveAssumptions,
} from '../../shared/policy/assumptions.ts';
import { snapshotFor, world } from './world.ts';

const selector = (raw: unknown): Selector => parseSelector(raw, []) as Selector;

describe('S15: label classes', () => {
  it('S15: labels that no selector asks for tell nobody apart, values that none names are one', () => {
    const classes = new LabelClasses();
    const x = classes.selectorId(selector({ matchLabels: { app: 'x' } }));
    const tier = classes.selectorId(selector({ matchExpressions: [{ key: 'tier', operator: 'Exists' }] }));
    expect(classes.selectorId(selector({ matchLabels: { app: 'x' } }))).toBe(x);
    const of = (labels: Record<string, string>): number => classes.classOf(labels);
    expect(of({ app: 'x', other: '1' })).toBe(of({ other: '2', app: 'x' }));
    expect(of({ app: 'y' })).toBe(of({ app: 'z' }));
    expect(of({ app: 'y' })).not.toBe(of({}));
    expect(of({ tier: 'a', app: 'x' })).toBe(of({ app: 'x', tier: 'b' }));
    expect(of({ tier: 'a', app: 'x' })).not.toBe(of({ app: 'x' }));
    expect(classes.count).toBe(4);
    classes.match();
    expect([x, tier].map((s) => classes.matches(s, of({ app: 'x', tier: 'q' })))).toEqual([true, true]);
    expect([x, tier].map((s) => classes.matches(s, of({ app: 'y' })))).toEqual([false, false]);
  });
  it('S15: the answers are the same where there are too many selectors for a table of bits', () => {
    const classes = new LabelClasses();
    const size = 12_000;
    const name = (i: number): string => `v${i % size}`;
    // Each matches pods i and i + 1.
    for (let i = 0; i < size; i++) {
      classes.selectorId(
        selector({ matchExpressions: [{ key: 'id', operator: 'In', values: [name(i), name(i + 1)] }] }),
      );
    }
    const odd = classes.selectorId(selector({ matchExpressions: [{ key: 'odd', operator: 'Exists' }] }));
    const pods = Array.from({ length: size }, (_, i) =>
      classes.classOf({ id: name(i), ...(i % 2 === 1 ? { odd: 'yes' } : {}) }),
    );
    classes.match();
    for (const i of [1, 2, 31, 32, 33, 4095, 4096, 9999, size - 2]) {
      const asked = [i - 2, i - 1, i, i + 1, 0, size - 1, odd].map((s) =>
        (s + size) % size === s ? s : s === odd ? odd : (s + size) % size,
      );
      const wanted = asked.map((s) => (s === odd ? i % 2 === 1 : s === i || s === i - 1));
      expect([i, asked.map((s) => classes.matches(s, pods[i] as number))]).toEqual([i, wanted]);
    }
    expect(classes.matches(size - 1, pods[0] as number)).toBe(true);
    expect(classes.matches(odd, pods[size - 1] as number)).toBe(true);
  });
});

describe('S19: a namespace that is only mentioned', () => {
  const ask = (peer: string, live = false, assume: Record<string, string> = {}): string | undefined =>
    world({
      pods: ['a/web app=web ip=10.0.0.1', 'b/web app=web ip=10.0.0.2'],
      live,
      assume: { hostNetwork: 'node', ipBlockPods: 'match', ...assume },
      policies: `spec: {podSelector: {}, ingress: [{from: [{namespaceSelector: ${peer}}]}]}`,
      edit: (snapshot) => void (snapshot.namespaces = []),
    }).engine.verdicts([
      { src: { namespace: 'b', pod: 'web' }, dst: { namespace: 'a', pod: 'web' }, protocol: 'TCP', port: 80 },
    ]).answers[0]?.verdict;
  const named = (name: string): string => `{matchLabels: {kubernetes.io/metadata.name: ${name}}}`;
  const env = (operator: string, values = ''): string =>
    `{matchExpressions: [{key: env, operator: ${operator}${values && `, values: [${values}]`}}]}`;
  it('S19: from manifests it has its name as a label, and no other', () => {
    expect([ask(named('b')), ask(named('a')), ask('{}')]).toEqual(['permitted', 'denied', 'permitted']);
    expect([ask(env('In', 'x')), ask(env('NotIn', 'x'))]).toEqual(['denied', 'permitted']);
    expect([ask(env('Exists')), ask(env('DoesNotExist'))]).toEqual(['denied', 'permitted']);
    expect(ask(named('b'), false, { serverVersion: '1.20' })).toBe('denied');
    expect(ask(named('b'), false, { serverVersion: 'unknown' })).toBe('depends');
  });
  it('S19: of a live one only the name is known', () => {
    expect([ask(named('b'), true), ask(named('a'), true), ask('{}', true)]).toEqual([
      'permitted',
      'denied',
      'permitted',
    ]);
    expect([ask(env('In', 'x'), true), ask(env('DoesNotExist'), true)]).toEqual(['depends', 'depends']);
    const unknown = { serverVersion: 'unknown' };
    expect([ask(named('b'), true, unknown), ask('{}', true, unknown)]).toEqual(['depends', 'permitted']);
    expect(ask(named('b'), true, { serverVersion: '1.20' })).toBe('depends');
  });
});

describe('S12: blocks over pods, in whatever order they were written', () => {
  const pods = [
    'b/p08 ip=fd00::8',
    'b/p10 ip=fd00::10',
    'b/p1f ip=fd00::1f',
    'b/p20 ip=fd00::20',
    'b/q08 ip=10.0.0.8',
    'b/q16 ip=10.0.0.16',
    'b/both ip=10.0.0.9,fd00::11',
    'b/none',
  ];
  const inside: [string, string[]][] = [
    ['fd00::20/123', ['p20']],
    ['fd00::10/124', ['p10', 'p1f', 'both']],
    ['fd00::/124', ['p08']],
    ['fd00::/123', ['p08', 'p10', 'p1f', 'both']],
    ['8000::/1', ['p08', 'p10', 'p1f', 'p20', 'both']],
    ['10.0.0.16/28', ['q16']],
    ['10.0.0.8/29', ['q08', 'both']],
    ['10.0.0.8/32', ['q08']],
    ['0.0.0.0/1', ['q08', 'q16', 'both']],
    ['192.0.2.0/24', []],
  ];
  for (const order of ['as here', 'the other way round'] as const) {
    it(`S12: ${order}`, () => {
      const list = order === 'as here' ? inside : [...inside].reverse();
      const w = world({
        pods: [...pods, ...list.map((_, i) => `a/t${i} app=t${i} ip=10.1.0.${i + 1},fd01::${i + 1}`)],
        policies: list
          .map(
            ([cidr], i) =>
              `metadata: {name: p${i}}\nspec: {podSelector: {matchLabels: {app: t${i}}}, ingress: [{from: [{ipBlock: {cidr: '${cidr}'}}]}]}`,
          )
          .join('\n---\n'),
      });
      list.forEach(([cidr, permitted], i) => {
        const told = pods
          .map((line) => line.split(' ')[0] as string)
          .filter((pod) => w.verdict(pod, `a/t${i}`, 'TCP/80') === 'permitted')
          .map((pod) => pod.slice(2));
        expect([cidr, told]).toEqual([cidr, permitted]);
        expect(w.verdict('b/none', `a/t${i}`, 'TCP/80')).toBe('depends');
      });
    });
  }
});

describe('S12: addresses of pods', () => {
  it('S12: a plain dotted quad is read quickly, and nothing else', () => {
    const numbers: [string, number][] = [
      ['0.0.0.0', 0],
      ['0.0.0.1', 1],
      ['1.2.3.4', 0x01020304],
      ['10.0.0.255', 0x0a0000ff],
      ['9.99.199.249', 0x0963c7f9],
      ['255.255.255.255', 2 ** 32 - 1],
    ];
    for (const [text, value] of numbers) expect([text, fastV4(text)]).toEqual([text, value]);
    const others = [
      '',
      '.',
      '1',
      '1.2.3',
      '1.2.3.',
      '.1.2.3',
      '1..2.3',
      '1.2.3.4.5',
      '1.2.3.4.',
      '256.1.1.1',
      '1.256.1.1',
      '1.1.256.1',
      '1.1.1.256',
      '1.1.1.1000',
      '0001.1.1.1',
      '1.1.1.0001',
      '1.1.1.1 ',
      ' 1.1.1.1',
      '1.1.1.a',
      '1.1.1./',
      '1.1.1.:',
      '1/1.1.1',
      '-1.1.1.1',
      '::1',
      'fd00::1',
      '::ffff:1.2.3.4',
      '1,1.1.1',
    ];
    for (const text of others) expect([text, fastV4(text)]).toEqual([text, -1]);
    expect(['1.2.3.4', '::ffff:1.2.3.4', 'fd00::1', 'nonsense'].map(familyBit)).toEqual([1, 1, 2, 0]);
  });
  it('S12: of several addresses of one family it is open which one is seen; a block with nothing left matches nobody', () => {
    const w = (block: string): ReturnType<typeof world> =>
      world({
        pods: [
          'a/web app=web ip=10.0.2.1',
          'b/two ip=10.0.0.1,10.0.1.1',
          'b/dual ip=10.0.0.2,fd00::2',
          'b/none',
        ],
        policies: `spec: {podSelector: {}, ingress: [{from: [{ipBlock: ${block}}]}]}`,
      });
    const told = (block: string): string[] =>
      ['b/two', 'b/dual', 'b/none'].map((pod) => w(block).verdict(pod, 'a/web', 'TCP/80'));
    expect(told('{cidr: 10.0.0.0/24}')).toEqual(['depends', 'permitted', 'depends']);
    expect(told('{cidr: 10.0.0.0/23}')).toEqual(['permitted', 'permitted', 'depends']);
    expect(told('{cidr: 10.0.1.0/24}')).toEqual(['depends', 'denied', 'depends']);
    expect(told('{cidr: 0.0.0.0/0}')).toEqual(['permitted', 'permitted', 'permitted']);
    expect(told('{cidr: 0.0.0.0/0, except: [10.0.0.0/24]}')).toEqual(['depends', 'denied', 'depends']);
    expect(told('{cidr: 0.0.0.0/0, except: [0.0.0.0/1, 128.0.0.0/1]}')).toEqual([
      'denied',
      'denied',
      'denied',
    ]);
  });
});

describe('S25: assumptions by name', () => {
  it('S25: each has its values, and a version is any version', () => {
    expect(assumptionValues('serverVersion')).toBe(null);
    expect(assumptionValues('ipBlockPods')).toEqual(['match', 'ignore', 'unknown']);
    expect(assumptionValues('hostNetwork')).toEqual(['node', 'pod', 'unknown']);
    expect(assumptionValues('endPort')).toEqual(['on', 'off', 'unknown']);
    expect(assumptionValues('sctp')).toEqual(['on', 'off', 'unknown']);
    expect(assumptionValues('enforced')).toEqual(['yes', 'no', 'unknown']);
    expect(assumptionValues('unselected')).toEqual(['permit', 'deny', 'unknown']);
    for (const value of ['newest', 'unknown', '1.29', 'v1.29.3']) {
      expect(assumptionError('serverVersion', value)).toBe(null);
    }
    for (const [name, value] of [
      ['ipBlockPods', 'match'],
      ['endPort', 'unknown'],
      ['unselected', 'deny'],
    ] as const) {
      expect(assumptionError(name, value)).toBe(null);
    }
  });
  it('S25: what is none is told with what it may be', () => {
    expect(assumptionError('colour', 'blue')).toBe(
      'unknown assumption "colour": it is one of ipBlockPods, hostNetwork, serverVersion, endPort, sctp, enforced, unselected',
    );
    expect(assumptionError('serverVersion', 'old')).toBe(
      'serverVersion=old: give a version such as 1.29, or newest, or unknown',
    );
    expect(assumptionError('sctp', 'perhaps')).toBe('sctp=perhaps: it is one of on, off, unknown');
  });
  it('S21, S25: enforcement is detected where something was found, else not known', () => {
    const told = (plugin: string | null, ingress: Tri, egress: Tri): unknown =>
      resolveAssumptions(
        snapshotFor({
          pods: [],
          edit: (s) => void Object.assign(s.enforcement, { plugin, ingress, egress }),
        }),
        {},
      ).records.find((r) => r.name === 'enforced');
    expect(told(null, 'unknown', 'unknown')).toEqual({
      name: 'enforced',
      value: 'unknown',
      origin: 'default',
    });
    expect(told('odd', 'unknown', 'unknown')).toEqual({
      name: 'enforced',
      value: 'unknown',
      origin: 'detected',
    });
    expect(told(null, 'yes', 'yes')).toEqual({ name: 'enforced', value: 'yes', origin: 'detected' });
    expect(told(null, 'yes', 'no')).toEqual({ name: 'enforced', value: 'unknown', origin: 'default' });
    expect(told('odd', 'no', 'no')).toEqual({ name: 'enforced', value: 'no', origin: 'detected' });
  });
  it('S22, S25: gates come from the version where there is one', () => {
    const told = (
      live: boolean,
      serverVersion: string | null,
      user: Record<string, string> = {},
    ): unknown[] => {
      const snapshot = snapshotFor({
        pods: [],
        live,
        edit: (s) => void (s.cluster.serverVersion = serverVersion),
      });
      const { records } = resolveAssumptions(snapshot, user);
      return ['serverVersion', 'endPort', 'sctp'].map((name) => {
        const { value, origin } = records.find((r) => r.name === name)!;
        return `${value} ${origin}`;
      });
    };
    expect(told(true, null)).toEqual(['unknown default', 'unknown default', 'unknown default']);
    expect(told(false, null)).toEqual(['newest default', 'on default', 'on default']);
    expect(told(true, 'v1.21.3')).toEqual(['v1.21.3 detected', 'off detected', 'on detected']);
    expect(told(false, null, { serverVersion: '1.18' })).toEqual([
      '1.18 user',
      'off detected',
      'off detected',
    ]);
    expect(told(true, 'v1.30.0', { serverVersion: 'unknown' })).toEqual([
      'unknown user',
      'unknown default',
      'unknown default',
    ]);
    expect(told(true, 'v1.18.0', { serverVersion: 'newest' })).toEqual([
      'newest user',
      'on default',
      'on default',
    ]);
  });
  it('S22: versions are read and compared', () => {
    expect(parseVersion(' v1.33.2+k3s1 ')).toEqual([1, 33]);
    expect(parseVersion('1.9')).toEqual([1, 9]);
    expect(parseVersion('12.34')).toEqual([12, 34]);
    for (const text of ['newest', '1', 'x1.20', 'vv1.2', ''])
      expect([text, parseVersion(text)]).toEqual([text, null]);
    const before = (version: [number, number]): boolean => isBefore(version, 21);
    expect([before([1, 20]), before([1, 21]), before([1, 22])]).toEqual([true, false, false]);
    expect([before([0, 99]), before([2, 0])]).toEqual([true, false]);
  });
});

/** Namespaces and the sets of them that selectors match (S19, S22). */
import { describe, expect, it } from 'vitest';
import { parseSelector, type Selector } from '../../shared/kube/selector.ts';
import type { NamespaceRecord } from '../../shared/kube/snapshot.ts';
import { LabelDoubts } from '../../shared/policy/labelDoubts.ts';
import { bitTest, Namespaces } from '../../shared/policy/namespaces.ts';
import { snapshotFor } from './world.ts';

const NAME = 'kubernetes.io/metadata.name';
const selector = (raw: unknown): Selector => parseSelector(raw, []) as Selector;
const labelled = (labels: Record<string, string>): Selector => selector({ matchLabels: labels });
const record = (name: string, more: Partial<NamespaceRecord> = {}): NamespaceRecord => ({
  name,
  labels: {},
  labelsKnown: true,
  implied: false,
  ...more,
});

function namespaces(
  records: NamespaceRecord[],
  version = 'newest',
  pods: string[] = [],
  live = false,
): Namespaces {
  const snapshot = snapshotFor({ pods, live });
  snapshot.namespaces = records;
  return new Namespaces(snapshot, version, new LabelDoubts(snapshot));
}
/** Names of the members: those that match for sure, and those that may. */
function members(spaces: Namespaces, id: number): { sure: string[]; maybe: string[] } {
  const set = spaces.sets[id]!;
  const named = (bits: Uint32Array | null): string[] =>
    spaces.names.filter((_, i) => bits !== null && bitTest(bits, i));
  const all = [...set.list].map((i) => spaces.names[i]);
  expect(all).toEqual([...named(set.sure), ...named(set.maybe)]);
  expect(set.single).toBe(set.list.length === 1 ? set.list[0] : -1);
  return { sure: named(set.sure), maybe: named(set.maybe) };
}

describe('S19: which namespaces there are', () => {
  it('S19: those that are read, and those that pods or policies mention, in order', () => {
    // Runs of every length, and short ones behind a long one.
    const runs = { a: 5, b: 1, c: 1, e: 2, f: 9, g: 1, h: 3, i: 1 };
    const pods = Object.entries(runs).flatMap(([name, count]) =>
      Array.from({ length: count }, (_, i) => `${name}/${i} app=x`),
    );
    const snapshot = snapshotFor({ pods, policies: 'metadata: {namespace: d}\nspec: {podSelector: {}}' });
    snapshot.namespaces = [record('z')];
    const spaces = new Namespaces(snapshot, 'newest', new LabelDoubts(snapshot));
    expect(spaces.names).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'z']);
    spaces.names.forEach((name, i) => expect(spaces.index.get(name)).toBe(i));
  });
});

describe('S10, S15: sets of namespaces', () => {
  const records = Array.from({ length: 70 }, (_, i) =>
    record(`n${String(i).padStart(2, '0')}`, {
      labels: { env: ['x', 'y', 'z'][i % 3]!, ...(i === 69 ? { last: '' } : {}) },
    }),
  );
  it('S15: are those whose labels match, in order, and one for equal members', () => {
    const spaces = namespaces(records);
    const wanted = (keep: (i: number) => boolean): { sure: string[]; maybe: string[] } => ({
      sure: spaces.names.filter((_, i) => keep(i)),
      maybe: [],
    });
    const of = (raw: unknown): { sure: string[]; maybe: string[] } =>
      members(spaces, spaces.matching(selector(raw)));
    const expression = (operator: string, values?: string[]): unknown => ({
      matchExpressions: [{ key: 'env', operator, ...(values ? { values } : {}) }],
    });
    expect(of({ matchLabels: { env: 'x' } })).toEqual(wanted((i) => i % 3 === 0));
    expect(of(expression('In', ['z', 'x']))).toEqual(wanted((i) => i % 3 !== 1));
    expect(of(expression('NotIn', ['x']))).toEqual(wanted((i) => i % 3 !== 0));
    expect(of(expression('Exists'))).toEqual(wanted(() => true));
    expect(of(expression('DoesNotExist'))).toEqual(wanted(() => false));
    expect(of({ matchLabels: { env: 'x', last: '' } })).toEqual(wanted((i) => i === 69));
    expect(of({ matchLabels: { env: 'y', last: '' } })).toEqual(wanted(() => false));
    expect(of({ matchLabels: { [NAME]: 'n33' } })).toEqual(wanted((i) => i === 33));
    expect(spaces.matching(labelled({ [NAME]: 'n33' }))).toBe(spaces.own(33));
    expect(spaces.own(33)).toBe(spaces.own(33));
    expect(spaces.matching(labelled({ env: 'x' }))).not.toBe(spaces.matching(labelled({ env: 'y' })));
    // Written without anything between them, the members of these two would read the same.
    const few = (...names: number[]): number =>
      spaces.matching(
        selector({
          matchExpressions: [{ key: NAME, operator: 'In', values: names.map((i) => spaces.names[i]) }],
        }),
      );
    expect(few(1, 2, 3)).not.toBe(few(1, 23));
    const open = namespaces(
      records.map(({ name }) => record(name, { labels: { [NAME]: name }, nameLabelAdded: true })),
      'unknown',
      [],
      true,
    );
    const perhaps = (...names: number[]): unknown =>
      members(
        open,
        open.matching(
          selector({
            matchExpressions: [{ key: NAME, operator: 'In', values: names.map((i) => open.names[i]) }],
          }),
        ),
      ).maybe;
    expect(perhaps(1, 2, 3)).toEqual(['n01', 'n02', 'n03']);
    expect(perhaps(1, 23)).toEqual(['n01', 'n23']);
    const every = spaces.sets[spaces.matching(selector({}))]!;
    expect([spaces.isEvery(every), spaces.isEvery(spaces.sets[spaces.own(0)]!)]).toEqual([true, false]);
  });
  it('S10: of more than one namespace tell apart those that they do not hold alike', () => {
    const three = namespaces([
      record('a', { labels: { env: 'x', tier: 'x' } }),
      record('b', { labels: { env: 'x' } }),
      record('c', { labels: { env: 'x' } }),
      record('d', { labels: { tier: 'y' } }),
      record('e'),
    ]);
    const told = (): number[] => [...three.wideSignatures()];
    // Nothing wide yet: sets of one namespace count for nothing.
    three.own(0);
    three.matching(labelled({ tier: 'x' }));
    expect(new Set(told()).size).toBe(1);
    three.matching(labelled({ env: 'x' }));
    const [a, b, c, d, e] = told();
    expect([a === b, b === c, c === d, d === e]).toEqual([true, true, false, true]);
    three.matching(selector({ matchExpressions: [{ key: 'tier', operator: 'Exists' }] }));
    const [f, g, h, i, j] = told();
    expect([f === g, g === h, h === i, i === j, f === i]).toEqual([false, true, false, false, false]);
  });
  it('S19: hold one that is only perhaps in them apart', () => {
    const live = namespaces(
      [record('a', { labels: { env: 'x' } }), record('b', { labelsKnown: false })],
      '1.33',
      [],
      true,
    );
    const id = live.matching(labelled({ env: 'x' }));
    expect(members(live, id)).toEqual({ sure: ['a'], maybe: ['b'] });
    const [a, b] = live.wideSignatures();
    expect(a).not.toBe(b);
    const every = live.matching(
      selector({ matchExpressions: [{ key: 'env', operator: 'NotIn', values: ['q'] }] }),
    );
    expect(members(live, every)).toEqual({ sure: ['a'], maybe: ['b'] });
    expect(live.isEvery(live.sets[every]!)).toBe(false);
    expect(members(live, live.matching(selector({})))).toEqual({ sure: ['a', 'b'], maybe: [] });
  });
});

describe('S19, S22: the label that repeats the name', () => {
  const added = record('a', { labels: { [NAME]: 'a', env: 'x' }, nameLabelAdded: true });
  const bare = record('a', { labels: { [NAME]: 'a' }, nameLabelAdded: true });
  const written = record('a', { labels: { [NAME]: 'a', env: 'x' } });
  const other = record('a', { labels: { [NAME]: 'other' } });
  const unknown = record('a', { labelsKnown: false, implied: true });
  const byName = labelled({ [NAME]: 'a' });
  const match = (own: NamespaceRecord, version: string, asked: Selector): string => {
    const spaces = namespaces([own], version, [], true);
    const { sure, maybe } = members(spaces, spaces.matching(asked));
    return sure.length > 0 ? 'yes' : maybe.length > 0 ? 'maybe' : 'no';
  };
  it.each<[string, NamespaceRecord, string, string, string]>([
    ['from 1.21 it is there whatever was written', added, 'yes', 'no', 'maybe'],
    ['before, it is there where somebody wrote it', written, 'yes', 'yes', 'yes'],
    ['before, it is what somebody wrote', other, 'yes', 'no', 'maybe'],
    ['of a namespace known by name alone nothing is known before', unknown, 'yes', 'maybe', 'maybe'],
  ])('S19: %s', (_what, own, newest, old, open) => {
    expect(['newest', '1.21', '1.20', 'unknown'].map((version) => match(own, version, byName))).toEqual([
      newest,
      newest,
      old,
      open,
    ]);
  });
  it('S19: of manifests the label of one that is only mentioned was never written', () => {
    const mentioned = record('a', { labels: { [NAME]: 'a' }, implied: true });
    const told = (live: boolean): string[] =>
      ['newest', '1.20', 'unknown'].map((version) => {
        const spaces = namespaces([mentioned], version, [], live);
        const { sure, maybe } = members(spaces, spaces.matching(byName));
        return sure.length > 0 ? 'yes' : maybe.length > 0 ? 'maybe' : 'no';
      });
    expect(told(false)).toEqual(['yes', 'no', 'maybe']);
    expect(told(true)).toEqual(['yes', 'yes', 'yes']);
    expect(match({ ...mentioned, labelsKnown: false }, 'unknown', byName)).toBe('maybe');
  });
  it('S19: beside other requirements each has to hold', () => {
    const both = labelled({ [NAME]: 'a', env: 'x' });
    expect([match(added, 'newest', both), match(added, '1.20', both), match(added, 'unknown', both)]).toEqual(
      ['yes', 'no', 'maybe'],
    );
    expect(match(bare, 'unknown', both)).toBe('no');
    const without = selector({ matchExpressions: [{ key: NAME, operator: 'DoesNotExist' }] });
    expect([
      match(added, 'newest', without),
      match(added, '1.20', without),
      match(added, 'unknown', without),
    ]).toEqual(['no', 'yes', 'maybe']);
    const exists = selector({ matchExpressions: [{ key: NAME, operator: 'Exists' }] });
    expect([
      match(other, '1.20', exists),
      match(added, '1.20', exists),
      match(added, '1.21', exists),
    ]).toEqual(['yes', 'no', 'yes']);
    expect(match(unknown, '1.33', labelled({ [NAME]: 'b', env: 'x' }))).toBe('no');
    expect(match(unknown, '1.33', labelled({ [NAME]: 'a', env: 'x' }))).toBe('maybe');
  });
  it('S19: a remedy names a namespace by labels that it has for sure', () => {
    const by = (own: NamespaceRecord, version: string): unknown =>
      namespaces([own], version, [], true).labelsToNameBy('a');
    expect([by(added, 'newest'), by(added, '1.20'), by(added, 'unknown')]).toEqual([
      { [NAME]: 'a' },
      { env: 'x' },
      { env: 'x' },
    ]);
    expect([by(bare, 'newest'), by(bare, '1.20'), by(bare, 'unknown')]).toEqual([
      { [NAME]: 'a' },
      null,
      null,
    ]);
    expect(by(written, '1.20')).toEqual({ [NAME]: 'a', env: 'x' });
    expect([by(unknown, '1.33'), by(unknown, '1.20'), by(unknown, 'unknown')]).toEqual([
      { [NAME]: 'a' },
      null,
      null,
    ]);
    const labels = { [NAME]: 'a', env: 'x' };
    expect(labels).toEqual(added.labels);
  });
  it('S22: where the version is not known both are told', () => {
    const worlds = (own: NamespaceRecord, version: string, asked: Selector): unknown =>
      namespaces([own], version, [], true).nameLabelWorlds(asked, 0);
    expect(worlds(added, 'unknown', byName)).toEqual({ newest: true, old: false });
    expect(worlds(added, 'unknown', labelled({ env: 'x' }))).toEqual({ newest: true, old: true });
    expect(worlds(added, 'unknown', labelled({ env: 'y' }))).toEqual({ newest: false, old: false });
    expect(worlds(added, 'newest', byName)).toBe(null);
    expect(worlds(unknown, 'unknown', byName)).toBe(null);
  });
});

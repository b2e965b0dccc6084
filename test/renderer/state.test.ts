import { describe, expect, test } from 'vitest';
import type { Finding } from '../../shared/audit/result.ts';
import type { ContextInfo } from '../../shared/ipc.ts';
import { among, byFile, choiceOf, limited, sameSource } from '../../renderer/state/choice.ts';
import { endText, parseEnd, parsePort } from '../../renderer/state/endpoint.ts';
import { flatten, groupFindings } from '../../renderer/state/groups.ts';
import { currentProgress, NEW_JOB, outcome, share, stepJob } from '../../renderer/state/job.ts';
import { notable } from '../../renderer/state/notable.ts';
import { Pages, pagesFor } from '../../renderer/state/pages.ts';
import { formatRoute, parseRoute } from '../../renderer/state/route.ts';

describe('A place in the window', () => {
  test('is the same after it was written as a link and read again', () => {
    const route = { view: 'pods', params: { text: 'a&b=c/ü #1', group: 'none' } } as const;
    expect(parseRoute(formatRoute(route))).toEqual(route);
  });
  test('leaves out what is empty and does not depend on the order in which it was set', () => {
    expect(formatRoute({ view: 'pods', params: { text: '', group: 'none', desc: '1' } })).toBe(
      '#/pods?desc=1&group=none',
    );
    expect(formatRoute({ view: 'pods', params: { desc: '1', group: 'none' } })).toBe(
      '#/pods?desc=1&group=none',
    );
  });
  test('that nobody knows is the start', () => {
    expect(parseRoute('#/nowhere?x=1').view).toBe('start');
    expect(parseRoute('').view).toBe('start');
  });
});

describe('What was chosen before an audit', () => {
  const context = { kind: 'context', name: 'a', file: '/k' } as const;
  test('is chosen again after it failed, with its namespaces and assumptions', () => {
    const before = { source: context, namespaces: 'shop, web', assume: { enforced: 'yes' } };
    expect(choiceOf(limited(before.source, before.namespaces), before.assume)).toEqual(before);
    const folder = { kind: 'manifests', paths: ['/a', '/b'] } as const;
    expect(choiceOf({ ...folder, paths: [...folder.paths] }, {})).toEqual({
      source: folder,
      namespaces: '',
      assume: {},
    });
  });
  test('on the command line without a file is the first context of its name', () => {
    const info = (file: string, name: string) => ({ file, name }) as ContextInfo;
    const contexts = [info('/x', 'b'), info('/y', 'a'), info('/z', 'a')];
    expect(among({ kind: 'context', name: 'a' }, contexts)).toEqual({ ...context, file: '/y' });
    expect(among(context, contexts)).toBe(context);
    expect(among({ kind: 'context', name: 'gone' }, contexts)).toEqual({ kind: 'context', name: 'gone' });
  });
});

describe('A job', () => {
  const progress = { job: 'b', phase: 'read', detail: 'pods', done: 500, total: 2000 } as const;

  test('that reports before it was named is not lost', () => {
    const state = stepJob(stepJob(NEW_JOB, { type: 'progress', payload: progress }), {
      type: 'started',
      job: 'b',
    });
    expect(currentProgress(state)).toEqual(progress);
  });
  test('that ends before it was named has ended once it is named', () => {
    const state = stepJob(NEW_JOB, { type: 'finished', payload: { job: 'b', audit: 'x' } });
    expect(outcome(state)).toBeNull();
    expect(outcome(stepJob(state, { type: 'started', job: 'b' }))).toEqual({ job: 'b', audit: 'x' });
  });
  test('is not ended or moved by the events of another', () => {
    let state = stepJob(NEW_JOB, { type: 'started', job: 'b' });
    state = stepJob(state, { type: 'finished', payload: { job: 'a', audit: 'old' } });
    state = stepJob(state, { type: 'progress', payload: { ...progress, job: 'a' } });
    expect(outcome(state)).toBeNull();
    expect(currentProgress(state)).toBeNull();
  });
  test('shows no share while its total is not known, and never more than all', () => {
    expect(share(null)).toBeNull();
    expect(share({ ...progress, total: 0 })).toBeNull();
    expect(share(progress)).toBe(0.25);
    expect(share({ ...progress, done: 2100 })).toBe(1);
  });
});

describe('A source', () => {
  const context = (file: string, name: string): ContextInfo => ({
    file,
    name,
    cluster: name,
    server: '',
    user: '',
    namespace: null,
    current: false,
    auth: 'none',
    warnings: [],
    problem: null,
  });
  test('of one name in two files is two sources', () => {
    const a = { kind: 'context', name: 'prod', file: '/a' } as const;
    expect(sameSource(a, { ...a })).toBe(true);
    expect(sameSource(a, { ...a, file: '/b' })).toBe(false);
    expect(sameSource(null, a)).toBe(false);
    expect(sameSource({ kind: 'demo' }, { kind: 'demo' })).toBe(true);
  });
  test('stays with its file, files in the order in which they were met', () => {
    const groups = byFile([context('/b', 'x'), context('/a', 'y'), context('/b', 'z')]);
    expect(groups.map(([file, list]) => [file, list.map((one) => one.name)])).toEqual([
      ['/b', ['x', 'z']],
      ['/a', ['y']],
    ]);
  });
});

test('A context is limited to the namespaces that were named; nothing else is, and nothing named means all', () => {
  const source = { kind: 'context', name: 'prod', file: '/a' } as const;
  expect(limited(source, ' shop, data shop ')).toEqual({ ...source, namespaces: ['shop', 'data'] });
  expect(limited(source, ' , ')).toEqual(source);
  expect(limited({ kind: 'demo' }, 'shop')).toEqual({ kind: 'demo' });
});

describe('An endpoint as text', () => {
  test('is read as an address or as namespace and pod', () => {
    expect(parseEnd(' 10.0.0.7 ')).toEqual({ ip: '10.0.0.7' });
    expect(parseEnd('2001:db8::1')).toEqual({ ip: '2001:db8::1' });
    expect(parseEnd('shop/web-0')).toEqual({ namespace: 'shop', pod: 'web-0' });
    expect(parseEnd('shop/Deployment/web')).toEqual({ namespace: 'shop', pod: 'Deployment/web' });
  });
  test('that is neither is not sent', () => {
    for (const text of ['', 'web', 'shop/', '/web', 'shop/Deployment/'])
      expect(parseEnd(text), text).toBeNull();
  });
  test('of a pod or a template is what is read back', () => {
    expect(parseEnd(endText({ namespace: 'a', name: 'b', kind: 'Pod' }))).toEqual({
      namespace: 'a',
      pod: 'b',
    });
    expect(parseEnd(endText({ namespace: 'a', name: 'b', kind: 'Job' }))).toEqual({
      namespace: 'a',
      pod: 'Job/b',
    });
  });
  test('ports are 1 to 65535 and nothing else', () => {
    expect(parsePort('1')).toBe(1);
    expect(parsePort(' 65535 ')).toBe(65535);
    for (const text of ['0', '65536', '', '-1', '80.5', '1e3', 'http'])
      expect(parsePort(text), text).toBeNull();
  });
});

describe('Findings', () => {
  const finding = (check: string, severity: Finding['severity']): Finding => ({
    check,
    severity,
    object: null,
    place: null,
    params: {},
  });
  const findings = [
    finding('a.low', 'low'),
    finding('c.mixed', 'low'),
    finding('b.high', 'high'),
    finding('c.mixed', 'high'),
    finding('d.high', 'high'),
  ];

  test('are grouped by check, the worst first, then the larger group, then by id', () => {
    expect(
      groupFindings(findings).map((group) => [group.check, group.severity, group.findings.length]),
    ).toEqual([
      ['c.mixed', 'high', 2],
      ['b.high', 'high', 1],
      ['d.high', 'high', 1],
      ['a.low', 'low', 1],
    ]);
  });
  test('of a closed group are left out, its head is not', () => {
    const lines = flatten(groupFindings(findings), new Set(['c.mixed']));
    expect(lines.map((line) => (line.type === 'head' ? line.group.check : line.finding.check))).toEqual([
      'c.mixed',
      'b.high',
      'b.high',
      'd.high',
      'd.high',
      'a.low',
      'a.low',
    ]);
  });
});

describe('Assumptions to point at', () => {
  test('are those that the user set and those that are not the usual ones, unknown included', () => {
    const found = notable([
      { name: 'ipBlockPods', value: 'match', origin: 'detected' },
      { name: 'hostNetwork', value: 'unknown', origin: 'default' },
      { name: 'serverVersion', value: '1.33', origin: 'detected' },
      { name: 'endPort', value: 'on', origin: 'user' },
      { name: 'sctp', value: 'off', origin: 'detected' },
      { name: 'enforced', value: 'yes', origin: 'detected' },
      { name: 'unselected', value: 'permit', origin: 'default' },
    ]);
    expect(found.map((record) => record.name)).toEqual(['hostNetwork', 'endPort', 'sctp']);
  });
});

describe('A long list', () => {
  test('asks for the pages that rows fall into, and for none beyond its end', () => {
    expect(pagesFor(0, 10, 200, 1000)).toEqual([0]);
    expect(pagesFor(190, 410, 200, 1000)).toEqual([0, 1, 2]);
    expect(pagesFor(990, 1100, 200, 1000)).toEqual([4]);
    expect(pagesFor(0, 10, 200, 0)).toEqual([]);
  });

  /** A list of numbers whose answers come when the test says so. */
  function slow(total: number) {
    const waiting: (() => void)[] = [];
    const asked: number[] = [];
    const pager = new Pages<number>(
      ({ offset, limit }) => {
        asked.push(offset);
        const rows = Array.from({ length: Math.min(limit, total - offset) }, (_, index) => offset + index);
        return new Promise((done) => waiting.push(() => done({ total, offset, rows })));
      },
      () => undefined,
      10,
      3,
    );
    const answer = async (index: number): Promise<void> => {
      waiting[index]?.();
      await new Promise((done) => setTimeout(done));
    };
    return { pager, asked, answer };
  }

  test('holds a few pages only, and asks again for one that it let go', async () => {
    const { pager, asked, answer } = slow(100);
    pager.reset();
    await answer(0);
    expect(pager.total).toBe(100);
    for (const [index, row] of [15, 25, 35].entries()) {
      pager.want(row, row);
      await answer(index + 1);
    }
    expect(pager.row(35)).toBe(35);
    expect(pager.row(0)).toBeUndefined();
    pager.want(0, 5);
    expect(asked).toEqual([0, 10, 20, 30, 0]);
  });

  test('never asks twice for a page that is on its way', async () => {
    const { pager, asked, answer } = slow(100);
    pager.reset();
    await answer(0);
    pager.want(10, 12);
    pager.want(10, 19);
    expect(asked).toEqual([0, 10]);
  });

  test('drops the answer to a query that was replaced', async () => {
    const { pager, answer } = slow(100);
    pager.reset();
    await answer(0);
    pager.want(10, 12);
    pager.reset();
    await answer(1);
    expect(pager.row(10)).toBeUndefined();
  });
});

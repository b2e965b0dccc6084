import { describe, expect, test } from 'vitest';
import type { DiffSummary } from '../../shared/audit/diff.ts';
import type { Following } from '../../shared/ipc.ts';
import {
  changedFigures,
  followSign,
  followWord,
  isFollowed,
  meansNothing,
  missing,
  together,
} from '../../renderer/state/following.ts';

const SUMMARY = {
  changed: false,
  policies: 0,
  namespaces: 0,
  pods: 0,
  others: 0,
  isolation: 0,
  exposed: 0,
  outside: 0,
  pairs: { gained: 0, lost: 0, other: 0 },
  findings: { added: 0, gone: 0 },
  ground: false,
} as DiffSummary;
const following = (more: Partial<Following> = {}): Following => ({
  audit: 'audit-1',
  state: 'live',
  since: null,
  reason: null,
  interrupted: [],
  notFollowed: [],
  summary: SUMMARY,
  comparedAt: '2026-01-01T00:00:00Z',
  ...more,
});
const changed = { ...SUMMARY, changed: true, pods: 3 };

describe('An audit that is followed', () => {
  test('has one word for how it stands', () => {
    expect(followWord(null)).toBe('off');
    expect(followWord(following())).toBe('unchanged');
    expect(followWord(following({ summary: changed }))).toBe('changed');
    for (const state of ['starting', 'interrupted', 'login'] as const)
      expect(followWord(following({ state, summary: changed }))).toBe(state);
    expect(followWord(following({ state: 'stopped' }))).toBe('stopped');
    expect(followWord(following({ state: 'stopped', reason: 'out of memory' }))).toBe('failed');
  });

  test('is switched on as long as watches run, or try to', () => {
    expect(isFollowed(null)).toBe(false);
    expect(isFollowed(following({ state: 'interrupted' }))).toBe(true);
    expect(isFollowed(following({ state: 'starting' }))).toBe(true);
    expect(isFollowed(following({ state: 'login' }))).toBe(false);
    expect(isFollowed(following({ state: 'stopped' }))).toBe(false);
  });

  test('never looks plainly good where something that decides verdicts is not followed', () => {
    const pods = { resource: 'pods', namespace: null, reason: 'HTTP 403', affectsVerdicts: true };
    const services = { ...pods, resource: 'services', affectsVerdicts: false };
    const settings = { ...pods, resource: 'configmaps/cilium-config', reason: null };
    expect(followSign(following()).tone).toBe('ok');
    expect(followSign(following({ notFollowed: [services, settings] })).tone).toBe('ok');
    const lacking = following({ notFollowed: [pods, services, settings] });
    expect(missing(lacking)).toEqual([pods]);
    expect(followSign(lacking).tone).toBe('warn');
    expect(followSign(following({ state: 'interrupted', notFollowed: [pods] })).tone).toBe('bad');
  });
});

describe('What changed', () => {
  test('is said in figures that are not zero, objects before their meaning', () => {
    const summary = { ...changed, policies: 1, isolation: 2, pairs: { gained: 4, lost: 0, other: 1 } };
    expect(changedFigures(summary)).toEqual([
      { of: 'policies', n: 1 },
      { of: 'pods', n: 3 },
      { of: 'isolation', n: 2 },
      { of: 'gained', n: 4 },
      { of: 'other', n: 1 },
    ]);
  });

  test('means nothing where neither isolation, reach, findings nor the ground differ', () => {
    expect(meansNothing(changed)).toBe(true);
    expect(meansNothing({ ...changed, isolation: 1 })).toBe(false);
    expect(meansNothing({ ...changed, exposed: 1 })).toBe(false);
    expect(meansNothing({ ...changed, ground: true })).toBe(false);
    expect(meansNothing(SUMMARY)).toBe(false);
  });

  test('of one workload in both directions stands together', () => {
    const row = (name: string, direction: string, pods = 1) => ({
      workload: { namespace: 'a', kind: 'Deployment', name },
      direction,
      pods,
      names: [],
    });
    const rows = [row('x', 'egress'), row('x', 'ingress'), row('y', 'ingress'), row('y', 'egress', 2)];
    const found = together({ total: 4, rows });
    expect(found.total).toBe(3);
    expect(found.rows.map((group) => group.map(({ direction }) => direction))).toEqual([
      ['egress', 'ingress'],
      ['ingress'],
      ['egress'],
    ]);
    expect(together({ total: 900, rows }).total).toBe(900);
  });
});

import { describe, expect, test } from 'vitest';
import { CHANNELS, EVENTS, isChannel, isEvent } from '../../electron/channels.ts';
import { checkedRequest } from '../../electron/requests.ts';

/** One good request a channel: what the window sends. */
const GOOD: Record<string, unknown> = {
  'app.info': undefined,
  'app.notices': undefined,
  'sources.list': undefined,
  'sources.addKubeconfig': { path: '/a' },
  'sources.removeKubeconfig': { added: '/a' },
  'logins.list': undefined,
  'logins.revoke': { id: 'abcdef012345' },
  'sources.pickPaths': { kind: 'manifests' },
  'audit.start': {
    source: { kind: 'context', name: 'prod', namespaces: ['a'] },
    options: { assume: { ipBlockPods: 'match' }, keep: true },
  },
  'audit.cancel': { job: 'job-1' },
  'audit.overview': { audit: 'audit-1' },
  'audit.pods': { audit: 'audit-1', query: { offset: 0, limit: 200, group: 'none', sort: 'name' } },
  'audit.openEgress': { audit: 'audit-1', query: { offset: 0, limit: 200, width: 'anywhere' } },
  'audit.findings': { audit: 'audit-1', query: { offset: 0, limit: 200, severity: 'high' } },
  'audit.matrix': { audit: 'audit-1', query: { level: 'workload', src: 'a', dst: 'b' } },
  'audit.explain': {
    audit: 'audit-1',
    query: { src: { namespace: 'a', pod: 'b' }, dst: { ip: '::1' }, protocol: 'TCP', port: 80 },
  },
  'audit.endpoints': { audit: 'audit-1', text: 'x', limit: 20 },
  'audit.close': { audit: 'audit-1' },
  'follow.start': { audit: 'audit-1' },
  'follow.stop': { audit: 'audit-1' },
  'follow.changes': { audit: 'audit-1' },
  'history.list': undefined,
  'history.open': { id: 1 },
  'history.delete': { ids: [1, 2] },
  'history.outlived': { olderThanDays: 90, keep: 0 },
  'history.backup': undefined,
  'export.save': { audit: 'audit-1', format: 'pdf', lang: 'ko' },
};

describe('The requests of a page', () => {
  test('may ask about every port: nothing fills in one that nobody named', () => {
    const { src, dst } = (GOOD['audit.explain'] as { query: { src: object; dst: object } }).query;
    for (const query of [
      { src, dst },
      { src, dst, protocol: 'UDP' },
    ])
      expect(checkedRequest('audit.explain', { audit: 'a', query })).toEqual({ audit: 'a', query });
  });
  test('are known for every channel, and pass as they are', () => {
    expect(Object.keys(GOOD).sort()).toEqual([...CHANNELS].sort());
    for (const channel of CHANNELS) expect(checkedRequest(channel, GOOD[channel])).toEqual(GOOD[channel]);
  });

  test('with one field more, or a wrong one, are refused and the field is named', () => {
    for (const channel of CHANNELS) {
      const good = GOOD[channel];
      const bad = good === undefined ? [{}, 'x', 1] : [{ ...good, more: 1 }, undefined, null, [], 'x'];
      for (const request of bad) {
        expect(() => checkedRequest(channel, request), `${channel} ${JSON.stringify(request)}`).toThrow(
          expect.objectContaining({ kind: 'bad-request' }),
        );
      }
    }
    expect(() => checkedRequest('sources.addKubeconfig', { text: 'x'.repeat(1_000_000) })).toThrow(
      expect.objectContaining({ place: 'text' }),
    );
    const query = { offset: 0, limit: 1_000_000 };
    expect(() => checkedRequest('audit.pods', { audit: 'a', query })).toThrow(
      expect.objectContaining({ place: 'query.limit' }),
    );
  });

  test('of names that every object has are no channels', () => {
    for (const name of ['__proto__', 'constructor', 'toString', '', null, 1]) {
      expect(isChannel(name)).toBe(false);
      expect(isEvent(name)).toBe(false);
    }
    expect(EVENTS).toContain('audit.finished');
  });
});

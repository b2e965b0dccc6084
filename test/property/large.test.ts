/** Very large clusters: where the evaluator changes over to other tables. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAudit } from '../../shared/audit/engine.ts';
import type { PodRecord, Snapshot } from '../../shared/kube/snapshot.ts';
import { cases, type Case } from './generate.ts';

const audit = (snapshot: Snapshot, assume: Case['assume'] = {}): ReturnType<typeof createAudit> =>
  createAudit(snapshot, { auditedAt: '2026-01-01T00:00:00Z', version: 'test', assume });

describe('larger clusters', () => {
  it('where each pod has a label of its own and is selected by it, one by one', { timeout: 60_000 }, () => {
    const kase = structuredClone(fc.sample(cases, { numRuns: 1, seed: 1 })[0] as Case);
    const { snapshot } = kase;
    const size = 12_000;
    snapshot.cluster = { ...snapshot.cluster, source: 'manifests', serverVersion: null };
    snapshot.namespaces = [{ name: 'a', labels: {}, labelsKnown: true, implied: false }];
    snapshot.nodes = [];
    snapshot.otherPolicies = [];
    snapshot.coverage = { ...snapshot.coverage, unreadPolicies: [] };
    snapshot.enforcement = { ...snapshot.enforcement, ingress: 'unknown', egress: 'unknown', nodes: [] };
    const name = (i: number): string => `p${String(i).padStart(5, '0')}`;
    const pod = fc.sample(cases, { numRuns: 20, seed: 2 }).flatMap((c) => c.snapshot.pods)[0] as PodRecord;
    snapshot.pods = Array.from({ length: size }, (_, i) => ({
      ...pod,
      namespace: 'a',
      name: name(i),
      kind: 'Pod',
      labels: { id: name(i) },
      ips: [],
      node: null,
      hostNetwork: false,
      phase: 'Running',
      ports: [],
      owner: null,
      replicas: 1,
    }));
    // Pod i takes connections from pod i - 1 alone, the first from nobody.
    snapshot.policies = Array.from({ length: size }, (_, i) => ({
      namespace: 'a',
      name: name(i),
      spec: {
        podSelector: { matchLabels: { id: name(i) } },
        ingress:
          i === 0
            ? []
            : [{ from: [{ podSelector: { matchLabels: { id: name(i - 1) } } }], ports: [{ port: 80 }] }],
      },
      origin: 'manifest',
    }));
    const engine = audit(snapshot);
    const end = (i: number): { namespace: string; pod: string } => ({ namespace: 'a', pod: name(i) });
    const ask = (from: number, to: number, port = 80): string | undefined =>
      engine.verdicts([{ src: end(from), dst: end(to), protocol: 'TCP', port }]).answers[0]?.verdict;
    for (const i of [1, 2, 31, 32, 33, 4095, 4096, 9999, size - 1]) {
      expect([i, ask(i - 1, i), ask(i - 1, i, 81), ask(i, i - 1), ask((i + 1) % size, i)]).toEqual([
        i,
        'permitted',
        'denied',
        'denied',
        'denied',
      ]);
    }
    expect(ask(size - 1, 0)).toBe('denied');
    expect(engine.overview().summary.pairs).toMatchObject({
      total: size * (size - 1),
      permitted: size - 1,
      full: 0,
      depends: 0,
      denied: size * (size - 1) - (size - 1),
    });
  });
});

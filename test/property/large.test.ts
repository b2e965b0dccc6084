/**
 * Larger clusters than the generator makes: where the evaluator shares work between many pods and policies, and
 * where it changes over to other tables.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAudit } from '../../shared/audit/engine.ts';
import type { Edge, Probe } from '../../shared/audit/result.ts';
import type { PodRecord, PolicyRecord, Snapshot } from '../../shared/kube/snapshot.ts';
import { plainClusterOf } from '../plain/assume.ts';
import { asVerdict, plainPair, type PlainAnswer, type PlainEnd } from '../plain/evaluate.ts';
import { sampler } from './compare.ts';
import { cases, type Case } from './generate.ts';
import { allPoints, inPoint, podEnds, type Point } from './space.ts';

const audit = (snapshot: Snapshot, assume: Case['assume'] = {}): ReturnType<typeof createAudit> =>
  createAudit(snapshot, { auditedAt: '2026-01-01T00:00:00Z', version: 'test', assume });

/** Many small clusters made one: their pods and policies in the same three namespaces, with addresses of their own. */
function merged(list: Case[]): Case {
  const first = structuredClone(list[0] as Case);
  const { snapshot } = first;
  const pods: PodRecord[] = [];
  const policies: PolicyRecord[] = [];
  const live = snapshot.cluster.source === 'context';
  for (const { snapshot: other } of list) {
    for (const pod of other.pods) {
      const n = pods.length;
      const ips = pod.hostNetwork
        ? pod.ips
        : pod.ips.map((ip) =>
            ip.includes(':') ? `fd00::${(n + 8).toString(16)}` : `10.0.${n >> 8}.${n & 255}`,
          );
      pods.push({ ...pod, name: `p${n}`, ips });
    }
    for (const policy of other.policies) {
      policies.push({ ...policy, name: `pol${policies.length}`, origin: live ? 'cluster' : 'manifest' });
    }
  }
  const order = (a: { namespace: string }, b: { namespace: string }): number =>
    a.namespace < b.namespace ? -1 : a.namespace > b.namespace ? 1 : 0;
  snapshot.pods = pods.sort(order);
  snapshot.policies = policies.sort(order);
  return first;
}

describe('larger clusters', () => {
  it('of some 60 pods and 40 policies agree with the plain evaluator', { timeout: 120_000 }, () => {
    for (let round = 0; round < 6; round++) {
      const kase = merged(fc.sample(cases, { numRuns: 18, seed: 100 + round }));
      const cluster = plainClusterOf(kase.snapshot, kase.assume);
      const engine = audit(kase.snapshot, kase.assume);
      const ends = podEnds(kase.snapshot);
      const points = allPoints(kase.snapshot);
      const random = sampler(round + 1);
      const key = (pod: PodRecord): string => `${pod.namespace}/${pod.kind}/${pod.name}`;
      const edges = new Map<string, Edge>();
      for (const edge of engine.connections('pods').edges) {
        if ('cidrs' in edge.src || 'cidrs' in edge.dst) continue;
        const [s, d] = [edge.src, edge.dst];
        edges.set(`${s.namespace}/${s.kind}/${s.name} ${d.namespace}/${d.kind}/${d.name}`, edge);
      }
      const probes: Probe[] = [];
      const plain: { src: PlainEnd; dst: PlainEnd; point: Point; answer: PlainAnswer }[] = [];
      for (let k = 0; k < 600; k++) {
        const src = ends[random(ends.length)]!;
        const dst = ends[random(ends.length)]!;
        const point = points[random(points.length)]!;
        const end = (pod: PodRecord): { namespace: string; pod: string } => ({
          namespace: pod.namespace,
          pod: pod.name,
        });
        probes.push({ src: end(src.pod), dst: end(dst.pod), ...point });
        plain.push({ src, dst, point, answer: plainPair(cluster, src, dst, point.protocol, point.port) });
      }
      engine.verdicts(probes).answers.forEach((told, k) => {
        const { src, dst, point, answer } = plain[k]!;
        if (src.type !== 'pod' || dst.type !== 'pod') return;
        const edge = edges.get(`${key(src.pod)} ${key(dst.pod)}`);
        const drawn =
          src.pod === dst.pod
            ? told.verdict
            : inPoint(edge?.conns, point)
              ? 'permitted'
              : inPoint(edge?.depends, point)
                ? 'depends'
                : 'denied';
        const fine = [asVerdict(answer.verdict), asVerdict(answer.rough)];
        expect([probes[k], fine.includes(told.verdict!), drawn]).toEqual([probes[k], true, told.verdict]);
      });
    }
  });

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

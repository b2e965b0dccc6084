/** Larger clusters than the generator makes: where the evaluator shares work between many pods and policies. */
import { describe, expect, it } from 'vitest';
import { createAudit } from '../../shared/audit/engine.ts';
import type { Edge, Probe } from '../../shared/audit/result.ts';
import type { PodRecord } from '../../shared/kube/snapshot.ts';
import { plainClusterOf } from '../plain/assume.ts';
import { asVerdict, plainPair, type PlainAnswer, type PlainEnd } from '../plain/evaluate.ts';
import { sampler } from './compare.ts';
import { merged } from './merged.ts';
import { allPoints, inPoint, podEnds, type Point } from './space.ts';

describe('larger clusters', () => {
  it('of some 60 pods and 40 policies agree with the plain evaluator', { timeout: 120_000 }, () => {
    for (let round = 0; round < 6; round++) {
      const kase = merged(round);
      const cluster = plainClusterOf(kase.snapshot, kase.assume);
      const engine = createAudit(kase.snapshot, {
        auditedAt: '2026-01-01T00:00:00Z',
        version: 'test',
        assume: kase.assume,
      });
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
});

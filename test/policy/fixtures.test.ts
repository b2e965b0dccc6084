/**
 * Little cluster folders under test/fixtures/clusters with answers worked out by hand (or found by the nightly
 * script and kept): the documentation's own examples, mistakes that other tools made, and every case that once
 * failed. Each is asked of the product and of the plain evaluator.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { IsolationState, Verdict } from '../../shared/audit/result.ts';
import type { Family, Snapshot } from '../../shared/kube/snapshot.ts';
import { snapshotOf } from '../conformance/cases.ts';
import { checkCase, newTallies } from '../property/check.ts';
import { worldOf, type Assume } from './world.ts';

const CLUSTERS = join(dirname(fileURLToPath(import.meta.url)), '..', 'fixtures', 'clusters');

interface Expected {
  about: string;
  assume?: Assume;
  /** Source, destination, port, verdict and perhaps a family. */
  probes?: [string, string, string, Verdict, Family?][];
  /** Ingress and egress of a pod. */
  states?: Record<string, [IsolationState, IsolationState]>;
  /** Default policies recognised in a namespace. */
  defaults?: Record<string, string[]>;
  /** Check, policy and field of findings that have to be there. */
  findings?: [string, string, string][];
  /** Workload edges that have to be marked partial. */
  partial?: [string, string][];
  /** Seed of the sampling that failed once. */
  seed?: number;
}

describe('cluster folders', () => {
  for (const name of readdirSync(CLUSTERS).sort()) {
    const read = (file: string): string => readFileSync(join(CLUSTERS, name, file), 'utf8');
    const expected = JSON.parse(read('expected.json')) as Expected;
    it(`${name}: ${expected.about}`, () => {
      const snapshot: Snapshot = existsSync(join(CLUSTERS, name, 'snapshot.json'))
        ? // Kept before there were lists of these.
          ({ endpointSlices: [], ingresses: [], ...JSON.parse(read('snapshot.json')) } as Snapshot)
        : snapshotOf(read('manifests.yaml'), `${name}/manifests.yaml`);
      const w = worldOf(snapshot, expected.assume);
      for (const [src, dst, port, verdict, family] of expected.probes ?? []) {
        expect([src, dst, port, family, w.verdict(src, dst, port, family)]).toEqual([
          src,
          dst,
          port,
          family,
          verdict,
        ]);
      }
      for (const [pod, states] of Object.entries(expected.states ?? {})) {
        expect([pod, w.state(pod, 'ingress'), w.state(pod, 'egress')]).toEqual([pod, ...states]);
      }
      const { namespaces } = w.engine.overview();
      for (const [namespace, defaults] of Object.entries(expected.defaults ?? {})) {
        expect(namespaces.find((n) => n.name === namespace)?.defaults).toEqual(defaults);
      }
      const findings = w.engine.allFindings().map((f) => [f.check, f.object?.name, f.place?.field]);
      for (const finding of expected.findings ?? []) expect(findings).toContainEqual(finding);
      const edges = [...w.engine.connections('workloads').edges];
      for (const [from, to] of expected.partial ?? []) {
        const edge = edges.find((e) => {
          const text = (node: typeof e.src): string =>
            'cidrs' in node ? '' : `${node.namespace}/${node.kind}/${node.name}`;
          return text(e.src) === from && text(e.dst) === to;
        });
        expect(edge?.partial).toBe(true);
      }
      // Whatever else can be asked of it, both evaluators agree.
      const found = checkCase({ snapshot, assume: expected.assume ?? {} }, expected.seed ?? 1, newTallies());
      expect(found).toEqual([]);
    });
  }
});

/**
 * Conformance: cases of public suites, asked of the product and of the plain evaluator. They lie beside the
 * repository (cases.ts); where they are absent the tests are skipped and say so.
 */
import { afterAll, describe, expect, it } from 'vitest';
import type { Protocol } from '../../shared/kube/snapshot.ts';
import { casesOf, CONFORMANCE, present, readJson, readSnapshot } from './cases.ts';
import { views } from './views.ts';
import { workloadDifferences, type ExpectedEdge, type Meta } from './workloads.ts';

interface ProbeCase {
  src: string;
  dst: string;
  protocol: Protocol;
  port: number;
  allowed: boolean;
}

function probesOf(folder: string, name: string): ProbeCase[] {
  if (folder === 'cyclonus') {
    const list = readJson(folder, name, 'predicted-probes.json') as [
      string,
      string,
      Protocol,
      number,
      boolean,
    ][];
    return list.map(([src, dst, protocol, port, allowed]) => ({ src, dst, protocol, port, allowed }));
  }
  type Raw = Omit<ProbeCase, 'src' | 'dst'> & Record<'src' | 'dst', { namespace: string; pod: string }>;
  const list = readJson(folder, name, 'expected-probes.json') as Raw[];
  const end = (e: { namespace: string; pod: string }): string => `${e.namespace}/${e.pod}`;
  return list.map((probe) => ({ ...probe, src: end(probe.src), dst: end(probe.dst) }));
}

/**
 * Predicted answers of folder `cyclonus` that were weighed and found wrong, case by case:
 * 'case src dst PROTOCOL/port' → why ours is right, with the passage that says so. None so far.
 */
const WEIGHED: Record<string, string> = {};

const counts = new Map<string, { agree: number; cases: number; points: number }>();
const count = (folder: string, points: number, agrees: boolean): void => {
  const sum = counts.get(folder) ?? { agree: 0, cases: 0, points: 0 };
  counts.set(folder, sum);
  sum.cases++;
  sum.points += points;
  if (agrees) sum.agree++;
};
const title = present ? CONFORMANCE : `skipped: folder absent (${CONFORMANCE})`;

afterAll(() => {
  for (const [folder, { agree, cases, points }] of counts) {
    console.log(`conformance ${folder}: ${agree} of ${cases} cases agree, ${points} points`);
  }
});

for (const folder of ['k8s-e2e-netpol', 'cyclonus']) {
  describe.skipIf(!present)(`${folder}: ${title}`, () => {
    it.each(casesOf(folder))('%s', (name) => {
      const snapshot = readSnapshot(folder, name);
      const probes = probesOf(folder, name);
      expect(probes.length).toBeGreaterThan(0);
      // Of a time before strict addresses: k8s-e2e-netpol step 35 has a block with host bits (S11).
      for (const view of views(snapshot, { serverVersion: '1.35' })) {
        const differences = probes.flatMap(({ src, dst, protocol, port, allowed }) => {
          const verdict = view.pods(src, dst, { protocol, port });
          if (verdict === (allowed ? 'permitted' : 'denied')) return [];
          const place = `${src} ${dst} ${protocol}/${port}`;
          return WEIGHED[`${name} ${place}`]
            ? []
            : [`${place}: expected ${allowed}, ${view.name} says ${verdict}`];
        });
        if (view.name === 'product') count(folder, probes.length, differences.length === 0);
        expect(differences).toEqual([]);
      }
    });
  });
}

const metaOf = (name: string): Meta => readJson('netpol-analyzer', name, 'meta.json') as Meta;
const analyzer = casesOf('netpol-analyzer').filter((name) => !metaOf(name).tags.includes('anp'));

describe.skipIf(!present)(`netpol-analyzer without admin policies: ${title}`, () => {
  it.each(analyzer)('%s', (name) => {
    const snapshot = readSnapshot('netpol-analyzer', name);
    const expected = readJson('netpol-analyzer', name, 'expected.json') as ExpectedEdge[];
    // That tool's ipBlock never matches a pod.
    for (const view of views(snapshot, { ipBlockPods: 'ignore' })) {
      const { differences, compared } = workloadDifferences(view, snapshot, expected, metaOf(name));
      if (view.name === 'product') count('netpol-analyzer', compared, differences.length === 0);
      expect(differences).toEqual([]);
    }
  });

  const withHostNetwork = analyzer.filter((name) => metaOf(name).quirk_nodes.length > 0);
  it.each(withHostNetwork)('%s, with hostNetwork pods taken as ordinary ones as that tool does', (name) => {
    const snapshot = readSnapshot('netpol-analyzer', name);
    // S7 would permit what comes from a pod's own node; that tool knows no nodes.
    snapshot.pods = snapshot.pods.map((pod) => ({ ...pod, hostNetwork: false }));
    const expected = readJson('netpol-analyzer', name, 'expected.json') as ExpectedEdge[];
    for (const view of views(snapshot, { ipBlockPods: 'ignore' })) {
      const meta = { ...metaOf(name), quirk_nodes: [] };
      const { differences, compared } = workloadDifferences(view, snapshot, expected, meta);
      expect(compared).toBeGreaterThan(0);
      if (view.name === 'product')
        count('netpol-analyzer, hostNetwork as pods', compared, differences.length === 0);
      expect(differences).toEqual([]);
    }
  });
});

/** Manifests that others wrote, where they are at hand; without them the test says so and passes. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checks, snapshotOf } from './read.ts';

const FOLDER = new URL('../../../shared/conformance/', import.meta.url);

/** The suites about NetworkPolicy. The folder holds others too, of kinds that make the coverage incomplete. */
const SUITES = ['k8s-e2e-netpol', 'netpol-analyzer', 'network-policy-api-cnp', 'cyclonus'];

interface Node {
  namespace?: string;
  workload?: string;
  kind?: string;
}

if (!existsSync(FOLDER)) {
  test('the cases of other suites are not here: their manifests are skipped', () => {
    expect(existsSync(FOLDER)).toBe(false);
  });
} else {
  test.each(SUITES)('every case of %s is read without loss', (suite) => {
    let cases = 0;
    for (const name of readdirSync(new URL(`${suite}/`, FOLDER))) {
      const folder = new URL(`${suite}/${name}/`, FOLDER);
      const manifests = new URL('manifests.yaml', folder);
      if (!existsSync(manifests)) continue;
      cases++;
      const snapshot = snapshotOf({ [name]: readFileSync(manifests, 'utf8') });
      expect(snapshot.coverage.complete).toBe(true);
      // What those suites take and kubectl or the API would not: names with underscores, mistyped ports, a bare y or n.
      for (const check of checks(snapshot))
        expect(['input.invalid-object', 'input.yaml-letter-name', 'input.yaml-boolean']).toContain(check);
      const expected = new URL('expected.json', folder);
      if (!existsSync(expected)) continue;
      const known = new Set(
        snapshot.pods.map(
          (pod) => `${pod.namespace}/${pod.owner?.kind ?? pod.kind}/${pod.owner?.name ?? pod.name}`,
        ),
      );
      const edges = JSON.parse(readFileSync(expected, 'utf8')) as { src: Node; dst: Node }[];
      for (const node of edges.flatMap(({ src, dst }) => [src, dst]))
        if (node.workload !== undefined)
          expect(known).toContain(`${node.namespace}/${node.kind}/${node.workload}`);
    }
    expect(cases).toBeGreaterThan(0);
  });
}

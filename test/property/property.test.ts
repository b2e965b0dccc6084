/**
 * The product against the plain evaluator on generated clusters. The seed is fixed, so that a change that fails
 * here fails again; `npm run nightly` looks further, each time elsewhere, and `npm run mutate` takes fewer clusters.
 */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { checkCase, newTallies, tell } from './check.ts';
import { cases, type Case } from './generate.ts';
import { shrinkCase } from './shrink.ts';

const SEED = Number(process.env['BULKHEAD_SEED'] ?? 20_261_122);
const CLUSTERS = Number(process.env['BULKHEAD_CLUSTERS'] ?? 500);
/** Clusters a test: small enough that a failure, and a mutant, shows soon. */
const SHARE = 50;

let made: Case[] | null = null;
const clusters = (): Case[] => (made ??= fc.sample(cases, { numRuns: CLUSTERS, seed: SEED }));

const shares = Array.from({ length: Math.ceil(CLUSTERS / SHARE) }, (_, i): [number, number] => [
  i * SHARE,
  Math.min((i + 1) * SHARE, CLUSTERS) - 1,
]);

describe.each([
  ['verdicts, isolation, connections, matrix and open egress', { views: true, reasons: false }],
  [
    'reasons: named rules permit, named remedies permit, named values decide',
    { views: false, reasons: true },
  ],
])('the product and the plain evaluator agree on %s', (what, parts) => {
  const tallies = newTallies();
  afterAll(() => {
    console.log(`${what}: ${CLUSTERS} clusters, ${JSON.stringify(tallies)}`);
  });
  it.each(shares)('in the generated clusters %i to %i', { timeout: 120_000 }, (first, last) => {
    for (let i = first; i <= last; i++) {
      const kase = clusters()[i] as Case;
      const found = checkCase(kase, i, tallies, parts);
      if (found.length === 0) continue;
      // A mutant is only to be noticed, which small examples do not need.
      const small = process.env['BULKHEAD_MUTANTS'] ? { kase, difference: found[0]! } : shrink(kase, i);
      expect.fail(
        `cluster ${i} of seed ${SEED}: ${small.difference.what} ${small.difference.where}: ` +
          `the plain evaluator says ${small.difference.ours}, the product ${small.difference.theirs}\n${tell(small.kase)}`,
      );
    }
  });
  const shrink = (kase: Case, i: number): ReturnType<typeof shrinkCase> =>
    shrinkCase(kase, (k) => checkCase(k, i, newTallies(), parts));
});

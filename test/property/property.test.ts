/**
 * The product against the plain evaluator on generated clusters. The seed is fixed, so that a change that fails
 * here fails again; `npm run nightly` looks further, each time elsewhere.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkCase, newTallies, tell } from './check.ts';
import { cases } from './generate.ts';
import { shrinkCase } from './shrink.ts';

const SEED = Number(process.env['BULKHEAD_SEED'] ?? 20_261_122);
const CLUSTERS = 500;

function run(parts: { views: boolean; reasons: boolean }, title: string): void {
  const tallies = newTallies();
  fc.sample(cases, { numRuns: CLUSTERS, seed: SEED }).forEach((kase, i) => {
    const found = checkCase(kase, i, tallies, parts);
    if (found.length === 0) return;
    const small = shrinkCase(kase, (k) => checkCase(k, i, newTallies(), parts));
    expect.fail(
      `cluster ${i} of seed ${SEED}: ${small.difference.what} ${small.difference.where}: ` +
        `the plain evaluator says ${small.difference.ours}, the product ${small.difference.theirs}\n${tell(small.kase)}`,
    );
  });
  console.log(`${title}: ${CLUSTERS} clusters, ${JSON.stringify(tallies)}`);
}

describe(`the product and the plain evaluator on ${CLUSTERS} generated clusters`, () => {
  it('agree on verdicts, isolation, connections, matrix and open egress', { timeout: 120_000 }, () => {
    run({ views: true, reasons: false }, 'views');
  });
  it(
    'agree on reasons: named rules permit, named remedies permit, named values decide',
    { timeout: 120_000 },
    () => {
      run({ views: false, reasons: true }, 'reasons');
    },
  );
});

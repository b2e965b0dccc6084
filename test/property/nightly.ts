/**
 * Many more generated clusters, and kills in the middle of writing, than `npm test` has time for.
 *   npm run nightly -- [--count 20000] [--kills 1000] [--seed N] [--keep]
 * Prints progress; a failing cluster is made small and written to test/fixtures/clusters/found-SEED-N, where the
 * tests take it up. Exit 1 when one failed. `--keep` goes on after the first.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { killManyTimes } from '../history/kills.ts';
import { checkCase, newTallies, tell } from './check.ts';
import { cases } from './generate.ts';
import { shrinkCase } from './shrink.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    kills: { type: 'string', default: '1000' },
    keep: { type: 'boolean', default: false },
  },
});
const count = Number(values.count);
const seed = Number(values.seed);
const BATCH = 1000;
const clusters = join(dirname(fileURLToPath(import.meta.url)), '..', 'fixtures', 'clusters');

const tallies = newTallies();
const started = performance.now();
let done = 0;
let failed = 0;
console.log(`${count} clusters from seed ${seed}`);
outer: for (let batch = 0; done < count; batch++) {
  for (const kase of fc.sample(cases, { numRuns: Math.min(BATCH, count - done), seed: seed + batch })) {
    const found = checkCase(kase, done, tallies);
    done++;
    if (found.length === 0) continue;
    failed++;
    const at = done - 1;
    const { kase: small, difference } = shrinkCase(kase, (k) => checkCase(k, at, newTallies()));
    const folder = join(clusters, `found-${seed}-${at}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'snapshot.json'), `${JSON.stringify(small.snapshot, null, 2)}\n`);
    writeFileSync(
      join(folder, 'expected.json'),
      `${JSON.stringify({ about: `${difference.what} ${difference.where}`, assume: small.assume, seed: at }, null, 2)}\n`,
    );
    console.log(`\n${difference.what} ${difference.where}`);
    console.log(`the plain evaluator says ${difference.ours}, the product ${difference.theirs}`);
    console.log(`${tell(small)}\nwritten to ${folder}\n`);
    if (!values.keep) break outer;
  }
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`${done} of ${count}, ${failed} failed, ${seconds} s, ${JSON.stringify(tallies)}`);
}

const kills = Number(values.kills);
if (kills > 0) {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-kills-'));
  const from = performance.now();
  try {
    const result = await killManyTimes(folder, kills, seed % 1_000_000);
    console.log(
      `${JSON.stringify(result)}, nothing lost, ${Math.round((performance.now() - from) / 1000)} s`,
    );
    rmSync(folder, { recursive: true, force: true });
  } catch (thrown) {
    failed++;
    console.log(`${(thrown as Error).message}\nwhat is left lies in ${folder}`);
  }
}
process.exitCode = failed > 0 ? 1 : 0;

/**
 * Mutation testing of the evaluator's core; run it with `npm run mutate` (build/stryker.mjs), which brings Stryker.
 * What survived, and why, is in test/property/SURVIVORS.md.
 */
import { fileURLToPath } from 'node:url';

export default {
  mutate: ['shared/net/**/*.ts', 'shared/policy/**/*.ts'],
  plugins: [fileURLToPath(new URL('./stryker.runner.mjs', import.meta.url))],
  testRunner: 'in-one-process',
  coverageAnalysis: 'perTest',
  // A mutant that takes half as long again as its tests take, and three seconds, will not end.
  timeoutFactor: 1.5,
  timeoutMS: 3000,
  concurrency: 1,
  reporters: ['clear-text', 'json', 'html', 'progress-append-only'],
  jsonReporter: { fileName: 'test-results/mutation/mutation.json' },
  htmlReporter: { fileName: 'test-results/mutation/mutation.html' },
  clearTextReporter: { logTests: false, reportTests: false },
  ignorePatterns: ['dist', 'release', 'test-results', 'renderer', '.git', '.github', '.ci'],
  thresholds: { high: 95, low: 90, break: 90 },
};

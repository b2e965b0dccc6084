/** From the reports of the test runners to true counts. */

/** @typedef {{passed: number, failed: number, skipped: number}} Counts */

/** @returns {Counts} */
export const none = () => ({ passed: 0, failed: 0, skipped: 0 });

/**
 * @param {Counts[]} list
 * @returns {Counts}
 */
export function sum(list) {
  const total = none();
  for (const { passed, failed, skipped } of list) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}

/**
 * The counts with at least one failure, where the runner itself says that something failed: an error outside of any
 * test must not pass unseen.
 * @param {Counts} counts
 * @param {number} exitCode
 * @returns {Counts}
 */
export const held = (counts, exitCode) =>
  exitCode !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;

/**
 * Counts of a vitest JSON report. A file that could not be loaded has no tests, and counts as one failure.
 * @param {any} report
 * @returns {Counts}
 */
export function vitestCounts(report) {
  const counts = none();
  for (const file of report?.testResults ?? []) {
    const tests = file.assertionResults ?? [];
    for (const { status } of tests) {
      if (status === 'passed') counts.passed++;
      else if (status === 'failed') counts.failed++;
      else counts.skipped++;
    }
    const shown = tests.some((/** @type {any} */ test) => test.status === 'failed');
    if (file.status === 'failed' && !shown) counts.failed++;
  }
  return counts;
}

/**
 * Counts of a Playwright JSON report, by project.
 * @param {any} report
 * @param {string[]} projects those that must be there
 * @returns {Record<string, Counts>}
 */
export function playwrightCounts(report, projects) {
  /** @type {Record<string, Counts>} */
  const counts = Object.fromEntries(projects.map((name) => [name, none()]));
  /** @param {any} suite */
  const visit = (suite) => {
    for (const spec of suite.specs ?? [])
      for (const test of spec.tests ?? []) {
        const own = (counts[test.projectName] ??= none());
        if (test.status === 'expected') own.passed++;
        else if (test.status === 'skipped') own.skipped++;
        else own.failed++;
      }
    for (const inner of suite.suites ?? []) visit(inner);
  };
  for (const suite of report?.suites ?? []) visit(suite);
  return counts;
}

import { describe, expect, it } from 'vitest';
import { held, playwrightCounts, sum, vitestCounts } from '../../build/counts.mjs';
import { e2eCounts, plan } from '../../build/test.mjs';

describe('counting', () => {
  it('counts each vitest test by what became of it', () => {
    const tests = ['passed', 'passed', 'failed', 'pending', 'todo', 'skipped'].map((status) => ({ status }));
    const report = { testResults: [{ status: 'failed', assertionResults: tests }] };
    expect(vitestCounts(report)).toEqual({ passed: 2, failed: 1, skipped: 3 });
  });

  it('counts a test file that could not be loaded, or failed outside of its tests, as a failure', () => {
    expect(vitestCounts({ testResults: [{ status: 'failed', assertionResults: [] }] }).failed).toBe(1);
    const after = { status: 'failed', assertionResults: [{ status: 'passed' }] };
    expect(vitestCounts({ testResults: [after] })).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  it('has nothing to count in a report that was never written', () => {
    expect(vitestCounts(null)).toEqual({ passed: 0, failed: 0, skipped: 0 });
  });

  it('counts Playwright tests of nested suites by project, flaky ones as failed', () => {
    const spec = (projectName: string, status: string) => ({ tests: [{ projectName, status }] });
    const report = {
      suites: [
        {
          specs: [spec('serve', 'expected'), spec('electron', 'unexpected')],
          suites: [{ specs: [spec('serve', 'flaky'), spec('electron', 'skipped')] }],
        },
      ],
    };
    expect(playwrightCounts(report, ['serve', 'electron'])).toEqual({
      serve: { passed: 1, failed: 1, skipped: 0 },
      electron: { passed: 0, failed: 1, skipped: 1 },
    });
  });

  it('makes a backend without a spec a failure, skipped ones included', () => {
    const serve = { passed: 4, failed: 0, skipped: 0 };
    expect(e2eCounts({ serve, electron: { passed: 0, failed: 0, skipped: 4 } })).toEqual({
      passed: 4,
      failed: 1,
      skipped: 4,
    });
    expect(e2eCounts({ serve, electron: serve }).failed).toBe(0);
    expect(e2eCounts(playwrightCounts(null, ['serve', 'electron'])).failed).toBe(2);
  });

  it('believes a runner that says it failed, though no test did', () => {
    const counts = { passed: 3, failed: 0, skipped: 0 };
    expect(held(counts, 1).failed).toBe(1);
    expect(held(counts, 0)).toEqual(counts);
    expect(held({ ...counts, failed: 2 }, 1).failed).toBe(2);
  });

  it('sums', () => {
    const counts = { passed: 1, failed: 2, skipped: 3 };
    expect(sum([counts, counts])).toEqual({ passed: 2, failed: 4, skipped: 6 });
  });
});

describe('choosing what to test', () => {
  it('is everything when nothing is named', () => {
    expect([...plan([]).stages]).toEqual(['lint', 'format', 'types', 'unit', 'e2e']);
  });

  it('takes stages by name', () => {
    expect([...plan(['unit', 'lint']).stages].sort()).toEqual(['lint', 'unit']);
  });

  it('gives a path to the runner it belongs to', () => {
    const both = plan(['test/net', 'test/e2e/audit.spec.ts']);
    expect([...both.stages].sort()).toEqual(['e2e', 'unit']);
    expect(both.unit).toEqual(['test/net']);
    expect(both.e2e).toEqual(['test/e2e/audit.spec.ts']);
  });

  it('passes flags on to the one runner that is asked for', () => {
    expect(plan(['e2e', '--project=serve']).e2e).toEqual(['--project=serve']);
  });
});

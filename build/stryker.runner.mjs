/**
 * Runs the tests of the evaluator's core for Stryker: in one process that stays, so that a mutant costs the tests that
 * notice it and not a start of vitest, which is some hundred times as much. Test files are loaded once, with Node's
 * own type stripping; their `vitest` is build/stryker.vitest.mjs, which collects tests and has vitest's own `expect`.
 *
 * A test that takes four times as long as without a mutant, and a second, is ended and counts as a timeout.
 * What a test file makes when it is loaded is the same for every mutant: tests have to make what they ask.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';

/**
 * All with fixed seeds, since a mutant that only some runs notice has no score. The tests of many pods
 * (test/property/merged.test.ts, large.test.ts) are left out: they would take longer than all others.
 */
const TESTS = ['net/*', 'policy/*', 'property/property', 'property/merged'].map(
  (name) => `test/${name}.test.ts`,
);
const CLUSTERS = '30';
/** Where the first run leaves, for the process that comes after one that was ended, how long each test takes. */
const TOOK = 'stryker-took.json';

/** Calls what is in this global; a script is what V8 can interrupt. */
const CALL = new Script('globalThis.bulkheadTest()');

/**
 * Runs a test; gives false where it was ended after so many milliseconds.
 * @param {() => unknown} run
 * @param {number} timeout
 */
async function within(run, timeout) {
  globals['bulkheadTest'] = run;
  try {
    await CALL.runInThisContext({ timeout });
    return true;
  } catch (error) {
    if (/** @type {any} */ (error)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false;
    throw error;
  }
}

/** @type {Record<string, any>} */
const globals = globalThis;
/** What instrumented code reads and counts. */
const stryker = (globals['__stryker__'] ??= {});

const collector = new URL('./stryker.vitest.mjs', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'vitest' && context.parentURL !== collector
      ? { url: collector, shortCircuit: true }
      : next(specifier, context),
  load: (url, context, next) => {
    const loaded = next(url, context);
    if (!/\/shared\/(net|policy)\//.test(url) || !loaded.source) return loaded;
    // Once coverage is known, counting it again is half of the time.
    const source = String(loaded.source).replace('function cover() {', '$& if (ns.silent) return;');
    return { ...loaded, source };
  },
});

/** @typedef {{id: string, name: string, fileName: string, run: () => unknown}} Test */

/** Loads every test file of the sandbox. */
async function load() {
  process.env['BULKHEAD_CLUSTERS'] = CLUSTERS;
  process.env['BULKHEAD_MUTANTS'] = 'yes';
  const { collect } = await import(collector);
  await import(pathToFileURL(resolve('test/property/fixedSeed.ts')).href);
  /** @type {Map<string, Test>} */
  const tests = new Map();
  for (const path of TESTS.flatMap((pattern) => globSync(pattern)).sort()) {
    const fileName = resolve(path);
    const found = await collect(() => import(pathToFileURL(fileName).href));
    for (const { name, run } of found) {
      let id = `${path}#${name}`;
      while (tests.has(id)) id += ' again';
      tests.set(id, { id, name, fileName, run });
    }
  }
  return tests;
}

/** @param {unknown} error */
const told = (error) => (error instanceof Error ? error.message : String(error)).slice(0, 500);

/** The test runner that Stryker asks (its TestRunner interface). */
class InOneProcess {
  /** @type {Map<string, Test> | null} */
  tests = null;
  /** Milliseconds of each test. @type {Record<string, number> | null} */
  took = null;

  capabilities() {
    // Modules are loaded once: for a mutant of what runs at loading, Stryker has to start anew.
    return { reloadEnvironment: false };
  }

  async dryRun() {
    stryker.silent = false;
    this.tests = await load();
    const results = [];
    /** @type {Record<string, number>} */
    const took = {};
    for (const { id, name, fileName, run } of this.tests.values()) {
      stryker.currentTestId = id;
      const start = performance.now();
      let failureMessage;
      try {
        await run();
      } catch (error) {
        failureMessage = told(error);
      }
      took[id] = performance.now() - start;
      const result = { id, name, fileName, timeSpentMs: took[id] };
      results.push(
        failureMessage === undefined ? { ...result, status: 0 } : { ...result, status: 1, failureMessage },
      );
    }
    stryker.currentTestId = undefined;
    this.took = took;
    writeFileSync(TOOK, JSON.stringify(took));
    return { status: 'complete', tests: results, mutantCoverage: stryker.mutantCoverage };
  }

  /**
   * @param {{activeMutant: {id: string}, testFilter?: string[], mutantActivation: 'static' | 'runtime'}} options
   */
  async mutantRun({ activeMutant, testFilter, mutantActivation }) {
    const mutant = activeMutant.id;
    /** @type {Record<string, number>} */
    const took = (this.took ??= JSON.parse(readFileSync(TOOK, 'utf8')));
    stryker.silent = true;
    stryker.activeMutant = mutantActivation === 'static' ? mutant : undefined;
    let failed;
    let nrOfTests = 0;
    try {
      this.tests ??= await load();
      const asked = testFilter ? new Set(testFilter) : null;
      const tests = [...this.tests.values()]
        .filter((test) => !asked || asked.has(test.id))
        .sort((a, b) => (took[a.id] ?? 0) - (took[b.id] ?? 0));
      stryker.activeMutant = mutant;
      for (const { id, run } of tests) {
        nrOfTests++;
        try {
          if (!(await within(run, 1000 + Math.ceil(4 * (took[id] ?? 0)))))
            return { status: 'timeout', reason: id };
        } catch (error) {
          failed = { id, message: told(error) };
          break;
        }
      }
    } catch (error) {
      // Only a mutant of what runs at loading gets here.
      failed = { id: [...(this.tests?.keys() ?? ['loading'])][0], message: told(error) };
    } finally {
      stryker.activeMutant = undefined;
    }
    return failed
      ? { status: 'killed', killedBy: [failed.id], failureMessage: failed.message, nrOfTests }
      : { status: 'survived', nrOfTests };
  }
}

const factory = () => new InOneProcess();
factory.inject = /** @type {const} */ ([]);

export const strykerPlugins = [{ kind: 'TestRunner', name: 'in-one-process', factory }];

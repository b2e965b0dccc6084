/**
 * `npm test`: from a bare clone to true counts. Installs and builds where needed, then runs lint, format, type check,
 * the vitest tests and the end-to-end tests; a stage that fails does not stop the next.
 *
 *   npm test                        everything
 *   npm test -- lint types unit     some stages: lint, format, types, unit, e2e
 *   npm test -- test/net            the tests whose path contains this (end-to-end below test/e2e)
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureChromium } from './browser.mjs';
import { held, none, playwrightCounts, sum, vitestCounts } from './counts.mjs';
import { fromRoot, ROOT } from './paths.mjs';
import { nodeBinary } from './stamps.mjs';
import { endChildrenOnSignal, ensureBuilt, ensureInstalled, interrupted, run } from './steps.mjs';

/** @typedef {import('./counts.mjs').Counts} Counts */
/** @typedef {{name: string, counts: Counts, seconds: number, note?: string}} Outcome */

const STAGES = ['lint', 'format', 'types', 'unit', 'e2e'];
const BACKENDS = ['serve', 'electron'];

/** Where `.ci/run` and others read the result. */
const RESULT = fromRoot('node_modules/.cache/bulkhead/test-result.json');

/**
 * What the arguments ask for.
 * @param {string[]} args
 * @returns {{stages: Set<string>, unit: string[], e2e: string[]}} stages, and what each runner is passed on
 */
export function plan(args) {
  const named = args.filter((arg) => STAGES.includes(arg));
  const rest = args.filter((arg) => !STAGES.includes(arg));
  const stages = new Set(named);
  /** @param {string} arg */
  const isE2e = (arg) => /(^|[\\/])e2e([\\/]|$)|\.spec\.ts/.test(arg);
  const paths = rest.filter((arg) => !arg.startsWith('-'));
  if (named.length === 0) {
    for (const path of paths) stages.add(isE2e(path) ? 'e2e' : 'unit');
    if (paths.length === 0) for (const stage of STAGES) stages.add(stage);
  }
  const flags = rest.filter((arg) => arg.startsWith('-'));
  return {
    stages,
    unit: [...paths.filter((path) => !isE2e(path)), ...(stages.has('e2e') ? [] : flags)],
    e2e: [...paths.filter(isE2e), ...(stages.has('unit') ? [] : flags)],
  };
}

/**
 * The end-to-end counts as one: no spec on a backend is a failure, since then that backend was not tested at all.
 * @param {Record<string, Counts>} byBackend
 * @returns {Counts}
 */
export function e2eCounts(byBackend) {
  return sum(
    Object.values(byBackend).map((counts) =>
      counts.passed + counts.failed === 0 ? { ...counts, failed: 1 } : counts,
    ),
  );
}

/** @param {string} line */
const say = (line) => void process.stdout.write(`${line}\n`);

/** @param {string} file @returns {any} */
function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/** The tools' environment: their Node first in PATH, for what they start in turn. */
function environment() {
  const bin = fromRoot('node_modules/.bin');
  return { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` };
}

/**
 * Runs an installed tool.
 * @param {string} script under the root
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
async function tool(script, args, env = environment()) {
  return (await run(nodeBinary(ROOT), [fromRoot(script), ...args], { env })).code;
}

/** A check that is one test. @param {string} name @param {() => Promise<number>} check @returns {Promise<Outcome>} */
async function one(name, check) {
  const started = Date.now();
  const code = await check();
  const counts = { ...none(), ...(code === 0 ? { passed: 1 } : { failed: 1 }) };
  return { name, counts, seconds: (Date.now() - started) / 1000 };
}

/** @param {string[]} args @returns {Promise<Outcome>} */
async function unit(args) {
  const started = Date.now();
  const json = fromRoot('node_modules/.cache/bulkhead/vitest.json');
  rmSync(json, { force: true });
  const code = await tool('node_modules/vitest/vitest.mjs', [
    'run',
    '--config=build/vitest.config.mjs',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${json}`,
    ...args,
  ]);
  return {
    name: 'unit',
    counts: held(vitestCounts(readJson(json)), code),
    seconds: (Date.now() - started) / 1000,
  };
}

/** @param {string[]} args @returns {Promise<Outcome>} */
async function e2e(args) {
  const started = Date.now();
  const seconds = () => (Date.now() - started) / 1000;
  const browser = await ensureChromium(say);
  if (!browser) {
    const why = process.env['BULKHEAD_CHROMIUM']
      ? `BULKHEAD_CHROMIUM names no browser that starts: ${process.env['BULKHEAD_CHROMIUM']}`
      : 'no Chromium on this machine, and none could be brought (BULKHEAD_CHROMIUM may name one)';
    say(`End-to-end tests FAILED: ${why}.`);
    return { name: 'e2e', counts: { ...none(), failed: 1 }, seconds: seconds(), note: 'no browser' };
  }
  const json = fromRoot('node_modules/.cache/bulkhead/e2e.json');
  rmSync(json, { force: true });
  const code = await tool(
    'node_modules/@playwright/test/cli.js',
    ['test', '--config=build/playwright.config.ts', ...args],
    { ...environment(), BULKHEAD_CHROMIUM: browser, BULKHEAD_E2E_JSON: json },
  );
  const byBackend = playwrightCounts(readJson(json), BACKENDS);
  const note = Object.entries(byBackend)
    .map(([name, { passed, failed }]) => `${name}: ${passed + failed} specs`)
    .join(', ');
  return { name: 'e2e', counts: held(e2eCounts(byBackend), code), seconds: seconds(), note };
}

/** @param {Outcome[]} outcomes */
function report(outcomes) {
  say('');
  for (const { name, counts, seconds, note } of outcomes) {
    const parts = [`${counts.passed} passed`, `${counts.failed} failed`];
    if (counts.skipped > 0) parts.push(`${counts.skipped} skipped`);
    say(`${name.padEnd(8)}${parts.join(', ')}  (${seconds.toFixed(1)} s${note ? `; ${note}` : ''})`);
  }
  const total = sum(outcomes.map((outcome) => outcome.counts));
  mkdirSync(fromRoot('node_modules/.cache/bulkhead'), { recursive: true });
  writeFileSync(RESULT, JSON.stringify({ ...total, stages: outcomes }));
  say(`${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

async function main() {
  endChildrenOnSignal();
  rmSync(RESULT, { force: true });
  const { stages, unit: unitArgs, e2e: e2eArgs } = plan(process.argv.slice(2));
  const started = Date.now();
  if (!(await ensureInstalled(say))) return 1;

  /** @type {Outcome[]} */
  const outcomes = [];
  if ((stages.has('unit') || stages.has('e2e')) && !(await ensureBuilt(say))) {
    // What tests the build will fail too; the build's own failure is counted as such.
    outcomes.push({
      name: 'build',
      counts: { ...none(), failed: 1 },
      seconds: (Date.now() - started) / 1000,
    });
  }
  /** @type {[string, () => Promise<Outcome>][]} */
  const all = [
    ['lint', () => one('lint', () => tool('build/lint.mjs', []))],
    ['format', () => one('format', () => tool('build/lint.mjs', ['--format']))],
    ['types', () => one('types', () => tool('build/typecheck.mjs', []))],
    ['unit', () => unit(unitArgs)],
    ['e2e', () => e2e(e2eArgs)],
  ];
  for (const [name, stage] of all) {
    if (!stages.has(name) || interrupted) continue;
    say(`\n== ${name}`);
    outcomes.push(await stage());
  }
  if (interrupted) return 130;
  return report(outcomes);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const code = await main();
  process.exitCode ||= code;
}

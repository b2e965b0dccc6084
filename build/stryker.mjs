/**
 * `npm run mutate`: mutation testing of shared/net and shared/policy with Stryker (build/stryker.config.mjs).
 *
 *   npm run mutate                                        all files: about twenty minutes on one core
 *   npm run mutate -- --mutate shared/net/ip.ts           one file
 *   npm run mutate -- --concurrency 2                     more cores; what is passed goes to Stryker
 *
 * Stryker is no dependency of the project, so that `npm ci`, and with it the first `npm start`, stays short for
 * everyone. The first run fetches the version below into node_modules/.cache/stryker. The report is
 * test-results/mutation/mutation.html; exit code 1 says that fewer than 90 % were noticed.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fromRoot, ROOT } from './paths.mjs';
import { nodeBinary } from './stamps.mjs';
import { endChildrenOnSignal, ensureInstalled, npmCommand, run } from './steps.mjs';

const VERSION = '10.1.1';
const CACHE = fromRoot('node_modules/.cache/stryker');
const CORE = `${CACHE}/node_modules/@stryker-mutator/core`;

/** @param {string} line */
const say = (line) => console.error(line);

/** Whether the pinned version of Stryker lies in the cache. */
function isThere() {
  const manifest = `${CORE}/package.json`;
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === VERSION;
}

/** Fetches Stryker into the cache. It finds the project's own vitest, so it brings none. */
async function fetchStryker() {
  say(`Fetching Stryker ${VERSION} (once)...`);
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(`${CACHE}/package.json`, '{ "private": true }\n');
  const npm = npmCommand(process.env, process.platform);
  const packages = ['core', 'vitest-runner'].map((name) => `@stryker-mutator/${name}@${VERSION}`);
  const flags = [
    '--no-save',
    '--no-package-lock',
    '--legacy-peer-deps',
    '--ignore-scripts',
    '--loglevel=error',
  ];
  const { code } = await run(
    npm.command,
    [...npm.args, 'install', '--prefix', CACHE, ...flags, ...packages],
    {
      shell: npm.shell,
      stdio: ['ignore', 2, 2],
    },
  );
  return code === 0 && isThere();
}

endChildrenOnSignal();
if (!(await ensureInstalled(say)) || !(isThere() || (await fetchStryker()))) {
  say('Stryker could not be installed.');
  process.exitCode = 2;
} else {
  const args = [`${CORE}/bin/stryker.js`, 'run', 'build/stryker.config.mjs', ...process.argv.slice(2)];
  const { code } = await run(nodeBinary(ROOT), args);
  process.exitCode = code;
}

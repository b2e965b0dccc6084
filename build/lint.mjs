/** `npm run lint` (ESLint) and, with --format, `npm run format:check` (Prettier): each with its cache. */
import { spawnSync } from 'node:child_process';
import { fromRoot, ROOT } from './paths.mjs';

const [flag, ...rest] = process.argv.slice(2);
const cache = fromRoot('node_modules/.cache');

/** @param {'--check' | '--write'} mode */
const prettier = (mode) => [
  'node_modules/prettier/bin/prettier.cjs',
  '--config=build/prettier.config.mjs',
  '--cache',
  `--cache-location=${cache}/prettier.json`,
  '--log-level=warn',
  mode,
];
const eslint = [
  'node_modules/eslint/bin/eslint.js',
  '--config=build/eslint.config.mjs',
  '--cache',
  `--cache-location=${cache}/eslint.json`,
  '--max-warnings=0',
];

const command = flag === '--format' ? prettier('--check') : flag === '--write' ? prettier('--write') : eslint;
const paths = command === eslint ? [flag, ...rest].filter((arg) => arg !== undefined) : rest;
const { status } = spawnSync(process.execPath, [...command, ...(paths.length > 0 ? paths : ['.'])], {
  cwd: ROOT,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;

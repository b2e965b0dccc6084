/** `npm run typecheck`: every TypeScript project, then the Svelte components. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fromRoot, ROOT } from './paths.mjs';

/**
 * Runs one of the installed tools and answers its exit code.
 * @param {string} script path under node_modules
 * @param {string[]} args
 * @returns {Promise<number>}
 */
function tool(script, args) {
  return new Promise((done) => {
    const child = spawn(process.execPath, [fromRoot(`node_modules/${script}`), ...args], {
      cwd: ROOT,
      stdio: 'inherit',
    });
    child.on('error', () => done(1));
    child.on('exit', (code) => done(code ?? 1));
  });
}

// shared first (by reference): its declarations are what electron/ sees of it.
const codes = [await tool('typescript/bin/tsc', ['-b', 'shared', 'electron', 'test', '.'])];
if (existsSync(fromRoot('renderer/tsconfig.json'))) {
  codes.push(
    await tool('svelte-check/bin/svelte-check', [
      '--tsconfig',
      fromRoot('renderer/tsconfig.json'),
      '--fail-on-warnings',
      '--output',
      'human',
    ]),
  );
}
process.exitCode = codes.some((code) => code !== 0) ? 1 : 0;

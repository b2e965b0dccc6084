/** Electron's binary: whether it is here, and one bounded attempt to get it. Plain Node 18 and no packages. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './steps.mjs';
import { nodeBinary } from './stamps.mjs';

/** How long the download may take: a person is waiting for the window. */
export const ATTEMPT_MS = 15_000;
/** How long a failed attempt is remembered. */
export const REMEMBER_MS = 24 * 60 * 60 * 1000;

/**
 * Electron's program, when it is installed whole.
 * @param {string} root
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string | null}
 */
export function electronBinary(root, env = process.env) {
  const folder = join(root, 'node_modules', 'electron');
  try {
    // Electron's installer writes this file last, so a download that was cut off does not count.
    const path = readFileSync(join(folder, 'path.txt'), 'utf8');
    const file = join(env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(folder, 'dist'), path);
    return existsSync(file) ? file : null;
  } catch {
    return null;
  }
}

/**
 * Whether a window can be shown.
 * @param {NodeJS.Platform} platform
 * @param {NodeJS.ProcessEnv} env
 */
export function hasDisplay(platform, env) {
  if (platform === 'darwin' || platform === 'win32') return true;
  return Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY']);
}

/** @typedef {{version: string, at: number, reason: string}} Failure a failed attempt */

/** @param {string} root */
const failureFile = (root) => join(root, 'node_modules', '.cache', 'bulkhead', 'electron-failed.json');

/**
 * Why no attempt should be made now; null where one should.
 * @param {Failure | null} failure the last attempt, when it failed
 * @param {string} version of Electron that is wanted
 * @param {number} now
 * @param {NodeJS.ProcessEnv} env
 */
export function remembered(failure, version, now, env) {
  if (env['BULKHEAD_RETRY_ELECTRON'] === '1' || !failure || failure.version !== version) return null;
  // A clock that was set back must not keep a failure for ever.
  const age = now - failure.at;
  return age >= 0 && age < REMEMBER_MS ? failure.reason : null;
}

/**
 * Electron's program, fetched once where it is missing.
 * @param {string} root
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<{binary: string} | {reason: string}>} the program, or why there is none
 */
export async function ensureElectron(root, env = process.env) {
  const binary = electronBinary(root, env);
  if (binary) return { binary };
  if (env['ELECTRON_SKIP_BINARY_DOWNLOAD']) return { reason: 'its download is switched off' };
  const folder = join(root, 'node_modules', 'electron');
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = failureFile(root);
  const why = remembered(readFailure(file), version, Date.now(), env);
  if (why) return { reason: why };

  const { timedOut } = await run(nodeBinary(root), [join(folder, 'install.js')], {
    env,
    stdio: 'ignore',
    timeout: ATTEMPT_MS,
  });
  const fetched = electronBinary(root, env);
  if (fetched) {
    rmSync(file, { force: true });
    return { binary: fetched };
  }
  const reason = timedOut
    ? `its download took longer than ${ATTEMPT_MS / 1000} s; "npx install-electron" has no limit`
    : 'its download failed';
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ version, at: Date.now(), reason }));
  return { reason };
}

/** @param {string} file @returns {Failure | null} */
function readFailure(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

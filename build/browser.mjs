/** A Chromium for the end-to-end tests: the system's, else Playwright's own, else Debian's package. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { ROOT } from './paths.mjs';
import { nodeBinary } from './stamps.mjs';
import { run } from './steps.mjs';

/** How long Playwright's download may take. */
const DOWNLOAD_MS = 60_000;
/** How long Debian's package manager may take. */
const PACKAGE_MS = 300_000;

/**
 * Where a browser may be, best first.
 * @param {NodeJS.Platform} platform
 * @param {NodeJS.ProcessEnv} env
 * @returns {string[]}
 */
export function candidates(platform, env) {
  if (platform === 'darwin')
    return [
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    ];
  if (platform === 'win32')
    return [env['PROGRAMFILES'], env['PROGRAMFILES(X86)'], env['LOCALAPPDATA']].flatMap((folder) =>
      folder
        ? [
            join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe'),
            join(folder, 'Chromium', 'Application', 'chrome.exe'),
          ]
        : [],
    );
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const folders = (env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

/**
 * Whether a program is a browser that starts: Ubuntu's `chromium-browser` may be a script that only asks for a snap.
 * @param {string} file
 */
function starts(file) {
  if (!existsSync(file)) return false;
  // Asked for its version, Chrome opens a window on Windows.
  if (process.platform === 'win32') return true;
  return spawnSync(file, ['--version'], { stdio: 'ignore', timeout: 20_000 }).status === 0;
}

/** The browser that Playwright keeps for itself; null where there is none. */
function playwrights() {
  try {
    const file = createRequire(import.meta.url)('@playwright/test').chromium.executablePath();
    return existsSync(file) ? file : null;
  } catch {
    return null;
  }
}

/**
 * A browser that is here.
 * @param {{env?: NodeJS.ProcessEnv, platform?: NodeJS.Platform, works?: (file: string) => boolean, own?: () => string | null}} [world]
 * @returns {string | null} its path
 */
export function findChromium({
  env = process.env,
  platform = process.platform,
  works = starts,
  own = playwrights,
} = {}) {
  const named = env['BULKHEAD_CHROMIUM'];
  // One that was named is used or missed, never replaced without a word.
  if (named) return works(named) ? named : null;
  return candidates(platform, env).find(works) ?? own();
}

/**
 * A browser, brought where there is none and the machine lets us.
 * @param {(line: string) => void} say
 * @returns {Promise<string | null>} its path
 */
export async function ensureChromium(say) {
  const found = findChromium();
  if (found || process.env['BULKHEAD_CHROMIUM']) return found;

  say('No Chromium here: trying the one that Playwright brings...');
  await run(nodeBinary(ROOT), ['node_modules/@playwright/test/cli.js', 'install', 'chromium'], {
    stdio: ['ignore', 2, 2],
    timeout: DOWNLOAD_MS,
  });
  const own = findChromium();
  if (own) return own;

  if (process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    say("That was not to be had: trying Debian's package...");
    const options = {
      /** @type {import('node:child_process').StdioOptions} */
      stdio: ['ignore', 2, 2],
      timeout: PACKAGE_MS,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    await run('apt-get', ['update', '-qq'], options);
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], options);
    return findChromium();
  }
  return null;
}

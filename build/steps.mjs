/**
 * The steps that `npm start` and `npm test` share: run a child until it ends, install, build. Plain Node 18 and no
 * packages, since this runs before anything is installed.
 */
import { spawn } from 'node:child_process';
import { ROOT } from './paths.mjs';
import { installStamp, installStampFile, isBuilt, isInstalled, nodeBinary, writeStamp } from './stamps.mjs';

/** Children that still run. @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** How long a child has to end after it was asked to. */
const GRACE_MS = 5000;

/**
 * Ends a child with all that it started, where it leads a group of its own.
 * @param {import('node:child_process').ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
export function endTree(child, signal) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  if (process.platform === 'win32') {
    spawn('taskkill', ['/pid', String(child.pid), '/t', '/f'], { stdio: 'ignore' });
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    child.kill(signal);
  }
}

/**
 * Runs a program until it ends.
 * @param {string} command
 * @param {string[]} args
 * @param {{env?: NodeJS.ProcessEnv, stdio?: import('node:child_process').StdioOptions, shell?: boolean,
 *   timeout?: number, onStart?: (child: import('node:child_process').ChildProcess) => void}} [options]
 *   `timeout` in ms: it is ended with its children when it takes longer
 * @returns {Promise<{code: number, timedOut: boolean}>}
 */
export function run(command, args, { env = process.env, stdio = 'inherit', shell, timeout, onStart } = {}) {
  return new Promise((done) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      env,
      stdio,
      shell: shell ?? false,
      // A group of its own where we may have to end it with its children; otherwise it stays in the terminal's
      // foreground group, so that it may read from it and Ctrl-C reaches it.
      detached: timeout !== undefined && process.platform !== 'win32',
    });
    let timedOut = false;
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            endTree(child, 'SIGKILL');
          }, timeout);
    running.add(child);
    onStart?.(child);
    let ended = false;
    /** @param {number} code */
    const end = (code) => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      running.delete(child);
      done({ code, timedOut });
    };
    child.on('error', () => end(127));
    child.on('close', (code, signal) => end(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}

/**
 * Ends every child when we are asked to end, and insists after a while; then the process ends, too. Also where the npm
 * that started us is gone: npm ends its shell on a signal, but not what runs in it.
 */
export function endChildrenOnSignal() {
  /** @param {NodeJS.Signals} signal */
  const pass = (signal) => {
    interrupted = true;
    process.exitCode = signal === 'SIGINT' ? 130 : 143;
    if (running.size === 0) process.exit();
    // A terminal's Ctrl-C reached the children in our group already; asking twice does no harm.
    for (const child of running) child.kill(signal);
    setTimeout(() => {
      for (const child of running) child.kill('SIGKILL');
    }, GRACE_MS).unref();
  };
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, pass);

  if (!process.env['npm_lifecycle_event'] || process.platform === 'win32') return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    pass('SIGTERM');
  }, 500);
  watch.unref();
}

/** Whether somebody asked us to end. */
export let interrupted = false;

/**
 * How npm is started: the npm that runs us, by its own Node, else the one in PATH.
 * @param {NodeJS.ProcessEnv} env
 * @param {NodeJS.Platform} platform
 * @returns {{command: string, args: string[], shell: boolean}}
 */
export function npmCommand(env, platform) {
  const { npm_execpath: script, npm_node_execpath: node } = env;
  if (script && node && /npm(?:-cli)?\.[cm]?js$/.test(script))
    return { command: node, args: [script], shell: false };
  // A .cmd file only starts through the shell.
  return platform === 'win32'
    ? { command: 'npm.cmd', args: [], shell: true }
    : { command: 'npm', args: [], shell: false };
}

/**
 * Installs what the lock file names, where that was not done.
 * @param {(line: string) => void} say
 * @returns {Promise<boolean>} whether all is there now
 */
export async function ensureInstalled(say) {
  if (isInstalled(ROOT)) return true;
  say('Installing (once; about half a minute)...');
  const npm = npmCommand(process.env, process.platform);
  const { code } = await run(
    npm.command,
    [...npm.args, 'ci', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      shell: npm.shell,
      // Results go to standard output; what npm tells goes with the other messages.
      stdio: ['ignore', 2, 2],
    },
  );
  if (code !== 0 || interrupted) {
    if (!interrupted) say(`npm ci failed (exit code ${code}).`);
    return false;
  }
  writeStamp(installStampFile(ROOT), installStamp(ROOT));
  return true;
}

/**
 * Builds into dist/, where the sources changed since.
 * @param {(line: string) => void} say
 * @returns {Promise<boolean>} whether dist/ is up to date now
 */
export async function ensureBuilt(say) {
  if (isBuilt(ROOT)) return true;
  say('Building...');
  const { code } = await run(nodeBinary(ROOT), ['build/build.mjs'], { stdio: ['ignore', 2, 2] });
  if (code !== 0 && !interrupted) say(`The build failed (exit code ${code}).`);
  return code === 0 && !interrupted;
}

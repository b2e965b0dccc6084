/**
 * `npm start`: from a bare clone to the open app. Installs and builds where needed, then opens the Electron window,
 * or the same app in the browser. Runs on Node 18 and later, with nothing installed.
 */
import { pathToFileURL } from 'node:url';
import { ensureElectron, hasDisplay } from './electron.mjs';
import { fromRoot, ROOT } from './paths.mjs';
import { nodeBinary } from './stamps.mjs';
import { endChildrenOnSignal, ensureBuilt, ensureInstalled, interrupted, run } from './steps.mjs';

/** Messages go to standard error, as everywhere in Bulkhead. @param {string} line */
const say = (line) => void process.stderr.write(`${line}\n`);

/**
 * Why the browser is asked for by the arguments themselves; null where they leave it open.
 * @param {string[]} args
 */
export function browserWanted(args) {
  const flag = args.find((arg) => /^--(?:port(?:=|$)|no-open$|browser$)/.test(arg));
  return flag ? `${flag.replace(/=.*/, '')} asks for the browser` : null;
}

/**
 * Arguments of `bulkhead serve`.
 * @param {string[]} args as given to `npm start`
 */
export function serveArguments(args) {
  const rest = args.filter((arg) => arg !== '--no-open' && arg !== '--browser' && arg !== '--open');
  return ['serve', ...(args.includes('--no-open') ? [] : ['--open']), ...rest];
}

/**
 * Arguments of Electron.
 * @param {string[]} args as given to `npm start`
 * @param {string} root folder whose package.json names the main file
 * @param {boolean} asRoot whether the user is root, for whom Chromium's sandbox cannot start
 */
export function electronArguments(args, root, asRoot) {
  return [...(asRoot ? ['--no-sandbox'] : []), root, ...args];
}

async function main() {
  const args = process.argv.slice(2);
  endChildrenOnSignal();
  if (!(await ensureInstalled(say))) return 1;

  /** @type {Awaited<ReturnType<typeof ensureElectron>>} */
  let electron = { reason: browserWanted(args) ?? 'no display' };
  const wanted = browserWanted(args) === null && hasDisplay(process.platform, process.env);
  // The download, when there is one, runs beside the build.
  const [built, found] = await Promise.all([
    ensureBuilt(say),
    wanted ? ensureElectron(ROOT) : Promise.resolve(electron),
  ]);
  electron = found;
  if (!built || interrupted) return 1;

  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, NODE_COMPILE_CACHE: fromRoot('node_modules/.cache/compile') };
  if ('binary' in electron) {
    const asRoot = process.platform === 'linux' && process.getuid?.() === 0;
    if (asRoot)
      say('Running as root: Chromium cannot use its sandbox, so Electron starts with --no-sandbox.');
    delete env['ELECTRON_RUN_AS_NODE'];
    return (await run(electron.binary, electronArguments(args, ROOT, asRoot), { env })).code;
  }
  say(
    browserWanted(args)
      ? `Opening Bulkhead in the browser (${electron.reason}).`
      : `No Electron window here (${electron.reason}): opening Bulkhead in your browser instead.`,
  );
  const cli = fromRoot('dist/electron/cli.js');
  return (await run(nodeBinary(ROOT), [cli, ...serveArguments(args)], { env })).code;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const code = await main();
  process.exitCode ||= code;
}

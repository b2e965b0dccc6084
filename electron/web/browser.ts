/**
 * Opens the user's browser on a one-time address. What is on a command line every user of the machine can read, so the
 * browser is given the path of a file that only this user can: 0600, in a folder of 0700, and it leads on to the address.
 */
import { execFile, spawn } from 'node:child_process';
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { hasEnded, processTag, TAG_PATTERN } from '../lock.ts';
import { privateFolder } from '../wholeFile.ts';

const FOLDER = new RegExp(`^open-(${TAG_PATTERN})-`);
/** What asks for the default browser is a script of the desktop's, which may hang. */
const QUERY_MS = 2000;

export interface OpenFile {
  readonly path: string;
  remove(): void;
}

/**
 * Writes the file that leads to an address.
 * @param url with the one-time token
 * @param data folder of this program's data
 * @throws as the file system does, and where the folder is open to others
 */
export function writeOpenFile(url: string, data: string): OpenFile {
  privateFolder(data);
  const { uid, mode } = lstatSync(data);
  // Who can write there could put another file in its place.
  if (process.getuid && (uid !== process.getuid() || (mode & 0o022) !== 0)) {
    throw new Error(`${data} can be changed by others.`);
  }
  const folder = mkdtempSync(join(data, `open-${processTag()}-`));
  const path = join(folder, 'bulkhead.html');
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    writeFileSync(
      path,
      '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Bulkhead</title>' +
        `<meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url=${url}"></head>` +
        `<body><a href="${url}" rel="noreferrer">Bulkhead</a></body></html>\n`,
      { mode: 0o600, flag: 'wx' },
    );
  } catch (thrown) {
    remove();
    throw thrown;
  }
  return { path, remove };
}

/**
 * Takes away the files of processes that were killed. Never throws.
 * @param data folder of this program's data
 */
export function sweepOpenFiles(data: string): void {
  try {
    for (const name of readdirSync(data)) {
      const tag = FOLDER.exec(name)?.[1];
      if (tag && hasEnded(tag)) rmSync(join(data, name), { recursive: true, force: true });
    }
  } catch {
    // There is no such folder, or it is not ours to sweep.
  }
}

/**
 * Has the system open a file in the browser.
 * @param path of the file
 * @returns why that failed, where it is known at once; null where it is not
 */
export function openBrowser(path: string): Promise<string | null> {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open', path]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', path]
        : ['xdg-open', path];
  return new Promise((resolve) => {
    const child = spawn(command as string, args, { stdio: 'ignore', detached: true });
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code) => resolve(code === 0 ? null : `${command} ended with ${code}`));
    child.unref();
  });
}

/**
 * The default browser where it is known to run in a sandbox (snap, flatpak), which reads no files of ours.
 * @param env environment
 * @returns its name; null where it is none, or nobody knows
 */
export async function sandboxedBrowser(env: NodeJS.ProcessEnv): Promise<string | null> {
  if (process.platform !== 'linux') return null;
  // xdg-open takes this first where there is no desktop.
  const own = env['BROWSER'];
  if (own && isSandboxed(own)) return own;
  let name: string;
  try {
    const query = await promisify(execFile)('xdg-mime', ['query', 'default', 'text/html'], {
      timeout: QUERY_MS,
      env,
    });
    name = query.stdout.trim();
  } catch {
    return null;
  }
  if (!/^[\w.-]+\.desktop$/.test(name)) return null;
  for (const folder of desktopFolders(env)) {
    let text: string;
    try {
      text = readFileSync(join(folder, 'applications', name), 'utf8');
    } catch {
      continue;
    }
    if (/^X-(?:Flatpak|SnapInstanceName)=/m.test(text)) return name;
    const command = /^Exec=(.*)$/m.exec(text)?.[1] ?? '';
    return isSandboxed(command) ? name : null;
  }
  return null;
}

function desktopFolders(env: NodeJS.ProcessEnv): string[] {
  const home = env['HOME'] || homedir();
  const data = env['XDG_DATA_HOME'] || join(home, '.local/share');
  return [
    data,
    ...(env['XDG_DATA_DIRS'] || '/usr/local/share:/usr/share').split(delimiter),
    '/var/lib/snapd/desktop',
    '/var/lib/flatpak/exports/share',
    join(data, 'flatpak/exports/share'),
  ].filter(isAbsolute);
}

function isSandboxed(command: string): boolean {
  if (/(?:^|[\s=])\/(?:var\/lib\/snapd\/)?snap\/|\bsnap run\b|\bflatpak\b/.test(command)) return true;
  const program = command.split(' ').find(isAbsolute);
  if (!program) return false;
  try {
    return /^\/(?:var\/lib\/snapd\/)?snap\/|^\/usr\/bin\/snap$/.test(realpathSync(program));
  } catch {
    return false;
  }
}

/**
 * Runs one of the user's own programs (kubectl, kustomize, helm) for what it prints, within bounds: time, output and
 * memory; in an environment that holds neither credentials nor clusters nor plugins.
 */
import type { ChildProcessByStdio } from 'node:child_process';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import spawn from 'cross-spawn';
import { redact } from '../cluster/exec.ts';
import { BackendError } from '../worker/errors.ts';

const MIB = 1024 * 1024;

/** What a rendering may use at most. */
export interface Bounds {
  timeMs: number;
  outputBytes: number;
  /** Of the program and all that it starts, together, as the system counts resident memory. */
  memoryBytes: number;
}
export const BOUNDS: Bounds = { timeMs: 60_000, outputBytes: 64 * MIB, memoryBytes: 2048 * MIB };

const WATCH_MS = 200;
const MAX_COMPLAINT = 16 * 1024;

export interface RunOptions {
  signal: AbortSignal;
  /** PATH of the program. */
  searchPath: string;
  /** May it fetch what lies elsewhere? */
  network: boolean;
  bounds?: Bounds;
}

/** Variables of the user's that are passed on, besides those that only fetching needs. */
const KEPT = ['SystemRoot', 'SystemDrive', 'ComSpec', 'PATHEXT', 'LANG', 'LC_ALL', 'TZ'];
const FOR_NETWORK = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];

/**
 * The environment of a rendering: a home of its own, which is empty, so that no kubeconfig, plugin, default option
 * (kuberc) or credential is found; and nowhere to fetch from unless that was allowed.
 */
export function environmentOf(
  home: string,
  { searchPath, network }: Pick<RunOptions, 'searchPath' | 'network'>,
  own: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of [...KEPT, ...(network ? FOR_NETWORK : [])]) {
    const value = own[name];
    if (value !== undefined) env[name] = value;
  }
  const nowhere = 'http://127.0.0.1:9';
  return {
    ...env,
    ...(network
      ? {}
      : {
          HTTP_PROXY: nowhere,
          HTTPS_PROXY: nowhere,
          ALL_PROXY: nowhere,
          http_proxy: nowhere,
          https_proxy: nowhere,
          GIT_ALLOW_PROTOCOL: 'none',
        }),
    PATH: searchPath,
    HOME: home,
    USERPROFILE: home,
    APPDATA: home,
    LOCALAPPDATA: home,
    TMPDIR: home,
    TEMP: home,
    TMP: home,
    XDG_CONFIG_HOME: home,
    XDG_CACHE_HOME: home,
    XDG_DATA_HOME: home,
    HELM_PLUGINS: path.join(home, 'plugins'),
    KUSTOMIZE_PLUGIN_HOME: path.join(home, 'plugins'),
    KUBECONFIG: devNull,
    KUBERC: 'off',
    GIT_TERMINAL_PROMPT: '0',
    // Go's own limit, which makes a program collect its garbage earlier; the watch below ends what grows anyway.
    GOMEMLIMIT: '1GiB',
    GOMAXPROCS: '2',
  };
}

/**
 * What a program prints.
 * @param file path of the program
 * @param args its arguments
 * @param shown the command as the user would type it, for messages
 * @throws BackendError 'input' where it fails or goes over a bound, with its complaint; 'cancelled' on abort
 */
export async function runBounded(
  file: string,
  args: readonly string[],
  shown: string,
  options: RunOptions,
): Promise<Uint8Array> {
  const home = await mkdtemp(path.join(tmpdir(), 'bulkhead-render-'));
  try {
    return await run(file, args, shown, home, options);
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
}

function run(
  file: string,
  args: readonly string[],
  shown: string,
  home: string,
  options: RunOptions,
): Promise<Uint8Array> {
  const { signal, bounds = BOUNDS } = options;
  return new Promise((resolve, reject) => {
    const cancelled = (): BackendError =>
      new BackendError({ kind: 'cancelled', message: 'The audit was cancelled.' });
    if (signal.aborted) {
      reject(cancelled());
      return;
    }
    // A process group of its own, so that what it starts ends with it.
    const group = process.platform !== 'win32';
    const child = spawn(file, [...args], {
      cwd: home,
      env: environmentOf(home, options),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: group,
      windowsHide: true,
    }) as ChildProcessByStdio<null, Readable, Readable>;
    const chunks: Buffer[] = [];
    let length = 0;
    let complaint = '';
    let done = false;
    const settle = (finish: () => void): void => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      clearInterval(watch);
      signal.removeEventListener('abort', onAbort);
      // Also what it left running behind it.
      kill();
      finish();
    };
    const kill = (): void => {
      try {
        if (group && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
        else child.kill('SIGKILL');
      } catch {
        // Gone already.
      }
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const fail = (message: string): void =>
      settle(() => reject(new BackendError({ kind: 'input', message })));
    const onAbort = (): void => settle(() => reject(cancelled()));
    const timer = setTimeout(
      () => fail(`\`${shown}\` did not end within ${Math.round(bounds.timeMs / 1000)} s and was stopped`),
      bounds.timeMs,
    );
    let looking = false;
    const watch = setInterval(() => {
      if (looking || child.pid === undefined) return;
      looking = true;
      void residentBytes(child.pid).then((bytes) => {
        looking = false;
        if (bytes > bounds.memoryBytes)
          fail(
            `\`${shown}\` took more than ${Math.round(bounds.memoryBytes / MIB)} MiB of memory and was stopped`,
          );
      });
    }, WATCH_MS);
    signal.addEventListener('abort', onAbort, { once: true });
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > bounds.outputBytes)
        fail(`\`${shown}\` printed more than ${Math.round(bounds.outputBytes / MIB)} MiB and was stopped`);
      else chunks.push(chunk);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-MAX_COMPLAINT);
    });
    child.on('error', (error: NodeJS.ErrnoException) =>
      fail(`\`${shown}\` could not be started (${error.code ?? error.message})`),
    );
    child.on('close', (code, killedBy) => {
      if (code === 0) {
        settle(() => resolve(Buffer.concat(chunks)));
        return;
      }
      const words = redact(errorsOf(complaint));
      fail(`\`${shown}\` failed (${code ?? killedBy ?? 'unknown'})${words === '' ? '' : `: ${words}`}`);
    });
  });
}

/**
 * What a program printed on standard error without its warnings and without kubectl's log header, whose time and
 * process id differ each time: the error itself, which a bound on its length would cut away behind them.
 */
function errorsOf(text: string): string {
  const errors = text.split(/\r?\n/).filter((line) => !/^(# )?warning: /i.test(line));
  return (errors.some((line) => line.trim() !== '') ? errors : [text])
    .map((line) => line.replace(/^[EF]\d{4} [\d:.]+ +\d+ \S+:\d+\] ("command failed" err=)?/, ''))
    .join('\n');
}

/**
 * Resident memory of a process group in bytes; 0 where it cannot be told (Windows: there Go's own limit, time and
 * output are the bounds).
 */
async function residentBytes(group: number): Promise<number> {
  try {
    if (process.platform === 'linux') return await residentOnLinux(group);
    if (process.platform === 'win32') return 0;
    const text = await new Promise<string>((resolve) => {
      execFile('/bin/ps', ['-A', '-o', 'pgid=,rss='], { timeout: 2000 }, (_error, stdout) => resolve(stdout));
    });
    let sum = 0;
    for (const line of text.split('\n')) {
      const [pgid, rss] = line.trim().split(/\s+/).map(Number);
      if (pgid === group && rss !== undefined) sum += rss * 1024;
    }
    return sum;
  } catch {
    return 0;
  }
}

const PAGE = 4096;

async function residentOnLinux(group: number): Promise<number> {
  let sum = 0;
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = await readFile(`/proc/${name}/stat`, 'utf8');
      // Behind the name in brackets, which may hold anything: state, parent, group, …; the 22nd is resident pages.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(fields[2]) === group) sum += Number(fields[21]) * PAGE;
    } catch {
      // It has ended meanwhile.
    }
  }
  return sum;
}

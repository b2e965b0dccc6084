/**
 * The PATH of the user's login shell. A desktop program on macOS and Linux is not started by a shell, so exec plugins
 * that a terminal finds (gke-gcloud-auth-plugin, aws, kubelogin) would be missing.
 */
import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import path from 'node:path';

/** Stands around the value, so that what start-up files print is told apart from it. */
const MARK = '__bulkhead_path__';

export interface ShellPathOptions {
  /** Absolute path of the shell; the user's own when absent. */
  shell?: string;
  env?: Record<string, string | undefined>;
  platform?: NodeJS.Platform;
  /** Start-up files that wait for something must not hold the program up. */
  timeoutMs?: number;
}

/** Arguments that make each shell a login shell (interactive too where PATH is usually set in the rc file). */
function argumentsFor(shell: string): string[] | null {
  const print = `printf '%s' '${MARK}'; printenv PATH; printf '%s' '${MARK}'`;
  switch (path.basename(shell)) {
    case 'tcsh':
    case 'csh':
      // -l works only as the sole flag, so the login files are named. csh's printf is the system's own.
      return ['-c', `if ( -f ~/.login ) source ~/.login >& /dev/null; ${print}`];
    case 'fish':
      // PATH is a list in fish; printenv shows what a child process gets.
      return ['-l', '-i', '-c', print];
    case 'zsh':
    case 'bash':
    case 'ksh':
      return ['-l', '-i', '-c', print];
    case 'sh':
    case 'dash':
    case 'ash':
      return ['-l', '-c', print];
    default:
      return null;
  }
}

/**
 * Asks the login shell for its PATH once. Never throws.
 * @returns the PATH, or null where there is nothing to ask (Windows, unknown shell) or the shell gave none in time
 */
export function loginShellPath(options: ShellPathOptions = {}): Promise<string | null> {
  const { env = process.env, platform = process.platform, timeoutMs = 5000 } = options;
  if (platform === 'win32') return Promise.resolve(null);
  const shell = options.shell ?? userShell(env);
  const args = shell === null ? null : argumentsFor(shell);
  if (shell === null || args === null) return Promise.resolve(null);
  return new Promise((resolve) => {
    const child = execFile(
      shell,
      args,
      {
        env: {
          ...env,
          TERM: 'dumb',
          DISABLE_AUTO_UPDATE: 'true',
          ZSH_DISABLE_COMPFIX: 'true',
        } as NodeJS.ProcessEnv,
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: 1024 * 1024,
        encoding: 'utf8',
      },
      // An rc file that fails at its end still printed the value before.
      (_error, stdout) => {
        clearTimeout(late);
        resolve(between(stdout));
      },
    );
    // A grandchild that keeps the pipe open outlives the kill: do not wait for its end.
    const late = setTimeout(() => {
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.unref();
      resolve(null);
    }, timeoutMs + 500);
    child.stdin?.end();
  });
}

function between(stdout: string): string | null {
  const end = stdout.lastIndexOf(MARK);
  const start = stdout.lastIndexOf(MARK, end - 1);
  if (end < 0 || start < 0) return null;
  const value = stdout.slice(start + MARK.length, end).trim();
  return value === '' || value.includes('\n') ? null : value;
}

function userShell(env: Record<string, string | undefined>): string | null {
  const named = env['SHELL'];
  if (named) return named;
  try {
    return userInfo().shell;
  } catch {
    return null;
  }
}

let once: Promise<string> | null = null;

/**
 * The PATH to look exec plugins up in: the process's own, with the login shell's behind it. The shell is asked once a
 * process, and only when `desktop` says that no shell started it.
 */
export function searchPath(desktop: boolean): Promise<string> {
  once ??= (async () => {
    const own = process.env['PATH'] ?? '';
    const shell = desktop ? await loginShellPath() : null;
    const all = [...own.split(path.delimiter), ...(shell ?? '').split(path.delimiter)].filter(
      (p) => p !== '',
    );
    return [...new Set(all)].join(path.delimiter);
  })();
  return once;
}

/** Was the process started by a desktop (no terminal), so that its PATH may be short? */
export function startedByDesktop(platform: NodeJS.Platform = process.platform): boolean {
  if (platform === 'win32') return false;
  return !process.stdin.isTTY && !process.stderr.isTTY && process.env['SHLVL'] === undefined;
}

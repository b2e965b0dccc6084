/**
 * Exec credential plugins: programs named in a kubeconfig that print a token or a client certificate.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 * The client library runs them without KUBERNETES_EXEC_INFO, without a time-out and without a way to cancel, so it is
 * done here.
 */
import type { ChildProcessByStdio } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import spawn from 'cross-spawn';
import { cancelled, ClusterError } from './error.ts';
import type { ClusterEntry, ExecEntry, UserEntry } from './kubeconfigFile.ts';
import { execQuestion, kubercFile, permitDefaultPlaces, pluginPolicy } from './permit.ts';
import type { Origin, Permit } from './permit.ts';

/** A login by browser takes its time, but not for ever. */
const TIMEOUT_MS = 120_000;
const MAX_OUTPUT = 1024 * 1024;

export interface ExecCredential {
  token: string | null;
  /** PEM. */
  cert: string | null;
  key: string | null;
  /** Milliseconds since 1970; null: good until the server refuses it. */
  expires: number | null;
}

export interface ExecOptions {
  /** PATH to look the command up in. */
  searchPath: string;
  env?: Record<string, string | undefined>;
  signal: AbortSignal;
  timeoutMs?: number;
  /** PEM of the cluster's CA, for plugins that ask for the cluster (provideClusterInfo). */
  caData?: string;
  /** Where the context comes from. */
  origin: Origin;
  /** Asked before the program is run; what lies outside the default places is not run where there is nobody to ask. */
  permit?: Permit;
}

/**
 * Where a plugin's command is. A name is looked up in the PATH; a path with a separator stands for itself, relative to
 * the kubeconfig (client-go does the same).
 * @returns null when it is not there or may not be run
 */
export async function findCommand(
  command: string,
  kubeconfig: string,
  searchPath: string,
): Promise<string | null> {
  const windows = process.platform === 'win32';
  const endings = windows && path.extname(command) === '' ? ['.exe', '.com', '.cmd', '.bat'] : [''];
  const places = /[\\/]/.test(command)
    ? [path.resolve(path.dirname(kubeconfig), command)]
    : searchPath
        .split(path.delimiter)
        .filter((folder) => path.isAbsolute(folder))
        .map((folder) => path.join(folder, command));
  for (const place of places) {
    for (const ending of endings) {
      try {
        await access(place + ending, constants.X_OK);
        return place + ending;
      } catch {
        // Look on.
      }
    }
  }
  return null;
}

/**
 * Runs a plugin and takes its credential.
 * @throws ClusterError 'auth' when it is missing, may not be run, fails, is too slow or answers nonsense; 'cancelled' on abort. The
 * plugin's own complaint is repeated with what looks like a credential blotted out.
 */
export async function runExec(
  user: UserEntry,
  cluster: ClusterEntry,
  options: ExecOptions,
): Promise<ExecCredential> {
  const exec = user.exec as ExecEntry;
  const place = `${user.file}: user ${user.name}`;
  const fail = (message: string, hint?: string): ClusterError =>
    new ClusterError('auth', message, { place, ...(hint ? { hint } : {}) });
  const file = await findCommand(exec.command, user.file, options.searchPath);
  if (file === null) {
    throw fail(
      `The login program "${exec.command}" of user "${user.name}" was not found`,
      exec.installHint ?? 'Install it, or start Bulkhead from a terminal where it is found.',
    );
  }
  await permitted(user, cluster, file, options, fail);
  const info = {
    kind: 'ExecCredential',
    apiVersion: exec.apiVersion,
    spec: {
      interactive: false,
      ...(exec.provideClusterInfo
        ? {
            cluster: {
              server: cluster.server,
              ...(cluster.tlsServerName ? { 'tls-server-name': cluster.tlsServerName } : {}),
              ...(cluster.insecure ? { 'insecure-skip-tls-verify': true } : {}),
              ...(options.caData
                ? { 'certificate-authority-data': Buffer.from(options.caData).toString('base64') }
                : {}),
              ...(cluster.proxyUrl ? { 'proxy-url': cluster.proxyUrl } : {}),
              ...(cluster.execExtension === undefined ? {} : { config: cluster.execExtension }),
            },
          }
        : {}),
    },
  };
  const env: Record<string, string | undefined> = {
    ...(options.env ?? process.env),
    PATH: options.searchPath,
  };
  for (const { name, value } of exec.env) env[name] = value;
  env['KUBERNETES_EXEC_INFO'] = JSON.stringify(info);

  const { stdout, stderr, code } = await run(file, exec.args, env, options, fail, exec.command);
  const complaint = redact(stderr, [...exec.env.map((e) => e.value), ...exec.args]);
  if (code !== 0) {
    throw fail(
      `The login program "${exec.command}" failed (exit ${code})${complaint === '' ? '' : `: ${complaint}`}`,
      'Log in again with it in a terminal, then try once more.',
    );
  }
  let answer: unknown;
  try {
    answer = JSON.parse(stdout);
  } catch {
    throw fail(`The login program "${exec.command}" printed no JSON`);
  }
  return credential(answer, exec, fail);
}

/** @throws ClusterError where the user's settings or the user say no, or nobody can be asked */
async function permitted(
  user: UserEntry,
  cluster: ClusterEntry,
  file: string,
  { searchPath, signal, origin, env, permit = permitDefaultPlaces }: ExecOptions,
  fail: (message: string, hint?: string) => ClusterError,
): Promise<void> {
  const { command } = user.exec as ExecEntry;
  const kuberc = kubercFile(env === undefined ? {} : { env });
  const policy = await pluginPolicy(kuberc).catch((thrown: unknown) => {
    throw fail(
      `The login program "${command}" was not run, since ${kuberc} may forbid it: ${(thrown as Error).message}`,
    );
  });
  let listed = policy.policy === 'AllowAll';
  if (policy.policy === 'Allowlist') {
    for (const entry of policy.commands) listed ||= (await findCommand(entry, '', searchPath)) === file;
  }
  if (!listed) {
    throw fail(
      `The login program "${command}" is not permitted: credentialPluginPolicy is ${policy.policy}`,
      `The setting stands in ${kuberc}; kubectl follows it too.`,
    );
  }
  const answer = await permit(await execQuestion(user, cluster, file, origin), signal);
  if (signal.aborted) throw cancelled();
  if (!answer.allowed)
    throw fail(`The login program "${command}" was not run: ${answer.message}`, answer.hint);
}

function credential(
  answer: unknown,
  exec: ExecEntry,
  fail: (message: string) => ClusterError,
): ExecCredential {
  const { kind, apiVersion, status } = (answer ?? {}) as Record<string, unknown>;
  if (kind !== 'ExecCredential' || typeof apiVersion !== 'string') {
    throw fail(`The login program "${exec.command}" printed no ExecCredential`);
  }
  if (apiVersion !== exec.apiVersion) {
    const word = apiVersion.replace(/[^\w./-]/g, '').slice(0, 80);
    throw fail(
      `The login program "${exec.command}" answered in ${word}, but the kubeconfig asks for ${exec.apiVersion}`,
    );
  }
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = (status ?? {}) as Record<
    string,
    unknown
  >;
  const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
  const [cert, key] = [text(clientCertificateData), text(clientKeyData)];
  if ((cert === null) !== (key === null)) {
    throw fail(`The login program "${exec.command}" gave a client certificate or key without the other`);
  }
  if (text(token) === null && cert === null) {
    throw fail(`The login program "${exec.command}" gave neither a token nor a client certificate`);
  }
  const expires = text(expirationTimestamp) === null ? Number.NaN : Date.parse(expirationTimestamp as string);
  return { token: text(token), cert, key, expires: Number.isNaN(expires) ? null : expires };
}

function run(
  file: string,
  args: string[],
  env: Record<string, string | undefined>,
  options: ExecOptions,
  fail: (message: string, hint?: string) => ClusterError,
  command: string,
): Promise<{ stdout: string; stderr: string; code: number | string }> {
  const { signal, timeoutMs = TIMEOUT_MS } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(cancelled());
      return;
    }
    // A process group of its own, so that what the plugin started ends with it.
    const group = process.platform !== 'win32';
    // On Windows a login may be a batch file (Azure's az.cmd), which Node's own spawn refuses to start.
    const child = spawn(file, args, {
      env: env as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: group,
      windowsHide: true,
    }) as ChildProcessByStdio<null, Readable, Readable>;
    let stdout = '';
    let stderr = '';
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
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = (): void => {
      kill();
      end(() => reject(cancelled()));
    };
    const timer = setTimeout(() => {
      kill();
      end(() =>
        reject(
          fail(
            `The login program "${command}" gave no answer in ${Math.round(timeoutMs / 1000)} s`,
            'Log in with it in a terminal first.',
          ),
        ),
      );
    }, timeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    child.stdout.setEncoding('utf8').on('data', (data: string) => {
      stdout += data;
      if (stdout.length > MAX_OUTPUT) {
        kill();
        end(() => reject(fail(`The login program "${command}" printed more than a credential`)));
      }
    });
    child.stderr.setEncoding('utf8').on('data', (data: string) => {
      stderr = (stderr + data).slice(-16 * 1024);
    });
    child.on('error', (error) => {
      const { code } = error as NodeJS.ErrnoException;
      end(() =>
        reject(fail(`The login program "${command}" could not be started (${code ?? 'unknown reason'})`)),
      );
    });
    child.on('close', (code, killedBy) =>
      end(() => resolve({ stdout, stderr, code: code ?? killedBy ?? 'unknown' })),
    );
  });
}

/** The end of a program's complaint in one line, without what is or looks like a credential. */
export function redact(text: string, secrets: string[] = []): string {
  let line = text
    // eslint-disable-next-line no-control-regex
    .replace(/\u001b\[[0-9;]*[A-Za-z]/g, '')
    // What else steers a terminal: the rest of it is text that it would have hidden.
    // eslint-disable-next-line no-control-regex
    .replace(/[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f\p{Cf}]/gu, '')
    .split(/\r?\n/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .slice(-3)
    .join(' ');
  for (const secret of secrets) {
    if (secret.length >= 6 && !/^-{1,2}[\w-]+$/.test(secret)) line = line.split(secret).join('***');
  }
  return line
    .replace(/-----BEGIN[\s\S]*?(-----END[^-]*-----|$)/g, '***')
    .replace(/\beyJ[\w-]+(\.[\w-]*){0,2}/g, '***')
    .replace(/\b(bearer|basic)\s+\S+/gi, '$1 ***')
    .replace(
      /((?:password|passwd|passphrase|\bpwd?|secret|token|api[_-]?key)["']?\s*[=:]\s*["']?)[^\s"',;]+/gi,
      '$1***',
    )
    .replace(/[A-Za-z0-9+_=-]{40,}/g, '***')
    .slice(0, 400);
}

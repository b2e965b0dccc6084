/**
 * Kubeconfig files: which contexts there are, and what each one needs to log in. Files are only ever read, and nothing
 * is contacted here. One broken file or entry never takes another down.
 *
 * Merging: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 */
import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import type { ContextInfo, SourcesInfo } from '../../shared/ipc.ts';
import { readBounded } from '../readBounded.ts';
import { decodeText } from '../worker/decode.ts';
import { ClusterError } from './error.ts';
import { parseKubeconfig } from './kubeconfigFile.ts';
import { ORIGINS } from './permit.ts';
import type { Origin } from './permit.ts';
import type { ClusterEntry, ContextEntry, ExecEntry, FileConfig, UserEntry } from './kubeconfigFile.ts';

/** Message keys that end in `ClusterInfo.warnings` and in every report. */
export const WARNING_INSECURE = 'cluster.insecureTls';
export const WARNING_PLAIN_HTTP = 'cluster.plainHttp';

/** Tells a kubeconfig, also a broken one, from the other things that lie in a folder. */
const LOOKS_LIKE_ONE = /^[\s{,]*"?(clusters|contexts|users|current-context)"?\s*:|"?kind"?\s*:\s*"?Config\b/m;

/** The list of contexts waits for a pipe: what makes a kubeconfig is quick. */
const PIPE_MS = 30_000;

/** Larger files are no kubeconfig. */
const MAX_BYTES = 8 * 1024 * 1024;

/** A context with all it needs to connect; made when the user picks it. Holds credentials: never log or send it. */
export interface ResolvedContext {
  file: string;
  name: string;
  namespace: string | null;
  cluster: ClusterEntry;
  /** Null: no user named, requests go without credentials. */
  user: UserEntry | null;
  /** Of its file, cluster and user the one that is trusted least. */
  origin: Origin;
  /** Message keys. */
  warnings: string[];
}

/** Where kubeconfigs are looked for. All have the process's values as default. */
export interface KubeconfigOptions {
  /** Only these files, in place of KUBECONFIG and the default (kubectl's --kubeconfig); merged in this order. */
  files?: string[];
  env?: Record<string, string | undefined>;
  home?: string;
  /** Where a pod finds its service account. */
  serviceAccountRoot?: string;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const IN_CLUSTER = 'in-cluster';

/**
 * The kubeconfigs of a user: those of KUBECONFIG, else ~/.kube/config, else a service account inside a cluster; and
 * files, folders and pasted texts that were added. Call `load` (again) to read them.
 */
export class Kubeconfigs {
  readonly #options: KubeconfigOptions;
  readonly #added: string[] = [];
  readonly #pasted = new Map<string, string>();
  #files: FileConfig[] = [];
  /** Of each file that was read. */
  #origins = new Map<string, Origin>();
  #problems: SourcesInfo['files'] = [];

  constructor(options: KubeconfigOptions = {}) {
    this.#options = options;
  }

  /** Adds a kubeconfig file, or every kubeconfig in a folder (not its subfolders). Takes effect with `load`. */
  add(fileOrFolder: string): void {
    const full = path.resolve(fileOrFolder);
    if (!this.#added.includes(full)) this.#added.push(full);
  }

  /** Files and folders that were added, in their order. */
  added(): readonly string[] {
    return this.#added;
  }

  /** Takes back what was added: a file, a folder, or pasted text by its label. Takes effect with `load`. */
  remove(added: string): void {
    const at = this.#added.indexOf(added);
    if (at >= 0) this.#added.splice(at, 1);
    this.#pasted.delete(added);
  }

  /**
   * Adds pasted kubeconfig text under a label that stands for its file; it is kept in memory only.
   * @throws ClusterError 'kubeconfig' with line and reason when the text is no kubeconfig or names no context: nothing
   * is added then
   */
  addText(label: string, text: string): void {
    if (parseKubeconfig(label, text, label, null).contexts.length === 0)
      throw new ClusterError('kubeconfig', 'the text names no context', { place: label });
    this.#pasted.set(label, text);
  }

  /** Files and folders that `load` will read, for a watcher. */
  paths(): string[] {
    return [...this.#defaultPaths(), ...this.#added];
  }

  #defaultPaths(): string[] {
    const { files, env = process.env, home = homedir() } = this.#options;
    if (files) return [...new Set(files.map((file) => path.resolve(file)))];
    const listed = (env['KUBECONFIG'] ?? '').split(path.delimiter).filter((entry) => entry !== '');
    if (listed.length > 0) return [...new Set(listed.map((entry) => path.resolve(entry)))];
    return [path.join(home, '.kube', 'config')];
  }

  /** Where kubectl looks without being told, whatever `--kubeconfig` says here. */
  #usualPlaces(): string[] {
    const { env = process.env, home = homedir() } = this.#options;
    const listed = (env['KUBECONFIG'] ?? '').split(path.delimiter).filter((entry) => entry !== '');
    return [...listed.map((entry) => path.resolve(entry)), path.join(home, '.kube', 'config')];
  }

  /**
   * Reads every file again. Never throws: what is wrong with a file or a context stands in the answer.
   * @returns the contexts of all files, in the files' order, and every file with its problem
   */
  async load(): Promise<SourcesInfo> {
    const files: FileConfig[] = [];
    const problems: SourcesInfo['files'] = [];
    const seen = new Set<string>();
    const usual = new Set(await Promise.all(this.#usualPlaces().map((place) => real(place))));
    const origins = new Map<string, Origin>([[IN_CLUSTER, 'default']]);
    const read = async (
      file: string,
      group: string,
      whenOther: 'skip' | 'name',
      added?: string,
    ): Promise<boolean> => {
      const by = added === undefined ? {} : { added };
      if (seen.has(file)) return true;
      seen.add(file);
      let text: string | null = null;
      try {
        text = textOf(await bytesOf(file));
        const otherwise = added === undefined ? 'named' : 'added';
        origins.set(file, usual.has(await real(file)) ? 'default' : otherwise);
        files.push(parseKubeconfig(file, text, group));
        problems.push({ path: file, problem: null, ...by });
        return true;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const other = text === null ? code === 'ENOENT' : !LOOKS_LIKE_ONE.test(text);
        if (whenOther === 'name' || !other) problems.push({ path: file, problem: reason(error), ...by });
        return false;
      }
    };

    const fromEnvironment =
      this.#options.files !== undefined || Boolean((this.#options.env ?? process.env)['KUBECONFIG']);
    let found = false;
    for (const file of this.#defaultPaths()) {
      if (!fromEnvironment && !(await exists(file))) continue;
      found = (await read(file, 'default', 'name')) || found;
    }
    for (const added of this.#added) {
      const inFolder = await filesOfFolder(added);
      if (inFolder === null) await read(added, added, 'name', added);
      // A folder may hold other things than kubeconfigs: only what says it is one, or cannot be read, is shown.
      else for (const file of inFolder) await read(file, file, 'skip', added);
    }
    for (const [label, text] of this.#pasted) {
      files.push(parseKubeconfig(label, text, label, null));
      origins.set(label, 'pasted');
      problems.push({ path: label, problem: null, added: label });
    }
    if (!found && !fromEnvironment) {
      const inCluster = await this.#inCluster();
      if (inCluster) {
        files.push(inCluster);
        problems.push({ path: inCluster.path, problem: null });
      }
    }
    this.#files = files;
    this.#origins = origins;
    this.#problems = problems;
    return this.list();
  }

  /** What `load` found. */
  list(): SourcesInfo {
    const contexts: ContextInfo[] = [];
    for (const file of this.#files) {
      for (const context of file.contexts) contexts.push(this.#info(file, context));
    }
    return { contexts, files: this.#problems };
  }

  /** What the first `current-context` of the files says; there may be no context of that name. */
  current(): string | null {
    return this.#files.find((file) => file.currentContext !== null)?.currentContext ?? null;
  }

  /** Is a file that was read empty, but for space and comments? */
  isEmpty(file: string): boolean {
    return this.#files.some((one) => one.path === file && one.empty === true);
  }

  /**
   * Follows the files: reads them again when one changes, comes or goes. Folders are watched, since programs replace a
   * kubeconfig rather than write into it; where that does not work (network drives), times of change are compared.
   * @param onChange called with the new list when it differs from the last one
   * @returns a function that ends it
   */
  watch(
    onChange: (sources: SourcesInfo) => void,
    options: { settleMs?: number; pollMs?: number } = {},
  ): () => void {
    const { settleMs = 150, pollMs = 3000 } = options;
    let stamp = '';
    let over = false;
    let timer: NodeJS.Timeout | null = null;
    const look = async (): Promise<void> => {
      timer = null;
      const before = JSON.stringify(this.list());
      const now = await this.load();
      if (!over && JSON.stringify(now) !== before) onChange(now);
    };
    const soon = (): void => {
      if (over) return;
      if (timer) clearTimeout(timer);
      timer = setTimeout(() => void look(), settleMs);
      timer.unref();
    };
    const watchers = new Map<string, FSWatcher>();
    const places = (): void => {
      for (const folder of new Set(this.paths().flatMap((place) => [path.dirname(place), place]))) {
        if (watchers.has(folder)) continue;
        try {
          const watcher = watch(folder, { persistent: false }, soon);
          watcher.on('error', () => {
            watcher.close();
            watchers.delete(folder);
          });
          watchers.set(folder, watcher);
        } catch {
          // Not there yet, or not to be watched: the comparison below sees to it.
        }
      }
    };
    const compare = async (): Promise<void> => {
      const times = await Promise.all(
        this.paths().map(async (place) => {
          const inFolder = await filesOfFolder(place);
          return Promise.all(
            (inFolder ?? [place]).map((file) =>
              stat(file).then(
                (s) => [file, s.mtimeMs, s.size],
                () => [file],
              ),
            ),
          );
        }),
      );
      const now = JSON.stringify(times);
      if (stamp !== '' && now !== stamp) soon();
      stamp = now;
      if (!over) places();
    };
    // What changed before the watch stood is a change too.
    soon();
    places();
    void compare();
    const poll = setInterval(() => void compare(), pollMs);
    poll.unref();
    return () => {
      over = true;
      if (timer) clearTimeout(timer);
      clearInterval(poll);
      for (const watcher of watchers.values()) watcher.close();
    };
  }

  #info(file: FileConfig, context: ContextEntry): ContextInfo {
    const current = this.#files.find(
      (f) => f.group === file.group && f.currentContext !== null,
    )?.currentContext;
    // Of equal names in one group kubectl knows the first alone.
    const first = this.#files.find(
      (f) => f.group === file.group && f.contexts.some((c) => c.name === context.name),
    );
    const base = {
      file: context.file,
      name: context.name,
      cluster: context.cluster,
      user: context.user,
      namespace: context.namespace,
      current: context.name === current && first === file,
    };
    try {
      const resolved = this.#resolve(file, context);
      return {
        ...base,
        server: withoutLogin(resolved.cluster.server),
        auth: authSummary(resolved.user),
        ...(resolved.user?.exec && usesExec(resolved.user)
          ? { execCommand: commandLine(resolved.user.exec) }
          : {}),
        warnings: resolved.warnings,
        problem: unusable(resolved),
      };
    } catch (error) {
      return { ...base, server: '', auth: 'unknown', warnings: [], problem: reason(error) };
    }
  }

  /**
   * A context with its cluster and user.
   * @param name the context's name; null takes the current context
   * @param file path of its file; absent: the first file that has the name, as kubectl does
   * @throws ClusterError 'not-found' when there is none of that name, 'kubeconfig' when it cannot be used
   */
  resolve(name: string | null, file?: string): ResolvedContext {
    const wanted =
      file === undefined ? undefined : this.#files.some((f) => f.path === file) ? file : path.resolve(file);
    const among = this.#files.filter((f) => wanted === undefined || f.path === wanted);
    const chosen = name ?? among.find((f) => f.currentContext !== null)?.currentContext ?? null;
    if (chosen === null) {
      throw new ClusterError('not-found', 'No context was named, and no kubeconfig has a current-context', {
        ...(file === undefined ? {} : { place: file }),
      });
    }
    for (const f of among) {
      const context = f.contexts.find((c) => c.name === chosen);
      if (!context) continue;
      const resolved = this.#resolve(f, context);
      const problem = unusable(resolved);
      if (problem !== null)
        throw new ClusterError('kubeconfig', problem, { place: `${f.path}: context ${chosen}` });
      return resolved;
    }
    const broken = this.#problems.filter(
      (p) => p.problem !== null && (wanted === undefined || p.path === wanted),
    );
    throw new ClusterError(
      'not-found',
      `There is no context "${chosen}" in ${wanted ?? 'the kubeconfig files'}`,
      {
        hint:
          broken.length > 0
            ? `Not read: ${broken.map((p) => `${p.path} (${p.problem})`).join('; ')}`
            : namesOf(among.flatMap((f) => f.contexts.map((context) => context.name))),
      },
    );
  }

  #resolve(file: FileConfig, context: ContextEntry): ResolvedContext {
    const place = `${context.file}: context ${context.name}`;
    if (context.problem !== null) throw new ClusterError('kubeconfig', context.problem, { place });
    // Own file first, so that equal names in two files each keep their credentials; then as kubectl merges. Files of
    // other groups are not asked: a dangling name must not send somebody else's credentials to this server.
    const group = [file, ...this.#files.filter((f) => f !== file && f.group === file.group)];
    const cluster = pick(group, 'clusters', context.cluster);
    if (cluster === undefined) {
      throw new ClusterError(
        'kubeconfig',
        `There is no cluster "${context.cluster}" for context "${context.name}"`,
        {
          place,
        },
      );
    }
    if (typeof cluster === 'string') throw new ClusterError('kubeconfig', cluster, { place });
    let user: UserEntry | null = null;
    if (context.user !== '') {
      const found = pick(group, 'users', context.user);
      if (found === undefined) {
        throw new ClusterError(
          'kubeconfig',
          `There is no user "${context.user}" for context "${context.name}"`,
          { place },
        );
      }
      if (typeof found === 'string') throw new ClusterError('kubeconfig', found, { place });
      user = found;
    }
    const warnings: string[] = [];
    if (cluster.server.startsWith('http:')) warnings.push(WARNING_PLAIN_HTTP);
    else if (cluster.insecure) warnings.push(WARNING_INSECURE);
    const from = [context.file, cluster.file, ...(user ? [user.file] : [])].map(
      (one) => this.#origins.get(one) ?? 'pasted',
    );
    return {
      file: context.file,
      name: context.name,
      namespace: context.namespace,
      cluster,
      user,
      origin: ORIGINS.findLast((origin) => from.includes(origin)) ?? 'pasted',
      warnings,
    };
  }

  /** https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
  async #inCluster(): Promise<FileConfig | null> {
    const { env = process.env, serviceAccountRoot: root = SERVICE_ACCOUNT } = this.#options;
    const host = env['KUBERNETES_SERVICE_HOST'];
    const port = env['KUBERNETES_SERVICE_PORT'];
    if (!host || !port) return null;
    const tokenFile = path.join(root, 'token');
    try {
      await stat(tokenFile);
    } catch {
      return null;
    }
    const namespace = await readBounded(path.join(root, 'namespace'), { maxBytes: 1024 }).then(
      (bytes) => decodeText(bytes).trim(),
      () => null,
    );
    return {
      path: IN_CLUSTER,
      group: IN_CLUSTER,
      currentContext: IN_CLUSTER,
      clusters: new Map([
        [
          IN_CLUSTER,
          {
            name: IN_CLUSTER,
            file: IN_CLUSTER,
            server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
            caFile: path.join(root, 'ca.crt'),
            insecure: false,
            disableCompression: false,
          },
        ],
      ]),
      users: new Map([
        [IN_CLUSTER, { name: IN_CLUSTER, file: IN_CLUSTER, tokenFile, asGroups: [], asUserExtra: {} }],
      ]),
      contexts: [
        {
          name: IN_CLUSTER,
          file: IN_CLUSTER,
          cluster: IN_CLUSTER,
          user: IN_CLUSTER,
          namespace,
          problem: null,
        },
      ],
    };
  }
}

/** The contexts that there are, in a sentence that stays short. */
function namesOf(names: readonly string[]): string {
  if (names.length === 0) return 'No context was found in them.';
  const more = names.length > 20 ? `, … (${names.length} in all)` : '';
  return `There are: ${names.slice(0, 20).join(', ')}${more}`;
}

/** A server's URL without a name and password in it. */
function withoutLogin(server: string): string {
  const url = new URL(server);
  if (url.username === '' && url.password === '') return server;
  url.username = '';
  url.password = '';
  return url.href.replace(/\/$/, '');
}

function pick<K extends 'clusters' | 'users'>(
  group: FileConfig[],
  what: K,
  name: string,
): (K extends 'clusters' ? ClusterEntry : UserEntry) | string | undefined {
  for (const file of group) {
    const entry = file[what].get(name);
    if (entry !== undefined) return entry as never;
  }
  return undefined;
}

/**
 * The text of a kubeconfig. Windows PowerShell's `>` writes UTF-16 with a mark; other tools leave the mark out, and then
 * every second byte of the ASCII that a kubeconfig begins with is zero, which no UTF-8 text holds.
 */
function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first !== 0 && second === 0) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0 && second !== 0) return new TextDecoder('utf-16be').decode(bytes);
  return decodeText(bytes);
}

/** What a pipe (`--kubeconfig <(…)`) gave: it can be read once, and files are read again before each audit. */
const piped = new Map<string, Uint8Array>();

/** The bytes of a file or pipe; never more than a kubeconfig has. */
async function bytesOf(file: string): Promise<Uint8Array> {
  const before = piped.get(file);
  if (before) return before;
  const pipe = (await stat(file)).isFIFO();
  const bytes = await readBounded(file, { maxBytes: MAX_BYTES, timeoutMs: PIPE_MS });
  if (pipe) piped.set(file, bytes);
  return bytes;
}

/** A file behind its links; the path itself where it leads nowhere. */
function real(file: string): Promise<string> {
  return realpath(file).catch(() => file);
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}

async function filesOfFolder(folder: string): Promise<string[] | null> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && !entry.name.startsWith('.'))
      .map((entry) => path.join(folder, entry.name))
      .sort();
  } catch {
    return null;
  }
}

/** Plain words for what is wrong with a file; a file's content never gets into them. */
function reason(error: unknown): string {
  if (error instanceof ClusterError) return error.message;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'no permission to read the file';
  if (code === 'EISDIR') return 'this is a folder, not a file';
  if (code === 'ELOOP') return 'its links go round in a circle';
  return error instanceof Error ? error.message : String(error);
}

/** Does the login come from the exec plugin? Tokens and basic authentication are taken first, as kubectl does. */
export function usesExec(entry: UserEntry): boolean {
  return entry.exec !== undefined && !entry.token && !entry.tokenFile && !entry.username;
}

/** How a user logs in, in one word for the list of contexts; with impersonation behind it. */
export function authSummary(entry: UserEntry | null): string {
  if (!entry) return 'none';
  const as = entry.as === undefined ? '' : ` as ${entry.as}`;
  if (entry.tokenFile) return `token-file${as}`;
  if (entry.token) return `token${as}`;
  if (entry.username) return `basic${as}`;
  if (entry.exec) return `exec${as}`;
  if (entry.authProvider) return `${entry.authProvider.name || 'auth-provider'}${as}`;
  if (entry.certFile || entry.certData) return `client-certificate${as}`;
  return `none${as}`;
}

/** The command line that an exec plugin will run; arguments that look like credentials are left out. */
export function commandLine(exec: Pick<ExecEntry, 'command' | 'args'>): string {
  const shown: string[] = [exec.command];
  let hide = false;
  for (const arg of exec.args) {
    if (hide) shown.push('***');
    else
      shown.push(
        arg.replace(/^(-{1,2}[\w-]*(?:secret|password|passwd|token|credential)[\w-]*=).+$/i, '$1***'),
      );
    hide = !hide && /^-{1,2}[\w-]*(secret|password|passwd|token|credential)[\w-]*$/i.test(arg);
  }
  return shown.join(' ');
}

/** Why a context cannot be used, known without contacting anything; null when it can be tried. */
function unusable({ user: entry, cluster }: ResolvedContext): string | null {
  if (cluster.insecure && (cluster.caData !== undefined || cluster.caFile !== undefined)) {
    return `Cluster "${cluster.name}" has both a certificate-authority and insecure-skip-tls-verify; kubectl refuses that, too`;
  }
  if (cluster.proxyUrl !== undefined) {
    const scheme = URL.canParse(cluster.proxyUrl) ? new URL(cluster.proxyUrl).protocol : '';
    if (!['http:', 'https:', 'socks5:', 'socks5h:'].includes(scheme)) {
      return `The proxy-url of cluster "${cluster.name}" is no http, https or socks5 URL`;
    }
  }
  const notPem = (what: string, data: string | undefined): string | null =>
    data === undefined || Buffer.from(data, 'base64').includes('-----BEGIN')
      ? null
      : `${what} is not the base64 of a PEM`;
  const ca = notPem(`certificate-authority-data of cluster "${cluster.name}"`, cluster.caData);
  if (ca !== null || !entry) return ca;
  const user = `user "${entry.name}"`;
  const own =
    notPem(`client-certificate-data of ${user}`, entry.certData) ??
    notPem(`client-key-data of ${user}`, entry.keyData);
  if (own !== null) return own;
  const hasCert = entry.certData !== undefined || entry.certFile !== undefined;
  const hasKey = entry.keyData !== undefined || entry.keyFile !== undefined;
  if (hasCert !== hasKey)
    return `The ${user} has a client ${hasCert ? 'certificate without its key' : 'key without its certificate'}`;
  if (
    entry.as === undefined &&
    (entry.asUid ?? entry.asGroups[0] ?? Object.keys(entry.asUserExtra)[0]) !== undefined
  )
    return `The ${user} has as-uid, as-groups or as-user-extra without "as": there is nobody to impersonate`;
  if (entry.token !== undefined && !entry.tokenFile) {
    const [variable] = /^(?:\$\{?\w+\}?|\{\{.*\}\})$/.exec(entry.token) ?? [];
    if (variable !== undefined)
      return `The token of ${user} is ${variable}: nothing fills in variables of a kubeconfig`;
    // eslint-disable-next-line no-control-regex
    if (/[\u0000-\u001f\u007f]/.test(entry.token.trim()))
      return `The token of ${user} holds characters that no token has (a line break?)`;
  }
  if (usesExec(entry) && entry.exec) {
    const { apiVersion, command, interactiveMode } = entry.exec;
    if (command === '') return `The exec plugin of user "${entry.name}" names no command`;
    if (
      apiVersion !== 'client.authentication.k8s.io/v1' &&
      apiVersion !== 'client.authentication.k8s.io/v1beta1'
    ) {
      return `The exec plugin of user "${entry.name}" asks for apiVersion "${apiVersion}"; v1 and v1beta1 are supported`;
    }
    if (interactiveMode === 'Always') {
      return `The exec plugin of user "${entry.name}" only runs in a terminal (interactiveMode: Always); log in with it in a terminal, or use another user`;
    }
  }
  const provider = entry.authProvider;
  if (
    provider &&
    !entry.exec &&
    !entry.token &&
    !entry.tokenFile &&
    !entry.username &&
    provider.name !== 'oidc'
  ) {
    return `The auth-provider "${provider.name}" of user "${entry.name}" was removed from Kubernetes clients; use its exec plugin`;
  }
  return null;
}

/** Where snapshots come from: contexts, manifests, saved snapshots, the built-in cluster. */
import { homedir } from 'node:os';
import { basename, resolve } from 'node:path';
import type { Source, SourcesInfo } from '../shared/ipc.ts';
import type { Problem } from '../shared/kube/snapshot.ts';
import type { Sources } from './backend.ts';
import { changeAdded, readAdded } from './cluster/added.ts';
import { collectFiles } from './cluster/files.ts';
import type { CollectedGap } from './cluster/files.ts';
import type { Cursor, FollowSink, FollowStatus } from './cluster/follow.ts';
import { Kubeconfigs } from './cluster/kubeconfig.ts';
import type { KubeconfigOptions } from './cluster/kubeconfig.ts';
import type { Permit } from './cluster/permit.ts';
import { searchPath, startedByDesktop } from './cluster/shellPath.ts';
import { PIPED_MS, readBounded } from './readBounded.ts';
import type { RenderFolder } from './render/plan.ts';
import type { RenderRequest } from './render/render.ts';
import { VERSION } from './version.ts';
import { FollowInput } from './worker/client.ts';
import type { AuditClient, AuditInput } from './worker/client.ts';
import { BackendError } from './worker/errors.ts';
import { Calls } from './worker/rpc.ts';

/** How far reading is; `total` 0 where it is not known. */
export interface ReadProgress {
  phase: 'connect' | 'read';
  /** Resource or file. */
  detail: string;
  done: number;
  total: number;
}

export interface ReadOptions {
  signal: AbortSignal;
  progress: (progress: ReadProgress) => void;
  /** ISO time at which reading begins. */
  takenAt: string;
  /** Render folders that have a kustomization or are a Helm chart, as the user has agreed to. */
  render?: RenderRequest;
}

/** A cluster that was read, as following goes on with it. Plain data. */
export interface Followable {
  source: Extract<Source, { kind: 'context' }>;
  /** Its API server. */
  server: string;
  /** ISO time before the first list was read. */
  readAt: string;
  cursors: Cursor[];
  /** What was read once and is not followed. */
  fixed: string[];
}

export interface FollowSourceOptions {
  signal: AbortSignal;
  status: (status: FollowStatus) => void;
}

/** A larger file is no snapshot of ours; V8 would not hold its text. */
const MAX_SNAPSHOT_FILE = 512 * 1024 * 1024;

/** Kubeconfig text of no file, with the name that stands for one. Holds credentials: it stays in memory. */
export interface PastedKubeconfig {
  label: string;
  text: string;
}

/** Where kubeconfigs are looked for, by default where the user has them; and what was added. Plain data. */
export interface KubeSourcesOptions extends Pick<KubeconfigOptions, 'files'> {
  /** Files and folders, absolute. */
  added?: readonly string[];
  pasted?: readonly PastedKubeconfig[];
  /** File in which the added paths are kept from one start to the next; absent: they are not. */
  remember?: string;
  /** PATH to find the programs of logins in; found out when one is needed. */
  searchPath?: string;
  /** Names of contexts whose credentials are sent over plain `http` too. */
  insecureTokens?: readonly string[];
}

/** The kubeconfigs of this machine and what can be read with them. */
export class KubeSources implements Sources {
  readonly #kubeconfigs: Kubeconfigs;
  readonly #searchPath: string | undefined;
  readonly #remember: string | undefined;
  readonly #insecureTokens: readonly string[];
  readonly #permit: Permit | undefined;
  #recalled: Promise<void> | null = null;
  #pasted = 0;

  /**
   * @param options where kubeconfigs are looked for
   * @param permit asked before the program of a kubeconfig is run; absent: those of default places alone are
   */
  constructor(options: KubeSourcesOptions = {}, permit?: Permit) {
    this.#insecureTokens = options.insecureTokens ?? [];
    this.#permit = permit;
    this.#searchPath = options.searchPath;
    this.#remember = options.remember;
    this.#kubeconfigs = new Kubeconfigs(options.files ? { files: options.files } : {});
    for (const path of options.added ?? []) this.#kubeconfigs.add(path);
    for (const { label, text } of options.pasted ?? []) this.#kubeconfigs.addText(label, text);
  }

  async list(): Promise<SourcesInfo> {
    await this.#recall();
    return this.#kubeconfigs.load();
  }

  async addKubeconfig(path: string): Promise<SourcesInfo> {
    await this.#recall();
    const added = absolutePath(path);
    this.#kubeconfigs.add(added);
    return this.#kept({ add: added });
  }

  async addKubeconfigText(text: string, label = pastedLabel(++this.#pasted)): Promise<SourcesInfo> {
    this.#kubeconfigs.addText(label, text);
    return this.list();
  }

  async removeKubeconfig(added: string): Promise<SourcesInfo> {
    await this.#recall();
    this.#kubeconfigs.remove(added);
    return this.#kept({ remove: added });
  }

  /** What was added in earlier runs joins once. */
  #recall(): Promise<void> {
    return (this.#recalled ??= (async () => {
      if (this.#remember === undefined) return;
      for (const path of await readAdded(this.#remember)) this.#kubeconfigs.add(path);
    })());
  }

  async #kept(change: Parameters<typeof changeAdded>[1]): Promise<SourcesInfo> {
    if (this.#remember !== undefined) await changeAdded(this.#remember, change);
    return this.list();
  }

  watch(changed: (sources: SourcesInfo) => void): () => void {
    return this.#kubeconfigs.watch(changed);
  }

  async read(client: AuditInput, source: Source, options: ReadOptions): Promise<Followable | null> {
    switch (source.kind) {
      case 'demo':
        options.progress({ phase: 'read', detail: '', done: 0, total: 0 });
        await client.demo();
        return null;
      case 'snapshot':
        await readSnapshot(client, withHome(source.path), options);
        return null;
      case 'context':
        return this.#readContext(client, source, options);
      case 'manifests':
        await readManifests(client, source.paths.map(withHome), options, () => this.#pathOfPrograms());
        return null;
    }
  }

  #pathOfPrograms(): Promise<string> {
    return this.#searchPath === undefined
      ? searchPath(startedByDesktop())
      : Promise.resolve(this.#searchPath);
  }

  /**
   * What a rendering of the source would run and fetch; nothing is run.
   * @throws BackendError as `planRender`
   */
  async renderPlan(source: Source): Promise<RenderFolder[]> {
    if (source.kind !== 'manifests')
      throw new BackendError({ kind: 'bad-request', message: 'Only files and folders can be rendered.' });
    const { planRender } = await import('./render/plan.ts');
    return (await planRender(source.paths.map(withHome))).folders;
  }

  async follow(client: AuditClient, followable: Followable, options: FollowSourceOptions): Promise<void> {
    const port = await client.openPort();
    try {
      await this.followInto(new FollowInput(new Calls(port)), followable, options);
    } finally {
      port.close();
    }
  }

  /**
   * Follows what `read` has read, until the signal aborts.
   * @throws ClusterError 'auth' where the login ended; BackendError 'bad-request' where the context now leads elsewhere
   */
  async followInto(
    sink: FollowSink,
    { source, server, readAt, cursors }: Followable,
    { signal, status }: FollowSourceOptions,
  ): Promise<void> {
    await this.list();
    const context = this.#kubeconfigs.resolve(source.name, source.file);
    if (withoutCredentials(context.cluster.server) !== server) {
      // Another cluster's changes would be shown as this one's.
      throw new BackendError({
        kind: 'bad-request',
        message: 'The context now leads to another server than the one that was audited.',
        place: `${context.file}: context ${context.name}`,
        hint: 'Run the audit again.',
      });
    }
    const { followChanges } = await import('./cluster/follow.ts');
    await followChanges(context, cursors, sink, status, signal, {
      readAt: Date.parse(readAt),
      userAgent: `bulkhead/${VERSION}`,
      ...this.#loginOf(context.name),
    });
  }

  #loginOf(context: string): { searchPath?: string; permit?: Permit; plainCredentials: boolean } {
    return {
      plainCredentials: this.#insecureTokens.includes(context),
      ...(this.#searchPath === undefined ? {} : { searchPath: this.#searchPath }),
      ...(this.#permit === undefined ? {} : { permit: this.#permit }),
    };
  }

  async #readContext(
    client: AuditInput,
    source: Extract<Source, { kind: 'context' }>,
    options: ReadOptions,
  ): Promise<Followable> {
    // Read again: a token or a certificate may have been renewed since the list was shown.
    await this.list();
    const context = this.#kubeconfigs.resolve(source.name, source.file);
    const server = withoutCredentials(context.cluster.server);
    await client.begin({
      name: context.name,
      source: 'context',
      file: context.file,
      server,
      serverVersion: null,
      takenAt: options.takenAt,
      warnings: context.warnings,
    });
    // Loaded when a cluster is read: listing contexts needs none of the client library.
    const { readCluster } = await import('./cluster/reader.ts');
    const { cursors, fixed } = await readCluster(context, client, {
      signal: options.signal,
      onProgress: options.progress,
      userAgent: `bulkhead/${VERSION}`,
      ...this.#loginOf(context.name),
      ...(source.namespaces && source.namespaces.length > 0 ? { namespaces: source.namespaces } : {}),
    });
    // Under the name and in the file that it was found by: the current context may be another one later.
    const found = { ...source, name: context.name, file: context.file };
    return { source: found, server, readAt: options.takenAt, cursors, fixed };
  }
}

async function readManifests(
  client: AuditInput,
  paths: string[],
  options: ReadOptions,
  pathOfPrograms: () => Promise<string>,
): Promise<void> {
  const [first = ''] = paths;
  const { signal } = options;
  const rendering = options.render === undefined ? null : await import('./render/render.ts');
  // Before anything is run: what is to be fetched and was not agreed to ends it here.
  const plan = options.render && rendering ? await rendering.agreedPlan(paths, options.render, signal) : null;
  await client.begin({
    name: manifestsName(paths),
    source: 'manifests',
    file: first,
    serverVersion: null,
    takenAt: options.takenAt,
    warnings: [],
  });
  let read = 0;
  let gap: Pick<CollectedGap, 'path' | 'coverage'> | null = null;
  for (const [index, folder] of (plan?.folders ?? []).entries()) {
    const file = renderedFrom(folder.shown);
    options.progress({ phase: 'read', detail: file, done: index, total: plan?.folders.length ?? 0 });
    try {
      const bytes = await rendering!.renderFolder(folder, { signal, searchPath: await pathOfPrograms() });
      await client.manifest(file, bytes);
      read += 1;
    } catch (thrown) {
      signal.throwIfAborted();
      if (!(thrown instanceof BackendError) || thrown.kind !== 'input') throw thrown;
      const failed = notRendered(folder, thrown.message);
      gap ??= failed;
      client.coverage(failed.coverage);
      client.problem(failed.problem);
      // What it deploys may be anything, in any namespace.
      client.unread('policies', null);
      client.unread('pods', null);
    }
  }
  for await (const found of collectFiles(paths, {
    signal,
    ...(plan === null ? {} : { leave: new Set(plan.covered) }),
  })) {
    options.progress({ phase: 'read', detail: found.path, done: found.done, total: found.total });
    if ('bytes' in found) {
      await client.manifest(found.path, found.bytes);
      read += 1;
      continue;
    }
    gap ??= found;
    client.coverage(found.coverage);
    if (found.problem) client.problem(found.problem);
  }
  // Some of several files may be missing, and the rest is audited; with none at all there is nothing to say.
  if (read === 0) {
    const reason = gap?.coverage.reason ?? 'no .yaml, .yml or .json file';
    throw new BackendError({
      kind: 'input',
      message: `No manifest could be read: ${reason}.`,
      place: gap?.path ?? first,
    });
  }
}

/** What stands for the file of objects that were rendered, in places; `report/words` puts it into words. */
function renderedFrom(folder: string): string {
  return `rendered from ${folder}`;
}

/** A folder that could not be rendered: what the snapshot has to say of it. */
function notRendered(
  { shown }: RenderFolder,
  message: string,
): Required<Omit<CollectedGap, 'done' | 'total'>> & {
  problem: Problem;
} {
  return {
    path: shown,
    coverage: {
      resource: 'file',
      verb: 'read',
      namespace: null,
      file: renderedFrom(shown),
      outcome: 'failed',
      count: 0,
      reason: message,
      affectsVerdicts: true,
    },
    problem: {
      check: 'input.not-rendered',
      place: { file: renderedFrom(shown) },
      params: { folder: shown, message },
    },
  };
}

/**
 * What stands for the file of pasted kubeconfig text, in lists and reports.
 * @param number counts the texts from 1
 */
export function pastedLabel(number: number): string {
  return `pasted kubeconfig ${number}`;
}

/**
 * What a folder or some files are called in the window and in reports.
 * @param paths as the user named them
 */
export function manifestsName(paths: readonly string[]): string {
  const [first = '', ...more] = paths;
  const name = first === '-' ? 'standard input' : basename(resolve(first)) || first;
  return more.length > 0 ? `${name} + ${more.length}` : name;
}

async function readSnapshot(client: AuditInput, path: string, options: ReadOptions): Promise<void> {
  options.progress({ phase: 'read', detail: path, done: 0, total: 1 });
  const bytes = await readBounded(path, {
    maxBytes: MAX_SNAPSHOT_FILE,
    timeoutMs: PIPED_MS,
    signal: options.signal,
  });
  try {
    await client.loadSnapshot(bytes);
  } catch (thrown) {
    // The worker knows the bytes, not the file that they came from.
    if (!(thrown instanceof BackendError) || thrown.kind !== 'input') throw thrown;
    const { message, place } = thrown;
    throw new BackendError({
      kind: 'input',
      message: place ? `${message} (at ${place})` : message,
      place: path,
    });
  }
}

/**
 * A path of a kubeconfig as it is known by afterwards.
 * @param path as it was typed or chosen
 */
export function absolutePath(path: string): string {
  return resolve(withHome(path));
}

/** A path as people type it into a field, where no shell has seen it. */
function withHome(path: string): string {
  return /^~(?=$|[\\/])/.test(path) ? homedir() + path.slice(1) : path;
}

/** A URL may carry a user and a password; a snapshot never does. */
function withoutCredentials(server: string): string {
  try {
    const url = new URL(server);
    if (url.username === '' && url.password === '') return server;
    url.username = '';
    url.password = '';
    return url.href;
  } catch {
    return '';
  }
}

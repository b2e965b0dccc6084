/** Where snapshots come from: contexts, manifests, saved snapshots, the built-in cluster. */
import { watch } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import type { Source, SourcesInfo } from '../shared/ipc.ts';
import type { Sources } from './backend.ts';
import { collectFiles } from './cluster/files.ts';
import type { CollectedGap } from './cluster/files.ts';
import { Kubeconfigs } from './cluster/kubeconfig.ts';
import type { KubeconfigOptions } from './cluster/kubeconfig.ts';
import { readCluster } from './cluster/reader.ts';
import { VERSION } from './version.ts';
import type { AuditInput } from './worker/client.ts';
import { BackendError } from './worker/errors.ts';

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
}

const WATCH_MS = 300;
/** A larger file is no snapshot of ours; V8 would not hold its text. */
const MAX_SNAPSHOT_FILE = 512 * 1024 * 1024;

/** Where kubeconfigs are looked for, by default where the user has them; and files that were added. Plain data. */
export interface KubeSourcesOptions extends Pick<KubeconfigOptions, 'files'> {
  added?: string[];
  /** PATH to find the programs of logins in; found out when one is needed. */
  searchPath?: string;
}

/** The kubeconfigs of this machine and what can be read with them. */
export class KubeSources implements Sources {
  readonly #kubeconfigs: Kubeconfigs;
  readonly #options: KubeSourcesOptions;
  readonly #added: string[];

  /** @param options where kubeconfigs are looked for */
  constructor(options: KubeSourcesOptions = {}) {
    this.#options = options;
    this.#added = [...(options.added ?? [])];
    this.#kubeconfigs = new Kubeconfigs(options.files ? { files: options.files } : {});
    for (const path of this.#added) this.#kubeconfigs.add(path);
  }

  /** What another one with the same contexts is made of. */
  protected settings(): KubeSourcesOptions {
    return { ...this.#options, added: this.#added };
  }

  list(): Promise<SourcesInfo> {
    return this.#kubeconfigs.load();
  }

  addKubeconfig(path: string): Promise<SourcesInfo> {
    const file = withHome(path);
    this.#added.push(file);
    this.#kubeconfigs.add(file);
    return this.#kubeconfigs.load();
  }

  /**
   * Watches the folders of the kubeconfigs: kubectl and the clouds' tools replace the file, and the new one has to be
   * noticed too. What cannot be watched is not: `list` reads again anyway.
   */
  watch(changed: () => void): () => void {
    const names = new Map<string, Set<string>>();
    for (const path of this.#kubeconfigs.paths()) {
      const folder = dirname(path);
      names.set(folder, (names.get(folder) ?? new Set()).add(basename(path)));
    }
    let timer: NodeJS.Timeout | undefined;
    const soon = (): void => {
      clearTimeout(timer);
      // One change is several events, and a file that is half written is not worth reading.
      timer = setTimeout(changed, WATCH_MS);
      timer.unref();
    };
    const watchers = [...names].flatMap(([folder, files]) => {
      try {
        const watcher = watch(folder, { persistent: false }, (_event, name) => {
          if (name === null || files.has(name)) soon();
        });
        watcher.on('error', () => watcher.close());
        return [watcher];
      } catch {
        return [];
      }
    });
    return () => {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    };
  }

  async read(client: AuditInput, source: Source, options: ReadOptions): Promise<void> {
    switch (source.kind) {
      case 'demo':
        options.progress({ phase: 'read', detail: '', done: 0, total: 0 });
        await client.demo();
        return;
      case 'snapshot':
        await readSnapshot(client, withHome(source.path), options);
        return;
      case 'context':
        await this.#readContext(client, source, options);
        return;
      case 'manifests':
        await readManifests(client, source.paths.map(withHome), options);
        return;
    }
  }

  async #readContext(
    client: AuditInput,
    source: Extract<Source, { kind: 'context' }>,
    options: ReadOptions,
  ): Promise<void> {
    // Read again: a token or a certificate may have been renewed since the list was shown.
    await this.#kubeconfigs.load();
    const context = this.#kubeconfigs.resolve(source.name, source.file);
    await client.begin({
      name: context.name,
      source: 'context',
      file: context.file,
      server: withoutCredentials(context.cluster.server),
      serverVersion: null,
      takenAt: options.takenAt,
      warnings: context.warnings,
    });
    await readCluster(context, client, {
      signal: options.signal,
      onProgress: options.progress,
      userAgent: `bulkhead/${VERSION}`,
      ...(this.#options.searchPath === undefined ? {} : { searchPath: this.#options.searchPath }),
      ...(source.namespaces && source.namespaces.length > 0 ? { namespaces: source.namespaces } : {}),
    });
  }
}

async function readManifests(client: AuditInput, paths: string[], options: ReadOptions): Promise<void> {
  const [first = ''] = paths;
  await client.begin({
    name: manifestsName(paths),
    source: 'manifests',
    file: first,
    serverVersion: null,
    takenAt: options.takenAt,
    warnings: [],
  });
  let read = 0;
  let gap: CollectedGap | null = null;
  for await (const found of collectFiles(paths, { signal: options.signal })) {
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
  const { size } = await stat(path);
  if (size > MAX_SNAPSHOT_FILE) {
    throw new BackendError({
      kind: 'input',
      message: `The file is larger than ${MAX_SNAPSHOT_FILE / 1024 / 1024} MiB.`,
      place: path,
    });
  }
  const bytes = await readFile(path, { signal: options.signal });
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

/** A sink in this process, kubeconfig files in a folder of their own, and quick patience for fault tests. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import type { Patience } from '../../electron/cluster/http.ts';
import { Kubeconfigs } from '../../electron/cluster/kubeconfig.ts';
import type { ResolvedContext } from '../../electron/cluster/kubeconfig.ts';
import { readCluster } from '../../electron/cluster/reader.ts';
import type { ReadOptions, ReadResult } from '../../electron/cluster/reader.ts';
import type { ClusterSink } from '../../electron/cluster/sink.ts';
import { SnapshotBuilder } from '../../shared/kube/builder.ts';
import type { CoverageEntry, Snapshot } from '../../shared/kube/snapshot.ts';
import type { TestApiServer } from '../apiserver/server.ts';

/** Tries often, waits little: the same code as in earnest with smaller numbers. */
export const QUICK: Partial<Patience> = {
  connectMs: 2000,
  answerMs: 700,
  silenceMs: 400,
  graceMs: 400,
  pace: 2000,
  attempts: 3,
  pauseMs: 10,
  longestPauseMs: 100,
};

/** What the worker does with a sink, in this process. */
export class MemorySink implements ClusterSink {
  readonly builder: SnapshotBuilder;
  readonly entries: CoverageEntry[] = [];
  readonly restarts: string[] = [];
  readonly pages: string[] = [];
  readonly groups: string[] = [];

  constructor(name = 'test') {
    this.builder = new SnapshotBuilder({
      name,
      source: 'context',
      serverVersion: null,
      takenAt: '2026-01-01T00:00:00Z',
      warnings: [],
    });
  }

  async page(
    resource: string,
    namespace: string | null,
    bytes: ArrayBuffer,
  ): ReturnType<ClusterSink['page']> {
    this.pages.push(namespace === null ? resource : `${resource} in ${namespace}`);
    const list: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return Promise.resolve(this.builder.addListPage(resource, list));
  }
  restart(resource: string, namespace: string | null): Promise<void> {
    this.restarts.push(resource);
    this.builder.restartList(resource, namespace);
    return Promise.resolve();
  }
  coverage(entry: CoverageEntry): void {
    this.entries.push(entry);
    this.builder.addCoverage(entry);
  }
  unread(what: 'policies' | 'pods', namespace: string | null): void {
    this.builder.markUnread(what, namespace);
  }
  version(gitVersion: string | null): void {
    this.builder.setServerVersion(gitVersion);
  }
  otherPolicy(record: Parameters<SnapshotBuilder['addOtherPolicy']>[0]): void {
    this.builder.addOtherPolicy(record);
  }
  problem(problem: Parameters<SnapshotBuilder['addProblem']>[0]): void {
    this.builder.addProblem(problem);
  }
  apiGroups(names: string[]): void {
    this.groups.push(...names);
  }
}

/** A folder that `clean` takes away. */
export class Folder {
  readonly path = mkdtempSync(path.join(tmpdir(), 'bulkhead-test-'));

  write(name: string, content: string): string {
    const file = path.join(this.path, name);
    writeFileSync(file, content, { mode: 0o700 });
    return file;
  }
  clean(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The current context of a kubeconfig text, ready to read. */
export async function contextOf(folder: Folder, text: string, name = 'config'): Promise<ResolvedContext> {
  const configs = new Kubeconfigs({ files: [folder.write(name, text)] });
  await configs.load();
  return configs.resolve(null);
}

/** Reads a server through a kubeconfig with this user entry. */
export async function read(
  server: TestApiServer,
  options: Partial<ReadOptions> & {
    user?: Record<string, unknown>;
    cluster?: Record<string, unknown>;
    namespace?: string;
  } = {},
): Promise<{ snapshot: Snapshot; sink: MemorySink; result: ReadResult }> {
  const { user, cluster, namespace, ...rest } = options;
  const folder = new Folder();
  try {
    const context = await contextOf(
      folder,
      server.kubeconfig(user, cluster, namespace === undefined ? {} : { namespace }),
    );
    const sink = new MemorySink();
    const result = await readCluster(context, sink, {
      signal: new AbortController().signal,
      patience: QUICK,
      searchPath: process.env['PATH'] ?? '',
      ...rest,
    });
    return { snapshot: sink.builder.finish(), sink, result };
  } finally {
    folder.clean();
  }
}

/** The coverage entry of one list, if it is there. */
export function entryOf(
  entries: CoverageEntry[],
  resource: string,
  namespace: string | null = null,
  verb: CoverageEntry['verb'] = 'list',
): CoverageEntry | undefined {
  return entries.find((e) => e.resource === resource && e.namespace === namespace && e.verb === verb);
}

/** `expect.poll` that waits for a busy machine. */
export function eventually<T>(get: () => T): ReturnType<typeof expect.poll<T>> {
  return expect.poll(get, { timeout: 20_000 });
}

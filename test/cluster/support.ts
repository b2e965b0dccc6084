/** A sink in this process, kubeconfig files in a folder of their own, and quick patience for fault tests. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import type { FollowSink } from '../../electron/cluster/follow.ts';
import type { Patience } from '../../electron/cluster/http.ts';
import { Kubeconfigs } from '../../electron/cluster/kubeconfig.ts';
import type { ResolvedContext } from '../../electron/cluster/kubeconfig.ts';
import { readCluster } from '../../electron/cluster/reader.ts';
import type { ReadOptions, ReadResult } from '../../electron/cluster/reader.ts';
import type { ClusterSink } from '../../electron/cluster/sink.ts';
import { SnapshotBuilder } from '../../shared/kube/builder.ts';
import { LiveSnapshot } from '../../shared/kube/live.ts';
import type { ChangeEvent, FollowedList } from '../../shared/kube/live.ts';
import type { ClusterInfo, CoverageEntry, Snapshot } from '../../shared/kube/snapshot.ts';
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

const CLUSTER: ClusterInfo = {
  name: 'test',
  source: 'context',
  serverVersion: null,
  takenAt: '2026-01-01T00:00:00Z',
  warnings: [],
};

/** What the worker does with a sink, in this process. */
export class MemorySink implements ClusterSink {
  readonly builder: SnapshotBuilder;
  readonly entries: CoverageEntry[] = [];
  readonly restarts: string[] = [];
  readonly pages: string[] = [];
  readonly groups: string[] = [];

  constructor(name = 'test') {
    this.builder = new SnapshotBuilder({ ...CLUSTER, name });
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

/** What the worker does with a sink of a cluster that is followed, in this process. */
export class LiveSink extends MemorySink implements FollowSink {
  readonly live = new LiveSnapshot(CLUSTER);
  /** How often something was told that changed what is kept. */
  changes = 0;
  /** Rejects what comes next, as a worker would that cannot take it. */
  refuses = 0;

  override page(
    resource: string,
    namespace: string | null,
    bytes: ArrayBuffer,
  ): ReturnType<ClusterSink['page']> {
    void namespace;
    return Promise.resolve(this.live.addListPage(resource, parsed(bytes)));
  }
  override restart(resource: string, namespace: string | null): Promise<void> {
    this.live.restartList(resource, namespace);
    return Promise.resolve();
  }
  override coverage(entry: CoverageEntry): void {
    this.live.addCoverage(entry);
  }
  override unread(what: 'policies' | 'pods', namespace: string | null): void {
    this.live.markUnread(what, namespace);
  }
  override version(gitVersion: string | null): void {
    this.live.setServerVersion(gitVersion);
  }
  override otherPolicy(record: Parameters<LiveSnapshot['addOtherPolicy']>[0]): void {
    this.live.addOtherPolicy(record);
  }
  override apiGroups(names: string[]): void {
    this.live.addApiGroups(names);
  }

  change(list: FollowedList, events: ChangeEvent[]): Promise<void> {
    if (this.refuses > 0) {
      this.refuses -= 1;
      return Promise.reject(new Error('cannot be taken'));
    }
    for (const event of events) if (this.live.apply(list, event)) this.changes += 1;
    return Promise.resolve();
  }
  beginReplace(list: FollowedList): Promise<void> {
    this.live.beginReplace(list);
    return Promise.resolve();
  }
  async replacePage(list: FollowedList, bytes: ArrayBuffer): ReturnType<FollowSink['replacePage']> {
    return Promise.resolve(this.live.replacePage(list, parsed(bytes)));
  }
  endReplace(list: FollowedList, whole: boolean): Promise<void> {
    if (this.live.endReplace(list, whole)) this.changes += 1;
    return Promise.resolve();
  }
}

function parsed(bytes: ArrayBuffer): unknown {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
}

/** A snapshot without what differs between two reads of one state: versions, pages and moves of its lists. */
export function stateOf(snapshot: Snapshot): unknown {
  const { coverage, ...rest } = snapshot;
  return JSON.parse(
    JSON.stringify({
      ...rest,
      coverage: {
        ...coverage,
        entries: coverage.entries
          .filter((entry) => entry.verb !== 'watch')
          .map(({ resourceVersion: _version, pages: _pages, ...entry }) => entry),
      },
    }),
  );
}

/** A folder that `clean` takes away. */
export class Folder {
  readonly path = mkdtempSync(path.join(tmpdir(), 'bulkhead-test-'));

  write(name: string, content: string | Uint8Array): string {
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

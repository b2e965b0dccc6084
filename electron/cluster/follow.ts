/**
 * Follows what changed in a cluster since it was read, by watches with bookmarks.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
import { ClusterError } from './error.ts';
import { ApiClient } from './http.ts';
import type { ClientOptions } from './http.ts';
import type { ResolvedContext } from './kubeconfig.ts';
import { METADATA_WATCH } from './moved.ts';
import { apiPath, LISTS } from './resources.ts';
import type { ListResource } from './resources.ts';
import { sleep } from './wait.ts';

/** What changed since the audit, over all watched resources. */
export interface Changes {
  /** Per resource ('pods', 'networkpolicies', 'namespaces'). */
  resources: Record<string, { added: number; modified: number; deleted: number }>;
  /** Namespaces in which something that decides verdicts changed; at most a hundred, sorted. */
  namespaces: string[];
  total: number;
  /** A watch could not be kept up: what is shown may lack changes, and why. Null while all stand. */
  broken: string | null;
}

export interface FollowOptions extends Omit<ClientOptions, 'signal'> {
  /** Changes are gathered for this long before they are told. */
  gatherMs?: number;
  /** First pause after a watch ended in an error; it grows to a minute. */
  pauseMs?: number;
}

interface Event {
  type?: string;
  object?: {
    metadata?: { name?: string; namespace?: string; resourceVersion?: string; deletionTimestamp?: string };
    code?: number;
    message?: string;
  };
}

/**
 * Watches namespaces, policies and pods from the versions on at which they were read.
 * Of a pod only its coming and going counts: its status changes all the time. (A changed label is seen by the next
 * audit.)
 * @param resourceVersions as `readCluster` gave them; a resource without one is not followed
 * @param onChange told of the sum since the audit, whenever it grew
 * @returns when the signal aborts
 * @throws ClusterError 'auth' when the login ends: nothing is shown as live then
 */
export async function followChanges(
  context: ResolvedContext,
  resourceVersions: Record<string, string>,
  onChange: (changes: Changes) => void,
  signal: AbortSignal,
  options: FollowOptions = {},
): Promise<void> {
  const { gatherMs = 1000, pauseMs = 1000, ...rest } = options;
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const client = new ApiClient(context, { ...rest, signal: both });
  const changes: Changes = { resources: {}, namespaces: [], total: 0, broken: null };
  const namespaces = new Set<string>();
  const broken = new Map<string, string>();
  /** Resources whose changes were lost for a while: that does not heal. */
  const lost = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  const tell = (): void => {
    timer ??= setTimeout(() => {
      timer = null;
      changes.namespaces = [...namespaces].sort().slice(0, 100);
      const words = [
        ...[...lost].map((what) => `${what}: changes in between are not known (410)`),
        ...[...broken].map(([what, why]) => `${what}: ${why}`),
      ];
      changes.broken = words.length === 0 ? null : words.join('; ');
      onChange(structuredClone(changes));
    }, gatherMs);
  };
  const count = (
    resource: string,
    what: 'added' | 'modified' | 'deleted',
    namespace: string | undefined,
  ): void => {
    const sum = (changes.resources[resource] ??= { added: 0, modified: 0, deleted: 0 });
    sum[what] += 1;
    changes.total += 1;
    if (namespace !== undefined && namespaces.size < 10_000) namespaces.add(namespace);
    tell();
  };
  const followed = LISTS.filter((list) => list.watched && resourceVersions[list.resource] !== undefined);
  try {
    await Promise.all(
      followed.map((list) =>
        followOne(client, list, resourceVersions[list.resource] as string, both, pauseMs, {
          count,
          broken: (why) => {
            const before = broken.get(list.resource) ?? null;
            if (why === before) return;
            if (why === null) broken.delete(list.resource);
            else broken.set(list.resource, why);
            tell();
          },
          lost: () => {
            lost.add(list.resource);
            tell();
          },
        }),
      ),
    );
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    if (timer) clearTimeout(timer);
    stop.abort();
    await client.close();
  }
}

interface Told {
  count(resource: string, what: 'added' | 'modified' | 'deleted', namespace: string | undefined): void;
  /** Why the watch does not stand; null when it does again. */
  broken(why: string | null): void;
  /** The server forgot what happened since. */
  lost(): void;
}

async function followOne(
  client: ApiClient,
  list: ListResource,
  from: string,
  signal: AbortSignal,
  pauseMs: number,
  tell: Told,
): Promise<void> {
  let version = from;
  let failures = 0;
  while (!signal.aborted) {
    let gone = false;
    let heard = false;
    const query = new URLSearchParams({
      watch: '1',
      resourceVersion: version,
      allowWatchBookmarks: 'true',
      // The server ends it by itself; another begins where it ended.
      timeoutSeconds: String(300 + Math.floor(Math.random() * 60)),
    });
    let problem: string | null = null;
    try {
      const { status, message } = await client.watch(
        `${apiPath(list, null)}?${query}`,
        METADATA_WATCH,
        signal,
        (line) => {
          const event = JSON.parse(line) as Event;
          const metadata = event.object?.metadata;
          if (event.type === 'ERROR') {
            gone = event.object?.code === 410;
            problem = event.object?.message ?? 'the watch ended with an error';
            return;
          }
          heard = true;
          if (metadata?.resourceVersion) version = metadata.resourceVersion;
          const place = list.namespaced ? metadata?.namespace : metadata?.name;
          if (event.type === 'ADDED') tell.count(list.resource, 'added', place);
          else if (event.type === 'DELETED') tell.count(list.resource, 'deleted', place);
          else if (event.type === 'MODIFIED' && list.side !== 'pods')
            tell.count(list.resource, 'modified', place);
        },
        () => tell.broken(null),
      );
      if (status === 410) gone = true;
      if (status !== 200) problem = message.startsWith('HTTP') ? message : `HTTP ${status}: ${message}`;
      if (status === 403 || status === 404) {
        // Rights do not come back by asking; what is shown says so, and the other watches go on.
        tell.broken(problem);
        await untilAbort(signal);
        return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ClusterError && error.kind === 'auth') throw error;
      problem = error instanceof Error ? error.message : String(error);
    }
    if (signal.aborted) return;
    if (gone) {
      // The server forgot what happened since: begin at now, and say that changes in between are not known.
      const now = await versionNow(client, list);
      if (now !== null) {
        version = now;
        tell.lost();
        continue;
      }
    }
    failures = problem === null || heard ? 0 : failures + 1;
    if (problem !== null) {
      tell.broken(problem);
      const pause = Math.min(60_000, pauseMs * 2 ** Math.min(failures, 10));
      await sleep(pause / 2 + (Math.random() * pause) / 2, signal).catch(() => undefined);
    }
  }
}

/** The list's version right now, from a list of one object. */
async function versionNow(client: ApiClient, list: ListResource): Promise<string | null> {
  try {
    const answer = await client.get(`${apiPath(list, null)}?limit=1`);
    if (answer.status !== 200) return null;
    const { metadata } = JSON.parse(new TextDecoder().decode(answer.bytes)) as {
      metadata?: { resourceVersion?: string };
    };
    return metadata?.resourceVersion ?? null;
  } catch (error) {
    if (error instanceof ClusterError && error.kind === 'auth') throw error;
    return null;
  }
}

function untilAbort(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Notices that a list moved while the rest was read, by a watch from the list's resourceVersion on. */
import { ClusterError } from './error.ts';
import type { ApiClient } from './http.ts';
import { apiPath } from './resources.ts';
import type { ListResource } from './resources.ts';

export interface Moves {
  moved: boolean;
  added: number;
  modified: number;
  deleted: number;
  /** Why it is not known; null when it was watched. */
  unchecked: string | null;
}

export interface MoveWatch {
  /** Ends the watch and tells what it saw. */
  end(): Promise<Moves>;
}

/** Metadata alone is asked for: https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches */
export const METADATA_LIST =
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
export const METADATA_WATCH = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';

/** After the watch stands, events since the list come at once: this long is waited for them. */
const SETTLE_MS = 200;
/** So many changes are enough to know that it moved; they are not counted further. */
const ENOUGH = 100_000;
/** A watch that does not stand by then is given up. */
const OPEN_MS = 5_000;

function count(line: string, moves: Moves): void {
  // The type stands first in every event; a busy list need not be parsed to be counted.
  const type = /^\s*\{\s*"type"\s*:\s*"([A-Z]+)"/.exec(line.slice(0, 64))?.[1];
  if (type === 'ADDED') moves.added += 1;
  else if (type === 'DELETED') moves.deleted += 1;
  else if (type === 'MODIFIED') moves.modified += 1;
  else if (type === 'ERROR') moves.unchecked = 'the watch ended with an error (410)';
}

/**
 * Begins to watch a list that was just read. Of pods, changes of an existing one are not counted: their status changes
 * all the time, and the list is whole as of its own moment.
 */
export function beginMoveWatch(
  client: ApiClient,
  list: ListResource,
  resourceVersion: string,
  signal: AbortSignal,
): MoveWatch {
  const stop = new AbortController();
  const moves: Moves = { moved: false, added: 0, modified: 0, deleted: 0, unchecked: null };
  let opened: () => void = () => undefined;
  const open = new Promise<void>((resolve) => {
    opened = resolve;
  });
  const query = new URLSearchParams({
    watch: '1',
    resourceVersion,
    allowWatchBookmarks: 'true',
    timeoutSeconds: '600',
  });
  const running = client
    .watch(`${apiPath(list, null)}?${query}`, METADATA_WATCH, AbortSignal.any([stop.signal, signal]), {
      onLines(lines) {
        for (const line of lines) count(line, moves);
        if (moves.added + moves.modified + moves.deleted > ENOUGH) stop.abort();
      },
      onOpen: opened,
    })
    .then(({ status, message }) => {
      if (status !== 200)
        moves.unchecked = message.startsWith('HTTP') ? message : `HTTP ${status}: ${message}`;
    })
    .catch((error: unknown) => {
      moves.unchecked = error instanceof ClusterError ? error.message : 'the watch failed';
    })
    .finally(opened);
  return {
    async end(): Promise<Moves> {
      const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), OPEN_MS).unref());
      if ((await Promise.race([open, late])) === 'late')
        moves.unchecked ??= 'the watch was not answered in time';
      else if (moves.unchecked === null) await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      stop.abort();
      await running;
      const counted = moves.added + moves.deleted + (list.side === 'pods' ? 0 : moves.modified);
      return { ...moves, moved: counted > 0 };
    },
  };
}

/**
 * Follows a cluster after its lists were read: a watch of each from the version on at which it was read, with bookmarks.
 * What a watch says goes to a sink as it comes; a list whose changes were lost is read again as a whole and replaces what
 * is kept of it, so that what is kept is right again.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
import { KEPT_TOO_MUCH } from '../../shared/kube/live.ts';
import type { ChangeEvent, FollowedList } from '../../shared/kube/live.ts';
import type { CoverageBound } from '../../shared/kube/snapshot.ts';
import { boundText } from '../../shared/report/words.ts';
import { bound, boundError, BOUNDS, EventGuard, ListGuard, openings } from './bounds.ts';
import type { Bounds } from './bounds.ts';
import { cancelled, ClusterError } from './error.ts';
import { ApiClient } from './http.ts';
import type { ClientOptions } from './http.ts';
import type { ResolvedContext } from './kubeconfig.ts';
import { METADATA_LIST, METADATA_WATCH } from './moved.ts';
import type { PageSummary } from './sink.ts';
import { sleep } from './wait.ts';

/** A list, and from where on it is followed. Plain data. */
export interface Cursor extends FollowedList {
  /** Path of the collection. */
  path: string;
  /** Names, labels and owners are all that is read of it. */
  metadataOnly: boolean;
  /** Parameters that choose among its objects. */
  selecting: Record<string, string>;
  /** Does a gap leave verdicts open, or only details? */
  affectsVerdicts: boolean;
  /** Empty where it is not known: the list is read again first. */
  resourceVersion: string;
  /** Objects that the list had; 0 when not known. */
  count?: number;
}

/** Where changes go. Each call is answered when it was taken; what it rejects with means that it was not. */
export interface FollowSink {
  /** Why it takes nothing more; null or absent while it lives. */
  readonly ended?: unknown;
  change(list: FollowedList, events: ChangeEvent[]): Promise<void>;
  /** A list is read again: what is kept of it stays in force until `endReplace`. */
  beginReplace(list: FollowedList): Promise<void>;
  replacePage(list: FollowedList, bytes: ArrayBuffer): Promise<PageSummary>;
  /** @param whole false: what was read is let go, and what was kept stays */
  endReplace(list: FollowedList, whole: boolean): Promise<void>;
}

/** A list whose changes do not come at the moment. */
export interface Interruption {
  resource: string;
  namespace: string | null;
  /** ISO time: what happened after it may be missing. */
  since: string;
  reason: string;
  /** The bound that was reached, where one is the reason. */
  bound?: CoverageBound;
}

/** A list that is not followed at all. */
export interface NotFollowed {
  resource: string;
  namespace: string | null;
  reason: string;
  bound?: CoverageBound;
  /** Does it leave verdicts open, or only details? */
  affectsVerdicts: boolean;
}

export interface FollowStatus {
  /** Watches that the server has not taken yet. */
  opening: number;
  /** The one that was heard longest ago first. */
  interrupted: Interruption[];
  notFollowed: NotFollowed[];
}

export interface FollowOptions extends Omit<ClientOptions, 'signal' | 'onPause'> {
  /** When the lists were read, in milliseconds: what happened since is still to come. */
  readAt: number;
  /** First pause after a failure; each further one is twice as long, up to a minute, with jitter. */
  pauseMs?: number;
  /** A watch that says nothing for this long, not even a bookmark, is begun anew. */
  silenceMs?: number;
  /** A watch that ended is shown as interrupted when it does not stand again in this time. */
  lateMs?: number;
  /** Objects a page where a list is read again. */
  pageSize?: number;
  /** What a server may cost; `BOUNDS` where absent. */
  bounds?: Partial<Bounds>;
  /** The clock. */
  now?: () => number;
}

/** Each watch is a connection of its own. */
export const MAX_WATCHES = 64;
/** Lists that are read again at the same time: a server that came back is not stormed. */
const RELISTS = 2;
const LONGEST_PAUSE_MS = 60_000;
/** The server ends a watch after this time and up to as much again; the next one begins where it ended. */
const WATCH_S = 300;
/** API servers send a bookmark about every minute. */
const SILENCE_MS = 150_000;
const LATE_MS = 3_000;
/** A flood is paused for as long as after so many failures, and longer each time. */
const FLOOD_STEPS = 3;
/** A watch that went well for this long was no flood. */
const FLOOD_FORGOTTEN_MS = 600_000;
/** A line that is longer than this is looked at before it is parsed. */
const LONG_LINE = 64 * 1024;
/** A list starts again this often when its continue token expires. */
const RESTARTS = 3;

/**
 * Follows lists until the signal aborts.
 * @param context the cluster
 * @param cursors as `readCluster` gave them
 * @param sink where changes go
 * @param onStatus told at the beginning and whenever it changes
 * @param signal ends it at once
 * @returns when the signal aborts
 * @throws ClusterError 'auth' when the login ends: nothing is followed any more then; or what the sink ended with
 */
export async function followChanges(
  context: ResolvedContext,
  cursors: readonly Cursor[],
  sink: FollowSink,
  onStatus: (status: FollowStatus) => void,
  signal: AbortSignal,
  options: FollowOptions,
): Promise<void> {
  const { readAt, pauseMs, silenceMs, lateMs, pageSize, bounds, now, ...rest } = options;
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const client = new ApiClient(context, { ...rest, signal: both });
  // What decides verdicts comes first where there are too many; sorting keeps the rest in its order.
  const wanted = [...cursors].sort(
    (a, b) =>
      Number(b.namespace === null) - Number(a.namespace === null) ||
      Number(b.affectsVerdicts) - Number(a.affectsVerdicts),
  );
  const follower = new Follower(client, sink, onStatus, both, {
    readAt,
    pauseMs: pauseMs ?? 1000,
    silenceMs: silenceMs ?? SILENCE_MS,
    lateMs: lateMs ?? LATE_MS,
    pageSize: pageSize ?? 500,
    bounds: { ...BOUNDS, ...bounds },
    now: now ?? Date.now,
  });
  try {
    await follower.run(wanted.slice(0, MAX_WATCHES), wanted.slice(MAX_WATCHES));
  } catch (error) {
    if (signal.aborted) return;
    // The last thing that is told: since when each list may lack changes.
    follower.end(error instanceof Error ? error.message : String(error));
    throw error;
  } finally {
    stop.abort();
    follower.end();
    await client.close();
  }
}

/** How a watch stands. */
interface Standing {
  cursor: Cursor;
  state: 'opening' | 'open' | 'interrupted' | 'not-followed';
  /** When an event or a bookmark came last. */
  heardAt: number;
  /** When the server took the watch. Counts as heard, unless the watch then says that it cannot go on. */
  openedAt: number;
  reason: string;
  bound: CoverageBound | undefined;
}

type End =
  /** The server ended it in order, or nothing was heard for long: another one begins where it ended. */
  | { how: 'over' }
  | { how: 'failed'; reason: string }
  /** What it said is lost, or the server has forgotten: the list has to be read again. */
  | { how: 'lost'; reason: string; bound?: CoverageBound }
  | { how: 'refused'; reason: string };

interface Settings {
  readAt: number;
  pauseMs: number;
  silenceMs: number;
  lateMs: number;
  pageSize: number;
  bounds: Bounds;
  now: () => number;
}

class Follower {
  readonly #client: ApiClient;
  readonly #sink: FollowSink;
  readonly #onStatus: (status: FollowStatus) => void;
  readonly #signal: AbortSignal;
  readonly #settings: Settings;
  readonly #standings: Standing[] = [];
  #told: NodeJS.Immediate | null = null;
  #relisting = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(
    client: ApiClient,
    sink: FollowSink,
    onStatus: (status: FollowStatus) => void,
    signal: AbortSignal,
    settings: Settings,
  ) {
    this.#client = client;
    this.#sink = sink;
    this.#onStatus = onStatus;
    this.#signal = signal;
    this.#settings = settings;
  }

  async run(cursors: readonly Cursor[], tooMany: readonly Cursor[]): Promise<void> {
    const stand = (cursor: Cursor, state: Standing['state'], reason: string): Standing => {
      const standing = {
        cursor,
        state,
        heardAt: this.#settings.readAt,
        openedAt: 0,
        reason,
        bound: undefined,
      };
      this.#standings.push(standing);
      return standing;
    };
    for (const cursor of tooMany)
      stand(cursor, 'not-followed', `more than ${MAX_WATCHES} lists are not followed at once`);
    const followed = cursors.map((cursor) => stand(cursor, 'opening', ''));
    this.#tell();
    await Promise.all([...followed.map((standing) => this.#follow(standing)), aborted(this.#signal)]);
  }

  /**
   * Tells nothing more.
   * @param reason where given, all lists are told to be interrupted by it before
   */
  end(reason?: string): void {
    if (this.#told) clearImmediate(this.#told);
    this.#told = null;
    if (reason === undefined) return;
    for (const standing of this.#standings) {
      if (standing.state === 'not-followed') continue;
      standing.state = 'interrupted';
      standing.reason = reason;
      standing.bound = undefined;
    }
    this.#onStatus(this.#status());
  }

  /** Tells how things stand, once for what changes at one moment. */
  #tell(): void {
    this.#told ??= setImmediate(() => {
      this.#told = null;
      this.#onStatus(this.#status());
    });
  }

  #status(): FollowStatus {
    const of = (state: Standing['state']): Standing[] =>
      this.#standings.filter((standing) => standing.state === state);
    return {
      opening: of('opening').length,
      interrupted: of('interrupted')
        .map((standing) => ({ standing, since: Math.max(standing.heardAt, standing.openedAt) }))
        .sort((a, b) => a.since - b.since)
        .map(({ standing: { cursor, reason, bound: reached }, since }) => ({
          resource: cursor.resource,
          namespace: cursor.namespace,
          since: new Date(since).toISOString(),
          reason,
          ...(reached ? { bound: reached } : {}),
        })),
      notFollowed: of('not-followed').map(({ cursor, reason }) => ({
        resource: cursor.resource,
        namespace: cursor.namespace,
        reason,
        affectsVerdicts: cursor.affectsVerdicts,
      })),
    };
  }

  #set(standing: Standing, state: Standing['state'], reason = '', reached?: CoverageBound): void {
    if (standing.state === state && standing.reason === reason) return;
    standing.state = state;
    standing.reason = reason;
    standing.bound = reached;
    this.#tell();
  }

  /** One list, until the signal aborts or it may not be followed. */
  async #follow(standing: Standing): Promise<void> {
    const { cursor } = standing;
    const place: { version: string } = { version: cursor.resourceVersion };
    let lost = place.version === '';
    /** Ends in a row that brought nothing. */
    let failures = 0;
    /** Times in a row that more came than may: each makes the pause longer. */
    let floods = 0;
    let listed = cursor.count ?? 0;
    let late: NodeJS.Timeout | undefined;
    try {
      while (!this.#signal.aborted) {
        if (lost) {
          const again = await this.#inTurn(() => this.#relist(cursor));
          if (again.how === 'refused') return this.#set(standing, 'not-followed', again.reason);
          if (again.how !== 'read') {
            this.#set(standing, 'interrupted', again.reason, again.bound);
            await this.#pause(Math.max(++failures, floods));
            continue;
          }
          place.version = again.version;
          listed = again.count;
          lost = false;
        }
        const begun = this.#settings.now();
        let events = 0;
        const end = await this.#watch(cursor, place, listed, (count) => {
          clearTimeout(late);
          late = undefined;
          events += count;
          if (count > 0) standing.heardAt = this.#settings.now();
          else standing.openedAt = this.#settings.now();
          this.#set(standing, 'open');
        });
        if (this.#signal.aborted) return;
        if (end.how === 'refused') return this.#set(standing, 'not-followed', end.reason);
        const stood = standing.state === 'open' && (events > 0 || this.#settings.now() - begun > 1000);
        failures = stood ? 0 : failures + 1;
        if (end.how === 'lost') {
          lost = true;
          standing.openedAt = 0;
          this.#set(standing, 'interrupted', end.reason, end.bound);
          // What floods goes on doing so: a list that is read again at once would be one load more.
          floods = end.bound && this.#settings.now() - begun < FLOOD_FORGOTTEN_MS ? floods + 1 : 0;
          if (floods > 0) {
            await this.#pause(floods + FLOOD_STEPS);
            continue;
          }
          // The first time at once: what is missing is missing now.
          if (failures > 1) await this.#pause(failures);
          continue;
        }
        const reason = end.how === 'failed' ? end.reason : 'the watch was not taken up again in time';
        if (failures > 1) {
          if (standing.state !== 'opening' || end.how === 'failed')
            this.#set(standing, 'interrupted', reason);
          await this.#pause(failures);
          continue;
        }
        // A connection that is cut now and then is nothing to tell, as long as it stands again soon.
        late ??= setTimeout(() => this.#set(standing, 'interrupted', reason), this.#settings.lateMs);
        if (end.how === 'failed') await this.#pause(0);
      }
    } finally {
      clearTimeout(late);
    }
  }

  /** A pause that grows, with jitter; none is longer than a minute. */
  async #pause(failures: number): Promise<void> {
    const longest = Math.min(LONGEST_PAUSE_MS, this.#settings.pauseMs * 2 ** Math.min(failures - 1, 10));
    await sleep(longest / 2 + (Math.random() * longest) / 2, this.#signal).catch(() => undefined);
  }

  /** One watch, from `place` on, which moves as events are taken. */
  async #watch(
    cursor: Cursor,
    place: { version: string },
    listed: number,
    heard: (events: number) => void,
  ): Promise<End> {
    const guard = new EventGuard(this.#settings.now, listed, this.#settings.bounds);
    const query = new URLSearchParams({
      ...cursor.selecting,
      watch: '1',
      resourceVersion: place.version,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(WATCH_S + Math.floor(Math.random() * WATCH_S)),
    });
    try {
      const { status, message } = await this.#client.watch(
        `${cursor.path}?${query}`,
        cursor.metadataOnly ? METADATA_WATCH : 'application/json',
        this.#signal,
        {
          silenceMs: this.#settings.silenceMs,
          onOpen: () => heard(0),
          onLines: async (lines) => {
            const reached = guard.take(
              lines.length,
              lines.reduce((sum, line) => sum + line.length, 0),
            );
            if (reached) throw new Ended(flooded(reached));
            const told = read(lines, place.version, this.#settings.bounds);
            if (told.events.length > 0) await this.#give(cursor, told.events);
            // Only now: what was not taken is asked for again.
            if (told.version !== null) place.version = told.version;
            if (told.version !== null || told.events.length > 0) heard(lines.length);
            if (told.end !== null) throw new Ended(told.end);
          },
        },
      );
      const reason = message === '' || message.startsWith('HTTP') ? message : `HTTP ${status}: ${message}`;
      if (status === 200) return { how: 'over' };
      if (status === 410) return { how: 'lost', reason };
      // Rights and APIs do not come back by asking.
      if ([403, 404, 405, 501].includes(status)) return { how: 'refused', reason };
      return { how: 'failed', reason };
    } catch (thrown) {
      if (this.#signal.aborted) throw cancelled();
      if (thrown instanceof Ended) return thrown.end;
      if (!(thrown instanceof ClusterError)) throw thrown;
      if (thrown.kind === 'auth') throw thrown;
      // A line that is too long would come again: the list goes around it.
      if (thrown.kind === 'api') return lost(thrown.message);
      return { how: 'failed', reason: thrown.message };
    }
  }

  async #give(cursor: Cursor, events: ChangeEvent[]): Promise<void> {
    try {
      await this.#sink.change(listOf(cursor), events);
    } catch (thrown) {
      if ((this.#sink.ended ?? null) !== null) throw thrown;
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      const grown = KEPT_TOO_MUCH.exec(message);
      throw new Ended(grown ? flooded(bound('kept', Number(grown[1]))) : lost(message));
    }
  }

  /** Some at a time, in the order in which they were asked for. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    while (this.#relisting >= RELISTS) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#relisting += 1;
    try {
      return await work();
    } finally {
      this.#relisting -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** Reads a list again, page by page, and puts it in place of what is kept when it is whole. */
  async #relist(
    cursor: Cursor,
  ): Promise<
    | { how: 'read'; version: string; count: number }
    | { how: 'failed'; reason: string; bound?: CoverageBound }
    | { how: 'refused'; reason: string; bound?: CoverageBound }
  > {
    const list = listOf(cursor);
    const { bounds, now, pageSize } = this.#settings;
    const failed = (
      reason: string,
      reached?: CoverageBound,
    ): { how: 'failed'; reason: string; bound?: CoverageBound } => ({
      how: 'failed',
      reason,
      ...(reached ? { bound: reached } : {}),
    });
    let guard = new ListGuard(now, bounds);
    let count = 0;
    let whole = false;
    let token: string | null = null;
    let restarts = 0;
    await this.#sink.beginReplace(list);
    try {
      for (;;) {
        const query = new URLSearchParams({ ...cursor.selecting, limit: String(pageSize) });
        if (token !== null) query.set('continue', token);
        const answer = await this.#client.get(
          `${cursor.path}?${query}`,
          cursor.metadataOnly ? METADATA_LIST : 'application/json',
          bounds.pageBytes,
        );
        const bytes = answer.bytes.byteLength;
        if (answer.status === 410) {
          restarts += 1;
          if (restarts > RESTARTS) return failed('the list expired again and again while it was read (410)');
          token = null;
          count = 0;
          guard = new ListGuard(now, bounds);
          await this.#sink.beginReplace(list);
          continue;
        }
        if (answer.status !== 200) {
          const reason = answer.message.startsWith('HTTP')
            ? answer.message
            : `HTTP ${answer.status}: ${answer.message}`;
          return answer.status === 403 || answer.status === 404
            ? { how: 'refused', reason }
            : failed(reason, answer.bound);
        }
        let page: PageSummary;
        try {
          page = await this.#sink.replacePage(list, answer.bytes);
        } catch (thrown) {
          if ((this.#sink.ended ?? null) !== null) throw thrown;
          return failed(
            `the answer was no list: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
          );
        }
        count += page.count;
        const reached = guard.page(page, { limit: pageSize, bytes, wire: answer.wire });
        if (reached) return failed(boundText(reached, 'en'), reached);
        if (page.continueToken === null) {
          if (page.resourceVersion === null) return failed('the list has no resourceVersion');
          whole = true;
          await this.#sink.endReplace(list, true);
          return { how: 'read', version: page.resourceVersion, count };
        }
        token = page.continueToken;
      }
    } catch (thrown) {
      if (!(thrown instanceof ClusterError) || thrown.kind === 'auth' || this.#signal.aborted) throw thrown;
      return failed(thrown.message, thrown.bound);
    } finally {
      if (!whole && (this.#sink.ended ?? null) === null)
        await this.#sink.endReplace(list, false).catch(() => undefined);
    }
  }
}

/** A watch that ends by what it said. */
class Ended extends Error {
  readonly end: End;
  constructor(end: End) {
    super(end.how);
    this.end = end;
  }
}

interface Told {
  events: ChangeEvent[];
  /** Version of the last event or bookmark; null where there was none. */
  version: string | null;
  /** Why nothing more is read of it. */
  end: End | null;
}

/**
 * Reads lines of a watch that began at a version, up to the first that is no event.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#watch-bookmarks
 */
function read(lines: readonly string[], from: string, bounds: Bounds): Told {
  const told: Told = { events: [], version: null, end: null };
  for (const line of lines) {
    let event: { type?: unknown; object?: Record<string, unknown> & { metadata?: Record<string, unknown> } };
    if (line.length > LONG_LINE && openings(line) > bounds.openings) {
      told.end = lost(boundError('api', bound('openings', bounds.openings)).message);
      return told;
    }
    try {
      event = (JSON.parse(line) ?? {}) as typeof event;
    } catch {
      event = {};
    }
    const { type, object } = event;
    if (type === 'ERROR') {
      told.end = errorEnd(object ?? {});
      return told;
    }
    const version = object?.metadata?.['resourceVersion'];
    const change = type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED';
    if ((!change && type !== 'BOOKMARK') || typeof version !== 'string' || version === '') {
      told.end = lost('the watch said what is no event');
      return told;
    }
    if (older(version, told.version ?? from)) {
      told.end = lost('the versions of the server went back, as after a backup was restored');
      return told;
    }
    if (change) {
      // Half of an object's bytes, and nothing that anybody reads.
      delete object?.metadata?.['managedFields'];
      told.events.push({ type, object });
    }
    told.version = version;
  }
  return told;
}

/**
 * Whether a version comes before another. Versions of one list are whole numbers that grow; of what is no number nothing
 * is known. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */
function older(version: string, than: string): boolean {
  if (!/^[1-9]\d*$/.test(version) || !/^[1-9]\d*$/.test(than)) return false;
  return version.length === than.length ? version < than : version.length < than.length;
}

/** What a Status object in the place of an event means; only 410 makes the list be read again. */
function errorEnd({ code, message }: Record<string, unknown>): End {
  const said = typeof message === 'string' ? message.replace(/\s+/g, ' ').slice(0, 300) : '';
  const words = said === '' ? 'the watch ended with an error' : said;
  if (code === 410) return lost(`410: ${words}`);
  return { how: 'failed', reason: typeof code === 'number' ? `${code}: ${words}` : words };
}

function lost(reason: string): End {
  return { how: 'lost', reason };
}

/** More came than may: the list is read again after a pause. */
function flooded(reached: CoverageBound): End {
  return { how: 'lost', reason: boundText(reached, 'en'), bound: reached };
}

function listOf({ resource, namespace, other }: Cursor): FollowedList {
  return { resource, namespace, ...(other ? { other } : {}) };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

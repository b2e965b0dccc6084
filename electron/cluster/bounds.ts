/**
 * What a server may make the reading of a cluster cost, in pages, objects, bytes and time, each in relation to what was
 * read. No bound cuts a real cluster: 200,000 pods over a line of 1 Mbit/s come through (test/cluster/bounds.test.ts).
 * What is cut is named in coverage by the bound's code.
 */
import type { CoverageBound, ReadBound } from '../../shared/kube/snapshot.ts';
import { boundText } from '../../shared/report/words.ts';
import { ClusterError } from './error.ts';
import type { PageSummary } from './sink.ts';

export interface Bounds {
  /** Bytes of one page as it is inflated. A list whose page is larger is asked for in smaller pages. */
  pageBytes: number;
  /** The same for what is parsed in this thread: discovery, names of other kinds, one object. */
  documentBytes: number;
  /** `/version`, and what is read of an error's body. */
  smallBytes: number;
  /** Pages of a list beyond those that its objects account for. */
  sparePages: number;
  /** Objects of one list, and of all lists of an audit. Kubernetes is made for 150,000 pods. */
  objects: number;
  auditObjects: number;
  /** Objects of a list whose names are kept in this thread: namespaces, other kinds of policy. */
  names: number;
  /** Objects beyond twice what the first page announces (remainingItemCount is an estimate). */
  spareObjects: number;
  /** Bytes of a list beyond `objectBytes` for each of its objects. */
  spareBytes: number;
  objectBytes: number;
  /** Time of a list, and of an audit, beyond what its bytes and objects account for. */
  spareMs: number;
  auditSpareMs: number;
  /** Least bytes a second on the wire. A line of 1 Mbit/s has 125,000, shared by the lists that are read at once. */
  pace: number;
  /** Least objects a second. */
  objectPace: number;
  /** A continue token in characters; etcd's have some hundred. */
  tokenLength: number;
  /** Namespaces that are read one by one; Kubernetes is made for 10,000. */
  namespaces: number;
  /** Kinds and groups that discovery may bring. */
  kinds: number;
  /** Braces and brackets of a document that is parsed in this thread: each may be an object. */
  openings: number;
  /** Events that a watch may bring in `eventMs`, or four times the objects of its list: reading it again costs less. */
  events: number;
  eventBytes: number;
  eventMs: number;
}

export const BOUNDS: Bounds = {
  pageBytes: 64 * 1024 * 1024,
  documentBytes: 16 * 1024 * 1024,
  smallBytes: 64 * 1024,
  sparePages: 1000,
  objects: 1_000_000,
  auditObjects: 2_000_000,
  names: 200_000,
  spareObjects: 10_000,
  spareBytes: 1024 * 1024 * 1024,
  objectBytes: 64 * 1024,
  spareMs: 15 * 60_000,
  auditSpareMs: 60 * 60_000,
  pace: 8_000,
  objectPace: 5,
  tokenLength: 8_192,
  namespaces: 20_000,
  kinds: 2_000,
  openings: 500_000,
  events: 20_000,
  eventBytes: 256 * 1024 * 1024,
  eventMs: 30_000,
};

/** A bound as data. `limit` is worded in the unit of its code. */
export function bound(code: ReadBound, limit: number): CoverageBound {
  return { code, limit };
}

/**
 * The error of a bound that was reached, in English words; its code goes along.
 * @param kind 'network' where the way there may be the reason, else 'api'
 */
export function boundError(kind: 'network' | 'api', reached: CoverageBound, place?: string): ClusterError {
  return new ClusterError(kind, boundText(reached, 'en'), {
    bound: reached,
    ...(place === undefined ? {} : { place }),
  });
}

/** What a page cost, beside what stands in it. */
export interface PageCost {
  /** Objects that were asked for. */
  limit: number;
  bytes: number;
  /** Bytes on the wire: compressed. */
  wire: number;
}

/** Time that is allowed for what came: some of it for nothing. */
function allowedMs(spareMs: number, wire: number, objects: number, { pace, objectPace }: Bounds): number {
  return spareMs + (wire / pace) * 1000 + (objects / objectPace) * 1000;
}

/** Watches the pages of one list. Begin a new one where the list starts again. */
export class ListGuard {
  readonly #bounds: Bounds;
  readonly #most: number;
  readonly #now: () => number;
  readonly #begun: number;
  readonly #tokens = new Set<string>();
  readonly #firsts = new Set<string>();
  #pages = 0;
  #objects = 0;
  #bytes = 0;
  #wire = 0;
  #announced: number | null = null;
  #smallest = Infinity;

  /**
   * @param now the clock, in milliseconds
   * @param names whether the names of its objects are kept in this thread
   */
  constructor(now: () => number, bounds: Bounds = BOUNDS, names = false) {
    this.#now = now;
    this.#bounds = bounds;
    this.#most = names ? bounds.names : bounds.objects;
    this.#begun = now();
  }

  /**
   * Takes note of a page.
   * @returns the bound that the list has reached with it; null while it may go on
   */
  page(page: PageSummary, cost: PageCost): CoverageBound | null {
    const b = this.#bounds;
    this.#pages += 1;
    this.#objects += page.count;
    this.#bytes += cost.bytes;
    this.#wire += cost.wire;
    this.#smallest = Math.min(this.#smallest, Math.max(1, cost.limit));
    if (this.#pages === 1 && page.remaining !== null && page.remaining >= 0)
      this.#announced = page.count + page.remaining;
    if (this.#objects > this.#most) return bound('objects', this.#most);
    const bytes = b.spareBytes + this.#objects * b.objectBytes;
    if (this.#bytes > bytes) return bound('list-bytes', bytes);
    const token = page.continueToken;
    // The last page: whatever it took, it is whole.
    if (token === null || token === '') return null;
    if (token.length > b.tokenLength) return bound('token-length', b.tokenLength);
    if (this.#tokens.has(token)) return bound('token-repeated', this.#pages);
    this.#tokens.add(token);
    const first = page.first ?? null;
    if (first !== null) {
      if (this.#firsts.has(first)) return bound('objects-repeated', this.#pages);
      this.#firsts.add(first);
    }
    if (this.#announced !== null && this.#objects > 2 * this.#announced + b.spareObjects)
      return bound('more-than-announced', this.#announced);
    // A tenth of what was asked for, in the mean, is enough: servers may leave out what a selector does not choose.
    if (this.#pages > b.sparePages + (this.#objects * 10) / this.#smallest)
      return bound('pages', this.#pages);
    const ms = this.#now() - this.#begun;
    if (ms > allowedMs(b.spareMs, this.#wire, this.#objects, b))
      return bound('list-time', Math.round(ms / 1000));
    return null;
  }
}

/** Bounds of a list that smaller lists may keep: it is too large or too slow, not without end. */
const SMALLER_HELPS: ReadonlySet<ReadBound> = new Set([
  'slow',
  'answer-bytes',
  'openings',
  'retry-after',
  'waited',
]);

/** Whether a list of each namespace may come through where the whole list reached this bound. */
export function smallerHelps(reached: CoverageBound | undefined): boolean {
  return reached === undefined || SMALLER_HELPS.has(reached.code);
}

/** Watches a whole reading: lists that each keep their bounds may still be without number. */
export class AuditGuard {
  readonly #bounds: Bounds;
  readonly #now: () => number;
  readonly #begun: number;
  #wire = 0;
  #objects = 0;

  constructor(now: () => number, bounds: Bounds = BOUNDS) {
    this.#now = now;
    this.#bounds = bounds;
    this.#begun = now();
  }

  /** Takes note of what came. */
  add(wire: number, objects: number): void {
    this.#wire += wire;
    this.#objects += objects;
  }

  /** The bound, once reading takes longer than what came accounts for. */
  reached(): CoverageBound | null {
    const ms = this.#now() - this.#begun;
    if (ms <= allowedMs(this.#bounds.auditSpareMs, this.#wire, this.#objects, this.#bounds)) return null;
    return bound('audit-time', Math.round(ms / 1000));
  }
}

/** Whether bytes come fast enough, looked at over a window: a burst at the beginning pays for nothing later. */
export class Pace {
  readonly #windowMs: number;
  readonly #least: number;
  /** Arrived bytes at some moments, oldest first; the first lies a window back, or is the beginning. */
  readonly #marks: { at: number; arrived: number }[];

  /** @param pace least bytes a second */
  constructor(windowMs: number, pace: number, now: number) {
    this.#windowMs = windowMs;
    this.#least = (pace * windowMs) / 1000;
    this.#marks = [{ at: now, arrived: 0 }];
  }

  /** Looks again: less than the least came in the last window. */
  slow(now: number, arrived: number): boolean {
    const marks = this.#marks;
    while (marks.length > 1 && now - (marks[1]?.at ?? now) >= this.#windowMs) marks.shift();
    const from = marks[0];
    marks.push({ at: now, arrived });
    return from !== undefined && now - from.at >= this.#windowMs && arrived - from.arrived < this.#least;
  }
}

/** Watches what one watch brings. */
export class EventGuard {
  readonly #bounds: Bounds;
  readonly #now: () => number;
  readonly #listed: number;
  #from: number;
  #events = 0;
  #bytes = 0;

  /** @param listed objects of the list when it was read */
  constructor(now: () => number, listed: number, bounds: Bounds = BOUNDS) {
    this.#now = now;
    this.#listed = listed;
    this.#bounds = bounds;
    this.#from = now();
  }

  /** Takes note of events. @returns the bound, where more came than the list would cost that is read again */
  take(events: number, bytes: number): CoverageBound | null {
    const b = this.#bounds;
    if (this.#now() - this.#from >= b.eventMs) {
      this.#from = this.#now();
      this.#events = 0;
      this.#bytes = 0;
    }
    this.#events += events;
    this.#bytes += bytes;
    const most = Math.max(b.events, 4 * this.#listed);
    if (this.#events > most) return bound('events', most);
    const mostBytes = Math.max(b.eventBytes, 4 * this.#listed * b.objectBytes);
    return this.#bytes > mostBytes ? bound('event-bytes', mostBytes) : null;
  }
}

/** `{` and `[` in a text, which each may become an object many times as large; those in strings are counted too. */
export function openings(text: string | Uint8Array): number {
  let count = 0;
  for (let i = 0; i < text.length; i += 1) {
    const c = typeof text === 'string' ? text.charCodeAt(i) : text[i];
    if (c === 0x7b || c === 0x5b) count += 1;
  }
  return count;
}

/**
 * JSON that is parsed in this thread.
 * @throws ClusterError 'api' with its bound where it may become many times as large; SyntaxError where it is no JSON
 */
export function parseSmall(bytes: ArrayBuffer, bounds: Bounds = BOUNDS): unknown {
  const view = new Uint8Array(bytes);
  if (view.length > bounds.openings && openings(view) > bounds.openings)
    throw boundError('api', bound('openings', bounds.openings));
  return JSON.parse(new TextDecoder().decode(view));
}

/**
 * Reads a cluster: every page of every list goes as raw bytes to a sink, and every refusal, failure and gap goes to its
 * coverage. Only GET is ever sent.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/
 */
import type { CoverageBound, CoverageEntry, OtherPolicyRecord } from '../../shared/kube/snapshot.ts';
import { scopeOf } from '../../shared/kube/subject.ts';
import { boundText } from '../../shared/report/words.ts';
import { AuditGuard, bound, boundError, BOUNDS, ListGuard, parseSmall, smallerHelps } from './bounds.ts';
import type { Bounds } from './bounds.ts';
import { discover } from './discovery.ts';
import type { Discovery } from './discovery.ts';
import { cancelled, ClusterError } from './error.ts';
import { ApiClient } from './http.ts';
import type { ApiAnswer, Patience } from './http.ts';
import type { Permit } from './permit.ts';
import { commandLine, usesExec } from './kubeconfig.ts';
import type { ResolvedContext } from './kubeconfig.ts';
import { hasEffect } from '../../shared/kube/kinds.ts';
import { apiPath, LISTS, NAMED, OTHER_POLICIES, resourceName, selecting, SIGNAL_LISTS } from './resources.ts';
import type { ListResource, OtherPolicyResource } from './resources.ts';
import type { Cursor } from './follow.ts';
import type { ClusterSink, PageSummary } from './sink.ts';
import { beginMoveWatch, METADATA_LIST } from './moved.ts';
import type { Moves, MoveWatch } from './moved.ts';

export interface ReadProgress {
  phase: 'connect' | 'read';
  /** Resource being read, or what is waited for. */
  detail: string;
  /** Objects read so far. */
  done: number;
  /** Objects altogether as far as known; 0 when not known. */
  total: number;
}

export interface ReadOptions {
  signal: AbortSignal;
  /** Namespaces to read where the whole cluster may not be listed. */
  namespaces?: string[];
  onProgress?: (progress: ReadProgress) => void;
  /** Objects a page; 500 when absent. */
  pageSize?: number;
  /** Lists read at the same time; 4 when absent. */
  parallel?: number;
  patience?: Partial<Patience>;
  userAgent?: string;
  /** PATH to find exec plugins in; found out from the login shell when absent. */
  searchPath?: string;
  env?: Record<string, string | undefined>;
  execTimeoutMs?: number;
  /** What a server may cost; `BOUNDS` where absent. */
  bounds?: Partial<Bounds>;
  /** The clock of the bounds in time. */
  now?: () => number;
  plainCredentials?: boolean;
  permit?: Permit;
}

/** What reading came to, for following changes afterwards. */
export interface ReadResult {
  serverVersion: string | null;
  /** Each list that was read, and the version from which on a watch tells what changed. */
  cursors: Cursor[];
  /** What was read by name or for the network plugin's settings alone, and is not followed: names as in coverage. */
  fixed: string[];
}

/** A list starts again this often when its continue token expires. */
const RESTARTS = 3;
/** Policies that changed while reading are read again this often. */
const REREADS = 2;

/**
 * Reads everything that an audit needs of one context.
 * @throws ClusterError 'auth' when the login is refused (also in the middle), 'network' when the server cannot be
 * reached at all, 'cancelled' on abort. Anything else becomes coverage and the reading goes on.
 */
export async function readCluster(
  context: ResolvedContext,
  sink: ClusterSink,
  options: ReadOptions,
): Promise<ReadResult> {
  const client = new ApiClient(context, {
    signal: options.signal,
    ...(options.patience ? { patience: options.patience } : {}),
    ...(options.userAgent === undefined ? {} : { userAgent: options.userAgent }),
    ...(options.searchPath === undefined ? {} : { searchPath: options.searchPath }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.execTimeoutMs === undefined ? {} : { execTimeoutMs: options.execTimeoutMs }),
    ...(options.plainCredentials === undefined ? {} : { plainCredentials: options.plainCredentials }),
    ...(options.permit === undefined ? {} : { permit: options.permit }),
    onPause: (what, ms) =>
      options.onProgress?.({
        phase: 'read',
        detail: `${what}; trying again in ${Math.ceil(ms / 1000)} s`,
        done: reader.done,
        total: reader.total,
      }),
  });
  const reader = new Reader(client, sink, options);
  try {
    return await reader.read();
  } catch (error) {
    if (options.signal.aborted) throw cancelled();
    throw error;
  } finally {
    await client.close();
  }
}

/** The least page that is asked for where larger ones come too slowly: a share of the wanted one. */
const SLOW_SHARE = 16;
/** And where larger ones have too many bytes. */
const LARGE_SHARE = 64;

/** How one list went. */
interface ListOutcome {
  outcome: 'read' | 'refused' | 'failed' | 'absent';
  count: number;
  pages: number;
  restarts: number;
  resourceVersion: string | null;
  reason: string;
  bound?: CoverageBound | undefined;
}

const NOTHING: ListOutcome = {
  outcome: 'failed',
  count: 0,
  pages: 0,
  restarts: 0,
  resourceVersion: null,
  reason: '',
};

class Reader {
  readonly #client: ApiClient;
  readonly #sink: ClusterSink;
  readonly #options: ReadOptions;
  readonly #watches = new Map<string, MoveWatch>();
  readonly #cursors: Cursor[] = [];
  readonly #fixed: string[] = [];
  readonly #bounds: Bounds;
  readonly #now: () => number;
  readonly #guard: AuditGuard;
  /** Names of namespaces; null while they are not known to be complete. */
  #namespaces: string[] | null = null;
  /** Namespaces whose pods and policies were read; '*' for the whole cluster. */
  readonly #read = { pods: new Set<string>(), policies: new Set<string>() };
  done = 0;
  total = 0;

  constructor(client: ApiClient, sink: ClusterSink, options: ReadOptions) {
    this.#client = client;
    this.#sink = sink;
    this.#options = options;
    this.#bounds = { ...BOUNDS, ...options.bounds };
    this.#now = options.now ?? Date.now;
    this.#guard = new AuditGuard(this.#now, this.#bounds);
  }

  async read(): Promise<ReadResult> {
    const { user } = this.#client.context;
    this.#progress('connect', user && usesExec(user) && user.exec ? commandLine(user.exec) : 'version');
    const serverVersion = await this.#version();
    this.#progress('connect', 'discovery');
    const discovery = await this.#discovery();

    // Namespaces come first: they say where to look when the whole cluster may not be listed.
    await this.#list(LISTS[0] as ListResource);
    if (this.#namespaces === null) await this.#ownNamespaces();
    const jobs: (() => Promise<void>)[] = LISTS.slice(1).map((list) => () => this.#list(list));
    for (const named of NAMED) {
      if (
        named.when === null ||
        discovery === null ||
        named.when.some((group) => discovery.groups.has(group))
      ) {
        jobs.push(() => this.#named(named, discovery));
      }
    }
    for (const list of SIGNAL_LISTS) {
      const version = discovery?.version(list.group, list.resource);
      if (version) {
        jobs.push(() => this.#list({ ...list, version, namespaced: false, affectsVerdicts: false }));
      }
    }
    jobs.push(() => this.#others(discovery));
    await inParallel(jobs, this.#options.parallel ?? 4);
    this.#gaps();
    await this.#settleMoves();
    this.#progress('read', 'done');
    return { serverVersion, cursors: this.#cursors, fixed: this.#fixed.sort() };
  }

  #progress(phase: 'connect' | 'read', detail: string): void {
    this.#options.onProgress?.({ phase, detail, done: this.done, total: Math.max(this.total, this.done) });
  }

  /** Did the worker behind the sink end? Then asking again makes no sense. */
  #ended(): boolean {
    return (this.#sink.ended ?? null) !== null;
  }

  #cover(
    entry: Omit<CoverageEntry, 'reason' | 'bound'> & {
      reason?: string | undefined;
      bound?: CoverageBound | undefined;
    },
  ): void {
    const { reason, bound: reached, ...rest } = entry;
    this.#sink.coverage({ ...rest, ...(reason ? { reason } : {}), ...(reached ? { bound: reached } : {}) });
  }

  /** A request whose failure is the answer: only a lost login and a cancel go through. */
  async #get(
    path: string,
    accept?: string,
    most = this.#bounds.pageBytes,
  ): Promise<ApiAnswer | ClusterError> {
    const over = this.#guard.reached();
    if (over) return boundError('network', over);
    try {
      const answer = await this.#client.get(path, accept, most);
      this.#guard.add(answer.wire, 0);
      return answer;
    } catch (error) {
      if (error instanceof ClusterError && (error.kind === 'network' || error.kind === 'api')) return error;
      throw error;
    }
  }

  /** GET /version: the first contact, so a server that cannot be reached ends the reading here. */
  async #version(): Promise<string | null> {
    const answer = await this.#client.get('/version', undefined, this.#bounds.smallBytes);
    let version: string | null = null;
    let reason = answer.message;
    if (answer.status === 200) {
      try {
        const { gitVersion } = JSON.parse(new TextDecoder().decode(answer.bytes)) as { gitVersion?: unknown };
        if (typeof gitVersion === 'string') version = gitVersion;
        else reason = 'no gitVersion in the answer';
      } catch {
        reason = notJson(answer);
      }
    }
    if (version === null && answer.status === 200) {
      // Nothing that an API server says: going on would only collect the same web page many times over.
      throw new ClusterError('api', `This is no Kubernetes API server: ${reason}`, {
        place: new URL(this.#client.context.cluster.server).origin,
        hint: 'Does a proxy or a login page answer in its place?',
      });
    }
    if (answer.status >= 300 && answer.status < 400) {
      throw new ClusterError('api', answer.message, {
        place: new URL(this.#client.context.cluster.server).origin,
      });
    }
    if (answer.status === 429 || answer.status >= 500) {
      // Nobody is at home: asking for every list would only take long.
      throw new ClusterError('api', `The API server answers ${worded(answer)}`, {
        place: new URL(this.#client.context.cluster.server).origin,
        hint: 'Is the control plane up?',
      });
    }
    this.#sink.version(version);
    this.#cover({
      resource: 'version',
      verb: 'get',
      namespace: null,
      outcome: version !== null ? 'read' : answer.status === 403 ? 'refused' : 'failed',
      count: version === null ? 0 : 1,
      affectsVerdicts: true,
      reason: version === null ? worded(answer) : undefined,
    });
    return version;
  }

  async #discovery(): Promise<Discovery | null> {
    const result = await discover(
      (path, accept) => this.#get(path, accept, this.#bounds.documentBytes),
      this.#bounds,
    );
    if (result.groups.size > 0) this.#sink.apiGroups([...result.groups].sort());
    this.#cover({
      resource: 'apis',
      verb: 'get',
      namespace: null,
      outcome: result.outcome,
      count: result.groups.size,
      affectsVerdicts: true,
      reason: result.reason,
      bound: result.bound,
    });
    for (const { group, reason, bound: reached } of result.broken) {
      this.#cover({
        resource: `apis/${group}`,
        verb: 'get',
        namespace: null,
        outcome: 'failed',
        count: 0,
        affectsVerdicts: OTHER_POLICIES.some((other) => other.group === group),
        reason,
        bound: reached,
      });
    }
    return result.outcome === 'read' ? result : null;
  }

  /** One resource: the whole cluster at once, else namespace by namespace. */
  async #list(list: ListResource): Promise<void> {
    const whole = list.only ?? null;
    const first = await this.#pages(list, whole);
    if (first.outcome === 'read') this.#follow(list, whole, first);
    if (list.only !== undefined) return this.#coverList(list, whole, first);
    if (first.outcome === 'read') {
      this.#coverList(list, whole, first);
      if (list.resource === 'namespaces' && list.group === '') this.#namespaces = this.#collected;
      if (list.side) this.#read[list.side].add('*');
      if (list.watched && first.resourceVersion !== null) {
        this.#watches.set(
          list.resource,
          beginMoveWatch(this.#client, list, first.resourceVersion, this.#options.signal),
        );
      }
      return;
    }
    if (!list.namespaced || first.outcome === 'absent') return this.#coverList(list, whole, first);
    // 403, or the whole list failed: smaller lists may still come through.
    const read = new Set<string>();
    let failures = smallerHelps(first.bound) ? 0 : 2;
    const places = this.#places();
    const { namespaces: most } = this.#bounds;
    for (const namespace of places.slice(0, most)) {
      // A server that lets two lists in a row run into nothing would let a thousand: nobody waits for that.
      const outcome: ListOutcome =
        failures < 2
          ? await this.#pages(list, namespace)
          : { ...NOTHING, reason: 'not asked: the lists before it failed' };
      failures = outcome.outcome === 'failed' ? failures + 1 : 0;
      this.#coverList(list, namespace, outcome);
      if (outcome.outcome === 'read') {
        read.add(namespace);
        this.#follow(list, namespace, outcome);
      }
    }
    if (list.side) for (const namespace of read) this.#read[list.side].add(namespace);
    if (places.length > most) {
      first.bound ??= bound('namespaces', most);
      first.reason += `; ${boundText(bound('namespaces', most), 'en')}`;
    }
    const healed = this.#namespaces !== null && this.#namespaces.every((name) => read.has(name));
    if (healed) first.reason += '; every namespace was read by itself';
    this.#coverList({ ...list, affectsVerdicts: list.affectsVerdicts && !healed }, whole, first);
  }

  /** Remembers where a watch of the list would begin. */
  #follow(list: ListResource, namespace: string | null, { resourceVersion, count }: ListOutcome): void {
    // Only a list that every audit reads: the others are settings of a network plugin.
    if (!LISTS.some((one) => one.resource === list.resource && one.group === list.group)) {
      if (count > 0) this.#fixed.push(resourceName(list));
      return;
    }
    if (resourceVersion === null) return;
    this.#cursors.push({
      resource: resourceName(list),
      namespace,
      path: apiPath(list, namespace),
      metadataOnly: list.metadataOnly ?? false,
      selecting: selecting(list),
      affectsVerdicts: list.affectsVerdicts,
      resourceVersion,
      count,
    });
  }

  /** Where namespaces may not be listed, a user of some of them may often get each: its labels decide selectors. */
  async #ownNamespaces(): Promise<void> {
    for (const name of this.#places()) {
      await this.#object(LISTS[0] as ListResource, null, name, true);
    }
  }

  /** Namespaces to read one by one: those the user named, else all that are known, else the context's own. */
  #places(): string[] {
    const named = this.#options.namespaces ?? [];
    if (named.length > 0) return [...new Set(named)];
    const own = this.#client.context.namespace;
    return this.#namespaces ?? (own === null || own === '' ? [] : [own]);
  }

  /** Says which namespaces' pods and policies are not known (S6). */
  #gaps(): void {
    const { pods, policies } = this.#read;
    const known = this.#namespaces ?? this.#places();
    const every = (read: Set<string>): boolean =>
      this.#namespaces !== null &&
      this.#namespaces.length > 0 &&
      this.#namespaces.every((name) => read.has(name));
    if (every(pods)) pods.add('*');
    if (every(policies)) policies.add('*');
    if (!pods.has('*')) {
      // Of so many the server's word is all there is.
      if (known.length > this.#bounds.namespaces) this.#sink.unread('pods', null);
      else for (const name of known) if (!pods.has(name)) this.#sink.unread('pods', name);
      if (this.#namespaces === null) this.#sink.unread('pods', null);
    }
    if (!policies.has('*')) {
      // A namespace whose policies were read is whole for its own pods, whatever else is hidden.
      if (
        policies.size === 0 ||
        known.length > this.#bounds.namespaces ||
        (this.#namespaces === null && pods.has('*'))
      ) {
        this.#sink.unread('policies', null);
      } else {
        for (const name of new Set([...known, ...pods])) {
          if (name !== '*' && !policies.has(name)) this.#sink.unread('policies', name);
        }
      }
    }
  }

  #coverList(list: ListResource, namespace: string | null, result: ListOutcome): void {
    const notes: string[] = [];
    if (result.restarts > 0) notes.push(`the list was started again ${times(result.restarts)} (410)`);
    if (result.reason !== '') notes.push(result.reason);
    this.#cover({
      resource: resourceName(list),
      verb: 'list',
      namespace,
      outcome: result.outcome === 'absent' ? 'failed' : result.outcome,
      count: result.count,
      pages: result.pages,
      affectsVerdicts: list.affectsVerdicts,
      ...(result.resourceVersion === null ? {} : { resourceVersion: result.resourceVersion }),
      reason: notes.length === 0 ? undefined : notes.join('; '),
      bound: result.bound,
    });
  }

  /** Names of the namespaces list that was read last. */
  #collected: string[] = [];

  /** All pages of one list. */
  async #pages(list: ListResource, namespace: string | null): Promise<ListOutcome> {
    const resource = resourceName(list);
    const wanted = this.#options.pageSize ?? 500;
    const names = list.resource === 'namespaces' && list.group === '';
    const result: ListOutcome = { ...NOTHING, outcome: 'read' };
    const most = names ? this.#bounds.documentBytes : this.#bounds.pageBytes;
    let guard = new ListGuard(this.#now, this.#bounds, names);
    let limit = wanted;
    let token: string | null = null;
    let expected = 0;
    let garbage = 0;
    const forget = async (): Promise<void> => {
      await this.#sink.restart(resource, namespace);
      this.done -= result.count;
      this.total -= expected;
      result.count = 0;
      result.pages = 0;
      result.resourceVersion = null;
      expected = 0;
      token = null;
      guard = new ListGuard(this.#now, this.#bounds, names);
      if (names) this.#collected = [];
    };
    const give = async (
      outcome: 'refused' | 'failed' | 'absent',
      reason: string,
      reached?: CoverageBound,
    ): Promise<ListOutcome> => {
      // Half a list would look like a whole one: what it brought is dropped, and the gap named.
      const had = result.count;
      if (had > 0) await forget();
      result.outcome = outcome;
      if (reached) result.bound = had > 0 ? { ...reached, leftOut: had } : reached;
      result.reason = had > 0 ? `${reason} (after ${had} objects, which were left out)` : reason;
      return result;
    };
    if (names) this.#collected = [];
    for (;;) {
      const query = new URLSearchParams({ ...selecting(list), limit: String(limit) });
      if (token !== null) query.set('continue', token);
      this.#progress('read', namespace === null ? resource : `${resource} in ${namespace}`);
      const answer = await this.#get(
        `${apiPath(list, namespace)}?${query}`,
        list.metadataOnly ? METADATA_LIST : 'application/json',
        most,
      );
      if (answer instanceof ClusterError) {
        const smaller = smallerPage(answer, limit, wanted, this.#client.tired);
        if (smaller === null) return give('failed', answer.message, answer.bound);
        limit = smaller;
        continue;
      }
      // A server or a way that stumbles over a page gets smaller ones, but not so small that they never end.
      if (answer.attempts > 1)
        limit = Math.min(limit, Math.max(Math.ceil(wanted / 4), Math.floor(limit / 2)));
      if (answer.status === 410) {
        if (result.restarts >= RESTARTS) {
          return give('failed', `the list expired ${times(RESTARTS + 1)} while it was read (410)`);
        }
        result.restarts += 1;
        await forget();
        // Fewer and larger pages are done before the token expires.
        limit = wanted * 2 ** result.restarts;
        continue;
      }
      if (answer.status === 403) return give('refused', worded(answer));
      if (answer.status === 404) return give('absent', `${worded(answer)}; the API is not served here`);
      if (answer.status !== 200) return give('failed', worded(answer), answer.bound);
      const bytes = answer.bytes.byteLength;
      let page: PageSummary;
      const odd = notJsonType(answer);
      try {
        if (odd) throw new Error(odd);
        if (names) collectNames(answer.bytes, this.#collected, this.#bounds);
        page = await this.#sink.page(resource, namespace, answer.bytes);
      } catch (error) {
        if (this.#options.signal.aborted) throw cancelled();
        if (error instanceof ClusterError && error.bound) return give('failed', error.message, error.bound);
        if (this.#ended()) throw error;
        garbage += 1;
        if (garbage >= 3) return give('failed', `the answer was no list: ${shortened(error)}`);
        continue;
      }
      result.count += page.count;
      result.pages += 1;
      this.done += page.count;
      if (expected === 0) {
        expected = page.count + (page.remaining ?? 0);
        this.total += expected;
      }
      result.resourceVersion = page.resourceVersion ?? result.resourceVersion;
      this.#guard.add(0, page.count);
      const { auditObjects } = this.#bounds;
      const reached =
        guard.page(page, { limit, bytes, wire: answer.wire }) ??
        (this.done > auditObjects ? bound('audit-objects', auditObjects) : null);
      if (reached) return give('failed', boundText(reached, 'en'), reached);
      if (page.continueToken === null || page.continueToken === '') return result;
      token = page.continueToken;
    }
  }

  /** An object that tells what a plugin does. */
  async #named(named: (typeof NAMED)[number], discovery: Discovery | null): Promise<void> {
    const version =
      named.group === '' ? named.version : (discovery?.version(named.group, named.resource) ?? named.version);
    return this.#object({ ...named, version }, named.namespace, named.name, false);
  }

  /** One object by its name, handed on as a list of one. */
  async #object(
    type: { resource: string; group: string; version: string },
    namespace: string | null,
    name: string,
    affectsVerdicts: boolean,
  ): Promise<void> {
    const answer = await this.#get(apiPath(type, namespace, name), undefined, this.#bounds.documentBytes);
    const cover = (
      outcome: CoverageEntry['outcome'],
      count: number,
      reason?: string,
      reached?: CoverageBound,
    ): void =>
      this.#cover({
        resource: `${resourceName(type)}/${name}`,
        verb: 'get',
        namespace,
        outcome,
        count,
        affectsVerdicts,
        reason,
        bound: reached,
      });
    if (answer instanceof ClusterError) return cover('failed', 0, answer.message, answer.bound);
    if (answer.status === 404) return cover('read', 0, 'not there (404)');
    if (answer.status !== 200) {
      return cover(answer.status === 403 ? 'refused' : 'failed', 0, worded(answer), answer.bound);
    }
    try {
      const odd = notJsonType(answer);
      if (odd) throw new Error(odd);
      await this.#sink.page(resourceName(type), namespace, listOfOne(answer.bytes));
      this.#fixed.push(`${resourceName(type)}/${name}`);
      cover('read', 1);
    } catch (error) {
      if (this.#options.signal.aborted) throw cancelled();
      if (this.#ended()) throw error;
      cover('failed', 0, `the answer was no object: ${shortened(error)}`);
    }
  }

  /** Other kinds of policy: their objects' names, or that they cannot be read (S26). */
  async #others(discovery: Discovery | null): Promise<void> {
    for (const other of OTHER_POLICIES) {
      if (this.#options.signal.aborted) throw cancelled();
      const version = discovery === null ? other.version : discovery.version(other.group, other.resource);
      if (version === null) {
        const broken = discovery?.broken.find(({ group }) => group === other.group);
        if (broken) this.#unreadable(other, broken.reason, broken.bound);
        continue;
      }
      // Calico keeps one set of objects behind two groups: the public one is read only where the other is not served.
      if (
        other.group === 'projectcalico.org' &&
        discovery !== null &&
        discovery.version('crd.projectcalico.org', other.resource) !== null
      ) {
        continue;
      }
      await this.#other({ ...other, version }, discovery !== null);
    }
    for (const other of discovery?.unknown ?? []) {
      if (this.#options.signal.aborted) throw cancelled();
      await this.#other(other, true);
    }
  }

  /** A kind whose group is registered and whose server does not answer: it may exist. */
  #unreadable(other: OtherPolicyResource, reason: string, reached: CoverageBound | undefined): void {
    const { kind, group } = other;
    this.#sink.otherPolicy({ kind, group, namespace: null, name: null, status: 'unreadable' });
    this.#cover({
      resource: `${other.resource}.${group}`,
      verb: 'list',
      namespace: null,
      outcome: 'failed',
      count: 0,
      affectsVerdicts: true,
      reason,
      bound: reached,
    });
  }

  async #other(other: OtherPolicyResource, served: boolean): Promise<void> {
    const { kind, group } = other;
    let count = 0;
    let pages = 0;
    let restarts = 0;
    let token: string | null = null;
    let resourceVersion: string | undefined;
    const found = new Map<string, OtherPolicyRecord>();
    let limit = OTHER_PAGE;
    let guard = new ListGuard(this.#now, this.#bounds, true);
    const end = (outcome: CoverageEntry['outcome'], reason?: string, reached?: CoverageBound): void => {
      for (const record of found.values()) this.#sink.otherPolicy(record);
      if (outcome !== 'read') {
        this.#sink.otherPolicy({ kind, group, namespace: null, name: null, status: 'unreadable' });
      } else if (resourceVersion !== undefined) {
        this.#cursors.push({
          resource: `${other.resource}.${group}`,
          namespace: null,
          other: { kind, group, namespaced: other.namespaced },
          path: apiPath(other, null),
          metadataOnly: !other.whole,
          selecting: {},
          affectsVerdicts: true,
          resourceVersion,
          count,
        });
      }
      this.#cover({
        resource: `${other.resource}.${group}`,
        verb: 'list',
        namespace: null,
        outcome,
        count,
        pages,
        affectsVerdicts: true,
        reason,
        bound: reached,
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      });
    };
    for (;;) {
      const query = new URLSearchParams({ limit: String(limit) });
      if (token !== null) query.set('continue', token);
      this.#progress('read', `${other.resource}.${group}`);
      const answer = await this.#get(
        `${apiPath(other, null)}?${query}`,
        other.whole ? 'application/json' : METADATA_LIST,
        this.#bounds.documentBytes,
      );
      if (answer instanceof ClusterError) {
        const smaller = smallerPage(answer, limit, OTHER_PAGE, this.#client.tired);
        if (smaller === null) return end('failed', answer.message, answer.bound);
        limit = smaller;
        continue;
      }
      if (answer.status === 404) {
        // Without discovery this is how a kind that is not served looks; with it, it vanished in between.
        return served ? end('failed', worded(answer)) : undefined;
      }
      if (answer.status === 410 && restarts < RESTARTS) {
        restarts += 1;
        found.clear();
        count = 0;
        pages = 0;
        token = null;
        guard = new ListGuard(this.#now, this.#bounds, true);
        continue;
      }
      if (answer.status !== 200)
        return end(answer.status === 403 ? 'refused' : 'failed', worded(answer), answer.bound);
      let list: {
        items?: { metadata?: { name?: unknown; namespace?: unknown }; [field: string]: unknown }[];
        metadata?: { continue?: unknown; resourceVersion?: unknown; remainingItemCount?: unknown };
      };
      try {
        const odd = notJsonType(answer);
        if (odd) throw new Error(odd);
        list = parseSmall(answer.bytes, this.#bounds) as typeof list;
        if (!Array.isArray(list.items)) throw new Error('it has no items');
      } catch (error) {
        if (error instanceof ClusterError) return end('failed', error.message, error.bound);
        return end('failed', `the answer was no list: ${shortened(error)}`);
      }
      for (const item of list.items) {
        count += 1;
        if (!hasEffect(group, kind, { ...item })) continue;
        const { metadata } = item;
        const name = String(metadata?.name ?? '');
        const namespace = other.namespaced ? String(metadata?.namespace ?? '') : null;
        found.set(`${namespace}/${name}`, {
          kind,
          group,
          namespace,
          name,
          status: 'present',
          ...scopeOf(group, kind, { ...item }),
        });
      }
      pages += 1;
      if (typeof list.metadata?.resourceVersion === 'string') resourceVersion = list.metadata.resourceVersion;
      const next = list.metadata?.continue;
      const remaining = list.metadata?.remainingItemCount;
      const first = list.items[0]?.metadata;
      this.#guard.add(0, list.items.length);
      const reached = guard.page(
        {
          count: list.items.length,
          continueToken: typeof next === 'string' ? next : null,
          remaining: typeof remaining === 'number' ? remaining : null,
          resourceVersion: null,
          ...(first ? { first: `${String(first.namespace)}/${String(first.name)}` } : {}),
        },
        { limit, bytes: answer.bytes.byteLength, wire: answer.wire },
      );
      if (reached) return end('failed', boundText(reached, 'en'), reached);
      if (typeof next !== 'string' || next === '') return end('read');
      token = next;
    }
  }

  #versionOf(list: ListResource): { resourceVersion?: string } {
    const cursor = this.#cursors.find((one) => one.resource === list.resource && one.namespace === null);
    return cursor ? { resourceVersion: cursor.resourceVersion } : {};
  }

  /** Names what changed between its own list and the end of reading; policies are read again. */
  async #settleMoves(): Promise<void> {
    const ended = new Map<string, Moves>();
    await Promise.all(
      [...this.#watches].map(async ([resource, watch]) => ended.set(resource, await watch.end())),
    );
    for (const list of LISTS) {
      let changes = ended.get(list.resource);
      if (!changes) continue;
      let rereads = 0;
      const seen = { ...changes };
      while (list.side === 'policies' && changes.moved && rereads < REREADS) {
        // A changed policy decides verdicts and the list is small: take it again, so that it is as new as the rest.
        rereads += 1;
        await this.#sink.restart(list.resource, null);
        const again = await this.#pages(list, null);
        if (again.outcome !== 'read' || again.resourceVersion === null) {
          this.#coverList(list, null, again);
          this.#sink.unread('policies', null);
          break;
        }
        const cursor = this.#cursors.find((one) => one.resource === list.resource && one.namespace === null);
        if (cursor) cursor.resourceVersion = again.resourceVersion;
        changes = await beginMoveWatch(this.#client, list, again.resourceVersion, this.#options.signal).end();
      }
      if (changes.unchecked !== null) {
        this.#cover({
          resource: resourceName(list),
          verb: 'watch',
          namespace: null,
          outcome: 'skipped',
          count: 0,
          affectsVerdicts: false,
          reason: `whether it moved while reading is not known: ${changes.unchecked}`,
        });
      } else if (seen.moved) {
        const words = [
          `${seen.added} added, ${seen.modified} changed, ${seen.deleted} deleted while reading`,
          ...(rereads > 0 ? [`read again ${times(rereads)}`] : []),
          ...(rereads > 0 && changes.moved ? ['still moving'] : []),
        ];
        this.#cover({
          resource: resourceName(list),
          verb: 'watch',
          namespace: null,
          outcome: 'moved',
          count: seen.added + seen.modified + seen.deleted,
          // Each list is whole as of its own moment; only policies that would not stand still leave verdicts open.
          affectsVerdicts: rereads > 0 && changes.moved,
          reason: words.join('; '),
          ...this.#versionOf(list),
        });
      }
    }
  }
}

/** Objects a page of the kinds of which the names alone are wanted. */
const OTHER_PAGE = 250;

/**
 * The page to try after one that came too slowly or was too large.
 * @param limit objects of the page that failed
 * @param wanted objects of a page where nothing is wrong
 * @param tired whether the server has stopped answering
 * @returns null where a smaller one would be no better
 */
function smallerPage(error: ClusterError, limit: number, wanted: number, tired: boolean): number | null {
  const code = error.bound?.code;
  if (tired || (code !== 'slow' && code !== 'answer-bytes')) return null;
  const least = Math.ceil(wanted / (code === 'slow' ? SLOW_SHARE : LARGE_SHARE));
  return limit > least ? Math.max(least, Math.floor(limit / 4)) : null;
}

/** Runs jobs, a few at a time; the first error ends it (the others' requests end with the client). */
async function inParallel(jobs: (() => Promise<void>)[], width: number): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let job = jobs[next++]; job; job = jobs[next++]) await job();
  };
  const lanes = Array.from({ length: Math.min(width, jobs.length) }, lane);
  try {
    await Promise.all(lanes);
  } catch (error) {
    next = jobs.length;
    throw error;
  }
}

function times(n: number): string {
  return n === 1 ? 'once' : n === 2 ? 'twice' : `${n} times`;
}

/** HTTP status and message, without saying the status twice. */
function worded(answer: ApiAnswer): string {
  return answer.message.startsWith('HTTP ') ? answer.message : `HTTP ${answer.status}: ${answer.message}`;
}

function notJson(answer: ApiAnswer): string {
  return notJsonType(answer) ?? 'the answer is no JSON';
}

/** Why a 200 cannot be a list, seen from outside; null when it may be one. */
function notJsonType(answer: ApiAnswer): string | null {
  if (/\bjson\b/.test(answer.contentType)) return null;
  const first = new TextDecoder().decode(
    new Uint8Array(answer.bytes, 0, Math.min(64, answer.bytes.byteLength)),
  );
  if (answer.contentType.startsWith('text/html') || /^\s*<(!doctype|html)/i.test(first)) {
    return 'a web page came in its place (a proxy or a login page?)';
  }
  return `its content type is ${answer.contentType.slice(0, 60) || 'not given'}`;
}

function shortened(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words.replace(/\s+/g, ' ').slice(0, 160);
}

const OPEN = new TextEncoder().encode('{"items":[');
const CLOSE = new TextEncoder().encode(']}');

function listOfOne(bytes: ArrayBuffer): ArrayBuffer {
  const whole = new Uint8Array(OPEN.length + bytes.byteLength + CLOSE.length);
  whole.set(OPEN, 0);
  whole.set(new Uint8Array(bytes), OPEN.length);
  whole.set(CLOSE, OPEN.length + bytes.byteLength);
  return whole.buffer;
}

/**
 * Names of the namespaces in a page; nothing when it is no list (the sink will say so).
 * @throws ClusterError where it is too much to be parsed here
 */
function collectNames(bytes: ArrayBuffer, into: string[], bounds: Bounds): void {
  try {
    const { items } = parseSmall(bytes, bounds) as { items?: { metadata?: { name?: unknown } }[] };
    for (const item of items ?? []) {
      const name = item.metadata?.name;
      // A longer one is no name of a namespace, and no list is asked for in it.
      if (typeof name === 'string' && name.length <= 253) into.push(name);
    }
  } catch (error) {
    if (error instanceof ClusterError) throw error;
    // The sink refuses the page.
  }
}

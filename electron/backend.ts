/**
 * The sessions behind a window: a source is read into a worker, audited, kept in the history, and then asked. One
 * map of handlers that Electron's IPC and the web server both register.
 */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Overview } from '../shared/audit/result.ts';
import type {
  AppInfo,
  AuditOptions,
  AuditPhase,
  EventName,
  Events,
  ExportFormat,
  Handlers,
  IpcError,
  Source,
  SourcesInfo,
} from '../shared/ipc.ts';
import type { ExecQuestion } from './cluster/permit.ts';
import type { HistoryClient } from './history/client.ts';
import { Follow } from './follow.ts';
import type { Logins } from './logins.ts';
import { pageFolder } from './page.ts';
import type { RenderFolder } from './render/plan.ts';
import type { RenderRequest } from './render/render.ts';
import type { Followable, FollowSourceOptions, ReadOptions } from './source.ts';
import { AuditClient } from './worker/client.ts';
import { BackendError, toIpcError } from './worker/errors.ts';

/** More audits than this are not kept open: the one that was asked longest ago is closed. */
const MAX_OPEN = 6;
/** More audits than this do not run at once. */
const MAX_RUNNING = 4;
/** More clusters than this are not followed at once: each is a thread and some connections. */
const MAX_FOLLOWED = 3;
/** A progress bar needs no more. */
const PROGRESS_EVERY_MS = 50;
const DAY_MS = 24 * 60 * 60 * 1000;

/** What differs between a window and a browser tab. */
export interface Host {
  readonly backend: AppInfo['backend'];
  emit<E extends EventName>(event: E, payload: Events[E]): void;
  /** Asks for a kubeconfig file; null when cancelled or where there is no dialog. */
  pickKubeconfig(): Promise<string | null>;
  pickPaths(kind: 'manifests' | 'snapshot'): Promise<string[] | null>;
  /**
   * Asks the user, outside the page, whether folders may be rendered.
   * @throws BackendError where there is nobody to ask
   */
  confirmRender(folders: RenderFolder[], signal: AbortSignal): Promise<boolean>;
  /** Asks the user, outside the page, whether a kubeconfig's program may be run; null where there is nobody to ask. */
  confirmLogin(question: ExecQuestion, signal: AbortSignal): Promise<boolean | null>;
  /**
   * Hands a file to the user: asks where to save it and writes it, or keeps it for a download.
   * @param name suggested name
   * @param type media type
   * @param make its bytes; called once it is known that they are wanted
   */
  deliver(
    name: string,
    type: string,
    make: () => Promise<Uint8Array>,
  ): Promise<{ path: string } | { download: string } | null>;
}

/** Where audits come from: `source.ts` with the real clusters and files, or a test's own. */
export interface Sources {
  list(): Promise<SourcesInfo>;
  /** Remembers another kubeconfig file, or a folder of them. */
  addKubeconfig(path: string): Promise<SourcesInfo>;
  /** Remembers pasted kubeconfig text for this run, in memory. Throws 'kubeconfig' where it is none. */
  addKubeconfigText(text: string): Promise<SourcesInfo>;
  /** Takes back what was added, by the `added` of its files. */
  removeKubeconfig(added: string): Promise<SourcesInfo>;
  /** Tells when what `list` answers has changed. Gives a function that ends it. */
  watch(changed: (sources: SourcesInfo) => void): () => void;
  /** Reads a source into a worker; throws as `IpcError` kinds. */
  read(client: AuditClient, source: Source, options: ReadOptions): Promise<Followable | null>;
  /** What a rendering of a source would run and fetch; nothing is run. */
  renderPlan(source: Source): Promise<RenderFolder[]>;
  /** Follows a context that was read, for the worker that holds its audit, until the signal aborts. */
  follow(client: AuditClient, followable: Followable, options: FollowSourceOptions): Promise<void>;
  /** What the user has agreed to of the programs of kubeconfigs; absent where none is ever run. */
  readonly logins?: Logins;
}

export interface BackendSettings {
  version: string;
  platform: string;
  /** Start on this source at once. */
  start: Source | null;
  /** Message key of a line for the user. */
  notice: string | null;
  sources: Sources;
  history: HistoryClient;
  /** The clock: ISO time. */
  now: () => string;
  /** Assumptions of the command line; the window's own come over them. */
  assume?: AuditOptions['assume'];
  /** Changes of a followed cluster are gathered for this long. */
  gatherMs?: number;
  host: Host;
}

export interface Backend {
  readonly handlers: Handlers;
  /** Ends every worker, and the history after what it is writing. */
  close(): Promise<void>;
}

interface Session {
  client: AuditClient;
  overview: Overview;
  /** What following goes on from, and what the audit was started with; null where the source cannot be followed. */
  followable: Followable | null;
  again: { source: Source; options: AuditOptions } | null;
  follow: Follow | null;
  /** For order of use. */
  used: number;
}

interface Job {
  client: AuditClient;
  abort: AbortController;
}

/**
 * Builds the handlers over their settings.
 * @param settings where audits come from and go to, and what to start on
 */
export function createBackend(settings: BackendSettings): Backend {
  const { host, sources, history, version } = settings;
  const sessions = new Map<string, Session>();
  const jobs = new Map<string, Job>();
  let counter = 0;
  let uses = 0;
  let closed = false;

  function nextId(prefix: string): string {
    counter += 1;
    return `${prefix}${counter}`;
  }

  function session(audit: string): Session {
    const found = sessions.get(audit);
    if (!found) {
      throw new BackendError({
        kind: 'not-found',
        message: 'This audit is not open any more.',
        hint: 'Open it again from the history.',
      });
    }
    found.used = ++uses;
    return found;
  }

  function keepOpen(
    client: AuditClient,
    overview: Overview,
    { followable, again }: Pick<Session, 'followable' | 'again'> = { followable: null, again: null },
  ): string {
    const audit = nextId('audit-');
    sessions.set(audit, { client, overview, followable, again, follow: null, used: ++uses });
    if (sessions.size > MAX_OPEN) {
      const [oldest] = [...sessions].reduce((a, b) => (a[1].used < b[1].used ? a : b));
      void closeSession(oldest);
    }
    return audit;
  }

  async function closeSession(audit: string): Promise<void> {
    const found = sessions.get(audit);
    sessions.delete(audit);
    found?.follow?.stop();
    await found?.follow?.ended;
    await found?.client.close({ kind: 'not-found', message: 'This audit is not open any more.' });
  }

  /** From a source to an open audit; tells how far it is, and how it ended. Never throws. */
  async function run(job: string, source: Source, options: AuditOptions): Promise<void> {
    const report = progressOf(job);
    const abort = new AbortController();
    let audit: string | null = null;
    const client = new AuditClient({
      progress: ({ phase, done, total }) => report(phase, '', done, total),
      changed: () => audit !== null && sessions.get(audit)?.follow?.changed(),
    });
    jobs.set(job, { client, abort });
    // After the reply: the page knows the job's name before it hears of it.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      abort.signal.throwIfAborted();
      report('connect', '', 0, 0);
      const render = options.render ? await agreed(source, abort.signal) : null;
      const followable = await sources.read(client, source, {
        signal: abort.signal,
        progress: ({ phase, detail, done, total }) => report(phase, detail, done, total),
        takenAt: settings.now(),
        ...(render === null ? {} : { render }),
      });
      abort.signal.throwIfAborted();
      const auditedAt = options.time ?? settings.now();
      const assume = { ...settings.assume, ...options.assume };
      const { overview } = await client.evaluate({ auditedAt, version, assume, follow: followable !== null });
      abort.signal.throwIfAborted();
      let historyError: IpcError | undefined;
      if (options.keep !== false) {
        report('save', '', 0, 0);
        historyError = await save(client, overview, source, options.assume);
      }
      abort.signal.throwIfAborted();
      jobs.delete(job);
      // Another audit of it is one of its own time.
      const { time: _time, ...again } = options;
      audit = keepOpen(client, overview, {
        followable,
        again: followable && { source: { ...source, ...followable.source }, options: again },
      });
      report('done', '', 1, 1);
      host.emit('audit.finished', { job, audit, ...(historyError ? { error: historyError } : {}) });
    } catch (thrown) {
      jobs.delete(job);
      const error: IpcError = abort.signal.aborted
        ? { kind: 'cancelled', message: 'The audit was cancelled.' }
        : // Where the audit's thread crashed, that is the reason, and not what the reader made of it.
          (client.ended ?? toIpcError(thrown));
      await client.close(error);
      if (!closed) host.emit('audit.finished', { job, error });
    }
  }

  let asking = false;

  /** What the user agrees to when asked, outside the page, whether the folders of a source may be rendered. */
  async function agreed(source: Source, signal: AbortSignal): Promise<RenderRequest> {
    if (asking) {
      throw new BackendError({ kind: 'bad-request', message: 'Another question about rendering is open.' });
    }
    asking = true;
    try {
      const folders = await sources.renderPlan(source);
      signal.throwIfAborted();
      if (!(await host.confirmRender(folders, signal))) {
        throw new BackendError({ kind: 'cancelled', message: 'Nothing was rendered.' });
      }
      // What was named in the question and no more: the folders may have changed since.
      return { remote: folders.flatMap(({ remote }) => remote) };
    } finally {
      asking = false;
    }
  }

  /** An audit that could not be kept is still shown: what went wrong is answered, not thrown. */
  async function save(
    client: AuditClient,
    overview: Overview,
    source: Source,
    assume: AuditOptions['assume'],
  ): Promise<IpcError | undefined> {
    try {
      const snapshot = await client.snapshot({ gzip: true });
      await history.save({ overview, source: source.kind, assume, snapshot });
      return undefined;
    } catch (thrown) {
      if (client.ended) throw thrown;
      return toIpcError(thrown);
    }
  }

  function progressOf(job: string): (phase: AuditPhase, detail: string, done: number, total: number) => void {
    let lastPhase: AuditPhase | null = null;
    let lastTime = 0;
    return (phase, detail, done, total) => {
      const now = performance.now();
      const last = total > 0 && done >= total;
      if (phase === lastPhase && !last && now - lastTime < PROGRESS_EVERY_MS) return;
      lastPhase = phase;
      lastTime = now;
      host.emit('audit.progress', { job, phase, detail, done, total });
    };
  }

  history.onSetAside = (path) => {
    if (!closed) host.emit('history.setAside', { path });
  };
  if (sources.logins) sources.logins.ask = (question, signal) => host.confirmLogin(question, signal);
  const unwatch = sources.watch((info) => {
    if (!closed) host.emit('sources.changed', info);
  });

  const handlers: Handlers = {
    'app.info': async () => ({
      version,
      backend: host.backend,
      platform: settings.platform,
      start: settings.start,
      notice: settings.notice,
      historyFile: history.file,
    }),

    'app.notices': () => notices(),

    'sources.list': () => sources.list(),

    'sources.addKubeconfig': async ({ path, text }) => {
      const file = path ?? (text === undefined ? await host.pickKubeconfig() : null);
      if (text === undefined && file === null) return null;
      const info =
        text === undefined
          ? await sources.addKubeconfig(file as string)
          : await sources.addKubeconfigText(text);
      host.emit('sources.changed', info);
      return info;
    },

    'sources.removeKubeconfig': async ({ added }) => {
      const info = await sources.removeKubeconfig(added);
      host.emit('sources.changed', info);
      return info;
    },

    'logins.list': async () => (await sources.logins?.list()) ?? [],
    'logins.revoke': async ({ id }) => {
      await sources.logins?.revoke([id]);
      return (await sources.logins?.list()) ?? [];
    },

    'sources.pickPaths': ({ kind }) => host.pickPaths(kind),

    'audit.start': async ({ source, options }) => {
      if (jobs.size >= MAX_RUNNING) {
        throw new BackendError({
          kind: 'bad-request',
          message: `${MAX_RUNNING} audits are running already.`,
          hint: 'Wait for one to end, or cancel one.',
        });
      }
      const job = nextId('job-');
      void run(job, source, options);
      return { job };
    },

    'audit.cancel': async ({ job }) => {
      const running = jobs.get(job);
      running?.abort.abort();
      await running?.client.close({ kind: 'cancelled', message: 'The audit was cancelled.' });
    },

    'audit.overview': async ({ audit }) => session(audit).overview,
    'audit.pods': async ({ audit, query }) => session(audit).client.pods(query),
    'audit.openEgress': async ({ audit, query }) => session(audit).client.openEgress(query),
    'audit.findings': async ({ audit, query }) => session(audit).client.findings(query),
    'audit.matrix': async ({ audit, query }) => session(audit).client.matrix(query),
    'audit.explain': async ({ audit, query: { port, protocol, ...ends } }) => {
      const { client } = session(audit);
      if (port !== undefined) return client.explain({ ...ends, protocol: protocol ?? 'TCP', port });
      return client.explainAllPorts({ ...ends, ...(protocol === undefined ? {} : { protocol }) });
    },
    'audit.endpoints': async ({ audit, text, limit }) => session(audit).client.endpoints(text, limit),
    'audit.close': async ({ audit }) => closeSession(audit),

    'follow.start': async ({ audit }) => {
      const open = session(audit);
      const { client, followable } = open;
      if (!followable) {
        throw new BackendError({
          kind: 'bad-request',
          message: 'Only an audit of a context that was made since the start can be followed.',
          hint: 'Audit the context again.',
        });
      }
      if (open.follow?.running) return open.follow.following;
      if ([...sessions.values()].filter(({ follow }) => follow?.running).length >= MAX_FOLLOWED) {
        throw new BackendError({
          kind: 'bad-request',
          message: `${MAX_FOLLOWED} clusters are followed already.`,
          hint: 'Stop following one of them.',
        });
      }
      const before = open.follow;
      await before?.ended;
      // Two windows may have asked at once, or one closed the audit meanwhile.
      if (session(audit).follow !== before) return session(audit).follow!.following;
      // What an earlier run has seen is newer than the audit's versions: its lists are read anew.
      const from = before
        ? { ...followable, cursors: followable.cursors.map((one) => ({ ...one, resourceVersion: '' })) }
        : followable;
      open.follow = new Follow({
        audit,
        followable: from,
        watch: (options) => sources.follow(client, from, options),
        compare: () => client.compare(),
        now: settings.now,
        tell: (following) => {
          if (!closed) host.emit('audit.changed', following);
        },
        ...(settings.gatherMs === undefined ? {} : { gatherMs: settings.gatherMs }),
      });
      return open.follow.following;
    },
    'follow.stop': async ({ audit }) => {
      const { follow } = session(audit);
      follow?.stop();
      await follow?.ended;
    },
    'follow.changes': async ({ audit }) => {
      const { client, follow, again } = session(audit);
      const changes = follow ? await client.changes() : null;
      return { again, following: follow?.following ?? null, changes };
    },

    'history.list': () => history.list(),

    'history.open': async ({ id }) => {
      const kept = await history.open(id);
      const client = new AuditClient();
      try {
        await client.loadSnapshot(kept.snapshot);
        const { overview } = await client.evaluate({
          auditedAt: kept.overview.auditedAt,
          version,
          assume: kept.assume,
        });
        const audit = keepOpen(client, overview);
        if (sameResult(kept.overview, overview)) return { audit };
        const notice = kept.item.version === version ? 'history-changed' : 'history-differs';
        return { audit, notice, stored: kept.overview } as const;
      } catch (thrown) {
        await client.close();
        throw thrown;
      }
    },

    'history.delete': (request) => history.delete('ids' in request ? request.ids : [request.id]),

    'history.outlived': ({ olderThanDays, keep }) =>
      history.outlived({
        ...(olderThanDays === undefined
          ? {}
          : { before: new Date(Date.parse(settings.now()) - olderThanDays * DAY_MS).toISOString() }),
        ...(keep === undefined ? {} : { keep }),
      }),

    'history.backup': () =>
      host.deliver(`bulkhead-history-${settings.now().slice(0, 10)}.sqlite`, 'application/vnd.sqlite3', () =>
        history.backupBytes(),
      ),

    'export.save': async ({ audit, format, lang }) => {
      const { client, overview } = session(audit);
      return host.deliver(exportName(overview, format), MEDIA_TYPES[format], async () =>
        format === 'snapshot'
          ? new Uint8Array((await client.snapshot()).bytes)
          : client.render({ what: 'report', format, lang, audits: [0] }),
      );
    },
  };

  return {
    handlers,
    async close() {
      closed = true;
      unwatch();
      for (const { abort } of jobs.values()) abort.abort();
      await Promise.all([
        ...[...jobs.values()].map(({ client }) => client.close()),
        ...[...sessions.keys()].map(closeSession),
      ]);
      await history.close();
    },
  };
}

/** The notices as the build left them beside the page. */
async function notices(): Promise<string> {
  try {
    return await readFile(join(pageFolder(), 'notices.txt'), 'utf8');
  } catch (thrown) {
    throw new BackendError(
      { kind: 'internal', message: 'The notices are not built.', hint: 'Run: npm run build' },
      { cause: thrown },
    );
  }
}

const MEDIA_TYPES: Record<ExportFormat, string> = {
  pdf: 'application/pdf',
  csv: 'text/csv; charset=utf-8',
  json: 'application/json',
  snapshot: 'application/json',
};

/**
 * Whether two evaluations of one snapshot say the same; the version that evaluated is no part of it.
 * @param a one overview
 * @param b the other
 */
export function sameResult(a: Overview, b: Overview): boolean {
  // Through JSON: a stored overview has lost its undefined fields.
  const plain = (o: Overview): unknown => JSON.parse(JSON.stringify({ ...o, version: '' }));
  return isDeepStrictEqual(plain(a), plain(b));
}

/**
 * A file name for an export: the cluster's name without what file systems refuse, the day, and the format.
 * @param overview the audit
 * @param format of the file
 */
export function exportName(overview: Overview, format: ExportFormat): string {
  const cluster =
    basename(overview.cluster.name)
      .replace(/[^\p{L}\p{N}._-]+/gu, '-')
      .replace(/^[-.]+|[-.]+$/g, '')
      .slice(0, 80) || 'cluster';
  const day = overview.auditedAt.slice(0, 10);
  return format === 'snapshot'
    ? `bulkhead-${cluster}-${day}.snapshot.json`
    : `bulkhead-${cluster}-${day}.${format}`;
}

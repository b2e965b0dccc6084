/**
 * The typed contract between the window and the backend. Electron's ipcMain and the `serve` web server
 * register one map of handlers of this shape. Types only.
 */
import type {
  Explanation,
  Finding,
  FindingQuery,
  MatrixData,
  MatrixQuery,
  OpenEgressQuery,
  OpenEgressRow,
  Overview,
  Page,
  PairExplanation,
  PodQuery,
  PodRow,
} from './audit/result.ts';
import type { AuditDiff, DiffSummary } from './audit/diff.ts';
import type { AssumptionName, CoverageBound, Family, Protocol } from './kube/snapshot.ts';

export type Lang = 'en' | 'ko';

/** Errors cross the door as data. `kind` is stable; `message` is plain English; `place` names where. */
export interface IpcError {
  kind:
    | 'bad-request'
    | 'not-found'
    | 'cancelled'
    | 'kubeconfig'
    | 'auth'
    | 'network'
    | 'api'
    | 'input'
    | 'history'
    | 'export'
    | 'internal';
  message: string;
  place?: string;
  hint?: string;
}
export type Reply<T> = { ok: true; value: T } | { ok: false; error: IpcError };

/** A context, identified by its file and name (equal names in two files both stay). */
export interface ContextInfo {
  file: string;
  name: string;
  cluster: string;
  server: string;
  user: string;
  namespace: string | null;
  current: boolean;
  /** 'client-certificate', 'token', 'exec', 'basic', 'oidc', 'none', ... */
  auth: string;
  /** The command an exec plugin will run. */
  execCommand?: string;
  warnings: string[];
  /** Why it cannot be used; null when it can. */
  problem: string | null;
}

export interface SourcesInfo {
  contexts: ContextInfo[];
  /** `added` names what brought a file in that the user added: the file itself, its folder, or the pasted text. */
  files: { path: string; problem: string | null; added?: string }[];
}

/** A kubeconfig's program that the user has agreed to run for a login. */
export interface RememberedLogin {
  id: string;
  /** With its arguments; what looks like a credential is left out. */
  command: string;
  /** What the command led to, behind links. */
  path: string;
  kubeconfig: string;
  user: string;
  /** Where the credential goes. */
  server: string;
  /** ISO time. */
  allowedAt: string;
}

export type Source =
  | { kind: 'context'; name: string; file?: string; namespaces?: string[] }
  | { kind: 'manifests'; paths: string[] }
  | { kind: 'snapshot'; path: string }
  | { kind: 'demo' };

export interface AuditOptions {
  assume: Partial<Record<AssumptionName, string>>;
  /** ISO time; the clock's when absent. */
  time?: string;
  /** Save to history (default true). */
  keep?: boolean;
  /**
   * Render the folders of manifests first. The backend asks the user itself, by the desktop or in the terminal: a page
   * can ask for it, and cannot agree to it.
   */
  render?: boolean;
}

export type AuditPhase = 'connect' | 'read' | 'compile' | 'evaluate' | 'save' | 'done';
export interface AuditProgress {
  job: string;
  phase: AuditPhase;
  /** Resource or file being read. */
  detail: string;
  done: number;
  /** 0 when not known. */
  total: number;
}
export interface AuditFinished {
  job: string;
  /** Handle for the audit.* questions; absent on failure. */
  audit?: string;
  error?: IpcError;
}

export interface HistoryItem {
  id: number;
  cluster: string;
  source: string;
  auditedAt: string;
  version: string;
  pods: number;
  isolatedBoth: number;
  ingressOnly: number;
  egressOnly: number;
  none: number;
  openEgressAnywhere: number;
  findings: number;
  complete: boolean;
}

/** After audits were deleted. */
export interface HistoryCleared {
  deleted: number;
  /** Audits that the history still has. */
  left: number;
  /** Why something of them may still be readable in the file until it is next cleared; null where nothing is. */
  traces: string | null;
  /** Files beside the history that may hold them too: copies made before an update, damaged files set aside. */
  copies: string[];
}

export interface Endpoint {
  namespace: string;
  name: string;
  kind: string;
}

export interface ExplainQuery {
  src: { namespace: string; pod: string } | { ip: string };
  dst: { namespace: string; pod: string } | { ip: string };
  /** Absent: every port. A port without a protocol is TCP's, as in a policy. */
  protocol?: Protocol;
  port?: number;
  family?: Family;
}

/** How the following of an audit stands. */
export interface Following {
  audit: string;
  /**
   * 'starting': watches are being opened. 'live': what is shown is the cluster of now. 'interrupted': it may lack what
   * happened since `since`. 'login': the login ended, and nothing is followed since. 'stopped': by the user, or by an
   * error that `reason` names.
   */
  state: 'starting' | 'live' | 'interrupted' | 'login' | 'stopped';
  /** ISO time: what happened after it may be missing. Null while nothing is. */
  since: string | null;
  /** Why it is interrupted or has stopped, in plain words of the source; null where there is nothing to say. */
  reason: string | null;
  /** Lists whose changes do not come at the moment. */
  interrupted: {
    resource: string;
    namespace: string | null;
    since: string;
    reason: string;
    /** The bound that was reached, where one is the reason; worded late. */
    bound?: CoverageBound;
  }[];
  /** What is not followed at all: it stays as the audit read it. `reason` null: settings that are read once. */
  notFollowed: {
    resource: string;
    namespace: string | null;
    reason: string | null;
    affectsVerdicts: boolean;
  }[];
  /** What differs from the audit, in figures; null before the first comparison. */
  summary: DiffSummary | null;
  /** ISO time of that comparison. */
  comparedAt: string | null;
}

export type ExportFormat = 'pdf' | 'csv' | 'json' | 'snapshot';

export interface AppInfo {
  version: string;
  backend: 'electron' | 'serve';
  platform: string;
  /** Start on this source at once (from the command line, or the demo when no kubeconfig is found). */
  start: Source | null;
  /** One line for the user, e.g. that no kubeconfig was found and the demo is shown. Message key. */
  notice: string | null;
  historyFile: string;
}

/** channel → [request, reply] */
export interface Channels {
  'app.info': [void, AppInfo];
  /** Names and licences of the works of others that are shipped, as a text. */
  'app.notices': [void, string];
  'sources.list': [void, SourcesInfo];
  /**
   * Adds a kubeconfig file or a folder of them by path, or pasted text, which stays in memory; with neither, Electron
   * opens a dialog. Null when that was cancelled.
   */
  'sources.addKubeconfig': [{ path?: string; text?: string }, SourcesInfo | null];
  /** Takes back what was added, by the `added` of its files. */
  'sources.removeKubeconfig': [{ added: string }, SourcesInfo];
  'logins.list': [undefined, RememberedLogin[]];
  /** Takes an agreement back; there is no channel that gives one. */
  'logins.revoke': [{ id: string }, RememberedLogin[]];
  /** In Electron opens a dialog for a folder or files; in serve null (the user types a path). */
  'sources.pickPaths': [{ kind: 'manifests' | 'snapshot' }, string[] | null];
  'audit.start': [{ source: Source; options: AuditOptions }, { job: string }];
  'audit.cancel': [{ job: string }, void];
  'audit.overview': [{ audit: string }, Overview];
  'audit.pods': [{ audit: string; query: PodQuery }, Page<PodRow>];
  'audit.openEgress': [{ audit: string; query: OpenEgressQuery }, Page<OpenEgressRow>];
  'audit.findings': [{ audit: string; query: FindingQuery }, Page<Finding>];
  'audit.matrix': [{ audit: string; query: MatrixQuery }, MatrixData];
  'audit.explain': [{ audit: string; query: ExplainQuery }, Explanation | PairExplanation];
  /** Endpoints whose namespace/name contains the text; for pickers. */
  'audit.endpoints': [{ audit: string; text: string; limit: number }, Endpoint[]];
  'audit.close': [{ audit: string }, void];
  /** Follows the cluster of an audit of a context that was made in this run. Its state comes as `audit.changed`. */
  'follow.start': [{ audit: string }, Following];
  'follow.stop': [{ audit: string }, void];
  /**
   * How the following stands (null: it was never begun), and the lists behind its figures. `again` is what the audit was
   * started with, to audit anew; null where it cannot be followed.
   */
  'follow.changes': [
    { audit: string },
    {
      again: { source: Source; options: AuditOptions } | null;
      following: Following | null;
      changes: AuditDiff | null;
    },
  ];
  'history.list': [void, HistoryItem[]];
  /**
   * Evaluates the stored snapshot again with the assumptions and the time of then. `notice` is a message key, present
   * where the result differs from the stored one, though it was this version that judged ('history-changed') or because
   * it was another; `stored` is then the overview as it was. Throws 'history' where the snapshot is not what was saved.
   */
  'history.open': [
    { id: number },
    { audit: string; notice?: 'history-differs' | 'history-changed'; stored?: Overview },
  ];
  /** Deletes one audit or several, all or none, and makes the file as small as what it holds. */
  'history.delete': [{ id: number } | { ids: number[] }, HistoryCleared];
  /** Which audits a rule lets go: those older than so many days, beyond so many of the newest; with both, what both say. */
  'history.outlived': [{ olderThanDays?: number; keep?: number }, number[]];
  /** A copy of the whole history, as `export.save` gives files. */
  'history.backup': [void, { path: string } | { download: string } | null];
  /** Electron: asks where to save, replies the path or null when cancelled. serve: replies a one-time download path. */
  'export.save': [
    { audit: string; format: ExportFormat; lang: Lang },
    { path: string } | { download: string } | null,
  ];
}
export type Channel = keyof Channels;
export type Request<C extends Channel> = Channels[C][0];
export type Answer<C extends Channel> = Channels[C][1];

/** backend → window */
export interface Events {
  'audit.progress': AuditProgress;
  'audit.finished': AuditFinished;
  'audit.changed': Following;
  'sources.changed': SourcesInfo;
  /** The history was damaged: it was set aside under this path, and a new one was begun. */
  'history.setAside': { path: string };
  /** A menu item of the desktop app asks the window to do something. */
  'menu.command': { command: 'new-audit' | 'export-pdf' | 'export-csv' | 'history' | 'find' | 'about' };
}
export type EventName = keyof Events;

/** What the preload exposes as `window.bulkhead`, and what the web client makes over HTTP. */
export interface Bridge {
  invoke<C extends Channel>(channel: C, request: Request<C>): Promise<Reply<Answer<C>>>;
  on<E extends EventName>(event: E, listener: (payload: Events[E]) => void): () => void;
}

/** One map of handlers that Electron and serve both register. */
export type Handlers = { [C in Channel]: (request: Request<C>) => Promise<Answer<C>> };

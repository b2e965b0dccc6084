/** The window's state: which audit is open, which runs, where we are, and what went wrong. */
import type {
  Answer,
  AppInfo,
  AuditOptions,
  Bridge,
  Channel,
  ExportFormat,
  IpcError,
  Request,
  Source,
  SourcesInfo,
} from '../../shared/ipc.ts';
import type { Overview } from '../../shared/audit/result.ts';
import { lang } from '../i18n/index.svelte.ts';
import { choiceOf, NO_CHOICE, type Choice } from './choice.ts';
import { NEW_JOB, outcome, stepJob, type JobState } from './job.ts';
import { Live } from './live.svelte.ts';
import { formatRoute, parseRoute, type Route, type View } from './route.ts';
import { settings } from './settings.svelte.ts';

export interface OpenAudit {
  handle: string;
  overview: Overview;
  /** It was to be kept in the history, and could not be. */
  unkept?: boolean;
  /** What it was started with in this window; null for one of the history or from before a reload. */
  from: { source: Source; options: AuditOptions } | null;
}
export interface Shown {
  error: IpcError;
  retry: (() => void) | null;
}

/** An error of a call, thrown by `App.ask`; carries the backend's error value. */
export class AskError extends Error {
  readonly error: IpcError;
  constructor(error: IpcError) {
    super(error.message);
    this.error = error;
  }
}

const HANDLE = 'bulkhead.audit';

class App {
  info = $state.raw<AppInfo | null>(null);
  sources = $state.raw<SourcesInfo | null>(null);
  audit = $state.raw<OpenAudit | null>(null);
  job = $state.raw<JobState | null>(null);
  error = $state.raw<Shown | null>(null);
  route = $state.raw<Route>(parseRoute(location.hash));
  exported = $state.raw<{ path: string | null; format: ExportFormat } | null>(null);
  exporting = $state<ExportFormat | null>(null);
  /** Message key of a line for the user; null when there is none or it was closed. */
  notice = $state<string | null>(null);
  /** A path that belongs to the notice. */
  noticePlace = $state<string | null>(null);
  /** Whether About is open. */
  about = $state(false);
  booted = $state(false);
  /** What is chosen on the first view. */
  choice = $state.raw<Choice>(NO_CHOICE);
  /** The following of the open audit. */
  readonly live = new Live((channel, request) => this.ask(channel, request));

  /** The view that can be shown: views of an audit need one. */
  readonly view: View | 'running' = $derived.by(() => {
    if (this.job) return 'running';
    if (this.route.view === 'history') return 'history';
    return this.audit ? this.route.view : 'start';
  });

  #bridge: Bridge | null = null;

  /** Connects the window to its backend and opens what the command line asked for. */
  async boot(bridge: Bridge): Promise<void> {
    this.#bridge = bridge;
    settings.boot();
    addEventListener('hashchange', () => (this.route = parseRoute(location.hash)));
    bridge.on('sources.changed', (sources) => (this.sources = sources));
    bridge.on('history.setAside', ({ path }) => this.tell('history-set-aside', path));
    bridge.on('audit.progress', (payload) => this.#step({ type: 'progress', payload }));
    bridge.on('audit.finished', (payload) => this.#step({ type: 'finished', payload }));
    bridge.on('audit.changed', (payload) => this.live.heard(payload));
    bridge.on('menu.command', ({ command }) => this.#command(command));
    await this.guard(async () => {
      this.info = await this.ask('app.info', undefined);
      this.notice = this.info.notice;
      const reopened = await this.#reopen();
      this.booted = true;
      if (!reopened && this.info.start) await this.start(this.info.start, { assume: {} });
      this.sources = await this.ask('sources.list', undefined);
    });
    this.booted = true;
  }

  /** Asks the backend; throws AskError with its error value. */
  async ask<C extends Channel>(channel: C, request: Request<C>): Promise<Answer<C>> {
    if (!this.#bridge) throw new AskError({ kind: 'internal', message: 'No backend.' });
    const reply = await this.#bridge.invoke(channel, request);
    if (!reply.ok) throw new AskError(reply.error);
    return reply.value;
  }

  /** Runs something and shows its error, with a way to try again. */
  async guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      this.fail(cause, () => {
        this.error = null;
        void this.guard(work);
      });
    }
  }

  /** Shows an error; one that the user caused by cancelling is none. */
  fail(cause: unknown, retry: (() => void) | null = null): void {
    const error: IpcError =
      cause instanceof AskError
        ? cause.error
        : { kind: 'internal', message: cause instanceof Error ? cause.message : String(cause) };
    if (error.kind !== 'cancelled') this.error = { error, retry };
  }

  /** Shows a line for the user. */
  tell(notice: string, place: string | null = null): void {
    this.notice = notice;
    this.noticePlace = place;
  }

  /** Goes to a view; the place becomes part of the address. */
  go(view: View, params: Record<string, string> = {}): void {
    this.error = null;
    const hash = formatRoute({ view, params });
    if (hash !== location.hash) location.hash = hash;
    this.route = { view, params };
  }

  /** Changes parameters of the place without a new entry in the way back. */
  refine(params: Record<string, string>): void {
    const next: Route = { view: this.route.view, params };
    history.replaceState(history.state, '', formatRoute(next));
    this.route = next;
  }

  /** Begins an audit. Nothing is contacted before this. */
  async start(source: Source, options: AuditOptions): Promise<void> {
    this.error = null;
    this.choice = choiceOf(source, options.assume);
    this.job = NEW_JOB;
    const run = ++this.#run;
    this.#asked = { source, options };
    try {
      const { job } = await this.ask('audit.start', { source, options });
      if (run !== this.#run) {
        // Cancelled before it had a name.
        await this.ask('audit.cancel', { job });
        return;
      }
      this.#retry = () => void this.start(source, options);
      this.#step({ type: 'started', job });
    } catch (cause) {
      if (run !== this.#run) return;
      this.job = null;
      this.fail(cause, () => void this.start(source, options));
    }
  }
  /** Goes up with each start and cancel: what belongs to an earlier one is let go. */
  #run = 0;
  #retry: (() => void) | null = null;

  async cancel(): Promise<void> {
    const id = this.job?.id;
    this.#run++;
    this.#followNext = false;
    this.#step({ type: 'cancelling' });
    if (id) await this.guard(async () => void (await this.ask('audit.cancel', { job: id })));
    this.job = null;
    this.go('start');
  }

  /** Shows an audit by its handle, and lets go of the one before. */
  async open(handle: string, view: View = 'overview', notice?: string): Promise<void> {
    const overview = await this.ask('audit.overview', { audit: handle });
    const before = this.audit?.handle;
    this.audit = { handle, overview, from: this.#started };
    this.#started = null;
    this.exported = null;
    void this.live.open(handle).catch((cause: unknown) => this.fail(cause));
    if (notice) this.tell(notice);
    keepHandle(handle);
    if (this.route.view !== view) this.go(view);
    if (before && before !== handle) void this.ask('audit.close', { audit: before }).catch(() => undefined);
  }

  /** Audits the open audit's context anew, and goes on following where the old one was followed. */
  async auditAgain(): Promise<void> {
    const { again, on } = this.live;
    if (!again) return;
    this.#followNext = on;
    await this.start(again.source, again.options);
  }
  #followNext = false;

  /** Audits the open audit's files anew, rendered first where the user agrees outside this page. */
  async render(): Promise<void> {
    const from = this.audit?.from;
    if (from?.source.kind === 'manifests') await this.start(from.source, { ...from.options, render: true });
  }
  /** What the audit that ends now was started with. */
  #started: OpenAudit['from'] = null;
  #asked: OpenAudit['from'] = null;

  /** Writes a report; in a browser tab the file arrives as a download. */
  async save(format: ExportFormat): Promise<void> {
    const audit = this.audit;
    if (!audit || this.exporting) return;
    this.exporting = format;
    this.exported = null;
    await this.guard(async () => {
      const saved = await this.ask('export.save', { audit: audit.handle, format, lang: lang() });
      if (saved) this.exported = { path: this.#take(saved), format };
    });
    this.exporting = null;
  }

  /** Copies the whole history into a file; null when that was cancelled, else its path (null for a download). */
  async backup(): Promise<{ path: string | null } | null> {
    const saved = await this.ask('history.backup', undefined);
    return saved && { path: this.#take(saved) };
  }

  /** Where a file that was written lies; null for one that the browser fetches now. */
  #take(saved: { path: string } | { download: string }): string | null {
    if ('path' in saved) return saved.path;
    const link = document.createElement('a');
    link.href = saved.download;
    link.download = '';
    link.click();
    return null;
  }

  #step(event: Parameters<typeof stepJob>[1]): void {
    if (!this.job) return;
    this.job = stepJob(this.job, event);
    const end = outcome(this.job);
    if (!end) return;
    this.job = null;
    const { audit: handle, error } = end;
    if (handle) {
      const follow = this.#followNext;
      this.#followNext = false;
      void this.guard(async () => {
        this.#started = this.#asked;
        await this.open(handle);
        if (follow) await this.live.start();
        // Audited, but not kept in the history: both are shown.
        if (!error) return;
        if (this.audit?.handle === handle) this.audit = { ...this.audit, unkept: true };
        this.fail(new AskError(error));
      });
    } else if (error) {
      this.#followNext = false;
      // What the user declined leaves the audit before it where it is.
      this.go(error.kind === 'cancelled' && this.audit ? 'overview' : 'start');
      this.fail(new AskError(error), this.#retry);
    }
  }

  /** After a reload the backend may still hold the audit that was open. */
  async #reopen(): Promise<boolean> {
    const handle = keptHandle();
    if (!handle) return false;
    try {
      await this.open(handle, this.route.view === 'start' ? 'overview' : this.route.view);
      return true;
    } catch {
      keepHandle(null);
      return false;
    }
  }

  #command(command: string): void {
    if (command === 'new-audit') this.go('start');
    if (command === 'history') this.go('history');
    if (command === 'about') this.about = true;
    if (command === 'export-pdf') void this.save('pdf');
    if (command === 'export-csv') void this.save('csv');
    if (command === 'find') focusSearch();
  }
}

/** Puts the cursor into the open view's search field, where it has one. */
export function focusSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>('[data-search]');
  field?.focus();
  field?.select();
  return field !== null;
}

function keptHandle(): string | null {
  try {
    return sessionStorage.getItem(HANDLE);
  } catch {
    return null;
  }
}
function keepHandle(handle: string | null): void {
  try {
    if (handle) sessionStorage.setItem(HANDLE, handle);
    else sessionStorage.removeItem(HANDLE);
  } catch {
    // Without storage a reload starts anew.
  }
}

export const app = new App();

/** The following of one audit: what the watches bring is gathered, compared with the audit and told to the window. */
import type { DiffSummary } from '../shared/audit/diff.ts';
import type { Following } from '../shared/ipc.ts';
import type { FollowStatus } from './cluster/follow.ts';
import type { Followable, FollowSourceOptions } from './source.ts';
import { toIpcError } from './worker/errors.ts';

/** Changes are gathered for this long before they are compared: a rollout is a hundred events. */
const GATHER_MS = 1000;
/** Of a large cluster longer: the audit's thread also answers the window's questions. */
const REST = 4;

export interface FollowSettings {
  audit: string;
  followable: Followable;
  /** Runs the watches until the signal aborts; see `Sources.follow`. */
  watch(options: FollowSourceOptions): Promise<void>;
  /** Evaluates the cluster of now and compares it with the audit. */
  compare(): Promise<DiffSummary>;
  /** ISO time. */
  now(): string;
  tell(following: Following): void;
  gatherMs?: number;
}

type Standing = Pick<Following, 'state' | 'since' | 'reason'>;

/** One run of watches for an audit; it begins with its making. */
export class Follow {
  readonly #settings: FollowSettings;
  readonly #abort = new AbortController();
  /** What the watches said last, and what of it is shown: nothing is called live before it was compared. */
  #latest: FollowStatus;
  #shown: FollowStatus;
  #end: Standing | null = null;
  #summary: DiffSummary | null = null;
  #comparedAt: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #comparing = false;
  #due = false;
  #restMs = 0;
  /** Resolves when the watches have ended. */
  readonly ended: Promise<void>;

  /** @param settings what is followed, and whom to tell */
  constructor(settings: FollowSettings) {
    this.#settings = settings;
    this.#latest = { opening: settings.followable.cursors.length, interrupted: [], notFollowed: [] };
    this.#shown = this.#latest;
    this.ended = settings
      .watch({ signal: this.#abort.signal, status: (status) => this.#heard(status) })
      .catch((thrown: unknown) => this.#fail(thrown));
  }

  /** Whether watches run. */
  get running(): boolean {
    return this.#end === null;
  }

  /** How it stands. */
  get following(): Following {
    const { audit, followable } = this.#settings;
    const { opening, interrupted, notFollowed } = this.#shown;
    const [first] = interrupted;
    const live: Standing = first
      ? { state: 'interrupted', since: first.since, reason: first.reason }
      : opening > 0 || this.#summary === null
        ? { state: 'starting', since: followable.readAt, reason: null }
        : { state: 'live', since: null, reason: null };
    return {
      audit,
      ...(this.#end ?? live),
      interrupted,
      notFollowed: [
        ...notFollowed,
        ...followable.fixed.map((resource) => ({
          resource,
          namespace: null,
          reason: null,
          affectsVerdicts: true,
        })),
      ],
      summary: this.#summary,
      comparedAt: this.#comparedAt,
    };
  }

  /** Something in the cluster changed. */
  changed(): void {
    this.#soon();
  }

  /** Ends the watches at once. What was found until now stays, with its age. */
  stop(): void {
    if (this.#end) return;
    const { interrupted } = this.#latest;
    this.#finish({ state: 'stopped', since: interrupted[0]?.since ?? this.#settings.now(), reason: null });
  }

  #heard(status: FollowStatus): void {
    if (this.#end) return;
    this.#latest = status;
    // Bad news at once. Good news when what was missed has been compared.
    if (status.interrupted.length > 0 || status.notFollowed.length > this.#shown.notFollowed.length) {
      this.#shown = { ...status, opening: Math.max(status.opening, this.#shown.opening) };
      this.#tell();
    }
    if (status.opening === 0 && status.interrupted.length === 0) this.#soon();
  }

  #soon(): void {
    if (this.#end) return;
    this.#due = true;
    if (this.#timer || this.#comparing) return;
    const wait = Math.max(this.#settings.gatherMs ?? GATHER_MS, this.#restMs);
    this.#timer = setTimeout(() => void this.#compare(), wait);
  }

  async #compare(): Promise<void> {
    this.#timer = null;
    this.#due = false;
    this.#comparing = true;
    const status = this.#latest;
    const at = this.#settings.now();
    const begun = performance.now();
    try {
      this.#summary = await this.#settings.compare();
      this.#comparedAt = at;
      this.#restMs = REST * (performance.now() - begun);
      if (this.#end) return;
      // What got worse meanwhile was told, and stays.
      if (this.#latest.interrupted.length === 0) this.#shown = status;
      this.#tell();
    } catch (thrown) {
      this.#fail(thrown);
    } finally {
      this.#comparing = false;
      if (this.#due) this.#soon();
    }
  }

  #fail(thrown: unknown): void {
    if (this.#end) return;
    const error = toIpcError(thrown);
    const since = this.#latest.interrupted[0]?.since ?? this.#comparedAt ?? this.#settings.followable.readAt;
    this.#finish({ state: error.kind === 'auth' ? 'login' : 'stopped', since, reason: error.message });
  }

  #finish(end: Standing): void {
    this.#end = end;
    this.#shown = this.#latest;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#abort.abort();
    this.#tell();
  }

  #tell(): void {
    this.#settings.tell(this.following);
  }
}

/** The following of the open audit, as the backend tells it. */
import type { AuditDiff } from '../../shared/audit/diff.ts';
import type { Answer, AuditOptions, Channel, Following, Request, Source } from '../../shared/ipc.ts';
import { isFollowed } from './following.ts';

type Ask = <C extends Channel>(channel: C, request: Request<C>) => Promise<Answer<C>>;

export class Live {
  /** What the audit was started with; null where it cannot be followed. */
  again = $state.raw<{ source: Source; options: AuditOptions } | null>(null);
  /** Null where it was never begun. */
  following = $state.raw<Following | null>(null);
  changes = $state.raw<AuditDiff | null>(null);
  /** While the switch waits for its answer. */
  busy = $state(false);
  readonly on: boolean = $derived(isFollowed(this.following));

  readonly #ask: Ask;
  #audit: string | null = null;

  /** @param ask the window's way to ask the backend; throws its errors */
  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Turns to another audit: after a reload it may be followed already. */
  async open(audit: string): Promise<void> {
    this.#audit = audit;
    this.again = null;
    this.following = null;
    this.changes = null;
    await this.refresh();
  }

  /** Asks for the lists behind the figures. */
  async refresh(): Promise<void> {
    const audit = this.#audit;
    if (audit === null) return;
    const { again, following, changes } = await this.#ask('follow.changes', { audit });
    if (audit !== this.#audit) return;
    this.again = again;
    // What was heard as an event is newer.
    this.following ??= following;
    this.changes = changes;
  }

  /** The backend tells how a following stands. */
  heard(following: Following): void {
    if (following.audit === this.#audit) this.following = following;
  }

  async start(): Promise<void> {
    await this.#switch(async (audit) => {
      const following = await this.#ask('follow.start', { audit });
      // An event may have come before the answer, and is newer.
      if (audit === this.#audit && !this.on) this.following = following;
    });
  }

  async stop(): Promise<void> {
    await this.#switch((audit) => this.#ask('follow.stop', { audit }));
  }

  async #switch(work: (audit: string) => Promise<void>): Promise<void> {
    if (this.busy || this.#audit === null) return;
    this.busy = true;
    try {
      await work(this.#audit);
    } finally {
      this.busy = false;
    }
  }
}

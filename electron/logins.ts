/**
 * Which programs of kubeconfigs the user has agreed to, and asking where that is not known. Lives in the main thread, beside
 * the desktop's dialogs and the terminal: no message of a page leads here, but for taking an agreement back.
 */
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { RememberedLogin } from '../shared/ipc.ts';
import { commandLine } from './cluster/kubeconfig.ts';
import { NO_TERMINAL } from './cluster/permit.ts';
import type { ExecQuestion, Permit, PermitAnswer } from './cluster/permit.ts';
import { KeptList } from './keptList.ts';
import { fitsQuestion } from './loginQuestion.ts';

const login = z.strictObject({
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  command: z.string(),
  path: z.string(),
  kubeconfig: z.string(),
  user: z.string(),
  server: z.string(),
  allowedAt: z.string(),
});
const format = z.strictObject({ version: z.literal(1), logins: z.array(login) });
type Kept = z.infer<typeof format>;
type KeptLogin = Kept['logins'][number];

/** Letters of a digest that name a login in lists. */
const ID = 12;

export interface LoginsOptions {
  /** Where agreements are kept; absent: they last until the end of the run. */
  file?: string;
  /** Programs of files that `--kubeconfig` names are run without a question (`--allow-exec`). */
  allowNamed?: boolean;
}

/**
 * Asks the user, outside every page.
 * @returns whether the program may be run; null where there is nobody to ask
 */
export type AskLogin = (question: ExecQuestion, signal: AbortSignal) => Promise<boolean | null>;

/** The agreements of a user about programs of kubeconfigs. */
export class Logins {
  readonly #kept: KeptList<Kept> | null;
  readonly #allowNamed: boolean;
  /** What could not be written into the file, by digest. */
  readonly #run = new Map<string, KeptLogin>();
  /** One question at a time. */
  #last: Promise<unknown> = Promise.resolve();
  /** How to ask; nobody is asked before it is set. */
  ask: AskLogin | null = null;

  constructor({ file, allowNamed = false }: LoginsOptions = {}) {
    this.#kept = file === undefined ? null : new KeptList<Kept>(file, format, { version: 1, logins: [] });
    this.#allowNamed = allowNamed;
  }

  /** Decides about a program; asks where it is not known. Of two that ask for the same at once one question is made. */
  readonly permit: Permit = async (question, signal) => {
    if (await this.#known(question)) return { allowed: true };
    const before = this.#last;
    const answer = (async (): Promise<PermitAnswer> => {
      await before.catch(() => undefined);
      if (signal.aborted) return { allowed: false, message: 'it was cancelled' };
      if (await this.#known(question)) return { allowed: true };
      return this.#askFor(question, signal);
    })();
    this.#last = answer;
    return answer;
  };

  async #known({ origin, digest }: ExecQuestion): Promise<boolean> {
    if (origin === 'default' || (origin === 'named' && this.#allowNamed)) return true;
    if (this.#run.has(digest)) return true;
    const { logins } = (await this.#kept?.read()) ?? { logins: [] };
    return logins.some((one) => one.digest === digest);
  }

  async #askFor(question: ExecQuestion, signal: AbortSignal): Promise<PermitAnswer> {
    const hint = question.origin === 'default' ? undefined : NO_TERMINAL[question.origin];
    const refused = (message: string): PermitAnswer => ({
      allowed: false,
      message,
      ...(hint === undefined ? {} : { hint }),
    });
    if (!fitsQuestion(question))
      return refused('what it would be told is too long to be shown and confirmed');
    const yes = this.ask === null ? null : await this.ask(question, signal);
    if (yes === null) return refused('there is no terminal to ask in whether it may be');
    if (!yes) return { allowed: false, message: 'you did not agree to it' };
    await this.#remember(question);
    return { allowed: true };
  }

  async #remember(question: ExecQuestion): Promise<void> {
    const { digest, args, path, kubeconfig, user, server } = question;
    const kept: KeptLogin = {
      digest,
      // What looks like a credential stays out, as in the list of contexts.
      command: commandLine({ command: question.command, args }),
      path,
      kubeconfig,
      user,
      server: withoutLogin(server),
      allowedAt: new Date().toISOString(),
    };
    const written = await this.#kept?.change(({ logins }) => ({
      version: 1,
      logins: [...logins.filter((one) => one.digest !== digest), kept],
    }));
    if (written !== true) this.#run.set(digest, kept);
  }

  /** What was agreed to, the oldest first. */
  async list(): Promise<RememberedLogin[]> {
    const { logins } = (await this.#kept?.read()) ?? { logins: [] };
    return [...logins, ...this.#run.values()].map(({ digest, ...shown }) => ({
      id: digest.slice(0, ID),
      ...shown,
    }));
  }

  /**
   * Takes agreements back: the program is asked for again.
   * @param ids as `list` gives them
   * @returns how many were taken back
   */
  async revoke(ids: readonly string[]): Promise<number> {
    const meant = (digest: string): boolean => ids.includes(digest.slice(0, ID));
    let count = 0;
    for (const digest of [...this.#run.keys()].filter(meant)) {
      this.#run.delete(digest);
      count += 1;
    }
    let found = 0;
    const written = await this.#kept?.change(({ logins }) => {
      const left = logins.filter(({ digest }) => !meant(digest));
      found = logins.length - left.length;
      return { version: 1, logins: left };
    });
    return written === false ? count : count + found;
  }
}

/**
 * Where agreements are kept: beside the history.
 * @param history the history's file
 */
export function loginsFile(history: string): string {
  return join(dirname(history), 'logins.json');
}

function withoutLogin(server: string): string {
  const url = new URL(server);
  url.username = '';
  url.password = '';
  return url.href;
}

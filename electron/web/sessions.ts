/**
 * Who may talk to `serve`. A one-time address is exchanged for a session, which is two secrets: a cookie, which the
 * browser shows to every port of this machine, and a key, which stays in the tab's own storage and travels as a header.
 * Neither opens anything alone. Only digests are kept here.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { LockedReason } from '../../shared/web.ts';

/** An address that nobody opened is let go. */
export const ADDRESS_MS = 10 * 60 * 1000;
const MAX_ADDRESSES = 4;
/** After so many addresses that are none, those that wait are withdrawn. */
export const MAX_WRONG = 20;
/** One more ends the session that was silent the longest. */
export const MAX_SESSIONS = 8;
/** So many old addresses are known, to say of them what they were. */
const MAX_OLD = 64;

export interface Session {
  /** From 1 on, as the terminal names it. */
  readonly number: number;
  /** The browser's family, one of a few words of ours. */
  readonly browser: string;
  readonly began: Date;
  seen: Date;
  readonly cookie: Buffer;
  readonly key: Buffer;
}

/** The token of a one-time address. */
export interface Token {
  readonly token: string;
  /** True once a browser came in with it, false once it never can. */
  readonly used: Promise<boolean>;
}

interface Waiting {
  digest: Buffer;
  timer: NodeJS.Timeout;
  done: (used: boolean) => void;
}

export interface Entered {
  session: Session;
  /** For `Set-Cookie`. */
  cookie: string;
  /** For the page alone. */
  key: string;
}

export interface SessionEvents {
  /** A session was ended, by the user or by a newer one. */
  ended: (session: Session, by: 'user' | 'newer') => void;
  /** Addresses were withdrawn after wrong tries. */
  withdrawn: () => void;
}

export class Sessions {
  readonly #prefix: string;
  readonly #events: SessionEvents;
  readonly #waiting: Waiting[] = [];
  readonly #old: { digest: Buffer; why: LockedReason }[] = [];
  readonly #sessions = new Map<number, Session>();
  #counter = 0;
  #wrong = 0;

  /**
   * @param port of the server: cookies know no ports, so that theirs must be in the name
   * @param events who hears what happens to sessions
   */
  constructor(port: number, events: SessionEvents) {
    this.#prefix = `bulkhead-${port}-`;
    this.#events = events;
  }

  /** A token for a new one-time address. */
  issue(): Token {
    const token = secret();
    this.#wrong = 0;
    if (this.#waiting.length >= MAX_ADDRESSES) this.#drop(this.#waiting[0] as Waiting, 'expired');
    const used = new Promise<boolean>((done) => {
      const waiting: Waiting = {
        digest: digest(token),
        timer: setTimeout(() => this.#drop(waiting, 'expired'), ADDRESS_MS),
        done,
      };
      waiting.timer.unref();
      this.#waiting.push(waiting);
    });
    return { token, used };
  }

  /**
   * Exchanges a token for a session.
   * @param token as given
   * @param userAgent header of the request
   * @returns the session with its secrets, or why there is none
   */
  enter(token: string, userAgent: string): Entered | LockedReason {
    const given = digest(token);
    const waiting = this.#waiting.find((one) => timingSafeEqual(one.digest, given));
    if (!waiting) {
      const old = this.#old.find((one) => timingSafeEqual(one.digest, given));
      if (old) return old.why;
      this.#wrong += 1;
      if (this.#wrong >= MAX_WRONG && this.#waiting.length > 0) {
        for (const one of [...this.#waiting]) this.#drop(one, 'withdrawn');
        this.#events.withdrawn();
      }
      return 'unknown';
    }
    this.#drop(waiting, 'used');
    if (this.#sessions.size >= MAX_SESSIONS) {
      const silent = [...this.#sessions.values()].reduce((a, b) => (b.seen < a.seen ? b : a));
      this.#end(silent, 'newer');
    }
    const [cookie, key, now] = [secret(), secret(), new Date()];
    const session: Session = {
      number: ++this.#counter,
      browser: browserFamily(userAgent),
      began: now,
      seen: now,
      cookie: digest(cookie),
      key: digest(key),
    };
    this.#sessions.set(session.number, session);
    return { session, cookie: `${this.#prefix}${session.number}=${cookie}`, key };
  }

  /**
   * The sessions whose cookie a request carries: enough for the page's own files, which say nothing.
   * @param header `Cookie`
   */
  ofCookie(header: string | undefined): Session[] {
    const found: Session[] = [];
    // All of them: another port may have planted one of the same name before ours.
    for (const pair of (header ?? '').split(';')) {
      const [name = '', value = ''] = pair.trim().split('=', 2);
      if (!name.startsWith(this.#prefix)) continue;
      const session = this.#sessions.get(Number(name.slice(this.#prefix.length)));
      if (session && timingSafeEqual(session.cookie, digest(value))) found.push(session);
    }
    return found;
  }

  /**
   * The session that a request belongs to: its cookie and its key, both.
   * @param cookie header `Cookie`
   * @param key header of the key
   */
  of(cookie: string | undefined, key: string | string[] | undefined): Session | null {
    if (typeof key !== 'string') return null;
    const given = digest(key);
    const session = this.ofCookie(cookie).find((one) => timingSafeEqual(one.key, given));
    if (session) session.seen = new Date();
    return session ?? null;
  }

  /** The sessions of now, oldest first. */
  list(): Session[] {
    return [...this.#sessions.values()];
  }

  /** Ends a session; false where there is none of this number. */
  end(number: number): boolean {
    const session = this.#sessions.get(number);
    if (session) this.#end(session, 'user');
    return session !== undefined;
  }

  /** Withdraws every address. */
  close(): void {
    for (const one of [...this.#waiting]) this.#drop(one, 'expired');
  }

  #end(session: Session, by: 'user' | 'newer'): void {
    this.#sessions.delete(session.number);
    this.#events.ended(session, by);
  }

  #drop(waiting: Waiting, why: LockedReason): void {
    const place = this.#waiting.indexOf(waiting);
    if (place < 0) return;
    this.#waiting.splice(place, 1);
    clearTimeout(waiting.timer);
    this.#old.push({ digest: waiting.digest, why });
    if (this.#old.length > MAX_OLD) this.#old.shift();
    waiting.done(why === 'used');
  }
}

/** 256 bits of chance, for a URL or a header. */
export function secret(): string {
  return randomBytes(32).toString('base64url');
}

/** Digests are of one length, so that comparing them in equal time tells nothing of the secret. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The browser's family as one of our own words: what the header says goes to a terminal. */
function browserFamily(userAgent: string): string {
  const families: [RegExp, string][] = [
    [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
    [/\bOPR\//, 'Opera'],
    [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
    [/\b(?:HeadlessChrome|Chrome|CriOS|Chromium)\//, 'Chrome'],
    [/\bSafari\//, 'Safari'],
  ];
  return families.find(([pattern]) => pattern.test(userAgent))?.[1] ?? 'another program';
}

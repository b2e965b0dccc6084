/**
 * Requests to an API server: raw answers, repeated where it makes sense, bounded in time and number, cancelled at once.
 */
import { createGunzip } from 'node:zlib';
import type { Readable } from 'node:stream';
import type { CoverageBound } from '../../shared/kube/snapshot.ts';
import { bound, boundError, BOUNDS, Pace } from './bounds.ts';
import { cancelled, ClusterError } from './error.ts';
import type { ResolvedContext } from './kubeconfig.ts';
import { Login, withheld } from './login.ts';
import type { Permit } from './permit.ts';
import { ProxyFailure, proxyOf, shownProxy } from './proxyEnv.ts';
import type { Proxy } from './proxyEnv.ts';
import { sleep, untilAborted } from './wait.ts';

/** How long and how often is tried. Milliseconds. */
export interface Patience {
  /** Until a connection stands (TCP, proxy and TLS). */
  connectMs: number;
  /** From the request to the first byte of the answer. */
  answerMs: number;
  /** Between two pieces of an answer. */
  silenceMs: number;
  /** In each span of this length an answer comes at `pace` bytes a second at least, on the wire. */
  graceMs: number;
  pace: number;
  /** Requests for one page altogether. */
  attempts: number;
  /** First pause; each further one is twice as long, with jitter. */
  pauseMs: number;
  /** Longest pause, also where Retry-After asks for more. */
  longestPauseMs: number;
  /** No further attempt begins after this time; a server that asks for a longer pause is not waited for. */
  budgetMs: number;
  /** All pauses of a client together, beside some time for each good answer; then nothing is tried again. */
  waitMs: number;
  waitAnswerMs: number;
}

export const PATIENCE: Patience = {
  connectMs: 15_000,
  answerMs: 60_000,
  silenceMs: 30_000,
  graceMs: 30_000,
  pace: BOUNDS.pace,
  attempts: 6,
  pauseMs: 500,
  longestPauseMs: 30_000,
  budgetMs: 150_000,
  waitMs: 600_000,
  waitAnswerMs: 1000,
};

/** After so many requests that failed for good, one after the other, further ones are tried once. */
const LOSSES = 3;

/** An answer that comes too slowly is tried once more as it is; a smaller one is the better try. */
const SLOW_ATTEMPTS = 2;
/** etcd keeps no object beyond a megabyte and a half. */
const MAX_EVENT = 8 * 1024 * 1024;

export interface ApiAnswer {
  status: number;
  contentType: string;
  bytes: ArrayBuffer;
  /** Its size on the wire: compressed. */
  wire: number;
  /** What the server says of an error, in one line. */
  message: string;
  /** `reason` of a Status object ('Forbidden', 'Expired', …) or ''. */
  reason: string;
  attempts: number;
  /** The bound that was reached, where no answer was waited for any more. */
  bound?: CoverageBound;
}

/** What went wrong with a single attempt, and whether another makes sense. */
class Attempt extends Error {
  readonly again: boolean;
  readonly error: ClusterError;
  readonly afterMs: number | null;

  constructor(error: ClusterError, again: boolean, afterMs: number | null = null) {
    super(error.message);
    this.error = error;
    this.again = again;
    this.afterMs = afterMs;
  }
}

export interface ClientOptions {
  signal: AbortSignal;
  patience?: Partial<Patience>;
  userAgent?: string;
  searchPath?: string;
  env?: Record<string, string | undefined>;
  execTimeoutMs?: number;
  /** As in `LoginOptions`. */
  plainCredentials?: boolean;
  permit?: Permit;
  /** Told of each pause, for a progress line. */
  onPause?: (what: string, ms: number) => void;
}

/** Who takes what a watch says. */
export interface WatchTake {
  /** Lines that came together. What it throws ends the watch. */
  onLines(lines: string[]): void | Promise<void>;
  /** The server took the watch: from here on events come. */
  onOpen?: () => void;
  /** A connection that says nothing for this long is taken for dead; for ever when absent. */
  silenceMs?: number;
}

/** How a watch ended: 200 where it was open and the server closed it. */
export interface WatchEnd {
  status: number;
  message: string;
}

/** One context's connection. Close it in the end. */
export class ApiClient {
  readonly context: ResolvedContext;
  readonly patience: Patience;
  readonly #options: ClientOptions;
  readonly #login: Login;
  readonly #origin: string;
  readonly #base: string;
  readonly #proxy: Proxy | null;
  /** Has the server ever answered? Before, a refused connection is not repeated. */
  #reached = false;
  /** Requests in a row that failed for good: a server that went away is not waited for by every list anew. */
  #losses = 0;
  /** Pauses so far, and good answers. */
  #pausedMs = 0;
  #answers = 0;

  constructor(context: ResolvedContext, options: ClientOptions) {
    this.context = context;
    this.#options = options;
    this.patience = { ...PATIENCE, ...options.patience };
    const url = new URL(context.cluster.server);
    this.#origin = url.origin;
    // A server may stand below a path (a proxy in front of several clusters).
    this.#base = url.pathname.replace(/\/+$/, '');
    this.#proxy = proxyOf(context.cluster, options.env ?? process.env);
    this.#login = new Login(context, {
      connectMs: this.patience.connectMs,
      ...(options.searchPath === undefined ? {} : { searchPath: options.searchPath }),
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(options.execTimeoutMs === undefined ? {} : { execTimeoutMs: options.execTimeoutMs }),
      ...(options.plainCredentials === undefined ? {} : { plainCredentials: options.plainCredentials }),
      ...(options.permit === undefined ? {} : { permit: options.permit }),
    });
  }

  /** Ends all connections. */
  close(): Promise<void> {
    return this.#login.close();
  }

  /**
   * GETs a path. Connection errors, 429 and 5xx are tried again with growing pauses; a 401 renews the login once.
   * @param path absolute path with query, e.g. `/api/v1/pods?limit=500`
   * @param most bytes of the answer, inflated; an error of its kind with its bound where there are more
   * @returns an answer of any status but 401 (a failed 5xx comes back as it is after the last attempt)
   * @throws ClusterError 'auth' when the login is refused, 'network' when no answer could be had, 'cancelled'
   */
  async get(path: string, accept = 'application/json', most = BOUNDS.pageBytes): Promise<ApiAnswer> {
    const { signal } = this.#options;
    const { pauseMs, longestPauseMs, budgetMs } = this.patience;
    const attempts = this.#losses < LOSSES ? this.patience.attempts : 1;
    const begun = Date.now();
    let renewed = false;
    for (let attempt = 1; ; attempt += 1) {
      if (signal.aborted) throw cancelled();
      const session = await untilAborted(this.#login.session(signal), signal);
      let again: Attempt;
      try {
        const answer = await this.#once(path, accept, most, session);
        if (answer.status === 401) {
          if (renewed) throw new Attempt(this.#loggedOut(answer), false);
          renewed = true;
          await untilAborted(this.#login.renew(session.generation, signal), signal);
          continue;
        }
        const wait = retryAfter(answer.retryAfter);
        const busy = answer.status === 429 || (answer.status >= 500 && answer.status !== 501);
        const endless = busy ? this.#endless(wait) : null;
        if (!busy || endless || attempt >= attempts || Date.now() - begun > budgetMs) {
          this.#losses = busy ? this.#losses + 1 : 0;
          if (answer.status === 200) this.#answers += 1;
          return { ...answer, attempts: attempt, ...(endless ? { bound: endless } : {}) };
        }
        again = new Attempt(new ClusterError('api', answer.message), true, wait);
      } catch (error) {
        if (signal.aborted) throw cancelled();
        if (!(error instanceof Attempt)) throw error;
        const last = error.error.bound?.code === 'slow' ? Math.min(SLOW_ATTEMPTS, attempts) : attempts;
        const over = Date.now() - begun > budgetMs || this.#endless(null) !== null;
        if (!error.again || attempt >= last || over) {
          // A server whose answer is too large does answer.
          if (error.error.bound?.code !== 'answer-bytes') this.#losses += 1;
          throw error.error;
        }
        again = error;
      }
      const growing = Math.min(pauseMs * 2 ** (attempt - 1), longestPauseMs);
      const jittered = growing / 2 + (Math.random() * growing) / 2;
      const pause = Math.min(Math.max(jittered, again.afterMs ?? 0), longestPauseMs);
      this.#options.onPause?.(again.error.message, pause);
      this.#pausedMs += pause;
      await sleep(pause, signal);
    }
  }

  /** Whether the server goes on answering at all; where not, smaller pages are not tried either. */
  get tired(): boolean {
    return this.#losses >= LOSSES;
  }

  /** Why it is not waited any more: for as long as the server asks, or after so many pauses. */
  #endless(askedMs: number | null): CoverageBound | null {
    const { budgetMs, longestPauseMs, waitMs, waitAnswerMs } = this.patience;
    if (askedMs !== null && askedMs > Math.max(budgetMs, longestPauseMs))
      return bound('retry-after', Math.round(askedMs / 1000));
    if (this.#pausedMs > waitMs + this.#answers * waitAnswerMs)
      return bound('waited', Math.round(this.#pausedMs / 1000));
    return null;
  }

  /**
   * Opens a watch and hands its lines (each an event in JSON) on as they come, several at a time where several came.
   * Nothing more is read until they were taken. Ends when the server ends it or `signal` aborts (without an error).
   * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
   * @throws ClusterError like `get`; one attempt only, and one more with a renewed login after a 401. 'network' also
   * where nothing came for `silenceMs`, 'api' where a line is too long; and whatever `onLines` throws
   */
  async watch(path: string, accept: string, signal: AbortSignal, take: WatchTake): Promise<WatchEnd> {
    return this.#watch(path, accept, signal, take, false);
  }

  async #watch(
    path: string,
    accept: string,
    signal: AbortSignal,
    take: WatchTake,
    again: boolean,
  ): Promise<WatchEnd> {
    const both = AbortSignal.any([signal, this.#options.signal]);
    const refused: unknown[] = [];
    const guard = this.#guard(this.patience.answerMs);
    let silent: NodeJS.Timeout | undefined;
    try {
      const session = await untilAborted(this.#login.session(both), both);
      guard.start();
      const response = await session.dispatcher.request({
        origin: this.#origin,
        path: this.#base + path,
        method: 'GET',
        headers: this.#headers(session.headers, accept, false),
        signal: AbortSignal.any([both, guard.signal]),
        headersTimeout: this.patience.answerMs,
        // A watch may be silent for long; the server ends it by its own time-out.
        bodyTimeout: take.silenceMs ?? 0,
      });
      guard.stop();
      if (response.statusCode !== 200) {
        const { bytes } = await this.#body(response.body, false, both, BOUNDS.smallBytes, true);
        if (response.statusCode !== 401) {
          const { redactor } = session;
          const { message } = statusOf(redactor.bytes(new Uint8Array(bytes)), response.statusCode);
          return { status: response.statusCode, message: redactor.text(message) };
        }
        if (again) throw this.#loggedOut({ message: '' });
        await untilAborted(this.#login.renew(session.generation, both), both);
        return await this.#watch(path, accept, signal, take, true);
      }
      take.onOpen?.();
      // Bytes alone are no sign of life: a line may come that never ends.
      const listen = (): void => {
        clearTimeout(silent);
        if (take.silenceMs !== undefined)
          silent = setTimeout(() => response.body.destroy(timedOut('UND_ERR_BODY_TIMEOUT')), take.silenceMs);
      };
      listen();
      let rest: string[] = [];
      let length = 0;
      const decoder = new TextDecoder();
      for await (const chunk of response.body) {
        const [first = '', ...more] = decoder.decode(chunk as Uint8Array, { stream: true }).split('\n');
        rest.push(first);
        length += first.length;
        const last = more.pop();
        if (last !== undefined) {
          const lines = [rest.join(''), ...more].filter((line) => line.trim() !== '');
          rest = [last];
          length = last.length;
          if (lines.length > 0) {
            // While the lines are taken nothing is read, and nobody is silent.
            clearTimeout(silent);
            try {
              await take.onLines(lines.map((one) => this.#login.redactor.line(one)));
            } catch (error) {
              refused.push(error);
              throw error;
            }
            listen();
          }
        }
        if (length > MAX_EVENT) throw new ClusterError('api', 'A watch event is too large');
      }
      return { status: 200, message: '' };
    } catch (error) {
      if (both.aborted) return { status: 200, message: '' };
      if (error instanceof Attempt) throw error.error;
      if (error instanceof ClusterError || refused.length > 0) throw error;
      throw this.#failure(guard.signal.aborted ? timedOut('ETIMEDOUT') : error).error;
    } finally {
      guard.stop();
      clearTimeout(silent);
    }
  }

  /** Whatever the layers below wait for (a proxy, a name server), the head of an answer comes in this time or not. */
  #guard(answerMs: number): { signal: AbortSignal; start(): void; stop(): void } {
    const guard = new AbortController();
    const ms = this.patience.connectMs + answerMs + 1000;
    let late: NodeJS.Timeout | undefined;
    return {
      signal: guard.signal,
      start: () => void (late = setTimeout(() => guard.abort(), ms)),
      stop: () => clearTimeout(late),
    };
  }

  #headers(
    login: Record<string, string | string[]>,
    accept: string,
    compress: boolean,
  ): Record<string, string | string[]> {
    return {
      ...login,
      accept,
      'user-agent': this.#options.userAgent ?? 'bulkhead',
      ...(compress && !this.context.cluster.disableCompression ? { 'accept-encoding': 'gzip' } : {}),
    };
  }

  async #once(
    path: string,
    accept: string,
    most: number,
    session: Awaited<ReturnType<Login['session']>>,
  ): Promise<Omit<ApiAnswer, 'attempts'> & { retryAfter: string | null }> {
    const { signal } = this.#options;
    const { silenceMs } = this.patience;
    const answerMs =
      this.#losses < LOSSES ? this.patience.answerMs : Math.min(10_000, this.patience.answerMs);
    const guard = this.#guard(answerMs);
    guard.start();
    try {
      const response = await session.dispatcher.request({
        origin: this.#origin,
        path: this.#base + path,
        method: 'GET',
        headers: this.#headers(session.headers, accept, true),
        signal: AbortSignal.any([signal, guard.signal]),
        headersTimeout: answerMs,
        bodyTimeout: silenceMs,
      });
      guard.stop();
      this.#reached = true;
      const header = (name: string): string => {
        const value = response.headers[name];
        return (Array.isArray(value) ? value[0] : value) ?? '';
      };
      const status = response.statusCode;
      const gzip = header('content-encoding') === 'gzip';
      const { bytes: body, wire } =
        status === 200
          ? await this.#body(response.body, gzip, signal, most, false)
          : await this.#body(response.body, gzip, signal, BOUNDS.smallBytes, true);
      const { redactor } = session;
      const clean = redactor.bytes(new Uint8Array(body));
      const bytes = clean.length === body.byteLength ? body : body.slice(0, clean.length);
      const contentType = redactor.text(header('content-type').toLowerCase());
      const said = { message: '', reason: '' };
      if (status !== 200) {
        const { message, reason } = statusOf(clean, status, header('location'));
        said.message = redactor.text(message);
        said.reason = redactor.text(reason);
      }
      return { status, contentType, bytes, wire, ...said, retryAfter: header('retry-after') || null };
    } catch (error) {
      if (error instanceof Attempt || signal.aborted) throw error;
      if (guard.signal.aborted) throw this.#failure(timedOut('ETIMEDOUT'));
      throw this.#failure(error);
    } finally {
      guard.stop();
    }
  }

  /**
   * Collects a body, and gives up on one that drips.
   * @param most bytes that it may have, inflated
   * @param cut whether of a longer one the beginning is enough
   */
  async #body(
    body: Readable,
    gzip: boolean,
    signal: AbortSignal,
    most: number,
    cut: boolean,
  ): Promise<{ bytes: ArrayBuffer; wire: number }> {
    const { graceMs, pace } = this.patience;
    const chunks: Uint8Array[] = [];
    let size = 0;
    let arrived = 0;
    const begun = Date.now();
    let slow = false;
    const watched = new Pace(graceMs, pace, begun);
    const watchdog = setInterval(
      () => {
        if (watched.slow(Date.now(), arrived)) {
          slow = true;
          body.destroy(new Error('too slow'));
        }
      },
      Math.max(50, Math.min(1000, graceMs / 4)),
    );
    try {
      body.on('error', () => undefined);
      body.on('data', (chunk: Uint8Array) => {
        arrived += chunk.length;
      });
      let source: Readable = body;
      if (gzip) {
        const gunzip = createGunzip();
        body.on('error', (error: Error) => gunzip.destroy(error));
        // A connection that is cut ends the stream without 'end'.
        body.on('close', () => {
          if (!body.readableEnded) gunzip.destroy(new Error('terminated'));
        });
        source = body.pipe(gunzip);
      }
      for await (const chunk of source) {
        chunks.push(chunk as Uint8Array);
        size += (chunk as Uint8Array).length;
        if (size > most && cut) break;
        if (size > most)
          throw new Attempt(boundError('api', bound('answer-bytes', most), this.#origin), false);
      }
    } catch (error) {
      if (slow) {
        throw new Attempt(
          new ClusterError(
            'network',
            `The answer came too slowly (${arrived} bytes in ${Math.round((Date.now() - begun) / 1000)} s)`,
            {
              place: this.#origin,
              hint: 'Is a proxy or a VPN in between overloaded?',
              bound: bound('slow', pace),
            },
          ),
          true,
        );
      }
      if (signal.aborted) throw cancelled();
      throw error;
    } finally {
      clearInterval(watchdog);
      // Nothing more is wanted of what did not end.
      body.destroy();
    }
    const whole = new Uint8Array(Math.min(size, most));
    let at = 0;
    for (const chunk of chunks) {
      const part = chunk.subarray(0, whole.length - at);
      whole.set(part, at);
      at += part.length;
    }
    return { bytes: whole.buffer, wire: arrived };
  }

  #loggedOut(answer: { message: string }): ClusterError {
    const { user } = this.context;
    return new ClusterError(
      'auth',
      `The API server does not accept this login (401${answer.message === '' ? '' : `: ${answer.message}`})`,
      {
        place: `${this.context.file}: context ${this.context.name}`,
        hint: withheld(this.context, this.#options)
          ? `Credentials are not sent over plain http, as kubectl has it; --insecure-token ${this.context.name} sends them.`
          : user?.exec
            ? `Log in again with "${user.exec.command}", then try once more.`
            : 'The login has expired or was taken back: log in again and try once more.',
      },
    );
  }

  /** Words for a connection that failed at the proxy: the API server was never asked. Nor is it asked again and again. */
  #proxyFailure(
    proxy: Proxy,
    error: unknown,
    code: string,
    status: string | undefined,
    unreached: boolean,
  ): Attempt {
    const { cluster } = this.context;
    const { message } = error as Error;
    const named =
      proxy.from === 'proxy-url'
        ? `It is the proxy-url of cluster "${cluster.name}".`
        : 'The environment names it (HTTPS_PROXY or HTTP_PROXY); NO_PROXY lists what goes past it.';
    const help =
      status === '407'
        ? 'A name and a password can stand in its URL.'
        : unreached || status !== undefined
          ? 'The proxy answers; is the cluster running, and may the proxy reach it?'
          : 'Is the proxy running, and is a VPN needed for it?';
    return new Attempt(
      new ClusterError(
        'network',
        this.#login.redactor.text(
          `The proxy ${shownProxy(proxy.url)} ${proxyWords(code, status, unreached, message)}`,
        ),
        {
          place: proxy.from === 'proxy-url' ? cluster.file : this.#origin,
          hint: `${named} ${help}`,
          cause: error,
        },
      ),
      this.#reached,
    );
  }

  /** Words for a failed connection. */
  #failure(error: unknown): Attempt {
    const place = this.#origin;
    const chain: { code?: string; message?: string; name?: string }[] = [];
    for (let e = error; e instanceof Error && chain.length < 5; e = e.cause)
      chain.push(e as { code?: string });
    const aggregated = (error as AggregateError | undefined)?.errors;
    if (Array.isArray(aggregated)) chain.push(...(aggregated as { code?: string }[]));
    const code =
      chain.map((e) => e.code).find((c) => c !== undefined && !c.startsWith('UND_ERR_SOCKET')) ?? '';
    const message = chain.map((e) => e.message ?? '').find((m) => m !== '') ?? 'unknown error';
    if (this.#proxy !== null) {
      const failed = (chain as unknown[]).find((e) => e instanceof ProxyFailure);
      // What is sent to a plain HTTP server through an HTTP proxy is sent to the proxy, which is all that is connected to.
      const forwarded = this.#origin.startsWith('http:') && /^https?:/i.test(this.#proxy.url);
      const status = /\((\d{3})\).*HTTP Tunneling/.exec(message)?.[1];
      if (failed || status !== undefined || (forwarded && CONNECTING.has(code)))
        return this.#proxyFailure(this.#proxy, error, code, status, failed?.unreached === true);
    }
    const network = (words: string, again: boolean, hint?: string): Attempt =>
      new Attempt(
        new ClusterError('network', words, { place, ...(hint ? { hint } : {}), cause: error }),
        again,
      );
    const tls = TLS_WORDS[code];
    if (tls) return network(`${tls[0]} (${code})`, false, tls[1]);
    if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || code === 'EPROTO') {
      // An alert of the server on our certificate comes back in this way.
      if (/alert|CERTIFICATE_(REQUIRED|EXPIRED|UNKNOWN)|BAD_CERTIFICATE/i.test(`${code} ${message}`)) {
        return new Attempt(
          new ClusterError(
            'auth',
            `The API server refuses the client certificate or the TLS connection (${code})`,
            {
              place,
              hint: 'The client certificate may have expired: log in again.',
              cause: error,
            },
          ),
          false,
        );
      }
      return network(`The TLS connection failed (${code})`, false, 'Is this really an HTTPS server?');
    }
    switch (code) {
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
        return network(`The server's name cannot be resolved (${code})`, this.#reached, 'Is a VPN needed?');
      case 'ECONNREFUSED':
        return network(`The connection was refused (${code})`, this.#reached, 'Is the cluster running?');
      case 'EHOSTUNREACH':
      case 'ENETUNREACH':
        return network(`The server cannot be reached (${code})`, this.#reached, 'Is a VPN needed?');
      case 'UND_ERR_CONNECT_TIMEOUT':
      case 'ETIMEDOUT':
        return network(
          'The server did not take the connection in time',
          this.#reached,
          'Is a VPN or a proxy needed?',
        );
      case 'UND_ERR_HEADERS_TIMEOUT':
        return network('The server took the request and did not answer in time', true);
      case 'UND_ERR_HEADERS_OVERFLOW':
        return network('The head of the answer does not end', false, 'Is this really an API server?');
      case 'UND_ERR_BODY_TIMEOUT':
        return network('The answer stopped in the middle', true);
    }
    if (code.startsWith('Z_') || /incorrect header check|unexpected end of file/.test(message)) {
      return network('The answer was cut off or damaged', true);
    }
    if (/connect timeout/i.test(message)) {
      return network('The server did not take the connection in time', this.#reached);
    }
    if (code.startsWith('HPE_') || /Parse Error|HTTPParser/i.test(message)) {
      return network(
        'The server does not speak HTTP as expected',
        false,
        'Does the port belong to something else?',
      );
    }
    return network(`The connection was cut (${code || 'closed by the other side'})`, true);
  }
}

/** Codes of a connection that does not come to stand. */
const CONNECTING = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** What a proxy did or did not do, behind its name in a sentence. */
function proxyWords(code: string, status: string | undefined, unreached: boolean, message: string): string {
  if (status === '407') return 'wants a login that it accepts (407)';
  if (status !== undefined) return `does not let the connection through (${status})`;
  if (unreached) return `does not get through to the server (${message.replace(/^.* - /, '')})`;
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `has a name that cannot be resolved (${code})`;
    case 'ECONNREFUSED':
      return `refused the connection (${code})`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `cannot be reached (${code})`;
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return 'did not take the connection in time';
    case 'UND_ERR_HEADERS_TIMEOUT':
      return 'took the connection and did not answer in time';
  }
  if (TLS_WORDS[code] || code.startsWith('ERR_TLS_'))
    return `has a certificate that is not accepted (${code})`;
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO') return `does not speak TLS as expected (${code})`;
  if (/timed out/i.test(message)) return 'took the connection and did not answer in time';
  if (/authentication/i.test(message)) return 'wants a login that it accepts';
  return 'ended the connection without answering as a proxy does';
}

const TLS_WORDS: Record<string, [string, string]> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: [
    "The server's certificate is signed by itself",
    'Name its CA in certificate-authority.',
  ],
  SELF_SIGNED_CERT_IN_CHAIN: [
    "The server's certificate comes from a CA that is not trusted here",
    'Is a TLS-inspecting proxy in between, or the certificate-authority of the kubeconfig out of date?',
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    "The server's certificate comes from a CA that is not trusted here",
    'Does certificate-authority in the kubeconfig belong to this cluster?',
  ],
  UNABLE_TO_GET_ISSUER_CERT: [
    "The server's certificate comes from a CA that is not trusted here",
    'Does certificate-authority in the kubeconfig belong to this cluster?',
  ],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [
    "The server's certificate comes from a CA that is not trusted here",
    'Does certificate-authority in the kubeconfig belong to this cluster?',
  ],
  CERT_SIGNATURE_FAILURE: [
    "The server's certificate comes from another CA than the kubeconfig names",
    'Was the cluster made anew? Then its kubeconfig is out of date.',
  ],
  CERT_HAS_EXPIRED: ["The server's certificate has expired", 'Also check the clock of this machine.'],
  CERT_NOT_YET_VALID: ["The server's certificate is not valid yet", 'Check the clock of this machine.'],
  CERT_REVOKED: ["The server's certificate was revoked", ''],
  INVALID_PURPOSE: ["The server's certificate is not meant for servers", ''],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    "The server's certificate is for another name",
    'A tunnel or proxy may need tls-server-name in the kubeconfig.',
  ],
  HOSTNAME_MISMATCH: [
    "The server's certificate is for another name",
    'A tunnel or proxy may need tls-server-name in the kubeconfig.',
  ],
};

/** An error of waiting, with the code that it is worded by. */
function timedOut(code: 'ETIMEDOUT' | 'UND_ERR_BODY_TIMEOUT'): Error {
  return Object.assign(new Error('late'), { code });
}

/** Seconds or an HTTP date, as milliseconds from now. */
function retryAfter(value: string | null): number | null {
  if (value === null) return null;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}

/** Message and reason of a Status object; of anything else just the HTTP status and what kind of thing it is. */
export function statusOf(
  bytes: Uint8Array,
  status: number,
  location = '',
): { message: string; reason: string } {
  const text = new TextDecoder().decode(bytes.subarray(0, 64 * 1024)).trim();
  if (text.startsWith('{')) {
    try {
      const { kind, message, reason } = JSON.parse(text) as Record<string, unknown>;
      if (kind === 'Status') {
        const words = typeof message === 'string' ? message.replace(/\s+/g, ' ').slice(0, 300) : '';
        return { message: words || `HTTP ${status}`, reason: typeof reason === 'string' ? reason : '' };
      }
    } catch {
      // Not a Status.
    }
  }
  if (status >= 300 && status < 400) {
    const host = URL.canParse(location) ? ` to ${new URL(location).host}` : '';
    return {
      message: `HTTP ${status}: a redirect${host}, not an API server's answer (a login page?)`,
      reason: '',
    };
  }
  const html = /^<(!doctype|html|\?xml)/i.test(text);
  return {
    message: `HTTP ${status}${html ? " with a web page, not an API server's answer" : ''}`,
    reason: '',
  };
}

/**
 * `serve`: the same app in a browser tab, on this machine's loopback address alone.
 *
 * Who may talk to it: a tab that came with the one-time token of an address, which is exchanged for a session of two
 * secrets (`web/sessions.ts`): a cookie, and a key that the tab keeps and sends as a header. Other users of the machine
 * may read its arguments, take its ports and be shown its cookies, and get nothing. Host is checked against DNS
 * rebinding, Origin and Sec-Fetch-Site against other pages, and what changes something is a POST of JSON.
 *
 * | request                                        | cookie | key | answer                                         |
 * | ---------------------------------------------- | ------ | --- | ---------------------------------------------- |
 * | `GET /?token=…`                                |        |     | the exchange                                   |
 * | `GET /locked?why=…`                            |        |     | says what to do                                |
 * | `GET /…`                                       | yes    |     | the page's own files, which say nothing        |
 * | `POST /api/<channel>` with `{"request": …}`    | yes    | yes | a `Reply`                                      |
 * | `GET /events`                                  | yes    | yes | server-sent events, named as in `Events`       |
 * | `GET /download/<id>`                           | yes    |     | a file that `export.save` prepared, once, for the session that asked |
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EventName, Events, IpcError, Reply } from '../shared/ipc.ts';
import { KEY_HEADER, LOCKED_REASONS } from '../shared/web.ts';
import type { LockedReason } from '../shared/web.ts';
import type { Backend, Host } from './backend.ts';
import { isChannel } from './channels.ts';
import { madePagePolicy, pageFiles, pageFolder, SECURITY_HEADERS } from './page.ts';
import { checkedRequest } from './requests.ts';
import { loginQuestion } from './loginQuestion.ts';
import { renderQuestion } from './render/question.ts';
import type { Question } from './terminal/conversation.ts';
import { enteredPage, languageOf, lockedPage } from './web/pages.ts';
import { MAX_SESSIONS, secret, Sessions } from './web/sessions.ts';
import type { Session } from './web/sessions.ts';
import { BackendError, toIpcError } from './worker/errors.ts';

const LOOPBACK = '127.0.0.1';
const MAX_BODY_BYTES = 1024 * 1024;
/** A file that nobody fetches is let go. */
const DOWNLOAD_MS = 10 * 60 * 1000;
const MAX_DOWNLOADS = 8;
const HEARTBEAT_MS = 15_000;
/** Events of the last moments are told to a stream that opens (again): none is lost between two connections. */
const REPLAY_MS = 15_000;
const REPLAY_MAX = 500;
/** A session's tabs that listen; one more ends the oldest. */
const MAX_STREAMS = 8;
/** A tab that does not take what it is sent is cut off, and asks again for what it missed. */
const MAX_STREAM_BYTES = 16 * 1024 * 1024;

export interface ServeOptions {
  /** 0 (the default) takes a free one. */
  port?: number;
  /** Folder of the built page. */
  folder?: string;
  /** Builds the handlers, given the host that they talk to the browser with. */
  backend: (host: Host) => Backend;
  /** Asks the user outside the page, in the terminal; absent where there is nobody to ask. */
  ask?: (question: Question, signal: AbortSignal) => Promise<boolean>;
  /** Tells the user, in the terminal, who comes in. */
  say?: (line: string) => void;
}

/** A one-time address: for the user's eyes and the user's own files, not for logs and arguments. */
export interface Address {
  readonly url: string;
  /** True once a browser came in by it, false once none can. */
  readonly used: Promise<boolean>;
}

/** A session as the terminal lists it. */
export interface SessionItem {
  number: number;
  browser: string;
  began: Date;
  seen: Date;
  /** A tab of it listens. */
  open: boolean;
}

export interface Served {
  readonly port: number;
  /** A new one-time address. */
  address(): Address;
  /** Who came in and was not ended, oldest first. */
  sessions(): SessionItem[];
  /** Ends a session, with its streams and files; false where there is none of this number. */
  end(number: number): boolean;
  /** Ends open streams, the backend and the server. */
  close(): Promise<void>;
}

const NO_KEY = 'Open an address that the terminal shows: it brings this tab its key.';

/** A refusal of the door itself: what the browser may not ask, or not in this way. */
class Refusal extends Error {
  readonly status: number;
  readonly headers: Record<string, string>;
  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

interface Download {
  /** Who asked for it. */
  session: number;
  name: string;
  type: string;
  bytes: Uint8Array;
  timer: NodeJS.Timeout;
}

/**
 * Starts the server.
 * @param options where and over what
 * @throws where the port is taken or the page is not built
 */
export async function serve(options: ServeOptions): Promise<Served> {
  const files = pageFiles(options.folder ?? pageFolder());
  const downloads = new Map<string, Download>();
  const streams = new Map<ServerResponse, Session>();
  /** Whose call is being answered. */
  const caller = new AsyncLocalStorage<Session>();
  const recent: { id: number; at: number; text: string }[] = [];
  let eventId = 0;

  const host: Host = {
    backend: 'serve',
    emit<E extends EventName>(event: E, payload: Events[E]) {
      const id = ++eventId;
      const text = `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(payload)}\n\n`;
      recent.push({ id, at: Date.now(), text });
      if (recent.length > REPLAY_MAX) recent.shift();
      for (const stream of streams.keys()) write(stream, text);
    },
    pickKubeconfig: async () => null,
    pickPaths: async () => null,
    async confirmRender(folders, signal) {
      if (!options.ask) {
        throw new BackendError({
          kind: 'bad-request',
          message: 'There is no terminal to ask in, so nothing is rendered.',
          hint: 'Start `bulkhead serve` from a terminal, or use `bulkhead audit --from … --render`.',
        });
      }
      return options.ask(renderQuestion(folders, 'en'), signal);
    },
    confirmLogin: async (question, signal) =>
      options.ask ? options.ask(loginQuestion(question, 'en'), signal) : null,
    async deliver(name, type, make) {
      const session = caller.getStore()?.number ?? 0;
      const bytes = await make();
      const id = secret();
      if (downloads.size >= MAX_DOWNLOADS) forget([...downloads.keys()][0] as string);
      const timer = setTimeout(() => forget(id), DOWNLOAD_MS);
      timer.unref();
      downloads.set(id, { session, name, type, bytes, timer });
      return { download: `/download/${id}` };
    },
  };
  function forget(id: string): void {
    clearTimeout(downloads.get(id)?.timer);
    downloads.delete(id);
  }
  function write(stream: ServerResponse, text: string): void {
    if (stream.writableLength > MAX_STREAM_BYTES) stream.destroy();
    else stream.write(text);
  }

  const { handlers, close: closeBackend } = options.backend(host);
  const server = createServer({ requestTimeout: 30_000 }, (request, response) => {
    void handle(request, response);
  });
  try {
    await listening(server, options.port ?? 0);
  } catch (thrown) {
    await closeBackend();
    throw thrown;
  }
  const { port } = server.address() as AddressInfo;
  // One address, one origin: on [::1], which `localhost` may lead to, another user's program can have the same port.
  const ownHost = `${LOOPBACK}:${port}`;
  const own = `http://${ownHost}`;
  const aliases = [`localhost:${port}`, `[::1]:${port}`];
  const say = options.say ?? (() => {});
  const sessions = new Sessions(port, {
    ended(session, by) {
      for (const [response, whose] of streams) if (whose === session) response.end();
      for (const [id, one] of downloads) if (one.session === session.number) forget(id);
      if (by === 'newer') say(`Session ${session.number} was ended: ${MAX_SESSIONS} are open at most.`);
    },
    withdrawn: () =>
      say('Something on this machine tries addresses that are none. Those that waited were withdrawn.'),
  });

  const heartbeat = setInterval(() => {
    for (const [stream, session] of streams) {
      session.seen = new Date();
      write(stream, ': here\n\n');
    }
  }, HEARTBEAT_MS);
  heartbeat.unref();

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    response.setHeader('cache-control', 'no-store');
    try {
      await route(request, response);
    } catch (thrown) {
      if (response.headersSent) {
        response.destroy();
        return;
      }
      const refusal = thrown instanceof Refusal ? thrown : new Refusal(500, toIpcError(thrown).message);
      request.resume();
      if (request.url?.startsWith('/api/')) {
        const kind = refusal.status === 500 ? 'internal' : 'bad-request';
        sendJson(response, refusal.status, refused({ kind, message: refusal.message }), refusal.headers);
      } else {
        send(response, refusal.status, 'text/plain; charset=utf-8', `${refusal.message}\n`, refusal.headers);
      }
    }
  }

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // No base: '//other' would be read as another host.
    const target = request.url ?? '/';
    const question = target.indexOf('?');
    const path = question < 0 ? target : target.slice(0, question);
    const query = new URLSearchParams(question < 0 ? '' : target.slice(question + 1));
    const api = path.startsWith('/api/');
    const { headers } = request;
    if (aliases.includes(headers.host ?? '') && path === '/' && request.method === 'GET') {
      return send(response, 307, 'text/plain; charset=utf-8', '', { location: `${own}${target}` });
    }
    // A page of another name that resolves to this machine (DNS rebinding) sends its own name.
    if (headers.host !== ownHost) throw new Refusal(421, 'This host is not served here.');
    // Not even HEAD: a token and a download are good once, and what only looks at a link must not use them up.
    const allowed = api ? 'POST' : 'GET';
    if (request.method !== allowed) throw new Refusal(405, `Only ${allowed} here.`, { allow: allowed });

    const dest = headers['sec-fetch-dest'];
    const framed = dest !== undefined && dest !== 'document' && dest !== 'empty';
    const token = query.get('token');
    if (path === '/' && token !== null) {
      // What a browser fetches before anybody asked, or for a part of another page, uses nothing up.
      if (headers['sec-purpose'] !== undefined || (dest !== undefined && dest !== 'document')) {
        throw new Refusal(403, 'Open this address in a tab of its own.');
      }
      return exchange(token, request, response);
    }

    const site = headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none') {
      // A copied link that is followed from elsewhere goes without the cookie.
      if (path === '/' && dest === 'document') return locked(request, response, 403, 'tab');
      throw new Refusal(403, 'Another page may not ask this.');
    }
    if (api && headers.origin !== own) throw new Refusal(403, 'Another page may not ask this.');
    if (path === '/locked') {
      const why = LOCKED_REASONS.find((one) => one === query.get('why')) ?? 'none';
      return locked(request, response, 200, why, query);
    }

    if (api || path === '/events') {
      const session = sessions.of(headers.cookie, headers[KEY_HEADER]);
      if (!session) throw new Refusal(401, NO_KEY);
      if (!api) return stream(request, response, session);
      return caller.run(session, () => answer(request, response, path.slice('/api/'.length)));
    }
    const known = sessions.ofCookie(headers.cookie);
    if (path === '/' && framed) throw new Refusal(403, 'Another page may not ask this.');
    if (known.length === 0) {
      if (path === '/') return locked(request, response, 401, 'none');
      throw new Refusal(401, NO_KEY);
    }
    if (path.startsWith('/download/')) return download(response, path.slice('/download/'.length), known);
    const file = files.get(path);
    if (!file) throw new Refusal(404, 'There is no such page.');
    send(response, 200, file.type, await readFile(file.path));
  }

  function exchange(token: string, request: IncomingMessage, response: ServerResponse): void {
    const entered = sessions.enter(token, request.headers['user-agent'] ?? '');
    if (typeof entered === 'string') {
      // Who is in may reload the old address: the tab has its key, or is told that it has none.
      if (entered === 'used' && sessions.ofCookie(request.headers.cookie).length > 0) {
        return send(response, 303, 'text/plain; charset=utf-8', '', { location: '/' });
      }
      return locked(request, response, 403, entered);
    }
    const { session, cookie, key } = entered;
    say(`Session ${session.number} began: ${session.browser}.`);
    response.setHeader('set-cookie', `${cookie}; Path=/; HttpOnly; SameSite=Strict`);
    made(response, 200, (nonce) => enteredPage(key, nonce));
  }

  /** The page that says why nothing opens, and what to do. */
  function locked(
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    why: LockedReason,
    query?: URLSearchParams,
  ): void {
    const lang = languageOf(query?.get('lang') ?? null, request.headers['accept-language']);
    const chosen = query?.get('theme');
    const theme = chosen === 'light' || chosen === 'dark' ? chosen : null;
    made(response, status, (nonce) => lockedPage(why, lang, theme, nonce));
  }

  function made(response: ServerResponse, status: number, page: (nonce: string) => string): void {
    const nonce = secret();
    response.setHeader('content-security-policy', madePagePolicy(nonce));
    send(response, status, 'text/html; charset=utf-8', page(nonce));
  }

  async function answer(request: IncomingMessage, response: ServerResponse, channel: string): Promise<void> {
    if (!isChannel(channel)) throw new Refusal(404, 'There is no such channel.');
    const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
    if (type !== 'application/json') throw new Refusal(415, 'Only JSON is taken here.');
    const body = await readJson(request);
    let reply: Reply<unknown>;
    try {
      // The map's type ties each channel to its request, which TypeScript cannot follow through a name that varies.
      const handler = handlers[channel] as (request: unknown) => Promise<unknown>;
      reply = { ok: true, value: await handler(checkedRequest(channel, body)) };
    } catch (thrown) {
      reply = refused(toIpcError(thrown));
    }
    sendJson(response, 200, reply);
  }

  function stream(request: IncomingMessage, response: ServerResponse, session: Session): void {
    const others = [...streams].filter(([, whose]) => whose === session);
    if (others.length >= MAX_STREAMS) others[0]?.[0].end();
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    response.write('retry: 500\n\n');
    const last = Number(request.headers['last-event-id'] ?? '0');
    const since = Date.now() - REPLAY_MS;
    for (const { id, at, text } of recent) if (id > last && at > since) response.write(text);
    streams.set(response, session);
    response.on('close', () => streams.delete(response));
  }

  function download(response: ServerResponse, id: string, known: Session[]): void {
    const found = downloads.get(id);
    if (!found || !known.some(({ number }) => number === found.session))
      throw new Refusal(404, 'This file was fetched already, or waited too long.');
    forget(id);
    const plain = found.name.replace(/[^\x20-\x7e]|["\\]/g, '_');
    send(response, 200, found.type, found.bytes, {
      'content-disposition': `attachment; filename="${plain}"; filename*=UTF-8''${rfc5987(found.name)}`,
    });
  }

  return {
    port,
    address() {
      const { token, used } = sessions.issue();
      return { url: `${own}/?token=${token}`, used };
    },
    sessions: () =>
      sessions.list().map((session) => {
        const { number, browser, began, seen } = session;
        return { number, browser, began, seen, open: [...streams.values()].includes(session) };
      }),
    end: (number) => sessions.end(number),
    async close() {
      clearInterval(heartbeat);
      for (const id of [...downloads.keys()]) forget(id);
      sessions.close();
      for (const response of streams.keys()) response.end();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await closeBackend();
      server.closeAllConnections();
      await closed;
    },
  };
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (thrown: NodeJS.ErrnoException) => {
      const taken = thrown.code === 'EADDRINUSE';
      reject(
        new BackendError({
          kind: 'bad-request',
          message: taken ? `Port ${port} is taken by another program.` : thrown.message,
          ...(taken ? { hint: 'Name another one with --port, or 0 for a free one.' } : {}),
        }),
      );
    });
    server.listen(port, LOOPBACK, resolve);
  });
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Refusal(413, 'This is too large.', { connection: 'close' });
    chunks.push(chunk);
  }
  try {
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
    return typeof body === 'object' && body !== null && 'request' in body ? body.request : undefined;
  } catch {
    throw new Refusal(400, 'This is not JSON.');
  }
}

function refused(error: IpcError): Reply<never> {
  return { ok: false, error };
}

function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  send(response, status, 'application/json', JSON.stringify(value), headers);
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength,
    ...headers,
  });
  response.end(body);
}

/** A file name as RFC 5987 wants it in a header: what encodeURIComponent leaves is still too much. */
function rfc5987(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * `serve`: the same app in a browser tab, on this machine's loopback address alone.
 *
 * Who may talk to it: a browser that came with the one-time token of the printed address, which is exchanged for a
 * session cookie at its first use. Host is checked against DNS rebinding, Origin and Sec-Fetch-Site against other
 * pages, and what changes something is a POST of JSON.
 *
 * - `GET /?token=…`: the exchange
 * - `POST /api/<channel>` with `{"request": …}`: a `Reply`
 * - `GET /events`: server-sent events, named as in `Events`
 * - `GET /download/<id>`: a file that `export.save` prepared, once
 * - `GET /…`: the page
 */
import { spawn } from 'node:child_process';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EventName, Events, IpcError, Reply } from '../shared/ipc.ts';
import type { Backend, Host } from './backend.ts';
import { isChannel } from './channels.ts';
import { pageFiles, pageFolder, SECURITY_HEADERS } from './page.ts';
import { checkedRequest } from './requests.ts';
import { renderQuestion } from './render/question.ts';
import type { Question } from './terminal/conversation.ts';
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

export interface ServeOptions {
  /** 0 (the default) takes a free one. */
  port?: number;
  /** Folder of the built page. */
  folder?: string;
  /** Builds the handlers, given the host that they talk to the browser with. */
  backend: (host: Host) => Backend;
  /** Asks the user outside the page, in the terminal; absent where there is nobody to ask. */
  ask?: (question: Question, signal: AbortSignal) => Promise<boolean>;
}

export interface Served {
  /** With the one-time token: for the user's eyes, not for logs. */
  readonly url: string;
  readonly port: number;
  /** Ends open streams, the backend and the server. */
  close(): Promise<void>;
}

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
  const streams = new Set<ServerResponse>();
  const recent: { id: number; at: number; text: string }[] = [];
  let eventId = 0;

  const host: Host = {
    backend: 'serve',
    emit<E extends EventName>(event: E, payload: Events[E]) {
      const id = ++eventId;
      const text = `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(payload)}\n\n`;
      recent.push({ id, at: Date.now(), text });
      if (recent.length > REPLAY_MAX) recent.shift();
      for (const stream of streams) stream.write(text);
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
    async deliver(name, type, make) {
      const bytes = await make();
      const id = secret();
      if (downloads.size >= MAX_DOWNLOADS) forget([...downloads.keys()][0] as string);
      const timer = setTimeout(() => forget(id), DOWNLOAD_MS);
      timer.unref();
      downloads.set(id, { name, type, bytes, timer });
      return { download: `/download/${id}` };
    },
  };
  function forget(id: string): void {
    clearTimeout(downloads.get(id)?.timer);
    downloads.delete(id);
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
  const hosts = [`${LOOPBACK}:${port}`, `localhost:${port}`, `[::1]:${port}`];
  // Cookies know no ports: two servers on one machine must not take each other's.
  const cookieName = `bulkhead-${port}`;
  const session = secret();
  let token: string | null = secret();

  const heartbeat = setInterval(() => {
    for (const stream of streams) stream.write(': here\n\n');
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
    // A page of another name that resolves to this machine (DNS rebinding) sends its own name.
    if (!hosts.includes(request.headers.host ?? '')) throw new Refusal(421, 'This host is not served here.');
    // No base: '//other' would be read as another host.
    const target = request.url ?? '/';
    const question = target.indexOf('?');
    const path = question < 0 ? target : target.slice(0, question);
    const query = new URLSearchParams(question < 0 ? '' : target.slice(question + 1));
    const api = path.startsWith('/api/');
    // Not even HEAD: a token and a download are good once, and what only looks at a link must not use them up.
    const allowed = api ? 'POST' : 'GET';
    if (request.method !== allowed) throw new Refusal(405, `Only ${allowed} here.`, { allow: allowed });

    const given = query.get('token');
    if (path === '/' && given !== null) return exchange(given, hasSession(request), response);

    const site = request.headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none') {
      throw new Refusal(403, 'Another page may not ask this.');
    }
    if (api && request.headers.origin !== `http://${request.headers.host}`) {
      throw new Refusal(403, 'Another page may not ask this.');
    }
    if (!hasSession(request)) {
      throw new Refusal(401, 'Open the address that the terminal shows: it carries the key to this page.');
    }

    if (api) return answer(request, response, path.slice('/api/'.length));
    if (path === '/events') return stream(request, response);
    if (path.startsWith('/download/')) return download(response, path.slice('/download/'.length));
    const file = files.get(path);
    if (!file) throw new Refusal(404, 'There is no such page.');
    send(response, 200, file.type, await readFile(file.path));
  }

  function exchange(given: string, known: boolean, response: ServerResponse): void {
    const right = token !== null && same(given, token);
    if (right) {
      token = null;
      response.setHeader('set-cookie', `${cookieName}=${session}; Path=/; HttpOnly; SameSite=Strict`);
    } else if (!known) {
      throw new Refusal(
        403,
        'This address was used already, or is of an earlier start. Start Bulkhead again for a new one.',
      );
    }
    // A page of our own that goes on, not a redirect: where a page of another site held the link, a redirect would
    // still be that site's navigation and go without the cookie.
    const page =
      '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">' +
      '<meta http-equiv="refresh" content="0; url=/"><title>Bulkhead</title>';
    send(response, 200, 'text/html; charset=utf-8', page);
  }

  function hasSession(request: IncomingMessage): boolean {
    return (request.headers.cookie ?? '').split(';').some((pair) => {
      const [name, value = ''] = pair.trim().split('=', 2);
      return name === cookieName && same(value, session);
    });
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

  function stream(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    response.write('retry: 500\n\n');
    const last = Number(request.headers['last-event-id'] ?? '0');
    const since = Date.now() - REPLAY_MS;
    for (const { id, at, text } of recent) if (id > last && at > since) response.write(text);
    streams.add(response);
    response.on('close', () => streams.delete(response));
  }

  function download(response: ServerResponse, id: string): void {
    const found = downloads.get(id);
    if (!found) throw new Refusal(404, 'This file was fetched already, or waited too long.');
    forget(id);
    const plain = found.name.replace(/[^\x20-\x7e]|["\\]/g, '_');
    send(response, 200, found.type, found.bytes, {
      'content-disposition': `attachment; filename="${plain}"; filename*=UTF-8''${rfc5987(found.name)}`,
    });
  }

  return {
    url: `http://${LOOPBACK}:${port}/?token=${token}`,
    port,
    async close() {
      clearInterval(heartbeat);
      for (const id of [...downloads.keys()]) forget(id);
      for (const response of streams) response.end();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await closeBackend();
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * Opens the user's browser; a failure is no error, the address is printed anyway.
 * @param url where
 */
export function openBrowser(url: string): void {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', url]
        : ['xdg-open', url];
  const child = spawn(command as string, args, { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
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

function secret(): string {
  return randomBytes(32).toString('base64url');
}

/** A file name as RFC 5987 wants it in a header: what encodeURIComponent leaves is still too much. */
function rfc5987(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Compares in equal time, so that an answer's delay tells nothing of the secret. */
function same(given: string, wanted: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(wanted);
  return a.length === b.length && timingSafeEqual(a, b);
}

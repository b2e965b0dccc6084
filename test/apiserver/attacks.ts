/**
 * What a hostile or broken server does, by name: each kind is a `Trouble` that a test sets with `server.faults`.
 *
 * - `endless-list`: pages of a list without end. `tokens`: 'fresh' ones, two that are 'alternating', or 'huge' ones;
 *   `objects`: 'new' ones, the same 'repeated', or 'none'; `announced`: remainingItemCount of the first page.
 * - `retry-after`: 429 that asks for a pause of this many seconds.
 * - `trickle`: a list whose body goes on for ever at so many bytes a second, after a burst.
 * - `endless-body`: an answer whose body has no end, as it is or as a gzip bomb, with any status.
 * - `amplify`: a list of one object that is nested, or cut into empty objects, many times over.
 * - `event-flood`: a watch with new objects as fast as they are taken; `event-bytes`: what each of them is made to have.
 * - `event-drip`: a watch with one line that never ends, some bytes at a time.
 * - `huge-discovery`: as many groups, each with a kind of network policy.
 * - `echo`: the credentials of the request in the words of an error: as they are, in base64, URL-encoded, JSON-escaped.
 * - `redirect` (in server.ts): to another server.
 * - `cross-site`: a web page that has the browser post to another server, with its cookies.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createGzip } from 'node:zlib';
import type { ResourceType } from './store.ts';

export type Attack =
  | {
      kind: 'endless-list';
      tokens: 'fresh' | 'alternating' | 'huge';
      objects: 'new' | 'repeated' | 'none';
      announced?: number;
      /** Objects a page; ten when absent. */
      page?: number;
    }
  | { kind: 'retry-after'; seconds: number }
  | { kind: 'trickle'; bytesPerSecond: number; burst?: number }
  | { kind: 'endless-body'; gzip?: boolean; status?: number }
  | { kind: 'amplify'; parts: number; how: 'nested' | 'cut' }
  | { kind: 'event-flood'; bytes?: number }
  | { kind: 'event-drip'; everyMs: number }
  | { kind: 'huge-discovery'; groups: number }
  | { kind: 'echo'; status: number; type?: string }
  | { kind: 'cross-site'; to: string };

const JSON_TYPE = { 'content-type': 'application/json' };

let made = 0;
/** A pod with a name of its own. */
function pod(name = `made-${(made += 1)}`, padding = 0, namespace = 'ns-0000'): object {
  return {
    metadata: {
      name,
      namespace,
      resourceVersion: String(1_000_000_000 + made),
      labels: { app: 'made', ...(padding === 0 ? {} : { padding: 'x'.repeat(padding) }) },
    },
    spec: { nodeName: 'node-0' },
    status: { phase: 'Running' },
  };
}

/** Writes pieces for as long as the other side takes them. */
function pour(response: ServerResponse, to: NodeJS.WritableStream, piece: () => Buffer | string): void {
  const more = (): void => {
    // Some at a time, so that the rest of this process goes on.
    for (let i = 0; i < 16; i += 1) {
      if (response.destroyed) return;
      if (!to.write(piece())) {
        to.once('drain', more);
        return;
      }
    }
    setImmediate(more);
  };
  more();
}

/**
 * Answers a request as an attack does.
 * @returns whether it did; watches are left to `attackWatch`
 */
export function attack(
  trouble: { kind: string },
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): boolean {
  const one = trouble as Attack;
  const send = (status: number, body: unknown, headers: Record<string, string> = {}): boolean => {
    response.writeHead(status, { ...JSON_TYPE, ...headers }).end(JSON.stringify(body));
    return true;
  };
  const status = (code: number, message: string, headers = {}): boolean =>
    send(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code }, headers);
  switch (one.kind) {
    case 'endless-list': {
      const namespace = /\/namespaces\/([^/]+)\//.exec(url.pathname)?.[1];
      const page = Number(url.searchParams.get('continue')?.split('.')[0] ?? 0) + 1;
      const items = Array.from({ length: one.objects === 'none' ? 0 : (one.page ?? 10) }, (_, i) =>
        pod(one.objects === 'new' ? undefined : `same-${i}`, 0, namespace),
      );
      const token =
        one.tokens === 'alternating'
          ? String(page % 2)
          : `${page}.${'x'.repeat(one.tokens === 'huge' ? 9000 : 0)}`;
      const remaining =
        one.announced === undefined || page > 1 ? {} : { remainingItemCount: one.announced - items.length };
      return send(200, {
        kind: 'PodList',
        apiVersion: 'v1',
        metadata: { resourceVersion: '1000', continue: token, ...remaining },
        items,
      });
    }
    case 'retry-after':
      return status(429, 'Too many requests, please try again later.', {
        'retry-after': String(one.seconds),
      });
    case 'trickle': {
      response.writeHead(200, JSON_TYPE);
      response.write(`{"kind":"PodList","items":[${' '.repeat(one.burst ?? 0)}`);
      const everyMs = 50;
      const piece = ' '.repeat(Math.max(1, Math.round((one.bytesPerSecond * everyMs) / 1000)));
      const timer = setInterval(() => response.write(piece), everyMs);
      response.on('close', () => clearInterval(timer));
      return true;
    }
    case 'endless-body': {
      const piece = Buffer.alloc(64 * 1024, ' ');
      response.writeHead(one.status ?? 200, {
        ...JSON_TYPE,
        ...(one.gzip ? { 'content-encoding': 'gzip' } : {}),
      });
      if (!one.gzip) {
        pour(response, response, () => piece);
        return true;
      }
      const gzip = createGzip();
      gzip.pipe(response);
      response.on('close', () => gzip.destroy());
      gzip.on('error', () => undefined);
      pour(response, gzip, () => piece);
      return true;
    }
    case 'amplify': {
      const body =
        one.how === 'nested'
          ? '['.repeat(one.parts) + ']'.repeat(one.parts)
          : `[${'{},'.repeat(one.parts)}{}]`;
      response.writeHead(200, JSON_TYPE);
      response.end(
        `{"kind":"List","metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"a","x":${body}}}]}`,
      );
      return true;
    }
    case 'huge-discovery': {
      const items = Array.from({ length: one.groups }, (_, i) => ({
        metadata: { name: `g${i}.example.com` },
        versions: [
          {
            version: 'v1',
            freshness: 'Current',
            resources: [
              {
                resource: 'networkpolicies',
                responseKind: { kind: 'NetworkPolicy' },
                scope: 'Namespaced',
                verbs: ['get', 'list', 'watch'],
              },
            ],
          },
        ],
      }));
      return send(200, { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', items });
    }
    case 'echo': {
      const words = spellings(request.headers.authorization ?? '');
      response.writeHead(one.status, `No ${words[0]}`.replace(/[^ -~]/g, ''), {
        'content-type': one.type ?? 'application/json',
        'x-echo': encodeURIComponent(words.join(' ')),
        location: `https://${encodeURIComponent(words[1] ?? '')}.example/${encodeURIComponent(words[0] ?? '')}`,
        'www-authenticate': `Bearer realm="${encodeURIComponent(words[0] ?? '')}"`,
      });
      // Twice: the second time with every letter escaped, as JSON allows.
      const plain = JSON.stringify(words.join(' ')).slice(1, -1);
      const escaped = [...words.join(' ')]
        .map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
        .join('');
      const [message, reason] = request.url?.includes('policies') ? [escaped, plain] : [plain, escaped];
      response.end(
        `{"kind":"Status","apiVersion":"v1","status":"Failure","code":${one.status},"message":"you sent ${message}","reason":"${reason}","metadata":{}}`,
      );
      return true;
    }
    case 'cross-site':
      response.writeHead(200, { 'content-type': 'text/html', 'access-control-allow-origin': '*' });
      response.end(
        `<!doctype html><script>fetch(${JSON.stringify(one.to)}, { method: 'POST', credentials: 'include', mode: 'no-cors' })</script>`,
      );
      return true;
    default:
      return false;
  }
}

/** Answers a watch as an attack does. @returns whether it did */
export function attackWatch(
  trouble: { kind: string },
  request: IncomingMessage,
  response: ServerResponse,
  served: ResourceType,
): boolean {
  void request;
  const one = trouble as Attack;
  if (one.kind === 'event-flood') {
    response.writeHead(200, JSON_TYPE);
    pour(
      response,
      response,
      () =>
        `${JSON.stringify({ type: 'ADDED', object: { kind: served.kind, ...pod(undefined, one.bytes ?? 0) } })}\n`,
    );
    return true;
  }
  if (one.kind === 'event-drip') {
    response.writeHead(200, JSON_TYPE);
    response.write('{"type":"ADDED","object":{');
    const timer = setInterval(() => response.write(' '), one.everyMs);
    response.on('close', () => clearInterval(timer));
    return true;
  }
  return false;
}

/** How a server may write the credential that it was sent. */
function spellings(authorization: string): string[] {
  const [scheme = '', value = ''] = authorization.split(' ');
  const secret =
    scheme === 'Basic'
      ? Buffer.from(value, 'base64')
          .toString('utf8')
          .replace(/^[^:]*:/, '')
      : value;
  return [
    secret,
    value,
    authorization,
    encodeURIComponent(secret),
    [...secret].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
    Buffer.from(secret).toString('base64'),
    Buffer.from(authorization).toString('base64'),
    Buffer.from(`x${authorization}`).toString('base64url'),
  ];
}

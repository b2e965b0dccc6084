/**
 * An API server for tests: real HTTPS on loopback with a CA of its own, the list, get, watch and discovery calls as
 * kubectl makes them, users with RBAC rules, and faults on demand (`Trouble`; what attacks is in attacks.ts, and what
 * breaks below HTTP in raw.ts). It keeps a log of what it was asked.
 */
import { createServer as createHttp } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { stringify } from 'yaml';
import { issue, makeAuthority } from './certs.ts';
import type { Authority, Issued } from './certs.ts';
import { attack, attackWatch } from './attacks.ts';
import type { Attack } from './attacks.ts';
import { selects, Store } from './store.ts';
import type { KubeObject, ResourceType } from './store.ts';

/** A rule of a Role or ClusterRole. */
export interface PolicyRule {
  apiGroups?: readonly string[];
  resources?: readonly string[];
  verbs: readonly string[];
  resourceNames?: readonly string[];
  nonResourceURLs?: readonly string[];
}

export interface TestUser {
  name: string;
  groups?: string[];
  token?: string;
  password?: string;
  /** Bound rules; namespace null is a ClusterRoleBinding. Absent: everything is allowed. */
  grants?: { namespace: string | null; rules: readonly PolicyRule[] }[];
}

/** One request as the server saw it. */
export interface LoggedRequest {
  method: string;
  path: string;
  query: string;
  verb: string;
  group: string;
  resource: string;
  namespace: string | null;
  name: string | null;
  user: string | null;
  headers: IncomingMessage['headers'];
  status: number;
}

/** What goes wrong. */
export type Trouble =
  | { kind: 'status'; status: number; message?: string; reason?: string; headers?: Record<string, string> }
  /** The connection is cut before the answer, or after a share (0 to 1) of its body. */
  | { kind: 'cut'; after?: number }
  | { kind: 'garbage' }
  | { kind: 'html'; status?: number }
  | { kind: 'truncated-json' }
  /** The body comes a byte at a time. */
  | { kind: 'drip'; everyMs: number }
  /** Head and half the body, then nothing. */
  | { kind: 'silence' }
  /** The request is taken and never answered. */
  | { kind: 'hang' }
  | { kind: 'delay'; ms: number }
  /** To another server, which would get the token if the client followed. */
  | { kind: 'redirect'; to: string }
  | { kind: 'damaged-gzip' }
  | Attack;

export interface Fault {
  /** Part of path and query, or a pattern of it. */
  on: string | RegExp;
  trouble: Trouble;
  /** Skips this many requests that fit first. */
  skip?: number;
  /** How often it happens; for ever when absent. */
  times?: number;
}

export interface ServerOptions {
  store?: Store;
  users?: TestUser[];
  /** gitVersion. */
  version?: string;
  /** Discovery in one document as servers from 1.26 have it (default), or group by group. */
  discovery?: 'aggregated' | 'legacy';
  /** Groups of APIServices that do not answer. */
  brokenGroups?: string[];
  /** Requests without credentials are user system:anonymous; otherwise 401. */
  anonymous?: boolean;
  /** Plain HTTP. */
  plain?: boolean;
  /** Names of the server's certificate. */
  hosts?: string[];
  /** Days until the server's certificate ends. */
  days?: number;
  authority?: Authority;
  /** Called as each request arrives: a cluster that changes at that very moment. */
  onRequest?: (request: LoggedRequest) => void;
  /** Only one of several: kubectl exec, certificates, … need the client CA. */
  port?: number;
  /** Below this path, as behind a proxy for several clusters. */
  basePath?: string;
  /** Bodies from this size on are compressed where the client takes it. */
  gzipFrom?: number;
  bookmarkMs?: number;
}

/** The running server. */
export class TestApiServer {
  readonly store: Store;
  readonly requests: LoggedRequest[] = [];
  readonly faults: Fault[] = [];
  readonly authority: Authority;
  readonly users: TestUser[];
  readonly #options: ServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #seen = new Map<Fault, number>();
  readonly #watches = new Map<ServerResponse, string>();
  /** Connections taken since the start. */
  connections = 0;

  private constructor(options: ServerOptions, authority: Authority, own: Issued | null) {
    this.#options = options;
    this.store = options.store ?? new Store();
    this.users = options.users ?? [{ name: 'admin', token: 'admin-token' }];
    this.authority = authority;
    const handler = (request: IncomingMessage, response: ServerResponse): void => {
      this.#handle(request, response).catch((error: unknown) => {
        if (!response.headersSent) this.#status(response, 500, String(error), 'InternalError');
        else response.destroy();
      });
    };
    this.#server = own
      ? createHttps(
          { key: own.key, cert: own.cert, ca: authority.cert, requestCert: true, rejectUnauthorized: false },
          handler,
        )
      : createHttp(handler);
    this.#server.keepAliveTimeout = 30_000;
    this.#server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('tlsClientError', () => undefined);
  }

  /** Starts on a free port of the loopback interface. */
  static async start(options: ServerOptions = {}): Promise<TestApiServer> {
    const authority = options.authority ?? (await makeAuthority('test-ca'));
    const own = options.plain
      ? null
      : await issue(authority, {
          name: 'kube-apiserver',
          use: 'server',
          hosts: options.hosts ?? ['127.0.0.1', 'localhost'],
          ...(options.days === undefined ? {} : { days: options.days }),
        });
    const server = new TestApiServer(options, authority, own);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#options.plain ? 'http' : 'https'}://127.0.0.1:${this.port}${this.#options.basePath ?? ''}`;
  }

  /** Connections that stand right now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Cuts every connection that stands; new ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /**
   * Writes a line into every watch that is open, whatever it is.
   * @param on part of path and query, or a pattern of it
   * @param line an event, or anything else
   * @param end whether the server ends those watches then
   * @returns how many there were
   */
  say(on: string | RegExp, line: string, end = false): number {
    let told = 0;
    for (const [response, target] of this.#watches) {
      if (!(typeof on === 'string' ? target.includes(on) : on.test(target))) continue;
      response.write(`${line}\n`);
      if (end) response.end();
      told += 1;
    }
    return told;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /**
   * A kubeconfig (YAML) for this server.
   * @param user the `user` entry
   * @param cluster more fields of the `cluster` entry, or others in place of the usual ones
   */
  kubeconfig(
    user: Record<string, unknown> = { token: 'admin-token' },
    cluster: Record<string, unknown> = {},
    names: { context?: string; cluster?: string; user?: string; namespace?: string } = {},
  ): string {
    const { context = 'test', cluster: clusterName = 'test', user: userName = 'test' } = names;
    return stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': context,
      clusters: [
        {
          name: clusterName,
          cluster: {
            server: this.url,
            ...(this.#options.plain
              ? {}
              : { 'certificate-authority-data': Buffer.from(this.authority.cert).toString('base64') }),
            ...cluster,
          },
        },
      ],
      users: [{ name: userName, user }],
      contexts: [
        {
          name: context,
          context: {
            cluster: clusterName,
            user: userName,
            ...(names.namespace === undefined ? {} : { namespace: names.namespace }),
          },
        },
      ],
    });
  }

  /** A client certificate that logs in as this user. */
  clientCertificate(name: string, groups: string[] = [], days = 7): Promise<Issued> {
    return issue(this.authority, { name, groups, use: 'client', days });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'https://server');
    const base = this.#options.basePath ?? '';
    const path = url.pathname.startsWith(base) ? url.pathname.slice(base.length) || '/' : null;
    const asked = parsePath(path ?? '/nowhere', url.searchParams, request.method ?? 'GET');
    const entry: LoggedRequest = {
      method: request.method ?? 'GET',
      path: path ?? url.pathname,
      query: url.search,
      ...asked,
      user: null,
      headers: request.headers,
      status: 0,
    };
    this.requests.push(entry);
    this.#options.onRequest?.(entry);
    response.on('close', () => {
      entry.status = response.statusCode;
    });
    if (path === null) {
      this.#status(response, 404, 'no such path', 'NotFound');
      return;
    }
    const trouble = this.#trouble(`${path}${url.search}`);
    if (trouble && attack(trouble, request, response, url)) return;
    if (trouble && (await this.#early(trouble, request, response))) return;

    const login = this.#login(request);
    if (!login) {
      this.#status(response, 401, 'Unauthorized', 'Unauthorized');
      return;
    }
    const user = this.#impersonated(login, request);
    entry.user = user?.name ?? login.name;
    if (!user) {
      const as = String(request.headers['impersonate-user']);
      this.#status(
        response,
        403,
        `users "${as}" is forbidden: User "${login.name}" cannot impersonate resource "users" in API group "" at the cluster scope`,
        'Forbidden',
      );
      return;
    }
    if (path === '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews' && request.method === 'POST') {
      await this.#review(request, response, user);
      return;
    }
    if (!allowed(user, asked, path)) {
      this.#status(response, 403, forbidden(user, asked, path), 'Forbidden', {
        kind: asked.resource,
        ...(asked.group === '' ? {} : { group: asked.group }),
        ...(asked.name === null ? {} : { name: asked.name }),
      });
      return;
    }
    if (request.method !== 'GET') {
      this.#status(
        response,
        405,
        'the server does not allow this method on the requested resource',
        'MethodNotAllowed',
      );
      return;
    }
    if (asked.resource === '') {
      this.#nonResource(path, request, response, trouble);
      return;
    }
    const served = this.store.type(asked.group, asked.resource);
    if (!served || served.version !== asked.version || (asked.namespace !== null && !served.namespaced)) {
      this.#status(response, 404, 'the server could not find the requested resource', 'NotFound');
      return;
    }
    if (asked.verb === 'watch') {
      if (trouble && attackWatch(trouble, request, response, served)) return;
      this.#watch(served, asked.namespace, url.searchParams, request, response);
    } else if (asked.verb === 'get') {
      const object = this.store.get(
        asked.group,
        asked.resource,
        served.namespaced ? asked.namespace : null,
        asked.name ?? '',
      );
      if (object) this.#send(request, response, 200, whole(served, object), trouble);
      else {
        const what = asked.group === '' ? asked.resource : `${asked.resource}.${asked.group}`;
        this.#status(response, 404, `${what} "${asked.name}" not found`, 'NotFound');
      }
    } else this.#list(served, asked.namespace, url.searchParams, request, response, trouble);
  }

  #trouble(target: string): Trouble | null {
    for (const fault of this.faults) {
      const fits = typeof fault.on === 'string' ? target.includes(fault.on) : fault.on.test(target);
      if (!fits) continue;
      const seen = (this.#seen.get(fault) ?? 0) + 1;
      this.#seen.set(fault, seen);
      const skip = fault.skip ?? 0;
      if (seen > skip && (fault.times === undefined || seen <= skip + fault.times)) return fault.trouble;
    }
    return null;
  }

  /** Troubles that come before anything else; true when the request is done with. */
  async #early(trouble: Trouble, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    switch (trouble.kind) {
      case 'status':
        for (const [name, value] of Object.entries(trouble.headers ?? {})) response.setHeader(name, value);
        this.#status(
          response,
          trouble.status,
          trouble.message ?? MESSAGES[trouble.status] ?? 'something went wrong',
          trouble.reason ?? REASONS[trouble.status] ?? 'Unknown',
        );
        return true;
      case 'cut':
        if (trouble.after !== undefined) return false;
        request.socket.destroy();
        return true;
      case 'hang':
        return true;
      case 'delay':
        await new Promise((resolve) => setTimeout(resolve, trouble.ms));
        return false;
      case 'redirect':
        response.writeHead(302, { location: trouble.to }).end();
        return true;
      case 'html':
        response.writeHead(trouble.status ?? 200, { 'content-type': 'text/html; charset=utf-8' });
        response.end('<!DOCTYPE html><html><body><h1>Please log in</h1></body></html>');
        return true;
      case 'garbage':
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(Buffer.from([0x7b, 0x00, 0xff, 0xfe, 0x22, 0x13, 0x37]));
        return true;
      default:
        return false;
    }
  }

  #login(request: IncomingMessage): TestUser | null {
    const { authorization } = request.headers;
    if (authorization?.startsWith('Bearer ')) {
      const token = authorization.slice(7);
      return this.users.find((user) => user.token === token) ?? null;
    }
    if (authorization?.startsWith('Basic ')) {
      const [name, ...rest] = Buffer.from(authorization.slice(6), 'base64').toString().split(':');
      const password = rest.join(':');
      return this.users.find((user) => user.name === name && user.password === password) ?? null;
    }
    const socket = request.socket as TLSSocket;
    if (!this.#options.plain && socket.authorized) {
      const subject = socket.getPeerCertificate().subject as
        { CN?: string; O?: string | string[] } | undefined;
      if (subject?.CN) {
        const groups = subject.O === undefined ? [] : [subject.O].flat();
        return (
          this.users.find((user) => user.name === subject.CN) ?? { name: subject.CN, groups, grants: [] }
        );
      }
    }
    return this.#options.anonymous ? { name: 'system:anonymous' } : null;
  }

  #impersonated(user: TestUser, request: IncomingMessage): TestUser | null {
    const as = request.headers['impersonate-user'];
    if (as === undefined) return user;
    const may = (user.grants ?? [{ namespace: null, rules: ALL }]).some((grant) =>
      grant.rules.some((rule) => fits(rule.verbs, 'impersonate') && fits(rule.resources, 'users')),
    );
    if (!may) return null;
    const groups = request.headers['impersonate-group'];
    return {
      ...(this.users.find((other) => other.name === as) ?? { name: String(as), grants: [] }),
      ...(groups === undefined ? {} : { groups: [groups].flat().flatMap((g) => g.split(', ')) }),
    };
  }

  async #review(request: IncomingMessage, response: ServerResponse, user: TestUser): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (!(request.headers['content-type'] ?? '').includes('json')) {
      this.#status(response, 415, 'the body of the request was in an unknown format', 'UnsupportedMediaType');
      return;
    }
    const review = JSON.parse(Buffer.concat(chunks).toString()) as {
      spec: { resourceAttributes?: Record<string, string>; nonResourceAttributes?: Record<string, string> };
    };
    const of = review.spec.resourceAttributes ?? {};
    const asked: Asked = {
      verb: of['verb'] ?? 'get',
      group: of['group'] ?? '',
      version: of['version'] ?? 'v1',
      resource: of['resource'] ?? '',
      namespace: of['namespace'] || null,
      name: of['name'] || null,
    };
    const answer = allowed(user, asked, review.spec.nonResourceAttributes?.['path'] ?? '');
    this.#send(request, response, 201, { ...review, status: { allowed: answer } }, null);
  }

  #nonResource(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    trouble: Trouble | null,
  ): void {
    const version = this.#options.version ?? 'v1.36.1';
    if (path === '/version') {
      const [, major = '1', minor = '36'] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
      this.#send(
        request,
        response,
        200,
        { major, minor, gitVersion: version, platform: 'linux/amd64' },
        trouble,
      );
      return;
    }
    if (path === '/healthz' || path === '/readyz' || path === '/livez') {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
      return;
    }
    const aggregated =
      this.#options.discovery !== 'legacy' &&
      (request.headers.accept ?? '').includes('as=APIGroupDiscoveryList');
    const types = this.store.types();
    const groups = [...new Set(types.map((t) => t.group))].filter((group) => group !== '');
    groups.push('authorization.k8s.io');
    const versionsOf = (group: string): string[] => [
      ...new Set(
        group === 'authorization.k8s.io'
          ? ['v1']
          : types.filter((t) => t.group === group).map((t) => t.version),
      ),
    ];
    const broken = this.#options.brokenGroups ?? [];
    if (path === '/api' || path === '/apis') {
      if (aggregated) {
        const here = path === '/api' ? [''] : groups;
        const items = here.map((group) => ({
          metadata: group === '' ? { creationTimestamp: null } : { name: group, creationTimestamp: null },
          versions: versionsOf(group).map((v) => ({
            version: v,
            ...(broken.includes(group)
              ? { freshness: 'Stale' }
              : {
                  freshness: 'Current',
                  resources: types
                    .filter((t) => t.group === group && t.version === v)
                    .map((t) => ({
                      resource: t.resource,
                      responseKind: { group: t.group, version: t.version, kind: t.kind },
                      scope: t.namespaced ? 'Namespaced' : 'Cluster',
                      singularResource: t.kind.toLowerCase(),
                      shortNames: SHORT[t.resource] ?? [],
                      verbs: ['get', 'list', 'watch'],
                    })),
                }),
          })),
        }));
        const body = {
          kind: 'APIGroupDiscoveryList',
          apiVersion: 'apidiscovery.k8s.io/v2',
          metadata: {},
          items,
        };
        this.#send(request, response, 200, body, trouble, {
          'content-type': 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
        });
        return;
      }
      if (path === '/api') {
        this.#send(request, response, 200, { kind: 'APIVersions', versions: ['v1'] }, trouble);
        return;
      }
      const list = groups.map((name) => {
        const versions = versionsOf(name).map((v) => ({ groupVersion: `${name}/${v}`, version: v }));
        return { name, versions, preferredVersion: versions[0] };
      });
      this.#send(request, response, 200, { kind: 'APIGroupList', apiVersion: 'v1', groups: list }, trouble);
      return;
    }
    const one = /^\/(?:api|apis\/([^/]+))\/([^/]+)$/.exec(path);
    const group = one?.[1] ?? '';
    if (one && (group === '' || groups.includes(group)) && versionsOf(group).includes(one[2])) {
      if (broken.includes(group)) {
        response.writeHead(503, { 'content-type': 'text/plain' }).end('service unavailable\n');
        return;
      }
      const resources = types
        .filter((t) => t.group === group && t.version === one[2])
        .map((t) => ({
          name: t.resource,
          singularName: t.kind.toLowerCase(),
          shortNames: SHORT[t.resource] ?? [],
          namespaced: t.namespaced,
          kind: t.kind,
          verbs: ['get', 'list', 'watch'],
        }));
      const groupVersion = group === '' ? one[2] : `${group}/${one[2]}`;
      this.#send(
        request,
        response,
        200,
        { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources },
        trouble,
      );
      return;
    }
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('404 page not found\n');
  }

  #list(
    served: ResourceType,
    namespace: string | null,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
    trouble: Trouble | null,
  ): void {
    const limit = Number(query.get('limit') ?? 0);
    const token = query.get('continue');
    let offset = 0;
    let version = this.store.version;
    if (token) {
      try {
        const { v, o } = JSON.parse(Buffer.from(token, 'base64url').toString()) as { v: number; o: number };
        offset = o;
        version = v;
      } catch {
        this.#status(response, 400, 'continue key is not valid', 'BadRequest');
        return;
      }
      if (version < this.store.compacted) {
        this.#status(response, 410, MESSAGES[410] as string, 'Expired');
        return;
      }
    }
    const fit = selects(query.get('labelSelector'), query.get('fieldSelector'));
    const { items, remaining } = this.store.list(
      served.group,
      served.resource,
      namespace,
      fit,
      offset,
      limit,
    );
    const metadata = {
      resourceVersion: String(version),
      ...(remaining > 0
        ? {
            continue: Buffer.from(JSON.stringify({ v: version, o: offset + items.length })).toString(
              'base64url',
            ),
            remainingItemCount: remaining,
          }
        : {}),
    };
    const apiVersion = served.group === '' ? served.version : `${served.group}/${served.version}`;
    const partial = (request.headers.accept ?? '').includes('as=PartialObjectMetadataList');
    const body = partial
      ? {
          kind: 'PartialObjectMetadataList',
          apiVersion: 'meta.k8s.io/v1',
          metadata,
          items: items.map((item) => ({
            kind: 'PartialObjectMetadata',
            apiVersion: 'meta.k8s.io/v1',
            metadata: item.metadata,
          })),
        }
      : {
          kind: `${served.kind}List`,
          apiVersion,
          metadata,
          // As a real server: items of built-in kinds carry no kind, custom resources do.
          items: BUILT_IN.has(served.group)
            ? items.map(({ kind: _kind, apiVersion: _version, ...rest }) => rest)
            : items.map((item) => whole(served, item)),
        };
    this.#send(request, response, 200, body, trouble);
  }

  #watch(
    served: ResourceType,
    namespace: string | null,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const from = Number(query.get('resourceVersion') ?? 0);
    const partial = (request.headers.accept ?? '').includes('as=PartialObjectMetadata');
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    this.#watches.set(response, request.url ?? '');
    const send = (event: string, object: unknown): void => {
      if (!response.writableEnded) response.write(`${JSON.stringify({ type: event, object })}\n`);
    };
    if (from !== 0 && from < this.store.compacted) {
      send('ERROR', {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        message: `too old resource version: ${from} (${this.store.version})`,
        reason: 'Expired',
        code: 410,
      });
      response.end();
      return;
    }
    const fit = selects(query.get('labelSelector'), query.get('fieldSelector'));
    const end = this.store.follow(served.group, served.resource, from, (event) => {
      if (namespace !== null && event.object.metadata.namespace !== namespace) return;
      if (fit && !fit(event.object)) return;
      const metadata = { ...event.object.metadata, resourceVersion: String(event.version) };
      send(
        event.type,
        partial
          ? { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
          : { ...whole(served, event.object), metadata },
      );
    });
    const bookmarks =
      query.get('allowWatchBookmarks') === 'true'
        ? setInterval(() => {
            const metadata = { resourceVersion: String(this.store.version), creationTimestamp: null };
            const apiVersion = served.group === '' ? served.version : `${served.group}/${served.version}`;
            send('BOOKMARK', { kind: served.kind, apiVersion, metadata });
          }, this.#options.bookmarkMs ?? 1000)
        : undefined;
    const seconds = Number(query.get('timeoutSeconds') ?? 0);
    const over = seconds > 0 ? setTimeout(() => response.end(), seconds * 1000) : undefined;
    response.on('close', () => {
      end();
      this.#watches.delete(response);
      clearInterval(bookmarks);
      clearTimeout(over);
    });
  }

  #status(
    response: ServerResponse,
    code: number,
    message: string,
    reason: string,
    details: Record<string, unknown> = {},
  ): void {
    const body = JSON.stringify({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      details,
      code,
    });
    response.writeHead(code, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  }

  #send(
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    body: unknown,
    trouble: Trouble | null,
    headers: Record<string, string> = {},
  ): void {
    let bytes: Buffer = Buffer.from(JSON.stringify(body));
    const head: Record<string, string | number> = { 'content-type': 'application/json', ...headers };
    const zips = (request.headers['accept-encoding'] ?? '').includes('gzip');
    if (trouble?.kind === 'truncated-json') bytes = bytes.subarray(0, Math.floor(bytes.length / 2));
    if (
      (bytes.length >= (this.#options.gzipFrom ?? 128 * 1024) && zips) ||
      trouble?.kind === 'damaged-gzip'
    ) {
      bytes = gzipSync(bytes, { level: 1 });
      head['content-encoding'] = 'gzip';
      if (trouble?.kind === 'damaged-gzip') bytes.fill(0x55, Math.floor(bytes.length / 2));
    }
    head['content-length'] = bytes.length;
    response.writeHead(status, head);
    if (trouble?.kind === 'cut') {
      response.write(bytes.subarray(0, Math.floor(bytes.length * (trouble.after ?? 0.5))), () => {
        request.socket.destroy();
      });
      return;
    }
    if (trouble?.kind === 'silence') {
      response.write(bytes.subarray(0, Math.floor(bytes.length / 2)));
      return;
    }
    if (trouble?.kind === 'drip') {
      let at = 0;
      const timer = setInterval(() => {
        response.write(bytes.subarray(at, at + 1));
        at += 1;
        if (at >= bytes.length) {
          clearInterval(timer);
          response.end();
        }
      }, trouble.everyMs);
      response.on('close', () => clearInterval(timer));
      return;
    }
    response.end(bytes);
  }
}

const SHORT: Record<string, string[]> = {
  configmaps: ['cm'],
  namespaces: ['ns'],
  networkpolicies: ['netpol'],
  nodes: ['no'],
  pods: ['po'],
  services: ['svc'],
};

const BUILT_IN = new Set(['', 'apps', 'batch', 'networking.k8s.io']);

function whole(served: ResourceType, object: KubeObject): KubeObject {
  const apiVersion = served.group === '' ? served.version : `${served.group}/${served.version}`;
  return { ...object, apiVersion, kind: served.kind };
}

const MESSAGES: Record<number, string> = {
  401: 'Unauthorized',
  409: 'the operation cannot be fulfilled; please apply your changes to the latest version and try again',
  410: 'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list.',
  429: 'Too many requests, please try again later.',
  500: 'Internal error occurred: etcdserver: request timed out',
  503: 'the server is currently unable to handle the request',
};
const REASONS: Record<number, string> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

interface Asked {
  verb: string;
  group: string;
  version: string;
  resource: string;
  namespace: string | null;
  name: string | null;
}

/** Verb, resource and name of a request, as the server's authorizer sees them. */
function parsePath(path: string, query: URLSearchParams, method: string): Asked {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const none: Asked = { verb: 'get', group: '', version: '', resource: '', namespace: null, name: null };
  let group = '';
  let rest: string[];
  let version: string;
  if (parts[0] === 'api' && parts.length > 2) {
    version = parts[1];
    rest = parts.slice(2);
  } else if (parts[0] === 'apis' && parts.length > 3) {
    group = parts[1];
    version = parts[2];
    rest = parts.slice(3);
  } else return none;
  let namespace: string | null = null;
  if (rest[0] === 'namespaces' && rest.length > 2) {
    namespace = rest[1];
    rest = rest.slice(2);
  }
  const name = rest[1] ?? null;
  const watching = ['1', 'true'].includes(query.get('watch') ?? '');
  const verb = method !== 'GET' ? 'create' : name !== null ? 'get' : watching ? 'watch' : 'list';
  return { verb, group, version, resource: rest[0], namespace, name };
}

const ALL: PolicyRule[] = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];

function fits(list: readonly string[] | undefined, value: string): boolean {
  return list !== undefined && (list.includes('*') || list.includes(value));
}

function allowed(user: TestUser, asked: Asked, path: string): boolean {
  if (user.grants === undefined) return true;
  return user.grants.some((grant) =>
    grant.rules.some((rule) => {
      if (!fits(rule.verbs, asked.verb)) return false;
      if (asked.resource === '') {
        return (
          grant.namespace === null &&
          (rule.nonResourceURLs ?? []).some((url) =>
            url.endsWith('*') ? path.startsWith(url.slice(0, -1)) : url === path,
          )
        );
      }
      if (!fits(rule.apiGroups, asked.group) || !fits(rule.resources, asked.resource)) return false;
      if (rule.resourceNames !== undefined && !rule.resourceNames.includes(asked.name ?? '')) return false;
      // A namespace itself lies in itself: a RoleBinding there may allow to get it.
      const place = asked.resource === 'namespaces' ? asked.name : asked.namespace;
      return grant.namespace === null || grant.namespace === place;
    }),
  );
}

function forbidden(user: TestUser, asked: Asked, path: string): string {
  if (asked.resource === '') return `forbidden: User "${user.name}" cannot get path "${path}"`;
  const what = asked.group === '' ? asked.resource : `${asked.resource}.${asked.group}`;
  const which = asked.name === null ? what : `${what} "${asked.name}"`;
  const where = asked.namespace === null ? 'at the cluster scope' : `in the namespace "${asked.namespace}"`;
  return `${which} is forbidden: User "${user.name}" cannot ${asked.verb} resource "${asked.resource}" in API group "${asked.group}" ${where}`;
}

/**
 * Logging in: from a resolved context to the headers, the TLS material and the connections that requests need.
 * `@kubernetes/client-node` says how certificates, names and proxies become a connection; what it leaves out or gets
 * wrong (KUBERNETES_EXEC_INFO, tokenFile, impersonated groups, system CAs, renewal of OIDC tokens) is added here.
 * Credentials stay in memory.
 */
import type { KubeConfig } from '@kubernetes/client-node';
import type { RequestOptions } from 'node:https';
import { connect as tcpConnect } from 'node:net';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { connect as tlsConnect, createSecureContext, getCACertificates } from 'node:tls';
import { SocksClient } from 'socks';
import { Agent, Pool, ProxyAgent } from 'undici';
import type { Dispatcher } from 'undici';
import { cancelled, ClusterError } from './error.ts';
import { runExec } from './exec.ts';
import type { ExecCredential } from './exec.ts';
import { usesExec } from './kubeconfig.ts';
import type { ResolvedContext } from './kubeconfig.ts';
import type { UserEntry } from './kubeconfigFile.ts';
import { oidcToken } from './oidc.ts';
import { readBounded, ReadRefused } from '../readBounded.ts';
import type { Permit } from './permit.ts';
import { ProxyFailure, proxyOf } from './proxyEnv.ts';
import { Secrets } from './redact.ts';
import type { Redactor } from './redact.ts';
import { searchPath, startedByDesktop } from './shellPath.ts';

/** A working login: what requests are made with until it is renewed. */
export interface Session {
  /** Counts renewals, so that a request knows whether the one it failed with is still the newest. */
  generation: number;
  headers: Record<string, string | string[]>;
  dispatcher: Dispatcher;
  /** Milliseconds since 1970; null: unknown. */
  expires: number | null;
  /** Takes what the server was sent to let us in out of what it says. */
  redactor: Redactor;
}

export interface LoginOptions {
  connectMs: number;
  /** PATH for exec plugins; found out once when absent. */
  searchPath?: string;
  env?: Record<string, string | undefined>;
  execTimeoutMs?: number;
  /** Credentials are sent over plain `http` too, where everybody on the way can read them. */
  plainCredentials?: boolean;
  /** Asked before a program of the kubeconfig is run. */
  permit?: Permit;
}

/** Keeps one context logged in. */
export class Login {
  readonly #context: ResolvedContext;
  readonly #options: LoginOptions;
  #session: Promise<Session> | null = null;
  #generation = 0;
  /** Connections of logins with another certificate: requests may still run on them, `close` ends them. */
  readonly #old: Dispatcher[] = [];
  /** The connections in use, and the certificates that they were made with. */
  #made: { dispatcher: Dispatcher; ca: string | null; cert: string | null; key: string | null } | null = null;
  #closed = false;
  readonly #secrets = new Secrets();

  constructor(context: ResolvedContext, options: LoginOptions) {
    this.#context = context;
    this.#options = options;
  }

  /**
   * The session to use now; logs in at first, and again when the login is about to expire.
   * @throws ClusterError 'auth', 'kubeconfig' (a file that is missing or no PEM) or 'cancelled'
   */
  async session(signal: AbortSignal): Promise<Session> {
    if (this.#session) {
      const session = await this.#session;
      if (session.expires === null || session.expires > Date.now()) return session;
      return this.renew(session.generation, signal);
    }
    return this.#start(false, signal);
  }

  /** Logs in anew, once for all requests that failed with the same generation. */
  async renew(failed: number, signal: AbortSignal): Promise<Session> {
    if (this.#session && failed < this.#generation) return this.#session;
    return this.#start(true, signal);
  }

  #start(force: boolean, signal: AbortSignal): Promise<Session> {
    // A list that goes on beside one that ended the reading must not log in anew.
    if (this.#closed) return Promise.reject(cancelled());
    const before = this.#session;
    const generation = ++this.#generation;
    const next = (async (): Promise<Session> => {
      await before?.catch(() => undefined);
      return this.#login(generation, force, signal);
    })();
    this.#session = next;
    next.catch(() => {
      if (this.#session === next) this.#session = null;
    });
    return next;
  }

  async #login(generation: number, force: boolean, signal: AbortSignal): Promise<Session> {
    const { cluster } = this.#context;
    const plain = cluster.server.startsWith('http:');
    // Over plain http kubectl sends nothing of a user but whom to impersonate, and runs no program for it.
    const user = withheld(this.#context, this.#options)
      ? impersonation(this.#context.user)
      : this.#context.user;
    const ca = await pem('certificate-authority', cluster.caData, cluster.caFile, cluster.file);
    let cert = user ? await pem('client-certificate', user.certData, user.certFile, user.file) : null;
    let key = user ? await pem('client-key', user.keyData, user.keyFile, user.file) : null;
    let token: string | null = null;
    let expires: number | null = null;
    if (user?.tokenFile) {
      token = (await text(user.tokenFile, 'tokenFile', user.file)).trim();
      // client-go reads the file again after a minute at most.
      expires = Date.now() + 60_000;
    } else if (user?.token) token = user.token.trim();
    else if (user && usesExec(user)) {
      const credential: ExecCredential = await runExec(user, cluster, {
        searchPath: this.#options.searchPath ?? (await searchPath(startedByDesktop())),
        ...(this.#options.env ? { env: this.#options.env } : {}),
        ...(this.#options.execTimeoutMs === undefined ? {} : { timeoutMs: this.#options.execTimeoutMs }),
        ...(ca === null ? {} : { caData: ca }),
        origin: this.#context.origin,
        ...(this.#options.permit ? { permit: this.#options.permit } : {}),
        signal,
      });
      token = credential.token;
      if (credential.cert !== null) {
        cert = credential.cert;
        key = credential.key;
      }
      expires = credential.expires;
      if (expires !== null && expires <= Date.now()) {
        throw new ClusterError(
          'auth',
          `The login program of user "${user.name}" gave a credential that has expired`,
          {
            place: `${user.file}: user ${user.name}`,
            hint: 'Log in again with it in a terminal, then try once more.',
          },
        );
      }
    } else if (user?.authProvider?.name === 'oidc' && !user.username) {
      const { config } = user.authProvider;
      const issuerCa = await pem(
        'idp-certificate-authority',
        config['idp-certificate-authority-data'] || undefined,
        config['idp-certificate-authority'] || undefined,
        user.file,
      );
      const oidc = await oidcToken(user, force, issuerCa ?? systemCertificates(), signal);
      token = oidc.token;
      expires = oidc.expires;
    }

    if (token !== null && NO_HEADER.test(token)) {
      // Not quoted: a file that is no token may be any file.
      throw new ClusterError('auth', `The token of user "${user?.name}" holds characters that no token has`, {
        place: `${user?.file}: user ${user?.name}`,
        hint: user?.tokenFile ? `Is ${user.tokenFile} the right tokenFile?` : 'Is there a line break in it?',
      });
    }
    const { KubeConfig } = await import('./clientConfig.ts');
    const config = new KubeConfig();
    const base64 = (value: string | null): string | undefined =>
      value === null ? undefined : Buffer.from(value).toString('base64');
    const proxy = proxyOf(cluster, this.#options.env ?? process.env);
    const clientCluster = {
      name: 'cluster',
      server: cluster.server,
      // A CA that the kubeconfig names is the only one that counts, as kubectl has it; else the system's with Node's.
      caData: base64(ca ?? systemCertificates()),
      skipTLSVerify: cluster.insecure || plain,
      ...(cluster.tlsServerName ? { tlsServerName: cluster.tlsServerName } : {}),
      ...(proxy === null ? {} : { proxyUrl: proxy.url }),
    };
    config.loadFromOptions({
      clusters: [clientCluster],
      users: [
        {
          name: 'user',
          certData: base64(cert),
          keyData: base64(key),
          token: token ?? undefined,
          username: token === null ? user?.username : undefined,
          password: token === null ? (user?.password ?? '') : undefined,
        },
      ],
      contexts: [{ name: 'context', cluster: 'cluster', user: 'user' }],
      currentContext: 'context',
    });
    const applied: RequestOptions = {};
    await config.applyToHTTPSOptions(applied);
    const headers: Record<string, string | string[]> = {};
    for (const [name, value] of Object.entries(applied.headers ?? {})) {
      if (value !== undefined)
        headers[name.toLowerCase()] = typeof value === 'number' ? String(value) : [...[value]].flat();
    }
    if (applied.auth) headers['authorization'] = `Basic ${Buffer.from(applied.auth).toString('base64')}`;
    impersonate(user, headers);
    this.#secrets.add(
      token,
      ...(token === null && user?.username !== undefined
        ? [
            user.password,
            `${user.username}:${user.password ?? ''}`,
            Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64'),
          ]
        : []),
      ...(proxy === null ? [] : [passwordOf(proxy.url)]),
    );
    const { redactor } = this.#secrets;

    if (signal.aborted || this.#closed) throw cancelled();
    const same = this.#made;
    // A new token goes over the same connections; only another certificate needs others.
    if (same && same.ca === ca && same.cert === cert && same.key === key) {
      return { generation, headers, dispatcher: same.dispatcher, expires, redactor };
    }
    if (same) this.#old.push(same.dispatcher);
    try {
      // Says at once when certificate and key do not belong together.
      const secureContext = createSecureContext({ ca: applied.ca, cert: applied.cert, key: applied.key });
      const dispatcher = makeDispatcher(
        config.createDispatcherOptions(clientCluster as never, {
          ca: applied.ca,
          cert: applied.cert,
          key: applied.key,
          ...(applied.rejectUnauthorized === undefined
            ? {}
            : { rejectUnauthorized: applied.rejectUnauthorized }),
          ...(applied.servername === undefined ? {} : { servername: applied.servername }),
        }),
        this.#options.connectMs,
        secureContext,
        ca,
      );
      this.#made = { dispatcher, ca, cert, key };
      return { generation, headers, dispatcher, expires, redactor };
    } catch (error) {
      throw new ClusterError('kubeconfig', 'The certificates or the proxy of this context cannot be used', {
        place: this.#context.file,
        cause: error,
      });
    }
  }

  /** Takes out what was sent to any server of this login so far. */
  get redactor(): Redactor {
    return this.#secrets.redactor;
  }

  /** Ends every connection at once. */
  async close(): Promise<void> {
    this.#closed = true;
    const all = [...this.#old, ...(this.#made ? [this.#made.dispatcher] : [])];
    this.#session = null;
    this.#made = null;
    await Promise.all(all.map((dispatcher) => dispatcher.destroy().catch(() => undefined)));
  }
}

// eslint-disable-next-line no-control-regex
const NO_HEADER = /[\u0000-\u001f\u007f]|[^\u0000-\u00ff]/;

/** Whether the context has credentials that are not sent since its server is reached over plain `http`. */
export function withheld(
  { cluster, user }: ResolvedContext,
  { plainCredentials }: Pick<LoginOptions, 'plainCredentials'>,
): boolean {
  return cluster.server.startsWith('http:') && plainCredentials !== true && hasCredentials(user);
}

function hasCredentials(user: UserEntry | null): boolean {
  return (
    user !== null &&
    [user.token, user.tokenFile, user.username, user.exec, user.authProvider].some((one) => one !== undefined)
  );
}

/** A user without all that is secret. */
function impersonation(user: UserEntry | null): UserEntry | null {
  if (user === null) return null;
  const { name, file, as, asUid, asGroups, asUserExtra } = user;
  return {
    name,
    file,
    asGroups,
    asUserExtra,
    ...(as === undefined ? {} : { as }),
    ...(asUid === undefined ? {} : { asUid }),
  };
}

function passwordOf(url: string): string {
  if (!URL.canParse(url)) return '';
  const { password } = new URL(url);
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation */
function impersonate(user: UserEntry | null, headers: Record<string, string | string[]>): void {
  if (!user) return;
  if (user.as !== undefined) headers['impersonate-user'] = user.as;
  if (user.asUid !== undefined) headers['impersonate-uid'] = user.asUid;
  if (user.asGroups.length > 0) headers['impersonate-group'] = user.asGroups;
  for (const [key, values] of Object.entries(user.asUserExtra)) {
    headers[`impersonate-extra-${encodeURIComponent(key.toLowerCase())}`] = values;
  }
}

type Mapped = ReturnType<KubeConfig['createDispatcherOptions']>;

/** `secureContext` is made once: reading the system's list of CAs anew for each connection takes its time. */
function makeDispatcher(
  mapped: Mapped,
  connectMs: number,
  secureContext: SecureContext,
  ca: string | null,
): Dispatcher {
  // HTTP/1.1: one connection a list, so that a slow list does not hold up the others, and a cut one ends alone.
  const pool = { allowH2: false, pipelining: 1, connectTimeout: connectMs } as const;
  switch (mapped.type) {
    case 'none':
      return new Agent({ ...pool, connect: { timeout: connectMs, secureContext } });
    case 'agent':
      return new Agent({
        ...pool,
        connect: { ...mapped.connect, secureContext, timeout: connectMs } as never,
      });
    case 'proxy':
      return new ProxyAgent({
        ...pool,
        uri: mapped.uri,
        // The proxy's own answer to CONNECT is waited for no longer than a connection.
        clientFactory: (origin, options) =>
          namingProxy(
            new Pool(origin, { ...(options as Pool.Options), headersTimeout: connectMs, allowH2: false }),
          ),
        requestTls: { ...mapped.requestTls, secureContext, timeout: connectMs, allowH2: false } as never,
        // An HTTPS proxy may come from the cluster's CA or from anywhere that the system trusts.
        proxyTls: {
          timeout: connectMs,
          allowH2: false,
          ca: [systemCertificates(), ...(ca === null ? [] : [ca])],
        } as never,
      });
    case 'socks':
      return new Agent({
        ...pool,
        connect: socksConnector(mapped.uri, { ...mapped.requestTls, secureContext }, connectMs),
      });
  }
}

/** A pool of connections to an HTTP proxy whose failures are known as the proxy's. */
function namingProxy(pool: Pool): Pool {
  const connect = pool.connect.bind(pool) as (options: unknown) => Promise<unknown>;
  return Object.assign(pool, {
    connect: (options: unknown) =>
      connect(options).catch((error: unknown) => {
        throw new ProxyFailure(error);
      }),
  });
}

/** A TCP connection. Opened apart from what is said over it: then an error of either is known for what it is. */
function openSocket(host: string, port: number, connectMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = tcpConnect({ host, port });
    const late = setTimeout(
      () => socket.destroy(Object.assign(new Error('late'), { code: 'ETIMEDOUT' })),
      connectMs,
    );
    const failed = (error: Error): void => {
      clearTimeout(late);
      reject(error);
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      clearTimeout(late);
      socket.off('error', failed);
      resolve(socket);
    });
  });
}

/** A connector through a SOCKS5 proxy, which resolves the server's name itself. */
function socksConnector(uri: string, tls: object, connectMs: number): never {
  const proxy = new URL(uri);
  const connector = (
    { hostname, port, protocol }: { hostname: string; port: string; protocol: string },
    callback: (error: Error | null, socket: unknown) => void,
  ): void => {
    const host = hostname.replace(/^\[|\]$/g, '');
    const proxyHost = proxy.hostname.replace(/^\[|\]$/g, '');
    const proxyPort = Number(proxy.port) || 1080;
    openSocket(proxyHost, proxyPort, connectMs)
      .then((existing) =>
        SocksClient.createConnection({
          proxy: {
            host: proxyHost,
            port: proxyPort,
            type: 5,
            ...(proxy.username === ''
              ? {}
              : { userId: decodeURIComponent(proxy.username), password: decodeURIComponent(proxy.password) }),
          },
          command: 'connect',
          destination: { host, port: Number(port) || (protocol === 'https:' ? 443 : 80) },
          timeout: connectMs,
          existing_socket: existing,
        }).catch((error: unknown) => {
          existing.destroy();
          throw error;
        }),
      )
      .then(
        ({ socket }) => {
          if (protocol !== 'https:') {
            callback(null, socket);
            return;
          }
          const secure = tlsConnect({ host, ...tls, socket });
          const late = setTimeout(() => secure.destroy(new Error('Connect Timeout Error')), connectMs);
          secure.once('secureConnect', () => {
            clearTimeout(late);
            secure.off('error', onError);
            callback(null, secure);
          });
          const onError = (error: Error): void => {
            clearTimeout(late);
            callback(error, null);
          };
          secure.once('error', onError);
        },
        // It is the proxy's word (RFC 1928, section 6) that the server is not to be had.
        (error: unknown) =>
          callback(new ProxyFailure(error, /rejected connection/.test((error as Error).message)), null),
      );
  };
  return connector as never;
}

let system: string | null = null;

/** The CAs that this machine trusts, beside those that Node brings. */
function systemCertificates(): string {
  if (system === null) {
    const all = new Set(getCACertificates('default'));
    try {
      for (const certificate of getCACertificates('system')) all.add(certificate);
    } catch {
      // A system without a store that can be read still has Node's own list.
    }
    system = [...all].join('\n');
  }
  return system;
}

/** PEM from a data field (base64) or a file; data first, as kubectl has it. */
async function pem(
  what: string,
  data: string | undefined,
  file: string | undefined,
  kubeconfig: string,
): Promise<string | null> {
  if (data !== undefined) {
    const decoded = Buffer.from(data, 'base64').toString('utf8');
    if (!decoded.includes('-----BEGIN')) {
      throw new ClusterError('kubeconfig', `${what}-data is not the base64 of a PEM`, { place: kubeconfig });
    }
    return decoded;
  }
  if (file === undefined) return null;
  const content = await text(file, what, kubeconfig);
  if (!content.includes('-----BEGIN')) {
    throw new ClusterError('kubeconfig', `The ${what} file is no PEM`, { place: file });
  }
  return content;
}

/** A token has kilobytes, a system's whole list of CAs some hundreds. */
const MAX_FILE = 8 * 1024 * 1024;

async function text(file: string, what: string, kubeconfig: string): Promise<string> {
  try {
    return Buffer.from(await readBounded(file, { maxBytes: MAX_FILE })).toString('utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ClusterError(
      'kubeconfig',
      `The ${what} file ${file} cannot be read (${error instanceof ReadRefused ? error.message : (code ?? 'unknown reason')})`,
      {
        place: kubeconfig,
      },
    );
  }
}

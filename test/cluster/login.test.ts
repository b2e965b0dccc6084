import { createHash, createSign, generateKeyPairSync } from 'node:crypto';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { connect, createServer as createTcp } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { redact } from '../../electron/cluster/exec.ts';
import { Kubeconfigs } from '../../electron/cluster/kubeconfig.ts';
import { readCluster } from '../../electron/cluster/reader.ts';
import type { ReadOptions } from '../../electron/cluster/reader.ts';
import { issue, makeAuthority } from '../apiserver/certs.ts';
import { generatedStore } from '../apiserver/generate.ts';
import { TestApiServer } from '../apiserver/server.ts';
import type { ServerOptions, TestUser } from '../apiserver/server.ts';
import { eventually, Folder, MemorySink, QUICK } from './support.ts';

let folder: Folder;
const closing: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  folder = new Folder();
});
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
  folder.clean();
});

const USERS: TestUser[] = [
  { name: 'admin', token: 'admin-token' },
  { name: 'jane', password: 'open sesame:ü' },
  { name: 'auditor', token: 'auditor-token' },
];

async function start(options: ServerOptions = {}): Promise<TestApiServer> {
  const server = await TestApiServer.start({
    store: generatedStore({ pods: 6, namespaces: 2 }),
    users: USERS,
    ...options,
  });
  closing.push(() => server.close());
  return server;
}

/** Reads the server with this user; gives the names that the server saw. */
async function readAs(
  server: TestApiServer,
  user: Record<string, unknown>,
  cluster: Record<string, unknown> = {},
  options: Partial<ReadOptions> = {},
): Promise<{ users: string[]; pods: number; text: string }> {
  const configs = new Kubeconfigs({ files: [folder.write('config', server.kubeconfig(user, cluster))] });
  await configs.load();
  const sink = new MemorySink();
  await readCluster(configs.resolve(null), sink, {
    signal: new AbortController().signal,
    patience: QUICK,
    searchPath: process.env['PATH'] ?? '',
    permit: () => Promise.resolve({ allowed: true }),
    ...options,
  });
  const snapshot = sink.builder.finish();
  const users = [...new Set(server.requests.filter((r) => r.status === 200).map((r) => r.user ?? 'nobody'))];
  return { users, pods: snapshot.pods.length, text: JSON.stringify(snapshot) };
}

async function refused(
  read: Promise<unknown>,
): Promise<{ kind: string; message: string; hint?: string; place?: string }> {
  return read.then(
    () => Promise.reject(new Error('it was let in')),
    (error: unknown) => error as { kind: string; message: string },
  );
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('every way to log in', () => {
  test('a token', async () => {
    expect(await readAs(await start(), { token: 'admin-token' })).toMatchObject({
      users: ['admin'],
      pods: 6,
    });
  });

  test('a token file, with the line end that editors leave, and it wins over a token beside it', async () => {
    const tokenFile = folder.write('token', 'auditor-token\n');
    expect(await readAs(await start(), { token: 'old', tokenFile })).toMatchObject({ users: ['auditor'] });
  });

  test('a token file beside its kubeconfig', async () => {
    folder.write('token', 'auditor-token');
    expect(await readAs(await start(), { tokenFile: 'token' })).toMatchObject({ users: ['auditor'] });
  });

  test('a client certificate in the file', async () => {
    const server = await start();
    const { cert, key } = await server.clientCertificate('system:admin', ['system:masters']);
    server.users.push({ name: 'system:admin' });
    const user = { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) };
    expect(await readAs(server, user)).toMatchObject({ users: ['system:admin'], pods: 6 });
  });

  test('a client certificate and its CA in files of their own', async () => {
    const server = await start();
    const { cert, key } = await server.clientCertificate('admin');
    folder.write('u.crt', cert);
    folder.write('u.key', key);
    folder.write('ca.crt', server.authority.cert);
    const user = { 'client-certificate': 'u.crt', 'client-key': 'u.key' };
    const cluster = { 'certificate-authority-data': undefined, 'certificate-authority': 'ca.crt' };
    expect(await readAs(server, user, cluster)).toMatchObject({ users: ['admin'] });
  });

  test('basic authentication, with a colon and letters beyond ASCII', async () => {
    expect(await readAs(await start(), { username: 'jane', password: 'open sesame:ü' })).toMatchObject({
      users: ['jane'],
    });
  });

  test('no credentials at all, where the server lets anybody in', async () => {
    expect(await readAs(await start({ anonymous: true }), {})).toMatchObject({ users: ['system:anonymous'] });
  });

  test('impersonation: user, groups, uid and extra fields reach the server', async () => {
    const server = await start();
    const user = {
      token: 'admin-token',
      as: 'auditor',
      'as-uid': '42',
      'as-groups': ['team-a', 'team-b'],
      'as-user-extra': { 'example.com/Scope': ['view', 'list'] },
    };
    expect(await readAs(server, user)).toMatchObject({ users: ['auditor'] });
    const { headers } = server.requests[0];
    expect(headers['impersonate-uid']).toBe('42');
    expect(headers['impersonate-group']).toBe('team-a, team-b');
    expect(headers['impersonate-extra-example.com%2fscope']).toBe('view, list');
  });

  test('impersonation that is not allowed is refused, and named in coverage', async () => {
    const server = await start({ users: [{ name: 'jane', token: 'jane-token', grants: [] }] });
    const { text } = await readAs(server, { token: 'jane-token', as: 'admin' });
    expect(text).toContain('cannot impersonate');
  });

  for (const [name, user] of [
    ['a token that is wrong', { token: 'wrong' }],
    ['a password that is wrong', { username: 'jane', password: 'x' }],
    ['no credentials', {}],
  ] as const) {
    test(`${name} is one clear state: log in again, and nothing of it in the message`, async () => {
      const server = await start();
      const error = await refused(readAs(server, user));
      expect(error).toMatchObject({ kind: 'auth' });
      expect(error.message).toContain('401');
      expect(error.hint).toContain('log in again');
      expect(JSON.stringify(error)).not.toContain('wrong');
      expect(server.requests.length).toBeLessThanOrEqual(2);
    });
  }

  test('an expired client certificate is a login that ended', async () => {
    const server = await start();
    const { cert, key } = await server.clientCertificate('admin', [], -1);
    const user = { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) };
    expect(await refused(readAs(server, user))).toMatchObject({ kind: 'auth' });
  });

  for (const [name, user] of [
    [
      'a client certificate that is no PEM',
      { 'client-certificate-data': base64('hello'), 'client-key-data': base64('hello') },
    ],
    ['a token file that is not there', { tokenFile: 'gone' }],
    ['a key that does not fit its certificate', 'mixed'],
  ] as const) {
    test(`${name} is a mistake of the kubeconfig, named with its place`, async () => {
      const server = await start();
      let entry: Record<string, unknown> = user === 'mixed' ? {} : { ...user };
      if (user === 'mixed') {
        const one = await server.clientCertificate('admin');
        const two = await server.clientCertificate('admin');
        entry = { 'client-certificate-data': base64(one.cert), 'client-key-data': base64(two.key) };
      }
      const error = await refused(readAs(server, entry));
      expect(error.kind).toBe('kubeconfig');
      expect(error.place).toContain(folder.path);
      expect(server.requests).toEqual([]);
    });
  }
});

describe('exec plugins', () => {
  const V1 = 'client.authentication.k8s.io/v1';
  /** A plugin in sh: what it prints is made of the shell's words. */
  function plugin(lines: string[], name = 'plugin'): string {
    return folder.write(name, ['#!/bin/sh', ...lines, ''].join('\n'));
  }
  function answer(status: Record<string, unknown>, apiVersion = V1): string {
    return `cat <<'END'\n${JSON.stringify({ kind: 'ExecCredential', apiVersion, status })}\nEND`;
  }
  function exec(command: string, more: Record<string, unknown> = {}): Record<string, unknown> {
    return { exec: { apiVersion: V1, command, interactiveMode: 'Never', ...more } };
  }

  for (const version of ['v1', 'v1beta1']) {
    test(`a token of a plugin that speaks ${version}`, async () => {
      const apiVersion = `client.authentication.k8s.io/${version}`;
      const command = plugin([answer({ token: 'auditor-token' }, apiVersion)]);
      expect(await readAs(await start(), exec(command, { apiVersion }))).toMatchObject({
        users: ['auditor'],
        pods: 6,
      });
    });
  }

  test('it gets its arguments, its environment and the description of the cluster, and no shell in between', async () => {
    const server = await start();
    const command = plugin([
      'printf "%s\\n" "$#" "$1" "$2" "$COLOUR" "$KUBERNETES_EXEC_INFO" > "$(dirname "$0")/seen"',
      answer({ token: 'auditor-token' }),
    ]);
    await readAs(
      server,
      exec(command, {
        args: ['get token', '$(touch /tmp/never); `x`'],
        env: [{ name: 'COLOUR', value: 'blue' }],
        provideClusterInfo: true,
      }),
    );
    const [count, first, second, colour, info] = readFileSync(path.join(folder.path, 'seen'), 'utf8').split(
      '\n',
    );
    expect([count, first, second, colour]).toEqual(['2', 'get token', '$(touch /tmp/never); `x`', 'blue']);
    expect(JSON.parse(info)).toMatchObject({
      kind: 'ExecCredential',
      apiVersion: V1,
      spec: {
        interactive: false,
        cluster: { server: server.url, 'certificate-authority-data': base64(server.authority.cert) },
      },
    });
  });

  test('the cluster is not described to a plugin that does not ask', async () => {
    const command = plugin([
      'printf "%s" "$KUBERNETES_EXEC_INFO" > "$(dirname "$0")/seen"',
      answer({ token: 'auditor-token' }),
    ]);
    await readAs(await start(), exec(command));
    expect(JSON.parse(readFileSync(path.join(folder.path, 'seen'), 'utf8'))).toEqual({
      kind: 'ExecCredential',
      apiVersion: V1,
      spec: { interactive: false },
    });
  });

  test('a client certificate of a plugin', async () => {
    const server = await start();
    const { cert, key } = await server.clientCertificate('admin');
    const command = plugin([answer({ clientCertificateData: cert, clientKeyData: key })]);
    expect(await readAs(server, exec(command))).toMatchObject({ users: ['admin'] });
  });

  test('it runs once for a whole audit, and beside its kubeconfig when its path is relative', async () => {
    plugin(['echo run >> "$(dirname "$0")/runs"', answer({ token: 'auditor-token' })], 'login.sh');
    await readAs(await start(), exec('./login.sh'));
    expect(readFileSync(path.join(folder.path, 'runs'), 'utf8')).toBe('run\n');
  });

  test('a credential that expires is renewed without a restart', async () => {
    const command = plugin([
      'echo run >> "$(dirname "$0")/runs"',
      'printf \'{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"auditor-token","expirationTimestamp":"%s"}}\' "$(date -u -d "+1 second" +%Y-%m-%dT%H:%M:%SZ)"',
    ]);
    const server = await start();
    server.faults.push({ on: '/services?', trouble: { kind: 'delay', ms: 2500 }, times: 1 });
    server.faults.push({
      on: '/api/v1/pods',
      trouble: { kind: 'status', status: 503, headers: { 'retry-after': '2' } },
      times: 1,
    });
    const { pods } = await readAs(
      server,
      exec(command),
      {},
      { patience: { ...QUICK, answerMs: 5000, longestPauseMs: 2500 } },
    );
    expect(pods).toBe(6);
    expect(readFileSync(path.join(folder.path, 'runs'), 'utf8').split('\n').length - 1).toBeGreaterThan(1);
  });

  test('a token that the server refuses makes it run once more, and only once', async () => {
    const command = plugin([
      'echo run >> "$(dirname "$0")/runs"',
      'if [ "$(wc -l < "$(dirname "$0")/runs")" -gt 1 ]; then T=auditor-token; else T=stale; fi',
      'printf \'{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"%s"}}\' "$T"',
    ]);
    expect(await readAs(await start(), exec(command))).toMatchObject({ users: ['auditor'], pods: 6 });
    expect(readFileSync(path.join(folder.path, 'runs'), 'utf8')).toBe('run\nrun\n');

    writeFileSync(path.join(folder.path, 'runs'), '');
    const always = plugin(['echo run >> "$(dirname "$0")/runs"', answer({ token: 'stale' })], 'always');
    const error = await refused(readAs(await start(), exec(always)));
    expect(error).toMatchObject({ kind: 'auth', hint: expect.stringContaining('always') as string });
    expect(readFileSync(path.join(folder.path, 'runs'), 'utf8')).toBe('run\nrun\n');
  });

  test('a program that is missing gives its install hint, and the server is never asked', async () => {
    const server = await start();
    const error = await refused(
      readAs(server, exec('no-such-login-program', { installHint: 'Get it from https://example.com/login' })),
    );
    expect(error).toMatchObject({
      kind: 'auth',
      message: 'The login program "no-such-login-program" of user "test" was not found',
      hint: 'Get it from https://example.com/login',
    });
    expect(server.requests).toEqual([]);
  });

  test('the search path says where it is found', async () => {
    plugin([answer({ token: 'auditor-token' })], 'my-login');
    const searchPath = `${folder.path}${path.delimiter}${process.env['PATH'] ?? ''}`;
    expect(await readAs(await start(), exec('my-login'), {}, { searchPath })).toMatchObject({
      users: ['auditor'],
    });
  });

  for (const [name, lines, word] of [
    [
      'that fails',
      ['echo "session expired, run: aws sso login" >&2', 'exit 3'],
      'failed (exit 3): session expired, run: aws sso login',
    ],
    ['that prints no JSON', ['echo hello'], 'printed no JSON'],
    ['that prints another object', ['echo "{}"'], 'printed no ExecCredential'],
    [
      'that answers in another version',
      [answer({ token: 'x' }, 'client.authentication.k8s.io/v1beta1')],
      'answered in client.authentication.k8s.io/v1beta1',
    ],
    ['that gives nothing to log in with', [answer({})], 'neither a token nor a client certificate'],
    [
      'that gives a certificate without its key',
      [answer({ clientCertificateData: 'x' })],
      'without the other',
    ],
    [
      'whose credential has expired already',
      [answer({ token: 'x', expirationTimestamp: '2001-01-01T00:00:00Z' })],
      'has expired',
    ],
    [
      'that prints without end',
      ['while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done'],
      'more than a credential',
    ],
  ] as const) {
    test(`a program ${name} is named, and nothing is sent`, async () => {
      const server = await start();
      const error = await refused(readAs(server, exec(plugin([...lines]))));
      expect(error.kind).toBe('auth');
      expect(error.message).toContain(word);
      expect(server.requests).toEqual([]);
    });
  }

  test('what it complains of goes without credentials', async () => {
    const command = plugin([
      'echo "token=abcdef123 refused for $SECRET_VALUE eyJhbGciOi.eyJzdWIi.c2ln" >&2',
      'exit 1',
    ]);
    const error = await refused(
      readAs(await start(), exec(command, { env: [{ name: 'SECRET_VALUE', value: 'hunter2-long' }] })),
    );
    expect(error.message).toContain('refused for');
    for (const secret of ['abcdef123', 'hunter2', 'eyJ']) expect(JSON.stringify(error)).not.toContain(secret);
    expect(redact('-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----')).toBe('***');
    expect(redact(`x ${createHash('sha512').update('x').digest('hex')} y`)).toBe('x *** y');
  });

  test('one that hangs is ended after its time, with what it started', async () => {
    const command = plugin(['sleep 60 & echo $! > "$(dirname "$0")/child"', 'wait']);
    const error = await refused(readAs(await start(), exec(command), {}, { execTimeoutMs: 300 }));
    expect(error.message).toContain('gave no answer');
    const child = Number(readFileSync(path.join(folder.path, 'child'), 'utf8'));
    await eventually(
      () => existsSync(`/proc/${child}`) && !readFileSync(`/proc/${child}/stat`, 'utf8').includes(' Z '),
    ).toBe(false);
  });

  test('a cancel ends one that waits for a browser', async () => {
    const abort = new AbortController();
    const command = plugin(['touch "$(dirname "$0")/running"', 'sleep 60']);
    const done = readAs(await start(), exec(command), {}, { signal: abort.signal });
    await eventually(() => existsSync(path.join(folder.path, 'running'))).toBe(true);
    abort.abort();
    expect(await refused(done)).toMatchObject({ kind: 'cancelled' });
  });
});

describe('OpenID Connect', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  function jwt(expires: number, name: string): string {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const body = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iss: 'x', sub: name, aud: 'bulkhead', exp: expires, iat: expires - 60 })}`;
    return `${body}.${createSign('RSA-SHA256').update(body).sign(privateKey).toString('base64url')}`;
  }
  const now = (): number => Math.floor(Date.now() / 1000);

  test('an identity token that is still good is used as it is', async () => {
    const token = jwt(now() + 600, 'jane');
    const server = await start({ users: [{ name: 'jane', token }] });
    const user = {
      'auth-provider': {
        name: 'oidc',
        config: { 'client-id': 'bulkhead', 'id-token': token, 'idp-issuer-url': 'https://127.0.0.1:1' },
      },
    };
    expect(await readAs(server, user)).toMatchObject({ users: ['jane'] });
  });

  test('one that has expired and cannot be renewed is a login that ended, not an anonymous request', async () => {
    const server = await start({ anonymous: true });
    const user = {
      'auth-provider': {
        name: 'oidc',
        config: { 'client-id': 'bulkhead', 'id-token': jwt(now() - 60, 'jane') },
      },
    };
    const error = await refused(readAs(server, user));
    expect(error).toMatchObject({ kind: 'auth', hint: expect.stringContaining('Log in again') as string });
    expect(server.requests).toEqual([]);
  });

  test('one that has expired is renewed with the refresh token, each of which is used once, and the file stays as it was', async () => {
    const authority = await makeAuthority('idp-ca');
    const own = await issue(authority, { name: 'idp', use: 'server', hosts: ['127.0.0.1'] });
    const fresh = jwt(now() + 600, 'jane');
    const used: string[] = [];
    const idp = createHttps({ key: own.key, cert: own.cert }, (request, response) => {
      const issuer = `https://127.0.0.1:${(idp.address() as AddressInfo).port}`;
      response.setHeader('content-type', 'application/json');
      if (request.url?.includes('openid-configuration')) {
        response.end(
          JSON.stringify({
            issuer,
            token_endpoint: `${issuer}/token`,
            jwks_uri: `${issuer}/keys`,
            authorization_endpoint: `${issuer}/a`,
          }),
        );
        return;
      }
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        const refresh = new URLSearchParams(body).get('refresh_token') ?? '';
        if (used.includes(refresh)) {
          response.writeHead(400).end(JSON.stringify({ error: 'invalid_grant' }));
          return;
        }
        used.push(refresh);
        const idToken = jwtFor(issuer);
        response.end(
          JSON.stringify({
            access_token: 'a',
            token_type: 'bearer',
            expires_in: 600,
            id_token: idToken,
            refresh_token: `refresh-${used.length + 1}`,
          }),
        );
      });
    });
    const jwtFor = (issuer: string): string => {
      const [head, ,] = fresh.split('.');
      const claims = {
        ...(JSON.parse(Buffer.from(fresh.split('.')[1], 'base64url').toString()) as object),
        iss: issuer,
      };
      const body = `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
      const token = `${body}.${createSign('RSA-SHA256').update(body).sign(privateKey).toString('base64url')}`;
      if (!server.users.some((u) => u.token === token)) server.users.push({ name: 'jane', token });
      return token;
    };
    const server = await start();
    await listen(idp);
    const user = {
      'auth-provider': {
        name: 'oidc',
        config: {
          'client-id': 'bulkhead',
          'client-secret': 's',
          'id-token': jwt(now() - 60, 'jane'),
          'refresh-token': 'refresh-1',
          'idp-issuer-url': `https://127.0.0.1:${(idp.address() as AddressInfo).port}`,
          'idp-certificate-authority-data': base64(authority.cert),
        },
      },
    };
    expect(await readAs(server, user)).toMatchObject({ users: ['jane'] });
    const before = readFileSync(path.join(folder.path, 'config'), 'utf8');
    // A second audit of the same file, in the same process.
    expect(await readAs(server, user)).toMatchObject({ users: ['jane'] });
    expect(readFileSync(path.join(folder.path, 'config'), 'utf8')).toBe(before);
    expect(used).toEqual(['refresh-1']);
  });
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
  });
  closing.push(
    () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(resolve);
      }),
  );
  return (server.address() as AddressInfo).port;
}

describe('TLS', () => {
  test('a server whose CA is another than the kubeconfig names is not talked to', async () => {
    const server = await start();
    const other = await makeAuthority('test-ca');
    const error = await refused(
      readAs(server, { token: 'admin-token' }, { 'certificate-authority-data': base64(other.cert) }),
    );
    expect(error.kind).toBe('network');
    expect(error.message).toMatch(/CA/);
    expect(server.requests).toEqual([]);
  });

  test("a server with a CA of its own and none in the kubeconfig is not trusted by the system's", async () => {
    const server = await start();
    const error = await refused(
      readAs(server, { token: 'admin-token' }, { 'certificate-authority-data': undefined }),
    );
    expect(error).toMatchObject({
      kind: 'network',
      hint: expect.stringMatching(/certificate-authority/) as string,
    });
    expect(server.requests).toEqual([]);
  });

  test('an expired server certificate is named', async () => {
    const error = await refused(readAs(await start({ days: -1 }), { token: 'admin-token' }));
    expect(error.message).toContain("The server's certificate has expired");
  });

  test('a certificate for another name is named, and tls-server-name mends it', async () => {
    const server = await start({ hosts: ['api.prod.example'] });
    const error = await refused(readAs(server, { token: 'admin-token' }));
    expect(error.message).toContain('for another name');
    expect(error.hint).toContain('tls-server-name');
    expect(
      await readAs(server, { token: 'admin-token' }, { 'tls-server-name': 'api.prod.example' }),
    ).toMatchObject({ pods: 6 });
  });

  test('insecure-skip-tls-verify reads all the same, and only then', async () => {
    const server = await start({ days: -1 });
    const cluster = { 'certificate-authority-data': undefined, 'insecure-skip-tls-verify': true };
    expect(await readAs(server, { token: 'admin-token' }, cluster)).toMatchObject({ pods: 6 });
  });

  test('plain HTTP, as kubectl proxy serves it', async () => {
    expect(await readAs(await start({ plain: true, anonymous: true }), {})).toMatchObject({ pods: 6 });
  });

  test('a server that speaks no TLS is named', async () => {
    const server = await start({ plain: true });
    const error = await refused(readAs(server, {}, { server: server.url.replace('http:', 'https:') }));
    expect(error).toMatchObject({ kind: 'network' });
    expect(error.message).toContain('TLS');
  });
});

describe('proxies', () => {
  interface Proxy {
    port: number;
    tunnels: string[];
    auth: (string | undefined)[];
  }

  /** CONNECT for HTTPS servers. */
  async function httpProxy(secure: { key: string; cert: string } | null, refuse = false): Promise<Proxy> {
    const proxy: Proxy = { port: 0, tunnels: [], auth: [] };
    const server = secure ? createHttps(secure) : createHttp();
    server.on('connect', (request, socket: Socket) => {
      proxy.tunnels.push(request.url ?? '');
      proxy.auth.push(request.headers['proxy-authorization']);
      socket.on('error', () => undefined);
      if (refuse) {
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
        return;
      }
      const [host, port] = (request.url ?? '').split(':');
      const up = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        up.pipe(socket).pipe(up);
      });
      up.on('error', () => socket.destroy());
      socket.on('close', () => up.destroy());
    });
    proxy.port = await listen(server);
    return proxy;
  }

  async function socksProxy(): Promise<Proxy> {
    const proxy: Proxy = { port: 0, tunnels: [], auth: [] };
    const server = createTcp((socket) => {
      let state: 'greet' | 'auth' | 'connect' | 'open' = 'greet';
      socket.on('data', (data: Buffer) => {
        if (state === 'greet') {
          const wants = data.subarray(2, 2 + data[1]).includes(2);
          state = wants ? 'auth' : 'connect';
          socket.write(Buffer.from([5, wants ? 2 : 0]));
        } else if (state === 'auth') {
          const user = data.subarray(2, 2 + data[1]).toString();
          proxy.auth.push(user);
          state = 'connect';
          socket.write(Buffer.from([1, 0]));
        } else if (state === 'connect') {
          state = 'open';
          const named = data[3] === 3;
          const host = named ? data.subarray(5, 5 + data[4]).toString() : [...data.subarray(4, 8)].join('.');
          const port = data.readUInt16BE(named ? 5 + data[4] : 8);
          proxy.tunnels.push(`${host}:${port}`);
          const up = connect(port, host === 'api.prod.example' ? '127.0.0.1' : host, () => {
            socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
            socket.pipe(up).pipe(socket);
          });
          up.on('error', () => socket.destroy());
          socket.on('close', () => up.destroy());
        }
      });
      socket.on('error', () => undefined);
    });
    proxy.port = await listen(server);
    return proxy;
  }

  test('proxy-url over HTTP, with its own name and password', async () => {
    const proxy = await httpProxy(null);
    const server = await start();
    const cluster = { 'proxy-url': `http://me:pass%20word@127.0.0.1:${proxy.port}` };
    expect(await readAs(server, { token: 'admin-token' }, cluster)).toMatchObject({ pods: 6 });
    expect(new Set(proxy.tunnels)).toEqual(new Set([`127.0.0.1:${server.port}`]));
    expect(proxy.auth[0]).toBe(`Basic ${base64('me:pass word')}`);
    expect(server.requests.every((r) => r.headers['proxy-authorization'] === undefined)).toBe(true);
  });

  test('proxy-url over HTTPS, with a certificate of the same CA', async () => {
    const server = await start();
    const proxy = await httpProxy(
      await issue(server.authority, { name: 'proxy', use: 'server', hosts: ['localhost'] }),
    );
    const cluster = { 'proxy-url': `https://localhost:${proxy.port}` };
    expect(await readAs(server, { token: 'admin-token' }, cluster)).toMatchObject({ pods: 6 });
    expect(proxy.tunnels.length).toBeGreaterThan(0);
  });

  test('a proxy that the environment names is taken, and proxy-url goes before it', async () => {
    const named = await httpProxy(null);
    const own = await httpProxy(null);
    const server = await start({ hosts: ['api.prod.example'] });
    const env = { HTTPS_PROXY: `http://127.0.0.1:${named.port}`, PATH: process.env['PATH'] };
    // The name leads nowhere: only a proxy could reach it, and this one refuses names that it cannot resolve.
    const elsewhere = { server: `https://api.invalid:${server.port}` };
    await refused(readAs(server, { token: 'admin-token' }, elsewhere, { env }));
    expect(new Set(named.tunnels)).toEqual(new Set([`api.invalid:${server.port}`]));
    await readAs(
      await start(),
      { token: 'admin-token' },
      { 'proxy-url': `http://127.0.0.1:${own.port}` },
      { env },
    );
    expect(named.tunnels.every((tunnel) => tunnel.startsWith('api.invalid'))).toBe(true);
    expect(own.tunnels.length).toBeGreaterThan(0);
  });

  test('proxy-url over HTTP, with a name in the certificate that only tls-server-name tells', async () => {
    const proxy = await httpProxy(null);
    const server = await start({ hosts: ['api.prod.example'] });
    const cluster = { 'proxy-url': `http://127.0.0.1:${proxy.port}`, 'tls-server-name': 'api.prod.example' };
    expect(await readAs(server, { token: 'admin-token' }, cluster)).toMatchObject({ pods: 6 });
  });

  test('proxy-url over SOCKS5, which resolves the name itself, with a client certificate through it', async () => {
    const proxy = await socksProxy();
    const server = await start({ hosts: ['api.prod.example'] });
    const { cert, key } = await server.clientCertificate('admin');
    const user = { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) };
    const cluster = {
      server: `https://api.prod.example:${server.port}`,
      'proxy-url': `socks5://me:pw@127.0.0.1:${proxy.port}`,
    };
    expect(await readAs(server, user, cluster)).toMatchObject({ users: ['admin'], pods: 6 });
    expect(new Set(proxy.tunnels)).toEqual(new Set([`api.prod.example:${server.port}`]));
    expect(new Set(proxy.auth)).toEqual(new Set(['me']));
  });

  test('a proxy that refuses is named', async () => {
    const proxy = await httpProxy(null, true);
    const error = await refused(
      readAs(await start(), { token: 'admin-token' }, { 'proxy-url': `http://127.0.0.1:${proxy.port}` }),
    );
    expect(error).toMatchObject({
      kind: 'network',
      message: `The proxy http://127.0.0.1:${proxy.port} wants a login that it accepts (407)`,
    });
  });

  test('a proxy that is not there, or whose name leads nowhere, is named at once, without its password', async () => {
    const server = await start();
    const closed = await listen(createTcp(() => undefined));
    await closing.pop()?.();
    for (const scheme of ['http', 'https', 'socks5']) {
      for (const [host, words] of [
        [`127.0.0.1:${closed}`, 'refused the connection (ECONNREFUSED)'],
        ['proxy.invalid:3128', 'has a name that cannot be resolved'],
      ] as const) {
        const begun = Date.now();
        const error = await refused(
          readAs(
            server,
            { token: 'admin-token' },
            { 'proxy-url': `${scheme}://me:hush@${host}` },
            // The usual pauses: one that tried again would show.
            { patience: {} },
          ),
        );
        expect(error).toMatchObject({ kind: 'network', place: path.join(folder.path, 'config') });
        expect(error.message).toContain(`The proxy ${scheme}://${host} ${words}`);
        expect(error.hint).toMatch(/^It is the proxy-url of cluster /);
        expect(JSON.stringify(error)).not.toContain('hush');
        expect(Date.now() - begun).toBeLessThan(5_000);
      }
    }
    expect(server.connections).toBe(0);
  });

  test('a plain HTTP server behind a proxy that is not there: the proxy is named', async () => {
    const error = await refused(
      readAs(await start({ plain: true, anonymous: true }), {}, { 'proxy-url': 'http://127.0.0.1:1' }),
    );
    expect(error.message).toBe('The proxy http://127.0.0.1:1 refused the connection (ECONNREFUSED)');
  });

  test('a SOCKS proxy that answers, and does not get through to the server, says which of the two failed', async () => {
    const port = await listen(
      createTcp((socket) => {
        let greeted = false;
        socket.on('error', () => undefined);
        socket.on('data', () => {
          // RFC 1928: no login wanted; then reply 5, connection refused.
          socket.write(Buffer.from(greeted ? [5, 5, 0, 1, 0, 0, 0, 0, 0, 0] : [5, 0]));
          greeted = true;
        });
      }),
    );
    const error = await refused(
      readAs(await start(), { token: 'admin-token' }, { 'proxy-url': `socks5://127.0.0.1:${port}` }),
    );
    expect(error.message).toBe(
      `The proxy socks5://127.0.0.1:${port} does not get through to the server (ConnectionRefused)`,
    );
  });

  test('a server that refuses behind a proxy that works is not taken for the proxy', async () => {
    const proxy = await httpProxy(null);
    const server = await start();
    const error = await refused(
      readAs(
        server,
        { token: 'admin-token' },
        { 'proxy-url': `http://127.0.0.1:${proxy.port}`, 'certificate-authority-data': undefined },
      ),
    );
    expect(error.message).toMatch(/^The server's certificate/);
  });

  test('a proxy that takes the connection and says nothing is given up', async () => {
    const port = await listen(createTcp(() => undefined));
    for (const scheme of ['http', 'socks5']) {
      const begun = Date.now();
      const error = await refused(
        readAs(
          await start(),
          { token: 'admin-token' },
          { 'proxy-url': `${scheme}://127.0.0.1:${port}` },
          { patience: { ...QUICK, connectMs: 500, answerMs: 1000, attempts: 2 } },
        ),
      );
      expect(error).toMatchObject({
        kind: 'network',
        message: `The proxy ${scheme}://127.0.0.1:${port} took the connection and did not answer in time`,
      });
      // Within the time for a connection, and not again.
      expect(Date.now() - begun).toBeLessThan(2_500);
    }
  });
});

test('nothing is contacted before a context is picked', async () => {
  const server = await start();
  const configs = new Kubeconfigs({
    files: [
      folder.write(
        'config',
        server.kubeconfig({
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1',
            command: folder.write('plugin', '#!/bin/sh\ntouch "$(dirname "$0")/ran"\n'),
          },
        }),
      ),
    ],
  });
  await configs.load();
  configs.list();
  configs.resolve(null);
  expect(server.connections).toBe(0);
  expect(existsSync(path.join(folder.path, 'ran'))).toBe(false);
});

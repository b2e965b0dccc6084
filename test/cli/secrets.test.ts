/** What a server is sent to let us in is found in no output and not in the history, whatever the server does with it. */
import Database from 'better-sqlite3';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { generatedStore } from '../apiserver/generate.ts';
import { TestApiServer } from '../apiserver/server.ts';
import type { Fault, ServerOptions, Trouble } from '../apiserver/server.ts';
import { Store } from '../apiserver/store.ts';
import { pdfText } from '../e2e/pdf.ts';
import { folder, runner } from './run.ts';

const home = folder();
const run = runner(home);
const servers: TestApiServer[] = [];
afterAll(() => Promise.all(servers.map((server) => server.close())));

/** It may also stand in a name or a label. */
const TOKEN = 'planted.token-0123456789abcdef';
const PASSWORD = 'Planted/Pass"w0rd<&>é1';
const USERS = [
  { name: 'admin', token: TOKEN },
  { name: 'jane', password: PASSWORD },
];

/** Whether a text holds a secret, as it is or in a spelling that everybody can read back. */
function leaks(text: string): string[] {
  const found: string[] = [];
  for (const secret of [TOKEN, PASSWORD, `jane:${PASSWORD}`, `Bearer ${TOKEN}`]) {
    // Without what is left to the neighbours at the ends of base64.
    const encoded = [0, 1, 2].map((n) =>
      Buffer.from(' '.repeat(n) + secret)
        .toString('base64')
        .slice(2, -4),
    );
    const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), ...encoded];
    found.push(...forms.filter((form) => text.includes(form)));
  }
  return found;
}

async function serverWith(options: ServerOptions, faults: Fault[] = []): Promise<TestApiServer> {
  const server = await TestApiServer.start({ users: USERS, ...options });
  server.faults.push(...faults);
  servers.push(server);
  return server;
}

function config(server: TestApiServer, user: Record<string, unknown>): string {
  const file = join(home, 'config');
  writeFileSync(file, server.kubeconfig(user));
  return file;
}

describe('A server that repeats the credential', () => {
  for (const [name, user] of [
    ['a token', { token: TOKEN }],
    ['a password', { username: 'jane', password: PASSWORD }],
  ] as const) {
    for (const status of 'token' in user ? [401, 403, 302, 200] : [403]) {
      test(`${name}, in a ${status} for lists`, async () => {
        const server = await serverWith({ store: generatedStore({ pods: 4, namespaces: 1 }) }, [
          { on: '/pods', trouble: { kind: 'echo', status } },
          { on: '/networkpolicies', trouble: { kind: 'echo', status } },
          {
            on: '/nodes',
            trouble: { kind: 'echo', status, type: `text/${'token' in user ? TOKEN : 'plain'}` },
          },
        ]);
        const { out, err } = await run(['audit', '--kubeconfig', config(server, user), '--format', 'json']);
        expect(server.requests.some(({ path }) => path.endsWith('/pods'))).toBe(true);
        expect(leaks(out + err)).toEqual([]);
        // The rest of what it said is still told.
        if (status === 403) expect(out).toContain('you sent');
      });
    }
  }

  test('in the first answer of all', async () => {
    const server = await serverWith({}, [{ on: '/', trouble: { kind: 'echo', status: 403 } }]);
    const { code, out, err } = await run(['audit', '--kubeconfig', config(server, { token: TOKEN })]);
    expect([code === 0, leaks(out + err)]).toEqual([false, []]);
  });

  test('in names, labels, annotations and versions: no output and no file has it', async () => {
    const store = new Store();
    const labels = { app: TOKEN, [`example.com/${TOKEN}`]: 'x' };
    store.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: TOKEN, labels } });
    store.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `web-${TOKEN}`, namespace: TOKEN, labels, annotations: { a: `Bearer ${TOKEN}` } },
      spec: { nodeName: TOKEN, containers: [{ name: TOKEN, image: TOKEN, ports: [{ containerPort: 80 }] }] },
      status: { phase: 'Running', message: TOKEN },
    });
    store.put({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: TOKEN, namespace: TOKEN },
      spec: { podSelector: { matchLabels: { app: TOKEN } }, ingress: [{ ports: [{ port: 80 }] }] },
    });
    const server = await serverWith({ store, version: `v1.30.0-${TOKEN}` });
    const file = config(server, { token: TOKEN });
    const base = ['--kubeconfig', file];
    for (const args of [
      ...['text', 'json', 'csv'].map((format) => ['audit', '--format', format]),
      ['connections', '--format', 'json'],
      ['snapshot', '--out', '-'],
    ]) {
      const { code, out, err } = await run([...args, ...base]);
      expect([args, code]).toEqual([args, 0]);
      expect(leaks(out + err)).toEqual([]);
      // It is the token that is missing, not what had it.
      expect(out).toContain('redacted');
    }
    const pdf = join(home, 'report.pdf');
    await run(['audit', '--format', 'pdf', '--out', pdf, ...base]);
    expect(leaks(await pdfText(readFileSync(pdf)))).toEqual([]);
    // The selector and the label have lost the same.
    const { out } = await run(['audit', '--format', 'json', ...base]);
    const audit = JSON.parse(out) as { pods: { namespace: string; ingress: string }[] };
    const pod = audit.pods.find(({ namespace }) => /^(redacted)+/.test(namespace));
    expect(JSON.stringify(pod)).toContain('isolated');
  }, 120_000);
});

for (const trouble of [
  { kind: 'garbage' },
  { kind: 'html' },
  { kind: 'truncated-json' },
  { kind: 'damaged-gzip' },
  { kind: 'status', status: 501 },
  { kind: 'redirect', to: `https://elsewhere.example/${TOKEN}` },
] satisfies Trouble[]) {
  test(`with a server that answers with ${trouble.kind} nothing of a token is told`, async () => {
    const server = await serverWith({ store: generatedStore({ pods: 4, namespaces: 1 }) }, [
      { on: '/services', trouble, times: 2 },
    ]);
    const { out, err } = await run([
      'audit',
      '--kubeconfig',
      config(server, { token: TOKEN }),
      '--format',
      'json',
    ]);
    expect(leaks(out + err)).toEqual([]);
  });
}

test('the history of all of them has no secret in any audit or snapshot', () => {
  const file = join(home, 'history.sqlite');
  const database = new Database(file, { readonly: true });
  const rows = database.prepare('SELECT * FROM snapshots').all() as Record<string, unknown>[];
  const audits = database.prepare('SELECT * FROM audits').all() as Record<string, unknown>[];
  database.close();
  expect(audits.length).toBeGreaterThan(5);
  const texts = [...rows, ...audits]
    .flatMap((row) => Object.values(row))
    .map((value) => {
      if (!Buffer.isBuffer(value)) return String(value);
      return value[0] === 0x1f && value[1] === 0x8b
        ? gunzipSync(value).toString('utf8')
        : value.toString('latin1');
    });
  expect(leaks(texts.join('\n'))).toEqual([]);
  expect(texts.join('\n')).toContain('redacted');
  for (const one of [file, `${file}-wal`]) {
    if (existsSync(one)) expect(leaks(readFileSync(one, 'latin1'))).toEqual([]);
  }
});

describe('Kubeconfigs that attack', () => {
  const kubeconfig = (user: string): string =>
    `{apiVersion: v1, kind: Config, current-context: x, clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}],
      users: [{name: u, user: ${user}}], contexts: [{name: x, context: {cluster: c, user: u}}]}`;
  async function audit(user: string, ...more: string[]): Promise<{ code: number | null; text: string }> {
    const file = join(home, 'attack');
    writeFileSync(file, kubeconfig(user));
    const { code, out, err } = await run(['audit', '--no-history', '--kubeconfig', file, ...more]);
    return { code, text: out + err };
  }
  const program = (script: string): string =>
    `{exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: ["-c", ${JSON.stringify(script)}], interactiveMode: Never}}`;

  test('a program of a file that was named is not run without a terminal; --allow-exec runs it', async () => {
    const ran = join(home, 'ran');
    const script = `touch ${ran}; exit 1`;
    const refused = await audit(program(script));
    expect(refused.code).toBe(2);
    expect(refused.text).toContain('--allow-exec');
    expect(existsSync(ran)).toBe(false);
    expect((await audit(program(script), '--allow-exec')).text).toContain('failed (exit 1)');
    expect(existsSync(ran)).toBe(true);
  });

  test('a token with a line break sends no second header, and is not quoted', async () => {
    const script = `printf %s '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"${TOKEN}\\r\\nX-Evil: 1"}}'`;
    const { code, text } = await audit(program(script), '--allow-exec');
    expect([code, leaks(text)]).toEqual([2, []]);
    expect(text).toContain('no token has');
  });

  test('what a program complains of steers no terminal and names no password', async () => {
    const script = `printf 'bad \\033]0;PWN\\007 \\033[2J\\233 \\033P+q\\033\\\\ pw=Passw0rd! Authorization: Bearer abc.def' >&2; exit 1`;
    const { text } = await audit(program(script), '--allow-exec');
    // eslint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    for (const secret of ['Passw0rd!', 'abc.def']) expect(text).not.toContain(secret);
  });

  test('a file that is no token is not told to the server or the user', async () => {
    writeFileSync(
      join(home, 'shadow'),
      'root:$6$SALT$HASHHASHHASH:1:0:99999:7:::\ndaemon:*:1:0:99999:7:::\n',
    );
    const { code, text } = await audit(`{tokenFile: ${join(home, 'shadow')}}`);
    expect(code).toBe(2);
    expect(text).toContain('tokenFile');
    expect(text).not.toContain('HASH');
  });
});

describe('Over plain http', () => {
  async function sent(user: Record<string, unknown>, ...more: string[]): Promise<Record<string, unknown>[]> {
    const seen: Record<string, unknown>[] = [];
    const server = createServer(({ headers }, response) => {
      seen.push({ auth: headers.authorization, as: headers['impersonate-user'] });
      response.writeHead(401).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const file = join(home, 'plain');
    writeFileSync(
      file,
      servers[0]!.kubeconfig(user, { server: `http://127.0.0.1:${port}` }, { context: 'dev' }),
    );
    const { err } = await run(['audit', '--no-history', '--kubeconfig', file, ...more]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    if (more.length === 0) expect(err).toContain('--insecure-token dev');
    return seen;
  }

  test('no token, no password and nothing of a program is sent, as kubectl has it; whom to impersonate is', async () => {
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'touch',
      args: [join(home, 'http-ran')],
    };
    for (const user of [{ token: TOKEN, as: 'jane' }, { username: 'jane', password: PASSWORD }, { exec }]) {
      const seen = await sent(user);
      expect(seen.length).toBeGreaterThan(0);
      for (const { auth, as } of seen)
        expect([auth, as]).toEqual([undefined, 'as' in user ? 'jane' : undefined]);
    }
    expect(existsSync(join(home, 'http-ran'))).toBe(false);
  });

  test('they are for the context that --insecure-token names, and for no other', async () => {
    const auths = async (context: string): Promise<unknown[]> =>
      (await sent({ token: TOKEN }, '--insecure-token', context)).map(({ auth }) => auth);
    expect(new Set(await auths('dev'))).toEqual(new Set([`Bearer ${TOKEN}`]));
    expect(new Set(await auths('prod'))).toEqual(new Set([undefined]));
  });
});

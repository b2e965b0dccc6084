import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import {
  commandLine,
  Kubeconfigs,
  WARNING_INSECURE,
  WARNING_PLAIN_HTTP,
} from '../../electron/cluster/kubeconfig.ts';
import { parseKubeconfig } from '../../electron/cluster/kubeconfigFile.ts';
import type { KubeconfigOptions } from '../../electron/cluster/kubeconfig.ts';
import { proxyFromEnvironment } from '../../electron/cluster/proxyEnv.ts';
import type { SourcesInfo } from '../../shared/ipc.ts';
import { eventually, Folder } from './support.ts';

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.clean());

/** Base64 of what begins as a PEM does. */
const PEM = Buffer.from('-----BEGIN X-----\n').toString('base64');

interface Parts {
  clusters?: Record<string, Record<string, unknown>>;
  users?: Record<string, Record<string, unknown>>;
  contexts?: Record<string, Record<string, unknown>>;
  current?: string;
}

function config(parts: Parts): string {
  const list = (key: string, entries: Record<string, Record<string, unknown>> = {}): unknown =>
    Object.entries(entries).map(([name, body]) => ({ name, [key]: body }));
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: list('cluster', parts.clusters),
    users: list('user', parts.users),
    contexts: list('context', parts.contexts),
    ...(parts.current === undefined ? {} : { 'current-context': parts.current }),
  });
}

/** One context `name` that logs in with this user entry. */
function simple(name: string, user: Record<string, unknown>, cluster: Record<string, unknown> = {}): string {
  return config({
    clusters: { c: { server: 'https://one.example:6443', ...cluster } },
    users: { u: user },
    contexts: { [name]: { cluster: 'c', user: 'u' } },
    current: name,
  });
}

async function load(options: KubeconfigOptions): Promise<{ configs: Kubeconfigs; info: SourcesInfo }> {
  const configs = new Kubeconfigs({ env: {}, home: path.join(folder.path, 'no-home'), ...options });
  return { configs, info: await configs.load() };
}

describe('which files are read', () => {
  test('all files of KUBECONFIG, in order, with the separator of the system', async () => {
    const one = folder.write('one', simple('a', {}));
    const two = folder.write('two', simple('b', {}));
    const { info } = await load({ env: { KUBECONFIG: [one, two, one].join(path.delimiter) } });
    expect(info.contexts.map((c) => [c.file, c.name])).toEqual([
      [one, 'a'],
      [two, 'b'],
    ]);
  });

  test('without it the file in the home folder, and nothing at all is no error', async () => {
    const home = path.join(folder.path, 'home');
    expect((await load({ home })).info).toEqual({ contexts: [], files: [] });
    mkdirSync(path.join(home, '.kube'), { recursive: true });
    writeFileSync(path.join(home, '.kube', 'config'), simple('a', {}));
    expect((await load({ home })).info.contexts.map((c) => c.name)).toEqual(['a']);
  });

  test('inside a cluster the service account, when there is no file', async () => {
    const root = path.join(folder.path, 'serviceaccount');
    mkdirSync(root);
    writeFileSync(path.join(root, 'token'), 'pod-token\n');
    writeFileSync(path.join(root, 'namespace'), 'team-a');
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
    const { configs, info } = await load({ env, serviceAccountRoot: root });
    expect(info.contexts).toHaveLength(1);
    expect(info.contexts[0]).toMatchObject({
      name: 'in-cluster',
      server: 'https://[fd00::1]:443',
      auth: 'token-file',
      namespace: 'team-a',
    });
    expect(configs.resolve(null).user?.tokenFile).toBe(path.join(root, 'token'));
  });

  test('added files, folders and pasted text join, and other files of a folder are no error', async () => {
    const extra = path.join(folder.path, 'extra');
    mkdirSync(extra);
    writeFileSync(path.join(extra, 'b.yaml'), simple('b', {}));
    writeFileSync(path.join(extra, 'c.yaml'), simple('c', {}));
    const { configs } = await load({ files: [folder.write('a', simple('a', {}))] });
    configs.add(extra);
    configs.addText('pasted', simple('p', { token: 't' }));
    const info = await configs.load();
    expect(info.contexts.map((c) => c.name)).toEqual(['a', 'b', 'c', 'p']);
    expect(info.contexts[3]).toMatchObject({ file: 'pasted', auth: 'token' });
  });

  test('of an added folder a broken kubeconfig is named, and what is none is passed over', async () => {
    const extra = path.join(folder.path, 'extra');
    mkdirSync(path.join(extra, 'cache'), { recursive: true });
    writeFileSync(path.join(extra, 'a'), simple('a', {}));
    writeFileSync(path.join(extra, 'broken.yaml'), 'apiVersion: v1\nclusters: [\n');
    writeFileSync(path.join(extra, 'kubectx'), 'a\n');
    writeFileSync(path.join(extra, 'notes.md'), '# Which one?\n- [a: b\n');
    writeFileSync(path.join(extra, 'pod.yaml'), 'kind: Pod\nmetadata: { name: config }\n');
    const { configs } = await load({ files: [folder.write('b', simple('b', {}))] });
    configs.add(extra);
    const info = await configs.load();
    expect(info.contexts.map((c) => c.name)).toEqual(['b', 'a']);
    expect(info.files.slice(1).map((f) => [path.basename(f.path), f.problem?.slice(0, 6)])).toEqual([
      ['a', undefined],
      ['broken.yaml', 'line 3'],
    ]);
  });

  test('pasted text that is no kubeconfig, or of no context, is refused with its line and adds nothing', async () => {
    const { configs } = await load({ files: [] });
    expect(() => configs.addText('pasted', 'clusters:\n  - name: a\n   cluster: {}\n')).toThrow(
      /^line [23]: /,
    );
    expect(() => configs.addText('pasted', 'kind: Pod\n')).toThrow('no kubeconfig (kind Pod)');
    expect(() => configs.addText('pasted', 'kind: Config\n')).toThrow('names no context');
    expect(() => configs.addText('pasted', '')).toThrow('names no context');
    expect(await configs.load()).toEqual({ contexts: [], files: [] });
  });

  test('a relative path in pasted text has nothing to be relative to: its context says so', async () => {
    const { configs } = await load({ files: [] });
    configs.addText('one', simple('ca', {}, { 'certificate-authority': 'ca.crt' }));
    configs.addText('two', simple('key', { 'client-key': '../key.pem' }));
    configs.addText('three', simple('token', { tokenFile: '/run/token' }));
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './login' };
    configs.addText('four', simple('exec', { exec }));
    const { contexts } = await configs.load();
    expect(contexts.map((c) => c.problem?.replace(/^line \d+: /, '') ?? null)).toEqual([
      'cluster "c": certificate-authority is a relative path, and pasted text has no folder that it starts from',
      'user "u": client-key is a relative path, and pasted text has no folder that it starts from',
      null,
      'user "u": command is a relative path, and pasted text has no folder that it starts from',
    ]);
  });

  test('the files are only read: not a byte and not a time of change differs afterwards', async () => {
    const file = folder.write('one', simple('a', { token: 't' }));
    const before = statSync(file);
    const { configs } = await load({ files: [file] });
    configs.resolve('a');
    expect(statSync(file).mtimeMs).toBe(before.mtimeMs);
    expect(statSync(file).size).toBe(before.size);
  });
});

describe('anchors, aliases and merge keys', () => {
  test('stand for what they name, own keys before merged ones', async () => {
    const file = folder.write(
      'f',
      `apiVersion: v1
kind: Config
x-common: &common {server: "https://common.example", tls-server-name: common}
x-second: &second {server: "https://second.example", proxy-url: "http://proxy.example:3128"}
clusters:
  - name: a
    cluster: *common
  - name: b
    cluster: {<<: [*common, *second], server: "https://own.example"}
users:
  - name: u
    user: {token: &token 0123}
  - name: v
    user: {token: *token}
contexts:
  - {name: a, context: {cluster: a, user: u}}
  - {name: b, context: {cluster: b, user: v}}
`,
    );
    const { configs } = await load({ files: [file] });
    expect(configs.resolve('a')).toMatchObject({
      cluster: { server: 'https://common.example', tlsServerName: 'common' },
      user: { token: '0123' },
    });
    expect(configs.resolve('b')).toMatchObject({
      cluster: {
        server: 'https://own.example',
        tlsServerName: 'common',
        proxyUrl: 'http://proxy.example:3128',
      },
      user: { token: '0123' },
    });
  });

  test('a bomb of aliases and a circle are refused at once, and the next file is read', async () => {
    const level = (n: number): string => `l${n}: &l${n} [${`*l${n - 1},`.repeat(9)}]\n`;
    const bomb = `kind: Config\nl0: &l0 [x]\n${[1, 2, 3, 4, 5, 6, 7, 8, 9].map(level).join('')}clusters: *l9\n`;
    const circle = 'kind: Config\nclusters:\n  - &c\n    name: a\n    cluster: {<<: *c}\n';
    const { info } = await load({
      files: [
        folder.write('bomb', bomb),
        folder.write('circle', circle),
        folder.write('good', simple('a', {})),
      ],
    });
    expect(info.contexts.map((c) => c.name)).toEqual(['a']);
    expect(info.files.map((f) => f.problem)).toEqual([
      'its aliases bring more than a kubeconfig can hold',
      'nested too deep for a kubeconfig',
      null,
    ]);
  });
});

describe('equal names', () => {
  test('a context of the same name in two files stays twice, and each uses its own credentials', async () => {
    const one = folder.write('one', simple('prod', { token: 'first' }));
    const two = folder.write('two', simple('prod', { token: 'second' }, { server: 'https://two.example' }));
    const { configs, info } = await load({ env: { KUBECONFIG: [one, two].join(path.delimiter) } });
    expect(info.contexts.map((c) => [c.file, c.server])).toEqual([
      [one, 'https://one.example:6443'],
      [two, 'https://two.example'],
    ]);
    expect(configs.resolve('prod', two).user?.token).toBe('second');
    expect(configs.resolve('prod', one).user?.token).toBe('first');
    // Without a file it is the first, as kubectl has it.
    expect(configs.resolve('prod').user?.token).toBe('first');
    expect(info.contexts.map((c) => c.current)).toEqual([true, false]);
  });

  test('a context may use a cluster and a user of another file of KUBECONFIG, as kubectl merges them', async () => {
    const clusters = folder.write(
      'clusters',
      config({ clusters: { c: { server: 'https://merged.example' } } }),
    );
    const users = folder.write('users', config({ users: { u: { token: 'merged' } } }));
    const contexts = folder.write(
      'contexts',
      config({ contexts: { x: { cluster: 'c', user: 'u' } }, current: 'x' }),
    );
    const { configs, info } = await load({ files: [contexts, clusters, users] });
    expect(info.contexts[0].problem).toBeNull();
    expect(configs.resolve(null).cluster.server).toBe('https://merged.example');
    expect(configs.resolve(null).user?.token).toBe('merged');
  });

  test('a file that was added borrows no credentials from another: a missing user is a problem there', async () => {
    const main = folder.write('main', simple('a', { token: 'precious' }));
    const { configs } = await load({ files: [main] });
    configs.add(
      folder.write(
        'strange',
        config({
          clusters: { c: { server: 'https://strange.example' } },
          contexts: { s: { cluster: 'c', user: 'u' } },
        }),
      ),
    );
    const info = await configs.load();
    const strange = info.contexts.find((c) => c.name === 's');
    expect(strange?.problem).toContain('no user "u"');
    expect(() => configs.resolve('s')).toThrow(/no user "u"/);
  });
});

describe('paths', () => {
  test('relative paths stand against their own file, also where the context stands in another', async () => {
    mkdirSync(path.join(folder.path, 'certs'));
    const sub = path.join(folder.path, 'certs', 'users');
    writeFileSync(
      sub,
      config({
        users: {
          u: { 'client-certificate': 'pki/u.crt', 'client-key': './pki/u.key', tokenFile: '../token' },
        },
      }),
    );
    const main = folder.write(
      'main',
      config({
        clusters: { c: { server: 'https://x', 'certificate-authority': 'ca.crt' } },
        contexts: { x: { cluster: 'c', user: 'u' } },
      }),
    );
    const { configs } = await load({ files: [main, sub] });
    const { cluster, user } = configs.resolve('x');
    expect(cluster.caFile).toBe(path.join(folder.path, 'ca.crt'));
    expect(user?.certFile).toBe(path.join(folder.path, 'certs', 'pki', 'u.crt'));
    expect(user?.keyFile).toBe(path.join(folder.path, 'certs', 'pki', 'u.key'));
    expect(user?.tokenFile).toBe(path.join(folder.path, 'token'));
  });
});

describe('what is wrong with a file', () => {
  test('a broken file names its line and reason, does not take others down, and quotes none of its content', async () => {
    const good = folder.write('good', simple('a', {}));
    const broken = folder.write(
      'broken',
      'apiVersion: v1\nkind: Config\nusers:\n- name: u\n  user:\n   token: SECRET-abc\n  bad: [\n',
    );
    const { configs, info } = await load({ files: [good, broken, path.join(folder.path, 'missing')] });
    expect(info.contexts.map((c) => c.name)).toEqual(['a']);
    const [, second, third] = info.files;
    expect(second.problem).toMatch(/^line \d+: /);
    expect(second.problem).not.toContain('SECRET');
    expect(third.problem).toBe('there is no such file');
    expect(() => configs.resolve('nope')).toThrowError(/There is no context "nope"/);
  });

  for (const [name, text, word] of [
    ['a tab used to indent', 'clusters:\n\t- name: x\n', /^line 2: a tab is used to indent$/],
    ['a quote that is not closed', 'users:\n- name: "u\n', /^line \d+: a character is missing/],
    [
      'a key that stands twice',
      'kind: Config\nclusters: []\nclusters: []\n',
      /^line 3: a key stands there twice$/,
    ],
    [
      'another kind of object',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n',
      /^no kubeconfig \(kind Pod\)$/,
    ],
    [
      'another version',
      'apiVersion: v2\nkind: Config\n',
      /^no kubeconfig that is known \(apiVersion v2; v1 is\)$/,
    ],
    ['a list that is none', 'kind: Config\nclusters: {c: {server: x}}\n', /^line 2: clusters is no list$/],
    ['a list', '- a\n- b\n', /no kubeconfig/],
    ['text of no structure', 'hello\n', /no kubeconfig/],
  ] as const) {
    test(`${name} is named`, () => {
      let message = '';
      try {
        parseKubeconfig('f', text);
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).toMatch(word);
    });
  }

  test('UTF-16 of either order with a mark and without, a mark of UTF-8 and the line ends of Windows are read', async () => {
    const text = simple('a', { token: 't' }).replaceAll('\n', '\r\n');
    const little = Buffer.from(`\uFEFF${text}`, 'utf16le');
    const files = [
      folder.write('little', little),
      folder.write('big', Buffer.from(little).swap16()),
      folder.write('little-unmarked', little.subarray(2)),
      folder.write('big-unmarked', Buffer.from(little.subarray(2)).swap16()),
      folder.write('marked', `\uFEFF${text}`),
      folder.write('mac', text.replaceAll('\r\n', '\r')),
    ];
    for (const file of files) {
      const { info } = await load({ files: [file] });
      expect(info.files, file).toEqual([{ path: file, problem: null }]);
      expect(info.contexts, file).toMatchObject([{ name: 'a', current: true, auth: 'token', problem: null }]);
    }
  });

  for (const [list, key, body] of [
    ['clusters', 'cluster', 'server: "https://two.example"'],
    ['users', 'user', 'token: other'],
    ['contexts', 'context', 'cluster: c, user: u'],
  ] as const) {
    test(`two ${list} of one name: the file is refused as kubectl refuses it, and others are read`, async () => {
      const twice = ['c', 'u', 'x'].map((name) => `- {name: ${name}, ${key}: {${body}}}`);
      const text = `${list}:\n${twice.join('\n')}\n- {name: u, ${key}: {}}\n`;
      const bad = folder.write('bad', text);
      const good = folder.write('good', simple('a', {}));
      const { info } = await load({ files: [bad, good] });
      expect(info.files).toEqual([
        {
          path: bad,
          problem: `line 5: ${key} "u" stands there twice, first in line 3; kubectl refuses such a file, too`,
        },
        { path: good, problem: null },
      ]);
      expect(info.contexts.map((c) => c.name)).toEqual(['a']);
    });
  }

  test('a pipe is read once and known afterwards; a device without an end is refused', async () => {
    const pipe = path.join(folder.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const writing = writeFile(pipe, simple('a', {}));
    const { configs, info } = await load({ files: [pipe] });
    await writing;
    expect(info.contexts.map((c) => c.name)).toEqual(['a']);
    expect((await configs.load()).contexts.map((c) => c.name)).toEqual(['a']);
    expect((await load({ files: ['/dev/zero'] })).info.files[0].problem).toContain('a device');
  });

  test('a context that is not there: those that are there are named', async () => {
    const { configs } = await load({ files: [folder.write('f', simple('a', {}))] });
    expect(() => configs.resolve('nope')).toThrowError(
      expect.objectContaining({ kind: 'not-found', hint: 'There are: a' }),
    );
  });

  test('an empty file is an empty kubeconfig', () => {
    for (const text of ['', '\n', '# only a comment\n', 'null\n', '\uFEFF']) {
      expect(parseKubeconfig('f', text).contexts).toEqual([]);
    }
  });

  test('JSON, a byte order mark and Windows line ends are read', () => {
    const yaml = simple('a', { token: 't' });
    for (const text of [
      JSON.stringify({ clusters: [], contexts: [{ name: 'a', context: { cluster: 'c' } }] }),
      `\uFEFF${yaml}`,
      yaml.replaceAll('\n', '\r\n'),
    ]) {
      expect(parseKubeconfig('f', text).contexts.map((c) => c.name)).toEqual(['a']);
    }
  });

  test('a token of digits stays the text that stands in the file', () => {
    const found = parseKubeconfig('f', 'users:\n- name: u\n  user:\n    token: 0123\n    password: 1e3\n');
    expect(found.users.get('u')).toMatchObject({ token: '0123', password: '1e3' });
  });

  test('a bad context is a problem of its own, with its line, and the others of the file stay', async () => {
    const file = folder.write(
      'f',
      'kind: Config\nclusters:\n- name: c\n  cluster: {server: "https://x"}\n- name: d\n  cluster: {}\n- name: e\n  cluster: {server: "ftp://x"}\ncontexts:\n- name: good\n  context: {cluster: c}\n- name: empty\n- name: no-server\n  context: {cluster: d}\n- name: no-http\n  context: {cluster: e}\n- name: dangling\n  context: {cluster: nope}\n',
    );
    const { info } = await load({ files: [file] });
    expect(Object.fromEntries(info.contexts.map((c) => [c.name, c.problem]))).toEqual({
      good: null,
      empty: 'line 12: context "empty" names no cluster',
      'no-server': 'line 5: cluster "d" has no server',
      'no-http': 'line 7: the server of cluster "e" is no http or https URL',
      dangling: 'There is no cluster "nope" for context "dangling"',
    });
  });

  test('an enormous file is refused', async () => {
    const file = folder.write('big', `# ${'x'.repeat(9 * 1024 * 1024)}\n`);
    expect((await load({ files: [file] })).info.files[0].problem).toContain('larger than 8 MB');
  });
});

describe('how a context logs in', () => {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'aws',
    args: ['eks', 'get-token'],
    interactiveMode: 'Never',
  };
  for (const [auth, user] of [
    ['none', {}],
    ['client-certificate', { 'client-certificate-data': PEM, 'client-key-data': PEM }],
    ['token', { token: 't' }],
    ['token-file', { token: 't', tokenFile: '/t' }],
    ['basic', { username: 'u', password: 'p' }],
    ['exec', { exec }],
    ['oidc', { 'auth-provider': { name: 'oidc', config: { 'client-id': 'x' } } }],
    ['token as jane', { token: 't', as: 'jane' }],
  ] as const) {
    test(`${auth} is told from the file alone`, async () => {
      const { info } = await load({ files: [folder.write('f', simple('a', user))] });
      expect(info.contexts[0]).toMatchObject({ auth, problem: null });
    });
  }

  test('the command of an exec plugin is shown before it runs, without what looks like a secret', async () => {
    const { info } = await load({ files: [folder.write('f', simple('a', { exec }))] });
    expect(info.contexts[0].execCommand).toBe('aws eks get-token');
    const shown = commandLine({
      command: 'oidc-login',
      args: ['get-token', '--oidc-client-secret=abc', '--token', 'def', '--issuer=https://x'],
    });
    expect(shown).toBe('oidc-login get-token --oidc-client-secret=*** --token *** --issuer=https://x');
  });

  for (const [name, user, word] of [
    ['interactiveMode Always', { exec: { ...exec, interactiveMode: 'Always' } }, 'only runs in a terminal'],
    [
      'a version that clients no longer speak',
      { exec: { ...exec, apiVersion: 'client.authentication.k8s.io/v1alpha1' } },
      'v1 and v1beta1 are supported',
    ],
    ['an exec plugin without a command', { exec: { ...exec, command: '' } }, 'names no command'],
    [
      'an auth-provider that clients no longer have',
      { 'auth-provider': { name: 'gcp' } },
      'was removed from Kubernetes clients',
    ],
  ] as const) {
    test(`${name} is refused with a clear word, before anything runs`, async () => {
      const { configs, info } = await load({ files: [folder.write('f', simple('a', user))] });
      expect(info.contexts[0].problem).toContain(word);
      expect(() => configs.resolve('a')).toThrowError(word);
    });
  }

  test('TLS that is switched off and plain HTTP carry a warning', async () => {
    const files = [
      folder.write('f', simple('insecure', {}, { 'insecure-skip-tls-verify': true })),
      folder.write('g', simple('plain', {}, { server: 'http://localhost:8080' })),
    ];
    const { configs, info } = await load({ files });
    expect(info.contexts.map((c) => c.warnings)).toEqual([[WARNING_INSECURE], [WARNING_PLAIN_HTTP]]);
    expect(configs.resolve('insecure').warnings).toEqual([WARNING_INSECURE]);
  });

  test('a name and password in the server are not shown', async () => {
    const file = folder.write('f', simple('a', {}, { server: 'https://me:hunter2@one.example:6443/x' }));
    const { info } = await load({ files: [file] });
    expect(info.contexts[0].server).toBe('https://one.example:6443/x');
  });

  for (const [what, user, cluster, problem] of [
    [
      'a CA beside insecure-skip-tls-verify',
      {},
      { 'insecure-skip-tls-verify': true, 'certificate-authority-data': PEM },
      /^Cluster "c" has both a certificate-authority and insecure-skip-tls-verify/,
    ],
    ['a quoted true', {}, { 'insecure-skip-tls-verify': 'true' }, /neither true nor false$/],
    [
      'a CA that is no base64 of a PEM',
      {},
      { 'certificate-authority-data': '%%%' },
      /not the base64 of a PEM$/,
    ],
    ['a certificate without key', { 'client-certificate-data': PEM }, {}, /certificate without its key$/],
    ['a key without certificate', { 'client-key-data': PEM }, {}, /key without its certificate$/],
    ['groups to impersonate without a user', { token: 't', 'as-groups': ['g'] }, {}, /without "as"/],
    [
      'a token that a shell should have filled in',
      { token: '${TOKEN}' },
      {},
      /is \$\{TOKEN\}: nothing fills in/,
    ],
    ['a token of two lines', { token: 'one\ntwo' }, {}, /no token has/],
    ['a server with a variable', {}, { server: 'https://$HOST:6443' }, /holds \$HOST: nothing fills in/],
  ] as const) {
    test(`${what} is a problem before anything is contacted`, async () => {
      const { info, configs } = await load({ files: [folder.write('f', simple('a', user, cluster))] });
      expect(info.contexts[0].problem).toMatch(problem);
      expect(() => configs.resolve('a')).toThrowError(problem);
    });
  }

  test('a proxy of a kind that nobody speaks is a problem', async () => {
    const { info } = await load({
      files: [folder.write('f', simple('a', {}, { 'proxy-url': 'socks4://x:1' }))],
    });
    expect(info.contexts[0].problem).toContain('proxy-url');
  });
});

describe('following the files', () => {
  async function follow(options: {
    pollMs: number;
    files: string[];
  }): Promise<{ seen: SourcesInfo[]; stop: () => void }> {
    const { configs } = await load({ files: options.files });
    const seen: SourcesInfo[] = [];
    const stop = configs.watch((info) => seen.push(info), { settleMs: 20, pollMs: options.pollMs });
    return { seen, stop };
  }

  test('a changed, a replaced and a deleted file are noticed', async () => {
    const file = folder.write('f', simple('a', {}));
    const { seen, stop } = await follow({ files: [file], pollMs: 100 });
    try {
      writeFileSync(file, simple('b', {}));
      await eventually(() => seen.at(-1)?.contexts.map((c) => c.name)).toEqual(['b']);
      renameSync(folder.write('g', simple('c', {})), file);
      await eventually(() => seen.at(-1)?.contexts.map((c) => c.name)).toEqual(['c']);
      rmSync(file);
      await eventually(() => seen.at(-1)?.files[0].problem).toBe('there is no such file');
    } finally {
      stop();
    }
  });

  test('a file that breaks keeps the others, and comes back when it is mended', async () => {
    const one = folder.write('one', simple('a', {}));
    const two = folder.write('two', simple('b', {}));
    const { seen, stop } = await follow({ files: [one, two], pollMs: 100 });
    try {
      writeFileSync(two, 'kind: [\n');
      await eventually(() => seen.at(-1)?.contexts.map((c) => c.name)).toEqual(['a']);
      expect(seen.at(-1)?.files[1].problem).toMatch(/^line /);
      writeFileSync(two, simple('b', {}));
      await eventually(() => seen.at(-1)?.contexts.map((c) => c.name)).toEqual(['a', 'b']);
    } finally {
      stop();
    }
  });

  test('after the end nothing is told any more', async () => {
    const file = folder.write('f', simple('a', {}));
    const { seen, stop } = await follow({ files: [file], pollMs: 50 });
    stop();
    writeFileSync(file, simple('b', {}));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(seen).toEqual([]);
  });
});

describe('the proxy of the environment', () => {
  const env = {
    HTTPS_PROXY: 'proxy.example:3128',
    NO_PROXY: 'corp.example, .internal,10.0.0.0/8,host.example:8443,192.0.2.7',
  };
  for (const [server, proxy] of [
    ['https://api.example', 'http://proxy.example:3128'],
    ['https://127.0.0.1:6443', undefined],
    ['https://localhost:6443', undefined],
    ['https://[::1]:6443', undefined],
    ['https://corp.example', undefined],
    ['https://k8s.corp.example', undefined],
    ['https://notcorp.example', 'http://proxy.example:3128'],
    ['https://a.internal', undefined],
    ['https://10.1.2.3', undefined],
    ['https://11.1.2.3', 'http://proxy.example:3128'],
    ['https://host.example:8443', undefined],
    ['https://host.example:443', 'http://proxy.example:3128'],
    ['https://192.0.2.7:6443', undefined],
    ['http://api.example', undefined],
  ] as const) {
    test(`${server} goes ${proxy === undefined ? 'directly' : 'through it'}`, () => {
      expect(proxyFromEnvironment(server, env)).toBe(proxy);
    });
  }

  test('a star switches it off', () => {
    expect(proxyFromEnvironment('https://x', { https_proxy: 'http://p', no_proxy: '*' })).toBeUndefined();
  });
});

/** Programs of kubeconfigs: which are run, which are asked for, and what an agreement is worth. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiClient } from '../../electron/cluster/http.ts';
import { Kubeconfigs } from '../../electron/cluster/kubeconfig.ts';
import type { ExecQuestion, Permit } from '../../electron/cluster/permit.ts';
import { Logins } from '../../electron/logins.ts';
import { fitsQuestion, loginQuestion, visible } from '../../electron/loginQuestion.ts';
import { Folder, QUICK } from './support.ts';

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
  mkdirSync(home());
  mkdirSync(path.join(home(), '.kube'));
});
afterEach(() => folder.clean());
const home = (): string => path.join(folder.path, 'home');
const ran = (): boolean => existsSync(path.join(folder.path, 'ran'));

/** A kubeconfig whose program leaves a file behind and gives a token; nobody listens at its server. */
function kubeconfig(exec: Record<string, unknown> = {}, cluster: Record<string, unknown> = {}): string {
  const command = path.join(folder.path, 'login');
  if (!existsSync(command)) {
    folder.write(
      'login',
      `#!/bin/sh\necho run >> ${folder.path}/ran\nprintf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"a-token"}}'\n`,
    );
  }
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'x',
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1', ...cluster } }],
    users: [
      {
        name: 'u',
        user: {
          exec: { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'Never', ...exec },
        },
      },
    ],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  });
}

interface Tried {
  /** What went wrong: a connection that was refused where the login went through. */
  kind: string;
  message: string;
  hint?: string;
  origin: string;
}

/** Asks the current context's server for something. */
async function attempt(
  configs: Kubeconfigs,
  permit?: Permit,
  env: Record<string, string> = {},
): Promise<Tried> {
  await configs.load();
  const context = configs.resolve('x');
  const client = new ApiClient(context, {
    signal: new AbortController().signal,
    patience: { ...QUICK, attempts: 1 },
    searchPath: process.env['PATH'] ?? '',
    env: { KUBERC: 'off', ...env },
    ...(permit ? { permit } : {}),
  });
  try {
    await client.get('/version');
    throw new Error('nobody listens there');
  } catch (thrown) {
    if (!('kind' in (thrown as Tried))) throw thrown;
    const { kind, message, hint } = thrown as Tried;
    return { kind, message, origin: context.origin, ...(hint === undefined ? {} : { hint }) };
  } finally {
    await client.close();
  }
}

const at = (options: ConstructorParameters<typeof Kubeconfigs>[0] = {}): Kubeconfigs =>
  new Kubeconfigs({ home: home(), env: {}, ...options });

describe('Where a kubeconfig lies says whether its program is run unasked', () => {
  test('in ~/.kube/config it is, as kubectl does', async () => {
    writeFileSync(path.join(home(), '.kube', 'config'), kubeconfig());
    expect(await attempt(at())).toMatchObject({ kind: 'network', origin: 'default' });
    expect(ran()).toBe(true);
  });

  test('in a file of KUBECONFIG too, and named by --kubeconfig or added it is the same file', async () => {
    const file = folder.write('mine', kubeconfig());
    const env = { KUBECONFIG: file };
    expect(await attempt(at({ env }))).toMatchObject({ kind: 'network', origin: 'default' });
    expect(await attempt(at({ env, files: [file] }))).toMatchObject({ kind: 'network', origin: 'default' });
    symlinkSync(file, path.join(folder.path, 'link'));
    expect(await attempt(at({ env, files: [path.join(folder.path, 'link')] }))).toMatchObject({
      origin: 'default',
    });
  });

  test('elsewhere nothing is run, and it is said how it can be', async () => {
    const file = folder.write('elsewhere', kubeconfig());
    const named = await attempt(at({ files: [file] }));
    expect(named).toMatchObject({ kind: 'auth', origin: 'named' });
    expect(named.message).toContain('was not run');
    expect(named.hint).toContain('--allow-exec');

    const added = at();
    added.add(file);
    expect(await attempt(added)).toMatchObject({ kind: 'auth', origin: 'added' });

    const pasted = at();
    pasted.addText('pasted kubeconfig 1', kubeconfig());
    expect(await attempt(pasted)).toMatchObject({ kind: 'auth', origin: 'pasted' });
    expect(ran()).toBe(false);
  });

  test('nor where only the cluster is from elsewhere: the credential would go there', async () => {
    const mine = path.join(home(), '.kube', 'config');
    writeFileSync(mine, kubeconfig());
    const other = folder.write(
      'other',
      '{clusters: [{name: evil, cluster: {server: "https://127.0.0.1:1"}}], contexts: [{name: x, context: {cluster: evil, user: u}}], kind: Config}',
    );
    expect(await attempt(at({ files: [other, mine] }))).toMatchObject({ kind: 'auth', origin: 'named' });
    expect(ran()).toBe(false);
  });
});

describe('What a user is asked', () => {
  const asked = (): { questions: ExecQuestion[]; permit: Permit } => {
    const questions: ExecQuestion[] = [];
    return {
      questions,
      permit: (question) => {
        questions.push(question);
        return Promise.resolve({ allowed: false, message: 'no' });
      },
    };
  };

  test('names command, path behind links, arguments, environment, kubeconfig and server', async () => {
    folder.write('bin', '');
    symlinkSync(path.join(folder.path, 'login'), path.join(folder.path, 'aws'));
    const text = kubeconfig({
      command: './aws',
      args: ['get token', '--x=\u001b[2J\u202e'],
      env: [{ name: 'LD_PRELOAD', value: '/tmp/evil.so' }],
    });
    const file = folder.write('elsewhere', text);
    const { questions, permit } = asked();
    await attempt(at({ files: [file] }), permit);
    const [question] = questions;
    expect(question).toMatchObject({
      command: './aws',
      path: path.join(folder.path, 'login'),
      kubeconfig: file,
      server: 'https://127.0.0.1:1',
    });
    for (const lang of ['en', 'ko'] as const) {
      const { detail } = loginQuestion(question!, lang);
      for (const word of [
        './aws',
        path.join(folder.path, 'login'),
        '"get token"',
        '"--x=<U+001B>[2J<U+202E>"',
        'LD_PRELOAD=/tmp/evil.so',
        file,
      ])
        expect(detail).toContain(word);
    }
  });

  test('is another question when anything of it changed, and the same when the file was only rewritten', async () => {
    const { questions, permit } = asked();
    const ca = (letter: string): string =>
      Buffer.from(`-----BEGIN CERTIFICATE-----${letter}`).toString('base64');
    const variants: [Record<string, unknown>, Record<string, unknown>][] = [
      [{}, {}],
      [{ args: ['a', 'b'] }, {}],
      [{ args: ['a b'] }, {}],
      [{ env: [{ name: 'A', value: 'B' }] }, {}],
      [{ provideClusterInfo: true }, {}],
      [{}, { server: 'https://127.0.0.1:2' }],
      [{}, { 'proxy-url': 'http://127.0.0.1:3' }],
      [{}, { 'insecure-skip-tls-verify': true }],
      [{}, { 'certificate-authority-data': ca('a') }],
      [{}, { 'certificate-authority-data': ca('b') }],
    ];
    for (const [exec, cluster] of variants) {
      const configs = at({ files: [folder.write('elsewhere', kubeconfig(exec, cluster))] });
      await configs.load();
      await attempt(configs, permit).catch(() => undefined);
    }
    const digests = questions.map(({ digest }) => digest);
    expect(new Set(digests).size).toBe(variants.length);
    await attempt(at({ files: [folder.write('elsewhere', `${kubeconfig()}\n\n`)] }), permit);
    expect(questions.at(-1)!.digest).toBe(digests[0]);
    await attempt(at({ files: [folder.write('another', kubeconfig())] }), permit);
    expect(digests).not.toContain(questions.at(-1)!.digest);
    // What a link leads to now is another program.
    rmSync(path.join(folder.path, 'login'));
    symlinkSync('/bin/true', path.join(folder.path, 'login'));
    await attempt(at({ files: [folder.write('elsewhere', kubeconfig())] }), permit);
    expect(digests).not.toContain(questions.at(-1)!.digest);
  });

  test('is asked no more than can be shown whole', () => {
    const question = (args: string[]): ExecQuestion => ({
      ...{ command: 'sh', path: '/bin/sh', args, env: [], kubeconfig: '/k', user: 'u', server: 'https://s' },
      ...{ proxy: null, insecure: false, origin: 'added', digest: '0'.repeat(64) },
    });
    expect(fitsQuestion(question(['-c', 'x'.repeat(2000)]))).toBe(true);
    expect(fitsQuestion(question(['-c', 'x'.repeat(9000)]))).toBe(false);
    expect(fitsQuestion(question(Array<string>(100).fill('a')))).toBe(false);
    expect(visible('a\u00a0\u200b\u3164\u2028b c')).toBe('a<U+00A0><U+200B><U+3164><U+2028>b c');
  });
});

describe('An agreement', () => {
  const file = (): string => path.join(folder.path, 'data', 'logins.json');
  async function tryWith(logins: Logins, exec: Record<string, unknown> = {}): Promise<Tried> {
    return attempt(at({ files: [folder.write('elsewhere', kubeconfig(exec))] }), logins.permit);
  }
  function logins(
    answers: (boolean | null)[],
    options: { allowNamed?: boolean } = {},
  ): Logins & { asked: number } {
    const made = Object.assign(new Logins({ file: file(), ...options }), { asked: 0 });
    made.ask = () => {
      made.asked += 1;
      return Promise.resolve(answers.shift() ?? null);
    };
    return made;
  }

  test('is given once, kept for its user alone, known to the next start, and taken back', async () => {
    const first = logins([true]);
    expect(await tryWith(first, { args: ['--token', 'hunter2-secret'] })).toMatchObject({ kind: 'network' });
    expect(await tryWith(first, { args: ['--token', 'hunter2-secret'] })).toMatchObject({ kind: 'network' });
    const next = logins([]);
    expect(await tryWith(next, { args: ['--token', 'hunter2-secret'] })).toMatchObject({ kind: 'network' });
    expect([first.asked, next.asked]).toEqual([1, 0]);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(file())).mode & 0o777).toBe(0o700);
    expect(readFileSync(file(), 'utf8')).not.toContain('hunter2');

    const [kept] = await next.list();
    expect(kept).toMatchObject({ path: path.join(folder.path, 'login'), server: 'https://127.0.0.1:1/' });
    // Taken back by another process than the one that was told.
    expect(await new Logins({ file: file() }).revoke([kept!.id])).toBe(1);
    rmSync(path.join(folder.path, 'ran'));
    expect(await tryWith(first, { args: ['--token', 'hunter2-secret'] })).toMatchObject({ kind: 'auth' });
    expect(ran()).toBe(false);
  });

  test('holds for the run where it cannot be kept', async () => {
    writeFileSync(path.join(folder.path, 'data'), 'a file where a folder is wanted');
    const here = logins([true]);
    expect(await tryWith(here)).toMatchObject({ kind: 'network' });
    expect(await tryWith(here)).toMatchObject({ kind: 'network' });
    expect(here.asked).toBe(1);
    expect(await here.revoke((await here.list()).map(({ id }) => id))).toBe(1);
    expect(await tryWith(here)).toMatchObject({ kind: 'auth' });
  });

  test('that was refused, or could not be asked for, runs nothing', async () => {
    expect((await tryWith(logins([false]))).message).toContain('you did not agree');
    const nobody = await tryWith(logins([null]));
    expect(nobody.hint).toContain('--allow-exec');
    expect((await tryWith(new Logins({ file: file() }))).hint).toContain('--allow-exec');
    expect(ran()).toBe(false);
    expect(existsSync(file())).toBe(false);
  });

  test('of --allow-exec is for files that were named, not for what was added or pasted', async () => {
    const all = logins([], { allowNamed: true });
    expect(await tryWith(all)).toMatchObject({ kind: 'network' });
    expect(all.asked).toBe(0);
    const pasted = at();
    pasted.addText('pasted kubeconfig 1', kubeconfig());
    expect(await attempt(pasted, all.permit)).toMatchObject({ kind: 'auth' });
    expect(all.asked).toBe(1);
  });

  test('is asked for once where several requests want it at the same time', async () => {
    const here = logins([true]);
    await Promise.all([tryWith(here), tryWith(here), tryWith(here)]);
    expect(here.asked).toBe(1);
  });

  test('in a damaged file, or one of a later version, is none', async () => {
    mkdirSync(path.dirname(file()));
    writeFileSync(file(), '{"version":2,"logins":["everything"]}');
    expect(await tryWith(logins([false]))).toMatchObject({ kind: 'auth' });
    expect(await tryWith(logins([true]))).toMatchObject({ kind: 'network' });
    expect(readFileSync(`${file()}.unreadable`, 'utf8')).toContain('everything');
  });
});

describe('The credentialPluginPolicy of kuberc', () => {
  async function under(kuberc: string): Promise<Tried> {
    const file = folder.write('kuberc', kuberc);
    writeFileSync(path.join(home(), '.kube', 'config'), kubeconfig());
    return attempt(at(), undefined, { KUBERC: file });
  }
  const head = 'apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n';

  test('that permits all, or is not there, changes nothing', async () => {
    expect(await under(head)).toMatchObject({ kind: 'network' });
    expect(await under(`${head}credentialPluginPolicy: AllowAll\n`)).toMatchObject({ kind: 'network' });
    expect(await under('')).toMatchObject({ kind: 'network' });
  });

  test('DenyAll holds in default places and against an agreement', async () => {
    expect((await under(`${head}credentialPluginPolicy: DenyAll\n`)).message).toContain('DenyAll');
    const configs = at({ files: [folder.write('elsewhere', kubeconfig())] });
    const tried = await attempt(configs, () => Promise.resolve({ allowed: true }), {
      KUBERC: path.join(folder.path, 'kuberc'),
    });
    expect(tried).toMatchObject({ kind: 'auth' });
    expect(ran()).toBe(false);
  });

  for (const key of ['name', 'command']) {
    test(`Allowlist runs what it lists by ${key}, and nothing else`, async () => {
      const list = (entry: string): string =>
        `${head}credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n- ${key}: ${entry}\n`;
      expect(await under(list('aws'))).toMatchObject({ kind: 'auth' });
      expect(ran()).toBe(false);
      expect(await under(list(path.join(folder.path, 'login')))).toMatchObject({ kind: 'network' });
      expect(ran()).toBe(true);
    });
  }

  test('that cannot be understood runs nothing', async () => {
    for (const text of [
      `${head}credentialPluginPolicy: Perhaps\n`,
      `${head}credentialPluginAllowlist: [{name: aws}]\n`,
      `${head}credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{nam: aws}]\n`,
      'kind: [',
    ])
      expect((await under(text)).message).toContain('may forbid it');
    expect(ran()).toBe(false);
  });
});

describe('Credentials over plain http', () => {
  test('are not sent, and no program is run for them, unless the context is named', async () => {
    const file = folder.write('plain', kubeconfig({}, { server: 'http://127.0.0.1:1' }));
    const env = { KUBECONFIG: file };
    expect(await attempt(at({ env }))).toMatchObject({ kind: 'network', origin: 'default' });
    expect(ran()).toBe(false);
  });
});

/** `bulkhead contexts`, and sources that a kubeconfig alone names. Nothing listens where these contexts lead. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SourcesInfo } from '../../shared/ipc.ts';
import { folder, runner } from './run.ts';

const home = folder();
const run = runner(home);

/** Three contexts: `east` can be tried, `west` names a user that is not there, `none` names no cluster. */
function write(name: string, current: string): string {
  const path = join(home, name);
  writeFileSync(
    path,
    `apiVersion: v1
kind: Config
clusters: [{ name: c, cluster: { server: "https://127.0.0.1:1", insecure-skip-tls-verify: true } }]
contexts:
  - { name: east, context: { cluster: c, user: u, namespace: shop } }
  - { name: west, context: { cluster: c, user: gone } }
  - { name: none }
${current}
users: [{ name: u, user: { token: hush } }]
`,
  );
  return path;
}
const audit = (file: string, ...more: string[]) =>
  run(['audit', '--kubeconfig', file, '--no-history', ...more]);

test('--kubeconfig alone is its current context', async () => {
  const { code, err } = await audit(write('current', 'current-context: east'));
  expect({ code, err }).toEqual({
    code: 2,
    err: 'bulkhead: https://127.0.0.1:1: The connection was refused (ECONNREFUSED)\n  Is the cluster running?\n',
  });
});

test('--namespace goes with it', async () => {
  const file = write('current', 'current-context: east');
  expect((await audit(file, '--namespace', 'shop')).err).toContain('The connection was refused');
});

test('without a current context, or with one that is not there, the contexts are named', async () => {
  const choose =
    '\n  Give --context NAME, one of: east; not usable: west, none ("bulkhead contexts" says why).\n';
  for (const [current, words] of [
    ['', 'no current-context is set'],
    ['current-context: ""', 'no current-context is set'],
    ['current-context: gone', 'there is no context "gone" (current-context)'],
  ]) {
    const file = write('without', current);
    expect(await audit(file)).toMatchObject({
      code: 2,
      out: '',
      err: `bulkhead: ${file}: ${words}${choose}`,
    });
  }
});

test('a file that is not there, is empty or is no kubeconfig is named as that', async () => {
  const empty = join(home, 'empty');
  writeFileSync(empty, '# nothing yet\n');
  const pod = join(home, 'pod');
  writeFileSync(pod, 'apiVersion: v1\nkind: Pod\n');
  const noContext = join(home, 'no-context');
  writeFileSync(noContext, 'apiVersion: v1\nkind: Config\n');
  for (const [file, words] of [
    [join(home, 'missing'), 'there is no such file'],
    [empty, 'the file is empty'],
    [pod, 'no kubeconfig (kind Pod)'],
    [noContext, 'it names no context'],
  ]) {
    expect(await audit(file)).toMatchObject({ code: 2, err: `bulkhead: ${file}: ${words}\n` });
  }
});

test('contexts lists them with their trouble, contacts nothing and shows no credential', async () => {
  const file = write('list', 'current-context: east');
  const { code, out, err } = await run(['contexts', '--kubeconfig', file]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toBe(`${file}
   Context  API server           Login    Namespace
*  east     https://127.0.0.1:1  token    shop
     The API server’s certificate will not be verified (insecure-skip-tls-verify).
   west                          unknown
     There is no user "gone" for context "west"
   none                          unknown
     line 7: context "none" names no cluster

* is the current context.
`);
  const json = await run(['contexts', '--kubeconfig', file, '--format', 'json']);
  const found = JSON.parse(json.out) as SourcesInfo;
  expect(found.files).toEqual([{ path: file, problem: null }]);
  expect(found.contexts.map(({ name, current, problem }) => [name, current, problem === null])).toEqual([
    ['east', true, true],
    ['west', false, false],
    ['none', false, false],
  ]);
  expect(out + json.out).not.toContain('hush');
  const korean = await run(['contexts', '--kubeconfig', file, '--lang', 'ko']);
  expect(korean.out).toContain('API 서버의 인증서를 검증하지 않게 됩니다');
});

test('contexts ends with 3 where a file could not be read, with 2 where nothing was found', async () => {
  const file = write('list', 'current-context: east');
  const missing = join(home, 'missing');
  const both = await run(['contexts', '--kubeconfig', missing, '--kubeconfig', file]);
  expect(both.code).toBe(3);
  expect(both.out).toContain(`${missing}: there is no such file\n\n${file}\n`);
  expect(await run(['contexts'])).toMatchObject({ code: 2, out: 'No context was found.\n' });
});

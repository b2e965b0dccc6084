/** Each verb says on standard error what was left out, whatever its exit code. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AuditJson } from '../../shared/audit/result.ts';
import { files, folder, REFUSED, runner, SHOP } from './run.ts';

const home = folder();
const run = runner(home);
const broken = files(folder(), { 'a.yaml': SHOP, 'b.yaml': 'kind: [\n' });
const from = ['--from', broken];
const INCOMPLETE = /^bulkhead: incomplete: /m;
const PAIR = ['--src', 'shop/web', '--dst', 'shop/db'];

test.each([
  ['audit', ['audit', ...from, '--no-history']],
  ['connections', ['connections', ...from]],
  ['explain', ['explain', ...from, ...PAIR]],
  ['explain of a port', ['explain', ...from, ...PAIR, '--port', 'TCP/5432']],
  ['snapshot', ['snapshot', ...from, '--out', join(home, 'a.snapshot.json')]],
])('%s names the file that could not be parsed and ends with 3', { timeout: 60_000 }, async (_, args) => {
  const { code, err } = await run(args);
  expect(code).toBe(3);
  expect(err).toMatch(INCOMPLETE);
  expect(err).toMatch(/b\.yaml: .+line 2/);
});

test('a reached threshold ends with 1, and still says what was left out', { timeout: 60_000 }, async () => {
  const path = files(folder(), { 'a.yaml': SHOP, 'b.yaml': REFUSED });
  const args = ['audit', '--from', path, '--no-history', '--format', 'json', '--fail-on', 'medium'];
  const { code, err, out } = await run(args);
  expect(code).toBe(1);
  expect(err).toMatch(INCOMPLETE);
  expect(err).toContain('NetworkPolicy shop/broken');
  const audit = JSON.parse(out) as AuditJson;
  expect(audit.rejected).toHaveLength(1);
  expect(audit.coverage.complete).toBe(false);
});

test.each([
  ['a refused policy', REFUSED],
  [
    'an old version',
    'apiVersion: extensions/v1beta1\nkind: NetworkPolicy\nmetadata: {name: old}\nspec: {podSelector: {}}\n',
  ],
])('the text, too, calls an audit without %s incomplete', { timeout: 60_000 }, async (_, text) => {
  const path = files(folder(), { 'a.yaml': SHOP, 'b.yaml': text });
  const { code, out, err } = await run(['audit', '--from', path, '--no-history']);
  expect(code).toBe(3);
  expect(err).toMatch(INCOMPLETE);
  expect(out).toMatch(/Coverage +INCOMPLETE: some of what was given takes no part/);
  expect(out).not.toContain('Complete: everything');
});

test('a probe that cannot be answered ends with 2, an audit that lacks something with 3', async () => {
  const probe = (pod: string): string =>
    JSON.stringify([
      {
        src: { namespace: 'shop', pod: 'web' },
        dst: { namespace: 'shop', pod },
        protocol: 'TCP',
        port: 5432,
      },
    ]);
  const bad = await run(['verdicts', ...from, '--probes', '-'], { stdin: probe('nobody') });
  expect(bad.code).toBe(2);
  expect(bad.err).toContain('1 of 1 probes');
  expect(bad.err).toMatch(INCOMPLETE);
  const good = await run(['verdicts', ...from, '--probes', '-'], { stdin: probe('db') });
  expect(good.code).toBe(3);
  expect(good.err).toMatch(INCOMPLETE);
}, 60_000);

test('an audit that was kept says it again', async () => {
  const history = join(home, 'kept.sqlite');
  const kept = await run(['audit', ...from, '--history', history]);
  expect(kept.code).toBe(3);
  const shown = await run(['history', 'show', '1', '--history', history]);
  expect(shown.code).toBe(3);
  expect(shown.err).toMatch(INCOMPLETE);
}, 60_000);

test('policies alone are incomplete, with the next step', { timeout: 60_000 }, async () => {
  const path = files(folder(), { 'a.yaml': SHOP.slice(SHOP.lastIndexOf('---\n')) });
  const { code, err } = await run(['audit', '--from', path, '--no-history']);
  expect(code).toBe(3);
  expect(err).toContain('No pod was read');
  expect(err).toContain('--context');
});

test('a long list is cut, with where the rest stands', { timeout: 60_000 }, async () => {
  const many = Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((n) => [`x${n}.yaml`, 'kind: [\n']));
  const path = files(folder(), { 'a.yaml': SHOP, ...many });
  const { err } = await run(['audit', '--from', path, '--no-history']);
  expect(err.match(/x\d\.yaml/g)).toHaveLength(5);
  expect(err).toContain('and 2 more');
});

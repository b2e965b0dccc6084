import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { HistoryClient } from '../../electron/history/client.ts';
import { ageOf } from '../../electron/terminal/history.ts';
import { overviewOf } from '../history/overview.ts';
import { files, folder, runner, SHOP } from './run.ts';

const home = folder();
const run = runner(home);
const shop = files(folder(), { 'shop.yaml': SHOP });
const audit = (history: string, time: string, ...more: string[]) =>
  run(['audit', '--from', shop, '--format', 'json', '--history', history, '--time', time, ...more]);
const kept = async (history: string): Promise<number[]> => {
  const { out } = await run(['history', 'list', '--history', history, '--format', 'json']);
  return (JSON.parse(out) as { id: number }[]).map(({ id }) => id);
};

test('audits are deleted by number, age and count, and a backup still has them', async () => {
  const at = join(folder(), 'h.sqlite');
  for (const day of ['2020-01-01', '2021-01-01', '2022-01-01', '2023-01-01']) await audit(at, day);
  expect(await kept(at)).toEqual([4, 3, 2, 1]);
  const copy = join(folder(), 'copy.sqlite');
  const backup = await run(['history', 'backup', copy, '--history', at]);
  expect({ code: backup.code, out: backup.out }).toEqual({ code: 0, out: '' });
  expect(statSync(copy).mode & 0o777).toBe(0o600);

  const prune = (...args: string[]) => run(['history', 'prune', '--history', at, ...args]);
  expect((await prune('--older-than', '90d', '--keep', '2', '--dry-run')).err).toContain('2, 1');
  expect(await kept(at)).toEqual([4, 3, 2, 1]);
  const pruned = await prune('--older-than', '90d', '--keep', '2');
  expect({ code: pruned.code, err: pruned.err }).toEqual({
    code: 0,
    err: 'bulkhead: 2 audits deleted, 2 left.\n',
  });
  expect((await run(['history', 'delete', '4', '--history', at])).code).toBe(0);
  expect(await kept(at)).toEqual([3]);
  expect((await prune('--keep', '1')).err).toMatch(/no audit is to be deleted/);
  expect((await prune('--older-than', '1h')).code).toBe(0);
  expect(await kept(at)).toEqual([]);
  expect(await kept(copy)).toEqual([4, 3, 2, 1]);
  const again = await run(['history', 'show', '2', '--history', copy, '--format', 'json']);
  expect(JSON.parse(again.out)).toMatchObject({ auditedAt: '2021-01-01T00:00:00Z' });
  // Eighteen processes, one after the other.
}, 120_000);

test.each([
  ['no rule', ['prune'], '--older-than'],
  ['an age without a unit', ['prune', '--older-than', '90'], '90d'],
  ['a number that is none', ['prune', '--keep', 'few'], '--keep few'],
  ['an audit that is not there', ['delete', '7'], '7'],
  ['no number', ['delete', 'all'], 'all'],
  ['nothing to copy', ['backup', 'x.sqlite'], 'no audit'],
])('%s ends with 2 and deletes nothing', async (_, args, words) => {
  const { code, out, err } = await run(['history', ...args]);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(words);
});

test('an age is hours, days, weeks or years', () => {
  expect(['2h', '90d', '2w', '1y'].map((age) => ageOf(age) / 3_600_000)).toEqual([2, 2160, 336, 8760]);
});

test('an audit that cannot be kept is printed, says so, and ends with 3; with --no-history with 0', async () => {
  const at = join(folder(), 'no.sqlite');
  writeFileSync(at, 'a letter to the editor, and no database. '.repeat(99));
  const { code, out, err } = await audit(at, '2026-01-01');
  expect(code).toBe(3);
  expect((JSON.parse(out) as { pods: unknown[] }).pods).toHaveLength(3);
  expect(err).toContain(`could not be kept in the history (${at})`);
  expect((await audit(at, '2026-01-01', '--no-history')).code).toBe(0);
  // A finding at the threshold is told first, as where something was left out.
  expect((await audit(at, '2026-01-01', '--assume', 'enforced=no', '--fail-on', 'critical')).code).toBe(1);
});

test('a damaged history is named on standard error, and the audit is kept in a new one', async () => {
  const at = join(folder(), 'h.sqlite');
  await audit(at, '2026-01-01');
  const damaged = readFileSync(at).fill(0xa5, 8192);
  writeFileSync(at, damaged);
  const { code, err } = await audit(at, '2026-01-02');
  expect(code).toBe(0);
  const [, aside] = /set aside as (\S+), and a new one was begun/.exec(err) ?? [];
  expect(readFileSync(aside!).equals(damaged)).toBe(true);
  expect(await kept(at)).toEqual([1]);
});

test('a snapshot that was changed in the history is refused by name', async () => {
  const at = join(folder(), 'h.sqlite');
  await audit(at, '2026-01-01');
  const db = new Database(at);
  db.prepare('UPDATE snapshots SET gzip = ?').run(gzipSync('{}'));
  db.close();
  const { code, out, err } = await run(['history', 'show', '1', '--history', at]);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/Audit 1 .*is not what was saved/);
});

test('a kept result that was changed is not blamed on another version', async () => {
  const at = join(folder(), 'h.sqlite');
  await audit(at, '2026-01-01');
  const db = new Database(at);
  db.prepare("UPDATE audits SET overview = json_set(overview, '$.summary.isolation.none', 0)").run();
  db.close();
  const { err } = await run(['history', 'show', '1', '--history', at]);
  expect(err).toMatch(/the result that was kept of this audit is not what its snapshot gives/);
});

test('a window and the terminal keep their audits at once, and none is lost', async () => {
  const at = join(folder(), 'h.sqlite');
  const window = new HistoryClient(at);
  const terminals = Promise.all([1, 2, 3].map(() => audit(at, '2026-01-01')));
  let done = false;
  void terminals.finally(() => (done = true));
  const saved: number[] = [];
  for (let n = 0; !done || n < 10; n++) {
    const text = `window ${n}`;
    const digest = createHash('sha256').update(text).digest('hex');
    const bytes = new Uint8Array(gzipSync(text)).buffer;
    saved.push(
      await window.save({
        overview: overviewOf('window', '2026-01-01T00:00:00.000Z'),
        source: 'context',
        assume: {},
        snapshot: { bytes, digest, size: text.length },
      }),
    );
    if (n % 5 === 4) await window.delete([saved.pop()!]);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect((await terminals).map(({ code, err }) => ({ code, err }))).toEqual(
    Array.from({ length: 3 }, () => ({ code: 0, err: '' })),
  );
  const items = await window.list();
  expect(
    items
      .filter(({ cluster }) => cluster === 'window')
      .map(({ id }) => id)
      .sort((a, b) => a - b),
  ).toEqual(saved);
  expect(items).toHaveLength(saved.length + 3);
  await window.close();
  expect(existsSync(`${at}-wal`)).toBe(false);
});

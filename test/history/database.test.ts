import Database from 'better-sqlite3';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { deleteAudits, listAudits, readAudit, saveAudit } from '../../electron/history/audits.ts';
import { APPLICATION_ID, openHistory, schemaVersion } from '../../electron/history/database.ts';
import { historyFile } from '../../electron/history/file.ts';
import { MIGRATIONS } from '../../electron/history/migrations.ts';
import { auditOf, temporaryFolder } from './fixture.ts';
import { overviewOf } from './overview.ts';

function caught(action: () => unknown): { kind?: string; message?: string; place?: string } {
  try {
    action();
  } catch (thrown) {
    return thrown as { kind?: string };
  }
  return {};
}

describe('The history file', () => {
  test('is made with its folder, for the owner alone', () => {
    const file = join(temporaryFolder(), 'data', 'deeper', 'history.sqlite');
    const db = openHistory(file);
    saveAudit(db, auditOf('one'));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(`${file}-wal`).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
    db.close();
  });

  test('is in WAL mode, enforces foreign keys, and its tables are STRICT', () => {
    const db = openHistory(join(temporaryFolder(), 'history.sqlite'));
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(db.pragma('foreign_keys', { simple: true })).toBe(1);
    const tables = db.pragma('table_list') as { name: string; strict: number }[];
    const ours = tables.filter(({ name }) => !name.startsWith('sqlite_'));
    expect(ours.map(({ name }) => name).sort()).toEqual(['audits', 'snapshots']);
    expect(ours.every(({ strict }) => strict === 1)).toBe(true);
    expect(() => db.prepare('UPDATE audits SET digest = ?').run('nowhere')).not.toThrow();
    saveAudit(db, auditOf('one'));
    expect(() => db.prepare('UPDATE audits SET digest = ?').run('nowhere')).toThrow(/FOREIGN KEY/);
    db.close();
  });

  test('of a later version is refused and left byte for byte as it was', () => {
    const file = join(temporaryFolder(), 'history.sqlite');
    openHistory(file, { migrations: [...MIGRATIONS, 'CREATE TABLE later (a TEXT) STRICT'] }).close();
    const before = readFileSync(file);
    const error = caught(() => openHistory(file));
    expect(error).toMatchObject({ kind: 'history', place: file });
    expect(error.message).toMatch(/later version/);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('that is no database is refused and left as it was', () => {
    const file = join(temporaryFolder(), 'history.sqlite');
    writeFileSync(file, 'Dear diary, '.repeat(1000));
    expect(caught(() => openHistory(file))).toMatchObject({
      kind: 'history',
      message: expect.stringMatching(/not a database/),
    });
    expect(readFileSync(file, 'utf8')).toBe('Dear diary, '.repeat(1000));
  });

  test('that belongs to another program is refused and left as it was', () => {
    const file = join(temporaryFolder(), 'photos.db');
    const other = new Database(file);
    other.exec('CREATE TABLE photos (name TEXT)');
    other.close();
    const before = readFileSync(file);
    expect(caught(() => openHistory(file)).message).toMatch(/another program/);
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(existsSync(`${file}-wal`)).toBe(false);
  });

  test('in a place that cannot be written is refused by name', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    const file = join(folder, 'file', 'history.sqlite');
    expect(caught(() => openHistory(file))).toMatchObject({ kind: 'history', place: file });
  });

  test('takes audits of two processes at once and loses none', async () => {
    const file = join(temporaryFolder(), 'history.sqlite');
    const writers = [1, 2, 3].map((n) =>
      fork(new URL('./writer.ts', import.meta.url), [file, String(n), '15'], { stdio: 'inherit' }),
    );
    const codes = await Promise.all(writers.map(async (child) => (await once(child, 'exit'))[0] as number));
    expect(codes).toEqual([0, 0, 0]);
    const db = openHistory(file);
    const clusters = listAudits(db).map(({ cluster }) => cluster);
    expect(clusters).toHaveLength(45);
    for (const n of [1, 2, 3]) expect(clusters.filter((c) => c === `cluster ${n}`)).toHaveLength(15);
    db.close();
  });
});

describe('Migrations', () => {
  // Each step from the version before it: a history as that version left it, opened by a product that knows one more.
  for (let version = 0; version < MIGRATIONS.length; version++) {
    test(`step ${version + 1} opens a file of version ${version} and keeps its audits`, () => {
      const file = join(temporaryFolder(), 'history.sqlite');
      const before = openHistory(file, { migrations: MIGRATIONS.slice(0, version) });
      expect(schemaVersion(before)).toBe(version);
      if (version >= 1) saveAudit(before, auditOf('kept'));
      before.close();
      const db = openHistory(file, { migrations: MIGRATIONS.slice(0, version + 1) });
      expect(schemaVersion(db)).toBe(version + 1);
      expect(db.pragma('application_id', { simple: true })).toBe(APPLICATION_ID);
      expect(listAudits(db)).toHaveLength(version >= 1 ? 1 : 0);
      db.close();
    });
  }

  test('a step that fails changes nothing, and the next version can repair it', () => {
    const file = join(temporaryFolder(), 'history.sqlite');
    const db = openHistory(file);
    saveAudit(db, auditOf('kept'));
    db.close();
    const broken = [...MIGRATIONS, 'CREATE TABLE later (a TEXT) STRICT; CREATE TABLE audits (a TEXT)'];
    expect(caught(() => openHistory(file, { migrations: broken })).kind).toBe('history');
    const again = openHistory(file, { migrations: [...MIGRATIONS, 'CREATE TABLE later (a TEXT) STRICT'] });
    expect(schemaVersion(again)).toBe(MIGRATIONS.length + 1);
    expect(listAudits(again)).toHaveLength(1);
    again.close();
  });
});

describe('Audits in the history', () => {
  test('come back as they were kept, figures in their own columns', () => {
    const db = openHistory(join(temporaryFolder(), 'history.sqlite'));
    const id = saveAudit(db, auditOf('the snapshot'));
    const kept = readAudit(db, id);
    expect(kept.overview).toEqual(overviewOf('prod', '2026-03-01T12:00:00.000Z'));
    expect(kept.assume).toEqual({ ipBlockPods: 'match' });
    expect(gunzipSync(kept.snapshot).toString()).toBe('the snapshot');
    expect(listAudits(db)).toEqual([
      {
        id,
        cluster: 'prod',
        source: 'context',
        auditedAt: '2026-03-01T12:00:00.000Z',
        version: '9.8.7',
        pods: 101,
        isolatedBoth: 11,
        ingressOnly: 12,
        egressOnly: 13,
        none: 14,
        openEgressAnywhere: 21,
        findings: 54321,
        complete: false,
      },
    ]);
    expect(
      db
        .prepare(
          `SELECT file, server, taken_at, not_isolatable, unknown, all_permitted, paper_only, egress_anywhere_some_ports,
           egress_ranges, egress_depends, egress_none, findings_critical, findings_info FROM audits`,
        )
        .raw()
        .get(),
    ).toEqual([
      '/home/ada/.kube/config',
      'https://10.0.0.1:6443',
      '2026-03-01T11:59:00.000Z',
      ...[15, 16, 17, 18, 22, 23, 24, 25, 1, 50000],
    ]);
    db.close();
  });

  test('are listed with the newest first, whatever the order of writing', () => {
    const db = openHistory(join(temporaryFolder(), 'history.sqlite'));
    saveAudit(db, auditOf('b', 'second', '2026-02-02T00:00:00.000Z'));
    saveAudit(db, auditOf('c', 'third', '2026-02-03T00:00:00.000Z'));
    saveAudit(db, auditOf('a', 'first', '2026-02-01T00:00:00.000Z'));
    expect(listAudits(db).map(({ cluster }) => cluster)).toEqual(['third', 'second', 'first']);
    db.close();
  });

  test('of one snapshot share it, and the last one that goes takes it away', () => {
    const db = openHistory(join(temporaryFolder(), 'history.sqlite'));
    const snapshots = db.prepare('SELECT count(*) FROM snapshots').pluck();
    const first = saveAudit(db, auditOf('same'));
    const second = saveAudit(db, auditOf('same'));
    expect(snapshots.get()).toBe(1);
    deleteAudits(db, [first]);
    expect(snapshots.get()).toBe(1);
    expect(gunzipSync(readAudit(db, second).snapshot).toString()).toBe('same');
    deleteAudits(db, [second]);
    expect(snapshots.get()).toBe(0);
    // A number never comes back: a window that still shows the deleted audit must not open another one.
    expect(saveAudit(db, auditOf('other'))).toBeGreaterThan(second);
    db.close();
  });

  test('that are not there are answered with not-found', () => {
    const db = openHistory(join(temporaryFolder(), 'history.sqlite'));
    expect(caught(() => readAudit(db, 7)).kind).toBe('not-found');
    expect(caught(() => deleteAudits(db, [7])).kind).toBe('not-found');
    db.close();
  });
});

describe('The place of the history', () => {
  test('is what the user names, then BULKHEAD_HISTORY, then the folder for data', () => {
    expect(historyFile('/a/b.sqlite', { BULKHEAD_HISTORY: '/c/d.sqlite' })).toBe('/a/b.sqlite');
    expect(historyFile(undefined, { BULKHEAD_HISTORY: '/c/d.sqlite' })).toBe('/c/d.sqlite');
    expect(historyFile(undefined, {})).toMatch(/bulkhead.history\.sqlite$/);
  });
});

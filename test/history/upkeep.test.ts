import Database from 'better-sqlite3';
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  deleteAudits,
  listAudits,
  outlived,
  readAudit,
  saveAudit,
  verifySnapshot,
} from '../../electron/history/audits.ts';
import { HistoryClient } from '../../electron/history/client.ts';
import { openHistory } from '../../electron/history/database.ts';
import { MIGRATIONS } from '../../electron/history/migrations.ts';
import {
  backupsOf,
  backupTo,
  leaveNoTraces,
  markInUse,
  setAsideOf,
  uncleanEnd,
} from '../../electron/history/upkeep.ts';
import { auditOf, temporaryFolder } from './fixture.ts';

const place = (): string => join(temporaryFolder(), 'history.sqlite');

/** A history of some audits that was closed in order. */
function filled(file: string, audits = 20): string {
  const db = openHistory(file);
  db.pragma('synchronous = OFF');
  for (let i = 0; i < audits; i++) saveAudit(db, auditOf(`snapshot ${i} ${noise(i)}`, `cluster ${i}`));
  db.close();
  return file;
}

/** Text that does not get smaller when it is compressed, the same for the same number. */
function noise(seed: number): string {
  let text = '';
  for (let i = 0; i < 100; i++) text += createHash('sha256').update(`${seed}.${i}`).digest('base64');
  return text;
}

function opened(file: string, check?: boolean): { clusters: string[]; aside: string[] } {
  const aside: string[] = [];
  const db = openHistory(file, {
    ...(check === undefined ? {} : { check }),
    onSetAside: (path) => aside.push(path),
  });
  const clusters = listAudits(db).map(({ cluster }) => cluster);
  saveAudit(db, auditOf('new', 'new'));
  db.close();
  return { clusters, aside };
}

function client(file: string): HistoryClient {
  const history = new HistoryClient(file);
  onTestFinished(() => history.close());
  return history;
}

describe('A damaged history', () => {
  const harm: [string, (bytes: Buffer) => Buffer][] = [
    ['has pages of another content', (bytes) => bytes.fill(0xa5, 8192, 40_000)],
    ['was cut off in the middle', (bytes) => bytes.subarray(0, 50_000)],
    ['has a header of zeros', (bytes) => bytes.fill(0, 0, 100)],
    ['is nothing but zeros', (bytes) => bytes.fill(0)],
  ];
  test.each(harm)('that %s is set aside as it was, and a new one begun', (_, change) => {
    const file = filled(place());
    const damaged = Buffer.from(change(readFileSync(file)));
    writeFileSync(file, damaged);
    const { clusters, aside } = opened(file);
    expect(clusters).toEqual([]);
    expect(aside).toEqual(setAsideOf(file));
    expect(aside).toHaveLength(1);
    expect(basename(aside[0]!)).toMatch(/^history\.sqlite\.damaged-\d{8}T\d{6}Z$/);
    expect(readFileSync(aside[0]!).equals(damaged)).toBe(true);
    // The new one is sound and is taken up again.
    expect(opened(file)).toEqual({ clusters: ['new'], aside: [] });
  });

  test('keeps its log beside it, so that a tool can still recover both', () => {
    const file = filled(place());
    const db = openHistory(file);
    saveAudit(db, auditOf('in the log alone'));
    const [bytes, log] = [readFileSync(file), readFileSync(`${file}-wal`)];
    db.close();
    writeFileSync(file, bytes.fill(0xa5, 40_000));
    writeFileSync(`${file}-wal`, log);
    const { aside } = opened(file);
    expect(readFileSync(`${aside[0]}-wal`).equals(log)).toBe(true);
  });

  test('is set aside by one of two who find it', async () => {
    const file = filled(place());
    writeFileSync(file, readFileSync(file).fill(0xa5, 8192, 40_000));
    const clients = [client(file), client(file), client(file)];
    const told: string[] = [];
    for (const one of clients) one.onSetAside = (path) => told.push(path);
    const snapshot = (n: number) => {
      const { snapshot: made, ...audit } = auditOf(`by ${n}`);
      const bytes = new Uint8Array(made.bytes).buffer;
      return { ...audit, snapshot: { ...made, bytes } };
    };
    await Promise.all(clients.map((one, n) => one.save(snapshot(n))));
    expect(told).toHaveLength(1);
    expect(setAsideOf(file)).toEqual(told);
    expect(await clients[0]!.list()).toHaveLength(3);
  });

  test('that is found while it is open is set aside, and what is saved goes into the new one', async () => {
    const file = filled(place());
    const history = client(file);
    const told: string[] = [];
    history.onSetAside = (path) => told.push(path);
    expect(await history.list()).toHaveLength(20);
    const damaged = readFileSync(file);
    damaged.fill(0xa5, 4096);
    writeFileSync(file, damaged);
    await expect(history.open(7)).rejects.toMatchObject({ kind: 'not-found' });
    expect(await history.list()).toEqual([]);
    expect(told).toHaveLength(1);
    expect(readFileSync(told[0]!).subarray(4096).equals(damaged.subarray(4096))).toBe(true);
  });

  test('of another program is not touched, whatever is wrong with it', () => {
    const file = place();
    const other = new Database(file);
    other.exec('CREATE TABLE photos (name TEXT)');
    const insert = other.prepare('INSERT INTO photos VALUES (?)');
    other.transaction(() => {
      for (let i = 0; i < 500; i++) insert.run('x'.repeat(1000));
    })();
    other.close();
    const bytes = readFileSync(file).fill(0xa5, 8192, 12_288);
    writeFileSync(file, bytes);
    expect(() => openHistory(file)).toThrow(/another program/);
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });
});

describe('The last end', () => {
  test('was not clean where a process was killed, and clean after the next one has looked', async () => {
    const file = filled(place(), 1);
    expect(uncleanEnd(file)).toBeNull();
    const child = fork(fileURLToPath(new URL('./holder.ts', import.meta.url)), [file], { stdio: 'inherit' });
    await once(child, 'message');
    // It is open, and by a process that lives.
    expect(uncleanEnd(file)).not.toBeNull();
    const unmark = markInUse(file);
    expect(uncleanEnd(file)).toBeNull();
    unmark();
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(uncleanEnd(file)).not.toBeNull();
    expect(opened(file).clusters).toHaveLength(2);
    expect(uncleanEnd(file)).toBeNull();
    expect(readdirSync(dirname(file))).toEqual(['history.sqlite']);
  });

  test('of a client leaves nothing beside the file', async () => {
    const file = join(temporaryFolder(), 'a', 'b', 'history.sqlite');
    const history = new HistoryClient(file);
    await history.list();
    expect(readdirSync(dirname(file)).some((name) => /\.open-/.test(name))).toBe(true);
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
    await history.close();
    expect(readdirSync(dirname(file))).toEqual(['history.sqlite']);
  });
});

describe('A kept snapshot', () => {
  const changed: [string, Uint8Array][] = [
    ['has another text', gzipSync('{"policies":[]}')],
    ['goes on after its end', gzipSync('the snapshot and more')],
    ['is cut off', gzipSync('the snapshot').subarray(0, 15)],
    ['is no gzip', Buffer.from('the snapshot')],
  ];
  test.each(changed)('that %s is refused by the number of its audit', async (_, bytes) => {
    const file = place();
    const db = openHistory(file);
    const id = saveAudit(db, auditOf('the snapshot'));
    await verifySnapshot(readAudit(db, id));
    db.prepare('UPDATE snapshots SET gzip = ?').run(bytes);
    db.close();
    await expect(client(file).open(id)).rejects.toMatchObject({
      kind: 'history',
      message: expect.stringMatching(new RegExp(`^Audit ${id} \\(prod, 2026-03-01.* is not what was saved`)),
    });
  });
});

describe('Deleting', () => {
  test('by age and number lets go what is both too old and too many', () => {
    const db = openHistory(place());
    const days = ['2026-01-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z', '2026-02-01', '2026-02-01T00:00Z'];
    const ids = days.map((day, i) => saveAudit(db, auditOf(`${i}`, 'c', day)));
    const gone = (rule: Parameters<typeof outlived>[1]) =>
      outlived(db, rule)
        .map((id) => ids.indexOf(id))
        .sort();
    expect(gone({})).toEqual([]);
    expect(gone({ keep: 1 })).toEqual([0, 2, 3]);
    expect(gone({ keep: 0 })).toEqual([0, 1, 2, 3]);
    expect(gone({ before: '2026-02-01T00:00:00.000Z' })).toEqual([0]);
    expect(gone({ before: '2026-02-15T00:00:00.000Z' })).toEqual([0, 2, 3]);
    expect(gone({ before: '2030-01-01T00:00:00.000Z', keep: 3 })).toEqual([0]);
    db.close();
  });

  test('is of all or of none', () => {
    const db = openHistory(place());
    const id = saveAudit(db, auditOf('one'));
    expect(() => deleteAudits(db, [id, 77])).toThrow(/77/);
    expect(listAudits(db)).toHaveLength(1);
    deleteAudits(db, [id, id]);
    expect(listAudits(db)).toHaveLength(0);
    db.close();
  });

  test('leaves a small file without a trace, also of what an earlier version had deleted', async () => {
    const file = place();
    // As versions before left it: deleted, but still to be read in the file.
    const db = openHistory(file);
    db.pragma('secure_delete = OFF');
    db.pragma('synchronous = OFF');
    const plain = (n: number) => {
      const text = `planted-secret-${n} ${noise(n)}`;
      return {
        ...auditOf(text, `planted-cluster-${n}`),
        snapshot: { ...auditOf(text).snapshot, bytes: Buffer.from(text) },
      };
    };
    const ids = Array.from({ length: 400 }, (_, n) => saveAudit(db, plain(n)));
    deleteAudits(db, ids.slice(0, 100));
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.close();
    const before = statSync(file).size;
    expect(readFileSync(file).includes('planted-secret-7 ')).toBe(true);

    const history = client(file);
    expect(await history.delete(ids.slice(100, -2))).toEqual({
      deleted: 298,
      left: 2,
      traces: null,
      copies: [],
    });
    const all = (): string =>
      readdirSync(dirname(file))
        .map((name) => readFileSync(join(dirname(file), name), 'latin1'))
        .join('\n');
    const found = [...all().matchAll(/planted-(?:secret|cluster)-\d{1,3}/g)].map(([text]) => text);
    expect([...new Set(found)].sort()).toEqual(
      ['planted-cluster-398', 'planted-cluster-399', 'planted-secret-398', 'planted-secret-399'].sort(),
    );
    expect(statSync(file).size).toBeLessThan(before / 20);
    await history.close();
    expect(all()).not.toContain('planted-secret-397');
  });

  test('says so where another process keeps it from clearing the log', () => {
    const file = filled(place(), 3);
    const db = openHistory(file);
    const reader = new Database(file);
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM audits').get();
    db.pragma('busy_timeout = 50');
    deleteAudits(db, [1]);
    expect(leaveNoTraces(db)).toBe(false);
    reader.exec('COMMIT');
    reader.close();
    expect(leaveNoTraces(db)).toBe(true);
    expect(statSync(`${file}-wal`).size).toBe(0);
    db.close();
  });
});

describe('A backup', () => {
  test('is one whole file for its owner alone, made while others write', async () => {
    const file = filled(place(), 5);
    const db = openHistory(file);
    saveAudit(db, auditOf('in the log alone', 'late'));
    const target = join(dirname(file), 'copy.sqlite');
    writeFileSync(target, 'an older backup');
    chmodSync(target, 0o644);
    const history = client(file);
    await history.backup(target);
    expect(statSync(target).mode & 0o777).toBe(0o600);
    const copy = openHistory(target);
    expect(listAudits(copy).map(({ cluster }) => cluster)).toContain('late');
    expect(gunzipSync(readAudit(copy, 6).snapshot).toString()).toBe('in the log alone');
    copy.close();
    const bytes = await history.backupBytes();
    writeFileSync(target, bytes);
    expect(opened(target).clusters).toHaveLength(6);
    db.close();
    await history.close();
    expect(readdirSync(dirname(file)).sort()).toEqual(['copy.sqlite', 'history.sqlite']);
  });

  test('that cannot be written leaves what was there', async () => {
    const file = filled(place(), 1);
    const history = client(file);
    await expect(history.backup(join(dirname(file), 'none', 'x'))).rejects.toMatchObject({ kind: 'export' });
    await expect(history.backup(file)).rejects.toMatchObject({ kind: 'export', place: file });
    mkdirSync(join(dirname(file), 'folder'));
    await expect(history.backup(join(dirname(file), 'folder'))).rejects.toMatchObject({ kind: 'export' });
    expect(await history.list()).toHaveLength(1);
    await history.close();
    expect(readdirSync(dirname(file)).sort()).toEqual(['folder', 'history.sqlite']);
  });

  test('is made before the schema changes, and the newest three stay', () => {
    const file = filled(place(), 1);
    const steps = [...MIGRATIONS];
    for (let n = 1; n <= 5; n++) {
      steps.push(`CREATE TABLE later_${n} (a TEXT) STRICT`);
      openHistory(file, { migrations: steps }).close();
    }
    const copies = backupsOf(file);
    const versions = copies.map((path) => /\.schema-(\d+)-/.exec(path)![1]);
    expect(versions).toEqual(['3', '4', '5']);
    const copy = openHistory(copies[0]!, { migrations: steps.slice(0, 3) });
    expect(listAudits(copy)).toHaveLength(1);
    copy.close();
    expect(statSync(copies[0]!).mode & 0o777).toBe(0o600);
    expect(existsSync(`${file}.lock`)).toBe(false);
  });
});

// `backupTo` is what both doors use; a target that is the history by another name is the same file.
test('A backup does not take the place of the history by another path', async () => {
  const file = filled(place(), 1);
  const db = openHistory(file);
  await expect(backupTo(db, file, join(dirname(file), '.', 'x', '..', 'history.sqlite'))).rejects.toThrow(
    /history itself/,
  );
  truncateSync(file, statSync(file).size);
  expect(listAudits(db)).toHaveLength(1);
  db.close();
});

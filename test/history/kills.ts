/**
 * Kills a process at random moments while it saves, prunes, migrates, copies and reports, and checks after each kill that
 * nothing which was acknowledged is lost, and that nothing which was deleted can be read. `npm test` kills some dozens
 * of times, `npm run nightly` a thousand.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { listAudits, readAudit } from '../../electron/history/audits.ts';
import type { AuditToKeep } from '../../electron/history/audits.ts';
import { openHistory, schemaVersion } from '../../electron/history/database.ts';
import { MIGRATIONS } from '../../electron/history/migrations.ts';
import { backupsOf, MAX_BACKUPS } from '../../electron/history/upkeep.ts';
import { sweepParts } from '../../electron/wholeFile.ts';
import { overviewOf } from './overview.ts';

const PARTS = 40;
/** A kill comes after so many lines of what the process says, or fewer, and then so many ms later, or sooner. */
const LATEST_LINE = 14;
const LATEST_MS = 25;
/** A process that says nothing for so long is killed too. */
const SILENT_MS = 20_000;

/** Numbers from 0 to below 1, the same for the same seed (the generator “mulberry32”). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An audit whose snapshot can be found again in any file that holds it: its bytes are not compressed. */
export function plantedAudit(planted: string): AuditToKeep {
  const text = `planted<${planted}>`.repeat(1500);
  return {
    overview: overviewOf(`planted<${planted}>`, '2026-03-01T12:00:00.000Z'),
    source: 'context',
    assume: {},
    snapshot: {
      bytes: Buffer.from(text),
      digest: createHash('sha256').update(text).digest('hex'),
      size: text.length,
    },
  };
}

/** A report in pieces, as the worker gives them. */
export function* reportPieces(planted: string): Iterable<string> {
  for (let part = 0; part < PARTS; part++) yield `${part} of report ${planted}\n`.repeat(500);
}

/** A schema of later versions: each step makes a table and touches every row. */
export function steps(version: number): string[] {
  const later = Array.from(
    { length: Math.max(0, version - MIGRATIONS.length) },
    (_, n) => `CREATE TABLE later_${n} (a TEXT) STRICT; UPDATE audits SET source = source || '';`,
  );
  return [...MIGRATIONS, ...later].slice(0, version);
}

/** What was acknowledged. */
interface Model {
  /** Numbers of kept audits, with what was planted in each. */
  kept: Map<number, string>;
  deleted: string[];
  version: number;
  backup: Set<number> | null;
  report: string | null;
}

/** What was begun and not acknowledged when the kill came. */
interface Doubt {
  saving?: string;
  pruning?: number[];
  migrating?: number;
  copying?: true;
  reporting?: string;
}

export interface Killed {
  kills: number;
  /** Acknowledged, by kind. */
  acknowledged: Record<'saved' | 'pruned' | 'migrated' | 'copied' | 'reported', number>;
  /** In the middle of what the kills came. */
  during: Record<string, number>;
}

/**
 * Kills, and checks after each.
 * @param folder an empty one
 * @param kills how often
 * @param seed of the moments and of what the process does
 * @throws Error that says what was lost, after which kill of which seed
 */
export async function killManyTimes(folder: string, kills: number, seed: number): Promise<Killed> {
  const file = join(folder, 'history.sqlite');
  const backup = join(folder, 'backup.sqlite');
  const report = join(folder, 'report.csv');
  const model: Model = { kept: new Map(), deleted: [], version: 0, backup: null, report: null };
  const result: Killed = {
    kills: 0,
    acknowledged: { saved: 0, pruned: 0, migrated: 0, copied: 0, reported: 0 },
    during: {},
  };
  const random = randomOf(seed);
  for (let n = 0; n < kills; n++) {
    const lines = await killed([file, backup, report, String(seed * 1000 + n)], {
      line: 1 + Math.floor(random() * LATEST_LINE),
      ms: random() * LATEST_MS,
    });
    const doubt = heard(lines, model, result);
    const [during = 'nothing'] = Object.keys(doubt);
    result.during[during] = (result.during[during] ?? 0) + 1;
    result.kills += 1;
    try {
      check({ file, backup, report }, model, doubt);
      await sweepParts(folder);
      const left = readdirSync(folder).filter((name) => name.endsWith('.part') || /\.open-/.test(name));
      if (left.length > 0) throw new Error(`left over: ${left.join(', ')}`);
    } catch (thrown) {
      const { message } = thrown as Error;
      throw new Error(`kill ${n + 1} of seed ${seed}, while ${JSON.stringify(doubt)}: ${message}`, {
        cause: thrown,
      });
    }
  }
  return result;
}

/**
 * Starts the process, kills it, and gives what it said. Counted in lines first: on a busy machine as much is done before
 * the kill as on a quiet one.
 */
async function killed(args: string[], after: { line: number; ms: number }): Promise<string[]> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./victim.ts', import.meta.url)), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  const said = new Promise<void>((resolve) => {
    child.stdout.on('data', (text: Buffer) => {
      out += text.toString();
      if (out.split('\n').length > after.line) resolve();
    });
  });
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  const ended = once(child, 'close');
  await Promise.race([said, ended, pause(SILENT_MS, undefined, { ref: false })]);
  await Promise.race([pause(after.ms), ended]);
  child.kill('SIGKILL');
  await ended;
  if (child.signalCode !== 'SIGKILL') throw new Error(`the process ended by itself: ${err}`);
  // A line without its end was not said.
  return out
    .slice(0, out.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '');
}

/** Takes what was acknowledged into the model; gives what was not. */
function heard(lines: string[], model: Model, { acknowledged }: Killed): Doubt {
  let doubt: Doubt = {};
  for (const line of lines) {
    const [word, ...rest] = line.split(' ') as [string, ...string[]];
    const before = doubt;
    doubt = {};
    if (word in acknowledged) acknowledged[word as keyof typeof acknowledged] += 1;
    switch (word) {
      case 'saving':
        doubt = { saving: rest[0]! };
        break;
      case 'saved':
        model.kept.set(Number(rest[1]), rest[0]!);
        break;
      case 'pruning':
        doubt = { pruning: rest.map(Number) };
        break;
      case 'pruned':
        for (const id of before.pruning!) {
          model.deleted.push(model.kept.get(id)!);
          model.kept.delete(id);
        }
        break;
      case 'migrating':
        doubt = { migrating: Number(rest[0]) };
        break;
      case 'migrated':
        model.version = Number(rest[0]);
        break;
      case 'copying':
        doubt = { copying: true };
        break;
      case 'copied':
        model.backup = new Set(model.kept.keys());
        break;
      case 'reporting':
        doubt = { reporting: rest[0]! };
        break;
      case 'reported':
        model.report = rest[0]!;
        break;
    }
  }
  return doubt;
}

function hold(condition: boolean, words: string): asserts condition {
  if (!condition) throw new Error(words);
}

/** Throws where something acknowledged is lost; what was in doubt and is there joins the model. */
function check(at: { file: string; backup: string; report: string }, model: Model, doubt: Doubt): void {
  if (!existsSync(at.file)) {
    hold(model.kept.size === 0, 'the history is gone');
    return;
  }
  const asides: string[] = [];
  const raw = new Database(at.file, { readonly: true });
  const found = schemaVersion(raw);
  hold(raw.pragma('quick_check', { simple: true }) === 'ok', 'the history is damaged');
  raw.close();
  hold(
    found === model.version || found === (doubt.migrating ?? model.version) || model.version === 0,
    `the schema is of version ${found}, not ${model.version}`,
  );
  model.version = Math.max(found, 1);
  const db = openHistory(at.file, {
    migrations: steps(model.version),
    onSetAside: (path) => asides.push(path),
  });
  try {
    hold(asides.length === 0, 'the history was set aside');
    const there = new Map(listAudits(db).map(({ id, cluster }) => [id, cluster]));
    // A prune that was not acknowledged is done whole or not at all.
    const pruning = doubt.pruning ?? [];
    const gone = pruning.filter((id) => !there.has(id));
    hold(gone.length === 0 || gone.length === pruning.length, 'half of a prune was done');
    for (const id of gone) model.kept.delete(id);
    for (const [id, planted] of model.kept) {
      hold(there.has(id), `audit ${id} was acknowledged and is gone`);
      const { snapshot } = plantedAudit(planted);
      hold(
        Buffer.from(snapshot.bytes).equals(readAudit(db, id).snapshot),
        `audit ${id} is not what was saved`,
      );
      there.delete(id);
    }
    for (const [id, cluster] of there) {
      hold(cluster === `planted<${doubt.saving}>`, `audit ${id} was never saved, or was deleted`);
      model.kept.set(id, doubt.saving!);
    }
    for (const path of [at.file, `${at.file}-wal`, `${at.file}-journal`]) {
      if (!existsSync(path)) continue;
      const bytes = readFileSync(path, 'latin1');
      for (const planted of model.deleted) {
        hold(!bytes.includes(`planted<${planted}>`), `${path} still holds what was deleted (${planted})`);
      }
    }
  } finally {
    db.close();
  }
  hold(backupsOf(at.file).length <= MAX_BACKUPS + 1, 'too many copies of earlier schemas');
  checkBackup(at.backup, model, doubt);
  checkReport(at.report, model, doubt);
}

function checkBackup(path: string, model: Model, doubt: Doubt): void {
  if (!existsSync(path)) {
    hold(model.backup === null, 'the backup is gone');
    return;
  }
  const db = new Database(path, { readonly: true });
  hold(db.pragma('quick_check', { simple: true }) === 'ok', 'the backup is damaged');
  const ids = db.prepare('SELECT id FROM audits').pluck().all() as number[];
  db.close();
  const same = (set: Iterable<number>): boolean => {
    const wanted = new Set(set);
    return wanted.size === ids.length && ids.every((id) => wanted.has(id));
  };
  if (model.backup && same(model.backup)) return;
  hold(doubt.copying === true && same(model.kept.keys()), 'the backup is not the one that was acknowledged');
  model.backup = new Set(model.kept.keys());
}

function checkReport(path: string, model: Model, doubt: Doubt): void {
  if (!existsSync(path)) {
    hold(model.report === null, 'the report is gone');
    return;
  }
  const text = readFileSync(path, 'utf8');
  const isOf = (planted: string | null | undefined): boolean =>
    typeof planted === 'string' && text === [...reportPieces(planted)].join('');
  if (isOf(model.report)) return;
  hold(isOf(doubt.reporting), 'the report is neither the old one nor the new one, whole');
  model.report = doubt.reporting!;
}

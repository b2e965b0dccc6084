/**
 * A process that is killed: saves, prunes, migrates, copies and reports in random order, and says on standard output what
 * it begins and what it has acknowledged. Written at once, so that what was said before the kill is known.
 */
import Database from 'better-sqlite3';
import { existsSync, writeSync } from 'node:fs';
import { deleteAudits, listAudits, saveAudit } from '../../electron/history/audits.ts';
import { openHistory, schemaVersion } from '../../electron/history/database.ts';
import { backupTo, leaveNoTraces, markInUse } from '../../electron/history/upkeep.ts';
import { writeWhole } from '../../electron/wholeFile.ts';
import { plantedAudit, randomOf, reportPieces, steps } from './kills.ts';

const [file = '', backup = '', report = '', seed = '0'] = process.argv.slice(2);
const tell = (...words: (string | number)[]): void => void writeSync(1, `${words.join(' ')}\n`);

const random = randomOf(Number(seed));

function version(): number {
  if (!existsSync(file)) return 1;
  const db = new Database(file, { readonly: true });
  const found = schemaVersion(db);
  db.close();
  return Math.max(found, 1);
}

tell('ready');
markInUse(file);
let db = openHistory(file, { migrations: steps(version()) });
for (let n = 0; ; n++) {
  const ids = listAudits(db).map(({ id }) => id);
  const choice = ids.length > 25 ? 9 : Math.floor(random() * 12);
  if (choice < 5) {
    const planted = `${seed}.${n}`;
    tell('saving', planted);
    tell('saved', planted, saveAudit(db, plantedAudit(planted)));
  } else if (choice < 6) {
    const next = schemaVersion(db) + 1;
    tell('migrating', next);
    db.close();
    db = openHistory(file, { migrations: steps(next) });
    tell('migrated', next);
  } else if (choice < 8) {
    tell('copying');
    await backupTo(db, file, backup);
    tell('copied');
  } else if (choice < 10 && ids.length > 4) {
    const gone = ids.filter(() => random() < 0.4);
    if (gone.length === 0) continue;
    tell('pruning', ...gone);
    deleteAudits(db, gone);
    if (!leaveNoTraces(db)) throw new Error('traces');
    tell('pruned', ...gone);
  } else {
    tell('reporting', `${seed}.${n}`);
    await writeWhole(report, reportPieces(`${seed}.${n}`));
    tell('reported', `${seed}.${n}`);
  }
}

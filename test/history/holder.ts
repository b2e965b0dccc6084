/** A second process for the history's tests: keeps one audit, and holds the history open until it is killed. */
import { saveAudit } from '../../electron/history/audits.ts';
import { openHistory } from '../../electron/history/database.ts';
import { markInUse } from '../../electron/history/upkeep.ts';
import { overviewOf } from './overview.ts';

const [file = ''] = process.argv.slice(2);
markInUse(file);
const db = openHistory(file);
saveAudit(db, {
  overview: overviewOf('held', '2026-01-01T00:00:00.000Z'),
  source: 'context',
  assume: {},
  snapshot: { bytes: Buffer.from('held'), digest: 'held', size: 4 },
});
process.send?.('open');
setInterval(() => undefined, 1000);

/** A second process for the history's test: writes some audits and ends. */
import { openHistory } from '../../electron/history/database.ts';
import { saveAudit } from '../../electron/history/audits.ts';
import { overviewOf } from './overview.ts';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

const [file = '', name = '', times = '0'] = process.argv.slice(2);
const db = openHistory(file);
for (let i = 0; i < Number(times); i++) {
  const text = `${name} ${i}`;
  saveAudit(db, {
    overview: overviewOf(`cluster ${name}`, '2026-01-01T00:00:00.000Z'),
    source: 'context',
    assume: {},
    snapshot: {
      bytes: gzipSync(text),
      digest: createHash('sha256').update(text).digest('hex'),
      size: text.length,
    },
  });
}
db.close();

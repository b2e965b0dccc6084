/** `bulkhead history`: the audits that were kept. */
import type { HistoryItem, Lang } from '../../shared/ipc.ts';
import { plain, table } from '../../shared/report/columns.ts';
import { figure } from '../../shared/report/tables.ts';
import { words } from '../../shared/report/words.ts';
import { HistoryClient } from '../history/client.ts';
import { historyFile } from '../history/file.ts';
import { VERSION } from '../version.ts';
import { AuditClient } from '../worker/client.ts';
import { BackendError } from '../worker/errors.ts';
import { say, textWidth, wantsColour, writeResult } from './output.ts';
import { exitOf } from './session.ts';

export interface HistoryFlags {
  history?: string;
  lang: Lang;
}

async function withHistory<T>(flags: HistoryFlags, use: (history: HistoryClient) => Promise<T>): Promise<T> {
  const history = new HistoryClient(historyFile(flags.history, process.env));
  try {
    return await use(history);
  } finally {
    await history.close();
  }
}

/** The kept audits, newest first. */
export async function list(flags: HistoryFlags & { format: 'text' | 'json' }): Promise<number> {
  const items = await withHistory(flags, (history) => history.list());
  const text = flags.format === 'json' ? `${JSON.stringify(items, null, 2)}\n` : listText(items, flags.lang);
  await writeResult(undefined, [text]);
  return 0;
}

function listText(items: HistoryItem[], lang: Lang): string {
  const w = words(lang);
  if (items.length === 0) return `${w.report.historyNone}\n`;
  const lines = table(
    [
      { title: 'ID', align: 'right' },
      { title: w.report.auditedAt },
      { title: w.report.cluster, shrink: true },
      { title: w.report.source },
      { title: w.report.pods, align: 'right' },
      { title: w.isolationShort.both, align: 'right' },
      { title: w.isolationShort.none, align: 'right' },
      { title: w.report.anywhereShort, align: 'right' },
      { title: w.report.findings, align: 'right' },
      { title: w.report.coverage },
    ],
    items.map((item) => [
      String(item.id),
      item.auditedAt,
      plain(item.cluster),
      plain(w.source[item.source as keyof typeof w.source] ?? item.source),
      figure(item.pods),
      figure(item.isolatedBoth),
      figure(item.none),
      figure(item.openEgressAnywhere),
      figure(item.findings),
      item.complete ? w.coverage.badgeComplete : w.coverage.badgeIncomplete,
    ]),
    textWidth(undefined),
  );
  return `${lines.join('\n')}\n`;
}

export interface ShowFlags extends HistoryFlags {
  format: 'text' | 'json' | 'csv' | 'pdf';
  out?: string;
}

/** A kept audit as a report, evaluated again from its snapshot with its own time and assumptions. */
export async function show(idText: string, flags: ShowFlags): Promise<number> {
  const id = Number(idText);
  if (!/^\d+$/.test(idText) || !Number.isSafeInteger(id)) {
    throw new BackendError({ kind: 'bad-request', message: `“${idText}” is no number of an audit.` });
  }
  const kept = await withHistory(flags, (history) => history.open(id));
  const client = new AuditClient();
  try {
    await client.loadSnapshot(kept.snapshot);
    const { auditedAt, version } = kept.overview;
    const { audit, overview } = await client.evaluate({ auditedAt, version: VERSION, assume: kept.assume });
    const { sameResult } = await import('../backend.ts');
    if (!sameResult(kept.overview, overview)) {
      say(`bulkhead: version ${version} judged this audit otherwise than version ${VERSION} does now.`);
    }
    const { format, lang, out } = flags;
    const request = { what: 'report' as const, format, lang, audits: [audit] };
    const looks = { width: textWidth(out), colour: wantsColour(out) };
    await writeResult(out, client.output(format === 'text' ? { ...request, ...looks } : request));
    return await exitOf({ client, overviews: [overview], audits: [audit] });
  } finally {
    await client.close();
  }
}

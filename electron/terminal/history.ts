/** `bulkhead history`: the audits that were kept, to list, report again, delete and copy. */
import type { HistoryCleared, HistoryItem, Lang } from '../../shared/ipc.ts';
import { plain, table } from '../../shared/report/columns.ts';
import { figure } from '../../shared/report/tables.ts';
import { words } from '../../shared/report/words.ts';
import type { Retention } from '../history/audits.ts';
import { HistoryClient } from '../history/client.ts';
import { historyFile } from '../history/file.ts';
import { VERSION } from '../version.ts';
import { AuditClient } from '../worker/client.ts';
import { BackendError } from '../worker/errors.ts';
import { say, textWidth, wantsColour, writeResult } from './output.ts';
import { EXIT, exitOf, saySetAside } from './session.ts';

export interface HistoryFlags {
  history?: string;
  lang: Lang;
}

async function withHistory<T>(flags: HistoryFlags, use: (history: HistoryClient) => Promise<T>): Promise<T> {
  const history = new HistoryClient(historyFile(flags.history, process.env));
  history.onSetAside = saySetAside;
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
  await writeResult(undefined, [text], flags.format);
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

function auditId(text: string): number {
  const id = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(id)) return id;
  throw new BackendError({ kind: 'bad-request', message: `“${text}” is no number of an audit.` });
}

/** `bulkhead history delete ID…` */
export async function remove(ids: readonly string[], flags: HistoryFlags): Promise<number> {
  const numbers = ids.map(auditId);
  return tellCleared(await withHistory(flags, (history) => history.delete(numbers)));
}

export interface PruneFlags extends HistoryFlags {
  olderThan?: string;
  keep?: string;
  dryRun?: boolean;
}

/** `bulkhead history prune` */
export async function prune(flags: PruneFlags): Promise<number> {
  const rule: Retention = {};
  if (flags.olderThan !== undefined)
    rule.before = new Date(Date.now() - ageOf(flags.olderThan)).toISOString();
  if (flags.keep !== undefined) {
    if (!/^\d{1,9}$/.test(flags.keep)) throw bad(`--keep ${flags.keep}: how many of the newest audits stay.`);
    rule.keep = Number(flags.keep);
  }
  if (flags.olderThan === undefined && flags.keep === undefined) {
    throw bad('Say which audits go: --older-than 90d, --keep 100 or both.');
  }
  return withHistory(flags, async (history) => {
    const ids = await history.outlived(rule);
    if (flags.dryRun) {
      say(
        `bulkhead: ${count(ids.length, 'audit')} would be deleted${ids.length > 0 ? `: ${ids.join(', ')}` : ''}.`,
      );
      return 0;
    }
    if (ids.length === 0) {
      say('bulkhead: no audit is to be deleted.');
      return 0;
    }
    return tellCleared(await history.delete(ids));
  });
}

/** `bulkhead history backup FILE` */
export async function backup(target: string, flags: HistoryFlags): Promise<number> {
  await withHistory(flags, async (history) => {
    // The list first: a history that is not there is not what somebody wants a copy of.
    const audits = await history.list();
    if (audits.length === 0) throw bad(`There is no audit in ${history.file}.`);
    await history.backup(target);
    say(`bulkhead: ${count(audits.length, 'audit')} copied to ${target}`);
  });
  return 0;
}

const AGES: Record<string, number> = { h: 1, d: 24, w: 24 * 7, y: 24 * 365 };

/** `90d` in milliseconds: hours, days, weeks or years of 365 days. */
export function ageOf(text: string): number {
  const match = /^(\d{1,5})([hdwy])$/.exec(text);
  if (!match) throw bad(`--older-than ${text}: a number with h, d, w or y, for example 90d.`);
  return Number(match[1]) * (AGES[match[2] as string] as number) * 60 * 60 * 1000;
}

function bad(message: string): BackendError {
  return new BackendError({ kind: 'bad-request', message });
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

/** What was deleted, and where something of it may still lie: then a script is not told "fine". */
function tellCleared({ deleted, left, traces, copies }: HistoryCleared): number {
  say(`bulkhead: ${count(deleted, 'audit')} deleted, ${left} left.`);
  if (copies.length > 0) {
    say('bulkhead: these copies beside the history may still hold what was deleted:');
    for (const copy of copies) say(`  ${copy}`);
  }
  if (traces === null) return EXIT.fine;
  say(`bulkhead: the file could not be made smaller, and may still hold traces: ${traces}`);
  say('  Close what has the history open, and delete or prune once more.');
  return EXIT.incomplete;
}

/** A kept audit as a report, evaluated again from its snapshot with its own time and assumptions. */
export async function show(idText: string, flags: ShowFlags): Promise<number> {
  const id = auditId(idText);
  const kept = await withHistory(flags, (history) => history.open(id));
  const client = new AuditClient();
  try {
    await client.loadSnapshot(kept.snapshot);
    const { auditedAt } = kept.overview;
    const { version } = kept.item;
    const { audit, overview } = await client.evaluate({ auditedAt, version: VERSION, assume: kept.assume });
    const { sameResult } = await import('../backend.ts');
    if (!sameResult(kept.overview, overview)) {
      say(
        version === VERSION
          ? 'bulkhead: the result that was kept of this audit is not what its snapshot gives: one of them was changed, or another build of this version made it.'
          : `bulkhead: version ${version} judged this audit otherwise than version ${VERSION} does now.`,
      );
    }
    const { format, lang, out } = flags;
    const request = { what: 'report' as const, format, lang, audits: [audit] };
    const looks = { width: textWidth(out), colour: wantsColour(out) };
    const pieces = client.output(format === 'text' ? { ...request, ...looks } : request);
    await writeResult(out, pieces, format === 'pdf' ? 'binary' : format);
    return await exitOf({ client, overviews: [overview], audits: [audit] });
  } finally {
    await client.close();
  }
}

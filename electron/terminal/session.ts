/** Audits for the terminal: sources read into one worker, one after the other, and what their results mean to a script. */
import type { Finding, Overview, Severity } from '../../shared/audit/result.ts';
import type { Source } from '../../shared/ipc.ts';
import { plain } from '../../shared/report/columns.ts';
import { GAP_CHECKS, isGap } from '../../shared/audit/gaps.ts';
import { leftOutLines } from '../../shared/report/leftOut.ts';
import { KubeSources } from '../source.ts';
import { VERSION } from '../version.ts';
import { AuditClient } from '../worker/client.ts';
import { toIpcError } from '../worker/errors.ts';
import { terminalLogins } from './logins.ts';
import { assumptionsOf, atLeast, renderOf, timeOf } from './options.ts';
import type { AuditFlags } from './options.ts';
import { ProgressLine, say } from './output.ts';

/** Exit codes: fine; a finding as bad as --fail-on; bad input or nothing readable; something was left out or not kept. */
export const EXIT = { fine: 0, threshold: 1, bad: 2, incomplete: 3 } as const;

/** The exit code of a program that Ctrl+C ended, as shells give it. */
export const INTERRUPTED = 130;

/** A worker with an audit of each source, in order; `audits` are the numbers that the worker's questions take. */
export interface Opened {
  client: AuditClient;
  overviews: Overview[];
  audits: number[];
  /** An audit that was to be kept in the history could not be. */
  unkept?: boolean;
}

/**
 * Reads and evaluates sources, calls `use`, and ends the worker whatever happens.
 * @param keep saves each audit in the history
 */
export async function withAudits<T>(
  sources: readonly Source[],
  flags: AuditFlags,
  keep: boolean,
  use: (opened: Opened) => Promise<T>,
): Promise<T> {
  const assume = assumptionsOf(flags.assume);
  const render = renderOf(flags);
  const time = flags.time === undefined ? null : timeOf(flags.time);
  const now = () => time ?? new Date().toISOString();
  const line = new ProgressLine();
  const logins = terminalLogins(flags, () => line.clear());
  const kube = new KubeSources(
    {
      insecureTokens: flags.insecureToken ?? [],
      ...(flags.kubeconfig === undefined ? {} : { files: flags.kubeconfig }),
    },
    logins.permit,
  );
  const abort = new AbortController();
  const client = new AuditClient({ progress: (note) => line.update({ ...note, detail: '' }) });
  const interrupt = () => {
    line.clear();
    process.exitCode = INTERRUPTED;
    abort.abort();
    // What waits for the worker fails now and cleans up after itself; what waits for anything else is not waited for.
    void client.close();
    setTimeout(() => process.exit(INTERRUPTED), 1500).unref();
  };
  process.once('SIGINT', interrupt);
  try {
    const overviews: Overview[] = [];
    const audits: number[] = [];
    let unkept = false;
    for (const source of sources) {
      await kube.read(client, source, {
        signal: abort.signal,
        progress: (step) => line.update(step),
        takenAt: now(),
        ...(render === null ? {} : { render }),
      });
      const { audit, overview } = await client.evaluate({ auditedAt: now(), version: VERSION, assume });
      line.clear();
      if (keep && flags.history !== false) {
        unkept = !(await save(client, audit, overview, source, flags, assume)) || unkept;
      }
      overviews.push(overview);
      audits.push(audit);
    }
    return await use({ client, overviews, audits, unkept });
  } finally {
    line.clear();
    process.removeListener('SIGINT', interrupt);
    await client.close();
  }
}

/** A line for the user about a damaged history. */
export function saySetAside(path: string): void {
  say(`bulkhead: the history was damaged. It was set aside as ${path}, and a new one was begun.`);
}

/** An audit that could not be kept is still printed: the user is told, and so is a script by its exit code. */
async function save(
  client: AuditClient,
  audit: number,
  overview: Overview,
  source: Source,
  flags: AuditFlags,
  assume: ReturnType<typeof assumptionsOf>,
): Promise<boolean> {
  const [{ HistoryClient }, { historyFile }] = await Promise.all([
    import('../history/client.ts'),
    import('../history/file.ts'),
  ]);
  const history = new HistoryClient(historyFile(flags.history || undefined, process.env));
  history.onSetAside = saySetAside;
  try {
    const snapshot = await client.snapshot({ audit, gzip: true });
    await history.save({ overview, source: source.kind, assume, snapshot });
    return true;
  } catch (thrown) {
    const { message, place } = toIpcError(thrown);
    say(`bulkhead: the audit could not be kept in the history${place ? ` (${place})` : ''}: ${message}`);
    return false;
  } finally {
    await history.close().catch(() => undefined);
  }
}

/** So many things that were left out are named on standard error. */
const NAMED = 5;

/**
 * Whether something was left out of an audit: a list that could not be read, a document that could not be parsed, a
 * policy that the API would refuse, a kind that is not evaluated. Each audit of which something was says so on standard
 * error, with the first few things. A script is never told "fine" then.
 */
export async function tellIncomplete({ client, overviews, audits }: Opened): Promise<boolean> {
  let incomplete = false;
  for (const [i, overview] of overviews.entries()) {
    if (overview.coverage.complete) continue;
    const gaps: Finding[] = [];
    for (const check of GAP_CHECKS) {
      const limit = 500;
      for (let offset = 0; ; offset += limit) {
        const { rows, total } = await client.findings({ check, offset, limit }, audits[i]);
        gaps.push(...rows.filter(isGap));
        if (offset + limit >= total) break;
      }
    }
    incomplete = true;
    const name = overviews.length > 1 ? ` (${plain(overview.cluster.name)})` : '';
    const lines = leftOutLines(overview, gaps, 'en');
    say(`bulkhead: incomplete${name}: not everything was read or evaluated.`);
    for (const line of lines.slice(0, NAMED)) say(`  ${plain(line)}`);
    if (lines.length > NAMED)
      say(
        `  and ${lines.length - NAMED} more: "bulkhead audit" names all of them under Coverage and Findings.`,
      );
  }
  return incomplete;
}

/** True where nothing that was read is anything to audit: a wrong path, or nothing but broken documents. */
async function isEmpty({ client, audits }: Opened): Promise<boolean> {
  for (const audit of audits) {
    const { total } = await client.findings({ check: 'input.no-objects', offset: 0, limit: 1 }, audit);
    if (total > 0) return true;
  }
  return false;
}

/**
 * The exit code of results: nothing to audit comes first, then a finding at the threshold, then what was left out
 * or could not be kept in the history.
 * @param threshold of --fail-on
 */
export async function exitOf(opened: Opened, threshold?: Severity): Promise<number> {
  if (await isEmpty(opened)) {
    say('bulkhead: nothing that was read is a namespace, a pod, a workload or a policy.');
    await tellIncomplete(opened);
    return EXIT.bad;
  }
  // Said in any case: a threshold that was reached is not all that a script has to know.
  const incomplete = await tellIncomplete(opened);
  if (threshold !== undefined) {
    const reached = opened.overviews.some((o) =>
      atLeast(threshold).some((severity) => o.summary.findings[severity] > 0),
    );
    if (reached) return EXIT.threshold;
  }
  return opened.unkept === true || incomplete ? EXIT.incomplete : EXIT.fine;
}

/** An error as the user reads it: what, where, and what may help. */
export function errorText(thrown: unknown): string {
  const error = toIpcError(thrown);
  const lines = [`bulkhead: ${error.place ? `${error.place}: ` : ''}${error.message}`];
  if (error.hint) lines.push(`  ${error.hint}`);
  if (error.kind === 'internal' && thrown instanceof Error && process.env['BULKHEAD_DEBUG']) {
    lines.push(thrown.stack ?? '');
  }
  return lines.join('\n');
}

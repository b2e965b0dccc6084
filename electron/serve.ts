/** `bulkhead serve`: the whole app behind a local address, until it is interrupted. */
import { createInterface } from 'node:readline/promises';
import type { AuditOptions, Source } from '../shared/ipc.ts';
import { createBackend } from './backend.ts';
import { HistoryClient } from './history/client.ts';
import { historyFile } from './history/file.ts';
import { windowSources } from './reader/client.ts';
import type { RenderFolder } from './render/plan.ts';
import { renderQuestion } from './render/question.ts';
import { startSource } from './start.ts';
import { VERSION } from './version.ts';
import { openBrowser, serve } from './web.ts';

export interface ServeCommand {
  /** Null: the user chooses in the page. */
  source: Source | null;
  /** Kubeconfig files in place of the usual ones; none for the usual ones. */
  kubeconfig: string[];
  /** Value of `--history`. */
  history: string | undefined;
  assume: AuditOptions['assume'];
  /** 0 takes a free one. */
  port: number;
  /** Opens the user's browser. */
  open: boolean;
  /** Where lines for the user go (standard error). */
  say: (line: string) => void;
}

/** Asks in the terminal that `serve` runs in: what is answered there no page can answer. */
async function askInTerminal(folders: RenderFolder[], signal: AbortSignal): Promise<boolean> {
  const { message, detail } = renderQuestion(folders, 'en');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl+C at the question ends `serve` as it does elsewhere.
  lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const answer = await lines.question(`\n${printable(detail)}\n${message} [y/N] `, { signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch {
    return false;
  } finally {
    lines.close();
  }
}

/** Names of files and addresses may hold what a terminal would obey. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '?');
}

/**
 * Serves until SIGINT or SIGTERM; a second signal ends at once.
 * @param command the command line's options
 * @throws BackendError where the port is taken or the page is not built
 */
export async function runServe(command: ServeCommand): Promise<void> {
  const history = historyFile(command.history, process.env);
  const sources = windowSources(command.kubeconfig, history);
  const { start, notice } = startSource(command.source, await sources.list());
  const served = await serve({
    ...(process.stdin.isTTY && process.stderr.isTTY ? { ask: askInTerminal } : {}),
    port: command.port,
    backend: (host) =>
      createBackend({
        version: VERSION,
        platform: process.platform,
        start,
        notice,
        sources,
        history: new HistoryClient(history),
        now: () => new Date().toISOString(),
        assume: command.assume,
        host,
      }),
  });
  command.say(`Bulkhead is at ${served.url}`);
  command.say('The address works once, on this machine only. Ctrl+C ends it.');
  if (command.open) openBrowser(served.url);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await served.close();
}

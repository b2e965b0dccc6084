/** `bulkhead serve`: the whole app behind a local address, until it is interrupted. */
import type { AuditOptions, Source } from '../shared/ipc.ts';
import { createBackend } from './backend.ts';
import { HistoryClient } from './history/client.ts';
import { historyFile } from './history/file.ts';
import { windowSources } from './reader/client.ts';
import { startSource } from './start.ts';
import { openConversation } from './terminal/conversation.ts';
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

/**
 * Serves until SIGINT or SIGTERM; a second signal ends at once.
 * @param command the command line's options
 * @throws BackendError where the port is taken or the page is not built
 */
export async function runServe(command: ServeCommand): Promise<void> {
  const history = historyFile(command.history, process.env);
  const sources = windowSources(command.kubeconfig, history);
  const { start, notice } = startSource(command.source, await sources.list());
  const conversation = openConversation();
  const served = await serve({
    ...(conversation?.asks ? { ask: (question, signal) => conversation.ask(question, signal) } : {}),
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
  }).catch((thrown: unknown) => {
    conversation?.close();
    throw thrown;
  });
  command.say(`Bulkhead is at ${served.url}`);
  command.say('The address works once, on this machine only. Ctrl+C ends it.');
  if (command.open) openBrowser(served.url);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  conversation?.close();
  await served.close();
}

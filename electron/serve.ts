/** `bulkhead serve`: the whole app behind a local address, until it is interrupted. */
import envPaths from 'env-paths';
import type { AuditOptions, Source } from '../shared/ipc.ts';
import { createBackend } from './backend.ts';
import { HistoryClient } from './history/client.ts';
import { historyFile } from './history/file.ts';
import { windowSources } from './reader/client.ts';
import { startSource } from './start.ts';
import { openConversation } from './terminal/conversation.ts';
import { VERSION } from './version.ts';
import { serve } from './web.ts';
import type { Served } from './web.ts';
import { openBrowser, sandboxedBrowser, sweepOpenFiles, writeOpenFile } from './web/browser.ts';
import { ADDRESS_MS } from './web/sessions.ts';

export interface ServeCommand {
  /** Null: the user chooses in the page. */
  source: Source | null;
  /** Kubeconfig files in place of the usual ones; none for the usual ones. */
  kubeconfig: string[];
  insecureTokens: string[];
  /** `--allow-exec`: for the files of `--kubeconfig`, not for what is added or pasted in the page. */
  allowExec: boolean;
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

/** A browser that did not come to the file by then may not read it. */
const COMING_MS = 5000;

/** Where what only this run needs lies; not with a history that `--history` names. */
const dataFolder = (): string => envPaths('bulkhead', { suffix: '' }).data;

/**
 * Opens the browser by a file that leads to a one-time address; where it does not come, an address is printed instead.
 * @param served the server
 * @param say prints a line
 * @param print prints a new address
 * @returns what takes the file away
 */
async function openByFile(
  served: Served,
  say: (line: string) => void,
  print: () => void,
): Promise<() => void> {
  const browser = await sandboxedBrowser(process.env);
  if (browser !== null) {
    say(`${browser} runs in a sandbox and cannot read the file that would bring it in.`);
    print();
    return () => {};
  }
  const { url, used } = served.address();
  let file;
  try {
    file = writeOpenFile(url, dataFolder());
  } catch (thrown) {
    say(`No file to open the browser with: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    print();
    return () => {};
  }
  void used.then(file.remove);
  say('Bulkhead opens in your browser.');
  const failed = new Promise<string>((resolve) => {
    setTimeout(() => resolve('it did not come'), COMING_MS).unref();
    // Some desktops wait for the browser's end.
    void openBrowser(file.path).then((why) => why !== null && resolve(why));
  });
  void Promise.race([used.then(() => null), failed]).then((why) => {
    if (why === null) return;
    say(`The browser could not be opened (${why}).`);
    print();
  });
  return file.remove;
}

/** What is typed in the terminal. */
function obey(line: string, served: Served, say: (line: string) => void, print: () => void): void {
  const end = /^end (\d{1,9})$/.exec(line);
  if (line === '') print();
  else if (line === 'list') {
    const all = served.sessions();
    if (all.length === 0) say('No browser has come in.');
    for (const { number, browser, began, seen, open } of all) {
      say(
        `  ${number}  ${browser.padEnd(16)} since ${clock(began)}, ${open ? 'open' : `last seen ${clock(seen)}`}`,
      );
    }
  } else if (end) {
    say(served.end(Number(end[1])) ? `Session ${end[1]} has ended.` : `There is no session ${end[1]}.`);
  } else say(HELP);
}

const HELP = 'Enter: another address · list: the sessions · end N: ends session N · Ctrl+C: ends Bulkhead';

function clock(time: Date): string {
  return time.toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'medium' });
}

/**
 * Serves until SIGINT or SIGTERM; a second signal ends at once.
 * @param command the command line's options
 * @throws BackendError where the port is taken or the page is not built
 */
export async function runServe(command: ServeCommand): Promise<void> {
  const history = historyFile(command.history, process.env);
  const sources = windowSources(command.kubeconfig, history, command);
  const { start, notice } = startSource(command.source, await sources.list());
  sweepOpenFiles(dataFolder());
  const conversation = openConversation();
  const say = (line: string): void => (conversation ? conversation.say(line) : command.say(line));
  const served = await serve({
    ...(conversation?.asks ? { ask: (question, signal) => conversation.ask(question, signal) } : {}),
    say,
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
  const print = (): void => say(`Bulkhead is at ${served.address().url}`);
  conversation?.onCommand((line) => obey(line, served, say, print));
  // Without a terminal; and Node would else start its debugger, on a port that every user of the machine can reach.
  if (process.platform !== 'win32') process.on('SIGUSR1', print);
  let removeFile = (): void => {};
  if (command.open) removeFile = await openByFile(served, say, print);
  else print();
  say(`An address works once, within ${ADDRESS_MS / 60_000} minutes, on this machine only.`);
  say(conversation ? HELP : `kill -USR1 ${process.pid} prints another; Ctrl+C ends Bulkhead.`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  removeFile();
  conversation?.close();
  await served.close();
}

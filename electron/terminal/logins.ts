/** `bulkhead logins`: the programs of kubeconfigs that were agreed to; and asking about them in a terminal. */
import type { Lang, RememberedLogin } from '../../shared/ipc.ts';
import { plain } from '../../shared/report/columns.ts';
import { words } from '../../shared/report/words.ts';
import { historyFile } from '../history/file.ts';
import { loginQuestion } from '../loginQuestion.ts';
import { Logins, loginsFile } from '../logins.ts';
import { BackendError } from '../worker/errors.ts';
import { openConversation } from './conversation.ts';
import { say, writeResult } from './output.ts';

/**
 * The agreements of the user, who is asked in this terminal about others.
 * @param flags `history`: beside which file they are kept; `allowExec`: programs of named files are run unasked
 * @param beforeAsking called before each question, to take a progress line away
 */
export function terminalLogins(
  flags: { history?: string | false; allowExec?: boolean },
  beforeAsking: () => void,
): Logins {
  const logins = new Logins({
    file: loginsFile(historyFile(flags.history || undefined, process.env)),
    allowNamed: flags.allowExec === true,
  });
  logins.ask = async (question, signal) => {
    const conversation = process.stdin.isTTY ? openConversation() : null;
    if (!conversation) return null;
    beforeAsking();
    try {
      return conversation.asks ? await conversation.ask(loginQuestion(question, 'en'), signal) : null;
    } finally {
      conversation.close();
    }
  };
  return logins;
}

export interface LoginsFlags {
  history?: string;
}

function keptLogins(flags: LoginsFlags): Logins {
  return new Logins({ file: loginsFile(historyFile(flags.history, process.env)) });
}

/** `bulkhead logins list` */
export async function list(flags: LoginsFlags & { format: 'text' | 'json'; lang: Lang }): Promise<number> {
  const all = await keptLogins(flags).list();
  const text =
    flags.format === 'json'
      ? `${JSON.stringify(all, null, 2)}\n`
      : all.length === 0
        ? `${words(flags.lang).logins.none}\n`
        : `${all.map((one) => lines(one, flags.lang).join('\n')).join('\n\n')}\n`;
  await writeResult(undefined, [text]);
  return 0;
}

function lines(one: RememberedLogin, lang: Lang): string[] {
  const w = words(lang).logins;
  return [
    `${one.id}  ${plain(one.command)}`,
    `    ${w.path}: ${plain(one.path)}`,
    `    ${w.kubeconfig}: ${plain(one.kubeconfig)} (${plain(one.user)})`,
    `    ${w.server}: ${plain(one.server)}`,
    `    ${w.allowedAt}: ${plain(one.allowedAt)}`,
  ];
}

/** `bulkhead logins revoke`; 2 where one of them is not in the list, and then nothing is taken back. */
export async function revoke(ids: readonly string[], flags: LoginsFlags): Promise<number> {
  const logins = keptLogins(flags);
  const known = (await logins.list()).map(({ id }) => id);
  const missing = ids.find((id) => !known.includes(id));
  if (missing !== undefined) {
    throw new BackendError({
      kind: 'not-found',
      message: `“${plain(missing)}” is none of the programs that were agreed to.`,
      hint: '“bulkhead logins list” names them.',
    });
  }
  const count = await logins.revoke(ids);
  if (count < new Set(ids).size) {
    throw new BackendError({ kind: 'internal', message: 'The list of programs could not be written.' });
  }
  say(`${count} taken back: the user is asked again before such a program is run.`);
  return 0;
}

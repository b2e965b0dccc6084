/**
 * What a program that goes on running (`serve`) has to say and to ask in its terminal, and what is typed there. One
 * place for it, so that two questions never wait for one answer. What is answered here no page can answer.
 */
import { fstatSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import { BackendError } from '../worker/errors.ts';
import { visibleLines } from '../../shared/report/visible.ts';

export interface Question {
  /** What it is about, over several lines. */
  detail: string;
  /** The question itself, answered by yes or no. */
  message: string;
}

interface Asked extends Question {
  answer: (yes: boolean) => void;
}

/** More questions than this do not wait: a page must not be able to bury the one that counts. */
const MAX_WAITING = 4;

export class Conversation {
  /** Whether somebody sits there who can be asked; a pipe gives commands alone. */
  readonly asks: boolean;
  readonly #output: NodeJS.WritableStream;
  readonly #lines: Interface;
  readonly #questions: Asked[] = [];
  #command: (line: string) => void = () => {};
  #closed = false;

  /**
   * @param input lines that are typed
   * @param output where questions and lines for the user go
   * @param asks whether questions may be asked here
   */
  constructor(input: NodeJS.ReadableStream, output: NodeJS.WritableStream, asks: boolean) {
    this.asks = asks;
    this.#output = output;
    // The terminal stays as it is: it edits the line itself, and Ctrl+C is the signal that it is elsewhere.
    this.#lines = createInterface({ input, terminal: false });
    this.#lines.on('line', (line) => this.#take(line));
    this.#lines.on('close', () => this.#end());
  }

  /** Prints a line for the user; an open question is shown again below it. */
  say(line: string): void {
    const open = this.#questions[0];
    this.#output.write(`${open ? '\n' : ''}${visibleLines(line)}\n`);
    if (open) this.#prompt(open);
  }

  /**
   * Who hears the lines that are no answers.
   * @param command called with each line, without spaces around it
   */
  onCommand(command: (line: string) => void): void {
    this.#command = command;
  }

  /**
   * Asks, after the questions before it. All but `y` and `yes` is no, and so are the end of the terminal and the signal.
   * @param question in words; what a terminal would obey is shown as `?`
   * @param signal takes the question back
   * @throws BackendError where nobody can be asked, or too many questions wait
   */
  async ask(question: Question, signal?: AbortSignal): Promise<boolean> {
    if (!this.asks || this.#closed) {
      throw new BackendError({ kind: 'bad-request', message: 'There is no terminal to ask in.' });
    }
    if (this.#questions.length >= MAX_WAITING) {
      throw new BackendError({
        kind: 'bad-request',
        message: 'Other questions wait for their answer.',
        hint: 'Answer them in the terminal of `bulkhead serve`.',
      });
    }
    if (signal?.aborted) return false;
    return new Promise((resolve) => {
      const asked: Asked = {
        ...question,
        answer: (yes) => {
          signal?.removeEventListener('abort', back);
          resolve(yes);
        },
      };
      const back = (): void => {
        const place = this.#questions.indexOf(asked);
        this.#questions.splice(place, 1);
        asked.answer(false);
        if (place > 0) return;
        this.#output.write('\nThe question was taken back.\n');
        this.#next();
      };
      signal?.addEventListener('abort', back);
      this.#questions.push(asked);
      if (this.#questions.length === 1) this.#next();
    });
  }

  /** Reads no more; questions that are open are answered with no. */
  close(): void {
    this.#lines.close();
    this.#end();
  }

  #end(): void {
    this.#closed = true;
    for (const asked of this.#questions.splice(0)) asked.answer(false);
  }

  #next(): void {
    const asked = this.#questions[0];
    if (!asked) return;
    this.#output.write(`\n${visibleLines(asked.detail)}\n`);
    this.#prompt(asked);
  }

  #prompt({ message }: Asked): void {
    this.#output.write(`${visibleLines(message)} [y/N] `);
  }

  #take(line: string): void {
    const asked = this.#questions.shift();
    if (!asked) return this.#command(line.trim());
    asked.answer(/^y(es)?$/i.test(line.trim()));
    this.#next();
  }
}

/**
 * The conversation in this process's terminal: standard input and standard error. A pipe as standard input gives
 * commands and no answers.
 * @returns null where nothing can be typed: no standard input, a file, or a process in the background, which its
 *   terminal would stop as soon as it reads
 */
export function openConversation(): Conversation | null {
  const { stdin, stderr } = process;
  if (stdin.isTTY) return inForeground() ? new Conversation(stdin, stderr, stderr.isTTY === true) : null;
  try {
    const kind = fstatSync(0);
    return kind.isFIFO() || kind.isSocket() ? new Conversation(stdin, stderr, false) : null;
  } catch {
    return null;
  }
}

/** Whether this process is in its terminal's foreground group; true where the system does not tell. */
function inForeground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    // After the name, which may hold anything: state, parent, group, session, terminal, the terminal's group.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[2] === fields[5];
  } catch {
    return true;
  }
}

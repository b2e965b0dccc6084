/** Results to standard output or a file; everything else to standard error. */
import { once } from 'node:events';
import { visible, visibleJson, visibleLines } from '../../shared/report/visible.ts';
import { toStderr } from '../worker/stderr.ts';
import { writeWhole } from '../wholeFile.ts';
import type { Pieces } from '../wholeFile.ts';
import { BackendError, toIpcError } from '../worker/errors.ts';
import type { ReadProgress } from '../source.ts';

/** What a result is made of: it decides how what cannot be seen is shown on a terminal. */
export type ResultForm = 'text' | 'json' | 'csv' | 'binary';

/**
 * Writes a result piece by piece. On a terminal nothing of it steers the terminal (`shared/report/visible.ts`); files
 * and pipes get its bytes as they are.
 * @param out a path, or undefined (or '-') for standard output
 * @param form of the result
 */
export async function writeResult(
  out: string | undefined,
  pieces: Pieces,
  form: ResultForm = 'text',
): Promise<void> {
  if (out === undefined || out === '-') {
    const shown =
      process.stdout.isTTY && form !== 'binary' ? forTerminal(pieces, form, wantsColour(out)) : pieces;
    for await (const piece of shown) {
      // A slow reader of a pipe slows the making, too: nothing piles up in memory.
      if (!process.stdout.write(piece)) await once(process.stdout, 'drain');
    }
    return;
  }
  await writeWhole(out, pieces);
}

/**
 * A result as a terminal gets it.
 * @param form `json` stays JSON of the same value
 * @param painted the colours of a text report stay
 */
export async function* forTerminal(
  pieces: Pieces,
  form: Exclude<ResultForm, 'binary'>,
  painted: boolean,
): AsyncGenerator<string> {
  // A piece of bytes may end within a character.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: false });
  let rest = '';
  const shown = (text: string): string =>
    form === 'json' ? visibleJson(text) : visibleLines(text, form === 'text' && painted);
  for await (const piece of pieces) {
    rest += typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true });
    // Whole lines alone: a pair of `\r\n`, or the sequence of a colour, is never cut in two.
    const end = rest.lastIndexOf('\n') + 1;
    if (end === 0) continue;
    yield shown(rest.slice(0, end));
    rest = rest.slice(end);
  }
  rest += decoder.decode();
  if (rest !== '') yield shown(rest);
}

/** A line for the user. */
export function say(line: string): void {
  toStderr(`${line}\n`);
}

const PHASES = {
  connect: 'connecting',
  read: 'reading',
  compile: 'compiling',
  evaluate: 'evaluating',
} as const;

/** How far an audit is, on one line of a terminal; nothing where standard error is none. */
export class ProgressLine {
  #shown = false;
  #last = 0;
  readonly #live = process.stderr.isTTY === true;

  update(step: Omit<ReadProgress, 'phase'> & { phase: keyof typeof PHASES }): void {
    if (!this.#live) return;
    const now = performance.now();
    if (this.#shown && now - this.#last < 80) return;
    this.#last = now;
    this.#shown = true;
    const share = step.total > 0 ? ` ${step.done}/${step.total}` : step.done > 0 ? ` ${step.done}` : '';
    const text = `${PHASES[step.phase]} ${step.detail}${share}`.trimEnd();
    process.stderr.write(`\r\u001B[K${visible(text).slice(0, (process.stderr.columns || 80) - 1)}`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#shown) process.stderr.write('\r\u001B[K');
    this.#shown = false;
  }
}

/** Whether a text for standard output may carry colours (https://no-color.org). */
export function wantsColour(out: string | undefined): boolean {
  const toTerminal = (out === undefined || out === '-') && process.stdout.isTTY === true;
  return toTerminal && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}

/** Cells in a line of text: the terminal's, within what can be read; 100 in a file or a pipe. */
export function textWidth(out: string | undefined): number {
  const columns = out === undefined || out === '-' ? process.stdout.columns : undefined;
  return !columns ? 100 : Math.max(60, Math.min(columns, 200));
}

/** Hundreds of thousands of probes; a longer text is none of ours. */
const MAX_TEXT = 64 * 1024 * 1024;

/** The whole of standard input, or of a file. */
export async function readText(path: string): Promise<string> {
  const { decodeText } = await import('../worker/decode.ts');
  try {
    if (path === '-') {
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of process.stdin) {
        length += (chunk as Buffer).length;
        if (length > MAX_TEXT) throw new Error(`it is longer than ${MAX_TEXT / 1024 / 1024} MB`);
        chunks.push(chunk as Buffer);
      }
      return decodeText(Buffer.concat(chunks));
    }
    const { PIPED_MS, readBounded } = await import('../readBounded.ts');
    return decodeText(await readBounded(path, { maxBytes: MAX_TEXT, timeoutMs: PIPED_MS }));
  } catch (thrown) {
    const { message } = toIpcError(thrown);
    throw new BackendError({ kind: 'input', message, place: path }, { cause: thrown });
  }
}

/** Standard error, as everything that is no result gets there. */
import { visibleLines } from '../../shared/report/visible.ts';

/**
 * Writes lines for the user, or what a library or program said: nothing in them steers a terminal.
 * @param text with its line breaks
 */
export function toStderr(text: string): void {
  process.stderr.write(visibleLines(text));
}

/** Text as it goes into a PDF: composed, visible, and no longer than what the library lays out in a moment. */
import { visible } from '../visible.ts';

/**
 * The longest text without a place to break. The API permits 253 letters in a name and 63 in a namespace, a label's value
 * or a name of a kind; `Kind namespace/name` is one such text. The library's time grows with the square of what is longer.
 */
const LONGEST_WORD = 400;
/** The longest text altogether: most of a page. What is listed in a report is counted, never this long. */
const LONGEST = 4_000;
const TOO_LONG = new RegExp(`([^\\s]{${LONGEST_WORD - 1}})[^\\s]{2,}`, 'gu');

/**
 * A text cut to what is laid out in a moment, with … where something is missing; line breaks stay, what cannot be seen is
 * named. macOS gives file names with Korean taken apart into letters: they are put together (NFC).
 */
export function fitted(text: string): string {
  const whole = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
  const shown = whole.normalize('NFC').split('\n').map(visible).join('\n');
  return shown.length < LONGEST_WORD ? shown : shown.replace(TOO_LONG, '$1…');
}

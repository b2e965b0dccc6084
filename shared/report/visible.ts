/**
 * Text of strangers (names, messages, files, programs) on a screen: what would steer a terminal, turn the direction of
 * a line or not be seen at all is shown as what it is, `<U+202E>`. One function for every door.
 */

/**
 * Control characters (C0, DEL, C1), what formats without being seen (bidirectional marks, joiners, byte order marks,
 * tags), line and paragraph separators, halves of pairs, and what is blank but no space (Hangul fillers, Braille blank).
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/u;
const ALL_UNSEEN = new RegExp(UNSEEN, 'gu');
/** As `ALL_UNSEEN`, but for the line break, which is ours in a text of several lines. */
const ALL_UNSEEN_IN_LINES = new RegExp(`(?!\\n)${UNSEEN.source}`, 'gu');
/** What `plain` text is left after: the colours that `text.ts` paints, and no other (8 would hide what follows). */
const PAINT = /(\u001B\[(?:0|[12]|3[1236])(?:;(?:[12]|3[1236]))*m)/; // eslint-disable-line no-control-regex

const marked = (char: string): string =>
  `<U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}>`;

/** Is there anything in the text that `visible` would show? */
export function hasUnseen(text: string): boolean {
  return UNSEEN.test(text);
}

/**
 * A name or a message as one line in which everything can be seen.
 * @param text from a file, a server or a program
 */
export function visible(text: string): string {
  return text.replace(ALL_UNSEEN, marked);
}

/**
 * As `visible`, for a text of several lines: `\n` stays, and `\r\n` is `\n`.
 * @param painted colours in the form that reports paint them stay: for text whose names went through `visible` already
 */
export function visibleLines(text: string, painted = false): string {
  const lines = text.replaceAll('\r\n', '\n');
  if (!painted) return lines.replace(ALL_UNSEEN_IN_LINES, marked);
  return lines
    .split(PAINT)
    .map((part, i) => (i % 2 === 1 ? part : part.replace(ALL_UNSEEN_IN_LINES, marked)))
    .join('');
}

/**
 * JSON text with everything unseen as `\u` escapes: the same value, and nothing of it steers a terminal. Outside of
 * strings JSON has ASCII alone, so that whatever is unseen stands in one.
 * @param json a JSON text, or a piece of one that ends between characters; its own line breaks and tabs stay
 */
export function visibleJson(json: string): string {
  return json.replace(ALL_UNSEEN_IN_LINES, (char) =>
    // Outside of strings only: inside, JSON has these as escapes.
    char === '\r' || char === '\t'
      ? ' '
      : Array.from({ length: char.length }, (_, i) => escaped(char.charCodeAt(i))).join(''),
  );
}

function escaped(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}

/** Columns of plain text for a terminal: widths in cells, where Korean and other wide characters take two. */

import { visible } from './visible.ts';

/** East Asian wide and full-width characters (Unicode UAX #11, the blocks that names and messages can hold). */
function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf && code !== 0x303f) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  );
}

/** Text on one line in which everything can be seen, so that a name cannot steer a terminal (`visible.ts`). */
export const plain = visible;

/** The number of terminal cells that text takes. */
export function cells(text: string): number {
  let width = 0;
  for (const char of text) width += isWide(char.codePointAt(0)!) ? 2 : 1;
  return width;
}

/** Text filled with spaces to a number of cells. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const fill = ' '.repeat(Math.max(0, width - cells(text)));
  return align === 'left' ? text + fill : fill + text;
}

/** Text cut to a number of cells, with … where something is missing. */
export function cut(text: string, width: number): string {
  if (cells(text) <= width) return text;
  let out = '';
  let used = 0;
  for (const char of text) {
    const w = cells(char);
    if (used + w > width - 1) break;
    out += char;
    used += w;
  }
  return `${out}…`;
}

/** Text broken into lines of at most `width` cells at spaces; a longer word stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && cells(line) + 1 + cells(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines;
}

export interface Column {
  title: string;
  align?: 'left' | 'right';
  /** The column that gives way when the table is wider than the terminal. */
  shrink?: boolean;
}

/** A table as lines: a heading, then rows; the shrinking columns are cut so that a line fits into `width` cells. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const widths = columns.map((column, i) =>
    rows.reduce((most, row) => Math.max(most, cells(row[i] ?? '')), cells(column.title)),
  );
  const gap = 2;
  let over = widths.reduce((sum, w) => sum + w, 0) + gap * (columns.length - 1) - width;
  // The widest shrinking column gives way first, cell by cell, down to a readable rest.
  while (over > 0) {
    let widest = -1;
    for (const [i, column] of columns.entries()) {
      if (column.shrink && widths[i]! > 12 && (widest < 0 || widths[i]! > widths[widest]!)) widest = i;
    }
    if (widest < 0) break;
    widths[widest]! -= 1;
    over -= 1;
  }
  const line = (row: readonly string[]) =>
    columns
      .map((column, i) => pad(cut(row[i] ?? '', widths[i]!), widths[i]!, column.align))
      .join(' '.repeat(gap))
      .trimEnd();
  return [line(columns.map((column) => column.title)), ...rows.map(line)];
}

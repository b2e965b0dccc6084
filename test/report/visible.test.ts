import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { forTerminal } from '../../electron/terminal/output.ts';
import { csvText } from '../../shared/report/csv.ts';
import { visible, visibleJson, visibleLines } from '../../shared/report/visible.ts';

/** What may not reach a terminal, written down anew: by ranges, not by the classes that the product uses. */
const BAD: readonly (readonly [number, number])[] = [
  [0x00, 0x09],
  [0x0b, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xd800, 0xdfff],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xfff9, 0xfffb],
  [0xe0000, 0xe007f],
  [0xe0100, 0xe01ef],
];
const isBad = (code: number): boolean => BAD.some(([from, to]) => from <= code && code <= to);
const badIn = (text: string): string[] =>
  [...text]
    .map((c) => c.codePointAt(0)!)
    .filter(isBad)
    .map((c) => c.toString(16));

/** Text in which what may not pass is common. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\u001B]0;PWN\u0007',
        '\u001BP+q\u001B\\',
        '\u009B2J',
        '\u001B[31m',
        '\r\u001B[K',
        '\r\n',
        '\n',
      ),
      fc.constantFrom(...BAD.flat()).map((code) => String.fromCodePoint(code)),
      fc.string({ unit: 'binary' }),
    ),
  )
  .map((parts) => parts.join(''));

async function onTerminal(
  pieces: (string | Uint8Array)[],
  form: 'text' | 'json' | 'csv',
  painted = false,
): Promise<string> {
  let text = '';
  for await (const piece of forTerminal(pieces, form, painted)) text += piece;
  return text;
}

describe('Text of strangers', () => {
  test('holds nothing that steers a terminal, turns a line or is not seen', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(badIn(visible(text))).toEqual([]);
        expect(visible(text)).not.toContain('\n');
        expect(badIn(visibleLines(text))).toEqual([]);
      }),
    );
  });

  test('names what it held, and is left as it is where all of it can be seen', () => {
    expect(visible('a\u202Eb\u001B[2Jc\u{E0041}')).toBe('a<U+202E>b<U+001B>[2Jc<U+E0041>');
    expect(visible('전자 é ü – “x” שלום')).toBe('전자 é ü – “x” שלום');
    expect(visible('\u001B]0;PWN\u0007\u3164')).toBe('<U+001B>]0;PWN<U+0007><U+3164>');
  });

  test('keeps the colours of a report where they are wanted, and no other sequence', () => {
    expect(visibleLines('\u001B[1;31mx\u001B[0m\u001B[2J', true)).toBe('\u001B[1;31mx\u001B[0m<U+001B>[2J');
    expect(visibleLines('\u001B[31mx')).toBe('<U+001B>[31mx');
    // What follows would be hidden, or blink.
    expect(visibleLines('\u001B[8mx\u001B[1;5my', true)).toBe('<U+001B>[8mx<U+001B>[1;5my');
  });
});

describe('JSON for a terminal', () => {
  test('is the same value, and holds nothing that steers', () => {
    fc.assert(
      fc.property(fc.dictionary(hostile, fc.oneof(hostile, fc.array(hostile))), (value) => {
        for (const json of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
          expect(badIn(visibleJson(json))).toEqual([]);
          expect(JSON.parse(visibleJson(json))).toEqual(JSON.parse(json));
        }
      }),
    );
  });
});

describe('A result on a terminal', () => {
  test('is made harmless wherever its pieces are cut', async () => {
    const text = '\u001B[1mshop\u001B[0m\n가\u009B2J\u001B]0;x\u0007,"=1"\r\nend\u202E';
    const bytes = Buffer.from(text, 'utf8');
    for (let at = 0; at <= bytes.length; at++) {
      const pieces = [bytes.subarray(0, at), bytes.subarray(at)];
      expect(await onTerminal(pieces, 'text', true)).toBe(
        '\u001B[1mshop\u001B[0m\n가<U+009B>2J<U+001B>]0;x<U+0007>,"=1"\nend<U+202E>',
      );
    }
  });

  test('as CSV has neither mark nor returns; a file keeps both', async () => {
    const csv = [...csvText(['name'], [['a\u202Eb']])].map((piece) => Buffer.from(piece, 'utf8'));
    expect(csv[0]!.toString()).toBe('\uFEFFname\r\na\u202Eb\r\n');
    expect(await onTerminal(csv, 'csv')).toBe('name\na<U+202E>b\n');
  });

  test('as JSON is JSON still', async () => {
    const json = JSON.stringify({ name: 'x\u001B\u202E\u{E0041}' });
    const shown = await onTerminal([Buffer.from(json, 'utf8')], 'json');
    expect(badIn(shown)).toEqual([]);
    expect(JSON.parse(shown)).toEqual(JSON.parse(json));
  });
});

describe('CSV cells', () => {
  test('that a spreadsheet would run get an apostrophe in front', () => {
    const cells = ['=1+1', '+1', '-1', '@SUM(1)', '\t=1', '\r=1', '\n=1', '\uFF1D1', ' =1', '\u200B=1'];
    for (const cell of cells) {
      const [, row = ''] = [...csvText(['a'], [[cell]])].join('').split(/\r\n(.*)\r\n$/s);
      expect(row.replace(/^"/, ''), JSON.stringify(cell)).toMatch(/^'/);
    }
    expect([...csvText(['a'], [[-1]])].join('')).toContain('\r\n-1\r\n');
  });
});

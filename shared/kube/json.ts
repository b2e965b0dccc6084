/** What JSON.parse does not tell: where things stand, which keys are given twice, how a number was written. */
import { visit } from 'jsonc-parser';

/** A longer text is not read a second time: programs write such, and they write no key twice. */
const MAX_LENGTH = 1024 * 1024;

/** Zero-based line and column of something in a JSON text. */
export interface JsonSpot {
  line: number;
  column: number;
}

export interface JsonFacts {
  /** Lines of the objects in the list `items` of the outermost object, by index. */
  itemLines: number[];
  /** Keys that an object has a second time. */
  repeated: (JsonSpot & { key: string })[];
  /** Whole numbers that are written with a point or an exponent, with their path. */
  pointed: (JsonSpot & { path: (string | number)[]; text: string })[];
}

/** Reads a text that JSON.parse has taken once more for its facts; null where it is too long or too deep for that. */
export function jsonFacts(text: string): JsonFacts | null {
  if (text.length > MAX_LENGTH) return null;
  const facts: JsonFacts = { itemLines: [], repeated: [], pointed: [] };
  const keys: Set<string>[] = [];
  let lists = 0;
  try {
    visit(text, {
      onObjectBegin: (_offset, _length, line, _column, path) => {
        if (keys.length === 1 && lists === 1) {
          const [key, index] = path();
          if (key === 'items') facts.itemLines[index as number] = line;
        }
        keys.push(new Set());
      },
      onObjectEnd: () => {
        keys.pop();
      },
      onArrayBegin: () => {
        lists++;
      },
      onArrayEnd: () => {
        lists--;
      },
      onObjectProperty: (key, _offset, _length, line, column) => {
        const seen = keys[keys.length - 1];
        if (seen.has(key)) facts.repeated.push({ key, line, column });
        seen.add(key);
      },
      onLiteralValue: (value: unknown, offset, length, line, column, path) => {
        if (typeof value !== 'number' || !Number.isInteger(value)) return;
        const written = text.slice(offset, offset + length);
        if (/[.eE]/.test(written)) facts.pointed.push({ path: path(), text: written, line, column });
      },
    });
  } catch {
    // Nested deeper than the stack.
    return null;
  }
  return facts;
}

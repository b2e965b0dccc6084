/**
 * YAML as kubectl and the API machinery read it (sigs.k8s.io/yaml: Go's YAML 1.1 parser, then JSON), said in the
 * terms of the `yaml` library: a schema of tags, and one look at the nodes for what JSON does not take.
 *
 * Go's parser differs from the specification of 1.1: no base-60 numbers, dates stay text, a zero before the digits
 * is octal only where the digits are, `0o17` is octal too, a number that is too large is text, and a merge key
 * overrides the keys before it. https://github.com/kubernetes-sigs/yaml
 */
import {
  Composer,
  CST,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  Scalar,
  Schema,
  visit,
} from 'yaml';
import type { Document, Node, ParsedNode, ParseOptions, ScalarTag, Tags } from 'yaml';

const PREFIX = 'tag:yaml.org,2002:';
const BOOL = `${PREFIX}bool`;
const INT = `${PREFIX}int`;
const FLOAT = `${PREFIX}float`;
const BINARY = `${PREFIX}binary`;

/** Aliases of one anchor, times the aliases inside it, that a document may use. */
const MAX_ALIAS_COUNT = 10_000;
/** Values that a document with aliases may come to when they are all written out. */
const MAX_EXPANDED_VALUES = 2_000_000;

// Go's parser drops the underscores before it looks at a number that begins with a digit or a sign.
const INTEGER =
  /^(?:[-+]_*)?(?:0_*(?:[oO]_*)?[0-7][0-7_]*|0_*[xX]_*[\da-fA-F][\da-fA-F_]*|0_*[bB]_*[01][01_]*|0_*b_*[-+]_*[01][01_]*|0_*|[1-9][\d_]*)$/;
const DECIMAL = /^(?:[-+]_*\._*\d[\d_]*|(?:[-+]_*)?\d[\d_]*(?:\.[\d_]*)?)(?:[eE]_*[-+]?_*\d[\d_]*)?$/;
const POINT_FIRST = /^\.\d+(?:_\d+)*(?:[eE][-+]?\d+(?:_\d+)*)?$/;
const NOT_FINITE = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

/** The integer of a plain scalar; null where it is none or does not fit into 64 bits. */
function integerOf(text: string): bigint | null {
  if (!INTEGER.test(text)) return null;
  const [, sign, base, inner, digits] = /^([-+]?)(0[bB]|)([-+]?)(.*)$/.exec(
    text.replaceAll('_', ''),
  ) as RegExpExecArray;
  const octal = /^0[0-7]/.test(digits) ? `0o${digits}` : digits.toLowerCase();
  const size = BigInt(base === '' ? octal : `0b${digits}`);
  const value = (sign === '-') !== (inner === '-') ? -size : size;
  return value >= MIN_INT64 && value <= (sign === '' ? MAX_UINT64 : MAX_INT64) ? value : null;
}

/** The number of a plain scalar; the text itself where it is none that Go's parser knows. */
function numberOf(text: string): number | string {
  const integer = integerOf(text);
  if (integer !== null) return Number(integer);
  if (NOT_FINITE.test(text)) {
    if (/nan$/i.test(text)) return NaN;
    return text.startsWith('-') ? -Infinity : Infinity;
  }
  if (!DECIMAL.test(text) && !POINT_FIRST.test(text)) return text;
  const value = Number(text.replaceAll('_', ''));
  // Too large for a double: text, as `1e400` is.
  return Number.isFinite(value) ? value : text;
}

/** A number as the text of a key: Go writes it as a 32-bit float (strconv.FormatFloat with 'g'). */
function floatKey(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  const single = Math.fround(value);
  if (!Number.isFinite(single)) return single < 0 ? '-.inf' : '.inf';
  if (single === 0) return Object.is(single, -0) ? '-0' : '0';
  let digits = 1;
  while (Math.fround(Number(single.toExponential(digits - 1))) !== single) digits++;
  const [mantissa, power] = single.toExponential(digits - 1).split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 6)
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  return exponent < 0
    ? `${single < 0 ? '-' : ''}0.${'0'.repeat(-exponent - 1)}${mantissa.replace(/[-.]/g, '')}`
    : String(Number(single.toExponential(digits - 1)));
}

/** Text of UTF-8 bytes; what is no UTF-8 becomes U+FFFD. */
function textOf(bytes: Uint8Array): string {
  try {
    return decodeURIComponent(Array.from(bytes, (b) => `%${b.toString(16).padStart(2, '0')}`).join(''));
  } catch {
    return Array.from(bytes, (b) => (b < 0x80 ? String.fromCharCode(b) : '\ufffd')).join('');
  }
}

/** What a plain `y` or `n` is: a boolean, as kubectl reads it, or the letter. */
export type Letters = 'boolean' | 'text';

const TRUE_WORD = /^(?:[Yy]es|YES|[Tt]rue|TRUE|[Oo]n|ON)$/;
const TRUE = new RegExp(`^[Yy]$|${TRUE_WORD.source}`);
const FALSE_WORD = /^(?:[Nn]o|NO|[Ff]alse|FALSE|[Oo]ff|OFF)$/;
const FALSE = new RegExp(`^[Nn]$|${FALSE_WORD.source}`);

class NotAMap extends Error {
  constructor() {
    super('map merge requires map or sequence of maps as the value');
  }
}

/** Puts the entries of a merge key's value into the map. They override what stands before the key. */
const addMerge: NonNullable<Scalar['addToJSMap']> = (ctx, map, value) => {
  if (ctx === undefined) return;
  const target = (node: unknown): unknown => (isAlias(node) ? node.resolve(ctx.doc, ctx) : node);
  // Of a sequence the first mapping wins, so it is put in last.
  for (const one of isSeq(value) ? [...value.items].reverse() : [value]) {
    const source = target(one);
    if (!isMap(source)) throw new NotAMap();
    const entries = source.toJSON(null, ctx, Map) as Map<string, unknown>;
    for (const [key, entry] of entries) {
      if (map instanceof Map) map.set(key, entry);
      else
        Object.defineProperty(map, key, {
          value: entry,
          writable: true,
          enumerable: true,
          configurable: true,
        });
    }
  }
};

function kubernetesTags(tags: Tags, letters: Letters): Tags {
  const kept = new Set(['map', 'seq', 'str', 'null'].map((name) => PREFIX + name));
  const binary = tags.find((tag) => typeof tag !== 'string' && tag.tag === BINARY) as ScalarTag;
  return [
    ...tags.filter((tag) => typeof tag !== 'string' && kept.has(tag.tag)),
    { default: true, tag: BOOL, test: letters === 'boolean' ? TRUE : TRUE_WORD, resolve: () => true },
    { default: true, tag: BOOL, test: letters === 'boolean' ? FALSE : FALSE_WORD, resolve: () => false },
    { default: true, tag: INT, test: INTEGER, resolve: numberOf },
    // An explicit !!float takes an integer too; without it the line above has taken that already.
    { default: true, tag: FLOAT, test: INTEGER, resolve: numberOf },
    { default: true, tag: FLOAT, test: DECIMAL, resolve: numberOf },
    { default: true, tag: FLOAT, test: POINT_FIRST, resolve: numberOf },
    { default: true, tag: FLOAT, test: NOT_FINITE, resolve: numberOf },
    {
      default: false,
      tag: BINARY,
      resolve: (text: string, onError: (message: string) => void, options: ParseOptions) => {
        const plain = text.replace(/[\r\n]/g, '');
        if (!/^(?:[\w+/]{4})*(?:[\w+/]{2}==|[\w+/]{3}=)?$/.test(plain) || plain.includes('_')) {
          onError('!!binary value contains invalid base64 data');
          return '';
        }
        return textOf(binary.resolve(plain, onError, options) as Uint8Array);
      },
    },
    {
      default: 'key',
      tag: `${PREFIX}merge`,
      test: /^<<$/,
      resolve: () => Object.assign(new Scalar(MERGE), { addToJSMap: addMerge }),
    },
  ];
}

const MERGE = Symbol('<<');

/** Options of the `yaml` library under which a document means what it means to kubectl. */
function kubernetesYaml(letters: Letters) {
  return {
    version: '1.1',
    // Made once: making one anew for each document would take longer than parsing it.
    schema: new Schema({
      schema: 'yaml-1.1',
      merge: false,
      customTags: (tags: Tags) => kubernetesTags(tags, letters),
      resolveKnownTags: false,
      sortMapEntries: false,
    }),
    // Checked by `inspectDocument` in one pass: the library's own check compares each key with each other.
    uniqueKeys: false,
    strict: true,
    prettyErrors: false,
    logLevel: 'silent',
  } as const;
}

const KUBERNETES_YAML = { boolean: kubernetesYaml('boolean'), text: kubernetesYaml('text') };

/** Something in a document at an offset of its text. */
export interface Spot {
  offset: number;
  text: string;
}

/** What one look at the nodes of a document shows. */
export interface Inspection {
  /** Why kubectl refuses the document; null where it does not. */
  fault: Spot | null;
  hasAlias: boolean;
  /** Keys that a mapping has a second time. */
  repeated: Spot[];
  /** Plain `y` and `n`, which are booleans; as a key, the text `true` or `false`. */
  letters: Spot[];
}

const EXPLICIT: Readonly<Record<string, string>> = { [BOOL]: 'boolean', [INT]: 'number', [FLOAT]: 'number' };

/** The text that a key becomes; null where it can be none. */
function keyText(key: Scalar): string | null {
  const { value } = key;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'number') return null;
  const integer = key.tag === FLOAT || typeof key.source !== 'string' ? null : integerOf(key.source);
  if (integer === null) return floatKey(value);
  return integer > MAX_INT64 ? null : String(integer);
}

/**
 * Looks for what the library takes and kubectl does not, and for what gets lost on the way to plain values. Keys
 * that are no text are made the text that they become in JSON.
 * @param document a document of `readDocuments` without errors
 */
export function inspectDocument(document: Document.Parsed<ParsedNode>): Inspection {
  const found: Inspection = { fault: null, hasAlias: false, repeated: [], letters: [] };
  const offsetOf = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0;
  const refuse = (node: unknown, text: string): typeof visit.BREAK => {
    found.fault ??= { offset: offsetOf(node), text };
    return visit.BREAK;
  };
  visit(document, {
    Alias: () => {
      found.hasAlias = true;
    },
    Scalar: (_position, scalar) => {
      if (scalar.type === 'PLAIN' && /^[yYnN]$/.test(scalar.source ?? '') && scalar.tag === undefined)
        found.letters.push({ offset: offsetOf(scalar), text: scalar.source as string });
      if (_position === 'key') return undefined;
      const { value } = scalar;
      if (typeof value === 'number' && !Number.isFinite(value))
        return refuse(scalar, `${scalar.source} is no value of JSON`);
      if (scalar.tag === undefined) return undefined;
      const expected = EXPLICIT[scalar.tag];
      const wrong =
        scalar.tag === `${PREFIX}null` ? value !== null : expected !== undefined && typeof value !== expected;
      return wrong ? refuse(scalar, `cannot decode "${scalar.source}" as ${scalar.tag}`) : undefined;
    },
    Map: (_position, map) => {
      const seen = new Set<string>();
      for (const pair of map.items) {
        const key: unknown = isAlias(pair.key) ? pair.key.resolve(document) : pair.key;
        if (isScalar(key) && key.value === MERGE) continue;
        const text = isScalar(key) ? keyText(key) : null;
        if (text === null) return refuse(pair.key, 'a key that is no text');
        if (isScalar(pair.key) && pair.key.value !== text && pair.key.anchor === undefined)
          pair.key.value = text;
        if (seen.has(text)) found.repeated.push({ offset: offsetOf(pair.key), text });
        seen.add(text);
      }
      return undefined;
    },
  });
  return found;
}

/** Number of values in a document when shared ones are written out each time. */
function expandedCount(value: unknown, known: Map<object, number>): number {
  if (typeof value !== 'object' || value === null) return 1;
  const before = known.get(value);
  if (before !== undefined) return before;
  let count = 1;
  for (const child of Object.values(value)) count += expandedCount(child, known);
  known.set(value, count);
  return count;
}

/**
 * The plain values of an inspected document; `fault` where there are none, 'bomb' where its aliases would expand
 * without measure.
 */
export function valueOf(
  document: Document.Parsed<ParsedNode>,
  hasAlias: boolean,
): { value: unknown } | { fault: string } | 'bomb' {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
    return hasAlias && expandedCount(value, new Map()) > MAX_EXPANDED_VALUES ? 'bomb' : { value };
  } catch (caught) {
    const message = caught instanceof Error ? caught.message : String(caught);
    return caught instanceof NotAMap || /Unresolved alias/.test(message) ? { fault: message } : 'bomb';
  }
}

// What Go's parser takes for no character of YAML (its reader names these ranges).
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]/;
/** Ends of lines in YAML 1.1 that are none in 1.2, which the library follows. */
const OLD_BREAKS = /\r(?!\n)|[\u0085\u2028\u2029]/g;

/** The text with each end of line as the library knows it. Offsets stay what they are. */
function withPlainBreaks(text: string): string {
  return text.search(OLD_BREAKS) < 0 ? text : text.replace(OLD_BREAKS, '\n');
}

/** A longer text is not mended. */
const MAX_MENDED_LENGTH = 16 * 1024 * 1024;
/** A text with more lines in brackets to mend is left as it is: each costs a look from the bracket on. */
const MAX_MENDED_LINES = 500;

const QUOTED: Readonly<Record<string, RegExp>> = {
  'double-quoted-scalar': /"(?:[^"\\]|\\[^])*"/y,
  'single-quoted-scalar': /'(?:[^']|'')*'/y,
};

/** The length of the quoted scalar of this token type at an offset, to its closing quote; 0 where that is missing. */
function quotedLength(type: string, text: string, offset: number): number {
  const whole = QUOTED[type];
  whole.lastIndex = offset;
  return whole.exec(text)?.[0].length ?? 0;
}

/** Is it a token that shows that the lexer met less indentation inside quotes or brackets than it wants? */
export function isCutShort(type: string | null, lexeme: string): boolean {
  if (type === 'flow-error-end') return true;
  return type !== null && Object.hasOwn(QUOTED, type) && quotedLength(type, lexeme, 0) !== lexeme.length;
}

interface Mend {
  /** The lines to indent further: those that begin in this range. */
  from: number;
  to: number;
  by: number;
  /** Start of a line before it that is in no bracket. */
  safe: number;
  inBrackets: boolean;
}

/** The first place where the library's lexer wants more indentation than YAML 1.1 does. */
function firstMend(text: string): Mend | null {
  let offset = 0;
  let column = 0;
  let level = 0;
  let flowColumn = 0;
  let safe = 0;
  for (const lexeme of new Lexer().lex(text)) {
    const type = CST.tokenType(lexeme);
    if (isCutShort(type, lexeme)) {
      if (type === 'flow-error-end') {
        const from = text.lastIndexOf('\n', offset - 1) + 1;
        return { from, to: offset, by: flowColumn, safe, inBrackets: true };
      }
      const length = quotedLength(type as string, text, offset);
      const from = text.indexOf('\n', offset) + 1;
      return length === 0 ? null : { from, to: offset + length - 1, by: column, safe, inBrackets: level > 0 };
    }
    // Marks that the lexer puts between the pieces of the source.
    if (type === 'doc-mode' || type === 'scalar') continue;
    if (type === 'flow-map-start' || type === 'flow-seq-start') {
      if (level++ === 0) flowColumn = column;
    } else if (type === 'flow-map-end' || type === 'flow-seq-end') level--;
    offset += lexeme.length;
    const newline = lexeme.lastIndexOf('\n');
    column = newline < 0 ? column + lexeme.length : lexeme.length - newline - 1;
    if (column === 0 && level === 0) safe = offset;
  }
  return null;
}

/**
 * A text that the library refuses, with the lines inside quotes and brackets indented as YAML 1.2 wants them: 1.1
 * does not look at their indentation, and drops it. Lines stay where they are. Null where that is not what is wrong.
 */
export function indented(text: string): string | null {
  if (text.length > MAX_MENDED_LENGTH) return null;
  const done: string[] = [];
  let rest = text;
  let lines = 0;
  for (let mend = firstMend(rest); mend !== null; mend = firstMend(rest)) {
    if (mend.by === 0 || (mend.inBrackets && ++lines > MAX_MENDED_LINES)) return null;
    const pad = ' '.repeat(mend.by);
    const part = rest.slice(mend.from, mend.to).replace(/^(?=[^\r\n]|$(?![^]))/gm, pad);
    if (mend.inBrackets) {
      done.push(rest.slice(0, mend.safe));
      rest = rest.slice(mend.safe, mend.from) + part + rest.slice(mend.to);
    } else {
      // Behind the closing quote the lexer begins anew with the next line.
      const next = rest.indexOf('\n', mend.to) + 1;
      const end = next === 0 ? rest.length : next;
      done.push(rest.slice(0, mend.from), part, rest.slice(mend.to, end));
      rest = rest.slice(end);
    }
  }
  return done.length === 0 ? null : done.join('') + rest;
}

/** Documents as the library parsed them, each with its own errors. */
export interface ParsedText {
  documents: Document.Parsed<ParsedNode>[];
  /** Where an offset in the documents is in the text; a column may be off inside quotes and brackets. */
  lines: LineCounter;
}

function parsedText(text: string, letters: Letters): ParsedText {
  const lines = new LineCounter();
  // Lines are counted as editors count them, whatever else ends a line in YAML.
  const parser = new Parser((start) => {
    if (start === 0 || text[start - 1] === '\n') lines.addNewLine(start);
  });
  const composer = new Composer<ParsedNode>(KUBERNETES_YAML[letters]);
  // A directive without a document behind it is an error, which the library tells only of a document that it makes.
  const directives = /^%/m.test(text);
  const documents = [...composer.compose(parser.parse(withPlainBreaks(text)), directives, text.length)];
  return { documents, lines };
}

/**
 * Parses a text as YAML. Gives its documents, of which kubectl reads the first; `fault` where nothing of it can be
 * read: characters that YAML forbids, or nesting deeper than the stack.
 * @param letters what a plain `y` or `n` is
 */
export function readDocuments(text: string, letters: Letters = 'boolean'): ParsedText | { fault: Spot } {
  const forbidden = text.search(FORBIDDEN);
  if (forbidden >= 0)
    return { fault: { offset: forbidden, text: 'control characters, or bytes that are not UTF-8' } };
  try {
    const read = parsedText(text, letters);
    if (!read.documents.some((document) => document.errors.length > 0)) return read;
    const mended = indented(withPlainBreaks(text));
    const again = mended === null ? null : parsedText(mended, letters);
    return again?.documents.every((document) => document.errors.length === 0) ? again : read;
  } catch (error) {
    // Nesting deeper than the stack: the library throws instead of reporting.
    return { fault: { offset: 0, text: error instanceof Error ? error.message : String(error) } };
  }
}

/**
 * Text of a manifest file → Kubernetes objects with their places, one document at a time. What cannot be read
 * is named, and the rest goes on.
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
  parseDocument,
  Parser,
  Schema,
  visit,
} from 'yaml';
import type { Document, ParsedNode, Tags } from 'yaml';
import { groupOf, isSign, meantKind, readingOf } from './kinds.ts';
import { isObject } from './project.ts';
import type { Raw } from './project.ts';
import type { ProblemCheck } from './problems.ts';
import type { Place, Problem } from './snapshot.ts';

/** Bytes of one file that are read at most, unless told otherwise. */
export const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;

/** Aliases of one anchor, times the aliases inside it, that a document may use. */
const MAX_ALIAS_COUNT = 10_000;
/** Values that a document with aliases may come to when they are all written out. */
const MAX_EXPANDED_VALUES = 2_000_000;

/** An object found in a manifest. Lists are opened: their entries come one by one. */
export interface ManifestObject {
  raw: Raw;
  apiVersion: string;
  group: string;
  kind: string;
  place: Place;
}

/** What may be missing where something of a manifest could not be read. */
export interface ManifestGap {
  /** 'policies': what it held can only be policies; 'pods': only pods; 'anything': either. */
  hides: 'policies' | 'pods' | 'anything';
  /** The namespace that it belongs to; null where that does not show: any namespace. */
  namespace: string | null;
}

/** A gap of which nothing is known. */
export const ANY_GAP: ManifestGap = { hides: 'anything', namespace: null };

/** Receives what a file holds, in order. */
export interface ManifestSink {
  object(found: ManifestObject): void;
  /** A document or list entry that is no Kubernetes object, or of a kind that the audit does not need. */
  skipped(): void;
  /** A document that is a list without a kind, as a JSON patch is. */
  operations?(value: unknown[]): void;
  /** `gap`: what could not be read because of it; null where nothing is missing. */
  problem(problem: Problem, gap: ManifestGap | null): void;
}

const BOOL = 'tag:yaml.org,2002:bool';

/**
 * Kubernetes reads YAML 1.1 with Go's parser, which differs from the specification of 1.1: no base-60 numbers,
 * dates stay text, `0o17` is octal too. Binary values stay text: none of the fields that are read can hold one.
 * A lone `y` or `n`, which Go's parser takes for a boolean and the API then refuses wherever text belongs, stays
 * text here and is reported: no field that is read would be meant as `y`.
 */
function kubernetesTags(tags: Tags): Tags {
  const replaced = new Set(['tag:yaml.org,2002:timestamp', 'tag:yaml.org,2002:binary', BOOL]);
  const kept = tags.filter(
    (tag) => typeof tag !== 'string' && !replaced.has(tag.tag) && !('format' in tag && tag.format === 'TIME'),
  );
  return [
    ...kept,
    { default: true, tag: BOOL, test: /^(?:[Yy]es|YES|[Tt]rue|TRUE|[Oo]n|ON)$/, resolve: () => true },
    { default: true, tag: BOOL, test: /^(?:[Nn]o|NO|[Ff]alse|FALSE|[Oo]ff|OFF)$/, resolve: () => false },
    {
      default: true,
      tag: 'tag:yaml.org,2002:int',
      test: /^[-+]?0o[0-7]+$/,
      resolve: (text: string) => Number(text.replace(/^[-+]/, '')) * (text.startsWith('-') ? -1 : 1),
    },
  ];
}

const PARSE_OPTIONS = {
  version: '1.1',
  // Made once: making one anew for each document would take longer than parsing it.
  schema: new Schema({
    schema: 'yaml-1.1',
    merge: true,
    customTags: kubernetesTags,
    resolveKnownTags: false,
    sortMapEntries: false,
  }),
  // Checked afterwards in one pass: the library's own check compares each key with each other.
  uniqueKeys: false,
  strict: true,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

/** A line that begins a document: it ends the one before, whatever that one left open (YAML 1.2.2, rule 206). */
const MARKER = /^---(?=[ \t\r\n]|$)/gm;
/** Nothing but blank lines, comments and directives: they belong to the document behind the marker. */
const PREAMBLE = /^(?:[ \t]*(?:#.*)?(?:\r?\n|$)|%.*(?:\r?\n|$))*$/;

interface Piece {
  text: string;
  /** 1-based line that it starts at. */
  line: number;
}

function countLines(text: string, from: number, to: number): number {
  let count = 0;
  for (let i = text.indexOf('\n', from); i >= 0 && i < to; i = text.indexOf('\n', i + 1)) count++;
  return count;
}

/**
 * A YAML stream cut at its document markers, each marker with the document behind it, so that one document is
 * parsed and held at a time and a quote left open in one cannot swallow the next.
 */
function* piecesOf(text: string): Generator<Piece> {
  let start = 0;
  let line = 1;
  const marker = new RegExp(MARKER);
  for (let found = marker.exec(text); found !== null; found = marker.exec(text)) {
    const head = found.index - start < 4096 && PREAMBLE.test(text.slice(start, found.index));
    if (found.index === start || (start === 0 && head)) continue;
    yield { text: text.slice(start, found.index), line };
    line += countLines(text, start, found.index);
    start = found.index;
  }
  if (start < text.length) yield { text: text.slice(start), line };
}

type LineOf = ((index: number) => number | null) | null;

interface Found {
  value: unknown;
  place: Place;
  lineOf: LineOf;
}

interface ListEntry {
  item: unknown;
  line: number | null;
}

interface SplitList {
  /** The list without its entries. */
  head: Piece;
  /** Each is a sequence of one. */
  entries: Piece[];
}

/** A longer document is looked at for entries that can be parsed one by one. */
const LARGE_PIECE = 256 * 1024;
/** A longer JSON file is not parsed a second time for the lines of its entries. */
const LINED_JSON = 512 * 1024;

/**
 * Cuts a long list in block style at its entries, by the library's own lexer, which knows what is text. Null where
 * the document is no such list, or has anchors, which may reach from one entry to another.
 */
function splitList(piece: Piece): SplitList | null {
  const { text } = piece;
  let offset = 0;
  let column = 0;
  let fresh = true;
  let key = -1;
  let afterKey = false;
  let seqColumn = -1;
  let end = -1;
  const starts: number[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    const type = CST.tokenType(lexeme);
    if (type === 'anchor' || type === 'alias') return null;
    // Marks that the lexer puts between the pieces of the source.
    if (type === 'doc-mode' || type === 'flow-error-end' || type === 'scalar') continue;
    const blank = type === 'space' || type === 'newline' || type === 'comment' || type === 'byte-order-mark';
    if (!blank && end < 0) {
      if (key >= 0 && seqColumn < 0) {
        // Between the key `items` and its first entry.
        if (type === 'map-value-ind' && !afterKey) afterKey = true;
        else if (type === 'seq-item-ind' && fresh && afterKey) {
          seqColumn = column;
          starts.push(offset - column);
        } else if (afterKey) return null;
        else key = -1;
      } else if (seqColumn >= 0 && fresh) {
        if (type === 'seq-item-ind' && column === seqColumn) starts.push(offset - column);
        else if (column <= seqColumn) end = offset - column;
      } else if (fresh && column === 0 && lexeme === 'items') key = offset;
    }
    offset += lexeme.length;
    if (lexeme.endsWith('\n')) {
      fresh = true;
      column = 0;
    } else if (type === 'space' && fresh) column += lexeme.length;
    else fresh = false;
  }
  if (starts.length < 2 || offset !== text.length) return null;
  if (end < 0) end = text.length;
  const entries: Piece[] = [];
  let line = piece.line + countLines(text, 0, starts[0]);
  for (let i = 0; i < starts.length; i++) {
    const to = starts[i + 1] ?? end;
    entries.push({ text: text.slice(starts[i], to), line });
    line += countLines(text, starts[i], to);
  }
  // The place of the entries is left empty, so that the lines behind it are those of no interest.
  return { head: { text: text.slice(0, key) + text.slice(end), line: piece.line }, entries };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** JSON objects that follow one another, as `jq` prints them; null where something else stands between them. */
function jsonPieces(text: string): Piece[] | null {
  const pieces: Piece[] = [];
  let depth = 0;
  let start = -1;
  let line = 1;
  let counted = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (quoted) {
      if (char === '\\') i++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '{' || char === '[') {
      if (depth++ === 0) start = i;
    } else if (char === '}' || char === ']') {
      if (--depth < 0) return null;
      if (depth === 0) {
        line += countLines(text, counted, start);
        counted = start;
        pieces.push({ text: text.slice(start, i + 1), line });
      }
    } else if (depth === 0 && !/\s/.test(char)) return null;
  }
  return depth === 0 && !quoted ? pieces : null;
}

/** Lines of the entries of a JSON list; null where it is none or too long to look. */
function jsonLines(value: unknown, piece: Piece): LineOf {
  if (!isObject(value) || !Array.isArray(value.items) || piece.text.length > LINED_JSON) return null;
  const lines = new LineCounter();
  const document = parseDocument<ParsedNode>(piece.text, { ...PARSE_OPTIONS, lineCounter: lines });
  const items = isMap(document.contents) ? document.contents.get('items') : undefined;
  if (document.errors.length > 0 || !isSeq(items)) return null;
  return (index) => {
    const range = (items.items[index] as ParsedNode | undefined)?.range;
    return range ? lines.linePos(range[0]).line + piece.line - 1 : null;
  };
}

/** Reads one file. `text` is its decoded content; the sink is told of everything in it, in order. */
export function readManifest(file: string, text: string, sink: ManifestSink): { documents: number } {
  return new ManifestReader(file, sink).read(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
}

type Position = (offset: number) => { line: number; column: number };

class ManifestReader {
  private readonly file: string;
  private readonly sink: ManifestSink;
  /** Number of the document being read, 1-based. */
  private number = 0;
  private documents = 0;

  constructor(file: string, sink: ManifestSink) {
    this.file = file;
    this.sink = sink;
  }

  read(text: string): { documents: number } {
    if (!this.readJson(text)) for (const piece of piecesOf(text)) this.readPiece(piece);
    return { documents: this.documents };
  }

  /** JSON takes the short way; false where the file is none. */
  private readJson(text: string): boolean {
    const first = text.search(/\S/);
    if (first < 0 || text[first] !== '{') return false;
    const whole = parsedJson(text);
    const pieces = whole === undefined ? jsonPieces(text) : [{ text, line: 1 + countLines(text, 0, first) }];
    // One piece that is no JSON: YAML's flow style, or an error that YAML's parser can place.
    if (pieces === null || (whole === undefined && pieces.length < 2)) return false;
    for (const piece of pieces) {
      const value = whole ?? parsedJson(piece.text);
      if (value === undefined) {
        this.readPiece(piece);
        continue;
      }
      this.number++;
      this.documents++;
      this.take(value, { file: this.file, document: this.number, line: piece.line }, jsonLines(value, piece));
    }
    return true;
  }

  private readPiece(piece: Piece): void {
    const list = piece.text.length > LARGE_PIECE ? splitList(piece) : null;
    if (list !== null) {
      this.readLargeList(list);
      return;
    }
    this.parse(piece, (document, at) => {
      this.number++;
      const contents = document.contents;
      if (
        document.errors.length === 0 &&
        (contents === null || (isScalar(contents) && contents.value === null))
      )
        return;
      this.documents++;
      const found = this.convert(document, piece, at);
      if (found !== null) this.take(found.value, found.place, found.lineOf);
    });
  }

  /** Parses a piece and gives each document of it. What the library throws is reported of the piece. */
  private parse(piece: Piece, each: (document: Document.Parsed<ParsedNode>, at: Position) => void): void {
    const lines = new LineCounter();
    const at: Position = (offset) => {
      const position = lines.linePos(offset);
      return { line: Math.max(1, position.line) + piece.line - 1, column: Math.max(1, position.col) };
    };
    let parsed: Iterable<Document.Parsed<ParsedNode>>;
    try {
      const tokens = new Parser(lines.addNewLine).parse(piece.text);
      parsed = [...new Composer<ParsedNode>(PARSE_OPTIONS).compose(tokens)];
    } catch (error) {
      // Nesting deeper than the stack: the library throws instead of reporting.
      this.number++;
      this.documents++;
      const message = error instanceof Error ? error.message : String(error);
      this.broken(piece, { line: piece.line, column: 1 }, message);
      return;
    }
    for (const document of parsed) each(document, at);
  }

  /**
   * A long list, entry by entry: what `kubectl get pods -A -o yaml` prints of a big cluster would take fifty times
   * its size in memory as one document.
   */
  private readLargeList(list: SplitList): void {
    let head: Found | null = null;
    this.parse(list.head, (document, at) => {
      if (head !== null) return;
      this.number++;
      this.documents++;
      head = this.convert(document, list.head, at);
    });
    const found = head as Found | null;
    if (found === null) return;
    const entries = function* (this: ManifestReader): Generator<ListEntry> {
      for (const piece of list.entries) {
        let entry: ListEntry | null = null;
        this.parse(piece, (document, at) => {
          if (document.contents !== null && document.errors.length === 0 && !isSeq(document.contents)) return;
          const one = this.convert(document, piece, at);
          if (one !== null && Array.isArray(one.value))
            entry = { item: one.value[0], line: one.place.line ?? null };
        });
        if (entry !== null) yield entry;
      }
    }.bind(this);
    this.take(found.value, found.place, null, entries);
  }

  /** A parsed document as plain values; null where it is reported, or counted as skipped, already. */
  private convert(document: Document.Parsed<ParsedNode>, piece: Piece, at: Position): Found | null {
    const error = document.errors[0];
    if (error !== undefined) {
      this.broken(piece, at(error.pos[0]), error.message);
      return null;
    }
    const contents = document.contents;
    const place: Place = {
      file: this.file,
      document: this.number,
      line: at(contents?.range[0] ?? 0).line,
    };
    if (isMap(contents)) {
      const kind: unknown = contents.get('kind');
      const apiVersion: unknown = contents.get('apiVersion');
      if (
        typeof kind === 'string' &&
        (typeof apiVersion === 'string' || apiVersion === undefined) &&
        isLeft(apiVersion ?? '', kind, contents.getIn(['metadata', 'name']))
      ) {
        // Most documents of a folder: a Secret or ConfigMap is not even turned into values.
        const podTemplate = isSeq(contents.getIn(['spec', 'template', 'spec', 'containers']));
        this.leave(kind, apiVersion ?? '', place, podTemplate);
        return null;
      }
    }
    const hasAlias = this.inspect(document, place, at);
    let value: unknown;
    try {
      value = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
      if (hasAlias && expandedCount(value, new Map()) > MAX_EXPANDED_VALUES)
        throw new ReferenceError('expansion');
    } catch (caught) {
      const message = caught instanceof Error ? caught.message : String(caught);
      if (/Unresolved alias/.test(message)) this.broken(piece, at(contents?.range[0] ?? 0), message);
      else this.problem('input.alias-bomb', place, {}, ANY_GAP);
      return null;
    }
    if (piece.text.includes('{{') && isUnrendered(value)) {
      this.problem('input.helm-template', place, { message: 'a name or rule is still a template' }, ANY_GAP);
      return null;
    }
    const items = isMap(contents) ? contents.get('items') : undefined;
    const lineOf = (index: number): number | null => {
      const node = isSeq(items) ? items.items[index] : undefined;
      const range = node !== undefined && node !== null && !isAlias(node) ? (node as ParsedNode).range : null;
      return range ? at(range[0]).line : null;
    };
    return { value, place, lineOf };
  }

  /** Looks for what gets lost on the way to plain values. Gives whether the document has aliases. */
  private inspect(document: Document.Parsed<ParsedNode>, place: Place, at: Position): boolean {
    let hasAlias = false;
    let letters = 0;
    let first: { at: number; value: string } | null = null as { at: number; value: string } | null;
    visit(document, {
      Alias: () => {
        hasAlias = true;
      },
      Scalar: (_key, scalar) => {
        if (scalar.type !== 'PLAIN' || typeof scalar.value !== 'string' || !/^[yYnN]$/.test(scalar.value))
          return;
        letters++;
        if (scalar.range && first === null) first = { at: scalar.range[0], value: scalar.value };
      },
      Map: (_key, map) => {
        const seen = new Set<string>();
        for (const pair of map.items) {
          const key = isScalar(pair.key) ? String(pair.key.value) : null;
          if (key === null || key === '<<') continue;
          if (seen.has(key)) {
            const range = isScalar(pair.key) ? pair.key.range : null;
            const where = range ? at(range[0]) : { line: place.line ?? 1, column: 1 };
            this.problem('input.duplicate-key', { ...place, ...where }, { key, treatment: 'kept' }, null);
          }
          seen.add(key);
        }
      },
    });
    if (first !== null) {
      const params = { value: first.value, count: letters, treatment: 'kept' };
      this.problem('input.yaml-boolean', { ...place, ...at(first.at) }, params, null);
    }
    return hasAlias;
  }

  /**
   * One value that may be an object or a list of objects. `lineOf` gives the line of a list's entry; `entries`
   * the entries themselves where they are not in the value.
   */
  private take(value: unknown, place: Place, lineOf: LineOf, entries?: () => Iterable<ListEntry>): void {
    if (!isObject(value) || typeof value.kind !== 'string') {
      if (Array.isArray(value)) this.sink.operations?.(value);
      this.sink.skipped();
      return;
    }
    const kind = value.kind;
    const apiVersion = typeof value.apiVersion === 'string' ? value.apiVersion : '';
    const reading = readingOf(apiVersion, kind);
    const meta = isObject(value.metadata) ? value.metadata : {};
    if (reading.as === 'sign' && isLeft(apiVersion, kind, meta.name)) {
      this.leave(kind, apiVersion, place, false);
      return;
    }
    switch (reading.as) {
      case 'skip':
        this.leave(kind, apiVersion, place, hasPodTemplate(value));
        return;
      case 'list':
        this.takeList(value, apiVersion, reading.itemKind, place, lineOf, entries);
        return;
      case 'no-version': {
        const policy = kind === 'NetworkPolicy';
        const params = {
          kind,
          apiVersion: '',
          current: reading.current,
          treatment: policy ? 'left-out' : 'kept',
        };
        this.sink.problem(
          {
            check: 'input.api-version',
            place: { ...place, field: 'apiVersion' },
            object: objectOf(value),
            params,
          },
          null,
        );
        if (policy) return;
      }
    }
    this.sink.object({ raw: value, apiVersion, group: groupOf(apiVersion), kind, place });
  }

  private takeList(
    list: Raw,
    apiVersion: string,
    itemKind: string | null,
    place: Place,
    lineOf: LineOf,
    entries?: () => Iterable<ListEntry>,
  ): void {
    const meta = isObject(list.metadata) ? list.metadata : {};
    if (typeof meta.continue === 'string' && meta.continue !== '') {
      const remaining = typeof meta.remainingItemCount === 'number' ? meta.remainingItemCount : -1;
      this.problem('input.partial-list', place, { remaining }, ANY_GAP);
    }
    if (entries === undefined && !Array.isArray(list.items)) {
      if (list.items === undefined || list.items === null) return;
      const params = { field: 'items', reason: 'not-a-list', treatment: 'left-out' };
      this.problem('input.invalid-object', { ...place, field: 'items' }, params, ANY_GAP);
      return;
    }
    const items =
      entries?.() ??
      (list.items as unknown[]).map((item, index) => ({ item, line: lineOf?.(index) ?? null }));
    let index = -1;
    for (const { item, line } of items) {
      index++;
      const here: Place =
        line === null ? { ...place, field: joinField(place.field, `items[${index}]`) } : { ...place, line };
      if (!isObject(item)) {
        this.problem('input.not-an-item', here, { field: `items[${index}]` }, null);
        continue;
      }
      // Entries of a typed list need not say what they are.
      const entry =
        itemKind !== null && (item.kind === undefined || item.apiVersion === undefined)
          ? { ...item, kind: item.kind ?? itemKind, apiVersion: item.apiVersion ?? apiVersion }
          : item;
      this.take(entry, here, null);
    }
  }

  /** An object of a kind that is not read: counted, and named where it may hide pods or a misspelt policy. */
  private leave(kind: string, apiVersion: string, place: Place, podTemplate: boolean): void {
    const meant = meantKind(kind);
    if (meant !== null) this.problem('input.unknown-kind', place, { kind, meant }, null);
    else if (podTemplate) this.problem('input.workload-kind', place, { kind, apiVersion }, null);
    this.sink.skipped();
  }

  private broken(piece: Piece, where: { line: number; column: number }, message: string): void {
    const template = piece.text.includes('{{') && piece.text.includes('}}');
    this.problem(
      template ? 'input.helm-template' : 'input.unparsable',
      { file: this.file, document: Math.max(1, this.number), ...where },
      { message: message.split('\n')[0].slice(0, 200) },
      // Text without the word cannot have been an object.
      /\bkind\b/.test(piece.text) ? ANY_GAP : null,
    );
  }

  private problem(
    check: ProblemCheck,
    place: Place,
    params: Record<string, string | number>,
    gap: ManifestGap | null,
  ): void {
    this.sink.problem({ check, place, params }, gap);
  }
}

/** Does the audit need nothing of an object? Of kinds like ConfigMap it depends on the name. */
function isLeft(apiVersion: string, kind: string, name: unknown): boolean {
  const { as } = readingOf(apiVersion, kind);
  return as === 'skip' || (as === 'sign' && !isSign(groupOf(apiVersion), kind, name));
}

/** What a problem can say of an object that is not projected. */
function objectOf(raw: Raw): Problem['object'] {
  const meta = isObject(raw.metadata) ? raw.metadata : {};
  return {
    kind: String(raw.kind),
    namespace: typeof meta.namespace === 'string' && meta.namespace !== '' ? meta.namespace : 'default',
    name: typeof meta.name === 'string' ? meta.name : '',
  };
}

/**
 * Is it a Helm template that happens to be YAML? `name: {{ .Release.Name }}` is a mapping in a mapping. Templates in
 * text (an alert's message, an argument) are common in good objects, so only names and policies are looked at.
 */
function isUnrendered(value: unknown): boolean {
  if (!isObject(value)) return false;
  return unnamed(value) || (value.kind === 'NetworkPolicy' && templated(value.spec));
}

function unnamed(value: Raw): boolean {
  const meta = isObject(value.metadata) ? value.metadata : {};
  return [meta.name, meta.namespace].some(
    (one) => isObject(one) || (typeof one === 'string' && one.includes('{{')),
  );
}

/** Does a template's braces, or the mapping that YAML makes of them, stand anywhere in the value? */
function templated(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('{{');
  if (Array.isArray(value)) return value.some(templated);
  return (
    isObject(value) && Object.entries(value).some(([key, one]) => /^\{|\{\{/.test(key) || templated(one))
  );
}

function joinField(outer: string | undefined, inner: string): string {
  return outer === undefined ? inner : `${outer}.${inner}`;
}

function hasPodTemplate(raw: Raw): boolean {
  const spec = isObject(raw.spec) ? raw.spec : {};
  const template = isObject(spec.template) ? spec.template : {};
  return isObject(template.spec) && Array.isArray(template.spec.containers);
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

/**
 * Text of a manifest file → Kubernetes objects with their places, one document at a time. What cannot be read
 * is named, and the rest goes on.
 */
import { CST, isAlias, isMap, isScalar, isSeq, Lexer } from 'yaml';
import type { Document, ParsedNode } from 'yaml';
import { gapOfText } from './brokenText.ts';
import { jsonFacts } from './json.ts';
import type { JsonFacts } from './json.ts';
import {
  bringsPods,
  deploysObjects,
  groupOf,
  isBuiltIn,
  isSign,
  isTemplate,
  meantKind,
  networkKind,
  readingOf,
} from './kinds.ts';
import { isObject, WRITTEN } from './project.ts';
import type { Raw } from './project.ts';
import type { ProblemCheck } from './problems.ts';
import type { Labels, Place, Problem } from './snapshot.ts';
import { indented, inspectDocument, isCutShort, readDocuments, valueOf } from './yaml.ts';
import type { Letters, Spot } from './yaml.ts';

/** Bytes of one file that are read at most, unless told otherwise. */
export const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;

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
  /** A patch of rules alone: whom the patched policies isolate stays isolated. */
  rulesOnly?: true;
  /** A patch that gives the pods of a workload these labels and changes nothing else. */
  relabels?: { kind: string; name: string; labels: Labels };
  /** Folders that a controller deploys for an object; `changed`: not as their files stand. */
  source?: {
    paths: string[];
    changed: boolean;
    /** The namespace of objects there that name none (Argo CD), or of all of them (Flux); null: as their files say. */
    home: string | null;
    all: boolean;
  };
  /** It changes objects that were read. */
  alters?: true;
  /** The kind, where it shows that it is another kind of policy (S26). */
  other?: { kind: string; group: string };
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

/** A line that begins a document: it ends the one before, whatever that one left open (YAML 1.2.2, rule 206). */
const MARKER = /^---(?=[ \t\r\n]|$)/gm;
/** Text behind a marker, which kubectl refuses: it cuts the stream itself and takes a comment there at most. */
const BEHIND_MARKER = /^---[ \t]+[^# \t\r\n]/;
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

/**
 * Cuts a long list in block style at its entries, by the library's own lexer, which knows what is text. Null where
 * the document is no such list, or has anchors, which may reach from one entry to another.
 */
function splitList(piece: Piece, mended = false): SplitList | null {
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
    if (isCutShort(type, lexeme)) {
      const again = mended ? null : indented(text);
      return again === null ? null : splitList({ ...piece, text: again }, true);
    }
    // Marks that the lexer puts between the pieces of the source.
    if (type === 'doc-mode' || type === 'scalar') continue;
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

/** Numbers with a point where the API wants an integer, by the object that they stand in. */
type Pointed = Map<unknown, { field: string; text: string; line: number; column: number }>;

/**
 * Ports of NetworkPolicies that are written with a point or an exponent: the API's decoder takes `80.0` for no
 * integer, while JSON.parse makes it 80.
 */
function pointedPorts(value: unknown, facts: JsonFacts, firstLine: number): Pointed {
  const found: Pointed = new Map();
  for (const { path, text, line, column } of facts.pointed) {
    const at = path.length - 6;
    if (at < 0 || path[at] !== 'spec' || (path[at + 5] !== 'port' && path[at + 5] !== 'endPort')) continue;
    let object: unknown = value;
    for (const step of path.slice(0, at)) object = (object as Record<string | number, unknown>)[step];
    const field = path
      .slice(at)
      .map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i === 0 ? '' : '.'}${step}`))
      .join('');
    found.set(object, { field, text, line: line + firstLine, column: column + 1 });
  }
  return found;
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
  /** What a plain `y` or `n` of this file is. */
  private letters: Letters = 'boolean';
  /** Of the JSON document being read. */
  private pointed: Pointed = new Map();

  constructor(file: string, sink: ManifestSink) {
    this.file = file;
    this.sink = sink;
  }

  read(text: string): { documents: number } {
    if (this.readJson(text)) return { documents: this.documents };
    const pieces = [...piecesOf(text)];
    const line = pieces.map(letterNamedNamespace).find((found) => found !== null);
    if (line !== undefined) {
      this.letters = 'text';
      this.problem('input.yaml-letter-name', { file: this.file, line }, { treatment: 'kept' }, null);
    }
    for (const piece of pieces) this.readPiece(piece);
    return { documents: this.documents };
  }

  /** JSON takes the short way; false where the file is none. */
  private readJson(text: string): boolean {
    const first = text.search(/\S/);
    if (first < 0 || text[first] !== '{') return false;
    const whole = parsedJson(text);
    const pieces =
      whole === undefined
        ? jsonPieces(text)
        : [{ text: text.slice(first), line: 1 + countLines(text, 0, first) }];
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
      const place: Place = { file: this.file, document: this.number, line: piece.line };
      const facts = jsonFacts(piece.text);
      this.pointed = facts === null ? new Map() : pointedPorts(value, facts, piece.line);
      for (const { key, line, column } of facts?.repeated ?? [])
        this.repeatedKey(key, { ...place, line: line + piece.line, column: column + 1 });
      const lineOf = (index: number): number | null => {
        const line = facts?.itemLines[index];
        return line === undefined ? null : line + piece.line;
      };
      this.take(value, place, lineOf);
    }
    return true;
  }

  private readPiece(piece: Piece): void {
    const list = piece.text.length > LARGE_PIECE ? splitList(piece) : null;
    if (list !== null) {
      this.readLargeList(list);
      return;
    }
    let first = true;
    this.parse(piece, (document, at) => {
      this.number++;
      const contents = document.contents;
      const empty = contents === null || (isScalar(contents) && contents.value === null);
      const wasFirst = first;
      first = false;
      if (!wasFirst) {
        // Behind `...`: kubectl reads the first document between two `---` and drops the others without a word.
        if (empty) return;
        this.documents++;
        const place = { file: this.file, document: this.number, line: at(contents.range[0]).line };
        if (isMap(contents) && contents.has('kind'))
          this.problem('input.after-end', place, { treatment: 'left-out' }, null);
        else this.sink.skipped();
        return;
      }
      if (document.errors.length === 0 && empty) return;
      this.documents++;
      const found = this.convert(document, piece, at);
      if (found !== null) this.take(found.value, found.place, found.lineOf);
    });
  }

  /** Parses a piece and gives each document of it; one that kubectl cannot read at all is reported. */
  private parse(given: Piece, each: (document: Document.Parsed<ParsedNode>, at: Position) => void): void {
    // A byte order mark behind a document marker, where files were put one behind the other.
    const piece = { ...given, text: given.text.replace(/^(---[^\n]*\n)\ufeff/, '$1') };
    const read = BEHIND_MARKER.test(piece.text)
      ? { fault: { offset: 0, text: 'text behind the document marker ---' } }
      : readDocuments(piece.text, this.letters);
    if ('fault' in read) {
      const before = piece.text.slice(0, read.fault.offset);
      this.number++;
      this.documents++;
      const line = piece.line + countLines(before, 0, before.length);
      const column = before.length - before.lastIndexOf('\n');
      this.broken(piece, { line, column }, read.fault.text);
      return;
    }
    const at: Position = (offset) => {
      const position = read.lines.linePos(offset);
      return { line: Math.max(1, position.line) + piece.line - 1, column: Math.max(1, position.col) };
    };
    for (const document of read.documents) each(document, at);
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
        const group = groupOf(apiVersion ?? '');
        const whole =
          isTemplate(group, kind) ||
          (!isBuiltIn(group) &&
            (bringsPods(group, kind) ||
              deploysObjects(group, kind) ||
              isGenerator(group, kind, piece.text) ||
              /\bcontainers:/.test(piece.text)));
        if (!whole) {
          this.leave(kind, apiVersion ?? '', place, null);
          return null;
        }
      }
    }
    const inspection = inspectDocument(document);
    if (inspection.fault !== null) {
      this.broken(piece, at(inspection.fault.offset), inspection.fault.text);
      return null;
    }
    this.tell(inspection, place, at);
    const read = valueOf(document, inspection.hasAlias);
    if (read === 'bomb') {
      this.problem('input.alias-bomb', place, {}, gapOfText(piece.text));
      return null;
    }
    if ('fault' in read) {
      this.broken(piece, at(contents?.range[0] ?? 0), read.fault);
      return null;
    }
    const { value } = read;
    if (piece.text.includes('{{') && isUnrendered(value)) {
      const params = { message: 'a name or rule is still a template' };
      this.problem('input.helm-template', place, params, gapOfText(piece.text));
      return null;
    }
    const items = isMap(contents) ? contents.get('items') : undefined;
    keepWritten(contents, value);
    if (isSeq(items) && isObject(value) && Array.isArray(value.items))
      for (const [index, item] of items.items.entries()) keepWritten(item, value.items[index]);
    else if (isSeq(contents) && Array.isArray(value)) keepWritten(contents.items[0], value[0]);
    const lineOf = (index: number): number | null => {
      const node = isSeq(items) ? items.items[index] : undefined;
      const range = node !== undefined && node !== null && !isAlias(node) ? (node as ParsedNode).range : null;
      return range ? at(range[0]).line : null;
    };
    return { value, place, lineOf };
  }

  /** Tells of what gets lost on the way to plain values. */
  private tell(found: { repeated: Spot[]; letters: Spot[] }, place: Place, at: Position): void {
    for (const { offset, text } of found.repeated) this.repeatedKey(text, { ...place, ...at(offset) });
    const first = found.letters[0];
    if (first === undefined || this.letters === 'text') return;
    const params = { value: first.text, count: found.letters.length, treatment: 'kept' };
    this.problem('input.yaml-boolean', { ...place, ...at(first.offset) }, params, null);
  }

  private repeatedKey(key: string, place: Place): void {
    this.problem('input.duplicate-key', place, { key, treatment: 'kept' }, null);
  }

  /**
   * One value that may be an object or a list of objects. `lineOf` gives the line of a list's entry; `entries`
   * the entries themselves where they are not in the value.
   */
  private take(value: unknown, place: Place, lineOf: LineOf, entries?: () => Iterable<ListEntry>): void {
    if (!isObject(value) || typeof value.kind !== 'string') {
      if (Array.isArray(value)) this.sink.operations?.(value);
      if (isObject(value) && lacksKind(value)) {
        const namespace = isObject(value.metadata) ? value.metadata.namespace : null;
        const group = groupOf(String(value.apiVersion));
        this.problem(
          'input.no-kind',
          place,
          { apiVersion: String(value.apiVersion) },
          {
            hides: group === 'networking.k8s.io' ? 'policies' : 'anything',
            namespace: typeof namespace === 'string' && namespace !== '' ? namespace : null,
          },
        );
        return;
      }
      this.sink.skipped();
      return;
    }
    const kind = value.kind;
    const apiVersion = typeof value.apiVersion === 'string' ? value.apiVersion : '';
    const reading = readingOf(apiVersion, kind);
    const meta = isObject(value.metadata) ? value.metadata : {};
    if (reading.as === 'sign' && isLeft(apiVersion, kind, meta.name)) {
      this.leave(kind, apiVersion, place, null);
      return;
    }
    switch (reading.as) {
      case 'skip':
        this.leave(kind, apiVersion, place, value);
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
    const variable = kind === 'NetworkPolicy' ? variableIn(value) : null;
    if (variable !== null) {
      // Flux and envsubst fill such variables in; to the API it would be a bad name or label.
      const namespace =
        typeof meta.namespace === 'string' && !hasVariable(meta.namespace) ? meta.namespace : null;
      const gap: ManifestGap = { hides: 'policies', namespace };
      this.problem('input.unfilled', place, { kind, variable }, gap);
      return;
    }
    const pointed = kind === 'NetworkPolicy' ? this.pointed.get(value) : undefined;
    if (pointed !== undefined) {
      const { field, text, line, column } = pointed;
      const params = { field, reason: 'with-a-point', value: text, treatment: 'left-out' };
      const where = { ...place, line, column, field };
      this.sink.problem(
        { check: 'input.invalid-object', place: where, object: objectOf(value), params },
        null,
      );
      return;
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

  /**
   * An object of a kind that is not read: counted, and named where it may hide pods or a misspelt policy.
   * @param value the object; null where it is of no interest
   */
  private leave(kind: string, apiVersion: string, place: Place, value: Raw | null): void {
    const group = groupOf(apiVersion);
    const meant = meantKind(kind);
    if (meant !== null) this.problem('input.unknown-kind', place, { kind, meant }, null);
    else if (value !== null && isTemplate(group, kind)) return this.leaveTemplate(apiVersion, place, value);
    else if (value !== null && deploysObjects(group, kind)) {
      const object = objectOf(value);
      const target = targetOf(kind, value);
      // Objects of a chart may name namespaces of their own, so its pods may be anywhere.
      const bound = kind === 'Kustomization' ? target : null;
      const params = { kind, apiVersion, ...(bound === null ? {} : { target: bound }) };
      const source = sourceOf(kind, value.spec);
      const gap: ManifestGap = {
        hides: 'anything',
        namespace: target,
        ...(source === null ? {} : { source }),
      };
      return this.sink.problem({ check: 'input.deployer', place, object, params }, gap);
    } else if (value !== null && isGenerator(group, kind, JSON.stringify(value.spec ?? null))) {
      if (generatesPolicies(kind, value.spec)) {
        const object = objectOf(value);
        // A namespaced policy of Kyverno generates in its own namespace alone.
        const gap: ManifestGap = {
          hides: 'policies',
          namespace: kind === 'Policy' ? object.namespace : null,
        };
        return this.sink.problem(
          { check: 'input.generator', place, object, params: { kind, apiVersion } },
          gap,
        );
      }
    } else if (value !== null) {
      const known = bringsPods(group, kind);
      // What admission policies show of pods is a pattern.
      const looked = known || networkKind(group, kind)?.effect !== 'none';
      const template = looked ? podTemplateOf(value.spec, 0) : null;
      if (known || template !== null) {
        const params: Record<string, string> = { kind, apiVersion };
        const labels = template === null ? null : labelsOf(template);
        if (labels !== null) params.labels = labels;
        const object = objectOf(value);
        const gap: ManifestGap = { hides: 'pods', namespace: object.namespace };
        return this.sink.problem({ check: 'input.workload-kind', place, object, params }, gap);
      }
    }
    this.sink.skipped();
  }

  /** What a Template holds is not whole before `oc process`; only its kinds are looked at. */
  private leaveTemplate(apiVersion: string, place: Place, value: Raw): void {
    const objects = Array.isArray(value.objects) ? value.objects.filter(isObject) : [];
    const kinds = [...new Set(objects.map(({ kind }) => (typeof kind === 'string' ? kind : '?')))].sort();
    const object = objectOf(value);
    const params = { apiVersion, kinds: kinds.join(', '), file: this.file };
    const policies = kinds.some((kind) => kind === 'NetworkPolicy' || kind.includes('$'));
    // Its objects may go to another namespace than its own.
    const gap: ManifestGap = { hides: policies ? 'anything' : 'pods', namespace: null };
    this.sink.problem({ check: 'input.openshift-template', place, object, params }, gap);
  }

  private broken(piece: Piece, where: { line: number; column: number }, message: string): void {
    const template = piece.text.includes('{{') && piece.text.includes('}}');
    this.problem(
      template ? 'input.helm-template' : 'input.unparsable',
      { file: this.file, document: Math.max(1, this.number), ...where },
      { message: message.split('\n')[0].slice(0, 200) },
      gapOfText(piece.text),
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

/**
 * The line of a Namespace whose name is a plain `y` or `n`; null where the piece has none. kubectl refuses such a file,
 * since the letter is a boolean to it; whoever wrote it used a tool for which it is the letter (PyYAML is one), so it is
 * the letter in the whole file (S19).
 */
function letterNamedNamespace(piece: Piece): number | null {
  if (piece.text.length > LARGE_PIECE || !/\bname["']?\s*:\s*[yYnN](?=[\s,}])/.test(piece.text)) return null;
  const read = readDocuments(piece.text, 'text');
  if ('fault' in read) return null;
  for (const { contents } of read.documents) {
    if (!isMap(contents)) continue;
    const items: unknown = contents.get('items');
    for (const object of isSeq(items) ? items.items : [contents]) {
      if (!isMap(object) || object.get('kind') !== 'Namespace') continue;
      const meta: unknown = object.get('metadata');
      const name: unknown = isMap(meta) ? meta.get('name', true) : undefined;
      if (isScalar(name) && name.type === 'PLAIN' && /^[yYnN]$/.test(name.source ?? ''))
        return read.lines.linePos(name.range?.[0] ?? 0).line + piece.line - 1;
    }
  }
  return null;
}

/** Notes how an object's name and namespace were written where they are no text. */
function keepWritten(node: unknown, raw: unknown): void {
  const meta = isObject(raw) ? raw.metadata : undefined;
  if (!isObject(meta)) return;
  const fields = ['name', 'namespace'].filter(
    (field) => typeof meta[field] === 'boolean' || typeof meta[field] === 'number',
  );
  const metaNode = fields.length > 0 && isMap(node) ? node.get('metadata') : undefined;
  if (!isMap(metaNode)) return;
  const written: Record<string, string> = {};
  for (const field of fields) {
    const scalar: unknown = metaNode.get(field, true);
    if (isScalar(scalar) && typeof scalar.source === 'string') written[field] = scalar.source;
  }
  // Under a symbol: no field of the object.
  Object.defineProperty(meta, WRITTEN, { value: written });
}

/** What a problem can say of an object that is not projected. */
function objectOf(raw: Raw): NonNullable<Problem['object']> & { namespace: string } {
  const meta = isObject(raw.metadata) ? raw.metadata : {};
  return {
    kind: String(raw.kind),
    namespace: typeof meta.namespace === 'string' && meta.namespace !== '' ? meta.namespace : 'default',
    name: typeof meta.name === 'string' ? meta.name : '',
  };
}

function textIn(value: unknown, ...path: string[]): string | null {
  let at: unknown = value;
  for (const key of path) at = isObject(at) ? at[key] : undefined;
  return typeof at === 'string' && at !== '' && !at.includes('{{') && !hasVariable(at) ? at : null;
}

/** The namespace that a deployer's objects go to where they name none; null: any. */
function targetOf(kind: string, value: Raw): string | null {
  const { spec } = value;
  switch (kind) {
    case 'HelmRelease':
      return textIn(spec, 'targetNamespace') ?? textIn(value.metadata, 'namespace');
    case 'Application':
      return textIn(spec, 'destination', 'namespace');
    case 'ApplicationSet':
      return textIn(spec, 'template', 'spec', 'destination', 'namespace');
    default:
      // Flux's Kustomization overrides the namespace of every object. Of a HelmChart of k3s it is where the chart goes.
      return textIn(spec, 'targetNamespace');
  }
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === '' ||
    (Array.isArray(value) && value.length === 0) ||
    (isObject(value) && Object.keys(value).length === 0)
  );
}

/** Fields of Flux's Kustomization that change what the folder's files say. */
const FLUX_CHANGES = [
  'patches',
  'patchesStrategicMerge',
  'patchesJson6902',
  'components',
  'namePrefix',
  'nameSuffix',
  'commonMetadata',
  'postBuild',
];

/** The folders of a repository that an object has deployed; null where it is a chart or does not show. */
function sourceOf(kind: string, spec: unknown): ManifestGap['source'] | null {
  if (!isObject(spec)) return null;
  if (kind === 'Kustomization') {
    const path = textIn(spec, 'path');
    const changed = FLUX_CHANGES.some((field) => !isEmpty(spec[field]));
    const home = textIn(spec, 'targetNamespace');
    // Not known where it is a variable.
    const open = home === null && !isEmpty(spec.targetNamespace);
    return path === null || !isEmpty(spec.kubeConfig)
      ? null
      : { paths: [path], changed: changed || open, home, all: true };
  }
  if (kind !== 'Application') return null;
  const sources = Array.isArray(spec.sources) && spec.sources.length > 0 ? spec.sources : [spec.source];
  const paths: string[] = [];
  let changed = false;
  for (const one of sources as unknown[]) {
    const path = textIn(one, 'path');
    // A chart, or a plugin that makes anything of the folder.
    if (!isObject(one) || path === null || !isEmpty(one.chart) || !isEmpty(one.plugin)) return null;
    const { images: _images, version: _version, ...rest } = isObject(one.kustomize) ? one.kustomize : {};
    changed ||= !isEmpty(rest) || !isEmpty(one.helm);
    paths.push(path);
  }
  return { paths, changed, home: textIn(spec, 'destination', 'namespace'), all: false };
}

/** Is it an object but for its kind? kubectl: "Object 'Kind' is missing". */
function lacksKind(value: Raw): boolean {
  return (
    value.kind === undefined &&
    typeof value.apiVersion === 'string' &&
    isObject(value.metadata) &&
    groupOf(value.apiVersion) !== 'kustomize.config.k8s.io'
  );
}

/** May an object of this kind have a controller make policies? A quick look at its text. */
function isGenerator(group: string, kind: string, text: string): boolean {
  return (
    (group === 'kyverno.io' || group === 'policies.kyverno.io') &&
    /^(Cluster|Namespaced)?(Generating)?Policy$/.test(kind) &&
    text.includes('generate') &&
    /networkpolic/i.test(text)
  );
}

/** Does a policy of Kyverno generate NetworkPolicies? https://kyverno.io/docs/policy-types/cluster-policy/generate/ */
function generatesPolicies(kind: string, spec: unknown): boolean {
  // Generating policies name what they make in expressions.
  if (kind.endsWith('GeneratingPolicy')) return true;
  const rules: unknown[] = isObject(spec) && Array.isArray(spec.rules) ? spec.rules : [];
  return rules.some(
    (rule) =>
      isObject(rule) && rule.generate !== undefined && /networkpolic/i.test(JSON.stringify(rule.generate)),
  );
}

function hasVariable(text: string): boolean {
  return /\$\{[^}]*\}/.test(text);
}

/** A variable that was not filled in, in the name, namespace or spec of an object; null where there is none. */
function variableIn(value: Raw): string | null {
  const meta = isObject(value.metadata) ? value.metadata : {};
  const find = (one: unknown): string | null => {
    if (typeof one === 'string') return /\$\{[^}]*\}/.exec(one)?.[0] ?? null;
    if (typeof one !== 'object' || one === null) return null;
    for (const [key, inner] of Object.entries(one)) {
      const found = find(key) ?? find(inner);
      if (found !== null) return found;
    }
    return null;
  };
  return find(meta.name) ?? find(meta.namespace) ?? find(value.spec);
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

/** A pod template inside an object of any kind: a `template` with containers; null where there is none near the top. */
function podTemplateOf(value: unknown, depth: number): Raw | null {
  if (!isObject(value) || depth > 4) return null;
  for (const [key, child] of Object.entries(value)) {
    if (!isObject(child)) continue;
    if (/template$/i.test(key) && isObject(child.spec) && Array.isArray(child.spec.containers)) return child;
    const found = podTemplateOf(child, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

/** The labels of a pod template as `key=value,…`; null where they cannot be read. */
function labelsOf(template: Raw): string | null {
  const meta = template.metadata ?? {};
  const labels = isObject(meta) ? (meta.labels ?? {}) : null;
  if (!isObject(labels)) return null;
  const entries = Object.entries(labels);
  if (!entries.every(([, value]) => typeof value === 'string')) return null;
  return entries.map(([key, value]) => `${key}=${String(value)}`).join(',');
}

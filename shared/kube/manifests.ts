/**
 * Text of a manifest file → Kubernetes objects with their places, one document at a time. What cannot be read
 * is named, and the rest goes on.
 */
import { Composer, isAlias, isMap, isScalar, isSeq, LineCounter, Parser, visit } from 'yaml';
import type { Document, ParsedNode, Tags } from 'yaml';
import { groupOf, meantKind, readingOf } from './kinds.ts';
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

/** Receives what a file holds, in order. */
export interface ManifestSink {
  object(found: ManifestObject): void;
  /** A document or list entry that is no Kubernetes object, or of a kind that the audit does not need. */
  skipped(): void;
  /** `gap`: something that might have been a policy or pod could not be read. */
  problem(problem: Problem, gap: boolean): void;
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
  merge: true,
  customTags: kubernetesTags,
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

/** Reads one file. `text` is its decoded content; the sink is told of everything in it, in order. */
export function readManifest(file: string, text: string, sink: ManifestSink): { documents: number } {
  return new ManifestReader(file, sink).read(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
}

class ManifestReader {
  private readonly file: string;
  private readonly sink: ManifestSink;
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

  /** A file that is one JSON object takes the short way; false where it is none. */
  private readJson(text: string): boolean {
    if (!/^\s*\{/.test(text)) return false;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      // Several objects one after the other, YAML's own flow style, or an error that YAML's parser can place.
      return false;
    }
    this.number = 1;
    this.documents = 1;
    this.take(
      value,
      { file: this.file, document: 1, line: 1 + countLines(text, 0, text.search(/\S/)) },
      null,
    );
    return true;
  }

  private readPiece(piece: Piece): void {
    const lines = new LineCounter();
    const at = (offset: number): { line: number; column: number } => {
      const position = lines.linePos(offset);
      return { line: Math.max(1, position.line) + piece.line - 1, column: Math.max(1, position.col) };
    };
    try {
      const tokens = new Parser(lines.addNewLine).parse(piece.text);
      for (const document of new Composer<ParsedNode>(PARSE_OPTIONS).compose(tokens)) {
        this.number++;
        this.readDocument(document, piece, at);
      }
    } catch (error) {
      // Nesting deeper than the stack: the library throws instead of reporting.
      this.documents++;
      this.broken(
        piece,
        { line: piece.line, column: 1 },
        error instanceof Error ? error.message : String(error),
      );
    }
  }

  private readDocument(
    document: Document.Parsed<ParsedNode>,
    piece: Piece,
    at: (offset: number) => { line: number; column: number },
  ): void {
    const error = document.errors[0];
    if (error !== undefined) {
      this.documents++;
      this.broken(piece, at(error.pos[0]), error.message);
      return;
    }
    const contents = document.contents;
    if (contents === null || (isScalar(contents) && contents.value === null)) return;
    this.documents++;
    const place: Place = { file: this.file, document: this.number, line: at(contents.range[0]).line };
    if (!isMap(contents)) {
      this.sink.skipped();
      return;
    }
    const kind: unknown = contents.get('kind');
    const apiVersion: unknown = contents.get('apiVersion');
    if (typeof kind === 'string' && (typeof apiVersion === 'string' || apiVersion === undefined)) {
      const reading = readingOf(apiVersion ?? '', kind);
      if (reading.as === 'skip') {
        // Most documents of a folder: a Secret or ConfigMap is not even turned into values.
        this.leave(
          kind,
          apiVersion ?? '',
          place,
          isSeq(contents.getIn(['spec', 'template', 'spec', 'containers'])),
        );
        return;
      }
    }
    let hasAlias = false;
    let loneLetters = 0;
    let firstLetter: { at: number; value: string } | null = null as { at: number; value: string } | null;
    visit(document, {
      Alias: () => {
        hasAlias = true;
      },
      Scalar: (_key, scalar) => {
        if (scalar.type !== 'PLAIN' || typeof scalar.value !== 'string' || !/^[yYnN]$/.test(scalar.value))
          return;
        loneLetters++;
        if (scalar.range && firstLetter === null) firstLetter = { at: scalar.range[0], value: scalar.value };
      },
      Map: (_key, map) => {
        const seen = new Set<string>();
        for (const pair of map.items) {
          const key = isScalar(pair.key) ? String(pair.key.value) : null;
          if (key === null || key === '<<') continue;
          if (seen.has(key)) {
            const range = isScalar(pair.key) ? pair.key.range : null;
            const where = range ? at(range[0]) : { line: place.line ?? 1, column: 1 };
            this.problem('input.duplicate-key', { ...place, ...where }, { key, treatment: 'kept' }, false);
          }
          seen.add(key);
        }
      },
    });
    if (firstLetter !== null)
      this.problem(
        'input.yaml-boolean',
        { ...place, ...at(firstLetter.at) },
        { value: firstLetter.value, count: loneLetters, treatment: 'kept' },
        false,
      );
    let value: unknown;
    try {
      value = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
      if (hasAlias && expandedCount(value, new Map()) > MAX_EXPANDED_VALUES)
        throw new ReferenceError('expansion');
    } catch (caught) {
      const message = caught instanceof Error ? caught.message : String(caught);
      if (/Unresolved alias/.test(message)) this.broken(piece, at(contents.range[0]), message);
      else this.problem('input.alias-bomb', place, {}, true);
      return;
    }
    const items = contents.get('items');
    this.take(value, place, (index) => {
      const node = isSeq(items) ? items.items[index] : undefined;
      const range = node !== undefined && node !== null && !isAlias(node) ? (node as ParsedNode).range : null;
      return range ? at(range[0]).line : null;
    });
  }

  /** One value that may be an object or a list of objects; `lineOf` gives the line of a list's entry. */
  private take(value: unknown, place: Place, lineOf: ((index: number) => number | null) | null): void {
    if (!isObject(value) || typeof value.kind !== 'string') {
      this.sink.skipped();
      return;
    }
    const kind = value.kind;
    const apiVersion = typeof value.apiVersion === 'string' ? value.apiVersion : '';
    const reading = readingOf(apiVersion, kind);
    switch (reading.as) {
      case 'skip':
        this.leave(kind, apiVersion, place, hasPodTemplate(value));
        return;
      case 'list':
        this.takeList(value, apiVersion, reading.itemKind, place, lineOf);
        return;
      case 'no-version':
        this.problem(
          'input.api-version',
          place,
          {
            kind,
            apiVersion: '',
            current: reading.current,
            treatment: kind === 'NetworkPolicy' ? 'left-out' : 'kept',
          },
          false,
        );
        if (kind === 'NetworkPolicy') return;
    }
    this.sink.object({ raw: value, apiVersion, group: groupOf(apiVersion), kind, place });
  }

  private takeList(
    list: Raw,
    apiVersion: string,
    itemKind: string | null,
    place: Place,
    lineOf: ((index: number) => number | null) | null,
  ): void {
    if (
      isObject(list.metadata) &&
      typeof list.metadata.continue === 'string' &&
      list.metadata.continue !== ''
    ) {
      const remaining = list.metadata.remainingItemCount;
      this.problem(
        'input.partial-list',
        place,
        { remaining: typeof remaining === 'number' ? remaining : -1 },
        true,
      );
    }
    if (!Array.isArray(list.items)) {
      if (list.items !== undefined && list.items !== null)
        this.problem(
          'input.invalid-object',
          { ...place, field: 'items' },
          {
            field: 'items',
            reason: 'not-a-list',
            treatment: 'left-out',
          },
          true,
        );
      return;
    }
    list.items.forEach((item: unknown, index: number) => {
      const line = lineOf === null ? null : lineOf(index);
      const here: Place =
        line === null ? { ...place, field: joinField(place.field, `items[${index}]`) } : { ...place, line };
      if (!isObject(item)) {
        this.problem('input.not-an-item', here, { field: `items[${index}]` }, false);
        return;
      }
      // Entries of a typed list need not say what they are.
      const entry =
        itemKind !== null && (item.kind === undefined || item.apiVersion === undefined)
          ? { ...item, kind: item.kind ?? itemKind, apiVersion: item.apiVersion ?? apiVersion }
          : item;
      this.take(entry, here, null);
    });
  }

  /** An object of a kind that is not read: counted, and named where it may hide pods or a misspelt policy. */
  private leave(kind: string, apiVersion: string, place: Place, podTemplate: boolean): void {
    const meant = meantKind(kind);
    if (meant !== null) this.problem('input.unknown-kind', place, { kind, meant }, false);
    else if (podTemplate) this.problem('input.workload-kind', place, { kind, apiVersion }, false);
    this.sink.skipped();
  }

  private broken(piece: Piece, where: { line: number; column: number }, message: string): void {
    const template = piece.text.includes('{{') && piece.text.includes('}}');
    this.problem(
      template ? 'input.helm-template' : 'input.unparsable',
      { file: this.file, document: Math.max(1, this.number), ...where },
      { message: message.split('\n')[0].slice(0, 200) },
      // Text without the word cannot have been an object.
      /\bkind\b/.test(piece.text),
    );
  }

  private problem(
    check: ProblemCheck,
    place: Place,
    params: Record<string, string | number>,
    gap: boolean,
  ): void {
    this.sink.problem({ check, place, params }, gap);
  }
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

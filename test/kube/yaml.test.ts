/**
 * YAML as kubectl reads it: the answers of kubectl's own reader, a sample of which lies in the repository; all of them
 * where the folder beside it holds them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectDocument, readDocuments, valueOf } from '../../shared/kube/yaml.ts';
import { CONFORMANCE } from '../conformance/cases.ts';

interface Answer {
  yaml: string;
  json?: unknown;
  error?: true;
  lenient?: true;
}

/** What the product makes of the first document of a text, in the same form. */
function answer(yaml: string): Omit<Answer, 'yaml'> {
  const read = readDocuments(yaml);
  if ('fault' in read) return { error: true };
  const document = read.documents[0];
  if (document === undefined) return { json: null };
  if (document.errors.length > 0) return { error: true };
  const { fault, hasAlias, repeated } = inspectDocument(document);
  if (fault !== null) return { error: true };
  const made = valueOf(document, hasAlias);
  if (made === 'bomb' || 'fault' in made) return { error: true };
  const json: unknown = JSON.parse(JSON.stringify(made.value));
  return repeated.length > 0 ? { json, lenient: true } : { json };
}

/** Documents that are read otherwise, with the reason. */
const OTHERWISE: Readonly<Record<string, { reason: string; answer: Omit<Answer, 'yaml'> }>> = {
  'f: [!, x]\n': {
    reason: 'Go takes "!," for a tag; in YAML 1.2, which the library follows there, a tag holds no comma',
    answer: { json: { f: ['', 'x'] } },
  },
  'a: &x {b: 1}\ne: &y {b: 2, c: 3}\nf: {<<: [*x, *y]}\n': {
    reason:
      'the same object; that a merged mapping repeats a key of another is what merging is for, and no finding',
    answer: { json: { a: { b: 1 }, e: { b: 2, c: 3 }, f: { b: 1, c: 3 } } },
  },
};

const sample = new URL('../fixtures/answers/yaml.json', import.meta.url);
const whole = join(CONFORMANCE, 'yaml', 'as-kubectl-reads.json');
const { documents } = JSON.parse(readFileSync(sample, 'utf8')) as { documents: Answer[] };
const all = existsSync(whole) ? (JSON.parse(readFileSync(whole, 'utf8')) as Answer[]) : [];

describe('the answers of kubectl’s reader', () => {
  it.each([
    ['a sample', documents],
    [existsSync(whole) ? 'all' : `all of them are not here (${whole}): skipped`, all],
  ])('%s', (_name, answers) => {
    const differences = answers.flatMap(({ yaml, ...expected }) => {
      const ours = answer(yaml);
      const wanted = OTHERWISE[yaml]?.answer ?? {
        ...expected,
        ...('json' in expected ? {} : { error: true }),
      };
      try {
        expect(ours).toEqual(wanted);
        return [];
      } catch {
        return [{ yaml, ours, wanted }];
      }
    });
    expect(differences).toEqual([]);
  });

  it('the exceptions are in the sample', () => {
    for (const yaml of Object.keys(OTHERWISE))
      expect(documents.filter((one) => one.yaml === yaml)).toHaveLength(1);
  });
});

describe('scalars', () => {
  // Each checked with sigs.k8s.io/yaml 1.6.0.
  it.each<[string, unknown]>([
    ['E10', 'E10'],
    ['.e5', '.e5'],
    ['-e3', '-e3'],
    ['1e400', '1e400'],
    ['-1e400', '-1e400'],
    ['1E+2', 100],
    ['.5e1', 5],
    ['.5_0', 0.5],
    ['.5_', '.5_'],
    ['+.5_0', 0.5],
    ['+0x1F', 31],
    ['0x', '0x'],
    ['0B11', 3],
    ['0b12', '0b12'],
    ['0_7', 7],
    ['0o8', '0o8'],
    ['09', 9],
    ['-09.5', -9.5],
    ['0xFFFFFFFFFFFFFFFFF', '0xFFFFFFFFFFFFFFFFF'],
    ['y', true],
    ['N', false],
    ['yEs', 'yEs'],
    ['oN', 'oN'],
    ['Null', null],
    ['nUll', 'nUll'],
    ['2026-1-2', '2026-1-2'],
    ['!!str n', 'n'],
    ['!!int "0x10"', 16],
    ['!!float "3"', 3],
    ['!!bool "off"', false],
    ['!!binary "w6k="', 'é'],
    ['!mine 7', '7'],
    ['! 7', '7'],
  ])('%s', (text, value) => {
    expect(answer(`v: ${text}\n`)).toEqual({ json: { v: value } });
  });

  it.each(['!!int x', '!!float y', '!!bool 1', '!!null x', '!!binary "a"', '!!binary a_==', '-.Inf', '.NaN'])(
    '%s is refused',
    (text) => {
      expect(answer(`v: ${text}\n`)).toEqual({ error: true });
    },
  );
});

describe('keys', () => {
  it.each([
    ['1e6', '1e+06'],
    ['123456.5', '123456.5'],
    ['0.00001', '1e-05'],
    ['-0.0005', '-0.0005'],
    ['1e39', '.inf'],
    ['0x7fffffffffffffff', '9223372036854775807'],
    ['0.1', '0.1'],
    ['y', 'true'],
    ['!!str y', 'y'],
  ])('%s becomes the text %s', (key, text) => {
    expect(answer(`${key}: v\n`)).toEqual({ json: { [text]: 'v' } });
  });

  it.each(['~', '{a: b}', '0xffffffffffffffff'])('%s is refused', (key) => {
    expect(answer(`${key}: v\n`)).toEqual({ error: true });
  });

  it('an alias as a key is what it stands for', () => {
    expect(answer('a: &k on\n*k : v\n')).toEqual({ json: { a: true, true: 'v' } });
    expect(answer('a: &k [b]\n*k : v\n')).toEqual({ error: true });
  });
});

describe('merge keys', () => {
  it('override what stands before them, and nothing that stands behind', () => {
    expect(answer('a: &a {x: 1, y1: 1}\nb: {x: 2, <<: *a, y1: 2}\n')).toMatchObject({
      json: { b: { x: 1, y1: 2 } },
    });
  });

  it.each(['b: {<<: 1}', 'b: {<<: [1]}', 'b: {<<: }', 'l: &l [*a]\nb: {<<: *l}'])('%s is refused', (text) => {
    expect(answer(`a: &a {x: 1}\n${text}\n`)).toEqual({ error: true });
  });
});

describe('lines inside quotes and brackets', () => {
  it.each<[string, unknown]>([
    ["k:\n  v: 'a\n  b'\n", { k: { v: 'a b' } }],
    ['k:\n  v: "{\n  \\"a\\": 1\n}"\n  w: 1\n', { k: { v: '{ "a": 1 }', w: 1 } }],
    ['- v: "a\\\n  b\n\n\nc"\n- d\n', [{ v: 'ab\n\nc' }, 'd']],
    ["k:\r\n  v: 'it''s\r\n\r\n  b'\r\n", { k: { v: "it's\nb" } }],
    ['k:\n  v: [\n  {a: 1},\n{b: "x\ny"}\n]\nw: 1\n', { k: { v: [{ a: 1 }, { b: 'x y' }] }, w: 1 }],
    ['v: {\n"a": [\n1\n]\n}\n', { v: { a: [1] } }],
  ])('need not be indented: %j', (text, value) => {
    expect(answer(text)).toEqual({ json: value });
  });

  it.each(["k:\n  v: 'a\n  b\n", 'k:\n  v: "a\n  b\\"\n', 'k:\n  v: [a,\n  b\n'])(
    'have to end: %j is refused',
    (text) => {
      expect(answer(text)).toEqual({ error: true });
    },
  );
});

it('a line may end in all ways of YAML 1.1, and lines are counted as editors count them', () => {
  expect(answer('a: 1\rb: "x\u0085y"\u2028c: 3\n')).toEqual({ json: { a: 1, b: 'x y', c: 3 } });
  const read = readDocuments('a: 1\rb: 2\nc: "\n');
  if ('fault' in read) throw new Error(read.fault.text);
  expect(read.lines.linePos(read.documents[0].errors[0].pos[0]).line).toBe(3);
});

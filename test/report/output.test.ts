/** CSV, JSON and text of the hand-written audit and of the demo cluster. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createAudit } from '../../shared/audit/engine.ts';
import type { AuditEngine } from '../../shared/audit/api.ts';
import { demoSnapshot } from '../../shared/kube/demo.ts';
import { cells, cut, plain, table, wrap } from '../../shared/report/columns.ts';
import { auditCsv, cappedCell, connectionsCsv, csvText, POD_COLUMNS } from '../../shared/report/csv.ts';
import { auditJson, connectionsJson } from '../../shared/report/json.ts';
import {
  AuditSchema,
  AuditsSchema,
  ConnectionsSchema,
  publishedSchema,
  SCHEMAS,
} from '../../shared/report/schema.ts';
import { groupPods, percent } from '../../shared/report/tables.ts';
import { auditText } from '../../shared/report/text.ts';
import { snapshotOf } from '../kube/read.ts';
import { fixture } from './fixture.ts';

const whole = (pieces: Iterable<string>) => [...pieces].join('');

function demo(): AuditEngine {
  return createAudit(demoSnapshot(), { auditedAt: '2026-03-01T00:00:00Z', version: '0.0.0', assume: {} });
}

/** A reader of RFC 4180, written apart from the writer: fields by quotes, records by CRLF alone. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let field = '';
    if (text[at] === '"') {
      for (at++; ; at++) {
        if (text[at] !== '"') field += text[at];
        else if (text[at + 1] === '"') field += text[at++];
        else break;
      }
      at++;
    } else {
      while (at < text.length && text[at] !== ',' && text[at] !== '\r') field += text[at++];
    }
    row.push(field);
    if (text[at] === ',') at++;
    else {
      expect(text.slice(at, at + 2)).toBe('\r\n');
      at += 2;
      rows.push(row);
      row = [];
    }
  }
  return rows;
}

test('CSV begins with a byte order mark, ends each record with CRLF and has a row for every pod', () => {
  const engine = fixture();
  const text = whole(auditCsv([engine]));
  expect(text.startsWith('\uFEFFcluster,namespace,name,')).toBe(true);
  const [head, ...rows] = readCsv(text.slice(1));
  expect(head).toEqual([...POD_COLUMNS]);
  const pods = [...engine.podRows()];
  expect(rows.map((row) => [row[1], row[2], row[6], row[7]])).toEqual(
    pods.map((pod) => [pod.namespace, pod.name, pod.ingress, pod.egress]),
  );
  for (const row of rows) expect(row).toHaveLength(POD_COLUMNS.length);
});

test('CSV shows what an open pod reaches outside, and what only depends', () => {
  const rows = readCsv(whole(auditCsv([fixture()])).slice(1));
  const ranges = POD_COLUMNS.indexOf('open_egress_ranges');
  const width = POD_COLUMNS.indexOf('open_egress');
  const cellsOf = (value: string) => rows.filter((row) => row[width] === value).map((row) => row[ranges]);
  expect(new Set(cellsOf('anywhere'))).toEqual(new Set(['0.0.0.0/0: every port | ::/0: every port']));
  expect(new Set(cellsOf('depends'))).toEqual(new Set(['10.0.0.0/8: depends TCP 5432']));
  expect(new Set(cellsOf('none'))).toEqual(new Set(['']));
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', '＝1', '＋1', '－1', '＠a', '=cmd|"/c calc"!A1'])(
  'a cell that a spreadsheet would run as a formula is disarmed: %j',
  (value) => {
    const [, [cell]] = readCsv(whole(csvText(['name'], [[value]])).slice(1)) as [string[], [string]];
    expect(cell).toBe(`'${value}`);
  },
);

test('a number stays a number, and quotes, commas and line breaks survive', () => {
  const values = [-5, 'a "quoted", word', 'two\r\nlines', '운영'];
  const [, row] = readCsv(whole(csvText(['a', 'b', 'c', 'd'], [values])).slice(1));
  expect(row).toEqual(['-5', 'a "quoted", word', 'two\r\nlines', '운영']);
});

test('the names of a cluster reach the CSV disarmed', () => {
  const text = whole(auditCsv([fixture({ cluster: '=HYPERLINK("x")', namespaces: 1 })]));
  for (const row of readCsv(text.slice(1)).slice(1)) expect(row[0]).toBe('\'=HYPERLINK("x")');
});

test('a cell longer than a spreadsheet holds counts what it leaves out', () => {
  const cell = cappedCell(
    Array.from({ length: 4000 }, (_, i) => `10.0.${i >> 8}.${i & 255}/32`),
    ' ',
  );
  expect(cell.length).toBeLessThan(32_767);
  const shown = cell.split(' ').filter((part) => part.endsWith('/32')).length;
  expect(cell).toContain(`(and ${4000 - shown} more`);
});

test('a table of 100,000 rows comes in pieces of which none holds all', () => {
  function* rows() {
    for (let i = 0; i < 100_000; i++) yield [i, 'pod'];
  }
  let pieces = 0;
  let lines = 0;
  for (const piece of csvText(['n', 'name'], rows())) {
    pieces++;
    expect(piece.length).toBeLessThan(100_000);
    lines += piece.split('\r\n').length - 1;
  }
  expect(lines).toBe(100_001);
  expect(pieces).toBeGreaterThan(50);
});

test('the CSV of connections has a row for every edge', () => {
  const rows = readCsv(whole(connectionsCsv(fixture(), 'workloads')).slice(1));
  expect(rows[1]).toEqual([
    'shop',
    'Deployment',
    'web',
    'shop',
    'StatefulSet',
    'db',
    'TCP 5432',
    '',
    'yes',
    'no',
  ]);
  expect(rows[2]).toEqual(['', 'CIDR', '0.0.0.0/0', 'shop', 'Deployment', 'web', '', 'TCP 80', 'no', 'no']);
});

test('the published schemas are those that the definitions give', () => {
  for (const file of Object.keys(SCHEMAS) as (keyof typeof SCHEMAS)[]) {
    const text = readFileSync(new URL(`../../build/schema/${file}`, import.meta.url), 'utf8');
    expect(JSON.parse(text), `${file}: run node build/schema.mjs`).toEqual(publishedSchema(file));
  }
});

test('the JSON of the demo cluster is what the evaluator says, and fits its schema', () => {
  const engine = demo();
  const value: unknown = JSON.parse(whole(auditJson([engine])));
  expect(AuditSchema.parse(value)).toEqual(value);
  expect(value).toEqual(JSON.parse(JSON.stringify(engine.toJson())));
  const published = JSON.parse(
    readFileSync(new URL('../../build/schema/audit.v1.json', import.meta.url), 'utf8'),
  ) as z.core.JSONSchema.JSONSchema;
  expect(() => z.fromJSONSchema(published).parse(value)).not.toThrow();
});

test('the published schema refuses a pod without its state', () => {
  const value = JSON.parse(whole(auditJson([fixture({ namespaces: 1 })]))) as {
    pods: Record<string, unknown>[];
  };
  delete value.pods[0]!['ingress'];
  const published = publishedSchema('audit.v1.json') as z.core.JSONSchema.JSONSchema;
  expect(z.fromJSONSchema(published).safeParse(value).success).toBe(false);
});

test('the JSON of connections fits its schema, for pods and for workloads', () => {
  const engine = demo();
  for (const endpoints of ['pods', 'workloads'] as const) {
    const value: unknown = JSON.parse(whole(connectionsJson(engine, endpoints)));
    expect(ConnectionsSchema.parse(value)).toEqual(value);
  }
});

test('several audits make one JSON object with an audit each', () => {
  const value: unknown = JSON.parse(whole(auditJson([fixture({ cluster: 'a' }), fixture({ cluster: 'b' })])));
  const { audits } = AuditsSchema.parse(value);
  expect(audits.map((audit) => audit.cluster.name)).toEqual(['a', 'b']);
});

test('an empty list is an empty list', () => {
  const value = JSON.parse(whole(auditJson([fixture({ namespaces: 0, rejected: 0 })]))) as {
    pods: [];
    rejected: [];
  };
  expect([value.pods, value.rejected]).toEqual([[], []]);
});

const TEXT = { lang: 'en', width: 100, colour: false } as const;

test('the text says enforcement and coverage before any figure', () => {
  const text = auditText([fixture()], TEXT);
  const order = [
    'Enforced by calico',
    'Coverage',
    'Refused policies (2)',
    'Pods by isolation',
    'Open egress',
    'Findings',
    'Assumptions',
  ];
  const places = order.map((words) => text.indexOf(words));
  expect(places.every((place) => place >= 0)).toBe(true);
  expect([...places].sort((a, b) => a - b)).toEqual(places);
});

test('where nothing enforces, no pod of the text counts as isolated', () => {
  const text = auditText([fixture({ enforced: 'no' })], TEXT);
  expect(text).toMatch(/NOT ENFORCED: flannel/);
  expect(text).toMatch(/isolated in both directions +0 +0%/);
  expect(text).toContain('(isolated on paper, not enforced: 90)');
});

test('what could not be read reads as incomplete, with the namespace', () => {
  const text = auditText([fixture({ complete: false })], TEXT);
  expect(text).toContain('INCOMPLETE');
  expect(text).toContain('Pods of namespace payments were not read.');
});

test('what several findings share stands once, above or below their places', () => {
  const policy = (name: string, app: string): string =>
    `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: ${name}, namespace: a}, spec: {podSelector: {matchLabels: {app: ${app}}}}}\n---\n`;
  const pod =
    '{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: a}, spec: {containers: [{name: c, image: i}]}}';
  const patch = (name: string): string => `kind: NetworkPolicy\nmetadata: {name: ${name}, namespace: c}\n`;
  const text = auditText(
    [
      createAudit(
        snapshotOf({
          'a.yaml': policy('one', 'x') + policy('two', 'z') + pod,
          'b/kustomization.yaml': 'patches: [{path: p.yaml}, {path: q.yaml}]',
          'b/p.yaml': patch('p'),
          'b/q.yaml': patch('q'),
          'c/kustomization.yaml': 'patches: [{path: r.yaml}]',
          'c/r.yaml': patch('r'),
        }),
        { auditedAt: '2026-03-01T00:00:00Z', version: '0', assume: {} },
      ),
    ],
    TEXT,
  );
  const times = (part: string): number => text.split(part).length - 1;
  expect(text).toMatch(/Policy that selects no pod ×2/);
  expect(times('matches its podSelector')).toBe(1);
  expect(text).toMatch(/- NetworkPolicy a\/one, a\.yaml[^\n]*podSelector\n/);
  expect(text).toMatch(/- NetworkPolicy a\/two, a\.yaml[^\n]*podSelector\n/);
  // The advice of each command once, below the places that it is for.
  const at = (part: string): number => text.indexOf(part, text.indexOf('Patch that was not applied'));
  const order = ['b/p.yaml', 'b/q.yaml', 'kubectl kustomize b |', 'c/r.yaml', 'kubectl kustomize c |'];
  expect(order.map(at).every((place) => place > 0)).toBe(true);
  expect(order.map(at)).toEqual(order.map(at).sort((a, b) => a - b));
});

test('text has no colour codes unless it is asked for them', () => {
  // eslint-disable-next-line no-control-regex
  const codes = /\u001B\[/;
  expect(auditText([fixture()], TEXT)).not.toMatch(codes);
  expect(auditText([fixture()], { ...TEXT, colour: true })).toMatch(codes);
});

test('a name with control characters cannot steer the terminal', () => {
  const text = auditText([fixture({ cluster: 'prod\u001B[2J\u202Eevil' })], TEXT);
  expect(text).toContain('prod<U+001B>[2J<U+202E>evil');
});

test('lines of the tables fit the width that was asked for, counted in cells', () => {
  for (const lang of ['en', 'ko'] as const) {
    const text = auditText([fixture({ namespaces: 9 })], { lang, width: 80, colour: false });
    const start = text.indexOf(lang === 'en' ? 'Open egress: Workloads' : '외부로 열린 이그레스: 워크로드');
    for (const line of text.slice(start).split('\n').slice(1, 14))
      expect(cells(line)).toBeLessThanOrEqual(80);
  }
});

test('several clusters are compared before their sections', () => {
  const text = auditText([fixture({ cluster: 'east' }), fixture({ cluster: 'west', enforced: 'no' })], TEXT);
  expect(text.startsWith('Comparison of clusters')).toBe(true);
  expect(text).toMatch(/Enforcement +enforced +not enforced/);
  expect(text.match(/NetworkPolicy audit: /g)).toHaveLength(2);
});

test('Korean takes two cells, and is cut and padded by cells', () => {
  expect(cells('a가')).toBe(3);
  expect(cut('가나다라', 5)).toBe('가나…');
  expect(table([{ title: '이름' }, { title: 'n' }], [['a', '1']], 80)).toEqual(['이름  n', 'a     1']);
  expect(wrap('aa bb cc', 5)).toEqual(['aa bb', 'cc']);
  expect(plain('a\nb')).toBe('a<U+000A>b');
});

test('a share is never rounded to nothing or to all', () => {
  expect([percent(1, 1000), percent(999, 1000), percent(0, 10), percent(10, 10), percent(0, 0)]).toEqual([
    '<1%',
    '>99%',
    '0%',
    '100%',
    '–',
  ]);
});

test('pods of a workload share a row only where all of their state is equal', () => {
  const rows = [...fixture({ namespaces: 1, workloads: 1, podsPerWorkload: 3 }).podRows()];
  expect(groupPods(rows).map((group) => group.count)).toEqual([3]);
  const [first, ...rest] = rows;
  const groups = groupPods([{ ...first!, egress: 'open' }, ...rest]);
  expect(groups.map((group) => [group.count, group.sample.egress])).toEqual([
    [1, 'open'],
    [2, 'isolated'],
  ]);
});

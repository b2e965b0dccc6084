import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { AuditJson, ConnectionsJson, Explanation, ProbeAnswer } from '../../shared/audit/result.ts';
import type { HistoryItem } from '../../shared/ipc.ts';
import { AuditSchema } from '../../shared/report/schema.ts';
import { files, folder, REFUSED, runner, SHOP } from './run.ts';

const home = folder();
const run = runner(home);
const shop = files(folder(), { 'shop.yaml': SHOP });
const TIME = ['--time', '2026-03-01T09:00:00Z'];

test('an audit prints its result on standard output, nothing on standard error, and ends with 0', async () => {
  const { code, out, err } = await run([
    'audit',
    '--from',
    shop,
    '--format',
    'json',
    '--no-history',
    ...TIME,
  ]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const audit: AuditJson = AuditSchema.parse(JSON.parse(out));
  expect(
    audit.pods.map((pod) => [pod.namespace, pod.kind, pod.name, pod.ingress, pod.egress, pod.enforced]),
  ).toEqual(
    [
      ['dev', 'Pod', 'tool', 'open', 'open', 'unknown'],
      ['shop', 'StatefulSet', 'db', 'isolated', 'open', 'unknown'],
      ['shop', 'Deployment', 'web', 'open', 'open', 'unknown'],
    ].sort((a, b) => (`${a[0]}/${a[2]}` < `${b[0]}/${b[2]}` ? -1 : 1)),
  );
  expect(audit.auditedAt).toBe('2026-03-01T09:00:00Z');
  expect(audit.cluster.takenAt).toBe('2026-03-01T09:00:00Z');
  expect(audit.coverage.complete).toBe(true);
});

test.each(['json', 'csv', 'text', 'pdf'])('equal input and --time give equal bytes as %s', async (format) => {
  const args = ['audit', '--from', shop, '--format', format, '--no-history', ...TIME];
  const [a, b] = [await run(args), await run(args)];
  expect(a.code).toBe(0);
  expect(a.bytes.length).toBeGreaterThan(300);
  expect(a.bytes.equals(b.bytes)).toBe(true);
  const begins = { json: '{', csv: '\uFEFFcluster,', text: 'NetworkPolicy audit', pdf: '%PDF-1.7' }[format]!;
  expect(a.out.startsWith(begins)).toBe(true);
});

test('the language of the text is chosen by --lang', async () => {
  const { out } = await run(['audit', '--from', shop, '--no-history', '--lang', 'ko']);
  expect(out).toContain('정책 적용 여부');
});

test('manifests come from standard input as well', async () => {
  const { code, out } = await run(['audit', '--from', '-', '--format', 'json', '--no-history'], {
    stdin: SHOP,
  });
  expect(code).toBe(0);
  expect((JSON.parse(out) as AuditJson).pods).toHaveLength(3);
});

test('a policy that the API refuses is named, left out, and ends with 3', async () => {
  const path = files(folder(), { 'a.yaml': SHOP, 'b.yaml': REFUSED });
  const { code, out } = await run(['audit', '--from', path, '--format', 'json', '--no-history']);
  expect(code).toBe(3);
  const audit = JSON.parse(out) as AuditJson;
  expect(audit.rejected.map((r) => [r.object.name, r.treatment])).toEqual([['broken', 'left-out']]);
  // Left out means: it isolates nothing.
  expect(audit.pods.find((pod) => pod.name === 'web')?.ingress).toBe('open');
});

test('a document that cannot be parsed ends with 3, and the rest is audited', async () => {
  const path = files(folder(), { 'a.yaml': SHOP, 'b.yaml': 'kind: [\n' });
  const { code, out } = await run(['audit', '--from', path, '--format', 'json', '--no-history']);
  expect(code).toBe(3);
  const audit = JSON.parse(out) as AuditJson;
  expect(audit.pods).toHaveLength(3);
  expect(
    audit.findings.some((f) => f.check === 'input.unparsable' && f.place?.file?.endsWith('b.yaml')),
  ).toBe(true);
});

test('a finding at the threshold ends with 1, also when something was left out; a lower one does not', async () => {
  const path = files(folder(), { 'a.yaml': SHOP, 'b.yaml': REFUSED });
  const base = ['audit', '--from', path, '--no-history'];
  expect((await run([...base, '--fail-on', 'medium'])).code).toBe(1);
  expect((await run(['audit', '--from', shop, '--no-history', '--fail-on', 'critical'])).code).toBe(0);
});

test('where nothing enforces, the audit fails at critical and every pod is open', async () => {
  const { code, out } = await run([
    ...['audit', '--from', shop, '--no-history', '--format', 'json'],
    ...['--assume', 'enforced=no', '--fail-on', 'critical'],
  ]);
  expect(code).toBe(1);
  const { pods } = JSON.parse(out) as AuditJson;
  expect(pods.map((pod) => pod.ingress)).toEqual(['open', 'open', 'open']);
  expect(pods.map((pod) => pod.paperIngress).sort()).toEqual(['isolated', 'open', 'open']);
});

test.each([
  ['no source', ['audit'], 'No source'],
  ['two kinds of source', ['audit', '--demo', '--from', '.'], 'More than one kind'],
  ['a path that does not exist', ['audit', '--from', 'nowhere'], 'nowhere'],
  ['a snapshot that is none', ['audit', '--snapshot', join(shop, 'shop.yaml')], 'shop.yaml'],
  ['an unknown assumption', ['audit', '--demo', '--assume', 'colour=red'], 'colour'],
  ['an unknown value', ['audit', '--demo', '--assume', 'enforced=perhaps'], 'yes, no, unknown'],
  ['a bad version', ['audit', '--demo', '--assume', 'serverVersion=new'], 'serverVersion'],
  ['a time that is none', ['audit', '--demo', '--time', 'yesterday'], 'yesterday'],
  ['an unknown option', ['audit', '--demo', '--colour'], '--colour'],
  ['an unknown format', ['audit', '--demo', '--format', 'xml'], 'xml'],
  ['an unknown severity', ['audit', '--demo', '--fail-on', 'bad'], 'bad'],
  ['an unknown command', ['adit'], 'adit'],
  ['a missing option', ['explain', '--demo', '--src', 'a/b'], '--dst'],
  [
    'an endpoint that is none',
    ['explain', '--demo', '--src', 'web', '--dst', '1.2.3.4', '--port', '80'],
    '--src web',
  ],
  ['an unknown pod', ['explain', '--demo', '--src', 'no/pod', '--dst', '1.2.3.4', '--port', '80'], 'no/pod'],
  [
    'an impossible port',
    ['explain', '--demo', '--src', '1.1.1.1', '--dst', '1.2.3.4', '--port', 'TCP/99999'],
    '99999',
  ],
  ['a context that is not there', ['audit', '--context', 'none', '--kubeconfig', 'none.yaml'], 'none'],
  ['no such audit', ['history', 'show', '42'], '42'],
])('%s ends with 2, says why on standard error, and prints nothing', async (_, args, words) => {
  const { code, out, err } = await run([...args, ...(args[0] === 'audit' ? ['--no-history'] : [])]);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(words);
  // A user's mistake is no crash.
  expect(err).not.toMatch(/\n\s+at /);
});

test('nothing but broken documents ends with 2', async () => {
  const { code, err } = await run(['audit', '--from', '-', '--no-history'], { stdin: 'kind: [\n' });
  expect(code).toBe(2);
  expect(err).not.toBe('');
});

const POD = (pod: string, namespace = 'shop') => ({ namespace, pod });
const PROBES = [
  { src: POD('Deployment/web'), dst: POD('StatefulSet/db'), protocol: 'TCP', port: 5432 },
  { src: POD('Deployment/web'), dst: POD('db'), protocol: 'UDP', port: 5432 },
  { src: POD('tool', 'dev'), dst: POD('db'), protocol: 'TCP', port: 5432 },
  { src: POD('db'), dst: POD('web'), protocol: 'TCP', port: 1 },
  { src: POD('web'), dst: { ip: '203.0.113.9' }, protocol: 'SCTP', port: 7 },
  { src: { ip: '2001:db8::1' }, dst: POD('db'), protocol: 'TCP', port: 5432 },
];

test('verdicts answer the same list, with reasons', async () => {
  const file = join(folder(), 'probes.json');
  writeFileSync(file, JSON.stringify(PROBES));
  const { code, out, err } = await run(['verdicts', '--from', shop, '--probes', file]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const answers = JSON.parse(out) as ProbeAnswer[];
  expect(answers.map(({ src, dst, protocol, port }) => ({ src, dst, protocol, port }))).toEqual(PROBES);
  expect(answers.map((answer) => answer.verdict)).toEqual([
    'permitted',
    'denied',
    'denied',
    'permitted',
    'permitted',
    'denied',
  ]);
  expect(answers[0]!.reasons?.ingress.permits).toMatchObject([
    { policy: { namespace: 'shop', name: 'db' }, rule: 0 },
  ]);
});

test('a probe that cannot be answered has its error in its place, the others their verdicts, and the end is 2', async () => {
  const probes = [
    PROBES[0],
    { ...PROBES[0], dst: POD('nobody') },
    { ...PROBES[0], protocol: 'ICMP' },
    { ...PROBES[0], port: 0 },
    'what',
    { src: POD('web'), protocol: 'TCP', port: 1 },
    PROBES[2],
  ];
  const { code, out, err } = await run(['verdicts', '--from', shop, '--probes', '-'], {
    stdin: JSON.stringify(probes),
  });
  expect(code).toBe(2);
  const answers = JSON.parse(out) as ProbeAnswer[];
  expect(answers.map((answer) => answer.verdict ?? 'error')).toEqual([
    'permitted',
    'error',
    'error',
    'error',
    'error',
    'error',
    'denied',
  ]);
  for (const answer of answers.slice(1, 6)) expect(answer.error).toBeTruthy();
  expect(answers[1]!.error).toContain('nobody');
  expect(err).toContain('5 of 7 probes');
});

test.each([
  ['no JSON', 'src: a'],
  ['no list', '{}'],
])('probes that are %s end with 2', async (_, stdin) => {
  const { code, out } = await run(['verdicts', '--from', shop, '--probes', '-'], { stdin });
  expect({ code, out }).toEqual({ code: 2, out: '' });
});

test('explain names the policy and the rule that permits, and the policy that denies', async () => {
  const permitted = await run([
    ...['explain', '--from', shop, '--src', 'shop/Deployment/web'],
    ...['--dst', 'shop/db', '--port', 'TCP/5432'],
  ]);
  expect(permitted.code).toBe(0);
  expect(permitted.out).toMatch(/^shop\/Deployment\/web -> shop\/StatefulSet\/db TCP\/5432.*: permitted\n/);
  expect(permitted.out).toContain('shop/db, ingress rule 1 (spec.ingress[0].from[0]; peer 1, port entry 1)');
  const denied = await run([
    ...['explain', '--from', shop, '--src', 'dev/tool', '--dst', 'shop/db'],
    ...['--port', '5432', '--format', 'json'],
  ]);
  const explanation = JSON.parse(denied.out) as Explanation;
  expect(explanation.verdict).toBe('denied');
  expect(explanation.egress.verdict).toBe('permitted');
  expect(explanation.ingress).toMatchObject({
    verdict: 'denied',
    policies: [{ namespace: 'shop', name: 'db' }],
  });
});

test('explain without a port answers what is permitted and what is not, and no port that nobody asked about', async () => {
  const ends = ['--from', shop, '--src', 'shop/Deployment/web', '--dst', 'shop/db'];
  const text = await run(['explain', ...ends]);
  expect(text.code).toBe(0);
  expect(text.out).toMatch(
    /^shop\/Deployment\/web -> shop\/StatefulSet\/db \(every port, IPv4\): partly permitted\n/,
  );
  expect(text.out).toMatch(
    /\nTCP 5432: permitted\n[^]*shop\/db, ingress rule 1[^]*\nevery other port: denied\n/,
  );
  expect(text.out).not.toContain('443');
  const json = await run(['explain', ...ends, '--format', 'json']);
  expect(JSON.parse(json.out)).toMatchObject({
    protocol: null,
    port: null,
    verdict: 'some',
    conns: { TCP: [[5432, 5432]] },
    depends: {},
    denied: {
      TCP: [
        [1, 5431],
        [5433, 65535],
      ],
      UDP: [[1, 65535]],
      SCTP: [[1, 65535]],
    },
    parts: [{ verdict: 'permitted' }, { verdict: 'denied' }],
  });
  const korean = await run(['explain', ...ends, '--lang', 'ko']);
  expect(korean.out).toMatch(/\(모든 포트, IPv4\): 일부 허용\n[^]*\n그 밖의 모든 포트: 거부\n/);
});

test('an unknown pod is answered with pods of like names', async () => {
  const { code, err } = await run([
    'explain',
    '--demo',
    '--src',
    'payments/gateway-',
    '--dst',
    '10.0.0.1',
    '--port',
    '80',
  ]);
  expect(code).toBe(2);
  expect(err).toMatch(/payments\/gateway-\n {2}There is payments\/gateway-\S+, payments\/gateway-/);
});

test('what only paper denies is permitted, and says so', async () => {
  const { out } = await run([
    ...['explain', '--from', shop, '--src', 'dev/tool', '--dst', 'shop/db', '--port', '5432'],
    ...['--assume', 'enforced=no'],
  ]);
  expect(out).toMatch(/: permitted\n/);
  expect(out).toContain('By the policies alone it would be denied, but nothing enforces them.');
});

test('connections are exactly those that the policies leave', async () => {
  const { code, out } = await run(['connections', '--from', shop, '--format', 'text']);
  expect(code).toBe(0);
  const outside = ['0.0.0.0/0', '::/0'];
  const web = 'shop/Deployment/web';
  const db = 'shop/StatefulSet/db';
  const tool = 'dev/tool';
  const expected = [
    ...[web, db, tool].flatMap((src) => outside.map((net) => `${src} -> ${net}: every port`)),
    ...outside.flatMap((net) => [web, tool].map((dst) => `${net} -> ${dst}: every port`)),
    `${web} -> ${tool}: every port`,
    // It has several replicas.
    `${web} -> ${web}: every port  [within]`,
    `${web} -> ${db}: TCP 5432`,
    `${db} -> ${web}: every port`,
    `${db} -> ${tool}: every port`,
    `${tool} -> ${web}: every port`,
  ];
  expect(out.trimEnd().split('\n').sort()).toEqual(expected.sort());
  const json = await run(['connections', '--from', shop]);
  expect((JSON.parse(json.out) as ConnectionsJson).edges).toHaveLength(expected.length);
});

test('a snapshot audits as what it was taken of, compressed or not', async () => {
  const path = folder();
  const direct = await run(['audit', '--from', shop, '--format', 'csv', '--no-history']);
  for (const name of ['s.json', 's.json.gz']) {
    const out = join(path, name);
    const taken = await run(['snapshot', '--from', shop, '--out', out, ...TIME]);
    expect(taken).toMatchObject({ code: 0, out: '' });
    const again = await run(['audit', '--snapshot', out, '--format', 'csv', '--no-history']);
    expect(again.out).toBe(direct.out);
  }
  const plain = readFileSync(join(path, 's.json'));
  expect(gunzipSync(readFileSync(join(path, 's.json.gz'))).equals(plain)).toBe(true);
});

test('an audit is kept, listed, and shown again with the same bytes', async () => {
  const history = join(folder(), 'kept.sqlite');
  const kept = await run(['audit', '--from', shop, '--format', 'json', '--history', history, ...TIME]);
  expect(kept).toMatchObject({ code: 0, err: '' });
  const list = await run(['history', 'list', '--history', history, '--format', 'json']);
  const items = JSON.parse(list.out) as HistoryItem[];
  expect(items).toMatchObject([
    { auditedAt: '2026-03-01T09:00:00Z', pods: 3, ingressOnly: 1, none: 2, complete: true },
  ]);
  const shown = await run([
    'history',
    'show',
    String(items[0]!.id),
    '--history',
    history,
    '--format',
    'json',
  ]);
  expect(shown.out).toBe(kept.out);
  expect(shown.err).toBe('');
  const text = await run(['history', 'list', '--history', history]);
  expect(text.out.split('\n')).toHaveLength(3);
});

test('with --no-history nothing is kept, and without it the audit goes into the usual file', async () => {
  const own = folder();
  const there = runner(own);
  await there(['audit', '--from', shop, '--no-history']);
  expect(existsSync(join(own, 'history.sqlite'))).toBe(false);
  await there(['audit', '--from', shop]);
  expect(existsSync(join(own, 'history.sqlite'))).toBe(true);
});

test('a file is written whole, for its owner alone; what cannot be written ends with 2 and leaves nothing behind', async () => {
  const path = folder();
  const out = join(path, 'report.pdf');
  const done = await run(['audit', '--from', shop, '--format', 'pdf', '--out', out, '--no-history', ...TIME]);
  expect(done).toMatchObject({ code: 0, out: '' });
  expect(readFileSync(out).subarray(0, 5).toString()).toBe('%PDF-');
  expect(statSync(out).mode & 0o077).toBe(0);
  const failed = await run(['audit', '--from', shop, '--out', join(path, 'none', 'x.txt'), '--no-history']);
  expect(failed).toMatchObject({ code: 2, out: '' });
  expect(failed.err).toContain('none');
  expect(readdirSync(path)).toEqual(['report.pdf']);
});

test('a link stays a link, and what is no file is written as it is', async () => {
  const path = folder();
  const target = join(path, 'target.csv');
  writeFileSync(target, 'old');
  symlinkSync(target, join(path, 'link.csv'));
  const linked = await run([
    'audit',
    '--from',
    shop,
    '--format',
    'csv',
    '--out',
    join(path, 'link.csv'),
    '--no-history',
  ]);
  expect(linked.code).toBe(0);
  expect(lstatSync(join(path, 'link.csv')).isSymbolicLink()).toBe(true);
  expect(readFileSync(target, 'utf8')).toContain('cluster,namespace');
  const pipe = join(path, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reading = readFile(pipe, 'utf8');
  const piped = await run(['audit', '--from', shop, '--format', 'csv', '--out', pipe, '--no-history']);
  expect(piped.code).toBe(0);
  expect(await reading).toContain('cluster,namespace');
  expect(lstatSync(pipe).isFIFO()).toBe(true);
});

test('a reader that stops early is no error', async () => {
  const { code, err } = await run(['connections', '--demo', '--format', 'json'], { closeAfter: 10 });
  expect({ code, err }).toEqual({ code: 0, err: '' });
});

test('help and version go to standard output and end with 0', async () => {
  for (const verb of ['audit', 'connections', 'verdicts', 'explain', 'snapshot', 'serve']) {
    const { code, out, err } = await run([verb, '--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`Usage: bulkhead ${verb}`);
    for (const source of ['--context', '--from', '--snapshot', '--demo', '--assume'])
      expect(out).toContain(source);
  }
  const { code, out } = await run(['--version']);
  expect(code).toBe(0);
  expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('the role for an audit reads, and does nothing else', async () => {
  const { code, out } = await run(['rbac', '--name', 'auditor']);
  expect(code).toBe(0);
  const role = parse(out) as {
    metadata: { name: string };
    rules: { verbs: string[]; resources?: string[] }[];
  };
  expect(role.metadata.name).toBe('auditor');
  for (const rule of role.rules) {
    for (const verb of rule.verbs) expect(['get', 'list', 'watch']).toContain(verb);
    expect(rule.resources ?? []).not.toContain('secrets');
  }
});

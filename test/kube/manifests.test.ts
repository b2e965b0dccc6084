import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeText } from '../../electron/worker/decode.ts';
import { checks, endpoints, pod, podYaml, problemsOf, read, snapshotOf } from './read.ts';

const NAMES = (text: string): string[] => endpoints(read(text)).map((one) => one.split('/')[2]);

describe('documents', () => {
  test('a file may hold several documents, empty ones among them', () => {
    expect(
      NAMES(`---\n${podYaml('a')}---\n---\n# nothing\n--- # said\n${podYaml('b')}...\n---\n${podYaml('c')}`),
    ).toEqual(['a', 'b', 'c']);
  });

  test('a comment and a directive before the first marker belong to the first document', () => {
    const snapshot = read(`# made by hand\n%YAML 1.1\n---\n${podYaml('a')}---\n${podYaml('b')}`);
    expect(snapshot.problems).toEqual([]);
    expect(snapshot.pods.map((one) => one.place?.document)).toEqual([1, 2]);
  });

  test('each object knows its file, document and line', () => {
    const snapshot = read(`${podYaml('a')}---\n# about b\n\n${podYaml('b')}`);
    expect(pod(snapshot, 'default', 'a').place).toEqual({ file: 'a.yaml', document: 1, line: 1 });
    expect(pod(snapshot, 'default', 'b').place).toEqual({ file: 'a.yaml', document: 2, line: 8 });
  });

  test('Windows line ends and a byte order mark change nothing but are read', () => {
    const text = `\ufeff${podYaml('a')}---\n${podYaml('b', '  labels: {app: b}\n')}`;
    const windows = read(text.replaceAll('\n', '\r\n'));
    expect(endpoints(windows)).toEqual(['default/Pod/a', 'default/Pod/b']);
    expect(windows.problems).toEqual([]);
    expect(pod(windows, 'default', 'b').labels).toEqual({ app: 'b' });
    expect(pod(windows, 'default', 'b').place?.line).toBe(6);
  });

  test('--- inside a block of text is no marker, at the start of a line it always is', () => {
    const text = `apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations:\n    note: |\n      x\n      ---\n      y\n---\n${podYaml('b')}`;
    expect(NAMES(text)).toEqual(['a', 'b']);
  });

  test.each([
    ['an open double quote', 'a: "open\nkind: x', 1, 1],
    ['an open single quote', "a: 'open\nkind: x", 1, 1],
    ['an open bracket', 'a: [1, 2\nkind: x\n', 2, 1],
    ['an open brace with a quote', 'a: {b: "y\nkind: x', 1, 1],
    ['a key behind its value', 'a: 1\n   kind: 2\n', 1, 4],
    ['a tab as indentation', 'a:\n\tkind: 2\n', 2, 1],
  ])('%s in the second document loses neither the first nor the third', (_, broken, line) => {
    const before = podYaml('one');
    const snapshot = read(`${before}---\n${broken}\n---\n${podYaml('three')}`);
    expect(endpoints(snapshot)).toEqual(['default/Pod/one', 'default/Pod/three']);
    const [problem] = problemsOf(snapshot, 'input.unparsable');
    expect(problem.place.file).toBe('a.yaml');
    expect(problem.place.document).toBe(2);
    // The first document has four lines, the marker is the fifth; open quotes are noticed at the end.
    expect(problem.place.line).toBeGreaterThanOrEqual(5 + line);
    expect(problem.place.line).toBeLessThanOrEqual(8);
    expect(problem.place.column).toBeGreaterThanOrEqual(1);
    expect(snapshot.coverage.complete).toBe(false);
    expect(snapshot.coverage.entries).toEqual([
      expect.objectContaining({ file: 'a.yaml', outcome: 'failed', count: 2, affectsVerdicts: true }),
    ]);
    expect(pod(snapshot, 'default', 'three').place?.document).toBe(3);
  });

  test('an error names the line and column at which it stands', () => {
    const [problem] = problemsOf(
      read('kind: Pod\nmetadata:\n  name: a\n    namespace: b\n'),
      'input.unparsable',
    );
    expect(problem).toMatchObject({ check: 'input.unparsable', place: { document: 1, line: 3, column: 9 } });
  });

  test('an alias without its anchor is named, and the rest goes on', () => {
    const snapshot = read(`kind: Pod\nmetadata: *meta\n---\n${podYaml('b')}`);
    expect(checks(snapshot)).toEqual(['input.unparsable']);
    expect(snapshot.problems[0].place).toMatchObject({ document: 1, line: 1 });
    expect(endpoints(snapshot)).toEqual(['default/Pod/b']);
  });

  test('brackets nested without end are refused, not a crash', () => {
    const snapshot = snapshotOf({
      'a.yaml': `kind: ${'['.repeat(50_000)}\n---\n${podYaml('b')}`,
      'b.json': `{"kind":"Pod","x":${'['.repeat(50_000)}`,
    });
    expect(problemsOf(snapshot, 'input.unparsable').map((one) => one.place.file)).toEqual([
      'a.yaml',
      'b.json',
    ]);
    expect(endpoints(snapshot)).toEqual(['default/Pod/b']);
  });

  test('a document that is no Kubernetes object is skipped and counted, as are kinds that are not needed', () => {
    const snapshot = read(
      `just text\n---\n- a\n- list\n---\nname: values\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n---\n${podYaml('a')}`,
    );
    expect(snapshot.coverage.skippedDocuments).toBe(4);
    expect(snapshot.problems).toEqual([]);
    expect(snapshot.coverage.entries).toEqual([
      expect.objectContaining({ file: 'a.yaml', outcome: 'read', count: 1 }),
    ]);
  });

  test('a file without any object that matters is covered as skipped, and complete', () => {
    const snapshot = snapshotOf({ 'values.yaml': 'image: x\n', 'b.yaml': podYaml('a') });
    expect(snapshot.coverage.entries.map(({ file, outcome }) => [file, outcome])).toEqual([
      ['b.yaml', 'read'],
      ['values.yaml', 'skipped'],
    ]);
    expect(snapshot.coverage.complete).toBe(true);
  });

  test('broken text that cannot have been an object leaves the coverage complete', () => {
    const snapshot = snapshotOf({
      'notes.yml': 'a: [1, 2\nb: 3\n',
      'b.yaml': podYaml('a'),
    });
    expect(checks(snapshot)).toEqual(['input.unparsable']);
    expect(snapshot.coverage.complete).toBe(true);
  });

  test('a Helm template says what it is, broken or accidentally YAML', () => {
    const snapshot = snapshotOf({
      'broken.yaml':
        '{{- if .Values.on }}\nkind: NetworkPolicy\nmetadata:\n  name: {{ .Release.Name }}\n{{- end }}\n',
      'lucky.yaml': 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n',
      'quoted.yaml': 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: "{{ .Release.Name }}"\n',
      'rule.yaml':
        'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: a\nspec:\n  podSelector:\n    matchLabels:\n      app: {{ .Values.app }}\n',
    });
    expect(problemsOf(snapshot, 'input.helm-template').map((one) => one.place.file)).toEqual([
      'broken.yaml',
      'lucky.yaml',
      'quoted.yaml',
      'rule.yaml',
    ]);
    expect(snapshot.policies).toEqual([]);
    expect(snapshot.pods).toEqual([]);
    expect(snapshot.coverage.complete).toBe(false);
  });

  test('template braces in an argument or annotation are ordinary text', () => {
    const snapshot = read(
      podYaml(
        'a',
        '  annotations: {t: "{{ $labels.x }}"}\nspec:\n  containers:\n  - name: c\n    args: ["{{.Name}}"]\n',
      ),
    );
    expect(endpoints(snapshot)).toEqual(['default/Pod/a']);
    expect(snapshot.problems).toEqual([]);
  });

  test('a kustomization beside the files is a warning: what is deployed may differ', () => {
    const snapshot = snapshotOf({
      'base/kustomization.yaml': 'resources: [a.yaml]\nnamePrefix: x-\n',
      'base/a.yaml': podYaml('a'),
    });
    expect(problemsOf(snapshot, 'input.kustomize')[0].place).toEqual({ file: 'base/kustomization.yaml' });
  });

  test('an input with nothing in it says so', () => {
    expect(checks(read('a: 1\n'))).toEqual(['input.no-objects']);
    expect(checks(read(podYaml('a')))).toEqual([]);
  });
});

describe('whatever stands between two good documents', () => {
  const shred = fc
    .array(
      fc.constantFrom(
        ...[
          'kind',
          ': ',
          '- ',
          '\n',
          '\n  ',
          '\n\t',
          '"',
          "'",
          '[',
          ']',
          '{',
          '}',
          '|',
          '>',
          '&a',
          '*a',
          '!!x',
          '%YAML 9',
          '...',
        ],
        ...[
          '#',
          '?',
          ',',
          '@',
          '`',
          '<<: ',
          'a',
          '1',
          '{{',
          '}}',
          '\\',
          '\r\n',
          '\u0000',
          '\ufeff',
          '\u2028',
          '--',
          '-',
        ],
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join(''));

  test('neither is lost, nothing throws, and every problem has its document and line', () => {
    fc.assert(
      fc.property(shred, (text) => {
        fc.pre(!/^---(\s|$)/m.test(text));
        const snapshot = read(`${podYaml('first')}---\n${text}\n---\n${podYaml('last')}`);
        expect(endpoints(snapshot)).toEqual(['default/Pod/first', 'default/Pod/last']);
        for (const problem of snapshot.problems) {
          expect(problem.place).toMatchObject({ file: 'a.yaml' });
          expect(problem.place.document).toBeGreaterThanOrEqual(2);
          expect(problem.place.line).toBeGreaterThanOrEqual(5);
          expect(problem.place.line).toBeLessThanOrEqual(6 + text.split('\n').length);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('JSON cut or damaged anywhere never throws', () => {
    const json = JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }],
    });
    fc.assert(
      fc.property(fc.nat(json.length), fc.nat(20), shred, (at, cut, text) => {
        expect(() => snapshotOf({ 'a.json': json.slice(0, at) + text + json.slice(at + cut) })).not.toThrow();
      }),
      { numRuns: 300 },
    );
  });
});

describe('YAML as Kubernetes reads it', () => {
  test('on, yes and octal numbers follow YAML 1.1', () => {
    const snapshot = read(
      podYaml(
        'a',
        'spec:\n  hostNetwork: yes\n  containers:\n  - name: c\n    ports:\n    - containerPort: 0777\n    - containerPort: 0x50\n    - containerPort: 0o17\n',
      ),
    );
    expect(pod(snapshot, 'default', 'a').hostNetwork).toBe(true);
    expect(pod(snapshot, 'default', 'a').ports.map((one) => one.port)).toEqual([511, 80, 15]);
    expect(snapshot.problems).toEqual([]);
  });

  test('base-60 numbers and dates stay text, as in the parser that Kubernetes uses', () => {
    const snapshot = read(podYaml('a', '  labels:\n    day: 2026-01-01\n    build: 12.30.45\n'));
    expect(pod(snapshot, 'default', 'a').labels).toEqual({ day: '2026-01-01', build: '12.30.45' });
    const [bad] = problemsOf(read(podYaml('b', '  labels:\n    time: 12:30\n')), 'input.invalid-object');
    expect(bad.params).toMatchObject({ reason: 'bad-label-value', value: '12:30' });
  });

  test.each([
    ['8080', '8080'],
    ['1e3', '1000'],
    ['true', 'true'],
    ['on', 'true'],
    ['No', 'false'],
  ])('a label value %s without quotes is refused, with the field named', (written, value) => {
    const snapshot = read(podYaml('a', `  labels:\n    app: x\n    v: ${written}\n`));
    const [problem] = problemsOf(snapshot, 'input.invalid-object');
    expect(problem.place).toEqual({ file: 'a.yaml', document: 1, line: 1, field: 'metadata.labels["v"]' });
    expect(problem.object).toEqual({ kind: 'Pod', namespace: 'default', name: 'a' });
    expect(String(problem.params.value)).toBe(value);
    expect(problem.params).toMatchObject({ reason: 'not-a-string', treatment: 'kept' });
    // The endpoint stays, with what can be read.
    expect(pod(snapshot, 'default', 'a').labels).toEqual({ app: 'x' });
  });

  test('a lone y or n is a boolean, and the text of one as a key; it is reported once a document', () => {
    const snapshot = read(podYaml('a', '  namespace: b\n  labels: {y: "y", n: n, "n": "n", on: x}\n'));
    expect(pod(snapshot, 'b', 'a').labels).toEqual({ true: 'x', n: 'n' });
    expect(problemsOf(snapshot, 'input.yaml-boolean')).toMatchObject([
      { place: { line: 6, column: 12 }, params: { value: 'y', count: 3 } },
    ]);
    expect(problemsOf(snapshot, 'input.duplicate-key')).toMatchObject([{ params: { key: 'true' } }]);
    expect(problemsOf(snapshot, 'input.invalid-object')).toMatchObject([
      { params: { field: 'metadata.labels["false"]', reason: 'not-a-string', value: 'false' } },
    ]);
  });

  test('where a Namespace is named by a bare y, the letter is the letter in the whole file', () => {
    const policy =
      'kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\nmetadata: {name: p, namespace: y}\n' +
      'spec: {podSelector: {matchExpressions: [{key: app, operator: In, values: [y]}]}}\n';
    const namespace = 'kind: Namespace\napiVersion: v1\nmetadata:\n  labels: {ns: y}\n  name: y\n';
    const snapshot = read(`${policy}---\n${namespace}`);
    expect(problemsOf(snapshot, 'input.yaml-letter-name')).toMatchObject([{ place: { line: 10 } }]);
    expect(problemsOf(snapshot, 'input.yaml-boolean')).toEqual([]);
    expect(snapshot.namespaces).toMatchObject([{ name: 'y', labels: { ns: 'y' } }]);
    expect(snapshot.policies).toMatchObject([
      { namespace: 'y', spec: { podSelector: { matchExpressions: [{ values: ['y'] }] } } },
    ]);
    // Without such a Namespace a policy's bare letter is a boolean; a pod that is named so says nothing.
    const quoted = namespace.replace('name: y', 'name: "y"');
    const other = read(`${policy.replace('namespace: y', 'namespace: a')}---\n${quoted}---\n${podYaml('y')}`);
    expect(problemsOf(other, 'input.yaml-letter-name')).toEqual([]);
    expect(other.policies).toMatchObject([
      { spec: { podSelector: { matchExpressions: [{ values: [true] }] } } },
    ]);
  });

  test.each([
    ['y', 'n'],
    ['on', '007'],
  ])(
    'an object called %s in %s without quotes is refused, and goes by what was written',
    (name, namespace) => {
      const text = podYaml(name, `  namespace: ${namespace}\n`);
      const list = `apiVersion: v1\nkind: List\nitems:\n- ${text.trimEnd().replaceAll('\n', '\n  ')}\n`;
      for (const snapshot of [read(text), read(list)]) {
        expect(endpoints(snapshot)).toEqual([`${namespace}/Pod/${name}`]);
        expect(problemsOf(snapshot, 'input.invalid-object')).toMatchObject([
          { params: { field: 'metadata.name', reason: 'not-a-string' } },
          { params: { field: 'metadata.namespace', reason: 'not-a-string' } },
        ]);
      }
    },
  );

  test('merge keys and anchors are resolved', () => {
    const text =
      'apiVersion: v1\nkind: List\nitems:\n' +
      '- apiVersion: v1\n  kind: Pod\n  metadata: &m\n    name: a\n    namespace: m\n    labels: &l {app: x}\n' +
      '- apiVersion: v1\n  kind: Pod\n  metadata:\n    <<: *m\n    name: b\n    labels: *l\n';
    const snapshot = read(text);
    expect(endpoints(snapshot)).toEqual(['m/Pod/a', 'm/Pod/b']);
    expect(pod(snapshot, 'm', 'b').labels).toEqual({ app: 'x' });
  });

  test('a policy with a lone n as a value is refused, and isolates nobody', () => {
    const snapshot = read(
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: n1, labels: {a: n}}\nspec: {podSelector: {}}\n',
    );
    expect(snapshot.policies).toEqual([]);
    expect(problemsOf(snapshot, 'input.invalid-object')).toMatchObject([
      { params: { field: 'metadata.labels["a"]', treatment: 'left-out' } },
    ]);
  });

  test('of two documents between two markers kubectl reads the first; the other is named', () => {
    const snapshot = read(`${podYaml('a')}...\n${podYaml('b')}---\n${podYaml('c')}...\nfree: text\n`);
    expect(endpoints(snapshot)).toEqual(['default/Pod/a', 'default/Pod/c']);
    expect(snapshot.problems).toMatchObject([
      { check: 'input.after-end', place: { document: 2, line: 6 }, params: { treatment: 'left-out' } },
    ]);
  });

  test('text behind a document marker is refused, as kubectl refuses it; a comment is not', () => {
    const snapshot = read(`--- # one\n${podYaml('a')}--- {kind: Pod, apiVersion: v1}\n---\n${podYaml('b')}`);
    expect(endpoints(snapshot)).toEqual(['default/Pod/a', 'default/Pod/b']);
    expect(snapshot.problems).toMatchObject([
      { check: 'input.unparsable', place: { document: 2, line: 6, column: 1 } },
    ]);
    expect(snapshot.coverage.complete).toBe(false);
  });

  test('a quote over several lines that are not indented is read, in a long list too', () => {
    const pods = (count: number): string =>
      Array.from(
        { length: count },
        (_, i) =>
          `- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: p${i}\n    annotations:\n      networks: '[\n    {"name": "it''s"}\n]'\n    labels: {app: x}\n`,
      ).join('');
    for (const count of [2, 2500]) {
      const snapshot = read(`apiVersion: v1\nkind: List\nitems:\n${pods(count)}`);
      expect(snapshot.pods).toHaveLength(count);
      expect(pod(snapshot, 'default', 'p1')).toMatchObject({ labels: { app: 'x' }, place: { line: 13 } });
      expect(snapshot.problems).toEqual([]);
    }
  });

  test.each([
    ['UTF-16 without a mark', Buffer.from(podYaml('a'), 'utf16le'), 1],
    ['the same, the other way round', Buffer.from(podYaml('a'), 'utf16le').swap16(), 1],
    ['Latin-1', Buffer.from(`# first\n${podYaml('a')}# caf\u00e9\n`, 'latin1'), 6],
    ['a control character', Buffer.from(podYaml('a').replace('name', '"\x07": x\n  name')), 4],
  ])('%s cannot be parsed, and the audit is incomplete', (_name, bytes, line) => {
    const snapshot = read(decodeText(bytes));
    expect(snapshot.pods).toEqual([]);
    expect(problemsOf(snapshot, 'input.unparsable')).toMatchObject([{ place: { document: 1, line } }]);
    expect(snapshot.coverage.complete).toBe(false);
  });

  test('U+FFFD that stands in a text is read', () => {
    const text = podYaml('a', '  annotations: {a: "\ufffd"}\n');
    expect(endpoints(read(decodeText(Buffer.from(text))))).toEqual(['default/Pod/a']);
  });

  test('JSON: a key that stands twice is a finding with its place, in a list too', () => {
    const one =
      '{"apiVersion": "v1", "kind": "Pod", "metadata": {\n "name": "a", "labels": {"a": "1",\n"a": "2"}}}';
    const list = `\n{"kind": "List", "apiVersion": "v1", "items": [\n${one},\n${one.replace('"name": "a"', '"name": "b"')}]}`;
    const first = read(one);
    expect(pod(first, 'default', 'a').labels).toEqual({ a: '2' });
    expect(first.problems).toMatchObject([
      { check: 'input.duplicate-key', place: { line: 3, column: 1 }, params: { key: 'a' } },
    ]);
    const both = read(list);
    expect(problemsOf(both, 'input.duplicate-key').map((problem) => problem.place.line)).toEqual([5, 8]);
    expect(pod(both, 'default', 'b').place?.line).toBe(6);
    // Each of several documents, at its own lines.
    const several = read(`${one}\n${one.replace('"name": "a"', '"name": "b"')}`);
    expect(problemsOf(several, 'input.duplicate-key').map((problem) => problem.place.line)).toEqual([3, 6]);
  });

  test('JSON: a port with a point is refused, as the API refuses it; in YAML kubectl makes it an integer', () => {
    const policy = (name: string, port: string): string =>
      `{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "${name}"},\n "spec": {"podSelector": {}, "ingress": [{"ports": [{"port": ${port}}]}]}}`;
    const snapshot = read(
      `{"apiVersion": "v1", "kind": "List", "items": [\n${policy('a', '80.0')},\n${policy('b', '8e1')},\n${policy('c', '80')}]}`,
    );
    expect(snapshot.policies.map((one) => one.name)).toEqual(['c']);
    expect(problemsOf(snapshot, 'input.invalid-object')).toMatchObject([
      {
        place: { line: 3, field: 'spec.ingress[0].ports[0].port' },
        object: { kind: 'NetworkPolicy', namespace: 'default', name: 'a' },
        params: { reason: 'with-a-point', value: '80.0', treatment: 'left-out' },
      },
      { place: { line: 5 }, object: { name: 'b' }, params: { value: '8e1' } },
    ]);
    const yaml = read(`# YAML\n${policy('d', '80.0')}`);
    expect(yaml.policies).toMatchObject([{ name: 'd', spec: { ingress: [{ ports: [{ port: 80 }] }] } }]);
  });

  test('a key that stands twice is a finding with its place; the last one counts, as for kubectl', () => {
    const snapshot = read(podYaml('a', '  labels:\n    app: x\n    role: r\n    app: z\n'));
    expect(snapshot.problems).toMatchObject([
      { check: 'input.duplicate-key', place: { document: 1, line: 8, column: 5 }, params: { key: 'app' } },
    ]);
    expect(pod(snapshot, 'default', 'a').labels).toEqual({ app: 'z', role: 'r' });
  });
});

describe('what would hurt', () => {
  test('aliases that expand without measure are refused, and the rest goes on', () => {
    let bomb = 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: bomb\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n';
    for (let i = 1; i < 12; i++)
      bomb += `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(',')}]\n`;
    const snapshot = read(`${podYaml('a')}---\n${bomb}---\n${podYaml('b')}`);
    expect(endpoints(snapshot)).toEqual(['default/Pod/a', 'default/Pod/b']);
    expect(snapshot.problems).toMatchObject([
      { check: 'input.alias-bomb', place: { file: 'a.yaml', document: 2, line: 6 } },
    ]);
    expect(snapshot.coverage.complete).toBe(false);
  });

  test('few aliases of something large are refused by what they come to', () => {
    const big = Array.from({ length: 1000 }, () => 'x').join(',');
    let text = `kind: List\napiVersion: v1\na: &a [${big}]\nb: &b [${Array(60).fill('*a').join(',')}]\n`;
    text += `c: [${Array(60).fill('*b').join(',')}]\nitems: []\n`;
    expect(checks(read(`${text}---\n${podYaml('a')}`))).toEqual(['input.alias-bomb']);
  });

  test('hundreds of uses of one small anchor are ordinary', () => {
    let text = 'apiVersion: v1\nkind: List\nmetadata: {labels: &l {app: x}}\nitems:\n';
    for (let i = 0; i < 500; i++)
      text += `- {apiVersion: v1, kind: Pod, metadata: {name: p${i}, labels: *l}}\n`;
    expect(read(text).pods).toHaveLength(500);
  });
});

describe('lists and JSON', () => {
  test('lists are opened, typed ones and lists in lists too, and each entry has its line', () => {
    const snapshot = read(
      [
        'apiVersion: v1',
        'kind: List',
        'items:',
        '- apiVersion: v1',
        '  kind: PodList',
        '  items:',
        '  - metadata: {name: a}',
        '  - metadata: {name: b}',
        '- apiVersion: networking.k8s.io/v1',
        '  kind: NetworkPolicyList',
        '  items:',
        '  - metadata: {name: p}',
        '    spec: {podSelector: {}}',
        '- apiVersion: v1',
        '  kind: Pod',
        '  metadata: {name: c}',
      ].join('\n'),
    );
    expect(endpoints(snapshot)).toEqual(['default/Pod/a', 'default/Pod/b', 'default/Pod/c']);
    expect(pod(snapshot, 'default', 'c').place?.line).toBe(14);
    expect(snapshot.policies).toMatchObject([{ namespace: 'default', name: 'p', spec: { podSelector: {} } }]);
    expect(snapshot.problems).toEqual([]);
  });

  test('an entry of a list that is no object is named by its number', () => {
    const snapshot = read(
      `apiVersion: v1\nkind: List\nitems:\n- 7\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n`,
    );
    expect(snapshot.problems).toMatchObject([
      { check: 'input.not-an-item', place: { line: 4 }, params: { field: 'items[0]' } },
    ]);
    expect(endpoints(snapshot)).toEqual(['default/Pod/a']);
  });

  test('a saved list that ends with a continue token is not the whole list', () => {
    const list = {
      kind: 'PodList',
      apiVersion: 'v1',
      metadata: { continue: 'abc', remainingItemCount: 70 },
      items: [],
    };
    const snapshot = snapshotOf({ 'a.json': JSON.stringify(list), 'b.yaml': podYaml('a') });
    expect(problemsOf(snapshot, 'input.partial-list')[0].params).toEqual({ remaining: 70 });
    expect(snapshot.coverage.complete).toBe(false);
  });

  test('JSON: one object, a list with the lines of its entries, objects one after the other', () => {
    const one = (name: string): object => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name } });
    const snapshot = snapshotOf({
      'one.json': JSON.stringify(one('a')),
      'list.json': JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [one('b'), one('c')] }, null, 1),
      'stream.json': `${JSON.stringify(one('d'), null, 2)}\n{"kind": "{ not } an \\" end"}\n\n${JSON.stringify(one('e'))}`,
    });
    expect(endpoints(snapshot).map((name) => name.split('/')[2])).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(pod(snapshot, 'default', 'c').place).toEqual({ file: 'list.json', document: 1, line: 12 });
    expect(pod(snapshot, 'default', 'e').place).toEqual({ file: 'stream.json', document: 3, line: 10 });
    expect(snapshot.problems).toEqual([]);
  });

  test('one broken object in a row of JSON objects does not lose the others', () => {
    const snapshot = snapshotOf({
      'a.json':
        '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}\n{"kind": "Pod" "x": 1}\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"}}',
    });
    expect(endpoints(snapshot)).toEqual(['default/Pod/a', 'default/Pod/b']);
    expect(snapshot.problems).toMatchObject([{ check: 'input.unparsable', place: { document: 2, line: 2 } }]);
  });

  test('a long list gives the same entries and lines as a short one, texts that look like entries included', () => {
    const entry = (i: number, indent: string): string =>
      [
        '- apiVersion: v1',
        '  kind: Pod',
        '  metadata:',
        `    name: p${String(i).padStart(5, '0')}`,
        '    annotations:',
        '      note: |',
        '        - kind: Pod',
        '      other: "a',
        '',
        '        - b"',
        '  spec:',
        '    containers:',
        '    - name: c',
        '      ports:',
        `      - containerPort: ${1 + (i % 60000)}`,
      ]
        .map((line) => (line === '' ? line : indent + line))
        .join('\n');
    for (const indent of ['', '  ']) {
      const count = 2000;
      const head = '# a dump\napiVersion: v1\nitems:\n';
      const tail = 'kind: List\nmetadata:\n  resourceVersion: ""\n';
      const long = read(
        head + Array.from({ length: count }, (_, i) => entry(i, indent)).join('\n') + '\n' + tail,
      );
      expect(long.problems).toEqual([]);
      expect(long.pods).toHaveLength(count);
      expect(long.pods.every((one, i) => one.place?.line === 4 + 15 * i && one.ports[0].port === i + 1)).toBe(
        true,
      );
      const short = read(head + entry(0, indent) + '\n' + tail);
      expect(short.pods).toEqual(long.pods.slice(0, 1));
    }
  });

  test('a broken entry of a long list is named with its line, and the others are read', () => {
    const entries = Array.from(
      { length: 9000 },
      (_, i) => `- {apiVersion: v1, kind: Pod, metadata: {name: p${i}}}`,
    );
    entries[5000] = '- apiVersion: v1\n  kind: Pod\n  metadata:\n\tname: x';
    const snapshot = read(`apiVersion: v1\nkind: List\nitems:\n${entries.join('\n')}\n`);
    // Three lines of head, 5,000 entries of one line, and the fourth line of this one.
    expect(snapshot.problems).toMatchObject([
      { check: 'input.unparsable', place: { document: 1, line: 5007 } },
    ]);
    expect(snapshot.pods).toHaveLength(8999);
    expect(snapshot.coverage.complete).toBe(false);
  });

  test('anchors that reach from entry to entry of a long list still hold', () => {
    const entries = Array.from(
      { length: 9000 },
      (_, i) => `- {apiVersion: v1, kind: Pod, metadata: {name: p${i}, labels: *l}}`,
    );
    entries[0] = '- {apiVersion: v1, kind: Pod, metadata: {name: p0, labels: &l {app: x}}}';
    const snapshot = read(`apiVersion: v1\nkind: List\nitems:\n${entries.join('\n')}\n`);
    expect(snapshot.pods).toHaveLength(9000);
    expect(snapshot.pods.every((one) => one.labels.app === 'x')).toBe(true);
  });
});

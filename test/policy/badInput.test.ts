/**
 * Every line of the list of bad input (shared/policy/SEMANTICS.md, below S27): the finding, the place that it
 * names (file, document, line, field), and the rest of the audit going on. What the API would refuse is left out
 * of an audit of manifests (S24), never guessed at.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { collectFiles } from '../../electron/cluster/files.ts';
import { snapshotOf } from '../conformance/cases.ts';
import { audit, worldOf, type World } from './world.ts';

const FILE = 'bad.yaml';
const HEAD = `apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: main, image: x}]}
---
apiVersion: v1
kind: Pod
metadata: {name: other, namespace: shop}
spec: {containers: [{name: main, image: x}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: good, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 80}]}]}
`;
/** Documents before the one under test, and the line on which that one begins. */
const DOCUMENT = 4;
const LINE = HEAD.split('\n').length + 1;

const withPolicy = (spec: string): string =>
  `${HEAD}---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: bad, namespace: shop}\nspec: ${spec}\n`;

/** The good policy beside the bad one still says what it says. */
function restGoesOn(w: World): void {
  expect(w.verdict('shop/other', 'shop/web', 'TCP/80')).toBe('permitted');
  expect(w.verdict('shop/other', 'shop/web', 'TCP/81')).toBe('denied');
  expect([...w.engine.podRows()].map((row) => row.name)).toEqual(['other', 'web']);
}

/** Line in the list → spec of the bad policy, check, field, and parameters that the finding has. */
const REFUSED: [string, string, string, string, Record<string, unknown>?][] = [
  [
    'unknown policyTypes value',
    '{podSelector: {}, policyTypes: [Ingres]}',
    'policy.unknown-type',
    'spec.policyTypes[0]',
    { type: 'Ingres' },
  ],
  [
    'more than two policyTypes',
    '{podSelector: {}, policyTypes: [Ingress, Egress, Ingress]}',
    'policy.too-many-types',
    'spec.policyTypes',
    { count: 3 },
  ],
  [
    'endPort with a named port',
    '{podSelector: {}, ingress: [{ports: [{port: http, endPort: 90}]}]}',
    'policy.endport-with-name',
    'spec.ingress[0].ports[0].endPort',
    { name: 'http' },
  ],
  [
    'endPort without a port',
    '{podSelector: {}, ingress: [{}, {ports: [{protocol: UDP, endPort: 90}]}]}',
    'policy.endport-without-port',
    'spec.ingress[1].ports[0].endPort',
  ],
  [
    'endPort below port',
    '{podSelector: {}, egress: [{ports: [{port: 90, endPort: 89}]}]}',
    'policy.endport-below-port',
    'spec.egress[0].ports[0].endPort',
    { port: 90, endPort: 89 },
  ],
  [
    'port 0',
    '{podSelector: {}, ingress: [{ports: [{port: 1}, {port: 0}]}]}',
    'policy.port-range',
    'spec.ingress[0].ports[1].port',
    { port: 0 },
  ],
  [
    'port above 65535',
    '{podSelector: {}, ingress: [{ports: [{port: 65536}]}]}',
    'policy.port-range',
    'spec.ingress[0].ports[0].port',
    { port: 65536 },
  ],
  [
    'endPort above 65535',
    '{podSelector: {}, ingress: [{ports: [{port: 1, endPort: 70000}]}]}',
    'policy.port-range',
    'spec.ingress[0].ports[0].endPort',
    { port: 70000 },
  ],
  [
    'bad port name: capitals',
    '{podSelector: {}, ingress: [{ports: [{port: HTTP}]}]}',
    'policy.bad-port-name',
    'spec.ingress[0].ports[0].port',
    { name: 'HTTP' },
  ],
  [
    'bad port name: a number in quotes',
    "{podSelector: {}, ingress: [{ports: [{port: '80'}]}]}",
    'policy.bad-port-name',
    'spec.ingress[0].ports[0].port',
    { name: '80' },
  ],
  [
    'bad port name: over 15 characters',
    '{podSelector: {}, ingress: [{ports: [{port: abcdefghijklmnop}]}]}',
    'policy.bad-port-name',
    'spec.ingress[0].ports[0].port',
  ],
  [
    'bad port name: two dashes',
    '{podSelector: {}, ingress: [{ports: [{port: a--b}]}]}',
    'policy.bad-port-name',
    'spec.ingress[0].ports[0].port',
  ],
  [
    'bad port name: a dash at the end',
    '{podSelector: {}, ingress: [{ports: [{port: a-}]}]}',
    'policy.bad-port-name',
    'spec.ingress[0].ports[0].port',
  ],
  [
    'unknown protocol',
    '{podSelector: {}, ingress: [{ports: [{port: 80, protocol: ICMP}]}]}',
    'policy.unknown-protocol',
    'spec.ingress[0].ports[0].protocol',
    { protocol: 'ICMP' },
  ],
  [
    'protocol in small letters',
    '{podSelector: {}, ingress: [{ports: [{port: 80, protocol: tcp}]}]}',
    'policy.unknown-protocol',
    'spec.ingress[0].ports[0].protocol',
    { protocol: 'tcp' },
  ],
  [
    'ipBlock beside selectors',
    '{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}]}',
    'policy.block-beside-selector',
    'spec.ingress[0].from[0]',
  ],
  [
    'except that is the whole block',
    '{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}]}',
    'policy.except-outside',
    'spec.ingress[0].from[0].ipBlock.except[0]',
    { except: '10.0.0.0/8', cidr: '10.0.0.0/8' },
  ],
  [
    'except outside the block',
    '{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, 11.0.0.0/16]}}]}]}',
    'policy.except-outside',
    'spec.egress[0].to[0].ipBlock.except[1]',
    { except: '11.0.0.0/16' },
  ],
  [
    'except of the other family',
    '{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: ["fd00::/8"]}}]}]}',
    'policy.except-outside',
    'spec.egress[0].to[0].ipBlock.except[0]',
  ],
  [
    'bad CIDR: no prefix',
    '{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.1}}]}]}',
    'policy.bad-cidr',
    'spec.egress[0].to[0].ipBlock.cidr',
    { value: '10.0.0.1' },
  ],
  [
    'bad CIDR: prefix too long',
    '{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/33}}]}]}',
    'policy.bad-cidr',
    'spec.egress[0].to[0].ipBlock.cidr',
  ],
  [
    'bad CIDR: in except',
    '{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0]}}]}]}',
    'policy.bad-cidr',
    'spec.egress[0].to[0].ipBlock.except[0]',
  ],
  [
    'bad CIDR: absent',
    '{podSelector: {}, egress: [{to: [{ipBlock: {}}]}]}',
    'policy.bad-cidr',
    'spec.egress[0].to[0].ipBlock.cidr',
  ],
  [
    'peer with no field',
    '{podSelector: {}, ingress: [{from: [{}]}]}',
    'policy.empty-peer',
    'spec.ingress[0].from[0]',
  ],
  [
    'unknown selector operator',
    '{podSelector: {matchExpressions: [{key: app, operator: Equals, values: [web]}]}}',
    'policy.selector-operator',
    'spec.podSelector.matchExpressions[0].operator',
    { operator: 'Equals' },
  ],
  [
    'In without values',
    '{podSelector: {matchExpressions: [{key: app, operator: In}]}}',
    'policy.selector-values-missing',
    'spec.podSelector.matchExpressions[0].values',
    { operator: 'In' },
  ],
  [
    'NotIn with an empty list',
    '{podSelector: {}, ingress: [{from: [{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: []}]}}]}]}',
    'policy.selector-values-missing',
    'spec.ingress[0].from[0].podSelector.matchExpressions[0].values',
  ],
  [
    'Exists with values',
    '{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: app, operator: Exists, values: [x]}]}}]}]}',
    'policy.selector-values-given',
    'spec.ingress[0].from[0].namespaceSelector.matchExpressions[0].values',
    { operator: 'Exists' },
  ],
  [
    'DoesNotExist with values',
    '{podSelector: {matchExpressions: [{key: app, operator: DoesNotExist, values: [x]}]}}',
    'policy.selector-values-given',
    'spec.podSelector.matchExpressions[0].values',
  ],
  [
    'invalid label key',
    '{podSelector: {matchLabels: {"not a key": x}}}',
    'policy.bad-label-key',
    'spec.podSelector.matchLabels',
    { key: 'not a key' },
  ],
  [
    'invalid label key in an expression',
    '{podSelector: {matchExpressions: [{key: a/b/c, operator: Exists}]}}',
    'policy.bad-label-key',
    'spec.podSelector.matchExpressions[0].key',
    { key: 'a/b/c' },
  ],
  [
    'invalid label value',
    '{podSelector: {matchLabels: {app: "-x"}}}',
    'policy.bad-label-value',
    'spec.podSelector.matchLabels',
    { value: '-x' },
  ],
  [
    'invalid label value in an expression',
    '{podSelector: {matchExpressions: [{key: app, operator: In, values: [ok, "not ok"]}]}}',
    'policy.bad-label-value',
    'spec.podSelector.matchExpressions[0].values[1]',
    { value: 'not ok' },
  ],
  [
    'a number where text belongs',
    '{podSelector: {matchLabels: {app: 1}}}',
    'policy.bad-type',
    'spec.podSelector.matchLabels',
  ],
  ['an object where a list belongs', '{podSelector: {}, ingress: {}}', 'policy.bad-type', 'spec.ingress'],
  [
    'a port that is no whole number',
    '{podSelector: {}, ingress: [{ports: [{port: 80.5}]}]}',
    'policy.bad-type',
    'spec.ingress[0].ports[0].port',
  ],
];

describe('a policy that the API refuses', () => {
  it.each(REFUSED)('%s', (_line, spec, check, field, params) => {
    const w = worldOf(snapshotOf(withPolicy(spec), FILE));
    restGoesOn(w);
    expect(w.verdict('shop/web', 'shop/other', 'TCP/1')).toBe('permitted');
    const finding = w.engine.allFindings().find((f) => f.check === check);
    expect(finding).toMatchObject({
      severity: 'high',
      object: { kind: 'NetworkPolicy', namespace: 'shop', name: 'bad' },
      place: { file: FILE, document: DOCUMENT, line: LINE },
    });
    expect(finding!.place!.field).toContain(field);
    if (params) {
      const told = w.engine.overview().rejected[0]!.reasons.find((r) => r.check === check)!.params;
      const text = JSON.stringify(told);
      for (const value of Object.values(params))
        expect(text).toContain(JSON.stringify(value).replaceAll('"', ''));
    }
    const { rejected, summary } = w.engine.overview();
    expect(rejected).toHaveLength(1);
    expect(rejected[0]).toMatchObject({ object: { name: 'bad' }, treatment: 'left-out' });
    expect(rejected[0]!.reasons.map((r) => r.check)).toContain(check);
    expect(summary.rejectedPolicies).toBe(1);
  });

  it.each(REFUSED.filter(([, , check]) => check !== 'policy.bad-type'))(
    '%s, stored in a live cluster: named, kept uncertain, never a crash',
    (_line, spec, check) => {
      const snapshot = snapshotOf(withPolicy(spec), FILE);
      for (const policy of snapshot.policies) {
        policy.origin = 'cluster';
        delete policy.place;
      }
      snapshot.cluster.source = 'context';
      const assume = { ipBlockPods: 'match', hostNetwork: 'node' };
      const w = worldOf(snapshot, assume);
      // What the good policy permits stays permitted, whatever the bad one may add; both evaluators agree on the rest.
      expect(w.verdict('192.0.2.1', 'shop/web', 'TCP/80')).toBe('permitted');
      for (const port of ['TCP/1', 'TCP/81', 'UDP/90', 'SCTP/65535']) {
        w.verdict('192.0.2.1', 'shop/web', port);
        w.verdict('shop/other', 'shop/web', port);
        w.verdict('shop/web', '10.1.2.3', port);
      }
      const { rejected } = w.engine.overview();
      expect(rejected).toMatchObject([{ object: { name: 'bad' }, treatment: 'kept-uncertain' }]);
      expect(rejected[0]!.reasons.map((r) => r.check)).toContain(check);
    },
  );

  it('several faults in one policy are all named', () => {
    const spec = '{podSelector: {}, policyTypes: [Both], ingress: [{ports: [{port: 0}], from: [{}]}]}';
    const { rejected } = audit(snapshotOf(withPolicy(spec), FILE)).overview();
    expect(rejected[0]!.reasons.map((r) => r.check).sort()).toEqual([
      'policy.empty-peer',
      'policy.port-range',
      'policy.unknown-type',
    ]);
  });
});

describe('a file that is not what it should be', () => {
  it('two objects of one name: the later counts, and both places are named', () => {
    const again = `${HEAD}---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: good, namespace: shop}\nspec: {podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 81}]}]}\n`;
    const w = worldOf(snapshotOf(again, FILE));
    expect(w.verdict('shop/other', 'shop/web', 'TCP/81')).toBe('permitted');
    expect(w.verdict('shop/other', 'shop/web', 'TCP/80')).toBe('denied');
    const finding = w.engine.allFindings().find((f) => f.check === 'input.duplicate');
    expect(finding).toMatchObject({
      severity: 'high',
      object: { kind: 'NetworkPolicy', namespace: 'shop', name: 'good' },
      place: { file: FILE, document: 4, line: LINE },
      params: { file: FILE, document: 3 },
    });
  });
  it('unparsable YAML: line and column, and the documents around it are read', () => {
    const broken = `${HEAD}---\nkind: Broken\n  metadata: [\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: after, namespace: shop}\nspec: {containers: [{name: main, image: x}]}\n`;
    const w = worldOf(snapshotOf(broken, FILE));
    // It may hold a policy, which may permit more and takes nothing away (S5, S26).
    expect(w.verdict('shop/other', 'shop/web', 'TCP/81')).toBe('depends');
    expect(w.verdict('shop/after', 'shop/web', 'TCP/80')).toBe('depends');
    expect(w.engine.overview().coverage).toMatchObject({ complete: false, gaps: [{ file: FILE }] });
    const finding = w.engine.allFindings().find((f) => f.check === 'input.unparsable');
    expect(finding).toMatchObject({ severity: 'high', place: { file: FILE, document: 4 } });
    expect(finding!.place!.line).toBeGreaterThanOrEqual(LINE);
    expect(finding!.place!.line).toBeLessThanOrEqual(LINE + 2);
    expect(finding!.place!.column).toBeGreaterThanOrEqual(1);
  });
  it('a document that is no Kubernetes object: skipped and counted', () => {
    const w = worldOf(snapshotOf(`${HEAD}---\nservices: {web: {image: x}}\n---\njust text\n`, FILE));
    restGoesOn(w);
    expect(w.engine.overview().coverage.skippedDocuments).toBe(2);
    expect(w.engine.overview().rejected).toEqual([]);
  });
  it('an alias bomb: refused by name, quickly, and the rest is read', () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 12; i++) {
      const [from, to] = [String.fromCharCode(96 + i), String.fromCharCode(97 + i)];
      lines.push(`${to}: &${to} [${new Array(10).fill(`*${from}`).join(', ')}]`);
    }
    const bomb = `${HEAD}---\napiVersion: v1\nkind: Pod\nmetadata: {name: bomb}\n${lines.join('\n')}\n`;
    const w = worldOf(snapshotOf(bomb, FILE));
    restGoesOn(w);
    expect(w.engine.allFindings().find((f) => f.check === 'input.alias-bomb')).toMatchObject({
      severity: 'high',
      place: { file: FILE, document: DOCUMENT },
    });
  });

  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-bad-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  it('a file over the stated size: refused with its size and the limit, and the files beside it are read', async () => {
    const size = 40_000;
    writeFileSync(join(folder, 'big.yaml'), `# ${'x'.repeat(size)}\n`);
    writeFileSync(join(folder, 'small.yaml'), HEAD);
    const seen: string[] = [];
    for await (const file of collectFiles([folder], { maxBytes: 30_000 })) {
      if ('problem' in file) {
        expect(file.problem).toMatchObject({
          check: 'input.too-large',
          place: { file: join(folder, 'big.yaml') },
          params: { bytes: size + 3, limit: 30_000 },
        });
        seen.push('refused');
      } else seen.push('read');
    }
    expect(seen.sort()).toEqual(['read', 'refused']);
  });
});

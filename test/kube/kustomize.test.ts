/** Files that are not whole objects (S20): patches, components, charts. Own inputs in the shape of public folders. */
import { describe, expect, test } from 'vitest';
import { createAudit } from '../../shared/audit/engine.ts';
import { SnapshotBuilder } from '../../shared/kube/builder.ts';
import { isRemote, normalPath, readKustomization } from '../../shared/kube/kustomize.ts';
import type { Kustomization } from '../../shared/kube/kustomize.ts';
import type { CoverageEntry, Snapshot } from '../../shared/kube/snapshot.ts';
import { parseSnapshot, serializeSnapshot } from '../../shared/kube/snapshotFile.ts';
import { coverageReason, reasonWords } from '../../shared/report/words.ts';
import { checks, endpoints, MANIFESTS, problemsOf, read, snapshotOf } from './read.ts';

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
`;
const POD = `apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: db, image: db}]}
`;
const POLICY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web-in, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: db}}}]}]
`;
/** A patch of one rule: no podSelector, which would select every pod of the namespace if this were the object (S27). */
const NARROWER = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web-in, namespace: shop}
spec:
  ingress: [{from: [{podSelector: {matchLabels: {app: db, tier: gold}}}]}]
`;
const REMOVED = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: shop}
$patch: delete
`;

function entryOf(snapshot: Snapshot, file: string): CoverageEntry {
  const found = snapshot.coverage.entries.find((one) => one.file === file);
  if (!found) throw new Error(`There is no coverage of ${file}.`);
  return found;
}

function policies(snapshot: Snapshot): string[] {
  return snapshot.policies.map(({ place, name }) => `${place?.file ?? ''}: ${name}`);
}

/** Pods that are isolated for ingress, by the engine. */
function isolated(snapshot: Snapshot): string[] {
  const audit = createAudit(snapshot, { auditedAt: MANIFESTS.takenAt, version: '0', assume: {} });
  return audit
    .pods({ offset: 0, limit: 100 })
    .rows.filter((row) => row.ingress === 'isolated')
    .map((row) => row.name);
}

function kustomization(text: string, path = 'app/prod/kustomization.yaml'): Kustomization {
  const found = readKustomization(path, text);
  if (found === null || found === 'not-one') throw new Error('This is no kustomization.');
  return found;
}

describe('a patch is not the object (S20)', () => {
  test.each([
    ['patches', 'patches: [{path: narrower.yaml}]'],
    [
      'patches, with a target',
      'patches:\n- target: {kind: NetworkPolicy, name: web-in}\n  path: ./narrower.yaml',
    ],
    ['patchesStrategicMerge', 'patchesStrategicMerge: [narrower.yaml]'],
    ['patches, as paths alone', 'patches: [narrower.yaml]'],
  ])('of a policy, named under %s, neither replaces it nor isolates the namespace', (_, field) => {
    const snapshot = snapshotOf({
      'prod/kustomization.yaml': `resources: [../base]\n${field}\n`,
      'prod/narrower.yaml': NARROWER,
      'base/kustomization.yaml': 'resources: [all.yaml]\n',
      'base/all.yaml': `${DEPLOYMENT}---\n${POD}---\n${POLICY}`,
    });
    expect(policies(snapshot)).toEqual(['base/all.yaml: web-in']);
    expect(isolated(snapshot)).toEqual(['web']);
    expect(snapshot.coverage.complete).toBe(false);
    expect(entryOf(snapshot, 'prod/narrower.yaml')).toMatchObject({
      outcome: 'skipped',
      passed: 'patch',
      count: 0,
      affectsVerdicts: true,
      render: 'kubectl kustomize prod',
    });
    // A base that only lists its files changes nothing.
    expect(entryOf(snapshot, 'base/kustomization.yaml').affectsVerdicts).toBe(false);
    expect(checks(snapshot)).toEqual(['input.kustomize', 'input.patch']);
  });

  test('the order in which the files come decides nothing', () => {
    const files = {
      'prod/kustomization.yaml': 'resources: [../base]\npatches: [{path: narrower.yaml}]\n',
      'prod/narrower.yaml': NARROWER,
      'base/kustomization.yaml': 'resources: [all.yaml]\n',
      'base/all.yaml': `${DEPLOYMENT}---\n${POD}---\n${POLICY}`,
    };
    const backwards = Object.fromEntries(Object.entries(files).reverse());
    expect(snapshotOf(backwards)).toEqual(snapshotOf(files));
  });

  test('with a directive it is known by that, in any file, from standard input too', () => {
    for (const file of ['a.yaml', '-']) {
      const snapshot = snapshotOf({ [file]: `${POD}---\n${REMOVED}` });
      expect(policies(snapshot)).toEqual([]);
      expect(isolated(snapshot)).toEqual([]);
      expect(endpoints(snapshot)).toEqual(['shop/Pod/db']);
      expect(snapshot.coverage.complete).toBe(false);
      expect(checks(snapshot)).toEqual(['input.patch']);
      expect(entryOf(snapshot, file)).toMatchObject({ passed: 'patch', count: 1 });
    }
  });

  test('the directive may stand deep inside; as text in a value it is none', () => {
    const deep = DEPLOYMENT.replace('image: web', 'image: web, env: [{$patch: delete, name: A}]');
    expect(endpoints(read(deep))).toEqual([]);
    const text = POD.replace('labels:', 'annotations: {note: "$patch: delete"}, labels:');
    expect(endpoints(read(text))).toEqual(['shop/Pod/db']);
    expect(read(text).coverage.complete).toBe(true);
  });

  test.each([
    ['no template', 'spec: {replicas: 3}'],
    ['a template without containers', 'spec: {selector: {}, template: {spec: {nodeSelector: {a: b}}}}'],
    ['no selector', 'spec: {template: {spec: {containers: [{name: web, image: web:2}]}}}'],
  ])('of a workload, with %s, in the folders of a kustomization that does not name it', (_, spec) => {
    const patch = `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n${spec}\n`;
    const snapshot = snapshotOf({
      'base/kustomization.yaml': 'resources: [web.yaml]\n',
      'base/web.yaml': DEPLOYMENT,
      'base/zz-more.yaml': patch,
    });
    expect(snapshot.pods.map(({ name, labels }) => [name, labels])).toEqual([['web', { app: 'web' }]]);
    expect(checks(snapshot)).toEqual(['input.patch']);
  });

  test('a policy without podSelector selects every pod where no kustomization is (S27)', () => {
    expect(isolated(read(`${POD}---\n${NARROWER}`))).toEqual(['db']);
  });

  test('such a policy that a kustomization lists as a resource is one too (S27)', () => {
    const snapshot = snapshotOf({
      'kustomization.yaml': 'resources: [all.yaml, policy.yaml]\n',
      'all.yaml': POD,
      'policy.yaml': NARROWER,
    });
    expect(isolated(snapshot)).toEqual(['db']);
    expect(snapshot.coverage.complete).toBe(true);
  });

  test('a second object of one name that no kustomization lists is taken for the patch that it looks like', () => {
    const snapshot = snapshotOf({
      'base/kustomization.yaml': 'resources: [a.yaml]\n',
      'base/a.yaml': `${POD}---\n${DEPLOYMENT}---\n${POLICY}`,
      'base/b.yaml': POLICY.replace('app: web', 'app: db'),
    });
    expect(policies(snapshot)).toEqual(['base/a.yaml: web-in']);
    expect(checks(snapshot)).toEqual(['input.patch']);
  });

  test('a JSON patch in a file takes no part and is named', () => {
    const snapshot = snapshotOf({
      'kustomization.yaml':
        'resources: [a.yaml]\npatchesJson6902:\n- target: {version: v1, kind: Pod, name: db}\n  path: labels.yaml\n',
      'a.yaml': POD,
      'labels.yaml': '- op: replace\n  path: /metadata/labels/app\n  value: other\n',
    });
    expect(entryOf(snapshot, 'labels.yaml')).toMatchObject({ passed: 'patch', affectsVerdicts: true });
    expect(snapshot.coverage.complete).toBe(false);
    expect(problemsOf(snapshot, 'input.patch')[0]).toMatchObject({ params: { kind: 'Pod' } });
  });

  test('a file that is listed as a resource and named as a patch counts as the resource', () => {
    const snapshot = snapshotOf({
      'a/kustomization.yaml': 'resources: [pod.yaml]\n',
      'a/pod.yaml': POD,
      'b/kustomization.yaml': 'patches: [{path: ../a/pod.yaml}]\n',
    });
    expect(endpoints(snapshot)).toEqual(['shop/Pod/db']);
  });

  test("Flux's Kustomization in a file of that name is an object like others", () => {
    const snapshot = snapshotOf({
      'kustomization.yaml':
        'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec: {path: ./b}\n',
      'a.yaml': POD,
    });
    // It is read as what it is; what Flux deploys by it was not read.
    expect(checks(snapshot)).toEqual(['input.deployer']);
    expect(snapshot.coverage.entries.some(({ passed }) => passed !== undefined)).toBe(false);
    expect(endpoints(snapshot)).toEqual(['shop/Pod/db']);
  });
});

describe('components, settings and charts are no objects (S20)', () => {
  test('a policy of a component isolates nobody', () => {
    const snapshot = snapshotOf({
      'kustomize/kustomization.yaml': 'resources: [base]\n# components: [components/network-policies]\n',
      'kustomize/base/kustomization.yaml': 'resources: [web.yaml]\n',
      'kustomize/base/web.yaml': DEPLOYMENT,
      'kustomize/components/network-policies/kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [deny-all.yaml]\n',
      'kustomize/components/network-policies/deny-all.yaml':
        'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: shop}\nspec: {podSelector: {}}\n',
    });
    expect(policies(snapshot)).toEqual([]);
    expect(isolated(snapshot)).toEqual([]);
    expect(checks(snapshot)).toEqual(['input.component']);
    expect(entryOf(snapshot, 'kustomize/components/network-policies/deny-all.yaml').passed).toBe('component');
    expect(snapshot.coverage.complete).toBe(false);
  });

  test('the templates of a chart are one gap, also those that are whole objects by chance', () => {
    const snapshot = snapshotOf({
      'chart/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
      'chart/values.yaml': 'replicas: 2\n',
      'chart/templates/deny.yaml': POLICY,
      'chart/templates/web.yaml': `{{- if .Values.on }}\n${DEPLOYMENT}{{- end }}\n`,
      'chart/charts/inner/Chart.yaml': 'apiVersion: v2\nname: inner\nversion: 1.0.0\n',
      'chart/charts/inner/templates/db.yaml': POD,
    });
    expect(policies(snapshot)).toEqual([]);
    expect(endpoints(snapshot)).toEqual([]);
    const charts = problemsOf(snapshot, 'input.helm-chart');
    expect(charts.map(({ params }) => params)).toEqual([
      { folder: 'chart', files: 3, command: 'helm template chart' },
    ]);
    expect(problemsOf(snapshot, 'input.helm-template')).toEqual([]);
    expect(entryOf(snapshot, 'chart/templates/web.yaml')).toMatchObject({ passed: 'template' });
    expect(entryOf(snapshot, 'chart/values.yaml').affectsVerdicts).toBe(false);
  });

  test('a chart of type library renders nothing by itself', () => {
    const snapshot = snapshotOf({
      'lib/Chart.yaml': 'apiVersion: v2\nname: lib\nversion: 1.0.0\ntype: library\n',
      'lib/templates/a.yaml': '{{- define "a" }}\nx: {{ .y }}\n{{- end }}\n',
      'a.yaml': POD,
    });
    expect(problemsOf(snapshot, 'input.helm-chart')).toEqual([]);
  });

  test('generators and transformers by their own kinds, and values, are no objects; their files leave no gap', () => {
    const snapshot = snapshotOf({
      'kustomization.yaml': 'resources: [a.yaml]\ntransformers: [t.yaml]\nconfigurations: [c.yaml]\n',
      'a.yaml': POD,
      't.yaml': 'apiVersion: builtin\nkind: NamespaceTransformer\nmetadata: {name: t, namespace: other}\n',
      'c.yaml': 'commonLabels:\n- path: spec/selector\n  kind: X\n',
    });
    expect(endpoints(snapshot)).toEqual(['shop/Pod/db']);
    expect(entryOf(snapshot, 't.yaml')).toMatchObject({ passed: 'settings', affectsVerdicts: false });
    expect(problemsOf(snapshot, 'input.kustomize')[0].params).toMatchObject({ changes: 'transformers' });
    expect(snapshot.coverage.complete).toBe(false);
  });
});

describe('what a kustomization is', () => {
  test.each([
    'https://github.com/a/b//config?ref=v1',
    'github.com/a/b/config/default?ref=v1.2.3',
    'git::https://example.com/a.git',
    'git@github.com:a/b.git',
    'ssh://git@example.com/a/b',
    'oci://example.com/a',
    'gitlab.example.com/group/project//base?ref=main',
  ])('%s lies elsewhere', (resource) => {
    expect(isRemote(resource)).toBe(true);
    expect(kustomization(`resources: ["${resource}", a.yaml]\n`)).toMatchObject({
      remote: [resource],
      resources: ['app/prod/a.yaml'],
    });
  });

  test.each([
    '../base',
    './a.yaml',
    'a.b.yaml',
    '/abs/a.yaml',
    'apps.example.com/a.yaml',
    'crd/projectcalico.org.yaml',
  ])('%s lies here', (resource) => expect(isRemote(resource)).toBe(false));

  test('a base that was not read is a gap, and named', () => {
    const snapshot = snapshotOf({
      'prod/kustomization.yaml': 'resources: [../base, https://example.invalid/x, a.yaml]\n',
      'prod/a.yaml': POD,
    });
    expect(problemsOf(snapshot, 'input.kustomize')[0].params).toEqual({
      folder: 'prod',
      changes: 'https://example.invalid/x, base',
      command: 'kubectl kustomize prod',
    });
    expect(snapshot.coverage.complete).toBe(false);
  });

  test('the command is that of what deploys it, through others, where only one does', () => {
    const files = {
      'base/kustomization.yaml': 'resources: [a.yaml]\npatches: [{path: narrower.yaml}]\n',
      'base/a.yaml': POLICY,
      'base/narrower.yaml': NARROWER,
      'mid/kustomization.yaml': 'bases: [../base]\n',
      'prod/kustomization.yaml': 'resources: [../mid]\n',
    };
    expect(problemsOf(snapshotOf(files), 'input.patch')[0].params.command).toBe('kubectl kustomize prod');
    const twice = snapshotOf({ ...files, 'test/kustomization.yaml': 'resources: [../mid]\n' });
    expect(problemsOf(twice, 'input.patch')[0].params.command).toBe('kubectl kustomize base');
    const round = snapshotOf({
      ...files,
      'base/kustomization.yaml': `${files['base/kustomization.yaml'].replace('[a.yaml]', '[a.yaml, ../prod]')}`,
    });
    expect(problemsOf(round, 'input.patch')[0].params.command).toBe('kubectl kustomize base');
  });

  describe('that sets the namespace', () => {
    const flux = {
      'install/kustomization.yaml': 'namespace: flux-system\nresources: [../policies]\n',
      'policies/kustomization.yaml': 'resources: [deny.yaml]\n',
      'policies/deny.yaml': POLICY.replace(', namespace: shop', '').replace(
        '{matchLabels: {app: web}}',
        '{}',
      ),
    };
    const pod = POD.replace(', namespace: shop', '');

    test('takes a policy away from where its file would have it isolate others', () => {
      const snapshot = snapshotOf({
        ...flux,
        'base/kustomization.yaml': 'resources: [a.yaml]\n',
        'base/a.yaml': pod,
      });
      expect(policies(snapshot)).toEqual([]);
      expect(isolated(snapshot)).toEqual([]);
      expect(checks(snapshot)).toEqual(['input.kustomize', 'input.moved-policy']);
      expect(entryOf(snapshot, 'policies/deny.yaml')).toMatchObject({
        passed: 'namespace',
        render: 'kubectl kustomize install',
      });
    });

    test('leaves it where everything there goes the same way', () => {
      const snapshot = snapshotOf({
        ...flux,
        'install/kustomization.yaml': 'namespace: flux-system\nresources: [../policies, pod.yaml]\n',
        'install/pod.yaml': pod,
      });
      expect(snapshot.policies.map(({ namespace }) => namespace)).toEqual(['default']);
      // What else the kustomization changes is not known: no pod is called isolated (S26).
      expect(isolated(snapshot)).toEqual([]);
      expect(checks(snapshot)).toEqual(['input.kustomize']);
      expect(snapshot.coverage.complete).toBe(false);
    });

    test('of two that set different ones none can be chosen', () => {
      const snapshot = snapshotOf({
        ...flux,
        'other/kustomization.yaml': 'namespace: other\nresources: [../policies]\n',
        'policies/pod.yaml': pod,
      });
      expect(policies(snapshot)).toEqual([]);
    });

    test('that all its objects have already is no change', () => {
      const snapshot = snapshotOf({
        'kustomization.yaml': 'namespace: shop\nresources: [a.yaml]\n',
        'a.yaml': `${POD}---\n${POLICY}`,
      });
      expect(policies(snapshot)).toEqual(['a.yaml: web-in']);
    });
  });

  test('a folder with blanks in its name is quoted for a shell', () => {
    const snapshot = snapshotOf({
      "my app's/kustomization.yaml": 'resources: [a.yaml]\nnamePrefix: x-\n',
      "my app's/a.yaml": POD,
    });
    expect(problemsOf(snapshot, 'input.kustomize')[0].params).toMatchObject({
      command: "kubectl kustomize 'my app'\\''s'",
    });
  });

  test('what changes no figure is no gap: images, annotations, generated ConfigMaps', () => {
    const snapshot = snapshotOf({
      'kustomization.yaml':
        'resources: [a.yaml]\nimages: [{name: db, newTag: "2"}]\ncommonAnnotations: {a: b}\nconfigMapGenerator: [{name: c, files: [x=c.json]}]\n',
      'a.yaml': POD,
      'c.json': '{"kind": "Pod"}',
    });
    expect(snapshot.coverage.complete).toBe(true);
    expect(endpoints(snapshot)).toEqual(['shop/Pod/db']);
  });

  const overlay = (patch: string, more = ''): Snapshot =>
    snapshotOf({
      'base/kustomization.yaml': 'resources: [web.yaml, policy.yaml]\n',
      'base/web.yaml': DEPLOYMENT,
      'base/policy.yaml': POLICY,
      'prod/kustomization.yaml': `resources: [../base]\npatches: [{path: web.yaml}]\n${more}`,
      'prod/web.yaml': patch,
    });
  const workload = (spec: string, labels = ''): string =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {template: {${labels}spec: ${spec}}}\n`;

  test.each([
    [
      'an image, resources and an environment',
      '{containers: [{name: web, image: "web:2", resources: {limits: {cpu: 1}}, env: [{name: A, value: b}]}]}',
      '',
    ],
    ['a port without a name', '{containers: [{name: web, ports: [{containerPort: 9000}]}]}', ''],
    ['the labels that it has already', '{}', 'metadata: {labels: {app: web}}, '],
  ])('a patch of %s leaves no verdict open; the audit is incomplete', (_, spec, labels) => {
    const snapshot = overlay(
      workload(spec, labels),
      'namePrefix: prod-\nreplicas: [{name: web, count: 3}]\n',
    );
    expect(isolated(snapshot)).toEqual(['web']);
    expect(snapshot.coverage.complete).toBe(false);
    expect(snapshot.coverage.gaps).toBeUndefined();
    expect(checks(snapshot)).toContain('input.patch');
  });

  test.each([
    ['another label', '{}', 'metadata: {labels: {app: web, tier: gold}}, '],
    ['a label that is taken away', '{}', 'metadata: {labels: {app: null}}, '],
    ['a named port', '{containers: [{name: web, ports: [{name: http, containerPort: 80}]}]}', ''],
    ["its node's network", '{hostNetwork: true}', ''],
    ['its node', '{nodeName: n1}', ''],
  ])('a patch of %s leaves them open', (_, spec, labels) => {
    expect(isolated(overlay(workload(spec, labels)))).toEqual([]);
  });

  test('a kustomization that cannot be parsed is a gap', () => {
    const snapshot = snapshotOf({ 'kustomization.yaml': 'resources: [a.yaml\n', 'a.yaml': POD });
    expect(checks(snapshot)).toEqual(['input.unparsable']);
    expect(snapshot.coverage.complete).toBe(false);
  });

  test('paths are compared without what means nothing in them', () => {
    expect(normalPath('./a//b/../c/./d.yaml')).toBe('a/c/d.yaml');
    expect(normalPath('../../x/../y')).toBe('../../y');
    expect(normalPath('/a/../../b')).toBe('/b');
    expect(normalPath('C:\\a\\b/../c')).toBe('C:/a/c');
  });
});

describe('why a file was not read is said in words', () => {
  const broken = `${POD}---\nkind: "open\n---\nkind: {{ .x }}\n- a\n`;

  test('of every document, in both languages', () => {
    const entry = entryOf(snapshotOf({ 'm.yaml': broken }), 'm.yaml');
    expect(entry.causes?.map(({ check }) => check)).toEqual(['input.unparsable', 'input.helm-template']);
    for (const lang of ['en', 'ko'] as const) {
      const { reason } = entry;
      const { causes: _causes, ...old } = entry;
      for (const text of [coverageReason(entry, lang), coverageReason(old, lang), reasonWords(reason!, lang)])
        expect(text).not.toMatch(/input\./);
    }
    expect(coverageReason(entry, 'en')).toMatch(
      /^Document cannot be parsed \(line \d+\), Unrendered Helm template \(line \d+\)$/,
    );
  });

  test('text of the source stays as it is', () => {
    expect(reasonWords('HTTP 403: pods is forbidden, v1.x (line 2)', 'ko')).toBe(
      'HTTP 403: pods is forbidden, v1.x (line 2)',
    );
  });

  test('a saved snapshot keeps the causes and what was passed over', () => {
    const builder = new SnapshotBuilder(MANIFESTS);
    builder.addManifest('m.yaml', broken);
    builder.addManifest('p.yaml', REMOVED);
    const snapshot = builder.finish();
    const again = parseSnapshot(JSON.parse([...serializeSnapshot(snapshot)].join('')));
    expect('snapshot' in again && again.snapshot.coverage).toEqual(snapshot.coverage);
  });
});

/** Verdicts of every ordered pair of pods at TCP 80, and whether all was read. */
function verdicts(snapshot: Snapshot): Record<string, string> & { complete: string } {
  const audit = createAudit(snapshot, { auditedAt: MANIFESTS.takenAt, version: '0', assume: {} });
  const found: Record<string, string> & { complete: string } = {
    complete: String(snapshot.coverage.complete),
  };
  for (const src of snapshot.pods)
    for (const dst of snapshot.pods) {
      if (src === dst) continue;
      const end = (one: typeof src): { namespace: string; pod: string } => ({
        namespace: one.namespace,
        pod: one.kind === 'Pod' ? one.name : `${one.kind}/${one.name}`,
      });
      const { conns, depends } = audit.explain({ src: end(src), dst: end(dst), protocol: 'TCP', port: 80 });
      const open = depends['TCP'] !== undefined;
      found[`${src.name}>${dst.name}`] = open
        ? 'depends'
        : conns['TCP'] !== undefined
          ? 'permitted'
          : 'denied';
    }
  return found;
}

describe('what no kustomization lists, or only some overlays deploy, is not known to be deployed (S20)', () => {
  const DENY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}}
`;
  const OPEN = { complete: 'false', 'web>db': 'depends', 'db>web': 'depends' };
  const DENIED = { complete: 'true', 'web>db': 'denied', 'db>web': 'denied' };
  const all = `${DEPLOYMENT}---\n${POD}`;

  test.each(['app/deny.yaml', 'app/more/deny.yaml'])(
    'a policy in %s, which the kustomization of the folder does not list, leaves its namespace open',
    (file) => {
      const snapshot = snapshotOf({
        'app/kustomization.yaml': 'resources: [all.yaml]\n',
        'app/all.yaml': all,
        [file]: DENY,
      });
      expect(policies(snapshot)).toEqual([]);
      expect(verdicts(snapshot)).toEqual(OPEN);
      expect(problemsOf(snapshot, 'input.unlisted')).toMatchObject([
        { place: { file }, params: { kustomization: 'app/kustomization.yaml', treatment: 'left-out' } },
      ]);
      expect(entryOf(snapshot, file).passed).toBe('unlisted');
    },
  );

  test('it leaves its own namespace open, and no other', () => {
    const snapshot = snapshotOf({
      'kustomization.yaml': 'resources: [all.yaml]\n',
      'all.yaml': all,
      'deny.yaml': DENY.replace('namespace: shop', 'namespace: other'),
    });
    expect(verdicts(snapshot)).toEqual({ complete: 'false', 'web>db': 'permitted', 'db>web': 'permitted' });
  });

  test.each([
    ['it is listed', { 'kustomization.yaml': 'resources: [all.yaml, deny.yaml]\n' }],
    ['the kustomization deploys nothing', { 'kustomization.yaml': '# nothing yet\n' }],
    [
      'another folder has the kustomization',
      { 'lib/kustomization.yaml': 'resources: [x.yaml]\n', 'lib/x.yaml': '' },
    ],
    [
      'one above lists it from afar',
      {
        'kustomization.yaml': 'resources: [all.yaml]\n',
        'prod/kustomization.yaml': 'resources: [../deny.yaml]\n',
      },
    ],
  ])('it counts where %s', (_, files) => {
    const snapshot = snapshotOf({ 'all.yaml': all, 'deny.yaml': DENY, ...files });
    expect(policies(snapshot)).toEqual(['deny.yaml: deny']);
    expect(verdicts(snapshot)).toEqual(DENIED);
  });

  test('pods that are not listed take part and are named', () => {
    const snapshot = snapshotOf({
      'kustomization.yaml': 'resources: [web.yaml]\n',
      'web.yaml': DEPLOYMENT,
      'db.yaml': POD,
    });
    expect(endpoints(snapshot)).toEqual(['shop/Pod/db', 'shop/Deployment/web']);
    expect(problemsOf(snapshot, 'input.unlisted')).toMatchObject([
      { place: { file: 'db.yaml' }, params: { kind: 'Pod', treatment: 'kept' } },
    ]);
    expect(snapshot.coverage.complete).toBe(true);
  });

  test('a policy that one of two overlays of a base adds leaves its namespace open; one of the base counts', () => {
    const files = {
      'base/kustomization.yaml': 'resources: [all.yaml]\n',
      'base/all.yaml': all,
      'dev/kustomization.yaml': 'resources: [../base]\n',
      'prod/kustomization.yaml': 'resources: [../base, deny.yaml]\n',
      'prod/deny.yaml': DENY,
    };
    const snapshot = snapshotOf(files);
    expect(policies(snapshot)).toEqual([]);
    expect(verdicts(snapshot)).toEqual(OPEN);
    expect(problemsOf(snapshot, 'input.some-overlays')).toMatchObject([
      { place: { file: 'prod/deny.yaml' }, params: { overlays: 'prod', others: 'dev' } },
    ]);
    expect(
      verdicts(
        snapshotOf({ ...files, 'dev/kustomization.yaml': 'resources: [../base, ../prod/deny.yaml]\n' }),
      ),
    ).toEqual(DENIED);
    // Alone, and beside an overlay that shares nothing with it, the overlay is what is deployed.
    const { 'dev/kustomization.yaml': _, ...alone } = files;
    expect(verdicts(snapshotOf(alone))).toEqual(DENIED);
    const apart = { ...alone, 'tools/kustomization.yaml': 'resources: [cm.yaml]\n', 'tools/cm.yaml': '' };
    expect(verdicts(snapshotOf(apart))).toEqual(DENIED);
  });

  test('overlays that give different objects of one name stand for one another, without a common base', () => {
    const overlay = (policy: string, pods: string): Record<string, string> => ({
      'dev/kustomization.yaml': 'resources: [deny.yaml, all.yaml]\n',
      'dev/all.yaml': all,
      'dev/deny.yaml': DENY,
      'prod/kustomization.yaml': 'resources: [deny.yaml, all.yaml]\n',
      'prod/all.yaml': pods,
      'prod/deny.yaml': policy,
    });
    const narrower = DENY.replace('{}', '{matchLabels: {app: web}}');
    expect(verdicts(snapshotOf(overlay(narrower, all)))).toEqual(OPEN);
    // Other labels of a workload: whom the policies mean is not known.
    const relabelled = all.replaceAll('app: web', 'app: front');
    const snapshot = snapshotOf(overlay(DENY, relabelled));
    expect(verdicts(snapshot)).toEqual(OPEN);
    expect(snapshot.coverage.gaps?.map(({ check }) => check)).toContain('input.duplicate');
  });
});

describe('what a controller deploys or generates may be a policy (S20, S26)', () => {
  const all = `${DEPLOYMENT}---\n${POD}`;
  const OPEN = { complete: 'false', 'web>db': 'depends', 'db>web': 'depends' };
  const PLAIN = { complete: 'true', 'web>db': 'permitted', 'db>web': 'permitted' };
  const application = (
    namespace: string,
    path: string,
    more = '',
  ): string => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: x, namespace: argocd}
spec: {source: {repoURL: "https://host.test/r", path: ${path}${more}}, destination: {namespace: ${namespace}}}
`;
  const flux = (more: string): string => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: x, namespace: flux-system}
spec: {path: ./apps, prune: true, sourceRef: {kind: GitRepository, name: x}${more}}
`;
  const release = (target: string): string => `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: x, namespace: shop}
spec: {chart: {spec: {chart: x}}${target}}
`;
  const kyverno = (kind: string): string => `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: x}
spec: {rules: [{name: r, match: {any: []}, generate: {kind: ${kind}, name: d}}]}
`;

  test.each([
    ['an Application of the namespace', application('shop', 'elsewhere'), OPEN],
    ['an Application of another', application('other', 'elsewhere'), { ...PLAIN, complete: 'false' }],
    ['an Application of a namespace that does not show', application('"{{ns}}"', 'elsewhere'), OPEN],
    ['an Application of a folder of the input', application('shop', 'apps'), PLAIN],
    ['the same with patches', application('shop', 'apps', ', kustomize: {patches: [{patch: x}]}'), OPEN],
    ['a HelmRelease in the namespace', release(''), OPEN],
    ['a HelmRelease for another', release(', targetNamespace: other'), { ...PLAIN, complete: 'false' }],
    ['a Kustomization of Flux of a folder of the input', flux(''), PLAIN],
    ['the same for the namespace that its files say', flux(', targetNamespace: shop'), PLAIN],
    ['the same for another namespace', flux(', targetNamespace: other'), OPEN],
    ['the same with patches of Flux', flux(', patches: [{patch: "{}"}]'), OPEN],
    ['a policy of Kyverno that generates NetworkPolicies', kyverno('NetworkPolicy'), OPEN],
    ['a policy of Kyverno that generates something else', kyverno('ConfigMap'), PLAIN],
  ])('%s', (_, text, expected) => {
    expect(verdicts(snapshotOf({ 'apps/all.yaml': all, 'x.yaml': text }))).toEqual(expected);
  });

  test.each([
    ['its namespace', POLICY.replace('namespace: shop', 'namespace: "${ns}"'), '${ns}'],
    ['a selector', POLICY.replace('app: db', 'app: "${app:=db}"'), '${app:=db}'],
  ])('a policy with a variable in %s is not refused but unfilled', (_, text, variable) => {
    const snapshot = snapshotOf({ 'all.yaml': all, 'x.yaml': text });
    expect(policies(snapshot)).toEqual([]);
    expect(verdicts(snapshot)).toEqual(OPEN);
    expect(problemsOf(snapshot, 'input.unfilled')).toMatchObject([{ params: { variable } }]);
  });

  test('an object without a kind may be a policy of its namespace', () => {
    const text = POLICY.replace('kind: NetworkPolicy\n', '');
    const snapshot = snapshotOf({ 'all.yaml': all, 'x.yaml': text });
    expect(checks(snapshot)).toEqual(['input.no-kind']);
    expect(verdicts(snapshot)).toEqual(OPEN);
    const other = text.replace('namespace: shop', 'namespace: other');
    expect(verdicts(snapshotOf({ 'all.yaml': all, 'x.yaml': other }))).toEqual({
      ...PLAIN,
      complete: 'false',
    });
  });
});

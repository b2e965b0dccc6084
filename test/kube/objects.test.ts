import { effectOf, kindName, kindOfResource, NETWORK_KINDS } from '../../shared/kube/kinds.ts';
import { describe, expect, test } from 'vitest';
import { checks, endpoints, pod, podYaml, problemsOf, read, snapshotOf } from './read.ts';

const policy = (name: string, spec = 'podSelector: {}', extra = ''): string =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: ${name}\n${extra}spec:\n  ${spec}\n`;

describe('namespaces (S19)', () => {
  test('a manifest without a namespace goes into default, and mentioned namespaces exist with their name label alone', () => {
    const snapshot = read(`${podYaml('a')}---\n${policy('p', 'podSelector: {}', '  namespace: shop\n')}`);
    expect(snapshot.namespaces).toEqual([
      {
        name: 'default',
        labels: { 'kubernetes.io/metadata.name': 'default' },
        labelsKnown: true,
        implied: true,
      },
      { name: 'shop', labels: { 'kubernetes.io/metadata.name': 'shop' }, labelsKnown: true, implied: true },
    ]);
  });

  test('the name label is added, and set right where it says something else', () => {
    const snapshot = read(
      'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n  labels: {team: x}\n---\n' +
        'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: b\n  labels: {kubernetes.io/metadata.name: c}\n',
    );
    expect(snapshot.namespaces.map(({ labels, implied }) => [labels, implied])).toEqual([
      [{ 'kubernetes.io/metadata.name': 'a', team: 'x' }, false],
      [{ 'kubernetes.io/metadata.name': 'b' }, false],
    ]);
    expect(snapshot.problems).toMatchObject([
      {
        check: 'input.name-label',
        place: { document: 2, field: 'metadata.labels["kubernetes.io/metadata.name"]' },
        params: { value: 'c' },
      },
    ]);
  });
});

describe('pods', () => {
  test('phase, addresses, node, termination and the host network are read', () => {
    const snapshot = read(
      podYaml(
        'a',
        '  deletionTimestamp: "2026-01-01T00:00:00Z"\nspec: {nodeName: n1, hostNetwork: true}\nstatus:\n  phase: Running\n  podIP: 10.0.0.1\n  podIPs: [{ip: 10.0.0.1}, {ip: "fd00::1"}]\n',
      ) + `---\n${podYaml('b')}---\n${podYaml('c', 'status: {phase: Failed, podIP: 10.0.0.9}\n')}`,
    );
    expect(pod(snapshot, 'default', 'a')).toMatchObject({
      ips: ['10.0.0.1', 'fd00::1'],
      node: 'n1',
      hostNetwork: true,
      phase: 'Running',
      terminating: true,
    });
    // No status yet: it takes part (S17).
    expect(pod(snapshot, 'default', 'b')).toMatchObject({
      phase: 'Pending',
      ips: [],
      node: null,
      owner: null,
    });
    expect(pod(snapshot, 'default', 'c')).toMatchObject({ phase: 'Failed', ips: ['10.0.0.9'] });
  });

  test('ports come from containers and native sidecars, not from other init containers (S14)', () => {
    const snapshot = read(
      podYaml(
        'a',
        [
          'spec:',
          '  initContainers:',
          '  - {name: setup, ports: [{containerPort: 1}]}',
          '  - {name: proxy, restartPolicy: Always, ports: [{containerPort: 15001, name: mesh}]}',
          '  containers:',
          '  - {name: a, ports: [{containerPort: 53, protocol: UDP, name: dns}, {containerPort: 8080}]}',
          '  - {name: b, ports: [{containerPort: 9000, protocol: SCTP}]}',
          '',
        ].join('\n'),
      ),
    );
    expect(pod(snapshot, 'default', 'a').ports).toEqual([
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: '', port: 8080, protocol: 'TCP' },
      { name: '', port: 9000, protocol: 'SCTP' },
      { name: 'mesh', port: 15001, protocol: 'TCP' },
    ]);
  });

  test.each([
    ['containerPort: "8080"', 'containerPort', 'not-a-number'],
    ['containerport: 8080', 'containerPort', 'not-a-number'],
    ['containerPort: 0', 'containerPort', 'out-of-range'],
    ['containerPort: 65536', 'containerPort', 'out-of-range'],
    ['containerPort: 80.5', 'containerPort', 'out-of-range'],
    ['containerPort: 80, protocol: ICMP', 'protocol', 'unknown-value'],
  ])('a port {%s} is refused with its place, and the pod stays', (port, field, reason) => {
    const snapshot = read(
      podYaml('a', `spec:\n  containers:\n  - name: c\n    ports: [{containerPort: 81}, {${port}}]\n`),
    );
    expect(snapshot.problems).toMatchObject([
      { place: { field: `spec.containers[0].ports[1].${field}` }, params: { reason, treatment: 'kept' } },
    ]);
    expect(pod(snapshot, 'default', 'a').ports.map((one) => one.port)).toEqual([81]);
  });

  test('a node without an object of its own is known by the pods that name it; an address alone makes no node (S1)', () => {
    const snapshot = read(
      [
        podYaml('a', 'spec: {nodeName: n1}\nstatus: {hostIP: 192.168.0.1, podIP: 10.0.0.1}\n'),
        podYaml('b', 'spec: {nodeName: n1, hostNetwork: true}\nstatus: {podIP: 192.168.0.2}\n'),
        podYaml('c', 'status: {hostIP: 192.168.0.3}\n'),
        podYaml('d', 'spec: {nodeName: n2}\nstatus: {hostIP: 192.168.0.4}\n'),
        'apiVersion: v1\nkind: Node\nmetadata: {name: n2, labels: {zone: z}}\nspec: {podCIDRs: [10.1.0.0/24]}\nstatus:\n  addresses:\n  - {type: InternalIP, address: 192.168.0.44}\n  - {type: Hostname, address: n2}\n',
      ].join('---\n'),
    );
    expect(snapshot.nodes).toEqual([
      { name: 'n1', ips: ['192.168.0.1', '192.168.0.2'], labels: {}, podCIDRs: [] },
      { name: 'n2', ips: ['192.168.0.44'], labels: { zone: 'z' }, podCIDRs: ['10.1.0.0/24'] },
    ]);
  });

  test('a pod without a name cannot be an endpoint: it is left out and named', () => {
    const snapshot = read('apiVersion: v1\nkind: Pod\nmetadata: {labels: {a: b}}\n');
    expect(snapshot.pods).toEqual([]);
    expect(problemsOf(snapshot, 'input.no-name')[0]).toMatchObject({
      place: { file: 'a.yaml', document: 1, line: 1, field: 'metadata.name' },
      params: { kind: 'Pod', treatment: 'left-out' },
    });
  });

  test('a misspelt field of metadata is named: the API would drop the labels', () => {
    const snapshot = read(podYaml('a', '  lables: {app: x}\n'));
    expect(snapshot.problems).toMatchObject([
      { check: 'input.unknown-field', place: { field: 'metadata.lables' }, params: { treatment: 'kept' } },
    ]);
  });
});

describe('workloads (S20)', () => {
  const workload = (kind: string, apiVersion: string, spec: string): string =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: w, namespace: ns}\nspec:\n  ${spec}\n`;
  const template =
    'template: {metadata: {labels: {app: w}}, spec: {containers: [{name: c, ports: [{containerPort: 80}]}]}}';

  test.each([
    ['Deployment', 'apps/v1', `replicas: 3\n  ${template}`, 3],
    ['Deployment', 'apps/v1', template, 1],
    ['Deployment', 'apps/v1', `replicas: 0\n  ${template}`, 0],
    ['ReplicaSet', 'apps/v1', `replicas: 2\n  ${template}`, 2],
    ['StatefulSet', 'apps/v1', `replicas: 4\n  ${template}`, 4],
    ['DaemonSet', 'apps/v1', template, 1],
    ['Job', 'batch/v1', `parallelism: 5\n  ${template}`, 5],
    ['CronJob', 'batch/v1', `jobTemplate: {spec: {${template}}}`, 1],
    ['ReplicationController', 'v1', `replicas: 2\n  ${template}`, 2],
  ])('a %s of %s is one endpoint: %s', (kind, apiVersion, spec, replicas) => {
    const snapshot = read(workload(kind, apiVersion, spec));
    expect(snapshot.problems).toEqual([]);
    expect(snapshot.pods).toMatchObject([
      { namespace: 'ns', name: 'w', kind, replicas, labels: { app: 'w' }, phase: 'Pending', owner: null },
    ]);
    expect(snapshot.pods[0].ports).toEqual([{ name: '', port: 80, protocol: 'TCP' }]);
  });

  test("S20: a StatefulSet's first number, and who is scaled by an autoscaler of the input", () => {
    const scaler = `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: h, namespace: ns}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: w}, maxReplicas: 5}
`;
    const set = workload('StatefulSet', 'apps/v1', `ordinals: {start: 3}\n  ${template}`);
    expect(read(set).pods).toMatchObject([{ replicas: 1, ordinalStart: 3 }]);
    expect(read(set).pods[0]).not.toHaveProperty('scaled');
    const both = read(`${scaler}---\n${set}---\n${workload('Deployment', 'apps/v1', template)}`);
    expect(both.pods.map(({ kind, scaled }) => [kind, scaled])).toEqual([
      ['Deployment', undefined],
      ['StatefulSet', true],
    ]);
    expect([both.problems, both.coverage.skippedDocuments]).toEqual([[], 0]);
  });

  test('a Job that is complete takes no part (S17)', () => {
    const snapshot = read(
      `${workload('Job', 'batch/v1', template)}status: {conditions: [{type: Complete, status: "True"}]}\n`,
    );
    expect(snapshot.pods[0].phase).toBe('Succeeded');
  });

  test('workloads of one name and different kinds are different', () => {
    const snapshot = read(
      `${workload('Deployment', 'apps/v1', template)}---\n${workload('StatefulSet', 'apps/v1', template)}`,
    );
    expect(endpoints(snapshot)).toEqual(['ns/Deployment/w', 'ns/StatefulSet/w']);
    expect(snapshot.problems).toEqual([]);
  });

  test('a version that servers have dropped is named, and the endpoint stays', () => {
    const snapshot = read(workload('Deployment', 'extensions/v1beta1', template));
    expect(endpoints(snapshot)).toEqual(['ns/Deployment/w']);
    expect(snapshot.problems).toMatchObject([
      {
        check: 'input.api-version',
        params: { apiVersion: 'extensions/v1beta1', current: 'apps/v1', treatment: 'kept' },
      },
    ]);
  });

  test('a selector that does not match its own template is refused by the API', () => {
    const snapshot = read(
      workload('Deployment', 'apps/v1', `selector: {matchLabels: {app: x}}\n  ${template}`),
    );
    expect(snapshot.problems).toMatchObject([
      { place: { field: 'spec.selector' }, params: { reason: 'selector-mismatch', treatment: 'kept' } },
    ]);
  });

  test('a kind of another group is not mistaken for ours, but a hidden pod template is named', () => {
    const snapshot = read(
      'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: s}\nspec: {template: {spec: {containers: [{image: x}]}}}\n---\n' +
        'apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: r}\nspec: {template: {spec: {containers: [{image: x}]}}}\n',
    );
    expect(snapshot.services).toEqual([]);
    expect(problemsOf(snapshot, 'input.workload-kind').map((one) => one.params.kind)).toEqual([
      'Service',
      'Rollout',
    ]);
  });

  test('S20: what a controller deploys from elsewhere is named, and coverage is not complete', () => {
    const object = (apiVersion: string, kind: string, spec = '{}'): string =>
      `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x, namespace: flux-system}\nspec: ${spec}\n`;
    const snapshot = read(
      [
        object('helm.toolkit.fluxcd.io/v2', 'HelmRelease', '{targetNamespace: shop}'),
        object('argoproj.io/v1alpha1', 'Application', '{destination: {namespace: shop}}'),
        object('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', '{targetNamespace: shop}'),
        object('source.toolkit.fluxcd.io/v1', 'GitRepository'),
      ].join('---\n'),
    );
    expect(problemsOf(snapshot, 'input.deployer').map(({ params }) => [params.kind, params.target])).toEqual([
      ['HelmRelease', undefined],
      ['Application', undefined],
      ['Kustomization', 'shop'],
    ]);
    expect(snapshot.coverage.complete).toBe(false);
    // Policies are looked for where it deploys to; pods of a chart may name namespaces of their own.
    expect(snapshot.coverage.gaps?.map(({ hides, namespace }) => [hides, namespace])).toEqual([
      ['anything', 'shop'],
      ['anything', 'shop'],
      ['anything', 'shop'],
    ]);
  });

  test('S20: objects that bring pods are named, with the labels of their template; coverage is not complete', () => {
    const rollout = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: r, namespace: shop}
spec: {template: {metadata: {labels: {app: r, tier: web}}, spec: {containers: [{image: x}]}}}
`;
    const kafka = 'apiVersion: kafka.strimzi.io/v1\nkind: Kafka\nmetadata: {name: k}\nspec: {}\n';
    const unknown = `apiVersion: example.com/v1
kind: Fleet
metadata: {name: f, namespace: b}
spec: {workers: {podTemplate: {spec: {containers: [{image: x}]}}}}
`;
    const pattern = unknown.replace('example.com/v1', 'kyverno.io/v1').replace('Fleet', 'ClusterPolicy');
    const snapshot = read([rollout, kafka, unknown, pattern].join('---\n'));
    expect(
      problemsOf(snapshot, 'input.workload-kind').map(({ object, params }) => [object, params.labels]),
    ).toEqual([
      [{ kind: 'Rollout', namespace: 'shop', name: 'r' }, 'app=r,tier=web'],
      [{ kind: 'Kafka', namespace: 'default', name: 'k' }, undefined],
      [{ kind: 'Fleet', namespace: 'b', name: 'f' }, ''],
    ]);
    expect(snapshot.coverage.complete).toBe(false);
    // Its pods are in the input, through what its controller made.
    const owned = podYaml(
      'p',
      '  namespace: shop\n  ownerReferences: [{kind: Rollout, name: r, controller: true}]\n',
    );
    expect(checks(read([rollout, owned].join('---\n')))).toEqual([]);
    const set = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: k-kafka, namespace: default, ownerReferences: [{kind: Kafka, name: k, controller: true}]}
spec: {template: {spec: {containers: [{image: x}]}}}
`;
    expect(read([kafka, set].join('---\n')).coverage.complete).toBe(true);
  });

  test('S20: a Template of OpenShift is named with what it holds', () => {
    const snapshot = read(`apiVersion: template.openshift.io/v1
kind: Template
metadata: {name: t, namespace: m}
objects: [{kind: Pod}, {kind: NetworkPolicy}, {kind: Pod}]
`);
    expect(problemsOf(snapshot, 'input.openshift-template')).toMatchObject([
      { object: { kind: 'Template', namespace: 'm', name: 't' }, params: { kinds: 'NetworkPolicy, Pod' } },
    ]);
    expect(snapshot.coverage.complete).toBe(false);
  });

  test('a misspelt kind that matters is named', () => {
    const snapshot = read('apiVersion: networking.k8s.io/v1\nkind: Networkpolicy\nmetadata: {name: p}\n');
    expect(problemsOf(snapshot, 'input.unknown-kind')[0].params).toEqual({
      kind: 'Networkpolicy',
      meant: 'NetworkPolicy',
    });
  });
});

describe('owners', () => {
  const owned = (name: string, kind: string, owner: string, extra = ''): string =>
    podYaml(
      name,
      `  namespace: ns\n  ownerReferences: [{kind: ${kind}, name: ${owner}, controller: true}]\n${extra}`,
    );
  const set = (kind: string, name: string, owner = ''): string =>
    `apiVersion: ${kind === 'Job' || kind === 'CronJob' ? 'batch/v1' : 'apps/v1'}\nkind: ${kind}\nmetadata:\n  name: ${name}\n  namespace: ns\n${owner}` +
    'spec: {template: {metadata: {labels: {app: x}}, spec: {containers: []}}, jobTemplate: {spec: {template: {spec: {containers: []}}}}}\n';
  const by = (kind: string, name: string): string =>
    `  ownerReferences: [{kind: ${kind}, name: ${name}, controller: true}]\n`;

  test('a ReplicaSet that is not in the input keeps its own name', () => {
    expect(pod(read(owned('a', 'ReplicaSet', 'web-5d')), 'ns', 'a').owner).toEqual({
      kind: 'ReplicaSet',
      name: 'web-5d',
    });
  });

  test('through a known ReplicaSet it is the Deployment, through a known Job the CronJob; no workload counts twice', () => {
    const files = [
      set('Deployment', 'web'),
      set('ReplicaSet', 'web-5d', by('Deployment', 'web')),
      set('ReplicaSet', 'web-4c', by('Deployment', 'web')),
      owned('web-5d-a', 'ReplicaSet', 'web-5d'),
      set('CronJob', 'tick'),
      set('Job', 'tick-1', by('CronJob', 'tick')),
      owned('tick-1-a', 'Job', 'tick-1'),
    ];
    for (const text of [files.join('---\n'), files.toReversed().join('---\n')]) {
      const snapshot = read(text);
      expect(endpoints(snapshot)).toEqual(['ns/Pod/tick-1-a', 'ns/Pod/web-5d-a']);
      expect(snapshot.pods.map((one) => one.owner)).toEqual([
        { kind: 'CronJob', name: 'tick' },
        { kind: 'Deployment', name: 'web' },
      ]);
    }
  });

  test('without pods the Deployment stands for its ReplicaSets', () => {
    const snapshot = read(
      [set('Deployment', 'web'), set('ReplicaSet', 'web-5d', by('Deployment', 'web'))].join('---\n'),
    );
    expect(endpoints(snapshot)).toEqual(['ns/Deployment/web']);
  });

  test('pods and their Deployment without the ReplicaSet between them count once', () => {
    const labels = '  labels: {pod-template-hash: 5d}\n';
    const snapshot = read(
      [set('Deployment', 'web'), owned('web-5d-a', 'ReplicaSet', 'web-5d', labels)].join('---\n'),
    );
    expect(endpoints(snapshot)).toEqual(['ns/Pod/web-5d-a']);
  });

  test('only the controller counts, and a static pod of a node is a bare pod', () => {
    const snapshot = read(
      `${podYaml('a', '  ownerReferences: [{kind: Foo, name: f}, {kind: StatefulSet, name: db, controller: true}]\n')}---\n` +
        `${podYaml('b', '  ownerReferences: [{kind: Foo, name: f}]\n')}---\n${podYaml('c', '  ownerReferences: [{kind: Node, name: n1, controller: true}]\n')}`,
    );
    expect(snapshot.pods.map((one) => one.owner)).toEqual([{ kind: 'StatefulSet', name: 'db' }, null, null]);
  });

  test('owners of another namespace do not count, and a loop of owners ends', () => {
    const snapshot = read(
      [
        owned('a', 'ReplicaSet', 'r'),
        set('ReplicaSet', 'r', by('Job', 'j')).replace('namespace: ns', 'namespace: other'),
        owned('b', 'Job', 'j'),
        set('Job', 'j', by('ReplicaSet', 's')),
        set('ReplicaSet', 's', by('Job', 'j')),
      ].join('---\n'),
    );
    expect(pod(snapshot, 'ns', 'a').owner).toEqual({ kind: 'ReplicaSet', name: 'r' });
    expect(['Job', 'ReplicaSet']).toContain(pod(snapshot, 'ns', 'b').owner?.kind);
  });
});

describe('policies', () => {
  test('the spec stays as it stands, unknown fields and nulls included, and the place goes with it', () => {
    const snapshot = read(
      `# x\n${policy('p', 'podSelector: null\n  ingress: [{from: [{namepsaceSelector: {}}]}]\n  policyTypes: []')}`,
    );
    expect(snapshot.policies).toEqual([
      {
        namespace: 'default',
        name: 'p',
        origin: 'manifest',
        spec: { podSelector: null, ingress: [{ from: [{ namepsaceSelector: {} }] }], policyTypes: [] },
        place: { file: 'a.yaml', document: 1, line: 2 },
      },
    ]);
    expect(
      Object.hasOwn(
        read('apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\n').policies[0],
        'spec',
      ),
    ).toBe(false);
  });

  test('the order of keys in a spec makes no difference', () => {
    const one = read(policy('p', 'podSelector: {matchLabels: {a: x, b: y1}}\n  policyTypes: [Ingress]'));
    const other = read(policy('p', 'policyTypes: [Ingress]\n  podSelector: {matchLabels: {b: y1, a: x}}'));
    expect(JSON.stringify(one.policies)).toBe(JSON.stringify(other.policies));
  });

  test.each([
    ['extensions/v1beta1', 'extensions/v1beta1'],
    ['networking.k8s.io/v1beta1', 'networking.k8s.io/v1beta1'],
  ])('%s is refused by current servers: left out, named', (apiVersion) => {
    const snapshot = read(policy('p').replace('networking.k8s.io/v1', apiVersion));
    expect(snapshot.policies).toEqual([]);
    expect(problemsOf(snapshot, 'input.api-version')).toMatchObject([
      {
        place: { file: 'a.yaml', document: 1, line: 1, field: 'apiVersion' },
        object: { kind: 'NetworkPolicy', namespace: 'default', name: 'p' },
        params: { apiVersion, current: 'networking.k8s.io/v1', treatment: 'left-out' },
      },
    ]);
  });

  test('a policy without apiVersion is left out and named; so is one without a name', () => {
    const snapshot = read(`kind: NetworkPolicy\nmetadata: {name: p, namespace: ns}\n---\n${policy('""')}`);
    expect(snapshot.policies).toEqual([]);
    expect(problemsOf(snapshot, 'input.api-version')[0].object).toEqual({
      kind: 'NetworkPolicy',
      namespace: 'ns',
      name: 'p',
    });
    expect(problemsOf(snapshot, 'input.no-name')[0].params).toMatchObject({
      kind: 'NetworkPolicy',
      treatment: 'left-out',
    });
  });

  test('labels or annotations that are no text make the API refuse it: left out, and no annotation is quoted', () => {
    const snapshot = read(
      `${policy('a', 'podSelector: {}', '  labels: {tier: 3}\n')}---\n${policy('b', 'podSelector: {}', '  annotations: {pin: 4711}\n')}---\n${policy('c', 'podSelector: {}', '  annotations: {ok: "4711"}\n')}`,
    );
    expect(snapshot.policies.map((one) => one.name)).toEqual(['c']);
    expect(
      snapshot.problems.map(({ place, params }) => [place.field, params.treatment, params.value]),
    ).toEqual([
      ['metadata.labels["tier"]', 'left-out', 3],
      ['metadata.annotations["pin"]', 'left-out', undefined],
    ]);
  });

  test('an unknown field beside spec is named: the API drops it (S27)', () => {
    const snapshot = read(`${policy('p')}podSelector: {}\nstatus: {}\n`);
    expect(snapshot.problems).toMatchObject([
      {
        check: 'input.unknown-field',
        place: { field: 'podSelector' },
        params: { field: 'podSelector', treatment: 'kept' },
      },
    ]);
    expect(snapshot.policies).toHaveLength(1);
  });

  const named = (name: string): string =>
    `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ${name}}\nspec: {podSelector: {}}\n`;

  test.each([
    ['my_policy', 'bad-name'],
    ['a..b', 'bad-name'],
    ['Web', 'bad-name'],
    ['-a', 'bad-name'],
    ['a'.repeat(254), 'bad-name'],
    ['a, namespace: my_team', 'bad-name'],
    [`a, namespace: ${'a'.repeat(64)}`, 'bad-name'],
    ['a, annotations: {"a b": x}', 'bad-annotation-key'],
    ['"", generateName: a_', 'bad-name'],
  ])('S24: a policy named %s is left out, as the API refuses it', (name, reason) => {
    const snapshot = read(named(name));
    expect(problemsOf(snapshot, 'input.invalid-object')).toMatchObject([
      { object: { kind: 'NetworkPolicy' }, params: { reason, treatment: 'left-out' } },
    ]);
    expect(snapshot.policies).toEqual([]);
  });

  test.each([
    ['1.a-b.c', '1.a-b.c'],
    ['a'.repeat(253), 'a'.repeat(253)],
    ['a, annotations: {Ex.COM/Note: x}', 'a'],
    ['"", generateName: a-', 'a-*'],
  ])('a policy named %s counts', (name, known) => {
    const snapshot = read(named(name));
    expect(snapshot.policies.map((one) => one.name)).toEqual([known]);
    expect(problemsOf(snapshot, 'input.invalid-object')).toEqual([]);
  });

  test('two policies, pods or Jobs by one generateName are two, and none is one of that name', () => {
    const policy = named('"", generateName: a-');
    const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-, labels: {nr: "1"}}\nspec: {}\n';
    const job = `apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: run-}\nspec: {template: {spec: {}}}\n`;
    const snapshot = read(
      [policy, policy, named('a-2'), pod, pod.replace('"1"', '"2"'), podYaml('a-2'), job, job].join('---\n'),
    );
    expect(snapshot.policies.map(({ name }) => name)).toEqual(['a-*', 'a-*2', 'a-2']);
    expect(endpoints(snapshot)).toEqual([
      'default/Pod/a-*',
      'default/Pod/a-*2',
      'default/Pod/a-2',
      'default/Job/run-*',
      'default/Job/run-*2',
    ]);
    expect(snapshot.pods.map(({ labels }) => labels.nr)).toEqual(['1', '2', undefined, undefined, undefined]);
    expect(checks(snapshot).filter((check) => check.startsWith('input.duplicate'))).toEqual([]);
    // The same prefix in another namespace begins anew.
    const elsewhere = read(`${pod}---\n${pod.replace('{generateName', '{namespace: b, generateName')}`);
    expect(endpoints(elsewhere)).toEqual(['b/Pod/a-*', 'default/Pod/a-*']);
  });

  test('a bad name of a pod is named, and the pod stays: the name changes nothing of what it means', () => {
    const snapshot = read(podYaml('my_pod'));
    expect(endpoints(snapshot)).toEqual(['default/Pod/my_pod']);
    expect(problemsOf(snapshot, 'input.invalid-object')).toMatchObject([
      { params: { reason: 'bad-name', value: 'my_pod', treatment: 'kept' } },
    ]);
  });

  const object = (apiVersion: string, kind: string): string =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x, namespace: ns}\n`;

  test('other kinds of policy are noted with group, kind and place (S26)', () => {
    const snapshot = read(
      [
        object('policy.networking.k8s.io/v1alpha1', 'AdminNetworkPolicy'),
        object('policy.networking.k8s.io/v1alpha1', 'BaselineAdminNetworkPolicy'),
        object('policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy'),
        object('projectcalico.org/v3', 'NetworkPolicy'),
        object('crd.projectcalico.org/v1', 'GlobalNetworkPolicy'),
        object('cilium.io/v2', 'CiliumNetworkPolicy'),
        object('cilium.io/v2', 'CiliumClusterwideNetworkPolicy'),
        object('security.istio.io/v1', 'AuthorizationPolicy'),
        object('security.istio.io/v1', 'PeerAuthentication'),
        object('crd.antrea.io/v1beta1', 'ClusterNetworkPolicy'),
        object('crd.antrea.io/v1beta1', 'NetworkPolicy'),
      ].join('---\n'),
    );
    expect(snapshot.policies).toEqual([]);
    expect(snapshot.problems).toEqual([]);
    expect(snapshot.otherPolicies.map((one) => `${one.group} ${one.kind} ${one.namespace}`).sort()).toEqual([
      'cilium.io CiliumClusterwideNetworkPolicy null',
      'cilium.io CiliumNetworkPolicy ns',
      'crd.antrea.io ClusterNetworkPolicy null',
      'crd.antrea.io NetworkPolicy ns',
      'crd.projectcalico.org GlobalNetworkPolicy null',
      'policy.networking.k8s.io AdminNetworkPolicy null',
      'policy.networking.k8s.io BaselineAdminNetworkPolicy null',
      'policy.networking.k8s.io ClusterNetworkPolicy null',
      'projectcalico.org NetworkPolicy ns',
      'security.istio.io AuthorizationPolicy ns',
      'security.istio.io PeerAuthentication ns',
    ]);
    expect(snapshot.otherPolicies[0].place?.file).toBe('a.yaml');
  });

  test('S26: the kinds of clouds and meshes count; a mesh may only deny', () => {
    const snapshot = read(
      [
        object('networking.gke.io/v1alpha3', 'FQDNNetworkPolicy'),
        object('networking.k8s.aws/v1alpha1', 'ApplicationNetworkPolicy'),
        object('networking.k8s.aws/v1alpha1', 'ClusterNetworkPolicy'),
        object('policy.linkerd.io/v1beta3', 'Server'),
        object('consul.hashicorp.com/v1alpha1', 'ServiceIntentions'),
        object('kuma.io/v1alpha1', 'MeshTrafficPermission'),
        object('nsx.vmware.com/v1alpha1', 'SecurityPolicy'),
      ].join('---\n'),
    );
    const told = snapshot.otherPolicies.map(
      (one) => `${kindName(one.group, one.kind)} ${one.namespace}: ${effectOf(one.group, one.kind)}`,
    );
    expect(told.sort()).toEqual([
      'AWS ApplicationNetworkPolicy (networking.k8s.aws) ns: may-permit',
      'AWS ClusterNetworkPolicy (networking.k8s.aws) null: may-permit',
      'Consul ServiceIntentions (consul.hashicorp.com) ns: may-only-deny',
      'GKE FQDNNetworkPolicy (networking.gke.io) ns: may-permit',
      'Kuma MeshTrafficPermission (kuma.io) ns: may-only-deny',
      'Linkerd Server (policy.linkerd.io) ns: may-only-deny',
      'NSX SecurityPolicy (nsx.vmware.com) ns: may-permit',
    ]);
  });

  test('S26: a kind that nobody knows counts by its group or by its name, lists of it too', () => {
    const snapshot = read(
      [
        object('cilium.io/v3alpha1', 'CiliumTomorrow'),
        object('example.com/v1', 'TeamNetworkPolicy'),
        object('example.com/v1', 'EdgeFirewall').replace(', namespace: ns', ''),
        'apiVersion: example.org/v1\nkind: FirewallRuleList\nitems: [{metadata: {name: x, namespace: b}}]\n',
        object('v1', 'Firewall'),
      ].join('---\n'),
    );
    expect(snapshot.otherPolicies.map((one) => `${kindName(one.group, one.kind)} ${one.namespace}`)).toEqual([
      'CiliumTomorrow (cilium.io) ns',
      'EdgeFirewall (example.com) null',
      'TeamNetworkPolicy (example.com) ns',
      'FirewallRule (example.org) b',
    ]);
  });

  test('S26: kinds that touch no traffic between pods change nothing', () => {
    const snapshot = read(
      [
        object('v1', 'Pod'),
        object('crd.projectcalico.org/v1', 'StagedNetworkPolicy'),
        object('projectcalico.org/v3', 'IPPoolList').replace('metadata:', 'items: []\nmetadata:'),
        object('cilium.io/v2', 'CiliumNode'),
        object('kubeovn.io/v1', 'Subnet'),
        object('k8s.cni.cncf.io/v1beta1', 'MultiNetworkPolicy'),
        object('stats.antrea.io/v1alpha1', 'NetworkPolicyStats'),
        object('constraints.gatekeeper.sh/v1beta1', 'K8sRequireNetworkPolicy'),
        object('kyverno.io/v1', 'ClusterPolicy'),
        object('compute.cnrm.cloud.google.com/v1beta1', 'ComputeFirewall'),
        object('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicy'),
        object('gateway.networking.k8s.io/v1', 'HTTPRoute'),
      ]
        .join('---\n')
        .replace('kind: Subnet\n', 'kind: Subnet\nspec: {private: false, acls: []}\n'),
    );
    expect(snapshot.otherPolicies).toEqual([]);
    expect(snapshot.coverage.complete).toBe(true);
    const ruled = read(object('kubeovn.io/v1', 'Subnet') + 'spec: {private: true}\n');
    expect(ruled.otherPolicies).toMatchObject([{ kind: 'Subnet', namespace: null }]);
  });

  test('every kind without effect says why, and every kind that is asked of a cluster has its plural', () => {
    for (const one of NETWORK_KINDS) {
      expect(one.reason === null, `${one.group} ${one.kind}`).toBe(one.effect !== 'none');
      if (one.kind === '*' || one.effect === 'none') continue;
      expect(one.resource, `${one.group} ${one.kind}`).toMatch(/^[a-z-]+$/);
      expect(kindOfResource(`${one.resource}.${one.group}`)).toMatchObject({
        kind: one.kind,
        group: one.group,
      });
    }
  });
});

describe('services', () => {
  test('selector, ports with their target ports, and addresses', () => {
    const snapshot = read(
      'apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n  type: LoadBalancer\n  externalTrafficPolicy: Local\n  selector: {app: x}\n  clusterIP: 10.96.0.1\n  externalIPs: [203.0.113.1]\n  ports:\n  - {port: 80, targetPort: http, name: web}\n  - {port: 53, protocol: UDP, targetPort: 5353}\n  - {port: 443, targetPort: 443}\n  - {port: 22}\nstatus: {loadBalancer: {ingress: [{ip: 203.0.113.2}, {hostname: x}]}}\n---\n' +
        'apiVersion: v1\nkind: Service\nmetadata: {name: headless}\nspec: {clusterIP: None, ports: [{port: 1}]}\n',
    );
    expect(snapshot.services).toMatchObject([
      { name: 'headless', type: 'ClusterIP', selector: null, clusterIPs: [] },
      {
        name: 's',
        type: 'LoadBalancer',
        selector: { app: 'x' },
        clusterIPs: ['10.96.0.1'],
        externalIPs: ['203.0.113.1'],
        loadBalancerIPs: ['203.0.113.2'],
        externalTrafficPolicy: 'Local',
        ports: [
          { name: 'web', port: 80, targetPort: 'http', protocol: 'TCP' },
          { name: '', port: 53, targetPort: 5353, protocol: 'UDP' },
          { name: '', port: 443, targetPort: null, protocol: 'TCP' },
          { name: '', port: 22, targetPort: null, protocol: 'TCP' },
        ],
      },
    ]);
  });
});

describe('two objects of one name', () => {
  test('the last one counts; the finding has both places', () => {
    const snapshot = snapshotOf({
      'a.yaml': policy('p', 'podSelector: {matchLabels: {v: "1"}}'),
      'b.yaml': `${podYaml('x')}---\n${policy('p', 'podSelector: {matchLabels: {v: "2"}}')}`,
    });
    expect(snapshot.policies).toMatchObject([{ spec: { podSelector: { matchLabels: { v: '2' } } } }]);
    expect(snapshot.problems).toEqual([
      {
        check: 'input.duplicate',
        place: { file: 'b.yaml', document: 2, line: 6 },
        object: { kind: 'NetworkPolicy', namespace: 'default', name: 'p' },
        params: { file: 'a.yaml', document: 1, line: 1 },
      },
    ]);
  });

  test('identical ones are a lesser finding', () => {
    expect(checks(read(`${podYaml('a')}---\n${podYaml('a')}`))).toEqual(['input.duplicate-identical']);
    expect(read(`${podYaml('a')}---\n${podYaml('a')}`).pods).toHaveLength(1);
  });

  test('one name in two namespaces is no duplicate, an absent namespace is default', () => {
    const n = '  namespace: ns\n';
    expect(checks(read(`${podYaml('a')}---\n${podYaml('a', n)}`))).toEqual([]);
    expect(checks(read(`${podYaml('a')}---\n${podYaml('a', '  namespace: default\n')}`))).toEqual([
      'input.duplicate-identical',
    ]);
  });
});

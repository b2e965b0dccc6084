/**
 * Small clusters, dense in corner cases: tiny label alphabets, few ports, a few blocks of addresses, so that
 * selectors, names and ranges hit, nearly hit and miss each other all the time. Deterministic for a seed.
 */
import fc from 'fast-check';
import type {
  AssumptionName,
  ContainerPort,
  CoverageGap,
  LabelRequirement,
  Labels,
  NamespaceRecord,
  NodeRecord,
  OtherPolicyRecord,
  PodPhase,
  PodRecord,
  PolicyRecord,
  Protocol,
  Snapshot,
  Tri,
} from '../../shared/kube/snapshot.ts';

export interface Case {
  snapshot: Snapshot;
  assume: Partial<Record<AssumptionName, string>>;
}

const weighted = <T>(...choices: [number, fc.Arbitrary<T>][]): fc.Arbitrary<T> =>
  fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));
const one = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
/** The common value first, so that shrinking goes there. */
const mostly = <T>(common: T, weight: number, ...others: T[]): fc.Arbitrary<T> =>
  weighted([weight, fc.constant(common)], [1, one(...others)]);

const NAMESPACES = ['a', 'b', 'c'];
const NAME_LABEL = 'kubernetes.io/metadata.name';
const protocol: fc.Arbitrary<Protocol> = weighted([4, one('TCP')], [2, one('UDP')], [1, one('SCTP')]);
const portNumber = one(80, 81, 82, 443, 8080, 1, 15008, 65535);
const portName = one('http', 'dns', 'web');

const podLabels: fc.Arbitrary<Labels> = fc
  .record({
    app: one('', 'x', 'y', null),
    tier: one(null, 'x', 'y'),
    'k8s.io/z': mostly<string | null>(null, 4, 'x'),
    // Set by a controller, so not in a template (S30).
    'pod-template-hash': mostly<string | null>(null, 5, 'x'),
    // Istio's ambient mesh (S28).
    'istio.io/dataplane-mode': mostly<string | null>(null, 12, 'ambient', 'none'),
  })
  .map(
    (labels) => Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== null)) as Labels,
  );

const namespaceLabels: fc.Arbitrary<Labels> = fc
  .record({
    app: one(null, 'x'),
    env: one(null, 'x', 'y'),
    'istio.io/dataplane-mode': mostly<string | null>(null, 8, 'ambient'),
  })
  .map(
    (labels) => Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== null)) as Labels,
  );

/**
 * A namespace as a source gives it. Only a live one can be known by name alone, and only manifests mention a
 * namespace that then exists.
 */
function namespaceRecord(name: string, live: boolean): fc.Arbitrary<NamespaceRecord> {
  return fc
    .record({
      labels: namespaceLabels,
      shape: weighted(
        [8, one('plain')],
        [5, one('named')],
        [2, one(live ? 'unknown' : 'implied')],
        [3, one(live ? 'named' : 'added')],
      ),
    })
    .map(({ labels, shape }) => ({
      name,
      labels:
        shape === 'unknown'
          ? {}
          : shape === 'implied'
            ? { [NAME_LABEL]: name }
            : shape === 'named' || shape === 'added'
              ? { ...labels, [NAME_LABEL]: name }
              : labels,
      labelsKnown: shape !== 'unknown',
      implied: shape === 'implied' || shape === 'unknown',
      ...(shape === 'added' ? { nameLabelAdded: true } : {}),
    }));
}

const expression = (keys: string[], values: string[]): fc.Arbitrary<unknown> =>
  fc
    .record({
      key: one(...keys),
      operator: one('In', 'NotIn', 'Exists', 'DoesNotExist'),
      values: fc.subarray(values, { minLength: 1, maxLength: 2 }),
    })
    .map(({ key, operator, values: list }) =>
      operator === 'In' || operator === 'NotIn' ? { key, operator, values: list } : { key, operator },
    );

function selectorOf(keys: string[], values: string[]): fc.Arbitrary<unknown> {
  const labels = fc.dictionary(one(...keys), one(...values), {
    minKeys: 1,
    maxKeys: 2,
    noNullPrototype: true,
  });
  const expressions = fc.array(expression(keys, values), { minLength: 1, maxLength: 2 });
  return weighted<unknown>(
    [3, fc.constant({})],
    [4, labels.map((matchLabels) => ({ matchLabels }))],
    [4, expressions.map((matchExpressions) => ({ matchExpressions }))],
    [1, fc.record({ matchLabels: labels, matchExpressions: expressions })],
    [1, fc.constant({ matchLabels: {}, matchExpressions: [] })],
    [1, fc.constant({ matchLabels: null, matchExpressions: null })],
    [1, fc.constant({ matchLabels: { [keys[0] as string]: null } })],
  );
}

const podSelector = weighted<unknown>(
  [7, selectorOf(['app', 'tier', 'k8s.io/z'], ['x', 'y', ''])],
  [1, selectorOf(['pod-template-hash', 'app'], ['x', 'y', ''])],
);
const namespaceSelector = weighted<unknown>(
  [3, selectorOf(['app', 'env'], ['x', 'y'])],
  [2, selectorOf([NAME_LABEL], ['a', 'b'])],
  [1, selectorOf([NAME_LABEL, 'env'], ['a', 'x'])],
);

const BLOCKS = [
  '0.0.0.0/0',
  '::/0',
  '10.0.0.0/28',
  '10.0.0.8/29',
  '10.0.0.8/30',
  '10.0.0.8/32',
  '10.0.0.9/32',
  '10.0.0.10/32',
  '10.0.0.0/8',
  '10.9.0.0/24',
  '10.9.0.1/32',
  '0.0.0.0/1',
  '192.0.2.0/24',
  '192.0.2.128/25',
  '255.255.255.255/32',
  'fd00::/64',
  'fd00::8/125',
  'fd00::8/128',
  'fd00:9::/64',
  '2001:db8::/32',
  '8000::/1',
];
const SLOPPY = ['10.0.0.9/29', '010.000.0.0/28', 'fd00::9/125', '::ffff:10.0.0.8/125'];
const bits = (cidr: string): number => Number(cidr.split('/')[1]);
/** Blocks of the pool strictly inside another of the pool, worked out by hand-readable prefixes. */
const INSIDE: Record<string, string[]> = {
  '0.0.0.0/0': BLOCKS.filter((c) => c.includes('.') && bits(c) > 0),
  '::/0': BLOCKS.filter((c) => c.includes(':') && bits(c) > 0),
  '10.0.0.0/28': ['10.0.0.8/29', '10.0.0.8/30', '10.0.0.8/32', '10.0.0.9/32', '10.0.0.10/32'],
  '10.0.0.8/29': ['10.0.0.8/30', '10.0.0.8/32', '10.0.0.9/32', '10.0.0.10/32', '10.0.0.9/30'],
  '10.0.0.8/30': ['10.0.0.8/32', '10.0.0.9/32', '10.0.0.10/31'],
  '10.0.0.0/8': ['10.0.0.0/28', '10.0.0.8/29', '10.9.0.0/24', '10.9.0.1/32'],
  '10.9.0.0/24': ['10.9.0.1/32', '10.9.0.0/31'],
  '0.0.0.0/1': ['10.0.0.0/8', '10.0.0.0/28', '10.9.0.0/24', '127.0.0.0/8'],
  '192.0.2.0/24': ['192.0.2.128/25', '192.0.2.0/25', '192.0.2.127/32'],
  'fd00::/64': ['fd00::8/125', 'fd00::8/128'],
  'fd00::8/125': ['fd00::8/128', 'fd00::a/127'],
};

const block: fc.Arbitrary<unknown> = weighted(
  [12, fc.constantFrom(...BLOCKS)],
  [1, fc.constantFrom(...SLOPPY)],
).chain((cidr) => {
  const inside = INSIDE[cidr] ?? [];
  if (inside.length === 0) return fc.constant<unknown>({ cidr });
  return weighted<unknown>(
    [3, fc.constant({ cidr })],
    [
      3,
      fc
        .subarray(inside, { minLength: 1, maxLength: Math.min(3, inside.length) })
        .map((except) => ({ cidr, except })),
    ],
    [1, fc.constant({ cidr, except: [] })],
  );
});

const peer: fc.Arbitrary<unknown> = weighted<unknown>(
  [4, podSelector.map((s) => ({ podSelector: s }))],
  [3, namespaceSelector.map((s) => ({ namespaceSelector: s }))],
  [3, fc.record({ namespaceSelector, podSelector })],
  [5, block.map((b) => ({ ipBlock: b }))],
  [1, podSelector.map((s) => ({ podSelector: s, namespaceSelector: null, ipBlock: null }))],
  [1, podSelector.map((s) => ({ podSelector: s, namepsaceSelector: { matchLabels: { env: 'x' } } }))],
);

const portItem: fc.Arbitrary<unknown> = weighted<unknown>(
  [5, fc.record({ protocol, port: portNumber })],
  [2, portNumber.map((port) => ({ port }))],
  [3, fc.record({ protocol, port: portName })],
  [2, portName.map((port) => ({ port }))],
  [2, protocol.map((p) => ({ protocol: p }))],
  [1, fc.constant({})],
  [1, fc.constant({ protocol: null, port: null, endPort: null })],
  [1, fc.constant(null)],
  [
    4,
    fc
      .record({ protocol, port: one(80, 81, 443, 1), more: one(0, 1, 2, 400, 65534) })
      .map(({ protocol: p, port, more }) => ({ protocol: p, port, endPort: Math.min(65535, port + more) })),
  ],
);

/** What the API refuses, at the place of a peer, of a port item, of a selector, of policyTypes. */
const badPeer = one<unknown>(
  {},
  { ipBlock: { cidr: '10.0.0.0/33' } },
  { ipBlock: { cidr: '10.0.0.0' } },
  { ipBlock: { cidr: '10.0.0.0/28', except: ['10.0.0.0/28'] } },
  { ipBlock: { cidr: '10.0.0.0/28', except: ['10.1.0.0/29'] } },
  { ipBlock: { cidr: '0.0.0.0/0', except: ['fd00::/64'] } },
  { ipBlock: { cidr: '0.0.0.0/0' }, podSelector: {} },
  { podSelector: { matchExpressions: [{ key: 'app', operator: 'Is', values: ['x'] }] } },
  { podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: [] }] } },
  { namespaceSelector: { matchExpressions: [{ key: 'env', operator: 'Exists', values: ['x'] }] } },
  { podSelector: { matchLabels: { app: 'not a value' } } },
  { podSelector: { matchLabels: { 'bad key': 'x' } } },
  { namepsaceSelector: {} },
);
const badPort = one<unknown>(
  { port: 0 },
  { port: 65536 },
  { port: 'http', endPort: 90 },
  { endPort: 90 },
  { port: 81, endPort: 80 },
  { port: 80, endPort: 65536 },
  { port: 'Not_A_Name' },
  { port: '80' },
  { port: 80, protocol: 'ICMP' },
  { port: 80, protocol: 'tcp' },
);
const badSelector = one<unknown>(
  { matchExpressions: [{ key: 'app', operator: 'NotIn' }] },
  { matchLabels: { app: '-x' } },
  { matchExpressions: [{ key: '', operator: 'Exists' }] },
);

const peers = (bad: boolean): fc.Arbitrary<unknown> =>
  weighted<unknown>(
    [1, fc.constant(undefined)],
    [1, fc.constant([])],
    [1, fc.constant(null)],
    [9, fc.array(bad ? weighted([2, peer], [1, badPeer]) : peer, { minLength: 1, maxLength: 3 })],
  );
const portItems = (bad: boolean): fc.Arbitrary<unknown> =>
  weighted<unknown>(
    [3, fc.constant(undefined)],
    [1, fc.constant([])],
    [1, fc.constant(null)],
    [6, fc.array(bad ? weighted([2, portItem], [1, badPort]) : portItem, { minLength: 1, maxLength: 3 })],
  );

function rules(side: 'from' | 'to', bad: boolean): fc.Arbitrary<unknown> {
  const rule = fc.record({ peers: peers(bad), ports: portItems(bad) }).map((parts) => {
    const made: Record<string, unknown> = {};
    if (parts.peers !== undefined) made[side] = parts.peers;
    if (parts.ports !== undefined) made['ports'] = parts.ports;
    return made;
  });
  return weighted<unknown>(
    [6, fc.constant(undefined)],
    [2, fc.constant([])],
    [2, fc.constant(null)],
    [16, fc.array(rule, { minLength: 1, maxLength: 2 })],
    [1, rule.map((made) => [null, made])],
  );
}

function spec(bad: boolean): fc.Arbitrary<unknown> {
  const made = fc
    .record({
      podSelector: weighted<unknown>(
        [10, podSelector],
        [1, fc.constant(undefined)],
        [1, fc.constant(null)],
        [bad ? 4 : 0, badSelector],
      ),
      policyTypes: weighted<unknown>(
        [4, fc.constant(undefined)],
        [1, fc.constant([])],
        [1, fc.constant(null)],
        [3, fc.constant(['Ingress'])],
        [3, fc.constant(['Egress'])],
        [4, fc.constant(['Ingress', 'Egress'])],
        [1, fc.constant(['Egress', 'Egress'])],
        [bad ? 3 : 0, one(['Ingress', 'Both'], ['ingress'], ['Ingress', 'Egress', 'Ingress'])],
      ),
      ingress: rules('from', bad),
      egress: rules('to', bad),
      unknownField: mostly<unknown>(undefined, 20, 'x'),
    })
    .map(({ unknownField, ...fields }) => {
      const all: Record<string, unknown> = { ...fields, ...(unknownField ? { priority: unknownField } : {}) };
      return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    });
  return weighted<unknown>([40, made], [1, fc.constant(undefined)], [1, fc.constant(null)]);
}

interface PodDraft {
  namespace: string;
  labels: Labels;
  stack: 'v4' | 'v6' | 'dual' | 'none';
  node: 'n1' | 'n2' | null;
  hostNetwork: boolean;
  phase: PodPhase;
  reuse: boolean;
  terminating: boolean;
  ports: ContainerPort[];
  owner: 'web' | 'db' | null;
  template: boolean;
}

const podDraft: fc.Arbitrary<PodDraft> = fc.record({
  namespace: one(...NAMESPACES),
  labels: podLabels,
  stack: weighted<PodDraft['stack']>([5, one('v4')], [2, one('dual')], [1, one('v6')], [1, one('none')]),
  node: one<PodDraft['node']>('n1', 'n2', null),
  hostNetwork: mostly(false, 6, true),
  phase: mostly<PodPhase>('Running', 8, 'Pending', 'Succeeded', 'Failed', 'Unknown'),
  reuse: fc.boolean(),
  terminating: mostly(false, 9, true),
  ports: fc.array(
    fc.record({
      name: weighted([3, portName], [1, one('')]),
      port: portNumber,
      protocol,
    }),
    { maxLength: 4 },
  ),
  owner: one<PodDraft['owner']>(null, 'web', 'db'),
  template: mostly(false, 8, true),
});

/** One shape a snapshot: addresses follow from the pods' numbers, so that no two that run share one. */
function podRecords(drafts: PodDraft[], nodes: NodeRecord[]): PodRecord[] {
  const counts = new Map<string, number>();
  return drafts.map((draft, i) => {
    // Names repeat from namespace to namespace.
    const nth = counts.get(draft.namespace) ?? 0;
    counts.set(draft.namespace, nth + 1);
    const node = nodes.find((n) => n.name === draft.node);
    const finished = draft.phase === 'Succeeded' || draft.phase === 'Failed';
    const number = finished && draft.reuse ? 8 : 8 + i;
    const v4 = `10.0.0.${number}`;
    const v6 = `fd00::${number.toString(16)}`;
    let ips =
      draft.stack === 'none' ? [] : draft.stack === 'dual' ? [v4, v6] : draft.stack === 'v4' ? [v4] : [v6];
    // A hostNetwork pod shows its node's addresses, or none yet.
    if (draft.hostNetwork)
      ips = draft.stack === 'none' || !node ? [] : node.ips.filter((ip) => !ip.startsWith('192.'));
    // A template is nowhere yet.
    if (draft.template) ips = [];
    return {
      namespace: draft.namespace,
      name: `p${nth}`,
      kind: draft.template ? 'Deployment' : 'Pod',
      labels: draft.labels,
      ips,
      node: draft.template ? null : draft.node,
      hostNetwork: draft.hostNetwork,
      phase: draft.phase,
      terminating: draft.terminating,
      ports: draft.ports,
      owner: draft.template || draft.owner === null ? null : { kind: 'Deployment', name: draft.owner },
      replicas: draft.template ? 3 : 1,
    };
  });
}

const conditions = (keys: string[], values: string[]): fc.Arbitrary<LabelRequirement[]> =>
  fc.array(
    expression(keys, values).map(
      (made) => ({ values: [], ...(made as object) }) as unknown as LabelRequirement,
    ),
    { maxLength: 2 },
  );

const other: fc.Arbitrary<OtherPolicyRecord> = fc
  .record({
    kind: one(
      'AdminNetworkPolicy',
      'BaselineAdminNetworkPolicy',
      'BaselineAdminNetworkPolicy',
      'ClusterNetworkPolicy',
      'CiliumNetworkPolicy',
      'CiliumClusterwideNetworkPolicy',
      'GlobalNetworkPolicy',
      'AuthorizationPolicy',
      'AuthorizationPolicy',
      'MeshTrafficPermission',
      'ServiceIntentions',
      'FQDNNetworkPolicy',
    ),
    namespace: one(...NAMESPACES),
    status: mostly<'present' | 'unreadable'>('present', 3, 'unreadable'),
    subject: weighted<'none' | 'pods' | 'namespaces' | 'both'>(
      [1, one('none')],
      [3, one('pods')],
      [2, one('namespaces')],
      [2, one('both')],
    ),
    podConditions: conditions(['app', 'tier'], ['x', 'y']),
    namespaceConditions: weighted(
      [2, conditions(['app', 'env'], ['x', 'y'])],
      [2, conditions([NAME_LABEL], ['a', 'b'])],
    ),
    directions: weighted<('ingress' | 'egress')[] | null>(
      [2, one(null)],
      [2, one<('ingress' | 'egress')[]>(['ingress'])],
      [2, one<('ingress' | 'egress')[]>(['egress'])],
      [1, one<('ingress' | 'egress')[]>(['ingress', 'egress'])],
      [1, one<('ingress' | 'egress')[]>([])],
    ),
  })
  .map(({ kind, namespace, status, subject, podConditions, namespaceConditions, directions }) => {
    const groups: Record<string, string> = {
      CiliumNetworkPolicy: 'cilium.io',
      CiliumClusterwideNetworkPolicy: 'cilium.io',
      GlobalNetworkPolicy: 'crd.projectcalico.org',
      AuthorizationPolicy: 'security.istio.io',
      MeshTrafficPermission: 'kuma.io',
      ServiceIntentions: 'consul.hashicorp.com',
      FQDNNetworkPolicy: 'networking.gke.io',
    };
    const namespaced = ![
      'AdminNetworkPolicy',
      'BaselineAdminNetworkPolicy',
      'ClusterNetworkPolicy',
      'CiliumClusterwideNetworkPolicy',
      'GlobalNetworkPolicy',
    ].includes(kind);
    return {
      kind,
      group: groups[kind] ?? 'policy.networking.k8s.io',
      namespace: namespaced ? namespace : null,
      name: status === 'present' ? 'other' : null,
      status,
      // Of a kind that cannot be read nobody knows whom it selects.
      ...(status === 'unreadable' || subject === 'none'
        ? {}
        : {
            subject: {
              namespaces: namespaced || subject === 'pods' ? null : namespaceConditions,
              pods: subject === 'namespaces' ? null : podConditions,
            },
          }),
      ...(status === 'unreadable' || directions === null ? {} : { directions }),
    };
  });

const tri: fc.Arbitrary<Tri> = weighted<Tri>([5, one('yes')], [2, one('unknown')], [1, one('no')]);

/** What the user assumes: mostly nothing, sometimes anything. `version` may gate what the rules say (S22). */
const assumed: fc.Arbitrary<Case['assume']> = fc
  .record({
    ipBlockPods: mostly<string | null>(null, 2, 'match', 'ignore', 'unknown'),
    hostNetwork: mostly<string | null>(null, 2, 'node', 'pod', 'unknown'),
    serverVersion: mostly<string | null>(null, 4, '1.18', '1.20', '1.21', '1.24', 'newest', 'unknown'),
    endPort: mostly<string | null>(null, 4, 'on', 'off', 'unknown'),
    sctp: mostly<string | null>(null, 4, 'on', 'off', 'unknown'),
    enforced: mostly<string | null>(null, 12, 'yes', 'no', 'unknown'),
    unselected: mostly<string | null>(null, 8, 'permit', 'deny', 'unknown'),
  })
  .map(
    (values) =>
      Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as Case['assume'],
  );

/** Clusters with what the user assumes about them. */
export const cases: fc.Arbitrary<Case> = fc
  .record({
    live: mostly(false, 2, true),
    liveNamespaces: fc.tuple(...NAMESPACES.map((name) => namespaceRecord(name, true))),
    namespaces: fc.tuple(...NAMESPACES.map((name) => namespaceRecord(name, false))),
    nodes: fc.tuple(
      one<'v4' | 'dual' | 'two'>('v4', 'dual', 'two'),
      one<'v4' | 'dual' | 'absent'>('absent', 'v4', 'dual'),
    ),
    nodesRead: mostly(true, 7, false),
    pods: weighted(
      [12, fc.array(podDraft, { minLength: 1, maxLength: 6 })],
      [1, fc.array(podDraft, { minLength: 7, maxLength: 14 })],
    ),
    policies: fc.array(
      fc
        .record({
          namespace: weighted([3, one('a')], [2, one('b')], [1, one('c')]),
          bad: mostly(false, 7, true),
        })
        .chain(({ namespace, bad }) => spec(bad).map((s) => ({ namespace, spec: s }))),
      { maxLength: 5 },
    ),
    others: weighted<OtherPolicyRecord[]>(
      [10, fc.constant([])],
      [2, fc.array(other, { minLength: 1, maxLength: 3 })],
    ),
    gaps: weighted<CoverageGap[]>(
      [14, fc.constant([])],
      [
        1,
        fc
          .record({
            hides: one<CoverageGap['hides']>('policies', 'pods', 'anything'),
            namespace: one(null, 'a', 'b'),
            alters: mostly<CoverageGap['alters'] | null>(null, 2, 'objects', 'rules'),
          })
          .map(({ alters, ...gap }) => [
            {
              ...gap,
              ...(alters ? { alters } : {}),
              check: 'input.unparsable',
              file: 'broken.yaml',
              line: 1,
            },
          ]),
      ],
    ),
    unread: weighted<(string | null)[]>(
      [10, fc.constant([])],
      [1, fc.constantFrom<(string | null)[]>(['a'], ['b'], [null])],
    ),
    enforcement: weighted(
      [6, fc.constant({ ingress: 'unknown' as Tri, egress: 'unknown' as Tri, node: null as null | Tri })],
      [2, fc.record({ ingress: tri, egress: tri, node: fc.option(tri) })],
    ),
    // Labels that Cilium sees (S30).
    identity: weighted<string[] | null | undefined>(
      [8, fc.constant(undefined)],
      [
        2,
        one<string[] | null>(
          [],
          ['k8s:app'],
          ['k8s:!app'],
          ['!tier', 'k8s:t', 'reserved:x'],
          ['k8s:!io'],
          null,
        ),
      ],
    ),
    assume: assumed,
  })
  .map((draft): Case => {
    const nodes: NodeRecord[] = [];
    draft.nodes.forEach((stack, i) => {
      if (stack === 'absent') return;
      // An internal and an external address.
      const ips =
        stack === 'two'
          ? [`10.9.0.${i + 1}`, `192.0.2.${i + 130}`]
          : stack === 'v4'
            ? [`10.9.0.${i + 1}`]
            : [`10.9.0.${i + 1}`, `fd00:9::${i + 1}`];
      nodes.push({ name: `n${i + 1}`, ips, labels: {}, podCIDRs: [] });
    });
    const named = new Map<string, number>();
    const nameOf = (namespace: string): string => {
      const nth = named.get(namespace) ?? 0;
      named.set(namespace, nth + 1);
      return `pol${nth}`;
    };
    const policies: PolicyRecord[] = draft.policies.map((policy) => ({
      namespace: policy.namespace,
      name: nameOf(policy.namespace),
      ...(policy.spec === undefined ? {} : { spec: policy.spec }),
      origin: draft.live ? 'cluster' : 'manifest',
    }));
    return {
      snapshot: {
        format: 'bulkhead.snapshot',
        version: 1,
        cluster: {
          name: 'generated',
          source: draft.live ? 'context' : 'manifests',
          serverVersion: draft.live ? 'v1.33.0' : null,
          takenAt: '2026-01-01T00:00:00Z',
          warnings: [],
        },
        namespaces: draft.live ? draft.liveNamespaces : draft.namespaces,
        pods: podRecords(draft.pods, nodes).sort((x, y) =>
          x.namespace < y.namespace ? -1 : x.namespace > y.namespace ? 1 : 0,
        ),
        nodes: draft.nodesRead ? nodes : [],
        services: [],
        endpointSlices: [],
        ingresses: [],
        policies: policies.sort((x, y) =>
          x.namespace < y.namespace ? -1 : x.namespace > y.namespace ? 1 : 0,
        ),
        otherPolicies: draft.others,
        enforcement: {
          plugin: null,
          ingress: draft.enforcement.ingress,
          egress: draft.enforcement.egress,
          evidence: [],
          nodes:
            draft.enforcement.node === null
              ? []
              : [
                  {
                    node: 'n1',
                    plugin: null,
                    ingress: draft.enforcement.node,
                    egress: draft.enforcement.node,
                    evidence: [],
                  },
                ],
          implies: {},
          ...(draft.identity === undefined ? {} : { identityLabels: draft.identity }),
        },
        coverage: {
          complete: draft.unread.length + draft.gaps.length === 0,
          entries: [],
          unreadPolicies: draft.unread,
          unreadPods: [],
          skippedDocuments: 0,
          ...(draft.gaps.length > 0 ? { gaps: draft.gaps } : {}),
        },
        problems: [],
      },
      assume: draft.assume,
    };
  });

/**
 * A made-up backend for looking at the window: plausible figures of any size, problems on request, no evaluator. Never
 * shipped. `globalThis.__fake` chooses what it plays.
 */
import type {
  ConnJson,
  EgressWidth,
  Explanation,
  Finding,
  FindingQuery,
  IsolationCounts,
  IsolationState,
  MatrixData,
  MatrixQuery,
  NamespaceSummary,
  OpenEgressQuery,
  OpenEgressRow,
  Overview,
  PairExplanation,
  PortsPart,
  Page,
  PodQuery,
  PodRow,
} from '../../shared/audit/result.ts';
import type { AuditDiff, DiffSummary, Listed, WorkloadRef } from '../../shared/audit/diff.ts';
import type {
  Bridge,
  Channel,
  Events,
  Following,
  HistoryItem,
  IpcError,
  RememberedLogin,
  Reply,
  SourcesInfo,
} from '../../shared/ipc.ts';

/** Programs that were agreed to; the window takes them back. */
const LOGINS: { value: RememberedLogin[] } = {
  value: [
    {
      id: '3fd2a90c11be',
      command: 'aws eks get-token --cluster-name prod',
      path: '/usr/local/aws-cli/v2/current/dist/aws',
      kubeconfig: '/home/mira/work/prod.yaml',
      user: 'prod-admin',
      server: 'https://prod.example:6443/',
      allowedAt: '2026-03-01T09:00:00.000Z',
    },
  ],
};

export interface FakeOptions {
  /** Workloads; each has a few pods. */
  workloads: number;
  namespaces: number;
  podsPerWorkload: number;
  enforced: 'yes' | 'no' | 'unknown';
  /** Start at once, as the command line does. */
  start: boolean;
  complete: boolean;
  /** Stay in the middle of reading. */
  stuck: boolean;
  /** Fail when reading. */
  error: IpcError | null;
  history: number;
  contexts: boolean;
  /** The audit of a context, followed: how that stands. */
  follow: 'off' | 'starting' | 'unchanged' | 'changed' | 'interrupted' | 'login' | 'partial' | null;
}

const DEFAULTS: FakeOptions = {
  workloads: 68,
  namespaces: 11,
  podsPerWorkload: 3,
  enforced: 'yes',
  start: true,
  complete: true,
  stuck: false,
  error: null,
  history: 6,
  contexts: true,
  follow: null,
};

const NAMES = [
  'storefront',
  'payments',
  'identity',
  'kube-system',
  'observability',
  'data-warehouse',
  'ci-runners',
  'ingress-nginx',
  'marketing-website-and-landing-pages',
  'legacy',
  'sandbox',
];
const APPS = ['web', 'api', 'worker', 'cache', 'db', 'queue', 'scheduler', 'gateway', 'exporter', 'migrator'];
const ALL: ConnJson = { TCP: [[1, 65535]], UDP: [[1, 65535]], SCTP: [[1, 65535]] };

/** A small generator with a seed: the same pictures each time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

class FakeAudit {
  readonly rows: PodRow[] = [];
  readonly names: string[] = [];
  readonly #options: FakeOptions;

  constructor(options: FakeOptions) {
    this.#options = options;
    const next = random(7);
    for (let index = 0; index < options.namespaces; index++) {
      const base = NAMES[index % NAMES.length]!;
      this.names.push(index < NAMES.length ? base : `${base}-${Math.floor(index / NAMES.length)}`);
    }
    for (let index = 0; index < options.workloads; index++) {
      const at = index % this.names.length;
      const namespace = this.names[at]!;
      const app = `${APPS[Math.floor(index / this.names.length) % APPS.length]}${index >= this.names.length * APPS.length ? `-${Math.floor(index / this.names.length / APPS.length)}` : ''}`;
      const good = 1 - ((at * 7) % 11) / 10;
      const state = (): IsolationState =>
        next() < good ? (next() < 0.06 ? 'isolated-all-permitted' : 'isolated') : 'open';
      const host = namespace.startsWith('kube-system') && next() < 0.5;
      const paperIngress: IsolationState = host ? 'not-isolatable' : state();
      const paperEgress: IsolationState = host ? 'not-isolatable' : next() < 0.45 ? 'open' : state();
      const width: EgressWidth =
        paperEgress === 'isolated'
          ? (['none', 'ranges', 'anywhere-some-ports', 'none'] as const)[Math.floor(next() * 4)]!
          : 'anywhere';
      for (let pod = 0; pod < options.podsPerWorkload; pod++) {
        this.rows.push(this.#row(namespace, app, host, paperIngress, paperEgress, width, next));
      }
    }
    this.rows.sort((a, b) => (a.namespace + a.name < b.namespace + b.name ? -1 : 1));
  }

  #row(
    namespace: string,
    app: string,
    host: boolean,
    paperIngress: IsolationState,
    paperEgress: IsolationState,
    width: EgressWidth,
    next: () => number,
  ): PodRow {
    const off = this.#options.enforced === 'no';
    const real = (state: IsolationState): IsolationState =>
      off && state !== 'not-isolatable' ? 'open' : state;
    const tail = Math.floor(next() * 36 ** 5)
      .toString(36)
      .padStart(5, '0');
    return {
      namespace,
      name: `${app}-${Math.floor(next() * 16 ** 9).toString(16)}-${tail}`,
      kind: 'Pod',
      workload: { kind: host ? 'DaemonSet' : 'Deployment', name: app },
      ingress: real(paperIngress),
      egress: real(paperEgress),
      paperIngress,
      paperEgress,
      enforced: this.#options.enforced,
      openEgress: off ? 'anywhere' : width,
      openIngress: real(paperIngress) === 'open' ? 'anywhere' : 'none',
      policies: paperIngress === 'open' ? 0 : 1 + Math.floor(next() * 3),
      hostNetwork: host,
      phase: 'Running',
      node: `node-${1 + Math.floor(next() * 6)}`,
      replicas: 1,
    };
  }

  static group(row: PodRow): keyof Omit<IsolationCounts, 'pods' | 'allPermitted' | 'paperOnly'> {
    if (row.ingress === 'not-isolatable') return 'notIsolatable';
    const inside = row.ingress !== 'open';
    const outside = row.egress !== 'open';
    return inside ? (outside ? 'both' : 'ingressOnly') : outside ? 'egressOnly' : 'none';
  }
  static paper(row: PodRow): boolean {
    return (
      (row.ingress === 'open' && row.paperIngress.startsWith('isolated')) ||
      (row.egress === 'open' && row.paperEgress.startsWith('isolated'))
    );
  }
  static all(row: PodRow): boolean {
    return row.ingress === 'isolated-all-permitted' || row.egress === 'isolated-all-permitted';
  }

  counts(rows: readonly PodRow[]): NamespaceSummary['isolation'] {
    const counts: IsolationCounts = {
      pods: rows.length,
      both: 0,
      ingressOnly: 0,
      egressOnly: 0,
      none: 0,
      notIsolatable: 0,
      unknown: 0,
      allPermitted: 0,
      paperOnly: 0,
    };
    for (const row of rows) {
      counts[FakeAudit.group(row)]++;
      if (FakeAudit.all(row)) counts.allPermitted++;
      if (FakeAudit.paper(row)) counts.paperOnly++;
    }
    return counts;
  }
  egress(rows: readonly PodRow[]) {
    const counts = { anywhere: 0, anywhereSomePorts: 0, ranges: 0, depends: 0, none: 0 };
    for (const row of rows)
      counts[row.openEgress === 'anywhere-some-ports' ? 'anywhereSomePorts' : row.openEgress]++;
    return counts;
  }

  findings(): Finding[] {
    const out: Finding[] = [];
    const add = (
      check: string,
      severity: Finding['severity'],
      every: number,
      params: Finding['params'] = {},
    ) => {
      this.names.forEach((namespace, index) => {
        if (index % every !== 0) return;
        out.push({
          check,
          severity,
          object: { kind: 'NetworkPolicy', namespace, name: `allow-${APPS[index % APPS.length]}` },
          place: { file: `manifests/${namespace}/policies.yaml`, line: 12 + index * 7 },
          params,
        });
      });
    };
    if (this.rows.length === 0) return out;
    if (this.#options.enforced === 'no') {
      out.push({
        check: 'cluster.not-enforced',
        severity: 'critical',
        object: null,
        place: null,
        params: { plugin: 'flannel' },
      });
    }
    add('exposure.namespace-open', 'high', 3, { pods: 12, namespace: 'legacy' });
    add('policy.unknown-field', 'high', 4, { field: 'namepsaceSelector', path: 'spec.ingress[0].from[0]' });
    add('policy.selects-nothing', 'medium', 2);
    add('policy.dns-tcp-only', 'medium', 5);
    add('policy.permits-everything', 'low', 3, { direction: 'ingress' });
    add('exposure.host-network', 'info', 6, { pods: 4 });
    return out;
  }

  overview(): Overview {
    const off = this.#options.enforced;
    const by = Map.groupBy(this.rows, (row) => row.namespace);
    const findings = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
    for (const finding of this.findings()) findings[finding.severity]++;
    const total = this.rows.length * Math.max(0, this.rows.length - 1);
    const permitted = Math.round(total * (off === 'no' ? 1 : 0.31));
    const full = Math.round(total * (off === 'no' ? 1 : 0.09));
    const depends = off === 'no' ? 0 : Math.round(total * 0.02);
    return {
      schema: 'bulkhead.audit/v1',
      version: '0.1.0',
      cluster: {
        name: 'prod-eu-west-1',
        source: 'context',
        server: 'https://203.0.113.10:6443',
        serverVersion: 'v1.34.1',
        takenAt: '2026-10-05T09:12:00Z',
        warnings: this.#options.complete ? [] : ['cluster.insecureTls'],
      },
      auditedAt: '2026-10-05T09:12:07Z',
      assumptions: [
        { name: 'ipBlockPods', value: 'match', origin: 'default' },
        { name: 'hostNetwork', value: 'node', origin: 'default' },
        { name: 'serverVersion', value: '1.34', origin: 'detected' },
        { name: 'endPort', value: 'on', origin: 'default' },
        { name: 'sctp', value: 'on', origin: 'default' },
        { name: 'enforced', value: off, origin: 'detected' },
        { name: 'unselected', value: 'permit', origin: 'default' },
      ],
      enforcement: {
        plugin: off === 'yes' ? 'calico' : off === 'no' ? 'flannel' : null,
        ingress: off,
        egress: off,
        evidence:
          off === 'unknown'
            ? []
            : off === 'yes'
              ? [
                  {
                    where: 'pod calico-system/calico-node-7x2lq',
                    what: 'container calico-node, image calico/node:v3.31',
                  },
                  { where: 'API group crd.projectcalico.org', what: 'is served' },
                ]
              : [
                  {
                    where: 'pod kube-flannel/kube-flannel-ds-8zmxp',
                    what: 'no kube-network-policies container',
                  },
                ],
        nodes: [],
        implies: {},
      },
      coverage: {
        complete: this.#options.complete,
        entries: [
          {
            resource: 'namespaces',
            verb: 'list',
            namespace: null,
            outcome: 'read',
            count: this.names.length,
            affectsVerdicts: true,
          },
          {
            resource: 'pods',
            verb: 'list',
            namespace: null,
            outcome: 'read',
            count: this.rows.length,
            affectsVerdicts: true,
          },
          this.#options.complete
            ? {
                resource: 'networkpolicies.networking.k8s.io',
                verb: 'list',
                namespace: null,
                outcome: 'read',
                count: 26,
                affectsVerdicts: true,
              }
            : {
                resource: 'networkpolicies.networking.k8s.io',
                verb: 'list',
                namespace: 'payments',
                outcome: 'refused',
                count: 0,
                reason:
                  '403 networkpolicies.networking.k8s.io is forbidden: User "auditor" cannot list resource',
                affectsVerdicts: true,
              },
          {
            resource: 'configmaps',
            verb: 'list',
            namespace: 'kube-system',
            outcome: 'refused',
            count: 0,
            reason: '403 Forbidden',
            affectsVerdicts: false,
          },
        ],
        unreadPolicies: this.#options.complete ? [] : ['payments'],
        unreadPods: [],
        skippedDocuments: 0,
      },
      summary: {
        isolation: this.counts(this.rows),
        openEgress: this.egress(this.rows),
        namespaces: this.names.length,
        workloads: this.#options.workloads,
        policies: this.rows.length ? 26 : 0,
        rejectedPolicies: this.#options.complete ? 0 : 1,
        nodes: 6,
        finishedPods: 3,
        findings,
        pairs: { total, permitted, full, depends, denied: total - permitted - depends },
      },
      namespaces: this.names.map((name) => ({
        name,
        isolation: this.counts(by.get(name) ?? []),
        openEgress: this.egress(by.get(name) ?? []),
        policies: name.length % 5,
        workloads: Math.ceil(this.#options.workloads / this.names.length),
        defaults: name.length % 2 ? ['deny-ingress'] : [],
      })),
      rejected: this.#options.complete
        ? []
        : [
            {
              object: { kind: 'NetworkPolicy', namespace: 'payments', name: 'allow-from-office' },
              place: { file: 'payments/policies.yaml', document: 3, line: 41 },
              reasons: [
                {
                  check: 'policy.bad-cidr',
                  field: 'spec.ingress[0].from[0].ipBlock.cidr',
                  params: { value: '10.0.0.0/33', cidr: '10.0.0.0/33' },
                },
              ],
              treatment: 'left-out',
            },
          ],
    };
  }

  matrix(src?: string, dst?: string): MatrixData {
    const end = (namespace: string) => {
      const pods = this.rows.filter((row) => row.namespace === namespace);
      return [...Map.groupBy(pods, (row) => row.workload.name)].map(([name, rows]) => ({
        namespace,
        name,
        kind: rows[0]!.workload.kind,
        pods: rows.length,
      }));
    };
    const whole = this.names.map((name) => ({ namespace: name, name, kind: 'Namespace', pods: 0 }));
    for (const row of this.rows) whole[this.names.indexOf(row.namespace)]!.pods++;
    const rows = src ? end(src) : whole;
    const cols = dst ? end(dst) : whole;
    const next = random(3);
    const data: MatrixData = {
      level: src ? 'workload' : 'namespace',
      rows,
      cols,
      pairs: [],
      permitted: [],
      full: [],
      depends: [],
    };
    rows.forEach((from) =>
      cols.forEach((to) => {
        const same = from.namespace === to.namespace && from.name === to.name;
        const pairs = same ? from.pods * (from.pods - 1) : from.pods * to.pods;
        const chance = next();
        const share =
          this.#options.enforced === 'no'
            ? 1
            : same
              ? 0.4 + chance * 0.6
              : chance < 0.45
                ? 0
                : (chance - 0.45) * 1.4;
        const permitted = Math.round(pairs * share);
        data.pairs.push(pairs);
        data.permitted.push(permitted);
        data.full.push(this.#options.enforced === 'no' || chance > 0.93 ? permitted : 0);
        data.depends.push(chance < 0.05 ? pairs - permitted : 0);
      }),
    );
    return data;
  }
}

function page<T>(rows: readonly T[], { offset, limit }: { offset: number; limit: number }): Page<T> {
  return { total: rows.length, offset, rows: rows.slice(offset, offset + limit) };
}

const SOURCES: SourcesInfo = {
  contexts: [
    context('prod-eu-west-1', 'https://203.0.113.10:6443', 'client-certificate', true),
    context('staging', 'https://staging.example.com', 'exec', false, {
      execCommand: 'aws eks get-token --cluster-name staging',
    }),
    context('broken', '', 'none', false, {
      problem: 'The context names the user "ops", which the file does not define.',
    }),
    context('kind-local', 'https://127.0.0.1:40123', 'client-certificate', true, {
      file: '/home/mira/work/kind.yaml',
      warnings: ['cluster.insecureTls'],
    }),
  ],
  files: [
    { path: '/home/mira/.kube/config', problem: null },
    { path: '/home/mira/work/kind.yaml', problem: null },
    {
      path: '/home/mira/.kube/old',
      problem: 'Not valid YAML: line 4, column 3.',
      added: '/home/mira/.kube/old',
    },
  ],
};
function context(
  name: string,
  server: string,
  auth: string,
  current: boolean,
  more: Partial<SourcesInfo['contexts'][number]> = {},
): SourcesInfo['contexts'][number] {
  return {
    file: '/home/mira/.kube/config',
    name,
    cluster: name,
    server,
    user: 'mira',
    namespace: null,
    current,
    auth,
    warnings: [],
    problem: null,
    ...more,
  };
}

/** The same pair where no port was asked for. */
function pair(enforced: FakeOptions['enforced']): PairExplanation {
  const all = enforced === 'no';
  const some: ConnJson = {
    TCP: [
      [8443, 8443],
      [9090, 9090],
    ],
  };
  const rest: ConnJson = {
    TCP: [
      [1, 8442],
      [8444, 9089],
      [9091, 65535],
    ],
    UDP: [[1, 65535]],
    SCTP: [[1, 65535]],
  };
  const part = (permitted: boolean, conns: ConnJson): PortsPart => {
    const { verdict, paperVerdict, family, egress, ingress } = explanation(permitted, enforced);
    return { verdict, paperVerdict, family, conns, egress, ingress };
  };
  const { src, dst } = explanation(true, enforced);
  return {
    src,
    dst,
    protocol: null,
    port: null,
    family: null,
    verdict: all ? 'permitted' : 'some',
    enforced,
    conns: all ? ALL : some,
    depends: {},
    denied: all ? {} : rest,
    parts: [part(true, some), part(false, rest)],
  };
}

function explanation(permitted: boolean, enforced: FakeOptions['enforced']): Explanation {
  const policy = { namespace: 'payments', name: 'allow-from-storefront' };
  return {
    src: { type: 'pod', namespace: 'storefront', name: 'web-5d9c7b6f4-x2x9p', kind: 'Pod' },
    dst: { type: 'pod', namespace: 'payments', name: 'api-7c9f8d5b6-k2j4m', kind: 'Pod' },
    protocol: 'TCP',
    port: permitted ? 8443 : 5432,
    family: null,
    verdict: permitted || enforced === 'no' ? 'permitted' : 'denied',
    paperVerdict: permitted ? 'permitted' : 'denied',
    enforced,
    egress: {
      direction: 'egress',
      verdict: 'permitted',
      state: 'not-isolated',
      policies: [],
      permits: [],
      assumptions: [],
    },
    ingress: {
      direction: 'ingress',
      verdict: permitted || enforced === 'no' ? 'permitted' : 'denied',
      state: enforced === 'no' ? 'not-enforced' : 'isolated',
      policies: [policy, { namespace: 'payments', name: 'default-deny-ingress' }],
      permits: permitted
        ? [{ policy, direction: 'ingress', rule: 0, peer: 1, port: 0, effect: 'permits' }]
        : [],
      assumptions: permitted ? [{ rule: 'S12', name: 'ipBlockPods', value: 'match' }] : [],
    },
    conns:
      enforced === 'no'
        ? ALL
        : {
            TCP: [
              [8443, 8443],
              [9090, 9090],
            ],
          },
    depends: {},
    remedy:
      permitted || enforced === 'no'
        ? null
        : {
            kind: 'add-rules',
            policies: [
              {
                direction: 'ingress',
                namespace: 'payments',
                manifest: {
                  apiVersion: 'networking.k8s.io/v1',
                  kind: 'NetworkPolicy',
                  metadata: { name: 'permit-web-to-api', namespace: 'payments' },
                  spec: {
                    podSelector: { matchLabels: { app: 'api' } },
                    policyTypes: ['Ingress'],
                    ingress: [
                      {
                        from: [
                          {
                            namespaceSelector: {
                              matchLabels: { 'kubernetes.io/metadata.name': 'storefront' },
                            },
                            podSelector: { matchLabels: { app: 'web' } },
                          },
                        ],
                        ports: [{ protocol: 'TCP', port: 5432 }],
                      },
                    ],
                  },
                },
              },
            ],
            verdict: 'permitted',
            others: { count: 0, complete: true, examples: [] },
          },
  };
}

function followed(how: NonNullable<FakeOptions['follow']>, overview: Overview): Following | null {
  if (how === 'off') return null;
  const changes = diff(overview);
  const none: DiffSummary = {
    ...changes.summary,
    changed: false,
    policies: 0,
    namespaces: 0,
    pods: 0,
    others: 0,
    isolation: 0,
    exposed: 0,
    outside: 0,
    pairs: { gained: 0, lost: 0, other: 0 },
    findings: { added: 0, gone: 0 },
    ground: false,
    after: changes.summary.before,
  };
  const since = new Date(Date.UTC(2026, 9, 5, 9, 31)).toISOString();
  const reason = 'The connection was refused (ECONNREFUSED)';
  return {
    audit: 'audit-1',
    state: how === 'changed' || how === 'unchanged' || how === 'partial' ? 'live' : how,
    since: how === 'changed' || how === 'unchanged' || how === 'partial' ? null : since,
    reason:
      how === 'interrupted'
        ? reason
        : how === 'login'
          ? 'The API server does not accept this login (401: Unauthorized)'
          : null,
    interrupted:
      how === 'interrupted'
        ? ['namespaces', 'networkpolicies', 'pods', 'nodes', 'services', 'replicasets', 'jobs'].map(
            (resource) => ({ resource, namespace: null, since, reason }),
          )
        : [],
    notFollowed: [
      ...(how === 'partial'
        ? [
            {
              resource: 'pods',
              namespace: null,
              reason: 'HTTP 403: pods is forbidden: User "mira" cannot watch resource "pods" in API group ""',
              affectsVerdicts: true,
            },
          ]
        : []),
      { resource: 'configmaps/cilium-config', namespace: null, reason: null, affectsVerdicts: true },
    ],
    summary: how === 'starting' ? null : how === 'unchanged' || how === 'partial' ? none : changes.summary,
    comparedAt: how === 'starting' ? null : new Date(Date.UTC(2026, 9, 5, 9, 33)).toISOString(),
  };
}

/** Plausible changes: each list has something, one is long. */
function diff(overview: Overview): AuditDiff {
  const ref = (namespace: string, name: string, kind = 'Deployment'): WorkloadRef => ({
    namespace,
    kind,
    name,
  });
  const list = <T>(rows: T[], total = rows.length): Listed<T> => ({ total, rows });
  const { isolation, openEgress, pairs } = overview.summary;
  const before = { isolation, openEgress, pairs };
  const sql: ConnJson = { TCP: [[5432, 5432]] };
  const pairRows = [
    'web',
    'worker',
    'gateway',
    'scheduler',
    'exporter',
    'queue',
    'cache',
    'api',
    'db',
    'migrator',
  ];
  return {
    objects: {
      policies: list([
        { namespace: 'payments', name: 'default-deny-ingress', change: 'removed', parts: [] },
        {
          namespace: 'storefront',
          name: 'allow-from-ingress-nginx',
          change: 'modified',
          parts: ['podSelector', 'ingress'],
        },
      ]),
      namespaces: list([
        {
          name: 'sandbox',
          change: 'modified',
          labels: [{ key: 'example.com/team', before: 'platform', after: null }],
        },
      ]),
      pods: list([
        { ...ref('payments', 'api'), added: 3, removed: 3, modified: 0, parts: [] },
        {
          ...ref('data-warehouse', 'db', 'StatefulSet'),
          added: 0,
          removed: 0,
          modified: 2,
          parts: ['addresses', 'node'],
        },
      ]),
      others: list([{ kind: 'Service', namespace: 'payments', name: 'api', change: 'added' }]),
    },
    isolation: list([
      {
        workload: ref('payments', 'api'),
        direction: 'ingress',
        from: 'isolated',
        to: 'open',
        paperFrom: 'isolated',
        paperTo: 'open',
        pods: 3,
        names: ['api-7c9f8d5b6-k2j4m', 'api-7c9f8d5b6-p8w2z', 'api-7c9f8d5b6-x7q5d'],
      },
      {
        workload: ref('payments', 'db', 'StatefulSet'),
        direction: 'ingress',
        from: 'isolated',
        to: 'open',
        paperFrom: 'isolated',
        paperTo: 'open',
        pods: 1,
        names: ['db-0'],
      },
    ]),
    outside: list([
      {
        workload: ref('payments', 'api'),
        direction: 'ingress',
        change: 'gained',
        from: 'none',
        to: 'anywhere',
        pods: 3,
        names: ['api-7c9f8d5b6-k2j4m', 'api-7c9f8d5b6-p8w2z', 'api-7c9f8d5b6-x7q5d'],
      },
    ]),
    pairs: {
      complete: true,
      workloads: list(
        [
          ...pairRows.map((name) => ({
            src: ref('storefront', name),
            dst: ref('payments', 'db', 'StatefulSet'),
            before: name === 'api' ? sql : {},
            after: ALL,
            dependsBefore: {},
            dependsAfter: {},
            gained: true,
            lost: false,
          })),
          {
            src: ref('ingress-nginx', 'gateway'),
            dst: ref('storefront', 'web'),
            before: { TCP: [[8080, 8080] as [number, number], [8443, 8443] as [number, number]] },
            after: { TCP: [[8443, 8443] as [number, number]] },
            dependsBefore: {},
            dependsAfter: {},
            gained: false,
            lost: true,
          },
        ],
        1243,
      ),
      namespaces: list([
        { src: 'storefront', dst: 'payments', gained: 340, lost: 0, other: 0 },
        { src: 'ingress-nginx', dst: 'storefront', gained: 0, lost: 12, other: 0 },
      ]),
    },
    findings: {
      added: list([
        {
          check: 'exposure.namespace-open',
          severity: 'high',
          object: { kind: 'Namespace', namespace: null, name: 'payments' },
          place: null,
          params: { pods: 4 },
        },
      ]),
      gone: list([]),
    },
    enforcement: null,
    assumptions: [],
    coverage: null,
    summary: {
      changed: true,
      policies: 2,
      namespaces: 1,
      pods: 8,
      others: 1,
      isolation: 4,
      exposed: 0,
      outside: 3,
      pairs: { gained: 340, lost: 12, other: 0 },
      findings: { added: 1, gone: 0 },
      ground: false,
      before,
      after: {
        isolation: { ...isolation, both: isolation.both - 4, none: isolation.none + 4 },
        openEgress,
        pairs: { ...pairs, permitted: pairs.permitted + 328 },
      },
    },
  };
}

/** The bridge itself. Replies come as later tasks, as they would from another process. */
export function fakeBridge(given: Partial<FakeOptions>): Bridge {
  const options = { ...DEFAULTS, ...given };
  const audit = new FakeAudit(options);
  const listeners: { [E in keyof Events]?: Set<(payload: Events[E]) => void> } = {};
  const emit = <E extends keyof Events>(event: E, payload: Events[E]): void =>
    listeners[event]?.forEach((listener) => listener(payload));
  let kept: HistoryItem[] = Array.from({ length: options.history }, (_, index) => ({
    id: options.history - index,
    cluster: index % 3 === 2 ? '/home/mira/work/manifests' : 'prod-eu-west-1',
    source: 'context',
    auditedAt: new Date(Date.UTC(2026, 9, 5 - index * 3, 9, 12)).toISOString(),
    version: '0.1.0',
    pods: 204 - index * 7,
    isolatedBoth: 61 - index * 4,
    ingressOnly: 60,
    egressOnly: 12,
    none: 71 - index,
    openEgressAnywhere: 140,
    findings: 22 + index,
    complete: index !== 1,
  }));

  function run(): void {
    const job = 'job-1';
    emit('audit.progress', { job, phase: 'connect', detail: 'https://203.0.113.10:6443', done: 0, total: 0 });
    if (options.error) {
      const error = options.error;
      setTimeout(() => emit('audit.finished', { job, error }), 20);
      return;
    }
    emit('audit.progress', {
      job,
      phase: 'read',
      detail: 'pods',
      done: 61500,
      total: options.stuck ? 100_000 : 0,
    });
    if (!options.stuck) setTimeout(() => emit('audit.finished', { job, audit: 'audit-1' }), 30);
  }

  /** Lists and maps once made: the real backend works them out elsewhere, so here they must not count. */
  const answered = new Map<string, PodRow[]>([[JSON.stringify({ offset: 0, limit: 0 }), audit.rows]]);
  const map = audit.matrix();

  const answers: { [C in Channel]: (request: never) => unknown } = {
    'app.info': () => ({
      version: '0.1.0',
      backend: 'electron',
      platform: 'linux',
      start: options.start ? { kind: 'demo' } : null,
      notice: null,
      historyFile: '/home/mira/.local/share/bulkhead/history.sqlite',
    }),
    'sources.list': () => (options.contexts ? SOURCES : { contexts: [], files: [] }),
    'sources.addKubeconfig': () => SOURCES,
    'sources.removeKubeconfig': () => SOURCES,
    'logins.list': () => LOGINS.value,
    'logins.revoke': ({ id }: { id: string }) => (LOGINS.value = LOGINS.value.filter((one) => one.id !== id)),
    'sources.pickPaths': () => ['/home/mira/work/manifests'],
    'audit.start': () => (setTimeout(run, 10), { job: 'job-1' }),
    'audit.cancel': () => undefined,
    'audit.overview': () => audit.overview(),
    'audit.pods': ({ query }: { query: PodQuery }) => {
      const key = JSON.stringify({ ...query, offset: 0, limit: 0 });
      const known = answered.get(key);
      if (known) return page(known, query);
      const text = query.text?.toLowerCase() ?? '';
      const rows = audit.rows.filter(
        (row) =>
          (!query.namespace || row.namespace === query.namespace) &&
          (!query.group ||
            (query.group === 'paperOnly'
              ? FakeAudit.paper(row)
              : query.group === 'allPermitted'
                ? FakeAudit.all(row)
                : FakeAudit.group(row) === query.group)) &&
          (!query.openEgress || row.openEgress === query.openEgress) &&
          (!text || `${row.namespace}/${row.name}`.includes(text)),
      );
      if (query.sort) {
        const key = query.sort;
        const value = (row: PodRow): string | number => (key === 'workload' ? row.workload.name : row[key]);
        rows.sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0));
        if (query.descending) rows.reverse();
      }
      answered.set(key, rows);
      return page(rows, query);
    },
    'audit.openEgress': ({ query }: { query: OpenEgressQuery }) =>
      page(
        audit.rows
          .filter(
            (row) =>
              row.openEgress !== 'none' &&
              (!query.width || row.openEgress === query.width) &&
              (!query.namespace || row.namespace === query.namespace) &&
              (!query.text || `${row.namespace}/${row.name}`.includes(query.text)),
          )
          .map((row): OpenEgressRow => {
            const ports: ConnJson =
              row.openEgress === 'anywhere' ? ALL : { TCP: [[443, 443]], UDP: [[53, 53]] };
            return {
              pod: { namespace: row.namespace, name: row.name, kind: 'Pod' },
              width: row.openEgress,
              reach:
                row.openEgress === 'ranges'
                  ? [{ cidrs: ['198.51.100.0/24', '203.0.113.0/25', '203.0.113.192/26'], conns: ports }]
                  : [
                      { cidrs: ['0.0.0.0/0'], conns: ports },
                      { cidrs: ['::/0'], conns: ports },
                    ],
            };
          }),
        query,
      ),
    'audit.findings': ({ query }: { query: FindingQuery }) =>
      page(
        audit
          .findings()
          .filter(
            (one) =>
              (!query.severity || one.severity === query.severity) &&
              (!query.text || JSON.stringify(one).includes(query.text)),
          ),
        query,
      ),
    'audit.matrix': ({ query }: { query: MatrixQuery }) =>
      query.src ? audit.matrix(query.src, query.dst) : map,
    'audit.explain': ({ query: { port } }: { query: { port?: number } }) =>
      port === undefined ? pair(options.enforced) : explanation(port !== 5432, options.enforced),
    'audit.endpoints': ({ text, limit }: { text: string; limit: number }) =>
      audit.rows
        .filter((row) => `${row.namespace}/${row.name}`.includes(text))
        .slice(0, limit)
        .map(({ namespace, name, kind }) => ({ namespace, name, kind })),
    'audit.close': () => undefined,
    'follow.start': () => followed('starting', audit.overview()),
    'follow.stop': () => undefined,
    'follow.changes': () => ({
      again: options.follow && {
        source: { kind: 'context', name: 'prod-eu-west-1' },
        options: { assume: {} },
      },
      following: options.follow && followed(options.follow, audit.overview()),
      changes: options.follow && diff(audit.overview()),
    }),
    'app.notices': () => 'zod 4.6.7 (MIT)',
    'history.list': () => kept,
    'history.open': () => ({ audit: 'audit-1' }),
    'history.delete': (request: { id: number } | { ids: number[] }) => {
      const ids = 'ids' in request ? request.ids : [request.id];
      kept = kept.filter((item) => !ids.includes(item.id));
      return { deleted: ids.length, left: kept.length, traces: null, copies: [] };
    },
    'history.outlived': ({ keep }: { keep?: number }) => kept.slice(keep ?? 0).map(({ id }) => id),
    'history.backup': () => ({ path: '/home/mira/Documents/bulkhead-history-2026-10-05.sqlite' }),
    'export.save': () => ({ path: '/home/mira/Documents/prod-eu-west-1-2026-10-05.pdf' }),
  };

  return {
    invoke(channel, request) {
      return new Promise((done) =>
        setTimeout(() => done({ ok: true, value: answers[channel](request as never) } as Reply<never>), 1),
      );
    },
    on(event, listener) {
      const set = (listeners[event] ??= new Set() as never) as Set<typeof listener>;
      set.add(listener);
      return () => set.delete(listener);
    },
  };
}

declare global {
  var __fake: Partial<FakeOptions> | undefined;
}
if (typeof window !== 'undefined') Object.assign(window, { bulkhead: fakeBridge(globalThis.__fake ?? {}) });

/**
 * A small audit written by hand, and one of any size made by rule: what reports are tested on. They answer only what
 * reports ask; the answers are data, nothing is evaluated.
 */
import type { AuditEngine } from '../../shared/audit/api.ts';
import type {
  AuditSummary,
  EgressWidth,
  Finding,
  IsolationCounts,
  IsolationState,
  MatrixData,
  MatrixQuery,
  NamespaceSummary,
  OpenEgressRowJson,
  Overview,
  PodRow,
} from '../../shared/audit/result.ts';
import type { Tri } from '../../shared/kube/snapshot.ts';

export interface FixtureOptions {
  namespaces?: number;
  workloads?: number;
  podsPerWorkload?: number;
  enforced?: Tri;
  cluster?: string;
  complete?: boolean;
  rejected?: number;
  /** Names as long as the API allows, and enforcement that differs by node. */
  long?: boolean;
}

const STATES: [IsolationState, IsolationState, EgressWidth][] = [
  ['isolated', 'isolated', 'none'],
  ['isolated', 'open', 'anywhere'],
  ['open', 'open', 'anywhere'],
  ['isolated', 'isolated', 'ranges'],
  ['open', 'isolated', 'anywhere-some-ports'],
  ['isolated-all-permitted', 'isolated', 'none'],
  ['not-isolatable', 'not-isolatable', 'anywhere'],
  ['isolated', 'unknown', 'depends'],
];

const NAMES = ['shop', 'payments', 'logistics', 'kube-system', 'monitoring', 'batch', 'front', 'identity'];

/** An audit by rule; the default is 8 namespaces with 5 workloads of 3 pods each. */
export function fixture(options: FixtureOptions = {}): AuditEngine {
  const {
    namespaces = 8,
    workloads = 5,
    podsPerWorkload = 3,
    enforced = 'yes',
    cluster = 'prod',
    complete = true,
    rejected = 2,
    long = false,
  } = options;
  const nsName = (i: number) =>
    (long ? `${'department'.repeat(4)}-of-` : '') +
    `${NAMES[i % NAMES.length]!}${i < NAMES.length ? '' : `-${Math.floor(i / NAMES.length)}`}`;
  const rows: PodRow[] = [];
  const egress: OpenEgressRowJson[] = [];
  for (let n = 0; n < namespaces; n++) {
    for (let w = 0; w < workloads; w++) {
      const [paperIngress, paperEgress, width] = STATES[(n * 3 + w) % STATES.length]!;
      const effective = (s: IsolationState) => (enforced === 'no' && s.startsWith('isolated') ? 'open' : s);
      for (let p = 0; p < podsPerWorkload; p++) {
        const row: PodRow = {
          namespace: nsName(n),
          name: `${long ? 'very-'.repeat(40) : ''}app-${w}-5d9c7b-${String(p).padStart(4, '0')}`,
          kind: 'Pod',
          workload: {
            kind: w === 4 ? 'DaemonSet' : 'Deployment',
            name: `${long ? 'x'.repeat(50) : ''}app-${w}`,
          },
          ingress: effective(paperIngress),
          egress: effective(paperEgress),
          paperIngress,
          paperEgress,
          enforced: long && p === 1 ? 'unknown' : enforced,
          openEgress: enforced === 'no' ? 'anywhere' : width,
          openIngress: paperIngress === 'open' ? 'anywhere' : 'none',
          policies: paperIngress === 'open' && paperEgress === 'open' ? 0 : 1 + (w % 3),
          hostNetwork: paperIngress === 'not-isolatable',
          phase: 'Running',
          node: `node-${p % 3}`,
          replicas: 1,
        };
        rows.push(row);
        const pod = { namespace: row.namespace, name: row.name, kind: 'Pod' };
        const every: [number, number][] = [[1, 65535]];
        if (row.openEgress === 'anywhere') {
          const conns = { TCP: every, UDP: every, SCTP: every };
          egress.push({ pod, ranges: ['0.0.0.0/0'], conns }, { pod, ranges: ['::/0'], conns });
        } else if (row.openEgress === 'anywhere-some-ports') {
          egress.push({ pod, ranges: ['0.0.0.0/0'], conns: { TCP: [[443, 443]], UDP: [[53, 53]] } });
        } else if (row.openEgress === 'ranges') {
          const ranges = ['203.0.113.0/24', '198.51.100.0/25', '192.0.2.128/26'];
          egress.push({
            pod,
            ranges,
            conns: {
              TCP: [
                [80, 80],
                [8000, 8999],
              ],
            },
          });
        } else if (row.openEgress === 'depends') {
          egress.push({ pod, ranges: ['10.0.0.0/8'], conns: {}, depends: { TCP: [[5432, 5432]] } });
        }
      }
    }
  }
  rows.sort((a, b) =>
    a.namespace < b.namespace ? -1 : a.namespace > b.namespace ? 1 : a.name < b.name ? -1 : 1,
  );
  const namesSorted = [...new Set(rows.map((row) => row.namespace))];
  const summaries: NamespaceSummary[] = namesSorted.map((name, i) => ({
    name,
    isolation: isolation(rows.filter((row) => row.namespace === name)),
    openEgress: egressCounts(rows.filter((row) => row.namespace === name)),
    policies: i % 4,
    workloads,
    defaults: i % 3 === 0 ? ['deny-ingress'] : [],
  }));
  const findings = fixtureFindings(rows);
  const total = rows.length * (rows.length - 1);
  const permitted = Math.floor(total * 0.31);
  const summary: AuditSummary = {
    isolation: isolation(rows),
    openEgress: egressCounts(rows),
    namespaces: namesSorted.length,
    workloads: namesSorted.length * workloads,
    policies: 25,
    rejectedPolicies: rejected,
    nodes: 3,
    finishedPods: 4,
    findings: { critical: 0, high: 0, medium: 0, low: 0, info: 0 },
    pairs: {
      total,
      permitted,
      full: Math.floor(total * 0.12),
      depends: Math.floor(total * 0.02),
      denied: total - permitted - Math.floor(total * 0.02),
    },
  };
  for (const finding of findings) summary.findings[finding.severity] += 1;
  const overview: Overview = {
    schema: 'bulkhead.audit/v1',
    version: '0.1.0',
    cluster: {
      name: cluster,
      source: 'manifests',
      file: 'deploy/운영',
      serverVersion: null,
      takenAt: '2026-03-01T09:00:00Z',
      warnings: ['cluster.insecureTls'],
    },
    auditedAt: '2026-03-01T09:00:05Z',
    assumptions: [
      { name: 'ipBlockPods', value: 'match', origin: 'default' },
      { name: 'hostNetwork', value: 'node', origin: 'detected' },
      { name: 'serverVersion', value: 'newest', origin: 'default' },
      { name: 'endPort', value: 'on', origin: 'default' },
      { name: 'sctp', value: 'on', origin: 'default' },
      { name: 'enforced', value: enforced, origin: 'detected' },
      { name: 'unselected', value: 'permit', origin: 'default' },
    ],
    enforcement: {
      plugin: enforced === 'yes' ? 'calico' : enforced === 'no' ? 'flannel' : null,
      ingress: enforced,
      egress: enforced,
      evidence: [{ where: 'pod kube-system/calico-node-x7', what: 'container calico-node' }],
      nodes: [],
      implies: {},
    },
    coverage: {
      complete,
      entries: [
        {
          resource: 'file',
          verb: 'read',
          namespace: null,
          file: 'deploy/운영/web.yaml',
          outcome: 'read',
          count: 4,
          affectsVerdicts: true,
        },
        {
          resource: 'pods',
          verb: 'list',
          namespace: 'payments',
          outcome: complete ? 'read' : 'refused',
          count: complete ? 12 : 0,
          ...(complete ? {} : { reason: '403 pods is forbidden' }),
          affectsVerdicts: true,
        },
      ],
      unreadPolicies: [],
      unreadPods: complete ? [] : ['payments'],
      skippedDocuments: 3,
    },
    summary,
    namespaces: summaries,
    rejected: Array.from({ length: rejected }, (_, i) => ({
      object: { kind: 'NetworkPolicy', namespace: 'shop', name: `allow-web-${i}` },
      place: { file: 'deploy/운영/web.yaml', document: 2 + i, line: 20 + i },
      reasons: [
        { check: 'policy.port-range', field: 'spec.ingress[0].ports[0].port', params: { port: 70000 + i } },
      ],
      treatment: 'left-out' as const,
    })),
  };
  const answers = {
    snapshot: { pods: [], policies: [] },
    overview: () => overview,
    podRows: () => rows,
    openEgressRows: () => egress,
    allFindings: () => findings,
    matrix: (query: MatrixQuery) => matrix(query, summaries),
    connections: () => {
      const web = { namespace: 'shop', name: 'web', kind: 'Deployment' };
      const db = { namespace: 'shop', name: 'db', kind: 'StatefulSet' };
      const out = { cidrs: ['0.0.0.0/0'] };
      return {
        nodes: [web, db, out],
        edges: [
          { src: web, dst: db, conns: { TCP: [[5432, 5432]] as [number, number][] }, partial: true as const },
          { src: out, dst: web, conns: {}, depends: { TCP: [[80, 80]] as [number, number][] } },
        ],
      };
    },
    toJson: () => ({ ...overview, pods: rows, openEgress: egress, findings }),
  };
  return answers as unknown as AuditEngine;
}

function isolation(rows: PodRow[]): IsolationCounts {
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
    const inn = row.ingress.startsWith('isolated');
    const out = row.egress.startsWith('isolated');
    if (row.ingress === 'not-isolatable') counts.notIsolatable++;
    else if (row.ingress === 'unknown' || row.egress === 'unknown') counts.unknown++;
    else if (inn && out) counts.both++;
    else if (inn) counts.ingressOnly++;
    else if (out) counts.egressOnly++;
    else counts.none++;
    if (row.ingress === 'isolated-all-permitted' || row.egress === 'isolated-all-permitted')
      counts.allPermitted++;
    if (row.ingress !== row.paperIngress || row.egress !== row.paperEgress) counts.paperOnly++;
  }
  return counts;
}

function egressCounts(rows: PodRow[]) {
  const count = (width: EgressWidth) => rows.filter((row) => row.openEgress === width).length;
  return {
    anywhere: count('anywhere'),
    anywhereSomePorts: count('anywhere-some-ports'),
    ranges: count('ranges'),
    depends: count('depends'),
    none: count('none'),
  };
}

function fixtureFindings(rows: PodRow[]): Finding[] {
  const object = { kind: 'NetworkPolicy', namespace: 'shop', name: 'allow-dns' };
  const place = { file: 'deploy/운영/dns.yaml', document: 1, line: 3 };
  return [
    {
      check: 'policy.unknown-field',
      severity: 'high',
      object,
      place: { ...place, field: 'spec.ingress[0].from[0].namepsaceSelector' },
      params: { name: 'namepsaceSelector' },
    },
    {
      check: 'policy.rules-without-type',
      severity: 'medium',
      object,
      place,
      params: { direction: 'egress', type: 'Egress' },
    },
    ...rows.slice(0, 9).map((row): Finding => ({
      check: 'input.name-label',
      severity: 'low',
      object: { kind: 'Namespace', namespace: null, name: row.namespace },
      place: null,
      params: { value: row.name },
    })),
    { check: 'policy.nobody-knows', severity: 'info', object: null, place: null, params: { a: 1 } },
  ];
}

function matrix(query: MatrixQuery, summaries: NamespaceSummary[]): MatrixData {
  const ends = summaries.map((n) => ({
    namespace: n.name,
    name: n.name,
    kind: 'Namespace',
    pods: n.isolation.pods,
  }));
  const data: MatrixData = {
    level: query.level,
    rows: ends,
    cols: ends,
    pairs: [],
    permitted: [],
    full: [],
    depends: [],
  };
  for (const [i, src] of ends.entries()) {
    for (const [j, dst] of ends.entries()) {
      const pairs = i === j ? src.pods * (src.pods - 1) : src.pods * dst.pods;
      const permitted = Math.floor((pairs * ((i * 7 + j * 13) % 11)) / 10);
      data.pairs.push(pairs);
      data.permitted.push(Math.min(permitted, pairs));
      data.full.push(Math.floor(Math.min(permitted, pairs) / 2));
      data.depends.push((i + j) % 9 === 0 && permitted === 0 ? Math.min(3, pairs) : 0);
    }
  }
  return data;
}

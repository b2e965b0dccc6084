/** Lists of an audit brought into the rows that reports print: grouped, ordered, counted. */
import type { AuditEngine } from '../audit/api.ts';
import { SEVERITIES } from '../audit/result.ts';
import type {
  EgressCounts,
  EgressWidth,
  Finding,
  IsolationCounts,
  IsolationState,
  OpenEgressRowJson,
  PodRow,
  Severity,
} from '../audit/result.ts';
import { isPaperOnly } from './words.ts';

/** Pods of one workload in equal state: one row of a report. */
export interface PodGroup {
  namespace: string;
  workload: { kind: string; name: string };
  /** Pods (or templates) in the group. */
  count: number;
  /** The pod's own name where there is one alone. */
  name: string;
  /** A pod of the group: its states are those of all. */
  sample: PodRow;
}

/**
 * Pods grouped by workload, where all of the state that a report shows is equal; a workload whose pods differ gives
 * a row for each state. Rows keep the order in which their first pod comes.
 */
export function groupPods(rows: Iterable<PodRow>, keep: (row: PodRow) => boolean = () => true): PodGroup[] {
  const groups = new Map<string, PodGroup>();
  for (const row of rows) {
    if (!keep(row)) continue;
    const key = [
      row.namespace,
      row.workload.kind,
      row.workload.name,
      row.ingress,
      row.egress,
      row.paperIngress,
      row.paperEgress,
      row.enforced,
      row.openEgress,
      row.openIngress,
      row.hostNetwork,
      row.policies,
    ].join('\n');
    const group = groups.get(key);
    if (group) group.count += 1;
    else {
      const { namespace, workload, name } = row;
      groups.set(key, { namespace, workload, count: 1, name, sample: row });
    }
  }
  return [...groups.values()];
}

/** A group's name: `web ×12` for several pods of a workload, the pod's own name for one. */
export function groupName(group: PodGroup): string {
  if (group.count > 1) return `${group.workload.name} ×${group.count}`;
  return group.sample.kind === 'Pod' ? group.name : group.workload.name;
}

/** Open in at least one direction, and a policy could change it (host-network pods are listed apart). */
export function isUnisolated(row: PodRow): boolean {
  return row.ingress === 'open' || row.egress === 'open';
}

/** Where policies isolate a pod on paper in some direction and nothing enforces them (S21). */
export function isPaper(row: PodRow): boolean {
  return isPaperOnly(row, 'ingress') || isPaperOnly(row, 'egress');
}

const STATE_ORDER: readonly IsolationState[] = [
  'open',
  'unknown',
  'not-isolatable',
  'isolated-all-permitted',
  'isolated',
];

/** Worst first: open both ways, then in one; then by namespace and workload. */
export function byExposure(a: PodGroup, b: PodGroup): number {
  const rank = (row: PodRow) => STATE_ORDER.indexOf(row.ingress) + STATE_ORDER.indexOf(row.egress);
  return rank(a.sample) - rank(b.sample) || compare(a.namespace, b.namespace) || compare(a.name, b.name);
}

/** Plain order by code unit: the same everywhere, whatever the machine's language. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The isolation groups that together make all pods, in the order in which reports show them. */
export const ISOLATION_PARTS = [
  'both',
  'ingressOnly',
  'egressOnly',
  'none',
  'notIsolatable',
  'unknown',
] as const;
export type IsolationPart = (typeof ISOLATION_PARTS)[number];

/** The widths of open egress from widest to none, with the counts' field of each. */
export const WIDTH_PARTS: readonly (readonly [EgressWidth, keyof EgressCounts])[] = [
  ['anywhere', 'anywhere'],
  ['anywhere-some-ports', 'anywhereSomePorts'],
  ['ranges', 'ranges'],
  ['depends', 'depends'],
  ['none', 'none'],
];

/** A share as a whole per cent; never 0 or 100 unless it is exact. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '–';
  const exact = (100 * part) / whole;
  if (part > 0 && exact < 1) return '<1%';
  if (part < whole && exact > 99) return '>99%';
  return `${Math.round(exact)}%`;
}

/** A figure with thousands apart, the same in both languages. */
export function figure(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** Findings of one check and severity: title and advice once, then the places. */
export interface FindingGroup {
  check: string;
  severity: Severity;
  findings: Finding[];
}

/** Findings by severity, then by check; order inside a group is the audit's. */
export function groupFindings(findings: readonly Finding[]): FindingGroup[] {
  const groups = new Map<string, FindingGroup>();
  for (const finding of findings) {
    const key = `${finding.severity}\n${finding.check}`;
    const group = groups.get(key);
    if (group) group.findings.push(finding);
    else groups.set(key, { check: finding.check, severity: finding.severity, findings: [finding] });
  }
  return [...groups.values()].sort(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      b.findings.length - a.findings.length ||
      compare(a.check, b.check),
  );
}

/** What equal pods of a workload reach outside. */
export interface EgressGroup {
  namespace: string;
  workload: { kind: string; name: string };
  count: number;
  /** The pod's own name where there is one alone. */
  name: string;
  kind: string;
  width: EgressWidth;
  reach: Omit<OpenEgressRowJson, 'pod'>[];
}

/** Open egress with the pods of one workload that reach the same in one row; widest first. */
export function groupEgress(engine: AuditEngine): EgressGroup[] {
  const rows = new Map<string, PodRow>();
  for (const row of engine.podRows()) rows.set(`${row.namespace}/${row.kind}/${row.name}`, row);
  const reach = new Map<string, Omit<OpenEgressRowJson, 'pod'>[]>();
  for (const { pod, ...rest } of engine.openEgressRows()) {
    const key = `${pod.namespace}/${pod.kind}/${pod.name}`;
    const list = reach.get(key);
    if (list) list.push(rest);
    else reach.set(key, [rest]);
  }
  const groups = new Map<string, EgressGroup>();
  for (const [key, list] of reach) {
    const row = rows.get(key);
    if (row === undefined) continue;
    const groupKey = [row.namespace, row.workload.kind, row.workload.name, JSON.stringify(list)].join('\n');
    const group = groups.get(groupKey);
    if (group) group.count += 1;
    else {
      groups.set(groupKey, {
        namespace: row.namespace,
        workload: row.workload,
        count: 1,
        name: row.name,
        kind: row.kind,
        width: row.openEgress,
        reach: list,
      });
    }
  }
  const order = (width: EgressWidth) => WIDTH_PARTS.findIndex(([w]) => w === width);
  return [...groups.values()].sort(
    (a, b) => order(a.width) - order(b.width) || compare(a.namespace, b.namespace) || compare(a.name, b.name),
  );
}

/** The sum of isolation counts, for a total's row. */
export function isolationShare(counts: IsolationCounts, part: IsolationPart): number {
  return counts.pods === 0 ? 0 : counts[part] / counts.pods;
}

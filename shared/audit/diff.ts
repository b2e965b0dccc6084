/**
 * What two audits of one cluster differ in: the objects, and what they mean for isolation, reach and findings. Plain
 * data, sorted; long lists are cut and carry their true totals. Nothing in it depends on when it was asked.
 *
 * Pods are compared by their workload, because a rollout replaces every pod and changes nothing: a pod that is in both
 * audits with itself, a new one with the pods of its workload that went. What is permitted is compared between classes of
 * pods, which is exact and needs no visit to pairs of pods.
 */
import type {
  AssumptionRecord,
  NamespaceRecord,
  PodRecord,
  PolicyRecord,
  Snapshot,
} from '../kube/snapshot.ts';
import { kindName } from '../kube/kinds.ts';
import { ConnPool, NO_CONNS, type ConnId } from '../net/conns.ts';
import type { AuditEngine, ClassStates } from './api.ts';
import type {
  AuditCoverage,
  AuditSummary,
  ConnJson,
  Direction,
  EgressWidth,
  Finding,
  IsolationState,
  Overview,
} from './result.ts';

/** A long list: its first rows in order, and how many there are. */
export interface Listed<T> {
  total: number;
  rows: T[];
}

export type ObjectChange = 'added' | 'removed' | 'modified';

export interface PolicyChange {
  namespace: string;
  name: string;
  change: ObjectChange;
  /** Which parts of `spec` differ; empty where it came or went. */
  parts: ('podSelector' | 'policyTypes' | 'ingress' | 'egress' | 'other')[];
}

export interface NamespaceChange {
  name: string;
  change: ObjectChange;
  /** Labels that differ; null where the label is absent. */
  labels: { key: string; before: string | null; after: string | null }[];
}

export interface WorkloadRef {
  namespace: string;
  kind: string;
  name: string;
}

export type PodPart = 'labels' | 'addresses' | 'ports' | 'node' | 'hostNetwork' | 'phase' | 'owner';

/** Pods of one workload that came, went or changed. */
export interface PodsChange extends WorkloadRef {
  added: number;
  removed: number;
  modified: number;
  /** What differs in those that changed. */
  parts: PodPart[];
}

export interface ObjectRow {
  kind: string;
  namespace: string | null;
  name: string;
  change: ObjectChange;
}

/** Pods of one workload whose isolation in one direction changed in the same way. */
export interface IsolationChange {
  workload: WorkloadRef;
  direction: Direction;
  /** Null where the workload is new. */
  from: IsolationState | null;
  to: IsolationState;
  /** By the policies alone. Differ from the above where nothing enforces them. */
  paperFrom: IsolationState | null;
  paperTo: IsolationState;
  pods: number;
  /** A few of them. */
  names: string[];
}

/** Pods of one workload whose reach to (egress) or from (ingress) addresses outside the cluster changed. */
export interface OutsideChange {
  workload: WorkloadRef;
  direction: Direction;
  change: 'gained' | 'lost' | 'widened' | 'narrowed' | 'changed';
  from: EgressWidth | null;
  to: EgressWidth;
  pods: number;
  names: string[];
}

/** What pods of one workload may send to pods of another, before and after. */
export interface PairChange extends ConnChange {
  src: WorkloadRef;
  dst: WorkloadRef;
}

/** What is permitted before and after. */
export interface ConnChange {
  before: ConnJson;
  after: ConnJson;
  /** What was, and is, only perhaps permitted. */
  dependsBefore: ConnJson;
  dependsAfter: ConnJson;
  /** Something is permitted that was not; something is not permitted that was. */
  gained: boolean;
  lost: boolean;
}

/** Ordered pairs of pods between two namespaces whose permitted connections changed. */
export interface CellChange {
  src: string;
  dst: string;
  gained: number;
  lost: number;
  /** Both, or only what depends. */
  other: number;
}

export interface AuditDiff {
  objects: {
    policies: Listed<PolicyChange>;
    namespaces: Listed<NamespaceChange>;
    pods: Listed<PodsChange>;
    /** Nodes, Services and other kinds of policy. */
    others: Listed<ObjectRow>;
  };
  isolation: Listed<IsolationChange>;
  outside: Listed<OutsideChange>;
  pairs: {
    /** False where there were too many to compare them all: what is listed is true, and not everything. */
    complete: boolean;
    workloads: Listed<PairChange>;
    namespaces: Listed<CellChange>;
  };
  findings: { added: Listed<Finding>; gone: Listed<Finding> };
  enforcement: { before: Overview['enforcement']; after: Overview['enforcement'] } | null;
  assumptions: { before: AssumptionRecord; after: AssumptionRecord }[];
  coverage: { before: CoverageState; after: CoverageState } | null;
  summary: DiffSummary;
}

export interface CoverageState {
  complete: boolean;
  unreadPolicies: (string | null)[];
  unreadPods: (string | null)[];
  notEvaluated?: AuditCoverage['notEvaluated'];
  noPods?: AuditCoverage['noPods'];
}

/** The figures of a difference: small enough for a line in the window. */
export interface DiffSummary {
  /** Whether anything at all differs. */
  changed: boolean;
  policies: number;
  namespaces: number;
  /** Pods that came, went or changed. */
  pods: number;
  others: number;
  /** Pods whose isolation changed. */
  isolation: number;
  /** Pods of new workloads that are not isolated in some direction. */
  exposed: number;
  /** Pods whose reach to or from outside changed. */
  outside: number;
  /** Ordered pairs of pods. */
  pairs: { gained: number; lost: number; other: number };
  findings: { added: number; gone: number };
  /** Enforcement, coverage or assumptions. */
  ground: boolean;
  before: Pick<AuditSummary, 'isolation' | 'openEgress' | 'pairs'>;
  after: Pick<AuditSummary, 'isolation' | 'openEgress' | 'pairs'>;
}

/** Rows of one list. */
export const LISTED = 200;
/** Kinds that stand beside the verdicts: what they say is a finding at most. */
const ASIDE: ReadonlySet<string> = new Set(['Service', 'EndpointSlice', 'Ingress']);
/** Names that stand for a group of pods. */
const NAMED = 5;
/** Differences that are held at once, while the first of them are looked for. */
const PAIRS_HELD = 20_000;
/** Pairs of groups of pods that are compared; a thousand groups with a thousand others. */
const PAIRS_COMPARED = 1_000_000;

/**
 * Compares two audits.
 * @param before the one that counts as it stands
 * @param after the later one
 */
export function diffAudits(before: AuditEngine, after: AuditEngine): AuditDiff {
  const a = before.snapshot;
  const b = after.snapshot;
  const policies = policyChanges(a.policies, b.policies);
  const namespaces = namespaceChanges(a.namespaces, b.namespaces);
  const joined = joinPods(a.pods, b.pods);
  const pods = podChanges(a.pods, b.pods, joined);
  const others = otherChanges(a, b);
  const overviews = { before: before.overview(), after: after.overview() };
  const enforcement = equal(plain(a.enforcement), plain(b.enforcement))
    ? null
    : { before: a.enforcement, after: b.enforcement };
  const assumptions = assumptionChanges(overviews.before, overviews.after);
  const coverage = coverageChange(overviews.before, overviews.after);

  const matched = matchPods(before, after, joined);
  const isolation = isolationChanges(matched, before, after);
  const outside = outsideChanges(matched, before, after);
  const everywhere =
    enforcement !== null ||
    assumptions.length > 0 ||
    coverage !== null ||
    others.some(({ kind }) => !ASIDE.has(kind)) ||
    familiesOf(a) !== familiesOf(b);
  const touched = new Set([
    ...policies.map((one) => one.namespace),
    ...namespaces.map((one) => one.name),
    ...pods.map((one) => one.namespace),
  ]);
  const pairs = pairChanges(matched, before, after, everywhere ? null : touched);
  const findings = findingChanges(before.allFindings(), after.allFindings());

  const figures = (overview: Overview): DiffSummary['before'] => ({
    isolation: overview.summary.isolation,
    openEgress: overview.summary.openEgress,
    pairs: overview.summary.pairs,
  });
  const ground = enforcement !== null || assumptions.length > 0 || coverage !== null;
  const summary: DiffSummary = {
    changed:
      policies.length + namespaces.length + pods.length + others.length > 0 ||
      ground ||
      findings.added.length + findings.gone.length > 0,
    policies: policies.length,
    namespaces: namespaces.length,
    pods: sum(pods, (one) => one.added + one.removed + one.modified),
    others: others.length,
    isolation: podsIn(isolation.filter(({ from }) => from !== null)),
    exposed: podsIn(isolation.filter(({ from }) => from === null)),
    outside: podsIn(outside.filter(({ from }) => from !== null)),
    pairs: pairs.sum,
    findings: { added: findings.added.length, gone: findings.gone.length },
    ground,
    before: figures(overviews.before),
    after: figures(overviews.after),
  };
  return {
    objects: {
      policies: listed(policies),
      namespaces: listed(namespaces),
      pods: listed(pods),
      others: listed(others),
    },
    isolation: listed(isolation.map(plainRow)),
    outside: listed(outside.map(plainRow)),
    pairs: { complete: pairs.complete, workloads: pairs.workloads, namespaces: listed(pairs.cells) },
    findings: { added: listed(findings.added), gone: listed(findings.gone) },
    enforcement,
    assumptions,
    coverage,
    summary,
  };
}

function listed<T>(rows: T[]): Listed<T> {
  return { total: rows.length, rows: rows.slice(0, LISTED) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** Through JSON: what came from a file has lost its undefined fields. */
function plain(value: unknown): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .sort(([a], [b]) => compare(a, b))
      .map(([key, one]) => [key, sorted(one)]),
  );
}

function equal(a: string, b: string): boolean {
  return a === b;
}

// ---- objects ----

/** Walks two lists of records by identity: calls back for each that is in either. */
function byIdentity<T>(
  before: readonly T[],
  after: readonly T[],
  key: (record: T) => string,
  visit: (before: T | undefined, after: T | undefined) => void,
): void {
  const known = new Map<string, T>();
  for (const record of before) known.set(key(record), record);
  for (const record of after) {
    const id = key(record);
    visit(known.get(id), record);
    known.delete(id);
  }
  for (const record of known.values()) visit(record, undefined);
}

const SPEC_PARTS = ['podSelector', 'policyTypes', 'ingress', 'egress'] as const;

function policyChanges(before: readonly PolicyRecord[], after: readonly PolicyRecord[]): PolicyChange[] {
  const out: PolicyChange[] = [];
  byIdentity(
    before,
    after,
    (one) => `${one.namespace}/${one.name}`,
    (a, b) => {
      const one = (b ?? a) as PolicyRecord;
      const row = { namespace: one.namespace, name: one.name };
      if (!a || !b) {
        out.push({ ...row, change: b ? 'added' : 'removed', parts: [] });
        return;
      }
      if (a.spec === b.spec) return;
      const fields = (spec: unknown): Record<string, unknown> =>
        typeof spec === 'object' && spec !== null && !Array.isArray(spec)
          ? (spec as Record<string, unknown>)
          : { other: spec };
      const x = fields(a.spec);
      const y = fields(b.spec);
      const parts: PolicyChange['parts'] = SPEC_PARTS.filter(
        (part) => !equal(plain([x[part]]), plain([y[part]])),
      );
      const rest = (spec: Record<string, unknown>): string =>
        plain(Object.fromEntries(Object.entries(spec).filter(([key]) => !SPEC_PARTS.some((p) => p === key))));
      if (!equal(rest(x), rest(y))) parts.push('other');
      if (parts.length > 0) out.push({ ...row, change: 'modified', parts });
    },
  );
  return out.sort((a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name));
}

function namespaceChanges(
  before: readonly NamespaceRecord[],
  after: readonly NamespaceRecord[],
): NamespaceChange[] {
  const out: NamespaceChange[] = [];
  byIdentity(
    before,
    after,
    (one) => one.name,
    (a, b) => {
      const name = ((b ?? a) as NamespaceRecord).name;
      if (!a || !b) {
        out.push({ name, change: b ? 'added' : 'removed', labels: [] });
        return;
      }
      const labels = [...new Set([...Object.keys(a.labels), ...Object.keys(b.labels)])]
        .filter((key) => a.labels[key] !== b.labels[key])
        .sort(compare)
        .map((key) => ({ key, before: a.labels[key] ?? null, after: b.labels[key] ?? null }));
      if (labels.length > 0 || a.labelsKnown !== b.labelsKnown)
        out.push({ name, change: 'modified', labels });
    },
  );
  return out.sort((a, b) => compare(a.name, b.name));
}

function workloadOf(pod: PodRecord): WorkloadRef {
  const { kind, name } = pod.owner ?? pod;
  return { namespace: pod.namespace, kind, name };
}

function workloadKey(ref: WorkloadRef): string {
  return `${ref.namespace}/${ref.kind}/${ref.name}`;
}

function byWorkload(a: WorkloadRef, b: WorkloadRef): number {
  return compare(a.namespace, b.namespace) || compare(a.name, b.name) || compare(a.kind, b.kind);
}

function differs(a: unknown, b: unknown): boolean {
  return a !== b && JSON.stringify(a) !== JSON.stringify(b);
}

function podParts(a: PodRecord, b: PodRecord): PodPart[] {
  const parts: PodPart[] = [];
  if (differs(a.labels, b.labels)) parts.push('labels');
  if (differs(a.ips, b.ips)) parts.push('addresses');
  if (differs(a.ports, b.ports)) parts.push('ports');
  if (a.node !== b.node) parts.push('node');
  if (a.hostNetwork !== b.hostNetwork) parts.push('hostNetwork');
  if (a.phase !== b.phase || a.terminating !== b.terminating) parts.push('phase');
  if (differs(a.owner, b.owner) || a.replicas !== b.replicas) parts.push('owner');
  return parts;
}

/** Which pod of `before` each pod of `after` was, by index; -1 for a new one. `gone`: those of `before` that are in `after` no more. */
interface Joined {
  was: Int32Array;
  gone: number[];
}

/** Finds the same pods in two snapshots by one walk over both: an engine's pods are in order of namespace and name. */
function joinPods(before: readonly PodRecord[], after: readonly PodRecord[]): Joined {
  const was = new Int32Array(after.length).fill(-1);
  const gone: number[] = [];
  const order = (x: PodRecord, y: PodRecord): number =>
    compare(x.namespace, y.namespace) || compare(x.name, y.name);
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const a = before[i] as PodRecord | undefined;
    const b = after[j] as PodRecord | undefined;
    const at = a === undefined ? 1 : b === undefined ? -1 : order(a, b);
    if (at < 0) gone.push(i++);
    else if (at > 0) j++;
    else {
      // Templates of several kinds may have one name.
      const one = a as PodRecord;
      let ends = i;
      let endsAfter = j;
      while (ends < before.length && order(one, before[ends]) === 0) ends++;
      while (endsAfter < after.length && order(one, after[endsAfter]) === 0) endsAfter++;
      for (let x = i; x < ends; x++) {
        let found = -1;
        for (let y = j; y < endsAfter; y++) if (after[y].kind === before[x].kind) found = y;
        if (found < 0) gone.push(x);
        else was[found] = x;
      }
      i = ends;
      j = endsAfter;
    }
  }
  return { was, gone };
}

function podChanges(
  before: readonly PodRecord[],
  after: readonly PodRecord[],
  { was, gone }: Joined,
): PodsChange[] {
  const rows = new Map<string, PodsChange>();
  const row = (pod: PodRecord): PodsChange => {
    const ref = workloadOf(pod);
    const key = workloadKey(ref);
    let found = rows.get(key);
    if (!found) rows.set(key, (found = { ...ref, added: 0, removed: 0, modified: 0, parts: [] }));
    return found;
  };
  for (const at of gone) row(before[at]).removed++;
  after.forEach((b, at) => {
    if (was[at] < 0) {
      row(b).added++;
      return;
    }
    const a = before[was[at]];
    if (a === b) return;
    const parts = podParts(a, b);
    if (parts.length === 0) return;
    const found = row(b);
    found.modified++;
    for (const part of parts) if (!found.parts.includes(part)) found.parts.push(part);
  });
  for (const found of rows.values()) found.parts.sort(compare);
  return [...rows.values()].sort(byWorkload);
}

function otherChanges(before: Snapshot, after: Snapshot): ObjectRow[] {
  const out: ObjectRow[] = [];
  const walk = <T>(a: readonly T[], b: readonly T[], ref: (record: T) => Omit<ObjectRow, 'change'>): void => {
    byIdentity(
      a,
      b,
      (one) => JSON.stringify(ref(one)),
      (x, y) => {
        if (x && y && !differs(x, y)) return;
        out.push({ ...ref((y ?? x) as T), change: !x ? 'added' : !y ? 'removed' : 'modified' });
      },
    );
  };
  walk(before.nodes, after.nodes, ({ name }) => ({ kind: 'Node', namespace: null, name }));
  walk(before.services, after.services, ({ namespace, name }) => ({ kind: 'Service', namespace, name }));
  walk(before.endpointSlices, after.endpointSlices, ({ namespace, name }) => ({
    kind: 'EndpointSlice',
    namespace,
    name,
  }));
  walk(before.ingresses, after.ingresses, ({ namespace, name }) => ({ kind: 'Ingress', namespace, name }));
  walk(before.otherPolicies, after.otherPolicies, ({ group, kind, namespace, name }) => ({
    kind: kindName(group, kind),
    namespace,
    name: name ?? '',
  }));
  return out.sort(
    (a, b) =>
      compare(a.kind, b.kind) || compare(a.namespace ?? '', b.namespace ?? '') || compare(a.name, b.name),
  );
}

/** Which address families pods have: the first pod of another family changes what counts everywhere (S11). */
function familiesOf(snapshot: Snapshot): number {
  let seen = 0;
  for (const { ips } of snapshot.pods) {
    let families = 0;
    for (const ip of ips) families |= ip.includes(':') ? 2 : 1;
    seen |= 1 << families;
  }
  return seen;
}

// ---- ground ----

function assumptionChanges(before: Overview, after: Overview): AuditDiff['assumptions'] {
  const out: AuditDiff['assumptions'] = [];
  for (const b of after.assumptions) {
    const a = before.assumptions.find((one) => one.name === b.name);
    if (a && (a.value !== b.value || a.origin !== b.origin)) out.push({ before: a, after: b });
  }
  return out.sort((x, y) => compare(x.after.name, y.after.name));
}

function coverageChange(before: Overview, after: Overview): AuditDiff['coverage'] {
  const state = ({ coverage }: Overview): CoverageState => ({
    complete: coverage.complete,
    unreadPolicies: coverage.unreadPolicies,
    unreadPods: coverage.unreadPods,
    // Absent in audits from before they were told.
    ...(coverage.notEvaluated === undefined ? {} : { notEvaluated: coverage.notEvaluated }),
    ...(coverage.noPods === undefined ? {} : { noPods: coverage.noPods }),
  });
  const a = state(before);
  const b = state(after);
  return differs(a, b) ? { before: a, after: b } : null;
}

// ---- pods as they were and are ----

/** Pods of one workload of one class before and one class after. */
interface Match {
  workload: WorkloadRef;
  /** Class before; -1 where the workload is new. */
  from: number;
  to: number;
  pods: number;
  names: string[];
  /** False where a new pod may stand for pods of several classes: only the likeliest one counts its pods. */
  counts: boolean;
}

/** A pod of the audit before. */
interface Old {
  pod: PodRecord;
  c: number;
  /** Is it in the later audit too? */
  stayed: boolean;
}

function sameWorkload(a: PodRecord, b: PodRecord): boolean {
  const x = a.owner ?? a;
  const y = b.owner ?? b;
  return x === y || (x.kind === y.kind && x.name === y.name);
}

/** What a pod's template decides. */
function lookOf(pod: PodRecord): string {
  return JSON.stringify([pod.labels, pod.ports, pod.hostNetwork]);
}

function matchPods(before: AuditEngine, after: AuditEngine, { was }: Joined): Match[] {
  const oldPods = before.snapshot.pods;
  const matches = new Map<string, Match>();
  const add = (pod: PodRecord, from: number, to: number, counts: boolean): void => {
    const { kind, name } = pod.owner ?? pod;
    const key = `${pod.namespace}/${kind}/${name} ${from} ${to}`;
    let match = matches.get(key);
    if (!match) {
      match = { workload: workloadOf(pod), from, to, pods: 0, names: [], counts: false };
      matches.set(key, match);
    }
    if (!counts) return;
    match.counts = true;
    match.pods++;
    // Pods come in order of their names.
    if (match.names.length < NAMED) match.names.push(pod.name);
  };
  const fresh: [PodRecord, number][] = [];
  const stayed = new Uint8Array(oldPods.length);
  after.snapshot.pods.forEach((pod, i) => {
    const c = after.classes.of(i);
    if (c < 0) return;
    const from = was[i] < 0 ? -1 : before.classes.of(was[i]);
    if (from >= 0 && sameWorkload(oldPods[was[i]], pod)) {
      stayed[was[i]] = 1;
      add(pod, from, c, true);
    } else fresh.push([pod, c]);
  });
  // Only where pods are new is it asked what stood in their place.
  const asked = new Set(fresh.map(([pod]) => workloadKey(workloadOf(pod))));
  const oldByWorkload = new Map<string, Old[]>();
  if (asked.size > 0) {
    oldPods.forEach((pod, i) => {
      const c = before.classes.of(i);
      const key = workloadKey(workloadOf(pod));
      if (c < 0 || !asked.has(key)) return;
      const list = oldByWorkload.get(key);
      if (list) list.push({ pod, c, stayed: stayed[i] === 1 });
      else oldByWorkload.set(key, [{ pod, c, stayed: stayed[i] === 1 }]);
    });
  }
  for (const [pod, c] of fresh) {
    const pods = oldByWorkload.get(workloadKey(workloadOf(pod))) ?? [];
    if (pods.length === 0) {
      add(pod, -1, c, true);
      continue;
    }
    const look = lookOf(pod);
    const gone = pods.filter((one) => !one.stayed);
    const alike = pods.filter((one) => lookOf(one.pod) === look);
    const candidates = alike.length > 0 ? alike : gone.length > 0 ? gone : pods;
    const counts = new Map<number, number>();
    for (const one of candidates) counts.set(one.c, (counts.get(one.c) ?? 0) + 1);
    const classes = [...counts].sort(([x, n], [y, m]) => m - n || x - y).map(([x]) => x);
    classes.forEach((from, index) => add(pod, from, c, index === 0));
  }
  return [...matches.values()].sort(
    (x, y) => byWorkload(x.workload, y.workload) || x.from - y.from || x.to - y.to,
  );
}

/** Pods behind rows: one that changed in both directions counts once. */
interface Counted {
  matches: Set<Match>;
}

function podsIn(rows: readonly Counted[]): number {
  const all = new Set<Match>();
  for (const { matches } of rows) for (const match of matches) all.add(match);
  return sum([...all], (match) => match.pods);
}

function plainRow<T extends Counted>({ matches: _, ...row }: T): Omit<T, 'matches'> {
  return row;
}

/** Rows that say the same of one workload are one row. */
function merged<T extends { workload: WorkloadRef; pods: number; names: string[] }>(
  rows: [T, Match][],
  say: (row: T) => unknown,
): (T & Counted)[] {
  const byKey = new Map<string, T & Counted>();
  for (const [row, match] of rows) {
    const key = JSON.stringify([workloadKey(row.workload), say(row)]);
    const found = byKey.get(key);
    if (found) {
      found.pods += row.pods;
      found.names = [...found.names, ...row.names].sort(compare).slice(0, NAMED);
      found.matches.add(match);
    } else byKey.set(key, { ...row, names: [...row.names], matches: new Set([match]) });
  }
  return [...byKey.values()];
}

const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];

function isolationChanges(
  matches: readonly Match[],
  before: AuditEngine,
  after: AuditEngine,
): (IsolationChange & Counted)[] {
  const rows: [IsolationChange, Match][] = [];
  for (const match of matches) {
    if (!match.counts) continue;
    const a: ClassStates | null = match.from < 0 ? null : before.classes.states(match.from);
    const b = after.classes.states(match.to);
    for (const direction of DIRECTIONS) {
      const paper = direction === 'ingress' ? 'paperIngress' : 'paperEgress';
      const row: IsolationChange = {
        workload: match.workload,
        direction,
        from: a?.[direction] ?? null,
        to: b[direction],
        paperFrom: a?.[paper] ?? null,
        paperTo: b[paper],
        pods: match.pods,
        names: match.names,
      };
      // A new workload is worth a line where it is not isolated.
      const said = a
        ? row.from !== row.to || row.paperFrom !== row.paperTo
        : row.to !== 'isolated' && row.to !== 'isolated-all-permitted';
      if (said) rows.push([row, match]);
    }
  }
  const weight = (row: IsolationChange): number =>
    row.from !== null && row.to === 'open' ? 0 : row.from !== null ? 1 : 2;
  return merged(rows, ({ direction, from, to, paperFrom, paperTo }) => [
    direction,
    from,
    to,
    paperFrom,
    paperTo,
  ]).sort(
    (x, y) =>
      weight(x) - weight(y) ||
      byWorkload(x.workload, y.workload) ||
      compare(x.direction, y.direction) ||
      compare(x.to, y.to),
  );
}

/** Wider first. */
const WIDTH_ORDER: readonly EgressWidth[] = ['anywhere', 'anywhere-some-ports', 'ranges', 'depends', 'none'];

function outsideChanges(
  matches: readonly Match[],
  before: AuditEngine,
  after: AuditEngine,
): (OutsideChange & Counted)[] {
  const rows: [OutsideChange, Match][] = [];
  for (const match of matches) {
    if (!match.counts) continue;
    for (const direction of DIRECTIONS) {
      const width = direction === 'egress' ? 'openEgress' : 'openIngress';
      const to = after.classes.states(match.to)[width];
      const row = { workload: match.workload, direction, to, pods: match.pods, names: match.names };
      if (match.from < 0) {
        if (direction === 'egress' && to !== 'none')
          rows.push([{ ...row, change: 'gained', from: null }, match]);
        continue;
      }
      const from = before.classes.states(match.from)[width];
      if (
        from === to &&
        before.classes.reach(match.from, direction) === after.classes.reach(match.to, direction)
      )
        continue;
      const wider = WIDTH_ORDER.indexOf(from) - WIDTH_ORDER.indexOf(to);
      const change: OutsideChange['change'] =
        from === 'none' && to !== 'none'
          ? 'gained'
          : to === 'none' && from !== 'none'
            ? 'lost'
            : wider > 0
              ? 'widened'
              : wider < 0
                ? 'narrowed'
                : 'changed';
      rows.push([{ ...row, change, from }, match]);
    }
  }
  const order = ['gained', 'widened', 'changed', 'narrowed', 'lost'];
  return merged(rows, ({ direction, change, from, to }) => [direction, change, from, to]).sort(
    (x, y) =>
      Number(x.from === null) - Number(y.from === null) ||
      order.indexOf(x.change) - order.indexOf(y.change) ||
      byWorkload(x.workload, y.workload) ||
      compare(x.direction, y.direction) ||
      compare(x.to, y.to),
  );
}

// ---- pairs ----

/** Matched pods of one namespace that no policy tells apart, before or after. */
interface PodGroup {
  namespace: string;
  from: number;
  to: number;
  pods: number;
  workloads: { ref: WorkloadRef; pods: number }[];
}

interface Between {
  src: PodGroup;
  dst: PodGroup;
  pairs: number;
  change: ConnChange;
}

function groupsOf(matches: readonly Match[]): PodGroup[] {
  const groups = new Map<string, PodGroup>();
  for (const { workload, from, to, pods } of matches) {
    if (from < 0) continue;
    const key = `${workload.namespace} ${from} ${to}`;
    let group = groups.get(key);
    if (!group) {
      group = { namespace: workload.namespace, from, to, pods: 0, workloads: [] };
      groups.set(key, group);
    }
    group.pods += pods;
    group.workloads.push({ ref: workload, pods });
  }
  return [...groups.values()];
}

/** Compares what two audits permit between classes; equal answers of an audit are one object, so each pair is compared once. */
class Differences {
  private readonly conns = new ConnPool();
  private readonly ids = new Map<ConnJson, ConnId>();
  private readonly known = new Map<object, Map<object, ConnChange | null>>();

  private id(json: ConnJson): ConnId {
    let id = this.ids.get(json);
    if (id === undefined) this.ids.set(json, (id = this.conns.fromJson(json)));
    return id;
  }

  of(a: { conns: ConnJson; upper: ConnJson }, b: { conns: ConnJson; upper: ConnJson }): ConnChange | null {
    let from = this.known.get(a);
    if (!from) this.known.set(a, (from = new Map()));
    let change = from.get(b);
    if (change === undefined) from.set(b, (change = this.work(a, b)));
    return change;
  }

  private work(
    a: { conns: ConnJson; upper: ConnJson },
    b: { conns: ConnJson; upper: ConnJson },
  ): ConnChange | null {
    const { conns } = this;
    const la = this.id(a.conns);
    const ua = this.id(a.upper);
    const lb = this.id(b.conns);
    const ub = this.id(b.upper);
    if (la === lb && ua === ub) return null;
    return {
      before: a.conns,
      after: b.conns,
      dependsBefore: conns.toJson(conns.subtract(ua, la)),
      dependsAfter: conns.toJson(conns.subtract(ub, lb)),
      gained: conns.subtract(lb, la) !== NO_CONNS,
      lost: conns.subtract(la, lb) !== NO_CONNS,
    };
  }
}

/** What is permitted anew comes first, then what is no more; then by how many pairs of pods it is, and by name. */
function order(x: Between, y: Between): number {
  const rank = ({ change }: Between): number => (change.gained ? 0 : change.lost ? 1 : 2);
  return (
    rank(x) - rank(y) ||
    y.pairs - x.pairs ||
    byWorkload(x.src.workloads[0].ref, y.src.workloads[0].ref) ||
    byWorkload(x.dst.workloads[0].ref, y.dst.workloads[0].ref) ||
    x.src.from - y.src.from ||
    x.dst.from - y.dst.from
  );
}

/**
 * @param touched namespaces in which something changed; null where something changed that counts everywhere. Between two
 * others nothing can have changed: what is permitted follows from the policies, labels, ports and addresses of both ends.
 */
function pairChanges(
  matches: readonly Match[],
  before: AuditEngine,
  after: AuditEngine,
  touched: ReadonlySet<string> | null,
): {
  complete: boolean;
  sum: DiffSummary['pairs'];
  workloads: Listed<PairChange>;
  cells: CellChange[];
} {
  const groups = groupsOf(matches);
  const asked = touched === null ? groups : groups.filter((group) => touched.has(group.namespace));
  const differences = new Differences();
  const found: Between[] = [];
  const cells = new Map<string, CellChange>();
  const total = { gained: 0, lost: 0, other: 0 };
  let workloadPairs = 0;
  let budget = PAIRS_COMPARED;
  const look = (src: PodGroup, dst: PodGroup): void => {
    budget--;
    const pairs = src.pods * (dst.pods - (src === dst ? 1 : 0));
    const change = differences.of(
      before.classes.between(src.from, dst.from),
      after.classes.between(src.to, dst.to),
    );
    if (change === null) return;
    // A workload of one pod has no pair with itself.
    const alone = src === dst ? src.workloads.filter(({ pods }) => pods < 2).length : 0;
    const ofWorkloads = src.workloads.length * dst.workloads.length - alone;
    if (ofWorkloads === 0) return;
    workloadPairs += ofWorkloads;
    found.push({ src, dst, pairs, change });
    if (found.length > PAIRS_HELD) {
      // Each has a row at least: more than are listed need not be held.
      found.sort(order);
      found.length = LISTED;
    }
    const key = `${src.namespace} ${dst.namespace}`;
    let cell = cells.get(key);
    if (!cell) {
      cell = { src: src.namespace, dst: dst.namespace, gained: 0, lost: 0, other: 0 };
      cells.set(key, cell);
    }
    const how = change.gained && !change.lost ? 'gained' : change.lost && !change.gained ? 'lost' : 'other';
    cell[how] += pairs;
    total[how] += pairs;
  };
  const inAsked = new Set(asked);
  for (const src of asked) {
    for (const dst of groups) {
      if (budget <= 0) break;
      look(src, dst);
      if (!inAsked.has(dst)) look(dst, src);
    }
  }
  found.sort(order);
  const rows: PairChange[] = [];
  for (const { src, dst, change } of found) {
    if (rows.length >= LISTED) break;
    for (const from of src.workloads) {
      for (const to of dst.workloads) {
        if (rows.length >= LISTED) break;
        if (src === dst && from === to && from.pods < 2) continue;
        rows.push({ src: from.ref, dst: to.ref, ...change });
      }
    }
  }
  return {
    complete: budget > 0,
    sum: total,
    workloads: { total: workloadPairs, rows },
    cells: [...cells.values()].sort(
      (x, y) => y.gained - x.gained || y.lost - x.lost || compare(x.src, y.src) || compare(x.dst, y.dst),
    ),
  };
}

// ---- findings ----

/** Findings by what they are about; the numbers in them are no identity. */
function findingKey({ check, object, place }: Finding): string {
  return JSON.stringify([
    check,
    object ? [object.kind, object.namespace, object.name] : null,
    place?.file ?? null,
    place?.document ?? null,
    place?.field ?? null,
  ]);
}

function findingChanges(
  before: readonly Finding[],
  after: readonly Finding[],
): { added: Finding[]; gone: Finding[] } {
  const group = (findings: readonly Finding[]): Map<string, Finding[]> => {
    const groups = new Map<string, Finding[]>();
    for (const finding of findings) {
      const key = findingKey(finding);
      const list = groups.get(key);
      if (list) list.push(finding);
      else groups.set(key, [finding]);
    }
    return groups;
  };
  const a = group(before);
  const b = group(after);
  /** Of several of one key those that stand in the other audit word for word go first, then one for one. */
  const left = (mine: Map<string, Finding[]>, theirs: Map<string, Finding[]>): Set<Finding> => {
    const out = new Set<Finding>();
    for (const [key, list] of mine) {
      const others = theirs.get(key) ?? [];
      const extra = list.length - others.length;
      if (extra <= 0) continue;
      const words = new Set(others.map((one) => plain(one.params)));
      const rest = list.filter((one) => !words.has(plain(one.params)));
      const same = list.filter((one) => words.has(plain(one.params)));
      for (const one of [...rest, ...same].slice(0, extra)) out.add(one);
    }
    return out;
  };
  const added = left(b, a);
  const gone = left(a, b);
  // In the order of the audits: the worst first.
  return { added: after.filter((one) => added.has(one)), gone: before.filter((one) => gone.has(one)) };
}

/** An evaluated snapshot that answers questions: the door of the evaluator (api.ts). */
import type { AssumptionName, Snapshot } from '../kube/snapshot.ts';
import { isCounted, standsForSeveral } from '../kube/templates.ts';
import { ALL_CONNS, NO_CONNS, type ConnId } from '../net/conns.ts';
import { PairMap } from '../net/pairMap.ts';
import { assumptionError } from '../policy/assumptions.ts';
import { Model, type RowState } from '../policy/model.ts';
import { NOTHING, type ValueId } from '../policy/values.ts';
import {
  NoServicePortError,
  QuestionError,
  type AuditEngine,
  type AuditInput,
  type PodClasses,
} from './api.ts';
import { explainAllPorts } from './allPorts.ts';
import { auditCoverage } from './coverage.ts';
import { findAll, rejectedOf, type ExposureCounts } from './findings.ts';
import { cidrsOf, Outside } from './outside.ts';
import { Pairs } from './pairs.ts';
import { Points } from './points.ts';
import { ordinalNames } from './replicas.ts';
import type {
  AuditJson,
  AuditSummary,
  ConnJson,
  Edge,
  EgressCounts,
  EgressWidth,
  Explanation,
  Finding,
  FindingQuery,
  IsolationCounts,
  IsolationState,
  MatrixData,
  MatrixQuery,
  NamespaceSummary,
  NodeJson,
  OpenEgressQuery,
  OpenEgressRow,
  OpenEgressRowJson,
  Overview,
  PairExplanation,
  PairProbe,
  Page,
  PodQuery,
  PodRow,
  Probe,
  ProbeAnswer,
  Severity,
} from './result.ts';

/** What is said of every pod of a class. */
interface ClassFacts {
  ingress: IsolationState;
  egress: IsolationState;
  paperIngress: IsolationState;
  paperEgress: IsolationState;
  enforced: 'yes' | 'no' | 'unknown';
  openEgress: EgressWidth;
  openIngress: EgressWidth;
  policies: number;
  group: Group;
  allPermitted: boolean;
  paperOnly: boolean;
}

type Group = 'both' | 'ingressOnly' | 'egressOnly' | 'none' | 'notIsolatable' | 'unknown';

/** Pods of one workload. */
interface Workload {
  namespace: string;
  kind: string;
  name: string;
  /** Pod indices by class. */
  classes: Map<number, number[]>;
  pods: number;
}

const WIDTHS: readonly EgressWidth[] = ['anywhere', 'anywhere-some-ports', 'ranges', 'depends', 'none'];

function isolated(s: IsolationState): boolean {
  return s === 'isolated' || s === 'isolated-all-permitted';
}

function noCounts(): IsolationCounts {
  return {
    pods: 0,
    both: 0,
    ingressOnly: 0,
    egressOnly: 0,
    none: 0,
    notIsolatable: 0,
    unknown: 0,
    allPermitted: 0,
    paperOnly: 0,
  };
}

function noEgress(): EgressCounts {
  return { anywhere: 0, anywhereSomePorts: 0, ranges: 0, depends: 0, none: 0 };
}

const EGRESS_KEY: Record<EgressWidth, keyof EgressCounts> = {
  anywhere: 'anywhere',
  'anywhere-some-ports': 'anywhereSomePorts',
  ranges: 'ranges',
  depends: 'depends',
  none: 'none',
};

/**
 * Evaluates a snapshot. Takes the snapshot and the assumptions, time and version to stamp; gives an engine that
 * answers questions on it. The same input gives the same answers, byte for byte.
 * @throws QuestionError for an unknown assumption or value
 */
export function createAudit(snapshot: Snapshot, input: AuditInput): AuditEngine {
  for (const [name, value] of Object.entries(input.assume)) {
    const error = assumptionError(name, String(value));
    if (error !== null) throw new QuestionError(error);
  }
  input.progress?.('compile', 0, 2);
  const engine = new Engine(inOrder(snapshot), input);
  input.progress?.('evaluate', 1, 2);
  engine.overview();
  input.progress?.('evaluate', 2, 2);
  return engine;
}

/** The snapshot with its pods by namespace and name, as the evaluator needs them; itself where they are so already. */
function inOrder(snapshot: Snapshot): Snapshot {
  const by = (a: { namespace: string; name: string }, b: { namespace: string; name: string }): number =>
    compare(a.namespace, b.namespace) || compare(a.name, b.name);
  for (let i = 1; i < snapshot.pods.length; i++) {
    if (by(snapshot.pods[i - 1], snapshot.pods[i]) > 0)
      return { ...snapshot, pods: [...snapshot.pods].sort(by) };
  }
  return snapshot;
}

class Engine implements AuditEngine {
  readonly snapshot: Snapshot;
  readonly model: Model;
  readonly pairs: Pairs;
  private readonly input: AuditInput;
  private readonly outside: Outside;
  private readonly points: Points;
  private readonly facts: ClassFacts[] = [];
  private readonly participants: Int32Array;
  private overviewMemo: Overview | null = null;
  private findingsMemo: Finding[] | null = null;
  private matrixMemo: MatrixData | null = null;
  private workloadMemo: Workload[] | null = null;
  private readonly selections = new Map<string, Int32Array>();

  constructor(snapshot: Snapshot, input: AuditInput) {
    this.snapshot = snapshot;
    this.input = input;
    this.model = new Model(snapshot, input.assume as Partial<Record<AssumptionName, string>>);
    this.outside = new Outside(this.model);
    this.points = new Points(this.model);
    this.pairs = new Pairs(this.model);
    for (let c = 0; c < this.model.classes; c++) this.facts.push(this.factsOf(c));
    const taking: number[] = [];
    for (let i = 0; i < snapshot.pods.length; i++) if (this.model.podClass[i] >= 0) taking.push(i);
    this.participants = Int32Array.from(taking);
  }

  // ---- states ----

  private readonly permitsAll = new PairMap();

  /** Do the policies of this row together permit everything (S3)? */
  private rowPermitsAll(row: number, direction: 'ingress' | 'egress', vector: number): boolean {
    const low = vector * 2 + (direction === 'ingress' ? 1 : 0);
    const known = this.permitsAll.get(row, low);
    if (known >= 0) return known === 1;
    const m = this.model;
    let everyone: ConnId = NO_CONNS;
    let everyPod: ConnId = NO_CONNS;
    for (const e of m.rowLists.list(m.rowList.items[row])) {
      const { lower } = m.entryBounds(e, -1);
      const peer = m.entryPeer(e);
      if (m.isAnyone(peer)) everyone = m.conns.union(everyone, lower);
      const pods = m.peerPods(peer);
      if (pods && m.labels.selectors[pods.selector].requirements.length === 0 && m.spaces.isEvery(pods.set)) {
        everyPod = m.conns.union(everyPod, lower);
      }
    }
    const reach = this.outside.reach(row, direction, vector);
    const v4 = this.outside.wholeFamily(reach, 4);
    const v6 = this.outside.wholeFamily(reach, 6);
    if (m.assumptions.ipBlockPods === 'match') everyPod = m.conns.union(everyPod, m.conns.intersect(v4, v6));
    const pods = m.conns.union(everyone, everyPod);
    const all = m.conns.intersect(pods, m.conns.intersect(v4, v6)) === ALL_CONNS;
    this.permitsAll.set(row, low, all ? 1 : 0);
    return all;
  }

  private state(
    state: RowState,
    row: number,
    direction: 'ingress' | 'egress',
    vector: number,
  ): IsolationState {
    switch (state) {
      case 'not-isolated':
      case 'not-enforced':
        return 'open';
      case 'not-isolatable':
        return 'not-isolatable';
      case 'unknown':
        return 'unknown';
      case 'unselected-denied':
        return 'isolated';
      case 'isolated':
        return this.rowPermitsAll(row, direction, vector) ? 'isolated-all-permitted' : 'isolated';
    }
  }

  private factsOf(c: number): ClassFacts {
    const m = this.model;
    const vector = m.classPorts.items[c];
    const rowIn = m.classIngress.items[c];
    const rowOut = m.classEgress.items[c];
    const stateIn = m.classStateIngress[c];
    const stateOut = m.classStateEgress[c];
    const paperIn = m.classPaperIngress[c];
    const paperOut = m.classPaperEgress[c];
    const ingress = this.state(stateIn, rowIn, 'ingress', vector);
    const egress = this.state(stateOut, rowOut, 'egress', 0);
    const paperIngress =
      paperIn === stateIn ? ingress : this.state(paperIn, m.paperRow(c, 'ingress'), 'ingress', vector);
    const paperEgress =
      paperOut === stateOut ? egress : this.state(paperOut, m.paperRow(c, 'egress'), 'egress', 0);
    const code = m.classEnforced.items[c];
    const tri = [m.enforcedOf(code, 'ingress'), m.enforcedOf(code, 'egress')];
    const enforced = tri.includes('no') ? 'no' : tri.includes('unknown') ? 'unknown' : 'yes';
    const group: Group =
      ingress === 'not-isolatable' || egress === 'not-isolatable'
        ? 'notIsolatable'
        : ingress === 'unknown' || egress === 'unknown'
          ? 'unknown'
          : isolated(ingress)
            ? isolated(egress)
              ? 'both'
              : 'ingressOnly'
            : isolated(egress)
              ? 'egressOnly'
              : 'none';
    const selecting = new Set<number>();
    if (group !== 'notIsolatable') {
      for (const d of ['ingress', 'egress'] as const)
        for (const p of m.policiesOf(c, d)) selecting.add(p.policy);
    }
    return {
      ingress,
      egress,
      paperIngress,
      paperEgress,
      enforced,
      openEgress: this.outside.width(this.outside.reach(rowOut, 'egress', 0)),
      openIngress: this.outside.width(this.outside.reach(rowIn, 'ingress', vector)),
      policies: selecting.size,
      group,
      allPermitted: ingress === 'isolated-all-permitted' || egress === 'isolated-all-permitted',
      paperOnly:
        (isolated(paperIngress) && !isolated(ingress)) || (isolated(paperEgress) && !isolated(egress)),
    };
  }

  // ---- workloads ----

  private workloadOf(i: number): { kind: string; name: string } {
    const p = this.snapshot.pods[i];
    return p.owner ?? { kind: p.kind, name: p.name };
  }

  private workloads(): Workload[] {
    if (this.workloadMemo) return this.workloadMemo;
    const m = this.model;
    const byKey = new Map<string, Workload>();
    for (const i of this.participants) {
      const p = this.snapshot.pods[i];
      const w = this.workloadOf(i);
      const key = `${p.namespace}/${w.kind}/${w.name}`;
      let found = byKey.get(key);
      if (!found) {
        found = {
          namespace: p.namespace,
          kind: w.kind,
          name: w.name,
          classes: new Map(),
          pods: 0,
        };
        byKey.set(key, found);
      }
      const c = m.podClass[i];
      const list = found.classes.get(c);
      if (list) list.push(i);
      else found.classes.set(c, [i]);
      found.pods++;
    }
    this.workloadMemo = [...byKey.values()].sort(
      (a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name) || compare(a.kind, b.kind),
    );
    return this.workloadMemo;
  }

  /**
   * Values between the pods of two workloads with the number of ordered pairs of different pods, own nodes
   * applied (S7).
   */
  private betweenWorkloads(a: Workload, b: Workload, visit: (value: ValueId, n: number) => void): void {
    const m = this.model;
    const alone = (i: number): boolean => !standsForSeveral(this.snapshot.pods[i]);
    for (const [p, ps] of a.classes) {
      for (const [q, qs] of b.classes) {
        // A template of several pods is a pair with itself.
        const self = a === b && p === q ? ps.filter(alone).length : 0;
        const total = ps.length * qs.length - self;
        if (total === 0) continue;
        const value = m.between(p, q);
        let same = 0;
        if (m.hasHosts && m.mayBeOnOneNode(p, q)) {
          const nodes = new Map<number, number>();
          for (const i of ps)
            if (m.podNode[i] >= 0) nodes.set(m.podNode[i], (nodes.get(m.podNode[i]) ?? 0) + 1);
          for (const j of qs) same += nodes.get(m.podNode[j]) ?? 0;
          if (self > 0) for (const i of ps) if (m.podNode[i] >= 0 && alone(i)) same--;
        }
        if (same > 0) visit(m.onOneNode(p, q), same);
        if (total > same) visit(value, total - same);
      }
    }
  }

  // ---- overview ----

  overview(): Overview {
    if (this.overviewMemo) return this.overviewMemo;
    const m = this.model;
    const n = m.spaces.names.length;
    const isolation = Array.from({ length: n }, noCounts);
    const egress = Array.from({ length: n }, noEgress);
    const exposure: ExposureCounts[] = m.spaces.names.map((namespace) => ({
      namespace,
      pods: 0,
      isolatedNowhere: 0,
      egressAnywhere: 0,
      ingressAnywhere: 0,
      hostNetwork: 0,
    }));
    for (let c = 0; c < m.classes; c++) {
      const k = m.classCount.items[c];
      const at = m.classNamespace.items[c];
      const f = this.facts[c];
      const i = isolation[at];
      i.pods += k;
      i[f.group] += k;
      if (f.allPermitted) i.allPermitted += k;
      if (f.paperOnly) i.paperOnly += k;
      egress[at][EGRESS_KEY[f.openEgress]] += k;
      const e = exposure[at];
      e.pods += k;
      if (f.group === 'none') e.isolatedNowhere += k;
      if (f.group === 'notIsolatable') e.hostNetwork += k;
      else if (f.openEgress === 'anywhere') e.egressAnywhere += k;
      if (isolated(f.ingress) && (f.openIngress === 'anywhere' || f.openIngress === 'anywhere-some-ports')) {
        e.ingressAnywhere += k;
      }
    }
    const policies = new Array<number>(n).fill(0);
    const defaults: Set<NamespaceSummary['defaults'][number]>[] = Array.from({ length: n }, () => new Set());
    m.compiled.forEach((p, i) => {
      if (!m.active[i]) return;
      const at = m.spaces.index.get(p.namespace) as number;
      policies[at]++;
      const d = defaultOf(p);
      if (d) defaults[at].add(d);
    });
    const workloads = new Array<number>(n).fill(0);
    for (const w of this.workloads()) workloads[m.spaces.index.get(w.namespace) as number]++;
    const namespaces: NamespaceSummary[] = m.spaces.names.map((name, i) => ({
      name,
      isolation: isolation[i],
      openEgress: egress[i],
      policies: policies[i],
      workloads: workloads[i],
      defaults: [...defaults[i]],
    }));
    namespaces.sort((a, b) => compare(a.name, b.name));
    this.findingsMemo = findAll(m, exposure, (c) => this.facts[c].ingress);
    const severities: Record<Severity, number> = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
    for (const f of this.findingsMemo) severities[f.severity]++;
    const rejected = rejectedOf(m);
    const summary: AuditSummary = {
      isolation: sum(isolation, noCounts()),
      openEgress: sum(egress, noEgress()),
      namespaces: n,
      workloads: this.workloads().length,
      policies: policies.reduce((a, b) => a + b, 0),
      rejectedPolicies: rejected.filter((r) => r.object.kind === 'NetworkPolicy').length,
      nodes: this.snapshot.nodes.length,
      finishedPods: m.finished,
      ...this.templateCounts(),
      findings: severities,
      pairs: this.pairTotals(),
    };
    this.overviewMemo = {
      schema: 'bulkhead.audit/v1',
      version: this.input.version,
      cluster: this.snapshot.cluster,
      auditedAt: this.input.auditedAt,
      assumptions: m.records,
      enforcement: this.snapshot.enforcement,
      coverage: auditCoverage(m, rejected, this.findingsMemo),
      summary,
      namespaces,
      rejected,
    };
    return this.overviewMemo;
  }

  private severalMemo: number[] | null = null;

  /** Templates that stand for several pods: two of those are a pair too (S20). */
  private several(): number[] {
    this.severalMemo ??= [...this.participants].filter((i) => standsForSeveral(this.snapshot.pods[i]));
    return this.severalMemo;
  }

  private templateCounts(): Pick<AuditSummary, 'templates'> {
    const templates = { workloads: 0, replicas: 0, uncounted: 0 };
    for (const i of this.participants) {
      const pod = this.snapshot.pods[i];
      if (pod.kind === 'Pod') continue;
      templates.workloads++;
      if (isCounted(pod)) templates.replicas += pod.replicas;
      else templates.uncounted++;
    }
    return templates.workloads > 0 ? { templates } : {};
  }

  private pairTotals(): AuditSummary['pairs'] {
    const m = this.model;
    const several = this.several();
    const out = {
      total: m.pods * (m.pods - 1) + several.length,
      permitted: 0,
      full: 0,
      depends: 0,
      denied: 0,
    };
    const counts = this.pairs.all().counts;
    for (let v = 0; v < counts.length; v++) {
      if (counts[v] !== 0) addPairs(m, v, counts[v], out);
    }
    for (const i of several) addPairs(m, m.between(m.podClass[i], m.podClass[i]), 1, out);
    out.denied = out.total - out.permitted - out.depends;
    return out;
  }

  // ---- lists ----

  private row(i: number): PodRow {
    const p = this.snapshot.pods[i];
    const f = this.facts[this.model.podClass[i]];
    const w = this.workloadOf(i);
    return {
      namespace: p.namespace,
      name: p.name,
      kind: p.kind,
      workload: { kind: w.kind, name: w.name },
      ingress: f.ingress,
      egress: f.egress,
      paperIngress: f.paperIngress,
      paperEgress: f.paperEgress,
      enforced: f.enforced,
      openEgress: f.openEgress,
      openIngress: f.openIngress,
      policies: f.policies,
      hostNetwork: p.hostNetwork,
      phase: p.phase,
      node: p.node,
      replicas: p.replicas,
    };
  }

  *podRows(): Iterable<PodRow> {
    for (const i of this.participants) yield this.row(i);
  }

  /** Remembers the last few selections, so that paging through one does not filter and sort again. */
  private selection(key: string, make: () => Int32Array): Int32Array {
    let found = this.selections.get(key);
    if (!found) {
      found = make();
      if (this.selections.size > 8) {
        const oldest = this.selections.keys().next().value;
        if (oldest !== undefined) this.selections.delete(oldest);
      }
      this.selections.set(key, found);
    }
    return found;
  }

  private matchesText(i: number, text: string): boolean {
    const p = this.snapshot.pods[i];
    return (
      `${p.namespace}/${p.name}`.toLowerCase().includes(text) ||
      (p.owner !== null && p.owner.name.toLowerCase().includes(text))
    );
  }

  pods(query: PodQuery): Page<PodRow> {
    const { offset, limit, ...rest } = query;
    const list = this.selection(`pods ${JSON.stringify(rest)}`, () => {
      const text = query.text?.trim().toLowerCase() ?? '';
      const chosen: number[] = [];
      for (const i of this.participants) {
        const f = this.facts[this.model.podClass[i]];
        if (query.namespace !== undefined && this.snapshot.pods[i].namespace !== query.namespace) continue;
        if (query.openEgress !== undefined && f.openEgress !== query.openEgress) continue;
        if (query.group !== undefined) {
          const inGroup =
            query.group === 'allPermitted'
              ? f.allPermitted
              : query.group === 'paperOnly'
                ? f.paperOnly
                : f.group === query.group;
          if (!inGroup) continue;
        }
        if (text !== '' && !this.matchesText(i, text)) continue;
        chosen.push(i);
      }
      if (query.sort !== undefined) {
        const sign = query.descending === true ? -1 : 1;
        const by = this.sorter(query.sort);
        chosen.sort((a, b) => sign * by(a, b) || a - b);
      }
      return Int32Array.from(chosen);
    });
    return {
      total: list.length,
      offset,
      rows: Array.from(list.subarray(offset, offset + limit), (i) => this.row(i)),
    };
  }

  private sorter(sort: NonNullable<PodQuery['sort']>): (a: number, b: number) => number {
    const pods = this.snapshot.pods;
    const fact = (i: number): ClassFacts => this.facts[this.model.podClass[i]];
    switch (sort) {
      case 'namespace':
        return (a, b) => compare(pods[a].namespace, pods[b].namespace);
      case 'name':
        return (a, b) => compare(pods[a].name, pods[b].name);
      case 'workload':
        return (a, b) => compare(this.workloadOf(a).name, this.workloadOf(b).name);
      case 'ingress':
        return (a, b) => compare(fact(a).ingress, fact(b).ingress);
      case 'egress':
        return (a, b) => compare(fact(a).egress, fact(b).egress);
      case 'openEgress':
        return (a, b) => WIDTHS.indexOf(fact(a).openEgress) - WIDTHS.indexOf(fact(b).openEgress);
      case 'policies':
        return (a, b) => fact(a).policies - fact(b).policies;
    }
  }

  private egressRow(i: number): OpenEgressRow {
    const m = this.model;
    const p = this.snapshot.pods[i];
    const c = m.podClass[i];
    const reach = this.outside.reach(m.classEgress.items[c], 'egress', 0);
    return {
      pod: { namespace: p.namespace, name: p.name, kind: p.kind },
      width: this.facts[c].openEgress,
      reach: reach
        .filter((r) => r.upper !== NO_CONNS)
        .map((r) => {
          const depends = m.conns.subtract(r.upper, r.lower);
          return {
            cidrs: cidrsOf(r),
            conns: m.conns.toJson(r.lower),
            ...(depends === NO_CONNS ? {} : { depends: m.conns.toJson(depends) }),
          };
        }),
    };
  }

  openEgress(query: OpenEgressQuery): Page<OpenEgressRow> {
    const { offset, limit, ...rest } = query;
    const list = this.selection(`egress ${JSON.stringify(rest)}`, () => {
      const text = query.text?.trim().toLowerCase() ?? '';
      const chosen: number[] = [];
      for (const i of this.participants) {
        const width = this.facts[this.model.podClass[i]].openEgress;
        if (query.width !== undefined ? width !== query.width : width === 'none') continue;
        if (query.namespace !== undefined && this.snapshot.pods[i].namespace !== query.namespace) continue;
        if (text !== '' && !this.matchesText(i, text)) continue;
        chosen.push(i);
      }
      const by = this.sorter('openEgress');
      return Int32Array.from(chosen.sort((a, b) => by(a, b) || a - b));
    });
    return {
      total: list.length,
      offset,
      rows: Array.from(list.subarray(offset, offset + limit), (i) => this.egressRow(i)),
    };
  }

  *openEgressRows(): Iterable<OpenEgressRowJson> {
    for (const i of this.participants) {
      const row = this.egressRow(i);
      for (const r of row.reach) {
        yield {
          pod: row.pod,
          ranges: r.cidrs,
          conns: r.conns,
          ...(r.depends === undefined ? {} : { depends: r.depends }),
        };
      }
    }
  }

  allFindings(): Finding[] {
    this.overview();
    return this.findingsMemo ?? [];
  }

  findings(query: FindingQuery): Page<Finding> {
    const text = query.text?.trim().toLowerCase() ?? '';
    const all = this.allFindings().filter(
      (f) =>
        (query.severity === undefined || f.severity === query.severity) &&
        (query.check === undefined || f.check === query.check) &&
        (text === '' ||
          `${f.check} ${f.object?.namespace ?? ''}/${f.object?.name ?? ''} ${f.place?.file ?? ''}`
            .toLowerCase()
            .includes(text)),
    );
    return {
      total: all.length,
      offset: query.offset,
      rows: all.slice(query.offset, query.offset + query.limit),
    };
  }

  // ---- matrix ----

  matrix(query: MatrixQuery): MatrixData {
    return query.level === 'namespace' ? this.namespaceMatrix() : this.workloadMatrix(query.src, query.dst);
  }

  private namespaceMatrix(): MatrixData {
    if (this.matrixMemo) return this.matrixMemo;
    const m = this.model;
    // Namespaces that hold pods, by name.
    const shown = m.spaces.names
      .map((name, i) => ({ name, i, pods: this.pairs.podsOf(i) }))
      .filter((x) => x.pods > 0)
      .sort((a, b) => compare(a.name, b.name));
    const n = shown.length;
    const at = new Int32Array(m.spaces.names.length).fill(-1);
    shown.forEach((x, k) => (at[x.i] = k));
    const cell = (): number[] => new Array<number>(n * n).fill(0);
    const data: MatrixData = {
      level: 'namespace',
      rows: shown.map((x) => ({ namespace: x.name, name: x.name, kind: 'Namespace', pods: x.pods })),
      cols: shown.map((x) => ({ namespace: x.name, name: x.name, kind: 'Namespace', pods: x.pods })),
      pairs: cell(),
      permitted: cell(),
      full: cell(),
      depends: cell(),
    };
    for (let a = 0; a < n; a++) {
      for (let b = 0; b < n; b++) {
        data.pairs[a * n + b] = shown[a].pods * (shown[b].pods - (a === b ? 1 : 0));
      }
    }
    this.pairs.byNamespace((a, b, value, count) => this.addTo(data, at[a] * n + at[b], value, count));
    for (const i of this.several()) {
      const c = m.podClass[i];
      const k = at[m.classNamespace.items[c]] * (n + 1);
      data.pairs[k]++;
      this.addTo(data, k, m.between(c, c), 1);
    }
    this.matrixMemo = data;
    return data;
  }

  private addTo(data: MatrixData, k: number, value: ValueId, count: number): void {
    const m = this.model;
    if (value === NOTHING) return;
    const lower = m.values.lower(value);
    if (lower === NO_CONNS) {
      if (m.values.upper(value) !== NO_CONNS) data.depends[k] += count;
      return;
    }
    data.permitted[k] += count;
    if (lower === ALL_CONNS) data.full[k] += count;
  }

  private workloadMatrix(src: string | undefined, dst: string | undefined): MatrixData {
    const pick = (name: string | undefined): Workload[] =>
      this.workloads().filter((w) => name === undefined || w.namespace === name);
    const rows = pick(src);
    const cols = pick(dst);
    if (rows.length * cols.length > 4_000_000) {
      throw new QuestionError(
        `${rows.length} by ${cols.length} workloads are too many for one picture: name a namespace`,
      );
    }
    const head = (w: Workload) => ({ namespace: w.namespace, name: w.name, kind: w.kind, pods: w.pods });
    const cell = (): number[] => new Array<number>(rows.length * cols.length).fill(0);
    const data: MatrixData = {
      level: 'workload',
      rows: rows.map(head),
      cols: cols.map(head),
      pairs: cell(),
      permitted: cell(),
      full: cell(),
      depends: cell(),
    };
    rows.forEach((a, i) => {
      cols.forEach((b, j) => {
        const k = i * cols.length + j;
        this.betweenWorkloads(a, b, (value, count) => {
          data.pairs[k] += count;
          this.addTo(data, k, value, count);
        });
      });
    });
    return data;
  }

  // ---- comparing ----

  readonly classes: PodClasses = this.podClasses();

  private podClasses(): PodClasses {
    // Values are few and classes many: each is worded once, so that equal answers are one object.
    const values = new Map<ValueId, { conns: ConnJson; upper: ConnJson }>();
    const reaches = new PairMap();
    const texts: string[] = [];
    return {
      of: (pod) => this.model.podClass[pod],
      states: (c) => this.facts[c],
      reach: (c, direction) => {
        const m = this.model;
        const out = direction === 'egress';
        const row = (out ? m.classEgress : m.classIngress).items[c];
        const vector = out ? 0 : m.classPorts.items[c];
        const low = vector * 2 + (out ? 0 : 1);
        let at = reaches.get(row, low);
        if (at < 0) {
          const reach = this.outside.reach(row, direction, vector).filter((r) => r.upper !== NO_CONNS);
          at =
            texts.push(
              JSON.stringify(
                reach.map((r) => [cidrsOf(r), m.conns.toJson(r.lower), m.conns.toJson(r.upper)]),
              ),
            ) - 1;
          reaches.set(row, low, at);
        }
        return texts[at];
      },
      between: (source, destination) => {
        const m = this.model;
        const value = m.between(source, destination);
        let found = values.get(value);
        if (!found) {
          found = {
            conns: m.conns.toJson(m.values.lower(value)),
            upper: m.conns.toJson(m.values.upper(value)),
          };
          values.set(value, found);
        }
        return found;
      },
    };
  }

  // ---- questions ----

  explain(probe: Probe): Explanation {
    return this.points.explain(probe);
  }

  explainAllPorts(probe: PairProbe): PairExplanation {
    return explainAllPorts(this.model, this.points, probe);
  }

  verdicts(probes: Probe[]): { answers: ProbeAnswer[]; errors: number } {
    let errors = 0;
    const answers = probes.map((probe): ProbeAnswer => {
      try {
        const e = this.points.explain(probe, false);
        return {
          ...probe,
          verdict: e.verdict,
          reasons: { egress: e.egress, ingress: e.ingress },
          ...(e.service ? { service: e.service } : {}),
        };
      } catch (error) {
        if (error instanceof NoServicePortError) {
          return { ...probe, answer: 'no-service-port', message: error.message };
        }
        if (!(error instanceof QuestionError)) throw error;
        errors++;
        return { ...probe, error: error.message };
      }
    });
    return { answers, errors };
  }

  endpoints(text: string, limit: number): { namespace: string; name: string; kind: string }[] {
    const wanted = text.trim().toLowerCase();
    const out: { namespace: string; name: string; kind: string }[] = [];
    for (const i of this.participants) {
      const p = this.snapshot.pods[i];
      const matches = (name: string): boolean => `${p.namespace}/${name}`.toLowerCase().includes(wanted);
      if (matches(p.name)) out.push({ namespace: p.namespace, name: p.name, kind: p.kind });
      // Its pods too, where one of them is asked for (S20).
      if (p.kind === 'StatefulSet' && /-\d+$/.test(wanted)) {
        const names = ordinalNames(p, 1000).filter(matches);
        out.push(...names.map((name) => ({ namespace: p.namespace, name, kind: 'Pod' })));
      }
      if (out.length >= limit) break;
    }
    return out.slice(0, limit);
  }

  // ---- connections ----

  private edge(src: NodeJson, dst: NodeJson, lower: ConnId, upper: ConnId): Edge | null {
    if (upper === NO_CONNS) return null;
    const m = this.model;
    const depends = m.conns.subtract(upper, lower);
    return {
      src,
      dst,
      conns: m.conns.toJson(lower),
      ...(depends === NO_CONNS ? {} : { depends: m.conns.toJson(depends) }),
    };
  }

  connections(endpoints: 'pods' | 'workloads'): { nodes: NodeJson[]; edges: Iterable<Edge> } {
    const ranges = this.outside.partition();
    const outside: NodeJson[] = ranges.map((r) => ({ cidrs: r.cidrs }));
    if (endpoints === 'pods') {
      const pods = Array.from(this.participants, (i): NodeJson => {
        const p = this.snapshot.pods[i];
        return { namespace: p.namespace, name: p.name, kind: p.kind };
      });
      return { nodes: [...pods, ...outside], edges: this.podEdges(pods, ranges, outside) };
    }
    const nodes = this.workloads().map((w): NodeJson => ({
      namespace: w.namespace,
      name: w.name,
      kind: w.kind,
    }));
    return { nodes: [...nodes, ...outside], edges: this.workloadEdges(nodes, ranges, outside) };
  }

  private *podEdges(
    pods: NodeJson[],
    ranges: ReturnType<Outside['partition']>,
    outside: NodeJson[],
  ): Iterable<Edge> {
    const m = this.model;
    const list = this.participants;
    const memo = new PairMap();
    for (let a = 0; a < list.length; a++) {
      for (let b = 0; b < list.length; b++) {
        if (a === b && !standsForSeveral(this.snapshot.pods[list[a]])) continue;
        const p = m.podClass[list[a]];
        const q = m.podClass[list[b]];
        let value = memo.get(p, q);
        if (value < 0) {
          value = m.between(p, q);
          memo.set(p, q, value);
        }
        if (a !== b && m.onSameNode(list[a], list[b])) value = m.onOneNode(p, q);
        if (value === NOTHING) continue;
        const e = this.edge(pods[a], pods[b], m.values.lower(value), m.values.upper(value));
        if (e) yield a === b ? { ...e, within: true } : e;
      }
      const c = m.podClass[list[a]];
      for (let r = 0; r < ranges.length; r++) {
        const x = this.outsideBounds(c, 'egress', ranges[r]);
        const e = this.edge(pods[a], outside[r], x.lower, x.upper);
        if (e) yield e;
      }
    }
    for (let r = 0; r < ranges.length; r++) {
      for (let b = 0; b < list.length; b++) {
        const x = this.outsideBounds(m.podClass[list[b]], 'ingress', ranges[r]);
        const e = this.edge(outside[r], pods[b], x.lower, x.upper);
        if (e) yield e;
      }
    }
  }

  private outsideBounds(
    c: number,
    direction: 'ingress' | 'egress',
    range: { family: 4 | 6; sample: number | bigint },
  ): { lower: ConnId; upper: ConnId } {
    const m = this.model;
    const row = (direction === 'ingress' ? m.classIngress : m.classEgress).items[c];
    return this.outside.at(row, direction, m.classPorts.items[c], range.family, range.sample);
  }

  private *workloadEdges(
    nodes: NodeJson[],
    ranges: ReturnType<Outside['partition']>,
    outside: NodeJson[],
  ): Iterable<Edge> {
    const m = this.model;
    const list = this.workloads();
    const merged = (src: NodeJson, dst: NodeJson, parts: { lower: ConnId; upper: ConnId }[]): Edge | null => {
      let lower: ConnId = NO_CONNS;
      let upper: ConnId = NO_CONNS;
      let partial = false;
      for (const p of parts) {
        lower = m.conns.union(lower, p.lower);
        upper = m.conns.union(upper, p.upper);
        if (p.lower !== parts[0].lower || p.upper !== parts[0].upper) partial = true;
      }
      const e = this.edge(src, dst, lower, upper);
      return e && partial ? { ...e, partial: true } : e;
    };
    for (let a = 0; a < list.length; a++) {
      for (let b = 0; b < list.length; b++) {
        const parts: { lower: ConnId; upper: ConnId }[] = [];
        this.betweenWorkloads(list[a], list[b], (value) => {
          parts.push({ lower: m.values.lower(value), upper: m.values.upper(value) });
        });
        if (parts.length === 0) continue;
        const e = merged(nodes[a], nodes[b], parts);
        if (e) yield a === b ? { ...e, within: true } : e;
      }
      for (let r = 0; r < ranges.length; r++) {
        const parts = [...list[a].classes.keys()].map((c) => this.outsideBounds(c, 'egress', ranges[r]));
        const e = merged(nodes[a], outside[r], parts);
        if (e) yield e;
      }
    }
    for (let r = 0; r < ranges.length; r++) {
      for (let b = 0; b < list.length; b++) {
        const parts = [...list[b].classes.keys()].map((c) => this.outsideBounds(c, 'ingress', ranges[r]));
        const e = merged(outside[r], nodes[b], parts);
        if (e) yield e;
      }
    }
  }

  toJson(): AuditJson {
    return {
      ...this.overview(),
      pods: [...this.podRows()],
      openEgress: [...this.openEgressRows()],
      findings: this.allFindings(),
    };
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function addPairs(
  m: Model,
  value: ValueId,
  count: number,
  out: { permitted: number; full: number; depends: number },
): void {
  const lower = m.values.lower(value);
  if (lower !== NO_CONNS) {
    out.permitted += count;
    if (lower === ALL_CONNS) out.full += count;
  } else if (m.values.upper(value) !== NO_CONNS) out.depends += count;
}

function sum<T extends object>(items: readonly T[], into: T): T {
  const total = into as Record<string, number>;
  for (const item of items) {
    for (const [key, value] of Object.entries(item)) total[key] += value as number;
  }
  return into;
}

/** Which of the documentation's five default policies a policy is, if any. */
function defaultOf(p: Model['compiled'][number]): NamespaceSummary['defaults'][number] | null {
  if (p.selects === null || p.selects.requirements.length > 0) return null;
  const ingress = p.ingress.applies === 'yes';
  const egress = p.egress.applies === 'yes';
  const allows = (rules: { peers: unknown; ports: unknown }[]): boolean =>
    rules.some((r) => r.peers === null && r.ports === null);
  if (ingress && egress) {
    return p.ingress.rules.length === 0 && p.egress.rules.length === 0 ? 'deny-all' : null;
  }
  if (ingress) {
    if (p.ingress.rules.length === 0) return 'deny-ingress';
    return allows(p.ingress.rules) ? 'allow-ingress' : null;
  }
  if (egress) {
    if (p.egress.rules.length === 0) return 'deny-egress';
    return allows(p.egress.rules) ? 'allow-egress' : null;
  }
  return null;
}

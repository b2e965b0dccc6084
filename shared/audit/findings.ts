/** Checks over an evaluated snapshot. Each function looks for one kind of thing and gives findings as data. */
import { isObject, matchesSelector, type Selector } from '../kube/selector.ts';
import { effectOf, kindName } from '../kube/kinds.ts';
import { PROBLEM_CHECKS, type ProblemCheck } from '../kube/problems.ts';
import { ALL_CONNS } from '../net/conns.ts';
import { isBefore, parseVersion } from '../policy/assumptions.ts';
import { CLASS_HOST, type Model } from '../policy/model.ts';
import { CHECKS, type CheckId } from './checks.ts';
import { blockChecks } from './checks/blocks.ts';
import { dataStoreChecks } from './checks/dataStores.ts';
import { few, Findings, NAME_LABEL, refOf, workloadText } from './checks/list.ts';
import { peerChecks } from './checks/peers.ts';
import { dnsChecks, namedPortChecks, openPortChecks, servicePortChecks } from './checks/ports.ts';
import { publishedChecks } from './checks/published.ts';
import { serviceFindings } from './serviceFindings.ts';
import type { Finding, IsolationState, Rejected, Severity } from './result.ts';
import { SEVERITIES } from './result.ts';
import { UnreadWorkloads } from './unread.ts';

export interface ExposureCounts {
  namespace: string;
  pods: number;
  isolatedNowhere: number;
  egressAnywhere: number;
  ingressAnywhere: number;
  hostNetwork: number;
}

/**
 * All findings, most severe first, then by object. Throws nothing.
 * @param exposure one item a namespace
 * @param ingress the ingress state of a class of pods
 */
export function findAll(
  m: Model,
  exposure: readonly ExposureCounts[],
  ingress: (podClass: number) => IsolationState,
): Finding[] {
  const f = new Findings();
  for (const p of m.snapshot.problems) {
    const severity = (PROBLEM_CHECKS as Record<string, Severity | undefined>)[p.check] ?? 'medium';
    f.list.push({ check: p.check, severity, object: p.object ?? null, place: p.place, params: p.params });
  }
  compileProblems(m, f);
  policyChecks(m, f);
  peerChecks(m, f);
  blockChecks(m, f);
  namedPortChecks(m, f);
  openPortChecks(m, f);
  servicePortChecks(m, f);
  dnsChecks(m, f);
  serviceFindings(m, (check, policy, field, params) =>
    f.policy(check, m.snapshot.policies[policy], field, params),
  );
  publishedChecks(m, f, ingress);
  dataStoreChecks(m, f);
  clusterChecks(m, f);
  for (const e of exposure) {
    const object = { kind: 'Namespace', namespace: null, name: e.namespace };
    if (e.isolatedNowhere > 0) f.add('exposure.namespace-open', object, null, { pods: e.isolatedNowhere });
    if (e.egressAnywhere > 0) f.add('exposure.egress-anywhere', object, null, { pods: e.egressAnywhere });
    if (e.ingressAnywhere > 0) f.add('exposure.ingress-anywhere', object, null, { pods: e.ingressAnywhere });
    if (e.hostNetwork > 0) f.add('exposure.host-network', object, null, { pods: e.hostNetwork });
  }
  const rank = (s: Severity): number => SEVERITIES.indexOf(s);
  const text = (x: Finding): string =>
    `${x.check} ${x.object?.namespace ?? ''} ${x.object?.name ?? ''} ${x.place?.file ?? ''} ${String(x.place?.document ?? 0).padStart(6, '0')} ${x.place?.field ?? ''}`;
  const keyed = f.list.map((x) => ({ x, r: rank(x.severity), k: text(x) }));
  keyed.sort((a, b) => a.r - b.r || (a.k < b.k ? -1 : a.k > b.k ? 1 : 0));
  return keyed.map((k) => k.x);
}

/** Policies that the API would refuse (S24), and policy documents that reading left out. */
export function rejectedOf(m: Model): Rejected[] {
  const out: Rejected[] = [];
  m.compiled.forEach((c, i) => {
    if (!c.refused) return;
    const p = m.snapshot.policies[i];
    out.push({
      object: refOf(p),
      place: p.place ?? null,
      reasons: c.problems
        .filter((x) => x.refuses)
        .map(({ check, field, params }) => ({ check, field, params })),
      treatment: p.origin === 'manifest' ? 'left-out' : 'kept-uncertain',
    });
  });
  for (const p of m.snapshot.problems) {
    if (p.object?.kind !== 'NetworkPolicy' || p.params.treatment !== 'left-out') continue;
    out.push({
      object: p.object,
      place: p.place,
      reasons: [{ check: p.check, field: String(p.params.field ?? ''), params: p.params }],
      treatment: 'left-out',
    });
  }
  return out;
}

function compileProblems(m: Model, f: Findings): void {
  m.compiled.forEach((c, i) => {
    for (const p of c.problems) {
      const severity: Severity = p.refuses ? 'high' : CHECKS[p.check as CheckId];
      f.policy(p.check as CheckId, m.snapshot.policies[i], p.field, p.params, severity);
    }
    if (c.selects === null && m.active[i])
      f.policy('policy.unread-selector', m.snapshot.policies[i], 'spec.podSelector');
  });
}

function policyChecks(m: Model, f: Findings): void {
  const version = parseVersion(m.assumptions.serverVersion);
  const noNameLabel = version !== null && isBefore(version, 21);
  const selecting = m.policiesWithPods();
  const isolating = m.hasHosts ? m.policiesWithPods(CLASS_HOST) : selecting;
  const unread = new UnreadWorkloads(m.snapshot);
  m.compiled.forEach((c, i) => {
    if (!m.active[i]) return;
    const p = m.snapshot.policies[i];
    if (c.selects !== null && !selecting[i]) {
      const workloads = unread.matching(c.selects, p.namespace);
      if (workloads !== '') f.policy('policy.selects-unread', p, 'spec.podSelector', { workloads });
      else if (isToCompare(m, c.namespace, c.selects))
        f.policy('policy.selects-nothing', p, 'spec.podSelector');
    }
    const hostOnly = selecting[i] === 1 && isolating[i] === 0 && c.selects !== null;
    if (hostOnly) {
      const workloads = hostWorkloads(m, c.namespace, c.selects as Selector);
      f.policy('policy.selects-host-network', p, 'spec.podSelector', {
        workloads: few(workloads),
        count: workloads.size,
      });
    }
    const spec = isObject(p.spec) ? p.spec : {};
    const types = Array.isArray(spec.policyTypes) ? spec.policyTypes : [];
    const bareEgress =
      types.length === 0 &&
      c.egress.rules.length > 0 &&
      (!Array.isArray(spec.ingress) || spec.ingress.length === 0);
    if (bareEgress) f.policy('policy.egress-isolates-ingress', p, 'spec.policyTypes');
    if (version !== null && isBefore(version, 22) && c.uses.endPort && m.assumptions.endPort === 'off') {
      f.policy('version.endport', p, null, { version: m.assumptions.serverVersion });
    }
    for (const direction of ['ingress', 'egress'] as const) {
      const side = c[direction];
      if (side.applies === 'no') continue;
      const raw = Array.isArray(spec[direction]) ? (spec[direction] as unknown[]) : [];
      const list = direction === 'ingress' ? 'from' : 'to';
      let everything = false;
      side.rules.forEach((rule, r) => {
        const at = `spec.${direction}[${r}]`;
        const rawRule = isObject(raw[r]) ? raw[r] : {};
        if (Array.isArray(rawRule[list]) && rawRule[list].length === 0) {
          f.policy('policy.empty-peer-list', p, `${at}.${list}`, { direction });
        }
        const all = m.rulePorts(rule);
        if (rule.peers === null && all.lower === ALL_CONNS) everything = true;
        rule.peers?.forEach((peer, k) => {
          if (!noNameLabel || peer.kind !== 'pods') return;
          if (peer.namespaces?.requirements.some((q) => q.key === NAME_LABEL)) {
            f.policy('version.name-label', p, `${at}.${list}[${k}].namespaceSelector`, {
              version: m.assumptions.serverVersion,
            });
          }
        });
      });
      if (everything && !hostOnly)
        f.policy('policy.permits-everything', p, `spec.${direction}`, { direction });
    }
  });
}

/** Objects of which what they bring was not read. */
const PODS_ELSEWHERE: ReadonlySet<string> = new Set<ProblemCheck>(['input.workload-kind', 'input.deployer']);

/** Workloads of a namespace whose pods use their node's network and have labels that a selector matches. */
function hostWorkloads(m: Model, namespace: string, selects: Selector): Set<string> {
  const found = new Set<string>();
  const at = m.spaces.index.get(namespace);
  for (const i of at === undefined ? [] : m.podsOfNamespace(at)) {
    const pod = m.snapshot.pods[i];
    if (m.classFlags.items[m.podClass[i]] & CLASS_HOST && matchesSelector(selects, pod.labels))
      found.add(workloadText(pod));
  }
  return found;
}

/**
 * Does it say anything that a selector matches no pod of its namespace? Not where the pods were not read, may be others
 * than those read, or are none at all, and not of a selector that takes every pod: such a policy waits for them.
 */
function isToCompare(m: Model, namespace: string, selects: Selector): boolean {
  const { unreadPods } = m.snapshot.coverage;
  if (m.pods === 0 || unreadPods.includes(null) || unreadPods.includes(namespace)) return false;
  if (m.maySelectOthers(namespace)) return false;
  return selects.requirements.length > 0;
}

function clusterChecks(m: Model, f: Findings): void {
  const s = m.snapshot;
  const cluster = { kind: 'Cluster', namespace: null, name: s.cluster.name };
  const plugin = s.enforcement.plugin ?? 'unknown';
  const ingress = m.enforcedOf(0, 'ingress');
  const egress = m.enforcedOf(0, 'egress');
  if (ingress === 'no' || egress === 'no') {
    const direction = ingress === egress ? 'both' : ingress === 'no' ? 'ingress' : 'egress';
    f.add('cluster.not-enforced', cluster, null, { plugin, direction });
  } else if (ingress === 'unknown' || egress === 'unknown')
    f.add('cluster.enforcement-unknown', cluster, null, { plugin });
  if (m.records.find((r) => r.name === 'enforced')?.origin !== 'user') {
    for (const n of s.enforcement.nodes) {
      const worst = n.ingress === 'no' || n.egress === 'no' ? 'no' : 'unknown';
      if (n.ingress === 'yes' && n.egress === 'yes') continue;
      f.add('cluster.node-not-enforced', { kind: 'Node', namespace: null, name: n.node }, null, {
        node: n.node,
        plugin: n.plugin ?? 'unknown',
        what: worst,
      });
    }
  }
  const kinds = new Map<string, { count: number; effect: string }>();
  for (const o of s.otherPolicies) {
    const kind = kindName(o.group, o.kind);
    const known = kinds.get(kind);
    if (known !== undefined) known.count++;
    else kinds.set(kind, { count: 1, effect: effectOf(o.group, o.kind) });
  }
  for (const [kind, { count, effect }] of [...kinds].sort(([a], [b]) => (a < b ? -1 : 1)))
    f.add('cluster.other-policies', cluster, null, { kind, count, effect });
  for (const e of s.coverage.entries) {
    if (e.outcome === 'read' || e.outcome === 'skipped') continue;
    // The file was read; each object whose pods were not has a finding of its own.
    if (e.causes?.every(({ check }) => PODS_ELSEWHERE.has(check))) continue;
    const severity: Severity = e.affectsVerdicts ? 'high' : 'low';
    // What could not be read of a file may concern one namespace alone.
    const hidden = new Set(
      (s.coverage.gaps ?? []).filter(({ file }) => file === e.file).map((gap) => gap.namespace),
    );
    const [only] = hidden;
    const namespace = e.file !== undefined && hidden.size === 1 ? (only ?? null) : e.namespace;
    f.add(
      'cluster.coverage',
      cluster,
      e.file === undefined ? null : { file: e.file },
      { resource: e.resource, namespace: namespace ?? '*', reason: e.reason ?? e.outcome },
      severity,
    );
  }
  if (s.cluster.warnings.some((w) => w.includes('insecure'))) f.add('cluster.insecure-tls', cluster, null);
}

/** Checks over an evaluated snapshot. Each function looks for one kind of thing and gives findings as data. */
import type { PodRecord, PolicyRecord, ServiceRecord } from '../kube/snapshot.ts';
import { isObject, matchesSelector } from '../kube/selector.ts';
import { kindName } from '../kube/kinds.ts';
import { PROBLEM_CHECKS } from '../kube/problems.ts';
import { ALL_CONNS, connPoint } from '../net/conns.ts';
import { isBefore, parseVersion } from '../policy/assumptions.ts';
import { isFinished, type Model } from '../policy/model.ts';
import { CHECKS, type CheckId } from './checks.ts';
import { serviceFindings } from './serviceFindings.ts';
import type { Finding, IsolationState, ObjectRef, Rejected, Severity } from './result.ts';
import { SEVERITIES } from './result.ts';

export interface ExposureCounts {
  namespace: string;
  pods: number;
  isolatedNowhere: number;
  egressAnywhere: number;
  ingressAnywhere: number;
  hostNetwork: number;
}

function refOf(p: PolicyRecord): ObjectRef {
  return { kind: 'NetworkPolicy', namespace: p.namespace, name: p.name };
}

class Findings {
  readonly list: Finding[] = [];

  add(
    check: CheckId,
    object: ObjectRef | null,
    place: Finding['place'],
    params: Finding['params'] = {},
    severity: Severity = CHECKS[check],
  ): void {
    this.list.push({ check, severity, object, place, params });
  }

  policy(
    check: CheckId,
    p: PolicyRecord,
    field: string | null,
    params: Finding['params'] = {},
    severity?: Severity,
  ): void {
    const place = field === null && !p.place ? null : { ...p.place, ...(field === null ? {} : { field }) };
    this.add(check, refOf(p), place, params, severity);
  }
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
  serviceChecks(m, f);
  serviceFindings(m, (check, policy, field, params) =>
    f.policy(check, m.snapshot.policies[policy], field, params),
  );
  publishedChecks(m, f, ingress);
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
  const inNamespace = new Map<string, number[]>();
  for (let c = 0; c < m.classes; c++) {
    const name = m.spaces.names[m.classNamespace.items[c]];
    const list = inNamespace.get(name);
    if (list) list.push(c);
    else inNamespace.set(name, [c]);
  }
  const declared = new Map<string, boolean>();
  const peerUsed = new Map<number, boolean>();
  const matchesSomePod = (peer: number): boolean => {
    let found = peerUsed.get(peer);
    if (found === undefined) {
      found = false;
      const pods = m.peerPods(peer);
      if (!pods) found = true;
      else {
        for (const n of pods.set.list) {
          for (const c of inNamespace.get(m.spaces.names[n]) ?? []) {
            if (m.peerMask(peer, c) !== 0) {
              found = true;
              break;
            }
          }
          if (found) break;
        }
      }
      peerUsed.set(peer, found);
    }
    return found;
  };
  for (const pod of m.snapshot.pods) {
    if (isFinished(pod)) continue;
    for (const p of pod.ports) if (p.name !== '') declared.set(`${p.protocol}/${p.name}`, true);
  }
  const selecting = m.policiesWithPods();
  m.compiled.forEach((c, i) => {
    if (!m.active[i]) return;
    const p = m.snapshot.policies[i];
    if (c.selects !== null && !selecting[i]) f.policy('policy.selects-nothing', p, 'spec.podSelector');
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
      let tcpDns: string | null = null;
      let otherDns = false;
      side.rules.forEach((rule, r) => {
        const at = `spec.${direction}[${r}]`;
        const rawRule = isObject(raw[r]) ? raw[r] : {};
        if (Array.isArray(rawRule[list]) && rawRule[list].length === 0) {
          f.policy('policy.empty-peer-list', p, `${at}.${list}`, { direction });
        }
        const all = m.rulePorts(rule);
        if (rule.peers === null && all.lower === ALL_CONNS) everything = true;
        if (direction === 'egress') {
          const udp = m.conns.has(all.upper, connPoint(1, 53));
          if (m.conns.has(all.lower, connPoint(0, 53)) && rule.ports !== null && !udp) {
            const k = rule.ports.findIndex((q) => q.protocol === 0 && q.from <= 53 && 53 <= q.to);
            // A wide TCP range that happens to hold 53 says nothing of DNS.
            if (rule.ports[k]?.from === 53) tcpDns ??= `${at}.ports[${k}]`;
          }
          if (udp) otherDns = true;
        }
        rule.peers?.forEach((peer, k) => {
          if (peer.kind === 'pods') {
            const id = m.peerIdOf(i, direction, r, k);
            if (!matchesSomePod(id)) f.policy('policy.peer-selects-nothing', p, `${at}.${list}[${k}]`);
            if (
              noNameLabel &&
              peer.namespaces?.requirements.some((q) => q.key === 'kubernetes.io/metadata.name')
            ) {
              f.policy('version.name-label', p, `${at}.${list}[${k}].namespaceSelector`, {
                version: m.assumptions.serverVersion,
              });
            }
          } else if (peer.kind === 'block') {
            const id = m.peerIdOf(i, direction, r, k);
            const b = m.blocksPods(id);
            if (b)
              f.policy('policy.block-over-pods', p, `${at}.${list}[${k}].ipBlock`, {
                value: m.assumptions.ipBlockPods,
              });
          }
        });
        rule.ports?.forEach((port, k) => {
          if (port.name === null) return;
          const protocol = ['TCP', 'UDP', 'SCTP'][port.protocol];
          if (!declared.has(`${protocol}/${port.name}`)) {
            f.policy('policy.named-port-unknown', p, `${at}.ports[${k}].port`, { name: port.name, protocol });
          }
        });
      });
      if (everything) f.policy('policy.permits-everything', p, `spec.${direction}`, { direction });
      if (tcpDns !== null && !otherDns) f.policy('policy.dns-tcp-only', p, tcpDns);
    }
  });
}

/**
 * S16: a rule that names a Service's port where its pods receive on another one. On the ingress side the policy
 * selects the Service's pods; on the egress side a peer of the rule holds them.
 */
function serviceChecks(m: Model, f: Findings): void {
  const moved = m.snapshot.services.filter(
    (s) =>
      s.selector !== null &&
      Object.keys(s.selector).length > 0 &&
      s.ports.some((p) => typeof p.targetPort === 'number' && p.targetPort !== p.port),
  );
  if (moved.length === 0) return;
  // The classes of pods behind each such Service.
  const behind = moved.map((s) => [...new Set(podsBehind(m, s).map((i) => m.podClass[i]))]);
  const byNamespace = new Map<string, number[]>();
  moved.forEach((s, k) => {
    const list = byNamespace.get(s.namespace);
    if (list) list.push(k);
    else byNamespace.set(s.namespace, [k]);
  });
  m.compiled.forEach((c, i) => {
    if (!m.active[i]) return;
    for (const direction of ['ingress', 'egress'] as const) {
      if (c[direction].applies === 'no') continue;
      c[direction].rules.forEach((rule, r) => {
        if (rule.ports === null) return;
        const all = m.rulePorts(rule);
        rule.ports.forEach((q, k) => {
          if (q.name !== null || q.protocol < 0 || q.from !== q.to) return;
          const candidates = direction === 'ingress' ? (byNamespace.get(c.namespace) ?? []) : moved.keys();
          for (const x of candidates) {
            const s = moved[x];
            const port = s.ports.find(
              (p) =>
                p.port === q.from &&
                p.protocol === ['TCP', 'UDP', 'SCTP'][q.protocol] &&
                typeof p.targetPort === 'number' &&
                p.targetPort !== p.port,
            );
            if (!port || m.conns.has(all.lower, connPoint(q.protocol, port.targetPort as number))) continue;
            const meant =
              direction === 'ingress'
                ? c.selects !== null && matchesSelector(c.selects, s.selector ?? {})
                : behind[x].some((cls) =>
                    rule.peers === null
                      ? true
                      : rule.peers.some((peer, n) =>
                          peer.kind === 'pods' ? m.peerMask(m.peerIdOf(i, 'egress', r, n), cls) !== 0 : false,
                        ),
                  );
            if (!meant) continue;
            f.policy(
              'policy.service-port',
              m.snapshot.policies[i],
              `spec.${direction}[${r}].ports[${k}].port`,
              {
                port: port.port,
                service: `${s.namespace}/${s.name}`,
                targetPort: port.targetPort as number,
              },
            );
            break;
          }
        });
      });
    }
  });
}

/** Pods that a Service leads to, of those that take part: by its selector, else as its EndpointSlices say. */
function podsBehind(m: Model, { namespace, name, selector }: ServiceRecord): number[] {
  const at = m.spaces.index.get(namespace);
  if (at === undefined) return [];
  const { pods, endpointSlices } = m.snapshot;
  let behind: (pod: PodRecord) => boolean;
  if (selector === null) {
    const slices = endpointSlices.filter((slice) => slice.namespace === namespace && slice.service === name);
    const named = new Set(slices.flatMap((slice) => slice.pods));
    const addresses = new Set(slices.flatMap((slice) => slice.addresses));
    behind = (pod) => named.has(pod.name) || pod.ips.some((ip) => addresses.has(ip));
  } else {
    const wanted = Object.entries(selector);
    behind = ({ labels }) => wanted.every(([key, value]) => labels[key] === value);
  }
  return m.podsOfNamespace(at).filter((i) => behind(pods[i]));
}

/**
 * Services that are published outside the cluster, and the pods behind them that nothing isolates for ingress: what is
 * published is then the only limit to what reaches them.
 */
function publishedChecks(m: Model, f: Findings, ingress: (podClass: number) => IsolationState): void {
  const { services, ingresses } = m.snapshot;
  const through = new Map<string, string[]>();
  for (const { namespace, name, services: named } of ingresses) {
    for (const service of named) {
      const key = `${namespace}/${service}`;
      through.set(key, [...(through.get(key) ?? []), `Ingress ${name}`]);
    }
  }
  for (const service of services) {
    const { namespace, name, type } = service;
    const how = [
      ...(type === 'LoadBalancer' || type === 'NodePort' ? [type] : []),
      ...(service.externalIPs.length > 0 ? ['externalIPs'] : []),
      ...(through.get(`${namespace}/${name}`) ?? []),
    ];
    if (how.length === 0) continue;
    const behind = podsBehind(m, service);
    const pods = behind.filter((i) => {
      const state = ingress(m.podClass[i]);
      return state === 'open' || state === 'not-isolatable';
    }).length;
    if (pods === 0) continue;
    const params = { service: `${namespace}/${name}`, how: how.join(', '), pods, total: behind.length };
    f.add('exposure.published', { kind: 'Service', namespace, name }, service.place ?? null, params);
  }
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
  const kinds = new Map<string, number>();
  for (const o of s.otherPolicies) {
    const kind = kindName(o.group, o.kind);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  for (const [kind, count] of [...kinds].sort())
    f.add('cluster.other-policies', cluster, null, { kind, count });
  for (const e of s.coverage.entries) {
    if (e.outcome === 'read' || e.outcome === 'skipped') continue;
    const severity: Severity = e.affectsVerdicts ? 'high' : 'low';
    f.add(
      'cluster.coverage',
      cluster,
      e.file === undefined ? null : { file: e.file },
      { resource: e.resource, namespace: e.namespace ?? '*', reason: e.reason ?? e.outcome },
      severity,
    );
  }
  if (s.cluster.warnings.some((w) => w.includes('insecure'))) f.add('cluster.insecure-tls', cluster, null);
}

/** Ports that rules name: a Service's instead of its pods', a name that nobody declares, DNS over TCP alone. */
import { matchesSelector } from '../../kube/selector.ts';
import type { ServicePort, ServiceRecord } from '../../kube/snapshot.ts';
import { connPoint } from '../../net/conns.ts';
import type { CompiledPort, CompiledRule } from '../../policy/compile.ts';
import { CLASS_HOST, type Model } from '../../policy/model.ts';
import type { Direction } from '../result.ts';
import { few, podsBehind, targetsOf, type Findings } from './list.ts';

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;
/** The last port that is assigned to a service of the system (RFC 6335). */
const WELL_KNOWN = 1023;
const DNS = 53;

/** A Service's port whose pods receive on another one. */
interface Moved {
  service: ServiceRecord;
  port: ServicePort;
  /** Pods behind it, one of each class and set of targets. */
  behind: { pod: number; targets: number[] }[];
}

/**
 * S16: a rule that names a Service's port where its pods receive on another one. On the ingress side the policy
 * selects the Service's pods; on the egress side a peer of the rule holds them.
 */
export function servicePortChecks(m: Model, f: Findings): void {
  const moved = movedPorts(m);
  if (moved.size === 0) return;
  m.compiled.forEach((c, i) => {
    if (!m.active[i]) return;
    for (const direction of ['ingress', 'egress'] as const) {
      if (c[direction].applies === 'no') continue;
      c[direction].rules.forEach((rule, r) => {
        rule.ports?.forEach((q, k) => {
          if (q.name !== null || q.protocol < 0 || q.from !== q.to) return;
          for (const one of moved.get(`${PROTOCOLS[q.protocol]}/${q.from}`) ?? []) {
            const targets = meant(m, i, direction, r, rule, one);
            if (targets === null) continue;
            const { port, targetPort } = one.port;
            const numbers = targets.join(', ');
            f.policy(
              'policy.service-port',
              m.snapshot.policies[i],
              `spec.${direction}[${r}].ports[${k}].port`,
              {
                port,
                service: `${one.service.namespace}/${one.service.name}`,
                targetPort: targets.length === 1 ? targets[0] : numbers,
                target: typeof targetPort === 'string' ? `${targetPort} (${numbers})` : numbers,
              },
            );
            break;
          }
        });
      });
    }
  });
}

function movedPorts(m: Model): Map<string, Moved[]> {
  const moved = new Map<string, Moved[]>();
  for (const service of m.snapshot.services) {
    if (service.selector !== null && Object.keys(service.selector).length === 0) continue;
    const ports = service.ports.filter((p) => p.targetPort !== null && p.targetPort !== p.port);
    if (ports.length === 0) continue;
    const pods = podsBehind(m, service);
    for (const port of ports) {
      const kinds = new Map<string, { pod: number; targets: number[] }>();
      for (const pod of pods) {
        const targets = targetsOf(m.snapshot.pods[pod], port);
        if (targets.length === 0 || targets.includes(port.port)) continue;
        const key = `${m.podClass[pod]} ${targets.join()}`;
        if (!kinds.has(key)) kinds.set(key, { pod, targets });
      }
      if (kinds.size === 0 && (pods.length > 0 || typeof port.targetPort === 'string')) continue;
      const key = `${port.protocol}/${port.port}`;
      const list = moved.get(key);
      const one = { service, port, behind: [...kinds.values()] };
      if (list) list.push(one);
      else moved.set(key, [one]);
    }
  }
  return moved;
}

/** The ports of the pods that the rule means, by the Service's port, and does not permit; null where it means none. */
function meant(
  m: Model,
  policy: number,
  direction: Direction,
  r: number,
  rule: CompiledRule,
  { service, port, behind }: Moved,
): number[] | null {
  const c = m.compiled[policy];
  const protocol = PROTOCOLS.indexOf(port.protocol);
  const permitted = m.rulePorts(rule).lower;
  const { targetPort } = port;
  if (typeof targetPort === 'string') {
    if (rule.ports?.some((q) => q.name === targetPort && q.protocol === protocol)) return null;
  }
  const permits = (target: number): boolean => m.conns.has(permitted, connPoint(protocol, target));
  if (direction === 'ingress' && service.namespace !== c.namespace) return null;
  if (behind.length === 0) {
    // Its pods were not read: only what the Service says itself can tell.
    if (direction === 'egress' || typeof targetPort !== 'number' || permits(targetPort)) return null;
    const selects = c.selects !== null && matchesSelector(c.selects, service.selector ?? {});
    return selects ? [targetPort] : null;
  }
  const concerned = behind.filter(({ pod, targets }) => {
    if (targets.every(permits)) return false;
    if (direction === 'ingress') {
      return c.selects !== null && matchesSelector(c.selects, m.snapshot.pods[pod].labels);
    }
    // Without peers it permits addresses outside too, whose servers have the well-known ports. DNS is asked for inside.
    if (rule.peers === null) return port.port > WELL_KNOWN || port.port === DNS;
    return rule.peers.some(
      (peer, n) =>
        peer.kind === 'pods' && m.peerMask(m.peerIdOf(policy, 'egress', r, n), m.podClass[pod]) !== 0,
    );
  });
  if (concerned.length === 0) return null;
  return [...new Set(concerned.flatMap((one) => one.targets))].sort((a, b) => a - b);
}

/** S13: an entry of `ports` without a port, beside others of its protocol that have one: often a dash too many. */
export function openPortChecks(m: Model, f: Findings): void {
  m.compiled.forEach((c, i) => {
    if (!m.active[i]) return;
    for (const direction of ['ingress', 'egress'] as const) {
      if (c[direction].applies === 'no') continue;
      c[direction].rules.forEach((rule, r) => {
        rule.ports?.forEach((open, k) => {
          if (open.protocol < 0 || !isWhole(open)) return;
          const beside = (rule.ports ?? []).filter((q) => q.protocol === open.protocol && !isWhole(q));
          if (beside.length === 0) return;
          f.policy('policy.port-entry-open', m.snapshot.policies[i], `spec.${direction}[${r}].ports[${k}]`, {
            protocol: PROTOCOLS[open.protocol],
            ports: few(beside.map(portText)),
          });
        });
      });
    }
  });
}

function isWhole({ name, from, to }: CompiledPort): boolean {
  return name === null && from === 1 && to === 65535;
}

function portText({ name, from, to }: CompiledPort): string {
  return name ?? (from === to ? String(from) : `${from}-${to}`);
}

/** S14: a port by name that no pod declares which the rule concerns. */
export function namedPortChecks(m: Model, f: Findings): void {
  /** One pod of each class: pods of a class have the same ports of the names that rules use. */
  let shown: Int32Array | null = null;
  const podOf = (c: number): number => {
    if (!shown) {
      shown = new Int32Array(m.classes).fill(-1);
      for (let i = m.podClass.length - 1; i >= 0; i--) if (m.podClass[i] >= 0) shown[m.podClass[i]] = i;
    }
    return shown[c];
  };
  m.compiled.forEach((c, i) => {
    if (!m.active[i] || !c.uses.namedPorts) return;
    for (const direction of ['ingress', 'egress'] as const) {
      if (c[direction].applies === 'no') continue;
      c[direction].rules.forEach((rule, r) => {
        const named = (rule.ports ?? []).some((q) => q.name !== null);
        if (!named) return;
        const concerned = direction === 'ingress' ? selectedBy(m, i) : peersOf(m, i, r, rule);
        const onlyBlocks = direction === 'egress' && rule.peers?.every((peer) => peer.kind === 'block');
        // Who is not there declares nothing, which other checks say.
        if (concerned === null || (concerned.length === 0 && !onlyBlocks)) return;
        rule.ports?.forEach((q, k) => {
          if (q.name === null || q.protocol < 0) return;
          const protocol = PROTOCOLS[q.protocol];
          const declares = concerned.some((cls) =>
            m.snapshot.pods[podOf(cls)].ports.some((p) => p.name === q.name && p.protocol === protocol),
          );
          if (declares) return;
          f.policy(
            'policy.named-port-unknown',
            m.snapshot.policies[i],
            `spec.${direction}[${r}].ports[${k}].port`,
            {
              name: q.name,
              protocol,
            },
          );
        });
      });
    }
  });
}

/** Classes of pods that the policy selects, those on their node's network left out; null where it cannot be read. */
export function selectedBy(m: Model, policy: number): number[] | null {
  const { namespace, selects } = m.compiled[policy];
  if (selects === null) return null;
  const n = m.spaces.index.get(namespace) as number;
  const selector = m.labels.selectorId(selects);
  const out: number[] = [];
  for (let c = m.firstClassOf[n]; c < m.firstClassOf[n + 1]; c++) {
    if (m.classFlags.items[c] & CLASS_HOST) continue;
    if (m.labels.matches(selector, m.classLabels.items[c])) out.push(c);
  }
  return out;
}

/** Classes of pods that an egress rule leads to; null where a peer cannot be read. */
function peersOf(m: Model, policy: number, r: number, rule: CompiledRule): number[] | null {
  if (rule.peers === null) return [...Array(m.classes).keys()];
  const out = new Set<number>();
  for (const [k, peer] of rule.peers.entries()) {
    if (peer.kind === 'unreadable') return null;
    if (peer.kind !== 'pods') continue;
    for (const c of m.classesOf(m.peerIdOf(policy, 'egress', r, k))) out.add(c);
  }
  return [...out];
}

/**
 * S13: egress that names port 53 for TCP alone, where no other policy of the same pods adds UDP, on 53 or on the port
 * where the pods of a DNS Service receive (S16).
 */
export function dnsChecks(m: Model, f: Findings): void {
  const behindDns = (movedPorts(m).get('UDP/53') ?? []).flatMap(({ behind }) =>
    behind.flatMap(({ targets }) => targets),
  );
  const ports = [...new Set([DNS, ...behindDns])].map((port) => connPoint(1, port));
  const udp = new Map<number, boolean>();
  const permitsUdp = (policy: number): boolean => {
    let known = udp.get(policy);
    if (known === undefined) {
      known = m.compiled[policy].egress.rules.some((rule) =>
        ports.some((point) => m.conns.has(m.rulePorts(rule).upper, point)),
      );
      udp.set(policy, known);
    }
    return known;
  };
  m.compiled.forEach((c, i) => {
    if (!m.active[i] || c.egress.applies === 'no') return;
    const field = dnsOverTcp(m, c.egress.rules);
    if (field === null || permitsUdp(i)) return;
    const selected = selectedBy(m, i) ?? [];
    // Policies add up (S5): each of the pods may have UDP from another policy.
    const others =
      selected.length > 0
        ? selected.every((cls) => m.policiesOf(cls, 'egress').some(({ policy }) => permitsUdp(policy)))
        : m.compiled.some(
            (other, k) =>
              m.active[k] === 1 &&
              other.namespace === c.namespace &&
              other.egress.applies !== 'no' &&
              other.selects !== null &&
              (other.selects.requirements.length === 0 || other.selects.canonical === c.selects?.canonical) &&
              permitsUdp(k),
          );
    if (!others) f.policy('policy.dns-tcp-only', m.snapshot.policies[i], field);
  });
}

/** Where egress rules name port 53 for TCP; a wide range that happens to hold 53 says nothing of DNS. */
function dnsOverTcp(m: Model, rules: readonly CompiledRule[]): string | null {
  for (const [r, rule] of rules.entries()) {
    if (rule.ports === null || !m.conns.has(m.rulePorts(rule).lower, connPoint(0, 53))) continue;
    const k = rule.ports.findIndex((q) => q.protocol === 0 && q.from <= 53 && 53 <= q.to && q.name === null);
    if (rule.ports[k]?.from === 53) return `spec.egress[${r}].ports[${k}]`;
  }
  return null;
}

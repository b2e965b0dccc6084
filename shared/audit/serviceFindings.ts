/** Findings about rules that mean a Service or the cluster's DNS and do not permit it (S29). */
import type { ServiceRecord } from '../kube/snapshot.ts';
import { connPoint, PROTOCOL_INDEX } from '../net/conns.ts';
import { formatAddress, parseAddress, type Address } from '../net/ip.ts';
import type { CompiledRule } from '../policy/compile.ts';
import type { Block, Model } from '../policy/model.ts';
import type { Finding } from './result.ts';
import { ServiceIndex, serviceName, type Endpoint } from './services.ts';
import { targetText } from './targetText.ts';

/** Takes a finding on a policy (its index in the snapshot). */
type Add = (
  check: 'policy.block-over-service' | 'policy.dns-local-cache',
  policy: number,
  field: string,
  params: Finding['params'],
) => void;

/** Names of that many Services and endpoints stand in a sentence. */
const NAMED = 3;

/** Wider blocks than these hold Services by the way: a Service range is a /12 or /108 at most. */
const WIDEST_RANGE = 2 ** 20;
/** A block of this size may be meant for one outside address among others. */
const WIDEST_EXTERNAL = 256;

/** Blocks that stand for the private networks outside, where Services happen to lie in them. */
const PRIVATE = new Set(['172.16.0.0 172.31.255.255', '192.168.0.0 192.168.255.255']);

interface Owned {
  address: Address;
  service: ServiceRecord;
  external: boolean;
}

/**
 * Egress rules whose address block holds a Service's address but not what is behind it, and rules for the pods of the
 * cluster's DNS where pods ask a node-local cache.
 */
export function serviceFindings(m: Model, add: Add): void {
  const { snapshot } = m;
  if (snapshot.services.length === 0) return;
  const index = new ServiceIndex(m);
  blocksOverServices(m, index, add);
  if (index.localDns.size > 0) dnsBehindCache(m, index, add);
}

function sizeOf(block: Block): number {
  const { ranges } = block;
  if (ranges.length === 0) return 0;
  return Number((ranges[ranges.length - 1] as bigint) - (ranges[0] as bigint));
}

function isPrivateNetwork(block: Block): boolean {
  if (block.family !== 4 || block.ranges.length !== 2) return false;
  const text = (value: number): string => formatAddress({ family: 4, value });
  return PRIVATE.has(`${text(block.ranges[0])} ${text(block.ranges[1] - 1)}`);
}

function blocksOverServices(m: Model, index: ServiceIndex, add: Add): void {
  const owned: Owned[] = [];
  for (const service of m.snapshot.services) {
    const list = (ips: string[], external: boolean): void => {
      for (const ip of ips) {
        const address = parseAddress(ip);
        // Where the cache answers at it, a block is the way to permit it.
        if (address && !index.localDns.has(formatAddress(address)))
          owned.push({ address, service, external });
      }
    };
    list(service.clusterIPs, false);
    list([...service.externalIPs, ...service.loadBalancerIPs], true);
  }
  const held = new Map<number, Owned[]>();
  const heldBy = (peer: number, block: Block): Owned[] => {
    let found = held.get(peer);
    if (!found) {
      const size = sizeOf(block);
      const wide = size > WIDEST_RANGE || isPrivateNetwork(block);
      found = wide
        ? []
        : owned.filter((o) => (!o.external || size <= WIDEST_EXTERNAL) && m.blockMask(block, o.address));
      held.set(peer, found);
    }
    return found;
  };
  const behind = new Map<string, Endpoint[]>();
  m.compiled.forEach((policy, i) => {
    if (!m.active[i] || policy.egress.applies === 'no') return;
    policy.egress.rules.forEach((rule, r) => {
      rule.peers?.forEach((peer, k) => {
        if (peer.kind !== 'block') return;
        const id = m.peerIdOf(i, 'egress', r, k);
        const block = m.peerBlock(id) as Block;
        const missed = new Map<ServiceRecord, { address: Address; ends: Set<string> }>();
        for (const { address, service } of heldBy(id, block)) {
          const ends = missedEnds(m, index, behind, rule, block, service, sizeOf(block) === 1);
          if (ends !== null && !missed.has(service)) missed.set(service, { address, ends });
        }
        if (missed.size === 0) return;
        const services = [...missed].map(
          ([s, { address }]) => `${serviceName(s)} (${formatAddress(address)})`,
        );
        const ends = [...new Set([...missed.values()].flatMap((one) => [...one.ends]))];
        add('policy.block-over-service', i, `spec.egress[${r}].to[${k}].ipBlock`, {
          services: shortList(services),
          count: services.length,
          endpoints: ends.length === 0 ? 'none' : shortList(ends),
        });
      });
    });
  });
}

function shortList(names: string[]): string {
  return names.length > NAMED ? `${names.slice(0, NAMED).join(', ')}, …` : names.join(', ');
}

/**
 * Endpoints of a Service that the block does not hold at their port, for the Service's ports that the rule names; null
 * where the rule names none of its ports, or where the block holds all that is behind them.
 */
function missedEnds(
  m: Model,
  index: ServiceIndex,
  behind: Map<string, Endpoint[]>,
  rule: CompiledRule,
  block: Block,
  service: ServiceRecord,
  anyPort: boolean,
): Set<string> | null {
  const all = m.rulePorts(rule).upper;
  const named = service.ports.filter((p) => m.conns.has(all, connPoint(PROTOCOL_INDEX[p.protocol], p.port)));
  // A block of this one address means the Service, whatever its port.
  const ports = named.length === 0 && anyPort ? service.ports : named;
  if (ports.length === 0 && !(anyPort && service.ports.length === 0)) return null;
  const out = new Set<string>();
  let known = 0;
  for (const port of ports) {
    const key = `${serviceName(service)} ${port.protocol}/${port.port}`;
    let ends = behind.get(key);
    if (!ends) behind.set(key, (ends = index.endpoints(service, port)));
    for (const end of ends) {
      // No more names are shown than that, and one endpoint outside the block is enough.
      if (out.size > NAMED) return out;
      known++;
      if ('unread' in end) continue;
      const point = connPoint(PROTOCOL_INDEX[port.protocol], end.port);
      const open = m.conns.has(all, point);
      if ('address' in end) {
        const address = parseAddress(end.address);
        if (address === null || (open && m.blockMask(block, address))) continue;
        out.add(targetText({ type: 'ip', ip: end.address }, end.port));
        continue;
      }
      const pod = m.snapshot.pods[end.pod];
      const ips = m.addressesOf(pod).map(parseAddress);
      const inside = ips.some((a) => a !== null && m.blockMask(block, a));
      if (open && inside && m.assumptions.ipBlockPods !== 'ignore') continue;
      const { namespace, name, kind } = pod;
      out.add(targetText({ type: 'pod', namespace, name, kind }, end.port));
    }
  }
  return known > 0 && out.size === 0 ? null : out;
}

/** UDP port 53, as a point of a connection set. */
const DNS = connPoint(PROTOCOL_INDEX.UDP, 53);

/**
 * A rule that permits the pods of the cluster's DNS on UDP 53, in policies of pods that ask a cache on their node: a
 * selector never matches the cache (S18), and nothing else permits its address.
 */
function dnsBehindCache(m: Model, index: ServiceIndex, add: Add): void {
  const own = [...index.localDns].map((ip) => parseAddress(ip)).filter((a) => a !== null);
  const apart = own.filter((a) => index.at(a).length === 0);
  const addresses = apart.length > 0 ? apart : own;
  const dnsClasses = new Set<number>();
  for (const service of m.snapshot.services) {
    if (service.namespace !== 'kube-system') continue;
    for (const port of service.ports) {
      if (port.protocol !== 'UDP' || port.port !== 53) continue;
      for (const end of index.endpoints(service, port)) if ('pod' in end) dnsClasses.add(m.podClass[end.pod]);
    }
  }
  if (dnsClasses.size === 0) return;
  const covers = new Map<number, boolean>();
  /** Does the policy permit the cache's address (any family of it), perhaps? */
  const permitsCache = (p: number): boolean => {
    let found = covers.get(p);
    if (found === undefined) {
      found = m.compiled[p].egress.rules.some(
        (rule) =>
          m.conns.has(m.rulePorts(rule).upper, DNS) &&
          (rule.peers === null ||
            rule.peers.some(
              (peer) =>
                peer.kind === 'unreadable' ||
                (peer.kind === 'block' && addresses.some((a) => m.blockMask(peer, a))),
            )),
      );
      covers.set(p, found);
    }
    return found;
  };
  m.compiled.forEach((policy, i) => {
    if (!m.active[i] || policy.egress.applies !== 'yes' || permitsCache(i)) return;
    const at = policy.egress.rules.findIndex(
      (rule, r) =>
        m.conns.has(m.rulePorts(rule).lower, DNS) &&
        rule.peers?.some((peer, k) => {
          if (peer.kind !== 'pods') return false;
          const id = m.peerIdOf(i, 'egress', r, k);
          return [...dnsClasses].some((c) => m.peerMask(id, c) !== 0);
        }),
    );
    if (at < 0) return;
    const n = m.spaces.index.get(policy.namespace) as number;
    let pods = 0;
    for (let c = m.firstClassOf[n]; c < m.firstClassOf[n + 1]; c++) {
      if (m.classStateEgress[c] !== 'isolated') continue;
      const selecting = m.policiesOf(c, 'egress').map((one) => one.policy);
      if (selecting.includes(i) && !selecting.some(permitsCache)) pods += m.classCount.items[c];
    }
    if (pods === 0) return;
    add('policy.dns-local-cache', i, `spec.egress[${at}]`, {
      address: addresses.map(formatAddress).join(', '),
      pods,
    });
  });
}

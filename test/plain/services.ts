/**
 * What the semantics say of a Service's addresses (S29), one endpoint at a time, for the plain evaluator. Shares no
 * code with the product.
 */
import type { PodRecord, Protocol, ServiceRecord, Snapshot } from '../../shared/kube/snapshot.ts';
import { parseAddress, type Address } from './address.ts';
import {
  endAt,
  plainPair,
  takesPart,
  type PlainAnswer,
  type PlainCluster,
  type PlainEnd,
} from './evaluate.ts';
import { PERHAPS, type Three } from './policy.ts';

/** An endpoint and its port; null for one of which nothing is known. */
type Behind = { end: PlainEnd; port: number } | null;

const sameAddress = (text: string, address: Address): boolean => {
  const other = parseAddress(text);
  return other !== null && other.family === address.family && other.value === address.value;
};

function behind(
  snapshot: Snapshot,
  service: ServiceRecord,
  port: ServiceRecord['ports'][number],
  address: Address,
): Behind[] {
  const all = snapshot.endpointSlices.filter(
    (s) => s.namespace === service.namespace && s.service === service.name,
  );
  const slices = all.some((s) => !s.legacy) ? all.filter((s) => !s.legacy) : all;
  const unready = slices.flatMap((s) => s.notReady ?? []);
  const out: Behind[] = [];
  const taken = new Set<PodRecord>();
  const pods = snapshot.pods.filter((p) => p.namespace === service.namespace && takesPart(p));
  const onPod = (pod: (typeof pods)[number]): number | null => {
    if (port.targetPort === null) return port.port;
    if (typeof port.targetPort === 'number') return port.targetPort;
    return pod.ports.find((p) => p.name === port.targetPort && p.protocol === port.protocol)?.port ?? null;
  };
  const { selector } = service;
  if (selector !== null) {
    for (const pod of pods) {
      if (!Object.keys(selector).every((key) => pod.labels[key] === selector[key])) continue;
      taken.add(pod);
      if (pod.kind === 'Pod' && (unready.includes(pod.name) || pod.ips.some((ip) => unready.includes(ip))))
        continue;
      const number = onPod(pod);
      if (number !== null) out.push({ end: { type: 'pod', pod }, port: number });
    }
  }
  const selected = taken.size > 0;
  for (const slice of slices) {
    const entry = slice.ports?.find((p) => p.name === port.name && p.protocol === port.protocol);
    if (slice.ports !== undefined && entry === undefined) continue;
    for (const name of slice.pods) {
      if (unready.includes(name)) continue;
      const pod = snapshot.pods.find(
        (p) => p.namespace === service.namespace && p.kind === 'Pod' && p.name === name,
      );
      if (pod === undefined) {
        if (!selected) out.push(null);
        continue;
      }
      if (!takesPart(pod) || taken.has(pod)) continue;
      taken.add(pod);
      const number = entry?.port ?? onPod(pod);
      if (number !== null) out.push({ end: { type: 'pod', pod }, port: number });
    }
    for (const text of slice.addresses) {
      if (unready.includes(text) || parseAddress(text)?.family !== address.family) continue;
      const end = endAt(snapshot, text);
      if (end === null || (end.type === 'pod' && taken.has(end.pod))) continue;
      const number = entry?.port ?? port.targetPort ?? port.port;
      out.push(typeof number === 'string' ? null : { end, port: number });
    }
  }
  // An endpoint without an address of the family is none of this Service address.
  return out.filter((one) => {
    if (one === null) return true;
    if (one.end.type !== 'pod') return one.end.ip.family === address.family;
    const { pod } = one.end;
    const node = pod.hostNetwork ? snapshot.nodes.find((n) => n.name === pod.node) : undefined;
    const ips = pod.ips.length > 0 ? pod.ips : (node?.ips ?? []);
    return ips.length === 0 || ips.some((ip) => parseAddress(ip)?.family === address.family);
  });
}

const agreed = (values: Three[]): Three =>
  values.length > 0 && values.every((v) => v === values[0]) ? (values[0] as Three) : PERHAPS;

/**
 * The verdict on a connection to an address of a Service; 'no-port' where it lacks the port, null where the address is
 * no Service's at that port. `how` 'rough': said more loosely (see PlainAnswer).
 */
export function plainService(
  cluster: PlainCluster,
  src: PlainEnd,
  text: string,
  protocol: Protocol,
  port: number,
  how: keyof PlainAnswer = 'verdict',
): Three | 'no-port' | null {
  const { snapshot } = cluster;
  const address = parseAddress(text);
  if (address === null) return null;
  const here = endAt(snapshot, text) as PlainEnd;
  const plain = (): Three => plainPair(cluster, src, here, protocol, port, address.family)[how];
  const translated = (service: ServiceRecord, entry: ServiceRecord['ports'][number]): Three => {
    const ends = behind(snapshot, service, entry, address);
    if (ends.length > 0 && !ends.includes(null)) {
      return agreed(
        ends.map((one) => {
          const { end, port: number } = one as Exclude<Behind, null>;
          return plainPair(cluster, src, end, protocol, number, address.family)[how];
        }),
      );
    }
    // Nothing is known of it; it could even be the source itself or its node (S7).
    return PERHAPS;
  };
  /** Only a pod's own side may see the address as it stands; who calls from elsewhere gets to the endpoints. */
  const bothReadings = (service: ServiceRecord, entry: ServiceRecord['ports'][number]): Three =>
    src.type === 'pod' ? agreed([translated(service, entry), plain()]) : translated(service, entry);
  const wanted = (s: ServiceRecord): ServiceRecord['ports'][number] | undefined =>
    s.ports.find((p) => p.port === port && p.protocol === protocol);
  const owns = (list: string[]): boolean => list.some((ip) => sameAddress(ip, address));
  const listensHere = snapshot.pods.some(
    (p) => takesPart(p) && (p.localDns ?? []).some((ip) => sameAddress(ip, address)),
  );
  for (const service of snapshot.services) {
    const entry = wanted(service);
    if (entry === undefined) continue;
    if (owns(service.clusterIPs)) {
      if (here.type !== 'ip') return null;
      return listensHere ? bothReadings(service, entry) : translated(service, entry);
    }
    if (owns(service.externalIPs) || owns(service.loadBalancerIPs)) {
      return bothReadings(service, entry);
    }
  }
  if (here.type === 'ip' && snapshot.services.some((s) => owns(s.clusterIPs))) return 'no-port';
  if (here.type === 'node') {
    for (const service of snapshot.services) {
      const entry = service.ports.find((p) => p.nodePort === port && p.protocol === protocol);
      if (entry && snapshot.nodes.some((n) => n.ips.some((ip) => sameAddress(ip, address)))) {
        return bothReadings(service, entry);
      }
    }
  }
  return null;
}

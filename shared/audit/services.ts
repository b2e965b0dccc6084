/**
 * Addresses that belong to Services (S29): what is behind them, and what is said of a connection to one. A Service is
 * asked through its endpoints; each of them is answered as if it had been named itself.
 */
import { PROTOCOLS, type PodRecord, type Protocol, type ServicePort } from '../kube/snapshot.ts';
import type { EndpointPort, EndpointSliceRecord, ServiceRecord } from '../kube/snapshot.ts';
import { LOCAL_DNS_ADDRESS } from '../kube/project.ts';
import { formatAddress, parseAddress, type Address } from '../net/ip.ts';
import { isFinished, type Model } from '../policy/model.ts';
import { NoServicePortError, QuestionError } from './api.ts';
import { targetText } from './targetText.ts';
import type {
  AssumptionUse,
  ConnJson,
  Direction,
  DirectionReason,
  Explanation,
  Probe,
  ProbeEnd,
  Remedy,
  ServiceAnswer,
  ServiceTarget,
  Verdict,
} from './result.ts';

/** How an address belongs to a Service. */
export type AddressUse = 'clusterIP' | 'externalIP' | 'loadBalancer' | 'nodePort';

/** One endpoint of a Service's port: a pod (index in the snapshot) or an address, and the port that it receives on. */
export type Endpoint =
  | { pod: number; port: number }
  | { address: string; port: number }
  /** A pod that a slice names and that was not read. */
  | { unread: string; port: number | null };

interface Owner {
  service: ServiceRecord;
  as: AddressUse;
}

/** Canonical text of an address; null where it is none. */
function canonical(ip: string): string | null {
  const address = parseAddress(ip);
  return address === null ? null : formatAddress(address);
}

const familyOf = (address: Address): 'IPv4' | 'IPv6' => (address.family === 4 ? 'IPv4' : 'IPv6');

/** Which Services there are by name and address, and what is behind them. */
export class ServiceIndex {
  private readonly m: Model;
  private readonly byAddress = new Map<string, Owner[]>();
  private readonly byName = new Map<string, ServiceRecord>();
  private readonly slices = new Map<string, EndpointSliceRecord[]>();
  /** Pods that have ended, by namespace and name. */
  private readonly finished = new Set<string>();
  /** Addresses at which a node-local DNS cache answers, with the pods that do. */
  readonly localDns: ReadonlySet<string>;
  /** Services of some namespace were not read, so an address may be one's (S25). */
  readonly unread: boolean;

  constructor(m: Model) {
    this.m = m;
    const { services, endpointSlices, pods, coverage } = m.snapshot;
    for (const service of services) {
      this.byName.set(`${service.namespace}/${service.name}`, service);
      const lists: [AddressUse, string[]][] = [
        ['clusterIP', service.clusterIPs],
        ['externalIP', service.externalIPs],
        ['loadBalancer', service.loadBalancerIPs],
      ];
      for (const [as, ips] of lists) {
        for (const ip of ips) {
          const text = canonical(ip);
          if (text === null) continue;
          const list = this.byAddress.get(text) ?? [];
          if (list.length === 0) this.byAddress.set(text, list);
          list.push({ service, as });
        }
      }
    }
    for (const slice of endpointSlices) {
      if (slice.service === null) continue;
      const key = `${slice.namespace}/${slice.service}`;
      const list = this.slices.get(key);
      if (list) list.push(slice);
      else this.slices.set(key, [slice]);
    }
    // A dump holds both; the older kind only says the same again.
    for (const [key, list] of this.slices) {
      const newer = list.filter((slice) => slice.legacy !== true);
      if (newer.length > 0 && newer.length < list.length) this.slices.set(key, newer);
    }
    const local = new Set<string>();
    for (const pod of pods) {
      if (isFinished(pod)) this.finished.add(`${pod.namespace}/${pod.name}`);
      else
        for (const ip of pod.localDns ?? []) {
          const text = canonical(ip);
          if (text !== null) local.add(text);
        }
    }
    this.localDns = local;
    const lists = coverage.entries.filter((entry) => entry.verb === 'list');
    this.unread =
      lists.length > 0 &&
      !lists.some((e) => e.resource === 'services' && e.namespace === null && e.outcome === 'read');
  }

  /** The Service of a name, or undefined. */
  named(namespace: string, name: string): ServiceRecord | undefined {
    return this.byName.get(`${namespace}/${name}`);
  }

  /** Services whose address it is, by namespace and name. */
  at(address: Address): readonly Owner[] {
    return this.byAddress.get(formatAddress(address)) ?? [];
  }

  /** Services that every node leads to at a port, by namespace and name. */
  atNodePort(protocol: Protocol, port: number): ServiceRecord[] {
    return this.m.snapshot.services.filter((s) =>
      s.ports.some((p) => p.nodePort === port && p.protocol === protocol),
    );
  }

  slicesOf(service: ServiceRecord): readonly EndpointSliceRecord[] {
    return this.slices.get(`${service.namespace}/${service.name}`) ?? [];
  }

  /**
   * The endpoints of a Service's port: pods that its selector selects (but those that a slice calls not ready), and
   * what its slices name. Pods that have ended take no part (S17).
   */
  endpoints(service: ServiceRecord, port: ServicePort): Endpoint[] {
    const { snapshot, spaces } = this.m;
    const slices = this.slicesOf(service);
    const notReady = new Set(slices.flatMap((slice) => slice.notReady ?? []));
    const at = spaces.index.get(service.namespace);
    const inNamespace = at === undefined ? [] : this.m.podsOfNamespace(at);
    const out: Endpoint[] = [];
    const seen = new Set<number>();
    const selected = service.selector === null ? null : Object.entries(service.selector);
    if (selected !== null) {
      for (const i of inNamespace) {
        const pod = snapshot.pods[i];
        if (!selected.every(([key, value]) => pod.labels[key] === value)) continue;
        seen.add(i);
        if (pod.kind === 'Pod' && (notReady.has(pod.name) || pod.ips.some((ip) => notReady.has(ip))))
          continue;
        const number = targetOn(pod, port);
        if (number !== null) out.push({ pod: i, port: number });
      }
    }
    const byName = new Map<string, number>();
    const byIp = new Map<string, number>();
    if (slices.length > 0) {
      for (const i of inNamespace) {
        const pod = snapshot.pods[i];
        if (pod.kind === 'Pod') byName.set(pod.name, i);
        if (!pod.hostNetwork) for (const ip of pod.ips) byIp.set(ip, i);
      }
    }
    const done = new Set<string>();
    for (const slice of slices) {
      const number = portOf(slice, port);
      if (number === undefined) continue;
      for (const name of slice.pods) {
        const i = byName.get(name);
        if (notReady.has(name) || (i !== undefined && seen.has(i))) continue;
        if (i === undefined && this.finished.has(`${service.namespace}/${name}`)) continue;
        // A dump may hold workloads where the cluster has pods: its selector has found them.
        if (i === undefined && seen.size > 0) continue;
        if (i === undefined) out.push({ unread: `${service.namespace}/${name}`, port: number });
        else {
          seen.add(i);
          const resolved = number ?? targetOn(snapshot.pods[i], port);
          if (resolved !== null) out.push({ pod: i, port: resolved });
        }
      }
      for (const ip of slice.addresses) {
        const text = canonical(ip);
        if (text === null || notReady.has(ip)) continue;
        const i = byIp.get(ip);
        if (i !== undefined && seen.has(i)) continue;
        const resolved =
          number ?? (typeof port.targetPort === 'string' ? null : (port.targetPort ?? port.port));
        const key = `${text} ${resolved}`;
        if (done.has(key)) continue;
        done.add(key);
        if (resolved === null) out.push({ unread: text, port: null });
        else out.push({ address: text, port: resolved });
      }
    }
    return out;
  }
}

/** The number that a Service's port leads to on a pod; null where the pod declares no port of that name. */
function targetOn(pod: PodRecord, port: ServicePort): number | null {
  if (typeof port.targetPort === 'number') return port.targetPort;
  if (port.targetPort === null) return port.port;
  // The first that bears the name counts, as the endpoints of a Service are made.
  return pod.ports.find((p) => p.name === port.targetPort && p.protocol === port.protocol)?.port ?? null;
}

/** The number of a slice for a Service's port: null where it does not say, undefined where it has none for it. */
function portOf(slice: EndpointSliceRecord, port: ServicePort): number | null | undefined {
  if (slice.ports === undefined) return null;
  const same = (p: EndpointPort): boolean => p.name === port.name && p.protocol === port.protocol;
  const found = slice.ports.find(same);
  return found === undefined ? undefined : found.port;
}

/** `TCP/80, UDP/53`, each once. */
function portsText(ports: readonly ServicePort[]): string {
  return [...new Set(ports.map((p) => `${p.protocol}/${p.port}`))].join(', ');
}

export const serviceName = (service: { namespace: string; name: string }): string =>
  `${service.namespace}/${service.name}`;

/** What all of several ends together say: their verdict where they agree, else depends. */
function together(verdicts: readonly Verdict[]): Verdict {
  return verdicts.every((v) => v === verdicts[0]) ? (verdicts[0] ?? 'depends') : 'depends';
}

/** A Service as the destination of a question. */
interface Asked {
  service: ServiceRecord;
  as: AddressUse | 'name';
  address: Address | null;
  /** Undefined where the Service lacks the port that was asked. */
  port: ServicePort | undefined;
}

/** States in which the destination makes no difference to the source's side. */
const FREE = new Set<DirectionReason['state']>(['not-isolated', 'not-enforced', 'not-isolatable', 'outside']);

/** An endpoint with its own answer and the question that gave it; both null where nothing is known of it. */
interface Target {
  end: ServiceTarget['end'];
  port: number | null;
  answer: Explanation | null;
  probe: Probe | null;
}

/** So many endpoints that differ are looked at for what would permit them; each is tried on a copy of the cluster. */
const MOST_REMEDIES = 6;

/** No endpoint is named one by one beyond so many. */
const MOST_TARGETS = 100;

export class Services {
  private readonly m: Model;
  /** Answers a question on pods, nodes and addresses as they stand. */
  private readonly direct: (probe: Probe, whole: boolean) => Explanation;
  private built: ServiceIndex | null = null;
  private nodes: Set<string> | null = null;

  constructor(m: Model, direct: (probe: Probe, whole: boolean) => Explanation) {
    this.m = m;
    this.direct = direct;
  }

  private get index(): ServiceIndex {
    return (this.built ??= new ServiceIndex(this.m));
  }

  /**
   * The answer to any question, through a Service where its destination is one's.
   * @param whole with what would permit a denied connection
   * @throws QuestionError as `Points.explain`; for a Service that lacks the port; for a Service as the source
   */
  explain(probe: Probe, whole: boolean): Explanation {
    const known = PROTOCOLS.includes(probe.protocol as Protocol) && probe.port >= 1 && probe.port <= 65535;
    if (!known) return this.direct(probe, whole);
    this.checkSource(probe.src);
    const asked = this.asked(probe);
    if (asked === null) return this.marked(probe, this.direct(probe, whole));
    const { service, address, port } = asked;
    if (address !== null && probe.family !== undefined && familyOf(address) !== probe.family)
      throw new QuestionError(`${formatAddress(address)} has no ${probe.family} address`);
    if (port === undefined) {
      const own = service.ports.length === 0 ? 'none' : portsText(service.ports);
      throw new NoServicePortError(
        `Service ${serviceName(service)} has no port ${probe.protocol}/${probe.port} (its ports: ${own})`,
      );
    }
    const answer = this.through(probe, asked, port, whole);
    this.addPorts(probe, asked, answer);
    return this.marked(probe, answer);
  }

  private checkSource(src: ProbeEnd): void {
    const service = this.byName(src);
    if (service)
      throw new QuestionError(`Service ${serviceName(service)} opens no connections: name its pods`);
    if (!('ip' in src) || typeof src.ip !== 'string') return;
    const address = parseAddress(src.ip);
    const owner = address === null ? undefined : this.index.at(address).find((o) => o.as === 'clusterIP');
    if (owner && this.isOutside(src.ip))
      throw new QuestionError(
        `${src.ip} is the address of Service ${serviceName(owner.service)}: connections lead to it, never from it`,
      );
  }

  /** The Service that `Service/name` means, where no pod or workload is called so. */
  private byName(end: ProbeEnd): ServiceRecord | undefined {
    if (!('pod' in end) || typeof end.pod !== 'string' || !end.pod.startsWith('Service/')) return undefined;
    return this.index.named(end.namespace, end.pod.slice('Service/'.length));
  }

  /** Is it an address of neither a pod nor a node? */
  private isOutside(ip: string): boolean {
    return !this.nodeAddresses().has(canonical(ip) ?? '') && !this.podAddresses().has(canonical(ip) ?? '');
  }

  private nodeAddresses(): Set<string> {
    if (!this.nodes) {
      this.nodes = new Set();
      for (const node of this.m.snapshot.nodes)
        for (const ip of node.ips) this.nodes.add(canonical(ip) ?? '');
    }
    return this.nodes;
  }

  private pods: Set<string> | null = null;
  private podAddresses(): Set<string> {
    if (!this.pods) {
      this.pods = new Set();
      for (const pod of this.m.snapshot.pods)
        if (!isFinished(pod)) for (const ip of pod.ips) this.pods.add(canonical(ip) ?? '');
    }
    return this.pods;
  }

  /**
   * Ports at which a destination leads to a Service; null where none does. `only`: it has no other ports, since the
   * address is the Service's alone.
   * @throws QuestionError for a Service that has no address of its own
   */
  portsAt({ dst, family }: Pick<Probe, 'dst' | 'family'>): {
    ports: { protocol: Protocol; port: number }[];
    only: boolean;
  } | null {
    const ports = new Map<string, { protocol: Protocol; port: number }>();
    let only = false;
    const add = (protocol: Protocol, port: number): void => {
      ports.set(`${protocol}/${port}`, { protocol, port });
    };
    const named = this.byName(dst);
    if (named) {
      // A Service that cannot be asked says so.
      this.asked({ src: dst, dst, protocol: 'TCP', port: 1, family });
      for (const p of named.ports) add(p.protocol, p.port);
      only = true;
    } else if ('ip' in dst && typeof dst.ip === 'string') {
      const address = parseAddress(dst.ip);
      if (address === null) return null;
      for (const { service, as } of this.index.at(address)) {
        if (as === 'clusterIP' && !this.isOutside(dst.ip)) continue;
        if (as === 'clusterIP') only = true;
        for (const p of service.ports) add(p.protocol, p.port);
      }
      if (this.nodeAddresses().has(formatAddress(address)))
        for (const service of this.m.snapshot.services)
          for (const p of service.ports) if (p.nodePort !== undefined) add(p.protocol, p.nodePort);
    }
    return ports.size === 0 && !only ? null : { ports: [...ports.values()], only };
  }

  /** What the destination of a question is to a Service; null where it is none's. */
  private asked(probe: Probe): Asked | null {
    const { dst } = probe;
    const same = (p: ServicePort): boolean => p.port === probe.port && p.protocol === probe.protocol;
    const service = this.byName(dst);
    if (service) {
      if (service.type === 'ExternalName')
        throw new QuestionError(
          `Service ${serviceName(service)} is an ExternalName: it has no endpoints here`,
        );
      if (service.headless === true)
        throw new QuestionError(
          `Service ${serviceName(service)} is headless: it has no address; ask for its pods`,
        );
      const addresses = service.clusterIPs.map(parseAddress).filter((a) => a !== null);
      const address =
        addresses.find((a) => probe.family === undefined || familyOf(a) === probe.family) ?? null;
      return { service, as: 'name', address, port: service.ports.find(same) };
    }
    if (!('ip' in dst) || typeof dst.ip !== 'string') return null;
    const address = parseAddress(dst.ip);
    if (address === null) return null;
    const owners = this.index.at(address);
    const fitting = owners.find((o) => o.service.ports.some(same));
    if (fitting) {
      // Only what is no pod's and no node's own can be a cluster IP.
      if (fitting.as === 'clusterIP' && !this.isOutside(dst.ip)) return null;
      return { ...fitting, address, port: fitting.service.ports.find(same) };
    }
    const own = owners.find((o) => o.as === 'clusterIP');
    if (own && this.isOutside(dst.ip)) return { ...own, address, port: undefined };
    if (this.nodeAddresses().has(formatAddress(address))) {
      const [published] = this.index.atNodePort(probe.protocol as Protocol, probe.port);
      const port = published?.ports.find((p) => p.nodePort === probe.port && p.protocol === probe.protocol);
      if (published && port) return { service: published, as: 'nodePort', address, port };
    }
    return null;
  }

  /** Does something answer at the address itself, so that it may be compared as it stands? */
  private mayStayAsItIs({ as, address }: Asked, { src }: Explanation): boolean {
    // Whoever calls from outside or from a node gets to the pods in any case.
    if (src.type !== 'pod') return false;
    if (as !== 'clusterIP' && as !== 'name') return true;
    return address !== null && this.index.localDns.has(formatAddress(address));
  }

  private through(probe: Probe, asked: Asked, port: ServicePort, whole: boolean): Explanation {
    const { service, as, address } = asked;
    const name = serviceName(service);
    const targets = this.targets(probe, asked, port);
    const plain = address === null ? null : this.asItStands(probe, address);
    const verdicts = targets.map((t) => t.answer?.verdict ?? 'depends');
    const asItIs = plain !== null && this.mayStayAsItIs(asked, plain) ? plain : null;
    const base = this.combined(probe, asked, targets, plain);
    const translated = together(verdicts);
    const shown: ServiceTarget[] = targets.slice(0, MOST_TARGETS).map(({ end, port: number, answer }) => ({
      end,
      port: number,
      verdict: answer?.verdict ?? 'depends',
    }));
    const answer: ServiceAnswer = {
      namespace: service.namespace,
      name: service.name,
      as,
      state: targets.length === 0 ? 'no-endpoints' : 'translated',
      targets: shown,
      count: targets.length,
      ...(asItIs === null ? {} : { untranslated: asItIs.verdict }),
    };
    let verdict = targets.length === 0 ? base.verdict : translated;
    const mark: AssumptionUse = { rule: 'S29', name: 'service', value: name };
    let egress = base.egress;
    let ingress = base.ingress;
    if (asItIs === null || asItIs.verdict === verdict) egress = withUse(egress, mark);
    else {
      const local = as === 'clusterIP' || as === 'name';
      const behind = translated === 'permitted' || asItIs.verdict === 'denied';
      const [led, stays] = local ? ['translated', 'localCache'] : ['translated', 'untranslated'];
      const use: AssumptionUse = {
        rule: 'S29',
        name: 'serviceReading',
        value: formatAddress(address as Address),
        permittedIf: behind ? led : stays,
        deniedIf: behind ? stays : led,
      };
      const readings: Record<Direction, Verdict> = {
        egress: together([base.egress.verdict, asItIs.egress.verdict]),
        ingress: together([base.ingress.verdict, asItIs.ingress.verdict]),
      };
      verdict = 'depends';
      egress = withUse(merged([egress, asItIs.egress], readings.egress), use);
      ingress = merged([ingress, asItIs.ingress], readings.ingress);
      if (readings.egress !== 'depends') ingress = withUse(ingress, use);
    }
    if (as !== 'nodePort' && plain !== null && asItIs === null && namesBlock(this.m, plain.egress)) {
      egress = withUse(egress, {
        rule: 'S29',
        name: 'serviceBlock',
        value: formatAddress(address as Address),
      });
    }
    return {
      ...base,
      dst: {
        type: 'service',
        namespace: service.namespace,
        name: service.name,
        ip: address === null ? null : formatAddress(address),
      },
      protocol: probe.protocol as Protocol,
      port: probe.port,
      family: address === null ? base.family : familyOf(address),
      verdict,
      paperVerdict: together([
        ...targets.map((t) => t.answer?.paperVerdict ?? 'depends'),
        ...(asItIs === null ? [] : [asItIs.paperVerdict]),
      ]),
      egress,
      ingress,
      remedy:
        whole && verdict === 'denied' ? this.remedy(targets, asItIs === null ? null : probe, address) : null,
      service: answer,
    };
  }

  /**
   * What would permit each endpoint, and the address itself where it may be compared; null where one of them has no
   * remedy, or where there are too many that differ.
   */
  private remedy(targets: readonly Target[], plain: Probe | null, address: Address | null): Remedy | null {
    const probes = [...new Set(targets.map((t) => t.probe))];
    if (plain !== null && address !== null)
      probes.push({ ...plain, dst: { ip: formatAddress(address) }, family: undefined });
    if (probes.length === 0 || probes.length > MOST_REMEDIES) return null;
    return mergeRemedies(probes.map((p) => (p === null ? null : this.direct(p, true).remedy)));
  }

  /** The answer for an address of a Service as if it were none. */
  private asItStands(probe: Probe, address: Address): Explanation {
    const ip = formatAddress(address);
    const answer = this.direct({ ...probe, dst: { ip }, family: undefined }, false);
    if (!this.index.localDns.has(ip) || answer.dst.type !== 'ip') return answer;
    // A cache on the node answers, not something outside.
    return { ...answer, ingress: { ...answer.ingress, state: 'not-isolatable' } };
  }

  /** Each endpoint with its own answer; those of pods that are alike share one. */
  private targets(probe: Probe, { service, address }: Asked, port: ServicePort): Target[] {
    const { snapshot, podClass } = this.m;
    const family = address === null ? probe.family : familyOf(address);
    const known = new Map<string, { answer: Explanation; probe: Probe }>();
    const from = this.sourcePod(probe);
    const fromNode = from < 0 || snapshot.pods[from].hostNetwork;
    const out: Target[] = [];
    const hasFamily = (pod: PodRecord): boolean =>
      family === undefined ||
      this.m.addressesOf(pod).length === 0 ||
      (this.m.familiesOf(pod) & (family === 'IPv4' ? 1 : 2)) !== 0;
    for (const endpoint of this.index.endpoints(service, port)) {
      if ('unread' in endpoint) {
        const there = parseAddress(endpoint.unread);
        if (there !== null && family !== undefined && familyOf(there) !== family) continue;
        out.push({
          end: { type: 'unread', name: endpoint.unread },
          port: endpoint.port,
          answer: null,
          probe: null,
        });
        continue;
      }
      const asked = { protocol: probe.protocol, port: endpoint.port, src: probe.src };
      if ('address' in endpoint) {
        const there = parseAddress(endpoint.address);
        if (there === null || (family !== undefined && familyOf(there) !== family)) continue;
        const direct = { ...asked, dst: { ip: endpoint.address } };
        const answer = this.direct(direct, false);
        out.push({ end: answer.dst as ServiceTarget['end'], port: endpoint.port, answer, probe: direct });
        continue;
      }
      const pod = snapshot.pods[endpoint.pod];
      if (!hasFamily(pod)) continue;
      const dst = { namespace: pod.namespace, pod: `${pod.kind}/${pod.name}` };
      // The own node and the pod itself are answered for each pod alone (S7).
      const alone = fromNode || pod.hostNetwork || endpoint.pod === from;
      const key = `${podClass[endpoint.pod]} ${endpoint.port} ${alone ? endpoint.pod : ''}`;
      let one = known.get(key);
      if (!one) {
        const direct = { ...asked, dst, ...(family === undefined ? {} : { family }) };
        one = { answer: this.direct(direct, false), probe: direct };
        known.set(key, one);
      }
      const end: ServiceTarget['end'] = {
        type: 'pod',
        namespace: pod.namespace,
        name: pod.name,
        kind: pod.kind,
      };
      out.push({ end, port: endpoint.port, ...one });
    }
    return out;
  }

  /** Index of the pod that a question comes from; -1 where it comes from an address. */
  private sourcePod(probe: Probe): number {
    if ('ip' in probe.src && parseAddress(probe.src.ip) === null) return -1;
    const { src } = this.direct(
      {
        src: probe.src,
        dst: probe.src,
        protocol: probe.protocol,
        port: probe.port,
      },
      false,
    );
    if (src.type !== 'pod') return -1;
    return this.m.snapshot.pods.findIndex(
      (p) => p.namespace === src.namespace && p.name === src.name && p.kind === src.kind,
    );
  }

  /** One explanation for all endpoints: theirs where they agree, else depends in the directions that differ. */
  private combined(
    probe: Probe,
    { service }: Asked,
    targets: Target[],
    plain: Explanation | null,
  ): Explanation {
    const name = serviceName(service);
    const answered = targets.flatMap((t) => (t.answer === null ? [] : [t.answer]));
    if (answered.length < targets.length || targets.length === 0) {
      // What is not known of where it leads leaves both sides open, but for what the source may do in any case.
      const base =
        plain ??
        answered[0] ??
        this.direct({ ...probe, dst: { ip: probe.family === 'IPv6' ? '100::1' : '192.0.2.1' } }, false);
      const use: AssumptionUse = {
        rule: 'S29',
        name: 'serviceEndpoints',
        value: name,
        permittedIf: 'its endpoints are permitted',
        deniedIf: 'its endpoints are denied',
      };
      // An isolated source still reaches itself and its own node (S7), and either may be behind it.
      const free = FREE.has(base.egress.state) && base.egress.verdict === 'permitted';
      const egress: DirectionReason = free
        ? base.egress
        : { ...base.egress, verdict: 'depends', permits: [], assumptions: [use] };
      const ingress: DirectionReason = {
        direction: 'ingress',
        verdict: 'depends',
        state: 'unknown',
        policies: [],
        permits: [],
        assumptions: [use],
      };
      return {
        ...base,
        verdict: 'depends',
        paperVerdict: 'depends',
        egress,
        ingress,
        conns: {},
        depends: {},
        remedy: null,
      };
    }
    const verdict = together(answered.map((a) => a.verdict));
    const enforced = answered.some((a) => a.enforced === 'no')
      ? 'no'
      : answered.some((a) => a.enforced === 'unknown')
        ? 'unknown'
        : 'yes';
    const agree = answered.every((a) => a.verdict === verdict);
    if (agree) return { ...answered[0], enforced };
    const names = (wanted: Verdict): string =>
      [...new Set(targets.filter((t) => t.answer?.verdict === wanted).map((t) => targetText(t.end, t.port)))]
        .slice(0, 6)
        .join(', ');
    const use: AssumptionUse = {
      rule: 'S29',
      name: 'serviceEndpoint',
      value: name,
      permittedIf:
        names('permitted') === '' ? `endpoint ${names('depends')}` : `endpoint ${names('permitted')}`,
      deniedIf: names('denied') === '' ? `endpoint ${names('depends')}` : `endpoint ${names('denied')}`,
    };
    const side = (direction: Direction): DirectionReason => {
      const reasons = answered.map((a) => a[direction]);
      const all = together(reasons.map((r) => r.verdict));
      return reasons.every((r) => r.verdict === all) ? reasons[0] : withUse(merged(reasons, 'depends'), use);
    };
    return { ...answered[0], enforced, verdict, egress: side('egress'), ingress: side('ingress') };
  }

  /** What is permitted between the two is said for the Service's own ports. */
  private addPorts(probe: Probe, asked: Asked, answer: Explanation): void {
    const conns: ConnJson = {};
    const depends: ConnJson = {};
    const own =
      asked.as === 'nodePort'
        ? asked.service.ports.filter((p) => p.nodePort === probe.port)
        : asked.service.ports;
    for (const protocol of PROTOCOLS) {
      for (const port of [...own].sort((a, b) => a.port - b.port)) {
        if (port.protocol !== protocol) continue;
        const number = asked.as === 'nodePort' ? (port.nodePort as number) : port.port;
        const verdict =
          number === probe.port && protocol === probe.protocol
            ? answer.verdict
            : this.through({ ...probe, port: number, protocol }, { ...asked, port }, port, false).verdict;
        if (verdict === 'permitted') addPort(conns, protocol, number);
        else if (verdict === 'depends') addPort(depends, protocol, number);
      }
    }
    answer.conns = conns;
    answer.depends = depends;
  }

  // ---- marks (S23, S25, S29) ----

  private marked(probe: Probe, e: Explanation): Explanation {
    let { egress, ingress } = e;
    // An outside source may have been rewritten on its way to a published pod.
    if (e.src.type === 'ip' && e.dst.type !== 'ip' && ingress.policies.length > 0) {
      for (const service of this.publishedTo(e)) {
        ingress = withUse(ingress, { rule: 'S23', name: 'sourceRewrite', value: serviceName(service) });
      }
    }
    if (e.dst.type === 'ip') {
      const { ip } = e.dst;
      const address = parseAddress(ip) as Address;
      const dns = probe.port === 53 && probe.protocol !== 'SCTP';
      if (this.index.localDns.has(ip) || (dns && ip === LOCAL_DNS_ADDRESS)) {
        egress = withUse(egress, { rule: 'S29', name: 'localDns', value: ip });
        ingress = { ...ingress, state: 'not-isolatable' };
      }
      const [owner] = this.index.at(address);
      if (owner)
        egress = withUse(egress, { rule: 'S29', name: 'serviceOther', value: serviceName(owner.service) });
      else if (this.index.unread && e.src.type !== 'ip')
        egress = withUse(egress, { rule: 'S25', name: 'coverage', value: 'services' });
    }
    return egress === e.egress && ingress === e.ingress ? e : { ...e, egress, ingress };
  }

  /** Services that publish the pod at the port that was asked, and may rewrite who called. */
  private publishedTo(e: Explanation): ServiceRecord[] {
    if (e.dst.type === 'service') {
      const service = this.index.named(e.dst.namespace, e.dst.name);
      return service && rewrites(service) ? [service] : [];
    }
    if (e.dst.type !== 'pod') return [];
    const { namespace, name, kind } = e.dst;
    return this.publishedPods().get(`${namespace}/${kind}/${name} ${e.protocol}/${e.port}`) ?? [];
  }

  private published: Map<string, ServiceRecord[]> | null = null;
  private publishedPods(): Map<string, ServiceRecord[]> {
    if (this.published) return this.published;
    this.published = new Map();
    for (const service of this.m.snapshot.services) {
      if (!rewrites(service)) continue;
      for (const port of service.ports) {
        for (const endpoint of this.index.endpoints(service, port)) {
          if (!('pod' in endpoint)) continue;
          const { namespace, name, kind } = this.m.snapshot.pods[endpoint.pod];
          const key = `${namespace}/${kind}/${name} ${port.protocol}/${endpoint.port}`;
          const list = this.published.get(key) ?? [];
          if (!list.includes(service)) list.push(service);
          this.published.set(key, list);
        }
      }
    }
    return this.published;
  }
}

/** May a Service put a node's address in place of the one that called (S23)? */
function rewrites(service: ServiceRecord): boolean {
  const published =
    service.type === 'LoadBalancer' || service.type === 'NodePort' || service.externalIPs.length > 0;
  return published && service.externalTrafficPolicy !== 'Local';
}

function withUse(reason: DirectionReason, use: AssumptionUse): DirectionReason {
  const same = reason.assumptions.some(
    (u) => u.rule === use.rule && u.name === use.name && u.value === use.value,
  );
  return same ? reason : { ...reason, assumptions: [...reason.assumptions, use] };
}

/** One reason for several: policies and rules of all, the words of the one that leaves most open. */
function merged(reasons: readonly DirectionReason[], verdict: Verdict): DirectionReason {
  const first =
    reasons.find((r) => r.verdict === verdict) ?? reasons.find((r) => r.verdict === 'denied') ?? reasons[0];
  const unique = <T>(items: readonly T[]): T[] => [
    ...new Map(items.map((item) => [JSON.stringify(item), item])).values(),
  ];
  const rules = unique(
    reasons.flatMap((r) =>
      r.permits.map((p) => (verdict === 'depends' ? { ...p, effect: 'may' as const } : p)),
    ),
  );
  const policies = unique(reasons.flatMap((r) => r.policies)).sort((a, b) =>
    `${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1,
  );
  const assumptions = unique(reasons.flatMap((r) => r.assumptions));
  return { ...first, verdict, policies, permits: rules, assumptions };
}

/** Does a block of a rule hold the address as it stands? */
function namesBlock(m: Model, egress: DirectionReason): boolean {
  return egress.permits.some((ref) => {
    if (ref.peer === null) return false;
    const policy = m.compiled.find((p) => p.namespace === ref.policy.namespace && p.name === ref.policy.name);
    return policy?.egress.rules[ref.rule]?.peers?.[ref.peer]?.kind === 'block';
  });
}

function addPort(conns: ConnJson, protocol: Protocol, port: number): void {
  const ranges = (conns[protocol] ??= []);
  const last = ranges.at(-1);
  if (last && last[1] >= port - 1) last[1] = Math.max(last[1], port);
  else ranges.push([port, port]);
}

interface Manifest {
  metadata: { name: string };
  spec: { podSelector: unknown; [side: string]: unknown };
}

/**
 * What would permit every endpoint: the remedies of all, those that differ in their peers alone put together. Null where
 * one of them has none.
 */
function mergeRemedies(remedies: readonly (Remedy | null)[]): Remedy | null {
  const out: Remedy['policies'] = [];
  for (const remedy of remedies) {
    if (remedy === null) return null;
    for (const policy of remedy.policies) {
      const side = policy.direction === 'ingress' ? 'from' : 'to';
      const rulesOf = (manifest: unknown): Record<string, unknown>[] =>
        (manifest as Manifest).spec[policy.direction] as Record<string, unknown>[];
      const key = (manifest: unknown): string =>
        JSON.stringify([
          (manifest as Manifest).spec.podSelector,
          rulesOf(manifest).map((rule) => ({ ...rule, [side]: null })),
        ]);
      const like = out.find(
        (o) =>
          o.direction === policy.direction &&
          o.namespace === policy.namespace &&
          key(o.manifest) === key(policy.manifest),
      );
      if (!like) {
        out.push({ ...policy, manifest: structuredClone(policy.manifest) });
        continue;
      }
      const rules = rulesOf(like.manifest);
      rulesOf(policy.manifest).forEach((rule, i) => {
        const peers = rules[i][side] as unknown[];
        const texts = new Set(peers.map((p) => JSON.stringify(p)));
        for (const peer of (rule[side] as unknown[]) ?? [])
          if (!texts.has(JSON.stringify(peer))) peers.push(peer);
      });
    }
  }
  // Policies of one name would replace each other.
  const taken = new Set<string>();
  for (const { namespace, manifest } of out) {
    const { metadata } = manifest as Manifest;
    const wanted = metadata.name;
    for (let n = 2; taken.has(`${namespace}/${metadata.name}`); n++) metadata.name = `${wanted}-${n}`;
    taken.add(`${namespace}/${metadata.name}`);
  }
  const [first] = remedies;
  if (out.length === 0 || !first) return null;
  if (remedies.length === 1) return first;
  const most = remedies.reduce<Remedy>(
    (a, b) => (b !== null && b.others.count > a.others.count ? b : a),
    first,
  );
  return {
    kind: 'add-rules',
    policies: out,
    verdict: remedies.every((r) => r?.verdict === 'permitted') ? 'permitted' : 'depends',
    // Each was tried alone: together they permit at least what the one that permits most does.
    others: { ...most.others, complete: false },
  };
}

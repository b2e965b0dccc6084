/** Services that are published outside the cluster: pods behind them that nothing isolates, and those that let nobody in. */
import { connPoint, PROTOCOL_INDEX } from '../../net/conns.ts';
import { matchesSelector } from '../../kube/selector.ts';
import type { PodRecord, ServiceRecord } from '../../kube/snapshot.ts';
import { ROW_OPEN, ROW_RAISES, type Model } from '../../policy/model.ts';
import type { IsolationState } from '../result.ts';
import { podsBehind, targetsOf, type Findings } from './list.ts';

/** What a port of a pod accepts, as far as the publishing of its Service is concerned. */
interface Accepts {
  /** An address outside the cluster or a node may come in by some rule. */
  outside: boolean;
  /** A pod of another namespace may, or of one that was not read. */
  others: boolean;
}

/** All findings on published Services. */
export function publishedChecks(m: Model, f: Findings, ingress: (podClass: number) => IsolationState): void {
  const { services, ingresses, pods } = m.snapshot;
  const through = new Map<string, string[]>();
  for (const { namespace, name, services: named } of ingresses) {
    for (const service of named) {
      const key = `${namespace}/${service}`;
      through.set(key, [...(through.get(key) ?? []), `Ingress ${name}`]);
    }
  }
  for (const service of services) {
    const { namespace, name, type } = service;
    const byAddress = [
      ...(type === 'LoadBalancer' || type === 'NodePort' ? [type] : []),
      ...(service.externalIPs.length > 0 ? ['externalIPs'] : []),
    ];
    const byIngress = through.get(`${namespace}/${name}`) ?? [];
    if (byAddress.length + byIngress.length === 0) continue;
    const behind = podsBehind(m, service);
    const object = { kind: 'Service', namespace, name };
    const place = service.place ?? null;
    const open = behind.filter((i) => {
      const state = ingress(m.podClass[i]);
      return state === 'open' || state === 'not-isolatable';
    }).length;
    if (open > 0) {
      const how = [...byAddress, ...byIngress].join(', ');
      const params = { service: `${namespace}/${name}`, how, pods: open, total: behind.length };
      f.add('exposure.published', object, place, params);
    }
    const accepts = acceptsOf(m, service, behind, ingress);
    const shut = accepts.filter(({ by }) => by.every((one) => !one.outside));
    if (byAddress.length > 0 && shut.length > 0) {
      f.add('exposure.published-blocked', object, place, {
        service: `${namespace}/${name}`,
        how: byAddress.join(', '),
        ports: shut.map(({ port }) => port).join(', '),
        pods: behind.length,
      });
    } else if (byAddress.length === 0 && accepts.length > 0) {
      // The pods of an ingress controller are the source. Which they are is not known, only that they are not here.
      const nobody = accepts.every(({ by }) => by.every((one) => !one.outside && !one.others));
      const here = m.podsOfNamespace(m.spaces.index.get(namespace) as number);
      if (nobody && !here.some((i) => mayBeController(pods[i]))) {
        f.add('exposure.ingress-blocked', object, place, {
          service: `${namespace}/${name}`,
          how: byIngress.join(', '),
          ports: accepts.map(({ port }) => port).join(', '),
          pods: behind.length,
        });
      }
    }
  }
}

/** By port of a Service: what the pods behind it accept on their own port; none where that is not known for sure. */
function acceptsOf(
  m: Model,
  service: ServiceRecord,
  behind: readonly number[],
  ingress: (podClass: number) => IsolationState,
): { port: string; by: Accepts[] }[] {
  if (behind.length === 0 || behind.some((i) => ingress(m.podClass[i]) !== 'isolated')) return [];
  const out: { port: string; by: Accepts[] }[] = [];
  for (const port of service.ports) {
    const by = new Map<string, Accepts>();
    for (const i of behind) {
      for (const target of targetsOf(m.snapshot.pods[i], port)) {
        const key = `${m.podClass[i]} ${target}`;
        if (!by.has(key))
          by.set(key, accepted(m, m.podClass[i], connPoint(PROTOCOL_INDEX[port.protocol], target)));
      }
    }
    if (by.size > 0) out.push({ port: `${port.protocol} ${port.port}`, by: [...by.values()] });
  }
  return out;
}

function accepted(m: Model, c: number, point: number): Accepts {
  const row = m.classIngress.items[c];
  if (m.rowFlags.items[row] & (ROW_OPEN | ROW_RAISES)) return { outside: true, others: true };
  const own = m.classNamespace.items[c];
  const accepts: Accepts = { outside: false, others: false };
  for (const e of m.rowLists.list(m.rowList.items[row])) {
    if (!m.conns.has(m.entryBounds(e, m.classPorts.items[c]).upper, point)) continue;
    const pods = m.peerPods(m.entryPeer(e));
    if (!pods) return { outside: true, others: true };
    if (pods.set.single !== own) accepts.others = true;
  }
  accepts.others ||= acceptsUnread(m, c, point);
  return accepts;
}

/** Labels of a namespace that was not read, as far as anything is known of them: it has some name. */
const UNREAD_NAMESPACE = { 'kubernetes.io/metadata.name': '' };

/**
 * Does a peer on the point select namespaces whatever their labels are? In a folder that holds one namespace its set of
 * namespaces is that one, while in the cluster it lets others in.
 */
function acceptsUnread(m: Model, c: number, point: number): boolean {
  return m
    .policiesOf(c, 'ingress')
    .some(({ policy }) =>
      m.compiled[policy].ingress.rules.some(
        ({ peers, ports }) =>
          peers?.some(
            (peer) =>
              peer.kind === 'pods' &&
              peer.namespaces !== null &&
              matchesSelector(peer.namespaces, UNREAD_NAMESPACE),
          ) === true &&
          (ports ?? [null]).some((port) =>
            m.conns.has(m.portBounds(port, m.classPorts.items[c], true).upper, point),
          ),
      ),
    );
}

/** Does the pod look like one that takes in traffic for others? */
function mayBeController({ labels, name, owner }: PodRecord): boolean {
  const text = [name, owner?.name ?? '', ...Object.values(labels)].join(' ');
  return /ingress|traefik|nginx|haproxy|kong|contour|envoy|gateway|istio|proxy|caddy|controller/i.test(text);
}

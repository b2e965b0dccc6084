/** Data stores that pods of every namespace may connect to. */
import type { PodRecord } from '../../kube/snapshot.ts';
import { connPoint } from '../../net/conns.ts';
import type { Model } from '../../policy/model.ts';
import { workloadText, type Findings } from './list.ts';

/** Ports that one product listens on and hardly anything else. */
const BY_PORT: Record<number, string> = {
  1433: 'SQL Server',
  1521: 'Oracle Database',
  2379: 'etcd',
  3306: 'MySQL',
  5432: 'PostgreSQL',
  5672: 'RabbitMQ',
  5984: 'CouchDB',
  6379: 'Redis',
  7687: 'Neo4j',
  8086: 'InfluxDB',
  9042: 'Cassandra',
  9092: 'Kafka',
  9200: 'Elasticsearch',
  11211: 'Memcached',
  26257: 'CockroachDB',
  27017: 'MongoDB',
};

/** What the ports of such products are called, for those that listen elsewhere, and what their pods are. */
const BY_NAME: [RegExp, string, number][] = [
  [/^(?:tcp-)?(?:postgres|postgresql)$/, 'PostgreSQL', 5432],
  [/^(?:tcp-)?(?:mysql|mariadb)$/, 'MySQL', 3306],
  [/^(?:tcp-)?(?:redis|valkey)$/, 'Redis', 6379],
  [/^(?:tcp-)?(?:mongo|mongodb)$/, 'MongoDB', 27017],
  [/^(?:tcp-)?(?:elasticsearch|opensearch)$/, 'Elasticsearch', 9200],
  [/^(?:tcp-)?cassandra$/, 'Cassandra', 9042],
  [/^(?:tcp-)?memcached?$/, 'Memcached', 11211],
  [/^(?:tcp-)?rabbitmq$/, 'RabbitMQ', 5672],
  [/^(?:tcp-)?kafka$/, 'Kafka', 9092],
  [/^etcd$/, 'etcd', 2379],
];

/** The data stores that a pod is, by what it declares; where it declares no port at all, by its name and its labels. */
function storesOf(pod: PodRecord): Map<number, string> {
  const stores = new Map<number, string>();
  for (const { name, port, protocol } of pod.ports) {
    if (protocol !== 'TCP') continue;
    const store = BY_PORT[port] ?? BY_NAME.find(([pattern]) => pattern.test(name))?.[1];
    if (store !== undefined) stores.set(port, store);
  }
  if (pod.ports.length > 0) return stores;
  const { app, component } = pod.labels;
  const names = [app, component, pod.labels['app.kubernetes.io/name'], pod.owner?.name ?? pod.name];
  for (const [pattern, store, port] of BY_NAME) {
    if (names.some((name) => name !== undefined && pattern.test(name))) stores.set(port, store);
  }
  return stores;
}

interface Reachable {
  pod: PodRecord;
  store: string;
  port: number;
  because: string;
  pods: number;
}

/** Each workload, store and port once. */
export function dataStoreChecks(m: Model, f: Findings): void {
  const found = new Map<string, Reachable>();
  // Pods of a class and port have one answer.
  const known = new Map<number, string | null>();
  let last: PodRecord['ports'] | null = null;
  let lastLabels: PodRecord['labels'] | null = null;
  let stores = new Map<number, string>();
  m.snapshot.pods.forEach((pod, i) => {
    const c = m.podClass[i];
    if (c < 0) return;
    if (pod.ports !== last || pod.labels !== lastLabels || pod.ports.length === 0) {
      last = pod.ports;
      lastLabels = pod.labels;
      stores = storesOf(pod);
    }
    for (const [port, store] of stores) {
      const at = c * 65_536 + port;
      let because = known.get(at);
      if (because === undefined) known.set(at, (because = letsAllIn(m, c, port)));
      if (because === null) continue;
      const key = `${workloadText(pod)} ${port} ${because}`;
      const one = found.get(key);
      if (one) one.pods++;
      else found.set(key, { pod, store, port, because, pods: 1 });
    }
  });
  for (const { pod, store, port, because, pods } of found.values()) {
    const { kind, name } = pod.owner ?? pod;
    const object = { kind, namespace: pod.namespace, name };
    f.add('exposure.data-store', object, pod.place ?? null, { store, port, because, pods });
  }
}

/**
 * Why pods of every namespace may connect on the port: `open` where no policy isolates the pod, else the rule; null
 * where they may not, or not for sure.
 */
function letsAllIn(m: Model, c: number, port: number): string | null {
  const state = m.classPaperIngress[c];
  if (state === 'not-isolated') return 'open';
  if (state !== 'isolated') return null;
  const vector = m.classPorts.items[c];
  for (const { policy, sure } of m.policiesOf(c, 'ingress')) {
    if (!sure) continue;
    const { ingress, namespace, name } = m.compiled[policy];
    for (const [r, rule] of ingress.rules.entries()) {
      const wide =
        rule.peers === null ||
        rule.peers.some(
          (peer) =>
            peer.kind === 'pods' &&
            peer.namespaces?.requirements.length === 0 &&
            peer.pods.requirements.length === 0,
        );
      if (!wide) continue;
      const permits = (rule.ports ?? [null]).some((q) =>
        m.conns.has(m.portBounds(q, vector, true).lower, connPoint(0, port)),
      );
      if (permits) return `NetworkPolicy ${namespace}/${name} spec.ingress[${r}]`;
    }
  }
  return null;
}

/** A made-up cluster of any size, whose pods are made as they are asked for. Same arguments, same cluster. */
import type { KubeObject } from './store.ts';
import { Store, TYPES } from './store.ts';

export interface ClusterSize {
  pods: number;
  namespaces: number;
  nodes?: number;
}

/** Name of the n-th namespace. */
export function namespaceName(n: number): string {
  return `ns-${String(n).padStart(4, '0')}`;
}

/** Labels of pod `i` of its namespace: three applications in turn. */
export function appOf(i: number): string {
  return ['web', 'api', 'db'][i % 3];
}

/**
 * A store with `pods` pods spread evenly over the namespaces (the first ones take the rest), ten pods to a ReplicaSet,
 * a default-deny policy in every second namespace, and one that lets `web` reach `api` in every third. Pods have the
 * weight of real ones (environment, volumes, conditions, managed fields: about 5 kB each).
 */
export function generatedStore(size: ClusterSize): Store {
  const store = new Store(TYPES);
  const { pods, namespaces, nodes = Math.max(1, Math.ceil(pods / 200)) } = size;
  const starts: number[] = [];
  for (let n = 0, at = 0; n < namespaces; n += 1) {
    starts.push(at);
    at += Math.floor(pods / namespaces) + (n < pods % namespaces ? 1 : 0);
    store.put({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: namespaceName(n),
        labels: { 'kubernetes.io/metadata.name': namespaceName(n), tier: n % 2 === 0 ? 'even' : 'odd' },
      },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
    if (n % 2 === 0) {
      store.put({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'default-deny', namespace: namespaceName(n) },
        spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
      });
    }
    if (n % 3 === 0) {
      store.put({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'web-to-api', namespace: namespaceName(n) },
        spec: {
          podSelector: { matchLabels: { app: 'api' } },
          ingress: [
            {
              from: [{ podSelector: { matchLabels: { app: 'web' } } }],
              ports: [{ protocol: 'TCP', port: 8080 }],
            },
          ],
        },
      });
    }
  }
  starts.push(pods);
  for (let n = 0; n < nodes; n += 1) {
    store.put({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: `node-${n}`, labels: { 'kubernetes.io/hostname': `node-${n}` } },
      spec: { podCIDRs: [`10.${64 + (n >> 8)}.${n & 255}.0/24`] },
      status: { addresses: [{ type: 'InternalIP', address: `192.168.${n >> 8}.${n & 255}` }] },
    });
  }
  const namespaceOf = (i: number): number => {
    let low = 0;
    let high = namespaces - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= i) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  store.generate('', 'pods', {
    total: pods,
    range: (namespace) => {
      const n = Number(/^ns-(\d+)$/.exec(namespace)?.[1] ?? Number.NaN);
      return n < namespaces ? [starts[n], starts[n + 1]] : [0, 0];
    },
    slice: (from, to) => {
      const made: KubeObject[] = [];
      for (let i = from; i < to; i += 1) {
        const n = namespaceOf(i);
        made.push(pod(i, i - starts[n], namespaceName(n), `node-${i % nodes}`));
      }
      return made;
    },
  });
  return store;
}

function pod(i: number, local: number, namespace: string, node: string): KubeObject {
  const app = appOf(local);
  const set = `${app}-${String(Math.floor(local / 30)).padStart(5, '0')}`;
  const name = `pod-${String(local).padStart(6, '0')}`;
  const ip = `10.${128 + ((i >> 16) & 127)}.${(i >> 8) & 255}.${i & 255}`;
  return {
    metadata: {
      name,
      namespace,
      uid: `11111111-1111-1111-1111-${String(i).padStart(12, '0')}`,
      resourceVersion: String(900 + (i % 90)),
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { app, 'pod-template-hash': set, 'app.kubernetes.io/part-of': `part-${i % 7}` },
      annotations: { 'prometheus.io/scrape': 'true', checksum: 'f'.repeat(64) },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: set,
          uid: `22222222-2222-2222-2222-${String(i).padStart(12, '0')}`,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      managedFields: [
        {
          manager: 'kube-controller-manager',
          operation: 'Update',
          apiVersion: 'v1',
          time: '2026-01-01T00:00:00Z',
          fieldsType: 'FieldsV1',
          fieldsV1: Object.fromEntries(
            Array.from({ length: 12 }, (_, n) => [
              `f:field-${n}`,
              { '.': {}, 'f:a': {}, 'f:b': { 'f:c': {} } },
            ]),
          ),
        },
      ],
    },
    spec: {
      nodeName: node,
      serviceAccountName: 'default',
      restartPolicy: 'Always',
      volumes: [
        {
          name: `kube-api-access-${i}`,
          projected: {
            sources: [
              { serviceAccountToken: { path: 'token' } },
              { configMap: { name: 'kube-root-ca.crt' } },
            ],
          },
        },
      ],
      containers: [
        {
          name: app,
          image: `registry.example/${app}:1.${i % 50}`,
          ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
          env: Array.from({ length: 20 }, (_, n) => ({
            name: `VARIABLE_${n}`,
            value: `secret-value-${i}-${n}`,
          })),
          resources: { requests: { cpu: '100m', memory: '128Mi' } },
          volumeMounts: [
            { name: `kube-api-access-${i}`, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
          ],
        },
        { name: 'sidecar', image: 'registry.example/sidecar:2', ports: [{ containerPort: 9090 }] },
      ],
    },
    status: {
      phase: local % 50 === 49 ? 'Succeeded' : 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      hostIP: '192.168.0.1',
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
        type,
        status: 'True',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      })),
      containerStatuses: [
        {
          name: app,
          ready: true,
          restartCount: 0,
          image: app,
          imageID: `sha256:${'a'.repeat(64)}`,
          state: { running: {} },
        },
      ],
    },
  };
}

/**
 * A cluster of more than 10,000 pods whose figures follow from how it is made, in closed form. Nothing here asks an
 * evaluator: each number is a product of counts, with the rule of the semantics that it rests on.
 *
 * 40 namespaces `team-00` to `team-39`, in five kinds by the remainder of their number (8 namespaces a kind), each with
 * the same 255 pods by their index:
 *
 * - 0 to 249: running pods; `role: server` where index % 5 < 2 (100 of them), else `role: client` (150)
 * - 250, 251: running pods on the host's network: no policy selects them (S18)
 * - 252 to 254: finished pods: they take no part (S17)
 *
 * A pod runs on node index % 4. kube-system has one agent of Calico on each of the 4 nodes, on the host's network, so
 * policies are enforced everywhere (S21) and an ipBlock matches pods' addresses (S12).
 *
 * | kind | policies                                                    | states (ingress, egress) of pods 0-249              |
 * |------|-------------------------------------------------------------|-----------------------------------------------------|
 * | 0    | deny all, both directions                                   | all isolated, isolated                              |
 * | 1    | deny ingress; clients may reach servers of the namespace on TCP 8080 | all isolated, open                         |
 * | 2    | egress to 0.0.0.0/0 on TCP 443 only                         | all open, isolated                                  |
 * | 3    | none                                                        | all open, open                                      |
 * | 4    | servers: ingress from namespaces of kind 3, egress to 203.0.113.0/24 | servers isolated, isolated; clients open, open |
 */
import { Store, TYPES } from '../apiserver/store.ts';
import type { KubeObject } from '../apiserver/store.ts';

const NAMESPACES = 40;
const KINDS = 5;
const PER_KIND = NAMESPACES / KINDS;
const PODS = 250;
const SERVERS = 100;
const CLIENTS = 150;
const HOST = 2;
const FINISHED = 3;
const NODES = 4;

const kindOf = (namespace: number): number => namespace % KINDS;
const isServer = (index: number): boolean => index % 5 < 2;
const nodeOf = (index: number): number => index % NODES;
const nodeIp = (node: number): string => `192.168.0.${node + 1}`;
const podIp = (namespace: number, index: number): string => `10.${100 + namespace}.0.${index}`;

/** Name of a namespace. */
export const team = (namespace: number): string => `team-${String(namespace).padStart(2, '0')}`;
/** Name of a pod. */
export const podName = (index: number): string => `pod-${String(index).padStart(3, '0')}`;

/** How many of pods 0 to 249 satisfy a condition: the plainest way to count. */
function count(condition: (index: number) => boolean): number {
  let n = 0;
  for (let index = 0; index < PODS; index++) if (condition(index)) n += 1;
  return n;
}

/** Pods of the API, finished ones too: what the pages hold. */
export const LISTED = NAMESPACES * (PODS + HOST + FINISHED) + NODES;

/** Figures of the whole cluster. */
export const TOTALS = {
  pods: NAMESPACES * (PODS + HOST) + NODES,
  // Kind 0 whole, and the servers of kind 4.
  both: PER_KIND * PODS + PER_KIND * SERVERS,
  ingressOnly: PER_KIND * PODS,
  egressOnly: PER_KIND * PODS,
  // Kind 3 whole, and the clients of kind 4.
  none: PER_KIND * PODS + PER_KIND * CLIENTS,
  notIsolatable: NAMESPACES * HOST + NODES,
  unknown: 0,
  finished: NAMESPACES * FINISHED,
  // Who is not isolated for egress, the host's network included (S18).
  egressAnywhere: PER_KIND * PODS + PER_KIND * PODS + PER_KIND * CLIENTS + NAMESPACES * HOST + NODES,
  // Kind 2: the whole of IPv4, on one port.
  egressAnywhereSomePorts: PER_KIND * PODS,
  // The servers of kind 4: one range.
  egressRanges: PER_KIND * SERVERS,
  egressDepends: 0,
  egressNone: PER_KIND * PODS,
  policies: PER_KIND * (1 + 2 + 1 + 0 + 1),
};

/** Ordered pairs of pods between two namespaces that the heatmap shows. */
export const CELLS = [
  {
    // Kind 3 to kind 4. Nothing holds the sources back. Servers let pods of kind 3 in, which a pod on the host's network
    // is not for a selector (S18): it reaches the servers of its own node alone (S7). Clients and host pods are open.
    src: team(3),
    dst: team(4),
    pairs: (PODS + HOST) * (PODS + HOST),
    permitted:
      PODS * (PODS + HOST) +
      HOST * (CLIENTS + HOST) +
      count((index) => isServer(index) && nodeOf(index) === nodeOf(250)) +
      count((index) => isServer(index) && nodeOf(index) === nodeOf(251)),
  },
  {
    // Kind 0 to itself. Of its pods nothing goes out and nothing comes in, but for a pod and the pods on the host's
    // network of its own node, both ways (S7). The two host pods reach each other.
    src: team(0),
    dst: team(0),
    pairs: (PODS + HOST) * (PODS + HOST - 1),
    permitted:
      2 *
        (count((index) => nodeOf(index) === nodeOf(250)) + count((index) => nodeOf(index) === nodeOf(251))) +
      HOST * (HOST - 1),
  },
  {
    // Kind 1 to itself: clients to servers, everybody to the open host pods, and host pods to their own node's pods (S7).
    src: team(1),
    dst: team(1),
    pairs: (PODS + HOST) * (PODS + HOST - 1),
    permitted:
      CLIENTS * SERVERS +
      PODS * HOST +
      count((index) => nodeOf(index) === nodeOf(250)) +
      count((index) => nodeOf(index) === nodeOf(251)) +
      HOST * (HOST - 1),
  },
  {
    // Kind 2 to kind 3: TCP 443 to every address, so something to each of them; host pods reach all of the open pods.
    src: team(2),
    dst: team(3),
    pairs: (PODS + HOST) * (PODS + HOST),
    permitted: (PODS + HOST) * (PODS + HOST),
  },
];

const client = 2;
const server = 0;
const at = (namespace: number, index: number) => ({ namespace: team(namespace), pod: podName(index) });

/** Questions and their answers. Namespace n is of kind n % 5. */
export const PROBES: { probe: object; verdict: string }[] = [
  // Kind 3 to kind 0: the destination denies.
  ask(at(3, 7), at(0, 9), 80, 'denied'),
  // To a server of kind 4 from kind 3, and from kind 2 (whose egress is 443 alone), and from kind 1.
  ask(at(8, 7), at(4, server), 5432, 'permitted'),
  ask(at(7, 7), at(4, server), 443, 'denied'),
  ask(at(6, 7), at(4, server), 443, 'denied'),
  // Kind 1: the named port and roles alone, and within the namespace alone.
  ask(at(1, client), at(1, server), 8080, 'permitted'),
  ask(at(1, client), at(1, server), 8081, 'denied'),
  ask(at(1, server), at(1, client), 8080, 'denied'),
  ask(at(6, client), at(1, server), 8080, 'denied'),
  // Kind 2: 443 to every address, a pod's too (S12), and TCP alone.
  ask(at(2, 1), at(3, 3), 443, 'permitted'),
  ask(at(2, 1), at(3, 3), 444, 'denied'),
  ask(at(2, 1), { ip: '198.51.100.4' }, 443, 'permitted'),
  { ...ask(at(2, 1), { ip: '198.51.100.4' }, 443, 'denied', 'UDP') },
  // Kind 4: its one range.
  ask(at(4, server), { ip: '203.0.113.9' }, 25, 'permitted'),
  ask(at(4, server), { ip: '198.51.100.1' }, 25, 'denied'),
  ask(at(4, client), { ip: '198.51.100.1' }, 25, 'permitted'),
  // Kind 0: nothing.
  ask(at(0, 9), { ip: '8.8.8.8' }, 53, 'denied', 'UDP'),
  // The host's network reaches pods of its own node (S7), and no others of kind 0. Pod 250 runs on node 250 % 4 = 2.
  ask(at(0, 250), at(5, 2), 10250, 'permitted'),
  ask(at(0, 250), at(5, 3), 10250, 'denied'),
];

function ask(src: object, dst: object, port: number, verdict: string, protocol = 'TCP') {
  return { probe: { src, dst, protocol, port }, verdict };
}

/** The cluster as the API has it. */
export function tenThousand(): Store {
  const store = new Store(TYPES);
  for (let node = 0; node < NODES; node++) {
    store.put({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: `node-${node}`, labels: { 'kubernetes.io/os': 'linux' } },
      spec: {},
      status: { addresses: [{ type: 'InternalIP', address: nodeIp(node) }] },
    });
  }
  store.put(namespaceObject('kube-system', {}));
  for (let node = 0; node < NODES; node++) {
    store.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `calico-node-${node}`,
        namespace: 'kube-system',
        labels: { 'k8s-app': 'calico-node' },
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'calico-node', uid: 'd', controller: true },
        ],
      },
      spec: {
        nodeName: `node-${node}`,
        hostNetwork: true,
        containers: [{ name: 'calico-node', image: 'calico/node:v3.30.0' }],
      },
      status: {
        phase: 'Running',
        podIPs: [{ ip: nodeIp(node) }],
        containerStatuses: [{ name: 'calico-node', ready: true, state: { running: {} } }],
      },
    });
  }
  for (let namespace = 0; namespace < NAMESPACES; namespace++) {
    store.put(namespaceObject(team(namespace), { kind: `kind-${kindOf(namespace)}` }));
    for (const role of ['server', 'client']) {
      store.put({
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: {
          name: `${role}-7d9f`,
          namespace: team(namespace),
          ownerReferences: [
            { apiVersion: 'apps/v1', kind: 'Deployment', name: role, uid: 'e', controller: true },
          ],
        },
        spec: {},
      });
    }
    for (let index = 0; index < PODS + HOST + FINISHED; index++) store.put(podObject(namespace, index));
    for (const { name, spec } of policies(kindOf(namespace))) {
      store.put({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name, namespace: team(namespace) },
        spec,
      });
    }
  }
  return store;
}

function policies(kind: number): { name: string; spec: object }[] {
  switch (kind) {
    case 0:
      return [{ name: 'deny-all', spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } }];
    case 1:
      return [
        { name: 'deny-ingress', spec: { podSelector: {}, policyTypes: ['Ingress'] } },
        {
          name: 'client-to-server',
          spec: {
            podSelector: { matchLabels: { role: 'server' } },
            policyTypes: ['Ingress'],
            ingress: [
              {
                from: [{ podSelector: { matchLabels: { role: 'client' } } }],
                ports: [{ protocol: 'TCP', port: 8080 }],
              },
            ],
          },
        },
      ];
    case 2:
      return [
        {
          name: 'https-out',
          spec: {
            podSelector: {},
            policyTypes: ['Egress'],
            egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [{ protocol: 'TCP', port: 443 }] }],
          },
        },
      ];
    case 4:
      return [
        {
          name: 'servers',
          spec: {
            podSelector: { matchLabels: { role: 'server' } },
            policyTypes: ['Ingress', 'Egress'],
            ingress: [{ from: [{ namespaceSelector: { matchLabels: { kind: 'kind-3' } } }] }],
            egress: [{ to: [{ ipBlock: { cidr: '203.0.113.0/24' } }] }],
          },
        },
      ];
    default:
      return [];
  }
}

function namespaceObject(name: string, labels: Record<string, string>): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } },
  };
}

function podObject(namespace: number, index: number): KubeObject {
  const role = isServer(index) ? 'server' : 'client';
  const hostNetwork = index >= PODS && index < PODS + HOST;
  const ip = hostNetwork ? nodeIp(nodeOf(index)) : podIp(namespace, index);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: podName(index),
      namespace: team(namespace),
      labels: { role },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${role}-7d9f`, uid: 'f', controller: true },
      ],
    },
    spec: {
      nodeName: `node-${nodeOf(index)}`,
      hostNetwork,
      containers: [{ name: role, image: role, env: [{ name: 'PASSWORD', value: 'never-in-a-snapshot' }] }],
    },
    status: { phase: index >= PODS + HOST ? 'Succeeded' : 'Running', podIP: ip, podIPs: [{ ip }] },
  };
}

/**
 * Every check that an audit can report, by id, with its severity. Those of `input.*` stand in
 * kube/problems.ts. Parameters are named beside each id; `report/messages` puts them into words.
 *
 * From compile (S24, S27); `field` is the JSON path below the object:
 * - `policy.unknown-field` {name} · `policy.bad-type` {expected} · `policy.empty-peer` {} ·
 *   `policy.block-beside-selector` {} · `policy.except-outside` {except, cidr} · `policy.bad-cidr` {value} ·
 *   `policy.sloppy-cidr` {value, what} · `policy.unknown-protocol` {protocol} · `policy.endport-without-port` {} ·
 *   `policy.endport-with-name` {name} · `policy.endport-below-port` {port, endPort} · `policy.bad-port-name` {name} ·
 *   `policy.port-range` {port} · `policy.unknown-type` {type} · `policy.too-many-types` {count} ·
 *   `policy.rules-without-type` {direction, type} · `policy.bad-label-key` {key} · `policy.bad-label-value` {value} ·
 *   `policy.selector-operator` {operator} · `policy.selector-values-missing` {operator} ·
 *   `policy.selector-values-given` {operator} · `version.sctp` {}
 * From the evaluated cluster:
 * - `policy.selects-nothing` {}: no pod of its namespace matches `podSelector`.
 * - `policy.peer-selects-nothing` {}: a selector peer matches no pod that takes part, and nothing says why.
 * - `policy.peer-host-network` {workloads, count}: its labels match only pods on their node's network (S10, S18).
 * - `policy.peer-namespace-name` {key, value}: asks for a label with a namespace's name, which that namespace lacks.
 * - `policy.peer-label-on-pods` {label, namespaces}: the namespaceSelector's label stands on pods.
 * - `policy.peer-label-on-namespaces` {label, namespaces}: the podSelector's label stands on namespaces.
 * - `policy.peer-label-key` {label, like, where}: the value stands under a key that is easily taken for the one given.
 * - `policy.peer-other-namespace` {label, namespaces}: a podSelector alone, and its pods are in other namespaces.
 * - `policy.peer-open-to-label` {label, namespaces}: nobody has the label yet; whoever sets it in one of many
 *   namespaces is let in.
 * - `policy.named-port-unknown` {name, protocol}: no pod that the rule concerns declares the port's name: the selected
 *   pods for ingress, the pods of its peers for egress (S14).
 * - `policy.service-port` {port, service, targetPort, target}: the rule's number is a Service's port, its pods receive
 *   on another (S16); `target` has the name as well where the Service's targetPort is one.
 * - `policy.selects-unread` {workloads}: no pod that was read matches `podSelector`, but pods of these objects, which
 *   were not read, may match.
 * - `policy.peer-selects-unread` {workloads}: the same of a selector peer.
 * - `policy.block-over-service` {services, count, endpoints}: an egress ipBlock holds the address of a Service and not what
 *   is behind it, which plugins compare (S29).
 * - `policy.dns-local-cache` {address, pods}: DNS is permitted to the pods of the cluster's DNS alone, while a node-local
 *   cache answers (S29).
 * - `policy.dns-tcp-only` {}: egress names port 53 for TCP alone, and no other policy of the same pods adds UDP (S13).
 * - `policy.egress-isolates-ingress` {}: egress rules alone, no policyTypes: ingress is isolated too (S4).
 * - `policy.empty-peer-list` {direction}: `from: []` or `to: []` is everyone (S9).
 * - `policy.selects-host-network` {workloads, count}: its podSelector matches only pods on their node's network, which
 *   are not isolated (S18).
 * - `policy.port-entry-open` {protocol, ports}: an entry without a port permits every one, those beside it add nothing
 *   (S13).
 * - `policy.permits-everything` {direction}: isolates on paper and permits everything (S3).
 * - `policy.block-over-pods` {value}: an ipBlock covers pod addresses, which plugins treat differently (S12).
 * - `policy.block-may-cover-pods` {value}: no pod has an address yet, and the block is private and wide, or a whole family.
 * - `policy.except-undone` {except, cidr, by}: another peer for the same pods permits the whole exception (S5, S11).
 * - `policy.unread-selector` {}: stored, but its podSelector cannot be read (S24).
 * - `version.endport` {version}: the server drops endPort, `port` alone holds (S22).
 * - `version.name-label` {version}: selects by kubernetes.io/metadata.name, which the server does not set (S22).
 * - `exposure.namespace-open` {pods}: pods of the namespace that are isolated in no direction.
 * - `exposure.egress-anywhere` {pods}: isolated for egress or not, pods that may reach every outside address on every port.
 * - `exposure.ingress-anywhere` {pods}: isolated for ingress, yet permitted from every outside address on some port.
 * - `exposure.published` {service, how, pods, total}: pods behind a Service that is published outside the cluster are
 *   not isolated for ingress.
 * - `exposure.published-blocked` {service, how, ports, pods}: published by a node port or address, and no rule lets
 *   outside addresses or nodes in.
 * - `exposure.ingress-blocked` {service, how, ports, pods}: behind an Ingress, and nobody of another namespace, no node
 *   and no outside address is let in.
 * - `exposure.data-store` {store, port, because, pods}: pods of every namespace may connect to a data store's port;
 *   `because` is `open` or the rule.
 * - `exposure.host-network` {pods}: pods that NetworkPolicy cannot isolate (S18).
 * - `cluster.not-enforced` {plugin, direction}: nothing enforces NetworkPolicy (S21).
 * - `cluster.enforcement-unknown` {plugin}: whether anything enforces NetworkPolicy is not known (S21).
 * - `cluster.node-not-enforced` {node, plugin, what}: a node where it is not enforced or not known.
 * - `cluster.other-policies` {kind, count, effect}: another kind of policy exists and is not evaluated (S26).
 * - `cluster.coverage` {resource, namespace, reason}: something could not be read.
 * - `cluster.insecure-tls` {}: read without verifying the server's certificate.
 */
import type { Severity } from './result.ts';

export const CHECKS = {
  'policy.unknown-field': 'high',
  'policy.bad-type': 'high',
  'policy.empty-peer': 'high',
  'policy.block-beside-selector': 'high',
  'policy.except-outside': 'high',
  'policy.bad-cidr': 'high',
  'policy.sloppy-cidr': 'low',
  'policy.unknown-protocol': 'high',
  'policy.endport-without-port': 'high',
  'policy.endport-with-name': 'high',
  'policy.endport-below-port': 'high',
  'policy.bad-port-name': 'high',
  'policy.port-range': 'high',
  'policy.unknown-type': 'high',
  'policy.too-many-types': 'high',
  'policy.rules-without-type': 'medium',
  'policy.bad-label-key': 'high',
  'policy.bad-label-value': 'high',
  'policy.selector-operator': 'high',
  'policy.selector-values-missing': 'high',
  'policy.selector-values-given': 'high',
  'policy.unread-selector': 'high',
  'policy.selects-nothing': 'medium',
  'policy.peer-selects-nothing': 'low',
  'policy.peer-host-network': 'medium',
  'policy.peer-namespace-name': 'medium',
  'policy.peer-label-on-pods': 'medium',
  'policy.peer-label-on-namespaces': 'medium',
  'policy.peer-label-key': 'medium',
  'policy.peer-other-namespace': 'medium',
  'policy.peer-open-to-label': 'low',
  'policy.selects-unread': 'low',
  'policy.peer-selects-unread': 'low',
  'policy.named-port-unknown': 'medium',
  'policy.service-port': 'medium',
  'policy.block-over-service': 'medium',
  'policy.dns-local-cache': 'medium',
  'policy.dns-tcp-only': 'medium',
  'policy.egress-isolates-ingress': 'medium',
  'policy.empty-peer-list': 'medium',
  'policy.selects-host-network': 'medium',
  'policy.port-entry-open': 'medium',
  'policy.permits-everything': 'low',
  'policy.block-over-pods': 'low',
  'policy.block-may-cover-pods': 'info',
  'policy.except-undone': 'medium',
  'version.sctp': 'medium',
  'version.endport': 'high',
  'version.name-label': 'high',
  'exposure.namespace-open': 'medium',
  'exposure.egress-anywhere': 'medium',
  'exposure.ingress-anywhere': 'medium',
  'exposure.published': 'medium',
  'exposure.published-blocked': 'medium',
  'exposure.ingress-blocked': 'medium',
  'exposure.data-store': 'medium',
  'exposure.host-network': 'low',
  'cluster.not-enforced': 'critical',
  'cluster.enforcement-unknown': 'medium',
  'cluster.node-not-enforced': 'high',
  'cluster.other-policies': 'high',
  'cluster.coverage': 'high',
  'cluster.insecure-tls': 'medium',
} as const satisfies Record<string, Severity>;

export type CheckId = keyof typeof CHECKS;
export const CHECK_IDS = Object.keys(CHECKS) as CheckId[];

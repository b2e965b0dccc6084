import type { CheckId } from '../../audit/checks.ts';
import type { ProblemCheck } from '../../kube/problems.ts';
import type { CheckWords } from './format.ts';

/**
 * English words of each check, by its id. Holes are the finding's parameters; `{object}` and `{place}` always
 * exist. Values of a few parameters are words themselves, see `valuesEn`.
 */
export const checksEn: Record<CheckId | ProblemCheck, CheckWords> = {
  // What reading met (shared/kube/problems.ts).
  'input.unparsable': {
    title: 'Document cannot be parsed',
    text: 'This document is neither YAML nor JSON: {message}. Nothing in it takes part in the audit.',
    advice: 'Correct the syntax at the place named, then audit again.',
  },
  'input.helm-template': {
    title: 'Unrendered Helm template',
    text: 'This looks like a Helm template that was not rendered: {message}. Nothing in it takes part in the audit.',
    advice: 'Render the chart first (helm template) and audit what comes out.',
  },
  'input.alias-bomb': {
    title: 'YAML aliases expand without measure',
    text: 'The aliases of this document would expand far beyond its size, so it was refused and left out.',
    advice: 'Write the document without nested aliases.',
  },
  'input.too-large': {
    title: 'File is too large',
    text: 'The file has {bytes} bytes and the limit is {limit}; it was not read.',
    advice: 'Split the file, or audit only the folders that hold manifests.',
  },
  'input.unreadable': {
    title: 'File or folder cannot be opened',
    text: 'The system refused to open it: {reason}. What it holds is not in the audit.',
    advice: 'Check the path and the permissions.',
  },
  'input.link-loop': {
    title: 'Symbolic link leads in a circle',
    text: 'The link {path} leads back into a folder that was read already. It was not followed.',
    advice: 'Nothing is missing; remove the link if it is not wanted.',
  },
  'input.duplicate-key': {
    title: 'Key given twice',
    text: 'The key {key} stands twice in one mapping. {treatment}',
    advice: 'Keep one of the two. The last one counts, as for kubectl; stricter tools refuse the document.',
  },
  'input.duplicate': {
    title: 'Object defined twice with different content',
    text: '{object} is also defined in {file} (document {document}, line {line}) with other content. The later one counts, as after kubectl apply.',
    advice: 'Keep one definition, or audit the environments one at a time.',
  },
  'input.duplicate-identical': {
    title: 'Object defined twice',
    text: '{object} is also defined in {file} (document {document}, line {line}) with the same content.',
    advice: 'Remove one of the two.',
  },
  'input.no-name': {
    title: 'Object without a name',
    text: 'This {kind} has no metadata.name. {treatment}',
    advice: 'Give it a name: the API refuses an object without one.',
  },
  'input.api-version': {
    title: 'API version is no longer served',
    text: '{kind} of {apiVersion} is refused by current API servers. {treatment}',
    advice: 'Move it to {current}.',
  },
  'input.invalid-object': {
    title: 'Object that the API refuses',
    text: 'The API refuses the field {field}: {reason}. {treatment}',
    advice: 'Correct the field, then audit again.',
  },
  'input.unknown-field': {
    title: 'Field unknown to the API',
    text: 'The API does not know the field {field} and drops it. {treatment}',
    advice: 'Check the spelling and the place: a dropped field can change who is permitted.',
  },
  'input.unknown-kind': {
    title: 'Unknown kind',
    text: 'There is no kind {kind}. It may be meant as {meant}; as it stands it takes no part in the audit.',
    advice: 'Correct the kind.',
  },
  'input.workload-kind': {
    title: 'Workload whose pods were not read',
    text: '{object} ({apiVersion}) brings pods that were not read: its controller makes them, and this input does not hold them. They take no part in the audit.',
    advice: 'Audit the live cluster, or give the pods too: kubectl get pods -A -o yaml.',
  },
  'input.deployer': {
    title: 'Deployed from elsewhere, and not read: pods, and perhaps policies',
    text: 'A controller deploys what {object} ({apiVersion}) names: a chart or a repository that this input need not hold. Its pods take no part in the audit. It may also bring policies, so verdicts that those would decide depend.',
    advice:
      'Audit the live cluster, or render what it deploys and give that too: helm template, kubectl kustomize.',
  },
  'input.no-kind': {
    title: 'Object without a kind',
    text: 'This object ({apiVersion}) names no kind. kubectl refuses it, so it takes no part in the audit; it may be meant as a policy.',
    advice: 'Add the kind.',
  },
  'input.unfilled': {
    title: 'Variable that was not filled in',
    text: 'This {kind} holds the variable {variable}, which Flux or envsubst fills in before the API sees it. It takes no part in the audit, and what it would decide is open.',
    advice: 'Fill it in first, for example with flux build or envsubst, and audit the result.',
  },
  'input.generator': {
    title: 'NetworkPolicies that are generated',
    text: '{object} generates NetworkPolicies, which were not read: what they would decide is open.',
    advice: 'Audit the live cluster, where what was generated is read, or give the generated policies too.',
  },
  'input.openshift-template': {
    title: 'OpenShift Template that was not processed',
    text: 'The objects of {object} take no part in the audit: {kinds}.',
    advice: 'Process it first: oc process -f {file} | bulkhead audit --from -',
  },
  'input.name-label': {
    title: 'Namespace’s name label is overwritten',
    text: 'The namespace gives kubernetes.io/metadata.name the value {value}. The API server sets it to the namespace’s name, and so does the audit.',
    advice: 'Remove the label from the manifest.',
  },
  'input.partial-list': {
    title: 'Saved list is incomplete',
    text: 'This list ends with a continue token: it holds only the first part of what there was ({remaining} remain).',
    advice: 'Save the whole list, or audit the cluster itself.',
  },
  'input.yaml-boolean': {
    title: 'Bare word that kubectl reads as true or false',
    text: 'An unquoted {value} ({count} such in this document) is true or false to kubectl (YAML 1.1), and was read so. The API refuses it where a text belongs.',
    advice: 'Put it in quotes where the letter is meant.',
  },
  'input.yaml-letter-name': {
    title: 'Namespace named by a bare letter',
    text: 'A Namespace of this file is named by an unquoted y or n, which is true or false to kubectl (YAML 1.1): kubectl refuses this file. The tool that wrote it takes the letter for text, so the audit reads every unquoted y and n of the file as the letter.',
    advice: 'Put the letter in quotes everywhere in the file.',
  },
  'input.after-end': {
    title: 'Document that kubectl does not read',
    text: 'This document follows the end marker "..." without a "---" between. kubectl drops it without a word, so it takes no part in the audit.',
    advice: 'Put a line "---" before it.',
  },
  'input.kustomize': {
    title: 'Kustomization that was not rendered',
    text: 'The kustomization of {folder} changes what its files say, or adds to it ({changes}). The files were read as they stand: what is deployed differs.',
    advice: 'Audit what it renders: add --render, or {command} | bulkhead audit --from -',
  },
  'input.patch': {
    title: 'Patch that was not applied',
    text: 'It changes another object and is none to deploy, so it takes no part in the audit, and what it changes is not known.',
    advice: 'Audit what is rendered: add --render, or {command} | bulkhead audit --from -',
  },
  'input.component': {
    title: 'Part of a Kustomize component',
    text: 'The file belongs to a component: its objects (kind {kind}) are deployed only where a kustomization includes it. They take no part in the audit.',
    advice: 'Audit what is rendered: add --render, or {command} | bulkhead audit --from -',
  },
  'input.moved-policy': {
    title: 'Policy that a kustomization moves to another namespace',
    text: 'A kustomization puts this {kind} into another namespace than the file says. Where the file says it would isolate other pods, so it takes no part in the audit.',
    advice: 'Audit what is rendered: add --render, or {command} | bulkhead audit --from -',
  },
  'input.unlisted': {
    title: 'File that no kustomization lists',
    text: 'It is listed by no kustomization of its folder ({kustomization}), so rendering the folder does not deploy it, while somebody may apply it by itself. {treatment} (kind {kind}).',
    advice:
      'List it under resources, move it out of the folder, or audit what is rendered: add --render, or kubectl kustomize FOLDER | bulkhead audit --from -',
  },
  'input.some-overlays': {
    title: 'Policy that only some overlays deploy',
    text: 'This {kind} is deployed by {overlays} and not by {others}, which deploy the same objects otherwise. Which of them is deployed is not known, so it takes no part in the audit, and what it would decide is open.',
    advice: 'Audit one overlay at a time: {command} | bulkhead audit --from -',
  },
  'input.helm-chart': {
    title: 'Helm chart that was not rendered',
    text: 'The folder {folder} is a Helm chart: the templates in it ({files} files) take no part in the audit.',
    advice: 'Audit what it renders with your values: add --render, or {command} | bulkhead audit --from -',
  },
  'input.not-rendered': {
    title: 'Folder that could not be rendered',
    text: '{message}. What {folder} deploys is not in the audit.',
    advice: 'Run the command yourself to see what is wrong, then audit again.',
  },
  'input.no-objects': {
    title: 'Nothing to audit',
    text: 'Nothing that was read is a namespace, a pod, a workload or a policy.',
    advice: 'Check the path.',
  },
  'input.not-an-item': {
    title: 'Entry of a list that is no object',
    text: 'The entry {field} is no Kubernetes object and takes no part in the audit.',
    advice: 'Remove the entry or correct it.',
  },

  // What the API refuses or drops of a policy (shared/policy/compile.ts).
  'policy.unknown-field': {
    title: 'Field unknown to the API',
    text: 'NetworkPolicy has no field {name} here. The API drops it, and the policy means what is left without it.',
    advice: 'Check the spelling and the indentation: a dropped selector widens who is permitted.',
  },
  'policy.bad-type': {
    title: 'Value of the wrong type',
    text: 'The API expects a value of type {expected} here.',
    advice: 'Correct the value.',
  },
  'policy.empty-peer': {
    title: 'Peer with no field',
    text: 'A peer must have a podSelector, a namespaceSelector or an ipBlock; this one has none.',
    advice: 'Name the peer, or remove the entry.',
  },
  'policy.block-beside-selector': {
    title: 'ipBlock beside a selector',
    text: 'A peer is either an ipBlock or selectors, never both.',
    advice: 'Write two peers of the list: one with the ipBlock, one with the selectors.',
  },
  'policy.except-outside': {
    title: 'Exception outside its block',
    text: 'The exception {except} does not lie strictly inside {cidr}.',
    advice: 'Correct the exception, or leave it out.',
  },
  'policy.bad-cidr': {
    title: 'Bad CIDR',
    text: '“{value}” is no address range in CIDR form.',
    advice: 'Write it like 10.0.0.0/8 or 2001:db8::/32.',
  },
  'policy.sloppy-cidr': {
    title: 'CIDR that is not in canonical form',
    text: 'The range {value} has host bits, leading zeros or an IPv4-mapped address. API servers before 1.36 accept it and mask it; Kubernetes 1.36 and later refuse new objects that have it, and keep stored ones.',
    advice: 'Write the range in canonical form.',
  },
  'policy.unknown-protocol': {
    title: 'Unknown protocol',
    text: '“{protocol}” is none of TCP, UDP and SCTP.',
    advice: 'Use TCP, UDP or SCTP, in capitals.',
  },
  'policy.endport-without-port': {
    title: 'endPort without a port',
    text: 'endPort is given without the port where the range begins.',
    advice: 'Give port as well.',
  },
  'policy.endport-with-name': {
    title: 'endPort beside a named port',
    text: 'endPort needs a number as its port; here it is the name {name}.',
    advice: 'Give the port as a number.',
  },
  'policy.endport-below-port': {
    title: 'endPort below port',
    text: 'The range ends ({endPort}) before it begins ({port}).',
    advice: 'Swap the two.',
  },
  'policy.bad-port-name': {
    title: 'Bad port name',
    text: '“{name}” cannot be the name of a port: at most 15 lower-case letters, digits and single hyphens, with at least one letter.',
    advice: 'Use the name that the container gives its port. A number is written without quotes.',
  },
  'policy.port-range': {
    title: 'Port out of range',
    text: 'The port {port} is not between 1 and 65535.',
    advice: 'Correct the port.',
  },
  'policy.unknown-type': {
    title: 'Unknown policy type',
    text: 'policyTypes has “{type}”; only Ingress and Egress exist.',
    advice: 'Use Ingress or Egress.',
  },
  'policy.too-many-types': {
    title: 'Too many policy types',
    text: 'policyTypes has {count} entries; at most two are accepted.',
    advice: 'Keep Ingress and Egress once each.',
  },
  'policy.rules-without-type': {
    title: 'Rules that have no effect',
    text: 'The policy has {direction} rules, but its policyTypes leave {type} out: the rules do nothing, and the policy does not isolate pods for {direction}.',
    advice: 'Add {type} to policyTypes, or remove the rules.',
  },
  'policy.bad-label-key': {
    title: 'Bad label key',
    text: '“{key}” cannot be the key of a label.',
    advice: 'Correct the key.',
  },
  'policy.bad-label-value': {
    title: 'Bad label value',
    text: '“{value}” cannot be the value of a label.',
    advice: 'Correct the value: at most 63 letters, digits, hyphens, underscores and dots.',
  },
  'policy.selector-operator': {
    title: 'Unknown selector operator',
    text: '“{operator}” is none of In, NotIn, Exists and DoesNotExist.',
    advice: 'Use one of the four.',
  },
  'policy.selector-values-missing': {
    title: 'Selector without values',
    text: 'The operator {operator} needs at least one value.',
    advice: 'Give the values, or use Exists or DoesNotExist.',
  },
  'policy.selector-values-given': {
    title: 'Selector with values that it may not have',
    text: 'The operator {operator} takes no values.',
    advice: 'Remove the values, or use In or NotIn.',
  },
  'policy.unread-selector': {
    title: 'Stored policy with a selector that cannot be read',
    text: 'The API would refuse the podSelector of this stored policy today, so it is not known which pods of the namespace it selects. They are shown as unknown.',
    advice: 'Correct the selector and apply the policy again.',
  },
  'policy.selects-nothing': {
    title: 'Policy that selects no pod',
    text: 'No pod of its namespace matches its podSelector: the policy isolates nothing now.',
    advice: 'Compare its labels with those of the pods that it is meant for.',
  },
  'policy.peer-selects-nothing': {
    title: 'Peer that matches no pod',
    text: 'No pod in the audit matches this peer: the entry permits nothing now.',
    advice: 'Compare its labels with those of the pods and namespaces that it is meant for.',
  },
  'policy.peer-host-network': {
    title: 'Peer whose labels match only pods on their node’s network',
    text: 'The labels match {workloads}, whose pods use their node’s network. Selectors never match such pods (S10, S18): their traffic comes from addresses of nodes, and this entry does not permit it.',
    advice:
      'Permit the addresses of the nodes with an ipBlock; on OpenShift, select the namespaces with the label policy-group.network.openshift.io/host-network.',
  },
  'policy.peer-namespace-name': {
    title: 'Namespace selected by a label that it does not have',
    text: 'No namespace has the label {key}={value}. There is a namespace {value}, which has no label {key}; the API server labels each namespace with kubernetes.io/metadata.name.',
    advice: 'Write kubernetes.io/metadata.name: {value} in the namespaceSelector.',
  },
  'policy.peer-label-on-pods': {
    title: 'Label of pods asked of namespaces',
    text: 'The namespaceSelector asks for {label}, which no namespace has. Pods have it (namespaces: {namespaces}).',
    advice: 'Ask for {label} in the podSelector, and select the namespace by kubernetes.io/metadata.name.',
  },
  'policy.peer-label-on-namespaces': {
    title: 'Label of namespaces asked of pods',
    text: 'The podSelector asks for {label}, which none of the pods has. Namespaces have it: {namespaces}.',
    advice: 'Ask for {label} in the namespaceSelector.',
  },
  'policy.peer-label-key': {
    title: 'Value under another label key',
    text: 'Nothing that this peer selects among has the label {label}. In {where} there is {like}.',
    advice: 'Write {like} if that is what is meant.',
  },
  'policy.peer-other-namespace': {
    title: 'Pods of another namespace selected without their namespace',
    text: 'A podSelector alone selects in the policy’s own namespace, and no pod there matches {label}. Pods of other namespaces do: {namespaces}.',
    advice: 'Add a namespaceSelector to the same peer, for example by kubernetes.io/metadata.name.',
  },
  'policy.peer-open-to-label': {
    title: 'Peer that matches whoever takes a label',
    text: 'No pod matches this peer now. It waits in {namespaces} namespaces: whoever may create a pod with {label} in one of them fulfils it.',
    advice: 'Narrow the namespaceSelector to the namespaces that are meant.',
  },
  'policy.selects-unread': {
    title: 'Policy whose pods were not read',
    text: 'No pod that was read matches its podSelector, but pods of {workloads} were not read and may match.',
    advice: 'Keep the policy; audit the live cluster, or give the pods too.',
  },
  'policy.peer-selects-unread': {
    title: 'Peer whose pods were not read',
    text: 'No pod that was read matches this peer, but pods of {workloads} were not read and may match.',
    advice: 'Keep the peer; audit the live cluster, or give the pods too.',
  },
  'policy.named-port-unknown': {
    title: 'Named port that no pod declares',
    text: 'No pod that the rule concerns declares a {protocol} port named {name}: the entry permits nothing.',
    advice: 'Use the name and protocol that the containers declare, or the number.',
  },
  'policy.service-port': {
    title: 'Port of a Service instead of its pods',
    text: 'The rule names port {port}, which is a port of the Service {service}; its pods receive on {target}. Policies compare with the pod’s port.',
    advice: 'Write {targetPort}, or the name of the container’s port.',
  },
  'policy.dns-tcp-only': {
    title: 'DNS over UDP stays denied',
    text: 'Egress names port 53 for TCP alone (a port without a protocol is TCP), and no other policy of these pods adds UDP. Most DNS runs over UDP.',
    advice: 'Add port 53 with protocol UDP.',
  },
  'policy.block-over-service': {
    title: 'Address block over a Service’s address',
    text: 'This ipBlock holds the address of {services}, but not what is behind it. Network plugins translate first and compare the endpoints: {endpoints}.',
    advice:
      'Select the pods behind the Service, at the port that they receive on; where its endpoints are no pods, name their addresses.',
  },
  'policy.dns-local-cache': {
    title: 'DNS rule that does not cover the node-local DNS cache',
    text: 'The rule permits DNS to the pods of the cluster’s DNS. Here a cache on each node answers at {address}, which no selector matches. Pods whose lookups through it stay denied: {pods}.',
    advice: 'Permit {address} with an ipBlock as well, port 53 over UDP and TCP.',
  },
  'policy.egress-isolates-ingress': {
    title: 'Egress policy that isolates ingress as well',
    text: 'Without policyTypes a policy always applies to ingress. This one has only egress rules, so it also denies all ingress to the pods that it selects.',
    advice: 'Write policyTypes: [Egress], or both types if that is meant.',
  },
  'policy.empty-peer-list': {
    title: 'Empty peer list means everyone',
    text: 'A rule for {direction} has an empty list of peers. That permits every source or destination, inside and outside the cluster.',
    advice: 'Name the peers; to permit nobody, leave the rule out.',
  },
  'policy.selects-host-network': {
    title: 'Policy whose pods all use their node’s network',
    text: 'The podSelector matches only {workloads}, whose pods use their node’s network. NetworkPolicy does not isolate such pods (S18): the policy has no effect now.',
    advice: 'Filter on the node, or take the pods off their node’s network.',
  },
  'policy.port-entry-open': {
    title: 'Entry without a port beside entries with one',
    text: 'The entry names no port, so the rule permits every {protocol} port, and what stands beside it ({ports}) adds nothing.',
    advice: 'Give the entry its port, or join it with its neighbour where a dash too many split them.',
  },
  'policy.permits-everything': {
    title: 'Policy that permits everything',
    text: 'The policy isolates pods for {direction} and permits everything in it: on paper isolated, in effect open.',
    advice: 'Name peers and ports, or say so on purpose with a comment.',
  },
  'policy.block-over-pods': {
    title: 'Address range over pod addresses',
    text: 'This ipBlock covers addresses of pods. Network plugins differ in whether it matches them; taken here: {value}.',
    advice: 'Select pods by labels, and keep address ranges for what is outside the cluster.',
  },
  'policy.block-may-cover-pods': {
    title: 'Address range that may hold pods',
    text: 'No pod has an address yet, and pods may get theirs inside this ipBlock. Network plugins differ in whether it matches them then; taken here: {value}.',
    advice: 'Where the range means only what is outside the cluster, leave the pods’ range out with except.',
  },
  'policy.except-undone': {
    title: 'Exception that something else permits',
    text: '{except} is left out of {cidr}, and the same pods are permitted all of it by {by}: policies and peers add up, and an exception denies nothing.',
    advice: 'Leave the range out there as well, or drop the exception if it is not meant.',
  },

  'version.sctp': {
    title: 'SCTP is not available',
    text: 'This API server (or its feature gate) does not know SCTP and refuses the policy.',
    advice: 'Upgrade the server, or remove the SCTP ports.',
  },
  'version.endport': {
    title: 'endPort is dropped by this server',
    text: 'Server version {version} does not keep endPort: only the first port of the range is permitted.',
    advice: 'Upgrade the server, or list the ports one by one.',
  },
  'version.name-label': {
    title: 'Namespace name label does not exist on this server',
    text: 'The policy selects namespaces by kubernetes.io/metadata.name, which server version {version} does not set: the peer matches nothing.',
    advice: 'Upgrade the server, or label the namespaces yourself.',
  },

  // What stands open.
  'exposure.namespace-open': {
    title: 'Namespace with pods that are not isolated',
    text: 'Pods isolated in neither direction: {pods}.',
    advice: 'Add a default deny policy to the namespace, then permit what is needed.',
  },
  'exposure.egress-anywhere': {
    title: 'Pods that may reach anywhere',
    text: 'Pods that may reach every address outside the cluster on every port: {pods}.',
    advice: 'Isolate them for egress and permit the addresses and ports that they need.',
  },
  'exposure.ingress-anywhere': {
    title: 'Pods open to every outside address',
    text: 'Pods that are isolated for ingress and yet permit every address outside the cluster on some port: {pods}.',
    advice: 'Restrict the ipBlock or the empty peer list to the sources that are meant.',
  },
  'exposure.published': {
    title: 'Published pods that are not isolated',
    text: 'The Service {service} is published outside the cluster ({how}), and {pods} of the {total} pods behind it are not isolated for ingress.',
    advice: 'Isolate them for ingress, and permit the published port alone from where its traffic comes.',
  },
  'exposure.published-blocked': {
    title: 'Published pods that nobody outside reaches',
    text: 'The Service {service} is published outside the cluster ({how}), and no rule lets that traffic in: on {ports} the {pods} pods behind it accept neither outside addresses nor other nodes. At most what enters at a pod’s own node gets through.',
    advice:
      'If the Service is meant to answer, permit its sources with an ipBlock; if not, do not publish it.',
  },
  'exposure.ingress-blocked': {
    title: 'Pods behind an Ingress that nobody reaches',
    text: '{how} leads to the Service {service}, and on {ports} the {pods} pods behind it accept nobody of another namespace, no outside address and no node: an ingress controller elsewhere is not let in.',
    advice:
      'Permit the pods of the ingress controller, or the nodes’ addresses where they use the node’s network.',
  },
  'exposure.data-store': {
    title: 'Data store that every namespace may reach',
    text: 'Port {port}, which by its number or name is that of {store}, accepts connections from pods of every namespace (pods: {pods}): {because}.',
    advice: 'Permit only the pods that use it, by their labels and namespace.',
  },
  'exposure.host-network': {
    title: 'Pods that NetworkPolicy cannot isolate',
    text: 'Pods on their node’s network, to which NetworkPolicy does not apply: {pods}.',
    advice: 'Avoid hostNetwork where it is not needed; else filter on the node.',
  },

  // What the whole audit rests on.
  'cluster.not-enforced': {
    title: 'Nothing enforces NetworkPolicy',
    text: 'No network plugin here applies NetworkPolicy in full (found: {plugin}). In a direction that nothing enforces every pod is open, whatever the policies say.',
    advice: 'Install a network plugin that enforces NetworkPolicy, or turn its enforcement on.',
  },
  'cluster.enforcement-unknown': {
    title: 'Enforcement is not known',
    text: 'What was read does not prove that a network plugin enforces these policies (found: {plugin}). The verdicts follow the rules; they hold only where something enforces them.',
    advice: 'Audit the live cluster with rights to read its system pods, or set --assume enforced=yes or no.',
  },
  'cluster.node-not-enforced': {
    title: 'Node without known enforcement',
    text: 'Pods on node {node} ({plugin}): {what}.',
    advice: 'Check the network plugin on this node.',
  },
  'cluster.other-policies': {
    title: 'Other kinds of policy that are not evaluated',
    text: '{kind} exists here ({count}). {effect}. It is not evaluated: what it may touch is shown as “depends”.',
    advice: 'Read these policies beside this report.',
  },
  'cluster.coverage': {
    title: 'Something could not be read',
    text: '{resource} (namespace: {namespace}) could not be read: {reason}. What rests on it is shown as unknown.',
    advice: 'For a cluster, give the account the right to list it; for a file, correct it. Then audit again.',
  },
  'cluster.insecure-tls': {
    title: 'Server’s certificate was not verified',
    text: 'The kubeconfig turns verification off (insecure-skip-tls-verify): someone in between could have given false answers.',
    advice: 'Put the cluster’s certificate authority into the kubeconfig.',
  },
};

/** Parameters whose values are words of ours, by parameter name. */
export const valuesEn: Record<string, Record<string, string>> = {
  'input.unlisted.treatment': {
    'left-out': 'It takes no part in the audit, and what it would decide is open',
    kept: 'Its objects take part in the audit all the same',
  },
  treatment: {
    'left-out': 'It takes no part in the audit.',
    kept: 'It takes part as far as it could be read.',
  },
  reason: {
    'not-an-object': 'it is not an object',
    'not-a-list': 'it is not a list',
    'not-a-string': 'it is not text',
    'with-a-point': 'it is written with a point or an exponent, and the API takes that for no integer',
    'not-a-number': 'it is not a number',
    'not-a-boolean': 'it is not true or false',
    'out-of-range': 'its number is out of range',
    'unknown-value': 'its value is none that the API knows',
    'bad-name': 'its name is not valid',
    'bad-label-key': 'a label’s key is not valid',
    'bad-label-value': 'a label’s value is not valid',
    'bad-annotation-key': 'it is no valid annotation key',
    'selector-mismatch': 'its selector does not match the labels of its pod template',
  },
  remaining: { '': 'an unknown number' },
  'policy.block-over-service.endpoints': { none: 'none of them is known here' },
  'policy.block-over-pods.value': { match: 'it matches', ignore: 'it does not match', unknown: 'unknown' },
  'policy.block-may-cover-pods.value': {
    match: 'it matches',
    ignore: 'it does not match',
    unknown: 'unknown',
  },
  'cluster.not-enforced.plugin': { unknown: 'none' },
  'cluster.enforcement-unknown.plugin': { unknown: 'nothing' },
  'cluster.other-policies.effect': {
    '': 'It may change what NetworkPolicy decides',
    'may-permit': 'It may permit or deny before NetworkPolicy does',
    'may-only-deny':
      'It may refuse what NetworkPolicy permits, and permits nothing that NetworkPolicy denies',
    baseline: 'It decides where no NetworkPolicy selects the pod',
  },
  'exposure.data-store.because': { open: 'no policy isolates it for ingress' },
  'cluster.node-not-enforced.what': {
    no: 'nothing enforces NetworkPolicy there',
    unknown: 'it is not known whether NetworkPolicy is enforced there',
  },
};

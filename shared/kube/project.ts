/**
 * Raw API objects → the records of a snapshot. Only the fields that the audit needs are taken, one by one:
 * annotations, environment variables, volumes and Secrets cannot enter because nothing copies them; of arguments only the
 * addresses of a node-local DNS cache do.
 */
import { parseAddress } from '../net/ip.ts';
import type { ProblemCheck } from './problems.ts';
import type {
  ContainerPort,
  EndpointPort,
  EndpointSliceRecord,
  IngressRecord,
  Labels,
  NamespaceRecord,
  NodeRecord,
  OwnerRef,
  Place,
  PodPhase,
  PodRecord,
  PolicyRecord,
  Problem,
  Protocol,
  ServicePort,
  ServiceRecord,
} from './snapshot.ts';

/** The label that every namespace carries from Kubernetes 1.21 on (S19). */
export const NAME_LABEL = 'kubernetes.io/metadata.name';

export type Raw = Record<string, unknown>;

/**
 * How the name and namespace of an object were written where they are no text (`y`, `007`), by its metadata. The API
 * refuses such an object; one that is kept goes by what stands in the file.
 */
export const WRITTEN: unique symbol = Symbol('as written');

/** Is it a JSON object (neither null nor a list)? */
export function isObject(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Binary (code unit) order: the same on every machine and in every language. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Deeper than this no field of a NetworkPolicy lies. */
const MAX_DEPTH = 64;

/**
 * A copy of plain JSON with sorted keys, so that equal content is equal text whatever wrote it. Undefined where it
 * is nested more than 64 deep; numbers that JSON does not know become null.
 */
export function canonicalJson(value: unknown): { value: unknown } | undefined {
  let deep = false;
  const copy = (from: unknown, depth: number): unknown => {
    if (depth > MAX_DEPTH) {
      deep = true;
      return null;
    }
    if (Array.isArray(from)) return from.map((one) => copy(one, depth + 1));
    if (typeof from === 'number') return Number.isFinite(from) ? from : null;
    if (typeof from === 'string' || typeof from === 'boolean') return from;
    if (!isObject(from)) return null;
    const result: Raw = {};
    for (const key of Object.keys(from).sort(compareText))
      // Assigning to this name would change the prototype instead of adding a key.
      if (key !== '__proto__' && from[key] !== undefined) result[key] = copy(from[key], depth + 1);
    return result;
  };
  const result = copy(value, 0);
  return deep ? undefined : { value: result };
}

/**
 * Keeps one copy of what repeats: 100,000 pods share a few thousand label maps and port lists. The shared
 * objects are never changed after they were handed out.
 */
export class Interner {
  private readonly strings = new Map<string, string>();
  private readonly labelMaps = new Map<string, Labels>();
  private readonly portLists = new Map<string, ContainerPort[]>();
  private readonly owners = new Map<string, OwnerRef>();
  private readonly prefixes = new Map<string, number>();

  /** The kept copy of a string. */
  text(value: string): string {
    const kept = this.strings.get(value);
    if (kept !== undefined) return kept;
    this.strings.set(value, value);
    return value;
  }

  /** Labels with sorted keys, one object for equal content. */
  labels(entries: [string, string][]): Labels {
    entries.sort((a, b) => compareText(a[0], b[0]));
    const key = JSON.stringify(entries);
    let kept = this.labelMaps.get(key);
    if (kept === undefined) {
      kept = {};
      for (const [name, value] of entries) kept[this.text(name)] = this.text(value);
      this.labelMaps.set(key, kept);
    }
    return kept;
  }

  /** One list for equal content; order is kept. */
  ports(ports: ContainerPort[]): ContainerPort[] {
    const key = JSON.stringify(ports);
    let kept = this.portLists.get(key);
    if (kept === undefined) this.portLists.set(key, (kept = ports));
    return kept;
  }

  /**
   * A name to show for an object by `generateName`: two of one prefix are two objects. No object can be called so, since
   * the API takes no asterisk in a name.
   */
  generated(prefix: string, kind: string, namespace: string): string {
    const key = `${kind}/${namespace}/${prefix}`;
    const count = (this.prefixes.get(key) ?? 0) + 1;
    this.prefixes.set(key, count);
    return count === 1 ? `${prefix}*` : `${prefix}*${count}`;
  }

  owner(kind: string, name: string): OwnerRef {
    const key = `${kind}/${name}`;
    let kept = this.owners.get(key);
    if (kept === undefined) this.owners.set(key, (kept = { kind: this.text(kind), name }));
    return kept;
  }
}

/** What a projection needs to know beside the object. */
export interface ProjectContext {
  intern: Interner;
  /** 'manifest': nothing has validated the object yet. 'cluster': an API server has, so it is only read. */
  origin: 'manifest' | 'cluster';
  place?: Place;
  report(problem: Problem): void;
}

/** One object being read: remembers what to name in its problems. */
class Reader {
  readonly context: ProjectContext;
  readonly object: { kind: string; namespace: string | null; name: string };
  /** Did the API's own rules find it wanting? */
  refused = false;

  constructor(context: ProjectContext, kind: string, namespace: string | null, name: string) {
    this.context = context;
    this.object = { kind, namespace, name };
  }

  /** Adds a problem for a field. Objects of a live cluster were accepted by a server: no problem is made up. */
  problem(check: ProblemCheck, field: string, params: Record<string, string | number>): void {
    if (this.context.origin === 'cluster') return;
    const place: Place = { ...this.context.place };
    if (field !== '') place.field = field;
    const all: Record<string, string | number> = field === '' ? params : { field, ...params };
    this.context.report({ check, place, object: { ...this.object }, params: all });
  }

  invalid(field: string, reason: string, treatment: 'kept' | 'left-out', value?: unknown): void {
    this.refused = true;
    const params: Record<string, string | number> = { reason, treatment };
    if (typeof value === 'number') params.value = value;
    else if (typeof value === 'string' || typeof value === 'boolean')
      params.value = String(value).slice(0, 80);
    this.problem('input.invalid-object', field, params);
  }

  /** A name that the API refuses. It changes nothing of what the object means, so it may stay. */
  badName(field: string, value: string, treatment: 'kept' | 'left-out'): void {
    if (treatment === 'left-out') this.refused = true;
    this.problem('input.invalid-object', field, { reason: 'bad-name', treatment, value: value.slice(0, 80) });
  }
}

const LABEL_NAME = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Is it the name of an object that the API accepts: a DNS subdomain of up to 253 characters (RFC 1123)? */
function isSubdomain(name: string): boolean {
  return DNS_SUBDOMAIN.test(name) && name.length <= 253;
}

/** Is it a label key that the API accepts: an optional DNS prefix, a slash, and a name of up to 63 characters? */
export function isLabelKey(key: string): boolean {
  const slash = key.indexOf('/');
  if (slash < 0) return LABEL_NAME.test(key);
  const prefix = key.slice(0, slash);
  return prefix.length <= 253 && DNS_SUBDOMAIN.test(prefix) && LABEL_NAME.test(key.slice(slash + 1));
}

/** Is it a label value that the API accepts: empty, or up to 63 characters? */
export function isLabelValue(value: string): boolean {
  return LABEL_VALUE.test(value);
}

/** ObjectMeta of the API reference; anything else in `metadata` is dropped by the server. */
const META_FIELDS = new Set([
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
  'clusterName',
  'initializers',
]);

function readLabels(value: unknown, field: string, reader: Reader, treatment: 'kept' | 'left-out'): Labels {
  const { intern } = reader.context;
  if (value === undefined || value === null) return intern.labels([]);
  if (!isObject(value)) {
    reader.invalid(field, 'not-an-object', treatment);
    return intern.labels([]);
  }
  const entries: [string, string][] = [];
  for (const [key, label] of Object.entries(value)) {
    const at = `${field}[${JSON.stringify(key)}]`;
    // The server reads a null value of a string map as an empty string.
    const text = label === null ? '' : label;
    if (!isLabelKey(key)) {
      reader.invalid(at, 'bad-label-key', treatment, key);
      // An assignment to this name would change the map's prototype; no valid key looks like it.
      if (key === '__proto__') continue;
    }
    if (typeof text !== 'string') {
      reader.invalid(at, 'not-a-string', treatment, text);
      continue;
    }
    if (!isLabelValue(text)) reader.invalid(at, 'bad-label-value', treatment, text);
    entries.push([key, text]);
  }
  return intern.labels(entries);
}

/** Annotations are checked for what the server would refuse, and nothing of them is kept or quoted. */
function checkAnnotations(
  value: unknown,
  field: string,
  reader: Reader,
  treatment: 'kept' | 'left-out',
): void {
  if (reader.context.origin === 'cluster' || value === undefined || value === null) return;
  if (!isObject(value)) {
    reader.invalid(field, 'not-an-object', treatment);
    return;
  }
  for (const [key, text] of Object.entries(value)) {
    const at = `${field}[${JSON.stringify(key)}]`;
    // Unlike a label's, the prefix may have capitals.
    if (!isLabelKey(key.toLowerCase())) reader.invalid(field, 'bad-annotation-key', treatment);
    if (typeof text !== 'string' && text !== null) reader.invalid(at, 'not-a-string', treatment);
  }
}

function checkMetaFields(meta: Raw, field: string, reader: Reader): void {
  if (reader.context.origin === 'cluster') return;
  for (const key of Object.keys(meta))
    if (!META_FIELDS.has(key))
      reader.problem('input.unknown-field', `${field}.${key}`, { treatment: 'kept' });
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

interface Head {
  reader: Reader;
  meta: Raw;
  namespace: string;
  name: string;
}

/**
 * Name, namespace and metadata of an object. Null where it has no name that could identify it.
 * A namespaced object without a namespace goes into `default` (S19).
 */
function readHead(
  raw: unknown,
  kind: string,
  namespaced: boolean,
  context: ProjectContext,
  treatment: 'kept' | 'left-out',
): Head | null {
  const object: Raw = isObject(raw) ? raw : {};
  const meta: Raw = isObject(object.metadata) ? object.metadata : {};
  const written = (meta as { [WRITTEN]?: { name?: string; namespace?: string } })[WRITTEN] ?? {};
  const givenNamespace = meta.namespace;
  const namespace =
    typeof givenNamespace === 'string' && givenNamespace !== ''
      ? context.intern.text(givenNamespace)
      : typeof givenNamespace === 'number' || typeof givenNamespace === 'boolean'
        ? (written.namespace ?? String(givenNamespace))
        : 'default';
  const generated = text(meta.generateName);
  const name =
    typeof meta.name === 'number' || typeof meta.name === 'boolean'
      ? (written.name ?? String(meta.name))
      : (text(meta.name) ??
        (generated === null ? null : context.intern.generated(generated, kind, namespaced ? namespace : '')));
  const reader = new Reader(context, kind, namespaced ? namespace : null, name ?? '');
  if (object.metadata !== undefined && object.metadata !== null && !isObject(object.metadata))
    reader.invalid('metadata', 'not-an-object', treatment);
  if (name === null) {
    // Of a live cluster too: without a name it cannot be in the snapshot.
    context.report({
      check: 'input.no-name',
      place: { ...context.place, field: 'metadata.name' },
      object: { ...reader.object },
      params: { field: 'metadata.name', kind, treatment: 'left-out' },
    });
    return null;
  }
  if (context.origin === 'manifest') {
    if (meta.name !== undefined && meta.name !== null && typeof meta.name !== 'string')
      reader.invalid('metadata.name', 'not-a-string', treatment, meta.name);
    else if (text(meta.name) !== null) {
      const good = kind === 'Namespace' ? DNS_LABEL.test(name) : isSubdomain(name);
      if (!good) reader.badName('metadata.name', name, treatment);
    } else if (generated !== null && !isSubdomain(`${generated}x`))
      // The server puts five letters and digits behind it and looks at the whole.
      reader.badName('metadata.generateName', generated, treatment);
    if (namespaced && givenNamespace !== undefined && givenNamespace !== null) {
      if (typeof givenNamespace !== 'string')
        reader.invalid('metadata.namespace', 'not-a-string', treatment, givenNamespace);
      else if (givenNamespace !== '' && !DNS_LABEL.test(givenNamespace))
        reader.badName('metadata.namespace', givenNamespace, treatment);
    }
    checkMetaFields(meta, 'metadata', reader);
    checkAnnotations(meta.annotations, 'metadata.annotations', reader, treatment);
  }
  return { reader, meta, namespace, name };
}

/**
 * The owner that manages an object: the one reference with `controller: true` (API reference,
 * OwnerReference.controller). Null where there is none or it has no name. A reference without a kind, which the
 * API would refuse, is taken as of the object's own kind, so that what belongs together stays together.
 */
export function controllerOf(raw: unknown, ownKind: string): { kind: string; name: string } | null {
  const meta = isObject(raw) && isObject(raw.metadata) ? raw.metadata : {};
  if (!Array.isArray(meta.ownerReferences)) return null;
  for (const reference of meta.ownerReferences) {
    if (!isObject(reference) || reference.controller !== true) continue;
    const name = text(reference.name);
    if (name !== null) return { kind: text(reference.kind) ?? ownKind, name };
  }
  return null;
}

const PHASES: readonly string[] = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'];

/** Ports that the containers and native sidecars of a pod spec declare, in order (S14). */
function readContainerPorts(spec: Raw, field: string, reader: Reader): ContainerPort[] {
  const ports: ContainerPort[] = [];
  const add = (container: unknown, at: string): void => {
    if (!isObject(container)) {
      reader.invalid(at, 'not-an-object', 'kept');
      return;
    }
    if (container.ports === undefined || container.ports === null) return;
    if (!Array.isArray(container.ports)) {
      reader.invalid(`${at}.ports`, 'not-a-list', 'kept');
      return;
    }
    container.ports.forEach((port: unknown, index: number) => {
      const here = `${at}.ports[${index}]`;
      if (!isObject(port)) {
        reader.invalid(here, 'not-an-object', 'kept');
        return;
      }
      const number = port.containerPort;
      if (typeof number !== 'number') {
        reader.invalid(`${here}.containerPort`, 'not-a-number', 'kept', number);
        return;
      }
      if (!Number.isInteger(number) || number < 1 || number > 65535) {
        reader.invalid(`${here}.containerPort`, 'out-of-range', 'kept', number);
        return;
      }
      const protocol = port.protocol === undefined || port.protocol === null ? 'TCP' : port.protocol;
      if (protocol !== 'TCP' && protocol !== 'UDP' && protocol !== 'SCTP') {
        reader.invalid(`${here}.protocol`, 'unknown-value', 'kept', protocol);
        return;
      }
      if (port.name !== undefined && port.name !== null && typeof port.name !== 'string')
        reader.invalid(`${here}.name`, 'not-a-string', 'kept', port.name);
      ports.push({ name: text(port.name) ?? '', port: number, protocol });
    });
  };
  const containers = (key: string): unknown[] => {
    const value = spec[key];
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value;
    reader.invalid(`${field}.${key}`, 'not-a-list', 'kept');
    return [];
  };
  containers('containers').forEach((container, index) => add(container, `${field}.containers[${index}]`));
  containers('initContainers').forEach((container, index) => {
    // Only a native sidecar goes on running beside the containers.
    if (isObject(container) && container.restartPolicy === 'Always')
      add(container, `${field}.initContainers[${index}]`);
  });
  return reader.context.intern.ports(ports);
}

function readIps(list: unknown, single: unknown, intern: Interner): string[] {
  const ips: string[] = [];
  if (Array.isArray(list))
    for (const entry of list) {
      const ip = isObject(entry) ? text(entry.ip) : text(entry);
      if (ip !== null && !ips.includes(ip)) ips.push(intern.text(ip));
    }
  const one = text(single);
  if (ips.length === 0 && one !== null) ips.push(intern.text(one));
  return ips;
}

function hostNetworkOf(spec: Raw, field: string, reader: Reader): boolean {
  const value = spec.hostNetwork;
  if (value !== undefined && value !== null && typeof value !== 'boolean')
    reader.invalid(`${field}.hostNetwork`, 'not-a-boolean', 'kept', value);
  return value === true;
}

export interface ProjectedPod {
  record: PodRecord;
  /** Addresses of its node, as far as the pod itself shows them. */
  nodeIps: string[];
}

/**
 * A Pod. Its owner is the direct controller; the builder follows it further (ReplicaSet → Deployment). A static
 * pod is a bare pod: its owner is a Node, no workload.
 * Follows S17 (phase), S18 (hostNetwork), S14 (ports). A pod that the API would refuse is kept, with a problem:
 * losing an endpoint would be worse than reading it as far as it goes. Null where it has no name.
 */
export function projectPod(raw: unknown, context: ProjectContext): ProjectedPod | null {
  const head = readHead(raw, 'Pod', true, context, 'kept');
  if (head === null) return null;
  const { intern } = context;
  const { reader, meta } = head;
  const object = raw as Raw;
  const spec: Raw = isObject(object.spec) ? object.spec : {};
  const status: Raw = isObject(object.status) ? object.status : {};
  if (object.spec !== undefined && object.spec !== null && !isObject(object.spec))
    reader.invalid('spec', 'not-an-object', 'kept');
  const phase = text(status.phase) ?? 'Pending';
  const controller = controllerOf(raw, 'Pod');
  const hostNetwork = hostNetworkOf(spec, 'spec', reader);
  const ips = readIps(status.podIPs, status.podIP, intern);
  const nodeIps = readIps(status.hostIPs, status.hostIP, intern);
  if (hostNetwork) for (const ip of ips) if (!nodeIps.includes(ip)) nodeIps.push(ip);
  const node = text(spec.nodeName);
  const record: PodRecord = {
    namespace: head.namespace,
    name: head.name,
    kind: 'Pod',
    labels: readLabels(meta.labels, 'metadata.labels', reader, 'kept'),
    ips,
    node: node === null ? null : intern.text(node),
    hostNetwork,
    phase: (PHASES.includes(phase) ? phase : 'Unknown') as PodPhase,
    terminating: text(meta.deletionTimestamp) !== null,
    ports: readContainerPorts(spec, 'spec', reader),
    owner:
      controller === null || controller.kind === 'Node'
        ? null
        : intern.owner(controller.kind, controller.name),
    replicas: 1,
    ...localDnsOf(spec, head.namespace, head.name),
  };
  if (context.place) record.place = context.place;
  return { record, nodeIps };
}

/** The workload kinds whose templates make endpoints (S20), with the group that serves them and its version. */
export const WORKLOADS: Readonly<Record<string, { groups: readonly string[]; current: string }>> = {
  Deployment: { groups: ['apps', 'extensions'], current: 'apps/v1' },
  ReplicaSet: { groups: ['apps', 'extensions'], current: 'apps/v1' },
  StatefulSet: { groups: ['apps'], current: 'apps/v1' },
  DaemonSet: { groups: ['apps', 'extensions'], current: 'apps/v1' },
  Job: { groups: ['batch'], current: 'batch/v1' },
  CronJob: { groups: ['batch'], current: 'batch/v1' },
  ReplicationController: { groups: [''], current: 'v1' },
};

/** The pods that a label selector of a workload would have to match; true where it does or cannot be read. */
function templateMatches(selector: unknown, labels: Labels): boolean {
  if (!isObject(selector) || !isObject(selector.matchLabels)) return true;
  return Object.entries(selector.matchLabels).every(([key, value]) => labels[key] === value);
}

/**
 * The template of a workload as one endpoint (S20): its kind and name, its template's labels, its replicas
 * (absent: 1, the API's default). Zero replicas is an endpoint still: scaling up needs no other policy.
 * Null where it has no name.
 */
export function projectWorkload(raw: unknown, kind: string, context: ProjectContext): PodRecord | null {
  const head = readHead(raw, kind, true, context, 'kept');
  if (head === null) return null;
  const { intern } = context;
  const { reader } = head;
  const object = raw as Raw;
  let spec: Raw = isObject(object.spec) ? object.spec : {};
  const outer = spec;
  let path = 'spec';
  if (kind === 'CronJob') {
    path = 'spec.jobTemplate.spec';
    const jobTemplate: Raw = isObject(spec.jobTemplate) ? spec.jobTemplate : {};
    spec = isObject(jobTemplate.spec) ? jobTemplate.spec : {};
  }
  if (!isObject(spec.template)) reader.invalid(`${path}.template`, 'not-an-object', 'kept');
  const template: Raw = isObject(spec.template) ? spec.template : {};
  const meta: Raw = isObject(template.metadata) ? template.metadata : {};
  const podSpec: Raw = isObject(template.spec) ? template.spec : {};
  checkMetaFields(meta, `${path}.template.metadata`, reader);
  const labels = readLabels(meta.labels, `${path}.template.metadata.labels`, reader, 'kept');
  if (kind !== 'Job' && kind !== 'CronJob' && kind !== 'ReplicationController')
    if (!templateMatches(outer.selector, labels))
      reader.invalid('spec.selector', 'selector-mismatch', 'kept');

  let replicas = 1;
  if (kind === 'Job' || kind === 'CronJob') {
    if (typeof spec.parallelism === 'number') replicas = spec.parallelism;
  } else if (kind !== 'DaemonSet' && outer.replicas !== undefined && outer.replicas !== null) {
    if (typeof outer.replicas !== 'number')
      reader.invalid('spec.replicas', 'not-a-number', 'kept', outer.replicas);
    else if (!Number.isInteger(outer.replicas) || outer.replicas < 0)
      reader.invalid('spec.replicas', 'out-of-range', 'kept', outer.replicas);
    else replicas = outer.replicas;
  }
  const ordinals: Raw = kind === 'StatefulSet' && isObject(outer.ordinals) ? outer.ordinals : {};
  const start = ordinals.start;
  const controller = controllerOf(raw, kind);
  const record: PodRecord = {
    namespace: head.namespace,
    name: head.name,
    kind,
    labels,
    ips: [],
    node: null,
    hostNetwork: hostNetworkOf(podSpec, `${path}.template.spec`, reader),
    phase: kind === 'Job' ? jobPhase(object.status) : 'Pending',
    terminating: text(head.meta.deletionTimestamp) !== null,
    ports: readContainerPorts(podSpec, `${path}.template.spec`, reader),
    owner: controller === null ? null : intern.owner(controller.kind, controller.name),
    replicas,
    ...(Number.isInteger(start) && (start as number) > 0 ? { ordinalStart: start as number } : {}),
    ...localDnsOf(podSpec, head.namespace, head.name),
  };
  if (context.place) record.place = context.place;
  return record;
}

/** Where a node-local DNS cache listens unless it is told otherwise. */
export const LOCAL_DNS_ADDRESS = '169.254.20.10';

/**
 * The addresses at which a NodeLocal DNSCache answers on its own node: of a host-network pod of kube-system with the
 * argument `-localip`, or of one called node-local-dns without it.
 * https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/
 */
function localDnsOf(spec: Raw, namespace: string, name: string): Pick<PodRecord, 'localDns'> {
  if (namespace !== 'kube-system' || spec.hostNetwork !== true || !Array.isArray(spec.containers)) return {};
  for (const container of spec.containers as unknown[]) {
    if (!isObject(container)) continue;
    const words = [...texts(container.command), ...texts(container.args)];
    const at = words.findIndex((word) => /^--?localip(=|$)/.test(word));
    if (at < 0) continue;
    const value = words[at].includes('=')
      ? words[at].slice(words[at].indexOf('=') + 1)
      : (words[at + 1] ?? '');
    const addresses = value.split(',').filter((one) => parseAddress(one) !== null);
    if (addresses.length > 0) return { localDns: addresses };
  }
  return /^node-?local-?dns(-|$)/.test(name) ? { localDns: [LOCAL_DNS_ADDRESS] } : {};
}

/** A Job that has completed or failed has no pod that could take part any more (S17). */
function jobPhase(status: unknown): PodPhase {
  if (isObject(status) && Array.isArray(status.conditions))
    for (const condition of status.conditions)
      if (isObject(condition) && condition.status === 'True') {
        if (condition.type === 'Complete') return 'Succeeded';
        if (condition.type === 'Failed') return 'Failed';
      }
  return 'Pending';
}

/**
 * A Namespace. From a manifest the label kubernetes.io/metadata.name is added, and set right where it says
 * something else, as the API server does (S19); from a cluster the labels stay as read.
 */
export function projectNamespace(raw: unknown, context: ProjectContext): NamespaceRecord | null {
  const head = readHead(raw, 'Namespace', false, context, 'kept');
  if (head === null) return null;
  let labels = readLabels(head.meta.labels, 'metadata.labels', head.reader, 'kept');
  let added = false;
  if (context.origin === 'manifest') {
    const given = labels[NAME_LABEL];
    if (given !== head.name) {
      // A server before 1.21 would not have added it (S22).
      added = given === undefined;
      if (given !== undefined)
        head.reader.problem('input.name-label', `metadata.labels[${JSON.stringify(NAME_LABEL)}]`, {
          value: given,
        });
      labels = context.intern.labels([
        ...Object.entries(labels).filter(([key]) => key !== NAME_LABEL),
        [NAME_LABEL, head.name],
      ]);
    }
  }
  const record: NamespaceRecord = { name: head.name, labels, labelsKnown: true, implied: false };
  if (added) record.nameLabelAdded = true;
  if (context.place) record.place = context.place;
  return record;
}

/** A Node: its name, addresses, labels and pod ranges. */
export function projectNode(raw: unknown, context: ProjectContext): NodeRecord | null {
  const head = readHead(raw, 'Node', false, context, 'kept');
  if (head === null) return null;
  const object = raw as Raw;
  const spec: Raw = isObject(object.spec) ? object.spec : {};
  const status: Raw = isObject(object.status) ? object.status : {};
  const ips: string[] = [];
  if (Array.isArray(status.addresses))
    for (const entry of status.addresses)
      if (isObject(entry) && (entry.type === 'InternalIP' || entry.type === 'ExternalIP')) {
        const ip = text(entry.address);
        if (ip !== null && !ips.includes(ip)) ips.push(ip);
      }
  return {
    name: head.name,
    ips,
    labels: readLabels(head.meta.labels, 'metadata.labels', head.reader, 'kept'),
    podCIDRs: readIps(spec.podCIDRs, spec.podCIDR, context.intern),
  };
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string' && entry !== '') : [];
}

/** A Service: its selector (null when absent), ports with their target ports (S16) and addresses (S23). */
export function projectService(raw: unknown, context: ProjectContext): ServiceRecord | null {
  const head = readHead(raw, 'Service', true, context, 'kept');
  if (head === null) return null;
  const { reader } = head;
  const object = raw as Raw;
  const spec: Raw = isObject(object.spec) ? object.spec : {};
  const status: Raw = isObject(object.status) ? object.status : {};
  const ports: ServicePort[] = [];
  if (Array.isArray(spec.ports))
    spec.ports.forEach((entry: unknown, index: number) => {
      const at = `spec.ports[${index}]`;
      if (!isObject(entry)) return reader.invalid(at, 'not-an-object', 'kept');
      if (typeof entry.port !== 'number')
        return reader.invalid(`${at}.port`, 'not-a-number', 'kept', entry.port);
      if (!Number.isInteger(entry.port) || entry.port < 1 || entry.port > 65535)
        return reader.invalid(`${at}.port`, 'out-of-range', 'kept', entry.port);
      const protocol = entry.protocol ?? 'TCP';
      if (protocol !== 'TCP' && protocol !== 'UDP' && protocol !== 'SCTP')
        return reader.invalid(`${at}.protocol`, 'unknown-value', 'kept', protocol);
      const given = entry.targetPort;
      // An absent, empty or zero target port is the Service's own port.
      const targetPort =
        (typeof given === 'number' && given !== 0) || (typeof given === 'string' && given !== '')
          ? given
          : null;
      const { nodePort } = entry;
      ports.push({
        name: text(entry.name) ?? '',
        port: entry.port,
        targetPort: targetPort === entry.port ? null : targetPort,
        protocol: protocol as Protocol,
        ...(isPort(nodePort) ? { nodePort } : {}),
      });
    });
  const clusterIPs = texts(spec.clusterIPs);
  const clusterIP = text(spec.clusterIP);
  if (clusterIPs.length === 0 && clusterIP !== null) clusterIPs.push(clusterIP);
  const loadBalancerIPs: string[] = [];
  if (isObject(status.loadBalancer) && Array.isArray(status.loadBalancer.ingress))
    for (const entry of status.loadBalancer.ingress) {
      const ip = isObject(entry) ? text(entry.ip) : null;
      if (ip !== null) loadBalancerIPs.push(ip);
    }
  const asked = text(spec.loadBalancerIP);
  if (asked !== null && !loadBalancerIPs.includes(asked)) loadBalancerIPs.push(asked);
  const record: ServiceRecord = {
    namespace: head.namespace,
    name: head.name,
    type: text(spec.type) ?? 'ClusterIP',
    // An empty selector selects nothing for a Service, as an absent one does.
    selector:
      isObject(spec.selector) && Object.keys(spec.selector).length > 0
        ? readLabels(spec.selector, 'spec.selector', reader, 'kept')
        : null,
    ports,
    clusterIPs: clusterIPs.filter((ip) => ip !== 'None'),
    externalIPs: texts(spec.externalIPs),
    loadBalancerIPs,
    externalTrafficPolicy: text(spec.externalTrafficPolicy),
    ...(clusterIPs.includes('None') ? { headless: true as const } : {}),
  };
  if (context.place) record.place = context.place;
  return record;
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65535;
}

/** Sorted, each once. */
function distinct(values: Iterable<string>): string[] {
  return [...new Set(values)].sort(compareText);
}

/**
 * An EndpointSlice: its Service, and the pods or else the addresses that its endpoints lead to.
 * https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/
 */
export function projectEndpointSlice(raw: unknown, context: ProjectContext): EndpointSliceRecord | null {
  const head = readHead(raw, 'EndpointSlice', true, context, 'kept');
  if (head === null) return null;
  const object = raw as Raw;
  const found = new EndpointList(head.namespace, context.intern);
  for (const endpoint of Array.isArray(object.endpoints) ? (object.endpoints as unknown[]) : []) {
    if (!isObject(endpoint)) continue;
    // What is not said to be otherwise is ready.
    const conditions: Raw = isObject(endpoint.conditions) ? endpoint.conditions : {};
    found.add(endpoint.targetRef, texts(endpoint.addresses), conditions.ready !== false);
  }
  const labels: Raw = isObject(head.meta.labels) ? head.meta.labels : {};
  const record: EndpointSliceRecord = {
    namespace: head.namespace,
    name: head.name,
    service: text(labels['kubernetes.io/service-name']),
    ...found.fields(object.ports),
  };
  if (context.place) record.place = context.place;
  return record;
}

/**
 * An Endpoints object, which only manifests and dumps are read for: one record for each of its subsets.
 * https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoints-v1/
 */
export function projectEndpoints(
  raw: unknown,
  context: ProjectContext,
): { namespace: string; name: string; subsets: EndpointSliceRecord[] } | null {
  const head = readHead(raw, 'Endpoints', true, context, 'kept');
  if (head === null) return null;
  const { namespace, name } = head;
  const subsets: EndpointSliceRecord[] = [];
  const given = (raw as Raw).subsets;
  for (const subset of Array.isArray(given) ? (given as unknown[]) : []) {
    if (!isObject(subset)) continue;
    const found = new EndpointList(namespace, context.intern);
    for (const [list, ready] of [
      [subset.addresses, true],
      [subset.notReadyAddresses, false],
    ] as const)
      for (const one of Array.isArray(list) ? (list as unknown[]) : [])
        if (isObject(one)) found.add(one.targetRef, texts([one.ip]), ready);
    const record: EndpointSliceRecord = {
      namespace,
      // A name that no EndpointSlice can have.
      name: `Endpoints/${name}/${subsets.length}`,
      service: name,
      ...found.fields(subset.ports),
      legacy: true,
    };
    if (context.place) record.place = context.place;
    subsets.push(record);
  }
  return { namespace, name, subsets };
}

/** Gathers the endpoints of one slice or subset: pods by name where they are said to be pods, else addresses. */
class EndpointList {
  private readonly namespace: string;
  private readonly intern: Interner;
  private readonly pods: string[] = [];
  private readonly addresses: string[] = [];
  private readonly notReady: string[] = [];

  constructor(namespace: string, intern: Interner) {
    this.namespace = namespace;
    this.intern = intern;
  }

  add(targetRef: unknown, ips: string[], ready: boolean): void {
    const ref: Raw = isObject(targetRef) ? targetRef : {};
    const pod =
      ref.kind === 'Pod' && (ref.namespace ?? this.namespace) === this.namespace ? text(ref.name) : null;
    const names = pod === null ? ips : [this.intern.text(pod)];
    (pod === null ? this.addresses : this.pods).push(...names);
    if (!ready) this.notReady.push(...names);
  }

  fields(ports: unknown): Pick<EndpointSliceRecord, 'pods' | 'addresses' | 'notReady' | 'ports'> {
    const read: EndpointPort[] = [];
    for (const entry of Array.isArray(ports) ? (ports as unknown[]) : []) {
      if (!isObject(entry)) continue;
      const protocol = entry.protocol ?? 'TCP';
      if (protocol !== 'TCP' && protocol !== 'UDP' && protocol !== 'SCTP') continue;
      const port = entry.port ?? null;
      if (port !== null && !isPort(port)) continue;
      read.push({ name: text(entry.name) ?? '', port, protocol });
    }
    const notReady = distinct(this.notReady);
    return {
      pods: distinct(this.pods),
      addresses: distinct(this.addresses),
      ...(notReady.length > 0 ? { notReady } : {}),
      ...(read.length > 0 ? { ports: read } : {}),
    };
  }
}

/**
 * An Ingress: the Services that it publishes. Of the versions before networking.k8s.io/v1 too, which name them as
 * `serviceName`.
 * https://kubernetes.io/docs/concepts/services-networking/ingress/
 */
export function projectIngress(raw: unknown, context: ProjectContext): IngressRecord | null {
  const head = readHead(raw, 'Ingress', true, context, 'kept');
  if (head === null) return null;
  const object = raw as Raw;
  const spec: Raw = isObject(object.spec) ? object.spec : {};
  const services: string[] = [];
  const backend = (given: unknown): void => {
    if (!isObject(given)) return;
    const name = isObject(given.service) ? text(given.service.name) : text(given.serviceName);
    if (name !== null) services.push(name);
  };
  backend(spec.defaultBackend ?? spec.backend);
  for (const rule of Array.isArray(spec.rules) ? (spec.rules as unknown[]) : []) {
    const paths = isObject(rule) && isObject(rule.http) ? rule.http.paths : null;
    for (const path of Array.isArray(paths) ? (paths as unknown[]) : [])
      if (isObject(path)) backend(path.backend);
  }
  const record: IngressRecord = { namespace: head.namespace, name: head.name, services: distinct(services) };
  if (context.place) record.place = context.place;
  return record;
}

const POLICY_FIELDS = new Set(['apiVersion', 'kind', 'metadata', 'spec', 'status']);

/**
 * A NetworkPolicy of networking.k8s.io/v1. Its `spec` is kept as it stands; compile reads it. From a manifest,
 * one whose metadata the API would refuse is left out (S24), and fields unknown at the top are named (S27).
 */
export function projectPolicy(raw: unknown, context: ProjectContext): PolicyRecord | null {
  const head = readHead(raw, 'NetworkPolicy', true, context, 'left-out');
  if (head === null) return null;
  const { reader } = head;
  const object = raw as Raw;
  if (context.origin === 'manifest') {
    readLabels(head.meta.labels, 'metadata.labels', reader, 'left-out');
    for (const key of Object.keys(object))
      if (!POLICY_FIELDS.has(key)) reader.problem('input.unknown-field', key, { treatment: 'kept' });
    if (reader.refused) return null;
  }
  const record: PolicyRecord = { namespace: head.namespace, name: head.name, origin: context.origin };
  if (
    context.origin === 'manifest' &&
    text(head.meta.uid) !== null &&
    text(head.meta.resourceVersion) !== null
  )
    record.stored = true;
  if (object.spec !== undefined) {
    const spec = canonicalJson(object.spec);
    if (spec === undefined) {
      reader.invalid('spec', 'too-deep', 'left-out');
      // What a live cluster stores keeps its place: compile finds that it cannot read this spec (S24).
      if (context.origin === 'manifest') return null;
    }
    record.spec = spec === undefined ? 'unreadable' : spec.value;
  }
  if (context.place) record.place = context.place;
  return record;
}

/**
 * The file format of a snapshot: JSON with a fixed order of keys, so that equal snapshots are equal bytes, written
 * in pieces, and checked from the first byte to the last when it is read.
 */
import { z } from 'zod';
import { canonicalJson, compareText, Interner, isObject } from './project.ts';
import { PASSED, PROTOCOLS, READ_BOUNDS } from './snapshot.ts';
import type {
  Assumptions,
  ClusterInfo,
  ContainerPort,
  Coverage,
  CoverageBound,
  CoverageCause,
  CoverageEntry,
  EndpointSliceRecord,
  Enforcement,
  IngressRecord,
  LabelRequirement,
  Labels,
  NamespaceRecord,
  NodeRecord,
  OtherPolicyRecord,
  OwnerRef,
  Place,
  PodRecord,
  PolicyRecord,
  Problem,
  ServiceRecord,
  Snapshot,
} from './snapshot.ts';

/** Why a file is not read: `path` is a place in the JSON, e.g. `pods[17].labels`, '' for the whole. */
export interface SnapshotError {
  path: string;
  message: string;
}

/** Errors that are reported of one file; a broken generator would give one for each pod. */
const MAX_ERRORS = 20;
const labels = z.record(z.string(), z.string());
const text = z.string();
const count = z.number().int().min(0);
const tri = z.enum(['yes', 'no', 'unknown']);
const protocol = z.enum(PROTOCOLS);
const port = z.number().int().min(1).max(65535);

const place: z.ZodType<Place> = z.object({
  file: text.optional(),
  document: count.optional(),
  line: count.optional(),
  column: count.optional(),
  field: text.optional(),
});

const requirements = z
  .array(
    z.object({
      key: text,
      operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
      values: z.array(text),
    }),
  )
  .nullable();

const evidence = z.array(z.object({ where: text, what: text }));

const implies: z.ZodType<Partial<Assumptions>> = z.object({
  ipBlockPods: z.enum(['match', 'ignore', 'unknown']).optional(),
  hostNetwork: z.enum(['node', 'pod', 'unknown']).optional(),
  serverVersion: text.optional(),
  endPort: z.enum(['on', 'off', 'unknown']).optional(),
  sctp: z.enum(['on', 'off', 'unknown']).optional(),
  enforced: tri.optional(),
  unselected: z.enum(['permit', 'deny', 'unknown']).optional(),
});

const format = z.object({
  format: z.literal('bulkhead.snapshot'),
  version: z.literal(1),
  cluster: z.object({
    name: text,
    source: z.enum(['context', 'manifests', 'snapshot', 'demo']),
    file: text.optional(),
    server: text.optional(),
    serverVersion: text.nullable(),
    takenAt: text,
    warnings: z.array(text),
  }),
  namespaces: z.array(
    z.object({
      name: text,
      labels,
      labelsKnown: z.boolean(),
      implied: z.boolean(),
      nameLabelAdded: z.boolean().optional(),
      place: place.optional(),
    }),
  ),
  pods: z.array(
    z.object({
      namespace: text,
      name: text,
      kind: text,
      labels,
      ips: z.array(text),
      node: text.nullable(),
      hostNetwork: z.boolean(),
      phase: z.enum(['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown']),
      terminating: z.boolean(),
      ports: z.array(z.object({ name: text, port, protocol })),
      owner: z.object({ kind: text, name: text }).nullable(),
      replicas: count,
      ordinalStart: count.optional(),
      scaled: z.literal(true).optional(),
      localDns: z.array(text).optional(),
      place: place.optional(),
    }),
  ),
  nodes: z.array(z.object({ name: text, ips: z.array(text), labels, podCIDRs: z.array(text) })),
  services: z.array(
    z.object({
      namespace: text,
      name: text,
      type: text,
      selector: labels.nullable(),
      ports: z.array(
        z.object({
          name: text,
          port,
          targetPort: z.union([z.number(), text]).nullable(),
          protocol,
          nodePort: port.optional(),
        }),
      ),
      clusterIPs: z.array(text),
      externalIPs: z.array(text),
      loadBalancerIPs: z.array(text),
      externalTrafficPolicy: text.nullable(),
      headless: z.literal(true).optional(),
      place: place.optional(),
    }),
  ),
  // Absent in files from before they were read.
  endpointSlices: z
    .array(
      z.object({
        namespace: text,
        name: text,
        service: text.nullable(),
        pods: z.array(text),
        addresses: z.array(text),
        notReady: z.array(text).optional(),
        ports: z.array(z.object({ name: text, port: port.nullable(), protocol })).optional(),
        legacy: z.literal(true).optional(),
        place: place.optional(),
      }),
    )
    .default([]),
  ingresses: z
    .array(z.object({ namespace: text, name: text, services: z.array(text), place: place.optional() }))
    .default([]),
  policies: z.array(
    z.object({
      namespace: text,
      name: text,
      spec: z.unknown().optional(),
      origin: z.enum(['manifest', 'cluster']),
      stored: z.literal(true).optional(),
      place: place.optional(),
    }),
  ),
  otherPolicies: z.array(
    z.object({
      kind: text,
      group: text,
      namespace: text.nullable(),
      name: text.nullable(),
      status: z.enum(['present', 'unreadable']),
      subject: z.object({ namespaces: requirements, pods: requirements }).optional(),
      directions: z.array(z.enum(['ingress', 'egress'])).optional(),
      place: place.optional(),
    }),
  ),
  enforcement: z.object({
    plugin: text.nullable(),
    ingress: tri,
    egress: tri,
    evidence,
    nodes: z.array(z.object({ node: text, plugin: text.nullable(), ingress: tri, egress: tri, evidence })),
    implies,
    identityLabels: z.array(text).nullable().optional(),
  }),
  coverage: z.object({
    complete: z.boolean(),
    entries: z.array(
      z.object({
        resource: text,
        verb: z.enum(['list', 'get', 'read', 'watch']),
        namespace: text.nullable(),
        file: text.optional(),
        outcome: z.enum(['read', 'refused', 'failed', 'skipped', 'moved']),
        count,
        reason: text.optional(),
        causes: z.array(z.object({ check: text, line: count.optional() })).optional(),
        passed: z.enum(PASSED).optional(),
        render: text.optional(),
        bound: z.object({ code: z.enum(READ_BOUNDS), limit: count, leftOut: count.optional() }).optional(),
        resourceVersion: text.optional(),
        pages: count.optional(),
        affectsVerdicts: z.boolean(),
      }),
    ),
    unreadPolicies: z.array(text.nullable()),
    unreadPods: z.array(text.nullable()),
    skippedDocuments: count,
    // Absent in files from before they were kept, and where there are none.
    gaps: z
      .array(
        z.object({
          hides: z.enum(['policies', 'pods', 'anything']),
          namespace: text.nullable(),
          kind: text.optional(),
          alters: z.enum(['objects', 'rules']).optional(),
          check: text,
          file: text,
          line: count.optional(),
        }),
      )
      .optional(),
  }),
  problems: z.array(
    z.object({
      check: text,
      place,
      object: z.object({ kind: text, namespace: text.nullable(), name: text }).optional(),
      params: z.record(text, z.union([text, z.number()])),
    }),
  ),
});

/** The lists of records: checked one record at a time, so that a file of a million wrong ones gives its first errors. */
const LISTS = [
  'namespaces',
  'pods',
  'nodes',
  'services',
  'endpointSlices',
  'ingresses',
  'policies',
  'otherPolicies',
  'problems',
] as const;

/** A list inside a record: as long as no API server makes one. */
const MAX_INNER = 100_000;

/** Checks everything but what needs two records to be wrong. */
function checked(data: Record<string, unknown>): { value: Snapshot } | { errors: SnapshotError[] } {
  const errors: SnapshotError[] = [];
  const take = (path: readonly PropertyKey[], issues: readonly z.core.$ZodIssue[]): void => {
    for (const issue of issues.slice(0, MAX_ERRORS - errors.length))
      errors.push({ path: pathText([...path, ...issue.path]), message: issue.message });
  };
  const lists: Record<string, unknown[]> = {};
  for (const name of LISTS) {
    const raw = data[name];
    // What is no list is said by the format as a whole, below.
    if (!Array.isArray(raw)) continue;
    const list = format.shape[name];
    const element: z.ZodType = (list instanceof z.ZodDefault ? list.unwrap() : list).element;
    const out: unknown[] = [];
    for (let i = 0; i < raw.length && errors.length < MAX_ERRORS; i++) {
      const item: unknown = raw[i];
      const long = isObject(item)
        ? Object.keys(item).find((key) => Array.isArray(item[key]) && item[key].length > MAX_INNER)
        : undefined;
      if (long !== undefined) {
        errors.push({ path: `${name}[${i}].${long}`, message: `More than ${MAX_INNER} entries.` });
        continue;
      }
      const parsed = element.safeParse(item);
      if (parsed.success) out.push(parsed.data);
      else take([name, i], parsed.error.issues);
    }
    lists[name] = out;
  }
  const rest = errors.length < MAX_ERRORS ? format.safeParse({ ...data, ...emptied(lists) }) : null;
  if (rest && !rest.success) take([], rest.error.issues);
  if (errors.length > 0 || !rest?.success) return { errors };
  const value: Snapshot = rest.data;
  return { value: Object.assign(value, lists) };
}

function emptied(lists: Record<string, unknown[]>): Record<string, unknown[]> {
  return Object.fromEntries(Object.keys(lists).map((name) => [name, []]));
}

/** `['pods', 17, 'labels']` → `pods[17].labels` */
function pathText(path: readonly PropertyKey[]): string {
  let result = '';
  for (const step of path) {
    if (typeof step === 'number') result += `[${step}]`;
    else result += result === '' ? String(step) : `.${String(step)}`;
  }
  return result;
}

/**
 * Checks what was parsed from a snapshot file. Gives the snapshot with the format's own fields alone, sorted, or
 * what is wrong with it and where (20 errors at most).
 */
export function parseSnapshot(data: unknown): { snapshot: Snapshot } | { errors: SnapshotError[] } {
  if (!isObject(data) || data.format !== 'bulkhead.snapshot')
    return { errors: [{ path: 'format', message: 'This file is not a Bulkhead snapshot.' }] };
  if (data.version !== 1) {
    const newer = typeof data.version === 'number' && data.version > 1;
    const message = newer
      ? `This snapshot was made by a newer Bulkhead (format version ${String(data.version)}; this one reads version 1).`
      : 'The format version of this snapshot is unknown.';
    return { errors: [{ path: 'version', message }] };
  }
  const parsed = checked(data);
  if ('errors' in parsed) return parsed;
  const snapshot = parsed.value;
  const errors: SnapshotError[] = [];
  const intern = new Interner();
  snapshot.policies.forEach((policy, index) => {
    if (policy.spec === undefined) return;
    const spec = canonicalJson(policy.spec);
    if (spec === undefined) errors.push({ path: `policies[${index}].spec`, message: 'Nested too deeply.' });
    else policy.spec = spec.value;
  });
  for (const pod of snapshot.pods) {
    pod.labels = intern.labels(Object.entries(pod.labels));
    pod.ports = intern.ports(pod.ports);
    if (pod.owner !== null) pod.owner = intern.owner(pod.owner.kind, pod.owner.name);
    pod.namespace = intern.text(pod.namespace);
    if (pod.node !== null) pod.node = intern.text(pod.node);
  }
  for (const one of [...snapshot.namespaces, ...snapshot.nodes])
    one.labels = intern.labels(Object.entries(one.labels));
  sortUnique(snapshot.namespaces, 'namespaces', (one) => [one.name], errors);
  sortUnique(snapshot.pods, 'pods', (pod) => [pod.namespace, pod.name, pod.kind], errors);
  sortUnique(snapshot.nodes, 'nodes', (node) => [node.name], errors);
  sortUnique(snapshot.services, 'services', (service) => [service.namespace, service.name], errors);
  sortUnique(snapshot.endpointSlices, 'endpointSlices', (slice) => [slice.namespace, slice.name], errors);
  sortUnique(snapshot.ingresses, 'ingresses', (ingress) => [ingress.namespace, ingress.name], errors);
  sortUnique(snapshot.policies, 'policies', (policy) => [policy.namespace, policy.name], errors);
  return errors.length > 0 ? { errors: errors.slice(0, MAX_ERRORS) } : { snapshot };
}

/** The evaluator relies on order and on one record an identity; a file written by hand may have neither. */
function sortUnique<T>(
  records: T[],
  list: string,
  identity: (record: T) => string[],
  errors: SnapshotError[],
): void {
  const compare = (a: T, b: T): number => {
    const left = identity(a);
    const right = identity(b);
    for (let i = 0; i < left.length; i++) {
      const order = compareText(left[i], right[i]);
      if (order !== 0) return order;
    }
    return 0;
  };
  records.sort(compare);
  for (let i = 1; i < records.length && errors.length < MAX_ERRORS; i++)
    if (compare(records[i - 1], records[i]) === 0)
      errors.push({ path: list, message: `Two entries are called ${identity(records[i]).join('/')}.` });
}

/** Copies the named fields, in this order, and leaves out what is absent. */
function fields<T extends object>(value: T, names: readonly (keyof T)[]): Partial<T> {
  const result: Partial<T> = {};
  for (const name of names) if (value[name] !== undefined) result[name] = value[name];
  return result;
}

function sortedLabels(value: Labels): Labels {
  const keys = Object.keys(value);
  if (keys.every((key, index) => index === 0 || keys[index - 1] < key)) return value;
  return Object.fromEntries(keys.sort(compareText).map((key) => [key, value[key]]));
}

const PLACE: readonly (keyof Place)[] = ['file', 'document', 'line', 'column', 'field'];

function placed<T extends { place?: Place }>(record: T, ordered: Partial<T>): Partial<T> {
  if (record.place !== undefined) ordered.place = fields(record.place, PLACE);
  return ordered;
}

function portsOf<T extends { name: string }>(ports: T[], names: readonly (keyof T)[]): Partial<T>[] {
  return ports.map((one) => fields(one, names));
}

/**
 * The snapshot as JSON text in pieces, one a record, each ending with a line break: equal snapshots give equal
 * text, and no piece is longer than its record.
 */
export function* serializeSnapshot(snapshot: Snapshot): Generator<string> {
  const { cluster, enforcement, coverage } = snapshot;
  yield '{"format":"bulkhead.snapshot","version":1,\n';
  yield `"cluster":${JSON.stringify(
    fields<ClusterInfo>(cluster, [
      'name',
      'source',
      'file',
      'server',
      'serverVersion',
      'takenAt',
      'warnings',
    ]),
  )},\n`;
  yield* list('namespaces', snapshot.namespaces, (one: NamespaceRecord) =>
    placed(one, {
      name: one.name,
      labels: sortedLabels(one.labels),
      labelsKnown: one.labelsKnown,
      implied: one.implied,
      ...(one.nameLabelAdded === true ? { nameLabelAdded: true } : {}),
    }),
  );
  yield* list('pods', snapshot.pods, (pod: PodRecord) =>
    placed(pod, {
      namespace: pod.namespace,
      name: pod.name,
      kind: pod.kind,
      labels: sortedLabels(pod.labels),
      ips: pod.ips,
      node: pod.node,
      hostNetwork: pod.hostNetwork,
      phase: pod.phase,
      terminating: pod.terminating,
      ports: portsOf(pod.ports, ['name', 'port', 'protocol']) as ContainerPort[],
      owner: pod.owner === null ? null : (fields(pod.owner, ['kind', 'name']) as OwnerRef),
      replicas: pod.replicas,
      ...(pod.ordinalStart === undefined ? {} : { ordinalStart: pod.ordinalStart }),
      ...(pod.scaled === undefined ? {} : { scaled: pod.scaled }),
      ...(pod.localDns === undefined ? {} : { localDns: pod.localDns }),
    }),
  );
  yield* list('nodes', snapshot.nodes, (node: NodeRecord) => ({
    name: node.name,
    ips: node.ips,
    labels: sortedLabels(node.labels),
    podCIDRs: node.podCIDRs,
  }));
  yield* list('services', snapshot.services, (service: ServiceRecord) =>
    placed(service, {
      namespace: service.namespace,
      name: service.name,
      type: service.type,
      selector: service.selector === null ? null : sortedLabels(service.selector),
      ports: portsOf(service.ports, [
        'name',
        'port',
        'targetPort',
        'protocol',
        'nodePort',
      ]) as ServiceRecord['ports'],
      clusterIPs: service.clusterIPs,
      externalIPs: service.externalIPs,
      loadBalancerIPs: service.loadBalancerIPs,
      externalTrafficPolicy: service.externalTrafficPolicy,
      ...(service.headless === true ? { headless: true } : {}),
    }),
  );
  yield* list('endpointSlices', snapshot.endpointSlices, (slice: EndpointSliceRecord) =>
    placed(slice, {
      namespace: slice.namespace,
      name: slice.name,
      service: slice.service,
      pods: slice.pods,
      addresses: slice.addresses,
      ...(slice.notReady === undefined ? {} : { notReady: slice.notReady }),
      ...(slice.ports === undefined
        ? {}
        : { ports: portsOf(slice.ports, ['name', 'port', 'protocol']) as EndpointSliceRecord['ports'] }),
      ...(slice.legacy === true ? { legacy: true } : {}),
    }),
  );
  yield* list('ingresses', snapshot.ingresses, (ingress: IngressRecord) =>
    placed(ingress, { namespace: ingress.namespace, name: ingress.name, services: ingress.services }),
  );
  yield* list('policies', snapshot.policies, (policy: PolicyRecord) => {
    const ordered: Partial<PolicyRecord> = { namespace: policy.namespace, name: policy.name };
    if (policy.spec !== undefined) ordered.spec = canonicalJson(policy.spec)?.value ?? null;
    ordered.origin = policy.origin;
    if (policy.stored) ordered.stored = true;
    return placed(policy, ordered);
  });
  yield* list('otherPolicies', snapshot.otherPolicies, (other: OtherPolicyRecord) => {
    const ordered = fields(other, ['kind', 'group', 'namespace', 'name', 'status', 'subject', 'directions']);
    if (other.subject !== undefined) {
      const { namespaces, pods } = other.subject;
      ordered.subject = { namespaces: conditions(namespaces), pods: conditions(pods) };
    }
    return placed(other, ordered);
  });
  yield `"enforcement":${JSON.stringify(orderedEnforcement(enforcement))},\n`;
  yield `"coverage":{"complete":${String(coverage.complete)},\n`;
  yield* list('entries', coverage.entries, (entry: CoverageEntry) => {
    const ordered = fields(entry, COVERAGE);
    if (entry.causes !== undefined)
      ordered.causes = entry.causes.map((one) => fields(one, CAUSE) as CoverageCause);
    if (entry.bound !== undefined) ordered.bound = fields(entry.bound, BOUND) as CoverageBound;
    return ordered;
  });
  yield `${restOfCoverage(coverage)}},\n`;
  yield* list(
    'problems',
    snapshot.problems,
    (problem: Problem) => {
      const ordered: Partial<Problem> = { check: problem.check, place: fields(problem.place, PLACE) };
      if (problem.object !== undefined)
        ordered.object = fields(problem.object, ['kind', 'namespace', 'name']) as Problem['object'];
      ordered.params = Object.fromEntries(
        Object.entries(problem.params).sort((a, b) => compareText(a[0], b[0])),
      );
      return ordered;
    },
    '}\n',
  );
}

const CAUSE: readonly (keyof CoverageCause)[] = ['check', 'line'];
const BOUND: readonly (keyof CoverageBound)[] = ['code', 'limit', 'leftOut'];

function conditions(list: LabelRequirement[] | null): LabelRequirement[] | null {
  return list?.map((one) => fields(one, ['key', 'operator', 'values']) as LabelRequirement) ?? null;
}

const COVERAGE: readonly (keyof CoverageEntry)[] = [
  'resource',
  'verb',
  'namespace',
  'file',
  'outcome',
  'count',
  'reason',
  'causes',
  'passed',
  'render',
  'bound',
  'resourceVersion',
  'pages',
  'affectsVerdicts',
];

function* list<T>(
  name: string,
  records: T[],
  ordered: (record: T) => object,
  end = ',\n',
): Generator<string> {
  yield `"${name}":[\n`;
  const last = records.length - 1;
  for (let i = 0; i <= last; i++) yield `${JSON.stringify(ordered(records[i]))}${i < last ? ',' : ''}\n`;
  yield `]${end}`;
}

function restOfCoverage(coverage: Coverage): string {
  const { unreadPolicies, unreadPods, skippedDocuments, gaps } = coverage;
  return JSON.stringify({
    unreadPolicies,
    unreadPods,
    skippedDocuments,
    ...(gaps === undefined
      ? {}
      : {
          gaps: gaps.map((gap) =>
            fields(gap, ['hides', 'namespace', 'kind', 'alters', 'check', 'file', 'line']),
          ),
        }),
  }).slice(1, -1);
}

function orderedEnforcement(enforcement: Enforcement): object {
  const evidenceOf = (one: Pick<Enforcement, 'evidence'>): object[] =>
    one.evidence.map((item) => fields(item, ['where', 'what']));
  return {
    plugin: enforcement.plugin,
    ingress: enforcement.ingress,
    egress: enforcement.egress,
    evidence: evidenceOf(enforcement),
    nodes: enforcement.nodes.map((node) => ({
      ...fields(node, ['node', 'plugin', 'ingress', 'egress']),
      evidence: evidenceOf(node),
    })),
    implies: fields<Partial<Assumptions>>(enforcement.implies, [
      'ipBlockPods',
      'hostNetwork',
      'serverVersion',
      'endPort',
      'sctp',
      'enforced',
      'unselected',
    ]),
    ...(enforcement.identityLabels === undefined ? {} : { identityLabels: enforcement.identityLabels }),
  };
}

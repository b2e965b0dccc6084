/** Collects what a source brings, in whatever order, and gives one sorted snapshot of it. */
import { effectOf, hasEffect, isSign, kindOfResource, networkKind } from './kinds.ts';
import {
  folderInside,
  isInFolder,
  FolderTree,
  isChartFile,
  isKustomizationFile,
  mayHoldDirective,
  readKustomization,
  seenDocument,
} from './kustomize.ts';
import type { PassedOver, SeenFile } from './kustomize.ts';
import { ANY_GAP, readManifest } from './manifests.ts';
import type { ManifestGap, ManifestObject } from './manifests.ts';
import { PluginSignals } from './plugins.ts';
import {
  compareText,
  controllerOf,
  Interner,
  isObject,
  NAME_LABEL,
  projectEndpoints,
  projectEndpointSlice,
  projectIngress,
  projectNamespace,
  projectNode,
  projectPod,
  projectPolicy,
  projectService,
  projectWorkload,
  WORKLOADS,
} from './project.ts';
import type { ProblemCheck } from './problems.ts';
import type { ProjectContext } from './project.ts';
import type {
  ClusterInfo,
  CoverageEntry,
  CoverageGap,
  EndpointSliceRecord,
  Enforcement,
  IngressRecord,
  NamespaceRecord,
  NodeRecord,
  OtherPolicyRecord,
  OwnerRef,
  Passed,
  Place,
  PodRecord,
  PolicyRecord,
  Problem,
  ServiceRecord,
  Snapshot,
} from './snapshot.ts';
import { scopeOf } from './subject.ts';

/** What `decided` found: see there. */
interface DecidedFiles {
  entries: CoverageEntry[];
  late: Problem[];
  gaps: { problem: Problem; gap: ManifestGap }[];
  /** Does the record take part? */
  stays: (record: { place?: Place }) => boolean;
  /** Is the problem one of something that takes part, or of what could not be read? */
  concerns: (problem: Problem) => boolean;
}

/** Kinds that stand between a pod and the workload that a user knows, with the group that serves them. */
const OWNER_KINDS = new Set(['ReplicaSet', 'Job', 'ReplicationController']);

const SYSTEM_NAMESPACE =
  /^(kube-.*|.*-system|openshift-.*|ovn-kubernetes|(calico|tigera|cilium|antrea|weave|flannel|canal|cni|network)(-.*)?)$/;

/** Is it a namespace that network plugins are installed to? A pod elsewhere may carry any name. */
export function isSystemNamespace(name: string): boolean {
  return SYSTEM_NAMESPACE.test(name);
}

function isOtherPolicy(group: string, kind: string): boolean {
  return effectOf(group, kind) !== 'none';
}

/** Problems of a whole file that was not read; the files are collected elsewhere, and their problems added here. */
const UNREAD_FILE: ReadonlySet<string> = new Set<ProblemCheck>(['input.unreadable', 'input.too-large']);

/** What a page of a list says beside its items. */
export interface PageNext {
  /** Namespace and name of the first object: the same again is a list that goes round. Absent without one. */
  first?: string;
  continueToken: string | null;
  remaining: number | null;
  resourceVersion: string | null;
}

/**
 * The items of one page of an API list, and what is needed to go on.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
 * @param resource its name in the message
 * @param list the page, JSON-parsed
 * @throws TypeError where it is no list
 */
export function readPage(
  resource: string,
  list: unknown,
): { items: unknown[]; kind: string; next: PageNext } {
  if (!isObject(list) || (!Array.isArray(list.items) && list.items !== null))
    throw new TypeError(`The answer for ${resource} is no list.`);
  const meta = isObject(list.metadata) ? list.metadata : {};
  const first = firstOf(list.items);
  return {
    items: Array.isArray(list.items) ? list.items : [],
    kind: typeof list.kind === 'string' ? list.kind.replace(/List$/, '') : '',
    next: {
      ...(first === null ? {} : { first }),
      continueToken: typeof meta.continue === 'string' && meta.continue !== '' ? meta.continue : null,
      remaining: typeof meta.remainingItemCount === 'number' ? meta.remainingItemCount : null,
      resourceVersion: typeof meta.resourceVersion === 'string' ? meta.resourceVersion : null,
    },
  };
}

/** Namespace and name of the first of a page's objects. */
function firstOf(items: unknown): string | null {
  const first: unknown = Array.isArray(items) ? items[0] : undefined;
  const meta = isObject(first) && isObject(first.metadata) ? first.metadata : {};
  return typeof meta.name === 'string' ? `${String(meta.namespace ?? '')}/${meta.name}`.slice(0, 600) : null;
}

/** The problem of an entry of a list that is no object. */
export function notAnItem(resource: string, index: number): Problem {
  return {
    check: 'input.not-an-item',
    place: { field: `${resource}.items[${index}]` },
    params: { field: `items[${index}]` },
  };
}

/** What stands between a pod and its workload: a ReplicaSet, a Job. */
export interface KnownOwner {
  namespace: string;
  kind: string;
  name: string;
  controller: OwnerRef | null;
}

/** What is kept of an object. */
export type Projected =
  | { is: 'namespace'; record: NamespaceRecord }
  | { is: 'pod'; record: PodRecord; nodeIps: string[] }
  | { is: 'node'; record: NodeRecord }
  | { is: 'service'; record: ServiceRecord }
  | { is: 'endpointSlice'; record: EndpointSliceRecord }
  | { is: 'endpoints'; record: { namespace: string; name: string; subsets: EndpointSliceRecord[] } }
  | { is: 'ingress'; record: IngressRecord }
  | { is: 'policy'; record: PolicyRecord }
  | { is: 'owner'; record: KnownOwner }
  /** A workload whose number of pods is somebody else's to set. */
  | { is: 'scaled'; workload: string; place?: Place }
  | { is: 'otherPolicy'; record: OtherPolicyRecord };

/**
 * What is kept of an API object; null where nothing is (a kind that only signs are read of, an object without a name).
 * @param raw the object
 * @param kind its kind, of the tables in `kinds.ts`
 * @param group its API group
 * @param context how it is read
 */
export function projectObject(
  raw: Record<string, unknown>,
  kind: string,
  group: string,
  context: ProjectContext,
): Projected | null {
  if (isOtherPolicy(group, kind)) {
    if (!hasEffect(group, kind, raw)) return null;
    const meta = isObject(raw.metadata) ? raw.metadata : {};
    const known = networkKind(group, kind);
    const written = typeof meta.namespace === 'string' && meta.namespace !== '' ? meta.namespace : null;
    const record: OtherPolicyRecord = {
      kind,
      group,
      // Of a kind that nobody knows, an object without a namespace may concern the whole cluster.
      namespace: known?.scope === 'cluster' ? null : (written ?? (known?.kind === '*' ? null : 'default')),
      name: typeof meta.name === 'string' ? meta.name : '',
      status: 'present',
      ...scopeOf(group, kind, raw),
    };
    if (context.place) record.place = context.place;
    return { is: 'otherPolicy', record };
  }
  switch (kind) {
    case 'Namespace': {
      const record = projectNamespace(raw, context);
      return record && { is: 'namespace', record };
    }
    case 'Pod': {
      const projected = projectPod(raw, context);
      return projected && { is: 'pod', ...projected };
    }
    case 'Node': {
      const record = projectNode(raw, context);
      return record && { is: 'node', record };
    }
    case 'Service': {
      const record = projectService(raw, context);
      return record && { is: 'service', record };
    }
    case 'EndpointSlice': {
      const record = projectEndpointSlice(raw, context);
      return record && { is: 'endpointSlice', record };
    }
    case 'Endpoints': {
      const record = projectEndpoints(raw, context);
      return record && { is: 'endpoints', record };
    }
    case 'Ingress': {
      const record = projectIngress(raw, context);
      return record && { is: 'ingress', record };
    }
    case 'NetworkPolicy': {
      const record = projectPolicy(raw, context);
      return record && { is: 'policy', record };
    }
  }
  if (kind === 'HorizontalPodAutoscaler') {
    const workload = scaledWorkload(raw);
    return workload === null
      ? null
      : { is: 'scaled', workload, ...(context.place ? { place: context.place } : {}) };
  }
  if (!OWNER_KINDS.has(kind)) return null;
  const meta = isObject(raw.metadata) ? raw.metadata : {};
  if (typeof meta.name !== 'string') return null;
  const controller = controllerOf(raw, kind);
  return {
    is: 'owner',
    record: {
      namespace: context.intern.text(
        typeof meta.namespace === 'string' && meta.namespace !== '' ? meta.namespace : 'default',
      ),
      kind,
      name: meta.name,
      controller: controller === null ? null : context.intern.owner(controller.kind, controller.name),
    },
  };
}

/** `namespace/kind/name` of the workload that an autoscaler scales; null where it names none. */
function scaledWorkload(raw: Record<string, unknown>): string | null {
  const meta = isObject(raw.metadata) ? raw.metadata : {};
  const spec = isObject(raw.spec) ? raw.spec : {};
  const target = isObject(spec.scaleTargetRef) ? spec.scaleTargetRef : {};
  if (typeof target.kind !== 'string' || typeof target.name !== 'string') return null;
  const namespace = typeof meta.namespace === 'string' && meta.namespace !== '' ? meta.namespace : 'default';
  return `${namespace}/${target.kind}/${target.name}`;
}

/** A manifest file as it was read; what it counts for is decided when all files are known. */
interface ReadFile extends SeenFile {
  /** Documents with content, objects that the audit reads. */
  count: number;
  objects: number;
  /** What could not be read of it. */
  gaps: { problem: Problem; gap: ManifestGap }[];
}

interface NodeAddress {
  namespace: string;
  node: string;
  ips: Set<string>;
}

export class SnapshotBuilder {
  private readonly cluster: ClusterInfo;
  private readonly intern = new Interner();
  private readonly signals: PluginSignals;
  private namespaces: NamespaceRecord[] = [];
  private pods: PodRecord[] = [];
  private workloads: PodRecord[] = [];
  private scaled: { workload: string; place?: Place }[] = [];
  private nodes: NodeRecord[] = [];
  /** What pods tell of their nodes, by namespace and node. */
  private readonly nodeAddresses = new Map<string, NodeAddress>();
  private services: ServiceRecord[] = [];
  private endpointSlices: EndpointSliceRecord[] = [];
  private ingresses: IngressRecord[] = [];
  private policies: PolicyRecord[] = [];
  private otherPolicies: OtherPolicyRecord[] = [];
  private owners: KnownOwner[] = [];
  private readonly entries: CoverageEntry[] = [];
  private readonly problems: Problem[] = [];
  private readonly unreadPolicies = new Set<string | null>();
  private readonly unreadPods = new Set<string | null>();
  /** Files that could not be read at all. */
  private readonly unreadFiles: DecidedFiles['gaps'] = [];
  private skippedDocuments = 0;
  private readonly files: ReadFile[] = [];
  private readonly folders = new FolderTree();
  private enforcement: Enforcement | null = null;
  /** What only shows at the end; found anew by each `finish`. */
  private late: Problem[] = [];
  private lateGaps: DecidedFiles['gaps'] = [];
  /** See FolderTree.alternatives; null until two objects of one identity are met. */
  private alternatives: ((one: string, other: string) => boolean) | null = null;

  /** `cluster.source` decides how gaps are read: 'manifests' have all their objects, a cluster may hide some. */
  constructor(cluster: ClusterInfo) {
    this.cluster = { ...cluster, warnings: [...cluster.warnings] };
    this.signals = new PluginSignals(cluster.source === 'manifests' ? 'manifests' : 'cluster');
  }

  /**
   * One page of an API list, already JSON-parsed; projects each item. `resource` is the plural of the API
   * ('pods', 'networkpolicies', ...); items of a list carry no kind, so it comes from the resource.
   * Gives the page's size and what is needed to go on; entries that are no objects become problems.
   * Throws TypeError where it is no list; nothing of it is kept then.
   */
  addListPage(
    resource: string,
    list: unknown,
  ): {
    count: number;
    continueToken: string | null;
    remaining: number | null;
    resourceVersion: string | null;
  } {
    const page = readPage(resource, list);
    const { kind, group } = kindOfResource(resource);
    const context: ProjectContext = {
      intern: this.intern,
      origin: 'cluster',
      report: (problem) => this.problems.push(problem),
    };
    let count = 0;
    page.items.forEach((item, index) => {
      if (!isObject(item)) {
        this.problems.push(notAnItem(resource, index));
        return;
      }
      count++;
      // Outside the table the item or its list says the kind; only the plugin's detection reads those.
      if (kind === null) this.signals.other(typeof item.kind === 'string' ? item.kind : page.kind, item);
      else {
        this.signal(item, kind);
        this.project(item, kind, group, context);
      }
    });
    return { count, ...page.next };
  }

  /** Forgets what a list brought so far, because it starts again (its continue token expired, 410). */
  restartList(resource: string, namespace: string | null): void {
    const { kind, group } = kindOfResource(resource);
    const stays = (record: { namespace: string | null }): boolean =>
      namespace !== null && record.namespace !== namespace;
    if (kind === 'Namespace') this.namespaces = [];
    else if (kind === 'Node') this.nodes = [];
    else if (kind === 'Pod') {
      this.pods = this.pods.filter(stays);
      for (const [key, one] of this.nodeAddresses) if (!stays(one)) this.nodeAddresses.delete(key);
    } else if (kind === 'Service') this.services = this.services.filter(stays);
    else if (kind === 'EndpointSlice') this.endpointSlices = this.endpointSlices.filter(stays);
    else if (kind === 'Ingress') this.ingresses = this.ingresses.filter(stays);
    else if (kind === 'NetworkPolicy' && group === 'networking.k8s.io')
      this.policies = this.policies.filter(stays);
    else if (kind !== null && OWNER_KINDS.has(kind))
      this.owners = this.owners.filter((owner) => owner.kind !== kind || stays(owner));
    else
      this.otherPolicies = this.otherPolicies.filter(
        (one) => one.kind !== kind || one.group !== group || stays(one),
      );
  }

  /** What shows which network plugin runs goes to its detection; only of namespaces that users do not deploy to. */
  private signal(item: Record<string, unknown>, kind: string): void {
    if (kind === 'Node') this.signals.node(item);
    const meta = isObject(item.metadata) ? item.metadata : {};
    if (typeof meta.namespace !== 'string' || !isSystemNamespace(meta.namespace)) return;
    if (kind === 'Pod') this.signals.pod(item);
    else if (kind === 'DaemonSet') this.signals.daemonSet(item);
    else if (kind === 'ConfigMap') this.signals.configMap(item);
  }

  /** Names of the API groups that the server serves; some belong to one network plugin. */
  addApiGroups(names: readonly string[]): void {
    for (const name of names) this.signals.apiGroup(name);
  }

  /**
   * Text of one manifest file ('-' for standard input): documents, lists, workload templates (S20). Adds the
   * file's coverage. Gives the documents with content and the objects that the audit reads.
   */
  addManifest(file: string, text: string): { documents: number; objects: number } {
    const name = this.intern.text(file);
    const seen: ReadFile = { file: name, documents: [], operations: null, count: 0, objects: 0, gaps: [] };
    const mayDirect = mayHoldDirective(text);
    const { documents } = readManifest(name, text, {
      object: (found) => {
        seen.objects++;
        const { kind, group, raw, place } = found;
        seen.documents.push(seenDocument(kind, group, raw, place, mayDirect));
        this.addManifestObject(found);
      },
      skipped: () => {
        this.skippedDocuments++;
      },
      operations: (value) => {
        seen.operations = [...(seen.operations ?? []), ...value];
      },
      problem: (problem, gap) => {
        this.problems.push(problem);
        if (gap !== null) seen.gaps.push({ problem, gap });
      },
    });
    seen.count = documents;
    this.files.push(seen);
    if (isChartFile(file)) this.folders.addChart(name, text);
    if (isKustomizationFile(file)) this.addKustomization(seen, text);
    return { documents, objects: seen.objects };
  }

  private addKustomization(seen: ReadFile, text: string): void {
    const read = readKustomization(seen.file, text);
    if (read === 'not-one') return;
    if (read !== null) this.folders.addKustomization(read);
    // What it deploys and changes is not known.
    else if (seen.gaps.length > 0) seen.gaps[0].gap = ANY_GAP;
    else {
      const problem = this.problems.find(({ place }) => place.file === seen.file) ?? {
        check: 'input.unparsable',
        place: { file: seen.file, document: 1, line: 1 },
        params: { message: 'not a kustomization' },
      };
      if (!this.problems.includes(problem)) this.problems.push(problem);
      seen.gaps.push({ problem, gap: ANY_GAP });
    }
  }

  /**
   * The files of manifests when all of them are known: what is a patch, a template or a part of a component takes no
   * part, and neither do the problems that reading it as an object has met.
   */
  private decided(): DecidedFiles {
    const { passed, folders, unlisted } = this.folders.decide(this.files);
    const whole = new Map(passed.filter(({ place }) => place === null).map((one) => [one.file, one]));
    const places = new Set(passed.flatMap(({ place }) => place ?? []));
    const documents = new Set([...places].map(documentKey));
    const late: Problem[] = [];
    const gaps: { problem: Problem; gap: ManifestGap }[] = [];
    const report = (problem: Problem, of: readonly ManifestGap[]): void => {
      late.push(problem);
      for (const gap of of) gaps.push({ problem, gap });
    };
    for (const one of passed) {
      const params = { kind: one.kind, command: one.render ?? 'kubectl kustomize FOLDER' };
      const place = one.place ?? { file: one.file };
      if (one.as === 'patch') report({ check: 'input.patch', place, params }, one.gaps);
      else if (one.as === 'namespace') report({ check: 'input.moved-policy', place, params }, one.gaps);
      else if (one.as === 'unlisted')
        report(
          {
            check: 'input.unlisted',
            place,
            params: { ...params, kustomization: one.by?.not.join(', ') ?? '', treatment: 'left-out' },
          },
          one.gaps,
        );
      else if (one.as === 'overlay')
        report(
          {
            check: 'input.some-overlays',
            place,
            params: {
              ...params,
              overlays: one.by?.of.join(', ') ?? '',
              others: one.by?.not.join(', ') ?? '',
            },
          },
          one.gaps,
        );
      else if (one.as === 'component') report({ check: 'input.component', place, params }, one.gaps);
    }
    for (const { file, by, kinds } of unlisted)
      report(
        {
          check: 'input.unlisted',
          place: { file },
          params: { kind: kinds.join(', '), kustomization: by, command: '', treatment: 'kept' },
        },
        [],
      );
    for (const one of folders) {
      const { folder, file, render: command, changes, files } = one;
      report(
        one.as === 'chart'
          ? { check: 'input.helm-chart', place: { file }, params: { folder, files, command } }
          : {
              check: 'input.kustomize',
              place: { file },
              params: { folder, changes: changes.slice(0, 8).join(', '), command },
            },
        one.gaps,
      );
    }
    const folderOf = new Map(folders.map((one) => [one.file, one]));
    const partsOf = new Map<string, PassedOver[]>();
    for (const one of passed)
      if (one.place !== null) partsOf.set(one.file, [...(partsOf.get(one.file) ?? []), one]);
    const entries = this.files.map((file): CoverageEntry => {
      const over = whole.get(file.file);
      const parts = partsOf.get(file.file) ?? [];
      const folder = folderOf.get(file.file);
      const template = over?.as === 'template';
      if (!template) gaps.push(...file.gaps);
      const entry = entryOf(file, file.objects - parts.length);
      if (over !== undefined)
        return passedEntry({ ...entry, count: 0 }, over.as, over.render, over.as !== 'settings');
      if (folder !== undefined) return passedEntry(entry, folder.as, folder.render, true);
      return parts.length > 0 ? passedEntry(entry, parts[0].as, parts[0].render, true) : entry;
    });
    const dropped = (place: Place | undefined): boolean =>
      place !== undefined && (places.has(place) || (place.file !== undefined && whole.has(place.file)));
    const keeps = new Set(gaps.map(({ problem }) => problem));
    return {
      entries,
      late,
      gaps,
      stays: ({ place }) => !dropped(place),
      concerns: (problem) =>
        keeps.has(problem) ||
        !(
          (problem.place.file !== undefined && whole.has(problem.place.file)) ||
          documents.has(documentKey(problem.place))
        ),
    };
  }

  /** A workload of which something in the input is the pod, or the workload that its controller made, hides nothing. */
  private dropOwned(): void {
    const owned = new Set<string>();
    for (const { namespace, owner } of [...this.pods, ...this.workloads])
      if (owner !== null) owned.add(`${namespace}/${owner.kind}/${owner.name}`);
    for (const { namespace, controller } of this.owners)
      if (controller !== null) owned.add(`${namespace}/${controller.kind}/${controller.name}`);
    const hides = ({ check, object }: Problem): boolean =>
      check !== 'input.workload-kind' ||
      !owned.has(`${object?.namespace ?? ''}/${object?.kind ?? ''}/${object?.name ?? ''}`);
    if (this.problems.every(hides)) return;
    for (const file of this.files) file.gaps = file.gaps.filter(({ problem }) => hides(problem));
    this.problems.splice(0, this.problems.length, ...this.problems.filter(hides));
  }

  /**
   * An object that has folders of the input deployed hides nothing: they are read. Where it changes them, what was read may
   * differ from what is deployed.
   */
  private dropDeployed(): void {
    const dropped = new Set<Problem>();
    const paths = this.files.map(({ file }) => file);
    for (const file of this.files) {
      for (const one of file.gaps) {
        const { source } = one.gap;
        if (source === undefined) continue;
        const folders = source.paths.map((path) => folderInside(path, paths, file.file));
        if (folders.some((folder) => folder === null)) continue;
        for (const folder of folders) this.folders.deployed.add(folder ?? '');
        if (source.changed || this.movesObjects(source, folders)) one.gap = { ...ANY_GAP, alters: true };
        else dropped.add(one.problem);
      }
      file.gaps = file.gaps.filter(({ problem }) => !dropped.has(problem));
    }
    if (dropped.size > 0)
      this.problems.splice(0, this.problems.length, ...this.problems.filter((one) => !dropped.has(one)));
  }

  /** Do objects of the folders come to another namespace than is read of their files? */
  private movesObjects(
    { home, all }: NonNullable<ManifestGap['source']>,
    folders: readonly (string | null)[],
  ): boolean {
    if (home === null) return false;
    return this.files.some(
      ({ file, documents }) =>
        folders.some((folder) => folder !== null && isInFolder(file, folder)) &&
        documents.some(
          ({ kind, namespace }) =>
            (kind === 'NetworkPolicy' || kind === 'Pod' || Object.hasOwn(WORKLOADS, kind)) &&
            (all || namespace === null) &&
            (namespace ?? 'default') !== home,
        ),
    );
  }

  /** Does a patch only give labels that the pods of its workload have already? */
  private isRepeated({ relabels, namespace }: ManifestGap): boolean {
    if (relabels === undefined) return false;
    const { kind, name, labels } = relabels;
    const meant = [...this.pods, ...this.workloads].filter(
      (one) =>
        (namespace === null || one.namespace === namespace) &&
        ((one.kind === kind && one.name === name) || (one.owner?.kind === kind && one.owner.name === name)),
    );
    return (
      meant.some((one) => one.kind === kind && one.name === name) &&
      meant.every((one) => Object.entries(labels).every(([key, value]) => one.labels[key] === value))
    );
  }

  /** Takes the records away that take no part. */
  private leaveOut({ stays }: DecidedFiles): void {
    if (this.files.length === 0) return;
    this.namespaces = this.namespaces.filter(stays);
    this.pods = this.pods.filter(stays);
    this.workloads = this.workloads.filter(stays);
    this.scaled = this.scaled.filter(stays);
    this.services = this.services.filter(stays);
    this.endpointSlices = this.endpointSlices.filter(stays);
    this.ingresses = this.ingresses.filter(stays);
    this.policies = this.policies.filter(stays);
    this.otherPolicies = this.otherPolicies.filter(stays);
  }

  private addManifestObject(found: ManifestObject): void {
    const context: ProjectContext = {
      intern: this.intern,
      origin: 'manifest',
      place: found.place,
      report: (problem) => this.problems.push(problem),
    };
    const current = currentVersion(found);
    if (current !== null) {
      const policy = found.kind === 'NetworkPolicy';
      this.reportOldVersion(found, current, policy ? 'left-out' : 'kept');
      if (policy) return;
    }
    if (isSign(found.group, found.kind, null) && found.kind !== 'ConfigMap')
      this.signals.other(found.kind, found.raw);
    else if (found.group === '' || found.group === 'apps') this.signal(found.raw, found.kind);
    this.project(found.raw, found.kind, found.group, context);
  }

  private reportOldVersion(found: ManifestObject, current: string, treatment: 'left-out' | 'kept'): void {
    const meta = isObject(found.raw.metadata) ? found.raw.metadata : {};
    this.problems.push({
      check: 'input.api-version',
      place: { ...found.place, field: 'apiVersion' },
      object: {
        kind: found.kind,
        namespace: typeof meta.namespace === 'string' && meta.namespace !== '' ? meta.namespace : 'default',
        name: typeof meta.name === 'string' ? meta.name : '',
      },
      params: { kind: found.kind, apiVersion: found.apiVersion, current, treatment },
    });
  }

  private project(raw: Record<string, unknown>, kind: string, group: string, context: ProjectContext): void {
    const projected = projectObject(raw, kind, group, context);
    if (projected !== null) this.addRecord(projected);
    // A live cluster has pods; its workloads only tell who owns them (S20).
    if (context.origin === 'cluster' || isOtherPolicy(group, kind) || !Object.hasOwn(WORKLOADS, kind)) return;
    const record = projectWorkload(raw, kind, context);
    if (record !== null) this.workloads.push(record);
  }

  /** A record that was projected before: what is kept of an object is added again without the object. */
  addRecord(projected: Projected): void {
    switch (projected.is) {
      case 'namespace':
        this.namespaces.push(projected.record);
        return;
      case 'pod': {
        const { record, nodeIps } = projected;
        this.pods.push(record);
        if (record.node === null || nodeIps.length === 0) return;
        const key = `${record.namespace} ${record.node}`;
        const known = this.nodeAddresses.get(key);
        if (known === undefined)
          this.nodeAddresses.set(key, {
            namespace: record.namespace,
            node: record.node,
            ips: new Set(nodeIps),
          });
        else for (const ip of nodeIps) known.ips.add(ip);
        return;
      }
      case 'node':
        this.nodes.push(projected.record);
        return;
      case 'service':
        this.services.push(projected.record);
        return;
      case 'endpointSlice':
        this.endpointSlices.push(projected.record);
        return;
      case 'endpoints':
        this.endpointSlices.push(...projected.record.subsets);
        return;
      case 'ingress':
        this.ingresses.push(projected.record);
        return;
      case 'policy':
        this.policies.push(projected.record);
        return;
      case 'owner':
        this.owners.push(projected.record);
        return;
      case 'scaled':
        this.scaled.push(projected);
        return;
      case 'otherPolicy':
        this.otherPolicies.push(projected.record);
    }
  }

  /** Another kind of policy, found by discovery or by its list (S26). */
  addOtherPolicy(record: OtherPolicyRecord): void {
    this.otherPolicies.push(record);
  }

  addCoverage(entry: CoverageEntry): void {
    this.entries.push(entry);
  }

  addProblem(problem: Problem): void {
    this.problems.push(problem);
    // Nobody knows what a file holds that could not be read at all.
    if (UNREAD_FILE.has(problem.check)) this.unreadFiles.push({ problem, gap: ANY_GAP });
  }

  /** Policies or pods of a namespace (null: of the cluster) could not be read: verdicts on them depend. */
  markUnread(what: 'policies' | 'pods', namespace: string | null): void {
    (what === 'policies' ? this.unreadPolicies : this.unreadPods).add(namespace);
  }

  setServerVersion(gitVersion: string | null): void {
    if (gitVersion !== null) this.signals.serverVersion(gitVersion);
    this.cluster.serverVersion = gitVersion;
  }

  /** Adds signs of the network plugin that were taken before. */
  addSigns(add: (signals: PluginSignals) => void): void {
    add(this.signals);
  }

  setEnforcement(enforcement: Enforcement): void {
    this.enforcement = enforcement;
  }

  /** The snapshot: sorted, owners resolved, implied namespaces and nodes added. The same input in any order of pages gives the same. */
  finish(): Snapshot {
    this.dropOwned();
    this.dropDeployed();
    const files = this.decided();
    this.leaveOut(files);
    this.late.push(...files.late);
    const known = [...this.unreadFiles, ...files.gaps].filter(({ gap }) => !this.isRepeated(gap));
    const owners = new Map<string, KnownOwner>();
    for (const owner of this.owners) owners.set(`${owner.namespace}/${owner.kind}/${owner.name}`, owner);
    const pods = this.endpoints(owners);
    const namespaces = this.allNamespaces(pods);
    const entries = [...this.entries, ...files.entries].sort(
      (a, b) =>
        compareText(a.file ?? '', b.file ?? '') ||
        compareText(a.resource, b.resource) ||
        compareText(a.namespace ?? '', b.namespace ?? '') ||
        compareText(a.verb, b.verb) ||
        compareText(a.outcome, b.outcome),
    );
    const services = this.unique(this.services, 'Service');
    const endpointSlices = this.unique(this.endpointSlices, 'EndpointSlice');
    const ingresses = this.unique(this.ingresses, 'Ingress');
    const policies = this.unique(this.policies, 'NetworkPolicy');
    const gaps = [...known, ...this.lateGaps];
    const nothing = this.namespaces.length + pods.length + policies.length + this.otherPolicies.length === 0;
    if (nothing && this.cluster.source === 'manifests')
      this.late.push({ check: 'input.no-objects', place: {}, params: {} });
    const problems = [...this.problems.filter(files.concerns), ...this.late].sort(compareProblems);
    return {
      format: 'bulkhead.snapshot',
      version: 1,
      cluster: this.cluster,
      namespaces,
      pods,
      nodes: this.allNodes(),
      services,
      endpointSlices,
      ingresses,
      policies,
      otherPolicies: this.allOtherPolicies(gaps),
      enforcement: this.enforcement ?? this.signals.detect(),
      coverage: {
        complete:
          this.unreadPolicies.size === 0 &&
          this.unreadPods.size === 0 &&
          gaps.length === 0 &&
          !entries.some(
            (entry) =>
              entry.affectsVerdicts &&
              (entry.outcome === 'refused' ||
                entry.outcome === 'failed' ||
                entry.outcome === 'moved' ||
                entry.passed !== undefined),
          ),
        entries,
        unreadPolicies: [...this.unreadPolicies].sort(compareNullable),
        unreadPods: [...this.unreadPods].sort(compareNullable),
        skippedDocuments: this.skippedDocuments,
        ...(gaps.length > 0 ? { gaps: gaps.map(coverageGap).sort(compareGaps) } : {}),
      },
      problems,
    };
  }

  /** Sorted by namespace, name and kind; of several with one identity the last one read counts, and is reported. */
  private unique<T extends { namespace: string; name: string; place?: Place }>(
    records: T[],
    kind: string | ((record: T) => string),
  ): T[] {
    const kindOf = typeof kind === 'string' ? (): string => kind : kind;
    const sorted = [...records].sort(
      (a, b) =>
        compareText(a.namespace, b.namespace) ||
        compareText(a.name, b.name) ||
        compareText(kindOf(a), kindOf(b)),
    );
    const result: T[] = [];
    for (const record of sorted) {
      const before = result.at(-1);
      if (
        before === undefined ||
        before.name !== record.name ||
        before.namespace !== record.namespace ||
        kindOf(before) !== kindOf(record)
      ) {
        result.push(record);
        continue;
      }
      this.reportDuplicate(
        { kind: kindOf(record), namespace: record.namespace, name: record.name },
        before,
        record,
      );
      result[result.length - 1] = record;
    }
    return result;
  }

  /** Two objects of one identity in manifests. A live list that names one twice only moved while it was read. */
  private reportDuplicate(
    object: { kind: string; namespace: string | null; name: string },
    before: { place?: Place },
    after: { place?: Place },
  ): void {
    if (before.place === undefined || after.place === undefined) return;
    const [first, second] = [before.place.file ?? '', after.place.file ?? ''];
    const same =
      JSON.stringify({ ...before, place: undefined }) === JSON.stringify({ ...after, place: undefined });
    const problem: Problem = {
      check: same ? 'input.duplicate-identical' : 'input.duplicate',
      place: { ...after.place },
      object,
      params: {
        file: first,
        document: before.place.document ?? 0,
        line: before.place.line ?? 0,
      },
    };
    this.late.push(problem);
    if (same || first === second || !this.decidesVerdicts(object.kind)) return;
    this.alternatives ??= this.folders.alternatives(this.files);
    // Of two overlays either may be the one that is deployed.
    if (this.alternatives(first, second))
      this.lateGaps.push({
        problem,
        gap: object.kind === 'Namespace' ? ANY_GAP : { hides: 'pods', namespace: object.namespace },
      });
  }

  /** Policies of overlays that stand for one another were left out before. */
  private decidesVerdicts(kind: string): boolean {
    return kind === 'Namespace' || kind === 'Pod' || Object.hasOwn(WORKLOADS, kind);
  }

  /** Pods, and the templates that have no pod of theirs in the input (S20). */
  private endpoints(owners: Map<string, KnownOwner>): PodRecord[] {
    const pods = this.unique(this.pods, (pod) => pod.kind);
    const templates = this.unique(this.workloads, (pod) => pod.kind);
    const scaled = new Set(this.scaled.map(({ workload }) => workload));
    const objects = new Set(templates.map((one) => `${one.namespace}/${one.kind}/${one.name}`));
    /** Every workload that a pod in the input belongs to, directly or further up. */
    const covered = new Set<string>();
    const resolved = pods.map((pod) => {
      if (pod.owner === null) return pod;
      let owner = pod.owner;
      covered.add(`${pod.namespace}/${owner.kind}/${owner.name}`);
      // A chain in a cluster is two or three long; a longer one is a loop.
      for (let depth = 0; depth < 5; depth++) {
        const next = owners.get(`${pod.namespace}/${owner.kind}/${owner.name}`)?.controller;
        if (!next) break;
        owner = next;
        covered.add(`${pod.namespace}/${owner.kind}/${owner.name}`);
      }
      // A dump of Deployments and pods without ReplicaSets: the hash in the name tells whose pod it is.
      const hash = pod.labels['pod-template-hash'];
      if (pod.owner.kind === 'ReplicaSet' && hash !== undefined && pod.owner.name.endsWith(`-${hash}`))
        covered.add(`${pod.namespace}/Deployment/${pod.owner.name.slice(0, -hash.length - 1)}`);
      return owner === pod.owner ? pod : { ...pod, owner };
    });
    for (const template of templates) {
      if (covered.has(`${template.namespace}/${template.kind}/${template.name}`)) continue;
      const owner = template.owner;
      // Its pods, or its owner's template, stand for it already.
      if (owner !== null && objects.has(`${template.namespace}/${owner.kind}/${owner.name}`)) continue;
      const isScaled = scaled.has(`${template.namespace}/${template.kind}/${template.name}`);
      resolved.push(isScaled ? { ...template, scaled: true } : template);
    }
    return resolved.sort(
      (a, b) =>
        compareText(a.namespace, b.namespace) || compareText(a.name, b.name) || compareText(a.kind, b.kind),
    );
  }

  private allNamespaces(pods: PodRecord[]): NamespaceRecord[] {
    const byName = new Map<string, NamespaceRecord>();
    const objects = this.unique(
      this.namespaces.map((record) => ({ ...record, namespace: '' })),
      'Namespace',
    );
    for (const { namespace: _, ...record } of objects) byName.set(record.name, record);
    const manifests = this.cluster.source === 'manifests';
    const imply = (name: string | null): void => {
      if (name === null || byName.has(name)) return;
      byName.set(name, {
        name,
        labels: this.intern.labels([[NAME_LABEL, name]]),
        // A manifest's namespace has no other label (S19); a live one may have.
        labelsKnown: manifests,
        implied: true,
      });
    };
    for (const pod of pods) imply(pod.namespace);
    for (const service of this.services) imply(service.namespace);
    for (const policy of this.policies) imply(policy.namespace);
    for (const other of this.otherPolicies) imply(other.namespace);
    for (const name of this.unreadPods) imply(name);
    for (const name of this.unreadPolicies) imply(name);
    return [...byName.values()].sort((a, b) => compareText(a.name, b.name));
  }

  /** Nodes as read; where a node's object is absent, what its pods tell of it (name and address, S1). */
  private allNodes(): NodeRecord[] {
    const byName = new Map<string, NodeRecord>();
    for (const node of this.nodes) byName.set(node.name, node);
    const implied = new Map<string, Set<string>>();
    for (const { node, ips } of this.nodeAddresses.values()) {
      if (byName.has(node)) continue;
      const known = implied.get(node);
      if (known === undefined) implied.set(node, new Set(ips));
      else for (const ip of ips) known.add(ip);
    }
    for (const [name, ips] of implied)
      byName.set(name, { name, ips: [...ips].sort(compareText), labels: {}, podCIDRs: [] });
    return [...byName.values()].sort((a, b) => compareText(a.name, b.name));
  }

  private allOtherPolicies(gaps: DecidedFiles['gaps']): OtherPolicyRecord[] {
    const identity = (one: OtherPolicyRecord): string =>
      JSON.stringify([one.group, one.kind, one.namespace, one.name, one.status]);
    const byIdentity = new Map<string, OtherPolicyRecord>();
    for (const one of this.otherPolicies) byIdentity.set(identity(one), one);
    for (const { problem, gap } of gaps) {
      if (gap.other === undefined) continue;
      const { place } = problem;
      const one = {
        ...gap.other,
        namespace: gap.namespace,
        name: null,
        status: 'unreadable',
        place,
      } as const;
      byIdentity.set(`${identity(one)} ${place.file ?? ''} ${place.line ?? 0}`, one);
    }
    return [...byIdentity.entries()].sort((a, b) => compareText(a[0], b[0])).map(([, one]) => one);
  }
}

/** A document, or an entry of a list, as problems of it are placed: their `field` leads further inside. */
function documentKey({ file, document, line }: Place): string {
  return `${file ?? ''} ${document ?? 0} ${line ?? 0}`;
}

/** How reading a manifest file went. */
function entryOf({ file, count, gaps }: ReadFile, objects: number): CoverageEntry {
  const entry = { resource: 'file', verb: 'read', namespace: null, file } as const;
  if (gaps.length > 0) {
    const causes = gaps.slice(0, 5).map(({ problem }) => ({
      check: problem.check,
      line: problem.place.line ?? 1,
    }));
    return {
      ...entry,
      outcome: 'failed',
      count: objects,
      reason: causes.map(({ check, line }) => `${check} (line ${line})`).join(', '),
      causes,
      affectsVerdicts: true,
    };
  }
  if (objects > 0 || count === 0) return { ...entry, outcome: 'read', count: objects, affectsVerdicts: true };
  const reason = 'no object that the audit reads';
  return { ...entry, outcome: 'skipped', count: 0, reason, affectsVerdicts: false };
}

/** The entry of a file that is passed over, or has documents that are; what could not be parsed stays the reason. */
function passedEntry(
  entry: CoverageEntry,
  passed: Passed,
  render: string | null,
  affectsVerdicts: boolean,
): CoverageEntry {
  if (entry.outcome === 'failed' && passed !== 'template') return { ...entry, passed };
  const { causes: _causes, ...rest } = entry;
  return {
    ...rest,
    outcome: 'skipped',
    reason: render === null ? `passed over: ${passed}` : `passed over: ${passed}; rendered by: ${render}`,
    passed,
    ...(render === null ? {} : { render }),
    affectsVerdicts,
  };
}

const CURRENT: Readonly<Record<string, string>> = {
  Namespace: 'v1',
  Pod: 'v1',
  Service: 'v1',
  Node: 'v1',
  Endpoints: 'v1',
  EndpointSlice: 'discovery.k8s.io/v1',
  Ingress: 'networking.k8s.io/v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  ...Object.fromEntries(Object.entries(WORKLOADS).map(([kind, { current }]) => [kind, current])),
};

/** The version to use instead, where current API servers do not serve the object's; null where they do. */
function currentVersion(found: ManifestObject): string | null {
  if (!Object.hasOwn(CURRENT, found.kind) || found.apiVersion === '') return null;
  if (isOtherPolicy(found.group, found.kind)) return null;
  return found.apiVersion === CURRENT[found.kind] ? null : CURRENT[found.kind];
}

/** Where something that was read is changed by what was not: what it permits is not sure either. */
const ALTERING: ReadonlySet<string> = new Set<ProblemCheck>([
  'input.patch',
  'input.component',
  'input.kustomize',
  'input.duplicate',
]);

function coverageGap({ problem: { check, place }, gap }: DecidedFiles['gaps'][number]): CoverageGap {
  return {
    hides: gap.hides,
    namespace: gap.namespace,
    ...(gap.other === undefined ? {} : { kind: gap.other.kind }),
    ...(gap.alters || ALTERING.has(check)
      ? { alters: gap.rulesOnly ? ('rules' as const) : ('objects' as const) }
      : {}),
    check,
    file: place.file ?? '',
    ...(place.line === undefined ? {} : { line: place.line }),
  };
}

function compareGaps(a: CoverageGap, b: CoverageGap): number {
  return (
    compareText(a.file, b.file) ||
    (a.line ?? 0) - (b.line ?? 0) ||
    compareText(a.check, b.check) ||
    compareNullable(a.namespace, b.namespace)
  );
}

function compareNullable(a: string | null, b: string | null): number {
  return a === b ? 0 : a === null ? -1 : b === null ? 1 : compareText(a, b);
}

function compareProblems(a: Problem, b: Problem): number {
  return (
    compareText(a.place.file ?? '', b.place.file ?? '') ||
    (a.place.document ?? 0) - (b.place.document ?? 0) ||
    (a.place.line ?? 0) - (b.place.line ?? 0) ||
    (a.place.column ?? 0) - (b.place.column ?? 0) ||
    compareText(a.check, b.check) ||
    compareText(a.place.field ?? '', b.place.field ?? '') ||
    compareText(JSON.stringify(a.params), JSON.stringify(b.params))
  );
}

/**
 * Files that are not whole objects: what kustomizations and Helm charts make of the files of their folders. Nothing is
 * rendered here: it is found out which files are patches, components, templates or settings, so that none of them is
 * taken for an object, and what a rendering would change (S20).
 * https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/
 * https://helm.sh/docs/topics/charts/
 */
import { parseAllDocuments } from 'yaml';
import { groupOf, OTHER_POLICIES } from './kinds.ts';
import type { ManifestGap } from './manifests.ts';
import { isObject, WORKLOADS } from './project.ts';
import type { Raw } from './project.ts';
import type { Labels, Passed, Place } from './snapshot.ts';

type Hides = ManifestGap['hides'];

/** A patch that a kustomization names or holds. */
interface PatchRef {
  /** Normalised path; null for one that stands in the kustomization itself. */
  path: string | null;
  /** What stands in the kustomization; null for a file. */
  inline: unknown[] | null;
  target: PatchTarget | null;
}

interface PatchTarget {
  kind: string | null;
  name: string | null;
  namespace: string | null;
}

/** What is read of a kustomization file. Paths are normalised and relative to where the input's own are. */
export interface Kustomization {
  file: string;
  folder: string;
  component: boolean;
  /** Files and folders under `resources`, `bases`; those under `components` stand apart. */
  resources: string[];
  components: string[];
  /** What lies elsewhere: URLs and repositories, as written. */
  remote: string[];
  patches: PatchRef[];
  /** Files of its settings: generators, transformers, configurations, values. */
  settings: string[];
  /** Fields that make what is deployed differ from the files, as they are written. */
  changes: string[];
  namespace: string | null;
  /** Labels that it adds: to selectors and pods too, to the objects' own metadata alone, or none. */
  labels: 'selectors' | 'metadata' | 'none';
  /** Does it have parts of which nothing can be told without rendering? */
  opaque: boolean;
}

const KUSTOMIZATION = /^kustomization(\.ya?ml)?$/i;

/** Is it the name of a kustomization file? */
export function isKustomizationFile(path: string): boolean {
  return KUSTOMIZATION.test(baseName(path));
}

/** Is it the file that makes its folder a Helm chart? */
export function isChartFile(path: string): boolean {
  return /^Chart\.ya?ml$/.test(baseName(path));
}

/** A path with `/` between its parts and without `.` and inner `..`, so that two ways to one file are equal text. */
export function normalPath(path: string): string {
  const parts: string[] = [];
  const text = path.replaceAll('\\', '/');
  for (const part of text.split('/')) {
    if (part === '' || part === '.') continue;
    const last = parts.at(-1);
    if (part !== '..') parts.push(part);
    else if (last !== undefined && last !== '..') parts.pop();
    else if (!text.startsWith('/')) parts.push(part);
  }
  return (text.startsWith('/') ? '/' : '') + parts.join('/');
}

function baseName(path: string): string {
  return /[^\\/]*$/.exec(path)?.[0] ?? path;
}

/** The folder of a normalised path; '' is the folder that relative paths start at. */
function folderOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at < 0 ? '' : at === 0 ? '/' : path.slice(0, at);
}

function joined(folder: string, path: string): string {
  return normalPath(path.startsWith('/') || folder === '' ? path : `${folder}/${path}`);
}

/** Does the normalised path lie in the folder or below it? */
function isBelow(path: string, folder: string): boolean {
  if (folder === '') return !path.startsWith('/') && !/^\.\.(\/|$)/.test(path);
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

/**
 * Does a resource of a kustomization lie elsewhere? URLs, `git::` and `github.com/…` forms, with or without `?ref=`.
 * https://github.com/kubernetes-sigs/kustomize/blob/master/examples/remoteBuild.md
 */
export function isRemote(resource: string): boolean {
  return (
    /^[a-z][a-z0-9+.-]*:(\/\/|:)/i.test(resource) ||
    /^[\w.-]+@[\w.-]+:/.test(resource) ||
    /[?&](ref|version|timeout|submodules)=/.test(resource) ||
    /^(gh:|github\.com[/:])/i.test(resource) ||
    // A host and two more parts: a folder called after an API group is no host.
    (/^[\w-]+(\.[\w-]+)*\.(com|org|io|net|dev)\/[^/]+\/[^/]/i.test(resource) &&
      !/\.(ya?ml|json)$/i.test(resource))
  );
}

/** Does a file lie in a folder, or below it? The folder's path is normalised. */
export function isInFolder(file: string, folder: string): boolean {
  return file !== '-' && isBelow(normalPath(file), folder);
}

/**
 * The folder of an input that a path in a repository means, where the input holds it whole: the repository begins at the
 * folder that all files have in common, or above it.
 * @param path as an object names it, `./clusters/prod`
 * @param files of the input
 * @param by the file that names it
 * @returns its normalised path; null where the input has no other file in it
 */
export function folderInside(path: string, files: readonly string[], by: string): string | null {
  const given = files.filter((file) => file !== '-').map(normalPath);
  const [first] = given;
  const own = normalPath(by);
  if (first === undefined) return null;
  let common = folderOf(first);
  for (const file of given)
    while (common !== '' && common !== '/' && !isBelow(file, common)) common = folderOf(common);
  for (let root = common; ; root = folderOf(root)) {
    const folder = joined(root, path.replace(/^\/+/, ''));
    if (isBelow(folder, common) && given.some((file) => file !== own && isBelow(file, folder))) return folder;
    if (root === '' || root === '/') return null;
  }
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

function entries(value: unknown): Raw[] {
  return Array.isArray(value) ? value.filter((one): one is Raw => isObject(one)) : [];
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The documents of YAML text; null where it cannot be parsed. */
function documentsOf(text: string): unknown[] | null {
  try {
    const parsed = parseAllDocuments(text, { uniqueKeys: false, merge: true, logLevel: 'silent' });
    const values: unknown[] = [];
    for (const document of parsed) {
      if (document.errors.length > 0) return null;
      const value: unknown = document.toJS({ maxAliasCount: 100 });
      if (value !== null && value !== undefined) values.push(value);
    }
    return values;
  } catch {
    return null;
  }
}

/** Fields whose files are settings of the kustomization, never objects to deploy. */
const SETTINGS = ['configurations', 'crds', 'transformers', 'generators', 'validators'];
/** Fields of the same name as in the file that make what is deployed differ from the files that are read. */
const CHANGES = [
  'namespace',
  'namePrefix',
  'nameSuffix',
  'commonLabels',
  'labels',
  'patches',
  'patchesStrategicMerge',
  'patchesJson6902',
  'components',
  'transformers',
  'generators',
  'replacements',
  'replicas',
  'helmCharts',
  'helmChartInflationGenerator',
];
/** What a replacement may write to that decides verdicts. */
const DECIDING = /label|selector|namespace|metadata\.name|ports|hostNetwork|policy/i;

/**
 * Reads a kustomization file.
 * @param path of the file, as the input names it
 * @param text its content
 * @returns 'not-one' for an object of another tool in a file of that name (Flux has a kind Kustomization of its own);
 * null where the text cannot be parsed
 */
export function readKustomization(path: string, text: string): Kustomization | 'not-one' | null {
  const values = documentsOf(text);
  if (values === null) return null;
  const value = values[0] ?? {};
  if (!isObject(value)) return null;
  const apiVersion = textOf(value['apiVersion']);
  if (apiVersion !== null && !apiVersion.startsWith('kustomize.config.k8s.io/')) return 'not-one';
  const folder = folderOf(normalPath(path));
  const at = (file: string): string => joined(folder, file);
  const remote: string[] = [];
  const local = (paths: string[]): string[] =>
    paths.flatMap((one) => {
      if (!isRemote(one)) return [at(one)];
      remote.push(one);
      return [];
    });
  const resources = local([...texts(value['resources']), ...texts(value['bases'])]);
  const components = local(texts(value['components']));

  const patches: PatchRef[] = [];
  const add = (path: string | null, inline: string | null, target: PatchTarget | null): void => {
    if (path !== null && isRemote(path)) remote.push(path);
    else if (path !== null) patches.push({ path: at(path), inline: null, target });
    else if (inline !== null) patches.push({ path: null, inline: documentsOf(inline) ?? [null], target });
  };
  for (const field of ['patches', 'patchesJson6902']) {
    // Before version 4 an entry of `patches` could be the path alone.
    for (const path of texts(value[field])) add(path, null, null);
    for (const one of entries(value[field]))
      add(textOf(one['path']), textOf(one['patch']), targetOf(one['target']));
  }
  for (const one of texts(value['patchesStrategicMerge']))
    if (one.includes('\n') || /^\s*(\{|[\w$]+:\s)/.test(one)) add(null, one, null);
    else add(one, null, null);

  const settings: string[] = [];
  for (const field of SETTINGS)
    for (const one of texts(value[field])) if (!one.includes('\n')) settings.push(...local([one]));
  const openapi = value['openapi'];
  if (isObject(openapi) && textOf(openapi['path'])) settings.push(...local([openapi['path'] as string]));
  for (const one of entries(value['replacements']))
    if (textOf(one['path'])) settings.push(...local([one['path'] as string]));
  for (const field of ['configMapGenerator', 'secretGenerator'])
    for (const one of entries(value[field]))
      for (const entry of [...texts(one['files']), ...texts(one['envs']), ...texts([one['env']])])
        settings.push(...local([entry.replace(/^[^=/]*=/, '')]));
  for (const field of ['helmCharts', 'helmChartInflationGenerator'])
    for (const one of entries(value[field])) {
      for (const file of [
        ...texts([one['valuesFile'], one['values']]),
        ...texts(one['additionalValuesFiles']),
      ])
        if (!isRemote(file)) settings.push(at(file));
      if (textOf(one['repo'])) remote.push(one['repo'] as string);
    }

  const changes = CHANGES.filter((field) => {
    const given = value[field];
    return (
      given !== undefined && given !== null && given !== '' && !(Array.isArray(given) && given.length === 0)
    );
  });
  const has = (field: string): boolean => changes.includes(field);
  const replaced = value['replacements'];
  const labelled = entries(value['labels']);
  return {
    file: path,
    folder,
    component: value['kind'] === 'Component',
    resources,
    components,
    remote,
    patches,
    settings,
    changes,
    namespace: textOf(value['namespace']),
    labels:
      has('commonLabels') || labelled.some((one) => one['includeSelectors'] || one['includeTemplates'])
        ? 'selectors'
        : labelled.length > 0
          ? 'metadata'
          : 'none',
    opaque:
      ['transformers', 'generators', 'helmCharts', 'helmChartInflationGenerator'].some(has) ||
      (has('replacements') &&
        (entries(replaced).some((one) => one['path'] !== undefined) ||
          DECIDING.test(JSON.stringify(replaced)))),
  };
}

function targetOf(value: unknown): PatchTarget | null {
  if (!isObject(value)) return null;
  return { kind: textOf(value['kind']), name: textOf(value['name']), namespace: textOf(value['namespace']) };
}

const DIRECTIVE = /^\$(patch|setElementOrder\/|deleteFromPrimitiveList\/|retainKeys)/;

/** Could the text hold a directive of a strategic merge patch? A quick look before the careful one. */
export function mayHoldDirective(text: string): boolean {
  return text.includes('$patch') || /\$(setElementOrder|deleteFromPrimitiveList|retainKeys)/.test(text);
}

/**
 * Does a directive of a strategic merge patch stand anywhere in the value? Only a patch has one.
 * https://github.com/kubernetes/community/blob/main/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 */
export function hasDirective(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasDirective);
  if (!isObject(value)) return false;
  return Object.entries(value).some(([key, one]) => DIRECTIVE.test(key) || hasDirective(one));
}

const POLICY_KINDS: ReadonlySet<string> = new Set([
  'NetworkPolicy',
  ...OTHER_POLICIES.map(({ kind }) => kind),
]);

function isPolicyKind(kind: string): boolean {
  return POLICY_KINDS.has(kind) || /NetworkPolicy|Firewall/i.test(kind);
}

function isPodKind(kind: string): boolean {
  return kind === 'Pod' || Object.hasOwn(WORKLOADS, kind);
}

function child(value: unknown, ...path: string[]): unknown {
  let at: unknown = value;
  for (const key of path) at = isObject(at) ? at[key] : undefined;
  return at;
}

/** Where a kind keeps its pods. */
function templateOf(kind: string, raw: Raw): unknown {
  if (kind === 'Pod') return raw;
  return kind === 'CronJob'
    ? child(raw, 'spec', 'jobTemplate', 'spec', 'template')
    : child(raw, 'spec', 'template');
}

/**
 * Does the object lack what its kind must have, so that it can only be a patch? A NetworkPolicy without `podSelector` is
 * one that the API takes (S27): only its surroundings tell.
 */
export function lacksParts(kind: string, group: string, raw: Raw): boolean {
  if (kind === 'NetworkPolicy') return child(raw, 'spec', 'podSelector') === undefined;
  if (!isPodKind(kind)) return false;
  const spec = child(templateOf(kind, raw), 'spec');
  if (!Array.isArray(child(spec, 'containers'))) return true;
  if (kind === 'Pod') return false;
  if (kind === 'Job' || kind === 'CronJob') {
    return (
      textOf(child(spec, 'restartPolicy')) === null || (kind === 'CronJob' && !child(raw, 'spec', 'schedule'))
    );
  }
  return group === 'apps' && !isObject(child(raw, 'spec', 'selector'));
}

/**
 * What a strategic merge patch of an object may change that verdicts rest on; null where it changes nothing of it.
 * @param labels whether labels of pods count
 */
export function hidesOf(kind: string | null, raw: Raw, labels = true): Hides | null {
  if (kind === null) return 'anything';
  const removed = Object.keys(raw).some((key) => DIRECTIVE.test(key));
  if (isPolicyKind(kind)) return removed || raw['spec'] !== undefined ? 'policies' : null;
  if (kind === 'Namespace')
    return removed || child(raw, 'metadata', 'labels') !== undefined ? 'anything' : null;
  if (!isPodKind(kind)) return null;
  const template = templateOf(kind, raw);
  const spec = child(template, 'spec');
  const containers = [child(spec, 'containers'), child(spec, 'initContainers')].flatMap((one) =>
    entries(one),
  );
  const deciding =
    // A directive inside a container's settings, of its environment for example, changes nothing of it.
    [raw, raw['spec'], template, spec, child(template, 'metadata'), ...containers].some(
      (one) => isObject(one) && Object.keys(one).some((key) => DIRECTIVE.test(key)),
    ) ||
    (labels && child(template, 'metadata', 'labels') !== undefined) ||
    child(spec, 'hostNetwork') !== undefined ||
    child(spec, 'nodeName') !== undefined ||
    // A port without a name is not what any rule refers to.
    containers.some(({ ports }) => ports !== undefined && !(Array.isArray(ports) && ports.every(isNameless)));
  return deciding ? 'pods' : null;
}

function isNameless(port: unknown): boolean {
  return (
    isObject(port) && port['name'] === undefined && !Object.keys(port).some((key) => DIRECTIVE.test(key))
  );
}

/**
 * The labels that a merge patch gives to the pods of a workload, where they are all that it may change of what verdicts
 * rest on; null where there is more, or nothing. Patches often repeat the labels that the workload has already.
 */
function onlyLabels(kind: string, raw: Raw): Labels | null {
  if (!isPodKind(kind) || hidesOf(kind, raw, false) !== null) return null;
  const labels = child(templateOf(kind, raw), 'metadata', 'labels');
  if (!isObject(labels) || hasDirective(raw)) return null;
  const pairs = Object.entries(labels);
  return pairs.every((pair): pair is [string, string] => typeof pair[1] === 'string')
    ? Object.fromEntries(pairs)
    : null;
}

/** The same of the operations of a JSON patch (RFC 6902) for an object of a kind. */
function hidesOfOperations(kind: string, operations: readonly unknown[]): Hides | null {
  const decides = operations.some((one) => {
    const path = isObject(one) ? textOf(one['path']) : null;
    if (path === null) return true;
    if (path === '/metadata' || path.startsWith('/metadata/name')) return true;
    if (isPolicyKind(kind)) return !/^\/metadata\/(labels|annotations)/.test(path);
    if (kind === 'Namespace') return path.startsWith('/metadata/labels');
    if (!isPodKind(kind)) return false;
    if (kind !== 'Pod' && path.startsWith('/metadata/')) return false;
    return (
      /^(\/spec(\/jobTemplate(\/spec)?)?(\/template(\/spec|\/metadata)?)?)$/.test(path) ||
      /\/labels(\/|$)|hostNetwork|nodeName|\/ports(\/|$)/.test(path) ||
      (/ontainers(\/[\d-]+)?$/.test(path) && JSON.stringify(one).includes('"ports"'))
    );
  });
  if (!decides) return null;
  return isPolicyKind(kind)
    ? 'policies'
    : isPodKind(kind)
      ? 'pods'
      : kind === 'Namespace'
        ? 'anything'
        : null;
}

const DECIDING_KINDS = [...POLICY_KINDS, 'Pod', 'Namespace', ...Object.keys(WORKLOADS)];

/** The kinds that a patch's target means: its fields are regular expressions from end to end. */
function kindsOf(target: PatchTarget | null): string[] {
  if (target === null || target.kind === null) return DECIDING_KINDS;
  try {
    const pattern = new RegExp(`^(?:${target.kind})$`);
    return DECIDING_KINDS.filter((kind) => pattern.test(kind));
  } catch {
    return DECIDING_KINDS;
  }
}

function together(all: readonly (Hides | null)[]): Hides | null {
  const found = [...new Set(all.filter((one) => one !== null))];
  return found.length > 1 ? 'anything' : (found[0] ?? null);
}

/** A document of a file, as far as this module needs it. */
export interface SeenDocument {
  place: Place;
  kind: string;
  group: string;
  /** Null where the document names none. */
  namespace: string | null;
  name: string;
  /** What it may change as a patch. */
  hides: Hides | null;
  /** As a patch of a policy it changes rules alone, and neither whom it selects nor its types. */
  rulesOnly: boolean;
  /** As a patch of a workload it gives its pods these labels and changes nothing else. */
  labels: Labels | null;
  directive: boolean;
  /** It lacks what its kind must have. */
  partial: boolean;
}

/** A file of the input. */
export interface SeenFile {
  file: string;
  documents: SeenDocument[];
  /** Operations of a JSON patch, where the file is one. */
  operations: unknown[] | null;
}

/** A merge patch that leaves a policy's selector and types as they are. */
function isRulesOnly(kind: string, raw: Raw): boolean {
  const spec = child(raw, 'spec');
  return (
    kind === 'NetworkPolicy' &&
    !hasDirective(raw) &&
    isObject(spec) &&
    Object.keys(spec).every((field) => field === 'ingress' || field === 'egress')
  );
}

/** What is known of an object that may be a patch, without keeping it. */
export function seenDocument(
  kind: string,
  group: string,
  raw: Raw,
  place: Place,
  mayDirect: boolean,
): SeenDocument {
  return {
    place,
    kind,
    group,
    namespace: textOf(child(raw, 'metadata', 'namespace')),
    name: textOf(child(raw, 'metadata', 'name')) ?? '',
    hides: hidesOf(kind, raw),
    rulesOnly: isRulesOnly(kind, raw),
    labels: onlyLabels(kind, raw),
    directive: mayDirect && hasDirective(raw),
    partial: lacksParts(kind, group, raw),
  };
}

/** A file or a document of it that takes no part as an object. */
export interface PassedOver {
  file: string;
  /** Null: the whole file. */
  place: Place | null;
  as: Passed;
  /** Command that renders it; null where none is known. */
  render: string | null;
  kind: string;
  /** What the rendering may change; null where verdicts do not rest on it. */
  gaps: ManifestGap[];
  /** Kustomizations that it is said with: that of the folder, or those that deploy it and those that do not. */
  by?: { of: string[]; not: string[] };
}

/** A file of a kustomization's folder that no kustomization lists, and of which objects take part all the same. */
export interface UnlistedFile {
  file: string;
  /** The file of the folder's kustomization. */
  by: string;
  kinds: string[];
}

/** What a kustomization or a chart makes of its folder. */
export interface FolderResult {
  file: string;
  folder: string;
  as: 'kustomization' | 'chart';
  /** Fields that change what is deployed, and what was not read. */
  changes: string[];
  render: string;
  /** Of a chart: its templates. */
  files: number;
  gaps: ManifestGap[];
}

const ANY: ManifestGap = { hides: 'anything', namespace: null };

/** A folder as an argument of a command line. */
function quoted(folder: string): string {
  const text = folder === '' ? '.' : folder;
  return /^[\w./@:+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The outermost kustomizations of an input. */
interface Overlays {
  /** Those that deploy a file. */
  of: ReadonlyMap<string, ReadonlySet<Kustomization>>;
  /** Those that may stand for one another. */
  group: ReadonlyMap<Kustomization, ReadonlySet<Kustomization>>;
  /** The namespaces that an object of a file may be in, by the one that is written. */
  namespaces: (path: string, written: string | null) => (string | null)[];
}

/** The kustomizations and charts of an input, and what follows for its files once all of them are known. */
export class FolderTree {
  readonly kustomizations = new Map<string, Kustomization>();
  /** Folders of Helm charts; true for those that render something by themselves. */
  private readonly charts = new Map<string, { file: string; renders: boolean }>();

  /** Folders that a controller deploys by an object of the input; files in them need no kustomization that lists them. */
  readonly deployed = new Set<string>();

  /** The kustomizations that deploy a folder, by the folder; null until it is asked for. */
  private deployers: Map<string, Kustomization[]> | null = null;

  addKustomization(kustomization: Kustomization): void {
    this.kustomizations.set(kustomization.folder, kustomization);
    this.deployers = null;
  }

  /** Takes a Chart.yaml. */
  addChart(file: string, text: string): void {
    const [value] = documentsOf(text) ?? [];
    const library = isObject(value) && value['type'] === 'library';
    this.charts.set(folderOf(normalPath(file)), { file, renders: !library });
  }

  get empty(): boolean {
    return this.kustomizations.size === 0 && this.charts.size === 0;
  }

  /** The outermost chart whose template the file is; null where it is none. */
  private chartOf(path: string): string | null {
    let found: string | null = null;
    for (const folder of this.charts.keys()) {
      const templates = folder === '' ? 'templates' : `${folder}/templates`;
      if (isBelow(path, templates) && (found === null || folder.length < found.length)) found = folder;
    }
    if (found === null) return null;
    // A chart in `charts/` of another is rendered with it.
    for (const folder of this.charts.keys())
      if (folder !== found && isBelow(found, folder === '' ? 'charts' : `${folder}/charts`)) return folder;
    return found;
  }

  /**
   * The command that renders what a kustomization deploys: that of the outermost one where a single one includes it. A
   * component is rendered by one that includes it.
   */
  private commandOf(kustomization: Kustomization): string {
    if (!kustomization.component) {
      const [outermost, ...others] = this.outermostOf(kustomization);
      const one = outermost === undefined || others.length > 0 ? kustomization : outermost;
      return `kubectl kustomize ${quoted(one.folder)}`;
    }
    for (const one of this.kustomizations.values())
      if (!one.component && one.components.includes(kustomization.folder))
        return `kubectl kustomize ${quoted(one.folder)}`;
    for (let folder = kustomization.folder; folder !== '' && folder !== '/';) {
      folder = folderOf(folder);
      if (this.kustomizations.get(folder)?.component === false) return `kubectl kustomize ${quoted(folder)}`;
    }
    // Nothing that was read includes it.
    return 'kubectl kustomize FOLDER';
  }

  /** The kustomizations that deploy another, through others, and that none deploys; itself where nothing includes it. */
  private outermostOf(kustomization: Kustomization): Kustomization[] {
    if (this.deployers === null) {
      this.deployers = new Map();
      for (const by of this.kustomizations.values())
        for (const path of by.resources) {
          const known = this.deployers.get(path);
          if (known === undefined) this.deployers.set(path, [by]);
          else known.push(by);
        }
    }
    const seen = new Set([kustomization.folder]);
    const found: Kustomization[] = [];
    // A list that grows while it is gone through.
    const open = [kustomization];
    for (const one of open) {
      const by = this.deployers.get(one.folder) ?? [];
      if (by.length === 0) found.push(one);
      for (const next of by) {
        if (seen.has(next.folder)) continue;
        seen.add(next.folder);
        open.push(next);
      }
    }
    return found;
  }

  /** All files that a kustomization deploys, through others that it names. */
  private filesOf(kustomization: Kustomization, seen = new Set<string>()): string[] {
    if (seen.has(kustomization.folder)) return [];
    seen.add(kustomization.folder);
    return [...kustomization.resources, ...kustomization.components].flatMap((path) => {
      const inner = this.kustomizations.get(path);
      return inner === undefined ? [path] : this.filesOf(inner, seen);
    });
  }

  /** The folder that holds a kustomization and all local files that it names. */
  private rootOf(kustomization: Kustomization): string {
    let root = kustomization.folder;
    const paths = [
      ...kustomization.resources,
      ...kustomization.components,
      ...kustomization.settings,
      ...kustomization.patches.flatMap(({ path }) => path ?? []),
    ];
    for (const path of paths)
      while (root !== '' && root !== '/' && !isBelow(path, root)) root = folderOf(root);
    return root;
  }

  /**
   * Which files and documents are no objects, and what the folders would change, once every file was seen.
   * @param files every file of the input that was read
   */
  decide(files: readonly SeenFile[]): {
    passed: PassedOver[];
    folders: FolderResult[];
    unlisted: UnlistedFile[];
  } {
    // Most inputs have no such folders: only a directive can make a patch there.
    if (this.empty) {
      const passed = files.flatMap(({ file, documents }) =>
        documents.flatMap((one) =>
          one.directive ? [documentOver(file, one, null, gapOf(one, one.namespace))] : [],
        ),
      );
      return { passed, folders: [], unlisted: [] };
    }
    const byPath = new Map(files.map((one) => [normalPath(one.file), one]));
    const passed: PassedOver[] = [];
    const folders: FolderResult[] = [];
    const unlisted: UnlistedFile[] = [];
    const overlays = this.overlaysOf(files);
    const listed = new Set<string>();
    const inComponents = new Map<string, Kustomization>();
    for (const one of this.kustomizations.values())
      for (const path of one.resources) {
        if (!one.component) listed.add(path);
        else if (!inComponents.has(path)) inComponents.set(path, one);
      }
    const settings = new Map<string, Kustomization>();
    const patches = new Map<string, { ref: PatchRef; by: Kustomization }[]>();
    for (const by of this.kustomizations.values()) {
      for (const path of by.settings) settings.set(path, by);
      for (const ref of by.patches)
        if (ref.path !== null) patches.set(ref.path, [...(patches.get(ref.path) ?? []), { ref, by }]);
    }
    const roots = [...this.kustomizations.values()].map((one) => ({ root: this.rootOf(one), one }));
    const objects = new Map<string, SeenDocument[]>();
    for (const file of files) {
      const path = normalPath(file.file);
      if (patches.has(path) || this.chartOf(path) !== null) continue;
      for (const document of file.documents) {
        if (document.directive) continue;
        const key = `${document.kind} ${document.name}`;
        const known = objects.get(key);
        if (known === undefined) objects.set(key, [document]);
        else known.push(document);
      }
    }
    const gapsFor = (document: SeenDocument): ManifestGap[] =>
      namespacesOf(document.kind, document.name, document.namespace, objects).flatMap((namespace) =>
        gapOf(document, namespace),
      );

    const templates = new Map<string, number>();
    for (const file of files) {
      if (file.file === '-') {
        for (const document of file.documents)
          if (document.directive) passed.push(documentOver(file.file, document, null, gapsFor(document)));
        continue;
      }
      const path = normalPath(file.file);
      const chart = this.chartOf(path);
      if (chart !== null) {
        templates.set(chart, (templates.get(chart) ?? 0) + 1);
        const render = `helm template ${quoted(chart)}`;
        passed.push({ file: file.file, place: null, as: 'template', render, kind: '', gaps: [] });
        continue;
      }
      const named = patches.get(path);
      if (named !== undefined && !listed.has(path)) {
        const gaps = named.flatMap(({ ref }) => this.gapsOfPatch(ref, file, gapsFor, objects));
        const render = this.commandOf(named[0].by);
        const kind = file.documents[0]?.kind ?? named[0].ref.target?.kind ?? '';
        passed.push({ file: file.file, place: null, as: 'patch', render, kind, gaps: distinctGaps(gaps) });
        continue;
      }
      const setting = settings.get(path);
      if (setting !== undefined && !listed.has(path)) {
        const render = this.commandOf(setting);
        passed.push({ file: file.file, place: null, as: 'settings', render, kind: '', gaps: [] });
        continue;
      }
      const component = inComponents.get(path);
      if (component !== undefined && !listed.has(path)) {
        const gaps = file.documents.flatMap((one) => wholeGap(one));
        const render = this.commandOf(component);
        const kind = file.documents[0]?.kind ?? '';
        passed.push({
          file: file.file,
          place: null,
          as: 'component',
          render,
          kind,
          gaps: distinctGaps(gaps),
        });
        continue;
      }
      const some = this.onlySome(overlays, path);
      const owner = listed.has(path) ? null : this.owningFolder(path);
      const kept = new Set<string>();
      const near = roots
        .filter(({ root }) => isBelow(path, root))
        .sort((a, b) => b.root.length - a.root.length)[0];
      const render = near === undefined ? null : this.commandOf(near.one);
      for (const document of file.documents) {
        const twin = (): boolean =>
          (objects.get(`${document.kind} ${document.name}`) ?? []).some(
            (one) =>
              one !== document &&
              (one.namespace ?? document.namespace) === (document.namespace ?? one.namespace) &&
              listed.has(normalPath(one.place.file ?? '')),
          );
        if (
          document.directive ||
          (near !== undefined &&
            !listed.has(path) &&
            (document.partial || (this.isDeciding(document) && twin())))
        )
          passed.push(documentOver(file.file, document, render, gapsFor(document)));
        else if (some !== null && isNetworkPolicy(document)) {
          const namespaces = overlays.namespaces(path, document.namespace);
          passed.push({
            ...documentOver(file.file, document, null, []),
            as: 'overlay',
            render: `kubectl kustomize ${quoted(some.of[0])}`,
            gaps: namespaces.map((namespace) => ({ hides: 'policies', namespace })),
            by: some,
          });
        } else if (owner !== null && isNetworkPolicy(document))
          passed.push({
            ...documentOver(file.file, document, this.commandOf(owner), wholeGap(document)),
            as: 'unlisted',
            by: { of: [], not: [owner.file] },
          });
        else if (owner !== null) kept.add(document.kind);
      }
      if (owner !== null && kept.size > 0)
        unlisted.push({ file: file.file, by: owner.file, kinds: [...kept].sort() });
    }

    const moved = this.movedPolicies(
      files,
      new Set(passed.flatMap(({ file, place }) => (place === null ? [file] : []))),
    );
    const over = new Set(passed.flatMap(({ place }) => place ?? []));
    for (const { document, by, namespaces } of moved)
      if (!over.has(document.place)) {
        const gaps: ManifestGap[] = namespaces.map((namespace) => ({ hides: 'policies', namespace }));
        const { kind, place } = document;
        passed.push({
          file: place.file ?? '',
          place,
          as: 'namespace',
          render: this.commandOf(by),
          kind,
          gaps,
        });
      }

    for (const one of this.kustomizations.values()) {
      const unread = [...one.resources, ...one.components].filter(
        (path) => !this.kustomizations.has(path) && !byPath.has(path),
      );
      const changes = [...one.changes];
      if (unread.length + one.remote.length > 0) changes.push(...one.remote, ...unread);
      if (changes.length === 0) continue;
      const gaps: ManifestGap[] = [];
      if (one.opaque || unread.length + one.remote.length > 0) gaps.push(ANY);
      const deployed = this.filesOf(one).flatMap((path) => byPath.get(path)?.documents ?? []);
      const deciding = deployed.filter((document) => this.isDeciding(document));
      if (
        one.namespace !== null &&
        deciding.some((d) => d.kind !== 'Namespace' && d.namespace !== one.namespace)
      )
        gaps.push(ANY);
      if (one.labels === 'selectors' && deciding.length > 0) gaps.push(ANY);
      if (one.labels === 'metadata' && deciding.some((d) => d.kind === 'Pod' || d.kind === 'Namespace'))
        gaps.push(ANY);
      for (const ref of one.patches)
        if (ref.inline !== null)
          gaps.push(...this.gapsOfPatch(ref, inlineFile(ref.inline, one.file), gapsFor, objects));
      folders.push({
        file: one.file,
        folder: one.folder === '' ? '.' : one.folder,
        as: 'kustomization',
        changes,
        render: this.commandOf(one),
        files: 0,
        gaps: distinctGaps(gaps),
      });
    }
    for (const [folder, { file, renders }] of this.charts) {
      const count = templates.get(folder) ?? 0;
      if (!renders || count === 0) continue;
      folders.push({
        file,
        folder: folder === '' ? '.' : folder,
        as: 'chart',
        changes: [],
        render: `helm template ${quoted(folder)}`,
        files: count,
        gaps: [ANY],
      });
    }
    return { passed, folders, unlisted };
  }

  /**
   * The kustomization whose folder a file lies in without being deployed by it: that of its own folder, else of the
   * nearest folder above. Null where there is none, where it deploys nothing at all (such a folder's files are plain
   * ones), or where a kustomization names a folder that the file is in.
   * @param path a file that no kustomization lists
   */
  private owningFolder(path: string): Kustomization | null {
    for (let folder = folderOf(path); ; folder = folderOf(folder)) {
      const found = this.kustomizations.get(folder);
      if (found !== undefined) {
        const names = (one: Kustomization): boolean =>
          [...one.resources, ...one.components, ...one.settings].some(
            (named) => named !== one.folder && !this.kustomizations.has(named) && isBelow(path, named),
          );
        const deploys = found.resources.length + found.components.length + found.remote.length > 0;
        return (deploys || found.changes.length > 0) && ![...this.kustomizations.values()].some(names)
          ? found
          : null;
      }
      if (folder === '' || folder === '/' || this.deployed.has(folder)) return null;
    }
  }

  /** The outermost kustomizations in groups: those of a group share files or objects, so that one may stand for another. */
  private overlaysOf(files: readonly SeenFile[]): Overlays {
    const of = new Map<string, Set<Kustomization>>();
    const referred = new Set<string>();
    for (const one of this.kustomizations.values())
      for (const path of [...one.resources, ...one.components]) referred.add(path);
    const outermost = [...this.kustomizations.values()].filter(
      (one) => !referred.has(one.folder) && !one.component,
    );
    for (const one of outermost)
      for (const path of this.filesOf(one)) of.set(path, (of.get(path) ?? new Set()).add(one));
    const group = new Map(outermost.map((one) => [one, new Set([one])]));
    const join = (a: Kustomization, b: Kustomization): void => {
      const [to, from] = [group.get(a), group.get(b)];
      if (to === undefined || from === undefined || to === from) return;
      for (const one of from) {
        to.add(one);
        group.set(one, to);
      }
    };
    // Without a namespace of its own an object is where its kustomization puts it.
    const byObject = new Map<string, Kustomization>();
    const namespaces = of.size === 0 ? new Map<string, never>() : this.namespacesOfFiles();
    const placed = (path: string, written: string | null): (string | null)[] => {
      const known: Set<string | null> | undefined = namespaces.get(path)?.namespaces;
      return known === undefined ? [written] : [...new Set([...known].map((one) => one ?? written))];
    };
    for (const file of files) {
      const path = normalPath(file.file);
      const by = of.get(path);
      if (by === undefined) continue;
      const deciding = file.documents.filter((document) => this.isDeciding(document));
      const [first, ...others] = by;
      if (deciding.length > 0) for (const other of others) join(first, other);
      for (const { kind, group: api, name, namespace } of deciding) {
        // That two overlays name the same Namespace makes neither stand for the other.
        if (kind === 'Namespace') continue;
        for (const where of placed(path, namespace)) {
          const key = JSON.stringify([kind, api, where, name]);
          const known = byObject.get(key);
          if (known === undefined) byObject.set(key, first);
          else if (!by.has(known)) join(known, first);
        }
      }
    }
    return { of, group, namespaces: placed };
  }

  /** The folders of the overlays that deploy a file and of those of their group that do not; null where all do or none. */
  private onlySome({ of, group }: Overlays, path: string): { of: string[]; not: string[] } | null {
    const by = of.get(path);
    const [first] = by ?? [];
    if (by === undefined || first === undefined) return null;
    const names = (all: Iterable<Kustomization>): string[] =>
      [...all].map(({ folder }) => (folder === '' ? '.' : folder)).sort();
    const not = names([...(group.get(first) ?? [])].filter((one) => !by.has(one)));
    return not.length === 0 ? null : { of: names(by), not };
  }

  /**
   * May either of two files be deployed, and never both? So it is where overlays stand for one another.
   * @param files all that were read
   * @returns a question that may be asked of any two of them
   */
  alternatives(files: readonly SeenFile[]): (one: string, other: string) => boolean {
    if (this.kustomizations.size < 2) return () => false;
    const { of } = this.overlaysOf(files);
    return (one, other) => {
      const [a, b] = [of.get(normalPath(one)), of.get(normalPath(other))];
      return a !== undefined && b !== undefined && ![...a].some((by) => b.has(by));
    };
  }

  /** The namespaces that files are deployed to, from the outermost kustomizations inwards: the outermost one counts. */
  private namespacesOfFiles(): Map<string, { by: Kustomization; namespaces: Set<string | null> }> {
    const referred = new Set<string>();
    for (const one of this.kustomizations.values())
      for (const path of [...one.resources, ...one.components]) referred.add(path);
    const found = new Map<string, { by: Kustomization; namespaces: Set<string | null> }>();
    const walk = (
      one: Kustomization,
      root: Kustomization,
      outer: string | null,
      above: Set<string>,
    ): void => {
      if (above.has(one.folder)) return;
      const namespace = outer ?? one.namespace;
      for (const path of [...one.resources, ...one.components]) {
        const inner = this.kustomizations.get(path);
        if (inner !== undefined) walk(inner, root, namespace, new Set([...above, one.folder]));
        else {
          const known = found.get(path) ?? { by: root, namespaces: new Set() };
          known.namespaces.add(namespace);
          found.set(path, known);
        }
      }
    };
    for (const one of this.kustomizations.values())
      if (!referred.has(one.folder) && !one.component) walk(one, one, null, new Set());
    return found;
  }

  /**
   * Policies that kustomizations put into other namespaces than their files say, unless all pods and policies of those
   * namespaces move together, so that only the name differs. In the namespace of the file they would isolate others.
   */
  private movedPolicies(
    files: readonly SeenFile[],
    whole: ReadonlySet<string>,
  ): { document: SeenDocument; by: Kustomization; namespaces: string[] }[] {
    if (![...this.kustomizations.values()].some(({ namespace }) => namespace !== null)) return [];
    const of = this.namespacesOfFiles();
    const there = new Map<string, Set<string>>();
    const back = new Map<string, Set<string>>();
    const note = (map: Map<string, Set<string>>, from: string, to: string): void => {
      const known = map.get(from);
      if (known === undefined) map.set(from, new Set([to]));
      else known.add(to);
    };
    const policies: { document: SeenDocument; by: Kustomization; namespaces: string[] }[] = [];
    for (const file of files) {
      if (whole.has(file.file)) continue;
      const known = of.get(normalPath(file.file));
      for (const document of file.documents) {
        if (!this.isDeciding(document) || document.kind === 'Namespace') continue;
        const written = document.namespace ?? 'default';
        const namespaces =
          known === undefined ? [written] : [...known.namespaces].map((one) => one ?? written);
        for (const namespace of namespaces) {
          note(there, written, namespace);
          note(back, namespace, written);
        }
        if (known !== undefined && isPolicyKind(document.kind) && namespaces.some((one) => one !== written))
          policies.push({ document, by: known.by, namespaces });
      }
    }
    return policies.filter(({ document, namespaces }) => {
      const together = there.get(document.namespace ?? 'default');
      return together?.size !== 1 || namespaces.some((one) => back.get(one)?.size !== 1);
    });
  }

  private isDeciding({ kind }: SeenDocument): boolean {
    return isPolicyKind(kind) || isPodKind(kind) || kind === 'Namespace';
  }

  /** What one patch of a kustomization may change. */
  private gapsOfPatch(
    { target }: PatchRef,
    file: SeenFile,
    gapsFor: (document: SeenDocument) => ManifestGap[],
    objects: ReadonlyMap<string, SeenDocument[]>,
  ): ManifestGap[] {
    const { operations, documents } = file;
    if (operations !== null) {
      const hides = together(kindsOf(target).map((kind) => hidesOfOperations(kind, operations)));
      if (hides === null) return [];
      if (hides === 'anything') return [ANY];
      if (target?.namespace) return [{ hides, namespace: plain(target.namespace) }];
      const found =
        target?.kind && target.name ? namespacesOf(target.kind, target.name, null, objects) : [null];
      return found.map((namespace) => ({ hides, namespace }));
    }
    // With a target the patch is laid over every object that it means, whatever the patch calls itself.
    if (documents.length === 0 && target?.kind) {
      // It is no object without its target: which parts it changes is not known.
      const hides = together(kindsOf(target).map((kind) => hidesOfOperations(kind, [null])));
      return hides === null ? [] : [{ hides, namespace: plain(target.namespace) }];
    }
    if (target !== null && (target.kind !== null || target.name !== null))
      return documents.flatMap((document) => {
        const own = together(kindsOf(target).map((kind) => (kind === document.kind ? document.hides : null)));
        const hides = kindsOf(target).includes(document.kind) ? own : document.hides;
        if (hides === null) return [];
        const rulesOnly = document.rulesOnly && kindsOf(target).every((kind) => kind === 'NetworkPolicy');
        return [
          {
            hides,
            namespace: hides === 'anything' ? null : plain(target.namespace),
            ...(rulesOnly ? { rulesOnly: true as const } : {}),
          },
        ];
      });
    return documents.flatMap(gapsFor);
  }
}

/** The text of a target where it is no regular expression; else null, any. */
function plain(text: string | null): string | null {
  return text !== null && /^[a-z0-9-]+$/.test(text) ? text : null;
}

/** Namespaces of the objects that a patch without one means, by kind and name; null where none was read. */
function namespacesOf(
  kind: string,
  name: string,
  namespace: string | null,
  objects: ReadonlyMap<string, SeenDocument[]>,
): (string | null)[] {
  if (namespace !== null) return [namespace];
  const found = objects.get(`${kind} ${name}`) ?? [];
  if (found.length === 0 || name === '') return [null];
  return [...new Set(found.map((one) => one.namespace ?? 'default'))];
}

/** What a document may change as a patch of an object in a namespace. */
function gapOf(document: SeenDocument, namespace: string | null): ManifestGap[] {
  const { hides, rulesOnly, kind, name, labels } = document;
  if (hides === null) return [];
  return [
    {
      hides,
      namespace: hides === 'anything' ? null : namespace,
      ...(rulesOnly ? { rulesOnly: true } : {}),
      ...(labels !== null && name !== '' ? { relabels: { kind, name, labels } } : {}),
    },
  ];
}

/** What a whole object hides while it is not known whether it is deployed. */
function wholeGap({ kind, namespace }: SeenDocument): ManifestGap[] {
  if (kind === 'Namespace') return [ANY];
  if (isPolicyKind(kind)) return [{ hides: 'policies', namespace }];
  return isPodKind(kind) ? [{ hides: 'pods', namespace }] : [];
}

function isNetworkPolicy({ kind, group }: SeenDocument): boolean {
  return kind === 'NetworkPolicy' && (group === 'networking.k8s.io' || group === 'extensions');
}

function documentOver(
  file: string,
  document: SeenDocument,
  render: string | null,
  gaps: ManifestGap[],
): PassedOver {
  return { file, place: document.place, as: 'patch', render, kind: document.kind, gaps };
}

/** Patches that stand in a kustomization, as the file that they could be. */
function inlineFile(values: readonly unknown[], file: string): SeenFile {
  const documents: SeenDocument[] = [];
  let operations: unknown[] | null = null;
  for (const value of values) {
    if (Array.isArray(value)) operations = [...(operations ?? []), ...(value as unknown[])];
    else if (isObject(value))
      documents.push({
        ...seenDocument(
          textOf(value['kind']) ?? '',
          groupOf(textOf(value['apiVersion']) ?? ''),
          value,
          { file },
          true,
        ),
        hides: hidesOf(textOf(value['kind']), value),
      });
    // What cannot be parsed may be anything.
    else operations = [...(operations ?? []), null];
  }
  return { file, documents, operations };
}

function distinctGaps(gaps: readonly ManifestGap[]): ManifestGap[] {
  if (gaps.some(({ hides, namespace }) => hides === 'anything' && namespace === null)) return [ANY];
  const seen = new Map<string, ManifestGap>();
  for (const gap of gaps)
    seen.set(
      `${gap.hides} ${gap.namespace ?? ''} ${String(gap.rulesOnly ?? false)} ${JSON.stringify(gap.relabels ?? null)}`,
      gap,
    );
  return [...seen.values()];
}

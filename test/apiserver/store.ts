/** Objects of the test API server, in the order in which etcd keeps them, with a history for watches. */

export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    resourceVersion?: string;
    uid?: string;
    [key: string]: unknown;
  };
  [key: string]: unknown;
}

/** What a resource is called. */
export interface ResourceType {
  /** '' is the core group. */
  group: string;
  version: string;
  resource: string;
  kind: string;
  namespaced: boolean;
}

export const TYPES: readonly ResourceType[] = [
  type('', 'v1', 'namespaces', 'Namespace', false),
  type('', 'v1', 'nodes', 'Node', false),
  type('', 'v1', 'pods', 'Pod', true),
  type('', 'v1', 'services', 'Service', true),
  type('', 'v1', 'configmaps', 'ConfigMap', true),
  type('', 'v1', 'secrets', 'Secret', true),
  type('apps', 'v1', 'replicasets', 'ReplicaSet', true),
  type('apps', 'v1', 'deployments', 'Deployment', true),
  type('apps', 'v1', 'daemonsets', 'DaemonSet', true),
  type('batch', 'v1', 'jobs', 'Job', true),
  type('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice', true),
  type('networking.k8s.io', 'v1', 'ingresses', 'Ingress', true),
  type('networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy', true),
];

/** A resource type in short. */
export function type(
  group: string,
  version: string,
  resource: string,
  kind: string,
  namespaced: boolean,
): ResourceType {
  return { group, version, resource, kind, namespaced };
}

/** A collection that is made up as it is asked for: a hundred thousand pods need no memory. */
export interface Generated {
  total: number;
  /** Objects `from` to `to` (exclusive) of the cluster, ordered by namespace and name. */
  slice(from: number, to: number): KubeObject[];
  /** First index and index after the last of a namespace. */
  range(namespace: string): [number, number];
}

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  version: number;
  object: KubeObject;
}

interface Shelf {
  type: ResourceType;
  objects: Map<string, KubeObject>;
  /** Keys in order; null when it has to be made anew. */
  order: string[] | null;
  generated: Generated | null;
  events: WatchEvent[];
  listeners: Set<(event: WatchEvent) => void>;
}

/** The server's memory. */
export class Store {
  readonly #shelves = new Map<string, Shelf>();
  /** Grows with every change, over all resources, as etcd's revision does. */
  version = 1000;
  /** Watches from before this version are refused with 410. */
  compacted = 0;

  constructor(types: readonly ResourceType[] = TYPES) {
    for (const entry of types) this.serve(entry);
  }

  /** Adds a resource type. */
  serve(entry: ResourceType): void {
    this.#shelves.set(`${entry.group}/${entry.resource}`, {
      type: entry,
      objects: new Map(),
      order: [],
      generated: null,
      events: [],
      listeners: new Set(),
    });
  }

  types(): ResourceType[] {
    return [...this.#shelves.values()].map((shelf) => shelf.type);
  }

  type(group: string, resource: string): ResourceType | null {
    return this.#shelves.get(`${group}/${resource}`)?.type ?? null;
  }

  #shelf(group: string, resource: string): Shelf {
    const shelf = this.#shelves.get(`${group}/${resource}`);
    if (!shelf) throw new Error(`The test server serves no ${resource}.${group}`);
    return shelf;
  }

  /** Creates or changes an object; its type is found by apiVersion and kind. */
  put(object: KubeObject): void {
    const group = (object.apiVersion ?? 'v1').includes('/')
      ? (object.apiVersion as string).split('/')[0]
      : '';
    const shelf = [...this.#shelves.values()].find(
      (s) => s.type.group === group && s.type.kind === object.kind,
    );
    if (!shelf) throw new Error(`The test server serves no ${object.kind} of ${object.apiVersion}`);
    const key = keyOf(object);
    const known = shelf.objects.has(key);
    this.version += 1;
    const stored: KubeObject = {
      ...object,
      metadata: {
        uid: `00000000-0000-0000-0000-${String(this.version).padStart(12, '0')}`,
        creationTimestamp: '2026-01-01T00:00:00Z',
        ...object.metadata,
        resourceVersion: String(this.version),
      },
    };
    shelf.objects.set(key, stored);
    if (!known) shelf.order = null;
    this.#tell(shelf, { type: known ? 'MODIFIED' : 'ADDED', version: this.version, object: stored });
  }

  /** Deletes an object. */
  remove(group: string, resource: string, namespace: string | null, name: string): void {
    const shelf = this.#shelf(group, resource);
    const key = namespace === null ? name : `${namespace}/${name}`;
    const object = shelf.objects.get(key);
    if (!object) throw new Error(`There is no ${resource} ${key}`);
    shelf.objects.delete(key);
    shelf.order = null;
    this.version += 1;
    this.#tell(shelf, { type: 'DELETED', version: this.version, object });
  }

  #tell(shelf: Shelf, event: WatchEvent): void {
    shelf.events.push(event);
    for (const listener of shelf.listeners) listener(event);
  }

  /** Fills a resource with made-up objects, in place of stored ones. */
  generate(group: string, resource: string, generated: Generated): void {
    this.#shelf(group, resource).generated = generated;
  }

  get(group: string, resource: string, namespace: string | null, name: string): KubeObject | null {
    const shelf = this.#shelf(group, resource);
    return shelf.objects.get(namespace === null ? name : `${namespace}/${name}`) ?? null;
  }

  /** Objects from an offset on, in order. */
  list(
    group: string,
    resource: string,
    namespace: string | null,
    fits: ((object: KubeObject) => boolean) | null,
    offset: number,
    limit: number,
  ): { items: KubeObject[]; remaining: number } {
    const shelf = this.#shelf(group, resource);
    if (shelf.generated) {
      const [from, to] = namespace === null ? [0, shelf.generated.total] : shelf.generated.range(namespace);
      if (fits === null) {
        const end = limit === 0 ? to : Math.min(to, from + offset + limit);
        return { items: shelf.generated.slice(from + offset, end), remaining: to - end };
      }
      const items = shelf.generated.slice(from, to).filter(fits);
      return { items, remaining: 0 };
    }
    shelf.order ??= [...shelf.objects.keys()].sort();
    let keys = shelf.order;
    if (namespace !== null) keys = keys.filter((key) => key.startsWith(`${namespace}/`));
    let objects = keys.map((key) => shelf.objects.get(key) as KubeObject);
    if (fits) objects = objects.filter(fits);
    const end = limit === 0 ? objects.length : Math.min(objects.length, offset + limit);
    return { items: objects.slice(offset, end), remaining: objects.length - end };
  }

  /** Past events after a version, then new ones, until the answer is called. */
  follow(group: string, resource: string, after: number, listener: (event: WatchEvent) => void): () => void {
    const shelf = this.#shelf(group, resource);
    for (const event of shelf.events) if (event.version > after) listener(event);
    shelf.listeners.add(listener);
    return () => shelf.listeners.delete(listener);
  }
}

function keyOf(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** A label selector (`a=b,c!=d,e,!f,g in (x,y)`) and a field selector as one test; null when both are empty. */
export function selects(
  labels: string | null,
  fields: string | null,
): ((object: KubeObject) => boolean) | null {
  const tests: ((object: KubeObject) => boolean)[] = [];
  for (const part of (labels ?? '').match(/[^,(]+(\([^)]*\))?/g) ?? []) {
    const term = part.trim();
    if (term === '') continue;
    const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(term);
    const pair = /^([^=!]+?)\s*(==|=|!=)\s*(.*)$/.exec(term);
    const value = (object: KubeObject, key: string): string | undefined => object.metadata.labels?.[key];
    if (set) {
      const values = set[3].split(',').map((v) => v.trim());
      tests.push((o) => values.includes(value(o, set[1]) ?? '\0') === (set[2] === 'in'));
    } else if (pair) tests.push((o) => (value(o, pair[1]) === pair[3]) === (pair[2] !== '!='));
    else if (term.startsWith('!')) tests.push((o) => value(o, term.slice(1)) === undefined);
    else tests.push((o) => value(o, term) !== undefined);
  }
  for (const part of (fields ?? '').split(',')) {
    const pair = /^([^=!]+)(==|=|!=)(.*)$/.exec(part);
    if (!pair) continue;
    const path = pair[1].split('.');
    tests.push((o) => {
      let at: unknown = o;
      for (const step of path) at = (at as Record<string, unknown> | undefined)?.[step];
      return (String(at ?? '') === pair[3]) === (pair[2] !== '!=');
    });
  }
  return tests.length === 0 ? null : (object) => tests.every((test) => test(object));
}

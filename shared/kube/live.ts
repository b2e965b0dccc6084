/**
 * A cluster whose objects go on changing after they were read: what is kept of each object lies by its identity, so
 * that an event of a watch replaces it, and a snapshot of any moment is that of a fresh read.
 *
 * Each snapshot is made by a `SnapshotBuilder` from the kept records, and the network plugin is detected anew from the
 * kept signs of pods, nodes and DaemonSets. What is read by name (a plugin's ConfigMap, an operator's settings) and
 * the API groups that are served stay as they were read.
 */
import { isSystemNamespace, notAnItem, projectObject, readPage, SnapshotBuilder } from './builder.ts';
import type { PageNext, Projected } from './builder.ts';
import { hasEffect, kindOfResource } from './kinds.ts';
import { daemonSetSign, nodeSign, podSign } from './plugins.ts';
import type { NodeSign, PluginSignals, PodSign } from './plugins.ts';
import { compareText, Interner, isObject } from './project.ts';
import type { ProjectContext } from './project.ts';
import type { ClusterInfo, CoverageEntry, OtherPolicyRecord, Problem, Snapshot } from './snapshot.ts';
import { scopeOf } from './subject.ts';

/** A list that is followed: a resource of the whole cluster, or of one namespace. */
export interface FollowedList {
  /** Plural, with its group where `addListPage` wants it. */
  resource: string;
  /** Null for the whole cluster. */
  namespace: string | null;
  /** Another kind of policy (S26), of which names alone are read. */
  other?: { kind: string; group: string; namespaced: boolean };
}

/** An event of a watch that changes something. */
export interface ChangeEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: unknown;
}

/** What one object says of the network plugin. */
type Sign =
  | { of: 'pod'; sign: PodSign }
  | { of: 'node'; sign: NodeSign }
  | { of: 'daemonSet'; sign: ReturnType<typeof daemonSetSign> };

interface Kept {
  projected: Projected | null;
  sign: Sign | null;
}

/** Objects of one kind by namespace and name. */
type Shelf = Map<string, Kept>;

/**
 * What may come to a list by events before it has to be read again: as much again as it had, and this. Events are cheap
 * to send and what is kept of them is not; a list that is read again has bounds of its own.
 */
export const SPARE_OBJECTS = 50_000;
export const SPARE_CHARACTERS = 64 * 1024 * 1024;
/** The message of `apply` where more came; its number is what the list had. */
export const KEPT_TOO_MUCH = /has grown far beyond the (\d+) objects/;

/** What a shelf had when it was read, and what came since. */
interface Growth {
  listed: number;
  characters: number;
  came: number;
}

/** So many objects go through one table of shared texts; then it is let go, or it would grow with every pod that ever was. */
const INTERN_RENEWED = 20_000;

const NOTHING: Kept = { projected: null, sign: null };

export class LiveSnapshot {
  private readonly cluster: ClusterInfo;
  private readonly shelves = new Map<string, Shelf>();
  /** Lists that are being read again: they replace what is kept when they are whole. */
  private readonly staged = new Map<string, Shelf>();
  private readonly growth = new Map<string, Growth>();
  private readonly spare: { objects: number; characters: number };
  private readonly fixed: ((signals: PluginSignals) => void)[] = [];
  private readonly otherPolicies: OtherPolicyRecord[] = [];
  private readonly entries: CoverageEntry[] = [];
  private readonly problems: Problem[] = [];
  private readonly unread: { what: 'policies' | 'pods'; namespace: string | null }[] = [];
  private serverVersion: string | null | undefined;
  private intern = new Interner();
  private interned = 0;
  /** Whether anything changed since the lists were read. */
  private followed = false;

  /**
   * @param cluster a live cluster: `source` is 'context'
   * @param spare what may come to a list beyond as much again as it had
   */
  constructor(cluster: ClusterInfo, spare = { objects: SPARE_OBJECTS, characters: SPARE_CHARACTERS }) {
    this.spare = spare;
    this.cluster = { ...cluster, warnings: [...cluster.warnings] };
  }

  // ---- reading: as SnapshotBuilder ----

  /** As `SnapshotBuilder.addListPage`. @throws TypeError where it is no list; nothing of it is kept then */
  addListPage(resource: string, list: unknown): { count: number } & PageNext {
    const page = readPage(resource, list);
    const { kind } = kindOfResource(resource);
    let count = 0;
    page.items.forEach((item, index) => {
      if (!isObject(item)) {
        this.problems.push(notAnItem(resource, index));
        return;
      }
      count++;
      if (kind === null) {
        const named = typeof item.kind === 'string' ? item.kind : page.kind;
        this.fixed.push((signals) => signals.other(named, item));
      } else if (kind === 'ConfigMap') this.addConfigMap(item);
      else {
        const found = this.keep({ resource, namespace: null }, item, (problem) =>
          this.problems.push(problem),
        );
        if (found) this.shelf(found.shelf).set(found.key, found.kept);
      }
    });
    return { count, ...page.next };
  }

  private addConfigMap(item: Record<string, unknown>): void {
    const meta = isObject(item.metadata) ? item.metadata : {};
    if (typeof meta.namespace === 'string' && isSystemNamespace(meta.namespace))
      this.fixed.push((signals) => signals.configMap(item));
  }

  /** As `SnapshotBuilder.restartList`. */
  restartList(resource: string, namespace: string | null): void {
    const shelf = this.shelves.get(shelfOf({ resource, namespace }));
    for (const key of [...(shelf?.keys() ?? [])]) if (within(key, namespace)) shelf?.delete(key);
  }

  addApiGroups(names: readonly string[]): void {
    const groups = [...names];
    this.fixed.push((signals) => {
      for (const name of groups) signals.apiGroup(name);
    });
  }

  /** As `SnapshotBuilder.addOtherPolicy`. */
  addOtherPolicy(record: OtherPolicyRecord): void {
    if (record.status === 'unreadable' || record.name === null) {
      this.otherPolicies.push(record);
      return;
    }
    const shelf = `${record.group}/${record.kind}`;
    this.shelf(shelf).set(keyOf(record.namespace, record.name), {
      projected: { is: 'otherPolicy', record },
      sign: null,
    });
  }

  addCoverage(entry: CoverageEntry): void {
    this.entries.push(entry);
  }

  addProblem(problem: Problem): void {
    this.problems.push(problem);
  }

  markUnread(what: 'policies' | 'pods', namespace: string | null): void {
    this.unread.push({ what, namespace });
  }

  setServerVersion(gitVersion: string | null): void {
    this.serverVersion = gitVersion;
  }

  // ---- following ----

  /**
   * Applies one event of a watch.
   * @param list which watch
   * @param event the event
   * @returns whether what is kept of the object changed; a pod's heartbeat changes nothing
   * @throws TypeError for an event that names no object: what the watch said is then not known, and the list has to be
   * read again. RangeError (`KEPT_TOO_MUCH`) where it would make the list far larger than it was when it was read
   */
  apply(list: FollowedList, event: ChangeEvent): boolean {
    if (!isObject(event.object) || !isObject(event.object.metadata))
      throw new TypeError(`An event for ${list.resource} has no object.`);
    const found = this.keep(list, event.object, () => undefined);
    if (found === null) throw new TypeError(`An event for ${list.resource} has an object without a name.`);
    const shelf = this.shelf(found.shelf);
    const before = shelf.get(found.key);
    const growth = this.growthOf(found.shelf, shelf);
    if (event.type === 'DELETED') {
      if (before !== undefined) growth.came -= characters(found.key, before);
      shelf.delete(found.key);
      return this.moved(before !== undefined && before !== NOTHING);
    }
    if (same(before ?? NOTHING, found.kept)) {
      if (before === undefined) this.grow(list, growth, shelf, found, before);
      return false;
    }
    this.grow(list, growth, shelf, found, before);
    return this.moved(true);
  }

  /** Keeps what an event brought, within what may come to its list. */
  private grow(
    list: FollowedList,
    growth: Growth,
    shelf: Shelf,
    { key, kept }: { key: string; kept: Kept },
    before: Kept | undefined,
  ): void {
    const size = characters(key, kept) - (before === undefined ? 0 : characters(key, before));
    const { objects, characters: most } = this.spare;
    if (
      (before === undefined && shelf.size >= 2 * growth.listed + objects) ||
      (size > 0 && growth.came + size > growth.characters + most)
    )
      throw new RangeError(`${list.resource} has grown far beyond the ${growth.listed} objects of its list.`);
    growth.came += size;
    shelf.set(key, kept);
  }

  private growthOf(name: string, shelf: Shelf): Growth {
    let growth = this.growth.get(name);
    if (!growth) {
      growth = { listed: shelf.size, characters: 0, came: 0 };
      for (const [key, kept] of shelf) growth.characters += characters(key, kept);
      this.growth.set(name, growth);
    }
    return growth;
  }

  /** Begins to read a list again. What is kept stays in force until `endReplace`. */
  beginReplace(list: FollowedList): void {
    this.staged.set(listName(list), new Map());
  }

  /** One page of it. @throws TypeError where it is no list */
  replacePage(list: FollowedList, page: unknown): { count: number } & PageNext {
    const staged = this.staged.get(listName(list));
    if (!staged) throw new TypeError(`${list.resource} is not being read again.`);
    const { items, next } = readPage(list.resource, page);
    for (const item of items) {
      if (!isObject(item)) continue;
      const found = this.keep(list, item, () => undefined);
      if (found) staged.set(found.key, found.kept);
    }
    return { count: items.length, ...next };
  }

  /**
   * Puts what was read again in place of what was kept, or lets it go.
   * @param list which list
   * @param whole whether all of its pages came
   * @returns whether anything changed
   */
  endReplace(list: FollowedList, whole: boolean): boolean {
    const staged = this.staged.get(listName(list));
    this.staged.delete(listName(list));
    if (!staged || !whole) return false;
    const shelf = this.shelf(shelfOf(list));
    // What the list has now is what it may grow from.
    this.growth.delete(shelfOf(list));
    let changed = false;
    for (const key of [...shelf.keys()]) {
      if (!within(key, list.namespace) || staged.has(key)) continue;
      shelf.delete(key);
      changed = true;
    }
    for (const [key, kept] of staged) {
      const before = shelf.get(key);
      if (before !== undefined && same(before, kept)) continue;
      shelf.set(key, kept);
      changed = true;
    }
    return this.moved(changed);
  }

  private moved(changed: boolean): boolean {
    if (changed) this.followed = true;
    return changed;
  }

  /** The snapshot of now: the same as that of a fresh read, but for the time and the versions of its lists. */
  finish(): Snapshot {
    const builder = new SnapshotBuilder(this.cluster);
    if (this.serverVersion !== undefined) builder.setServerVersion(this.serverVersion);
    const signs: [string, Sign][] = [];
    for (const shelf of this.shelves.values()) {
      for (const [key, { projected, sign }] of shelf) {
        if (projected !== null) builder.addRecord(projected);
        if (sign !== null) signs.push([key, sign]);
      }
    }
    // In the order in which a list gives them: some signs count by their first bearer.
    signs.sort((a, b) => compareText(a[0], b[0]));
    builder.addSigns((signals) => {
      for (const [, { of, sign }] of signs) {
        if (of === 'pod') signals.addPod(sign);
        else if (of === 'node') signals.addNode(sign);
        else signals.addDaemonSet(sign);
      }
      for (const add of this.fixed) add(signals);
    });
    for (const record of this.otherPolicies) builder.addOtherPolicy(record);
    for (const entry of this.entriesNow()) builder.addCoverage(entry);
    for (const problem of this.problems) builder.addProblem(problem);
    for (const { what, namespace } of this.unreadNow()) builder.markUnread(what, namespace);
    return builder.finish();
  }

  /** Whether a list was read as a whole or in one namespace. */
  private wasRead(resource: string, namespace: string | null): boolean {
    return this.entries.some(
      (entry) =>
        entry.verb === 'list' &&
        entry.resource === resource &&
        entry.namespace === namespace &&
        entry.outcome === 'read',
    );
  }

  /**
   * Sides that cannot be read, for the namespaces of now: one that came after the audit is unread where the side was
   * read namespace by namespace, and one that went away is no gap any more.
   */
  private unreadNow(): { what: 'policies' | 'pods'; namespace: string | null }[] {
    const namespaces = this.shelves.get('Namespace');
    // Without the list of namespaces nobody knows which came or went.
    if (!namespaces || !this.wasRead('namespaces', null)) return this.unread;
    const now = this.unread.filter(({ namespace }) => namespace === null || namespaces.has(namespace));
    for (const what of ['policies', 'pods'] as const) {
      const resource = what === 'pods' ? 'pods' : 'networkpolicies';
      if (this.wasRead(resource, null)) continue;
      const known = new Set(now.filter((one) => one.what === what).map((one) => one.namespace));
      // Nothing was asked at all: a builder that was filled by hand.
      if (known.has(null) || !this.entries.some((entry) => entry.resource === resource)) continue;
      for (const name of namespaces.keys())
        if (!known.has(name) && !this.wasRead(resource, name)) now.push({ what, namespace: name });
    }
    return now;
  }

  /** Coverage, with the numbers of now once something changed. */
  private entriesNow(): CoverageEntry[] {
    if (!this.followed) return this.entries;
    return this.entries.map((entry) => {
      if (entry.verb !== 'list' || entry.outcome !== 'read') return entry;
      const shelf = this.shelves.get(shelfOf({ resource: entry.resource, namespace: entry.namespace }));
      if (!shelf) return entry;
      let count = 0;
      for (const key of shelf.keys()) if (within(key, entry.namespace)) count++;
      return { ...entry, count };
    });
  }

  private shelf(name: string): Shelf {
    let shelf = this.shelves.get(name);
    if (!shelf) this.shelves.set(name, (shelf = new Map()));
    return shelf;
  }

  /** What is kept of an object, and where; null where it has no name. */
  private keep(
    list: FollowedList,
    item: Record<string, unknown>,
    report: (problem: Problem) => void,
  ): { shelf: string; key: string; kept: Kept } | null {
    const meta = isObject(item.metadata) ? item.metadata : {};
    const { name, namespace } = meta;
    const shelf = shelfOf(list);
    if (list.other) {
      const { kind, group, namespaced } = list.other;
      if (typeof name !== 'string') return null;
      const place = namespaced ? String(namespace ?? '') : null;
      if (!hasEffect(group, kind, item)) return { shelf, key: keyOf(place, name), kept: NOTHING };
      const record: OtherPolicyRecord = {
        kind,
        group,
        namespace: place,
        name,
        status: 'present',
        ...scopeOf(group, kind, item),
      };
      return {
        shelf,
        key: keyOf(place, name),
        kept: { projected: { is: 'otherPolicy', record }, sign: null },
      };
    }
    const { kind, group } = kindOfResource(list.resource);
    if (kind === null) return null;
    this.interned += 1;
    if (this.interned > INTERN_RENEWED) {
      this.intern = new Interner();
      this.interned = 0;
    }
    const context: ProjectContext = { intern: this.intern, origin: 'cluster', report };
    const projected = projectObject(item, kind, group, context);
    const system = typeof namespace === 'string' && isSystemNamespace(namespace);
    const sign: Sign | null =
      kind === 'Node'
        ? { of: 'node', sign: nodeSign(item) }
        : kind === 'Pod' && system
          ? { of: 'pod', sign: podSign(item) }
          : kind === 'DaemonSet' && system
            ? { of: 'daemonSet', sign: daemonSetSign(item) }
            : null;
    // A live cluster's pods are counted one by one: who scales them is not asked.
    if (projected !== null && projected.is !== 'scaled') {
      const { record } = projected;
      const place = 'namespace' in record ? record.namespace : null;
      return { shelf, key: keyOf(place, record.name ?? ''), kept: { projected, sign } };
    }
    if (typeof name !== 'string' || name === '') return null;
    const place = typeof namespace === 'string' ? namespace : null;
    return { shelf, key: keyOf(place, name), kept: sign === null ? NOTHING : { projected: null, sign } };
  }
}

function keyOf(namespace: string | null, name: string): string {
  return namespace === null ? name : `${namespace}/${name}`;
}

function within(key: string, namespace: string | null): boolean {
  return namespace === null || key.startsWith(`${namespace}/`);
}

function shelfOf(list: FollowedList): string {
  if (list.other) return `${list.other.group}/${list.other.kind}`;
  const { kind, group } = kindOfResource(list.resource);
  if (kind === null) return list.resource;
  return OTHER_GROUP.test(list.resource) ? `${group}/${kind}` : kind;
}

/** A plural with its group behind it. */
const OTHER_GROUP = /\./;

function listName(list: FollowedList): string {
  return JSON.stringify([shelfOf(list), list.namespace]);
}

/** How much is kept of an object, roughly: texts that many share are counted each time. */
function characters(key: string, kept: Kept): number {
  return key.length + (kept === NOTHING ? 0 : JSON.stringify(kept).length);
}

/** Projections have their keys in one order, so equal content is equal text. */
function same(a: Kept, b: Kept): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

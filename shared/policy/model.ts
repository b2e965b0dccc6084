/**
 * The compiled cluster: policies, peers, port lists and pods, all interned.
 *
 * Pods that no policy can tell apart form one class: equal namespace, equal labels as far as some selector asks
 * for them (values that no selector mentions fold into "other"), equal named ports as far as some rule names
 * them, equal membership of address blocks, equal host network and enforcement. What its policies say of a class
 * in one direction is a row: an interned list of (peer, ports), never expanded to pods. So the work grows with
 * what the policies distinguish, not with the pods.
 */
import type {
  AssumptionName,
  AssumptionRecord,
  Assumptions,
  CoverageGap,
  LabelRequirement,
  Labels,
  OtherPolicyRecord,
  PodRecord,
  PolicyRecord,
  Snapshot,
  Tri,
} from '../kube/snapshot.ts';
import { networkKind, reachOf } from '../kube/kinds.ts';
import { parseSelector, type Selector } from '../kube/selector.ts';
import { standsForSeveral } from '../kube/templates.ts';
import { ALL_CONNS, ConnPool, NO_CONNS, type ConnId } from '../net/conns.ts';
import { contains, type Intervals } from '../net/intervals.ts';
import { parseAddress, type Address } from '../net/ip.ts';
import { IntList, ListPool } from '../net/listPool.ts';
import { PairMap } from '../net/pairMap.ts';
import { AddressClasses, familyBit, fastV4 } from './addresses.ts';
import { ambientNamespaces, isAmbient, TUNNEL_PORT } from './ambient.ts';
import { hasStrictAddresses, resolveAssumptions } from './assumptions.ts';
import {
  compilePolicy,
  type CompiledPeer,
  type CompiledPolicy,
  type CompiledPort,
  type CompiledRule,
  type CompileOptions,
} from './compile.ts';
import { LabelClasses } from './labelClasses.ts';
import { LabelDoubts } from './labelDoubts.ts';
import { bitTest, Namespaces, type NamespaceSet } from './namespaces.ts';
import { Ports } from './ports.ts';
import {
  EVERYTHING_PERMITTED,
  L4,
  L6,
  LN,
  MATCHES,
  MAY_MATCH,
  NOTHING,
  U4,
  U6,
  UN,
  ValuePool,
  type ValueId,
} from './values.ts';

/** Peer kinds. */
const ANYONE = 0;
const PODS = 1;
const BLOCK = 2;

/** Row flags. */
/** No policy restricts this direction. */
export const ROW_OPEN = 1;
/** Something unknown may take away what is permitted. */
export const ROW_DROPS = 2;
/** Something unknown may permit more. */
export const ROW_RAISES = 4;
/** The owner's node is not known, so a hostNetwork pod may be on it (S7). */
export const ROW_NODE_UNKNOWN = 8;
/** The owner is in Istio's ambient mesh (S28). */
export const ROW_AMBIENT = 16;

/** Class flags. */
/** Its node by assumption `hostNetwork=node` (S18). */
export const CLASS_HOST = 1;
/** It may be its node (`hostNetwork=unknown`). */
export const CLASS_HOST_MAYBE = 2;
export const CLASS_NODE_UNKNOWN = 4;
/** An ordinary pod by assumption `hostNetwork=pod`, its node for S7 all the same. */
export const CLASS_HOST_AS_POD = 8;
/** In Istio's ambient mesh (S28). */
export const CLASS_AMBIENT = 16;
/** Shares its node's network, whatever the assumption makes of it. */
export const CLASS_ON_HOST = CLASS_HOST | CLASS_HOST_MAYBE | CLASS_HOST_AS_POD;

/** Why a class has its row; the words of DirectionReason. */
export type RowState =
  'not-isolated' | 'isolated' | 'not-isolatable' | 'not-enforced' | 'unselected-denied' | 'unknown';

export interface NamespaceGaps {
  /** Policies of this namespace could not be read. */
  unread: boolean;
  /** What was read may be changed by what was not (a patch that was not applied): any of it, or rules alone. */
  altered: CoverageGap['alters'] | null;
}

// What other kinds of policy may do to a class in one direction (S26), as bits.
/** Permit or deny, whatever NetworkPolicy says. */
export const OVERRIDES = 1;
/** Deny what NetworkPolicy permits. */
export const RESTRICTS = 2;
/** Decide where no NetworkPolicy selects. */
export const BASELINE = 4;

/** A policy of another kind, by whom it may select and in which directions. */
export interface OtherPolicy {
  record: OtherPolicyRecord;
  effect: number;
  ingress: boolean;
  egress: boolean;
  /** Its pod selector (LabelClasses), -1 where it may select every pod. */
  selector: number;
}

export type Block = { family: 4; ranges: Intervals<number> } | { family: 6; ranges: Intervals<bigint> };

export class Model {
  readonly snapshot: Snapshot;
  readonly assumptions: Assumptions;
  readonly records: AssumptionRecord[];
  readonly conns = new ConnPool();
  readonly values = new ValuePool(this.conns);
  readonly spaces: Namespaces;
  /** Labels that selectors cannot surely be compared with (S30). */
  readonly doubts: LabelDoubts;
  readonly labels = new LabelClasses();
  readonly ports: Ports;
  readonly gaps: NamespaceGaps[];
  readonly compiled: CompiledPolicy[];
  private readonly options: CompileOptions;
  /** 1 where the policy takes part in the evaluation. */
  readonly active: Uint8Array;

  // Peers and entries: a peer with a port list.
  readonly peerKind = new IntList();
  readonly peerA = new IntList();
  readonly peerB = new IntList();
  readonly blocks: Block[] = [];
  private readonly podPeers = new PairMap();
  private readonly blockPeers = new Map<string, number>();
  private readonly entryPeers = new IntList();
  private readonly entryPorts = new IntList();
  private readonly entrySure = new IntList();
  private readonly entryIds = new PairMap();

  // Rows.
  readonly rowLists = new ListPool();
  readonly rowList = new IntList();
  readonly rowFlags = new IntList();
  readonly rowFamily = new IntList();
  private readonly rowIds = new PairMap();

  // Policies of a namespace by subject selector.
  private readonly groupIds = new PairMap();
  private readonly groups: PolicyGroup[] = [];
  /** Some policies may select pods by a label that is not sure (S30). */
  private anyDoubt = false;
  private readonly groupsOfNamespace: number[][] = [];
  private readonly groupSelector: number[] = [];
  private readonly unreadableSubjects: number[][] = [];

  // Classes.
  readonly podClass: Int32Array;
  readonly classNamespace = new IntList();
  readonly classLabels = new IntList();
  readonly classPorts = new IntList();
  readonly classAddresses = new IntList();
  readonly classFlags = new IntList();
  readonly classCount = new IntList();
  readonly classIngress = new IntList();
  readonly classEgress = new IntList();
  readonly classStateIngress: RowState[] = [];
  readonly classStateEgress: RowState[] = [];
  readonly classPaperIngress: RowState[] = [];
  readonly classPaperEgress: RowState[] = [];
  readonly classEnforced = new IntList();
  readonly classFamily = new IntList();
  private readonly subjects: Subject[] = [];

  /** Pairs (peer, mask) of each address class. */
  private readonly addressClasses = new ListPool();
  private readonly addressMask = new PairMap();
  /** Both address families are there, so that each pod's own has to be applied. */
  private mixedFamilies = false;
  private clusterFamilies = 4;
  private readonly familyValue: ValueId[];
  /** Parts of a value that count where all pods have the same families. */
  private familyBits = L4 | LN;
  /** Everything may be permitted, nothing is for sure. */
  readonly unsure: ValueId;
  /** Policies of other kinds (S26) by the namespaces of their subjects, and those that may select in any namespace. */
  private readonly othersIn: OtherPolicy[][] = [];
  private readonly othersAnywhere: OtherPolicy[] = [];
  private readonly anyOthers: boolean;
  private readonly standings = new PairMap();
  /** Some pods are in Istio's ambient mesh (S28). */
  anyAmbient = false;
  /** Some pods are (or may be) their node. */
  hasHosts = false;
  /** Some of those pods show no node. */
  hostsWithoutNode = false;
  readonly nodeIds = new Map<string, number>();
  /** Node index of each pod, -1 where not known; empty when no pod is its node. */
  podNode: Int32Array = new Int32Array(0);
  private stamp = new Int32Array(0);
  private stampNow = 0;
  pods = 0;
  finished = 0;

  constructor(snapshot: Snapshot, user: Partial<Record<AssumptionName, string>>) {
    this.snapshot = snapshot;
    const { assumptions, records } = resolveAssumptions(snapshot, user);
    this.assumptions = assumptions;
    this.records = records;
    const v = this.values;
    this.familyValue = [0, L4 | U4, L6 | U6, L4 | U4 | L6 | U6].map((m) =>
      v.of(ALL_CONNS, ALL_CONNS, m | LN | UN),
    );
    for (const n of snapshot.nodes) this.nodeAddresses.set(n.name, n.ips);
    this.doubts = new LabelDoubts(snapshot);
    this.spaces = new Namespaces(snapshot, assumptions.serverVersion, this.doubts);
    this.ports = new Ports(this.conns, v, assumptions.sctp !== 'off');
    this.gaps = this.readGaps();
    this.anyOthers = snapshot.otherPolicies.length > 0;
    this.unsure = v.of(ALL_CONNS, ALL_CONNS, MAY_MATCH);

    this.options = {
      endPort: assumptions.endPort,
      sctp: assumptions.sctp,
      strictAddresses: hasStrictAddresses(assumptions.serverVersion),
      selectors: new Map(),
    };
    this.compiled = snapshot.policies.map((p) => compilePolicy(p, this.options));
    this.active = new Uint8Array(this.compiled.length);
    // Row 0 restricts nothing, whoever owns it; peer 0 is everyone.
    this.row(0, ROW_OPEN, 0);
    this.peerKind.push(ANYONE);
    this.peerA.push(0);
    this.peerB.push(0);
    this.internPolicies();
    if (this.anyOthers) this.internOthers();
    this.podClass = new Int32Array(snapshot.pods.length);
    this.classifyPods();
    this.labels.match();
    this.buildRows();
    this.indexClasses();
  }

  // ---- gaps (S26, coverage) ----

  private readGaps(): NamespaceGaps[] {
    const gaps: NamespaceGaps[] = this.spaces.names.map(() => ({ unread: false, altered: null }));
    const each = (namespace: string | null, f: (g: NamespaceGaps) => void): void => {
      if (namespace === null) gaps.forEach(f);
      else {
        const i = this.spaces.index.get(namespace);
        if (i !== undefined) f(gaps[i]);
      }
    };
    for (const ns of this.snapshot.coverage.unreadPolicies) each(ns, (g) => (g.unread = true));
    for (const gap of this.snapshot.coverage.gaps ?? []) {
      if (gap.alters !== undefined)
        each(alteredNamespace(gap), (g) => {
          g.unread = true;
          if (g.altered !== 'objects') g.altered = gap.alters;
        });
      else if (mayHoldPolicy(gap)) each(gap.namespace, (g) => (g.unread = true));
    }
    return gaps;
  }

  /** Parts of files that could not be read, or applied, and may hold or change a NetworkPolicy of the namespace. */
  unreadParts(namespace: string): CoverageGap[] {
    return (this.snapshot.coverage.gaps ?? []).filter((gap) => {
      const place = gap.alters === undefined ? gap.namespace : alteredNamespace(gap);
      return (gap.alters !== undefined || mayHoldPolicy(gap)) && (place === null || place === namespace);
    });
  }

  /**
   * May something that was not read, or not applied, bring other pods or labels to a namespace, or change whom its
   * policies mean? Pods of a workload that is known by name are asked for elsewhere (UnreadWorkloads).
   */
  maySelectOthers(namespace: string): boolean {
    return (this.snapshot.coverage.gaps ?? []).some((gap) => {
      if (gap.check === 'input.workload-kind' || (gap.hides === 'policies' && gap.alters === undefined))
        return false;
      const place = gap.alters === undefined ? gap.namespace : alteredNamespace(gap);
      return place === null || place === namespace;
    });
  }

  // ---- other kinds of policy (S26) ----

  private internOthers(): void {
    for (let n = 0; n < this.spaces.names.length; n++) this.othersIn.push([]);
    for (const record of this.snapshot.otherPolicies) {
      // A snapshot of another version may hold a kind that is not known here.
      const known = networkKind(record.group, record.kind)?.effect ?? 'may-permit';
      if (known === 'none') continue;
      const effect = known === 'baseline' ? BASELINE : known === 'may-only-deny' ? RESTRICTS : OVERRIDES;
      const { subject, directions } = record;
      const pods = subject?.pods ? selectorOf(subject.pods) : null;
      const other: OtherPolicy = {
        record,
        effect,
        ingress: directions?.includes('ingress') ?? true,
        egress: directions?.includes('egress') ?? true,
        selector: pods === null ? -1 : this.labels.selectorId(this.doubts.ofPods(pods).may),
      };
      const own = reachOf(record.group, record.kind, record.namespace);
      const spaces = subject?.namespaces ? selectorOf(subject.namespaces) : null;
      if (own !== null) {
        const i = this.spaces.index.get(own);
        if (i !== undefined) this.othersIn[i].push(other);
      } else if (spaces === null) this.othersAnywhere.push(other);
      // Labels that are not known may match.
      else for (const i of this.spaces.sets[this.spaces.matching(spaces)].list) this.othersIn[i].push(other);
    }
  }

  /** Policies of other kinds that may select pods of the class and decide the direction (S26). */
  othersOf(c: number, direction: 'ingress' | 'egress'): OtherPolicy[] {
    if (!this.anyOthers) return [];
    const labels = this.classLabels.items[c];
    const isNode = (this.classFlags.items[c] & CLASS_HOST) !== 0;
    const selects = (o: OtherPolicy): boolean =>
      o[direction] &&
      // A subject that is understood is one of pods: it is no node (S18).
      !(isNode && o.record.subject !== undefined) &&
      (o.selector < 0 || this.labels.matches(o.selector, labels));
    return [...this.othersIn[this.classNamespace.items[c]], ...this.othersAnywhere].filter(selects);
  }

  /** What they may do, as bits: OVERRIDES, RESTRICTS, BASELINE. */
  standing(c: number, direction: 'ingress' | 'egress'): number {
    if (!this.anyOthers) return 0;
    const isNode = this.classFlags.items[c] & CLASS_HOST ? 1 : 0;
    const place = this.classNamespace.items[c] * 4 + isNode * 2 + (direction === 'ingress' ? 1 : 0);
    const labels = this.classLabels.items[c];
    let bits = this.standings.get(place, labels);
    if (bits < 0) {
      bits = 0;
      for (const o of this.othersOf(c, direction)) bits |= o.effect;
      this.standings.set(place, labels, bits);
    }
    return bits;
  }

  // ---- policies ----

  private podPeer(set: number, selector: number): number {
    let id = this.podPeers.get(set, selector);
    if (id < 0) {
      id = this.peerKind.push(PODS);
      this.peerA.push(set);
      this.peerB.push(selector);
      this.podPeers.set(set, selector, id);
    }
    return id;
  }

  /** Ids of a selector peer: what it may match, and what it matches for sure (the same mostly, -1: nothing). */
  private bothPeers(
    namespace: number,
    peer: CompiledPeer & { kind: 'pods' },
  ): { may: number; certain: number } {
    const set = peer.namespaces === null ? this.spaces.own(namespace) : this.spaces.matching(peer.namespaces);
    const { may, sure } = this.doubts.ofPods(peer.pods);
    const id = this.podPeer(set, this.labels.selectorId(may));
    if (sure === may) return { may: id, certain: id };
    return { may: id, certain: sure === null ? -1 : this.podPeer(set, this.labels.selectorId(sure)) };
  }

  private blockPeer(block: Block): number {
    const key = blockKey(block);
    let id = this.blockPeers.get(key);
    if (id === undefined) {
      id = this.peerKind.push(BLOCK);
      this.peerA.push(this.blocks.length);
      this.peerB.push(0);
      this.blocks.push(block);
      this.blockPeers.set(key, id);
    }
    return id;
  }

  private entry(peer: number, ports: number, sure: boolean): number {
    const low = ports * 2 + (sure ? 1 : 0);
    let id = this.entryIds.get(peer, low);
    if (id < 0) {
      id = this.entryPeers.push(peer);
      this.entryPorts.push(ports);
      this.entrySure.push(sure ? 1 : 0);
      this.entryIds.set(peer, low, id);
    }
    return id;
  }

  /** Makes the entries of a group of policies anew. */
  private entriesOf(g: PolicyGroup): void {
    const ingress: number[] = [];
    const egress: number[] = [];
    for (const i of g.policies) {
      const p = this.compiled[i];
      for (const [direction, out] of [
        ['ingress', ingress],
        ['egress', egress],
      ] as const) {
        const applies = appliesIn(g, p, direction);
        if (applies !== 'no') this.ruleEntries(p, direction, applies === 'yes', out);
      }
    }
    g.ingress = ingress.length > 0 ? Int32Array.from(ingress) : EMPTY;
    g.egress = egress.length > 0 ? Int32Array.from(egress) : EMPTY;
  }

  /** Pushes the row entries of a policy's rules; `sure` false where the policy only may apply. */
  private ruleEntries(
    policy: CompiledPolicy,
    direction: 'ingress' | 'egress',
    sure: boolean,
    out: number[],
  ): void {
    const namespace = this.spaces.index.get(policy.namespace) as number;
    for (const rule of policy[direction].rules) {
      const ports = this.ports.of(rule.ports, true);
      if (rule.peers === null) {
        out.push(this.entry(0, ports, sure));
        continue;
      }
      for (const peer of rule.peers) {
        if (peer.kind === 'unreadable') out.push(this.entry(0, ports, false));
        else if (peer.kind === 'pods') {
          const { may, certain } = this.bothPeers(namespace, peer);
          if (certain >= 0) out.push(this.entry(certain, ports, sure));
          if (certain !== may) out.push(this.entry(may, ports, false));
        } else {
          const id = this.blockPeer(peer);
          // A name means nothing for an address, but the block of an ingress rule is the source: its names are the subject's.
          const blockPorts = direction === 'egress' ? this.ports.of(rule.ports, false) : ports;
          out.push(this.entry(id, blockPorts, sure && peer.sure));
        }
      }
    }
  }

  private internPolicies(): void {
    for (let n = 0; n < this.spaces.names.length; n++) {
      this.groupsOfNamespace.push([]);
      this.unreadableSubjects.push([]);
    }
    for (let i = 0; i < this.compiled.length; i++) this.enrol(i);
    for (const g of this.groups) this.entriesOf(g);
  }

  /** Puts a policy to those of its namespace and subject; gives its groups, none where it takes part in none. */
  private enrol(i: number): number[] {
    const policy = this.compiled[i];
    // S24: from a manifest the API would have refused it; a live cluster has it stored.
    this.active[i] = policy.refused && this.snapshot.policies[i].origin === 'manifest' ? 0 : 1;
    if (!this.active[i]) return [];
    const namespace = this.spaces.index.get(policy.namespace) as number;
    if (policy.selects === null) {
      this.unreadableSubjects[namespace].push(i);
      // Its rules still intern, so that their selectors refine the classes.
      this.ruleEntries(policy, 'ingress', false, []);
      this.ruleEntries(policy, 'egress', false, []);
      return [];
    }
    const groups = this.groupsOf(namespace, policy.selects);
    for (const g of groups) this.groups[g].policies.push(i);
    return groups;
  }

  /** The groups of a subject: of the pods that it selects for sure, and where it may select more (S30) of those. */
  private groupsOf(namespace: number, selects: Selector): number[] {
    const { may, sure } = this.doubts.ofPods(selects);
    if (may === sure) return [this.group(namespace, may, true)];
    this.anyDoubt = true;
    const perhaps = this.group(namespace, may, false);
    return sure === null ? [perhaps] : [this.group(namespace, sure, true), perhaps];
  }

  private group(namespace: number, subject: Selector, sure: boolean): number {
    const selector = this.labels.selectorId(subject);
    const place = namespace * 2 + (sure ? 0 : 1);
    let group = this.groupIds.get(place, selector);
    if (group < 0) {
      group = this.groups.length;
      this.groups.push({ policies: [], ingress: EMPTY, egress: EMPTY, sure });
      this.groupSelector.push(selector);
      this.groupIds.set(place, selector, group);
      this.groupsOfNamespace[namespace].push(group);
    }
    return group;
  }

  /**
   * Replaces policy `i` by another version of itself (same namespace and name) and brings everything up to date.
   * The snapshot's list of policies changes with it. Gives false, with nothing changed, where the new version asks
   * for labels, named ports or blocks that no policy asked for before: then the classes of pods would change and the
   * snapshot has to be evaluated anew.
   */
  replacePolicy(i: number, record: PolicyRecord): boolean {
    const next = compilePolicy(record, this.options);
    if (!this.isCovered(next)) return false;
    const before = this.compiled[i];
    const namespace = this.spaces.index.get(before.namespace) as number;
    const changed = new Set<number>();
    if (this.active[i]) {
      if (before.selects === null) {
        const list = this.unreadableSubjects[namespace];
        list.splice(list.indexOf(i), 1);
      } else {
        for (const group of this.groupsOf(namespace, before.selects)) {
          const members = this.groups[group].policies;
          members.splice(members.indexOf(i), 1);
          changed.add(group);
        }
      }
    }
    const selectors = this.labels.selectors.length;
    this.snapshot.policies[i] = record;
    this.compiled[i] = next;
    for (const group of this.enrol(i)) changed.add(group);
    for (const g of changed) this.entriesOf(this.groups[g]);
    if (this.labels.selectors.length > selectors) {
      this.labels.match();
      this.labelsOfSelector = null;
    }
    // What was remembered of this namespace's subjects is void.
    const scratch: number[] = [];
    const from = this.firstClassOf[namespace];
    const to = this.firstClassOf[namespace + 1];
    for (let c = from; c < to; c++) {
      this.subjectGroups(namespace, this.classLabels.items[c], scratch);
      this.subjectOfGroups.set(namespace, this.groupLists.intern(scratch, scratch.length), -1);
    }
    for (let c = from; c < to; c++) {
      const side = this.subject(namespace, this.classLabels.items[c], scratch);
      this.setRows(c, side);
    }
    return true;
  }

  private isCovered(policy: CompiledPolicy): boolean {
    const knows = (selector: Selector): boolean => {
      const { may, sure } = this.doubts.ofPods(selector);
      return this.labels.knows(may) && (sure === null || sure === may || this.labels.knows(sure));
    };
    if (policy.selects !== null && !knows(policy.selects)) return false;
    for (const direction of ['ingress', 'egress'] as const) {
      for (const rule of policy[direction].rules) {
        for (const port of rule.ports ?? []) {
          if (port.name !== null && !this.ports.knowsName(port.name, port.protocol)) return false;
        }
        for (const peer of rule.peers ?? []) {
          if (peer.kind === 'block' && !this.blockPeers.has(blockKey(peer))) return false;
          if (peer.kind === 'pods' && !knows(peer.pods)) return false;
        }
      }
    }
    return true;
  }

  // ---- pods into classes ----

  private classifyPods(): void {
    const pods = this.snapshot.pods;
    const mode = this.assumptions.hostNetwork;
    const blocks = this.blocks.length > 0 && this.assumptions.ipBlockPods !== 'ignore';
    const plainV4 = this.firstLook(pods);
    const anyHost = this.hasHosts;
    if (anyHost) {
      this.podNode = new Int32Array(pods.length).fill(-1);
      for (let i = 0; i < pods.length; i++) {
        const node = pods[i].node;
        if (node !== null) this.podNode[i] = this.nodeId(node);
      }
    }
    const addresses = blocks ? new AddressClasses(this, pods, plainV4) : null;
    const enforcement = this.enforcementOfNodes();
    const mesh = ambientNamespaces(this.snapshot);
    const usesNames = this.ports.names.length > 0;
    // A class is (namespace, labels) and what else tells pods apart, which is mostly the same from pod to pod.
    const places = new PairMap();
    const reach = new PairMap();
    const extras = new PairMap();
    const classes = new PairMap();
    let lastPorts = -1;
    let lastAddress = -1;
    let lastRest = -1;
    let extra = 0;
    let lastLabels: Labels | null = null;
    let lastKind = '';
    let lastSet = 0;
    let lastNamespace = '';
    let namespace = -1;
    for (let i = 0; i < pods.length; i++) {
      const pod = pods[i];
      if (isFinished(pod)) {
        // S17: its address may be somebody else's by now.
        this.podClass[i] = -1;
        this.finished++;
        continue;
      }
      if (pod.namespace !== lastNamespace) {
        lastNamespace = pod.namespace;
        namespace = this.spaces.index.get(lastNamespace) as number;
      }
      if (pod.labels !== lastLabels || pod.kind !== lastKind) {
        lastLabels = pod.labels;
        lastKind = pod.kind;
        lastSet = this.labels.classOf(this.doubts.labelsOf(pod));
      }
      let flags = 0;
      if (pod.hostNetwork) {
        flags = mode === 'node' ? CLASS_HOST : mode === 'pod' ? CLASS_HOST_AS_POD : CLASS_HOST_MAYBE;
      }
      if (anyHost && pod.node === null) flags |= CLASS_NODE_UNKNOWN;
      if (isAmbient(pod, mesh)) {
        flags |= CLASS_AMBIENT;
        this.anyAmbient = true;
      }
      // A node declares no ports, so a name means nothing on a pod that counts as one.
      const ports =
        usesNames && !(flags & CLASS_HOST) ? this.ports.vector(pod, (flags & CLASS_HOST_MAYBE) !== 0) : 0;
      const address = addresses ? addresses.of(pod, i) : 0;
      const enforced = enforcement.get(pod.node) ?? 0;
      const family = this.mixedFamilies ? this.familiesOf(pod) : 0;
      const rest = flags | (enforced << 5) | (family << 9);
      if (ports !== lastPorts || address !== lastAddress || rest !== lastRest) {
        lastPorts = ports;
        lastAddress = address;
        lastRest = rest;
        extra = extras.number(reach.number(ports, address), rest);
      }
      const key = classes.size;
      let id = classes.number(places.number(namespace, lastSet), extra);
      if (id === key) id = this.newClass(namespace, lastSet, ports, address, flags, enforced, family);
      this.podClass[i] = id;
      this.classCount.items[id]++;
      this.pods++;
    }
  }

  private newClass(
    namespace: number,
    labels: number,
    ports: number,
    address: number,
    flags: number,
    enforced: number,
    family: number,
  ): number {
    const id = this.classNamespace.push(namespace);
    this.classLabels.push(labels);
    this.classPorts.push(ports);
    this.classAddresses.push(address);
    this.classFlags.push(flags);
    this.classEnforced.push(enforced);
    this.classFamily.push(family);
    this.classCount.push(0);
    return id;
  }

  nodeId(name: string): number {
    let id = this.nodeIds.get(name);
    if (id === undefined) {
      id = this.nodeIds.size;
      this.nodeIds.set(name, id);
    }
    return id;
  }

  /**
   * One look at every pod: who is on the host's network, and which address families there are (bits: 1 IPv4, 2 IPv6;
   * a pod without an address has those that pods and nodes show, IPv4 if none). Gives each pod's address as a number
   * where it has just one plain IPv4 address, else -1.
   */
  private firstLook(pods: readonly PodRecord[]): Float64Array {
    const plain = new Float64Array(pods.length).fill(-1);
    let seen = 0;
    for (let i = 0; i < pods.length; i++) {
      const p = pods[i];
      if (p.hostNetwork && !isFinished(p)) {
        this.hasHosts = true;
        if (p.node === null) this.hostsWithoutNode = true;
      }
      const ips = this.addressesOf(p);
      if (ips.length === 1 && (plain[i] = fastV4(ips[0])) >= 0) seen |= 1;
      else for (const ip of ips) seen |= familyBit(ip);
    }
    for (const n of this.snapshot.nodes) for (const ip of n.ips) seen |= familyBit(ip);
    this.clusterFamilies = seen === 0 ? 1 : seen;
    this.mixedFamilies = this.clusterFamilies === 3;
    this.values.families = this.clusterFamilies;
    this.familyBits = (this.clusterFamilies & 1 ? L4 : 0) | (this.clusterFamilies & 2 ? L6 : 0) | LN;
    return plain;
  }

  /** Address families of a pod as bits: 1 IPv4, 2 IPv6. */
  familiesOf(pod: PodRecord): number {
    let own = 0;
    for (const ip of this.addressesOf(pod)) own |= familyBit(ip);
    return own === 0 ? this.clusterFamilies : own;
  }

  private readonly nodeAddresses = new Map<string | null, string[]>();

  /** A pod's addresses; those of its node for a hostNetwork pod that shows none. */
  addressesOf(pod: PodRecord): string[] {
    if (pod.ips.length > 0 || !pod.hostNetwork) return pod.ips;
    return this.nodeAddresses.get(pod.node) ?? pod.ips;
  }

  /** Enforcement by node, packed as ingress + 3 × egress of (0 as the cluster, 1 yes, 2 no, 3 unknown) plus 1. */
  private enforcementOfNodes(): Map<string | null, number> {
    const map = new Map<string | null, number>();
    const user = this.records.find((r) => r.name === 'enforced')?.origin === 'user';
    if (!user) {
      for (const n of this.snapshot.enforcement.nodes) {
        map.set(n.node, 1 + TRI.indexOf(n.ingress) + 3 * TRI.indexOf(n.egress));
      }
    }
    return map;
  }

  /** Is NetworkPolicy enforced for the class in this direction (S21)? */
  enforcedOf(code: number, direction: 'ingress' | 'egress'): Tri {
    if (code > 0) return TRI[direction === 'ingress' ? (code - 1) % 3 : Math.floor((code - 1) / 3)];
    const record = this.records.find((r) => r.name === 'enforced');
    if (record?.origin === 'user') return record.value as Tri;
    return this.snapshot.enforcement[direction];
  }

  /** Groups of policies of the namespace whose subject selector matches the label class. */
  private subjectGroups(namespace: number, labelClass: number, out: number[]): void {
    out.length = 0;
    const groups = this.groupsOfNamespace[namespace];
    const { items, from, to } = this.labels.matchesOf(labelClass);
    if (groups.length <= to - from) {
      for (const g of groups) if (this.labels.matches(this.groupSelector[g], labelClass)) out.push(g);
    } else {
      for (let k = from; k < to; k++) {
        const g = this.groupIds.get(namespace * 2, items[k]);
        if (g >= 0) out.push(g);
        const perhaps = this.anyDoubt ? this.groupIds.get(namespace * 2 + 1, items[k]) : -1;
        if (perhaps >= 0) out.push(perhaps);
      }
    }
  }

  // ---- rows ----

  row(list: number, flags: number, family: number): number {
    const low = flags | (family << 5);
    let id = this.rowIds.get(list, low);
    if (id < 0) {
      id = this.rowList.push(list);
      this.rowFlags.push(flags);
      this.rowFamily.push(family);
      this.rowIds.set(list, low, id);
    }
    return id;
  }

  private readonly subjectOfGroups = new PairMap();
  private readonly groupLists = new ListPool();

  private subject(namespace: number, labelClass: number, scratch: number[]): Subject {
    this.subjectGroups(namespace, labelClass, scratch);
    const list = this.groupLists.intern(scratch, scratch.length);
    const known = this.subjectOfGroups.get(namespace, list);
    if (known >= 0) return this.subjects[known];
    const subject: Subject = {
      ingress: this.subjectSide(namespace, scratch, 'ingress'),
      egress: this.subjectSide(namespace, scratch, 'egress'),
    };
    this.subjectOfGroups.set(namespace, list, this.subjects.length);
    this.subjects.push(subject);
    return subject;
  }

  private subjectSide(
    namespace: number,
    groups: readonly number[],
    direction: 'ingress' | 'egress',
  ): SubjectSide {
    let isolated = false;
    let maybe = 0;
    const count = this.entryPeers.length;
    if (this.stamp.length < count) this.stamp = new Int32Array(count * 2);
    this.stampNow++;
    const entries = new IntList();
    const add = (e: number): void => {
      if (this.stamp[e] !== this.stampNow) {
        this.stamp[e] = this.stampNow;
        entries.push(e);
      }
    };
    for (const g of groups) {
      for (const p of this.groups[g].policies) {
        const applies = appliesIn(this.groups[g], this.compiled[p], direction);
        if (applies === 'yes') isolated = true;
        else if (applies === 'maybe') maybe++;
      }
      for (const e of this.groups[g][direction]) add(e);
    }
    for (const p of this.unreadableSubjects[namespace]) {
      if (this.compiled[p][direction].applies === 'no') continue;
      maybe++;
      const more: number[] = [];
      this.ruleEntries(this.compiled[p], direction, false, more);
      for (const e of more) add(e);
    }
    const sorted = entries.items.subarray(0, entries.length).sort();
    return {
      isolated,
      maybe: maybe > 0,
      list: this.rowLists.intern(sorted, entries.length),
      surely: !isolated && maybe === 1 ? this.asIfSelected(namespace, groups, direction) : 0,
    };
  }

  /**
   * The one policy that may select, as if it did: where no other selects, what it permits is permitted either way,
   * since a pod that it does not select is not isolated.
   */
  private asIfSelected(
    namespace: number,
    groups: readonly number[],
    direction: 'ingress' | 'egress',
  ): number {
    const out: number[] = [];
    for (const g of groups) {
      for (const p of this.groups[g].policies) {
        if (appliesIn(this.groups[g], this.compiled[p], direction) === 'maybe')
          this.ruleEntries(this.compiled[p], direction, true, out);
      }
    }
    for (const p of this.unreadableSubjects[namespace]) {
      if (this.compiled[p][direction].applies !== 'no')
        this.ruleEntries(this.compiled[p], direction, true, out);
    }
    const entries = [...new Set(out)];
    return this.rowLists.intern(entries, entries.length);
  }

  private buildRows(): void {
    const scratch: number[] = [];
    const subjectOf = new PairMap();
    const found: Subject[] = [];
    for (let c = 0; c < this.classNamespace.length; c++) {
      const namespace = this.classNamespace.items[c];
      const labels = this.classLabels.items[c];
      let s = subjectOf.get(namespace, labels);
      if (s < 0) {
        s = found.length;
        found.push(this.subject(namespace, labels, scratch));
        subjectOf.set(namespace, labels, s);
      }
      this.classIngress.push(0);
      this.classEgress.push(0);
      this.setRows(c, found[s]);
    }
  }

  private setRows(c: number, subject: Subject): void {
    const ingress = this.finalRow(c, subject.ingress, 'ingress');
    const egress = this.finalRow(c, subject.egress, 'egress');
    this.classIngress.items[c] = ingress.row;
    this.classEgress.items[c] = egress.row;
    this.classStateIngress[c] = ingress.state;
    this.classStateEgress[c] = egress.state;
    this.classPaperIngress[c] = ingress.paper;
    this.classPaperEgress[c] = egress.paper;
  }

  /** The row of a class in one direction, with all that stands above its policies: S3, S7, S18, S21, S26, gaps. */
  finalRow(
    c: number,
    side: SubjectSide,
    direction: 'ingress' | 'egress',
    enforced = this.enforcedOf(this.classEnforced.items[c], direction),
    standing = this.standing(c, direction),
  ): { row: number; state: RowState; paper: RowState } {
    const classFlags = this.classFlags.items[c];
    const gap = this.gaps[this.classNamespace.items[c]];
    const family = this.classFamily.items[c];
    // S26: where another kind may select the pod nothing is sure in that direction, whatever NetworkPolicy says.
    if (standing & OVERRIDES) {
      const isNode = (classFlags & CLASS_HOST) !== 0;
      const state = isNode ? 'not-isolatable' : enforced === 'no' ? 'not-enforced' : 'unknown';
      return { row: this.row(0, ROW_RAISES, family), state, paper: isNode ? 'not-isolatable' : 'unknown' };
    }
    const isolated = side.isolated && gap.altered !== 'objects' && !(classFlags & CLASS_HOST);
    const unselected = this.assumptions.unselected;
    let list = 0;
    let flags = 0;
    let paper: RowState;
    if (classFlags & CLASS_HOST) {
      flags = ROW_OPEN;
      paper = 'not-isolatable';
    } else if (isolated) {
      list = side.list;
      paper = 'isolated';
      // An unread policy may permit more; it cannot take away what another one permits (S5).
      if (gap.unread) flags |= ROW_RAISES;
      if (gap.altered !== null) flags |= ROW_DROPS;
    } else if (side.maybe || gap.unread || unselected === 'unknown') {
      flags = ROW_RAISES;
      paper = 'unknown';
      if (!gap.unread && unselected === 'permit') list = side.surely;
    } else if (unselected === 'deny') paper = 'unselected-denied';
    else {
      flags = ROW_OPEN;
      paper = 'not-isolated';
    }
    if (classFlags & CLASS_HOST_MAYBE) {
      // On an open row it says nothing.
      flags |= ROW_RAISES;
      paper = 'unknown';
    }
    let state = paper as RowState;
    if (enforced === 'no' && paper !== 'not-isolatable') {
      state = paper === 'not-isolated' ? 'not-isolated' : 'not-enforced';
      list = 0;
      flags = ROW_OPEN;
    }
    if (standing & BASELINE && !isolated) {
      // It holds where no NetworkPolicy selects the pod.
      list = 0;
      flags = ROW_RAISES;
      if (paper === 'not-isolated' || paper === 'unselected-denied') {
        state = enforced === 'no' ? 'not-enforced' : 'unknown';
        paper = 'unknown';
      }
    } else if (standing & BASELINE && classFlags & CLASS_HOST_MAYBE) {
      // As a node no NetworkPolicy selects it, and the baseline may.
      list = 0;
      flags = ROW_RAISES;
    }
    if (standing & RESTRICTS) {
      if (flags & ROW_OPEN) {
        list = 0;
        flags = ROW_RAISES;
      } else flags |= ROW_DROPS;
    }
    if (flags & ROW_OPEN) return { row: 0, state, paper };
    if (this.hasHosts && classFlags & CLASS_NODE_UNKNOWN) flags |= ROW_NODE_UNKNOWN;
    if (classFlags & CLASS_AMBIENT) flags |= ROW_AMBIENT;
    return { row: this.row(list, flags, family), state, paper };
  }

  /** Do pods of the two classes get the same verdict on everything, their nodes aside? */
  areAlike(c: number, d: number): boolean {
    return [
      this.classNamespace,
      this.classLabels,
      this.classPorts,
      this.classAddresses,
      this.classFlags,
      this.classFamily,
      this.classIngress,
      this.classEgress,
    ].every((column) => column.items[c] === column.items[d]);
  }

  // ---- asking ----

  /** How the peer matches a class: bits of values.ts. */
  peerMask(peer: number, c: number): number {
    const kind = this.peerKind.items[peer];
    if (kind === ANYONE) return MATCHES;
    if (kind === PODS) {
      const flags = this.classFlags.items[c];
      // S18: no selector peer matches a pod that is its node.
      if (flags & CLASS_HOST) return 0;
      const set = this.spaces.sets[this.peerA.items[peer]];
      const namespace = this.classNamespace.items[c];
      let mask: number;
      if (bitTest(set.sure, namespace)) mask = MATCHES;
      else if (set.maybe !== null && bitTest(set.maybe, namespace)) mask = MAY_MATCH;
      else return 0;
      if (!this.labels.matches(this.peerB.items[peer], this.classLabels.items[c])) return 0;
      return flags & CLASS_HOST_MAYBE ? MAY_MATCH : mask;
    }
    return Math.max(0, this.addressMask.get(peer, this.classAddresses.items[c]));
  }

  entryPeer(e: number): number {
    return this.entryPeers.items[e];
  }

  /** Connections of an entry's ports on named ports `vector` (-1: names mean nothing), without its peer. */
  entryBounds(e: number, vector: number): { lower: ConnId; upper: ConnId } {
    let ports = this.entryPorts.items[e];
    if (vector >= 0) ports = this.ports.resolve(ports, vector);
    const sure = this.entrySure.items[e] === 1;
    return { lower: sure ? this.ports.lower.items[ports] : NO_CONNS, upper: this.ports.upper.items[ports] };
  }

  /** The value of an entry for a peer that matches with `mask`, named ports taken from `vector`. */
  entryValue(e: number, mask: number, vector: number): ValueId {
    let ports = this.entryPorts.items[e];
    if (this.ports.named.items[ports] !== 0) ports = this.ports.resolve(ports, vector);
    if (this.entrySure.items[e] === 0) mask &= MAY_MATCH;
    if (mask === MATCHES) return this.ports.value.items[ports];
    return this.values.of(this.ports.lower.items[ports], this.ports.upper.items[ports], mask);
  }

  /**
   * What a row permits towards (egress) or from (ingress) a pod class. `vector`: the named ports of the
   * destination, which is the row's owner for ingress and the class for egress.
   */
  evaluate(row: number, c: number, vector: number): ValueId {
    if (this.rowFlags.items[row] & ROW_OPEN) return EVERYTHING_PERMITTED;
    return this.finish(this.entriesValue(row, c, vector), row, c);
  }

  /** What the entries of a row permit by themselves, without what `finish` adds; parameters as `evaluate`. */
  entriesValue(row: number, c: number, vector: number): ValueId {
    const list = this.rowList.items[row];
    const items = this.rowLists.items;
    const to = this.rowLists.start(list + 1);
    let value: ValueId = NOTHING;
    if (to - this.rowLists.start(list) > LONG_ROW) return this.evaluateLong(list, c, vector);
    for (let k = this.rowLists.start(list); k < to; k++) {
      const e = items[k];
      const mask = this.peerMask(this.entryPeers.items[e], c);
      if (mask === 0) continue;
      value = this.values.union(value, this.entryValue(e, mask, vector));
      if (value === EVERYTHING_PERMITTED) break;
    }
    return value;
  }

  private readonly longRows: (LongRow | undefined)[] = [];

  /**
   * The same for a list of many entries: through the selectors that match the class where those are fewer, so that
   * a policy of a thousand rules costs what its matching rules cost.
   */
  private evaluateLong(list: number, c: number, vector: number): ValueId {
    const long = (this.longRows[list] ??= this.longRow(list));
    let value: ValueId = NOTHING;
    const take = (e: number): void => {
      const mask = this.peerMask(this.entryPeers.items[e], c);
      if (mask !== 0) value = this.values.union(value, this.entryValue(e, mask, vector));
    };
    for (const e of long.rest) take(e);
    const { items, from, to } = this.labels.matchesOf(this.classLabels.items[c]);
    if (to - from <= long.selectors) {
      for (let k = from; k < to && value !== EVERYTHING_PERMITTED; k++) {
        for (const e of long.bySelector.get(items[k]) ?? EMPTY) take(e);
      }
    } else {
      for (const [selector, entries] of long.bySelector) {
        if (value === EVERYTHING_PERMITTED) break;
        if (this.labels.matches(selector, this.classLabels.items[c])) for (const e of entries) take(e);
      }
    }
    return value;
  }

  private longRow(list: number): LongRow {
    const rest: number[] = [];
    const bySelector = new Map<number, number[]>();
    for (const e of this.rowLists.list(list)) {
      const peer = this.entryPeers.items[e];
      if (this.peerKind.items[peer] !== PODS) rest.push(e);
      else {
        const entries = bySelector.get(this.peerB.items[peer]);
        if (entries) entries.push(e);
        else bySelector.set(this.peerB.items[peer], [e]);
      }
    }
    return { rest, bySelector, selectors: bySelector.size };
  }

  /** The value of an entry for an address or node: where `vector` is -1 named ports mean nothing (S14). */
  entryValueFor(e: number, mask: number, vector: number): ValueId {
    if (vector >= 0) return this.entryValue(e, mask, vector);
    const { lower, upper } = this.entryBounds(e, -1);
    return this.values.of(lower, upper, mask);
  }

  /** Applies a row's gaps to its value for an address or node. */
  finishOutside(value: ValueId, row: number): ValueId {
    const flags = this.rowFlags.items[row];
    if (flags & ROW_DROPS) value = this.values.dropLower(value);
    return flags & ROW_RAISES ? this.values.raiseUpper(value) : value;
  }

  /** Does `finish` change values of this row? */
  needsFinish(row: number): boolean {
    const unsure = ROW_DROPS | ROW_RAISES | ROW_AMBIENT;
    return this.mixedFamilies || this.hasHosts || (this.rowFlags.items[row] & unsure) !== 0;
  }

  /** Applies what is not in the row's entries: the mesh's tunnel, gaps, unknown nodes, families. */
  finish(value: ValueId, row: number, c: number): ValueId {
    const flags = this.rowFlags.items[row];
    if (flags & ROW_AMBIENT && this.classFlags.items[c] & CLASS_AMBIENT)
      value = this.values.tunnelled(value, TUNNEL_PORT);
    if (flags & ROW_DROPS) value = this.values.dropLower(value);
    if (flags & ROW_RAISES) value = this.values.raiseUpper(value);
    if (this.hasHosts) {
      const other = this.classFlags.items[c];
      // S7: where a node is not known, the pod may be on the same one.
      if (other & CLASS_ON_HOST && (flags & ROW_NODE_UNKNOWN || other & CLASS_NODE_UNKNOWN)) {
        value = this.values.raiseUpper(value);
      }
    }
    if (this.mixedFamilies) {
      value = this.values.intersect(value, this.familyValue[this.classFamily.items[c]]);
      value = this.values.intersect(value, this.familyValue[this.rowFamily.items[row]]);
    }
    return value;
  }

  /** Everything that two classes permit from a pod of `p` to a pod of `q`, own node and self left aside. */
  between(p: number, q: number): ValueId {
    const out = this.evaluate(this.classEgress.items[p], q, this.classPorts.items[q]);
    if (out === NOTHING) return NOTHING;
    return this.values.intersect(out, this.evaluate(this.classIngress.items[q], p, this.classPorts.items[q]));
  }

  /**
   * The value from a pod of `p` to one of `q` on the same known node, where one of them is its node: S7 permits
   * the pod's own direction, ingress from its node and egress to it; the other direction stands as it is.
   */
  onOneNode(p: number, q: number): ValueId {
    const toNode = (this.classFlags.items[q] & CLASS_ON_HOST) !== 0;
    const fromNode = (this.classFlags.items[p] & CLASS_ON_HOST) !== 0;
    const vector = this.classPorts.items[q];
    return this.values.intersect(
      toNode ? this.ownNodeValue(p, 'egress') : this.evaluate(this.classEgress.items[p], q, vector),
      fromNode ? this.ownNodeValue(q, 'ingress') : this.evaluate(this.classIngress.items[q], p, vector),
    );
  }

  /** What S7 gives a pod of the class with its node: all, unless another kind may act at the pod (S26). */
  ownNodeValue(c: number, direction: 'ingress' | 'egress'): ValueId {
    return this.standing(c, direction) & (OVERRIDES | RESTRICTS) ? this.unsure : EVERYTHING_PERMITTED;
  }

  /** Is a pod of either class on (or the same as) its node for S7? */
  mayBeOnOneNode(p: number, q: number): boolean {
    return ((this.classFlags.items[p] | this.classFlags.items[q]) & CLASS_ON_HOST) !== 0;
  }

  /** Everything permitted from pod `p` to pod `q`, by index in the snapshot. Both must take part (S17). */
  podValue(p: number, q: number): ValueId {
    if (this.isSelf(p, q)) return EVERYTHING_PERMITTED;
    const cp = this.podClass[p];
    const cq = this.podClass[q];
    if (this.onSameNode(p, q)) return this.onOneNode(cp, cq);
    return this.between(cp, cq);
  }

  /**
   * Is the point (see `connPoint`: a TCP port is its number) permitted for sure from pod `p` to pod `q`, over any
   * address family? The verdict alone, without reasons; both must take part.
   */
  permits(p: number, q: number, point: number): boolean {
    const from = this.podClass[p];
    const to = this.podClass[q];
    if (this.isSelf(p, q)) return true;
    if (this.hasHosts || this.mixedFamilies || this.anyAmbient) {
      return this.conns.has(this.values.lower(this.podValue(p, q)), point);
    }
    const vector = this.classPorts.items[to];
    return (
      this.rowPermits(this.classEgress.items[from], to, vector, point) &&
      this.rowPermits(this.classIngress.items[to], from, vector, point)
    );
  }

  /**
   * Does a row permit the point for sure to (or from) the class? The same as asking `evaluate`, without building the
   * union of all that matches: the first entry that permits it will do.
   */
  private rowPermits(row: number, c: number, vector: number, point: number): boolean {
    const flags = this.rowFlags.items[row];
    if (flags & ROW_OPEN) return true;
    if (flags & ROW_DROPS) return false;
    const list = this.rowList.items[row];
    const items = this.rowLists.items;
    const from = this.rowLists.start(list);
    const to = this.rowLists.start(list + 1);
    if (to - from <= LONG_ROW) {
      for (let k = from; k < to; k++) if (this.entryPermits(items[k], c, vector, point)) return true;
      return false;
    }
    const long = (this.longRows[list] ??= this.longRow(list));
    for (const e of long.rest) if (this.entryPermits(e, c, vector, point)) return true;
    const labels = this.classLabels.items[c];
    const { items: matches, from: first, to: end } = this.labels.matchesOf(labels);
    if (end - first <= long.selectors) {
      for (let k = first; k < end; k++) {
        const entries = long.bySelector.get(matches[k]);
        if (!entries) continue;
        for (const e of entries) if (this.entryPermits(e, c, vector, point)) return true;
      }
      return false;
    }
    for (let k = from; k < to; k++) if (this.entryPermits(items[k], c, vector, point)) return true;
    return false;
  }

  private entryPermits(e: number, c: number, vector: number, point: number): boolean {
    if (this.entrySure.items[e] === 0) return false;
    let ports = this.entryPorts.items[e];
    if (this.ports.named.items[ports] !== 0) ports = this.ports.resolve(ports, vector);
    // The ports are the quicker question.
    if (!this.conns.has(this.ports.lower.items[ports], point)) return false;
    return (this.peerMask(this.entryPeers.items[e], c) & (L4 | L6 | LN) & this.familyBits) !== 0;
  }

  /** Are they one pod, and not two of a template's (S7, S20)? */
  private isSelf(p: number, q: number): boolean {
    return p === q && !standsForSeveral(this.snapshot.pods[p]);
  }

  /** Are the two pods on one known node, and is one of them that node? */
  onSameNode(p: number, q: number): boolean {
    return (
      this.hasHosts &&
      this.podNode[p] >= 0 &&
      this.podNode[p] === this.podNode[q] &&
      this.mayBeOnOneNode(this.podClass[p], this.podClass[q])
    );
  }

  /** How a block matches an address under the assumption on pod and node addresses (S12). */
  blockMask(block: Block, a: Address): boolean {
    return block.family === 4
      ? a.family === 4 && contains(block.ranges, a.value)
      : a.family === 6 && contains(block.ranges, a.value);
  }

  peerBlock(peer: number): Block | null {
    return this.peerKind.items[peer] === BLOCK ? this.blocks[this.peerA.items[peer]] : null;
  }

  /** Class ids are in order of namespaces: those of namespace n are firstClassOf[n] up to firstClassOf[n + 1]. */
  firstClassOf: Int32Array = new Int32Array(0);
  private classesOfPeer: (Int32Array | undefined)[] = [];
  private classesKept = 0;
  private labelsOfSelector: number[][] | null = null;
  private classesOfLabels: Int32Array[] = [];
  private selectorSize: number[] = [];

  private indexClasses(): void {
    const n = this.spaces.names.length;
    const first = new Int32Array(n + 1);
    for (let c = 0; c < this.classes; c++) first[this.classNamespace.items[c] + 1]++;
    for (let a = 0; a < n; a++) first[a + 1] += first[a];
    this.firstClassOf = first;
  }

  /** Which label classes each selector matches, and which classes have them. */
  private indexSelectors(): number[][] {
    if (this.labelsOfSelector) return this.labelsOfSelector;
    const bySelector: number[][] = this.labels.selectors.map(() => []);
    for (let l = 0; l < this.labelClasses; l++) {
      const { items, from, to } = this.labels.matchesOf(l);
      for (let k = from; k < to; k++) bySelector[items[k]].push(l);
    }
    const counts = new Int32Array(this.labelClasses);
    for (let c = 0; c < this.classes; c++) counts[this.classLabels.items[c]]++;
    this.classesOfLabels = Array.from(counts, (k) => new Int32Array(k));
    counts.fill(0);
    for (let c = 0; c < this.classes; c++) {
      const l = this.classLabels.items[c];
      this.classesOfLabels[l][counts[l]++] = c;
    }
    this.selectorSize = bySelector.map((ls) => ls.reduce((sum, l) => sum + counts[l], 0));
    this.labelsOfSelector = bySelector;
    return bySelector;
  }

  /** Classes that a peer (other than everyone) matches or may match, in order. */
  classesOf(peer: number): Int32Array {
    const known = this.classesOfPeer[peer];
    if (known) return known;
    const out: number[] = [];
    if (this.peerKind.items[peer] === PODS) {
      const set = this.spaces.sets[this.peerA.items[peer]];
      const selector = this.peerB.items[peer];
      const bySelector = this.indexSelectors();
      let inside = 0;
      for (const a of set.list) inside += this.firstClassOf[a + 1] - this.firstClassOf[a];
      if (inside <= this.selectorSize[selector]) {
        for (const a of set.list) {
          for (let c = this.firstClassOf[a]; c < this.firstClassOf[a + 1]; c++) {
            if (this.peerMask(peer, c) !== 0) out.push(c);
          }
        }
        if (set.maybe !== null) out.sort((x, y) => x - y);
      } else {
        for (const l of bySelector[selector]) {
          for (const c of this.classesOfLabels[l]) if (this.peerMask(peer, c) !== 0) out.push(c);
        }
        if (bySelector[selector].length > 1) out.sort((x, y) => x - y);
      }
    } else if (this.blockMatchesSomePod(peer)) {
      for (let c = 0; c < this.classes; c++) if (this.peerMask(peer, c) !== 0) out.push(c);
    }
    const classes = Int32Array.from(out);
    if (this.classesKept + classes.length < 8_000_000) {
      this.classesKept += classes.length;
      this.classesOfPeer[peer] = classes;
    }
    return classes;
  }

  /** Does the block peer match (or may it match) the address of some pod? */
  blockMatchesSomePod(peer: number): boolean {
    for (let a = 0; a < this.addressClasses.size; a++) if (this.addressMask.get(peer, a) > 0) return true;
    return false;
  }

  isAnyone(peer: number): boolean {
    return this.peerKind.items[peer] === ANYONE;
  }

  /** The pod selector peer's namespace set and selector, or null. */
  peerPods(peer: number): { set: NamespaceSet; selector: number } | null {
    return this.peerKind.items[peer] === PODS
      ? { set: this.spaces.sets[this.peerA.items[peer]], selector: this.peerB.items[peer] }
      : null;
  }

  rowHasNames(row: number): boolean {
    const list = this.rowList.items[row];
    const items = this.rowLists.items;
    for (let k = this.rowLists.start(list); k < this.rowLists.start(list + 1); k++) {
      if (this.ports.named.items[this.entryPorts.items[items[k]]] !== 0) return true;
    }
    return false;
  }

  /** Interns an address class: the block peers that match, with their masks. */
  addressClass(pairs: number[]): number {
    const before = this.addressClasses.size;
    const id = this.addressClasses.intern(pairs, pairs.length);
    if (id === before) {
      for (let k = 0; k < pairs.length; k += 2) this.addressMask.set(pairs[k], id, pairs[k + 1]);
    }
    return id;
  }

  get peers(): number {
    return this.peerKind.length;
  }

  get classes(): number {
    return this.classNamespace.length;
  }

  get labelClasses(): number {
    return this.labels.count;
  }

  get rows(): number {
    return this.rowList.length;
  }

  /** Connections of a rule's port list, named ports left out. */
  rulePorts(rule: CompiledRule): { lower: ConnId; upper: ConnId } {
    const spec = this.ports.of(rule.ports, false);
    return { lower: this.ports.lower.items[spec], upper: this.ports.upper.items[spec] };
  }

  /**
   * 1 for each policy that selects at least one pod.
   * @param leftOut flags of classes whose pods do not count
   */
  policiesWithPods(leftOut = 0): Uint8Array {
    const out = new Uint8Array(this.compiled.length);
    const groups: number[] = [];
    const seen = new PairMap();
    for (let c = 0; c < this.classes; c++) {
      if (this.classFlags.items[c] & leftOut) continue;
      const namespace = this.classNamespace.items[c];
      const labels = this.classLabels.items[c];
      if (seen.get(namespace, labels) >= 0) continue;
      seen.set(namespace, labels, 1);
      this.subjectGroups(namespace, labels, groups);
      for (const g of groups) for (const p of this.groups[g].policies) out[p] = 1;
    }
    return out;
  }

  private podsByNamespace: number[][] | null = null;
  /** Indices of the pods of a namespace that take part. */
  podsOfNamespace(namespace: number): readonly number[] {
    if (!this.podsByNamespace) {
      this.podsByNamespace = this.spaces.names.map(() => []);
      for (let i = 0; i < this.podClass.length; i++) {
        const c = this.podClass[i];
        if (c >= 0) this.podsByNamespace[this.classNamespace.items[c]].push(i);
      }
    }
    return this.podsByNamespace[namespace];
  }

  /** Does the block of this peer hold the address of some pod, whatever the assumption on that? */
  blocksPods(peer: number): boolean {
    const block = this.peerBlock(peer) as Block;
    if (this.assumptions.ipBlockPods !== 'ignore') return this.blockMatchesSomePod(peer);
    return this.podAddresses().some((a) => this.blockMask(block, a));
  }

  private addresses: Address[] | null = null;
  private podAddresses(): Address[] {
    if (!this.addresses) {
      this.addresses = [];
      for (const p of this.snapshot.pods) {
        if (isFinished(p)) continue;
        for (const ip of p.ips) {
          const a = parseAddress(ip);
          if (a) this.addresses.push(a);
        }
      }
    }
    return this.addresses;
  }

  /** The row of a class by NetworkPolicies alone, other kinds left aside. */
  ownRow(c: number, direction: 'ingress' | 'egress'): number {
    const side = this.subject(this.classNamespace.items[c], this.classLabels.items[c], []);
    const enforced = this.enforcedOf(this.classEnforced.items[c], direction);
    return this.finalRow(c, side[direction], direction, enforced, 0).row;
  }

  /** The row of a class by the policies alone, as if they were enforced. */
  paperRow(c: number, direction: 'ingress' | 'egress'): number {
    const side = this.subject(this.classNamespace.items[c], this.classLabels.items[c], []);
    return this.finalRow(c, side[direction], direction, 'yes').row;
  }

  /** Policies (indices in the snapshot) that select the class in the direction, in order; `maybe` ones too. */
  policiesOf(c: number, direction: 'ingress' | 'egress'): { policy: number; sure: boolean }[] {
    const out: { policy: number; sure: boolean }[] = [];
    const namespace = this.classNamespace.items[c];
    const groups: number[] = [];
    this.subjectGroups(namespace, this.classLabels.items[c], groups);
    const found = new Map<number, boolean>();
    for (const g of groups) {
      for (const p of this.groups[g].policies) {
        const applies = appliesIn(this.groups[g], this.compiled[p], direction);
        if (applies !== 'no') found.set(p, applies === 'yes' || found.get(p) === true);
      }
    }
    for (const [policy, sure] of found) out.push({ policy, sure });
    for (const p of this.unreadableSubjects[namespace]) {
      if (this.compiled[p][direction].applies !== 'no') out.push({ policy: p, sure: false });
    }
    return out.sort((a, b) => a.policy - b.policy);
  }

  /** For explanations: the peer id of rule peer `peer` of a policy, ANYONE (0) for null and unreadable ones. */
  peerIdOf(policy: number, direction: 'ingress' | 'egress', rule: number, peer: number | null): number {
    const compiled = this.compiled[policy];
    const peers = compiled[direction].rules[rule].peers;
    if (peers === null || peer === null) return 0;
    const p = peers[peer];
    if (p.kind === 'unreadable') return 0;
    if (p.kind === 'block') return this.blockPeer(p);
    return this.bothPeers(this.spaces.index.get(compiled.namespace) as number, p).may;
  }

  /** The same for what the peer matches for sure (S30), -1 where that is nothing. */
  surePeerIdOf(policy: number, direction: 'ingress' | 'egress', rule: number, peer: number | null): number {
    const compiled = this.compiled[policy];
    const p = peer === null ? null : (compiled[direction].rules[rule].peers?.[peer] ?? null);
    if (p === null || p.kind !== 'pods') return this.peerIdOf(policy, direction, rule, peer);
    return this.bothPeers(this.spaces.index.get(compiled.namespace) as number, p).certain;
  }

  /** For explanations: connections of one port entry (null: every port) on a pod with these named ports. */
  portBounds(
    port: CompiledPort | null,
    vector: number,
    withNames: boolean,
  ): { lower: ConnId; upper: ConnId } {
    let spec = this.ports.of(port === null ? null : [port], withNames && vector >= 0);
    if (this.ports.named.items[spec] !== 0) spec = this.ports.resolve(spec, vector);
    return { lower: this.ports.lower.items[spec], upper: this.ports.upper.items[spec] };
  }
}

/** Policies of a namespace with one subject selector; not `sure`: they may select, by a label that is not sure (S30). */
interface PolicyGroup {
  policies: number[];
  ingress: Int32Array;
  egress: Int32Array;
  sure: boolean;
}

/** How surely does a policy of the group restrict a pod that the group's selector matches? */
function appliesIn(
  group: PolicyGroup,
  policy: CompiledPolicy,
  direction: 'ingress' | 'egress',
): CompiledPolicy['ingress']['applies'] {
  const { applies } = policy[direction];
  return applies === 'yes' && !group.sure ? 'maybe' : applies;
}

interface SubjectSide {
  isolated: boolean;
  /** Some policy may select it whose stored subject or types cannot be read. */
  maybe: boolean;
  list: number;
  /** Where exactly one policy may select and none does for sure: what it permits if it does (a list of entries). */
  surely: number;
}

interface Subject {
  ingress: SubjectSide;
  egress: SubjectSide;
}

const EMPTY = new Int32Array(0);
/** Entries above which a row is asked through the selectors that match. */
const LONG_ROW = 24;

/** A long row's entries by the pod selector of their peer; `rest` are everyone and blocks. */
interface LongRow {
  rest: number[];
  bySelector: Map<number, number[]>;
  selectors: number;
}
const TRI: readonly Tri[] = ['yes', 'no', 'unknown'];

function blockKey(block: Block): string {
  return `${block.family}:${block.ranges.join(',')}`;
}

/** May the part that could not be read hold a NetworkPolicy? Another kind stands in `otherPolicies` (S26). */
function mayHoldPolicy(gap: CoverageGap): boolean {
  return gap.hides !== 'pods' && gap.kind === undefined;
}

/** Whose policies a change concerns: a pod of other labels is another one to the peers of every namespace. */
function alteredNamespace(gap: CoverageGap): string | null {
  return gap.hides === 'policies' ? gap.namespace : null;
}

/** A selector of conditions that were read already; null where they are none that the API takes. */
function selectorOf(matchExpressions: readonly LabelRequirement[]): Selector | null {
  return parseSelector({ matchExpressions }, []);
}

/** Pods that have ended take no part (S17). */
export function isFinished(pod: PodRecord): boolean {
  return pod.phase === 'Succeeded' || pod.phase === 'Failed';
}

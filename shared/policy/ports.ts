/**
 * Port lists of rules, interned: numbers as connection sets with a lower and an upper bound, names kept apart, since
 * each destination pod resolves them for itself (S13, S14).
 */
import type { PodRecord } from '../kube/snapshot.ts';
import { ALL_CONNS, NO_CONNS, type ConnId, type ConnPool } from '../net/conns.ts';
import { IntList, ListPool } from '../net/listPool.ts';
import { PairMap } from '../net/pairMap.ts';
import type { CompiledPort } from './compile.ts';
import { MATCHES, type ValuePool } from './values.ts';

/** Ends the named ports of a pod that may count as its node, where a name means nothing. */
const PERHAPS = 0x7fffffff;

export class Ports {
  /** By port list: connections of its numbers, for sure and at most; the names in it as a list id, 0 for none. */
  readonly lower = new IntList();
  readonly upper = new IntList();
  readonly named = new IntList();
  /** Its numbers as a value for a peer that matches. */
  readonly value = new IntList();
  /** Names that some rule uses, with their protocol. */
  readonly names: { name: string; protocol: number }[] = [];
  private readonly conns: ConnPool;
  private readonly values: ValuePool;
  private readonly sctp: boolean;
  /** By name: ids for TCP, UDP and SCTP, -1 where no rule uses it. */
  private readonly byName = new Map<string, [number, number, number]>();
  private readonly ids = new PairMap();
  private readonly boundsIds = new PairMap();
  private readonly namedLists = new ListPool();
  /** Named ports of pods: lists of name × 65536 + number. */
  private readonly vectors = new ListPool();
  private readonly resolved = new PairMap();
  private readonly scratch: number[] = [];

  /** Is the named port one that some rule uses already, so that it splits no class of pods? */
  knowsName(name: string, protocol: number): boolean {
    return (this.byName.get(name)?.[protocol] ?? -1) >= 0;
  }

  /** `sctp` false: SCTP ports match nothing (S22). */
  constructor(conns: ConnPool, values: ValuePool, sctp: boolean) {
    this.conns = conns;
    this.values = values;
    this.sctp = sctp;
  }

  private nameId(name: string, protocol: number): number {
    let ids = this.byName.get(name);
    if (!ids) this.byName.set(name, (ids = [-1, -1, -1]));
    if (ids[protocol] < 0) {
      ids[protocol] = this.names.length;
      this.names.push({ name, protocol });
    }
    return ids[protocol];
  }

  /** Interns a rule's ports: the numbers, and the names that each pod resolves for itself (S14). */
  private spec(lower: ConnId, upper: ConnId, named: number[]): number {
    let bounds = this.boundsIds.get(lower, upper);
    if (bounds < 0) {
      bounds = this.boundsIds.size;
      this.boundsIds.set(lower, upper, bounds);
    }
    const list = named.length === 0 ? 0 : this.namedLists.intern(named, named.length);
    let id = this.ids.get(bounds, list);
    if (id < 0) {
      id = this.lower.push(lower);
      this.upper.push(upper);
      this.named.push(list);
      this.value.push(this.values.of(lower, upper, MATCHES));
      this.ids.set(bounds, list, id);
    }
    return id;
  }

  /** The connections of a rule's port list, and with its named ports (`withNames`) or without. */
  of(ports: CompiledPort[] | null, withNames: boolean): number {
    if (ports === null) return this.spec(ALL_CONNS, ALL_CONNS, []);
    let lower = NO_CONNS;
    let upper = NO_CONNS;
    const named: number[] = [];
    for (const p of ports) {
      if (p.protocol < 0) upper = ALL_CONNS;
      else if (p.protocol === 2 && !this.sctp) continue;
      else if (p.name !== null) {
        if (withNames) named.push(this.nameId(p.name, p.protocol) * 2 + (p.sure ? 1 : 0));
      } else {
        const all = this.conns.range(p.protocol, p.from, p.to);
        upper = this.conns.union(upper, all);
        if (p.sure) {
          const certain = p.sureTo === null ? all : this.conns.range(p.protocol, p.from, p.sureTo);
          lower = this.conns.union(lower, certain);
        }
      }
    }
    return this.spec(lower, upper, named);
  }

  /** The ports of the names that some rule uses, as a list of (name, port) pairs. */
  vector(pod: PodRecord, perhaps: boolean): number {
    const scratch = this.scratch;
    scratch.length = 0;
    // Lists of a few ports: put in place as they come, since a sort would cost more than all the rest.
    for (const p of pod.ports) {
      const ids = this.byName.get(p.name);
      if (ids === undefined) continue;
      const name = ids[p.protocol === 'TCP' ? 0 : p.protocol === 'UDP' ? 1 : 2];
      if (name < 0) continue;
      const code = name * 65536 + p.port;
      let at = scratch.length;
      while (at > 0 && scratch[at - 1] > code) at--;
      if (at > 0 && scratch[at - 1] === code) continue;
      scratch.push(code);
      for (let k = scratch.length - 1; k > at; k--) scratch[k] = scratch[k - 1];
      scratch[at] = code;
    }
    if (perhaps && scratch.length > 0) scratch.push(PERHAPS);
    return this.vectors.intern(scratch, scratch.length);
  }

  /** Connections of a port list on a pod whose named ports are `vector`: lower and upper bound (S14). */
  resolve(ports: number, vector: number): number {
    let id = this.resolved.get(ports, vector);
    if (id >= 0) return id;
    let lower = this.lower.items[ports];
    let upper = this.upper.items[ports];
    const names = this.namedLists.list(this.named.items[ports]);
    const numbers = this.vectors.list(vector);
    const perhaps = numbers[numbers.length - 1] === PERHAPS;
    for (const code of names) {
      const name = code >> 1;
      const found = [...numbers].filter((n) => Math.floor(n / 65536) === name).map((n) => n % 65536);
      for (const port of found) {
        const conn = this.conns.range(this.names[name].protocol, port, port);
        upper = this.conns.union(upper, conn);
        // Two ports of one name: plugins differ in which they take, so neither is sure.
        if (found.length === 1 && code & 1 && !perhaps) lower = this.conns.union(lower, conn);
      }
    }
    id = this.spec(lower, upper, []);
    this.resolved.set(ports, vector, id);
    return id;
  }
}

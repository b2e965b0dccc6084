/** Which pods' addresses lie in which blocks (S12), found by one sweep over the bounds of all blocks. */
import type { PodRecord } from '../kube/snapshot.ts';
import { equal } from '../net/intervals.ts';
import { parseAddress } from '../net/ip.ts';
import { isFinished, type Block, type Model } from './model.ts';
import { L4, L6, MAY_MATCH, U4, U6 } from './values.ts';

const NONE: readonly number[] = [];

/** Family of an address as a bit: 1 IPv4, 2 IPv6, 0 for what is no address. */
export function familyBit(ip: string): number {
  const a = parseAddress(ip);
  return a === null ? 0 : a.family === 4 ? 1 : 2;
}

/** Which block peers match which pods' addresses (S12), found by one sweep over the bounds of all blocks. */
export class AddressClasses {
  private readonly model: Model;
  private readonly bounds4: Float64Array;
  private readonly atomOfPod: Int32Array;
  private readonly classOfAtom: Int32Array;
  private readonly bounds6: bigint[] = [];
  private readonly atoms4 = new Map<number, number[]>();
  private readonly atoms6 = new Map<number, number[]>();
  private readonly memo = new Map<string, number>();
  private clusterIPs: Set<number | bigint> | null = null;

  /** `plain`: each pod's address as a number where it has just one plain IPv4 address, else -1. */
  constructor(model: Model, pods: readonly PodRecord[], plain: Float64Array) {
    this.model = model;
    const m = model;
    const set4 = new Set<number>();
    const set6 = new Set<bigint>();
    for (const b of m.blocks) {
      if (b.family === 4) for (const x of b.ranges) set4.add(x);
      else for (const x of b.ranges) set6.add(x);
    }
    this.bounds4 = Float64Array.from([...set4].sort((a, b) => a - b));
    this.bounds6.push(...[...set6].sort((a, b) => (a < b ? -1 : 1)));
    this.atomOfPod = new Int32Array(pods.length);
    const seen = new Uint8Array(this.bounds4.length + 1);
    for (let i = 0; i < pods.length; i++) {
      const p = pods[i];
      if (isFinished(p)) continue;
      if (plain[i] >= 0) {
        const atom = rank(this.bounds4, plain[i]);
        this.atomOfPod[i] = atom + 1;
        seen[atom] = 1;
      } else for (const ip of m.addressesOf(p)) this.atomOf(ip);
    }
    seen.forEach((yes, atom) => {
      if (yes) this.atoms4.set(atom, []);
    });
    this.classOfAtom = new Int32Array(this.bounds4.length + 1).fill(-1);
    const blockPeers: number[] = [];
    for (let peer = 0; peer < m.peers; peer++) if (m.peerBlock(peer)) blockPeers.push(peer);
    this.sweep(4, blockPeers);
    this.sweep(6, blockPeers);
  }

  /** Atom of the address: its index among the bounds, twice, plus one for IPv6. */
  private atomOf(ip: string): number {
    const address = parseAddress(ip);
    if (address === null) return -1;
    if (address.family === 4) {
      const k = rank(this.bounds4, address.value);
      if (!this.atoms4.has(k)) this.atoms4.set(k, []);
      return k * 2;
    }
    const k = rank(this.bounds6, address.value);
    if (!this.atoms6.has(k)) this.atoms6.set(k, []);
    return k * 2 + 1;
  }

  private sweep(family: 4 | 6, peers: number[]): void {
    const m = this.model;
    const atoms: Map<number, number[]> = family === 4 ? this.atoms4 : this.atoms6;
    if (atoms.size === 0) return;
    const wanted = [...atoms.keys()].sort((a, b) => a - b);
    // Events by atom index: a peer enters at the atom that starts at its low bound and leaves at its high bound.
    const enter = new Map<number, number[]>();
    const leave = new Map<number, number[]>();
    const add = (map: Map<number, number[]>, k: number, peer: number): void => {
      const list = map.get(k);
      if (list) list.push(peer);
      else map.set(k, [peer]);
    };
    for (const peer of peers) {
      const b = m.peerBlock(peer) as Block;
      if (b.family !== family) continue;
      for (let i = 0; i < b.ranges.length; i += 2) {
        const lo =
          family === 4
            ? rank(this.bounds4, b.ranges[i] as number)
            : rank(this.bounds6, b.ranges[i] as bigint);
        const hi =
          family === 4
            ? rank(this.bounds4, b.ranges[i + 1] as number)
            : rank(this.bounds6, b.ranges[i + 1] as bigint);
        add(enter, lo, peer);
        add(leave, hi, peer);
      }
    }
    const points = [...new Set([...enter.keys(), ...leave.keys()])].sort((a, b) => a - b);
    const inside = new Set<number>();
    let next = 0;
    for (const atom of wanted) {
      while (next < points.length && points[next] <= atom) {
        for (const peer of leave.get(points[next]) ?? NONE) inside.delete(peer);
        for (const peer of enter.get(points[next]) ?? NONE) inside.add(peer);
        next++;
      }
      atoms.set(atom, [...inside]);
    }
  }

  /** The address class of pod `i`. */
  of(p: PodRecord, i: number): number {
    const atom = this.atomOfPod[i] - 1;
    if (atom < 0) return this.find(p);
    if (this.classOfAtom[atom] < 0) this.classOfAtom[atom] = this.find(p);
    return this.classOfAtom[atom];
  }

  /** Is the block one cluster IP and nothing else? No pod will ever have that address (S12). */
  private isClusterIP(b: Block): boolean {
    if (b.ranges.length !== 2) return false;
    if (!this.clusterIPs) {
      this.clusterIPs = new Set();
      for (const service of this.model.snapshot.services)
        for (const ip of service.clusterIPs) {
          const address = parseAddress(ip);
          if (address) this.clusterIPs.add(address.value);
        }
    }
    const [from, to] = b.ranges;
    const one =
      b.family === 4 ? (to as number) - (from as number) === 1 : (to as bigint) - (from as bigint) === 1n;
    return one && this.clusterIPs.has(from);
  }

  private find(p: PodRecord): number {
    const m = this.model;
    const ips = m.addressesOf(p);
    let key = '';
    for (const ip of ips) key += `${this.atomOf(ip)} `;
    const known = this.memo.get(key);
    if (known !== undefined) return known;
    const masks = new Map<number, number>();
    const matches = m.assumptions.ipBlockPods === 'match';
    const bits = (family: 4 | 6): number => (family === 4 ? L4 | U4 : L6 | U6) & (matches ? ~0 : MAY_MATCH);
    const readable = ips.filter((ip) => parseAddress(ip) !== null);
    if (readable.length === 0) {
      // No address yet: a block of the whole family matches, any other may (S12).
      for (let peer = 0; peer < m.peers; peer++) {
        const b = m.peerBlock(peer);
        if (!b) continue;
        const whole = b.family === 4 ? equal(b.ranges, [0, 2 ** 32]) : equal(b.ranges, [0n, 1n << 128n]);
        if (b.ranges.length === 0 || this.isClusterIP(b)) continue;
        masks.set(peer, whole ? bits(b.family) : bits(b.family) & MAY_MATCH);
      }
    }
    // Of several addresses of one family (a node's) it is not known which one is seen: sure only where all match.
    const hits = new Map<number, number>();
    const inFamily = { 4: 0, 6: 0 };
    for (const ip of readable) {
      const atom = this.atomOf(ip);
      const family = atom % 2 === 0 ? 4 : 6;
      inFamily[family]++;
      const list = (family === 4 ? this.atoms4 : this.atoms6).get(Math.floor(atom / 2)) ?? NONE;
      for (const peer of list) hits.set(peer, (hits.get(peer) ?? 0) + 1);
    }
    for (const [peer, n] of hits) {
      const { family } = m.peerBlock(peer) as Block;
      masks.set(peer, n === inFamily[family] ? bits(family) : bits(family) & MAY_MATCH);
    }
    const pairs = [...masks].sort((a, b) => a[0] - b[0]).flat();
    const id = m.addressClass(pairs);
    this.memo.set(key, id);
    return id;
  }
}

/** Number of bounds ≤ x. */
function rank<T extends number | bigint>(bounds: ArrayLike<T>, x: T): number {
  let lo = 0;
  let hi = bounds.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (bounds[mid] <= x) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/** A plain dotted quad as a number, or -1: the common case of 100,000 pods, without allocation. */
export function fastV4(text: string): number {
  let value = 0;
  let part = 0;
  let digits = 0;
  let dots = 0;
  for (let i = 0; i < text.length; i++) {
    const ch = text.charCodeAt(i);
    if (ch === 46) {
      if (digits === 0 || part > 255) return -1;
      value = value * 256 + part;
      part = 0;
      digits = 0;
      dots++;
    } else if (ch >= 48 && ch <= 57) {
      part = part * 10 + ch - 48;
      if (++digits > 3) return -1;
    } else return -1;
  }
  if (dots !== 3 || digits === 0 || part > 255) return -1;
  return value * 256 + part;
}

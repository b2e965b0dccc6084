/** Address ranges: those that hold pods, which plugins treat differently (S12). */
import { intersect, type Intervals } from '../../net/intervals.ts';
import { parseAddress, parseCidr } from '../../net/ip.ts';
import type { CompiledPeer } from '../../policy/compile.ts';
import { fastV4 } from '../../policy/addresses.ts';
import { isFinished, type Model } from '../../policy/model.ts';
import { UndoneExceptions } from './exceptions.ts';
import type { Findings } from './list.ts';

type BlockPeer = CompiledPeer & { kind: 'block' };

/** All findings on ipBlock peers. */
export function blockChecks(m: Model, f: Findings): void {
  // Sorting the addresses of a large cluster takes time: only where a policy has a block.
  let pods: PodAddresses | null = null;
  const covers = new Map<number, 'yes' | 'maybe' | 'no'>();
  const inNamespace = new Map<string, number[]>();
  m.compiled.forEach((c, i) => {
    if (!m.active[i]) return;
    const list = inNamespace.get(c.namespace);
    if (list) list.push(i);
    else inNamespace.set(c.namespace, [i]);
  });
  const undone = new UndoneExceptions(m, f, inNamespace);
  m.compiled.forEach((c, i) => {
    if (!m.active[i] || !c.uses.blocks) return;
    const p = m.snapshot.policies[i];
    for (const direction of ['ingress', 'egress'] as const) {
      if (c[direction].applies === 'no') continue;
      const side = direction === 'ingress' ? 'from' : 'to';
      c[direction].rules.forEach((rule, r) => {
        rule.peers?.forEach((peer, k) => {
          if (peer.kind !== 'block') return;
          const field = `spec.${direction}[${r}].${side}[${k}].ipBlock`;
          const id = m.peerIdOf(i, direction, r, k);
          let over = covers.get(id);
          if (over === undefined) covers.set(id, (over = (pods ??= new PodAddresses(m)).within(peer)));
          const value = m.assumptions.ipBlockPods;
          if (over === 'yes') f.policy('policy.block-over-pods', p, field, { value });
          if (over === 'maybe') f.policy('policy.block-may-cover-pods', p, field, { value });
          undone.check(i, direction, r, k, field);
        });
      });
    }
  });
}

/** What is known of the addresses of pods: those that they have, and the ranges that nodes give to theirs. */
class PodAddresses {
  private readonly v4: number[] = [];
  private readonly v6: bigint[] = [];
  private readonly ranges4: number[][] = [];
  private readonly ranges6: bigint[][] = [];
  private readonly pods: number;

  constructor(m: Model) {
    this.pods = m.pods;
    for (const pod of m.snapshot.pods) {
      // A pod on its node's network has the node's address; one that has ended has none (S17).
      if (pod.hostNetwork || isFinished(pod)) continue;
      for (const ip of pod.ips) {
        const plain = fastV4(ip);
        if (plain >= 0) {
          this.v4.push(plain);
          continue;
        }
        const a = parseAddress(ip);
        if (a?.family === 4) this.v4.push(a.value);
        else if (a) this.v6.push(a.value);
      }
    }
    for (const node of m.snapshot.nodes) {
      for (const text of node.podCIDRs) {
        const cidr = parseCidr(text);
        if (cidr?.family === 4) this.ranges4.push([cidr.lo, cidr.hi]);
        else if (cidr) this.ranges6.push([cidr.lo, cidr.hi]);
      }
    }
    this.v4.sort((a, b) => a - b);
    this.v6.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }

  /** Does the block hold addresses of pods? `maybe` only where no address is known and the block is wide and private. */
  within(block: BlockPeer): 'yes' | 'maybe' | 'no' {
    if (block.family === 4) {
      if (holdsOne(this.v4, block.ranges) || this.ranges4.some((r) => intersect(r, block.ranges).length > 0))
        return 'yes';
    } else if (
      holdsOne(this.v6, block.ranges) ||
      this.ranges6.some((r) => intersect(r, block.ranges).length > 0)
    ) {
      return 'yes';
    }
    const known = this.v4.length + this.v6.length + this.ranges4.length + this.ranges6.length;
    if (known > 0 || this.pods === 0) return 'no';
    if (block.family === 4) {
      const inside = intersect(PRIVATE_4, block.ranges);
      return inside.some((hi, i) => i % 2 === 1 && hi - inside[i - 1] >= 2 ** 16) ? 'maybe' : 'no';
    }
    const whole = block.ranges.length === 2 && block.ranges[1] - block.ranges[0] === 1n << 128n;
    const inside = intersect(PRIVATE_6, block.ranges);
    const wide = inside.some((hi, i) => i % 2 === 1 && hi - inside[i - 1] >= 1n << 80n);
    return whole || wide ? 'maybe' : 'no';
  }
}

/** Where networks of pods lie that nobody else uses: RFC 1918, RFC 6598 and RFC 4193. */
const PRIVATE_4: number[] = ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16'].flatMap(
  (text) => {
    const cidr = parseCidr(text);
    return cidr?.family === 4 ? [cidr.lo, cidr.hi] : [];
  },
);
const PRIVATE_6: bigint[] = [0xfcn << 120n, 0xfen << 120n];

/** Is one of the sorted values in the ranges? */
function holdsOne<T extends number | bigint>(values: readonly T[], ranges: Intervals<T>): boolean {
  for (let k = 0; k < ranges.length; k += 2) {
    let lo = 0;
    let hi = values.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (values[mid] < ranges[k]) lo = mid + 1;
      else hi = mid;
    }
    if (lo < values.length && values[lo] < ranges[k + 1]) return true;
  }
  return false;
}

/** Compares a view with an expected list of workload edges, point by point (ports and addresses). */
import type { ConnJson } from '../../shared/audit/result.ts';
import { PROTOCOLS, type Snapshot } from '../../shared/kube/snapshot.ts';
import { contains, formatAddress, parseAddress, type Address } from '../plain/address.ts';
import { takesPart } from '../plain/evaluate.ts';
import { addressStarts, inPoint, portStarts, type Point } from '../property/space.ts';
import { ownerKey } from './cases.ts';
import type { View } from './views.ts';

export type ExpectedNode =
  | { namespace: string; workload: string; kind: string }
  | { cidrs: string[]; ranges: [string, string][] }
  | { special: string };
export interface ExpectedEdge {
  src: ExpectedNode;
  dst: ExpectedNode;
  conns: ConnJson;
}
export interface Meta {
  tags: string[];
  quirk_nodes: { namespace: string; workload: string; kind: string }[];
}

const nodeKey = (node: { namespace: string; workload: string; kind: string }): string =>
  `${node.namespace}/${node.kind}/${node.workload}`;

/** Every place where the view and the expectation disagree, and how many points were compared. */
export function workloadDifferences(
  view: View,
  snapshot: Snapshot,
  expected: ExpectedEdge[],
  meta: Meta,
): { differences: string[]; compared: number } {
  const quirks = new Set(meta.quirk_nodes.map(nodeKey));
  const workloads = [...new Set(snapshot.pods.filter(takesPart).map(ownerKey))].filter(
    (key) => !quirks.has(key),
  );
  const differences: string[] = [];
  let compared = 0;

  // Where a port or an address may make a difference, on either side of the comparison.
  const ports = new Set(portStarts(snapshot));
  const addresses = new Map<string, Address>();
  const addAddress = (address: Address): void => void addresses.set(formatAddress(address), address);
  // The other tool knows IPv4 alone.
  addressStarts(snapshot)
    .filter((a) => a.family === 'IPv4')
    .forEach(addAddress);
  for (const edge of expected) {
    for (const ranges of Object.values(edge.conns)) {
      for (const [from, to] of ranges) {
        ports.add(from);
        if (to < 65535) ports.add(to + 1);
      }
    }
    for (const node of [edge.src, edge.dst]) {
      if (!('ranges' in node)) continue;
      for (const [from, to] of node.ranges) {
        addAddress(parseAddress(from) as Address);
        const last = parseAddress(to) as Address;
        if (last.value < 2n ** 32n - 1n) addAddress({ family: 'IPv4', value: last.value + 1n });
      }
    }
  }
  const points: Point[] = PROTOCOLS.flatMap((protocol) => [...ports].map((port) => ({ protocol, port })));

  const isAt = (node: ExpectedNode, end: string | Address): boolean => {
    if ('special' in node) return false;
    if ('ranges' in node) {
      return (
        typeof end !== 'string' &&
        node.ranges.some(([from, to]) =>
          contains(
            { family: 'IPv4', first: parseAddress(from)!.value, last: parseAddress(to)!.value, prefix: 0 },
            end,
          ),
        )
      );
    }
    return nodeKey(node) === end;
  };
  const compare = (src: string | Address, dst: string | Address): void => {
    const edges = expected.filter((edge) => isAt(edge.src, src) && isAt(edge.dst, dst));
    for (const point of points) {
      const wanted = edges.some((edge) => inPoint(edge.conns, point)) ? 'permitted' : 'denied';
      const got = view.workloads(src, dst, point);
      compared++;
      if (got !== wanted) {
        const text = (end: string | Address): string => (typeof end === 'string' ? end : formatAddress(end));
        differences.push(
          `${text(src)} -> ${text(dst)} ${point.protocol}/${point.port}: expected ${wanted}, ${view.name} says ${got}`,
        );
      }
    }
  };
  for (const src of workloads) {
    for (const dst of workloads) if (src !== dst) compare(src, dst);
    for (const address of addresses.values()) {
      compare(src, address);
      compare(address, src);
    }
  }
  for (const edge of expected) {
    for (const node of [edge.src, edge.dst]) {
      if ('workload' in node && !quirks.has(nodeKey(node)) && !workloads.includes(nodeKey(node))) {
        const finished = snapshot.pods.some((pod) => ownerKey(pod) === nodeKey(node));
        if (!finished) differences.push(`${nodeKey(node)} is expected and not there`);
      }
    }
  }
  return { differences: [...new Set(differences)], compared };
}

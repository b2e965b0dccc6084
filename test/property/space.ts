/**
 * The points that tell everything about a small cluster: between two neighbouring boundaries of ports or of
 * addresses no rule can tell two values apart, so one value stands for all between them.
 */
import type { ConnJson } from '../../shared/audit/result.ts';
import { PROTOCOLS, type Family, type Protocol, type Snapshot } from '../../shared/kube/snapshot.ts';
import { contains, formatAddress, lastOf, type Address, type Range } from '../plain/address.ts';
import {
  plainPair,
  takesPart,
  type PlainAnswer,
  type PlainCluster,
  type PlainEnd,
} from '../plain/evaluate.ts';
import { readPolicy, type PlainRule } from '../plain/policy.ts';

export interface Point {
  protocol: Protocol;
  port: number;
}

const allRules = (snapshot: Snapshot): PlainRule[] =>
  snapshot.policies
    .map((record) => readPolicy(record, 'unknown'))
    .flatMap((policy) => [...policy.ingress, ...policy.egress]);

/** First ports of the intervals that the cluster can tell apart, ascending, beginning with 1. */
export function portStarts(snapshot: Snapshot): number[] {
  const starts = new Set<number>([1]);
  const interval = (first: number, last: number): void => {
    starts.add(first);
    if (last < 65535) starts.add(last + 1);
  };
  for (const rule of allRules(snapshot)) {
    for (const item of rule.ports ?? []) {
      if (item.kind !== 'port' || typeof item.port !== 'number') continue;
      interval(item.port, item.port);
      if (item.endPort !== null) interval(item.port, item.endPort);
    }
  }
  for (const pod of snapshot.pods) {
    for (const port of pod.ports) interval(port.port, port.port);
  }
  return [...starts].sort((x, y) => x - y);
}

/** One point for every protocol and interval of ports. */
export function allPoints(snapshot: Snapshot): Point[] {
  const starts = portStarts(snapshot);
  return PROTOCOLS.flatMap((protocol) => starts.map((port) => ({ protocol, port })));
}

/** First addresses of the intervals that the cluster's blocks can tell apart, for each family. */
export function addressStarts(snapshot: Snapshot): Address[] {
  const starts: Record<Family, Set<bigint>> = { IPv4: new Set([0n]), IPv6: new Set([0n]) };
  const range = (r: Range): void => {
    starts[r.family].add(r.first);
    if (r.last < lastOf(r.family)) starts[r.family].add(r.last + 1n);
  };
  for (const rule of allRules(snapshot)) {
    for (const peer of rule.peers ?? []) {
      if (peer.kind === 'block') [peer.block, ...peer.except].forEach(range);
    }
  }
  return (['IPv4', 'IPv6'] as const).flatMap((family) =>
    [...starts[family]].sort((x, y) => (x < y ? -1 : 1)).map((value) => ({ family, value })),
  );
}

export const inPoint = (conns: ConnJson | undefined, point: Point): boolean =>
  (conns?.[point.protocol] ?? []).some(([from, to]) => from <= point.port && point.port <= to);

/** What is wrong with the form of a connection set: unsorted, touching or impossible ranges; null when nothing is. */
export function formError(conns: ConnJson, starts: number[]): string | null {
  for (const [protocol, ranges] of Object.entries(conns)) {
    if (!(PROTOCOLS as readonly string[]).includes(protocol)) return `protocol ${protocol}`;
    if (ranges.length === 0) return `${protocol} is an empty list`;
    let before = 0;
    for (const [from, to] of ranges) {
      if (from > to || from < 1 || to > 65535) return `range ${from}-${to}`;
      if (before > 0 && from <= before + 1) return `range ${from}-${to} touches the one before`;
      if (!starts.includes(from)) return `nothing begins at ${from}`;
      if (to !== 65535 && !starts.includes(to + 1)) return `nothing ends at ${to}`;
      before = to;
    }
  }
  return null;
}

export interface PairTable {
  points: Point[];
  answers: PlainAnswer[];
  /** Somewhere the answer is decided only by looking at every world at once. */
  imprecise: boolean;
}

/** Every point of one pair. */
export function pairTable(cluster: PlainCluster, src: PlainEnd, dst: PlainEnd, points: Point[]): PairTable {
  const answers = points.map((point) => plainPair(cluster, src, dst, point.protocol, point.port));
  return { points, answers, imprecise: answers.some((a) => a.verdict !== a.rough) };
}

/** Pods that take part, as ends. */
export const podEnds = (snapshot: Snapshot): (PlainEnd & { type: 'pod' })[] =>
  snapshot.pods.filter(takesPart).map((pod) => ({ type: 'pod', pod }));

export const nameEnd = (end: PlainEnd): string =>
  end.type === 'pod' ? `${end.pod.namespace}/${end.pod.name}` : formatAddress(end.ip);

export { contains };

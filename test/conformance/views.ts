/** Two evaluators behind one question, so that every case is asked of both. */
import type { AuditEngine } from '../../shared/audit/api.ts';
import { createAudit } from '../../shared/audit/engine.ts';
import type { Edge, NodeJson, Verdict } from '../../shared/audit/result.ts';
import type { AssumptionName, Snapshot } from '../../shared/kube/snapshot.ts';
import { contains, formatAddress, parseBlock, type Address } from '../plain/address.ts';
import { plainClusterOf } from '../plain/assume.ts';
import { asVerdict, plainPair, takesPart, type PlainEnd } from '../plain/evaluate.ts';
import { inPoint, type Point } from '../property/space.ts';
import { ownerKey } from './cases.ts';

export type Assume = Partial<Record<AssumptionName, string>>;
/** 'namespace/pod', 'namespace/kind/workload' or an address. */
export interface View {
  name: string;
  pods(src: string, dst: string, point: Point): Verdict;
  workloads(src: string | Address, dst: string | Address, point: Point): Verdict;
}

/** The plain evaluator. */
export function plainView(snapshot: Snapshot, assume: Assume): View {
  const cluster = plainClusterOf(snapshot, assume);
  const live = snapshot.pods.filter(takesPart);
  const podNamed = (name: string): PlainEnd => {
    const pod = live.find((p) => `${p.namespace}/${p.name}` === name);
    if (!pod) throw new Error(`no pod ${name}`);
    return { type: 'pod', pod };
  };
  const members = (end: string | Address): PlainEnd[] =>
    typeof end === 'string'
      ? live.filter((p) => ownerKey(p) === end).map((pod) => ({ type: 'pod', pod }))
      : [{ type: 'ip', ip: end }];
  return {
    name: 'plain',
    pods: (src, dst, point) =>
      asVerdict(plainPair(cluster, podNamed(src), podNamed(dst), point.protocol, point.port).verdict),
    workloads(src, dst, point) {
      let best = 0;
      for (const s of members(src)) {
        for (const d of members(dst)) {
          if (s.type === 'pod' && d.type === 'pod' && s.pod === d.pod) continue;
          best = Math.max(best, plainPair(cluster, s, d, point.protocol, point.port).verdict);
        }
      }
      return asVerdict(best as 0 | 0.5 | 1);
    },
  };
}

const key = (node: NodeJson): string =>
  'cidrs' in node ? node.cidrs.join(',') : `${node.namespace}/${node.kind}/${node.name}`;

/** The product: `verdicts` for pods and `connections` for workloads. */
export function engineView(snapshot: Snapshot, assume: Assume): View & { engine: AuditEngine } {
  const engine = createAudit(snapshot, { auditedAt: '2026-01-01T00:00:00Z', version: 'test', assume });
  let edges: Map<string, Edge> | null = null;
  let blocks: NodeJson[] = [];
  const load = (): Map<string, Edge> => {
    if (edges) return edges;
    const connections = engine.connections('workloads');
    blocks = connections.nodes.filter((node) => 'cidrs' in node);
    edges = new Map([...connections.edges].map((edge) => [`${key(edge.src)} -> ${key(edge.dst)}`, edge]));
    return edges;
  };
  const nodeOf = (end: string | Address): string => {
    if (typeof end === 'string') return end;
    load();
    const node = blocks.find((b) => 'cidrs' in b && b.cidrs.some((cidr) => contains(parseBlock(cidr)!, end)));
    if (!node) throw new Error(`no node holds ${formatAddress(end)}`);
    return key(node);
  };
  return {
    name: 'product',
    engine,
    pods(src, dst, point) {
      const end = (name: string): { namespace: string; pod: string } => {
        const [namespace, pod] = name.split('/') as [string, string];
        return { namespace, pod };
      };
      const answer = engine.verdicts([{ src: end(src), dst: end(dst), ...point }]).answers[0];
      if (!answer?.verdict) throw new Error(`no verdict: ${answer?.error}`);
      return answer.verdict;
    },
    workloads(src, dst, point) {
      const edge = load().get(`${nodeOf(src)} -> ${nodeOf(dst)}`);
      if (!edge) return 'denied';
      return inPoint(edge.conns, point) ? 'permitted' : inPoint(edge.depends, point) ? 'depends' : 'denied';
    },
  };
}

/** Both evaluators on one snapshot. */
export const views = (snapshot: Snapshot, assume: Assume = {}): View[] => [
  plainView(snapshot, assume),
  engineView(snapshot, assume),
];

/**
 * Little clusters for the rules' tests: pods as one line each, policies as YAML. Every question goes to the
 * product and to the plain evaluator; a test that passes shows that both give the hand-worked answer.
 */
import { parseAllDocuments } from 'yaml';
import { createAudit } from '../../shared/audit/engine.ts';
import type { AuditEngine } from '../../shared/audit/api.ts';
import type { IsolationState, PodRow, ProbeEnd, Verdict } from '../../shared/audit/result.ts';
import type {
  AssumptionName,
  ContainerPort,
  Family,
  Labels,
  PodPhase,
  PodRecord,
  Protocol,
  Snapshot,
} from '../../shared/kube/snapshot.ts';
import { formatAddress, parseAddress } from '../plain/address.ts';
import { plainClusterOf } from '../plain/assume.ts';
import {
  endAt,
  pairFamilies,
  plainIsolation,
  plainPair,
  asVerdict,
  type PlainEnd,
} from '../plain/evaluate.ts';
import { plainService } from '../plain/services.ts';

export type Assume = Partial<Record<AssumptionName, string>>;

const NAME_LABEL = 'kubernetes.io/metadata.name';

/**
 * One pod of a line such as `a/web app=x ip=10.0.0.8,fd00::8 node=n1 port=http:80/TCP phase=Pending hostNetwork`:
 * words with `=` are labels, except ip, node, port (may repeat), phase, owner and kind.
 */
export function pod(line: string): PodRecord {
  const [id, ...words] = line.split(/\s+/) as [string, ...string[]];
  const [namespace, name] = id.split('/') as [string, string];
  const record: PodRecord = {
    namespace,
    name,
    kind: 'Pod',
    labels: {},
    ips: [],
    node: null,
    hostNetwork: words.includes('hostNetwork'),
    phase: 'Running',
    terminating: words.includes('terminating'),
    ports: [],
    owner: null,
    replicas: 1,
  };
  for (const word of words.filter((w) => w.includes('='))) {
    const at = word.indexOf('=');
    const key = word.slice(0, at);
    const value = word.slice(at + 1);
    if (key === 'ip') record.ips = value.split(',');
    else if (key === 'node') record.node = value;
    else if (key === 'phase') record.phase = value as PodPhase;
    else if (key === 'owner') record.owner = { kind: 'Deployment', name: value };
    else if (key === 'port') {
      const [, portName, port, protocol] = /^(.*):(\d+)\/(\w+)$/.exec(value) as RegExpExecArray;
      record.ports.push({ name: portName, port: Number(port), protocol } as ContainerPort);
    } else record.labels[key] = value;
  }
  return record;
}

export interface WorldOptions {
  pods: string[];
  /** Labels of namespaces; those that pods mention are there anyway. The name label is added. */
  namespaces?: Record<string, Labels>;
  /** NetworkPolicies as YAML documents; a missing apiVersion, kind or name is filled in. */
  policies?: string;
  /** Nodes as 'n1 10.9.0.1,fd00:9::1'. */
  nodes?: string[];
  /** Policies are objects of a live cluster: kept although the API would refuse them today. */
  live?: boolean;
  assume?: Assume;
  edit?: (snapshot: Snapshot) => void;
}

export interface World {
  snapshot: Snapshot;
  engine: AuditEngine;
  /** The verdict on SRC → DST (`ns/pod` or an address), e.g. on 'TCP/80'; both evaluators have to agree. */
  verdict(src: string, dst: string, port: string, family?: Family): Verdict;
  /** State of a pod: effective, as counted. */
  state(name: string, direction: 'ingress' | 'egress'): IsolationState;
  row(name: string): PodRow;
}

/** Builds the snapshot of a little cluster. */
export function snapshotFor(options: WorldOptions): Snapshot {
  const pods = options.pods.map(pod);
  const policies = parseAllDocuments(options.policies ?? '').flatMap((document, i) => {
    const value = document.toJS() as {
      metadata?: { namespace?: string; name?: string };
      spec?: unknown;
    } | null;
    if (!value) return [];
    return [
      {
        namespace: value.metadata?.namespace ?? 'a',
        name: value.metadata?.name ?? `policy-${i + 1}`,
        ...('spec' in value ? { spec: value.spec } : {}),
        origin: options.live ? ('cluster' as const) : ('manifest' as const),
        ...(options.live ? {} : { place: { file: 'policies.yaml', document: i + 1 } }),
      },
    ];
  });
  const names = [
    ...new Set([
      ...Object.keys(options.namespaces ?? {}),
      ...pods.map((p) => p.namespace),
      ...policies.map((p) => p.namespace),
    ]),
  ].sort();
  const snapshot: Snapshot = {
    format: 'bulkhead.snapshot',
    version: 1,
    cluster: {
      name: 'test',
      source: options.live ? 'context' : 'manifests',
      serverVersion: options.live ? 'v1.33.0' : null,
      takenAt: '2026-01-01T00:00:00Z',
      warnings: [],
    },
    namespaces: names.map((name) => ({
      name,
      labels: { ...options.namespaces?.[name], [NAME_LABEL]: name },
      labelsKnown: true,
      implied: false,
    })),
    pods: pods.sort((x, y) => (`${x.namespace}/${x.name}` < `${y.namespace}/${y.name}` ? -1 : 1)),
    nodes: (options.nodes ?? []).map((line) => {
      const [name, ips] = line.split(' ') as [string, string];
      return { name, ips: ips.split(','), labels: {}, podCIDRs: [] };
    }),
    services: [],
    endpointSlices: [],
    ingresses: [],
    policies: policies.sort((x, y) => (`${x.namespace}/${x.name}` < `${y.namespace}/${y.name}` ? -1 : 1)),
    otherPolicies: [],
    enforcement: {
      plugin: null,
      ingress: 'unknown',
      egress: 'unknown',
      evidence: [],
      nodes: [],
      implies: {},
    },
    coverage: { complete: true, entries: [], unreadPolicies: [], unreadPods: [], skippedDocuments: 0 },
    problems: [],
  };
  options.edit?.(snapshot);
  return snapshot;
}

/** An engine over a snapshot, stamped the same way every time. */
export const audit = (snapshot: Snapshot, assume: Assume = {}): AuditEngine =>
  createAudit(snapshot, { auditedAt: '2026-01-01T00:00:00Z', version: 'test', assume });

/** Builds a little cluster and both evaluators over it. */
export function world(options: WorldOptions): World {
  return worldOf(snapshotFor(options), options.assume ?? {});
}

/** Both evaluators over a snapshot. */
export function worldOf(snapshot: Snapshot, assume: Assume = {}): World {
  const engine = audit(snapshot, assume);
  const cluster = plainClusterOf(snapshot, assume);
  const podNamed = (name: string): PodRecord => {
    const found = snapshot.pods.find((p) => `${p.namespace}/${p.name}` === name);
    if (!found) throw new Error(`no pod ${name}`);
    return found;
  };
  const plainEnd = (name: string): PlainEnd => {
    const address = parseAddress(name);
    return address
      ? (endAt(snapshot, formatAddress(address)) as PlainEnd)
      : { type: 'pod', pod: podNamed(name) };
  };
  const probeEnd = (name: string): ProbeEnd => {
    if (parseAddress(name)) return { ip: name };
    const [namespace, podName] = name.split('/') as [string, string];
    return { namespace, pod: podName };
  };
  const row = (name: string): PodRow => {
    for (const r of engine.podRows()) if (`${r.namespace}/${r.name}` === name) return r;
    throw new Error(`no row ${name}`);
  };
  return {
    snapshot,
    engine,
    row,
    verdict(src, dst, text, family) {
      const [protocol, port] = text.split('/') as [Protocol, string];
      const probe = {
        src: probeEnd(src),
        dst: probeEnd(dst),
        protocol,
        port: Number(port),
        ...(family ? { family } : {}),
      };
      const answer = engine.verdicts([probe]).answers[0];
      if (!answer?.verdict) throw new Error(answer?.error ?? 'no answer');
      const [from, to] = [plainEnd(src), plainEnd(dst)];
      // An address says which family is asked, also where it turns out to be a pod's.
      const address = parseAddress(src) ?? parseAddress(dst);
      const asked =
        address && (pairFamilies(cluster, from, to).includes(address.family) ? address.family : null);
      const through = parseAddress(dst) ? plainService(cluster, from, dst, protocol, Number(port)) : null;
      const plain = asVerdict(
        through !== null && through !== 'no-port'
          ? through
          : plainPair(cluster, from, to, protocol, Number(port), family ?? (address ? asked : undefined))
              .verdict,
      );
      if (plain !== answer.verdict) {
        throw new Error(
          `${src} -> ${dst} ${text}: the product says ${answer.verdict}, the plain evaluator ${plain}`,
        );
      }
      return plain;
    },
    state(name, direction) {
      const plain = plainIsolation(cluster, podNamed(name), direction);
      const r = row(name);
      const paper = direction === 'ingress' ? r.paperIngress : r.paperEgress;
      if (paper.replace('-all-permitted', '') !== plain) {
        throw new Error(
          `${name} ${direction} on paper: the product says ${paper}, the plain evaluator ${plain}`,
        );
      }
      return r[direction];
    },
  };
}

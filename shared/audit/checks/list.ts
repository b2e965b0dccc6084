/** What the checks write to: a list of findings, and how a policy is named in one. */
import type { PodRecord, PolicyRecord, ServiceRecord } from '../../kube/snapshot.ts';
import type { Requirement } from '../../kube/selector.ts';
import type { Model } from '../../policy/model.ts';
import { CHECKS, type CheckId } from '../checks.ts';
import type { Finding, ObjectRef, Severity } from '../result.ts';

const FEW = 3;

export function refOf(p: PolicyRecord): ObjectRef {
  return { kind: 'NetworkPolicy', namespace: p.namespace, name: p.name };
}

export class Findings {
  readonly list: Finding[] = [];

  add(
    check: CheckId,
    object: ObjectRef | null,
    place: Finding['place'],
    params: Finding['params'] = {},
    severity: Severity = CHECKS[check],
  ): void {
    this.list.push({ check, severity, object, place, params });
  }

  policy(
    check: CheckId,
    p: PolicyRecord,
    field: string | null,
    params: Finding['params'] = {},
    severity?: Severity,
  ): void {
    const place = field === null && !p.place ? null : { ...p.place, ...(field === null ? {} : { field }) };
    this.add(check, refOf(p), place, params, severity);
  }
}

/** Pods that a Service leads to, of those that take part: by its selector, else as its EndpointSlices say. */
export function podsBehind(m: Model, { namespace, name, selector }: ServiceRecord): number[] {
  const at = m.spaces.index.get(namespace);
  if (at === undefined) return [];
  const { pods, endpointSlices } = m.snapshot;
  let behind: (pod: PodRecord) => boolean;
  if (selector === null) {
    const slices = endpointSlices.filter((slice) => slice.namespace === namespace && slice.service === name);
    const named = new Set(slices.flatMap((slice) => slice.pods));
    const addresses = new Set(slices.flatMap((slice) => slice.addresses));
    behind = (pod) => named.has(pod.name) || pod.ips.some((ip) => addresses.has(ip));
  } else {
    const wanted = Object.entries(selector);
    behind = ({ labels }) => wanted.every(([key, value]) => labels[key] === value);
  }
  return m.podsOfNamespace(at).filter((i) => behind(pods[i]));
}

/** The numbers on which a pod receives what a Service's port leads to; none where it declares no port of the name. */
export function targetsOf(
  pod: PodRecord,
  { port, targetPort, protocol }: ServiceRecord['ports'][number],
): number[] {
  if (targetPort === null) return [port];
  if (typeof targetPort === 'number') return [targetPort];
  const named = pod.ports.filter((p) => p.name === targetPort && p.protocol === protocol);
  return [...new Set(named.map((p) => p.port))];
}

/** A requirement as kubectl writes it: `app=web`, `tier in (a, b)`, `!canary`. */
export function requirementText({ key, operator, values }: Requirement): string {
  switch (operator) {
    case 'In':
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(', ')})`;
    case 'NotIn':
      return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${values.join(', ')})`;
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
  }
}

/** A pod's workload as `Kind namespace/name`. */
export function workloadText(pod: PodRecord): string {
  const { kind, name } = pod.owner ?? pod;
  return `${kind} ${pod.namespace}/${name}`;
}

/** The first few texts, sorted, with a mark where there are more. */
export function few(texts: Iterable<string>): string {
  const all = [...texts].sort();
  return all.slice(0, FEW).join(', ') + (all.length > FEW ? ', …' : '');
}

/** Keys under which people and charts write the same thing. */
const SAME = [
  ['app', 'k8s-app', 'name', 'run', 'app.kubernetes.io/name'],
  ['component', 'app.kubernetes.io/component'],
  ['release', 'instance', 'app.kubernetes.io/instance'],
];

/** Are the two keys easily taken for each other: the same but for a prefix, or names of one thing? */
export function isLikeKey(a: string, b: string): boolean {
  if (a === b) return false;
  const bare = (key: string): string => key.slice(key.indexOf('/') + 1);
  return bare(a) === bare(b) || SAME.some((keys) => keys.includes(a) && keys.includes(b));
}

export const NAME_LABEL = 'kubernetes.io/metadata.name';

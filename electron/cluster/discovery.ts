/**
 * Which API groups and kinds a server has.
 * https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
 */
import { isBuiltIn, networkKind } from '../../shared/kube/kinds.ts';
import type { CoverageBound } from '../../shared/kube/snapshot.ts';
import { boundText } from '../../shared/report/words.ts';
import { bound, BOUNDS, parseSmall } from './bounds.ts';
import type { Bounds } from './bounds.ts';
import { ClusterError } from './error.ts';
import type { ApiAnswer } from './http.ts';
import { NAMED, OTHER_POLICIES, SIGNAL_LISTS } from './resources.ts';
import type { OtherPolicyResource } from './resources.ts';

export interface Discovery {
  outcome: 'read' | 'refused' | 'failed';
  reason: string | undefined;
  bound: CoverageBound | undefined;
  /** Names of all served groups. */
  groups: Set<string>;
  /** The version to ask a resource at, null where the group or the resource is not served. */
  version(group: string, resource: string): string | null;
  /** Kinds of policy that no table knows, by their group or name (S26). */
  unknown: OtherPolicyResource[];
  /** Groups that are registered and did not answer. */
  broken: { group: string; reason: string; bound?: CoverageBound }[];
}

const AGGREGATED =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,' +
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';

interface Named {
  name?: unknown;
  kind?: unknown;
  namespaced?: unknown;
  verbs?: unknown;
}
interface AggregatedResource {
  resource?: unknown;
  responseKind?: { kind?: unknown };
  scope?: unknown;
  verbs?: unknown;
}
interface Aggregated {
  kind?: unknown;
  items?: {
    metadata?: Named;
    versions?: { version?: unknown; freshness?: unknown; resources?: AggregatedResource[] }[];
  }[];
  groups?: { name?: unknown; versions?: { version?: unknown }[]; preferredVersion?: { version?: unknown } }[];
  resources?: Named[];
}

/**
 * Reads /apis: aggregated discovery in one request where the server has it, else the list of groups and the few
 * groups that matter one by one.
 * @param get a request that answers with its failure
 * @param bounds of more groups or kinds than these the rest is not looked at, and the outcome is 'failed'
 */
export async function discover(
  get: (path: string, accept?: string) => Promise<ApiAnswer | ClusterError>,
  bounds: Bounds = BOUNDS,
): Promise<Discovery> {
  const groups = new Set<string>();
  const served = new Map<string, string>();
  const broken: Discovery['broken'] = [];
  const unknown = new Map<string, OtherPolicyResource>();
  const result = (outcome: Discovery['outcome'], reason?: string, reached?: CoverageBound): Discovery => ({
    outcome,
    reason,
    bound: reached,
    groups,
    version: (group, resource) => served.get(`${resource}.${group}`) ?? null,
    unknown: [...unknown.values()],
    broken,
  });
  const answer = await get('/apis', AGGREGATED);
  if (answer instanceof ClusterError) return result('failed', answer.message, answer.bound);
  if (answer.status !== 200) return result(answer.status === 403 ? 'refused' : 'failed', answer.message);
  const tooMany = (): Discovery => {
    const reached = bound('kinds', bounds.kinds);
    return result('failed', boundText(reached, 'en'), reached);
  };
  const full = (): boolean => Math.max(groups.size, unknown.size, broken.length) > bounds.kinds;
  const body = parse(answer, bounds);
  if (!body) return result('failed', 'the answer is no discovery document');
  const note = (group: string, version: string, resource: unknown): void => {
    const key = `${String(resource)}.${group}`;
    // Versions come in the server's order of preference.
    if (!served.has(key)) served.set(key, version);
  };
  const noteKind = (group: string, version: string, found: Named): void => {
    const { name, kind, verbs } = found;
    if (typeof kind !== 'string' || typeof name !== 'string' || name.includes('/')) return;
    if (!Array.isArray(verbs) || !verbs.includes('list') || unknown.has(`${name}.${group}`)) return;
    const known = networkKind(group, kind);
    if (known?.kind !== '*' || known.effect === 'none') return;
    const namespaced = found.namespaced === true;
    unknown.set(`${name}.${group}`, { kind, resource: name, group, version, namespaced, whole: false });
  };
  if (Array.isArray(body.items)) {
    for (const item of body.items) {
      const group = String(item.metadata?.name ?? '');
      if (group === '') continue;
      if (full()) return tooMany();
      groups.add(group);
      for (const version of item.versions ?? []) {
        if (version.freshness === 'Stale') {
          broken.push({
            group,
            reason: `the server behind ${group}/${String(version.version)} does not answer`,
          });
        }
        for (const { resource, responseKind, scope, verbs } of version.resources ?? []) {
          note(group, String(version.version), resource);
          const found = {
            name: resource,
            kind: responseKind?.kind,
            namespaced: scope === 'Namespaced',
            verbs,
          };
          noteKind(group, String(version.version), found);
        }
      }
    }
    return full() ? tooMany() : result('read');
  }
  if (!Array.isArray(body.groups)) return result('failed', 'the answer is no discovery document');
  const wanted = new Set([...OTHER_POLICIES, ...SIGNAL_LISTS, ...NAMED].map((entry) => entry.group));
  for (const entry of body.groups) {
    const group = String(entry.name ?? '');
    if (full()) return tooMany();
    groups.add(group);
    // Any group may hold a kind whose name speaks of network policies; Kubernetes' own are known.
    if (!wanted.has(group) && isBuiltIn(group)) continue;
    const preferred = entry.preferredVersion?.version;
    const versions = (entry.versions ?? []).map((v) => String(v.version));
    versions.sort((a, b) => Number(b === preferred) - Number(a === preferred));
    for (const version of versions) {
      if (full()) return tooMany();
      const one = await get(`/apis/${group}/${version}`);
      const resources =
        one instanceof ClusterError || one.status !== 200 ? undefined : parse(one, bounds)?.resources;
      if (!Array.isArray(resources)) {
        const failed = one instanceof ClusterError ? one : null;
        broken.push({
          group,
          reason: failed ? failed.message : `HTTP ${(one as ApiAnswer).status}`,
          ...(failed?.bound ? { bound: failed.bound } : {}),
        });
        continue;
      }
      for (const resource of resources) {
        note(group, version, resource.name);
        noteKind(group, version, resource);
      }
    }
  }
  return full() ? tooMany() : result('read');
}

function parse(answer: ApiAnswer, bounds: Bounds): Aggregated | null {
  try {
    const body = parseSmall(answer.bytes, bounds);
    return typeof body === 'object' && body !== null ? (body as Aggregated) : null;
  } catch {
    return null;
  }
}

/**
 * Which API groups and kinds a server has.
 * https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
 */
import { isBuiltIn, networkKind } from '../../shared/kube/kinds.ts';
import { ClusterError } from './error.ts';
import type { ApiAnswer } from './http.ts';
import { NAMED, OTHER_POLICIES, SIGNAL_LISTS } from './resources.ts';
import type { OtherPolicyResource } from './resources.ts';

export interface Discovery {
  outcome: 'read' | 'refused' | 'failed';
  reason: string | undefined;
  /** Names of all served groups. */
  groups: Set<string>;
  /** The version to ask a resource at, null where the group or the resource is not served. */
  version(group: string, resource: string): string | null;
  /** Kinds of policy that no table knows, by their group or name (S26). */
  unknown: OtherPolicyResource[];
  /** Groups that are registered and did not answer. */
  broken: { group: string; reason: string }[];
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
 */
export async function discover(
  get: (path: string, accept?: string) => Promise<ApiAnswer | ClusterError>,
): Promise<Discovery> {
  const groups = new Set<string>();
  const served = new Map<string, string>();
  const broken: { group: string; reason: string }[] = [];
  const unknown = new Map<string, OtherPolicyResource>();
  const result = (outcome: Discovery['outcome'], reason?: string): Discovery => ({
    outcome,
    reason,
    groups,
    version: (group, resource) => served.get(`${resource}.${group}`) ?? null,
    unknown: [...unknown.values()],
    broken,
  });
  const answer = await get('/apis', AGGREGATED);
  if (answer instanceof ClusterError) return result('failed', answer.message);
  if (answer.status !== 200) return result(answer.status === 403 ? 'refused' : 'failed', answer.message);
  const body = parse(answer);
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
    return result('read');
  }
  if (!Array.isArray(body.groups)) return result('failed', 'the answer is no discovery document');
  const wanted = new Set([...OTHER_POLICIES, ...SIGNAL_LISTS, ...NAMED].map((entry) => entry.group));
  for (const entry of body.groups) {
    const group = String(entry.name ?? '');
    groups.add(group);
    // Any group may hold a kind whose name speaks of network policies; Kubernetes' own are known.
    if (!wanted.has(group) && isBuiltIn(group)) continue;
    const preferred = entry.preferredVersion?.version;
    const versions = (entry.versions ?? []).map((v) => String(v.version));
    versions.sort((a, b) => Number(b === preferred) - Number(a === preferred));
    for (const version of versions) {
      const one = await get(`/apis/${group}/${version}`);
      const resources = one instanceof ClusterError || one.status !== 200 ? undefined : parse(one)?.resources;
      if (!Array.isArray(resources)) {
        broken.push({ group, reason: one instanceof ClusterError ? one.message : `HTTP ${one.status}` });
        continue;
      }
      for (const resource of resources) {
        note(group, version, resource.name);
        noteKind(group, version, resource);
      }
    }
  }
  return result('read');
}

function parse(answer: ApiAnswer): Aggregated | null {
  try {
    const body = JSON.parse(new TextDecoder().decode(answer.bytes)) as unknown;
    return typeof body === 'object' && body !== null ? (body as Aggregated) : null;
  } catch {
    return null;
  }
}

/** The smallest ClusterRole that a full audit needs, made from the same table that the reader asks by. */
import { manifestText } from '../../shared/report/manifestText.ts';
import { LISTS, NAMED, OTHER_POLICIES, SIGNAL_LISTS } from './resources.ts';

export interface PolicyRule {
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
  verbs: string[];
}

export interface ClusterRole {
  apiVersion: 'rbac.authorization.k8s.io/v1';
  kind: 'ClusterRole';
  metadata: { name: string };
  rules: PolicyRule[];
}

/**
 * The ClusterRole as data. It reads only; no secrets, no logs, no exec.
 * @param name of the role
 */
export function auditRole(name = 'bulkhead-audit'): ClusterRole {
  const rules: PolicyRule[] = [];
  // One rule a group and set of verbs, in the table's order.
  const add = (group: string, resource: string, verbs: string[], resourceName?: string): void => {
    const same = rules.find(
      (rule) =>
        rule.apiGroups?.[0] === group &&
        rule.verbs.join() === verbs.join() &&
        (rule.resourceNames !== undefined) === (resourceName !== undefined) &&
        // Names belong to one resource: a shared list would widen the other's.
        (resourceName === undefined || rule.resources?.[0] === resource),
    );
    if (!same) {
      rules.push({
        apiGroups: [group],
        resources: [resource],
        ...(resourceName === undefined ? {} : { resourceNames: [resourceName] }),
        verbs,
      });
      return;
    }
    if (!same.resources?.includes(resource)) same.resources?.push(resource);
    if (resourceName !== undefined && !same.resourceNames?.includes(resourceName)) {
      same.resourceNames?.push(resourceName);
    }
  };
  // Followed by watch: each list of the audit, and the names of other kinds of policy.
  for (const list of LISTS) add(list.group, list.resource, ['list', 'watch']);
  for (const named of NAMED) add(named.group, named.resource, ['get'], named.name);
  for (const list of SIGNAL_LISTS) add(list.group, list.resource, ['list']);
  for (const other of OTHER_POLICIES) add(other.group, other.resource, ['list', 'watch']);
  // Everybody who is logged in has these by default (system:discovery); they stand here for clusters that took it away.
  rules.push({ nonResourceURLs: ['/version', '/apis', '/apis/*'], verbs: ['get'] });
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules };
}

/** The ClusterRole as YAML, ready for `kubectl apply -f -`. */
export function auditRoleYaml(name?: string): string {
  return manifestText(auditRole(name));
}

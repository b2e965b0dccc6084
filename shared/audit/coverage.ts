/** What an audit rests on, once the policies were evaluated: coverage of the reading, and what that makes of the answers. */
import type { Snapshot } from '../kube/snapshot.ts';
import { BASELINE, CLASS_HOST, type Model, type OtherPolicy } from '../policy/model.ts';
import { isGap } from './gaps.ts';
import type { AuditCoverage, Finding, NotEvaluated, Rejected } from './result.ts';

/**
 * Coverage of the snapshot with what only the evaluation shows: whether any pod is there to say something of, and which
 * kinds of policy that were not evaluated leave answers on pods open (S26). It is complete only where nothing of what was
 * given takes no part: the one answer that reports, window, standard error and exit code go by.
 * @param rejected policies that the API would refuse (S24)
 * @param findings all of the audit
 */
export function auditCoverage(
  m: Model,
  rejected: readonly Rejected[],
  findings: readonly Finding[],
): AuditCoverage {
  const { coverage } = m.snapshot;
  const noPods = podsMissing(m.snapshot);
  const notEvaluated = notEvaluatedOf(m);
  return {
    ...coverage,
    complete:
      coverage.complete &&
      noPods !== 'not-read' &&
      notEvaluated.length === 0 &&
      rejected.length === 0 &&
      !findings.some(isGap),
    ...(noPods === null ? {} : { noPods }),
    ...(notEvaluated.length === 0 ? {} : { notEvaluated }),
  };
}

/** Whether a snapshot without pods shows that there are none: only a list of the whole cluster does. */
function podsMissing({ pods, coverage }: Snapshot): AuditCoverage['noPods'] | null {
  if (pods.length > 0) return null;
  const listed = coverage.entries.some(
    ({ resource, verb, namespace, outcome }) =>
      resource === 'pods' && verb === 'list' && namespace === null && outcome === 'read',
  );
  return listed && coverage.unreadPods.length === 0 ? 'none-exist' : 'not-read';
}

/** The other kinds of policy that leave a direction of a pod open, with how many objects do. */
function notEvaluatedOf(m: Model): NotEvaluated[] {
  const { otherPolicies } = m.snapshot;
  if (otherPolicies.length === 0) return [];
  const found = new Set<OtherPolicy['record']>();
  const asked = new Set<string>();
  for (let c = 0; c < m.classes && found.size < otherPolicies.length; c++) {
    const code = m.classEnforced.items[c];
    const isNode = (m.classFlags.items[c] & CLASS_HOST) !== 0;
    for (const direction of ['ingress', 'egress'] as const) {
      // Where nothing enforces anything, no kind of policy decides.
      if (m.enforcedOf(code, direction) === 'no') continue;
      const paper = direction === 'ingress' ? m.classPaperIngress[c] : m.classPaperEgress[c];
      const key = [
        m.classNamespace.items[c],
        m.classLabels.items[c],
        isNode,
        direction,
        paper === 'isolated',
      ].join(' ');
      if (asked.has(key)) continue;
      asked.add(key);
      for (const { record, effect } of m.othersOf(c, direction))
        if (effect !== BASELINE || paper !== 'isolated') found.add(record);
    }
  }
  const kinds = new Map<string, NotEvaluated>();
  for (const { kind, group, status } of found) {
    const key = `${kind} ${group}`;
    const known = kinds.get(key) ?? { kind, group, count: 0 };
    if (status === 'present') known.count++;
    kinds.set(key, known);
  }
  return [...kinds].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, one]) => one);
}

/**
 * Makes a failing case small: takes away pods, policies, rules, labels and assumptions, one at a time, as long as
 * the same kind of difference stays. Slower than fast-check's own shrinking and far more thorough on clusters.
 */
import type { Difference } from './compare.ts';
import type { Case } from './generate.ts';

/** The smallest case found in which `check` still reports a difference of the first one's kind and values. */
export function shrinkCase(
  start: Case,
  check: (kase: Case) => Difference[],
): { kase: Case; difference: Difference } {
  let kase = structuredClone(start);
  const first = check(kase)[0];
  if (!first) throw new Error('nothing to shrink: the case does not fail');
  const same = (d: Difference): boolean =>
    d.what === first.what &&
    (first.theirs.length > 40 || (d.ours === first.ours && d.theirs === first.theirs));
  let changed = true;
  const attempt = (change: (draft: Case) => void): boolean => {
    const draft = structuredClone(kase);
    change(draft);
    if (JSON.stringify(draft) === JSON.stringify(kase) || !check(draft).some(same)) return false;
    kase = draft;
    changed = true;
    return true;
  };
  const removeItems = (list: (draft: Case) => unknown[]): void => {
    for (let i = list(kase).length - 1; i >= 0; i--) attempt((draft) => void list(draft).splice(i, 1));
  };
  /** Takes single members out of a value, the large ones first. */
  const prune = (at: (draft: Case) => unknown): void => {
    const value = at(kase);
    if (typeof value !== 'object' || value === null) return;
    const keys = Array.isArray(value) ? [...value.keys()].reverse() : Object.keys(value);
    for (const key of keys) {
      const removed = attempt((draft) => {
        const inside = at(draft);
        if (Array.isArray(inside)) inside.splice(key as number, 1);
        else delete (inside as Record<string, unknown>)[key as string];
      });
      if (!removed) prune((draft) => (at(draft) as Record<string | number, unknown> | undefined)?.[key]);
    }
  };
  while (changed) {
    changed = false;
    removeItems((draft) => draft.snapshot.pods);
    removeItems((draft) => draft.snapshot.policies);
    removeItems((draft) => draft.snapshot.otherPolicies);
    removeItems((draft) => draft.snapshot.enforcement.nodes);
    removeItems((draft) => draft.snapshot.coverage.unreadPolicies);
    removeItems((draft) => draft.snapshot.nodes);
    for (const name of Object.keys(kase.assume))
      attempt((draft) => void delete draft.assume[name as keyof Case['assume']]);
    kase.snapshot.policies.forEach((_, i) => prune((draft) => draft.snapshot.policies[i]?.spec));
    kase.snapshot.namespaces.forEach((_, i) => prune((draft) => draft.snapshot.namespaces[i]?.labels));
    kase.snapshot.pods.forEach((_, i) => {
      removeItems((draft) => draft.snapshot.pods[i]?.ports ?? []);
      prune((draft) => draft.snapshot.pods[i]?.labels);
      attempt((draft) => void (draft.snapshot.pods[i]!.owner = null));
      attempt((draft) => void Object.assign(draft.snapshot.pods[i]!, { kind: 'Pod', replicas: 1 }));
      attempt((draft) => void (draft.snapshot.pods[i]!.terminating = false));
      attempt((draft) => void (draft.snapshot.pods[i]!.phase = 'Running'));
    });
    attempt(
      (draft) => void Object.assign(draft.snapshot.enforcement, { ingress: 'unknown', egress: 'unknown' }),
    );
  }
  return { kase, difference: check(kase).find(same) as Difference };
}

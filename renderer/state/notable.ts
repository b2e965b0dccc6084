/** Which assumptions a reader has to know of at once. Pure. */
import type { AssumptionRecord } from '../../shared/kube/snapshot.ts';

/** What a result rests on where nobody chose and nothing was detected (S25). */
const USUAL: Record<string, string> = {
  ipBlockPods: 'match',
  hostNetwork: 'node',
  endPort: 'on',
  sctp: 'on',
  unselected: 'permit',
};

/**
 * Those that a user set, and those whose value is not the usual one, "unknown" included: they change or open verdicts.
 * A detected server version and detected enforcement are facts with a place of their own, so they count only when set
 * by the user.
 */
export function notable(records: readonly AssumptionRecord[]): AssumptionRecord[] {
  return records.filter((record) => {
    if (record.origin === 'user') return true;
    if (record.name === 'enforced') return false;
    if (record.name === 'serverVersion') return record.value === 'unknown';
    return record.value !== USUAL[record.name];
  });
}

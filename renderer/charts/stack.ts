/** Lengths of the stacked bars of isolation. Pure; d3 does the stacking. */
import { scaleLinear, stack } from 'd3';
import type { IsolationCounts, NamespaceSummary } from '../../shared/audit/result.ts';
import type { Tri } from '../../shared/kube/snapshot.ts';
import { GROUPS, type GroupKey } from '../ui/words.ts';

export interface Segment {
  key: GroupKey;
  count: number;
  /** Start and end in percent of the bar. */
  from: number;
  to: number;
}

/**
 * Segments of one bar, in the fixed order of the groups; empty groups are left out.
 * @param width percent that the whole bar takes (100 for a share, less for a bar on a common scale)
 */
export function segments(counts: IsolationCounts, width = 100): Segment[] {
  const keys = GROUPS.map((group) => group.key);
  const scale = scaleLinear([0, Math.max(1, counts.pods)], [0, width]);
  return stack<IsolationCounts, GroupKey>()
    .keys(keys)
    .value((row, key) => row[key])([counts])
    .flatMap((series) => {
      const span = series[0];
      if (!span || span[1] <= span[0]) return [];
      return [{ key: series.key, count: span[1] - span[0], from: scale(span[0]), to: scale(span[1]) }];
    });
}

/**
 * Pods that are isolated on paper alone and therefore stand among the open ones. Only where nothing enforces either
 * direction is every such pod surely in the group `none`; otherwise 0, and the note in words has to do.
 */
export function paperShare(counts: IsolationCounts, ingress: Tri, egress: Tri): number {
  return ingress === 'no' && egress === 'no' ? Math.min(counts.paperOnly, counts.none) : 0;
}

/** Names as people order them: `team-9` before `team-10`. */
const byName = new Intl.Collator('en', { numeric: true });

export type NamespaceSort = 'worst' | 'name' | 'pods';

/** How bad a namespace is: open pods count whole, half-isolated and unknown ones half. */
export function badness(counts: IsolationCounts): number {
  return counts.none + (counts.ingressOnly + counts.egressOnly + counts.unknown) / 2;
}

/** Namespaces in the wanted order; ties go by name, so that the order never wavers. */
export function sortNamespaces(rows: readonly NamespaceSummary[], by: NamespaceSort): NamespaceSummary[] {
  const value = (row: NamespaceSummary) =>
    // What has no pods comes after what has none open.
    by === 'worst'
      ? row.isolation.pods === 0
        ? -1
        : badness(row.isolation)
      : by === 'pods'
        ? row.isolation.pods
        : 0;
  return [...rows].sort((a, b) => value(b) - value(a) || byName.compare(a.name, b.name));
}

/** A pod to stand for a workload where a question needs one. */
import type { MatrixData, PodQuery, PodRow } from '../../shared/audit/result.ts';

type End = MatrixData['rows'][number];

/**
 * Pods that stand for the two ends of a cell of workloads: the first of each, and another one of the same workload where
 * both ends are the same, because a pod always reaches itself.
 * @param pods asks for pods of the audit
 * @returns null where an end has no pod that can be found
 */
export async function podsFor(
  from: End,
  to: End,
  pods: (query: PodQuery) => Promise<{ rows: PodRow[] }>,
): Promise<{ src: PodRow; dst: PodRow } | null> {
  const of = async (end: End): Promise<PodRow[]> => {
    const { rows } = await pods({ offset: 0, limit: 500, namespace: end.namespace, text: end.name });
    return rows.filter(({ workload }) => workload.name === end.name && workload.kind === end.kind);
  };
  const [sources, destinations] = await Promise.all([of(from), of(to)]);
  const src = sources[0];
  const dst =
    destinations.find((row) => row.name !== src?.name || row.namespace !== src.namespace) ?? destinations[0];
  return src && dst ? { src, dst } : null;
}

/** What is said of an audit that is followed. Pure. */
import type { DiffSummary, Listed, WorkloadRef } from '../../shared/audit/diff.ts';
import type { Following } from '../../shared/ipc.ts';
import type { IconName } from '../ui/icons.ts';

/** How things stand, as the window words it. */
export type FollowWord =
  'off' | 'starting' | 'unchanged' | 'changed' | 'interrupted' | 'login' | 'stopped' | 'failed';

/**
 * The word for a following.
 * @param following null where it was never begun
 */
export function followWord(following: Following | null): FollowWord {
  if (!following) return 'off';
  switch (following.state) {
    case 'live':
      return following.summary?.changed ? 'changed' : 'unchanged';
    case 'stopped':
      return following.reason === null ? 'stopped' : 'failed';
    default:
      return following.state;
  }
}

/** Whether watches run, or try to. */
export function isFollowed(following: Following | null): boolean {
  return following !== null && !['login', 'stopped'].includes(following.state);
}

/** Lists that decide verdicts and are not followed: the state is then never plainly good. */
export function missing(following: Following | null): Following['notFollowed'] {
  return (following?.notFollowed ?? []).filter(
    ({ reason, affectsVerdicts }) => reason !== null && affectsVerdicts,
  );
}

export interface Sign {
  tone: 'ok' | 'warn' | 'bad' | 'mute';
  icon: IconName;
}

const SIGNS: Record<FollowWord, Sign> = {
  off: { tone: 'mute', icon: 'eye' },
  starting: { tone: 'mute', icon: 'eye' },
  unchanged: { tone: 'ok', icon: 'eye' },
  changed: { tone: 'warn', icon: 'swap' },
  interrupted: { tone: 'bad', icon: 'warn' },
  login: { tone: 'bad', icon: 'warn' },
  stopped: { tone: 'mute', icon: 'eye' },
  failed: { tone: 'bad', icon: 'warn' },
};

/** The mark of a state: a live one that lacks something that matters is never plainly good. */
export function followSign(following: Following | null): Sign {
  const sign = SIGNS[followWord(following)];
  return sign.tone === 'ok' && missing(following).length > 0 ? { tone: 'warn', icon: 'warn' } : sign;
}

/** Figures of a difference that are not zero, in the order in which they are said. */
export function changedFigures(summary: DiffSummary): { of: FigureName; n: number }[] {
  const all: { of: FigureName; n: number }[] = [
    { of: 'policies', n: summary.policies },
    { of: 'namespaces', n: summary.namespaces },
    { of: 'pods', n: summary.pods },
    { of: 'others', n: summary.others },
    { of: 'isolation', n: summary.isolation },
    { of: 'exposed', n: summary.exposed },
    { of: 'outside', n: summary.outside },
    { of: 'gained', n: summary.pairs.gained },
    { of: 'lost', n: summary.pairs.lost },
    { of: 'other', n: summary.pairs.other },
    { of: 'findings', n: summary.findings.added },
    { of: 'gone', n: summary.findings.gone },
  ];
  return all.filter(({ n }) => n > 0);
}

export type FigureName =
  | 'policies'
  | 'namespaces'
  | 'pods'
  | 'others'
  | 'isolation'
  | 'exposed'
  | 'outside'
  | 'gained'
  | 'lost'
  | 'other'
  | 'findings'
  | 'gone';

/** True where objects changed and nothing follows from it. */
export function meansNothing(summary: DiffSummary): boolean {
  return (
    summary.changed &&
    !summary.ground &&
    changedFigures(summary).every(({ of }) => ['policies', 'namespaces', 'pods', 'others'].includes(of))
  );
}

/**
 * Rows of one workload that follow each other, as one: both directions of one change are read together.
 * @param list rows in order
 * @returns groups; the total is theirs where all rows are listed, else that of the rows
 */
export function together<T extends { workload: WorkloadRef; pods: number; names: readonly string[] }>(
  list: Listed<T>,
): Listed<[T, ...T[]]> {
  const groups: [T, ...T[]][] = [];
  const same = (a: T, b: T): boolean =>
    a.workload.namespace === b.workload.namespace &&
    a.workload.kind === b.workload.kind &&
    a.workload.name === b.workload.name &&
    a.pods === b.pods &&
    a.names.join() === b.names.join();
  for (const row of list.rows) {
    const last = groups.at(-1);
    if (last && same(last[0], row)) last.push(row);
    else groups.push([row]);
  }
  return { total: list.total === list.rows.length ? groups.length : list.total, rows: groups };
}

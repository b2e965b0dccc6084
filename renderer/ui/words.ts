/** Marks of states: an icon and a colour for each; the words come from `shared/report`. Shape and word carry it, colour helps. */
import type { EgressWidth, IsolationState, Severity, Verdict } from '../../shared/audit/result.ts';
import type { PodQuery } from '../../shared/audit/result.ts';
import type { IconName } from './icons.ts';

export type Group = NonNullable<PodQuery['group']>;

export interface Mark {
  icon: IconName;
  /** A CSS custom property's name. */
  color: string;
}

export const STATE_MARKS: Record<IsolationState, Mark> = {
  open: { icon: 'unlock', color: '--c-none' },
  isolated: { icon: 'lock', color: '--c-both' },
  'isolated-all-permitted': { icon: 'lockAll', color: '--tone-warn' },
  'not-isolatable': { icon: 'host', color: '--text-3' },
  unknown: { icon: 'question', color: '--text-3' },
};

/** Isolated by the policies, but nothing enforces them: never looks isolated. */
export const PAPER_MARK: Mark = { icon: 'shieldOff', color: '--c-none' };

export const WIDTH_MARKS: Record<EgressWidth, Mark> = {
  anywhere: { icon: 'globe', color: '--c-none' },
  'anywhere-some-ports': { icon: 'globe', color: '--tone-warn' },
  ranges: { icon: 'filter', color: '--tone-warn' },
  depends: { icon: 'question', color: '--text-3' },
  none: { icon: 'lock', color: '--c-both' },
};
export const WIDTHS: readonly EgressWidth[] = [
  'anywhere',
  'anywhere-some-ports',
  'ranges',
  'depends',
  'none',
];

export const VERDICT_MARKS: Record<Verdict, Mark & { tone: 'ok' | 'warn' | 'bad' | 'mute' }> = {
  permitted: { icon: 'through', color: '--tone-bad', tone: 'bad' },
  denied: { icon: 'barred', color: '--tone-ok', tone: 'ok' },
  depends: { icon: 'question', color: '--tone-warn', tone: 'warn' },
};

/** The same for the answer to a question about every port. */
export const PAIR_MARKS: typeof VERDICT_MARKS & Record<'some', (typeof VERDICT_MARKS)['permitted']> = {
  ...VERDICT_MARKS,
  some: { ...VERDICT_MARKS.permitted, color: '--tone-warn', tone: 'warn' },
};

export const SEVERITY_MARKS: Record<Severity, Mark> = {
  critical: { icon: 'stop', color: '--sev-critical' },
  high: { icon: 'warn', color: '--sev-high' },
  medium: { icon: 'warn', color: '--sev-medium' },
  low: { icon: 'info', color: '--sev-low' },
  info: { icon: 'info', color: '--sev-info' },
};

/**
 * The six groups that every pod falls into exactly one of, worst last; the order of the stacked bars. `pattern` is a
 * class of base.css and, with `fill-` before it, the id of a fill in Patterns.svelte: on a grey print blue and orange
 * are the same, so what is open, or no policy's business, is lined and what is isolated is solid.
 */
export const GROUPS = [
  { key: 'both', icon: 'lock', color: '--c-both', pattern: null },
  { key: 'ingressOnly', icon: 'arrowIn', color: '--c-ingress', pattern: null },
  { key: 'egressOnly', icon: 'arrowOut', color: '--c-egress', pattern: null },
  { key: 'none', icon: 'unlock', color: '--c-none', pattern: 'lined-open' },
  { key: 'notIsolatable', icon: 'host', color: '--c-fixed', pattern: 'lined-fixed' },
  { key: 'unknown', icon: 'question', color: '--c-unknown', pattern: 'hatch' },
] as const satisfies readonly (Mark & { key: Group; pattern: string | null })[];
export type GroupKey = (typeof GROUPS)[number]['key'];

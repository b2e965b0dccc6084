/** Which findings mean that something is missing from an audit: what was given, and takes no part in it. */
import type { Finding } from './result.ts';
import type { ProblemCheck } from '../kube/problems.ts';

/** Checks of reading: always a gap, or only where their `treatment` is 'left-out'. */
const GAPS: Partial<Record<ProblemCheck, 'always' | 'left-out'>> = {
  'input.unparsable': 'always',
  'input.helm-template': 'always',
  'input.patch': 'always',
  'input.component': 'always',
  'input.moved-policy': 'always',
  'input.unlisted': 'left-out',
  'input.some-overlays': 'always',
  'input.helm-chart': 'always',
  'input.not-rendered': 'always',
  'input.alias-bomb': 'always',
  'input.too-large': 'always',
  'input.unreadable': 'always',
  'input.partial-list': 'always',
  'input.unknown-kind': 'always',
  'input.workload-kind': 'always',
  'input.deployer': 'always',
  'input.no-kind': 'always',
  'input.unfilled': 'always',
  'input.generator': 'always',
  'input.openshift-template': 'always',
  'input.not-an-item': 'always',
  'input.after-end': 'always',
  'input.duplicate-key': 'left-out',
  'input.no-name': 'left-out',
  'input.api-version': 'left-out',
  'input.invalid-object': 'left-out',
  'input.unknown-field': 'left-out',
};

/** The checks whose findings can be gaps. */
export const GAP_CHECKS: readonly string[] = Object.keys(GAPS);

/** True where a finding says that something that was given takes no part in the audit. */
export function isGap(finding: Pick<Finding, 'check' | 'params'>): boolean {
  if (!Object.hasOwn(GAPS, finding.check)) return false;
  const kind = GAPS[finding.check as ProblemCheck];
  return kind === 'always' || finding.params['treatment'] === 'left-out';
}

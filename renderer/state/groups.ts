/** Findings as one flat list of group heads and rows, for a list that draws only what is seen. Pure. */
import type { Finding, Severity } from '../../shared/audit/result.ts';
import { SEVERITIES } from '../../shared/audit/result.ts';

export interface FindingGroup {
  check: string;
  /** The worst among its findings. */
  severity: Severity;
  findings: Finding[];
}

export type FindingLine =
  { type: 'head'; group: FindingGroup; open: boolean } | { type: 'row'; finding: Finding; last: boolean };

/** Findings by check; the worst checks first, then the larger groups, then by id. */
export function groupFindings(findings: readonly Finding[]): FindingGroup[] {
  const groups = new Map<string, FindingGroup>();
  for (const finding of findings) {
    const group = groups.get(finding.check);
    if (!group)
      groups.set(finding.check, { check: finding.check, severity: finding.severity, findings: [finding] });
    else {
      group.findings.push(finding);
      if (SEVERITIES.indexOf(finding.severity) < SEVERITIES.indexOf(group.severity))
        group.severity = finding.severity;
    }
  }
  return [...groups.values()].sort(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      b.findings.length - a.findings.length ||
      (a.check < b.check ? -1 : 1),
  );
}

/** The lines to draw: each group's head, and its findings unless it is closed. */
export function flatten(groups: readonly FindingGroup[], closed: ReadonlySet<string>): FindingLine[] {
  const lines: FindingLine[] = [];
  for (const group of groups) {
    const open = !closed.has(group.check);
    lines.push({ type: 'head', group, open });
    if (!open) continue;
    group.findings.forEach((finding, index) =>
      lines.push({ type: 'row', finding, last: index === group.findings.length - 1 }),
    );
  }
  return lines;
}

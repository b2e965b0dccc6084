/** One case through everything that is compared; what the tests and the nightly script share. */
import { createAudit } from '../../shared/audit/engine.ts';
import { differences, type Difference, type Tally } from './compare.ts';
import type { Case } from './generate.ts';
import { reasonDifferences, type ReasonTally } from './reasons.ts';

export interface Tallies extends Tally, ReasonTally {}

export const newTallies = (): Tallies => ({
  verdicts: 0,
  imprecise: 0,
  explained: 0,
  rulesDeleted: 0,
  remediesTried: 0,
  dependsDecided: 0,
});

/** All differences of a case; an engine that throws is one. `seed` decides what is sampled. */
export function checkCase(
  kase: Case,
  seed: number,
  tallies: Tallies,
  parts = { views: true, reasons: true },
): Difference[] {
  try {
    const engine = createAudit(kase.snapshot, {
      auditedAt: '2026-01-01T00:00:00Z',
      version: 'test',
      assume: kase.assume,
    });
    return [
      ...(parts.views ? differences(engine, kase, { seed, tally: tallies }) : []),
      ...(parts.reasons ? reasonDifferences(engine, kase, { seed, tally: tallies }) : []),
    ];
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return [
      {
        what: 'an error is thrown',
        where: text.split('\n').slice(0, 4).join(' '),
        ours: 'an answer',
        theirs: text.split('\n')[0] ?? '',
      },
    ];
  }
}

/** A case as short text, for people. */
export function tell(kase: Case): string {
  const { snapshot, assume } = kase;
  const lines = [`assume ${JSON.stringify(assume)}, source ${snapshot.cluster.source}`];
  if (snapshot.otherPolicies.length) lines.push(`other policies ${JSON.stringify(snapshot.otherPolicies)}`);
  if (snapshot.coverage.unreadPolicies.length)
    lines.push(`policies unread ${JSON.stringify(snapshot.coverage.unreadPolicies)}`);
  lines.push(
    `enforced ${snapshot.enforcement.ingress}/${snapshot.enforcement.egress} ${JSON.stringify(snapshot.enforcement.nodes)}`,
  );
  for (const n of snapshot.namespaces) lines.push(`namespace ${JSON.stringify(n)}`);
  for (const n of snapshot.nodes) lines.push(`node ${n.name} ${n.ips.join(',')}`);
  for (const p of snapshot.pods) lines.push(`pod ${JSON.stringify(p)}`);
  for (const p of snapshot.policies) lines.push(`policy ${p.namespace}/${p.name} ${JSON.stringify(p.spec)}`);
  return lines.join('\n');
}

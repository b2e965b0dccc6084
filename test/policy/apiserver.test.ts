/**
 * S24: refused as the server refuses. The answers of a real kube-apiserver 1.36.3, a sample of which lies in the
 * repository; all of them where the folder beside it holds them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findNodeAtLocation, parseTree, type Node } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { createAudit } from '../../shared/audit/engine.ts';
import { CONFORMANCE, snapshotOf } from '../conformance/cases.ts';
import { readPolicy } from '../plain/policy.ts';

interface Answer {
  /** As it was sent: JSON.parse would make 80 of 80.0. */
  policy: string;
  accepted: boolean;
}

function answersOf(text: string, path: string[]): Answer[] {
  const list = findNodeAtLocation(parseTree(text) as Node, path) as Node;
  return (list.children ?? []).map((one) => {
    const policy = findNodeAtLocation(one, ['policy']) as Node;
    return {
      policy: text.slice(policy.offset, policy.offset + policy.length),
      accepted: findNodeAtLocation(one, ['accepted'])?.value === true,
    };
  });
}

/** Does the policy take part, by the product and by the plain evaluator? */
function accepted(policy: string, serverVersion: string): { product: boolean; plain: boolean } {
  const snapshot = snapshotOf(policy, 'policy.json');
  const record = snapshot.policies[0];
  if (record === undefined) return { product: false, plain: false };
  const audit = createAudit(snapshot, {
    auditedAt: '2026-01-01T00:00:00Z',
    version: 'test',
    assume: { serverVersion },
  });
  return {
    product: audit.overview().rejected.length === 0,
    plain: readPolicy(record, serverVersion).refusals.length === 0,
  };
}

const sample = readFileSync(new URL('../fixtures/answers/apiserver-1.36.3.json', import.meta.url), 'utf8');
const whole = join(CONFORMANCE, 'apiserver-validation', 'v1.36.3.json');
const present = existsSync(whole);

describe('the answers of a kube-apiserver 1.36.3', () => {
  it.each([
    ['a sample', answersOf(sample, ['answers'])],
    present
      ? ['all', answersOf(readFileSync(whole, 'utf8'), [])]
      : [`all of them are not here (${whole}): skipped`, []],
  ] as [string, Answer[]][])('%s', (_name, answers) => {
    for (const serverVersion of ['newest', '1.36']) {
      const differences = answers.filter((answer) => {
        const ours = accepted(answer.policy, serverVersion);
        return ours.product !== answer.accepted || ours.plain !== answer.accepted;
      });
      expect(differences).toEqual([]);
    }
  });

  it('the sample holds both answers', () => {
    const answers = answersOf(sample, ['answers']);
    expect(answers.filter((one) => one.accepted).length).toBeGreaterThan(15);
    expect(answers.filter((one) => !one.accepted).length).toBeGreaterThan(40);
  });
});

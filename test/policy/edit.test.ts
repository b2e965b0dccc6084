/**
 * One policy edited: what is brought up to date has to be what a fresh evaluation of the changed snapshot gives,
 * and an edit that cannot be taken has to leave everything as it was.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pairs, type Histogram } from '../../shared/audit/pairs.ts';
import { Model } from '../../shared/policy/model.ts';
import type { PolicyRecord, Snapshot } from '../../shared/kube/snapshot.ts';
import { takesPart } from '../plain/evaluate.ts';
import { sampler } from '../property/compare.ts';
import { cases } from '../property/generate.ts';

/** Connections that a value permits and leaves open, as text: numbers of two models cannot be compared. */
function text(model: Model, value: number): string {
  const lower = model.values.lower(value);
  const open = model.conns.subtract(model.values.upper(value), lower);
  return JSON.stringify([model.conns.toJson(lower), model.conns.toJson(open)]);
}

function histogram(model: Model, counted: Histogram): Record<string, number> {
  const out: Record<string, number> = {};
  counted.counts.forEach((count, value) => {
    if (count !== 0) out[text(model, value)] = (out[text(model, value)] ?? 0) + count;
  });
  return out;
}

function table(model: Model, snapshot: Snapshot): string[] {
  const pods = snapshot.pods.flatMap((pod, i) => (takesPart(pod) ? [i] : []));
  return pods.flatMap((p) =>
    pods.filter((q) => q !== p).map((q) => `${p} ${q} ${text(model, model.podValue(p, q))}`),
  );
}

/** Other versions of a policy: another's rules, fewer rules, no rules, its directions the other way round. */
function versions(policies: PolicyRecord[], i: number, random: (n: number) => number): unknown[] {
  const own = policies[i]!.spec as Record<string, unknown> | null | undefined;
  const others = policies.map((policy) => policy.spec);
  const list: unknown[] = [others[random(others.length)], undefined];
  if (typeof own === 'object' && own !== null) {
    list.push({ ...own, policyTypes: ['Egress'] }, { ...own, policyTypes: ['Ingress', 'Egress'] });
    list.push({ ...own, podSelector: {} }, { ...own, ingress: [] });
    if (Array.isArray(own['egress'])) list.push({ ...own, egress: own['egress'].slice(1) });
    // Labels and blocks that nobody asked for before.
    list.push({ ...own, podSelector: { matchLabels: { fresh: 'x' } } });
    list.push({
      ...own,
      ingress: [{ from: [{ ipBlock: { cidr: '198.18.0.0/15' } }], ports: [{ port: 'fresh' }] }],
    });
  }
  return list;
}

describe('a policy is edited', () => {
  it('and everything is as if the changed snapshot were evaluated anew', { timeout: 60_000 }, () => {
    let taken = 0;
    let counted = 0;
    fc.sample(cases, { numRuns: 250, seed: 11 }).forEach((kase, c) => {
      if (kase.snapshot.policies.length === 0) return;
      const random = sampler(c + 1);
      const snapshot = structuredClone(kase.snapshot);
      const model = new Model(snapshot, kase.assume);
      const pairs = new Pairs(model);
      pairs.all();
      for (let step = 0; step < 4; step++) {
        const i = random(snapshot.policies.length);
        const choices = versions(snapshot.policies, i, random);
        const spec = choices[random(choices.length)];
        const { namespace, name, origin } = snapshot.policies[i]!;
        const record: PolicyRecord = { namespace, name, origin, ...(spec === undefined ? {} : { spec }) };
        const wanted = structuredClone(snapshot);
        const told: { done: boolean } = { done: false };
        const after = pairs.edit(model.spaces.index.get(namespace) as number, () => {
          told.done = model.replacePolicy(i, record);
          return told.done;
        });
        if (told.done) {
          taken++;
          wanted.policies[i] = structuredClone(record);
        }
        expect(snapshot.policies).toEqual(wanted.policies);
        const fresh = new Model(wanted, kase.assume);
        expect(table(model, snapshot)).toEqual(table(fresh, wanted));
        if (after !== null) {
          counted++;
          expect(histogram(model, after)).toEqual(histogram(fresh, new Pairs(fresh).all()));
        } else if (told.done) break;
      }
    });
    // The comparison has to have had something to compare.
    expect(taken).toBeGreaterThan(200);
    expect(counted).toBeGreaterThan(100);
  });
});

/** What the counting of pairs builds on: the classes that a peer matches, complete and in order. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../shared/kube/snapshot.ts';
import { Model } from '../../shared/policy/model.ts';
import { cases } from '../property/generate.ts';
import { merged } from '../property/merged.ts';
import { snapshotFor } from './world.ts';

describe('the classes of a peer', () => {
  it('are those that it matches or may match, ascending; asked twice, they are the same', () => {
    const drawn = fc.sample(cases, { numRuns: Number(process.env['BULKHEAD_CLUSTERS'] ?? 150), seed: 31 });
    // Of namespaces b and d only the names are known, so that they stand behind c in what may match.
    const perhaps = snapshotFor({
      pods: ['a/1 app=x', 'b/1 app=x', 'c/1 app=x', 'd/1 app=x', 'd/2 app=y'],
      live: true,
      namespaces: { a: { env: 'x' }, c: { env: 'x' } },
      policies:
        'spec: {podSelector: {matchLabels: {app: y}}, ingress: [{from: [{namespaceSelector: {matchLabels: {env: x}}}]}]}',
      edit: (snapshot) => {
        for (const namespace of snapshot.namespaces) namespace.labelsKnown = 'ac'.includes(namespace.name);
      },
    });
    let seen = 0;
    for (const { snapshot, assume } of [...drawn, merged(1), { snapshot: perhaps, assume: {} }]) {
      const model = new Model(snapshot, assume);
      for (let peer = 0; peer < model.peers; peer++) {
        if (model.isAnyone(peer)) continue;
        const wanted: number[] = [];
        for (let c = 0; c < model.classes; c++) if (model.peerMask(peer, c) !== 0) wanted.push(c);
        expect([...model.classesOf(peer)]).toEqual(wanted);
        expect([...model.classesOf(peer)]).toEqual(wanted);
        if (model.peerBlock(peer)) expect(model.blockMatchesSomePod(peer)).toBe(wanted.length > 0);
        if (wanted.length > 1) seen++;
      }
    }
    expect(seen).toBeGreaterThan(50);
  });
});

describe('questions about policies and peers', () => {
  const pods = ['a/web app=web', 'a/db app=db', 'b/web app=web'];
  const snapshot = (): Snapshot =>
    snapshotFor({
      pods,
      policies: [
        'metadata: {name: p1}\nspec: {podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: db}}}, {ipBlock: {cidr: 10.0.0.0/8}}]}]}',
        'metadata: {name: p2}\nspec: {podSelector: {matchLabels: {app: nobody}}}',
        'metadata: {name: p3}\nspec: {podSelector: {}, policyTypes: [Egress]}',
        'metadata: {name: p4, namespace: b}\nspec: {podSelector: {matchLabels: {app: db}}}',
        'metadata: {name: p5, namespace: b}\nspec: {podSelector: {matchLabels: {app: web}}}',
        'metadata: {name: p6, namespace: c}\nspec: {podSelector: {}}',
      ].join('\n---\n'),
    });

  it('S2: which policies select a pod', () => {
    expect([...new Model(snapshot(), {}).policiesWithPods()]).toEqual([1, 0, 1, 0, 1, 0]);
  });
  it('S10: a peer of pods has its namespaces and its selector, a block its ranges', () => {
    const model = new Model(snapshot(), {});
    const pods = model.peerIdOf(0, 'ingress', 0, 0);
    const block = model.peerIdOf(0, 'ingress', 0, 1);
    expect(model.peerPods(pods)).toMatchObject({ set: { single: model.spaces.index.get('a') } });
    expect(model.labels.selectors[model.peerPods(pods)!.selector]!.requirements).toMatchObject([
      { key: 'app', operator: 'In', values: ['db'] },
    ]);
    expect(model.peerBlock(pods)).toBe(null);
    expect(model.peerPods(block)).toBe(null);
    expect(model.peerBlock(block)).toMatchObject({ family: 4, ranges: [10 * 2 ** 24, 11 * 2 ** 24] });
    expect([model.isAnyone(0), model.isAnyone(pods), model.isAnyone(block)]).toEqual([true, false, false]);
  });
});

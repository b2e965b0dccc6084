/** What the counting of pairs builds on: the classes that a peer matches, complete and in order. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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

/**
 * One policy edited: what is brought up to date has to be what a fresh evaluation of the changed snapshot gives,
 * and an edit that cannot be taken has to leave everything as it was.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAudit } from '../../shared/audit/engine.ts';
import { Pairs, type Histogram } from '../../shared/audit/pairs.ts';
import { connPoint, PROTOCOL_INDEX } from '../../shared/net/conns.ts';
import { Model } from '../../shared/policy/model.ts';
import type { Verdict } from '../../shared/audit/result.ts';
import type { PolicyRecord, Snapshot } from '../../shared/kube/snapshot.ts';
import { plainClusterOf } from '../plain/assume.ts';
import { asVerdict, plainPair, takesPart } from '../plain/evaluate.ts';
import { sampler } from '../property/compare.ts';
import { cases, type Case } from '../property/generate.ts';
import { merged } from '../property/merged.ts';
import { allPoints, type Point } from '../property/space.ts';
import { snapshotFor, type WorldOptions } from './world.ts';

/** Generated clusters; fewer where mutants are tested. */
const CLUSTERS = Number(process.env['BULKHEAD_CLUSTERS'] ?? 250);

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

describe('one pair of pods', () => {
  interface Question {
    p: number;
    q: number;
    point: Point;
    /** What may be told: what takes a look at every world at once may be left open. */
    fine: Verdict[];
  }

  /** Every pair and point of a snapshot, with the plain evaluator's answer. */
  function questions({ snapshot, assume }: Case): Question[] {
    const cluster = plainClusterOf(snapshot, assume);
    const points = allPoints(snapshot);
    const list: Question[] = [];
    snapshot.pods.forEach((src, p) => {
      snapshot.pods.forEach((dst, q) => {
        if (!takesPart(src) || !takesPart(dst)) return;
        const ends = [
          { type: 'pod', pod: src },
          { type: 'pod', pod: dst },
        ] as const;
        for (const point of points) {
          const { verdict, rough } = plainPair(cluster, ...ends, point.protocol, point.port);
          list.push({ p, q, point, fine: [asVerdict(verdict), asVerdict(rough)] });
        }
      });
    });
    return list;
  }

  let asked: { kase: Case; list: Question[] }[] | null = null;

  it('is permitted for sure where the plain evaluator says so', { timeout: 60_000 }, () => {
    asked ??= fc
      .sample(cases, { numRuns: Math.min(150, CLUSTERS), seed: 21 })
      .map((kase) => ({ kase, list: questions(structuredClone(kase)) }));
    for (const { kase, list } of asked) expect(wrong(kase, list)).toEqual([]);
  });

  /** The questions to which the quick way, or the value of the pair, gives another answer. */
  function wrong(kase: Case, list: Question[]): Question[] {
    const model = new Model(structuredClone(kase.snapshot), kase.assume);
    return list.filter(({ p, q, point, fine }) => {
      const at = connPoint(PROTOCOL_INDEX[point.protocol] as number, point.port);
      const value = model.podValue(p, q);
      const word = model.conns.has(model.values.lower(value), at)
        ? 'permitted'
        : model.conns.has(model.values.upper(value), at)
          ? 'depends'
          : 'denied';
      return !fine.includes(word) || model.permits(p, q, at) !== (word === 'permitted');
    });
  }

  const rulesFrom = (count: number, peer: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => `{from: [${peer(i)}], ports: [{port: ${1000 + 2 * i}}]}`).join(
      ', ',
    );
  const app = (i: number): string => `{podSelector: {matchLabels: {app: x${i}}}}`;
  const pods = [
    'a/target app=target ip=10.0.0.1',
    'a/one app=x1 ip=10.0.0.2',
    'a/last app=x29 ip=10.0.0.3',
    'a/none app=y ip=10.0.1.4',
    'b/one app=x1 ip=10.0.1.5',
  ];
  const others = ['{ports: [{port: 7}]}', '{from: [{ipBlock: {cidr: 10.0.1.0/24}}], ports: [{port: 9}]}'];
  const subject = 'podSelector: {matchLabels: {app: target}}';
  it.each<[string, WorldOptions]>([
    [
      'of many peers, everyone and a block among them',
      { pods, policies: `spec: {${subject}, ingress: [${rulesFrom(30, app)}, ${others.join(', ')}]}` },
    ],
    [
      'of one peer with many ports, where the other end is matched by more selectors than that',
      {
        pods,
        policies: [
          `spec: {${subject}, ingress: [${rulesFrom(30, () => app(1))}, ${others.join(', ')}]}`,
          `spec: {podSelector: {matchLabels: {app: none}}, ingress: [{from: [${['x1', 'x2', 'x3']
            .map(
              (x) =>
                `{podSelector: {matchExpressions: [{key: app, operator: In, values: [x1, ${x}, ${x}9]}]}}`,
            )
            .join(', ')}]}]}`,
        ].join('\n---\n'),
      },
    ],
    [
      'of many peers for egress, in another namespace, with names and hosts',
      {
        pods: [
          ...pods,
          'b/named app=x2 ip=10.0.1.6 port=http:1004/TCP',
          'b/host app=x3 ip=10.9.0.1 node=n1 hostNetwork',
        ],
        nodes: ['n1 10.9.0.1'],
        policies: `spec: {${subject}, policyTypes: [Egress], egress: [${Array.from(
          { length: 30 },
          (_, i) =>
            `{to: [{namespaceSelector: {}, podSelector: {matchLabels: {app: x${i}}}}], ports: [{port: ${i === 2 ? 'http' : 1000 + i}}]}`,
        ).join(', ')}]}`,
      },
    ],
    [
      'where a mesh may take away what a policy permits',
      {
        pods,
        policies: `spec: {${subject}, ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: x1}}}]}]}`,
        edit: (snapshot) => {
          const group = 'security.istio.io';
          snapshot.otherPolicies = [
            { kind: 'AuthorizationPolicy', group, namespace: 'a', name: 'x', status: 'present' },
          ];
        },
      },
    ],
    [
      'where a stored rule cannot be read',
      {
        pods,
        live: true,
        assume: { hostNetwork: 'node', ipBlockPods: 'match' },
        policies: `spec: {${subject}, ingress: [{from: [{}], ports: [{port: 80}]}, {from: [${app(1)}], ports: [{port: 81}, {port: 0}]}]}`,
      },
    ],
    [
      'with names that each pod has for itself',
      {
        pods: [
          ...pods,
          'a/named app=x2 ip=10.0.1.6 port=http:1004/TCP',
          'b/other app=x2 ip=10.0.1.7 port=http:1005/TCP',
        ],
        policies: `spec: {${subject}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}}], ports: [{port: http}, {port: 81}]}]}`,
      },
    ],
    [
      'of a namespace where another kind may permit or deny, at either end',
      {
        pods: [
          ...pods,
          'a/host app=x3 ip=10.9.0.1 node=n1 hostNetwork',
          'b/host app=x3 ip=10.9.0.1 node=n1 hostNetwork',
          'a/near app=x4 ip=10.0.0.9 node=n1',
          'b/near app=x4 ip=10.0.1.9 node=n1',
        ],
        nodes: ['n1 10.9.0.1'],
        policies:
          'spec: {podSelector: {}, policyTypes: [Ingress, Egress]}\n---\nmetadata: {namespace: b}\nspec: {podSelector: {}, policyTypes: [Ingress, Egress]}',
        edit: (snapshot) => {
          snapshot.otherPolicies = [
            { kind: 'CiliumNetworkPolicy', group: 'cilium.io', namespace: 'b', name: 'x', status: 'present' },
          ];
        },
      },
    ],
    ['that nothing isolates', { pods }],
  ])('is permitted for sure as the plain evaluator says: a row %s', (_what, options) => {
    const kase = { snapshot: snapshotFor(options), assume: options.assume ?? {} };
    expect(wrong(kase, questions(kase))).toEqual([]);
  });

  it('also under a policy of very many rules', () => {
    const rules = Array.from({ length: 400 }, (_, i) => ({
      from: [{ podSelector: { matchLabels: { id: `x${i % 200}` } } }],
      ports: [{ port: 1000 + i }],
    }));
    const kase = structuredClone(fc.sample(cases, { numRuns: 1, seed: 1 })[0] as Case);
    const { snapshot } = kase;
    const pod = fc.sample(cases, { numRuns: 9, seed: 3 }).flatMap((c) => c.snapshot.pods)[0]!;
    snapshot.otherPolicies = [];
    // One family of addresses, so that the quick way is taken.
    snapshot.nodes = [];
    snapshot.coverage.unreadPolicies = [];
    snapshot.enforcement = { ...snapshot.enforcement, ingress: 'unknown', egress: 'unknown', nodes: [] };
    const labels = [{}, { id: 'x0' }, { id: 'x7', app: 'x' }, { id: 'x199' }, { id: 'y' }, { app: 'x' }];
    snapshot.pods = labels.map((own, i) => ({
      ...pod,
      namespace: 'a',
      name: `p${i}`,
      labels: own as Record<string, string>,
      ips: [`10.0.0.${i + 8}`],
      node: null,
      hostNetwork: false,
      phase: 'Running',
      ports: [],
    }));
    const anyone = {
      from: [{ podSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } }],
      ports: [{ port: 7 }],
    };
    snapshot.policies = [
      {
        namespace: 'a',
        name: 'many',
        spec: { podSelector: {}, ingress: [...rules, anyone] },
        origin: 'manifest',
      },
    ];
    const model = new Model(snapshot, {});
    const open = (p: number): number[] => {
      const list = [];
      for (let port = 1; port <= 1500; port++) if (model.permits(p, 0, port)) list.push(port);
      return list;
    };
    expect([1, 2, 3, 4, 5].map(open)).toEqual([[1000, 1200], [7, 1007, 1207], [1199, 1399], [], [7]]);
    expect(model.conns.toJson(model.values.lower(model.podValue(2, 0)))).toEqual({
      TCP: [
        [7, 7],
        [1007, 1007],
        [1207, 1207],
      ],
    });
    const engine = createAudit(snapshot, { auditedAt: '', version: '', assume: {} });
    const why = engine.explain({
      src: { namespace: 'a', pod: 'p2' },
      dst: { namespace: 'a', pod: 'p0' },
      protocol: 'TCP',
      port: 1207,
    });
    expect(why.ingress.permits.map((ref) => ref.rule)).toEqual([207]);
  });
});

describe('a policy is edited', () => {
  it('and everything is as if the changed snapshot were evaluated anew', { timeout: 60_000 }, () => {
    let taken = 0;
    let counted = 0;
    const larger = Array.from({ length: Math.ceil(CLUSTERS / 40) }, (_, i) => merged(i));
    [...fc.sample(cases, { numRuns: CLUSTERS, seed: 11 }), ...larger].forEach((kase, c) => {
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
    expect(taken).toBeGreaterThan(CLUSTERS / 2);
    expect(counted).toBeGreaterThan(CLUSTERS / 3);
  });
});

describe('an edit worked out by hand', () => {
  const pods = [
    'a/web app=web fresh=yes ip=10.0.0.10 port=http:80/TCP port=fresh:81/TCP port=http:53/UDP',
    'a/db app=db ip=10.0.0.11',
    'b/web app=web ip=10.0.1.10',
  ];
  const start = [
    'metadata: {name: p1}\nspec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: first}, {port: http}]}]}',
    'metadata: {name: p2}\nspec: {podSelector: {matchLabels: {app: web}}, ingress: [{from: [{ipBlock: {cidr: 10.0.1.0/24}}]}]}',
  ].join('\n---\n');

  /** Gives policy p2 another spec: what was told, and whether all is as if evaluated anew (or as it was). */
  function edited(spec: unknown, policies = start, live = false): { taken: boolean; right: boolean } {
    const snapshot = snapshotFor({ pods, policies, live });
    const model = new Model(snapshot, {});
    const i = snapshot.policies.length - 1;
    const { namespace, name } = snapshot.policies[i]!;
    const record: PolicyRecord = { namespace, name, origin: live ? 'cluster' : 'manifest', spec };
    const before = structuredClone(snapshot);
    const taken = model.replacePolicy(i, record);
    const wanted = taken ? { ...before, policies: [...before.policies.slice(0, i), record] } : before;
    const right =
      JSON.stringify(snapshot) === JSON.stringify(wanted) &&
      JSON.stringify(table(model, snapshot)) === JSON.stringify(table(new Model(wanted, {}), wanted));
    return { taken, right };
  }
  const web = { podSelector: { matchLabels: { app: 'web' } } };

  it.each<[string, unknown]>([
    ['a label key of its subject', { podSelector: { matchLabels: { fresh: 'yes' } } }],
    [
      'one of several label values',
      { podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['other', 'web'] }] } },
    ],
    ['a label value of its subject', { podSelector: { matchLabels: { app: 'other' } } }],
    [
      'a label of a peer',
      { ...web, ingress: [{ from: [{ podSelector: { matchLabels: { fresh: 'yes' } } }] }] },
    ],
    [
      'a label of a peer of egress',
      {
        ...web,
        egress: [{ to: [{ podSelector: { matchExpressions: [{ key: 'fresh', operator: 'Exists' }] } }] }],
      },
    ],
    ['a block', { ...web, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.8/30' } }] }] }],
    [
      'a block of the second rule',
      { ...web, ingress: [{}, { from: [{ ipBlock: { cidr: '10.0.0.0/24' } }] }] },
    ],
    ['a named port', { ...web, ingress: [{ ports: [{ port: 'fresh' }] }] }],
    [
      'a named port with another protocol',
      { ...web, ingress: [{ ports: [{ port: 'http', protocol: 'UDP' }] }] },
    ],
  ])('that asks for %s that no policy asked for is not taken, and nothing changes', (_what, spec) => {
    expect(edited(spec)).toEqual({ taken: false, right: true });
  });

  it.each<[string, unknown]>([
    ['no rules', web],
    ['every port and peer', { ...web, ingress: [{}], egress: [{ ports: [{ port: 1, endPort: 9 }] }] }],
    ['known labels in another place', { podSelector: {}, ingress: [{ from: [web] }] }],
    [
      'a known key asked in another way',
      { podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['db'] }] }, ingress: [] },
    ],
    [
      'known values asked for together',
      {
        podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['db', 'web'] }] },
        ingress: [],
      },
    ],
    [
      'another namespace as peer',
      { ...web, ingress: [{ from: [{ namespaceSelector: { matchLabels: { x: 'y' } } }] }] },
    ],
    [
      'a known block and named port',
      {
        ...web,
        ingress: [
          { from: [{ ipBlock: { cidr: '10.0.1.0/24' } }], ports: [{ port: 'http' }, { port: 'first' }] },
        ],
      },
    ],
    [
      'the subject of another policy',
      { podSelector: { matchLabels: { app: 'db' } }, ingress: [{ ports: [{ port: 7 }] }] },
    ],
    ['what the API refuses', { ...web, policyTypes: ['Both'] }],
  ])('to %s is taken, and all is as if evaluated anew', (_what, spec) => {
    expect(edited(spec)).toEqual({ taken: true, right: true });
    // Also where it is the only policy.
    const alone = edited(
      web,
      'metadata: {name: p2}\nspec: {podSelector: {matchLabels: {app: web}}, ingress: [{}]}',
    );
    expect(alone).toEqual({ taken: true, right: true });
  });

  it('of what the API refuses to what it takes, and the other way round, also where it is stored', () => {
    const right = { taken: true, right: true };
    const good = 'metadata: {name: p2}\nspec: {podSelector: {matchLabels: {app: web}}, ingress: [{}]}';
    const types = 'metadata: {name: p2}\nspec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Both]}';
    const subject = "metadata: {name: p2}\nspec: {podSelector: {matchLabels: {app: '-'}}, ingress: [{}]}";
    const known = `metadata: {name: p1}\nspec: {podSelector: {matchLabels: {app: web}}}\n---\n`;
    for (const live of [false, true]) {
      for (const before of [types, subject]) {
        expect(edited({ ...web, ingress: [] }, known + before, live)).toEqual(right);
        expect(edited({ podSelector: {} }, before, live)).toEqual(right);
      }
      for (const spec of [
        { ...web, policyTypes: ['Both'] },
        { podSelector: { matchLabels: { app: '-' } }, ingress: [{}] },
      ]) {
        expect(edited(spec, good, live)).toEqual(right);
      }
    }
  });

  it('of the only policy to what the API refuses leaves none', () => {
    const only = 'metadata: {name: p2}\nspec: {podSelector: {matchLabels: {app: web}}}';
    expect(edited({ ...web, policyTypes: ['Both'] }, only)).toEqual({ taken: true, right: true });
  });
});

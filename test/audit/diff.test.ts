/** What two audits differ in: by hand for each kind of change, and against all pairs of pods on generated clusters. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diffAudits, LISTED } from '../../shared/audit/diff.ts';
import type { AuditDiff } from '../../shared/audit/diff.ts';
import type { AuditEngine } from '../../shared/audit/api.ts';
import type { PodRecord, Snapshot } from '../../shared/kube/snapshot.ts';
import { audit, snapshotFor } from '../policy/world.ts';
import type { WorldOptions } from '../policy/world.ts';
import { cases } from '../property/generate.ts';

/** Two pods of a Deployment in `web`, one database in `data`, enforced. */
const PODS = [
  'web/front-1 app=front owner=front ip=10.0.0.1',
  'web/front-2 app=front owner=front ip=10.0.0.2',
  'data/db app=db ip=10.0.0.3',
];
const policy = (name: string, spec: string, namespace = 'data'): string =>
  `metadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}\n---\n`;
const FROM_WEB = policy(
  'db',
  '{ podSelector: {}, policyTypes: [Ingress], ingress: [{ from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: web } } }], ports: [{ port: 5432 }] }] }',
);
const DENY = policy('db', '{ podSelector: {}, policyTypes: [Ingress] }');

type Change = Partial<WorldOptions>;
function engine(options: Change): AuditEngine {
  return audit(snapshotFor({ pods: PODS, live: true, ...options }), { enforced: 'yes', ...options.assume });
}
function diff(before: Change, after: Change): AuditDiff {
  return diffAudits(engine(before), engine(after));
}

const FRONT = { namespace: 'web', kind: 'Deployment', name: 'front' };
const DB = { namespace: 'data', kind: 'Pod', name: 'db' };
const ALL = { TCP: [[1, 65535]], UDP: [[1, 65535]], SCTP: [[1, 65535]] };
const SQL = { TCP: [[5432, 5432]] };
const NOTHING = { dependsBefore: {}, dependsAfter: {} };

describe('Two audits', () => {
  test('of one state differ in nothing', () => {
    const found = diff({ policies: FROM_WEB }, { policies: FROM_WEB });
    expect(found.summary.changed).toBe(false);
    expect(found).toMatchObject({
      isolation: { total: 0 },
      outside: { total: 0 },
      pairs: { complete: true, workloads: { total: 0 }, namespaces: { total: 0 } },
      findings: { added: { total: 0 }, gone: { total: 0 } },
      enforcement: null,
      assumptions: [],
      coverage: null,
    });
  });

  test('of a policy that came: isolation, reach from outside and pairs, each with its numbers', () => {
    const found = diff({}, { policies: FROM_WEB });
    expect(found.objects.policies.rows).toEqual([
      { namespace: 'data', name: 'db', change: 'added', parts: [] },
    ]);
    expect(found.isolation.rows).toEqual([
      {
        workload: DB,
        direction: 'ingress',
        from: 'open',
        to: 'isolated',
        paperFrom: 'open',
        paperTo: 'isolated',
        pods: 1,
        names: ['db'],
      },
    ]);
    expect(found.outside.rows).toEqual([
      {
        workload: DB,
        direction: 'ingress',
        change: 'lost',
        from: 'anywhere',
        to: 'none',
        pods: 1,
        names: ['db'],
      },
    ]);
    expect(found.pairs.workloads).toEqual({
      total: 1,
      rows: [{ src: FRONT, dst: DB, before: ALL, after: SQL, ...NOTHING, gained: false, lost: true }],
    });
    // Two pods of front to one of db.
    expect(found.pairs.namespaces.rows).toEqual([{ src: 'web', dst: 'data', gained: 0, lost: 2, other: 0 }]);
    expect(found.summary).toMatchObject({
      policies: 1,
      isolation: 1,
      outside: 1,
      pairs: { gained: 0, lost: 2 },
    });
  });

  test('of a policy that was edited: which parts of it, and what that permits', () => {
    const found = diff({ policies: FROM_WEB }, { policies: DENY });
    expect(found.objects.policies.rows).toEqual([
      { namespace: 'data', name: 'db', change: 'modified', parts: ['ingress'] },
    ]);
    expect(found.isolation.total).toBe(0);
    expect(found.pairs.workloads.rows).toEqual([
      { src: FRONT, dst: DB, before: SQL, after: {}, ...NOTHING, gained: false, lost: true },
    ]);
  });

  test('between which one workload took the place of another, with equal numbers of everything', () => {
    const pods = ['web/a app=a ip=10.0.0.1', 'web/b app=b ip=10.0.0.2', 'data/db app=db ip=10.0.0.3'];
    const from = (app: string): string =>
      policy(
        'db',
        `{ podSelector: {}, policyTypes: [Ingress], ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: ${app} } } }] }] }`,
      );
    const found = diff({ pods, policies: from('a') }, { pods, policies: from('b') });
    const { before, after } = found.summary;
    expect(after.pairs).toEqual(before.pairs);
    expect(found.pairs.workloads.rows.map(({ src, gained, lost }) => [src.name, gained, lost])).toEqual([
      ['b', true, false],
      ['a', false, true],
    ]);
  });

  test('of a relabelled namespace: the labels, and what they open', () => {
    const found = diff(
      {
        policies: policy(
          'db',
          '{ podSelector: {}, policyTypes: [Ingress], ingress: [{ from: [{ namespaceSelector: { matchLabels: { trusted: "yes" } } }] }] }',
        ),
      },
      {
        namespaces: { web: { trusted: 'yes' } },
        policies: policy(
          'db',
          '{ podSelector: {}, policyTypes: [Ingress], ingress: [{ from: [{ namespaceSelector: { matchLabels: { trusted: "yes" } } }] }] }',
        ),
      },
    );
    expect(found.objects.namespaces.rows).toEqual([
      { name: 'web', change: 'modified', labels: [{ key: 'trusted', before: null, after: 'yes' }] },
    ]);
    expect(found.pairs.workloads.rows).toEqual([
      { src: FRONT, dst: DB, before: {}, after: ALL, ...NOTHING, gained: true, lost: false },
    ]);
  });

  test('between which a rollout replaced all pods differ in objects, and in nothing that it means', () => {
    const pods = [
      'web/front-8 app=front rev=2 owner=front ip=10.0.0.8',
      'web/front-9 app=front rev=2 owner=front ip=10.0.0.9',
      PODS[2] as string,
    ];
    const found = diff({ policies: FROM_WEB }, { policies: FROM_WEB, pods });
    expect(found.objects.pods.rows).toEqual([{ ...FRONT, added: 2, removed: 2, modified: 0, parts: [] }]);
    expect(found.summary).toMatchObject({
      changed: true,
      pods: 4,
      isolation: 0,
      outside: 0,
      pairs: { gained: 0, lost: 0, other: 0 },
    });
  });

  test('between which a rollout lost the label that isolated it say so by the workload', () => {
    const isolating = policy(
      'front',
      '{ podSelector: { matchLabels: { app: front } }, policyTypes: [Egress] }',
      'web',
    );
    const found = diff(
      { policies: isolating },
      { policies: isolating, pods: ['web/front-9 app=new owner=front ip=10.0.0.9', PODS[2] as string] },
    );
    expect(found.isolation.rows).toMatchObject([
      { workload: FRONT, direction: 'egress', from: 'isolated', to: 'open', pods: 1, names: ['front-9'] },
    ]);
    expect(found.outside.rows).toMatchObject([
      { workload: FRONT, direction: 'egress', change: 'gained', from: 'none', to: 'anywhere' },
    ]);
    expect(found.pairs.workloads.rows).toMatchObject([{ src: FRONT, dst: DB, gained: true, lost: false }]);
  });

  test('of a scaled workload differ in pods, not in what is permitted', () => {
    const found = diff(
      { policies: FROM_WEB },
      { policies: FROM_WEB, pods: [...PODS, 'web/front-3 app=front owner=front ip=10.0.0.4'] },
    );
    expect(found.summary).toMatchObject({
      pods: 1,
      isolation: 0,
      outside: 0,
      pairs: { gained: 0, lost: 0, other: 0 },
    });
  });

  test('of a new workload: that it is there, not isolated, and may send anywhere', () => {
    const found = diff({}, { pods: [...PODS, 'web/cron app=cron owner=cron ip=10.0.0.4'] });
    expect(
      found.isolation.rows.map(({ workload, direction, from, to }) => [workload.name, direction, from, to]),
    ).toEqual([
      ['cron', 'egress', null, 'open'],
      ['cron', 'ingress', null, 'open'],
    ]);
    expect(found.outside.rows).toMatchObject([
      { direction: 'egress', change: 'gained', from: null, to: 'anywhere' },
    ]);
    expect(found.summary).toMatchObject({ pods: 1, isolation: 0, exposed: 1, outside: 0 });
  });

  test('of a wider range of addresses name it though the width has one name', () => {
    const to = (cidr: string): string =>
      policy(
        'out',
        `{ podSelector: {}, policyTypes: [Egress], egress: [{ to: [{ ipBlock: { cidr: ${cidr} } }] }] }`,
      );
    const wider = diff({ policies: to('203.0.113.0/25') }, { policies: to('203.0.113.0/24') });
    expect(wider.outside.rows).toMatchObject([
      { workload: DB, change: 'changed', from: 'ranges', to: 'ranges' },
    ]);
    const widest = diff({ policies: to('203.0.113.0/25') }, { policies: to('0.0.0.0/0') });
    expect(widest.outside.rows).toMatchObject([{ change: 'widened', from: 'ranges', to: 'anywhere' }]);
  });

  test('of a cluster whose policies nothing enforces any more: everything is open, on paper it is as it was', () => {
    const unenforced = (snapshot: Snapshot): void => {
      snapshot.enforcement = { ...snapshot.enforcement, plugin: 'flannel', ingress: 'no', egress: 'no' };
    };
    const enforced = (snapshot: Snapshot): void => {
      snapshot.enforcement = { ...snapshot.enforcement, plugin: 'calico', ingress: 'yes', egress: 'yes' };
    };
    const found = diffAudits(
      audit(snapshotFor({ pods: PODS, policies: DENY, live: true, edit: enforced })),
      audit(snapshotFor({ pods: PODS, policies: DENY, live: true, edit: unenforced })),
    );
    expect(found.enforcement).toMatchObject({ before: { plugin: 'calico' }, after: { plugin: 'flannel' } });
    expect(found.summary.ground).toBe(true);
    expect(found.isolation.rows).toMatchObject([
      { direction: 'ingress', from: 'isolated', to: 'open', paperFrom: 'isolated', paperTo: 'isolated' },
    ]);
    expect(found.pairs.workloads.rows).toMatchObject([
      { src: FRONT, dst: DB, before: {}, after: ALL, gained: true },
    ]);
  });

  test('of a namespace that may not be read any more', () => {
    const found = diff(
      { policies: DENY },
      {
        policies: DENY,
        edit: (snapshot) => {
          snapshot.coverage = { ...snapshot.coverage, complete: false, unreadPolicies: ['web'] };
        },
      },
    );
    expect(found.coverage).toEqual({
      before: { complete: true, unreadPolicies: [], unreadPods: [] },
      after: { complete: false, unreadPolicies: ['web'], unreadPods: [] },
    });
    expect(found.isolation.rows.map(({ workload, to }) => [workload.name, to])).toEqual([
      ['front', 'unknown'],
      ['front', 'unknown'],
    ]);
    // What was permitted for sure is now only perhaps.
    const rows = found.pairs.workloads.rows;
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row).toMatchObject({ after: {}, gained: false });
  });

  test('name findings that are new and gone, and not those whose numbers changed', () => {
    const more = [...PODS, 'web/front-3 app=front owner=front ip=10.0.0.4'];
    const same = diff({}, { pods: more });
    expect([same.findings.added.total, same.findings.gone.total]).toEqual([0, 0]);
    const selectsNothing = policy('idle', '{ podSelector: { matchLabels: { app: nobody } } }');
    const found = diff({}, { policies: selectsNothing });
    const checks = found.findings.added.rows.map(({ check, object }) => `${check} ${object?.name}`);
    expect(checks).toContain('policy.selects-nothing idle');
    expect(diff({ policies: selectsNothing }, {}).findings.gone.rows.map(({ check }) => check)).toContain(
      'policy.selects-nothing',
    );
  });

  test('have lists that are cut, with their true totals', () => {
    const pods = Array.from({ length: 30 }, (_, i) => `web/w${i} app=w${i} ip=10.0.1.${i}`);
    const deny = policy('deny', '{ podSelector: {}, policyTypes: [Ingress] }', 'web');
    const found = diff({ pods }, { pods, policies: deny });
    expect(found.pairs.workloads.total).toBe(30 * 29);
    expect(found.pairs.workloads.rows).toHaveLength(LISTED);
    expect(found.summary.pairs.lost).toBe(30 * 29);
  });

  test('give the same, whatever the order of their objects', () => {
    const turned = (snapshot: Snapshot): void => {
      snapshot.policies.reverse();
      snapshot.namespaces.reverse();
    };
    const policies = FROM_WEB + policy('other', '{ podSelector: { matchLabels: { app: db } } }');
    expect(diff({ policies, edit: turned }, { edit: turned })).toEqual(diff({ policies }, {}));
  });
});

describe('Every pair of workloads whose connections changed', () => {
  const workload = (pod: PodRecord): string => {
    const { kind, name } = pod.owner ?? pod;
    return `${pod.namespace}/${kind}/${name}`;
  };

  /** By asking for each pair of pods that are in both, one by one. Pairs on one node are left out (S7). */
  function byHand(before: AuditEngine, after: AuditEngine): Set<string> {
    const id = (pod: PodRecord): string => `${pod.namespace}/${pod.kind}/${pod.name}`;
    const known = new Map<string, number>();
    before.snapshot.pods.forEach((pod, i) => before.classes.of(i) >= 0 && known.set(id(pod), i));
    const both = after.snapshot.pods.filter(
      (pod, i) =>
        after.classes.of(i) >= 0 &&
        known.has(id(pod)) &&
        workload(before.snapshot.pods[known.get(id(pod))!]!) === workload(pod),
    );
    const changed = new Set<string>();
    const of = (audited: AuditEngine, src: PodRecord, dst: PodRecord): string => {
      const end = (pod: PodRecord): { namespace: string; pod: string } => ({
        namespace: pod.namespace,
        pod: pod.kind === 'Pod' ? pod.name : `${pod.kind}/${pod.name}`,
      });
      const { conns, depends } = audited.explain({ src: end(src), dst: end(dst), protocol: 'TCP', port: 80 });
      return JSON.stringify([conns, depends]);
    };
    for (const src of both) {
      for (const dst of both) {
        if (src === dst || (src.node !== null && src.node === dst.node)) continue;
        const [wasSrc, wasDst] = [src, dst].map((pod) => before.snapshot.pods[known.get(id(pod))!]!);
        if (wasSrc!.node !== null && wasSrc!.node === wasDst!.node) continue;
        if (of(before, src, dst) !== of(after, src, dst)) changed.add(`${workload(src)} > ${workload(dst)}`);
      }
    }
    return changed;
  }

  /** One random change of a cluster, as an edit of its snapshot. */
  function changed(snapshot: Snapshot, other: Snapshot, how: number, which: number): Snapshot {
    const next = structuredClone(snapshot);
    const pick = <T>(list: T[]): T | undefined => list[which % Math.max(1, list.length)];
    const at = <T>(list: T[]): number => which % Math.max(1, list.length);
    switch (how) {
      case 0:
        next.policies.splice(at(next.policies), 1);
        break;
      case 1: {
        const one = pick(next.policies);
        const another = pick(other.policies);
        if (one && another) one.spec = structuredClone(another.spec);
        break;
      }
      case 2: {
        const one = pick(next.pods);
        const another = pick(other.pods);
        if (one && another) one.labels = another.labels;
        break;
      }
      case 3: {
        const one = pick(next.namespaces);
        const another = pick(other.namespaces);
        if (one && another) one.labels = { ...another.labels, 'kubernetes.io/metadata.name': one.name };
        break;
      }
      case 4: {
        const one = pick(next.pods);
        const another = pick(other.pods);
        if (one && another)
          [one.ips, one.ports, one.hostNetwork] = [another.ips, another.ports, another.hostNetwork];
        break;
      }
      case 5:
        next.pods.splice(at(next.pods), 1);
        break;
      case 6:
        next.enforcement = other.enforcement;
        break;
      case 7:
        next.otherPolicies = other.otherPolicies;
        break;
      default:
        next.nodes.splice(at(next.nodes), 1);
    }
    return next;
  }

  test('is found, and no other, as asking for each pair of pods finds it', () => {
    let some = 0;
    let exact = 0;
    fc.assert(
      fc.property(
        cases,
        cases,
        fc.array(fc.tuple(fc.nat(8), fc.nat()), { minLength: 1, maxLength: 4, size: 'max' }),
        (one, other, happened) => {
          const { snapshot, assume } = one;
          // Each pod on a node of its own in every second cluster: then no pair is left out.
          const apart = (happened.length + snapshot.pods.length) % 2 === 0;
          if (apart) snapshot.pods.forEach((pod, i) => (pod.node = `own-${i}`));
          let later = snapshot;
          for (const [how, which] of happened) later = changed(later, other.snapshot, how, which);
          const before = audit(snapshot, assume);
          const after = audit(later, assume);
          const found = diffAudits(before, after);
          const listed = new Set(
            found.pairs.workloads.rows.map(
              ({ src, dst }) =>
                `${src.namespace}/${src.kind}/${src.name} > ${dst.namespace}/${dst.kind}/${dst.name}`,
            ),
          );
          const wanted = byHand(before, after);
          some += wanted.size > 0 ? 1 : 0;
          for (const pair of wanted) expect(listed).toContain(pair);
          if (apart) {
            expect([...listed].sort()).toEqual([...wanted].sort());
            exact += wanted.size > 0 ? 1 : 0;
          }
          expect(found.pairs.complete).toBe(true);
        },
      ),
      { numRuns: 1000, seed: 20_261_122 },
    );
    expect(some).toBeGreaterThan(100);
    expect(exact).toBeGreaterThan(40);
  });
});

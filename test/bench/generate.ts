/**
 * Clusters for measuring: deterministic from a seed, and no copy of anybody's. The realistic mix follows what
 * public policy collections show; the adversaries are built against what makes a policy evaluator slow.
 */
import type { NamespaceRecord, PodRecord, PolicyRecord, Snapshot } from '../../shared/kube/snapshot.ts';

/** Whole numbers below a bound, the same sequence for the same seed (a 32-bit linear congruence). */
export function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export function snapshotOf(
  name: string,
  namespaces: NamespaceRecord[],
  pods: PodRecord[],
  policies: PolicyRecord[],
): Snapshot {
  const byName = (a: { namespace: string; name: string }, b: { namespace: string; name: string }): number =>
    a.namespace < b.namespace ? -1 : a.namespace > b.namespace ? 1 : a.name < b.name ? -1 : 1;
  return {
    format: 'bulkhead.snapshot',
    version: 1,
    cluster: {
      name,
      source: 'manifests',
      serverVersion: null,
      takenAt: '2026-01-01T00:00:00.000Z',
      warnings: [],
    },
    namespaces: namespaces.sort((a, b) => (a.name < b.name ? -1 : 1)),
    pods: pods.sort(byName),
    nodes: [],
    services: [],
    endpointSlices: [],
    ingresses: [],
    policies: policies.sort(byName),
    otherPolicies: [],
    enforcement: {
      plugin: null,
      ingress: 'unknown',
      egress: 'unknown',
      evidence: [],
      nodes: [],
      implies: {},
    },
    coverage: { complete: true, entries: [], unreadPolicies: [], unreadPods: [], skippedDocuments: 0 },
    problems: [],
  };
}

function namespace(name: string, labels: Record<string, string> = {}): NamespaceRecord {
  return {
    name,
    labels: { 'kubernetes.io/metadata.name': name, ...labels },
    labelsKnown: true,
    implied: false,
  };
}

function address(i: number): string {
  return `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
}

function pod(
  ns: string,
  name: string,
  i: number,
  labels: Record<string, string>,
  ports: PodRecord['ports'] = [],
): PodRecord {
  return {
    namespace: ns,
    name,
    kind: 'Pod',
    labels,
    ips: [address(i)],
    node: `node-${i % 200}`,
    hostNetwork: false,
    phase: 'Running',
    terminating: false,
    ports,
    owner: null,
    replicas: 1,
  };
}

function policy(ns: string, name: string, spec: unknown): PolicyRecord {
  return { namespace: ns, name, spec, origin: 'cluster' };
}

const TEAMS = 20;
const APPS = 10;

/**
 * The realistic mix: 100 pods and 10 policies a namespace on average. A tenth of the namespaces has no policy;
 * the others have a default deny (a third for both directions), same-namespace traffic, a namespace by its name
 * label, a team's namespaces, pod selectors with expressions, named ports, port ranges, and blocks with except.
 */
export function realistic(pods: number, policies: number, spaces: number, seed = 7): Snapshot {
  const next = numbers(seed);
  const nss: NamespaceRecord[] = [];
  const ps: PodRecord[] = [];
  const pols: PolicyRecord[] = [];
  const nameOf = (k: number): string => `ns-${String(k).padStart(4, '0')}`;
  const perSpace = pods / spaces;
  let budget = policies;
  for (let k = 0; k < spaces; k++) {
    const ns = nameOf(k);
    nss.push(namespace(ns, { team: `team-${k % TEAMS}`, env: k % 3 === 0 ? 'prod' : 'dev' }));
    for (let j = 0; j < perSpace; j++) {
      const app = j % APPS;
      const index = ps.length;
      ps.push(
        pod(
          ns,
          `app-${app}-${String(j).padStart(5, '0')}`,
          index,
          {
            app: `app-${app}`,
            tier: app < 3 ? 'web' : app < 7 ? 'service' : 'data',
            'pod-template-hash': `${k}-${app}`,
            ...(j % 7 === 0 ? { track: 'canary' } : {}),
          },
          [
            { name: 'http', port: app % 2 === 0 ? 8080 : 8000 + app, protocol: 'TCP' },
            { name: 'metrics', port: 9090, protocol: 'TCP' },
          ],
        ),
      );
    }
    if (k % 10 === 9) continue;
    const share = Math.min(budget, Math.round((policies / (spaces * 0.9)) * 100) / 100);
    const wanted = Math.floor(share) + (next(100) < (share % 1) * 100 ? 1 : 0);
    for (let i = 0; i < wanted; i++)
      pols.push(policy(ns, `policy-${String(i).padStart(3, '0')}`, mix(i, k, next, nameOf, spaces)));
    budget -= wanted;
  }
  return snapshotOf(`realistic ${pods}`, nss, ps, pols);
}

function mix(
  i: number,
  k: number,
  next: (below: number) => number,
  nameOf: (k: number) => string,
  spaces: number,
): unknown {
  const app = (): string => `app-${next(APPS)}`;
  switch (i % 11) {
    case 0:
      return { podSelector: {}, policyTypes: k % 3 === 0 ? ['Ingress', 'Egress'] : ['Ingress'] };
    case 1:
      return { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }], policyTypes: ['Ingress'] };
    case 2:
      return {
        podSelector: { matchLabels: { tier: 'web' } },
        ingress: [
          {
            from: [
              { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': nameOf(next(spaces)) } } },
            ],
            ports: [{ protocol: 'TCP', port: 'http' }],
          },
        ],
        policyTypes: ['Ingress'],
      };
    case 3:
      return {
        podSelector: { matchLabels: { tier: 'data' } },
        ingress: [
          {
            from: [
              {
                podSelector: {
                  matchExpressions: [{ key: 'tier', operator: 'In', values: ['web', 'service'] }],
                },
              },
            ],
            ports: [{ port: 5432 }, { port: 6379 }],
          },
        ],
      };
    case 4:
      return {
        podSelector: { matchLabels: { app: app() } },
        ingress: [
          {
            from: [{ podSelector: { matchLabels: { app: app() } } }],
            ports: [{ port: 8000, endPort: 8100 }],
          },
        ],
      };
    case 5:
      return {
        podSelector: {},
        egress: [
          {
            to: [
              {
                namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': nameOf(0) } },
                podSelector: { matchLabels: { app: 'app-0' } },
              },
            ],
            ports: [
              { protocol: 'UDP', port: 53 },
              { protocol: 'TCP', port: 53 },
            ],
          },
          { to: [{ podSelector: {} }] },
        ],
        policyTypes: ['Egress'],
      };
    case 6:
      return {
        podSelector: { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['data'] }] },
        egress: [
          {
            to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8', `192.168.${k % 8}.0/24`] } }],
            ports: [{ port: 443 }],
          },
        ],
        policyTypes: ['Egress'],
      };
    case 7:
      return {
        podSelector: { matchLabels: { app: app() } },
        ingress: [
          {
            from: [
              {
                namespaceSelector: { matchLabels: { team: `team-${next(TEAMS)}` } },
                podSelector: { matchExpressions: [{ key: 'tier', operator: 'Exists' }] },
              },
            ],
            ports: [{ port: 'metrics' }],
          },
        ],
      };
    case 8:
      return {
        podSelector: { matchLabels: { app: app(), track: 'canary' } },
        ingress: [
          {
            from: [{ namespaceSelector: {}, podSelector: { matchLabels: { tier: 'service' } } }],
            ports: [{ port: 8443 }],
          },
        ],
      };
    case 9:
      return {
        podSelector: { matchLabels: { tier: 'web' } },
        ingress: [
          {
            from: [{ ipBlock: { cidr: `203.0.${k % 64}.0/24`, except: [`203.0.${k % 64}.128/25`] } }],
            ports: [{ port: 443 }],
          },
        ],
      };
    default:
      return {
        podSelector: { matchLabels: { app: app() } },
        egress: [
          {
            to: [{ namespaceSelector: { matchLabels: { team: `team-${k % TEAMS}`, env: 'prod' } } }],
            ports: [{ port: 9000, endPort: 9100 }],
          },
        ],
        policyTypes: ['Egress'],
      };
  }
}

/** The realistic mix by size: pods, policies, namespaces. */
export const SIZES: Record<string, (() => Snapshot) | undefined> = {
  S: () => realistic(1_000, 200, 10),
  M: () => realistic(10_000, 2_000, 100),
  L: () => realistic(100_000, 10_000, 1_000),
  XL: () => realistic(150_000, 15_000, 1_500),
};

/** The clusters that hurt. Each says what it is made against. */
export const ADVERSARIES: Record<string, { about: string; make: () => Snapshot }> = {
  'unique labels': {
    about: '100,000 pods with a label of their own, 20,000 policies that select them one by one',
    make: () => {
      const nss = Array.from({ length: 100 }, (_, k) => namespace(`ns-${String(k).padStart(3, '0')}`));
      const ps: PodRecord[] = [];
      const pols: PolicyRecord[] = [];
      for (let i = 0; i < 100_000; i++) {
        ps.push(pod(nss[i % 100]!.name, `pod-${String(i).padStart(6, '0')}`, i, { id: `id-${i}` }));
      }
      for (let i = 0; i < 20_000; i++) {
        const ns = nss[i % 100]!.name;
        pols.push(
          policy(ns, `policy-${String(i).padStart(5, '0')}`, {
            podSelector: { matchLabels: { id: `id-${i}` } },
            ingress: [
              {
                from: [
                  {
                    namespaceSelector: {},
                    podSelector: { matchLabels: { id: `id-${(i * 7 + 13) % 100_000}` } },
                  },
                ],
                ports: [{ port: 1 + (i % 50) }],
              },
            ],
          }),
        );
      }
      return snapshotOf('unique labels', nss, ps, pols);
    },
  },
  'label bits': {
    about: '100,000 pods over 12 independent label bits, 4,096 policies that select every combination',
    make: () => {
      const nss = Array.from({ length: 10 }, (_, k) => namespace(`ns-${k}`));
      const ps: PodRecord[] = [];
      const pols: PolicyRecord[] = [];
      const bits = (mask: number): Record<string, string> => {
        const labels: Record<string, string> = {};
        for (let b = 0; b < 12; b++) if (mask & (1 << b)) labels[`bit-${b}`] = 'on';
        return labels;
      };
      for (let i = 0; i < 100_000; i++) {
        ps.push(pod(`ns-${i % 10}`, `pod-${String(i).padStart(6, '0')}`, i, bits(i % 4096)));
      }
      for (let mask = 0; mask < 4096; mask++) {
        const wanted = bits((mask * 1021) % 4096);
        pols.push(
          policy(`ns-${mask % 10}`, `policy-${String(mask).padStart(4, '0')}`, {
            podSelector: { matchLabels: bits(mask) },
            ingress: [
              { from: [{ podSelector: { matchLabels: wanted } }], ports: [{ port: 1000 + (mask % 16) }] },
            ],
          }),
        );
      }
      return snapshotOf('label bits', nss, ps, pols);
    },
  },
  'random labels': {
    about: '20,000 pods with 5 keys of 10 values at random, 5,000 policies on one or two of them',
    make: () => {
      const next = numbers(11);
      const nss = Array.from({ length: 100 }, (_, k) => namespace(`ns-${String(k).padStart(3, '0')}`));
      const ps: PodRecord[] = [];
      const pols: PolicyRecord[] = [];
      const some = (n: number): Record<string, string> => {
        const labels: Record<string, string> = {};
        for (let j = 0; j < n; j++) labels[`key-${next(5)}`] = `value-${next(10)}`;
        return labels;
      };
      for (let i = 0; i < 20_000; i++) {
        const labels: Record<string, string> = {};
        for (let j = 0; j < 5; j++) labels[`key-${j}`] = `value-${next(10)}`;
        ps.push(pod(nss[i % 100]!.name, `pod-${String(i).padStart(6, '0')}`, i, labels));
      }
      for (let i = 0; i < 5_000; i++) {
        const peer = {
          podSelector: { matchLabels: some(2) },
          ...(i % 4 === 0 ? { namespaceSelector: {} } : {}),
        };
        pols.push(
          policy(nss[i % 100]!.name, `policy-${String(i).padStart(5, '0')}`, {
            podSelector: { matchLabels: some(1 + (i % 2)) },
            ...(i % 2 === 0
              ? { ingress: [{ from: [peer], ports: [{ port: 8000 + (i % 20) }] }], policyTypes: ['Ingress'] }
              : {
                  egress: [{ to: [peer], ports: [{ port: 8000, endPort: 8000 + (i % 20) }] }],
                  policyTypes: ['Egress'],
                }),
          }),
        );
      }
      return snapshotOf('random labels', nss, ps, pols);
    },
  },
  'one namespace': {
    about: '10,000 pods and 10,000 policies in one namespace',
    make: () => {
      const next = numbers(13);
      const ps: PodRecord[] = [];
      const pols: PolicyRecord[] = [];
      for (let i = 0; i < 10_000; i++) {
        ps.push(
          pod('all', `pod-${String(i).padStart(5, '0')}`, i, {
            app: `app-${i % 500}`,
            tier: `tier-${i % 7}`,
            version: `v${i % 3}`,
          }),
        );
      }
      for (let i = 0; i < 10_000; i++) {
        const peer = {
          podSelector: {
            matchLabels: { app: `app-${next(500)}`, ...(i % 3 === 0 ? { tier: `tier-${next(7)}` } : {}) },
          },
        };
        pols.push(
          policy('all', `policy-${String(i).padStart(5, '0')}`, {
            podSelector: {
              matchLabels: { app: `app-${i % 500}`, ...(i % 2 === 0 ? { version: `v${next(3)}` } : {}) },
            },
            ...(i % 2 === 0
              ? { ingress: [{ from: [peer], ports: [{ port: 1 + next(100) }] }] }
              : {
                  egress: [{ to: [peer], ports: [{ port: 1 + next(50), endPort: 60 + next(40) }] }],
                  policyTypes: ['Egress'],
                }),
          }),
        );
      }
      return snapshotOf('one namespace', [namespace('all')], ps, pols);
    },
  },
  'long policies': {
    about: '20,000 pods, 200 policies of 1,000 rules each',
    make: () => {
      const nss = Array.from({ length: 20 }, (_, k) => namespace(`ns-${String(k).padStart(2, '0')}`));
      const ps: PodRecord[] = [];
      const pols: PolicyRecord[] = [];
      for (let i = 0; i < 20_000; i++) {
        ps.push(
          pod(nss[i % 20]!.name, `pod-${String(i).padStart(5, '0')}`, i, {
            app: `app-${i % 2000}`,
            tier: `tier-${i % 5}`,
          }),
        );
      }
      for (let i = 0; i < 200; i++) {
        const rules = Array.from({ length: 1000 }, (_, r) => ({
          from: [
            { namespaceSelector: {}, podSelector: { matchLabels: { app: `app-${(r * 3 + i) % 2000}` } } },
          ],
          ports: [{ port: 1 + ((r * 31 + i) % 400) }],
        }));
        pols.push(
          policy(nss[i % 20]!.name, `policy-${String(i).padStart(4, '0')}`, {
            podSelector: { matchLabels: { tier: `tier-${i % 5}` } },
            ingress: rules,
          }),
        );
      }
      return snapshotOf('long policies', nss, ps, pols);
    },
  },
};

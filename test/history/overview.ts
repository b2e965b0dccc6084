import type { Overview } from '../../shared/audit/result.ts';

/** An overview in which every figure differs, so that two columns that were mixed up show. */
export function overviewOf(cluster: string, auditedAt: string): Overview {
  return {
    schema: 'bulkhead.audit/v1',
    version: '9.8.7',
    cluster: {
      name: cluster,
      source: 'context',
      file: '/home/ada/.kube/config',
      server: 'https://10.0.0.1:6443',
      serverVersion: 'v1.33.2',
      takenAt: '2026-03-01T11:59:00.000Z',
      warnings: [],
    },
    auditedAt,
    assumptions: [{ name: 'ipBlockPods', value: 'match', origin: 'user' }],
    enforcement: { plugin: 'calico', ingress: 'yes', egress: 'yes', evidence: [], nodes: [], implies: {} },
    coverage: {
      complete: false,
      entries: [],
      unreadPolicies: ['payments'],
      unreadPods: [],
      skippedDocuments: 0,
    },
    summary: {
      isolation: {
        pods: 101,
        both: 11,
        ingressOnly: 12,
        egressOnly: 13,
        none: 14,
        notIsolatable: 15,
        unknown: 16,
        allPermitted: 17,
        paperOnly: 18,
      },
      openEgress: { anywhere: 21, anywhereSomePorts: 22, ranges: 23, depends: 24, none: 25 },
      namespaces: 31,
      workloads: 32,
      policies: 33,
      rejectedPolicies: 34,
      nodes: 35,
      finishedPods: 36,
      findings: { critical: 1, high: 20, medium: 300, low: 4000, info: 50000 },
      pairs: { total: 41, permitted: 42, full: 43, depends: 44, denied: 45 },
    },
    namespaces: [],
    rejected: [],
  };
}

/**
 * The published shapes of what the terminal prints as JSON: `bulkhead.audit/v1`, `bulkhead.audits/v1` (several
 * clusters in one report) and `bulkhead.connections/v1`. build/schema/*.json is made from here by build/schema.mjs.
 * Version 1 may gain optional fields; nothing is removed, renamed or given another meaning.
 */
import { z } from 'zod';
import type { AuditJson, ConnectionsJson } from '../audit/result.ts';
import { PASSED, READ_BOUNDS } from '../kube/snapshot.ts';
import type { Tri } from '../kube/snapshot.ts';

const tri = z.enum(['yes', 'no', 'unknown']).describe('Known to be so, known not to be so, or not known.');
const severity = z.enum(['critical', 'high', 'medium', 'low', 'info']);
const count = z.number().int().nonnegative();
const params = z.record(z.string(), z.union([z.string(), z.number()]));

const place = z
  .strictObject({
    file: z.string().describe("File as the user named it; '-' is standard input.").optional(),
    document: z.number().int().describe('1-based document in the file.').optional(),
    line: z.number().int().optional(),
    column: z.number().int().optional(),
    field: z
      .string()
      .describe('JSON path below the object, e.g. spec.ingress[0].ports[1].endPort.')
      .optional(),
  })
  .describe('Where something was read.');

const object = z.strictObject({ kind: z.string(), namespace: z.string().nullable(), name: z.string() });

const isolationState = z
  .enum(['open', 'isolated', 'isolated-all-permitted', 'not-isolatable', 'unknown'])
  .describe(
    'open: no policy isolates the pod, or none is enforced. isolated-all-permitted: isolated by policies that permit everything. not-isolatable: a host-network pod.',
  );

const egressWidth = z
  .enum(['anywhere', 'anywhere-some-ports', 'ranges', 'depends', 'none'])
  .describe('How much of the address space outside the cluster.');

const portRange = z.tuple([z.number().int().min(1).max(65535), z.number().int().min(1).max(65535)]);
const conns = z
  .strictObject({
    TCP: z.array(portRange).optional(),
    UDP: z.array(portRange).optional(),
    SCTP: z.array(portRange).optional(),
  })
  .describe('Sorted, disjoint, inclusive port ranges by protocol; an absent protocol means none.');

const assumptionValues = z.strictObject({
  ipBlockPods: z.enum(['match', 'ignore', 'unknown']).optional(),
  hostNetwork: z.enum(['node', 'pod', 'unknown']).optional(),
  serverVersion: z.string().optional(),
  endPort: z.enum(['on', 'off', 'unknown']).optional(),
  sctp: z.enum(['on', 'off', 'unknown']).optional(),
  enforced: tri.optional(),
  unselected: z.enum(['permit', 'deny', 'unknown']).optional(),
});

const evidence = z.strictObject({ where: z.string(), what: z.string() });
const enforcement = z
  .strictObject({
    plugin: z.string().nullable(),
    ingress: tri,
    egress: tri,
    evidence: z.array(evidence),
    nodes: z
      .array(
        z.strictObject({
          node: z.string(),
          plugin: z.string().nullable(),
          ingress: tri,
          egress: tri,
          evidence: z.array(evidence),
        }),
      )
      .describe('Only the nodes that differ from the cluster.'),
    implies: assumptionValues.describe('What the plugin implies for the evaluation.'),
    identityLabels: z
      .array(z.string())
      .nullable()
      .optional()
      .describe('Patterns that limit the labels which Cilium sees; null: not known, absent: no such plugin.'),
  })
  .describe('Which network plugin was found and, apart from that, whether it enforces NetworkPolicy.');

const coverage = z
  .strictObject({
    complete: z
      .boolean()
      .describe(
        'False where something that verdicts need was not read, or is of a kind that is not evaluated.',
      ),
    entries: z.array(
      z.strictObject({
        resource: z.string(),
        verb: z.enum(['list', 'get', 'read', 'watch']),
        namespace: z.string().nullable(),
        file: z.string().optional(),
        outcome: z.enum(['read', 'refused', 'failed', 'skipped', 'moved']),
        count,
        reason: z.string().optional(),
        causes: z
          .array(z.strictObject({ check: z.string(), line: count.optional() }))
          .optional()
          .describe('Problems of documents of the file, by check.'),
        passed: z.enum(PASSED).optional().describe('What a file is that is no object and was passed over.'),
        render: z.string().optional().describe('The command that renders what was passed over.'),
        bound: z
          .strictObject({ code: z.enum(READ_BOUNDS), limit: count, leftOut: count.optional() })
          .optional()
          .describe('The bound of reading that the server ran into.'),
        resourceVersion: z.string().optional(),
        pages: count.optional(),
        affectsVerdicts: z.boolean(),
      }),
    ),
    unreadPolicies: z.array(z.string().nullable()),
    unreadPods: z.array(z.string().nullable()),
    skippedDocuments: count,
    gaps: z
      .array(
        z.strictObject({
          hides: z.enum(['policies', 'pods', 'anything']),
          namespace: z.string().nullable().describe('Null: it does not show, so any namespace.'),
          kind: z.string().optional().describe('Another kind of policy, where that shows.'),
          alters: z
            .enum(['objects', 'rules'])
            .optional()
            .describe('It may change objects that were read, as a patch that was not applied.'),
          check: z.string(),
          file: z.string(),
          line: count.optional(),
        }),
      )
      .optional()
      .describe('Parts of files that could not be read, and what they may have held.'),
    notEvaluated: z
      .array(
        z.strictObject({
          kind: z.string(),
          group: z.string(),
          count: count.describe('Objects; 0 where they could not be listed.'),
        }),
      )
      .optional()
      .describe('Kinds of policy that are not evaluated and leave verdicts on pods that were read open.'),
    noPods: z
      .enum(['none-exist', 'not-read'])
      .optional()
      .describe(
        'Where no pod was read: whether the whole cluster was listed and has none, or nothing can be said of isolation and egress.',
      ),
  })
  .describe('What was read, refused, failed and skipped.');

const assumption = z.strictObject({
  name: z.enum(['ipBlockPods', 'hostNetwork', 'serverVersion', 'endPort', 'sctp', 'enforced', 'unselected']),
  value: z.string(),
  origin: z.enum(['default', 'detected', 'user']),
});

const isolationCounts = z.strictObject({
  pods: count,
  both: count,
  ingressOnly: count,
  egressOnly: count,
  none: count,
  notIsolatable: count,
  unknown: count,
  allPermitted: count.describe(
    'Isolated in some direction by policies that permit everything in it; counted above too.',
  ),
  paperOnly: count.describe('Isolated on paper where nothing enforces it; counted as open above.'),
});

const egressCounts = z.strictObject({
  anywhere: count,
  anywhereSomePorts: count,
  ranges: count,
  depends: count,
  none: count,
});

const podName = z.strictObject({ namespace: z.string(), name: z.string(), kind: z.string() });

const podRow = z.strictObject({
  namespace: z.string(),
  name: z.string(),
  kind: z.string().describe("'Pod', or the kind of the workload whose template it comes from."),
  workload: z.strictObject({ kind: z.string(), name: z.string() }),
  ingress: isolationState,
  egress: isolationState,
  paperIngress: isolationState.describe('By the policies alone; differs only where nothing enforces them.'),
  paperEgress: isolationState.describe('By the policies alone; differs only where nothing enforces them.'),
  enforced: tri,
  openEgress: egressWidth,
  openIngress: egressWidth,
  policies: count.describe('Policies that select the pod.'),
  hostNetwork: z.boolean(),
  phase: z.string(),
  node: z.string().nullable(),
  replicas: count,
});

const finding = z.strictObject({
  check: z.string(),
  severity,
  object: object.nullable(),
  place: place.nullable(),
  params,
});

const openEgress = z.strictObject({
  pod: podName,
  ranges: z.array(z.string()).describe('CIDRs of one address family.'),
  conns,
  depends: conns.describe('Open only if an assumption that is unknown turns out that way.').optional(),
});

/** `bulkhead audit --format json` */
export const AuditSchema = z
  .strictObject({
    schema: z.literal('bulkhead.audit/v1'),
    version: z.string().describe('Version of Bulkhead that evaluated.'),
    cluster: z.strictObject({
      name: z.string(),
      source: z.enum(['context', 'manifests', 'snapshot', 'demo']),
      file: z.string().optional(),
      server: z.string().optional(),
      serverVersion: z.string().nullable(),
      takenAt: z.string(),
      warnings: z.array(z.string()),
    }),
    auditedAt: z.string(),
    assumptions: z.array(assumption),
    enforcement,
    coverage,
    summary: z.strictObject({
      isolation: isolationCounts,
      openEgress: egressCounts,
      namespaces: count,
      workloads: count,
      policies: count,
      rejectedPolicies: count,
      nodes: count,
      finishedPods: count,
      templates: z
        .strictObject({ workloads: count, replicas: count, uncounted: count })
        .optional()
        .describe(
          'Workloads of manifests, which count as one pod each in every figure; the pods that they ask for, and workloads that name no number.',
        ),
      findings: z.strictObject({ critical: count, high: count, medium: count, low: count, info: count }),
      pairs: z
        .strictObject({ total: count, permitted: count, full: count, depends: count, denied: count })
        .describe('Ordered pod pairs; a pod and itself are left out, two pods of one template are a pair.'),
    }),
    namespaces: z.array(
      z.strictObject({
        name: z.string(),
        isolation: isolationCounts,
        openEgress: egressCounts,
        policies: count,
        workloads: count,
        defaults: z.array(
          z.enum(['deny-ingress', 'allow-ingress', 'deny-egress', 'allow-egress', 'deny-all']),
        ),
      }),
    ),
    rejected: z
      .array(
        z.strictObject({
          object,
          place: place.nullable(),
          reasons: z.array(z.strictObject({ check: z.string(), field: z.string(), params })),
          treatment: z.enum(['left-out', 'kept-uncertain']),
        }),
      )
      .describe('Policies that the API refuses.'),
    pods: z.array(podRow),
    openEgress: z.array(openEgress),
    findings: z.array(finding),
  })
  .describe('What NetworkPolicy permits in one cluster.');

/** `bulkhead audit --context a --context b --format json` */
export const AuditsSchema = z
  .strictObject({ schema: z.literal('bulkhead.audits/v1'), audits: z.array(AuditSchema) })
  .describe('Audits of several clusters.');

const node = z
  .union([podName, z.strictObject({ cidrs: z.array(z.string()).min(1) })])
  .describe('A pod or workload, or a part of the address space outside the cluster (one address family).');

/** `bulkhead connections --format json` */
export const ConnectionsSchema = z
  .strictObject({
    schema: z.literal('bulkhead.connections/v1'),
    nodes: z.array(node),
    edges: z
      .array(
        z.strictObject({
          src: node,
          dst: node,
          conns,
          depends: conns.optional(),
          partial: z.literal(true).describe('A workload edge whose pods differ.').optional(),
          within: z.literal(true).describe('Between pods of one workload or template.').optional(),
        }),
      )
      .describe('Ordered pairs with something permitted or open; denied pairs are absent.'),
  })
  .describe('What is permitted between endpoints.');

/** Published schemas by file name. */
export const SCHEMAS = {
  'audit.v1.json': AuditSchema,
  'audits.v1.json': AuditsSchema,
  'connections.v1.json': ConnectionsSchema,
} as const;

/**
 * A published JSON Schema (draft 2020-12). Objects stay open to fields that a later version 1 adds, so that an old
 * copy of the schema accepts a newer output.
 */
export function publishedSchema(file: keyof typeof SCHEMAS): unknown {
  return z.toJSONSchema(SCHEMAS[file], {
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
}

// The schemas and the types must say the same: a difference is a compile error here.
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
const same: [
  Same<z.infer<typeof AuditSchema>, AuditJson>,
  Same<z.infer<typeof ConnectionsSchema>, ConnectionsJson>,
  Same<z.infer<typeof tri>, Tri>,
] = [true, true, true];
void same;

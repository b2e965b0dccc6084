/**
 * What each channel accepts. Requests come from a page, so nothing in them is believed: both backends check them here,
 * before a handler sees them.
 */
import { z } from 'zod';
import type { Channel, Request } from '../shared/ipc.ts';
import { BackendError } from './worker/errors.ts';

/** No list is asked for in pieces larger than this; the window asks for some hundred rows at a time. */
const MAX_ROWS = 10_000;
/** Characters of pasted text: it fits into a request's body, and what is larger lies in a file anyway. */
const MAX_KUBECONFIG = 900_000;

/** Audits that are deleted at once. */
const MAX_DELETED = 100_000;

const text = z.string().max(4096);
const offset = z.number().int().min(0);
const limit = z.number().int().min(0).max(MAX_ROWS);
const lang = z.enum(['en', 'ko']);
const nothing = z.union([z.undefined(), z.null()]).transform(() => undefined);
const width = z.enum(['anywhere', 'anywhere-some-ports', 'ranges', 'depends', 'none']);

const source = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('context'),
    name: text,
    file: text.optional(),
    namespaces: z.array(text).max(10_000).optional(),
  }),
  z.strictObject({ kind: z.literal('manifests'), paths: z.array(text.min(1)).min(1).max(10_000) }),
  z.strictObject({ kind: z.literal('snapshot'), path: text.min(1) }),
  z.strictObject({ kind: z.literal('demo') }),
]);

const assume = z
  .strictObject({
    ipBlockPods: text,
    hostNetwork: text,
    serverVersion: text,
    endPort: text,
    sctp: text,
    enforced: text,
    unselected: text,
  })
  .partial();

const options = z.strictObject({
  assume,
  time: text.optional(),
  keep: z.boolean().optional(),
  render: z.boolean().optional(),
});

const end = z.union([z.strictObject({ namespace: text, pod: text }), z.strictObject({ ip: text })]);

/** One schema a channel; the type makes a missing or a wrong one a compile error. */
const SCHEMAS: { [C in Channel]: z.ZodType<Request<C>> } = {
  'app.info': nothing,
  'app.notices': nothing,
  'sources.list': nothing,
  'sources.addKubeconfig': z.strictObject({
    path: text.optional(),
    text: z.string().max(MAX_KUBECONFIG).optional(),
  }),
  'sources.removeKubeconfig': z.strictObject({ added: text }),
  'sources.pickPaths': z.strictObject({ kind: z.enum(['manifests', 'snapshot']) }),
  'logins.list': nothing,
  'logins.revoke': z.strictObject({ id: text }),
  'audit.start': z.strictObject({ source, options }),
  'audit.cancel': z.strictObject({ job: text }),
  'audit.overview': z.strictObject({ audit: text }),
  'audit.pods': z.strictObject({
    audit: text,
    query: z.strictObject({
      offset,
      limit,
      text: text.optional(),
      namespace: text.optional(),
      group: z
        .enum([
          'both',
          'ingressOnly',
          'egressOnly',
          'none',
          'notIsolatable',
          'unknown',
          'allPermitted',
          'paperOnly',
        ])
        .optional(),
      openEgress: width.optional(),
      sort: z
        .enum(['namespace', 'name', 'workload', 'ingress', 'egress', 'openEgress', 'policies'])
        .optional(),
      descending: z.boolean().optional(),
    }),
  }),
  'audit.openEgress': z.strictObject({
    audit: text,
    query: z.strictObject({
      offset,
      limit,
      width: width.optional(),
      namespace: text.optional(),
      text: text.optional(),
    }),
  }),
  'audit.findings': z.strictObject({
    audit: text,
    query: z.strictObject({
      offset,
      limit,
      severity: z.enum(['critical', 'high', 'medium', 'low', 'info']).optional(),
      check: text.optional(),
      text: text.optional(),
    }),
  }),
  'audit.matrix': z.strictObject({
    audit: text,
    query: z.strictObject({
      level: z.enum(['namespace', 'workload']),
      src: text.optional(),
      dst: text.optional(),
    }),
  }),
  'audit.explain': z.strictObject({
    audit: text,
    query: z.strictObject({
      src: end,
      dst: end,
      protocol: z.enum(['TCP', 'UDP', 'SCTP']).optional(),
      port: z.number().int().optional(),
      family: z.enum(['IPv4', 'IPv6']).optional(),
    }),
  }),
  'audit.endpoints': z.strictObject({ audit: text, text, limit: limit.max(1000) }),
  'audit.close': z.strictObject({ audit: text }),
  'follow.start': z.strictObject({ audit: text }),
  'follow.stop': z.strictObject({ audit: text }),
  'follow.changes': z.strictObject({ audit: text }),
  'history.list': nothing,
  'history.open': z.strictObject({ id: z.number().int() }),
  'history.delete': z.union([
    z.strictObject({ id: z.number().int() }),
    z.strictObject({ ids: z.array(z.number().int()).min(1).max(MAX_DELETED) }),
  ]),
  'history.outlived': z.strictObject({
    olderThanDays: z.number().min(0).max(100_000).optional(),
    keep: z.number().int().min(0).optional(),
  }),
  'history.backup': nothing,
  'export.save': z.strictObject({
    audit: text,
    format: z.enum(['pdf', 'csv', 'json', 'snapshot']),
    lang,
  }),
};

/**
 * The request of a channel as its handler may take it.
 * @param channel a known channel
 * @param value what arrived
 * @throws BackendError of kind 'bad-request' that names the field
 */
export function checkedRequest<C extends Channel>(channel: C, value: unknown): Request<C> {
  const result = SCHEMAS[channel].safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new BackendError({
    kind: 'bad-request',
    message: `${channel} does not take this: ${issue?.message ?? 'wrong shape'}`,
    ...(issue && issue.path.length > 0 ? { place: issue.path.join('.') } : {}),
  });
}

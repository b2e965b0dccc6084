/** The command line's words into plain values. What is wrong with them is a `BackendError` of kind 'bad-request'. */
import { SEVERITIES } from '../../shared/audit/result.ts';
import type { ProbeEnd, Severity } from '../../shared/audit/result.ts';
import type { AuditOptions, Lang, Source } from '../../shared/ipc.ts';
import type { AssumptionName, Family } from '../../shared/kube/snapshot.ts';
import type { RenderRequest } from '../render/render.ts';
import { BackendError } from '../worker/errors.ts';

/** Where to read, as the source's options name it; the same for every verb. */
export interface SourceFlags {
  context?: string[];
  kubeconfig?: string[];
  namespace?: string[];
  from?: string[];
  snapshot?: string;
  demo?: boolean;
  /** Contexts whose credentials are sent over plain `http` too. */
  insecureToken?: string[];
  /** Run the programs of kubeconfigs that were named without asking. */
  allowExec?: boolean;
}

/** Options of every verb that audits. */
export interface AuditFlags extends SourceFlags {
  assume?: string[];
  time?: string;
  lang: Lang;
  /** Render folders of --from; renderRemote: also what has to be fetched for it. */
  render?: boolean;
  renderRemote?: boolean;
  /** A file, false for none, absent for the usual one. */
  history?: string | false;
}

function bad(message: string, hint?: string): BackendError {
  return new BackendError({ kind: 'bad-request', message, ...(hint === undefined ? {} : { hint }) });
}

const CHOOSE =
  'Give one of --context NAME, --kubeconfig FILE (its current context), --from PATH…, --snapshot FILE or --demo.';

/**
 * The sources that the flags name: one, or several contexts.
 * @throws BackendError where there is none, or more than one kind
 */
export function sourcesOf(flags: SourceFlags): Source[] {
  const kinds = [flags.context, flags.from, flags.snapshot, flags.demo].filter((flag) => flag !== undefined);
  if (kinds.length === 0) throw bad('No source was given.', CHOOSE);
  if (kinds.length > 1) throw bad('More than one kind of source was given.', CHOOSE);
  if (flags.context === undefined && flags.kubeconfig !== undefined) {
    throw bad('--kubeconfig goes with --context, or stands alone for its current context.', CHOOSE);
  }
  if (flags.context === undefined && flags.namespace !== undefined) {
    throw bad('--namespace goes with --context.');
  }
  if (flags.context !== undefined) {
    const { namespace } = flags;
    return [...new Set(flags.context)].map((name) => ({
      kind: 'context',
      name,
      ...(namespace === undefined ? {} : { namespaces: namespace }),
    }));
  }
  if (flags.from !== undefined) return [{ kind: 'manifests', paths: flags.from }];
  if (flags.snapshot !== undefined) return [{ kind: 'snapshot', path: flags.snapshot }];
  return [{ kind: 'demo' }];
}

/**
 * Whether folders are to be rendered, and what may be fetched for it.
 * @throws BackendError where there are no folders
 */
export function renderOf(flags: AuditFlags): RenderRequest | null {
  if (!flags.render && !flags.renderRemote) return null;
  if (flags.from === undefined) throw bad('--render goes with --from.');
  if (!flags.render) throw bad('--render-remote goes with --render.');
  return { remote: flags.renderRemote ? 'all' : [] };
}

/** The one source that the flags name, for verbs that answer about one cluster. */
export function sourceOf(flags: SourceFlags): Source {
  const sources = sourcesOf(flags);
  if (sources.length > 1) throw bad('This command takes one --context.');
  return sources[0] as Source;
}

/** Values of each assumption (S25); null where any text is read by the evaluator. */
const ASSUMPTIONS: Record<AssumptionName, readonly string[] | null> = {
  ipBlockPods: ['match', 'ignore', 'unknown'],
  hostNetwork: ['node', 'pod', 'unknown'],
  serverVersion: null,
  endPort: ['on', 'off', 'unknown'],
  sctp: ['on', 'off', 'unknown'],
  enforced: ['yes', 'no', 'unknown'],
  unselected: ['permit', 'deny', 'unknown'],
};

/** Each assumption with its values, for the help text. */
export const ASSUMPTION_HELP = Object.entries(ASSUMPTIONS)
  .map(([name, values]) => `${name}=${values === null ? 'newest|1.24|unknown' : values.join('|')}`)
  .join(', ');

/** `NAME=VALUE` of --assume, the later one of a name before the earlier. */
export function assumptionsOf(given: readonly string[] = []): AuditOptions['assume'] {
  const assume: AuditOptions['assume'] = {};
  for (const text of given) {
    const at = text.indexOf('=');
    const name = at < 0 ? text : text.slice(0, at);
    const value = at < 0 ? '' : text.slice(at + 1);
    if (!Object.hasOwn(ASSUMPTIONS, name)) {
      throw bad(`--assume ${text}: there is no assumption “${name}”.`, `Known: ${ASSUMPTION_HELP}.`);
    }
    const values = ASSUMPTIONS[name as AssumptionName];
    if (value === '' || (values !== null && !values.includes(value))) {
      const known = values === null ? 'newest, a version like 1.24, or unknown' : values.join(', ');
      throw bad(`--assume ${text}: ${name} takes ${known}.`);
    }
    assume[name as AssumptionName] = value;
  }
  return assume;
}

const ISO = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/**
 * The value of --time as results carry it: ISO 8601 in UTC (a day alone is its beginning).
 * @throws BackendError where it is no such time
 */
export function timeOf(text: string): string {
  const time = new Date(text);
  if (!ISO.test(text) || Number.isNaN(time.getTime())) {
    throw bad(`--time ${text} is not an ISO 8601 time.`, 'For example 2026-03-01T09:00:00Z.');
  }
  // A UTC time is stamped as it was written.
  return text.endsWith('Z') ? text : time.toISOString().replace('.000Z', 'Z');
}

/** `NS/POD`, `NS/Kind/name` or an address. */
export function endOf(flag: string, text: string): ProbeEnd {
  const at = text.indexOf('/');
  if (at < 0) {
    if (/^[0-9.]+$/.test(text) || text.includes(':')) return { ip: text };
    throw bad(`${flag} ${text}: an endpoint is NAMESPACE/POD, NAMESPACE/Kind/name or an IP address.`);
  }
  const namespace = text.slice(0, at);
  const pod = text.slice(at + 1);
  if (namespace === '' || pod === '') {
    throw bad(`${flag} ${text}: an endpoint is NAMESPACE/POD, NAMESPACE/Kind/name or an IP address.`);
  }
  return { namespace, pod };
}

/** `TCP/5432`; a number alone is TCP, as in a policy. */
export function portOf(text: string): { protocol: string; port: number } {
  const match = /^(?:([A-Za-z]+)\/)?(\d{1,5})$/.exec(text);
  if (match === null) throw bad(`--port ${text}: give PROTOCOL/PORT, for example TCP/5432.`);
  return { protocol: (match[1] ?? 'TCP').toUpperCase(), port: Number(match[2]) };
}

export function familyOf(text: string): Family {
  if (text === 'IPv4' || text === 'IPv6') return text;
  throw bad(`--family ${text}: IPv4 or IPv6.`);
}

/** Severities that are as bad as `threshold` or worse. */
export function atLeast(threshold: Severity): Severity[] {
  return SEVERITIES.slice(0, SEVERITIES.indexOf(threshold) + 1);
}

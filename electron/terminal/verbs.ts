/** What each verb does; the wiring stands in cli.ts. Every function answers its exit code. */
import type { PairProbe, Probe, ProbeAnswer, Severity } from '../../shared/audit/result.ts';
import { explanationText, pairText } from '../../shared/report/text.ts';
import { BackendError } from '../worker/errors.ts';
import { chosenSource, chosenSources } from './contexts.ts';
import { endOf, familyOf, portOf } from './options.ts';
import type { AuditFlags } from './options.ts';
import { readText, say, textWidth, wantsColour, writeResult } from './output.ts';
import { EXIT, exitOf, tellIncomplete, withAudits } from './session.ts';
import type { Opened } from './session.ts';

type ReportFormat = 'text' | 'json' | 'csv' | 'pdf';

export interface AuditVerb extends AuditFlags {
  format: ReportFormat;
  out?: string;
  failOn?: Severity;
}

function refuseBinary(format: ReportFormat, out: string | undefined): void {
  if (format === 'pdf' && (out === undefined || out === '-') && process.stdout.isTTY) {
    throw new BackendError({
      kind: 'bad-request',
      message: 'A PDF is not for the screen.',
      hint: 'Give --out FILE, or send it to a file.',
    });
  }
}

/** `bulkhead audit` */
export async function audit(flags: AuditVerb): Promise<number> {
  const { format, lang, out } = flags;
  refuseBinary(format, out);
  return withAudits(await chosenSources(flags), flags, true, async (opened) => {
    const { client, audits } = opened;
    const request = { what: 'report', format, lang, audits } as const;
    const looks = { width: textWidth(out), colour: wantsColour(out) };
    const pieces = client.output(format === 'text' ? { ...request, ...looks } : request);
    await writeResult(out, pieces, format === 'pdf' ? 'binary' : format);
    return exitOf(opened, flags.failOn);
  });
}

export interface ConnectionsVerb extends AuditFlags {
  endpoints: 'pods' | 'workloads';
  format: 'json' | 'csv' | 'text';
  out?: string;
}

/** `bulkhead connections` */
export async function connections(flags: ConnectionsVerb): Promise<number> {
  const { format, endpoints, lang } = flags;
  return withAudits([await chosenSource(flags)], flags, false, async (opened) => {
    await writeResult(
      flags.out,
      opened.client.output({ what: 'connections', format, endpoints, lang, audit: 0 }),
      format,
    );
    return exitOf(opened);
  });
}

export interface VerdictsVerb extends AuditFlags {
  probes: string;
  out?: string;
}

/** `bulkhead verdicts`: the same list, answered; a probe that cannot be answered has its error in its place. */
export async function verdicts(flags: VerdictsVerb): Promise<number> {
  const source = await chosenSource(flags);
  if (flags.probes === '-' && source.kind === 'manifests' && source.paths.includes('-')) {
    throw new BackendError({
      kind: 'bad-request',
      message: 'Standard input cannot be both --from and --probes.',
    });
  }
  const probes = parseProbes(await readText(flags.probes), flags.probes);
  return withAudits([source], flags, false, async (opened) => {
    const wrong = probes.map(probeProblem);
    const good = probes.filter((_, i) => wrong[i] === null) as Probe[];
    const { answers } = await opened.client.verdicts(good);
    let next = 0;
    const all = probes.map((probe, i): unknown =>
      wrong[i] === null ? answers[next++] : { ...asObject(probe), error: wrong[i] },
    );
    await writeResult(
      flags.out,
      [`[${all.map((one) => `\n  ${JSON.stringify(one)}`).join(',')}\n]\n`],
      'json',
    );
    const errors = all.filter((one) => (one as ProbeAnswer).error !== undefined).length;
    if (errors === 0) return exitOf(opened);
    say(`bulkhead: ${errors} of ${all.length} probes could not be answered; see their "error".`);
    await tellIncomplete(opened);
    return EXIT.bad;
  });
}

function parseProbes(text: string, path: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw new BackendError({
      kind: 'input',
      message: `This is not JSON: ${(thrown as Error).message}`,
      place: path,
    });
  }
  if (!Array.isArray(value)) {
    throw new BackendError({
      kind: 'input',
      message: 'The probes are not a list (JSON array).',
      place: path,
    });
  }
  return value;
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : { probe: value };
}

/** What is wrong with the shape of a probe; null where the evaluator can be asked. */
export function probeProblem(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'a probe is an object';
  const probe = value as Record<string, unknown>;
  for (const side of ['src', 'dst'] as const) {
    const end = probe[side];
    if (typeof end !== 'object' || end === null) return `${side} is missing`;
    const { namespace, pod, ip } = end as Record<string, unknown>;
    const isPod = typeof namespace === 'string' && typeof pod === 'string';
    if (isPod === (typeof ip === 'string')) return `${side} is either {namespace, pod} or {ip}`;
  }
  if (typeof probe['protocol'] !== 'string') return 'protocol is missing';
  if (typeof probe['port'] !== 'number' || !Number.isInteger(probe['port']))
    return 'port is not a whole number';
  const { family } = probe;
  if (family !== undefined && family !== null && family !== 'IPv4' && family !== 'IPv6') {
    return 'family is neither IPv4 nor IPv6';
  }
  return null;
}

export interface ExplainVerb extends AuditFlags {
  src: string;
  dst: string;
  port?: string;
  family?: string;
  format: 'text' | 'json';
  out?: string;
}

/** `bulkhead explain` */
export async function explain(flags: ExplainVerb): Promise<number> {
  const source = await chosenSource(flags);
  const port = flags.port === undefined ? null : portOf(flags.port);
  const ends: PairProbe = {
    src: endOf('--src', flags.src),
    dst: endOf('--dst', flags.dst),
    ...(flags.family === undefined ? {} : { family: familyOf(flags.family) }),
  };
  return withAudits([source], flags, false, async (opened) => {
    const { client } = opened;
    // Without a port nobody asked about one: the answer is what is permitted and what is not.
    const asked = port === null ? client.explainAllPorts(ends) : client.explain({ ...ends, ...port });
    const explanation = await asked.catch((thrown: unknown) => withHint(thrown, ends, opened));
    const { out, lang } = flags;
    const looks = { lang, width: textWidth(out), colour: wantsColour(out) };
    let text = `${JSON.stringify(explanation, null, 2)}\n`;
    if (flags.format === 'text' && 'parts' in explanation) text = pairText(explanation, looks);
    else if (flags.format === 'text' && !('parts' in explanation)) {
      const { manifestText } = await import('../../shared/report/manifestText.ts');
      text = explanationText(explanation, looks, manifestText);
    }
    await writeResult(out, [text], flags.format);
    return exitOf(opened);
  });
}

/** An unknown pod's error again, with pods whose names hold what was asked for. */
async function withHint(thrown: unknown, probe: Pick<Probe, 'src' | 'dst'>, opened: Opened): Promise<never> {
  const { client } = opened;
  // The pod may stand in what was left out.
  await tellIncomplete(opened);
  if (!(thrown instanceof BackendError) || thrown.kind !== 'bad-request') throw thrown;
  const like: string[] = [];
  for (const end of [probe.src, probe.dst]) {
    if (!('pod' in end) || !thrown.message.includes(`${end.namespace}/${end.pod}`)) continue;
    const name = end.pod.slice(end.pod.lastIndexOf('/') + 1);
    const found = await client.endpoints(name, 50);
    like.push(
      ...found.filter((one) => one.namespace === end.namespace).map((one) => `${one.namespace}/${one.name}`),
    );
  }
  if (like.length === 0) throw thrown;
  const { kind, message } = thrown;
  const more = like.length > 5 ? ', …' : '';
  throw new BackendError({ kind, message, hint: `There is ${like.slice(0, 5).join(', ')}${more}` });
}

export interface SnapshotVerb extends AuditFlags {
  out: string;
}

/** `bulkhead snapshot`: what was read, as a file; `.gz` is compressed. */
export async function snapshot(flags: SnapshotVerb): Promise<number> {
  const gzip = flags.out.endsWith('.gz');
  return withAudits([await chosenSource(flags)], flags, false, async (opened) => {
    const { bytes, digest } = await opened.client.snapshot({ gzip });
    await writeResult(flags.out, [new Uint8Array(bytes)], gzip ? 'binary' : 'json');
    if (flags.out !== '-') say(`${flags.out}: SHA-256 of the snapshot ${digest}`);
    return exitOf(opened);
  });
}

/** Audits and connections as JSON text, in pieces: one element of a long list a line, equal bytes for equal input. */
import type { AuditEngine } from '../audit/api.ts';
import type { ConnectionsJson } from '../audit/result.ts';

const BATCH = 500;

/** The elements of a JSON list, one a line, in pieces of a few hundred. */
function* list(items: Iterable<unknown>, indent: string): Generator<string> {
  let lines: string[] = [];
  let first = true;
  yield '[';
  for (const item of items) {
    lines.push(`${first ? '' : ','}\n${indent}  ${JSON.stringify(item)}`);
    first = false;
    if (lines.length >= BATCH) {
      yield lines.join('');
      lines = [];
    }
  }
  yield `${lines.join('')}${first ? '' : `\n${indent}`}]`;
}

/** An object whose long lists are written element by element. */
function* entries(
  fields: [name: string, value: unknown, long?: boolean][],
  indent: string,
): Generator<string> {
  let separator = '{';
  for (const [name, value, long] of fields) {
    yield `${separator}\n${indent}  ${JSON.stringify(name)}: `;
    if (long) yield* list(value as Iterable<unknown>, `${indent}  `);
    else yield JSON.stringify(value);
    separator = ',';
  }
  yield `\n${indent}}`;
}

function audit(engine: AuditEngine, indent: string): Generator<string> {
  const o = engine.overview();
  return entries(
    [
      ['schema', o.schema],
      ['version', o.version],
      ['cluster', o.cluster],
      ['auditedAt', o.auditedAt],
      ['assumptions', o.assumptions, true],
      ['enforcement', o.enforcement],
      ['coverage', o.coverage],
      ['summary', o.summary],
      ['namespaces', o.namespaces, true],
      ['rejected', o.rejected, true],
      ['pods', engine.podRows(), true],
      ['openEgress', engine.openEgressRows(), true],
      ['findings', engine.allFindings(), true],
    ],
    indent,
  );
}

/**
 * `AuditJson` of one audit (bulkhead.audit/v1), or of several in one object (bulkhead.audits/v1), in pieces.
 * @param engines one or more evaluated audits
 */
export function* auditJson(engines: readonly AuditEngine[]): Generator<string> {
  if (engines.length === 1) yield* audit(engines[0]!, '');
  else {
    yield '{\n  "schema": "bulkhead.audits/v1",\n  "audits": [';
    for (const [i, engine] of engines.entries()) {
      yield i === 0 ? '\n    ' : ',\n    ';
      yield* audit(engine, '    ');
    }
    yield '\n  ]\n}';
  }
  yield '\n';
}

/** `ConnectionsJson` (bulkhead.connections/v1) in pieces; edges are asked for as they are written. */
export function* connectionsJson(engine: AuditEngine, endpoints: 'pods' | 'workloads'): Generator<string> {
  const { nodes, edges } = engine.connections(endpoints);
  const schema: ConnectionsJson['schema'] = 'bulkhead.connections/v1';
  yield* entries(
    [
      ['schema', schema],
      ['nodes', nodes, true],
      ['edges', edges, true],
    ],
    '',
  );
  yield '\n';
}

/**
 * Tables as CSV (RFC 4180: CRLF, quotes doubled), for spreadsheets: a byte order mark so that Excel reads UTF-8, and
 * text that a spreadsheet would run as a formula gets an apostrophe in front. Column names and values are the same
 * in every language, so that a script reads them the same.
 */
import { stringify } from 'csv-stringify/browser/esm/sync';
import type { AuditEngine } from '../audit/api.ts';
import type { NodeJson, PodRow } from '../audit/result.ts';
import { connsText } from './words.ts';

const BOM = '\uFEFF';
const BATCH = 1000;
/** Excel splits a longer cell (its limit is 32,767 characters). */
const CELL = 32_000;

type Cell = string | number;

/** Rows as CSV text, in pieces of a thousand rows; the first piece begins with the mark and the header. */
export function* csvText(header: readonly string[], rows: Iterable<readonly Cell[]>): Generator<string> {
  let batch: (readonly Cell[])[] = [header];
  let mark = BOM;
  for (const row of rows) {
    batch.push(row);
    if (batch.length >= BATCH) {
      yield mark + csvRecords(batch);
      mark = '';
      batch = [];
    }
  }
  if (batch.length > 0) yield mark + csvRecords(batch);
}

function csvRecords(rows: (readonly Cell[])[]): string {
  return stringify(
    rows.map((row) => row.map(disarmed)),
    {
      record_delimiter: 'windows',
      escape_formulas: true,
      // RFC 4180 wants a lone CR or LF in quotes as well as the two together.
      quoted_match: /[\r\n]/,
    },
  );
}

/**
 * The library puts an apostrophe in front of text that begins as a formula (OWASP, CSV injection); programs that pass
 * over blanks and what is not seen would still find one behind them.
 */
const HIDDEN_FORMULA = /^[\s\p{C}\p{Default_Ignorable_Code_Point}]+[=+@\uFF1D\uFF0B\uFF20\uFF0D-]/u;

function disarmed(cell: Cell): Cell {
  if (typeof cell !== 'string' || !HIDDEN_FORMULA.test(cell)) return cell;
  // The library knows the first two itself.
  return /^[\t\r]/.test(cell) ? cell : `'${cell}`;
}

/** A cell made of parts; parts that would make it longer than a spreadsheet's cell are counted instead. */
export function cappedCell(parts: readonly string[], separator: string): string {
  let text = '';
  for (const [i, part] of parts.entries()) {
    const next = i === 0 ? part : text + separator + part;
    if (next.length > CELL) return `${text}${separator}(and ${parts.length - i} more, see the JSON export)`;
    text = next;
  }
  return text;
}

/** The columns of `audit --format csv`; documented in the README. */
export const POD_COLUMNS = [
  'cluster',
  'namespace',
  'name',
  'kind',
  'workload_kind',
  'workload',
  'ingress',
  'egress',
  'paper_ingress',
  'paper_egress',
  'enforced',
  'open_egress',
  'open_egress_ranges',
  'open_ingress',
  'policies',
  'host_network',
  'phase',
  'node',
  'replicas',
] as const;

const podKey = (pod: { namespace: string; kind: string; name: string }) =>
  `${pod.namespace}/${pod.kind}/${pod.name}`;

/** Ranges and connections of each pod that reaches outside, as the text of its cell. */
function egressCells(engine: AuditEngine): Map<string, string> {
  const parts = new Map<string, string[]>();
  for (const { pod, ranges, conns, depends } of engine.openEgressRows()) {
    const key = podKey(pod);
    const texts = parts.get(key) ?? [];
    if (Object.keys(conns).length > 0) texts.push(`${ranges.join(' ')}: ${connsText(conns, 'en')}`);
    if (depends !== undefined && Object.keys(depends).length > 0) {
      texts.push(`${ranges.join(' ')}: depends ${connsText(depends, 'en')}`);
    }
    parts.set(key, texts);
  }
  return new Map([...parts].map(([key, texts]) => [key, cappedCell(texts, ' | ')]));
}

function podCells(cluster: string, row: PodRow, ranges: string): Cell[] {
  return [
    cluster,
    row.namespace,
    row.name,
    row.kind,
    row.workload.kind,
    row.workload.name,
    row.ingress,
    row.egress,
    row.paperIngress,
    row.paperEgress,
    row.enforced,
    row.openEgress,
    ranges,
    row.openIngress,
    row.policies,
    row.hostNetwork ? 'yes' : 'no',
    row.phase,
    row.node ?? '',
    row.replicas,
  ];
}

/** One row a pod of each audit, in pieces; columns as in `POD_COLUMNS`. */
export function auditCsv(engines: readonly AuditEngine[]): Generator<string> {
  function* rows(): Generator<Cell[]> {
    for (const engine of engines) {
      const cluster = engine.overview().cluster.name;
      const ranges = egressCells(engine);
      for (const row of engine.podRows()) yield podCells(cluster, row, ranges.get(podKey(row)) ?? '');
    }
  }
  return csvText(POD_COLUMNS, rows());
}

/** The columns of `connections --format csv`. */
export const CONNECTION_COLUMNS = [
  'src_namespace',
  'src_kind',
  'src',
  'dst_namespace',
  'dst_kind',
  'dst',
  'connections',
  'depends',
  'partial',
  'within',
] as const;

function nodeCells(node: NodeJson): Cell[] {
  return 'cidrs' in node ? ['', 'CIDR', cappedCell(node.cidrs, ' ')] : [node.namespace, node.kind, node.name];
}

/** One row an edge, in pieces; columns as in `CONNECTION_COLUMNS`. */
export function connectionsCsv(engine: AuditEngine, endpoints: 'pods' | 'workloads'): Generator<string> {
  function* rows(): Generator<Cell[]> {
    for (const edge of engine.connections(endpoints).edges) {
      yield [
        ...nodeCells(edge.src),
        ...nodeCells(edge.dst),
        Object.keys(edge.conns).length === 0 ? '' : connsText(edge.conns, 'en'),
        edge.depends === undefined ? '' : connsText(edge.depends, 'en'),
        edge.partial ? 'yes' : 'no',
        edge.within ? 'yes' : 'no',
      ];
    }
  }
  return csvText(CONNECTION_COLUMNS, rows());
}

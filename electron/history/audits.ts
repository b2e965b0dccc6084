/** Audits in the history: keep, list, read, delete. The database is the first argument of each. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Overview } from '../../shared/audit/result.ts';
import type { AuditOptions, HistoryItem } from '../../shared/ipc.ts';
import { BackendError } from '../worker/errors.ts';
import type { HistoryDatabase } from './database.ts';

/** An audit on its way into the history. */
export interface AuditToKeep {
  overview: Overview;
  /** How the snapshot came: 'context', 'manifests', 'snapshot', 'demo'. */
  source: string;
  /** Assumptions that the user set. */
  assume: AuditOptions['assume'];
  snapshot: {
    /** Its file, gzip. */
    bytes: Uint8Array;
    /** SHA-256 of its text, hexadecimal. */
    digest: string;
    /** Bytes of its text. */
    size: number;
  };
}

/** An audit out of the history, with what it takes to evaluate it again. */
export interface KeptAudit {
  item: HistoryItem;
  overview: Overview;
  assume: AuditOptions['assume'];
  digest: string;
  /** Bytes of the snapshot's text. */
  size: number;
  /** The snapshot's file, gzip. */
  snapshot: Uint8Array;
}

interface Row {
  id: number;
  cluster: string;
  source: string;
  audited_at: string;
  version: string;
  pods: number;
  isolated_both: number;
  ingress_only: number;
  egress_only: number;
  not_isolated: number;
  egress_anywhere: number;
  findings: number;
  complete: number;
}

const ITEM = `id, cluster, source, audited_at, version, pods, isolated_both, ingress_only, egress_only, not_isolated,
  egress_anywhere, complete,
  findings_critical + findings_high + findings_medium + findings_low + findings_info AS findings`;

function toItem(row: Row): HistoryItem {
  return {
    id: row.id,
    cluster: row.cluster,
    source: row.source,
    auditedAt: row.audited_at,
    version: row.version,
    pods: row.pods,
    isolatedBoth: row.isolated_both,
    ingressOnly: row.ingress_only,
    egressOnly: row.egress_only,
    none: row.not_isolated,
    openEgressAnywhere: row.egress_anywhere,
    findings: row.findings,
    complete: row.complete === 1,
  };
}

/**
 * Keeps an audit with its snapshot.
 * @param db an open history
 * @param audit what to keep
 * @returns the audit's number
 */
export function saveAudit(db: HistoryDatabase, audit: AuditToKeep): number {
  const { overview, source, assume, snapshot } = audit;
  const { cluster, summary } = overview;
  return db
    .transaction(() => {
      db.prepare('INSERT INTO snapshots (digest, size, gzip) VALUES (?, ?, ?) ON CONFLICT DO NOTHING').run(
        snapshot.digest,
        snapshot.size,
        snapshot.bytes,
      );
      const row = {
        cluster: cluster.name,
        source,
        file: cluster.file ?? null,
        server: cluster.server ?? null,
        taken_at: cluster.takenAt,
        audited_at: overview.auditedAt,
        version: overview.version,
        pods: summary.isolation.pods,
        isolated_both: summary.isolation.both,
        ingress_only: summary.isolation.ingressOnly,
        egress_only: summary.isolation.egressOnly,
        not_isolated: summary.isolation.none,
        not_isolatable: summary.isolation.notIsolatable,
        unknown: summary.isolation.unknown,
        all_permitted: summary.isolation.allPermitted,
        paper_only: summary.isolation.paperOnly,
        egress_anywhere: summary.openEgress.anywhere,
        egress_anywhere_some_ports: summary.openEgress.anywhereSomePorts,
        egress_ranges: summary.openEgress.ranges,
        egress_depends: summary.openEgress.depends,
        egress_none: summary.openEgress.none,
        findings_critical: summary.findings.critical,
        findings_high: summary.findings.high,
        findings_medium: summary.findings.medium,
        findings_low: summary.findings.low,
        findings_info: summary.findings.info,
        complete: overview.coverage.complete ? 1 : 0,
        assume: JSON.stringify(assume),
        assumptions: JSON.stringify(overview.assumptions),
        overview: JSON.stringify(overview),
        digest: snapshot.digest,
      };
      const columns = Object.keys(row);
      const { lastInsertRowid } = db
        .prepare(
          `INSERT INTO audits (${columns.join(', ')}) VALUES (${columns.map((c) => `@${c}`).join(', ')})`,
        )
        .run(row);
      return Number(lastInsertRowid);
    })
    .immediate();
}

/**
 * All audits, the newest first.
 * @param db an open history
 */
export function listAudits(db: HistoryDatabase): HistoryItem[] {
  return db
    .prepare<[], Row>(`SELECT ${ITEM} FROM audits ORDER BY audited_at DESC, id DESC`)
    .all()
    .map(toItem);
}

/**
 * One audit with its snapshot.
 * @param db an open history
 * @param id its number
 * @throws BackendError of kind 'not-found', or 'history' where what was stored cannot be read
 */
export function readAudit(db: HistoryDatabase, id: number): KeptAudit {
  const row = db
    .prepare<
      [number],
      Row & { assume: string; overview: string; digest: string; size: number; gzip: Buffer }
    >(
      `SELECT ${ITEM}, assume, overview, digest, size, gzip FROM audits JOIN snapshots USING (digest) WHERE id = ?`,
    )
    .get(id);
  if (!row) throw notFound(id);
  try {
    return {
      item: toItem(row),
      overview: JSON.parse(row.overview) as Overview,
      assume: JSON.parse(row.assume) as AuditOptions['assume'],
      digest: row.digest,
      size: row.size,
      snapshot: row.gzip,
    };
  } catch (thrown) {
    throw new BackendError(
      { kind: 'history', message: `What the history holds of audit ${id} cannot be read.` },
      { cause: thrown },
    );
  }
}

/**
 * Makes sure that a kept snapshot is the one that was saved: its text has the digest that it was saved under.
 * @param kept an audit out of the history
 * @throws BackendError of kind 'history' that names the audit
 */
export async function verifySnapshot({ item, digest, size, snapshot }: KeptAudit): Promise<void> {
  const hash = createHash('sha256');
  let length = 0;
  try {
    await pipeline(Readable.from([snapshot]), createGunzip(), async (pieces: AsyncIterable<Buffer>) => {
      for await (const piece of pieces) {
        length += piece.length;
        // Larger than what was saved: no need to unpack a bomb to its end.
        if (length > size) break;
        hash.update(piece);
      }
    });
  } catch {
    // What cannot be unpacked is not what was saved.
    length = -1;
  }
  if (length === size && hash.digest('hex') === digest) return;
  throw new BackendError({
    kind: 'history',
    message: `Audit ${item.id} (${item.cluster}, ${item.auditedAt}) cannot be opened: what the history holds as its snapshot is not what was saved. It was changed or damaged since.`,
    hint: `Delete it (bulkhead history delete ${item.id}), or take it from a backup.`,
  });
}

/** Which audits go: those older than a time, those beyond a number of the newest; with both, what both say. */
export interface Retention {
  /** ISO time: audits before it go. */
  before?: string;
  /** So many of the newest stay. */
  keep?: number;
}

/**
 * The numbers of the audits that a retention lets go, the newest first. Deletes nothing.
 * @param db an open history
 * @param rule with neither `before` nor `keep` nothing goes
 */
export function outlived(db: HistoryDatabase, { before, keep }: Retention): number[] {
  if (before === undefined && keep === undefined) return [];
  const until = before === undefined ? Infinity : Date.parse(before);
  return listAudits(db)
    .filter(({ auditedAt }, newer) => newer >= (keep ?? 0) && Date.parse(auditedAt) < until)
    .map(({ id }) => id);
}

/**
 * Deletes audits, and each snapshot that no other audit has; all of them or none.
 * @param db an open history
 * @param ids their numbers
 * @throws BackendError of kind 'not-found'
 */
export function deleteAudits(db: HistoryDatabase, ids: readonly number[]): void {
  db.transaction(() => {
    const remove = db.prepare('DELETE FROM audits WHERE id = ? RETURNING digest').pluck();
    const removeSnapshot = db.prepare(
      'DELETE FROM snapshots WHERE digest = ? AND NOT EXISTS (SELECT 1 FROM audits WHERE digest = ?)',
    );
    for (const id of new Set(ids)) {
      const digest = remove.get(id);
      if (digest === undefined) throw notFound(id);
      removeSnapshot.run(digest, digest);
    }
  }).immediate();
}

function notFound(id: number): BackendError {
  return new BackendError({ kind: 'not-found', message: `The history has no audit number ${id}.` });
}

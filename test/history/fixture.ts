import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import type { AuditToKeep } from '../../electron/history/audits.ts';
import { overviewOf } from './overview.ts';

/** A folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-history-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An audit to keep, whose snapshot's text is `text`. */
export function auditOf(text: string, cluster = 'prod', auditedAt = '2026-03-01T12:00:00.000Z'): AuditToKeep {
  return {
    overview: overviewOf(cluster, auditedAt),
    source: 'context',
    assume: { ipBlockPods: 'match' },
    snapshot: {
      bytes: gzipSync(text),
      digest: createHash('sha256').update(text).digest('hex'),
      size: Buffer.byteLength(text),
    },
  };
}

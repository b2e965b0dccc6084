/** Reports as bytes: what the worker thread calls. Texts come in pieces, a PDF whole. */
import type { AuditEngine } from '../../shared/audit/api.ts';
import { auditCsv, connectionsCsv } from '../../shared/report/csv.ts';
import { auditJson, connectionsJson } from '../../shared/report/json.ts';
import { auditText, connectionsText } from '../../shared/report/text.ts';
import type { Lang } from '../../shared/report/words.ts';

export type ReportFormat = 'pdf' | 'csv' | 'json' | 'text';

export interface ReportOptions {
  lang: Lang;
  /** Terminal cells in a line of text (100 when absent). */
  width?: number;
  /** ANSI colours in text (none when absent). */
  colour?: boolean;
}

const WIDTH = 100;

/**
 * A report of one or several audits, in pieces; a text format's pieces are made when they are asked for.
 * @param engines at least one evaluated audit
 */
export async function reportPieces(
  engines: readonly AuditEngine[],
  format: ReportFormat,
  options: ReportOptions,
): Promise<Iterable<string | Uint8Array>> {
  switch (format) {
    case 'csv':
      return auditCsv(engines);
    case 'json':
      return auditJson(engines);
    case 'text':
      return [
        auditText(engines, {
          lang: options.lang,
          width: options.width ?? WIDTH,
          colour: options.colour ?? false,
        }),
      ];
    case 'pdf': {
      // The PDF library is the largest of all: only who wants a PDF pays for loading it.
      const { renderPdf } = await import('./pdf.ts');
      return [await renderPdf(engines, { lang: options.lang })];
    }
  }
}

/** A whole report of one or several audits as bytes (UTF-8 for the text formats). */
export async function renderReport(
  engines: readonly AuditEngine[],
  format: ReportFormat,
  lang: Lang,
  options: Omit<ReportOptions, 'lang'> = {},
): Promise<Uint8Array> {
  const pieces = await reportPieces(engines, format, { ...options, lang });
  const buffers: Uint8Array[] = [];
  for (const piece of pieces) buffers.push(typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece);
  return Buffer.concat(buffers);
}

/** What is permitted between endpoints, in pieces. */
export function connectionPieces(
  engine: AuditEngine,
  format: 'json' | 'csv' | 'text',
  endpoints: 'pods' | 'workloads',
  lang: Lang,
): Iterable<string> {
  switch (format) {
    case 'json':
      return connectionsJson(engine, endpoints);
    case 'csv':
      return connectionsCsv(engine, endpoints);
    case 'text':
      return connectionsText(engine, endpoints, lang);
  }
}

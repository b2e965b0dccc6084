/** From an output request to its pieces: the one place where the worker meets the reports. */
import type { AuditEngine } from '../../shared/audit/api.ts';
import { BackendError } from './errors.ts';
import type { OutputRequest } from './protocol.ts';

/**
 * Begins an output.
 * @param request what to write
 * @param engines the audits of the request, in its order
 * @returns pieces of text or bytes, made when they are asked for
 */
export async function openReport(
  request: OutputRequest,
  engines: AuditEngine[],
): Promise<Iterable<string | Uint8Array>> {
  if (request.what === 'report' && request.format === 'json' && engines.length === 1) {
    return [JSON.stringify((engines[0] as AuditEngine).toJson())];
  }
  throw new BackendError({ kind: 'export', message: 'This output is not there yet.' });
}

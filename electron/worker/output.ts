/** From an output request to its pieces: the one place where the worker meets the reports. */
import type { AuditEngine } from '../../shared/audit/api.ts';
import { connectionPieces, reportPieces } from '../export/render.ts';
import type { OutputRequest } from './protocol.ts';

/**
 * Begins an output.
 * @param request what to write
 * @param engine gives an audit by its number
 * @returns pieces of text or bytes, made when they are asked for
 */
export async function openOutput(
  request: OutputRequest,
  engine: (audit: number) => AuditEngine,
): Promise<Iterable<string | Uint8Array>> {
  if (request.what === 'connections') {
    return connectionPieces(engine(request.audit), request.format, request.endpoints, request.lang);
  }
  const { lang, width, colour } = request;
  return reportPieces(request.audits.map(engine), request.format, {
    lang,
    ...(width === undefined ? {} : { width }),
    ...(colour === undefined ? {} : { colour }),
  });
}

/** The PDF of an audit. Runs in the worker thread: nothing here touches a window or the network. */
import type { AuditEngine } from '../../shared/audit/api.ts';
import type { Lang } from '../../shared/report/words.ts';

/** Under construction. */
export function renderPdf(_engines: readonly AuditEngine[], _options: { lang: Lang }): Promise<Uint8Array> {
  return Promise.reject(new Error('The PDF is not there yet.'));
}

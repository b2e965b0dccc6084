import envPaths from 'env-paths';
import { join, resolve } from 'node:path';

/** The file's name in that folder. */
export const HISTORY_NAME = 'history.sqlite';

/**
 * Where the history lies: as the user names it, else `BULKHEAD_HISTORY`, else in the folder that the system keeps for
 * programs' data.
 * @param given value of `--history`
 * @param env environment
 * @returns absolute path
 */
export function historyFile(given: string | undefined, env: Record<string, string | undefined>): string {
  const named = given || env['BULKHEAD_HISTORY'];
  if (named) return resolve(named);
  return join(envPaths('bulkhead', { suffix: '' }).data, HISTORY_NAME);
}

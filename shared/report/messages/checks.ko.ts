import type { CheckWords } from './format.ts';

/** Korean words of each check, by its id. */
export const checksKo: Record<string, CheckWords> = {};

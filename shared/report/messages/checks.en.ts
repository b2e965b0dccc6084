import type { CheckWords } from './format.ts';

/** English words of each check, by its id. Holes are the finding's parameters; {object} and {place} always exist. */
export const checksEn: Record<string, CheckWords> = {};

/** What the page and `serve` agree on beside the calls of `ipc.ts`: the page's key, and why a page may have none. */

/** The item of sessionStorage that holds the key: storage of the origin with its port, and of one tab. */
export const KEY_ITEM = 'bulkhead.key';

/** The header that it travels in. */
export const KEY_HEADER = 'bulkhead-key';

/**
 * Why nothing opens: a tab without the key, a session that was ended, a browser that never came in, or an address that
 * was used, is too old, was withdrawn after wrong tries, or is none.
 */
export const LOCKED_REASONS = ['tab', 'ended', 'none', 'used', 'expired', 'withdrawn', 'unknown'] as const;

export type LockedReason = (typeof LOCKED_REASONS)[number];

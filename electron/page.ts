/** The window's page as files: what both backends serve, and with which headers. */
import { readdirSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BackendError } from './worker/errors.ts';

/**
 * Nothing but the page's own files; style attributes are set by charts and by the virtual table. No page may frame
 * this one, and it sends no form anywhere.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The policy of a page that `serve` makes itself: its one script and its one style, by their nonce, and nothing else.
 * @param nonce of this answer alone
 */
export function madePagePolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Headers of every answer, of both backends. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=()',
};

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
  '.json': 'application/json',
  '.map': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
};

export interface PageFile {
  path: string;
  type: string;
}

/** The folder of the built page: beside the bundles, or under dist/ when run from source. */
export function pageFolder(): string {
  const here = import.meta.url;
  return fileURLToPath(new URL(here.endsWith('.ts') ? '../dist/renderer' : '../renderer', here));
}

/**
 * Every file of the page by its path in a URL ('/' is index.html). A request is only ever looked up here, so that no
 * path leads out of the folder.
 * @param folder of the built page
 * @throws BackendError of kind 'internal' where the page was not built
 */
export function pageFiles(folder: string): Map<string, PageFile> {
  const files = new Map<string, PageFile>();
  try {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const url = `/${relative(folder, path).split(sep).map(encodeURIComponent).join('/')}`;
      files.set(url, { path, type: TYPES[extname(path)] ?? 'application/octet-stream' });
    }
  } catch (thrown) {
    throw new BackendError(
      { kind: 'internal', message: 'The page is not built.', hint: 'Run: npm run build' },
      { cause: thrown },
    );
  }
  const index = files.get('/index.html');
  if (index) files.set('/', index);
  return files;
}

/** The PDF of an audit. Runs in the worker thread: nothing here touches a window or the network. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pdfmake from 'pdfmake';
import type { TDocumentDefinitions } from 'pdfmake/interfaces.js';
import type { AuditEngine } from '../../shared/audit/api.ts';
import { reportDocument } from '../../shared/report/document.ts';
import { auditJson } from '../../shared/report/json.ts';
import { LAYOUTS } from '../../shared/report/pdf/parts.ts';
import type { Lang } from '../../shared/report/words.ts';

/**
 * Where the fonts lie: beside the bundles (dist/fonts), or in the font's package when run from source. TrueType, not
 * woff2: that embeds broken (the text can be extracted, but the page stays blank).
 */
function fontFile(name: string): string {
  const places = [
    '../fonts/',
    '../../dist/fonts/',
    '../../node_modules/pretendard/dist/public/static/alternative/',
  ];
  for (const place of places) {
    const path = fileURLToPath(new URL(place + name, import.meta.url));
    if (existsSync(path)) return path;
  }
  throw new Error(`The font ${name} is missing: run npm run build.`);
}

/** SHA-256 of an audit's JSON (`bulkhead audit --format json`), hexadecimal. */
export function auditDigest(engine: AuditEngine): string {
  const hash = createHash('sha256');
  for (const piece of auditJson([engine])) hash.update(piece, 'utf8');
  return hash.digest('hex');
}

/**
 * A report as PDF; the same audits give the same bytes.
 * @param engines at least one evaluated audit; several become a section each, with a page that compares them
 * @throws when a font is missing
 */
export async function renderPdf(
  engines: readonly AuditEngine[],
  options: { lang: Lang },
): Promise<Uint8Array> {
  const definition = reportDocument(engines, { lang: options.lang, digests: engines.map(auditDigest) });
  const normal = fontFile('Pretendard-Regular.ttf');
  const bold = fontFile('Pretendard-Bold.ttf');
  // A report holds text of strangers: nothing in it may make the library fetch or open anything but the fonts.
  pdfmake.setUrlAccessPolicy(() => false);
  pdfmake.setLocalAccessPolicy((path) => path === normal || path === bold);
  pdfmake.setFonts({ Pretendard: { normal, bold, italics: normal, bolditalics: bold } });
  pdfmake.setTableLayouts(LAYOUTS as never);
  return new Uint8Array(await pdfmake.createPdf(definition as unknown as TDocumentDefinitions).getBuffer());
}

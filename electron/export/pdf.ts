/** The PDF of an audit. Runs in the worker thread: nothing here touches a window or the network. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pdfmake from 'pdfmake';
import type { TDocumentDefinitions } from 'pdfmake/interfaces.js';
import type { AuditEngine } from '../../shared/audit/api.ts';
import { reportDocument } from '../../shared/report/document.ts';
import { auditJson } from '../../shared/report/json.ts';
import { fitted } from '../../shared/report/pdf/fit.ts';
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

/**
 * A font without its substitutions: it would draw (and let be copied) `6x7` in a pod's name as a multiplication and
 * `->` as an arrow. A name in a report stands letter by letter as it is. The table of substitutions is not removed but
 * renamed in the font's directory, so that no reader finds it.
 * @param bytes of a TrueType file
 */
export function withoutSubstitutions(bytes: Buffer): Buffer {
  const font = Buffer.from(bytes);
  const tables = font.readUInt16BE(4);
  for (let i = 0; i < tables; i++) {
    const at = 12 + i * 16;
    if (font.toString('latin1', at, at + 4) === 'GSUB') font.write('xSUB', at, 'latin1');
  }
  return font;
}

/** The part of pdfmake that its types leave out: files in memory. */
interface Memory {
  virtualfs: { existsSync(name: string): boolean; writeFileSync(name: string, content: Buffer): void };
}

/** Names in memory are the fonts' own, by which the library's SVG part finds them again. */
const REGULAR = 'Pretendard-Regular';
const BOLD = 'Pretendard-Bold';

function loadFonts(): void {
  const { virtualfs } = pdfmake as unknown as Memory;
  for (const name of [REGULAR, BOLD]) {
    if (!virtualfs.existsSync(name)) {
      virtualfs.writeFileSync(name, withoutSubstitutions(readFileSync(fontFile(`${name}.ttf`))));
    }
  }
  pdfmake.setFonts({ Pretendard: { normal: REGULAR, bold: BOLD, italics: REGULAR, bolditalics: BOLD } });
}

/** SHA-256 of an audit's JSON (`bulkhead audit --format json`), hexadecimal. */
export function auditDigest(engine: AuditEngine): string {
  const hash = createHash('sha256');
  for (const piece of auditJson([engine])) hash.update(piece, 'utf8');
  return hash.digest('hex');
}

/** Drawings, whose source is no text to be cut: their labels are. */
const DRAWN: ReadonlySet<string> = new Set(['svg', 'pattern']);

/** The same document with every text as it can be laid out (`shared/report/pdf/fit.ts`). */
function fittedDocument<T>(node: T): T {
  if (typeof node === 'string') return fitted(node) as T;
  if (Array.isArray(node)) return node.map(fittedDocument) as T;
  if (typeof node === 'function') {
    // Headings and footers are made page by page.
    return ((...args: unknown[]) => fittedDocument((node as (...all: unknown[]) => unknown)(...args))) as T;
  }
  if (typeof node !== 'object' || node === null || node instanceof Date) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      DRAWN.has(key) && typeof value === 'string' ? value.normalize('NFC') : fittedDocument(value as unknown),
    ]),
  ) as T;
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
  const definition = fittedDocument(
    reportDocument(engines, { lang: options.lang, digests: engines.map(auditDigest) }),
  );
  // A report holds text of strangers: nothing in it may make the library fetch or open anything.
  pdfmake.setUrlAccessPolicy(() => false);
  pdfmake.setLocalAccessPolicy(() => false);
  loadFonts();
  pdfmake.setTableLayouts(LAYOUTS as never);
  return new Uint8Array(await pdfmake.createPdf(definition as unknown as TDocumentDefinitions).getBuffer());
}

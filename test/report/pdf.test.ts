/** The PDF as a reader sees it: its text, its pages, and its ink. Real pages are rendered to pixels. */
import { createCanvas } from '@napi-rs/canvas';
import { createHash } from 'node:crypto';
import type * as Pdfjs from 'pdfjs-dist/legacy/build/pdf.mjs';
import { beforeAll, expect, test } from 'vitest';
import { renderPdf } from '../../electron/export/pdf.ts';
import { createAudit } from '../../shared/audit/engine.ts';
import { auditJson } from '../../shared/report/json.ts';
import { fitted } from '../../shared/report/pdf/fit.ts';
import { foldMatrix, heatmapSvg, shortName } from '../../shared/report/pdf/heatmap.ts';
import { PAIRS_FILL, PART_FILL, WIDTH_FILL } from '../../shared/report/pdf/parts.ts';
import type { Fill } from '../../shared/report/pdf/parts.ts';
import { snapshotOf } from '../kube/read.ts';
import { fixture } from './fixture.ts';

type Pdf = Pdfjs.PDFDocumentProxy;
let pdfjs: typeof Pdfjs;

beforeAll(async () => {
  pdfjs = await import('pdfjs-dist/legacy/build/pdf.mjs');
});

function open(bytes: Uint8Array): Promise<Pdf> {
  return pdfjs.getDocument({ data: bytes.slice(), verbosity: 0, useSystemFonts: false }).promise;
}

async function textOf(pdf: Pdf, page: number): Promise<string> {
  const { items } = await (await pdf.getPage(page)).getTextContent();
  return items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('');
}

async function allText(pdf: Pdf): Promise<string[]> {
  const pages: string[] = [];
  for (let page = 1; page <= pdf.numPages; page++) pages.push(await textOf(pdf, page));
  return pages;
}

/** A page as pixels, with what is not white counted inside a rectangle (PDF points, from the top left). */
async function inked(pdf: Pdf, page: number) {
  const view = await pdf.getPage(page);
  const scale = 2;
  const viewport = view.getViewport({ scale });
  const canvas = createCanvas(viewport.width, viewport.height);
  await view.render({ canvas: canvas as never, canvasContext: canvas.getContext('2d') as never, viewport })
    .promise;
  const { data, width } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return (
    x: number,
    y: number,
    w: number,
    h: number,
    hit = (r: number, g: number, b: number) => r + g + b < 600,
  ) => {
    let count = 0;
    for (let row = Math.floor(y * scale); row < (y + h) * scale; row++) {
      for (let col = Math.floor(x * scale); col < (x + w) * scale; col++) {
        const at = (row * width + col) * 4;
        if (hit(data[at]!, data[at + 1]!, data[at + 2]!)) count++;
      }
    }
    return count;
  };
}

/** Where a text stands on a page, from the top left. */
async function find(pdf: Pdf, page: number, text: string) {
  const view = await pdf.getPage(page);
  const height = view.getViewport({ scale: 1 }).height;
  const { items } = await view.getTextContent();
  for (const item of items) {
    if ('str' in item && item.str.includes(text)) {
      return {
        x: item.transform[4] as number,
        y: height - (item.transform[5] as number) - item.height,
        w: item.width,
        h: item.height,
      };
    }
  }
  throw new Error(`“${text}” is not on page ${page}`);
}

test('the digest is that of the JSON export', async () => {
  const pdf = await open(await renderPdf([fixture()], { lang: 'en' }));
  const hash = createHash('sha256');
  for (const piece of auditJson([fixture()])) hash.update(piece);
  expect(await textOf(pdf, 1)).toContain(hash.digest('hex'));
});

test('the same audit gives the same bytes', async () => {
  const [a, b] = [await renderPdf([fixture()], { lang: 'en' }), await renderPdf([fixture()], { lang: 'en' })];
  expect(Buffer.from(a).equals(Buffer.from(b))).toBe(true);
});

test('the first page says enforcement, coverage and each refused policy, in this order and before any figure', async () => {
  const pdf = await open(await renderPdf([fixture()], { lang: 'en' }));
  const first = await textOf(pdf, 1);
  const order = [
    'Enforced by calico',
    'Complete: everything',
    'shop/allow-web-0',
    'The port 70000 is not',
    'shop/allow-web-1',
    'Pods by isolation (120)',
  ];
  const places = order.map((words) => first.indexOf(words));
  expect(places.filter((place) => place < 0)).toEqual([]);
  expect([...places].sort((a, b) => a - b)).toEqual(places);
});

test('where nothing enforces, the first page says so and every isolated pod is listed as open', async () => {
  const pdf = await open(await renderPdf([fixture({ enforced: 'no', complete: false })], { lang: 'en' }));
  const [first, ...rest] = await allText(pdf);
  expect(first).toContain('NOT ENFORCED: flannel');
  expect(first).toContain('INCOMPLETE');
  expect(first).toContain('90 pods are isolated on paper, not enforced.');
  expect(first).toMatch(/0 \/ 120/);
  const lists = rest.join('\n');
  expect(lists).toMatch(/Deployment isolated on paper,/);
  // No row says plainly "isolated".
  expect(lists).not.toMatch(/(Deployment|DaemonSet) isolated(?! on paper)/);
});

test('every page has its number, the number of pages and the digest; every page of a long table its heading', async () => {
  const pdf = await open(await renderPdf([fixture({ namespaces: 20, workloads: 8 })], { lang: 'en' }));
  const pages = await allText(pdf);
  expect(pages.length).toBeGreaterThan(6);
  for (const [i, text] of pages.entries()) {
    expect(text).toContain(`Page ${i + 1} of ${pages.length}`);
    expect(text).toMatch(/Digest [0-9a-f]{16}/);
  }
  const from = pages.findIndex((text) => /(^|\n)All pods\n/.test(text) && text.includes('Egress outside'));
  const to = pages.findIndex((text) => text.includes('What it means'));
  expect(to - from).toBeGreaterThan(1);
  for (const text of pages.slice(from, to)) expect(text).toContain('Egress outside');
});

test('Korean names are inked in an English report, and extracted as they are', async () => {
  const pdf = await open(await renderPdf([fixture({ cluster: '운영-클러스터' })], { lang: 'en' }));
  expect(await textOf(pdf, 1)).toContain('운영-클러스터');
  const at = await find(pdf, 1, '운영');
  const ink = await inked(pdf, 1);
  // Glyphs of 22 points: a blank or a box of thin lines would leave far less.
  const drawn = ink(at.x, at.y, at.w, at.h);
  expect(drawn).toBeGreaterThan(0.12 * at.w * at.h * 4);
  expect(drawn).toBeLessThan(0.7 * at.w * at.h * 4);
});

test('two different Korean syllables are drawn differently', async () => {
  const count = async (name: string) => {
    const pdf = await open(await renderPdf([fixture({ cluster: name, namespaces: 1 })], { lang: 'ko' }));
    const at = await find(pdf, 1, name);
    return (await inked(pdf, 1))(at.x, at.y, at.w, at.h);
  };
  // One stroke against many: boxes for a missing glyph would be alike.
  expect(await count('뷁뷁')).toBeGreaterThan(1.5 * (await count('그그')));
});

test('a name stands letter by letter: the font puts no multiplication sign or arrow into it', async () => {
  const pdf = await open(await renderPdf([fixture({ cluster: 'nfbh8cq6x7->a' })], { lang: 'en' }));
  expect(await textOf(pdf, 1)).toContain('nfbh8cq6x7->a');
});

test('Korean that was taken apart into letters, as macOS gives file names, is put together', async () => {
  const apart = '운영'.normalize('NFD');
  expect(apart).toHaveLength(6);
  const pdf = await open(await renderPdf([fixture({ cluster: apart })], { lang: 'en' }));
  expect(await textOf(pdf, 1)).toContain('운영');
});

test('a Korean report is Korean: headings, states and advice', async () => {
  const pdf = await open(await renderPdf([fixture()], { lang: 'ko' }));
  const text = (await allText(pdf)).join('\n');
  for (const words of [
    '정책 적용 여부',
    '네임스페이스 간 도달 가능성',
    '미격리 파드',
    '가정',
    '→ 철자와 들여쓰기를 확인하십시오',
  ]) {
    expect(text).toContain(words);
  }
  expect((await pdf.getMetadata()).info).toMatchObject({
    Title: 'NetworkPolicy 감사 보고서: prod',
    Language: 'ko',
  });
});

test('the heatmap is drawn as vectors, in its colours', async () => {
  const pdf = await open(await renderPdf([fixture()], { lang: 'en' }));
  const pages = await allText(pdf);
  const page = pages.findIndex((text) => text.includes('Rows are sources')) + 1;
  const view = await pdf.getPage(page);
  const { fnArray } = await view.getOperatorList();
  expect(fnArray).not.toContain(pdfjs.OPS.paintImageXObject);
  const ink = await inked(pdf, page);
  const dark = (r: number, g: number, b: number) => r === 0x8f && g === 0x2f && b === 0x06;
  expect(ink(0, 0, 595, 841, dark)).toBeGreaterThan(500);
});

test('bookmarks lead to every section, and the contents name them with their pages', async () => {
  const pdf = await open(await renderPdf([fixture()], { lang: 'en' }));
  const outline = (await pdf.getOutline()).map((item) => item.title);
  expect(outline).toEqual([
    'Isolation by namespace',
    'Reachability between namespaces',
    'Open egress',
    'Pods that are not isolated',
    'Findings',
    'All pods',
    'Assumptions',
    'What was read',
    'What NetworkPolicy cannot express',
  ]);
  const pages = await allText(pdf);
  const contents = pages.find((text) => text.includes('Contents'))!;
  for (const title of outline) {
    const number = Number(new RegExp(`${title}\\s+(\\d+)`).exec(contents)?.[1]);
    expect(pages[number - 1], title).toContain(title);
  }
});

test('more than four refused policies: the first page counts the rest, and a section lists them all', async () => {
  const pdf = await open(await renderPdf([fixture({ rejected: 9 })], { lang: 'en' }));
  const pages = await allText(pdf);
  expect(pages[0]).toContain('Refused policies (9)');
  expect(pages[0]).toContain('5 more are listed');
  expect(pages.slice(1).join('')).toContain('shop/allow-web-8');
});

test('several clusters: a page that compares them, then a section for each', async () => {
  const engines = [fixture({ cluster: 'east' }), fixture({ cluster: 'west', enforced: 'no' })];
  const pdf = await open(await renderPdf(engines, { lang: 'en' }));
  const pages = await allText(pdf);
  expect(pages[0]).toContain('Comparison of clusters');
  expect(pages[0]).toMatch(/enforced[\s\S]*not enforced/);
  const outline = await pdf.getOutline();
  expect(outline.map((item) => item.title)).toEqual(['Comparison of clusters', 'east', 'west']);
  expect(outline[2]!.items.map((item) => item.title)).toContain('Findings');
});

test('where no pod is open, those that are unknown or cannot be isolated are not said to be isolated', async () => {
  const pod = (name: string, more = '') =>
    `{apiVersion: v1, kind: Pod, metadata: {name: ${name}, namespace: a}, spec: {${more} containers: [{name: c, image: i}]}}\n---\n`;
  const policy = (spec: string) =>
    `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: a}, spec: ${spec}}\n---\n`;
  const deny = policy('{podSelector: {}, policyTypes: [Ingress, Egress]}');
  const said = async (files: Record<string, string>): Promise<string> => {
    const engine = createAudit(snapshotOf(files), {
      auditedAt: '2026-03-01T00:00:00Z',
      version: '0',
      assume: {},
    });
    const pages = await allText(await open(await renderPdf([engine], { lang: 'en' })));
    return pages.join('\n').replaceAll('\n', ' ');
  };
  expect(await said({ 'a.yaml': pod('web') + deny })).toContain('Every pod is isolated in both directions.');
  const host = await said({ 'a.yaml': pod('web') + pod('node', 'hostNetwork: true,') + deny });
  expect(host).not.toContain('Every pod is isolated');
  expect(host).toContain('not isolatable (host network) 1.');
  const unread = await said({ 'a.yaml': pod('web'), 'b.yaml': 'kind: [' });
  expect(unread).toContain('No pod is known to be open. Not isolated for sure, by pods: unknown 1.');
  const permitted = policy('{podSelector: {}, policyTypes: [Ingress, Egress], egress: [{}]}');
  expect(await said({ 'a.yaml': pod('web') + permitted })).toContain('isolated, everything permitted 1.');
});

test('an empty cluster still makes a report', async () => {
  const pdf = await open(await renderPdf([fixture({ namespaces: 0, rejected: 0 })], { lang: 'en' }));
  expect(await textOf(pdf, 1)).toContain('Pods by isolation (0)');
});

test.each([
  ['short names', { enforced: 'unknown', complete: false }, 'ko'],
  ['names as long as the API allows', { long: true, namespaces: 5, cluster: 'c'.repeat(120) }, 'en'],
] as const)('nothing on a page stands beyond the margins: %s', async (_, options, lang) => {
  const pdf = await open(await renderPdf([fixture(options)], { lang }));
  for (let page = 1; page <= pdf.numPages; page++) {
    const { items } = await (await pdf.getPage(page)).getTextContent();
    for (const item of items) {
      if (!('str' in item) || item.str.trim() === '') continue;
      const [, , , , x, y] = item.transform as number[];
      expect(
        x! + (item.transform[1] === 0 ? item.width : 0),
        `page ${page}: ${item.str}`,
      ).toBeLessThanOrEqual(595.28 - 39);
      expect(x!, `page ${page}: ${item.str}`).toBeGreaterThanOrEqual(39);
      expect(y!, `page ${page}: ${item.str}`).toBeGreaterThanOrEqual(20);
    }
  }
});

test('folding a matrix loses no pair, and keeps the namespaces that reach and are reached most', () => {
  const rows = Array.from({ length: 70 }, (_, i) => ({
    namespace: `n${i}`,
    name: `n${i}`,
    kind: 'Namespace',
    pods: 2,
  }));
  const values = (f: (i: number, j: number) => number) =>
    rows.flatMap((_, i) => rows.map((__, j) => f(i, j)));
  const matrix = {
    level: 'namespace' as const,
    rows,
    cols: rows,
    pairs: values(() => 4),
    permitted: values((i, j) => (i === 65 || j === 66 ? 4 : (i + j) % 3)),
    full: values(() => 0),
    depends: values((i) => (i === 1 ? 1 : 0)),
  };
  const folded = foldMatrix(matrix, 60, 'others');
  const sum = (list: number[]) => list.reduce((a, b) => a + b, 0);
  expect(folded.names).toHaveLength(60);
  expect(folded.folded).toBe(11);
  for (const field of ['pairs', 'permitted', 'depends'] as const)
    expect(sum(folded[field])).toBe(sum(matrix[field]));
  expect(folded.names).toContain('n65');
  expect(folded.names).toContain('n66');
  const row = folded.names.indexOf('n65') * 60;
  expect(folded.permitted.slice(row, row + 59)).toEqual(new Array(59).fill(4));
});

test('a namespace’s name cannot break out of the heatmap’s markup', () => {
  const data = { names: ['<script>&"'], pairs: [2], permitted: [1], depends: [0], folded: 0 };
  const { svg } = heatmapSvg(data, 'en');
  expect(svg).not.toContain('<script');
  expect(svg).toContain('&#60;script&#62;&#38;&#34;');
});

test('long names that differ at their ends stay apart', () => {
  expect(shortName('team-checkout-production-eu', 20)).not.toBe(shortName('team-checkout-production-us', 20));
  expect(shortName('team-checkout-production-eu', 20)).toHaveLength(20);
});

test('10,000 pods make a report that says what it leaves out', async () => {
  const engine = fixture({ namespaces: 150, workloads: 34, podsPerWorkload: 2 });
  const pdf = await open(await renderPdf([engine], { lang: 'en' }));
  const text = (await allText(pdf)).join('\n');
  expect(text).toContain('Pods by isolation (10,200)');
  const rows = 150 * 34;
  expect(text).toContain(
    `${(rows - 1500).toLocaleString('en-US')} further rows are left out here; the CSV export has every pod.`,
  );
  expect(text).toMatch(/The 59 namespaces with the most permitted pairs are shown; the other 91 are folded/);
});

test('what means the opposite is told apart without colour: a pattern of its own, or another lightness', () => {
  const grey = (colour: string): number => {
    const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
    return 0.299 * r + 0.587 * g + 0.114 * b;
  };
  const charts: [string, Fill[]][] = [
    ['isolation', Object.values(PART_FILL)],
    ['open egress', [...WIDTH_FILL]],
    ['pairs', Object.values(PAIRS_FILL)],
  ];
  for (const [chart, fills] of charts) {
    for (const [i, a] of fills.entries()) {
      for (const b of fills.slice(i + 1)) {
        if (a.pattern !== b.pattern) continue;
        expect(
          Math.abs(grey(a.colour) - grey(b.colour)),
          `${chart}: ${a.colour} ${b.colour}`,
        ).toBeGreaterThan(40);
      }
    }
  }
  // Isolated and open, none and anywhere, denied and all permitted: never by lightness alone.
  expect(PART_FILL.both.pattern).not.toBe(PART_FILL.none.pattern);
  expect(WIDTH_FILL[0]?.pattern).not.toBe(WIDTH_FILL[4]?.pattern);
  expect(PAIRS_FILL.full.pattern).not.toBe((PAIRS_FILL.denied as Fill).pattern);
  // In the heatmap a cell with nothing permitted has a stroke, one with little has none.
  const cell = (permitted: number) =>
    heatmapSvg({ names: ['a'], pairs: [100], permitted: [permitted], depends: [0], folded: 0 }, 'en').svg;
  const strokes = (svg: string) => svg.split('stroke="#1f6fb5"').length - 1;
  expect([strokes(cell(0)), strokes(cell(5))]).toEqual([2, 1]);
});

test('a name of 40,000 letters or words is cut and laid out in seconds; one that the API permits stays whole', async () => {
  // Before it was cut: 31 s and 1.35 GB for 10,000 letters, and with the square of their number.
  for (const name of ['a'.repeat(40_000), 'ab '.repeat(13_000)]) {
    const begun = performance.now();
    const pdf = await open(await renderPdf([fixture({ cluster: name })], { lang: 'en' }));
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect((await allText(pdf)).join('')).toContain('…');
    expect(pdf.numPages).toBeLessThan(15);
  }
  const longest = `Deployment ${'n'.repeat(63)}/${'w'.repeat(253)}`;
  expect(fitted(longest)).toBe(longest);
  expect(fitted('x'.repeat(400))).toBe('x'.repeat(400));
  expect(fitted(`a ${'x'.repeat(401)} b`)).toBe(`a ${'x'.repeat(399)}… b`);
}, 60_000);

test('what cannot be seen in a name is named in the PDF, also in its drawings', async () => {
  const pdf = await open(
    await renderPdf([fixture({ cluster: 'prod\u202Ereven\u200B\u001B[2J' })], { lang: 'en' }),
  );
  expect((await textOf(pdf, 1)).replaceAll('\n', '')).toContain('prod<U+202E>reven<U+200B><U+001B>[2J');
  const data = { names: ['a\u001Bb\u202E'], pairs: [1], permitted: [1], depends: [0], folded: 0 };
  expect(heatmapSvg(data, 'en').svg).toContain('a&#60;U+001B&#62;b&#60;U+202E&#62;');
});

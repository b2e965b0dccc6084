/** Small pieces that the PDF is made of, as plain objects in pdfmake's form. */
import type { Severity } from '../../audit/result.ts';
import type { IsolationPart } from '../tables.ts';

/** A node of pdfmake's document definition. */
export type Content = string | ContentObject | Content[];
export interface ContentObject {
  [key: string]: unknown;
}

export const PAGE = { width: 595.28, margins: [40, 54, 40, 50] } as const;
/** Width between the margins, in points. */
export const ROOM = PAGE.width - PAGE.margins[0] - PAGE.margins[2];

export const INK = '#1a1e23';
export const MUTED = '#515b66';
export const LINE = '#d5dae0';
export const PANEL = '#f5f6f8';
export const BAD = '#b23a05';
export const WARN = '#8a5a00';
export const GOOD = '#1f6fb5';

/** A colour, and a pattern of white lines over it where colour alone would not tell it apart on a grey print. */
export interface Fill {
  colour: string;
  pattern?: keyof typeof PATTERNS;
}

/**
 * Patterns by what they mean, in pdfmake's form, the same as the window's: upright lines are open, slanted ones hang on
 * what is not known, level ones cannot be isolated. What is isolated is solid.
 */
export const PATTERNS = {
  // Long tiles: where two meet a viewer may leave a seam.
  open: {
    boundingBox: [0, 0, 4, 900],
    xStep: 4,
    yStep: 900,
    pattern: '1.1 w 2 0 m 2 900 l S',
    colored: false,
  },
  unsure: {
    boundingBox: [0, 0, 4, 4],
    xStep: 4,
    yStep: 4,
    pattern: '1 w -1 -1 m 5 5 l S -1 3 m 1 5 l S 3 -1 m 5 1 l S',
    colored: false,
  },
  fixed: {
    boundingBox: [0, 0, 600, 3],
    xStep: 600,
    yStep: 3,
    pattern: '1 w 0 1.5 m 600 1.5 l S',
    colored: false,
  },
} as const;

/** Colours as in the window's light theme: blue is isolated, what is open is warm. */
export const PART_FILL: Record<IsolationPart, Fill> = {
  both: { colour: '#1f6fb5' },
  ingressOnly: { colour: '#e2a40c' },
  egressOnly: { colour: '#f5d589' },
  none: { colour: '#cb440a', pattern: 'open' },
  notIsolatable: { colour: '#8b949e', pattern: 'fixed' },
  unknown: { colour: '#8b949e', pattern: 'unsure' },
};

export const WIDTH_FILL: readonly Fill[] = [
  { colour: '#cb440a', pattern: 'open' },
  { colour: '#e2a40c' },
  { colour: '#f5d589' },
  { colour: '#8b949e', pattern: 'unsure' },
  { colour: '#1f6fb5' },
];

/** Ordered pairs: everything permitted, something, what depends, nothing. */
export const PAIRS_FILL = {
  full: { colour: '#8f2f06', pattern: 'open' },
  some: { colour: '#f0a06a' },
  depends: { colour: '#8b949e', pattern: 'unsure' },
  denied: { colour: '#1f6fb5' },
} as const satisfies Record<string, Fill>;

/** A filled rectangle of a pdfmake canvas: the colour, and its pattern over it. */
function filled(fill: Fill, x: number, w: number, h: number): ContentObject[] {
  const rect = { type: 'rect', x: round(x), y: 0, w: round(w), h, lineWidth: 0 };
  return [
    { ...rect, color: fill.colour },
    ...(fill.pattern === undefined ? [] : [{ ...rect, color: [fill.pattern, '#ffffff'] }]),
  ];
}

export const SEVERITY_COLOUR: Record<Severity, string> = {
  critical: '#a3210f',
  high: '#c9470a',
  medium: '#946200',
  low: '#1f6fb5',
  info: '#66707b',
};

const HANGUL = /[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]/;
/** Longer words may break anywhere, or they would run over a narrow column. */
const KEEP = 12;

/**
 * Text with Korean words kept whole: the line breaker would break between any two syllables, which reads badly.
 * @param text a sentence or a name
 * @param style pdfmake properties of the node
 */
export function t(text: string, style: ContentObject = {}): ContentObject {
  if (!HANGUL.test(text) || !text.includes(' ')) return { text, ...style };
  const parts = text
    .split(/(?<= )/)
    .map((word) => (word.length <= KEEP ? { text: word, noWrap: true } : word));
  return { text: parts, ...style };
}

/** A section's heading, which stands in the contents and the bookmarks. */
export function heading(
  text: string,
  options: { parent?: string; id?: string; bookmark?: string } = {},
): ContentObject {
  return {
    text,
    style: 'heading',
    tocItem: true,
    tocMargin: options.parent === undefined ? [0, 1, 0, 0] : [10, 0, 0, 0],
    outline: true,
    outlineText: options.bookmark ?? text,
    ...(options.parent === undefined ? {} : { outlineParentId: options.parent }),
  };
}

export interface TableColumn {
  title: string;
  /** Points, or '*' for what is left. */
  width: number | '*';
  align?: 'left' | 'right';
}

/** Space that the `rows` layout leaves around the cells of a table. */
const padding = (columns: number) => columns * 8 - 2;

/**
 * Widths in points. What is '*' shares what is left: given as a number, since the library lets such a column grow
 * over the margin for the sake of one long name.
 */
export function fixedWidths(widths: readonly (number | '*')[], room: number): number[] {
  const fixed = widths.reduce<number>((sum, width) => sum + (width === '*' ? 0 : width), 0);
  const stars = widths.filter((width) => width === '*').length;
  const share = Math.max(20, Math.floor((room - fixed) / Math.max(1, stars)));
  return widths.map((width) => (width === '*' ? share : width));
}

/** A table with a heading that repeats on each page, and rows that stay whole. */
export function table(columns: readonly TableColumn[], rows: readonly (readonly Content[])[]): ContentObject {
  const head = columns.map((column) => t(column.title, { style: 'th', alignment: column.align ?? 'left' }));
  const body = rows.map((row) =>
    row.map((cell, i) => {
      const align = columns[i]!.align;
      if (align === undefined) return cell;
      return typeof cell === 'string'
        ? { text: cell, alignment: align }
        : { alignment: align, ...(cell as ContentObject) };
    }),
  );
  return {
    style: 'table',
    layout: 'rows',
    table: {
      headerRows: 1,
      keepWithHeaderRows: 1,
      dontBreakRows: true,
      widths: fixedWidths(
        columns.map((column) => column.width),
        ROOM - padding(columns.length),
      ),
      body: [head, ...body],
    },
  };
}

export interface Segment {
  label: string;
  value: number;
  fill: Fill;
}

/** A bar of stacked segments as vectors. Every segment that is not zero has at least a visible sliver. */
export function bar(segments: readonly Segment[], width: number, height: number): ContentObject {
  const total = segments.reduce((sum, s) => sum + s.value, 0);
  const shown = segments.filter((s) => s.value > 0);
  const sliver = 1.5;
  const raw = shown.map((s) => Math.max(sliver, (s.value / total) * width));
  const scale =
    width /
    Math.max(
      1,
      raw.reduce((sum, w) => sum + w, 0),
    );
  let x = 0;
  const canvas = shown.flatMap((s, i) => {
    const w = raw[i]! * scale;
    const rects = filled(s.fill, x, w, height);
    x += w;
    return rects;
  });
  if (canvas.length === 0) {
    return { canvas: [{ type: 'rect', x: 0, y: 0, w: width, h: height, color: PANEL, lineWidth: 0 }] };
  }
  return { canvas };
}

/** Coordinates with two digits: the file stays small and the same everywhere. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** A square of a segment's colour and pattern, for a legend. */
export function swatch(fill: Fill): ContentObject {
  return { width: 10, margin: [0, 2.2, 0, 0], canvas: filled(fill, 0, 9, 7) };
}

/** A framed note with a coloured edge. */
export function callout(label: string, body: Content[], colour: string): ContentObject {
  return {
    margin: [0, 0, 0, 6],
    layout: 'callout',
    table: {
      widths: fixedWidths([3, 92, '*'], ROOM - 32),
      dontBreakRows: true,
      body: [[{ text: '', fillColor: colour }, { text: label, bold: true, color: colour }, { stack: body }]],
    },
  };
}

/** The product's table layouts: thin lines between rows, a panel, no lines. */
export const LAYOUTS = {
  rows: {
    hLineWidth: (i: number, node: { table: { body: unknown[] } }) =>
      i === 0 ? 0 : i === node.table.body.length ? 0.5 : i === 1 ? 0.8 : 0.4,
    vLineWidth: () => 0,
    hLineColor: (i: number) => (i === 1 ? MUTED : LINE),
    paddingLeft: (i: number) => (i === 0 ? 2 : 4),
    paddingRight: () => 4,
    paddingTop: () => 2.6,
    paddingBottom: () => 2.6,
  },
  callout: {
    hLineWidth: () => 0,
    vLineWidth: () => 0,
    fillColor: () => PANEL,
    paddingLeft: (i: number) => (i === 0 ? 0 : 8),
    paddingRight: (i: number) => (i === 0 ? 0 : 8),
    paddingTop: () => 6,
    paddingBottom: () => 6,
  },
  plain: {
    hLineWidth: () => 0,
    vLineWidth: () => 0,
    paddingLeft: () => 0,
    paddingRight: () => 8,
    paddingTop: () => 1.5,
    paddingBottom: () => 1.5,
  },
};

export const STYLES = {
  title: { fontSize: 22, bold: true, color: INK },
  overline: { fontSize: 9, bold: true, color: MUTED },
  heading: { fontSize: 13, bold: true, color: INK, margin: [0, 0, 0, 4] },
  sub: { fontSize: 9.5, bold: true, color: INK, margin: [0, 8, 0, 3] },
  lead: { color: MUTED, margin: [0, 0, 0, 6] },
  th: { bold: true, color: MUTED, fontSize: 7.5 },
  table: { fontSize: 8, margin: [0, 0, 0, 6] },
  note: { color: MUTED, fontSize: 8, margin: [0, 2, 0, 6] },
};

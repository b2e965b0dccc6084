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

/** Colours as in the window's light theme: blue is isolated, what is open is warm. */
export const PART_COLOUR: Record<IsolationPart, string> = {
  both: '#1f6fb5',
  ingressOnly: '#e2a40c',
  egressOnly: '#f5d589',
  none: '#cb440a',
  notIsolatable: '#8b949e',
  unknown: '#b4bcc5',
};

export const WIDTH_COLOUR: readonly string[] = ['#cb440a', '#e2a40c', '#f5d589', '#b4bcc5', '#1f6fb5'];

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
  colour: string;
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
  const canvas = shown.map((s, i) => {
    const w = raw[i]! * scale;
    const rect = { type: 'rect', x: round(x), y: 0, w: round(w), h: height, color: s.colour, lineWidth: 0 };
    x += w;
    return rect;
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

/** A square of a segment's colour, for a legend. */
export function swatch(colour: string): ContentObject {
  return {
    width: 8,
    margin: [0, 2.2, 0, 0],
    canvas: [{ type: 'rect', x: 0, y: 0, w: 7, h: 7, color: colour, lineWidth: 0 }],
  };
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

/** The heatmap's arithmetic: order, levels, colours, what is in view. Pure, so that it can be tested without a canvas. */
import { color, interpolateRgbBasis } from 'd3';
import type { MatrixData } from '../../shared/audit/result.ts';

/** Names as people order them, whatever the language: `node-9` before `node-10`. */
const byName = new Intl.Collator('en', { numeric: true });

export type HeatSort = 'name' | 'reach';

/** What a cell shows. Codes from `SHARE` to `SHARE_MAX` are a share of permitted pairs. */
export const NO_PAIRS = 0;
export const DENIED = 1;
export const DEPENDS = 2;
export const SHARE = 3;
export const SHARE_MAX = 254;
export const FULL = 255;

export interface CellFigures {
  pairs: number;
  permitted: number;
  full: number;
  depends: number;
  denied: number;
}

/** The figures of a cell by its place in the data. */
export function figures(data: MatrixData, row: number, col: number): CellFigures {
  const at = row * data.cols.length + col;
  const pairs = data.pairs[at] ?? 0;
  const permitted = data.permitted[at] ?? 0;
  const depends = data.depends[at] ?? 0;
  return { pairs, permitted, full: data.full[at] ?? 0, depends, denied: pairs - permitted - depends };
}

/**
 * The code of a cell. A share rounds towards the middle: only a cell where every pair is fully permitted is `FULL`, and
 * only one without any permitted pair is `DENIED` or `DEPENDS`.
 */
export function level(pairs: number, permitted: number, full: number, depends: number): number {
  if (pairs === 0) return NO_PAIRS;
  if (permitted === 0) return depends > 0 ? DEPENDS : DENIED;
  if (full === pairs) return FULL;
  return SHARE + Math.round((permitted / pairs) * (SHARE_MAX - SHARE));
}

/**
 * The order of rows and of columns, as indexes into the data.
 * By reach: rows by how much they may reach, columns by how much may reach them, the widest first. Where rows and
 * columns are the same list both take the order of the two sums together, so that the diagonal stays what it is.
 */
export function order(data: MatrixData, by: HeatSort): { rows: number[]; cols: number[] } {
  const name = (entry: MatrixData['rows'][number]) => `${entry.namespace}/${entry.name}/${entry.kind}`;
  const rowNames = data.rows.map(name);
  const colNames = data.cols.map(name);
  const rowSum = data.rows.map(() => 0);
  const colSum = data.cols.map(() => 0);
  if (by === 'reach') {
    const width = data.cols.length;
    for (let row = 0; row < data.rows.length; row++) {
      for (let col = 0; col < width; col++) {
        const permitted = data.permitted[row * width + col]!;
        rowSum[row]! += permitted;
        colSum[col]! += permitted;
      }
    }
    const same =
      rowNames.length === colNames.length && rowNames.every((value, index) => value === colNames[index]);
    if (same)
      rowNames.forEach((_, index) => (rowSum[index] = colSum[index] = rowSum[index]! + colSum[index]!));
  }
  const sorted = (names: string[], sums: number[]) =>
    names
      .map((_, index) => index)
      .sort((a, b) => sums[b]! - sums[a]! || byName.compare(names[a]!, names[b]!));
  return { rows: sorted(rowNames, rowSum), cols: sorted(colNames, colSum) };
}

/** Colour stops of the share, from hardly anything to nearly everything; the lightness runs one way only. */
const STOPS = {
  light: ['#fdeee2', '#f9cda8', '#f0a06a', '#dd6f30', '#b6440d'],
  dark: ['#3a281d', '#643a22', '#96502a', '#cf6d36', '#ff9a62'],
};
const FIXED = {
  light: { none: '#f1f3f5', denied: '#dbe8f4', depends: '#c3cad2', full: '#8f2f06' },
  dark: { none: '#1b1e22', denied: '#1c3043', depends: '#4b545f', full: '#ffb183' },
};
export type Scheme = 'light' | 'dark';

/** The 256 colours of a scheme as CSS text, by code. */
export function palette(scheme: Scheme): string[] {
  const ramp = interpolateRgbBasis(STOPS[scheme]);
  const fixed = FIXED[scheme];
  return Array.from({ length: 256 }, (_, code) => {
    if (code === NO_PAIRS) return fixed.none;
    if (code === DENIED) return fixed.denied;
    if (code === DEPENDS) return fixed.depends;
    if (code === FULL) return fixed.full;
    return ramp((code - SHARE) / (SHARE_MAX - SHARE));
  });
}

/** The same colours as 32-bit pixels in the byte order of ImageData (red first in memory, little-endian). */
export function pixels(colors: readonly string[]): Uint32Array {
  return Uint32Array.from(colors, (text) => {
    const { r, g, b } = color(text)!.rgb();
    return ((255 << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r)) >>> 0;
  });
}

/** True where dark text reads better on a colour. */
export function darkText(text: string): boolean {
  const { r, g, b } = color(text)!.rgb();
  return 0.299 * r + 0.587 * g + 0.114 * b > 140;
}

export interface View {
  /** Pixels of a cell at no zoom. */
  cell: number;
  /** Zoom and offset, as d3-zoom has them. */
  k: number;
  x: number;
  y: number;
}

/** Indexes first..last (inclusive) of cells that show along one axis of a length in pixels. */
export function inView(offset: number, size: number, length: number, count: number): [number, number] {
  const first = Math.max(0, Math.floor(-offset / size));
  const last = Math.min(count - 1, Math.ceil((length - offset) / size) - 1);
  return [first, last];
}

/** Every how many cells a label has room, when one needs `need` pixels. */
export function labelStep(size: number, need: number): number {
  return Math.max(1, Math.ceil(need / size));
}

/** The cell under a point, or null outside of the matrix. */
export function cellAt(
  view: View,
  px: number,
  py: number,
  rows: number,
  cols: number,
): [number, number] | null {
  const col = Math.floor((px - view.x) / (view.cell * view.k));
  const row = Math.floor((py - view.y) / (view.cell * view.k));
  return row >= 0 && col >= 0 && row < rows && col < cols ? [row, col] : null;
}

/** Side of a square cell so that the whole matrix shows, at most `most` pixels. */
export function cellSize(width: number, height: number, rows: number, cols: number, most: number): number {
  if (rows === 0 || cols === 0) return most;
  return Math.max(0.05, Math.min(most, width / cols, height / rows));
}

/** The heatmap namespace × namespace as vectors. */
import type { MatrixData } from '../../audit/result.ts';
import { fill } from '../messages/format.ts';
import { compare, percent } from '../tables.ts';
import { visible } from '../visible.ts';
import { words } from '../words.ts';
import type { Lang } from '../words.ts';
import { INK, LINE, MUTED, ROOM, round } from './parts.ts';

/** More namespaces than this are folded: their cells would be too small to be read on paper. */
export const MOST_NAMESPACES = 60;

export interface HeatmapData {
  names: string[];
  /** Row-major, as in MatrixData. */
  pairs: number[];
  permitted: number[];
  depends: number[];
  /** Namespaces folded into the last row and column; 0 when all are shown. */
  folded: number;
}

/**
 * The matrix with at most `most` rows: the namespaces with the most permitted pairs (to or from them) stay, the rest
 * become one row and column. No pair is lost: sums are the same before and after.
 */
export function foldMatrix(matrix: MatrixData, most: number, others: string): HeatmapData {
  const n = matrix.rows.length;
  if (n <= most) {
    return {
      names: matrix.rows.map((row) => row.name),
      pairs: matrix.pairs,
      permitted: matrix.permitted,
      depends: matrix.depends,
      folded: 0,
    };
  }
  const weight = new Array<number>(n).fill(0);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      weight[i]! += matrix.permitted[i * n + j]!;
      weight[j]! += matrix.permitted[i * n + j]!;
    }
  }
  const order = matrix.rows.map((_, i) => i);
  order.sort((a, b) => weight[b]! - weight[a]! || compare(matrix.rows[a]!.name, matrix.rows[b]!.name));
  const kept = order.slice(0, most - 1).sort((a, b) => a - b);
  const place = new Array<number>(n).fill(most - 1);
  for (const [to, from] of kept.entries()) place[from] = to;
  const sum = (values: number[]) => {
    const out = new Array<number>(most * most).fill(0);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) out[place[i]! * most + place[j]!]! += values[i * n + j]!;
    }
    return out;
  };
  return {
    names: [...kept.map((i) => matrix.rows[i]!.name), others],
    pairs: sum(matrix.pairs),
    permitted: sum(matrix.permitted),
    depends: sum(matrix.depends),
    folded: n - kept.length,
  };
}

const DEPENDS = '#e6e9ed';

/** Steps of the scale: the share up to which (inclusive) a colour counts. Nothing and everything stand alone. */
export const STEPS: readonly { upTo: number; colour: string; label: string }[] = [
  { upTo: 0, colour: '#dbe8f4', label: '0%' },
  { upTo: 0.1, colour: '#fde3cd', label: '≤10%' },
  { upTo: 0.25, colour: '#f9cda8', label: '≤25%' },
  { upTo: 0.5, colour: '#f0a06a', label: '≤50%' },
  { upTo: 0.75, colour: '#dd6f30', label: '≤75%' },
  { upTo: 0.999999999, colour: '#b6440d', label: '<100%' },
  { upTo: 1, colour: '#8f2f06', label: '100%' },
];

function stepOf(share: number): number {
  return STEPS.findIndex((step) => share <= step.upTo);
}

const escapeXml = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.codePointAt(0)};`);

/** A name cut in the middle, so that `team-a-production` and `team-a-staging` stay apart. */
export function shortName(name: string, most: number): string {
  if (name.length <= most) return name;
  const head = Math.ceil((most - 1) / 2);
  return `${name.slice(0, head)}…${name.slice(name.length - (most - 1 - head))}`;
}

/**
 * The heatmap as SVG.
 * @returns svg text, and its size in points
 */
export function heatmapSvg(data: HeatmapData, lang: Lang): { svg: string; width: number; height: number } {
  const w = words(lang).report;
  const n = data.names.length;
  const labelChars = n > 30 ? 20 : 24;
  const labels = data.names.map((name) => shortName(visible(name), labelChars));
  const longest = Math.max(1, ...labels.map((label) => label.length));
  const cell = Math.min(26, (ROOM - 130) / n);
  const font = Math.max(4.2, Math.min(7.5, cell * 0.72));
  const left = Math.min(128, longest * font * 0.58 + 6);
  // Column names stand upright in a slant-free quarter turn: at 60 columns nothing else fits.
  const top = left;
  const size = cell * n;
  const width = ROOM;
  const legend = 30;
  const height = round(top + size + legend);
  const out: string[] = [];
  out.push(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${round(width)}" height="${height}" viewBox="0 0 ${round(width)} ${height}" font-family="Pretendard" font-size="${round(font)}">`,
  );
  for (let i = 0; i < n; i++) {
    const y = top + i * cell;
    const label = escapeXml(labels[i]!);
    out.push(
      `<text x="${round(left - 4)}" y="${round(y + cell / 2 + font * 0.35)}" text-anchor="end" fill="${INK}">${label}</text>`,
    );
    const x = round(left + i * cell + cell / 2 + font * 0.35);
    out.push(
      `<text x="${x}" y="${round(top - 4)}" transform="rotate(-90 ${x} ${round(top - 4)})" fill="${INK}">${label}</text>`,
    );
  }
  const figures = cell >= 20;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const k = i * n + j;
      const x = left + j * cell;
      const y = top + i * cell;
      out.push(cellSvg(data.pairs[k]!, data.permitted[k]!, data.depends[k]!, x, y, cell, figures));
    }
  }
  out.push(
    `<rect x="${round(left)}" y="${round(top)}" width="${round(size)}" height="${round(size)}" fill="none" stroke="${MUTED}" stroke-width="0.5"/>`,
  );
  out.push(legendSvg(left, top + size + 12, w));
  out.push('</svg>');
  return { svg: out.join(''), width: round(width), height };
}

function cellSvg(
  pairs: number,
  permitted: number,
  depends: number,
  x: number,
  y: number,
  size: number,
  figures: boolean,
): string {
  const at = `x="${round(x)}" y="${round(y)}" width="${round(size)}" height="${round(size)}"`;
  const line = `stroke="${LINE}" stroke-width="0.3"`;
  if (pairs === 0) {
    // No pair to judge: neither open nor closed.
    return `<rect ${at} fill="#f3f5f7" ${line}/><line x1="${round(x)}" y1="${round(y + size)}" x2="${round(x + size)}" y2="${round(y)}" ${line}/>`;
  }
  const step = stepOf(permitted / pairs);
  const unsure = permitted === 0 && depends > 0;
  let out = `<rect ${at} fill="${unsure ? DEPENDS : STEPS[step]!.colour}" ${line}/>`;
  if (unsure) out += hatch(x, y, size);
  else if (permitted === 0) out += closed(x, y, size);
  if (permitted > 0 && step === STEPS.length - 1) out += everything(x, y, size);
  if (figures && permitted > 0) {
    const font = 5.6;
    const colour = step >= 5 ? '#ffffff' : INK;
    out += `<text x="${round(x + size / 2)}" y="${round(y + size / 2 + font * 0.35)}" text-anchor="middle" font-size="${font}" fill="${colour}">${escapeXml(percent(permitted, pairs))}</text>`;
  }
  return out;
}

/** A level stroke: nothing is permitted. On a grey print its blue is as light as the least of the orange ones. */
function closed(x: number, y: number, size: number): string {
  const half = Math.min(2.6, size / 4);
  const [cx, cy] = [x + size / 2, y + size / 2];
  return `<line x1="${round(cx - half)}" y1="${round(cy)}" x2="${round(cx + half)}" y2="${round(cy)}" stroke="#1f6fb5" stroke-width="0.8"/>`;
}

/** A dot in the corner, as in the window: something is permitted for every pair. */
function everything(x: number, y: number, size: number): string {
  const r = Math.min(1.1, size / 8);
  return `<circle cx="${round(x + size - 2 * r)}" cy="${round(y + 2 * r)}" r="${round(r)}" fill="#ffffff"/>`;
}

/** Three slanted lines: something is open only if an assumption turns out that way. */
function hatch(x: number, y: number, size: number): string {
  return [0.25, 0.5, 0.75]
    .map(
      (f) =>
        `<line x1="${round(x + size * Math.max(0, f * 2 - 1))}" y1="${round(y + size * Math.min(1, f * 2))}" x2="${round(x + size * Math.min(1, f * 2))}" y2="${round(y + size * Math.max(0, f * 2 - 1))}" stroke="#515b66" stroke-width="0.6"/>`,
    )
    .join('');
}

function legendSvg(x: number, y: number, w: ReturnType<typeof words>['report']): string {
  const size = 9;
  const font = 6.5;
  let at = x;
  const out: string[] = [];
  const label = (text: string) => {
    out.push(
      `<text x="${round(at)}" y="${round(y + 7)}" font-size="${font}" fill="${MUTED}">${escapeXml(text)}</text>`,
    );
    at += text.length * font * (/[\uac00-\ud7a3]/.test(text) ? 0.92 : 0.56) + 9;
  };
  for (const step of STEPS) {
    out.push(
      `<rect x="${round(at)}" y="${round(y)}" width="${size}" height="${size}" fill="${step.colour}" stroke="${LINE}" stroke-width="0.4"/>`,
    );
    if (step === STEPS[0]) out.push(closed(at, y, size));
    if (step === STEPS.at(-1)) out.push(everything(at, y, size));
    at += size + 3;
    label(step.label);
  }
  out.push(
    `<rect x="${round(at)}" y="${round(y)}" width="${size}" height="${size}" fill="${DEPENDS}" stroke="${LINE}" stroke-width="0.4"/>`,
  );
  out.push(hatch(at, y, size));
  at += size + 3;
  label(w.heatmapDepends);
  out.push(
    `<rect x="${round(at)}" y="${round(y)}" width="${size}" height="${size}" fill="#f3f5f7" stroke="${LINE}" stroke-width="0.4"/><line x1="${round(at)}" y1="${round(y + size)}" x2="${round(at + size)}" y2="${round(y)}" stroke="${LINE}" stroke-width="0.4"/>`,
  );
  at += size + 3;
  label(w.heatmapEmpty);
  return out.join('');
}

/** The sentence below the heading that says what was folded; empty when nothing was. */
export function foldedText(data: HeatmapData, lang: Lang): string {
  if (data.folded === 0) return '';
  return fill(words(lang).report.heatmapFolded, { shown: data.names.length - 1, folded: data.folded });
}

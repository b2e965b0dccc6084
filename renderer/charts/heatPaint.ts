/** Paints the heatmap: one pixel a cell into an image once, then that image, scaled, for each frame. */
import type { MatrixData } from '../../shared/audit/result.ts';
import { darkText, DENIED, DEPENDS, figures, FULL, inView, level, NO_PAIRS, type View } from './heat.ts';

/** Milliseconds that one stretch of filling may take; the rest waits for the next frame. */
const BUDGET = 8;

export interface HeatImage {
  canvas: OffscreenCanvas;
  /** Codes in the shown order, row by row. */
  codes: Uint8Array;
}

/**
 * Fills the image, a stretch a frame, so that even a large matrix never holds the window up.
 * @param rows, cols the shown order, as indexes into the data
 * @param step called after each stretch with what there is so far
 * @returns a function that stops the work
 */
export function fillImage(
  data: MatrixData,
  rows: readonly number[],
  cols: readonly number[],
  lut: Uint32Array,
  step: (image: HeatImage, done: boolean) => void,
): () => void {
  const { pairs, permitted, full, depends } = data;
  const stride = data.cols.length;
  const width = Math.max(1, cols.length);
  const height = Math.max(1, rows.length);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  const codes = new Uint8Array(width * height);
  let row = 0;
  let frame = 0;
  const stretch = (): void => {
    if (!context) return;
    const until = performance.now() + BUDGET;
    const first = row;
    do {
      for (let col = 0; col < cols.length && row < rows.length; col++) {
        const at = rows[row]! * stride + cols[col]!;
        codes[row * width + col] = level(pairs[at]!, permitted[at]!, full[at]!, depends[at]!);
      }
      row++;
    } while (row < rows.length && performance.now() < until);
    const image = new ImageData(width, row - first);
    const pixels = new Uint32Array(image.data.buffer);
    const from = first * width;
    for (let at = 0; at < pixels.length; at++) pixels[at] = lut[codes[from + at]!]!;
    context.putImageData(image, 0, first);
    const done = row >= rows.length;
    step({ canvas, codes }, done);
    if (!done) frame = requestAnimationFrame(stretch);
  };
  stretch();
  return () => cancelAnimationFrame(frame);
}

export interface Frame {
  width: number;
  height: number;
  ratio: number;
  rows: readonly number[];
  cols: readonly number[];
  data: MatrixData;
  colors: readonly string[];
  /** Colour behind the cells, for the gaps. */
  background: string;
  hatch: string;
}

/** Draws one frame: the scaled image, then, where cells are large enough, gaps, marks and figures. */
export function drawFrame(
  context: CanvasRenderingContext2D,
  image: HeatImage,
  view: View,
  frame: Frame,
): void {
  const { width, height, ratio, rows, cols } = frame;
  const size = view.cell * view.k;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const [r0, r1] = inView(view.y, size, height, rows.length);
  const [c0, c1] = inView(view.x, size, width, cols.length);
  if (r1 < r0 || c1 < c0) return;
  // Cells below a pixel are averaged, larger ones stay sharp.
  context.imageSmoothingEnabled = size < 1;
  const x = view.x + c0 * size;
  const y = view.y + r0 * size;
  const across = c1 - c0 + 1;
  const down = r1 - r0 + 1;
  context.drawImage(image.canvas, c0, r0, across, down, x, y, across * size, down * size);
  if (size < 7) return;

  context.fillStyle = frame.background;
  const gap = size < 16 ? 0.5 : 1;
  for (let col = c0; col <= c1 + 1; col++)
    context.fillRect(view.x + col * size - gap, y, gap * 2, down * size);
  for (let row = r0; row <= r1 + 1; row++)
    context.fillRect(x, view.y + row * size - gap, across * size, gap * 2);
  for (let row = r0; row <= r1; row++) {
    for (let col = c0; col <= c1; col++) drawMarks(context, image, view, frame, row, col, size);
  }
}

function drawMarks(
  context: CanvasRenderingContext2D,
  image: HeatImage,
  view: View,
  frame: Frame,
  row: number,
  col: number,
  size: number,
): void {
  const code = image.codes[row * frame.cols.length + col]!;
  if (code === NO_PAIRS) return;
  const x = view.x + col * size;
  const y = view.y + row * size;
  const cell = figures(frame.data, frame.rows[row]!, frame.cols[col]!);
  if (cell.depends > 0) drawHatch(context, x + 1, y + 1, size - 2, frame.hatch, code === DEPENDS ? 0.8 : 0.4);
  const ink = darkText(frame.colors[code]!) ? 'rgb(20 22 26 / 88%)' : 'rgb(255 255 255 / 94%)';
  if (code === DENIED && size >= 10) {
    // Without colour its blue is as light as the least of the orange ones.
    context.fillStyle = ink;
    context.globalAlpha = 0.55;
    const half = Math.min(5, size / 5);
    context.fillRect(x + size / 2 - half, y + size / 2 - 0.6, half * 2, 1.2);
    context.globalAlpha = 1;
  }
  if (code === FULL) {
    // A dot says "everything": the colour alone would not.
    context.fillStyle = ink;
    context.beginPath();
    context.arc(x + size - Math.min(7, size / 3), y + Math.min(7, size / 3), Math.min(2.5, size / 6), 0, 7);
    context.fill();
  }
  if (size >= 34 && code > DEPENDS) {
    context.fillStyle = ink;
    context.font = `${size >= 46 ? 12 : 11}px system-ui, sans-serif`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillText(percentText(cell.permitted, cell.pairs), x + size / 2, y + size / 2 + 0.5);
  }
}

function percentText(part: number, whole: number): string {
  const percent = (100 * part) / whole;
  if (percent < 1) return '<1';
  if (part < whole && percent > 99) return '>99';
  return `${Math.round(percent)}`;
}

function drawHatch(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  size: number,
  ink: string,
  strength: number,
): void {
  context.save();
  context.beginPath();
  context.rect(x, y, size, size);
  context.clip();
  context.globalAlpha = strength;
  context.strokeStyle = ink;
  context.lineWidth = 1.2;
  context.beginPath();
  for (let at = -size; at < size; at += 5) {
    context.moveTo(x + at, y + size);
    context.lineTo(x + at + size, y);
  }
  context.stroke();
  context.restore();
}

/** `node build/icons/make.mjs`: icon.svg → the PNG files that the packages carry. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { fromRoot } from '../paths.mjs';

const svg = readFileSync(fromRoot('build/icons/icon.svg'), 'utf8');

/** @param {number} size @param {string} file */
async function draw(size, file) {
  const canvas = createCanvas(size, size);
  // Drawn at its size, not scaled down: small lines stay sharp.
  const image = await loadImage(Buffer.from(svg.replace('<svg ', `<svg width="${size}" height="${size}" `)));
  canvas.getContext('2d').drawImage(image, 0, 0, size, size);
  writeFileSync(fromRoot(file), await canvas.encode('png'));
}

// macOS and Windows icons are made from the large one; Linux wants one of each size.
await draw(1024, 'build/icons/icon.png');
mkdirSync(fromRoot('build/icons/linux'), { recursive: true });
for (const size of [16, 32, 48, 64, 128, 256, 512]) await draw(size, `build/icons/linux/${size}x${size}.png`);

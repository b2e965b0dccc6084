import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { fromRoot } from './paths.mjs';

/** The window: one page whose assets are found relative to it, so a file, our own protocol and `serve` can all carry it. */
export default defineConfig({
  root: fromRoot('renderer'),
  base: './',
  logLevel: 'warn',
  plugins: [svelte({ configFile: false })],
  build: {
    outDir: fromRoot('dist/renderer'),
    emptyOutDir: true,
    target: 'chrome140',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2000,
  },
});

import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { LIST } from './notices.mjs';
import { fromRoot } from './paths.mjs';

/**
 * The window: one page whose assets are found relative to it, so that our own protocol and `serve` can both carry it.
 * @param {string} outDir
 */
export default function renderer(outDir) {
  return defineConfig({
    root: fromRoot('renderer'),
    base: './',
    logLevel: 'warn',
    plugins: [svelte({ configFile: false })],
    build: {
      outDir,
      emptyOutDir: true,
      target: 'chrome140',
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      // Read by notices.mjs, which takes it away.
      license: { fileName: LIST },
      chunkSizeWarningLimit: 2000,
    },
  });
}

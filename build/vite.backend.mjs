import { builtinModules } from 'node:module';
import { defineConfig } from 'vite';
import { LIST } from './notices.mjs';
import { fromRoot } from './paths.mjs';

/** What stays outside the bundle: Electron itself, the one native module, and Node. All else ships inside. */
export const EXTERNAL = ['electron', 'better-sqlite3', /^node:/, ...builtinModules];

/**
 * Configuration for the backend's bundles.
 * @param {Record<string, string>} entries output name → source file
 * @param {'es' | 'cjs'} format
 * @param {string} outDir
 */
export function backend(entries, format, outDir) {
  return defineConfig({
    root: fromRoot('.'),
    logLevel: 'warn',
    publicDir: false,
    ssr: { noExternal: true, external: ['electron', 'better-sqlite3'] },
    resolve: { conditions: ['node', 'module', 'import', 'default'] },
    // The PDF library is CommonJS and asks for its folder; ES modules have no __dirname.
    ...(format === 'es' ? { define: { __dirname: 'import.meta.dirname' } } : {}),
    build: {
      ssr: true,
      outDir,
      emptyOutDir: false,
      target: 'node22',
      // Stack traces from users stay readable; the size is in the libraries, not the names.
      minify: false,
      reportCompressedSize: false,
      // Read by notices.mjs, which takes it away.
      license: { fileName: format === 'cjs' ? `cjs.${LIST}` : LIST },
      chunkSizeWarningLimit: 10_000,
      rolldownOptions: {
        input: entries,
        external: EXTERNAL,
        output: {
          format,
          entryFileNames: format === 'cjs' ? '[name].cjs' : '[name].js',
          // Chunks lie beside the entries: a path relative to import.meta.url means the same in both.
          chunkFileNames: '[name]-[hash].js',
        },
      },
    },
  });
}

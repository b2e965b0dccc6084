/** `npm run build`: everything that runs, into dist/. */
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { build } from 'vite';
import { fromRoot } from './paths.mjs';
import { backend } from './vite.backend.mjs';
import renderer from './vite.renderer.mjs';

const started = performance.now();

/** Output name → source, for what runs as ES modules; the sandboxed preload must be CommonJS. */
const MODULES = {
  main: 'electron/main.ts',
  worker: 'electron/worker/worker.ts',
  history: 'electron/history/worker.ts',
  cli: 'electron/cli.ts',
};
const PRELOAD = { preload: 'electron/preload.ts' };
const PAGE = 'renderer/index.html';

/**
 * Those entries whose source exists, as absolute paths.
 * @param {Record<string, string>} entries
 */
function present(entries) {
  const found = Object.entries(entries).filter(([, file]) => {
    if (existsSync(fromRoot(file))) return true;
    console.warn(`build: ${file} does not exist yet, left out`);
    return false;
  });
  return Object.fromEntries(found.map(([name, file]) => [name, fromRoot(file)]));
}

rmSync(fromRoot('dist'), { recursive: true, force: true });

const modules = present(MODULES);
const preload = present(PRELOAD);
if (Object.keys(modules).length > 0) await build({ configFile: false, ...backend(modules, 'es') });
if (Object.keys(preload).length > 0) await build({ configFile: false, ...backend(preload, 'cjs') });
if (existsSync(fromRoot(PAGE))) await build({ configFile: false, ...renderer });
else console.warn(`build: ${PAGE} does not exist yet, left out`);

// The PDF embeds these; TrueType, because woff2 embeds broken (text extracts, but renders blank).
mkdirSync(fromRoot('dist/fonts'), { recursive: true });
for (const weight of ['Regular', 'Bold']) {
  const file = `Pretendard-${weight}.ttf`;
  cpSync(
    fromRoot(`node_modules/pretendard/dist/public/static/alternative/${file}`),
    fromRoot(`dist/fonts/${file}`),
  );
}
cpSync(fromRoot('node_modules/pretendard/dist/LICENSE.txt'), fromRoot('dist/fonts/LICENSE.txt'));

console.log(`build: done in ${((performance.now() - started) / 1000).toFixed(1)} s`);

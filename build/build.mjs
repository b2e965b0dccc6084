/** `npm run build`: everything that runs, into dist/. */
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'vite';
import { LIST, noticesText, sbomText, shipped } from './notices.mjs';
import { fromRoot, ROOT } from './paths.mjs';
import { buildStamp, writeStamp } from './stamps.mjs';
import { backend } from './vite.backend.mjs';
import renderer from './vite.renderer.mjs';

const started = performance.now();

/** Output name → source, for what runs as ES modules; the sandboxed preload must be CommonJS. */
const MODULES = {
  main: 'electron/main.ts',
  worker: 'electron/worker/worker.ts',
  reader: 'electron/reader/worker.ts',
  history: 'electron/history/worker.ts',
  cli: 'electron/cli.ts',
};
const PRELOAD = { preload: 'electron/preload.ts' };

/**
 * The same with absolute paths.
 * @param {Record<string, string>} entries
 */
const absolute = (entries) =>
  Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, fromRoot(file)]));

// Taken first: a file saved during the build makes the next start build again.
const stamp = buildStamp(ROOT);
// Built aside, so that two builds at once do not mix.
const out = fromRoot(`node_modules/.cache/build-${process.pid}`);
rmSync(out, { recursive: true, force: true });
process.on('exit', () => rmSync(out, { recursive: true, force: true }));

/**
 * Builds one part and puts it in place when it is whole; a failure leaves the last good one and the other parts alone.
 * @param {string} name folder under dist/
 * @param {() => Promise<void>} make
 */
async function part(name, make) {
  try {
    await make();
  } catch (error) {
    console.error(`build: ${name} failed: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
    return;
  }
  if (!existsSync(`${out}/${name}`)) return;
  const place = fromRoot(`dist/${name}`);
  try {
    rmSync(place, { recursive: true, force: true });
    renameSync(`${out}/${name}`, place);
  } catch {
    // Windows does not let go of files that a running app holds open.
    cpSync(`${out}/${name}`, place, { recursive: true, force: true });
  }
}

rmSync(fromRoot('dist/.stamp'), { force: true });
mkdirSync(fromRoot('dist'), { recursive: true });
mkdirSync(out, { recursive: true });

/** The lists of what went into each bundle, for the notices. @type {string[]} */
const lists = [];

/**
 * Takes a bundle's list out of what will be shipped.
 * @param {string} file below the place where it is built
 */
function takeList(file) {
  const list = `${out}/${lists.length}.${LIST}`;
  renameSync(`${out}/${file}`, list);
  lists.push(list);
}

await part('electron', async () => {
  await build({ configFile: false, ...backend(absolute(MODULES), 'es', `${out}/electron`) });
  await build({ configFile: false, ...backend(absolute(PRELOAD), 'cjs', `${out}/electron`) });
  takeList(`electron/${LIST}`);
  takeList(`electron/cjs.${LIST}`);
});

await part('renderer', async () => {
  await build({ configFile: false, ...renderer(`${out}/renderer`) });
  takeList(`renderer/${LIST}`);
  // Where both the window and a browser tab can show them (About).
  const all = shipped(lists);
  writeFileSync(`${out}/renderer/notices.txt`, noticesText(all));
  const sbom = sbomText(all);
  if (sbom === null)
    console.log('build: no SBOM, since this npm does not know the command that makes it (npm 10 does)');
  else writeFileSync(`${out}/renderer/sbom.cdx.json`, sbom);
});

// The PDF embeds these; TrueType, because woff2 embeds broken (text extracts, but renders blank).
await part('fonts', async () => {
  mkdirSync(`${out}/fonts`, { recursive: true });
  const pretendard = fromRoot('node_modules/pretendard/dist');
  for (const weight of ['Regular', 'Bold']) {
    const file = `Pretendard-${weight}.ttf`;
    cpSync(`${pretendard}/public/static/alternative/${file}`, `${out}/fonts/${file}`);
  }
  cpSync(`${pretendard}/LICENSE.txt`, `${out}/fonts/LICENSE.txt`);
});

if (process.exitCode) console.error('build: failed');
else {
  writeStamp(fromRoot('dist/.stamp'), stamp);
  console.log(`build: done in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

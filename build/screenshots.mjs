/**
 * `npm run screenshots [FILTER]`: pictures of every view for looking at, and the one in the README.
 *
 * The window is the built one. Views are taken over the made-up backend of test/renderer/fakeBridge.ts (any size,
 * errors on request); the README's picture is taken over the real one, `serve --demo`.
 * Writes test-results/screenshots/*.png, and build/readme/window.png with `--readme`.
 */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { chromium } from '@playwright/test';
import { build } from 'vite';
import { findChromium } from './browser.mjs';
import { fromRoot } from './paths.mjs';
import renderer from './vite.renderer.mjs';

const OUT = fromRoot('test-results/screenshots');
const WORK = fromRoot('node_modules/.cache/screenshots');
/** @type {Record<string, string>} */
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const ARGS = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
  '--font-render-hinting=none',
];

/** @import { Browser } from '@playwright/test' */
/** @typedef {{ hash?: string, click?: string, hover?: string, press?: string, focus?: string, fake?: Record<string, unknown> }} View */
/** @typedef {{ name: string, view: View, size: { width: number, height: number }, scheme: 'light' | 'dark', locale: string }} Picture */

/** The Chromium that the end-to-end tests use. */
function browser() {
  const executablePath = findChromium();
  return chromium.launch({ args: ARGS, ...(executablePath ? { executablePath } : {}) });
}

/**
 * Serves the built window over http: modules from file:// stay blank.
 * @param {string} folder
 */
async function serveFiles(folder) {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://x').pathname).replace(/^(\.\.[/\\])+/, '');
    const file = join(folder, path === '/' ? 'index.html' : path);
    if (!existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    response.end(readFileSync(file));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', () => done(undefined)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  return { url: `http://127.0.0.1:${address.port}/`, close: () => server.close() };
}

/** The made-up backend as one script for `addInitScript`. */
async function fakeScript() {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    build: {
      write: false,
      target: 'chrome140',
      lib: { entry: fromRoot('test/renderer/fakeBridge.ts'), formats: ['iife'], name: 'fake' },
    },
  });
  const [output] = Array.isArray(result) ? result : [result];
  if (!output || !('output' in output)) throw new Error('nothing was built');
  return output.output[0].code;
}

const ERROR = {
  kind: 'auth',
  message: 'The API server answered 401 Unauthorized to the first request.',
  place: 'context prod-eu-west-1 in /home/mira/.kube/config',
  hint: 'Run the login command of your provider again, then try once more.',
};
const WHY =
  '#/explain?src=storefront/web-5d9c7b6f4-x2x9p&dst=payments/api-7c9f8d5b6-k2j4m&protocol=TCP&port=';
/** @type {Record<string, View>} */
const AUDIT_VIEWS = {
  overview: {},
  pods: { hash: '#/pods' },
  'pods-detail': { hash: '#/pods?group=none', click: '[data-testid=pod-row] >> nth=3' },
  egress: { hash: '#/egress', click: '[data-testid=egress-row] >> nth=2' },
  heatmap: { hash: '#/heatmap', hover: '[data-testid=heatmap-cell] >> nth=14' },
  'heatmap-block': { hash: '#/heatmap?src=storefront&dst=payments' },
  'heatmap-table': { hash: '#/heatmap?show=table' },
  'why-denied': { hash: `${WHY}5432` },
  'why-permitted': { hash: `${WHY}8443` },
  'why-empty': { hash: '#/explain' },
  findings: { hash: '#/findings', click: '[data-testid=finding-row] >> nth=1' },
  history: { hash: '#/history' },
  'strip-coverage': { click: '[data-testid=strip-coverage]', fake: { complete: false } },
  'strip-assumptions': { click: '[data-testid=strip-assumptions]' },
};
/** @type {Record<string, View>} */
const OTHER_VIEWS = {
  start: { fake: { start: false }, click: '[data-testid=source-context] >> nth=1' },
  'start-paste': { fake: { start: false }, click: '[data-testid=source-kubeconfig-paste]' },
  'start-empty': { fake: { start: false, contexts: false }, click: 'summary' },
  running: { fake: { stuck: true } },
  error: { fake: { error: ERROR } },
  'overview-incomplete': { fake: { complete: false } },
  'overview-not-enforced': { fake: { enforced: 'no' } },
  'pods-not-enforced': { fake: { enforced: 'no' }, hash: '#/pods' },
  'overview-unknown': { fake: { enforced: 'unknown' } },
  'overview-empty': { fake: { workloads: 0, namespaces: 0 } },
  'pods-empty': { fake: { workloads: 0, namespaces: 0 }, hash: '#/pods' },
  'findings-empty': { fake: { workloads: 0, namespaces: 0 }, hash: '#/findings' },
  'history-empty': { fake: { history: 0 }, hash: '#/history' },
  changes: { fake: { follow: 'changed' }, hash: '#/changes' },
  'changes-off': { fake: { follow: 'off' }, hash: '#/changes' },
  'changes-unchanged': { fake: { follow: 'unchanged' }, hash: '#/changes' },
  'changes-interrupted': { fake: { follow: 'interrupted' }, hash: '#/changes' },
  'changes-login': { fake: { follow: 'login' }, hash: '#/changes' },
  'changes-partial': { fake: { follow: 'partial' }, hash: '#/changes' },
  'overview-followed': { fake: { follow: 'changed' } },
  'history-delete': { hash: '#/history', click: '[data-testid=history-delete] >> nth=1' },
};
const HUGE = { workloads: 25_000, namespaces: 1000, podsPerWorkload: 4 };
/** @type {Record<string, View>} */
const HUGE_VIEWS = {
  overview: { fake: HUGE },
  pods: { fake: HUGE, hash: '#/pods', press: 'End', focus: '[data-testid=pod-row]' },
  heatmap: { fake: HUGE, hash: '#/heatmap' },
};

/**
 * Every picture: name, page settings, what to play.
 * @returns {Generator<Picture>}
 */
function* pictures() {
  const wide = { width: 1280, height: 800 };
  const small = { width: 900, height: 600 };
  for (const [name, view] of Object.entries({ ...AUDIT_VIEWS, ...OTHER_VIEWS })) {
    yield { name: `light-${name}`, view, size: wide, scheme: 'light', locale: 'en' };
    yield { name: `dark-${name}`, view, size: wide, scheme: 'dark', locale: 'en' };
    yield { name: `korean-${name}`, view, size: wide, scheme: 'light', locale: 'ko' };
    yield { name: `small-${name}`, view, size: small, scheme: 'light', locale: 'en' };
  }
  for (const [name, view] of Object.entries(HUGE_VIEWS)) {
    yield { name: `huge-${name}`, view, size: wide, scheme: 'light', locale: 'en' };
  }
}

/**
 * Takes one picture.
 * @param {Browser} chrome
 * @param {string} url
 * @param {string} script the made-up backend
 * @param {Picture} picture
 * @returns {Promise<number>} errors that the page reported
 */
async function take(chrome, url, script, picture) {
  const { view, size, scheme, locale } = picture;
  const context = await chrome.newContext({
    viewport: size,
    colorScheme: scheme,
    locale,
    deviceScaleFactor: 1,
  });
  const page = await context.newPage();
  /** @type {string[]} */
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (line) => line.type() === 'error' && faults.push(line.text()));
  await page.addInitScript(`globalThis.__fake = ${JSON.stringify(view.fake ?? {})};`);
  await page.addInitScript(script);
  await page.goto(url);
  const waits = view.fake?.stuck
    ? 'running'
    : view.fake?.start === false || view.fake?.error
      ? 'start'
      : 'overview';
  await page.locator(`[data-testid=app][data-view=${waits}]`).waitFor({ timeout: 60_000 });
  if (view.hash) await page.evaluate(`location.hash = ${JSON.stringify(view.hash)}`);
  await page.waitForTimeout(400);
  if (view.click) await page.locator(view.click).first().click();
  if (view.hover) await page.locator(view.hover).first().hover();
  if (view.press && view.focus) await page.locator(view.focus).first().press(view.press);
  await page.waitForTimeout(350);
  await page.screenshot({ path: join(OUT, `${picture.name}.png`) });
  await context.close();
  if (faults.length > 0) console.log(`${picture.name}: ${faults.join('; ')}`);
  return faults.length;
}

/**
 * The README's picture, over the real backend and the demo cluster.
 * @param {Browser} chrome
 */
async function readme(chrome) {
  const child = spawn(
    process.execPath,
    [fromRoot('dist/electron/cli.js'), 'serve', '--demo', '--history', join(WORK, 'history.sqlite')],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  try {
    const url = await new Promise((done, fail) => {
      const seen = (/** @type {Buffer} */ chunk) => {
        const found = /http:\/\/\S+/.exec(String(chunk));
        if (found) done(found[0]);
      };
      child.stdout.on('data', seen);
      child.stderr.on('data', seen);
      child.on('exit', () => fail(new Error('serve ended before it named its address')));
    });
    const context = await chrome.newContext({
      viewport: { width: 1280, height: 800 },
      colorScheme: 'light',
      locale: 'en',
      deviceScaleFactor: 2,
    });
    const page = await context.newPage();
    await page.goto(url);
    await page.locator('[data-testid=overview]').waitFor({ timeout: 60_000 });
    await page.waitForTimeout(500);
    mkdirSync(fromRoot('build/readme'), { recursive: true });
    await page.screenshot({ path: fromRoot('build/readme/window.png') });
    await context.close();
  } finally {
    child.kill();
  }
}

const only = process.argv.slice(2).filter((word) => !word.startsWith('--'));
mkdirSync(OUT, { recursive: true });
const chrome = await browser();
let faults = 0;
if (process.argv.includes('--readme')) await readme(chrome);
else {
  await build(renderer(WORK));
  const script = await fakeScript();
  const files = await serveFiles(WORK);
  for (const picture of pictures()) {
    if (only.length > 0 && !only.some((word) => picture.name.includes(word))) continue;
    faults += await take(chrome, files.url, script, picture);
  }
  files.close();
}
await chrome.close();
process.exitCode = faults > 0 ? 1 : 0;

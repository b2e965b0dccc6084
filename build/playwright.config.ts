import { defineConfig } from '@playwright/test';
import { findChromium } from './browser.mjs';
import { fromRoot } from './paths.mjs';

const chromium = findChromium();
if (!chromium) throw new Error('No Chromium: set BULKHEAD_CHROMIUM to the path of one.');

// What the stand-in for Electron starts, too.
process.env['BULKHEAD_CHROMIUM'] = chromium;

const json = process.env['BULKHEAD_E2E_JSON'];

export default defineConfig({
  testDir: fromRoot('test/e2e'),
  testMatch: '**/*.spec.ts',
  outputDir: fromRoot('test-results/e2e'),
  // Each test has a browser and a backend of its own: more of them than cores only makes all of them slow.
  workers: 2,
  fullyParallel: false,
  // A test that passes at the second try has failed.
  retries: 0,
  forbidOnly: Boolean(process.env['CI']),
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: json ? [['list'], ['json', { outputFile: json }]] : [['list']],
  use: {
    launchOptions: {
      executablePath: chromium,
      args: [
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
        '--disable-quic',
        // Chromium's sandbox cannot start as root.
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ],
    },
    trace: 'off',
    screenshot: 'only-on-failure',
  },
  // Every spec runs on both; a fixture asks for the project's name.
  projects: [{ name: 'serve' }, { name: 'electron' }],
});

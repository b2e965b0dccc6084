import { delimiter } from 'node:path';
import { describe, expect, it } from 'vitest';
import { candidates, findChromium } from '../../build/browser.mjs';

describe('finding a Chromium', () => {
  const env = { PATH: ['/opt/bin', '/usr/bin'].join(delimiter) };
  const find = (world: { env?: NodeJS.ProcessEnv; there: string[]; own?: string }) =>
    findChromium({
      env: world.env ?? env,
      platform: 'linux',
      works: (file) => world.there.includes(file),
      own: () => world.own ?? null,
    });

  it("prefers the system's Chromium to Chrome, and both to Playwright's", () => {
    const own = '/cache/chrome';
    expect(find({ there: ['/opt/bin/google-chrome', '/usr/bin/chromium'], own })).toBe('/usr/bin/chromium');
    expect(find({ there: ['/opt/bin/google-chrome'], own })).toBe('/opt/bin/google-chrome');
    expect(find({ there: [], own })).toBe(own);
  });

  it('finds nothing where there is nothing', () => {
    expect(find({ there: [] })).toBeNull();
  });

  it('uses the one that was named, and no other when it does not start', () => {
    const named = { ...env, BULKHEAD_CHROMIUM: '/mine' };
    expect(find({ env: named, there: ['/mine', '/usr/bin/chromium'] })).toBe('/mine');
    expect(find({ env: named, there: ['/usr/bin/chromium'], own: '/cache/chrome' })).toBeNull();
  });

  it('looks where each system keeps its programs', () => {
    expect(candidates('darwin', {})).toContain(
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    );
    expect(candidates('win32', { PROGRAMFILES: 'C:\\Programs' }).join()).toMatch(/C:\\Programs.*chrome\.exe/);
    expect(candidates('linux', {})).toEqual([]);
  });
});

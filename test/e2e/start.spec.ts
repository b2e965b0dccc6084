import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeOpenFile } from '../../electron/web/browser.ts';
import { expect, test } from './fixture.ts';

test.describe('A start', () => {
  test('with no kubeconfig opens the built-in cluster and says so', async ({ app }) => {
    const page = await app.start();
    await app.audited();
    await expect(page.getByTestId('notice')).toHaveAttribute('data-notice', 'no-kubeconfig');
    await expect(page.getByTestId('app')).toHaveAttribute('data-backend', app.backend);
    expect(await app.value('isolation-pods')).toBeGreaterThanOrEqual(60);
  });

  test('with --demo opens the built-in cluster without a word about kubeconfigs', async ({ app }) => {
    const page = await app.start({ args: ['--demo'] });
    await app.audited();
    await expect(page.getByTestId('notice')).toHaveCount(0);
  });

  test('that is followed by a reload of the page comes back to the audit that was open', async ({ app }) => {
    const page = await app.start({ args: ['--demo'] });
    await app.audited();
    await page.getByTestId('nav-pods').click();
    const pods = await app.value('pods-total');
    await page.reload();
    await expect(page.getByTestId('app')).toHaveAttribute('data-view', 'pods');
    expect(await app.value('pods-total')).toBe(pods);
    // The same audit, not another one of the same start.
    await page.getByTestId('nav-history').click();
    await expect(page.getByTestId('history-row')).toHaveCount(1);
  });
});

test.describe('A tab without the key', () => {
  test('is told why nothing opens, and an address brings it in; a reload keeps the key', async ({ app }) => {
    const page = await app.start({ args: ['--demo'] });
    await app.audited();
    const key = await page.evaluate(() => sessionStorage.getItem('bulkhead.key'));
    if (app.backend === 'electron') {
      // The desktop's door needs none.
      expect(key).toBeNull();
      return;
    }
    expect(key).toMatch(/^[\w-]{43}$/);
    const copied = page.url();
    expect(copied).not.toContain('token');
    await page.getByTestId('lang-select').selectOption('ko');
    const other = await page.context().newPage();
    // The browser sends its cookie along: that opens nothing, nor does the header with a guess.
    await other.goto(copied);
    const locked = other.getByTestId('locked');
    await expect(locked).toHaveAttribute('data-why', 'tab');
    await expect(locked).toContainText('이 탭에는 열쇠가 없습니다');
    const calls = await other.evaluate(async () => {
      const status = async (path: string, init: RequestInit) => (await fetch(path, init)).status;
      const json = { method: 'POST', body: '{}' };
      const headers = { 'content-type': 'application/json' };
      return [
        await status('/api/history.list', { ...json, headers }).catch(() => 'blocked'),
        await status('/events', {}).catch(() => 'blocked'),
      ];
    });
    // The page's own policy does not even let it ask.
    expect(calls).toEqual(['blocked', 'blocked']);
    app.problems.length = 0;

    for (const theme of ['light', 'dark'] as const) {
      await other.emulateMedia({ colorScheme: theme });
      await other.goto(new URL('/locked?why=used&lang=en', copied).href);
      const [text, card] = await locked.evaluate((main) => {
        const { color, backgroundColor } = getComputedStyle(main);
        return [color, backgroundColor];
      });
      expect(text).not.toBe(card);
      expect(card).toBe(theme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(28, 31, 36)');
    }

    await other.goto(await app.anotherAddress());
    await expect(other.getByTestId('app')).toBeVisible();
    await expect(other).toHaveURL(/^http:\/\/127\.0\.0\.1:\d+\/(#.*)?$/);
    await other.reload();
    await expect(other.getByTestId('app')).toBeVisible();
    // Both tabs of the browser work on, each with its own session, until one is ended.
    await page.reload();
    await app.audited();
    // Its stream of events breaks off, and it is not let in again.
    await app.type('end 1');
    await expect(page.getByTestId('locked')).toHaveAttribute('data-why', 'ended');
    app.problems.length = 0;
    await other.getByTestId('nav-history').click();
    await expect(other.getByTestId('history-row').first()).toBeVisible();
  });

  test('comes in by the file that --open gives the browser, from another origin', async ({ app }) => {
    const page = await app.start({ args: ['--demo'] });
    if (app.backend === 'electron') return expect(page.url()).not.toContain('token');
    const file = writeOpenFile(await app.anotherAddress(), join(app.folder, 'data'));
    const other = await page.context().newPage();
    await other.goto(pathToFileURL(file.path).href);
    await expect(other.getByTestId('app')).toBeVisible();
  });
});

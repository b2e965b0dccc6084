import Database from 'better-sqlite3';
import type { Locator, Page } from '@playwright/test';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { fromRoot } from '../../build/paths.mjs';
import { CLUSTER, FIGURES } from './cluster.ts';
import { expect, test } from './fixture.ts';
import type { App } from './fixture.ts';

/** Keeps an audit of each of these times with the terminal; gives the history's file. */
async function kept(app: App, times: string[]): Promise<string> {
  for (const time of times) {
    const args = ['audit', '--demo', '--history', app.historyFile, '--time', time, '--format', 'json'];
    await promisify(execFile)(process.execPath, [fromRoot('dist/electron/cli.js'), ...args], {
      maxBuffer: 1e8,
    });
  }
  return app.historyFile;
}

/** Starts with a kubeconfig, so that nothing is audited by itself: the history stays as it is. */
function startQuietly(app: App): Promise<Page> {
  const kubeconfig = join(app.folder, 'kubeconfig');
  const cluster = { name: 'c', cluster: { server: 'https://127.0.0.1:1' } };
  const context = { name: 'nowhere', context: { cluster: 'c', user: 'u' } };
  const users = [{ name: 'u', user: { token: 't' } }];
  writeFileSync(
    kubeconfig,
    JSON.stringify({ apiVersion: 'v1', kind: 'Config', clusters: [cluster], contexts: [context], users }),
  );
  return app.start({ args: ['--kubeconfig', kubeconfig] });
}

/** Clicks a button that writes a file, and gives where the file lies. */
async function saved(app: App, testId: string, name: string): Promise<string> {
  const path = join(app.folder, name);
  if (app.backend === 'serve') {
    const download = app.page.waitForEvent('download');
    await app.page.getByTestId(testId).click();
    await (await download).saveAs(path);
  } else {
    await app.prepareSave(path);
    await app.page.getByTestId(testId).click();
    await expect(app.page.getByTestId('history-backed-up')).toHaveAttribute('data-path', path);
  }
  return path;
}

const ids = (rows: Locator): Promise<(string | null)[]> =>
  rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-id')));

test.describe('The history', () => {
  test('keeps an audit over a restart and opens it again as it was, without its source', async ({ app }) => {
    const file = join(app.folder, 'cluster.yaml');
    writeFileSync(file, CLUSTER);
    let page = await app.start({ args: ['--from', file] });
    await app.audited();
    const auditedAt = await page.getByTestId('overview').getAttribute('data-audited-at');
    // What was read then is what opens: not what the file says now.
    writeFileSync(file, 'apiVersion: v1\nkind: Namespace\nmetadata: { name: empty }\n');

    page = await startQuietly(app);
    await page.getByTestId('nav-history').click();
    const row = page.locator('[data-testid="history-row"][data-pods="8"]');
    await expect(row).toHaveCount(1);
    await row.click();
    await app.audited();
    await expect(page.getByTestId('overview')).toHaveAttribute('data-audited-at', auditedAt ?? '');
    for (const [id, figure] of Object.entries(FIGURES)) {
      await expect(page.getByTestId(id), id).toHaveAttribute('data-value', String(figure));
    }
    await expect(page.locator('[data-testid="notice"][data-notice="history-differs"]')).toHaveCount(0);
  });

  test('says so where this version judges a kept audit otherwise, and leaves it as it was', async ({
    app,
  }) => {
    const file = join(app.folder, 'cluster.yaml');
    writeFileSync(file, CLUSTER);
    await app.start({ args: ['--from', file] });
    await app.audited();
    await app.start({ args: ['--demo'] });
    await app.audited();

    // As an earlier evaluator might have left it: it counted one more pod as isolated.
    const db = new Database(app.historyFile);
    const { overview } = db
      .prepare<[], { overview: string }>('SELECT overview FROM audits WHERE pods = 8')
      .get()!;
    const old = JSON.parse(overview) as { summary: { isolation: { both: number } } };
    old.summary.isolation.both += 1;
    db.prepare('UPDATE audits SET overview = ?, version = ? WHERE pods = 8').run(
      JSON.stringify(old),
      '0.0.1',
    );
    db.close();

    const page = await startQuietly(app);
    await page.getByTestId('nav-history').click();
    await page.locator('[data-testid="history-row"][data-pods="8"]').click();
    await app.audited();
    await expect(page.locator('[data-testid="notice"][data-notice="history-differs"]')).toBeVisible();
    await expect(page.getByTestId('isolation-both')).toHaveAttribute('data-value', '3');
    const after = new Database(app.historyFile, { readonly: true });
    expect(after.prepare('SELECT overview FROM audits WHERE pods = 8').pluck().get()).toBe(
      JSON.stringify(old),
    );
    after.close();
  });

  test('lets go of an audit when it is asked twice', async ({ app }) => {
    const page = await app.start({ args: ['--demo'] });
    await app.audited();
    await page.getByTestId('nav-history').click();
    await expect(page.getByTestId('history-row')).toHaveCount(1);
    await page.getByTestId('history-delete').click();
    await page.getByTestId('history-delete-confirm').click();
    await expect(page.getByTestId('history-row')).toHaveCount(0);
  });

  test('that cannot be used is named, and the audit is shown all the same', async ({ app }) => {
    writeFileSync(join(app.folder, 'data'), 'a file where the folder should be');
    const page = await app.start({ args: ['--demo'] });
    await app.audited();
    await expect(page.getByTestId('error-banner')).toHaveAttribute('data-kind', 'history');
    expect(await app.value('isolation-pods')).toBeGreaterThan(0);
    // The error goes with the next click; that the audit is not kept stays to be seen.
    await page.getByTestId('nav-pods').click();
    await expect(page.getByTestId('error-banner')).toHaveCount(0);
    await expect(page.getByTestId('strip-unkept')).toBeVisible();
  });

  test('lets go of what is selected, and of what is too old and too many, and is copied', async ({ app }) => {
    const db = await kept(app, ['2020-01-01', '2021-01-01', '2022-01-01', '2023-01-01', '2024-01-01']);
    const page = await startQuietly(app);
    await page.getByTestId('nav-history').click();
    const rows = page.getByTestId('history-row');
    await expect(rows).toHaveCount(5);
    await page.getByTestId('history-select').nth(0).check();
    await page.getByTestId('history-select').nth(4).check();
    await page.getByTestId('history-delete-selected').click();
    await page.getByTestId('history-delete-confirm').click();
    await expect(page.getByTestId('history-cleared')).toHaveAttribute('data-value', '2');
    await expect(rows).toHaveCount(3);
    expect(await ids(rows)).toEqual(['4', '3', '2']);

    const copy = new Database(await saved(app, 'history-backup', 'copy.sqlite'), { readonly: true });
    expect(copy.prepare('SELECT id FROM audits ORDER BY id').pluck().all()).toEqual([2, 3, 4]);
    copy.close();

    await page.getByTestId('history-clean').click();
    const goes = page.getByTestId('history-goes');
    // Ten of the newest always stay, unless one says otherwise.
    await expect(goes).toHaveAttribute('data-value', '0');
    await expect(page.getByTestId('history-delete-confirm')).toBeDisabled();
    await page.getByTestId('history-keep').fill('1');
    await expect(goes).toHaveAttribute('data-value', '2');
    await page.getByTestId('history-days').fill('99999');
    await expect(goes).toHaveAttribute('data-value', '0');
    await page.getByTestId('history-days').fill('30');
    await expect(goes).toHaveAttribute('data-value', '2');
    await page.getByTestId('history-delete-confirm').click();
    await expect(rows).toHaveCount(1);
    expect(await ids(rows)).toEqual(['4']);
    expect(readFileSync(db).includes('2022-01-01')).toBe(false);
  });

  test('that is damaged is set aside before the eyes of the user', async ({ app }) => {
    const file = await kept(app, ['2020-01-01']);
    const damaged = readFileSync(file).fill(0xa5, 8192);
    writeFileSync(file, damaged);
    const page = await startQuietly(app);
    await page.getByTestId('nav-history').click();
    const notice = page.locator('[data-testid="notice"][data-notice="history-set-aside"]');
    await expect(notice).toBeVisible();
    const [, aside = ''] = /(\/\S+\.damaged-\S+)/.exec((await notice.textContent()) ?? '') ?? [];
    expect(readFileSync(aside).equals(damaged)).toBe(true);
    await expect(page.getByTestId('history-row')).toHaveCount(0);
  });

  test('does not open a snapshot that was changed, and names the audit', async ({ app }) => {
    const file = await kept(app, ['2020-01-01']);
    const db = new Database(file);
    db.prepare('UPDATE snapshots SET gzip = ?').run(gzipSync('{}'));
    db.close();
    const page = await startQuietly(app);
    await page.getByTestId('nav-history').click();
    await page.getByTestId('history-row').click();
    const banner = page.getByTestId('error-banner');
    await expect(banner).toHaveAttribute('data-kind', 'history');
    await expect(banner).toContainText('Audit 1 ');
  });
});

test('About names the works of others with their licences', async ({ app }) => {
  const page = await app.start();
  if (app.backend === 'electron') await app.menu('about');
  else await page.getByTestId('about-open').click();
  await expect(page.getByTestId('about')).toBeVisible();
  const notices = page.getByTestId('about-notices');
  for (const name of ['svelte 5', 'better-sqlite3', 'pretendard', 'electron', 'undici'])
    await expect(notices).toContainText(name);
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('about')).toBeHidden();
});

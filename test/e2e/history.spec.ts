import Database from 'better-sqlite3';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLUSTER, FIGURES } from './cluster.ts';
import { expect, test } from './fixture.ts';

test.describe('The history', () => {
  test('keeps an audit over a restart and opens it again as it was, without its source', async ({ app }) => {
    const file = join(app.folder, 'cluster.yaml');
    writeFileSync(file, CLUSTER);
    let page = await app.start({ args: ['--from', file] });
    await app.audited();
    const auditedAt = await page.getByTestId('overview').getAttribute('data-audited-at');
    // What was read then is what opens: not what the file says now.
    writeFileSync(file, 'apiVersion: v1\nkind: Namespace\nmetadata: { name: empty }\n');

    page = await app.start();
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

    const page = await app.start();
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
  });
});

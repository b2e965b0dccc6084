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

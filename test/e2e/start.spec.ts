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
});

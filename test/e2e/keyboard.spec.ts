import type { Page } from '@playwright/test';
import { expect, test } from './fixture.ts';
import type { App } from './fixture.ts';

async function demo(app: App): Promise<Page> {
  const page = await app.start({ args: ['--demo'] });
  await app.audited();
  return page;
}

test.describe('The keyboard alone', () => {
  test('searches the pods, walks the table, opens a pod and closes it again', async ({ app }) => {
    const page = await demo(app);
    await page.getByTestId('nav-pods').press('Enter');
    const rows = page.getByTestId('pod-row');
    await expect(rows.first()).toBeVisible();
    const all = Number(await page.getByTestId('pods-total').getAttribute('data-value'));

    await page.keyboard.press('/');
    await expect(page.getByTestId('pods-filter')).toBeFocused();
    await page.keyboard.type('-0');
    await expect(page.getByTestId('pods-total')).not.toHaveAttribute('data-value', String(all));
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.press('Delete');
    await expect(page.getByTestId('pods-total')).toHaveAttribute('data-value', String(all));
    await page.keyboard.press('Escape');
    await expect(page.getByTestId('pods-filter')).not.toBeFocused();

    await rows.first().focus();
    await page.keyboard.press('End');
    const last = page.locator(`[data-testid="pod-row"][aria-rowindex="${all + 1}"]`);
    await expect(last).toBeFocused();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    const name = await page
      .locator(`[data-testid="pod-row"][aria-rowindex="${all}"]`)
      .getAttribute('data-name');
    const detail = page.getByTestId('pod-detail');
    await expect(detail.getByRole('heading', { level: 2 })).toHaveText(name ?? '');
    await page.keyboard.press('Escape');
    await expect(detail).toHaveCount(0);
  });

  test('walks the heatmap, hears each cell, opens a block and comes back', async ({ app }) => {
    const page = await demo(app);
    await page.getByTestId('nav-heatmap').press('Enter');
    const canvas = page.getByTestId('heatmap-canvas');
    await expect(canvas).toHaveAttribute('data-ready', 'true');
    await page.getByRole('grid').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    const cell = page.locator('[data-testid="heatmap-cell"][data-row="1"][data-col="2"]');
    const label = await cell.getAttribute('aria-label');
    expect(label).toContain(await cell.getAttribute('data-permitted'));
    await expect(page.locator('#heat-live')).toHaveText(label ?? '');
    await page.keyboard.press('Enter');
    await expect(canvas).toHaveAttribute('data-level', 'workload');
    await page.keyboard.press('Escape');
    await expect(canvas).toHaveAttribute('data-level', 'namespace');
  });

  test('finds both ends of a question, and a link to the answer gives it again', async ({ app }) => {
    const page = await demo(app);
    await page.getByTestId('nav-explain').press('Enter');
    await page.keyboard.press('/');
    const src = page.getByTestId('explain-src');
    await expect(src).toBeFocused();
    for (const field of [src, page.getByTestId('explain-dst')]) {
      await field.focus();
      await page.keyboard.type('pay');
      const option = page.locator('[role=option]').first();
      await expect(option).toBeVisible();
      const named = (await option.textContent()) ?? '';
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await expect(page.locator('[role=option]')).toHaveCount(0);
      expect(named.replace(/\s/g, '')).toContain((await field.inputValue()).split('/')[0]);
    }
    await page.keyboard.press('Enter');
    const verdict = page.getByTestId('explain-verdict');
    await expect(verdict).toBeVisible();
    const said = await verdict.getAttribute('data-verdict');
    await page.reload();
    await expect(verdict).toHaveAttribute('data-verdict', said ?? '');
  });
});

test('Every control of every view has a name, and no name of an element stands twice', async ({ app }) => {
  const page = await demo(app);
  for (const view of ['overview', 'pods', 'egress', 'heatmap', 'explain', 'findings', 'history']) {
    await page.getByTestId(`nav-${view}`).click();
    await expect(page.getByTestId('app')).toHaveAttribute('data-view', view);
    // A view fills when its answers come. The events' stream never ends, so the network is never idle.
    const faultsOf = () =>
      page.evaluate(() => {
        const found: string[] = [];
        const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
        for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`id ${id} twice`);
        const controls = document.querySelectorAll<HTMLElement>(
          'button, a[href], input, select, summary, [role=grid], [role=img]',
        );
        for (const control of controls) {
          const labels = 'labels' in control ? [...((control as HTMLInputElement).labels ?? [])] : [];
          const name =
            control.getAttribute('aria-label') ??
            (labels.map((label) => label.textContent).join('') || control.textContent);
          if (!name?.trim()) found.push(control.outerHTML.slice(0, 120));
        }
        return found;
      });
    await page.waitForTimeout(500);
    await expect.poll(faultsOf, { message: view }).toEqual([]);
  }
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { CLUSTER, FIGURES, STATES } from './cluster.ts';
import { expect, test } from './fixture.ts';
import type { App } from './fixture.ts';

async function open(app: App): Promise<Page> {
  const file = join(app.folder, 'cluster.yaml');
  writeFileSync(file, CLUSTER);
  const page = await app.start({ args: ['--from', file] });
  await app.audited();
  return page;
}

test.describe('The views of an audit', () => {
  test('show the figures that were worked out by hand, in total and by namespace', async ({ app }) => {
    const page = await open(app);
    for (const [id, figure] of Object.entries(FIGURES)) {
      await expect(page.getByTestId(id), id).toHaveAttribute('data-value', String(figure));
    }
    const data = page.locator('[data-testid="namespace-row"][data-namespace="data"]');
    await expect(data).toHaveAttribute('data-both', '2');
    await expect(data).toHaveAttribute('data-none', '0');
    const legacy = page.locator('[data-testid="namespace-row"][data-namespace="legacy"]');
    await expect(legacy).toHaveAttribute('data-none', '2');
    // Manifests do not say what enforces them: never shown as enforced.
    await expect(page.getByTestId('enforcement-card')).toHaveAttribute('data-ingress', 'unknown');
    await expect(page.getByTestId('coverage-card')).toHaveAttribute('data-complete', 'true');
  });

  test('list every pod with its state, and open egress by its width', async ({ app }) => {
    const page = await open(app);
    await page.getByTestId('nav-pods').click();
    await expect(page.getByTestId('pods-total')).toHaveAttribute('data-value', '8');
    for (const [pod, { ingress, egress }] of Object.entries(STATES)) {
      const [namespace, name] = pod.split('/');
      const row = page.locator(`[data-testid="pod-row"][data-namespace="${namespace}"][data-name="${name}"]`);
      await expect(row, pod).toHaveAttribute('data-ingress', ingress);
      await expect(row, pod).toHaveAttribute('data-egress', egress);
    }
    await page.getByTestId('pods-filter').fill('cms');
    await expect(page.getByTestId('pods-total')).toHaveAttribute('data-value', '2');

    await page.getByTestId('nav-egress').click();
    const reaching = Object.entries(STATES).filter(([, { width }]) => width !== 'none');
    await expect(page.getByTestId('egress-total')).toHaveAttribute('data-value', String(reaching.length));
    for (const [pod, { width }] of reaching) {
      const [namespace, name] = pod.split('/');
      const row = page.locator(
        `[data-testid="egress-row"][data-namespace="${namespace}"][data-name="${name}"]`,
      );
      await expect(row, pod).toHaveAttribute('data-width', width);
    }
  });

  test('draw a heatmap of namespaces that opens into workloads and comes back', async ({ app }) => {
    const page = await open(app);
    await page.getByTestId('nav-heatmap').click();
    const canvas = page.getByTestId('heatmap-canvas');
    await expect(canvas).toHaveAttribute('data-level', 'namespace');
    await expect(canvas).toHaveAttribute('data-rows', '6');
    await expect(canvas).toHaveAttribute('data-cols', '6');
    // Rows and columns by name: api, data, jobs, legacy, monitor, web. From legacy to data: two pods to two, none of
    // which is let in. From api to data: orders reaches db, not backup.
    const cell = (row: number, col: number) =>
      page.locator(`[data-testid="heatmap-cell"][data-row="${row}"][data-col="${col}"]`);
    await expect(cell(3, 1)).toHaveAttribute('data-pairs', '4');
    await expect(cell(3, 1)).toHaveAttribute('data-permitted', '0');
    await expect(cell(0, 1)).toHaveAttribute('data-pairs', '2');
    await expect(cell(0, 1)).toHaveAttribute('data-permitted', '1');
    // Inside legacy each of two pods reaches the other; a pod and itself are no pair.
    await expect(cell(3, 3)).toHaveAttribute('data-pairs', '2');
    await expect(cell(3, 3)).toHaveAttribute('data-permitted', '2');

    await cell(0, 1).click();
    await expect(canvas).toHaveAttribute('data-level', 'workload');
    await expect(canvas).toHaveAttribute('data-src', 'api');
    await expect(canvas).toHaveAttribute('data-dst', 'data');
    // Columns: backup, db.
    await expect(cell(0, 0)).toHaveAttribute('data-permitted', '0');
    await expect(cell(0, 1)).toHaveAttribute('data-permitted', '1');
    await page.getByTestId('heatmap-back').click();
    await expect(canvas).toHaveAttribute('data-level', 'namespace');
  });

  test('open a cell of the heatmap where it is drawn, sources down and destinations across', async ({
    app,
  }) => {
    const page = await open(app);
    await page.getByTestId('nav-heatmap').click();
    const canvas = page.getByTestId('heatmap-canvas');
    await expect(canvas).toHaveAttribute('data-level', 'namespace');
    const box = await canvas.boundingBox();
    if (!box) throw new Error('The heatmap is not drawn.');
    // The first column of the first row: from api to api, which is one pod and no pair; beside it lies api to data.
    await page.mouse.click(box.x + (box.width * 1.5) / 6, box.y + (box.height * 0.5) / 6);
    await expect(canvas).toHaveAttribute('data-level', 'workload');
    await expect(canvas).toHaveAttribute('data-src', 'api');
    await expect(canvas).toHaveAttribute('data-dst', 'data');

    // A cell of workloads leads to the question, with no port that nobody named and nothing said of one.
    const inner = await canvas.boundingBox();
    if (!inner) throw new Error('The heatmap is not drawn.');
    await page.mouse.click(inner.x + inner.width * 0.25, inner.y + inner.height * 0.5);
    await expect(page.getByTestId('app')).toHaveAttribute('data-view', 'explain');
    await expect(page.getByTestId('explain-port')).toHaveValue('');
    await expect(page.getByTestId('explain-part').first()).toBeVisible();
    await expect(page.getByTestId('explain-verdict')).not.toContainText('443');
  });

  test('say all that is permitted between two ends, and what is not, where no port is named', async ({
    app,
  }) => {
    const page = await open(app);
    await page.getByTestId('nav-explain').click();
    await expect(page.getByTestId('explain-port')).toHaveValue('');
    await expect(page.getByTestId('explain-protocol')).toHaveValue('');
    await page.getByTestId('explain-src').fill('api/orders');
    await page.getByTestId('explain-src').press('Tab');
    await page.getByTestId('explain-dst').fill('data/db');
    await page.getByTestId('explain-dst').press('Tab');
    await page.getByTestId('explain-run').click();
    const verdict = page.getByTestId('explain-verdict');
    await expect(verdict).toHaveAttribute('data-verdict', 'some');
    await expect(verdict).toContainText('Partly permitted');
    const parts = page.getByTestId('explain-part');
    await expect(parts.first()).toHaveAttribute('data-verdict', 'permitted');
    await expect(parts.first()).toContainText('TCP 5432');
    await expect(parts.first().getByTestId('explain-ingress')).toContainText('allow-orders');
    await expect(parts.last()).toHaveAttribute('data-verdict', 'denied');
    await expect(parts.last()).toContainText('Every other port');
    // A number alone is TCP's, and the field says so before it is asked.
    await page.getByTestId('explain-port').fill('5433');
    await expect(page.getByTestId('explain-protocol')).toHaveValue('TCP');
    await page.getByTestId('explain-run').click();
    await expect(verdict).toHaveAttribute('data-verdict', 'denied');
    await expect(parts).toHaveCount(0);
    // What is no port is not asked.
    await page.getByTestId('explain-port').fill('70000');
    await expect(page.getByTestId('explain-run')).toBeDisabled();
  });

  test('open the question from a pod without a port', async ({ app }) => {
    const page = await open(app);
    await page.getByTestId('nav-pods').click();
    await page.locator('[data-testid="pod-row"]').first().click();
    await page.getByTestId('pod-as-source').click();
    await expect(page.getByTestId('explain-port')).toHaveValue('');
    await expect(page.getByTestId('explain-verdict')).toHaveCount(0);
  });

  test('say why a pair is permitted or denied: policy, rule and direction', async ({ app }) => {
    const page = await open(app);
    await page.getByTestId('nav-explain').click();
    const ask = async (src: string, dst: string, port: number): Promise<void> => {
      await page.getByTestId('explain-src').fill(src);
      await page.getByTestId('explain-src').press('Tab');
      await page.getByTestId('explain-dst').fill(dst);
      await page.getByTestId('explain-dst').press('Tab');
      await page.getByTestId('explain-port').fill(String(port));
      await page.getByTestId('explain-run').click();
    };
    const verdict = page.getByTestId('explain-verdict');
    const egress = page.getByTestId('explain-egress');
    const ingress = page.getByTestId('explain-ingress');

    await ask('api/orders', 'data/db', 5432);
    await expect(verdict).toHaveAttribute('data-verdict', 'permitted');
    await expect(egress).toContainText('orders');
    await expect(ingress).toContainText('allow-orders');

    // Its Service is what is behind it, at the port that it leads to.
    await ask('api/orders', '10.96.0.20', 5400);
    await expect(verdict).toHaveAttribute('data-verdict', 'permitted');
    await expect(page.getByTestId('explain-service').first()).toContainText('data/db');
    await expect(verdict).toContainText('data/StatefulSet/db:5432 (permitted)');

    // The same pair on a port that neither side names.
    await ask('api/orders', 'data/db', 5433);
    await expect(verdict).toHaveAttribute('data-verdict', 'denied');

    // Nothing holds the source back; the destination's namespace denies.
    await ask('legacy/cms', 'data/backup', 80);
    await expect(verdict).toHaveAttribute('data-verdict', 'denied');
    await expect(egress).toHaveAttribute('data-verdict', 'permitted');
    await expect(egress).toHaveAttribute('data-state', 'not-isolated');
    await expect(ingress).toHaveAttribute('data-verdict', 'denied');
    await expect(ingress).toContainText('deny-all');

    await ask('jobs/mailer', '198.51.100.7', 587);
    await expect(verdict).toHaveAttribute('data-verdict', 'permitted');
    await ask('jobs/mailer', '198.51.100.7', 443);
    await expect(verdict).toHaveAttribute('data-verdict', 'denied');
  });

  test('speak Korean and English, and turn dark', async ({ app }) => {
    const page = await open(app);
    const html = page.locator('html');
    await page.getByTestId('lang-select').selectOption('ko');
    await expect(html).toHaveAttribute('lang', 'ko');
    await expect(page.getByTestId('nav-pods')).toContainText(/[가-힣]/);
    await page.getByTestId('lang-select').selectOption('en');
    await expect(html).toHaveAttribute('lang', 'en');
    await expect(page.getByTestId('nav-pods')).not.toContainText(/[가-힣]/);
    const seen = new Set<string | null>();
    for (let i = 0; i < 3; i++) {
      await page.getByTestId('theme-toggle').click();
      seen.add(await html.getAttribute('data-theme'));
    }
    expect(seen).toEqual(new Set(['light', 'dark']));
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedStore } from '../apiserver/generate.ts';
import { TestApiServer } from '../apiserver/server.ts';
import type { ServerOptions } from '../apiserver/server.ts';
import { expect, test as base } from './fixture.ts';

/** A cluster to read, of some 3,000 pods in several pages, and its kubeconfig. */
const test = base.extend<{
  cluster: { server: TestApiServer; kubeconfig: string };
  serverOptions: ServerOptions;
}>({
  serverOptions: [{}, { option: true }],
  cluster: async ({ app, serverOptions }, use) => {
    const server = await TestApiServer.start({
      store: generatedStore({ pods: 3000, namespaces: 6 }),
      ...serverOptions,
    });
    const kubeconfig = join(app.folder, 'kubeconfig');
    writeFileSync(kubeconfig, server.kubeconfig({ token: 'admin-token' }, {}, { context: 'lab' }), {
      mode: 0o600,
    });
    await use({ server, kubeconfig });
    await server.close();
  },
});

test.describe('An audit of a context', () => {
  test('is chosen in the window, shows how far it is, and ends in the overview', async ({ app, cluster }) => {
    // Slow enough for its progress to be seen.
    cluster.server.faults.push({ on: /\/pods\?/, trouble: { kind: 'delay', ms: 250 } });
    const page = await app.start({ args: ['--kubeconfig', cluster.kubeconfig] });
    const context = page.getByTestId('source-context');
    await expect(context).toHaveAttribute('data-name', 'lab');
    await expect(context).toHaveAttribute('data-file', cluster.kubeconfig);
    // Nothing is contacted before it is chosen and run.
    expect(cluster.server.requests).toEqual([]);
    await context.click();
    await page.getByTestId('run-audit').click();
    const progress = page.getByTestId('progress');
    await expect(progress).toHaveAttribute('data-phase', 'read');
    await expect.poll(async () => Number(await progress.getAttribute('data-done'))).toBeGreaterThan(0);
    await app.audited();
    await expect(page.getByTestId('overview')).toHaveAttribute('data-cluster', 'lab');
    await expect(page.getByTestId('coverage-card')).toHaveAttribute('data-complete', 'true');
    expect(cluster.server.requests.every(({ method }) => method === 'GET')).toBe(true);
  });

  test('ends at once when it is cancelled, asks the server no more, and leaves nothing behind', async ({
    app,
    cluster,
  }) => {
    cluster.server.faults.push({ on: /\/pods\?/, skip: 1, trouble: { kind: 'hang' } });
    const page = await app.start({ args: ['--kubeconfig', cluster.kubeconfig, '--context', 'lab'] });
    await expect(page.getByTestId('progress')).toHaveAttribute('data-phase', 'read');
    await page.getByTestId('cancel-audit').click();
    await expect(page.getByTestId('app')).toHaveAttribute('data-view', 'start');
    await expect(page.getByTestId('error-banner')).toHaveCount(0);
    const asked = cluster.server.requests.length;
    await page.getByTestId('nav-history').click();
    await expect(page.getByTestId('history-row')).toHaveCount(0);
    expect(cluster.server.requests).toHaveLength(asked);
    // The app is as usable as before.
    await page.getByTestId('new-audit').click();
    await page.getByTestId('source-demo').click();
    await page.getByTestId('run-audit').click();
    await app.audited();
  });
});

test.describe('A cluster that refuses', () => {
  test.use({
    serverOptions: {
      users: [
        {
          name: 'half',
          token: 'admin-token',
          grants: [
            {
              namespace: null,
              rules: [{ apiGroups: [''], resources: ['namespaces', 'pods'], verbs: ['list'] }],
            },
          ],
        },
      ],
    },
  });

  test('its policies is shown as a gap: nothing is called isolated or open that could be the other', async ({
    app,
    cluster,
  }) => {
    const page = await app.start({ args: ['--kubeconfig', cluster.kubeconfig, '--context', 'lab'] });
    await app.audited();
    await expect(page.getByTestId('coverage-card')).toHaveAttribute('data-complete', 'false');
    const pods = await app.value('isolation-pods');
    // Any pod may be selected by a policy that could not be read.
    await expect(page.getByTestId('isolation-unknown')).toHaveAttribute('data-value', String(pods));
    await expect(page.getByTestId('isolation-none')).toHaveAttribute('data-value', '0');
  });
});

test.describe('A bad source', () => {
  test('of a kubeconfig that is no YAML is named with its file, and the app goes on', async ({ app }) => {
    const file = join(app.folder, 'broken');
    writeFileSync(file, 'clusters: [\n  - {');
    const page = await app.start({ args: ['--kubeconfig', file] });
    const shown = page.locator(`[data-testid="source-file"][data-path="${file}"]`);
    await expect(shown).toHaveAttribute('data-problem', /.+/);
    await page.getByTestId('source-demo').click();
    await page.getByTestId('run-audit').click();
    await app.audited();
  });

  test('with a login that is refused ends in an error that says so', async ({ app, cluster }) => {
    writeFileSync(
      cluster.kubeconfig,
      cluster.server.kubeconfig({ token: 'stale-secret-token' }, {}, { context: 'lab' }),
    );
    const page = await app.start({ args: ['--kubeconfig', cluster.kubeconfig, '--context', 'lab'] });
    const banner = page.getByTestId('error-banner');
    await expect(banner).toHaveAttribute('data-kind', 'auth');
    await expect(banner).not.toContainText('stale-secret-token');
  });

  test('where nothing listens ends in a network error', async ({ app, cluster }) => {
    await cluster.server.close();
    const page = await app.start({ args: ['--kubeconfig', cluster.kubeconfig, '--context', 'lab'] });
    await expect(page.getByTestId('error-banner')).toHaveAttribute('data-kind', 'network', {
      timeout: 60_000,
    });
  });

  test('of a snapshot that is none, or not there, is named with its file', async ({ app }) => {
    const file = join(app.folder, 'no.snapshot.json');
    writeFileSync(file, '{"format":"something else"}');
    let page = await app.start({ args: ['--snapshot', file] });
    await expect(page.getByTestId('error-banner')).toHaveAttribute('data-kind', 'input');
    await expect(page.getByTestId('error-banner')).toContainText(file);
    page = await app.start({ args: ['--snapshot', join(app.folder, 'nowhere.json')] });
    await expect(page.getByTestId('error-banner')).toHaveAttribute('data-kind', 'input');
  });
});

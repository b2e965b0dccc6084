import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { CLUSTER, FIGURES } from './cluster.ts';
import { expect, test } from './fixture.ts';

/** A kubeconfig whose server nobody asks here. */
function kubeconfig(context: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'u', user: { token: 'secret-of-the-user' } }],
    contexts: [{ name: context, context: { cluster: 'c', user: 'u' } }],
  });
}

test.describe('A source that is chosen in the window', () => {
  test('is a folder of manifests, by its path or by the dialog', async ({ app }) => {
    const first = join(app.folder, 'kubeconfig');
    writeFileSync(first, kubeconfig('first'));
    const folder = join(app.folder, 'home', 'manifests', 'deeper');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'cluster.yml'), CLUSTER);
    writeFileSync(join(folder, 'broken.yaml'), 'apiVersion: v1\nkind: ConfigMap\ndata: [');
    const page = await app.start({ args: ['--kubeconfig', first] });
    await expect(page.getByTestId('app')).toHaveAttribute('data-view', 'start');
    if (app.backend === 'electron') {
      await app.prepareOpen([join(app.folder, 'home', 'manifests')]);
    } else {
      // As people type it; no shell has seen it.
      await page.getByTestId('source-manifests-path').fill('~/manifests');
    }
    await page.getByTestId('source-manifests').click();
    await page.getByTestId('run-audit').click();
    await app.audited();
    await expect(page.getByTestId('overview')).toHaveAttribute('data-cluster', 'manifests');
    for (const [id, figure] of Object.entries(FIGURES)) {
      await expect(page.getByTestId(id), id).toHaveAttribute('data-value', String(figure));
    }
    // The broken file, which cannot hold a policy, is not silently left out.
    await page.getByTestId('nav-findings').click();
    await expect(
      page.locator('[data-testid="finding-row"][data-check="input.unparsable"]').first(),
    ).toBeVisible();
  });

  test('holds policies alone: no view says anything of isolation or egress', async ({ app }) => {
    const root = join(app.folder, 'home', 'policies');
    mkdirSync(root, { recursive: true });
    writeFileSync(
      join(root, 'deny.yaml'),
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: shop}\nspec: {podSelector: {}}\n',
    );
    const page = await app.start({ args: ['--from', root] });
    await app.audited();
    await expect(page.getByTestId('coverage-card')).toHaveAttribute('data-complete', 'false');
    for (const view of ['overview', 'pods', 'egress', 'heatmap']) {
      await page.getByTestId(`nav-${view}`).click();
      await expect(page.getByTestId('empty')).toContainText('No pod was read');
      await expect(page.getByTestId('empty')).toContainText('add the files of the workloads');
    }
  });

  test('is a folder that is rendered only after a question that no page can answer', async ({ app }) => {
    const root = join(app.folder, 'home', 'app');
    const bin = join(app.folder, 'bin');
    mkdirSync(root, { recursive: true });
    mkdirSync(bin);
    writeFileSync(join(root, 'kustomization.yaml'), 'resources: [a.yaml]\npatches: [{path: p.yaml}]\n');
    const pod =
      'apiVersion: v1\nkind: Pod\nmetadata: {name: NAME, namespace: shop}\nspec: {containers: [{name: c, image: i}]}\n';
    writeFileSync(join(root, 'a.yaml'), pod.replace('NAME', 'plain'));
    writeFileSync(
      join(root, 'p.yaml'),
      'apiVersion: v1\nkind: Pod\nmetadata: {name: plain, namespace: shop}\n$patch: delete\n',
    );
    // A stub for the user's kubectl; its answer is two pods.
    const two = ['one', 'two'].map((name) => pod.replace('NAME', name)).join('---\n');
    writeFileSync(join(bin, 'kubectl'), `#!/bin/sh\ncat <<'END'\n${two}END\n`, { mode: 0o755 });
    const page = await app.start({
      args: ['--from', root],
      env: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, SHELL: '/bin/false' },
    });
    await app.audited();
    await expect(page.getByTestId('coverage-card')).toHaveAttribute('data-complete', 'false');
    await expect(page.getByTestId('coverage-card')).toContainText('kubectl kustomize');
    await expect(page.getByTestId('isolation-pods')).toHaveAttribute('data-value', '1');
    const again = page.getByTestId('render-again');
    if (app.backend === 'serve') {
      // Its standard input is no terminal here: nobody can be asked.
      await again.click();
      await expect(page.getByTestId('error-banner')).toContainText('no terminal to ask in');
      return;
    }
    await app.prepareAnswer(0);
    await again.click();
    await app.audited();
    await expect(page.getByTestId('isolation-pods')).toHaveAttribute('data-value', '1');
    await app.prepareAnswer(1);
    await page.getByTestId('render-again').click();
    await expect(page.getByTestId('isolation-pods')).toHaveAttribute('data-value', '2');
    await expect(page.getByTestId('coverage-card')).toHaveAttribute('data-complete', 'true');
    await expect(page.getByTestId('render-again')).toHaveCount(0);
  });

  test('stays chosen after its audit failed, and is not said to be unverified before it was asked', async ({
    app,
  }) => {
    const first = join(app.folder, 'kubeconfig');
    writeFileSync(
      first,
      kubeconfig('first').replace(
        'server: https://127.0.0.1:1',
        'server: https://127.0.0.1:1\n      insecure-skip-tls-verify: true',
      ),
    );
    const page = await app.start({ args: ['--kubeconfig', first] });
    const context = page.locator('[data-testid="source-context"][data-name="first"]');
    await expect(context).toContainText('will not be verified');
    await context.click();
    await page.getByTestId('source-namespaces').fill('shop, web');
    await page.getByTestId('run-audit').click();
    await expect(page.getByTestId('error-banner')).toHaveAttribute('data-kind', 'network');
    await expect(context).toHaveAttribute('aria-checked', 'true');
    await expect(page.getByTestId('source-namespaces')).toHaveValue('shop, web');
    await expect(page.getByTestId('run-audit')).toBeEnabled();
  });

  test('is a kubeconfig that is added, and one that appears by itself', async ({ app }) => {
    const first = join(app.folder, 'kubeconfig');
    const second = join(app.folder, 'second');
    writeFileSync(first, kubeconfig('first'));
    writeFileSync(second, kubeconfig('second'));
    const page = await app.start({ args: ['--kubeconfig', first] });
    const contexts = page.getByTestId('source-context');
    await expect(contexts).toHaveCount(1);
    if (app.backend === 'electron') await app.prepareOpen([second]);
    else await page.getByTestId('source-kubeconfig-path').fill(second);
    await page.getByTestId('source-kubeconfig-add').click();
    await expect(contexts).toHaveCount(2);
    await expect(page.locator('[data-testid="source-context"][data-name="second"]')).toHaveAttribute(
      'data-file',
      second,
    );
    writeFileSync(first, kubeconfig('renamed'));
    await expect(page.locator('[data-testid="source-context"][data-name="renamed"]')).toBeVisible();
    await expect(page.locator('body')).not.toContainText('secret-of-the-user');
    // An added file is followed too.
    writeFileSync(second, kubeconfig('moved'));
    await expect(page.locator('[data-testid="source-context"][data-name="moved"]')).toBeVisible();
  });

  test('is a kubeconfig that was added before: the next start knows it, until it is taken off', async ({
    app,
  }) => {
    const own = join(app.folder, 'own');
    const added = join(app.folder, 'added');
    writeFileSync(own, kubeconfig('own'));
    mkdirSync(added);
    writeFileSync(join(added, 'a.yaml'), kubeconfig('a'));
    writeFileSync(join(added, 'b.yaml'), kubeconfig('b'));
    const env = { KUBECONFIG: own };
    let page = await app.start({ env });
    const names = (): Promise<(string | null)[]> =>
      page
        .getByTestId('source-context')
        .evaluateAll((all) => all.map((one) => one.getAttribute('data-name')));
    await expect.poll(names).toEqual(['own']);
    // A folder of them, typed.
    await page.getByTestId('source-kubeconfig-path').fill(added);
    await page.getByTestId('source-kubeconfig-add').click();
    await expect.poll(names).toEqual(['own', 'a', 'b']);
    page = await app.start({ env });
    await expect.poll(names).toEqual(['own', 'a', 'b']);
    await page.locator('[data-testid="source-context"][data-name="b"]').click();
    await expect(page.getByTestId('run-audit')).toBeEnabled();
    await page.getByTestId('source-file-remove').first().click();
    await expect.poll(names).toEqual(['own']);
    await expect(page.getByTestId('run-audit')).toBeDisabled();
    page = await app.start({ env });
    await expect.poll(names).toEqual(['own']);
    await expect(page.getByTestId('source-file-remove')).toHaveCount(0);
  });

  test('is pasted text with a program in it: what runs is what was agreed to outside the page', async ({
    app,
  }) => {
    const first = join(app.folder, 'kubeconfig');
    const ran = join(app.folder, 'ran');
    writeFileSync(first, kubeconfig('first'));
    const page = await app.start({ args: ['--kubeconfig', first] });
    await page.getByTestId('source-kubeconfig-paste').click();
    await page.getByTestId('source-kubeconfig-text').fill(
      JSON.stringify({
        kind: 'Config',
        clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
        users: [
          {
            name: 'u',
            user: {
              exec: {
                apiVersion: 'client.authentication.k8s.io/v1',
                command: 'sh',
                args: ['-c', `touch '${ran}'; exit 1`],
                interactiveMode: 'Never',
              },
            },
          },
        ],
        contexts: [{ name: 'program', context: { cluster: 'c', user: 'u' } }],
      }),
    );
    await page.getByTestId('source-kubeconfig-text-add').click();
    await page.locator('[data-testid="source-context"][data-name="program"]').click();
    const banner = page.getByTestId('error-banner');
    if (app.backend === 'electron') await app.prepareAnswer(0);
    await page.getByTestId('run-audit').click();
    await expect(banner).toContainText('was not run');
    // Nobody can be asked in a terminal that is none.
    if (app.backend === 'serve') await expect(banner).toContainText('--allow-exec');
    expect(existsSync(ran)).toBe(false);
    if (app.backend === 'serve') return;
    await app.prepareAnswer(1);
    await page.getByTestId('run-audit').click();
    await expect(banner).toContainText('failed (exit 1)');
    expect(existsSync(ran)).toBe(true);
    await app.start({ args: ['--kubeconfig', first] }).then(async (again) => {
      await again.getByTestId('logins').locator('summary').click();
      await expect(again.getByTestId('login')).toContainText('https://127.0.0.1:1');
      await again.getByTestId('login-revoke').click();
      await expect(again.getByTestId('logins')).toHaveCount(0);
    });
  });

  test('is pasted kubeconfig text, which leaves the page at once', async ({ app }) => {
    const first = join(app.folder, 'kubeconfig');
    writeFileSync(first, kubeconfig('first'));
    const page = await app.start({ args: ['--kubeconfig', first] });
    const contexts = page.getByTestId('source-context');
    await expect(contexts).toHaveCount(1);
    const paste = async (text: string): Promise<void> => {
      await page.getByTestId('source-kubeconfig-paste').click();
      await page.getByTestId('source-kubeconfig-text').fill(text);
      await page.getByTestId('source-kubeconfig-text-add').click();
    };
    await paste(kubeconfig('pasted'));
    await expect(contexts).toHaveCount(2);
    await expect(page.getByTestId('source-kubeconfig-text')).toHaveCount(0);
    const added = page.locator('[data-testid="source-context"][data-name="pasted"]');
    await expect(added).toHaveAttribute('data-file', 'pasted kubeconfig 1');
    await expect(page.locator('body')).not.toContainText('secret-of-the-user');
    // The thread that reads knows it: nothing listens there, and that is what the error says.
    await added.click();
    await page.getByTestId('run-audit').click();
    await expect(page.getByTestId('error-banner')).toHaveAttribute('data-kind', 'network');

    await paste('clusters:\n  - name: [');
    await expect(page.getByTestId('error-banner')).toHaveAttribute('data-kind', 'kubeconfig');
    await expect(page.getByTestId('error-banner')).toContainText('line 2');
    await expect(contexts).toHaveCount(2);
  });
});

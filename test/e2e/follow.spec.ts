/** Following a cluster in the window, on the API server of the tests; the expected values are worked out by hand. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestApiServer } from '../apiserver/server.ts';
import { Store } from '../apiserver/store.ts';
import type { KubeObject } from '../apiserver/store.ts';
import { expect, test } from './fixture.ts';
import type { App } from './fixture.ts';

const namespace = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
});
const pod = (
  place: string,
  name: string,
  ip: string,
  more: Partial<KubeObject['metadata']> = {},
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: place, labels: { app: name }, ...more },
  spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'c' }] },
  status: { phase: 'Running', podIPs: [{ ip }] },
});
/** db is isolated for ingress; these namespaces may reach it on a port. */
const policy = (from: string[], port: number): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'db', namespace: 'data' },
  spec: {
    podSelector: { matchLabels: { app: 'db' } },
    policyTypes: ['Ingress'],
    ingress: [
      {
        from: from.map((name) => ({
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
        })),
        ports: [{ port }],
      },
    ],
  },
});

/** Calico on the one node, so that policies are enforced; `data/db`, `web/front` and `jobs/report`. */
function cluster(): Store {
  const store = new Store();
  for (const name of ['data', 'jobs', 'kube-system', 'web']) store.put(namespace(name));
  store.put({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, status: { addresses: [] } });
  store.put({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'calico-node-1',
      namespace: 'kube-system',
      labels: { 'k8s-app': 'calico-node' },
      ownerReferences: [{ kind: 'DaemonSet', name: 'calico-node', controller: true }],
    },
    spec: {
      nodeName: 'n1',
      hostNetwork: true,
      containers: [{ name: 'calico-node', image: 'calico/node:v3.30.0' }],
    },
    status: { phase: 'Running', podIPs: [{ ip: '192.168.0.1' }], hostIPs: [{ ip: '192.168.0.1' }] },
  });
  store.put(pod('data', 'db', '10.0.0.1'));
  store.put(pod('web', 'front', '10.0.0.2'));
  store.put(pod('jobs', 'report', '10.0.0.3'));
  store.put(policy(['web'], 5432));
  return store;
}

async function audited(app: App, server: TestApiServer): Promise<void> {
  const kubeconfig = join(app.folder, 'kubeconfig');
  writeFileSync(kubeconfig, server.kubeconfig(), { mode: 0o600 });
  await app.start({ args: ['--kubeconfig', kubeconfig, '--context', 'test'] });
  await app.audited();
}

test('the window shows what changed since the audit, what it means, and audits again', async ({ app }) => {
  const store = cluster();
  const server = await TestApiServer.start({ store, bookmarkMs: 200 });
  try {
    await audited(app, server);
    const { page } = app;
    const state = page.getByTestId('follow-state');
    const figure = page.getByTestId('isolation-ingress');
    await expect(figure).toHaveAttribute('data-value', '1');

    await test.step('it is not followed until that is wanted, and then live', async () => {
      await expect(state).toHaveCount(0);
      expect(server.requests.filter(({ query }) => /watch=1.*timeoutSeconds=[3-5]\d\d/.test(query))).toEqual(
        [],
      );
      await page.getByTestId('follow-switch').click();
      await expect(page.getByTestId('follow-switch')).toHaveAttribute('aria-checked', 'true');
      await expect(state).toHaveAttribute('data-state', 'unchanged', { timeout: 20_000 });
    });

    await test.step('a policy is edited: jobs in place of web, on another port', async () => {
      store.put(policy(['jobs'], 8080));
      await expect(state).toHaveAttribute('data-state', 'changed', { timeout: 20_000 });
      await state.click();
      const row = page.getByTestId('change-policy');
      await expect(row).toHaveCount(1);
      await expect(row).toHaveAttribute('data-name', 'db');
      await expect(row).toHaveAttribute('data-change', 'modified');
      // front lost TCP 5432 and report gained TCP 8080; the counts of pairs are as before.
      const gained = page.locator('[data-testid="change-pair"][data-src="jobs/report"][data-dst="data/db"]');
      await expect(gained).toHaveAttribute('data-gained', 'true');
      await expect(gained).toContainText('TCP 8080');
      const lost = page.locator('[data-testid="change-pair"][data-src="web/front"][data-dst="data/db"]');
      await expect(lost).toHaveAttribute('data-lost', 'true');
      await expect(lost).toContainText('TCP 5432');
      await expect(page.getByTestId('change-pair')).toHaveCount(2);
      await expect(page.getByTestId('change-isolation')).toHaveCount(0);
      await expect(page.getByTestId('change-figure-pairs')).toHaveAttribute('data-before', /\d+/);
    });

    await test.step('the policy goes, and a pod', async () => {
      store.remove('networking.k8s.io', 'networkpolicies', 'data', 'db');
      store.remove('', 'pods', 'jobs', 'report');
      const isolation = page.getByTestId('change-isolation');
      await expect(isolation).toHaveCount(1, { timeout: 20_000 });
      for (const [name, value] of Object.entries({
        'data-namespace': 'data',
        'data-name': 'db',
        'data-direction': 'ingress',
        'data-from': 'isolated',
        'data-to': 'open',
        'data-pods': '1',
      })) {
        await expect(isolation).toHaveAttribute(name, value);
      }
      const pods = page.getByTestId('change-pods');
      await expect(pods).toHaveCount(1);
      await expect(pods).toHaveAttribute('data-removed', '1');
      await expect(page.getByTestId('change-policy')).toHaveAttribute('data-change', 'removed');
      // db was isolated for ingress only, and is now isolated in neither direction, as front is.
      await expect(page.getByTestId('change-figure-none')).toHaveAttribute('data-before', '2');
      await expect(page.getByTestId('change-figure-none')).toHaveAttribute('data-after', '2');
    });

    await test.step('the audit stays what it was', async () => {
      await page.getByTestId('nav-overview').click();
      await expect(figure).toHaveAttribute('data-value', '1');
      await expect(page.getByTestId('isolation-pods')).toHaveAttribute('data-value', '4');
    });

    await test.step('audited again, it is a new one, in the history beside the first, and goes on being live', async () => {
      await page.getByTestId('nav-changes').click();
      await page.getByTestId('audit-again').click();
      await app.audited();
      await expect(figure).toHaveAttribute('data-value', '0');
      await expect(page.getByTestId('isolation-pods')).toHaveAttribute('data-value', '3');
      await expect(state).toHaveAttribute('data-state', 'unchanged', { timeout: 20_000 });
      await page.getByTestId('nav-history').click();
      await expect(page.getByTestId('history-row')).toHaveCount(2);
    });
  } finally {
    await server.close();
  }
});

test('a login that ends, a server that goes, and a reload: the window never calls old things live', async ({
  app,
}) => {
  const store = cluster();
  let server = await TestApiServer.start({ store, bookmarkMs: 200 });
  try {
    await audited(app, server);
    const { page } = app;
    const state = page.getByTestId('follow-state');
    const toggle = page.getByTestId('follow-switch');
    // By the keyboard alone.
    await toggle.focus();
    await page.keyboard.press('Space');
    await expect(state).toHaveAttribute('data-state', 'unchanged', { timeout: 20_000 });

    const { port, authority } = server;
    await server.close();
    await expect(state).toHaveAttribute('data-state', 'interrupted', { timeout: 20_000 });
    store.remove('', 'pods', 'jobs', 'report');
    server = await TestApiServer.start({ store, authority, port, bookmarkMs: 200 });
    await expect(state).toHaveAttribute('data-state', 'changed', { timeout: 40_000 });

    await page.reload();
    await expect(state).toHaveAttribute('data-state', 'changed', { timeout: 20_000 });
    await expect(toggle).toHaveAttribute('aria-checked', 'true');

    server.users[0]!.token = 'another';
    server.cut();
    await expect(state).toHaveAttribute('data-state', 'login', { timeout: 20_000 });
    await expect(toggle).toHaveAttribute('aria-checked', 'false');
    await state.click();
    await expect(page.getByTestId('follow-say')).toHaveAttribute('data-state', 'login');
    // What was found until then stays, under that line.
    await expect(page.getByTestId('change-pods')).toHaveCount(1);
  } finally {
    await server.close();
  }
});

test('what cannot change is not offered to be followed', async ({ app }) => {
  const page = await app.start({ args: ['--demo'] });
  await app.audited();
  await expect(page.getByTestId('nav-findings')).toBeVisible();
  await expect(page.getByTestId('follow-switch')).toHaveCount(0);
  await expect(page.getByTestId('nav-changes')).toHaveCount(0);
});

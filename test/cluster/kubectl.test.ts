/** The same kubeconfig files, opened by real kubectl and by us, give the same contexts and the same objects. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { Kubeconfigs } from '../../electron/cluster/kubeconfig.ts';
import { auditRole, auditRoleYaml } from '../../electron/cluster/rbac.ts';
import { readCluster } from '../../electron/cluster/reader.ts';
import type { Snapshot } from '../../shared/kube/snapshot.ts';
import { generatedStore } from '../apiserver/generate.ts';
import { findKubectl, kubectl } from '../apiserver/kubectl.ts';
import { TestApiServer } from '../apiserver/server.ts';
import { type } from '../apiserver/store.ts';
import { Folder, MemorySink, QUICK } from './support.ts';

let binary: string;
let folder: Folder;
let one: TestApiServer;
let two: TestApiServer;
let files: string[];

beforeAll(async () => {
  binary = await findKubectl();
  folder = new Folder();
  one = await TestApiServer.start({ store: generatedStore({ pods: 1203, namespaces: 7 }) });
  two = await TestApiServer.start({
    store: generatedStore({ pods: 40, namespaces: 2 }),
    basePath: '/k8s/clusters/c-1',
  });
  const { cert, key } = await two.clientCertificate('admin');
  mkdirSync(path.join(folder.path, 'pki'));
  folder.write('pki/u.crt', cert);
  folder.write('pki/u.key', key);
  folder.write('pki/ca.crt', two.authority.cert);
  const plugin = folder.write(
    'login',
    '#!/bin/sh\necho \'{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"admin-token"}}\'\n',
  );
  const ca = Buffer.from(one.authority.cert).toString('base64');
  files = [
    // Contexts alone; what they name stands in the other files.
    folder.write(
      'contexts',
      stringify({
        kind: 'Config',
        'current-context': 'by-certificate',
        contexts: [
          { name: 'by-token', context: { cluster: 'one', user: 'token', namespace: 'ns-0001' } },
          { name: 'by-certificate', context: { cluster: 'two', user: 'certificate' } },
        ],
      }),
    ),
    folder.write(
      'rest',
      stringify({
        kind: 'Config',
        'current-context': 'by-exec',
        clusters: [
          { name: 'one', cluster: { server: one.url, 'certificate-authority-data': ca } },
          { name: 'two', cluster: { server: two.url, 'certificate-authority': 'pki/ca.crt' } },
        ],
        users: [
          { name: 'token', user: { token: 'admin-token' } },
          { name: 'certificate', user: { 'client-certificate': 'pki/u.crt', 'client-key': 'pki/u.key' } },
          {
            name: 'exec',
            user: {
              exec: {
                apiVersion: 'client.authentication.k8s.io/v1',
                command: plugin,
                interactiveMode: 'Never',
              },
            },
          },
        ],
        contexts: [{ name: 'by-exec', context: { cluster: 'one', user: 'exec' } }],
      }),
    ),
  ];
}, 300_000);

afterAll(async () => {
  await one?.close();
  await two?.close();
  folder?.clean();
});

const run = (...args: string[]): Promise<string> => kubectl(binary, files, args, folder.path);

interface Listed {
  items: { metadata: { name: string; namespace?: string; labels?: Record<string, string> } }[];
}

async function theirs(context: string, ...args: string[]): Promise<string[]> {
  const list = JSON.parse(await run('--context', context, 'get', ...args, '-o', 'json')) as Listed;
  return list.items
    .map(
      ({ metadata }) =>
        `${metadata.namespace ?? ''}/${metadata.name} ${JSON.stringify(metadata.labels ?? {})}`,
    )
    .sort();
}

async function ours(context: string): Promise<Snapshot> {
  const configs = new Kubeconfigs({ files });
  await configs.load();
  const sink = new MemorySink();
  await readCluster(configs.resolve(context), sink, {
    signal: new AbortController().signal,
    patience: QUICK,
    searchPath: process.env['PATH'] ?? '',
    permit: () => Promise.resolve({ allowed: true }),
  });
  return sink.builder.finish();
}

const named = (
  objects: { namespace?: string; name: string; labels?: Record<string, string> }[],
  labels = true,
): string[] =>
  objects
    .map((o) => `${o.namespace ?? ''}/${o.name} ${JSON.stringify(labels ? (o.labels ?? {}) : {})}`)
    .sort();

describe('kubectl and we', () => {
  test('list the same contexts, with the same current one', async () => {
    const names = (await run('config', 'get-contexts', '-o', 'name')).trim().split('\n').sort();
    const current = (await run('config', 'current-context')).trim();
    const configs = new Kubeconfigs({ files });
    const { contexts } = await configs.load();
    expect(contexts.map((c) => c.name).sort()).toEqual(names);
    expect(contexts.filter((c) => c.current).map((c) => c.name)).toEqual([current]);
    const shown = parse(await run('config', 'view', '-o', 'yaml')) as {
      clusters: { name: string; cluster: { server: string } }[];
      contexts: { name: string; context: { cluster: string; user: string; namespace?: string } }[];
    };
    for (const { name, context } of shown.contexts) {
      const mine = contexts.find((c) => c.name === name);
      expect(mine).toMatchObject({
        cluster: context.cluster,
        user: context.user,
        namespace: context.namespace ?? null,
        server: shown.clusters.find((c) => c.name === context.cluster)?.cluster.server,
        problem: null,
      });
    }
  });

  for (const context of ['by-token', 'by-certificate', 'by-exec']) {
    test(`read the same objects through ${context}`, async () => {
      const snapshot = await ours(context);
      expect(snapshot.coverage.complete).toBe(true);
      const pods = await theirs(context, 'pods', '-A');
      expect(pods.length).toBe(context === 'by-certificate' ? 40 : 1203);
      expect(named(snapshot.pods)).toEqual(pods);
      expect(named(snapshot.namespaces)).toEqual(await theirs(context, 'namespaces'));
      expect(named(snapshot.policies, false)).toEqual(await theirs(context, 'networkpolicies', '-A'));
      expect(named(snapshot.nodes)).toEqual(await theirs(context, 'nodes'));
    });
  }

  test('are refused in the same words', async () => {
    one.users.push({ name: 'nobody', token: 'nobody-token', grants: [] });
    const file = folder.write('nobody', one.kubeconfig({ token: 'nobody-token' }));
    const complaint = await kubectl(binary, [file], ['get', '--raw', '/api/v1/pods'], folder.path).catch(
      (e: Error) => e.message,
    );
    const configs = new Kubeconfigs({ files: [file] });
    await configs.load();
    const sink = new MemorySink();
    await readCluster(configs.resolve(null), sink, { signal: new AbortController().signal, patience: QUICK });
    const refused = sink.entries.find((e) => e.resource === 'pods' && e.namespace === null);
    const words =
      'pods is forbidden: User "nobody" cannot list resource "pods" in API group "" at the cluster scope';
    expect(complaint).toContain(words);
    expect(refused?.reason).toContain(words);
  });

  test('take the role that we print', async () => {
    one.store.serve(type('rbac.authorization.k8s.io', 'v1', 'clusterroles', 'ClusterRole', false));
    const file = folder.write('role.yaml', auditRoleYaml());
    const shown = JSON.parse(
      await run(
        '--context',
        'by-token',
        'create',
        '--dry-run=client',
        '--validate=false',
        '-f',
        file,
        '-o',
        'json',
      ),
    ) as { kind: string; rules: unknown };
    expect(shown.kind).toBe('ClusterRole');
    expect(shown.rules).toEqual(auditRole().rules);
  });
});

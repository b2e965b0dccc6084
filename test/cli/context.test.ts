/** The terminal against a real HTTPS API server, through a kubeconfig file. */
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditJson } from '../../shared/audit/result.ts';
import { AuditsSchema } from '../../shared/report/schema.ts';
import { generatedStore } from '../apiserver/generate.ts';
import { TestApiServer } from '../apiserver/server.ts';
import { folder, runner } from './run.ts';

const home = folder();
const run = runner(home);
const east = join(home, 'east.yaml');
const west = join(home, 'west.yaml');
const tenant = join(home, 'tenant.yaml');
const servers: TestApiServer[] = [];

function named(server: TestApiServer, context: string, token = 'admin-token'): string {
  return server.kubeconfig({ token }, {}, { context });
}

beforeAll(async () => {
  const all = { apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list', 'watch'] };
  const paths = { nonResourceURLs: ['/version', '/apis', '/apis/*'], verbs: ['get'] };
  const a = await TestApiServer.start({
    store: generatedStore({ pods: 60, namespaces: 3 }),
    users: [
      { name: 'admin', token: 'admin-token' },
      {
        name: 'tenant',
        token: 'tenant-token',
        grants: [
          { namespace: null, rules: [paths] },
          { namespace: 'ns-0001', rules: [all] },
          // Pods without their policies: nothing is known of their isolation.
          {
            namespace: 'ns-0002',
            rules: [{ ...all, resources: ['pods', 'replicasets', 'services', 'jobs'] }],
          },
        ],
      },
    ],
  });
  const b = await TestApiServer.start({ store: generatedStore({ pods: 20, namespaces: 2 }) });
  servers.push(a, b);
  writeFileSync(east, named(a, 'east'));
  writeFileSync(west, named(b, 'west'));
  writeFileSync(tenant, named(a, 'tenant', 'tenant-token'));
});
afterAll(() => Promise.all(servers.map((server) => server.close())));

const JSON_OUT = ['--format', 'json', '--no-history', '--time', '2026-03-01T09:00:00Z'];

test('a context is audited, with where it was read and no credential anywhere', async () => {
  const { code, out, err } = await run(['audit', '--context', 'east', '--kubeconfig', east, ...JSON_OUT]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const audit = JSON.parse(out) as AuditJson;
  expect(audit.cluster).toMatchObject({
    name: 'east',
    source: 'context',
    server: servers[0]!.url,
    file: east,
  });
  expect(audit.cluster.takenAt).toBe('2026-03-01T09:00:00Z');
  expect(audit.namespaces.map((n) => n.name)).toEqual(['ns-0000', 'ns-0001', 'ns-0002']);
  expect(audit.pods.length + audit.summary.finishedPods).toBe(60);
  expect(out).not.toContain('admin-token');
});

test('several contexts make one report with a section for each, compared first', async () => {
  const args = [
    'audit',
    '--context',
    'east',
    '--context',
    'west',
    '--kubeconfig',
    east,
    '--kubeconfig',
    west,
  ];
  const { code, out } = await run([...args, ...JSON_OUT]);
  expect(code).toBe(0);
  const { audits } = AuditsSchema.parse(JSON.parse(out));
  expect(audits.map((audit) => [audit.cluster.name, audit.summary.namespaces])).toEqual([
    ['east', 3],
    ['west', 2],
  ]);
  const text = await run([...args, '--no-history']);
  expect(text.out).toMatch(/^Comparison of clusters\n +east +west\n/);
});

test('verbs about one cluster refuse two contexts', async () => {
  const { code, out, err } = await run([
    ...['connections', '--context', 'east', '--context', 'west', '--kubeconfig', east],
    ...['--kubeconfig', west],
  ]);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('one --context');
});

test('what the account may not read ends with 3, and no pod there is called isolated', async () => {
  const { code, out } = await run([
    ...['audit', '--context', 'tenant', '--kubeconfig', tenant, '--namespace', 'ns-0001'],
    ...['--namespace', 'ns-0002', ...JSON_OUT],
  ]);
  expect(code).toBe(3);
  const audit = JSON.parse(out) as AuditJson;
  expect(audit.coverage.complete).toBe(false);
  expect(audit.coverage.entries.some((entry) => entry.outcome === 'refused')).toBe(true);
  expect(audit.coverage.unreadPolicies).toContain('ns-0002');
  const pods = audit.pods.filter((pod) => pod.namespace === 'ns-0002');
  expect(pods.length).toBeGreaterThan(0);
  for (const pod of pods) expect([pod.ingress, pod.egress]).toEqual(['unknown', 'unknown']);
});

test('a login that the server refuses ends with 2 and says so', async () => {
  const bad = join(home, 'bad.yaml');
  writeFileSync(bad, named(servers[0]!, 'bad', 'wrong-token'));
  const { code, out, err } = await run(['audit', '--context', 'bad', '--kubeconfig', bad, '--no-history']);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/401|credential|log/i);
  expect(err).not.toContain('wrong-token');
});

test('a server that is not there ends with 2 and names it', async () => {
  const gone = join(home, 'gone.yaml');
  const closed = await TestApiServer.start();
  writeFileSync(gone, named(closed, 'gone'));
  const { port } = closed;
  await closed.close();
  const { code, out, err } = await run(['audit', '--context', 'gone', '--kubeconfig', gone, '--no-history']);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(String(port));
});

test('Ctrl+C in the middle of reading ends with 130 and leaves no half of a file behind', async () => {
  const path = folder();
  let asked = () => {};
  const arrived = new Promise<void>((resolve) => (asked = resolve));
  // A server that takes questions and never answers.
  const silent = createServer(() => asked());
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  const config = servers[1]!.kubeconfig(
    { token: 'x' },
    { server: `http://127.0.0.1:${port}` },
    { context: 'slow' },
  );
  writeFileSync(join(home, 'slow.yaml'), config);
  const { code, out, err } = await run(
    ['audit', '--context', 'slow', '--kubeconfig', 'slow.yaml', '--out', join(path, 'x.txt'), '--no-history'],
    { interrupt: arrived },
  );
  silent.closeAllConnections();
  await new Promise((resolve) => silent.close(resolve));
  expect({ code, out, err }).toEqual({ code: 130, out: '', err: '' });
  expect(readdirSync(path)).toEqual([]);
});

import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { AuditClient } from '../../electron/worker/client.ts';
import { JSON_LIMITS, JsonBounds } from '../../electron/worker/jsonBounds.ts';
import { heapLimitMb, MemoryWatch, residentLimit } from '../../electron/worker/memory.ts';
import { Thread } from '../../electron/worker/rpc.ts';
import { parseSnapshot } from '../../shared/kube/snapshotFile.ts';
import type { TestMethods } from './thread.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const HEAD = '{"format":"bulkhead.snapshot","version":1,';
const CLUSTER =
  '"cluster":{"name":"c","source":"context","serverVersion":null,"takenAt":"2026-01-01T00:00:00Z","warnings":[]},';

const clients: AuditClient[] = [];
function client(): AuditClient {
  const made = new AuditClient();
  clients.push(made);
  return made;
}
afterEach(() => Promise.all(clients.splice(0).map((one) => one.close())));

describe('The bounds of a JSON text', () => {
  test('count the same wherever it is cut, and nothing inside of texts', () => {
    const text = '{"a[{,":["\\\\",{"b":"\\"]}"},1,[]],"c":{}}';
    const whole = new JsonBounds();
    expect(whole.take(bytesOf(text))).toBeNull();
    // Five objects and lists; three commas between entries of the list and the members.
    expect(whole.parsed).toBe(text.length + 5 * 64 + (5 + 4) * 24);
    for (let at = 0; at <= text.length; at++) {
      const cut = new JsonBounds();
      expect(cut.take(bytesOf(text.slice(0, at))) ?? cut.take(bytesOf(text.slice(at)))).toBeNull();
      expect(cut.parsed).toBe(whole.parsed);
    }
  });

  test('refuse what is too long, too deep, too much for its length, or one endless text', () => {
    const over = (text: string, limits: Partial<typeof JSON_LIMITS>): string | null =>
      new JsonBounds(limits).take(bytesOf(text));
    expect(over('[1,2,3]', { maxBytes: 6 })).toContain('longer than');
    expect(over('[[[]]]', { maxDepth: 2 })).toContain('nested more than 2 deep');
    expect(over('[[],[]]', { maxDepth: 2 })).toBeNull();
    expect(over(`[${'{},'.repeat(1000)}{}]`, { maxParsed: 60_000 })).toContain('1002 objects');
    expect(over('["aaaa","bbbb"]', { maxString: 5 })).toBeNull();
    expect(over('["aaaaaa"]', { maxString: 5 })).toContain('a text in it');
    const pieces = new JsonBounds({ maxString: 100 });
    expect(pieces.take(bytesOf(`["${'a'.repeat(60)}`))).toBeNull();
    expect(pieces.take(bytesOf('a'.repeat(60)))).toContain('a text in it');
  });

  test('leave room for clusters far beyond 200,000 pods', () => {
    const pod = {
      namespace: 'department-of-payments',
      name: 'payments-gateway-7d9f8b6c5d-x2k4q',
      kind: 'Pod',
      labels: Object.fromEntries(
        Array.from({ length: 12 }, (_, i) => [`app.kubernetes.io/label-${i}`, `v-${i}`]),
      ),
      ips: ['10.12.133.204', 'fd00:10:244::1:2f'],
      node: 'ip-10-12-133-9.eu-central-1.compute.internal',
      hostNetwork: false,
      phase: 'Running',
      terminating: false,
      ports: Array.from({ length: 4 }, (_, i) => ({ name: `port-${i}`, port: 8080 + i, protocol: 'TCP' })),
      owner: { kind: 'Deployment', name: 'payments-gateway' },
      replicas: 1,
    };
    const one = new JsonBounds();
    const bytes = bytesOf(`${JSON.stringify(pod)},\n`);
    expect(one.take(bytes)).toBeNull();
    expect(200_000 * one.parsed).toBeLessThan(JSON_LIMITS.maxParsed);
    expect(200_000 * bytes.length).toBeLessThan(JSON_LIMITS.maxBytes);
    // One page of 500 pods as the API gives them, each with a great deal of managed fields.
    const fields = `{"f:metadata":{"f:labels":{${'"f:x":{},'.repeat(2000)}"f:y":{}}}}`;
    const page = new JsonBounds();
    expect(page.take(bytesOf(fields))).toBeNull();
    expect(500 * page.parsed).toBeLessThan(768 * MIB);
  });
});

describe('A bomb', () => {
  test('of brackets in a compressed snapshot is refused while it is decompressed', async () => {
    const text = `${HEAD}"namespaces":[${'{},'.repeat(24_000_000)}{}]}`;
    const bomb = gzipSync(text, { level: 1 });
    expect(bomb.length).toBeLessThan(MIB);
    const audit = client();
    const before = process.memoryUsage.rss();
    await expect(audit.loadSnapshot(bomb)).rejects.toMatchObject({
      kind: 'input',
      message: expect.stringContaining('objects and lists would take more than') as string,
    });
    expect(process.memoryUsage.rss() - before).toBeLessThan(500 * MIB);
    // The worker lives on.
    expect(await audit.demo()).toMatchObject({ source: 'demo' });
  });

  test('of wrong records gives its first errors, not one for each', () => {
    const data: unknown = JSON.parse(
      `${HEAD}${CLUSTER}"namespaces":[${'{},'.repeat(300_000)}{}],"pods":[{"ips":[${'1,'.repeat(200_000)}1]}]}`,
    );
    const begun = performance.now();
    const result = parseSnapshot(data);
    expect(performance.now() - begun).toBeLessThan(1000);
    expect('errors' in result && result.errors).toHaveLength(20);
    expect('errors' in result && result.errors[0]).toMatchObject({ path: 'namespaces[0].name' });
  });

  test('in a page of a list is refused as that list, and in a manifest as that file', async () => {
    const bomb = (): Uint8Array => bytesOf(`{"kind":"List","items":[${'{},'.repeat(9_000_000)}{}]}`);
    const audit = client();
    const cluster = { serverVersion: null, takenAt: '2026-01-01T00:00:00Z', warnings: [], name: 'c' };
    await audit.begin({ ...cluster, source: 'context' });
    await expect(audit.page('pods', null, bomb())).rejects.toMatchObject({
      kind: 'api',
      message: expect.stringContaining('The answer for pods is not read') as string,
    });
    await audit.begin({ ...cluster, source: 'manifests' });
    await expect(audit.manifest('bomb.json', bomb())).resolves.toEqual({ documents: 0, objects: 0 });
    await audit.manifest('a.yaml', bytesOf('{apiVersion: v1, kind: Namespace, metadata: {name: a}}'));
    const { overview } = await audit.evaluate({ auditedAt: cluster.takenAt, version: '1', assume: {} });
    expect(overview.coverage.complete).toBe(false);
    expect(overview.coverage.entries).toContainEqual(
      expect.objectContaining({ file: 'bomb.json', outcome: 'failed', affectsVerdicts: true }),
    );
    expect(overview.namespaces.map((one) => one.name)).toContain('a');
  });
});

describe('The memory of threads', () => {
  test('is bounded by that of the machine or container', () => {
    expect([GIB / 2, 4 * GIB, 64 * GIB].map(heapLimitMb)).toEqual([512, 2048, 4096]);
    expect(residentLimit(4 * GIB)).toBe(Math.floor(4 * GIB * 0.7));
    expect([residentLimit(GIB / 2), residentLimit(64 * GIB)]).toEqual([768 * MIB, 6 * GIB]);
  });

  test('that goes into buffers ends the thread that has most, with a word, and the others go on', async () => {
    const watch = new MemoryWatch({ limit: process.memoryUsage.rss() + 250 * MIB, everyMs: 20 });
    const begin = (what: string): Thread<TestMethods> =>
      new Thread<TestMethods>(new URL('./thread.ts', import.meta.url), what, { watch });
    const [small, large] = [begin('The small one'), begin('The large one')];
    try {
      const slow = small.call('slow', [1500]);
      await expect(large.call('eatBuffers', [900 * MIB])).rejects.toMatchObject({
        kind: 'internal',
        message: 'The large one ran out of memory.',
      });
      expect(await slow).toBe('late');
      expect(await small.call('double', [2])).toBe(4);
      expect(large.ended).not.toBeNull();
    } finally {
      await Promise.all([small.terminate(), large.terminate()]);
    }
  });
});

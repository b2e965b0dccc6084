import { gunzipSync, gzipSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AuditClient, AuditInput } from '../../electron/worker/client.ts';
import type { ProgressNote } from '../../electron/worker/protocol.ts';
import { Calls } from '../../electron/worker/rpc.ts';
import type { ClusterInfo } from '../../shared/kube/snapshot.ts';

const CLUSTER: ClusterInfo = {
  name: 'lab',
  source: 'context',
  serverVersion: null,
  takenAt: '2026-02-01T00:00:00.000Z',
  warnings: [],
};
const OPTIONS = { auditedAt: '2026-02-02T00:00:00.000Z', version: '1.2.3', assume: {} };

let client: AuditClient;
let notes: ProgressNote[];

beforeEach(() => {
  notes = [];
  client = new AuditClient({ progress: (note) => notes.push(note) });
});
afterEach(() => client.close());

function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
}

function podList(names: string[], more: { continue?: string } = {}): object {
  return {
    kind: 'PodList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '77', remainingItemCount: more.continue ? 9 : undefined, ...more },
    items: names.map((name) => ({
      metadata: { name, namespace: 'team', labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'i', env: [{ name: 'TOKEN', value: 'do-not-keep-me' }] }] },
      status: { phase: 'Running', podIPs: [{ ip: `10.0.0.${names.indexOf(name) + 1}` }] },
    })),
  };
}

const DENY = {
  kind: 'NetworkPolicyList',
  apiVersion: 'networking.k8s.io/v1',
  metadata: { resourceVersion: '78' },
  items: [
    {
      metadata: { name: 'deny', namespace: 'team' },
      spec: { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Ingress'] },
    },
  ],
};

async function names(): Promise<string[]> {
  return (await client.pods({ offset: 0, limit: 100 })).rows.map(({ name }) => name);
}

describe('A snapshot that is built from pages', () => {
  test('answers each page with what the reader needs, and evaluates them together', async () => {
    await client.begin(CLUSTER);
    expect(await client.page('pods', null, bytes(podList(['a', 'b'], { continue: 'next' })))).toEqual({
      count: 2,
      first: 'team/a',
      continueToken: 'next',
      remaining: 9,
      resourceVersion: '77',
    });
    expect(await client.page('pods', null, bytes(podList(['c'])))).toMatchObject({
      count: 1,
      continueToken: null,
    });
    await client.page('networkpolicies', null, bytes(DENY));
    const { audit, overview } = await client.evaluate(OPTIONS);
    expect(audit).toBe(0);
    expect(overview).toMatchObject({
      auditedAt: OPTIONS.auditedAt,
      version: '1.2.3',
      cluster: { name: 'lab', takenAt: CLUSTER.takenAt },
    });
    expect(overview.summary.isolation).toMatchObject({ pods: 3, ingressOnly: 1, none: 2 });
    expect(await names()).toEqual(['a', 'b', 'c']);
  });

  test('forgets what a list brought that starts again', async () => {
    await client.begin(CLUSTER);
    await client.page('pods', null, bytes(podList(['a', 'b'], { continue: 'next' })));
    await client.restart('pods', null);
    await client.page('pods', null, bytes(podList(['b', 'c'])));
    await client.evaluate(OPTIONS);
    expect(await names()).toEqual(['b', 'c']);
  });

  test('refuses a page that is no JSON, keeps nothing of it, and takes it again', async () => {
    await client.begin(CLUSTER);
    await expect(client.page('pods', null, bytes('{"items": [{"metada'))).rejects.toMatchObject({
      kind: 'api',
    });
    await client.page('pods', null, bytes(podList(['a'])));
    await client.evaluate(OPTIONS);
    expect(await names()).toEqual(['a']);
  });

  test('moves the bytes of a page, but never the pool that small buffers share', async () => {
    await client.begin(CLUSTER);
    const own = bytes(podList(['a']));
    await client.page('pods', null, own);
    expect(own.byteLength).toBe(0);
    const pooled = Buffer.from(JSON.stringify(podList(['b'])));
    const neighbour = Buffer.from('still here');
    await client.page('pods', null, pooled);
    expect(pooled.byteLength).toBeGreaterThan(0);
    expect(neighbour.toString()).toBe('still here');
  });

  test('carries gaps that nobody waited for into the result', async () => {
    await client.begin(CLUSTER);
    await client.page('pods', null, bytes(podList(['a'])));
    client.coverage({
      resource: 'networkpolicies',
      verb: 'list',
      namespace: null,
      outcome: 'refused',
      count: 0,
      reason: '403',
      affectsVerdicts: true,
    });
    client.unread('policies', null);
    const { overview } = await client.evaluate(OPTIONS);
    expect(overview.coverage).toMatchObject({ complete: false, unreadPolicies: [null] });
    expect(overview.summary.isolation).toMatchObject({ none: 0, unknown: 1 });
  });

  test('loses no failure of what nobody waited for', async () => {
    // Nothing was begun: coverage has nowhere to go.
    client.coverage({
      resource: 'pods',
      verb: 'list',
      namespace: null,
      outcome: 'read',
      count: 0,
      affectsVerdicts: true,
    });
    await expect(client.evaluate(OPTIONS)).rejects.toMatchObject({
      kind: 'internal',
      message: 'No snapshot is being built.',
    });
  });

  test('is filled from another thread through a port of its own', async () => {
    const port = await client.openPort();
    const input = new AuditInput(new Calls(port));
    await input.begin(CLUSTER);
    await input.page('pods', null, bytes(podList(['a'])));
    input.version('v1.33.0');
    await input.settled();
    port.close();
    const { overview } = await client.evaluate(OPTIONS);
    expect(overview.cluster.serverVersion).toBe('v1.33.0');
    expect(await names()).toEqual(['a']);
  });

  test('that loses its thread refuses the other thread too, and leaves it no call to wait for', async () => {
    const port = await client.openPort();
    const input = new AuditInput(new Calls(port));
    await input.begin(CLUSTER);
    await client.close();
    await expect(input.page('pods', null, bytes(podList(['a'])))).rejects.toMatchObject({ kind: 'internal' });
  });
});

describe('Manifests', () => {
  const yaml =
    'apiVersion: v1\nkind: Pod\nmetadata: { name: 파드, namespace: team }\nspec: { containers: [] }\n';

  test('are read as UTF-8 with and without a byte order mark, and as the UTF-16 that PowerShell writes', async () => {
    const utf16 = Buffer.from(`\ufeff${yaml}`, 'utf16le');
    const big = Buffer.from(utf16).swap16();
    for (const [i, file] of [bytes(yaml), bytes(`\ufeff${yaml}`), utf16, big].entries()) {
      await client.begin({ ...CLUSTER, source: 'manifests' });
      expect(await client.manifest('a.yaml', file)).toEqual({ documents: 1, objects: 1 });
      const { audit } = await client.evaluate(OPTIONS);
      expect(audit).toBe(i);
      const { rows } = await client.pods({ offset: 0, limit: 10 }, audit);
      expect(rows.map(({ name }) => name)).toEqual(['파드']);
    }
  });
});

describe('The snapshot of an audit', () => {
  test('comes out as it went in, with its digest, and evaluates to the same figures', async () => {
    await client.demo();
    const first = await client.evaluate(OPTIONS);
    const plain = await client.snapshot();
    const text = Buffer.from(plain.bytes);
    expect(plain.digest).toBe(createHash('sha256').update(text).digest('hex'));
    expect(plain.size).toBe(text.length);
    const packed = await client.snapshot({ gzip: true });
    expect(packed.digest).toBe(plain.digest);
    expect(packed.bytes.byteLength).toBeLessThan(plain.size / 3);
    expect(gunzipSync(Buffer.from(packed.bytes)).equals(text)).toBe(true);

    const other = new AuditClient();
    await other.loadSnapshot(packed.bytes);
    expect((await other.evaluate(OPTIONS)).overview).toEqual(first.overview);
    await other.close();
  });

  test('has nothing in it of environment variables', async () => {
    await client.begin(CLUSTER);
    await client.page('pods', null, bytes(podList(['a'])));
    const { bytes: file } = await client.snapshot({ audit: null });
    expect(Buffer.from(file).toString()).toContain('"a"');
    expect(Buffer.from(file).toString()).not.toContain('do-not-keep-me');
  });

  test('that is none is refused with the place of the error', async () => {
    await expect(client.loadSnapshot(bytes({ format: 'other' }))).rejects.toMatchObject({ kind: 'input' });
    await expect(client.loadSnapshot(bytes('no JSON'))).rejects.toMatchObject({ kind: 'input' });
    const cut = gzipSync('{"format":"bulkhead.snapshot"}').subarray(0, 20);
    await expect(client.loadSnapshot(cut)).rejects.toMatchObject({
      kind: 'input',
      message: 'The snapshot is compressed, but damaged.',
    });
  });
});

describe('An audit', () => {
  test('tells how far it is', async () => {
    await client.demo();
    await client.evaluate(OPTIONS);
    expect(notes.length).toBeGreaterThan(0);
    expect(notes.every(({ done, total }) => done >= 0 && done <= total)).toBe(true);
    expect(notes.at(-1)?.phase).toBe('evaluate');
  });

  test('refuses an impossible question as the mistake of who asked', async () => {
    await client.demo();
    await client.evaluate(OPTIONS);
    const src = { ip: '198.51.100.1' };
    await expect(
      client.explain({ src, dst: { namespace: 'no', pod: 'where' }, protocol: 'TCP', port: 80 }),
    ).rejects.toMatchObject({ kind: 'bad-request' });
    await expect(client.evaluate({ ...OPTIONS, assume: {} })).rejects.toMatchObject({ kind: 'internal' });
    await expect(client.overview(7)).rejects.toMatchObject({ kind: 'not-found' });
  });

  test('of a bad assumption is refused, and can be asked again with a good one', async () => {
    await client.demo();
    await expect(client.evaluate({ ...OPTIONS, assume: { ipBlockPods: 'perhaps' } })).rejects.toMatchObject({
      kind: 'bad-request',
    });
    expect((await client.evaluate(OPTIONS)).audit).toBe(0);
  });

  test('is given out piece by piece, and an output that is left half way does no harm', async () => {
    await client.demo();
    await client.evaluate(OPTIONS);
    for await (const piece of client.output({ what: 'report', format: 'csv', lang: 'en', audits: [0] })) {
      expect(piece.byteLength).toBeGreaterThan(0);
      break;
    }
    const json = await client.render({ what: 'report', format: 'json', lang: 'en', audits: [0] });
    expect(JSON.parse(Buffer.from(json).toString())).toMatchObject({ auditedAt: OPTIONS.auditedAt });
  });

  test('that is closed in the middle refuses what it owes at once', async () => {
    await client.demo();
    const owed = client.evaluate(OPTIONS);
    const refused = expect(owed).rejects.toMatchObject({ kind: 'cancelled' });
    await client.close();
    await refused;
    await expect(client.overview()).rejects.toMatchObject({ kind: 'cancelled' });
  });

  test('that runs out of memory is an error and no hang', async () => {
    const small = new AuditClient({
      resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 },
    });
    await small.begin(CLUSTER).catch(() => {});
    const many = podList(Array.from({ length: 20_000 }, (_, i) => `pod-${i}`));
    await expect(
      (async () => {
        for (let i = 0; i < 50; i++) await small.page('pods', null, bytes(many));
      })(),
    ).rejects.toMatchObject({ kind: 'internal', message: 'The audit ran out of memory.' });
    await small.close();
  });
});

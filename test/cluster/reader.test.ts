import { afterEach, describe, expect, test } from 'vitest';
import { generatedStore } from '../apiserver/generate.ts';
import { TestApiServer } from '../apiserver/server.ts';
import type { ServerOptions } from '../apiserver/server.ts';
import { entryOf, read } from './support.ts';

let server: TestApiServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});
async function start(options: ServerOptions = {}): Promise<TestApiServer> {
  server = await TestApiServer.start(options);
  return server;
}

describe('reading a whole cluster', () => {
  test('every page of every list arrives, and the coverage says so', async () => {
    const api = await start({ store: generatedStore({ pods: 1234, namespaces: 7 }) });
    const { snapshot, sink, result } = await read(api, { pageSize: 100 });
    expect(snapshot.pods).toHaveLength(1234);
    expect(snapshot.namespaces).toHaveLength(7);
    expect(snapshot.policies).toHaveLength(4 + 3);
    expect(snapshot.cluster.serverVersion).toBe('v1.36.1');
    expect(snapshot.coverage.complete).toBe(true);
    expect(entryOf(sink.entries, 'pods')).toMatchObject({ outcome: 'read', count: 1234, pages: 13 });
    expect(result.resourceVersions['pods']).toBe(entryOf(sink.entries, 'pods')?.resourceVersion);
    const asked = api.requests.filter((r) => r.resource === 'pods' && r.verb === 'list');
    expect(asked).toHaveLength(13);
    expect(asked[0].query).toContain('limit=100');
    expect(asked.every((r) => r.headers.authorization === 'Bearer admin-token')).toBe(true);
  });
});

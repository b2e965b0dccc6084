import { execFileSync } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collectFiles } from '../../electron/cluster/files.ts';
import { Kubeconfigs } from '../../electron/cluster/kubeconfig.ts';
import { Login } from '../../electron/cluster/login.ts';
import { readBounded } from '../../electron/readBounded.ts';
import { KubeSources } from '../../electron/source.ts';
import { readText } from '../../electron/terminal/output.ts';
import { HistoryClient } from '../../electron/history/client.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-read-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fifo(name: string): string {
  const path = join(folder, name);
  execFileSync('mkfifo', [path]);
  return path;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

describe('A file', () => {
  test('is read whole in a buffer of its own, up to the limit and not beyond', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'x'.repeat(100_000));
    const bytes = await readBounded(path, { maxBytes: 100_000 });
    expect([bytes.length, bytes.buffer.byteLength]).toEqual([100_000, 100_000]);
    await expect(readBounded(path, { maxBytes: 99_999 })).rejects.toMatchObject({
      why: 'too-large',
      bytes: 100_000,
    });
    mkdirSync(join(folder, 'sub'), { recursive: true });
    await expect(readBounded(join(folder, 'sub'), { maxBytes: 9 })).rejects.toMatchObject({ why: 'folder' });
    await expect(readBounded(join(folder, 'none'), { maxBytes: 9 })).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });
});

describe.skipIf(process.platform === 'win32')('What is no file', () => {
  test.skipIf(process.platform !== 'linux')('has content without a size in /proc', async () => {
    expect(text(await readBounded('/proc/self/status', { maxBytes: 1e6 }))).toContain('Pid:');
    await expect(readBounded('/proc/self/status', { maxBytes: 10 })).rejects.toMatchObject({
      why: 'too-large',
    });
  });

  test('is refused where it is a device; the one that is always empty is empty', async () => {
    for (const path of ['/dev/zero', '/dev/urandom'])
      await expect(readBounded(path, { maxBytes: 1e9 })).rejects.toMatchObject({
        why: 'device',
        place: path,
      });
    expect((await readBounded('/dev/null', { maxBytes: 1 })).length).toBe(0);
  });

  test('is read to its end where it is a pipe, also if its writer comes late and stops in between', async () => {
    const path = fifo('late');
    const read = readBounded(path, { maxBytes: 100, timeoutMs: 5000 });
    await new Promise((done) => setTimeout(done, 60));
    const writer = createWriteStream(path);
    writer.write('one ');
    await new Promise((done) => setTimeout(done, 80));
    writer.end('two');
    expect(text(await read)).toBe('one two');
  });

  test('is given up where it is a pipe that is silent, has no end, or is not wanted any more', async () => {
    const silent = fifo('silent');
    await expect(readBounded(silent, { maxBytes: 9, timeoutMs: 50 })).rejects.toMatchObject({
      why: 'silent',
    });
    const writer = createWriteStream(silent);
    writer.write('half');
    await expect(readBounded(silent, { maxBytes: 9, timeoutMs: 50 })).rejects.toMatchObject({
      why: 'silent',
      bytes: 4,
    });
    writer.destroy();
    const abort = new AbortController();
    const read = readBounded(fifo('unwanted'), { maxBytes: 9, signal: abort.signal });
    setTimeout(() => abort.abort(), 30);
    await expect(read).rejects.toMatchObject({ name: 'AbortError' });
    const endless = fifo('endless');
    const flood = createWriteStream(endless);
    flood.on('error', () => undefined);
    flood.write('x'.repeat(200_000));
    await expect(readBounded(endless, { maxBytes: 100_000 })).rejects.toMatchObject({ why: 'too-large' });
    flood.destroy();
  });
});

describe.skipIf(process.platform === 'win32')('A device is refused', () => {
  const signal = AbortSignal.timeout(30_000);

  test('as a snapshot, as probes, among manifests, as a history', async () => {
    const read = new KubeSources({ files: [] }).read(
      {} as never,
      { kind: 'snapshot', path: '/dev/zero' },
      {
        signal,
        progress: () => undefined,
        takenAt: '2026-01-01T00:00:00Z',
      },
    );
    await expect(read).rejects.toMatchObject({ kind: 'input', place: '/dev/zero' });
    await expect(readText('/dev/zero')).rejects.toMatchObject({ kind: 'input', place: '/dev/zero' });
    for await (const found of collectFiles(['/dev/zero'])) {
      expect(found).toMatchObject({
        coverage: { outcome: 'failed' },
        problem: { check: 'input.unreadable', params: { reason: 'this is a device, not a file' } },
      });
    }
    for (const path of ['/dev/zero', fifo('history')]) {
      const history = new HistoryClient(path);
      await expect(history.list()).rejects.toMatchObject({ kind: 'history', place: path });
      await history.close();
    }
  });

  test.each(['tokenFile', 'client-certificate', 'client-key'])('as the %s of a kubeconfig', async (field) => {
    const file = join(folder, `config-${field}`);
    const fields =
      field === 'tokenFile' ? 'tokenFile: /dev/zero' : 'client-certificate: /dev/zero, client-key: /dev/zero';
    writeFileSync(
      file,
      `{apiVersion: v1, kind: Config, current-context: x, clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}], users: [{name: u, user: {${fields}}}], contexts: [{name: x, context: {cluster: c, user: u}}]}`,
    );
    const configs = new Kubeconfigs({ files: [file] });
    await configs.load();
    const login = new Login(configs.resolve('x'), { connectMs: 1000, searchPath: '' });
    await expect(login.session(signal)).rejects.toMatchObject({
      kind: 'kubeconfig',
      message: expect.stringContaining('this is a device, not a file') as string,
    });
    await login.close();
  });
});

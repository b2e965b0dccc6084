import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { collectFiles } from '../../electron/cluster/files.ts';
import type { Collected, CollectOptions } from '../../electron/cluster/files.ts';
import { SnapshotBuilder } from '../../shared/kube/builder.ts';
import { MANIFESTS } from '../kube/read.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-files-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function put(path: string, text = path): string {
  const full = join(folder, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  return full;
}

async function collect(paths: string[], options?: CollectOptions): Promise<Collected[]> {
  const all: Collected[] = [];
  for await (const one of collectFiles(paths, options)) all.push(one);
  return all;
}

/** Path and text of each file, path and reason of each gap, with the test's folder left out. */
async function shown(paths: string[], options?: CollectOptions): Promise<[string, string][]> {
  return (await collect(paths, options)).map((one) => [
    one.path.replace(folder, ''),
    'bytes' in one ? Buffer.from(one.bytes).toString() : `! ${one.coverage.outcome} ${one.coverage.reason}`,
  ]);
}

describe('what is read', () => {
  test('a folder brings its manifests, those below it too, sorted; a file may have any name', async () => {
    for (const path of ['b.yaml', 'a/z.yml', 'a/B.JSON', 'a/readme.md', 'c', 'a/.hidden/x.yaml', 'a-1.yaml'])
      put(path);
    const other = put('c');
    expect(await shown([folder, other])).toEqual(
      [
        ['/a-1.yaml', 'a-1.yaml'],
        ['/a/.hidden/x.yaml', 'a/.hidden/x.yaml'],
        ['/a/B.JSON', 'a/B.JSON'],
        ['/a/z.yml', 'a/z.yml'],
        ['/b.yaml', 'b.yaml'],
        ['/c', 'c'],
      ].sort((x, y) => order(x[0], y[0])) as [string, string][],
    );
  });

  // Folders stand among files by name: 'a' before 'a-1.yaml'.
  function order(a: string, b: string): number {
    const left = a.split('/');
    const right = b.split('/');
    for (let i = 0; i < Math.min(left.length, right.length); i++)
      if (left[i] !== right[i]) return left[i] < right[i] ? -1 : 1;
    return left.length - right.length;
  }

  test('files are called as the user named the way to them', async () => {
    put('sub/a.yaml');
    const before = process.cwd();
    process.chdir(folder);
    try {
      expect((await collect(['sub', './sub/', '.'])).map((one) => one.path)).toEqual(['sub/a.yaml']);
      expect((await collect(['.//'])).map((one) => one.path)).toEqual(['./sub/a.yaml']);
    } finally {
      process.chdir(before);
    }
  });

  test('progress counts every file', async () => {
    for (let i = 0; i < 20; i++) put(`f${i}.yaml`);
    const counts = (await collect([folder])).map(({ done, total }) => [done, total]);
    expect(counts).toEqual(Array.from({ length: 20 }, (_, i) => [i + 1, 20]));
  });

  test('thousands of files keep their order and content', async () => {
    const names = Array.from(
      { length: 3000 },
      (_, i) => `d${String(i % 30).padStart(2, '0')}/f${String(i).padStart(4, '0')}.yaml`,
    );
    for (const name of names) put(name);
    expect(await shown([folder])).toEqual([...names].sort().map((name) => [`/${name}`, name]));
  });

  test('each buffer is its own, so that it can move to the worker', async () => {
    put('a.yaml', 'x');
    put('b.yaml', '');
    const buffers = (await collect([folder])).map((one) => ('bytes' in one ? one.bytes : null));
    expect(buffers.map((one) => one?.byteLength)).toEqual([1, 0]);
    const moved = structuredClone(buffers[0], { transfer: [buffers[0] as ArrayBuffer] });
    expect(Buffer.from(moved as ArrayBuffer).toString()).toBe('x');
  });

  test('- is standard input, wherever it stands', async () => {
    const file = put('a.yaml', 'file');
    async function* stdin(): AsyncGenerator<Uint8Array | string> {
      yield 'one ';
      yield Buffer.from('två');
    }
    expect(await shown([file, '-'], { stdin: stdin() })).toEqual([
      ['/a.yaml', 'file'],
      ['-', 'one två'],
    ]);
  });

  test('a pipe is read to its end', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const writer = spawn('sh', ['-c', `printf 'kind: Pod' > '${pipe}'`], { stdio: 'ignore' });
    expect(await shown([pipe])).toEqual([['/pipe', 'kind: Pod']]);
    await new Promise((done) => (writer.exitCode === null ? writer.on('exit', done) : done(null)));
  });
});

describe('links', () => {
  test('a link that leads back is not followed, and is named', async () => {
    put('a/b/x.yaml');
    symlinkSync(folder, join(folder, 'a/b/up'));
    symlinkSync('.', join(folder, 'a/self'));
    const all = await collect([folder]);
    expect(all.map((one) => one.path.replace(folder, ''))).toEqual(['/a/b/up', '/a/b/x.yaml', '/a/self']);
    const [gap] = all;
    expect(gap).toMatchObject({
      coverage: { outcome: 'skipped', affectsVerdicts: false },
      problem: { check: 'input.link-loop', place: { file: `${folder}/a/b/up` } },
    });
  });

  test('a link in a circle with itself is a gap', async () => {
    symlinkSync('loop.yaml', join(folder, 'loop.yaml'));
    expect(await shown([folder])).toEqual([['/loop.yaml', '! failed ELOOP']]);
  });

  test('a file that several links and paths lead to comes once', async () => {
    put('..data/a.yaml');
    symlinkSync('..data/a.yaml', join(folder, 'a.yaml'));
    symlinkSync('..data', join(folder, 'linked'));
    const file = join(folder, 'a.yaml');
    expect((await collect([folder, file, folder])).map((one) => one.path.replace(folder, ''))).toEqual([
      '/..data/a.yaml',
    ]);
  });

  test('a link to a folder elsewhere is followed', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'bulkhead-elsewhere-'));
    try {
      writeFileSync(join(elsewhere, 'x.yaml'), 'there');
      symlinkSync(elsewhere, join(folder, 'there'));
      expect(await shown([folder])).toEqual([['/there/x.yaml', 'there']]);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  test('a broken link to a manifest is a gap, one to something else is nothing', async () => {
    symlinkSync('nowhere', join(folder, 'a.yaml'));
    symlinkSync('nowhere', join(folder, 'readme'));
    put('b.yaml');
    expect(await shown([folder])).toEqual([
      ['/a.yaml', '! failed ENOENT'],
      ['/b.yaml', 'b.yaml'],
    ]);
  });
});

describe('what cannot be read is named, and the rest goes on', () => {
  test('a path that does not exist', async () => {
    const good = put('a.yaml');
    const [gap, file] = await collect([join(folder, 'none'), good]);
    expect(gap).toMatchObject({
      coverage: {
        resource: 'file',
        verb: 'read',
        file: `${folder}/none`,
        outcome: 'failed',
        reason: 'ENOENT',
        affectsVerdicts: true,
      },
      problem: { check: 'input.unreadable', place: { file: `${folder}/none` }, params: { reason: 'ENOENT' } },
    });
    expect(file).toHaveProperty('bytes');
  });

  test('a file over the limit, at the limit, and standard input over it', async () => {
    put('big.yaml', 'x'.repeat(101));
    put('fits.yaml', 'x'.repeat(100));
    const all = await collect([folder, '-'], {
      maxBytes: 100,
      stdin: (async function* () {
        yield 'y'.repeat(60);
        yield 'y'.repeat(60);
      })(),
    });
    expect(all.map((one) => ('bytes' in one ? one.bytes.byteLength : one.problem))).toEqual([
      { check: 'input.too-large', place: { file: `${folder}/big.yaml` }, params: { bytes: 101, limit: 100 } },
      100,
      { check: 'input.too-large', place: { file: '-' }, params: { bytes: 120, limit: 100 } },
    ]);
    expect(all[0]).toMatchObject({ coverage: { outcome: 'failed', affectsVerdicts: true } });
  });

  test('a file of many gigabytes is refused by its size alone', async () => {
    truncateSync(put('huge.yaml'), 5 * 1024 ** 3);
    expect(await collect([folder])).toMatchObject([
      { problem: { params: { bytes: 5 * 1024 ** 3, limit: 64 * 1024 * 1024 } } },
    ]);
  });

  test('a folder without manifests, and folders of tools', async () => {
    put('src/readme.md');
    put('node_modules/x/package.json', '{}');
    put('.git/x.json', '{}');
    expect(await shown([join(folder, 'src'), folder])).toEqual([
      ['/src', '! skipped no .yaml, .yml or .json file in it'],
      ['/.git', '! skipped not looked into'],
      ['/node_modules', '! skipped not looked into'],
    ]);
  });

  test('gaps in the coverage of a snapshot make it incomplete', async () => {
    put('a.yaml', 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n');
    const builder = new SnapshotBuilder(MANIFESTS);
    for await (const one of collectFiles([folder, join(folder, 'none')]))
      if ('bytes' in one) builder.addManifest(one.path, Buffer.from(one.bytes).toString());
      else {
        builder.addCoverage(one.coverage);
        if (one.problem) builder.addProblem(one.problem);
      }
    const snapshot = builder.finish();
    expect(snapshot.pods).toHaveLength(1);
    expect(snapshot.coverage.complete).toBe(false);
    expect(snapshot.problems.map((one) => one.check)).toEqual(['input.unreadable']);
  });
});

describe('cancelling', () => {
  test('stops at once, even while standard input stays silent', async () => {
    const abort = new AbortController();
    let silent: (() => void) | undefined;
    const stdin = {
      [Symbol.asyncIterator]: () => ({
        next: () =>
          new Promise<IteratorResult<string>>((done) => (silent = () => done({ done: true, value: '' }))),
      }),
    };
    const reading = collect(['-'], { stdin, signal: abort.signal });
    abort.abort(new Error('cancelled by the user'));
    await expect(reading).rejects.toThrow('cancelled by the user');
    silent?.();
  });

  test('before the first file reads nothing', async () => {
    put('a.yaml');
    await expect(collect([folder], { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
  });
});

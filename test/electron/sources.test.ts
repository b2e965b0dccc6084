import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KubeSources } from '../../electron/source.ts';

const kubeconfig = (name: string): string =>
  `{apiVersion: v1, kind: Config, clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}],
    users: [{name: u, user: {token: secret-of-the-user}}], contexts: [{name: ${name}, context: {cluster: c, user: u}}]}`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-sources-'));
  writeFileSync(join(folder, 'own'), kubeconfig('own'));
  writeFileSync(join(folder, 'other'), kubeconfig('other'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const remember = (): string => join(folder, 'data', 'kubeconfigs.json');
const sources = (): KubeSources => new KubeSources({ files: [join(folder, 'own')], remember: remember() });
const names = async (list: ReturnType<KubeSources['list']>): Promise<string[]> =>
  (await list).contexts.map(({ name }) => name);

describe('A kubeconfig that was added', () => {
  test('is known to the next start by its path, and nothing of what stands in it is kept', async () => {
    const first = sources();
    expect(await names(first.addKubeconfig(join(folder, 'other')))).toEqual(['own', 'other']);
    await first.addKubeconfigText(kubeconfig('pasted'));
    expect(await names(sources().list())).toEqual(['own', 'other']);
    expect(JSON.parse(readFileSync(remember(), 'utf8'))).toEqual({
      version: 1,
      kubeconfigs: [join(folder, 'other')],
    });
  });

  test('is in the list with what it came by: its own path, its folder, or the name of the pasted text', async () => {
    mkdirSync(join(folder, 'more'));
    writeFileSync(join(folder, 'more', 'x'), kubeconfig('x'));
    const all = sources();
    await all.addKubeconfig(join(folder, 'other'));
    await all.addKubeconfig(join(folder, 'more'));
    const { files } = await all.addKubeconfigText(kubeconfig('pasted'));
    expect(files).toEqual([
      { path: join(folder, 'own'), problem: null },
      { path: join(folder, 'other'), problem: null, added: join(folder, 'other') },
      { path: join(folder, 'more', 'x'), problem: null, added: join(folder, 'more') },
      { path: 'pasted kubeconfig 1', problem: null, added: 'pasted kubeconfig 1' },
    ]);
    expect(await names(all.removeKubeconfig(join(folder, 'more')))).toEqual(['own', 'other', 'pasted']);
    expect(await names(all.removeKubeconfig('pasted kubeconfig 1'))).toEqual(['own', 'other']);
    expect(await names(sources().list())).toEqual(['own', 'other']);
    // What was not added cannot be taken off.
    expect(await names(all.removeKubeconfig(join(folder, 'own')))).toEqual(['own', 'other']);
  });

  test('and is gone by the next start is named, not forgotten', async () => {
    await sources().addKubeconfig(join(folder, 'other'));
    rmSync(join(folder, 'other'));
    expect((await sources().list()).files).toContainEqual({
      path: join(folder, 'other'),
      problem: 'there is no such file',
      added: join(folder, 'other'),
    });
  });

  test('is added for this run where it cannot be kept, and a damaged list is no list', async () => {
    mkdirSync(remember(), { recursive: true });
    expect(await names(sources().addKubeconfig(join(folder, 'other')))).toEqual(['own', 'other']);
    rmSync(remember(), { recursive: true });
    writeFileSync(remember(), '{"version": 2, "kubeconfigs": 7}');
    const again = sources();
    expect(await names(again.list())).toEqual(['own']);
    await again.addKubeconfig(join(folder, 'other'));
    expect(await names(sources().list())).toEqual(['own', 'other']);
  });

  test('of two windows at once is kept of both, and so is what one of them took off', async () => {
    const [left, right] = [sources(), sources()];
    await left.list();
    await right.list();
    writeFileSync(join(folder, 'third'), kubeconfig('third'));
    await left.addKubeconfig(join(folder, 'other'));
    await right.addKubeconfig(join(folder, 'third'));
    expect(await names(sources().list())).toEqual(['own', 'other', 'third']);
    await left.removeKubeconfig(join(folder, 'other'));
    expect(await names(sources().list())).toEqual(['own', 'third']);
  });

  test('by many processes at once is lost by none, also where one was killed with the list locked', async () => {
    mkdirSync(join(folder, 'data'));
    const long = new Date(Date.now() - 60_000);
    writeFileSync(`${remember()}.lock`, '');
    utimesSync(`${remember()}.lock`, long, long);
    const module = new URL('../../electron/cluster/added.ts', import.meta.url).href;
    const run = (n: number) => {
      const text = `import { changeAdded } from ${JSON.stringify(module)};
        for (let i = 0; i < 10; i++) await changeAdded(process.argv[1], { add: '/p${n}/' + i });`;
      return once(spawn(process.execPath, ['--input-type=module', '-e', text, remember()]), 'exit');
    };
    expect((await Promise.all([run(1), run(2), run(3)])).map(([code]) => code as number)).toEqual([0, 0, 0]);
    const { kubeconfigs } = JSON.parse(readFileSync(remember(), 'utf8')) as { kubeconfigs: string[] };
    expect(kubeconfigs).toHaveLength(30);
    expect(kubeconfigs.filter((path) => path.startsWith('/p2/'))).toEqual(
      Array.from({ length: 10 }, (_, i) => `/p2/${i}`),
    );
    expect(readdirSync(join(folder, 'data'))).toEqual(['kubeconfigs.json']);
  });
});

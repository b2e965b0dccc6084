/** Rendering on request: what is rendered, what is refused, and the bounds, with stubs and the real programs. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planRender } from '../../electron/render/plan.ts';
import { agreedPlan, renderFolder } from '../../electron/render/render.ts';
import { renderQuestion } from '../../electron/render/question.ts';
import { environmentOf, runBounded } from '../../electron/render/run.ts';
import { findHelm, findKubectl } from '../apiserver/kubectl.ts';
import { files, runner } from '../cli/run.ts';

let folder = '';
let count = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-render-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A folder with these files. */
function input(contents: Record<string, string>): string {
  const root = join(folder, `input-${++count}`);
  mkdirSync(root);
  return files(root, contents);
}

/** A folder for PATH with a program that runs this script. */
function program(name: string, script: string): string {
  const bin = join(folder, `bin-${++count}`);
  mkdirSync(bin);
  const file = join(bin, name);
  writeFileSync(file, `#!${process.execPath}\n${script}\n`);
  chmodSync(file, 0o755);
  return bin;
}

const signal = new AbortController().signal;
const POD =
  'apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop, labels: {app: a}}\nspec: {containers: [{name: c, image: i}]}\n';
const POLICY =
  'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: shop}\nspec: {podSelector: {}}\n';
const SHOP = {
  'base/kustomization.yaml': 'resources: [all.yaml]\n',
  'base/all.yaml': `${POD}---\n${POLICY}`,
  'prod/kustomization.yaml': 'resources: [../base]\npatches: [{path: remove.yaml}]\n',
  'prod/remove.yaml': `${POLICY.replace(/spec:.*\n/, '')}$patch: delete\n`,
  'extra/pod.yaml': POD.replace('name: a', 'name: b'),
};

describe('what is rendered', () => {
  test('the outermost folder alone; what it is made of is not read beside it', async () => {
    const root = input(SHOP);
    const plan = await planRender([root]);
    expect(plan.folders).toEqual([
      { shown: `${root}/prod`, folder: join(root, 'prod'), how: 'kustomize', remote: [] },
    ]);
    expect(plan.covered.sort()).toEqual([
      join(root, 'base'),
      join(root, 'base/all.yaml'),
      join(root, 'prod'),
    ]);
  });

  test('a folder that was named is rendered itself', async () => {
    const root = input(SHOP);
    const plan = await planRender([join(root, 'base')]);
    expect(plan.folders.map((one) => one.folder)).toEqual([join(root, 'base')]);
  });

  test('two overlays of one base: the user has to name one', async () => {
    const root = input({ ...SHOP, 'dev/kustomization.yaml': 'resources: [../base]\n' });
    await expect(planRender([root])).rejects.toMatchObject({
      kind: 'bad-request',
      message: expect.stringContaining('deploy the same files') as string,
      hint: expect.stringMatching(/dev, .*prod/) as string,
    });
  });

  test('folders that share nothing are rendered each', async () => {
    const root = input({
      'a/kustomization.yaml': 'resources: [x.yaml]\n',
      'b/kustomization.yml': 'resources: [x.yaml]\n',
      'chart/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
      'chart/charts/inner/Chart.yaml': 'apiVersion: v2\nname: i\nversion: 1.0.0\n',
    });
    const plan = await planRender([root]);
    expect(plan.folders.map((one) => [one.shown.slice(root.length), one.how])).toEqual([
      ['/a', 'kustomize'],
      ['/b', 'kustomize'],
      ['/chart', 'helm'],
    ]);
  });

  test('nothing to render is said', async () => {
    await expect(planRender([input({ 'a.yaml': POD })])).rejects.toMatchObject({ kind: 'bad-request' });
  });
});

describe('what the user is asked', () => {
  const one = {
    shown: 'prod',
    folder: '/x/prod',
    how: 'kustomize',
    remote: ['https://example.invalid/x'],
  } as const;

  test.each(['en', 'ko'] as const)('names the commands and what they would fetch (%s)', (lang) => {
    const { detail, message } = renderQuestion([{ ...one, remote: [...one.remote] }], lang);
    expect(detail).toContain('kubectl kustomize prod');
    expect(detail).toContain('https://example.invalid/x');
    expect(message).not.toBe('');
    if (lang === 'ko') expect(message + detail).toMatch(/[\uac00-\ud7a3]/);
  });

  test('says that nothing is fetched where nothing is, and counts what would be too long', () => {
    const many = Array.from({ length: 20 }, (_, i) => ({ ...one, shown: `f${i}`, remote: [] }));
    const { detail } = renderQuestion(many, 'en');
    expect(detail).toContain('Nothing is fetched');
    expect(detail).toContain('and 8 more');
    expect(detail).not.toContain('f12');
  });
});

describe('what would be fetched is named before anything runs', () => {
  test.each([
    ['a resource', { 'kustomization.yaml': 'resources: ["https://example.invalid/x?ref=v1"]\n' }],
    ['a component', { 'kustomization.yaml': 'components: ["https://example.invalid/x?ref=v1"]\n' }],
    ['a patch', { 'kustomization.yaml': 'patches: [{path: "https://example.invalid/x?ref=v1"}]\n' }],
    [
      'a base of a base',
      {
        'kustomization.yaml': 'resources: [one]\n',
        'one/kustomization.yaml': 'resources: [../two]\n',
        'two/Kustomization': 'bases: ["https://example.invalid/x?ref=v1"]\n',
      },
    ],
    [
      'the folder of a transformer',
      {
        'kustomization.yaml': 'transformers: [t]\n',
        't/kustomization.yaml': 'resources: ["https://example.invalid/x?ref=v1"]\n',
      },
    ],
    [
      'a generated ConfigMap',
      {
        'kustomization.yaml':
          'configMapGenerator: [{name: a, files: ["k=https://example.invalid/x?ref=v1"]}]\n',
      },
    ],
  ])('%s', async (_, contents) => {
    const root = input(contents);
    await expect(agreedPlan([root], { remote: [] })).rejects.toMatchObject({
      kind: 'bad-request',
      message: 'Rendering would fetch https://example.invalid/x?ref=v1.',
    });
    const url = 'https://example.invalid/x?ref=v1';
    expect((await agreedPlan([root], { remote: [url] })).folders[0]!.remote).toEqual([url]);
    expect((await agreedPlan([root], { remote: 'all' })).folders).toHaveLength(1);
  });

  test('a kustomization of which that cannot be told is not run', async () => {
    await expect(planRender([input({ 'kustomization.yaml': 'resources: [a\n' })])).rejects.toMatchObject({
      kind: 'input',
    });
    const two = input({
      'kustomization.yaml': '{}\n',
      'kustomization.yml': 'resources: ["https://e.invalid"]\n',
    });
    await expect(planRender([two])).rejects.toMatchObject({ kind: 'input' });
  });
});

describe.skipIf(process.platform === 'win32')('the bounds of a program', () => {
  const bounds = { timeMs: 20_000, outputBytes: 1024 * 1024, memoryBytes: 300 * 1024 * 1024 };
  const run = (script: string, changed: Partial<typeof bounds> = {}, abort = signal): Promise<Uint8Array> =>
    runBounded(join(program('stub', script), 'stub'), ['x'], 'stub x', {
      signal: abort,
      searchPath: '/nowhere',
      network: false,
      bounds: { ...bounds, ...changed },
    });

  test('what it prints is the answer', async () => {
    expect(Buffer.from(await run('process.stdout.write(process.argv[2])')).toString()).toBe('x');
  });

  test('output without end is stopped', async () => {
    const endless = 'const b = Buffer.alloc(65536, 97); (function f() { process.stdout.write(b, f); })();';
    await expect(run(endless)).rejects.toThrow('printed more than 1 MiB and was stopped');
  });

  test('one that does not end is stopped, with what it has started', async () => {
    const pid = join(folder, 'grandchild.pid');
    const script = `
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      require('node:fs').writeFileSync(${JSON.stringify(pid)}, String(child.pid));
      setInterval(() => {}, 1000);`;
    await expect(run(script, { timeMs: 1500 })).rejects.toThrow('did not end within 2 s and was stopped');
    const grandchild = Number(readFileSync(pid, 'utf8'));
    await expect
      .poll(() => {
        try {
          process.kill(grandchild, 0);
          // Killed, and perhaps not yet taken away by its parent's parent.
          return /\) Z /.test(readFileSync(`/proc/${grandchild}/stat`, 'utf8'));
        } catch {
          return true;
        }
      })
      .toBe(true);
  });

  test.skipIf(process.platform !== 'linux')('one that takes too much memory is stopped', async () => {
    const hog = 'const all = []; setInterval(() => all.push(Buffer.alloc(32 * 1024 * 1024, 1)), 20);';
    await expect(run(hog)).rejects.toThrow('took more than 300 MiB of memory and was stopped');
  });

  test('an abort ends it', async () => {
    const abort = new AbortController();
    const running = run('setInterval(() => {}, 1000)', {}, abort.signal);
    setTimeout(() => abort.abort(), 100);
    await expect(running).rejects.toMatchObject({ kind: 'cancelled' });
  });

  test('its complaint has neither warnings nor the time and process id of a log line', async () => {
    const log = 'E1126 01:33:00.354484   12535 run.go:72] "command failed" err="no secret.yaml"';
    const printed = `# Warning: 'commonLabels' is deprecated.\n${log}\n`;
    await expect(run(`console.error(${JSON.stringify(printed)}); process.exit(1)`)).rejects.toThrow(
      '`stub x` failed (1): "no secret.yaml"',
    );
    await expect(run("console.error('Warning: all there is'); process.exit(1)")).rejects.toThrow(
      '`stub x` failed (1): Warning: all there is',
    );
  });

  test('its complaint is the error, without what looks like a credential', async () => {
    await expect(run("console.error('no base; token=abcdefgh'); process.exit(3)")).rejects.toThrow(
      '`stub x` failed (3): no base; token=***',
    );
  });

  test('it has neither the home nor the kubeconfig of the user, and its own is gone afterwards', async () => {
    const text = await run('process.stdout.write(JSON.stringify({ env: process.env, cwd: process.cwd() }))');
    const { env, cwd } = JSON.parse(Buffer.from(text).toString()) as {
      env: Record<string, string>;
      cwd: string;
    };
    expect(env['KUBECONFIG']).toBe('/dev/null');
    expect(env['KUBERC']).toBe('off');
    expect(env['HOME']).not.toBe(process.env['HOME']);
    expect(env['HELM_PLUGINS']!.startsWith(env['HOME']!)).toBe(true);
    expect(existsSync(env['HOME']!)).toBe(false);
    expect(cwd).toContain('bulkhead-render-');
  });

  test('without leave it has nowhere to fetch from', () => {
    const own = { HTTPS_PROXY: 'http://proxy:3128', AWS_SECRET_ACCESS_KEY: 's', HOME: '/home/me' };
    const shut = environmentOf('/tmp/h', { searchPath: '/bin', network: false }, own);
    expect(shut).toMatchObject({ HTTPS_PROXY: 'http://127.0.0.1:9', GIT_ALLOW_PROTOCOL: 'none' });
    const open = environmentOf('/tmp/h', { searchPath: '/bin', network: true }, own);
    expect(open['HTTPS_PROXY']).toBe('http://proxy:3128');
    for (const env of [shut, open]) expect(env['AWS_SECRET_ACCESS_KEY']).toBeUndefined();
  });

  test('no flag that runs plugins or leaves the folder is ever passed', async () => {
    const bin = program('kubectl', 'process.stdout.write(JSON.stringify(process.argv.slice(2)))');
    const one = { shown: 'p', folder: '/p', how: 'kustomize', remote: [] } as const;
    const args = await renderFolder({ ...one, remote: [] }, { signal, searchPath: bin });
    expect(JSON.parse(Buffer.from(args).toString())).toEqual(['kustomize', '/p']);
    const helm = program('helm', 'process.stdout.write(JSON.stringify(process.argv.slice(2)))');
    const chart = await renderFolder({ ...one, how: 'helm', remote: [] }, { signal, searchPath: helm });
    expect(JSON.parse(Buffer.from(chart).toString())).toEqual(['template', '/p']);
    const kustomize = program('kustomize', 'process.stdout.write(JSON.stringify(process.argv.slice(2)))');
    const built = await renderFolder({ ...one, remote: [] }, { signal, searchPath: kustomize });
    expect(JSON.parse(Buffer.from(built).toString())).toEqual(['build', '/p']);
  });

  test('a program that is not there is named', async () => {
    const one = { shown: 'p', folder: '/p', how: 'kustomize' as const, remote: [] };
    await expect(renderFolder(one, { signal, searchPath: '/nowhere' })).rejects.toThrow(
      'kubectl or kustomize was not found',
    );
  });
});

describe.skipIf(process.platform === 'win32')('from the terminal', () => {
  const home = mkdtempSync(join(tmpdir(), 'bulkhead-render-home-'));
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  const bulkhead = runner(home);

  test('with the real kubectl: a policy that the overlay removes is not there, and the audit is complete', async () => {
    const kubectl = await findKubectl();
    const path = kubectl === 'kubectl' ? process.env['PATH']! : `${dirname(kubectl)}:${process.env['PATH']!}`;
    // The one that was fetched bears its version in its name.
    const bin = kubectl === 'kubectl' ? null : program('kubectl', '');
    if (bin !== null) {
      writeFileSync(join(bin, 'kubectl'), `#!/bin/sh\nexec ${kubectl} "$@"\n`);
    }
    const env = { PATH: bin === null ? path : `${bin}:${path}` };
    const root = input(SHOP);
    const plain = await bulkhead(['audit', '--no-history', '--format', 'json', '--from', root], { env });
    expect(plain.code).toBe(3);
    const { code, out, err } = await bulkhead(
      ['audit', '--no-history', '--format', 'json', '--from', root, '--render'],
      { env },
    );
    expect(err).toBe('');
    const report = JSON.parse(out) as {
      coverage: { complete: boolean; entries: { file: string; count: number }[] };
      summary: { pods: number };
    };
    expect(report.coverage.entries.map((one) => [one.file.replace(root, ''), one.count])).toEqual([
      ['/extra/pod.yaml', 1],
      ['rendered from /prod', 1],
    ]);
    expect(report.coverage.complete).toBe(true);
    expect(code).toBe(0);
    const why = await bulkhead(
      ['explain', '--from', root, '--render', '--src', 'shop/b', '--dst', 'shop/a', '--port', 'TCP/80'],
      { env },
    );
    expect(why.out).toContain('permitted');
  }, 300_000);

  test('with the real helm: the templates of a chart with its own values, and no cluster to look anything up in', async () => {
    const helm = await findHelm();
    const bin = program('helm', '');
    writeFileSync(join(bin, 'helm'), `#!/bin/sh\nexec ${helm} "$@"\n`);
    const root = input({
      'Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
      'values.yaml': 'name: from-values\n',
      'templates/pod.yaml': POD.replace(
        'name: a,',
        'name: {{ .Values.name }}-{{ lookup "v1" "Namespace" "" "a" | len }},',
      ),
      'templates/NOTES.txt': 'kind: Pod\n',
    });
    const { code, out } = await bulkhead(['snapshot', '--from', root, '--render', '--out', '-'], {
      env: { PATH: `${bin}:${process.env['PATH']!}` },
    });
    expect(out).toContain('"name":"from-values-0","kind":"Pod"');
    expect(code).toBe(0);
  }, 300_000);

  test('remote bases end it before anything runs, exit 2', async () => {
    const marker = join(folder, 'ran');
    const bin = program('kubectl', `require('node:fs').writeFileSync(${JSON.stringify(marker)}, '')`);
    const root = input({ 'kustomization.yaml': 'resources: ["https://example.invalid/base"]\n' });
    const { code, err } = await bulkhead(['audit', '--no-history', '--from', root, '--render'], {
      env: { PATH: `${bin}:${process.env['PATH']!}` },
    });
    expect(code).toBe(2);
    expect(err).toContain('Rendering would fetch https://example.invalid/base.');
    expect(existsSync(marker)).toBe(false);
  });

  test('a program that fails is a gap: the rest is audited, exit 3', async () => {
    const bin = program('kubectl', "console.error('accumulating resources: no such file'); process.exit(1)");
    const root = input(SHOP);
    const env = { PATH: `${bin}:${process.env['PATH']!}` };
    const why = await bulkhead(
      ['explain', '--from', root, '--render', '--src', 'shop/b', '--dst', '192.0.2.1', '--port', 'TCP/80'],
      { env },
    );
    expect(why.out).toContain('depends');
    const { code, out } = await bulkhead(['audit', '--no-history', '--from', root, '--render'], { env });
    expect(code).toBe(3);
    expect(out.replace(/\s+/g, ' ')).toContain('failed (1): accumulating resources: no such file');
  });

  test('--render without --from is a bad argument', async () => {
    const { code, err } = await bulkhead(['audit', '--demo', '--render', '--no-history']);
    expect([code, err]).toEqual([2, 'bulkhead: --render goes with --from.\n']);
  });
});

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBackend, exportName } from '../../electron/backend.ts';
import type { Backend, Host } from '../../electron/backend.ts';
import { HistoryClient } from '../../electron/history/client.ts';
import { ThreadedSources } from '../../electron/reader/client.ts';
import type {
  AuditFinished,
  AuditOptions,
  AuditProgress,
  Events,
  Source,
  SourcesInfo,
} from '../../shared/ipc.ts';
import { overviewOf } from '../history/overview.ts';

let folder: string;
let backend: Backend;
let history: HistoryClient;
let events: { event: string; payload: Events[keyof Events] }[];
let waiting: ((finished: AuditFinished) => void)[];
/** What was asked before a rendering, and what the user answers. */
let asked: string[][][];
let agrees: boolean;
let answering: () => void;
/** Servers whose login programs were asked about, and what the user answers. */
let loginsAsked: string[];
let loginAnswers: boolean[];
let delivered: { name: string; type: string; bytes: Uint8Array } | null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-backend-'));
  events = [];
  waiting = [];
  delivered = null;
  asked = [];
  agrees = false;
  answering = () => {};
  loginsAsked = [];
  loginAnswers = [];
  const host: Host = {
    backend: 'serve',
    emit(event, payload) {
      events.push({ event, payload });
      if (event === 'audit.finished') for (const tell of waiting) tell(payload as AuditFinished);
    },
    pickKubeconfig: async () => null,
    pickPaths: async () => null,
    confirmLogin: async ({ server }) => {
      loginsAsked.push(server);
      return loginAnswers.shift() ?? null;
    },
    confirmRender: async (folders) => {
      asked.push(folders.map(({ shown, remote }) => [shown, ...remote]));
      answering();
      return agrees;
    },
    async deliver(name, type, make) {
      delivered = { name, type, bytes: await make() };
      return { path: `/somewhere/${name}` };
    },
  };
  history = new HistoryClient(join(folder, 'history.sqlite'));
  backend = createBackend({
    version: '1.2.3',
    platform: 'linux',
    start: null,
    notice: null,
    sources: new ThreadedSources({ files: [join(folder, 'kubeconfig')] }),
    history,
    now: () => '2026-04-01T10:00:00.000Z',
    host,
  });
});
afterEach(async () => {
  await backend.close();
  rmSync(folder, { recursive: true, force: true });
});

async function finish(source: Source, options: AuditOptions = { assume: {} }): Promise<AuditFinished> {
  const { job } = await backend.handlers['audit.start']({ source, options });
  return finished(job);
}

function finished(job: string): Promise<AuditFinished> {
  return new Promise((resolve) => {
    waiting.push((payload) => payload.job === job && resolve(payload));
  });
}

async function auditOf(source: Source): Promise<string> {
  const { audit, error } = await finish(source);
  expect(error).toBeUndefined();
  if (!audit) throw new Error('no audit');
  return audit;
}

const progress = (): AuditProgress[] =>
  events.filter(({ event }) => event === 'audit.progress').map(({ payload }) => payload as AuditProgress);

describe('An audit', () => {
  test('goes through its phases in order, is kept, and can then be asked', async () => {
    const audit = await auditOf({ kind: 'demo' });
    const phases = [...new Set(progress().map(({ phase }) => phase))];
    expect(phases).toEqual(['connect', 'read', 'compile', 'evaluate', 'save', 'done']);
    const overview = await backend.handlers['audit.overview']({ audit });
    expect(overview).toMatchObject({ version: '1.2.3', auditedAt: '2026-04-01T10:00:00.000Z' });
    const items = await backend.handlers['history.list']();
    expect(items).toMatchObject([{ source: 'demo', pods: overview.summary.isolation.pods }]);
  });

  test('is not kept where that is asked', async () => {
    await finish({ kind: 'demo' }, { assume: {}, keep: false });
    expect(await backend.handlers['history.list']()).toEqual([]);
  });

  test('that is stamped with a time has that time', async () => {
    const { audit } = await finish({ kind: 'demo' }, { assume: {}, time: '2020-01-01T00:00:00Z' });
    const overview = await backend.handlers['audit.overview']({ audit: audit ?? '' });
    expect(overview.auditedAt).toBe('2020-01-01T00:00:00Z');
  });

  test('of a folder names the file that is read, and tells of the one that cannot be', async () => {
    writeFileSync(
      join(folder, 'a.yaml'),
      'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: {containers: []}\n',
    );
    const audit = await auditOf({
      kind: 'manifests',
      paths: [join(folder, 'a.yaml'), join(folder, 'gone.yaml')],
    });
    const { coverage, cluster, summary } = await backend.handlers['audit.overview']({ audit });
    expect(cluster).toMatchObject({ name: 'a.yaml + 1', source: 'manifests', file: join(folder, 'a.yaml') });
    expect(summary.isolation.pods).toBe(1);
    expect(coverage.entries).toContainEqual(
      expect.objectContaining({ file: join(folder, 'gone.yaml'), outcome: 'failed' }),
    );
    expect(progress().some(({ phase, detail }) => phase === 'read' && detail.endsWith('a.yaml'))).toBe(true);
  });

  describe('that a page asks to be rendered first', () => {
    const render = { assume: {}, render: true } as const;
    let source: Source;
    beforeEach(() => {
      const paths = [join(folder, 'app')];
      mkdirSync(paths[0]!);
      source = { kind: 'manifests', paths };
      writeFileSync(
        join(folder, 'app', 'kustomization.yaml'),
        'resources: [https://example.invalid/base, pod.yaml]\n',
      );
      writeFileSync(join(folder, 'app', 'pod.yaml'), 'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\n');
    });

    test('runs nothing where the user, asked outside the page, does not agree', async () => {
      const { audit, error } = await finish(source, render);
      expect(asked).toEqual([[[join(folder, 'app'), 'https://example.invalid/base']]]);
      expect(audit).toBeUndefined();
      expect(error).toEqual({ kind: 'cancelled', message: 'Nothing was rendered.' });
    });

    test('is refused where what would be fetched has changed since the question', async () => {
      agrees = true;
      answering = () =>
        writeFileSync(join(folder, 'app', 'kustomization.yaml'), 'resources: [https://other.invalid/base]\n');
      const { error } = await finish(source, render);
      expect(error).toMatchObject({
        kind: 'bad-request',
        message: 'Rendering would fetch https://other.invalid/base.',
      });
    });

    test('asks nothing where no rendering was asked for', async () => {
      await auditOf(source);
      expect(asked).toEqual([]);
    });

    test('is a bad request for what is no folder of files', async () => {
      expect((await finish({ kind: 'demo' }, render)).error?.kind).toBe('bad-request');
      expect(asked).toEqual([]);
    });
  });

  test('of nothing that can be read is an error with its place', async () => {
    const gone = join(folder, 'gone.yaml');
    expect(await finish({ kind: 'manifests', paths: [gone] })).toMatchObject({
      error: { kind: 'input', place: gone },
    });
    expect(await finish({ kind: 'snapshot', path: gone })).toMatchObject({
      error: { kind: 'input', place: gone },
    });
    expect(await finish({ kind: 'context', name: 'nowhere' })).toMatchObject({
      error: { kind: 'not-found' },
    });
    expect(await backend.handlers['history.list']()).toEqual([]);
  });

  test('of a bad assumption is refused as a bad request', async () => {
    expect(await finish({ kind: 'demo' }, { assume: { endPort: 'maybe' } } as never)).toMatchObject({
      error: { kind: 'bad-request' },
    });
  });

  test('that is cancelled, in whichever moment, ends once, as cancelled, and leaves nothing', async () => {
    for (const wait of [0, 30, 200]) {
      const { job } = await backend.handlers['audit.start']({
        source: { kind: 'demo' },
        options: { assume: {} },
      });
      const end = finished(job);
      await new Promise((resolve) => setTimeout(resolve, wait));
      await backend.handlers['audit.cancel']({ job });
      expect(await end).toEqual({ job, error: { kind: 'cancelled', message: 'The audit was cancelled.' } });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(events.filter(({ event }) => event === 'audit.finished')).toHaveLength(3);
    expect(await backend.handlers['history.list']()).toEqual([]);
  });

  test('that was cancelled already, or never ran, may be cancelled again', async () => {
    await expect(backend.handlers['audit.cancel']({ job: 'job-99' })).resolves.toBeUndefined();
  });

  test('beyond four at once is refused', async () => {
    const jobs: string[] = [];
    for (let i = 0; i < 4; i++) {
      const { job } = await backend.handlers['audit.start']({
        source: { kind: 'demo' },
        options: { assume: {} },
      });
      jobs.push(job);
    }
    await expect(
      backend.handlers['audit.start']({ source: { kind: 'demo' }, options: { assume: {} } }),
    ).rejects.toMatchObject({ kind: 'bad-request' });
    await Promise.all(
      jobs.map(async (job) => {
        const end = finished(job);
        await backend.handlers['audit.cancel']({ job });
        await end;
      }),
    );
  });
});

describe('The contexts', () => {
  const kubeconfig = (name: string): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'u', user: { token: 't' } }],
      contexts: [{ name, context: { cluster: 'c', user: 'u' } }],
    });
  const contexts = (): string[][] =>
    events
      .filter(({ event }) => event === 'sources.changed')
      .map(({ payload }) => (payload as SourcesInfo).contexts.map(({ name }) => name));

  test('are told anew when their file changes, also where it is replaced as a whole', async () => {
    const file = join(folder, 'kubeconfig');
    writeFileSync(file, kubeconfig('first'));
    await expect.poll(contexts, { timeout: 10_000 }).toContainEqual(['first']);
    writeFileSync(`${file}.new`, kubeconfig('second'));
    renameSync(`${file}.new`, file);
    await expect.poll(() => contexts().at(-1), { timeout: 10_000 }).toEqual(['second']);
  });

  test('of a file that was added are there, and an audit can use them', async () => {
    const other = join(folder, 'other');
    writeFileSync(other, kubeconfig('added'));
    const info = await backend.handlers['sources.addKubeconfig']({ path: other });
    expect(info?.contexts.map(({ name }) => name)).toEqual(['added']);
    // Nothing listens there: that it was asked shows that the reading thread knows the file too.
    expect(await finish({ kind: 'context', name: 'added', file: other })).toMatchObject({
      error: { kind: 'network' },
    });
  });
});

describe('Pasted kubeconfig text', () => {
  const pasted = (name: string): string =>
    `{apiVersion: v1, kind: Config, clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}],
      contexts: [{name: ${name}, context: {cluster: c}}]}`;

  test('is known to the thread that reads, and is not written anywhere', async () => {
    const before = readdirSync(folder);
    await backend.handlers['sources.addKubeconfig']({ text: pasted('one') });
    const info = await backend.handlers['sources.addKubeconfig']({ text: pasted('two') });
    expect(info?.contexts.map(({ file, name }) => [file, name])).toEqual([
      ['pasted kubeconfig 1', 'one'],
      ['pasted kubeconfig 2', 'two'],
    ]);
    const source: Source = { kind: 'context', name: 'two', file: 'pasted kubeconfig 2' };
    expect(await finish(source)).toMatchObject({ error: { kind: 'network' } });
    expect(readdirSync(folder)).toEqual(before);
  });

  test('runs no program before the user has agreed outside the page, and an agreement can be taken back there', async () => {
    const ran = join(folder, 'ran');
    const text = JSON.stringify({
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [
        {
          name: 'u',
          user: {
            exec: {
              apiVersion: 'client.authentication.k8s.io/v1',
              command: 'sh',
              args: ['-c', `echo run >> ${ran}; exit 1`],
              interactiveMode: 'Never',
            },
          },
        },
      ],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    });
    await backend.handlers['sources.addKubeconfig']({ text });
    const source: Source = { kind: 'context', name: 'x', file: 'pasted kubeconfig 1' };
    // Nobody there; the user says no.
    for (const answers of [[], [false]]) {
      loginAnswers = answers;
      const { error } = await finish(source);
      expect(error?.message).toContain('was not run');
    }
    expect(existsSync(ran)).toBe(false);
    // The same text once more is the same program, under another name.
    await backend.handlers['sources.addKubeconfig']({ text });
    loginAnswers = [true];
    expect((await finish(source)).error?.message).toContain('failed (exit 1)');
    expect((await finish({ ...source, file: 'pasted kubeconfig 2' })).error?.message).toContain('failed');
    expect(loginsAsked).toHaveLength(3);
    expect(readFileSync(ran, 'utf8')).toBe('run\nrun\n');

    const [kept] = await backend.handlers['logins.list'](undefined);
    expect(kept).toMatchObject({ kubeconfig: 'pasted kubeconfig 1', server: 'https://127.0.0.1:1/' });
    expect(await backend.handlers['logins.revoke']({ id: kept!.id })).toEqual([]);
    expect((await finish(source)).error?.message).toContain('was not run');
    expect(readFileSync(ran, 'utf8')).toBe('run\nrun\n');
  });

  test('that is none is an error with its line, and the next one has its number', async () => {
    await expect(
      backend.handlers['sources.addKubeconfig']({ text: 'kind: Config\nclusters: {' }),
    ).rejects.toMatchObject({ kind: 'kubeconfig', message: expect.stringMatching(/^line \d: /) as string });
    const info = await backend.handlers['sources.addKubeconfig']({ text: pasted('one') });
    expect(info?.files).toEqual([
      expect.objectContaining({ path: join(folder, 'kubeconfig') }),
      { path: 'pasted kubeconfig 1', problem: null, added: 'pasted kubeconfig 1' },
    ]);
  });
});

describe('Open audits', () => {
  test('are six at most: the one that was asked longest ago is closed, and says so when it is asked', async () => {
    const file = join(folder, 'a.yaml');
    writeFileSync(file, 'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: {containers: []}\n');
    const audits: string[] = [];
    for (let i = 0; i < 6; i++) audits.push(await auditOf({ kind: 'manifests', paths: [file] }));
    // The first was used again: the second is now the oldest.
    await backend.handlers['audit.overview']({ audit: audits[0] ?? '' });
    await auditOf({ kind: 'manifests', paths: [file] });
    const pods = { offset: 0, limit: 1 };
    await expect(
      backend.handlers['audit.pods']({ audit: audits[1] ?? '', query: pods }),
    ).rejects.toMatchObject({ kind: 'not-found' });
    expect((await backend.handlers['audit.pods']({ audit: audits[0] ?? '', query: pods })).total).toBe(1);
  });

  test('that are closed are not found any more', async () => {
    const audit = await auditOf({ kind: 'demo' });
    await backend.handlers['audit.close']({ audit });
    await expect(backend.handlers['audit.overview']({ audit })).rejects.toMatchObject({ kind: 'not-found' });
  });
});

describe('The history of the window', () => {
  test('opens an audit with the assumptions and the time of then', async () => {
    const { audit } = await finish({ kind: 'demo' }, { assume: { enforced: 'no' } });
    const before = await backend.handlers['audit.overview']({ audit: audit ?? '' });
    const [item] = await backend.handlers['history.list']();
    const opened = await backend.handlers['history.open']({ id: item?.id ?? 0 });
    expect(opened.notice).toBeUndefined();
    expect(await backend.handlers['audit.overview']({ audit: opened.audit })).toEqual(before);
    expect(before.assumptions).toContainEqual({ name: 'enforced', value: 'no', origin: 'user' });
  });

  test('forgets what is deleted', async () => {
    await auditOf({ kind: 'demo' });
    const [item] = await backend.handlers['history.list']();
    await backend.handlers['history.delete']({ id: item?.id ?? 0 });
    expect(await backend.handlers['history.list']()).toEqual([]);
    await expect(backend.handlers['history.open']({ id: item?.id ?? 0 })).rejects.toMatchObject({
      kind: 'not-found',
    });
  });

  test('that cannot be written gives the audit and the reason', async () => {
    await backend.handlers['history.list']();
    await history.close();
    writeFileSync(history.file, 'no database at all, but long enough to be looked at as one'.repeat(20));
    const { audit, error } = await finish({ kind: 'demo' });
    expect(error).toMatchObject({ kind: 'history', place: history.file });
    expect(await backend.handlers['audit.overview']({ audit: audit ?? '' })).toBeDefined();
    expect(readFileSync(history.file, 'utf8')).toMatch(/^no database/);
  });
});

describe('An export', () => {
  test('has the name of the cluster and the day, the type of its format, and the bytes', async () => {
    const audit = await auditOf({ kind: 'demo' });
    const { cluster } = await backend.handlers['audit.overview']({ audit });
    expect(await backend.handlers['export.save']({ audit, format: 'json', lang: 'en' })).toHaveProperty(
      'path',
    );
    expect(delivered?.name).toBe(`bulkhead-${cluster.name.replaceAll(' ', '-')}-2026-04-01.json`);
    expect(delivered?.type).toBe('application/json');
    expect(JSON.parse(Buffer.from(delivered?.bytes ?? []).toString())).toHaveProperty('schema');
  });

  test('never has a name that leads out of a folder or that a file system refuses', () => {
    const name = (cluster: string): string => exportName(overviewOf(cluster, '2026-04-01T00:00:00Z'), 'pdf');
    expect(name('arn:aws:eks:eu-west-1:1234:cluster/prod')).toBe('bulkhead-prod-2026-04-01.pdf');
    expect(name('../../etc/passwd')).toBe('bulkhead-passwd-2026-04-01.pdf');
    expect(name('..')).toBe('bulkhead-cluster-2026-04-01.pdf');
    expect(name('a<b>:"c|d?*\u0000')).toBe('bulkhead-a-b-c-d-2026-04-01.pdf');
    expect(name('운영 클러스터')).toBe('bulkhead-운영-클러스터-2026-04-01.pdf');
    expect(name('x'.repeat(500)).length).toBeLessThan(120);
  });
});

describe('A backend that closes', () => {
  test('in the middle of an audit ends its threads and tells nobody', async () => {
    await backend.handlers['audit.start']({ source: { kind: 'demo' }, options: { assume: {} } });
    await backend.close();
    expect(events.filter(({ event }) => event === 'audit.finished')).toEqual([]);
  });
});

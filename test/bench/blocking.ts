/**
 * How long an audit blocks whom: `node test/bench/blocking.ts [pods]` reads a cluster of so many pods (100,000) from the
 * test API server into the backend as both windows have it, keeps it in a history, and prints the longest block of the
 * main thread, where the limit is 16 ms: once by the clock, and once by the processor time that the thread itself used
 * between two turns of its loop, which leaves out what a busy machine took from it. With the app built and a Chromium at hand it then does the same in a browser
 * tab of `serve`, and prints the longest gap between two frames of the page.
 *
 * Figures, no test: a busy machine is not a defect.
 */
import { chromium } from '@playwright/test';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { findChromium } from '../../build/browser.mjs';
import { fromRoot } from '../../build/paths.mjs';
import { createBackend } from '../../electron/backend.ts';
import type { Host } from '../../electron/backend.ts';
import { HistoryClient } from '../../electron/history/client.ts';
import { ThreadedSources } from '../../electron/reader/client.ts';
import type { AuditFinished, AuditPhase, Events } from '../../shared/ipc.ts';

const pods = Number(process.argv[2] ?? 100_000);
const folder = mkdtempSync(join(tmpdir(), 'bulkhead-bench-'));
const kubeconfig = join(folder, 'kubeconfig');
const LIMIT_MS = 16;

const server = spawn(
  process.execPath,
  [
    fromRoot('test/apiserver/main.ts'),
    ...['--pods', String(pods), '--namespaces', String(Math.max(1, Math.round(pods / 500)))],
    ...['--kubeconfig', kubeconfig],
  ],
  { stdio: ['pipe', 'pipe', 'inherit'] },
);
// A user's API server runs on another machine: here it takes only what is left of this one.
if (server.pid !== undefined) setPriority(server.pid, 19);
try {
  await line(server, /"url"/);
  await mainThread();
  const browser = findChromium();
  if (browser && existsSync(fromRoot('dist/electron/cli.js'))) await tab(browser);
  else console.log('page: not measured (no Chromium, or the app is not built)');
} finally {
  server.stdin?.end();
  await once(server, 'exit');
  rmSync(folder, { recursive: true, force: true });
}

async function mainThread(): Promise<void> {
  const delay = longestBlock();
  const longest: Record<string, Block> = {};
  const began: Partial<Record<AuditPhase, number>> = {};
  let phase: AuditPhase = 'connect';
  const listeners: { finished?: (payload: AuditFinished) => void } = {};
  const host: Host = {
    backend: 'serve',
    emit(event, payload) {
      if (event === 'audit.finished') listeners.finished?.(payload as AuditFinished);
      if (event !== 'audit.progress') return;
      const next = (payload as Events['audit.progress']).phase;
      if (next === phase && began[next] !== undefined) return;
      longest[phase] = larger(longest[phase], delay.take());
      phase = next;
      began[phase] = performance.now();
    },
    pickKubeconfig: async () => null,
    pickPaths: async () => null,
    confirmLogin: async () => null,
    confirmRender: async () => false,
    deliver: async (_name, _type, make) => {
      await make();
      return null;
    },
  };
  const history = new HistoryClient(join(folder, 'history.sqlite'));
  const backend = createBackend({
    version: 'bench',
    platform: process.platform,
    start: null,
    notice: null,
    sources: new ThreadedSources({ files: [kubeconfig] }),
    history,
    now: () => new Date().toISOString(),
    host,
  });
  const { handlers } = backend;
  await handlers['sources.list']();
  const finished = new Promise<AuditFinished>((resolve) => (listeners.finished = resolve));
  // What came before shows in the turns after it.
  await new Promise((resolve) => setTimeout(resolve, 200));
  const start = performance.now();
  delay.take();
  await handlers['audit.start']({ source: { kind: 'context', name: 'test' }, options: { assume: {} } });
  const { audit, error } = await finished;
  if (!audit || error) throw new Error(`The audit failed: ${JSON.stringify(error)}`);
  const end = performance.now();
  longest[phase] = larger(longest[phase], delay.take());
  const times = Object.entries(began).sort((a, b) => a[1] - b[1]);
  console.log(`main thread, ${pods} pods: ${((end - start) / 1000).toFixed(1)} s`);
  times.forEach(([name, at], i) => {
    const took = ((times[i + 1]?.[1] ?? end) - at).toFixed(0).padStart(7);
    console.log(`  ${name.padEnd(9)} ${took} ms, longest block ${blockText(longest[name])}`);
  });

  const question = async (name: string, ask: () => Promise<unknown>): Promise<void> => {
    delay.take();
    const at = performance.now();
    await ask();
    const took = (performance.now() - at).toFixed(0).padStart(7);
    longest[name] = delay.take();
    console.log(`  ${name.padEnd(9)} ${took} ms, longest block ${blockText(longest[name])}`);
  };
  await question('overview', () => handlers['audit.overview']({ audit }));
  await question('pods', () =>
    handlers['audit.pods']({ audit, query: { offset: 0, limit: 200, text: 'pod-0001' } }),
  );
  await question('matrix', () => handlers['audit.matrix']({ audit, query: { level: 'namespace' } }));
  await question('csv', () => handlers['export.save']({ audit, format: 'csv', lang: 'en' }));
  await question('pdf', () => handlers['export.save']({ audit, format: 'pdf', lang: 'en' }));
  await question('history', () => handlers['history.list']());
  await question('reopen', () => handlers['history.open']({ id: 1 }));
  const worst = Object.values(longest).reduce(larger);
  console.log(
    `  longest of all ${blockText(worst)} (limit ${LIMIT_MS} ms); memory ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`,
  );
  delay.stop();
  await backend.close();
  console.log(`  the history's file: ${(statSync(history.file).size / 2 ** 20).toFixed(1)} MiB`);
}

interface Block {
  /** Milliseconds by the clock, and of this thread's own processor time. */
  clock: number;
  cpu: number;
}

function larger(a: Block | undefined, b: Block): Block {
  return { clock: Math.max(a?.clock ?? 0, b.clock), cpu: Math.max(a?.cpu ?? 0, b.cpu) };
}

function blockText(block: Block | undefined): string {
  const { clock, cpu } = block ?? { clock: 0, cpu: 0 };
  return `${clock.toFixed(1).padStart(6)} ms by the clock, ${cpu.toFixed(1).padStart(5)} ms of its own work`;
}

/** Watches this thread's loop from now on; `take` gives the longest block since it was last asked. */
function longestBlock(): { take(): Block; stop(): void } {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  const used = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let last = used();
  let most = 0;
  const timer = setInterval(() => {
    const now = used();
    most = Math.max(most, now - last);
    last = now;
  }, 1);
  return {
    take() {
      const block = { clock: histogram.max / 1e6, cpu: most };
      histogram.reset();
      most = 0;
      return block;
    },
    stop() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}

async function tab(executablePath: string): Promise<void> {
  const child = spawn(
    process.execPath,
    [
      fromRoot('dist/electron/cli.js'),
      ...['serve', '--port', '0', '--kubeconfig', kubeconfig, '--context', 'test'],
      ...['--history', join(folder, 'tab.sqlite')],
    ],
    { stdio: ['ignore', 'inherit', 'pipe'] },
  );
  const browser = await chromium.launch({
    executablePath,
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  try {
    const url = await line(child, /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/);
    const page = await browser.newPage({ viewport: { width: 1280, height: 840 } });
    await page.addInitScript(() => {
      const seen = { gap: 0, frames: 0 };
      Object.assign(window, { seen });
      let last = performance.now();
      const frame = (now: number): void => {
        seen.gap = Math.max(seen.gap, now - last);
        seen.frames += 1;
        last = now;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
    const steps: { name: string; gap: number; frames: number }[] = [];
    const say = async (name: string): Promise<void> => {
      const seen = await page.evaluate((mark) => {
        performance.mark(mark);
        const { seen } = window as unknown as { seen: { gap: number; frames: number } };
        const copy = { ...seen };
        Object.assign(seen, { gap: 0, frames: 0 });
        return copy;
      }, `step:${name}`);
      steps.push({ name, ...seen });
    };
    await browser.startTracing(page, {
      categories: [
        'toplevel',
        'devtools.timeline',
        'disabled-by-default-devtools.timeline',
        'blink.user_timing',
      ],
    });
    await page.goto(url);
    await page.getByTestId('progress').waitFor();
    await say('opening');
    await page.getByTestId('overview').waitFor({ timeout: 600_000 });
    await say('audit');
    await page.waitForTimeout(1000);
    for (const view of ['overview', 'pods', 'egress', 'heatmap', 'findings']) {
      await page.getByTestId(`nav-${view}`).click();
      await page.waitForTimeout(1500);
      await say(view);
    }
    const tasks = longestTasks((await browser.stopTracing()).toString('utf8'));
    console.log('page (a frame at 60 Hz is 16.7 ms):');
    for (const { name, gap, frames } of steps) {
      console.log(
        `  ${name.padEnd(9)} longest task ${blockText(tasks.get(name))}; ${String(frames).padStart(4)} frames, longest gap ${gap.toFixed(1)} ms`,
      );
    }
  } finally {
    await browser.close();
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds; `tdur` is of the thread's own processor time. */
  ts: number;
  dur?: number;
  tdur?: number;
  args?: { name?: string };
}

/** The longest task of the page's main thread up to each mark of a trace (Trace Event Format of Chromium). */
function longestTasks(trace: string): Map<string, Block> {
  const { traceEvents: events } = JSON.parse(trace) as { traceEvents: TraceEvent[] };
  const marks = events
    .filter(({ name, ph }) => name.startsWith('step:') && ph !== 'E')
    .sort((a, b) => a.ts - b.ts);
  const page = marks[0];
  const longest = new Map<string, Block>();
  if (!page) return longest;
  for (const { name, pid, tid, ts, dur = 0, tdur = 0 } of events) {
    // The marks are set in the page's main thread.
    if (!name.endsWith('RunTask') || pid !== page.pid || tid !== page.tid) continue;
    const step = marks.find((mark) => mark.ts >= ts);
    if (!step) continue;
    const key = step.name.slice('step:'.length);
    longest.set(key, larger(longest.get(key), { clock: dur / 1000, cpu: tdur / 1000 }));
  }
  return longest;
}

function line(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    for (const input of [child.stdout, child.stderr]) {
      if (!input) continue;
      createInterface({ input }).on('line', (text) => {
        const found = pattern.exec(text);
        if (found) resolve(found[0]);
      });
    }
    child.once('exit', (code) => reject(new Error(`It ended at once (${code}).`)));
  });
}

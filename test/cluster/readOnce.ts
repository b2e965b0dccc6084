/**
 * Reads the current context of a kubeconfig through a real audit worker, in a process of its own, and prints what it
 * took: `node test/cluster/readOnce.ts KUBECONFIG`.
 */
import { Kubeconfigs } from '../../electron/cluster/kubeconfig.ts';
import { readCluster } from '../../electron/cluster/reader.ts';
import { AuditClient } from '../../electron/worker/client.ts';

// Loaded before, so that what is measured is reading.
await import('../../electron/cluster/clientConfig.ts');

const configs = new Kubeconfigs({ files: [process.argv[2]] });
await configs.load();
const context = configs.resolve(null);
const client = new AuditClient();
await client.begin({
  name: context.name,
  source: 'context',
  serverVersion: null,
  takenAt: '2026-01-01T00:00:00Z',
  warnings: [],
});
/** Longest time for which the main thread did nothing else. */
let blockedMs = 0;
let last = performance.now();
const heart = setInterval(() => {
  const now = performance.now();
  blockedMs = Math.max(blockedMs, now - last - 5);
  last = now;
}, 5);
const begun = performance.now();
let done = 0;
await readCluster(context, client, {
  signal: new AbortController().signal,
  onProgress: (progress) => {
    done = Math.max(done, progress.done);
  },
});
clearInterval(heart);
const { rss } = process.memoryUsage();
process.stdout.write(
  `${JSON.stringify({
    objects: done,
    seconds: (performance.now() - begun) / 1000,
    blockedMs,
    rssMB: rss / 1024 / 1024,
    // Kilobytes on Linux and macOS.
    peakMB: process.resourceUsage().maxRSS / 1024,
  })}\n`,
);
await client.close();

/** One workload in a process of its own, for its time and memory: `node one.ts NAME` prints a JSON line. */
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Pairs } from '../../shared/audit/pairs.ts';
import { Model } from '../../shared/policy/model.ts';
import { ADVERSARIES, numbers, SIZES } from './generate.ts';

const name = process.argv[2] ?? 'S';
const snapshot = (SIZES[name] ?? ADVERSARIES[name]?.make)?.();
if (!snapshot) throw new Error(`no workload ${name}`);
globalThis.gc?.();
/** Highest resident memory of this process so far, MB. */
const peak = (): number => Number(/VmHWM:\s+(\d+)/.exec(status())?.[1] ?? 0) / 1024;
const resident = (): number => process.memoryUsage().rss / 1024 / 1024;
const status = (): string => {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return '';
  }
};
const before = resident();
const start = performance.now();
const model = new Model(snapshot, {});
const built = performance.now();
const pairs = new Pairs(model);
const histogram = pairs.all();
const end = performance.now();
const next = numbers(3);
const n = snapshot.pods.length;
const asked = 20_000;
const from = Array.from({ length: asked }, () => next(n));
const to = Array.from({ length: asked }, () => next(n));
let open = 0;
let asking = Infinity;
for (let round = 0; round < 8; round++) {
  open = 0;
  const askStart = performance.now();
  for (let i = 0; i < asked; i++) if (model.permits(from[i]!, to[i]!, 8080)) open++;
  asking = Math.min(asking, performance.now() - askStart);
}
console.log(
  JSON.stringify({
    name,
    pods: n,
    policies: snapshot.policies.length,
    build: built - start,
    pairs: end - built,
    memory: Math.max(peak(), resident()) - before,
    verdict: (asking / asked) * 1e6,
    open,
    total: histogram.counts.reduce((a, b) => a + b, 0),
    counters: pairs.counters,
  }),
);

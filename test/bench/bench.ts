/**
 * `npm run bench [-- --json] [-- --quick]`: how fast the evaluator is, as ratios within one run, so that they hold on
 * any machine. Every figure's answer is checked: the sum and histogram of all pairs against one verdict a pair on S,
 * and against the plain evaluator of test/plain by sampling on S and L.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { performance } from 'node:perf_hooks';
import { Pairs, type Histogram } from '../../shared/audit/pairs.ts';
import type { Snapshot } from '../../shared/kube/snapshot.ts';
import { Model } from '../../shared/policy/model.ts';
import { plainClusterOf } from '../plain/assume.ts';
import { plainVerdict } from '../plain/evaluate.ts';
import { ADVERSARIES, numbers, SIZES } from './generate.ts';

const json = process.argv.includes('--json');
const quick = process.argv.includes('--quick');
const rounds = quick ? 3 : 10;

if (!globalThis.gc) {
  // Collecting between measurements needs a flag that only a new process can have.
  execFileSync(process.execPath, ['--expose-gc', fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  process.exit(0);
}
const collect = (): void => globalThis.gc?.();

function say(text: string): void {
  if (!json) console.log(text);
}

function best(run: () => void, times = rounds): number {
  let least = Infinity;
  for (let i = 0; i < times; i++) {
    collect();
    const start = performance.now();
    run();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

/** The snapshot as a reader would parse it: no object shared that is not shared in the text. */
function lean(s: Snapshot): string {
  return JSON.stringify({ namespaces: s.namespaces, pods: s.pods, policies: s.policies });
}

/** Connection set (as JSON, "depends" apart) → ordered pairs. */
function words(model: Model, h: Histogram): Map<string, number> {
  const out = new Map<string, number>();
  h.counts.forEach((count, value) => {
    if (count === 0) return;
    const lower = model.values.lower(value);
    const depends = model.conns.subtract(model.values.upper(value), lower);
    const key =
      JSON.stringify(model.conns.toJson(lower)) +
      (depends === 0 ? '' : ` depends ${JSON.stringify(model.conns.toJson(depends))}`);
    out.set(key, (out.get(key) ?? 0) + count);
  });
  return out;
}

function fail(what: string): never {
  console.error(`bench: WRONG: ${what}`);
  process.exit(1);
}

/** Asks the plain evaluator about random pairs and ports. Gives its time a verdict (ms) and checks ours. */
function sample(s: Snapshot, model: Model, count: number): number {
  const cluster = plainClusterOf(s);
  const next = numbers(5);
  const ports = [80, 443, 8000, 8080, 8443, 9000, 9050, 9090, 5432];
  const probes = Array.from({ length: count }, () => {
    const p = next(s.pods.length);
    // Half of the pairs within one namespace, where most is permitted.
    const q = next(2) === 0 ? next(s.pods.length) : Math.min(s.pods.length - 1, p - (p % 100) + next(100));
    return { p, q, port: ports[next(ports.length)]! };
  }).filter((x) => x.p !== x.q);
  const start = performance.now();
  const theirs = probes.map((x) =>
    plainVerdict(
      cluster,
      { type: 'pod', pod: s.pods[x.p]! },
      { type: 'pod', pod: s.pods[x.q]! },
      'TCP',
      x.port,
    ),
  );
  const took = performance.now() - start;
  let permitted = 0;
  probes.forEach((x, i) => {
    const ours = model.permits(x.p, x.q, x.port);
    if (ours) permitted++;
    if (ours !== (theirs[i] === 'permitted')) {
      fail(
        `${s.cluster.name}: ${s.pods[x.p]!.namespace}/${s.pods[x.p]!.name} to ${s.pods[x.q]!.namespace}/${s.pods[x.q]!.name} TCP/${x.port}: ${String(ours)}, plainly ${theirs[i]}`,
      );
    }
  });
  if (permitted === 0 || permitted === probes.length) fail('a sample that decides nothing');
  return took / probes.length;
}

interface Figure {
  figure: string;
  bar: string;
  stretch: string;
  measured: string;
}
const table: Figure[] = [];
const row = (figure: string, bar: string, stretch: string, measured: string): void => {
  table.push({ figure, bar, stretch, measured });
  say(`${figure}: ${measured}  (bar ${bar}, stretch ${stretch})`);
};
const two = (x: number): string => x.toFixed(2);

// ---- sizes ----
const time: Record<string, { parse: number; build: number; pairs: number }> = {};
const counters: Record<string, unknown> = {};
let histogram: [string, number][] = [];
let editShare = 0;
let bytesPerPod = 0;
let verdictL = 0;
let against = 0;
for (const size of ['S', 'M', 'L', 'XL']) {
  const s = SIZES[size]!();
  const text = lean(s);
  const parse = best(() => void JSON.parse(text));
  let model!: Model;
  const build = best(() => void (model = new Model(s, {})), size === 'S' ? rounds * 3 : rounds);
  let pairs!: Pairs;
  let all!: Histogram;
  const pairTime = best(() => {
    pairs = new Pairs(model);
    all = pairs.all();
  });
  time[size] = { parse, build, pairs: pairTime };
  counters[size] = pairs.counters;
  const total = all.counts.reduce((a, b) => a + b, 0);
  if (total !== s.pods.length * (s.pods.length - 1)) fail(`${size}: ${total} pairs`);
  if (size === 'S') {
    // Every pair, one verdict each, against the closed forms.
    const each = new Map<number, number>();
    for (let p = 0; p < s.pods.length; p++) {
      for (let q = 0; q < s.pods.length; q++) {
        if (p === q) continue;
        const v = model.podValue(p, q);
        each.set(v, (each.get(v) ?? 0) + 1);
      }
    }
    for (const [v, n] of each) if (all.counts[v] !== n) fail(`S: histogram ${all.counts[v]} against ${n}`);
    const plain = sample(s, model, 20_000);
    against = (plain * total) / (build + pairTime);
  }
  if (size === 'L') {
    sample(s, model, 400);
    histogram = [...words(model, all)].sort((a, b) => b[1] - a[1]);
    verdictL = pointTime(model, s.pods.length);
    editShare = edits(s, model, pairs) / build;
    bytesPerPod = kept(s);
  }
}
const L = time.L!;
const M = time.M!;
const XL = time.XL!;
const exponent = (a: number, b: number, ratio: number): number => Math.log(b / a) / Math.log(ratio);
row(
  'build + exact all-pairs with port sets, L, over JSON.parse of the same lean snapshot',
  '≤ 1.5',
  '≤ 1.0',
  two((L.build + L.pairs) / L.parse),
);
row('growth exponent in pods: build M→L', '≤ 1.1', '≤ 1.0', two(exponent(M.build, L.build, 10)));
row('growth exponent in pods: all-pairs L→XL', '≤ 1.7', '≤ 1.3', two(exponent(L.pairs, XL.pairs, 1.5)));
row('against plain per-pair evaluation, S', '≥ 100 ×', '≥ 200 ×', `${Math.round(against)} ×`);
row('memory kept, L, bytes a pod', '≤ 300', '≤ 150', Math.round(bytesPerPod).toString());
row('one verdict after build, L', '≤ 250 ns', '≤ 100 ns', `${Math.round(verdictL)} ns`);
row(
  'one policy edited: everything up to date again, over build (L, mean of 40)',
  '≤ 5 %',
  '≤ 1 %',
  `${two(editShare * 100)} %`,
);

/** Nanoseconds of one verdict over random pairs, best of a few rounds. */
function pointTime(model: Model, pods: number): number {
  const next = numbers(9);
  const count = 200_000;
  const p = Int32Array.from({ length: count }, () => next(pods));
  const q = Int32Array.from({ length: count }, () => next(pods));
  let permitted = 0;
  const took = best(() => {
    for (let i = 0; i < count; i++) if (model.permits(p[i]!, q[i]!, 8080)) permitted++;
  });
  if (permitted === 0) fail('no verdict permits');
  return (took / count) * 1e6;
}

/** Milliseconds to have rows and histogram right again after a policy takes another's rules: the mean of 40 edits. */
function edits(s: Snapshot, model: Model, pairs: Pairs): number {
  let took = 0;
  const count = 40;
  for (let k = 0; k < count; k++) {
    const i = (k * 7919 + 17) % s.policies.length;
    const record = { ...s.policies[i]!, spec: s.policies[(k * 104_729 + 5) % s.policies.length]!.spec };
    const start = performance.now();
    const after = pairs.edit(model.spaces.index.get(record.namespace)!, () => model.replacePolicy(i, record));
    took += performance.now() - start;
    if (after === null) fail(`edit ${k} was not taken`);
    if (k === count - 1) {
      const fresh = new Model(s, {});
      const again = words(fresh, new Pairs(fresh).all());
      for (const [key, n] of words(model, after))
        if (again.get(key) !== n) fail(`edit: ${key} ${n} against ${again.get(key)}`);
    }
  }
  return took / count;
}

/** Bytes that an evaluated cluster keeps beside its snapshot, per pod. */
function kept(s: Snapshot): number {
  const used = (): number => {
    collect();
    collect();
    const m = process.memoryUsage();
    return m.heapUsed + m.arrayBuffers;
  };
  const before = used();
  const model = new Model(s, {});
  const pairs = new Pairs(model);
  const all = pairs.all();
  const after = used();
  if (all.counts.length === 0 || model.pods === 0) fail('nothing kept');
  return (after - before) / s.pods.length;
}

// ---- adversaries, each in a process of its own ----
let slowest = 0;
let largest = 0;
let slowestVerdict = 0;
const adversaries: Record<string, unknown>[] = [];
for (const [name, { about }] of Object.entries(ADVERSARIES)) {
  const out = execFileSync(
    process.execPath,
    ['--expose-gc', fileURLToPath(new URL('one.ts', import.meta.url)), name],
    { encoding: 'utf8' },
  );
  const r = JSON.parse(out) as {
    pods: number;
    build: number;
    pairs: number;
    memory: number;
    verdict: number;
    total: number;
  };
  if (r.total !== r.pods * (r.pods - 1)) fail(`${name}: ${r.total} pairs`);
  adversaries.push({ about, ...r });
  slowest = Math.max(slowest, r.build + r.pairs);
  largest = Math.max(largest, r.memory);
  slowestVerdict = Math.max(slowestVerdict, r.verdict);
  say(
    `  ${name} (${about}): ${((r.build + r.pairs) / 1000).toFixed(2)} s cold, ${Math.round(r.memory)} MB more at the peak, ${Math.round(r.verdict)} ns a verdict`,
  );
}
row(
  'one verdict after build, any workload',
  '≤ 1 µs',
  '≤ 100 ns',
  `${(slowestVerdict / 1000).toFixed(2)} µs`,
);
row(
  'every adversary at ≤ 100,000 pods, 20,000 policies',
  '≤ 10 s, ≤ 512 MB',
  '≤ 5 s',
  `${(slowest / 1000).toFixed(2)} s, ${Math.round(largest)} MB`,
);
if (!json) {
  say('\nlongest block of the main thread while an audit of L runs: node test/bench/blocking.ts');
  say(
    '\nAll ordered pairs of L by connection set (checked: sums, S against one verdict a pair, samples against the plain evaluator):',
  );
  for (const [key, n] of histogram.slice(0, 12))
    say(`  ${String(n).padStart(14)}  ${key.length > 110 ? `${key.slice(0, 107)}…` : key}`);
  say(`  (${histogram.length} connection sets in all)`);
  say('\nCounters:');
  for (const [size, c] of Object.entries(counters)) say(`  ${size} ${JSON.stringify(c)}`);
} else console.log(JSON.stringify({ table, time, counters, histogram, adversaries }, null, 2));

/** Holds an engine against the plain evaluator on one snapshot, and tells every difference. */
import type { AuditEngine } from '../../shared/audit/api.ts';
import type {
  ConnJson,
  Edge,
  EgressWidth,
  IsolationState,
  NodeJson,
  OpenEgressRowJson,
  Probe,
  ProbeEnd,
} from '../../shared/audit/result.ts';
import type { Family, PodRecord } from '../../shared/kube/snapshot.ts';
import { contains, formatAddress, parseAddress, parseBlock, type Address } from '../plain/address.ts';
import { plainClusterOf } from '../plain/assume.ts';
import {
  asVerdict,
  endAt,
  hasSeveral,
  plainEnforced,
  pairFamilies,
  plainDirection,
  plainIsolation,
  plainPair,
  plainSelecting,
  type PlainAnswer,
  type PlainCluster,
  type PlainEnd,
} from '../plain/evaluate.ts';
import { selectsPod } from '../plain/labels.ts';
import { NO, PERHAPS, YES, type Three } from '../plain/policy.ts';
import type { Case } from './generate.ts';
import {
  addressStarts,
  allPoints,
  formError,
  inPoint,
  nameEnd,
  pairTable,
  podEnds,
  portStarts,
  type PairTable,
  type Point,
} from './space.ts';

export interface Difference {
  what: string;
  where: string;
  ours: string;
  theirs: string;
}

export interface Tally {
  verdicts: number;
  /** Where the engine says depends though every value of the unknown assumptions gives the same. */
  imprecise: number;
}

/** A small generator of numbers, so that samples are the same for the same case. */
export function sampler(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const probeEnd = (end: PlainEnd): ProbeEnd =>
  end.type === 'pod' ? { namespace: end.pod.namespace, pod: end.pod.name } : { ip: formatAddress(end.ip) };

/** Is the engine's word right for a plain answer? Less decided than exact is noted, never more, never other. */
function agrees(answer: PlainAnswer, word: string, tally: Tally): boolean {
  if (asVerdict(answer.verdict) === word) return true;
  if (word === 'depends' && answer.rough === PERHAPS) {
    tally.imprecise++;
    return true;
  }
  return false;
}

const stateAt = (conns: ConnJson | undefined, depends: ConnJson | undefined, point: Point): string =>
  inPoint(conns, point) ? 'permitted' : inPoint(depends, point) ? 'depends' : 'denied';

/** Joins tables of several pod pairs into one, as a workload's edge does. */
function unionOf(tables: PairTable[]): { answers: PlainAnswer[]; partial: boolean; imprecise: boolean } {
  const first = tables[0] as PairTable;
  const answers = first.answers.map((_, i) => ({
    verdict: Math.max(...tables.map((t) => t.answers[i]!.verdict)) as Three,
    rough: Math.max(...tables.map((t) => t.answers[i]!.rough)) as Three,
  }));
  const partial = tables.some((t) => t.answers.some((a, i) => a.verdict !== first.answers[i]!.verdict));
  return { answers, partial, imprecise: tables.some((t) => t.imprecise) };
}

const workloadOf = (pod: PodRecord): string =>
  pod.owner
    ? `${pod.namespace}/${pod.owner.kind}/${pod.owner.name}`
    : `${pod.namespace}/${pod.kind}/${pod.name}`;
const podKey = (pod: PodRecord): string => `${pod.namespace}/${pod.kind}/${pod.name}`;
const nodeKey = (node: NodeJson): string =>
  'cidrs' in node ? node.cidrs.join(',') : `${node.namespace}/${node.kind}/${node.name}`;

export interface CompareOptions {
  seed: number;
  tally: Tally;
  /** Points a pair that are asked one by one. */
  samples?: number;
}

const picked = <T>(list: readonly T[], count: number, random: (below: number) => number): T[] =>
  list.length <= count ? [...list] : Array.from({ length: count }, () => list[random(list.length)] as T);

interface Questions {
  cluster: PlainCluster;
  points: Point[];
  starts: number[];
  ends: (PlainEnd & { type: 'pod' })[];
  tables: Map<PodRecord, Map<PodRecord, PairTable>>;
  asked: { probe: Probe; answer: PlainAnswer }[];
}

/** What the plain evaluator says of a case does not change with the product: for mutants it is worked out once. */
const kept = new WeakMap<Case, Questions>();

function questionsOf(kase: Case, options: CompareOptions): Questions {
  const known = kept.get(kase);
  if (known) return known;
  const { snapshot, assume } = kase;
  const cluster = plainClusterOf(snapshot, assume);
  const random = sampler(options.seed);
  const points = allPoints(snapshot);
  const starts = portStarts(snapshot);
  const ends = podEnds(snapshot);
  const pick = <T>(list: readonly T[], count: number): T[] => picked(list, count, random);

  // Tables of all pairs, each point of them, kept for every view below.
  const tables = new Map<PodRecord, Map<PodRecord, PairTable>>();
  for (const src of ends) {
    const row = new Map<PodRecord, PairTable>();
    for (const dst of ends) row.set(dst.pod, pairTable(cluster, src, dst, points));
    tables.set(src.pod, row);
  }

  // 1. Verdicts, one by one: pods, nodes, addresses inside and outside, families named and not.
  const samples = options.samples ?? 4;
  const asked: { probe: Probe; answer: PlainAnswer }[] = [];
  for (const src of ends) {
    for (const dst of ends) {
      for (const point of pick(points, samples)) {
        const family = random(6) === 0 ? ((['IPv4', 'IPv6'] as Family[])[random(2)] as Family) : undefined;
        asked.push({
          probe: {
            src: probeEnd(src),
            dst: probeEnd(dst),
            ...point,
            ...(family && bothHave(src.pod, dst.pod, family) ? { family } : {}),
          },
          answer: plainPair(
            cluster,
            src,
            dst,
            point.protocol,
            point.port,
            family && bothHave(src.pod, dst.pod, family) ? family : undefined,
          ),
        });
      }
    }
  }
  const addresses: Address[] = [
    ...addressStarts(snapshot),
    ...snapshot.nodes.flatMap((node) => node.ips.map((ip) => parseAddress(ip) as Address)),
    ...snapshot.pods.flatMap((pod) => pod.ips.map((ip) => parseAddress(ip) as Address)),
  ];
  for (const address of pick(addresses, 12)) {
    const end = endAt(snapshot, formatAddress(address)) as PlainEnd;
    for (const pod of ends) {
      for (const point of pick(points, 2)) {
        for (const [src, dst] of [
          [end, pod],
          [pod, end],
        ] as const) {
          asked.push({
            probe: {
              src: src === end ? { ip: formatAddress(address) } : probeEnd(src),
              dst: dst === end ? { ip: formatAddress(address) } : probeEnd(dst),
              ...point,
            },
            answer: plainPair(
              cluster,
              src,
              dst,
              point.protocol,
              point.port,
              askedFamily(cluster, src, dst, address),
            ),
          });
        }
      }
    }
  }
  const made = { cluster, points, starts, ends, tables, asked };
  if (process.env['BULKHEAD_MUTANTS']) kept.set(kase, made);
  return made;
}

/** All differences between an engine (made from the case) and the plain evaluator. */
export function differences(engine: AuditEngine, kase: Case, options: CompareOptions): Difference[] {
  const { snapshot, assume } = kase;
  const found: Difference[] = [];
  const differ = (what: string, where: string, ours: unknown, theirs: unknown): void => {
    const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
    found.push({ what, where, ours: text(ours), theirs: text(theirs) });
  };
  const { tally } = options;
  const { cluster, points, starts, ends, tables, asked } = questionsOf(kase, options);
  // A sampler of its own, since questions that were kept draw nothing.
  const random = sampler(options.seed + 1);
  const pick = <T>(list: readonly T[], count: number): T[] => picked(list, count, random);

  compareAssumptions(engine, cluster, assume, differ);

  const { answers, errors } = engine.verdicts(asked.map((item) => item.probe));
  if (errors > 0)
    differ(
      'verdicts',
      'errors',
      0,
      answers.find((a) => a.error !== undefined),
    );
  asked.forEach(({ probe, answer }, i) => {
    tally.verdicts++;
    const got = answers[i]?.verdict ?? `error ${answers[i]?.error}`;
    if (!agrees(answer, got, tally)) differ('verdict', JSON.stringify(probe), asVerdict(answer.verdict), got);
  });

  // 2. Isolation of every pod.
  const rows = new Map([...engine.podRows()].map((row) => [`${row.namespace}/${row.kind}/${row.name}`, row]));
  for (const { pod } of ends) {
    const row = rows.get(podKey(pod));
    if (!row) {
      differ('pods', podKey(pod), 'a row', 'none');
      continue;
    }
    for (const direction of ['ingress', 'egress'] as const) {
      const paper = plainIsolation(cluster, pod, direction);
      const theirs = direction === 'ingress' ? row.paperIngress : row.paperEgress;
      const effective =
        plainEnforced(cluster, pod, direction) === 'no' && paper !== 'not-isolatable' ? 'open' : null;
      const plainly = (state: IsolationState): string =>
        state === 'isolated-all-permitted' ? 'isolated' : state;
      if (plainly(theirs) !== paper) differ(`isolation on paper, ${direction}`, podKey(pod), paper, theirs);
      compareEverything(cluster, pod, direction, theirs, ends, points, pick, differ);
      const counted = direction === 'ingress' ? row.ingress : row.egress;
      const wanted = effective ?? theirs;
      if (counted !== wanted) differ(`isolation, ${direction}`, podKey(pod), wanted, counted);
    }
  }
  if (rows.size !== ends.length) differ('pods', 'rows', ends.length, rows.size);

  // 3. Connections between pods, between workloads, and with the rest of the address space.
  compareEdges(engine, cluster, 'pods', ends, tables, points, starts, pick, tally, differ);
  compareEdges(engine, cluster, 'workloads', ends, tables, points, starts, pick, tally, differ);

  // 4. Matrix: counts of pairs.
  compareMatrix(engine, ends, tables, differ);

  // 5. Open egress: how widely.
  const outside = addressStarts(snapshot).map((ip): PlainEnd & { type: 'ip' } => ({ type: 'ip', ip }));
  const reachRows = new Map<string, OpenEgressRowJson[]>();
  for (const row of engine.openEgressRows()) {
    const key = `${row.pod.namespace}/${row.pod.kind}/${row.pod.name}`;
    reachRows.set(key, [...(reachRows.get(key) ?? []), row]);
  }
  for (const pod of ends) {
    const row = rows.get(podKey(pod.pod));
    if (!row || random(2) === 0) continue;
    for (const way of ['openEgress', 'openIngress'] as const) {
      const reach = outside.map((end) =>
        way === 'openEgress' ? pairTable(cluster, pod, end, points) : pairTable(cluster, end, pod, points),
      );
      if (reach.some((t) => t.imprecise)) continue;
      if (way === 'openEgress')
        compareReach(reachRows.get(podKey(pod.pod)) ?? [], podKey(pod.pod), outside, reach, tally, differ);
      const wanted = widthOf(outside, reach);
      if (row[way] !== wanted) differ(way, podKey(pod.pod), wanted, row[way]);
    }
  }
  return found;
}

/** An address that turns out to be a pod's still says which family is asked, where the other end has it too. */
function askedFamily(cluster: PlainCluster, src: PlainEnd, dst: PlainEnd, address: Address): Family | null {
  return pairFamilies(cluster, src, dst).includes(address.family) ? address.family : null;
}

function bothHave(src: PodRecord, dst: PodRecord, family: Family): boolean {
  const has = (pod: PodRecord): boolean => pod.ips.some((ip) => parseAddress(ip)?.family === family);
  return has(src) && has(dst);
}

/** "Isolated, everything permitted" has to mean it, and one rule without peers and ports has to be seen as such. */
function compareEverything(
  cluster: PlainCluster,
  pod: PodRecord,
  direction: 'ingress' | 'egress',
  told: IsolationState,
  ends: PlainEnd[],
  points: Point[],
  pick: <T>(list: readonly T[], count: number) => T[],
  differ: Differ,
): void {
  const self: PlainEnd = { type: 'pod', pod };
  const where = `${podKey(pod)} ${direction}`;
  if (told === 'isolated-all-permitted') {
    const outside = addressStarts(cluster.snapshot).map((ip): PlainEnd => ({ type: 'ip', ip }));
    for (const other of pick([...ends, ...outside], 6)) {
      for (const point of pick(points, 4)) {
        for (const family of pairFamilies(cluster, self, other)) {
          const { verdict } = plainDirection(
            cluster,
            direction,
            self,
            other,
            point.protocol,
            point.port,
            family,
          );
          if (verdict !== YES)
            differ('everything permitted', `${where} ${nameEnd(other)}`, asVerdict(verdict), 'permitted');
        }
      }
    }
  } else if (
    told === 'isolated' &&
    cluster.snapshot.otherPolicies.length === 0 &&
    // Rules that may be changed are not sure to permit anything.
    !cluster.snapshot.coverage.gaps?.some(({ alters }) => alters !== undefined)
  ) {
    const policies = plainSelecting(cluster, pod, direction).filter(
      (p) => p.refusals.length === 0 && selectsPod(cluster.snapshot, p.podSelector, pod) === YES,
    );
    const everything = policies.some((p) =>
      p[direction].some((rule) => rule.peers === null && rule.ports === null),
    );
    if (everything) differ('everything permitted', where, 'isolated-all-permitted', told);
  }
}

/** The listed reach of a pod to addresses outside, point by point; a width of everything may be listed in short. */
function compareReach(
  rows: OpenEgressRowJson[],
  key: string,
  outside: (PlainEnd & { type: 'ip' })[],
  reach: PairTable[],
  tally: Tally,
  differ: Differ,
): void {
  outside.forEach((end, i) => {
    const here = rows.filter((row) => row.ranges.some((cidr) => contains(parseBlock(cidr)!, end.ip)));
    reach[i]!.points.forEach((point, k) => {
      const answer = reach[i]!.answers[k]!;
      const got = here.some((row) => inPoint(row.conns, point))
        ? 'permitted'
        : here.some((row) => inPoint(row.depends, point))
          ? 'depends'
          : 'denied';
      if (!agrees(answer, got, tally)) {
        const where = `${key} ${formatAddress(end.ip)} ${point.protocol}/${point.port}`;
        differ('listed open egress', where, asVerdict(answer.verdict), got);
      }
    });
  });
}

type Differ = (what: string, where: string, ours: unknown, theirs: unknown) => void;

function compareAssumptions(
  engine: AuditEngine,
  cluster: PlainCluster,
  assume: Case['assume'],
  differ: Differ,
): void {
  for (const record of engine.overview().assumptions) {
    if (record.name === 'enforced') continue;
    const wanted = cluster.assumptions[record.name];
    if (record.value !== wanted) differ('assumption', record.name, wanted, record.value);
    if (assume[record.name] !== undefined && record.origin !== 'user') {
      differ('assumption', `${record.name} origin`, 'user', record.origin);
    }
  }
}

function widthOf(ends: PlainEnd[], reach: PairTable[]): EgressWidth {
  const families = ['IPv4', 'IPv6'].map((family) =>
    reach.filter((_, i) => {
      const end = ends[i] as PlainEnd;
      return end.type !== 'pod' && end.ip.family === family;
    }),
  );
  const whole = (tables: PairTable[], i: number): boolean =>
    tables.every((t) => t.answers[i]!.verdict === YES);
  const indexes = reach[0]!.points.map((_, i) => i);
  if (families.some((tables) => indexes.every((i) => whole(tables, i)))) return 'anywhere';
  if (families.some((tables) => indexes.some((i) => whole(tables, i)))) return 'anywhere-some-ports';
  const some = (value: Three): boolean => reach.some((t) => t.answers.some((a) => a.verdict === value));
  return some(YES) ? 'ranges' : some(PERHAPS) ? 'depends' : 'none';
}

function compareEdges(
  engine: AuditEngine,
  cluster: PlainCluster,
  level: 'pods' | 'workloads',
  ends: (PlainEnd & { type: 'pod' })[],
  tables: Map<PodRecord, Map<PodRecord, PairTable>>,
  points: Point[],
  starts: number[],
  pick: <T>(list: readonly T[], count: number) => T[],
  tally: Tally,
  differ: Differ,
): void {
  const what = `connections of ${level}`;
  const keyOf = level === 'pods' ? podKey : workloadOf;
  const groups = new Map<string, (PlainEnd & { type: 'pod' })[]>();
  for (const end of ends) groups.set(keyOf(end.pod), [...(groups.get(keyOf(end.pod)) ?? []), end]);

  const { nodes, edges: lazy } = engine.connections(level);
  const edges = new Map<string, Edge>();
  for (const edge of lazy) {
    const key = `${nodeKey(edge.src)} -> ${nodeKey(edge.dst)}`;
    if (edges.has(key)) differ(what, key, 'one edge', 'two');
    edges.set(key, edge);
    for (const conns of [edge.conns, edge.depends]) {
      const error = conns === undefined ? null : formError(conns, starts);
      if (error) differ(what, `${key} form`, 'canonical', error);
    }
    if (Object.keys(edge.conns).length === 0 && Object.keys(edge.depends ?? {}).length === 0) {
      differ(what, key, 'no edge where all is denied', edge);
    }
  }

  const check = (
    key: string,
    at: Point[],
    answers: PlainAnswer[],
    partial: boolean | null,
    within: boolean,
  ): void => {
    const edge = edges.get(key);
    at.forEach((point, i) => {
      const got = edge ? stateAt(edge.conns, edge.depends, point) : 'denied';
      if (!agrees(answers[i] as PlainAnswer, got, tally)) {
        differ(what, `${key} ${point.protocol}/${point.port}`, asVerdict(answers[i]!.verdict), got);
      }
    });
    if (!edge) return;
    if (partial !== null && (edge.partial === true) !== partial)
      differ(what, `${key} partial`, partial, edge.partial);
    if ((edge.within === true) !== within) differ(what, `${key} within`, within, edge.within);
  };

  const named = nodes.filter((node) => !('cidrs' in node)).map(nodeKey);
  for (const key of groups.keys()) if (!named.includes(key)) differ(what, key, 'a node', 'none');
  let expectedEdges = 0;
  for (const [from, sources] of groups) {
    for (const [to, destinations] of groups) {
      const pairs = sources.flatMap((src) =>
        destinations
          .filter((dst) => dst.pod !== src.pod || hasSeveral(dst.pod))
          .map((dst) => tables.get(src.pod)!.get(dst.pod) as PairTable),
      );
      const key = `${from} -> ${to}`;
      if (pairs.length === 0) {
        if (edges.has(key)) differ(what, key, 'no edge to itself', edges.get(key));
        continue;
      }
      const union = unionOf(pairs);
      check(key, points, union.answers, union.imprecise ? null : union.partial, from === to);
      if (union.answers.some((a) => a.verdict !== NO)) expectedEdges++;
    }
  }

  // Address nodes: every address is in exactly one of them.
  const blocks = nodes.flatMap((node) => ('cidrs' in node ? [node] : []));
  const nodeAt = (address: Address): (NodeJson & { cidrs: string[] }) | null => {
    const holders = blocks.filter((node) => node.cidrs.some((cidr) => contains(parseBlock(cidr)!, address)));
    if (holders.length !== 1)
      differ(what, `address ${formatAddress(address)}`, 'in one node', holders.length);
    return holders[0] ?? null;
  };
  for (const node of blocks) {
    const families = new Set(node.cidrs.map((cidr) => parseBlock(cidr)?.family ?? `unreadable ${cidr}`));
    if (families.size !== 1) differ(what, nodeKey(node), 'one family a node', [...families]);
  }
  const address = addressStarts(cluster.snapshot);
  address.forEach(nodeAt);
  for (const ip of pick(address, 4)) {
    const node = nodeAt(ip);
    if (!node) continue;
    const end: PlainEnd = { type: 'ip', ip };
    const some = pick(points, 3);
    for (const [key, members] of groups) {
      const out = unionOf(members.map((pod) => pairTable(cluster, pod, end, some)));
      const into = unionOf(members.map((pod) => pairTable(cluster, end, pod, some)));
      check(`${key} -> ${nodeKey(node)}`, some, out.answers, null, false);
      check(`${nodeKey(node)} -> ${key}`, some, into.answers, null, false);
    }
  }
  void expectedEdges;
}

function compareMatrix(
  engine: AuditEngine,
  ends: (PlainEnd & { type: 'pod' })[],
  tables: Map<PodRecord, Map<PodRecord, PairTable>>,
  differ: Differ,
): void {
  const sums = new Map<string, { pairs: number; permitted: number; full: number; depends: number }>();
  const add = (key: string, table: PairTable): void => {
    const sum = sums.get(key) ?? { pairs: 0, permitted: 0, full: 0, depends: 0 };
    sums.set(key, sum);
    const some = (value: Three): boolean => table.answers.some((a) => a.verdict === value);
    sum.pairs++;
    if (some(YES)) sum.permitted++;
    else if (some(PERHAPS)) sum.depends++;
    if (table.answers.every((a) => a.verdict === YES)) sum.full++;
  };
  let imprecise = false;
  for (const src of ends) {
    for (const dst of ends) {
      if (src.pod === dst.pod && !hasSeveral(src.pod)) continue;
      const table = tables.get(src.pod)!.get(dst.pod) as PairTable;
      imprecise ||= table.imprecise;
      add('all', table);
      add(`${src.pod.namespace} -> ${dst.pod.namespace}`, table);
      add(`${workloadOf(src.pod)} -> ${workloadOf(dst.pod)}`, table);
    }
  }
  if (imprecise) return;
  const nothing = { pairs: 0, permitted: 0, full: 0, depends: 0 };
  const total = engine.overview().summary.pairs;
  const wanted = sums.get('all') ?? nothing;
  const denied = wanted.pairs - wanted.permitted - wanted.depends;
  const mine = {
    total: wanted.pairs,
    permitted: wanted.permitted,
    full: wanted.full,
    depends: wanted.depends,
    denied,
  };
  for (const key of Object.keys(mine) as (keyof typeof mine)[]) {
    if (mine[key] !== total[key]) differ('summary.pairs', key, mine[key], total[key]);
  }
  const namespaces = [...new Set(ends.map((end) => end.pod.namespace))];
  const cells = (query: Parameters<AuditEngine['matrix']>[0], name: (row: MatrixRow) => string): void => {
    const matrix = engine.matrix(query);
    matrix.rows.forEach((row, r) => {
      matrix.cols.forEach((col, c) => {
        const cell = r * matrix.cols.length + c;
        const expected = sums.get(`${name(row)} -> ${name(col)}`) ?? nothing;
        for (const key of ['pairs', 'permitted', 'full', 'depends'] as const) {
          if (matrix[key][cell] !== expected[key]) {
            differ(
              `matrix ${query.level} ${key}`,
              `${name(row)} -> ${name(col)}`,
              expected[key],
              matrix[key][cell],
            );
          }
        }
      });
    });
  };
  type MatrixRow = { namespace: string; name: string; kind: string };
  cells({ level: 'namespace' }, (row) => row.namespace);
  const src = namespaces[0];
  const dst = namespaces[namespaces.length - 1];
  if (src !== undefined && dst !== undefined) {
    cells({ level: 'workload', src, dst }, (row) => `${row.namespace}/${row.kind}/${row.name}`);
    const matrix = engine.matrix({ level: 'workload', src, dst });
    const wantedRows = new Set(ends.filter((e) => e.pod.namespace === src).map((e) => workloadOf(e.pod)));
    if (matrix.rows.length !== wantedRows.size)
      differ('matrix workload', 'rows', wantedRows.size, matrix.rows.length);
  }
}

/**
 * What is permitted between two ends, and what is not, where no port was asked for. The ports fall into parts that have
 * one answer for the same reasons; each part is asked as a single connection is, so that the two never disagree.
 */
import { PROTOCOLS } from '../kube/snapshot.ts';
import type { Protocol } from '../kube/snapshot.ts';
import { CLASS_HOST, type Model } from '../policy/model.ts';
import { QuestionError } from './api.ts';
import type { Points } from './points.ts';
import type { ConnJson, DirectionReason, PairExplanation, PairProbe, PortsPart } from './result.ts';

const LAST_PORT = 65535;
/** More pieces than this (policies with hundreds of single ports): only where the answer changes, not every rule. */
const MOST_PIECES = 600;

type Cuts = Record<Protocol, Set<number>>;

/** Adds where the ranges begin, and where what follows them does. */
function cut(cuts: Cuts, conns: ConnJson): void {
  for (const protocol of PROTOCOLS) {
    for (const [from, to] of conns[protocol] ?? []) {
      cuts[protocol].add(from);
      if (to < LAST_PORT) cuts[protocol].add(to + 1);
    }
  }
}

/** Ports at which a rule of a policy of one of the ends begins or ends to matter. */
function cutAtRules(m: Model, points: Points, probe: PairProbe, cuts: Cuts): void {
  const ends = { src: points.resolve(probe.src), dst: points.resolve(probe.dst) };
  const vector = ends.dst.type === 'pod' ? m.classPorts.items[ends.dst.c] : -1;
  for (const [end, direction] of [
    [ends.src, 'egress'],
    [ends.dst, 'ingress'],
  ] as const) {
    if (end.type !== 'pod' || m.classFlags.items[end.c] & CLASS_HOST) continue;
    for (const { policy } of m.policiesOf(end.c, direction)) {
      for (const rule of m.compiled[policy][direction].rules) {
        for (const port of rule.ports ?? []) {
          const { lower, upper } = m.portBounds(port, vector, true);
          cut(cuts, m.conns.toJson(lower));
          cut(cuts, m.conns.toJson(upper));
        }
      }
    }
  }
}

/** [from, to] of each piece, in order. */
function pieces(starts: Set<number>): [number, number][] {
  const sorted = [...starts].sort((a, b) => a - b);
  return sorted.map((from, i) => [from, (sorted[i + 1] ?? LAST_PORT + 1) - 1]);
}

function addRange(conns: ConnJson, protocol: Protocol, from: number, to: number): void {
  const ranges = (conns[protocol] ??= []);
  const last = ranges.at(-1);
  // Pieces come in order: what touches the one before belongs to it.
  if (last && last[1] === from - 1) last[1] = to;
  else ranges.push([from, to]);
}

/** Text that is equal where two pieces have one answer for the same rules, whichever port entry of them it was. */
function reasonKey(reason: DirectionReason): string {
  return JSON.stringify({ ...reason, permits: reason.permits.map((ref) => ({ ...ref, port: null })) });
}

/** Adds the rules of another piece to a part, each port entry once; `known` are those that it names already. */
function joinRules(known: Set<string>, into: DirectionReason, from: DirectionReason): void {
  for (const ref of from.permits) {
    const key = JSON.stringify(ref);
    if (!known.has(key)) into.permits.push(ref);
    known.add(key);
  }
}

const RANK = { permitted: 0, depends: 1, denied: 2 } as const;

/**
 * Everything that is permitted between two ends and everything that is not, with the reasons of each part.
 * @param points answers a single connection
 * @throws QuestionError for an unknown endpoint, protocol or family
 */
export function explainAllPorts(m: Model, points: Points, probe: PairProbe): PairExplanation {
  const { protocol: only, ...ends } = probe;
  const protocols = PROTOCOLS.filter((protocol) => only === undefined || protocol === only);
  if (protocols.length === 0) throw new QuestionError(`"${only}" is no protocol: TCP, UDP or SCTP`);
  const led = points.servicePorts(ends);
  const own = (led?.ports ?? []).filter(({ protocol }) => protocols.includes(protocol));
  if (led?.only && own.length === 0) {
    throw new QuestionError(`the Service has no port of ${protocols.join(', ')}`);
  }
  const begin = led?.only ? own[0] : { protocol: protocols[0], port: 1 };
  const first = points.explain({ ...ends, ...begin }, false);
  const cuts: Cuts = { TCP: new Set([1]), UDP: new Set([1]), SCTP: new Set([1]) };
  cut(cuts, first.conns);
  cut(cuts, first.depends);
  const least = { TCP: new Set(cuts.TCP), UDP: new Set(cuts.UDP), SCTP: new Set(cuts.SCTP) };
  if (!led?.only) cutAtRules(m, points, probe, cuts);
  for (const { protocol, port } of own) {
    for (const set of [cuts, least]) cut(set, { [protocol]: [[port, port]] });
  }
  /** A cluster IP has the ports of its Service and no others. */
  const isPort = (protocol: Protocol, port: number): boolean =>
    !led?.only || own.some((one) => one.protocol === protocol && one.port === port);
  const count = protocols.reduce((sum, protocol) => sum + cuts[protocol].size, 0);
  const used = count > MOST_PIECES ? least : cuts;

  const parts = new Map<string, { part: PortsPart; known: Set<string> }>();
  const conns: ConnJson = {};
  const depends: ConnJson = {};
  const denied: ConnJson = {};
  for (const protocol of protocols) {
    for (const [from, to] of pieces(used[protocol])) {
      if (!isPort(protocol, from)) continue;
      const one = points.explain({ ...ends, protocol, port: from }, false);
      const { verdict, paperVerdict, family, egress, ingress, service } = one;
      addRange(
        verdict === 'permitted' ? conns : verdict === 'depends' ? depends : denied,
        protocol,
        from,
        to,
      );
      const key = [
        verdict,
        paperVerdict,
        family,
        reasonKey(egress),
        reasonKey(ingress),
        JSON.stringify(service),
      ].join(' ');
      let found = parts.get(key);
      if (!found) {
        const blank = (reason: DirectionReason): DirectionReason => ({ ...reason, permits: [] });
        const part = {
          verdict,
          paperVerdict,
          family,
          conns: {},
          egress: blank(egress),
          ingress: blank(ingress),
          ...(service ? { service } : {}),
        };
        parts.set(key, (found = { part, known: new Set() }));
      }
      addRange(found.part.conns, protocol, from, to);
      joinRules(found.known, found.part.egress, egress);
      joinRules(found.known, found.part.ingress, ingress);
    }
  }
  const sorted = [...parts.values()]
    .map(({ part }) => part)
    .sort((a, b) => RANK[a.verdict] - RANK[b.verdict]);
  const verdicts = new Set(sorted.map(({ verdict }) => verdict));
  const [one] = verdicts;
  const families = new Set(sorted.map(({ family }) => family));
  const [family] = families;
  return {
    src: first.src,
    dst: first.dst,
    protocol: only ?? null,
    port: null,
    family: families.size === 1 && family !== undefined ? family : null,
    verdict: verdicts.size === 1 && one !== undefined ? one : verdicts.has('permitted') ? 'some' : 'depends',
    enforced: first.enforced,
    conns,
    depends,
    denied,
    parts: sorted,
  };
}

/**
 * Are the reasons of `explain` true? They agree with the verdict and with the plain evaluator; the rules that a
 * permitted verdict names are what permits it (without them it is not permitted), the remedy that a denied one
 * names permits it, and the values that a `depends` names decide it. All judged by the plain evaluator.
 */
import type { AuditEngine } from '../../shared/audit/api.ts';
import type { Explanation, Probe, ProbeEnd, RuleRef } from '../../shared/audit/result.ts';
import type { Family, PolicyRecord, Snapshot } from '../../shared/kube/snapshot.ts';
import { formatAddress, type Address } from '../plain/address.ts';
import { plainClusterOf } from '../plain/assume.ts';
import {
  asVerdict,
  endAt,
  minorVersion,
  pairFamilies,
  plainPair,
  plainSelecting,
  type PlainEnd,
} from '../plain/evaluate.ts';
import { readPolicy, YES } from '../plain/policy.ts';
import { sampler, type Difference } from './compare.ts';
import type { Case } from './generate.ts';
import { addressStarts, allPoints, formError, inPoint, podEnds, portStarts, type Point } from './space.ts';

export interface ReasonTally {
  explained: number;
  rulesDeleted: number;
  remediesTried: number;
  dependsDecided: number;
}

interface Question {
  probe: Probe;
  src: PlainEnd;
  dst: PlainEnd;
  point: Point;
  /** Family to ask in; undefined leaves it open. */
  family: Family | null | undefined;
}

const probeEnd = (end: PlainEnd): ProbeEnd =>
  end.type === 'pod' ? { namespace: end.pod.namespace, pod: end.pod.name } : { ip: formatAddress(end.ip) };

/** The same end in a changed snapshot. */
function inSnapshot(end: PlainEnd, snapshot: Snapshot): PlainEnd {
  if (end.type !== 'pod') return end;
  const pod = snapshot.pods.find((p) => p.namespace === end.pod.namespace && p.name === end.pod.name);
  if (!pod) throw new Error(`no pod ${end.pod.name}`);
  return { type: 'pod', pod };
}

function verdictIn(snapshot: Snapshot, assume: Case['assume'], q: Question): string {
  const cluster = plainClusterOf(snapshot, assume);
  const src = inSnapshot(q.src, snapshot);
  const dst = inSnapshot(q.dst, snapshot);
  return asVerdict(plainPair(cluster, src, dst, q.point.protocol, q.point.port, q.family).verdict);
}

/**
 * Ordered pairs of other pods whose verdict on the question's port rises, and falls, with more policies; null where the
 * plain evaluator is not exact. Where pods have no family in common nothing is compared: S6 asks each family that both
 * have.
 */
function othersBy(
  snapshot: Snapshot,
  additions: PolicyRecord[],
  assume: Case['assume'],
  q: Question,
): { rise: number; fall: number; roughRise: number } {
  const before = plainClusterOf(snapshot, assume);
  const after = plainClusterOf(withPolicies(snapshot, additions), assume);
  const pods = snapshot.pods.filter((pod) => pod.phase !== 'Succeeded' && pod.phase !== 'Failed');
  const order = ['denied', 'depends', 'permitted'];
  let [rise, fall, roughRise] = [0, 0, 0];
  for (const a of pods) {
    for (const b of pods) {
      if (a === b) continue;
      const isAsked = q.src.type === 'pod' && q.dst.type === 'pod' && q.src.pod === a && q.dst.pod === b;
      const [from, to]: PlainEnd[] = [
        { type: 'pod', pod: a },
        { type: 'pod', pod: b },
      ];
      const [old, now] = [before, after].map((cluster) =>
        plainPair(cluster, from!, to!, q.point.protocol, q.point.port),
      );
      const step = (name: 'verdict' | 'rough'): number =>
        order.indexOf(asVerdict(now![name])) - order.indexOf(asVerdict(old![name]));
      const change = step('verdict');
      if (change > 0 && !isAsked) rise++;
      if (step('rough') > 0 && !isAsked) roughRise++;
      if (change < 0) fall++;
    }
  }
  return { rise, fall, roughRise };
}

/** The snapshot without the named rules; policies keep isolating what they isolated. */
export function withoutRules(snapshot: Snapshot, rules: RuleRef[]): Snapshot {
  const changed = structuredClone(snapshot);
  for (const record of changed.policies) {
    const named = rules.filter(
      (r) => r.policy.namespace === record.namespace && r.policy.name === record.name,
    );
    if (named.length === 0) continue;
    const read = readPolicy(record, 'unknown');
    const spec = record.spec as Record<string, unknown>;
    if (!Array.isArray(spec['policyTypes']) || spec['policyTypes'].length === 0) {
      spec['policyTypes'] = [
        ...(read.appliesTo.ingress === YES ? ['Ingress'] : []),
        ...(read.appliesTo.egress === YES ? ['Egress'] : []),
      ];
    }
    for (const direction of ['ingress', 'egress'] as const) {
      const gone = new Set(named.filter((r) => r.direction === direction).map((r) => r.rule));
      if (gone.size > 0) spec[direction] = (spec[direction] as unknown[]).filter((_, i) => !gone.has(i));
    }
  }
  return changed;
}

/** The snapshot after the policies are applied: one of the same name is replaced, as `kubectl apply` does. */
function withPolicies(snapshot: Snapshot, additions: PolicyRecord[]): Snapshot {
  const changed = structuredClone(snapshot);
  for (const record of additions) {
    changed.policies = changed.policies.filter(
      (p) => p.namespace !== record.namespace || p.name !== record.name,
    );
    changed.policies.push(record);
  }
  return changed;
}

/** A rule for each pod that names the other end in the most direct way there is. */
function obviousRemedy(serverVersion: string, q: Question): PolicyRecord[] {
  const minor = minorVersion(serverVersion);
  const peersOf = (end: PlainEnd, namespace: string): unknown[] => {
    const blocks = (ips: string[]): unknown[] =>
      ips.map((ip) => ({ ipBlock: { cidr: ip.includes(':') ? `${ip}/128` : `${ip}/32` } }));
    if (end.type !== 'pod') return blocks([formatAddress(end.ip)]);
    if (end.pod.namespace === namespace)
      return [{ podSelector: { matchLabels: end.pod.labels } }, ...blocks(end.pod.ips)];
    const byName = {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': end.pod.namespace } },
    };
    // Before 1.21 a namespace need not have a label that names it, and an address is no lasting name of a pod.
    return minor !== null && minor >= 21 ? [byName, ...blocks(end.pod.ips)] : [];
  };
  const ports = [{ protocol: q.point.protocol, port: q.point.port }];
  const made: PolicyRecord[] = [];
  const add = (end: PlainEnd, other: PlainEnd, type: 'Ingress' | 'Egress'): void => {
    if (end.type !== 'pod') return;
    const peers = peersOf(other, end.pod.namespace);
    if (peers.length === 0) return;
    const rule =
      type === 'Ingress' ? { ingress: [{ from: peers, ports }] } : { egress: [{ to: peers, ports }] };
    made.push({
      namespace: end.pod.namespace,
      name: `obvious-${type.toLowerCase()}`,
      spec: { podSelector: {}, policyTypes: [type], ...rule },
      origin: 'manifest',
    });
  };
  add(q.src, q.dst, 'Egress');
  add(q.dst, q.src, 'Ingress');
  return made;
}

/** Everything about reasons that does not hold on one case. */
export function reasonDifferences(
  engine: AuditEngine,
  kase: Case,
  options: { seed: number; tally: ReasonTally; count?: number },
): Difference[] {
  const { snapshot, assume } = kase;
  const cluster = plainClusterOf(snapshot, assume);
  const random = sampler(options.seed + 1);
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const found: Difference[] = [];
  const differ = (what: string, q: Question, ours: unknown, theirs: unknown): void => {
    const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
    found.push({
      what: `explain: ${what}`,
      where: JSON.stringify(q.probe),
      ours: text(ours),
      theirs: text(theirs),
    });
  };
  const pods = podEnds(snapshot);
  if (pods.length === 0) return found;
  const points = allPoints(snapshot);
  const starts = portStarts(snapshot);
  const addresses: Address[] = addressStarts(snapshot);

  for (let i = 0; i < (options.count ?? 6); i++) {
    const pod = pick(pods);
    let other: PlainEnd = pick(pods);
    let family: Family | null | undefined = undefined;
    let address: Address | null = null;
    if (random(3) === 0) {
      address = pick(addresses);
      other = endAt(snapshot, formatAddress(address)) as PlainEnd;
      // An address that is a pod's is asked for as that pod elsewhere (compare.ts).
      if (other.type === 'pod') address = null;
    }
    const [src, dst] = random(2) === 0 ? [pod, other] : [other, pod];
    const families = pairFamilies(cluster, src, dst);
    if (address) family = address.family;
    else if (families.length > 1) family = pick(families);
    const point = pick(points);
    const named = address === null && family ? { family } : {};
    const q: Question = {
      probe: { src: probeEnd(src), dst: probeEnd(dst), ...point, ...named },
      src,
      dst,
      point,
      family,
    };
    options.tally.explained++;
    checkOne(engine, kase, q, starts, points, differ, options.tally);
  }
  return found;
}

function checkOne(
  engine: AuditEngine,
  kase: Case,
  q: Question,
  starts: number[],
  points: Point[],
  differ: (what: string, q: Question, ours: unknown, theirs: unknown) => void,
  tally: ReasonTally,
): void {
  const { snapshot, assume } = kase;
  const why: Explanation = engine.explain(q.probe);
  const asked = engine.verdicts([q.probe]).answers[0]?.verdict;
  if (why.verdict !== asked) differ('verdict', q, asked, why.verdict);

  // The connection set that is told beside it agrees with it, and with the plain evaluator at every point.
  const cluster = plainClusterOf(snapshot, assume);
  for (const conns of [why.conns, why.depends]) {
    const error = formError(conns, starts);
    if (error) differ('form of its connections', q, 'canonical', error);
  }
  for (const point of points) {
    const plain = plainPair(cluster, q.src, q.dst, point.protocol, point.port, q.family);
    const told = inPoint(why.conns, point) ? 'permitted' : inPoint(why.depends, point) ? 'depends' : 'denied';
    const fine = told === asVerdict(plain.verdict) || (told === 'depends' && plain.rough === 0.5);
    if (!fine)
      differ(`its connections at ${point.protocol}/${point.port}`, q, asVerdict(plain.verdict), told);
  }

  // Directions combine by S6; another kind of policy stands above one direction (S26).
  const order = ['denied', 'depends', 'permitted'];
  const least = order[Math.min(order.indexOf(why.egress.verdict), order.indexOf(why.ingress.verdict))];
  if (least !== why.verdict) differ('its two directions', q, why.verdict, least);

  // Policies that select each end.
  for (const direction of ['egress', 'ingress'] as const) {
    const end = direction === 'egress' ? q.src : q.dst;
    const reason = why[direction];
    if (reason.state === 'self') continue;
    if (end.type !== 'pod') {
      if (reason.policies.length > 0) differ(`policies, ${direction}`, q, [], reason.policies);
      continue;
    }
    const wanted = plainSelecting(cluster, end.pod, direction)
      .map((policy) => `${policy.namespace}/${policy.name}`)
      .sort();
    const told = reason.policies.map((policy) => `${policy.namespace}/${policy.name}`);
    if (JSON.stringify(wanted) !== JSON.stringify([...told].sort()))
      differ(`policies, ${direction}`, q, wanted, told);
    for (const ref of reason.permits) {
      if (!told.includes(`${ref.policy.namespace}/${ref.policy.name}`)) {
        differ(`rule of a policy that does not select, ${direction}`, q, told, ref);
      }
    }
  }

  // Reasons are what they say.
  const rules = [...why.egress.permits, ...why.ingress.permits];
  const ownNode = [why.egress, why.ingress].some((reason) => reason.state === 'own-node');
  if (why.verdict === 'permitted' && rules.length > 0 && !ownNode) {
    tally.rulesDeleted++;
    const after = verdictIn(withoutRules(snapshot, rules), assume, q);
    if (after === 'permitted') differ('without the rules that it names', q, 'not permitted', after);
  }
  for (const direction of ['egress', 'ingress'] as const) {
    const reason = why[direction];
    if (reason.state === 'isolated' && reason.verdict === 'permitted') {
      if (!reason.permits.some((ref) => ref.effect === 'permits'))
        differ(`no rule named, ${direction}`, q, 'a rule', reason);
    }
    if (reason.verdict === 'denied' && reason.permits.length > 0)
      differ(`a rule beside a denial, ${direction}`, q, [], reason.permits);
  }
  if (why.verdict === 'denied') {
    if (why.remedy === null) {
      const obvious = obviousRemedy(cluster.assumptions.serverVersion, q);
      const mine = withPolicies(snapshot, obvious);
      // A policy that isolates the pod asked about, which nothing isolates for sure, is rightly not proposed.
      const harmless = (['egress', 'ingress'] as const).every((direction) => {
        const end = direction === 'egress' ? q.src : q.dst;
        return (
          end.type !== 'pod' || why[direction].verdict !== 'depends' || why[direction].state === 'isolated'
        );
      });
      if (harmless && verdictIn(mine, assume, q) === 'permitted')
        differ('no remedy for a denial', q, 'a remedy', null);
    } else {
      tally.remediesTried++;
      const additions = why.remedy.policies.map((addition): PolicyRecord => {
        const manifest = addition.manifest as { metadata: { name: string }; spec: unknown };
        return {
          namespace: addition.namespace,
          name: manifest.metadata.name,
          spec: manifest.spec,
          origin: 'manifest',
        };
      });
      for (const record of additions) {
        if (readPolicy(record, 'newest').refusals.length > 0)
          differ('remedy that the API refuses', q, 'a policy', record);
      }
      const after = verdictIn(withPolicies(snapshot, additions), assume, q);
      // It says itself where something else still leaves the connection open, which only an open side can do.
      const mayDepend = [why.egress, why.ingress].some((reason) => reason.verdict === 'depends');
      // The product may say depends for what every world permits; never the other way round.
      const told =
        after === why.remedy.verdict || (after === 'permitted' && why.remedy.verdict === 'depends');
      const enough = told && (after === 'permitted' || mayDepend || snapshot.otherPolicies.length > 0);
      if (!enough) differ('after the remedy that it names', q, 'permitted', { after, remedy: why.remedy });
      const { rise, fall, roughRise } = othersBy(snapshot, additions, assume, q);
      if (fall > 0) differ('pairs that lose something by the remedy', q, 0, fall);
      // Towards an address pods are counted, not pairs of pods; they are judged in test/policy/remedy.test.ts.
      const pods = q.src.type === 'pod' && q.dst.type === 'pod';
      const { count } = why.remedy.others;
      // Where a policy only perhaps selects, the product may say depends for what every world decides.
      if (pods && (count < Math.min(rise, roughRise) || count > Math.max(rise, roughRise)))
        differ('pairs that the remedy permits beside', q, rise, why.remedy.others.count);
    }
  } else if (why.verdict === 'depends') {
    const uses = [...why.egress.assumptions, ...why.ingress.assumptions].filter(
      (use) => use.permittedIf !== undefined,
    );
    const gaps = [...why.egress.assumptions, ...why.ingress.assumptions];
    if (gaps.length === 0) differ('depends on nothing that it names', q, 'an assumption or a gap', why);
    const settable = ['ipBlockPods', 'hostNetwork', 'serverVersion', 'endPort', 'sctp', 'unselected'];
    const names = new Set(uses.map((use) => use.name));
    const use = uses[0];
    // Where only a look at every world at once would decide it, no single value does.
    const exact = verdictIn(snapshot, assume, q) === 'depends';
    if (
      exact &&
      names.size === 1 &&
      uses.length === 1 &&
      use &&
      gaps.length === 1 &&
      settable.includes(use.name)
    ) {
      tally.dependsDecided++;
      const yes = verdictIn(snapshot, { ...assume, [use.name]: use.permittedIf as string }, q);
      const no = verdictIn(snapshot, { ...assume, [use.name]: use.deniedIf as string }, q);
      if (yes !== 'permitted' || no !== 'denied') {
        differ(
          `the values of ${use.name}`,
          q,
          'permitted and denied',
          `${use.permittedIf}: ${yes}, ${use.deniedIf}: ${no}`,
        );
      }
    }
  }
}

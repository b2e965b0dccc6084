/**
 * Data into words, late and in one place (en, ko): findings, reasons, states, assumptions, enforcement, coverage.
 * Everything is a pure function of its arguments; the window and the reports say the same sentences.
 */
import type {
  AuditSummary,
  AssumptionUse,
  ConnJson,
  Direction,
  DirectionReason,
  EgressWidth,
  EndpointRef,
  ServiceAnswer,
  Finding,
  IsolationState,
  ObjectRef,
  NearestRule,
  Overview,
  PairExplanation,
  PodRow,
  PolicyRef,
  Rejected,
  Remedy,
  RuleRef,
  Severity,
  Verdict,
} from '../audit/result.ts';
import { kindName } from '../kube/kinds.ts';
import { targetText } from '../audit/targetText.ts';
import { PROTOCOLS } from '../kube/snapshot.ts';
import type {
  AssumptionName,
  AssumptionRecord,
  CoverageBound,
  CoverageCause,
  CoverageEntry,
  Place,
  Protocol,
  Tri,
} from '../kube/snapshot.ts';
import { checksEn, valuesEn } from './messages/checks.en.ts';
import { checksKo, valuesKo } from './messages/checks.ko.ts';
import { en } from './messages/en.ts';
import type { Messages } from './messages/en.ts';
import { fill } from './messages/format.ts';
import type { CheckWords, Lang } from './messages/format.ts';
import { ko } from './messages/ko.ts';

export type { CheckWords, Lang } from './messages/format.ts';
export { LANGS } from './messages/format.ts';

/** All words of a language, for headings and labels that need no function. */
export function words(lang: Lang): Messages {
  return lang === 'ko' ? ko : en;
}

/** The words of a check, or null where there are none (a test requires that there are). */
export function checkWords(check: string, lang: Lang): CheckWords | null {
  const table: Record<string, CheckWords> = lang === 'ko' ? checksKo : checksEn;
  return Object.hasOwn(table, check) ? table[check]! : null;
}

/**
 * A finding in words.
 * @returns title (no full stop), text (what it means here) and advice (what to do). A check without words gives its
 * id as the title and its parameters as the text: nothing is hidden and nothing throws.
 */
export function findingText(
  finding: Pick<Finding, 'check' | 'params' | 'object' | 'place'>,
  lang: Lang,
): CheckWords {
  const found = checkWords(finding.check, lang);
  if (found === null) {
    const params = Object.entries(finding.params).map(([name, value]) => `${name}: ${value}`);
    return { title: finding.check, text: params.join(', '), advice: '' };
  }
  const values = {
    object: finding.object === null ? '' : objectText(finding.object),
    place: finding.place === null ? '' : placeText(finding.place, lang),
    ...wordedParams(finding, lang),
  };
  return {
    title: fill(found.title, values),
    text: fill(found.text, values),
    advice: fill(found.advice, values),
  };
}

/** Parameters with those values that are words of ours put into words (`treatment: 'kept'`). */
function wordedParams({ check, params }: Pick<Finding, 'check' | 'params'>, lang: Lang): Finding['params'] {
  const tables = lang === 'ko' ? valuesKo : valuesEn;
  // Audits of older versions have findings without it.
  const given = check === 'cluster.other-policies' ? { effect: '', ...params } : params;
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const own = `${check}.${name}`;
      const table = tables[Object.hasOwn(tables, own) ? own : name] ?? {};
      if (name === 'reason' && typeof value === 'string')
        return [name, table[value] ?? reasonWords(value, lang)];
      return [name, Object.hasOwn(table, value) ? table[value]! : value];
    }),
  );
}

/** `input.unparsable (line 2), input.helm-template (line 9)`: the form in which reasons name checks. */
const CAUSE = /^([a-z]+\.[a-z-]+)(?: \(line (\d+)\))?$/;

/** A reason as coverage gives it: each check that it names becomes its title, with the line; other text stays. */
export function reasonWords(reason: string, lang: Lang): string {
  const causes: CoverageCause[] = [];
  for (const part of reason.split(', ')) {
    const [, check, line] = CAUSE.exec(part) ?? [];
    if (check === undefined || checkWords(check, lang) === null) return reason;
    causes.push(line === undefined ? { check } : { check, line: Number(line) });
  }
  return causesText(causes, lang);
}

/** Problems that kept documents from being read, each with its line. */
function causesText(causes: readonly CoverageCause[], lang: Lang): string {
  const w = words(lang).coverage;
  return causes
    .map(({ check, line }) => {
      const title = checkWords(check, lang)?.title ?? check;
      return line === undefined ? title : fill(w.cause, { title, line });
    })
    .join(', ');
}

/** A bound of reading that a server ran into. Sizes in MB, times in their largest unit. */
export function boundText({ code, limit, leftOut }: CoverageBound, lang: Lang): string {
  const w = words(lang).coverage;
  const size = limit >= 1_000_000 ? `${Math.round(limit / 1_048_576)} MB` : `${Math.round(limit / 1024)} kB`;
  const unit = limit >= 172_800 ? 'days' : limit >= 7200 ? 'hours' : limit >= 120 ? 'minutes' : 'seconds';
  const span = fill(w.spans[unit], {
    count: String(Math.round(limit / { days: 86_400, hours: 3600, minutes: 60, seconds: 1 }[unit])),
  });
  const what = fill(w.bounds[code], { count: grouped(limit), size, span });
  return leftOut === undefined || leftOut === 0
    ? what
    : fill(w.boundLeftOut, { what, count: grouped(leftOut) });
}

/** A count with commas, as both languages write it. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Why a coverage entry is no complete reading: its problems, or what was passed over and the command that renders it. */
export function coverageReason(
  entry: Pick<CoverageEntry, 'reason' | 'causes' | 'passed' | 'render' | 'bound'>,
  lang: Lang,
): string {
  const w = words(lang).coverage;
  if (entry.bound !== undefined) return boundText(entry.bound, lang);
  if (entry.causes !== undefined && entry.causes.length > 0) return causesText(entry.causes, lang);
  if (entry.passed !== undefined) {
    const what = w.passed[entry.passed];
    return entry.render === undefined ? what : fill(w.rendered, { what, command: entry.render });
  }
  return entry.reason === undefined ? '' : reasonWords(entry.reason, lang);
}

/** Why a policy was refused: the reason's words with the field that it concerns (S24). */
export function rejectionText(reason: Rejected['reasons'][number], object: ObjectRef, lang: Lang): string {
  const text = findingText({ check: reason.check, params: reason.params, object, place: null }, lang).text;
  return reason.field === '' ? text : `${reason.field}: ${text}`;
}

/** `Kind namespace/name`, or `Kind name` for what has no namespace. */
export function objectText(object: ObjectRef): string {
  return object.namespace === null
    ? `${object.kind} ${object.name}`
    : `${object.kind} ${object.namespace}/${object.name}`;
}

/** An endpoint of an explanation: `namespace/name` (with its kind unless a Pod), a node, or an address. */
export function endpointText(end: EndpointRef): string {
  if (end.type === 'ip') return end.ip;
  if (end.type === 'node') return `${end.name} (${end.ip})`;
  if (end.type === 'service') {
    const name = `${end.namespace}/Service/${end.name}`;
    return end.ip === null ? name : `${name} (${end.ip})`;
  }
  return end.kind === 'Pod' ? `${end.namespace}/${end.name}` : `${end.namespace}/${end.kind}/${end.name}`;
}

/** A file as it is shown: standard input and what a program rendered have no name of their own. */
function fileText(file: string, lang: Lang): string {
  const w = words(lang).place;
  if (file === '-') return w.stdin;
  const [, folder] = /^rendered from ([\s\S]+)$/.exec(file) ?? [];
  return folder === undefined ? file : fill(w.rendered, { folder });
}

/** Where something was read: file, document, line, field; empty for a live object without a field. */
export function placeText(place: Place, lang: Lang): string {
  const w = words(lang).place;
  const parts: string[] = [];
  if (place.file !== undefined) parts.push(fileText(place.file, lang));
  if (place.document !== undefined && place.document > 1) {
    parts.push(fill(w.document, { document: place.document }));
  }
  if (place.line !== undefined) {
    parts.push(
      place.column === undefined
        ? fill(w.line, { line: place.line })
        : fill(w.lineColumn, { line: place.line, column: place.column }),
    );
  }
  if (place.field !== undefined && place.field !== '') parts.push(place.field);
  return parts.join(', ');
}

/** State of a pod in one direction (S3, S18). */
export function stateText(state: IsolationState, lang: Lang): string {
  return words(lang).state[state];
}

/** True where policies isolate the pod in this direction but nothing enforces them (S21). */
export function isPaperOnly(row: PodRow, direction: Direction): boolean {
  const state = direction === 'ingress' ? row.ingress : row.egress;
  const paper = direction === 'ingress' ? row.paperIngress : row.paperEgress;
  return state === 'open' && (paper === 'isolated' || paper === 'isolated-all-permitted');
}

/** State of a pod's row in one direction; reads "isolated on paper, not enforced" where nothing enforces (S21). */
export function podStateText(row: PodRow, direction: Direction, lang: Lang): string {
  if (isPaperOnly(row, direction)) return words(lang).state.paper;
  return stateText(direction === 'ingress' ? row.ingress : row.egress, lang);
}

export function widthText(width: EgressWidth, lang: Lang): string {
  return words(lang).width[width];
}

export function severityText(severity: Severity, lang: Lang): string {
  return words(lang).severity[severity];
}

export function verdictText(verdict: Verdict, lang: Lang): string {
  return words(lang).verdict[verdict];
}

/** The answer for every port, in a word or two. */
export function pairVerdictText(verdict: PairExplanation['verdict'], lang: Lang): string {
  return verdict === 'some' ? words(lang).explain.some : verdictText(verdict, lang);
}

/**
 * The ports of a part of an answer; the last of several is "every other port", which is shorter than all that is left.
 * @param index of the part
 */
export function partPortsText(pair: PairExplanation, index: number, lang: Lang): string {
  // A Service has no other ports than those that are named.
  const last = index > 0 && index === pair.parts.length - 1 && pair.dst.type !== 'service';
  if (last) return words(lang).explain.otherPorts;
  return connsText(pair.parts[index]!.conns, lang);
}

/** What was asked: `TCP 443`, a protocol's every port, or every port. */
export function askedText(asked: { protocol: Protocol | null; port: number | null }, lang: Lang): string {
  const w = words(lang);
  if (asked.protocol === null) return w.explain.everyPort;
  return asked.port === null
    ? fill(w.conns.allOf, { protocol: asked.protocol })
    : `${asked.protocol} ${asked.port}`;
}

export function triText(value: Tri, lang: Lang): string {
  return words(lang).tri[value];
}

const ALL_PORTS = 65535;

function isAll(ranges: [number, number][] | undefined): boolean {
  return ranges?.length === 1 && ranges[0]![0] === 1 && ranges[0]![1] === ALL_PORTS;
}

/** A connection set: `TCP 80, 8000-9000; UDP 53`, "every port" where it is everything. */
export function connsText(conns: ConnJson, lang: Lang): string {
  const w = words(lang).conns;
  if (PROTOCOLS.every((protocol) => isAll(conns[protocol]))) return w.all;
  const parts = PROTOCOLS.flatMap((protocol) => {
    const ranges = conns[protocol];
    if (ranges === undefined || ranges.length === 0) return [];
    if (isAll(ranges)) return [fill(w.allOf, { protocol })];
    return [
      `${protocol} ${ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')}`,
    ];
  });
  return parts.length === 0 ? w.none : parts.join('; ');
}

const policyName = (policy: PolicyRef) => `${policy.namespace}/${policy.name}`;

/** Names joined for a sentence, the tail counted when there are many. */
export function listText(names: readonly string[], lang: Lang, most = 6): string {
  if (names.length <= most) return names.join(', ');
  const more = fill(words(lang).report.moreShort, { count: names.length - (most - 1) });
  return `${names.slice(0, most - 1).join(', ')} ${more}`;
}

/**
 * A rule in words: `shop/web, ingress rule 1 (spec.ingress[0].from[1], ports[0])`. Rules, peers and ports are
 * counted from 1 in the words and stand with the API's own path beside them.
 */
export function ruleText(ref: RuleRef, lang: Lang): string {
  const w = words(lang).rule;
  const head = fill(w[ref.direction], { policy: policyName(ref.policy), rule: ref.rule + 1 });
  return `${head} (${rulePath(ref)}; ${ref.peer === null ? w.anyPeer : fill(w.peer, { peer: ref.peer + 1 })}, ${
    ref.port === null ? w.anyPort : fill(w.port, { port: ref.port + 1 })
  })`;
}

/** A rule's peer as a JSON path below its policy, e.g. `spec.ingress[0].from[1]`. */
export function rulePath(ref: RuleRef): string {
  const rule = `spec.${ref.direction}[${ref.rule}]`;
  if (ref.peer === null) return rule;
  return `${rule}.${ref.direction === 'ingress' ? 'from' : 'to'}[${ref.peer}]`;
}

/** Rules that a reason's sentence names before it counts the rest. */
export const NAMED_RULES = 4;

export interface ReasonParts {
  /** The sentence, with no full stop at its end. */
  sentence: string;
  /** Each permitting rule in words. */
  rules: string[];
  /** What the verdict depends on or rests on, each a full sentence (S25). */
  assumptions: string[];
  /** What comes closest to permitting it and what fails in that, or who denies it at the other end: full sentences. */
  near: string[];
}

/** A direction's reason in words, in parts, for views that lay them out themselves. */
export function reasonParts(reason: DirectionReason, lang: Lang): ReasonParts {
  const w = words(lang);
  const params = {
    side: reason.direction === 'ingress' ? w.reason.sideIngress : w.reason.sideEgress,
    direction: w.direction[reason.direction],
    policies: listText(reason.policies.map(policyName), lang),
    ...otherKindsOf(reason, lang),
  };
  const permits = reason.permits.filter((ref) => ref.effect === 'permits');
  const named = permits.length > 0 ? permits : reason.permits;
  const rules = named.map((ref) => ruleText(ref, lang));
  return {
    sentence: fill(reasonTemplate(reason, w), { ...params, rules: listText(rules, lang, NAMED_RULES) }),
    rules,
    assumptions: reason.assumptions
      // The sentence of an own node says already what it rests on.
      .filter((use) => use.name !== 'ownNode' || use.permittedIf !== undefined)
      .map((use) => assumptionUseText(use, reason.verdict === 'depends', lang)),
    near: [
      ...(reason.nearest ? [nearestText(reason.nearest, lang)] : []),
      ...(reason.deniedBy && reason.deniedBy.length > 0
        ? [fill(w.near.otherEnd, { policies: listText(reason.deniedBy.map(policyName), lang) })]
        : []),
    ],
  };
}

/** The nearest rule, what of it matches and what does not, as a sentence. */
export function nearestText({ policy, field, matches, misses }: NearestRule, lang: Lang): string {
  const w = words(lang).near;
  return fill(matches.length === 0 ? w.nearest : w.nearestMatching, {
    rule: `${policyName(policy)} ${field}`,
    matches: matches.join(', '),
    misses: misses.map(({ check, params }) => fill(w.miss[check], params)).join('; '),
  });
}

const otherUses = ({ assumptions }: DirectionReason): AssumptionUse[] =>
  assumptions.filter(({ name }) => name === 'otherPolicies');

/** The other kinds of policy that leave a direction open, and why they are not judged (S26). */
function otherKindsOf(reason: DirectionReason, lang: Lang): { kinds: string; why: string } {
  const uses = otherUses(reason);
  const r = words(lang).reason;
  const unread = uses.length > 0 && uses.every((use) => use.because?.params['status'] === 'unreadable');
  return {
    kinds: listText([...new Set(uses.map((use) => use.value))], lang),
    why: unread ? r.notRead : r.notEvaluated,
  };
}

/** The sentence where policies of another kind leave a direction open; null where none do. */
function otherKindTemplate(reason: DirectionReason, r: Messages['reason']): string | null {
  const codes = otherUses(reason).map((use) => use.because?.code);
  if (reason.verdict !== 'depends' || codes.length === 0) return null;
  if (codes.every((code) => code === 'mesh-may-refuse'))
    return reason.alone === 'permitted' ? r.meshMayRefuse : null;
  if (reason.alone === 'permitted') return r.otherMayDeny;
  if (reason.alone !== 'denied') return r.otherDecides;
  return reason.policies.length > 0 ? r.otherMustAllow : r.otherMustAllowPlugin;
}

/** The sentence where it is not known what isolates the pod: by what leaves it open. */
function unknownTemplate({ assumptions }: DirectionReason, r: Messages['reason']): string {
  const leans = (name: AssumptionUse['name']): boolean => assumptions.some((use) => use.name === name);
  if (leans('coverage')) return r.unknown;
  if (leans('identityLabels') || leans('controllerLabels')) return r.labelOpen;
  if (leans('refusedPolicy')) return r.refusedOpen;
  if (leans('hostNetwork')) return r.hostUnknown;
  return leans('unselected') ? r['unselected-unknown'] : r.unknown;
}

/** The sentence that a reason takes; see DirectionReason.state. */
function reasonTemplate(reason: DirectionReason, w: Messages): string {
  const r = w.reason;
  const other = otherKindTemplate(reason, r);
  if (other !== null) return other;
  const many = reason.policies.length > 1;
  switch (reason.state) {
    case 'isolated':
      if (reason.permits.some((ref) => ref.effect === 'permits') && reason.verdict === 'permitted') {
        return r.permits;
      }
      if (reason.verdict === 'denied') return many ? r.deniedMany : r.denied;
      if (reason.permits.length > 0) return reason.verdict === 'permitted' ? r.permits : r.may;
      return many ? r.isolatedDependsMany : r.isolatedDepends;
    case 'own-node':
      if (reason.verdict === 'depends') return r['own-node-unknown'];
      return reason.direction === 'ingress' ? r['own-node-ingress'] : r['own-node-egress'];
    case 'not-enforced':
      return reason.policies.length > 0 ? r['not-enforced-paper'] : r['not-enforced'];
    case 'unselected-denied':
      return reason.verdict === 'depends' ? r['unselected-unknown'] : r['unselected-denied'];
    case 'unknown':
      return unknownTemplate(reason, r);
    default:
      return r[reason.state];
  }
}

/**
 * What stands above the policies of a remedy: what they make of the connection, and what they permit beside it (null
 * where that is nothing).
 */
export function remedyParts(
  { verdict, others }: Remedy,
  lang: Lang,
): { verdict: string; others: string | null } {
  const w = words(lang).explain;
  const examples = others.examples.map(({ src, dst }) => `${endpointText(src)} → ${endpointText(dst)}`);
  return {
    verdict: verdict === 'permitted' ? w.remedy : w.remedyDepends,
    others:
      others.count === 0
        ? null
        : fill(others.complete ? w.remedyOthers : w.remedyOthersAtLeast, {
            count: others.count,
            examples: examples.join(', '),
          }),
  };
}

/**
 * Why a direction permits, denies or leaves open, as sentences of one line: `Egress: permitted by …. It rests on …`.
 */
export function reasonText(reason: DirectionReason, lang: Lang): string {
  const parts = reasonParts(reason, lang);
  const head = `${words(lang).directionTitle[reason.direction]}: ${parts.sentence}.`;
  return [head, ...parts.near, ...parts.assumptions].join(' ');
}

/** Where the destination is a Service: what is behind it, and what each endpoint says, as full sentences (S29). */
export function serviceSentences(
  e: { service?: ServiceAnswer; dst: EndpointRef; port: number },
  lang: Lang,
): string[] {
  const { service, dst } = e;
  if (service === undefined) return [];
  const w = words(lang).explain;
  const name = `${service.namespace}/${service.name}`;
  const ip = dst.type === 'pod' ? '' : (dst.ip ?? '');
  const out = [fill(w.serviceAs[service.as], { service: name, ip, port: e.port })];
  if (service.state === 'no-endpoints') out.push(fill(w.serviceNone, { service: name }));
  else {
    const groups = VERDICTS.flatMap((verdict) => {
      const ends = service.targets.filter((t) => t.verdict === verdict).map((t) => targetText(t.end, t.port));
      return ends.length === 0
        ? []
        : [`${listText([...new Set(ends)], lang)} (${verdictText(verdict, lang)})`];
    });
    out.push(fill(w.serviceTargets, { targets: groups.join('; ') }));
  }
  if (service.untranslated !== undefined) {
    out.push(fill(w.serviceUntranslated, { ip, verdict: verdictText(service.untranslated, lang) }));
  }
  return out;
}

const VERDICTS: readonly Verdict[] = ['permitted', 'depends', 'denied'];

/** What a verdict rests on, never what it depends on. */
const MARKS = new Set<AssumptionUse['name']>([
  'service',
  'serviceBlock',
  'serviceOther',
  'sourceRewrite',
  'localDns',
]);

/**
 * What a verdict leans on, as a sentence (S25).
 * @param depends whether the verdict is `depends` because of it, or only rests on it
 */
export function assumptionUseText(use: AssumptionUse, depends: boolean, lang: Lang): string {
  const w = words(lang);
  if (use.because !== undefined) return becauseText(use, use.because, lang);
  const known = Object.hasOwn(w.assumption, use.name) ? w.assumption[use.name as AssumptionName] : null;
  const question =
    known === null
      ? fill(w.leansOn[use.name as keyof Messages['leansOn']] ?? use.name, {
          value: clauseText(use.value, lang),
        })
      : known.question;
  const clause = (value: string | undefined) =>
    value === undefined ? undefined : (w.clause[`${use.name}=${value}`] ?? clauseText(value, lang));
  const params = {
    question,
    rule: use.rule,
    value: assumptionValueText(use.value, lang),
    permittedIf: clause(use.permittedIf),
    deniedIf: clause(use.deniedIf),
  };
  if (use.permittedIf !== undefined && use.deniedIf !== undefined) return fill(w.reason.because, params);
  if (depends && !MARKS.has(use.name)) return fill(w.reason.becauseOpen, params);
  return fill(known === null ? w.reason.leansOpen : w.reason.leans, params);
}

/** What leaves a verdict open where policies were not read or are of another kind (S26). */
function becauseText(
  { rule, permittedIf: decides }: AssumptionUse,
  { code, params }: NonNullable<AssumptionUse['because']>,
  lang: Lang,
): string {
  const { because: w, reason } = words(lang);
  const { file, line } = params;
  const place = placeText(
    {
      ...(file === undefined ? {} : { file: String(file) }),
      ...(line === undefined ? {} : { line: Number(line) }),
    },
    lang,
  );
  const kinds = params['status'] !== 'unreadable' ? w.kinds : place === '' ? w.kindsUnread : w.kindsUnreadAt;
  const question =
    code === 'part-may-change'
      ? w.change
      : code.startsWith('part')
        ? ((w.parts as Record<string, string>)[params['check'] ?? ''] ?? w.part)
        : code === 'more-parts'
          ? w.moreParts
          : kinds;
  const named = fill(question, { ...params, place });
  if (code === 'kind-decides' || code === 'more-parts' || code === 'part-may-change' || decides === undefined)
    return fill(reason.becauseOpen, { question: named, rule });
  const [permittedIf, deniedIf] = w[code];
  return fill(reason.because, { question: named, rule, permittedIf, deniedIf });
}

/** A phrase of the evaluator, with a name in it where its pattern has a hole, in the language's words. */
export function clauseText(phrase: string, lang: Lang): string {
  const table = words(lang).clause;
  if (Object.hasOwn(table, phrase)) return table[phrase]!;
  for (const [pattern, text] of Object.entries(table)) {
    const hole = /\{(\w+)\}/.exec(pattern);
    if (hole === null) continue;
    const [before, after] = [pattern.slice(0, hole.index), pattern.slice(hole.index + hole[0].length)];
    if (!phrase.startsWith(before) || !phrase.endsWith(after)) continue;
    return fill(text, { [hole[1]!]: phrase.slice(before.length, phrase.length - after.length) });
  }
  return phrase;
}

/** An assumption's value in words; a version or an unknown value stays as it is. */
export function assumptionValueText(value: string, lang: Lang): string {
  const table: Record<string, string> = words(lang).assumptionValue;
  return Object.hasOwn(table, value) ? table[value]! : value;
}

/** An assumption as a result repeats it (S25): its name, value, where the value comes from, and what it is about. */
export function assumptionText(
  record: AssumptionRecord,
  lang: Lang,
): { name: string; value: string; origin: string; explanation: string } {
  const w = words(lang);
  return {
    name: w.assumption[record.name].name,
    value: assumptionValueText(record.value, lang),
    origin: w.assumptionOrigin[record.origin],
    explanation: w.assumption[record.name].help,
  };
}

/** A note of the source (ClusterInfo.warnings, AppInfo.notice); an unknown key is shown as it is. */
export function warningText(key: string, lang: Lang, ahead = false): string {
  const table = words(lang)[ahead ? 'warningAhead' : 'warning'];
  return Object.hasOwn(table, key) ? table[key]! : key;
}

export interface EnforcementWords {
  /** Worst of the two directions: what a badge shows. */
  level: Tri | 'mixed';
  badge: string;
  /** One or more full sentences. */
  text: string;
  ingress: Tri;
  egress: Tri;
}

/**
 * Does anything enforce the policies (S21)? A value set by the user goes before what was detected.
 * @param overview its `enforcement` and `assumptions`
 */
export function enforcementText(
  overview: Pick<Overview, 'enforcement' | 'assumptions'>,
  lang: Lang,
): EnforcementWords {
  const w = words(lang).enforcement;
  const t = words(lang).tri;
  const set = overview.assumptions.find((a) => a.name === 'enforced' && a.origin === 'user');
  const forced = set?.value === 'yes' || set?.value === 'no' || set?.value === 'unknown' ? set.value : null;
  const ingress = forced ?? overview.enforcement.ingress;
  const egress = forced ?? overview.enforcement.egress;
  const plugin = forced === null ? overview.enforcement.plugin : null;
  const params = { plugin: plugin ?? '—', ingress: t[ingress], egress: t[egress] };
  const sentences: string[] = [];
  let level: EnforcementWords['level'];
  let badge: string;
  if (ingress === egress) {
    level = ingress;
    badge = ingress === 'yes' ? w.badgeYes : ingress === 'no' ? w.badgeNo : w.badgeUnknown;
    const named = { yes: w.yes, no: w.noPlugin, unknown: w.unknownPlugin }[ingress];
    const unnamed = { yes: w.yesUnnamed, no: w.no, unknown: w.unknown }[ingress];
    sentences.push(fill(plugin === null ? unnamed : named, params));
  } else {
    level = 'mixed';
    badge = w.badgeMixed;
    sentences.push(fill(ingress === 'no' ? w.ingressNo : egress === 'no' ? w.egressNo : w.mixed, params));
  }
  if (forced !== null) sentences.push(w.byUser);
  else if (overview.enforcement.nodes.length > 0) {
    const names = overview.enforcement.nodes.map(
      (node) =>
        `${node.node} (${words(lang).direction.ingress} ${t[node.ingress]}, ${words(lang).direction.egress} ${t[node.egress]})`,
    );
    sentences.push(
      fill(names.length === 1 ? w.node : w.nodes, { count: names.length, names: listText(names, lang) }),
    );
    if (level === 'yes') {
      level = 'mixed';
      badge = w.badgeMixed;
    }
  }
  return { level, badge, text: sentences.join(' '), ingress, egress };
}

/**
 * What was read and what was not, as full sentences; the first says whether coverage is complete.
 * @param gaps findings of input that takes no part (see `isGap`), where the caller knows them
 */
export function coverageText(
  overview: Pick<Overview, 'coverage' | 'rejected'> & { cluster?: Pick<Overview['cluster'], 'source'> },
  lang: Lang,
  gaps = 0,
): { complete: boolean; sentences: string[] } {
  const w = words(lang).coverage;
  const { coverage, rejected, cluster } = overview;
  const unread =
    coverage.unreadPolicies.length + coverage.unreadPods.length + (coverage.gaps?.length ?? 0) > 0 ||
    coverage.entries.some(isUnread);
  const sentences: string[] = [];
  if (coverage.noPods === 'not-read') {
    sentences.push(`${w.incompleteMark} ${w.noPods}`);
    const next = nextPodsText(cluster?.source, lang);
    if (next !== '') sentences.push(next);
  } else {
    const why = unread
      ? w.incomplete
      : coverage.notEvaluated !== undefined
        ? w.incompleteKinds
        : w.incompleteInput;
    sentences.push(coverage.complete ? w.complete : why);
  }
  if (coverage.noPods === 'none-exist') sentences.push(w.noPodsExist);
  if (coverage.notEvaluated !== undefined) sentences.push(notEvaluatedText(coverage.notEvaluated, lang));
  for (const namespace of coverage.unreadPolicies) {
    sentences.push(namespace === null ? w.policiesAnywhere : fill(w.policiesIn, { namespace }));
  }
  for (const namespace of coverage.unreadPods) {
    sentences.push(namespace === null ? w.podsAnywhere : fill(w.podsIn, { namespace }));
  }
  const leftOut = rejected.filter((r) => r.treatment === 'left-out').length;
  if (leftOut > 0) sentences.push(leftOut === 1 ? w.leftOutOne : fill(w.leftOut, { count: leftOut }));
  if (gaps > 0) sentences.push(gaps === 1 ? w.problemsOne : fill(w.problems, { count: gaps }));
  const skipped = coverage.skippedDocuments;
  if (skipped > 0) sentences.push(skipped === 1 ? w.skippedOne : fill(w.skipped, { count: skipped }));
  return { complete: coverage.complete, sentences };
}

/**
 * Were the pods or policies of a namespace not read, so that a count of none says nothing?
 * @param count how many of them were read
 */
export function notRead(
  coverage: Overview['coverage'],
  what: 'pods' | 'policies',
  namespace: string,
  count: number,
): boolean {
  const unread = what === 'pods' ? coverage.unreadPods : coverage.unreadPolicies;
  return count === 0 && (unread.includes(null) || unread.includes(namespace));
}

/** Stands for a count in place of a zero that nobody read. */
export const NOT_READ = '?';

/** What to do where no pod was read, by the kind of source; '' where nothing is. */
export function nextPodsText(source: Overview['cluster']['source'] | undefined, lang: Lang): string {
  return source === undefined || source === 'demo' ? '' : words(lang).coverage.nextPods[source];
}

/** Which kinds of policy were not evaluated, as a sentence. */
export function notEvaluatedText(
  kinds: NonNullable<Overview['coverage']['notEvaluated']>,
  lang: Lang,
): string {
  const w = words(lang).coverage;
  const named = kinds.map(({ kind, group, count }) =>
    fill(count === 0 ? w.kindUnlisted : w.kindCount, { kind: kindName(group, kind), count }),
  );
  return fill(w.notEvaluated, { kinds: listText(named, lang) });
}

/** Was something that verdicts need not read, or not as it is deployed? */
export function isUnread({ affectsVerdicts, outcome, passed }: CoverageEntry): boolean {
  return (
    affectsVerdicts &&
    (outcome === 'refused' || outcome === 'failed' || outcome === 'moved' || passed !== undefined)
  );
}

/** A coverage entry's place: its file, its namespace, or everywhere. */
export function coverageWhere(entry: CoverageEntry, lang: Lang): string {
  if (entry.file !== undefined) return entry.file === '-' ? entry.file : fileText(entry.file, lang);
  return entry.namespace ?? words(lang).report.everywhere;
}

/** The sentence that says what a workload of a manifest counts as (S20); null where the audit has none. */
export function templatesText({ templates }: AuditSummary, lang: Lang): string | null {
  if (templates === undefined) return null;
  const w = words(lang).report;
  const { workloads, replicas, uncounted } = templates;
  const asked = [
    ...(workloads > uncounted ? [fill(w.templatesAsk, { replicas })] : []),
    ...(uncounted > 0 ? [fill(w.templatesOpen, { uncounted })] : []),
  ];
  return fill(w.templates, { workloads, asked: asked.join('; ') });
}

/**
 * An audit as plain text for a terminal: enforcement and coverage first, then what was refused, figures, namespaces,
 * open egress, findings, assumptions. Terse: long lists are cut with a count of what is missing.
 */
import type { AuditEngine } from '../audit/api.ts';
import type {
  ConnJson,
  DirectionReason,
  Explanation,
  Finding,
  NodeJson,
  Overview,
  PairExplanation,
  Severity,
} from '../audit/result.ts';
import { SEVERITIES } from '../audit/result.ts';
import { isGap } from '../audit/gaps.ts';
import { cells, pad, plain, table, wrap } from './columns.ts';
import { figure, groupEgress, groupFindings, ISOLATION_PARTS, percent, WIDTH_PARTS } from './tables.ts';
import type { EgressGroup, FindingGroup } from './tables.ts';
import {
  askedText,
  assumptionText,
  connsText,
  coverageText,
  endpointText,
  enforcementText,
  findingText,
  listText,
  NAMED_RULES,
  NOT_READ,
  notRead,
  objectText,
  pairVerdictText,
  partPortsText,
  placeText,
  reasonParts,
  rejectionText,
  remedyParts,
  serviceSentences,
  verdictText,
  warningText,
  widthText,
  templatesText,
  words,
} from './words.ts';
import { visibleLines } from './visible.ts';
import type { Lang } from './words.ts';
import { fill } from './messages/format.ts';

export interface TextOptions {
  lang: Lang;
  /** Terminal cells in a line. */
  width: number;
  /** ANSI colours. */
  colour: boolean;
}

type Paint = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan';
const CODES: Record<Paint, string> = {
  bold: '1',
  dim: '2',
  red: '31',
  yellow: '33',
  green: '32',
  cyan: '36',
};

/** Lines with a left margin and, where wanted, colours. */
class Page {
  readonly options: TextOptions;
  lines: string[] = [];

  constructor(options: TextOptions) {
    this.options = options;
  }

  paint(text: string, ...paints: Paint[]): string {
    if (!this.options.colour || text === '') return text;
    return `\u001B[${paints.map((p) => CODES[p]).join(';')}m${text}\u001B[0m`;
  }

  line(text = ''): void {
    // The one place that every text passes: what a table or a title forgot is made visible here.
    this.lines.push(visibleLines(text, this.options.colour));
  }

  heading(text: string): void {
    if (this.lines.length > 0) this.line();
    this.line(this.paint(text, 'bold'));
  }

  /** Wrapped text with an indent; continuation lines stand below the text. */
  para(text: string, indent: number, first = '', ...paints: Paint[]): void {
    const lead = cells(first);
    const lines = wrap(plain(text), Math.max(20, this.options.width - indent - lead));
    for (const [i, line] of lines.entries()) {
      const margin = ' '.repeat(indent);
      this.line(
        margin + (i === 0 ? first : ' '.repeat(lead)) + this.paint(line, ...(paints.length ? paints : [])),
      );
    }
  }

  text(): string {
    return `${this.lines.join('\n')}\n`;
  }
}

const SEVERITY_PAINT: Record<Severity, Paint[]> = {
  critical: ['bold', 'red'],
  high: ['red'],
  medium: ['yellow'],
  low: ['cyan'],
  info: ['dim'],
};

const MOST_ROWS = 12;
const MOST_NAMESPACES = 40;
const MOST_PLACES = 5;
const MOST_RULES = 50;

/**
 * One or several audits as text.
 * @returns the whole text, ending with a line feed
 */
export function auditText(engines: readonly AuditEngine[], options: TextOptions): string {
  const page = new Page(options);
  if (engines.length > 1) comparison(page, engines);
  for (const engine of engines) audit(page, engine);
  return page.text();
}

function audit(page: Page, engine: AuditEngine): void {
  const { lang } = page.options;
  const w = words(lang);
  const o = engine.overview();
  page.heading(`${w.report.title}: ${plain(o.cluster.name)}`);
  page.line(
    page.paint(
      [
        w.source[o.cluster.source],
        ...(o.cluster.server === undefined ? [] : [plain(o.cluster.server)]),
        o.cluster.serverVersion !== null
          ? plain(o.cluster.serverVersion)
          : `${w.report.serverVersion}: ${w.report.unknownValue}`,
        `${w.report.auditedAt} ${o.auditedAt}`,
        `Bulkhead ${o.version}`,
      ].join(' · '),
      'dim',
    ),
  );
  page.line();
  standing(page, o, engine.allFindings().filter(isGap).length);
  refused(page, o);
  if (o.coverage.noPods === undefined) figures(page, o);
  namespaces(page, o);
  if (o.coverage.noPods === undefined) openEgress(page, groupEgress(engine));
  findings(page, groupFindings(engine.allFindings()), o);
  assumptions(page, o);
}

/** Enforcement, coverage and notes: what everything below rests on. */
function standing(page: Page, o: Overview, gaps: number): void {
  const { lang } = page.options;
  const w = words(lang).report;
  const enforcement = enforcementText(o, lang);
  const coverage = coverageText(o, lang, gaps);
  const label = Math.max(cells(w.enforcement), cells(w.coverage), cells(w.warnings)) + 2;
  const covered = (): void => {
    for (const [i, sentence] of coverage.sentences.entries()) {
      const paint: Paint = coverage.complete ? 'green' : 'red';
      page.para(sentence, 0, pad(i === 0 ? w.coverage : '', label), ...(i === 0 ? [paint] : []));
    }
  };
  // Where there is nothing to say anything of, that comes before everything else.
  const first = o.coverage.noPods === 'not-read';
  if (first) covered();
  const paints: Paint[] =
    enforcement.level === 'yes' ? ['green'] : enforcement.level === 'no' ? ['bold', 'red'] : ['yellow'];
  page.para(enforcement.text, 0, pad(w.enforcement, label), ...paints);
  const proof = o.enforcement.evidence.slice(0, 2).map((e) => `${e.where}: ${e.what}`);
  if (proof.length > 0) {
    page.para(`${w.evidence}: ${listText(proof, lang)}`, 0, ' '.repeat(label), 'dim');
  }
  if (!first) covered();
  for (const [i, warning] of o.cluster.warnings.entries()) {
    page.para(warningText(warning, lang), 0, pad(i === 0 ? w.warnings : '', label), 'yellow');
  }
}

function refused(page: Page, o: Overview): void {
  if (o.rejected.length === 0) return;
  const { lang } = page.options;
  const w = words(lang);
  page.heading(`${w.report.rejected} (${o.rejected.length})`);
  for (const item of o.rejected.slice(0, MOST_ROWS)) {
    const where = item.place === null ? '' : placeText(item.place, lang);
    page.line(
      `  ${page.paint(plain(objectText(item.object)), 'red')}${where === '' ? '' : `  ${plain(where)}`}`,
    );
    page.para(w.rejected[item.treatment], 4);
    for (const reason of item.reasons) page.para(rejectionText(reason, item.object, lang), 4, '- ');
  }
  more(page, o.rejected.length - MOST_ROWS);
}

function more(page: Page, count: number): void {
  if (count > 0) page.line(`  ${fill(words(page.options.lang).report.moreShort, { count: figure(count) })}`);
}

function figures(page: Page, o: Overview): void {
  const w = words(page.options.lang);
  const counts = o.summary.isolation;
  page.heading(`${w.report.podsBy} (${figure(counts.pods)})`);
  const rows: [string, number][] = ISOLATION_PARTS.map((part) => [w.isolation[part], counts[part]]);
  bars(page, rows, counts.pods);
  const extra: [string, number][] = [];
  if (counts.allPermitted > 0) extra.push([w.isolation.allPermitted, counts.allPermitted]);
  if (counts.paperOnly > 0) extra.push([w.isolation.paperOnly, counts.paperOnly]);
  if (o.summary.finishedPods > 0) extra.push([w.report.finished, o.summary.finishedPods]);
  for (const [name, value] of extra) page.line(page.paint(`  (${name}: ${figure(value)})`, 'dim'));
  const templates = templatesText(o.summary, page.options.lang);
  if (templates !== null) page.para(templates, 2, '', 'dim');
  page.heading(`${w.report.openEgress} (${w.report.pods})`);
  bars(
    page,
    WIDTH_PARTS.map(([width, field]) => [w.width[width], o.summary.openEgress[field]]),
    counts.pods,
  );
  const pairs = o.summary.pairs;
  page.heading(`${w.report.pairs} (${figure(pairs.total)})`);
  bars(
    page,
    [
      [w.report.pairsFull, pairs.full],
      [w.report.pairsSome, pairs.permitted - pairs.full],
      [w.report.pairsDepends, pairs.depends],
      [w.report.pairsDenied, pairs.denied],
    ],
    pairs.total,
  );
}

/** Rows of a name, a figure, its share and a bar. */
function bars(page: Page, rows: [string, number][], total: number): void {
  const name = Math.max(...rows.map(([text]) => cells(text)));
  const digits = Math.max(...rows.map(([, value]) => figure(value).length));
  const room = Math.max(0, Math.min(30, page.options.width - name - digits - 12));
  for (const [text, value] of rows) {
    const share = pad(percent(value, total), 4, 'right');
    const bar = '█'.repeat(total === 0 ? 0 : Math.round((value / total) * room));
    page.line(`  ${pad(text, name)}  ${pad(figure(value), digits, 'right')}  ${share}  ${bar}`.trimEnd());
  }
}

function namespaces(page: Page, o: Overview): void {
  const { lang, width } = page.options;
  const w = words(lang);
  // Without pods there are policies alone to show.
  const pods = o.coverage.noPods === undefined;
  page.heading(`${pods ? w.report.isolationByNamespace : w.report.namespaces} (${o.namespaces.length})`);
  const parts = ISOLATION_PARTS.filter(
    (part) => pods && (part === 'both' || part === 'none' || o.namespaces.some((n) => n.isolation[part] > 0)),
  );
  const rows = [...o.namespaces].slice(0, MOST_NAMESPACES).map((n) => {
    const unread = notRead(o.coverage, 'pods', n.name, n.isolation.pods);
    const ofPods = (count: number): string => (unread ? NOT_READ : figure(count));
    return [
      plain(n.name),
      ...(pods ? [ofPods(n.isolation.pods)] : []),
      ...parts.map((part) => ofPods(n.isolation[part])),
      ...(pods ? [ofPods(n.openEgress.anywhere)] : []),
      notRead(o.coverage, 'policies', n.name, n.policies) ? NOT_READ : figure(n.policies),
      n.defaults.map((d) => w.defaults[d]).join(', '),
    ];
  });
  const lines = table(
    [
      { title: w.report.namespace, shrink: true },
      ...(pods ? [{ title: w.report.pods, align: 'right' as const }] : []),
      ...parts.map((part) => ({ title: w.isolationShort[part], align: 'right' as const })),
      ...(pods ? [{ title: w.report.openEgressShort, align: 'right' as const }] : []),
      { title: w.report.policies, align: 'right' },
      { title: w.report.defaultsHeading, shrink: true },
    ],
    rows,
    width - 2,
  );
  for (const [i, line] of lines.entries()) page.line(`  ${i === 0 ? page.paint(line, 'dim') : line}`);
  more(page, o.namespaces.length - MOST_NAMESPACES);
}

/** What a group reaches outside, in a cell: ranges of equal connections together, long lists counted. */
export function reachText(group: EgressGroup, lang: Lang): string {
  const w = words(lang).report;
  const byConns = new Map<string, string[]>();
  const add = (conns: ConnJson | undefined, ranges: string[], mark: string) => {
    if (conns === undefined || Object.keys(conns).length === 0) return;
    const text = connsText(conns, lang) + mark;
    const known = byConns.get(text);
    if (known) known.push(...ranges);
    else byConns.set(text, [...ranges]);
  };
  for (const item of group.reach) {
    add(item.conns, item.ranges, '');
    add(item.depends, item.ranges, ` (${w.conditional})`);
  }
  return [...byConns].map(([text, ranges]) => `${listText(ranges, lang, 4)}: ${text}`).join(' | ');
}

function openEgress(page: Page, groups: EgressGroup[]): void {
  const { lang, width } = page.options;
  const w = words(lang).report;
  page.heading(`${w.openEgress}: ${w.workloads}`);
  if (groups.length === 0) {
    page.line(`  ${w.openEgressNone}`);
    return;
  }
  const rows = groups
    .slice(0, MOST_ROWS)
    .map((group) => [
      plain(`${group.namespace}/${egressName(group)}`),
      widthText(group.width, lang),
      plain(reachText(group, lang)),
    ]);
  const lines = table(
    [{ title: w.workload, shrink: true }, { title: w.width }, { title: w.reach, shrink: true }],
    rows,
    width - 2,
  );
  for (const [i, line] of lines.entries()) page.line(`  ${i === 0 ? page.paint(line, 'dim') : line}`);
  more(page, groups.length - MOST_ROWS);
}

/** `web ×12`, or the one pod's own name. */
export function egressName(group: EgressGroup): string {
  if (group.count > 1) return `${group.workload.name} ×${group.count}`;
  return group.kind === 'Pod' ? group.name : group.workload.name;
}

function findings(page: Page, groups: FindingGroup[], o: Overview): void {
  const { lang } = page.options;
  const w = words(lang);
  const counts = SEVERITIES.filter((s) => o.summary.findings[s] > 0)
    .map((s) => `${w.severity[s]} ${figure(o.summary.findings[s])}`)
    .join(', ');
  page.heading(counts === '' ? w.report.findings : `${w.report.findings} (${counts})`);
  if (groups.length === 0) page.line(`  ${w.report.findingsNone}`);
  const label = Math.max(...SEVERITIES.map((s) => cells(w.severity[s]))) + 2;
  for (const group of groups) {
    const first = findingText(group.findings[0]!, lang);
    const many = group.findings.length > 1 ? ` ×${figure(group.findings.length)}` : '';
    const badge = page.paint(pad(w.severity[group.severity], label), ...SEVERITY_PAINT[group.severity]);
    page.line(`  ${badge}${page.paint(plain(first.title) + many, 'bold')}`);
    const shown = group.findings.slice(0, MOST_PLACES);
    // Advice stands once below the places that it is for.
    const byAdvice = new Map<string, Finding[]>();
    for (const finding of shown) {
      const { advice } = findingText(finding, lang);
      byAdvice.set(advice, [...(byAdvice.get(advice) ?? []), finding]);
    }
    const rest = group.findings.length - shown.length;
    const left = fill(w.report.moreShort, { count: figure(rest) });
    for (const [advice, places] of byAdvice) {
      findingPlaces(page, places, 2 + label);
      if (rest > 0 && byAdvice.size === 1) page.line(`${' '.repeat(2 + label)}${left}`);
      if (advice !== '') page.para(advice, 2 + label, '→ ');
    }
    if (rest > 0 && byAdvice.size > 1) page.line(`${' '.repeat(2 + label)}${left}`);
  }
}

/** Where something was found, each with what it means there; a sentence that several share stands once, above them. */
function findingPlaces(page: Page, places: readonly Finding[], indent: number): void {
  const { lang } = page.options;
  const texts = places.map((finding) => findingText(finding, lang).text);
  const where = places.map(({ object, place }) =>
    [object === null ? '' : objectText(object), place === null ? '' : placeText(place, lang)]
      .filter((part) => part !== '')
      .join(', '),
  );
  // A count of a namespace is its own, even where another's is the same.
  const common =
    places.length > 1 && texts.every((text, i) => text === texts[0] && places[i]!.place !== null);
  if (common && texts[0] !== '') page.para(texts[0]!, indent);
  for (const [i, text] of texts.entries()) {
    if (!common) page.para(where[i] === '' ? text : `${where[i]}: ${text}`, indent, '- ');
    else if (where[i] !== '') page.para(where[i]!, indent, '- ');
  }
}

function assumptions(page: Page, o: Overview): void {
  const { lang, width } = page.options;
  const w = words(lang).report;
  page.heading(w.assumptions);
  const lines = table(
    [{ title: w.name, shrink: true }, { title: w.value }, { title: w.origin }, { title: '--assume' }],
    o.assumptions.map((record) => {
      const text = assumptionText(record, lang);
      return [text.name, text.value, text.origin, `${record.name}=${record.value}`];
    }),
    width - 2,
  );
  for (const [i, line] of lines.entries()) page.line(`  ${i === 0 ? page.paint(line, 'dim') : line}`);
}

/** Figures of several audits side by side, as rows of `[name, value, …]`. */
export function comparisonRows(overviews: readonly Overview[], lang: Lang): string[][] {
  const w = words(lang);
  const row = (name: string, value: (o: Overview) => string) => [name, ...overviews.map(value)];
  const pods = (o: Overview, count: number) =>
    `${figure(count)} (${percent(count, o.summary.isolation.pods)})`;
  return [
    row(w.report.enforcement, (o) => enforcementText(o, lang).badge),
    row(w.report.coverage, (o) =>
      o.coverage.complete ? w.coverage.badgeComplete : w.coverage.badgeIncomplete,
    ),
    row(w.report.serverVersion, (o) => plain(o.cluster.serverVersion ?? w.report.unknownValue)),
    row(w.report.namespaces, (o) => figure(o.summary.namespaces)),
    row(w.report.workloads, (o) => figure(o.summary.workloads)),
    row(w.report.policies, (o) => figure(o.summary.policies)),
    row(w.report.rejected, (o) => figure(o.rejected.length)),
    row(w.report.pods, (o) => figure(o.summary.isolation.pods)),
    ...ISOLATION_PARTS.map((part) => row(w.isolation[part], (o) => pods(o, o.summary.isolation[part]))),
    row(w.isolation.paperOnly, (o) => pods(o, o.summary.isolation.paperOnly)),
    ...WIDTH_PARTS.filter(([width]) => width !== 'none').map(([width, field]) =>
      row(`${w.report.openEgressShort}: ${w.width[width]}`, (o) => pods(o, o.summary.openEgress[field])),
    ),
    row(`${w.report.pairs}: ${w.report.pairsPermitted}`, (o) =>
      percent(o.summary.pairs.permitted, o.summary.pairs.total),
    ),
    ...SEVERITIES.map((severity) =>
      row(`${w.report.findings}: ${w.severity[severity]}`, (o) => figure(o.summary.findings[severity])),
    ),
  ];
}

function comparison(page: Page, engines: readonly AuditEngine[]): void {
  const { lang, width } = page.options;
  const w = words(lang).report;
  const overviews = engines.map((engine) => engine.overview());
  page.heading(w.comparison);
  const lines = table(
    [
      { title: '', shrink: true },
      ...overviews.map((o) => ({ title: plain(o.cluster.name), align: 'right' as const, shrink: true })),
    ],
    comparisonRows(overviews, lang),
    width - 2,
  );
  for (const [i, line] of lines.entries()) page.line(`  ${i === 0 ? page.paint(line, 'bold') : line}`);
}

/** A connection's end in text: `namespace/name`, `namespace/Kind/name`, or its CIDRs. */
export function nodeText(node: NodeJson): string {
  if ('cidrs' in node) return node.cidrs.join(' ');
  return node.kind === 'Pod'
    ? `${node.namespace}/${node.name}`
    : `${node.namespace}/${node.kind}/${node.name}`;
}

/** One line an edge: `shop/web -> shop/db: TCP 5432`, in pieces. */
export function* connectionsText(
  engine: AuditEngine,
  endpoints: 'pods' | 'workloads',
  lang: Lang,
): Generator<string> {
  const w = words(lang).report;
  let lines: string[] = [];
  for (const edge of engine.connections(endpoints).edges) {
    const parts: string[] = [];
    if (Object.keys(edge.conns).length > 0) parts.push(connsText(edge.conns, lang));
    if (edge.depends !== undefined && Object.keys(edge.depends).length > 0) {
      parts.push(`${w.conditional}: ${connsText(edge.depends, lang)}`);
    }
    const marks = [...(edge.partial ? ['partial'] : []), ...(edge.within ? ['within'] : [])];
    const mark = marks.length === 0 ? '' : `  [${marks.join(', ')}]`;
    lines.push(plain(`${nodeText(edge.src)} -> ${nodeText(edge.dst)}: ${parts.join('; ')}${mark}`));
    if (lines.length >= 500) {
      yield `${lines.join('\n')}\n`;
      lines = [];
    }
  }
  if (lines.length > 0) yield `${lines.join('\n')}\n`;
}

/** Why one direction permits or denies. */
function reasonLines(page: Page, reason: DirectionReason, lang: Lang): void {
  const parts = reasonParts(reason, lang);
  const title = words(lang).directionTitle[reason.direction];
  page.line(page.paint(`${title}: ${verdictText(reason.verdict, lang)}`, 'bold'));
  page.para(`${parts.sentence}.`, 2);
  // The sentence names a few rules; where it had to count the rest, here they stand.
  if (parts.rules.length > NAMED_RULES) {
    for (const rule of parts.rules.slice(0, MOST_RULES)) page.para(rule, 4, '- ');
    more(page, parts.rules.length - MOST_RULES);
  }
  for (const sentence of parts.near) page.para(sentence, 2);
  for (const sentence of parts.assumptions) page.para(sentence, 2, '', 'dim');
}

const VERDICT_PAINT = {
  permitted: 'green',
  some: 'green',
  depends: 'yellow',
  denied: 'red',
} as const satisfies Record<PairExplanation['verdict'], Paint>;

/** What is permitted between two ends and what is not, with the reasons of each part, as text for a terminal. */
export function pairText(pair: PairExplanation, options: TextOptions): string {
  const page = new Page(options);
  const { lang } = options;
  const w = words(lang);
  const ends = `${endpointText(pair.src)} -> ${endpointText(pair.dst)} (${askedText(pair, lang)}${pair.family === null ? '' : `, ${pair.family}`})`;
  const verdict = page.paint(pairVerdictText(pair.verdict, lang), 'bold', VERDICT_PAINT[pair.verdict]);
  page.line(`${plain(ends)}: ${verdict}`);
  if (pair.enforced === 'unknown') page.para(w.explain.enforcementUnknown, 0, '', 'dim');
  for (const [i, part] of pair.parts.entries()) {
    page.line();
    const family = part.family === pair.family ? '' : ` (${part.family})`;
    const said = page.paint(verdictText(part.verdict, lang), 'bold', VERDICT_PAINT[part.verdict]);
    page.line(`${partPortsText(pair, i, lang)}${family}: ${said}`);
    if (pair.enforced === 'no' && part.paperVerdict !== part.verdict) {
      page.para(fill(w.explain.paper, { verdict: verdictText(part.paperVerdict, lang) }), 0, '', 'yellow');
    }
    const ports = Object.values(part.conns)[0];
    const led = { service: part.service, dst: pair.dst, port: ports?.[0]?.[0] ?? 0 };
    for (const sentence of serviceSentences(led, lang)) page.para(sentence, 2);
    reasonLines(page, part.egress, lang);
    reasonLines(page, part.ingress, lang);
  }
  return page.text();
}

/**
 * Why a connection is permitted or denied, as text for a terminal.
 * @param manifestText puts the manifest of a remedy into text (YAML), so that only who needs that library loads it
 */
export function explanationText(
  e: Explanation,
  options: TextOptions,
  manifestText: (manifest: unknown) => string,
): string {
  const page = new Page(options);
  const { lang } = options;
  const w = words(lang);
  const paint: Paint = e.verdict === 'permitted' ? 'green' : e.verdict === 'denied' ? 'red' : 'yellow';
  const connection = `${endpointText(e.src)} -> ${endpointText(e.dst)} ${e.protocol}/${e.port}${e.family === null ? '' : ` (${e.family})`}`;
  page.line(`${plain(connection)}: ${page.paint(verdictText(e.verdict, lang), 'bold', paint)}`);
  for (const sentence of serviceSentences(e, lang)) page.para(sentence, 0);
  if (e.enforced === 'no' && e.paperVerdict !== e.verdict) {
    page.para(fill(w.explain.paper, { verdict: verdictText(e.paperVerdict, lang) }), 0, '', 'yellow');
  }
  if (e.enforced === 'unknown') page.para(w.explain.enforcementUnknown, 0, '', 'dim');
  for (const reason of [e.egress, e.ingress]) {
    page.line();
    reasonLines(page, reason, lang);
  }
  page.line();
  page.line(`${w.explain.between}: ${connsText(e.conns, lang)}`);
  if (Object.keys(e.depends).length > 0)
    page.line(`${w.explain.dependsBetween}: ${connsText(e.depends, lang)}`);
  if (e.remedy !== null) {
    const { verdict, others } = remedyParts(e.remedy, lang);
    page.line();
    page.line(page.paint(verdict, 'bold'));
    if (others !== null) page.para(others, 0, '', 'yellow');
    for (const [i, policy] of e.remedy.policies.entries()) {
      if (i > 0) page.line('---');
      page.line(`# ${w.directionTitle[policy.direction]}, ${w.report.namespace} ${plain(policy.namespace)}`);
      page.line(manifestText(policy.manifest).trimEnd());
    }
  }
  return page.text();
}

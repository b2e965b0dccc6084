/**
 * The PDF as a document model (pdfmake's document definition, plain data): one audit, or several with a page that
 * compares them. What everything rests on comes first: enforcement, coverage, and what was refused.
 */
import type { AuditEngine } from '../audit/api.ts';
import type { Direction, Overview, PodRow } from '../audit/result.ts';
import { SEVERITIES } from '../audit/result.ts';
import type { CoverageEntry } from '../kube/snapshot.ts';
import { cut } from './columns.ts';
import { isGap } from '../audit/gaps.ts';
import { fill } from './messages/format.ts';
import { foldedText, foldMatrix, heatmapSvg, MOST_NAMESPACES } from './pdf/heatmap.ts';
import {
  BAD,
  bar,
  callout,
  fixedWidths,
  GOOD,
  heading,
  INK,
  LINE,
  MUTED,
  PAGE,
  PANEL,
  PAIRS_FILL,
  PART_FILL,
  PATTERNS,
  ROOM,
  SEVERITY_COLOUR,
  STYLES,
  swatch,
  t,
  table,
  WARN,
  WIDTH_FILL,
} from './pdf/parts.ts';
import type { Content, ContentObject, Segment } from './pdf/parts.ts';
import {
  byExposure,
  figure,
  groupEgress,
  groupFindings,
  groupName,
  groupPods,
  ISOLATION_PARTS,
  isUnisolated,
  percent,
  WIDTH_PARTS,
} from './tables.ts';
import type { FindingGroup, PodGroup } from './tables.ts';
import { comparisonRows, egressName, reachText } from './text.ts';
import {
  assumptionText,
  coverageReason,
  coverageText,
  coverageWhere,
  enforcementText,
  findingText,
  isPaperOnly,
  listText,
  NOT_READ,
  notRead,
  objectText,
  placeText,
  podStateText,
  rejectionText,
  triText,
  warningText,
  widthText,
  templatesText,
  words,
} from './words.ts';
import type { Lang } from './words.ts';

export interface DocumentOptions {
  lang: Lang;
  /** SHA-256 of each audit's JSON, hexadecimal, in the order of the audits. */
  digests: readonly string[];
}

/** Rows that a list of the report holds at most; what is left out is counted in words below it. */
export const MOST = {
  podRows: 1500,
  unisolatedRows: 800,
  egressRows: 800,
  namespaces: 300,
  findingPlaces: 60,
  rejectedFirstPage: 4,
  rejected: 300,
  coverage: 80,
} as const;

/** Longer lists begin on a page of their own; shorter sections stay in one piece. */
const SHORT = 14;

/**
 * The document definition of a report.
 * @param engines at least one evaluated audit
 */
export function reportDocument(engines: readonly AuditEngine[], options: DocumentOptions): ContentObject {
  const { lang } = options;
  const w = words(lang).report;
  const overviews = engines.map((engine) => engine.overview());
  const names = overviews.map((o) => o.cluster.name);
  const several = engines.length > 1;
  const content: Content[] = [];
  if (several) content.push(...comparison(overviews, lang));
  for (const [i, engine] of engines.entries()) {
    content.push(...section(engine, options.digests[i] ?? '', lang, several, i));
  }
  const title = `${w.title}: ${names.join(', ')}`;
  const footerDigest = options.digests.map((digest) => digest.slice(0, several ? 8 : 16)).join(', ');
  return {
    pageSize: 'A4',
    pageMargins: [...PAGE.margins],
    version: '1.7',
    language: lang,
    displayTitle: true,
    info: {
      title,
      subject: fill(w.subject, { cluster: names.join(', ') }),
      author: `Bulkhead ${overviews[0]!.version}`,
      creator: `Bulkhead ${overviews[0]!.version}`,
      producer: 'pdfmake',
      creationDate: new Date(overviews[0]!.auditedAt),
      modDate: new Date(overviews[0]!.auditedAt),
    },
    defaultStyle: { font: 'Pretendard', fontSize: 9, color: INK, lineHeight: 1.15 },
    styles: STYLES,
    patterns: PATTERNS,
    header: (page: number) =>
      page === 1
        ? ''
        : {
            margin: [PAGE.margins[0], 24, PAGE.margins[2], 0],
            columns: [
              { text: cut(title, 90), fontSize: 7.5, color: MUTED, width: '*' },
              {
                text: overviews[0]!.auditedAt,
                fontSize: 7.5,
                color: MUTED,
                alignment: 'right',
                width: 'auto',
              },
            ],
          },
    footer: (page: number, pages: number) => ({
      margin: [PAGE.margins[0], 20, PAGE.margins[2], 0],
      columns: [
        { text: fill(w.digest, { digest: footerDigest }), fontSize: 7, color: MUTED, width: '*' },
        {
          text: fill(w.page, { page, pages }),
          fontSize: 7.5,
          color: MUTED,
          alignment: 'right',
          width: 'auto',
        },
      ],
    }),
    content,
  };
}

/** More clusters than this beside each other cannot be read on paper: the next ones stand in another table. */
const BESIDE = 7;

/** The page that compares several clusters. */
function comparison(overviews: Overview[], lang: Lang): Content[] {
  const w = words(lang).report;
  const tables: Content[] = [];
  for (let i = 0; i < overviews.length; i += BESIDE) {
    const some = overviews.slice(i, i + BESIDE);
    const wide = some.length > 3;
    tables.push(
      table(
        [
          { title: '', width: wide ? 125 : '*' },
          ...some.map((o) => ({
            title: o.cluster.name,
            width: wide ? ('*' as const) : 110,
            align: 'right' as const,
          })),
        ],
        comparisonRows(some, lang).map(([name, ...values]) => [
          t(name!, { color: MUTED }),
          ...values.map((value) => t(value)),
        ]),
      ),
    );
  }
  return [
    { text: w.title, style: 'overline' },
    { text: w.comparison, style: 'title', margin: [0, 2, 0, 10], tocItem: true, outline: true },
    ...tables,
    ...overviews.map((o) => ({
      margin: [0, 8, 0, 0],
      unbreakable: true,
      stack: [
        { text: cut(o.cluster.name, 90), bold: true, fontSize: 8.5, margin: [0, 0, 0, 3] },
        bar(isolationSegments(o, lang), ROOM, 12),
      ],
    })),
    legend(isolationSegments(overviews[0]!, lang, true)),
  ];
}

function section(
  engine: AuditEngine,
  digest: string,
  lang: Lang,
  several: boolean,
  index: number,
): Content[] {
  const o = engine.overview();
  const w = words(lang);
  const parent = several ? `audit-${index}` : undefined;
  const head = (text: string) => heading(text, parent === undefined ? {} : { parent });
  const rows = [...engine.podRows()];
  const pods = o.coverage.noPods === undefined;
  const parts: Content[] = [
    {
      text: w.report.title,
      style: 'overline',
      ...(several ? { pageBreak: 'before' } : {}),
    },
    {
      text: o.cluster.name,
      style: 'title',
      margin: [0, 2, 0, 6],
      ...(several
        ? {
            tocItem: true,
            outline: true,
            outlineExpanded: true,
            id: `audit-${index}`,
            outlineText: o.cluster.name,
          }
        : {}),
    },
    facts(o, digest, lang),
    ...standing(o, engine.allFindings().filter(isGap).length, lang),
    ...refusedFirst(o, lang),
    ...(pods ? summary(o, lang) : []),
    ...(index === 0 && !several ? [contents(w.report.contents)] : []),
    ...(pods ? isolationByNamespace(o, head, lang) : policiesByNamespace(o, head, lang)),
    ...(pods
      ? [...heatmap(engine, head, lang), ...openEgress(engine, head, lang), ...podLists(rows, head, lang)]
      : []),
    ...findings(engine, head, lang),
    ...(pods ? allPods(rows, head, lang) : []),
    ...refusedAll(o, head, lang),
    ...assumptions(o, head, lang),
    ...coverageDetails(o, head, lang),
    ...cannot(head, lang),
  ];
  return parts;
}

/** What was audited, when and by what, in two columns of small print. */
function facts(o: Overview, digest: string, lang: Lang): Content {
  const w = words(lang);
  const c = o.cluster;
  const source = c.file === undefined ? w.source[c.source] : `${w.source[c.source]}: ${c.file}`;
  const pairs: [string, string][] = [
    [w.report.source, source],
    ...(c.server === undefined ? [] : [[w.report.server, c.server] as [string, string]]),
    [w.report.serverVersion, c.serverVersion ?? w.report.unknownValue],
    [w.report.takenAt, c.takenAt],
    [w.report.auditedAt, o.auditedAt],
    [w.report.version, o.version],
  ];
  const half = Math.ceil(pairs.length / 2);
  const width = (ROOM - 12) / 2;
  const column = (list: [string, string][]) => ({
    width,
    layout: 'plain',
    table: {
      widths: fixedWidths([80, '*'], width - 16),
      body: list.map(([name, value]) => [t(name, { color: MUTED }), t(value)]),
    },
  });
  return {
    fontSize: 8,
    margin: [0, 0, 0, 8],
    stack: [
      { columnGap: 12, columns: [column(pairs.slice(0, half)), column(pairs.slice(half))] },
      {
        text: [{ text: `${w.report.sha256} `, color: MUTED }, digest],
        fontSize: 7.5,
        margin: [0, 1.5, 0, 0],
      },
    ],
  };
}

/** Enforcement, coverage and notes. */
function standing(o: Overview, gaps: number, lang: Lang): Content[] {
  const w = words(lang).report;
  const enforcement = enforcementText(o, lang);
  const coverage = coverageText(o, lang, gaps);
  const colour = enforcement.level === 'yes' ? GOOD : enforcement.level === 'no' ? BAD : WARN;
  const proof = o.enforcement.evidence.slice(0, 2).map((e) => `${e.where}: ${e.what}`);
  const gap = !coverage.complete || o.rejected.length > 0 || gaps > 0;
  const covered = callout(
    w.coverage,
    coverage.sentences.map((sentence, i) => t(sentence, { bold: i === 0 && !coverage.complete })),
    coverage.complete ? (gap ? WARN : GOOD) : BAD,
  );
  // Where there is nothing to say anything of, that comes before everything else.
  const first = o.coverage.noPods === 'not-read';
  return [
    ...(first ? [covered] : []),
    callout(
      w.enforcement,
      [
        t(enforcement.text, { bold: enforcement.level !== 'yes' }),
        ...(proof.length === 0
          ? []
          : [
              t(`${w.evidence}: ${listText(proof, lang)}`, {
                color: MUTED,
                fontSize: 7.5,
                margin: [0, 2, 0, 0],
              }),
            ]),
      ],
      colour,
    ),
    ...(first ? [] : [covered]),
    ...(o.cluster.warnings.length === 0
      ? []
      : [
          callout(
            w.warnings,
            o.cluster.warnings.map((warning) => t(warningText(warning, lang))),
            WARN,
          ),
        ]),
  ];
}

function refusedTable(items: Overview['rejected'], lang: Lang): Content {
  const w = words(lang);
  return table(
    [
      { title: w.report.object, width: 150 },
      { title: w.report.reasonHeading, width: '*' },
      { title: w.report.treatment, width: 120 },
    ],
    items.map((item) => [
      {
        stack: [
          { text: objectText(item.object), bold: true },
          ...(item.place === null ? [] : [t(placeText(item.place, lang), { color: MUTED, fontSize: 7 })]),
        ],
      },
      { stack: item.reasons.map((reason) => t(rejectionText(reason, item.object, lang))) },
      t(w.rejected[item.treatment]),
    ]),
  );
}

/** Refused policies stand on the first page (S24): all where they are few, else the first with a count. */
function refusedFirst(o: Overview, lang: Lang): Content[] {
  if (o.rejected.length === 0) return [];
  const w = words(lang).report;
  const shown = o.rejected.slice(0, MOST.rejectedFirstPage);
  const rest = o.rejected.length - shown.length;
  return [
    { text: `${w.rejected} (${figure(o.rejected.length)})`, style: 'sub', color: BAD },
    refusedTable(shown, lang),
    ...(rest > 0 ? [t(fill(w.seeBelow, { count: figure(rest) }), { style: 'note' })] : []),
  ];
}

function refusedAll(o: Overview, head: (text: string) => Content, lang: Lang): Content[] {
  if (o.rejected.length <= MOST.rejectedFirstPage) return [];
  const w = words(lang).report;
  const shown = o.rejected.slice(0, MOST.rejected);
  return block(head(w.rejected), [], refusedTable(shown, lang), shown.length, [
    ...leftOut(w.leftOutJson, o.rejected.length - shown.length),
  ]);
}

function isolationSegments(o: Pick<Overview, 'summary'>, lang: Lang, all = false): Segment[] {
  const counts = o.summary.isolation;
  return segmentsOf(counts, lang).filter((s) => all || s.value > 0);
}

function segmentsOf(counts: Overview['summary']['isolation'], lang: Lang): Segment[] {
  const w = words(lang).isolation;
  return ISOLATION_PARTS.map((part) => ({ label: w[part], value: counts[part], fill: PART_FILL[part] }));
}

function egressSegments(o: Overview, lang: Lang): Segment[] {
  const w = words(lang).width;
  return WIDTH_PARTS.map(([width, field], i) => ({
    label: w[width],
    value: o.summary.openEgress[field],
    fill: WIDTH_FILL[i]!,
  })).filter((s) => s.value > 0);
}

/** Names of a bar's segments, with figures where a total is given. */
function legend(segments: readonly Segment[], total?: number): Content {
  const item = (s: Segment) => ({
    columnGap: 4,
    width: '*',
    columns: [
      swatch(s.fill),
      t(total === undefined ? s.label : `${s.label}: ${figure(s.value)} (${percent(s.value, total)})`, {
        fontSize: 7.5,
      }),
    ],
  });
  const rows: Content[] = [];
  for (let i = 0; i < segments.length; i += 3) {
    const row: Content[] = segments.slice(i, i + 3).map(item);
    while (row.length < 3) row.push({ text: '', width: '*' });
    rows.push({ columns: row, margin: [0, 1, 0, 0] });
  }
  return { stack: rows, margin: [0, 3, 0, 4] };
}

function tile(value: string, label: string, colour: string): Content {
  return {
    stack: [
      { text: value, fontSize: 19, bold: true, color: colour, lineHeight: 1 },
      t(label, { fontSize: 7.5, color: MUTED, margin: [0, 2, 0, 0] }),
    ],
  };
}

function summary(o: Overview, lang: Lang): Content[] {
  const w = words(lang);
  const { isolation, findings: found, pairs } = o.summary;
  const severe = found.critical + found.high;
  const tiles = [
    tile(
      `${figure(isolation.both)} / ${figure(isolation.pods)}`,
      w.report.tileBoth,
      isolation.both === isolation.pods ? GOOD : INK,
    ),
    tile(figure(isolation.none), w.report.tileNone, isolation.none > 0 ? BAD : GOOD),
    tile(
      figure(o.summary.openEgress.anywhere),
      w.report.tileAnywhere,
      o.summary.openEgress.anywhere > 0 ? BAD : GOOD,
    ),
    tile(figure(severe), w.report.tileSevere, severe > 0 ? BAD : GOOD),
  ];
  const small: [string, number][] = [
    [w.report.namespaces, o.summary.namespaces],
    [w.report.workloads, o.summary.workloads],
    [w.report.policies, o.summary.policies],
    [w.report.nodes, o.summary.nodes],
  ];
  const extra = [
    ...small.map(([name, value]) => `${name} ${figure(value)}`),
    ...(isolation.allPermitted > 0 ? [`${w.isolation.allPermitted} ${figure(isolation.allPermitted)}`] : []),
    ...(o.summary.finishedPods > 0 ? [`${w.report.finished} ${figure(o.summary.finishedPods)}`] : []),
  ].join(' · ');
  const templates = templatesText(o.summary, lang);
  const pairSegments: Segment[] = [
    { label: w.report.pairsFull, value: pairs.full, fill: PAIRS_FILL.full },
    { label: w.report.pairsSome, value: pairs.permitted - pairs.full, fill: PAIRS_FILL.some },
    { label: w.report.pairsDepends, value: pairs.depends, fill: PAIRS_FILL.depends },
    { label: w.report.pairsDenied, value: pairs.denied, fill: PAIRS_FILL.denied },
  ].filter((s) => s.value > 0);
  const charts: [string, Segment[], number][] = [
    [`${w.report.podsBy} (${figure(isolation.pods)})`, isolationSegments(o, lang), isolation.pods],
    [`${w.report.openEgress} (${figure(isolation.pods)})`, egressSegments(o, lang), isolation.pods],
    [`${w.report.pairs} (${figure(pairs.total)})`, pairSegments, pairs.total],
  ];
  return [
    {
      unbreakable: true,
      stack: [
        { text: w.report.summary, style: 'sub' },
        { columns: tiles, columnGap: 10, margin: [0, 2, 0, 6] },
        ...(isolation.paperOnly > 0
          ? [
              t(fill(w.report.paperPods, { count: figure(isolation.paperOnly) }), {
                color: BAD,
                bold: true,
                margin: [0, 0, 0, 4],
              }),
            ]
          : []),
        t(extra, { color: MUTED, fontSize: 8, margin: [0, 0, 0, 4] }),
        ...(templates === null ? [] : [t(templates, { color: MUTED, fontSize: 8, margin: [0, 0, 0, 4] })]),
      ],
    },
    ...charts.map(([title, segments, total]) => ({
      unbreakable: true,
      stack: [{ text: title, style: 'sub' }, bar(segments, ROOM, 12), legend(segments, total)],
    })),
  ];
}

const SMALL = { fontSize: 8, lineHeight: 1 };

function contents(title: string): Content {
  return {
    unbreakable: true,
    margin: [0, 6, 0, 0],
    stack: [
      {
        toc: {
          title: { text: title, style: 'sub' },
          textStyle: SMALL,
          numberStyle: SMALL,
        },
      },
    ],
  };
}

/**
 * A section around a list. A short one stays in one piece; a long one begins on a page of its own, so that its
 * heading never stands alone at a page's foot.
 */
function block(
  head: Content,
  lead: Content[],
  body: Content,
  rows: number,
  after: Content[] = [],
): Content[] {
  if (rows <= SHORT)
    return [{ unbreakable: true, margin: [0, 14, 0, 0], stack: [head, ...lead, body, ...after] }];
  return [{ ...(head as ContentObject), pageBreak: 'before' }, ...lead, body, ...after];
}

function leftOut(template: string, count: number): Content[] {
  return count > 0 ? [t(fill(template, { count: figure(count) }), { style: 'note' })] : [];
}

function isolationByNamespace(o: Overview, head: (text: string) => Content, lang: Lang): Content[] {
  const w = words(lang);
  const shown = o.namespaces.slice(0, MOST.namespaces);
  const rows = shown.map((n) => {
    const unread = notRead(o.coverage, 'pods', n.name, n.isolation.pods);
    const ofPods = (count: number): string => (unread ? NOT_READ : figure(count));
    return [
      n.name,
      ofPods(n.isolation.pods),
      { ...bar(segmentsOf(n.isolation, lang), 84, 8), margin: [0, 1, 0, 0] },
      ofPods(n.isolation.both),
      ofPods(n.isolation.ingressOnly),
      ofPods(n.isolation.egressOnly),
      coloured(ofPods(n.isolation.none), n.isolation.none > 0 ? BAD : INK),
      coloured(ofPods(n.openEgress.anywhere), n.openEgress.anywhere > 0 ? BAD : INK),
      policiesOf(o, n),
      t(n.defaults.map((d) => w.defaults[d]).join(', '), { fontSize: 7, color: MUTED }),
    ];
  });
  const body = table(
    [
      { title: w.report.namespace, width: '*' },
      { title: w.report.pods, width: 28, align: 'right' },
      { title: '', width: 84 },
      { title: w.isolationShort.both, width: 26, align: 'right' },
      { title: w.isolationShort.ingressOnly, width: 38, align: 'right' },
      { title: w.isolationShort.egressOnly, width: 38, align: 'right' },
      { title: w.isolationShort.none, width: 26, align: 'right' },
      { title: w.report.anywhereShort, width: 40, align: 'right' },
      { title: w.report.policies, width: 30, align: 'right' },
      { title: w.report.defaultsHeading, width: 52 },
    ],
    rows,
  );
  return block(
    head(w.report.isolationByNamespace),
    [legend(isolationSegments(o, lang, true))],
    body,
    rows.length,
    [...leftOut(w.report.leftOutJson, o.namespaces.length - shown.length)],
  );
}

/** The namespaces of an input without pods: nothing can be said of isolation there. */
function policiesByNamespace(o: Overview, head: (text: string) => Content, lang: Lang): Content[] {
  const w = words(lang);
  const shown = o.namespaces.slice(0, MOST.namespaces);
  if (shown.length === 0) return [];
  const body = table(
    [
      { title: w.report.namespace, width: '*' },
      { title: w.report.policies, width: 60, align: 'right' },
      { title: w.report.defaultsHeading, width: 180 },
    ],
    shown.map((n) => [
      n.name,
      policiesOf(o, n),
      t(n.defaults.map((d) => w.defaults[d]).join(', '), { fontSize: 7, color: MUTED }),
    ]),
  );
  return block(head(w.report.namespaces), [], body, shown.length, [
    ...leftOut(w.report.leftOutJson, o.namespaces.length - shown.length),
  ]);
}

function policiesOf(o: Overview, { name, policies }: Overview['namespaces'][number]): string {
  return notRead(o.coverage, 'policies', name, policies) ? NOT_READ : figure(policies);
}

function coloured(text: string, color: string): ContentObject {
  return { text, color };
}

function heatmap(engine: AuditEngine, head: (text: string) => Content, lang: Lang): Content[] {
  const w = words(lang).report;
  const data = foldMatrix(engine.matrix({ level: 'namespace' }), MOST_NAMESPACES, w.heatmapOthers);
  if (data.names.length === 0) return [];
  const { svg, width, height } = heatmapSvg(data, lang);
  const folded = foldedText(data, lang);
  return [
    {
      unbreakable: true,
      margin: [0, 14, 0, 0],
      stack: [
        head(w.heatmap),
        t(w.heatmapText, { style: 'lead' }),
        ...(folded === '' ? [] : [t(folded, { style: 'lead' })]),
        { svg, width, height },
      ],
    },
  ];
}

function openEgress(engine: AuditEngine, head: (text: string) => Content, lang: Lang): Content[] {
  const w = words(lang).report;
  const groups = groupEgress(engine);
  const lead = [t(groups.length === 0 ? w.openEgressNone : w.openEgressText, { style: 'lead' })];
  if (groups.length === 0) return block(head(w.openEgress), lead, '', 0);
  const shown = groups.slice(0, MOST.egressRows);
  const body = table(
    [
      { title: w.namespace, width: 92 },
      { title: w.workload, width: 140 },
      { title: w.width, width: 86 },
      { title: w.reach, width: '*' },
    ],
    shown.map((group) => [
      group.namespace,
      egressName(group),
      t(widthText(group.width, lang), { color: group.width === 'anywhere' ? BAD : INK }),
      t(reachText(group, lang)),
    ]),
  );
  return block(
    head(w.openEgress),
    lead,
    body,
    shown.length,
    leftOut(w.leftOutEgress, groups.length - shown.length),
  );
}

function stateCell(row: PodRow, direction: Direction, lang: Lang): Content {
  const state = direction === 'ingress' ? row.ingress : row.egress;
  const colour =
    isPaperOnly(row, direction) || state === 'open'
      ? BAD
      : state === 'isolated'
        ? INK
        : state === 'not-isolatable'
          ? MUTED
          : WARN;
  return t(podStateText(row, direction, lang), { color: colour });
}

function podTable(groups: readonly PodGroup[], lang: Lang): Content {
  const w = words(lang);
  // Where enforcement is the same for all, the first page says it; a column says it where pods differ.
  const enforced = groups.some((group) => group.sample.enforced !== groups[0]!.sample.enforced);
  return table(
    [
      { title: w.report.namespace, width: 74 },
      { title: w.report.workload, width: '*' },
      { title: w.report.ingress, width: 70 },
      { title: w.report.egress, width: 70 },
      { title: w.report.openEgressShort, width: enforced ? 72 : 80 },
      ...(enforced ? [{ title: w.report.enforced, width: 36 }] : []),
      { title: w.report.policies, width: 30, align: 'right' as const },
    ],
    groups.map((group) => [
      group.namespace,
      { text: [groupName(group), { text: `  ${group.workload.kind}`, color: MUTED, fontSize: 7 }] },
      stateCell(group.sample, 'ingress', lang),
      stateCell(group.sample, 'egress', lang),
      t(widthText(group.sample.openEgress, lang), {
        color: group.sample.openEgress === 'anywhere' ? BAD : INK,
      }),
      ...(enforced
        ? [t(triText(group.sample.enforced, lang), { color: group.sample.enforced === 'no' ? BAD : INK })]
        : []),
      figure(group.sample.policies),
    ]),
  );
}

function podLists(rows: readonly PodRow[], head: (text: string) => Content, lang: Lang): Content[] {
  const w = words(lang).report;
  const open = groupPods(rows, isUnisolated).sort(byExposure);
  const shown = open.slice(0, MOST.unisolatedRows);
  const lead = [t(open.length === 0 ? unisolatedNone(rows, lang) : w.unisolatedText, { style: 'lead' })];
  if (open.length === 0) return block(head(w.unisolated), lead, '', 0);
  return block(
    head(w.unisolated),
    lead,
    podTable(shown, lang),
    shown.length,
    leftOut(w.leftOut, open.length - shown.length),
  );
}

/** What is said where no pod is open: not that all are isolated where some are unknown or cannot be. */
function unisolatedNone(rows: readonly PodRow[], lang: Lang): string {
  const w = words(lang);
  const states = (['unknown', 'not-isolatable', 'isolated-all-permitted'] as const).flatMap((state) => {
    const count = rows.filter(({ ingress, egress }) => ingress === state || egress === state).length;
    return count === 0 ? [] : [`${w.state[state]} ${figure(count)}`];
  });
  if (states.length === 0) return w.report.unisolatedNone;
  return `${w.report.unisolatedUnknown} ${states.join(', ')}.`;
}

function allPods(rows: readonly PodRow[], head: (text: string) => Content, lang: Lang): Content[] {
  const w = words(lang).report;
  const groups = groupPods(rows);
  const shown = groups.slice(0, MOST.podRows);
  return block(
    head(w.podTable),
    [t(w.podTableText, { style: 'lead' })],
    podTable(shown, lang),
    shown.length,
    leftOut(w.leftOut, groups.length - shown.length),
  );
}

function findings(engine: AuditEngine, head: (text: string) => Content, lang: Lang): Content[] {
  const w = words(lang);
  const groups = groupFindings(engine.allFindings());
  if (groups.length === 0) return block(head(w.report.findings), [], t(w.report.findingsNone), 0);
  const counts = engine.overview().summary.findings;
  const line = SEVERITIES.filter((s) => counts[s] > 0)
    .map((s) => `${w.severity[s]} ${figure(counts[s])}`)
    .join(' · ');
  const rows = groups.reduce((sum, group) => sum + group.findings.length + 1, 0);
  const [first, ...rest] = groups.map((group) => findingTable(group, lang));
  const intro = [head(w.report.findings), t(line, { style: 'lead' })];
  return rows <= SHORT
    ? [{ unbreakable: true, margin: [0, 14, 0, 0], stack: [...intro, first!] }, ...rest]
    : [{ ...(intro[0] as ContentObject), pageBreak: 'before' }, intro[1]!, first!, ...rest];
}

/** Findings of one check: its severity, title and advice repeat on each page above the places. */
function findingTable(group: FindingGroup, lang: Lang): Content {
  const w = words(lang);
  const words0 = findingText(group.findings[0]!, lang);
  const shown = group.findings.slice(0, MOST.findingPlaces);
  const colour = SEVERITY_COLOUR[group.severity];
  const worded = shown.map((finding) => findingText(finding, lang));
  // Advice that names what differs from place to place stands at each of them.
  const oneAdvice = worded.every(({ advice }) => advice === worded[0]!.advice);
  const texts = worded.map(({ text, advice }) => (oneAdvice ? text : `${text} → ${advice}`));
  // The same sentence for every place stands once, above them.
  const common = texts.every((text) => text === texts[0]) ? texts[0]! : null;
  const title: Content = {
    colSpan: 2,
    fillColor: PANEL,
    stack: [
      {
        columnGap: 6,
        columns: [
          { ...swatch({ colour }), margin: [0, 2.6, 0, 0] },
          { text: w.severity[group.severity], color: colour, bold: true, fontSize: 9, width: 40 },
          t(words0.title, { bold: true, fontSize: 9, width: '*' }),
          {
            text: group.findings.length > 1 ? `×${figure(group.findings.length)}` : '',
            color: MUTED,
            width: 'auto',
          },
        ],
      },
      ...(common === null || common === '' ? [] : [t(common, { margin: [0, 3, 0, 0] })]),
      ...(words0.advice === '' || !oneAdvice
        ? []
        : [t(`→ ${words0.advice}`, { color: MUTED, margin: [0, 3, 0, 0] })]),
    ],
  };
  const body = shown.flatMap((finding, i): Content[][] => {
    const place = finding.place === null ? '' : placeText(finding.place, lang);
    if (common !== null && finding.object === null && place === '') return [];
    const where = {
      stack: [
        { text: finding.object === null ? place : objectText(finding.object) },
        ...(finding.object === null || place === '' ? [] : [t(place, { color: MUTED, fontSize: 7 })]),
      ],
    };
    return [common === null ? [where, t(texts[i]!)] : [{ ...where, colSpan: 2 }, '']];
  });
  const rest = group.findings.length - shown.length;
  return {
    stack: [
      {
        style: 'table',
        layout: 'rows',
        table: {
          headerRows: body.length > 0 ? 1 : 0,
          keepWithHeaderRows: body.length > 0 ? 1 : 0,
          dontBreakRows: true,
          widths: fixedWidths([190, '*'], ROOM - 14),
          body: [[title, ''], ...body],
        },
      },
      ...leftOut(w.report.leftOutFindings, rest),
    ],
    margin: [0, 0, 0, 4],
  };
}

function assumptions(o: Overview, head: (text: string) => Content, lang: Lang): Content[] {
  const w = words(lang).report;
  const body = table(
    [
      { title: w.name, width: 130 },
      { title: w.value, width: 80 },
      { title: w.origin, width: 80 },
      { title: w.explanation, width: '*' },
    ],
    o.assumptions.map((record) => {
      const text = assumptionText(record, lang);
      return [
        t(text.name, { bold: true }),
        t(text.value),
        t(text.origin),
        t(text.explanation, { color: MUTED }),
      ];
    }),
  );
  return block(head(w.assumptions), [t(w.assumptionsText, { style: 'lead' })], body, o.assumptions.length);
}

const OUTCOMES: readonly CoverageEntry['outcome'][] = ['refused', 'failed', 'moved', 'skipped', 'read'];

function coverageDetails(o: Overview, head: (text: string) => Content, lang: Lang): Content[] {
  const w = words(lang);
  const entries = [...o.coverage.entries].sort(
    (a, b) => OUTCOMES.indexOf(a.outcome) - OUTCOMES.indexOf(b.outcome),
  );
  const shown = entries.slice(0, MOST.coverage);
  const body = table(
    [
      { title: w.report.resource, width: 138 },
      { title: w.report.place, width: 132 },
      { title: w.report.outcome, width: 70 },
      { title: w.report.objects, width: 44, align: 'right' },
      { title: w.report.reasonHeading, width: '*' },
    ],
    shown.map((entry) => {
      const gap = entry.affectsVerdicts && entry.outcome !== 'read';
      return [
        entry.resource,
        t(coverageWhere(entry, lang)),
        t(w.coverage.outcome[entry.outcome], { color: gap ? BAD : INK, bold: gap }),
        figure(entry.count),
        t(coverageReason(entry, lang), { color: MUTED }),
      ];
    }),
  );
  return block(head(w.report.coverageDetails), [], body, shown.length, [
    ...leftOut(w.report.leftOutCoverage, entries.length - shown.length),
  ]);
}

function cannot(head: (text: string) => Content, lang: Lang): Content[] {
  const w = words(lang);
  return [
    {
      unbreakable: true,
      margin: [0, 14, 0, 0],
      stack: [
        head(w.report.cannot),
        t(w.report.cannotText, { style: 'lead' }),
        { ul: Object.values(w.cannot).map((text) => t(text, { margin: [0, 0, 0, 2] })), markerColor: LINE },
      ],
    },
  ];
}

/** What was left out of an audit, one line each, for where there is no room for a whole report. */
import type { Finding, Overview } from '../audit/result.ts';
import {
  coverageReason,
  coverageText,
  coverageWhere,
  findingText,
  isUnread,
  nextPodsText,
  notEvaluatedText,
  objectText,
  placeText,
  words,
} from './words.ts';
import type { Lang } from './words.ts';

/**
 * What takes no part in an audit, or leaves its answers open: what could not be read first. Empty where nothing was left out.
 * @param overview of the audit
 * @param gaps its findings of input that takes no part (see `isGap`)
 */
export function leftOutLines(overview: Overview, gaps: readonly Finding[], lang: Lang): string[] {
  const { coverage, rejected } = overview;
  const w = words(lang);
  const lines: string[] = [];
  if (coverage.noPods === 'not-read') {
    const next = nextPodsText(overview.cluster.source, lang);
    lines.push(w.coverage.noPods, ...(next === '' ? [] : [next]));
  }
  if (coverage.notEvaluated !== undefined) lines.push(notEvaluatedText(coverage.notEvaluated, lang));
  const files = new Set<string>();
  for (const entry of coverage.entries.filter(isUnread)) {
    const isFile = entry.resource === 'file';
    if (entry.file !== undefined) files.add(entry.file);
    const where = coverageWhere(entry, lang);
    const reason = coverageReason(entry, lang);
    lines.push(
      `${isFile ? where : `${entry.resource} (${where})`}: ${reason || w.coverage.outcome[entry.outcome]}`,
    );
  }
  const refused = new Set<string>();
  for (const { object, place, treatment } of rejected) {
    const where = place === null ? '' : ` (${placeText(place, lang)})`;
    refused.add(objectText(object));
    lines.push(`${objectText(object)}${where}: ${w.rejected[treatment]}`);
  }
  for (const finding of gaps) {
    const { object, place } = finding;
    if (place?.file !== undefined && files.has(place.file)) continue;
    if (object !== null && refused.has(objectText(object))) continue;
    const where = place === null ? (object === null ? '' : objectText(object)) : placeText(place, lang);
    const { title } = findingText(finding, lang);
    lines.push(where === '' ? title : `${where}: ${title}`);
  }
  if (lines.length === 0 && !coverage.complete) return coverageText(overview, lang).sentences.slice(1);
  return lines;
}

/** Which source is chosen on the first view, and what its row is called. Pure. */
import type { AuditOptions, ContextInfo, Source } from '../../shared/ipc.ts';

/** What is filled in on the first view. It is kept while the window is open: nothing has to be chosen again after a failure. */
export interface Choice {
  source: Source | null;
  /** As they were typed. */
  namespaces: string;
  assume: AuditOptions['assume'];
}

export const NO_CHOICE: Choice = { source: null, namespaces: '', assume: {} };

/** True when two choices mean the same source (a context is its name and its file). */
export function sameSource(a: Source | null, b: Source | null): boolean {
  if (a === null || b === null || a.kind !== b.kind) return a === b;
  if (a.kind === 'context' && b.kind === 'context') return a.name === b.name && a.file === b.file;
  if (a.kind === 'snapshot' && b.kind === 'snapshot') return a.path === b.path;
  if (a.kind === 'manifests' && b.kind === 'manifests') return a.paths.join('\n') === b.paths.join('\n');
  return true;
}

/** Contexts by the kubeconfig file that they stand in, in the order in which the files were met. */
export function byFile(contexts: readonly ContextInfo[]): [file: string, contexts: ContextInfo[]][] {
  const groups = new Map<string, ContextInfo[]>();
  for (const context of contexts) {
    const group = groups.get(context.file);
    if (group) group.push(context);
    else groups.set(context.file, [context]);
  }
  return [...groups];
}

/** A source in a few words that need no translation: a name or a path. */
export function sourceName(source: Source): string {
  switch (source.kind) {
    case 'context':
      return source.name;
    case 'manifests':
      return source.paths.join(', ');
    case 'snapshot':
      return source.path;
    case 'demo':
      return '';
  }
}

/** Names from a line of text, parted by commas or spaces; each once, in order. */
export function namesIn(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter(Boolean))];
}

/** The source to run: a context is limited to the namespaces that were named, if any. */
export function limited(source: Source, namespaces: string): Source {
  const names = namesIn(namespaces);
  return source.kind === 'context' && names.length > 0 ? { ...source, namespaces: names } : source;
}

/** The choice that leads to an audit: `limited` the other way round. */
export function choiceOf(source: Source, assume: AuditOptions['assume']): Choice {
  if (source.kind !== 'context') return { source, namespaces: '', assume };
  const { namespaces = [], ...context } = source;
  return { source: context, namespaces: namespaces.join(', '), assume };
}

/** A choice among contexts; one that was named without its file (on the command line) is the first of its name. */
export function among(source: Source | null, contexts: readonly ContextInfo[]): Source | null {
  if (source?.kind !== 'context' || source.file !== undefined) return source;
  const found = contexts.find(({ name }) => name === source.name);
  return found ? { ...source, file: found.file } : source;
}

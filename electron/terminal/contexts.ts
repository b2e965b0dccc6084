/** `bulkhead contexts`, and the context that is meant where only a kubeconfig was named. */
import type { ContextInfo, Lang, Source } from '../../shared/ipc.ts';
import { plain, table } from '../../shared/report/columns.ts';
import { warningText, words } from '../../shared/report/words.ts';
import { Kubeconfigs } from '../cluster/kubeconfig.ts';
import { BackendError } from '../worker/errors.ts';
import { sourceOf, sourcesOf } from './options.ts';
import type { SourceFlags } from './options.ts';
import { textWidth, writeResult } from './output.ts';
import { EXIT } from './session.ts';

/**
 * The sources that the flags name, as `sourcesOf`; `--kubeconfig` alone is its current context.
 * @throws BackendError where there is none, with the contexts to choose from
 */
export async function chosenSources(flags: SourceFlags): Promise<Source[]> {
  return sourcesOf(await withCurrent(flags));
}

/** The one source that the flags name, as `sourceOf`. Throws as `chosenSources`. */
export async function chosenSource(flags: SourceFlags): Promise<Source> {
  return sourceOf(await withCurrent(flags));
}

async function withCurrent(flags: SourceFlags): Promise<SourceFlags> {
  const { kubeconfig, context, from, snapshot, demo } = flags;
  const other = [context, from, snapshot, demo].some((flag) => flag !== undefined);
  return kubeconfig === undefined || other ? flags : { ...flags, context: [await currentOf(kubeconfig)] };
}

/** The name of the current context of some files, which is there; else an error that says what there is. */
async function currentOf(files: string[]): Promise<string> {
  const configs = new Kubeconfigs({ files });
  const { contexts, files: read } = await configs.load();
  const place = files.join(', ');
  const refuse = (message: string, hint?: string, at = place): BackendError =>
    new BackendError({ kind: 'kubeconfig', message, place: at, ...(hint === undefined ? {} : { hint }) });
  const broken = read.filter(({ problem }) => problem !== null);
  if (contexts.length === 0) {
    const [first] = broken;
    // Several files may each have something wrong: all are named.
    if (first?.problem)
      throw refuse(
        first.problem,
        broken.length > 1
          ? broken
              .slice(1)
              .map(({ path, problem }) => `${path}: ${problem}`)
              .join('\n  ')
          : undefined,
        first.path,
      );
    throw refuse(
      read.every(({ path }) => configs.isEmpty(path)) ? 'the file is empty' : 'it names no context',
    );
  }
  const current = configs.current();
  if (current !== null && contexts.some(({ name }) => name === current)) return current;
  throw refuse(
    current === null ? 'no current-context is set' : `there is no context "${current}" (current-context)`,
    [
      `Give --context NAME, ${choices(contexts)}.`,
      ...broken.map(({ path, problem }) => `Not read: ${path} (${problem})`),
    ].join('\n  '),
  );
}

/** Which context to give: those that can be used first, the others with where it is said why not. */
function choices(contexts: readonly ContextInfo[]): string {
  const names = (usable: boolean): string[] => [
    ...new Set(
      contexts.filter(({ problem }) => (problem === null) === usable).map(({ name }) => plain(name)),
    ),
  ];
  const list = (all: string[]): string =>
    `${all.slice(0, 20).join(', ')}${all.length > 20 ? `, … (${all.length} in all)` : ''}`;
  const good = names(true);
  const bad = names(false);
  const rest = bad.length === 0 ? '' : `not usable: ${list(bad)} ("bulkhead contexts" says why)`;
  if (good.length === 0) return `but none of them can be used; ${rest}`;
  return `one of: ${list(good)}${rest === '' ? '' : `; ${rest}`}`;
}

export interface ContextsFlags {
  kubeconfig?: string[];
  format: 'text' | 'json';
  lang: Lang;
}

/**
 * `bulkhead contexts`: every context with its server and login, and what is wrong with it or its file. Nothing is
 * contacted.
 * @returns 2 where no context was found, 3 where a file could not be read
 */
export async function contexts(flags: ContextsFlags): Promise<number> {
  const configs = new Kubeconfigs(flags.kubeconfig === undefined ? {} : { files: flags.kubeconfig });
  const found = await configs.load();
  const broken = found.files.some(({ problem }) => problem !== null);
  const w = words(flags.lang);
  if (flags.format === 'json') {
    await writeResult(undefined, [`${JSON.stringify(found, null, 2)}\n`], 'json');
  } else {
    const blocks = found.files.map(({ path, problem }) => {
      const own = found.contexts.filter(({ file }) => file === path);
      if (problem !== null) return [`${plain(path)}: ${plain(problem)}`];
      if (own.length === 0)
        return [`${plain(path)}: ${configs.isEmpty(path) ? w.contexts.fileEmpty : w.contexts.fileNone}`];
      return [plain(path), ...listed(own, flags.lang)];
    });
    if (found.contexts.some(({ current }) => current)) blocks.push([w.contexts.current]);
    if (found.contexts.length === 0) blocks.push([w.contexts.none]);
    await writeResult(undefined, [`${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`]);
  }
  if (found.contexts.length === 0) return EXIT.bad;
  return broken ? EXIT.incomplete : EXIT.fine;
}

/** A file's contexts as a table, what is wrong with each below it. */
function listed(contexts: readonly ContextInfo[], lang: Lang): string[] {
  const w = words(lang);
  const [heading = '', ...rows] = table(
    [
      { title: '' },
      { title: w.contexts.name },
      { title: w.report.server, shrink: true },
      { title: w.contexts.login },
      { title: w.report.namespace },
    ],
    contexts.map((context) =>
      [context.current ? '*' : '', context.name, context.server, context.auth, context.namespace ?? ''].map(
        plain,
      ),
    ),
    textWidth(undefined),
  );
  return [
    heading,
    ...rows.flatMap((row, i) => {
      const context = contexts[i]!;
      const notes = [
        ...(context.problem === null ? [] : [context.problem]),
        ...context.warnings.map((key) => warningText(key, lang, true)),
      ];
      return [row, ...notes.map((note) => `     ${plain(note)}`)];
    }),
  ];
}

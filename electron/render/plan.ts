/**
 * What a rendering of folders would run and fetch, found out before anything is run: which folders are the outermost, and
 * which remote bases their kustomizations name, however deep.
 */
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { isChartFile, isKustomizationFile, readKustomization } from '../../shared/kube/kustomize.ts';
import type { Kustomization } from '../../shared/kube/kustomize.ts';
import { readBounded, ReadRefused } from '../readBounded.ts';
import { BackendError } from '../worker/errors.ts';

/** A larger kustomization is none. */
const MAX_BYTES = 4 * 1024 * 1024;
const PASSED_OVER = new Set(['.git', 'node_modules']);

/** One folder that is rendered. */
export interface RenderFolder {
  /** As the user named the way to it. */
  shown: string;
  /** Its real path. */
  folder: string;
  how: 'kustomize' | 'helm';
  /** What it fetches: URLs and repositories, as written. */
  remote: string[];
}

export interface RenderPlan {
  folders: RenderFolder[];
  /** Real paths of folders and files that the renderings stand for: they are not read beside them. */
  covered: string[];
}

interface Found {
  shown: string;
  folder: string;
}

interface Closure {
  folders: Set<string>;
  files: Set<string>;
  remote: Set<string>;
}

/**
 * The folders to render of what the user named.
 * @param paths as the user named them; files and '-' are not rendered
 * @throws BackendError 'bad-request' where there is nothing to render, or where several folders would deploy the same
 * files under the same names and one has to be chosen; 'input' where a kustomization cannot be read
 */
export async function planRender(paths: readonly string[], signal?: AbortSignal): Promise<RenderPlan> {
  const kustomizations = new Map<string, Found>();
  const charts = new Map<string, Found>();
  const chosen = new Map<string, RenderFolder>();
  const closures = new Map<string, Closure>();
  for (const given of paths) {
    if (given === '-') continue;
    const real = await realFolder(given);
    if (real === null) continue;
    const shown = given.replace(/(?<=.)[\\/]+$/, '');
    const entries = await readdir(real);
    // A folder that was named is rendered itself, whatever lies below it.
    if (entries.some(isKustomizationFile) && (await kustomizationOf(real, shown)) !== null)
      chosen.set(real, { shown, folder: real, how: 'kustomize', remote: [] });
    else if (entries.some(isChartFile)) chosen.set(real, { shown, folder: real, how: 'helm', remote: [] });
    else await findBelow(shown, real, kustomizations, charts, signal);
  }
  const referred = new Set<string>();
  for (const [real, { shown }] of kustomizations) {
    const own = await kustomizationOf(real, shown);
    if (own === null) {
      kustomizations.delete(real);
      continue;
    }
    const closure = await closureOf(real, shown);
    closures.set(real, closure);
    for (const folder of closure.folders) if (folder !== real) referred.add(folder);
    if (own.component) referred.add(real);
  }
  for (const [real, { shown }] of kustomizations)
    if (!referred.has(real)) chosen.set(real, { shown, folder: real, how: 'kustomize', remote: [] });
  for (const [real, { shown }] of charts) {
    const inside = [...charts.keys()].some((other) => other !== real && isInside(real, other));
    if (!inside) chosen.set(real, { shown, folder: real, how: 'helm', remote: [] });
  }
  if (chosen.size === 0) {
    throw new BackendError({
      kind: 'bad-request',
      message: 'There is nothing to render: no folder with a kustomization or a Helm chart.',
      place: paths.join(' '),
    });
  }
  const covered: string[] = [];
  const taken = new Map<string, RenderFolder>();
  for (const one of chosen.values()) {
    if (one.how === 'helm') {
      covered.push(one.folder);
      continue;
    }
    const closure = closures.get(one.folder) ?? (await closureOf(one.folder, one.shown));
    one.remote = [...closure.remote].sort();
    covered.push(...closure.folders, ...closure.files);
    for (const part of [...closure.folders, ...closure.files]) {
      const before = taken.get(part);
      if (before !== undefined && before !== one) throw several([...chosen.values()], before, one);
      taken.set(part, one);
    }
  }
  return { folders: [...chosen.values()], covered };
}

function several(all: readonly RenderFolder[], a: RenderFolder, b: RenderFolder): BackendError {
  return new BackendError({
    kind: 'bad-request',
    message:
      `${a.shown} and ${b.shown} deploy the same files: their objects would stand for each other. ` +
      'Name the one to render.',
    hint: `Folders to render: ${all
      .map(({ shown }) => shown)
      .slice(0, 12)
      .join(', ')}${all.length > 12 ? ', …' : ''}`,
  });
}

function isInside(folder: string, outer: string): boolean {
  const way = path.relative(outer, folder);
  return way !== '' && !way.startsWith('..') && !path.isAbsolute(way);
}

async function realFolder(given: string): Promise<string | null> {
  try {
    const real = await realpath(given);
    return (await stat(real)).isDirectory() ? real : null;
  } catch {
    // What cannot be read is named when it is collected.
    return null;
  }
}

async function findBelow(
  shown: string,
  folder: string,
  kustomizations: Map<string, Found>,
  charts: Map<string, Found>,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch {
    return;
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  if (entries.some((one) => one.isFile() && isKustomizationFile(one.name)))
    kustomizations.set(folder, { shown, folder });
  if (entries.some((one) => one.isFile() && isChartFile(one.name))) charts.set(folder, { shown, folder });
  for (const one of entries)
    if (one.isDirectory() && !PASSED_OVER.has(one.name))
      await findBelow(`${shown}/${one.name}`, path.join(folder, one.name), kustomizations, charts, signal);
}

/** The kustomization of a folder; null where it has none. */
async function kustomizationOf(folder: string, shown: string): Promise<Kustomization | null> {
  const names = (await readdir(folder)).filter(isKustomizationFile);
  const [name] = names;
  if (name === undefined) return null;
  const file = path.join(folder, name);
  const bytes = await readBounded(file, { maxBytes: MAX_BYTES }).catch((thrown: unknown) => {
    if (thrown instanceof ReadRefused) return null;
    throw thrown;
  });
  const read = bytes === null ? null : readKustomization(file, Buffer.from(bytes).toString('utf8'));
  if (read === 'not-one') return null;
  // What it fetches cannot be named, so it is not run.
  if (read === null || names.length > 1) {
    throw new BackendError({
      kind: 'input',
      message:
        read === null
          ? 'This kustomization cannot be parsed.'
          : 'The folder has several kustomization files.',
      place: `${shown}/${name}`,
    });
  }
  return read;
}

/** Everything that a kustomization leads to. */
async function closureOf(folder: string, shown: string): Promise<Closure> {
  const closure: Closure = { folders: new Set(), files: new Set(), remote: new Set() };
  await follow(folder, shown, closure);
  return closure;
}

async function follow(folder: string, shown: string, closure: Closure): Promise<void> {
  if (closure.folders.has(folder)) return;
  const own = await kustomizationOf(folder, shown);
  if (own === null) return;
  closure.folders.add(folder);
  for (const url of own.remote) closure.remote.add(url);
  // Settings too: the folder of a transformer may have a kustomization of its own.
  for (const named of [...own.resources, ...own.components, ...own.settings]) {
    const place = path.normalize(named);
    try {
      const real = await realpath(place);
      if ((await stat(real)).isDirectory())
        await follow(real, path.join(shown, path.relative(folder, place)), closure);
      else if (!own.settings.includes(named)) closure.files.add(real);
    } catch (thrown) {
      if (thrown instanceof BackendError) throw thrown;
      // It is not there: the program will say so.
    }
  }
}

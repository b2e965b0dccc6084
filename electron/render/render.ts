/** Folders rendered by the user's own kubectl, kustomize or helm, on request only. See .github/SECURITY.md. */
import { findCommand } from '../cluster/exec.ts';
import { BackendError } from '../worker/errors.ts';
import { planRender } from './plan.ts';
import type { RenderFolder, RenderPlan } from './plan.ts';
import { runBounded } from './run.ts';
import type { Bounds } from './run.ts';

/** That folders are to be rendered, and what the user has agreed to. Plain data. */
export interface RenderRequest {
  /** Remote bases that may be fetched, as the kustomizations name them; 'all' where the user said so beforehand. */
  remote: readonly string[] | 'all';
}

export interface RenderOptions {
  signal: AbortSignal;
  searchPath: string;
  bounds?: Bounds;
}

/** The programs and arguments for a folder, in the order in which they are looked for. */
function commandsOf({ how, folder }: RenderFolder): { name: string; args: string[] }[] {
  if (how === 'helm') return [{ name: 'helm', args: ['template', folder] }];
  return [
    { name: 'kubectl', args: ['kustomize', folder] },
    { name: 'kustomize', args: ['build', folder] },
  ];
}

/** The command of a folder as the user would type it. */
export function shownCommand({ how, shown }: RenderFolder): string {
  return how === 'helm' ? `helm template ${shown}` : `kubectl kustomize ${shown}`;
}

/**
 * What is to be rendered, when all that it fetches was agreed to.
 * @throws BackendError as `planRender`, and 'bad-request' that names remote bases that were not agreed to
 */
export async function agreedPlan(
  paths: readonly string[],
  { remote }: RenderRequest,
  signal?: AbortSignal,
): Promise<RenderPlan> {
  const plan = await planRender(paths, signal);
  if (remote === 'all') return plan;
  const others = plan.folders.flatMap((one) => one.remote).filter((url) => !remote.includes(url));
  if (others.length > 0) {
    throw new BackendError({
      kind: 'bad-request',
      message: `Rendering would fetch ${[...new Set(others)].join(', ')}.`,
      hint: 'Nothing was run. --render-remote permits it.',
    });
  }
  return plan;
}

/**
 * Renders one folder.
 * @throws BackendError 'input' where no program is found, or it fails or goes over a bound
 */
export async function renderFolder(folder: RenderFolder, options: RenderOptions): Promise<Uint8Array> {
  const commands = commandsOf(folder);
  for (const { name, args } of commands) {
    const file = await findCommand(name, '', options.searchPath);
    if (file === null) continue;
    const shown = `${[name, args[0]].join(' ')} ${folder.shown}`;
    return runBounded(file, args, shown, { ...options, network: folder.remote.length > 0 });
  }
  throw new BackendError({
    kind: 'input',
    message: `${commands.map(({ name }) => name).join(' or ')} was not found`,
    place: folder.shown,
    hint: 'Install it, or start Bulkhead from a terminal where it is found.',
  });
}

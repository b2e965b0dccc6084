/** What a start opens on: the same words for the window's command line and for `serve`. */
import { parseArgs } from 'node:util';
import type { Source, SourcesInfo } from '../shared/ipc.ts';

export interface StartArguments {
  /** Null: the user chooses. */
  source: Source | null;
  /** Kubeconfig files in place of the usual ones. */
  kubeconfig: string[];
  history: string | undefined;
  /** Contexts whose credentials are sent over plain `http` too. */
  insecureTokens: string[];
  /** Programs of the files of `--kubeconfig` are run unasked. */
  allowExec: boolean;
}

/**
 * Reads the window's command line. What it does not know is left alone: Chromium and Electron take arguments too.
 * @param args without the program and the app's folder
 */
export function startArguments(args: string[]): StartArguments {
  const { values, tokens } = parseArgs({
    args,
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: {
      demo: { type: 'boolean' },
      context: { type: 'string' },
      from: { type: 'string', multiple: true },
      snapshot: { type: 'string' },
      kubeconfig: { type: 'string', multiple: true },
      history: { type: 'string' },
      'insecure-token': { type: 'string', multiple: true },
      'allow-exec': { type: 'boolean' },
    },
  });
  const from = texts(values['from']);
  const context = texts(values['context'])[0];
  const snapshot = texts(values['snapshot'])[0];
  const kubeconfig = texts(values['kubeconfig']);
  // `--from a b c` as in the terminal: what stands alone behind it are further paths. What stands alone before it is
  // the app's own folder, which Electron leaves in where a switch of Chromium's comes first.
  const firstFrom =
    tokens.find((token) => token.kind === 'option' && token.name === 'from')?.index ?? Infinity;
  const further = tokens.flatMap((token) =>
    token.kind === 'positional' && token.index > firstFrom ? [token.value] : [],
  );
  let source: Source | null = null;
  if (values['demo'] === true) source = { kind: 'demo' };
  else if (snapshot !== undefined) source = { kind: 'snapshot', path: snapshot };
  else if (from.length > 0) source = { kind: 'manifests', paths: [...from, ...further] };
  else if (context !== undefined) {
    const [file] = kubeconfig;
    source = { kind: 'context', name: context, ...(file === undefined ? {} : { file }) };
  }
  return {
    source,
    kubeconfig,
    history: texts(values['history'])[0],
    insecureTokens: texts(values['insecure-token']),
    allowExec: values['allow-exec'] === true,
  };
}

function texts(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string');
}

/**
 * The source to start on and the line that says why. Where no kubeconfig was found at all there is nothing to choose:
 * the built-in cluster shows what the app does. A kubeconfig that is there but broken is shown as such instead.
 * @param asked by the command line
 * @param found contexts and files
 */
export function startSource(
  asked: Source | null,
  found: SourcesInfo,
): { start: Source | null; notice: string | null } {
  if (asked) return { start: asked, notice: null };
  if (found.contexts.length === 0 && found.files.length === 0) {
    return { start: { kind: 'demo' }, notice: 'no-kubeconfig' };
  }
  return { start: null, notice: null };
}

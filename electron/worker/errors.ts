/** Errors that cross a door (worker, IPC, HTTP) as data. */
import type { IpcError } from '../../shared/ipc.ts';

const KINDS: readonly IpcError['kind'][] = [
  'bad-request',
  'not-found',
  'cancelled',
  'kubeconfig',
  'auth',
  'network',
  'api',
  'input',
  'history',
  'export',
  'internal',
];

/** An error with a kind and a place, that becomes an `IpcError` at the next door. */
export class BackendError extends Error {
  override name = 'BackendError';
  readonly kind: IpcError['kind'];
  readonly place: string | undefined;
  readonly hint: string | undefined;

  constructor(error: IpcError, options?: ErrorOptions) {
    super(error.message, options);
    this.kind = error.kind;
    this.place = error.place;
    this.hint = error.hint;
  }
}

/**
 * The plain form of anything that was thrown. An error that carries one of the kinds (ours or a colleague's class)
 * keeps it; a question that the evaluator refuses is the asker's mistake; a refused or vanished file is `input`;
 * the rest is `internal`.
 * @param thrown what a `catch` caught
 */
export function toIpcError(thrown: unknown): IpcError {
  if (!(thrown instanceof Error)) return { kind: 'internal', message: String(thrown) };
  const { kind, place, hint, code, path, syscall } = thrown as Error & {
    kind?: unknown;
    place?: unknown;
    hint?: unknown;
    code?: unknown;
    path?: unknown;
    syscall?: unknown;
  };
  const at = {
    ...(typeof place === 'string' ? { place } : {}),
    ...(typeof hint === 'string' ? { hint } : {}),
  };
  const known = KINDS.find((k) => k === kind);
  if (known) return { kind: known, message: thrown.message, ...at };
  if (thrown.name === 'AbortError') return { kind: 'cancelled', message: 'Cancelled.' };
  if (thrown.name === 'QuestionError') return { kind: 'bad-request', message: thrown.message, ...at };
  if (typeof code === 'string' && typeof path === 'string' && typeof syscall === 'string') {
    return { kind: 'input', message: fileMessage(code, thrown.message), place: path };
  }
  return { kind: 'internal', message: thrown.message || thrown.name, ...at };
}

/** Plain words for the file errors that a user meets; the system's own for the others. */
function fileMessage(code: string, message: string): string {
  switch (code) {
    case 'ENOENT':
      return 'There is no such file or folder.';
    case 'EACCES':
    case 'EPERM':
      return 'This file or folder may not be read or written by this user.';
    case 'EISDIR':
      return 'This is a folder, not a file.';
    case 'ENOTDIR':
      return 'A part of this path is a file, not a folder.';
    case 'ENOSPC':
      return 'There is no space left on the disk.';
    default:
      return message;
  }
}

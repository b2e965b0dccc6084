/** Errors of reading a cluster: values with a kind and a place, never with a credential. */
import type { IpcError } from '../../shared/ipc.ts';
import type { CoverageBound } from '../../shared/kube/snapshot.ts';

export type ClusterErrorKind = Extract<
  IpcError['kind'],
  'bad-request' | 'not-found' | 'cancelled' | 'kubeconfig' | 'auth' | 'network' | 'api'
>;

/** An IpcError that can be thrown. `message`, `place` and `hint` are shown to the user as they stand. */
export class ClusterError extends Error {
  override name = 'ClusterError';
  readonly kind: ClusterErrorKind;
  readonly place: string | undefined;
  readonly hint: string | undefined;
  /** The bound that was reached, where one is the reason. */
  readonly bound: CoverageBound | undefined;

  constructor(
    kind: ClusterErrorKind,
    message: string,
    more: { place?: string; hint?: string; cause?: unknown; bound?: CoverageBound } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.kind = kind;
    this.place = more.place;
    this.hint = more.hint;
    this.bound = more.bound;
  }

  /** The value that crosses to the window; the cause stays behind. */
  toIpcError(): IpcError {
    return {
      kind: this.kind,
      message: this.message,
      ...(this.place === undefined ? {} : { place: this.place }),
      ...(this.hint === undefined ? {} : { hint: this.hint }),
    };
  }
}

/** The error of a cancelled read. */
export function cancelled(): ClusterError {
  return new ClusterError('cancelled', 'Reading was cancelled');
}

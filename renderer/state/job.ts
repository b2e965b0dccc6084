/** What is known of a running audit, as a pure step function: events may come before the reply that names the job. */
import type { AuditFinished, AuditProgress } from '../../shared/ipc.ts';

export interface JobState {
  /** Null until audit.start has answered. */
  id: string | null;
  progress: Readonly<Record<string, AuditProgress>>;
  finished: Readonly<Record<string, AuditFinished>>;
  cancelling: boolean;
}

export type JobEvent =
  | { type: 'started'; job: string }
  | { type: 'progress'; payload: AuditProgress }
  | { type: 'finished'; payload: AuditFinished }
  | { type: 'cancelling' };

export const NEW_JOB: JobState = { id: null, progress: {}, finished: {}, cancelling: false };

/** The state after one event. Late progress of a finished job changes nothing. */
export function stepJob(state: JobState, event: JobEvent): JobState {
  switch (event.type) {
    case 'started':
      return { ...state, id: event.job };
    case 'cancelling':
      return { ...state, cancelling: true };
    case 'progress':
      if (state.finished[event.payload.job]) return state;
      return { ...state, progress: { ...state.progress, [event.payload.job]: event.payload } };
    case 'finished':
      return { ...state, finished: { ...state.finished, [event.payload.job]: event.payload } };
  }
}

/** Progress of the job that was started, if any has come. */
export function currentProgress(state: JobState): AuditProgress | null {
  return (state.id !== null && state.progress[state.id]) || null;
}

/** How the job ended, or null while it runs. */
export function outcome(state: JobState): AuditFinished | null {
  return (state.id !== null && state.finished[state.id]) || null;
}

/** Share done, 0 to 1, or null when the total is not known (then the bar has no length). */
export function share(progress: AuditProgress | null): number | null {
  if (!progress || progress.total <= 0) return null;
  return Math.min(1, Math.max(0, progress.done / progress.total));
}

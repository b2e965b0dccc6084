/** The pods of a StatefulSet's template by their numbers (S20). */
import type { PodRecord } from '../kube/snapshot.ts';
import { isCounted } from '../kube/templates.ts';
import { QuestionError } from './api.ts';

/** `name-3` or `StatefulSet/name-3` as the name of a StatefulSet and an ordinal; null where it is none. */
export function splitOrdinal(text: string): { name: string; ordinal: number } | null {
  const found = /^(?:StatefulSet\/|Pod\/)?([^/]+)-(0|[1-9]\d{0,8})$/.exec(text);
  return found ? { name: found[1], ordinal: Number(found[2]) } : null;
}

/**
 * Checks that the StatefulSet has a pod of that ordinal.
 * @throws QuestionError that says how many pods it has
 */
export function checkOrdinal(set: PodRecord, ordinal: number): void {
  const first = set.ordinalStart ?? 0;
  if (ordinal >= first && (ordinal < first + set.replicas || !isCounted(set))) return;
  const { namespace, name, replicas } = set;
  const last = first + replicas - 1;
  const names = replicas === 1 ? `${name}-${first}` : `${name}-${first} to ${name}-${last}`;
  const has =
    replicas === 0 ? 'no pods (replicas: 0)' : `${replicas} pod${replicas === 1 ? '' : 's'}, ${names}`;
  throw new QuestionError(`no pod ${namespace}/${name}-${ordinal}: StatefulSet ${name} has ${has}`);
}

/** Names of a StatefulSet's pods, as many as `limit`. */
export function ordinalNames(set: PodRecord, limit: number): string[] {
  const first = set.ordinalStart ?? 0;
  return Array.from({ length: Math.min(set.replicas, limit) }, (_, i) => `${set.name}-${first + i}`);
}

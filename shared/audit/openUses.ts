/** What a verdict depends on where policies were not read or are of kinds that are not evaluated (S26). */
import { kindName } from '../kube/kinds.ts';
import { BASELINE, RESTRICTS, type Model, type OtherPolicy, type RowState } from '../policy/model.ts';
import type { AssumptionUse, Direction, Verdict } from './result.ts';

/** Parts of files that are named one by one. */
const NAMED = 4;

function article(kind: string): string {
  return /^[AEIOU]/i.test(kind) ? `an ${kind}` : `a ${kind}`;
}

function once(others: readonly OtherPolicy[]): OtherPolicy[] {
  const seen = new Map<string, OtherPolicy>();
  for (const other of others) {
    const { kind, group, status, place } = other.record;
    const key = [group, kind, status, status === 'unreadable' ? (place?.file ?? '') : ''].join(' ');
    if (!seen.has(key)) seen.set(key, other);
  }
  return [...seen.values()];
}

/**
 * What the policies of other kinds that may select the pod would have to do for either verdict.
 * @param c class of the pod
 * @param alone the verdict of NetworkPolicy alone in the direction
 * @param isolated whether a NetworkPolicy isolates the pod in the direction
 */
export function otherKindUses(
  m: Model,
  c: number,
  direction: Direction,
  alone: Verdict,
  isolated: boolean,
): AssumptionUse[] {
  const matter = m.othersOf(c, direction).filter(({ effect }) => {
    // What NetworkPolicy denies needs no second denial, and what it decides no tier below asks.
    if (effect === RESTRICTS) return alone !== 'denied';
    return effect !== BASELINE || !isolated;
  });
  return once(matter).map(({ record, effect }): AssumptionUse => {
    const { status, place } = record;
    const kind = kindName(record.group, record.kind);
    const params = {
      kind,
      status,
      ...(status === 'unreadable' && place?.file !== undefined ? { file: place.file } : {}),
      ...(status === 'unreadable' && place?.line !== undefined ? { line: place.line } : {}),
    };
    const use = { rule: 'S26', name: 'otherPolicies', value: kind } as const;
    if (effect === RESTRICTS)
      return {
        ...use,
        because: { code: 'mesh-may-refuse', params },
        // Where NetworkPolicy leaves it open, the kind alone does not decide.
        ...(alone === 'permitted'
          ? { permittedIf: `no ${kind} refuses it`, deniedIf: `${article(kind)} refuses it` }
          : {}),
      };
    if (alone === 'permitted')
      return {
        ...use,
        permittedIf: `no ${kind} denies it`,
        deniedIf: `${article(kind)} denies it`,
        because: { code: 'kind-may-deny', params },
      };
    if (alone === 'denied')
      return {
        ...use,
        permittedIf: `${article(kind)} allows it`,
        deniedIf: `no ${kind} allows it`,
        because: { code: 'kind-must-allow', params },
      };
    return { ...use, because: { code: 'kind-decides', params } };
  });
}

/**
 * What the policies that could not be read would have to say for either verdict: lists that were refused, and parts of
 * files.
 * @param c class of the pod
 * @param paper what the policies that were read make of the pod
 */
export function unreadUses(m: Model, c: number, paper: RowState): AssumptionUse[] {
  const namespace = m.spaces.names[m.classNamespace.items[c]];
  const isolated = paper === 'isolated';
  const uses: AssumptionUse[] = [];
  if (m.snapshot.coverage.unreadPolicies.some((one) => one === null || one === namespace))
    uses.push({
      rule: 'S25',
      name: 'coverage',
      value: `networkpolicies in ${namespace}`,
      permittedIf: isolated ? 'an unread policy permits it' : 'no unread policy isolates the pod',
      deniedIf: isolated ? 'no unread policy permits it' : 'an unread policy isolates the pod',
    });
  const parts = m.unreadParts(namespace);
  for (const { file, line, alters, check } of parts.slice(0, NAMED)) {
    if (alters !== undefined) {
      const params = { file, ...(line === undefined ? {} : { line }) };
      uses.push({
        rule: 'S26',
        name: 'coverage',
        value: line === undefined ? file : `${file}, line ${line}`,
        because: { code: 'part-may-change', params },
      });
      continue;
    }
    uses.push({
      rule: 'S26',
      name: 'coverage',
      value: line === undefined ? file : `${file}, line ${line}`,
      permittedIf: isolated ? 'a policy in it permits it' : 'no policy in it isolates the pod',
      deniedIf: isolated ? 'no policy in it permits it' : 'a policy in it isolates the pod',
      because: {
        code: isolated ? 'part-may-permit' : 'part-may-isolate',
        params: { file, ...(line === undefined ? {} : { line }), check },
      },
    });
  }
  if (parts.length > NAMED) {
    const count = parts.length - NAMED;
    uses.push({
      rule: 'S26',
      name: 'coverage',
      value: `${count} more parts of files`,
      because: { code: 'more-parts', params: { count } },
    });
  }
  return uses;
}

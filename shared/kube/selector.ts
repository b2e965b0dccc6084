/**
 * Label selectors (API reference, LabelSelector; S15).
 *
 * Three forms must never be confused: an absent selector (`undefined` or `null`) is "not given" and decided by
 * the field that it stands in; `{}` has no requirement and matches everything; given requirements are ANDed.
 */
import type { Labels } from './snapshot.ts';

export type Operator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';

export interface Requirement {
  key: string;
  operator: Operator;
  /** Sorted, without repeats; empty for Exists and DoesNotExist. */
  values: readonly string[];
}

/** A valid selector in canonical order; `requirements` empty matches everything. */
export interface Selector {
  requirements: readonly Requirement[];
  /** Equal for equal selectors only. */
  canonical: string;
}

/** Something that the API refuses in a selector (or drops: `policy.unknown-field`). */
export interface SelectorProblem {
  check: string;
  /** Path below the selector, e.g. `.matchExpressions[0].operator`. */
  field: string;
  params: Record<string, string | number>;
}

export const EVERYTHING: Selector = { requirements: [], canonical: '' };

const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

// Clusters repeat the same few keys and values; a Set look-up is cheaper than the expression.
const validKeys = new Set<string>();
const validValues = new Set<string>();

/** Is this a valid label key: an optional DNS prefix of at most 253 characters, a slash, a name of at most 63? */
export function isLabelKey(key: string): boolean {
  if (validKeys.has(key)) return true;
  const slash = key.indexOf('/');
  const prefix = key.slice(0, Math.max(0, slash));
  const ok = NAME.test(key.slice(slash + 1)) && (slash < 0 || (prefix.length <= 253 && PREFIX.test(prefix)));
  if (ok && validKeys.size < 10_000) validKeys.add(key);
  return ok;
}

/** Is this a valid label value: empty, or at most 63 characters of the label alphabet? */
export function isLabelValue(value: string): boolean {
  if (validValues.has(value)) return true;
  const ok = VALUE.test(value);
  if (ok && validValues.size < 10_000) validValues.add(value);
  return ok;
}

export function isObject(x: unknown): x is Record<string, unknown> {
  return typeof x === 'object' && x !== null && !Array.isArray(x);
}

/**
 * Reads a selector that is given (not null). Pushes what the API refuses or drops to `problems`; gives null when
 * something was refused. Throws nothing.
 */
export function parseSelector(raw: unknown, problems: SelectorProblem[]): Selector | null {
  const bad = (check: string, field: string, params: Record<string, string | number> = {}): void => {
    problems.push({ check, field, params });
  };
  if (!isObject(raw)) {
    bad('policy.bad-type', '', { expected: 'object' });
    return null;
  }
  let refused = false;
  const requirements: Requirement[] = [];
  for (const name in raw) {
    const value = raw[name];
    if (name === 'matchLabels') {
      if (value === null || value === undefined) continue;
      if (!isObject(value)) {
        bad('policy.bad-type', '.matchLabels', { expected: 'object' });
        refused = true;
        continue;
      }
      for (const key in value) {
        // A null in a map of strings decodes to the empty string.
        const v = value[key] ?? '';
        if (typeof v !== 'string') {
          bad('policy.bad-type', `.matchLabels.${key}`, { expected: 'string' });
          refused = true;
        } else if (!isLabelKey(key)) {
          bad('policy.bad-label-key', `.matchLabels.${key}`, { key });
          refused = true;
        } else if (!isLabelValue(v)) {
          bad('policy.bad-label-value', `.matchLabels.${key}`, { value: v });
          refused = true;
        } else requirements.push({ key, operator: 'In', values: [v] });
      }
    } else if (name === 'matchExpressions') {
      if (value === null || value === undefined) continue;
      if (!Array.isArray(value)) {
        bad('policy.bad-type', '.matchExpressions', { expected: 'array' });
        refused = true;
        continue;
      }
      for (let i = 0; i < value.length; i++) {
        const r = parseExpression(value[i], `.matchExpressions[${i}]`, bad);
        if (r) requirements.push(r);
        else refused = true;
      }
    } else bad('policy.unknown-field', `.${name}`, { name });
  }
  return refused ? null : canonicalSelector(requirements);
}

function parseExpression(
  raw: unknown,
  at: string,
  bad: (check: string, field: string, params?: Record<string, string | number>) => void,
): Requirement | null {
  // A null entry decodes to an empty requirement, which has no operator.
  const e: unknown = raw ?? {};
  if (!isObject(e)) {
    bad('policy.bad-type', at, { expected: 'object' });
    return null;
  }
  for (const name in e) {
    if (name !== 'key' && name !== 'operator' && name !== 'values') {
      bad('policy.unknown-field', `${at}.${name}`, { name });
    }
  }
  const key = e.key ?? '';
  const operator = e.operator ?? '';
  if (typeof key !== 'string' || typeof operator !== 'string') {
    bad('policy.bad-type', `${at}.${typeof key !== 'string' ? 'key' : 'operator'}`, { expected: 'string' });
    return null;
  }
  const rawValues = e.values ?? [];
  if (!Array.isArray(rawValues) || rawValues.some((v) => typeof v !== 'string' && v !== null)) {
    bad('policy.bad-type', `${at}.values`, { expected: 'array of strings' });
    return null;
  }
  const values = rawValues.map((v) => (v as string | null) ?? '');
  let ok = true;
  if (!isLabelKey(key)) {
    bad('policy.bad-label-key', `${at}.key`, { key });
    ok = false;
  }
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) {
      bad('policy.selector-values-missing', `${at}.values`, { operator });
      ok = false;
    }
    for (let i = 0; i < values.length; i++) {
      if (!isLabelValue(values[i])) {
        bad('policy.bad-label-value', `${at}.values[${i}]`, { value: values[i] });
        ok = false;
      }
    }
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      bad('policy.selector-values-given', `${at}.values`, { operator });
      ok = false;
    }
  } else {
    bad('policy.selector-operator', `${at}.operator`, { operator });
    ok = false;
  }
  return ok ? { key, operator: operator as Operator, values: [...new Set(values)].sort() } : null;
}

/** The selector of conditions that were checked already, in canonical order and without repeats. */
export function canonicalSelector(requirements: readonly Requirement[]): Selector {
  if (requirements.length === 0) return EVERYTHING;
  if (requirements.length === 1) {
    return { requirements, canonical: requirementKey(requirements[0]) };
  }
  const keyed = requirements
    .map((r) => ({ r, k: requirementKey(r) }))
    .sort((a, b) => (a.k < b.k ? -1 : a.k > b.k ? 1 : 0))
    .filter((x, i, all) => i === 0 || all[i - 1].k !== x.k);
  return { requirements: keyed.map((x) => x.r), canonical: keyed.map((x) => x.k).join('&') };
}

// Keys and values are of the label alphabet, so these separators cannot occur in them.
function requirementKey(r: Requirement): string {
  if (r.values.length === 1) return r.key + ' ' + r.operator + ' ' + r.values[0];
  return `${r.key} ${r.operator} ${r.values.join(',')}`;
}

/** Does the label set match the selector? `NotIn` and `DoesNotExist` match where the key is absent (S15). */
export function matchesSelector(selector: Selector, labels: Labels): boolean {
  for (const r of selector.requirements) if (!matchesRequirement(r, labels)) return false;
  return true;
}

/** Does the label set match the one requirement? */
export function matchesRequirement(r: Requirement, labels: Labels): boolean {
  const has = Object.hasOwn(labels, r.key);
  switch (r.operator) {
    case 'In':
      return has && r.values.includes(labels[r.key]);
    case 'NotIn':
      return !has || !r.values.includes(labels[r.key]);
    case 'Exists':
      return has;
    case 'DoesNotExist':
      return !has;
  }
}

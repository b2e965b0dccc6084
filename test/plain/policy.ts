/**
 * One NetworkPolicy, read plainly: what the API would refuse (S24), what it defaults (S4, S9, S13, S27), and
 * nothing of how it is evaluated. What the API would refuse becomes `unreadable`: the policy is left out when
 * it comes from a manifest, and each unreadable part means "perhaps" when a live cluster has it stored.
 */
import type { Labels, PolicyRecord, Protocol } from '../../shared/kube/snapshot.ts';
import { isCanonical, parseBlock, type Range } from './address.ts';

/** Three values as numbers, so that "and" is the smaller one and "or" the larger one. */
export type Three = 0 | 0.5 | 1;
export const NO: Three = 0;
export const PERHAPS: Three = 0.5;
export const YES: Three = 1;
export const and = (...values: Three[]): Three => Math.min(1, ...values) as Three;
export const or = (...values: Three[]): Three => Math.max(0, ...values) as Three;

export interface Requirement {
  key: string;
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  values: string[];
}

/** A label selector as a list of requirements that all have to hold; the empty list holds for everything (S15). */
export type Selector = Requirement[] | 'unreadable';

export type PlainPeer =
  | { kind: 'unreadable' }
  /** `doubtful`: the block can be read and an `except` cannot, so it matches perhaps inside and surely not outside. */
  | { kind: 'block'; block: Range; except: Range[]; doubtful: boolean }
  | { kind: 'pods'; namespaceSelector: Selector | null; podSelector: Selector | null };

export type PlainPort =
  | { kind: 'unreadable' }
  | { kind: 'port'; protocol: Protocol; port: number | string | null; endPort: number | null };

export interface PlainRule {
  /** Null: every source or destination (S9). */
  peers: PlainPeer[] | null;
  /** Null: every port of every protocol (S9). */
  ports: PlainPort[] | null;
}

export interface PlainPolicy {
  namespace: string;
  name: string;
  origin: 'manifest' | 'cluster';
  /** What the API would refuse, as JSON paths; empty when it takes the policy. */
  refusals: string[];
  podSelector: Selector;
  appliesTo: { ingress: Three; egress: Three };
  ingress: PlainRule[];
  egress: PlainRule[];
}

type Obj = Record<string, unknown>;
const isObj = (value: unknown): value is Obj =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const given = (value: unknown): boolean => value !== undefined && value !== null;

const LABEL_PART = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)$/;
const DNS_LABELS = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Is it a label key that the API takes: an optional DNS prefix and a name of at most 63 characters? */
export function validLabelKey(key: string): boolean {
  const parts = key.split('/');
  if (parts.length > 2) return false;
  const name = parts[parts.length - 1] ?? '';
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    if (prefix.length === 0 || prefix.length > 253 || !DNS_LABELS.test(prefix)) return false;
  }
  return name.length >= 1 && name.length <= 63 && LABEL_PART.test(name);
}

/** Is it a label value that the API takes: empty, or at most 63 characters that begin and end alphanumeric? */
export function validLabelValue(value: string): boolean {
  return value.length <= 63 && (value === '' || LABEL_PART.test(value));
}

/** Is it a container port's name (IANA service name)? */
export function validPortName(name: string): boolean {
  return (
    name.length >= 1 &&
    name.length <= 15 &&
    /^[a-z0-9-]+$/.test(name) &&
    /[a-z]/.test(name) &&
    !name.startsWith('-') &&
    !name.endsWith('-') &&
    !name.includes('--')
  );
}

const validPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65535;

/** A null in a list of objects is an object without fields, as the API server decodes it (S27). */
const orEmpty = (value: unknown): unknown => (value === null ? {} : value);

function readSelector(value: unknown, path: string, refusals: string[]): Selector {
  const before = refusals.length;
  if (!isObj(value)) {
    refusals.push(path);
    return 'unreadable';
  }
  const requirements: Requirement[] = [];
  const matchLabels = value['matchLabels'];
  if (given(matchLabels)) {
    if (!isObj(matchLabels)) refusals.push(`${path}.matchLabels`);
    else {
      for (const [key, value] of Object.entries(matchLabels)) {
        // A null stands for the empty text, as the API server decodes it (S27).
        const label = value ?? '';
        if (typeof label !== 'string' || !validLabelKey(key) || !validLabelValue(label)) {
          refusals.push(`${path}.matchLabels`);
        } else requirements.push({ key, operator: 'In', values: [label] });
      }
    }
  }
  const expressions = value['matchExpressions'];
  if (given(expressions)) {
    if (!Array.isArray(expressions)) refusals.push(`${path}.matchExpressions`);
    else {
      expressions.map(orEmpty).forEach((expression: unknown, index) => {
        const place = `${path}.matchExpressions[${index}]`;
        if (!isObj(expression)) {
          refusals.push(place);
          return;
        }
        const { key, operator } = expression;
        const list = given(expression['values']) ? expression['values'] : [];
        const values: unknown = Array.isArray(list) ? list.map((v: unknown) => v ?? '') : list;
        const good =
          typeof key === 'string' &&
          validLabelKey(key) &&
          Array.isArray(values) &&
          values.every((v) => typeof v === 'string' && validLabelValue(v)) &&
          (operator === 'In' || operator === 'NotIn'
            ? values.length > 0
            : (operator === 'Exists' || operator === 'DoesNotExist') && values.length === 0);
        if (!good) refusals.push(place);
        else requirements.push({ key, operator, values } as Requirement);
      });
    }
  }
  return refusals.length > before ? 'unreadable' : requirements;
}

function readBlock(value: unknown, path: string, refusals: string[], strict: boolean): PlainPeer {
  const before = refusals.length;
  const cidr = isObj(value) ? value['cidr'] : undefined;
  const block = typeof cidr === 'string' ? parseBlock(cidr) : null;
  if (!isObj(value) || block === null) {
    refusals.push(`${path}.cidr`);
    return { kind: 'unreadable' };
  }
  // S11: what a strict server refuses can be read all the same.
  if (strict && !isCanonical(cidr as string)) refusals.push(`${path}.cidr`);
  const except: Range[] = [];
  const list = given(value['except']) ? value['except'] : [];
  if (!Array.isArray(list)) refusals.push(`${path}.except`);
  else {
    list.forEach((text: unknown, index) => {
      const hole = typeof text === 'string' ? parseBlock(text) : null;
      const inside =
        hole !== null &&
        hole.family === block.family &&
        hole.first >= block.first &&
        hole.last <= block.last &&
        hole.prefix > block.prefix;
      if (!inside) refusals.push(`${path}.except[${index}]`);
      else {
        if (strict && !isCanonical(text as string)) refusals.push(`${path}.except[${index}]`);
        except.push(hole);
      }
    });
  }
  const doubtful = refusals.length > before;
  return { kind: 'block', block, except: doubtful ? [] : except, doubtful };
}

function readPeer(value: unknown, path: string, refusals: string[], strict: boolean): PlainPeer {
  if (!isObj(value)) {
    refusals.push(path);
    return { kind: 'unreadable' };
  }
  const hasBlock = given(value['ipBlock']);
  const hasPods = given(value['podSelector']);
  const hasNamespaces = given(value['namespaceSelector']);
  if (!hasBlock && !hasPods && !hasNamespaces) {
    refusals.push(path);
    return { kind: 'unreadable' };
  }
  if (hasBlock && (hasPods || hasNamespaces)) {
    refusals.push(path);
    return { kind: 'unreadable' };
  }
  if (hasBlock) return readBlock(value['ipBlock'], `${path}.ipBlock`, refusals, strict);
  const namespaceSelector = hasNamespaces
    ? readSelector(value['namespaceSelector'], `${path}.namespaceSelector`, refusals)
    : null;
  const podSelector = hasPods ? readSelector(value['podSelector'], `${path}.podSelector`, refusals) : null;
  if (namespaceSelector === 'unreadable' || podSelector === 'unreadable') return { kind: 'unreadable' };
  return { kind: 'pods', namespaceSelector, podSelector };
}

function readPort(value: unknown, path: string, refusals: string[]): PlainPort {
  if (!isObj(value)) {
    refusals.push(path);
    return { kind: 'unreadable' };
  }
  const protocol = given(value['protocol']) ? value['protocol'] : 'TCP';
  const port = given(value['port']) ? value['port'] : null;
  const endPort = given(value['endPort']) ? value['endPort'] : null;
  const goodProtocol = protocol === 'TCP' || protocol === 'UDP' || protocol === 'SCTP';
  const goodPort =
    port === null ||
    (typeof port === 'number' && validPort(port)) ||
    (typeof port === 'string' && validPortName(port));
  const goodEnd =
    endPort === null ||
    (typeof endPort === 'number' && validPort(endPort) && typeof port === 'number' && endPort >= port);
  if (!goodProtocol || !goodPort || !goodEnd) {
    refusals.push(path);
    return { kind: 'unreadable' };
  }
  return {
    kind: 'port',
    protocol,
    port: port as number | string | null,
    endPort: endPort as number | null,
  };
}

function readRules(
  value: unknown,
  path: string,
  side: 'from' | 'to',
  refusals: string[],
  strict: boolean,
): PlainRule[] {
  if (!given(value)) return [];
  const unreadable: PlainRule = { peers: [{ kind: 'unreadable' }], ports: null };
  if (!Array.isArray(value)) {
    refusals.push(path);
    return [unreadable];
  }
  return value.map(orEmpty).map((rule: unknown, index): PlainRule => {
    const place = `${path}[${index}]`;
    if (!isObj(rule)) {
      refusals.push(place);
      return unreadable;
    }
    const readList = <T>(
      list: unknown,
      name: string,
      read: (item: unknown, itemPath: string, to: string[]) => T,
      bad: T,
    ): T[] | null => {
      if (!given(list)) return null;
      if (!Array.isArray(list)) {
        refusals.push(`${place}.${name}`);
        return [bad];
      }
      if (list.length === 0) return null;
      return list.map(orEmpty).map((item, i) => read(item, `${place}.${name}[${i}]`, refusals));
    };
    return {
      peers: readList<PlainPeer>(rule[side], side, (one, at, to) => readPeer(one, at, to, strict), {
        kind: 'unreadable',
      }),
      ports: readList<PlainPort>(rule['ports'], 'ports', readPort, { kind: 'unreadable' }),
    };
  });
}

/** Has a server of this version strict validation of addresses (S11)? */
const isStrict = (version: string): boolean => {
  const minor = /^v?1\.(\d+)/.exec(version);
  return version === 'newest' || (minor !== null && Number(minor[1]) >= 36);
};

/**
 * Reads a policy record; `refusals` names by path what a server of this version would refuse (S11, S24). Throws
 * nothing.
 */
export function readPolicy(record: PolicyRecord, serverVersion: string): PlainPolicy {
  // A stored object was taken by an older server, and stays.
  const strict = record.origin === 'manifest' && record.stored !== true && isStrict(serverVersion);
  const refusals: string[] = [];
  let spec: Obj = {};
  if (given(record.spec)) {
    if (isObj(record.spec)) spec = record.spec;
    else refusals.push('spec');
  }
  // S27: an absent podSelector selects all pods of the namespace, as the empty one does (S2).
  const podSelector: Selector = given(spec['podSelector'])
    ? readSelector(spec['podSelector'], 'spec.podSelector', refusals)
    : [];
  const ingress = readRules(spec['ingress'], 'spec.ingress', 'from', refusals, strict);
  const egress = readRules(spec['egress'], 'spec.egress', 'to', refusals, strict);

  // S4
  let appliesTo: PlainPolicy['appliesTo'];
  const types = given(spec['policyTypes']) ? spec['policyTypes'] : [];
  if (!Array.isArray(types)) {
    refusals.push('spec.policyTypes');
    appliesTo = { ingress: PERHAPS, egress: PERHAPS };
  } else if (types.length === 0) {
    appliesTo = { ingress: YES, egress: egress.length > 0 ? YES : NO };
  } else {
    if (types.length > 2) refusals.push('spec.policyTypes');
    const strange = types.some((type) => type !== 'Ingress' && type !== 'Egress');
    if (strange) refusals.push('spec.policyTypes');
    // S24: a direction that the list names is isolated; one that a strange value might mean is perhaps so.
    const otherwise = strange ? PERHAPS : NO;
    appliesTo = {
      ingress: types.includes('Ingress') ? YES : otherwise,
      egress: types.includes('Egress') ? YES : otherwise,
    };
  }
  return {
    namespace: record.namespace,
    name: record.name,
    origin: record.origin,
    refusals,
    podSelector,
    appliesTo,
    ingress,
    egress,
  };
}

/** Does one requirement hold for a label map? `NotIn` and `DoesNotExist` hold where the key is absent (S15). */
export function holds(requirement: Requirement, labels: Labels): boolean {
  const has = Object.hasOwn(labels, requirement.key);
  const value = has ? labels[requirement.key] : undefined;
  switch (requirement.operator) {
    case 'In':
      return has && requirement.values.includes(value as string);
    case 'NotIn':
      return !has || !requirement.values.includes(value as string);
    case 'Exists':
      return has;
    case 'DoesNotExist':
      return !has;
  }
}

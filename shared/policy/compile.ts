/**
 * NetworkPolicy objects made ready for evaluation. All defaulting and all refusal happens here, once, as the
 * API server does it (pkg/apis/networking: defaults and validation; S4, S9-S15, S24, S27): what comes out has
 * no absent field left to interpret.
 */
import type { PolicyRecord } from '../kube/snapshot.ts';
import {
  EVERYTHING,
  isObject,
  parseSelector,
  type Selector,
  type SelectorProblem,
} from '../kube/selector.ts';
import { normalize, subtract, type Intervals } from '../net/intervals.ts';
import { PROTOCOL_INDEX } from '../net/conns.ts';
import { parseCidr } from '../net/ip.ts';

/** What the API refuses, drops or warns of, with the JSON path below the object. */
export interface PolicyProblem extends SelectorProblem {
  /** The API server would refuse the object (S24). */
  refuses: boolean;
}

export type CompiledPeer =
  /** `namespaces` null: the policy's own namespace. `pods` null never occurs: absent becomes everything. */
  | { kind: 'pods'; namespaces: Selector | null; pods: Selector; sure: boolean }
  | { kind: 'block'; family: 4; ranges: Intervals<number>; sure: boolean }
  | { kind: 'block'; family: 6; ranges: Intervals<bigint>; sure: boolean }
  /** A stored peer that cannot be read: it may match anyone (S24). */
  | { kind: 'unreadable'; sure: false };

export interface CompiledPort {
  /** 0 TCP, 1 UDP, 2 SCTP; -1 for a port entry that cannot be read: it may be any port (S24). */
  protocol: number;
  /** Inclusive range; 1-65535 where the port is absent (S13). Unused for a named port. */
  from: number;
  to: number;
  /** Named port (S14), else null. */
  name: string | null;
  sure: boolean;
  /** From `port` to here for sure, the rest up to `to` only if endPort is honoured; null where it is all sure. */
  sureTo: number | null;
}

export interface CompiledRule {
  /** Null: everyone, inside and outside (S9). Index is the position in the source's list. */
  peers: CompiledPeer[] | null;
  /** Null: every port of every protocol (S9). */
  ports: CompiledPort[] | null;
}

export interface CompiledDirection {
  /** 'yes': the policy isolates for this direction; 'maybe': its stored policyTypes cannot be read. */
  applies: 'yes' | 'no' | 'maybe';
  rules: CompiledRule[];
}

export interface CompiledPolicy {
  namespace: string;
  name: string;
  /** Null: the stored selector cannot be read, it may select any pod of the namespace. */
  selects: Selector | null;
  ingress: CompiledDirection;
  egress: CompiledDirection;
  problems: PolicyProblem[];
  /** The API would refuse it. From a manifest it is then left out of the evaluation. */
  refused: boolean;
  /** Facts that checks and assumptions ask for. */
  uses: { endPort: boolean; sctp: boolean; blocks: boolean; namedPorts: boolean };
}

export interface CompileOptions {
  endPort: 'on' | 'off' | 'unknown';
  sctp: 'on' | 'off' | 'unknown';
  /** The server validates addresses strictly (Kubernetes 1.36 and later) and refuses new sloppy ones (S11). */
  strictAddresses: boolean;
  /** Selectors by canonical form: clusters repeat a few thousand times the same few, and one of each is kept. */
  selectors: Map<string, Selector>;
}

class Reader {
  readonly problems: PolicyProblem[] = [];
  refused = false;
  uses = { endPort: false, sctp: false, blocks: false, namedPorts: false };
  readonly options: CompileOptions;
  readonly stored: boolean;

  constructor(options: CompileOptions, stored: boolean) {
    this.options = options;
    this.stored = stored;
  }

  refuse(check: string, field: string, params: Record<string, string | number> = {}): void {
    this.problems.push({ check, field, params, refuses: true });
    this.refused = true;
  }

  note(check: string, field: string, params: Record<string, string | number> = {}): void {
    this.problems.push({ check, field, params, refuses: false });
  }

  /** Fields that the API does not know are dropped as the API drops them (S27). */
  known(raw: Record<string, unknown>, names: readonly string[], at: string): void {
    for (const name in raw) {
      if (!names.includes(name)) this.note('policy.unknown-field', `${at}.${name}`, { name });
    }
  }

  /** An object, `{}` for null or absent (Go decodes null to the zero value), or undefined where it is refused. */
  object(raw: unknown, at: string): Record<string, unknown> | undefined {
    if (raw === null || raw === undefined) return {};
    if (isObject(raw)) return raw;
    this.refuse('policy.bad-type', at, { expected: 'object' });
    return undefined;
  }

  /** An array, null for null or absent, or undefined where it is refused. */
  array(raw: unknown, at: string): unknown[] | null | undefined {
    if (raw === null || raw === undefined) return null;
    if (Array.isArray(raw)) return raw;
    this.refuse('policy.bad-type', at, { expected: 'array' });
    return undefined;
  }

  selector(raw: unknown, at: string): Selector | null {
    const found: SelectorProblem[] = [];
    const selector = parseSelector(raw, found);
    for (const p of found) {
      const refuses = p.check !== 'policy.unknown-field';
      this.problems.push({ ...p, field: at + p.field, refuses });
      if (refuses) this.refused = true;
    }
    if (selector === null) return null;
    const known = this.options.selectors.get(selector.canonical);
    if (known !== undefined) return known;
    this.options.selectors.set(selector.canonical, selector);
    return selector;
  }

  rules(raw: unknown, direction: 'ingress' | 'egress', at: string): CompiledRule[] {
    const list = this.array(raw, at);
    if (!list) {
      // A stored list that is no list may hold anything.
      return list === undefined ? [{ peers: [{ kind: 'unreadable', sure: false }], ports: null }] : [];
    }
    const side = direction === 'ingress' ? 'from' : 'to';
    return list.map((item, i) => {
      const here = `${at}[${i}]`;
      const rule = this.object(item, here);
      if (!rule) return { peers: [{ kind: 'unreadable', sure: false }], ports: null };
      this.known(rule, side === 'from' ? INGRESS_FIELDS : EGRESS_FIELDS, here);
      return {
        peers: this.peers(rule[side], `${here}.${side}`),
        ports: this.ports(rule.ports, `${here}.ports`),
      };
    });
  }

  peers(raw: unknown, at: string): CompiledPeer[] | null {
    const list = this.array(raw, at);
    if (list === undefined) return [{ kind: 'unreadable', sure: false }];
    // Absent and empty both mean everyone (S9): the opposite of an empty list of rules.
    if (list === null || list.length === 0) return null;
    return list.map((item, i) => this.peer(item, `${at}[${i}]`));
  }

  peer(raw: unknown, at: string): CompiledPeer {
    const unreadable: CompiledPeer = { kind: 'unreadable', sure: false };
    const peer = this.object(raw, at);
    if (!peer) return unreadable;
    this.known(peer, PEER_FIELDS, at);
    const hasPods = peer.podSelector !== null && peer.podSelector !== undefined;
    const hasNamespaces = peer.namespaceSelector !== null && peer.namespaceSelector !== undefined;
    const hasBlock = peer.ipBlock !== null && peer.ipBlock !== undefined;
    if (!hasPods && !hasNamespaces && !hasBlock) {
      this.refuse('policy.empty-peer', at);
      return unreadable;
    }
    const pods = hasPods ? this.selector(peer.podSelector, `${at}.podSelector`) : EVERYTHING;
    const namespaces = hasNamespaces
      ? this.selector(peer.namespaceSelector, `${at}.namespaceSelector`)
      : null;
    if (hasBlock) {
      const block = this.block(peer.ipBlock, `${at}.ipBlock`);
      if (hasPods || hasNamespaces) {
        this.refuse('policy.block-beside-selector', at);
        return unreadable;
      }
      return block;
    }
    if (!pods || (hasNamespaces && !namespaces)) return unreadable;
    return { kind: 'pods', namespaces, pods, sure: true };
  }

  block(raw: unknown, at: string): CompiledPeer {
    const unreadable: CompiledPeer = { kind: 'unreadable', sure: false };
    this.uses.blocks = true;
    const block = this.object(raw, at);
    if (!block) return unreadable;
    this.known(block, BLOCK_FIELDS, at);
    const cidr = this.cidr(block.cidr, `${at}.cidr`);
    const list = this.array(block.except, `${at}.except`);
    let sure = list !== undefined;
    const cut: [bigint | number, bigint | number][] = [];
    (list ?? []).forEach((item, i) => {
      const here = `${at}.except[${i}]`;
      const e = this.cidr(item, here);
      if (!e) sure = false;
      else if (cidr) {
        const inside =
          e.family === cidr.family && e.lo >= cidr.lo && e.hi <= cidr.hi && e.prefix > cidr.prefix;
        if (inside) cut.push([e.lo, e.hi]);
        else {
          this.refuse('policy.except-outside', here, { except: String(item), cidr: String(block.cidr) });
          sure = false;
        }
      }
    });
    if (!cidr) return unreadable;
    // With an except that cannot be read nobody says what the others take away: inside the block all is open (S24).
    if (!sure) cut.length = 0;
    if (cidr.family === 4) {
      const ranges = subtract<number>([cidr.lo, cidr.hi], normalize(cut as [number, number][]));
      return { kind: 'block', family: 4, ranges, sure };
    }
    const ranges = subtract<bigint>([cidr.lo, cidr.hi], normalize(cut as [bigint, bigint][]));
    return { kind: 'block', family: 6, ranges, sure };
  }

  cidr(raw: unknown, at: string) {
    if (typeof raw !== 'string') {
      if (raw === null || raw === undefined) this.refuse('policy.bad-cidr', at, { value: '' });
      else this.refuse('policy.bad-type', at, { expected: 'string' });
      return null;
    }
    const cidr = parseCidr(raw);
    if (!cidr) {
      this.refuse('policy.bad-cidr', at, { value: raw });
      return null;
    }
    const what = cidr.leadingZeros
      ? 'leading zeros'
      : cidr.mapped
        ? 'IPv4-mapped'
        : cidr.hostBits
          ? 'host bits'
          : null;
    if (what !== null) {
      // Strict servers refuse new objects of this kind and keep stored ones (S11).
      const params = { value: raw, what };
      if (this.options.strictAddresses && !this.stored) this.refuse('policy.sloppy-cidr', at, params);
      else this.note('policy.sloppy-cidr', at, params);
    }
    return cidr;
  }

  ports(raw: unknown, at: string): CompiledPort[] | null {
    const list = this.array(raw, at);
    if (list === undefined) return [ANY_PORT_MAYBE];
    if (list === null || list.length === 0) return null;
    return list.map((item, i) => this.port(item, `${at}[${i}]`));
  }

  port(raw: unknown, at: string): CompiledPort {
    const p = this.object(raw, at);
    if (!p) return ANY_PORT_MAYBE;
    this.known(p, PORT_FIELDS, at);
    let readable = true;
    // Absent means TCP (S13); anything else must be one of the three, in capitals.
    let protocol = 0;
    if (p.protocol !== null && p.protocol !== undefined) {
      if (typeof p.protocol !== 'string') {
        this.refuse('policy.bad-type', `${at}.protocol`, { expected: 'string' });
        readable = false;
      } else if (p.protocol in PROTOCOL_INDEX) protocol = PROTOCOL_INDEX[p.protocol];
      else {
        this.refuse('policy.unknown-protocol', `${at}.protocol`, { protocol: p.protocol });
        readable = false;
      }
    }
    let sure = true;
    if (protocol === 2) {
      this.uses.sctp = true;
      if (this.options.sctp === 'off') {
        // A server or plugin without SCTP has nothing to match (S22); the list of ports is not empty for it.
        this.note('version.sctp', `${at}.protocol`);
      } else if (this.options.sctp === 'unknown') sure = false;
    }
    const hasEnd = p.endPort !== null && p.endPort !== undefined;
    if (hasEnd) this.uses.endPort = true;
    const end = isInteger(p.endPort) ? p.endPort : null;
    if (hasEnd && end === null) {
      this.refuse('policy.bad-type', `${at}.endPort`, { expected: 'integer' });
      readable = false;
    }
    const port = p.port;
    if (port === null || port === undefined) {
      if (hasEnd) {
        this.refuse('policy.endport-without-port', `${at}.endPort`);
        readable = false;
      }
      if (!readable) return ANY_PORT_MAYBE;
      return { protocol, from: 1, to: 65535, name: null, sure, sureTo: null };
    }
    if (typeof port === 'string') {
      this.uses.namedPorts = true;
      if (!isPortName(port)) {
        this.refuse('policy.bad-port-name', `${at}.port`, { name: port });
        readable = false;
      }
      if (hasEnd) {
        this.refuse('policy.endport-with-name', `${at}.endPort`, { name: port });
        readable = false;
      }
      if (!readable) return ANY_PORT_MAYBE;
      return { protocol, from: 0, to: 0, name: port, sure, sureTo: null };
    }
    if (!isInteger(port)) {
      this.refuse('policy.bad-type', `${at}.port`, { expected: 'integer or name' });
      return ANY_PORT_MAYBE;
    }
    if (port < 1 || port > 65535) {
      this.refuse('policy.port-range', `${at}.port`, { port });
      readable = false;
    }
    let to = port;
    let sureTo: number | null = null;
    if (end !== null) {
      if (end < 1 || end > 65535) {
        this.refuse('policy.port-range', `${at}.endPort`, { port: end });
        readable = false;
      } else if (end < port) {
        this.refuse('policy.endport-below-port', `${at}.endPort`, { port, endPort: end });
        readable = false;
      } else {
        // S22: where endPort is not honoured the field is dropped and `port` alone holds.
        if (this.options.endPort !== 'off') to = end;
        if (this.options.endPort === 'unknown') sureTo = port;
      }
    }
    if (!readable) return ANY_PORT_MAYBE;
    return { protocol, from: port, to, name: null, sure, sureTo };
  }
}

const SPEC_FIELDS = ['podSelector', 'policyTypes', 'ingress', 'egress'];
const INGRESS_FIELDS = ['from', 'ports'];
const EGRESS_FIELDS = ['to', 'ports'];
const PEER_FIELDS = ['podSelector', 'namespaceSelector', 'ipBlock'];
const BLOCK_FIELDS = ['cidr', 'except'];
const PORT_FIELDS = ['protocol', 'port', 'endPort'];
const ANY_PORT_MAYBE: CompiledPort = {
  protocol: -1,
  from: 1,
  to: 65535,
  name: null,
  sure: false,
  sureTo: null,
};

const isInteger = (raw: unknown): raw is number => Number.isInteger(raw);

/** IANA service name as the API validates it: 1-15 of a-z 0-9 -, a letter in it, no - at an end or doubled. */
export function isPortName(name: string): boolean {
  return /^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$/.test(name) && /[a-z]/.test(name) && !name.includes('--');
}

/**
 * Compiles one NetworkPolicy. Takes the object as the source gave it and the version-dependent options; gives the
 * policy with defaults applied and its problems, `refused` where the API server would not take it. Throws nothing.
 * Follows S4, S9-S15, S22, S24, S27.
 */
export function compilePolicy(record: PolicyRecord, options: CompileOptions): CompiledPolicy {
  const r = new Reader(options, record.origin === 'cluster' || record.stored === true);
  const spec = r.object(record.spec, 'spec') ?? {};
  r.known(spec, SPEC_FIELDS, 'spec');

  // An absent podSelector is decoded to the empty one, which selects every pod of the namespace (S27).
  const selects =
    spec.podSelector === null || spec.podSelector === undefined
      ? EVERYTHING
      : r.selector(spec.podSelector, 'spec.podSelector');

  const ingressRules = r.rules(spec.ingress, 'ingress', 'spec.ingress');
  const egressRules = r.rules(spec.egress, 'egress', 'spec.egress');

  let ingress: CompiledDirection['applies'];
  let egress: CompiledDirection['applies'];
  const types = r.array(spec.policyTypes, 'spec.policyTypes');
  if (types === undefined) {
    ingress = egress = 'maybe';
  } else if (types === null || types.length === 0) {
    // S4: Ingress always; Egress too when there is at least one egress rule.
    ingress = 'yes';
    egress = egressRules.length > 0 ? 'yes' : 'no';
  } else {
    let unread = false;
    types.forEach((t, i) => {
      if (t !== 'Ingress' && t !== 'Egress') {
        r.refuse('policy.unknown-type', `spec.policyTypes[${i}]`, { type: String(t) });
        unread = true;
      }
    });
    if (types.length > 2) r.refuse('policy.too-many-types', 'spec.policyTypes', { count: types.length });
    ingress = types.includes('Ingress') ? 'yes' : unread ? 'maybe' : 'no';
    egress = types.includes('Egress') ? 'yes' : unread ? 'maybe' : 'no';
    if (ingress === 'no' && ingressRules.length > 0) {
      r.note('policy.rules-without-type', 'spec.ingress', { direction: 'ingress', type: 'Ingress' });
    }
    if (egress === 'no' && egressRules.length > 0) {
      r.note('policy.rules-without-type', 'spec.egress', { direction: 'egress', type: 'Egress' });
    }
  }
  return {
    namespace: record.namespace,
    name: record.name,
    selects,
    ingress: { applies: ingress, rules: ingressRules },
    egress: { applies: egress, rules: egressRules },
    problems: r.problems,
    refused: r.refused,
    uses: r.uses,
  };
}

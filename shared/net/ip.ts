/**
 * IPv4 and IPv6 addresses and CIDR blocks as numbers. The two families are separate spaces (S11): IPv4 bounds
 * are numbers below 2^32, IPv6 bounds are bigints below 2^128, both half-open as in intervals.ts.
 */
import type { Intervals } from './intervals.ts';

export type IpFamily = 4 | 6;

export type Address = { family: 4; value: number } | { family: 6; value: bigint };

/** A parsed block: the masked range, and whether its text was canonical. */
export type Cidr = ({ family: 4; lo: number; hi: number } | { family: 6; lo: bigint; hi: bigint }) & {
  prefix: number;
  /** Bits below the prefix were set: the API server masks them. */
  hostBits: boolean;
  /** Leading zeros in an IPv4 part, read as decimal as older API servers do (S11). */
  leadingZeros: boolean;
  /** An IPv4-mapped IPv6 address, which older API servers read as IPv4 (S11). */
  mapped: boolean;
};

export const IPV4_ALL: Intervals<number> = [0, 2 ** 32];
export const IPV6_ALL: Intervals<bigint> = [0n, 1n << 128n];

/** Dotted quad as a number, or null. Leading zeros are read as decimal and reported (Go's ParseIPSloppy). */
function parseV4(text: string): { value: number; leadingZeros: boolean } | null {
  // By hand, character by character: a cluster can have a million exceptions of blocks.
  let value = 0;
  let part = 0;
  let digits = 0;
  let dots = 0;
  let leadingZeros = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 46) {
      if (digits === 0 || ++dots > 3) return null;
      value = value * 256 + part;
      part = 0;
      digits = 0;
      continue;
    }
    if (code < 48 || code > 57) return null;
    if (digits > 0 && part === 0) leadingZeros = true;
    part = part * 10 + code - 48;
    digits++;
    if (part > 255) return null;
  }
  if (digits === 0 || dots !== 3) return null;
  return { value: value * 256 + part, leadingZeros };
}

/** Colon form as a bigint, or null; `::` stands for one or more zero groups, an IPv4 tail is allowed, a zone is not. */
function parseV6(text: string): { value: bigint; leadingZeros: boolean } | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  let leadingZeros = false;
  const groups = (half: string, last: boolean): number[] | null => {
    if (half === '') return [];
    const out: number[] = [];
    const parts = half.split(':');
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      if (last && i === parts.length - 1 && part.includes('.')) {
        const v4 = parseV4(part);
        if (!v4) return null;
        leadingZeros = v4.leadingZeros;
        out.push(Math.floor(v4.value / 65536), v4.value % 65536);
      } else {
        if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return null;
        out.push(parseInt(part, 16));
      }
    }
    return out;
  };
  const head = groups(halves[0], halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1], true) : [];
  if (!head || !tail) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  let value = 0n;
  for (const g of [...head, ...new Array<number>(missing).fill(0), ...tail])
    value = (value << 16n) | BigInt(g);
  return { value, leadingZeros };
}

/** ::ffff:a.b.c.d is the IPv4 address a.b.c.d, as Go's net package and so the API server reads it. */
const MAPPED = 0xffffn << 32n;

function parse(text: string): (Address & { leadingZeros: boolean }) | null {
  if (!text.includes(':')) {
    const v4 = parseV4(text);
    return v4 && { family: 4, ...v4 };
  }
  const v6 = parseV6(text);
  return v6 && { family: 6, ...v6 };
}

/**
 * Reads an IPv4 or IPv6 address in text form (RFC 4291 section 2.2). An IPv4-mapped IPv6 address is its IPv4
 * address. Gives null where the text is no address.
 */
export function parseAddress(text: string): Address | null {
  const a = parse(text);
  if (!a) return null;
  if (a.family === 6 && a.value >> 32n === MAPPED >> 32n) {
    return { family: 4, value: Number(a.value & 0xffffffffn) };
  }
  return a.family === 4 ? { family: 4, value: a.value } : { family: 6, value: a.value };
}

/**
 * Reads `address/prefix`. Host bits are masked, leading zeros read as decimal and a mapped address as
 * IPv4, each flagged (S11).
 * Gives null where the text is no block.
 */
export function parseCidr(text: string): Cidr | null {
  // Go's ParseCIDR accepts digits only; a prefix with leading zeros reads as decimal.
  const parts = /^([^/]*)\/([0-9]{1,3})$/.exec(text);
  if (!parts) return null;
  const a = parse(parts[1]);
  if (!a) return null;
  const prefix = Number(parts[2]);
  const leadingZeros = a.leadingZeros || /^0./.test(parts[2]);
  if (a.family === 4) return prefix > 32 ? null : cidr4(a.value, prefix, leadingZeros, false);
  if (prefix > 128) return null;
  const mapped = a.value >> 32n === MAPPED >> 32n;
  if (prefix >= 96 && mapped) {
    // An IPv4-mapped block counts as IPv4 with the prefix of its last 32 bits.
    return cidr4(Number(a.value & 0xffffffffn), prefix - 96, leadingZeros, true);
  }
  const size = 1n << BigInt(128 - prefix);
  const lo = a.value - (a.value % size);
  return { family: 6, lo, hi: lo + size, prefix, hostBits: lo !== a.value, leadingZeros, mapped };
}

function cidr4(value: number, prefix: number, leadingZeros: boolean, mapped: boolean): Cidr {
  const size = 2 ** (32 - prefix);
  const lo = value - (value % size);
  return { family: 4, lo, hi: lo + size, prefix, hostBits: lo !== value, leadingZeros, mapped };
}

/** Canonical text of an address: dotted quad, or RFC 5952 for IPv6. */
export function formatAddress(a: Address): string {
  return a.family === 4 ? formatV4(a.value) : formatV6(a.value);
}

function formatV4(v: number): string {
  return `${Math.floor(v / 2 ** 24)}.${Math.floor(v / 65536) % 256}.${Math.floor(v / 256) % 256}.${v % 256}`;
}

function formatV6(v: bigint): string {
  const groups: number[] = [];
  for (let i = 7; i >= 0; i--) groups.push(Number((v >> BigInt(16 * i)) & 0xffffn));
  // RFC 5952 section 4.2: `::` for the longest run of at least two zero groups, the first of equals.
  let best = -1;
  let bestLength = 1;
  groups.forEach((_, i) => {
    let j = i;
    while (groups[j] === 0) j++;
    if (j - i > bestLength) {
      best = i;
      bestLength = j - i;
    }
  });
  const hex = (part: number[]) => part.map((g) => g.toString(16)).join(':');
  if (best < 0) return hex(groups);
  return `${hex(groups.slice(0, best))}::${hex(groups.slice(best + bestLength))}`;
}

/** The fewest CIDR blocks that cover exactly these IPv4 intervals, in order. */
export function cidrs4(set: Intervals<number>): string[] {
  const out: string[] = [];
  for (let i = 0; i < set.length; i += 2) {
    let lo = set[i];
    const hi = set[i + 1];
    while (lo < hi) {
      let size = lo === 0 ? 2 ** 32 : lowBit4(lo);
      while (lo + size > hi) size /= 2;
      out.push(`${formatV4(lo)}/${32 - Math.log2(size)}`);
      lo += size;
    }
  }
  return out;
}

function lowBit4(v: number): number {
  let bit = 1;
  while (v % (bit * 2) === 0) bit *= 2;
  return bit;
}

/** The fewest CIDR blocks that cover exactly these IPv6 intervals, in order. */
export function cidrs6(set: Intervals<bigint>): string[] {
  const out: string[] = [];
  for (let i = 0; i < set.length; i += 2) {
    let lo = set[i];
    const hi = set[i + 1];
    while (lo < hi) {
      let bits = 128;
      if (lo !== 0n) {
        bits = 0;
        while (((lo >> BigInt(bits)) & 1n) === 0n) bits++;
      }
      while (lo + (1n << BigInt(bits)) > hi) bits--;
      out.push(`${formatV6(lo)}/${128 - bits}`);
      lo += 1n << BigInt(bits);
    }
  }
  return out;
}

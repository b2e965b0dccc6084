/**
 * Addresses and CIDR blocks for the plain evaluator: numbers and comparisons, nothing else (S11).
 * An address is a family and a whole number; a block is a first and a last address.
 */
import type { Family } from '../../shared/kube/snapshot.ts';

export interface Address {
  family: Family;
  value: bigint;
}

export interface Range {
  family: Family;
  first: bigint;
  last: bigint;
  prefix: number;
}

const BITS: Record<Family, number> = { IPv4: 32, IPv6: 128 };

function parseV4(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let value = 0n;
  for (const part of parts) {
    // Leading zeros are read as decimal, as servers before strict validation read them (S11).
    if (!/^[0-9]+$/.test(part) || Number(part) > 255) return null;
    value = value * 256n + BigInt(Number(part));
  }
  return value;
}

function parseV6(text: string): bigint | null {
  if (text.split('::').length > 2) return null;
  const toGroups = (half: string): string[] => (half === '' ? [] : half.split(':'));
  const expandV4Tail = (groups: string[]): string[] | null => {
    const tail = groups[groups.length - 1];
    if (tail === undefined || !tail.includes('.')) return groups;
    const v4 = parseV4(tail);
    if (v4 === null) return null;
    return [...groups.slice(0, -1), (v4 / 65536n).toString(16), (v4 % 65536n).toString(16)];
  };
  let groups: string[];
  if (text.includes('::')) {
    const [head, tail] = text.split('::') as [string, string];
    const left = toGroups(head);
    const right = expandV4Tail(toGroups(tail));
    if (right === null || left.length + right.length > 7) return null;
    groups = [...left, ...new Array<string>(8 - left.length - right.length).fill('0'), ...right];
  } else {
    const all = expandV4Tail(toGroups(text));
    if (all === null || all.length !== 8) return null;
    groups = all;
  }
  let value = 0n;
  for (const group of groups) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return null;
    value = value * 65536n + BigInt('0x' + group);
  }
  return value;
}

/** Reads an address in text form; null when it is none. */
export function parseAddress(text: string): Address | null {
  if (text.includes(':')) {
    const value = parseV6(text);
    if (value === null) return null;
    // A mapped address is the IPv4 address inside it, as the API server's own parser has it.
    return value >> 32n === 0xffffn
      ? { family: 'IPv4', value: value & 0xffffffffn }
      : { family: 'IPv6', value };
  }
  const value = parseV4(text);
  return value === null ? null : { family: 'IPv4', value };
}

/** Reads a CIDR block; host bits are masked away (S11). Null when it is none. */
export function parseBlock(text: string): Range | null {
  const slash = text.indexOf('/');
  if (slash < 0) return null;
  const addressText = text.slice(0, slash);
  const bitsText = text.slice(slash + 1);
  let address = parseAddress(addressText);
  if (address === null || !/^[0-9]+$/.test(bitsText)) return null;
  let prefix = Number(bitsText);
  if (address.family === 'IPv4' && addressText.includes(':')) {
    // A block of mapped addresses is one of IPv4 while it holds nothing else.
    if (prefix >= 96) prefix -= 96;
    else address = { family: 'IPv6', value: (0xffffn << 32n) | address.value };
  }
  const width = BITS[address.family];
  if (prefix > width) return null;
  const size = 1n << BigInt(width - prefix);
  const first = (address.value / size) * size;
  return { family: address.family, first, last: first + size - 1n, prefix };
}

/**
 * Is the text of a block as a strict server wants it (S11): no zero before other digits, no mapped address, and none
 * of the bits behind the prefix set?
 */
export function isCanonical(text: string): boolean {
  const block = parseBlock(text);
  const [addressText, bitsText] = text.split('/') as [string, string];
  if (block === null || /^0\d/.test(bitsText) || /(^|[.:])0\d+(\.|$)/.test(addressText)) return false;
  if (!addressText.includes(':')) return parseV4(addressText) === block.first;
  const value = parseV6(addressText);
  return value === block.first && value >> 32n !== 0xffffn;
}

/** Is the address inside the block? Families are separate spaces (S11). */
export function contains(range: Range, address: Address): boolean {
  return range.family === address.family && range.first <= address.value && address.value <= range.last;
}

/** Do the holes leave nothing of the block? */
export function emptied(block: Range, holes: Range[]): boolean {
  let next = block.first;
  for (const hole of [...holes].sort((x, y) => (x.first < y.first ? -1 : 1))) {
    if (hole.first > next) return false;
    if (hole.last >= next) next = hole.last + 1n;
  }
  return next > block.last;
}

/** The address as text (IPv6 in full groups: easy to read, not canonical). */
export function formatAddress(address: Address): string {
  if (address.family === 'IPv4') {
    return [24n, 16n, 8n, 0n].map((shift) => String((address.value >> shift) & 255n)).join('.');
  }
  const groups: string[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) {
    groups.push(((address.value >> shift) & 65535n).toString(16));
  }
  return groups.join(':');
}

/** The last address of a family. */
export function lastOf(family: Family): bigint {
  return (1n << BigInt(BITS[family])) - 1n;
}

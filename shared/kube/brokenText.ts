/** What a text that could not be parsed may have held, as far as its lines still show it. */
import { groupOf, networkKind, readingOf } from './kinds.ts';
import { ANY_GAP } from './manifests.ts';
import type { ManifestGap } from './manifests.ts';
import { WORKLOADS } from './project.ts';

/** A key at the beginning of a line with one plain value. */
const KIND = /^["']?kind["']?[ \t]*:[ \t]*["']?([A-Za-z0-9]+)["']?[ \t]*(?:#.*)?\r?$/gm;
const API_VERSION = /^["']?apiVersion["']?[ \t]*:[ \t]*["']?([A-Za-z0-9./-]+)["']?[ \t]*(?:#.*)?\r?$/m;
/** What stands behind `metadata:`, and below it up to the next line that begins at the margin. */
const METADATA = /^["']?metadata["']?[ \t]*:(.*)((?:\r?\n(?=[ \t\r\n]|$).*)*)/gm;
const NAMESPACE =
  /^["']?namespace["']?[ \t]*:[ \t]*["']?([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)["']?[ \t]*(?:#.*)?$/;

/** Fields that an object has beside its kind, and those of a policy. */
const OBJECT_FIELDS = /\b(apiVersion|metadata|spec|podSelector|policyTypes)\b/;

/** Kinds that neither pods nor policies come from. */
const HARMLESS = new Set([
  'ClusterRole',
  'ClusterRoleBinding',
  'ConfigMap',
  'Role',
  'RoleBinding',
  'Secret',
  'ServiceAccount',
]);
/** Kinds that are read and give no policy: what is missing with them changes details. */
const DETAILS = new Set(['Pod', 'Service', 'EndpointSlice', 'Ingress', ...Object.keys(WORKLOADS)]);

/**
 * What is missing where a document could not be parsed (S26). Only what its lines say plainly is believed: one kind at
 * the margin, one namespace in its metadata; else anything of any namespace may have stood there.
 * @param text the document
 * @returns null where it cannot have been anything that the audit reads
 */
export function gapOfText(text: string): ManifestGap | null {
  // It may be in another encoding, where nothing shows.
  if (text.includes('\0')) return ANY_GAP;
  if (!/\bkind\b/.test(text)) {
    // What a template includes shows nothing of itself: a library chart's policies are one such line.
    if (text.includes('{{')) return ANY_GAP;
    // Without any field of an object it cannot have been one.
    return OBJECT_FIELDS.test(text) ? { hides: 'anything', namespace: namespaceIn(text) } : null;
  }
  const kinds = new Set([...text.matchAll(KIND)].map((found) => found[1]!));
  const [kind = ''] = kinds;
  if (kinds.size !== 1 || kind.endsWith('List') || /^["']?items["']?[ \t]*:/m.test(text)) return ANY_GAP;
  const namespace = namespaceIn(text);
  const apiVersion = API_VERSION.exec(text)?.[1] ?? '';
  if (readingOf(apiVersion, kind).as === 'other-policy') {
    const group = groupOf(apiVersion);
    const wide = networkKind(group, kind)?.scope === 'cluster';
    return { hides: 'policies', namespace: wide ? null : namespace, other: { kind, group } };
  }
  if (kind === 'NetworkPolicy') return { hides: 'policies', namespace };
  if (HARMLESS.has(kind)) return null;
  if (DETAILS.has(kind)) return { hides: 'pods', namespace };
  // The labels of a namespace decide for peers of any namespace.
  return { hides: 'anything', namespace: kind === 'Namespace' ? null : namespace };
}

/** The namespace that the metadata name; null where none or several do. */
function namespaceIn(text: string): string | null {
  const names = new Set<string>();
  for (const [, rest = '', below = ''] of text.matchAll(METADATA)) {
    // In braces, unless others nest in them; else the lines as far in as the first one: not those of labels.
    const inside = /^[ \t]*\{([^{}]*)\}/.exec(rest)?.[1];
    const lines = inside?.split(',') ?? below.split(/\r?\n/).filter((line) => line.trim() !== '');
    const indent = (line: string): number => line.length - line.trimStart().length;
    for (const line of lines) {
      const name = NAMESPACE.exec(line.trim())?.[1];
      if (name !== undefined && (inside !== undefined || indent(line) === indent(lines[0]!))) names.add(name);
    }
  }
  const [name = null] = names;
  return names.size === 1 ? name : null;
}

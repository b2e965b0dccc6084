/**
 * Reads the conformance cases that lie beside the repository, where they do: facts from public suites in one
 * neutral form. The repository never needs them; where the folder is absent the tests say that they are skipped.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SnapshotBuilder } from '../../shared/kube/builder.ts';
import type { PodRecord, Snapshot } from '../../shared/kube/snapshot.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Folder of the cases: BULKHEAD_CONFORMANCE, or ../shared/conformance beside the repository. */
export const CONFORMANCE = process.env['BULKHEAD_CONFORMANCE'] ?? join(root, '..', 'shared', 'conformance');

export const present = existsSync(CONFORMANCE);

/** Names of the cases of one folder, sorted; none where it is absent. */
export function casesOf(folder: string): string[] {
  const path = join(CONFORMANCE, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => existsSync(join(path, name, 'manifests.yaml')))
    .sort();
}

/** A JSON file of a case. */
export function readJson(folder: string, name: string, file: string): unknown {
  return JSON.parse(readFileSync(join(CONFORMANCE, folder, name, file), 'utf8'));
}

/** The snapshot of manifests given as text. */
export function snapshotOf(text: string, file = 'manifests.yaml'): Snapshot {
  const builder = new SnapshotBuilder({
    name: file,
    source: 'manifests',
    file,
    serverVersion: null,
    takenAt: '2026-01-01T00:00:00Z',
    warnings: [],
  });
  builder.addManifest(file, text);
  return builder.finish();
}

/** netpol-analyzer takes a bare `y` in a selector's values for the letter; to kubectl it is a boolean. */
const withQuotedLetters = (text: string): string => text.replace(/^( *- )([yn])$/gm, "$1'$2'");

/** That tool reads files and never asks an API server, which refuses policies that have an underscore in their name. */
const withGoodNames = (text: string): string =>
  text.replace(/^kind: NetworkPolicy\nmetadata:\n(?: +.*\n)*? {2}name: .*/gm, (head) =>
    head.replace(/ name: .*/, (name) => name.replaceAll('_', '-')),
  );

/** The snapshot of a case's manifests. */
export function readSnapshot(folder: string, name: string): Snapshot {
  const text = readFileSync(join(CONFORMANCE, folder, name, 'manifests.yaml'), 'utf8');
  return snapshotOf(
    folder === 'netpol-analyzer' ? withGoodNames(withQuotedLetters(text)) : text,
    `${name}/manifests.yaml`,
  );
}

/** A pod's workload as 'namespace/Kind/name': its controlling owner, or itself. */
export const ownerKey = (pod: PodRecord): string =>
  pod.owner
    ? `${pod.namespace}/${pod.owner.kind}/${pod.owner.name}`
    : `${pod.namespace}/${pod.kind}/${pod.name}`;

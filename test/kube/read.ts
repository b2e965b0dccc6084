/** Helpers of the tests of reading: manifests in, snapshot out. */
import { SnapshotBuilder } from '../../shared/kube/builder.ts';
import type { ClusterInfo, PodRecord, Problem, Snapshot } from '../../shared/kube/snapshot.ts';

export const MANIFESTS: ClusterInfo = {
  name: 'folder',
  source: 'manifests',
  serverVersion: null,
  takenAt: '2026-01-01T00:00:00.000Z',
  warnings: [],
};
export const CLUSTER: ClusterInfo = { ...MANIFESTS, name: 'live', source: 'context' };

/** A snapshot of files, by name. */
export function snapshotOf(files: Record<string, string>): Snapshot {
  const builder = new SnapshotBuilder(MANIFESTS);
  for (const [file, text] of Object.entries(files)) builder.addManifest(file, text);
  return builder.finish();
}

/** A snapshot of one file called `a.yaml`. */
export function read(text: string): Snapshot {
  return snapshotOf({ 'a.yaml': text });
}

export function problemsOf(snapshot: Snapshot, check: string): Problem[] {
  return snapshot.problems.filter((problem) => problem.check === check);
}

/** Check ids of all problems, sorted. */
export function checks(snapshot: Snapshot): string[] {
  return snapshot.problems.map((problem) => problem.check).sort();
}

export function pod(snapshot: Snapshot, namespace: string, name: string): PodRecord {
  const found = snapshot.pods.find((one) => one.namespace === namespace && one.name === name);
  if (!found) throw new Error(`There is no pod ${namespace}/${name}.`);
  return found;
}

/** Names of all endpoints as `namespace/Kind/name`. */
export function endpoints(snapshot: Snapshot): string[] {
  return snapshot.pods.map((one) => `${one.namespace}/${one.kind}/${one.name}`);
}

/** A Pod in YAML. */
export function podYaml(name: string, extra = ''): string {
  return `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n${extra}`;
}

/**
 * The door between reading a cluster and the worker that holds its snapshot: raw bytes go in, small data comes
 * out, so that the main process never parses a page of pods.
 */
import type { CoverageEntry, OtherPolicyRecord, Problem } from '../../shared/kube/snapshot.ts';

/** What one page of a list brought. */
export interface PageSummary {
  /** Items in this page. */
  count: number;
  /** Namespace and name of its first object, where it has one. */
  first?: string;
  /** metadata.continue; null on the last page. */
  continueToken: string | null;
  /** metadata.remainingItemCount, where the server says it. */
  remaining: number | null;
  /** metadata.resourceVersion of the list. */
  resourceVersion: string | null;
}

/**
 * Where `readCluster` puts what it reads. The worker's client implements it on top of SnapshotBuilder.
 *
 * `resource` is the API's plural: 'namespaces', 'pods', 'networkpolicies' (of networking.k8s.io), 'services',
 * 'nodes', 'replicasets', 'jobs', 'daemonsets', 'configmaps'; for kinds of other groups it carries the group
 * ('networks.config.openshift.io', 'installations.operator.tigera.io', 'nodeclasses.eks.amazonaws.com'), and the
 * builder hands their items to `PluginSignals.other(item.kind, item)`.
 */
export interface ClusterSink {
  /** Why it takes nothing more (the worker ended); null or absent while it lives. */
  readonly ended?: unknown;
  /**
   * One page: the bytes of a Kubernetes list in JSON (UTF-8), exactly as the server sent it (a single object that was
   * read by name comes wrapped in a list of one). The buffer is given away (transferred to the worker).
   * `namespace` is null for a cluster-wide list. Rejects with an Error when the bytes are no JSON list; nothing of the
   * page is then kept, and the reader asks for it again a bounded number of times.
   */
  page(resource: string, namespace: string | null, bytes: ArrayBuffer): Promise<PageSummary>;
  /** Forget what this list brought so far: it starts again from its first page. */
  restart(resource: string, namespace: string | null): Promise<void>;
  coverage(entry: CoverageEntry): void;
  /**
   * A side that could not be read. Null stands for every namespace that has no 'read' coverage entry of its own for
   * that resource (pods or networkpolicies).
   */
  unread(what: 'policies' | 'pods', namespace: string | null): void;
  /** gitVersion of the server; null when it could not be read. */
  version(gitVersion: string | null): void;
  /** An object of another policy kind, or a kind whose objects could not be listed. */
  otherPolicy(record: OtherPolicyRecord): void;
  problem(problem: Problem): void;
  /** Names of all API groups that the server serves, for plugin detection (`PluginSignals.apiGroup`). */
  apiGroups(names: string[]): void;
}

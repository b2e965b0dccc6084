/** Workloads whose pods were not read (S20): which selectors may match those pods. */
import { matchesSelector, type Selector } from '../kube/selector.ts';
import type { Labels, Snapshot } from '../kube/snapshot.ts';

interface Unread {
  /** Null: any. */
  namespace: string | null;
  /** 'shop/checkout (Rollout)' */
  name: string;
  /** Labels of its pod template; null where they are not known. */
  labels: Labels | null;
}

/** Asked for the workloads of an input whose pods were not read. */
export class UnreadWorkloads {
  readonly #all: Unread[] = [];
  readonly #namespaceLabels: Map<string, Labels>;

  constructor(snapshot: Snapshot) {
    this.#namespaceLabels = new Map(snapshot.namespaces.map(({ name, labels }) => [name, labels]));
    for (const { check, object, params } of snapshot.problems) {
      if ((check !== 'input.workload-kind' && check !== 'input.deployer') || !object) continue;
      const namespace = object.namespace ?? 'default';
      const labels = typeof params.labels === 'string' ? labelsOf(params.labels) : null;
      const target = typeof params.target === 'string' ? params.target : null;
      this.#all.push({
        namespace: check === 'input.deployer' ? target : namespace,
        name: `${namespace}/${object.name} (${object.kind})`,
        labels,
      });
    }
  }

  /**
   * Those whose pods a selector may match, as text; '' where there are none.
   * @param pods selector of pods
   * @param home namespace of the policy
   * @param namespaces selector of namespaces; null: the policy's own
   */
  matching(pods: Selector, home: string, namespaces: Selector | null = null): string {
    const found = this.#all.filter(({ namespace, labels }) => {
      if (labels !== null && !matchesSelector(pods, labels)) return false;
      if (namespace === null) return true;
      if (namespaces === null) return namespace === home;
      // A namespace without an object has at least its name.
      const own = this.#namespaceLabels.get(namespace) ?? { 'kubernetes.io/metadata.name': namespace };
      return matchesSelector(namespaces, own);
    });
    const names = [...new Set(found.map(({ name }) => name))];
    return names.length > 3 ? `${names.slice(0, 3).join(', ')} (+${names.length - 3})` : names.join(', ');
  }
}

function labelsOf(text: string): Labels {
  return Object.fromEntries(
    text
      .split(',')
      .filter((pair) => pair !== '')
      .map((pair) => {
        const at = pair.indexOf('=');
        return [pair.slice(0, at), pair.slice(at + 1)];
      }),
  );
}

/**
 * Which labels Cilium counts in a pod's identity, and so sees when it compares a selector (S30).
 * https://docs.cilium.io/en/stable/operations/performance/scalability/identity-relevant-labels/
 */

/** Cilium's own patterns; of several versions, each exclusion that one of them has. */
const DEFAULTS: readonly string[] = [
  'io\\.kubernetes\\.pod\\.namespace',
  'io\\.cilium\\.k8s\\.namespace\\.labels',
  'app\\.kubernetes\\.io',
  'io\\.cilium\\.k8s\\.policy\\.cluster',
  '!io\\.kubernetes',
  '!kubernetes\\.io',
  '!statefulset\\.kubernetes\\.io/pod-name',
  '!apps\\.kubernetes\\.io/pod-index',
  '!batch\\.kubernetes\\.io/job-completion-index',
  '!batch\\.kubernetes\\.io/controller-uid',
  '!.*beta\\.kubernetes\\.io',
  '!k8s\\.io',
  '!pod-template-generation',
  '!pod-template-hash',
  '!controller-revision-hash',
  '!annotation.*',
  '!controller-uid',
  '!etcd_node',
];

/**
 * What this and Go's regular expressions read alike: plain characters, escaped points, and few enough repetitions that
 * matching stays short.
 */
const PLAIN = /^\^?(?:[A-Za-z0-9_/-]|\\[./-]|\.[*+]?)+\$?$/;
const MOST_REPEATS = 3;

interface Pattern {
  /** 'k8s', '' for any source, ... */
  source: string;
  excludes: boolean;
  expression: RegExp;
}

/** A pattern such as `k8s:!job-name`; null where it cannot be judged. */
function parsePattern(text: string): Pattern | null {
  const at = text.indexOf(':');
  const source = at < 0 ? '' : text.slice(0, at);
  let rest = text.slice(at + 1);
  const excludes = rest.startsWith('!');
  if (excludes) rest = rest.slice(1);
  if (!PLAIN.test(rest) || rest.split(/[*+]/).length - 1 > MOST_REPEATS) return null;
  return { source, excludes, expression: new RegExp(rest, 'y') };
}

/**
 * The patterns of `labels` in cilium-config.
 * @param text separated by spaces
 */
export function identityPatterns(text: string): string[] {
  return text.split(/\s+/).filter((one) => one !== '');
}

/**
 * Does Cilium count the label for sure?
 * @param key of a pod's label, or of a namespace's behind `io.cilium.k8s.namespace.labels.`
 * @param patterns those of cilium-config; null where they are not known
 */
export function isIdentityLabel(key: string, patterns: readonly string[] | null): boolean {
  if (patterns === null) return false;
  const parsed: Pattern[] = [];
  for (const text of [...DEFAULTS, ...patterns]) {
    const pattern = parsePattern(text);
    if (pattern === null) return false;
    parsed.push(pattern);
  }
  // One inclusive pattern of the user's, and only what is included counts; Cilium's own are not looked at for that.
  const onlyIncluded = parsed.slice(DEFAULTS.length).some(({ excludes }) => !excludes);
  // Versions differ in whether `any:` stands for every source.
  return [true, false].every((any) => {
    let included = 0;
    let excluded = 0;
    for (const { source, excludes, expression } of parsed) {
      if (source !== '' && source !== 'k8s' && !(any && source === 'any')) continue;
      expression.lastIndex = 0;
      const length = expression.exec(key)?.[0].length ?? 0;
      if (length === 0) continue;
      // The longest part that is included against the shortest that is excluded.
      if (!excludes) included = Math.max(included, length);
      else if (excluded === 0 || length < excluded) excluded = length;
    }
    return (!onlyIncluded && excluded === 0) || included > excluded;
  });
}

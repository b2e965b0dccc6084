/**
 * Whom a policy of another kind acts on and in which direction, as far as that is a plain label selector (S26). Until
 * such a kind is evaluated this alone tells which pods it cannot touch; what is not fully understood excludes nobody.
 */
import { isObject, parseSelector } from './selector.ts';
import type { SelectorProblem } from './selector.ts';
import type { LabelRequirement, OtherPolicyRecord, PolicySubject } from './snapshot.ts';

type Scope = Pick<OtherPolicyRecord, 'subject' | 'directions'>;
type Raw = Record<string, unknown>;

/** Groups of which `scopeOf` reads more than metadata. */
export const SCOPED_GROUPS: ReadonlySet<string> = new Set([
  'policy.networking.k8s.io',
  'cilium.io',
  'security.istio.io',
]);

/**
 * The scope of an object of another policy kind.
 * @param group its API group
 * @param kind its kind
 * @param raw the object
 * @returns `subject` where it is understood, `directions` where they show; neither for a kind of which nothing is known
 */
export function scopeOf(group: string, kind: string, raw: Raw): Scope {
  const spec = isObject(raw.spec) ? raw.spec : null;
  switch (group) {
    case 'policy.networking.k8s.io':
      return spec === null ? {} : { ...adminSubject(spec.subject), ...ruleDirections(spec) };
    case 'cilium.io':
      // `specs` beside or in place of `spec`, and rules for nodes, are left as not understood.
      if (spec === null || given(raw.specs) || given(spec.nodeSelector)) return {};
      return { ...ciliumSubject(spec), ...ruleDirections(spec, ['ingressDeny'], ['egressDeny']) };
    case 'security.istio.io':
      // A proxy judges what reaches its own pod.
      if (kind !== 'AuthorizationPolicy' && kind !== 'PeerAuthentication') return {};
      return { ...(spec === null ? {} : istioSubject(spec)), directions: ['ingress'] };
    case 'policy.linkerd.io':
      if (kind === 'EgressNetwork') return { directions: ['egress'] };
      return /^(Server|ServerAuthorization|AuthorizationPolicy)$/.test(kind)
        ? { directions: ['ingress'] }
        : {};
    case 'networking.gke.io':
      // It has egress rules alone.
      return kind === 'FQDNNetworkPolicy' ? { directions: ['egress'] } : {};
    case 'k8s.ovn.org':
    case 'network.openshift.io':
      return kind === 'EgressFirewall' || kind === 'EgressNetworkPolicy' ? { directions: ['egress'] } : {};
    default:
      return {};
  }
}

function given(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** The requirements of a selector; null where it is absent or the API would refuse it. */
function requirementsOf(raw: unknown): LabelRequirement[] | null {
  if (!isObject(raw)) return null;
  const problems: SelectorProblem[] = [];
  const selector = parseSelector(raw, problems);
  if (selector === null || problems.length > 0) return null;
  return selector.requirements.map(({ key, operator, values }) => ({ key, operator, values: [...values] }));
}

function subject(namespaces: LabelRequirement[] | null, pods: LabelRequirement[] | null): Scope {
  return { subject: { namespaces, pods } satisfies PolicySubject };
}

/** ClusterNetworkPolicy, AdminNetworkPolicy, BaselineAdminNetworkPolicy: exactly one of `namespaces` and `pods`. */
function adminSubject(raw: unknown): Scope {
  if (!isObject(raw)) return {};
  const fields = Object.keys(raw).filter((name) => given(raw[name]));
  if (fields.length !== 1) return {};
  if (fields[0] === 'namespaces') {
    const namespaces = requirementsOf(raw.namespaces);
    return namespaces === null ? {} : subject(namespaces, null);
  }
  const { pods } = raw;
  if (!isObject(pods) || Object.keys(pods).some((name) => !/^(namespace|pod)Selector$/.test(name))) return {};
  const namespaces = requirementsOf(pods.namespaceSelector);
  const selected = requirementsOf(pods.podSelector);
  return namespaces === null || selected === null ? {} : subject(namespaces, selected);
}

/** Directions that a policy has rules for; a field that is there without any counts too where it is no empty list. */
function ruleDirections(spec: Raw, moreIngress: string[] = [], moreEgress: string[] = []): Scope {
  const has = (names: string[]): boolean =>
    names.some((name) => given(spec[name]) && !(Array.isArray(spec[name]) && spec[name].length === 0));
  return {
    directions: [
      ...(has(['ingress', ...moreIngress]) ? (['ingress'] as const) : []),
      ...(has(['egress', ...moreEgress]) ? (['egress'] as const) : []),
    ],
  };
}

/**
 * Cilium's `endpointSelector`. Its keys may name where a label comes from; pods have labels of Kubernetes, so `k8s:` and
 * `any:` are those. Labels that Cilium makes itself are not understood, nor is what must not be there: labels that the
 * agent is told to leave out count as absent.
 */
function ciliumSubject(spec: Raw): Scope {
  const parsed = requirementsOf(withoutSources(spec.endpointSelector));
  if (parsed === null) return {};
  const plain = parsed.every(
    ({ key, operator }) =>
      (operator === 'In' || operator === 'Exists') && !/(^|\.)(io\.kubernetes|io\.cilium)(\.|$)/.test(key),
  );
  return plain ? subject(null, parsed) : {};
}

function withoutSources(raw: unknown): unknown {
  if (!isObject(raw)) return raw;
  const key = (name: string): string => name.replace(/^(k8s|any):/, '');
  const { matchLabels, matchExpressions } = raw;
  return {
    ...raw,
    ...(isObject(matchLabels)
      ? {
          matchLabels: Object.fromEntries(Object.entries(matchLabels).map(([name, one]) => [key(name), one])),
        }
      : {}),
    ...(Array.isArray(matchExpressions)
      ? {
          matchExpressions: matchExpressions.map((one: unknown) =>
            isObject(one) && typeof one.key === 'string' ? { ...one, key: key(one.key) } : one,
          ),
        }
      : {}),
  };
}

/** Istio's `selector.matchLabels`; with a target (a gateway, a Service) in its place it is not understood. */
function istioSubject(spec: Raw): Scope {
  if (given(spec.targetRef) || given(spec.targetRefs) || !isObject(spec.selector)) return {};
  const { matchLabels, ...rest } = spec.selector;
  if (!isObject(matchLabels) || Object.keys(rest).length > 0) return {};
  const pods = requirementsOf({ matchLabels });
  return pods === null ? {} : subject(null, pods);
}

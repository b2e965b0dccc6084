/** Assumptions as data (S25): defaults, what detection implies, what the user sets. */
import type { AssumptionName, AssumptionRecord, Assumptions, Snapshot } from '../kube/snapshot.ts';

const VALUES: Record<Exclude<AssumptionName, 'serverVersion'>, readonly string[]> = {
  ipBlockPods: ['match', 'ignore', 'unknown'],
  hostNetwork: ['node', 'pod', 'unknown'],
  endPort: ['on', 'off', 'unknown'],
  sctp: ['on', 'off', 'unknown'],
  enforced: ['yes', 'no', 'unknown'],
  unselected: ['permit', 'deny', 'unknown'],
};

export const ASSUMPTION_NAMES: readonly AssumptionName[] = [
  'ipBlockPods',
  'hostNetwork',
  'serverVersion',
  'endPort',
  'sctp',
  'enforced',
  'unselected',
];

/** Values that an assumption can take; null for serverVersion, which takes 'newest', 'unknown' or a version. */
export function assumptionValues(name: AssumptionName): readonly string[] | null {
  return name === 'serverVersion' ? null : VALUES[name];
}

/** A server version as [major, minor], or null for 'newest' and 'unknown' and what is no version. */
export function parseVersion(text: string): [number, number] | null {
  const m = /^v?(\d+)\.(\d+)/.exec(text.trim());
  return m ? [Number(m[1]), Number(m[2])] : null;
}

/** Is the version (by `parseVersion`) before 1.`minor`? */
export function isBefore(version: [number, number], minor: number): boolean {
  return version[0] < 1 || (version[0] === 1 && version[1] < minor);
}

/** Does a server of this assumed version refuse new objects whose addresses are not canonical (S11)? */
export function hasStrictAddresses(serverVersion: string): boolean {
  const version = parseVersion(serverVersion);
  return serverVersion === 'newest' || (version !== null && !isBefore(version, 36));
}

/** The reason why a name or value is no assumption, or null when it is one. */
export function assumptionError(name: string, value: string): string | null {
  if (!(ASSUMPTION_NAMES as readonly string[]).includes(name)) {
    return `unknown assumption "${name}": it is one of ${ASSUMPTION_NAMES.join(', ')}`;
  }
  if (name === 'serverVersion') {
    return value === 'newest' || value === 'unknown' || parseVersion(value)
      ? null
      : `serverVersion=${value}: give a version such as 1.29, or newest, or unknown`;
  }
  const values = VALUES[name as Exclude<AssumptionName, 'serverVersion'>];
  return values.includes(value) ? null : `${name}=${value}: it is one of ${values.join(', ')}`;
}

/**
 * The assumptions that hold for a snapshot. Precedence: the user's, then what the detected plugin implies, then
 * the server's version, then the default: for a live cluster 'unknown' (S25), for manifests and the demo the
 * conformance suite's. `user` must have passed `assumptionError`.
 */
export function resolveAssumptions(
  snapshot: Snapshot,
  user: Partial<Record<AssumptionName, string>>,
): { assumptions: Assumptions; records: AssumptionRecord[] } {
  const live = snapshot.cluster.source === 'context';
  const implies = snapshot.enforcement.implies;
  const records: AssumptionRecord[] = [];
  const pick = (name: AssumptionName, detected: string | null | undefined, fallback: string): string => {
    const set = user[name];
    const [value, origin] =
      set !== undefined
        ? ([set, 'user'] as const)
        : detected !== null && detected !== undefined
          ? ([detected, 'detected'] as const)
          : ([fallback, 'default'] as const);
    records.push({ name, value, origin });
    return value;
  };
  const ipBlockPods = pick('ipBlockPods', implies.ipBlockPods, live ? 'unknown' : 'match');
  const hostNetwork = pick('hostNetwork', implies.hostNetwork, live ? 'unknown' : 'node');
  const serverVersion = pick(
    'serverVersion',
    implies.serverVersion ?? snapshot.cluster.serverVersion,
    live ? 'unknown' : 'newest',
  );
  // S22: endPort is off by default in 1.21 and on from 1.22; SCTP stands behind a gate before 1.19.
  const version = parseVersion(serverVersion);
  const gate = (minor: number): 'on' | 'off' | 'unknown' =>
    serverVersion === 'newest' ? 'on' : !version ? 'unknown' : isBefore(version, minor) ? 'off' : 'on';
  const byVersion = version !== null;
  const endPort = pick('endPort', implies.endPort ?? (byVersion ? gate(22) : null), gate(22));
  const sctp = pick('sctp', implies.sctp ?? (byVersion ? gate(19) : null), gate(19));
  const e = snapshot.enforcement;
  const found = e.ingress === e.egress ? e.ingress : 'unknown';
  const enforced = pick('enforced', e.plugin !== null || found !== 'unknown' ? found : null, 'unknown');
  const unselected = pick('unselected', implies.unselected, 'permit');
  return {
    assumptions: {
      ipBlockPods,
      hostNetwork,
      serverVersion,
      endPort,
      sctp,
      enforced,
      unselected,
    } as Assumptions,
    records,
  };
}

/** Endpoints of a question as text and back. Pure. */
import type { Endpoint, ExplainQuery } from '../../shared/ipc.ts';

type End = ExplainQuery['src'];

/** `namespace/name` of a pod, `namespace/Kind/name` of a workload template: what `parseEnd` reads. */
export function endText(endpoint: Endpoint): string {
  return endpoint.kind === 'Pod'
    ? `${endpoint.namespace}/${endpoint.name}`
    : `${endpoint.namespace}/${endpoint.kind}/${endpoint.name}`;
}

/**
 * Reads what was typed: an IPv4 or IPv6 address, `namespace/pod` or `namespace/Kind/name`.
 * @returns null where it can be none of them; whether it exists is the backend's answer
 */
export function parseEnd(text: string): End | null {
  const value = text.trim();
  if (value === '') return null;
  // A name of Kubernetes has no colon, and no namespace stands without a slash.
  if (!value.includes('/')) return /^[\d.]+$/.test(value) || value.includes(':') ? { ip: value } : null;
  const slash = value.indexOf('/');
  const namespace = value.slice(0, slash);
  const pod = value.slice(slash + 1);
  return namespace && pod && !pod.endsWith('/') ? { namespace, pod } : null;
}

/** A port from text: a whole number from 1 to 65535, else null. */
export function parsePort(text: string): number | null {
  if (!/^\d{1,5}$/.test(text.trim())) return null;
  const port = Number(text);
  return port >= 1 && port <= 65535 ? port : null;
}

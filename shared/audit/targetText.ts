/** How an endpoint of a Service is named. */
import type { ServiceTarget } from './result.ts';

/** An endpoint as it is named in a sentence: `shop/db-0:5432`. */
export function targetText(end: ServiceTarget['end'], port: number | null): string {
  const name =
    end.type === 'pod'
      ? `${end.namespace}/${end.kind === 'Pod' ? '' : `${end.kind}/`}${end.name}`
      : end.type === 'unread'
        ? end.name
        : end.ip;
  if (port === null) return name;
  return name.includes(':') ? `[${name}]:${port}` : `${name}:${port}`;
}

/** The proxy that the environment names, as kubectl takes it where the kubeconfig has no proxy-url. */
import { BlockList, isIP } from 'node:net';

/**
 * HTTPS_PROXY, HTTP_PROXY and NO_PROXY (or in small letters), read as kubectl's HTTP library reads them: loopback
 * servers are never proxied; NO_PROXY holds `*`, names (with their subdomains), addresses and address ranges.
 * @param server URL of the API server
 * @returns the proxy's URL, or undefined for a direct connection
 */
export function proxyFromEnvironment(
  server: string,
  env: Record<string, string | undefined>,
): string | undefined {
  const url = new URL(server);
  const secure = url.protocol === 'https:';
  const proxy = secure
    ? (env['HTTPS_PROXY'] ?? env['https_proxy'])
    : (env['HTTP_PROXY'] ?? env['http_proxy']);
  if (!proxy) return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const family = isIP(host);
  if (host === 'localhost' || host === '::1' || (family === 4 && host.startsWith('127.'))) return undefined;
  const port = url.port || (secure ? '443' : '80');
  for (const part of (env['NO_PROXY'] ?? env['no_proxy'] ?? '').split(',')) {
    const entry = part.trim().toLowerCase();
    if (entry === '') continue;
    if (entry === '*') return undefined;
    if (entry.includes('/') && family !== 0) {
      const [address = '', bits] = entry.split('/');
      if (isIP(address) !== family) continue;
      const range = new BlockList();
      try {
        range.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
      } catch {
        continue;
      }
      if (range.check(host, family === 4 ? 'ipv4' : 'ipv6')) return undefined;
      continue;
    }
    const withPort = /^(.*[^:]):(\d+)$/.exec(entry);
    if (withPort && isIP(entry) === 0 && withPort[2] !== port) continue;
    const name = (withPort && isIP(entry) === 0 ? (withPort[1] as string) : entry).replace(/^\*?\.?/, '');
    if (host === name || (family === 0 && host.endsWith(`.${name}`))) return undefined;
  }
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

/** The proxy of a cluster, and what names it. */
export interface Proxy {
  url: string;
  /** 'proxy-url' of the kubeconfig's cluster, or the environment. */
  from: 'proxy-url' | 'environment';
}

/**
 * The proxy that requests to a cluster go through: its proxy-url, else what the environment names.
 * @returns null for a direct connection
 */
export function proxyOf(
  cluster: { server: string; proxyUrl?: string },
  env: Record<string, string | undefined>,
): Proxy | null {
  if (cluster.proxyUrl !== undefined) return { url: cluster.proxyUrl, from: 'proxy-url' };
  const url = proxyFromEnvironment(cluster.server, env);
  return url === undefined ? null : { url, from: 'environment' };
}

/** A proxy's URL as it may be shown: without a name and password. */
export function shownProxy(proxy: string): string {
  if (!URL.canParse(proxy)) return 'the proxy';
  const { protocol, host } = new URL(proxy);
  return `${protocol}//${host}`;
}

/**
 * A connection that failed at the proxy, before the API server was asked; `cause` says how. `unreached`: the proxy
 * answered that it does not get through to the server.
 */
export class ProxyFailure extends Error {
  override name = 'ProxyFailure';
  readonly unreached: boolean;

  constructor(cause: unknown, unreached = false) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.unreached = unreached;
  }
}

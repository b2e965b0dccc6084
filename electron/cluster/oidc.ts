/**
 * The oidc auth-provider of kubeconfigs: an identity token, renewed with a refresh token where it has expired.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#option-1-oidc-authenticator
 * Renewed tokens stay in memory: the user's file is never written.
 */
import { Agent, fetch as undiciFetch } from 'undici';
import type { Response as UndiciResponse } from 'undici';
import { cancelled, ClusterError } from './error.ts';
import type { UserEntry } from './kubeconfigFile.ts';
import { untilAborted } from './wait.ts';

/** Renewed tokens by the login they came from: an issuer that rotates refresh tokens takes each one once. */
const renewed = new Map<string, { idToken: string; refreshToken: string }>();

/** The issuer has to answer within this many seconds. */
const TIMEOUT_S = 20;
/** Its documents and tokens have some kilobytes. */
const MOST_BYTES = 1024 * 1024;

/**
 * @param user whose auth-provider is oidc
 * @param force renew also a token that looks good (the server refused it)
 * @param issuerCa PEM of the authorities that the issuer's certificate may come from
 * @returns the identity token, and when it expires (milliseconds since 1970)
 * @throws ClusterError 'auth' when there is no good token and none can be had; 'cancelled'
 */
export async function oidcToken(
  user: UserEntry,
  force: boolean,
  issuerCa: string,
  signal: AbortSignal,
): Promise<{ token: string; expires: number | null }> {
  const config = user.authProvider?.config ?? {};
  const issuer = config['idp-issuer-url'];
  const clientId = config['client-id'];
  const key = JSON.stringify([issuer, clientId, config['refresh-token'], config['id-token']]);
  const known = renewed.get(key);
  const idToken = known?.idToken ?? config['id-token'];
  if (idToken && !force) {
    const expires = expiry(idToken);
    // Ten seconds early, as client-go does: the request takes its time too.
    if (expires !== null && expires > Date.now() + 10_000) return { token: idToken, expires };
  }
  const refreshToken = known?.refreshToken ?? config['refresh-token'];
  const failed = (cause?: unknown): ClusterError =>
    new ClusterError('auth', `The login of user "${user.name}" has expired and cannot be renewed`, {
      place: `${user.file}: user ${user.name}`,
      hint: 'Log in again with the program that wrote this kubeconfig.',
      ...(cause === undefined ? {} : { cause }),
    });
  // Going on without a token would be going on as nobody.
  if (!issuer || !clientId || !refreshToken || !URL.canParse(issuer)) throw failed();
  const agent = new Agent({ connect: { ca: issuerCa }, allowH2: false });
  try {
    const { discovery, refreshTokenGrant, customFetch } = await import('openid-client');
    const server = await untilAborted(
      discovery(new URL(issuer), clientId, config['client-secret'] || undefined, undefined, {
        timeout: TIMEOUT_S,
        [customFetch]: async (url: string, options: object) =>
          bounded(await undiciFetch(url, { ...options, dispatcher: agent })),
      }),
      signal,
    );
    const answer = await untilAborted(refreshTokenGrant(server, refreshToken), signal);
    if (!answer.id_token) throw new Error('no id_token in the answer');
    renewed.set(key, { idToken: answer.id_token, refreshToken: answer.refresh_token ?? refreshToken });
    return { token: answer.id_token, expires: expiry(answer.id_token) };
  } catch (error) {
    if (signal.aborted) throw cancelled();
    throw failed(error);
  } finally {
    agent.destroy().catch(() => undefined);
  }
}

/** An answer with its body read: within the time of its request, and of no more than `MOST_BYTES` as it is inflated. */
async function bounded(answer: UndiciResponse): Promise<Response> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    chunks.push(chunk as Uint8Array);
    size += (chunk as Uint8Array).length;
    if (size > MOST_BYTES) throw new Error(`the issuer's answer is larger than ${MOST_BYTES} bytes`);
  }
  const { status, statusText } = answer;
  const empty = status === 204 || status === 205 || status === 304;
  return new Response(empty ? null : Buffer.concat(chunks), {
    status,
    statusText,
    headers: [...answer.headers],
  });
}

/** `exp` of a JWT in milliseconds since 1970; null when it has none or is no JWT. */
function expiry(token: string): number | null {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
      exp?: unknown;
    };
    return typeof claims.exp === 'number' ? claims.exp * 1000 : null;
  } catch {
    return null;
  }
}

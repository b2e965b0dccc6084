/**
 * Whether the program of a kubeconfig's `exec` may be run. A kubeconfig names it, and so whoever wrote the file decides what
 * runs with all that the user may do. What lies where kubectl looks by itself is taken as kubectl takes it; of everything
 * else the user is asked once for each program (.github/SECURITY.md, "Programs of kubeconfigs").
 */
import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { readBounded } from '../readBounded.ts';
import type { ClusterEntry, ExecEntry, UserEntry } from './kubeconfigFile.ts';

/**
 * Where a context's file, cluster and user come from; of several the one that is trusted least. `default`: a place where
 * kubectl looks without being told; `named`: by `--kubeconfig`; `added`: in the window; `pasted`: text without a file.
 */
export type Origin = 'default' | 'named' | 'added' | 'pasted';
export const ORIGINS: readonly Origin[] = ['default', 'named', 'added', 'pasted'];

/** A program that a kubeconfig wants to be run. Plain data; it may hold secrets in `args` and `env`. */
export interface ExecQuestion {
  command: string;
  /** What the command leads to, behind links. */
  path: string;
  args: string[];
  env: { name: string; value: string }[];
  /** Path of the kubeconfig, or what stands for pasted text. */
  kubeconfig: string;
  user: string;
  /** Where the credential will be sent. */
  server: string;
  proxy: string | null;
  insecure: boolean;
  origin: Origin;
  /** Stands for all of the above and for what else the program is told and the credential is for. */
  digest: string;
}

export type PermitAnswer = { allowed: true } | { allowed: false; message: string; hint?: string };

/** Decides, and asks where it has to. */
export type Permit = (question: ExecQuestion, signal: AbortSignal) => Promise<PermitAnswer>;

/** The question about a plugin whose program was found. */
export async function execQuestion(
  user: UserEntry,
  cluster: ClusterEntry,
  file: string,
  origin: Origin,
): Promise<ExecQuestion> {
  const exec = user.exec as ExecEntry;
  const asked = {
    command: exec.command,
    path: await real(file),
    args: exec.args,
    env: exec.env.map(({ name, value }) => ({ name, value })),
    kubeconfig: origin === 'pasted' ? user.file : await real(user.file),
    user: user.name,
    server: cluster.server,
    proxy: cluster.proxyUrl ?? null,
    insecure: cluster.insecure,
    origin,
  };
  // The credential must not go to another server than the one that was confirmed, nor past its certificate. Pasted texts
  // are numbered as they come: their label says nothing of what stands in them.
  const what = [
    ...[asked.command, asked.path, asked.args, asked.env.map(({ name, value }) => [name, value])],
    origin === 'pasted' ? '' : asked.kubeconfig,
    ...[asked.server, asked.proxy, asked.insecure, cluster.tlsServerName ?? null],
    ...[cluster.caData ?? null, cluster.caFile ?? null],
    ...[exec.apiVersion, exec.provideClusterInfo, cluster.execExtension ?? null],
  ];
  return { ...asked, digest: createHash('sha256').update(JSON.stringify(what)).digest('hex') };
}

/** A path behind its links; the path itself where it leads nowhere. */
async function real(file: string): Promise<string> {
  return realpath(file).catch(() => file);
}

/**
 * Who is asked where nobody can be: what lies outside the default places is not run.
 * @param question about a program
 */
export const permitDefaultPlaces: Permit = ({ origin }) =>
  Promise.resolve(
    origin === 'default'
      ? { allowed: true }
      : {
          allowed: false,
          message: 'nobody could be asked whether it may be',
          hint: NO_TERMINAL[origin],
        },
  );

/** What to do where there is no terminal and no desktop to ask. */
export const NO_TERMINAL: Record<Exclude<Origin, 'default'>, string> = {
  named:
    'Run the command in a terminal, which asks, or permit the programs of --kubeconfig files by --allow-exec.',
  added:
    'Start Bulkhead in a terminal, which asks, or name the file by --kubeconfig and permit its programs by --allow-exec.',
  pasted:
    'Start Bulkhead in a terminal, which asks, or save the text as a file, name that by --kubeconfig, and permit its programs by --allow-exec.',
};

const MAX_KUBERC = 1024 * 1024;

/** https://kubernetes.io/docs/reference/config-api/kuberc.v1beta1/; `name` was renamed `command` in 1.36. */
const preference = z.object({
  kind: z.literal('Preference'),
  credentialPluginPolicy: z.enum(['', 'AllowAll', 'DenyAll', 'Allowlist']).nullish(),
  credentialPluginAllowlist: z
    .array(z.union([z.object({ name: z.string().min(1) }), z.object({ command: z.string().min(1) })]))
    .nullish(),
});

export type PluginPolicy = { policy: 'AllowAll' | 'DenyAll' } | { policy: 'Allowlist'; commands: string[] };

export interface PolicyOptions {
  env?: Record<string, string | undefined>;
  home?: string;
}

/** Where kubectl keeps its user's preferences; null where they are turned off. */
export function kubercFile({ env = process.env, home = homedir() }: PolicyOptions = {}): string | null {
  const named = env['KUBERC'];
  if (named === 'off') return null;
  return named ? path.resolve(named) : path.join(home, '.kube', 'kuberc');
}

/**
 * Which programs of kubeconfigs the user's kuberc permits, as kubectl reads it since 1.35. It holds for every kubeconfig, also
 * those in default places.
 * @throws Error where the file is there and does not say it clearly: nothing is to be run then
 */
export async function pluginPolicy(file: string | null): Promise<PluginPolicy> {
  const text = file === null ? null : await textOf(file);
  if (text === null) return { policy: 'AllowAll' };
  const [first] = parseAllDocuments(text);
  if (first === undefined || !('contents' in first) || first.contents === null) return { policy: 'AllowAll' };
  if (first.errors.length > 0) throw new Error('it is no valid YAML');
  const read = preference.safeParse(first.toJS({ maxAliasCount: 100 }));
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new Error(`${issue?.path.join('.') || 'it'} is not as expected`);
  }
  const policy = read.data.credentialPluginPolicy || 'AllowAll';
  const commands = (read.data.credentialPluginAllowlist ?? []).map((entry) =>
    'name' in entry ? entry.name : entry.command,
  );
  if (policy === 'Allowlist') return { policy, commands };
  if (commands.length > 0) throw new Error('it has a credentialPluginAllowlist, and the policy is another');
  return { policy };
}

async function textOf(file: string): Promise<string | null> {
  try {
    return Buffer.from(await readBounded(file, { maxBytes: MAX_KUBERC })).toString('utf8');
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new Error(`it cannot be read (${code ?? (thrown as Error).message})`, { cause: thrown });
  }
}

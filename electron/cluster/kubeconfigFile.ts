/**
 * The text of one kubeconfig: its clusters, users and contexts, each with what is wrong with it.
 * Format: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
 */
import path from 'node:path';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, visit } from 'yaml';
import type { Alias, Document, Node, YAMLMap } from 'yaml';
import { ClusterError } from './error.ts';

export interface ClusterEntry {
  name: string;
  /** File that the entry stands in. */
  file: string;
  server: string;
  caFile?: string;
  /** Base64 of PEM. */
  caData?: string;
  insecure: boolean;
  tlsServerName?: string;
  proxyUrl?: string;
  disableCompression: boolean;
  /** `extensions` entry for exec plugins (client.authentication.k8s.io/exec), passed on when a plugin asks for it. */
  execExtension?: unknown;
}

export interface ExecEntry {
  apiVersion: string;
  command: string;
  args: string[];
  env: { name: string; value: string }[];
  installHint?: string;
  provideClusterInfo: boolean;
  interactiveMode: string;
}

export interface UserEntry {
  name: string;
  file: string;
  certFile?: string;
  certData?: string;
  keyFile?: string;
  keyData?: string;
  token?: string;
  tokenFile?: string;
  username?: string;
  password?: string;
  exec?: ExecEntry;
  authProvider?: { name: string; config: Record<string, string> };
  as?: string;
  asUid?: string;
  asGroups: string[];
  asUserExtra: Record<string, string[]>;
}

export interface ContextEntry {
  name: string;
  file: string;
  cluster: string;
  user: string;
  namespace: string | null;
  problem: string | null;
}

/** What one file holds; an entry that cannot be used stands there as the reason why. */
export interface FileConfig {
  path: string;
  /** Files of one group are merged as kubectl merges the files of KUBECONFIG. */
  group: string;
  currentContext: string | null;
  /** Nothing but space and comments stands in it. */
  empty?: true;
  clusters: Map<string, ClusterEntry | string>;
  users: Map<string, UserEntry | string>;
  contexts: ContextEntry[];
}

/** Words for the YAML library's error codes: its own messages quote the file, which holds credentials. */
const YAML_WORDS: Record<string, string> = {
  ALIAS_PROPS: 'an alias has a tag or an anchor',
  BAD_ALIAS: 'an alias points nowhere',
  BAD_COLLECTION_TYPE: 'a tag does not fit its collection',
  BAD_INDENT: 'wrong indentation',
  BAD_SCALAR_START: 'a value starts with a character that YAML reserves',
  BLOCK_AS_IMPLICIT_KEY: "a nested mapping stands on its key's line",
  BLOCK_IN_FLOW: 'a block collection stands inside brackets',
  DUPLICATE_KEY: 'a key stands there twice',
  KEY_OVER_1024_CHARS: 'a key is too long',
  MISSING_CHAR: 'a character is missing (a quote, bracket, comma or colon)',
  MULTILINE_IMPLICIT_KEY: 'a key runs over several lines (is a colon missing?)',
  TAB_AS_INDENT: 'a tab is used to indent',
  UNEXPECTED_TOKEN: 'something stands where nothing may stand',
};

/** What a shell or a template would have filled in. */
const VARIABLE = /\$\{?[A-Za-z_]\w*\}?|\{\{[^}]*\}\}/;

/** More mappings and lists than this, each counted as often as an alias brings it, are no kubeconfig but a bomb. */
const MAX_COLLECTIONS = 1_000_000;
/** Nodes above a mapping; an alias to what it stands in has no end. */
const MAX_DEPTH = 100;

/**
 * Parses the text of one kubeconfig (YAML or JSON).
 * @param file path, for places
 * @param group of files that are merged with it
 * @param folder what relative paths are relative to; null where there is none (pasted text)
 * @throws ClusterError 'kubeconfig' with line and reason when the text is no kubeconfig
 */
export function parseKubeconfig(
  file: string,
  text: string,
  group = file,
  folder: string | null = path.dirname(file),
): FileConfig {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n'), {
    lineCounter: lines,
    prettyErrors: true,
  });
  const config: FileConfig = {
    path: file,
    group,
    currentContext: null,
    clusters: new Map(),
    users: new Map(),
    contexts: [],
  };
  const document = Array.isArray(documents) ? documents[0] : undefined;
  // An empty file is an empty kubeconfig, as kubectl has it.
  if (!document) return { ...config, empty: true };
  const error = document.errors[0];
  if (error) {
    const line = error.linePos?.[0].line;
    const words = YAML_WORDS[error.code] ?? 'not valid YAML';
    throw new ClusterError('kubeconfig', line === undefined ? words : `line ${line}: ${words}`, {
      place: file,
    });
  }
  replaceAliases(document as Document, file);
  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === null)) return { ...config, empty: true };
  const at = (node: unknown): string => {
    const range = (node as { range?: [number, number, number] | null } | null | undefined)?.range;
    return range ? `line ${lines.linePos(range[0]).line}: ` : '';
  };
  if (!isMap(root))
    throw new ClusterError('kubeconfig', `${at(root)}no kubeconfig (a mapping is expected)`, { place: file });
  const kind = str(root, 'kind');
  const known = ['clusters', 'contexts', 'users', 'current-context'].some((key) => root.has(key));
  if ((kind !== undefined && kind !== 'Config') || (kind === undefined && !known)) {
    throw new ClusterError(
      'kubeconfig',
      `no kubeconfig${kind === undefined ? '' : ` (kind ${kind.slice(0, 60)})`}`,
      {
        place: file,
      },
    );
  }
  const version = str(root, 'apiVersion');
  if (version !== undefined && version !== 'v1') {
    throw new ClusterError(
      'kubeconfig',
      `no kubeconfig that is known (apiVersion ${version.slice(0, 60)}; v1 is)`,
      { place: file },
    );
  }
  const absolute = (value: string | undefined): string | undefined =>
    value === undefined || folder === null || path.isAbsolute(value) ? value : path.resolve(folder, value);

  config.currentContext = str(root, 'current-context') ?? null;
  for (const { name, body, line } of once(root, 'clusters', 'cluster', at, file)) {
    const server = body && str(body, 'server');
    if (!body || !server) {
      config.clusters.set(name, `${line}cluster "${name}" has no server`);
      continue;
    }
    if (!/^https?:\/\//i.test(server) || !URL.canParse(server)) {
      config.clusters.set(name, `${line}the server of cluster "${name}" is no http or https URL`);
      continue;
    }
    const variable = VARIABLE.exec(server);
    if (variable) {
      config.clusters.set(
        name,
        `${line}the server of cluster "${name}" holds ${variable[0]}: nothing fills in variables of a kubeconfig`,
      );
      continue;
    }
    const unclear = ['insecure-skip-tls-verify', 'disable-compression'].find((key) => !isBool(body, key));
    if (unclear !== undefined) {
      config.clusters.set(name, `${line}${unclear} of cluster "${name}" is neither true nor false`);
      continue;
    }
    const ca = absolute(str(body, 'certificate-authority'));
    const lost = folder === null ? homeless({ 'certificate-authority': ca }) : null;
    if (lost !== null) {
      config.clusters.set(name, `${line}cluster "${name}": ${lost}`);
      continue;
    }
    config.clusters.set(name, {
      name,
      file,
      server: server.trim().replace(/\/+$/, ''),
      ...given('caFile', ca),
      ...given('caData', str(body, 'certificate-authority-data')),
      insecure: bool(body, 'insecure-skip-tls-verify'),
      ...given('tlsServerName', str(body, 'tls-server-name')),
      ...given('proxyUrl', str(body, 'proxy-url')),
      disableCompression: bool(body, 'disable-compression'),
      ...given('execExtension', execExtension(body)),
    });
  }
  for (const { name, body, line } of once(root, 'users', 'user', at, file)) {
    const entry: UserEntry = body
      ? user(name, file, body, absolute)
      : { name, file, asGroups: [], asUserExtra: {} };
    const lost =
      folder === null
        ? homeless({
            'client-certificate': entry.certFile,
            'client-key': entry.keyFile,
            tokenFile: entry.tokenFile,
            // A command without a slash is looked for in PATH.
            command: /[\\/]/.test(entry.exec?.command ?? '') ? entry.exec?.command : undefined,
          })
        : null;
    config.users.set(name, lost === null ? entry : `${line}user "${name}": ${lost}`);
  }
  for (const { name, body, line } of once(root, 'contexts', 'context', at, file)) {
    const cluster = (body && str(body, 'cluster')) ?? '';
    config.contexts.push({
      name,
      file,
      cluster,
      user: (body && str(body, 'user')) ?? '',
      namespace: (body && str(body, 'namespace')) ?? null,
      problem: cluster === '' ? `${line}context "${name}" names no cluster` : null,
    });
  }
  return config;
}

/**
 * Puts what an alias names, and what a merge key (`<<`) brings, in their places: kubectl's parser knows both. Nothing is
 * copied, so that a bomb of aliases stays small; it is refused for their number.
 */
function replaceAliases(document: Document, file: string): void {
  let collections = 0;
  const refuse = (words: string): never => {
    throw new ClusterError('kubeconfig', words, { place: file });
  };
  // Found before anything is replaced: each search of the library walks the document, which grows by what is put in.
  const anchors = new Map<string, Node>();
  const named = new Map<Alias, Node | undefined>();
  visit(document, {
    Node(_key, node) {
      if (isAlias(node)) named.set(node, anchors.get(node.source));
      else if (node.anchor) anchors.set(node.anchor, node);
    },
  });
  const follow = (node: unknown): unknown => (isAlias(node) ? named.get(node) : node);
  const merge = (map: YAMLMap, depth: number): void => {
    if (depth > 20) refuse('merge keys go round in a circle');
    const merged = map.items.filter(({ key }) => isScalar(key) && key.value === '<<' && key.type === 'PLAIN');
    if (merged.length === 0) return;
    map.items = map.items.filter((pair) => !merged.includes(pair));
    for (const { value } of merged) {
      const brought = follow(value);
      // The mapping's own keys win, then the sources in their order.
      for (const one of isSeq(brought) ? brought.items : [brought]) {
        const source = follow(one);
        if (!isMap(source)) continue;
        merge(source, depth + 1);
        for (const pair of source.items) if (!map.has(pair.key)) map.items.push(pair);
      }
    }
  };
  visit(document, {
    Alias: (_key, alias) => (follow(alias) ?? visit.REMOVE) as Node,
    Collection(_key, node, above) {
      if (++collections > MAX_COLLECTIONS) refuse('its aliases bring more than a kubeconfig can hold');
      if (above.length > MAX_DEPTH) refuse('nested too deep for a kubeconfig');
      if (isMap(node)) merge(node, 0);
    },
  });
}

/** Pasted text has no folder: the field that needs one, and why that is none; null where all is well. */
function homeless(fields: Record<string, string | undefined>): string | null {
  for (const [field, value] of Object.entries(fields)) {
    if (value !== undefined && !path.isAbsolute(value))
      return `${field} is a relative path, and pasted text has no folder that it starts from`;
  }
  return null;
}

interface NamedEntry {
  name: string;
  body: YAMLMap | null;
  line: string;
}

/**
 * The entries of a list, whose names must differ: which of two was meant nobody can say, and kubectl refuses the file
 * (`duplicate name "a" in list`), so that nobody audits another cluster than they believe.
 */
function once(
  root: YAMLMap,
  list: 'clusters' | 'contexts' | 'users',
  key: string,
  at: (node: unknown) => string,
  file: string,
): NamedEntry[] {
  const found = entries(root, list, key, at, file);
  const lines = new Map<string, string>();
  for (const { name, line } of found) {
    const first = lines.get(name);
    if (first !== undefined) {
      const before = first === '' ? '' : `, first in ${first.replace(/: $/, '')}`;
      throw new ClusterError(
        'kubeconfig',
        `${line}${key} "${name}" stands there twice${before}; kubectl refuses such a file, too`,
        { place: file },
      );
    }
    lines.set(name, line);
  }
  return found;
}

function entries(
  root: YAMLMap,
  list: string,
  key: string,
  at: (node: unknown) => string,
  file: string,
): NamedEntry[] {
  const seq = root.get(list, true);
  if (!isSeq(seq)) {
    if (seq === undefined || (isScalar(seq) && seq.value === null)) return [];
    throw new ClusterError('kubeconfig', `${at(seq)}${list} is no list`, { place: file });
  }
  const found: NamedEntry[] = [];
  for (const item of seq.items) {
    if (!isMap(item)) continue;
    const name = str(item, 'name');
    if (name === undefined) continue;
    const body = item.get(key, true);
    found.push({ name, body: isMap(body) ? body : null, line: at(item) });
  }
  return found;
}

function user(
  name: string,
  file: string,
  body: YAMLMap,
  absolute: (value: string | undefined) => string | undefined,
): UserEntry {
  const entry: UserEntry = {
    name,
    file,
    ...given('certFile', absolute(str(body, 'client-certificate'))),
    ...given('certData', str(body, 'client-certificate-data')),
    ...given('keyFile', absolute(str(body, 'client-key'))),
    ...given('keyData', str(body, 'client-key-data')),
    ...given('token', str(body, 'token')),
    ...given('tokenFile', absolute(str(body, 'tokenFile'))),
    ...given('username', str(body, 'username')),
    ...given('password', str(body, 'password')),
    ...given('as', str(body, 'as')),
    ...given('asUid', str(body, 'as-uid')),
    asGroups: strings(body, 'as-groups'),
    asUserExtra: {},
  };
  const extra = body.get('as-user-extra', true);
  if (isMap(extra)) {
    for (const pair of extra.items) {
      const key = text(pair.key);
      if (key !== undefined) entry.asUserExtra[key] = strings(extra, key);
    }
  }
  const exec = body.get('exec', true);
  if (isMap(exec)) {
    const env: { name: string; value: string }[] = [];
    const listed = exec.get('env', true);
    if (isSeq(listed)) {
      for (const item of listed.items) {
        if (!isMap(item)) continue;
        const key = str(item, 'name');
        if (key !== undefined) env.push({ name: key, value: str(item, 'value') ?? '' });
      }
    }
    entry.exec = {
      apiVersion: str(exec, 'apiVersion') ?? '',
      command: str(exec, 'command') ?? '',
      args: strings(exec, 'args'),
      env,
      ...given('installHint', str(exec, 'installHint')),
      provideClusterInfo: bool(exec, 'provideClusterInfo'),
      // v1beta1 has a default, v1 requires the field; IfAvailable is what a missing one means.
      interactiveMode: str(exec, 'interactiveMode') ?? 'IfAvailable',
    };
  }
  const provider = body.get('auth-provider', true);
  if (isMap(provider)) {
    const config: Record<string, string> = {};
    const given = provider.get('config', true);
    if (isMap(given)) {
      for (const pair of given.items) {
        const key = text(pair.key);
        const value = text(pair.value);
        if (key !== undefined && value !== undefined) config[key] = value;
      }
    }
    const ca = absolute(config['idp-certificate-authority'] || undefined);
    if (ca !== undefined) config['idp-certificate-authority'] = ca;
    entry.authProvider = { name: str(provider, 'name') ?? '', config };
  }
  return entry;
}

function execExtension(body: YAMLMap): unknown {
  const list = body.get('extensions', true);
  if (!isSeq(list)) return undefined;
  for (const item of list.items) {
    if (isMap(item) && str(item, 'name') === 'client.authentication.k8s.io/exec') {
      const extension: unknown = item.toJSON();
      return (extension as { extension?: unknown }).extension;
    }
  }
  return undefined;
}

/** A scalar as the text that stands in the file: a token of digits is a text, whatever YAML takes it for. */
function text(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null || node.value === undefined) return undefined;
  if (typeof node.value === 'string') return node.value;
  return node.source ?? String(node.value as number | boolean);
}

function str(map: YAMLMap, key: string): string | undefined {
  const value = text(map.get(key, true));
  return value === '' ? undefined : value;
}

function bool(map: YAMLMap, key: string): boolean {
  return /^(true|yes|on|y)$/i.test(text(map.get(key, true)) ?? '');
}

/** A quoted "true" is text, which kubectl refuses: nobody's certificate goes unverified by a guess. */
function isBool(map: YAMLMap, key: string): boolean {
  const node = map.get(key, true);
  if (node === undefined || (isScalar(node) && node.value === null)) return true;
  const plain = isScalar(node) && (node.type === 'PLAIN' || typeof node.value === 'boolean');
  return plain && /^(true|false|yes|no|on|off|y|n)$/i.test(text(node) ?? '');
}

function strings(map: YAMLMap, key: string): string[] {
  const seq = map.get(key, true);
  if (!isSeq(seq)) return [];
  return seq.items.map(text).filter((value) => value !== undefined);
}

function given<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}

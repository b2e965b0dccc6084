/**
 * What a server says, without the credentials that it was sent: a server (or a proxy before it) that repeats a token in
 * an answer must not get it into a snapshot, a report or the history. The filter stands where answers arrive, before
 * anything reads them.
 *
 * A credential is found as it is and as it looks when it was escaped for JSON or a URL or stands in base64, also amid
 * other text that was encoded with it. It gives way to a word of the same length: what was equal before is equal afterwards,
 * so that a selector and the label that it names still meet.
 */

/** Shorter ones would be found in words of every language: they are taken out of messages only, as whole words. */
const SHORTEST = 8;
/** Shorter than this it is no secret, and taking it out would only mangle text. */
const SHORTEST_WORD = 4;
/** So many credentials are remembered: a login that renews its token every minute must not slow reading for ever. */
const MAX_SECRETS = 32;

/**
 * Words of the API itself. A password that is one of them, or a part of one, would take the meaning out of an answer
 * (and give it another), and nobody could tell that it is a password.
 */
const VOCABULARY = [
  'apiVersion networking.k8s.io policy.networking.k8s.io apiextensions.k8s.io discovery.k8s.io rbac.authorization.k8s.io',
  'metadata namespace namespaces labels annotations ownerReferences controller resourceVersion creationTimestamp',
  'deletionTimestamp generateName generation managedFields finalizers remainingItemCount continue selfLink',
  'podSelector namespaceSelector matchLabels matchExpressions operator DoesNotExist Exists NotIn values ipBlock except',
  'ingress egress policyTypes Ingress Egress NetworkPolicy NetworkPolicyList ports endPort protocol',
  'containers initContainers ephemeralContainers containerPort hostPort hostNetwork hostIP podIP podIPs hostIPs',
  'nodeName serviceAccountName restartPolicy conditions phase Succeeded Running Pending template selector replicas',
  'ReplicaSet Deployment StatefulSet DaemonSet CronJob replicationcontrollers ReplicationController jobTemplate',
  'services clusterIP clusterIPs externalIPs loadBalancer loadBalancerIP externalName ExternalName targetPort nodePort',
  'loadBalancerSourceRanges internalTrafficPolicy externalTrafficPolicy publishNotReadyAddresses sessionAffinity',
  'EndpointSlice endpointslices addressType endpoints addresses targetRef podCIDR podCIDRs providerID nodeInfo',
  'kubeletVersion gitVersion groupVersion resources namespaced singularName APIResourceList APIGroupList versions',
  'ClusterNetworkPolicy AdminNetworkPolicy BaselineAdminNetworkPolicy CiliumNetworkPolicy',
  'CiliumClusterwideNetworkPolicy GlobalNetworkPolicy priority subject kubernetes.io/metadata.name',
  'app.kubernetes.io/name app.kubernetes.io/instance app.kubernetes.io/component k8s-app pod-template-hash',
  'kube-system kube-public kube-node-lease kubernetes default calico-node calico-system tigera-operator cilium-agent',
  'cilium-operator antrea-agent antrea-controller kube-router kindnet kube-flannel weave-net aws-node azure-cni',
  'azure-npm ovnkube-node ovn-kubernetes openshift-sdn kube-proxy konnectivity-agent',
].join(' ');

/** An address, a block of them, a version: what a password may look like, and an answer is full of. */
const LIKE_DATA =
  /^(?:\d{1,15}|\d+(?:\.\d+)+(?:\/\d+)?|[\da-f:]*:[\da-f:.]*(?:\/\d+)?|v?\d+(?:\.\d+)+\S{0,8})$/i;
/** What stands outside the strings of JSON, too. */
const STRUCTURE = /^(?:[\s[\]{}:,\d.+\-eE"]|true|false|null)+$/;

/**
 * Takes the place of a credential, over and over: letters that may stand in a name, a label, a URL and base64, so that what
 * was valid is valid afterwards.
 */
const FILL = 'redacted';
const FILLED = /redacted(?:redacted)+(?:redacte|redact|redac|reda|red|re|r)?/g;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

interface Form {
  text: string;
  bytes: Buffer;
  /** May also be found outside of JSON's strings. */
  structure: boolean;
}

/** Takes the credentials of one connection out of what its server says. */
export class Redactor {
  readonly #forms: Form[] = [];
  /** What a message is searched for besides. */
  readonly #words: RegExp | null;
  /** Characters of the credentials that a server may write as \u00XX. */
  readonly #escapable: Set<number>;

  /** @param secrets tokens, passwords and what else the server is sent to be let in */
  constructor(secrets: Iterable<string>) {
    const forms = new Set<string>();
    const words = new Set<string>();
    for (const secret of secrets) {
      if (secret.length >= SHORTEST) {
        const common = VOCABULARY.includes(secret) || LIKE_DATA.test(secret);
        for (const form of formsOf(secret.toWellFormed())) {
          if (!common || form !== secret) forms.add(form);
        }
        if (common) words.add(secret);
      } else if (secret.length >= SHORTEST_WORD) words.add(secret);
    }
    // The longest first: a form that holds another is not to leave its ends behind.
    for (const text of [...forms].sort((a, b) => b.length - a.length)) {
      this.#forms.push({
        text,
        bytes: Buffer.from(text),
        structure: text.includes('"') || STRUCTURE.test(text),
      });
    }
    const weak = [...words].sort((a, b) => b.length - a.length).map(literally);
    this.#words =
      weak.length === 0
        ? null
        : new RegExp(`(?<![\\p{L}\\p{N}_])(?:${weak.join('|')})(?![\\p{L}\\p{N}_])`, 'gu');
    this.#escapable = new Set(
      [...forms].flatMap((form) => [...Buffer.from(form)]).filter((byte) => byte >= 0x20 && byte < 0x7f),
    );
  }

  /**
   * The body of an answer. What was JSON before is JSON afterwards.
   * @param bytes are written over
   * @returns the same memory, or a part of it where escapes became shorter
   */
  bytes(bytes: Uint8Array): Uint8Array {
    if (this.#forms.length === 0) return bytes;
    const body = this.#withoutEscapes(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    for (const form of this.#forms) {
      let strings: StringsOf | null = null;
      for (let at = body.indexOf(form.bytes); at >= 0; at = body.indexOf(form.bytes, at)) {
        const end = at + form.bytes.length;
        if (form.structure) {
          strings ??= new StringsOf(body);
          if (!strings.holds(at, end)) {
            at += 1;
            continue;
          }
        }
        body.fill(FILL, Math.min(afterEscape(body, at), end), end);
        at = end;
      }
    }
    return body;
  }

  /** A line of an answer that is a stream of JSON: an event of a watch. */
  line(text: string): string {
    if (this.#forms.length === 0) return text;
    if (
      !text.includes('\\u00') &&
      !text.includes('\\/') &&
      !this.#forms.some((form) => text.includes(form.text))
    )
      return text;
    return Buffer.from(this.bytes(Buffer.from(text))).toString('utf8');
  }

  /** A message for people: short credentials are taken out too, where they stand as a word of their own. */
  text(text: string): string {
    let clean = text;
    for (const form of this.#forms) clean = clean.replaceAll(form.text, '***');
    if (this.#words !== null) clean = clean.replace(this.#words, '***');
    return clean.replace(FILLED, '***');
  }

  /**
   * JSON can write every character as \u00XX, and a slash behind a backslash. Those that credentials are made of are
   * written plainly, so that no spelling hides one.
   */
  #withoutEscapes(body: Buffer): Buffer {
    const marks = this.#escapable.has(0x2f) ? ['\\u00', '\\/'] : ['\\u00'];
    let now = body;
    for (const mark of marks) {
      let to = -1;
      let from = 0;
      for (let at = now.indexOf(mark); at >= 0; at = now.indexOf(mark, at + 2)) {
        const code = mark === '\\/' ? 0x2f : hexByte(now, at + 4);
        if (!this.#escapable.has(code) || isEscaped(now, at)) continue;
        if (to < 0) to = at;
        else {
          now.copyWithin(to, from, at);
          to += at - from;
        }
        // By themselves these would end the string, or begin another escape.
        if (mark !== '\\/' && (code === QUOTE || code === BACKSLASH)) now[to++] = BACKSLASH;
        now[to++] = code;
        from = at + (mark === '\\/' ? 2 : 6);
      }
      if (to >= 0) {
        now.copyWithin(to, from);
        now = now.subarray(0, to + now.length - from);
      }
    }
    return now;
  }
}

/**
 * The credentials of a connection, the newest first; those that were renewed are remembered, since a server may repeat an
 * old one.
 */
export class Secrets {
  #all: string[] = [];
  #redactor = new Redactor([]);

  /** Takes in what a login is made of; null and empty ones are left out. */
  add(...secrets: (string | null | undefined)[]): void {
    const fresh = secrets
      .filter((secret): secret is string => typeof secret === 'string' && secret !== '')
      .flatMap((secret) => [secret, ...signatureOf(secret)])
      .filter((secret) => !this.#all.includes(secret));
    if (fresh.length === 0) return;
    this.#all = [...fresh, ...this.#all].slice(0, MAX_SECRETS);
    this.#redactor = new Redactor(this.#all);
  }

  get redactor(): Redactor {
    return this.#redactor;
  }
}

/** The signature of a JWT (RFC 7515): with it what it signs, which a server can read anyway, is a token again. */
function signatureOf(token: string): string[] {
  const parts = token.split('.');
  const last = parts[2] ?? '';
  return parts.length === 3 && last.length >= 20 ? [last] : [];
}

/** How a credential may look in an answer. */
function formsOf(secret: string): Set<string> {
  const json = (text: string): string => JSON.stringify(text).slice(1, -1);
  const url = encodeURIComponent(secret);
  const lowerUrl = url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  // As encodeURIComponent, but for those that it leaves alone and other libraries do not (RFC 3986, section 2.2).
  const strictUrl = url.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = new URLSearchParams({ a: secret }).toString().slice(2);
  const plain = [secret, url, lowerUrl, strictUrl, form, encodeURI(secret)];
  // Every letter escaped, and that as text in a string of its own (JSON in JSON).
  const spelled = [false, true].map((upper) => escaped(secret, upper, /[^]/g));
  const encoded = base64Forms(Buffer.from(secret));
  const beyondAscii = /[^ -~]/g;
  return new Set([
    // Unescaped it may stand in text that is no JSON; with a quote in it, it stands in no string of JSON.
    ...plain,
    ...plain.map(json),
    ...plain.flatMap((one) => [false, true].map((upper) => escaped(json(one), upper, beyondAscii))),
    ...spelled,
    ...spelled.map(json),
    ...encoded,
    ...encoded.map((one) => encodeURIComponent(one)),
  ]);
}

/**
 * The base64 of bytes amid others: which letters they become depends on how many bytes stand before them. Letters that
 * the neighbours have a part in are left out.
 */
function base64Forms(bytes: Buffer): string[] {
  const forms: string[] = [];
  for (const before of [0, 1, 2]) {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor((whole.length * 8) / 6);
    for (const encoding of ['base64', 'base64url'] as const)
      forms.push(whole.toString(encoding).slice(from, to));
  }
  // By themselves, also with the last letters.
  forms.push(bytes.toString('base64'), bytes.toString('base64url'));
  return forms;
}

/** Some characters of a text as \\uXXXX. */
function escaped(text: string, upper: boolean, which: RegExp): string {
  return text.replace(which, (letter) => {
    const code = letter.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${upper ? code.toUpperCase() : code}`;
  });
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** The byte that two hexadecimal digits name; -1 where there are none. */
function hexByte(body: Buffer, at: number): number {
  const text = body.toString('latin1', at, at + 2);
  return /^[\da-f]{2}$/i.test(text) ? Number.parseInt(text, 16) : -1;
}

/** Whether the character is one behind a backslash. */
function isEscaped(body: Buffer, at: number): boolean {
  let before = at;
  while (before > 0 && body[before - 1] === BACKSLASH) before -= 1;
  return (at - before) % 2 === 1;
}

/** The place itself, or the end of the escape that it stands in the middle of: half of one is no JSON. */
function afterEscape(body: Buffer, at: number): number {
  for (let back = Math.max(0, at - 5); back < at; back += 1) {
    if (body[back] !== BACKSLASH || isEscaped(body, back)) continue;
    const end = back + (body[back + 1] === 0x75 ? 6 : 2);
    if (end > at) return end;
  }
  return at;
}

/** Where the strings of a JSON text are, asked from its beginning to its end. */
class StringsOf {
  readonly #body: Buffer;
  #at = 0;
  #inside = false;

  constructor(body: Buffer) {
    this.#body = body;
  }

  /** Whether a stretch lies within one string; stretches are asked for in their order. */
  holds(from: number, to: number): boolean {
    this.#goTo(from);
    const inside = this.#inside;
    for (let at = from; at < to; at += 1) {
      if (this.#body[at] === QUOTE && !isEscaped(this.#body, at)) return false;
    }
    return inside;
  }

  #goTo(place: number): void {
    for (; this.#at < place; this.#at += 1) {
      const byte = this.#body[this.#at];
      if (byte === BACKSLASH && this.#inside) this.#at += 1;
      else if (byte === QUOTE) this.#inside = !this.#inside;
    }
  }
}

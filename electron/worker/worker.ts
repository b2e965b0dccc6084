/**
 * The thread of one open audit: decodes, parses and projects what was read, evaluates it, and answers questions on
 * it. Nothing here reads files or the network; the main thread passes bytes in.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { parentPort } from 'node:worker_threads';
import { createGunzip, createGzip } from 'node:zlib';
import type { AuditEngine } from '../../shared/audit/api.ts';
import { diffAudits } from '../../shared/audit/diff.ts';
import type { AuditDiff } from '../../shared/audit/diff.ts';
import { createAudit } from '../../shared/audit/engine.ts';
import { SnapshotBuilder } from '../../shared/kube/builder.ts';
import { demoSnapshot } from '../../shared/kube/demo.ts';
import { LiveSnapshot } from '../../shared/kube/live.ts';
import type { Snapshot } from '../../shared/kube/snapshot.ts';
import { parseSnapshot, serializeSnapshot } from '../../shared/kube/snapshotFile.ts';
import { decodeText } from './decode.ts';
import { BackendError } from './errors.ts';
import { JsonBounds } from './jsonBounds.ts';
import { openOutput } from './output.ts';
import type { AuditMethods, ChangedNote, EvaluateOptions, ProgressNote } from './protocol.ts';
import { serve, transferring } from './rpc.ts';

/** A page of a list has 64 MiB at most (`cluster/bounds.ts`), of which parsing makes some 400. */
const PAGE_LIMITS = { maxParsed: 768 * 1024 * 1024 };
/** A manifest of brackets alone: what a parser of YAML makes of each takes several times what one of JSON makes. */
const MANIFEST_LIMITS = { maxParsed: 512 * 1024 * 1024, maxDepth: Infinity };
const PROGRESS_EVERY_MS = 30;
const CHUNK_BYTES = 1024 * 1024;
const PIECE_CHARS = 256 * 1024;

const port = parentPort;
if (!port) throw new Error('worker.ts runs as a worker thread only.');

let builder: SnapshotBuilder | LiveSnapshot | null = null;
let snapshot: Snapshot | null = null;
/** Of the snapshot that was finished last: what it was made of, where that can change. */
let source: LiveSnapshot | null = null;
const engines: AuditEngine[] = [];
/** What is followed, by the number of its audit. */
const followed = new Map<number, Followed>();
const outputs = new Map<number, Iterator<string | Uint8Array>>();
let nextOutput = 1;

interface Followed {
  readonly live: LiveSnapshot;
  readonly options: EvaluateOptions;
  /** Something changed that was not compared yet. */
  changed: boolean;
  diff: AuditDiff | null;
}

function building(): SnapshotBuilder | LiveSnapshot {
  if (!builder) throw new BackendError({ kind: 'internal', message: 'No snapshot is being built.' });
  return builder;
}

function following(audit: number): Followed {
  const found = followed.get(audit);
  if (!found) throw new BackendError({ kind: 'bad-request', message: 'This audit cannot be followed.' });
  return found;
}

/** Tells once that a comparison is due. */
function moved(audit: number, changed: boolean): void {
  const found = following(audit);
  if (!changed || found.changed) return;
  found.changed = true;
  port?.postMessage({ note: { changed: audit } satisfies ChangedNote });
}

function engine(audit: number): AuditEngine {
  const found = engines[audit];
  if (!found) throw new BackendError({ kind: 'not-found', message: `There is no audit number ${audit}.` });
  return found;
}

/** The snapshot that was built or loaded last; ends the building. */
function finished(): Snapshot {
  if (builder) {
    snapshot = builder.finish();
    source = builder instanceof LiveSnapshot ? builder : null;
    builder = null;
  }
  if (!snapshot) throw new BackendError({ kind: 'internal', message: 'No snapshot was built or loaded.' });
  return snapshot;
}

function parseJson(bytes: ArrayBuffer, kind: 'api' | 'input', what: string): unknown {
  const text = decodeText(bytes);
  try {
    return JSON.parse(text);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    throw new BackendError({ kind, message: `${what} is not JSON: ${message}` });
  }
}

function parsePage(bytes: ArrayBuffer, resource: string): unknown {
  const what = `The answer for ${resource}`;
  new JsonBounds(PAGE_LIMITS).check(new Uint8Array(bytes), 'api', what);
  return parseJson(bytes, 'api', what);
}

const methods: AuditMethods = {
  attach(other) {
    serve(other, methods as unknown as Parameters<typeof serve>[1]);
  },

  begin(cluster) {
    // A live cluster can be followed; which objects it has is then known one by one.
    builder = cluster.source === 'context' ? new LiveSnapshot(cluster) : new SnapshotBuilder(cluster);
    snapshot = null;
  },

  page(resource, _namespace, bytes) {
    const list = parsePage(bytes, resource);
    return building().addListPage(resource, list);
  },

  restart(resource, namespace) {
    building().restartList(resource, namespace);
  },

  manifest(file, bytes) {
    const files = building();
    if (files instanceof LiveSnapshot)
      throw new BackendError({ kind: 'internal', message: 'A live cluster has no manifests.' });
    const over = new JsonBounds(MANIFEST_LIMITS).take(new Uint8Array(bytes));
    if (over === null) return files.addManifest(file, decodeText(bytes));
    // As what could not be opened: the rest of the folder is audited, and what the file may hold is left open.
    files.addCoverage({
      resource: 'file',
      verb: 'read',
      namespace: null,
      file,
      outcome: 'failed',
      count: 0,
      reason: over,
      affectsVerdicts: true,
    });
    files.addProblem({ check: 'input.unreadable', place: { file }, params: { reason: over } });
    return { documents: 0, objects: 0 };
  },

  otherPolicy(record) {
    building().addOtherPolicy(record);
  },

  coverage(entry) {
    building().addCoverage(entry);
  },

  problem(problem) {
    building().addProblem(problem);
  },

  unread(what, namespace) {
    building().markUnread(what, namespace);
  },

  version(gitVersion) {
    building().setServerVersion(gitVersion);
  },

  apiGroups(names) {
    building().addApiGroups(names);
  },

  async loadSnapshot(bytes) {
    builder = null;
    source = null;
    const result = parseSnapshot(parseJson(await inflate(bytes), 'input', 'The snapshot'));
    if (!('snapshot' in result)) {
      const [first] = result.errors;
      const more = result.errors.length - 1;
      throw new BackendError({
        kind: 'input',
        message: `This is not a snapshot that can be read: ${first?.message ?? 'unknown reason'}${
          more > 0 ? ` (and ${more} more)` : ''
        }`,
        ...(first?.path ? { place: first.path } : {}),
      });
    }
    snapshot = result.snapshot;
    return snapshot.cluster;
  },

  demo() {
    builder = null;
    source = null;
    snapshot = demoSnapshot();
    return snapshot.cluster;
  },

  evaluate({ follow, ...options }) {
    let last = 0;
    let lastPhase = '';
    const evaluated = createAudit(finished(), {
      ...options,
      progress(phase, done, total) {
        const now = performance.now();
        if (phase === lastPhase && done < total && now - last < PROGRESS_EVERY_MS) return;
        last = now;
        lastPhase = phase;
        port.postMessage({ note: { phase, done, total } satisfies ProgressNote });
      },
    });
    const overview = evaluated.overview();
    const audit = engines.push(evaluated) - 1;
    if (follow && source) followed.set(audit, { live: source, options, changed: false, diff: null });
    snapshot = null;
    source = null;
    return { audit, overview };
  },

  overview: (audit) => engine(audit).overview(),
  pods: (audit, query) => engine(audit).pods(query),
  openEgress: (audit, query) => engine(audit).openEgress(query),
  findings: (audit, query) => engine(audit).findings(query),
  matrix: (audit, query) => engine(audit).matrix(query),
  explain: (audit, probe) => engine(audit).explain(probe),
  explainAllPorts: (audit, probe) => engine(audit).explainAllPorts(probe),
  endpoints: (audit, text, limit) => engine(audit).endpoints(text, limit),
  verdicts: (audit, probes) => engine(audit).verdicts(probes),

  change(audit, list, events) {
    const { live } = following(audit);
    let changed = false;
    try {
      for (const event of events) changed = live.apply(list, event) || changed;
    } finally {
      moved(audit, changed);
    }
  },
  beginReplace: (audit, list) => following(audit).live.beginReplace(list),
  replacePage: (audit, list, bytes) =>
    following(audit).live.replacePage(list, parsePage(bytes, list.resource)),
  endReplace(audit, list, whole) {
    moved(audit, following(audit).live.endReplace(list, whole));
  },

  compare(audit) {
    const found = following(audit);
    if (found.changed || !found.diff) {
      found.diff = diffAudits(engine(audit), createAudit(found.live.finish(), found.options));
      found.changed = false;
    }
    return found.diff.summary;
  },
  changes: (audit) => following(audit).diff,

  async snapshot(audit, gzip) {
    const of = audit === null ? finished() : engine(audit).snapshot;
    const hash = createHash('sha256');
    let size = 0;
    // Serialized a record at a time: joined to pieces first, since each one on its way through a stream costs more than
    // its compression.
    function* pieces(): Iterable<Buffer> {
      let text = '';
      const take = (): Buffer => {
        const bytes = Buffer.from(text, 'utf8');
        text = '';
        hash.update(bytes);
        size += bytes.length;
        return bytes;
      };
      for (const record of serializeSnapshot(of)) {
        text += record;
        if (text.length >= PIECE_CHARS) yield take();
      }
      yield take();
    }
    const chunks: Uint8Array[] = [];
    if (gzip) {
      // Level 1: a third of the time of the default for a tenth more bytes, and an audit waits for it.
      const stream = Readable.from(pieces()).pipe(createGzip({ level: 1 }));
      for await (const chunk of stream) chunks.push(chunk as Buffer);
    } else {
      chunks.push(...pieces());
    }
    const bytes = joined(chunks);
    return transferring({ bytes, digest: hash.digest('hex'), size }, [bytes]);
  },

  async openOutput(request) {
    const pieces = await openOutput(request, engine);
    const output = nextOutput++;
    outputs.set(output, pieces[Symbol.iterator]());
    return output;
  },

  async nextChunk(output) {
    const pieces = outputs.get(output);
    if (!pieces)
      throw new BackendError({ kind: 'internal', message: `There is no output number ${output}.` });
    const chunks: Uint8Array[] = [];
    let size = 0;
    let text = '';
    const flush = (): void => {
      if (text !== '') chunks.push(Buffer.from(text, 'utf8'));
      text = '';
    };
    while (size < CHUNK_BYTES) {
      const { done, value } = pieces.next();
      if (done) {
        outputs.delete(output);
        // A finished output still answers null once more.
        if (size === 0) return null;
        outputs.set(output, [][Symbol.iterator]());
        break;
      }
      if (typeof value === 'string') text += value;
      else {
        flush();
        chunks.push(value);
      }
      size += value.length;
    }
    flush();
    const bytes = joined(chunks);
    return transferring(bytes, [bytes]);
  },

  closeOutput(output) {
    outputs.delete(output);
  },
};

/** The text of a snapshot's file, looked through while it is decompressed: no more of a bomb than its bounds is made. */
async function inflate(bytes: ArrayBuffer): Promise<ArrayBuffer> {
  const bounds = new JsonBounds();
  const head = new Uint8Array(bytes, 0, Math.min(2, bytes.byteLength));
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    bounds.check(new Uint8Array(bytes), 'input', 'The snapshot');
    return bytes;
  }
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  gunzip.end(Buffer.from(bytes));
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of gunzip) {
      bounds.check(chunk as Buffer, 'input', 'The snapshot');
      chunks.push(chunk as Buffer);
    }
  } catch (thrown) {
    if (thrown instanceof BackendError) throw thrown;
    throw new BackendError({ kind: 'input', message: 'The snapshot is compressed, but damaged.' });
  }
  return joined(chunks);
}

/** One buffer of its own (never a piece of Node's shared pool), so that it can move to another thread. */
function joined(chunks: Uint8Array[]): ArrayBuffer {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes.buffer;
}

serve(port, methods as unknown as Parameters<typeof serve>[1]);

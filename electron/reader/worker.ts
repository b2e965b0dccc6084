/**
 * The thread of sources: kubeconfigs, login, TLS, pages, files. What it reads it passes straight on to the audit's
 * thread, so that neither parsing a kubeconfig of many clusters, nor loading a client library, nor a hundred pages of
 * pods is felt by the main thread.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { Source, SourcesInfo } from '../../shared/ipc.ts';
import type { ExecQuestion, PermitAnswer } from '../cluster/permit.ts';
import type { RenderFolder } from '../render/plan.ts';
import type { RenderRequest } from '../render/render.ts';
import { KubeSources } from '../source.ts';
import type { Followable, KubeSourcesOptions } from '../source.ts';
import { AuditInput, FollowInput } from '../worker/client.ts';
import { Calls, serve } from '../worker/rpc.ts';

/** Asks the main thread, which knows what the user has agreed to and can ask. */
export interface PermitNote {
  permit: { id: number; question: ExecQuestion };
}

export interface ReaderMethods {
  list(): Promise<SourcesInfo>;
  addKubeconfig(path: string): Promise<SourcesInfo>;
  addKubeconfigText(text: string, label: string): Promise<SourcesInfo>;
  removeKubeconfig(added: string): Promise<SourcesInfo>;
  /** From now on a note tells each time that the list has changed. */
  watch(): void;
  /** Reads a source into the worker behind the port; notes tell how far it is. */
  read(
    source: Source,
    takenAt: string,
    port: MessagePort,
    render: RenderRequest | null,
  ): Promise<Followable | null>;
  /** What a rendering would run and fetch. */
  renderPlan(source: Source): Promise<RenderFolder[]>;
  /** Follows what was read, for the worker behind the port; notes tell how it stands. */
  follow(followable: Followable, port: MessagePort): Promise<void>;
  /** Whether a program of a kubeconfig may be run: the answer to a note of this thread. */
  permitted(id: number, answer: PermitAnswer): void;
  /** Ends reading or following in order: connections are closed, a login's program is ended. */
  abort(): void;
}

const own = parentPort;
if (!own) throw new Error('reader/worker.ts runs as a worker thread only.');
const abort = new AbortController();
const asked = new Map<number, (answer: PermitAnswer) => void>();
let questions = 0;
const sources = new KubeSources(workerData as KubeSourcesOptions, (question, signal) => {
  const id = ++questions;
  return new Promise((resolve) => {
    asked.set(id, resolve);
    signal.addEventListener('abort', () => resolve({ allowed: false, message: 'it was cancelled' }), {
      once: true,
    });
    own.postMessage({ note: { permit: { id, question } } satisfies PermitNote });
  });
});

const methods: ReaderMethods = {
  list: () => sources.list(),
  addKubeconfig: (path) => sources.addKubeconfig(path),
  addKubeconfigText: (text, label) => sources.addKubeconfigText(text, label),
  removeKubeconfig: (added) => sources.removeKubeconfig(added),
  watch() {
    sources.watch((info) => own.postMessage({ note: info }));
  },
  renderPlan: (source) => sources.renderPlan(source),
  async read(source, takenAt, port, render) {
    const input = new AuditInput(new Calls(port));
    try {
      const followable = await sources.read(input, source, {
        signal: abort.signal,
        takenAt,
        progress: (note) => own.postMessage({ note }),
        ...(render === null ? {} : { render }),
      });
      await input.settled();
      return followable;
    } finally {
      port.close();
    }
  },
  async follow(followable, port) {
    try {
      await sources.followInto(new FollowInput(new Calls(port)), followable, {
        signal: abort.signal,
        status: (note) => own.postMessage({ note }),
      });
    } finally {
      port.close();
    }
  },
  permitted(id, answer) {
    asked.get(id)?.(answer);
    asked.delete(id);
  },
  abort() {
    abort.abort();
  },
};

serve(own, methods as unknown as Parameters<typeof serve>[1]);

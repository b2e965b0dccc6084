/** The one door to the backend: Electron's preload where it is there, else HTTP and server-sent events. */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { EventSourceMessage } from 'eventsource-parser/stream';
import type {
  Answer,
  Bridge,
  Channel,
  EventName,
  Events,
  IpcError,
  Reply,
  Request,
} from '../../shared/ipc.ts';
import { KEY_HEADER, KEY_ITEM } from '../../shared/web.ts';
import type { LockedReason } from '../../shared/web.ts';

declare global {
  interface Window {
    bulkhead?: Bridge;
  }
}

/**
 * The preload's bridge in Electron, or one over HTTP in a browser tab.
 * @param locked called with why nothing opens here: now, or once the session has ended
 * @returns a Bridge, nothing is asked of the backend yet; null in a tab that has no key
 */
export function openBridge(locked: (why: LockedReason) => void): Bridge | null {
  if (window.bulkhead) return window.bulkhead;
  const key = sessionStorage.getItem(KEY_ITEM);
  if (key !== null) {
    return httpBridge('.', key, () => {
      sessionStorage.removeItem(KEY_ITEM);
      locked('ended');
    });
  }
  locked('tab');
  return null;
}

/** The first pause before events are asked for again, and the longest. */
const PAUSE_MS = 500;
const MAX_PAUSE_MS = 5000;
/** The server says something at least every 15 seconds. */
const SILENCE_MS = 45_000;

/**
 * A Bridge over `POST <base>/api/<channel>` and `GET <base>/events`. The session is the server's cookie and the key.
 * Never rejects: what goes wrong on the way comes back as an error value.
 * @param base of the addresses
 * @param key of this tab
 * @param ended called once the server does not know the session any more
 */
export function httpBridge(base: string, key: string, ended: () => void): Bridge {
  const listeners = new Map<EventName, Set<(payload: never) => void>>();
  let opening = (): void => {};
  const opened = new Promise<void>((done) => {
    opening = done;
    setTimeout(done, 3000);
  });
  void listen();

  /** Reads events for as long as the page lives; after a break those that were missed are told. */
  async function listen(): Promise<void> {
    let last = '0';
    let pause = PAUSE_MS;
    for (;;) {
      const abort = new AbortController();
      let silence: ReturnType<typeof setTimeout> | undefined;
      const alive = (): void => {
        clearTimeout(silence);
        silence = setTimeout(() => abort.abort(), SILENCE_MS);
      };
      try {
        alive();
        const response = await fetch(`${base}/events`, {
          headers: { [KEY_HEADER]: key, 'last-event-id': last },
          signal: abort.signal,
          cache: 'no-store',
        });
        if (response.status === 401) return ended();
        if (response.ok && response.body) {
          opening();
          pause = PAUSE_MS;
          const events = response.body
            // The types of the DOM do not say that its decoder takes what its responses give.
            .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
            .pipeThrough(new EventSourceParserStream({ onComment: alive }))
            .getReader();
          for (let next = await events.read(); !next.done; next = await events.read()) {
            alive();
            last = next.value.id ?? last;
            tell(next.value);
          }
        }
      } catch {
        // A connection that broke: once more, after a pause.
      } finally {
        clearTimeout(silence);
        abort.abort();
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(2 * pause, MAX_PAUSE_MS);
    }
  }

  function tell({ event, data }: EventSourceMessage): void {
    const payload: unknown = JSON.parse(data);
    for (const listener of listeners.get(event as EventName) ?? []) {
      try {
        listener(payload as never);
      } catch (thrown) {
        // One that fails does not cost the others their event.
        reportError(thrown);
      }
    }
  }

  return {
    async invoke<C extends Channel>(channel: C, request: Request<C>): Promise<Reply<Answer<C>>> {
      // Its events would be lost if the stream were not open yet.
      if (channel === 'audit.start') await opened;
      try {
        const response = await fetch(`${base}/api/${channel}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', [KEY_HEADER]: key },
          body: JSON.stringify({ request }),
          credentials: 'same-origin',
        });
        if (response.status === 401) ended();
        const type = response.headers.get('content-type') ?? '';
        if (!type.includes('json')) return failed('internal', `HTTP ${response.status}`);
        return (await response.json()) as Reply<Answer<C>>;
      } catch (cause) {
        return failed('network', cause instanceof Error ? cause.message : String(cause));
      }
    },
    on<E extends EventName>(event: E, listener: (payload: Events[E]) => void): () => void {
      const set = listeners.get(event) ?? new Set();
      listeners.set(event, set);
      set.add(listener as (payload: never) => void);
      return () => set.delete(listener as (payload: never) => void);
    },
  };
}

function failed(kind: IpcError['kind'], message: string): { ok: false; error: IpcError } {
  return { ok: false, error: { kind, message } };
}

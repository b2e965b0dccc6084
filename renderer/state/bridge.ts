/** The one door to the backend: Electron's preload where it is there, else HTTP and server-sent events. */
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

declare global {
  interface Window {
    bulkhead?: Bridge;
  }
}

/**
 * The preload's bridge in Electron, or one over HTTP in a browser tab.
 * @returns a Bridge; nothing is asked of the backend yet
 */
export function openBridge(): Bridge {
  return window.bulkhead ?? httpBridge('.');
}

const EVENTS: EventName[] = [
  'audit.progress',
  'audit.finished',
  'audit.changed',
  'sources.changed',
  'history.setAside',
  'menu.command',
];

/**
 * A Bridge over `POST <base>/api/<channel>` and `GET <base>/events`. The session is the server's cookie.
 * Never rejects: what goes wrong on the way comes back as an error value.
 */
export function httpBridge(base: string): Bridge {
  const listeners = new Map<EventName, Set<(payload: never) => void>>();
  const source = new EventSource(`${base}/events`);
  for (const name of EVENTS) {
    source.addEventListener(name, (message) => {
      const payload: unknown = JSON.parse((message as MessageEvent<string>).data);
      for (const listener of listeners.get(name) ?? []) listener(payload as never);
    });
  }
  const opened = new Promise<void>((done) => {
    source.addEventListener('open', () => done(), { once: true });
    setTimeout(done, 3000);
  });

  return {
    async invoke<C extends Channel>(channel: C, request: Request<C>): Promise<Reply<Answer<C>>> {
      // Its events would be lost if the stream were not open yet.
      if (channel === 'audit.start') await opened;
      try {
        const response = await fetch(`${base}/api/${channel}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ request }),
          credentials: 'same-origin',
        });
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

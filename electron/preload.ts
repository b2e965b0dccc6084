/** The page's only door: named channels and events, plain data. Runs sandboxed, in a world of its own. */
import { contextBridge, ipcRenderer } from 'electron';
import type { IpcRendererEvent } from 'electron';
import type { Bridge } from '../shared/ipc.ts';
import { isChannel, isEvent } from './channels.ts';

const bridge: Bridge = {
  invoke(channel, request) {
    if (!isChannel(channel)) {
      return Promise.resolve({
        ok: false as const,
        error: { kind: 'bad-request' as const, message: 'There is no such channel.' },
      });
    }
    return ipcRenderer.invoke(`bulkhead:${channel}`, request) as ReturnType<typeof bridge.invoke> as never;
  },
  on(event, listener) {
    if (!isEvent(event)) return () => {};
    // Never the event object itself: it would hand the page the sender.
    const forward = (_: IpcRendererEvent, payload: unknown): void => listener(payload as never);
    ipcRenderer.on(`bulkhead:${event}`, forward);
    return () => ipcRenderer.removeListener(`bulkhead:${event}`, forward);
  },
};

contextBridge.exposeInMainWorld('bulkhead', bridge);

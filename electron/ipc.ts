/** Registers the map of handlers on Electron's IPC, for our own page alone. */
import { ipcMain } from 'electron';
import type { IpcMainInvokeEvent } from 'electron';
import type { Handlers, IpcError, Reply } from '../shared/ipc.ts';
import { CHANNELS } from './channels.ts';
import { isOwnPage } from './guards.ts';
import { checkedRequest } from './requests.ts';
import { BackendError, toIpcError } from './worker/errors.ts';

/**
 * Answers every channel of the contract. A handler's error is answered as data; a call from anything but the top
 * frame of our own page is refused.
 * @param handlers the map
 */
export function registerHandlers(handlers: Handlers): void {
  for (const channel of CHANNELS) {
    ipcMain.handle(`bulkhead:${channel}`, async (event, request: unknown): Promise<Reply<unknown>> => {
      try {
        checkSender(event);
        // The map's type ties each channel to its request, which TypeScript cannot follow through a name that varies.
        const handler = handlers[channel] as (request: unknown) => Promise<unknown>;
        return { ok: true, value: await handler(checkedRequest(channel, request)) };
      } catch (thrown) {
        const error: IpcError = toIpcError(thrown);
        return { ok: false, error };
      }
    });
  }
}

function checkSender({ senderFrame }: IpcMainInvokeEvent): void {
  if (senderFrame && senderFrame.parent === null && isOwnPage(senderFrame.url)) return;
  throw new BackendError({ kind: 'bad-request', message: 'Only the window of Bulkhead may ask this.' });
}

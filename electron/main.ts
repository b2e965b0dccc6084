/** The desktop app's entry: wires Electron to the backend. */
import { app, dialog, protocol } from 'electron';
import type { BrowserWindow, MessageBoxOptions, OpenDialogOptions } from 'electron';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBackend } from './backend.ts';
import type { Host } from './backend.ts';
import { HistoryClient } from './history/client.ts';
import { historyFile } from './history/file.ts';
import { APP_HOST, APP_SCHEME } from './guards.ts';
import { registerHandlers } from './ipc.ts';
import { loginQuestion } from './loginQuestion.ts';
import { setMenu } from './menu.ts';
import { pageFiles, pageFolder, SECURITY_HEADERS } from './page.ts';
import { windowSources } from './reader/client.ts';
import { renderQuestion } from './render/question.ts';
import { startArguments, startSource } from './start.ts';
import { VERSION } from './version.ts';
import { writeWhole } from './wholeFile.ts';
import { guardSession, openWindow, stateFileIn } from './window.ts';

let window: BrowserWindow | null = null;

protocol.registerSchemesAsPrivileged([
  { scheme: APP_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
]);
app.enableSandbox();

if (app.requestSingleInstanceLock()) {
  app.on('second-instance', () => {
    if (window?.isMinimized()) window.restore();
    window?.focus();
  });
  void start();
} else {
  app.quit();
}

async function start(): Promise<void> {
  const asked = startArguments(process.argv.slice(app.isPackaged ? 1 : 2));
  await app.whenReady();
  const history = historyFile(asked.history, process.env);
  const sources = windowSources(asked.kubeconfig, history, asked);
  const { start: source, notice } = startSource(asked.source, await sources.list());
  const backend = createBackend({
    version: VERSION,
    platform: process.platform,
    start: source,
    notice,
    sources,
    history: new HistoryClient(history),
    now: () => new Date().toISOString(),
    host: desktopHost(),
  });

  servePage();
  guardSession();
  registerHandlers(backend.handlers);
  setMenu(
    (command) => {
      if (!window) open();
      window?.webContents.send('bulkhead:menu.command', { command });
    },
    process.platform === 'darwin',
    language(),
    !app.isPackaged,
  );
  open();

  app.on('activate', () => {
    if (!window) open();
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  let closing = false;
  app.on('before-quit', (event) => {
    if (closing) return;
    closing = true;
    event.preventDefault();
    void backend.close().finally(() => app.quit());
  });
}

function open(): void {
  window = openWindow(stateFileIn(app.getPath('userData')), !app.isPackaged);
  window.on('closed', () => {
    window = null;
  });
}

/** Our page under our own scheme: the files of the build and nothing else. */
function servePage(): void {
  const files = pageFiles(pageFolder());
  protocol.handle(APP_SCHEME, async (request) => {
    const { host, pathname } = new URL(request.url);
    const file = host === APP_HOST && request.method === 'GET' ? files.get(pathname) : undefined;
    if (!file) return new Response('There is no such page.', { status: 404, headers: SECURITY_HEADERS });
    return new Response(await readFile(file.path), {
      headers: { ...SECURITY_HEADERS, 'content-type': file.type },
    });
  });
}

/** Dialogs and events of the desktop. */
function desktopHost(): Host {
  const ask = async (options: OpenDialogOptions): Promise<string[] | null> => {
    const { canceled, filePaths } = window
      ? await dialog.showOpenDialog(window, options)
      : await dialog.showOpenDialog(options);
    return canceled || filePaths.length === 0 ? null : filePaths;
  };
  return {
    backend: 'electron',
    emit(event, payload) {
      if (window && !window.isDestroyed()) window.webContents.send(`bulkhead:${event}`, payload);
    },
    async pickKubeconfig() {
      const paths = await ask({
        title: 'Kubeconfig',
        defaultPath: join(app.getPath('home'), '.kube'),
        properties: ['openFile', 'showHiddenFiles'],
      });
      return paths?.[0] ?? null;
    },
    pickPaths: (kind) =>
      ask(
        kind === 'snapshot'
          ? { title: 'Snapshot', properties: ['openFile'] }
          : { title: 'Manifests', properties: ['openFile', 'openDirectory', 'multiSelections'] },
      ),
    confirmRender: (folders, signal) => confirm(renderQuestion(folders, language()), signal),
    confirmLogin: (question, signal) => confirm(loginQuestion(question, language()), signal),
    async deliver(name, _type, make) {
      const options = { defaultPath: join(app.getPath('documents'), name) };
      const { canceled, filePath } = window
        ? await dialog.showSaveDialog(window, options)
        : await dialog.showSaveDialog(options);
      if (canceled || !filePath) return null;
      await writeWhole(filePath, [await make()]);
      return { path: filePath };
    },
  };
}

/** A yes or no of the desktop, which no page can give. */
async function confirm(
  { message, detail, yes, no }: Record<'message' | 'detail' | 'yes' | 'no', string>,
  signal: AbortSignal,
): Promise<boolean> {
  const options: MessageBoxOptions = {
    type: 'question',
    message,
    detail,
    buttons: [no, yes],
    // Enter and Escape both leave everything as it is.
    defaultId: 0,
    cancelId: 0,
    noLink: true,
    signal,
  };
  const { response } = window
    ? await dialog.showMessageBox(window, options)
    : await dialog.showMessageBox(options);
  return response === 1;
}

function language(): 'en' | 'ko' {
  return app.getLocale().startsWith('ko') ? 'ko' : 'en';
}

/**
 * A stand-in for the `electron` module where its binary cannot be had: the compiled main process runs under Node, its
 * window is a page of a Chromium of its own, and the compiled preload runs in that page. The spec attaches to the
 * same Chromium.
 *
 * Real in it: main, preload, the map of handlers, worker threads, SQLite, the page, its headers. Not shown by it, and
 * for a real Electron to show by the same specs: see limits.mjs.
 */
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Cdp, startChromium } from './cdp.mjs';
import { installBridge } from './page.mjs';

/** The own scheme's pages lie here for Chromium, which does not know the scheme. Nothing leaves the machine. */
const TEST_HOST = 'bulkhead-app.test';
const BINDING = '__standin_send';

/** @type {Map<string, (request: Request) => Response | Promise<Response>>} */
const schemes = new Map();
/** @type {Map<string, (event: unknown, ...args: unknown[]) => unknown>} */
const handlers = new Map();
/** @type {Map<string, unknown[]>} what the spec wants the next dialogs to answer */
const dialogs = new Map();
/** @type {Set<BrowserWindow>} */
const windows = new Set();
/** @type {Awaited<ReturnType<typeof startChromium>> | null} */
let chromium = null;
/** @type {Cdp | null} */
let cdp = null;

/** @param {string} url */
function toChromium(url) {
  const { protocol, pathname, search, hash } = new URL(url);
  return schemes.has(protocol.slice(0, -1)) ? `https://${TEST_HOST}${pathname}${search}${hash}` : url;
}

/** @param {string} url */
function fromChromium(url) {
  const { host, pathname, search, hash } = new URL(url);
  const [scheme] = schemes.keys();
  return host === TEST_HOST && scheme ? `${scheme}://bulkhead${pathname}${search}${hash}` : url;
}

class App extends EventEmitter {
  isPackaged = false;
  name = 'Bulkhead';
  #ready;

  constructor() {
    super();
    this.#ready = this.#launch();
    this.#ready.catch((error) => {
      process.stderr.write(`stand-in: ${error.message}\n`);
      process.exit(1);
    });
  }

  async #launch() {
    const program = process.env['BULKHEAD_CHROMIUM'];
    if (!program) throw new Error('BULKHEAD_CHROMIUM names no browser.');
    chromium = await startChromium(program);
    const own = chromium;
    process.on('exit', () => own.kill());
    // A Chromium that dies takes the app with it; one that is ended is cleaned up after first.
    void own.gone.then(() => {
      if (chromium) process.exit(1);
    });
    cdp = await Cdp.open(chromium.endpoint);
    cdp.listen((method, params, session) => {
      for (const window of windows) window.webContents.receive(method, params, session);
    });
  }

  whenReady() {
    return this.#ready;
  }
  enableSandbox() {}
  getLocale() {
    return 'en-US';
  }
  requestSingleInstanceLock() {
    return true;
  }
  /** @param {string} name */
  getPath(name) {
    if (name === 'home') return homedir();
    const given = process.argv.find((arg) => arg.startsWith('--user-data-dir='));
    const folder = given ? given.slice('--user-data-dir='.length) : null;
    if (!folder) throw new Error('The stand-in wants --user-data-dir=FOLDER.');
    return name === 'userData' ? folder : join(folder, name);
  }
  quit() {
    let prevented = false;
    this.emit('before-quit', { preventDefault: () => (prevented = true) });
    if (prevented) return;
    for (const window of windows) window.emit('close', {});
    void this.#end();
  }
  async #end() {
    cdp?.close();
    const ending = chromium;
    chromium = null;
    await ending?.end();
    process.exit(0);
  }
}
export const app = new App();

class WebContents extends EventEmitter {
  /** @type {string | null} */ #session = null;
  /** @type {string | null} */ #target = null;
  /** @type {string} */ #url = '';
  /** @type {BrowserWindow} */ #window;
  /** @type {string} */ #preload;

  /** @param {BrowserWindow} window @param {string} preload */
  constructor(window, preload) {
    super();
    this.#window = window;
    this.#preload = preload;
  }

  setWindowOpenHandler() {}

  /** @param {string} url */
  async load(url) {
    const connection = /** @type {Cdp} */ (cdp);
    const { targetInfos } = await connection.send('Target.getTargets');
    const blank = targetInfos.find(
      (/** @type {{ type: string, url: string }} */ t) => t.type === 'page' && t.url === 'about:blank',
    );
    this.#target =
      blank?.targetId ?? (await connection.send('Target.createTarget', { url: 'about:blank' })).targetId;
    const { sessionId } = await connection.send('Target.attachToTarget', {
      targetId: this.#target,
      flatten: true,
    });
    this.#session = sessionId;
    const send = (/** @type {string} */ method, params = {}) => connection.send(method, params, sessionId);
    await send('Page.enable');
    await send('Runtime.enable');
    await send('Runtime.addBinding', { name: BINDING });
    // An init script runs inside a function: what it shares with the page, it puts on `window`.
    const source = `(${installBridge})(${JSON.stringify(BINDING)}, (require, module, exports) => {${readFileSync(this.#preload, 'utf8')}\n});`;
    await send('Page.addScriptToEvaluateOnNewDocument', { source });
    await send('Fetch.enable', { patterns: [{ urlPattern: '*' }] });
    await send('Page.navigate', { url: toChromium(url) });
  }

  /** @param {string} channel @param {unknown} payload */
  send(channel, payload) {
    if (!this.#session) return;
    const expression = `window.__standin_receive?.(${JSON.stringify(channel)}, ${JSON.stringify(payload)})`;
    void cdp?.send('Runtime.evaluate', { expression }, this.#session).catch(() => {});
  }

  /** @param {string} method @param {any} params @param {string | undefined} session */
  receive(method, params, session) {
    if (method === 'Target.targetDestroyed' && params.targetId === this.#target) this.#window.gone();
    if (session !== this.#session || session === undefined) return;
    if (method === 'Page.frameNavigated' && !params.frame.parentId)
      this.#url = fromChromium(params.frame.url);
    if (method === 'Page.loadEventFired') this.#window.emit('ready-to-show');
    if (method === 'Fetch.requestPaused') void this.#serve(params);
    if (method === 'Runtime.bindingCalled' && params.name === BINDING)
      void this.#invoke(JSON.parse(params.payload));
  }

  /** @param {{ requestId: string, request: { url: string, method: string } }} params */
  async #serve({ requestId, request }) {
    const url = fromChromium(request.url);
    const handler = schemes.get(new URL(url).protocol.slice(0, -1));
    const connection = /** @type {Cdp} */ (cdp);
    try {
      if (!handler) {
        const reason = /^(data|blob|about):/.test(url) ? null : 'BlockedByClient';
        if (reason)
          await connection.send('Fetch.failRequest', { requestId, errorReason: reason }, this.#session ?? '');
        else await connection.send('Fetch.continueRequest', { requestId }, this.#session ?? '');
        return;
      }
      const response = await handler(new Request(url, { method: request.method }));
      const responseHeaders = [...response.headers].map(([name, value]) => ({ name, value }));
      const body = Buffer.from(await response.arrayBuffer()).toString('base64');
      await connection.send(
        'Fetch.fulfillRequest',
        { requestId, responseCode: response.status, responseHeaders, body },
        this.#session ?? '',
      );
    } catch (error) {
      process.stderr.write(`stand-in: ${url}: ${error}\n`);
    }
  }

  /** @param {{ id: number, channel: string, args: unknown[] }} call */
  async #invoke({ id, channel, args }) {
    const handler = handlers.get(channel);
    // As Electron does: what a handler throws becomes a rejection with its text.
    let outcome;
    try {
      if (!handler) throw new Error(`No handler registered for '${channel}'`);
      const value = await handler({ senderFrame: { url: this.#url, parent: null }, sender: this }, ...args);
      outcome = { ok: true, value: structuredClone(value) };
    } catch (error) {
      outcome = { ok: false, message: `Error invoking remote method '${channel}': ${error}` };
    }
    const expression = `window.__standin_answer?.(${id}, ${JSON.stringify(outcome)})`;
    await cdp?.send('Runtime.evaluate', { expression }, this.#session ?? '').catch(() => {});
  }
}

export class BrowserWindow extends EventEmitter {
  /** @param {{ webPreferences: { preload: string, contextIsolation: boolean, sandbox: boolean, nodeIntegration: boolean } }} options */
  constructor(options) {
    super();
    const { contextIsolation, sandbox, nodeIntegration, preload } = options.webPreferences;
    if (!contextIsolation || !sandbox || nodeIntegration) throw new Error('The window is not locked down.');
    this.webContents = new WebContents(this, preload);
    windows.add(this);
  }
  /** @param {string} url */
  loadURL(url) {
    return this.webContents.load(url);
  }
  show() {}
  focus() {}
  restore() {}
  maximize() {}
  isMinimized() {
    return false;
  }
  isMaximized() {
    return false;
  }
  isDestroyed() {
    return !windows.has(this);
  }
  getNormalBounds() {
    return { x: 10, y: 20, width: 1280, height: 840 };
  }
  gone() {
    if (!windows.delete(this)) return;
    this.emit('close', {});
    this.emit('closed');
    if (windows.size === 0) app.emit('window-all-closed');
  }
}

export const ipcMain = {
  /** @param {string} channel @param {(event: unknown, ...args: unknown[]) => unknown} handler */
  handle(channel, handler) {
    if (handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    handlers.set(channel, handler);
  },
};

export const protocol = {
  registerSchemesAsPrivileged() {},
  /** @param {string} scheme @param {(request: Request) => Response | Promise<Response>} handler */
  handle(scheme, handler) {
    schemes.set(scheme, handler);
  },
};

export const session = {
  defaultSession: {
    setPermissionRequestHandler() {},
    setPermissionCheckHandler() {},
    setDevicePermissionHandler() {},
    webRequest: { onBeforeRequest() {} },
  },
};

/** @param {string} name */
function stubbed(name) {
  const answers = dialogs.get(name) ?? [];
  if (answers.length === 0) throw new Error(`No answer was prepared for the dialog ${name}.`);
  return Promise.resolve(answers.shift());
}
export const dialog = {
  showOpenDialog: () => stubbed('showOpenDialog'),
  showMessageBox: () => stubbed('showMessageBox'),
  showSaveDialog: () => stubbed('showSaveDialog'),
};

/** @type {{ items: any[] } | null} */
let menu = null;
/** @param {any[]} template @param {string} id @returns {any} */
function itemOf(template, id) {
  for (const item of template) {
    const found = item.id === id ? item : Array.isArray(item.submenu) ? itemOf(item.submenu, id) : null;
    if (found) return found;
  }
  return null;
}
export const Menu = {
  /** @param {any[]} template */
  buildFromTemplate: (template) => ({ items: template }),
  /** @param {{ items: any[] }} built */
  setApplicationMenu: (built) => (menu = built),
};

export const nativeTheme = { shouldUseDarkColors: false };
export const screen = { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] };

// The spec's side: `child.send(...)`.
process.on('message', (/** @type {any} */ message) => {
  if (message.type === 'dialog') {
    dialogs.set(message.name, [...(dialogs.get(message.name) ?? []), message.answer]);
  } else if (message.type === 'menu') {
    itemOf(menu?.items ?? [], message.id).click();
  } else if (message.type === 'quit') {
    app.quit();
  }
  process.send?.({ type: 'done', id: message.number });
});
process.on('disconnect', () => app.quit());
void app
  .whenReady()
  .then(() => process.send?.({ type: 'ready', endpoint: chromium?.endpoint, host: TEST_HOST }));

export default {};

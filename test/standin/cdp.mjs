/** The little of the Chrome DevTools Protocol that the stand-in needs, over one WebSocket. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * Starts Chromium with a profile of its own, which goes away with it.
 * @param {string} program path of Chromium
 * @returns {Promise<{ endpoint: string, end: () => Promise<void>, kill: () => void, gone: Promise<void> }>}
 */
export async function startChromium(program) {
  const profile = mkdtempSync(join(tmpdir(), 'bulkhead-standin-'));
  const child = spawn(
    program,
    [
      '--headless=new',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      '--window-size=1280,840',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-quic',
      '--no-first-run',
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const clean = () => rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  const gone = new Promise((resolve) => child.once('exit', () => resolve(undefined)));
  const kill = () => {
    child.kill('SIGKILL');
    try {
      clean();
    } catch {
      // Chromium may still write; the next one's profile has another name.
    }
  };
  const endpoint = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`Chromium ended at once (${code}).`)));
    createInterface({ input: child.stderr }).on('line', (line) => {
      const found = /DevTools listening on (ws:\S+)/.exec(line);
      if (found) resolve(/** @type {string} */ (found[1]));
    });
  });
  const end = async () => {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 3000);
    await gone;
    clearTimeout(late);
    clean();
  };
  return { endpoint, end, kill, gone: /** @type {Promise<void>} */ (gone) };
}

/** A connection to the browser; `send` and `on` take the session of a page. */
export class Cdp {
  /** @type {WebSocket} */ #socket;
  #next = 1;
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  #pending = new Map();
  /** @type {Set<(method: string, params: any, session: string | undefined) => void>} */
  #listeners = new Set();

  /** @param {WebSocket} socket */
  constructor(socket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(String(data));
      if (message.id === undefined) {
        for (const listener of this.#listeners) listener(message.method, message.params, message.sessionId);
        return;
      }
      const pending = this.#pending.get(message.id);
      this.#pending.delete(message.id);
      if (message.error) pending?.reject(new Error(message.error.message));
      else pending?.resolve(message.result);
    });
    socket.addEventListener('close', () => {
      for (const { reject } of this.#pending.values()) reject(new Error('Chromium is gone.'));
      this.#pending.clear();
    });
  }

  /** @param {string} endpoint */
  static async open(endpoint) {
    const socket = new WebSocket(endpoint);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', () => reject(new Error('No connection to Chromium.')), { once: true });
    });
    return new Cdp(socket);
  }

  /**
   * @param {string} method
   * @param {object} [params]
   * @param {string} [sessionId]
   * @returns {Promise<any>}
   */
  send(method, params = {}, sessionId = undefined) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    });
  }

  /** @param {(method: string, params: any, session: string | undefined) => void} listener */
  listen(listener) {
    this.#listeners.add(listener);
  }

  close() {
    this.#socket.close();
  }
}

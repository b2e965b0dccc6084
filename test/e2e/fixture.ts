/**
 * One app for a spec, whichever window it is in. Each spec runs on both projects: `serve` drives the terminal's
 * `bulkhead serve` in a browser tab, `electron` the compiled main process, in a real Electron where its binary is
 * there, else in the stand-in.
 */
import { test as base, chromium, expect, _electron } from '@playwright/test';
import type { Browser, ElectronApplication, LaunchOptions, Page } from '@playwright/test';
import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { electronBinary, hasDisplay } from '../../build/electron.mjs';
import { fromRoot, ROOT } from '../../build/paths.mjs';
import { NOT_SHOWN } from '../standin/limits.mjs';

export { expect };

/** What a spec needs of a backend beside its page. */
interface Window {
  page: Page;
  /** The next save dialog answers this path. */
  prepareSave(path: string): Promise<void>;
  /** The next open dialog answers these paths. */
  prepareOpen(paths: string[]): Promise<void>;
  /** The next question of the desktop is answered with this button. */
  prepareAnswer(button: number): Promise<void>;
  /** Chooses an item of the menu bar by its id. */
  menu(id: string): Promise<void>;
  /** Types a line where `serve` runs. */
  type?(line: string): void;
  /** The next one-time address that `serve` prints. */
  nextAddress?(): Promise<string>;
  close(): Promise<void>;
}

export interface LaunchSettings {
  /** Arguments of the start, as of `npm start --`. */
  args?: string[];
  env?: Record<string, string>;
}

export class App {
  readonly backend: 'serve' | 'electron';
  /** A folder for the spec's own files; goes away with the spec. */
  readonly folder: string;
  readonly historyFile: string;
  readonly #launchOptions: LaunchOptions;
  #window: Window | null = null;
  #starts = 0;
  /** Errors and refusals that the page's console showed. */
  readonly problems: string[] = [];

  constructor(backend: 'serve' | 'electron', launchOptions: LaunchOptions) {
    this.backend = backend;
    this.#launchOptions = launchOptions;
    this.folder = mkdtempSync(join(tmpdir(), 'bulkhead-e2e-'));
    this.historyFile = join(this.folder, 'data', 'history.sqlite');
    mkdirSync(join(this.folder, 'home'), { recursive: true });
  }

  get page(): Page {
    if (!this.#window) throw new Error('The app was not started.');
    return this.#window.page;
  }

  /** Starts the app, or starts it again: the history stays, all else is forgotten. */
  async start({ args = [], env = {} }: LaunchSettings = {}): Promise<Page> {
    await this.#window?.close();
    const all = ['--history', this.historyFile, ...args];
    // No kubeconfig but the spec's: neither the home's nor a pod's.
    const { KUBECONFIG, KUBERNETES_SERVICE_HOST, BULKHEAD_HISTORY, ...inherited } = process.env;
    void [KUBECONFIG, KUBERNETES_SERVICE_HOST, BULKHEAD_HISTORY];
    const home = join(this.folder, 'home');
    const environment = {
      ...(inherited as Record<string, string>),
      HOME: home,
      XDG_CONFIG_HOME: home,
      ...env,
    };
    this.#starts += 1;
    const userData = join(this.folder, `user-data-${this.#starts}`);
    mkdirSync(userData, { recursive: true });
    this.#window =
      this.backend === 'serve'
        ? await serveWindow(all, environment, this.#launchOptions)
        : realElectron !== null
          ? await electronWindow(realElectron, all, environment, userData)
          : await standinWindow(all, environment, userData);
    const { page } = this.#window;
    page.on('pageerror', (error) => this.problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(message.text());
    });
    await expect(page.getByTestId('app')).toBeVisible();
    return page;
  }

  async close(): Promise<void> {
    await this.#window?.close();
    this.#window = null;
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Clicks an export's button and gives the file's bytes, by download or by the save dialog. */
  async exportFile(testId: string, name: string): Promise<Buffer> {
    const path = join(this.folder, name);
    const banner = this.page.getByTestId('error-banner');
    const failed = banner.waitFor({ timeout: 60_000 }).then(async () => {
      throw new Error(`The export failed: ${await banner.textContent()}`);
    });
    failed.catch(() => {});
    if (this.backend === 'serve') {
      const download = this.page.waitForEvent('download', { timeout: 60_000 });
      await this.page.getByTestId(testId).click();
      await (await Promise.race([download, failed])).saveAs(path);
    } else {
      await this.#window?.prepareSave(path);
      await this.page.getByTestId(testId).click();
      const done = expect(this.page.getByTestId('export-done')).toHaveAttribute('data-path', path, {
        timeout: 60_000,
      });
      await Promise.race([done, failed]);
    }
    return readFileSync(path);
  }

  /** Only in Electron. */
  async menu(id: string): Promise<void> {
    await this.#window?.menu(id);
  }

  /** Only in Electron: the next save dialog answers this path. */
  async prepareSave(path: string): Promise<void> {
    await this.#window?.prepareSave(path);
  }

  /** Only in Electron. */
  async prepareOpen(paths: string[]): Promise<void> {
    await this.#window?.prepareOpen(paths);
  }

  /** Only in Electron. */
  async prepareAnswer(button: number): Promise<void> {
    await this.#window?.prepareAnswer(button);
  }

  /** Only in serve: types a line where it runs. */
  async type(line: string): Promise<void> {
    this.#window?.type?.(line);
  }

  /** Only in serve: presses Enter there, and gives the address that it prints. */
  async anotherAddress(): Promise<string> {
    const address = this.#window?.nextAddress?.();
    await this.type('');
    if (!address) throw new Error('Only serve prints addresses.');
    return address;
  }

  /** The figure that an element carries. */
  async value(testId: string): Promise<number> {
    const element = this.page.getByTestId(testId);
    await expect(element).toHaveAttribute('data-value', /^\d+$/);
    return Number(await element.getAttribute('data-value'));
  }

  /** Waits for an audit's first view. */
  async audited(): Promise<void> {
    await expect(this.page.getByTestId('overview')).toBeVisible({ timeout: 60_000 });
  }
}

const realElectron: string | null = hasDisplay(process.platform, process.env) ? electronBinary(ROOT) : null;

export const test = base.extend<{ app: App }, { named: void }>({
  app: async ({ launchOptions }, use, info) => {
    if (info.project.name !== 'serve' && info.project.name !== 'electron') {
      throw new Error(`There is no backend ${info.project.name}.`);
    }
    const app = new App(info.project.name, launchOptions);
    await use(app);
    const { problems } = app;
    await app.close();
    expect(problems, 'the console of the page').toEqual([]);
  },
  named: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads from the pattern what a fixture needs: nothing
    async ({}, use, info) => {
      if (info.project.name === 'electron') {
        console.log(
          realElectron
            ? `electron: the real one, ${realElectron}`
            : `electron: the stand-in; not shown by it: ${NOT_SHOWN.join(', ')}`,
        );
      }
      await use();
    },
    { scope: 'worker', auto: true },
  ],
});

async function serveWindow(
  args: string[],
  env: Record<string, string>,
  launchOptions: LaunchOptions,
): Promise<Window> {
  const child = spawn(process.execPath, [fromRoot('dist/electron/cli.js'), 'serve', '--port', '0', ...args], {
    env,
    stdio: ['pipe', 'inherit', 'pipe'],
  });
  const nextAddress = (): Promise<string> => lineOf(child, /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/);
  let browser: Browser | null = null;
  try {
    const url = await nextAddress();
    browser = await chromium.launch(launchOptions);
    // A context that can have more tabs.
    const context = await browser.newContext({
      viewport: { width: 1280, height: 840 },
      acceptDownloads: true,
    });
    const page = await context.newPage();
    await page.goto(url);
    return {
      page,
      prepareSave: async () => {},
      prepareOpen: async () => {},
      prepareAnswer: async () => {},
      menu: async () => {
        throw new Error('serve has no menu.');
      },
      type: (line) => void child.stdin?.write(`${line}\n`),
      nextAddress,
      async close() {
        await browser?.close();
        await ended(child);
      },
    };
  } catch (error) {
    await browser?.close();
    child.kill('SIGKILL');
    throw error;
  }
}

async function standinWindow(args: string[], env: Record<string, string>, userData: string): Promise<Window> {
  const child = fork(fromRoot('dist/electron/main.js'), [`--user-data-dir=${userData}`, ...args], {
    env,
    execArgv: ['--import', fromRoot('test/standin/register.mjs')],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let browser: Browser | null = null;
  try {
    const [{ endpoint, host }] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error('The main process ended at once.'))),
    ])) as [{ endpoint: string; host: string }];
    browser = await chromium.connectOverCDP(endpoint);
    const page = await ownPage(browser, host);
    const tell = (message: object): Promise<void> =>
      new Promise((resolve, reject) => {
        child.once('message', () => resolve());
        child.send(message, (error) => error && reject(error));
      });
    return {
      page,
      prepareSave: (filePath) =>
        tell({ type: 'dialog', name: 'showSaveDialog', answer: { canceled: false, filePath } }),
      prepareOpen: (filePaths) =>
        tell({ type: 'dialog', name: 'showOpenDialog', answer: { canceled: false, filePaths } }),
      prepareAnswer: (response) => tell({ type: 'dialog', name: 'showMessageBox', answer: { response } }),
      menu: (id) => tell({ type: 'menu', id }),
      async close() {
        await browser?.close();
        child.send({ type: 'quit' }, () => {});
        await ended(child);
      },
    };
  } catch (error) {
    await browser?.close();
    child.kill('SIGTERM');
    throw error;
  }
}

async function ownPage(browser: Browser, host: string): Promise<Page> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    const pages = browser.contexts().flatMap((context) => context.pages());
    const own = pages.find((page) => page.url().startsWith(`https://${host}/`));
    if (own) return own;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('The window did not open its page.');
}

async function electronWindow(
  executablePath: string,
  args: string[],
  env: Record<string, string>,
  userData: string,
): Promise<Window> {
  const asRoot = process.platform === 'linux' && process.getuid?.() === 0;
  const electron: ElectronApplication = await _electron.launch({
    executablePath,
    args: [...(asRoot ? ['--no-sandbox'] : []), ROOT, `--user-data-dir=${userData}`, ...args],
    env,
  });
  const page = await electron.firstWindow();
  return {
    page,
    prepareSave: (filePath) =>
      electron.evaluate(({ dialog }, path) => {
        dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: path });
      }, filePath),
    prepareOpen: (filePaths) =>
      electron.evaluate(({ dialog }, paths) => {
        dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: paths });
      }, filePaths),
    prepareAnswer: (button) =>
      electron.evaluate(({ dialog }, response) => {
        dialog.showMessageBox = () => Promise.resolve({ response, checkboxChecked: false });
      }, button),
    menu: (id) =>
      electron.evaluate(({ Menu }, item) => {
        Menu.getApplicationMenu()?.getMenuItemById(item)?.click();
      }, id),
    close: () => electron.close(),
  };
}

/** Waits for a line of standard error; the others are shown as they come. */
function lineOf(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    if (!child.stderr) return reject(new Error('No standard error.'));
    const said: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line);
      const found = pattern.exec(line);
      if (found) resolve(found[0]);
    });
    child.once('exit', (code) => reject(new Error(`It ended at once (${code}): ${said.join('\n')}`)));
  });
}

/** Asks a process to end, and makes sure that it does. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  if (!child.connected) child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(late);
}

if (!existsSync(fromRoot('dist/electron/main.js'))) {
  throw new Error('The app is not built: run npm run build.');
}

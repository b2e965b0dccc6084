/** The window: sandboxed, isolated, on our own page and nowhere else, where the user left it. */
import { BrowserWindow, nativeTheme, screen, session } from 'electron';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { APP_URL, isOwnPage, isVisible, mayHave, mayLoad } from './guards.ts';

const MIN = { width: 880, height: 560 };
const DEFAULT = { width: 1280, height: 840 };

const windowState = z.object({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int().min(MIN.width).max(20_000),
  height: z.number().int().min(MIN.height).max(20_000),
  maximized: z.boolean(),
});
type WindowState = z.infer<typeof windowState>;

/** Refuses what the page never needs: all permissions but one, devices, and any request that leaves the machine or reads files. */
export function guardSession(): void {
  const own = session.defaultSession;
  own.setPermissionRequestHandler((_contents, permission, answer, { requestingUrl }) =>
    answer(mayHave(permission, requestingUrl)),
  );
  own.setPermissionCheckHandler((_contents, permission, origin) => mayHave(permission, origin));
  own.setDevicePermissionHandler(() => false);
  own.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !mayLoad(url) }));
}

/**
 * Opens the window on our page.
 * @param stateFile where size and position are kept; a missing or broken file gives the defaults
 * @param development whether the page may be looked into with DevTools, where scripts can be typed
 */
export function openWindow(stateFile: string, development: boolean): BrowserWindow {
  const state = readState(stateFile);
  const areas = screen.getAllDisplays().map(({ workArea }) => workArea);
  const window = new BrowserWindow({
    ...(state && isVisible(state, areas)
      ? { x: state.x, y: state.y, width: state.width, height: state.height }
      : DEFAULT),
    minWidth: MIN.width,
    minHeight: MIN.height,
    title: 'Bulkhead',
    show: false,
    // Until the page paints: no white flash in a dark desktop.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#14171c' : '#ffffff',
    webPreferences: {
      preload: fileURLToPath(new URL('preload.cjs', import.meta.url)),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
      devTools: development,
    },
  });
  if (state?.maximized) window.maximize();
  window.once('ready-to-show', () => window.show());
  window.on('close', () => {
    const bounds = window.getNormalBounds();
    writeState(stateFile, { ...bounds, maximized: window.isMaximized() });
  });

  const { webContents } = window;
  webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  webContents.on('will-navigate', (event) => {
    if (!isOwnPage(event.url)) event.preventDefault();
  });
  webContents.on('will-redirect', (event) => {
    if (!isOwnPage(event.url)) event.preventDefault();
  });
  webContents.on('will-frame-navigate', (event) => {
    if (!isOwnPage(event.url)) event.preventDefault();
  });
  webContents.on('will-attach-webview', (event) => event.preventDefault());

  void window.loadURL(APP_URL);
  return window;
}

/** Where the window's place is kept. */
export function stateFileIn(userData: string): string {
  return join(userData, 'window.json');
}

function readState(file: string): WindowState | null {
  try {
    return windowState.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}

function writeState(file: string, state: WindowState): void {
  try {
    writeFileSync(file, JSON.stringify(state));
  } catch {
    // Not worth a word: the next start opens at the default place.
  }
}

/** What the desktop window may show, load and answer, as plain functions of URLs: Electron asks them. */

/** Our page's origin: a scheme of our own, so that no file and no web page has it. */
export const APP_SCHEME = 'app';
export const APP_HOST = 'bulkhead';
export const APP_URL = `${APP_SCHEME}://${APP_HOST}/`;

/**
 * Whether a URL is of our own page: who may call, and where the window may go.
 * @param url as a frame has it
 */
export function isOwnPage(url: string): boolean {
  try {
    // The origin of a scheme that the URL standard does not know is 'null': compare its parts.
    const { protocol, host, username, password } = new URL(url);
    return protocol === `${APP_SCHEME}:` && host === APP_HOST && username === '' && password === '';
  } catch {
    return false;
  }
}

/**
 * Whether the page may load a URL at all: its own files, what it made itself, and the developer tools' own. No request
 * of the page leaves the machine, and none reads a file.
 * @param url of a request
 */
export function mayLoad(url: string): boolean {
  if (isOwnPage(url)) return true;
  try {
    const { protocol } = new URL(url);
    return protocol === 'data:' || protocol === 'blob:' || protocol === 'devtools:';
  } catch {
    return false;
  }
}

/**
 * Whether a page is granted a permission: ours may write text to the clipboard, to copy a remedy, and nothing else.
 * @param permission Electron's name of it
 * @param url of the page that asks
 */
export function mayHave(permission: string, url: string): boolean {
  return permission === 'clipboard-sanitized-write' && isOwnPage(url);
}

interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * Whether enough of a window lies on some screen to be seen and moved. A screen may be gone since the last start: a
 * window that nobody can reach is worse than one at the default place.
 * @param bounds of the window
 * @param screens work areas, in the same coordinates
 */
export function isVisible(bounds: Area, screens: readonly Area[]): boolean {
  return screens.some((area) => {
    const width = Math.min(bounds.x + bounds.width, area.x + area.width) - Math.max(bounds.x, area.x);
    const height = Math.min(bounds.y + bounds.height, area.y + area.height) - Math.max(bounds.y, area.y);
    return width >= 100 && height >= 100;
  });
}

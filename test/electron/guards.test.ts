import { describe, expect, test } from 'vitest';
import { isOwnPage, isVisible, mayHave, mayLoad } from '../../electron/guards.ts';

describe('Our own page', () => {
  test('is the one host of our own scheme, and nothing that looks like it', () => {
    for (const url of ['app://bulkhead/', 'app://bulkhead/index.html#/pods', 'app://bulkhead/?a=b']) {
      expect(isOwnPage(url), url).toBe(true);
    }
    for (const url of [
      'app://bulkhead.evil.example/',
      'app://evil/bulkhead',
      'app://bulkhead:80/',
      'app://bulkhead@evil/',
      'app://user@bulkhead/',
      'https://bulkhead/',
      'file:///app://bulkhead/',
      'about:blank',
      'data:text/html,app://bulkhead/',
      'javascript:app://bulkhead/',
      '',
      'null',
    ]) {
      expect(isOwnPage(url), url).toBe(false);
    }
  });
});

describe('What the page may load', () => {
  test('is its own files and what it made itself', () => {
    for (const url of ['app://bulkhead/assets/a.js', 'data:image/png;base64,', 'blob:app://bulkhead/1']) {
      expect(mayLoad(url), url).toBe(true);
    }
  });

  test('is nothing of the network and no file', () => {
    for (const url of [
      'https://example.com/',
      'http://169.254.169.254/latest',
      'ws://localhost:1/',
      'file:///etc/passwd',
      'ftp://a/b',
      'app://other/',
      'chrome://settings',
      'nonsense',
    ]) {
      expect(mayLoad(url), url).toBe(false);
    }
  });
});

describe('What the page is granted', () => {
  test('is to write to the clipboard, and nothing else to anybody', () => {
    expect(mayHave('clipboard-sanitized-write', 'app://bulkhead/')).toBe(true);
    expect(mayHave('clipboard-sanitized-write', 'https://evil.example/')).toBe(false);
    for (const permission of [
      'clipboard-read',
      'media',
      'geolocation',
      'notifications',
      'openExternal',
      'fileSystem',
    ]) {
      expect(mayHave(permission, 'app://bulkhead/'), permission).toBe(false);
    }
  });
});

describe('The place of the window', () => {
  const screens = [
    { x: 0, y: 25, width: 1920, height: 1055 },
    { x: 1920, y: 0, width: 1280, height: 1024 },
  ];
  test('is kept where enough of it lies on a screen, and given up where the screen is gone', () => {
    const window = { x: 100, y: 100, width: 1280, height: 840 };
    expect(isVisible(window, screens)).toBe(true);
    expect(isVisible({ ...window, x: 2000 }, screens)).toBe(true);
    expect(isVisible({ ...window, x: 2000 }, screens.slice(0, 1))).toBe(false);
    expect(isVisible({ ...window, x: -1250 }, screens)).toBe(false);
    expect(isVisible({ ...window, y: 1070 }, screens)).toBe(false);
    expect(isVisible(window, [])).toBe(false);
  });
});

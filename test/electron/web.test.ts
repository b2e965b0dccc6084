import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Host } from '../../electron/backend.ts';
import { serve } from '../../electron/web.ts';
import type { Served } from '../../electron/web.ts';
import { ADDRESS_MS, MAX_SESSIONS, MAX_WRONG } from '../../electron/web/sessions.ts';
import type { Handlers, Reply } from '../../shared/ipc.ts';
import { KEY_HEADER } from '../../shared/web.ts';

interface Got {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

let folder: string;
let served: Served;
let host: Host;
/** What reached the handlers: a refusal must come before them. */
let asked: string[];
/** What the terminal showed. */
let said: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-web-'));
  mkdirSync(join(folder, 'page', 'assets'), { recursive: true });
  writeFileSync(join(folder, 'page', 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(join(folder, 'page', 'assets', 'a.js'), 'export {};');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  asked = [];
  said = [];
  served = await serve({
    folder: join(folder, 'page'),
    say: (line) => said.push(line),
    backend: (given) => {
      host = given;
      const handlers = {
        'history.list': async () => {
          asked.push('history.list');
          return [];
        },
        'history.delete': async ({ id }: { id: number }) => {
          asked.push(`history.delete ${id}`);
        },
        'export.save': async () =>
          given.deliver('보고서 "1".csv', 'text/csv', async () => Buffer.from('a,b\r\n')),
        'audit.overview': async () => {
          throw Object.assign(new Error('Not open.'), { kind: 'not-found', place: 'audit-9' });
        },
      } as unknown as Handlers;
      return { handlers, close: async () => void asked.push('closed') };
    },
  });
});

afterEach(async () => {
  await served.close();
  rmSync(folder, { recursive: true, force: true });
});

function fetchRaw(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port: served.port,
        path,
        method: options.method ?? 'GET',
        headers: { host: `127.0.0.1:${served.port}`, ...options.headers },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(options.body);
  });
}

/** A one-time address, as a path. */
function address(): string {
  const { pathname, search } = new URL(served.address().url);
  return pathname + search;
}

/** Comes in by an address, and gives what a tab of the page sends along: the cookie and the key. */
async function enter(): Promise<Record<string, string>> {
  const got = await fetchRaw(address());
  expect(got.status).toBe(200);
  const key = /sessionStorage\.setItem\('bulkhead\.key','([\w-]{43})'\)/.exec(got.body)?.[1];
  return { cookie: String(got.headers['set-cookie']).split(';')[0] as string, [KEY_HEADER]: String(key) };
}

async function post(
  channel: string,
  body: unknown,
  headers: Record<string, string | undefined> = {},
): Promise<Got & { reply: Reply<unknown> }> {
  const all: Record<string, string | undefined> = {
    origin: `http://127.0.0.1:${served.port}`,
    'content-type': 'application/json',
    ...headers,
  };
  const given = Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const got = await fetchRaw(`/api/${channel}`, {
    method: 'POST',
    headers: given,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { ...got, reply: JSON.parse(got.body) as Reply<unknown> };
}

describe('The address', () => {
  test('is good once: it buys a cookie that scripts cannot read and other sites do not send, and a key for the tab', async () => {
    const path = address();
    const first = await fetchRaw(path);
    expect(first.status).toBe(200);
    const [cookie] = first.headers['set-cookie'] as string[];
    expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
    // The page that brings the key runs its own script alone, and the key is not the cookie.
    const nonce = /<script nonce="([\w-]{43})">/.exec(first.body)?.[1];
    expect(first.headers['content-security-policy']).toContain(`script-src 'nonce-${nonce}';`);
    expect(first.body).not.toContain(String(cookie).split(/[=;]/)[1]);
    expect(first.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    const second = await fetchRaw(path);
    expect(second.status).toBe(403);
    expect(second.headers['set-cookie']).toBeUndefined();
    expect(second.body).toContain('data-why="used"');
    expect(second.body).not.toContain('bulkhead.key');
    // The browser that is in may reload the old address, and gets no second key.
    const again = await fetchRaw(path, { headers: { cookie: String(cookie) } });
    expect(again).toMatchObject({ status: 303, body: '' });
    expect(again.headers['location']).toBe('/');
  });

  test('cannot be guessed: a wrong token gets nothing, and many of them withdraw those that wait', async () => {
    const path = address();
    for (let i = 1; i < MAX_WRONG; i += 1) {
      const got = await fetchRaw(`/?token=${'A'.repeat(i)}`);
      expect(got.status).toBe(403);
      expect(got.body).toContain('data-why="unknown"');
    }
    // A new address begins the count anew, so that what tries cannot keep the user out.
    expect((await fetchRaw(address())).status).toBe(200);
    for (let i = 0; i < MAX_WRONG; i += 1) await fetchRaw('/?token=');
    const late = await fetchRaw(path);
    expect(late.status).toBe(403);
    expect(late.body).toContain('data-why="withdrawn"');
    expect(said.at(-1)).toContain('withdrawn');
    await enter();
  });

  test('that nobody opens is let go', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { url, used } = served.address();
      const { pathname, search } = new URL(url);
      vi.advanceTimersByTime(ADDRESS_MS);
      vi.useRealTimers();
      expect(await used).toBe(false);
      const got = await fetchRaw(pathname + search);
      expect(got.status).toBe(403);
      expect(got.body).toContain('data-why="expired"');
    } finally {
      vi.useRealTimers();
    }
  });

  test('is not used up by what only looks at it, fetches it ahead, or builds it into another page', async () => {
    const path = address();
    expect((await fetchRaw(path, { method: 'HEAD' })).status).toBe(405);
    for (const headers of [
      { 'sec-purpose': 'prefetch' },
      { 'sec-fetch-dest': 'iframe' },
      { 'sec-fetch-dest': 'image' },
      { 'sec-fetch-dest': 'empty' },
    ] as Record<string, string>[]) {
      expect((await fetchRaw(path, { headers })).status, JSON.stringify(headers)).toBe(403);
    }
    expect((await fetchRaw(path, { headers: { 'sec-fetch-dest': 'document' } })).status).toBe(200);
  });
});

describe('A session', () => {
  const everything = ['/', '/assets/a.js', '/events', '/download/x'];

  test('is asked for everywhere: page, assets, events, downloads, calls', async () => {
    await enter();
    for (const headers of [
      {},
      { cookie: `bulkhead-${served.port}-1=AAAA` },
      { cookie: '=;;bulkhead' },
    ] as Record<string, string>[]) {
      for (const path of everything) {
        expect((await fetchRaw(path, { headers })).status, path).toBe(401);
      }
      expect((await post('history.list', {}, headers)).status).toBe(401);
    }
    expect(asked).toEqual([]);
  });

  test('is cookie and key: neither opens anything alone, nor with those of another session', async () => {
    const one = await enter();
    const two = await enter();
    for (const headers of [
      { cookie: one['cookie'] },
      { [KEY_HEADER]: one[KEY_HEADER] },
      { cookie: one['cookie'], [KEY_HEADER]: two[KEY_HEADER] },
      { cookie: one['cookie'], [KEY_HEADER]: '' },
      { cookie: one['cookie'], [KEY_HEADER]: `${one[KEY_HEADER]}, ${one[KEY_HEADER]}` },
      { cookie: one['cookie'], [KEY_HEADER]: String(one['cookie']).split('=')[1] },
    ] as Record<string, string>[]) {
      expect((await post('history.list', {}, headers)).status, JSON.stringify(headers)).toBe(401);
      expect((await fetchRaw('/events', { headers })).status, JSON.stringify(headers)).toBe(401);
    }
    expect(asked).toEqual([]);
    // Nor is the key taken from anywhere but the header.
    const query = `?${KEY_HEADER}=${one[KEY_HEADER]}`;
    expect((await fetchRaw(`/events${query}`, { headers: { cookie: String(one['cookie']) } })).status).toBe(
      401,
    );
    // A browser that came in twice sends both cookies.
    const both = { cookie: `${one['cookie']}; ${two['cookie']}`, [KEY_HEADER]: String(one[KEY_HEADER]) };
    expect((await post('history.list', {}, both)).status).toBe(200);
    // One of the same name that another port has planted before ours does not keep the tab out.
    const planted = { ...one, cookie: `bulkhead-${served.port}-1=planted; ${one['cookie']}` };
    expect((await post('history.list', {}, planted)).status).toBe(200);
  });

  test('of another server on another port does not fit: cookies know no ports', async () => {
    const { cookie = '' } = await enter();
    const value = cookie.slice(cookie.indexOf('=') + 1);
    expect((await fetchRaw('/', { headers: { cookie: `bulkhead-1-1=${value}` } })).status).toBe(401);
  });

  test('is listed by number, browser and time, and can be ended, with all that it opened', async () => {
    const userAgent = 'Mozilla/5.0 \u001b[2K Gecko/20100101 Firefox/145.0';
    await fetchRaw(address(), { headers: { 'user-agent': userAgent.replace('\u001b', '') } });
    const session = await enter();
    expect(served.sessions()).toMatchObject([
      { number: 1, browser: 'Firefox', open: false },
      { number: 2, browser: 'another program', open: false },
    ]);
    const { reply } = await post(
      'export.save',
      { request: { audit: 'a', format: 'csv', lang: 'ko' } },
      session,
    );
    const { download } = (reply as { value: { download: string } }).value;
    const ended = new Promise<void>((resolve, reject) => {
      const request = httpRequest({
        host: '127.0.0.1',
        port: served.port,
        path: '/events',
        headers: { host: `127.0.0.1:${served.port}`, ...session },
      });
      request.on('error', reject);
      request.on('response', (response) => {
        response.resume();
        response.on('end', resolve);
        expect(served.sessions()[1]).toMatchObject({ open: true });
        expect(served.end(2)).toBe(true);
      });
      request.end();
    });
    await ended;
    expect(served.end(2)).toBe(false);
    expect(served.sessions().map(({ number }) => number)).toEqual([1]);
    for (const path of [...everything, download]) {
      expect((await fetchRaw(path, { headers: session })).status, path).toBe(401);
    }
    expect((await post('history.list', {}, session)).status).toBe(401);
    // Its file went with it, for the others too.
    expect((await fetchRaw(download, { headers: await enter() })).status).toBe(404);
  });

  test('too many end the one that was silent the longest', async () => {
    const first = await enter();
    const second = await enter();
    for (let i = 2; i < MAX_SESSIONS; i += 1) await enter();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await post('history.list', {}, first)).status).toBe(200);
    await enter();
    expect(served.sessions()).toHaveLength(MAX_SESSIONS);
    expect((await post('history.list', {}, first)).status).toBe(200);
    expect((await post('history.list', {}, second)).status).toBe(401);
    expect(said).toContain(`Session 2 was ended: ${MAX_SESSIONS} are open at most.`);
  });
});

describe('Who has no key', () => {
  test('is told so on a page that says nothing else, in their language', async () => {
    const none = await fetchRaw('/', { headers: { 'accept-language': 'de-DE, ko;q=0.9, en;q=0.8' } });
    expect(none.status).toBe(401);
    expect(none.body).toContain('<html lang="ko">');
    expect(none.body).toContain('data-why="none"');
    const tab = await fetchRaw('/locked?why=tab&lang=en&theme=dark', {
      headers: { 'accept-language': 'ko' },
    });
    expect(tab.status).toBe(200);
    expect(tab.body).toContain('<html lang="en" data-theme="dark">');
    expect(tab.body).toContain('Press <kbd>Enter</kbd>');
    expect(tab.headers['content-security-policy']).toMatch(/default-src 'none';.*frame-ancestors 'none'/);
  });

  test('cannot put words of their own on it', async () => {
    const got = await fetchRaw('/locked?why=%3Cscript%3E&lang=%22%3E%3Cb%3E&theme=%22%20onload=x');
    expect(got.body).not.toMatch(/%3C|<script|<b>|onload/);
    expect(got.body).toContain('<html lang="en">');
  });

  test('by a link from elsewhere, which goes without the cookie, is told of the tab', async () => {
    const from = { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' };
    const got = await fetchRaw('/', { headers: from });
    expect(got.status).toBe(403);
    expect(got.body).toContain('data-why="tab"');
  });
});

describe('Other pages', () => {
  test('under a rebound name are refused, with the key too', async () => {
    const session = await enter();
    for (const name of [
      'evil.example',
      `evil.example:${served.port}`,
      '127.0.0.1',
      '127.0.0.1:1',
      'localhost',
      `localhost:${served.port}`,
      `[::1]:${served.port}`,
    ]) {
      const alias = /^(localhost|\[::1\]):/.test(name);
      expect((await fetchRaw('/', { headers: { ...session, host: name } })).status, name).toBe(
        alias ? 307 : 421,
      );
      expect((await fetchRaw('/events', { headers: { ...session, host: name } })).status, name).toBe(421);
      const got = await post('history.list', {}, { ...session, host: name, origin: `http://${name}` });
      expect(got.status, name).toBe(421);
    }
    // Another user's program may have the same port on [::1]: the page is of one origin, 127.0.0.1.
    const path = address();
    const got = await fetchRaw(path, { headers: { host: `localhost:${served.port}` } });
    expect(got.headers['location']).toBe(`http://127.0.0.1:${served.port}${path}`);
    expect((await fetchRaw(path)).status).toBe(200);
    expect(asked).toEqual([]);
  });

  test('of another origin cannot call, with the key too', async () => {
    const session = await enter();
    const own = `http://127.0.0.1:${served.port}`;
    for (const origin of [
      'http://evil.example',
      'null',
      `https://127.0.0.1:${served.port}`,
      'http://127.0.0.1:1',
      undefined,
    ]) {
      expect(
        (await post('history.delete', { request: { id: 1 } }, { ...session, origin })).status,
        origin,
      ).toBe(403);
    }
    // Another port of this machine is the same site, but not the same origin.
    for (const site of ['cross-site', 'same-site']) {
      const got = await post(
        'history.delete',
        { request: { id: 1 } },
        { ...session, origin: own, 'sec-fetch-site': site },
      );
      expect(got.status, site).toBe(403);
      expect((await fetchRaw('/events', { headers: { ...session, 'sec-fetch-site': site } })).status).toBe(
        403,
      );
      expect(
        (await fetchRaw('/assets/a.js', { headers: { ...session, 'sec-fetch-site': site } })).status,
      ).toBe(403);
    }
    expect(asked).toEqual([]);
  });

  test('may not frame this one, and it runs no script but its own', async () => {
    const { headers } = await fetchRaw('/', { headers: await enter() });
    const csp = String(headers['content-security-policy']);
    expect(csp).toMatch(/frame-ancestors 'none'/);
    expect(csp).toMatch(/default-src 'none'/);
    expect(csp).toMatch(/script-src 'self';/);
    expect(headers).toMatchObject({
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('Calls', () => {
  test('reach their handler and come back as a Reply', async () => {
    const session = await enter();
    expect((await post('history.list', {}, session)).reply).toEqual({ ok: true, value: [] });
    expect((await post('history.delete', { request: { id: 4 } }, session)).reply).toEqual({ ok: true });
    expect(asked).toEqual(['history.list', 'history.delete 4']);
  });

  test('that fail come back as data with kind and place', async () => {
    const got = await post('audit.overview', { request: { audit: 'audit-9' } }, await enter());
    expect(got.status).toBe(200);
    expect(got.reply).toEqual({
      ok: false,
      error: { kind: 'not-found', message: 'Not open.', place: 'audit-9' },
    });
  });

  test('of a wrong shape do not reach the handler', async () => {
    const session = await enter();
    for (const request of [undefined, null, {}, { id: '1' }, { id: 1.5 }, { id: 1, more: true }, [1]]) {
      const { reply } = await post('history.delete', { request }, session);
      expect(reply).toMatchObject({ ok: false, error: { kind: 'bad-request' } });
    }
    expect(asked).toEqual([]);
  });

  test('are POST of JSON to a known channel, and of bounded size', async () => {
    const session = await enter();
    const get = await fetchRaw('/api/history.list', { headers: session });
    expect(get.status).toBe(405);
    expect(get.headers['allow']).toBe('POST');
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH', 'HEAD']) {
      expect((await fetchRaw('/api/history.list', { method, headers: session })).status).toBe(405);
      expect((await fetchRaw('/', { method, headers: session })).status).toBe(405);
    }
    expect((await fetchRaw('/', { method: 'POST', headers: session })).status).toBe(405);
    const plain = await post('history.list', {}, { ...session, 'content-type': 'text/plain' });
    expect(plain.status).toBe(415);
    expect((await post('history.list', {}, { ...session, 'content-type': undefined })).status).toBe(415);
    expect((await post('history.list', '{', session)).status).toBe(400);
    for (const name of ['nothing', 'constructor', '__proto__', 'toString', '']) {
      expect((await post(name, {}, session)).status, name).toBe(404);
    }
    expect((await post('history.list', `"${'x'.repeat(2_000_000)}"`, session)).status).toBe(413);
    expect(asked).toEqual([]);
  });
});

describe('The page', () => {
  test('is the files of its folder and nothing outside of it', async () => {
    const session = await enter();
    const page = await fetchRaw('/', { headers: session });
    expect(page.body).toContain('<title>page</title>');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const script = await fetchRaw('/assets/a.js', { headers: session });
    expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
    for (const path of [
      '/../secret.txt',
      '/assets/../../secret.txt',
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/..\\secret.txt',
      '/assets',
      '/assets/',
      '/a.js%00',
      '//evil.example/assets/a.js',
      `${folder}/secret.txt`,
    ]) {
      const got = await fetchRaw(path, { headers: session });
      expect(got.status, path).toBe(404);
      expect(got.body).not.toContain('secret');
    }
  });
});

describe('Downloads', () => {
  test('are handed out once, with their name in every alphabet', async () => {
    const session = await enter();
    const { reply } = await post(
      'export.save',
      { request: { audit: 'a', format: 'csv', lang: 'ko' } },
      session,
    );
    const { download } = (reply as { value: { download: string } }).value;
    // 256 bits of chance, and good for the session that asked: a guess, or another browser, does not use it up.
    expect(download).toMatch(/^\/download\/[\w-]{43}$/);
    expect((await fetchRaw(download)).status).toBe(401);
    expect((await fetchRaw(download, { headers: await enter() })).status).toBe(404);
    const got = await fetchRaw(download, { headers: session });
    expect(got.status).toBe(200);
    expect(got.body).toBe('a,b\r\n');
    expect(got.headers['content-disposition']).toBe(
      `attachment; filename="___ _1_.csv"; filename*=UTF-8''%EB%B3%B4%EA%B3%A0%EC%84%9C%20%221%22.csv`,
    );
    expect((await fetchRaw(download, { headers: session })).status).toBe(404);
  });
});

describe('Events', () => {
  test('reach a stream that is open, and one that opens a moment later', async () => {
    const session = await enter();
    host.emit('audit.finished', { job: 'job-1', audit: 'audit-1' });
    const seen: string[] = [];
    const request = httpRequest({
      host: '127.0.0.1',
      port: served.port,
      path: '/events',
      headers: { host: `127.0.0.1:${served.port}`, ...session },
    });
    request.end();
    await new Promise<void>((resolve, reject) => {
      request.on('error', reject);
      request.on('response', (response) => {
        expect(response.headers['content-type']).toBe('text/event-stream');
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          seen.push(text);
          if (seen.join('').includes('job-1') && !seen.join('').includes('job-2')) {
            host.emit('audit.finished', { job: 'job-2', error: { kind: 'auth', message: '두 줄\nno' } });
          }
          if (seen.join('').includes('job-2')) resolve();
        });
      });
    });
    request.destroy();
    expect(seen.join('')).toMatch(/event: audit\.finished\ndata: \{"job":"job-1","audit":"audit-1"\}\n\n/);
    expect(seen.join('')).toContain('"message":"두 줄\\nno"');
  });

  test('end with the server, which also ends the backend', async () => {
    const session = await enter();
    const ended = new Promise<void>((resolve, reject) => {
      const request = httpRequest({
        host: '127.0.0.1',
        port: served.port,
        path: '/events',
        headers: { host: `127.0.0.1:${served.port}`, ...session },
      });
      request.on('error', reject);
      request.on('response', (response) => {
        response.resume();
        response.on('end', resolve);
        void served.close();
      });
      request.end();
    });
    await ended;
    expect(asked).toContain('closed');
  });
});

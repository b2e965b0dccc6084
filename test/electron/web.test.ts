import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Host } from '../../electron/backend.ts';
import { serve } from '../../electron/web.ts';
import type { Served } from '../../electron/web.ts';
import type { Handlers, Reply } from '../../shared/ipc.ts';

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

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-web-'));
  mkdirSync(join(folder, 'page', 'assets'), { recursive: true });
  writeFileSync(join(folder, 'page', 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(join(folder, 'page', 'assets', 'a.js'), 'export {};');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  asked = [];
  served = await serve({
    folder: join(folder, 'page'),
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

/** Comes in by the printed address, and gives the cookie. */
async function enter(): Promise<string> {
  const { pathname, search } = new URL(served.url);
  const got = await fetchRaw(pathname + search);
  expect(got.status).toBe(200);
  return String(got.headers['set-cookie']).split(';')[0] as string;
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

describe('The key to the page', () => {
  test('is good once: the token buys a cookie that scripts cannot read and other sites do not send', async () => {
    const { pathname, search } = new URL(served.url);
    const first = await fetchRaw(pathname + search);
    expect(first.status).toBe(200);
    const [cookie] = first.headers['set-cookie'] as string[];
    expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
    const second = await fetchRaw(pathname + search);
    expect(second.status).toBe(403);
    expect(second.headers['set-cookie']).toBeUndefined();
    // The browser that has the cookie may reload the old address.
    expect((await fetchRaw(pathname + search, { headers: { cookie: String(cookie) } })).status).toBe(200);
  });

  test('cannot be guessed: a wrong token gets nothing and uses nothing up', async () => {
    expect((await fetchRaw('/?token=AAAA')).status).toBe(403);
    expect((await fetchRaw('/?token=')).status).toBe(403);
    expect(await enter()).toMatch(/=/);
  });

  test('is not used up by what only looks at the address', async () => {
    const { pathname, search } = new URL(served.url);
    expect((await fetchRaw(pathname + search, { method: 'HEAD' })).status).toBe(405);
    await enter();
  });

  test('is asked for everywhere: page, assets, events, downloads, calls', async () => {
    for (const path of ['/', '/assets/a.js', '/events', '/download/x']) {
      expect((await fetchRaw(path)).status, path).toBe(401);
    }
    expect((await post('history.list', {})).status).toBe(401);
    expect((await post('history.list', {}, { cookie: `bulkhead-${served.port}=AAAA` })).status).toBe(401);
    expect(asked).toEqual([]);
  });

  test('of another server on another port does not fit: cookies know no ports', async () => {
    const cookie = await enter();
    const value = cookie.slice(cookie.indexOf('=') + 1);
    expect((await fetchRaw('/', { headers: { cookie: `bulkhead-1=${value}` } })).status).toBe(401);
  });
});

describe('Other pages', () => {
  test('under a rebound name are refused, with the key too', async () => {
    const cookie = await enter();
    for (const name of [
      'evil.example',
      `evil.example:${served.port}`,
      '127.0.0.1',
      '127.0.0.1:1',
      'localhost',
    ]) {
      expect((await fetchRaw('/', { headers: { cookie, host: name } })).status, name).toBe(421);
      const got = await post('history.list', {}, { cookie, host: name, origin: `http://${name}` });
      expect(got.status, name).toBe(421);
    }
    expect((await fetchRaw('/', { headers: { cookie, host: `localhost:${served.port}` } })).status).toBe(200);
    expect(asked).toEqual([]);
  });

  test('of another origin cannot call, with the key too', async () => {
    const cookie = await enter();
    const own = `http://127.0.0.1:${served.port}`;
    for (const origin of [
      'http://evil.example',
      'null',
      `https://127.0.0.1:${served.port}`,
      'http://127.0.0.1:1',
      undefined,
    ]) {
      expect((await post('history.delete', { request: { id: 1 } }, { cookie, origin })).status, origin).toBe(
        403,
      );
    }
    // Another port of this machine is the same site, but not the same origin.
    for (const site of ['cross-site', 'same-site']) {
      const got = await post(
        'history.delete',
        { request: { id: 1 } },
        { cookie, origin: own, 'sec-fetch-site': site },
      );
      expect(got.status, site).toBe(403);
      expect((await fetchRaw('/events', { headers: { cookie, 'sec-fetch-site': site } })).status).toBe(403);
      expect((await fetchRaw('/assets/a.js', { headers: { cookie, 'sec-fetch-site': site } })).status).toBe(
        403,
      );
    }
    expect(asked).toEqual([]);
  });

  test('may not frame this one, and it runs no script but its own', async () => {
    const { headers } = await fetchRaw('/', { headers: { cookie: await enter() } });
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
    const cookie = await enter();
    expect((await post('history.list', {}, { cookie })).reply).toEqual({ ok: true, value: [] });
    expect((await post('history.delete', { request: { id: 4 } }, { cookie })).reply).toEqual({ ok: true });
    expect(asked).toEqual(['history.list', 'history.delete 4']);
  });

  test('that fail come back as data with kind and place', async () => {
    const got = await post('audit.overview', { request: { audit: 'audit-9' } }, { cookie: await enter() });
    expect(got.status).toBe(200);
    expect(got.reply).toEqual({
      ok: false,
      error: { kind: 'not-found', message: 'Not open.', place: 'audit-9' },
    });
  });

  test('of a wrong shape do not reach the handler', async () => {
    const cookie = await enter();
    for (const request of [undefined, null, {}, { id: '1' }, { id: 1.5 }, { id: 1, more: true }, [1]]) {
      const { reply } = await post('history.delete', { request }, { cookie });
      expect(reply).toMatchObject({ ok: false, error: { kind: 'bad-request' } });
    }
    expect(asked).toEqual([]);
  });

  test('are POST of JSON to a known channel, and of bounded size', async () => {
    const cookie = await enter();
    const get = await fetchRaw('/api/history.list', { headers: { cookie } });
    expect(get.status).toBe(405);
    expect(get.headers['allow']).toBe('POST');
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH', 'HEAD']) {
      expect((await fetchRaw('/api/history.list', { method, headers: { cookie } })).status).toBe(405);
      expect((await fetchRaw('/', { method, headers: { cookie } })).status).toBe(405);
    }
    expect((await fetchRaw('/', { method: 'POST', headers: { cookie } })).status).toBe(405);
    const plain = await post('history.list', {}, { cookie, 'content-type': 'text/plain' });
    expect(plain.status).toBe(415);
    expect((await post('history.list', {}, { cookie, 'content-type': undefined })).status).toBe(415);
    expect((await post('history.list', '{', { cookie })).status).toBe(400);
    for (const name of ['nothing', 'constructor', '__proto__', 'toString', '']) {
      expect((await post(name, {}, { cookie })).status, name).toBe(404);
    }
    expect((await post('history.list', `"${'x'.repeat(2_000_000)}"`, { cookie })).status).toBe(413);
    expect(asked).toEqual([]);
  });
});

describe('The page', () => {
  test('is the files of its folder and nothing outside of it', async () => {
    const cookie = await enter();
    const page = await fetchRaw('/', { headers: { cookie } });
    expect(page.body).toContain('<title>page</title>');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const script = await fetchRaw('/assets/a.js', { headers: { cookie } });
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
      const got = await fetchRaw(path, { headers: { cookie } });
      expect(got.status, path).toBe(404);
      expect(got.body).not.toContain('secret');
    }
  });
});

describe('Downloads', () => {
  test('are handed out once, with their name in every alphabet', async () => {
    const cookie = await enter();
    const { reply } = await post(
      'export.save',
      { request: { audit: 'a', format: 'csv', lang: 'ko' } },
      { cookie },
    );
    const { download } = (reply as { value: { download: string } }).value;
    const got = await fetchRaw(download, { headers: { cookie } });
    expect(got.status).toBe(200);
    expect(got.body).toBe('a,b\r\n');
    expect(got.headers['content-disposition']).toBe(
      `attachment; filename="___ _1_.csv"; filename*=UTF-8''%EB%B3%B4%EA%B3%A0%EC%84%9C%20%221%22.csv`,
    );
    expect((await fetchRaw(download, { headers: { cookie } })).status).toBe(404);
  });
});

describe('Events', () => {
  test('reach a stream that is open, and one that opens a moment later', async () => {
    const cookie = await enter();
    host.emit('audit.finished', { job: 'job-1', audit: 'audit-1' });
    const seen: string[] = [];
    const request = httpRequest({
      host: '127.0.0.1',
      port: served.port,
      path: '/events',
      headers: { host: `127.0.0.1:${served.port}`, cookie },
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
    const cookie = await enter();
    const ended = new Promise<void>((resolve, reject) => {
      const request = httpRequest({
        host: '127.0.0.1',
        port: served.port,
        path: '/events',
        headers: { host: `127.0.0.1:${served.port}`, cookie },
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

/**
 * `serve` on a machine with other users: what they can read, listen to and replay opens nothing. Runs the real program
 * with a stub for the desktop's `xdg-open`; `/proc` is read as any user can.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fromRoot } from '../../build/paths.mjs';
import { processTag } from '../../electron/lock.ts';
import { sandboxedBrowser, sweepOpenFiles, writeOpenFile } from '../../electron/web/browser.ts';
import { KEY_HEADER } from '../../shared/web.ts';

const PRINTED = /Bulkhead is at http:\/\/127\.0\.0\.1:(\d+)\/\?token=([\w-]{43})\n/;

let folder: string;
let child: ChildProcess | null;
let said: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-attack-'));
  // Others get this far: what keeps them out must be further in.
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'bin'));
  child = null;
  said = '';
});

afterEach(async () => {
  writeFileSync(join(folder, 'stop'), '');
  if (child && child.exitCode === null) {
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** A program of the desktop's, written for Node. */
function stub(name: string, code: string): void {
  writeFileSync(join(folder, 'bin', name), `#!${process.execPath}\n${code}\n`, { mode: 0o755 });
}

/** Notes what it was given, and stays as a browser does, so that its arguments can be read. */
const BROWSER = `
const { statSync, writeFileSync, existsSync, renameSync } = require('node:fs');
const { dirname, join } = require('node:path');
const args = process.argv.slice(2);
const root = dirname(__dirname);
const mode = (path) => (statSync(path).mode & 0o777).toString(8);
writeFileSync(join(root, 'part'), JSON.stringify({ args, file: mode(args[0]), folder: mode(dirname(args[0])) }));
renameSync(join(root, 'part'), join(root, 'opened.json'));
const end = Date.now() + 60_000;
setInterval(() => { if (existsSync(join(root, 'stop')) || Date.now() > end) process.exit(0); }, 50);
`;

function start(...args: string[]): ChildProcess {
  child = spawn(
    process.execPath,
    [
      fromRoot('electron/cli.ts'),
      ...['serve', '--demo', '--port', '0', '--history', join(folder, 'history.sqlite')],
      ...args,
    ],
    {
      env: {
        ...process.env,
        HOME: folder,
        XDG_DATA_HOME: join(folder, 'data'),
        BROWSER: '',
        PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
      },
      stdio: ['ignore', 'inherit', 'pipe'],
    },
  );
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  return child;
}

async function until<T>(find: () => T | null | undefined | false, what: string): Promise<T> {
  const end = Date.now() + 20_000;
  for (;;) {
    const found = find();
    if (found) return found;
    if (Date.now() > end) throw new Error(`Waited in vain for ${what}: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

interface Got {
  status: number;
  body: string;
  cookie: string;
}

function ask(port: number, path: string, headers: Record<string, string> = {}, body?: string): Promise<Got> {
  return new Promise((resolve, reject) => {
    const own = { host: `127.0.0.1:${port}`, origin: `http://127.0.0.1:${port}` };
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port,
        path,
        method: body === undefined ? 'GET' : 'POST',
        headers: { ...own, 'content-type': 'application/json', ...headers },
      },
      (response) => {
        const cookie = String(response.headers['set-cookie'] ?? '').split(';')[0] as string;
        const got = { status: response.statusCode ?? 0, body: '', cookie };
        // A stream of events does not end by itself.
        if (response.headers['content-type'] === 'text/event-stream') {
          response.destroy();
          return resolve(got);
        }
        response.setEncoding('utf8').on('data', (text: string) => (got.body += text));
        response.on('end', () => resolve(got));
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** The requests that would open something, each by a path and, for a call, a body. */
const DOORS: [string, string?][] = [
  ['/api/history.list', '{}'],
  ['/api/sources.list', '{}'],
  ['/api/sources.addKubeconfig', '{"request":{"text":"apiVersion: v1"}}'],
  ['/events'],
  [`/download/${'A'.repeat(43)}`],
];

/** The command lines of all processes, as every user sees them. */
function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    });
}

/** Comes in as a browser does, and gives both secrets. */
async function enter(port: number, token: string): Promise<{ cookie: string; key: string }> {
  const { body, cookie, status } = await ask(port, `/?token=${token}`);
  expect(status).toBe(200);
  return { cookie, key: String(/'bulkhead\.key','([\w-]{43})'/.exec(body)?.[1]) };
}

/** Starts with `--open`, and gives what the stub of the browser was given. */
async function opened(): Promise<{ path: string; port: number; token: string }> {
  stub('xdg-mime', 'process.exit(1);');
  stub('xdg-open', BROWSER);
  start('--open');
  await until(() => existsSync(join(folder, 'opened.json')), 'the browser');
  const { args, ...modes } = JSON.parse(readFileSync(join(folder, 'opened.json'), 'utf8')) as {
    args: [string];
    file: string;
    folder: string;
  };
  expect(modes).toEqual({ file: '600', folder: '700' });
  expect(args).toHaveLength(1);
  const found = /url=http:\/\/127\.0\.0\.1:(\d+)\/\?token=([\w-]{43})"/.exec(readFileSync(args[0], 'utf8'));
  if (!found) throw new Error('The file leads nowhere.');
  return { path: args[0], port: Number(found[1]), token: found[2] as string };
}

describe.skipIf(process.platform !== 'linux')('Another user of the machine', () => {
  test('finds no token in any arguments: the browser is given a file for one user’s eyes, gone once it was used', async () => {
    const { path, port, token } = await opened();
    const lines = commandLines();
    expect(lines.filter((line) => line.includes(path))).not.toEqual([]);
    expect(lines.filter((line) => line.includes(token))).toEqual([]);
    const { cookie, key } = await enter(port, token);
    await until(() => !existsSync(dirname(path)), 'the end of the file');
    expect((await ask(port, '/api/history.list', { cookie, [KEY_HEADER]: key }, '{}')).status).toBe(200);
    expect(said).not.toContain('token=');
    expect(said).toContain('Session 1 began: another program.');
  }, 60_000);

  test('who is shown the cookie on a port of their own gets nothing by it', async () => {
    const { port, token } = await opened();
    const { cookie, key } = await enter(port, token);
    let shown = '';
    const mate = createServer((request, response) => {
      shown = request.headers.cookie ?? '';
      response.end();
    }).listen(0, '127.0.0.1');
    await once(mate, 'listening');
    // What a browser does with a link, or a picture, of 127.0.0.1 at another port.
    await ask((mate.address() as AddressInfo).port, '/', { cookie });
    mate.close();
    expect(shown).toBe(cookie);
    const value = shown.slice(shown.indexOf('=') + 1);
    for (const guess of [{}, { [KEY_HEADER]: value }, { [KEY_HEADER]: token }] as Record<string, string>[]) {
      for (const [path, body] of DOORS) {
        const got = await ask(port, path, { cookie: shown, ...guess }, body);
        // A download is asked for by its id, and there is none.
        expect(got.status, path).toBe(path.startsWith('/download/') ? 404 : 401);
      }
      const again = await ask(port, `/?token=${token}`, { cookie: shown, ...guess });
      expect(again.body).not.toContain('bulkhead.key');
    }
    // The page's own files say nothing: not even with the cookie is there a secret in them.
    const page = await ask(port, '/', { cookie: shown });
    for (const secret of [key, value, token]) expect(page.body).not.toContain(secret);
  }, 60_000);

  test('as nobody, with /proc, the file’s path, a port and the cookie, opens nothing', async (context) => {
    if (process.getuid?.() !== 0) return context.skip('only root can become another user');
    const { path, port, token } = await opened();
    // Before the file is used, and after.
    const first = asNobody({ path, port, cookie: '' });
    expect(first.lines.some((line) => line.includes(path))).toBe(true);
    expect(first.lines.filter((line) => line.includes(token))).toEqual([]);
    expect(first.read).toEqual(['EACCES', 'EACCES', 'EACCES', 'EACCES', 'EACCES']);
    expect(first.status).toEqual([401, 401, 401, 401]);
    const { cookie, key } = await enter(port, token);
    const second = asNobody({ path, port, cookie });
    const value = cookie.slice(cookie.indexOf('=') + 1);
    for (const secret of [token, key, value]) {
      expect(second.lines.filter((line) => line.includes(secret))).toEqual([]);
    }
    expect(second.status).toEqual([401, 401, 401, 404]);
  }, 60_000);

  /** What nobody finds: command lines, errors of reading what is the user's, and answers to the cookie. */
  function asNobody(given: { path: string; port: number; cookie: string }): {
    lines: string[];
    read: string[];
    status: number[];
  } {
    const script = `
      const fs = require('node:fs');
      const http = require('node:http');
      const { dirname } = require('node:path');
      const given = JSON.parse(fs.readFileSync(0, 'utf8'));
      process.setgroups([]); process.setgid(65534); process.setuid(65534);
      if (process.getuid() !== 65534) process.exit(9);
      const tried = (act) => { try { act(); return 'read'; } catch (error) { return error.code; } };
      const lines = fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).map((pid) => {
        try { return fs.readFileSync('/proc/' + pid + '/cmdline', 'utf8'); } catch { return ''; }
      });
      const read = [
        tried(() => fs.readFileSync(given.path)),
        tried(() => fs.readdirSync(dirname(given.path))),
        tried(() => fs.readdirSync(dirname(dirname(given.path)))),
        tried(() => fs.readFileSync('/proc/' + given.pid + '/environ')),
        tried(() => fs.readdirSync('/proc/' + given.pid + '/fd')),
      ];
      const ask = (path, method) => new Promise((resolve) => {
        const host = '127.0.0.1:' + given.port;
        const headers = { host, origin: 'http://' + host, 'content-type': 'application/json', cookie: given.cookie };
        const request = http.request({ host: '127.0.0.1', port: given.port, path, method, headers }, (response) => {
          response.destroy();
          resolve(response.statusCode);
        });
        request.on('error', () => resolve(0));
        request.end(method === 'POST' ? '{}' : undefined);
      });
      (async () => {
        const status = [
          await ask('/api/history.list', 'POST'), await ask('/api/sources.addKubeconfig', 'POST'),
          await ask('/events', 'GET'), await ask('/download/' + 'A'.repeat(43), 'GET'),
        ];
        process.stdout.write(JSON.stringify({ lines, read, status }));
      })();
    `;
    // What it is told does not go by its own arguments.
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
      input: JSON.stringify({ ...given, pid: child?.pid }),
      encoding: 'utf8',
    });
    if (!stdout) throw new Error(stderr);
    return JSON.parse(stdout) as ReturnType<typeof asNobody>;
  }
});

describe.skipIf(process.platform !== 'linux')('Where the browser does not come by the file', () => {
  test('the address is printed: the desktop’s program failed', async () => {
    stub('xdg-mime', 'process.exit(1);');
    stub('xdg-open', 'process.exit(3);');
    start('--open');
    const [, port, token] = await until(() => PRINTED.exec(said), 'an address');
    expect(said).toContain('xdg-open ended with 3');
    await enter(Number(port), String(token));
  }, 60_000);

  test('the address is printed: nobody fetched it within seconds, and the file is gone with the program', async () => {
    const { path, token } = await opened();
    const [, port, printed] = await until(() => PRINTED.exec(said), 'an address');
    expect(said).toContain('it did not come');
    // Of its own: a slow browser still comes in by the file.
    expect(printed).not.toBe(token);
    await enter(Number(port), token);
    await until(() => !existsSync(dirname(path)), 'the end of the file');
    await enter(Number(port), String(printed));
  }, 60_000);

  test('the address is printed: the browser runs in a sandbox, and is not started', async () => {
    const applications = join(folder, 'data', 'applications');
    mkdirSync(applications, { recursive: true });
    const exec = 'Exec=env BAMF_DESKTOP_FILE_HINT=/x.desktop /snap/bin/firefox %u';
    writeFileSync(join(applications, 'firefox_firefox.desktop'), `[Desktop Entry]\n${exec}\n`);
    stub('xdg-mime', 'process.stdout.write("firefox_firefox.desktop\\n");');
    stub('xdg-open', BROWSER);
    start('--open');
    const [, port, token] = await until(() => PRINTED.exec(said), 'an address');
    expect(said).toContain('firefox_firefox.desktop runs in a sandbox');
    await enter(Number(port), String(token));
    expect(existsSync(join(folder, 'opened.json'))).toBe(false);
  }, 60_000);

  test('which browsers run in a sandbox is read from the desktop', async () => {
    const applications = join(folder, 'data', 'applications');
    mkdirSync(applications, { recursive: true });
    const env = { PATH: `${join(folder, 'bin')}`, XDG_DATA_HOME: join(folder, 'data'), HOME: folder };
    for (const [entry, sandboxed] of [
      ['Exec=/usr/bin/flatpak run --branch=stable org.mozilla.firefox @@u %u @@', true],
      ['Exec=/var/lib/snapd/snap/bin/chromium %U', true],
      ['Exec=/opt/google/chrome --x\nX-Flatpak=com.google.Chrome', true],
      ['Exec=/usr/lib/firefox/firefox %u', false],
      ['Exec=/opt/snappy/browser %u', false],
    ] as const) {
      writeFileSync(join(applications, 'browser.desktop'), `[Desktop Entry]\n${entry}\n`);
      stub('xdg-mime', 'process.stdout.write("browser.desktop\\n");');
      expect(await sandboxedBrowser(env), entry).toBe(sandboxed ? 'browser.desktop' : null);
    }
    stub('xdg-mime', 'process.stdout.write("../../x.desktop\\n");');
    expect(await sandboxedBrowser(env)).toBeNull();
  });
});

describe.skipIf(process.platform === 'win32')('The file for the browser', () => {
  test('is not written where others could put one in its place', () => {
    const open = join(folder, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    expect(() => writeOpenFile('http://127.0.0.1:1/?token=x', open)).toThrow('changed by others');
    expect(readdirSync(open)).toEqual([]);
  });

  test('of a process that was killed is swept away at the next start; that of one that runs stays', () => {
    const data = join(folder, 'data');
    const { path } = writeOpenFile('http://127.0.0.1:1/?token=x', data);
    // No system has a process of this number.
    const dead = join(data, `open-${processTag().replace(/-\d+-/, '-99999999-')}-AbCdEf`);
    mkdirSync(dead);
    writeFileSync(join(dead, 'bulkhead.html'), '');
    mkdirSync(join(data, 'open-other'));
    sweepOpenFiles(data);
    expect(existsSync(dead)).toBe(false);
    expect(existsSync(path)).toBe(true);
    expect(existsSync(join(data, 'open-other'))).toBe(true);
  });
});

describe.skipIf(process.platform === 'win32')('Without a terminal', () => {
  test('a signal prints another address, and starts no debugger', async () => {
    const process = start();
    await until(() => said.includes('kill -USR1'), 'the word about the signal');
    const first = PRINTED.exec(said);
    said = '';
    process.kill('SIGUSR1');
    const [, port, token] = await until(() => PRINTED.exec(said), 'another address');
    expect(token).not.toBe(first?.[2]);
    await enter(Number(port), String(token));
    expect(said).not.toMatch(/debugger/i);
  }, 60_000);
});

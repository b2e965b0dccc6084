import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  electronBinary,
  ensureElectron,
  hasDisplay,
  remembered,
  REMEMBER_MS,
} from '../../build/electron.mjs';
import { fromRoot } from '../../build/paths.mjs';
import { nodeBinary } from '../../build/stamps.mjs';
import { browserWanted, electronArguments, serveArguments } from '../../build/start.mjs';
import { npmCommand, run } from '../../build/steps.mjs';

describe('arguments of npm start', () => {
  it('are passed on to serve, which opens the browser unless told not to', () => {
    expect(serveArguments(['--demo'])).toEqual(['serve', '--open', '--demo']);
    expect(serveArguments(['--no-open', '--port', '8080'])).toEqual(['serve', '--port', '8080']);
    expect(serveArguments(['--open', '--browser'])).toEqual(['serve', '--open']);
  });

  it('ask for the browser where they mean nothing to a window', () => {
    expect(browserWanted(['--port=8080'])).toMatch(/^--port /);
    expect(browserWanted(['--no-open'])).not.toBeNull();
    expect(browserWanted(['--context', 'prod', '--portable'])).toBeNull();
  });

  it('switch the sandbox off for root alone', () => {
    expect(electronArguments(['--demo'], '/app', false)).toEqual(['/app', '--demo']);
    expect(electronArguments(['--demo'], '/app', true)).toEqual(['--no-sandbox', '/app', '--demo']);
  });
});

describe('a display', () => {
  it('is X11 or Wayland on Linux, and always there elsewhere', () => {
    expect(hasDisplay('linux', {})).toBe(false);
    expect(hasDisplay('linux', { DISPLAY: '' })).toBe(false);
    expect(hasDisplay('linux', { DISPLAY: ':0' })).toBe(true);
    expect(hasDisplay('linux', { WAYLAND_DISPLAY: 'wayland-0' })).toBe(true);
    expect(hasDisplay('darwin', {})).toBe(true);
    expect(hasDisplay('win32', {})).toBe(true);
  });
});

describe('npm', () => {
  it('is the one that runs us, by its own Node', () => {
    const env = { npm_execpath: '/npm/bin/npm-cli.js', npm_node_execpath: '/usr/bin/node' };
    expect(npmCommand(env, 'linux')).toEqual({
      command: '/usr/bin/node',
      args: ['/npm/bin/npm-cli.js'],
      shell: false,
    });
  });

  it('is the one in PATH when nothing of npm runs us, or another package manager does', () => {
    expect(npmCommand({}, 'linux')).toEqual({ command: 'npm', args: [], shell: false });
    expect(npmCommand({}, 'win32')).toEqual({ command: 'npm.cmd', args: [], shell: true });
    const yarn = { npm_execpath: '/yarn/bin/yarn.js', npm_node_execpath: '/usr/bin/node' };
    expect(npmCommand(yarn, 'linux').command).toBe('npm');
  });
});

describe('the attempt to fetch Electron', () => {
  const failure = { version: '45.0.0', at: 1_000_000, reason: 'its download failed' };

  it('is not made again for a day, and then it is', () => {
    expect(remembered(failure, '45.0.0', failure.at + REMEMBER_MS - 1, {})).toBe('its download failed');
    expect(remembered(failure, '45.0.0', failure.at + REMEMBER_MS, {})).toBeNull();
  });

  it('is made for another version, on request, and when the clock was set back', () => {
    expect(remembered(failure, '45.0.1', failure.at, {})).toBeNull();
    expect(remembered(failure, '45.0.0', failure.at, { BULKHEAD_RETRY_ELECTRON: '1' })).toBeNull();
    expect(remembered(failure, '45.0.0', failure.at - 1, {})).toBeNull();
    expect(remembered(null, '45.0.0', 0, {})).toBeNull();
  });

  describe('in a tree of its own', () => {
    let root: string;
    beforeEach(() => {
      root = mkdtempSync(join(tmpdir(), 'bulkhead-electron-'));
      mkdirSync(join(root, 'node_modules/electron/dist'), { recursive: true });
      mkdirSync(join(nodeBinary(root), '..'), { recursive: true });
      writeFileSync(join(root, 'node_modules/electron/package.json'), '{"version":"45.0.0"}');
      // The Node of the tree is a script that starts the one of now.
      writeFileSync(nodeBinary(root), `#!/bin/sh\nexec "${process.execPath}" "$@"\n`, { mode: 0o755 });
    });
    afterEach(() => {
      rmSync(root, { recursive: true, force: true });
    });
    const installer = (script: string) =>
      writeFileSync(join(root, 'node_modules/electron/install.js'), script);

    it.skipIf(process.platform === 'win32')('finds what the installer brought', async () => {
      installer(`
        const fs = require('fs');
        fs.writeFileSync(__dirname + '/dist/electron', '');
        fs.writeFileSync(__dirname + '/path.txt', 'electron');
      `);
      const binary = join(root, 'node_modules/electron/dist/electron');
      expect(await ensureElectron(root, {})).toEqual({ binary });
    });

    it.skipIf(process.platform === 'win32')('remembers a failure, and does not try again', async () => {
      installer(`require('fs').appendFileSync(__dirname + '/tried', 'x'); process.exit(1);`);
      const first = await ensureElectron(root, {});
      installer(`throw new Error('tried again')`);
      expect(first).toEqual({ reason: 'its download failed' });
      expect(await ensureElectron(root, {})).toEqual(first);
    });

    it('takes a download that was cut off for none', () => {
      writeFileSync(join(root, 'node_modules/electron/dist/electron'), '');
      expect(electronBinary(root, {})).toBeNull();
      writeFileSync(join(root, 'node_modules/electron/path.txt'), 'electron');
      expect(electronBinary(root, {})).toBe(join(root, 'node_modules/electron/dist/electron'));
      expect(electronBinary(root, { ELECTRON_OVERRIDE_DIST_PATH: '/nowhere' })).toBeNull();
    });
  });
});

describe('a child with a time limit', () => {
  it.skipIf(process.platform === 'win32')('is ended with its own children', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bulkhead-run-'));
    try {
      const file = join(folder, 'pid');
      const script = `sleep 60 & echo $! > '${file}'; wait`;
      const started = Date.now();
      const { timedOut } = await run('/bin/sh', ['-c', script], { timeout: 1500, stdio: 'ignore' });
      expect(timedOut).toBe(true);
      expect(Date.now() - started).toBeLessThan(20_000);
      const pid = Number(readFileSync(file, 'utf8'));
      expect(pid).toBeGreaterThan(0);
      expect(await gone(pid)).toBe(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('answers its exit code, and 127 where there is no such program', async () => {
    expect(await run(process.execPath, ['-e', 'process.exit(7)'], { stdio: 'ignore' })).toEqual({
      code: 7,
      timedOut: false,
    });
    expect((await run('bulkhead-no-such-program', [])).code).toBe(127);
  });
});

describe('a start whose npm was ended', () => {
  it.skipIf(process.platform === 'win32')('ends what it started', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bulkhead-orphan-'));
    try {
      const script = join(folder, 'start.mjs');
      writeFileSync(
        script,
        `import { endChildrenOnSignal, run } from ${JSON.stringify(pathToFileURL(fromRoot('build/steps.mjs')).href)};
         endChildrenOnSignal();
         await run('sleep', ['60'], { stdio: 'ignore', onStart: (child) => console.log(child.pid) });`,
      );
      const shell = spawn('/bin/sh', ['-c', `"${process.execPath}" "${script}" & wait`], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, npm_lifecycle_event: 'start' },
      });
      const pid = Number(await new Promise((done) => shell.stdout.once('data', done)));
      expect(pid).toBeGreaterThan(0);
      // npm passes a signal on to the shell, which ends, and leaves what runs in it alone.
      shell.kill('SIGKILL');
      expect(await gone(pid)).toBe(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** Whether a process ends soon (a zombie that nobody collected has ended). */
async function gone(pid: number): Promise<boolean> {
  for (let i = 0; i < 50; i++) {
    const state = await new Promise<string>((done) => {
      const ps = spawn('ps', ['-o', 'stat=', '-p', String(pid)]);
      let text = '';
      ps.stdout.on('data', (data) => (text += data));
      ps.on('close', () => done(text.trim()));
    });
    if (state === '' || state.startsWith('Z')) return true;
    await new Promise((done) => setTimeout(done, 100));
  }
  return false;
}

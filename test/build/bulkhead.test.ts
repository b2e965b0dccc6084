import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromRoot, ROOT } from '../../build/paths.mjs';
import { nodeBinary } from '../../build/stamps.mjs';

/** A Node of before 22 on this machine; null where there is none. */
const oldNode = findOldNode();

function findOldNode(): string | null {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  for (const file of [process.env['npm_node_execpath'], ...folders.map((folder) => join(folder, name))]) {
    if (!file) continue;
    try {
      const version = execFileSync(file, ['--version'], { encoding: 'utf8', stdio: 'pipe' });
      if (Number(/^v(\d+)/.exec(version)?.[1]) < 22) return file;
    } catch {
      // Not there.
    }
  }
  return null;
}

const CLI = `
  import { readFileSync } from 'node:fs';
  const [verb, ...rest] = process.argv.slice(2);
  if (verb === 'wait') {
    process.on('SIGTERM', () => process.exit(42));
    setInterval(() => {}, 1000);
    console.log('ready');
  } else if (verb === 'die') process.kill(process.pid, 'SIGKILL');
  else {
    console.error('on standard error');
    console.log(JSON.stringify({ node: process.versions.node, rest, input: readFileSync(0, 'utf8') }));
    process.exitCode = 3;
  }
`;

describe('the bulkhead command', () => {
  let root: string;
  let bin: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'bulkhead-bin-'));
    mkdirSync(join(root, 'build'));
    mkdirSync(join(root, 'dist/electron'), { recursive: true });
    bin = join(root, 'build/bulkhead.cjs');
    cpSync(fromRoot('build/bulkhead.cjs'), bin);
    writeFileSync(join(root, 'package.json'), '{"type":"module"}');
    writeFileSync(join(root, 'dist/electron/cli.js'), CLI);
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });
  const bring = () => {
    mkdirSync(join(root, 'node_modules'));
    symlinkSync(join(ROOT, 'node_modules/node'), join(root, 'node_modules/node'), 'junction');
  };
  const call = (node: string, ...args: string[]) =>
    spawnSync(node, [bin, ...args], { encoding: 'utf8', input: 'piped' });

  it('runs the program where it stands, with its arguments, streams and exit code', () => {
    const { status, stdout, stderr } = call(nodeBinary(ROOT), 'audit', '--from', 'a b');
    expect(status).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ rest: ['--from', 'a b'], input: 'piped' });
    expect(stderr).toBe('on standard error\n');
  });

  it('says what to do where nothing is built', () => {
    rmSync(join(root, 'dist'), { recursive: true });
    const { status, stdout, stderr } = call(nodeBinary(ROOT), 'audit');
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/npm run build/);
  });

  it('is written so that an old Node can read it', () => {
    execFileSync(process.execPath, ['--check', bin]);
    if (oldNode) execFileSync(oldNode, ['--check', bin]);
  });

  describe.skipIf(oldNode === null)('under a Node of before 22', () => {
    it('hands over to the Node that the packages brought', () => {
      bring();
      const { status, stdout, stderr } = call(oldNode!, 'audit', 'x');
      expect(stderr).toBe('on standard error\n');
      expect(status).toBe(3);
      const { node, rest, input } = JSON.parse(stdout);
      expect(Number(node.split('.')[0])).toBeGreaterThanOrEqual(22);
      expect({ rest, input }).toEqual({ rest: ['x'], input: 'piped' });
    });

    it('says so, and runs nothing, where there is no other', () => {
      const { status, stdout, stderr } = call(oldNode!, 'audit');
      expect(status).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/needs Node 22/);
    });

    it.skipIf(process.platform === 'win32')('passes signals on, and ends as the program did', async () => {
      bring();
      const child = spawn(oldNode!, [bin, 'wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
      await new Promise((done) => child.stdout.once('data', done));
      child.kill('SIGTERM');
      const code = await new Promise((done) => child.on('exit', done));
      expect(code).toBe(42);
      expect(call(oldNode!, 'die').signal).toBe('SIGKILL');
    });
  });
});

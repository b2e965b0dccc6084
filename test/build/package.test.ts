import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { getCurrentFuseWire, FuseV1Options } from '@electron/fuses';
import { listPackage } from '@electron/asar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromRoot, ROOT } from '../../build/paths.mjs';
import { nodeBinary } from '../../build/stamps.mjs';

/** What marks the fuses inside Electron's program, and the byte of a fuse that is off or on. */
const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const OFF = '0'.charCodeAt(0);
const ON = '1'.charCodeAt(0);

const WANTED: [FuseV1Options, boolean][] = [
  [FuseV1Options.RunAsNode, false],
  [FuseV1Options.EnableCookieEncryption, true],
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable, false],
  [FuseV1Options.EnableNodeCliInspectArguments, false],
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation, true],
  [FuseV1Options.OnlyLoadAppFromAsar, true],
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot, false],
  [FuseV1Options.GrantFileProtocolExtraPrivileges, false],
];

/** Every file below a folder, with slashes. */
const files = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();

// The real package, but for Electron itself, whose place a stub takes: what is packed does not depend on it.
describe('the package for Linux', () => {
  let folder: string;
  let app: string;
  let packed: string[];

  beforeAll(async () => {
    if (!existsSync(fromRoot('dist/electron/main.js')))
      throw new Error('not built: run "npm run build" first');
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-package-'));
    const stub = join(folder, 'electron');
    mkdirSync(join(stub, 'resources'), { recursive: true });
    mkdirSync(join(stub, 'locales'));
    for (const language of ['de', 'en-US', 'fr', 'ko'])
      writeFileSync(join(stub, `locales/${language}.pak`), '');
    const { version } = createRequire(import.meta.url)('electron/package.json');
    writeFileSync(join(stub, 'version'), version);
    // Every fuse the opposite of what is wanted, so that one that is not set shows.
    const wire = WANTED.map(([, on]) => (on ? OFF : ON));
    writeFileSync(
      join(stub, 'electron'),
      Buffer.concat([
        Buffer.from(`stub${SENTINEL}`),
        Buffer.from([1, wire.length, ...wire]),
        Buffer.from('end'),
      ]),
      { mode: 0o755 },
    );
    await promisify(execFile)(
      nodeBinary(ROOT),
      [
        fromRoot('node_modules/electron-builder/out/cli/cli.js'),
        '--linux',
        'dir',
        '--x64',
        '--publish=never',
        `--config=${fromRoot('build/electron-builder.yml')}`,
        `-c.electronDist=${stub}`,
        `-c.directories.output=${join(folder, 'out')}`,
      ],
      { cwd: ROOT, maxBuffer: 1e8 },
    );
    app = join(folder, 'out/linux-unpacked');
    packed = listPackage(join(app, 'resources/app.asar'), { isPack: false }).map((path) =>
      path.replaceAll('\\', '/'),
    );
  }, 120_000);
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('has the program under its own name, and no language that the app does not speak', () => {
    const all = files(app);
    expect(all).toContain('bulkhead');
    expect(all).not.toContain('electron');
    expect(all.filter((file) => file.startsWith('locales/'))).toEqual([
      'locales/en-US.pak',
      'locales/ko.pak',
    ]);
  });

  it('carries everything that was built, the fonts with their licence, and our own', () => {
    const built = files(fromRoot('dist')).filter((file) => !file.startsWith('.'));
    expect(built.length).toBeGreaterThan(8);
    for (const file of built) expect(packed).toContain(`/dist/${file}`);
    for (const file of [
      '/dist/electron/main.js',
      '/dist/electron/worker.js',
      '/dist/electron/preload.cjs',
      '/dist/renderer/index.html',
      '/dist/fonts/Pretendard-Regular.ttf',
      '/dist/fonts/LICENSE.txt',
      '/package.json',
      '/LICENSE',
    ])
      expect(packed).toContain(file);
  });

  it('carries nothing else: no source, no test, no tool, no library twice', () => {
    const tops = new Set(packed.map((path) => path.split('/')[1]));
    expect([...tops].sort()).toEqual(['LICENSE', 'dist', 'node_modules', 'package.json']);
    const modules = new Set(
      packed.filter((path) => path.startsWith('/node_modules/')).map((path) => path.split('/')[2]),
    );
    expect([...modules]).toEqual(['better-sqlite3']);
    expect(packed.filter((path) => /better-sqlite3\/(?:src|deps|binding\.gyp)/.test(path))).toEqual([]);
  });

  it('carries one SQLite binary, outside of the archive where the system can load it', () => {
    const binary = 'node_modules/better-sqlite3/prebuilds/linux-x64.node';
    expect(packed.filter((path) => path.endsWith('.node'))).toEqual([`/${binary}`]);
    const unpacked = join(app, 'resources/app.asar.unpacked', binary);
    expect(readFileSync(unpacked).equals(readFileSync(fromRoot(binary)))).toBe(true);
  });

  it('has every fuse set as wanted', async () => {
    const wire = await getCurrentFuseWire(join(app, 'bulkhead'));
    const state = WANTED.map(([fuse]) => [fuse, (wire as Record<FuseV1Options, number>)[fuse] === ON]);
    expect(state).toEqual(WANTED);
  });
});

import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  buildStamp,
  buildStampFile,
  installStamp,
  installStampFile,
  isBuilt,
  isInstalled,
  lockSatisfied,
  nodeBinary,
  writeStamp,
} from '../../build/stamps.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bulkhead-stamps-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

describe('the installation', () => {
  const lock = {
    packages: {
      '': { version: '0.1.0' },
      'node_modules/a': { version: '1.0.0' },
      'node_modules/for-another-system': { version: '2.0.0', optional: true },
    },
  };

  /** A tree as `npm ci` leaves it. */
  function installed(): void {
    write('package-lock.json', JSON.stringify(lock));
    write(
      'node_modules/.package-lock.json',
      JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0' } } }),
    );
    writeStamp(nodeBinary(root), '');
  }

  it('is missing in a bare clone', () => {
    write('package-lock.json', JSON.stringify(lock));
    expect(isInstalled(root)).toBe(false);
  });

  it('is found where somebody ran npm ci by hand, and remembered', () => {
    installed();
    expect(isInstalled(root)).toBe(true);
    // From here on the stamp answers, without npm's record.
    rmSync(join(root, 'node_modules/.package-lock.json'));
    expect(isInstalled(root)).toBe(true);
  });

  it('is out of date when the lock file names another version', () => {
    installed();
    expect(isInstalled(root)).toBe(true);
    write('package-lock.json', JSON.stringify(lock).replace('1.0.0', '1.0.1'));
    expect(isInstalled(root)).toBe(false);
  });

  it('is not whole without the Node that it brings', () => {
    installed();
    writeStamp(installStampFile(root), installStamp(root));
    rmSync(nodeBinary(root));
    expect(isInstalled(root)).toBe(false);
  });

  it('counts for one kind of machine', () => {
    installed();
    expect(installStamp(root, 'linux-x64')).not.toBe(installStamp(root, 'linux-arm64'));
  });

  it('needs every package of its version, but those for other systems', () => {
    expect(lockSatisfied(lock, { packages: { 'node_modules/a': { version: '1.0.0' } } })).toBe(true);
    expect(lockSatisfied(lock, { packages: { 'node_modules/a': { version: '0.9.0' } } })).toBe(false);
    expect(lockSatisfied(lock, { packages: {} })).toBe(false);
  });
});

describe('the build', () => {
  beforeEach(() => {
    write('electron/main.ts', 'one');
    write('shared/deep/er/file.ts', 'two');
    write('dist/electron/cli.js', '');
    writeStamp(buildStampFile(root), buildStamp(root));
  });

  it('is up to date while nothing changed', () => {
    expect(isBuilt(root)).toBe(true);
  });

  it('is out of date after an edit of equal length', () => {
    write('shared/deep/er/file.ts', 'owt');
    // A second edit within the clock's grain still differs in time.
    utimesSync(join(root, 'shared/deep/er/file.ts'), 1, 1);
    expect(isBuilt(root)).toBe(false);
  });

  it('is out of date after a file came, went or was renamed', () => {
    write('renderer/new.ts', '');
    expect(isBuilt(root)).toBe(false);
    rmSync(join(root, 'renderer'), { recursive: true });
    expect(isBuilt(root)).toBe(true);
    rmSync(join(root, 'electron/main.ts'));
    expect(isBuilt(root)).toBe(false);
  });

  it('is not there without its output, whatever the stamp says', () => {
    rmSync(join(root, 'dist/electron/cli.js'));
    expect(isBuilt(root)).toBe(false);
  });
});

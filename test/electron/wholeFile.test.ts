import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { privateFolder, writeWhole } from '../../electron/wholeFile.ts';

const MODULE = new URL('../../electron/wholeFile.ts', import.meta.url).href;
const posix = process.platform !== 'win32';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-whole-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that writes 4 MB in pieces over `report.pdf`, a piece every `pause` ms. */
const program = (pause: number): string => `
  import { writeWhole } from ${JSON.stringify(MODULE)};
  async function* pieces() {
    for (let i = 0; i < 64; i++) {
      yield Buffer.alloc(65536, 'new');
      if (${pause} > 0) { process.stdout.write('.'); await new Promise((done) => setTimeout(done, ${pause})); }
    }
  }
  await writeWhole(process.argv[1], pieces()).then(
    () => process.exit(0),
    (e) => { process.stdout.write(JSON.stringify({ kind: e.kind, place: e.place, message: e.message })); process.exit(9); });
`;
const parts = (): string[] => readdirSync(folder).filter((name) => name.endsWith('.part'));

describe('A file that is written whole', () => {
  test.runIf(posix)('leaves the good one as it was when the disk is full', () => {
    const file = join(folder, 'report.pdf');
    writeFileSync(file, 'the good report', { mode: 0o640 });
    chmodSync(file, 0o640);
    // A limit of the file's size: the system refuses a write in the middle, as a full disk does.
    const ran = spawnSync(
      'sh',
      [
        '-c',
        'ulimit -f 512; exec "$0" "$@"',
        process.execPath,
        '--input-type=module',
        '-e',
        program(0),
        file,
      ],
      { encoding: 'utf8' },
    );
    expect({ code: ran.status, err: ran.stderr }).toEqual({ code: 9, err: '' });
    expect(JSON.parse(ran.stdout)).toMatchObject({ kind: 'export', place: file });
    expect(readFileSync(file, 'utf8')).toBe('the good report');
    expect(readdirSync(folder)).toEqual(['report.pdf']);
  });

  test.runIf(posix)(
    'leaves the good one as it was when its process is killed, and the next sweeps up',
    async () => {
      const file = join(folder, 'report.pdf');
      writeFileSync(file, 'the good report');
      const child = spawn(process.execPath, ['--input-type=module', '-e', program(20), file]);
      await once(child.stdout, 'data');
      await once(child.stdout, 'data');
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(readFileSync(file, 'utf8')).toBe('the good report');
      expect(parts()).toHaveLength(1);
      expect(statSync(join(folder, parts()[0]!)).mode & 0o777).toBe(0o600);

      await writeWhole(join(folder, 'other.csv'), ['a,b\n']);
      expect(readdirSync(folder).sort()).toEqual(['other.csv', 'report.pdf']);
    },
  );

  test('does not take away the part of a process that runs, nor what only looks like one', async () => {
    const own = join(folder, 'slow.json');
    async function* slow(): AsyncIterable<string> {
      yield 'one ';
      await writeWhole(join(folder, 'fast.json'), ['x']);
      yield 'two';
    }
    const foreign = `.bulkhead-00000000-1-${'a'.repeat(12)}.part`;
    const old = `.bulkhead-${'b'.repeat(12)}.part`;
    for (const name of [foreign, old, '.bulkhead-notes.part', 'mine.part'])
      writeFileSync(join(folder, name), '');
    utimesSync(join(folder, old), new Date(), new Date(Date.now() - 25 * 60 * 60 * 1000));
    await writeWhole(own, slow());
    expect(readFileSync(own, 'utf8')).toBe('one two');
    // A part of another machine may still be written; one of yesterday is not.
    expect(readdirSync(folder).sort()).toEqual(
      [foreign, '.bulkhead-notes.part', 'fast.json', 'mine.part', 'slow.json'].sort(),
    );
  });

  test.runIf(posix)(
    'is for its owner alone where it is new, and keeps its mode and its link where not',
    async () => {
      const before = process.umask(0o277);
      try {
        await writeWhole(join(folder, 'new.json'), ['{}']);
        privateFolder(join(folder, 'a', 'b'));
      } finally {
        process.umask(before);
      }
      expect(statSync(join(folder, 'new.json')).mode & 0o777).toBe(0o600);
      expect(statSync(join(folder, 'a', 'b')).mode & 0o777).toBe(0o700);
      mkdirSync(join(folder, 'real'));
      writeFileSync(join(folder, 'real', 'shared.json'), 'old');
      chmodSync(join(folder, 'real', 'shared.json'), 0o644);
      symlinkSync(join('real', 'shared.json'), join(folder, 'link.json'));
      await writeWhole(join(folder, 'link.json'), ['new']);
      expect(readFileSync(join(folder, 'real', 'shared.json'), 'utf8')).toBe('new');
      expect(statSync(join(folder, 'real', 'shared.json')).mode & 0o777).toBe(0o644);
    },
  );

  test('says in plain words that the disk is full', async () => {
    async function* full(): AsyncIterable<string> {
      yield 'one';
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), {
        code: 'ENOSPC',
        syscall: 'write',
      });
    }
    const file = join(folder, 'report.json');
    await expect(writeWhole(file, full())).rejects.toMatchObject({
      kind: 'export',
      place: file,
      message: 'There is no space left on the disk.',
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});

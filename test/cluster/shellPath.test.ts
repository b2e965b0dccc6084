import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loginShellPath } from '../../electron/cluster/shellPath.ts';
import { Folder } from './support.ts';

let home: Folder;
beforeEach(() => {
  home = new Folder();
});
afterEach(() => home.clean());

/** Start-up files that set PATH, and print something as they like to do. */
const START_UP: Record<string, { file: string; text: (folder: string) => string }> = {
  bash: { file: '.bash_profile', text: (f) => `echo Welcome\nexport PATH="$PATH:${f}"\n` },
  sh: { file: '.profile', text: (f) => `echo Welcome\nPATH="$PATH:${f}"; export PATH\n` },
  zsh: { file: '.zshrc', text: (f) => `echo Welcome\nexport PATH="$PATH:${f}"\n` },
  fish: { file: '.config/fish/config.fish', text: (f) => `echo Welcome\nset -gx PATH $PATH ${f}\n` },
  tcsh: { file: '.login', text: (f) => `echo Welcome\nsetenv PATH "\${PATH}:${f}"\n` },
};

function shell(name: string): string | null {
  return (
    ['/bin', '/usr/bin', '/usr/local/bin']
      .map((folder) => path.join(folder, name))
      .find((file) => existsSync(file)) ?? null
  );
}

function write(name: string, text: string): void {
  const file = path.join(home.path, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function ask(file: string, timeoutMs = 10_000): Promise<string | null> {
  return loginShellPath({
    shell: file,
    platform: 'linux',
    timeoutMs,
    env: {
      HOME: home.path,
      PATH: '/usr/bin:/bin',
      USER: 'test',
      XDG_CONFIG_HOME: path.join(home.path, '.config'),
    },
  });
}

describe("the login shell's PATH", () => {
  const here = Object.keys(START_UP).filter((name) => shell(name) !== null);

  test('bash and sh are on every machine that runs these tests', () => {
    expect(here).toContain('bash');
    expect(here).toContain('sh');
  });

  for (const name of here) {
    test(`${name}: what its start-up file adds is found, whatever else it prints`, async () => {
      const { file, text } = START_UP[name];
      write(file, text('/opt/from shell/bin'.replace(' ', '-')));
      const found = await ask(shell(name) as string);
      expect(found?.split(':')).toContain('/opt/from-shell/bin');
      expect(found).not.toContain('Welcome');
    });
  }

  test('a start-up file that waits is not waited for', async () => {
    write('.bash_profile', 'sleep 30\n');
    const begun = Date.now();
    expect(await ask(shell('bash') as string, 300)).toBeNull();
    expect(Date.now() - begun).toBeLessThan(5000);
  });

  test('a start-up file that fails at its end still gave its PATH', async () => {
    write('.bash_profile', 'export PATH="$PATH:/opt/before"\nfalse\n');
    expect((await ask(shell('bash') as string))?.split(':')).toContain('/opt/before');
  });

  test('a shell that is missing or not known is no error', async () => {
    expect(await ask('/no/such/bash')).toBeNull();
    expect(await ask('/usr/bin/env')).toBeNull();
    expect(await loginShellPath({ shell: '/bin/bash', platform: 'win32' })).toBeNull();
  });
});

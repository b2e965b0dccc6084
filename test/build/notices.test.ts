import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { noticesText, sbomText, shipped } from '../../build/notices.mjs';
import { fromRoot } from '../../build/paths.mjs';

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-notices-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const lock = JSON.parse(readFileSync(fromRoot('package-lock.json'), 'utf8')) as {
  packages: Record<string, { version: string; integrity?: string }>;
};
const version = (name: string): string => lock.packages[`node_modules/${name}`]!.version;

/** An npm without the command that makes the SBOM. */
const old = sbomText([]) === null;

describe('what is shipped', () => {
  const list = (name: string, entries: object[]): string => {
    const file = join(folder, name);
    writeFileSync(file, JSON.stringify(entries));
    return file;
  };

  it('is the sum of the bundles, each version once, with what lies beside them', () => {
    const yaml = { name: 'yaml', version: version('yaml'), identifier: 'ISC', text: 'the licence of yaml' };
    const zod = { name: 'zod', version: version('zod'), identifier: 'MIT', text: 'the licence of zod' };
    const all = shipped([list('a.json', [zod, yaml]), list('b.json', [zod])]);
    expect(all.map(({ name }) => name)).toEqual(['better-sqlite3', 'electron', 'pretendard', 'yaml', 'zod']);
    for (const { name, text } of all) expect(text?.length, name).toBeGreaterThan(10);
    expect(all.find(({ name }) => name === 'pretendard')?.text).toMatch(/SIL Open Font License/i);

    const made = sbomText(all);
    // An npm that is too old for the command, as the build says.
    if (made === null) return;
    const sbom = JSON.parse(made) as { components: { name: string; hashes: object[] }[] };
    expect(sbom.components.map(({ name }) => name).sort()).toEqual(all.map(({ name }) => name));
    for (const { name, hashes } of sbom.components) expect(hashes, name).toHaveLength(1);
    expect(sbomText(all)).toBe(made);
  });

  it.skipIf(old)('stops the build where the lock file does not know it', () => {
    expect(() => sbomText([{ name: 'left-pad', version: '1.3.0' }])).toThrow(/left-pad@1\.3\.0/);
  });

  it('is said of a package without a licence file', () => {
    expect(noticesText([{ name: 'brotli', version: '1.3.3', identifier: 'MIT' }])).toMatch(
      /brotli 1\.3\.3 \(MIT\)\n-+\n\nThis package comes without a file of its licence/,
    );
  });
});

describe('the build', () => {
  const page = fromRoot('dist/renderer');

  it.skipIf(old)(
    'leaves notices and an SBOM that name the same packages, and none of the lists that they were made of',
    () => {
      const notices = readFileSync(join(page, 'notices.txt'), 'utf8');
      const sbom = JSON.parse(readFileSync(join(page, 'sbom.cdx.json'), 'utf8')) as {
        bomFormat: string;
        components: { name: string; version: string }[];
      };
      expect(sbom.bomFormat).toBe('CycloneDX');
      const named = [...notices.matchAll(/^-+\n(\S+) (\S+)(?: \(.*\))?\n-+$/gm)].map(
        ([, name, at]) => `${name}@${at}`,
      );
      expect(named.length).toBeGreaterThan(50);
      expect(sbom.components.map(({ name, version: at }) => `${name}@${at}`).sort()).toEqual(named.sort());
      // In the window, the cluster's client, the PDF: and no tool that only builds or tests.
      for (const name of [
        'svelte',
        'd3-scale',
        '@kubernetes/client-node',
        'undici',
        'pdfkit',
        'commander',
        'better-sqlite3',
      ])
        expect(named).toContain(`${name}@${version(name)}`);
      for (const tool of ['vite', 'vitest', 'eslint', 'typescript', 'electron-builder', 'fast-check'])
        expect(
          named.some((one) => one.startsWith(`${tool}@`)),
          tool,
        ).toBe(false);
      const lists = ['renderer', 'electron'].flatMap((name) => readdirSync(fromRoot(`dist/${name}`)));
      expect(lists.filter((name) => /licenses/.test(name))).toEqual([]);
    },
  );
});

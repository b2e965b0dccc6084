import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { fromRoot } from '../../build/paths.mjs';

const folder = fromRoot('.github/workflows');
const workflows = readdirSync(folder).map(
  (name) => [name, readFileSync(`${folder}/${name}`, 'utf8')] as const,
);

interface Job {
  permissions?: Record<string, string>;
  steps: { uses?: string }[];
}

describe('the workflows', () => {
  it.each(workflows)('%s uses every action by its commit, with the tag beside it', (_, text) => {
    const uses = text.split('\n').filter((line) => /^\s*(?:- )?uses:/.test(line));
    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses) {
      expect(line).toMatch(/^\s*(?:- )?uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  });

  it('take one action by one commit', () => {
    const commits = new Map<string, Set<string>>();
    for (const [, text] of workflows) {
      for (const [, action = '', commit = ''] of text.matchAll(/uses: ([\w-]+\/[\w-]+)\S*@([0-9a-f]{40})/g)) {
        commits.set(action, (commits.get(action) ?? new Set()).add(commit));
      }
    }
    expect([...commits].filter(([, all]) => all.size > 1)).toEqual([]);
  });

  it.each(workflows)('%s may read, and a job may more only where it says so', (_, text) => {
    const { permissions, jobs } = parse(text) as { permissions: unknown; jobs: Record<string, Job> };
    expect(permissions).toEqual({ contents: 'read' });
    // What may write runs nobody's packages.
    for (const job of Object.values(jobs)) {
      if (job.permissions?.['contents'] !== 'write') continue;
      expect(JSON.stringify(job.steps)).not.toMatch(/npm|checkout/);
    }
  });
});

describe('SECURITY.md', () => {
  const text = readFileSync(fromRoot('.github/SECURITY.md'), 'utf8');
  const rows = text
    .split('\n')
    .filter((line) => line.startsWith('| ') && line.includes('`test/'))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));

  it('names for every promise a test that is there', () => {
    const table = text.slice(
      text.indexOf('## What it promises'),
      text.indexOf('## What it does not promise'),
    );
    const promises = table.split('\n').filter((line) => /^\| (?!promise|-)/.test(line));
    expect(promises.length).toBeGreaterThan(20);
    expect(promises.filter((line) => !line.includes('`test/'))).toEqual([]);
    expect(rows).toHaveLength(promises.length);
    for (const [, , held = ''] of rows) {
      const tests = [...held.matchAll(/`(test\/[^`]+)`(?: “([^”]+)”)?/g)];
      expect(tests.length).toBeGreaterThan(0);
      for (const [, path = '', title] of tests) {
        expect(existsSync(fromRoot(path)), path).toBe(true);
        if (title !== undefined) expect(readFileSync(fromRoot(path), 'utf8'), path).toContain(title);
      }
    }
  });
});

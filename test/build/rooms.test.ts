import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { fromRoot } from '../../build/paths.mjs';
import { breach } from '../../build/rooms.mjs';

describe('the dependency rule', () => {
  it.each([
    ['shared/policy/compile.ts', '../kube/snapshot.ts'],
    ['shared/policy/compile.ts', '../net/conns.ts'],
    ['shared/audit/checks/open.ts', '../../policy/model.ts'],
    ['shared/report/csv.ts', '../audit/result.ts'],
    ['shared/kube/a.ts', './b.ts'],
    ['electron/backend.ts', '../shared/ipc.ts'],
    ['electron/main.ts', 'electron'],
    ['electron/export/save.ts', 'electron'],
    ['electron/cluster/files.ts', 'node:fs'],
    ['electron/worker/worker.ts', '../../shared/audit/engine.ts'],
    ['electron/worker/client.ts', '../cluster/sink.ts'],
    ['renderer/App.svelte', './views/Pods.svelte'],
    ['renderer/charts/axis.ts', 'd3'],
    ['test/net/conns.test.ts', '../../electron/backend.ts'],
  ])('lets %s import %s', (from, specifier) => {
    expect(breach(from, specifier)).toBeNull();
  });

  it.each([
    ['shared/net/conns.ts', '../kube/snapshot.ts'],
    ['shared/kube/a.ts', '../policy/model.ts'],
    ['shared/policy/a.ts', '../audit/result.ts'],
    ['shared/audit/checks/open.ts', '../../report/words.ts'],
    ['shared/audit/a.ts', '../../electron/backend.ts'],
    ['shared/audit/a.ts', '../../renderer/main.ts'],
    ['shared/audit/a.ts', '../ipc.ts'],
    ['shared/net/a.ts', 'node:fs'],
    ['shared/net/a.ts', 'fs/promises'],
    ['shared/net/a.ts', 'electron'],
    ['shared/ipc.ts', './audit/result.ts'],
    ['electron/backend.ts', '../renderer/main.ts'],
    ['electron/backend.ts', 'electron'],
    ['electron/worker/worker.ts', 'electron/renderer'],
    ['electron/worker/worker.ts', '../cluster/reader.ts'],
    ['renderer/main.ts', '../electron/backend.ts'],
    ['renderer/main.ts', '../build/paths.mjs'],
    ['renderer/main.ts', 'node:path'],
    ['renderer/main.ts', 'better-sqlite3'],
  ])('forbids %s to import %s', (from, specifier) => {
    expect(breach(from, specifier)).toBeTypeOf('string');
  });

  it('lets the contract import types, and the worker those of its neighbours', () => {
    expect(breach('shared/ipc.ts', './audit/result.ts', true)).toBeNull();
    expect(breach('electron/worker/worker.ts', '../cluster/sink.ts', true)).toBeNull();
  });

  it('is kept by every file', () => {
    const breaches: string[] = [];
    let imports = 0;
    for (const room of ['shared', 'electron', 'renderer'])
      for (const name of readdirSync(fromRoot(room), { recursive: true, encoding: 'utf8' })) {
        if (!/\.(?:ts|svelte)$/.test(name)) continue;
        const file = join(room, name).replaceAll('\\', '/');
        const text = readFileSync(fromRoot(file), 'utf8');
        for (const { specifier, typeOnly } of importsOf(text)) {
          imports++;
          const why = breach(file, specifier, typeOnly);
          if (why) breaches.push(`${file} → ${specifier}: ${why}`);
        }
      }
    expect(breaches).toEqual([]);
    expect(imports).toBeGreaterThan(100);
  });
});

/** The imports of a file; in a component, of its scripts. */
function importsOf(text: string): { specifier: string; typeOnly: boolean }[] {
  const scripts = [...text.matchAll(/<script[^>]*>([^]*?)<\/script>/g)].map((match) => match[1]!);
  const found: { specifier: string; typeOnly: boolean }[] = [];
  for (const script of scripts.length > 0 ? scripts : [text]) {
    const source = ts.createSourceFile('file.ts', script, ts.ScriptTarget.Latest);
    for (const statement of source.statements) {
      if (ts.isImportDeclaration(statement) && ts.isStringLiteral(statement.moduleSpecifier))
        found.push({
          specifier: statement.moduleSpecifier.text,
          typeOnly: statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword,
        });
      if (
        ts.isExportDeclaration(statement) &&
        statement.moduleSpecifier &&
        ts.isStringLiteral(statement.moduleSpecifier)
      )
        found.push({ specifier: statement.moduleSpecifier.text, typeOnly: statement.isTypeOnly });
    }
  }
  return found;
}

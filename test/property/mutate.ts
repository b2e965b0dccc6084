/**
 * Mutation testing by hand: changes one operator, literal or condition at a time in a copy of the tree and sees
 * whether the tests notice.
 *   node test/property/mutate.ts [--files shared/net/ip.ts,…] [--sample 200] [--seed 1] [--out FILE] [--only FILE] [--large]
 * Default files: all of shared/net and shared/policy. First a quick look with generated clusters, then the unit,
 * rule and fixture tests. Prints survivors with their line; what is equivalent has to be weighed by a reader.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';
import { sampler } from './compare.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '' },
    sample: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
    large: { type: 'boolean', default: false },
  },
});

interface Mutant {
  file: string;
  line: number;
  start: number;
  end: number;
  from: string;
  to: string;
}

const SWAPS: Record<string, string[]> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '&&': ['||'],
  '||': ['&&'],
  '+': ['-'],
  '-': ['+'],
  '*': ['+'],
  '&': ['|'],
  '|': ['&'],
  '+=': ['-='],
  '-=': ['+='],
};

/** Every mutant of one file. */
function mutantsOf(file: string): Mutant[] {
  const text = readFileSync(join(copy, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Mutant[] = [];
  const add = (node: ts.Node, to: string): void => {
    const start = node.getStart(source);
    const line = source.getLineAndCharacterOfPosition(start).line + 1;
    found.push({ file, line, start, end: node.getEnd(), from: text.slice(start, node.getEnd()), to });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
    if (ts.isBinaryExpression(node)) {
      for (const to of SWAPS[node.operatorToken.getText(source)] ?? []) add(node.operatorToken, to);
    } else if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
      add(node, node.operand.getText(source));
    } else if (node.kind === ts.SyntaxKind.TrueKeyword) add(node, 'false');
    else if (node.kind === ts.SyntaxKind.FalseKeyword) add(node, 'true');
    else if (ts.isNumericLiteral(node)) add(node, String(Number(node.text) + 1));
    else if (ts.isIfStatement(node)) {
      add(node.expression, `!(${node.expression.getText(source)})`);
    } else if (ts.isConditionalExpression(node)) {
      add(node.condition, `!(${node.condition.getText(source)})`);
    } else if (ts.isContinueStatement(node) || ts.isBreakStatement(node)) add(node, ';');
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const copy = mkdtempSync(join(tmpdir(), 'bulkhead-mutants-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const part of ['shared', 'test', 'build', 'electron', 'package.json', 'tsconfig.json']) {
  cpSync(join(root, part), join(copy, part), { recursive: true });
}
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));

const files = values.files
  ? values.files.split(',')
  : ['shared/net', 'shared/policy'].flatMap((folder) =>
      readdirSync(join(root, folder))
        .filter((name) => name.endsWith('.ts'))
        .map((name) => `${folder}/${name}`),
    );
const all = files.flatMap(mutantsOf);
const random = sampler(Number(values.seed));
// In no order, so that a run that is cut short tells something about every file.
const rest = [...all];
const chosen: Mutant[] = [];
if (values.only) {
  // The survivors of an earlier run, after better tests.
  const old = JSON.parse(readFileSync(values.only, 'utf8')) as Mutant[];
  const key = (m: Mutant): string => `${m.file}:${m.line} ${m.from.slice(0, 60)} -> ${m.to.slice(0, 60)}`;
  const wanted = new Set(old.map(key));
  chosen.push(...all.filter((mutant) => wanted.has(key(mutant))));
} else
  while (rest.length > 0 && chosen.length < Number(values.sample))
    chosen.push(...rest.splice(random(rest.length), 1));

writeFileSync(
  join(copy, 'quick.ts'),
  `import fc from 'fast-check';
import { checkCase, newTallies } from './test/property/check.ts';
import { cases } from './test/property/generate.ts';
fc.sample(cases, { numRuns: 150, seed: 7 }).forEach((kase, i) => {
  if (checkCase(kase, i, newTallies()).length > 0) process.exit(1);
});
`,
);
const run = (command: string[], seconds: number): boolean => {
  const result = spawnSync(process.execPath, command, {
    cwd: copy,
    timeout: seconds * 1000,
    stdio: 'ignore',
  });
  return result.status === 0;
};
const vitest = (folders: string[]): string[] => [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--config',
  'build/vitest.config.mjs',
  '--bail=1',
  ...folders,
];
const survives = (file: string): boolean => {
  if (file.startsWith('shared/net/') && !run(vitest(['test/net']), 60)) return false;
  if (!run(['quick.ts'], 120)) return false;
  return run(vitest(['test/net', 'test/policy', ...(values.large ? ['test/property/large'] : [])]), 240);
};
if (!survives('')) throw new Error('the tests fail without any mutant');

console.log(`${chosen.length} of ${all.length} mutants in ${files.length} files`);
const survivors: Mutant[] = [];
const score = new Map<string, [number, number]>();
chosen.forEach((mutant, i) => {
  const path = join(copy, mutant.file);
  // The copy's own text: somebody may be at work on the tree meanwhile.
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.slice(0, mutant.start) + mutant.to + text.slice(mutant.end));
  const alive = survives(mutant.file);
  writeFileSync(path, text);
  const [killed, total] = score.get(mutant.file) ?? [0, 0];
  score.set(mutant.file, [killed + (alive ? 0 : 1), total + 1]);
  if (alive) {
    survivors.push(mutant);
    const line = text.split('\n')[mutant.line - 1]?.trim() ?? '';
    console.log(
      `survived ${mutant.file}:${mutant.line} ${mutant.from.slice(0, 60)} -> ${mutant.to.slice(0, 60)}    ${line}`,
    );
  }
  if ((i + 1) % 5 === 0) console.log(`${i + 1} done, ${survivors.length} survived`);
});
for (const [file, [killed, total]] of score) console.log(`${file}: ${killed} of ${total} killed`);
const killed = chosen.length - survivors.length;
console.log(`${killed} of ${chosen.length} killed: ${((100 * killed) / chosen.length).toFixed(1)} %`);
if (values.out) writeFileSync(values.out, `${JSON.stringify(survivors, null, 2)}\n`);

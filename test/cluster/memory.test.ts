import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { Folder } from './support.ts';

const running: ChildProcess[] = [];
const folder = new Folder();
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  folder.clean();
});

/** A program in a process of its own; gives the first line that it prints. */
function program(script: string, args: string[]): Promise<Record<string, number>> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  running.push(child);
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) =>
      resolve(JSON.parse(line) as Record<string, number>),
    );
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}`)));
  });
}

test('a hundred thousand pods are read in pages, by main process and worker together, in less than 600 MB', async () => {
  const kubeconfig = path.join(folder.path, 'config');
  // The server is not part of the measure.
  await program('../apiserver/main.ts', [
    '--pods',
    '100000',
    '--namespaces',
    '200',
    '--kubeconfig',
    kubeconfig,
  ]);
  const { objects, peakMB } = await program('readOnce.ts', [kubeconfig]);
  // Pods, namespaces, 500 nodes, policies in every second and every third namespace.
  expect(objects).toBe(100_000 + 200 + 500 + 100 + 67);
  expect(peakMB).toBeLessThan(600);
}, 240_000);

/** Runs the terminal program as a child process, from source, as a user's shell would. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const CLI = fileURLToPath(new URL('../../electron/cli.ts', import.meta.url));

export interface Ran {
  code: number | null;
  out: string;
  bytes: Buffer;
  err: string;
}

/** A folder of its own, taken away after the file's tests. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'bulkhead-cli-'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Writes files into a folder and gives it. */
export function files(root: string, contents: Record<string, string>): string {
  for (const [name, text] of Object.entries(contents)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

export interface RunOptions {
  stdin?: string;
  env?: Record<string, string>;
  /** Closes its standard output after so many bytes. */
  closeAfter?: number;
  /** Sends SIGINT when this comes. */
  interrupt?: Promise<void>;
}

/** @param home a folder that stands for the user's own: history and kubeconfig are looked for there alone */
export function runner(home: string) {
  return (args: string[], options: RunOptions = {}): Promise<Ran> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [CLI, ...args], {
        env: {
          PATH: process.env['PATH'],
          HOME: home,
          XDG_DATA_HOME: join(home, 'data'),
          BULKHEAD_HISTORY: join(home, 'history.sqlite'),
          ...options.env,
        },
        cwd: home,
      });
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      let seen = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        out.push(chunk);
        seen += chunk.length;
        if (options.closeAfter !== undefined && seen >= options.closeAfter) child.stdout.destroy();
      });
      child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
      child.on('error', reject);
      child.on('close', (code) => {
        const bytes = Buffer.concat(out);
        resolve({ code, bytes, out: bytes.toString('utf8'), err: Buffer.concat(err).toString('utf8') });
      });
      child.stdin.on('error', () => undefined);
      child.stdin.end(options.stdin ?? '');
      void options.interrupt?.then(() => child.kill('SIGINT'));
    });
}

/**
 * A namespace `shop` with a Deployment `web` and a StatefulSet `db`, and a Pod `dev/tool`. One policy: `db` takes TCP
 * 5432 from `web` alone.
 */
export const SHOP = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: web, ports: [{ name: http, containerPort: 8080 }] }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db, namespace: shop }
spec:
  serviceName: db
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec: { containers: [{ name: db, image: db }] }
---
apiVersion: v1
kind: Pod
metadata: { name: tool, namespace: dev, labels: { app: tool } }
spec: { containers: [{ name: tool, image: tool }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: db, namespace: shop }
spec:
  podSelector: { matchLabels: { app: db } }
  ingress:
    - from: [{ podSelector: { matchLabels: { app: web } } }]
      ports: [{ port: 5432 }]
`;

/** A policy that the API refuses: its port is out of range. */
export const REFUSED = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: broken, namespace: shop }
spec:
  podSelector: {}
  ingress:
    - ports: [{ port: 70000 }]
`;

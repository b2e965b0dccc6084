/**
 * Which room of the house may import from which: the dependency rule, as one function and as an ESLint rule on
 * top of it. The lower rooms of shared/ never see the upper ones, and the two halves of the app meet in shared/.
 */
import { builtinModules } from 'node:module';
import { posix, relative, sep } from 'node:path';
import { ROOT } from './paths.mjs';

/** The rooms of shared/, each with those it may import besides itself. @type {Record<string, string[]>} */
const SHARED = {
  net: [],
  kube: ['net'],
  policy: ['kube', 'net'],
  audit: ['policy', 'kube', 'net'],
  report: ['audit', 'policy', 'kube', 'net'],
};

/** The only files that may import Electron; those in the folder are for its dialogs. */
const ELECTRON_FILES = /^electron\/(?:(?:main|window|preload|ipc|menu)\.ts$|export\/)/;

/** The worker's folder, but for the client, which runs on the other side of the thread. */
const WORKER = /^electron\/worker\/(?!client\.ts$)/;

/** @param {string} name */
function isBuiltin(name) {
  return name.startsWith('node:') || builtinModules.includes(name.split('/')[0] ?? name);
}

/**
 * Why a file may not import something.
 * @param {string} from the importing file, relative to the root, with slashes
 * @param {string} specifier as written in the import
 * @param {boolean} typeOnly whether the import is erased (`import type`)
 * @returns {string | null} the reason; null where it may
 */
export function breach(from, specifier, typeOnly = false) {
  const room = /** @type {string} */ (from.split('/')[0]);
  if (room !== 'shared' && room !== 'electron' && room !== 'renderer') return null;

  if (!specifier.startsWith('.')) {
    const name = specifier.startsWith('@') ? specifier : /** @type {string} */ (specifier.split('/')[0]);
    if (name === 'electron')
      return ELECTRON_FILES.test(from) ? null : 'only the window files of electron/ import Electron';
    if (room === 'electron') return name === 'svelte' ? 'electron/ does not import Svelte' : null;
    if (isBuiltin(specifier) || name === 'better-sqlite3') return `${room}/ does not touch the machine`;
    if (room === 'shared' && name === 'svelte') return 'shared/ does not import Svelte';
    return null;
  }

  const to = posix.normalize(posix.join(posix.dirname(from), specifier));
  const toRoom = to.split('/')[0];
  // The version and the like, read by name from the package file.
  if (to === 'package.json' && room !== 'shared') return null;

  if (room === 'shared') {
    if (toRoom !== 'shared') return `shared/ does not import ${toRoom}/`;
    const [, own = ''] = from.split('/');
    const [, other = ''] = to.split('/');
    if (from === 'shared/ipc.ts') return typeOnly ? null : 'shared/ipc.ts imports types only';
    if (own === other) return null;
    const may = SHARED[own];
    if (!may) return `shared/${own} is no room of shared/`;
    return may.includes(other) ? null : `shared/${own} does not import shared/${other}`;
  }
  if (toRoom !== room && toRoom !== 'shared') return `${room}/ does not import ${toRoom}/`;
  if (!typeOnly && WORKER.test(from) && toRoom === 'electron' && !/^electron\/(?:worker|export)\//.test(to))
    return 'the worker imports shared/ and export/ alone';
  return null;
}

/** The ESLint rule. @type {import('eslint').Rule.RuleModule} */
export const roomsRule = {
  meta: { type: 'problem', messages: { breach: 'Dependency rule: {{why}}.' }, schema: [] },
  create(context) {
    const from = relative(ROOT, context.filename).split(sep).join('/');
    /**
     * @param {any} node the node that holds the specifier
     * @param {any} source
     * @param {boolean} typeOnly
     */
    const check = (node, source, typeOnly) => {
      if (typeof source?.value !== 'string') return;
      const why = breach(from, source.value.replace(/[?#].*$/, ''), typeOnly);
      if (why) context.report({ node, messageId: 'breach', data: { why } });
    };
    /** @param {any} node */
    const declaration = (node) =>
      check(node, node.source, node.importKind === 'type' || node.exportKind === 'type');
    return {
      ImportDeclaration: declaration,
      ExportNamedDeclaration: declaration,
      ExportAllDeclaration: declaration,
      ImportExpression: (node) => check(node, node.source, false),
    };
  },
};

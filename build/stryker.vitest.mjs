/**
 * Stands in for `vitest` where build/stryker.runner.mjs runs test files by itself: tests are collected, to be run as
 * often as there are mutants. `expect` is vitest's own.
 */
import { format } from 'node:util';
import { expect } from 'vitest';

export { expect };

/** @typedef {(...args: any[]) => unknown} Body */

/** @type {{name: string, run: () => unknown}[]} */
let found = [];
/** @type {string[]} */
let titles = [];

/**
 * The tests that a module declares.
 * @param {() => Promise<unknown>} load
 * @returns {Promise<{name: string, run: () => unknown}[]>}
 */
export async function collect(load) {
  found = [];
  await load();
  return found;
}

/**
 * @param {string} title
 * @param {unknown[]} args
 * @param {number} index
 */
const titled = (title, args, index) =>
  format(
    title
      .replace(/%#/g, String(index))
      .replace(/\$(\w+)/g, (text, key) => String(/** @type {any} */ (args[0])?.[key] ?? text)),
    ...args.slice(0, title.match(/%[sdifjo]/g)?.length ?? 0),
  );

/**
 * `f` with `.each`, as vitest has it.
 * @param {(title: string, body: Body) => void} f
 */
function withEach(f) {
  /**
   * @param {string} title
   * @param {unknown[]} rest options, then the body
   */
  const declare = (title, ...rest) =>
    f(title, /** @type {Body} */ (rest.find((x) => typeof x === 'function')));
  /** @param {readonly unknown[]} table */
  declare.each =
    (table) =>
    /** @param {string} title @param {unknown[]} rest */
    (title, ...rest) => {
      const body = /** @type {Body} */ (rest.find((x) => typeof x === 'function'));
      table.forEach((row, i) => {
        const args = Array.isArray(row) ? row : [row];
        f(titled(title, args, i), () => body(...args));
      });
    };
  return declare;
}

export const describe = withEach((title, body) => {
  titles.push(title);
  body();
  titles.pop();
});

export const it = withEach((title, body) => {
  found.push({ name: [...titles, title].join(' > '), run: () => body() });
});

export const test = it;

/** What is done once at the end of a file has no place between mutants. */
export const afterAll = () => {};

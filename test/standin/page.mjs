/**
 * What the preload finds in the page when it asks for `electron`. Runs in the page: it is sent there as text, so it may
 * use nothing from outside of itself.
 * @param {string} binding name of the function that reaches the stand-in's main process
 * @param {(require: (name: string) => unknown, module: { exports: object }, exports: object) => void} preload
 */
export function installBridge(binding, preload) {
  /** @type {any} */
  const page = window;
  // Only our own page, and only its top frame, has a preload.
  if (page !== page.top || page.location.protocol !== 'https:') return;
  const send = page[binding];
  delete page[binding];
  let next = 1;
  /** @type {Map<number, { resolve: (value: unknown) => void, reject: (error: Error) => void }>} */
  const owed = new Map();
  /** @type {Map<string, Set<Function>>} */
  const listeners = new Map();
  page.__standin_answer = (/** @type {number} */ id, /** @type {any} */ outcome) => {
    const pending = owed.get(id);
    owed.delete(id);
    if (outcome.ok) pending?.resolve(outcome.value);
    else pending?.reject(new Error(outcome.message));
  };
  page.__standin_receive = (/** @type {string} */ channel, /** @type {unknown} */ payload) => {
    for (const listener of listeners.get(channel) ?? []) listener({}, payload);
  };
  const ipcRenderer = {
    invoke: (/** @type {string} */ channel, /** @type {unknown[]} */ ...args) =>
      new Promise((resolve, reject) => {
        const id = next++;
        owed.set(id, { resolve, reject });
        send(JSON.stringify({ id, channel, args }));
      }),
    on: (/** @type {string} */ channel, /** @type {Function} */ listener) => {
      const set = listeners.get(channel) ?? new Set();
      listeners.set(channel, set.add(listener));
    },
    removeListener: (/** @type {string} */ channel, /** @type {Function} */ listener) => {
      listeners.get(channel)?.delete(listener);
    },
  };
  const contextBridge = {
    exposeInMainWorld: (/** @type {string} */ name, /** @type {unknown} */ api) => {
      Object.defineProperty(page, name, { value: Object.freeze(api), enumerable: true });
    },
  };
  const module = { exports: {} };
  preload(
    (name) => {
      // A sandboxed preload can ask for nothing else of ours.
      if (name !== 'electron') throw new Error(`module not found: ${name}`);
      return { ipcRenderer, contextBridge };
    },
    module,
    module.exports,
  );
}

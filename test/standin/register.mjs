/** `node --import register.mjs main.js`: whoever asks for Electron gets the stand-in. */
import { registerHooks } from 'node:module';

const standin = new URL('./electron.mjs', import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: standin, shortCircuit: true } : next(specifier, context),
});

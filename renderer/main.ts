/** Entry of the window: finds the bridge, then mounts the one component that holds the rest. */
import { mount } from 'svelte';
import App from './App.svelte';
import type { LockedReason } from '../shared/web.ts';
import { openBridge } from './state/bridge.ts';
import { app } from './state/app.svelte.ts';
import { keepTextVisible } from './ui/visibleText.ts';
import { chosenWords } from './state/settings.svelte.ts';

/** Leaves for the page of `serve` that says why nothing opens here, in the words and colours that were chosen. */
function leave(why: LockedReason): void {
  const { lang, theme } = chosenWords();
  const query = new URLSearchParams({ why, ...(lang ? { lang } : {}), ...(theme ? { theme } : {}) });
  location.replace(`./locked?${query}`);
}

const target = document.getElementById('app');
const bridge = openBridge(leave);
if (target && bridge) {
  void app.boot(bridge);
  keepTextVisible(document.body);
  mount(App, { target });
}

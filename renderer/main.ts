/** Entry of the window: finds the bridge, then mounts the one component that holds the rest. */
import { mount } from 'svelte';
import App from './App.svelte';
import { openBridge } from './state/bridge.ts';
import { app } from './state/app.svelte.ts';

const target = document.getElementById('app');
if (target) {
  void app.boot(openBridge());
  mount(App, { target });
}

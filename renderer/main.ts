/** Entry of the window: finds the bridge, then mounts the one component that holds the rest. */
import { mount } from 'svelte';
import App from './App.svelte';
import { openBridge } from './state/bridge.ts';
import { app } from './state/app.svelte.ts';

const target = document.getElementById('app');
const bridge = openBridge();
if (target && bridge) {
  void app.boot(bridge);
  mount(App, { target });
}

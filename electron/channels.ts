/** The contract's names as values, for the preload's allow-list and the registration of handlers. */
import type { Channel, EventName } from '../shared/ipc.ts';

// The keys of a Record: a channel that is missing here, or that no longer exists, is a compile error.
const channels: Record<Channel, true> = {
  'app.info': true,
  'app.notices': true,
  'sources.list': true,
  'sources.addKubeconfig': true,
  'sources.removeKubeconfig': true,
  'sources.pickPaths': true,
  'logins.list': true,
  'logins.revoke': true,
  'audit.start': true,
  'audit.cancel': true,
  'audit.overview': true,
  'audit.pods': true,
  'audit.openEgress': true,
  'audit.findings': true,
  'audit.matrix': true,
  'audit.explain': true,
  'audit.endpoints': true,
  'audit.close': true,
  'follow.start': true,
  'follow.stop': true,
  'follow.changes': true,
  'history.list': true,
  'history.open': true,
  'history.delete': true,
  'history.outlived': true,
  'history.backup': true,
  'export.save': true,
};

const events: Record<EventName, true> = {
  'audit.progress': true,
  'audit.finished': true,
  'audit.changed': true,
  'sources.changed': true,
  'history.setAside': true,
  'menu.command': true,
};

/** Every channel that a page may call, and no other. */
export const CHANNELS = Object.keys(channels) as readonly Channel[];
/** Every event that a page may listen to, and no other. */
export const EVENTS = Object.keys(events) as readonly EventName[];

export function isChannel(name: unknown): name is Channel {
  return typeof name === 'string' && Object.hasOwn(channels, name);
}

export function isEvent(name: unknown): name is EventName {
  return typeof name === 'string' && Object.hasOwn(events, name);
}

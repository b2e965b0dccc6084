/** Which network plugin a cluster runs and whether it enforces NetworkPolicy (S21), from what is seen of its pods. */
import type { Enforcement } from './snapshot.ts';

/** Collects small signs from raw objects as they pass by; `detect` draws the conclusion. */
export class PluginSignals {
  pod(_raw: unknown): void {}
  node(_raw: unknown): void {}
  daemonSet(_raw: unknown): void {}
  configMap(_raw: unknown): void {}
  apiGroup(_name: string): void {}
  serverVersion(_version: string): void {}
  other(_kind: string, _raw: unknown): void {}

  /** The conclusion; 'unknown' wherever nothing was seen. */
  detect(): Enforcement {
    return { plugin: null, ingress: 'unknown', egress: 'unknown', evidence: [], nodes: [], implies: {} };
  }
}

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { read } from './read.ts';
import { PluginSignals } from '../../shared/kube/plugins.ts';
import type { Assumptions, Enforcement, Tri } from '../../shared/kube/snapshot.ts';

interface Fixture {
  why: string;
  expect: {
    plugin: string | null;
    ingress: Tri;
    egress: Tri;
    nodes?: { node: string; ingress: Tri; egress: Tri }[];
    implies?: Partial<Assumptions>;
    /** Words that the evidence has to have. */
    evidence?: string[];
  };
  serverVersion: string;
  groups?: string[];
  nodes: unknown[];
  pods: unknown[];
  daemonSets?: unknown[];
  configMaps?: unknown[];
  others?: { kind: string }[];
}

const folder = new URL('plugins/', import.meta.url);
const fixtures = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => ({
    name: name.replace('.yaml', ''),
    fixture: parse(readFileSync(new URL(name, folder), 'utf8')) as Fixture,
  }));

function detect(fixture: Fixture, backwards = false): Enforcement {
  const signals = new PluginSignals();
  const feed: (() => void)[] = [
    ...fixture.nodes.map((raw) => () => signals.node(raw)),
    ...fixture.pods.map((raw) => () => signals.pod(raw)),
    ...(fixture.daemonSets ?? []).map((raw) => () => signals.daemonSet(raw)),
    ...(fixture.configMaps ?? []).map((raw) => () => signals.configMap(raw)),
    ...(fixture.others ?? []).map((raw) => () => signals.other(raw.kind, raw)),
    ...(fixture.groups ?? []).map((group) => () => signals.apiGroup(group)),
    () => signals.serverVersion(fixture.serverVersion),
  ];
  for (const step of backwards ? feed.reverse() : feed) step();
  return signals.detect();
}

describe('what enforces NetworkPolicy (S21)', () => {
  for (const { name, fixture } of fixtures) {
    test(`${name}: ${fixture.why}`, () => {
      const found = detect(fixture);
      const wanted = fixture.expect;
      expect({ plugin: found.plugin, ingress: found.ingress, egress: found.egress }).toEqual({
        plugin: wanted.plugin,
        ingress: wanted.ingress,
        egress: wanted.egress,
      });
      if (wanted.nodes) {
        expect(found.nodes.map(({ node, ingress, egress }) => ({ node, ingress, egress }))).toEqual(
          wanted.nodes,
        );
        for (const node of found.nodes) expect(node.evidence.length).toBeGreaterThan(0);
      }
      if (wanted.implies) expect(found.implies).toMatchObject(wanted.implies);
      const words = found.evidence.map(({ where, what }) => `${where}: ${what}`).join('\n');
      for (const word of wanted.evidence ?? []) expect(words).toContain(word);
      // A verdict without evidence is a guess.
      if (found.plugin !== null) expect(found.evidence.length).toBeGreaterThan(0);
    });
  }

  test('the order in which objects come does not change the answer', () => {
    for (const { fixture } of fixtures) expect(detect(fixture, true)).toEqual(detect(fixture));
  });

  test('asking twice gives the same, and what comes in between counts', () => {
    const fixture = fixtures.find(({ name }) => name === 'cilium-never')?.fixture as Fixture;
    const signals = new PluginSignals();
    for (const raw of fixture.nodes) signals.node(raw);
    for (const raw of fixture.pods) signals.pod(raw);
    expect(signals.detect()).toEqual(signals.detect());
    expect(signals.detect().ingress).toBe('unknown');
    for (const raw of fixture.configMaps ?? []) signals.configMap(raw);
    expect(signals.detect().ingress).toBe('no');
  });

  test('"no" is never said of a cluster of which nothing was seen', () => {
    for (const version of ['v1.33.1', 'v1.33.1+k3s1', 'v1.33.1-gke.1', 'v1.33.1-eks-1', 'v1.20.0']) {
      const signals = new PluginSignals();
      signals.serverVersion(version);
      for (const group of [
        'crd.projectcalico.org',
        'cilium.io',
        'eks.amazonaws.com',
        'config.openshift.io',
      ]) {
        signals.apiGroup(group);
      }
      const { ingress, egress } = signals.detect();
      expect([ingress, egress]).toEqual(['unknown', 'unknown']);
    }
  });

  test('objects of a wrong shape are passed over', () => {
    const signals = new PluginSignals();
    for (const odd of [null, 1, 'x', [], {}, { metadata: null }, { metadata: { ownerReferences: [null] } }]) {
      signals.pod(odd);
      signals.node(odd);
      signals.daemonSet(odd);
      signals.configMap(odd);
      signals.other('Network', odd);
    }
    expect(signals.detect().plugin).toBeNull();
  });

  test('the servers of old take no range of ports, whatever the plugin (S22)', () => {
    const signals = new PluginSignals();
    signals.serverVersion('v1.21.5');
    expect(signals.detect().implies).toMatchObject({ serverVersion: '1.21', endPort: 'off' });
  });

  test('a hundred thousand pods of applications leave nothing behind', () => {
    const signals = new PluginSignals();
    for (let i = 0; i < 100_000; i += 1) {
      signals.pod({
        metadata: {
          name: `p${i}`,
          namespace: 'shop',
          ownerReferences: [{ kind: 'ReplicaSet', name: 'web' }],
        },
        spec: { nodeName: `n${i % 500}`, containers: [{ name: 'calico-node' }] },
      });
    }
    expect(signals.detect().plugin).toBeNull();
  });
});

describe('what manifests show of a network plugin (S21)', () => {
  const config = (data: string): string => `---
apiVersion: v1
kind: ConfigMap
metadata: {name: cilium-config, namespace: kube-system}
data: {${data}}
`;
  const agent = (status: string, node: string): string => `---
apiVersion: v1
kind: Pod
metadata: {name: cilium-x, namespace: kube-system, ownerReferences: [{kind: DaemonSet, name: cilium, controller: true}]}
spec: {hostNetwork: true, ${node}containers: [{name: cilium-agent, image: 'cilium:v1.18.0'}]}
${status}
`;
  const daemonSet = (status: string, container = 'cilium-agent'): string => `---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: kube-system}
spec: {selector: {}, template: {metadata: {}, spec: {containers: [{name: ${container}, image: 'i:v1.18.0'}]}}}
${status}
`;
  const told = (text: string): unknown => {
    const { plugin, ingress, egress, implies } = read(text).enforcement;
    return { plugin, ingress, egress, implies };
  };
  const DEFAULT = "enable-policy: default, policy-cidr-match-mode: ''";

  test('pods that run, with their settings beside, say what they say in a cluster', () => {
    const running = agent('status: {phase: Running}', 'nodeName: n1, ');
    const enforced = { plugin: 'cilium', ingress: 'yes', egress: 'yes' };
    expect(told(running + config(DEFAULT))).toEqual({
      ...enforced,
      implies: {
        ipBlockPods: 'ignore',
        hostNetwork: 'node',
        unselected: 'permit',
        endPort: 'on',
        sctp: 'unknown',
      },
    });
    expect(told(config('policy-cidr-match-mode: nodes') + running)).toMatchObject({
      ...enforced,
      implies: { ipBlockPods: 'unknown' },
    });
    expect(told(running + config('enable-policy: never'))).toMatchObject({ plugin: 'cilium', ingress: 'no' });
    expect(told(running)).toMatchObject({ plugin: 'cilium', ingress: 'unknown' });
  });

  test('S30: which labels Cilium sees, of whatever shows it', () => {
    const running = agent('status: {phase: Running}', 'nodeName: n1, ');
    const seen = (text: string): unknown => read(text).enforcement.identityLabels;
    expect(seen(running + config('labels: "k8s:app  k8s:!job-name "'))).toEqual(['k8s:app', 'k8s:!job-name']);
    expect(seen(running + config(DEFAULT))).toEqual([]);
    expect(seen(running)).toEqual([]);
    expect(seen(running + config('label-prefix-file: /etc/prefixes'))).toBeNull();
    const node = `---
apiVersion: cilium.io/v2
kind: CiliumNodeConfig
metadata: {name: some, namespace: kube-system}
spec: {defaults: {labels: "k8s:app"}}
`;
    expect(seen(running + config(DEFAULT) + node)).toBeNull();
    expect(seen(config('labels: "k8s:app"'))).toEqual(['k8s:app']);
    expect(seen(daemonSet('status: {numberReady: 2}', 'calico-node'))).toBeUndefined();
  });

  test('a DaemonSet whose status counts pods is one of a cluster', () => {
    expect(told(daemonSet('status: {numberReady: 3}') + config(DEFAULT))).toMatchObject({
      plugin: 'cilium',
      ingress: 'yes',
      implies: { ipBlockPods: 'ignore' },
    });
    expect(told(daemonSet('status: {numberReady: 2}', 'calico-node'))).toMatchObject({
      plugin: 'calico',
      ingress: 'yes',
    });
  });

  test('what somebody would install is no proof; what it would make different is unknown', () => {
    const install = daemonSet('') + config(DEFAULT);
    expect(told(install)).toEqual({
      plugin: 'cilium',
      ingress: 'unknown',
      egress: 'unknown',
      implies: { ipBlockPods: 'unknown', sctp: 'unknown' },
    });
    expect(read(install).enforcement.evidence).toContainEqual({
      where: 'daemonset kube-system/agent',
      what: 'this input holds it; nothing in the input shows that it runs',
    });
    expect(told(agent('status: {phase: Pending}', '') + config(DEFAULT))).toMatchObject({
      ingress: 'unknown',
    });
    expect(told(config('enable-policy: always'))).toMatchObject({
      plugin: 'cilium',
      ingress: 'unknown',
      implies: { unselected: 'unknown' },
    });
    expect(told(daemonSet('', 'kube-flannel'))).toMatchObject({ plugin: 'flannel', ingress: 'unknown' });
  });

  test('what is absent from manifests says nothing, and neither does an application', () => {
    const nothing = { plugin: null, ingress: 'unknown', egress: 'unknown', implies: {} };
    const node = `---
apiVersion: v1
kind: Node
metadata: {name: docker-desktop, labels: {minikube.k8s.io/name: minikube}}
`;
    const dns = `---
apiVersion: v1
kind: Pod
metadata: {name: dns, namespace: kube-system, ownerReferences: [{kind: ReplicaSet, name: dns, controller: true}]}
spec: {nodeName: docker-desktop, containers: [{name: dns, image: i}]}
status: {phase: Running}
`;
    expect(told(node + dns)).toEqual(nothing);
    expect(told(config(DEFAULT).replace('cilium-config', 'other'))).toEqual(nothing);
    expect(told(daemonSet('status: {numberReady: 3}').replace('kube-system', 'shop'))).toEqual(nothing);
  });
});

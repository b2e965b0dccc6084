/**
 * Which network plugin a cluster runs and whether it enforces NetworkPolicy (S21), from what is seen of its system pods,
 * nodes and a few named objects; and what that implies for the evaluator (S25, S3, S12, S18, S22).
 *
 * Two rules keep it honest: what was not seen is 'unknown', never 'no'; and 'no' is said only where the plugin's own
 * setting, or its documented lack of a policy agent, says so.
 */
import {
  AGENT_CONTAINERS,
  argumentList,
  array,
  flag,
  object,
  readContainers,
  recognise,
  string,
} from './pluginAgents.ts';
import type { Agent, Json } from './pluginAgents.ts';
import { identityPatterns } from './identityLabels.ts';
import type { Assumptions, Enforcement, Evidence, NodeEnforcement, Tri } from './snapshot.ts';

/** What a pod of a namespace that plugins are installed to tells; see `podSign`. */
export interface PodSign {
  /** Of kube-system. */
  system: boolean;
  kubeProxy: boolean;
  /** '' while it is not scheduled. */
  node: string;
  agent: Agent | null;
}

/** What a node tells; see `nodeSign`. */
export interface NodeSign {
  name: string;
  signs: NodeSigns;
  notes: Evidence[];
  aks: string | null;
  aksCilium: boolean;
  gke: boolean;
  minikube: boolean;
  dockerDesktop: boolean;
  flannel: boolean;
}

export interface NodeSigns {
  os: string;
  /** Agents run here by no pod of their own: k3s's built-in controller, EKS Auto Mode's agent. */
  builtIn: 'k3s' | 'eks-auto' | null;
  k3s: 'server' | 'agent' | null;
  /** A k3s server that was started with --disable-network-policy. */
  policyDisabled: boolean;
  /** Why no DaemonSet's pod can run here. */
  serverless: string | null;
  nodeClass: string | null;
}

const UNKNOWN: Enforcement = {
  plugin: null,
  ingress: 'unknown',
  egress: 'unknown',
  evidence: [],
  nodes: [],
  implies: {},
};

/** Of several plugins on one cluster the first that enforces gives its name; policy engines stand before networks. */
const ORDER = [
  'gke-dataplane-v2',
  'cilium',
  'calico',
  'canal',
  'antrea',
  'ovn-kubernetes',
  'openshift-sdn',
  'kube-ovn',
  'weave',
  'azure-npm',
  'kube-router',
  'kube-network-policies',
  'aws-vpc-cni',
  'eks-auto-mode',
  'k3s',
  'kindnet',
  'flannel',
];

/** API groups that betray a plugin of which nothing else could be seen. */
const GROUPS: Readonly<Record<string, string>> = {
  'crd.projectcalico.org': 'calico',
  'projectcalico.org': 'calico',
  'operator.tigera.io': 'calico',
  'cilium.io': 'cilium',
  'crd.antrea.io': 'antrea',
  'controlplane.antrea.io': 'antrea',
  'k8s.ovn.org': 'ovn-kubernetes',
  'kubeovn.io': 'kube-ovn',
};

/** Settings of Cilium that decide on enforcement or on what is selected. */
const CILIUM_POLICY_KEYS = ['enable-policy', 'policy-audit-mode', 'enable-k8s-networkpolicy', 'labels'];

/** What manifests begin with (S25): what an agent that perhaps does not run would make of it is then unknown. */
const MANIFEST_DEFAULTS: Partial<Assumptions> = {
  ipBlockPods: 'match',
  hostNetwork: 'node',
  endPort: 'on',
  sctp: 'on',
  unselected: 'permit',
};

/** A version of the server for manifests, whose rules are those of the newest. */
const NEWEST_MINOR = 999;

/**
 * Collects small signs from raw objects as they pass by; `detect` draws the conclusion.
 *
 * Manifests may be what a running cluster gave (`kubectl get -A -o yaml`) or what somebody would install. A pod that
 * runs on a node and a DaemonSet whose status counts pods are signs of a cluster; the same objects without status only
 * say what this input holds. And what is absent from manifests says nothing.
 */
export class PluginSignals {
  readonly #manifests: boolean;
  /** Plugin → an agent that manifests hold and of which nothing runs in them. */
  readonly #held = new Map<string, Agent>();
  /** CiliumNodeConfigs that set something of CILIUM_POLICY_KEYS, and whether any sets how blocks match. */
  readonly #ciliumNodeConfigs: string[] = [];
  #ciliumNodeMatch = false;
  #ciliumNodeLabels = false;
  readonly #nodes = new Map<string, NodeSigns>();
  /** node → plugin → agent. Pods that are not scheduled yet stand under ''. */
  readonly #agents = new Map<string, Map<string, Agent>>();
  /** Plugin → what a DaemonSet's template says, for clusters whose system pods may not be read. */
  readonly #templates = new Map<string, Agent>();
  readonly #groups = new Set<string>();
  readonly #evidence: Evidence[] = [];
  #version: string | null = null;
  /** Pods of kube-system that were seen: without any, a missing agent says nothing. */
  #systemPods = 0;
  #kubeProxy = false;
  #cilium: Json | null = null;
  #vpcCni: Json | null = null;
  #openshift: { type: string; mode: string | null } | null = null;
  readonly #nodeClasses = new Map<string, string>();
  #aks: string | null = null;
  #gke = false;
  #minikube: string | null = null;
  #dockerDesktop = false;
  #flannelNode: string | null = null;

  /** @param source 'manifests': what is fed comes from files, not from an API server */
  constructor(source: 'cluster' | 'manifests' = 'cluster') {
    this.#manifests = source === 'manifests';
  }

  /** A pod as the API gives it. Most are let go after a look at their owner. */
  pod(raw: unknown): void {
    const sign = podSign(raw);
    if (this.#manifests) {
      const one = object(raw);
      const runs = string(object(one['status'])['phase']) === 'Running' && sign.node !== '';
      if (!runs) {
        if (sign.agent && !this.#held.has(sign.agent.plugin)) this.#held.set(sign.agent.plugin, sign.agent);
        return;
      }
    }
    this.addPod(sign);
  }

  /** The sign of a pod; it is not changed, and may be added to another collection again. */
  addPod({ system, kubeProxy, node, agent }: PodSign): void {
    if (system) this.#systemPods += 1;
    if (kubeProxy) this.#kubeProxy = true;
    if (!agent) return;
    const here = this.#agents.get(node) ?? new Map<string, Agent>();
    const before = here.get(agent.plugin);
    // Two pods of one agent on a node: an old one is going. The one that enforces less counts.
    if (!before || rank(agent.ingress) < rank(before.ingress)) here.set(agent.plugin, agent);
    this.#agents.set(node, here);
  }

  /** A node as the API gives it. */
  node(raw: unknown): void {
    this.addNode(nodeSign(raw));
  }

  /** The sign of a node; it is not changed, and may be added to another collection again. */
  addNode({ name, signs, notes, aks, aksCilium, gke, minikube, dockerDesktop, flannel }: NodeSign): void {
    for (const { where, what } of notes) this.#note(where, what);
    if (aks !== null) this.#aks ??= aks;
    if (aksCilium) this.#aks = 'cilium';
    if (gke) this.#gke = true;
    if (minikube) this.#minikube = name;
    if (dockerDesktop) this.#dockerDesktop = true;
    if (flannel) this.#flannelNode ??= name;
    this.#nodes.set(name, signs);
  }

  /** A DaemonSet as the API gives it: stands in where the pods themselves may not be read. */
  daemonSet(raw: unknown): void {
    const agent = daemonSetSign(raw);
    const ready = object(object(raw)['status'])['numberReady'];
    if (!this.#manifests || (typeof ready === 'number' && ready > 0)) this.addDaemonSet(agent);
    else if (agent && !this.#held.has(agent.plugin)) this.#held.set(agent.plugin, agent);
  }

  /** The sign of a DaemonSet (null: no agent's). */
  addDaemonSet(agent: Agent | null): void {
    if (agent && !this.#templates.has(agent.plugin)) this.#templates.set(agent.plugin, agent);
  }

  /** A ConfigMap as the API gives it; only cilium-config and amazon-vpc-cni are looked at. */
  configMap(raw: unknown): void {
    const map = object(raw);
    const name = string(object(map['metadata'])['name']);
    if (name === 'cilium-config') this.#cilium = object(map['data']);
    else if (name === 'amazon-vpc-cni') this.#vpcCni = object(map['data']);
  }

  /** Name of a served API group. */
  apiGroup(name: string): void {
    this.#groups.add(name);
  }

  /** The server's gitVersion. */
  serverVersion(version: string): void {
    this.#version = version;
  }

  /** An object of another kind that tells something of the plugin (OpenShift's Network, EKS's NodeClass). */
  other(kind: string, raw: unknown): void {
    const one = object(raw);
    const name = string(object(one['metadata'])['name']);
    const spec = object(one['spec']);
    if (kind === 'Network' && name === 'cluster') {
      const group = string(one['apiVersion']).split('/')[0];
      const status = object(one['status']);
      const network = object(spec['defaultNetwork']);
      const type = string(status['networkType']) || string(spec['networkType']) || string(network['type']);
      // https://docs.redhat.com/en/documentation/openshift_container_platform/4.9/html/networking/openshift-sdn-default-cni-network-provider
      const mode =
        string(object(network['openshiftSDNConfig'])['mode']) ||
        (group === 'operator.openshift.io' ? 'NetworkPolicy' : null);
      const before = this.#openshift;
      this.#openshift = { type: type || (before?.type ?? ''), mode: mode ?? before?.mode ?? null };
      if (type !== '') this.#note(`network ${group}/cluster`, `networkType ${type}`);
    } else if (kind === 'NodeClass') {
      const policy = string(spec['networkPolicy']) || 'DefaultAllow';
      this.#nodeClasses.set(name, policy);
    } else if (kind === 'CiliumNodeConfig') {
      const defaults = object(spec['defaults']);
      if (CILIUM_POLICY_KEYS.some((key) => defaults[key] !== undefined)) this.#ciliumNodeConfigs.push(name);
      if (defaults['policy-cidr-match-mode'] !== undefined) this.#ciliumNodeMatch = true;
      if (defaults['labels'] !== undefined || defaults['label-prefix-file'] !== undefined)
        this.#ciliumNodeLabels = true;
    } else if (kind === 'Installation') {
      this.#note(`installation operator.tigera.io/${name}`, `variant ${string(spec['variant']) || 'Calico'}`);
    }
  }

  #note(where: string, what: string): void {
    this.#evidence.push({ where, what });
  }

  /** What was noted along the way, in an order that does not depend on how the objects came; a hundred at most. */
  #noted(): Evidence[] {
    return [...this.#evidence]
      .sort((a, b) => compare(a.where, b.where) || compare(a.what, b.what))
      .slice(0, 100);
  }

  /**
   * The conclusion: the cluster's plugin and whether it enforces, the nodes that differ, and what it implies for the
   * evaluator. The same objects in any order give the same.
   */
  detect(): Enforcement {
    const perNode = new Map<string, Agent[]>();
    // Copies: what stands outside a pod may still come, and this may be asked again.
    const copy = (agent: Agent): Agent => ({ ...agent, evidence: [...agent.evidence] });
    for (const [node, agents] of this.#agents) perNode.set(node, [...agents.values()].map(copy));
    this.#addBuiltIn(perNode);
    if (perNode.size === 0) {
      perNode.set('', [...this.#templates.values()].map(copy));
    }
    for (const agents of perNode.values()) {
      agents.sort((a, b) => compare(a.plugin, b.plugin));
      for (const agent of agents) this.#configure(agent);
    }

    const present = new Map<string, { nodes: number; yes: number }>();
    for (const agents of perNode.values()) {
      for (const agent of agents) {
        const count = present.get(agent.plugin) ?? { nodes: 0, yes: 0 };
        count.nodes += 1;
        if (agent.ingress === 'yes' || agent.egress === 'yes') count.yes += 1;
        present.set(agent.plugin, count);
      }
    }
    const named = [...present].sort(
      ([a, one], [b, two]) =>
        Number(two.yes > 0) - Number(one.yes > 0) || ORDER.indexOf(a) - ORDER.indexOf(b) || compare(a, b),
    );
    const plugin = named[0]?.[0] ?? null;
    if (plugin === null) return this.#manifests ? this.#heldAlone() : this.#withoutAgent();

    const verdicts = new Map<string, { ingress: Tri; egress: Tri; agents: Agent[] }>();
    for (const [node, agents] of perNode) {
      verdicts.set(node, {
        ingress: best(agents.map((agent) => agent.ingress)),
        egress: best(agents.map((agent) => agent.egress)),
        agents,
      });
    }
    // What most nodes with an agent say is the cluster's answer; of a tie, the weaker one.
    const tally = new Map<string, number>();
    for (const { ingress, egress } of verdicts.values()) {
      const key = `${ingress} ${egress}`;
      tally.set(key, (tally.get(key) ?? 0) + 1);
    }
    const [winner] = [...tally].sort(([a, n], [b, m]) => m - n || strength(a) - strength(b) || compare(a, b));
    const [ingress, egress] = (winner?.[0].split(' ') ?? ['unknown', 'unknown']) as [Tri, Tri];

    const nodes: NodeEnforcement[] = [];
    for (const name of new Set([...this.#nodes.keys(), ...verdicts.keys()])) {
      if (name === '') continue;
      const signs = this.#nodes.get(name);
      const found = verdicts.get(name);
      let one: NodeEnforcement;
      if (found) {
        one = {
          node: name,
          plugin: pickAgent(found.agents).plugin,
          ingress: found.ingress,
          egress: found.egress,
          evidence: found.agents.flatMap((agent) => agent.evidence),
        };
      } else if (signs?.serverless) {
        const evidence = [{ where: `node ${name}`, what: signs.serverless }];
        one = { node: name, plugin: null, ingress: 'no', egress: 'no', evidence };
      } else if (verdicts.size === 1 && verdicts.has('')) {
        // Only a DaemonSet or unscheduled pods were seen: nothing is known of single nodes.
        continue;
      } else {
        const evidence = [
          {
            where: `node ${name}`,
            what: `no pod of ${plugin} was seen on this node${signs && signs.os !== 'linux' ? ` (${signs.os})` : ''}`,
          },
        ];
        one = { node: name, plugin: null, ingress: 'unknown', egress: 'unknown', evidence };
      }
      if (one.ingress !== ingress || one.egress !== egress) nodes.push(one);
    }
    nodes.sort((a, b) => compare(a.node, b.node));

    // One pod of each kind that says what the cluster says is evidence enough.
    const evidence: Evidence[] = this.#noted();
    const shown = new Set<string>();
    for (const [, { ingress: i, egress: e, agents }] of [...verdicts].sort(([a], [b]) => compare(a, b))) {
      if (i !== ingress || e !== egress) continue;
      for (const agent of agents) {
        if (shown.has(agent.plugin)) continue;
        shown.add(agent.plugin);
        evidence.push(...agent.evidence);
      }
    }
    for (const group of [...this.#groups].sort()) {
      if (GROUPS[group] === plugin) evidence.push({ where: 'discovery', what: `API group ${group}` });
    }
    return {
      plugin,
      ingress,
      egress,
      evidence: unique(evidence),
      nodes,
      implies: this.#implies(plugin, perNode),
      ...this.#identityLabels([...present.keys()]),
    };
  }

  /** S30: what limits the labels that Cilium sees, where it is one of the plugins. */
  #identityLabels(plugins: readonly string[]): Pick<Enforcement, 'identityLabels'> {
    if (!plugins.some((plugin) => plugin === 'cilium' || plugin === 'gke-dataplane-v2')) return {};
    const config = this.#cilium;
    const unknown = this.#ciliumNodeLabels || string(config?.['label-prefix-file']) !== '';
    return { identityLabels: unknown ? null : identityPatterns(string(config?.['labels'])) };
  }

  /** Manifests that show no agent at work: what they hold of one, which is no proof that it runs anywhere. */
  #heldAlone(): Enforcement {
    const evidence = this.#noted();
    const held = [...this.#held.values()].sort(
      (a, b) => ORDER.indexOf(a.plugin) - ORDER.indexOf(b.plugin) || compare(a.plugin, b.plugin),
    );
    const config = this.#cilium !== null ? 'cilium' : null;
    const plugin =
      held[0]?.plugin ?? config ?? (this.#openshift ? openshiftPlugin(this.#openshift.type) : null);
    if (plugin === null) return { ...UNKNOWN, evidence: unique(evidence), nodes: [], implies: {} };
    for (const agent of held) {
      const where = agent.evidence[0]?.where ?? '';
      evidence.push({ where, what: 'this input holds it; nothing in the input shows that it runs' });
    }
    if (config !== null) {
      const where = 'configmap kube-system/cilium-config';
      evidence.push({ where, what: 'this input holds it; none of its running agents was seen' });
    }
    const agents: Agent[] = held
      .filter((agent) => agent.plugin === plugin)
      .map((agent) => ({ ...agent, evidence: [] }));
    if (agents.length === 0) agents.push({ plugin, ingress: 'yes', egress: 'yes', evidence: [] });
    for (const agent of agents) this.#configure(agent);
    const implies = this.#implies(plugin, new Map([['', agents]]));
    const perhaps = Object.entries(MANIFEST_DEFAULTS)
      .filter(([name, value]) => implies[name as keyof Assumptions] !== value)
      .map(([name]) => [name, 'unknown']);
    return {
      plugin,
      ingress: 'unknown',
      egress: 'unknown',
      evidence: unique(evidence),
      nodes: [],
      implies: Object.fromEntries(perhaps) as Partial<Assumptions>,
      ...this.#identityLabels([plugin]),
    };
  }

  /** k3s and EKS Auto Mode enforce without a pod of their own. */
  #addBuiltIn(perNode: Map<string, Agent[]>): void {
    const servers = [...this.#nodes]
      .filter(([, signs]) => signs.k3s === 'server')
      .sort(([a], [b]) => compare(a, b));
    const disabled = servers.filter(([, signs]) => signs.policyDisabled);
    for (const [name, signs] of this.#nodes) {
      const add = (agent: Agent): void => {
        perNode.set(name, [...(perNode.get(name) ?? []), agent]);
      };
      if (signs.builtIn === 'k3s') {
        // https://docs.k3s.io/networking/networking-services#network-policy-controller: a server's flag holds for all.
        const evidence: Evidence[] =
          disabled.length > 0
            ? [
                {
                  where: `node ${disabled[0]?.[0] ?? ''} annotation k3s.io/node-args`,
                  what: 'argument --disable-network-policy',
                },
              ]
            : servers.length > 0
              ? [
                  {
                    where: `node ${servers[0]?.[0] ?? ''} annotation k3s.io/node-args`,
                    what: 'no --disable-network-policy: the built-in controller runs',
                  },
                ]
              : [{ where: `node ${name}`, what: "k3s, but no server's arguments were seen" }];
        const verdict: Tri = disabled.length > 0 ? 'no' : servers.length > 0 ? 'yes' : 'unknown';
        add({ plugin: 'k3s', ingress: verdict, egress: verdict, evidence });
      } else if (signs.builtIn === 'eks-auto') {
        const setting = this.#vpcCni?.['enable-network-policy-controller'];
        const verdict: Tri = setting === 'true' ? 'yes' : typeof setting === 'string' ? 'no' : 'unknown';
        const evidence: Evidence[] = [
          { where: `node ${name}`, what: 'label eks.amazonaws.com/compute-type=auto' },
          {
            where: 'configmap kube-system/amazon-vpc-cni',
            what:
              typeof setting === 'string'
                ? `enable-network-policy-controller: "${setting}"`
                : 'enable-network-policy-controller was not seen',
          },
        ];
        const policy = signs.nodeClass === null ? undefined : this.#nodeClasses.get(signs.nodeClass);
        if (policy === 'DefaultDeny') {
          evidence.push({ where: `nodeclass ${signs.nodeClass ?? ''}`, what: 'networkPolicy: DefaultDeny' });
        }
        add({
          plugin: 'eks-auto-mode',
          ingress: verdict,
          egress: verdict,
          evidence,
          ...(policy === 'DefaultDeny' || (policy === undefined && verdict === 'yes')
            ? { unselected: 'unknown' as const }
            : {}),
        });
      }
    }
  }

  /** Settings that stand outside the agent's pod. */
  #configure(agent: Agent): void {
    const no = (where: string, what: string): void => {
      agent.ingress = 'no';
      agent.egress = 'no';
      agent.evidence.push({ where, what });
    };
    if (agent.plugin === 'cilium' || agent.plugin === 'gke-dataplane-v2') {
      const where = 'configmap kube-system/cilium-config';
      const config = this.#cilium;
      if (config === null) {
        const managed = agent.plugin === 'gke-dataplane-v2' || this.#aks === 'cilium';
        if (!managed && agent.ingress === 'yes') {
          // enable-policy and policy-audit-mode stand there alone: without it nobody knows.
          agent.ingress = 'unknown';
          agent.egress = 'unknown';
          agent.evidence.push({
            where,
            what: 'was not seen, so its enable-policy and policy-audit-mode are not known',
          });
        }
        return;
      }
      // https://docs.cilium.io/en/stable/security/policy/intro/ and .../security/policy-creation/
      const mode = string(config['enable-policy']).toLowerCase();
      if (mode === 'never') no(where, 'enable-policy: never');
      else if (config['policy-audit-mode'] === 'true')
        no(where, 'policy-audit-mode: "true", which only logs');
      else if (config['enable-k8s-networkpolicy'] === 'false') no(where, 'enable-k8s-networkpolicy: "false"');
      else {
        agent.evidence.push({ where, what: `enable-policy: ${mode === '' ? 'default (not set)' : mode}` });
        if (mode === 'always') agent.unselected = 'deny';
      }
      // https://docs.cilium.io/en/stable/configuration/per-node-config/
      for (const name of [...this.#ciliumNodeConfigs].sort()) {
        agent.evidence.push({
          where: `ciliumnodeconfig ${name}`,
          what: 'sets something else for the agents of some nodes',
        });
        agent.ingress = 'unknown';
        agent.egress = 'unknown';
      }
    } else if (agent.plugin === 'openshift-sdn') {
      const mode = this.#openshift?.mode ?? null;
      const minor = minorOf(this.#version);
      if (mode !== null && mode !== 'NetworkPolicy')
        no('network operator.openshift.io/cluster', `mode ${mode}`);
      else {
        if (mode === null) {
          agent.ingress = 'unknown';
          agent.evidence.push({
            where: 'network operator.openshift.io/cluster',
            what: 'its mode was not seen',
          });
        } else {
          agent.ingress = 'yes';
          agent.evidence.push({ where: 'network operator.openshift.io/cluster', what: 'mode NetworkPolicy' });
        }
        // https://docs.redhat.com/en/documentation/openshift_container_platform/4.9/html/networking/network-policy:
        // no egress, and an ipBlock with except is ignored whole. 4.9 is Kubernetes 1.22.
        agent.egress = minor === null || mode === null ? 'unknown' : minor <= 22 ? 'no' : 'yes';
        if (minor !== null && minor <= 22) {
          agent.evidence.push({
            where: `server version ${this.#version ?? ''}`,
            what: 'OpenShift SDN up to 4.9 enforces no egress rules and ignores an ipBlock that has except',
          });
        }
      }
    }
  }

  /** No agent was seen anywhere: what else is known of the cluster may still tell. */
  #withoutAgent(): Enforcement {
    const evidence = this.#noted();
    const say = (plugin: string, verdict: Tri, where: string, what: string): Enforcement => ({
      plugin,
      ingress: verdict,
      egress: verdict,
      evidence: unique([...evidence, { where, what }]),
      nodes: [],
      implies: this.#implies(plugin, new Map()),
    });
    const looked = this.#systemPods > 0;
    if (this.#openshift?.type === 'OVNKubernetes') {
      return say('ovn-kubernetes', 'yes', 'network config.openshift.io/cluster', 'networkType OVNKubernetes');
    }
    if (this.#openshift?.type === 'OpenShiftSDN') {
      const agent: Agent = { plugin: 'openshift-sdn', ingress: 'unknown', egress: 'unknown', evidence: [] };
      this.#configure(agent);
      return {
        ...say(
          'openshift-sdn',
          agent.ingress,
          'network config.openshift.io/cluster',
          'networkType OpenShiftSDN',
        ),
        egress: agent.egress,
        evidence: unique([...evidence, ...agent.evidence]),
      };
    }
    if (this.#aks === 'none') {
      return say('azure-cni', 'no', 'nodes', 'label kubernetes.azure.com/network-policy=none');
    }
    if (this.#aks !== null) {
      const engine = this.#aks === 'azure' ? 'azure-npm' : this.#aks;
      return say(
        engine,
        'unknown',
        'nodes',
        `label kubernetes.azure.com/network-policy=${this.#aks}, but none of its pods was seen`,
      );
    }
    if (looked && this.#dockerDesktop) {
      return say(
        'docker-desktop',
        'no',
        'node docker-desktop',
        "Docker Desktop's own network runs no policy agent",
      );
    }
    if (looked && this.#minikube !== null) {
      // https://minikube.sigs.k8s.io/docs/handbook/network_policy/
      return say(
        'minikube-bridge',
        'no',
        `node ${this.#minikube}`,
        "minikube's own bridge runs no policy agent",
      );
    }
    if (looked && this.#flannelNode !== null) {
      return say(
        'flannel',
        'unknown',
        `node ${this.#flannelNode} annotation flannel.alpha.coreos.com/backend-type`,
        'Flannel, of which no pod was seen',
      );
    }
    if (looked && this.#gke && this.#kubeProxy) {
      // https://cloud.google.com/kubernetes-engine/docs/how-to/network-policy: off unless it was turned on.
      return say(
        'gke',
        'no',
        'pods of kube-system',
        'GKE with kube-proxy, and neither anetd nor calico-node',
      );
    }
    if (this.#version?.includes('+k3s')) {
      return say(
        'k3s',
        'unknown',
        `server version ${this.#version}`,
        "k3s, but no server's arguments were seen",
      );
    }
    for (const group of [...this.#groups].sort()) {
      const plugin = GROUPS[group];
      // Definitions stay behind when a plugin is removed.
      if (plugin)
        return say(plugin, 'unknown', 'discovery', `API group ${group}, but none of its pods was seen`);
    }
    return {
      ...UNKNOWN,
      evidence: unique(evidence),
      implies: { ipBlockPods: 'unknown', hostNetwork: 'unknown', ...this.#byVersion(null, new Map()) },
    };
  }

  /** S25: what is detected for the evaluator; a live cluster gets 'unknown' where nothing is. */
  #implies(plugin: string, perNode: Map<string, Agent[]>): Partial<Assumptions> {
    const implies: Partial<Assumptions> = this.#byVersion(plugin, perNode);
    const engine = plugin === 'gke-dataplane-v2' ? 'cilium' : plugin;
    // S12: https://docs.cilium.io/en/stable/security/policy/language/#cidr-based
    if (engine === 'cilium') {
      implies.ipBlockPods =
        (this.#cilium === null && plugin === 'cilium') || this.#ciliumNodeMatch
          ? 'unknown'
          : matchMode(string(this.#cilium?.['policy-cidr-match-mode']), ciliumVersions(perNode));
    } else implies.ipBlockPods = 'match';
    // S18: OVN-Kubernetes counts hostNetwork pods as members of a namespace in some peers.
    implies.hostNetwork = engine === 'ovn-kubernetes' ? 'unknown' : 'node';
    // S3
    let unselected: Assumptions['unselected'] = 'permit';
    let enforcing = 0;
    const asked = new Set<string>();
    for (const agents of perNode.values()) {
      for (const agent of agents) {
        if (agent.ingress !== 'yes' && agent.egress !== 'yes') continue;
        enforcing += 1;
        asked.add(agent.unselected ?? 'permit');
      }
    }
    if (enforcing > 0) {
      if (asked.size > 1 || asked.has('unknown')) unselected = 'unknown';
      else if (asked.has('deny')) unselected = 'deny';
    } else if (engine === 'cilium' && this.#cilium === null && plugin !== 'gke-dataplane-v2')
      unselected = 'unknown';
    implies.unselected = unselected;
    return implies;
  }

  /** S22, and what each plugin does with endPort and SCTP, where that is documented. */
  #byVersion(plugin: string | null, perNode: Map<string, Agent[]>): Partial<Assumptions> {
    const minor = this.#manifests ? NEWEST_MINOR : minorOf(this.#version);
    const implies: Partial<Assumptions> = this.#manifests
      ? {}
      : { serverVersion: minor === null ? 'unknown' : `1.${minor}` };
    if (minor !== null && minor < 22) implies.endPort = 'off';
    else if (minor === null || plugin === null) implies.endPort = 'unknown';
    else if (plugin === 'cilium' || plugin === 'gke-dataplane-v2') {
      // https://github.com/cilium/cilium/issues/28684: before 1.16 the range is taken for its first port.
      const versions = ciliumVersions(perNode);
      const known = versions.filter((v) => v !== undefined);
      if (known.length === 0 || known.length < versions.length) implies.endPort = 'unknown';
      else if (known.every(([major, m]) => major > 1 || m >= 16)) implies.endPort = 'on';
      else implies.endPort = known.every(([major, m]) => major === 1 && m < 16) ? 'off' : 'unknown';
    } else implies.endPort = END_PORT.has(plugin) ? 'on' : 'unknown';
    if (minor !== null && minor < 19) implies.sctp = 'unknown';
    else if (plugin === 'cilium') implies.sctp = this.#cilium?.['enable-sctp'] === 'true' ? 'on' : 'unknown';
    else implies.sctp = minor !== null && plugin !== null && SCTP.has(plugin) ? 'on' : 'unknown';
    return implies;
  }
}

/**
 * What a pod tells of the network plugin: whether it is an agent, of which plugin, and whether it runs.
 * @param raw the pod as the API gives it
 */
export function podSign(raw: unknown): PodSign {
  const pod = object(raw);
  const meta = object(pod['metadata']);
  const namespace = string(meta['namespace']);
  const system = namespace === 'kube-system';
  const sign: PodSign = { system, kubeProxy: false, node: '', agent: null };
  const owner = object(array(meta['ownerReferences'])[0]);
  const kind = string(owner['kind']);
  if (system && (kind === 'Node' || kind === 'DaemonSet') && string(meta['name']).startsWith('kube-proxy')) {
    return { ...sign, kubeProxy: true };
  }
  // Agents run once on every node: as a DaemonSet's pods.
  if (kind !== 'DaemonSet') return sign;
  const spec = object(pod['spec']);
  const agent = recognise(
    string(owner['name']),
    namespace,
    object(meta['labels']),
    readContainers(spec),
    `pod ${namespace}/${string(meta['name'])}`,
  );
  if (!agent) return sign;
  const status = object(pod['status']);
  const phase = string(status['phase']);
  const waiting = array(status['containerStatuses'])
    .map(object)
    .find((one) => one['ready'] === false && AGENT_CONTAINERS.has(string(one['name'])));
  if ((phase !== '' && phase !== 'Running') || waiting) {
    agent.evidence.push({
      where: agent.evidence[0]?.where ?? '',
      what: waiting ? `container ${string(waiting['name'])} is not ready` : `phase ${phase}`,
    });
    if (agent.ingress === 'yes') agent.ingress = 'unknown';
    if (agent.egress === 'yes') agent.egress = 'unknown';
  }
  return { ...sign, node: string(spec['nodeName']), agent };
}

/**
 * What a node tells of the network plugin.
 * @param raw the node as the API gives it
 */
export function nodeSign(raw: unknown): NodeSign {
  const node = object(raw);
  const meta = object(node['metadata']);
  const name = string(meta['name']);
  const labels = object(meta['labels']);
  const annotations = object(meta['annotations']);
  const info = object(object(node['status'])['nodeInfo']);
  const kubelet = string(info['kubeletVersion']);
  const provider = string(object(node['spec'])['providerID']);
  const notes: Evidence[] = [];
  const signs: NodeSigns = {
    os: string(labels['kubernetes.io/os']) || string(info['operatingSystem']) || 'linux',
    builtIn: null,
    k3s: null,
    policyDisabled: false,
    serverless: null,
    nodeClass: null,
  };
  const k3sArgs = annotations['k3s.io/node-args'];
  if (typeof k3sArgs === 'string' || kubelet.includes('+k3s')) {
    const args = argumentList(k3sArgs);
    signs.builtIn = 'k3s';
    signs.k3s = args.length === 0 ? null : args[0] === 'server' ? 'server' : 'agent';
    signs.policyDisabled = flag(args, 'disable-network-policy') === true;
    if (signs.policyDisabled) {
      notes.push({
        where: `node ${name} annotation k3s.io/node-args`,
        what: 'argument --disable-network-policy',
      });
    }
  }
  const rke2Args = annotations['rke2.io/node-args'];
  if (typeof rke2Args === 'string') {
    const args = argumentList(rke2Args);
    const at = args.findIndex((arg) => arg === '--cni' || arg.startsWith('--cni='));
    const cni = at < 0 ? '' : (args[at]?.split('=')[1] ?? args[at + 1] ?? '');
    notes.push({
      where: `node ${name} annotation rke2.io/node-args`,
      what: cni === '' ? 'no --cni: RKE2 uses its default, Canal' : `argument --cni ${cni}`,
    });
  }
  const compute = string(labels['eks.amazonaws.com/compute-type']);
  if (compute === 'auto') {
    // https://docs.aws.amazon.com/eks/latest/userguide/auto-net-pol.html
    signs.builtIn = 'eks-auto';
    signs.nodeClass = string(labels['eks.amazonaws.com/nodeclass']) || null;
  }
  if (compute === 'fargate' || name.startsWith('fargate-')) {
    // https://docs.aws.amazon.com/eks/latest/userguide/fargate.html: DaemonSets do not run there.
    signs.serverless = 'label eks.amazonaws.com/compute-type=fargate: no agent can run on a Fargate node';
  } else if (labels['type'] === 'virtual-kubelet' || labels['kubernetes.azure.com/role'] === 'virtual-node') {
    signs.serverless = 'a virtual kubelet: no agent can run on it';
  }
  // https://learn.microsoft.com/en-us/azure/aks/use-network-policies; AKS labels its nodes with the engine.
  const engine = labels['kubernetes.azure.com/network-policy'];
  return {
    name,
    signs,
    notes,
    aks: typeof engine === 'string' ? engine : null,
    aksCilium: labels['kubernetes.azure.com/ebpf-dataplane'] === 'cilium',
    gke: labels['cloud.google.com/gke-nodepool'] !== undefined,
    minikube: typeof labels['minikube.k8s.io/name'] === 'string',
    // https://github.com/docker/roadmap/issues/888: its built-in network has no NetworkPolicy.
    dockerDesktop: name === 'docker-desktop' && provider === '',
    flannel: annotations['flannel.alpha.coreos.com/backend-type'] !== undefined,
  };
}

/**
 * What a DaemonSet's template tells of the network plugin; null where it is no agent's.
 * @param raw the DaemonSet as the API gives it
 */
export function daemonSetSign(raw: unknown): Agent | null {
  const set = object(raw);
  const meta = object(set['metadata']);
  const template = object(object(set['spec'])['template']);
  const namespace = string(meta['namespace']);
  const name = string(meta['name']);
  return recognise(
    name,
    namespace,
    object(object(template['metadata'])['labels']),
    readContainers(object(template['spec'])),
    `daemonset ${namespace}/${name}`,
  );
}

/** Plugins whose documentation says that they take a range of ports. */
const END_PORT = new Set([
  'calico',
  'canal',
  'antrea',
  'ovn-kubernetes',
  'kube-network-policies',
  'kindnet',
  'aws-vpc-cni',
  'eks-auto-mode',
  'kube-router',
  'k3s',
]);
/** Plugins whose documentation says that they take SCTP. */
const SCTP = new Set(['calico', 'canal', 'antrea', 'ovn-kubernetes', 'kube-network-policies', 'kindnet']);

/** Versions of Cilium's agents; undefined where an image does not tell. */
function ciliumVersions(perNode: Map<string, Agent[]>): ([number, number] | undefined)[] {
  return [...perNode.values()]
    .flat()
    .filter(({ plugin }) => plugin === 'cilium' || plugin === 'gke-dataplane-v2')
    .map(({ version }) => version);
}

/**
 * What Cilium's blocks match of the cluster's own addresses (S12), by `policy-cidr-match-mode`: a list of `nodes` (from
 * 1.15) and `pods` (from 1.20), parted by commas or blanks. With one of the two they match either nodes or pods, which
 * is neither 'match' nor 'ignore' for all of them.
 * https://docs.cilium.io/en/stable/network/kubernetes/policy/, https://github.com/cilium/cilium/pull/45194
 */
function matchMode(
  text: string,
  versions: readonly ([number, number] | undefined)[],
): Assumptions['ipBlockPods'] {
  const modes = text.split(/[\s,]+/).filter((mode) => mode !== '');
  if (modes.length === 0) return 'ignore';
  const since = (minor: number): boolean =>
    versions.length > 0 && versions.every((v) => v !== undefined && (v[0] > 1 || v[1] >= minor));
  const both = modes.includes('nodes') && modes.includes('pods');
  return both && modes.length === 2 && since(20) ? 'match' : 'unknown';
}

function openshiftPlugin(type: string): string | null {
  return type === 'OVNKubernetes' ? 'ovn-kubernetes' : type === 'OpenShiftSDN' ? 'openshift-sdn' : null;
}

function pickAgent(agents: Agent[]): Agent {
  return [...agents].sort(
    (a, b) => rank(b.ingress) - rank(a.ingress) || ORDER.indexOf(a.plugin) - ORDER.indexOf(b.plugin),
  )[0] as Agent;
}

/** 'v1.33.2+k3s1' → 33. */
function minorOf(version: string | null): number | null {
  const found = /^v?1\.(\d+)/.exec(version ?? '');
  return found ? Number(found[1]) : null;
}

function rank(verdict: Tri): number {
  return verdict === 'yes' ? 2 : verdict === 'unknown' ? 1 : 0;
}

function strength(pair: string): number {
  return pair.split(' ').reduce((sum, verdict) => sum + rank(verdict as Tri), 0);
}

/** Of several agents on one node one that enforces is enough. */
function best(verdicts: Tri[]): Tri {
  return verdicts.reduce<Tri>((a, b) => (rank(b) > rank(a) ? b : a), 'no');
}

function unique(evidence: Evidence[]): Evidence[] {
  const seen = new Set<string>();
  return evidence.filter(({ where, what }) => {
    const key = `${where}\n${what}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

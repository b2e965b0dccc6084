/**
 * Recognising the agents of network plugins: which plugin a DaemonSet's pod belongs to, and what its own containers,
 * arguments and environment say of enforcement (S21).
 */
import type { Assumptions, Evidence, Tri } from './snapshot.ts';

export type Json = Record<string, unknown>;

export interface Container {
  name: string;
  image: string;
  /** Command and arguments in one list. */
  args: string[];
  env: Map<string, string>;
}

/** What one agent pod (or a DaemonSet's template, without a node) says. */
export interface Agent {
  plugin: string;
  ingress: Tri;
  egress: Tri;
  evidence: Evidence[];
  /** Lets pods that no policy selects be something else than permitted (S3). */
  unselected?: Assumptions['unselected'];
  /** Version of the plugin, where its image tag tells. */
  version?: [number, number];
}

/** Containers whose readiness says whether the agent works. */
export const AGENT_CONTAINERS = new Set([
  'calico-node',
  'cilium-agent',
  'antrea-agent',
  'antrea-ovs',
  'weave',
  'weave-npc',
  'kube-router',
  'kube-network-policies',
  'kindnet-cni',
  'aws-eks-nodeagent',
  'azure-npm',
  'ovnkube-controller',
  'ovnkube-node',
  'ovn-controller',
  'sdn',
  'cni-server',
]);

/** Which agent a DaemonSet's pod is, and what its own arguments and environment say. */
export function recognise(
  owner: string,
  namespace: string,
  labels: Json,
  containers: Container[],
  where: string,
): Agent | null {
  const has = (name: string): Container | undefined => containers.find((one) => one.name === name);
  const agent = (plugin: string, verdict: Tri, ...what: string[]): Agent => ({
    plugin,
    ingress: verdict,
    egress: verdict,
    evidence: what.map((one) => ({ where, what: one })),
  });
  const calico = has('calico-node');
  if (calico || owner === 'calico-node-windows') {
    const canal = labels['k8s-app'] === 'canal' || has('kube-flannel') !== undefined;
    return agent(canal ? 'canal' : 'calico', 'yes', `container ${calico ? 'calico-node' : owner}`);
  }
  const cilium = has('cilium-agent');
  if (cilium) {
    const plugin = owner === 'anetd' ? 'gke-dataplane-v2' : 'cilium';
    const found = agent(plugin, 'yes', `container cilium-agent of DaemonSet ${owner}`);
    const version = versionOf(cilium.image);
    if (version) found.version = version;
    const mode = value(cilium.args, 'enable-policy');
    if (mode === 'never' || flag(cilium.args, 'policy-audit-mode') === true) {
      return {
        ...found,
        ingress: 'no',
        egress: 'no',
        evidence: [
          ...found.evidence,
          {
            where,
            what: mode === 'never' ? 'argument --enable-policy=never' : 'argument --policy-audit-mode',
          },
        ],
      };
    }
    return found;
  }
  if (has('antrea-agent')) return agent('antrea', 'yes', 'container antrea-agent');
  if (namespace === 'openshift-sdn' && has('sdn')) return agent('openshift-sdn', 'unknown', 'container sdn');
  const ovn =
    has('ovnkube-controller') ??
    has('ovnkube-node') ??
    (owner.startsWith('ovnkube') ? has('ovn-controller') : undefined);
  if (ovn) return agent('ovn-kubernetes', 'yes', `container ${ovn.name}`);
  if (owner === 'kube-ovn-cni')
    return agent('kube-ovn', 'unknown', 'DaemonSet kube-ovn-cni; whether --enable-np is on was not seen');
  const weave = has('weave');
  if (weave && (owner.startsWith('weave') || has('weave-npc'))) {
    // EXPECT_NPC: https://github.com/weaveworks/weave/blob/master/site/kubernetes/kube-addon.md
    if (weave.env.get('EXPECT_NPC') === '0') return agent('weave', 'no', 'environment EXPECT_NPC=0');
    if (!has('weave-npc')) return agent('weave', 'no', 'container weave without weave-npc');
    return agent('weave', 'yes', 'container weave-npc');
  }
  const npm = has('azure-npm') ?? (owner === 'azure-npm-win' ? containers[0] : undefined);
  if (npm) return agent('azure-npm', 'yes', `container ${npm.name} of DaemonSet ${owner}`);
  const router = has('kube-router');
  if (router) {
    // https://github.com/cloudnativelabs/kube-router/blob/master/docs/user-guide.md: on unless it is turned off.
    return flag(router.args, 'run-firewall') === false
      ? agent('kube-router', 'no', 'argument --run-firewall=false')
      : agent('kube-router', 'yes', 'container kube-router, no --run-firewall=false');
  }
  const aws = has('aws-node');
  if (aws) return awsNode(aws, has('aws-eks-nodeagent') ?? has('aws-network-policy-agent'), agent);
  const policies = has('kube-network-policies');
  const flannel = has('kube-flannel');
  if (flannel) {
    // https://github.com/flannel-io/flannel/blob/master/Documentation/netpol.md
    return policies
      ? agent('flannel', 'yes', 'container kube-network-policies beside kube-flannel')
      : agent('flannel', 'no', 'container kube-flannel without kube-network-policies');
  }
  const kindnet = has('kindnet-cni');
  if (kindnet) return kindnetd(kindnet, agent);
  if (policies) return agent('kube-network-policies', 'yes', 'container kube-network-policies');
  return null;
}

/** https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy-configure.html */
function awsNode(
  aws: Container,
  nodeAgent: Container | undefined,
  agent: (plugin: string, verdict: Tri, ...what: string[]) => Agent,
): Agent {
  if (!nodeAgent) return agent('aws-vpc-cni', 'no', 'container aws-node without aws-eks-nodeagent');
  const on = flag(nodeAgent.args, 'enable-network-policy');
  if (on !== true) {
    return agent(
      'aws-vpc-cni',
      'no',
      on === false
        ? 'container aws-eks-nodeagent, argument --enable-network-policy=false'
        : 'container aws-eks-nodeagent without --enable-network-policy=true (off by default)',
    );
  }
  const found = agent(
    'aws-vpc-cni',
    'yes',
    'container aws-eks-nodeagent, argument --enable-network-policy=true',
  );
  const mode = aws.env.get('NETWORK_POLICY_ENFORCING_MODE');
  if (mode === 'strict') {
    found.unselected = 'unknown';
    found.evidence.push({
      where: found.evidence[0]?.where ?? '',
      what: 'environment NETWORK_POLICY_ENFORCING_MODE=strict',
    });
  }
  return found;
}

/** https://github.com/kubernetes-sigs/kind/releases/tag/v0.24.0 brought policies; its kindnetd is of 13 August 2024. */
function kindnetd(
  kindnet: Container,
  agent: (plugin: string, verdict: Tri, ...what: string[]) => Agent,
): Agent {
  const on = flag(kindnet.args, 'network-policy');
  if (on === false) return agent('kindnet', 'no', 'argument --network-policy=false');
  if (on === true) return agent('kindnet', 'yes', 'argument --network-policy=true');
  const day = /:v(\d{8})-/.exec(kindnet.image)?.[1];
  if (day === undefined) return agent('kindnet', 'unknown', `image ${kindnet.image}, whose age is not known`);
  return day >= '20240813'
    ? agent(
        'kindnet',
        'yes',
        `image ${kindnet.image}: enforcement is expected (from kind 0.24), though failures were reported`,
      )
    : agent('kindnet', 'no', `image ${kindnet.image}: from before kind 0.24, without policies`);
}

/** Containers of a pod's spec, native sidecars among the init containers included; of the environment two names alone. */
export function readContainers(spec: Json): Container[] {
  // Native sidecars stand among the init containers.
  return [...array(spec['containers']), ...array(spec['initContainers'])].map((raw) => {
    const one = object(raw);
    const env = new Map<string, string>();
    for (const entry of array(one['env'])) {
      const { name, value: held } = object(entry);
      // The two names that matter; no other value is looked at.
      if ((name === 'EXPECT_NPC' || name === 'NETWORK_POLICY_ENFORCING_MODE') && typeof held === 'string') {
        env.set(name, held);
      }
    }
    return {
      name: string(one['name']),
      image: string(one['image']),
      args: [...array(one['command']), ...array(one['args'])].map(string),
      env,
    };
  });
}

/** Value of `--name=value` or `--name value`, also inside a shell line; null when it is not there. */
function value(args: string[], name: string): string | null {
  const words = args.flatMap((arg) => arg.split(/\s+/));
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] as string;
    if (word === `--${name}`) return words[i + 1]?.startsWith('-') === false ? (words[i + 1] as string) : '';
    if (word.startsWith(`--${name}=`)) return word.slice(name.length + 3);
  }
  return null;
}

/** A boolean flag: given without a value it is on. Null when it is not there. */
export function flag(args: string[], name: string): boolean | null {
  const words = args.flatMap((arg) => arg.split(/\s+/));
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] as string;
    if (word === `--${name}`) return words[i + 1] !== 'false';
    if (word.startsWith(`--${name}=`)) return !/^(false|0|f)$/i.test(word.slice(name.length + 3));
  }
  return null;
}

/** k3s and RKE2 keep their arguments as a JSON list in an annotation. */
export function argumentList(annotation: unknown): string[] {
  if (typeof annotation !== 'string') return [];
  try {
    return array(JSON.parse(annotation)).map(string);
  } catch {
    return [];
  }
}

/** `…:v1.16.3@sha256:…` → [1, 16]. */
function versionOf(image: string): [number, number] | null {
  const found = /:v?(\d+)\.(\d+)(?:[.@-]|$)/.exec(image);
  return found ? [Number(found[1]), Number(found[2])] : null;
}

/** The value when it is an object, else an empty one: raw objects may have any shape. */
export function object(raw: unknown): Json {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? (raw as Json) : {};
}

/** The value when it is a list, else an empty one. */
export function array(raw: unknown): unknown[] {
  return Array.isArray(raw) ? raw : [];
}

/** The value when it is text, else ''. */
export function string(raw: unknown): string {
  return typeof raw === 'string' ? raw : '';
}

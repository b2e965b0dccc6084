/** Which kinds the audit reads, by API group, and what it makes of the others. */
import { isObject, WORKLOADS } from './project.ts';

/** 'networking.k8s.io/v1' → 'networking.k8s.io'; 'v1' → '' (the core group). */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/**
 * What a kind that is not evaluated does to traffic between pods (S26).
 * - may-permit: it may permit what NetworkPolicy denies, and deny what it permits.
 * - may-only-deny: what NetworkPolicy denies stays denied; it may deny more.
 * - baseline: it counts only in a direction in which no NetworkPolicy selects the pod.
 * - none: it changes no verdict, and the entry says why.
 */
export type KindEffect = 'may-permit' | 'may-only-deny' | 'baseline' | 'none';

/** A kind of a network plugin, a mesh or the like: what it is and what it does. */
export interface NetworkKind {
  group: string;
  /** '*' is every kind of the group that has no entry of its own. */
  kind: string;
  /** Whose it is, for kinds whose name several products use; null for Kubernetes' own. */
  product: string | null;
  effect: KindEffect;
  /** Why it changes no verdict; null where it does. */
  reason: string | null;
  scope: 'namespace' | 'cluster';
  /** An object of this namespace (true: of any namespace) may concern pods of every namespace. */
  everywhere: string | boolean;
  /** Plural of the API, and the version to ask where discovery names none; '' for kinds that are not listed. */
  resource: string;
  version: string;
  /** Fields of `spec` of which one has to be set for an object to have the effect; null: it always has. */
  onlyWith: readonly string[] | null;
}

const SETTINGS = 'settings, addresses or routes of the network: no rule on who may talk to whom';
const NAMED_SET = 'a set that policies name: it does nothing by itself';
const STATE = 'written by a controller from other objects';
const STAGED = 'a draft whose effect is only logged';
const REQUESTS = 'answers or routes single requests of connections that exist';
const ADMISSION = 'decides what may be created, not what may be sent';
const OTHER_NETWORK = "concerns a pod's secondary networks alone";
const CLOUD = 'a firewall of the cloud around the cluster; Bulkhead reads what holds at the pods';

interface GroupOptions {
  product: string | null;
  version: string;
  /** What a kind that has no entry may do; absent: such kinds are of no interest. */
  unknown?: KindEffect;
  /** See NetworkKind. */
  everywhere?: string | boolean;
  /** Kind, plural, scope and effect. */
  policies?: readonly (readonly [string, string, 'namespace' | 'cluster', KindEffect])[];
  /** Kinds without effect by the reason; blanks between them. */
  none?: readonly (readonly [string, string])[];
}

function group(name: string, options: GroupOptions): NetworkKind[] {
  const { product, version, everywhere = false } = options;
  const common = { group: name, product, version, onlyWith: null };
  const entries: NetworkKind[] = (options.policies ?? []).map(([kind, resource, scope, effect]) => ({
    ...common,
    kind,
    effect,
    reason: null,
    scope,
    everywhere,
    resource,
  }));
  for (const [reason, kinds] of options.none ?? [])
    for (const kind of kinds.split(' '))
      entries.push({
        ...common,
        kind,
        effect: 'none',
        reason,
        scope: 'namespace',
        everywhere: false,
        resource: '',
      });
  if (options.unknown !== undefined)
    entries.push({
      ...common,
      kind: '*',
      effect: options.unknown,
      reason: null,
      scope: 'namespace',
      everywhere,
      resource: '',
    });
  return entries;
}

/** Groups of which no kind is a rule on traffic between pods, though a name may sound like it. */
function noEffect(reason: string, names: string): NetworkKind[] {
  return names
    .split(' ')
    .flatMap((name) => group(name, { product: null, version: '', none: [[reason, '*']] }));
}

const CALICO: Omit<GroupOptions, 'version'> = {
  product: 'Calico',
  unknown: 'may-permit',
  policies: [
    ['GlobalNetworkPolicy', 'globalnetworkpolicies', 'cluster', 'may-permit'],
    ['NetworkPolicy', 'networkpolicies', 'namespace', 'may-permit'],
  ],
  none: [
    [STAGED, 'StagedNetworkPolicy StagedGlobalNetworkPolicy StagedKubernetesNetworkPolicy'],
    [NAMED_SET, 'Tier NetworkSet GlobalNetworkSet PolicyRecommendationScope'],
    ['interfaces of a node, which NetworkPolicy isolates neither (S18)', 'HostEndpoint'],
    ['made for each namespace; it permits what no policy selects, as NetworkPolicy does (S3)', 'Profile'],
    [STATE, 'WorkloadEndpoint ClusterInformation CalicoNodeStatus'],
    [
      SETTINGS,
      'IPPool IPReservation IPAMBlock IPAMHandle IPAMConfig IPAMConfiguration BlockAffinity BGPConfiguration BGPPeer ' +
        'BGPFilter BFDConfiguration FelixConfiguration KubeControllersConfiguration NodeConfig EgressGatewayPolicy ' +
        'ExternalNetwork RemoteClusterConfiguration LicenseKey PacketCapture DeepPacketInspection ManagedCluster ' +
        'GlobalAlert GlobalAlertTemplate AlertException GlobalReport GlobalReportType GlobalThreatFeed UISettings ' +
        'UISettingsGroup AuthenticationReview AuthorizationReview SecurityEventWebhook',
    ],
  ],
};

/**
 * Every kind of network plugins, meshes and the like that is known, in one table: what folders and clusters are looked
 * through for, what a cluster is asked for and what the ClusterRole of `bulkhead rbac` grants all come from it.
 */
export const NETWORK_KINDS: readonly NetworkKind[] = [
  ...group('policy.networking.k8s.io', {
    product: null,
    version: 'v1alpha1',
    unknown: 'may-permit',
    policies: [
      ['ClusterNetworkPolicy', 'clusternetworkpolicies', 'cluster', 'may-permit'],
      ['AdminNetworkPolicy', 'adminnetworkpolicies', 'cluster', 'may-permit'],
      ['BaselineAdminNetworkPolicy', 'baselineadminnetworkpolicies', 'cluster', 'baseline'],
    ],
  }).map((one) => (one.kind === 'ClusterNetworkPolicy' ? { ...one, version: 'v1alpha2' } : one)),
  ...group('crd.projectcalico.org', { ...CALICO, version: 'v1' }),
  ...group('projectcalico.org', { ...CALICO, version: 'v3' }),
  ...group('cilium.io', {
    product: 'Cilium',
    version: 'v2',
    unknown: 'may-permit',
    policies: [
      ['CiliumNetworkPolicy', 'ciliumnetworkpolicies', 'namespace', 'may-permit'],
      ['CiliumClusterwideNetworkPolicy', 'ciliumclusterwidenetworkpolicies', 'cluster', 'may-permit'],
    ],
    none: [
      [NAMED_SET, 'CiliumCIDRGroup'],
      [STATE, 'CiliumNode CiliumEndpoint CiliumEndpointSlice CiliumIdentity'],
      [
        SETTINGS,
        'CiliumNodeConfig CiliumExternalWorkload CiliumEgressGatewayPolicy CiliumLocalRedirectPolicy ' +
          'CiliumLoadBalancerIPPool CiliumL2AnnouncementPolicy CiliumPodIPPool CiliumVTEPConfig ' +
          'CiliumGatewayClassConfig CiliumBGPPeeringPolicy CiliumBGPClusterConfig CiliumBGPPeerConfig ' +
          'CiliumBGPAdvertisement CiliumBGPNodeConfig CiliumBGPNodeConfigOverride CiliumDatapathPlugin',
      ],
      [REQUESTS, 'CiliumEnvoyConfig CiliumClusterwideEnvoyConfig'],
      ['Tetragon watches and stops processes', 'TracingPolicy TracingPolicyNamespaced PodInfo'],
    ],
  }),
  ...group('isovalent.com', { product: 'Cilium', version: 'v1alpha1', unknown: 'may-permit' }),
  ...group('crd.antrea.io', {
    product: 'Antrea',
    version: 'v1beta1',
    unknown: 'may-permit',
    policies: [
      ['ClusterNetworkPolicy', 'clusternetworkpolicies', 'cluster', 'may-permit'],
      ['NetworkPolicy', 'networkpolicies', 'namespace', 'may-permit'],
    ],
    none: [
      [NAMED_SET, 'Tier Group ClusterGroup ExternalEntity'],
      [STATE, 'AntreaAgentInfo AntreaControllerInfo'],
      [
        SETTINGS,
        'Egress ExternalIPPool IPPool ExternalNode TrafficControl Traceflow SupportBundleCollection ' +
          'NodeLatencyMonitor BGPPolicy PacketCapture FlowExporterDestination',
      ],
    ],
  }),
  ...noEffect(STATE, 'controlplane.antrea.io stats.antrea.io system.antrea.io'),
  ...group('k8s.ovn.org', {
    product: 'OVN-Kubernetes',
    version: 'v1',
    unknown: 'may-permit',
    policies: [['EgressFirewall', 'egressfirewalls', 'namespace', 'may-permit']],
    none: [
      [
        SETTINGS,
        'EgressIP EgressService EgressQoS NetworkQoS AdminPolicyBasedExternalRoute RouteAdvertisements ' +
          'UserDefinedNetwork ClusterUserDefinedNetwork ClusterNetworkConnect VTEP DNSNameResolver',
      ],
    ],
  }),
  ...group('network.openshift.io', {
    product: 'OpenShift',
    version: 'v1',
    unknown: 'may-permit',
    policies: [['EgressNetworkPolicy', 'egressnetworkpolicies', 'namespace', 'may-permit']],
    none: [[SETTINGS, 'HostSubnet NetNamespace ClusterNetwork DNSNameResolver CloudPrivateIPConfig']],
  }),
  ...group('ingressnodefirewall.openshift.io', {
    product: 'OpenShift',
    version: 'v1alpha1',
    unknown: 'may-only-deny',
    everywhere: true,
    policies: [['IngressNodeFirewall', 'ingressnodefirewalls', 'cluster', 'may-only-deny']],
    none: [
      [SETTINGS, 'IngressNodeFirewallConfig'],
      [STATE, 'IngressNodeFirewallNodeState'],
    ],
  }),
  ...['nsx.vmware.com', 'crd.nsx.vmware.com', 'legacy.nsx.vmware.com'].flatMap((name) =>
    group(name, {
      product: 'NSX',
      version: name === 'nsx.vmware.com' ? 'v1' : 'v1alpha1',
      unknown: 'may-permit',
      policies: [['SecurityPolicy', 'securitypolicies', 'namespace', 'may-permit']],
      none: [
        [STATE, 'NSXError NSXLock NCPError'],
        [
          SETTINGS,
          'NSXServiceAccount LoadBalancer IPPool VPC NetworkInfo VPCNetworkConfiguration NSXSubnet Subnet SubnetSet ' +
            'SubnetPort SubnetConnectionBindingMap SubnetIPReservation StaticRoute AddressBinding IPAddressAllocation ' +
            'NCPSetting',
        ],
      ],
    }),
  ),
  ...group('kubeovn.io', {
    product: 'Kube-OVN',
    version: 'v1',
    unknown: 'may-permit',
    policies: [
      ['SecurityGroup', 'security-groups', 'cluster', 'may-permit'],
      ['Subnet', 'subnets', 'cluster', 'may-permit'],
    ],
    none: [
      [STATE, 'IP OvnEip IptablesEIP Vip'],
      [
        SETTINGS,
        'Vpc VpcDns VpcNatGateway VpcEgressGateway BgpConf EvpnConf Vlan ProviderNetwork IPPool QoSPolicy SwitchLBRule ' +
          'OvnFip OvnDnatRule OvnSnatRule IptablesFIPRule IptablesDnatRule IptablesSnatRule DNSNameResolver',
      ],
    ],
  }).map((one) => (one.kind === 'Subnet' ? { ...one, onlyWith: ['acls', 'private', 'allowSubnets'] } : one)),
  ...group('kuma.io', {
    product: 'Kuma',
    version: 'v1alpha1',
    unknown: 'may-only-deny',
    everywhere: 'kuma-system',
    policies: [
      ['MeshTrafficPermission', 'meshtrafficpermissions', 'namespace', 'may-only-deny'],
      ['MeshTLS', 'meshtlses', 'namespace', 'may-only-deny'],
      ['TrafficPermission', 'trafficpermissions', 'cluster', 'may-only-deny'],
      ['Mesh', 'meshes', 'cluster', 'may-only-deny'],
    ],
    none: [
      [
        REQUESTS,
        'MeshAccessLog MeshMetric MeshTrace MeshTimeout MeshRetry MeshCircuitBreaker MeshHealthCheck MeshHTTPRoute ' +
          'MeshTCPRoute MeshLoadBalancingStrategy MeshRateLimit MeshFaultInjection CircuitBreaker FaultInjection ' +
          'HealthCheck RateLimit Retry Timeout TrafficLog TrafficRoute TrafficTrace MeshGateway MeshGatewayRoute',
      ],
      [
        STATE,
        'Dataplane DataplaneInsight MeshInsight ServiceInsight Zone ZoneInsight ZoneIngress ZoneEgress',
      ],
      [
        SETTINGS,
        'MeshService MeshMultiZoneService MeshExternalService ExternalService ContainerPatch MeshProxyPatch ' +
          'ProxyTemplate VirtualOutbound MeshGatewayConfig MeshGatewayInstance HostnameGenerator MeshIdentity MeshTrust ' +
          'MeshPassthrough',
      ],
    ],
  }),
  ...group('consul.hashicorp.com', {
    product: 'Consul',
    version: 'v1alpha1',
    unknown: 'may-only-deny',
    everywhere: true,
    policies: [['ServiceIntentions', 'serviceintentions', 'namespace', 'may-only-deny']],
    none: [
      [
        REQUESTS,
        'ServiceDefaults ServiceResolver ServiceRouter ServiceSplitter ProxyDefaults RouteAuthFilter RouteRetryFilter ' +
          'RouteTimeoutFilter JWTProvider ControlPlaneRequestLimit',
      ],
      [
        SETTINGS,
        'Mesh IngressGateway TerminatingGateway ExportedServices PeeringAcceptor PeeringDialer SamenessGroup ' +
          'GatewayClassConfig GatewayPolicy MeshService Registration',
      ],
    ],
  }),
  ...group('auth.consul.hashicorp.com', {
    product: 'Consul',
    version: 'v2beta1',
    unknown: 'may-only-deny',
    everywhere: true,
    policies: [['TrafficPermissions', 'trafficpermissions', 'namespace', 'may-only-deny']],
  }),
  ...group('policy.linkerd.io', {
    product: 'Linkerd',
    version: 'v1alpha1',
    unknown: 'may-only-deny',
    everywhere: 'linkerd',
    policies: [
      ['Server', 'servers', 'namespace', 'may-only-deny'],
      ['ServerAuthorization', 'serverauthorizations', 'namespace', 'may-only-deny'],
      ['AuthorizationPolicy', 'authorizationpolicies', 'namespace', 'may-only-deny'],
      ['EgressNetwork', 'egressnetworks', 'namespace', 'may-only-deny'],
    ],
    none: [
      [NAMED_SET, 'MeshTLSAuthentication NetworkAuthentication'],
      [REQUESTS, 'HTTPRoute HTTPLocalRateLimitPolicy'],
    ],
  }),
  ...group('linkerd.io', {
    product: 'Linkerd',
    version: 'v1alpha2',
    unknown: 'may-only-deny',
    none: [[REQUESTS, 'ServiceProfile']],
  }),
  ...group('security.istio.io', {
    product: 'Istio',
    version: 'v1',
    unknown: 'may-only-deny',
    everywhere: 'istio-system',
    policies: [
      ['AuthorizationPolicy', 'authorizationpolicies', 'namespace', 'may-only-deny'],
      ['PeerAuthentication', 'peerauthentications', 'namespace', 'may-only-deny'],
    ],
    none: [[REQUESTS, 'RequestAuthentication']],
  }),
  ...group('networking.istio.io', {
    product: 'Istio',
    version: 'v1',
    unknown: 'may-only-deny',
    everywhere: 'istio-system',
    policies: [
      ['Sidecar', 'sidecars', 'namespace', 'may-only-deny'],
      ['EnvoyFilter', 'envoyfilters', 'namespace', 'may-only-deny'],
    ],
    none: [
      [REQUESTS, 'VirtualService DestinationRule'],
      [SETTINGS, 'Gateway ServiceEntry WorkloadEntry WorkloadGroup ProxyConfig'],
    ],
  }).map((one) => (one.kind === 'EnvoyFilter' ? { ...one, version: 'v1alpha3' } : one)),
  ...group('istio.io', {
    product: 'Istio',
    version: 'v1',
    unknown: 'may-only-deny',
    everywhere: 'istio-system',
  }),
  ...noEffect(REQUESTS, 'extensions.istio.io telemetry.istio.io'),
  ...group('*.istio.io', {
    product: 'Istio',
    version: 'v1',
    unknown: 'may-only-deny',
    everywhere: 'istio-system',
  }),
  ...group('networking.gke.io', {
    product: 'GKE',
    version: 'v1alpha1',
    unknown: 'may-permit',
    policies: [['FQDNNetworkPolicy', 'fqdnnetworkpolicies', 'namespace', 'may-permit']],
    none: [
      [
        SETTINGS,
        'ManagedCertificate FrontendConfig ServiceAttachment ServiceNetworkEndpointGroup Network GKENetworkParamSet ' +
          'NetworkInterface NetworkLogging EgressNATPolicy RedirectService NodeTopology GCPGatewayPolicy ' +
          'GCPBackendPolicy GCPSessionAffinityPolicy GCPSessionAffinityFilter GCPHTTPFilter GCPRoutingExtension ' +
          'GCPTrafficExtension GCPTrafficDistributionPolicy GCPEdgeExtension GCPAuthzPolicy HealthCheckPolicy ' +
          'TrafficSelector ServiceFunctionChain MultiClusterIngress MultiClusterService',
      ],
    ],
  }),
  ...group('networking.k8s.aws', {
    product: 'AWS',
    version: 'v1alpha1',
    unknown: 'may-permit',
    policies: [
      ['ClusterNetworkPolicy', 'clusternetworkpolicies', 'cluster', 'may-permit'],
      ['ApplicationNetworkPolicy', 'applicationnetworkpolicies', 'namespace', 'may-permit'],
    ],
    none: [[STATE, 'PolicyEndpoint ClusterPolicyEndpoint']],
  }),
  ...group('vpcresources.k8s.aws', {
    product: 'AWS',
    version: 'v1beta1',
    unknown: 'may-permit',
    policies: [['SecurityGroupPolicy', 'securitygrouppolicies', 'namespace', 'may-only-deny']],
    none: [[STATE, 'CNINode']],
  }),
  ...group('acn.azure.com', {
    product: 'Azure',
    version: 'v1alpha1',
    unknown: 'may-permit',
    none: [
      [STATE, 'NodeNetworkConfig NodeInfo MultitenantNetworkContainer MultitenantPodNetworkConfig'],
      [SETTINGS, 'ClusterSubnetState OverlayExtensionConfig PodNetwork PodNetworkInstance'],
    ],
  }),
  ...noEffect(STATE, 'multitenancy.acn.azure.com'),
  ...group('contivpp.io', {
    product: 'Contiv',
    version: 'v1',
    unknown: 'may-permit',
    none: [[SETTINGS, 'NodeConfig CustomNetwork ExternalInterface ServiceFunctionChain CustomConfiguration']],
  }),
  ...group('romana.io', { product: 'Romana', version: 'v1', unknown: 'may-permit' }),
  ...group('security.everoute.io', {
    product: 'Everoute',
    version: 'v1alpha1',
    unknown: 'may-permit',
    policies: [
      ['SecurityPolicy', 'securitypolicies', 'namespace', 'may-permit'],
      ['GlobalPolicy', 'globalpolicies', 'cluster', 'may-permit'],
    ],
    none: [[NAMED_SET, 'Tier Endpoint']],
  }),
  ...group('neuvector.com', {
    product: 'NeuVector',
    version: 'v1',
    policies: [
      ['NvSecurityRule', 'nvsecurityrules', 'namespace', 'may-only-deny'],
      ['NvClusterSecurityRule', 'nvclustersecurityrules', 'cluster', 'may-only-deny'],
    ],
  }),
  ...group('k8s.cni.cncf.io', {
    product: 'Multus',
    version: 'v1beta1',
    unknown: 'may-permit',
    none: [
      [OTHER_NETWORK, 'MultiNetworkPolicy NetworkAttachmentDefinition'],
      [STATE, 'IPAMClaim'],
    ],
  }),
  ...noEffect(
    ADMISSION,
    'admissionregistration.k8s.io policy kyverno.io *.kyverno.io constraints.gatekeeper.sh templates.gatekeeper.sh ' +
      '*.gatekeeper.sh policies.kubewarden.io capsule.clastix.io policy.open-cluster-management.io',
  ),
  ...noEffect(
    STATE,
    'wgpolicyk8s.io openreports.io aquasecurity.github.io spdx.softwarecomposition.kubescape.io',
  ),
  ...noEffect(
    'brings objects to the cluster, which count where they are read',
    '*.toolkit.fluxcd.io argoproj.io *.cattle.io operators.coreos.com apiextensions.k8s.io',
  ),
  ...noEffect('certificates and their issuers', 'cert-manager.io *.cert-manager.io'),
  ...noEffect(REQUESTS, 'gateway.networking.k8s.io *.x-k8s.io'),
  ...noEffect(CLOUD, '*.cnrm.cloud.google.com *.upbound.io *.crossplane.io *.services.k8s.aws *.azure.com'),
];

const BY_GROUP = new Map<string, Map<string, NetworkKind>>();
for (const one of NETWORK_KINDS) {
  const kinds = BY_GROUP.get(one.group) ?? new Map<string, NetworkKind>();
  kinds.set(one.kind, one);
  BY_GROUP.set(one.group, kinds);
}

/** A name that says what an object does, whoever made the kind. */
const SPEAKING_NAME = /networkpolicy|firewall/i;

/** Groups of Kubernetes itself with a dot in their name that speak of networks or are served everywhere. */
const BUILT_IN =
  /^(?:(?:networking|discovery|storage|rbac\.authorization|authorization|authentication|certificates|coordination|events|flowcontrol\.apiserver|internal\.apiserver|node|scheduling|resource|admissionregistration|apiextensions|apiregistration|metrics)\.k8s\.io)$/;

/** Is it a group of Kubernetes itself, whose kinds are all known? */
export function isBuiltIn(group: string): boolean {
  return !group.includes('.') || BUILT_IN.test(group);
}

/** The entry of a group, or of the family that it belongs to ('*.istio.io'). */
function kindsOfGroup(group: string): Map<string, NetworkKind> | undefined {
  const own = BY_GROUP.get(group);
  if (own !== undefined) return own;
  for (let dot = group.indexOf('.'); dot >= 0; dot = group.indexOf('.', dot + 1)) {
    const family = BY_GROUP.get(`*${group.slice(dot)}`);
    if (family !== undefined) return family;
  }
  return undefined;
}

/**
 * What is known of a kind that is not evaluated; null where it has nothing to do with traffic between pods. A kind that
 * nobody knows counts where its group is one of a network plugin or mesh, or its name speaks of network policies or
 * firewalls: then it may permit and deny, and a namespaced object of it concerns its namespace.
 * @param group API group, '' for the core group
 * @param kind
 */
export function networkKind(group: string, kind: string): NetworkKind | null {
  const kinds = kindsOfGroup(group);
  const entry = kinds?.get(kind) ?? kinds?.get('*');
  if (entry !== undefined) return entry;
  if (!SPEAKING_NAME.test(kind) || isBuiltIn(group)) return null;
  return {
    group,
    kind: '*',
    product: null,
    effect: 'may-permit',
    reason: null,
    scope: 'namespace',
    everywhere: false,
    resource: '',
    version: '',
    onlyWith: null,
  };
}

/**
 * Has this object the effect of its kind? A subnet of Kube-OVN has rules only where some are written.
 * @param group
 * @param kind
 * @param raw the whole object
 */
export function hasEffect(group: string, kind: string, raw: Readonly<Record<string, unknown>>): boolean {
  const entry = networkKind(group, kind);
  if (entry === null || entry.effect === 'none') return false;
  const { spec } = raw;
  if (entry.onlyWith === null || !isObject(spec)) return true;
  return entry.onlyWith.some((field) => {
    const value = spec[field];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null && value !== false;
  });
}

/** What a kind that is not evaluated may do to a verdict (S26); 'none' for everything else. */
export function effectOf(group: string, kind: string): KindEffect {
  return networkKind(group, kind)?.effect ?? 'none';
}

/**
 * The namespace whose pods an object of another kind of policy may concern (S26); null: pods of every namespace.
 * @param group
 * @param kind
 * @param namespace of the object, null where it has none
 */
export function reachOf(group: string, kind: string, namespace: string | null): string | null {
  const entry = networkKind(group, kind);
  return entry !== null && (entry.everywhere === true || entry.everywhere === namespace) ? null : namespace;
}

/**
 * A kind as readers see it, in every language: with its product and group unless its name says whose it is, or where
 * the kind is not known.
 * @param group
 * @param kind
 */
export function kindName(group: string, kind: string): string {
  const entry = networkKind(group, kind);
  if (entry === null || entry.effect === 'none') return kind;
  if (entry.kind === '*') return `${kind} (${group})`;
  // CiliumNetworkPolicy says whose it is; Server and GlobalNetworkPolicy do not.
  if (entry.product === null || (kind.startsWith(entry.product) && !SHARED_NAMES.has(kind))) return kind;
  return `${entry.product} ${kind} (${group})`;
}

/** An object that is read by its name because it says what a network plugin does (S21). */
export interface SignObject {
  kind: string;
  resource: string;
  group: string;
  /** Used where discovery names no version. */
  version: string;
  /** Null where the kind has no namespace. */
  namespace: string | null;
  /** Null: every object of the kind. */
  name: string | null;
  /** Asked of a cluster only when one of these API groups is served (null: always). */
  when: readonly string[] | null;
}

function sign(
  group: string,
  kind: string,
  resource: string,
  name: string | null,
  when: readonly string[],
  version = 'v1',
): SignObject {
  const namespace = kind === 'ConfigMap' ? 'kube-system' : null;
  return { kind, resource, group, version, namespace, name, when };
}

export const SIGN_OBJECTS: readonly SignObject[] = [
  sign('', 'ConfigMap', 'configmaps', 'cilium-config', ['cilium.io']),
  sign('', 'ConfigMap', 'configmaps', 'amazon-vpc-cni', [
    'networking.k8s.aws',
    'vpcresources.k8s.aws',
    'crd.k8s.amazonaws.com',
    'eks.amazonaws.com',
  ]),
  sign('config.openshift.io', 'Network', 'networks', 'cluster', ['config.openshift.io']),
  sign('operator.openshift.io', 'Network', 'networks', 'cluster', ['operator.openshift.io']),
  sign('operator.tigera.io', 'Installation', 'installations', 'default', ['operator.tigera.io']),
  // EKS Auto Mode: `spec.networkPolicy` of a node class.
  sign('eks.amazonaws.com', 'NodeClass', 'nodeclasses', null, ['eks.amazonaws.com']),
  // Settings of Cilium's agents on some nodes, which override cilium-config there.
  sign('cilium.io', 'CiliumNodeConfig', 'ciliumnodeconfigs', null, ['cilium.io'], 'v2'),
];

/**
 * Does an object say what a network plugin does?
 * @param group
 * @param kind
 * @param name of the object; null where it does not matter yet
 */
export function isSign(group: string, kind: string, name: unknown): boolean {
  return SIGN_OBJECTS.some(
    (one) =>
      one.kind === kind && one.group === group && (name === null || one.name === null || one.name === name),
  );
}

/**
 * Kinds of which a controller makes pods, by group (S20). How it makes them is its own matter: labels, ports and numbers
 * need not be those that the object shows, so such pods are not read from the object but named as not read.
 */
const POD_OWNERS: Readonly<Record<string, string>> = {
  'argoproj.io': 'Rollout Workflow CronWorkflow ArgoCD',
  'apps.openshift.io': 'DeploymentConfig',
  'serving.knative.dev': 'Service Configuration Revision',
  'eventing.knative.dev': 'Broker',
  'kafka.strimzi.io': 'Kafka KafkaConnect KafkaMirrorMaker KafkaMirrorMaker2 KafkaBridge KafkaNodePool',
  'core.strimzi.io': 'StrimziPodSet',
  'postgresql.cnpg.io': 'Cluster Pooler',
  'acid.zalan.do': 'postgresql',
  'postgres-operator.crunchydata.com': 'PostgresCluster PGAdmin',
  'monitoring.coreos.com': 'Prometheus PrometheusAgent Alertmanager ThanosRuler',
  'kubeflow.org': 'Notebook TFJob PyTorchJob MPIJob XGBoostJob PaddleJob JAXJob',
  'trainer.kubeflow.org': 'TrainJob',
  'serving.kserve.io': 'InferenceService LLMInferenceService InferenceGraph',
  'ray.io': 'RayCluster RayJob RayService',
  'batch.volcano.sh': 'Job',
  'apps.kruise.io': 'CloneSet StatefulSet DaemonSet BroadcastJob AdvancedCronJob UnitedDeployment',
  'jobset.x-k8s.io': 'JobSet',
  'leaderworkerset.x-k8s.io': 'LeaderWorkerSet',
  'elasticsearch.k8s.elastic.co': 'Elasticsearch',
  'kibana.k8s.elastic.co': 'Kibana',
  'beat.k8s.elastic.co': 'Beat',
  'agent.k8s.elastic.co': 'Agent',
  'logstash.k8s.elastic.co': 'Logstash',
  'opensearch.opster.io': 'OpenSearchCluster',
  'rabbitmq.com': 'RabbitmqCluster',
  'databases.spotahome.com': 'RedisFailover',
  'redis.redis.opstreelabs.in': 'Redis RedisCluster RedisReplication RedisSentinel',
  'app.redislabs.com': 'RedisEnterpriseCluster',
  'mongodb.com': 'MongoDB MongoDBMultiCluster MongoDBOpsManager',
  'mongodbcommunity.mongodb.com': 'MongoDBCommunity',
  'psmdb.percona.com': 'PerconaServerMongoDB',
  'pxc.percona.com': 'PerconaXtraDBCluster',
  'pgv2.percona.com': 'PerconaPGCluster',
  'mysql.oracle.com': 'InnoDBCluster',
  'k8s.mariadb.com': 'MariaDB MaxScale',
  'cassandra.datastax.com': 'CassandraDatacenter',
  'k8ssandra.io': 'K8ssandraCluster',
  'scylla.scylladb.com': 'ScyllaCluster',
  'clickhouse.altinity.com': 'ClickHouseInstallation',
  'ceph.rook.io': 'CephCluster CephFilesystem CephObjectStore CephNFS CephRBDMirror',
  'minio.min.io': 'Tenant',
  'grafana.integreatly.org': 'Grafana',
  'loki.grafana.com': 'LokiStack',
  'tempo.grafana.com': 'TempoStack TempoMonolithic',
  'jaegertracing.io': 'Jaeger',
  'opentelemetry.io': 'OpenTelemetryCollector',
  'k8s.keycloak.org': 'Keycloak',
  'flink.apache.org': 'FlinkDeployment FlinkSessionJob',
  'sparkoperator.k8s.io': 'SparkApplication ScheduledSparkApplication',
  'solr.apache.org': 'SolrCloud',
  'kubevirt.io': 'VirtualMachine VirtualMachineInstance VirtualMachineInstanceReplicaSet',
  'tekton.dev': 'TaskRun PipelineRun',
  'agones.dev': 'Fleet GameServer GameServerSet',
  'actions.github.com': 'AutoscalingRunnerSet',
  'operators.coreos.com': 'ClusterServiceVersion Subscription',
};

/** Does a controller make pods of an object of this kind? */
export function bringsPods(group: string, kind: string): boolean {
  return Object.hasOwn(POD_OWNERS, group) && POD_OWNERS[group].split(' ').includes(kind);
}

/**
 * Kinds of which a controller deploys whole objects from elsewhere (a chart, a repository), by group: pods and whatever
 * else stands there, policies too.
 */
const DEPLOYERS: Readonly<Record<string, string>> = {
  'argoproj.io': 'Application ApplicationSet',
  'helm.toolkit.fluxcd.io': 'HelmRelease',
  'kustomize.toolkit.fluxcd.io': 'Kustomization',
  'helm.cattle.io': 'HelmChart',
};

/** Does a controller deploy the objects of a chart or a repository for an object of this kind? */
export function deploysObjects(group: string, kind: string): boolean {
  return Object.hasOwn(DEPLOYERS, group) && DEPLOYERS[group].split(' ').includes(kind);
}

/** A Template of OpenShift: objects with parameters, which `oc process` makes whole. */
export function isTemplate(group: string, kind: string): boolean {
  return kind === 'Template' && (group === 'template.openshift.io' || group === '');
}

/** Kinds of our own tables: kind → groups that may serve it, and the version that a current server takes. */
const READ_KINDS: Readonly<Record<string, { groups: readonly string[]; current: string }>> = {
  Namespace: { groups: [''], current: 'v1' },
  Pod: { groups: [''], current: 'v1' },
  Service: { groups: [''], current: 'v1' },
  Node: { groups: [''], current: 'v1' },
  Endpoints: { groups: [''], current: 'v1' },
  EndpointSlice: { groups: ['discovery.k8s.io'], current: 'discovery.k8s.io/v1' },
  Ingress: { groups: ['networking.k8s.io', 'extensions'], current: 'networking.k8s.io/v1' },
  NetworkPolicy: { groups: ['networking.k8s.io', 'extensions'], current: 'networking.k8s.io/v1' },
  // Which workloads it scales.
  HorizontalPodAutoscaler: { groups: ['autoscaling'], current: 'autoscaling/v2' },
  ...WORKLOADS,
};

/** The kinds of other policies that are known by name (S26). */
export const OTHER_POLICIES: readonly NetworkKind[] = NETWORK_KINDS.filter(
  ({ kind, effect }) => kind !== '*' && effect !== 'none',
);

/** Names of kinds that several groups use. */
const SHARED_NAMES = new Set(
  OTHER_POLICIES.map(({ kind }) => kind).filter(
    (kind) =>
      Object.hasOwn(READ_KINDS, kind) ||
      new Set(OTHER_POLICIES.filter((one) => one.kind === kind).map((one) => one.product)).size > 1,
  ),
);

export type Reading =
  | { as: 'read'; current: string }
  /** The group is absent: an API server would not know which kind is meant. */
  | { as: 'no-version'; current: string }
  | { as: 'other-policy' }
  /** Read for what it says of the network plugin, where its name is one of SIGN_OBJECTS. */
  | { as: 'sign' }
  | { as: 'list'; itemKind: string | null }
  | { as: 'skip' };

/** What to make of an object by its apiVersion ('' when absent) and kind. */
export function readingOf(apiVersion: string, kind: string): Reading {
  const group = groupOf(apiVersion);
  if (Object.hasOwn(READ_KINDS, kind)) {
    const known = READ_KINDS[kind];
    // A core kind and an absent version both have the empty group: only the text tells them apart.
    if (apiVersion === '') return { as: 'no-version', current: known.current };
    if (known.groups.includes(group)) return { as: 'read', current: known.current };
  }
  if (kind === 'List') return { as: 'list', itemKind: null };
  if (kind.endsWith('List') && kind.length > 4) {
    const itemKind = kind.slice(0, -4);
    const item = readingOf(apiVersion, itemKind);
    return item.as === 'skip' || item.as === 'no-version' ? { as: 'skip' } : { as: 'list', itemKind };
  }
  if (apiVersion !== '' && isSign(group, kind, null)) return { as: 'sign' };
  return { as: effectOf(group, kind) === 'none' ? 'skip' : 'other-policy' };
}

const BY_LOWER_CASE = new Map(
  [
    ...Object.keys(READ_KINDS),
    ...OTHER_POLICIES.map(({ kind }) => kind).filter((kind) => /Policy$/.test(kind)),
  ].map((kind) => [kind.toLowerCase(), kind]),
);

/** The kind that a misspelt one (other case, plural) probably means; null when it resembles none. */
export function meantKind(kind: string): string | null {
  const lower = kind.toLowerCase();
  const meant =
    BY_LOWER_CASE.get(lower) ??
    BY_LOWER_CASE.get(lower.replace(/s$/, '')) ??
    BY_LOWER_CASE.get(lower.replace(/ies$/, 'y'));
  return meant === undefined || meant === kind ? null : meant;
}

/** Plural resource of the API → kind and group, for lists whose items carry neither. */
const RESOURCES: Readonly<Record<string, { kind: string; group: string }>> = {
  namespaces: { kind: 'Namespace', group: '' },
  pods: { kind: 'Pod', group: '' },
  services: { kind: 'Service', group: '' },
  nodes: { kind: 'Node', group: '' },
  networkpolicies: { kind: 'NetworkPolicy', group: 'networking.k8s.io' },
  replicasets: { kind: 'ReplicaSet', group: 'apps' },
  jobs: { kind: 'Job', group: 'batch' },
  replicationcontrollers: { kind: 'ReplicationController', group: '' },
  daemonsets: { kind: 'DaemonSet', group: 'apps' },
  configmaps: { kind: 'ConfigMap', group: '' },
  endpointslices: { kind: 'EndpointSlice', group: 'discovery.k8s.io' },
  ingresses: { kind: 'Ingress', group: 'networking.k8s.io' },
};

/**
 * 'pods' or 'networkpolicies.crd.projectcalico.org' → kind (null outside the tables) and group. Other groups have
 * resources of the same name: a Service of Knative is none of ours.
 * @param resource plural of the API, with its group where it is not the one that Kubernetes itself has
 */
export function kindOfResource(resource: string): { kind: string | null; group: string } {
  const dot = resource.indexOf('.');
  const plural = dot < 0 ? resource : resource.slice(0, dot);
  const own = Object.hasOwn(RESOURCES, plural) ? RESOURCES[plural] : null;
  const group = dot < 0 ? (own?.group ?? '') : resource.slice(dot + 1);
  if (own !== null && own.group === group) return own;
  const other = OTHER_POLICIES.find(
    (one) => one.resource === plural && (one.group === group || (dot < 0 && own === null)),
  );
  return other === undefined ? { kind: null, group } : { kind: other.kind, group: other.group };
}

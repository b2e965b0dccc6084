/**
 * The built-in cluster: a shop that grew over years, with honest mistakes in its policies, so that every view has
 * something to show. Its tables become raw API objects and walk the way of a real cluster (builder, projection).
 */
import { SnapshotBuilder } from './builder.ts';
import type { Enforcement, Snapshot } from './snapshot.ts';

/** Fixed, so that the demo is the same to the byte each time. */
const TAKEN_AT = '2026-01-15T09:00:00.000Z';

type Json = Record<string, unknown>;

/** Namespace → labels beside the name label. `sandbox` and `support` have no policy at all. */
const NAMESPACES: Record<string, string> = {
  analytics: 'team=insight env=prod',
  backend: 'team=shop env=prod tier=api',
  ci: 'team=platform env=tools',
  data: 'team=storage env=prod',
  default: '',
  frontend: 'team=shop env=prod tier=web',
  identity: 'team=platform env=prod',
  ingress: 'team=platform env=prod',
  'kube-system': '',
  legacy: 'team=office env=prod',
  logging: 'team=platform env=prod',
  ml: 'team=insight env=prod',
  monitoring: 'team=platform env=prod',
  partners: 'team=shop env=prod',
  payments: 'team=payments env=prod compliance=pci',
  sandbox: 'env=sandbox',
  support: 'team=office',
};

/** Nodes: name, address, first three octets of their pod range. */
const NODES: [name: string, ip: string, pods: string][] = [
  ['control-1', '192.168.10.10', '10.244.0'],
  ['worker-1', '192.168.10.11', '10.244.1'],
  ['worker-2', '192.168.10.12', '10.244.2'],
  ['worker-3', '192.168.10.13', '10.244.3'],
  ['worker-4', '192.168.10.14', '10.244.4'],
  ['gpu-1', '192.168.10.20', '10.244.5'],
];
const WORKERS = ['worker-1', 'worker-2', 'worker-3', 'worker-4'];

type Kind = 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Job' | 'CronJob' | 'Pod';

interface Options {
  hostNetwork?: boolean;
  /** Where its pods run; the workers in turn when absent. */
  nodes?: string[];
  /** One pod for each phase; Running when absent. */
  phases?: string[];
  /** Ports of a native sidecar. */
  sidecar?: string;
  /** Labels that its second pod carries beside the others, as during a roll-out by hand. */
  odd?: string;
}

/** Workloads: namespace, kind, name, pods, labels, container ports (name:port or name:port/PROTOCOL). */
const WORKLOADS: [string, Kind, string, number, string, string, Options?][] = [
  ['frontend', 'Deployment', 'web', 10, 'app=web role=ui', 'http:8080 metrics:9102'],
  ['frontend', 'Deployment', 'bff', 5, 'app=bff role=api', 'http:8081 metrics:9102'],
  ['frontend', 'Deployment', 'image-resizer', 3, 'app=image-resizer', 'http:8080'],
  ['frontend', 'Deployment', 'static-assets', 2, 'app=static-assets', 'http:8080'],
  ['frontend', 'StatefulSet', 'session-cache', 2, 'app=session-cache', 'tcp-redis:6379'],

  [
    'backend',
    'Deployment',
    'orders',
    5,
    'app=orders role=api',
    'http:8080 metrics:9102',
    { sidecar: 'envoy:15001' },
  ],
  ['backend', 'Deployment', 'catalog', 4, 'app=catalog role=api', 'http:8080 metrics:9102'],
  ['backend', 'Deployment', 'cart', 3, 'app=cart role=api', 'http:8080 metrics:9102'],
  [
    'backend',
    'Deployment',
    'inventory',
    3,
    'app=inventory role=api',
    'http:8080 metrics:9102',
    { odd: 'canary=true' },
  ],
  ['backend', 'Deployment', 'pricing', 2, 'app=pricing role=api', 'http:8080'],
  ['backend', 'Deployment', 'search', 3, 'app=search role=api', 'http:8080'],
  ['backend', 'Deployment', 'shipping', 2, 'app=shipping role=api', 'http:8080'],
  ['backend', 'Deployment', 'reviews', 2, 'app=reviews role=api', 'http:8080'],
  ['backend', 'Deployment', 'notifications', 2, 'app=notifications role=worker', ''],
  ['backend', 'Deployment', 'orders-worker', 3, 'app=orders-worker role=worker', 'metrics:9102'],
  [
    'backend',
    'CronJob',
    'nightly-report',
    2,
    'app=nightly-report',
    '',
    { phases: ['Succeeded', 'Succeeded'] },
  ],

  ['payments', 'Deployment', 'gateway', 4, 'app=gateway', 'https:8443 metrics:9102'],
  ['payments', 'Deployment', 'fraud-check', 2, 'app=fraud-check', 'grpc:9000'],
  ['payments', 'StatefulSet', 'ledger', 3, 'app=ledger', 'postgres:5432'],
  ['payments', 'StatefulSet', 'card-vault', 2, 'app=card-vault', 'api:8200'],
  ['payments', 'Deployment', 'receipts', 1, 'app=receipts', 'http:8080'],
  ['payments', 'CronJob', 'reconcile', 2, 'app=reconcile', '', { phases: ['Succeeded', 'Failed'] }],

  ['data', 'StatefulSet', 'postgres', 3, 'app=postgres', 'postgres:5432'],
  ['data', 'Deployment', 'pgbouncer', 2, 'app=pgbouncer', 'pg:6432'],
  ['data', 'Deployment', 'postgres-exporter', 1, 'app=postgres-exporter', 'metrics:9187'],
  ['data', 'StatefulSet', 'redis', 3, 'app=redis', 'redis:6379'],
  ['data', 'StatefulSet', 'kafka', 3, 'app=kafka', 'client:9092 inter:9093 admin:9094'],
  ['data', 'StatefulSet', 'zookeeper', 3, 'app=zookeeper', 'client:2181 peer:2888 election:3888'],
  ['data', 'StatefulSet', 'elasticsearch', 3, 'app=elasticsearch', 'http:9200 transport:9300'],
  ['data', 'StatefulSet', 'minio', 4, 'app=minio', 'api:9000 console:9001'],
  ['data', 'CronJob', 'backup', 2, 'app=backup', '', { phases: ['Succeeded', 'Running'] }],

  ['monitoring', 'StatefulSet', 'prometheus', 2, 'app=prometheus', 'web:9090'],
  ['monitoring', 'StatefulSet', 'alertmanager', 2, 'app=alertmanager', 'web:9093 mesh-udp:9094/UDP'],
  ['monitoring', 'Deployment', 'grafana', 1, 'app=grafana', 'http:3000'],
  ['monitoring', 'Deployment', 'kube-state-metrics', 1, 'app=kube-state-metrics', 'http:8080'],
  ['monitoring', 'Deployment', 'blackbox-exporter', 1, 'app=blackbox-exporter', 'http:9115'],
  ['monitoring', 'Deployment', 'pushgateway', 1, 'app=pushgateway', 'http:9091'],
  [
    'monitoring',
    'DaemonSet',
    'node-exporter',
    6,
    'app=node-exporter',
    'metrics:9100',
    { hostNetwork: true, nodes: NODES.map(([name]) => name) },
  ],

  [
    'logging',
    'DaemonSet',
    'fluent-bit',
    6,
    'app=fluent-bit',
    'http:2020',
    { nodes: NODES.map(([name]) => name) },
  ],
  ['logging', 'StatefulSet', 'loki', 3, 'app=loki', 'http:3100 grpc:9095'],
  ['logging', 'Deployment', 'loki-gateway', 2, 'app=loki-gateway', 'http:8080'],

  [
    'ingress',
    'DaemonSet',
    'ingress-nginx-controller',
    2,
    'app=ingress-nginx',
    'http:80 https:443',
    { hostNetwork: true, nodes: ['worker-1', 'worker-2'] },
  ],
  ['ingress', 'Deployment', 'oauth2-proxy', 2, 'app=oauth2-proxy', 'http:4180'],
  ['ingress', 'Deployment', 'external-dns', 1, 'app=external-dns', ''],
  ['ingress', 'Deployment', 'cert-manager', 1, 'app=cert-manager', 'metrics:9402'],

  ['ci', 'Deployment', 'runner', 12, 'app=runner', ''],
  ['ci', 'StatefulSet', 'registry', 1, 'app=registry', 'http:5000'],
  ['ci', 'Deployment', 'sonarqube', 1, 'app=sonarqube', 'http:9000'],
  ['ci', 'Deployment', 'argocd-server', 2, 'app=argocd-server', 'http:8080'],
  ['ci', 'Deployment', 'argocd-repo-server', 1, 'app=argocd-repo-server', 'grpc:8081'],
  ['ci', 'Job', 'build-4711', 1, 'app=build', '', { phases: ['Succeeded'] }],
  ['ci', 'Job', 'build-4712', 1, 'app=build', '', { phases: ['Running'] }],
  ['ci', 'Job', 'build-4713', 1, 'app=build', '', { phases: ['Pending'] }],

  ['legacy', 'Deployment', 'billing-old', 1, 'app=billing-old', 'http:8080'],
  ['legacy', 'Deployment', 'intranet', 2, 'app=intranet', 'http:80'],
  ['legacy', 'Deployment', 'soap-bridge', 1, 'app=soap-bridge', 'http:8088'],
  ['legacy', 'StatefulSet', 'mysql', 1, 'app=mysql', 'mysql:3306'],
  ['legacy', 'Deployment', 'ftp', 1, 'app=ftp', 'ftp:21 passive:30000'],
  ['legacy', 'Pod', 'migration-debug', 1, 'app=migration-debug', ''],

  ['kube-system', 'Deployment', 'coredns', 2, 'k8s-app=kube-dns', 'dns:53/UDP dns-tcp:53 metrics:9153'],
  ['kube-system', 'Deployment', 'metrics-server', 1, 'k8s-app=metrics-server', 'https:4443'],
  ['kube-system', 'Deployment', 'calico-kube-controllers', 1, 'k8s-app=calico-kube-controllers', ''],
  [
    'kube-system',
    'DaemonSet',
    'calico-node',
    5,
    'k8s-app=calico-node',
    '',
    { hostNetwork: true, nodes: ['control-1', ...WORKERS] },
  ],
  [
    'kube-system',
    'DaemonSet',
    'kube-flannel-ds',
    1,
    'app=flannel',
    '',
    { hostNetwork: true, nodes: ['gpu-1'] },
  ],
  [
    'kube-system',
    'DaemonSet',
    'kube-proxy',
    6,
    'k8s-app=kube-proxy',
    '',
    { hostNetwork: true, nodes: NODES.map(([name]) => name) },
  ],
  [
    'kube-system',
    'Pod',
    'etcd-control-1',
    1,
    'component=etcd',
    '',
    { hostNetwork: true, nodes: ['control-1'] },
  ],
  [
    'kube-system',
    'Pod',
    'kube-apiserver-control-1',
    1,
    'component=kube-apiserver',
    'https:6443',
    { hostNetwork: true, nodes: ['control-1'] },
  ],
  [
    'kube-system',
    'Pod',
    'kube-controller-manager-control-1',
    1,
    'component=kube-controller-manager',
    '',
    { hostNetwork: true, nodes: ['control-1'] },
  ],
  [
    'kube-system',
    'Pod',
    'kube-scheduler-control-1',
    1,
    'component=kube-scheduler',
    '',
    { hostNetwork: true, nodes: ['control-1'] },
  ],

  [
    'ml',
    'Deployment',
    'model-server',
    3,
    'app=model-server',
    'grpc:8500 http:8501',
    { nodes: ['gpu-1', 'worker-3', 'gpu-1'] },
  ],
  ['ml', 'Deployment', 'recommender', 2, 'app=recommender', 'http:8080'],
  ['ml', 'StatefulSet', 'feature-store', 2, 'app=feature-store', 'redis:6379'],
  ['ml', 'StatefulSet', 'jupyter', 1, 'app=jupyter', 'http:8888', { nodes: ['gpu-1'] }],
  ['ml', 'Deployment', 'mlflow', 1, 'app=mlflow', 'http:5000'],
  ['ml', 'Job', 'train-recommender', 2, 'app=train', '', { nodes: ['gpu-1'] }],

  ['partners', 'Deployment', 'partner-api', 3, 'app=partner-api', 'https:8443'],
  ['partners', 'Deployment', 'webhook-relay', 2, 'app=webhook-relay', 'http:8080'],
  ['partners', 'Deployment', 'edi-translator', 1, 'app=edi-translator', 'http:8080'],
  ['partners', 'StatefulSet', 'sftp-gateway', 1, 'app=sftp-gateway', 'sftp:2222'],

  ['identity', 'StatefulSet', 'keycloak', 2, 'app=keycloak', 'http:8080'],
  ['identity', 'StatefulSet', 'keycloak-db', 1, 'app=keycloak-db', 'postgres:5432'],
  ['identity', 'Deployment', 'ldap', 1, 'app=ldap', 'ldap:1389'],

  ['analytics', 'StatefulSet', 'clickhouse', 3, 'app=clickhouse', 'http:8123 native:9000'],
  ['analytics', 'Deployment', 'superset', 2, 'app=superset', 'http:8088'],
  ['analytics', 'Deployment', 'airflow-webserver', 1, 'app=airflow component=web', 'http:8080'],
  ['analytics', 'Deployment', 'airflow-scheduler', 1, 'app=airflow component=scheduler', ''],
  ['analytics', 'StatefulSet', 'airflow-worker', 8, 'app=airflow component=worker', 'log:8793'],

  ['support', 'Deployment', 'helpdesk', 2, 'app=helpdesk', 'http:3000'],
  ['support', 'Deployment', 'chat', 2, 'app=chat', 'http:3000'],
  ['support', 'StatefulSet', 'helpdesk-db', 1, 'app=helpdesk-db', 'postgres:5432'],

  ['sandbox', 'Deployment', 'playground', 2, 'app=playground', 'http:8080'],
  ['sandbox', 'Deployment', 'load-test', 3, 'app=load-test', ''],
  ['sandbox', 'Pod', 'curl', 1, 'run=curl', ''],
];

/** Services: namespace, name, selector, ports (port or port:targetPort), type. */
const SERVICES: [string, string, string, string, string?][] = [
  ['frontend', 'web', 'app=web', '80:http'],
  ['frontend', 'bff', 'app=bff', '80:http'],
  ['frontend', 'session-cache', 'app=session-cache', '6379'],
  ['backend', 'orders', 'app=orders', '80:8080'],
  ['backend', 'catalog', 'app=catalog', '80:8080'],
  ['backend', 'cart', 'app=cart', '80:8080'],
  ['backend', 'search', 'app=search', '80:8080'],
  ['payments', 'gateway', 'app=gateway', '443:8443'],
  ['payments', 'ledger', 'app=ledger', '5432', 'None'],
  ['payments', 'card-vault', 'app=card-vault', '8200'],
  ['data', 'postgres', 'app=postgres', '5432', 'None'],
  ['data', 'pgbouncer', 'app=pgbouncer', '5432:6432'],
  ['data', 'redis', 'app=redis', '6379'],
  ['data', 'kafka', 'app=kafka', '9092', 'None'],
  ['data', 'elasticsearch', 'app=elasticsearch', '9200'],
  ['data', 'minio', 'app=minio', '80:9000'],
  ['monitoring', 'prometheus', 'app=prometheus', '9090'],
  ['monitoring', 'grafana', 'app=grafana', '80:3000'],
  ['logging', 'loki-gateway', 'app=loki-gateway', '80:8080'],
  ['ci', 'registry', 'app=registry', '5000'],
  ['identity', 'keycloak', 'app=keycloak', '80:8080'],
  ['kube-system', 'kube-dns', 'k8s-app=kube-dns', '53'],
  ['ml', 'model-server', 'app=model-server', '8500'],
  ['support', 'helpdesk', 'app=helpdesk', '80:http'],
  ['partners', 'partner-api', 'app=partner-api', '443:8443', 'LoadBalancer'],
  ['legacy', 'ftp', 'app=ftp', '21', 'NodePort'],
];

/** Namespace, name, and the Services that it publishes. */
const INGRESSES: [string, string, ...string[]][] = [
  ['frontend', 'shop', 'web', 'bff'],
  ['identity', 'login', 'keycloak'],
  ['monitoring', 'dashboards', 'grafana'],
  // Honest mistakes: nothing isolates what these publish.
  ['ml', 'models', 'model-server'],
  ['support', 'helpdesk', 'helpdesk'],
];

const ns = (name: string): Json => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
});
const pods = (labels: string): Json => ({ podSelector: { matchLabels: map(labels) } });
const podsOf = (name: string, labels: string): Json => ({ ...ns(name), ...pods(labels) });
const block = (cidr: string, ...except: string[]): Json => ({
  ipBlock: except.length > 0 ? { cidr, except } : { cidr },
});
const tcp = (...ports: (number | string)[]): Json[] => ports.map((port) => ({ protocol: 'TCP', port }));
const selecting = (labels: string, rest: Json): Json => ({
  podSelector: labels === '' ? {} : { matchLabels: map(labels) },
  ...rest,
});
const DNS: Json = {
  to: [podsOf('kube-system', 'k8s-app=kube-dns')],
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};

/** Policies: namespace, name, spec. A comment names the mistake where there is one. */
const POLICIES: [string, string, Json][] = [
  // The ingress controller runs in the host's network: no selector matches it, so this admits nobody from there.
  [
    'frontend',
    'web-from-ingress',
    selecting('app=web', {
      policyTypes: ['Ingress'],
      ingress: [{ from: [ns('ingress')], ports: tcp('http') }],
    }),
  ],
  // No policyTypes: an egress rule alone isolates for ingress as well, and `web` cannot reach `bff` any more.
  [
    'frontend',
    'bff-to-backend',
    selecting('app=bff', { egress: [{ to: [ns('backend')], ports: tcp(8080) }, DNS] }),
  ],
  // The container's port is called tcp-redis.
  [
    'frontend',
    'session-cache-from-bff',
    selecting('app=session-cache', {
      policyTypes: ['Ingress'],
      ingress: [{ from: [pods('app=bff')], ports: tcp('redis') }],
    }),
  ],

  ['backend', 'default-deny-ingress', { podSelector: {}, policyTypes: ['Ingress'] }],
  // Two entries of the list: either is enough. Meant was one entry with both selectors.
  [
    'backend',
    'api-from-frontend',
    selecting('role=api', {
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ namespaceSelector: { matchLabels: { tier: 'web' } } }, pods('role=api')],
          ports: tcp(8080),
        },
      ],
    }),
  ],
  // TCP only: names are asked over UDP.
  [
    'backend',
    'allow-dns',
    {
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [{ to: [ns('kube-system')], ports: [{ port: 53 }] }],
    },
  ],
  [
    'backend',
    'egress-to-data',
    {
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [{ to: [ns('data')], ports: tcp(5432, 6379, 9092, 9200) }],
    },
  ],
  [
    'backend',
    'egress-within',
    { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }], ports: tcp(8080) }] },
  ],
  // `oders`: selects nothing.
  [
    'backend',
    'orders-to-payments',
    selecting('app=oders', {
      policyTypes: ['Egress'],
      egress: [{ to: [podsOf('payments', 'app=gateway')], ports: tcp(8443) }],
    }),
  ],
  [
    'backend',
    'shipping-to-carriers',
    selecting('app=shipping', {
      policyTypes: ['Egress'],
      egress: [{ to: [block('203.0.113.0/24')], ports: tcp(443) }],
    }),
  ],
  [
    'backend',
    'notifications-to-mail',
    selecting('app=notifications', {
      policyTypes: ['Egress'],
      egress: [{ to: [block('0.0.0.0/0')], ports: tcp(465, 587) }],
    }),
  ],
  [
    'backend',
    'metrics-from-prometheus',
    {
      podSelector: {},
      policyTypes: ['Ingress'],
      ingress: [{ from: [podsOf('monitoring', 'app=prometheus')], ports: tcp('metrics') }],
    },
  ],

  // Done right: nothing by default, and each connection by name.
  ['payments', 'default-deny-all', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }],
  ['payments', 'allow-dns', { podSelector: {}, policyTypes: ['Egress'], egress: [DNS] }],
  [
    'payments',
    'gateway',
    selecting('app=gateway', {
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        { from: [podsOf('backend', 'app=orders')], ports: tcp('https') },
        { from: [podsOf('monitoring', 'app=prometheus')], ports: tcp('metrics') },
      ],
      egress: [
        { to: [pods('app=fraud-check')], ports: tcp(9000) },
        { to: [pods('app=ledger')], ports: tcp(5432) },
        { to: [pods('app=card-vault')], ports: tcp(8200) },
        { to: [block('198.51.100.0/28')], ports: tcp(443) },
      ],
    }),
  ],
  [
    'payments',
    'fraud-check',
    selecting('app=fraud-check', {
      policyTypes: ['Ingress'],
      ingress: [{ from: [pods('app=gateway')], ports: tcp(9000) }],
    }),
  ],
  [
    'payments',
    'ledger',
    selecting('app=ledger', {
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [
            {
              podSelector: {
                matchExpressions: [
                  { key: 'app', operator: 'In', values: ['gateway', 'reconcile', 'receipts'] },
                ],
              },
            },
          ],
          ports: tcp('postgres'),
        },
      ],
    }),
  ],
  [
    'payments',
    'ledger-clients',
    {
      podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['reconcile', 'receipts'] }] },
      policyTypes: ['Egress'],
      egress: [{ to: [pods('app=ledger')], ports: tcp(5432) }],
    },
  ],
  [
    'payments',
    'card-vault',
    selecting('app=card-vault', {
      policyTypes: ['Ingress'],
      ingress: [{ from: [pods('app=gateway')], ports: tcp(8200) }],
    }),
  ],

  // Any pod of any namespace, the sandbox included.
  [
    'data',
    'postgres-from-everywhere',
    selecting('app=postgres', {
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ namespaceSelector: {} }], ports: tcp(5432) }],
    }),
  ],
  [
    'data',
    'redis',
    selecting('app=redis', {
      policyTypes: ['Ingress'],
      ingress: [{ from: [ns('backend'), ns('frontend')], ports: tcp('redis') }],
    }),
  ],
  [
    'data',
    'kafka',
    selecting('app=kafka', {
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [ns('backend'), ns('analytics'), pods('app=kafka')],
          ports: [{ protocol: 'TCP', port: 9092, endPort: 9094 }],
        },
      ],
    }),
  ],
  [
    'data',
    'zookeeper',
    selecting('app=zookeeper', {
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [
            {
              podSelector: {
                matchExpressions: [{ key: 'app', operator: 'In', values: ['kafka', 'zookeeper'] }],
              },
            },
          ],
        },
      ],
    }),
  ],
  // `namepsaceSelector` is dropped: what is left are pods of this namespace, where no `search` runs.
  [
    'data',
    'elasticsearch-from-search',
    selecting('app=elasticsearch', {
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ namepsaceSelector: { matchLabels: { tier: 'api' } }, ...pods('app=search') }],
          ports: tcp(9200),
        },
        { from: [pods('app=elasticsearch')], ports: tcp(9300) },
      ],
    }),
  ],
  // 80 is the Service's port; the pods listen on 9000.
  [
    'data',
    'minio',
    selecting('app=minio', {
      policyTypes: ['Ingress'],
      ingress: [{ from: [ns('ml'), ns('analytics'), pods('app=backup')], ports: tcp(80) }],
    }),
  ],
  // The second block gives back what the first one excepted.
  [
    'data',
    'backup-egress',
    selecting('app=backup', {
      policyTypes: ['Egress'],
      egress: [{ to: [block('0.0.0.0/0', '169.254.169.254/32'), block('169.254.0.0/16')] }],
    }),
  ],

  ['monitoring', 'default-deny-ingress', { podSelector: {}, policyTypes: ['Ingress'] }],
  [
    'monitoring',
    'grafana',
    selecting('app=grafana', {
      policyTypes: ['Ingress'],
      ingress: [{ from: [podsOf('ingress', 'app=oauth2-proxy')], ports: tcp(3000) }],
    }),
  ],
  // `from: []` is everybody; meant was nobody.
  [
    'monitoring',
    'alertmanager',
    selecting('app=alertmanager', {
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [],
          ports: [
            { protocol: 'TCP', port: 9093 },
            { protocol: 'UDP', port: 9094 },
          ],
        },
      ],
    }),
  ],
  [
    'monitoring',
    'prometheus',
    selecting('app=prometheus', {
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [pods('app=grafana')], ports: tcp('web') }],
      egress: [{}],
    }),
  ],

  [
    'logging',
    'loki',
    selecting('app=loki', {
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ podSelector: {} }], ports: tcp(3100, 9095) }],
    }),
  ],
  [
    'logging',
    'loki-gateway',
    selecting('app=loki-gateway', {
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ namespaceSelector: { matchExpressions: [{ key: 'env', operator: 'Exists' }] } }],
          ports: tcp(8080),
        },
      ],
    }),
  ],
  [
    'logging',
    'fluent-bit-egress',
    selecting('app=fluent-bit', {
      policyTypes: ['Egress'],
      egress: [{ to: [pods('app=loki-gateway')], ports: tcp(8080) }, DNS],
    }),
  ],

  // Selects pods of the host's network: without effect on them.
  [
    'ingress',
    'controller',
    selecting('app=ingress-nginx', {
      policyTypes: ['Ingress'],
      ingress: [{ from: [block('0.0.0.0/0')], ports: tcp(80, 443) }],
    }),
  ],
  [
    'ingress',
    'oauth2-proxy',
    selecting('app=oauth2-proxy', {
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [block('192.168.10.0/24')], ports: tcp(4180) }],
      egress: [
        DNS,
        { to: [podsOf('identity', 'app=keycloak')], ports: tcp(8080) },
        { to: [podsOf('monitoring', 'app=grafana')], ports: tcp(3000) },
      ],
    }),
  ],
  [
    'ingress',
    'external-dns',
    selecting('app=external-dns', {
      policyTypes: ['Ingress', 'Egress'],
      egress: [DNS, { to: [block('0.0.0.0/0')], ports: tcp(443) }],
    }),
  ],

  [
    'ci',
    'runner-egress',
    selecting('app=runner', {
      policyTypes: ['Ingress', 'Egress'],
      egress: [
        DNS,
        { to: [block('0.0.0.0/0', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16')] },
        { to: [pods('app=registry')], ports: tcp(5000) },
      ],
    }),
  ],
  [
    'ci',
    'registry',
    selecting('app=registry', {
      policyTypes: ['Ingress'],
      ingress: [
        { from: [pods('app=runner'), pods('app=build'), block('192.168.10.0/24')], ports: tcp(5000) },
      ],
    }),
  ],

  [
    'legacy',
    'allow-all',
    {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [block('0.0.0.0/0')] }],
      egress: [{ to: [block('0.0.0.0/0')] }],
    },
  ],
  // Egress rules under `policyTypes: [Ingress]` have no effect.
  [
    'legacy',
    'mysql',
    selecting('app=mysql', {
      policyTypes: ['Ingress'],
      ingress: [{ from: [pods('app=billing-old')], ports: tcp(3306) }],
      egress: [{ to: [pods('app=billing-old')] }],
    }),
  ],

  // Right on paper, but gpu-1 does not enforce it.
  ['ml', 'default-deny-all', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }],
  ['ml', 'allow-dns', { podSelector: {}, policyTypes: ['Egress'], egress: [DNS] }],
  [
    'ml',
    'model-server',
    selecting('app=model-server', {
      policyTypes: ['Ingress'],
      ingress: [{ from: [podsOf('backend', 'app=catalog'), pods('app=recommender')], ports: tcp('grpc') }],
    }),
  ],
  [
    'ml',
    'train-egress',
    selecting('app=train', {
      policyTypes: ['Egress'],
      egress: [
        { to: [podsOf('data', 'app=minio')], ports: tcp(9000) },
        { to: [pods('app=mlflow')], ports: tcp(5000) },
        { to: [block('10.244.0.0/16')], ports: [{ protocol: 'TCP', port: 32000, endPort: 32768 }] },
      ],
    }),
  ],
  [
    'ml',
    'recommender',
    selecting('app=recommender', {
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [ns('backend')], ports: tcp(8080) }],
      egress: [
        { to: [pods('app=model-server')], ports: tcp(8500) },
        { to: [pods('app=feature-store')], ports: tcp(6379) },
      ],
    }),
  ],
  [
    'ml',
    'mlflow',
    selecting('app=mlflow', {
      policyTypes: ['Ingress'],
      ingress: [{ from: [pods('app=train'), pods('app=jupyter')], ports: tcp(5000) }],
    }),
  ],

  ['partners', 'default-deny-ingress', { podSelector: {}, policyTypes: ['Ingress'] }],
  ['partners', 'allow-all-egress', { podSelector: {}, policyTypes: ['Egress'], egress: [{}] }],
  [
    'partners',
    'partner-api',
    selecting('app=partner-api', {
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [block('203.0.113.0/24'), block('198.51.100.128/25', '198.51.100.192/28')],
          ports: tcp('https'),
        },
      ],
    }),
  ],
  [
    'partners',
    'sftp-gateway',
    selecting('app=sftp-gateway', {
      policyTypes: ['Ingress'],
      ingress: [{ from: [block('203.0.113.0/24')], ports: tcp(2222) }],
    }),
  ],

  ['identity', 'default-deny-all', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }],
  ['identity', 'allow-dns', { podSelector: {}, policyTypes: ['Egress'], egress: [DNS] }],
  // Namespaces without the key match too: kube-system, default and support.
  [
    'identity',
    'keycloak',
    selecting('app=keycloak', {
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [
            {
              namespaceSelector: {
                matchExpressions: [{ key: 'env', operator: 'NotIn', values: ['sandbox'] }],
              },
            },
          ],
          ports: tcp(8080),
        },
      ],
      egress: [
        { to: [pods('app=keycloak-db')], ports: tcp(5432) },
        { to: [pods('app=ldap')], ports: tcp(1389) },
      ],
    }),
  ],
  [
    'identity',
    'keycloak-db',
    selecting('app=keycloak-db', {
      policyTypes: ['Ingress'],
      ingress: [{ from: [pods('app=keycloak')], ports: tcp(5432) }],
    }),
  ],
  [
    'identity',
    'ldap',
    selecting('app=ldap', {
      policyTypes: ['Ingress'],
      ingress: [{ from: [pods('app=keycloak')], ports: tcp(1389) }],
    }),
  ],

  [
    'analytics',
    'clickhouse',
    selecting('app=clickhouse', {
      policyTypes: ['Ingress'],
      ingress: [
        { from: [pods('app=superset'), pods('app=airflow'), pods('app=clickhouse')], ports: tcp(8123, 9000) },
      ],
    }),
  ],
  [
    'analytics',
    'airflow-egress',
    selecting('app=airflow', {
      policyTypes: ['Egress'],
      egress: [
        DNS,
        { to: [pods('app=clickhouse')] },
        { to: [ns('data')], ports: tcp(5432, 9000) },
        { to: [block('0.0.0.0/0', '10.0.0.0/8')], ports: tcp(443) },
      ],
    }),
  ],
];

/** Calico on all nodes but one; on another its agent has not come up, so that nobody can say. */
const ENFORCEMENT: Enforcement = {
  plugin: 'calico',
  ingress: 'yes',
  egress: 'yes',
  evidence: [{ where: 'pod kube-system/calico-node (5 pods)', what: 'container calico-node' }],
  nodes: [
    {
      node: 'gpu-1',
      plugin: 'flannel',
      ingress: 'no',
      egress: 'no',
      evidence: [
        {
          where: 'pod kube-system/kube-flannel-ds on node gpu-1',
          what: 'container kube-flannel, no kube-network-policies',
        },
        { where: 'node gpu-1', what: 'no calico-node pod' },
      ],
    },
    {
      node: 'worker-4',
      plugin: 'calico',
      ingress: 'unknown',
      egress: 'unknown',
      evidence: [{ where: 'pod kube-system/calico-node on node worker-4', what: 'not ready' }],
    },
  ],
  implies: { ipBlockPods: 'match', hostNetwork: 'node' },
};

function map(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split(' ')
      .filter(Boolean)
      .map((pair) => pair.split('=') as [string, string]),
  );
}

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** A name's ending as Kubernetes makes them, but always the same for the same seed (FNV-1a). */
function suffix(seed: string, length: number): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < seed.length; i++) hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193) >>> 0;
  let text = '';
  for (let i = 0; i < length; i++) {
    text += ALPHABET[hash % ALPHABET.length];
    hash = Math.imul(hash ^ (hash >>> 13), 0x01000193) >>> 0;
  }
  return text;
}

function containerPorts(text: string): Json[] {
  return text
    .split(' ')
    .filter(Boolean)
    .map((port) => {
      const [name, rest] = port.split(':');
      const [number, protocol = 'TCP'] = rest.split('/');
      return { name, containerPort: Number(number), protocol };
    });
}

function controller(kind: string, name: string): Json[] {
  return [
    {
      apiVersion: kind === 'Job' || kind === 'CronJob' ? 'batch/v1' : 'apps/v1',
      kind,
      name,
      controller: true,
    },
  ];
}

interface Made {
  pods: Json[];
  replicasets: Json[];
  jobs: Json[];
}

function makePods(): Made {
  const made: Made = { pods: [], replicasets: [], jobs: [] };
  const nextIp = new Map<string, number>();
  const ranges = new Map(NODES.map(([name, ip, range]) => [name, { ip, range }]));
  let turn = 0;
  for (const [namespace, kind, name, count, labelText, portText, options = {}] of WORKLOADS) {
    const seed = `${namespace}/${name}`;
    const labels = map(labelText);
    let direct: { kind: string; name: string } | null = { kind, name };
    if (kind === 'Pod') direct = name.endsWith('-control-1') ? { kind: 'Node', name: 'control-1' } : null;
    if (kind === 'Deployment') {
      const hash = suffix(seed, 10);
      labels['pod-template-hash'] = hash;
      direct = { kind: 'ReplicaSet', name: `${name}-${hash}` };
      made.replicasets.push({
        metadata: { namespace, name: direct.name, ownerReferences: controller('Deployment', name) },
      });
    }
    for (let index = 0; index < count; index++) {
      let podName = `${name}-${suffix(`${seed}/${index}`, 5)}`;
      if (kind === 'Pod') podName = name;
      else if (kind === 'StatefulSet') podName = `${name}-${index}`;
      else if (kind === 'Deployment') podName = `${direct?.name}-${suffix(`${seed}/${index}`, 5)}`;
      else if (kind === 'CronJob') {
        const job = `${name}-${29466720 + index * 1440}`;
        direct = { kind: 'Job', name: job };
        podName = `${job}-${suffix(`${seed}/${index}`, 5)}`;
        made.jobs.push({ metadata: { namespace, name: job, ownerReferences: controller('CronJob', name) } });
      } else if (kind === 'Job' && index === 0) made.jobs.push({ metadata: { namespace, name } });
      const phase = options.phases?.[index] ?? 'Running';
      const nodes = options.nodes ?? WORKERS;
      const node = nodes[options.nodes ? index % nodes.length : turn++ % nodes.length];
      const place = ranges.get(node) ?? { ip: '', range: '' };
      const scheduled = phase !== 'Pending';
      const host = nextIp.get(node) ?? 10;
      if (scheduled && !options.hostNetwork) nextIp.set(node, host + 1);
      const ip = options.hostNetwork ? place.ip : `${place.range}.${host}`;
      const metadata: Json = {
        namespace,
        name: podName,
        labels: index === 1 && options.odd !== undefined ? { ...labels, ...map(options.odd) } : labels,
      };
      if (direct !== null) metadata.ownerReferences = controller(direct.kind, direct.name);
      const spec: Json = { containers: [{ name, ports: containerPorts(portText) }] };
      if (options.sidecar !== undefined)
        spec.initContainers = [
          { name: 'sidecar', restartPolicy: 'Always', ports: containerPorts(options.sidecar) },
        ];
      if (options.hostNetwork) spec.hostNetwork = true;
      const status: Json = { phase };
      if (scheduled) {
        spec.nodeName = node;
        status.hostIP = place.ip;
        status.podIP = ip;
        status.podIPs = [{ ip }];
      }
      made.pods.push({ metadata, spec, status });
    }
  }
  return made;
}

function makeServices(): Json[] {
  return SERVICES.map(([namespace, name, selector, portText, type], index) => ({
    metadata: { namespace, name },
    spec: {
      type: type === undefined || type === 'None' ? 'ClusterIP' : type,
      selector: map(selector),
      clusterIP: type === 'None' ? 'None' : `10.96.0.${index + 10}`,
      ports: portText.split(' ').map((entry) => {
        const [port, targetPort] = entry.split(':');
        const protocol = name === 'kube-dns' ? 'UDP' : 'TCP';
        if (targetPort === undefined) return { port: Number(port), protocol };
        return {
          port: Number(port),
          protocol,
          targetPort: /^\d+$/.test(targetPort) ? Number(targetPort) : targetPort,
        };
      }),
    },
    status: type === 'LoadBalancer' ? { loadBalancer: { ingress: [{ ip: '192.0.2.40' }] } } : {},
  }));
}

/** The built-in cluster as a snapshot; the same each time. */
export function demoSnapshot(): Snapshot {
  const builder = new SnapshotBuilder({
    name: 'Demo cluster',
    source: 'demo',
    serverVersion: 'v1.33.2',
    takenAt: TAKEN_AT,
    warnings: [],
  });
  const made = makePods();
  const lists: Record<string, Json[]> = {
    namespaces: Object.entries(NAMESPACES).map(([name, labels]) => ({
      metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...map(labels) } },
    })),
    networkpolicies: POLICIES.map(([namespace, name, spec]) => ({ metadata: { namespace, name }, spec })),
    nodes: NODES.map(([name, ip, range]) => ({
      metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
      spec: { podCIDRs: [`${range}.0/24`] },
      status: {
        addresses: [
          { type: 'InternalIP', address: ip },
          { type: 'Hostname', address: name },
        ],
      },
    })),
    pods: made.pods,
    services: makeServices(),
    endpointslices: [],
    ingresses: INGRESSES.map(([namespace, name, ...services]) => ({
      metadata: { namespace, name },
      spec: {
        rules: services.map((service) => ({
          http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: service } } }] },
        })),
      },
    })),
    replicasets: made.replicasets,
    jobs: made.jobs,
  };
  for (const [resource, items] of Object.entries(lists)) {
    builder.addListPage(resource, { metadata: { resourceVersion: '184467' }, items });
    builder.addCoverage({
      resource: resource === 'networkpolicies' ? 'networkpolicies.networking.k8s.io' : resource,
      verb: 'list',
      namespace: null,
      outcome: 'read',
      count: items.length,
      resourceVersion: '184467',
      pages: 1,
      affectsVerdicts: ['namespaces', 'networkpolicies', 'nodes', 'pods'].includes(resource),
    });
  }
  builder.setEnforcement(ENFORCEMENT);
  return builder.finish();
}

/** Addresses of Services (S29): hand-worked answers, in words too, from manifests and from a live cluster's lists. */
import { describe, expect, test } from 'vitest';
import { createAudit } from '../../shared/audit/engine.ts';
import type { AuditEngine } from '../../shared/audit/api.ts';
import type { Explanation, ProbeEnd } from '../../shared/audit/result.ts';
import { SnapshotBuilder } from '../../shared/kube/builder.ts';
import { parseSnapshot, serializeSnapshot } from '../../shared/kube/snapshotFile.ts';
import type { Snapshot } from '../../shared/kube/snapshot.ts';
import { findingText, partPortsText, reasonText, serviceSentences } from '../../shared/report/words.ts';

const cluster = (source: 'manifests' | 'context'): SnapshotBuilder =>
  new SnapshotBuilder({
    name: 'test',
    source,
    serverVersion: null,
    takenAt: '2026-01-01T00:00:00Z',
    warnings: [],
  });

function read(...documents: string[]): Snapshot {
  const builder = cluster('manifests');
  builder.addManifest('a.yaml', documents.join('\n---\n'));
  return builder.finish();
}

const audit = (snapshot: Snapshot): AuditEngine =>
  createAudit(snapshot, { auditedAt: '2026-01-01T00:00:00Z', version: 'test', assume: {} });

const end = (text: string): ProbeEnd => {
  const slash = text.indexOf('/');
  return slash < 0 ? { ip: text } : { namespace: text.slice(0, slash), pod: text.slice(slash + 1) };
};

function ask(engine: AuditEngine, src: string, dst: string, on: string): Explanation {
  const [protocol, port] = on.split('/') as [string, string];
  return engine.explain({ src: end(src), dst: end(dst), protocol, port: Number(port) });
}

const uses = (e: Explanation): string[] =>
  [...e.egress.assumptions, ...e.ingress.assumptions].map((u) => `${u.rule} ${u.name} ${u.value}`);

const pod = (id: string, labels: string, more = ''): string => {
  const [namespace, name] = id.split('/') as [string, string];
  return `{apiVersion: v1, kind: Pod, metadata: {name: ${name}, namespace: ${namespace}, labels: ${labels}}${more}}`;
};
const service = (id: string, spec: string, status = '{}'): string => {
  const [namespace, name] = id.split('/') as [string, string];
  return `{apiVersion: v1, kind: Service, metadata: {name: ${name}, namespace: ${namespace}}, spec: ${spec}, status: ${status}}`;
};
const policy = (id: string, spec: string): string => {
  const [namespace, name] = id.split('/') as [string, string];
  return `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: ${name}, namespace: ${namespace}}, spec: ${spec}}`;
};
const ports = (list: string): string => `, spec: {containers: [{name: c, image: i, ports: ${list}}]}`;

const SHOP = [
  pod('shop/client', '{app: client}'),
  pod('shop/one', '{app: db}', ports('[{name: sql, containerPort: 5432}]')),
  pod('shop/two', '{app: db}', ports('[{name: sql, containerPort: 5433}]')),
  service(
    'shop/db',
    '{clusterIP: 10.96.1.1, selector: {app: db}, ports: [{name: sql, port: 80, targetPort: sql}]}',
  ),
];

describe('a cluster IP (S29)', () => {
  const to = (port: number): string =>
    policy(
      'shop/out',
      `{podSelector: {matchLabels: {app: client}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: ${port}}]}]}`,
    );

  test('is its endpoints, each at the port that the name has on it', () => {
    const both = audit(
      read(
        ...SHOP,
        policy(
          'shop/out',
          '{podSelector: {matchLabels: {app: client}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432, endPort: 5433}]}]}',
        ),
      ),
    );
    const e = ask(both, 'shop/client', '10.96.1.1', 'TCP/80');
    expect(e.verdict).toBe('permitted');
    expect(e.dst).toEqual({ type: 'service', namespace: 'shop', name: 'db', ip: '10.96.1.1' });
    expect(e.service?.targets.map((t) => [t.port, t.verdict])).toEqual([
      [5432, 'permitted'],
      [5433, 'permitted'],
    ]);
    expect(uses(e)).toEqual(['S29 service shop/db']);
    expect(serviceSentences(e, 'en')).toEqual([
      '10.96.1.1 is the cluster IP of Service shop/db.',
      'After translation: shop/one:5432, shop/two:5433 (permitted).',
    ]);
    expect(e.conns).toEqual({ TCP: [[80, 80]] });
    // The Service may be named instead.
    expect(ask(both, 'shop/client', 'shop/Service/db', 'TCP/80').verdict).toBe('permitted');
  });

  test('depends where its endpoints differ, and names which permit and which deny', () => {
    const e = ask(audit(read(...SHOP, to(5432))), 'shop/client', '10.96.1.1', 'TCP/80');
    expect(e.verdict).toBe('depends');
    expect(e.egress.verdict).toBe('depends');
    expect(e.ingress.verdict).toBe('permitted');
    expect(reasonText(e.egress, 'en')).toContain(
      'permitted if it is shop/one:5432, denied if it is shop/two:5433 (S29)',
    );
    expect(reasonText(e.egress, 'ko')).toContain('shop/one:5432인 경우');
  });

  test('without the port that was asked is an answer of its own', () => {
    const engine = audit(read(...SHOP, to(5432)));
    expect(() => ask(engine, 'shop/client', '10.96.1.1', 'TCP/5432')).toThrow(
      'Service shop/db has no port TCP/5432 (its ports: TCP/80)',
    );
    const { answers, errors } = engine.verdicts([
      { src: end('shop/client'), dst: end('10.96.1.1'), protocol: 'UDP', port: 80 },
    ]);
    expect(errors).toBe(0);
    expect(answers[0]).toMatchObject({
      answer: 'no-service-port',
      message: 'Service shop/db has no port UDP/80 (its ports: TCP/80)',
    });
    expect(answers[0]).not.toHaveProperty('verdict');
  });

  test('that a block holds is still its endpoints, and the answer says so; the remedy selects the pods', () => {
    const e = ask(
      audit(
        read(
          ...SHOP,
          policy(
            'shop/out',
            '{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.96.1.1/32}}]}]}',
          ),
        ),
      ),
      'shop/client',
      '10.96.1.1',
      'TCP/80',
    );
    expect(e.verdict).toBe('denied');
    expect(uses(e)).toEqual(['S29 service shop/db', 'S29 serviceBlock 10.96.1.1']);
    const text = JSON.stringify(e.remedy);
    expect(text).toContain('{"podSelector":{"matchLabels":{"app":"db"}}}');
    expect(text).toContain('5432');
    expect(text).toContain('5433');
    expect(text).not.toContain('10.96.1.1');
    const names = e.remedy?.policies.map((p) => (p.manifest as { metadata: { name: string } }).metadata.name);
    expect(new Set(names).size).toBe(names?.length);
  });

  test('without a known endpoint depends on them', () => {
    const e = ask(
      audit(
        read(
          pod('shop/client', '{}'),
          service('default/kubernetes', '{clusterIP: 10.96.0.1, ports: [{port: 443}]}'),
        ),
      ),
      'shop/client',
      '10.96.0.1',
      'TCP/443',
    );
    expect([e.verdict, e.egress.verdict, e.ingress.verdict]).toEqual(['depends', 'permitted', 'depends']);
    expect(e.service).toMatchObject({ state: 'no-endpoints', count: 0 });
    expect(reasonText(e.ingress, 'en')).toContain('the endpoints of Service default/kubernetes');
  });

  test('opens no connections', () => {
    expect(() => ask(audit(read(...SHOP)), '10.96.1.1', 'shop/client', 'TCP/80')).toThrow(
      '10.96.1.1 is the address of Service shop/db: connections lead to it, never from it',
    );
  });

  test('is found in a live cluster, and keeps its endpoints through a snapshot file', () => {
    const builder = cluster('context');
    builder.addListPage('pods', {
      metadata: {},
      items: [{ metadata: { name: 'client', namespace: 'x' }, status: { podIP: '10.0.0.1' } }],
    });
    builder.addListPage('services', {
      metadata: {},
      items: [
        {
          metadata: { name: 'ext', namespace: 'x' },
          spec: { clusterIP: '10.96.7.7', ports: [{ name: 'a', port: 1 }] },
        },
      ],
    });
    builder.addListPage('endpointslices', {
      metadata: {},
      items: [
        {
          metadata: { name: 'ext-1', namespace: 'x', labels: { 'kubernetes.io/service-name': 'ext' } },
          addressType: 'IPv4',
          endpoints: [
            { addresses: ['198.51.100.1'] },
            { addresses: ['198.51.100.2'], conditions: { ready: false } },
            { addresses: ['198.51.100.3'], conditions: { ready: true } },
          ],
          ports: [
            { name: 'a', port: 9, protocol: 'TCP' },
            { name: 'b', port: 10, protocol: 'TCP' },
          ],
        },
      ],
    });
    builder.addCoverage({
      resource: 'services',
      verb: 'list',
      namespace: null,
      outcome: 'read',
      count: 1,
      affectsVerdicts: false,
    });
    const snapshot = builder.finish();
    const again = parseSnapshot(JSON.parse([...serializeSnapshot(snapshot)].join('')));
    for (const one of [snapshot, (again as { snapshot: Snapshot }).snapshot]) {
      const e = ask(audit(one), 'x/client', '10.96.7.7', 'TCP/1');
      expect(e.service?.targets).toEqual([
        { end: { type: 'ip', ip: '198.51.100.1' }, port: 9, verdict: 'permitted' },
        { end: { type: 'ip', ip: '198.51.100.3' }, port: 9, verdict: 'permitted' },
      ]);
    }
  });
});

describe('a Service without a selector (S29)', () => {
  const base = [pod('x/app', '{app: app}'), service('x/db', '{clusterIP: 10.96.3.3, ports: [{port: 5432}]}')];
  const out = policy(
    'x/out',
    '{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 198.51.100.40/32}}], ports: [{port: 15432}]}]}',
  );
  const endpoints = (addresses: string): string =>
    `{apiVersion: v1, kind: Endpoints, metadata: {name: db, namespace: x}, subsets: [{${addresses}, ports: [{port: 15432}]}]}`;

  test('is what its Endpoints name, at their port; what is not ready is none', () => {
    const e = ask(
      audit(
        read(
          ...base,
          out,
          endpoints('addresses: [{ip: 198.51.100.40}], notReadyAddresses: [{ip: 203.0.113.1}]'),
        ),
      ),
      'x/app',
      '10.96.3.3',
      'TCP/5432',
    );
    expect(e.verdict).toBe('permitted');
    expect(e.service?.targets).toEqual([
      { end: { type: 'ip', ip: '198.51.100.40' }, port: 15432, verdict: 'permitted' },
    ]);
  });

  test('goes by its EndpointSlices where it has both; the remedy names the endpoints', () => {
    const slice = `{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: db-1, namespace: x, labels: {kubernetes.io/service-name: db}}, addressType: IPv4, endpoints: [{addresses: [203.0.113.7]}, {addresses: [203.0.113.8]}], ports: [{port: 6000}]}`;
    const e = ask(
      audit(read(...base, out, slice, endpoints('addresses: [{ip: 198.51.100.40}]'))),
      'x/app',
      '10.96.3.3',
      'TCP/5432',
    );
    expect(e.verdict).toBe('denied');
    expect(e.remedy?.policies.map((p) => (p.manifest as { spec: unknown }).spec)).toEqual([
      {
        podSelector: { matchLabels: { app: 'app' } },
        policyTypes: ['Egress'],
        egress: [
          {
            to: [{ ipBlock: { cidr: '203.0.113.7/32' } }, { ipBlock: { cidr: '203.0.113.8/32' } }],
            ports: [{ protocol: 'TCP', port: 6000 }],
          },
        ],
      },
    ]);
  });
});

describe('a load-balancer, external or node-port address (S29, S23)', () => {
  const gate = (traffic: string): string[] => [
    pod('gate/entry', '{app: entry}', ', status: {podIP: 10.0.0.3}'),
    pod('app/caller', '{app: caller}', ', status: {podIP: 10.0.0.4}'),
    '{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {addresses: [{type: InternalIP, address: 10.8.0.1}]}}',
    service(
      'gate/entry',
      `{type: LoadBalancer, ${traffic}clusterIP: 10.96.9.9, externalIPs: [10.50.0.1], selector: {app: entry}, ports: [{port: 443, targetPort: 8443, nodePort: 31443}]}`,
      '{loadBalancer: {ingress: [{ip: 10.40.0.13}]}}',
    ),
    policy('gate/office', '{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}]}'),
  ];

  test.each([
    ['10.40.0.13', 443],
    ['10.50.0.1', 443],
    ['10.8.0.1', 31443],
  ])('%s:%i has two readings, and depends where they differ', (ip, port) => {
    const engine = audit(read(...gate('')));
    const e = ask(engine, 'app/caller', ip, `TCP/${port}`);
    expect([e.verdict, e.service?.untranslated]).toEqual(['depends', 'permitted']);
    expect(e.service?.targets).toEqual([
      { end: { type: 'pod', namespace: 'gate', name: 'entry', kind: 'Pod' }, port: 8443, verdict: 'denied' },
    ]);
    expect([...e.egress.assumptions, ...e.ingress.assumptions]).toContainEqual({
      rule: 'S29',
      name: 'serviceReading',
      value: ip,
      permittedIf: 'untranslated',
      deniedIf: 'translated',
    });
  });

  test('is denied where both readings are', () => {
    const engine = audit(read(...gate(''), policy('app/none', '{podSelector: {}, policyTypes: [Egress]}')));
    const e = ask(engine, 'app/caller', '10.40.0.13', 'TCP/443');
    expect(e.verdict).toBe('denied');
    expect(uses(e)).toContain('S29 service gate/entry');
  });

  test('leads who calls from outside to the pods, by the rules and marked', () => {
    const engine = audit(read(...gate('')));
    const from = (src: string): unknown[] => {
      const e = ask(engine, src, '10.40.0.13', 'TCP/443');
      return [e.verdict, e.service?.untranslated, uses(e)];
    };
    const marks = ['S29 service gate/entry', 'S23 sourceRewrite gate/entry'];
    expect(from('203.0.113.5')).toEqual(['permitted', undefined, marks]);
    expect(from('192.0.2.200')).toEqual(['denied', undefined, marks]);
  });

  test('at a port that no Service has there is an address', () => {
    const e = ask(audit(read(...gate(''))), 'app/caller', '10.40.0.13', 'TCP/80');
    expect([e.verdict, e.dst.type]).toEqual(['permitted', 'ip']);
    expect(uses(e)).toEqual(['S29 serviceOther gate/entry']);
  });

  test('may hide who called: the verdict by the rules is marked, unless the caller is kept', () => {
    const e = ask(audit(read(...gate(''))), '203.0.113.5', 'gate/entry', 'TCP/8443');
    expect([e.verdict, uses(e)]).toEqual(['permitted', ['S23 sourceRewrite gate/entry']]);
    const kept = audit(read(...gate('externalTrafficPolicy: Local, ')));
    expect(uses(ask(kept, '203.0.113.5', 'gate/entry', 'TCP/8443'))).toEqual([]);
    // Nothing publishes this port.
    expect(uses(ask(audit(read(...gate(''))), '203.0.113.5', 'gate/entry', 'TCP/9000'))).toEqual([]);
  });
});

const DNS = [
  pod('jobs/worker', '{app: worker}'),
  pod('kube-system/coredns', '{k8s-app: kube-dns}'),
  service(
    'kube-system/kube-dns',
    '{clusterIP: 10.96.0.10, selector: {k8s-app: kube-dns}, ports: [{port: 53, protocol: UDP}]}',
  ),
];
const DNS_ONLY = policy(
  'jobs/dns',
  '{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}, podSelector: {matchLabels: {k8s-app: kube-dns}}}], ports: [{port: 53, protocol: UDP}]}]}',
);
const cache = (args: string, namespace = 'kube-system'): string =>
  `{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: node-local-dns, namespace: ${namespace}}, spec: {selector: {matchLabels: {k8s-app: cache}}, template: {metadata: {labels: {k8s-app: cache}}, spec: {hostNetwork: true, containers: [{name: c, image: i, args: ${args}}]}}}}`;

describe('a node-local DNS cache (S29)', () => {
  test('is permitted by a block alone, and the answer names it', () => {
    const snapshot = read(
      ...DNS,
      DNS_ONLY,
      cache('[-conf, /etc/Corefile, -localip, "169.254.25.10,10.96.0.10"]'),
    );
    const e = ask(audit(snapshot), 'jobs/worker', '169.254.25.10', 'UDP/53');
    expect([e.verdict, uses(e)]).toEqual(['denied', ['S29 localDns 169.254.25.10']]);
    expect(JSON.stringify(e)).not.toContain('outside');
    // The Service's own address is answered by the cache or by the pods: the rule permits only the second.
    const dns = ask(audit(snapshot), 'jobs/worker', '10.96.0.10', 'UDP/53');
    expect([dns.verdict, dns.service?.targets[0]?.verdict, dns.service?.untranslated]).toEqual([
      'depends',
      'permitted',
      'denied',
    ]);
  });

  test('that does not answer at the cluster IP leaves it to the pods', () => {
    const e = ask(
      audit(read(...DNS, DNS_ONLY, cache('[-localip=169.254.20.10]'))),
      'jobs/worker',
      '10.96.0.10',
      'UDP/53',
    );
    expect(e.verdict).toBe('permitted');
  });

  test('is known by its usual address, and of kube-system alone', () => {
    const without = audit(read(...DNS, DNS_ONLY));
    expect(uses(ask(without, 'jobs/worker', '169.254.20.10', 'UDP/53'))).toEqual([
      'S29 localDns 169.254.20.10',
    ]);
    const elsewhere = audit(read(...DNS, DNS_ONLY, cache('[-localip, 192.0.2.9]', 'jobs')));
    expect(uses(ask(elsewhere, 'jobs/worker', '192.0.2.9', 'UDP/53'))).toEqual([]);
  });
});

test('an address outside says so where the Services of the cluster were not read (S25, S29)', () => {
  const builder = cluster('context');
  builder.addListPage('pods', { metadata: {}, items: [{ metadata: { name: 'p', namespace: 'x' } }] });
  builder.addCoverage({
    resource: 'services',
    verb: 'list',
    namespace: null,
    outcome: 'refused',
    count: 0,
    affectsVerdicts: false,
  });
  const e = ask(audit(builder.finish()), 'x/p', '10.96.0.10', 'UDP/53');
  expect([e.verdict, uses(e)]).toEqual(['permitted', ['S25 coverage services']]);
  expect(reasonText(e.egress, 'en')).toContain('Services, one of which may have this address');
});

test('without a port, each port of a Service is answered, and no other (S29)', () => {
  const engine = audit(
    read(
      pod('x/client', '{app: client}'),
      pod('x/web', '{app: web}'),
      service(
        'x/web',
        '{clusterIP: 10.96.2.2, selector: {app: web}, ports: [{name: a, port: 80, targetPort: 8080}, {name: b, port: 443, targetPort: 8443}]}',
      ),
      policy('x/in', '{podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 8443}]}]}'),
    ),
  );
  for (const dst of ['10.96.2.2', 'x/Service/web']) {
    const pair = engine.explainAllPorts({ src: end('x/client'), dst: end(dst) });
    expect([pair.verdict, pair.conns, pair.denied]).toEqual([
      'some',
      { TCP: [[443, 443]] },
      { TCP: [[80, 80]] },
    ]);
    expect(pair.parts.map((p) => p.service?.targets.map((t) => t.port))).toEqual([[8443], [8080]]);
    expect(partPortsText(pair, 1, 'en')).toBe('TCP 80');
  }
});

describe('findings on Services (S29)', () => {
  const found = (engine: AuditEngine, check: string): unknown[] =>
    engine
      .allFindings()
      .filter((f) => f.check === check)
      .map((f) => [f.object?.name, f.place?.field, f.params]);
  const API = [
    pod('x/op', '{app: op}'),
    service(
      'default/kubernetes',
      '{clusterIP: 10.43.0.1, ports: [{name: https, port: 443, targetPort: 6443}]}',
    ),
    '{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: kubernetes, namespace: default, labels: {kubernetes.io/service-name: kubernetes}}, addressType: IPv4, endpoints: [{addresses: [192.0.2.21]}, {addresses: [192.0.2.22]}], ports: [{name: https, port: 6443}]}',
  ];
  const block = (cidr: string, ports = '', except = ''): string =>
    policy(
      'x/out',
      `{podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}, {ipBlock: {cidr: ${cidr}${except}}}]${ports}}]}`,
    );
  const HIT = [
    [
      'out',
      'spec.egress[0].to[1].ipBlock',
      { services: 'default/kubernetes (10.43.0.1)', count: 1, endpoints: '192.0.2.21:6443, 192.0.2.22:6443' },
    ],
  ];

  test.each([
    ['the address itself', block('10.43.0.1/32'), HIT],
    [
      'the address itself at the right port of the wrong thing',
      block('10.43.0.1/32', ', ports: [{port: 6443}]'),
      HIT,
    ],
    ['the range of Services', block('10.43.0.0/16', ', ports: [{port: 443}]'), HIT],
    ['a range at a port that the Service lacks', block('10.43.0.0/16', ', ports: [{port: 5432}]'), []],
    ['a whole private network', block('10.0.0.0/8'), []],
    ['everything', block('0.0.0.0/0'), []],
    ['a range without it', block('10.43.0.0/16', '', ', except: [10.43.0.0/24]'), []],
  ])('a block that holds %s', (_, given, expected) => {
    expect(found(audit(read(...API, given)), 'policy.block-over-service')).toEqual(expected);
  });

  test('a block that holds what is behind it too is none, nor one on the side of the source', () => {
    const both = service('x/here', '{clusterIP: 10.43.0.9, ports: [{port: 80}]}');
    const inside =
      '{apiVersion: v1, kind: Endpoints, metadata: {name: here, namespace: x}, subsets: [{addresses: [{ip: 10.43.7.7}], ports: [{port: 80}]}]}';
    expect(
      found(
        audit(read(...API.slice(0, 1), both, inside, block('10.43.0.0/16', ', ports: [{port: 80}]'))),
        'policy.block-over-service',
      ),
    ).toEqual([]);
    const ingress = policy('x/in', '{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.43.0.1/32}}]}]}');
    expect(found(audit(read(...API, ingress)), 'policy.block-over-service')).toEqual([]);
  });

  test('a Service of pods names them, and one without endpoints says so', () => {
    const snapshot = read(
      ...SHOP,
      service('shop/empty', '{clusterIP: 10.96.1.2, selector: {app: nobody}, ports: [{port: 80}]}'),
      policy(
        'shop/out',
        '{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.96.1.1/32}}, {ipBlock: {cidr: 10.96.1.2/32}}]}]}',
      ),
    );
    expect(found(audit(snapshot), 'policy.block-over-service')).toEqual([
      [
        'out',
        'spec.egress[0].to[0].ipBlock',
        { services: 'shop/db (10.96.1.1)', count: 1, endpoints: 'shop/one:5432, shop/two:5433' },
      ],
      [
        'out',
        'spec.egress[0].to[1].ipBlock',
        { services: 'shop/empty (10.96.1.2)', count: 1, endpoints: 'none' },
      ],
    ]);
    const finding = audit(snapshot)
      .allFindings()
      .find((f) => f.params.endpoints === 'none')!;
    expect(findingText(finding, 'en').text).toContain('none of them is known here');
    expect(findingText(finding, 'ko').text).toContain('알려진 엔드포인트 없음');
  });

  const CACHE = cache('[-localip, "169.254.20.10,10.96.0.10"]');
  const blockTo = (cidr: string): string =>
    policy(
      'jobs/more',
      `{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: ${cidr}}}], ports: [{port: 53, protocol: UDP}]}]}`,
    );
  test('a DNS rule for the pods of the cluster’s DNS behind a node-local cache', () => {
    const hit = [['dns', 'spec.egress[0]', { address: '169.254.20.10', pods: 1 }]];
    expect(found(audit(read(...DNS, DNS_ONLY, CACHE)), 'policy.dns-local-cache')).toEqual(hit);
    // Another policy of the pod permits the cache; a block at the cluster IP that it answers at is no mistake.
    expect(
      found(audit(read(...DNS, DNS_ONLY, CACHE, blockTo('169.254.20.10/32'))), 'policy.dns-local-cache'),
    ).toEqual([]);
    const service = audit(read(...DNS, DNS_ONLY, CACHE, blockTo('10.96.0.10/32')));
    expect(found(service, 'policy.dns-local-cache')).toEqual(hit);
    expect(found(service, 'policy.block-over-service')).toEqual([]);
    // Without a cache, or for pods that are not isolated, there is nothing to say.
    expect(found(audit(read(...DNS, DNS_ONLY)), 'policy.dns-local-cache')).toEqual([]);
    const nobody = DNS_ONLY.replace(
      'podSelector: {}, policyTypes',
      'podSelector: {matchLabels: {a: b}}, policyTypes',
    );
    expect(found(audit(read(...DNS, nobody, CACHE)), 'policy.dns-local-cache')).toEqual([]);
  });
});

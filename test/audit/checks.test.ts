/** Checks over policies and Services: of each, a case that fires and cases that nearly do. */
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../shared/audit/result.ts';
import { findingText } from '../../shared/report/words.ts';
import { read, snapshotOf } from '../kube/read.ts';
import { audit, world, type WorldOptions } from './../policy/world.ts';

/** Findings of the checks named, as [check, policy or object, field, params]. */
function found(findings: Finding[], ...checks: string[]): unknown[] {
  return findings
    .filter((f) => checks.some((check) => f.check.startsWith(check)))
    .map((f) => [f.check, f.object?.name, f.place?.field ?? null, f.params]);
}
const of = (yaml: string): Finding[] => audit(read(yaml)).allFindings();
const inWorld = (options: WorldOptions): Finding[] => world(options).engine.allFindings();

const policy = (name: string, spec: string, namespace = 'a'): string =>
  `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: ${name}, namespace: ${namespace}}, spec: ${spec}}\n---\n`;
const pod = (name: string, labels: string, ports = '', more = '', namespace = 'a'): string =>
  `{apiVersion: v1, kind: Pod, metadata: {name: ${name}, namespace: ${namespace}, labels: {${labels}}}, spec: {${more} containers: [{name: c, image: i, ports: [${ports}]}]}}\n---\n`;
const service = (name: string, spec: string, namespace = 'a'): string =>
  `{apiVersion: v1, kind: Service, metadata: {name: ${name}, namespace: ${namespace}}, spec: ${spec}}\n---\n`;
const namespace = (name: string, labels = ''): string =>
  `{apiVersion: v1, kind: Namespace, metadata: {name: ${name}, labels: {${labels}}}}\n---\n`;

describe('A Service’s port in a rule (S16)', () => {
  const API = pod('api', 'app: api', '{name: web, containerPort: 8080}');
  const onPort = (port: string): string =>
    policy('p', `{podSelector: {matchLabels: {app: api}}, ingress: [{ports: [${port}]}]}`);
  const byName = service('s', '{selector: {app: api}, ports: [{port: 80, targetPort: web}]}');

  test('is found where the target port is a name', () => {
    const params = { port: 80, service: 'a/s', targetPort: 8080, target: 'web (8080)' };
    expect(found(of(API + byName + onPort('{port: 80}')), 'policy.service-port')).toEqual([
      ['policy.service-port', 'p', 'spec.ingress[0].ports[0].port', params],
    ]);
  });
  test('is none where the rule has the name, the number, or another protocol', () => {
    for (const port of ['{port: 80}, {port: web}', '{port: 80}, {port: 8080}', '{port: 80, protocol: UDP}']) {
      expect(found(of(API + byName + onPort(port)), 'policy.service-port')).toEqual([]);
    }
  });
  test('is none where the pods receive on it, or the policy selects other pods', () => {
    const same = pod('api', 'app: api', '{name: web, containerPort: 80}');
    expect(found(of(same + byName + onPort('{port: 80}')), 'policy.service-port')).toEqual([]);
    const other = service('s', '{selector: {app: other}, ports: [{port: 80, targetPort: 8080}]}');
    const both = API + pod('other', 'app: other') + other + onPort('{port: 80}');
    expect(found(of(both), 'policy.service-port')).toEqual([]);
    // A name that no pod behind the Service declares leads nowhere.
    const nobody = pod('api', 'app: api', '{name: else, containerPort: 8080}');
    expect(found(of(nobody + byName + onPort('{port: 80}')), 'policy.service-port')).toEqual([]);
  });
  test('on the egress side is found through the peers, each port by its own', () => {
    const dns =
      pod(
        'dns',
        'd: dns',
        '{name: d, containerPort: 5353, protocol: UDP}, {name: dt, containerPort: 5300}',
        '',
        'sys',
      ) +
      service(
        's',
        '{selector: {d: dns}, ports: [{name: u, port: 53, protocol: UDP, targetPort: d}, {name: t, port: 53, targetPort: dt}]}',
        'sys',
      );
    const to = (labels: string): string =>
      policy(
        'p',
        `{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: sys}}, podSelector: {${labels}}}], ports: [{port: 53, protocol: UDP}, {port: 53}]}]}`,
      );
    const list = found(of(pod('web', 'app: web') + dns + to('')), 'policy.service-port');
    expect(list.map((one) => (one as unknown[])[3])).toMatchObject([
      { target: 'd (5353)', targetPort: 5353 },
      { target: 'dt (5300)', targetPort: 5300 },
    ]);
    const elsewhere = pod('e', 'x: y', '', '', 'sys') + to('matchLabels: {x: y}');
    expect(found(of(pod('web', 'app: web') + dns + elsewhere), 'policy.service-port')).toEqual([]);
  });
  test('of egress to everyone is none where servers outside have the port', () => {
    const everyone = (port: number): string =>
      policy('p', `{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: ${port}}]}]}`);
    const moved = service(
      's',
      '{selector: {app: api}, ports: [{port: 443, targetPort: 8080}, {port: 5432, targetPort: 8080}]}',
    );
    expect(found(of(API + moved + everyone(443)), 'policy.service-port')).toEqual([]);
    expect(found(of(API + moved + everyone(5432)), 'policy.service-port')).toHaveLength(1);
  });
});

describe('An entry of ports without a port (S13)', () => {
  const check = (ports: string): unknown[] =>
    found(
      of(
        pod('web', 'app: web') +
          policy('p', `{podSelector: {}, ingress: [{ports: [{port: 1}]}, {ports: [${ports}]}]}`),
      ),
      'policy.port-entry-open',
    );
  test('is found beside ports of its protocol, which it makes idle', () => {
    expect(check('{port: 5558}, {protocol: TCP}, {port: 7, endPort: 9}, {port: http}')).toEqual([
      [
        'policy.port-entry-open',
        'p',
        'spec.ingress[1].ports[1]',
        { protocol: 'TCP', ports: '5558, 7-9, http' },
      ],
    ]);
  });
  test('is none alone, or beside ports of another protocol', () => {
    for (const ports of [
      '{protocol: TCP}',
      '{protocol: TCP}, {port: 53, protocol: UDP}',
      '{port: 1}, {port: 2}',
    ])
      expect(check(ports)).toEqual([]);
  });
});

describe('A policy of pods on their node’s network (S18)', () => {
  const node = pod('exporter', 'app: exporter', '', 'hostNetwork: true,');
  const open = policy(
    'p',
    '{podSelector: {matchLabels: {app: exporter}}, policyTypes: [Egress], egress: [{}]}',
  );
  test('has no effect, and does not isolate on paper', () => {
    expect(found(of(node + open), 'policy.')).toEqual([
      ['policy.selects-host-network', 'p', 'spec.podSelector', { workloads: 'Pod a/exporter', count: 1 }],
    ]);
  });
  test('has one where it selects another pod too, or the pod is taken for an ordinary one', () => {
    const both = node + pod('other', 'app: exporter') + open;
    expect(of(both).map(({ check }) => check)).toContain('policy.permits-everything');
    expect(found(of(both), 'policy.selects-host')).toEqual([]);
    const asPod = audit(read(node + open), { hostNetwork: 'pod' }).allFindings();
    expect(asPod.map(({ check }) => check)).toContain('policy.permits-everything');
    expect(found(asPod, 'policy.selects-host')).toEqual([]);
  });
});

describe('A selector that matches nothing', () => {
  const waits = policy(
    'p',
    '{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: api}}}]}]}',
  );
  const list = (files: Record<string, string>): string[] =>
    audit(snapshotOf(files))
      .allFindings()
      .map(({ check }) => check)
      .filter((check) => check.includes('selects-nothing'));
  const files = {
    'base/all.yaml': pod('web', 'app: web') + waits,
    'base/kustomization.yaml': 'resources: [all.yaml]',
  };

  test('is told where all was read', () => {
    expect(list(files)).toEqual(['policy.selects-nothing', 'policy.peer-selects-nothing']);
  });
  test('is not told where what was not rendered may have its pods', () => {
    for (const more of ['labels: [{pairs: {app: db}, includeSelectors: true}]', 'resources: [../gone]'])
      expect(
        list({
          ...files,
          'prod/kustomization.yaml': `resources: [../base]\n${more}`.replace(
            'resources: [../base]\nresources: [',
            'resources: [../base, ',
          ),
        }),
      ).toEqual([]);
  });
  test('is told where a patch was not applied to policies of another namespace alone', () => {
    const elsewhere = policy('q', '{podSelector: {}}', 'b');
    const patch =
      '{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: q, namespace: b}, $patch: delete}';
    expect(list({ ...files, 'b.yaml': elsewhere, 'patch.yaml': patch })).toContain('policy.selects-nothing');
    expect(list({ ...files, 'patch.yaml': patch.replace('q, namespace: b', 'p, namespace: a') })).toEqual([]);
  });
});

describe('Another kind of policy (S26)', () => {
  const text = (apiVersion: string, kind: string): string => {
    const other = `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: x, namespace: a}, spec: {}}`;
    const one = of(pod('web', 'app: web') + other).find(({ check }) => check === 'cluster.other-policies');
    return one === undefined ? '' : findingText(one, 'en').text;
  };
  test('is said to do what its kind can do', () => {
    expect(text('security.istio.io/v1', 'AuthorizationPolicy')).toContain(
      'permits nothing that NetworkPolicy denies',
    );
    expect(text('cilium.io/v2', 'CiliumNetworkPolicy')).toContain('may permit or deny before NetworkPolicy');
  });
  test('is called by its product and group unless its name says whose it is', () => {
    expect(text('policy.linkerd.io/v1beta3', 'Server')).toMatch(/^Linkerd Server \(policy\.linkerd\.io\) /);
    expect(text('crd.projectcalico.org/v1', 'GlobalNetworkPolicy')).toMatch(/^Calico GlobalNetworkPolicy \(/);
    expect(text('cilium.io/v2', 'CiliumNetworkPolicy')).toMatch(/^CiliumNetworkPolicy exists/);
  });
  test('of a kept audit without its effect has no hole', () => {
    const kept = {
      check: 'cluster.other-policies',
      object: null,
      place: null,
      params: { kind: 'X', count: 1 },
    };
    for (const lang of ['en', 'ko'] as const) expect(findingText(kept, lang).text).not.toContain('?');
  });
});

test('what could not be read of a file is said to concern the one namespace that it names', () => {
  const broken = (namespace: string): string =>
    `---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: d\n  namespace: ${namespace}\nspec:\n\tx: {}\n`;
  const namespaceOf = (text: string): unknown =>
    of(pod('web', 'app: web') + text).find(({ check }) => check === 'cluster.coverage')?.params['namespace'];
  expect(namespaceOf(broken('other'))).toBe('other');
  expect(namespaceOf(broken('other') + broken('third'))).toBe('*');
});

describe('A named port (S14)', () => {
  const PODS = [
    'a/db app=db port=pg:5432/TCP',
    'a/web app=web port=http:80/TCP',
    'b/other app=db port=sql:5432/TCP',
  ];
  const check = (policies: string): unknown[] =>
    found(inWorld({ pods: PODS, policies }), 'policy.named-port-unknown');
  const ingress = (port: string): string =>
    `metadata: {name: p}\nspec: {podSelector: {matchLabels: {app: db}}, ingress: [{ports: [${port}]}]}`;
  const egress = (peer: string, port: string): string =>
    `metadata: {name: p}\nspec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [${peer}], ports: [${port}]}]}`;

  test('of ingress is looked for on the pods that the policy selects', () => {
    // sql and http are declared, by pods that this policy does not select.
    for (const name of ['sql', 'http']) {
      expect(check(ingress(`{port: ${name}}`))).toEqual([
        ['policy.named-port-unknown', 'p', 'spec.ingress[0].ports[0].port', { name, protocol: 'TCP' }],
      ]);
    }
    expect(check(ingress('{port: pg}'))).toEqual([]);
    expect(check(ingress('{port: pg, protocol: UDP}'))).toHaveLength(1);
  });
  test('of egress is looked for on the pods of the rule’s peers', () => {
    expect(check(egress('{podSelector: {}}', '{port: pg}'))).toEqual([]);
    expect(check(egress('{podSelector: {}}', '{port: sql}'))).toHaveLength(1);
    expect(check(egress('{podSelector: {}}, {namespaceSelector: {}}', '{port: sql}'))).toEqual([]);
    // Through a block a name means nothing.
    expect(check(egress('{ipBlock: {cidr: 0.0.0.0/0}}', '{port: pg}'))).toHaveLength(1);
  });
  test('of pods that are not there is not looked for', () => {
    const nobody = ingress('{port: sql}').replace('app: db', 'app: none');
    expect(check(nobody)).toEqual([]);
    expect(check(egress('{podSelector: {matchLabels: {app: none}}}', '{port: sql}'))).toEqual([]);
  });
});

describe('DNS over TCP alone (S13)', () => {
  const PODS = ['a/web app=web', 'a/db app=db'];
  const tcp =
    'metadata: {name: tcp}\nspec: {podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53}]}]}';
  const udp = (selector: string, port = '{port: 53, protocol: UDP}'): string =>
    `\n---\nmetadata: {name: udp}\nspec: {podSelector: ${selector}, policyTypes: [Egress], egress: [{ports: [${port}]}]}`;
  const check = (policies: string, pods = PODS): unknown[] =>
    found(inWorld({ pods, policies }), 'policy.dns-tcp-only');

  test('is found, also where another policy adds UDP for some of the pods only', () => {
    const one = [['policy.dns-tcp-only', 'tcp', 'spec.egress[0].ports[0]', {}]];
    expect(check(tcp)).toEqual(one);
    expect(check(tcp + udp('{matchLabels: {app: web}}'))).toEqual(one);
    expect(check(tcp + udp('{}', '{port: 54, protocol: UDP}'))).toEqual(one);
  });
  test('is none where policies add up to UDP for all of them', () => {
    expect(check(tcp + udp('{}'))).toEqual([]);
    expect(check(tcp + udp('{matchExpressions: [{key: app, operator: Exists}]}'))).toEqual([]);
    expect(check(tcp + udp('{}', ''))).toEqual([]);
    // Without pods to compare, a policy of the whole namespace counts.
    expect(check(tcp + udp('{}'), [])).toEqual([]);
    expect(check(tcp, [])).toHaveLength(1);
  });
  test('is none where UDP is permitted on the port that the pods of a DNS Service receive on', () => {
    const DNS = pod('dns', 'app: dns', '{name: dns, containerPort: 5353, protocol: UDP}');
    const ports = (port: number): string => `[{port: 53}, {port: ${port}, protocol: UDP}]`;
    const findings = (target: string, port: number): unknown[] =>
      found(
        of(
          DNS +
            service(
              'dns',
              `{selector: {app: dns}, ports: [{port: 53, protocol: UDP, targetPort: ${target}}]}`,
            ) +
            policy('tcp', `{podSelector: {}, policyTypes: [Egress], egress: [{ports: ${ports(port)}}]}`),
        ),
        'policy.dns-tcp-only',
      );
    expect(findings('5353', 5353)).toEqual([]);
    expect(findings('dns', 5353)).toEqual([]);
    expect(findings('5353', 5354)).toHaveLength(1);
  });
});

describe('An ipBlock and the addresses of pods (S12)', () => {
  const check = (cidr: string, pods: string[], edit?: WorldOptions['edit']): unknown[] =>
    found(
      inWorld({
        pods,
        policies: `metadata: {name: p}\nspec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: ${cidr}}]}]}`,
        ...(edit ? { edit } : {}),
      }),
      'policy.block',
    ).map((one) => (one as unknown[])[0]);

  test('says that it covers pods where a pod or a node’s range of pods is inside', () => {
    expect(check('{cidr: 10.0.0.0/24}', ['a/web ip=10.0.0.9'])).toEqual(['policy.block-over-pods']);
    expect(check('{cidr: 10.0.1.0/24}', ['a/web ip=10.0.0.9'])).toEqual([]);
    const ranges: WorldOptions['edit'] = (s) => {
      s.nodes.push({ name: 'n', ips: ['192.168.0.1'], labels: {}, podCIDRs: ['10.4.0.0/24'] });
    };
    expect(check('{cidr: 10.4.0.0/16}', ['a/web'], ranges)).toEqual(['policy.block-over-pods']);
    expect(check('{cidr: 10.5.0.0/16}', ['a/web'], ranges)).toEqual([]);
    // The address of a pod on its node's network is the node's.
    expect(
      check('{cidr: 10.0.0.9/32}', ['a/web ip=10.0.1.1', 'a/host ip=10.0.0.9 node=n1 hostNetwork']),
    ).toEqual([]);
  });
  test('without an address of any pod says at most that it may', () => {
    for (const cidr of [
      '203.0.113.7/32',
      '198.51.100.0/24',
      '192.168.1.0/24',
      '172.27.48.0/24',
      '2001:db8::/32',
    ]) {
      expect(check(`{cidr: "${cidr}"}`, ['a/web'])).toEqual([]);
    }
    for (const cidr of ['0.0.0.0/0', '10.0.0.0/8', '::/0', 'fd00::/16']) {
      expect(check(`{cidr: "${cidr}"}`, ['a/web'])).toEqual(['policy.block-may-cover-pods']);
    }
    expect(
      check('{cidr: 0.0.0.0/0, except: [10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12, 192.168.0.0/16]}', [
        'a/web',
      ]),
    ).toEqual([]);
    expect(check('{cidr: 0.0.0.0/0}', [])).toEqual([]);
  });
});

describe('An exception', () => {
  const check = (egress: string, more = ''): unknown[] =>
    found(
      inWorld({
        pods: ['a/web app=web', 'a/db app=db'],
        policies: `metadata: {name: p}\nspec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [${egress}]}${more}`,
      }),
      'policy.except-undone',
    );
  const OUT = '{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}';
  const other = (selector: string, rule: string): string =>
    `\n---\nmetadata: {name: q}\nspec: {podSelector: ${selector}, policyTypes: [Egress], egress: [${rule}]}`;

  test('that another peer, rule or policy permits whole is found', () => {
    const params = { except: '10.0.0.0/8', cidr: '0.0.0.0/0' };
    const field = 'spec.egress[0].to[0].ipBlock.except[0]';
    const two = '{ipBlock: {cidr: 0.0.0.0/0, except: [192.168.0.0/16]}}';
    expect(check(`{to: [${OUT}, ${two}]}`)).toEqual([
      ['policy.except-undone', 'p', field, { ...params, by: 'spec.egress[0].to[1]' }],
      [
        'policy.except-undone',
        'p',
        'spec.egress[0].to[1].ipBlock.except[0]',
        { except: '192.168.0.0/16', cidr: '0.0.0.0/0', by: 'spec.egress[0].to[0]' },
      ],
    ]);
    expect(check(`{to: [${OUT}], ports: [{port: 443}]}, {ports: [{port: 443}]}`)).toEqual([
      ['policy.except-undone', 'p', field, { ...params, by: 'spec.egress[1]' }],
    ]);
    expect(check(`{to: [${OUT}]}`, other('{}', '{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}'))).toEqual([
      ['policy.except-undone', 'p', field, { ...params, by: 'NetworkPolicy a/q spec.egress[0].to[0]' }],
    ]);
  });
  test('is left alone where only a part is given back, on other ports, or to other pods', () => {
    expect(check(`{to: [${OUT}, {ipBlock: {cidr: 10.1.0.0/16}}]}`)).toEqual([]);
    expect(check(`{to: [${OUT}]}, {ports: [{port: 53, protocol: UDP}]}`)).toEqual([]);
    expect(check(`{to: [${OUT}]}`, other('{matchLabels: {app: db}}', '{}'))).toEqual([]);
    expect(check(`{to: [${OUT}, {podSelector: {}}]}`)).toEqual([]);
  });
  test('is one finding each for ten of a block, and one together for what is beyond', () => {
    const except = Array.from({ length: 15 }, (_, i) => `10.${i}.0.0/16`);
    const many = `{ipBlock: {cidr: 0.0.0.0/0, except: [${except.join(', ')}, 203.0.113.0/24]}}`;
    const rows = check(`{to: [${many}]}`, other('{}', '{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}'));
    const by = 'NetworkPolicy a/q spec.egress[0].to[0]';
    const field = 'spec.egress[0].to[0].ipBlock.except';
    expect(rows).toHaveLength(11);
    expect(rows).toContainEqual([
      'policy.except-undone',
      'p',
      `${field}[9]`,
      { except: '10.9.0.0/16', cidr: '0.0.0.0/0', by },
    ]);
    expect(rows).toContainEqual([
      'policy.except-undone',
      'p',
      field,
      { except: '10.10.0.0/16, 10.11.0.0/16, 10.12.0.0/16, … (+2)', cidr: '0.0.0.0/0', by },
    ]);
  });
  test('of policies by the hundred, with exceptions by the hundred, is looked for in seconds', () => {
    // No block holds an exception of another: without a quick no, each would be held against each.
    const blocks = Array.from({ length: 300 }, (_, p) => {
      const except = Array.from({ length: 200 }, (_, e) =>
        e === 0 ? `10.255.${p >> 8}.${p & 255}/32` : `10.0.${e}.0/24`,
      );
      return `metadata: {name: p${p}}\nspec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [${except.join(', ')}]}}]}]}`;
    });
    const world = inWorld({ pods: ['a/web app=web'], policies: blocks.join('\n---\n') });
    const begun = performance.now();
    const rows = found(world, 'policy.except-undone');
    expect(performance.now() - begun).toBeLessThan(5000);
    // Every policy's own exception is in all the other blocks, those that they share in none.
    expect(rows).toHaveLength(300);
  });
});

describe('A peer that matches no pod', () => {
  const check = (peer: string, more = ''): unknown[] =>
    found(
      of(
        pod('db', 'app: db') +
          pod('web', 'app: web, "app.kubernetes.io/name": shop', '', '', 'front') +
          pod('agent', 'app: agent', '', 'hostNetwork: true,', 'sys') +
          namespace('front', 'team: shop, "example.com/tier": edge') +
          namespace('sys') +
          more +
          policy('p', `{podSelector: {matchLabels: {app: db}}, ingress: [{from: [${peer}]}]}`),
      ),
      'policy.peer',
    ).map((one) => {
      const [id, , field, params] = one as [string, string, string, unknown];
      expect(field).toBe('spec.ingress[0].from[0]');
      return [id, params];
    });

  test('for pods on their node’s network says so, and not where an ordinary pod matches too', () => {
    const sys =
      '{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: sys}}, podSelector: {matchLabels: {app: agent}}}';
    expect(check(sys)).toEqual([['policy.peer-host-network', { workloads: 'Pod sys/agent', count: 1 }]]);
    expect(check(sys, pod('agent-2', 'app: agent', '', '', 'sys'))).toEqual([]);
  });
  test('for a namespace’s name under another key says what to write', () => {
    expect(check('{namespaceSelector: {matchLabels: {name: front}}}')).toEqual([
      ['policy.peer-namespace-name', { key: 'name', value: 'front' }],
    ]);
    // There is no such namespace, or the namespace has the key with another value.
    expect(check('{namespaceSelector: {matchLabels: {name: back}}}')).toEqual([
      ['policy.peer-selects-nothing', {}],
    ]);
    expect(check('{namespaceSelector: {matchLabels: {team: front}}}')).toEqual([
      ['policy.peer-selects-nothing', {}],
    ]);
    expect(check('{namespaceSelector: {matchLabels: {team: shop}}}')).toEqual([]);
  });
  test('for a label on the wrong kind of object names the right one', () => {
    expect(check('{namespaceSelector: {matchLabels: {app: web}}}')).toEqual([
      ['policy.peer-label-on-pods', { label: 'app=web', namespaces: 'front' }],
    ]);
    expect(check('{podSelector: {matchLabels: {team: shop}}}')).toEqual([
      ['policy.peer-label-on-namespaces', { label: 'team=shop', namespaces: 'front' }],
    ]);
    expect(check('{podSelector: {matchLabels: {team: none}}}')).toEqual([
      ['policy.peer-selects-nothing', {}],
    ]);
  });
  test('for a key that is nearly the right one names that', () => {
    const front = (labels: string): string =>
      `{namespaceSelector: {matchLabels: {team: shop}}, podSelector: {matchLabels: {${labels}}}}`;
    expect(check(front('app: shop'))).toEqual([
      ['policy.peer-label-key', { label: 'app=shop', like: 'app.kubernetes.io/name=shop', where: 'front' }],
    ]);
    expect(check('{namespaceSelector: {matchLabels: {tier: edge}}}')).toEqual([
      ['policy.peer-label-key', { label: 'tier=edge', like: 'example.com/tier=edge', where: 'front' }],
    ]);
    expect(check(front('owner: shop'))).toEqual([['policy.peer-selects-nothing', {}]]);
  });
  test('in its own namespace, but in another, says that the namespace is missing', () => {
    expect(check('{podSelector: {matchLabels: {app: web}}}')).toEqual([
      ['policy.peer-other-namespace', { label: 'app=web', namespaces: 'front' }],
    ]);
    expect(check('{podSelector: {matchLabels: {app: db}}}')).toEqual([]);
  });
  test('in any of many namespaces is open to whoever takes the label', () => {
    expect(check('{namespaceSelector: {}, podSelector: {matchLabels: {access: "yes"}}}')).toEqual([
      ['policy.peer-open-to-label', { label: 'access=yes', namespaces: 3 }],
    ]);
    expect(
      check('{namespaceSelector: {matchLabels: {team: shop}}, podSelector: {matchLabels: {access: "yes"}}}'),
    ).toEqual([['policy.peer-selects-nothing', {}]]);
  });
  test('says nothing where no pods were read, or of OpenShift’s own groups', () => {
    const alone = policy(
      'p',
      '{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: x}}}]}]}',
    );
    expect(found(of(alone), 'policy.')).toEqual([]);
    const group = '{namespaceSelector: {matchLabels: {policy-group.network.openshift.io/host-network: ""}}}';
    expect(check(group)).toEqual([]);
  });
});

test('no advice is to remove a policy or a peer that matches nothing here', () => {
  for (const check of ['policy.selects-nothing', 'policy.peer-selects-nothing']) {
    const { advice } = findingText({ check, object: null, place: null, params: {} }, 'en');
    expect(advice).not.toMatch(/remove/i);
  }
  // A default policy waits for the pods of its namespace.
  const waiting = policy('deny', '{podSelector: {}, policyTypes: [Ingress, Egress]}', 'empty');
  const idle = policy('idle', '{podSelector: {matchLabels: {app: none}}}', 'empty');
  expect(found(of(pod('db', 'app: db') + waiting + idle), 'policy.selects-nothing')).toEqual([
    ['policy.selects-nothing', 'idle', 'spec.podSelector', {}],
  ]);
  const unread = inWorld({
    pods: ['a/web app=web'],
    policies: 'metadata: {name: idle, namespace: b}\nspec: {podSelector: {matchLabels: {app: none}}}',
    edit: (s) => s.coverage.unreadPods.push('b'),
  });
  expect(found(unread, 'policy.selects-nothing')).toEqual([]);
});

describe('A published Service whose pods let nobody in', () => {
  const PODS = pod('dash', 'app: dash', '{name: http, containerPort: 3000}') + pod('prom', 'app: prom');
  const only = (from: string, port = 3000): string =>
    policy(
      'dash',
      `{podSelector: {matchLabels: {app: dash}}, ingress: [{from: [${from}], ports: [{port: ${port}}]}]}`,
    );
  const byNode = service(
    'dash',
    '{type: NodePort, selector: {app: dash}, ports: [{port: 80, targetPort: http}]}',
  );
  const check = (yaml: string): unknown[] =>
    found(of(PODS + yaml), 'exposure.published-b', 'exposure.ingress-b');
  const prom = '{podSelector: {matchLabels: {app: prom}}}';

  test('by a node port is found', () => {
    const params = { service: 'a/dash', how: 'NodePort', ports: 'TCP 80', pods: 1 };
    expect(check(byNode + only(prom))).toEqual([['exposure.published-blocked', 'dash', null, params]]);
    expect(check(byNode + only('{ipBlock: {cidr: 0.0.0.0/0}}', 80))).toHaveLength(1);
  });
  test('is none where a block or anybody is let in on its port, and where it is not published', () => {
    expect(check(byNode + only('{ipBlock: {cidr: 192.168.0.0/24}}'))).toEqual([]);
    expect(check(byNode + only(''))).toEqual([]);
    expect(check(byNode)).toEqual([]);
    expect(check(byNode.replace('NodePort', 'ClusterIP') + only(prom))).toEqual([]);
  });
  test('by an Ingress is found only where no other namespace is let in', () => {
    const web =
      byNode.replace('NodePort', 'ClusterIP') +
      '{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web, namespace: a}, spec: {defaultBackend: {service: {name: dash, port: {number: 80}}}}}\n---\n';
    expect(check(web + only(prom))).toMatchObject([
      ['exposure.ingress-blocked', 'dash', null, { how: 'Ingress web' }],
    ]);
    // That namespace was not read: whether its pods are the controller's nobody knows.
    expect(check(web + only('{namespaceSelector: {matchLabels: {team: edge}}}'))).toEqual([]);
    expect(check(web + only(prom) + pod('ingress-nginx-1', 'app: edge'))).toEqual([]);
    // The only namespace here is its own; in the cluster there are others, and a peer without conditions lets them in.
    expect(check(web + only('{namespaceSelector: {}}'))).toEqual([]);
    const name = (operator: string): string =>
      `{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: ${operator}, values: [a]}]}}`;
    expect(check(web + only(name('NotIn')))).toEqual([]);
    expect(check(web + only(name('In')))).toHaveLength(1);
    // On another port than that of the pods behind the Service nobody is let in to them.
    expect(check(web + only('{namespaceSelector: {}}', 80))).toHaveLength(1);
  });
});

describe('A data store', () => {
  const check = (policies: string, line = 'a/db app=db port=sql:5432/TCP'): unknown[] =>
    found(inWorld({ pods: [line, 'b/web app=web'], policies }), 'exposure.data-store').map(
      (one) => (one as unknown[])[3],
    );
  const from = (peer: string, port = '{port: 5432}'): string =>
    `metadata: {name: p}\nspec: {podSelector: {}, ingress: [{from: [${peer}], ports: [${port}]}]}`;

  test('that every namespace may reach is found, with the rule or for want of one', () => {
    const store = { store: 'PostgreSQL', port: 5432, pods: 1 };
    expect(check(from('{namespaceSelector: {}}'))).toEqual([
      { ...store, because: 'NetworkPolicy a/p spec.ingress[0]' },
    ]);
    expect(check(from('', '{port: sql}'))).toEqual([
      { ...store, because: 'NetworkPolicy a/p spec.ingress[0]' },
    ]);
    expect(check('')).toEqual([{ ...store, because: 'open' }]);
    // By the port's name, and by the workload's where no port is declared.
    expect(check('', 'a/x port=redis:7000/TCP')).toMatchObject([{ store: 'Redis', port: 7000 }]);
    expect(check('', 'a/x app=mongodb')).toMatchObject([{ store: 'MongoDB', port: 27017 }]);
  });
  test('is none for some namespaces or pods, on another port, and of what only sounds like one', () => {
    expect(check(from('{podSelector: {}}'))).toEqual([]);
    expect(check(from('{namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}'))).toEqual([]);
    expect(check(from('{namespaceSelector: {}}', '{port: 9187}'))).toEqual([]);
    expect(check('', 'a/x app=postgres-exporter')).toEqual([]);
    expect(check('', 'a/x app=postgres port=metrics:9187/TCP')).toEqual([]);
    expect(check('', 'a/x port=sql:5432/UDP')).toEqual([]);
    expect(check('', 'a/x port=sql:5432/TCP node=n1 hostNetwork')).toEqual([]);
  });
});

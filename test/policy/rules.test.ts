/**
 * The rules of shared/policy/SEMANTICS.md, one group each, with answers worked out by hand. `verdict` and `state`
 * ask the product and the plain evaluator and fail where the two differ.
 */
import { describe, expect, it } from 'vitest';
import { QuestionError } from '../../shared/audit/api.ts';
import { parseSnapshot, serializeSnapshot } from '../../shared/kube/snapshotFile.ts';
import type { Verdict } from '../../shared/audit/result.ts';
import type { CoverageGap, OtherPolicyRecord, Snapshot } from '../../shared/kube/snapshot.ts';
import { reasonText } from '../../shared/report/words.ts';
import { snapshotOf } from '../conformance/cases.ts';
import { audit, snapshotFor, world, worldOf } from './world.ts';

/** Two namespaces, three pods each with addresses; `web` listens on http. */
const PODS = [
  'a/web app=web ip=10.0.0.10 node=n1 port=http:80/TCP',
  'a/db app=db ip=10.0.0.11 node=n1 port=sql:5432/TCP',
  'a/job app=job ip=10.0.0.12 node=n2',
  'b/web app=web ip=10.0.1.10 node=n2 port=http:8080/TCP',
  'b/db app=db ip=10.0.1.11 node=n2',
];
const NODES = ['n1 10.9.0.1', 'n2 10.9.0.2'];
const NAMESPACES = { a: { env: 'prod' }, b: { env: 'test' } };
const base = { pods: PODS, nodes: NODES, namespaces: NAMESPACES };
const B_TO_A = { src: { namespace: 'b', pod: 'web' }, dst: { namespace: 'a', pod: 'web' } };
const DENY_INGRESS = 'spec: {podSelector: {}, policyTypes: [Ingress]}';
const DENY_BOTH = 'spec: {podSelector: {}, policyTypes: [Ingress, Egress]}';

describe('S1: endpoints and connections', () => {
  it('S1: an address of a pod is that pod, and its policies decide', () => {
    const w = world({ ...base, policies: DENY_INGRESS });
    expect(w.verdict('b/web', '10.0.0.10', 'TCP/80')).toBe('denied');
    expect(w.verdict('b/web', 'a/web', 'TCP/80')).toBe('denied');
    expect(w.verdict('b/web', '10.0.0.99', 'TCP/80')).toBe('permitted');
  });
  it('S1: an address that a node shares with its hostNetwork pods is the node', () => {
    const policy = 'spec: {podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}';
    const pods = [...PODS, 'a/agent app=agent ip=10.9.0.2 node=n2 hostNetwork'];
    // Were it the pod under this assumption, the policy would select it.
    const w = world({ ...base, pods, policies: policy, assume: { hostNetwork: 'pod' } });
    expect(w.verdict('b/web', '10.9.0.2', 'TCP/80')).toBe('permitted');
    expect(w.verdict('b/web', 'a/agent', 'TCP/80')).toBe('denied');
    expect(w.verdict('a/web', 'a/agent', 'TCP/80')).toBe('permitted');
    expect(w.verdict('192.0.2.1', 'a/agent', 'TCP/80')).toBe('denied');
    expect(w.verdict('192.0.2.1', '10.9.0.2', 'TCP/80')).toBe('permitted');
  });
  it('S1: a protocol outside the API and a port outside 1-65535 get an error, never a verdict', () => {
    const { engine } = world(base);
    const src = { namespace: 'a', pod: 'web' };
    const dst = { namespace: 'b', pod: 'web' };
    const { answers, errors } = engine.verdicts([
      { src, dst, protocol: 'ICMP', port: 8 },
      { src, dst, protocol: 'TCP', port: 0 },
      { src, dst, protocol: 'TCP', port: 65536 },
      { src, dst: { namespace: 'b', pod: 'absent' }, protocol: 'TCP', port: 80 },
      { src, dst, protocol: 'TCP', port: 80 },
    ]);
    expect(errors).toBe(4);
    expect(answers.map((a) => a.verdict)).toEqual([undefined, undefined, undefined, undefined, 'permitted']);
    for (const answer of answers.slice(0, 4)) expect(answer.error).toBeTruthy();
    expect(() => engine.explain({ src, dst, protocol: 'ICMP', port: 8 })).toThrow(QuestionError);
  });
});

describe('S2: a policy selects pods of its own namespace', () => {
  it('S2: an empty podSelector selects all pods of the namespace and none of another', () => {
    const w = world({ ...base, policies: DENY_INGRESS });
    expect(w.state('a/web', 'ingress')).toBe('isolated');
    expect(w.state('a/job', 'ingress')).toBe('isolated');
    expect(w.state('b/web', 'ingress')).toBe('open');
  });
  it('S2: equal labels in another namespace are not selected', () => {
    const w = world({ ...base, policies: 'spec: {podSelector: {matchLabels: {app: web}}}' });
    expect(w.state('a/web', 'ingress')).toBe('isolated');
    expect(w.state('a/db', 'ingress')).toBe('open');
    expect(w.state('b/web', 'ingress')).toBe('open');
  });
});

describe('S3: isolation has two independent directions', () => {
  it('S3: isolated for ingress, open for egress', () => {
    const w = world({ ...base, policies: DENY_INGRESS });
    expect(w.state('a/web', 'egress')).toBe('open');
    expect(w.verdict('a/web', 'b/web', 'UDP/53')).toBe('permitted');
    expect(w.verdict('b/web', 'a/web', 'UDP/53')).toBe('denied');
  });
  it('S3: isolated with everything permitted is isolated, and counted apart', () => {
    const w = world({ ...base, policies: 'spec: {podSelector: {}, ingress: [{}]}' });
    expect(w.state('a/web', 'ingress')).toBe('isolated-all-permitted');
    expect(w.verdict('b/web', 'a/web', 'SCTP/65535')).toBe('permitted');
    const { isolation } = w.engine.overview().summary;
    expect(isolation).toMatchObject({ pods: 5, ingressOnly: 3, none: 2, both: 0, allPermitted: 3 });
  });
  it('S3: a plugin that denies what no policy selects', () => {
    const w = world({ ...base, policies: DENY_INGRESS, assume: { unselected: 'deny' } });
    expect(w.verdict('a/web', 'b/web', 'TCP/80')).toBe('denied');
    const unknown = world({ ...base, policies: DENY_INGRESS, assume: { unselected: 'unknown' } });
    expect(unknown.verdict('b/web', 'b/db', 'TCP/80')).toBe('depends');
    expect(unknown.verdict('b/web', 'a/web', 'TCP/80')).toBe('denied');
  });
});

describe('S4: policyTypes', () => {
  const types = (spec: string): [string, string] => {
    const w = world({ ...base, policies: `spec: {podSelector: {}, ${spec}}` });
    return [w.state('a/web', 'ingress'), w.state('a/web', 'egress')];
  };
  it('S4: absent without egress rules is Ingress alone', () => {
    expect(types('ingress: []')).toEqual(['isolated', 'open']);
  });
  it('S4: absent with an egress rule is both: an egress-only policy isolates ingress too', () => {
    expect(types('egress: [{ports: [{port: 53}]}]')).toEqual(['isolated', 'isolated']);
  });
  it('S4: an empty list is an absent one', () => {
    expect(types('policyTypes: [], egress: [{ports: [{port: 53}]}]')).toEqual(['isolated', 'isolated']);
  });
  it('S4: `egress: []` without policyTypes is no egress policy', () => {
    expect(types('egress: []')).toEqual(['isolated', 'open']);
  });
  it('S4: an explicit list is taken as it is', () => {
    expect(types('policyTypes: [Egress]')).toEqual(['open', 'isolated']);
    expect(types('policyTypes: [Ingress], egress: [{ports: [{port: 53}]}]')).toEqual(['isolated', 'open']);
  });
  it('S4: egress rules under policyTypes [Ingress] are a finding', () => {
    const w = world({ ...base, policies: 'spec: {podSelector: {}, policyTypes: [Ingress], egress: [{}]}' });
    const objects = w.engine.allFindings().filter((f) => f.object?.name === 'policy-1');
    expect(objects.map((f) => f.check)).toContain('policy.rules-without-type');
    const other = world({
      ...base,
      policies: 'spec: {podSelector: {}, policyTypes: [Egress], ingress: [{}]}',
    });
    expect(other.engine.allFindings().map((f) => f.check)).toContain('policy.rules-without-type');
    for (const fine of [
      'policyTypes: [Ingress], egress: []',
      'policyTypes: [Egress], ingress: []',
      'policyTypes: [Ingress]',
      'policyTypes: [Egress]',
    ]) {
      const none = world({ ...base, policies: `spec: {podSelector: {}, ${fine}}` });
      expect(none.engine.allFindings().map((f) => f.check)).not.toContain('policy.rules-without-type');
    }
  });
});

describe('S5: policies add up', () => {
  it('S5: the union of all rules of all policies, in any order', () => {
    const one = 'spec: {podSelector: {}, ingress: [{ports: [{port: 80}]}, {ports: [{port: 81}]}]}';
    const two = 'spec: {podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 82}]}]}';
    for (const policies of [
      `${one}\n---\n${two}\n---\n${DENY_INGRESS}`,
      `${DENY_INGRESS}\n---\n${two}\n---\n${one}`,
    ]) {
      const w = world({ ...base, policies });
      const ports = ['TCP/79', 'TCP/80', 'TCP/81', 'TCP/82', 'TCP/83'];
      expect(ports.map((p) => w.verdict('b/db', 'a/web', p))).toEqual([
        'denied',
        'permitted',
        'permitted',
        'permitted',
        'denied',
      ]);
      expect(ports.map((p) => w.verdict('b/db', 'a/db', p))).toEqual([
        'denied',
        'permitted',
        'permitted',
        'denied',
        'denied',
      ]);
    }
  });
});

describe('S6: both sides have to allow', () => {
  const egress = (port: number): string =>
    `metadata: {namespace: b}\nspec: {podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: ${port}}]}]}`;
  const ingress = 'spec: {podSelector: {}, ingress: [{ports: [{port: 80}, {port: 90, endPort: 99}]}]}';
  it('S6: permitted only where egress and ingress permit', () => {
    const w = world({ ...base, policies: `${ingress}\n---\n${egress(80)}` });
    expect(w.verdict('b/web', 'a/web', 'TCP/80')).toBe('permitted');
    const other = world({ ...base, policies: `${ingress}\n---\n${egress(81)}` });
    expect(other.verdict('b/web', 'a/web', 'TCP/80')).toBe('denied');
    expect(other.verdict('b/web', 'a/web', 'TCP/81')).toBe('denied');
  });
  it('S6: denied with depends is denied, permitted with depends is depends', () => {
    const assume = { endPort: 'unknown' };
    const w = world({ ...base, policies: `${ingress}\n---\n${egress(80)}`, assume });
    expect(w.verdict('b/web', 'a/web', 'TCP/95')).toBe('denied');
    expect(w.verdict('a/job', 'a/web', 'TCP/95')).toBe('depends');
  });
});

describe('S7: self and own node', () => {
  it('S7: a pod always reaches itself', () => {
    const w = world({ ...base, policies: DENY_BOTH });
    expect(w.verdict('a/web', 'a/web', 'TCP/80')).toBe('permitted');
    expect(w.verdict('a/web', 'a/db', 'TCP/80')).toBe('denied');
  });
  it('S7: ingress from the own node is permitted, from another node it is not', () => {
    const w = world({ ...base, policies: DENY_BOTH });
    expect(w.verdict('10.9.0.1', 'a/web', 'TCP/80')).toBe('permitted');
    expect(w.verdict('10.9.0.2', 'a/web', 'TCP/80')).toBe('denied');
  });
  it('S7: egress to the own node is permitted, and the assumption is named', () => {
    const w = world({ ...base, policies: DENY_BOTH });
    expect(w.verdict('a/web', '10.9.0.1', 'TCP/10250')).toBe('permitted');
    expect(w.verdict('a/web', '10.9.0.2', 'TCP/10250')).toBe('denied');
    const why = w.engine.explain({
      src: { namespace: 'a', pod: 'web' },
      dst: { ip: '10.9.0.1' },
      protocol: 'TCP',
      port: 10250,
    });
    expect(why.egress.state).toBe('own-node');
    expect(why.egress.assumptions).toContainEqual(expect.objectContaining({ rule: 'S7', name: 'ownNode' }));
  });
  it('S7: a hostNetwork pod is its node', () => {
    const pods = [...PODS, 'b/agent ip=10.9.0.1 node=n1 hostNetwork'];
    const w = world({ ...base, pods, policies: DENY_BOTH });
    expect(w.verdict('b/agent', 'a/web', 'TCP/80')).toBe('permitted');
    expect(w.verdict('b/agent', 'a/job', 'TCP/80')).toBe('denied');
    expect(w.verdict('a/web', 'b/agent', 'TCP/80')).toBe('permitted');
  });
  it('S7: where a pod’s node is not known, a denial that this rule might lift is depends', () => {
    const pods = ['a/lost app=web ip=10.0.0.20', ...PODS];
    const w = world({
      ...base,
      pods,
      policies: `${DENY_BOTH}\n---\nspec: {podSelector: {}, ingress: [{ports: [{port: 80}], from: [{ipBlock: {cidr: 10.9.0.0/24}}]}]}`,
    });
    expect(w.verdict('10.9.0.1', 'a/lost', 'TCP/81')).toBe('depends');
    expect(w.verdict('10.9.0.1', 'a/lost', 'TCP/80')).toBe('permitted');
    expect(w.verdict('b/web', 'a/lost', 'TCP/81')).toBe('denied');
    expect(w.verdict('192.0.2.1', 'a/lost', 'TCP/81')).toBe('denied');
  });
});

describe('S8: only the initiating direction counts', () => {
  it('S8: an answer to a permitted connection needs no rule of its own', () => {
    const w = world({
      ...base,
      policies:
        'spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress, Egress], ingress: [{}]}',
    });
    expect(w.verdict('a/db', 'a/web', 'TCP/80')).toBe('permitted');
    expect(w.verdict('a/web', 'a/db', 'TCP/5432')).toBe('denied');
  });
});

describe('S9: rules match peers and ports', () => {
  const ingress = (rules: string): string => `spec: {podSelector: {}, policyTypes: [Ingress], ${rules}}`;
  const all = (policies: string): string[] => {
    const w = world({ ...base, policies });
    return [
      w.verdict('a/db', 'a/web', 'TCP/80'),
      w.verdict('b/db', 'a/web', 'UDP/53'),
      w.verdict('192.0.2.1', 'a/web', 'SCTP/9'),
    ];
  };
  it('S9: no rules allow nothing, one empty rule allows everything', () => {
    expect(all(ingress('ingress: []'))).toEqual(['denied', 'denied', 'denied']);
    expect(all(ingress('egress: []'))).toEqual(['denied', 'denied', 'denied']);
    expect(all(ingress('ingress: [{}]'))).toEqual(['permitted', 'permitted', 'permitted']);
  });
  it('S9: `from` absent, null or empty is everybody, inside and outside', () => {
    for (const from of ['', 'from: [], ', 'from: null, ']) {
      expect(all(ingress(`ingress: [{${from}ports: [{port: 80}]}]`))).toEqual([
        'permitted',
        'denied',
        'denied',
      ]);
    }
    const w = world({ ...base, policies: ingress('ingress: [{from: [], ports: [{port: 80}]}]') });
    expect(w.verdict('2001:db8::1', 'a/web', 'TCP/80')).toBe('permitted');
    expect(w.verdict('10.9.0.2', 'a/web', 'TCP/80')).toBe('permitted');
  });
  it('S9: `ports` absent or empty is every port of every protocol', () => {
    for (const ports of ['', ', ports: []', ', ports: null']) {
      expect(all(ingress(`ingress: [{from: [{podSelector: {}}]${ports}}]`))).toEqual([
        'permitted',
        'denied',
        'denied',
      ]);
    }
  });
  it('S9: a rule needs its peer and its port at once', () => {
    const w = world({
      ...base,
      policies: ingress(
        'ingress: [{from: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 80}]}, {from: [{podSelector: {matchLabels: {app: job}}}], ports: [{port: 81}]}]',
      ),
    });
    expect(w.verdict('a/db', 'a/web', 'TCP/80')).toBe('permitted');
    expect(w.verdict('a/db', 'a/web', 'TCP/81')).toBe('denied');
    expect(w.verdict('a/job', 'a/web', 'TCP/80')).toBe('denied');
    expect(w.verdict('a/job', 'a/web', 'TCP/81')).toBe('permitted');
  });
});

describe('S10: peers', () => {
  const who = (from: string): string[] => {
    const w = world({
      ...base,
      policies: `spec: {podSelector: {matchLabels: {app: job}}, ingress: [{from: ${from}}]}`,
    });
    return ['a/web', 'a/db', 'b/web', 'b/db'].filter(
      (src) => w.verdict(src, 'a/job', 'TCP/1') === 'permitted',
    );
  };
  it('S10: a podSelector alone means the policy’s own namespace', () => {
    expect(who('[{podSelector: {matchLabels: {app: web}}}]')).toEqual(['a/web']);
    expect(who('[{podSelector: {}}]')).toEqual(['a/web', 'a/db']);
  });
  it('S10: a namespaceSelector alone means all pods of the matching namespaces', () => {
    expect(who('[{namespaceSelector: {matchLabels: {env: test}}}]')).toEqual(['b/web', 'b/db']);
    expect(who('[{namespaceSelector: {}}]')).toEqual(['a/web', 'a/db', 'b/web', 'b/db']);
  });
  it('S10: two selectors in one peer both have to match, in two peers one is enough', () => {
    expect(
      who('[{namespaceSelector: {matchLabels: {env: test}}, podSelector: {matchLabels: {app: web}}}]'),
    ).toEqual(['b/web']);
    expect(
      who('[{namespaceSelector: {matchLabels: {env: test}}}, {podSelector: {matchLabels: {app: web}}}]'),
    ).toEqual(['a/web', 'b/web', 'b/db']);
  });
  it('S10: no selector matches an address outside or a node', () => {
    const w = world({
      ...base,
      policies:
        'spec: {podSelector: {matchLabels: {app: job}}, ingress: [{from: [{namespaceSelector: {}}]}]}',
    });
    expect(w.verdict('192.0.2.1', 'a/job', 'TCP/1')).toBe('denied');
    expect(w.verdict('10.9.0.1', 'a/job', 'TCP/1')).toBe('denied');
  });
});

describe('S11: ipBlock', () => {
  const out = (to: string, live = false, serverVersion = 'newest'): ((ip: string) => string) => {
    const w = world({
      ...base,
      live,
      assume: { ipBlockPods: 'match', hostNetwork: 'node', serverVersion },
      policies: `spec: {podSelector: {}, policyTypes: [Egress], egress: [{to: ${to}}]}`,
    });
    return (ip) => w.verdict('a/web', ip, 'TCP/443');
  };
  it('S11: first and last address of the block are inside, their neighbours are not', () => {
    const at = out('[{ipBlock: {cidr: 192.0.2.16/28}}]');
    expect(['192.0.2.15', '192.0.2.16', '192.0.2.31', '192.0.2.32'].map(at)).toEqual([
      'denied',
      'permitted',
      'permitted',
      'denied',
    ]);
  });
  it('S11: except is taken out of its own block only', () => {
    const at = out(
      '[{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.0/25]}}, {ipBlock: {cidr: 192.0.2.64/26}}]',
    );
    expect(['192.0.2.63', '192.0.2.64', '192.0.2.127', '192.0.2.128'].map(at)).toEqual([
      'denied',
      'permitted',
      'permitted',
      'permitted',
    ]);
  });
  it('S11: IPv4 says nothing about IPv6, and the other way round', () => {
    const four = out('[{ipBlock: {cidr: 0.0.0.0/0}}]');
    expect(['8.8.8.8', '255.255.255.255', '2001:db8::1'].map(four)).toEqual([
      'permitted',
      'permitted',
      'denied',
    ]);
    const six = out('[{ipBlock: {cidr: "::/0"}}]');
    expect(['8.8.8.8', '2001:db8::1', 'ffff::'].map(six)).toEqual(['denied', 'permitted', 'permitted']);
  });
  it('S11: before 1.36 host bits are masked, leading zeros read as decimal, mapped addresses as IPv4', () => {
    const bits = out('[{ipBlock: {cidr: 192.0.2.77/28}}]', false, '1.35');
    expect(['192.0.2.63', '192.0.2.64', '192.0.2.79', '192.0.2.80'].map(bits)).toEqual([
      'denied',
      'permitted',
      'permitted',
      'denied',
    ]);
    const zeros = out('[{ipBlock: {cidr: 010.000.002.000/24}}]', false, '1.35');
    expect(['10.0.2.0', '10.0.2.255', '8.0.2.1'].map(zeros)).toEqual(['permitted', 'permitted', 'denied']);
    const mapped = out('[{ipBlock: {cidr: "::ffff:10.0.2.0/120"}}]', false, '1.35');
    expect(['10.0.2.0', '10.0.3.0', '::ffff'].map(mapped)).toEqual(['permitted', 'denied', 'denied']);
  });
  it('S11: servers with strict address validation refuse new objects that have them and keep stored ones', () => {
    const policies = 'spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.0.2.77/28}}]}]}';
    const rejected = (serverVersion: string, live = false): number => {
      const assume = { serverVersion, hostNetwork: 'node', ipBlockPods: 'match' };
      return world({ ...base, policies, live, assume }).engine.overview().rejected.length;
    };
    expect(['1.35', 'v1.36.1', 'newest', 'unknown'].map((version) => rejected(version))).toEqual([
      0, 1, 1, 0,
    ]);
    expect([rejected('1.36', true), rejected('newest', true)]).toEqual([0, 0]);
  });
  it.each([
    '192.0.2.77/28',
    '010.0.0.0/8',
    '10.0.0.0/08',
    '"::ffff:10.0.0.0/104"',
    '"::ffff:0:0/95"',
    '"::10.1.02.3/128"',
  ])('S11: the newest server refuses %s, so it isolates nobody', (cidr) => {
    for (const block of [
      `{cidr: ${cidr}}`,
      `{cidr: ${cidr.includes(':') ? '"::/0"' : '0.0.0.0/0'}, except: [${cidr}]}`,
    ]) {
      const policies = `spec: {podSelector: {}, ingress: [{from: [{ipBlock: ${block}}]}]}`;
      const w = world({ ...base, policies, assume: { serverVersion: 'newest' } });
      expect(w.engine.overview().rejected).toHaveLength(1);
      expect(w.verdict('8.8.8.8', 'a/web', 'TCP/80')).toBe('permitted');
    }
  });
  it('S11: a copy of a stored object counts, whatever the newest server says of its blocks', () => {
    const text = (metadata: string): string =>
      `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: a${metadata}}\n` +
      'spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.0.2.77/28}}]}]}\n' +
      '---\napiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: a}\n';
    const verdicts = (metadata: string): string[] => {
      const w = worldOf(snapshotOf(text(metadata)));
      return ['192.0.2.64', '192.0.2.80'].map((ip) => w.verdict(ip, 'a/web', 'TCP/80'));
    };
    expect(verdicts('')).toEqual(['permitted', 'permitted']);
    expect(verdicts(', uid: 5b0e, resourceVersion: "17"')).toEqual(['permitted', 'denied']);
    expect(verdicts(', uid: 5b0e')).toEqual(['permitted', 'permitted']);
    // A saved snapshot keeps it.
    const saved = [...serializeSnapshot(snapshotOf(text(', uid: 5b0e, resourceVersion: "17"')))].join('');
    const read = parseSnapshot(JSON.parse(saved));
    if (!('snapshot' in read)) throw new Error(JSON.stringify(read.errors));
    expect(worldOf(read.snapshot).verdict('192.0.2.80', 'a/web', 'TCP/80')).toBe('denied');
  });
  it('S11: what is canonical is taken by the newest server', () => {
    for (const cidr of [
      '10.0.0.0/8',
      '1.2.3.4/32',
      '"2001:DB8::/32"',
      '"2001:0db8::/32"',
      '"::/0"',
      '"::1.2.3.4/128"',
    ]) {
      const policies = `spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: ${cidr}}}]}]}`;
      const { engine } = world({ ...base, policies, assume: { serverVersion: 'newest' } });
      expect([cidr, engine.overview().rejected]).toEqual([cidr, []]);
    }
  });
  it('S11: holes in IPv6 blocks, over pods too', () => {
    const pods = [
      'a/in ip=fd00::7',
      'a/hole ip=fd00::8',
      'a/end ip=fd00::f',
      'a/after ip=fd00::10',
      'a/to ip=fd00::1:1 app=to',
    ];
    const w = world({
      pods,
      policies:
        'spec: {podSelector: {matchLabels: {app: to}}, ingress: [{from: [{ipBlock: {cidr: "fd00::/64", except: ["fd00::8/125", "fd00::20/124"]}}]}]}',
    });
    expect(['a/in', 'a/hole', 'a/end', 'a/after'].map((src) => w.verdict(src, 'a/to', 'TCP/80'))).toEqual([
      'permitted',
      'denied',
      'denied',
      'permitted',
    ]);
  });
  it('S11: host bits and leading zeros are a finding', () => {
    const w = world({
      ...base,
      assume: { serverVersion: '1.35' },
      policies:
        'spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.0.2.77/28}}, {ipBlock: {cidr: 010.0.0.0/8}}]}]}',
    });
    const fields = w.engine
      .allFindings()
      .flatMap((f) => (f.place?.field?.includes('ipBlock') ? [f.place.field] : []));
    expect(fields).toEqual(
      expect.arrayContaining([
        'spec.ingress[0].from[0].ipBlock.cidr',
        'spec.ingress[0].from[1].ipBlock.cidr',
      ]),
    );
    expect(w.engine.overview().rejected).toEqual([]);
  });
});

describe('S11, S12: clusters of one family', () => {
  it('S11: where all is IPv6 a block of IPv4 permits nothing, and one of IPv6 does', () => {
    const pods = ['a/web app=web ip=fd00::10', 'a/db app=db ip=fd00::11', 'a/new app=new'];
    const policies = (cidr: string): string =>
      `spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: '${cidr}'}}]}]}`;
    const six = world({ pods, policies: policies('::/0') });
    expect(six.verdict('a/db', 'a/web', 'TCP/80')).toBe('permitted');
    expect(six.verdict('a/new', 'a/web', 'TCP/80')).toBe('permitted');
    const four = world({ pods, policies: policies('0.0.0.0/0') });
    expect(four.verdict('a/db', 'a/web', 'TCP/80')).toBe('denied');
    expect(four.verdict('a/new', 'a/web', 'TCP/80')).toBe('denied');
    expect(world({ pods, policies: policies('fd00::8/125') }).verdict('a/new', 'a/web', 'TCP/80')).toBe(
      'depends',
    );
  });
  it('S12: the families of nodes count for a pod without addresses', () => {
    const w = world({
      pods: ['a/web app=web ip=10.0.0.10', 'a/new app=new'],
      nodes: ['n1 fd00:9::1'],
      policies:
        "spec: {podSelector: {matchLabels: {app: new}}, ingress: [{from: [{ipBlock: {cidr: '::/0'}}]}]}",
    });
    expect(w.verdict('fd00::1', 'a/new', 'TCP/80')).toBe('permitted');
    expect(w.verdict('10.0.0.1', 'a/new', 'TCP/80')).toBe('denied');
    expect(w.verdict('a/web', 'a/new', 'TCP/80')).toBe('denied');
  });
});

describe('S12: ipBlock over addresses of pods and nodes', () => {
  const policies =
    'spec: {podSelector: {matchLabels: {app: job}}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}';
  const ask = (ipBlockPods: string): string[] => {
    const w = world({ ...base, policies, assume: { ipBlockPods } });
    return ['a/web', 'b/web', '10.9.0.1', '10.77.0.1'].map((src) => w.verdict(src, 'a/job', 'TCP/80'));
  };
  it('S12: match, ignore and unknown', () => {
    expect(ask('match')).toEqual(['permitted', 'permitted', 'permitted', 'permitted']);
    expect(ask('ignore')).toEqual(['denied', 'denied', 'denied', 'permitted']);
    expect(ask('unknown')).toEqual(['depends', 'depends', 'depends', 'permitted']);
  });
  it('S12: nothing rests on a block where another peer permits for sure', () => {
    const why = (from: string, ipBlockPods: string): string[] => {
      const w = world({
        ...base,
        policies: `spec: {podSelector: {matchLabels: {app: job}}, ingress: [{from: [${from}]}]}`,
        assume: { ipBlockPods },
      });
      const [src, dst] = ['web', 'job'].map((pod) => ({ namespace: 'a', pod }));
      const { verdict, ingress } = w.engine.explain({ src, dst, protocol: 'TCP', port: 80 });
      return [verdict, ...ingress.assumptions.map(({ rule, name, value }) => `${rule} ${name} ${value}`)];
    };
    const block = '{ipBlock: {cidr: 10.0.0.0/8}}';
    expect(why(block, 'match')).toEqual(['permitted', 'S12 ipBlockPods match']);
    expect(why(block, 'unknown')).toEqual(['depends', 'S12 ipBlockPods unknown']);
    for (const value of ['match', 'ignore', 'unknown']) {
      expect(why(`${block}, {podSelector: {}}`, value)).toEqual(['permitted']);
      expect(why(`{podSelector: {}}, ${block}`, value)).toEqual(['permitted']);
    }
  });
  it('S12: a pod without an address is matched by a whole family only', () => {
    const at = (cidr: string): string =>
      world({
        pods: ['a/new app=new phase=Pending', 'a/job app=job ip=10.0.0.12'],
        policies: `spec: {podSelector: {matchLabels: {app: job}}, ingress: [{from: [{ipBlock: ${cidr}}]}]}`,
      }).verdict('a/new', 'a/job', 'TCP/80');
    expect(at('{cidr: 0.0.0.0/0}')).toBe('permitted');
    expect(at('{cidr: 10.0.0.0/8}')).toBe('depends');
    expect(at('{cidr: 0.0.0.0/0, except: [10.0.0.0/8]}')).toBe('depends');
    expect(at('{cidr: "::/0"}')).toBe('denied');
  });
});

describe('S13: ports and protocols', () => {
  const ports = (list: string, asked: string[]): string[] => {
    const w = world({ ...base, policies: `spec: {podSelector: {}, ingress: [{ports: ${list}}]}` });
    return asked.filter((port) => w.verdict('b/db', 'a/web', port) === 'permitted');
  };
  it('S13: no protocol is TCP', () => {
    expect(ports('[{port: 53}]', ['TCP/53', 'UDP/53', 'SCTP/53', 'TCP/54'])).toEqual(['TCP/53']);
  });
  it('S13: no port is every port of that protocol', () => {
    expect(ports('[{protocol: UDP}]', ['UDP/1', 'UDP/65535', 'TCP/53'])).toEqual(['UDP/1', 'UDP/65535']);
  });
  it('S13: endPort includes both ends', () => {
    expect(ports('[{port: 80, endPort: 90}]', ['TCP/79', 'TCP/80', 'TCP/90', 'TCP/91'])).toEqual([
      'TCP/80',
      'TCP/90',
    ]);
    expect(ports('[{port: 80, endPort: 80}]', ['TCP/79', 'TCP/80', 'TCP/81'])).toEqual(['TCP/80']);
  });
});

describe('S14: named ports', () => {
  const pods = [
    'a/one app=x ip=10.0.0.10 port=http:80/TCP port=dns:53/UDP',
    'a/two app=x ip=10.0.0.11 port=http:8080/TCP',
    'a/three app=x ip=10.0.0.12 port=http:80/UDP',
    'a/four app=x ip=10.0.0.13',
    'a/client app=c ip=10.0.0.14',
  ];
  it('S14: resolved on each selected pod, for ingress', () => {
    const w = world({
      pods,
      policies: 'spec: {podSelector: {matchLabels: {app: x}}, ingress: [{ports: [{port: http}]}]}',
    });
    const at = (name: string): string[] =>
      ['TCP/80', 'TCP/8080', 'UDP/80'].filter((p) => w.verdict('a/client', name, p) === 'permitted');
    expect(at('a/one')).toEqual(['TCP/80']);
    expect(at('a/two')).toEqual(['TCP/8080']);
    expect(at('a/three')).toEqual([]);
    expect(at('a/four')).toEqual([]);
  });
  it('S14: resolved on each peer pod, for egress, and on nothing else', () => {
    const w = world({
      pods,
      policies:
        'spec: {podSelector: {matchLabels: {app: c}}, policyTypes: [Egress], egress: [{ports: [{port: http}], to: [{podSelector: {}}]}]}',
    });
    const at = (name: string): string[] =>
      ['TCP/80', 'TCP/8080', 'UDP/80'].filter((p) => w.verdict('a/client', name, p) === 'permitted');
    expect(at('a/one')).toEqual(['TCP/80']);
    expect(at('a/two')).toEqual(['TCP/8080']);
    expect(at('a/four')).toEqual([]);
  });
  it('S14: an IP block has no names', () => {
    const w = world({
      pods,
      policies:
        'spec: {podSelector: {matchLabels: {app: c}}, policyTypes: [Egress], egress: [{ports: [{port: http}], to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}',
    });
    expect(w.verdict('a/client', '192.0.2.1', 'TCP/80')).toBe('denied');
    expect(w.verdict('a/client', 'a/one', 'TCP/80')).toBe('denied');
  });
  it('S14: the protocol has to match too', () => {
    const w = world({
      pods,
      policies: 'spec: {podSelector: {}, ingress: [{ports: [{port: dns, protocol: UDP}, {port: http}]}]}',
    });
    expect(w.verdict('a/client', 'a/one', 'UDP/53')).toBe('permitted');
    expect(w.verdict('a/client', 'a/one', 'TCP/53')).toBe('denied');
    expect(w.verdict('a/client', 'a/three', 'UDP/80')).toBe('denied');
  });
  it('S14: two ports of one name in one pod depend on the plugin', () => {
    const twice = [...pods, 'a/five app=x ip=10.0.0.15 port=http:80/TCP port=http:81/TCP'];
    const w = world({
      pods: twice,
      policies: 'spec: {podSelector: {matchLabels: {app: x}}, ingress: [{ports: [{port: http}]}]}',
    });
    expect(['TCP/80', 'TCP/81', 'TCP/82'].map((p) => w.verdict('a/client', 'a/five', p))).toEqual([
      'depends',
      'depends',
      'denied',
    ]);
    const why = w.engine.explain({
      src: { namespace: 'a', pod: 'client' },
      dst: { namespace: 'a', pod: 'five' },
      protocol: 'TCP',
      port: 80,
    });
    expect(why.ingress.assumptions).toContainEqual(expect.objectContaining({ name: 'namedPort' }));
  });
});

describe('S14: names of three protocols', () => {
  it('S14: each is looked up with its own protocol', () => {
    const w = world({
      pods: [
        'a/web app=web ip=10.0.0.1 port=http:80/TCP port=http:81/UDP port=http:82/SCTP port=dns:53/UDP port=sig:90/SCTP',
        'b/db ip=10.0.0.2',
      ],
      policies:
        'spec: {podSelector: {}, ingress: [{ports: [{port: sig, protocol: SCTP}, {port: dns, protocol: UDP}, {port: http}, {port: http, protocol: SCTP}, {port: http}]}]}',
    });
    const open = ['TCP', 'UDP', 'SCTP'].flatMap((protocol) =>
      [53, 80, 81, 82, 90]
        .map((port) => `${protocol}/${port}`)
        .filter((point) => w.verdict('b/db', 'a/web', point) === 'permitted'),
    );
    expect(open).toEqual(['TCP/80', 'UDP/53', 'SCTP/82', 'SCTP/90']);
  });
  it('S14: a port that two containers declare alike is one, wherever they stand', () => {
    const w = world({
      pods: [
        'a/web app=web ip=10.0.0.1 port=zz:90/TCP port=http:80/TCP port=zz:90/TCP port=http:80/TCP',
        'b/db ip=10.0.0.2',
      ],
      policies: 'spec: {podSelector: {}, ingress: [{ports: [{port: http}, {port: zz}]}]}',
    });
    expect(['TCP/80', 'TCP/90', 'TCP/91'].map((port) => w.verdict('b/db', 'a/web', port))).toEqual([
      'permitted',
      'permitted',
      'denied',
    ]);
  });
  it('S14, S18: on a pod that may be its node a name perhaps means nothing', () => {
    const verdict = (hostNetwork: string, port: string): string =>
      world({
        ...base,
        pods: [...PODS, 'a/agent app=agent ip=10.9.0.2 node=n2 hostNetwork port=http:80/TCP'],
        policies:
          'spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Egress], egress: [{ports: [{port: http}]}]}',
        assume: { hostNetwork },
      }).verdict('a/db', 'a/agent', port);
    expect(['pod', 'node', 'unknown'].map((value) => verdict(value, 'TCP/80'))).toEqual([
      'permitted',
      'denied',
      'depends',
    ]);
    expect(['pod', 'node', 'unknown'].map((value) => verdict(value, 'TCP/81'))).toEqual([
      'denied',
      'denied',
      'denied',
    ]);
  });
});

describe('S14: names beside a block', () => {
  it('S14: of an ingress rule are those of the selected pod, of an egress rule nothing', () => {
    const w = world({
      ...base,
      policies: [
        'spec: {podSelector: {matchLabels: {app: web}}, ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}], ports: [{port: http}]}]}',
        'spec: {podSelector: {matchLabels: {app: job}}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/16}}], ports: [{port: http}, {port: 81}]}]}',
      ].join('\n---\n'),
    });
    expect(w.verdict('192.0.2.1', 'a/web', 'TCP/80')).toBe('permitted');
    expect(w.verdict('192.0.2.1', 'a/web', 'TCP/8080')).toBe('denied');
    expect(w.verdict('a/job', 'b/web', 'TCP/8080')).toBe('denied');
    expect(w.verdict('a/job', 'b/web', 'TCP/81')).toBe('permitted');
  });
});

describe('S15: selectors', () => {
  const pods = [
    'a/none ip=10.0.0.10',
    'a/x app=x ip=10.0.0.11',
    'a/y app=y tier=t ip=10.0.0.12',
    'a/empty app= ip=10.0.0.13',
  ];
  const selected = (selector: string): string[] => {
    const w = world({ pods, policies: `spec: {podSelector: ${selector}}` });
    return ['none', 'x', 'y', 'empty'].filter((name) => w.state(`a/${name}`, 'ingress') === 'isolated');
  };
  it('S15: In, NotIn, Exists, DoesNotExist', () => {
    const by = (operator: string, values = ''): string[] =>
      selected(`{matchExpressions: [{key: app, operator: ${operator}${values}}]}`);
    expect(by('In', ', values: [x, z]')).toEqual(['x']);
    expect(by('NotIn', ', values: [x]')).toEqual(['none', 'y', 'empty']);
    expect(by('Exists')).toEqual(['x', 'y', 'empty']);
    expect(by('DoesNotExist')).toEqual(['none']);
    expect(by('In', ", values: ['']")).toEqual(['empty']);
    expect(by('NotIn', ", values: ['']")).toEqual(['none', 'x', 'y']);
  });
  it('S15: labels and expressions are all required', () => {
    expect(selected('{matchLabels: {app: y}, matchExpressions: [{key: tier, operator: Exists}]}')).toEqual([
      'y',
    ]);
    expect(selected('{matchLabels: {app: x}, matchExpressions: [{key: tier, operator: Exists}]}')).toEqual(
      [],
    );
    expect(
      selected(
        '{matchExpressions: [{key: app, operator: Exists}, {key: app, operator: NotIn, values: [x]}]}',
      ),
    ).toEqual(['y', 'empty']);
  });
  it('S15: null and empty lists in a selector leave it empty, which is everything', () => {
    expect(selected('{matchLabels: null, matchExpressions: []}')).toEqual(['none', 'x', 'y', 'empty']);
  });
  it('S15: an absent peer selector is not given, an empty one is everything', () => {
    const from = (peer: string): string =>
      world({ ...base, policies: `spec: {podSelector: {}, ingress: [{from: [${peer}]}]}` }).verdict(
        'b/web',
        'a/web',
        'TCP/1',
      );
    expect(from('{podSelector: {}}')).toBe('denied');
    expect(from('{podSelector: {}, namespaceSelector: null}')).toBe('denied');
    expect(from('{podSelector: {}, namespaceSelector: {}}')).toBe('permitted');
  });
});

describe('S16: the port that the pod receives on', () => {
  const service = (snapshot: ReturnType<typeof snapshotFor>): void => {
    snapshot.services.push({
      namespace: 'a',
      name: 'web',
      type: 'ClusterIP',
      selector: { app: 'web' },
      ports: [{ name: 'http', port: 8000, targetPort: 80, protocol: 'TCP' }],
      clusterIPs: ['172.20.0.10'],
      externalIPs: [],
      loadBalancerIPs: [],
      externalTrafficPolicy: null,
    });
  };
  it('S16: a policy on the Service’s port does not permit the target port', () => {
    const w = world({
      ...base,
      policies: 'spec: {podSelector: {}, ingress: [{ports: [{port: 8000}]}]}',
      edit: service,
    });
    expect(w.verdict('b/web', 'a/web', 'TCP/80')).toBe('denied');
    expect(w.verdict('b/web', 'a/web', 'TCP/8000')).toBe('permitted');
  });
  it('S16: such a policy is a finding', () => {
    const w = world({
      ...base,
      policies: 'spec: {podSelector: {}, ingress: [{ports: [{port: 8000}]}]}',
      edit: service,
    });
    expect(w.engine.allFindings().map((f) => f.check)).toContain('policy.service-port');
    const fine = world({
      ...base,
      policies: 'spec: {podSelector: {}, ingress: [{ports: [{port: 80}]}]}',
      edit: service,
    });
    expect(fine.engine.allFindings().map((f) => f.check)).not.toContain('policy.service-port');
  });
});

describe('S17: finished, pending and terminating pods', () => {
  it('S17: finished pods take no part, and their address is somebody else’s', () => {
    const w = world({
      pods: [
        'a/old app=x ip=10.0.0.10 phase=Succeeded',
        'a/older app=x ip=10.0.0.10 phase=Failed',
        'a/now app=y ip=10.0.0.10',
        'b/c ip=10.0.1.1',
      ],
      policies: 'spec: {podSelector: {matchLabels: {app: x}}}',
    });
    expect(w.verdict('b/c', '10.0.0.10', 'TCP/80')).toBe('permitted');
    expect([...w.engine.podRows()].map((r) => r.name)).toEqual(['now', 'c']);
    expect(w.engine.overview().summary.finishedPods).toBe(2);
    expect(w.engine.overview().summary.pairs.total).toBe(2);
    const { errors } = w.engine.verdicts([
      { src: { namespace: 'a', pod: 'old' }, dst: { namespace: 'b', pod: 'c' }, protocol: 'TCP', port: 80 },
    ]);
    expect(errors).toBe(1);
  });
  it('S17: pending pods count already, terminating ones still', () => {
    const w = world({
      pods: ['a/new app=x phase=Pending', 'a/going app=x ip=10.0.0.11 terminating', 'b/c ip=10.0.1.1'],
      policies: 'spec: {podSelector: {matchLabels: {app: x}}, policyTypes: [Ingress, Egress]}',
    });
    expect(w.verdict('b/c', 'a/new', 'TCP/80')).toBe('denied');
    expect(w.state('a/going', 'ingress')).toBe('isolated');
    expect(w.verdict('a/going', 'b/c', 'TCP/80')).toBe('denied');
  });
});

describe('S18: hostNetwork pods', () => {
  const pods = [...PODS, 'a/agent app=agent ip=10.9.0.2 node=n2 hostNetwork'];
  const policies = [
    'spec: {podSelector: {}, ingress: [{ports: [{port: 80}], from: [{podSelector: {matchLabels: {app: agent}}}]}]}',
    'spec: {podSelector: {}, ingress: [{ports: [{port: 81}], from: [{ipBlock: {cidr: 10.9.0.0/24}}]}]}',
  ].join('\n---\n');
  const ask = (hostNetwork: string): string[] => {
    const w = world({ ...base, pods, policies, assume: { hostNetwork } });
    return [
      w.verdict('a/agent', 'a/web', 'TCP/80'),
      w.verdict('a/agent', 'a/web', 'TCP/81'),
      w.verdict('a/agent', 'a/web', 'TCP/82'),
      w.verdict('b/web', 'a/agent', 'TCP/80'),
      w.state('a/agent', 'ingress'),
    ];
  };
  it('S18: as its node: nothing selects it, no selector matches it, a block over its address does', () => {
    expect(ask('node')).toEqual(['denied', 'permitted', 'denied', 'permitted', 'not-isolatable']);
  });
  it('S18: as a pod', () => {
    expect(ask('pod')).toEqual(['permitted', 'permitted', 'denied', 'denied', 'isolated']);
  });
  it('S18: unknown', () => {
    expect(ask('unknown').slice(0, 3)).toEqual(['depends', 'permitted', 'denied']);
  });
  it('S18: never counted as isolated', () => {
    const w = world({ ...base, pods, policies: DENY_BOTH });
    expect(w.engine.overview().summary.isolation).toMatchObject({
      pods: 6,
      both: 3,
      none: 2,
      notIsolatable: 1,
    });
  });
});

describe('S19: the name label of namespaces', () => {
  const policies =
    'spec: {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: b}}}]}]}';
  it('S19: every namespace has it, written or not', () => {
    const w = world({
      ...base,
      policies,
      edit: (snapshot) => {
        for (const namespace of snapshot.namespaces) namespace.labels = { env: 'x' };
      },
    });
    expect(w.verdict('b/web', 'a/web', 'TCP/80')).toBe('permitted');
    expect(w.verdict('a/db', 'a/web', 'TCP/80')).toBe('denied');
  });
  it('S19: a namespace of which only the name is known is decided by that label alone', () => {
    const unknown = (selector: string): string =>
      world({
        ...base,
        live: true,
        assume: { hostNetwork: 'node', ipBlockPods: 'match' },
        policies: `spec: {podSelector: {}, ingress: [{from: [{namespaceSelector: ${selector}}]}]}`,
        edit: (snapshot) => {
          const b = snapshot.namespaces.find((n) => n.name === 'b')!;
          b.labels = {};
          b.labelsKnown = false;
        },
      }).verdict('b/web', 'a/web', 'TCP/80');
    expect(unknown('{matchLabels: {kubernetes.io/metadata.name: b}}')).toBe('permitted');
    expect(
      unknown('{matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [b]}]}'),
    ).toBe('denied');
    expect(unknown('{matchLabels: {env: test}}')).toBe('depends');
    expect(unknown('{matchLabels: {env: test, kubernetes.io/metadata.name: a}}')).toBe('denied');
    expect(unknown('{}')).toBe('permitted');
  });
});

describe('S19 and S20: manifests', () => {
  const text = `
apiVersion: v1
kind: List
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web, namespace: shop}
  spec:
    replicas: 3
    selector: {matchLabels: {app: web}}
    template:
      metadata: {labels: {app: web}}
      spec:
        initContainers:
        - {name: setup, ports: [{name: http, containerPort: 1}]}
        - {name: mesh, restartPolicy: Always, ports: [{name: mesh, containerPort: 15000}]}
        containers:
        - {name: main, ports: [{name: http, containerPort: 8080}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report}
spec:
  jobTemplate:
    spec:
      template:
        metadata: {labels: {app: report}}
        spec: {containers: [{name: main}]}
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: shop}, spec: {template: {metadata: {labels: {app: db}}, spec: {containers: [{name: main}]}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
  - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: default}}}]
    ports: [{port: http}]
  - from: [{podSelector: {}}]
    ports: [{port: mesh}]
`;
  it('S20: templates, Lists and several documents give one endpoint a workload', () => {
    const w = worldOf(snapshotOf(text));
    expect([...w.engine.podRows()].map((r) => `${r.namespace}/${r.kind}/${r.name} ${r.replicas}`)).toEqual([
      'default/CronJob/report 1',
      'shop/StatefulSet/db 1',
      'shop/Deployment/web 3',
    ]);
  });
  it('S19: no namespace is `default`, and one that is only mentioned has its name label', () => {
    const w = worldOf(snapshotOf(text));
    expect(w.verdict('default/report', 'shop/web', 'TCP/8080')).toBe('permitted');
    expect(w.verdict('shop/db', 'shop/web', 'TCP/8080')).toBe('denied');
  });
  it('S14: ports of native sidecars count, ports of other init containers do not', () => {
    const w = worldOf(snapshotOf(text));
    expect(w.verdict('shop/db', 'shop/web', 'TCP/15000')).toBe('permitted');
    expect(w.verdict('default/report', 'shop/web', 'TCP/1')).toBe('denied');
  });
});

describe('S11: two blocks with holes', () => {
  it('S11: are never taken for one another', () => {
    // Bounds 0, 1, 2, 4 and bounds 0, 124.
    const blocks = [
      '{cidr: 0.0.0.0/30, except: [0.0.0.1/32]}',
      '{cidr: 0.0.0.0/25, except: [0.0.0.124/30, 0.0.0.126/31]}',
    ];
    const w = world({
      pods: ['a/one app=one ip=10.0.0.1', 'a/two app=two ip=10.0.0.2'],
      policies: ['one', 'two']
        .map(
          (app, i) =>
            `metadata: {name: ${app}}\nspec: {podSelector: {matchLabels: {app: ${app}}}, ingress: [{from: [{ipBlock: ${blocks[i]!}}]}]}`,
        )
        .join('\n---\n'),
    });
    for (const [address, one, two] of [
      ['0.0.0.1', 'denied', 'permitted'],
      ['0.0.0.3', 'permitted', 'permitted'],
      ['0.0.0.50', 'denied', 'permitted'],
      ['0.0.0.124', 'denied', 'denied'],
    ] as const) {
      expect([address, w.verdict(address, 'a/one', 'TCP/80'), w.verdict(address, 'a/two', 'TCP/80')]).toEqual(
        [address, one, two],
      );
    }
  });
});

describe('S7: where a node is not known', () => {
  it('S7: connections, too, depend on whether both are on one node', () => {
    const edges = (line: string, counts: number[]): unknown[] => {
      const w = world({
        pods: ['a/web app=web ip=10.0.0.10 node=n1', `a/agent app=agent ip=10.9.0.2 hostNetwork ${line}`],
        nodes: NODES,
        policies: 'spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress, Egress]}',
      });
      w.verdict('a/agent', 'a/web', 'TCP/80');
      const { permitted, depends, denied } = w.engine.overview().summary.pairs;
      expect([permitted, depends, denied]).toEqual(counts);
      return [...w.engine.connections('pods').edges].flatMap(({ src, dst, conns, depends }) =>
        'cidrs' in src || 'cidrs' in dst
          ? []
          : [[src.name, dst.name, Object.keys(conns), Object.keys(depends ?? {})]],
      );
    };
    const all = ['TCP', 'UDP', 'SCTP'];
    expect(edges('', [0, 2, 0]).sort()).toEqual([
      ['agent', 'web', [], all],
      ['web', 'agent', [], all],
    ]);
    expect(edges('node=n1', [2, 0, 0]).sort()).toEqual([
      ['agent', 'web', all, []],
      ['web', 'agent', all, []],
    ]);
    expect(edges('node=n2', [0, 0, 2])).toEqual([]);
  });
});

describe('S12: a block over pods is a finding', () => {
  const over = (cidr: string, ipBlockPods: string): unknown[] =>
    world({
      pods: [
        'a/web app=web ip=10.0.0.10',
        'a/gone ip=10.0.3.10 phase=Succeeded',
        'b/web app=web ip=10.0.1.10',
      ],
      policies: `spec: {podSelector: {}, ingress: [{from: [{podSelector: {}}, {ipBlock: {cidr: ${cidr}}}]}]}`,
      assume: { ipBlockPods },
    })
      .engine.allFindings()
      .filter((f) => f.check === 'policy.block-over-pods')
      .map((f) => [f.place?.field, f.params]);
  it.each(['match', 'ignore', 'unknown'])('S12: whatever is assumed: %s', (ipBlockPods) => {
    const found = [['spec.ingress[0].from[1].ipBlock', { value: ipBlockPods }]];
    expect(over('10.0.1.0/24', ipBlockPods)).toEqual(found);
    expect(over('10.0.0.0/8', ipBlockPods)).toEqual(found);
    // Nobody has an address there, or nobody that still takes part (S17).
    expect(over('10.0.2.0/24', ipBlockPods)).toEqual([]);
    expect(over('10.0.3.0/24', ipBlockPods)).toEqual([]);
  });
});

describe('S21: what is counted where nothing enforces', () => {
  const agent = [...PODS, 'a/agent app=agent ip=10.9.0.2 node=n2 hostNetwork'];
  const counted = (kind: string, group: string, enforced: string): unknown => {
    const w = world({
      ...base,
      pods: agent,
      assume: { enforced },
      edit: (snapshot) =>
        void snapshot.otherPolicies.push({ kind, group, namespace: 'a', name: 'x', status: 'present' }),
    });
    const { ingress } = w.engine.explain({ ...B_TO_A, protocol: 'TCP', port: 80 });
    return [w.state('a/web', 'ingress'), w.state('a/agent', 'ingress'), ingress.state];
  };
  it('S21: a pod is open, its node not isolatable, also where other kinds of policy stand', () => {
    for (const [kind, group] of [
      ['CiliumNetworkPolicy', 'cilium.io'],
      ['BaselineAdminNetworkPolicy', 'policy.networking.k8s.io'],
    ] as const) {
      expect(counted(kind, group, 'no')).toEqual(['open', 'not-isolatable', 'not-enforced']);
      expect(counted(kind, group, 'yes')).toEqual(['unknown', 'not-isolatable', 'unknown']);
    }
  });
});

describe('S20: one answer for a workload', () => {
  const alike = 'a/web-1 app=web owner=web ip=10.0.0.10 port=http:80/TCP hash=x node=n1';
  const policies =
    'spec: {podSelector: {matchLabels: {app: web}}, ingress: [{from: [{ipBlock: {cidr: 10.0.1.0/24}}, {podSelector: {matchLabels: {app: db}}}], ports: [{port: http}]}], egress: [{to: [{ipBlock: {cidr: 10.0.0.8/29}}]}]}';
  const ask = (second: string, edit?: (snapshot: ReturnType<typeof snapshotFor>) => void): (() => string) => {
    const w = world({
      pods: [alike, second, 'a/db app=db ip=10.0.0.20'],
      nodes: NODES,
      policies,
      ...(edit ? { edit } : {}),
    });
    const dst = { namespace: 'a', pod: 'Deployment/web' };
    return () =>
      w.engine.explain({ src: { namespace: 'a', pod: 'db' }, dst, protocol: 'TCP', port: 80 }).verdict;
  };
  it('S20: is that of the pods that take part', () => {
    const w = world({
      pods: [
        'a/w-1 app=web owner=web ip=10.0.0.1',
        'a/w-2 app=old owner=web phase=Failed ip=10.0.0.1',
        'b/db ip=10.0.0.2',
      ],
      policies: 'spec: {podSelector: {matchLabels: {app: web}}}',
    });
    const ends = { src: { namespace: 'b', pod: 'db' }, dst: { namespace: 'a', pod: 'Deployment/web' } };
    expect(w.engine.explain({ ...ends, protocol: 'TCP', port: 80 }).verdict).toBe('denied');
  });
  it('S20: is given where its pods differ in nothing that a policy asks for', () => {
    expect(
      ask('a/web-2 app=web owner=web ip=10.0.0.11 port=http:80/TCP port=other:9/TCP hash=y node=n2')(),
    ).toBe('permitted');
  });
  it.each<[string, string]>([
    ['a label', 'a/web-2 app=db owner=web ip=10.0.0.11 port=http:80/TCP node=n1'],
    ['a named port', 'a/web-2 app=web owner=web ip=10.0.0.11 port=http:81/TCP node=n1'],
    ['an address inside a block', 'a/web-2 app=web owner=web ip=10.0.1.11 port=http:80/TCP node=n1'],
    ['the host network', 'a/web-2 app=web owner=web ip=10.0.0.11 port=http:80/TCP node=n1 hostNetwork'],
    [
      'the families of its addresses',
      'a/web-2 app=web owner=web ip=10.0.0.11,fd00::11 port=http:80/TCP node=n1',
    ],
  ])('S20: is refused where its pods differ in %s', (_what, second) => {
    expect(ask(second)).toThrow(QuestionError);
  });
  it('S20, S21: is refused where the node of one of them does not enforce', () => {
    const second = 'a/web-2 app=web owner=web ip=10.0.0.11 port=http:80/TCP node=n2';
    for (const direction of ['ingress', 'egress'] as const) {
      const told = ask(second, (snapshot) => {
        const yes = { ingress: 'yes', egress: 'yes' } as const;
        snapshot.enforcement.nodes = ['n1', 'n2'].map((node) => ({
          node,
          plugin: null,
          ...yes,
          evidence: [],
        }));
        snapshot.enforcement.nodes[1]![direction] = 'no';
      });
      expect(told).toThrow(QuestionError);
    }
  });
});

describe('S18, S26: a pod that may be its node under a baseline tier', () => {
  it('S26: as a node no policy selects it, so the baseline tier may decide', () => {
    const w = world({
      ...base,
      pods: [...PODS, 'a/agent app=agent ip=10.9.0.2 node=n2 hostNetwork'],
      policies: 'spec: {podSelector: {}, ingress: [{ports: [{port: 80}]}]}',
      assume: { hostNetwork: 'unknown' },
      edit: (snapshot) => {
        snapshot.otherPolicies.push({
          kind: 'BaselineAdminNetworkPolicy',
          group: 'policy.networking.k8s.io',
          namespace: null,
          name: 'default',
          status: 'present',
        });
      },
    });
    expect(w.verdict('192.0.2.1', 'a/web', 'TCP/80')).toBe('permitted');
    expect(w.verdict('192.0.2.1', 'a/agent', 'TCP/80')).toBe('depends');
    expect(w.verdict('192.0.2.1', 'a/agent', 'TCP/81')).toBe('depends');
    expect(w.state('a/agent', 'ingress')).toBe('unknown');
  });
});

describe('S21: enforcement', () => {
  const enforcement =
    (ingress: 'yes' | 'no' | 'unknown', egress: 'yes' | 'no' | 'unknown') =>
    (snapshot: ReturnType<typeof snapshotFor>): void => {
      snapshot.enforcement = { ...snapshot.enforcement, plugin: 'flannel', ingress, egress };
    };
  it('S21: where nothing enforces, the direction counts as open everywhere, and is isolated on paper', () => {
    const w = world({ ...base, policies: DENY_BOTH, edit: enforcement('no', 'no') });
    expect(w.verdict('b/web', 'a/web', 'TCP/80')).toBe('permitted');
    expect(w.state('a/web', 'ingress')).toBe('open');
    expect(w.row('a/web')).toMatchObject({
      paperIngress: 'isolated',
      paperEgress: 'isolated',
      enforced: 'no',
      openEgress: 'anywhere',
    });
    expect(w.engine.overview().summary.isolation).toMatchObject({ none: 5, both: 0, paperOnly: 3 });
    expect(w.engine.overview().summary.pairs).toMatchObject({
      total: 20,
      permitted: 20,
      full: 20,
      denied: 0,
    });
    const why = w.engine.explain({
      src: { namespace: 'b', pod: 'web' },
      dst: { namespace: 'a', pod: 'web' },
      protocol: 'TCP',
      port: 80,
    });
    expect(why).toMatchObject({ verdict: 'permitted', paperVerdict: 'denied' });
    expect(why.ingress.state).toBe('not-enforced');
  });
  it('S21: directions are enforced apart', () => {
    const w = world({ ...base, policies: DENY_BOTH, edit: enforcement('yes', 'no') });
    expect(w.verdict('a/web', '192.0.2.1', 'TCP/80')).toBe('permitted');
    expect(w.verdict('b/web', 'a/web', 'TCP/80')).toBe('denied');
  });
  it('S21: nodes are enforced apart', () => {
    const w = world({
      ...base,
      policies: DENY_BOTH,
      edit: (snapshot) => {
        enforcement('yes', 'yes')(snapshot);
        snapshot.enforcement.nodes = [
          { node: 'n1', plugin: null, ingress: 'no', egress: 'no', evidence: [] },
        ];
      },
    });
    expect(w.verdict('b/web', 'a/web', 'TCP/80')).toBe('permitted');
    expect(w.verdict('b/web', 'a/job', 'TCP/80')).toBe('denied');
  });
  it('S21: rows and explanations tell how it is on the node', () => {
    const w = world({
      ...base,
      policies: DENY_BOTH,
      edit: (snapshot) => {
        enforcement('yes', 'unknown')(snapshot);
        snapshot.enforcement.nodes = [
          { node: 'n1', plugin: null, ingress: 'no', egress: 'no', evidence: [] },
        ];
      },
    });
    expect(w.row('a/web').enforced).toBe('no');
    expect(w.row('a/job').enforced).not.toBe('no');
    const why = (pod: string): { enforced: string; paperVerdict: string } =>
      w.engine.explain({
        src: { namespace: 'b', pod: 'web' },
        dst: { namespace: 'a', pod },
        protocol: 'TCP',
        port: 80,
      });
    expect(why('web')).toMatchObject({ verdict: 'permitted', paperVerdict: 'denied', enforced: 'no' });
    expect(why('job')).toMatchObject({ verdict: 'denied', paperVerdict: 'denied' });
    expect(why('job').enforced).not.toBe('no');
  });
  it('S21: the assumption repeats what was detected, unknown where the directions differ', () => {
    const told = (ingress: 'yes' | 'no' | 'unknown', egress: 'yes' | 'no' | 'unknown'): unknown => {
      const { assumptions } = world({ ...base, edit: enforcement(ingress, egress) }).engine.overview();
      return assumptions.find((a) => a.name === 'enforced');
    };
    expect(told('yes', 'yes')).toMatchObject({ value: 'yes', origin: 'detected' });
    expect(told('no', 'no')).toMatchObject({ value: 'no', origin: 'detected' });
    expect(told('yes', 'no')).toMatchObject({ value: 'unknown' });
    const nothing = world(base)
      .engine.overview()
      .assumptions.find((a) => a.name === 'enforced');
    expect(nothing).toMatchObject({ value: 'unknown', origin: 'default' });
    const user = world({ ...base, assume: { enforced: 'no' } }).engine.overview().assumptions;
    expect(user.find((a) => a.name === 'enforced')).toMatchObject({ value: 'no', origin: 'user' });
  });
  it('S21: unknown leaves the verdict by the rules, and the user’s word overrides detection', () => {
    expect(
      world({ ...base, policies: DENY_BOTH, edit: enforcement('unknown', 'unknown') }).verdict(
        'b/web',
        'a/web',
        'TCP/80',
      ),
    ).toBe('denied');
    const user = world({
      ...base,
      policies: DENY_BOTH,
      edit: enforcement('no', 'no'),
      assume: { enforced: 'yes' },
    });
    expect(user.verdict('b/web', 'a/web', 'TCP/80')).toBe('denied');
    const none = world({
      ...base,
      policies: DENY_BOTH,
      edit: enforcement('yes', 'yes'),
      assume: { enforced: 'no' },
    });
    expect(none.verdict('b/web', 'a/web', 'TCP/80')).toBe('permitted');
  });
});

describe('S21: enforcement of a node, by direction', () => {
  const VALUES = ['yes', 'no', 'unknown'] as const;
  const ways = VALUES.flatMap((ingress) => VALUES.map((egress) => ({ ingress, egress })));
  it.each(ways)('S21: ingress $ingress, egress $egress', ({ ingress, egress }) => {
    const w = world({
      pods: ['a/here ip=10.0.0.1 node=n1', 'a/there ip=10.0.0.2 node=n2', 'a/nowhere ip=10.0.0.3'],
      nodes: NODES,
      policies: DENY_BOTH,
      edit: (snapshot) => {
        Object.assign(snapshot.enforcement, { ingress: 'yes', egress: 'no' });
        snapshot.enforcement.nodes = [{ node: 'n1', plugin: null, ingress, egress, evidence: [] }];
      },
    });
    const counted = (value: string): string => (value === 'no' ? 'open' : 'isolated');
    expect(w.state('a/here', 'ingress')).toBe(counted(ingress));
    expect(w.state('a/here', 'egress')).toBe(counted(egress));
    expect(w.row('a/here')).toMatchObject({ paperIngress: 'isolated', paperEgress: 'isolated' });
    for (const name of ['a/there', 'a/nowhere']) {
      expect(w.state(name, 'ingress')).toBe('isolated');
      expect(w.state(name, 'egress')).toBe('open');
    }
    expect(w.verdict('192.0.2.1', 'a/here', 'TCP/80')).toBe(ingress === 'no' ? 'permitted' : 'denied');
    expect(w.verdict('a/here', '192.0.2.1', 'TCP/80')).toBe(egress === 'no' ? 'permitted' : 'denied');
    // What the user says holds for every node.
    const told = worldOf(w.snapshot, { enforced: 'yes' });
    expect(told.verdict('a/here', '192.0.2.1', 'TCP/80')).toBe('denied');
    expect(told.verdict('a/there', '192.0.2.1', 'TCP/80')).toBe('denied');
  });
});

describe('S21: why a direction is open', () => {
  it('S21: where nothing enforces, what no policy selects is not isolated, the rest isolated on paper', () => {
    const w = world({
      ...base,
      policies: 'spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}',
      assume: { enforced: 'no' },
    });
    const why = (pod: string): unknown =>
      w.engine.explain({
        src: { namespace: 'b', pod: 'db' },
        dst: { namespace: 'a', pod },
        protocol: 'TCP',
        port: 80,
      }).ingress.state;
    expect([why('web'), why('db')]).toEqual(['not-enforced', 'not-isolated']);
    const denied = worldOf(w.snapshot, { enforced: 'no', unselected: 'deny' });
    expect(denied.verdict('b/db', 'a/db', 'TCP/80')).toBe('permitted');
    expect(denied.state('a/db', 'ingress')).toBe('open');
  });
});

describe('S22: the server’s version', () => {
  it('S22: endPort is dropped before 1.22, and only `port` holds', () => {
    const at = (serverVersion: string, port: number): string =>
      world({
        ...base,
        policies: 'spec: {podSelector: {}, ingress: [{ports: [{port: 80, endPort: 90}]}]}',
        assume: { serverVersion },
      }).verdict('b/web', 'a/web', `TCP/${port}`);
    expect([at('1.21', 80), at('1.21', 85), at('1.22', 85), at('newest', 90)]).toEqual([
      'permitted',
      'denied',
      'permitted',
      'permitted',
    ]);
    expect([at('unknown', 80), at('unknown', 85), at('unknown', 91)]).toEqual([
      'permitted',
      'depends',
      'denied',
    ]);
  });
  it('S22: there is no name label before 1.21', () => {
    const at = (serverVersion: string): string =>
      world({
        ...base,
        live: true,
        policies:
          'spec: {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: Exists}]}}]}]}',
        assume: { serverVersion, hostNetwork: 'node', ipBlockPods: 'match' },
        edit: (snapshot) => {
          for (const namespace of snapshot.namespaces) namespace.labels = {};
        },
      }).verdict('b/web', 'a/web', 'TCP/80');
    expect([at('1.20'), at('1.21'), at('newest')]).toEqual(['denied', 'permitted', 'permitted']);
  });
  it('S22: a live server’s own version is followed', () => {
    const w = world({
      ...base,
      live: true,
      policies: 'spec: {podSelector: {}, ingress: [{ports: [{port: 80, endPort: 90}]}]}',
      edit: (snapshot) => {
        snapshot.cluster.serverVersion = 'v1.20.15-gke.2500';
      },
    });
    expect(w.verdict('b/web', 'a/web', 'TCP/85')).toBe('denied');
  });
});

describe('S23 and S29: addresses of Services', () => {
  const w = world({
    ...base,
    policies: [
      'metadata: {name: out}\nspec: {podSelector: {matchLabels: {app: job}}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 203.0.113.0/24}}, {ipBlock: {cidr: 172.20.0.0/16}}]}]}',
      'metadata: {name: in}\nspec: {podSelector: {matchLabels: {app: web}}, ingress: [{from: [{ipBlock: {cidr: 198.51.100.0/24}}]}]}',
    ].join('\n---\n'),
    edit: (snapshot) => {
      snapshot.services.push({
        namespace: 'a',
        name: 'out',
        type: 'LoadBalancer',
        selector: { app: 'web' },
        ports: [{ name: '', port: 80, targetPort: 8080, protocol: 'TCP' }],
        clusterIPs: ['172.20.0.11'],
        externalIPs: [],
        loadBalancerIPs: ['203.0.113.7'],
        externalTrafficPolicy: 'Cluster',
      });
    },
  });
  it('S29: a cluster IP is what is behind it, whatever blocks hold it', () => {
    expect(w.verdict('a/job', '172.20.0.11', 'TCP/80')).toBe('denied');
    expect(w.verdict('a/db', '172.20.0.11', 'TCP/80')).toBe('denied');
    // The pod itself is behind it.
    expect(w.verdict('a/web', '172.20.0.11', 'TCP/80')).toBe('permitted');
  });
  it('S29: a load-balancer address depends where its two readings differ', () => {
    expect(w.verdict('a/job', '203.0.113.7', 'TCP/80')).toBe('depends');
    expect(w.verdict('a/job', '203.0.113.7', 'TCP/81')).toBe('permitted');
    expect(w.verdict('a/web', '203.0.113.7', 'TCP/80')).toBe('permitted');
  });
  it('S23: the verdict by the rules stands for who calls a published pod from outside', () => {
    expect(w.verdict('198.51.100.9', 'a/web', 'TCP/8080')).toBe('permitted');
    expect(w.verdict('192.0.2.9', 'a/web', 'TCP/8080')).toBe('denied');
  });
});

describe('S24: what the API would refuse', () => {
  const policies = [
    'metadata: {name: bad}\nspec: {podSelector: {}, ingress: [{ports: [{port: 80}]}, {ports: [{port: 99999}], from: [{podSelector: {matchLabels: {app: db}}}]}]}',
    'metadata: {name: good}\nspec: {podSelector: {matchLabels: {app: job}}}',
  ].join('\n---\n');
  it('S24: from a manifest it is left out whole and named with the reason, and the rest goes on', () => {
    const w = world({ ...base, policies });
    expect(w.state('a/web', 'ingress')).toBe('open');
    expect(w.verdict('b/web', 'a/web', 'TCP/7')).toBe('permitted');
    expect(w.verdict('b/web', 'a/job', 'TCP/7')).toBe('denied');
    expect(w.engine.overview().rejected).toMatchObject([
      { object: { kind: 'NetworkPolicy', namespace: 'a', name: 'bad' }, treatment: 'left-out' },
    ]);
    expect(w.engine.overview().rejected[0]!.reasons.map((r) => r.field)).toEqual([
      'spec.ingress[1].ports[0].port',
    ]);
    expect(w.engine.overview().summary).toMatchObject({ rejectedPolicies: 1 });
  });
  it('S24: in a live cluster it keeps isolating, and what cannot be read depends', () => {
    const w = world({ ...base, policies, live: true, assume: { hostNetwork: 'node', ipBlockPods: 'match' } });
    expect(w.state('a/web', 'ingress')).toBe('isolated');
    expect(w.verdict('b/web', 'a/web', 'TCP/80')).toBe('permitted');
    expect(w.verdict('a/db', 'a/web', 'TCP/81')).toBe('depends');
    expect(w.verdict('b/web', 'a/web', 'TCP/81')).toBe('denied');
    expect(w.engine.overview().rejected).toMatchObject([{ treatment: 'kept-uncertain' }]);
  });
});

describe('S24: a stored podSelector that cannot be read', () => {
  const live = { ...base, live: true, assume: { hostNetwork: 'node', ipBlockPods: 'match' } };
  const odd = (name: string, port: number): string =>
    `metadata: {name: ${name}}\nspec: {podSelector: {matchLabels: {app: '-'}}, policyTypes: [Ingress, Egress], ingress: [{ports: [{port: ${port}}]}], egress: [{ports: [{port: ${port}}]}]}`;
  it('S24: beside a policy that selects for sure it perhaps adds what it permits', () => {
    const w = world({ ...live, policies: `${odd('odd', 80)}\n---\nmetadata: {name: sure}\n${DENY_BOTH}` });
    expect(w.state('a/web', 'ingress')).toBe('isolated');
    expect(w.verdict('b/web', 'a/web', 'TCP/80')).toBe('depends');
    const { ingress } = w.engine.explain({ ...B_TO_A, protocol: 'TCP', port: 80 });
    expect(ingress.policies.map((policy) => policy.name)).toEqual(['odd', 'sure']);
    expect(ingress.permits).toMatchObject([{ policy: { name: 'odd' }, rule: 0, effect: 'may' }]);
    expect(w.verdict('b/web', 'a/web', 'TCP/81')).toBe('denied');
    expect(w.verdict('a/web', '192.0.2.1', 'TCP/80')).toBe('depends');
    expect(w.verdict('a/web', '192.0.2.1', 'TCP/81')).toBe('denied');
  });
  it('S24: alone it permits for sure what it would permit, since whom it does not select is open', () => {
    const w = world({ ...live, policies: odd('odd', 80) });
    expect(w.state('a/web', 'ingress')).toBe('unknown');
    expect(w.verdict('b/web', 'a/web', 'TCP/80')).toBe('permitted');
    expect(w.verdict('b/web', 'a/web', 'TCP/81')).toBe('depends');
    expect(w.verdict('a/web', '192.0.2.1', 'TCP/80')).toBe('permitted');
    expect(w.verdict('a/web', '192.0.2.1', 'TCP/81')).toBe('depends');
    // Not where what nothing selects is denied, or where more policies may be there.
    const deny = world({ ...live, policies: odd('odd', 80), assume: { ...live.assume, unselected: 'deny' } });
    expect(deny.verdict('192.0.2.1', 'a/web', 'TCP/80')).toBe('depends');
    const unread = world({
      ...live,
      policies: odd('odd', 80),
      edit: (snapshot) => void (snapshot.coverage.unreadPolicies = ['a']),
    });
    expect(unread.verdict('b/web', 'a/web', 'TCP/80')).toBe('depends');
  });
  it('S24: rules of a direction that a policy has not add nothing to what one perhaps permits', () => {
    const other = (subject: string): string =>
      `metadata: {name: other}\nspec: {podSelector: ${subject}, policyTypes: [Egress], ingress: [{ports: [{port: 90}]}]}`;
    for (const subject of ["{matchLabels: {app: '-'}}", '{}']) {
      const w = world({ ...live, policies: `${odd('odd', 80)}\n---\n${other(subject)}` });
      expect(w.verdict('192.0.2.1', 'a/web', 'TCP/80')).toBe('permitted');
      expect(w.verdict('192.0.2.1', 'a/web', 'TCP/90')).toBe('depends');
    }
  });
  it('S24: two of them may each be the only one that selects', () => {
    const w = world({ ...live, policies: `${odd('odd', 80)}\n---\n${odd('even', 81)}` });
    for (const port of ['TCP/80', 'TCP/81', 'TCP/82']) {
      expect([port, w.verdict('b/web', 'a/web', port)]).toEqual([port, 'depends']);
      expect([port, w.verdict('a/web', '192.0.2.1', port)]).toEqual([port, 'depends']);
    }
  });
  it('S24: a direction that it does not name it leaves alone', () => {
    const policies =
      "spec: {podSelector: {matchLabels: {app: '-'}}, policyTypes: [Egress], ingress: [{ports: [{port: 80}]}]}";
    const w = world({ ...live, policies });
    expect(w.state('a/web', 'ingress')).toBe('open');
    expect(w.verdict('b/web', 'a/web', 'TCP/81')).toBe('permitted');
    expect(w.engine.explain({ ...B_TO_A, protocol: 'TCP', port: 81 }).ingress.policies).toEqual([]);
    expect(w.verdict('a/web', '192.0.2.1', 'TCP/81')).toBe('depends');
  });
  it('S24: of the pods that a policy with odd policyTypes selects alone, the same holds in the direction not named', () => {
    const policies =
      'spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress, Both], egress: [{ports: [{port: 81}]}]}';
    const w = world({ ...live, policies });
    expect(w.state('a/web', 'egress')).toBe('unknown');
    const { egress } = w.engine.explain({
      src: { namespace: 'a', pod: 'web' },
      dst: { ip: '192.0.2.1' },
      protocol: 'TCP',
      port: 82,
    });
    expect(egress.policies).toMatchObject([{ namespace: 'a' }]);
    expect(egress.verdict).toBe('depends');
    expect(w.verdict('a/web', '192.0.2.1', 'TCP/81')).toBe('permitted');
    expect(w.verdict('a/web', '192.0.2.1', 'TCP/82')).toBe('depends');
    expect(w.verdict('a/db', '192.0.2.1', 'TCP/82')).toBe('permitted');
  });
});

describe('S24: a stored policyTypes with a value that nobody knows', () => {
  const live = { ...base, live: true, assume: { hostNetwork: 'node', ipBlockPods: 'match' } };
  const policies = (types: string): string =>
    [
      'metadata: {name: sure}\nspec: {podSelector: {}, policyTypes: [Ingress, Egress]}',
      `metadata: {name: odd}\nspec: {podSelector: {}, policyTypes: [${types}], ingress: [{ports: [{port: 80}]}], egress: [{ports: [{port: 81}]}, {ports: [{port: 80}]}]}`,
    ].join('\n---\n');
  it('S24: the direction that it names is sure, the other perhaps', () => {
    const egress = world({ ...live, policies: policies('Ingress, Both') });
    expect(egress.verdict('b/web', 'a/web', 'TCP/80')).toBe('permitted');
    expect(egress.verdict('a/web', '192.0.2.1', 'TCP/81')).toBe('depends');
    expect(egress.verdict('a/web', '192.0.2.1', 'TCP/82')).toBe('denied');
    const ingress = world({ ...live, policies: policies('Egress, Both') });
    expect(ingress.verdict('b/web', 'a/web', 'TCP/80')).toBe('depends');
    expect(ingress.verdict('b/web', 'a/web', 'TCP/82')).toBe('denied');
    expect(ingress.verdict('a/web', '192.0.2.1', 'TCP/81')).toBe('permitted');
  });
});

describe('S25: assumptions are data', () => {
  it('S25: every result repeats them with their origin', () => {
    const { assumptions } = world({ ...base, assume: { ipBlockPods: 'unknown' } }).engine.overview();
    const by = Object.fromEntries(assumptions.map((a) => [a.name, a]));
    expect(by['ipBlockPods']).toMatchObject({ value: 'unknown', origin: 'user' });
    expect(by['hostNetwork']).toMatchObject({ value: 'node', origin: 'default' });
    expect(by['endPort']).toMatchObject({ value: 'on', origin: 'default' });
    expect(Object.keys(by).sort()).toEqual(
      ['endPort', 'enforced', 'hostNetwork', 'ipBlockPods', 'sctp', 'serverVersion', 'unselected'].sort(),
    );
  });
  it('S25: depends names the rule and the two values that decide it', () => {
    const w = world({
      ...base,
      policies: 'spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.1.0/24}}]}]}',
      assume: { ipBlockPods: 'unknown' },
    });
    const why = w.engine.explain({
      src: { namespace: 'b', pod: 'web' },
      dst: { namespace: 'a', pod: 'web' },
      protocol: 'TCP',
      port: 80,
    });
    expect(why.verdict).toBe('depends');
    expect(why.ingress.assumptions).toContainEqual({
      rule: 'S12',
      name: 'ipBlockPods',
      value: 'unknown',
      permittedIf: 'match',
      deniedIf: 'ignore',
    });
  });
  it('S25: what was detected comes before the default, and the user before both', () => {
    const detected = (snapshot: ReturnType<typeof snapshotFor>): void => {
      snapshot.enforcement.implies = {
        ipBlockPods: 'ignore',
        hostNetwork: 'pod',
        endPort: 'off',
        sctp: 'off',
        unselected: 'deny',
      };
    };
    const by = (assume: Record<string, string>): Record<string, unknown> =>
      Object.fromEntries(
        world({ ...base, edit: detected, assume })
          .engine.overview()
          .assumptions.map((a) => [a.name, a]),
      );
    expect(by({})).toMatchObject({
      ipBlockPods: { value: 'ignore', origin: 'detected' },
      hostNetwork: { value: 'pod', origin: 'detected' },
      endPort: { value: 'off', origin: 'detected' },
      sctp: { value: 'off', origin: 'detected' },
      unselected: { value: 'deny', origin: 'detected' },
    });
    expect(
      by({ ipBlockPods: 'match', endPort: 'on', unselected: 'permit', sctp: 'unknown', hostNetwork: 'node' }),
    ).toMatchObject({
      ipBlockPods: { value: 'match', origin: 'user' },
      hostNetwork: { value: 'node', origin: 'user' },
      endPort: { value: 'on', origin: 'user' },
      sctp: { value: 'unknown', origin: 'user' },
      unselected: { value: 'permit', origin: 'user' },
    });
  });
  it('S22, S25: gates follow the version, and a set gate comes before it', () => {
    const gates = (serverVersion: string, assume: Record<string, string> = {}): unknown[] => {
      const by = Object.fromEntries(
        world({ ...base, assume: { serverVersion, ...assume } })
          .engine.overview()
          .assumptions.map((a) => [a.name, a.value]),
      );
      return [by['endPort'], by['sctp']];
    };
    expect(gates('1.18')).toEqual(['off', 'off']);
    expect(gates('1.19')).toEqual(['off', 'on']);
    expect(gates('1.21')).toEqual(['off', 'on']);
    expect(gates('1.22')).toEqual(['on', 'on']);
    expect(gates('newest')).toEqual(['on', 'on']);
    expect(gates('unknown')).toEqual(['unknown', 'unknown']);
    expect(gates('1.18', { endPort: 'on', sctp: 'on' })).toEqual(['on', 'on']);
    const live = world({ ...base, live: true }).engine.overview().assumptions;
    const value = (name: string): unknown => live.find((a) => a.name === name);
    expect(value('serverVersion')).toMatchObject({ origin: 'detected' });
    expect(value('endPort')).toMatchObject({ value: 'on', origin: 'detected' });
    expect(value('sctp')).toMatchObject({ value: 'on', origin: 'detected' });
    const newest = world(base)
      .engine.overview()
      .assumptions.find((a) => a.name === 'endPort');
    expect(newest).toMatchObject({ value: 'on', origin: 'default' });
    expect(value('hostNetwork')).toMatchObject({ value: 'unknown', origin: 'default' });
    expect(value('unselected')).toMatchObject({ value: 'permit', origin: 'default' });
  });
  it('S25: a value that does not exist is refused by name', () => {
    const snapshot = snapshotFor(base);
    expect(() => audit(snapshot, { ipBlockPods: 'perhaps' })).toThrow(/ipBlockPods/);
    expect(() => audit(snapshot, { colour: 'blue' } as never)).toThrow(/colour/);
  });
  it('S25: a live cluster of which nothing was detected does not guess', () => {
    const w = world({
      ...base,
      live: true,
      policies: 'spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.1.0/24}}]}]}',
    });
    expect(w.verdict('b/web', 'a/web', 'TCP/80')).toBe('depends');
  });
});

describe('S26: other kinds of policy and gaps', () => {
  const other =
    (kind: string, group: string, namespace: string | null, status: 'present' | 'unreadable' = 'present') =>
    (snapshot: ReturnType<typeof snapshotFor>): void => {
      snapshot.otherPolicies.push({
        kind,
        group,
        namespace,
        name: status === 'present' ? 'x' : null,
        status,
      });
    };
  it('S26: an admin tier overrides both ways', () => {
    for (const status of ['present', 'unreadable'] as const) {
      const w = world({
        ...base,
        policies: DENY_INGRESS,
        edit: other('AdminNetworkPolicy', 'policy.networking.k8s.io', null, status),
      });
      expect(w.verdict('b/web', 'a/web', 'TCP/80')).toBe('depends');
      expect(w.verdict('b/web', 'b/db', 'TCP/80')).toBe('depends');
      expect(w.verdict('b/web', '192.0.2.1', 'TCP/80')).toBe('depends');
    }
  });
  it('S26: a namespaced kind counts where it can select', () => {
    const w = world({
      ...base,
      policies: DENY_INGRESS,
      edit: other('CiliumNetworkPolicy', 'cilium.io', 'a'),
    });
    expect(w.verdict('b/web', 'b/db', 'TCP/80')).toBe('permitted');
    expect(w.verdict('b/web', 'a/web', 'TCP/80')).toBe('depends');
    expect(w.verdict('a/web', 'b/web', 'TCP/80')).toBe('depends');
  });
  it('S26: a baseline tier counts where no NetworkPolicy selects', () => {
    const w = world({
      ...base,
      policies: DENY_INGRESS,
      edit: other('BaselineAdminNetworkPolicy', 'policy.networking.k8s.io', null),
    });
    expect(w.verdict('b/web', 'a/web', 'TCP/80')).toBe('denied');
    expect(w.verdict('b/web', 'b/db', 'TCP/80')).toBe('depends');
  });
  it('S26: a mesh can only take away', () => {
    const w = world({
      ...base,
      policies: DENY_INGRESS,
      edit: other('AuthorizationPolicy', 'security.istio.io', 'b'),
    });
    expect(w.verdict('b/web', 'b/db', 'TCP/80')).toBe('depends');
    expect(w.verdict('b/web', 'a/web', 'TCP/80')).toBe('denied');
  });
  it('S26: a mesh policy of the root namespace concerns every pod, of another kind only those beside it', () => {
    const mesh = world({ ...base, edit: other('AuthorizationPolicy', 'security.istio.io', 'istio-system') });
    expect(mesh.verdict('b/web', 'a/web', 'TCP/80')).toBe('depends');
    const taken = world({
      ...base,
      policies: 'spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}]}',
      edit: other('AuthorizationPolicy', 'security.istio.io', 'istio-system'),
    });
    expect(taken.verdict('192.0.2.1', 'a/web', 'TCP/80')).toBe('depends');
    expect(taken.verdict('10.9.0.2', 'a/web', 'TCP/80')).toBe('denied');
    const elsewhere = world({ ...base, edit: other('AuthorizationPolicy', 'security.istio.io', 'a') });
    expect(elsewhere.verdict('b/web', 'b/db', 'TCP/80')).toBe('permitted');
    expect(elsewhere.verdict('b/web', 'a/web', 'TCP/80')).toBe('depends');
    const cilium = world({ ...base, edit: other('CiliumNetworkPolicy', 'cilium.io', 'istio-system') });
    expect(cilium.verdict('b/web', 'a/web', 'TCP/80')).toBe('permitted');
    const root = world({ ...base, policies: DENY_INGRESS, edit: other('Mesh', 'istio.io', 'a') });
    expect(root.verdict('b/web', 'a/web', 'TCP/80')).toBe('denied');
    const longer = world({
      ...base,
      policies: DENY_INGRESS,
      edit: other('Mesh', 'istio.io.example.com', 'a'),
    });
    expect(longer.verdict('b/web', 'a/web', 'TCP/80')).toBe('depends');
    // A group that only ends like Istio's is not Istio's: it may permit, too.
    const alike = world({ ...base, policies: DENY_INGRESS, edit: other('Permit', 'noistio.io', 'a') });
    expect(alike.engine.explain({ ...B_TO_A, protocol: 'TCP', port: 80 }).verdict).toBe('depends');
  });
  it('S26: what stands in a namespace that nobody lives in concerns nobody', () => {
    const w = world({
      ...base,
      edit: (snapshot) => {
        other('CiliumNetworkPolicy', 'cilium.io', 'empty')(snapshot);
        snapshot.coverage.unreadPolicies = ['gone'];
      },
    });
    expect(w.verdict('b/web', 'a/web', 'TCP/80')).toBe('permitted');
  });
  it('S26: a kind is named once, however many of it there are', () => {
    const w = world({
      ...base,
      edit: (snapshot) => {
        for (const group of ['cilium.io', 'cilium.io']) other('CiliumNetworkPolicy', group, 'a')(snapshot);
        other('AuthorizationPolicy', 'security.istio.io', 'a')(snapshot);
      },
    });
    const { ingress } = w.engine.explain({ ...B_TO_A, protocol: 'TCP', port: 80 });
    expect(ingress.assumptions.filter((use) => use.name === 'otherPolicies').map((use) => use.value)).toEqual(
      ['CiliumNetworkPolicy', 'Istio AuthorizationPolicy (security.istio.io)'],
    );
  });
  it('S26: the kind is named', () => {
    const w = world({ ...base, edit: other('CiliumNetworkPolicy', 'cilium.io', 'a') });
    const why = w.engine.explain({
      src: { namespace: 'a', pod: 'db' },
      dst: { namespace: 'a', pod: 'web' },
      protocol: 'TCP',
      port: 80,
    });
    const uses = [...why.egress.assumptions, ...why.ingress.assumptions];
    expect(uses).toContainEqual(
      expect.objectContaining({
        rule: 'S26',
        name: 'otherPolicies',
        value: expect.stringContaining('CiliumNetworkPolicy'),
      }),
    );
  });
  describe('S26: whom another kind may select, and in which direction', () => {
    const admin = (scope: Partial<OtherPolicyRecord>) => (snapshot: ReturnType<typeof snapshotFor>) => {
      snapshot.otherPolicies.push({
        kind: 'AdminNetworkPolicy',
        group: 'policy.networking.k8s.io',
        namespace: null,
        name: 'x',
        status: 'present',
        ...scope,
      });
    };
    const inNamespace = (...values: string[]) => ({
      namespaces: [{ key: 'kubernetes.io/metadata.name', operator: 'In' as const, values }],
      pods: null,
    });
    const withLabel = (value: string) => ({
      namespaces: null,
      pods: [{ key: 'app', operator: 'In' as const, values: [value] }],
    });
    it('its ingress rules act on the selected pods as destinations, its egress rules as sources', () => {
      const into = world({ ...base, edit: admin({ subject: inNamespace('a'), directions: ['ingress'] }) });
      expect(into.verdict('b/web', 'a/web', 'TCP/80')).toBe('depends');
      expect(into.verdict('a/web', 'b/web', 'TCP/80')).toBe('permitted');
      expect(into.verdict('b/web', 'b/db', 'TCP/80')).toBe('permitted');
      expect(into.verdict('192.0.2.1', 'a/web', 'TCP/80')).toBe('depends');
      expect(into.verdict('a/web', '192.0.2.1', 'TCP/80')).toBe('permitted');
      expect([into.state('a/web', 'ingress'), into.state('a/web', 'egress')]).toEqual(['unknown', 'open']);
      // 3 pods of `a` as destinations of the 4 others each.
      expect(into.engine.overview().summary.pairs).toMatchObject({ total: 20, depends: 12, full: 8 });
      const out = world({ ...base, edit: admin({ subject: inNamespace('a'), directions: ['egress'] }) });
      expect(out.verdict('b/web', 'a/web', 'TCP/80')).toBe('permitted');
      expect(out.verdict('a/web', 'b/web', 'TCP/80')).toBe('depends');
      const neither = world({ ...base, edit: admin({ subject: inNamespace('a'), directions: [] }) });
      expect(neither.engine.overview().summary.pairs).toMatchObject({ depends: 0, full: 20 });
    });
    it('a selector of pods leaves the others alone', () => {
      const w = world({ ...base, edit: admin({ subject: withLabel('db') }) });
      expect(w.verdict('b/web', 'a/db', 'TCP/80')).toBe('depends');
      expect(w.verdict('b/db', 'a/web', 'TCP/80')).toBe('depends');
      expect(w.verdict('b/web', 'a/web', 'TCP/80')).toBe('permitted');
    });
    it('what the other end denies stays denied', () => {
      const w = world({
        ...base,
        policies: DENY_INGRESS,
        edit: admin({ subject: inNamespace('b'), directions: ['egress'] }),
      });
      expect(w.verdict('b/web', 'a/web', 'TCP/80')).toBe('denied');
      expect(w.verdict('b/web', 'b/db', 'TCP/80')).toBe('depends');
    });
    it('a namespace whose labels are not known may be selected', () => {
      const subject = {
        namespaces: [{ key: 'env', operator: 'In' as const, values: ['prod'] }],
        pods: null,
      };
      const w = world({
        ...base,
        live: true,
        assume: { hostNetwork: 'node', ipBlockPods: 'match' },
        edit: (snapshot) => {
          const b = snapshot.namespaces.find(({ name }) => name === 'b')!;
          Object.assign(b, { labels: {}, labelsKnown: false });
          admin({ subject, directions: ['ingress'] })(snapshot);
        },
      });
      expect(w.verdict('a/web', 'b/web', 'TCP/80')).toBe('depends');
      expect(w.verdict('b/web', 'a/web', 'TCP/80')).toBe('depends');
      const known = world({ ...base, edit: admin({ subject, directions: ['ingress'] }) });
      expect(known.verdict('a/web', 'b/web', 'TCP/80')).toBe('permitted');
    });
    it('a pod that is its node is no subject that is understood', () => {
      const pods = [...PODS, 'a/agent app=agent ip=10.9.0.2 node=n2 hostNetwork'];
      const understood = world({ ...base, pods, edit: admin({ subject: inNamespace('a') }) });
      expect(understood.verdict('192.0.2.1', 'a/agent', 'TCP/80')).toBe('permitted');
      const not = world({ ...base, pods, edit: admin({}) });
      expect(not.verdict('192.0.2.1', 'a/agent', 'TCP/80')).toBe('depends');
    });
    it('says what it would take: no denial where NetworkPolicy permits, an Allow where it denies', () => {
      const uses = (policies: string) => {
        const edit = admin({ subject: inNamespace('a'), directions: ['ingress'] });
        const w = world({ ...base, policies, edit });
        const { ingress } = w.engine.explain({ ...B_TO_A, protocol: 'TCP', port: 80 });
        const { permittedIf, deniedIf, because } = ingress.assumptions.find((u) => u.rule === 'S26')!;
        return { alone: ingress.alone, permittedIf, deniedIf, code: because?.code };
      };
      expect(uses(DENY_INGRESS)).toEqual({
        alone: 'denied',
        permittedIf: 'an AdminNetworkPolicy allows it',
        deniedIf: 'no AdminNetworkPolicy allows it',
        code: 'kind-must-allow',
      });
      expect(uses('spec: {podSelector: {}, ingress: [{}]}')).toEqual({
        alone: 'permitted',
        permittedIf: 'no AdminNetworkPolicy denies it',
        deniedIf: 'an AdminNetworkPolicy denies it',
        code: 'kind-may-deny',
      });
    });
    it('a mesh judges at the destination and leaves what is denied', () => {
      const mesh = other('AuthorizationPolicy', 'security.istio.io', 'a');
      const w = world({
        ...base,
        policies: 'spec: {podSelector: {}, ingress: [{ports: [{port: 80}]}]}',
        edit: (snapshot) => {
          mesh(snapshot);
          snapshot.otherPolicies[0]!.directions = ['ingress'];
        },
      });
      const why = w.engine.explain({ ...B_TO_A, protocol: 'TCP', port: 80 });
      expect(why).toMatchObject({ verdict: 'depends', conns: {}, depends: { TCP: [[80, 80]] } });
      expect(why.ingress.alone).toBe('permitted');
      expect(reasonText(why.ingress, 'en')).toContain('permitted by network policy; the mesh may refuse it');
      expect(w.verdict('b/web', 'a/web', 'TCP/81')).toBe('denied');
      expect(w.verdict('a/web', 'b/web', 'TCP/80')).toBe('permitted');
    });
  });
  it('S26: a part of a file that could not be read may hold a policy of its namespace', () => {
    const withGap = (gap: Partial<CoverageGap>) =>
      world({
        ...base,
        policies: 'spec: {podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 80}]}]}',
        edit: (snapshot) => {
          snapshot.coverage.gaps = [
            {
              hides: 'anything',
              namespace: null,
              check: 'input.unparsable',
              file: 'm.yaml',
              line: 9,
              ...gap,
            },
          ];
        },
      });
    const anywhere = withGap({});
    expect(anywhere.verdict('b/web', 'b/db', 'TCP/80')).toBe('depends');
    expect(anywhere.state('b/web', 'egress')).toBe('unknown');
    const inA = withGap({ namespace: 'a', hides: 'policies' });
    expect(inA.verdict('b/web', 'a/web', 'TCP/80')).toBe('permitted');
    expect(inA.verdict('b/web', 'a/web', 'TCP/81')).toBe('depends');
    expect(inA.verdict('b/web', 'b/db', 'TCP/80')).toBe('permitted');
    const { ingress } = inA.engine.explain({ ...B_TO_A, protocol: 'TCP', port: 81 });
    expect(ingress.assumptions).toContainEqual(
      expect.objectContaining({
        value: 'm.yaml, line 9',
        permittedIf: 'a policy in it permits it',
        because: {
          code: 'part-may-permit',
          params: expect.objectContaining({ file: 'm.yaml', line: 9 }) as object,
        },
      }),
    );
    expect(reasonText(ingress, 'en')).toContain(
      'm.yaml, line 9, which could not be read and may hold a policy',
    );
    // Pods that are missing change nothing between those that are there; another kind stands among the other kinds.
    for (const gap of [{ hides: 'pods' as const }, { kind: 'CiliumNetworkPolicy' }]) {
      expect(withGap(gap).verdict('b/web', 'a/web', 'TCP/81')).toBe('denied');
      expect(withGap(gap).verdict('b/web', 'b/db', 'TCP/80')).toBe('permitted');
    }
  });
  it('S26: where policies could not be read, only what a known one permits is sure', () => {
    const w = world({
      ...base,
      live: true,
      assume: { hostNetwork: 'node', ipBlockPods: 'match' },
      policies: 'spec: {podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 80}]}]}',
      edit: (snapshot) => {
        snapshot.coverage.unreadPolicies = ['a'];
        snapshot.coverage.complete = false;
      },
    });
    expect(w.verdict('b/web', 'a/web', 'TCP/80')).toBe('permitted');
    expect(w.verdict('b/web', 'a/web', 'TCP/81')).toBe('depends');
    expect(w.verdict('b/web', 'a/db', 'TCP/80')).toBe('depends');
    expect(w.verdict('b/web', 'b/db', 'TCP/80')).toBe('permitted');
    expect(w.state('a/db', 'ingress')).toBe('unknown');
    expect(w.state('a/web', 'ingress')).toBe('isolated');
    expect(w.state('b/web', 'ingress')).toBe('open');
  });
});

describe('S27: absent and unknown fields', () => {
  it('S27: no spec and no podSelector select all pods of the namespace', () => {
    for (const policies of [
      'metadata: {name: p}',
      'metadata: {name: p}\nspec: null',
      'spec: {policyTypes: [Ingress]}',
      'spec: {podSelector: null}',
    ]) {
      const w = world({ ...base, policies });
      expect(w.state('a/web', 'ingress')).toBe('isolated');
      expect(w.state('a/web', 'egress')).toBe('open');
      expect(w.state('b/web', 'ingress')).toBe('open');
    }
  });
  it('S27: `ports: [{}]` is every TCP port', () => {
    const w = world({ ...base, policies: 'spec: {podSelector: {}, ingress: [{ports: [{}]}]}' });
    expect(w.verdict('b/web', 'a/web', 'TCP/65535')).toBe('permitted');
    expect(w.verdict('b/web', 'a/web', 'UDP/53')).toBe('denied');
  });
  it('S27: a field that the API does not know is dropped, with a high finding that names it', () => {
    const w = world({
      ...base,
      policies:
        'metadata: {name: typo}\nspec: {podSelector: {}, ingress: [{from: [{podSelector: {}, namepsaceSelector: {matchLabels: {env: test}}}]}]}',
    });
    expect(w.verdict('a/db', 'a/web', 'TCP/80')).toBe('permitted');
    expect(w.verdict('b/db', 'a/web', 'TCP/80')).toBe('denied');
    const finding = w.engine.allFindings().find((f) => f.place?.field?.includes('namepsaceSelector'));
    expect(finding).toMatchObject({ severity: 'high', object: { name: 'typo' } });
  });
});

describe("S28: Istio's ambient mesh", () => {
  const AMBIENT = { 'istio.io/dataplane-mode': 'ambient' };
  const mesh =
    (...names: string[]) =>
    (snapshot: Snapshot): void => {
      for (const namespace of snapshot.namespaces)
        if (names.includes(namespace.name)) namespace.labels = { ...namespace.labels, ...AMBIENT };
    };
  const verdicts = (ports: string, edit: (snapshot: Snapshot) => void): unknown => {
    const w = world({
      ...base,
      policies: `spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [${ports}]}]}`,
      edit,
    });
    return ['TCP/80', 'TCP/443', 'TCP/15008', 'UDP/80'].map((port) => w.verdict('b/web', 'a/web', port));
  };

  it('S28: permitted where both ports are, denied where neither is, else depends; other protocols keep theirs', () => {
    const both = mesh('a', 'b');
    expect(verdicts('{port: 15008}', both)).toEqual(['depends', 'depends', 'permitted', 'denied']);
    expect(verdicts('{port: 80}', both)).toEqual(['depends', 'denied', 'denied', 'denied']);
    expect(verdicts('{port: 80}, {port: 15008}', both)).toEqual([
      'permitted',
      'depends',
      'permitted',
      'denied',
    ]);
    expect(verdicts('{protocol: UDP, port: 80}', both)).toEqual(['denied', 'denied', 'denied', 'permitted']);
  });

  it('S28: both ends have to be in the mesh, and a pod may leave or join it', () => {
    const plain = ['permitted', 'denied', 'denied', 'denied'];
    const inside = ['depends', 'denied', 'denied', 'denied'];
    expect(verdicts('{port: 80}', mesh('a'))).toEqual(plain);
    expect(verdicts('{port: 80}', mesh('b'))).toEqual(plain);
    const pods =
      (home: string, mode: string, ...names: string[]) =>
      (snapshot: Snapshot): void => {
        mesh(...names)(snapshot);
        for (const pod of snapshot.pods)
          if (pod.namespace === home) pod.labels = { ...pod.labels, 'istio.io/dataplane-mode': mode };
      };
    expect(verdicts('{port: 80}', pods('a', 'none', 'a', 'b'))).toEqual(plain);
    expect(verdicts('{port: 80}', pods('b', 'ambient', 'a'))).toEqual(inside);
    expect(
      verdicts('{port: 80}', (snapshot) => {
        mesh('a', 'b')(snapshot);
        for (const pod of snapshot.pods) if (pod.namespace === 'b') pod.hostNetwork = true;
      }),
    ).toEqual(plain);
  });

  it('S28: a depends names the label and which port decides', () => {
    const w = world({
      ...base,
      policies: 'spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: 15008}]}]}',
      edit: mesh('a', 'b'),
    });
    const { ingress } = w.engine.explain({ ...B_TO_A, protocol: 'TCP', port: 80 });
    expect(ingress.assumptions).toContainEqual({
      rule: 'S28',
      name: 'ambientMesh',
      value: 'istio.io/dataplane-mode=ambient',
      permittedIf: 'it arrives in the tunnel',
      deniedIf: 'it arrives on its own port',
    });
  });
});

describe('S30: labels that may not be compared with', () => {
  const sees =
    (patterns: string[] | null) =>
    (snapshot: Snapshot): void => {
      snapshot.enforcement.identityLabels = patterns;
    };
  const ingressFrom = (from: string, subject = '{}'): string =>
    `spec: {podSelector: ${subject}, policyTypes: [Ingress], ingress: [{from: [${from}]}]}`;
  const asked = (policies: string, patterns: string[] | null): unknown => {
    const pods = ['a/web app=web', 'b/api app=api team=t job-name=j', 'b/old app=old k8s.io/z=x'];
    const w = world({ pods, namespaces: { b: { env: 'x' } }, policies, edit: sees(patterns) });
    return ['b/api', 'b/old'].map((src) => w.verdict(src, 'a/web', 'TCP/80'));
  };

  it('S30: a peer asks for a label that is left out: it perhaps matches whom it matches by the label', () => {
    const team = ingressFrom('{namespaceSelector: {}, podSelector: {matchLabels: {team: t}}}');
    expect(asked(team, [])).toEqual(['permitted', 'denied']);
    expect(asked(team, ['k8s:team'])).toEqual(['permitted', 'denied']);
    // One pattern that includes, and no other label counts.
    expect(asked(team, ['k8s:app'])).toEqual(['depends', 'denied']);
    expect(asked(team, ['k8s:!te'])).toEqual(['depends', 'denied']);
    expect(asked(team, ['container:!te'])).toEqual(['permitted', 'denied']);
    // The longer inclusion wins.
    expect(asked(team, ['k8s:!te', 'k8s:team'])).toEqual(['permitted', 'denied']);
    expect(asked(team, ['k8s:!team', 'k8s:te'])).toEqual(['depends', 'denied']);
  });

  it('S30: what excludes a label perhaps matches whom it excludes', () => {
    const not = (operator: string): string =>
      ingressFrom(
        `{namespaceSelector: {}, podSelector: {matchExpressions: [{key: team, operator: ${operator}}]}}`,
      );
    expect(asked(not('DoesNotExist'), [])).toEqual(['denied', 'permitted']);
    expect(asked(not('DoesNotExist'), ['!team'])).toEqual(['depends', 'permitted']);
    expect(asked(not('NotIn, values: [t]'), ['!team'])).toEqual(['depends', 'permitted']);
    expect(asked(not('NotIn, values: [u]'), ['!team'])).toEqual(['permitted', 'permitted']);
    expect(asked(not('Exists'), ['!team'])).toEqual(['depends', 'denied']);
  });

  it("S30: Cilium's own patterns leave labels out where nothing is set; patterns that are not judged may any", () => {
    const z = ingressFrom('{namespaceSelector: {}, podSelector: {matchLabels: {k8s.io/z: x}}}');
    expect(asked(z, [])).toEqual(['denied', 'depends']);
    expect(asked(z, ['k8s:k8s\\.io/z'])).toEqual(['denied', 'permitted']);
    const app = ingressFrom('{namespaceSelector: {}, podSelector: {matchLabels: {app: api}}}');
    for (const patterns of [null, ['k8s:(app|team)'], ['k8s:.*.*.*.*'], ['k8s:']])
      expect(asked(app, patterns)).toEqual(['depends', 'denied']);
  });

  it("S30: labels of namespaces are seen behind Cilium's prefix, the policy's own namespace always", () => {
    const env = ingressFrom('{namespaceSelector: {matchLabels: {env: x}}}');
    expect(asked(env, ['k8s:app'])).toEqual(['permitted', 'permitted']);
    expect(asked(env, ['k8s:!io\\.cilium'])).toEqual(['permitted', 'permitted']);
    expect(asked(env, ['k8s:!io\\.cilium', 'k8s:app'])).toEqual(['permitted', 'permitted']);
    expect(asked(env, ['k8s:!io\\.cilium\\.k8s\\.namespace\\.labels\\.env'])).toEqual(['depends', 'depends']);
    const own = world({
      pods: ['a/web', 'a/api'],
      policies: ingressFrom('{podSelector: {}}'),
      edit: sees(null),
    });
    expect(own.verdict('a/api', 'a/web', 'TCP/80')).toBe('permitted');
  });

  it('S30: a policy that selects by a label that is left out isolates perhaps, and the reason names the label', () => {
    const w = world({
      pods: ['a/web team=t', 'a/db', 'b/api'],
      policies: 'spec: {podSelector: {matchLabels: {team: t}}, policyTypes: [Ingress]}',
      edit: sees(['k8s:app']),
    });
    expect(w.state('a/web', 'ingress')).toBe('unknown');
    expect(w.state('a/db', 'ingress')).toBe('open');
    expect(w.verdict('b/api', 'a/web', 'TCP/80')).toBe('depends');
    const { ingress } = w.engine.explain({
      src: { namespace: 'b', pod: 'api' },
      dst: { namespace: 'a', pod: 'web' },
      protocol: 'TCP',
      port: 80,
    });
    expect(ingress.assumptions).toEqual([
      {
        rule: 'S30',
        name: 'identityLabels',
        value: 'team',
        permittedIf: 'Cilium leaves it out',
        deniedIf: 'Cilium counts the label',
      },
    ]);
  });

  it('S30: a label that the controller sets on pods of a template may have any value; of pods it is known', () => {
    const edit = (snapshot: Snapshot): void => {
      for (const pod of snapshot.pods) if (pod.name === 'db') pod.kind = 'StatefulSet';
    };
    const index = 'apps.kubernetes.io/pod-index';
    const w = world({
      pods: ['a/db app=db', `a/db-7 app=db ${index}=7`, 'a/other', 'b/api'],
      policies: `spec: {podSelector: {matchLabels: {${index}: "0"}}, policyTypes: [Ingress]}`,
      edit,
    });
    expect(['db', 'db-7', 'other'].map((name) => w.state(`a/${name}`, 'ingress'))).toEqual([
      'unknown',
      'open',
      'open',
    ]);
    const peer = world({
      pods: ['a/db app=db', `a/db-7 ${index}=7`, 'a/other', 'a/api'],
      policies: ingressFrom(
        `{podSelector: {matchExpressions: [{key: ${index}, operator: DoesNotExist}]}}`,
        '{matchLabels: {app: db}}',
      ),
      edit,
    });
    expect(['db-7', 'other'].map((name) => peer.verdict(`a/${name}`, 'a/db', 'TCP/80'))).toEqual([
      'denied',
      'permitted',
    ]);
    const { ingress } = w.engine.explain({
      src: { namespace: 'b', pod: 'api' },
      dst: { namespace: 'a', pod: 'db' },
      protocol: 'TCP',
      port: 80,
    });
    expect(ingress.assumptions).toMatchObject([{ rule: 'S30', name: 'controllerLabels', value: index }]);
  });
});

describe('S20: pods of one workload', () => {
  const deny = 'spec: {podSelector: {matchLabels: {app: x}}, policyTypes: [Ingress]}';
  const replicas =
    (kind: string, count: number, more: Partial<Snapshot['pods'][number]> = {}) =>
    (snapshot: Snapshot): void => {
      for (const pod of snapshot.pods)
        if (pod.name === 'w') Object.assign(pod, { kind, replicas: count, ...more });
    };
  const pods = ['a/w app=x', 'b/api'];
  const errorOf = (w: ReturnType<typeof world>, pod: string): string | undefined => {
    const src = { namespace: 'a', pod };
    const dst = { namespace: 'b', pod: 'api' };
    return w.engine.verdicts([{ src, dst, protocol: 'TCP', port: 80 }]).answers[0]?.error;
  };
  const among = (w: ReturnType<typeof world>, src: string, dst: string): Verdict =>
    w.engine.explain({
      src: { namespace: 'a', pod: src },
      dst: { namespace: 'a', pod: dst },
      protocol: 'TCP',
      port: 80,
    }).verdict;

  it.each([
    ['Deployment', 1, {}, 'permitted', 2],
    ['Deployment', 0, {}, 'permitted', 2],
    ['Deployment', 2, {}, 'denied', 3],
    ['Deployment', 1, { scaled: true as const }, 'denied', 3],
    ['DaemonSet', 1, {}, 'denied', 3],
    ['Pod', 1, {}, 'permitted', 2],
  ] as const)(
    'S20, S7: a %s of %d as both ends is itself, or two of its pods',
    (kind, count, more, verdict, pairs) => {
      const w = world({ pods, policies: deny, edit: replicas(kind, count, more) });
      expect(w.verdict('a/w', 'a/w', 'TCP/80')).toBe(verdict);
      const { summary } = w.engine.overview();
      expect(summary.pairs).toMatchObject({ total: pairs, permitted: 1, denied: pairs - 1 });
      const cells = w.engine.matrix({ level: 'namespace' });
      expect([cells.pairs[0], cells.permitted[0]]).toEqual([pairs - 2, 0]);
      expect(w.engine.matrix({ level: 'workload', src: 'a', dst: 'a' }).pairs).toEqual([pairs - 2]);
    },
  );

  it('S20: pods of a StatefulSet answer to their numbers, and another number is an error that says how many', () => {
    const w = world({ pods, policies: deny, edit: replicas('StatefulSet', 3) });
    expect(among(w, 'w-0', 'w-1')).toBe('denied');
    expect(among(w, 'w-1', 'StatefulSet/w-1')).toBe('permitted');
    expect(among(w, 'w-0', 'w')).toBe('denied');
    const why = w.engine.explain({
      src: { namespace: 'b', pod: 'api' },
      dst: { namespace: 'a', pod: 'w-2' },
      protocol: 'TCP',
      port: 80,
    });
    expect([why.verdict, why.dst]).toEqual([
      'denied',
      { type: 'pod', namespace: 'a', name: 'w-2', kind: 'Pod' },
    ]);
    expect(why.remedy?.verdict).toBe('permitted');
    expect(errorOf(w, 'w-3')).toBe('no pod a/w-3: StatefulSet w has 3 pods, w-0 to w-2');
    expect(errorOf(w, 'w-00')).toBe('no pod a/w-00');
    expect(w.engine.endpoints('w-', 10)).toEqual([]);
    expect(w.engine.endpoints('w-1', 10)).toEqual([{ namespace: 'a', name: 'w-1', kind: 'Pod' }]);
    const from = world({ pods, edit: replicas('StatefulSet', 1, { ordinalStart: 5 }) });
    expect([errorOf(from, 'w-5'), errorOf(from, 'w-0')]).toEqual([
      undefined,
      'no pod a/w-0: StatefulSet w has 1 pod, w-5',
    ]);
    const none = world({ pods, edit: replicas('StatefulSet', 0) });
    expect(errorOf(none, 'w-0')).toBe('no pod a/w-0: StatefulSet w has no pods (replicas: 0)');
    // A Deployment's pods have no numbers.
    expect(errorOf(world({ pods, edit: replicas('Deployment', 3) }), 'w-0')).toBe('no pod a/w-0');
  });

  it('S20: the summary says how many pods the workloads ask for', () => {
    const templates = (edit?: (snapshot: Snapshot) => void): unknown =>
      world({ pods, edit }).engine.overview().summary.templates;
    expect(templates(replicas('Deployment', 4))).toEqual({ workloads: 1, replicas: 4, uncounted: 0 });
    expect(templates(replicas('DaemonSet', 1))).toEqual({ workloads: 1, replicas: 0, uncounted: 1 });
    expect(templates()).toBeUndefined();
  });
});

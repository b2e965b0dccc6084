/** What is permitted between two ends where no port was asked for: answers worked out by hand, and held to `explain`. */
import { describe, expect, test } from 'vitest';
import { QuestionError } from '../../shared/audit/api.ts';
import type { AuditEngine } from '../../shared/audit/api.ts';
import type { ConnJson, PairExplanation, PairProbe } from '../../shared/audit/result.ts';
import { PROTOCOLS } from '../../shared/kube/snapshot.ts';
import { world } from '../policy/world.ts';

const PODS = [
  'a/web app=web ip=10.0.0.10',
  'a/db app=db ip=10.0.0.11 port=sql:5432/TCP port=admin:9000/TCP',
  'b/job app=job ip=10.0.1.10',
];
const ALL: [number, number][] = [[1, 65535]];
const EVERYTHING: ConnJson = { TCP: ALL, UDP: ALL, SCTP: ALL };
const WEB_TO_DB: PairProbe = { src: { namespace: 'a', pod: 'web' }, dst: { namespace: 'a', pod: 'db' } };

/**
 * The answer, after it was compared with single questions at the first, the last and the middle port of every range:
 * the verdict is the same, and every rule that permits there is named.
 */
function ask(engine: AuditEngine, probe: PairProbe): PairExplanation {
  const pair = engine.explainAllPorts(probe);
  const { protocol: _, ...ends } = probe;
  let ports = 0;
  for (const part of pair.parts) {
    for (const protocol of PROTOCOLS) {
      for (const [from, to] of part.conns[protocol] ?? []) {
        ports += to - from + 1;
        for (const port of [from, Math.floor((from + to) / 2), to]) {
          const [one] = engine.verdicts([{ ...ends, protocol, port }]).answers;
          const place = `${protocol} ${port}`;
          expect(one.verdict, place).toBe(part.verdict);
          for (const side of ['egress', 'ingress'] as const) {
            const named = new Set(part[side].permits.map((ref) => JSON.stringify(ref)));
            for (const ref of one.reasons?.[side].permits ?? [])
              expect(named.has(JSON.stringify(ref)), place).toBe(true);
          }
        }
      }
    }
  }
  // Every port has an answer, and one alone.
  expect(ports).toBe(65535 * (probe.protocol === undefined ? 3 : 1));
  return pair;
}

describe('Without a port', () => {
  test('a pair that nothing isolates is permitted whole', () => {
    const pair = ask(world({ pods: PODS }).engine, WEB_TO_DB);
    expect(pair).toMatchObject({ verdict: 'permitted', conns: EVERYTHING, depends: {}, denied: {} });
    expect(pair.parts).toHaveLength(1);
    expect(pair).toMatchObject({ protocol: null, port: null });
  });

  test('a pair that is denied whole says so once', () => {
    const { engine } = world({ pods: PODS, policies: 'spec: {podSelector: {}, policyTypes: [Ingress]}' });
    const pair = ask(engine, WEB_TO_DB);
    expect(pair).toMatchObject({ verdict: 'denied', conns: {}, depends: {}, denied: EVERYTHING });
    expect(pair.parts).toMatchObject([{ egress: { state: 'not-isolated' }, ingress: { state: 'isolated' } }]);
  });

  test('each rule stands at its own ports: named ports, ranges, and one rule inside the range of another', () => {
    const { engine } = world({
      pods: PODS,
      policies: `
metadata: {name: db, namespace: a}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
    - from: [{podSelector: {}}]
      ports: [{port: sql}, {port: 6000, endPort: 6999}]
    - from: [{podSelector: {matchLabels: {app: web}}}]
      ports: [{port: 6500}, {port: 53, protocol: UDP}]
    - from: [{namespaceSelector: {matchLabels: {nobody: x}}}]
      ports: [{port: admin}]`,
    });
    const pair = ask(engine, WEB_TO_DB);
    expect(pair.verdict).toBe('some');
    expect(pair.conns).toEqual({
      TCP: [
        [5432, 5432],
        [6000, 6999],
      ],
      UDP: [[53, 53]],
    });
    expect(pair.denied).toEqual({
      TCP: [
        [1, 5431],
        [5433, 5999],
        [7000, 65535],
      ],
      UDP: [
        [1, 52],
        [54, 65535],
      ],
      SCTP: ALL,
    });
    const rules = pair.parts.map(({ conns, ingress }) => [
      conns,
      ingress.permits.map(({ rule, port }) => `${rule}/${port}`),
    ]);
    expect(rules).toEqual([
      // The first rule's two entries are one part: the same rule permits both.
      [
        {
          TCP: [
            [5432, 5432],
            [6000, 6499],
            [6501, 6999],
          ],
        },
        ['0/0', '0/1'],
      ],
      [{ TCP: [[6500, 6500]] }, ['0/1', '1/0']],
      [{ UDP: [[53, 53]] }, ['1/1']],
      [pair.denied, []],
    ]);
  });

  test('egress and ingress meet: what only one of them permits is denied for the reason of the other', () => {
    const { engine } = world({
      pods: PODS,
      policies: `
metadata: {name: out, namespace: a}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress: [{ports: [{port: 80}, {port: 443}]}]
---
metadata: {name: in, namespace: a}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{ports: [{port: 443}, {port: 8443}]}]`,
    });
    const pair = ask(engine, WEB_TO_DB);
    expect(pair.conns).toEqual({ TCP: [[443, 443]] });
    const only = (port: number) => pair.parts.find(({ conns }) => conns.TCP?.some(([from]) => from === port));
    expect(only(80)).toMatchObject({ egress: { verdict: 'permitted' }, ingress: { verdict: 'denied' } });
    expect(only(8443)).toMatchObject({ egress: { verdict: 'denied' }, ingress: { verdict: 'permitted' } });
  });

  test('what depends stands apart from what is permitted', () => {
    const { engine } = world({
      pods: PODS,
      assume: { endPort: 'unknown' },
      policies: `
metadata: {name: db, namespace: a}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{ports: [{port: 6000, endPort: 6009}]}]`,
    });
    const pair = ask(engine, WEB_TO_DB);
    expect(pair.verdict).toBe('some');
    expect(pair.conns).toEqual({ TCP: [[6000, 6000]] });
    expect(pair.depends).toEqual({ TCP: [[6001, 6009]] });
    expect(pair.parts.map(({ verdict }) => verdict)).toEqual(['permitted', 'depends', 'denied']);
  });

  test('one protocol alone is answered for that protocol', () => {
    const { engine } = world({ pods: PODS });
    const pair = ask(engine, { ...WEB_TO_DB, protocol: 'UDP' });
    expect(pair).toMatchObject({ protocol: 'UDP', verdict: 'permitted', conns: { UDP: ALL }, denied: {} });
  });

  test('an address, a pod and itself, and policies of hundreds of ports', () => {
    const ports = Array.from({ length: 500 }, (_, i) => `{port: ${1 + 2 * i}}`).join(', ');
    const { engine } = world({
      pods: PODS,
      policies: `
metadata: {name: db, namespace: a}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}], ports: [${ports}]}]`,
    });
    const db = { namespace: 'a', pod: 'db' };
    const outside = ask(engine, { src: { ip: '192.0.2.7' }, dst: db });
    expect(outside.conns.TCP).toHaveLength(500);
    expect(ask(engine, { src: db, dst: db }).verdict).toBe('permitted');
  });

  test('an end that is not there and a protocol that is none are refused', () => {
    const { engine } = world({ pods: PODS });
    const gone = { namespace: 'a', pod: 'gone' };
    expect(() => engine.explainAllPorts({ ...WEB_TO_DB, dst: gone })).toThrow(QuestionError);
    expect(() => engine.explainAllPorts({ ...WEB_TO_DB, protocol: 'ICMP' as never })).toThrow(QuestionError);
  });
});

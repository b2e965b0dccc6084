/**
 * Addresses of Services (S29) on the generated clusters: the product against the plain evaluator, for every pod, one
 * address outside and every address of Services that are put into each cluster.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROTOCOLS, type Protocol, type ServiceRecord, type Snapshot } from '../../shared/kube/snapshot.ts';
import { plainClusterOf } from '../plain/assume.ts';
import { asVerdict, endAt, type PlainEnd } from '../plain/evaluate.ts';
import { PERHAPS } from '../plain/policy.ts';
import { plainService } from '../plain/services.ts';
import { audit } from '../policy/world.ts';
import { sampler } from './compare.ts';
import { cases, type Case } from './generate.ts';
import { podEnds } from './space.ts';

const CLUSTERS = Number(process.env['BULKHEAD_SERVICE_CLUSTERS'] ?? 120);
const PORTS = [80, 81, 443];

/** The cluster with a few Services of its own, chosen by the seed. */
function withServices(kase: Case, seed: number): Snapshot {
  const pick = sampler(seed);
  const of = <T>(items: readonly T[]): T => items[pick(items.length)] as T;
  const { namespaces, pods } = kase.snapshot;
  const snapshot = structuredClone(kase.snapshot);
  snapshot.endpointSlices = [];
  snapshot.services = Array.from({ length: 3 }, (_, i): ServiceRecord => {
    const { name: namespace } = of(namespaces);
    const own = pods.filter((p) => p.namespace === namespace);
    const pod = own.length > 0 ? of(own) : undefined;
    const selector =
      pod === undefined || pick(3) === 0
        ? null
        : Object.fromEntries(Object.entries(pod.labels).slice(0, 1 + pick(2)));
    const name = `service-${i}`;
    if (selector === null || pick(4) === 0) {
      const nodes = snapshot.nodes.flatMap((n) => n.ips);
      const named = own.filter((p) => p.kind === 'Pod' && pick(2) === 0).map((p) => p.name);
      const addresses = ['198.51.100.7', '10.0.0.200', ...nodes.slice(0, 1), ...(pod?.ips ?? [])].filter(
        () => pick(2) === 0,
      );
      snapshot.endpointSlices.push({
        namespace,
        name: `${name}-slice`,
        service: name,
        pods: [...named, ...(pick(12) === 0 ? ['never-read'] : [])].sort(),
        addresses: [...new Set(addresses)].sort(),
        ...(pick(3) === 0 ? { notReady: [named[0] ?? '198.51.100.7'] } : {}),
        ...(pick(3) === 0
          ? {}
          : { ports: [{ name: 'p', port: of([80, 82, 8080]), protocol: of(PROTOCOLS) }] }),
        ...(pick(4) === 0 ? { legacy: true as const } : {}),
      });
    }
    return {
      namespace,
      name,
      type: 'LoadBalancer',
      selector: selector !== null && Object.keys(selector).length > 0 ? selector : null,
      ports: [
        {
          name: 'p',
          port: of(PORTS),
          targetPort: of([null, 80, 8080, 'http', 'web']),
          protocol: of(PROTOCOLS),
        },
        { name: 'q', port: 443, targetPort: of([null, 81]), protocol: 'TCP', nodePort: 30_000 + i },
      ],
      clusterIPs: [`10.96.0.${10 + i}`, ...(pick(3) === 0 ? [`fd96::${10 + i}`] : [])],
      externalIPs: pick(2) === 0 ? [`192.0.2.${10 + i}`] : [],
      loadBalancerIPs: pick(3) === 0 ? ['203.0.113.99'] : [],
      externalTrafficPolicy: null,
    };
  });
  for (const pod of snapshot.pods)
    if (pod.hostNetwork && pick(2) === 0) pod.localDns = ['169.254.20.10', '10.96.0.10'];
  return snapshot;
}

describe('addresses of Services (S29)', () => {
  it('are answered alike by the product and the plain evaluator', { timeout: 120_000 }, () => {
    const tally = { asked: 0, permitted: 0, denied: 0, depends: 0, noPort: 0, refused: 0 };
    fc.sample(cases, { numRuns: CLUSTERS, seed: 20_261_125 }).forEach((kase, seed) => {
      const snapshot = withServices(kase, seed);
      const engine = audit(snapshot, kase.assume);
      const cluster = plainClusterOf(snapshot, kase.assume);
      const sources: PlainEnd[] = [
        ...podEnds(snapshot).slice(0, 6),
        endAt(snapshot, '198.51.100.9') as PlainEnd,
      ];
      const addresses = snapshot.services.flatMap((s) => [
        ...s.clusterIPs,
        ...s.externalIPs,
        ...s.loadBalancerIPs,
      ]);
      const questions: [string, Protocol, number][] = [...new Set(addresses)].flatMap((ip) =>
        snapshot.services[0]!.ports.flatMap((p): [string, Protocol, number][] => [
          [ip, p.protocol, p.port],
          [ip, 'TCP', 80],
        ]),
      );
      for (const node of snapshot.nodes.slice(0, 1))
        for (const ip of node.ips) questions.push([ip, 'TCP', 30_000], [ip, 'TCP', 30_001]);
      for (const src of sources) {
        for (const [ip, protocol, port] of questions) {
          const answer = engine.verdicts([
            {
              src:
                src.type === 'pod'
                  ? { namespace: src.pod.namespace, pod: `${src.pod.kind}/${src.pod.name}` }
                  : { ip: '198.51.100.9' },
              dst: { ip },
              protocol,
              port,
            },
          ]).answers[0]!;
          const plain = plainService(cluster, src, ip, protocol, port);
          if (plain === null) continue;
          const where = `cluster ${seed}: ${src.type === 'pod' ? `${src.pod.namespace}/${src.pod.name}` : 'outside'} -> ${ip} ${protocol}/${port}`;
          if (answer.error !== undefined) {
            // A pod without the family, or an address that two pods have.
            expect(`${where}: ${answer.error}`).toMatch(
              / has no IPv[46] address| is the address of \d+ pods/,
            );
            tally.refused++;
            continue;
          }
          tally.asked++;
          if (plain === 'no-port') {
            expect([where, answer.answer, answer.verdict]).toEqual([where, 'no-service-port', undefined]);
            tally.noPort++;
            continue;
          }
          const loose = plainService(cluster, src, ip, protocol, port, 'rough') === PERHAPS;
          const right = loose ? [asVerdict(plain), 'depends'] : [asVerdict(plain)];
          if (!right.includes(answer.verdict!)) {
            expect.fail(
              `${where}: the product says ${answer.verdict}, the plain evaluator ${asVerdict(plain)}\n${JSON.stringify(answer, null, 1)}\n${JSON.stringify({ services: snapshot.services, slices: snapshot.endpointSlices, pods: snapshot.pods, policies: snapshot.policies, nodes: snapshot.nodes })}`,
            );
          }
          tally[answer.verdict!]++;
        }
      }
    });
    console.log(`services: ${JSON.stringify(tally)}`);
    // A test that asks nothing proves nothing.
    for (const part of ['permitted', 'denied', 'depends', 'noPort'] as const)
      expect(tally[part]).toBeGreaterThan(200);
  });
});

import { expect, test } from 'vitest';
import { assumptionsOf, atLeast, endOf, portOf, sourcesOf, timeOf } from '../../electron/terminal/options.ts';
import { probeProblem } from '../../electron/terminal/verbs.ts';

test('a time in UTC is stamped as written, another one in UTC, a day as its beginning', () => {
  expect(timeOf('2026-03-01T09:00:00.000Z')).toBe('2026-03-01T09:00:00.000Z');
  expect(timeOf('2026-03-01T09:00Z')).toBe('2026-03-01T09:00Z');
  expect(timeOf('2026-03-01T10:00:00+01:00')).toBe('2026-03-01T09:00:00Z');
  expect(timeOf('2026-03-01')).toBe('2026-03-01T00:00:00Z');
  for (const text of ['2026-13-01', '2026-03-01 09:00', '1', '', '2026-03-01T09:00:00']) {
    expect(() => timeOf(text), text).toThrow('ISO 8601');
  }
});

test('an endpoint is a pod, a workload by kind, or an address of either family', () => {
  expect(endOf('--src', 'shop/web-1')).toEqual({ namespace: 'shop', pod: 'web-1' });
  expect(endOf('--src', 'shop/Deployment/web')).toEqual({ namespace: 'shop', pod: 'Deployment/web' });
  expect(endOf('--src', '10.0.0.1')).toEqual({ ip: '10.0.0.1' });
  expect(endOf('--src', '2001:db8::1')).toEqual({ ip: '2001:db8::1' });
  for (const text of ['web', '/web', 'shop/']) expect(() => endOf('--src', text), text).toThrow('--src');
});

test('a port names its protocol, or is TCP as in a policy', () => {
  expect(portOf('UDP/53')).toEqual({ protocol: 'UDP', port: 53 });
  expect(portOf('sctp/7')).toEqual({ protocol: 'SCTP', port: 7 });
  expect(portOf('443')).toEqual({ protocol: 'TCP', port: 443 });
  for (const text of ['TCP', 'TCP/', '/80', 'TCP/http', '80/TCP'])
    expect(() => portOf(text), text).toThrow('--port');
});

test('of two values of one assumption the later holds, and a value may hold an equals sign', () => {
  expect(assumptionsOf(['enforced=yes', 'enforced=no', 'serverVersion=1.24'])).toEqual({
    enforced: 'no',
    serverVersion: '1.24',
  });
  for (const text of ['enforced', 'enforced=', '=yes', 'toString=yes']) {
    expect(() => assumptionsOf([text]), text).toThrow('--assume');
  }
});

test('a context named twice is read once, and options of a context belong to one', () => {
  expect(sourcesOf({ context: ['a', 'b', 'a'] }).map((source) => 'name' in source && source.name)).toEqual([
    'a',
    'b',
  ]);
  expect(() => sourcesOf({ demo: true, kubeconfig: ['k'] })).toThrow('--kubeconfig');
  expect(() => sourcesOf({ from: ['x'], namespace: ['n'] })).toThrow('--namespace');
});

test('a threshold takes in what is worse', () => {
  expect(atLeast('medium')).toEqual(['critical', 'high', 'medium']);
  expect(atLeast('critical')).toEqual(['critical']);
});

test('the shape of a probe is checked before it is asked', () => {
  const good = { src: { ip: '1.1.1.1' }, dst: { namespace: 'a', pod: 'b' }, protocol: 'TCP', port: 80 };
  expect(probeProblem(good)).toBeNull();
  expect(probeProblem({ ...good, family: 'IPv6' })).toBeNull();
  const bad: [unknown, string][] = [
    [null, 'object'],
    [[good], 'object'],
    [{ ...good, src: undefined }, 'src'],
    [{ ...good, dst: { namespace: 'a' } }, 'dst'],
    [{ ...good, dst: { namespace: 'a', pod: 'b', ip: '1.1.1.1' } }, 'dst'],
    [{ ...good, protocol: 6 }, 'protocol'],
    [{ ...good, port: '80' }, 'port'],
    [{ ...good, port: 8.5 }, 'port'],
    [{ ...good, family: 'v6' }, 'family'],
  ];
  for (const [probe, words] of bad) expect(probeProblem(probe), JSON.stringify(probe)).toContain(words);
});

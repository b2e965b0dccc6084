import fc from 'fast-check';
import { expect, test } from 'vitest';
import { manifestText } from '../../shared/report/manifestText.ts';
import { read } from '../kube/read.ts';

const policy = (labels: Record<string, string>): unknown => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'p', namespace: 'a' },
  spec: { podSelector: { matchLabels: labels }, policyTypes: ['Ingress'] },
});

/** What reading gives back; null where the document was refused or anything was said of it. */
function readBack(text: string): unknown {
  const { policies, problems } = read(text);
  expect(problems).toEqual([]);
  return policies[0]?.spec;
}

// Each of these, bare, is something else than text to kubectl or to another reader of YAML.
const TRAPS = [
  ...['no', 'No', 'NO', 'yes', 'on', 'Off', 'y', 'N', 'true', 'FALSE', 'null', 'Null', '~', ''],
  ...[
    '1',
    '01',
    '1_000',
    '12_0',
    '0b1',
    '0x1f',
    '0X1F',
    '0o17',
    '0O17',
    '1.5',
    '1.',
    '1e3',
    '1e400',
    'e2',
    'E10',
  ],
  ...['2001-01-01', '2001-01-01T00:00:00Z', '1:30', '190:20:30', 'inf', 'NaN', '0.', '9223372036854775808'],
];

test('what other readers take for a number, a boolean or nothing is in quotes, as value and as key', () => {
  for (const value of TRAPS) {
    const line = manifestText(policy({ app: value }))
      .split('\n')
      .find((one) => one.includes('app:'));
    expect(line?.trim()).toBe(`app: ${JSON.stringify(value)}`);
    // Of an address range, a date or a port's name the same holds.
    expect(manifestText({ [value]: 'x' })).toBe(`${JSON.stringify(value)}: x\n`);
  }
  // What nobody mistakes stays as people write it.
  expect(manifestText({ app: 'web-1', 'app.kubernetes.io/name': 'db', port: 80, some: {}, on: true })).toBe(
    'app: web-1\napp.kubernetes.io/name: db\nport: 80\nsome: {}\n"on": true\n',
  );
});

test('objects are separated, never written as references to each other', () => {
  const labels = { app: 'web' };
  expect(manifestText({ a: labels, b: labels }, labels)).toBe(
    'a:\n  app: web\nb:\n  app: web\n---\napp: web\n',
  );
});

test('whatever labels there are, reading gives the same object', () => {
  const character = fc.constantFrom(...'abeynoxEYNO0123456789._-');
  const value = fc.oneof(
    fc.constantFrom(
      ...TRAPS.filter((one) => /^[A-Za-z0-9]?$|^[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]$/.test(one)),
    ),
    fc
      .array(character, { minLength: 1, maxLength: 63 })
      .map((all) => all.join('').replace(/^[._-]+|[._-]+$/g, '')),
  );
  const key = value.filter((one) => one !== '').chain((name) => fc.constantFrom(name, `example.com/${name}`));
  fc.assert(
    fc.property(fc.dictionary(key, value, { noNullPrototype: true }), (labels) => {
      const object = policy(labels) as { spec: unknown };
      expect(readBack(manifestText(object))).toEqual(object.spec);
    }),
    { numRuns: 500, seed: 8_10 },
  );
});

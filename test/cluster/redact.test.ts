/** Credentials in what a server says: found in every spelling, and nothing else touched. */
import { describe, expect, test } from 'vitest';
import { Redactor, Secrets } from '../../electron/cluster/redact.ts';

const TOKEN = 'k8s-Tok/en+with"quotes&<angles>.été~1';
const body = (redactor: Redactor, text: string): string =>
  Buffer.from(redactor.bytes(Buffer.from(text))).toString('utf8');
/** What the secret is read back from, as a server may write it. */
const holds = (text: string, secret: string): boolean =>
  [text, ...['base64', 'base64url'].map((e) => Buffer.from(text, e as 'base64').toString())].some((one) =>
    one.includes(secret),
  );

describe('A body that repeats a token', () => {
  const redactor = new Redactor([TOKEN]);
  const escapedWhole = [...TOKEN]
    .map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
  for (const [name, value] of [
    ['as it is', JSON.stringify(TOKEN)],
    [
      'with the escapes of Go',
      JSON.stringify(TOKEN).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
    ],
    ['with escaped slashes', JSON.stringify(TOKEN).replaceAll('/', '\\/')],
    [
      'in ASCII',
      JSON.stringify(TOKEN).replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
    ],
    ['with some letters escaped', JSON.stringify(TOKEN).replace('Tok', '\\u0054o\\u006B')],
  ] as const) {
    test(`${name}: is JSON without it`, () => {
      const clean = body(redactor, `{"a":"x ${value.slice(1)},"b":[1,"\\u003c\\n"],"c":"\\\\u0041"}`);
      const parsed = JSON.parse(clean) as { a: string; b: unknown; c: string };
      expect(parsed.a).toMatch(/^x (?:redacted)+r?e?d?a?c?t?e?$/);
      expect([parsed.b, parsed.c]).toEqual([[1, '<\n'], '\\u0041']);
    });
  }

  test('with every letter escaped: is JSON without it', () => {
    const clean = JSON.parse(body(redactor, `{"a":"${escapedWhole}"}`)) as { a: string };
    expect(clean.a).toMatch(/^(?:redacted)+r?e?d?a?c?t?e?$/);
  });

  for (const [name, make] of [
    ['in a URL', encodeURIComponent],
    [
      'in a URL in small letters',
      (t: string) => encodeURIComponent(t).replace(/%../g, (code) => code.toLowerCase()),
    ],
    ['in a form', (t: string) => new URLSearchParams({ t }).toString()],
    ['in base64', (t: string) => Buffer.from(t).toString('base64')],
    ['in base64 of URLs', (t: string) => Buffer.from(t).toString('base64url')],
    [
      'amid other text in base64',
      (t: string) => Buffer.from(`Authorization: Bearer ${t}; more`).toString('base64'),
    ],
    [
      'one letter further',
      (t: string) => Buffer.from(`1Authorization: Bearer ${t}; more`).toString('base64'),
    ],
    [
      'two letters further',
      (t: string) => Buffer.from(`12Authorization: Bearer ${t}; more`).toString('base64'),
    ],
  ] as const) {
    test(name, () => {
      for (const secret of [TOKEN, 'plain-Token-1234567']) {
        const made = make(secret);
        const clean = body(new Redactor([secret]), `{"a":"${made}"}`);
        expect(clean).toContain('redacted');
        expect(holds((JSON.parse(clean) as { a: string }).a, secret)).toBe(false);
        expect(decodeURIComponent(clean.replace(/\+/g, ' '))).not.toContain(secret);
      }
    });
  }
});

describe('JSON stays JSON, and says the same', () => {
  const page = JSON.stringify({
    kind: 'NetworkPolicyList',
    metadata: { resourceVersion: '12345678', continue: 'abc' },
    items: [
      {
        metadata: { name: 'web', labels: { 'kubernetes.io/metadata.name': 'prod', port: '12345678' } },
        spec: { ports: [12345678, true, null] },
      },
      { a: 'tab\tquote"back\\slash\u00e9', ip: '10.96.0.0/12', v: [{}, {}, {}, {}] },
    ],
  });
  for (const secret of [
    ...['abc', 'pod', 'web', '"', '12345678', '10.96.0.0/12', 'metadata', 'kubernetes', 'podSelector'],
    ...[
      '","name":"',
      '{},{},{}',
      'true,null',
      '        ',
      '"labels":',
      'tquote\\"',
      'nslashes',
      '\\slash\u00e9',
    ],
  ]) {
    test(`with ${JSON.stringify(secret)} as a password`, () => {
      const clean = body(new Redactor([secret]), page);
      const before = JSON.parse(page) as { items: unknown[] };
      const after = JSON.parse(clean) as { items: unknown[] };
      expect(after.items[0]).toEqual(before.items[0]);
      expect({ ...after, items: 0 }).toEqual({ ...before, items: 0 });
    });
  }

  test('a secret that begins in the middle of an escape leaves the escape whole', () => {
    const clean = body(new Redactor(['nabcdefgh', '00e9abcdef']), '{"a":"\\nabcdefgh","b":"\\u00e9abcdef"}');
    expect(JSON.parse(clean)).toEqual({
      a: expect.stringMatching(/^\n/) as string,
      b: expect.stringMatching(/^é/) as string,
    });
  });

  test('what is equal stays equal, so that a selector still finds its label', () => {
    const clean = JSON.parse(
      body(new Redactor(['team-credential']), '{"label":"x-team-credential","selector":"x-team-credential"}'),
    ) as Record<string, string>;
    expect(clean.label).toBe('x-redactedredacte');
    expect(clean.selector).toBe(clean.label);
  });
});

describe('A message', () => {
  test('loses short passwords as whole words, and words of three letters stay', () => {
    const redactor = new Redactor(['hunter', 'pod', 'kubernetes', 'a-b(c']);
    expect(redactor.text('hunter was refused; hunters and pod are not, kubernetes is')).toBe(
      '*** was refused; hunters and pod are not, *** is',
    );
  });

  test('shows a long token as three asterisks', () => {
    const redactor = new Redactor(['t'.repeat(900)]);
    expect(redactor.text(body(redactor, `no: ${'t'.repeat(900)}!`))).toBe('no: ***!');
    expect(new Redactor(['t'.repeat(900)]).text(`no: ${'t'.repeat(900)}!`)).toBe('no: ***!');
  });
});

test('a password that is no valid Unicode is no error', () => {
  expect(new Redactor(['half-\ud800-pair']).text('half-\ud800-pair')).toContain('half');
});

test('an event of a watch', () => {
  const redactor = new Redactor(['watched-token']);
  expect(redactor.line('{"a":"watched-token"}')).toBe('{"a":"redactedredac"}');
  expect(redactor.line('{"a":"watched\\u002dtoken"}')).toBe('{"a":"redactedredac"}');
  expect(redactor.line('{"a":"other"}')).toBe('{"a":"other"}');
});

test('old tokens and the signature of a token are known too', () => {
  const secrets = new Secrets();
  secrets.add('first-token-1', null, undefined, '');
  secrets.add('eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg');
  const text = body(secrets.redactor, 'first-token-1 c2lnbmF0dXJlLW9mLXRoZS10b2tlbg');
  expect(text).toMatch(/^redactedredac (?:redacted)+r?e?d?a?c?t?e?$/);
});

test('a page of ten megabytes costs little more than reading it once', () => {
  const item = JSON.stringify({ metadata: { name: 'pod-1', annotations: { x: 'y"<z>\\'.repeat(20) } } });
  const page = Buffer.from(`[${Array(40_000).fill(item).join(',')}]`);
  const redactor = new Redactor([
    `eyJ${'a1B2'.repeat(100)}.${'b'.repeat(40)}.${'c3'.repeat(50)}`,
    'basic-Passw0rd',
  ]);
  const time = (work: () => void): number => {
    const times = [0, 1, 2].map(() => {
      const from = performance.now();
      work();
      return performance.now() - from;
    });
    return Math.min(...times);
  };
  const filter = time(() => redactor.bytes(page));
  const parse = time(() => JSON.parse(page.toString('utf8')));
  // About half of it where nothing else runs: what grows faster than the page is far above.
  expect(filter).toBeLessThan(3 * parse);
});

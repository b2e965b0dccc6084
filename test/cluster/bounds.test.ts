/** The bounds of reading by a clock of their own: what no real cluster reaches, and what has no end. */
import { describe, expect, test } from 'vitest';
import { AuditGuard, BOUNDS, EventGuard, ListGuard, openings, Pace } from '../../electron/cluster/bounds.ts';
import { READ_BOUNDS } from '../../shared/kube/snapshot.ts';
import { boundText } from '../../shared/report/words.ts';

/** A clock that moves when it is told to. */
function clock(): { now: () => number; pass: (ms: number) => void } {
  let at = 0;
  return { now: () => at, pass: (ms) => void (at += ms) };
}

const MBIT = 125_000;

describe('A real cluster of 200,000 pods', () => {
  for (const [name, podBytes, zip, share, limit] of [
    ['comes through over 1 Mbit/s, uncompressed, 10 kB a pod', 10_000, 1, 1, 500],
    ['comes through over 1 Mbit/s that six lists share', 10_000, 1, 6, 500],
    ['comes through compressed, in small pages', 5_000, 8, 6, 125],
    ['comes through where each pod has the size of a large one', 60_000, 4, 4, 125],
  ] as const) {
    test(name, () => {
      const { now, pass } = clock();
      const list = new ListGuard(now);
      const audit = new AuditGuard(now);
      const pages = Math.ceil(200_000 / limit);
      for (let page = 1; page <= pages; page += 1) {
        const bytes = limit * podBytes;
        expect(bytes).toBeLessThan(BOUNDS.pageBytes);
        const wire = bytes / zip;
        const begun = now();
        const pace = new Pace(30_000, BOUNDS.pace, begun);
        const ms = (wire / (MBIT / share)) * 1000;
        for (let t = 1000; t < ms; t += 1000) expect(pace.slow(begun + t, (t / ms) * wire)).toBe(false);
        pass(ms);
        audit.add(wire, limit);
        expect(audit.reached()).toBeNull();
        const summary = {
          count: limit,
          first: `ns/pod-${page}`,
          continueToken: page === pages ? null : `token-${page}`,
          remaining: 200_000 - page * limit,
          resourceVersion: '1',
        };
        expect(list.page(summary, { limit, bytes, wire })).toBeNull();
      }
    });
  }

  test('comes through a busy server that makes each page wait, and of which a selector leaves out most', () => {
    const { now, pass } = clock();
    const list = new ListGuard(now);
    // 200,000 objects looked at, 500 a page, one in a thousand chosen; 429 with a second's pause before each page.
    for (let page = 1; page <= 400; page += 1) {
      pass(2000);
      const summary = {
        count: page % 2,
        ...(page % 2 === 1 ? { first: `ns/${page}` } : {}),
        continueToken: page === 400 ? null : `t${page}`,
        remaining: null,
        resourceVersion: '1',
      };
      expect(list.page(summary, { limit: 500, bytes: 2000, wire: 700 })).toBeNull();
    }
  });

  test('and its rollouts are no flood of events', () => {
    const { now, pass } = clock();
    const guard = new EventGuard(now, 200_000);
    for (let second = 0; second < 600; second += 1) {
      pass(1000);
      expect(guard.take(2000, 2000 * 10_000)).toBeNull();
    }
    const small = new EventGuard(now, 100);
    for (let second = 0; second < 600; second += 1) {
      pass(1000);
      expect(small.take(500, 500 * 10_000)).toBeNull();
    }
  });
});

/** Pages of a list until it is ended; at most a hundred thousand. */
function until(
  page: (n: number) => { count: number; token?: string; first?: string; remaining?: number; bytes?: number },
  pageMs = 10,
): { code: string | null; pages: number; seconds: number } {
  const { now, pass } = clock();
  const guard = new ListGuard(now);
  for (let n = 1; n <= 100_000; n += 1) {
    pass(pageMs);
    const { count, token = `t${n}`, first = `ns/${n}`, remaining = null, bytes = 1000 } = page(n);
    const reached = guard.page(
      { count, continueToken: token, remaining, resourceVersion: '1', ...(count > 0 ? { first } : {}) },
      { limit: 500, bytes, wire: bytes },
    );
    if (reached) return { code: reached.code, pages: n, seconds: Math.round(now() / 1000) };
  }
  return { code: null, pages: Infinity, seconds: Infinity };
}

describe('A list without end', () => {
  test('of alternating tokens ends when one comes again', () => {
    expect(until((n) => ({ count: 500, token: String(n % 2) }))).toMatchObject({
      code: 'token-repeated',
      pages: 3,
    });
  });
  test('of fresh tokens and the same objects ends with the second page', () => {
    expect(until(() => ({ count: 500, first: 'ns/a' }))).toMatchObject({
      code: 'objects-repeated',
      pages: 2,
    });
  });
  test('of empty pages, or nearly so, ends after a thousand', () => {
    expect(until(() => ({ count: 0 }))).toMatchObject({ code: 'pages', pages: 1001 });
    expect(until((n) => ({ count: n % 10 === 0 ? 1 : 0 })).pages).toBeLessThan(1010);
  });
  test('of ever new objects ends at twice what was announced, and at a million where nothing was', () => {
    expect(until((n) => ({ count: 500, ...(n === 1 ? { remaining: 500 } : {}) }))).toMatchObject({
      code: 'more-than-announced',
      pages: 25,
    });
    expect(until(() => ({ count: 500, bytes: 2_500_000 }))).toMatchObject({ code: 'objects', pages: 2001 });
  });
  test('of pages that are large and hold little ends by their bytes', () => {
    const { code, pages } = until(() => ({ count: 1, bytes: 60_000_000 }));
    expect(code).toBe('list-bytes');
    expect(pages).toBeLessThan(20);
  });
  test('whose pages each come late ends by the time', () => {
    expect(until(() => ({ count: 1 }), 60_000)).toMatchObject({ code: 'list-time', seconds: 960 });
  });
  test('with a huge token is ended before it is sent back', () => {
    expect(until(() => ({ count: 1, token: 'x'.repeat(10_000) }))).toMatchObject({ code: 'token-length' });
  });
});

test('many lists that each keep their bounds end by the time of the whole', () => {
  const { now, pass } = clock();
  const guard = new AuditGuard(now);
  let seconds = 0;
  for (; guard.reached() === null && seconds < 1e6; seconds += 60) {
    pass(60_000);
    guard.add(1000, 1);
  }
  expect(seconds).toBeGreaterThan(3600);
  expect(seconds).toBeLessThan(3750);
});

test('a trickle is seen within a window, also after a burst that was fast', () => {
  const pace = new Pace(30_000, BOUNDS.pace, 0);
  for (let t = 1000; t < 30_000; t += 1000) expect(pace.slow(t, t * 2.5)).toBe(false);
  expect(pace.slow(30_000, 75_000)).toBe(true);
  const burst = new Pace(30_000, BOUNDS.pace, 0);
  let seen = 0;
  for (let t = 1000; t < 120_000 && seen === 0; t += 1000) if (burst.slow(t, 10_000_000 + t * 2.5)) seen = t;
  expect(seen).toBeGreaterThanOrEqual(30_000);
  expect(seen).toBeLessThanOrEqual(32_000);
});

test('a flood of events ends after twenty thousand, or by its bytes', () => {
  const { now } = clock();
  const many = new EventGuard(now, 10);
  expect(many.take(20_000, 1)).toBeNull();
  expect(many.take(1, 1)).toEqual({ code: 'events', limit: 20_000 });
  const large = new EventGuard(now, 10);
  expect(large.take(10, BOUNDS.eventBytes + 1)).toMatchObject({ code: 'event-bytes' });
});

test('braces and brackets are counted in text and in bytes', () => {
  expect(openings('{"a":[1,{}]}')).toBe(3);
  expect(openings(new TextEncoder().encode('{"a":[1,{}]}'))).toBe(3);
});

test('each bound has words in both languages, with its number in a unit that is read easily', () => {
  for (const code of READ_BOUNDS) {
    for (const lang of ['en', 'ko'] as const) {
      const text = boundText({ code, limit: 12_345_678, leftOut: 7 }, lang);
      expect(text, `${code} ${lang}`).not.toMatch(/[{}]|undefined/);
      expect(text).toContain('7');
    }
  }
  expect(boundText({ code: 'retry-after', limit: 172_800 }, 'en')).toBe(
    'the server asks to be asked again in 2 days',
  );
  expect(boundText({ code: 'retry-after', limit: 172_800 }, 'ko')).toBe('서버가 2일 뒤에 다시 요청하라고 함');
  expect(boundText({ code: 'answer-bytes', limit: BOUNDS.pageBytes }, 'en')).toContain('64 MB');
  expect(boundText({ code: 'slow', limit: BOUNDS.pace }, 'en')).toContain('8 kB');
  expect(boundText({ code: 'events', limit: 20_000, leftOut: 0 }, 'en')).toContain('20,000 changes');
});

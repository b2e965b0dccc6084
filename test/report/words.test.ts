import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CHECK_IDS } from '../../shared/audit/checks.ts';
import type { DirectionReason, PodRow } from '../../shared/audit/result.ts';
import type { NodeEnforcement } from '../../shared/kube/snapshot.ts';
import { PROBLEM_IDS } from '../../shared/kube/problems.ts';
import { checksEn, valuesEn } from '../../shared/report/messages/checks.en.ts';
import { checksKo, valuesKo } from '../../shared/report/messages/checks.ko.ts';
import { en } from '../../shared/report/messages/en.ts';
import { fill, holes } from '../../shared/report/messages/format.ts';
import { ko } from '../../shared/report/messages/ko.ts';
import {
  assumptionUseText,
  clauseText,
  connsText,
  enforcementText,
  findingText,
  LANGS,
  placeText,
  podStateText,
  reasonText,
  warningText,
} from '../../shared/report/words.ts';

const IDS = [...CHECK_IDS, ...PROBLEM_IDS];

test.each(IDS)('%s has a title, a text and advice in both languages', (id) => {
  for (const table of [checksEn, checksKo]) {
    const words = table[id];
    for (const part of [words.title, words.text, words.advice]) expect(part.trim()).not.toBe('');
    expect(words.title).not.toMatch(/\.$/);
  }
});

/** `id {a, b}` as the two lists of checks document their parameters. */
function documentedParams(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const file of ['../../shared/audit/checks.ts', '../../shared/kube/problems.ts']) {
    const text = readFileSync(new URL(file, import.meta.url), 'utf8');
    for (const [, id, params] of text.matchAll(/`([a-z]+\.[a-z-]+)` \{([^}]*)\}/g)) {
      found.set(
        id!,
        params!
          .split(',')
          .map((name) => name.trim().replace('?', ''))
          .filter((name) => name !== ''),
      );
    }
  }
  return found;
}

test.each(IDS)('the words of %s use only the parameters that its check gives', (id) => {
  const given = documentedParams().get(id);
  expect(given, `${id} stands in the list with its parameters`).toBeDefined();
  for (const table of [checksEn, checksKo]) {
    const { title, text, advice } = table[id];
    for (const hole of holes(`${title} ${text} ${advice}`))
      expect([...given!, 'object', 'place']).toContain(hole);
  }
});

test('both languages say the same parameters in the same finding', () => {
  for (const id of IDS) {
    const inText = (words: { text: string; advice: string }) => holes(`${words.text} ${words.advice}`).sort();
    expect(inText(checksKo[id]), id).toEqual(inText(checksEn[id]));
  }
});

/** Every message of a language by its path. */
function flat(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  return Object.entries(value as object).flatMap(([key, inner]) =>
    flat(inner, path === '' ? key : `${path}.${key}`),
  );
}

test('no Korean message is empty, left in English, or has other holes than the English one', () => {
  const english = new Map(flat(en));
  const korean = new Map(flat(ko));
  // Words that are the same in both languages: names of the API and of Kubernetes.
  const same = /^(assumption\.(endPort|sctp)\.name|report\.moreShort)$/;
  for (const [path, text] of english) {
    if (path.startsWith('warning.') || path.startsWith('clause.')) continue;
    const other = korean.get(path);
    expect(other?.trim(), path).toBeTruthy();
    if (!same.test(path)) expect(other, path).toMatch(/[\uac00-\ud7a3]|^\{/);
    for (const hole of holes(other!)) expect(holes(text), path).toContain(hole);
  }
});

test('a Korean particle never stands behind a hole whose value it would depend on', () => {
  // 을/를, 이/가, 은/는, 과/와 and 으로/로 change with the last sound of what stands before them.
  const particle = /\}”?(을|를|이|가|은|는|과|와|으로|로)(?=[\s,.:]|$)/;
  const texts = [...flat(ko), ...Object.entries(checksKo).flatMap(([id, words]) => flat(words, id))];
  for (const [path, text] of texts) expect(text, path).not.toMatch(particle);
});

test('values that are words are translated in the same parameters', () => {
  for (const [name, table] of Object.entries(valuesEn)) {
    expect(Object.keys(valuesKo[name] ?? {}).sort(), name).toEqual(Object.keys(table).sort());
  }
});

test('a finding says its parameters, and what happened to the object in words', () => {
  const text = findingText(
    { check: 'input.no-name', params: { kind: 'Pod', treatment: 'left-out' }, object: null, place: null },
    'en',
  );
  expect(text.text).toBe('This Pod has no metadata.name. It takes no part in the audit.');
});

test('a check that has no words is shown by its id and parameters', () => {
  const finding = { check: 'policy.of-tomorrow', params: { port: 7 }, object: null, place: null };
  expect(findingText(finding, 'ko')).toEqual({ title: 'policy.of-tomorrow', text: 'port: 7', advice: '' });
});

test('a hole without a value shows a question mark', () => {
  expect(fill('{a} and {b}', { a: 1 })).toBe('1 and ?');
});

const REASON: DirectionReason = {
  direction: 'ingress',
  verdict: 'permitted',
  state: 'isolated',
  policies: [{ namespace: 'shop', name: 'web' }],
  permits: [
    {
      policy: { namespace: 'shop', name: 'web' },
      direction: 'ingress',
      rule: 0,
      peer: 1,
      port: null,
      effect: 'permits',
    },
  ],
  assumptions: [],
};

test('a reason names policy, rule, peer and direction, with the path of the peer in the manifest', () => {
  expect(reasonText(REASON, 'en')).toBe(
    'Ingress: permitted by shop/web, ingress rule 1 (spec.ingress[0].from[1]; peer 2, every port).',
  );
  expect(reasonText(REASON, 'ko')).toContain(
    'shop/web 정책의 인그레스 규칙 1 (spec.ingress[0].from[1]; 피어 2, 모든 포트)',
  );
});

test('a denied direction names every policy that isolates, and never says that it was blocked', () => {
  const denied: DirectionReason = {
    ...REASON,
    verdict: 'denied',
    permits: [],
    policies: [
      { namespace: 'shop', name: 'a' },
      { namespace: 'shop', name: 'b' },
    ],
  };
  expect(reasonText(denied, 'en')).toBe(
    'Ingress: shop/a, shop/b select the destination for ingress, and no rule of theirs permits this connection.',
  );
  for (const lang of LANGS) expect(reasonText(denied, lang)).not.toMatch(/block|차단/i);
});

test('what a verdict depends on names the rule and both values that would decide it', () => {
  const use = {
    rule: 'S12',
    name: 'ipBlockPods',
    value: 'unknown',
    permittedIf: 'match',
    deniedIf: 'ignore',
  } as const;
  expect(assumptionUseText(use, true, 'en')).toBe(
    'It depends on whether an ipBlock matches addresses of pods and nodes: permitted if it matches, denied if it does not match (S12).',
  );
});

test('every phrase of the evaluator that would decide a verdict has Korean words', () => {
  const source = readFileSync(new URL('../../shared/audit/points.ts', import.meta.url), 'utf8');
  const phrases = source
    .split(/(?:permittedIf|deniedIf):/)
    .slice(1)
    .map((rest) => rest.slice(0, rest.search(/,\n| \}|, deniedIf/)))
    .flatMap((span) => [...span.matchAll(/(=== )?(?:'([^']+)'|`([^`]+)`)/g)])
    .filter(([, compared]) => compared === undefined)
    .map(([, , plain, template]) => (plain ?? template!).replace(/\$\{[^}]*\}/g, 'AdminNetworkPolicy'));
  expect(phrases.length).toBeGreaterThan(20);
  const values = new Set(Object.keys(en.clause).map((key) => key.split('=')[1]));
  for (const phrase of phrases.filter(
    (text) => !values.has(text) && text !== 'isolated' && text !== 'unknown',
  )) {
    expect(clauseText(phrase, 'ko'), phrase).toMatch(/[\uac00-\ud7a3]/);
  }
  expect(clauseText('labels of namespace shop', 'ko')).toBe('shop 네임스페이스의 레이블');
});

test('an isolated pod that nothing enforces reads "isolated on paper, not enforced"', () => {
  const row = { ingress: 'open', paperIngress: 'isolated', egress: 'open', paperEgress: 'open' } as PodRow;
  expect(podStateText(row, 'ingress', 'en')).toBe('isolated on paper, not enforced');
  expect(podStateText(row, 'egress', 'en')).toBe('open');
});

const ENFORCEMENT = { plugin: 'flannel', evidence: [], nodes: [], implies: {} };

test('enforcement is worst of both directions, and a value set by the user goes before detection', () => {
  const of = (ingress: 'yes' | 'no' | 'unknown', egress: 'yes' | 'no' | 'unknown', user?: string) =>
    enforcementText(
      {
        enforcement: { ...ENFORCEMENT, ingress, egress },
        assumptions: user === undefined ? [] : [{ name: 'enforced', value: user, origin: 'user' }],
      },
      'en',
    );
  expect(of('yes', 'yes').level).toBe('yes');
  expect(of('no', 'no').text).toMatch(/^NOT ENFORCED: flannel/);
  expect(of('yes', 'no').text).toMatch(/^EGRESS NOT ENFORCED/);
  expect(of('yes', 'no').level).toBe('mixed');
  expect(of('no', 'no', 'yes')).toMatchObject({ level: 'yes', ingress: 'yes' });
  expect(of('no', 'no', 'yes').text).toContain('Set by the user');
});

test('a node that differs keeps a cluster from reading as enforced throughout', () => {
  const node: NodeEnforcement = { node: 'edge-1', plugin: null, ingress: 'no', egress: 'no', evidence: [] };
  const text = enforcementText(
    { enforcement: { ...ENFORCEMENT, ingress: 'yes', egress: 'yes', nodes: [node] }, assumptions: [] },
    'en',
  );
  expect(text.level).toBe('mixed');
  expect(text.text).toContain('edge-1 (ingress no, egress no)');
});

test('connections read as ports by protocol', () => {
  expect(
    connsText(
      {
        TCP: [
          [80, 80],
          [8000, 8999],
        ],
        UDP: [[1, 65535]],
      },
      'en',
    ),
  ).toBe('TCP 80, 8000-8999; UDP every port');
  expect(connsText({ TCP: [[1, 65535]], UDP: [[1, 65535]], SCTP: [[1, 65535]] }, 'en')).toBe('every port');
  expect(connsText({ TCP: [[1, 65535]], UDP: [[1, 65535]] }, 'en')).not.toBe('every port');
});

test('a place names file, document, line and field, and standard input by name', () => {
  const place = { file: '-', document: 3, line: 7, column: 2, field: 'spec.egress[0]' };
  expect(placeText(place, 'en')).toBe('standard input, document 3, line 7, column 2, spec.egress[0]');
  expect(placeText(place, 'ko')).toBe('표준 입력, 문서 3, 7행 2열, spec.egress[0]');
});

test('a note of a source that has no words is shown as it is', () => {
  expect(warningText('something new', 'ko')).toBe('something new');
});

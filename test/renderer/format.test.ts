import { describe, expect, test } from 'vitest';
import { en } from '../../renderer/i18n/en.ts';
import { fill, formatShare } from '../../renderer/i18n/format.ts';
import { ko } from '../../renderer/i18n/ko.ts';

describe('A message', () => {
  test('takes the plural form of the language', () => {
    const message = { one: '{n} pod', other: '{n} pods' };
    expect(fill(message, { n: 1 }, 'en')).toBe('1 pod');
    expect(fill(message, { n: 0 }, 'en')).toBe('0 pods');
    expect(fill(message, { n: 2 }, 'en')).toBe('2 pods');
    // Korean has one form for every number.
    expect(fill({ other: '파드 {n}개' }, { n: 1 }, 'ko')).toBe('파드 1개');
  });

  test('groups numbers and leaves names as they are', () => {
    expect(fill('{done} of {total}', { done: 61500, total: 100000 }, 'en')).toBe('61,500 of 100,000');
    expect(fill('{name}', { name: '10000' }, 'en')).toBe('10000');
  });

  test('fills every occurrence and never reads a value as a place for another', () => {
    expect(fill('{a} {a} {b}', { a: '{b}', b: 'x' }, 'en')).toBe('{b} {b} x');
  });
});

describe('A share', () => {
  test('is never rounded into nothing or everything', () => {
    expect(formatShare(0, 1000)).toBe('0%');
    expect(formatShare(1, 1000)).toBe('<1%');
    expect(formatShare(999, 1000)).toBe('>99%');
    expect(formatShare(1000, 1000)).toBe('100%');
    expect(formatShare(1, 3)).toBe('33%');
  });

  test('of nothing is no number', () => {
    expect(formatShare(0, 0)).toBe('–');
  });
});

describe('The two languages', () => {
  const texts = (message: unknown): string[] =>
    typeof message === 'string' ? [message] : Object.values(message as Record<string, string>);
  const holes = (message: unknown): string[] =>
    [...new Set(texts(message).flatMap((text) => text.match(/\{\w+\}/g) ?? []))].sort();

  test('have the same messages with the same places to fill', () => {
    expect(Object.keys(ko).sort()).toEqual(Object.keys(en).sort());
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      expect(holes(ko[key]), key).toEqual(holes(en[key]));
    }
  });

  test('are two languages: no Korean message is English or empty', () => {
    for (const [key, message] of Object.entries(ko)) {
      // Figures and names alone need no word.
      const words = texts(message)
        .join(' ')
        .replace(/\{\w+\}/g, '');
      if (/[A-Za-z가-힣]/.test(words)) expect(words, key).toMatch(/[가-힣]/);
    }
  });

  test('leave no Korean particle to a value: what follows a place to fill fits every ending', () => {
    for (const [key, message] of Object.entries(ko)) {
      for (const text of texts(message))
        expect(text, key).not.toMatch(/\}(은|는|이|가|을|를|과|와|로|으로)(?![가-힣])/);
    }
  });
});

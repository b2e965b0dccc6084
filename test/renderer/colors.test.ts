import { readFileSync } from 'node:fs';
import { lab, rgb } from 'd3';
import { describe, expect, test } from 'vitest';
import { GROUPS } from '../../renderer/ui/words.ts';

/** The colour tokens of the window, as the style sheet has them: name → [light, dark]. */
const css = readFileSync(new URL('../../renderer/ui/tokens.css', import.meta.url), 'utf8');
const TOKENS = new Map<string, [string, string]>();
for (const [, name, light, dark] of css.matchAll(/(--[\w-]+):\s*light-dark\((#\w{6}),\s*(#\w{6})\)/g)) {
  TOKENS.set(name!, [light!, dark!]);
}
for (const [, name, both] of css.matchAll(/(--[\w-]+):\s*(#\w{6});/g)) TOKENS.set(name!, [both!, both!]);

const SCHEMES = ['light', 'dark'] as const;
function token(name: string, scheme: (typeof SCHEMES)[number]): string {
  const pair = TOKENS.get(name);
  if (!pair) throw new Error(`no token ${name}`);
  return pair[scheme === 'light' ? 0 : 1];
}

const linear = (part: number): number => {
  const share = part / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
};
const gamma = (share: number): number => {
  const held = Math.min(1, Math.max(0, share));
  return 255 * (held <= 0.0031308 ? held * 12.92 : 1.055 * held ** (1 / 2.4) - 0.055);
};

/** Contrast ratio by WCAG 2. */
function contrast(a: string, b: string): number {
  const luminance = (text: string): number => {
    const { r, g, b: blue } = rgb(text);
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(blue);
  };
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high! + 0.05) / (low! + 0.05);
}

/** Full dichromacy (Machado, Oliveira and Fernandes 2009), rows by linear red, green, blue. */
const SIGHT = {
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
  full: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};
function seen(text: string, matrix: number[]) {
  const { r, g, b } = rgb(text);
  const from = [linear(r), linear(g), linear(b)];
  const row = (at: number): number =>
    gamma(matrix[at]! * from[0]! + matrix[at + 1]! * from[1]! + matrix[at + 2]! * from[2]!);
  return lab(rgb(row(0), row(3), row(6)));
}

describe.each(SCHEMES)('Colours, %s', (scheme) => {
  test.each([
    ...['--text', '--text-2', '--text-3', '--accent'].flatMap((ink) =>
      ['--bg', '--bg-side', '--bg-raised', '--bg-hover'].map((ground) => [ink, ground]),
    ),
    ['--text', '--bg-active'],
    ['--text-2', '--bg-active'],
    ['--text-2', '--tone-mute-bg'],
    ['--tone-ok', '--tone-ok-bg'],
    ['--tone-warn', '--tone-warn-bg'],
    ['--tone-bad', '--tone-bad-bg'],
    ['--tone-bad', '--bg-raised'],
    ['--tone-warn', '--bg-raised'],
    ['--on-accent', '--accent-fill'],
    ...['critical', 'high', 'medium', 'low', 'info'].map((level) => [`--sev-${level}`, '--bg']),
  ])('%s is legible on %s', (ink, ground) => {
    expect(contrast(token(ink!, scheme), token(ground!, scheme))).toBeGreaterThanOrEqual(4.5);
  });

  test('groups of isolation stay apart on a grey print: by pattern, or by lightness', () => {
    const grey = (text: string): number => {
      const { r, g, b } = rgb(text);
      return 0.299 * r + 0.587 * g + 0.114 * b;
    };
    for (const a of GROUPS) {
      for (const b of GROUPS) {
        if (a.key >= b.key || a.pattern !== b.pattern) continue;
        const apart = Math.abs(grey(token(a.color, scheme)) - grey(token(b.color, scheme)));
        expect(apart, `${a.key} and ${b.key}`).toBeGreaterThanOrEqual(40);
      }
    }
    // Open and isolated mean the opposite: never by lightness alone.
    const pattern = (key: string) => GROUPS.find((group) => group.key === key)?.pattern;
    expect(pattern('none')).not.toBe(pattern('both'));
  });

  test.each(Object.entries(SIGHT))('groups of isolation stay apart for the eye with %s', (_, matrix) => {
    const colors = GROUPS.map((group) => ({ key: group.key, lab: seen(token(group.color, scheme), matrix) }));
    for (const a of colors) {
      for (const b of colors) {
        // Grey is hatched where it means "unknown", so the two greys need no other difference.
        if (a.key >= b.key || (a.key === 'notIsolatable' && b.key === 'unknown')) continue;
        const distance = Math.hypot(a.lab.l - b.lab.l, a.lab.a - b.lab.a, a.lab.b - b.lab.b);
        expect(distance, `${a.key} and ${b.key}`).toBeGreaterThan(15);
      }
    }
  });
});

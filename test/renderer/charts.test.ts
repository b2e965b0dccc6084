import { describe, expect, test } from 'vitest';
import type { IsolationCounts, MatrixData, NamespaceSummary } from '../../shared/audit/result.ts';
import {
  cellAt,
  cellSize,
  DENIED,
  DEPENDS,
  figures,
  FULL,
  inView,
  labelStep,
  level,
  NO_PAIRS,
  order,
  palette,
  pixels,
  SHARE,
  SHARE_MAX,
} from '../../renderer/charts/heat.ts';
import { paperShare, segments, sortNamespaces } from '../../renderer/charts/stack.ts';

const NOTHING: IsolationCounts = {
  pods: 0,
  both: 0,
  ingressOnly: 0,
  egressOnly: 0,
  none: 0,
  notIsolatable: 0,
  unknown: 0,
  allPermitted: 0,
  paperOnly: 0,
};

/** Relative luminance by WCAG 2. */
function luminance(text: string): number {
  const parts = /^#/.test(text)
    ? [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16))
    : (text.match(/\d+/g) ?? []).slice(0, 3).map(Number);
  const [r, g, b] = parts.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

describe('A bar of isolation', () => {
  test('has its groups end to end, and leaves out the empty ones', () => {
    const parts = segments({ ...NOTHING, pods: 8, both: 2, none: 4, unknown: 2 });
    expect(parts).toEqual([
      { key: 'both', count: 2, from: 0, to: 25 },
      { key: 'none', count: 4, from: 25, to: 75 },
      { key: 'unknown', count: 2, from: 75, to: 100 },
    ]);
  });
  test('of no pods is empty', () => {
    expect(segments(NOTHING)).toEqual([]);
  });
  test('hatches pods isolated on paper only where nothing enforces either direction', () => {
    const counts = { ...NOTHING, pods: 10, none: 8, paperOnly: 5 };
    expect(paperShare(counts, 'no', 'no')).toBe(5);
    // Where one direction is enforced such a pod may stand in another group.
    expect(paperShare(counts, 'no', 'yes')).toBe(0);
    expect(paperShare(counts, 'unknown', 'unknown')).toBe(0);
  });
});

describe('Namespaces', () => {
  const row = (name: string, counts: Partial<IsolationCounts>): NamespaceSummary => ({
    name,
    isolation: { ...NOTHING, ...counts },
    openEgress: { anywhere: 0, anywhereSomePorts: 0, ranges: 0, depends: 0, none: 0 },
    policies: 0,
    workloads: 0,
    defaults: [],
  });
  const rows = [
    row('empty', {}),
    row('good', { pods: 9, both: 9 }),
    row('half', { pods: 6, ingressOnly: 6 }),
    row('bad', { pods: 4, none: 4 }),
    row('also-good', { pods: 1, both: 1 }),
  ];
  test('come with the most open pods first, ties by name, those without pods last', () => {
    expect(sortNamespaces(rows, 'worst').map((one) => one.name)).toEqual([
      'bad',
      'half',
      'also-good',
      'good',
      'empty',
    ]);
  });
  test('come by name or by size when asked, and the list given is left as it was', () => {
    expect(sortNamespaces(rows, 'name').map((one) => one.name)).toEqual([
      'also-good',
      'bad',
      'empty',
      'good',
      'half',
    ]);
    expect(sortNamespaces(rows, 'pods')[0]?.name).toBe('good');
    expect(rows[0]?.name).toBe('empty');
  });
});

describe('A cell of the heatmap', () => {
  test('is "full" only where everything is permitted for every pair', () => {
    expect(level(4, 4, 4, 0)).toBe(FULL);
    expect(level(4, 4, 3, 0)).toBe(SHARE_MAX);
    expect(level(1_000_000, 999_999, 999_999, 0)).toBeLessThan(FULL);
  });
  test('is "denied" only where nothing is permitted and nothing depends', () => {
    expect(level(4, 0, 0, 0)).toBe(DENIED);
    expect(level(4, 0, 0, 1)).toBe(DEPENDS);
    expect(level(1_000_000, 1, 0, 0)).toBe(SHARE);
    expect(level(0, 0, 0, 0)).toBe(NO_PAIRS);
  });
  test('counts what is neither permitted nor open as denied', () => {
    const data: MatrixData = {
      level: 'namespace',
      rows: [],
      cols: [{ namespace: 'a', name: 'a', kind: 'Namespace', pods: 3 }],
      pairs: [6, 9],
      permitted: [1, 2],
      full: [0, 1],
      depends: [2, 3],
    };
    expect(figures(data, 1, 0)).toEqual({ pairs: 9, permitted: 2, full: 1, depends: 3, denied: 4 });
  });
});

describe('The colours of the heatmap', () => {
  test.each(['light', 'dark'] as const)(
    'go one way in lightness from little to everything (%s)',
    (scheme) => {
      const colors = palette(scheme);
      const values = [SHARE, 60, 120, 180, SHARE_MAX, FULL].map((code) => luminance(colors[code]!));
      const ordered = [...values].sort((a, b) => (scheme === 'light' ? b - a : a - b));
      expect(values).toEqual(ordered);
    },
  );
  test('keep denied apart from a small share by hue: blue over red, against red over blue', () => {
    for (const scheme of ['light', 'dark'] as const) {
      const channels = (code: number): number[] => {
        const value = pixels(palette(scheme))[code]!;
        return [value & 255, (value >> 8) & 255, (value >> 16) & 255];
      };
      const denied = channels(DENIED);
      const little = channels(SHARE);
      expect(denied[2]! - denied[0]!).toBeGreaterThan(0);
      expect(little[0]! - little[2]!).toBeGreaterThan(0);
    }
  });
  test('become pixels with red first in memory and no transparency', () => {
    const bytes = new Uint8Array(pixels(['#102030']).buffer);
    expect([...bytes]).toEqual([0x10, 0x20, 0x30, 0xff]);
  });
});

describe('The order of the heatmap', () => {
  const end = (name: string) => ({ namespace: name, name, kind: 'Namespace', pods: 1 });
  const base = { pairs: [], full: [], depends: [] };
  test('by reach keeps the diagonal where rows and columns are the same list', () => {
    const data: MatrixData = {
      ...base,
      level: 'namespace',
      rows: ['a', 'b', 'c'].map(end),
      cols: ['a', 'b', 'c'].map(end),
      // b reaches much, c is reached much.
      permitted: [0, 0, 1, 1, 0, 5, 0, 0, 0],
    };
    expect(order(data, 'reach')).toEqual({ rows: [1, 2, 0], cols: [1, 2, 0] });
    expect(order(data, 'name')).toEqual({ rows: [0, 1, 2], cols: [0, 1, 2] });
  });
  test('by reach sorts rows and columns each for themselves where they are different lists', () => {
    const data: MatrixData = {
      ...base,
      level: 'workload',
      rows: ['a', 'b'].map(end),
      cols: ['x', 'y'].map(end),
      permitted: [1, 0, 1, 5],
    };
    expect(order(data, 'reach')).toEqual({ rows: [1, 0], cols: [1, 0] });
  });
  test('by name is by namespace, then name, whatever order the data came in', () => {
    const data: MatrixData = {
      ...base,
      level: 'workload',
      rows: [end('b'), end('a')],
      cols: [end('y'), end('x')],
      permitted: [0, 0, 0, 0],
    };
    expect(order(data, 'name')).toEqual({ rows: [1, 0], cols: [1, 0] });
  });
});

test('Names with numbers come in the order in which people count', () => {
  const names = ['team-10', 'team-9', 'team-1'];
  const data: MatrixData = {
    level: 'namespace',
    rows: names.map((name) => ({ namespace: name, name, kind: 'Namespace', pods: 1 })),
    cols: [],
    pairs: [],
    permitted: [],
    full: [],
    depends: [],
  };
  expect(order(data, 'name').rows).toEqual([2, 1, 0]);
});

describe('The view on the heatmap', () => {
  test('finds the cell under a point at any zoom, and none outside', () => {
    const view = { cell: 10, k: 2, x: -30, y: -10 };
    expect(cellAt(view, 0, 0, 5, 5)).toEqual([0, 1]);
    expect(cellAt(view, 31, 29, 5, 5)).toEqual([1, 3]);
    expect(cellAt(view, 200, 0, 5, 5)).toBeNull();
    expect(cellAt({ cell: 10, k: 1, x: 5, y: 0 }, 2, 0, 5, 5)).toBeNull();
  });
  test('names the cells that show, the partly hidden ones included', () => {
    expect(inView(0, 10, 100, 50)).toEqual([0, 9]);
    expect(inView(-15, 10, 100, 50)).toEqual([1, 11]);
    expect(inView(0, 10, 1000, 50)).toEqual([0, 49]);
  });
  test('labels each cell where there is room, else every few', () => {
    expect(labelStep(40, 14)).toBe(1);
    expect(labelStep(14, 14)).toBe(1);
    expect(labelStep(5, 14)).toBe(3);
  });
  test('shows the whole matrix at no zoom, with cells no larger than asked', () => {
    expect(cellSize(600, 400, 10, 10, 60)).toBe(40);
    expect(cellSize(600, 400, 2, 2, 60)).toBe(60);
    expect(cellSize(600, 400, 0, 0, 60)).toBe(60);
  });
});

import { expect, test } from 'vitest';
import { layOut } from './layout.ts';

test('a step is behind all that it depends on, and no two steps share a place', () => {
  const nodes = [
    { id: 0, dependencies: [] },
    { id: 1, dependencies: [0] },
    { id: 2, dependencies: [0] },
    { id: 3, dependencies: [1, 2] },
    { id: 4, dependencies: [0, 3] },
    { id: 5, dependencies: [] },
  ];
  const { places, layers, rows } = layOut(nodes);
  for (const { id, dependencies } of nodes) {
    for (const each of dependencies) expect(places.get(id)?.layer).toBeGreaterThan(places.get(each)?.layer ?? Infinity);
  }
  expect(new Set([...places.values()].map(({ layer, row }) => `${layer} ${row}`)).size).toBe(nodes.length);
  expect({ layers, rows }).toEqual({ layers: 4, rows: 2 });
});

test('a thousand steps are placed quickly, and a cycle does not hang', () => {
  const chain = Array.from({ length: 1_000 }, (_, id) => ({
    id,
    dependencies: id === 0 ? [] : [Math.floor((id - 1) / 3)],
  }));
  expect(layOut(chain).places.size).toBe(1_000);
  expect(
    layOut([
      { id: 0, dependencies: [1] },
      { id: 1, dependencies: [0] },
    ]).places.size,
  ).toBe(2);
});

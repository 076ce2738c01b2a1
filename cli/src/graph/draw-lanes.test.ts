import { describe, expect, test } from 'vitest';
import { drawLanes } from './draw-lanes.ts';

/** Draws rows by name, each with the names of the rows that it depends on. */
function draw(graph: Readonly<Record<string, string>>, maxLanes = 12): string[] | undefined {
  const names = Object.keys(graph);
  const dependencies = Object.values(graph).map(before =>
    before.split(' ').flatMap(name => (name === '' ? [] : names.indexOf(name))),
  );
  return drawLanes(dependencies, maxLanes)?.map((gutter, row) => `${gutter}${names[row]}`);
}

describe('the gutter of a graph', () => {
  test('is one line for a chain', () => {
    expect(draw({ a: '', b: 'a', c: 'b' })).toEqual([
      '╭─a', //
      '├─b',
      '╰─c',
    ]);
  });

  test('branches and joins', () => {
    expect(draw({ top: '', left: 'top', right: 'top', bottom: 'left right' })).toEqual([
      '╭───top', //
      '├─┬─left',
      '╰─┼─right',
      '  ╰─bottom',
    ]);
  });

  test('stays narrow for a wide fan-out: rows with the same dependents share a line', () => {
    const middle = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`m${n}`, 'top']));
    const lines = draw({ top: '', ...middle, end: Object.keys(middle).join(' ') });
    expect(lines?.[0]).toBe('╭───top');
    expect(lines?.[50]).toBe('├─┼─m49');
    expect(lines?.at(-1)).toBe('  ╰─end');
  });

  test('crosses lines that do not belong to a row', () => {
    expect(draw({ a: '', x: '', b: 'a', y: 'x' })).toEqual([
      '╭───a', //
      '│ ╭─x',
      '╰─│─b',
      '  ╰─y',
    ]);
  });

  test('is empty for a row without edges, and reuses a free column', () => {
    expect(draw({ a: '', b: 'a', alone: '', c: '', d: 'c' })).toEqual(['╭─a', '╰─b', '  alone', '╭─c', '╰─d']);
  });

  test('is not drawn if it would be wider than the limit', () => {
    const sources = Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`s${n}`, '']));
    const targets = Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`t${n}`, `s${n}`]));
    expect(draw({ ...sources, ...targets }, 4)).toBeUndefined();
    expect(draw({ ...sources, ...targets }, 5)).toHaveLength(10);
  });
});

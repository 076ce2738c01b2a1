import { describe, expect, it } from 'vitest';
import { drawLanes } from './draw-lanes.ts';

/** Rows by name, each with the rows before it that it waits for, as they are drawn. */
function draw(graph: Readonly<Record<string, string>>, most = 12): string[] | undefined {
  const names = Object.keys(graph);
  const dependencies = Object.values(graph).map(before =>
    before.split(' ').flatMap(name => (name === '' ? [] : names.indexOf(name))),
  );
  return drawLanes(dependencies, most)?.map((gutter, row) => `${gutter}${names[row]}`);
}

describe('the gutter of a graph', () => {
  it('is a line down a chain', () => {
    expect(draw({ a: '', b: 'a', c: 'b' })).toEqual([
      '╭─a', //
      '├─b',
      '╰─c',
    ]);
  });

  it('branches and joins', () => {
    expect(draw({ top: '', left: 'top', right: 'top', bottom: 'left right' })).toEqual([
      '╭───top', //
      '├─┬─left',
      '╰─┼─right',
      '  ╰─bottom',
    ]);
  });

  it('stays narrow for a fan, however wide: rows that lead to the same share a line', () => {
    const middle = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`m${n}`, 'top']));
    const lines = draw({ top: '', ...middle, end: Object.keys(middle).join(' ') });
    expect(lines?.[0]).toBe('╭───top');
    expect(lines?.[50]).toBe('├─┼─m49');
    expect(lines?.at(-1)).toBe('  ╰─end');
  });

  it('passes lines that have nothing to do with a row', () => {
    expect(draw({ a: '', x: '', b: 'a', y: 'x' })).toEqual([
      '╭───a', //
      '│ ╭─x',
      '╰─│─b',
      '  ╰─y',
    ]);
  });

  it('leaves rows alone that stand alone, and uses a free column again', () => {
    expect(draw({ a: '', b: 'a', alone: '', c: '', d: 'c' })).toEqual(['╭─a', '╰─b', '  alone', '╭─c', '╰─d']);
  });

  it('is not drawn where it would be wider than it may', () => {
    const sources = Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`s${n}`, '']));
    const targets = Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`t${n}`, `s${n}`]));
    expect(draw({ ...sources, ...targets }, 4)).toBeUndefined();
    expect(draw({ ...sources, ...targets }, 5)).toHaveLength(10);
  });
});

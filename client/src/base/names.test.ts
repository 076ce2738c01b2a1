import { describe, expect, it } from 'vitest';
import { nearestNames } from './names.ts';

const NAMES = ['DocSystemAgent', 'ReviewAgent', 'QualityAgent', 'Ada', 'Bob', 'DocSystemAgent2'];

describe('the nearest names', () => {
  it.each([
    ['DocSystmAgent', ['DocSystemAgent', 'DocSystemAgent2']],
    ['docsystemagent', ['DocSystemAgent', 'DocSystemAgent2']],
    ['Review', ['ReviewAgent']],
    ['Adda', ['Ada']],
    ['Zebedee', []],
  ])('of %s are %j', (name, nearest) => {
    expect(nearestNames(name, NAMES)).toEqual(nearest);
  });

  it('are three at most', () => {
    const names = Array.from({ length: 50 }, (_, n) => `worker-${n}`);
    expect(nearestNames('worker', names)).toHaveLength(3);
  });
});

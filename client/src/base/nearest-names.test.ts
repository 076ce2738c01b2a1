import { describe, expect, test } from 'vitest';
import { nearestNames } from './nearest-names.ts';

const NAMES = ['DocSystemAgent', 'ReviewAgent', 'QualityAgent', 'Ada', 'Bob', 'DocSystemAgent2'];

describe('the nearest names', () => {
  test.each([
    ['DocSystmAgent', ['DocSystemAgent', 'DocSystemAgent2']],
    ['docsystemagent', ['DocSystemAgent', 'DocSystemAgent2']],
    ['Review', ['ReviewAgent']],
    ['Adda', ['Ada']],
    ['Zebedee', []],
  ])('of %s are %j', (name, nearest) => {
    expect(nearestNames(name, NAMES)).toEqual(nearest);
  });

  test('are three at most', () => {
    const names = Array.from({ length: 50 }, (_, n) => `worker-${n}`);
    expect(nearestNames('worker', names)).toHaveLength(3);
  });
});

// The manual clock of tests.

import { expect, test } from 'vitest';
import { TestWorld } from './test-world.ts';

test('a timer that fires every second is not mistaken for a loop, however far the clock moves', () => {
  const world = new TestWorld();
  let fired = 0;
  const again = (): void => {
    fired++;
    world.setTimer(1000, again);
  };
  world.setTimer(1000, again);
  world.advance(30 * 3_600_000);
  expect(fired).toBe(108_000);
});

test('timers that keep firing at one instant are reported', () => {
  const world = new TestWorld();
  const again = (): void => void world.setTimer(0, again);
  again();
  expect(() => world.advance(1)).toThrow('timers keep firing at the same instant');
});

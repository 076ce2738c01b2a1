import { expect, test } from 'vitest';
import { Arrivals } from './arrivals.ts';

function scene() {
  const arrivals = new Arrivals();
  const passed: string[] = [];
  let seq = 0n;
  const add = (name: string, priority: number, payload?: Promise<unknown>) =>
    arrivals.add({ priority, seq: ++seq, pass: () => passed.push(name) }, payload);
  return { add, passed };
}

test('I1: a message waits for the payloads of earlier ones of its priority', async () => {
  const { add, passed } = scene();
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  add('first', 2, first.promise);
  add('second', 2, second.promise);
  add('third', 2);
  second.resolve();
  await second.promise;
  expect(passed).toEqual([]);
  first.resolve();
  await first.promise;
  expect(passed).toEqual(['first', 'second', 'third']);
});

test('I2: a message of a higher priority does not wait for the payloads of lower ones', async () => {
  const { add, passed } = scene();
  const slow = Promise.withResolvers<void>();
  add('low', 1, slow.promise);
  add('critical', 4);
  expect(passed).toEqual(['critical']);
  slow.resolve();
  await slow.promise;
  add('next', 1);
  expect(passed).toEqual(['critical', 'low', 'next']);
});

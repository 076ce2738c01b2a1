// The queue is ordered by due time, and by insertion among equal times.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DueQueue } from './due-queue.ts';

test('any mix of pushes and pops keeps the order', () => {
  const step = fc.oneof(
    fc.bigInt({ min: 0n, max: 20n }),
    fc.constant('pop' as const),
    fc.constant('odd only' as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), steps => {
      const queue = new DueQueue<{ dueAt: bigint; id: number }>();
      let model: { dueAt: bigint; id: number }[] = [];
      steps.forEach((what, id) => {
        if (what === 'pop') {
          model.sort((a, b) => Number(a.dueAt - b.dueAt) || a.id - b.id);
          expect(queue.peek()).toBe(model[0]);
          expect(queue.pop()).toBe(model.shift());
        } else if (what === 'odd only') {
          queue.retain(item => item.id % 2 === 1);
          model = model.filter(item => item.id % 2 === 1);
        } else {
          const item = { dueAt: what, id };
          queue.push(item);
          model.push(item);
        }
        expect(queue.size).toBe(model.length);
      });
    }),
  );
});

import { afterEach, expect, test } from 'vitest';
import { MemoryBudget, type MemoryHolder, type MemoryShare } from './memory-budget.ts';

const budgets: MemoryBudget[] = [];
afterEach(() => {
  for (const budget of budgets.splice(0)) budget.close();
});

class Holder implements MemoryHolder {
  heldBytes = 0;
  reason: string | undefined;
  readonly share: MemoryShare;

  constructor(budget: MemoryBudget) {
    this.share = budget.share(this);
  }

  hold(bytes: number): void {
    this.heldBytes = bytes;
    this.share.note(bytes);
  }

  drop(reason: string): void {
    this.reason = reason;
    this.heldBytes = 0;
  }
}

function open(holders: number, maxBytes = 1000) {
  const budget = new MemoryBudget(maxBytes);
  budgets.push(budget);
  return { budget, holders: Array.from({ length: holders }, () => new Holder(budget)) };
}

test('the largest holder is dropped when all together exceed the limit', () => {
  const { holders } = open(3);
  const [small, large, last] = holders as [Holder, Holder, Holder];
  small.hold(300);
  large.hold(600);
  last.hold(101);
  expect(large.reason).toBe('it held 600 bytes, the most of all connections, which may hold 1000 bytes together');
  expect([small.reason, last.reason]).toEqual([undefined, undefined]);
});

test('of equal holders the oldest is dropped, and no more than needed', () => {
  const { holders } = open(11);
  for (const holder of holders) holder.hold(100);
  expect(holders.map(({ reason }) => reason !== undefined)).toEqual([true, true, ...Array<boolean>(9).fill(false)]);
});

test('bytes that were freed without a notice do not count', () => {
  const { budget, holders } = open(2);
  const [one, two] = holders as [Holder, Holder];
  one.hold(900);
  one.heldBytes = 10;
  two.hold(800);
  expect([one.reason, two.reason]).toEqual([undefined, undefined]);
  two.share.end();
  two.share.end();
  one.hold(20);
  expect(budget.bytes).toBe(20);
});

test('bytes that grow without a notice are found too', async () => {
  const { holders } = open(1);
  const [only] = holders as [Holder];
  only.heldBytes = 2000;
  await expect.poll(() => only.reason).toMatch(/^it held 2000 bytes/);
});

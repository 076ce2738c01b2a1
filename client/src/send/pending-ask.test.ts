import { describe, expect, test } from 'vitest';
import type { Answer, PendingAnswer, ProgressSignal } from '../wire/answer.ts';
import { PendingAsk } from './pending-ask.ts';

const at = new Date(0);
const signal = (seq: number): ProgressSignal => ({ seq, data: seq, at });
const success: Answer = { status: 'success', data: 'done', from: 'Bob', messageId: 'q' };

/** An ask whose hub keeps the signals from `first` on. */
function anAsk(first = 1) {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  let kept = 0;
  const pending = new PendingAsk({
    messageId: 'q',
    answer: promise,
    source: {
      readSignals: after => {
        const from = Math.max(after + 1, first);
        return Promise.resolve(Array.from({ length: Math.max(0, kept - from + 1) }, (_, n) => signal(from + n)));
      },
      cancel: () => Promise.resolve(),
    },
  });
  const show = (seq: number) => {
    kept = Math.max(kept, seq);
    pending.signal(signal(seq));
  };
  return { pending, show, resolve, reject };
}

async function all(pending: PendingAnswer): Promise<number[]> {
  const seen: number[] = [];
  for await (const { seq } of pending) seen.push(seq);
  return seen;
}

describe('progress', () => {
  test('I1: is delivered once and in order; missing signals are read, repeated ones ignored', async () => {
    const { pending, show, resolve } = anAsk();
    for (const seq of [1, 2, 2, 5, 7, 7]) show(seq);
    resolve(success);
    expect(await all(pending)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await pending).toBe(success);
  });

  test('I2: skips signals that the hub has deleted', async () => {
    const { pending, show, resolve } = anAsk(4);
    show(1);
    show(6);
    resolve(success);
    expect(await all(pending)).toEqual([1, 4, 5, 6]);
  });

  test('I3: is bounded while it is not read: the oldest signals are dropped', async () => {
    const { pending, show, resolve } = anAsk();
    for (let seq = 1; seq <= 1_030; seq++) show(seq);
    resolve(success);
    expect((await all(pending))[0]).toBe(7);
  });

  test('ends with the ask, also when that rejects', async () => {
    const { pending, show, reject } = anAsk();
    show(1);
    const seen = all(pending);
    reject(new Error('no answer'));
    expect(await seen).toEqual([1]);
    await expect(pending).rejects.toThrow('no answer');
  });
});

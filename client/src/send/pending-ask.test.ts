import { describe, expect, test } from 'vitest';
import type { Answer, PendingAnswer, ProgressSignal } from '../wire/answer.ts';
import { PendingAsk } from './pending-ask.ts';

const at = new Date(0);
const signal = (seq: number): ProgressSignal => ({ seq, data: seq, at });
const success: Answer = { status: 'success', data: 'done', from: 'Bob', messageId: 'q' };

/** A question whose hub keeps the signals from `first` on. */
function aQuestion(first = 1) {
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
  test('comes once and in order: what was missed is read, what is shown again is not told again', async () => {
    const { pending, show, resolve } = aQuestion();
    for (const seq of [1, 2, 2, 5, 7, 7]) show(seq);
    resolve(success);
    expect(await all(pending)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await pending).toBe(success);
  });

  test('passes over what the hub no longer has', async () => {
    const { pending, show, resolve } = aQuestion(4);
    show(1);
    show(6);
    resolve(success);
    expect(await all(pending)).toEqual([1, 4, 5, 6]);
  });

  test('that nobody takes is bounded: the oldest goes first', async () => {
    const { pending, show, resolve } = aQuestion();
    for (let seq = 1; seq <= 1_030; seq++) show(seq);
    resolve(success);
    expect((await all(pending))[0]).toBe(7);
  });

  test('ends with the question, however that ends', async () => {
    const { pending, show, reject } = aQuestion();
    show(1);
    const seen = all(pending);
    reject(new Error('nobody answered'));
    expect(await seen).toEqual([1]);
    await expect(pending).rejects.toThrow('nobody answered');
  });
});

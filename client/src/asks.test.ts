import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Asks } from './asks.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const answer = (about: string, payload: unknown) => ({ kind: 'answer', about, from: 'Bob', payload }) as const;

describe('a question', () => {
  it('is settled by its answer, once', async () => {
    const asks = new Asks(() => true);
    const waiting = asks.wait('q', 1_000);
    expect(asks.settle(answer('other', {}))).toBe(false);
    expect(asks.settle(answer('q', { status: 'success', data: 1 }))).toBe(true);
    expect(asks.settle(answer('q', { status: 'success', data: 2 }))).toBe(false);
    expect(await waiting).toEqual({ status: 'success', data: 1, from: 'Bob', messageId: 'q' });
    expect(asks.size).toBe(0);
  });

  it('is over when the hub says so', async () => {
    const asks = new Asks(() => true);
    const waiting = asks.wait('q', 1_000);
    asks.settle({ kind: 'timeout', about: 'q', from: 'system', payload: {} });
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError', code: 'message/no-answer' });
  });

  it('is over by this side’s clock when the hub says nothing', async () => {
    const asks = new Asks(() => true);
    const waiting = asks.wait('q', 1_000);
    const rejected = expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' });
    await vi.advanceTimersByTimeAsync(1_400);
    expect(asks.size).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    await rejected;
  });

  it('is told of the lost connection rather than of the time', async () => {
    const asks = new Asks(() => false);
    const rejected = expect(asks.wait('q', 1_000)).rejects.toMatchObject({
      name: 'ConnectionError',
      code: 'connection/lost',
    });
    await vi.advanceTimersByTimeAsync(2_000);
    await rejected;
  });

  it('has an error for an answer when it was given up', async () => {
    const asks = new Asks(() => true);
    const waiting = asks.wait('q', 1_000);
    asks.settle({ kind: 'dead', about: 'q', from: 'system', payload: { reason: 'its agent is gone' } });
    expect(await waiting).toMatchObject({ status: 'error', error: 'the message was given up: its agent is gone' });
  });
});

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Asks, type AskSource } from './asks.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const done: string[] = [];
beforeEach(() => void (done.length = 0));

/** A hub that records its calls. */
function aSource(changes: Partial<AskSource> = {}): AskSource {
  return {
    isConnected: () => true,
    readSignals: () => Promise.resolve([]),
    readAsk: id => Promise.reject(new Error(`there is no ask ${id}`)),
    warn: () => undefined,
    cancel: (id, reason) => Promise.resolve(void done.push(`cancel ${id}: ${reason}`)),
    reply: (id, data, timeoutMs) => void done.push(`reply ${id}: ${JSON.stringify(data)} ${timeoutMs}`),
    ...changes,
  };
}

const answer = (about: string, payload: unknown) => ({ kind: 'answer', about, from: 'Bob', payload }) as const;

describe('an ask', () => {
  test('is settled by its answer, once', async () => {
    const asks = new Asks(aSource());
    const waiting = asks.wait('q', { timeoutMs: 1_000 });
    expect(asks.settle(answer('other', {}))).toBe(false);
    expect(asks.settle(answer('q', { status: 'success', data: 1 }))).toBe(true);
    expect(asks.settle(answer('q', { status: 'success', data: 2 }))).toBe(false);
    expect(await waiting).toEqual({ status: 'success', data: 1, from: 'Bob', messageId: 'q' });
    expect(asks.size).toBe(0);
  });

  test('rejects with message/no-answer at the timeout of the hub', async () => {
    const asks = new Asks(aSource());
    const waiting = asks.wait('q', { timeoutMs: 1_000 });
    asks.settle({ kind: 'timeout', about: 'q', from: 'system', payload: {} });
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError', code: 'message/no-answer' });
  });

  test('rejects at the local timeout if the hub sends no notice', async () => {
    const asks = new Asks(aSource());
    const waiting = asks.wait('q', { timeoutMs: 1_000 });
    const rejected = expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' });
    await vi.advanceTimersByTimeAsync(1_400);
    expect(asks.size).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    await rejected;
  });

  test('rejects with connection/lost at the local timeout while disconnected', async () => {
    const asks = new Asks(aSource({ isConnected: () => false }));
    const rejected = expect(asks.wait('q', { timeoutMs: 1_000 })).rejects.toMatchObject({
      name: 'ConnectionError',
      code: 'connection/lost',
    });
    await vi.advanceTimersByTimeAsync(2_000);
    await rejected;
  });

  test('resolves to an error when the message is dead or expired', async () => {
    const asks = new Asks(aSource());
    const waiting = asks.wait('q', { timeoutMs: 1_000 });
    asks.settle({ kind: 'dead', about: 'q', from: 'system', payload: { reason: 'its agent is gone' } });
    expect(await waiting).toMatchObject({ status: 'error', error: 'the message was given up: its agent is gone' });
  });
});

describe('a cancelled ask', () => {
  test('by its signal is also cancelled at the hub', async () => {
    const asks = new Asks(aSource());
    const controller = new AbortController();
    const waiting = asks.wait('q', { timeoutMs: 1_000, signal: controller.signal });
    controller.abort(new Error('never mind'));
    await expect(waiting).rejects.toThrow('never mind');
    expect(done).toEqual(['cancel q: the asker no longer waits']);
    expect(asks.size).toBe(0);
  });

  test('by `cancel` rejects with the reason', async () => {
    const asks = new Asks(aSource());
    const waiting = asks.wait('q', { timeoutMs: 1_000 });
    await waiting.cancel('changed my mind');
    await expect(waiting).rejects.toMatchObject({ code: 'delivery/cancelled' });
  });
});

describe('an ask whose handler asks back', () => {
  test('continues with a reply under the same id, until the same deadline or a new one', async () => {
    const asks = new Asks(aSource());
    const waiting = asks.wait('q', { timeoutMs: 1_000 });
    asks.settle(answer('q', { status: 'input_required', data: 'which?' }));
    const first = await waiting;
    if (first.status !== 'input_required') return expect.unreachable();
    expect(first.question).toBe('which?');
    const second = first.reply('this', { timeoutMs: 2_000 });
    expect(done).toEqual(['reply q: "this" 2000']);
    asks.settle(answer('q', { status: 'success', data: 3 }));
    expect(await second).toMatchObject({ status: 'success', data: 3, messageId: 'q' });
  });
});

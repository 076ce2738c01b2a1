import { describe, expect, test } from 'vitest';
import { Acts } from '../acts/acts.ts';
import type { Asks } from './asks.ts';
import { Messages, type DeliveryOptions } from './messages.ts';

// No message is sent here, so asks and agents are not used.
const messages = new Messages({
  acts: new Acts(),
  asks: {} as Asks,
  targets: () => Promise.resolve(new Set<string>()),
  sender: () => 1n,
});
const actOf = (options: DeliveryOptions) =>
  messages.actOf({ to: 'Bob', messageType: 'note', payload: 1, ...options }, 0).value;

describe('a message', () => {
  test('carries its delay, its time to live, and its references', () => {
    expect(actOf({ delayMs: 1.2, ttlMs: 5, onBehalfOf: 'x' })).toMatchObject({
      delayMs: 2n,
      ttlMs: 5n,
      onBehalfOf: 'x',
    });
    expect(actOf({})).toMatchObject({ delayMs: 0n, ttlMs: 0n, onBehalfOf: '', forwardOf: '' });
    expect(actOf({ deliverAt: new Date(0) }).delayMs).toBe(0n);
    const { delayMs } = actOf({ deliverAt: new Date(Date.now() + 60_000) });
    expect(delayMs > 0n && delayMs <= 60_000n).toBe(true);
  });

  test('is refused with invalid times', () => {
    for (const options of [
      { delayMs: -1 },
      { delayMs: Number.NaN },
      { ttlMs: 0 },
      { ttlMs: 400 * 24 * 3_600_000 },
      { delayMs: 1, deliverAt: new Date() },
      { deliverAt: new Date(Number.NaN) },
    ]) {
      expect(() => actOf(options), JSON.stringify(options)).toThrow(
        expect.objectContaining({ code: 'message/bad-time' }) as Error,
      );
    }
  });

  test('that is forwarded has no type and no payload: the hub fills them in', () => {
    expect(messages.forwardOf('m', { to: '#all', priority: 3 }).value).toMatchObject({
      type: '',
      payload: '',
      forwardOf: 'm',
      to: ['#all'],
      priority: 3,
    });
  });
});

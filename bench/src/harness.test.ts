import { describe, expect, test } from 'vitest';
import { runLoad, summarise } from './harness.ts';
import { Ledger } from './ledger.ts';
import { numberedPayload, numberOf } from './message.ts';
import { median, percentile, rounded } from './statistics.ts';

const round = (value: number, faults: string[] = []) => ({
  measurements: [{ metric: 'speed', unit: '/s', value }],
  audited: 10,
  faults,
});

describe('statistics', () => {
  test('takes medians and percentiles by rank', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile([], 0.5)).toBeNaN();
    expect([rounded(12_345.6), rounded(0.123456)]).toEqual([12_346, 0.123]);
  });
});

describe('a run', () => {
  test('adds up the rounds of each contender', () => {
    expect(summarise('direct', 'agora', [round(3), round(1), round(2)])).toEqual([
      { load: 'direct', contender: 'agora', metric: 'speed', unit: '/s', median: 2, min: 1, max: 3, rounds: 3 },
    ]);
  });

  test('rotates the order of contenders and reports every fault', async () => {
    const order: string[] = [];
    const contender = (name: string) => ({
      name,
      round: () => {
        order.push(name);
        return Promise.resolve(round(1, name === 'b' ? ['one is missing'] : []));
      },
    });
    const report = await runLoad({ name: 'x', contenders: [contender('a'), contender('b')] }, 'quick', () => undefined);
    expect(order).toEqual(['a', 'b', 'b', 'a']);
    expect(report.audit).toMatchObject({ ok: false, messages: 40, faults: ['b: one is missing', 'b: one is missing'] });
    expect(report.results.map(result => result.contender)).toEqual(['a', 'b']);
  });
});

describe('the ledger of a receiver', () => {
  test('waits for a message to be handled and acknowledged', async () => {
    const ledger = new Ledger();
    const waiting = Promise.all([ledger.waitFor(0), ledger.waitForCount(1)]);
    ledger.handled(0);
    ledger.settled(0);
    const [{ handledAt, settledAt }] = await waiting;
    expect(settledAt).toBeGreaterThanOrEqual(handledAt);
    expect(ledger.faults(1)).toEqual([]);
  });

  test('reports missing, repeated, unsettled and unknown messages', () => {
    const ledger = new Ledger();
    for (const n of [0, 0, 9]) ledger.handled(n);
    ledger.settled(9);
    expect(ledger.faults(2)).toEqual([
      '1 of 2 messages were never handled',
      '1 of 2 messages were handled more than once',
      '1 of 2 messages were not acknowledged',
      '1 of 2 messages were never sent',
    ]);
  });
});

describe('the message', () => {
  test('has 275 bytes as JSON, whatever its number', () => {
    for (const n of [0, 7, 123_456]) {
      const text = JSON.stringify(numberedPayload(n));
      expect(text).toHaveLength(275);
      expect(numberOf(JSON.parse(text))).toBe(n);
    }
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BOOST_MS, LIMITS } from '../contract/limits.ts';
import { DELIVERY_STATES, PRIORITY, type Priority } from '../contract/words.ts';
import { toMicros } from '../micros.ts';
import {
  backoffMicros,
  chooseHead,
  hasCredit,
  hasCriticalCredit,
  isLastAttempt,
  type LaneHead,
  LANES,
  move,
  MOVES,
  attemptAfterRedrive,
  rank,
} from './rules.ts';

const minute = 60_000_000n;

/** Offers everything that is queued, one after another, as `fill` does: the best of the four heads each time. */
function offerAll(queued: readonly LaneHead[], strict: boolean): LaneHead[] {
  const lanes = new Map(LANES.map(lane => [lane as number, queued.filter(each => each.lane === lane)]));
  const order: LaneHead[] = [];
  for (;;) {
    const heads = [...lanes.values()].flatMap(lane => lane.slice(0, 1));
    const next = chooseHead(heads, strict);
    if (!next) return order;
    lanes.get(next.lane)?.shift();
    order.push(next);
  }
}

const arrivals = fc
  .array(fc.record({ lane: fc.constantFrom(1, 2, 3, 4), gap: fc.bigInt(0n, 5n * minute) }), { maxLength: 60 })
  .map(list => {
    let at = 0n;
    return list.map(({ lane, gap }, id): LaneHead => ({ lane, id: BigInt(id), availableAt: (at += gap) }));
  });

describe('the next offer', () => {
  test('is overtaken only by deliveries that became available less than the difference of their boosts later', () => {
    fc.assert(
      fc.property(arrivals, queued => {
        const order = offerAll(queued, false);
        expect(order).toHaveLength(queued.length);
        order.forEach((late, at) => {
          for (const early of order.slice(0, at)) {
            const isOvertaking = early.availableAt > late.availableAt;
            if (!isOvertaking) continue;
            const bound = toMicros(BOOST_MS[early.lane as Priority] - BOOST_MS[late.lane as Priority]);
            expect(early.availableAt - late.availableAt).toBeLessThan(bound);
          }
        });
      }),
    );
  });

  test('keeps the order of becoming available within a priority', () => {
    fc.assert(
      fc.property(arrivals, fc.boolean(), (queued, strict) => {
        for (const lane of LANES) {
          const ids = offerAll(queued, strict)
            .filter(each => each.lane === lane)
            .map(each => each.id);
          expect(ids).toEqual(queued.filter(each => each.lane === lane).map(each => each.id));
        }
      }),
    );
  });

  test('is always the highest priority in strict order', () => {
    fc.assert(
      fc.property(arrivals, queued => {
        const lanes = offerAll(queued, true).map(each => each.lane);
        expect(lanes).toEqual([...lanes].sort((a, b) => b - a));
      }),
    );
  });

  test('is a low delivery that waited longer than the boost of a critical one', () => {
    const low = { lane: PRIORITY.low, id: 1n, availableAt: 0n };
    const soon = { lane: PRIORITY.critical, id: 2n, availableAt: 30n * minute - 1n };
    const late = { lane: PRIORITY.critical, id: 2n, availableAt: 30n * minute + 1n };
    expect(chooseHead([low, soon], false)).toBe(soon);
    expect(chooseHead([low, late], false)).toBe(low);
    expect(rank(30n * minute, PRIORITY.critical)).toBe(rank(0n, PRIORITY.low));
  });
});

describe('credit', () => {
  const box = { online: true, credit: 2, held: 0, heldCritical: 0, isAlone: false };

  test('is used up by held deliveries, and an offline agent has none', () => {
    expect(hasCredit({ ...box, held: 1 })).toBe(true);
    expect(hasCredit({ ...box, held: 2 })).toBe(false);
    expect(hasCredit({ ...box, online: false })).toBe(false);
    expect(hasCriticalCredit({ ...box, online: false })).toBe(false);
  });

  test('has an extra part for critical deliveries', () => {
    expect(hasCriticalCredit({ ...box, held: 2 })).toBe(true);
    expect(hasCriticalCredit({ ...box, held: 6, heldCritical: LIMITS.criticalCredit })).toBe(false);
  });
});

describe('the moves of a delivery', () => {
  test('lead only to existing states, and never out of an end', () => {
    for (const state of DELIVERY_STATES) {
      for (const to of Object.values(MOVES[state])) expect([...DELIVERY_STATES, 'refused']).toContain(to);
    }
    for (const end of ['done', 'expired', 'cancelled'] as const) {
      expect(new Set(Object.values(MOVES[end]))).toEqual(new Set(['refused']));
    }
  });

  test('bring back only a dead letter', () => {
    for (const state of DELIVERY_STATES) expect(MOVES[state].redrive).toBe(state === 'dead' ? 'queued' : 'refused');
    expect(() => move('done', 'cancel')).toThrow('a delivery that is done cannot cancel');
    expect(move('offered', 'finish')).toBe('done');
  });
});

describe('backoff', () => {
  test('starts with a second and doubles', () => {
    expect([2, 3, 4, 5].map(backoffMicros)).toEqual([1_000_000n, 2_000_000n, 4_000_000n, 8_000_000n]);
  });

  test('starts again for a redriven dead letter, whose attempts continue counting', () => {
    expect([1, 4, 5, 6, 10].map(isLastAttempt)).toEqual([false, false, true, false, true]);
    expect([2, 5, 6].map(attemptAfterRedrive)).toEqual([6, 6, 11]);
    expect(backoffMicros(attemptAfterRedrive(5) + 1)).toBe(1_000_000n);
  });
});

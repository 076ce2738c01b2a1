// The pure decisions about messages and deliveries: who is offered next, how long to wait, which moves are legal.

import { BOOST_MS, LIMITS, type DeliveryState, type Priority } from '../contract.ts';

/** Lanes of a mailbox, one a priority, lowest first. */
export const LANES: readonly Priority[] = [1, 2, 3, 4];

/** What may happen to a delivery. */
export type Happening =
  'become-available' | 'offer' | 'finish' | 'fail' | 'give-back' | 'give-up' | 'expire' | 'cancel';

/** Every legal move of a delivery; a pair missing here is refused. */
export const MOVES: Readonly<Record<DeliveryState, Partial<Record<Happening, DeliveryState>>>> = {
  delayed: { 'become-available': 'queued', expire: 'expired', cancel: 'cancelled', 'give-up': 'dead' },
  queued: { offer: 'offered', expire: 'expired', cancel: 'cancelled', 'give-up': 'dead' },
  offered: {
    finish: 'done',
    fail: 'failed',
    'give-back': 'delayed',
    'give-up': 'dead',
    expire: 'expired',
    cancel: 'cancelled',
  },
  done: {},
  failed: {},
  expired: {},
  dead: {},
  cancelled: {},
};

/** The rank of a delivery in microseconds: when it became available, minus the boost of its priority. Lowest first. */
export function rank(availableAt: bigint, priority: Priority): bigint {
  return availableAt - BigInt(BOOST_MS[priority]) * 1000n;
}

/** What a lane's first delivery brings to the choice. */
export interface LaneHead {
  readonly lane: number;
  readonly id: bigint;
  readonly availableAt: bigint;
}

/**
 * The lane whose first delivery is offered next, or undefined when all are empty. By rank, so that a delivery is overtaken
 * only by ones that became available less than the difference of their boosts later; equal ranks keep the order of
 * becoming available, and then of arrival. `strict` instead takes the highest priority first.
 */
export function chooseHead<T extends LaneHead>(heads: Iterable<T>, strict: boolean): T | undefined {
  let best: T | undefined;
  let bestRank = 0n;
  for (const head of heads) {
    const priority = head.lane as Priority; // lanes are numbered by priority
    const own = strict ? BigInt(-priority) : rank(head.availableAt, priority);
    const isBetter =
      !best ||
      own < bestRank ||
      (own === bestRank &&
        (head.availableAt < best.availableAt || (head.availableAt === best.availableAt && head.id < best.id)));
    if (isBetter) {
      best = head;
      bestRank = own;
    }
  }
  return best;
}

/** What of a mailbox decides whether it may be offered more. */
export interface Credit {
  readonly online: boolean;
  readonly credit: number;
  readonly held: number;
  readonly heldCritical: number;
}

/** Whether any delivery may be offered; a critical one may be when `hasCriticalCredit` says so, even if this says no. */
export function hasCredit(box: Credit): boolean {
  return box.online && box.held < box.credit;
}

/** Critical deliveries have a small credit of their own, so that an inbox full of low ones never holds one back. */
export function hasCriticalCredit(box: Credit): boolean {
  return box.online && (box.held < box.credit || box.heldCritical < LIMITS.criticalCredit);
}

/** Microseconds before attempt `attempt` (2 for the second): a second, doubled each time, at most a minute. */
export function backoffMicros(attempt: number): bigint {
  return BigInt(Math.min(1_000 * 2 ** Math.max(0, attempt - 2), 60_000)) * 1000n;
}

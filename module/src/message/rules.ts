// The pure decisions about messages and deliveries: who is offered next, how long to wait, which moves are legal.

import { BOOST_MS, LIMITS } from '../contract/limits.ts';
import type { DeliveryState, Priority } from '../contract/words.ts';

/** Lanes of a mailbox, one a priority, lowest first. */
export const LANES: readonly Priority[] = [1, 2, 3, 4];

/** What may happen to a delivery. */
export const HAPPENINGS = [
  'become-available',
  'offer',
  'finish',
  'fail',
  'give-back',
  'give-up',
  'expire',
  'cancel',
  'redrive',
] as const;
/** One of `HAPPENINGS`. */
export type Happening = (typeof HAPPENINGS)[number];

const ended = {
  'become-available': 'refused',
  offer: 'refused',
  finish: 'refused',
  fail: 'refused',
  'give-back': 'refused',
  'give-up': 'refused',
  expire: 'refused',
  cancel: 'refused',
  redrive: 'refused',
} as const;

/** Every move of a delivery: where each happening leads from each state, or that it is refused. */
export const MOVES: Readonly<Record<DeliveryState, Readonly<Record<Happening, DeliveryState | 'refused'>>>> = {
  delayed: {
    'become-available': 'queued',
    offer: 'refused',
    finish: 'refused',
    fail: 'refused',
    'give-back': 'refused',
    'give-up': 'dead',
    expire: 'expired',
    cancel: 'cancelled',
    redrive: 'refused',
  },
  queued: {
    'become-available': 'refused',
    offer: 'offered',
    finish: 'refused',
    fail: 'refused',
    'give-back': 'refused',
    'give-up': 'dead',
    expire: 'expired',
    cancel: 'cancelled',
    redrive: 'refused',
  },
  offered: {
    'become-available': 'refused',
    offer: 'refused',
    finish: 'done',
    fail: 'failed',
    'give-back': 'delayed',
    'give-up': 'dead',
    // Its time to live is over when it is given back. While somebody works on it, it is left to them.
    expire: 'expired',
    cancel: 'cancelled',
    redrive: 'refused',
  },
  done: ended,
  failed: ended,
  expired: ended,
  dead: { ...ended, redrive: 'queued' },
  cancelled: ended,
};

/** Where a happening leads. Throws on a move that is not legal: callers refuse by name before. */
export function move(from: DeliveryState, happening: Happening): DeliveryState {
  const to = MOVES[from][happening];
  if (to === 'refused') throw new Error(`a delivery that is ${from} cannot ${happening}`);
  return to;
}

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

/**
 * Attempts are counted on when a dead letter is redriven, so that a late act of an earlier life never fits: each life has
 * `LIMITS.attempts` of them. Whether this one is the last of its life.
 */
export function isLastAttempt(attempt: number): boolean {
  return attempt % LIMITS.attempts === 0;
}

/** The first attempt of the life after the one that `attempt` belongs to. */
export function nextLife(attempt: number): number {
  return Math.ceil(attempt / LIMITS.attempts) * LIMITS.attempts + 1;
}

/** Microseconds before attempt `attempt` (2 for the second of a life): a second, doubled each time, at most a minute. */
export function backoffMicros(attempt: number): bigint {
  const before = (attempt - 1) % LIMITS.attempts;
  return BigInt(Math.min(1_000 * 2 ** Math.max(0, before - 1), 60_000)) * 1000n;
}

// Pure decisions about deliveries: which one is offered next, the backoff of a retry, and the legal moves.

import { BOOST_MS, LIMITS } from '../contract/limits.ts';
import type { DeliveryState, Priority } from '../contract/words.ts';
import { toMicros } from '../micros.ts';

/** Lanes of a mailbox: one per priority, lowest first. */
export const LANES: readonly Priority[] = [1, 2, 3, 4];

/** A trigger of a move of a delivery. */
export type Trigger =
  | 'become-available'
  | 'offer'
  | 'finish'
  | 'fail'
  | 'give-back'
  | 'dead-letter'
  | 'expire'
  | 'cancel'
  | 'withdraw'
  | 'redrive';

const ended = {
  'become-available': 'refused',
  offer: 'refused',
  finish: 'refused',
  fail: 'refused',
  'give-back': 'refused',
  'dead-letter': 'refused',
  expire: 'refused',
  cancel: 'refused',
  withdraw: 'refused',
  redrive: 'refused',
} as const;

/** Every move of a delivery: the next state for each state and trigger, or `refused`. */
export const MOVES: Readonly<Record<DeliveryState, Readonly<Record<Trigger, DeliveryState | 'refused'>>>> = {
  delayed: {
    'become-available': 'queued',
    offer: 'refused',
    finish: 'refused',
    fail: 'refused',
    'give-back': 'refused',
    'dead-letter': 'dead',
    expire: 'expired',
    cancel: 'cancelled',
    // The asker of an ask no longer waits for its answer.
    withdraw: 'expired',
    redrive: 'refused',
  },
  queued: {
    'become-available': 'refused',
    offer: 'offered',
    finish: 'refused',
    fail: 'refused',
    'give-back': 'refused',
    'dead-letter': 'dead',
    expire: 'expired',
    cancel: 'cancelled',
    withdraw: 'expired',
    redrive: 'refused',
  },
  offered: {
    'become-available': 'refused',
    offer: 'refused',
    finish: 'done',
    fail: 'dead',
    'give-back': 'delayed',
    'dead-letter': 'dead',
    // An offered delivery expires only when it is given back; its holder may still finish it.
    expire: 'expired',
    cancel: 'cancelled',
    withdraw: 'expired',
    redrive: 'refused',
  },
  done: ended,
  expired: ended,
  dead: { ...ended, redrive: 'queued' },
  cancelled: ended,
};

/** Returns the next state. Throws on an illegal move: callers refuse by state before. */
export function move(from: DeliveryState, trigger: Trigger): DeliveryState {
  const to = MOVES[from][trigger];
  if (to === 'refused') throw new Error(`a delivery that is ${from} cannot ${trigger}`);
  return to;
}

/** Returns the rank of a delivery: the time it became available minus the boost of its priority, in microseconds. Lowest first. */
export function rank(availableAt: bigint, priority: Priority): bigint {
  return availableAt - toMicros(BOOST_MS[priority]);
}

/** The fields of a lane's first delivery that decide the choice. */
export interface LaneHead {
  readonly lane: number;
  readonly id: bigint;
  readonly availableAt: bigint;
}

/**
 * Returns the head that is offered next, or undefined if there is none. The lowest rank is first, so that a delivery is
 * overtaken only by ones that became available less than the difference of their boosts later. Equal ranks keep the order of
 * becoming available, then of arrival. `strict` takes the highest priority first instead.
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

/** Returns true if the time to live of a message has passed at `now`. */
export function isExpired(message: { readonly acceptedAt: bigint; readonly ttlMs: bigint }, now: bigint): boolean {
  return message.ttlMs > 0n && message.acceptedAt + toMicros(message.ttlMs) <= now;
}

/** The fields of a mailbox that decide whether it may be offered more. */
export interface Credit {
  readonly online: boolean;
  readonly credit: number;
  readonly held: number;
  readonly heldCritical: number;
  readonly isAlone: boolean;
}

/** Returns true if any delivery may be offered. A critical one needs only `hasCriticalCredit`. */
export function hasCredit(box: Credit): boolean {
  return box.online && !box.isAlone && box.held < box.credit;
}

/** Returns true if a critical delivery may be offered. It has a small extra credit, so that an inbox full of low ones never blocks it. */
export function hasCriticalCredit(box: Credit): boolean {
  return box.online && !box.isAlone && (box.held < box.credit || box.heldCritical < LIMITS.criticalCredit);
}

/**
 * Returns true if an attempt is the last one before the delivery is dead. A redriven delivery continues counting, so that a
 * late act of an earlier attempt never matches; it then has `LIMITS.attempts` more.
 */
export function isLastAttempt(attempt: number): boolean {
  return attempt % LIMITS.attempts === 0;
}

/** Returns true if so many attempts ended with the process of their holder that a delivery is offered alone. */
export function isSuspect(crashes: number): boolean {
  return crashes >= LIMITS.crashes;
}

/** Returns the number of the first attempt after a redrive of a delivery that died at `attempt`. */
export function attemptAfterRedrive(attempt: number): number {
  return Math.ceil(attempt / LIMITS.attempts) * LIMITS.attempts + 1;
}

/** Returns the backoff before a repeated attempt, in microseconds: a second before the second one, then doubled, at most a minute. */
export function backoffMicros(attempt: number): bigint {
  const before = (attempt - 1) % LIMITS.attempts;
  return toMicros(Math.min(1_000 * 2 ** Math.max(0, before - 1), 60_000));
}

// Clock, chance and timers: everything the host takes from outside, so that tests can move it by hand.

import { randomBytes } from 'node:crypto';

export interface Timer {
  cancel(): void;
}

/** What a database asks of the machine it runs on. */
export interface World {
  /** The wall clock, in microseconds since the Unix epoch. */
  now(): bigint;
  /** A clock that never goes back, in milliseconds. */
  monotonic(): number;
  /** Calls `fire` once after `delayMs`; a timer does not keep the process alive. */
  setTimer(delayMs: number, fire: () => void): Timer;
  randomBytes(length: number): Uint8Array;
}

/** Node waits at most this long in one timer; a longer delay fires early and its owner waits again. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const startedAtMicros = BigInt(Math.round(performance.timeOrigin * 1000));

/** The real machine. */
export const systemWorld: World = {
  now: () => startedAtMicros + BigInt(Math.round(performance.now() * 1000)),
  monotonic: () => performance.now(),
  setTimer(delayMs, fire) {
    const timer = setTimeout(fire, Math.min(Math.max(0, delayMs), LONGEST_TIMER_MS));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  randomBytes: length => new Uint8Array(randomBytes(length)),
};
